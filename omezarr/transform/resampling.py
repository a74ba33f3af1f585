"""Images in another coordinate system: lazily, block by block.

Examples
--------
>>> import numpy as np
>>> from omezarr.transform import PointMap
>>> half = PointMap(name="halving", inputs=1, outputs=1, function=lambda points: points / 2)
>>> resample_array(np.array([0, 10, 20], "u1"), half, shape=(6,)).compute().tolist()
[0, 5, 10, 15, 20, 0]
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from omezarr.errors import ArgumentError, MetadataError, UnsupportedError
from omezarr.model import CONVENTIONAL_SYSTEM
from omezarr.transform.graph import CoordinateGraph
from omezarr.transform.maps import count
from omezarr.transform.resolver import Resolver, joined
from omezarr.transform.sampling import Sampler
from omezarr.transform.systems import System

if TYPE_CHECKING:
    from collections.abc import Sequence

    import dask.array as da
    import numpy as np
    import numpy.typing as npt

    from omezarr.model import Axis, Multiscale
    from omezarr.transform.maps import PointMap
    from omezarr.transform.resolver import ArrayLike, NodeLike

_LABEL_KEY = "image-label"

_BLOCK_SAMPLES = 2**18
"""Samples of a block where none is asked for: their positions take some tens of megabytes."""


def resample(
    node: NodeLike,
    system: str,
    *,
    image: str = "",
    shape: Sequence[int] | None = None,
    scale: Sequence[float] | None = None,
    translation: Sequence[float] | None = None,
    axes: Sequence[str] | None = None,
    level: int = 0,
    interpolation: Literal["nearest", "linear"] | None = None,
    fill: float = 0,
    chunks: Sequence[int] | None = None,
) -> da.Array:
    """Return an image as it looks in another coordinate system, on a grid there.

    Parameters
    ----------
    node : Node
        An image, a label image or a scene.
    system : str
        The coordinate system of the grid, named as for `Node.transform`.
    image : str
        The path of the image whose pixels are taken, relative to the node. Default: the node itself.
    shape : sequence of int, optional
        How many samples the grid has along each axis. Default: as many as it takes for all corners of the image.
    scale : sequence of float, optional
        The distance of the samples, in the units of the system. Default: that of the level along axes of the same name.
    translation : sequence of float, optional
        Where the first sample of the grid sits. Default: the lowest position of a corner of the image along each axis.
    axes : sequence of str, optional
        The names of the system's axes in the order that the result shall have, and in which the arguments before are
        given. Default: the order of the system.
    level : int
        Which resolution to take the pixels from.
    interpolation : {"nearest", "linear"}, optional
        Default: "nearest" for labels and truth values, "linear" for the rest. Along channels and other discrete axes
        the nearest sample is taken in any case.
    fill : number
        The pixel where there is no image.
    chunks : sequence of int, optional
        The size of the blocks that are computed one at a time.

    Returns
    -------
    dask.array.Array
        Of the dtype of the image. A block reads no more of the level than the box that its samples lie in, a large box
        in parts.

    Raises
    ------
    UnknownNameError
        If there is no such system.
    ArgumentError
        If the arguments contradict each other.
    UnsupportedError
        If nothing leads from the grid to the image, or the pixels cannot be interpolated.
    """
    graph = CoordinateGraph(node.facets, Resolver.of_node(node))
    source = node.child(image) if image else node
    multiscale, path = _level(source, joined("", image), level)
    array = node.hierarchy.array(joined(node.path, path))
    order = _order(axes, graph.axes(system), system)
    for word, values in (("shape", shape), ("scale", scale), ("translation", translation)):
        if values is not None and len(values) != len(order):
            raise ArgumentError(
                f"{word} has {count(len(values), 'value')}; the coordinate system {system!r} has {len(order)} axes"
            )
    if scale is None:
        intrinsic = multiscale.intrinsic_system
        name = CONVENTIONAL_SYSTEM if intrinsic is None else intrinsic.name
        scale = _pixel_size(graph, path, str(System(joined("", image), name)), system, order)
    if shape is None or translation is None:
        lowest, highest = _extent(graph, path, system, array.shape, order)
        translation = lowest if translation is None else translation
        spans = zip(translation, highest, scale, strict=True)
        shape = [max(1, int((high - low) / size + 1e-9) + 1) for low, high, size in spans] if shape is None else shape
    labels = source.key == _LABEL_KEY or _LABEL_KEY in source.facets
    if labels and interpolation not in (None, "nearest"):
        raise UnsupportedError(f"interpolation={interpolation!r} would make up labels; take 'nearest', the default")
    return _lazy(
        array,
        graph.between(system, path),
        Grid.checked(shape, scale, translation, order),
        interpolation="nearest" if labels else interpolation,
        discrete=_discrete(graph.axes(path), array.ndim),
        fill=fill,
        chunks=chunks,
    )


def resample_array(
    array: ArrayLike,
    to_indices: PointMap,
    *,
    shape: Sequence[int],
    scale: Sequence[float] | None = None,
    translation: Sequence[float] | None = None,
    discrete: Sequence[bool] | None = None,
    interpolation: Literal["nearest", "linear"] | None = None,
    fill: float = 0,
    chunks: Sequence[int] | None = None,
) -> da.Array:
    """Return an array as it looks on a grid elsewhere.

    Parameters
    ----------
    array : zarr, numpy or dask array
    to_indices : PointMap
        From positions on the grid to indices of the array.
    shape : sequence of int
        How many samples the grid has along each axis.
    scale, translation : sequence of float, optional
        Sample ``i`` of the grid sits at ``i * scale + translation``. Default: 1 and 0.
    discrete : sequence of bool, optional
        Along which axes of the array the nearest sample is taken in any case. Default: along none.
    interpolation, fill, chunks
        As for `resample`.

    Returns
    -------
    dask.array.Array
        Of the dtype of the array.

    Raises
    ------
    ArgumentError
        If the arguments contradict each other.
    UnsupportedError
        If the pixels cannot be interpolated.
    """
    ndim = len(shape)
    grid = Grid.checked(
        shape,
        (1.0,) * ndim if scale is None else scale,
        (0.0,) * ndim if translation is None else translation,
        tuple(range(ndim)),
    )
    along = tuple(discrete) if discrete is not None else (False,) * len(array.shape)
    if len(along) != len(array.shape):
        raise ArgumentError(f"discrete has {count(len(along), 'value')}; the array has {len(array.shape)} dimensions")
    return _lazy(array, to_indices, grid, interpolation=interpolation, discrete=along, fill=fill, chunks=chunks)


@frozen
class Grid:
    """Regular positions in a coordinate system.

    Parameters
    ----------
    shape : tuple of int
    scale, translation : tuple of float
        Sample ``i`` along an axis of the grid sits at ``i * scale + translation``.
    order : tuple of int
        For each axis of the grid, the axis of the coordinate system.
    """

    shape: tuple[int, ...]
    scale: tuple[float, ...]
    translation: tuple[float, ...]
    order: tuple[int, ...]

    @classmethod
    def checked(
        cls, shape: Sequence[int], scale: Sequence[float], translation: Sequence[float], order: tuple[int, ...]
    ) -> Grid:
        """Return a grid.

        Raises
        ------
        ArgumentError
            If sizes or scales are not positive, or the lengths differ.
        """
        import math

        sizes = tuple(int(size) for size in shape)
        if len({len(sizes), len(scale), len(translation)}) != 1:
            raise ArgumentError(
                f"shape, scale and translation have {len(sizes)}, {len(scale)} and {len(translation)} values; "
                "they must be as many"
            )
        if any(size < 1 for size in sizes) or any(size != given for size, given in zip(sizes, shape, strict=True)):
            raise ArgumentError(f"the shape {tuple(shape)} must hold whole numbers from 1 on")
        if not all(map(math.isfinite, (*scale, *translation))) or min(scale, default=1) <= 0:
            raise ArgumentError("scale and translation must be finite numbers, and each scale above 0")
        return cls(sizes, tuple(map(float, scale)), tuple(map(float, translation)), order)

    def positions(self, region: Sequence[tuple[int, int]]) -> npt.NDArray[np.float64]:
        """Return the positions of the samples in a region, given by start and stop: shape (samples, axes)."""
        import numpy as np

        ranges = [
            np.arange(start, stop) * size + first
            for (start, stop), size, first in zip(region, self.scale, self.translation, strict=True)
        ]
        mesh = np.meshgrid(*ranges, indexing="ij")
        positions = np.empty((mesh[0].size, len(mesh)))
        for axis, values in zip(self.order, mesh, strict=True):
            positions[:, axis] = values.reshape(-1)
        return positions


@frozen(kw_only=True, eq=False)
class _Block:
    """Computes one block of the result; a value that can be sent to other processes."""

    sampler: Sampler
    to_indices: PointMap
    grid: Grid

    def __call__(self, block_info: Any = None) -> npt.NDArray[Any]:
        region = block_info[None]["array-location"]
        pixels = self.sampler(self.to_indices(self.grid.positions(region)))
        return pixels.reshape([stop - start for start, stop in region])


def _lazy(
    array: ArrayLike,
    to_indices: PointMap,
    grid: Grid,
    *,
    interpolation: str | None,
    discrete: tuple[bool, ...],
    fill: float,
    chunks: Sequence[int] | None,
) -> da.Array:
    import dask.array as da
    import numpy as np

    dtype = np.dtype(array.dtype)
    ndim = len(array.shape)
    if to_indices.outputs not in (None, ndim):
        raise ArgumentError(f"{to_indices.name} gives {to_indices.outputs} indices; the array has {ndim} dimensions")
    if chunks is not None and len(chunks) != len(grid.shape):
        raise ArgumentError(f"chunks has {count(len(chunks), 'value')}; the result has {len(grid.shape)} dimensions")
    sampler = Sampler(
        array=array, linear=_is_linear(interpolation, dtype), discrete=discrete, fill=_checked_fill(fill, dtype)
    )
    limit = _BLOCK_SAMPLES if chunks is None else None
    blocks = da.core.normalize_chunks(  # type: ignore[no-untyped-call]  # dask's own gap
        "auto" if chunks is None else tuple(chunks), grid.shape, limit=limit, dtype=np.uint8
    )
    lazy: da.Array = da.map_blocks(  # type: ignore[no-untyped-call]  # dask's own gap
        _Block(sampler=sampler, to_indices=to_indices, grid=grid),
        chunks=blocks,
        dtype=sampler.dtype,
        meta=np.empty((0,) * len(grid.shape), dtype=sampler.dtype),
        name=f"resample-{uuid.uuid4().hex}",
    )
    return lazy


def _is_linear(interpolation: str | None, dtype: np.dtype[Any]) -> bool:
    if interpolation not in (None, "nearest", "linear"):
        raise ArgumentError(f"the interpolation {interpolation!r} is not known; there are 'nearest' and 'linear'")
    refusal = None
    if dtype.kind in "iu" and dtype.itemsize == 8:
        refusal = (
            "64-bit integers cannot be interpolated exactly; take interpolation='nearest', or convert them to float64"
        )
    elif dtype.kind not in "iufcb":
        refusal = f"pixels of dtype {dtype} cannot be interpolated; take interpolation='nearest'"
    elif dtype.kind == "b" and interpolation == "linear":
        refusal = "truth values cannot be interpolated; take interpolation='nearest'"
    if interpolation == "nearest" or (interpolation is None and dtype.kind == "b"):
        return False
    if refusal is not None:
        raise UnsupportedError(refusal)
    return True


def _checked_fill(fill: float, dtype: np.dtype[Any]) -> Any:
    import numpy as np

    try:
        value = np.asarray(fill).astype(dtype)[()] if dtype.kind in "fc" else np.array(fill, dtype=dtype)[()]
    except (OverflowError, TypeError, ValueError):
        value = None
    if value is None or not (value == fill or (fill != fill and value != value) or dtype.kind in "fc"):  # noqa: PLR0124 - NaN
        raise ArgumentError(f"pixels of dtype {dtype} cannot be {fill!r}, so they cannot be filled with it")
    return value


def _level(source: NodeLike, path: str, level: int) -> tuple[Multiscale, str]:
    """Return the metadata of an image at a path, and the path of the array of one of its levels."""
    image = source.image
    if image is None or not image.multiscales:
        raise ArgumentError("only images can be resampled; say which one, with image=PATH")
    datasets = image.multiscales[0].datasets
    if not 0 <= level < len(datasets):
        raise ArgumentError(f"there is no level {level}; there are {len(datasets)}, counted from 0")
    return image.multiscales[0], joined(path, datasets[level].path)


def _order(axes: Sequence[str] | None, known: Sequence[Axis] | None, system: str) -> tuple[int, ...]:
    """Return, for each axis of the grid, which axis of the system it is."""
    if known is None:
        raise MetadataError(f"no metadata describes the axes of the coordinate system {system!r}")
    names = [axis.name for axis in known]
    if axes is None:
        return tuple(range(len(names)))
    if sorted(axes) != sorted(names):
        raise ArgumentError(f"the coordinate system {system!r} has the axes {', '.join(names)}, not {', '.join(axes)}")
    return tuple(names.index(name) for name in axes)


def _discrete(axes: Sequence[Axis] | None, ndim: int) -> tuple[bool, ...]:
    if axes is None or len(axes) != ndim:
        return (False,) * ndim
    return tuple(axis.type == "channel" or axis.discrete is True for axis in axes)


def _pixel_size(
    graph: CoordinateGraph, path: str, intrinsic: str, system: str, order: tuple[int, ...]
) -> tuple[float, ...]:
    """Return the distance of the samples of a level in its intrinsic system, along axes named like those of another."""
    import numpy as np

    source, target = graph.axes(path) or (), graph.axes(system) or ()
    ends = graph.between(path, intrinsic)(np.vstack([np.zeros(len(source)), np.eye(len(source))]))
    sizes = dict(zip([axis.name for axis in source], np.abs(np.diagonal(ends[1:] - ends[0])).tolist(), strict=True))
    for axis in target:
        if axis.name not in sizes:
            raise ArgumentError(f"the image has no axis {axis.name!r}; give the scale of the samples in {system!r}")
    return tuple(sizes[target[axis].name] for axis in order)


def _extent(
    graph: CoordinateGraph, path: str, system: str, shape: tuple[int, ...], order: tuple[int, ...]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the lowest and highest positions of the corners of a level in a system."""
    import itertools

    try:
        to_system = graph.between(path, system)
    except UnsupportedError as error:
        raise UnsupportedError(f"{error}; give the shape and the translation of the grid") from error
    corners = to_system(list(itertools.product(*((0, size - 1) for size in shape))))[:, list(order)]
    return tuple(corners.min(axis=0).tolist()), tuple(corners.max(axis=0).tolist())
