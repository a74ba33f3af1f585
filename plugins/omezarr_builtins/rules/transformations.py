"""Rules of transformations of all types of 0.6, wherever they stand: what each type needs, and how many dimensions.

Transformations hold others; they are walked with a stack of their own, so that no depth is too much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from attrs import frozen

from omezarr.abc.rules import Finding
from omezarr_builtins.rules.levels import systems_of
from omezarr_builtins.rules.places import is_integer, repeated, select, shown
from omezarr_builtins.rules.scales import is_numeric_list

if TYPE_CHECKING:
    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath
    from omezarr_builtins.rules.book import RuleBook

    TransformationCheck: TypeAlias = Callable[["LocatedTransformation"], Iterator[Finding]]

SECTION = "coordinateTransformations"

SQUARE = ("identity", "mapAxis", "scale", "translation", "rotation", "displacements", "bijection")
"""Types with as many inputs as outputs."""

TYPES = (*SQUARE, "projectAxis", "affine", "sequence", "byDimension", "coordinates")

LISTS = (
    "multiscales/*/datasets/*/coordinateTransformations",
    "multiscales/*/coordinateTransformations",
    "scene/coordinateTransformations",
)


@frozen(kw_only=True)
class LocatedTransformation:
    """One transformation.

    Parameters
    ----------
    path : JSONPath
    value : JSON
    inputs, outputs : int or None
        How many dimensions it goes from and to, as its surroundings say; None where they do not.
    nested : bool
        Whether it is part of another.
    of_level : bool
        Whether it belongs to a level.
    """

    path: JSONPath
    value: Any
    inputs: int | None = None
    outputs: int | None = None
    nested: bool = False
    of_level: bool = False

    @property
    def type(self) -> str | None:
        """The type, if it is a string."""
        kind = self.value.get("type") if isinstance(self.value, Mapping) else None
        return kind if isinstance(kind, str) else None

    def get(self, key: str) -> Any:
        """Return what stands at a key, None where nothing does."""
        return self.value.get(key) if isinstance(self.value, Mapping) else None


Below: TypeAlias = "Mapping[tuple[str | None, str], int]"
"""How many axes coordinate systems of groups below have, by path and name."""


def steps(context: RuleContext, below: Below | None = None) -> Iterator[LocatedTransformation]:
    """Yield all transformations of a document, those inside others too.

    Parameters
    ----------
    context : RuleContext
    below : mapping, optional
        What is known of the systems of groups below.
    """
    waiting = list(_outer_steps(context, below or {}))[::-1]
    while waiting:
        step = waiting.pop()
        yield step
        waiting.extend(reversed(list(_inner_steps(step))))


def _outer_steps(context: RuleContext, below: Below) -> Iterator[LocatedTransformation]:
    known: dict[JSONPath, Below] = {}
    for pattern in LISTS:
        for path, value in select(context.values, f"{pattern}/*"):
            of_level = "datasets" in path
            at = path[: 2 if path[0] == "multiscales" else 1]
            if at not in known:
                holder: Any = context.values
                for key in at:
                    holder = holder[key]
                known[at] = {**below, **{(None, name): len(axes) for name, axes in systems_of(holder).items()}}
            systems = known[at]
            yield LocatedTransformation(
                path=path,
                value=value,
                inputs=None if of_level else _dimensions(value, "input", systems),
                outputs=_dimensions(value, "output", systems),
                of_level=of_level,
            )


def _dimensions(value: Any, key: str, systems: Below) -> int | None:
    end = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(end, Mapping) or not isinstance(end.get("name"), str):
        return None
    path = end.get("path") or None
    return systems.get((path, end["name"])) if isinstance(path, str | None) else None


def _inner_steps(step: LocatedTransformation) -> Iterator[LocatedTransformation]:
    kind = step.type
    if kind == "bijection":
        ends = {"forward": (step.inputs, step.outputs), "inverse": (step.outputs, step.inputs)}
        for key, (inputs, outputs) in ends.items():
            if isinstance(step.value, Mapping) and key in step.value:
                yield _inner(step, (key,), step.value[key], inputs, outputs)
    members = step.get("transformations")
    if not isinstance(members, list):
        return
    if kind == "sequence":
        inputs = step.inputs
        for index, member in enumerate(members):
            last = index == len(members) - 1
            inner = _inner(step, ("transformations", index), member, inputs, step.outputs if last else None)
            yield inner
            inputs = produced(inner)
    elif kind == "byDimension":
        for index, member in enumerate(members):
            if isinstance(member, Mapping) and "transformation" in member:
                lengths = [_length(member.get(key)) for key in ("inputAxes", "outputAxes")]
                yield _inner(step, ("transformations", index, "transformation"), member["transformation"], *lengths)


def _inner(
    step: LocatedTransformation, path: JSONPath, value: Any, inputs: int | None, outputs: int | None
) -> LocatedTransformation:
    return LocatedTransformation(
        path=(*step.path, *path), value=value, inputs=inputs, outputs=outputs, nested=True, of_level=step.of_level
    )


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def own_dimensions(step: LocatedTransformation) -> tuple[int | None, int | None]:
    """Return from and to how many dimensions the parameters of a transformation lead; None where they do not say."""
    kind, vector = step.type, step.get(step.type or "")
    if kind in ("scale", "translation", "mapAxis", "rotation"):
        return _length(vector), _length(vector)
    if kind == "affine" and isinstance(vector, list):
        rows = {len(row) for row in vector if isinstance(row, list)}
        return (rows.pop() - 1 if len(rows) == 1 else None), len(vector)
    return None, None


def produced(step: LocatedTransformation) -> int | None:
    """Return how many dimensions a transformation leads to, given those that it comes from."""
    outputs = own_dimensions(step)[1]
    if outputs is not None or step.outputs is not None:
        return outputs if outputs is not None else step.outputs
    if step.inputs is not None and step.type == "projectAxis":
        dropped, created = (_length(step.get(key)) or 0 for key in ("droppedInputs", "createdOutputs"))
        return step.inputs - dropped + created
    return step.inputs if step.type in SQUARE else None


def enter_transformations(book: RuleBook) -> None:
    """Enter the rules."""
    section, new = SECTION, book.between("0.6")
    new.must("transformations.entries.form", "A transformation is an object.", section=section)(_objects)
    new.must("transformations.type.present", "A transformation has a type.", section=section)(_typed)
    new.must("transformations.type.value", "The type of a transformation is a known one.", section=section)(_known)
    new.must("transformations.name.form", "The name of a transformation is a string.", section=section)(_name)
    new.disputed("transformations.names.unique", "No two transformations of a list share a name.", section=section)(
        _unique_names
    )
    new.must("transformations.ends.present", "A transformation has an input and an output.", section=section)(_has_ends)
    new.must("transformations.ends.form", "Inputs and outputs are objects.", section=section)(_end_objects)
    new.must("transformations.ends.name", "Inputs and outputs name a coordinate system.", section=section)(_end_names)
    new.must("transformations.ends.path", "The path of an input or output is a string.", section=section)(_end_paths)
    new.must("transformations.dimensions", "Parameters fit the dimensions of input and output.", section=section)(
        _dimensions_fit
    )


def _objects(context: RuleContext) -> Iterator[Finding]:
    for step in steps(context):
        if not isinstance(step.value, Mapping) and not (step.of_level and not step.nested):
            yield Finding(path=step.path, found=shown(step.value), expected="an object")


def _typed(context: RuleContext) -> Iterator[Finding]:
    for step in steps(context):
        if isinstance(step.value, Mapping) and "type" not in step.value:
            yield Finding(path=step.path, found="no key 'type'", expected="the type of the transformation")


def _known(context: RuleContext) -> Iterator[Finding]:
    for step in steps(context):
        if step.of_level and not step.nested:
            continue
        if isinstance(step.value, Mapping) and "type" in step.value and step.type not in TYPES:
            expected = f"one of {', '.join(sorted(TYPES))}"
            yield Finding(path=(*step.path, "type"), found=shown(step.value["type"]), expected=expected)


def _name(context: RuleContext) -> Iterator[Finding]:
    for step in steps(context):
        if isinstance(step.value, Mapping) and not isinstance(step.value.get("name", ""), str):
            yield Finding(path=(*step.path, "name"), found=shown(step.value["name"]), expected="a string")


def _unique_names(context: RuleContext) -> Iterator[Finding]:
    for pattern in LISTS:
        for path, value in select(context.values, pattern):
            names = [(inner, name) for inner, name in select(value, "*/name") if isinstance(name, str)]
            for position, first in repeated(name for _, name in names):
                inner, name = names[position]
                found = f"{name!r}, as item {names[first][0][0]}"
                yield Finding(path=(*path, *inner), found=found, expected="a name of its own")


def _outer(context: RuleContext) -> Iterator[LocatedTransformation]:
    """Yield the transformations of images and scenes that have inputs and outputs of their own."""
    return (
        step for step in steps(context) if not step.nested and not step.of_level and isinstance(step.value, Mapping)
    )


def _ends(context: RuleContext) -> Iterator[tuple[JSONPath, Any]]:
    for step in _outer(context):
        for key in ("input", "output"):
            if key in step.value:
                yield (*step.path, key), step.value[key]


def _has_ends(context: RuleContext) -> Iterator[Finding]:
    for step in _outer(context):
        for key in ("input", "output"):
            if key not in step.value:
                yield Finding(path=step.path, found=f"no key {key!r}", expected=f"the key {key!r}")


def _end_objects(context: RuleContext) -> Iterator[Finding]:
    for path, end in _ends(context):
        if not isinstance(end, Mapping):
            yield Finding(path=path, found=shown(end), expected="an object with a name")


def _end_names(context: RuleContext) -> Iterator[Finding]:
    for path, end in _ends(context):
        if isinstance(end, Mapping) and not isinstance(end.get("name"), str):
            found = shown(end["name"]) if "name" in end else "no key 'name'"
            yield Finding(path=path, found=found, expected="the name of a coordinate system")


def _end_paths(context: RuleContext) -> Iterator[Finding]:
    for path, end in _ends(context):
        if isinstance(end, Mapping) and not isinstance(end.get("path"), str | None):
            yield Finding(path=(*path, "path"), found=shown(end["path"]), expected="a string")


def _dimensions_fit(context: RuleContext) -> Iterator[Finding]:
    return misfits(steps(context))


def misfits(of: Iterable[LocatedTransformation]) -> Iterator[Finding]:
    """Yield what of transformations leads from or to other dimensions than those that their surroundings have."""
    for step in of:
        if step.of_level:
            continue
        for own, given, what in zip(own_dimensions(step), (step.inputs, step.outputs), ("from", "to"), strict=True):
            if own is not None and given is not None and own != given:
                yield Finding(
                    path=step.path,
                    found=f"parameters that lead {what} {own} dimensions",
                    expected=f"{given} dimensions",
                )
        unsaid = step.type in SQUARE and own_dimensions(step)[0] is None
        if unsaid and None not in (step.inputs, step.outputs) and step.inputs != step.outputs:
            found = f"{step.inputs} dimensions to {step.outputs}"
            yield Finding(path=step.path, found=found, expected=f"as many outputs as inputs for {step.type}")


def each_of(kind: str) -> Callable[[TransformationCheck], Check]:
    """Return a decorator that makes a check of all transformations of a type out of one of a single step."""

    def make(check: TransformationCheck) -> Check:
        def checked(context: RuleContext) -> Iterator[Finding]:
            for step in steps(context):
                if step.type == kind:
                    yield from check(step)

        return checked

    return make


def is_index_list(value: Any) -> TypeGuard[list[Any]]:
    """Say whether a JSON value is an array of whole numbers from 0 on."""
    return isinstance(value, list) and all(is_integer(item) and item >= 0 for item in value)


def is_matrix(value: Any) -> TypeGuard[list[list[Any]]]:
    """Say whether a JSON value is an array of arrays of numbers."""
    return isinstance(value, list) and all(map(is_numeric_list, value))
