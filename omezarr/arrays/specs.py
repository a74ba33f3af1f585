"""What an array that exists would be as an `ArraySpec`: for new arrays that are to be like it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from omezarr.abc.plan import ArraySpec
from omezarr.arrays.codecs import codec_of, has_checksums
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
    document = document_of(array)
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
        codec=codec_of(document) or default_codec(dtype),
        checksums=has_checksums(document),
        fill_value=0 if array.fill_value is None else array.fill_value.item(),
        dimension_names=names if names is not None and all(isinstance(name, str) for name in names) else None,
        attributes=attributes,
    )


def document_of(array: zarr.Array[Any]) -> dict[str, Any]:
    """Return the metadata of an array as it is stored, without its attributes."""
    if array.metadata.zarr_format == 3:
        return array.metadata.to_dict()
    import json

    from zarr.core.buffer import default_buffer_prototype

    stored: dict[str, Any] = json.loads(array.metadata.to_buffer_dict(default_buffer_prototype())[".zarray"].to_bytes())
    return stored
