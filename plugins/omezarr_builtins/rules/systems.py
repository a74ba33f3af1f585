"""Rules of coordinate systems and of what connects them (0.6), in images and in scenes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr_builtins.rules.levels import intrinsic_system, systems_of
from omezarr_builtins.rules.neighbours import child_document
from omezarr_builtins.rules.places import ARRAY, OBJECT, distinct, has, holds, is_a, repeated, select, shown

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook

OF_IMAGES = "multiscales/*/coordinateSystems"
OF_SCENES = "scene/coordinateSystems"
IMAGE_STEPS = "multiscales/*/coordinateTransformations"

LABEL_KINDS = ("identity", "scale", "translation", "sequence")
"""How an image may be related to the coordinate systems of its labels."""


def enter_systems(book: RuleBook, pattern: str) -> None:
    """Enter the rules of lists of coordinate systems.

    Parameters
    ----------
    book : RuleBook
    pattern : str
        Where the lists are.
    """
    new, each = book.between("0.6"), f"{pattern}/*"
    new.must("coordinateSystems.form", "Coordinate systems are an array.")(is_a(ARRAY, pattern))
    new.must("coordinateSystems.entries.form", "A coordinate system is an object.")(is_a(OBJECT, each))
    new.must("coordinateSystems.name.present", "A coordinate system has a name.")(has(f"{each}/name"))
    new.must("coordinateSystems.name.form", "The name of a system is a string that is not empty.")(
        _named(f"{each}/name")
    )
    new.must("coordinateSystems.names.unique", "No two coordinate systems have the same name.")(_unique(pattern))
    new.must("coordinateSystems.axes.present", "A coordinate system has axes.")(has(f"{each}/axes"))
    new.must("coordinateSystems.axes.form", "The axes of a system are an array.")(is_a(ARRAY, f"{each}/axes"))


def enter_image_systems(book: RuleBook) -> None:
    """Enter the rules of coordinate systems in images."""
    new = book.between("0.6")
    new.must("coordinateSystems.present", "Every image has coordinate systems.")(has(OF_IMAGES))
    new.must("coordinateSystems.nonempty", "Every image has at least one coordinate system.")(holds(1, OF_IMAGES))
    enter_systems(book, OF_IMAGES)
    new.disputed("axes.array.alone", "Axes of type array are not mixed with others.")(_array_alone)
    new.must("image.transformations.form", "The transformations of an image are an array.")(is_a(ARRAY, IMAGE_STEPS))
    new.must("image.transformations.nonempty", "Where an image has transformations, there is at least one.")(
        holds(1, IMAGE_STEPS)
    )
    new.must("image.transformations.known", "Transformations name coordinate systems of the image.")(_known_ends)
    new.must("image.transformations.intrinsic", "Transformations start or end at the intrinsic system.")(_intrinsic)
    new.must("image.transformations.labels", "Labels are related by identity, scale, translation or a sequence.")(
        _simple_labels
    )
    new.must(
        "image.transformations.labels.exist",
        "The label image that a path names has the coordinate system.",
        depth=Depth.HIERARCHY,
    )(_label_systems)
    new.must("coordinateSystems.connected", "Transformations connect all coordinate systems of an image.")(_connected)


def _named(pattern: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, name in select(context.values, pattern):
            if not isinstance(name, str) or not name:
                yield Finding(path=path, found=shown(name), expected="a string that is not empty")

    return check


def _unique(pattern: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, systems in select(context.values, pattern):
            names = [(inner, name) for inner, name in select(systems, "*/name") if isinstance(name, str)]
            for position, first in repeated(name for _, name in names):
                inner, name = names[position]
                found = f"{name!r}, as item {names[first][0][0]}"
                yield Finding(path=(*path, *inner), found=found, expected="a name of its own")

    return check


def _array_alone(context: RuleContext) -> Iterator[Finding]:
    for path, axes in select(context.values, f"{OF_IMAGES}/*/axes"):
        types = [axis.get("type") for axis in axes if isinstance(axis, Mapping)] if isinstance(axes, list) else []
        others = [kind for kind in types if kind != "array"]
        if len(types) - len(others) >= 2 and others:
            yield Finding(
                path=path, found=f"{len(types) - len(others)} of type array", expected="axes of type array alone"
            )


def _images(context: RuleContext) -> Iterator[tuple[JSONPath, Mapping[str, Any]]]:
    for path, image in select(context.values, "multiscales/*"):
        if isinstance(image, Mapping) and isinstance(image.get("coordinateSystems"), list):
            yield path, image


End = tuple[str | None, str | None]
"""The path and the name of an input or output."""


def ends_of(step: Any) -> dict[str, End]:
    """Return the path and name of the input and the output of a transformation, where they are well-formed."""
    found: dict[str, End] = {}
    for key in ("input", "output"):
        end = step.get(key) if isinstance(step, Mapping) else None
        if isinstance(end, Mapping) and isinstance(end.get("name"), str):
            path = end.get("path")
            if path is None or isinstance(path, str):
                found[key] = (path or None, end["name"])
    return found


def _image_steps(image: Mapping[str, Any]) -> Iterator[tuple[JSONPath, Any, dict[str, End]]]:
    for path, step in select(image, "coordinateTransformations/*"):
        yield path, step, ends_of(step)


def _known_ends(context: RuleContext) -> Iterator[Finding]:
    for place, image in _images(context):
        systems = systems_of(image)
        for path, _, ends in _image_steps(image):
            for key, (below, name) in ends.items():
                if below is None and name not in systems:
                    known = ", ".join(map(repr, systems)) or "no system"
                    yield Finding(
                        path=(*place, *path, key), found=f"{name!r}, which is not there", expected=f"one of {known}"
                    )


def _intrinsic(context: RuleContext) -> Iterator[Finding]:
    for place, image in _images(context):
        own: End = (None, intrinsic_system(image))
        for path, _, ends in _image_steps(image):
            touching = sum(end == own for end in ends.values())
            if len(ends) == 2 and own[1] is not None and touching != 1:
                found = "a transformation from it to itself" if touching else "a transformation elsewhere"
                yield Finding(path=(*place, *path), found=found, expected=f"one end at the intrinsic system {own[1]!r}")


def _simple_labels(context: RuleContext) -> Iterator[Finding]:
    for place, image in _images(context):
        for path, step, ends in _image_steps(image):
            kind = step.get("type") if isinstance(step, Mapping) else None
            if any(below for below, _ in ends.values()) and isinstance(kind, str) and kind not in LABEL_KINDS:
                yield Finding(
                    path=(*place, *path, "type"), found=shown(kind), expected=" or ".join(map(repr, LABEL_KINDS))
                )


def _label_systems(context: RuleContext) -> Iterator[Finding]:
    for place, image in _images(context):
        for path, _, ends in _image_steps(image):
            for key, (below, name) in ends.items():
                found = None if below is None else child_document(context, below)
                known = {system for _, label in select(found, "multiscales/*") for system in systems_of(label)}
                if below is not None and context.hierarchy is not None and name not in known:
                    what = "no such image" if not known else f"no coordinate system {name!r}"
                    expected = f"a label image with the coordinate system {name!r}"
                    yield Finding(path=(*place, *path, key), array=below, found=what, expected=expected)


def _connected(context: RuleContext) -> Iterator[Finding]:
    for place, image in _images(context):
        systems = systems_of(image)
        edges = [tuple(ends.values()) for _, _, ends in _image_steps(image) if len(ends) == 2]
        nodes: list[End] = [(None, name) for name in systems]
        for group in list(islands(nodes, edges))[1:]:
            lonely = [repr(name) for below, name in group if below is None]
            if lonely:
                found = f"{', '.join(lonely)} connected to nothing else"
                yield Finding(
                    path=(*place, "coordinateSystems"), found=found, expected="transformations between all systems"
                )


def islands(nodes: Iterable[Hashable], edges: Iterable[tuple[Hashable, ...]]) -> Iterator[list[Any]]:
    """Yield the groups of nodes that edges connect, each in order; nodes that only edges name come last.

    Examples
    --------
    >>> list(islands("abc", [("a", "c")]))
    [['a', 'c'], ['b']]
    """
    links: dict[Hashable, list[Hashable]] = {node: [] for node in nodes}
    for edge in edges:
        for end in edge:
            links.setdefault(end, [])
        links[edge[0]].append(edge[-1])
        links[edge[-1]].append(edge[0])
    left = dict.fromkeys(links)
    while left:
        group, waiting = set(), [next(iter(left))]
        while waiting:
            node = waiting.pop()
            if node in left:
                group.add(node)
                del left[node]
                waiting.extend(links[node])
        yield [node for node in links if node in group]


scene_systems_unique = distinct(OF_SCENES)
"""The schema of scenes asks for different systems; names are unique anyway."""
