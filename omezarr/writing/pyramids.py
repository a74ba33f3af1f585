"""The levels of an image: how many, of what shape and chunks, and where their samples sit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.abc import ArrayFacts, FormatVersion
from omezarr.abc.plan import ArraySpec, Codec
from omezarr.arrays.defaults import default_chunks, default_codec, default_factors, default_shards, fitting_shards
from omezarr.arrays.geometry import level_geometry, level_shapes
from omezarr.engine.methods import dtype_refusal, naming
from omezarr.errors import ArgumentError, OMEZarrWarning, UnsupportedError
from omezarr.model import Dataset, Scale, Translation
from omezarr.model import Sequence as SequenceTransformation
from omezarr.plugins.asking import calling
from omezarr.writing.fitting import native_name
from omezarr.writing.options import WriteOptions, sizes_by_axis, step_by_axis
from omezarr.writing.requests import factors_between

if TYPE_CHECKING:
    from omezarr.abc import PixelSource, ScalingMethod
    from omezarr.model import JSON, Axis, Transformation
    from omezarr.model.content import ImageContent, LevelContent
    from omezarr.plugins.registry import Registry


LARGEST_KEPT_CHUNK = 64 * 1024**2
"""Chunks of more bytes are not kept: a few of them, as many as there are threads, would not fit in memory."""


@frozen
class PyramidSpec:
    """The arrays of one image and what the metadata says of them."""

    arrays: tuple[ArraySpec, ...]
    factors: tuple[tuple[int, ...], ...]
    datasets: tuple[Dataset, ...]

    @property
    def steps(self) -> tuple[tuple[int, ...], ...]:
        """The factors from each level to the next, for images that have to have as many levels as this one.

        Where levels are those of a source and no whole number apart, the nearest whole numbers.
        """
        if self.factors:
            return self.factors
        pairs = pairwise(spec.shape for spec in self.arrays)
        return tuple(
            tuple(max(1, round(full / size)) if size else 1 for full, size in zip(large, small, strict=True))
            for large, small in pairs
        )

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
        if given is None and levels is None and len(content.levels) > 1:
            known = self._known_factors(content)
            if known is not None:
                return known
        if given is None:
            return default_factors(shape, axes, content.scale, chunks, levels=levels)
        if isinstance(given, Sequence):
            steps = tuple(step_by_axis(item, axes) for item in given)
            if levels is not None and levels != len(steps) + 1:
                raise ArgumentError(f"{len(steps)} steps of factors make {len(steps) + 1} levels, not {levels}")
            return steps
        return default_factors(shape, axes, content.scale, chunks, levels=levels, step=step_by_axis(given, axes))

    def _known_factors(self, content: ImageContent) -> tuple[tuple[int, ...], ...] | None:
        """Return the factors between the levels that a source has; None where they are not whole numbers."""
        shapes = [level.pixels.shape for level in content.levels]
        try:
            return tuple(factors_between(large, small) for large, small in pairwise(shapes))
        except UnsupportedError:
            return None

    def kept(self, content: ImageContent) -> tuple[LevelContent, ...]:
        """Return the levels of a source that are written as they are; empty where the options ask for others.

        A single level is none to be kept: smaller ones are made of it as of any other image.
        """
        count = self.options.levels
        if self.options.factors is not None or (count or 0) > len(content.levels):
            return ()
        return content.levels[:count] if len(content.levels) > 1 or count == 1 else ()

    def pyramid(
        self,
        path: str,
        pixels: PixelSource,
        content: ImageContent,
        factors: tuple[tuple[int, ...], ...],
        method: ScalingMethod,
    ) -> PyramidSpec:
        """Return the arrays of an image in the group at a path, and where their samples sit."""
        refusal = dtype_refusal(method, pixels.dtype) if factors else None
        if refusal is not None:
            raise UnsupportedError(f"the scaling method {method.name!r} refuses {pixels.dtype}: {refusal}")
        ndim = len(content.axes)
        scale, translation = content.scale or (1.0,) * ndim, content.translation or (0.0,) * ndim
        with naming(method, "origin"):
            geometry = level_geometry(method, factors, scale, translation)
        arrays, datasets = [], []
        for index, (shape, place) in enumerate(zip(level_shapes(pixels.shape, factors), geometry, strict=True)):
            like = content.levels[min(index, len(content.levels) - 1)] if content.levels else None
            arrays.append(self._spec(_join(path, index), shape, pixels, content.axes, like))
            datasets.append(Dataset(str(index), (placement(*place),), extra=like.extra if index == 0 and like else {}))
        return PyramidSpec(tuple(arrays), factors, tuple(datasets))

    def kept_pyramid(self, path: str, content: ImageContent, levels: tuple[LevelContent, ...]) -> PyramidSpec:
        """Return the arrays for levels that are written as a source has them; the first is where the image says."""
        arrays, datasets = [], []
        for index, level in enumerate(levels):
            scale, translation = level.scale, level.translation
            if index == 0:
                scale = content.scale or scale
                translation = content.translation or (0.0,) * len(scale)
            arrays.append(self._spec(_join(path, index), level.pixels.shape, level.pixels, content.axes, level))
            datasets.append(Dataset(str(index), (placement(scale, translation),), extra=level.extra))
        return PyramidSpec(tuple(arrays), (), tuple(datasets))

    def _spec(
        self,
        path: str,
        shape: tuple[int, ...],
        pixels: PixelSource,
        axes: tuple[Axis, ...],
        like: LevelContent | None,
    ) -> ArraySpec:
        names = tuple(axis.name for axis in axes)
        with calling(self.registry.formats, self.version.version, "array_metadata"):
            attributes, dimension_names = self.version.array_metadata(names)
        chunks, shards = self._chunks_and_shards(shape, pixels, axes, like)
        return ArraySpec(
            path=path,
            shape=shape,
            chunks=chunks,
            shards=shards,
            dtype=native_name(pixels.dtype),
            zarr_format=self.version.zarr_format,
            separator=self.version.separator,
            codec=self._codec(pixels, like),
            checksums=self._checksums(like),
            dimension_names=dimension_names,
            attributes={**(like.attributes if like else {}), **attributes},
        )

    def _codec(self, pixels: PixelSource, like: LevelContent | None) -> Codec:
        given = self.options.codec
        if given is not None:
            return Codec.parse(given) if isinstance(given, str) else given
        if like is None or like.codec is None:
            return default_codec(pixels.dtype)
        return Codec(str(like.codec["id"]), {key: value for key, value in like.codec.items() if key != "id"})

    def _checksums(self, like: LevelContent | None) -> bool:
        given, kept = self.options.checksums, like is not None and like.checksums
        if self.version.zarr_format == 3:
            return kept if given is None else given
        if given:
            raise UnsupportedError(no_checksums(self.version, self.registry))
        if kept and given is None:
            _notice(f"NGFF {self.version.version} has no checksums of chunks; omezarr checksum keeps some beside them")
        return False

    def _chunks_and_shards(
        self, shape: tuple[int, ...], pixels: PixelSource, axes: tuple[Axis, ...], like: LevelContent | None
    ) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
        given = sizes_by_axis(self.options.chunks, axes, "chunks")
        own = None if given or like is None else like.chunks
        if own is not None and math.prod(own) * pixels.dtype.itemsize > LARGEST_KEPT_CHUNK:
            _notice(f"chunks of {own} are too large to be kept; written are smaller ones, unless chunks are asked for")
            own = None
        chunks = given or own or default_chunks(pixels.shape, axes, pixels.dtype)
        chunks = tuple(min(chunk, max(size, 1)) for chunk, size in zip(chunks, shape, strict=True))
        if self.options.shards is None:
            kept = like.shards if like is not None and own is not None else None
            if self.version.zarr_format == 2:
                if kept is not None:
                    _notice(f"NGFF {self.version.version} has no shards; each chunk becomes an object of its own")
                return chunks, None
            if kept is None:
                return chunks, default_shards(shape, chunks, pixels.dtype)
            whole = tuple(-(-shard // chunk) * chunk for shard, chunk in zip(kept, chunks, strict=True))
            return chunks, fitting_shards(whole, chunks, shape, axes)
        if self.version.zarr_format == 2:
            able = _zarr_3_versions(self.registry)
            raise UnsupportedError(f"NGFF {self.version.version} has no shards; versions that have: {able}")
        shards = sizes_by_axis(self.options.shards, axes, "shards") or chunks
        return chunks, fitting_shards(shards, chunks, shape, axes)


def no_checksums(version: FormatVersion, registry: Registry) -> str:
    """Return why a version has no checksums of chunks, and what there is instead."""
    able = _zarr_3_versions(registry)
    return (
        f"NGFF {version.version} has no checksums of chunks; versions that have: {able}. For any version, "
        "omezarr checksum PATH keeps a digest of each object beside them"
    )


def _zarr_3_versions(registry: Registry) -> str:
    return ", ".join(name for name, item in registry.formats.items() if item.zarr_format == 3)


def _join(path: str, index: int) -> str:
    return f"{path}/{index}" if path else str(index)


def _notice(message: str) -> None:
    warnings.warn(OMEZarrWarning(message), stacklevel=3)


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
