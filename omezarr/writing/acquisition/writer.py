"""Writing regions of an image that exists, and keeping its levels and display settings up to date."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from attrs import evolve

from omezarr.abc.plan import JOURNAL_PREFIX, CreateArrays, WriteLevels
from omezarr.arrays.contrast import window_of
from omezarr.arrays.documents import Documents
from omezarr.arrays.locks import locked
from omezarr.arrays.specs import spec_of
from omezarr.arrays.stored import StoredArray
from omezarr.arrays.targets import target_of
from omezarr.engine.methods import AS_STORED
from omezarr.engine.region_writer import RegionWriter
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model import Image
from omezarr.model.content import ImageContent, LabelContent, LabelImageContent
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.registry import Registry, registry_in_use
from omezarr.settings import Settings
from omezarr.writing import Planner, WriteOptions, plain_name
from omezarr.writing.attributes import compose_attributes
from omezarr.writing.channels import blank_level, channel_axis_of, measured_channels
from omezarr.writing.images import MEANINGLESS_FOR_LABELS, label_listing, run_plan
from omezarr.writing.options import RunOptions, WriteKeywords
from omezarr.writing.requests import factors_between, merged_options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    import numpy.typing as npt

    from omezarr.abc import ScalingMethod
    from omezarr.abc.plan import ArraySpec
    from omezarr.arrays.targets import Target
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import ImageLabel
    from omezarr.nodes.node import Node
from omezarr.writing.acquisition.begun import SCRATCH, Begun, as_long_as_the_longest, check_run, left_by_another
from omezarr.writing.acquisition.blank import NoPixels, dtype_of, place_of, resized

_PROVISIONAL = window_of(np.zeros(1, dtype="uint8"))
"""The window of channels of which nothing has been written."""

DEFAULT_WAITING_BYTES = 384 * 1024 * 1024
"""How much memory pixels and units that wait may take, unless the caller says otherwise."""


def open_writer(
    location: LocationLike,
    *,
    grows: str | None = None,
    method: str | ScalingMethod | None = None,
    measure_windows: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> ImageWriter:
    """Return what writes regions of an image or label image that is there.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
    grows : str, optional
        The axis along which the image grows when something is written beyond its end.
    method : str or ScalingMethod, optional
        The scaling method of the lower levels. Default: what the metadata names, else "nearest" for labels and
        "local_mean" for images.
    measure_windows : bool
        Whether the windows of the channels are measured anew on close.
    run : RunOptions, optional
        Of these, `memory` bounds what waits to be written or for its unit to be complete, `threads` write it, and
        `resume` takes label images that are there for those that `add_labels` is to make; the others have no meaning
        here.
    storage_options : mapping or StorageOptions, optional
    registry : Registry, optional

    Returns
    -------
    ImageWriter
        Where another writer died, it goes on: axis and windows are those that were asked for then, and the lower
        levels are made anew from what is stored.

    Raises
    ------
    ArgumentError
        If there is no such axis, or `run` has what means nothing here.
    UnsupportedError
        If it is no image, or its levels are not an integer factor apart.
    LockedError
        If somebody else is writing there.
    """
    registry = registry or registry_in_use()
    check_run(run)
    run = run or RunOptions()
    target = Location.parse(location, storage_options)
    node = open_node(target, registry=registry)
    multiscale = node.multiscale
    if multiscale is None or node.format is None:
        raise UnsupportedError(f"{target} is no image, so nothing can be written into it")
    names = [axis.name for axis in node.axes]
    if grows is not None and grows not in names:
        raise ArgumentError(f"the image has no axis {grows!r} that could grow; its axes are {', '.join(names)}")
    is_label = "image-label" in node.facets
    known = multiscale.type if isinstance(multiscale.type, str) else ""
    if method is None:
        usual = "nearest" if is_label else "local_mean"
        made = known if known in registry.scaling_methods else usual
        method = made if len(node.levels) > 1 else AS_STORED
    scaling = registry.scaling_method(method)
    if is_label and not scaling.preserves_values:
        raise UnsupportedError(f"the scaling method {scaling.name!r} makes new values, which would corrupt labels")
    opened = target_of(open_store(target, registry.storage_schemes, write=True))
    found = left_by_another(opened)
    grows = grows or (found.grows if found is not None and found.grows in names else None)
    arrays = [StoredArray.existing(spec_of(level.array, level.path), opened) for level in node.levels]
    if found is not None and grows is not None:
        arrays = as_long_as_the_longest(arrays, names.index(grows))
    specs = [array.spec for array in arrays]
    return ImageWriter(
        node,
        opened,
        RegionWriter(
            arrays,
            [factors_between(large.shape, small.shape) for large, small in pairwise(specs)],
            scaling,
            memory=DEFAULT_WAITING_BYTES if run.memory is None else run.memory,
            threads=Settings.from_environment().threads if run.threads is None else run.threads,
            grows=None if grows is None else names.index(grows),
        ),
        measure_windows=measure_windows or (found is not None and found.measure_windows),
        run=run,
    )


class ImageWriter:
    """Writes regions of an image, in any order and from any number of threads; see `create_writer`.

    Parameters
    ----------
    node : Node
    target : Target
    regions : RegionWriter
    measure_windows : bool
    run : RunOptions
        Whether label images that are there are gone on with; how long a lease holds.
    """

    def __init__(
        self, node: Node, target: Target, regions: RegionWriter, *, measure_windows: bool, run: RunOptions
    ) -> None:
        self._node = node
        self._target = target
        self._regions = regions
        self._measure_windows = measure_windows
        self._names = [axis.name for axis in node.axes]
        self._labels: list[ImageWriter] = []
        self._held = ExitStack()
        self._held.enter_context(locked(target, f"{JOURNAL_PREFIX}/append.lock", lease=run.lease))
        target.scratch = SCRATCH
        found = left_by_another(target)
        self._resume = run.resume or found is not None
        assert node.format is not None
        self._documents = Documents(target, node.format.zarr_format)
        consolidated = self._documents.is_consolidated()
        self._consolidated = consolidated or (found is not None and found.consolidated)
        grows = None if regions.grows is None else self._names[regions.grows]
        Begun(grows=grows, measure_windows=measure_windows, consolidated=self._consolidated).note(target)
        if consolidated:
            self._documents.drop_consolidated()
        if found is not None:
            regions.store_shapes()
            regions.mark_stored()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def location(self) -> Location:
        """Where the image is."""
        return self._node.location

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the image, as far as it has grown."""
        return self._regions.shape

    def write(self, pixels: npt.ArrayLike, **where: int | slice) -> None:
        """Write a frame or region, now or a little later: pixels wait in memory for threads, as long as there is room.

        `update` returns when all is stored. Pixels that take more than a third of the memory are stored at once.

        Parameters
        ----------
        pixels : array
            Of the dtype of the image, with one dimension for each axis that `where` does not fix to one index.
        **where
            For each axis an index, or a slice with a step of 1; axes that are not named are written whole.

        Raises
        ------
        ArgumentError
            If pixels or place do not fit the image.
        WriteError
            If the store refused these pixels or some before, which are kept then and tried again by the next call; if
            it was some before, nothing of these is taken.

        Examples
        --------
        ``writer.write(frame, t=5, c=0)`` or ``writer.write(tile, t=5, c=0, y=slice(0, 256), x=slice(256, 512))``
        """
        self._check_open()
        unknown = [name for name in where if name not in self._names]
        if unknown:
            raise ArgumentError(f"the image has no axis {unknown[0]!r}; its axes are {', '.join(self._names)}")
        block = np.asarray(pixels)
        region: list[slice] = []
        fixed: list[int] = []
        lengths = list(block.shape)
        for index, (name, size) in enumerate(zip(self._names, self.shape, strict=True)):
            place = where.get(name, slice(None))
            inner = index - len(fixed)
            region.append(place_of(name, place, size, lengths[inner] if inner < len(lengths) else 0))
            if not isinstance(place, slice):
                fixed.append(index)
        if block.ndim == len(self._names) - len(fixed):
            block = np.expand_dims(block, tuple(fixed))
        self._regions.write(tuple(region), block)

    def append(self, pixels: npt.ArrayLike) -> None:
        """Write frames behind the last one along the axis that grows.

        Parameters
        ----------
        pixels : array
            With all axes, or without the one that grows for a single frame.

        Raises
        ------
        ArgumentError
            If the image does not grow, or the pixels do not fit.
        """
        self._check_open()
        axis = self._regions.grows
        if axis is None:
            raise ArgumentError("the image does not grow; say where to write, or create it with None in its shape")
        block = np.asarray(pixels)
        if block.ndim == len(self._names) - 1:
            block = np.expand_dims(block, axis)
        self._regions.append(block)

    def add_labels(
        self,
        name: str,
        dtype: npt.DTypeLike = "uint32",
        *,
        metadata: ImageLabel | None = None,
        options: WriteOptions | None = None,
        **given: Unpack[WriteKeywords],
    ) -> ImageWriter:
        """Create a label image without pixels, and return what writes it; it is closed with the image.

        Parameters
        ----------
        name : str
        dtype : dtype
            Of integers.
        metadata : ImageLabel, optional
        options : WriteOptions, optional
            Chunks, codec and label method; single ones may be given as keywords instead.
        **given
            Fields of `WriteOptions`, but for those that the image decides.

        Returns
        -------
        ImageWriter

        Raises
        ------
        TargetExistsError
            If there is a label image of that name.
        """
        self._check_open()
        registry = self._node.registry
        version = self._node.format
        assert version is not None
        grows = self._regions.grows
        shape = tuple(max(size, 1) for size in self.shape)
        source = NoPixels(shape, dtype_of(dtype))
        geometry = self._node.levels[0].geometry
        content = ImageContent(
            pixels=source,
            axes=self._node.axes,
            scale=geometry.scale if geometry else None,
            translation=geometry.translation if geometry else None,
        )
        chosen = merged_options(options, given, MEANINGLESS_FOR_LABELS)
        chosen = evolve(chosen, format=version.version, allow_lossy=True)
        planner = Planner(chosen, registry)
        label = LabelContent(pixels=source, metadata=metadata)
        place = self.location.below("labels").below(plain_name(name))
        planned = LabelImageContent(name=name, label=label, image=content, factors=self._regions.factors)
        phases = [
            evolve(
                phase,
                steps=tuple(
                    CreateArrays(arrays=tuple(self._resized(spec, chosen) for spec in step.arrays))
                    if isinstance(step, WriteLevels)
                    else step
                    for step in phase.steps
                ),
            )
            for phase in planner.plan(planned)
        ]
        listing = (self.location, label_listing(name, planner))
        run_plan(planner.whole(place, phases), registry, RunOptions(resume=self._resume), listing=listing)
        writer = open_writer(
            place,
            grows=None if grows is None else self._names[grows],
            run=RunOptions(memory=self._regions.memory, threads=self._regions.threads),
            registry=registry,
        )
        self._labels.append(writer)
        return writer

    def update(self) -> None:
        """Store what waits, and bring all levels up to date with what has been written."""
        self._check_open()
        self._regions.update()

    def close(self) -> None:
        """Finish: store what waits, bring levels and windows up to date, close the labels, release the lock."""
        if self._closed:
            return
        try:
            for writer in self._labels:
                writer.close()
            self._regions.update()
            if self._measure_windows and 0 not in self.shape:
                self._write_windows()
            if self._consolidated:
                self._documents.consolidate()
            self._target.clear(self._target.scratch)
        finally:
            self._closed = True
            self._regions.close()
            self._held.close()
            self._target.tidy()

    def _resized(self, spec: ArraySpec, options: WriteOptions) -> ArraySpec:
        """Return a level of a label image, as long along the axis that grows as the image is so far."""
        axis = self._regions.grows
        return spec if axis is None else resized(spec, axis, self.shape[axis], options, self._node.axes)

    def _check_open(self) -> None:
        if self._closed:
            raise ArgumentError("this writer is closed; open another one with open_writer")

    def _write_windows(self) -> None:
        """Replace the windows of the channels by what the pixels say."""
        node = self._node
        version, image = node.format, node.image
        assert version is not None
        if image is None or not image.omero:
            return
        given = image.omero.channels or ()
        if all(channel.window and channel.window != _PROVISIONAL for channel in given):
            return
        windows = self._regions.windows(channel_axis_of(node.axes))
        channels = tuple(evolve(channel, window=window) for channel, window in zip(given, windows, strict=True))
        content = ImageContent(pixels=NoPixels(self.shape, self._regions.dtype), axes=node.axes, channels=channels)
        measured = measured_channels(content, blank_level(content))
        kept = tuple(
            evolve(new, window=old.window if old.window and old.window != _PROVISIONAL else new.window)
            for old, new in zip(given, measured, strict=True)
        )
        facets = {
            key: evolve(facet, omero=evolve(image.omero, channels=kept)) if isinstance(facet, Image) else facet
            for key, facet in node.facets.items()
        }
        attributes = compose_attributes(
            evolve(node.metadata, facets=facets), version, node.registry, node.array_facts()
        )
        self._documents.write_attributes("", attributes)
