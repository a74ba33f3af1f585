"""The levels of an image: how many, of what shape and chunks, and where their samples sit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.abc import ArrayFacts, FormatVersion
from omezarr.abc.plan import ArraySpec, Codec
from omezarr.arrays.defaults import default_chunks, default_codec, default_factors, default_shards, fitting_shards
from omezarr.arrays.geometry import level_geometry, level_shapes
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.model import Dataset, Scale, Translation
from omezarr.model import Sequence as SequenceTransformation
from omezarr.writing.fitting import native_name
from omezarr.writing.options import WriteOptions, sizes_by_axis, step_by_axis

if TYPE_CHECKING:
    from omezarr.abc import PixelSource, ScalingMethod
    from omezarr.model import JSON, Axis, Transformation
    from omezarr.model.content import ImageContent
    from omezarr.plugins.registry import Registry


@frozen
class Pyramid:
    """The arrays of one image and what the metadata says of them."""

    arrays: tuple[ArraySpec, ...]
    factors: tuple[tuple[int, ...], ...]
    datasets: tuple[Dataset, ...]

    def facts(self, group: str) -> dict[str, ArrayFacts]:
        """Return what the arrays will tell of the image in a group, by path relative to it."""
        facts = {}
        for spec in self.arrays:
            path = spec.path[len(group) :].strip("/")
            facts[path] = ArrayFacts(
                path=path,
                shape=spec.shape,
                dtype=spec.dtype,
                dimension_names=spec.dimension_names,
                attributes=spec.attributes,
            )
        return facts


@frozen
class PyramidPlanner:
    """Decides the levels of images, for one set of options.

    Parameters
    ----------
    options : WriteOptions
    version : FormatVersion
    registry : Registry
    """

    options: WriteOptions
    version: FormatVersion
    registry: Registry

    def factors(self, content: ImageContent) -> tuple[tuple[int, ...], ...]:
        """Return the factors from each level of an image to the next."""
        axes, shape = content.axes, content.pixels.shape
        given, levels = self.options.factors, self.options.levels
        if levels is not None and levels < 1:
            raise ArgumentError(f"{levels} levels make no image; ask for 1 or more")
        chunks = sizes_by_axis(self.options.chunks, axes, "chunks") or default_chunks(shape, axes, content.pixels.dtype)
        if given is None:
            return default_factors(shape, axes, content.scale, chunks, levels=levels)
        if isinstance(given, Sequence):
            steps = tuple(step_by_axis(item, axes) for item in given)
            if levels is not None and levels != len(steps) + 1:
                raise ArgumentError(f"{len(steps)} steps of factors make {len(steps) + 1} levels, not {levels}")
            return steps
        return default_factors(shape, axes, content.scale, chunks, levels=levels, step=step_by_axis(given, axes))

    def pyramid(
        self,
        path: str,
        pixels: PixelSource,
        content: ImageContent,
        factors: tuple[tuple[int, ...], ...],
        method: ScalingMethod,
    ) -> Pyramid:
        """Return the arrays of an image in the group at a path, and where their samples sit."""
        refusal = method.check_dtype(pixels.dtype) if factors else None
        if refusal is not None:
            raise UnsupportedError(f"the scaling method {method.name!r} refuses {pixels.dtype}: {refusal}")
        names = tuple(axis.name for axis in content.axes)
        attributes, dimension_names = self.version.array_metadata(names)
        codec = self.options.codec
        codec = Codec.parse(codec) if isinstance(codec, str) else codec or default_codec(pixels.dtype)
        ndim = len(names)
        geometry = level_geometry(method, factors, content.scale or (1.0,) * ndim, content.translation or (0.0,) * ndim)
        arrays, datasets = [], []
        for index, (shape, place) in enumerate(zip(level_shapes(pixels.shape, factors), geometry, strict=True)):
            chunks, shards = self._chunks_and_shards(shape, pixels, content.axes)
            arrays.append(
                ArraySpec(
                    path="/".join(part for part in (path, str(index)) if part),
                    shape=shape,
                    chunks=chunks,
                    shards=shards,
                    dtype=native_name(pixels.dtype),
                    zarr_format=self.version.zarr_format,
                    separator=self.version.separator,
                    codec=codec,
                    dimension_names=dimension_names,
                    attributes=attributes,
                )
            )
            datasets.append(Dataset(str(index), (placement(*place),)))
        return Pyramid(tuple(arrays), factors, tuple(datasets))

    def _chunks_and_shards(
        self, shape: tuple[int, ...], pixels: PixelSource, axes: tuple[Axis, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        chunks = sizes_by_axis(self.options.chunks, axes, "chunks") or default_chunks(pixels.shape, axes, pixels.dtype)
        chunks = tuple(min(chunk, max(size, 1)) for chunk, size in zip(chunks, shape, strict=True))
        if self.options.shards is None:
            if self.version.zarr_format == 2:
                return chunks, None
            return chunks, default_shards(shape, chunks, pixels.dtype)
        if self.version.zarr_format == 2:
            able = ", ".join(name for name, item in self.registry.formats.items() if item.zarr_format == 3)
            raise UnsupportedError(f"NGFF {self.version.version} has no shards; versions that have: {able}")
        shards = sizes_by_axis(self.options.shards, axes, "shards") or chunks
        return chunks, fitting_shards(shards, chunks, shape, axes)


def placement(scale: tuple[float, ...], translation: tuple[float, ...]) -> Transformation:
    """Return the transformation that places the samples of a level."""
    if not any(translation):
        return Scale(scale=scale)
    return SequenceTransformation(transformations=(Scale(scale=scale), Translation(translation=translation)))


def method_details(method: ScalingMethod, factors: Sequence[Sequence[int]]) -> dict[str, JSON]:
    """Return what ``multiscales[].metadata`` says of how the levels were made.

    Source: OME-NGFF "multiscales": the fields that the specification recommends.
    """
    if not factors:
        return {"description": "full resolution alone"}
    return {
        "description": "each level is made from the one before",
        "method": f"omezarr {method.name}",
        "version": method.version,
        "kwargs": {"factors": [list(step) for step in factors]},
    }
