"""Rules of the parameters of each type of transformation (0.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from omezarr.abc.rules import Finding
from omezarr_builtins.rules.places import figure, identity, is_integer, repeated, shown
from omezarr_builtins.rules.scales import is_numeric_list
from omezarr_builtins.rules.transformations import SECTION, each_of, is_index_list, is_matrix, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr_builtins.rules.book import RuleBook
    from omezarr_builtins.rules.transformations import LocatedTransformation

TOLERANCE = 5e-3
"""How far the products of a rotation's rows may be off; published matrices are rounded to three decimals."""

INTERPOLATIONS = ("nearest", "linear", "cubic")
SPLINE = "bspline-cubic"

FIELDS = ("displacements", "coordinates")


def enter_parameters(book: RuleBook) -> None:
    """Enter the rules."""
    name, new = "transformations", book.between("0.6")
    enter = {
        "mapAxis.form": ("mapAxis is an array of 2 to 5 different indices from 0 to 4.", _map_axis),
        "mapAxis.permutation": ("mapAxis holds each index of an axis once.", _permutation),
        "projectAxis.form": ("projectAxis drops or creates 1 to 3 different axes.", _project_axis),
        "projectAxis.range": ("projectAxis names axes that exist.", _project_range),
        "projectAxis.dimensions": ("Dropped and created axes account for all dimensions.", _project_dimensions),
        "scale.form": ("A scale is an array of numbers.", _vector("scale")),
        "scale.positive": ("The numbers of a scale are greater than 0.", _positive),
        "translation.form": ("A translation is an array of numbers.", _vector("translation")),
        "affine.form": ("An affine has either a matrix or the path of one.", _matrix_or_path("affine")),
        "affine.rows": ("The rows of an affine are of equal length, and there is one at least.", _affine_rows),
        "rotation.form": ("A rotation has either a square matrix of 2 to 5 rows or the path of one.", _rotation_form),
        "rotation.orthonormal": ("A rotation has orthonormal rows and the determinant 1.", _orthonormal),
        "sequence.form": ("A sequence has an array of transformations.", _members("sequence")),
        "sequence.nonempty": ("A sequence has at least one transformation.", _nonempty),
        "bijection.form": ("A bijection has a forward and an inverse transformation.", _bijection),
        "byDimension.form": ("byDimension has an array of transformations.", _members("byDimension")),
        "byDimension.items": ("Every item of byDimension has a transformation and its axes.", _items),
        "byDimension.axes.form": ("The axes of byDimension are arrays of numbers.", _item_axes),
        "byDimension.axes.range": ("byDimension names axes that exist.", _item_range),
        "byDimension.outputs.unique": ("byDimension leads to no axis twice.", _item_outputs),
        "byDimension.outputs.complete": ("byDimension leads to every axis.", _complete(nested=False)),
        "field.path": ("A displacement or coordinate field has the path of its group.", _field_path),
        "interpolation.value": ("The interpolation is nearest, linear or cubic.", _interpolation),
    }
    for rule, (demand, check) in enter.items():
        new.must(f"{name}.{rule}", demand, section=SECTION)(check)
    new.disputed(
        f"{name}.byDimension.nested.complete", "byDimension leads to every axis inside a sequence too.", section=SECTION
    )(_complete(nested=True))
    new.disputed(
        f"{name}.interpolation.spline",
        "The text calls cubic interpolation bspline-cubic, the schema cubic.",
        section=SECTION,
    )(_spline)


@each_of("mapAxis")
def _map_axis(step: LocatedTransformation) -> Iterator[Finding]:
    value = step.get("mapAxis")
    if not _are_indices(value, 2, 5):
        yield Finding(path=step.path, found=shown(value), expected="2 to 5 different whole numbers from 0 to 4")


def _are_indices(value: Any, least: int, most: int) -> bool:
    if not is_index_list(value) or not least <= len(value) <= most:
        return False
    return max(value) <= 4 and not list(repeated(map(identity, value)))


@each_of("mapAxis")
def _permutation(step: LocatedTransformation) -> Iterator[Finding]:
    value = step.get("mapAxis")
    if _are_indices(value, 2, 5) and sorted(value) != list(range(len(value))):
        expected = f"each of 0 to {len(value) - 1} once"
        yield Finding(path=(*step.path, "mapAxis"), found=", ".join(map(str, value)), expected=expected)


@each_of("projectAxis")
def _project_axis(step: LocatedTransformation) -> Iterator[Finding]:
    given = [key for key in ("droppedInputs", "createdOutputs") if key in step.value]
    if not given:
        yield Finding(path=step.path, found="neither key", expected="'droppedInputs' or 'createdOutputs' or both")
    for key in given:
        if not _are_indices(step.value[key], 1, 3):
            expected = "1 to 3 different whole numbers from 0 to 4"
            yield Finding(path=(*step.path, key), found=shown(step.value[key]), expected=expected)


