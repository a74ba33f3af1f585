"""Rules of the groups that list the label images of an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.arrays import axes_of
from omezarr_builtins.rules.axes import axis_names
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.neighbours import (
    UNREADABLE,
    array_form,
    arrays_below,
    child_document,
    document_of,
    group_at,
    is_proper,
    joined,
    listed_names,
    look,
    look_from_root,
    says,
)
from omezarr_builtins.rules.places import ARRAY, STRING, is_a, plural, repeated, select, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath

BOOK = RuleBook("labels", "labels")

LONGEST = 2**63
"""Numbers above are not taken for lengths or scales that can be compared."""

BOOK.must("labels.form", "'labels' is an array.")(is_a(ARRAY, "labels"))
BOOK.must("labels.entries.form", "Labels are listed by their paths, which are strings.")(is_a(STRING, "labels/*"))


@BOOK.disputed("labels.version.present", "The group of labels names its version.", since="0.5", until="0.5")
def _version(context: RuleContext) -> Iterator[Finding]:
    ome: Any = context.attributes.get("ome")
    if isinstance(ome, Mapping) and "version" not in ome and not {"multiscales", "image-label"} & ome.keys():
        yield Finding(path=(), found="no key 'version'", expected=f"the version {context.version!r}")


def listed(context: RuleContext) -> Iterator[tuple[JSONPath, str]]:
    """Yield the paths of label images that a document lists, where they are strings."""
    for place, path in select(context.values, "labels/*"):
        if isinstance(path, str):
            yield place, path


@BOOK.must("labels.paths.relative", "The path of a label image stays below the group of labels.")
def _relative(context: RuleContext) -> Iterator[Finding]:
    for place, path in listed(context):
        if not is_proper(path) or not path.strip("./"):
            yield Finding(path=place, found=shown(path), expected="a path relative to the group")


@BOOK.should("labels.unique", "No label image is listed twice.")
def _unique(context: RuleContext) -> Iterator[Finding]:
    places = list(listed(context))
    for position, _ in repeated(path for _, path in places):
        place, path = places[position]
        yield Finding(path=place, found=f"{path!r} again", expected="each label image once")


@BOOK.must("labels.exist", "Every listed label image is a group.", depth=Depth.HIERARCHY)
def _exist(context: RuleContext) -> Iterator[Finding]:
    found = look(context, [path for _, path in listed(context)])
    for place, path in listed(context):
        what = found.get(path, UNREADABLE)
        if what is None or (isinstance(what, ZarrNode) and what.kind != "group"):
            yield Finding(path=place, array=path, found=says(what), expected="a zarr group")


def _label_documents(context: RuleContext) -> Iterator[tuple[JSONPath, str, Mapping[str, Any]]]:
    found = look(context, [path for _, path in listed(context)])
    for place, path in listed(context):
        what = found.get(path)
        if isinstance(what, ZarrNode) and what.kind == "group":
            yield place, path, document_of(what, context.version)


@BOOK.must("labels.images", "Every listed label image is a multiscale image.", depth=Depth.HIERARCHY)
def _images(context: RuleContext) -> Iterator[Finding]:
    for place, path, values in _label_documents(context):
        if "multiscales" not in values:
            yield Finding(path=place, array=path, found="no key 'multiscales'", expected="a multiscale image")


def _parent(context: RuleContext) -> Mapping[str, Any] | None:
    """Return the document of the image that labels belong to; None where that is outside or no image."""
    above, _, name = context.path.rpartition("/")
    if name != "labels":
        return None
    parent = look_from_root(context, {"image": above}).get("image")
    values = document_of(parent, context.version) if isinstance(parent, ZarrNode) else {}
    return values if "multiscales" in values else None


def _levels(values: Mapping[str, Any] | None) -> list[Any] | None:
    """Return the levels of the first image of a document; None where it has none."""
    found = select(values, "multiscales/*/datasets")
    return found[0][1] if found and found[0][0][1] == 0 and isinstance(found[0][1], list) else None


@BOOK.must("labels.levels", "A label image has as many levels as its image.", depth=Depth.HIERARCHY)
def _level_counts(context: RuleContext) -> Iterator[Finding]:
    expected = _levels(_parent(context))
    for place, path, values in _label_documents(context):
        levels = _levels(values)
        if expected is not None and levels is not None and len(levels) != len(expected):
            found = plural(len(levels), "level")
            yield Finding(path=place, array=path, found=found, expected=f"{len(expected)}, as the image has")


@BOOK.should(
    "labels.shapes",
    "A label image is as long as its image along each axis, in samples or by its scale, or 1.",
    depth=Depth.HIERARCHY,
)
def _shapes(context: RuleContext) -> Iterator[Finding]:
    parent = _parent(context)
    image = _first_level(context, "..", parent)
    for place, path, values in _label_documents(context):
        label = _first_level(context, path, values)
        here, there = _first_scale(values, context), _first_scale(parent, context)
        for name, size in label.items():
            if name not in image or size in (1, image[name]):
                continue
            step, unit = here.get(name, 0.0), there.get(name, 0.0)
            if max(size, image[name]) > LONGEST or not abs(size * step - image[name] * unit) < max(step, unit):
                expected = f"{image[name]}, as the image has, or 1"
                yield Finding(path=place, array=path, found=f"{size} samples along {name}", expected=expected)


def _first_scale(values: Mapping[str, Any] | None, context: RuleContext) -> dict[str, float]:
    """Return the scale of the first level of an image along its axes; empty where it is not told by numbers."""
    axes = axes_of(values["multiscales"][0], context.version) if _levels(values) and values is not None else None
    found = [
        scale
        for form in ("", "/transformations/*")
        for _, scale in select(values, f"multiscales/*/datasets/*/coordinateTransformations/*{form}/scale")
        if isinstance(scale, list) and all(isinstance(step, int | float) and 0 < step < LONGEST for step in scale)
    ]
    if axes is None or not found:
        return {}
    return {name: float(step) for name, step in zip(axis_names(axes), found[0], strict=False) if name is not None}


def _first_level(context: RuleContext, path: str, values: Mapping[str, Any] | None) -> dict[str, int]:
    """Return the length of the first level of an image along each of its axes; empty where that is not known."""
    levels = _levels(values)
    name = levels[0].get("path") if levels and isinstance(levels[0], Mapping) else None
    axes = axes_of(values["multiscales"][0], context.version) if levels and values is not None else None
    if not isinstance(name, str) or not is_proper(name) or axes is None:
        return {}
    if path == "..":
        above = context.path.rpartition("/")[0]
        node = look_from_root(context, {"level": joined(above, name)}).get("level")
        form = array_form(node) if isinstance(node, ZarrNode) and node.kind == "array" else None
    else:
        form = next((form for _, form in arrays_below(context, [joined(path, name)])), None)
    shape = () if form is None else form.shape
    return {axis: size for axis, size in zip(axis_names(axes), shape, strict=False) if axis is not None}


@BOOK.must(
    "labels.intermediate",
    "Groups between the group of labels and a label image have no metadata.",
    since="0.5",
    depth=Depth.HIERARCHY,
)
def _intermediate(context: RuleContext) -> Iterator[Finding]:
    paths = [path for _, path in listed(context) if is_proper(path)]
    between = dict.fromkeys(
        "/".join(parts[:end]) for parts in (joined(path).split("/") for path in paths) for end in range(1, len(parts))
    )
    for path in between:
        group = group_at(context, path) if path not in paths else None
        if group is not None and group.attributes:
            found = f"attributes: {', '.join(sorted(map(str, group.attributes)))}"
            yield Finding(path=("labels",), array=path, found=found, expected="no metadata")


def _unlisted(*keys: str) -> Check:
    """Return a check that groups with all of the keys are listed."""

    def check(context: RuleContext) -> Iterator[Finding]:
        if "labels" not in context.values:
            return
        known = {joined(path).split("/")[0] for _, path in listed(context) if is_proper(path)}
        for name in listed_names(context):
            if not name.startswith(".") and name != "zarr.json" and name not in known:
                values = child_document(context, name) if is_proper(name) else None
                if values is not None and all(key in values for key in keys):
                    found = "an image that is not listed"
                    yield Finding(path=("labels",), array=name, found=found, expected="its path here")

    return check


BOOK.should("labels.listed", "All label images are listed.", since="0.5", depth=Depth.HIERARCHY)(
    _unlisted("multiscales")
)
BOOK.disputed("labels.listed", "All that call themselves label images are listed.", until="0.4", depth=Depth.HIERARCHY)(
    _unlisted("multiscales", "image-label")
)
