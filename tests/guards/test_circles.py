"""Modules do not import each other in circles: not for types either, and not inside functions."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"omezarr": ROOT, "omezarr_builtins": ROOT / "plugins", "omezarr_compat": ROOT / "plugins"}

ALLOWED = {
    # A node gives its levels, children and listings, which name it as a type alone: nothing of it is at run time.
    "omezarr.nodes": {"children", "from_above", "level", "listings", "ome", "plates", "stitching"},
    # The classes of ome-zarr-py name each other, and are where its scripts import them from.
    "omezarr_compat": {"format", "reader"},
}
"""By folder, the modules that import their folder's other modules in circles, and why they may."""


def modules_of(package: str) -> dict[str, Path]:
    root = PACKAGES[package]
    names = {file: file.relative_to(root).with_suffix("").parts for file in (root / package).rglob("*.py")}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): file for file, parts in names.items()}


def imports_of(tree: ast.AST, known: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in inside}
    return found & set(known)


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_each_other_in_circles(package):
    known = modules_of(package)
    graph = {}
    for name, file in known.items():
        folder, _, last = name.rpartition(".")
        wanted = imports_of(ast.parse(file.read_text(encoding="utf-8")), known) - {name}
        if last in ALLOWED.get(folder, ()):
            wanted = {other for other in wanted if other.rpartition(".")[0] != folder}
        graph[name] = wanted
    assert circle(graph) == [], "move what two modules need from each other to where both can import it"


def test_a_circle_is_found():
    known = {"a": Path(), "a.b": Path()}
    tree = ast.parse("def f():\n    from a import b\n    from a.b import c\n    import a.b\n    from os import path")
    assert imports_of(tree, known) == {"a.b"}
    assert set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})) == {"a", "b", "c"}
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
