"""Writing OME-Zarr: images, labels, given levels, plates.

Each function describes what is to be written as content, makes a plan of it, and has the engine carry the plan out.
Nothing is written before the whole request has been found possible.

Examples
--------
>>> import numpy as np
>>> cells = np.zeros((64, 64), dtype="uint8")
>>> node = write_image("memory://doc-write/cells.ome.zarr", cells, axes="yx", channels=["DAPI"])
>>> node.channels[0].label
'DAPI'
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from omezarr.abc.plan import Phase, Plan
from omezarr.arrays import as_source
from omezarr.arrays.integers import as_labels
from omezarr.engine import execute
from omezarr.engine.methods import naming
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.model import GroupMetadata, Image, ImageLabel, Labels, Multiscale, relative_scales
from omezarr.model.content import ImageContent, LabelContent, LabelImageContent, LevelContent
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.writing import Planner, plain_name, plan_content
from omezarr.writing.image_description import as_model, image_content
from omezarr.writing.options import RunOptions
from omezarr.writing.requests import ImageKeywords, Request, WriterKeywords, factors_between, spelled_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import OpenedStore, PixelSource, ScalingMethod
    from omezarr.location import Location, LocationLike
    from omezarr.model.content import Content
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry
    from omezarr.writing import WriteOptions


MEANINGLESS_FOR_LABELS = {
    **dict.fromkeys(("format", "factors", "levels", "expand_axes"), "labels take it from their image"),
    "method": "labels are scaled by label_method",
    "consolidated": "the hierarchy of the image is there already",
}
"""Options that no label image has a use for: why."""

MEANINGLESS_FOR_LEVELS = {
    **dict.fromkeys(("factors", "levels"), "it follows from the levels that are given"),
    "label_method": "no label image is written",
}
"""Options that have no use where all levels are given: why."""


@spelled_out(WriterKeywords)
def write_content(
    location: LocationLike, content: Content, options: WriteOptions | None = None, **given: Unpack[WriterKeywords]
) -> Node:
    """Write described content to a new hierarchy, and open it.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the root group will be.
    content : Content
        Of any class that a node type writes: `ImageContent`, `PlateContent`, `CollectionContent`, `SceneContent` and
        those of plugins.
    options : WriteOptions, optional
        Format, levels, chunks, codec and so on; single ones may be given as keywords instead, for example
        ``format="0.4"``.
    **given
        `WriterKeywords`: the fields of `WriteOptions`, overwrite, run, storage_options, registry; anything else is an
        error.

    Returns
    -------
    Node

    Raises
    ------
    TargetExistsError
        If something is there.
    UnsupportedError, LossyError, ArgumentError, MetadataError
        If the request cannot be met, or would not be valid; nothing has been written then.
    WriteError
        If writing failed midway; the message says what remains.
    """
    return written(Request.of(location, options, given, WriterKeywords), content)


def written(request: Request, content: Content) -> Node:
    """Write the content that a request asks for, and open it."""
    plan = plan_content(request.target, content, request.options, request.registry, overwrite=request.overwrite)
    run_plan(plan, request.registry, request.run)
    return open_node(request.target, registry=request.registry)


def run_plan(
    plan: Plan, registry: Registry, run: RunOptions | None = None, *, listing: tuple[Location, Phase] | None = None
) -> bool:
    """Carry out a plan.

    Parameters
    ----------
    plan : Plan
    registry : Registry
        Opens the stores.
    run : RunOptions, optional
    listing : tuple of Location and Phase, optional
        The hierarchy that lists the new one, and the steps that enter it there once it is complete.

    Returns
    -------
    bool
        False where nothing was left to do.
    """
    run = run or RunOptions()

    def opener(location: Location, *, write: bool) -> OpenedStore:
        return open_store(location, registry.storage_schemes, write=write)

    def entered() -> None:
        if listing is not None:
            place, phase = listing
            run_plan(Plan(target=place, zarr_format=plan.zarr_format, phases=(phase,), create=False), registry)

    with registry.in_use():
        return execute(
            plan,
            open_store=opener,
            memory=run.memory,
            threads=run.threads,
            progress=run.progress,
            scheduler=run.scheduler,
            resume=run.resume,
            lease=run.lease,
            committed=entered,
        )


@spelled_out(ImageKeywords)
def write_image(
    location: LocationLike,
    image: Any,
    *,
    name: str | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    labels: Mapping[str, Any] | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> Node:
    """Write an image with all its levels.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the image's group will be.
    image : array
        From numpy, dask, zarr, xarray or a memory map; read once, region by region.
    name : str, optional
    translation : sequence or mapping, optional
        The position of the first pixel.
    labels : mapping, optional
        Name to label array.
    options : WriteOptions, optional
        As for `write_content`.
    **given
        `PixelKeywords`, which are axes, scale, units and channels, and `WriterKeywords`, as for `write_content`.

    Returns
    -------
    Node
        The image, opened for reading.

    Raises
    ------
    ArgumentError, UnsupportedError, LossyError, TargetExistsError, WriteError
        See `write_content`.

    Examples
    --------
    >>> import numpy as np
    >>> stack = np.zeros((2, 300, 400), dtype="uint16")
    >>> node = write_image(
    ...     "memory://doc-write/stack.ome.zarr", stack, axes="cyx", scale=0.65, units="micrometer", chunks=(1, 128, 128)
    ... )
    >>> [level.shape for level in node.levels]
    [(2, 300, 400), (2, 150, 200), (2, 75, 100)]
    """
    request = Request.of(location, options, given)
    content = image_content(image, name=name, translation=translation, labels=labels, **request.pixels)
    return written(request, content)


@spelled_out(WriterKeywords)
def write_labels(
    location: LocationLike,
    labels: Any,
    name: str,
    *,
    metadata: ImageLabel | Mapping[str, Any] | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[WriterKeywords],
) -> Node:
    """Add a label image to an image that is there.

    Format, axes, geometry, number of levels and factors are those of the image.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        The image.
    labels : array
        Integers, in the image's axes; each as long as the image's, or 1. A missing channel axis is added.
    name : str
        The name of the label image.
    metadata : ImageLabel or mapping, optional
        Colours and properties, as a value or in their JSON form.
    options : WriteOptions, optional
        Chunks, shards, codec and label method.
    **given
        `WriterKeywords`, as for `write_content`; `overwrite` replaces a label image of that name, its siblings stay as
        they are.

    Returns
    -------
    Node
        The label image.

    Raises
    ------
    TargetExistsError
        If there is a label image of that name.
    ArgumentError
        If an option is given that the image decides, or that means nothing for labels.
    UnsupportedError, WriteError
        See `write_content`.

    Examples
    --------
    >>> import numpy as np
    >>> path = "memory://doc-write/segmented.ome.zarr"
    >>> image = write_image(path, np.zeros((64, 64), dtype="uint8"))
    >>> write_labels(path, np.zeros((64, 64), dtype="uint32"), "nuclei").key
    'image-label'
    """
    request = Request.of(location, options, given, WriterKeywords, MEANINGLESS_FOR_LABELS)
    registry, target = request.registry, request.target
    image = open_node(target, registry=registry)
    if image.multiscale is None or image.version is None:
        raise UnsupportedError(f"{target} is no image, so labels cannot be added to it")
    shapes = [level.shape for level in image.levels]
    geometry = image.levels[0].geometry
    content = ImageContent(
        pixels=as_source(image.levels[0].array),
        axes=image.axes,
        scale=geometry.scale if geometry else None,
        translation=geometry.translation if geometry else None,
    )
    factors = tuple(factors_between(large, small) for large, small in pairwise(shapes))
    chosen = evolve(request.options, format=image.version, allow_lossy=True)
    described = None if metadata is None else as_model(metadata, ImageLabel)
    label = LabelContent(pixels=as_labels(labels), metadata=described)
    place = target.below("labels").below(plain_name(name))
    planner = Planner(chosen, registry)
    phases = planner.plan(LabelImageContent(name=name, label=label, image=content, factors=factors))
    plan = planner.whole(place, phases, overwrite=request.overwrite)
    run_plan(plan, registry, request.run, listing=(target, label_listing(name, planner)))
    return open_node(place, registry=registry)


def label_listing(name: str, planner: Planner) -> Phase:
    """Return the phase that enters a label image in the list of its image, whose group is planned."""
    labels = planner.below("labels")
    steps = (labels.group({"labels": Labels(())}), labels.listed("labels", (), (name,)))
    return Phase(name="list of labels", steps=steps)


@spelled_out(ImageKeywords)
def write_multiscale(  # type: ignore[misc]  # here levels are arrays, and how many there are is no option
    location: LocationLike,
    levels: Sequence[Any],
    *,
    name: str | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> Node:
    """Write an image whose levels are given.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the image's group will be.
    levels : sequence of array
        The largest first, all with the same axes and dtype.
    name, translation
        As for `write_image`; the position is that of the first pixel of the first level, and so is the scale.
    options : WriteOptions, optional
        As for `write_content`. `method` says how the levels were made: the position of their first samples follows
        from it. Where it is not given, the first samples of all levels are taken to be at the same place.
    **given
        `PixelKeywords` and `WriterKeywords`, as for `write_image`.

    Returns
    -------
    Node

    Raises
    ------
    ArgumentError
        If a level does not fit the one before, or an option is given that the levels decide.
    UnsupportedError, LossyError, TargetExistsError, WriteError
        See `write_content`.

    Examples
    --------
    >>> import numpy as np
    >>> full = np.arange(64.0).reshape(8, 8)
    >>> node = write_multiscale("memory://doc-write/given.ome.zarr", [full, full[::2, ::2]], axes="yx")
    >>> node.levels[1].scale
    (2.0, 2.0)
    """
    request = Request.of(location, options, given, meaningless=MEANINGLESS_FOR_LEVELS)
    sources = [as_source(level) for level in levels]
    if not sources:
        raise ArgumentError("an image has at least one level; none is given")
    for index, (large, small) in enumerate(pairwise(sources), 1):
        if len(large.shape) != len(small.shape) or large.dtype != small.dtype:
            raise ArgumentError(f"level {index} differs from level {index - 1} in its dimensions or dtype")
        if any(size > full for size, full in zip(small.shape, large.shape, strict=True)):
            raise ArgumentError(f"level {index} of shape {small.shape} is larger than level {index - 1}")
    content = image_content(sources[0], name=name, translation=translation, **request.pixels)
    told = "method" in request.options.given
    content = _with_levels(content, sources, request.registry.scaling_method(request.options.method) if told else None)
    options = evolve(request.options, levels=len(sources), given=request.options.given - {"method"})
    return written(evolve(request, options=options), content)


def _with_levels(content: ImageContent, levels: Sequence[PixelSource], method: ScalingMethod | None) -> ImageContent:
    """Return an image with levels that are given, placed as the method that made them does.

    Where no method is named, the first samples of all levels are at the same place.
    """
    ndim = len(content.axes)
    base, start = content.scale or (1.0,) * ndim, content.translation or (0.0,) * ndim
    found = []
    for pixels, ratio in zip(levels, relative_scales(level.shape for level in levels), strict=True):
        offsets = [0.0 if method is None else _origin(method, factor) for factor in ratio]
        place = tuple(first + size * offset for first, size, offset in zip(start, base, offsets, strict=True))
        scale = tuple(size * factor for size, factor in zip(base, ratio, strict=True))
        found.append(LevelContent(pixels=pixels, scale=scale, translation=place))
    said = Multiscale(
        datasets=(),
        type=method.name if method is not None and len(levels) > 1 else "unknown",
        metadata={"description": "the levels were given; how they were made is not known"},
    )
    groups = {"": GroupMetadata(facets={"multiscales": Image((said,))})}
    return evolve(content, levels=tuple(found), groups=groups)


def _origin(method: ScalingMethod, factor: float) -> float:
    """Return where the first sample of a level is, in samples of the first level; factors need not be whole numbers."""
    if factor <= 1:
        return 0.0
    if not factor.is_integer():
        return (factor - 1) / 2
    with naming(method, "origin"):
        return method.origin(int(factor))
