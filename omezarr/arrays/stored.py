"""Arrays as they are stored: their metadata, and the objects that hold their units.

Writes whole units only. Chunks that hold nothing but the fill value are not stored, unless the array asks for it.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, field, frozen

from omezarr.arrays.chunks import ShardCoder, coder_of
from omezarr.arrays.codecs import CHECKSUM, COMMON_CODECS, v2_compressor, v3_codecs
from omezarr.arrays.targets import StoreTarget
from omezarr.errors import ArgumentError, MetadataError, UnsupportedError
from omezarr.hierarchy import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from omezarr.abc.plan import ArraySpec
    from omezarr.arrays.chunks import Buffer, ChunkCoder
    from omezarr.arrays.targets import Target
    from omezarr.model import JSON


def array_metadata(spec: ArraySpec) -> dict[str, JSON]:
    """Return the content of ``.zarray`` or ``zarr.json`` for an array.

    Parameters
    ----------
    spec : ArraySpec

    Raises
    ------
    ArgumentError, UnsupportedError
        If no such array can exist, or zarr does not know the codec.

    Examples
    --------
    >>> from omezarr.abc.plan import ArraySpec, Codec
    >>> spec = ArraySpec(path="0", shape=(4,), chunks=(2,), dtype="uint8", zarr_format=2, codec=Codec("none"))
    >>> array_metadata(spec)["dtype"]
    '|u1'
    """
    dtype = np.dtype(spec.dtype)
    if dtype.kind not in "biufc":
        raise UnsupportedError(f"{spec.path!r}: arrays of {spec.dtype} cannot be written; convert to a number or bool")
    _check_grid(spec)
    fill = _json_fill(spec.fill_value, dtype)
    if spec.zarr_format == 2:
        if spec.shards is not None:
            raise UnsupportedError(f"{spec.path!r}: zarr format 2 has no shards; leave them out or write format 3")
        if spec.checksums:
            raise UnsupportedError(
                f"{spec.path!r}: zarr format 2 has no checksums of chunks; leave them out, or write format 3"
            )
        metadata: dict[str, JSON] = {
            "zarr_format": 2,
            "shape": list(spec.shape),
            "chunks": list(spec.chunks),
            "dtype": dtype.newbyteorder("<").str,
            "compressor": v2_compressor(spec.codec),
            "fill_value": fill,
            "order": "C",
            "filters": None,
            "dimension_separator": spec.separator,
        }
    else:
        serialiser: dict[str, JSON] = {"name": "bytes"}
        if dtype.itemsize > 1:
            serialiser["configuration"] = {"endian": "little"}
        codecs: list[JSON] = [serialiser, *v3_codecs(spec.codec, dtype.itemsize)]
        if spec.checksums:
            codecs.append({"name": CHECKSUM})
        if spec.shards is not None:
            index: list[JSON] = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": CHECKSUM}]
            options: dict[str, JSON] = {
                "chunk_shape": list(spec.chunks),
                "codecs": codecs,
                "index_codecs": index,
                "index_location": "end",
            }
            codecs = [{"name": "sharding_indexed", "configuration": options}]
        metadata = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(spec.shape),
            "data_type": dtype.name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(spec.unit)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": spec.separator}},
            "fill_value": fill,
            "codecs": codecs,
            "attributes": dict(spec.attributes),
            "storage_transformers": [],
        }
        if spec.dimension_names is not None:
            metadata["dimension_names"] = list(spec.dimension_names)
    if spec.codec.name not in COMMON_CODECS:
        _check_with_zarr(spec, metadata)
    return metadata


def write_array_metadata(target: Target, spec: ArraySpec) -> None:
    """Store the metadata of an array."""
    metadata = array_metadata(spec)
    if spec.zarr_format == 2 and spec.attributes:
        target.put(f"{spec.path}/.zattrs".lstrip("/"), json_bytes(dict(spec.attributes)))
    target.put(_metadata_key(spec), json_bytes(metadata))


def _metadata_key(spec: ArraySpec) -> str:
    return f"{spec.path}/{'zarr.json' if spec.zarr_format == 3 else '.zarray'}".lstrip("/")


def json_bytes(document: Mapping[str, JSON]) -> bytes:
    """Return a metadata document as it is stored.

    Raises
    ------
    ArgumentError
        If it holds NaN or Infinity, which JSON does not have.
    """
    try:
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise ArgumentError(f"metadata cannot be stored as JSON: {error}") from error


@frozen
class StoredArray:
    """An array whose units are written.

    Parameters
    ----------
    spec : ArraySpec
    target : Target
    metadata : mapping, optional
        The content of ``.zarray`` or ``zarr.json``. Default: what the specification says.
    """

    spec: ArraySpec
    target: Target
    metadata: Mapping[str, JSON] = field(eq=False)
    coder: ChunkCoder | ShardCoder | None = field(init=False, eq=False)

    @metadata.default
    def _described(self) -> Mapping[str, JSON]:
        return array_metadata(self.spec)

    @coder.default
    def _known(self) -> ChunkCoder | ShardCoder | None:
        return coder_of(self.metadata)

    @classmethod
    def existing(cls, spec: ArraySpec, target: Target) -> StoredArray:
        """Return an array that is there, encoded as its own metadata says, whatever the specification leaves out.

        Raises
        ------
        MetadataError
            If its metadata is not there or no JSON.
        """
        key = _metadata_key(spec)
        document = parse_json(target.get(key) or b"", key)
        if not isinstance(document, dict):
            raise MetadataError(f"{key} in {target} is no JSON object")
        return cls(spec, target, document)

    def resized(self, shape: tuple[int, ...]) -> StoredArray:
        """Return the array with another shape; its metadata is not stored yet."""
        return StoredArray(evolve(self.spec, shape=shape), self.target, {**self.metadata, "shape": list(shape)})

    def store_metadata(self) -> None:
        """Store the metadata."""
        self.target.put(_metadata_key(self.spec), json_bytes(self.metadata))

    def key(self, index: tuple[int, ...]) -> str:
        """Return the key of a unit."""
        parts = [*map(str, index)]
        if self.spec.zarr_format == 3:
            parts.insert(0, "c")
        elif not parts:
            parts = ["0"]
        return f"{self.spec.path}/{self.spec.separator.join(parts)}".lstrip("/")

    def write(self, index: tuple[int, ...], block: npt.NDArray[Any]) -> None:
        """Encode and store a unit.

        Parameters
        ----------
        index : tuple of int
        block : array
            The samples of the unit; smaller than a unit at the border of the array.
        """
        if isinstance(self.coder, ShardCoder):
            self.write_shard(index, self.encode_chunks((0,) * block.ndim, block))
            return
        content: Buffer | None
        if self.coder is None:
            content = self._encode_with_zarr(block)
        elif not self.spec.write_empty and self.coder.is_empty(block):
            content = None
        else:
            content = self.coder.encode(block)
        self._put(index, content)

    def encode_chunks(self, place: tuple[int, ...], block: npt.NDArray[Any]) -> dict[tuple[int, ...], Buffer]:
        """Encode chunks of a shard.

        Parameters
        ----------
        place : tuple of int
            Which chunk of the shard the block begins with, along each axis.
        block : array
        """
        assert isinstance(self.coder, ShardCoder)
        inner = self.coder.inner
        encoded: dict[tuple[int, ...], Buffer] = {}
        grid = (range(-(-length // step)) for length, step in zip(block.shape, inner.shape, strict=True))
        for offset in itertools.product(*grid):
            part = block[tuple(slice(o * step, (o + 1) * step) for o, step in zip(offset, inner.shape, strict=True))]
            if self.spec.write_empty or not inner.is_empty(part):
                encoded[tuple(p + o for p, o in zip(place, offset, strict=True))] = inner.encode(part)
        return encoded

    def write_shard(self, index: tuple[int, ...], chunks: Mapping[tuple[int, ...], Buffer]) -> None:
        """Store a shard made of encoded chunks."""
        assert isinstance(self.coder, ShardCoder)
        if chunks:
            self.target.put(self.key(index), *self.coder.assemble(chunks))
        else:
            self._put(index, None)

    @property
    def piece(self) -> tuple[int, ...]:
        """The smallest region that can be encoded by itself: a chunk, or a unit that only zarr-python can encode."""
        return self.spec.chunks if isinstance(self.coder, ShardCoder) else self.spec.unit

    @property
    def encoding_bytes(self) -> int:
        """How many bytes encoding a unit takes beside the unit itself, at most."""
        itemsize = np.dtype(self.spec.dtype).itemsize
        unit, chunk = math.prod(self.spec.unit) * itemsize, math.prod(self.spec.chunks) * itemsize
        if self.coder is None:
            return 4 * unit
        return (unit if self.spec.shards is not None else 0) + 3 * chunk

    def _put(self, index: tuple[int, ...], content: Buffer | None) -> None:
        if content is None:
            self.target.delete(self.key(index))
        else:
            self.target.put(self.key(index), content)

    def _encode_with_zarr(self, block: npt.NDArray[Any]) -> bytes | None:
        """Let zarr-python encode a unit in memory: slow, but it knows every codec."""
        import zarr
        from zarr.storage import MemoryStore

        store = MemoryStore()
        inner = StoreTarget(store, "")
        lone = evolve(self, spec=evolve(self.spec, path=""), target=inner).resized(self.spec.unit)
        lone.store_metadata()
        array = zarr.open_array(store, mode="r+", zarr_format=self.spec.zarr_format)
        whole = block
        if block.shape != self.spec.unit:
            whole = np.full(self.spec.unit, self.spec.fill_value, block.dtype)
            whole[tuple(map(slice, block.shape))] = block
        if self.spec.write_empty:
            array = array.with_config({"write_empty_chunks": True})
        array[...] = whole
        return inner.get(lone.key((0,) * block.ndim))


def _check_grid(spec: ArraySpec) -> None:
    lengths = {len(spec.shape), len(spec.chunks), len(spec.unit)}
    if spec.dimension_names is not None:
        lengths.add(len(spec.dimension_names))
    if len(lengths) > 1:
        raise ArgumentError(
            f"{spec.path!r}: shape {spec.shape}, chunks {spec.chunks} and shards {spec.shards} differ in axes"
        )
    if any(length < 0 for length in spec.shape) or any(length < 1 for length in (*spec.chunks, *spec.unit)):
        raise ArgumentError(f"{spec.path!r}: shape {spec.shape} and chunks {spec.chunks} must be positive")
    if any(shard % chunk for shard, chunk in zip(spec.unit, spec.chunks, strict=True)):
        raise ArgumentError(f"{spec.path!r}: shards {spec.shards} are no multiples of the chunks {spec.chunks}")
    if spec.zarr_format == 2 and spec.dimension_names is not None:
        raise ArgumentError(f"{spec.path!r}: zarr format 2 has no dimension names; put them into the attributes")


def _check_with_zarr(spec: ArraySpec, metadata: dict[str, Any]) -> None:
    """Let zarr-python say whether it understands an uncommon codec."""
    import warnings

    from zarr.core.array import AsyncArray
    from zarr.storage import MemoryStore, StorePath

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            AsyncArray.from_dict(StorePath(MemoryStore(), "array"), {**metadata, "attributes": {}})
    except Exception as error:
        raise UnsupportedError(
            f"zarr format {spec.zarr_format} cannot write the codec {spec.codec}: {error}; try blosc, zstd or gzip"
        ) from error


def _json_fill(value: float, dtype: np.dtype[Any]) -> JSON:
    if dtype.kind == "c":
        return [float(np.real(value)), float(np.imag(value))]
    if dtype.kind == "f":
        number = float(value)
        if math.isnan(number):
            return "NaN"
        return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")
    if dtype.kind == "b":
        return bool(value)
    if int(value) != value or not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
        raise ArgumentError(f"the fill value {value!r} is not of dtype {dtype}")
    return int(value)
