"""Rules of the transformations of 0.4 and 0.5: lists of one scale and at most one translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Finding
from omezarr_builtins.rules.places import ARRAY, OBJECT, has, holds, is_a, is_one_of, select, select_all, shown
from omezarr_builtins.rules.scales import is_numeric_list, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook

OF_LEVELS = "multiscales/*/datasets/*/coordinateTransformations"
OF_IMAGES = "multiscales/*/coordinateTransformations"
LISTS = (OF_LEVELS, OF_IMAGES)
EACH = (f"{OF_LEVELS}/*", f"{OF_IMAGES}/*")

KINDS = ("scale", "translation")


def enter_scaling(book: RuleBook) -> None:
    """Enter the rules."""
    book.must(
        "transformations.present", "Every level has transformations.", since="0.4", section="coordinateTransformations"
    )(has(OF_LEVELS))
    flat = book.between("0.4", "0.5")
    where = "coordinateTransformations"
    flat.must("transformations.form", "Transformations are an array.", section=where)(is_a(ARRAY, *LISTS))
    flat.must("transformations.nonempty", "A level has at least one transformation.", section=where)(
        holds(1, OF_LEVELS)
    )
    # An empty list says what none says, and writers leave it behind.
    flat.disputed(
        "image.transformations.nonempty", "Where an image has transformations, there is at least one.", section=where
    )(holds(1, OF_IMAGES))
    flat.must("transformations.entries.form", "A transformation is an object.", section=where)(is_a(OBJECT, *EACH))
    flat.must("transformations.type.present", "A transformation has a type.", section=where)(
        has(*(f"{each}/type" for each in EACH))
    )
    flat.must("transformations.type.value", "A transformation is a scale or a translation.", section=where)(_type)
    for kind in KINDS:
        flat.must(f"transformations.{kind}.present", f"A {kind} has its numbers inline.", section=where)(_inline(kind))
        flat.must(f"transformations.{kind}.form", f"A {kind} is an array of two numbers or more.", section=where)(
            _numbers(kind)
        )
    flat.must("transformations.scale.count", "There is exactly one scale.", section=where)(_one_scale)
    flat.must("transformations.translation.count", "There is at most one translation.", section=where)(
        _at_most_one_translation
    )
    flat.must("transformations.order", "A translation comes after the scale.", section=where)(_scale_first)
    flat.must("transformations.length", "A scale or translation has one number for each axis.", section=where)(_length)
    flat.must(
        "transformations.spatial",
        "A scale has numbers for the axes of time and channel too, not for those of space alone.",
        section=where,
    )(_spatial_length)


def _typed(context: RuleContext, kind: str) -> Iterator[tuple[JSONPath, Mapping[str, Any]]]:
    for path, value in select_all(context.values, EACH):
        if isinstance(value, Mapping) and value.get("type") == kind:
            yield path, value


_known_types = is_one_of(KINDS, *(f"{each}/type" for each in EACH))


def _type(context: RuleContext) -> Iterator[Finding]:
    yield from _known_types(context)
    for path, value in select_all(context.values, [f"{each}/type" for each in EACH]):
        if not isinstance(value, str):
            yield Finding(path=path, found=shown(value), expected="'scale' or 'translation'")


def _inline(kind: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in _typed(context, kind):
            if kind not in value:
                yield Finding(path=path, found=f"no key {kind!r}", expected=f"an array of numbers at {kind!r}")

    return check


def _numbers(kind: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in _typed(context, kind):
            if kind in value and not (is_numeric_list(value[kind]) and len(value[kind]) >= 2):
                yield Finding(path=(*path, kind), found=shown(value[kind]), expected="an array of at least 2 numbers")

    return check


def _kinds(value: Any) -> list[str]:
    """Return the types of a list of transformations, where each has one that is known; else nothing."""
    types: list[Any] = [type_of(item) for item in value] if isinstance(value, list) else []
    known = [kind for kind in types if isinstance(kind, str) and kind in KINDS]
    return known if len(known) == len(types) else []


def _one_scale(context: RuleContext) -> Iterator[Finding]:
    for path, value in select_all(context.values, LISTS):
        kinds = _kinds(value)
        if kinds and kinds.count("scale") != 1:
            yield Finding(path=path, found=f"{kinds.count('scale')} scales", expected="exactly 1 scale")


def _at_most_one_translation(context: RuleContext) -> Iterator[Finding]:
    for path, value in select_all(context.values, LISTS):
        number = _kinds(value).count("translation")
        if number > 1:
            yield Finding(path=path, found=f"{number} translations", expected="at most 1 translation")


def _scale_first(context: RuleContext) -> Iterator[Finding]:
    for path, value in select_all(context.values, LISTS):
        kinds = _kinds(value)
        if "scale" in kinds and "translation" in kinds and kinds.index("translation") < kinds.index("scale"):
            yield Finding(path=path, found=" before ".join(kinds), expected="the scale before the translation")


def _wrong_lengths(context: RuleContext) -> Iterator[tuple[JSONPath, list[Any], int, int]]:
    """Yield the vectors whose length is not that of the axes, with the numbers of axes and of those of space."""
    for place, axes in select(context.values, "multiscales/*/axes"):
        if not isinstance(axes, list):
            continue
        image: Any = context.values["multiscales"]
        space = sum(type_of(axis) == "space" for axis in axes)
        for pattern in ("datasets/*/coordinateTransformations/*", "coordinateTransformations/*"):
            for path, value in select(image[place[1]], pattern):
                kind = value.get("type") if isinstance(value, Mapping) else None
                vector = value.get(kind) if isinstance(kind, str) and kind in KINDS else None
                if isinstance(vector, list) and len(vector) >= 2 and len(vector) != len(axes):
                    yield (*place[:2], *path, str(kind)), vector, len(axes), space


def _is_spatial(path: JSONPath, vector: list[Any], space: int) -> bool:
    """Say whether a vector is a scale of a level for the axes of space alone, which is read as what it means."""
    return path[-1] == "scale" and "datasets" in path and len(vector) == space


def _length(context: RuleContext) -> Iterator[Finding]:
    for path, vector, axes, space in _wrong_lengths(context):
        if not _is_spatial(path, vector, space):
            yield Finding(path=path, found=f"{len(vector)} numbers", expected=f"{axes}, one for each axis")


def _spatial_length(context: RuleContext) -> Iterator[Finding]:
    for path, vector, axes, space in _wrong_lengths(context):
        if _is_spatial(path, vector, space):
            yield Finding(path=path, found=f"{len(vector)} numbers", expected=f"{axes}, one for each axis")
