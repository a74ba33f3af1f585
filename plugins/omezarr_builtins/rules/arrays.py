"""Rules of the arrays of an image, which look at what is stored: shapes, types of pixels, names of dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.axes import CONVENTIONAL, axis_names
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.levels import intrinsic_system, systems_of
from omezarr_builtins.rules.neighbours import (
    UNREADABLE,
    array_form,
    arrays_below,
    child_document,
    is_group_without,
    is_proper,
    listed_names,
    look,
    look_at,
    says,
)
from omezarr_builtins.rules.places import select
from omezarr_builtins.rules.references import level_paths
from omezarr_builtins.rules.scales import level_scales

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook
    from omezarr_builtins.rules.neighbours import ArrayForm


def axes_of(image: Any, version: str) -> list[Any] | None:
    """Return the axes that the arrays of an image have, in the form of the version; None where they are not known."""
    if not at_least(version, "0.3"):
        return list(CONVENTIONAL)
    if not isinstance(image, Mapping):
        return None
    if not at_least(version, "0.6"):
        axes = image.get("axes")
        return axes if isinstance(axes, list) else None
    return systems_of(image).get(intrinsic_system(image) or "")


def images(context: RuleContext) -> Iterator[tuple[JSONPath, Any, list[Any] | None]]:
    """Yield each image of a document with its axes."""
    for path, image in select(context.values, "multiscales/*"):
        yield path, image, axes_of(image, context.version)


def image_arrays(context: RuleContext, image: Any) -> list[tuple[JSONPath, str, ArrayForm]]:
    """Return the levels of an image whose arrays are well-formed: place in the image, path, what the array is."""
    paths = [(place, path) for place, path in select(image, "datasets/*/path") if isinstance(path, str)]
    forms = dict(arrays_below(context, [path for _, path in paths]))
    return [(place, path, forms[path]) for place, path in paths if path in forms]


def first_level_axes(context: RuleContext) -> tuple[tuple[int, ...], list[Any]] | None:
    """Return the shape of the first level of the first image, with its axes; None where either is not known."""
    for _, image, axes in images(context):
        arrays = image_arrays(context, image)
        return (arrays[0][2].shape, axes) if arrays and axes is not None else None
    return None


def enter_arrays(book: RuleBook) -> None:
    """Enter the rules."""
    look_deep = Depth.HIERARCHY
    book.must("arrays.exist", "Every level is a zarr array.", depth=look_deep)(_exist)
    book.must("arrays.metadata", "The metadata of every level gives a shape and a type.", depth=look_deep)(_well_formed)
    book.must("arrays.zarr_format", "Arrays are of the zarr format of their group.", depth=look_deep)(_zarr_format)
    book.must("arrays.dimensions", "Every level has as many dimensions as the image has axes.", depth=look_deep)(
        _dimensions
    )
    book.must("arrays.order", "No level is larger than the one before.", depth=look_deep)(_order)
    book.must("arrays.dtype.same", "All levels have the same type of pixels.", since="0.6", depth=look_deep)(
        _same_dtype
    )
    book.must(
        "arrays.dimension_names.present",
        "Every level names its dimensions.",
        since="0.5",
        until="0.5",
        depth=look_deep,
        section="axes",
    )(_has_names)
    book.must(
        "arrays.dimension_names",
        "The dimensions of every level are named as the axes.",
        since="0.5",
        until="0.5",
        depth=look_deep,
        section="axes",
    )(_names)
    book.disputed(
        "arrays.dimension_names", "The dimensions of every level are named as the axes.", since="0.6", depth=look_deep
    )(_names)
    book.must(
        "arrays._ARRAY_DIMENSIONS",
        "_ARRAY_DIMENSIONS, where it is given, repeats the axes.",
        since="0.3",
        until="0.3",
        depth=look_deep,
    )(_xarray)
    book.disputed(
        "arrays._ARRAY_DIMENSIONS.present",
        "The axes are repeated in _ARRAY_DIMENSIONS.",
        since="0.3",
        until="0.3",
        depth=look_deep,
    )(_has_xarray)
    book.should("arrays.separator", "The parts of chunk keys are separated by dots.", until="0.1", depth=look_deep)(
        _separator(".")
    )
    book.should(
        "arrays.separator",
        "The parts of chunk keys are separated by slashes.",
        since="0.2",
        until="0.4",
        depth=look_deep,
    )(_separator("/"))
    book.disputed("arrays.scale", "Scales agree with the shapes of levels.", since="0.4", depth=look_deep)(_scale)
    book.must("labels.group", "'labels' is a group.", depth=look_deep, section="labels")(_labels_group)
    book.must(
        "labels.present", "The group 'labels' has the key 'labels'.", since="0.5", depth=look_deep, section="labels"
    )(_labels_key)
    book.should(
        "labels.present", "The group 'labels' has the key 'labels'.", until="0.4", depth=look_deep, section="labels"
    )(_labels_key)


def _exist(context: RuleContext) -> Iterator[Finding]:
    found = look(context, level_paths(context))
    for place, path in select(context.values, "multiscales/*/datasets/*/path"):
        what = found.get(path, UNREADABLE) if isinstance(path, str) else UNREADABLE
        if what is None or (isinstance(what, ZarrNode) and what.kind != "array"):
            yield Finding(path=place, array=path, found=says(what), expected="a zarr array")


def _well_formed(context: RuleContext) -> Iterator[Finding]:
    for path, found in look(context, level_paths(context)).items():
        if isinstance(found, ZarrNode) and found.kind == "array" and array_form(found) is None:
            yield Finding(
                path=(), array=path, found="no shape or no type", expected="a list of sizes and a type of pixels"
            )


def _zarr_format(context: RuleContext) -> Iterator[Finding]:
    own = None if context.node is None else context.node.zarr_format
    for path, found in look(context, level_paths(context)).items():
        if isinstance(found, ZarrNode) and own is not None and found.zarr_format != own:
            expected = f"zarr format {own}, as the group"
            yield Finding(path=(), array=path, found=f"zarr format {found.zarr_format}", expected=expected)


def _dimensions(context: RuleContext) -> Iterator[Finding]:
    for place, image, axes in images(context):
        for inner, path, array in image_arrays(context, image):
            if axes is not None and len(array.shape) != len(axes):
                found = f"{len(array.shape)} dimensions"
                yield Finding(
                    path=(*place, *inner), array=path, found=found, expected=f"{len(axes)}, one for each axis"
                )


def _order(context: RuleContext) -> Iterator[Finding]:
    for place, image, _ in images(context):
        arrays = image_arrays(context, image)
        for (_, _, larger), (inner, path, smaller) in pairwise(arrays):
            if len(larger.shape) == len(smaller.shape) and any(map(int.__gt__, smaller.shape, larger.shape)):
                found = f"the shape {_listed(smaller.shape)} after {_listed(larger.shape)}"
                yield Finding(path=(*place, *inner), array=path, found=found, expected="levels from the largest on")


def _listed(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "()"


def _same_dtype(context: RuleContext) -> Iterator[Finding]:
    for place, image, _ in images(context):
        arrays = image_arrays(context, image)
        for inner, path, array in arrays[1:]:
            if array.dtype != arrays[0][2].dtype:
                expected = f"{arrays[0][2].dtype}, as the first level"
                yield Finding(path=(*place, *inner), array=path, found=array.dtype, expected=expected)


def _has_names(context: RuleContext) -> Iterator[Finding]:
    for place, image, _ in images(context):
        for inner, path, array in image_arrays(context, image):
            if array.names is None:
                expected = "dimension_names, the names of the axes"
                yield Finding(path=(*place, *inner), array=path, found="no dimension_names", expected=expected)


def _names(context: RuleContext) -> Iterator[Finding]:
    for place, image, axes in images(context):
        names = None if axes is None else axis_names(axes)
        for inner, path, array in image_arrays(context, image):
            if names is not None and array.names is not None and list(array.names) != names:
                found, expected = _words(array.names), _words(names)
                yield Finding(path=(*place, *inner), array=path, found=f"dimensions named {found}", expected=expected)


def _words(names: Any) -> str:
    return ", ".join(name if isinstance(name, str) else "(none)" for name in names) or "nothing"


def _xarray_names(context: RuleContext) -> Iterator[tuple[JSONPath, str, Any, list[Any]]]:
    """Yield the names that xarray would read from the group and from each array, with the axes."""
    for place, image, axes in images(context):
        if axes is not None:
            if "_ARRAY_DIMENSIONS" in context.attributes:
                yield place, "", context.attributes["_ARRAY_DIMENSIONS"], axes
            for _, path, array in image_arrays(context, image):
                if "_ARRAY_DIMENSIONS" in array.attributes:
                    yield place, path, array.attributes["_ARRAY_DIMENSIONS"], axes


def _xarray(context: RuleContext) -> Iterator[Finding]:
    for place, path, names, axes in _xarray_names(context):
        if names != axes:
            found = _words(names) if isinstance(names, list) else "no list"
            yield Finding(path=place, array=path, found=found, expected=_words(axes))


def _has_xarray(context: RuleContext) -> Iterator[Finding]:
    named = {path for _, path, _, _ in _xarray_names(context)}
    for place, image, _ in images(context):
        for inner, path, _ in image_arrays(context, image):
            if path not in named and "" not in named:
                found = "no _ARRAY_DIMENSIONS"
                yield Finding(path=(*place, *inner), array=path, found=found, expected="the axes as _ARRAY_DIMENSIONS")


def _separator(expected: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, array in arrays_below(context, level_paths(context)):
            if array.separator != expected and len(array.shape) > 1:
                found = f"parts separated by {array.separator!r}"
                yield Finding(path=(), array=path, found=found, expected=f"parts separated by {expected!r}")

    return check


def _scale(context: RuleContext) -> Iterator[Finding]:
    for place, image, _ in images(context):
        datasets = image.get("datasets") if isinstance(image, Mapping) else None
        scales = level_scales(datasets) if isinstance(datasets, list) else {}
        known = [
            (inner, path, array.shape, scales.get(int(inner[1]))) for inner, path, array in image_arrays(context, image)
        ]
        for inner, path, shape, scale in known[1:]:
            _, _, first, reference = known[0]
            if scale is None or reference is None or not len(scale) == len(reference) == len(shape) == len(first):
                continue
            for axis, (size, whole, now, base) in enumerate(zip(shape, first, scale, reference, strict=True)):
                factor = _ratio(now, base)
                if factor is not None and not _is_plausible(whole, size, factor):
                    found = f"{whole} samples become {size} along axis {axis}, the scale grows {factor:.6g} times"
                    yield Finding(path=(*place, *inner), array=path, found=found, expected="scales that fit the shapes")
                    break


def _ratio(now: Any, base: Any) -> float | None:
    try:
        factor = float(now) / float(base)
    except (OverflowError, ZeroDivisionError):
        return None
    return factor if math.isfinite(factor) and factor > 0 else None


def _is_plausible(whole: int, size: int, factor: float) -> bool:
    """Say whether so many samples can become so many at a factor: rounded up or down at each of a few levels."""
    try:
        exact = whole / factor
    except OverflowError:
        return True
    return abs(size - exact) <= 2 or abs(size - exact) <= 0.05 * exact


def _labels_group(context: RuleContext) -> Iterator[Finding]:
    found = look_at(context, "labels") if _may_have_labels(context) else None
    if isinstance(found, ZarrNode) and found.kind == "array" and "labels" not in level_paths(context):
        yield Finding(path=(), array="labels", found="a zarr array", expected="a zarr group")


def _labels_key(context: RuleContext) -> Iterator[Finding]:
    expected = "the list of label images"
    found = look_at(context, "labels") if _may_have_labels(context) else UNREADABLE
    if is_group_without("labels", found, context.version):
        yield Finding(path=(), array="labels", found="no key 'labels'", expected=expected)
    elif found is None and any(_is_label(context, f"labels/{name}") for name in listed_names(context, "labels")):
        yield Finding(path=(), array="labels", found="a folder with label images that is no group", expected=expected)


def _is_label(context: RuleContext, path: str) -> bool:
    values = child_document(context, path) if is_proper(path) else None
    return values is not None and "multiscales" in values


def _may_have_labels(context: RuleContext) -> bool:
    return "image-label" not in context.values and "labels" not in context.path.split("/")
