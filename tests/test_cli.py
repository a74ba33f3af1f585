"""The command line: exit codes, one line for an error, and what every command has."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import click
import numpy as np
import pytest
from click.shell_completion import BashComplete

from omezarr.cli import omezarr, run
from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrWarning, PluginError, UnknownNameError
from omezarr.hookspecs import hookimpl
from omezarr.terminal import LazyCommand, Numbers, Size, echo, parse_assignments, printable, storage_option, table
from omezarr.testing import isolated_registry

COMMANDS = isolated_registry().commands


def outcome(action: Any, *words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run a command that does something, and return exit code, standard output and standard error."""

    @click.command()
    @click.pass_context
    def act(ctx: click.Context) -> Any:
        return action(ctx)

    class Plugin:
        @hookimpl
        def omezarr_commands(self) -> list[click.Command]:
            return [act]

    code = run([*words, "act"], isolated_registry(Plugin()))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def raising(error: BaseException) -> Any:
    def action(_: click.Context) -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (LocationNotFoundError("there is nothing at x.zarr"), 1, "Error: there is nothing at x.zarr\n"),
        (ArgumentError("axes cannot be 'q'"), 2, "Error: axes cannot be 'q'\n"),
        (UnknownNameError("no format is called '7'"), 2, "Error: no format is called '7'\n"),
        (LocationNotFoundError("two\nlines"), 1, "Error: two lines\n"),
        (LocationNotFoundError(""), 1, "Error: LocationNotFoundError\n"),
        (LocationNotFoundError("red \x1b[31m"), 1, "Error: red \\x1b[31m\n"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(error, code, line, capsys):
    assert outcome(raising(error), capsys=capsys) == (code, "", line)


def test_an_unexpected_error_is_one_line_that_tells_how_to_see_more(capsys):
    code, out, err = outcome(raising(ZeroDivisionError("by zero")), capsys=capsys)
    assert (code, out) == (1, "")
    assert err == "Error: ZeroDivisionError: by zero (run again with -vv before the command for the traceback)\n"


@pytest.mark.parametrize("words", [["-vv"], ["-v", "-v"], ["--verbose", "--verbose"]])
def test_a_traceback_is_shown_on_demand(words, capsys):
    code, _, err = outcome(raising(LocationNotFoundError("nothing")), *words, capsys=capsys)
    assert code == 1
    assert err.startswith("Traceback (most recent call last)")
    assert err.endswith("Error: nothing\n")


@pytest.mark.parametrize("words", [["-v"], ["--verbose"], ["-q"]])
def test_one_word_of_verbosity_shows_no_traceback(words, capsys):
    assert outcome(raising(LocationNotFoundError("nothing")), *words, capsys=capsys)[2] == "Error: nothing\n"


def test_an_interruption_ends_with_130(capsys):
    code, out, err = outcome(raising(KeyboardInterrupt()), capsys=capsys)
    assert (code, out) == (130, "")
    assert err.endswith("Interrupted.\n")


def test_an_interruption_says_how_to_go_on(capsys):
    interruption = KeyboardInterrupt()
    interruption.add_note("run the same again to go on")
    _, _, err = outcome(raising(interruption), capsys=capsys)
    assert err.endswith("Interrupted; run the same again to go on.\n")


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda _: None, 0),
        (lambda _: 1, 1),
        (lambda _: True, 0),
        (lambda _: "text", 0),
        (lambda ctx: ctx.exit(3), 3),
        (lambda ctx: ctx.fail("not like this"), 2),
        (raising(click.ClickException("no")), 1),
    ],
)
def test_the_exit_code_is_what_the_command_returns(action, code, capsys):
    assert outcome(action, capsys=capsys)[0] == code


def test_a_notice_is_one_line_on_standard_error(capsys):
    def action(_: click.Context) -> None:
        warnings.warn("the version is \x07inferred", OMEZarrWarning, stacklevel=2)
        warnings.warn("odd", RuntimeWarning, stacklevel=2)
        echo("done")

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert outcome(action, capsys=capsys) == (
            0,
            "done\n",
            "Note: the version is \\x07inferred\nRuntimeWarning: odd\n",
        )
        assert outcome(action, "-q", capsys=capsys) == (0, "done\n", "RuntimeWarning: odd\n")


