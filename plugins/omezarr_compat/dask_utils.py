"""Scaling arrays, lazily where they are lazy.

Examples
--------
>>> import dask.array as da
>>> downscale_nearest(da.zeros((10, 8)), (2, 2)).shape
(5, 4)
"""

from __future__ import annotations

from typing import Any

import omezarr
from omezarr.errors import ArgumentError, UnsupportedError

__all__ = ["downscale_nearest", "local_mean", "resize", "zoom"]


def resize(image: Any, output_shape: tuple[int, ...], *args: Any, **kwargs: Any) -> Any:
    """Make an array smaller.

    Parameters
    ----------
    image : array
        From dask or numpy.
    output_shape : tuple of int
        A whole factor smaller along each axis, rounded up or down.
    *args, **kwargs
        `order`: 0 takes samples as they are. `preserve_range`, `anti_aliasing` and `mode` have no effect: values stay
        as they are, what would alias is smoothed, and the borders are mirrored.

    Returns
    -------
    array

    Raises
    ------
    UnsupportedError
        If the factor is not whole.
    ArgumentError
        If an argument is unknown.
    """
    order = args[0] if args else kwargs.pop("order", 1)
    kwargs.pop("order", None)
    for known in ("preserve_range", "anti_aliasing", "mode"):
        kwargs.pop(known, None)
    if kwargs or len(args) > 1:
        raise ArgumentError(f"resize takes no argument {next(iter(kwargs), args[-1:])!r}")
    return _scaled(image, output_shape, "nearest" if order == 0 else "resize")


def local_mean(image: Any, output_shape: tuple[int, ...], *args: Any, **kwargs: Any) -> Any:
    """Make an array smaller by averaging blocks; as for `resize`."""
    return _scaled(image, output_shape, "local_mean", *args, **kwargs)


def zoom(image: Any, output_shape: tuple[int, ...], *args: Any, **kwargs: Any) -> Any:
    """Make an array smaller by a cubic spline; as for `resize`."""
    return _scaled(image, output_shape, "zoom", *args, **kwargs)


def downscale_nearest(image: Any, factors: tuple[int, ...]) -> Any:
    """Make an array smaller by keeping every so manieth sample.

    Raises
    ------
    ArgumentError
        If the factors do not fit; it is a ValueError.
    """
    if len(factors) != image.ndim or any(
        not 0 < factor <= length for factor, length in zip(factors, image.shape, strict=False)
    ):
        raise ArgumentError(f"the factors {factors} do not fit the shape {image.shape}: one for each axis, up to it")
    return omezarr.downscale(image, factors, "nearest")


def _scaled(image: Any, output_shape: tuple[int, ...], method: str) -> Any:
    factors = []
    for length, size in zip(image.shape, output_shape, strict=True):
        found = [factor for factor in {length // size, -(-length // size)} if factor and size in _sizes(length, factor)]
        if not found:
            raise UnsupportedError(
                f"{image.shape} is not a whole factor larger than {output_shape}; omezarr.resample scales by any other"
            )
        factors.append(min(found))
    scaled = omezarr.downscale(image, tuple(factors), method)
    return scaled[tuple(slice(0, size) for size in output_shape)]


def _sizes(length: int, factor: int) -> tuple[int, int]:
    """Return the sizes that a length divided by a factor has, rounded down and up."""
    return length // factor, -(-length // factor)
