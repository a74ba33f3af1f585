"""JSON that may come from anywhere: what no writer of metadata makes is refused before it can do harm."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NoReturn

from omezarr.errors import MetadataError
from omezarr.settings import Settings

if TYPE_CHECKING:
    from omezarr.model import JSON

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""Larger metadata documents are refused; the consolidated metadata of the largest known plates are a tenth of this."""

MAX_DOCUMENT_DEPTH = 200
"""Deeper nested JSON is refused; the deepest transformations in use stay below 20."""


LONGEST_NUMBER = 1024
"""Whole numbers of more bits are refused: they are larger than any float."""


def parse_json(content: bytes, name: str) -> JSON:
    """Parse JSON that may come from anywhere.

    Parameters
    ----------
    content : bytes
    name : str
        What is parsed, for messages.

    Raises
    ------
    MetadataError
        If it is no JSON, not UTF-8, too large, nested too deep, or holds NaN or Infinity.

    Examples
    --------
    >>> parse_json(b'{"a": [1]}', "zarr.json")
    {'a': [1]}
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise MetadataError(f"{name} has {len(content)} bytes, more than metadata ever needs; refused")
    _check_memory(content, name)
    if _depth(content) > MAX_DOCUMENT_DEPTH:
        raise MetadataError(f"{name} is nested more than {MAX_DOCUMENT_DEPTH} levels deep; refused")

    def refuse(constant: str) -> NoReturn:
        raise MetadataError(f"{name} holds {constant}, which JSON does not have")

    def finite(number: str) -> float:
        value = float(number)
        return value if math.isfinite(value) else refuse(number)

    def whole(number: str) -> int:
        if len(number) > LONGEST_NUMBER // 3 or (value := int(number)).bit_length() > LONGEST_NUMBER:
            raise MetadataError(f"{name} holds a number of {len(number)} digits, larger than any float")
        return value

    suspicious = _PERHAPS_INFINITE.search(content)
    try:
        parsed: JSON = json.loads(
            content.decode("utf-8-sig"),
            parse_constant=refuse,
            parse_float=finite if suspicious else None,
            parse_int=whole if suspicious else None,
        )
    except ValueError as error:
        if isinstance(error, MetadataError):
            raise
        raise MetadataError(f"{name} is not valid JSON: {error}") from error
    return parsed


def _check_memory(content: bytes, name: str) -> None:
    """Refuse what would fill the memory: a value takes many times the two bytes that it can be written in."""
    counts = [content.count(sign) * size for sign, size in _MEMORY_OF.items()]
    needed = 2 * len(content) + sum(counts)
    if needed <= _ALWAYS_READ:
        return
    allowed = Settings.from_environment().metadata
    if b'"consolidated_metadata"' in content or b'"zarr_consolidated_format"' in content:
        allowed *= CONSOLIDATED_TIMES
    if needed > allowed:
        mebibytes = -(-needed // 2**20)
        raise MetadataError(
            f"{name} would take {mebibytes} MiB of memory, more than metadata is allowed; if you trust it, set "
            f"OMEZARR_METADATA={mebibytes}MiB"
        )


_MEMORY_OF = {b"{": 140, b"[": 100, b",": 50, b":": 90, b'"path"': 2000}
"""How much memory a text in JSON stands for: an object, a list, a value, a key, a document at a path."""

_ALWAYS_READ = 1024 * 1024

_ALWAYS_PURE = frozenset((str, bool, type(None)))
"""Types of values that are in order whatever they are."""

CONSOLIDATED_TIMES = 4
"""So many times larger may a document be that holds those of a whole hierarchy."""

_PERHAPS_INFINITE = re.compile(rb"\d{300}|[eE]\+?\d{3}")
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', flags=re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}


def _depth(content: bytes) -> int:
    """Return how deep brackets nest: a cheap look before the recursive parser."""
    if content.count(b"[") + content.count(b"{") <= MAX_DOCUMENT_DEPTH:
        return 0
    brackets = _TEXT.sub(b"", content).translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def parse_object(content: bytes, name: str) -> dict[str, Any]:
    """Parse JSON that has to be an object; as `parse_json`."""
    parsed = parse_json(content, name)
    if not isinstance(parsed, dict):
        raise MetadataError(f"{name} is no JSON object")
    return parsed


def impurity(value: Any) -> str | None:
    """Say what of a value JSON does not have, or nobody writes: NaN, other types, nesting without end.

    Examples
    --------
    >>> impurity({"a": [1, float("nan")]})
    'the number nan'
    >>> impurity({"a": [1, None]}) is None
    True
    """
    waiting: list[tuple[Any, int]] = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, Mapping | list):
            if depth > MAX_DOCUMENT_DEPTH:
                return f"nesting of more than {MAX_DOCUMENT_DEPTH} levels"
            if isinstance(item, Mapping):
                odd = [key for key in item if not isinstance(key, str)]
                if odd:
                    return f"a key of type {type(odd[0]).__name__}"
            inside = item.values() if isinstance(item, Mapping) else item
            waiting.extend((inner, depth + 1) for inner in inside if type(inner) not in _ALWAYS_PURE)
        elif isinstance(item, float) and not math.isfinite(item):
            return f"the number {item}"
        elif isinstance(item, int) and item.bit_length() > LONGEST_NUMBER:
            return "a number larger than any float"
        elif item is not None and not isinstance(item, str | int | float):
            return f"a value of type {type(item).__name__}"
    return None
