"""What all model classes share: unset values, unknown keys and JSON names.

A model class is a frozen attrs class. A field is ``UNSET`` when its key was absent, which is not the same as null.
Keys that the class does not know are kept in ``extra``. The JSON name of a field is its name in camelCase, unless
``named`` gives another.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    JSON: TypeAlias = "None | bool | int | float | str | list[JSON] | dict[str, JSON]"
    """Any value that JSON can hold."""
else:
    JSON = Any  # a recursive alias cannot be resolved when classes are inspected

JSONPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a JSON document, outermost key first."""


class Unset(Enum):
    """The type of the value that stands for an absent key."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""Stands for a key that was not there."""

_NAME = "omezarr.json_name"


def named(json_name: str, default: Any = attrs.NOTHING) -> Any:
    """Return a field whose JSON name is not its own name in camelCase.

    Parameters
    ----------
    json_name : str
        The key in the JSON object, for example ``"label-value"``.
    default : Any
        The default of the field, usually ``UNSET``.
    """
    return attrs.field(default=default, metadata={_NAME: json_name})


def extra() -> Any:
    """Return the field that keeps the keys a class does not know, in their order."""
    return attrs.field(factory=dict, kw_only=True, repr=lambda value: repr(dict(value)))


def json_name(attribute: attrs.Attribute[Any]) -> str:
    """Return the key that a field has in JSON.

    Examples
    --------
    >>> from omezarr.model import Axis
    >>> json_name(attrs.fields(Axis).long_name)
    'longName'
    """
    if _NAME in attribute.metadata:
        return str(attribute.metadata[_NAME])
    first, *rest = attribute.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def is_model(cls: object) -> bool:
    """Say whether a class is a model class: an attrs class with a field ``extra``."""
    return isinstance(cls, type) and attrs.has(cls) and "extra" in attrs.fields_dict(cls)


def deep_equal(left: JSON | Mapping[str, JSON], right: JSON | Mapping[str, JSON]) -> bool:
    """Say whether two JSON values are the same, telling true from 1 but not 1 from 1.0.

    Examples
    --------
    >>> deep_equal({"a": 1}, {"a": 1.0}), deep_equal({"a": 1}, {"a": True})
    (True, False)
    """
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(deep_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(deep_equal, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and left == right
