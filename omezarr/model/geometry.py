"""Where the samples of a level sit: scale and translation, composed from transformations or told by shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import floor

from attrs import frozen

from omezarr.model.transformations import Identity, Scale, Sequence, Transformation, Translation


@frozen
class LevelGeometry:
    """Where samples sit: sample ``i`` of an axis is at ``i * scale + translation``, in the unit of the axis.

    Parameters
    ----------
    scale, translation : tuple of float
        One value an axis.
    """

    scale: tuple[float, ...]
    translation: tuple[float, ...]


def composed_geometry(transformations: Iterable[Transformation], ndim: int) -> LevelGeometry | None:
    """Return what scales and translations, applied one after the other, amount to.

    Parameters
    ----------
    transformations : iterable of Transformation
    ndim : int
        The number of axes.

    Returns
    -------
    LevelGeometry or None
        None if there is a transformation that is neither identity, scale, translation nor a sequence of such, or one
        that does not fit the number of axes.

    Examples
    --------
    >>> composed_geometry([Scale(scale=(2.0,)), Translation(translation=(1.0,)), Scale(scale=(3.0,))], 1)
    LevelGeometry(scale=(6.0,), translation=(3.0,))
    """
    scale, translation = [1.0] * ndim, [0.0] * ndim
    pending = list(transformations)[::-1]
    while pending:
        step = pending.pop()
        if isinstance(step, Sequence):
            pending.extend(reversed(step.transformations))
        elif isinstance(step, Scale) and step.scale and len(step.scale) == ndim:
            scale = [value * factor for value, factor in zip(scale, step.scale, strict=True)]
            translation = [value * factor for value, factor in zip(translation, step.scale, strict=True)]
        elif isinstance(step, Translation) and step.translation and len(step.translation) == ndim:
            translation = [value + offset for value, offset in zip(translation, step.translation, strict=True)]
        elif not isinstance(step, Identity):
            return None
    return LevelGeometry(tuple(scale), tuple(translation))


def relative_scales(shapes: Iterable[tuple[int, ...]]) -> tuple[tuple[float, ...], ...]:
    """Return by what each level was reduced relative to the first, from the shapes alone.

    Parameters
    ----------
    shapes : iterable of tuple of int
        The shapes of all levels, the largest first.

    Returns
    -------
    tuple of tuple of float
        One scale a level. From each level to the next it grows by an integer factor where dividing by it and rounding
        up or down gives the next size, preferably by one that several axes share, or that divides without a rest; else
        by the ratio of the sizes.

    Examples
    --------
    >>> relative_scales([(65, 64, 9), (33, 32, 3), (17, 16, 3)])
    ((1.0, 1.0, 1.0), (2.0, 2.0, 3.0), (4.0, 4.0, 3.0))
    """
    scales: list[tuple[float, ...]] = []
    above: tuple[int, ...] = ()
    for shape in shapes:
        if not scales or len(shape) != len(above):
            scales.append((1.0,) * len(shape))
        else:
            step = _step_factors(above, shape)
            scales.append(tuple(scale * factor for scale, factor in zip(scales[-1], step, strict=True)))
        above = shape
    return tuple(scales)


def derived_geometries(
    shapes: Iterable[tuple[int, ...]], origin: Callable[[int], float] | None = None
) -> tuple[LevelGeometry, ...]:
    """Return where the samples of each level sit relative to the first level, where nothing but the shapes tells.

    Parameters
    ----------
    shapes : iterable of tuple of int
        The shapes of all levels, the largest first.
    origin : callable, optional
        Takes a factor, and returns where the first sample of a level sits that was made with it, in samples of the
        level above. Default: where the first of those sits.

    Examples
    --------
    >>> derived_geometries([(8,), (4,)], lambda factor: (factor - 1) / 2)[1]
    LevelGeometry(scale=(2.0,), translation=(0.5,))
    >>> derived_geometries([(8,), (4,)])[1]
    LevelGeometry(scale=(2.0,), translation=(0.0,))
    """
    found: list[LevelGeometry] = []
    for scale in relative_scales(shapes):
        if found and origin is not None and len(scale) == len(found[-1].scale):
            above = found[-1]
            steps = zip(above.translation, above.scale, scale, strict=True)
            shifts = tuple(start + full * _between(origin, small / full) for start, full, small in steps)
        else:
            shifts = (0.0,) * len(scale)
        found.append(LevelGeometry(scale, shifts))
    return tuple(found)


def _between(origin: Callable[[int], float], factor: float) -> float:
    """Return an origin for a factor that may lie between two whole ones."""
    whole = max(1, floor(factor))
    low = origin(whole)
    return low if factor == whole else low + (origin(whole + 1) - low) * (factor - whole)


def _step_factors(above: tuple[int, ...], below: tuple[int, ...]) -> tuple[float, ...]:
    pairs = list(zip(above, below, strict=True))
    candidates = [_integer_factors(size, small) for size, small in pairs]
    best = [
        size // small if factors and size % small == 0 else next(iter(factors), 0)
        for (size, small), factors in zip(pairs, candidates, strict=True)
    ]
    popular = max(sorted(best), key=lambda factor: sum(factor in factors for factors in candidates), default=0)
    result = []
    for (size, small), factors, own in zip(pairs, candidates, best, strict=True):
        if size == small or min(size, small) < 1:
            result.append(1.0)
        elif factors:
            result.append(float(popular if popular in factors else own))
        else:
            result.append(size / small)
    return tuple(result)


def _integer_factors(size: int, small: int) -> range:
    """Return the factors that take a size to a smaller one by rounding up or down; none for an unchanged size."""
    if not 0 < small < size:
        return range(0)
    lowest = size // (small + 1) + 1
    highest = size if small == 1 else -(-size // (small - 1)) - 1
    return range(lowest, highest + 1)
