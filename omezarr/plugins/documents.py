"""Between the attributes of a group and its document, as its format version and all node types together see it.

A format version says where documents are. A node type can say that its keys stand in the attributes themselves instead,
beside those of others: what it reads and writes is part of the document all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.plugins.asking import calling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import FormatVersion
    from omezarr.model import JSON, Document
    from omezarr.plugins.registry import Registry


def document_of(attributes: Mapping[str, JSON], version: FormatVersion, registry: Registry) -> Document:
    """Take the document out of the attributes of a group.

    Raises
    ------
    MetadataError
        If there is none.
    """
    with calling(registry.formats, version.version, "unwrap"):
        document = version.unwrap(attributes)
    plain = registry.plain_keys & document.foreign.keys() - document.values.keys()
    if not plain:
        return document
    foreign = {key: value for key, value in document.foreign.items() if key not in plain}
    moved = {key: value for key, value in document.foreign.items() if key in plain}
    return evolve(document, values={**document.values, **moved}, foreign=foreign)


def attributes_of(document: Document, version: FormatVersion, registry: Registry) -> dict[str, JSON]:
    """Put a document into the attributes of a group; the inverse of `document_of`."""
    plain = registry.plain_keys & document.values.keys()
    if plain:
        values = {key: value for key, value in document.values.items() if key not in plain}
        moved = {key: value for key, value in document.values.items() if key in plain}
        document = evolve(document, values=values, foreign={**document.foreign, **moved})
    with calling(registry.formats, version.version, "wrap"):
        return version.wrap(document)