def test_what_the_command_line_does_to_warnings_ends_with_it(capsys):
    before = warnings.showwarning, list(warnings.filters)
    outcome(lambda _: None, "-q", capsys=capsys)
    assert (warnings.showwarning, list(warnings.filters)) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["inof"], "no command is called 'inof'; did you mean 'info'?"),
        (["--nonsense"], "No such option"),
        (["-p", "yes:x", "info"], "write no:IDENTITY"),
        (["-p", "no:", "info"], "write no:IDENTITY"),
        (["info"], "Missing argument 'PATH...'"),
        (["info", "x.zarr", "--storage-option", "anonymous"], "'anonymous' is not of the form KEY=VALUE"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_right(words, message, capsys):
    assert run(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_without_a_command_the_help_is_shown(capsys):
    run([])
    captured = capsys.readouterr()
    assert "Commands:" in captured.out + captured.err


def test_the_version_is_shown(capsys):
    import omezarr

    assert run(["--version"]) == 0
    assert omezarr.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help_with_an_example(name, option, capsys):
    assert run([name, option]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"omezarr {name}" in shown.partition("Example")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_summary_that_fits_the_list(name, capsys):
    assert COMMANDS[name].get_short_help_str(limit=80)
    assert run(["--help"]) == 0
    assert (name in capsys.readouterr().out) is not COMMANDS[name].hidden


@pytest.mark.parametrize("name", [name for name in COMMANDS if any(p.name == "path" for p in COMMANDS[name].params)])
def test_every_command_that_takes_a_location_takes_storage_options(name):
    assert "--storage-option" in {word for parameter in COMMANDS[name].params for word in parameter.opts}


@pytest.mark.parametrize("name", ["info", "plugins", "create", "convert"])
def test_commands_that_report_can_do_so_as_json(name):
    assert "--json" in {word for parameter in COMMANDS[name].params for word in parameter.opts}


def test_storage_options_are_collected(capsys):
    @click.command()
    @storage_option
    def act(storage_options: dict[str, str]) -> None:
        echo(sorted(storage_options.items()))

    class Plugin:
        @hookimpl
        def omezarr_commands(self) -> list[click.Command]:
            return [act]

    words = ["act", "--storage-option", "key=a=b", "--storage-option", "headers.X-Token=c"]
    assert run(words, isolated_registry(Plugin())) == 0
    assert capsys.readouterr().out == "[('headers.X-Token', 'c'), ('key', 'a=b')]\n"


def test_text_from_data_cannot_steer_the_terminal(capsys):
    assert printable("a\x1b]0;title\x07\r\u202e\udc80\t") == "a\\x1b]0;title\\x07\\r\\u202e\\udc80\\t"
    echo("one\ntwo\x1b")
    assert capsys.readouterr().out == "one\ntwo\\x1b\n"
    assert table([{"a": "x\n", "b": None}], ("a", "b")) == "a    b\nx\\n"


@pytest.mark.parametrize(("text", "size"), [("512MiB", 512 * 2**20), ("2 GB", 2 * 10**9), ("1", 1), (7, 7)])
def test_a_size_is_a_number_of_bytes(text, size):
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "a lot", "-1", "0", "1 XB", "nan"])
def test_a_size_that_is_none_is_wrong_usage(text):
    with pytest.raises(click.BadParameter, match="is no size in bytes"):
        Size().convert(text, None, None)


def test_numbers_are_separated_by_commas():
    assert Numbers().convert("0.5,2", None, None) == (0.5, 2.0)
    assert Numbers(whole=True).convert("1,256", None, None) == (1, 256)
    for text in ("1;2", "", "1,", "1.5"):
        with pytest.raises(click.BadParameter, match="is not a list of numbers"):
            Numbers(whole=True).convert(text, None, None)
    with pytest.raises(click.BadParameter, match="whole numbers from 1 on"):
        Numbers(whole=True).convert("1,0", None, None)


def test_assignments_have_names_and_values():
    assert parse_assignments(("a=1", "b=", "c=d=e"), "--unit") == {"a": "1", "b": "", "c": "d=e"}
    for word in ("a", "=1"):
        with pytest.raises(ArgumentError, match="--unit takes NAME=VALUE"):
            parse_assignments((word,), "--unit")


@pytest.mark.parametrize(
    ("name", "value"),
    [("OMEZARR_THREADS", "many"), ("OMEZARR_THREADS", "0"), ("OMEZARR_MEMORY", "plenty"), ("OMEZARR_MEMORY", "0")],
)
def test_a_setting_of_the_environment_that_makes_no_sense_is_named(installed, name, value):
    installed.environment = {name: value}
    ran = installed.run("plugins")
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert repr(value) in ran.stderr


def test_a_reader_that_goes_away_is_no_traceback(installed):
    code = """
        import os, sys
        from omezarr.cli import main
        read, write = os.pipe()
        os.close(read)
        os.dup2(write, 1)
        main()
    """
    ran = installed.python(code, "plugins")
    assert "Traceback" not in ran.stderr
    assert "Error" not in ran.stderr


WHERE = f"{__name__}:greet"


@click.group(epilog="Example: omezarr greet loudly")
def greet() -> None:
    """Greet the one who calls."""


@greet.command("loudly")
@click.option("--twice", is_flag=True, help="Once more.")
def loudly(twice: bool) -> int:
    echo("HELLO" * (1 + twice))
    return 3


class Lazily:
    """A plugin whose commands are imported when they are used."""

    def __init__(self, where: str = WHERE) -> None:
        self.where = where

    @hookimpl
    def omezarr_commands(self) -> list[click.Command]:
        return [
            LazyCommand("greet", self.where, "Greet the one who calls."),
            LazyCommand("hail", self.where, "Unseen.", hidden=True),
        ]


def test_the_list_of_commands_imports_none_of_them(capsys):
    assert run(["--help"], isolated_registry(Lazily("nowhere:nothing"))) == 0
    shown = capsys.readouterr().out
    assert "greet          Greet the one who calls." in shown
    assert "hail" not in shown


def test_a_lazy_command_is_the_command_that_it_stands_for(capsys):
    registry = isolated_registry(Lazily())
    assert run(["greet", "loudly", "--twice"], registry) == 3
    assert run(["hail", "loudly"], registry) == 3
    assert capsys.readouterr().out == "HELLOHELLO\nHELLO\n"
    assert run(["greet", "--help"], registry) == 0
    assert "Usage: omezarr greet [OPTIONS] COMMAND" in (shown := capsys.readouterr().out)
    assert "loudly" in shown
    assert registry.commands["greet"].epilog == greet.epilog
    assert greet.get_help(click.Context(greet)) == registry.commands["greet"].get_help(click.Context(greet))
    assert pickle.loads(pickle.dumps(LazyCommand("view", WHERE, "View."))).summary == "View."


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("omezarr_nowhere:greet", "cannot be imported from omezarr_nowhere:greet: ModuleNotFoundError"),
        (f"{__name__}:nobody", f"cannot be imported from {__name__}:nobody: AttributeError"),
        (f"{__name__}:WHERE", f"is no command: {__name__}:WHERE is '{__name__}:greet'"),
    ],
)
def test_a_lazy_command_that_is_not_there_breaks_nothing_but_itself(where, reason, capsys):
    registry = isolated_registry(Lazily(where))
    assert run(["greet"], registry) == 1
    assert f"Error: the command 'greet' {reason}" in capsys.readouterr().err
    assert run(["info", "--help"], registry) == 0
    with pytest.raises(PluginError, match="the command 'greet'"):
        _ = registry.commands["greet"].params


