"""Pages as programs: their console and Python blocks, in the order in which a reader runs them.

Commands of omezarr that need no shell run in this process, which saves each of them the start of an interpreter.
As a program it follows pages to the letter, with a shell for each command, in an empty folder for each page::

    python -m tests.docs.pages README.md docs/how-to/copy.md
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from attrs import frozen

from omezarr.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
OPTIONS = doctest.ELLIPSIS
SHELL = frozenset("|&;<>()$`*?~#\n")
"""Characters to which a shell may give a meaning."""


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


def run_page(page: Path, folder: Path, *, to_the_letter: bool = False) -> int:
    """Run the console and Python blocks of a page in a folder, and return how many steps they had.

    Output that a page shows must be what is printed, ``...`` standing for anything. A command that shows none must
    end well; one whose output begins with "Error" must not. To the letter: a shell runs commands of omezarr too.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    steps = 0
    for block in blocks_of(page):
        if block.language == "console":
            for command, output, line in commands_of(block):
                _run_command(command, output, folder, f"{page.name}:{line}", to_the_letter)
                steps += 1
        elif block.language == "pycon":
            steps += _run_python(block, names, page)
    return steps


def _run_command(command: str, output: str, folder: Path, place: str, to_the_letter: bool) -> None:
    command = command.replace("\\\n", "").strip()
    here = command.startswith("omezarr ") and not SHELL & set(command) and not to_the_letter
    code, printed = (_run_here if here else _run_in_shell)(command, folder)
    said = f"{place}: {command}\n{printed}"
    assert (code != 0) == output.startswith("Error"), said
    if output:
        assert doctest.OutputChecker().check_output(output, printed, OPTIONS), f"{said}\nThe page shows:\n{output}"


def environment() -> dict[str, str]:
    """Return the variables with which commands run: nothing that a user has set for omezarr."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("OMEZARR_")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**inherited, "PATH": path, "COLUMNS": "100", "PYTHONPATH": ""}


def _run_in_shell(command: str, folder: Path) -> tuple[int, str]:
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=300,
        env=environment(),
    )
    return ran.returncode, ran.stdout


def _run_here(command: str, folder: Path) -> tuple[int, str]:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with (
        mock.patch.dict(os.environ, environment(), clear=True),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(stream),
        contextlib.redirect_stderr(stream),
    ):
        code = run(shlex.split(command)[1:])
    stream.seek(0)
    return code, stream.read()


def _run_python(block: Block, names: dict[str, Any], page: Path) -> int:
    test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line - 1)
    test.globs = names  # what one block defines the next one uses
    problems: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=OPTIONS).run(test, out=problems.append, clear_globs=False)
    assert not problems, "".join(problems)
    return len(test.examples)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name).absolute()
        with tempfile.TemporaryDirectory() as empty, contextlib.chdir(empty):
            sys.stdout.write(f"{name}: {run_page(page, Path(empty), to_the_letter=True)} steps\n")
