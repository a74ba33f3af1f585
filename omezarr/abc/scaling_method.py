"""The interface of how pixels are scaled."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class ScalingMethod(ABC):
    """A way to make a lower resolution level from the one above by an integer factor along each axis.

    Attributes
    ----------
    name : str
        As on the command line and in ``multiscales[].type``.
    preserves_values : bool
        Whether every result is one of the values it was made from, so that labels may use it.
    version : str
        Changes when the results change; recorded beside the name.

    Examples
    --------
    The smallest one:

    >>> import numpy as np
    >>> from omezarr.abc import ScalingMethod
    >>> class FirstSample(ScalingMethod):
    ...     name = "first_sample"
    ...     preserves_values = True
    ...
    ...     def origin(self, factor):
    ...         return 0.0
    ...
    ...     def reduce(self, window, factors, inner):
    ...         return window[inner][tuple(slice(None, None, factor) for factor in factors)].copy()
    >>> FirstSample().reduce(np.arange(5), (2,), (slice(0, 5),))
    array([0, 2, 4])
    """

    name: ClassVar[str]
    preserves_values: ClassVar[bool] = False
    version: ClassVar[str] = "1"

    def __eq__(self, other: object) -> bool:
        """Say whether two instances scale alike: those of one class with the same attributes do."""
        return self is other or (type(other) is type(self) and vars(other) == vars(self))

    def __hash__(self) -> int:
        return hash((type(self), self.name, self.version))

    def __repr__(self) -> str:
        return f"<scaling method {self.name!r}, version {self.version}>"

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Return why pixels of this dtype are refused, and the cure; None if they are accepted."""
        return None

    def halo(self, factors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Return, for each axis, how many input samples before and after the block of a result are needed."""
        return tuple((0, 0) for _ in factors)

    def scratch(self, shape: tuple[int, ...], dtype: np.dtype[Any], factors: tuple[int, ...]) -> int:
        """Return how many bytes `reduce` takes at most beside its window and its result.

        The engine plans with it: it makes windows small enough, or refuses a bound on memory that cannot be kept. By
        default four copies of the window in float64, or its own dtype where that is wider, and 1 MiB.

        Parameters
        ----------
        shape : tuple of int
            Of the window, halo included.
        dtype : numpy.dtype
            Of the window.
        factors : tuple of int
        """
        return 4 * math.prod(shape) * max(8, dtype.itemsize) + 1024**2

    @abstractmethod
    def origin(self, factor: int) -> float:
        """Return where the first result sits, in input samples from the centre of the first input sample."""

    @abstractmethod
    def reduce(self, window: npt.NDArray[Any], factors: tuple[int, ...], inner: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Reduce part of a level.

        Parameters
        ----------
        window : array
            Input samples, with the halo around the part that is asked for; at the border of the image the engine has
            padded it.
        factors : tuple of int
            One for each axis.
        inner : tuple of slice
            The part of `window` that is asked for: it starts on a multiple of the factors in the whole level, and
            ends on one or at the border of the image, where the last block of each axis may be incomplete.

        Returns
        -------
        array
            Of shape ``ceil(length of inner / factor)`` along each axis and the dtype of the window. The result may
            not depend on where the window lies, and is no view of it: that would keep the whole window in memory.
        """
