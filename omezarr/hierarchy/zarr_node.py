"""The metadata of one zarr group or array, made from its documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import frozen

from omezarr.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.model import JSON

DOCUMENTS = frozenset({"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"})
"""The objects that hold metadata, in either zarr format."""

Kind: TypeAlias = Literal["group", "array"]


@frozen(kw_only=True)
class ZarrNode:
    """The metadata of one zarr group or array, as stored.

    Parameters
    ----------
    path : str
        Relative to the root of the hierarchy; empty for the root itself.
    kind : {"group", "array"}
    zarr_format : {2, 3}
    attributes : mapping
        The raw attributes.
    metadata : mapping
        The content of ``zarr.json``, ``.zgroup`` or ``.zarray``.
    consolidated : bool
        Whether the node carries consolidated metadata.
    both_formats : bool
        Whether metadata of both zarr formats is there.
    """

    path: str
    kind: Literal["group", "array"]
    zarr_format: Literal[2, 3]
    attributes: Mapping[str, JSON]
    metadata: Mapping[str, JSON]
    consolidated: bool = False
    both_formats: bool = False

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of an array; None for a group, and where the metadata gives none that an array can have."""
        shape = self.metadata.get("shape") if self.kind == "array" else None
        if not isinstance(shape, list):
            return None
        sizes = tuple(size for size in shape if isinstance(size, int) and not isinstance(size, bool) and size >= 0)
        return sizes if len(sizes) == len(shape) else None


def _attributes(metadata: Any, path: str) -> dict[str, Any]:
    if not isinstance(metadata, dict):
        raise MetadataError(f"the attributes at {path!r} are no JSON object")
    return metadata


LONGEST_AXIS = 2**63 - 1
"""No axis of an array is longer."""


def _check_sizes(name: str, metadata: Mapping[str, Any], grid: Any, key: str) -> None:
    """Refuse lengths and chunks that no array can have, before anybody counts what they would hold."""
    shape = metadata.get("shape")
    chunks = grid.get(key) if isinstance(grid, dict) else None
    if not isinstance(shape, list):
        return
    for size in shape:
        if isinstance(size, int) and not 0 <= size <= LONGEST_AXIS:
            raise MetadataError(f"{name}: {size:.6g} is no length of an axis")
    for size, length in zip(chunks if isinstance(chunks, list) else (), shape, strict=False):
        if isinstance(size, int) and not (0 if length == 0 else 1) <= size <= LONGEST_AXIS:
            raise MetadataError(f"{name}: {size:.6g} is no size of chunks")


def node_of_format_3(path: str, metadata: Any, name: str, *, both: bool = False) -> ZarrNode:
    """Make a node of the content of ``zarr.json``; `name` is for messages.

    Raises
    ------
    MetadataError
        If it is malformed.
    """
    if not isinstance(metadata, dict):
        raise MetadataError(f"{name} is no JSON object")
    if metadata.get("node_type") not in ("group", "array") or metadata.get("zarr_format") != 3:
        raise MetadataError(f"{name} is no metadata of a zarr group or array of format 3")
    grid = metadata.get("chunk_grid")
    _check_sizes(name, metadata, grid.get("configuration") if isinstance(grid, dict) else None, "chunk_shape")
    return ZarrNode(
        path=path,
        kind=metadata["node_type"],
        zarr_format=3,
        attributes=_attributes(metadata.get("attributes", {}), path),
        metadata=metadata,
        consolidated=isinstance(metadata.get("consolidated_metadata"), dict),
        both_formats=both,
    )


def node_of_format_2(
    path: str, documents: dict[str, Any], *, consolidated: bool = False, both: bool = False
) -> ZarrNode:
    """Make a node of the documents ``.zarray`` or ``.zgroup`` and ``.zattrs``, by name.

    Raises
    ------
    MetadataError
        If they are malformed.
    """
    kind: Kind = "array" if ".zarray" in documents else "group"
    metadata = documents[f".z{kind}"]
    if not isinstance(metadata, dict) or metadata.get("zarr_format") != 2:
        raise MetadataError(f"{path}/.z{kind}".lstrip("/") + f" is no metadata of a zarr {kind} of format 2")
    _check_sizes(f"{path}/.zarray".lstrip("/"), metadata, metadata, "chunks")
    return ZarrNode(
        path=path,
        kind=kind,
        zarr_format=2,
        attributes=_attributes(documents.get(".zattrs", {}), path),
        metadata=metadata,
        consolidated=consolidated,
        both_formats=both,
    )
