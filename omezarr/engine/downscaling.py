"""Making one lower level of an array, without writing anything.

Examples
--------
>>> import numpy as np
>>> downscale(np.array([[0, 2, 4, 6], [2, 4, 6, 8]]), 2)
array([[2, 6]])
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.arrays import as_source
from omezarr.arrays.geometry import cells, full_region
from omezarr.engine.methods import dtype_refusal
from omezarr.engine.windows import window_of
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.plugins.registry import Registry, registry_in_use

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import ScalingMethod
    from omezarr.arrays.geometry import Region, Shape
    from omezarr.engine.windows import Window

    Pixels = npt.NDArray[Any]


def downscale(
    image: Any,
    factors: int | Sequence[int],
    method: str | ScalingMethod = "local_mean",
    *,
    registry: Registry | None = None,
) -> Any:
    """Make the next lower level of an array, as `write_image` does.

    Parameters
    ----------
    image : array
        From numpy, dask, zarr or a memory map.
    factors : int or sequence of int
        The downscaling along all axes, or along each.
    method : str or ScalingMethod
        A scaling method, or its name.
    registry : Registry, optional

    Returns
    -------
    array
        Of ``ceil(length / factor)`` along each axis; the chunks of a dask array do not change the result. A dask array
        for a dask array, which computes nothing yet; else a numpy array.

    Raises
    ------
    ArgumentError
        If the factors do not fit.
    UnsupportedError
        If the method refuses the dtype.

    Examples
    --------
    >>> import dask.array as da
    >>> downscale(da.zeros((5, 600, 400), chunks=(1, 256, 256), dtype="uint8"), (1, 2, 2), "nearest")
    dask.array<concatenate, shape=(5, 300, 200), dtype=uint8, chunksize=(1, 128, 128), chunktype=numpy.ndarray>
    """
    source = as_source(image)
    steps = _checked(factors, len(source.shape))
    scaling = (registry or registry_in_use()).scaling_method(method)
    refusal = dtype_refusal(scaling, source.dtype)
    if refusal is not None:
        raise UnsupportedError(refusal)
    shape = tuple(-(-length // step) for length, step in zip(source.shape, steps, strict=True))
    if hasattr(image, "__dask_graph__"):
        return _lazily(image, shape, steps, scaling)
    region = full_region(shape)
    window = window_of(region, source.shape, steps, scaling)
    return window.reduced(source.read(window.inside), region, steps, scaling)


def _checked(factors: int | Sequence[int], ndim: int) -> Shape:
    steps = tuple(factors) if isinstance(factors, Sequence) else (factors,) * ndim
    if len(steps) != ndim or not all(isinstance(step, Integral) and step >= 1 for step in steps):
        raise ArgumentError(f"the factors {factors!r} do not fit: one whole number from 1 on for each of {ndim} axes")
    return tuple(int(step) for step in steps)


def _lazily(image: Any, shape: Shape, factors: Shape, method: ScalingMethod) -> Any:
    """Return a dask array each of whose blocks is made from what it needs of another."""
    import dask.array as da
    from dask.delayed import delayed

    sizes = tuple(max(1, size // factor) for size, factor in zip(image.chunksize, factors, strict=True))
    counts = tuple(max(1, -(-length // size)) for length, size in zip(shape, sizes, strict=True))
    blocks = np.empty(counts, dtype=object)
    reduce = delayed(_reduced, pure=True)
    for index, region in cells(full_region(shape), sizes):
        window = window_of(region, image.shape, factors, method)
        result = reduce(image[window.inside], window, region, factors, method)
        size = tuple(part.stop - part.start for part in region)
        blocks[index] = da.from_delayed(result, size, dtype=image.dtype)  # type: ignore[no-untyped-call]  # dask's own gap
    return da.block(blocks.tolist())  # type: ignore[no-untyped-call]  # dask's own gap


def _reduced(pixels: Pixels, window: Window, region: Region, factors: Shape, method: ScalingMethod) -> Pixels:
    return window.reduced(np.asarray(pixels), region, factors, method)
