"""The node type ``gallery``: images with captions, read and written in every NGFF version."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - looked up when values are structured
from typing import Any

from attrs import evolve, field, frozen

from omezarr.abc import Hint, NodeType, Reference
from omezarr.abc.plan import Phase
from omezarr.abc.rules import Finding, Rule, Severity
from omezarr.hookspecs import hookimpl
from omezarr.model import extra
from omezarr.model.content import Content, ImageContent


@frozen
class Picture:
    """An image of a gallery."""

    path: str
    caption: str
    extra: Mapping[str, Any] = extra()


@frozen
class Gallery:
    """The key ``gallery``."""

    pictures: tuple[Picture, ...]
    extra: Mapping[str, Any] = extra()


@frozen
class GalleryContent(Content):
    """What is to be written: images with captions, by name."""

    images: Mapping[str, ImageContent]
    captions: Mapping[str, str] = field(factory=dict)

    def walk_images(self):
        """Yield the images by name."""
        yield from self.images.items()

    def map_images(self, change):
        """Return the gallery with each of its images changed."""
        return evolve(self, images={name: change(image) for name, image in self.images.items()})


class GalleryNode(NodeType):
    """Images with captions; each image is a group below."""

    key = "gallery"
    model = Gallery
    priority = 15
    content = GalleryContent

    def plan(self, content, context):
        """Return the phases that write the images, and at last the list of them."""
        pictures = tuple(Picture(name, content.captions.get(name, name)) for name in content.images)
        phases = [Phase(name="gallery", steps=(context.group(),))]
        for name, image in content.images.items():
            phases += context.below(name).plan(image)
        commit = context.commit({self.key: Gallery(pictures)}, "the gallery")
        return [*phases, Phase(name="list", steps=(commit,))]

    def references(self, value):
        """Yield the images."""
        for picture in value.pictures:
            yield Reference(path=picture.path, role="child", hint=Hint(node_key="multiscales"))

    def rules(self, version):
        """Return that pictures have captions."""
        return [
            Rule(
                id="gallery.caption",
                severity=Severity.WARNING,
                section="gallery",
                demand="Every picture has a caption.",
                check=_uncaptioned,
            )
        ]


def _uncaptioned(context):
    gallery = context.values.get("gallery")
    pictures = gallery.get("pictures") if isinstance(gallery, dict) else None
    for index, picture in enumerate(pictures if isinstance(pictures, list) else ()):
        if isinstance(picture, dict) and not picture.get("caption"):
            yield Finding(path=("gallery", "pictures", index, "caption"), found="none", expected="a text")


@hookimpl
def omezarr_node_types():
    """Give the node type to omezarr."""
    return [GalleryNode()]
