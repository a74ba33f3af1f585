"""Rules that read pixels: every stored object decodes, labels have values that are described. Only on request."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.errors import MetadataError
from omezarr_builtins.rules.neighbours import INTEGER_TYPES, arrays_below, joined
from omezarr_builtins.rules.places import select
from omezarr_builtins.rules.references import level_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    import zarr

    from omezarr.abc.rules import RuleContext
    from omezarr_builtins.rules.book import RuleBook

LARGEST_UNIT = 1 << 30
"""Units that decode to more bytes than this are not read: a small file can claim to be a huge array."""

MOST_UNITS = 1_000_000
"""Arrays of more parts than this are not read: metadata can claim any number of them."""

MOST_FINDINGS = 10
"""Of one array, no more than this many broken units are told."""

BACKGROUND = 0
"""The label value that need not be described."""


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
        "An array has at most a million parts of at most 1 GiB, or it is not read.",
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


def _unit(array: zarr.Array[Any]) -> tuple[int, ...]:
    """Return the shape of the region that one stored object covers."""
    return tuple(max(1, size) for size in (array.shards or array.chunks))


def _regions(array: zarr.Array[Any]) -> Iterator[tuple[slice, ...]]:
    steps = [range(0, size, step) for size, step in zip(array.shape, _unit(array), strict=True)]
    for starts in product(*steps):
        yield tuple(
            slice(start, min(start + step, size))
            for start, step, size in zip(starts, _unit(array), array.shape, strict=True)
        )


def _bytes(array: zarr.Array[Any]) -> int:
    total = array.dtype.itemsize
    for size in _unit(array):
        total *= size
    return total


def _units(array: zarr.Array[Any]) -> int:
    return math.prod(-(-size // step) for size, step in zip(array.shape, _unit(array), strict=True))


def _is_too_large(array: zarr.Array[Any]) -> bool:
    return _bytes(array) > LARGEST_UNIT or _units(array) > MOST_UNITS


def _shown(region: tuple[slice, ...]) -> str:
    return "[" + ", ".join(f"{part.start}:{part.stop}" for part in region) + "]"


def _readable(context: RuleContext) -> Iterator[Finding]:
    hierarchy = context.hierarchy
    for path, _ in arrays_below(context, level_paths(context)):
        broken = 0
        try:
            array = hierarchy.array(joined(context.path, path)) if hierarchy is not None else None
        except MetadataError as error:
            yield Finding(path=(), array=path, found=str(error), expected="metadata that zarr understands")
            continue
        if array is None or _is_too_large(array):
            continue
        for region in _regions(array):
            try:
                array[region]
            except Exception as error:  # noqa: BLE001 - codecs raise whatever their libraries do
                broken += 1
                found = f"{type(error).__name__} at {_shown(region)}: {' '.join(str(error).split())[:200]}"
                yield Finding(path=(), array=path, found=found, expected="data that its codecs decode")
                if broken == MOST_FINDINGS:
                    break


def _present(context: RuleContext) -> Iterator[Finding]:
    from omezarr.hierarchy import run

    for path, array in _arrays(context):
        if _is_too_large(array):
            continue
        numbers = [range(-(-size // step)) for size, step in zip(array.shape, _unit(array), strict=True)]
        total = missing = 0
        for index in product(*numbers):
            total += 1
            key = joined(array.path, array.metadata.encode_chunk_key(index))
            missing += not run(array.store.exists(key))
        if missing:
            found = f"{missing} of {total} parts not stored, which read as the fill value"
            yield Finding(path=(), array=path, found=found, expected="all parts")


def _too_large(context: RuleContext) -> Iterator[Finding]:
    for path, array in _arrays(context):
        if _is_too_large(array):
            found = f"{_units(array)} parts of {_bytes(array)} bytes, which were not read"
            expected = f"at most {MOST_UNITS} parts of at most {LARGEST_UNIT} bytes"
            yield Finding(path=(), array=path, found=found, expected=expected)


def _described(context: RuleContext) -> Iterator[Finding]:
    values = [value for _, value in select(context.values, "image-label/properties/*/label-value")]
    described = {value for value in values if isinstance(value, int)} | {BACKGROUND}
    if not values:
        return
    for path, array in _arrays(context):
        if array.dtype.name not in INTEGER_TYPES or _is_too_large(array):
            continue
        others = sorted(_values(array) - described)
        if others:
            found = f"{len(others)} other values, the smallest {others[0]}"
            yield Finding(
                path=("image-label", "properties"), array=path, found=found, expected="only values that are described"
            )


def _values(array: zarr.Array[Any]) -> set[int]:
    import numpy as np

    found: set[int] = set()
    for region in _regions(array):
        try:
            found.update(np.unique(np.asarray(array[region])).tolist())
        except Exception:  # noqa: BLE001, S112 - what does not decode is the finding of another rule
            continue
    return found