def _projected(step: LocatedTransformation) -> dict[str, list[int]] | None:
    given = {key: step.value[key] for key in ("droppedInputs", "createdOutputs") if key in step.value}
    return given if given and all(_are_indices(value, 1, 3) for value in given.values()) else None


@each_of("projectAxis")
def _project_range(step: LocatedTransformation) -> Iterator[Finding]:
    for key, indices in (_projected(step) or {}).items():
        axes = step.inputs if key == "droppedInputs" else step.outputs
        if axes is not None and max(indices) >= axes:
            yield Finding(path=(*step.path, key), found=f"axis {max(indices)}", expected=f"axes below {axes}")


@each_of("projectAxis")
def _project_dimensions(step: LocatedTransformation) -> Iterator[Finding]:
    given = _projected(step)
    if given is not None and step.inputs is not None and step.outputs is not None:
        made = step.inputs - len(given.get("droppedInputs", ())) + len(given.get("createdOutputs", ()))
        if made != step.outputs:
            yield Finding(path=step.path, found=f"{made} dimensions", expected=f"{step.outputs} dimensions")


def _vector(kind: str) -> Check:
    @each_of(kind)
    def check(step: LocatedTransformation) -> Iterator[Finding]:
        if not is_numeric_list(step.get(kind)):
            found = shown(step.value[kind]) if kind in step.value else f"no key {kind!r}"
            yield Finding(path=step.path, found=found, expected=f"an array of numbers at {kind!r}")

    return check


@each_of("scale")
def _positive(step: LocatedTransformation) -> Iterator[Finding]:
    value = step.get("scale")
    if is_numeric_list(value):
        for index, number in enumerate(value):
            if number <= 0:
                yield Finding(path=(*step.path, "scale", index), found=shown(number), expected="a number above 0")


def _matrix_or_path(kind: str) -> Check:
    @each_of(kind)
    def check(step: LocatedTransformation) -> Iterator[Finding]:
        has_path, has_matrix = isinstance(step.get("path"), str), kind in step.value and is_matrix(step.value[kind])
        if has_path == has_matrix:
            found = "both" if has_path else "neither"
            yield Finding(path=step.path, found=found, expected=f"rows of numbers at {kind!r}, or a path")

    return check


@each_of("affine")
def _affine_rows(step: LocatedTransformation) -> Iterator[Finding]:
    matrix = step.get("affine")
    if is_matrix(matrix) and (not matrix or len({len(row) for row in matrix}) > 1 or not matrix[0]):
        found = "rows of lengths " + ", ".join(str(len(row)) for row in matrix) if matrix else "no rows"
        yield Finding(path=(*step.path, "affine"), found=found, expected="rows of equal length")


def _is_square(value: Any) -> TypeGuard[list[list[Any]]]:
    return is_matrix(value) and 2 <= len(value) <= 5 and all(len(row) == len(value) for row in value)


@each_of("rotation")
def _rotation_form(step: LocatedTransformation) -> Iterator[Finding]:
    has_path, has_matrix = isinstance(step.get("path"), str), _is_square(step.get("rotation"))
    if has_path == has_matrix:
        found = "both" if has_path else "neither"
        yield Finding(path=step.path, found=found, expected="a square matrix of 2 to 5 rows at 'rotation', or a path")


@each_of("rotation")
def _orthonormal(step: LocatedTransformation) -> Iterator[Finding]:
    matrix = step.get("rotation")
    if not _is_square(matrix):
        return
    rows = [[_bounded(number) for number in row] for row in matrix]
    products = [
        (first == second, sum(a * b for a, b in zip(rows[first], rows[second], strict=True)))
        for first in range(len(rows))
        for second in range(first + 1)
    ]
    if any(abs(product - same) > TOLERANCE for same, product in products):
        yield Finding(path=(*step.path, "rotation"), found="rows that are not orthonormal", expected="orthonormal rows")
    elif _determinant(rows) < 0:
        yield Finding(path=(*step.path, "rotation"), found="the determinant -1", expected="the determinant 1")


def _bounded(number: Any) -> float:
    """Return a number as a float; what is beyond any rotation is cut off, so that nothing overflows."""
    return float(min(max(number, -1e6), 1e6))


def _determinant(rows: list[list[float]]) -> float:
    if len(rows) == 1:
        return rows[0][0]
    minors = [[row[:column] + row[column + 1 :] for row in rows[1:]] for column in range(len(rows))]
    signed = [-factor if column % 2 else factor for column, factor in enumerate(rows[0])]
    return sum(factor * _determinant(minor) for factor, minor in zip(signed, minors, strict=True))


