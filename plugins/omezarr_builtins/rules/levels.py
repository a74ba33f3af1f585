"""Rules of what maps levels to the intrinsic coordinate system of their image (0.6), and scales of levels (0.4 on)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Finding
from omezarr_builtins.rules.places import ARRAY, OBJECT, STRING, has, is_a, select, shown
from omezarr_builtins.rules.scales import is_numeric_list, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook

LIST = "multiscales/*/datasets/*/coordinateTransformations"
EACH = f"{LIST}/*"

KINDS = ("scale", "identity", "sequence")


def enter_levels(book: RuleBook) -> None:
    """Enter the rules."""
    new = book.between("0.6")
    new.must("transformations.form", "The transformations of a level are an array.")(is_a(ARRAY, LIST))
    new.must("transformations.count", "A level has exactly one transformation.")(_one)
    new.must("levels.transformation.form", "The transformation of a level is an object.")(is_a(OBJECT, EACH))
    new.must("levels.transformation.type", "A level is mapped by a scale, an identity or a sequence of two.")(_kind)
    new.must("levels.sequence.members", "The sequence of a level consists of a scale and a translation.")(_members)
    new.must("levels.sequence.order", "The sequence of a level is a scale followed by a translation.")(_order)
    new.must("levels.input.present", "The transformation of a level has an input.")(has(f"{EACH}/input"))
    new.must("levels.input.form", "The input of a level is an object.")(is_a(OBJECT, f"{EACH}/input"))
    new.must("levels.input.path", "The input of a level has a path.")(has(f"{EACH}/input/path"))
    new.must("levels.input.path.value", "The input of a level is its own array.")(_own_array)
    new.should("levels.input.name.absent", "The input of a level has no name.")(_no_input_name)
    new.must("levels.input.name.form", "The name of an input is a string.")(is_a(STRING, f"{EACH}/input/name"))
    new.must("levels.output.present", "The transformation of a level has an output.")(has(f"{EACH}/output"))
    new.must("levels.output.form", "The output of a level is an object.")(is_a(OBJECT, f"{EACH}/output"))
    new.must("levels.output.name", "The output of a level has a name.")(has(f"{EACH}/output/name"))
    new.must("levels.output.name.form", "The name of an output is a string.")(is_a(STRING, f"{EACH}/output/name"))
    new.should("levels.output.path.absent", "The output of a level has no path.")(_no_output_path)
    new.must("levels.output.path.form", "The path of an output is a string.")(is_a(STRING, f"{EACH}/output/path"))
    new.must("levels.output.known", "The output of a level is a coordinate system of its image.")(_known_output)
    new.must("levels.output.same", "All levels of an image have the same output.")(_same_output)
    new.must("transformations.length", "The scale of a level has one number for each axis.")(_length)
    new.must("transformations.spatial", "A scale has numbers for the axes of time and channel too.")(_spatial)


def _one(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, LIST):
        if isinstance(value, list) and len(value) != 1:
            yield Finding(path=path, found=f"{len(value)} transformations", expected="exactly 1 transformation")


def _objects(context: RuleContext) -> Iterator[tuple[JSONPath, Mapping[str, Any]]]:
    for path, value in select(context.values, EACH):
        if isinstance(value, Mapping):
            yield path, value


def _kind(context: RuleContext) -> Iterator[Finding]:
    for path, value in _objects(context):
        kind = value.get("type")
        if "type" in value and not (isinstance(kind, str) and kind in KINDS):
            yield Finding(path=(*path, "type"), found=shown(kind), expected="'scale', 'identity' or 'sequence'")


def _sequences(context: RuleContext) -> Iterator[tuple[JSONPath, list[Any]]]:
    for path, value in _objects(context):
        if value.get("type") == "sequence" and isinstance(value.get("transformations"), list):
            yield (*path, "transformations"), value["transformations"]


def _member_types(members: list[Any]) -> list[str]:
    return [kind if isinstance(kind := type_of(member), str) else "no type" for member in members]


def _members(context: RuleContext) -> Iterator[Finding]:
    for path, members in _sequences(context):
        kinds = _member_types(members)
        if sorted(kinds) != ["scale", "translation"]:
            yield Finding(path=path, found=", ".join(kinds) or "nothing", expected="a scale and a translation")


def _order(context: RuleContext) -> Iterator[Finding]:
    for path, members in _sequences(context):
        if _member_types(members) == ["translation", "scale"]:
            yield Finding(path=path, found="a translation before a scale", expected="the scale before the translation")


def _own_array(context: RuleContext) -> Iterator[Finding]:
    for path, level in select(context.values, "multiscales/*/datasets/*"):
        own = level.get("path") if isinstance(level, Mapping) else None
        for inner, given in select(level, "coordinateTransformations/*/input/path"):
            if given != own and isinstance(own, str):
                yield Finding(path=(*path, *inner), found=shown(given), expected=f"the path of the level, {own!r}")
            elif not isinstance(given, str):
                yield Finding(path=(*path, *inner), found=shown(given), expected="a string")


def _no_input_name(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{EACH}/input/name"):
        yield Finding(path=path, found=shown(value), expected="no name, since the path says it all")


def _no_output_path(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{EACH}/output/path"):
        yield Finding(path=path, found=shown(value), expected="no path, since the system is in this document")


def _images(context: RuleContext) -> Iterator[tuple[JSONPath, Mapping[str, Any], dict[str, list[Any]]]]:
    """Yield each image with its coordinate systems: name to axes."""
    for path, image in select(context.values, "multiscales/*"):
        if isinstance(image, Mapping):
            yield path, image, systems_of(image)


def systems_of(holder: Any) -> dict[str, list[Any]]:
    """Return the well-formed coordinate systems of an image or a scene: name to axes."""
    found: dict[str, list[Any]] = {}
    for _, system in select(holder, "coordinateSystems/*"):
        if isinstance(system, Mapping) and isinstance(system.get("name"), str) and isinstance(system.get("axes"), list):
            found.setdefault(system["name"], system["axes"])
    return found


OUTPUTS = "datasets/*/coordinateTransformations/*/output/name"


def intrinsic_system(image: Any) -> str | None:
    """Return the name of the system that the levels of an image are mapped into; None where they name none."""
    return next((name for _, name in select(image, OUTPUTS) if isinstance(name, str)), None)


def _known_output(context: RuleContext) -> Iterator[Finding]:
    for path, image, systems in _images(context):
        for inner, name in select(image, OUTPUTS):
            if isinstance(name, str) and name not in systems and isinstance(image.get("coordinateSystems"), list):
                known = ", ".join(map(repr, systems)) or "no system"
                yield Finding(path=(*path, *inner), found=shown(name), expected=f"one of {known}")


def _same_output(context: RuleContext) -> Iterator[Finding]:
    for path, image, _ in _images(context):
        first = intrinsic_system(image)
        for inner, name in select(image, OUTPUTS):
            if isinstance(name, str) and name != first:
                yield Finding(path=(*path, *inner), found=shown(name), expected=f"{first!r}, as for the first level")


def _vectors(context: RuleContext) -> Iterator[tuple[JSONPath, list[Any], list[Any]]]:
    """Yield the scales and translations of levels, each with the axes of its output."""
    for path, image, systems in _images(context):
        for inner, value in select(image, "datasets/*/coordinateTransformations/*"):
            output = value.get("output") if isinstance(value, Mapping) else None
            name = output.get("name") if isinstance(output, Mapping) else None
            axes = systems.get(name) if isinstance(name, str) else None
            for step, kind in (
                (pattern, kind) for pattern in ("", "transformations/*/") for kind in ("scale", "translation")
            ):
                for rest, vector in select(value, f"{step}{kind}") if axes is not None else ():
                    holder = value if not step else value["transformations"][rest[1]]
                    if type_of(holder) == kind and is_numeric_list(vector) and axes is not None:
                        yield (*path, *inner, *rest), vector, axes


def _is_spatial(path: JSONPath, vector: list[Any], axes: list[Any]) -> bool:
    """Say whether a vector is a plain scale for the axes of space alone, which is read as what it means."""
    plain = path[-1] == "scale" and "transformations" not in path
    return plain and len(vector) == sum(type_of(axis) == "space" for axis in axes)


def _length(context: RuleContext) -> Iterator[Finding]:
    for path, vector, axes in _vectors(context):
        if len(vector) != len(axes) and not _is_spatial(path, vector, axes):
            yield Finding(path=path, found=f"{len(vector)} numbers", expected=f"{len(axes)}, one for each axis")


def _spatial(context: RuleContext) -> Iterator[Finding]:
    for path, vector, axes in _vectors(context):
        if len(vector) != len(axes) and _is_spatial(path, vector, axes):
            yield Finding(path=path, found=f"{len(vector)} numbers", expected=f"{len(axes)}, one for each axis")
