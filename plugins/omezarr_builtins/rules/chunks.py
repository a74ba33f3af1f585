"""Rules that read pixels: every stored object decodes, labels have values that are described. Only on request."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from omezarr.abc.rules import Depth, Finding
from omezarr.errors import MetadataError, UnsupportedError
from omezarr_builtins.rules.neighbours import INTEGER_TYPES, arrays_below, joined
from omezarr_builtins.rules.places import select
from omezarr_builtins.rules.references import level_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    import zarr

    from omezarr.abc.rules import RuleContext
    from omezarr.arrays.surveys import ArraySurvey
    from omezarr.hierarchy import Hierarchy
    from omezarr_builtins.rules.book import RuleBook

LARGEST_CHUNK = 128 * 1024 * 1024
"""Chunks that decode to more bytes than this are not read: a small file can claim to be a huge array."""

MOST_UNITS = 1_000_000
"""Arrays of more parts than this are not read: metadata can claim any number of them."""

MOST_FINDINGS = 10
"""Of one array, no more than this many broken units are told."""

BACKGROUND = 0
"""The label value that need not be described."""

_parts_of: WeakKeyDictionary[Hierarchy, dict[str, int]] = WeakKeyDictionary()


def enter_chunks(book: RuleBook) -> None:
    """Enter the rules of images."""
    book.must("arrays.chunks.readable", "Every stored part of an array decodes.", depth=Depth.DATA, section="storage")(
        _readable
    )
    book.disputed("arrays.chunks.present", "All parts of an array are stored.", depth=Depth.DATA, section="storage")(
        _present
    )
    book.disputed(
        "arrays.chunks.size",
        "An array has at most a million parts, in chunks of at most 128 MiB, or it is not read.",
        depth=Depth.DATA,
        section="storage",
    )(_too_large)


def enter_label_values(book: RuleBook) -> None:
    """Enter the rules of label images."""
    book.disputed(
        "image-label.values",
        "Values of pixels, but for the background 0, are among the properties, where there are any.",
        since="0.2",
        depth=Depth.DATA,
    )(_described)


def _arrays(context: RuleContext) -> Iterator[tuple[str, zarr.Array[Any]]]:
    hierarchy = context.hierarchy
    for path, _ in arrays_below(context, level_paths(context)):
        try:
            if hierarchy is not None:
                yield path, hierarchy.array(joined(context.path, path))
        except MetadataError:
            continue  # the rule below reports what cannot even be opened


def _bytes(array: zarr.Array[Any]) -> int:
    return math.prod(array.chunks) * array.dtype.itemsize


def _is_too_large(context: RuleContext, path: str, array: zarr.Array[Any]) -> bool:
    parts = _parts(context, path, array)
    return parts > MOST_UNITS or (parts > 0 and _bytes(array) > LARGEST_CHUNK)


def _parts(context: RuleContext, path: str, array: zarr.Array[Any]) -> int:
    """Return how many objects would be read: those that are stored, where that can be told."""
    from omezarr.arrays.presence import Presence, count_units

    known = _parts_of.setdefault(context.hierarchy, {})  # type: ignore[arg-type]  # where an array is, there is one
    key = joined(context.path, path)
    if key not in known:
        try:
            presence = Presence.of(array)
        except UnsupportedError:
            presence = None
        known[key] = count_units(array) if presence is None else len(presence.stored)
    return known[key]


def _survey(context: RuleContext, path: str, array: zarr.Array[Any]) -> ArraySurvey:
    """Return what is stored of an array; the rules about it share one look."""
    from omezarr.arrays.surveys import survey_of

    assert context.hierarchy is not None  # where an array is, there is one
    return survey_of(context.hierarchy, joined(context.path, path), array)


def _shown(region: tuple[slice, ...]) -> str:
    return "[" + ", ".join(f"{part.start}:{part.stop}" for part in region) + "]"


def _readable(context: RuleContext) -> Iterator[Finding]:
    hierarchy = context.hierarchy
    for path, _ in arrays_below(context, level_paths(context)):
        try:
            array = hierarchy.array(joined(context.path, path)) if hierarchy is not None else None
        except MetadataError as error:
            yield Finding(path=(), array=path, found=str(error), expected="metadata that zarr understands")
            continue
        if array is None or _is_too_large(context, path, array):
            continue
        for region, wrong in _survey(context, path, array).broken[:MOST_FINDINGS]:
            found = f"at {_shown(region)}: {' '.join(wrong.split())[:300]}"
            yield Finding(path=(), array=path, found=found, expected="data that its codecs decode")


def _present(context: RuleContext) -> Iterator[Finding]:
    for path, array in _arrays(context):
        if _is_too_large(context, path, array):
            continue
        found = _survey(context, path, array)
        if found.missing:
            said = f"{found.missing} of {found.total} parts not stored, which read as the fill value"
            yield Finding(path=(), array=path, found=said, expected="all parts")


def _too_large(context: RuleContext) -> Iterator[Finding]:
    for path, array in _arrays(context):
        if _is_too_large(context, path, array):
            found = f"{_parts(context, path, array)} parts in chunks of {_bytes(array)} bytes, which were not read"
            expected = f"at most {MOST_UNITS} parts, in chunks of at most {LARGEST_CHUNK} bytes"
            yield Finding(path=(), array=path, found=found, expected=expected)


def _described(context: RuleContext) -> Iterator[Finding]:
    values = [value for _, value in select(context.values, "image-label/properties/*/label-value")]
    described = {value for value in values if isinstance(value, int)} | {BACKGROUND}
    if not values:
        return
    for path, array in _arrays(context):
        if array.dtype.name not in INTEGER_TYPES or _is_too_large(context, path, array):
            continue
        others = sorted(_values(array) - described)
        if others:
            found = f"{len(others)} other values, the smallest {others[0]}"
            yield Finding(
                path=("image-label", "properties"), array=path, found=found, expected="only values that are described"
            )


def _values(array: zarr.Array[Any]) -> set[int]:
    import numpy as np

    from omezarr.arrays.blocks import blocks_of

    found: set[int] = set()
    for block in blocks_of(array, skip_broken=True):  # what does not decode is the finding of another rule
        found.update(np.unique(block).tolist())
    return found