@pytest.mark.parametrize(
    "words",
    [["--unit", "y=um", "--unit", "x=um"], ["--unit=um", "--dry-run", "--unit", "nm"], ["--name", "a", "--name", "a"]],
)
def test_an_option_that_is_given_twice_is_refused_where_one_would_be_lost(words, capsys, tmp_path):
    assert run(["convert", "a.npy", str(tmp_path / "b"), *words]) == 2
    assert (
        f"Error: {words[0][:6].rstrip('=')} is given more than once, and one would be lost" in capsys.readouterr().err
    )
    assert list(tmp_path.iterdir()) == []


def test_options_that_take_several_values_and_flags_may_be_given_twice(capsys, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 8, 8), "uint8"))
    words = ["--axes", "cyx", "--channel", "A", "--channel", "B", "--dry-run", "--dry-run", "--json"]
    assert run(["convert", str(tmp_path / "a.npy"), str(tmp_path / "b.zarr"), *words]) == 0
    assert run(["convert", "--unit", "--unit"]) == 2  # whatever else is wrong is said as always
    assert "given more than once" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "begun", "kind", "among"),
    [
        ([], "comm", "plain", []),
        ([], "conv", "plain", ["convert"]),
        (["convert"], "--import", "plain", ["--importer", "--importer-option"]),
        (["convert"], "raw", "file", ["raw"]),
        (["info", "a.ome.zarr"], "b", "file", ["b"]),
        (["create", "--sample"], "as", "plain", ["astronaut"]),
        (["create", "--scaling"], "local", "plain", ["local_mean"]),
        (["upgrade", "--to"], "0.5", "plain", ["0.5"]),
        (["convert", "--importer"], "tif", "plain", ["tiff"]),
        (["convert", "--exporter"], "ome", "plain", ["ome-tiff"]),
        (["view", "--with"], "neuro", "plain", ["neuroglancer"]),
    ],
)
def test_a_shell_completes_paths_and_names_of_plugins(
    words: list[str], begun: str, kind: str, among: list[str]
) -> None:
    shell = BashComplete(omezarr, {"obj": isolated_registry()}, "omezarr", "_OMEZARR_COMPLETE")
    assert [(item.type, item.value) for item in shell.get_completions(words, begun)] == [(kind, name) for name in among]


def test_a_shell_completes_what_a_plugin_adds() -> None:
    class Plugin:
        @hookimpl
        def omezarr_commands(self) -> list[click.Command]:
            return [click.Command("greet")]

    shell = BashComplete(omezarr, {"obj": isolated_registry(Plugin())}, "omezarr", "_OMEZARR_COMPLETE")
    assert [item.value for item in shell.get_completions([], "gre")] == ["greet"]
