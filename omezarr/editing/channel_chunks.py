"""Where the chunks of one more channel lie: beside the image at first, then behind those that are there."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from omezarr.abc.plan import JOURNAL_PREFIX, TransferObjects
from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.arrays.specs import spec_of
from omezarr.arrays.stored import array_metadata, json_bytes
from omezarr.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.abc.plan import ArraySpec
    from omezarr.nodes.node import Node

BESIDE = f"{JOURNAL_PREFIX}/channel"
"""Where the pixels lie until they are complete."""

JOURNAL = f"{JOURNAL_PREFIX}/plan-{BESIDE.replace('/', '-')}"
"""Where the engine notes what of them is finished."""


@frozen
class ChannelLevel:
    """One level: the array of the new channel beside the image, and what becomes of the one that is there.

    Parameters
    ----------
    spec : ArraySpec
        Of the array beside.
    path : str
        Of the array that is there.
    keys : ChunkKeys
        How its chunks are named.
    axis, shift : int
        How far the chunks of the new channel lie along which axis.
    metadata_key, metadata
        The document of the array, longer by one channel.
    """

    spec: ArraySpec
    path: str
    keys: ChunkKeys
    axis: int
    shift: int
    metadata_key: str
    metadata: bytes

    def pairs(self) -> list[tuple[str, str]]:
        """Return where each chunk of the new channel lies, and where it belongs."""
        beside = ChunkKeys("v2" if self.spec.zarr_format == 2 else "default", self.spec.separator, len(self.spec.shape))
        grid = (range(-(-size // unit)) for size, unit in zip(self.spec.shape, self.spec.unit, strict=True))
        found = []
        for index in itertools.product(*grid):
            place = tuple(i + self.shift if axis == self.axis else i for axis, i in enumerate(index))
            found.append((f"{self.spec.path}/{beside.key(index)}", f"{self.path}/{self.keys.key(place)}"))
        return found


def channel_level(node: Node, index: int, axis: int, count: int) -> ChannelLevel:
    """Return what is to be done for one level.

    Parameters
    ----------
    node : Node
        The image.
    index : int
        Of the level.
    axis : int
        The channel axis.
    count : int
        How many channels there are.

    Raises
    ------
    UnsupportedError
        If its chunks do not allow it.
    """
    level = node.levels[index]
    stored = node.hierarchy.node(level.path)
    keys = None if stored is None else ChunkKeys.of(stored)
    like = spec_of(level.array, level.path)
    unit = like.unit[axis]
    if count % unit:
        what = "shards" if like.shards else "chunks"
        raise UnsupportedError(
            f"the {what} of level {level.path} of {node.location} hold {unit} channels each, so a channel more would "
            f"mean to write others again; store it anew first, with one channel a chunk: omezarr copy --rechunk"
        )
    shape = tuple(1 if position == axis else size for position, size in enumerate(like.shape))
    spec = evolve(like, path=f"{BESIDE}/{index}", shape=shape, attributes={})
    if stored is None or keys is None or not _reads(level.array, spec):
        raise UnsupportedError(
            f"level {level.path} of {node.location} is stored in a way in which no chunk can be added to it; store it "
            "anew first: omezarr copy --codec zstd"
        )
    name = "zarr.json" if stored.zarr_format == 3 else ".zarray"
    return ChannelLevel(
        spec=spec,
        path=level.path,
        keys=keys,
        axis=axis,
        shift=count // unit,
        metadata_key=f"{level.path}/{name}",
        metadata=json_bytes({**stored.metadata, "shape": [*longer(like.shape, axis, count)]}),
    )


def longer(shape: tuple[int, ...], axis: int, count: int) -> tuple[int, ...]:
    """Return the shape of an array that has one channel more than there were."""
    return tuple(count + 1 if position == axis else size for position, size in enumerate(shape))


def _reads(array: Any, spec: ArraySpec) -> bool:
    """Return whether what is written as specified is read by the array that is there."""
    from zarr.core.array import AsyncArray
    from zarr.storage import MemoryStore, StorePath

    made: Any = AsyncArray.from_dict(StorePath(MemoryStore(), "a"), {**array_metadata(spec), "attributes": {}})
    old, new = array.metadata, made.metadata
    if spec.zarr_format == 2:
        names = ("dtype", "compressor", "filters", "order")
        return all(getattr(old, name) == getattr(new, name) for name in names)
    return bool(old.codecs == new.codecs and old.data_type == new.data_type)


def moved(levels: Sequence[ChannelLevel]) -> TransferObjects:
    """Return the step that puts the chunks where they belong."""
    return TransferObjects(pairs=tuple(pair for level in levels for pair in level.pairs()), sparse=True)


def keys_beside(levels: Sequence[ChannelLevel]) -> tuple[str, ...]:
    """Return all that may lie beside the image."""
    names = ("zarr.json", ".zarray", ".zattrs")
    chunks = (old for level in levels for old, _ in level.pairs())
    return (*chunks, *(f"{level.spec.path}/{name}" for level in levels for name in names))
