"""Which format version and which node types a group is of, decided by the claims of plugins.

An explicit version wins; else what a parent or child says; else the newest format of that zarr format whose shape
fits, which is recorded as inferred. Two formats that both find their own version named in one document are an error;
a version that is named and that no format knows is never read as another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen
from packaging.version import Version

from omezarr.abc import Certainty, Claim, Hint, Reference
from omezarr.errors import MetadataError, PluginError, UnsupportedError
from omezarr.plugins.asking import ask_all, best_claim, named_missing
from omezarr.plugins.names import ENABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from omezarr.abc import FormatVersion, NodeType
    from omezarr.model import JSON, Document
    from omezarr.plugins.registry import Registry


@frozen
class DetectedFormat:
    """The format version of a group, and how sure that is."""

    version: FormatVersion
    certainty: Certainty
    reason: str

    @property
    def inferred(self) -> bool:
        """Whether nothing names the version."""
        return self.certainty is Certainty.SHAPE


def detect_format(
    attributes: Mapping[str, JSON], zarr_format: int, hint: Hint, registry: Registry, forced: str | None = None
) -> DetectedFormat | None:
    """Return the format version that attributes are of; None if no format recognises them.

    Parameters
    ----------
    attributes : mapping
        The raw attributes of a group.
    zarr_format : {2, 3}
    hint : Hint
        What the node that refers to this one says.
    registry : Registry
    forced : str, optional
        A version to take whatever the attributes say.

    Raises
    ------
    UnknownNameError
        If the forced version is unknown.
    UnsupportedError
        If the forced version is of the other zarr format.
    MetadataError
        If the attributes name several versions.
    """
    if forced is not None:
        version = registry.formats[forced]
        if version.zarr_format != zarr_format:
            able = ", ".join(name for name, item in registry.formats.items() if item.zarr_format == zarr_format)
            raise UnsupportedError(
                f"this is zarr format {zarr_format}, but NGFF {forced} needs zarr format {version.zarr_format}; "
                f"versions that could fit: {able}"
            )
        return DetectedFormat(version, Certainty.EXPLICIT, "it was asked for")
    certainty, best = format_claims(attributes, zarr_format, hint, registry)
    if not best or (certainty is not Certainty.EXPLICIT and unknown_version(attributes, registry) is not None):
        return None
    if certainty is Certainty.EXPLICIT and len(best) > 1:
        reasons = " and ".join(f"NGFF {version.version} because {claim.reason}" for version, claim in best)
        raise MetadataError(f"the attributes name several versions: {reasons}; force one with the format argument")
    version, claim = best[-1]
    return DetectedFormat(version, certainty, claim.reason)


def format_claims(
    attributes: Mapping[str, JSON], zarr_format: int, hint: Hint, registry: Registry
) -> tuple[Certainty, list[tuple[FormatVersion, Claim]]]:
    """Return the versions that claim attributes with the greatest certainty; none where no version does."""
    known = evolve(hint, keys=frozenset(registry.node_types))

    def asked(version: FormatVersion) -> Claim | None:
        claim = version.claim(attributes, zarr_format, known)
        if isinstance(claim, Claim) and claim.specificity not in list(Certainty):
            raise PluginError(f"it claims with {claim.specificity}, which is no Certainty")
        return claim

    claims = [(version, claim) for _, version, claim in ask_all(registry.formats, "claim", asked).claims]
    plain = registry.plain_keys & attributes.keys()
    if plain and not claims:
        reason = f"the key {min(plain)!r} stands in the attributes of every version"
        released = (version for name, version in registry.formats.items() if not Version(name).is_prerelease)
        claims = [(one, Claim(Certainty.SHAPE, reason)) for one in released if one.zarr_format == zarr_format]
    certainty = Certainty(max((claim.specificity for _, claim in claims), default=Certainty.SHAPE))
    return certainty, [(version, claim) for version, claim in claims if claim.specificity == certainty]


def unknown_version(attributes: Mapping[str, JSON], registry: Registry) -> str | None:
    """Return the version that attributes name if no format can tell that it is its own; None otherwise.

    That is a version that nobody provides, or one whose format failed when it was asked.
    """
    failed = {failure.provider for failure in registry.formats.failures}
    for name in registry.formats:
        try:
            named = registry.formats[name].named_version(attributes)
        except (Exception, SystemExit):  # noqa: BLE001, S112 - as when it is asked for its claim, which records it
            continue
        if named is not None and (named not in registry.formats or registry.formats.provider(named) in failed):
            return named
    return None


READ_AS_ANOTHER = "to read it as another one, name that: --format VERSION, format=VERSION in Python"


def unknown_version_message(version: str, registry: Registry, cure: str = READ_AS_ANOTHER) -> str:
    """Say that a version is not known, which ones are, and how to go on."""
    known = list(registry.formats)
    listed = ", ".join(_spans(known))
    disabled = registry.formats.disabled_for(version)
    if disabled is not None:
        return f"version {version} is disabled: {disabled}; {ENABLE}; {cure}"
    reason = (
        "could not be looked for, as its plugin failed"
        if version in registry.formats
        else f"is not known ({listed or 'none'} {'are' if len(known) > 1 else 'is'})"
    )
    return f"version {version} {reason}; {cure}{named_missing(registry.formats)}"


def missing_kinds(keys: Iterable[str], registry: Registry) -> Iterator[str]:
    """Yield which keys nobody reads because the plugin that would is disabled or failed."""
    kinds = registry.node_types
    if not kinds.disabled and not kinds.failures:
        return
    for key in (key for key in keys if key not in kinds):
        disabled = kinds.disabled_for(key)
        if disabled is not None:
            yield f"{key!r} is not read, as it is disabled: {disabled}; {ENABLE}"
        else:
            reasons = (str(failure) for failure in kinds.failures if failure.provider.is_named(key))
            yield from (f"{key!r} is not read, as its plugin failed: {reason}" for reason in reasons)


def _spans(versions: Sequence[str]) -> Iterator[str]:
    """Yield versions in words, three neighbours or more as a span.

    Examples
    --------
    >>> list(_spans(["0.1", "0.2", "0.3", "0.9.dev1"]))
    ['0.1 to 0.3', '0.9.dev1']
    """
    begun = 0
    for index, version in enumerate(versions):
        number = version.removeprefix("0.")
        follows = index + 1 < len(versions) and number.isdecimal() and versions[index + 1] == f"0.{int(number) + 1}"
        if not follows:
            span = versions[begun : index + 1]
            yield from (f"{span[0]} to {span[-1]}",) if len(span) > 2 else span
            begun = index + 1


def detect_node_types(
    document: Document, hint: Hint, registry: Registry, forced: str | None = None
) -> tuple[NodeType, ...]:
    """Return the node types of a document, the primary one first; empty if none recognises it.

    Parameters
    ----------
    document : Document
    hint : Hint
    registry : Registry
    forced : str, optional
        The key of the type to be taken as the primary one.

    Raises
    ------
    UnknownNameError
        If the forced type is unknown.
    MetadataError
        If the document cannot be of the forced type.
    ConflictError
        If several types claim to be the primary one with equal right.
    """
    asked = ask_all(registry.node_types, "claim", lambda node_type: node_type.claim(document, hint))
    found = [(node_type, claim) for _, node_type, claim in asked.claims]
    if forced is not None:
        wanted = registry.node_types[forced]
        if wanted not in [node_type for node_type, _ in found]:
            has = ", ".join(node_type.key for node_type, _ in found) or "no node type"
            raise MetadataError(f"there is no {forced!r} in this document; it has {has}")
        return (wanted, *(node_type for node_type, _ in found if node_type is not wanted))
    highest = max((node_type.priority for node_type, _ in found), default=0)
    primary = best_claim(
        "the document",
        [
            (f"the node type {node_type.key!r}", claim, node_type)
            for node_type, claim in found
            if node_type.priority == highest
        ],
    )
    if primary is None:
        return ()
    rest = sorted((item for item, _ in found if item is not primary), key=lambda item: (-item.priority, item.key))
    return (primary, *rest)


def unnamed_children(node_type: NodeType, registry: Registry) -> Iterator[Reference]:
    """Yield where groups of other types may lie below one of a type, which no document names."""
    for other in registry.node_types.values():
        path = other.below.get(node_type.key)
        if path is not None:
            yield Reference(path=path, role="child", hint=Hint(node_key=other.key, path=path), optional=True)
