"""The first page has the two commands that are promised, and the continuous integration runs the second one."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.pages import blocks_of

ROOT = Path(__file__).parents[2]


def set_up_commands() -> list[str]:
    return [
        line for block in blocks_of(ROOT / "README.md") if block.language == "sh" for line in block.text.splitlines()
    ]


def test_there_are_two_commands_one_to_see_an_image_and_one_to_run_the_tests():
    first, second = set_up_commands()
    assert re.fullmatch(r"pip install \S+ && omezarr create (\S+) && omezarr info \1", first)
    assert second == "pip install tox && tox"


def test_the_continuous_integration_runs_the_second_command_and_installs_nothing_else():
    script = (ROOT / ".ci/run").read_text()
    assert re.findall(r"pip3? install [^)|;]*", script) == [f"{set_up_commands()[1]}"]


def test_the_continuous_integration_can_be_run():
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
