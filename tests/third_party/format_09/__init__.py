"""A format version from outside: 0.9.dev2, whose axes are of any number, order and type, and may be oriented.

It uses what every plugin can: `omezarr.abc`, `omezarr.model` and the hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc import Certainty, Claim, FormatVersion, Hint
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Document, GroupMetadata, Image, SystemReference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ArrayFacts
    from omezarr.model import JSON, Dataset, Multiscale


class V09(FormatVersion):
    """A preview of NGFF 0.9; ``orientation`` on axes is a key that the model keeps without knowing it."""

    version = "0.9.dev2"
    zarr_format = 3

    def claim(self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint) -> Claim | None:
        """Claim what names the version, and what a neighbour says is of it."""
        ome = attributes.get("ome")
        named = ome.get("version") if isinstance(ome, dict) else None
        if zarr_format != 3 or named not in (None, "0.9", "0.9.dev2"):
            return None
        if named is not None:
            return Claim(Certainty.EXPLICIT, f"ome.version is {named}")
        return Claim(Certainty.HINT, "its neighbour is") if hint.format_version == self.version else None

    def unwrap(self, attributes: Mapping[str, JSON]) -> Document:
        """Take what is below ``ome``."""
        ome: Any = attributes.get("ome")
        foreign = {key: value for key, value in attributes.items() if key != "ome" or not isinstance(ome, dict)}
        values = dict(ome) if isinstance(ome, dict) else {}
        version = values.pop("version") if isinstance(values.get("version"), str) else None
        return Document(values=values, version=version, foreign=foreign)

    def wrap(self, document: Document) -> dict[str, JSON]:
        """Put the document below ``ome``."""
        version = {} if document.version is None else {"version": document.version}
        ome: dict[str, JSON] = {**document.values, **version}
        return {**document.foreign, **({"ome": ome} if ome else {})}

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Name the version, and say where the transformations of levels lead."""
        facets = {
            key: evolve(facet, multiscales=tuple(map(_led, facet.multiscales))) if isinstance(facet, Image) else facet
            for key, facet in metadata.facets.items()
        }
        return evolve(metadata, facets=facets, version=self.version)


def _led(multiscale: Multiscale) -> Multiscale:
    system = multiscale.intrinsic_system
    if system is None:
        return evolve(multiscale, version=UNSET)

    def led(dataset: Dataset) -> Dataset:
        ends = {"input": SystemReference(path=dataset.path), "output": SystemReference(name=system.name)}
        steps = dataset.coordinate_transformations
        return evolve(dataset, coordinate_transformations=steps and tuple(evolve(step, **ends) for step in steps))

    return evolve(multiscale, datasets=tuple(map(led, multiscale.datasets)), version=UNSET)


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.9.dev2."""
    return [V09()]
