"""The plan that writes a part of an OME-Zarr, or all of it with other chunks, shards or codecs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import fields_dict

from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.nodes.reading import open as open_node
from omezarr.writing import WriteOptions, plan_content
from omezarr.writing.conversion import loaded_content
from omezarr.writing.options import near
from omezarr.writing.selection import Selection, selected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc.plan import Plan
    from omezarr.location import Location
    from omezarr.plugins.registry import Registry


def plan_part(
    source: Location,
    target: Location,
    selection: Selection,
    labels: bool | str | Sequence[str] | None,
    *,
    options: Mapping[str, Any],
    registry: Registry,
    overwrite: bool = False,
) -> Plan:
    """Return the plan that writes a part of a hierarchy, in its own version.

    Parameters
    ----------
    source, target : Location
    selection : Selection
    labels : bool, str or sequence of str, optional
        Which label images: none, or those named. Default: all.
    options : mapping
        Chunks, shards and codec, where others than those of the source are wanted.
    registry : Registry
    overwrite : bool

    Raises
    ------
    ArgumentError
        If what is named is not there.
    UnsupportedError
        If the source is no OME-Zarr of a version that can be written.
    """
    root = open_node(source, registry=registry)
    if root.version is None:
        raise UnsupportedError(
            f"{source} is no OME-Zarr of a known version, so its parts are not known; copy all of it"
        )
    wanted: dict[str, Any] = {}
    if labels is not None and labels is not True:
        names = labels or "no"
        wanted["labels"] = names if isinstance(names, str) else ",".join(names)
    content = loaded_content(registry.importers["omezarr"], source, wanted, registry)
    chosen = WriteOptions(
        **{name: value for name, value in options.items() if value is not None},
        format=root.version,
        consolidated=root.zarr_node.consolidated,
    )
    return plan_content(target, selected(content, selection), chosen, registry, overwrite=overwrite)


def selection_of(words: Mapping[str, Any]) -> Selection:
    """Return the selection that words mean.

    Raises
    ------
    ArgumentError
        If one is unknown.
    """
    known = list(fields_dict(Selection))
    unknown = next((name for name in words if name not in known), None)
    if unknown is not None:
        raise ArgumentError(f"nothing can be selected by {unknown!r}{near(unknown, known)}")
    return Selection(**{name: value for name, value in words.items() if value is not None})
