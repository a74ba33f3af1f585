"""Writing the pixels of images and label images into zarr groups, with what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import zarr
from attrs import evolve

import omezarr
from omezarr import Codec, ImageContent, LabelContent
from omezarr.errors import ArgumentError
from omezarr.model import relative_scales
from omezarr.model.content import LabelImageContent, LevelContent
from omezarr.writing.image_description import image_content
from omezarr_compat._codecs import codec_of, default_codec
from omezarr_compat._documents import (
    UNSIZED,
    _get_valid_axes,
    checked_omero,
    get_metadata,
    name_of,
    set_metadata,
    with_units,
    write_label_metadata,
)
from omezarr_compat.scale import METHODS, Scaler, Steps

if TYPE_CHECKING:
    from omezarr_compat.format import Format, Transformations
    from omezarr_compat.types import JSONDict

FIVE_DIMENSIONS = ("0.1", "0.2")
"""Versions whose images have five dimensions."""

STORAGE = ("chunks", "shards", "compressor", "compressors", "dimension_separator")
"""What may be said of how levels are stored."""


@dataclass
class Picture:
    """An image, or a label image, that is to be written.

    Parameters
    ----------
    levels : list of array
        Those that are given, the largest first.
    group : zarr.Group
        Of the image; that of a label image is below it.
    fmt : Format
    axes, transformations, storage_options, chunks, metadata
        As they were given.
    label : str, optional
        The name of a label image.
    label_metadata : dict, optional
        Of a label image.
    scale, axes_units : mapping, optional
        The size of a pixel, and its unit, by the name of the axis.
    """

    levels: list[Any]
    group: zarr.Group
    fmt: Format
    axes: Any = None
    transformations: Transformations | None = None
    storage_options: JSONDict | list[JSONDict] | None = None
    chunks: tuple[int, ...] | int | None = None
    metadata: JSONDict = field(default_factory=dict)
    label: str | None = None
    label_metadata: JSONDict | None = None
    scale: Mapping[str, float] | None = None
    axes_units: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.fmt.version in FIVE_DIMENSIONS:
            self.levels = [level.reshape((1,) * (5 - level.ndim) + level.shape) for level in self.levels]
        axes = _get_valid_axes(self.levels[0].ndim, self.axes, self.fmt)
        self.axes = with_units(axes, self.axes_units, self.fmt) or list("tczyx")
        if self.scale and (self.fmt.version in UNSIZED or self.transformations is not None):
            raise ArgumentError(
                "scale needs version 0.4 or later, and no coordinate_transformations, which say the same"
            )
        unknown = [key for key in self.metadata if key not in ("name", "metadata")]
        if unknown:
            raise ArgumentError(f"unknown argument {unknown[0]!r}; give metadata={{...}} for what is said besides")
        self.said: JSONDict = dict(self.metadata.get("metadata") or {})
        if "omero" in self.said:
            self.said["omero"] = checked_omero(self.said["omero"])

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.metadata.get("name") or self.label or name_of(self.group))

    def storage(self, level: int) -> JSONDict:
        """Return how a level is stored, as it was given."""
        given = self.storage_options or {}
        found = dict(given if isinstance(given, Mapping) else given[level])
        unknown = [key for key in found if key not in STORAGE]
        if unknown:
            raise ArgumentError(f"unknown storage option {unknown[0]!r}; known: {', '.join(STORAGE)}")
        separator = self.fmt.chunk_key_encoding["separator"]
        if found.pop("dimension_separator", separator) != separator:
            raise ArgumentError(f"the separator of version {self.fmt.version} cannot be chosen; leave it out")
        return found

    def chunks_of(self, level: int, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the chunks of a level of this shape."""
        given = self.storage(level).get("chunks", self.chunks)
        return None if given is None else _retuple(given, shape)

    def codec(self, level: int) -> Codec:
        """Return how a level is compressed."""
        pixels = self.levels[0]
        return codec_of(self.storage(level), pixels.dtype.itemsize) or default_codec(self.fmt)

    def geometry(self, level: int) -> JSONDict:
        """Return scale and translation of a level, by these names, as far as they were given."""
        if self.transformations is None or self.fmt.version in UNSIZED:
            return {}
        return {item["type"]: tuple(item[item["type"]]) for item in self.transformations[level]}