def _members(kind: str) -> Check:
    @each_of(kind)
    def check(step: LocatedTransformation) -> Iterator[Finding]:
        if not isinstance(step.get("transformations"), list):
            found = (
                shown(step.value["transformations"]) if "transformations" in step.value else "no key 'transformations'"
            )
            yield Finding(path=step.path, found=found, expected="an array at 'transformations'")

    return check


@each_of("sequence")
def _nonempty(step: LocatedTransformation) -> Iterator[Finding]:
    if step.get("transformations") == [] and not step.of_level:
        yield Finding(
            path=(*step.path, "transformations"), found="an empty array", expected="at least one transformation"
        )


@each_of("bijection")
def _bijection(step: LocatedTransformation) -> Iterator[Finding]:
    for key in ("forward", "inverse"):
        if key not in step.value:
            yield Finding(path=step.path, found=f"no key {key!r}", expected=f"a transformation at {key!r}")


def _by_dimension(step: LocatedTransformation) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    members = step.get("transformations")
    for index, member in enumerate(members if isinstance(members, list) else ()):
        yield (*step.path, "transformations", index), member


@each_of("byDimension")
def _items(step: LocatedTransformation) -> Iterator[Finding]:
    for path, member in _by_dimension(step):
        if not isinstance(member, Mapping):
            yield Finding(path=path, found=shown(member), expected="an object")
            continue
        for key in ("transformation", "inputAxes", "outputAxes"):
            if key not in member:
                yield Finding(path=path, found=f"no key {key!r}", expected=f"the key {key!r}")


@each_of("byDimension")
def _item_axes(step: LocatedTransformation) -> Iterator[Finding]:
    for path, member in _by_dimension(step):
        for key in ("inputAxes", "outputAxes"):
            value = member.get(key, []) if isinstance(member, Mapping) else []
            if not is_numeric_list(value) or not all(map(is_integer, value)):
                yield Finding(path=(*path, key), found=shown(value), expected="an array of whole numbers")


@each_of("byDimension")
def _item_range(step: LocatedTransformation) -> Iterator[Finding]:
    for path, member in _by_dimension(step):
        for key, axes in (("inputAxes", step.inputs), ("outputAxes", step.outputs)):
            value = member.get(key) if isinstance(member, Mapping) else None
            for number in value if is_numeric_list(value) else ():
                if number < 0 or (axes is not None and number >= axes):
                    words = "axes from 0 on" if axes is None else f"axes from 0 to {axes - 1}"
                    yield Finding(path=(*path, key), found=f"axis {figure(number)}", expected=words)


def _output_axes(step: LocatedTransformation) -> list[Any]:
    values = [member.get("outputAxes") for _, member in _by_dimension(step) if isinstance(member, Mapping)]
    return [number for value in values if is_numeric_list(value) for number in value]


@each_of("byDimension")
def _item_outputs(step: LocatedTransformation) -> Iterator[Finding]:
    numbers = _output_axes(step)
    for position, _ in repeated(map(identity, numbers)):
        yield Finding(
            path=(*step.path, "transformations"),
            found=f"axis {figure(numbers[position])} twice",
            expected="each axis once",
        )


def _complete(*, nested: bool) -> Check:
    @each_of("byDimension")
    def check(step: LocatedTransformation) -> Iterator[Finding]:
        numbers = _output_axes(step)
        missing = [axis for axis in range(step.outputs or 0) if axis not in numbers]
        if missing and step.nested == nested and isinstance(step.get("transformations"), list):
            found = f"nothing that leads to axis {missing[0]}"
            yield Finding(path=(*step.path, "transformations"), found=found, expected="every axis of the output")

    return check


def _fields(context: RuleContext) -> Iterator[LocatedTransformation]:
    return (step for step in steps(context) if step.type in FIELDS)


def _field_path(context: RuleContext) -> Iterator[Finding]:
    for step in _fields(context):
        if not isinstance(step.get("path"), str):
            found = shown(step.value["path"]) if "path" in step.value else "no key 'path'"
            yield Finding(path=step.path, found=found, expected="the path of a group")


def _interpolation(context: RuleContext) -> Iterator[Finding]:
    for step in _fields(context):
        value = step.get("interpolation")
        if "interpolation" in step.value and not (isinstance(value, str) and value in (*INTERPOLATIONS, SPLINE)):
            expected = ", ".join(map(repr, INTERPOLATIONS))
            yield Finding(path=(*step.path, "interpolation"), found=shown(value), expected=f"one of {expected}")


def _spline(context: RuleContext) -> Iterator[Finding]:
    for step in _fields(context):
        if step.get("interpolation") == SPLINE:
            yield Finding(path=(*step.path, "interpolation"), found=repr(SPLINE), expected="'cubic'")
