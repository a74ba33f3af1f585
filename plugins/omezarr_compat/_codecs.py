"""Compressors of numcodecs and zarr, in the words of omezarr."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr import Codec
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from omezarr_compat.format import Format
    from omezarr_compat.types import JSONDict

SHUFFLES = ("noshuffle", "shuffle", "bitshuffle")
"""What numcodecs writes as 0, 1 and 2."""


def default_codec(fmt: Format) -> Codec:
    """Return what levels are compressed with unless something else is said."""
    if fmt.zarr_format == 2:
        return Codec("blosc", {"cname": "zstd", "clevel": 5, "shuffle": "shuffle", "blocksize": 0})
    return Codec("zstd", {"level": 0})


def codec_of(storage: JSONDict, itemsize: int) -> Codec | None:
    """Return the codec that storage options name; None where they name none.

    Parameters
    ----------
    storage : dict
        With "compressor" or "compressors", or neither.
    itemsize : int
        Bytes a sample.

    Raises
    ------
    ArgumentError
        If there are several, or it is none.
    """
    if "compressors" in storage and storage["compressors"] is None:
        return Codec("none")
    given = storage.get("compressor", storage.get("compressors"))
    if isinstance(given, list | tuple):
        if len(given) > 1:
            raise ArgumentError("one compressor is possible; several are given")
        given = given[0] if given else Codec("none")
    if given is None or isinstance(given, Codec):
        return given
    name, options = _described(given)
    shuffle = getattr(options.get("shuffle"), "value", options.get("shuffle"))
    if name == "blosc" and shuffle is not None:
        automatic = "bitshuffle" if itemsize == 1 else "shuffle"
        options["shuffle"] = (*SHUFFLES, automatic)[shuffle] if isinstance(shuffle, int) else shuffle
    options.pop("typesize", None)
    return Codec(name, options)


def _described(given: Any) -> tuple[str, dict[str, Any]]:
    """Return name and options of a codec of numcodecs, of zarr, or of the JSON form of either."""
    for method in ("get_config", "to_dict"):
        if not isinstance(given, Mapping) and hasattr(given, method):
            given = getattr(given, method)()
    if isinstance(given, Mapping) and "id" in given:
        return str(given["id"]), {key: value for key, value in given.items() if key != "id"}
    if isinstance(given, Mapping) and "name" in given:
        return str(given["name"]), dict(given.get("configuration") or {})
    raise ArgumentError(f"{given!r} is no compressor; give one of numcodecs or zarr.codecs")
