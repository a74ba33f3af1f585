"""Compressors of zarr format 2 and codecs of format 3 that write the same bytes.

Pure: documents in, documents out. What has no counterpart is an `Obstacle`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc.plan import Codec
from omezarr.upgrading.chunk_keys import named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.hierarchy import ZarrNode
    from omezarr.model import JSON

_SHUFFLES = ("noshuffle", "shuffle", "bitshuffle")
_BLOSC_COMPRESSORS = ("lz4", "lz4hc", "blosclz", "zstd", "snappy", "zlib")

FOREIGN_CODECS = ("zlib", "lz4", "bz2", "lzma")
"""Compressors that zarr format 3 knows only as extensions ``numcodecs.*``, which few programs read."""


@frozen
class Obstacle:
    """Why an array cannot be described in the other zarr format.

    Parameters
    ----------
    reason : str
        Fits behind the name of the array.
    rewritable : bool
        Whether its pixels could be written anew.
    """

    reason: str
    rewritable: bool = True


def codecs_of(compressor: JSON, filters: JSON, itemsize: int) -> list[JSON] | Obstacle:
    """Return the codecs of zarr format 3, behind the one that makes bytes, for what a format 2 array uses.

    Parameters
    ----------
    compressor, filters : JSON
        As in ``.zarray``.
    itemsize : int
        Bytes a sample.

    Examples
    --------
    >>> codecs_of({"id": "gzip", "level": 5}, None, 2)
    [{'name': 'gzip', 'configuration': {'level': 5}}]
    """
    if filters:
        names = ", ".join(str(item.get("id")) if isinstance(item, dict) else str(item) for item in _list(filters))
        return Obstacle(f"uses filters ({names}), which have no counterpart in zarr format 3")
    if compressor is None:
        return []
    if not isinstance(compressor, dict) or not isinstance(compressor.get("id"), str):
        return Obstacle("has a malformed compressor", rewritable=False)
    name, options = str(compressor["id"]), {key: value for key, value in compressor.items() if key != "id"}
    if name == "blosc" and options.get("cname", "lz4") in _BLOSC_COMPRESSORS:
        return [{"name": "blosc", "configuration": _blosc_options(options, itemsize)}]
    if name == "zstd":
        level, checksum = options.get("level", 0), bool(options.get("checksum", False))
        return [{"name": "zstd", "configuration": {"level": level, "checksum": checksum}}]
    if name == "gzip":
        return [{"name": "gzip", "configuration": {"level": _level(options.get("level"))}}]
    if name in FOREIGN_CODECS:
        return [{"name": f"numcodecs.{name}", "configuration": options}]
    return Obstacle(f"is compressed with {name}, which has no counterpart in zarr format 3")


def _blosc_options(options: dict[str, Any], itemsize: int) -> dict[str, JSON]:
    shuffle = options.get("shuffle", 1)
    if shuffle not in (0, 1, 2):  # -1: chosen by the size of a sample
        shuffle = 2 if itemsize == 1 else 1
    return {
        "typesize": itemsize,
        "cname": options.get("cname", "lz4"),
        "clevel": options.get("clevel", 5),
        "shuffle": _SHUFFLES[shuffle],
        "blocksize": options.get("blocksize", 0),
    }


def compressor_of(codecs: Sequence[JSON]) -> JSON | Obstacle:
    """Return the compressor of zarr format 2 for the codecs of a format 3 array behind the one that makes bytes."""
    if not codecs:
        return None
    names = [named(codec)[0] for codec in codecs]
    if len(codecs) > 1:
        return Obstacle(f"uses several codecs one after the other ({', '.join(names)})")
    name, options = named(codecs[0])
    if name == "blosc" and options.get("shuffle", "noshuffle") in _SHUFFLES:
        return {
            "id": "blosc",
            "cname": options.get("cname", "zstd"),
            "clevel": options.get("clevel", 5),
            "shuffle": _SHUFFLES.index(options.get("shuffle", "noshuffle")),
            "blocksize": options.get("blocksize", 0),
        }
    if name == "zstd":
        checksum: dict[str, JSON] = {"checksum": True} if options.get("checksum") else {}
        return {"id": "zstd", "level": options.get("level", 0), **checksum}
    if name == "gzip":
        return {"id": "gzip", "level": options.get("level", 5)}
    if name.startswith("numcodecs.") and name.removeprefix("numcodecs.") in FOREIGN_CODECS:
        return {"id": name.removeprefix("numcodecs."), **options}
    return Obstacle(f"uses the codec {name or codecs[0]}, which has no counterpart in zarr format 2")


def plain_codec(compressor: JSON | Obstacle) -> Codec | None:
    """Return the codec to write pixels anew with, as given by a compressor of zarr format 2; None if it is uncommon."""
    if compressor is None:
        return Codec("none")
    if isinstance(compressor, Obstacle) or not isinstance(compressor, dict):
        return None
    options = {key: value for key, value in compressor.items() if key not in ("id", "blocksize")}
    name = str(compressor.get("id"))
    if name == "blosc" and options.get("shuffle", 1) not in (0, 1, 2):
        options["shuffle"] = 1
    return Codec(name, options) if name in ("blosc", "zstd", "gzip") else None


def uses_extension(node: ZarrNode) -> bool:
    """Say whether an array of zarr format 2 is compressed by what format 3 knows only as an extension."""
    compressor = node.metadata.get("compressor")
    return node.zarr_format == 2 and isinstance(compressor, dict) and compressor.get("id") in FOREIGN_CODECS


def _level(level: object) -> int:
    return min(max(level, 0), 9) if isinstance(level, int) else 5


def _list(value: JSON) -> list[Any]:
    return value if isinstance(value, list) else [value]
