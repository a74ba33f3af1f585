"""Places in raw JSON, and the checks that say what must stand there.

A pattern names keys from the outside in, with ``*`` for every item of a list: ``multiscales/*/datasets/*/path``. Where
something on the way is missing or of another form, nothing is found: another rule says so.

Examples
--------
>>> select({"well": {"images": [{"path": "0"}, {}]}}, "well/images/*/path")
[(('well', 'images', 0, 'path'), '0')]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeGuard

from attrs import frozen

from omezarr.abc.rules import Finding
from omezarr.model.structuring import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath


@frozen
class Form:
    """A form that JSON values can have, as the schemas distinguish them."""

    words: str
    accepts: Callable[[Any], bool]


def is_number(value: Any) -> TypeGuard[int | float]:
    """Say whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> TypeGuard[int | float]:
    """Say whether a JSON value is a whole number; 1.0 is one."""
    return is_number(value) and (isinstance(value, int) or value.is_integer())


STRING = Form("a string", lambda value: isinstance(value, str))
BOOLEAN = Form("true or false", lambda value: isinstance(value, bool))
NUMBER = Form("a number", is_number)
INTEGER = Form("a whole number", is_integer)
NATURAL = Form("a whole number from 0 on", lambda value: is_integer(value) and value >= 0)
POSITIVE = Form("a whole number from 1 on", lambda value: is_integer(value) and value > 0)
ARRAY = Form("an array", lambda value: isinstance(value, list))
OBJECT = Form("an object", lambda value: isinstance(value, Mapping))


def shown(value: Any) -> str:
    """Name a JSON value for a message, whatever its size.

    Examples
    --------
    >>> shown("0.4"), shown([])
    ("the string '0.4'", 'a list')
    """
    try:
        return kind_of(value)
    except ValueError:  # whole numbers of thousands of digits cannot be written out
        return "a number of more than 4,000 digits"


def figure(value: Any) -> str:
    """Name a JSON value as `shown`, a number by its digits alone."""
    return shown(value).removeprefix("the number ")


@cache
def _steps(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.split("/"))


def select(value: Any, pattern: str) -> list[tuple[JSONPath, Any]]:
    """Return every place that a pattern matches, with what stands there, in document order."""
    found: list[tuple[JSONPath, Any]] = [((), value)]
    steps = _steps(pattern)
    for step, following in zip_longest(steps, steps[1:], fillvalue="*"):
        if step == "*":
            found = [
                ((*path, index), item)
                for path, holder in found
                if isinstance(holder, list)
                for index, item in enumerate(holder)
                if following == "*" or not isinstance(item, int | float | str)  # no places in a million numbers
            ]
        else:
            found = [
                ((*path, step), holder[step])
                for path, holder in found
                if isinstance(holder, Mapping) and step in holder
            ]
    return found


def select_all(value: Any, patterns: Iterable[str]) -> Iterator[tuple[JSONPath, Any]]:
    """Yield the places of several patterns, one pattern after the other."""
    for pattern in patterns:
        yield from select(value, pattern)


def has(*patterns: str) -> Check:
    """Return a check that the last key of each pattern is there wherever its object is."""

    def check(context: RuleContext) -> Iterator[Finding]:
        for pattern in patterns:
            holder, _, key = pattern.rpartition("/")
            places = select(context.values, holder) if holder else [((), context.values)]
            for path, value in places:
                if isinstance(value, Mapping) and key not in value:
                    yield Finding(path=path, found=f"no key {key!r}", expected=f"the key {key!r}")

    return check


def is_a(form: Form, *patterns: str) -> Check:
    """Return a check that what stands at the patterns has a form."""

    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select_all(context.values, patterns):
            if not form.accepts(value):
                yield Finding(path=path, found=shown(value), expected=form.words)

    return check


def holds(minimum: int, *patterns: str) -> Check:
    """Return a check that the arrays at the patterns have a number of items at least."""

    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select_all(context.values, patterns):
            if isinstance(value, list) and len(value) < minimum:
                words = "at least one item" if minimum == 1 else f"at least {minimum} items"
                yield Finding(path=path, found=f"{len(value)} items" if value else "an empty array", expected=words)

    return check


def is_one_of(choices: Iterable[str], *patterns: str) -> Check:
    """Return a check that the strings at the patterns are some of those given."""
    allowed = frozenset(choices)
    words = " or ".join(repr(choice) for choice in sorted(allowed))

    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select_all(context.values, patterns):
            if isinstance(value, str) and value not in allowed:
                yield Finding(path=path, found=shown(value), expected=words)

    return check


def fits(expression: str, words: str, *patterns: str) -> Check:
    """Return a check that the strings at the patterns match a regular expression as a whole."""
    compiled = re.compile(expression)

    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select_all(context.values, patterns):
            if isinstance(value, str) and compiled.fullmatch(value) is None:
                yield Finding(path=path, found=shown(value), expected=words)

    return check


def distinct(*patterns: str) -> Check:
    """Return a check that no two items of the arrays at the patterns are equal."""

    def check(context: RuleContext) -> Iterator[Finding]:
        for path, value in select_all(context.values, patterns):
            if isinstance(value, list):
                for index, earlier in repeated(map(identity, value)):
                    yield Finding(path=(*path, index), found=f"the same as item {earlier}", expected="different items")

    return check


def repeated(keys: Iterable[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield the positions of keys that were there before, each with the position of the first."""
    first: dict[Hashable, int] = {}
    for index, key in enumerate(keys):
        if first.setdefault(key, index) != index:
            yield index, first[key]


def identity(value: Any) -> Hashable:
    """Return something hashable that is equal for equal JSON values: 1 equals 1.0, but not true.

    Examples
    --------
    >>> identity({"a": [1]}) == identity({"a": [1.0]}), identity(1) == identity(True)
    (True, False)
    """
    if isinstance(value, Mapping):
        return "object", frozenset([(key, identity(item)) for key, item in value.items()])
    if isinstance(value, list):
        return "array", tuple([identity(item) for item in value])
    return "boolean" if isinstance(value, bool) else "value", value


def plural(number: int, word: str) -> str:
    """Return a number with its word, in the singular or plural.

    Examples
    --------
    >>> plural(1, "axis", ), plural(2, "level")
    ('1 axis', '2 levels')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
