"""Adding items to a list inside attributes, so that the same comes of it whatever the order in which they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import MetadataError
from omezarr.model.plate import natural_order

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.abc.plan import MergeIntoList
    from omezarr.model import JSON, JSONPath


def merge_into(
    attributes: dict[str, JSON], step: MergeIntoList, attributes_of: Callable[[str], Mapping[str, JSON] | None]
) -> None:
    """Add items to the list below the keys, in place.

    Parameters
    ----------
    attributes : dict
        Of the group.
    step : MergeIntoList
    attributes_of : callable
        From the path of a group to its attributes, for numbers that are the length of another list.

    Raises
    ------
    MetadataError
        If there is something else where the list should be.
    """
    items = _list_at(attributes, step.keys)
    for item in step.items:
        known = next((i for i, old in enumerate(items) if _same(old, item, step.match)), None)
        if known is None:
            items.insert(_place_of(item, items, step.order), item)
        else:
            items[known] = item
    if step.raised is not None:
        keys, least = step.raised
        number = least if isinstance(least, int) else len(_list_at(dict(attributes_of(least.path) or {}), least.keys))
        holder: Any = attributes
        for key in keys[:-1]:
            holder = _entered(holder, key, {}, keys)
        if isinstance(holder.get(keys[-1]), int) and holder[keys[-1]] < number:
            holder[keys[-1]] = number


def _list_at(attributes: dict[str, JSON], keys: JSONPath) -> list[JSON]:
    inner: Any = attributes
    for key in keys[:-1]:
        inner = _entered(inner, key, {}, keys)
    items = _entered(inner, keys[-1], [], keys)
    if not isinstance(items, list):
        raise MetadataError(f"what is to be extended is a {type(items).__name__}, no list", tuple(keys))
    return items


def _entered(inner: Any, key: str | int, default: Any, keys: JSONPath) -> Any:
    if isinstance(inner, dict) and isinstance(key, str):
        return inner.setdefault(key, default)
    if isinstance(inner, list) and isinstance(key, int) and key < len(inner):
        return inner[key]
    raise MetadataError(f"there is nothing at {key!r} that could be extended", tuple(keys))


def _same(old: JSON, new: JSON, match: str | None) -> bool:
    if match is None:
        return old == new
    return isinstance(old, dict) and isinstance(new, dict) and match in new and old.get(match) == new[match]


def _place_of(item: JSON, items: list[JSON], order: tuple[str, ...]) -> int:
    """Return where an item belongs: before the first that comes after it."""
    if not order:
        return len(items)
    own = _rank(item, order)
    return next((index for index, other in enumerate(items) if _rank(other, order) > own), len(items))


def _rank(item: JSON, order: tuple[str, ...]) -> list[tuple[tuple[int, int, str], ...]]:
    """Return what items are sorted by: numbers, and names part by part, in the way of `natural_order`."""
    values = [item.get(key, "") if isinstance(item, dict) else "" for key in order]
    return [tuple(natural_order(part) for part in str(value).split("/")) for value in values]
