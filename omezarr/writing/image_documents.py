"""The document of an image, which depends on pixels that are yet to be written: the windows of its channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from omezarr.model import UNSET, Image, Omero
from omezarr.plugins.registry import registry_in_use
from omezarr.writing.attributes import compose_attributes
from omezarr.writing.carrying import source_image, with_facets
from omezarr.writing.channels import blank_level, has_windows, measured_channels

if TYPE_CHECKING:
    from omezarr.abc.plan import Measured
    from omezarr.abc.planning import PlannedImage
    from omezarr.model import JSON, Channel, GroupMetadata
    from omezarr.plugins.registry import Registry


@frozen
class ImageDocument:
    """Makes the attributes of an image's group of what has been measured, with the registry in use.

    Parameters
    ----------
    path : str
        Of the group.
    image : PlannedImage
    key : str
        The key of the node type that the document is of.
    version : str
    """

    path: str
    image: PlannedImage
    key: str
    version: str

    def metadata(self, channels: tuple[Channel, ...]) -> GroupMetadata:
        """Return what is said of an image with these channels, and what else its source says."""
        content = self.image.content
        said = source_image(content)
        given = said.omero if said is not None and said.omero else Omero()
        renamed = said is not None and said.multiscales and said.multiscales[0].name != content.name
        name = (UNSET if renamed else given.name) or content.name or UNSET
        facet = Image((self.image.multiscale,), evolve(given, channels=channels, name=name))
        return with_facets(content.groups.get(""), {self.key: facet})

    def beforehand(self, registry: Registry) -> dict[str, JSON]:
        """Return the attributes as far as they are known before a pixel has been read."""
        return self._attributes(blank_level(self.image.content), registry)

    def __call__(self, measured: Measured) -> dict[str, JSON]:
        """Return the attributes once the smallest level is there."""
        if has_windows(self.image.content):
            return self.beforehand(registry_in_use())
        return self._attributes(measured.smallest_level(self.path), registry_in_use())

    def _attributes(self, smallest: object, registry: Registry) -> dict[str, JSON]:
        metadata = self.metadata(measured_channels(self.image.content, smallest))
        return compose_attributes(metadata, registry.formats[self.version], registry, self.image.arrays)
