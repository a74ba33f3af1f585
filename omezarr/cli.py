"""The root command ``omezarr``: finds its subcommands among plugins, and turns errors into one line and an exit code.

Exit codes: 0 fine, 1 the data or the request is wrong, 2 usage.
"""

from __future__ import annotations

import logging
import signal
import sys
import traceback
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from omezarr._version import __version__
from omezarr.errors import ArgumentError, OMEZarrError, OMEZarrWarning, UnknownNameError
from omezarr.plugins.registry import Registry, registry_in_use
from omezarr.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Sequence


class PluginGroup(click.Group):
    """A group whose subcommands are those of the registry."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands that plugins provide."""
        return sorted(_registry(ctx).commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name.

        Raises
        ------
        click.UsageError
            If no plugin provides it, with near matches.
        ConflictError
            If several plugins do, with their names.
        """
        try:
            return _registry(ctx).commands[cmd_name]
        except UnknownNameError as error:
            raise click.UsageError(str(error), ctx) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that words begin with, and the others; no option may be in them twice.

        Raises
        ------
        click.UsageError
            If there is no such command, or one of its options is given twice, of which click takes the last.
        """
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and not ctx.resilient_parsing:
            repeated = _repeated(ctx, command, rest)
            if repeated is not None:
                raise click.UsageError(f"{repeated} is given more than once, and one would be lost; give it once", ctx)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what is to be said is settled before, since plugins may speak when they are loaded."""
        warnings.simplefilter("ignore" if ctx.params["quiet"] else "default", OMEZarrWarning)
        return super().invoke(ctx)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands below the commands; commands that are missing for a reason are not passed over."""
        super().format_epilog(ctx, formatter)
        registry = _registry(ctx)
        missing = [*registry.commands.conflicts, *sorted({str(failure.provider) for failure in registry.failures})]
        if missing:
            formatter.write_paragraph()
            formatter.write_text(f"Not available: {', '.join(missing)}. To see why: omezarr plugins")


def _repeated(ctx: click.Context, command: click.Command, words: list[str]) -> str | None:
    """Return an option of one value that is in words more than once; what is wrong with them otherwise is not asked."""
    inner = click.Context(command, parent=ctx, **command.context_settings)
    try:
        _, _, order = command.make_parser(inner).parse_args(list(words))
    except click.UsageError:
        return None
    counts = Counter(param for param in order if isinstance(param, click.Option))
    single = (one for one, times in counts.items() if times > 1 and not (one.multiple or one.is_flag or one.count))
    return next((one.opts[-1] for one in single), None)


def _registry(ctx: click.Context) -> Registry:
    """Return the registry of this call, which ``-p no:IDENTITY`` may have made smaller."""
    root = ctx.find_root()
    if root.obj is None:
        disabled = tuple(word.removeprefix("no:") for word in root.params.get("plugins") or ())
        root.obj = _smaller_registry(disabled) if disabled else registry_in_use()
    registry: Registry = root.obj
    return registry


def _smaller_registry(disabled: tuple[str, ...]) -> Registry:
    registry = registry_in_use().without(*disabled)
    for name in registry.unknown_disabled:
        if name in disabled:
            raise click.UsageError(f"no plugin {name!r} is installed, so it cannot be disabled; see: omezarr plugins")
    return registry


def _check_plugins(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.startswith("no:") or value == "no:":
            raise click.BadParameter(f"{value!r}: write no:IDENTITY, with an identity that 'omezarr plugins' shows")
    return values


@click.group(
    cls=PluginGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: omezarr create coins.ome.zarr, then: omezarr info coins.ome.zarr",
)
@click.version_option(__version__, prog_name="omezarr")
@click.option("-v", "--verbose", count=True, help="Say more; twice: debug messages, and tracebacks of errors.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option(
    "-p",
    "plugins",
    multiple=True,
    metavar="no:IDENTITY",
    callback=_check_plugins,
    is_eager=True,
    help="Do without a plugin, by the identity that 'omezarr plugins' shows. May be repeated.",
)
@click.pass_context
def omezarr(ctx: click.Context, verbose: int, quiet: bool, plugins: tuple[str, ...]) -> None:  # noqa: ARG001 - see _registry
    """Read, write, convert and inspect OME-Zarr images.

    Every command is a plugin; 'omezarr plugins' lists them all.
    """
    level = logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.setLevel(level)  # libraries that choose the level of their own loggers do not choose what is shown
    ctx.with_resource(_registry(ctx).in_use())


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    echo(f"{'Note' if issubclass(category, OMEZarrWarning) else category.__name__}: {message}", err=True)


def run(arguments: Sequence[str] | None = None, registry: Registry | None = None) -> int:
    """Run the command line and return its exit code: what the command returns, if that is a number, else 0.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.
    registry : Registry, optional
        Default: that of all installed plugins, but for those that ``-p`` names.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbose = _wants_traceback(words)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            result = omezarr.main(args=words, prog_name="omezarr", standalone_mode=False, obj=registry)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        notes = getattr(error.__cause__ or error, "__notes__", [])  # such as how to go on with what was begun
        echo("; ".join(["Interrupted", *notes]) + ".", err=True)
        return 130
    except Exception as error:  # noqa: BLE001 - the last line of defence; -vv shows the whole of it
        return _report(error, verbose=verbose)
    return result if isinstance(result, int) and not isinstance(result, bool) else 0


def _wants_traceback(words: list[str]) -> bool:
    """Say whether the root options ask for tracebacks, also where an error comes before click has parsed them."""
    short = sum(word.count("v") for word in words if word.startswith("-v") and set(word[1:]) == {"v"})
    return short + words.count("--verbose") >= 2


def _report(error: Exception, *, verbose: bool) -> int:
    if verbose:
        traceback.print_exception(error)
    one_line = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, OMEZarrError):
        echo(f"Error: {one_line}", err=True)
        return 2 if isinstance(error, ArgumentError | UnknownNameError) else 1
    hint = "" if verbose else " (run again with -vv before the command for the traceback)"
    echo(f"Error: {type(error).__name__}: {one_line}{hint}", err=True)
    return 1


def main() -> None:
    """Run the command line and leave the process with its exit code.

    The first Ctrl-C ends what is done, and is reported; further ones are ignored, so that they cut short neither.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt_once)
    sys.exit(run())


def _interrupt_once(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt
