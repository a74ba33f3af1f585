"""Where a document stands in the attributes of a group: spread over them up to 0.4, below ``ome`` from 0.5 on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from attrs import evolve

from omezarr.abc import Certainty, Claim, FormatVersion
from omezarr.model import Document
from omezarr.model.structuring import at, expect_object, tolerate
from omezarr_builtins.formats._axes import check_pixels
from omezarr_builtins.formats._versions import KEYS, fits, fits_namespace, object_versions, spelt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omezarr.abc import Hint
    from omezarr.abc.rules import Rule
    from omezarr.model import JSON, GroupMetadata


BARE_VERSION = "0.5"
"""The version of documents whose objects name one up to 0.4, but in zarr format 3: its objects are the same."""


class RootFormat(FormatVersion):
    """A version whose document is all of the attributes (0.1 to 0.4)."""

    zarr_format = 2

    def claim(self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint) -> Claim | None:
        """Claim what names this version; else what a neighbour says is of this version, or what has its form."""
        if zarr_format != self.zarr_format:
            return None
        named = [(place, spelt(version)) for place, version in object_versions(attributes)]
        for place, version in named:
            if version is not None and version[0] == self.version:
                return Claim(Certainty.EXPLICIT, f"{place} is {self.version}")
        if named or not fits(attributes, self.version):
            return None
        return _inferred(self.version, hint, is_document=not attributes.keys().isdisjoint({*KEYS, *hint.keys}))

    def named_version(self, attributes: Mapping[str, JSON]) -> str | None:
        """Return what the first object that names a version names."""
        found = [spelt(version) for _, version in object_versions(attributes)]
        return next((version[0] for version in found if version is not None), None)

    def unwrap(self, attributes: Mapping[str, JSON]) -> Document:
        """Take all attributes; nothing tells those of others apart."""
        for place, version in object_versions(attributes):
            _, notice = spelt(version) or ("", None)
            if notice is not None:
                tolerate(f"{place}: {notice}")
        return Document(values=dict(attributes))

    def wrap(self, document: Document) -> dict[str, JSON]:
        """Put everything side by side; a document from 0.5 on that was not completed loses its version."""
        return {
            **document.values,
            **{key: value for key, value in document.foreign.items() if key not in document.values},
        }

    def check_dtype(self, dtype: str, *, label: bool) -> str | None:
        """Refuse what zarr format 2 or other readers do not know; labels are integers."""
        return check_pixels(dtype, label=label)

    def rooted(self, metadata: GroupMetadata) -> GroupMetadata:
        """Return metadata that names no version for the group as a whole."""
        return evolve(metadata, version=None)

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List attributes of others that would stand where keys of the document do."""
        taken = {*metadata.unclaimed, *metadata.facets} & metadata.foreign.keys()
        return [f"the attribute {key!r} beside the key {key!r} of the document" for key in sorted(taken)]

    def rules(self, key: str) -> Iterable[Rule]:
        """Return the rules of this version for documents of every kind; those of node types are the types' own."""
        from omezarr_builtins.rules import rules_of

        return () if key else rules_of(self.version, key)


