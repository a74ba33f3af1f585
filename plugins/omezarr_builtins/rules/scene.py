"""Rules of scenes (0.6): images in common coordinate systems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules import axes as axis_rules
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.fields import enter_fields, stored_parameters
from omezarr_builtins.rules.levels import systems_of
from omezarr_builtins.rules.neighbours import UNREADABLE, document_of, is_proper, look, says
from omezarr_builtins.rules.parameters import enter_parameters
from omezarr_builtins.rules.places import ARRAY, OBJECT, has, holds, is_a, select, select_all, shown
from omezarr_builtins.rules.systems import OF_SCENES, ends_of, enter_systems, islands
from omezarr_builtins.rules.transformations import enter_transformations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.systems import End

BOOK = RuleBook("scene", "scene").between("0.6")

STEPS = "scene/coordinateTransformations"
ENDS = (f"{STEPS}/*/input", f"{STEPS}/*/output")

PARAMETERS = "coordinateTransformations"
"""The group where arrays of parameters should be."""

BOOK.must("scene.form", "'scene' is an object.")(is_a(OBJECT, "scene"))
BOOK.must("scene.transformations.present", "A scene has transformations.")(has(STEPS))
BOOK.must("scene.transformations.form", "The transformations of a scene are an array.")(is_a(ARRAY, STEPS))
BOOK.must("scene.transformations.nonempty", "A scene has at least one transformation.")(holds(1, STEPS))
enter_systems(BOOK, OF_SCENES)
axis_rules.enter_system_axes(BOOK, axis_rules.IN_SCENES)
enter_transformations(BOOK)
enter_parameters(BOOK)


@BOOK.must("scene.ends.keys", "Inputs and outputs of a scene have a name and a path, and no other key.")
def _only_keys(context: RuleContext) -> Iterator[Finding]:
    for path, end in select_all(context.values, ENDS):
        others = [key for key in end if key not in ("name", "path")] if isinstance(end, Mapping) else []
        if others:
            yield Finding(path=path, found=f"the key {others[0]!r}", expected="'name' and 'path' alone")


@BOOK.must("scene.ends.path.relative", "The path of an input or output stays below the scene.")
def _relative(context: RuleContext) -> Iterator[Finding]:
    for path, end in select_all(context.values, ENDS):
        below = end.get("path") if isinstance(end, Mapping) else None
        if isinstance(below, str) and not is_proper(below):
            yield Finding(path=(*path, "path"), found=shown(below), expected="a path relative to the scene")


@BOOK.disputed("scene.ends.path.null", "The text allows null as the path of an input or output, the schema does not.")
def _null(context: RuleContext) -> Iterator[Finding]:
    for path, end in select_all(context.values, ENDS):
        if isinstance(end, Mapping) and "path" in end and end["path"] is None:
            yield Finding(path=(*path, "path"), found="null", expected="no key 'path'")


def _scene_ends(context: RuleContext) -> Iterator[tuple[JSONPath, End]]:
    for path, step in select(context.values, f"{STEPS}/*"):
        for key, end in ends_of(step).items():
            yield (*path, key), end


@BOOK.must("scene.ends.known", "What has no path names a coordinate system of the scene.")
def _known(context: RuleContext) -> Iterator[Finding]:
    systems = systems_of(context.values.get("scene"))
    if any(not isinstance(value, list) for _, value in select(context.values, OF_SCENES)):
        return
    for path, (below, name) in _scene_ends(context):
        if below is None and name not in systems:
            known = ", ".join(map(repr, systems)) or "no system"
            yield Finding(path=path, found=f"{name!r}, which is not there", expected=f"one of {known}, or a path")


@BOOK.must("scene.connected", "Transformations connect all coordinate systems of a scene and its images.")
def _connected(context: RuleContext) -> Iterator[Finding]:
    systems = systems_of(context.values.get("scene"))
    steps_ends = [tuple(ends_of(step).values()) for _, step in select(context.values, f"{STEPS}/*")]
    edges = [ends for ends in steps_ends if len(ends) == 2]
    nodes: list[End] = [(None, name) for name in systems]
    inside: list[tuple[End, End]] = [((below, name), (below, "")) for ends in edges for below, name in ends if below]
    for group in list(islands(nodes, [*edges, *inside]))[1:]:
        names = [name or "an image" if below is None else below for below, name in group]
        found = f"{names[0]!r} connected to nothing else" if len(names) == 1 else f"{names[0]!r} apart from the rest"
        yield Finding(path=("scene",), found=found, expected="transformations between all systems")


@BOOK.must("scene.images.exist", "What a path names is a multiscale image.", depth=Depth.HIERARCHY)
def _images(context: RuleContext) -> Iterator[Finding]:
    ends = [(path, end) for path, end in _scene_ends(context) if end[0] is not None]
    found = look(context, {str(below) for _, (below, _) in ends})
    for path, (below, _) in ends:
        what = found.get(str(below), UNREADABLE)
        if what is None or (isinstance(what, ZarrNode) and what.kind != "group"):
            yield Finding(path=(*path, "path"), array=str(below), found=says(what), expected="a multiscale image")
        elif isinstance(what, ZarrNode) and "multiscales" not in document_of(what, context.version):
            expected = "a multiscale image"
            yield Finding(path=(*path, "path"), array=str(below), found="no key 'multiscales'", expected=expected)


@BOOK.must("scene.images.systems", "The image that a path names has the coordinate system.", depth=Depth.HIERARCHY)
def _image_systems(context: RuleContext) -> Iterator[Finding]:
    ends = [(path, end) for path, end in _scene_ends(context) if end[0] is not None]
    found = look(context, {str(below) for _, (below, _) in ends})
    for path, (below, name) in ends:
        what = found.get(str(below))
        values = document_of(what, context.version) if isinstance(what, ZarrNode) and what.kind == "group" else {}
        known = {system for _, image in select(values, "multiscales/*") for system in systems_of(image)}
        if "multiscales" in values and name not in known:
            expected = f"one of {', '.join(map(repr, sorted(known))) or 'no system'}"
            yield Finding(path=(*path, "name"), array=str(below), found=repr(name), expected=expected)


@BOOK.should("scene.parameters.place", "Parameters that are stored are in the group coordinateTransformations.")
def _place(context: RuleContext) -> Iterator[Finding]:
    for place, path, _ in stored_parameters(context):
        if not path.strip("/").startswith(f"{PARAMETERS}/"):
            yield Finding(path=place, found=shown(path), expected=f"a path below {PARAMETERS!r}")


enter_fields(BOOK)
