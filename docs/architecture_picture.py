"""The picture of the architecture, drawn from the imports themselves while the pages are built.

Run it to look at the picture alone: ``python docs/architecture_picture.py > picture.svg``.
"""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent

BUILTINS = "omezarr_builtins"

ROW, TOP, LEFT, WIDTH = 34, 20, 250, 1000
"""Height of a row, and where the column of names stands, in pixels."""

LARGEST_BEND = 300
"""How far to the left the longest arc goes, in pixels."""


def doors() -> list[str]:
    """Return the folders and modules of the package, the highest layer first, as the contract on layers has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [BUILTINS, *(name.strip() for layer in layers for name in layer.split(":"))]


def modules_of(door: str) -> list[Path]:
    """Return the files behind a door."""
    if door == BUILTINS:
        return sorted((ROOT / "plugins" / BUILTINS).rglob("*.py"))
    single = ROOT / "omezarr" / f"{door}.py"
    return [single] if single.is_file() else sorted((ROOT / "omezarr" / door).rglob("*.py"))


def imports_of(door: str, known: set[str]) -> dict[str, int]:
    """Return which doors the modules behind a door import, for types too, and how many of them do so."""
    found: dict[str, int] = defaultdict(int)
    for module in modules_of(door):
        targets = set()
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                targets |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
            elif isinstance(node, ast.Import):
                targets |= {name.name for name in node.names}
        named = {target.split(".")[1] for target in targets if target.startswith("omezarr.")}
        for other in (named & known) - {door}:
            found[other] += 1
    return dict(found)


def reduced(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each arrow that follows from others: a to c, where there is one from a to b and one from b to c."""

    def below(door: str) -> set[str]:
        return set().union(*({other} | below(other) for other in edges[door]), set())

    return {door: targets - set().union(*(below(other) for other in targets), set()) for door, targets in edges.items()}


def code_lines(module: Path) -> int:
    """Return how many lines of a module hold code: neither empty, nor a comment, nor of a docstring."""
    text = module.read_text(encoding="utf-8")
    silent = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            silent |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    spoken = (line.strip() for number, line in enumerate(text.splitlines(), start=1) if number not in silent)
    return sum(1 for line in spoken if line and not line.startswith("#"))


def question(door: str) -> str:
    """Return what a door is for: the first line of its docstring."""
    modules = modules_of(door)
    first = next((module for module in modules if module.name == "__init__.py"), modules[0])
    text = ast.get_docstring(ast.parse(first.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0].replace("`", "")


def draw() -> str:
    """Return the picture as SVG: a row for each door, an arc from whoever imports to what is imported."""
    names = doors()
    rows = {name: TOP + ROW * number for number, name in enumerate(names)}
    edges = {name: set(imports_of(name, set(names))) for name in names}
    height = TOP + ROW * len(names)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        'aria-label="The folders of omezarr from the highest layer to the lowest, and who imports whom" '
        'font-family="sans-serif" font-size="13" fill="currentColor">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="currentColor"/></marker></defs>'
    )
    parts = [head]
    for name, targets in reduced(edges).items():
        for target in sorted(targets, key=rows.__getitem__):
            start, end = rows[name] + 4, rows[target] - 4
            bend = min(LARGEST_BEND, 24 + (end - start) * 0.6)
            parts.append(
                f'<path d="M{LEFT} {start} C{LEFT - bend:.0f} {start} {LEFT - bend:.0f} {end} {LEFT} {end}" '
                f'fill="none" stroke="currentColor" stroke-opacity="0.55" marker-end="url(#tip)">'
                f"<title>{name} imports {target}</title></path>"
            )
    for name, middle in rows.items():
        lines = sum(map(code_lines, modules_of(name)))
        parts.append(
            f'<text x="{LEFT + 10}" y="{middle + 4}" font-weight="bold">{name}</text>'
            f'<text x="{LEFT + 190}" y="{middle + 4}" text-anchor="end" font-size="11" opacity="0.7">{lines:,}</text>'
            f'<text x="{LEFT + 205}" y="{middle + 4}" font-size="11">{escape(_short(question(name)))}</text>'
        )
    return "\n".join([*parts, "</svg>"])


def _short(sentence: str, longest: int = 84) -> str:
    return sentence if len(sentence) <= longest else sentence[:longest].rsplit(" ", 1)[0] + " …"


if __name__ == "__main__":
    print(draw())
