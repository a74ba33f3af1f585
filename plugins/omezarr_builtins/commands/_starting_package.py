"""A package to start a plugin from: a module for each extension axis that works, and tests that pass."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from importlib.util import find_spec
from string import Template
from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError, TargetExistsError
from omezarr.hookspecs import EXTENSION_AXES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from omezarr.hookspecs import ExtensionAxis
    from omezarr.plugins.registry import Registry

BY_PREFIX = {axis.prefix: axis for axis in EXTENSION_AXES.values()}
"""The extension axes as the names of entry points begin with them."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PROJECT = "omezarr-"


def write_package(folder: Path, name: str, prefixes: Sequence[str], registry: Registry) -> list[Path]:
    """Write a distribution with a plugin on each of some extension axes, and tests of it.

    Parameters
    ----------
    folder : Path
        What is made; it may not be there yet.
    name : str
        Of the distribution. What it contributes is called the same, without a leading ``omezarr-``.
    prefixes : sequence of str
        Extension axes, by what the names of their entry points begin with.
    registry : Registry
        What there is already, whose names are not taken again.

    Returns
    -------
    list of Path
        The files, in the order of their names.

    Raises
    ------
    ArgumentError
        If the name cannot be that of a distribution, its package or its contributions.
    TargetExistsError
        If the folder is there.
    """
    axes = [BY_PREFIX[prefix] for prefix in dict.fromkeys(prefixes)]
    words = _words(name, axes)
    for axis in axes:
        _refuse_taken(axis, words, registry)
    texts = _texts(words, axes)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise TargetExistsError(f"{folder} is there already; nothing was written. Choose another name") from error
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return sorted(folder / path for path in texts)


def _words(name: str, axes: Sequence[ExtensionAxis]) -> dict[str, str]:
    """Return what stands for the placeholders of the templates."""
    if not _NAME.fullmatch(name):
        raise ArgumentError(
            f"{name!r} cannot be the name of a new distribution: use small letters, digits and single hyphens, "
            "a letter first, as in omezarr-block-maximum"
        )
    short = name.removeprefix(_PROJECT)
    package, identifier = name.replace("-", "_"), short.replace("-", "_")
    if not identifier.isidentifier() or keyword.iskeyword(identifier) or keyword.iskeyword(package):
        raise ArgumentError(f"{name!r} gives a plugin the name {short!r}, which Python cannot use; choose another")
    if find_spec(package) is not None:
        raise ArgumentError(f"Python can import a package {package!r} already; choose another name than {name!r}")
    version = f"0.6+{short.replace('-', '.')}"
    points = {axis.prefix: version if axis.prefix == "formats" else short for axis in axes}
    return {
        "distribution": name,
        "package": package,
        "name": short,
        "identifier": identifier,
        "Name": "".join(part.capitalize() for part in short.split("-")),
        "variable": f"{identifier.upper()}_DATA",
        "version": version,
        "what": ", ".join(axis.name.replace("_", " ") for axis in axes),
        "entry_points": "\n".join(f'"{prefix}.{point}" = "{package}.{prefix}"' for prefix, point in points.items()),
    }


def _refuse_taken(axis: ExtensionAxis, words: dict[str, str], registry: Registry) -> None:
    key = words["version"] if axis.prefix == "formats" else words["name"]
    for item in registry.axis(axis.name).all:
        if item.name == key:
            raise ArgumentError(
                f"{key!r} is among the {axis.name.replace('_', ' ')} already, provided by {item.provider}; "
                "two plugins of one name could not be used: choose another"
            )


def _texts(words: dict[str, str], axes: Sequence[ExtensionAxis]) -> dict[str, str]:
    templates = files("omezarr_builtins.commands").joinpath("starting_package")
    package = words["package"]
    found = {
        "pyproject.toml": templates.joinpath("pyproject.toml.txt"),
        "README.md": templates.joinpath("README.md.txt"),
        f"{package}/__init__.py": templates.joinpath("package.txt"),
        "tests/test_distribution.py": templates.joinpath("tests", "distribution.txt"),
    }
    for axis in axes:
        found[f"{package}/{axis.prefix}.py"] = templates.joinpath("axes", f"{axis.prefix}.txt")
        found[f"tests/test_{axis.prefix}.py"] = templates.joinpath("tests", f"{axis.prefix}.txt")
    return {path: _filled(template, words) for path, template in found.items()}


def _filled(template: Traversable, words: dict[str, str]) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(words)
