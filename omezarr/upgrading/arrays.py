"""The documents of arrays: what labels their dimensions in a version, and how zarr formats 2 and 3 say the same.

Pure: from the metadata of an array to the document that describes the same chunk objects in the other format, or to
the obstacle that is in the way.
"""

from __future__ import annotations

import struct
import warnings
from typing import TYPE_CHECKING, Any, Literal, cast

from attrs import field, frozen

from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.arrays.codecs import Obstacle, codecs_of, compressor_of, named
from omezarr.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.hierarchy import ZarrNode
    from omezarr.model import JSON

DIMENSIONS_ATTRIBUTE = "_ARRAY_DIMENSIONS"
"""Where xarray keeps the names of dimensions in zarr format 2, which has no place of its own for them."""

DTYPES = {
    "b1": "bool",
    **{f"{kind}{size}": f"{name}{8 * size}" for kind, name in (("i", "int"), ("u", "uint")) for size in (1, 2, 4, 8)},
    **{f"f{size}": f"float{8 * size}" for size in (2, 4, 8)},
    **{f"c{size}": f"complex{8 * size}" for size in (8, 16)},
}
"""The data types that both zarr formats know: names in format 2, without the byte order, to names in format 3."""

_NAMES = {name: text for text, name in DTYPES.items()}


@frozen(kw_only=True)
class DimensionLabels:
    """What names the dimensions of an array, beside attributes of others.

    Parameters
    ----------
    attributes : mapping
    dimension_names : tuple of (str or None), optional
        Zarr format 3 only.
    """

    attributes: Mapping[str, JSON]
    dimension_names: tuple[str | None, ...] | None = None


@frozen(kw_only=True)
class LevelLabels:
    """How versions label the levels of an image.

    Parameters
    ----------
    old : frozenset of str
        Attributes that only the version so far wants.
    new : mapping
        Attributes that the new version wants.
    dimension_names : tuple of str, optional
        As the new version wants them.
    """

    old: frozenset[str]
    new: Mapping[str, JSON] = field(factory=dict)
    dimension_names: tuple[str, ...] | None = None


def relabelled(node: ZarrNode, zarr_format: int, level: LevelLabels | None) -> DimensionLabels:
    """Return the labels of an array in a zarr format.

    Parameters
    ----------
    node : ZarrNode
    zarr_format : {2, 3}
    level : LevelLabels, optional
        None: the array is no level of an image, or of one that stays in its version.

    Raises
    ------
    MetadataError
        If an image has other axes than the array has dimensions.
    """
    attributes = dict(node.attributes)
    ndim = len(cast("list[JSON]", node.metadata.get("shape", [])))
    names = _dimension_names(node.metadata.get("dimension_names"), ndim)
    if level is not None:
        for key in level.old:
            names = names or _dimension_names(attributes.pop(key, None), ndim)
        attributes |= level.new
    if zarr_format == 2:
        if node.zarr_format == 3 and level is None and names is not None and any(names):
            attributes.setdefault(DIMENSIONS_ATTRIBUTE, list(names))
        return DimensionLabels(attributes=attributes)
    if node.zarr_format == 2:
        found = _dimension_names(attributes.get(DIMENSIONS_ATTRIBUTE), ndim)
        if found is not None:
            del attributes[DIMENSIONS_ATTRIBUTE]
            names = names or found
    if level is not None and level.dimension_names is not None:
        names = level.dimension_names
        if len(names) != ndim:
            raise MetadataError(
                f"the array {node.path!r} has {ndim} dimensions, but its image has {len(names)} axes; mend that first"
            )
    return DimensionLabels(attributes=attributes, dimension_names=names)


def _dimension_names(value: object, ndim: int) -> tuple[str | None, ...] | None:
    if not isinstance(value, list | tuple) or len(value) != ndim:
        return None
    names = tuple(value)
    return names if all(name is None or isinstance(name, str) for name in names) else None


def described(zarr_format: int, node: ZarrNode, labels: DimensionLabels, keys: ChunkKeys) -> dict[str, JSON] | Obstacle:
    """Return the document that describes an array in a zarr format: its ``zarr.json``, or its ``.zarray``.

    Parameters
    ----------
    zarr_format : {2, 3}
    node : ZarrNode
        Of either format.
    labels : DimensionLabels
        For format 2 not part of the document.
    keys : ChunkKeys
        How the chunks will be named.
    """
    try:
        if node.zarr_format == zarr_format:
            return _same_format(node, labels, keys)
        return _format_3(node, labels, keys) if zarr_format == 3 else _format_2(node, labels, keys)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return Obstacle(f"has malformed metadata ({type(error).__name__}: {error})", rewritable=False)


def _same_format(node: ZarrNode, labels: DimensionLabels, keys: ChunkKeys) -> dict[str, JSON]:
    document = dict(node.metadata)
    if node.zarr_format == 2:
        if ChunkKeys.of(node) != keys:
            document["dimension_separator"] = keys.separator
        return document
    document["attributes"] = dict(labels.attributes)
    if labels.dimension_names is not None:
        document["dimension_names"] = list(labels.dimension_names)
    return document


