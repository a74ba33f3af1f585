"""What commands share at the terminal: arguments, options, safe output, progress.

Every command takes the same words for the same thing. Text that comes from data is stripped of control characters
before it is printed.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click

from omezarr.errors import ArgumentError, PluginError
from omezarr.settings import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from omezarr.abc.plan import Progress, ProgressCallback

F = TypeVar("F", bound="Callable[..., Any]")


class LazyCommand(click.Command):
    """A command whose module is imported when the command is used, and not for the list of commands.

    A hook returns it in place of the command itself. Whatever is asked of it beside its name and its line in the list
    is answered by the command that it stands for.

    Parameters
    ----------
    name : str
        What the command is called.
    where : str
        ``module:attribute``, where the command is.
    summary : str
        The first sentence of its help, which stands in the list of commands.
    hidden : bool
        Whether it is left out of that list.

    Examples
    --------
    >>> command = LazyCommand(
    ...     "info",
    ...     "omezarr_builtins.commands.info:info",
    ...     "Show the tree of nodes at PATH: version, axes, shapes, chunks, codecs, pixel sizes, channels, labels.",
    ... )
    >>> command.get_short_help_str(limit=30)
    'Show the tree of nodes at...'
    >>> command.epilog
    'Example: omezarr info coins.ome.zarr --json'
    """

    def __init__(self, name: str, where: str, summary: str, *, hidden: bool = False) -> None:
        # That of click.Command is left out: what it would set is asked of the command itself.
        self.name = name
        self.hidden = hidden
        self.where = where
        self.summary = summary
        self._command: click.Command | None = None

    def load(self) -> click.Command:
        """Return the command that this one stands for, imported at the first call.

        Raises
        ------
        PluginError
            If it cannot be imported, or is no command.
        """
        if self._command is None:
            module, _, attribute = self.where.partition(":")
            try:
                found: object = getattr(import_module(module), attribute)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
                raise PluginError(
                    f"the command {self.name!r} cannot be imported from {self.where}: {reason}"
                ) from error
            if not isinstance(found, click.Command):
                raise PluginError(f"the command {self.name!r} is no command: {self.where} is {found!r}")
            self._command = found
        return self._command

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the line in the list of commands, cut as click does."""
        return click.Command(self.name, help=self.summary).get_short_help_str(limit)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Return the context in which the command runs, which names the command itself."""
        return self.load().make_context(*args, **kwargs)

    def make_parser(self, ctx: click.Context) -> Any:
        """Return what parses the words of the command."""
        return self.load().make_parser(ctx)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        return self.load().invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of the command."""
        self.load().format_help(ctx, formatter)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # such as pickling asks for, before there is anything
            raise AttributeError(name)
        return getattr(self.load(), name)


def printable(text: object) -> str:
    r"""Return text without control characters, so that data cannot steer the terminal.

    Examples
    --------
    >>> printable("a\x1b[31mb\n")
    'a\\x1b[31mb\\n'
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in str(text)
    )


def echo(text: object = "", *, err: bool = False) -> None:
    """Print lines, each made printable.

    Parameters
    ----------
    text : object
        Its line breaks are kept.
    err : bool
        To standard error.
    """
    click.echo("\n".join(printable(line) for line in str(text).split("\n")), err=err)


def echo_json(value: object) -> None:
    """Print a value as JSON: the only thing on standard output, so that programs can read it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False))


