"""How what is stored compares with a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 3


@frozen(kw_only=True)
class ManifestReport:
    """How what is stored compares with a manifest.

    Parameters
    ----------
    target, manifest : str
        The hierarchy, and the place of the manifest.
    objects : int
        How many objects the manifest lists.
    bytes : int
        How many bytes were read.
    changed, missing : tuple of str
        Keys of objects that have other content now, or are gone.
    added : tuple of str, optional
        Keys of objects that the manifest does not list; None where the store does not list, so that nobody can tell.
    unreadable : mapping
        Keys of objects that could not be read, and why.
    """

    target: str
    manifest: str
    objects: int
    bytes: int = 0
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] | None = ()
    unreadable: Mapping[str, str] = field(factory=dict)

    @property
    def same(self) -> bool:
        """Whether everything is as the manifest says, as far as can be told."""
        return not (self.changed or self.missing or self.added or self.unreadable)

    @property
    def message(self) -> str:
        """The verdict in one line, with the first objects that differ."""
        if self.same:
            return f"{self.objects:,} {'object is' if self.objects == 1 else 'objects are'} as {self.manifest} says"
        told = [
            _counted(word, list(keys))
            for word in ("changed", "missing", "added", "unreadable")
            if (keys := getattr(self, word))
        ]
        return f"{self.target} is not as {self.manifest} says: {'; '.join(told)}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "same": self.same,
            "message": self.message,
            "target": self.target,
            "manifest": self.manifest,
            "objects": self.objects,
            "bytes": self.bytes,
            "changed": list(self.changed),
            "missing": list(self.missing),
            "added": None if self.added is None else list(self.added),
            "unreadable": dict(self.unreadable),
        }


def _counted(word: str, keys: list[str]) -> str:
    more = ", ..." if len(keys) > _SHOWN else ""
    return f"{len(keys):,} {word} ({', '.join(keys[:_SHOWN])}{more})"
