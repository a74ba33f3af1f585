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
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from omezarr.abc.plan import MergeIntoList, Phase, Plan
from omezarr.arrays import as_source
from omezarr.engine import execute
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model.content import Content, ImageContent, LabelContent
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.registry import Registry, default_registry
from omezarr.writing import Planner, WriteOptions, plain_name, plan_content
from omezarr.writing.attributes import document_path
from omezarr.writing.requests import factors_between, image_content, merged_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import OpenedStore
    from omezarr.abc.plan import ProgressCallback
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import Axis, Channel, ImageLabel
    from omezarr.nodes.node import Node


@frozen(kw_only=True)
class RunOptions:
    """How a plan is carried out; it changes nothing in the result.

    Parameters
    ----------
    memory : int, optional
        Bytes that the engine may use of its own.
    threads : int, optional
        Default: the cores that the process may use.
    scheduler : optional
        A ``dask.distributed`` client, its address, or ``"local:N"``. Default: threads of this process.
    progress : callable, optional
        Called with `omezarr.abc.plan.Progress`.
    resume : bool
        Whether to go on with what an interrupted call with the same arguments left.
    """

    memory: int | None = None
    threads: int | None = None
    scheduler: Any = None
    progress: ProgressCallback | None = None
    resume: bool = False


def write_content(
    location: LocationLike,
    content: Content,
    options: WriteOptions | None = None,
    *,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Node:
    """Write described content to a new hierarchy, and open it.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the root group will be.
    content : ImageContent, PlateContent or CollectionContent
    options : WriteOptions, optional
    overwrite : bool
        Whether a zarr hierarchy that is there is replaced.
    run : RunOptions, optional
    storage_options : mapping or StorageOptions, optional
    registry : Registry, optional

    Returns
    -------
    Node

    Raises
    ------
    TargetExistsError
        If something is there.
    UnsupportedError, LossyError, ArgumentError
        If the request cannot be met; nothing has been written then.
    WriteError
        If writing failed midway; the message says what remains.
    """
    registry = registry or default_registry()
    target = Location.parse(location, storage_options)
    plan = plan_content(target, content, options or WriteOptions(), registry, overwrite=overwrite)
    run_plan(plan, registry, run)
    return open_node(target, registry=registry)


def run_plan(plan: Plan, registry: Registry, run: RunOptions | None = None) -> None:
    """Carry out a plan.

    Parameters
    ----------
    plan : Plan
    registry : Registry
        Opens the stores.
    run : RunOptions, optional
    """
    run = run or RunOptions()

    def opener(location: Location, *, write: bool) -> OpenedStore:
        return open_store(location, registry.storage_schemes, write=write)

    execute(
        plan,
        open_store=opener,
        memory=run.memory,
        threads=run.threads,
        progress=run.progress,
        scheduler=run.scheduler,
        resume=run.resume,
    )


def write_image(
    location: LocationLike,
    image: Any,
    *,
    axes: str | Sequence[str | Axis] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    labels: Mapping[str, Any] | None = None,
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
) -> Node:
    """Write an image with all its levels.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the image's group will be.
    image : array
        From numpy, dask, zarr or a memory map; read once, region by region.
    axes : str or sequence, optional
        One letter an axis, such as "czyx", or names, or `Axis` values. Default: "yx" for two dimensions, "tczyx" for
        five.
    name : str, optional
    scale : float, sequence or mapping, optional
        The size of a pixel: one number for all spatial axes, one for each axis, or by axis name.
    translation : sequence or mapping, optional
        The position of the first pixel.
    units : str or mapping, optional
        One name for all spatial axes, or by axis name, for example ``{"t": "second", "x": "micrometer"}``.
    channels : sequence, optional
        A name, a `Channel` or its JSON form for each channel.
    labels : mapping, optional
        Name to label array.
    options : WriteOptions, optional
        Format, levels, chunks, codec and so on; single ones may be given as keywords instead, for example
        ``format="0.4"``.
    overwrite : bool
        Whether a zarr hierarchy that is there is replaced.
    run : RunOptions, optional
        Memory, threads, scheduler, progress.
    storage_options : mapping or StorageOptions, optional
    registry : Registry, optional
    **write_options
        Fields of `WriteOptions`; anything else is an error.

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
    content = image_content(
        image,
        axes=axes,
        name=name,
        scale=scale,
        translation=translation,
        units=units,
        channels=channels,
        labels=labels,
    )
    return write_content(
        location,
        content,
        merged_options(options, write_options),
        overwrite=overwrite,
        run=run,
        storage_options=storage_options,
        registry=registry,
    )


def write_labels(
    location: LocationLike,
    labels: Any,
    name: str,
    *,
    metadata: ImageLabel | None = None,
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
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
    metadata : ImageLabel, optional
        Colours and properties.
    options : WriteOptions, optional
        Chunks, codec, label method; single ones may be given as keywords instead.
    overwrite : bool
        Whether a label image of that name is replaced. Its siblings stay as they are.
    run : RunOptions, optional
    storage_options : mapping or StorageOptions, optional
    registry : Registry, optional
    **write_options
        Fields of `WriteOptions` but for format, factors and levels, which are the image's.

    Returns
    -------
    Node
        The label image.

    Raises
    ------
    TargetExistsError
        If there is a label image of that name.
    ArgumentError, UnsupportedError, WriteError
        See `write_content`.

    Examples
    --------
    >>> import numpy as np
    >>> path = "memory://doc-write/segmented.ome.zarr"
    >>> image = write_image(path, np.zeros((64, 64), dtype="uint8"))
    >>> write_labels(path, np.zeros((64, 64), dtype="uint32"), "nuclei").key
    'image-label'
    """
    registry = registry or default_registry()
    target = Location.parse(location, storage_options)
    image = open_node(target, registry=registry)
    if image.multiscale is None or image.version is None:
        raise UnsupportedError(f"{target} is no image, so labels cannot be added to it")
    fixed = [key for key in ("format", "factors", "levels") if key in write_options]
    if fixed:
        raise ArgumentError(f"{', '.join(fixed)} of labels are those of the image and cannot be given")
    shapes = [level.shape for level in image.levels]
    geometry = image.levels[0].geometry
    content = ImageContent(
        pixels=as_source(image.levels[0].array),
        axes=image.axes,
        scale=geometry.scale if geometry else None,
        translation=geometry.translation if geometry else None,
    )
    factors = tuple(factors_between(large, small) for large, small in pairwise(shapes))
    chosen = evolve(merged_options(options, write_options), format=image.version, allow_lossy=True)
    planner = Planner(chosen, registry)
    label = LabelContent(pixels=as_source(labels), metadata=metadata)
    place = target.below("labels").below(plain_name(name))
    phase = planner.label_phase("", name, label, content, factors)
    zarr_format = planner.version.zarr_format
    run_plan(Plan(target=place, zarr_format=zarr_format, phases=(phase,), overwrite=overwrite), registry, run)
    listed = MergeIntoList(path="labels", keys=document_path(planner.version, "labels"), items=(name,))
    register = Phase(name="list of labels", steps=(planner.labels_group("", ()), listed))
    run_plan(Plan(target=target, zarr_format=zarr_format, phases=(register,), create=False), registry)
    return open_node(place, registry=registry)


def write_multiscale(
    location: LocationLike,
    levels: Sequence[Any],
    *,
    axes: str | Sequence[str | Axis] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
) -> Node:
    """Write an image whose levels are given.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the image's group will be.
    levels : sequence of array
        The largest first, all with the same axes and dtype.
    axes, name, scale, translation, units, channels, options, overwrite, run, storage_options, registry
        As for `write_image`; scale and translation are those of the first level.
    **write_options
        Fields of `WriteOptions`. `method` says how the levels were made: the position of their first samples follows
        from it. Without it the first samples of all levels are taken to be at the same place.

    Returns
    -------
    Node

    Raises
    ------
    ArgumentError
        If a level does not fit the one before.
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
    registry = registry or default_registry()
    sources = [as_source(level) for level in levels]
    if not sources:
        raise ArgumentError("an image has at least one level; none is given")
    for index, (large, small) in enumerate(pairwise(sources), 1):
        if len(large.shape) != len(small.shape) or large.dtype != small.dtype:
            raise ArgumentError(f"level {index} differs from level {index - 1} in its dimensions or dtype")
        if any(size > full for size, full in zip(small.shape, large.shape, strict=True)):
            raise ArgumentError(f"level {index} of shape {small.shape} is larger than level {index - 1}")
    fixed = [key for key in ("factors", "levels") if key in write_options]
    if fixed:
        raise ArgumentError(f"{', '.join(fixed)} follow from the levels and cannot be given")
    content = image_content(
        sources[0], axes=axes, name=name, scale=scale, translation=translation, units=units, channels=channels
    )
    chosen = merged_options(options, write_options)
    told = "method" in write_options or options is not None
    planner = Planner(chosen if told else evolve(chosen, method="nearest"), registry)
    phases = planner.given_levels_phases(content, sources, method_known=told)
    target = Location.parse(location, storage_options)
    plan = Plan(target=target, zarr_format=planner.version.zarr_format, phases=tuple(phases), overwrite=overwrite)
    run_plan(plan, registry, run)
    return open_node(target, registry=registry)