def _format_3(node: ZarrNode, labels: DimensionLabels, keys: ChunkKeys) -> dict[str, JSON] | Obstacle:
    metadata: Mapping[str, Any] = node.metadata
    text = metadata.get("dtype")
    if not isinstance(text, str):
        return Obstacle("is of a structured dtype, which NGFF has no use for and zarr format 3 does not define", False)
    name = DTYPES.get(text[1:])
    if name is None:
        kind = "objects" if text == "|O" else f"the dtype {text}"
        return Obstacle(f"is of {kind}, which zarr format 3 does not define", rewritable=False)
    size = int(text[2:])
    codecs = codecs_of(metadata.get("compressor"), metadata.get("filters"), size)
    if isinstance(codecs, Obstacle):
        return codecs
    shape, chunks = metadata["shape"], metadata["chunks"]
    serialiser: dict[str, JSON] = {"name": "bytes"}
    if size > 1:
        serialiser["configuration"] = {"endian": "big" if text[0] == ">" else "little"}
    first: list[JSON] = []
    if metadata.get("order") == "F" and len(shape) > 1:
        permutation: list[JSON] = list(range(len(shape)))[::-1]  # type: ignore[assignment]
        first = [{"name": "transpose", "configuration": {"order": permutation}}]
    document: dict[str, JSON] = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [max(chunk, 1) for chunk in chunks]}},
        "chunk_key_encoding": keys.document,
        "fill_value": _format_3_fill(metadata.get("fill_value"), name),
        "codecs": [*first, serialiser, *codecs],
        "attributes": dict(labels.attributes),
        "storage_transformers": [],
    }
    if labels.dimension_names is not None:
        document["dimension_names"] = list(labels.dimension_names)
    return _checked(document, document)


def _format_2(node: ZarrNode, labels: DimensionLabels, keys: ChunkKeys) -> dict[str, JSON] | Obstacle:
    metadata: Mapping[str, Any] = node.metadata
    kind = metadata.get("data_type")
    if not isinstance(kind, str) or kind not in _NAMES:
        return Obstacle(f"is of the data type {named(kind)[0] or kind}, which NGFF has no use for", rewritable=False)
    grid, grid_options = named(metadata.get("chunk_grid"))
    if grid != "regular":
        return Obstacle(f"has chunks on the grid {grid!r}, which zarr format 2 does not have")
    if metadata.get("storage_transformers"):
        return Obstacle("uses storage transformers, which zarr format 2 does not have", rewritable=False)
    stored = _serialisation(metadata["codecs"], len(metadata["shape"]))
    if isinstance(stored, Obstacle):
        return stored
    order, endian, rest = stored
    compressor = compressor_of(rest)
    if isinstance(compressor, Obstacle):
        return compressor
    text = _NAMES[kind]
    document: dict[str, JSON] = {
        "zarr_format": 2,
        "shape": metadata["shape"],
        "chunks": grid_options["chunk_shape"],
        "dtype": f"{'|' if text[1:] == '1' else '>' if endian == 'big' else '<'}{text}",
        "compressor": compressor,
        "fill_value": _format_2_fill(metadata.get("fill_value"), kind),
        "order": order,
        "filters": None,
        "dimension_separator": keys.separator,
    }
    return _checked(document, {**document, "attributes": dict(labels.attributes)})


def _serialisation(codecs: list[JSON], ndim: int) -> tuple[str, str, list[JSON]] | Obstacle:
    """Return memory order, byte order and the codecs behind them."""
    order, rest = "C", list(codecs)
    name, options = named(rest[0]) if rest else ("", {})
    if name == "sharding_indexed":
        return Obstacle("is sharded, which zarr format 2 does not know")
    if name == "transpose":
        permutation, straight = options.get("order"), list(range(ndim))
        if permutation not in ("C", "F", straight, straight[::-1]):
            return Obstacle(f"stores its axes in the order {permutation}, which zarr format 2 cannot say")
        order = "C" if permutation in ("C", straight) else "F"
        rest = rest[1:]
        name, options = named(rest[0]) if rest else ("", {})
    if name != "bytes":
        return Obstacle(f"is encoded by {name or 'nothing known'}, which zarr format 2 does not know")
    return order, options.get("endian", "little"), rest[1:]


def _format_3_fill(value: JSON, name: str) -> JSON:
    """Return a fill value of format 2 as format 3 writes it; none becomes 0, as readers take it."""
    if name == "bool":
        return bool(value)
    if name.startswith("complex"):
        if isinstance(value, list):
            return value
        real = value if isinstance(value, str | int | float) else 0.0
        return [real, 0.0]
    if value is None:
        return 0.0 if name.startswith("float") else 0
    if isinstance(value, float) and value.is_integer() and "int" in name:
        return int(value)
    return value


def _format_2_fill(value: JSON, kind: str) -> JSON:
    """Return a fill value of format 3 as format 2 writes it: bit patterns become numbers."""
    if isinstance(value, list):
        part = {"complex64": "float32", "complex128": "float64"}.get(kind, kind)
        return [_format_2_fill(item, part) for item in value]
    if not isinstance(value, str) or not value.startswith("0x"):
        return value
    code: Literal["e", "f", "d"] = {"float16": "e", "float32": "f", "float64": "d"}[kind]  # type: ignore[assignment]
    number: float = struct.unpack(f">{code}", bytes.fromhex(value[2:]))[0]
    if number != number:  # noqa: PLR0124 - NaN alone differs from itself
        return "NaN"
    return number if abs(number) != float("inf") else ("Infinity" if number > 0 else "-Infinity")


def _checked(document: dict[str, JSON], metadata: Mapping[str, Any]) -> dict[str, JSON] | Obstacle:
    """Return a document if zarr understands it."""
    from zarr.core.array import AsyncArray
    from zarr.storage import MemoryStore, StorePath

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            AsyncArray.from_dict(StorePath(MemoryStore(), "array"), dict(metadata))
    except Exception as error:  # noqa: BLE001 - whatever zarr stumbles over, the array cannot be carried over
        said = str(error) or type(error).__name__
        return Obstacle(f"would have metadata that zarr does not understand ({said})", rewritable=False)
    return document
