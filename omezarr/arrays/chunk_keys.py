"""How the chunks of an array are named, in either zarr format.

Pure: parses and makes keys, and pairs old names with new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from omezarr.arrays.codecs import named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omezarr.hierarchy import ZarrNode
    from omezarr.model import JSON


@frozen
class ChunkKeys:
    """The names of the chunks of one array, relative to it.

    Parameters
    ----------
    style : {"v2", "default"}
        "0.0" and "c/0/0": the names of zarr format 2, which format 3 can use as well, and those of format 3.
    separator : str
    ndim : int

    Examples
    --------
    >>> ChunkKeys("default", "/", 2).key((3, 0))
    'c/3/0'
    >>> ChunkKeys("v2", ".", 2).index("3.0")
    (3, 0)
    """

    style: Literal["v2", "default"]
    separator: Literal["/", "."]
    ndim: int

    @classmethod
    def of(cls, node: ZarrNode) -> ChunkKeys | None:
        """Return how the chunks of an array are named; None for an encoding that is not of the two."""
        shape: Any = node.metadata.get("shape")
        ndim = len(shape) if isinstance(shape, list) else 0
        if node.zarr_format == 2:
            separator = node.metadata.get("dimension_separator", ".")
            return cls("v2", separator, ndim) if separator in ("/", ".") else None  # type: ignore[arg-type]
        name, options = named(node.metadata.get("chunk_key_encoding"))
        if name not in ("v2", "default"):
            return None
        separator = options.get("separator", "/" if name == "default" else ".")
        return cls(name, separator, ndim) if separator in ("/", ".") else None  # type: ignore[arg-type]

    def key(self, index: tuple[int, ...]) -> str:
        """Return the name of a chunk."""
        parts = list(map(str, index))
        if self.style == "default":
            return self.separator.join(["c", *parts])
        return self.separator.join(parts) or "0"

    def index(self, key: str) -> tuple[int, ...] | None:
        """Return the chunk that a name is of; None if it is no name of a chunk."""
        parts = key.split(self.separator)
        if self.style == "default":
            if parts[0] != "c":
                return None
            parts = parts[1:]
        elif self.ndim == 0:
            return () if key == "0" else None
        if len(parts) != self.ndim or not all(_is_number(part) for part in parts):
            return None
        return tuple(map(int, parts))

    def names_as(self, other: ChunkKeys) -> bool:
        """Say whether every chunk has the same name in both."""
        zero = (0,) * self.ndim
        return self.ndim == other.ndim and self.key(zero) == other.key(zero)

    def renamed(self, keys: Iterable[str], new: ChunkKeys) -> dict[str, str]:
        """Return the new name of each chunk among keys, by its old one; other keys are left out."""
        found = ((key, self.index(key)) for key in keys)
        return {key: new.key(index) for key, index in found if index is not None}

    @property
    def alternatives(self) -> tuple[ChunkKeys, ...]:
        """All the ways in which chunks of so many axes can be named."""
        return tuple(ChunkKeys(style, separator, self.ndim) for style in ("v2", "default") for separator in ("/", "."))

    @property
    def document(self) -> dict[str, JSON]:
        """The value of ``chunk_key_encoding`` in zarr format 3."""
        return {"name": self.style, "configuration": {"separator": self.separator}}


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdecimal() and (part == "0" or not part.startswith("0"))
