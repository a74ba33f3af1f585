"""One resolution level of an image: where its samples sit, and its pixels on request."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve, field, frozen

from omezarr.abc import ArrayFacts
from omezarr.arrays.geometry import selection
from omezarr.errors import MetadataError, OMEZarrError
from omezarr.model import LevelGeometry, composed_geometry, derived_geometries
from omezarr.nodes.from_above import Shown
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import dask.array as da
    import numpy as np
    import numpy.typing as npt
    import zarr

    from omezarr.hierarchy import Hierarchy
    from omezarr.model import Multiscale


Shape: TypeAlias = "tuple[int, ...]"


def level_geometry(multiscale: Multiscale, index: int, shapes: Sequence[Shape | None]) -> LevelGeometry | None:
    """Return where the samples of a level sit in the image's physical coordinates.

    Parameters
    ----------
    multiscale : Multiscale
        With its datasets in the order of the levels.
    index : int
        The level.
    shapes : sequence of (tuple of int or None)
        The shapes of all levels; they tell the geometry where the metadata gives none (up to 0.3). None where an array
        is missing, which that of the level itself may not be.

    Returns
    -------
    LevelGeometry or None
        None if the metadata uses transformations that are no scale and translation, or if neither it nor the shapes
        tell.

    Notes
    -----
    Up to 0.5 the transformations of the multiscale apply after those of the level. In 0.6 they lead to another
    coordinate system, and the level's position is that in the intrinsic one.
    """
    steps = multiscale.datasets[index].coordinate_transformations
    if not steps:
        known = [shape for shape in shapes if shape is not None]
        return derived_geometries(known, multiscale.type)[index] if len(known) == len(shapes) else None
    outer = [step for step in multiscale.coordinate_transformations or () if not (step.input or step.output)]
    return composed_geometry([*steps, *outer], len(shapes[index] or ()))


def ordered_levels(hierarchy: Hierarchy, paths: Mapping[str, str], multiscale: Multiscale | None) -> tuple[Level, ...]:
    """Return levels, the largest first, whatever the order in which they are listed.

    Parameters
    ----------
    hierarchy : Hierarchy
    paths : mapping
        What the metadata calls each level, to its path in the hierarchy. Their metadata is fetched together; the order
        is kept where that of one is missing, which is an error when the level is touched.
    multiscale : Multiscale, optional
        What describes them.
    """
    hierarchy.prefetch(paths.values(), kind="array")
    shapes = {name: _shape(hierarchy, path) for name, path in paths.items()}
    order = list(paths)
    if None not in shapes.values():
        order.sort(key=lambda name: -math.prod(shapes[name] or ()))
    if multiscale is not None:
        datasets = {dataset.path: dataset for dataset in reversed(multiscale.datasets)}
        multiscale = evolve(multiscale, datasets=tuple(datasets[name] for name in order))
    ordered = [shapes[name] for name in order]
    return tuple(Level(index, name, hierarchy, paths[name], multiscale, ordered) for index, name in enumerate(order))


def _shape(hierarchy: Hierarchy, path: str) -> Shape | None:
    try:
        node = hierarchy.node(path)
    except OMEZarrError:
        return None
    return None if node is None else node.shape


@frozen
class Level(Shown):
    """One resolution level; nothing is read before its pixels are touched.

    Parameters
    ----------
    index : int
        0 for full resolution.
    path : str
        The array, relative to the image.
    """

    index: int
    path: str
    _hierarchy: Hierarchy = field(repr=False)
    _array_path: str = field(repr=False)
    _multiscale: Multiscale | None = field(repr=False)
    _shapes: Sequence[Shape | None] = field(repr=False)

    @property
    def array(self) -> zarr.Array[Any]:
        """The zarr array.

        Raises
        ------
        MetadataError
            If it is missing or malformed.
        """
        return self._hierarchy.array(self._array_path)

    @property
    def facts(self) -> ArrayFacts:
        """What the array tells those who complete metadata.

        Raises
        ------
        MetadataError
            If it is missing or malformed.
        """
        array = self.array
        attributes: Any = array.attrs.asdict()
        return ArrayFacts(
            path=self.path,
            shape=array.shape,
            dtype=array.dtype.name,
            dimension_names=getattr(array.metadata, "dimension_names", None),
            attributes=attributes,
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of samples along each axis."""
        shape: tuple[int, ...] = self.array.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy dtype of the samples."""
        dtype: np.dtype[Any] = self.array.dtype
        return dtype

    @property
    def chunks(self) -> tuple[int, ...]:
        """The region that is compressed together."""
        chunks: tuple[int, ...] = self.array.chunks
        return chunks

    @property
    def shards(self) -> tuple[int, ...] | None:
        """The region that is stored together, if the array is sharded."""
        shards: tuple[int, ...] | None = self.array.shards
        return shards

    @property
    def geometry(self) -> LevelGeometry | None:
        """Scale and translation; None if the metadata gives other transformations."""
        if self._multiscale is None:
            return None
        shapes = list(self._shapes)
        shapes[self.index] = self.shape
        return level_geometry(self._multiscale, self.index, shapes)

    @property
    def scale(self) -> tuple[float, ...]:
        """The size of a pixel along each axis, in the unit of the axis.

        Raises
        ------
        MetadataError
            If the metadata gives transformations other than scale and translation.
        """
        return self._given_geometry().scale

    @property
    def translation(self) -> tuple[float, ...]:
        """The position of the centre of the first sample along each axis, in the unit of the axis.

        Raises
        ------
        MetadataError
            If the metadata gives transformations other than scale and translation.
        """
        return self._given_geometry().translation

    def _given_geometry(self) -> LevelGeometry:
        geometry = self.geometry
        if geometry is None:
            raise MetadataError(
                f"level {self.path!r} has more than a scale and a translation that fit its {len(self.shape)} axes; "
                "use transform()"
            )
        return geometry

    @property
    def dask(self) -> da.Array:
        """The pixels as a lazy dask array, in blocks of several chunks."""
        from omezarr.arrays.blocks import as_dask

        return as_dask(self.array)

    def read(self, region: Any = None, *, threads: int | None = None) -> npt.NDArray[Any]:
        """Read pixels into memory, as fast as the machine allows.

        Parameters
        ----------
        region : int, slice, Ellipsis or tuple of them, optional
            As one would index an array; slices have steps of 1, and an axis with an index is left out of the result.
            Default: everything.
        threads : int, optional
            Default: the cores that the process may use.

        Returns
        -------
        array
            In the axis order of the image.

        Raises
        ------
        ArgumentError
            If the region does not fit the axes.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.arange(24, dtype="uint8").reshape(2, 3, 4)
        >>> level = omezarr.write_image("memory://doc-level/stack.ome.zarr", stack, axes="zyx").levels[0]
        >>> level.read((-1, slice(0, 1)))
        array([[12, 13, 14, 15]], dtype=uint8)
        """
        from omezarr.arrays.reading import read_region

        array = self.array
        whole, kept = selection(... if region is None else region, array.shape)
        return read_region(array, whole, threads or Settings.from_environment().threads)[kept]

    def extremes(self) -> tuple[Any, Any]:
        """Read all pixels, block by block, and return the least and the greatest value; NaN is left out.

        Returns
        -------
        (bool, int or float) twice
            None twice where there are no pixels, or all are NaN.
        """
        import numpy as np

        from omezarr.arrays.blocks import blocks_of

        least = greatest = None
        for block in blocks_of(self.array):
            values = block[~np.isnan(block)] if block.dtype.kind == "f" else block
            if values.size:
                low, high = values.min().item(), values.max().item()
                least = low if least is None else min(least, low)
                greatest = high if greatest is None else max(greatest, high)
        return least, greatest

    def __array__(self, dtype: npt.DTypeLike | None = None, *, copy: bool | None = None) -> npt.NDArray[Any]:
        import numpy as np

        if copy is False:
            raise ValueError("the pixels of a level must be read, so they cannot be had without a copy")
        return np.asarray(self.read(), dtype=dtype)
