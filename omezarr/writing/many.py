"""Converting many files in one call: each to an image of its own, and a broken one does not stop the others.

Responsible for the names of the targets, and for telling what became of each.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.errors import ArgumentError, IncompleteError, LocationNotFoundError, OMEZarrError
from omezarr.files import looking_at
from omezarr.location import Location
from omezarr.nodes.reading import open as open_node

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omezarr.location import StorageOptions
    from omezarr.plugins.registry import Registry

SUFFIXES = (".ome.tif", ".ome.tiff", ".companion.ome", ".ome.xml", ".ome.zarr")
"""Suffixes of two parts, both of which a target loses."""


@frozen
class Outcome:
    """What became of one source.

    Parameters
    ----------
    source, target : str
    what : str
        "written", "finished before" or "failed".
    message : str
        Why it failed, in one line.
    """

    source: str
    target: str
    what: str
    message: str = ""


def targets_of(sources: Sequence[str], folder: str, suffix: str = ".ome.zarr") -> list[str]:
    """Return where each source goes: its name without suffixes, in the folder.

    Parameters
    ----------
    sources : sequence of str
    folder : str
        A path or URL.
    suffix : str
        What the names end in.

    Raises
    ------
    ArgumentError
        If two would go to the same place.

    Examples
    --------
    >>> targets_of(["raw/a.ome.tif", "raw/b.npy"], "out/")
    ['out/a.ome.zarr', 'out/b.ome.zarr']
    """
    names = [_stem(Location.parse(source).name) for source in sources]
    clash = next((name for name, count in Counter(names).items() if count > 1), None)
    if clash is not None:
        same = [source for source, name in zip(sources, names, strict=True) if name == clash]
        raise ArgumentError(
            f"{' and '.join(same[:3])} would all become {clash}{suffix} in {folder}; convert them in calls of "
            "their own with other folders"
        )
    return [f"{folder.rstrip('/')}/{name}{suffix}" for name in names]


def convert_each(
    sources: Sequence[str],
    targets: Sequence[str],
    convert: Callable[[str, str], bool],
    *,
    finished: Callable[[str], bool],
    told: Callable[[Outcome], None],
) -> list[Outcome]:
    """Convert one file after the other, whatever becomes of each.

    Parameters
    ----------
    sources, targets : sequences of str
    convert : callable
        Converts one, and says whether anything was left to do; raises what is wrong with it.
    finished : callable
        Says whether a target needs nothing more.
    told : callable
        Is given each outcome when it is known.

    Returns
    -------
    list of Outcome
    """
    outcomes = []
    for source, target in zip(sources, targets, strict=True):
        try:
            done = not finished(target) and convert(source, target)
            outcome = Outcome(source, target, "written" if done else "finished before")
        except OMEZarrError as error:
            outcome = Outcome(source, target, "failed", " ".join(str(error).split()))
        except Exception as error:  # noqa: BLE001 - whatever one file brings about, the others are still converted
            outcome = Outcome(source, target, "failed", " ".join(f"{type(error).__name__}: {error}".split()))
        outcomes.append(outcome)
        told(outcome)
    return outcomes


def is_finished(target: str, registry: Registry, options: StorageOptions | dict[str, str] | None = None) -> bool:
    """Say whether there is a complete OME-Zarr at a target, or a file that an exporter has put there."""
    place = Location.parse(target, options)
    if place.protocol == "local":
        with looking_at(Path(place.url)):
            if Path(place.url).is_file():
                return True
    try:
        return bool(open_node(place, registry=registry).key)
    except (LocationNotFoundError, IncompleteError):
        return False


def _stem(name: str) -> str:
    lower = name.lower()
    double = next((suffix for suffix in SUFFIXES if lower.endswith(suffix) and len(name) > len(suffix)), None)
    return name[: -len(double)] if double else Path(name).stem or name
