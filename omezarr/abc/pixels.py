"""The interfaces of where pixels come from, and of how they are scaled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class PixelSource(ABC):
    """Pixels that are read region by region, from memory, a file, a store or a computation.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    chunks : tuple of int
        The region that is read at the lowest cost; the whole shape where it makes no difference.
    identity : str
        Changes when the pixels may have changed: size and time of a file, an etag, a token.
    banded : bool
        Whether `near` does work that regions share, so that it pays to ask for large regions.
    portable : bool
        Whether it can be pickled without any pixels, for reading in another process.
    distant : bool
        Whether reading waits for a network more than for the processor, so that many reads at once pay.

    Examples
    --------
    The smallest one:

    >>> import numpy as np
    >>> from omezarr.abc import PixelSource
    >>> class Ramp(PixelSource):
    ...     shape = chunks = (4, 6)
    ...     dtype = np.dtype("int64")
    ...     identity = "ramp"
    ...
    ...     def read(self, region):
    ...         y, x = (np.arange(part.start, part.stop) for part in region)
    ...         return y[:, None] + x
    >>> Ramp().read((slice(0, 2), slice(3, 6)))
    array([[3, 4, 5],
           [4, 5, 6]])
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    identity: str
    banded: bool = False
    portable: bool = False
    distant: bool = False

    @abstractmethod
    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return the pixels of a region, given by slices with start and stop inside the shape.

        May be called from several threads at once.

        Raises
        ------
        SourceError
            If the pixels cannot be read.
        """

    def cost(self, region: tuple[slice, ...]) -> int:
        """Return how many bytes reading a region takes at most, its result included."""
        import math

        samples: int = math.prod(part.stop - part.start for part in region)
        return samples * self.dtype.itemsize

    def near(self, region: tuple[slice, ...], threads: int, memory: int) -> PixelSource:
        """Return a source of the same shape from which regions inside this one are read at little cost.

        A computation does the whole region here, in this many threads, and may keep this many bytes of what other
        regions need as well; other sources return themselves.
        """
        return self

    def close(self) -> None:
        """Release files; reading is over."""


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
    ...         return window[inner][tuple(slice(None, None, factor) for factor in factors)]
    >>> FirstSample().reduce(np.arange(5), (2,), (slice(0, 5),))
    array([0, 2, 4])
    """

    name: ClassVar[str]
    preserves_values: ClassVar[bool] = False
    version: ClassVar[str] = "1"

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Return why pixels of this dtype are refused, and the cure; None if they are accepted."""
        return None

    def halo(self, factors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Return, for each axis, how many input samples before and after the block of a result are needed."""
        return tuple((0, 0) for _ in factors)

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
            not depend on where the window lies.
        """
