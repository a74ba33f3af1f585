"""The cattrs converter that turns raw JSON into model values and back.

Its shape is that of the newest version: every model class is an object whose keys are the JSON names of its fields,
unknown keys are kept, absent keys are ``UNSET``. Format versions and node types override what differs. Nothing is
converted between types silently: what has one clear meaning is tolerated with a notice, everything else is a
`MetadataError` with its JSON path.

Examples
--------
>>> from omezarr.model import Axis
>>> converter = base_converter()
>>> axis = structure(converter, {"name": "x", "unit": "micrometer", "origin": "left"}, Axis)
>>> axis.unit, axis.extra
('micrometer', {'origin': 'left'})
>>> converter.unstructure(axis)
{'name': 'x', 'unit': 'micrometer', 'origin': 'left'}
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import Converter

from omezarr.errors import MetadataError
from omezarr.model import TRANSFORMATION_TYPES, UNSET, Transformation, UnknownTransformation, Unset, is_model, json_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

T = TypeVar("T")

MOST_NAMES = 100_000
"""Longer lists of names, such as those of label images or of a collection, are refused: each name is looked up."""

_notices: ContextVar[list[str] | None] = ContextVar("omezarr_tolerance_notices", default=None)


@contextmanager
def tolerances() -> Iterator[list[str]]:
    """Collect what structuring tolerates inside the context.

    Examples
    --------
    >>> with tolerances() as notices:
    ...     tolerate("version is the number 0.4; read as '0.4'")
    >>> notices
    ["version is the number 0.4; read as '0.4'"]
    """
    collected: list[str] = []
    token = _notices.set(collected)
    try:
        yield collected
    finally:
        _notices.reset(token)


def tolerate(notice: str) -> None:
    """Record that something off the specification was understood."""
    collected = _notices.get()
    if collected is not None and notice not in collected:
        collected.append(notice)


@contextmanager
def at(*path: str | int) -> Iterator[None]:
    """Prefix the path of every `MetadataError` that leaves the context."""
    try:
        yield
    except MetadataError as error:
        raise error.below(*path) from error.__cause__


def kind_of(value: object) -> str:
    """Name the JSON type of a value for a message, with the value where it is short."""
    names = {dict: "an object", list: "a list", str: "the string", bool: "the boolean", NoneType: "null"}
    name = names.get(type(value), "the number")
    if isinstance(value, dict | list) or value is None:
        return name
    text = repr(value)
    return f"{name} {text if len(text) <= 60 else text[:57] + '...'}"


def expect_object(value: object) -> dict[str, Any]:
    """Return `value` if it is a JSON object.

    Raises
    ------
    MetadataError
        If it is anything else.
    """
    if not isinstance(value, dict):
        raise MetadataError(f"expected an object, found {kind_of(value)}")
    return value


def expect_list(value: object) -> list[Any]:
    """Return `value` if it is a JSON array.

    Raises
    ------
    MetadataError
        If it is anything else.
    """
    if not isinstance(value, list):
        raise MetadataError(f"expected a list, found {kind_of(value)}")
    return value


def structure(converter: Converter, value: object, cls: type[T]) -> T:
    """Turn raw JSON into a model value.

    Parameters
    ----------
    converter : cattrs.Converter
        The converter of a format version.
    value : JSON
    cls : type
        A model class.

    Raises
    ------
    MetadataError
        If the value does not fit; its path is relative to `value`.
    """
    result: T = converter.structure(value, cls)
    return result


def base_converter() -> Converter:
    """Return a new converter of the version-neutral shape, for a format version to configure."""
    converter = Converter(detailed_validation=False)
    converter.register_structure_hook(str, _string)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook_func(lambda cls: cls is Any, lambda value, _: value)
    converter.register_structure_hook_factory(_is_union, lambda cls: _union_hook(converter, cls))
    converter.register_structure_hook_factory(_is_tuple, lambda cls: _tuple_hook(converter, cls))
    converter.register_structure_hook_factory(is_model, lambda cls: model_structure_hook(converter, cls))
    converter.register_structure_hook_func(
        lambda cls: cls is Transformation, lambda value, _: _structure_transformation(converter, value)
    )
    converter.register_unstructure_hook_func(
        lambda cls: cls is tuple or _is_tuple(cls), lambda values: [converter.unstructure(value) for value in values]
    )
    converter.register_unstructure_hook_factory(is_model, lambda cls: model_unstructure_hook(converter, cls))
    return converter


def model_structure_hook(
    converter: Converter, cls: Callable[..., T], unknown: Collection[str] = ()
) -> Callable[[Any, Any], T]:
    """Return the hook that structures a model class from an object with the JSON names of its fields.

    For a format version that overrides the structuring of a class and wants to build on the usual one. An optional key
    that is null, where null means nothing, is kept in `extra` with a notice.

    Parameters
    ----------
    converter : cattrs.Converter
    cls : type
        A model class.
    unknown : collection of str
        Keys that the version does not define although the class does: they go to `extra`, as they are.
    """
    shape = _Shape.of(cls, unknown)

    def hook(value: Any, _: Any) -> T:
        value = shape.checked(value)
        arguments: dict[str, Any] = {}
        kept = {key: item for key, item in value.items() if key not in shape.known}
        for key, name, field_type in shape.fields:
            if key not in value:
                continue
            if value[key] is None and key in shape.never_null:
                tolerate(f"the key {key!r} is null; read as absent")
                kept[key] = None
                continue
            try:  # not `at`, which would take half the time of large documents
                arguments[name] = converter.get_structure_hook(field_type)(value[key], field_type)
            except MetadataError as error:
                raise error.below(key) from error.__cause__
        return cls(**arguments, extra=kept)

    return hook


def forgiving_structure_hook(converter: Converter, cls: Callable[..., T]) -> Callable[[Any, Any], T]:
    """Return a hook like `model_structure_hook` that keeps an optional key whose value does not fit in `extra`.

    For what nothing else depends on, such as display settings: a mistake there must not hide the rest.
    """
    shape = _Shape.of(cls, ())

    def hook(value: Any, _: Any) -> T:
        value = shape.checked(value)
        arguments: dict[str, Any] = {}
        kept = {key: item for key, item in value.items() if key not in shape.known}
        for key, name, field_type in shape.fields:
            if key in value:
                try:
                    arguments[name] = converter.structure(value[key], field_type)
                except MetadataError as error:
                    if key in shape.required:
                        raise error.below(key) from error.__cause__
                    tolerate(f"{error.below(key)}; kept but not used")
                    kept[key] = value[key]
        return cls(**arguments, extra=kept)

    return hook


def model_unstructure_hook(converter: Converter, cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """Return the hook that turns a model value into an object with the JSON names of its fields."""
    fields = [(json_name(field), field.name) for field in _resolved_fields(cls) if field.name != "extra"]
    kind = getattr(cls, "type", None) if _is_transformation(cls) else None

    def hook(value: Any) -> dict[str, Any]:
        document: dict[str, Any] = {"type": kind} if isinstance(kind, str) else {}
        for key, name in fields:
            item = getattr(value, name)
            if item is not UNSET:
                document[key] = converter.unstructure(item)
        return {**document, **{key: item for key, item in value.extra.items() if key not in document}}

    return hook


@attrs.frozen
class _Shape:
    """The keys of a model class: with their fields; that must be there; that may not be null; that are not `extra`."""

    fields: list[tuple[str, str, Any]]
    required: list[str]
    never_null: frozenset[str]
    known: frozenset[str]

    @classmethod
    def of(cls, model: Any, unknown: Collection[str]) -> _Shape:
        attributes = [field for field in _resolved_fields(model) if field.name != "extra"]
        fields = [(json_name(item), item.name, item.type) for item in attributes if json_name(item) not in unknown]
        required = [json_name(field) for field in attributes if field.default is attrs.NOTHING]
        never_null = {key for key, _, kind in fields if _is_union(kind) and not {NoneType, Any} & {*get_args(kind)}}
        known = {key for key, _, _ in fields} | ({"type"} if _is_transformation(model) else set())
        return cls(fields, required, frozenset(never_null - {*required}), frozenset(known))

    def checked(self, value: Any) -> dict[str, Any]:
        found = expect_object(value)
        for key in self.required:
            if key not in found:
                raise MetadataError(f"the key {key!r} is missing")
        return found


def _resolved_fields(cls: Any) -> tuple[attrs.Attribute[Any], ...]:
    attrs.resolve_types(cls)
    return tuple(attrs.fields(cls))


def _structure_transformation(converter: Converter, value: Any) -> Transformation:
    kind = expect_object(value).get("type")
    cls = TRANSFORMATION_TYPES.get(kind) if isinstance(kind, str) else None
    if cls is not None:
        return structure(converter, value, cls)
    if not isinstance(kind, str):
        with at("type"):
            raise MetadataError(f"expected the type of a transformation, found {kind_of(kind)}")
    tolerate(f"the transformation type {kind!r} is not known; it is kept but cannot be applied")
    return structure(converter, value, UnknownTransformation)


def _is_transformation(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Transformation)


def _is_union(cls: Any) -> bool:
    return get_origin(cls) in (Union, UnionType)


def _is_tuple(cls: Any) -> bool:
    return get_origin(cls) is tuple


def _union_hook(converter: Converter, cls: Any) -> Callable[[Any, Any], Any]:
    options = [option for option in get_args(cls) if option not in (Unset, NoneType)]
    nullable = NoneType in get_args(cls)
    numeric = set(options) == {int, float}

    def hook(value: Any, _: Any) -> Any:
        if value is None and nullable:
            return None
        return _number(value, float) if numeric else converter.get_structure_hook(options[0])(value, options[0])

    return hook


def _tuple_hook(converter: Converter, cls: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    item_type = get_args(cls)[0]

    def hook(value: Any, _: Any) -> tuple[Any, ...]:
        found = expect_list(value)
        if item_type is str and len(found) > MOST_NAMES:
            raise MetadataError(f"{len(found)} names, of which no more than {MOST_NAMES} are read")
        items = []
        structured = converter.get_structure_hook(item_type)
        for index, item in enumerate(found):
            try:
                items.append(structured(item, item_type))
            except MetadataError as error:
                raise error.below(index) from error.__cause__
        return tuple(items)

    return hook


def _string(value: Any, _: Any) -> str:
    if isinstance(value, str):
        return value
    raise MetadataError(f"expected a string, found {kind_of(value)}")


def _boolean(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise MetadataError(f"expected true or false, found {kind_of(value)}")


def _integer(value: Any, _: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise MetadataError(f"expected a whole number, found {kind_of(value)}")


def _number(value: Any, _: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            float(value)
        except OverflowError:
            raise MetadataError("expected a number, found one that is larger than any float") from None
        return value
    raise MetadataError(f"expected a number, found {kind_of(value)}")
