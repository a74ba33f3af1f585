"""How chunks become bytes and bytes chunks, for the codecs that are worth doing without zarr-python.

A coder is built from the metadata of an array, as stored. What it does not know (a codec of a plugin, a structured
dtype, a chunk grid that is not regular) yields None, and the caller takes the way through zarr-python.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

import numcodecs
import numpy as np
from attrs import evolve, frozen

from omezarr.arrays.bounded import decoded_within, encoded_size
from omezarr.arrays.codecs import named, step_of
from omezarr.arrays.frames import frame_part
from omezarr.arrays.geometry import region_shape
from omezarr.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.arrays.geometry import Region

Buffer: TypeAlias = "bytes | memoryview | npt.NDArray[Any]"

_FILLS = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
_DTYPES = (
    "bool",
    *(f"{kind}{8 * size}" for kind in ("int", "uint") for size in (1, 2, 4, 8)),
    *("float16", "float32", "float64", "complex64", "complex128"),
)


def bytes_of(content: Buffer) -> memoryview:
    """Return a flat view of the bytes of a buffer."""
    view: memoryview = memoryview(content).cast("B")  # type: ignore[arg-type]  # numpy arrays are buffers
    return view


def _crc32c(view: memoryview) -> int:
    import google_crc32c

    return int(google_crc32c.extend(0, np.frombuffer(view, "u1")))


class _Checksum:
    """The crc32c codec of zarr: four bytes behind the content."""

    def encode(self, content: Any) -> bytes:
        plain = bytes_of(content)
        return b"".join((plain, _crc32c(plain).to_bytes(4, "little")))

    def decode(self, content: Any, out: Any = None) -> Any:
        view = bytes_of(content)
        if len(view) < 4 or _crc32c(view[:-4]) != int.from_bytes(view[-4:], "little"):
            raise ValueError("the checksum does not match the content")
        return view[:-4]


@frozen
class ChunkCoder:
    """Encodes and decodes one chunk.

    Parameters
    ----------
    shape : tuple of int
        Of a chunk; chunks at the border are stored whole.
    dtype : numpy.dtype
        As stored, with its byte order.
    fill_value
        A numpy scalar.
    order : tuple of int
        The order in which axes are stored.
    steps : tuple of numcodecs codecs
        What is applied to the bytes.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill_value: Any
    order: tuple[int, ...]
    steps: tuple[Any, ...]

    @property
    def nbytes(self) -> int:
        """The size of a decoded chunk."""
        return math.prod(self.shape) * self.dtype.itemsize

    def is_empty(self, block: npt.NDArray[Any]) -> bool:
        """Return whether a block holds nothing but the fill value, to the bit."""
        if block.size == 0:
            return True
        unsigned = f"u{block.dtype.itemsize}" if block.dtype.itemsize <= 8 else None
        fill = np.array(self.fill_value, block.dtype)
        if unsigned is None:
            return bool((block == fill).all())
        pattern = fill.view(unsigned)
        last = tuple(length - 1 for length in block.shape)
        if block[(0,) * block.ndim].view(unsigned) != pattern or block[last].view(unsigned) != pattern:
            return False
        bits = block.view(unsigned) if block.flags.c_contiguous else np.ascontiguousarray(block).view(unsigned)
        return not (bits != pattern).any()

    def encode(self, block: npt.NDArray[Any]) -> Buffer:
        """Return the bytes of a block, which is smaller than a chunk at the border of the array only."""
        if block.shape != self.shape:
            whole = np.full(self.shape, self.fill_value, self.dtype)
            whole[tuple(map(slice, block.shape))] = block
            block = whole
        content: Any = np.ascontiguousarray(block.transpose(self.order), dtype=self.dtype)
        for step in self.steps:
            content = step.encode(content)
        if isinstance(content, np.ndarray):
            return content.reshape(-1).view("u1")
        return content  # type: ignore[no-any-return]

    def decode(self, content: Buffer, scratch: npt.NDArray[Any] | None = None) -> npt.NDArray[Any]:
        """Return the chunk that bytes hold.

        Parameters
        ----------
        content : buffer
        scratch : array of uint8, optional
            Of `nbytes` bytes, which the chunk may be put into; then it is good until the next use of that.

        Raises
        ------
        ValueError
            If they are not the bytes of a chunk of this shape.
        """
        decoded: Any = content
        most = list(accumulate(self.steps[:-1], lambda size, step: encoded_size(step, size), initial=self.nbytes))
        for position in range(len(self.steps) - 1, -1, -1):
            step, first = self.steps[position], position == 0
            decoded = decoded_within(step, decoded, most[position], exact=first, scratch=scratch if first else None)
        return self._array_of(decoded)

    def decode_part(self, content: Buffer, part: Region, scratch: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a part of the chunk that bytes hold, without decoding all of it where that can be done.

        Parameters
        ----------
        content : buffer
        part : tuple of slice
            Of the chunk, with start and stop.
        scratch : array of uint8
            Of `nbytes` bytes, which hold the part until the next use of them.

        Raises
        ------
        ValueError
            If they are not the bytes of a chunk of this shape.
        """
        if self.steps and isinstance(self.steps[-1], _Checksum):
            inner = evolve(self, steps=self.steps[:-1])
            return inner.decode_part(self.steps[-1].decode(content), part, scratch)
        wanted = region_shape(part)
        partial = wanted != self.shape and 0 not in wanted
        if partial and len(self.steps) == 1 and isinstance(self.steps[0], numcodecs.Blosc):
            smaller = frame_part(bytes_of(content), self.nbytes, *self._span(part))
            if smaller is not None:
                frame, begin, end = smaller
                self.steps[0].decode(frame, out=scratch[begin:end])
                return self._array_of(scratch)[part]
        return self.decode(content, scratch)[part]

    def _span(self, part: Region) -> tuple[int, int]:
        """Return where the bytes of a part begin and end in a chunk."""
        stored = [self.shape[axis] for axis in self.order]
        first = np.ravel_multi_index([part[axis].start for axis in self.order], stored)
        last = np.ravel_multi_index([part[axis].stop - 1 for axis in self.order], stored)
        return int(first) * self.dtype.itemsize, (int(last) + 1) * self.dtype.itemsize

    def _array_of(self, decoded: Any) -> npt.NDArray[Any]:
        flat = np.frombuffer(decoded, self.dtype)
        if flat.size != math.prod(self.shape):
            raise ValueError(f"a chunk of {flat.size} samples was found where {math.prod(self.shape)} belong")
        if self.order == tuple(range(len(self.order))):
            return flat.reshape(self.shape)
        return flat.reshape([self.shape[axis] for axis in self.order]).transpose(np.argsort(self.order))


@frozen
class ShardCoder:
    """Puts encoded chunks together to a shard, and finds them in it.

    Parameters
    ----------
    inner : ChunkCoder
    counts : tuple of int
        Chunks along each axis of a shard.
    index_first : bool
        Whether the index is in front of the chunks.
    checksum : bool
        Whether a checksum follows the index.
    """

    inner: ChunkCoder
    counts: tuple[int, ...]
    index_first: bool
    checksum: bool

    @property
    def index_bytes(self) -> int:
        """The size of the index."""
        return 16 * math.prod(self.counts) + 4 * self.checksum

    @property
    def index_place(self) -> slice:
        """Where the index is in a shard; a negative start counts from the end."""
        return slice(0, self.index_bytes) if self.index_first else slice(-self.index_bytes, None)

    def assemble(self, chunks: Mapping[tuple[int, ...], Buffer]) -> list[Buffer]:
        """Return the parts of a shard from encoded chunks by their place in it; empty ones are left out."""
        index = np.full((*self.counts, 2), 2**64 - 1, "<u8")
        parts: list[Buffer] = []
        offset = self.index_bytes if self.index_first else 0
        for place in sorted(chunks):
            size = bytes_of(chunks[place]).nbytes
            index[place] = offset, size
            parts.append(chunks[place])
            offset += size
        content = index.tobytes()
        if self.checksum:
            content = _Checksum().encode(content)
        return [content, *parts] if self.index_first else [*parts, content]

    def index(self, content: Buffer) -> npt.NDArray[np.uint64]:
        """Return offset and size of each chunk from the bytes of the index; places without a chunk have 2**64 - 1.

        Raises
        ------
        ValueError
            If it is damaged.
        """
        plain = _Checksum().decode(content) if self.checksum else content
        found = np.frombuffer(plain, "<u8")
        if found.size != 2 * math.prod(self.counts):
            raise ValueError("the index of a shard has the wrong size")
        return found.reshape((*self.counts, 2))


class _UnknownError(Exception):
    """What only zarr-python knows."""


def coder_of(metadata: Mapping[str, Any]) -> ChunkCoder | ShardCoder | None:
    """Return the coder for an array with this metadata; None where only zarr-python knows how.

    Parameters
    ----------
    metadata : mapping
        The content of ``zarr.json`` or ``.zarray``.

    Raises
    ------
    MetadataError
        If it is malformed.
    """
    try:
        return _v3_coder(metadata) if metadata["zarr_format"] == 3 else _v2_coder(metadata)
    except _UnknownError:
        return None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise MetadataError(f"the metadata of an array is malformed: {type(error).__name__}: {error}") from error


def _v2_coder(metadata: Mapping[str, Any]) -> ChunkCoder:
    text = metadata["dtype"]
    if not isinstance(text, str) or text[1:2] not in "biufc":
        raise _UnknownError
    dtype = np.dtype(text)
    try:
        configured = [*(metadata.get("filters") or []), *filter(None, [metadata["compressor"]])]
        steps = tuple(numcodecs.get_codec(dict(entry)) for entry in configured)
    except numcodecs.errors.UnknownCodecError as error:
        raise _UnknownError from error
    axes = range(len(metadata["shape"]))
    order = tuple(reversed(axes)) if metadata["order"] == "F" else tuple(axes)
    return ChunkCoder(tuple(metadata["chunks"]), dtype, _fill(metadata["fill_value"], dtype), order, steps)


def _v3_coder(metadata: Mapping[str, Any]) -> ChunkCoder | ShardCoder:
    grid = metadata["chunk_grid"]
    if grid["name"] != "regular" or metadata.get("storage_transformers") or metadata["data_type"] not in _DTYPES:
        raise _UnknownError
    dtype = np.dtype(metadata["data_type"])
    shape = tuple(grid["configuration"]["chunk_shape"])
    fill = _fill(metadata["fill_value"], dtype)
    codecs = metadata["codecs"]
    if [named(codec)[0] for codec in codecs] == ["sharding_indexed"]:
        return _shard_coder(codecs[0]["configuration"], shape, dtype, fill)
    return _chain(codecs, shape, dtype, fill)


def _shard_coder(options: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any) -> ShardCoder:
    inner = _chain(options["codecs"], tuple(options["chunk_shape"]), dtype, fill)
    names = [named(codec)[0] for codec in options["index_codecs"]]
    if names not in (["bytes"], ["bytes", "crc32c"]) or named(options["index_codecs"][0])[1].get("endian") != "little":
        raise _UnknownError
    counts = tuple(whole // part for whole, part in zip(shape, inner.shape, strict=True))
    return ShardCoder(inner, counts, options.get("index_location", "end") == "start", "crc32c" in names)


def _chain(codecs: Sequence[Any], shape: tuple[int, ...], dtype: np.dtype[Any], fill: Any) -> ChunkCoder:
    order = tuple(range(len(shape)))
    steps: list[Any] = []
    serialised = False
    for codec in codecs:
        name, options = named(codec)
        if name == "transpose" and not serialised:
            given = options["order"]
            if not isinstance(given, list | tuple):
                raise _UnknownError
            order = tuple(order[axis] for axis in given)
        elif name == "bytes" and not serialised:
            serialised = True
            dtype = dtype.newbyteorder(">" if options.get("endian") == "big" else "<")
        elif serialised and (step := _Checksum() if name == "crc32c" else step_of(codec)) is not None:
            steps.append(step)
        else:
            raise _UnknownError
    if not serialised:
        raise _UnknownError
    return ChunkCoder(shape, dtype, fill, order, tuple(steps))


def _fill(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return the fill value as a scalar; bit patterns go through zarr-python."""
    if value is None:
        value = 0
    if isinstance(value, list | tuple):
        real, imaginary = (float(_fill(part, np.dtype("float64"))) for part in value)
        value = complex(real, imaginary)
    if isinstance(value, str):
        if value not in _FILLS:
            raise _UnknownError
        value = _FILLS[value]
    return dtype.type(value)
