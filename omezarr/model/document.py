"""A group's OME metadata as raw JSON, freed from where its version keeps it.

The *attributes* of a zarr group hold the *document*: at the top level up to 0.4, under ``ome`` from 0.5 on. A format
version unwraps the one from the other; node types structure its values.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from omezarr.model._base import JSON


@frozen(kw_only=True)
class Document:
    """The OME part of a group's attributes.

    Parameters
    ----------
    values : mapping
        NGFF key ("multiscales", "plate", ...) to raw JSON. Up to 0.4 every key of the attributes is here, since
        nothing marks those of others.
    version : str or None
        The version that the attributes name for the group as a whole; None if they do not.
    foreign : mapping
        Attributes outside the document (0.5 on).
    """

    values: Mapping[str, JSON]
    version: str | None = None
    foreign: Mapping[str, JSON] = field(factory=dict)


@frozen(kw_only=True)
class GroupMetadata:
    """Everything that a group says, structured.

    Parameters
    ----------
    facets : mapping
        Key of a node type to its model value. One group can have several: a label image has "image-label" and
        "multiscales".
    unclaimed : mapping
        Keys of the document that no node type claims, as they were.
    foreign : mapping
        Attributes outside the document, as they were.
    version : str or None
        The version that the document names for the group as a whole.
    """

    facets: Mapping[str, object]
    unclaimed: Mapping[str, JSON] = field(factory=dict)
    foreign: Mapping[str, JSON] = field(factory=dict)
    version: str | None = None
