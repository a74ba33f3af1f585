"""What raw documents refer to, as far as they can be understood; the groups and arrays that validation visits."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from omezarr.abc import Hint, Reference
from omezarr_builtins.rules.fields import VECTOR_TYPES, stored_parameters
from omezarr_builtins.rules.neighbours import child_document, group_at, is_proper, joined, look
from omezarr_builtins.rules.ome_xml import ome_xml_of
from omezarr_builtins.rules.places import select, select_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from omezarr.abc.rules import RuleContext

PROBED_AT_ONCE = 16
"""How many numbered images are looked for together."""

MOST_IMAGES = 100_000
"""Collections are not followed further than this, whatever their OME-XML says."""

SCENE_ENDS = (
    "scene/coordinateTransformations/*/input/path",
    "scene/coordinateTransformations/*/output/path",
)


def references_of(key: str, context: RuleContext) -> Iterator[Reference]:
    """Yield what a document refers to under one NGFF key, each path once.

    Parameters
    ----------
    key : str
    context : RuleContext
        Children that no document names are looked for in its hierarchy.
    """
    found = _REFERENCES.get(key)
    seen: set[str] = set()
    for reference in () if found is None else found(context):
        if reference.path not in seen and is_proper(reference.path) and joined(reference.path).strip("./"):
            seen.add(reference.path)
            yield reference


def referenced_paths(context: RuleContext) -> list[str]:
    """Return the paths of all groups that a document refers to."""
    return [
        reference.path
        for key in _REFERENCES
        if key in context.values
        for reference in references_of(key, context)
        if reference.role == "child"
    ]


def level_paths(context: RuleContext) -> list[str]:
    """Return the paths of the levels of all images of a document, each once."""
    found = select(context.values, "multiscales/*/datasets/*/path")
    return list(dict.fromkeys(path for _, path in found if isinstance(path, str)))


def image_paths(context: RuleContext) -> list[str]:
    """Return where the images of a collection are: as listed, else as many as the OME-XML has, else those there are."""
    series = (child_document(context, "OME") or {}).get("series")
    if isinstance(series, list):
        return [path for path in series if isinstance(path, str)] if len(series) <= MOST_IMAGES else []
    ome_xml = ome_xml_of(context)
    if ome_xml is not None and 0 < ome_xml.images <= MOST_IMAGES:
        return [str(index) for index in range(ome_xml.images)]
    return list(_numbered(context))


def _numbered(context: RuleContext) -> Iterator[str]:
    for first in count(0, PROBED_AT_ONCE):
        names = [str(index) for index in range(first, min(first + PROBED_AT_ONCE, MOST_IMAGES))]
        present = look(context, names)
        for name in names:
            if present.get(name) is None:
                return
            yield name
        if not names:
            return


def _children(paths: Iterable[object], node_key: str, *, optional: bool = False) -> Iterator[Reference]:
    for path in paths:
        if isinstance(path, str):
            yield Reference(path=path, role="child", hint=Hint(node_key=node_key, path=path), optional=optional)


def _of_image(context: RuleContext) -> Iterator[Reference]:
    for path in level_paths(context):
        yield Reference(path=path, role="level")
    yield from _stored(context)
    if "image-label" not in context.values and "labels" not in context.path.split("/"):
        yield from _children(["labels"], "labels", optional=True)


def _of_labels(context: RuleContext) -> Iterator[Reference]:
    for path in (path for _, path in select(context.values, "labels/*")):
        if isinstance(path, str):
            yield Reference(path=path, role="child", hint=Hint(node_key="image-label", path=f"labels/{path}"))


def _of_plate(context: RuleContext) -> Iterator[Reference]:
    return _children((path for _, path in select(context.values, "plate/wells/*/path")), "well")


def _of_well(context: RuleContext) -> Iterator[Reference]:
    return _children((path for _, path in select(context.values, "well/images/*/path")), "multiscales")


def _of_collection(context: RuleContext) -> Iterator[Reference]:
    if group_at(context, "OME") is not None:
        yield from _children(["OME"], "series", optional=True)
    if "plate" not in context.values:
        yield from _children(image_paths(context), "multiscales")


def _of_scene(context: RuleContext) -> Iterator[Reference]:
    yield from _children((path for _, path in select_all(context.values, SCENE_ENDS)), "multiscales")
    yield from _stored(context)


def _stored(context: RuleContext) -> Iterator[Reference]:
    """Yield what holds the parameters of transformations: fields are images, matrices are arrays."""
    for _, path, step in stored_parameters(context):
        if step.type in VECTOR_TYPES:
            yield from _children([path], "multiscales")
        else:
            yield Reference(path=path, role="level")


_REFERENCES: dict[str, Callable[[RuleContext], Iterator[Reference]]] = {
    "multiscales": _of_image,
    "labels": _of_labels,
    "plate": _of_plate,
    "well": _of_well,
    "bioformats2raw.layout": _of_collection,
    "scene": _of_scene,
}
