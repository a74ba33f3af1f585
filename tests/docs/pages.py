"""Pages as programs: their console and Python blocks, in the order in which a reader runs them."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPTIONS = doctest.ELLIPSIS


@frozen
class Block:
    """A fenced block of a page.

    Attributes
    ----------
    language : str
    text : str
    line : int
        Where its first line stands.
    """

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    fences = re.finditer(r"^```(\S*)[^\n]*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [Block(fence[1], fence[2], text.count("\n", 0, fence.start()) + 2) for fence in fences]


def commands_of(block: Block) -> Iterator[tuple[str, str, int]]:
    """Return the commands of a console block, each with the output shown below it and its line."""
    command, output, line = "", "", block.line
    for number, text in enumerate(block.text.splitlines(keepends=True), block.line):
        if command.endswith("\\\n") and not output:
            command += text
        elif text.startswith("$ "):
            if command:
                yield command, output, line
            command, output, line = text[2:], "", number
        else:
            output += text
    if command:
        yield command, output, line


def run_page(page: Path, folder: Path) -> int:
    """Run the console and Python blocks of a page in a folder, and return how many steps they had.

    Output that a page shows must be what is printed, ``...`` standing for anything. A command that shows none must
    end well; one whose output begins with "Error" must not.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    steps = 0
    for block in blocks_of(page):
        if block.language == "console":
            for command, output, line in commands_of(block):
                _run_command(command, output, folder, f"{page.name}:{line}")
                steps += 1
        elif block.language == "pycon":
            steps += _run_python(block, names, page)
    return steps


def _run_command(command: str, output: str, folder: Path, place: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("OMEZARR_")}
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=300,
        env={**inherited, "PATH": path, "COLUMNS": "100", "PYTHONPATH": ""},
    )
    said = f"{place}: {command.strip()}\n{ran.stdout}"
    assert (ran.returncode != 0) == output.startswith("Error"), said
    if output:
        assert doctest.OutputChecker().check_output(output, ran.stdout, OPTIONS), f"{said}\nThe page shows:\n{output}"


def _run_python(block: Block, names: dict[str, Any], page: Path) -> int:
    test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line - 1)
    test.globs = names  # what one block defines the next one uses
    problems: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=OPTIONS).run(test, out=problems.append, clear_globs=False)
    assert not problems, "".join(problems)
    return len(test.examples)
