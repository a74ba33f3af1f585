"""The suite for commands: help that explains everything, usage errors, and imports that stay light."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from omezarr.terminal import LazyCommand
from omezarr.testing.imports import HEAVY, modules_imported_by
from omezarr.testing.registries import isolated_registry

if TYPE_CHECKING:
    import click

    from omezarr.plugins.registry import Registry

MOST_LETTERS = 110
"""How long the first sentence of a command may be, which stands beside its name in the list of commands."""


class CommandSuite:
    """Tests of a command of omezarr.

    A subclass overrides `command`.

    Attributes
    ----------
    module : str, optional
        The module that an entry point names, whose imports are looked at. Default: that of the command's function.
    """

    module: str | None = None

    @pytest.fixture
    def command(self) -> click.Command:
        """Return the command that is tested."""
        pytest.fail("a subclass of CommandSuite overrides the fixture 'command'")

    @pytest.fixture
    def registry(self) -> Registry:
        """Return the registry that the command is given; by default that of the built-in plugins."""
        return isolated_registry()

    def test_has_a_name_and_help(self, command: click.Command) -> None:
        assert command.name
        assert command.name == command.name.lower()
        assert command.help
        first = command.get_short_help_str(limit=10 * MOST_LETTERS)
        if isinstance(command, LazyCommand):
            loaded = command.load()
            assert loaded.name == command.name, "it is called as the command that it stands for"
            assert first == loaded.get_short_help_str(limit=10 * MOST_LETTERS), "its summary is that of its help"
        assert len(first) <= MOST_LETTERS, "the first sentence of the help stands in the list of commands"

    def test_its_help_shows_an_example(self, command: click.Command, registry: Registry) -> None:
        ran = CliRunner().invoke(
            command, ["--help"], obj=registry, help_option_names=["-h", "--help"], prog_name=f"omezarr {command.name}"
        )
        assert ran.exit_code == 0, ran.output
        assert f"omezarr {command.name}" in (command.epilog or "") + (command.help or "")

    def test_every_option_is_explained(self, command: click.Command) -> None:
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None), f"{parameter.opts[0]} has no help"
            else:
                for name in re.findall(r"\w+", parameter.human_readable_name):
                    assert name in (command.help or ""), f"the help does not say what {name} is"

    def test_what_it_does_not_know_is_an_error_of_usage(self, command: click.Command, registry: Registry) -> None:
        ran = CliRunner().invoke(command, ["--nobody-knows-this"], obj=registry, help_option_names=["-h", "--help"])
        assert ran.exit_code == 2, "options that are not known are refused with exit code 2"

    def test_importing_it_stays_light(self, command: click.Command) -> None:
        module = self.module or getattr(command.callback, "__module__", "")
        assert module, "a subclass of CommandSuite names the module of a command without a function"
        heavy = modules_imported_by(f"import {module}") & HEAVY
        assert heavy == frozenset(), "import these inside of its function, so that it starts quickly"