def storage_option(function: F) -> F:
    """Add ``--storage-option KEY=VALUE``, passed to the command as the mapping `storage_options`."""

    def collect(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
        options = {}
        for value in values:
            name, mark, rest = value.partition("=")
            if not mark or not name:
                raise click.BadParameter(f"{value!r} is not of the form KEY=VALUE")
            options[name] = rest
        return options

    return click.option(
        "--storage-option",
        "storage_options",
        multiple=True,
        metavar="KEY=VALUE",
        callback=collect,
        help="How to reach the store: endpoint, anonymous, key, secret, token, region, profile, retries, timeout, "
        "headers.NAME, backend.NAME. May be repeated.",
    )(function)


def json_option(function: F) -> F:
    """Add ``--json``, passed to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")(function)


def overwrite_option(function: F) -> F:
    """Add ``--overwrite``."""
    return click.option("--overwrite", is_flag=True, help="Replace a zarr hierarchy that is at the target.")(function)


class Size(click.ParamType):  # type: ignore[type-arg]  # not generic in older versions of click
    """A number of bytes such as ``512MiB``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        try:
            return parse_bytes(value)
        except ArgumentError as error:
            self.fail(str(error), param, ctx)


class PathOrURL(click.ParamType):  # type: ignore[type-arg]  # the same
    """Where something is: a path, a URL or a chain; a shell completes paths."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the words as they are."""
        return str(value)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,
        incomplete: str,
    ) -> list[CompletionItem]:
        """Leave it to the shell, which knows the files."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


class NameOf(click.ParamType):  # type: ignore[type-arg]  # the same
    """The name of something that a plugin provides; a shell completes the names that there are.

    Parameters
    ----------
    axis : str
        The extension axis: an attribute of `Registry`, for example ``"scaling_methods"``.

    Examples
    --------
    >>> option = click.option("--scaling", type=NameOf("scaling_methods"))
    """

    name = "name"

    def __init__(self, axis: str) -> None:
        self.axis = axis

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name as it is: what does not exist is refused where it is looked up, with near matches."""
        return str(value)

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the names in the registry of the command that begin like this."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in getattr(ctx.obj, self.axis) if name.startswith(incomplete)]


class Numbers(click.ParamType):  # type: ignore[type-arg]  # the same
    """Numbers separated by commas, for example ``1,16,256,256``.

    Parameters
    ----------
    whole : bool
        Whether they must be whole numbers from 1 on.
    """

    name = "numbers"

    def __init__(self, *, whole: bool = False) -> None:
        self._whole = whole

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Return the numbers as a tuple."""
        if isinstance(value, tuple):
            return value
        try:
            numbers = tuple(int(part) if self._whole else float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 1,256,256", param, ctx)
        if self._whole and min(numbers) < 1:
            self.fail(f"{value!r} must hold whole numbers from 1 on", param, ctx)
        return numbers


def parse_assignments(values: tuple[str, ...], what: str) -> dict[str, str]:
    """Return ``NAME=VALUE`` words as a mapping.

    Raises
    ------
    ArgumentError
        If a word has another form.
    """
    pairs: dict[str, str] = {}
    for value in values:
        name, mark, rest = value.partition("=")
        if not mark or not name:
            raise ArgumentError(f"{what} takes NAME=VALUE, not {value!r}")
        pairs[name] = rest
    return pairs


def parse_region(text: str | None) -> dict[str, tuple[int, int]]:
    """Return ``AXIS=START:STOP`` words, separated by commas, as a mapping.

    Raises
    ------
    ArgumentError
        If a word has another form.

    Examples
    --------
    >>> parse_region("y=0:512,x=100:200")
    {'y': (0, 512), 'x': (100, 200)}
    """
    region: dict[str, tuple[int, int]] = {}
    for word in (text or "").split(","):
        found = re.fullmatch(r"\s*(\w+)=(\d+):(\d+)\s*", word)
        if found is not None:
            region[found[1]] = int(found[2]), int(found[3])
        elif text is not None:
            raise ArgumentError(f"{word!r} is no part of an image; write for example --region y=0:512,x=100:200")
    return region


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressCallback | None]:
    """Show the progress of a plan on standard error, where that is a terminal.

    Parameters
    ----------
    title : str
        What is being done.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(printable(title), total=None)

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.bytes_done, total=progress.bytes_total or None)

        yield show


def table(rows: Sequence[Mapping[str, object]], columns: tuple[str, ...]) -> str:
    """Return rows as text in columns, under their headings.

    Parameters
    ----------
    rows : sequence of mapping
        What is None or missing is left blank.
    columns : tuple of str
        Which keys to show; also the headings.

    Examples
    --------
    >>> print(table([{"name": "coins", "size": 2}], ("name", "size")))
    name   size
    coins  2
    """
    lines = [columns, *(tuple(_cell(row.get(column)) for column in columns) for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cell(value: object) -> str:
    return "" if value is None else printable(value)
