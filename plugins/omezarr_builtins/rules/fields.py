"""Rules of parameters that transformations keep in arrays: matrices, and fields of vectors (0.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.book import at_least
from omezarr_builtins.rules.drafts import is_draft
from omezarr_builtins.rules.levels import intrinsic_system, systems_of
from omezarr_builtins.rules.neighbours import (
    UNREADABLE,
    array_form,
    arrays_below,
    document_of,
    is_proper,
    joined,
    look,
    says,
)
from omezarr_builtins.rules.places import select
from omezarr_builtins.rules.scales import type_of
from omezarr_builtins.rules.systems import ends_of
from omezarr_builtins.rules.transformations import LISTS, misfits, steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.abc.rules import RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook
    from omezarr_builtins.rules.transformations import Below, LocatedTransformation

VECTOR_TYPES = {"displacements": "displacement", "coordinates": "coordinate"}
"""The type of the axis along which the vectors of a field lie."""


def enter_fields(book: RuleBook) -> None:
    """Enter the rules."""
    deep = book.between("0.6")
    where, depth = "coordinateTransformations", Depth.HIERARCHY
    deep.must("transformations.stored.exist", "Parameters that a path names are stored.", depth=depth, section=where)(
        _exist
    )
    deep.must("transformations.stored.shape", "Stored matrices fit the dimensions.", depth=depth, section=where)(_shape)
    deep.must(
        "transformations.dimensions.below",
        "Parameters fit the dimensions of systems of images below.",
        depth=depth,
        section=where,
    )(_fit_below)
    deep.must("transformations.field.axis", "A field has one axis for its vectors.", depth=depth, section=where)(_axis)
    deep.must("transformations.field.dimensions", "A field has one dimension more.", depth=depth, section=where)(
        _dimensions
    )
    deep.must("transformations.field.length", "The vectors of a field fit the output.", depth=depth, section=where)(
        _length
    )
    deep.should("transformations.field.discrete", "The axis of vectors is discrete.", depth=depth, section=where)(
        _discrete
    )


def stored_parameters(
    context: RuleContext, below: Below | None = None
) -> Iterator[tuple[JSONPath, str, LocatedTransformation]]:
    """Yield the places where transformations name arrays or groups with their parameters."""
    for step in steps(context, below) if at_least(context.version, "0.6") else ():
        path = step.get("path")
        if step.type in ("affine", "rotation", *VECTOR_TYPES) and isinstance(path, str):
            yield (*step.path, "path"), path, step


def _looked_up(context: RuleContext) -> Iterator[tuple[JSONPath, str, LocatedTransformation, Any]]:
    named = list(stored_parameters(context, dimensions_below(context)))
    found = look(context, [path for _, path, _ in named])
    for place, path, step in named:
        yield place, path, step, found.get(path, UNREADABLE)


def dimensions_below(context: RuleContext) -> dict[tuple[str | None, str], int]:
    """Return how many axes those systems of images below have that transformations lead from and to."""
    outer = (step for pattern in LISTS[1:] for _, step in select(context.values, f"{pattern}/*"))
    ends = {end for step in outer for end in ends_of(step).values() if end[0] is not None}
    around = look(context, sorted({str(path) for path, _ in ends}))
    found: dict[tuple[str | None, str], int] = {}
    for path, name in ends:
        group = around.get(str(path))
        values = document_of(group, context.version) if isinstance(group, ZarrNode) and group.kind == "group" else {}
        for _, image in select(values, "multiscales/*"):
            axes = systems_of(image).get(str(name))
            if axes is not None:
                found.setdefault((path, str(name)), len(axes))
    return found


def _fit_below(context: RuleContext) -> Iterator[Finding]:
    known = {finding.path for finding in misfits(steps(context))}
    return (finding for finding in misfits(steps(context, dimensions_below(context))) if finding.path not in known)


def _exist(context: RuleContext) -> Iterator[Finding]:
    for place, path, step, what in _looked_up(context):
        kind = "group" if step.type in VECTOR_TYPES else "array"
        if not is_proper(path):
            yield Finding(path=place, found=f"{path!r}, which leads outside", expected="a path below this group")
        elif what is None or (isinstance(what, ZarrNode) and what.kind != kind and not is_draft(context)):
            yield Finding(path=place, array=path, found=says(what), expected=f"a zarr {kind}")


def _shape(context: RuleContext) -> Iterator[Finding]:
    for place, path, step, what in _looked_up(context):
        form = array_form(what) if isinstance(what, ZarrNode) and what.kind == "array" else None
        if form is not None and step.type not in VECTOR_TYPES and not _fits(form.shape, step):
            found = f"the shape {' x '.join(map(str, form.shape)) or '()'}"
            yield Finding(path=place, array=path, found=found, expected="a matrix that fits input and output")


def _fits(shape: tuple[int, ...], step: LocatedTransformation) -> bool:
    if len(shape) != 2:
        return False
    rows, columns = shape
    if step.type == "rotation":
        return rows == columns and step.inputs in (None, rows)
    return step.outputs in (None, rows) and (step.inputs is None or step.inputs + 1 == columns)


def _fields(context: RuleContext) -> Iterator[tuple[JSONPath, str, LocatedTransformation, Mapping[str, Any]]]:
    for place, path, step, what in _looked_up(context):
        if step.type in VECTOR_TYPES and isinstance(what, ZarrNode) and what.kind == "group":
            yield place, path, step, document_of(what, context.version)


def _field_axes(values: Mapping[str, Any]) -> list[Any] | None:
    for _, image in select(values, "multiscales/*"):
        return systems_of(image).get(intrinsic_system(image) or "")
    return None


def _vector_axes(step: LocatedTransformation, axes: list[Any]) -> list[int]:
    wanted = VECTOR_TYPES[step.type or ""]
    return [index for index, axis in enumerate(axes) if type_of(axis) == wanted]


def _axis(context: RuleContext) -> Iterator[Finding]:
    for place, path, step, values in _fields(context):
        axes = _field_axes(values)
        kind = VECTOR_TYPES[step.type or ""]
        if axes is None:
            yield Finding(path=place, array=path, found="no axes", expected=f"an image with an axis of type {kind!r}")
        elif len(_vector_axes(step, axes)) != 1:
            found = f"{len(_vector_axes(step, axes))} axes of type {kind!r}"
            yield Finding(path=place, array=path, found=found, expected="exactly one")


def _dimensions(context: RuleContext) -> Iterator[Finding]:
    for place, path, step, values in _fields(context):
        axes = _field_axes(values)
        if axes is not None and step.inputs is not None and len(axes) != step.inputs + 1:
            expected = f"{step.inputs + 1}, one more than the input"
            yield Finding(path=place, array=path, found=f"{len(axes)} axes", expected=expected)


def _length(context: RuleContext) -> Iterator[Finding]:
    for place, path, step, values in _fields(context):
        axes = _field_axes(values) or []
        level = next(
            (name for _, name in select(values, "multiscales/*/datasets/*/path") if isinstance(name, str)), None
        )
        vectors = _vector_axes(step, axes)
        if level is None or not is_proper(level) or len(vectors) != 1 or step.outputs is None:
            continue
        for name, form in arrays_below(context, [joined(path, level)]):
            if vectors[0] < len(form.shape) and form.shape[vectors[0]] != step.outputs:
                found = f"vectors of {form.shape[vectors[0]]}"
                yield Finding(path=place, array=name, found=found, expected=f"vectors of {step.outputs}")


def _discrete(context: RuleContext) -> Iterator[Finding]:
    for place, path, step, values in _fields(context):
        axes = _field_axes(values) or []
        for index in _vector_axes(step, axes):
            if axes[index].get("discrete") is not True:
                found = f"axis {index} that is not discrete"
                yield Finding(path=place, array=path, found=found, expected="discrete: true")
