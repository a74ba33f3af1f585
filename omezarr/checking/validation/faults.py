"""Rules that validation itself applies, before any format version or node type can: whether there is a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.abc.rules import Problem, Severity

if TYPE_CHECKING:
    from omezarr.model import JSONPath


@frozen(kw_only=True)
class Fault:
    """One kind of thing that keeps documents from being looked at.

    Parameters
    ----------
    id : str
        As that of a rule.
    demand : str
    severity : Severity
    section : str
    """

    id: str
    demand: str
    severity: Severity = Severity.ERROR
    section: str = "zarr"

    def at(
        self,
        node: str,
        found: str,
        expected: str,
        path: JSONPath = (),
        array: str = "",
        *,
        provider: str = "omezarr",
    ) -> Problem:
        """Return the problem that this fault is at a place."""
        return Problem(
            rule=self.id,
            severity=self.severity,
            node=node,
            path=path,
            array=array,
            found=found,
            expected=expected,
            section=self.section,
            demand=self.demand,
            provider=provider,
        )


JSON_FORM = Fault(id="json.form", demand="Metadata is JSON that can be understood: no NaN, not nested without end.")
JSON_COMMENTS = Fault(
    id="json.comments",
    demand="JSON has no comments.",
    severity=Severity.WARNING,
    section="document conventions",
)
ZARR_GROUP = Fault(id="zarr.group", demand="What is validated is a zarr group.")
ZARR_METADATA = Fault(id="zarr.metadata", demand="The metadata of every group and array that is named can be read.")
DOCUMENT_KIND = Fault(
    id="document.kind", demand="The group has OME metadata of a known kind.", section="NGFF, metadata"
)
DOCUMENT_VERSION = Fault(
    id="document.version", demand="The document names one version, and a known one.", section="NGFF, metadata"
)
DOCUMENT_RULES = Fault(
    id="document.rules",
    demand="Somebody has rules made for the version of the document.",
    severity=Severity.WARNING,
    section="omezarr",
)
HIERARCHY_COMPLETE = Fault(id="hierarchy.complete", demand="Writing was finished.", section="omezarr")
HIERARCHY_DEPTH = Fault(
    id="hierarchy.depth", demand="Groups do not refer to each other without end.", section="omezarr"
)
ZARR_CONSOLIDATED = Fault(
    id="zarr.consolidated",
    demand="Consolidated metadata is the same as that of the groups and arrays themselves.",
    severity=Severity.WARNING,
)
MANIFEST_FORM = Fault(id="manifest.form", demand="A manifest lists digests in the way of sha256sum.", section="omezarr")
MANIFEST_OBJECTS = Fault(
    id="manifest.objects", demand="Every object of which a manifest has a digest is still so.", section="omezarr"
)
MANIFEST_COMPLETE = Fault(
    id="manifest.complete",
    demand="A manifest has a digest of every object.",
    severity=Severity.WARNING,
    section="omezarr",
)
OZX_STORED = Fault(
    id="ozx.stored",
    demand="Objects in an .ozx file are stored as they are, not compressed once more.",
    severity=Severity.WARNING,
    section="RFC-9",
)
OZX_ORDER = Fault(
    id="ozx.order",
    demand="The first entry of an .ozx file is the zarr.json of the root.",
    severity=Severity.WARNING,
    section="RFC-9",
)
OZX_COMMENT = Fault(
    id="ozx.comment",
    demand="The comment of an .ozx file names the version.",
    severity=Severity.WARNING,
    section="RFC-9",
)
RULE_FAILED = Fault(id="rule.failed", demand="Every rule can be checked.", section="omezarr")

FAULTS = (
    JSON_FORM,
    JSON_COMMENTS,
    ZARR_GROUP,
    ZARR_METADATA,
    DOCUMENT_KIND,
    DOCUMENT_VERSION,
    DOCUMENT_RULES,
    HIERARCHY_COMPLETE,
    HIERARCHY_DEPTH,
    ZARR_CONSOLIDATED,
    MANIFEST_FORM,
    MANIFEST_OBJECTS,
    MANIFEST_COMPLETE,
    OZX_STORED,
    OZX_ORDER,
    OZX_COMMENT,
    RULE_FAILED,
)
