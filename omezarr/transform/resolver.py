"""Access to what the paths of a document lead to: the only door through which transformations do I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import evolve, frozen

from omezarr.errors import MetadataError
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np

    from omezarr.hierarchy import Hierarchy
    from omezarr.model import Image


class ArrayLike(Protocol):
    """An array that is read region by region, such as one of zarr or numpy."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of samples along each axis."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the samples."""

    def __getitem__(self, region: tuple[slice, ...], /) -> Any:
        """Return the samples of a region."""


class NodeLike(Protocol):
    """What is asked of the group whose coordinate systems are meant; `omezarr.nodes.node.Node` has it."""

    path: str

    @property
    def key(self) -> str | None:
        """The key of the node type that the group is first of all."""

    @property
    def facets(self) -> Mapping[str, object]:
        """The structured metadata of each node type that the group has."""

    @property
    def image(self) -> Image | None:
        """The metadata of the image that the group is, if it is one."""

    @property
    def hierarchy(self) -> Hierarchy:
        """The groups and arrays that the group is part of."""

    def child(self, path: str, /) -> NodeLike:
        """Open a group below this one."""


@frozen
class Resolver:
    """Looks up groups and arrays below a group.

    Parameters
    ----------
    image : callable
        Takes a path; returns the metadata of the image there, or None where there is no group with an image.
    array : callable
        Takes a path; returns the array there. Raises `MetadataError` if there is none.
    base : str
        Where paths start.
    prefetch : callable, optional
        Takes paths of groups that will be looked up, so that their metadata can be fetched together.
    """

    _image: Callable[[str], Image | None]
    _array: Callable[[str], ArrayLike]
    base: str = ""
    _prefetch: Callable[[list[str]], object] | None = None

    def image(self, path: str) -> Image | None:
        """Return the metadata of the image at a path, None where there is none."""
        return self._image(joined(self.base, path))

    def array(self, path: str) -> ArrayLike:
        """Return the array at a path; its pixels are not read.

        Raises
        ------
        MetadataError
            If there is no array.
        """
        return self._array(joined(self.base, path))

    def prefetch(self, paths: Iterable[str]) -> None:
        """Announce that the images at some paths will be looked up."""
        if self._prefetch is not None:
            self._prefetch([joined(self.base, path) for path in paths])

    def below(self, path: str) -> Resolver:
        """Return the resolver of a group below."""
        return evolve(self, base=joined(self.base, path))

    @classmethod
    def of_node(cls, node: NodeLike) -> Resolver:
        """Return the resolver of an opened group."""

        def image(path: str) -> Image | None:
            found = node.hierarchy.node(joined(node.path, path))
            return node.child(path).image if found is not None and found.kind == "group" else None

        def array(path: str) -> ArrayLike:
            return node.hierarchy.array(joined(node.path, path))

        def prefetch(paths: list[str]) -> None:
            node.hierarchy.nodes([joined(node.path, path) for path in paths])

        return cls(image, array, prefetch=prefetch)

    @classmethod
    def of_nothing(cls) -> Resolver:
        """Return a resolver for transformations without paths; it finds no image and no array."""
        return cls(_no_image, _no_array)


def joined(base: str, path: str) -> str:
    """Return a path below another, both relative and checked.

    Raises
    ------
    MetadataError
        If the path leads out of its group.
    """
    return "/".join(part for part in (base, checked_path(path)) if part)


def _no_image(_: str) -> None:
    return None


def _no_array(path: str) -> ArrayLike:
    raise MetadataError(f"there is no array at {path!r}")
