"""Rules of documents of every kind: where they are kept and which version they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.book import RuleBook, at_least
from omezarr_builtins.rules.drafts import is_draft
from omezarr_builtins.rules.neighbours import document_of, look
from omezarr_builtins.rules.places import shown
from omezarr_builtins.rules.references import referenced_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext

BOOK = RuleBook("", "metadata")

KEYS = (
    "multiscales",
    "omero",
    "labels",
    "image-label",
    "plate",
    "well",
    "bioformats2raw.layout",
    "series",
    "scene",
)
"""The keys that the specification gives a meaning."""

ACCEPTED = {"0.6": ("0.6", "0.6rc0")}
"""What documents may name as their version, where that is not the version alone."""


def _released(version: str) -> str:
    """Return the version that a name stands for."""
    return next((released for released, names in ACCEPTED.items() if version in names), version)


def _ome(context: RuleContext) -> Mapping[str, Any] | None:
    ome: Any = context.attributes.get("ome")
    return ome if isinstance(ome, Mapping) else None


@BOOK.must("zarr.format", "A hierarchy up to 0.4 is of zarr format 2, from 0.5 on of zarr format 3.", section="storage")
def _zarr_format(context: RuleContext) -> Iterator[Finding]:
    expected = 3 if at_least(context.version, "0.5") else 2
    if context.node is not None and context.node.zarr_format != expected:
        yield Finding(path=(), found=f"zarr format {context.node.zarr_format}", expected=f"zarr format {expected}")


@BOOK.must("ome.present", "The attributes have the key 'ome'.", since="0.5")
def _ome_present(context: RuleContext) -> Iterator[Finding]:
    misplaced = [key for key in KEYS if key in context.attributes]
    if "ome" not in context.attributes and misplaced:
        yield Finding(path=(), found=f"{', '.join(misplaced)} beside where 'ome' should be", expected="the key 'ome'")


@BOOK.must("ome.form", "The value of 'ome' is an object.", since="0.5")
def _ome_form(context: RuleContext) -> Iterator[Finding]:
    if "ome" in context.attributes and _ome(context) is None:
        yield Finding(path=("ome",), found=shown(context.attributes["ome"]), expected="an object")


@BOOK.must("ome.scene", "Coordinate systems and transformations are in a scene or an image.", since="0.6")
def _scene(context: RuleContext) -> Iterator[Finding]:
    ome = _ome(context) or {}
    if "scene" not in ome and "multiscales" not in ome:
        for key in ("coordinateSystems", "coordinateTransformations"):
            if key in ome:
                yield Finding(path=(key,), found=f"{key!r} outside of a scene", expected=f"{key!r} in 'scene'")


@BOOK.should("ome.alone", "OME metadata is under 'ome' and nowhere else.", since="0.5")
def _ome_alone(context: RuleContext) -> Iterator[Finding]:
    if "ome" in context.attributes:
        for key in KEYS:
            if key in context.attributes:
                yield Finding(path=(key,), found=f"{key!r} beside 'ome'", expected=f"{key!r} under 'ome' alone")


@BOOK.must("ome.version.present", "The document names its version.", since="0.5")
def _version_present(context: RuleContext) -> Iterator[Finding]:
    ome = _ome(context)
    only_labels = (
        ome is not None and context.version == "0.5" and not [key for key in KEYS if key in ome and key != "labels"]
    )
    if ome is not None and "version" not in ome and not (only_labels and "labels" in ome):
        yield Finding(path=(), found="no key 'version'", expected=f"the version {context.version!r}")


@BOOK.must("ome.version.form", "The version is a string.", since="0.5")
def _version_form(context: RuleContext) -> Iterator[Finding]:
    ome = _ome(context) or {}
    if "version" in ome and not isinstance(ome["version"], str):
        yield Finding(path=("version",), found=shown(ome["version"]), expected=f"the string {context.version!r}")


@BOOK.must("ome.version.value", "The version is that of the specification.", since="0.5")
def _version_value(context: RuleContext) -> Iterator[Finding]:
    version = (_ome(context) or {}).get("version")
    accepted = ACCEPTED.get(context.version, (context.version,))
    if isinstance(version, str) and version not in accepted and not is_draft(context):
        words = " or ".join(repr(name) for name in accepted)
        yield Finding(path=("version",), found=shown(version), expected=words)


@BOOK.should("ome.version.final", "The version is a released one, not a draft of it.", since="0.6")
def _version_final(context: RuleContext) -> Iterator[Finding]:
    if is_draft(context):
        version = (_ome(context) or {}).get("version")
        yield Finding(path=("version",), found=f"{shown(version)}, a draft", expected=repr(context.version))


@BOOK.must("hierarchy.versions", "All groups of a hierarchy name the same version.", since="0.5", depth=Depth.HIERARCHY)
def _versions_agree(context: RuleContext) -> Iterator[Finding]:
    own = (_ome(context) or {}).get("version")
    if not isinstance(own, str):
        return
    for path, child in look(context, referenced_paths(context)).items():
        if isinstance(child, ZarrNode) and child.kind == "group":
            version = document_of(child, context.version).get("version")
            if isinstance(version, str) and _released(version) != _released(own):
                yield Finding(path=("version",), found=f"{version!r} below {own!r}", expected=repr(own), array=path)
