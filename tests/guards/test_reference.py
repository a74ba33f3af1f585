"""The reference pages name everything that there is."""

from __future__ import annotations

import re
from pathlib import Path

from attrs import fields_dict

import omezarr
import omezarr.testing
from omezarr.location import StorageOptions
from omezarr.testing import isolated_registry, stateful, stores

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
REGISTRY = isolated_registry()


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_every_public_name_is_on_the_page_of_the_library():
    text = page("api.md")
    assert [name for name in omezarr.__all__ if not re.search(rf"(:: |\.){name}\b", text)] == []


def test_every_command_is_on_the_page_of_commands():
    text = page("cli.md")
    assert re.findall(r"^## ([a-z-]+)$", text, flags=re.MULTILINE) == re.findall(r"command-help:: ([\w-]+)", text)
    shown = {name for name, command in REGISTRY.commands.items() if not command.hidden}
    assert set(re.findall(r"command-help:: ([\w-]+)", text)) == shown


def test_every_format_and_node_type_is_on_the_page_of_formats():
    text = page("formats.md")
    assert re.findall(r"^\| (\d\.\d(?:\.dev\d)?) \| (\d)", text, flags=re.MULTILINE) == [
        (version, str(item.zarr_format)) for version, item in REGISTRY.formats.items()
    ]
    assert set(re.findall(r"^\| `([a-z0-9.-]+)` \|", text, flags=re.MULTILINE)) == set(REGISTRY.node_types)


def test_every_variable_of_the_environment_is_on_the_page_of_settings():
    used = set(re.findall(r'"(OMEZARR_\w+)"', (ROOT / "omezarr/settings.py").read_text()))
    assert set(re.findall(r"^\| `(OMEZARR_\w+)`", page("settings.md"), flags=re.MULTILINE)) == used


def test_every_part_of_the_kit_is_on_its_page():
    text = page("testing.md")
    parts = {f"omezarr.testing.{name}" for name in omezarr.testing.__all__}
    for module in (stateful, stores):
        parts |= {f"{module.__name__}.{name}" for name in module.__all__}
    assert sorted(part for part in parts if f":: {part}\n" not in text) == []


def test_every_storage_option_is_on_the_page_about_stores():
    text = (ROOT / "docs/how-to/use-s3.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", text, flags=re.MULTILINE)
    named = {word.partition(".")[0] for row in rows for word in re.findall(r"`([\w.]+)`", row)}
    assert named == set(fields_dict(StorageOptions))


def test_the_layers_that_are_explained_are_drawn_from_those_that_are_enforced():
    text = (ROOT / "docs/explanation/architecture.md").read_text()
    assert "```{architecture-picture}\n```" in text.partition("## Layers")[2]
