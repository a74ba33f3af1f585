"""Appending a channel to an image that is there, without touching what is stored of the others.

The pixels of all levels are first written beside the image, where nobody looks for them, then put where the chunks of
one more channel lie; only after that do the arrays become longer, the largest level last, and the channel gets its
name. So whoever opens the image at any moment sees the channels of before, or the new one complete.

Examples
--------
>>> import numpy as np, omezarr
>>> path, pixels = "memory://stained.ome.zarr", np.zeros((1, 64, 64), "uint8")
>>> _ = omezarr.write_image(path, pixels, axes="cyx", channels=["DAPI"])
>>> [channel.label for channel in append_channel(path, pixels[0], "GFP").channels]
['DAPI', 'GFP']
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from omezarr.abc.plan import (
    JOURNAL_PREFIX,
    DeleteKeys,
    EditAttributes,
    Phase,
    Plan,
    WriteLevels,
    WriteObject,
)
from omezarr.arrays import as_source, expanded, reordered
from omezarr.arrays.locks import locked
from omezarr.arrays.stored import json_bytes
from omezarr.arrays.targets import target_of
from omezarr.editing.channel_chunks import BESIDE, JOURNAL, channel_level, keys_beside, longer, moved
from omezarr.engine.methods import AS_STORED
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model import UNSET, Channel, Image, Omero
from omezarr.model.content import ImageContent
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.registry import registry_in_use
from omezarr.writing.attributes import compose_attributes
from omezarr.writing.channels import channel_axis_of, measured_channels, presentable
from omezarr.writing.conversion import choose_importer, loaded_content
from omezarr.writing.images import run_plan
from omezarr.writing.requests import factors_between
from omezarr.writing.validity import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ArrayFacts, PixelSource, ScalingMethod
    from omezarr.abc.plan import Measured
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import JSON, Axis, GroupMetadata
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry
    from omezarr.writing import RunOptions

NOTE_KEY = f"{JOURNAL_PREFIX}/channel.json"
"""Says, while the arrays become longer, how many channels there were and which one is coming."""


def append_channel(
    location: LocationLike,
    pixels: Any,
    name: str,
    *,
    color: str | None = None,
    method: str | ScalingMethod | None = None,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Node:
    """Append a channel to an image, in place, and open it; chunks of the channels that are there stay untouched.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        An image with a channel axis whose chunks hold one channel each.
    pixels : array, str or path
        Of the image's dtype, and as large as one of its channels; or a file that an importer reads as such.
    name : str
        What the channel is called; no other one of the image may be.
    color : str, optional
        Six hexadecimal digits. Default: one that no other channel has.
    method : str or ScalingMethod, optional
        Of the lower levels. Default: what the metadata names, else "local_mean".
    run : RunOptions, optional
        Memory, threads, scheduler, progress; whether pixels that an interrupted call has written are kept.
    storage_options, registry
        As for `omezarr.open`.

    Raises
    ------
    ArgumentError
        If the pixels do not fit, or there is a channel of that name; nothing has been written then.
    UnsupportedError
        If it is no image with channels of their own chunks.
    WriteError
        If it failed midway; run it again to complete it.
    """
    registry = registry or registry_in_use()
    plan = plan_appended_channel(
        location, pixels, name, color=color, method=method, storage_options=storage_options, registry=registry
    )
    if plan.phases:
        run_plan(plan, registry, run)
    else:
        _clean_up(plan.target, registry)
    return open_node(plan.target, registry=registry)


def plan_appended_channel(
    location: LocationLike,
    pixels: Any,
    name: str,
    *,
    color: str | None = None,
    method: str | ScalingMethod | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Plan:
    """Return the plan of `append_channel` without writing anything; the parameters are the same.

    It is empty where an interrupted call has left the channel complete.
    """
    registry = registry or registry_in_use()
    target = Location.parse(location, storage_options)
    node = open_node(target, registry=registry)
    axis = _channel_axis(node)
    assert node.format is not None
    channel = presentable(Channel(label=name, color=UNSET if color is None else color))
    if not name:
        raise ArgumentError("the new channel needs a name")
    count = node.levels[0].shape[axis]
    begun = _begun(target, registry)
    if begun is not None:
        if begun["name"] != name:
            raise ArgumentError(
                f"the channel {begun['name']!r} was being appended to {target} when that was interrupted; append it "
                "again first"
            )
        count = begun["channels"]
    levels = [channel_level(node, index, axis, count) for index in range(len(node.levels))]
    clean = Phase(name="clean-up", steps=(DeleteKeys(keys=keys_beside(levels)), DeleteKeys(keys=(NOTE_KEY,))))
    zarr_format = node.format.zarr_format
    labels = [item.label for item in node.channels]
    if begun is not None and len(labels) > count and labels[count] == name:
        return Plan(target=target, zarr_format=zarr_format, phases=(), create=False)
    if name in labels:
        raise ArgumentError(f"{target} has a channel {name!r} already; choose another name")
    source = _fitting(_pixels(pixels, node, axis), node, axis)
    document = AppendedChannel(
        metadata=node.metadata,
        channels=_described(node, axis, count),
        channel=channel,
        position=axis,
        source=source,
        axes=node.axes,
        facts={
            path: evolve(facts, shape=longer(facts.shape, axis, count)) for path, facts in node.array_facts().items()
        },
        version=node.format.version,
    )
    shapes = [level.spec.shape for level in levels]
    known = node.multiscale.type if node.multiscale is not None else None
    usual = known if isinstance(known, str) and known in registry.scaling_methods else "local_mean"
    scaling = AS_STORED if len(levels) == 1 else registry.scaling_method(usual if method is None else method)
    writes = WriteLevels(
        source=source,
        arrays=tuple(level.spec for level in levels),
        factors=tuple(factors_between(large, small) for large, small in pairwise(shapes)),
        method=scaling,
    )
    note: dict[str, JSON] = {"name": name, "channels": count}
    commit = EditAttributes(path="", attributes=document, expected=node.attributes, known=document.beforehand(registry))
    documents = tuple(WriteObject(key=level.metadata_key, content=level.metadata) for level in reversed(levels))
    phases = (
        Phase(name=f"pixels of {name}", steps=(writes,)),
        Phase(name="chunks", steps=(WriteObject(key=NOTE_KEY, content=json_bytes(note)), moved(levels))),
        Phase(name="metadata", steps=(*documents, commit)),
        clean,
    )
    plan = Plan(target=target, zarr_format=zarr_format, phases=phases, create=False)
    refuse_invalid(plan.steps, node.format, registry)
    return plan


@frozen(kw_only=True)
class AppendedChannel:
    """Makes the attributes of the image, with the new channel, once the pixels of that are there to be measured.

    Parameters
    ----------
    metadata : GroupMetadata
        Of before.
    channels : tuple of Channel
        Those that were there.
    channel : Channel
        As far as it was given.
    position : int
        Of the channel axis.
    source : PixelSource
        The pixels of the channel.
    axes : tuple of Axis
    facts : mapping
        What the arrays tell once they are longer.
    version : str
    """

    metadata: GroupMetadata
    channels: tuple[Channel, ...]
    channel: Channel
    position: int
    source: PixelSource = field(repr=False)
    axes: tuple[Axis, ...]
    facts: Mapping[str, ArrayFacts]
    version: str

    def __call__(self, measured: Measured) -> dict[str, JSON]:
        """Return the attributes once the smallest level is there."""
        return self.attributes(measured.smallest_level(BESIDE), registry_in_use())

    def beforehand(self, registry: Registry) -> dict[str, JSON]:
        """Return the attributes as far as they are known before a pixel has been read."""
        import numpy as np

        return self.attributes(np.zeros((1,) * len(self.axes), self.source.dtype), registry)

    def attributes(self, smallest: Any, registry: Registry) -> dict[str, JSON]:
        """Return the attributes, with the window of the new channel measured on these pixels."""
        import numpy as np

        whole = (*self.channels, self.channel)
        shape = [len(whole) if index == self.position else 1 for index in range(len(self.axes))]
        everyone = ImageContent(pixels=self.source, axes=self.axes, channels=whole)
        color = measured_channels(everyone, np.zeros(shape, self.source.dtype))[-1].color
        alone = ImageContent(pixels=self.source, axes=self.axes, channels=(evolve(self.channel, color=color),))
        shown = (*self.channels, *measured_channels(alone, smallest))
        facets = {
            key: evolve(facet, omero=evolve(facet.omero or Omero(), channels=shown))
            if isinstance(facet, Image)
            else facet
            for key, facet in self.metadata.facets.items()
        }
        version = registry.formats[self.version]
        return compose_attributes(evolve(self.metadata, facets=facets), version, registry, self.facts)


def _channel_axis(node: Node) -> int:
    """Return the position of the channel axis of an image."""
    if node.multiscale is None or node.format is None:
        raise UnsupportedError(f"{node.location} is no image, so no channel can be appended to it")
    if "image-label" in node.facets:
        raise UnsupportedError(f"{node.location} is a label image, which has no channels of its own")
    axis = channel_axis_of(node.axes)
    if axis is None:
        names = ", ".join(item.name for item in node.axes)
        raise UnsupportedError(
            f"{node.location} has the axes {names} and no channel axis, along which a channel could be appended; write "
            "both as channels of a new image"
        )
    return axis


def _clean_up(target: Location, registry: Registry) -> None:
    """Remove what is left of a call that died when the channel was complete."""
    opened = target_of(open_store(target, registry.storage_schemes, write=True))
    with locked(opened, f"{JOURNAL}.lock"):
        for prefix in (BESIDE, JOURNAL):
            opened.clear(prefix)
        opened.delete(NOTE_KEY)
    opened.tidy()


def _begun(target: Location, registry: Registry) -> dict[str, Any] | None:
    """Return what was noted by a call that was interrupted while the arrays became longer."""
    content = target_of(open_store(target, registry.storage_schemes)).get(NOTE_KEY)
    if content is None:
        return None
    try:
        said = json.loads(content)
        return {"name": str(said["name"]), "channels": int(said["channels"])}
    except (ValueError, TypeError, KeyError) as error:
        raise ArgumentError(
            f"{NOTE_KEY} in {target}, which says what was interrupted, is malformed: {error}"
        ) from error


def _described(node: Node, axis: int, count: int) -> tuple[Channel, ...]:
    """Return how the channels that are there are displayed, measured where nothing says so."""
    known = node.channels[:count]
    if len(known) == count:
        return known
    image = ImageContent(
        pixels=as_source(node.levels[-1].array), axes=node.axes, channels=(*known, *[Channel()] * (count - len(known)))
    )
    pixels = node.levels[-1].read().take(range(count), axis=axis)
    return (*known, *measured_channels(image, pixels)[len(known) :])


def _pixels(given: Any, node: Node, axis: int) -> tuple[PixelSource, tuple[str, ...] | None]:
    """Return what is to be appended, and the names of its axes where it has such."""
    if not isinstance(given, str | Path | Location):
        return as_source(given), None
    place = Location.parse(given)
    reader = choose_importer(place, node.registry)
    try:
        content = loaded_content(reader, place, {}, node.registry)
    except ArgumentError:  # it may not say what its axes mean: then they are those of one channel
        axes = [item.name for position, item in enumerate(node.axes) if position != axis]
        if "axes" not in reader.options:
            raise
        content = loaded_content(reader, place, {"axes": "".join(axes)}, node.registry)
    if not isinstance(content, ImageContent):
        raise ArgumentError(f"{place} holds more than one image; choose one of them, or convert it first")
    return content.pixels, tuple(item.name for item in content.axes)


def _fitting(given: tuple[PixelSource, tuple[str, ...] | None], node: Node, axis: int) -> PixelSource:
    """Return pixels as one channel in the axes of the image."""
    import numpy as np

    source, names = given
    own = [item.name for item in node.axes]
    whole = node.levels[0]
    wanted = tuple(1 if position == axis else size for position, size in enumerate(whole.shape))
    if np.dtype(source.dtype).newbyteorder("=") != np.dtype(whole.dtype).newbyteorder("="):
        raise ArgumentError(
            f"the pixels are of {source.dtype}, but {node.location} of {whole.dtype}; convert them to that dtype"
        )
    if names is not None:
        order = sorted(range(len(names)), key=lambda i: own.index(names[i]) if names[i] in own else -1)
        source = reordered(source, order)
    if [size for size in source.shape if size != 1] != [size for size in wanted if size != 1]:
        raise ArgumentError(
            f"the pixels are of shape {source.shape}, but one channel of {node.location} is {', '.join(own)} = {wanted}"
        )
    return expanded(source, wanted)
