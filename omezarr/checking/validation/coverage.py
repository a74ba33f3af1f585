"""For how much of what is stored checksums, of manifests and of chunks, tell whether it is what was written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.arrays.digests import MANIFEST, stored_keys
from omezarr.arrays.surveys import surveys_of
from omezarr.checking.manifests import compare_with, find_manifest
from omezarr.checking.validation.faults import MANIFEST_COMPLETE, MANIFEST_FORM, MANIFEST_OBJECTS
from omezarr.errors import MetadataError, StorageError
from omezarr.nodes.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from omezarr.abc import OpenedStore
    from omezarr.abc.rules import Problem
    from omezarr.arrays.surveys import ArraySurvey
    from omezarr.checking.manifests import ManifestReport
    from omezarr.checking.validation.subject import Subject
    from omezarr.plugins.registry import Registry

MOST_PROBLEMS = 10
"""Of one kind, no more than this many objects are told."""

_CHUNK_KEY = re.compile(r"(c[./]?)?\d+([./]\d+)*|c")


@frozen(kw_only=True)
class Coverage:
    """How many objects have checksums that were looked at.

    Parameters
    ----------
    objects : int
        All that are stored; where the store does not list, those of which is known.
    covered : int
        Those of them of which any wrong byte would have been found.
    manifest : str, optional
        The place of the manifest that was used.
    """

    objects: int
    covered: int
    manifest: str | None = None

    @property
    def message(self) -> str:
        """The outcome in a few words."""
        if self.covered == self.objects:
            return f"checksums cover all {self.objects:,} objects"
        return f"checksums cover {self.covered:,} of {self.objects:,} objects"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {"objects": self.objects, "covered": self.covered, "manifest": self.manifest}


def coverage_of(subject: Subject, groups: int, registry: Registry) -> tuple[Coverage | None, list[Problem]]:
    """Return for how much of a subject checksums tell, and what they tell; after its pixels were read.

    Parameters
    ----------
    subject : Subject
    groups : int
        How many groups were found.
    registry : Registry
    """
    place = subject.location
    if place is None:
        return None, []
    opened = open_store(place, registry.storage_schemes)
    surveys = {} if subject.hierarchy is None else surveys_of(subject.hierarchy)
    try:
        manifest = find_manifest(place, registry)
    except MetadataError as error:
        return _without_manifest(opened, groups, surveys), [MANIFEST_FORM.at("", error.message, "a manifest")]
    except StorageError:  # a server may have a page or a refusal for what is not there
        manifest = None
    if manifest is None:
        return _without_manifest(opened, groups, surveys), []
    told = compare_with(place, opened, manifest)
    sure = manifest.entries.keys() - set(told.missing) - told.unreadable.keys()
    more = [] if told.added is None else told.added
    telling = sum(_is_told(key, surveys) for key in more)
    coverage = Coverage(objects=len(sure) + len(more), covered=len(sure) + telling, manifest=told.manifest)
    return coverage, list(_problems(told))


def _without_manifest(opened: OpenedStore, groups: int, surveys: Mapping[str, ArraySurvey]) -> Coverage:
    try:
        keys = stored_keys(opened)
    except StorageError:
        keys = None
    if keys is not None:
        keys = [key for key in keys if key != MANIFEST]
        return Coverage(objects=len(keys), covered=sum(_is_told(key, surveys) for key in keys))
    stored = {path: found.total - found.missing for path, found in surveys.items()}
    told = sum(stored[path] for path, found in surveys.items() if found.telling)
    return Coverage(objects=sum(stored.values()) + len(stored) + groups, covered=told)


def _is_told(key: str, surveys: Mapping[str, ArraySurvey]) -> bool:
    """Say whether an object is a chunk or shard of an array that was read and has checksums."""
    parts = key.split("/")
    for length in range(len(parts) - 1, -1, -1):
        found = surveys.get("/".join(parts[:length]))
        if found is not None:
            return found.telling and _CHUNK_KEY.fullmatch("/".join(parts[length:])) is not None
    return False


def _problems(told: ManifestReport) -> Iterator[Problem]:
    """Yield what a manifest tells, of each kind the first objects and how many there are."""
    same = "the content that it had"
    for found, keys in (("other content", told.changed), ("nothing", told.missing)):
        for key in _first(keys):
            yield MANIFEST_OBJECTS.at("", f"{found} at {key}", same)
    for key in _first([f"{key}: {why}" for key, why in told.unreadable.items()]):
        yield MANIFEST_OBJECTS.at("", key, same)
    for key in _first(told.added or ()):
        yield MANIFEST_COMPLETE.at("", f"{key}, which it does not list", "a digest of it")


def _first(keys: Sequence[str]) -> Iterator[str]:
    yield from keys[:MOST_PROBLEMS]
    if len(keys) > MOST_PROBLEMS:
        yield f"{len(keys) - MOST_PROBLEMS:,} more objects"
