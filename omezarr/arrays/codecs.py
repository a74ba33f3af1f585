"""Codecs in the words of zarr format 2, of format 3 and of numcodecs: the one place that translates between them.

Pure: documents in, documents out. What has no counterpart is an `Obstacle`. The words of format 2 are those of
numcodecs, and so are those of `Codec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc.plan import Codec
from omezarr.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.hierarchy import ZarrNode
    from omezarr.model import JSON

BLOSC_BLOCK_BYTES = 512 * 1024
"""What blosc compresses at once: by itself it takes less, which costs speed on both ways and some of the ratio."""

_SHUFFLES = ("noshuffle", "shuffle", "bitshuffle")
_BLOSC_COMPRESSORS = ("lz4", "lz4hc", "blosclz", "zstd", "snappy", "zlib")

_DEFAULTS: dict[str, dict[str, JSON]] = {
    "none": {},
    "blosc": {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "blocksize": BLOSC_BLOCK_BYTES},
    "zstd": {"level": 1, "checksum": False},
    "gzip": {"level": 5},
}

CHECKSUM = "crc32c"
"""The codec of zarr format 3 that puts a checksum behind what the codecs before it made."""

COMMON_CODECS = tuple(_DEFAULTS)
"""Codecs that every program reads, in both formats; their options have defaults and are checked."""

FOREIGN_CODECS = ("zlib", "lz4", "bz2", "lzma")
"""Compressors that zarr format 3 knows only as extensions ``numcodecs.*``, which few programs read."""


_CHECKING = frozenset({CHECKSUM, "crc32", "adler32", "fletcher32", "jenkins_lookup3", "gzip", "zlib", "bz2"})
"""Codecs that find out when they are given wrong bytes."""


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


def v2_compressor(codec: Codec) -> JSON:
    """Return the compressor of zarr format 2 for a codec.

    Raises
    ------
    ArgumentError, UnsupportedError
        If an option of a common codec is wrong, or numcodecs does not know it.
    """
    if codec.name == "none":
        return None
    if codec.name not in COMMON_CODECS:
        import numcodecs

        try:
            config: dict[str, JSON] = numcodecs.get_codec({"id": codec.name, **codec.options}).get_config()
        except Exception as error:
            raise UnsupportedError(f"zarr format 2 knows no codec {codec}: {error}; try blosc, zstd or gzip") from error
        return config
    options = _options(codec)
    if codec.name == "blosc":
        options["shuffle"] = _SHUFFLES.index(str(options["shuffle"]))
    if codec.name == "zstd" and not options["checksum"]:
        del options["checksum"]  # other readers of zarr format 2 refuse arrays that name it
    return {"id": codec.name, **options}


def v3_codecs(codec: Codec, itemsize: int) -> list[JSON]:
    """Return the codecs of zarr format 3, behind the one that makes bytes, for a codec.

    Raises
    ------
    ArgumentError
        If an option of a common codec is wrong.
    """
    found = codecs_of(v2_compressor(codec), None, itemsize) if codec.name in COMMON_CODECS else None
    if found is None or isinstance(found, Obstacle):
        return [{"name": codec.name, "configuration": dict(codec.options)}]
    return found


def step_of(codec: JSON) -> Any:
    """Return the codec of numcodecs for a codec of zarr format 3 on bytes; None if there is none.

    Raises
    ------
    ValueError
        If it is one that is known, and malformed.
    """
    import numcodecs

    compressor = compressor_of([codec])
    name, options = named(codec)
    if isinstance(compressor, Obstacle):
        if name in COMMON_CODECS:
            raise ValueError(f"the codec {name} has no such options: {dict(options)}")
        return None
    assert isinstance(compressor, dict)
    typesize = {"typesize": options["typesize"]} if name == "blosc" and options.get("typesize") else {}
    return numcodecs.get_codec({**compressor, **typesize})


def codec_of(metadata: Mapping[str, Any]) -> Codec | None:
    """Return the compressor of an array, without checksums; None for a chain that `Codec` has no words for.

    Parameters
    ----------
    metadata : mapping
        The content of ``zarr.json`` or ``.zarray``.
    """
    if metadata.get("zarr_format") == 2:
        return None if metadata.get("filters") else _codec(metadata.get("compressor"))
    codecs = _of_chunks(metadata)
    names = [named(codec)[0] for codec in codecs]
    if "bytes" not in names:
        return None
    behind = codecs[names.index("bytes") + 1 :]
    if behind and names[-1] == CHECKSUM:
        del behind[-1]
    compressor = compressor_of(behind)
    if isinstance(compressor, Obstacle):
        name, options = named(behind[0])
        return Codec(name, options) if len(behind) == 1 and name else None
    return _codec(compressor)


def has_checksums(metadata: Mapping[str, Any]) -> bool:
    """Say whether a crc32c follows the content of each chunk of an array.

    Parameters
    ----------
    metadata : mapping
        As for `codec_of`.

    Examples
    --------
    >>> has_checksums({"zarr_format": 3, "codecs": [{"name": "bytes"}, {"name": "zstd"}, {"name": "crc32c"}]})
    True
    """
    return metadata.get("zarr_format") != 2 and any(named(codec)[0] == CHECKSUM for codec in _of_chunks(metadata))


def detects_damage(metadata: Mapping[str, Any]) -> bool:
    """Say whether wrong bytes of a chunk of an array are found when it is decoded: one of its codecs has a checksum.

    Parameters
    ----------
    metadata : mapping
        As for `codec_of`.

    Examples
    --------
    >>> detects_damage({"zarr_format": 2, "compressor": {"id": "gzip", "level": 5}, "filters": None})
    True
    """
    if metadata.get("zarr_format") == 2:
        chain = [*(metadata.get("filters") or ()), metadata.get("compressor")]
        steps: list[tuple[str, Mapping[str, Any]]] = [
            (str(step.get("id")), step) for step in chain if isinstance(step, dict)
        ]
    else:
        steps = [named(codec) for codec in _of_chunks(metadata)]
    names = [(name.removeprefix("numcodecs."), options) for name, options in steps]
    return any(name in _CHECKING or (name == "zstd" and bool(options.get("checksum"))) for name, options in names)


def _of_chunks(metadata: Mapping[str, Any]) -> list[JSON]:
    """Return the codecs of the chunks of an array of zarr format 3, be they in shards or not."""
    codecs = list(metadata.get("codecs", ()))
    if codecs and named(codecs[0])[0] == "sharding_indexed":
        return list(named(codecs[0])[1].get("codecs", ()))
    return codecs


def common_codec(metadata: Mapping[str, Any]) -> Codec | None:
    """Return what the chunks of an array are compressed with, if that is common; blocks of blosc fit other chunks.

    Parameters
    ----------
    metadata : mapping
        As for `codec_of`.
    """
    found = codec_of(metadata)
    if found is None or found.name not in COMMON_CODECS:
        return None
    return Codec(found.name, {key: value for key, value in found.options.items() if key != "blocksize"})


def _codec(compressor: JSON) -> Codec | None:
    if compressor is None:
        return Codec("none")
    if not isinstance(compressor, dict):
        return None
    options = {key: value for key, value in compressor.items() if key != "id"}
    if compressor.get("id") == "blosc" and options.get("shuffle", 1) not in (0, 1, 2):
        options["shuffle"] = 1  # -1: chosen by the size of a sample
    return Codec(str(compressor.get("id")), options)


def named(value: object) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the configuration of an extension point of zarr format 3; an empty name if it is none."""
    if isinstance(value, str):
        return value, {}
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        options = value.get("configuration")
        return value["name"], options if isinstance(options, dict) else {}
    return "", {}


