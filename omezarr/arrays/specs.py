"""What an array that exists would be as an `ArraySpec`: for new arrays that are to be like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from omezarr.abc.plan import ArraySpec, Codec
from omezarr.arrays.defaults import default_codec

if TYPE_CHECKING:
    import zarr

    from omezarr.model import JSON


def spec_of(array: zarr.Array[Any], path: str) -> ArraySpec:
    """Return the specification of an array that exists.

    Parameters
    ----------
    array : zarr.Array
    path : str
        Where it is in the hierarchy that is being written.

    Returns
    -------
    ArraySpec
        Its codec is that of the array where that is a single compressor, else the default for the dtype.
    """
    dtype = np.dtype(array.dtype).newbyteorder("=")
    metadata: Any = array.metadata
    zarr_format: Literal[2, 3] = metadata.zarr_format
    encoding = metadata if zarr_format == 2 else metadata.chunk_key_encoding
    separator: Literal["/", "."] = getattr(encoding, "dimension_separator" if zarr_format == 2 else "separator", "/")
    attributes: dict[str, JSON] = array.attrs.asdict()  # type: ignore[assignment]  # zarr's JSON is the same by another name
    names = getattr(metadata, "dimension_names", None)
    return ArraySpec(
        path=path,
        shape=array.shape,
        chunks=array.chunks,
        shards=array.shards,
        dtype=str(dtype),
        zarr_format=zarr_format,
        separator=separator,
        codec=_codec(array) or default_codec(dtype),
        fill_value=0 if array.fill_value is None else array.fill_value.item(),
        dimension_names=names if names is not None and all(isinstance(name, str) for name in names) else None,
        attributes=attributes,
    )


def _codec(array: zarr.Array[Any]) -> Codec | None:
    """Return the single compressor of an array; None for a chain that `Codec` has no words for."""
    compressors = [_configuration(codec) for codec in array.compressors]
    if len(array.filters) or len(compressors) > 1:
        return None
    if not compressors:
        return Codec("none")
    name, options = compressors[0]
    return Codec(name, {key: value for key, value in options.items() if key != "typesize"})


def _configuration(codec: Any) -> tuple[str, dict[str, Any]]:
    """Return name and arguments of a codec of zarr, which differ between its formats."""
    if hasattr(codec, "get_config"):
        options = dict(codec.get_config())
        return str(options.pop("id")), options
    document = codec.to_dict()
    return str(document["name"]), dict(document.get("configuration", {}))
