"""Making lower levels.

Examples
--------
>>> import numpy as np
>>> [level.shape for level in Scaler(max_layer=2).nearest(np.zeros((3, 64, 64)))]
[(3, 64, 64), (3, 32, 32), (3, 16, 16)]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import zarr

import omezarr
from omezarr.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["Methods", "Scaler"]

METHODS = {
    "gaussian": "gaussian",
    "laplacian": "laplacian",
    "local_mean": "local_mean",
    "nearest": "nearest",
    "resize_image": "resize",
    "zoom": "zoom",
}
"""The methods of a scaler, and what omezarr calls them."""


class Methods(StrEnum):
    """Methods by the names that later versions of ome-zarr-py give them."""

    RESIZE = "resize"
    NEAREST = "nearest"
    LOCAL_MEAN = "local_mean"
    ZOOM = "zoom"


@dataclass(frozen=True)
class Steps:
    """How lower levels are made, each from the one before.

    Parameters
    ----------
    method : str
        The scaling method of omezarr.
    factors : tuple of tuple of int
        For each lower level, the factor along each axis against the level before.
    """

    method: str
    factors: tuple[tuple[int, ...], ...]

    @classmethod
    def to(cls, scale_factors: Iterable[int | Mapping[str, int]], method: str, axes: Sequence[str]) -> Steps:
        """Return the steps to levels that are so many times smaller than the first.

        Parameters
        ----------
        scale_factors : iterable of int or mapping
            For each lower level against the first: of the last two axes, or by the names of axes.
        method : str
        axes : sequence of str
            The names of all axes.
        """
        steps, before = [], (1,) * len(axes)
        for given in scale_factors:
            by_name = given if isinstance(given, Mapping) else dict.fromkeys(axes[-2:], given)
            unknown = [name for name in by_name if name not in axes]
            if unknown:
                raise ArgumentError(f"there is no axis {unknown[0]!r}; the axes are {', '.join(axes)}")
            whole = tuple(by_name.get(name, 1) for name in axes)
            if any(new < 1 or new % old for new, old in zip(whole, before, strict=True)):
                raise ArgumentError(f"the factors {given!r} are no multiples of those of the level before, {before}")
            steps.append(tuple(new // old for new, old in zip(whole, before, strict=True)))
            before = whole
        return cls(Methods(method).value, tuple(steps))

    def levels(self, base: Any) -> list[Any]:
        """Return an array and its lower levels."""
        levels = [base]
        for factors in self.factors:
            levels.append(omezarr.downscale(levels[-1], factors, self.method))
        return levels


@dataclass
class Scaler:
    """Makes lower levels, of the last two axes.

    Parameters
    ----------
    copy_metadata : bool
        Whether `scale` copies the attributes of the array.
    downscale : int
        The factor from each level to the next.
    in_place : bool
        Has no effect.
    labeled : bool
        Whether `scale` refuses methods that make new values.
    max_layer : int
        How many lower levels there are.
    method : str
        One of `methods`.
    order : int
        0: `resize_image` takes samples as they are, else it interpolates.
    """

    copy_metadata: bool = False
    downscale: int = 2
    in_place: bool = False
    labeled: bool = False
    max_layer: int = 4
    method: str = "nearest"
    order: int = 1

    @staticmethod
    def methods() -> Iterator[str]:
        """Yield the names of the methods."""
        yield from METHODS

    @property
    def func(self) -> Callable[[Any], Any]:
        """The method that is chosen.

        Raises
        ------
        ArgumentError
            If there is none of that name.
        """
        function = getattr(self, self.method, None)
        if function is None or self.method.startswith("_"):
            raise ArgumentError(f"a scaler has no method {self.method!r}; it has {', '.join(METHODS)}")
        chosen: Callable[[Any], Any] = function
        return chosen

    @property
    def scaling(self) -> str:
        """The name of the scaling method of omezarr that makes the levels."""
        return "nearest" if self.method == "resize_image" and self.order == 0 else METHODS[self.method]

    def factors(self, ndim: int) -> tuple[int, ...]:
        """Return the factor along each axis."""
        return (*(1,) * (ndim - 2), self.downscale, self.downscale)

    def steps(self, ndim: int) -> Steps:
        """Return how the levels are made."""
        return Steps(self.scaling, (self.factors(ndim),) * self.max_layer)

    def scale(self, input_array: str, output_directory: str) -> None:
        """Write an array and its lower levels to a group, as "base", "1", "2" and so on.

        Raises
        ------
        UnsupportedError
            If labels are to be kept, and the method would make new ones.
        """
        import dask.array as da

        preserving = omezarr.registry_in_use().scaling_methods[self.scaling].preserves_values
        if self.labeled and not preserving:
            raise UnsupportedError(f"the method {self.method!r} makes new values, which would corrupt labels")
        array = zarr.open_array(input_array, mode="r")
        group = zarr.open_group(output_directory, mode="w-", zarr_format=array.metadata.zarr_format)
        lazy = da.from_zarr(array)  # type: ignore[no-untyped-call]  # dask's own gap
        for number, level in enumerate(self._pyramid(lazy, self.scaling)):
            chunks = array.chunks if number == 0 else level.chunksize
            target: Any = group.create_array(str(number or "base"), shape=level.shape, chunks=chunks, dtype=level.dtype)
            da.store(level.rechunk(chunks), target, lock=False)
        if self.copy_metadata:
            group.attrs.update(array.attrs.asdict())

    def resize_image(self, image: Any) -> Any:
        """Return the next lower level alone."""
        method = "nearest" if self.order == 0 else "resize"
        return omezarr.downscale(image, self.factors(image.ndim), method)

    def nearest(self, base: Any) -> list[Any]:
        """Return the array and lower levels of samples that are kept."""
        return self._pyramid(base, "nearest")

    def gaussian(self, base: Any) -> list[Any]:
        """Return the array and lower levels, smoothed with a Gaussian."""
        return self._pyramid(base, "gaussian")

    def laplacian(self, base: Any) -> list[Any]:
        """Return the array and lower levels of what smoothing removes; they have a sign."""
        return self._pyramid(base, "laplacian")

    def local_mean(self, base: Any) -> list[Any]:
        """Return the array and lower levels of averages."""
        return self._pyramid(base, "local_mean")

    def zoom(self, base: Any) -> list[Any]:
        """Return the array and lower levels, from a cubic spline."""
        return self._pyramid(base, "zoom")

    def _pyramid(self, base: Any, method: str) -> list[Any]:
        return Steps(method, (self.factors(base.ndim),) * self.max_layer).levels(base)
