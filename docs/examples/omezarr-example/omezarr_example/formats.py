"""The format version 0.7.dev1: NGFF 0.6 in which every image names its licence."""

from __future__ import annotations

from attrs import evolve

from omezarr.abc.rules import Finding, Rule, Severity
from omezarr.hookspecs import hookimpl
from omezarr.model import Image
from omezarr_builtins.formats.v06 import V06

LICENCE = "CC-BY-4.0"


class Licensed(V06):
    """Everything is inherited but for one key and its rule."""

    version = "0.7.dev1"

    def complete(self, metadata, arrays):
        """Fill in the licence of images that name none."""
        whole = super().complete(metadata, arrays)
        return evolve(whole, facets={key: _licensed(facet) for key, facet in whole.facets.items()})

    def rules(self, key):
        """Yield the inherited rules and one more."""
        yield from super().rules(key)
        if key == "multiscales":
            yield Rule(
                id="multiscales.licence",
                severity=Severity.ERROR,
                section="0.7.dev1, licences",
                demand="Every image names its licence.",
                check=_unlicensed,
            )


def _licensed(facet):
    if not isinstance(facet, Image):
        return facet
    return evolve(
        facet, multiscales=tuple(evolve(item, extra={"licence": LICENCE, **item.extra}) for item in facet.multiscales)
    )


def _unlicensed(context):
    images = context.values.get("multiscales")
    for index, image in enumerate(images if isinstance(images, list) else ()):
        if isinstance(image, dict) and not isinstance(image.get("licence"), str):
            yield Finding(path=("multiscales", index, "licence"), found="none", expected="the name of a licence")


@hookimpl
def omezarr_formats():
    """Give the version to omezarr."""
    return [Licensed()]
