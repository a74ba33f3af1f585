"""A format version from outside, made from a built-in one: 0.6, with a key of its own in images and a rule for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc.rules import Finding, Rule, Severity
from omezarr.hookspecs import hookimpl
from omezarr.model import Image
from omezarr_builtins.formats.v06 import V06

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.abc.rules import RuleContext
    from omezarr.model import GroupMetadata

LICENCE = "CC-BY-4.0"


class V07(V06):
    """NGFF 0.7: every image says under which licence it may be used."""

    version = "0.7"
    without_rules = ("axes.space.order",)

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Fill in the licence of images that say none."""
        whole = super().complete(metadata, arrays)
        facets = {key: _licensed(facet) for key, facet in whole.facets.items()}
        return evolve(whole, facets=facets)

    def rules(self, key: str) -> Iterable[Rule]:
        """Return the rule for the licence, and one in place of an inherited one."""
        yield from super().rules(key)
        if key == "multiscales":
            words = {"severity": Severity.ERROR, "section": f"NGFF {self.version}, licences"}
            yield Rule(id="multiscales.licence", check=_has_licence, demand="Every image has a licence.", **words)
            yield Rule(id="axes.unit.present", check=lambda _: (), demand="Units are optional.", **words)


def _licensed(facet: object) -> object:
    if not isinstance(facet, Image):
        return facet
    return evolve(
        facet,
        multiscales=tuple(evolve(item, extra={"licence": LICENCE, **item.extra}) for item in facet.multiscales),
    )


def _has_licence(context: RuleContext) -> Iterator[Finding]:
    items: Any = context.values.get("multiscales")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and not isinstance(item.get("licence"), str):
            yield Finding(path=("multiscales", index), found="no key 'licence'", expected="the name of a licence")


@hookimpl
def omezarr_formats() -> list[FormatVersion]:
    """Provide NGFF 0.7."""
    return [V07()]
