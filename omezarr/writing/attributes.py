"""From structured metadata to the attributes of a group, in a given format version.

The way of everything that writes metadata: complete what the version requires, refuse what it cannot express,
unstructure, wrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.errors import LossyError
from omezarr.model import Document
from omezarr.plugins.asking import calling
from omezarr.plugins.documents import attributes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import JSON, GroupMetadata
    from omezarr.plugins.registry import Registry


def compose_attributes(
    metadata: GroupMetadata,
    version: FormatVersion,
    registry: Registry,
    arrays: Mapping[str, ArrayFacts] | None = None,
) -> dict[str, JSON]:
    """Return the attributes of a group that say what the metadata says.

    Parameters
    ----------
    metadata : GroupMetadata
    version : FormatVersion
    registry : Registry
    arrays : mapping, optional
        What the arrays of the group tell, by path relative to it.
    """
    with calling(registry.formats, version.version, "complete"):
        completed = version.complete(metadata, arrays or {})
    converter = registry.converter(version)
    values: dict[str, JSON] = {}
    for key, facet in completed.facets.items():
        with calling(registry.node_types, key, "unstructure"):
            values.update(registry.node_types[key].unstructure(facet, converter))
    values.update(completed.unclaimed)
    document = Document(values=values, version=completed.version, foreign=completed.foreign)
    return attributes_of(document, version, registry)


def refuse_losses(metadata: GroupMetadata, version: FormatVersion, registry: Registry, where: str) -> None:
    """Raise if a format version cannot express all of the metadata.

    Parameters
    ----------
    metadata : GroupMetadata
    version : FormatVersion
    registry : Registry
    where : str
        What the metadata is of, for the message.

    Raises
    ------
    LossyError
        Naming all that would be lost.
    """
    with calling(registry.formats, version.version, "losses"):
        losses = version.losses(metadata)
    if losses:
        raise LossyError(
            f"NGFF {version.version} cannot express, of {where}: {'; '.join(losses)}. "
            "Choose a newer version, or allow the loss with allow_lossy (--allow-lossy)"
        )


def document_path(version: FormatVersion, key: str, registry: Registry) -> tuple[str, ...]:
    """Return where a format version keeps a key of the document in the attributes.

    Parameters
    ----------
    version : FormatVersion
    key : str
        An NGFF key, for example "labels".
    registry : Registry
    """
    wrapped = attributes_of(Document(values={key: True}), version, registry)
    if wrapped.get(key) is True:
        return (key,)
    return next((outer, key) for outer, inner in wrapped.items() if isinstance(inner, dict) and inner.get(key) is True)