class NamespaceFormat(FormatVersion):
    """A version whose document is the value of ``ome`` (0.5 on).

    Attributes
    ----------
    spellings : tuple of str
        Other names that documents may give this version.
    """

    zarr_format = 3
    spellings: ClassVar[tuple[str, ...]] = ()

    def claim(self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint) -> Claim | None:
        """Claim what names this version; else what a neighbour says is of this version, or what has its form."""
        if zarr_format != self.zarr_format:
            return None
        ome: Any = attributes.get("ome", {})
        if "ome" not in attributes and (bare := bare_document(attributes)):
            hinted = hint.format_version == self.version
            reason = "the keys of a document stand beside the key 'ome', which is missing"
            told = self.version == BARE_VERSION and object_versions(bare)
            return Claim(Certainty.HINT if hinted else Certainty.SHAPE, reason) if hinted or told else None
        named = spelt(ome.get("version")) if isinstance(ome, dict) else None
        if named is not None:
            is_own = named[0] == self.version or named[0] in self.spellings
            return Claim(Certainty.EXPLICIT, f"ome.version is {ome['version']}") if is_own else None
        if not fits_namespace(ome, self.version):
            return None
        return _inferred(self.version, hint, is_document="ome" in attributes)

    def named_version(self, attributes: Mapping[str, JSON]) -> str | None:
        """Return what stands at ``ome.version``."""
        ome: Any = attributes.get("ome")
        found = spelt(ome.get("version")) if isinstance(ome, dict) else None
        return None if found is None else found[0]

    def unwrap(self, attributes: Mapping[str, JSON]) -> Document:
        """Take the value of ``ome`` without its version; everything else is of others."""
        if "ome" not in attributes and (bare := bare_document(attributes)):
            tolerate(f"the keys {', '.join(bare)} stand in the attributes themselves; read as if they stood in 'ome'")
            return Document(values=bare, foreign={key: value for key, value in attributes.items() if key not in bare})
        with at("ome"):
            ome = expect_object(attributes.get("ome", {}))
        foreign = {key: value for key, value in attributes.items() if key != "ome"}
        named = spelt(ome.get("version"))
        if named is None:
            return Document(values=dict(ome), foreign=foreign)
        version, notice = named
        if notice is not None:
            tolerate(f"ome.version: {notice}")
        kept = ome["version"] if isinstance(ome["version"], str) else version
        values = {key: value for key, value in ome.items() if key != "version"}
        return Document(values=values, version=kept, foreign=foreign)

    def wrap(self, document: Document) -> dict[str, JSON]:
        """Put the document below ``ome``, with its version first, beside what is of others."""
        ome: dict[str, JSON] = {} if document.version is None else {"version": document.version}
        ome |= {key: value for key, value in document.values.items() if key not in ome}
        return {
            **({"ome": ome} if ome else {}),
            **{key: value for key, value in document.foreign.items() if key != "ome"},
        }

    def array_metadata(self, axes: Sequence[str]) -> tuple[dict[str, JSON], tuple[str, ...] | None]:
        """Name the dimensions of arrays as the axes."""
        return {}, tuple(axes)

    def check_dtype(self, dtype: str, *, label: bool) -> str | None:
        """Refuse what zarr format 3 does not define; labels are integers of 8 to 64 bits."""
        return check_pixels(dtype, label=label)

    def namespaced(self, metadata: GroupMetadata) -> GroupMetadata:
        """Return metadata that names the version once.

        Where no version was named for the group, as up to 0.4, keys that no node type claims are those of others.
        """
        unclaimed = {key: value for key, value in metadata.unclaimed.items() if key != "version"}
        if metadata.version is not None:
            return evolve(metadata, unclaimed=unclaimed, version=self.version)
        return evolve(metadata, unclaimed={}, foreign={**metadata.foreign, **unclaimed}, version=self.version)

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List attributes of others that would stand at the key of the document, or that two of them would have."""
        foreign, moved = metadata.foreign.keys(), metadata.unclaimed.keys() if metadata.version is None else set()
        lines = [f"the attribute {key!r}, of which there are two" for key in sorted(foreign & moved)]
        return lines + (["the attribute 'ome', which is no OME-Zarr document"] if "ome" in foreign | moved else [])

    def rules(self, key: str) -> Iterable[Rule]:
        """Return the rules of this version for documents of every kind; those of node types are the types' own."""
        from omezarr_builtins.rules import rules_of

        return () if key else rules_of(self.version, key)


def bare_document(attributes: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the keys of a document that stand in attributes of zarr format 3 themselves, as those of 0.4 do.

    Some programs write the document of 0.4 into zarr format 3, or leave ``ome`` out of the group of labels.
    """
    return {key: value for key, value in attributes.items() if key in KEYS}


def _inferred(version: str, hint: Hint, *, is_document: bool) -> Claim | None:
    if hint.format_version == version:
        return Claim(Certainty.HINT, f"its neighbour is NGFF {version}")
    return Claim(Certainty.SHAPE, f"it has the form of NGFF {version}") if is_document else None
