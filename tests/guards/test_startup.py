"""What is imported before there is anything to do: nothing heavy."""

from __future__ import annotations

import pytest

from omezarr.hookspecs import EXTENSION_AXES
from omezarr.testing import HEAVY, modules_imported_by

RUN = "from omezarr.cli import run; run({words!r})"


@pytest.mark.parametrize(
    "code",
    [
        "import omezarr",
        "import omezarr; dir(omezarr); omezarr.Location; omezarr.Registry; omezarr.StorageOptions",
        RUN.format(words=["--help"]),
        RUN.format(words=["--version"]),
        RUN.format(words=["plugins"]),
        RUN.format(words=["plugins", "--json"]),
        RUN.format(words=["info", "--help"]),
        RUN.format(words=["nothing-of-this-name"]),
    ],
)
def test_starting_up_imports_nothing_heavy(code):
    assert modules_imported_by(code) & (HEAVY | {"rich", "pandas", "matplotlib", "PIL", "aiohttp"}) == frozenset()


@pytest.mark.parametrize("axis", EXTENSION_AXES)
def test_loading_an_extension_axis_imports_nothing_heavy(axis):
    code = f"import omezarr; [item.name for item in omezarr.default_registry().axis({axis!r}).all]"
    assert modules_imported_by(code) & HEAVY == frozenset()


def test_help_imports_no_plugin_but_commands():
    code = """
import sys
from omezarr.cli import run
run(["--help"])
model = [name for name in sys.modules if name.startswith("omezarr.model")]
assert model == [], "every start would wait for its classes to be made; commands import it where they run"
parts = {name.split(".")[1] for name in sys.modules if name.startswith("omezarr_builtins.")}
assert parts == {"commands"}, parts
"""
    assert "omezarr_builtins" in modules_imported_by(code)


def test_what_is_offered_is_there():
    import omezarr

    for name in omezarr.__all__:
        assert getattr(omezarr, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = omezarr.nothing


def test_a_command_imports_its_own_module_alone():
    code = """
import sys
from omezarr.cli import run

run(["info", "--help"])
own = {name for name in sys.modules if name.startswith("omezarr_builtins.")}
assert own == {"omezarr_builtins.commands", "omezarr_builtins.commands.listing", "omezarr_builtins.commands.info"} | {
    name for name in own if name.rpartition(".")[2].startswith("_")
}, own
"""
    assert "omezarr_builtins" in modules_imported_by(code)