def write_picture(picture: Picture, maker: Scaler | Steps | None, *, compute: bool) -> list[Any]:
    """Write a picture; return a delayed object that does so instead, where it is not to be done yet.

    Parameters
    ----------
    picture : Picture
    maker : Scaler or Steps, optional
        What makes the lower levels; None: all are given.
    compute : bool
    """
    base = picture.levels[0]
    steps: Steps | None = None
    if isinstance(maker, Steps):
        steps = maker
    elif type(maker) is Scaler and maker.method in METHODS:
        steps = maker.steps(base.ndim)
    elif maker is not None:
        picture.levels = list(maker.func(base))
    if steps is not None and isinstance(picture.storage_options, list):
        picture.levels, steps = steps.levels(base), None
    count = len(picture.levels) if steps is None else len(steps.factors) + 1
    if picture.transformations is not None:
        picture.fmt.validate_coordinate_transformations(picture.levels[0].ndim, count, picture.transformations)
    work = partial(_write, picture, steps)
    if compute:
        work()
        return []
    from dask.delayed import delayed

    return [delayed(work, name=f"write-{picture.name}", traverse=False)()]


def _write(picture: Picture, steps: Steps | None) -> None:
    place = picture.group
    if picture.label is not None:
        place = picture.group.require_group(f"labels/{picture.label}")
    content = _content(picture, steps)
    written: Any = content
    if picture.label is not None:
        label = LabelContent(
            pixels=content.pixels,
            axes=content.axes,
            scale=content.scale,
            translation=content.translation,
            levels=content.levels,
        )
        kept = ((1,) * len(content.axes),) * (len(picture.levels) - 1)
        factors = kept if steps is None else steps.factors
        written = LabelImageContent(name=picture.label, label=label, image=content, factors=factors)
    omezarr.write_into(place, written, **_options(picture, steps))
    _complete_document(picture, place)


def _content(picture: Picture, steps: Steps | None) -> ImageContent:
    first = picture.geometry(0)
    content = image_content(
        picture.levels[0],
        axes=picture.axes,
        name=picture.name,
        scale=first.get("scale") or picture.scale,
        translation=first.get("translation"),
    )
    if steps is not None:
        return content
    levels = []
    base = content.scale or (1.0,) * len(content.axes)
    ratios = relative_scales(level.shape for level in picture.levels)
    for number, (pixels, ratio) in enumerate(zip(picture.levels, ratios, strict=True)):
        given = picture.geometry(number)
        levels.append(
            LevelContent(
                pixels=image_content(pixels, axes=picture.axes).pixels,
                scale=given.get("scale") or tuple(size * factor for size, factor in zip(base, ratio, strict=True)),
                translation=given.get("translation") or (0.0,) * len(base),
                chunks=picture.chunks_of(number, pixels.shape),
                shards=picture.storage(number).get("shards"),
                codec={"id": picture.codec(number).name, **picture.codec(number).options},
            )
        )
    return evolve(content, levels=tuple(levels))


def _options(picture: Picture, steps: Steps | None) -> dict[str, Any]:
    """Return the options of omezarr that say the same."""
    options: dict[str, Any] = {"format": picture.fmt.version, "allow_lossy": True}
    if steps is None:
        return options if picture.label is not None else {**options, "levels": len(picture.levels)}
    pixels = picture.levels[0]
    options["method" if picture.label is None else "label_method"] = steps.method
    if picture.label is None:
        options.update(factors=list(steps.factors), levels=len(steps.factors) + 1)
    options.update(
        chunks=picture.chunks_of(0, pixels.shape), shards=picture.storage(0).get("shards"), codec=picture.codec(0)
    )
    return options


def _complete_document(picture: Picture, place: zarr.Group) -> None:
    """Add to the document of what has been written what the caller says of it."""
    said = dict(picture.said)
    # The group that the caller holds remembers the attributes that it had.
    place.update_attributes(zarr.open_group(place.store_path, mode="r").attrs.asdict())
    document = get_metadata(place)
    if "omero" in said:
        document["omero"] = said.pop("omero")
    multiscale = document["multiscales"][0]
    if said:
        multiscale["metadata"] = {**multiscale.get("metadata", {}), **said}
    if picture.transformations is not None:
        for dataset, given in zip(multiscale["datasets"], picture.transformations, strict=True):
            dataset["coordinateTransformations"] = given
    if picture.said or picture.transformations is not None:
        set_metadata(place, document, picture.fmt)
    if picture.label is not None:
        write_label_metadata(picture.group["labels"], picture.label, fmt=picture.fmt, **(picture.label_metadata or {}))  # type: ignore[arg-type]


def _retuple(chunks: Sequence[int] | int, shape: Sequence[int]) -> tuple[int, ...]:
    """Return chunks for all axes: those that are given are of the last ones, a number is of all."""
    if isinstance(chunks, int):
        return (chunks,) * len(shape)
    return (*shape[: len(shape) - len(chunks)], *chunks)
