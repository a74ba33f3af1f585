"""What is special about images whose pixels are labels.

Source: OME-NGFF "image-label" (all versions).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.abc import Claim, NodeType
from omezarr.abc.plan import Phase
from omezarr.hookspecs import hookimpl
from omezarr.model import Image, ImageLabel, LabelSource
from omezarr.model.content import LabelImageContent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.abc import Hint, Reference
    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext
    from omezarr.model import Document


class ImageLabelNode(NodeType):
    """A label image; it is a multiscale image too, which is another facet of the same group."""

    key = "image-label"
    model = ImageLabel
    priority = 30
    content = LabelImageContent

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        """Claim what has the key; with less certainty a multiscale image in the place of a label."""
        if self.key in document.values:
            return Claim(Claim.CLOSER_KEY, f"it has the key {self.key!r}")
        if "multiscales" not in document.values:
            return None
        if hint.node_key == self.key:
            return Claim(Claim.KEY, "a group of labels lists it")
        if re.search(r"(^|/)labels/.*[^/]", hint.path):
            return Claim(Claim.KEY, f"it lies at {hint.path!r}")
        return None

    def plan(self, content: LabelImageContent, context: PlanningContext) -> list[Phase]:
        """Return the phase that writes a label image; where it says nothing of its source, that is its image."""
        planned = context.label_image(content)
        image_label = content.label.metadata or ImageLabel()
        if not image_label.source:
            image_label = evolve(image_label, source=LabelSource(image="../" * (content.name.count("/") + 2)))
        commit = context.commit(
            {"multiscales": Image((planned.multiscale,)), self.key: image_label},
            f"the label image {content.name!r}",
            source=planned.content.groups.get(""),
            arrays=planned.arrays,
        )
        return [Phase(name=f"label image {content.name}", steps=(context.group(), *planned.writes, commit))]

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood."""
        from omezarr_builtins.rules.references import references_of

        return references_of(self.key, context)

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a version."""
        from omezarr_builtins.rules import rules_of

        return rules_of(version, self.key)


@hookimpl
def omezarr_node_types() -> list[NodeType]:
    """Provide the node type ``image-label``."""
    return [ImageLabelNode()]