def uses_extension(node: ZarrNode) -> bool:
    """Say whether an array of zarr format 2 is compressed by what format 3 knows only as an extension."""
    compressor = node.metadata.get("compressor")
    return node.zarr_format == 2 and isinstance(compressor, dict) and compressor.get("id") in FOREIGN_CODECS


def _level(level: object) -> int:
    return min(max(level, 0), 9) if isinstance(level, int) else 5


def _list(value: JSON) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _options(codec: Codec) -> dict[str, JSON]:
    """Return the options of a common codec, with defaults."""
    known = _DEFAULTS[codec.name]
    unknown = sorted(set(codec.options) - set(known))
    if unknown:
        raise ArgumentError(
            f"the codec {codec.name} has no option {unknown[0]!r}; it takes {', '.join(known) or 'none'}"
        )
    options = {**known, **codec.options}
    if codec.name == "blosc":
        shuffle = options["shuffle"]
        options["shuffle"] = _SHUFFLES[shuffle] if shuffle in (0, 1, 2) else shuffle  # type: ignore[index]
        if options["shuffle"] not in _SHUFFLES:
            raise ArgumentError(f"blosc cannot shuffle by {shuffle!r}; choose one of {', '.join(_SHUFFLES)}")
        if options["cname"] not in _BLOSC_COMPRESSORS:
            raise ArgumentError(
                f"blosc has no compressor {options['cname']!r}; choose zstd, lz4, lz4hc, blosclz or zlib"
            )
        _check_range(codec, "clevel", options["clevel"], 0, 9)
        _check_range(codec, "blocksize", options["blocksize"], 0, 2**31 - 1)
    elif codec.name == "gzip":
        _check_range(codec, "level", options["level"], 0, 9)
    elif codec.name == "zstd":
        _check_range(codec, "level", options["level"], -131072, 22)
        options["checksum"] = options["checksum"] in (True, 1, "true")
    return options


def _check_range(codec: Codec, name: str, value: JSON, low: int, high: int) -> None:
    if not isinstance(value, int) or not low <= value <= high:
        raise ArgumentError(f"{name} of {codec.name} is a whole number from {low} to {high}, not {value!r}")
