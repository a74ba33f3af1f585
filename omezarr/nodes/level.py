"""One resolution level of an image: where its samples sit, and its pixels on request."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from attrs import field, frozen

from omezarr.abc import ArrayFacts
from omezarr.arrays.geometry import selection
from omezarr.errors import ArgumentError, MetadataError
from omezarr.model import LevelGeometry, composed_geometry, conventional_axes, derived_geometries
from omezarr.nodes.from_above import Shown
from omezarr.nodes.patches import Patches, patch_sizes
from omezarr.nodes.regions import array_index, checked_out
from omezarr.plugins.origins import origin_of
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import dask.array as da
    import numpy as np
    import numpy.typing as npt
    import zarr

    from omezarr.arrays.chunk_cache import ChunkCache
    from omezarr.arrays.reading import ArrayReader
    from omezarr.hierarchy import Hierarchy
    from omezarr.model import Axis, Multiscale
    from omezarr.plugins.registry import Registry


Shape: TypeAlias = "tuple[int, ...]"


def level_geometry(
    multiscale: Multiscale, index: int, shapes: Sequence[Shape | None], registry: Registry | None = None
) -> LevelGeometry | None:
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
    registry : Registry, optional
        Whose scaling methods know where the levels sit that they have made. Default: that in use.

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
        if len(known) < len(shapes):
            return None
        return derived_geometries(known, origin_of(multiscale.type, registry))[index]
    outer = [step for step in multiscale.coordinate_transformations or () if not (step.input or step.output)]
    return composed_geometry([*steps, *outer], len(shapes[index] or ()))


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
    _channels: Sequence[str | None] = field(default=(), repr=False)
    _registry: Registry | None = field(default=None, repr=False, eq=False)

    @cached_property
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
        return level_geometry(self._multiscale, self.index, shapes, self._registry)

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

    def read(
        self,
        region: Any = None,
        *,
        unit: str | None = None,
        out: npt.NDArray[Any] | None = None,
        threads: int | None = None,
        cache: ChunkCache | None = None,
    ) -> npt.NDArray[Any]:
        """Read pixels into memory, as fast as the machine allows.

        Parameters
        ----------
        region : int, slice, Ellipsis or tuple of them, or mapping, optional
            As one would index an array; slices have steps of 1, and an axis with an index is left out of the result. A
            mapping has them by axis name, where a pair is a start and a stop, and a channel can be named.
            Default: everything.
        unit : str, optional
            In which a mapping gives places along axes of its kind, length or time, for example "micrometer": of a
            start and a stop, those samples whose centres are from the one up to the other; of a place, the sample that
            covers it. Other axes stay in pixels. Default: all are in pixels.
        out : array, optional
            Where to put the pixels: of the shape of the result, and of a dtype that takes them. It holds parts of them
            if reading fails. Default: a new array.
        threads : int, optional
            Default: the cores that the process may use.
        cache : ChunkCache, optional
            Where to look for chunks first, and to keep those that are read.

        Returns
        -------
        array
            In the axis order of the image.

        Raises
        ------
        ArgumentError
            If the region does not fit the axes, the unit is none of them, or the result does not fit ``out``.
        MetadataError, StorageError
            If the array is missing or damaged.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.arange(24, dtype="uint8").reshape(2, 3, 4)
        >>> level = omezarr.write_image(
        ...     "memory://doc-level/stack.ome.zarr", stack, axes="zyx", scale=(2, 0.5, 0.5), units="micrometer"
        ... ).levels[0]
        >>> level.read((-1, slice(0, 1)))
        array([[12, 13, 14, 15]], dtype=uint8)
        >>> level.read({"z": 2.0, "y": 0, "x": (0.5, 1.5)}, unit="um")
        array([13, 14], dtype=uint8)
        """
        reader = self._reader
        index = ... if region is None else self._index_of(region, unit)
        whole, kept = selection(index, reader.array.shape)
        shape = tuple(part.stop - part.start for part, keep in zip(whole, kept, strict=True) if isinstance(keep, slice))
        if out is not None:
            out = checked_out(out, shape, reader.dtype)[tuple(None if keep == 0 else keep for keep in kept) or ...]
        threads = threads or Settings.from_environment().threads
        pixels = reader.read(whole, threads, out) if cache is None else cache.read(reader, whole, threads, out)
        return pixels[kept]

    def __getitem__(self, region: Any) -> npt.NDArray[Any]:
        """Read a region; see `read`.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.arange(24, dtype="uint8").reshape(2, 3, 4)
        >>> level = omezarr.write_image("memory://doc-item/stack.ome.zarr", stack, axes="zyx").levels[0]
        >>> level[{"z": 1, "x": slice(1, 3)}]
        array([[13, 14],
               [17, 18],
               [21, 22]], dtype=uint8)
        >>> level[1, 0, :2]
        array([12, 13], dtype=uint8)
        """
        return self.read(region)

    __iter__: ClassVar[None] = None  # a level is not read row by row; see `planes`

    def patches(
        self,
        shape: Sequence[int] | Mapping[str, int],
        *,
        overlap: int | Sequence[int] | Mapping[str, int] = 0,
        region: Any = None,
        unit: str | None = None,
        whole: bool = True,
        ahead: int | None = None,
        cache: ChunkCache | None = None,
    ) -> Patches:
        """Return the patches that cover the level, or a region of it; see `omezarr.nodes.patches.Patches`.

        Parameters
        ----------
        shape : sequence or mapping of int
            The lengths along the last axes, or by axis name. Along other axes each patch has one sample, and leaves the
            axis out.
        overlap : int, sequence or mapping of int
            How many samples neighbouring patches share along each axis of `shape`; as one number, along all
            on which patches are longer than one.
        region, unit
            As for `read`; axes with an index have one sample. Default: everything.
        whole : bool
            Whether patches at the far border are moved inwards, so that all have the same shape; else they are cut.
        ahead : int, optional
            How many patches are read before they are asked for while one iterates. Default: one a thread.
        cache : ChunkCache, optional

        Raises
        ------
        ArgumentError
            If the shape or the overlap do not fit the axes.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.arange(32, dtype="uint8").reshape(2, 4, 4)
        >>> level = omezarr.write_image("memory://doc-patches/stack.ome.zarr", stack, axes="zyx").levels[0]
        >>> [(patch.index[:2], patch.pixels.tolist()) for patch in level.patches((1, 4), region={"x": (0, 4), "y": 2})]
        [((0, slice(2, 3, None)), [[8, 9, 10, 11]]), ((1, slice(2, 3, None)), [[24, 25, 26, 27]])]
        """
        region, _ = selection(... if region is None else self._index_of(region, unit), self.shape)
        names = [axis.name for axis in self._axes]
        return Patches(self, region, *patch_sizes(shape, overlap, names, region), whole=whole, ahead=ahead, cache=cache)

    def planes(self, axes: str | Sequence[str] = "yx", **options: Any) -> Patches:
        """Return the planes of the level, one for each place along the other axes.

        Parameters
        ----------
        axes : str or sequence of str
            The axes that a plane has, whole.
        **options
            ``region``, ``unit``, ``ahead`` and ``cache``, as for `patches`.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.arange(12, dtype="uint8").reshape(3, 2, 2)
        >>> level = omezarr.write_image("memory://doc-planes/stack.ome.zarr", stack, axes="zyx").levels[0]
        >>> [int(plane.pixels.sum()) for plane in level.planes()]
        [6, 22, 38]
        """
        sizes = dict(zip((axis.name for axis in self._axes), self.shape, strict=False))
        missing = next((name for name in axes if name not in sizes), None)
        if missing is not None:
            raise ArgumentError(f"there is no axis {missing!r}; there are: {', '.join(sizes)}")
        return self.patches({name: max(1, sizes[name]) for name in axes}, **options)

    @cached_property
    def _reader(self) -> ArrayReader:
        from omezarr.arrays.reading import ArrayReader

        return ArrayReader(self.array)

    @property
    def _axes(self) -> tuple[Axis, ...]:
        axes = () if self._multiscale is None else self._multiscale.axes
        return axes or conventional_axes("tczyx")

    def _index_of(self, region: Any, unit: str | None) -> Any:
        return array_index(region, self._axes, self.shape, self._channels, unit=unit, geometry=self._given_geometry)

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
