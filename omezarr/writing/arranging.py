"""Axes of images from elsewhere in the order and with the types that every version of NGFF asks for.

Responsible for what has one answer: axes with the conventional names get their types, and a transposed view of the
pixels puts time first, then channels, then space. Everything else is for the user to say.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve

from omezarr.arrays import expanded, reordered
from omezarr.errors import OMEZarrWarning
from omezarr.model.axes import CONVENTIONAL_TYPES
from omezarr.writing.fitting import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.model import Axis
    from omezarr.model.content import ImageContent, LabelContent, LevelContent

T = TypeVar("T")
P = TypeVar("P", "ImageContent", "LabelContent")

_RANKS = {"time": 0, "space": 2}
"""Where axes of a type stand; all others stand between them."""


def arranged(content: ImageContent) -> ImageContent:
    """Return an image with the axes that NGFF asks for, where that is known, with a notice of what was changed.

    Parameters
    ----------
    content : ImageContent

    Returns
    -------
    ImageContent
        A view; no pixel is read.

    Examples
    --------
    >>> import numpy as np
    >>> from omezarr.arrays import as_source
    >>> from omezarr.model import conventional_axes
    >>> from omezarr.model.content import ImageContent
    >>> image = ImageContent(pixels=as_source(np.zeros((2, 3, 4))), axes=conventional_axes("tyx"))
    >>> arranged(image) == image
    True
    """
    typed = _typed(content.axes)
    changed = [axis.name for axis, old in zip(typed, content.axes, strict=True) if axis != old]
    if changed:
        _notice(f"the source gives no types for its axes {', '.join(changed)}; they are those that the names stand for")
        labels = {
            name: label if label.axes is None else evolve(label, axes=_typed(label.axes))
            for name, label in content.labels.items()
        }
        content = evolve(content, axes=typed, labels=labels)
    order = _order(typed)
    if order == list(range(len(typed))):
        return content
    before, after = ([axis.name for axis in axes] for axes in (typed, _picked(typed, order)))
    _notice(f"the source has the axes {', '.join(before)}; the image is transposed to {', '.join(after)}")
    labels = {name: _label(label, content, order) for name, label in content.labels.items()}
    return evolve(_reordered(content, typed, order), labels=labels)


def _reordered(content: P, axes: tuple[Axis, ...], order: list[int]) -> P:
    """Return an image or label image with all its levels, its axes in another order."""

    def level(item: LevelContent) -> LevelContent:
        return evolve(
            item,
            pixels=reordered(item.pixels, order),
            scale=_picked(item.scale, order),
            translation=_picked(item.translation, order),
            chunks=item.chunks and _picked(item.chunks, order),
            shards=item.shards and _picked(item.shards, order),
        )

    return evolve(
        content,
        pixels=reordered(content.pixels, order),
        axes=_picked(axes, order),
        scale=None if content.scale is None else _picked(content.scale, order),
        translation=None if content.translation is None else _picked(content.translation, order),
        levels=tuple(map(level, content.levels)),
    )


def _label(label: LabelContent, image: ImageContent, order: list[int]) -> LabelContent:
    if label.axes is not None:
        return _reordered(label, label.axes, _order(label.axes))
    shape = aligned(label.pixels.shape, image.pixels.shape, [axis.name for axis in image.axes])
    return evolve(label, pixels=reordered(expanded(label.pixels, shape), order))


def _typed(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """Return axes with the types that their names stand for, where they have none."""
    return tuple(
        evolve(axis, type=CONVENTIONAL_TYPES[axis.name]) if not axis.type and axis.name in CONVENTIONAL_TYPES else axis
        for axis in axes
    )


def _order(axes: Sequence[Axis]) -> list[int]:
    """Return the position of each axis to come; axes of one type keep their order."""
    return sorted(range(len(axes)), key=lambda position: _RANKS.get(str(axes[position].type), 1))


def _picked(values: Sequence[T], order: list[int]) -> tuple[T, ...]:
    return tuple(values[position] for position in order)


def _notice(message: str) -> None:
    warnings.warn(OMEZarrWarning(message), stacklevel=4)
