"""What no file may hold, and what every file must."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted([*ROOT.glob("omezarr/**/*.py"), *ROOT.glob("plugins/**/*.py")])
POOL = "ThreadPoolExecutor"
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "tools", "stuff"}


def tracked() -> list[Path]:
    """Return the files of the project: those that git has, or all where there is no git."""
    ran = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if ran.returncode == 0 and ran.stdout:
        return [ROOT / line for line in ran.stdout.splitlines() if (ROOT / line).is_file()]
    return [
        file for part in ("omezarr", "plugins", "tests", "docs") for file in (ROOT / part).rglob("*") if file.is_file()
    ]


def texts(*suffixes: str) -> dict[str, str]:
    return {
        file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8")
        for file in tracked()
        if file.suffix in suffixes and file != Path(__file__)
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_says_what_it_is_for(module):
    source = module.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), "a module begins with what it is responsible for"


def test_no_module_is_too_long_to_be_one_thing():
    lengths = {module.relative_to(ROOT).as_posix(): len(module.read_text().splitlines()) for module in MODULES}
    longest = {name: length for name, length in lengths.items() if length > 400}
    assert longest == {}, "a module of more than 400 lines wants to be two"


def test_no_module_has_a_name_that_says_nothing():
    # The names of omezarr_compat are those of ome-zarr-py, which scripts import.
    own = [module for module in MODULES if module.parent.name != "omezarr_compat"]
    assert [module for module in own if module.stem.strip("_") in VAGUE - {"base"}] == []


def test_nothing_but_the_outermost_call_asks_for_the_default_registry():
    # What a call is given holds for all below it. A plate writer that is sent to another process finds its default.
    allowed = {"omezarr/plugins/registry.py", "omezarr/writing/plate_writer.py", "omezarr/__init__.py"}
    asking = [
        module.relative_to(ROOT).as_posix()
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and "default_registry" in ast.unparse(node.func)
    ]
    assert set(asking) - allowed == set(), "use registry_in_use()"


def test_threads_know_the_registry_in_use():
    pools = [name for name, text in texts(".py").items() if name.startswith(("omezarr", "plugins")) and POOL in text]
    assert pools == ["omezarr/threads.py"], "use omezarr.threads.ThreadPool"


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of somebody's machine", r"(?<![\w.])/(home|Users|work|root|mnt)/\w+"),
        ("a package index", r"(pypi\.org|pypi\.python\.org|files\.pythonhosted\.org|--index-url|--extra-index-url)"),
        ("a mark of unfinished work", r"\b(TODO|FIXME|XXX)\b"),
    ],
)
def test_no_file_names(what, pattern):
    found = {
        name: match[0]
        for name, text in texts(".py", ".md", ".toml", ".ini", ".txt", ".yml", ".yaml", ".json", "").items()
        if (match := re.search(pattern, text))
    }
    assert found == {}, what


def test_only_measured_exceptions_from_the_type_checker_are_made():
    bare = {name for name, text in texts(".py").items() if re.search(r"#\s*type:\s*ignore(?!\[)", text)}
    assert bare == set()


def test_skipped_tests_say_why():
    silent = {
        name
        for name, text in texts(".py").items()
        if name.startswith("tests/") and re.search(r"(pytest\.skip\(\)|mark\.(skip|xfail)\b(?!if|\())", text)
    }
    assert silent == set()


def test_tests_are_found_from_what_they_test():
    doors = {path.name for path in (ROOT / "omezarr").iterdir() if path.is_dir()}
    of_all = {"builtins", "compat", "conformance", "docs", "end_to_end", "fixtures", "guards", "peers", "third_party"}
    folders = {file.relative_to(ROOT / "tests").parts[0] for file in (ROOT / "tests").glob("*/**/*.py")}
    assert folders - of_all <= doors, "a folder of tests is called like the folder of `omezarr/` that it tests"
