"""Documents to metadata and back, as nodes do it, with the built-in formats and node types and nothing else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc import Hint
from omezarr.model import Document, GroupMetadata
from omezarr.model.structuring import base_converter
from omezarr_builtins.formats import v01, v02, v03, v04, v05, v06
from omezarr_builtins.nodes import bioformats2raw, image_label, labels, multiscales, plate, scene, well

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cattrs import Converter

    from omezarr.abc import ArrayFacts, FormatVersion, NodeType

FORMATS: dict[str, FormatVersion] = {
    version.version: version for module in (v01, v02, v03, v04, v05, v06) for version in module.omezarr_formats()
}
VERSIONS = tuple(FORMATS)
NODE_TYPES: dict[str, NodeType] = {
    node_type.key: node_type
    for module in (multiscales, image_label, labels, plate, well, bioformats2raw, scene)
    for node_type in module.omezarr_node_types()
}


@cache
def converter(version: str) -> Converter:
    made = base_converter()
    for node_type in NODE_TYPES.values():
        node_type.configure(made)
    FORMATS[version].configure(made)
    return made


def read(attributes: Mapping[str, Any], version: str) -> GroupMetadata:
    document = FORMATS[version].unwrap(attributes)
    types = [node_type for key, node_type in NODE_TYPES.items() if key in document.values]
    claimed = {key for node_type in types for key in (node_type.key, *node_type.companions)}
    return GroupMetadata(
        facets={node_type.key: node_type.structure(document.values, converter(version)) for node_type in types},
        unclaimed={key: value for key, value in document.values.items() if key not in claimed},
        foreign=document.foreign,
        version=document.version,
    )


def written(metadata: GroupMetadata, version: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, facet in metadata.facets.items():
        values |= NODE_TYPES[key].unstructure(facet, converter(version))
    document = Document(values={**values, **metadata.unclaimed}, version=metadata.version, foreign=metadata.foreign)
    return FORMATS[version].wrap(document)


def moved(metadata: GroupMetadata, version: str, arrays: Mapping[str, ArrayFacts] | None = None) -> GroupMetadata:
    """Return metadata as it is read back after it was completed for a version and written."""
    completed = FORMATS[version].complete(metadata, arrays or {})
    return read(written(completed, version), version)


def claims(attributes: Mapping[str, Any], zarr_format: int, **hint: Any) -> dict[str, int]:
    """Return how certainly each format claims attributes, by version."""
    found = {name: item.claim(attributes, zarr_format, Hint(**hint)) for name, item in FORMATS.items()}
    return {name: claim.specificity for name, claim in found.items() if claim is not None}


def without_version(metadata: GroupMetadata) -> GroupMetadata:
    return evolve(metadata, version=None)
