"""The pixels of an image, as methods of its node: those of one of its levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.arrays.chunk_cache import ChunkCache
    from omezarr.nodes.level import Level
    from omezarr.nodes.patches import Patches


class HasPixels:
    """A group that has levels, if it is an image."""

    if TYPE_CHECKING:

        @property
        def levels(self) -> tuple[Level, ...]:
            """The levels, the largest first."""

    def crop(
        self,
        *,
        level: int = 0,
        unit: str | None = None,
        out: npt.NDArray[Any] | None = None,
        cache: ChunkCache | None = None,
        **region: float | str | slice | tuple[float | None, float | None],
    ) -> npt.NDArray[Any]:
        """Read a region of this image, named by its axes.

        Parameters
        ----------
        level : int
            The resolution level, 0 for the full one; its pixels are those that are counted.
        unit : str, optional
            In which places along axes of its kind are given, for example "micrometer"; see `Level.read`. Default:
            pixels.
        out, cache
            As for `Level.read`.
        **region
            For each axis an index, a slice, a start and stop, or the name of a channel. Axes that are not named are
            taken whole.

        Returns
        -------
        array
            In the axis order of the image, without the axes that were given an index or a channel.

        Raises
        ------
        UnsupportedError
            If this is no image.
        ArgumentError
            If there is no such level, axis, channel or place.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> pixels = np.arange(32, dtype="uint8").reshape(2, 4, 4)
        >>> node = omezarr.write_image(
        ...     "memory://doc-crop/cells.ome.zarr", pixels, axes="cyx", scale=0.5, units="micrometer",
        ...     channels=["DAPI", "GFP"],
        ... )
        >>> node.crop(c="GFP", y=(0.5, 1.5), x=(0, 1), unit="micrometer")
        array([[20, 21],
               [24, 25]], dtype=uint8)
        """
        return self._level(level).read(region, unit=unit, out=out, cache=cache)

    def patches(self, shape: Sequence[int] | Mapping[str, int], *, level: int = 0, **options: Any) -> Patches:
        """Return the patches that cover a level of this image.

        Parameters
        ----------
        shape : sequence or mapping of int
            The lengths along the last axes, or by axis name.
        level : int
        **options
            As for `Level.patches`: ``overlap``, ``region``, ``unit``, ``whole``, ``ahead`` and ``cache``.

        Raises
        ------
        UnsupportedError
            If this is no image.
        ArgumentError
            If there is no such level, or the patches do not fit its axes.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.zeros((3, 64, 64), "uint8")
        >>> node = omezarr.write_image("memory://doc-patch/stack.ome.zarr", stack, axes="zyx")
        >>> [patch.pixels.shape for patch in node.patches((1, 32, 32), overlap=8)][:2], len(node.patches((32, 32)))
        ([(1, 32, 32), (1, 32, 32)], 12)
        """
        return self._level(level).patches(shape, **options)

    def planes(self, axes: str | Sequence[str] = "yx", *, level: int = 0, **options: Any) -> Patches:
        """Return the planes of a level of this image, one for each place along the other axes.

        Parameters
        ----------
        axes : str or sequence of str
            The axes that a plane has.
        level : int
        **options
            As for `Level.planes`: ``region``, ``unit``, ``ahead`` and ``cache``.

        Raises
        ------
        UnsupportedError
            If this is no image.
        ArgumentError
            If there is no such level or axis.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> stack = np.zeros((2, 5, 8, 8), "uint8")
        >>> path = "memory://doc-plane/stack.ome.zarr"
        >>> node = omezarr.write_image(path, stack, axes="czyx", channels=["DAPI", "GFP"])
        >>> len(node.planes()), len(node.planes(region={"c": "GFP"}))
        (10, 5)
        """
        return self._level(level).planes(axes, **options)

    def _level(self, number: int) -> Level:
        levels = self.levels
        if not levels:
            raise UnsupportedError(f"{self!r} is no image, so it has no pixels; open one of the images below it")
        if not -len(levels) <= number < len(levels):
            raise ArgumentError(f"there is no level {number}; there are 0 to {len(levels) - 1}")
        return levels[number]
