"""The interface of where pixels come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

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

    def __eq__(self, other: object) -> bool:
        """Say whether two sources give the same pixels, as far as their identities tell; may look at them for it."""
        if self is other or not isinstance(other, type(self)) or not self.identity:
            return self is other
        return (self.shape, self.dtype, self.identity) == (other.shape, other.dtype, other.identity)

    def __hash__(self) -> int:
        return hash((type(self), self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.dtype} {self.shape}>"

    def cost(self, region: tuple[slice, ...]) -> int:
        """Return how many bytes reading a region takes at most, its result included."""
        import math

        samples: int = math.prod(part.stop - part.start for part in region)
        return samples * self.dtype.itemsize

    def constant(self, region: tuple[slice, ...]) -> Any | None:
        """Return the value of all samples of a region where that is known without reading them, else None.

        What is known so costs nothing, however large it is: parts of a zarr array of which nothing is stored.
        """
        return None

    def near(self, region: tuple[slice, ...], threads: int, memory: int) -> PixelSource:
        """Return a source of the same shape from which regions inside this one are read at little cost.

        A computation does the whole region here, in this many threads, and may keep this many bytes of what other
        regions need as well; other sources return themselves.
        """
        return self

    def check_unchanged(self) -> None:
        """Look whether the pixels are still those that were there at first; asked when all have been read.

        Raises
        ------
        SourceError
            If they have changed or gone away meanwhile, so that what was read may be a mixture.
        """

    def close(self) -> None:
        """Release files; reading is over."""
