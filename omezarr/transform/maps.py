"""Functions of points that know how many coordinates they take and give.

Responsible for checking points and for chaining functions; what a function computes comes from
`omezarr.transform.forward` and `omezarr.transform.inverse`.

Examples
--------
>>> from functools import partial
>>> import numpy as np
>>> double = PointMap(name="doubling", inputs=2, outputs=2, function=partial(np.multiply, 2.0))
>>> double([[1, 2], [3, 4]]).tolist()
[[2.0, 4.0], [6.0, 8.0]]
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, frozen

from omezarr.errors import ArgumentError, MetadataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt

    Points: TypeAlias = npt.NDArray[np.float64]
    """Points as rows: shape (number of points, number of coordinates)."""


@frozen(kw_only=True)
class PointMap:
    """A function from points to points.

    Parameters
    ----------
    name : str
        What it is, for messages.
    inputs, outputs : int or None
        How many coordinates a point has before and after; None: any number, which the function checks itself.
    function : callable
        Takes and returns a float64 array of shape (points, coordinates). It can be pickled, and the result for a point
        does not depend on the other points.
    """

    name: str
    inputs: int | None
    outputs: int | None
    function: Callable[[Points], Points]

    def __call__(self, points: npt.ArrayLike) -> Points:
        """Map points.

        Parameters
        ----------
        points : array of shape (points, coordinates)
            Coordinates in the order of the axes of the source.

        Returns
        -------
        array of shape (points, coordinates)
            float64, coordinates in the order of the axes of the target; infinite or NaN beyond the range of numbers.

        Raises
        ------
        ArgumentError
            If these are no points, or they have another number of coordinates.
        """
        import numpy as np

        coordinates = as_points(points)
        if self.inputs is not None and coordinates.shape[1] != self.inputs:
            raise ArgumentError(
                f"the points have {count(coordinates.shape[1], 'coordinate')}, but {self.name} takes {self.inputs}"
            )
        with np.errstate(over="ignore", invalid="ignore"):  # the result says so
            return self.function(coordinates)


def as_points(points: npt.ArrayLike) -> Points:
    """Return points as a float64 array of shape (points, coordinates).

    Raises
    ------
    ArgumentError
        If they are not numbers, or not one row a point.
    """
    import numpy as np

    try:
        coordinates = np.asarray(points)
    except ValueError as error:
        raise ArgumentError(f"{_FORM}; these rows differ in length") from error
    if coordinates.ndim != 2:
        raise ArgumentError(f"{_FORM}, not an array of {count(coordinates.ndim, 'dimension')}")
    if coordinates.size and coordinates.dtype.kind not in "iuf":
        raise ArgumentError(f"{_FORM}; not all of these are numbers")
    return coordinates.astype(np.float64, copy=False)


_FORM = "points must be rows of as many numbers each, such as [[0, 0], [1, 2.5]]"


def chain(maps: Sequence[PointMap], name: str = "a sequence") -> PointMap:
    """Return the function that applies several, the first first.

    Parameters
    ----------
    maps : sequence of PointMap
        None at all: the identity.
    name : str
        What the whole is, for messages.

    Raises
    ------
    MetadataError
        If one does not take as many coordinates as the one before gives.
    """
    for before, after in pairwise(maps):
        if before.outputs is not None and after.inputs is not None and before.outputs != after.inputs:
            raise MetadataError(
                f"{after.name} takes {count(after.inputs, 'coordinate')}, but {before.name} before it gives "
                f"{before.outputs}"
            )
    if len(maps) == 1:
        return evolve(maps[0], name=name)
    return PointMap(
        name=name,
        inputs=maps[0].inputs if maps else None,
        outputs=maps[-1].outputs if maps else None,
        function=partial(_apply_all, tuple(maps)),
    )


def count(number: int, noun: str) -> str:
    """Return a number with its noun, for messages.

    Examples
    --------
    >>> count(1, "axis"), count(2, "coordinate")
    ('1 axis', '2 coordinates')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _apply_all(maps: tuple[PointMap, ...], points: Points) -> Points:
    for step in maps:
        points = step(points)
    return points
