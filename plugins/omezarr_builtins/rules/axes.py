"""Rules of axes: names in 0.3, objects in 0.4 and 0.5, objects in coordinate systems in 0.6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from omezarr.abc.rules import Finding
from omezarr.units import SPACE_UNITS, TIME_UNITS
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.places import (
    ARRAY,
    BOOLEAN,
    OBJECT,
    STRING,
    has,
    is_a,
    is_one_of,
    repeated,
    select,
    select_all,
    shown,
)
from omezarr_builtins.rules.scales import level_scales, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook

    AxesCheck: TypeAlias = Callable[[JSONPath, list[Any], RuleContext], Iterator[Finding]]

CONVENTIONAL = "tczyx"
"""The names of axes up to 0.3, in their order."""

TYPES = frozenset({"space", "time", "channel"})
TYPES_SINCE_0_6 = TYPES | {"array", "coordinate", "displacement", "frequency"}

FLAT = "multiscales/*/axes"
IN_IMAGES = "multiscales/*/coordinateSystems/*/axes"
IN_SCENES = "scene/coordinateSystems/*/axes"


def enter_names(book: RuleBook) -> None:
    """Enter the rules of 0.3, where axes are names."""
    book.must("axes.present", "Every image has axes.", since="0.3", until="0.5")(has(FLAT))
    book.must("axes.form", "Axes are an array.", since="0.3", until="0.5")(is_a(ARRAY, FLAT))
    only = book.between("0.3", "0.3")
    only.must("axes.count", "There are 2 to 5 axes.")(_for_each((FLAT,), _count(2)))
    only.must("axes.names.form", "Axes are strings.")(is_a(STRING, f"{FLAT}/*"))
    only.must("axes.names.value", "Axes are named t, c, z, y or x.")(is_one_of(CONVENTIONAL, f"{FLAT}/*"))
    only.must("axes.names.unique", "No two axes have the same name.")(_for_each((FLAT,), _unique_names))
    only.must("axes.order", "Axes are in the order t, c, z, y, x.")(_for_each((FLAT,), _conventional_order))


def enter_objects(book: RuleBook, pattern: str, since: str, until: str | None) -> None:
    """Enter the rules of axes that are objects.

    Parameters
    ----------
    book : RuleBook
    pattern : str
        Where lists of axes are.
    since, until : str
        The first and the last version for which they are there; None: no last one.
    """
    span = book.between(since, until)
    each, lists = f"{pattern}/*", (pattern,)
    least = 2 if since == "0.4" else 1
    span.must("axes.count", f"There are {least} to 5 axes.")(_for_each(lists, _count(least)))
    span.must("axes.entries.form", "Every axis is an object.")(is_a(OBJECT, each))
    span.must("axes.name.present", "Every axis has a name.")(has(f"{each}/name"))
    span.must("axes.name.form", "The name of an axis is a string.")(is_a(STRING, f"{each}/name"))
    span.must("axes.names.unique", "No two axes have the same name.")(_for_each(lists, _unique_names))
    span.should("axes.type.present", "Every axis has a type.")(has(f"{each}/type"))
    span.must("axes.type.form", "The type of an axis is a string.")(is_a(STRING, f"{each}/type"))
    types = TYPES if since == "0.4" else TYPES_SINCE_0_6
    span.should("axes.type.value", f"The type of an axis is one of {', '.join(sorted(types))}.")(
        is_one_of(types, f"{each}/type")
    )
    span.disputed("axes.unit.present", "Axes that measure space or time have a unit.")(_for_each(lists, _has_unit))
    span.should("axes.unit.value", "Units of space and time are those of UDUNITS-2.")(_for_each(lists, _known_unit))


def enter_limits(book: RuleBook, pattern: str, since: str, until: str | None) -> None:
    """Enter the rules of which axes an image may have, and in which order."""
    span = book.between(since, until)
    lists = (pattern,)
    span.must("axes.time.count", "There is at most one axis of time.")(_for_each(lists, _at_most_one_time))
    span.must("axes.channel.count", "There is at most one channel or custom axis.")(
        _for_each(lists, _at_most_one_channel)
    )
    span.must("axes.types.order", "Axes of time come first, then channel or custom ones, then space.")(
        _for_each(lists, _order_by_type)
    )
    span.should("axes.space.order", "Three axes of space are in the order z, y, x.")(_for_each(lists, _order_in_space))


def enter_flat_limits(book: RuleBook) -> None:
    """Enter the rules of 0.4 and 0.5 on how many axes are of space."""
    span = book.between("0.4", "0.5")
    span.must("axes.space.count", "Two or three axes are of type space.")(_for_each((FLAT,), _space_count))
    # The schemas count axes without a type as ones of space; the text lets one stand for the channels.
    span.disputed("axes.untyped.count", "Axes of space and axes without a type are at most three together.")(
        _for_each((FLAT,), _untyped_count)
    )
    span.must("axes.unit.form", "At least two axes of space have a string as unit, or none.")(
        _for_each((FLAT,), _space_units)
    )


def enter_system_axes(book: RuleBook, pattern: str) -> None:
    """Enter what 0.6 asks of axes in coordinate systems of images and scenes alike."""
    enter_objects(book, pattern, "0.6", None)
    span = book.between("0.6")
    each = f"{pattern}/*"
    span.must("axes.name.nonempty", "The name of an axis is not empty.")(_not_empty(f"{each}/name"))
    span.must("axes.longName.form", "The long name of an axis is a string.")(is_a(STRING, f"{each}/longName"))
    span.must("axes.discrete.form", "'discrete' is true or false.")(is_a(BOOLEAN, f"{each}/discrete"))
    span.must("axes.unit.form", "The unit of an axis is a string.")(is_a(STRING, f"{each}/unit"))
    span.must("axes.space.count", "Two or three axes are of type space, or at least two of type array.")(
        _for_each((pattern,), _space_or_array)
    )


def _for_each(patterns: tuple[str, ...], check: AxesCheck) -> Check:
    def checked(context: RuleContext) -> Iterator[Finding]:
        for path, axes in select_all(context.values, patterns):
            if isinstance(axes, list):
                yield from check(path, axes, context)

    return checked


def _not_empty(pattern: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select_all(context.values, (pattern,)):
            if value == "":
                yield Finding(path=path, found="an empty string", expected="a string that is not empty")

    return check


def _count(least: int) -> AxesCheck:
    def check(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
        if not least <= len(axes) <= 5:
            found = "1 axis" if len(axes) == 1 else f"{len(axes)} axes"
            yield Finding(path=path, found=found, expected=f"{least} to 5 axes")

    return check


def axis_names(axes: list[Any]) -> list[str | None]:
    """Return the names of axes in either form; None for those without one."""
    names = [axis.get("name") if isinstance(axis, Mapping) else axis for axis in axes]
    return [name if isinstance(name, str) else None for name in names]


def _unique_names(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    names = [(index, name) for index, name in enumerate(axis_names(axes)) if name is not None]
    for position, first in repeated(name for _, name in names):
        index, name = names[position]
        yield Finding(path=(*path, index), found=f"{name!r}, as axis {names[first][0]}", expected="a name of its own")


def _conventional_order(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    known = [axis for axis in axes if isinstance(axis, str) and axis in CONVENTIONAL]
    if known != sorted(known, key=CONVENTIONAL.index):
        yield Finding(path=path, found=", ".join(known), expected=", ".join(sorted(known, key=CONVENTIONAL.index)))


def _has_unit(path: JSONPath, axes: list[Any], context: RuleContext) -> Iterator[Finding]:
    images = select(context.values, "multiscales/*/datasets")
    levels = next((found for place, found in images if place[:2] == path[:2]), None)
    scale = level_scales(levels).get(0, []) if isinstance(levels, list) else []
    for index, axis in enumerate(axes):
        counted = index < len(scale) and scale[index] == 1  # in pixels, for which there is no unit
        if type_of(axis) in ("space", "time") and "unit" not in axis and not counted:
            yield Finding(path=(*path, index), found="no key 'unit'", expected="the unit of the axis")


def _known_unit(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    for index, axis in enumerate(axes):
        units = {"space": SPACE_UNITS, "time": TIME_UNITS}.get(type_of(axis)) if _has_text_type(axis) else None
        if units is not None and "unit" in axis and not (isinstance(axis["unit"], str) and axis["unit"] in units):
            kind = "length" if units is SPACE_UNITS else "time"
            yield Finding(
                path=(*path, index, "unit"), found=shown(axis["unit"]), expected=f"a unit of {kind} from UDUNITS-2"
            )


def _has_text_type(axis: Any) -> bool:
    return isinstance(type_of(axis), str)


def _counted(axes: list[Any]) -> Counter[str]:
    """Count axes of time, space and array, and all others, those without a type too."""
    special = ("time", "space", "array")
    objects = [axis for axis in axes if isinstance(axis, Mapping)]
    types = [type_of(axis) for axis in objects]
    return Counter(kind if isinstance(kind, str) and kind in special else "other" for kind in types)


def _space_count(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    number = _counted(axes)["space"]
    if not 2 <= number <= 3:
        yield Finding(path=path, found=f"{number} of type space", expected="2 or 3 axes of type space")


def _is_spacelike(axis: Any, *, with_unit: bool) -> bool:
    """Say whether the schemas of 0.4 and 0.5 take an axis for one of space: those without a type count as well."""
    if not isinstance(axis, Mapping) or axis.get("type", "space") != "space":
        return False
    return isinstance(axis.get("name", ""), str) and (not with_unit or isinstance(axis.get("unit", ""), str))


def _untyped_count(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    spacelike = sum(_is_spacelike(axis, with_unit=True) for axis in axes)
    if spacelike > 3 and _counted(axes)["space"] <= 3:
        yield Finding(path=path, found=f"{spacelike} axes of space or without a type", expected="at most 3 of them")


def _space_units(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    described = sum(_is_spacelike(axis, with_unit=True) for axis in axes)
    if described < 2 <= sum(_is_spacelike(axis, with_unit=False) for axis in axes):
        for index, axis in enumerate(axes):
            if _is_spacelike(axis, with_unit=False) and not isinstance(axis.get("unit", ""), str):
                yield Finding(path=(*path, index, "unit"), found=shown(axis["unit"]), expected="a string, or no unit")


def _space_or_array(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    numbers = _counted(axes)
    space, array = numbers["space"], numbers["array"]
    if (2 <= space <= 3) == (array >= 2):
        yield Finding(
            path=path,
            found=f"{space} of type space and {array} of type array",
            expected="2 or 3 axes of type space, or 2 or more of type array",
        )


def _at_most_one_time(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    number = _counted(axes)["time"]
    if number > 1:
        yield Finding(path=path, found=f"{number} axes of time", expected="at most 1")


def _at_most_one_channel(path: JSONPath, axes: list[Any], context: RuleContext) -> Iterator[Finding]:
    numbers = _counted(axes)
    number = numbers["other"] + (0 if at_least(context.version, "0.6") else numbers["array"])
    if number > 1:
        yield Finding(path=path, found=f"{number} axes of channel or custom type", expected="at most 1")


def _order_by_type(path: JSONPath, axes: list[Any], context: RuleContext) -> Iterator[Finding]:
    ranks = {"time": 0, "space": 2}
    if at_least(context.version, "0.6"):
        ranks["array"] = 2
    objects = [axis for axis in axes if isinstance(axis, Mapping)]
    types = [type_of(axis) for axis in objects]
    order = [ranks.get(kind, 1) if isinstance(kind, str) else 1 for kind in types]
    if order != sorted(order):
        found = ", ".join(str(kind) if isinstance(kind, str) else "no type" for kind in types)
        yield Finding(path=path, found=found, expected="time, then channel or custom, then space")


def _order_in_space(path: JSONPath, axes: list[Any], _: RuleContext) -> Iterator[Finding]:
    names = [axis.get("name") for axis in axes if type_of(axis) == "space"]
    if len(names) == 3 and all(isinstance(name, str) for name in names):
        lower = [name.lower() for name in names]
        if sorted(lower) == ["x", "y", "z"] and lower != ["z", "y", "x"]:
            yield Finding(path=path, found=", ".join(names), expected="z, y, x")
