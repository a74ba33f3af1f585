"""What is public, as text that can be compared: names, parameters, and the public members of classes.

Run as a program it records what is there now, which a change of the public interface has to do::

    python -m tests.guards.public_names
"""

from __future__ import annotations

import inspect
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

RECORD = Path(__file__).with_name("public-names.txt")

MODULES = (
    "omezarr",
    "omezarr.abc",
    "omezarr.errors",
    "omezarr.hookspecs",
    "omezarr.model",
    "omezarr.model.content",
    "omezarr.rendering",
    "omezarr.testing",
    "omezarr.testing.stateful",
    "omezarr.testing.stores",
    "omezarr.transform",
)
"""The modules that others import from; those of ome-zarr-py's names are compared with that package instead."""


def recorded() -> str:
    """Return the public interface as it is."""
    return "".join(f"{line}\n" for name in MODULES for line in _of_module(import_module(name)))


def _of_module(module: ModuleType) -> Iterator[str]:
    for name in sorted(_names(module)):
        value = getattr(module, name)
        yield f"{module.__name__}.{name}{_parameters(value)}"
        if inspect.isclass(value):
            for member in sorted(vars(value)):
                found = inspect.getattr_static(value, member)
                if not member.startswith("_") and not _is_inherited(value, member, found):
                    # What fixtures look like is pytest's business; their names are ours.
                    said = "" if module.__name__.startswith("omezarr.testing") else _parameters(getattr(value, member))
                    yield f"{module.__name__}.{name}.{member}{said}"


def _names(module: ModuleType) -> list[str]:
    """Return what a module says is public; else what it defines without an underscore."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__)
    return [name for name in own if not name.startswith("_")]


def _is_inherited(kind: type, member: str, found: Any) -> bool:
    """Return whether a member is what a base class has already."""
    return any(vars(base).get(member) is found for base in kind.__mro__[1:])


def _parameters(value: Any) -> str:
    """Return the parameters of a function or class, with ``=`` where they have a default; nothing of anything else."""
    if not (inspect.isclass(value) or inspect.isroutine(value)) or (inspect.isclass(value) and issubclass(value, Enum)):
        return ""
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return "(...)"
    parts = []
    keywords = False
    for one in found:
        if one.kind is one.KEYWORD_ONLY and not keywords:
            parts.append("*")
        keywords = keywords or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        stars = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        parts.append(f"{stars}{one.name}{'' if one.default is one.empty else '='}")
    return f"({', '.join(parts)})"


if __name__ == "__main__":
    RECORD.write_text(recorded(), encoding="utf-8")
