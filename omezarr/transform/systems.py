"""How coordinate systems are named: in metadata, and by people.

People write the name of a system (``physical``), the path of an array for its indices (``0``, ``tile_1/0``), the path
of an image for its intrinsic system (``tile_1``), or a path and a name (``tile_1#physical``) for a system of an image
below. Between path and name ":" and "/" are understood as well, and so is the JSON that metadata has for it.
"""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.errors import ArgumentError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHOWN = 12


@frozen(order=True)
class System:
    """A coordinate system, seen from the group whose document is asked.

    Parameters
    ----------
    path : str
        The group whose document describes it, or the array whose indices it is; empty for the group itself.
    name : str
        Its name in that document; empty for the indices of an array, and for whatever system an image considers
        intrinsic.
    """

    path: str
    name: str = ""

    def __str__(self) -> str:
        """Return what people write for it."""
        return f"{self.path}#{self.name}" if self.path and self.name else self.path or self.name


def find_system(text: str, known: Iterable[System]) -> System | None:
    """Return the system that a text means, None if there is none.

    Parameters
    ----------
    text : str
        As people write it. A name of the group itself comes first, then whatever `System` reads as the text, then other
        spellings of a path and a name, then a name that only one image below has.
    known : iterable of System

    Raises
    ------
    ArgumentError
        If it could be several: those of images below with that name, or a path and a name split in several ways.

    Examples
    --------
    >>> find_system("0", [System("", "physical"), System("0")])
    System(path='0', name='')
    >>> find_system("/tile_1:physical", [System("", "world"), System("tile_1", "physical")])
    System(path='tile_1', name='physical')
    """
    systems = list(known)
    if System("", text) in systems:
        return System("", text)
    for system in systems:
        if str(system) == text:
            return system
    read = list(dict.fromkeys(system for system in readings(text) if system in systems))
    if len(read) > 1:
        raise ArgumentError(f"{text!r} could be any of {listed(map(str, read))}; say which one")
    if read:
        return read[0]
    below = sorted(system for system in systems if system.name == text) if text else []
    if len(below) > 1:
        raise ArgumentError(
            f"{len(below)} images have a coordinate system {text!r}; say which one, as in "
            f"{listed(str(system) for system in below)}"
        )
    return below[0] if below else None


def readings(text: str) -> Iterator[System]:
    """Yield what a text could mean: a path alone, or a path and a name with some mark between them.

    Examples
    --------
    >>> [str(system) for system in readings("a:0")]
    ['a:0', 'a#0', 'a/0']
    """
    if text.lstrip().startswith("{"):
        yield from _from_json(text)
        return
    yield System(_plain(text))
    for mark in "#:/":
        path, found, name = text.rpartition(mark)
        if found and name:
            yield System(_plain(path), name)
            yield System(_plain(f"{path}/{name}"))


def _from_json(text: str) -> Iterator[System]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    path, name = value.get("path") or "", value.get("name") or ""
    if isinstance(path, str) and isinstance(name, str):
        yield System(_plain(path), name)


def parent(path: str) -> str:
    """Return the path of the group that something is in."""
    return path.rpartition("/")[0]


def _plain(path: str) -> str:
    """Return a path without what does not change where it leads."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def unknown_system(text: str, known: Iterable[System]) -> UnknownNameError:
    """Return the error for a text that means no system, with those that there are."""
    names = [str(system) for system in known]
    close = get_close_matches(text, names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return UnknownNameError(f"there is no coordinate system {text!r}; {hint}there are: {listed(names) or 'none'}")


def listed(names: Iterable[str]) -> str:
    """Return names as one text, the first dozen of them."""
    items = [repr(name) for name in names]
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more
