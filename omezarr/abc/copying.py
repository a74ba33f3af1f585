"""The step of a plan that copies objects as they are: which ones, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import frozen

if TYPE_CHECKING:
    from omezarr.location import Location


@frozen(kw_only=True)
class ChunkGrid:
    """The chunks that an array can have, of which any may be missing: what is asked for where nothing can be listed.

    Parameters
    ----------
    path : str
        Of the array.
    style : {"v2", "default"}
        How chunks are named, see `omezarr.arrays.chunk_keys.ChunkKeys`.
    separator : {"/", "."}
    counts : tuple of int
        How many stored objects there can be along each axis.
    nbytes : int
        Of the pixels in one of them.
    """

    path: str
    style: Literal["v2", "default"]
    separator: Literal["/", "."]
    counts: tuple[int, ...]
    nbytes: int


@frozen(kw_only=True)
class CopyObjects:
    """Store objects of another place under their own keys, as they are; those that are there already are left alone.

    What the documents of the root say is for `omezarr.abc.plan.Plan.root`, and is not copied by this.

    Parameters
    ----------
    source : Location
    keys : tuple of str, optional
        What is asked for where the source cannot be listed, of which any may be missing. None: all that is there.
    grids : tuple of ChunkGrid
        The same for the chunks of arrays.
    objects : int
        How many there are; at most, where they cannot be listed.
    nbytes : int
        How much that is; 0 if it is not known.
    identity : str
        Says when the source has changed.
    """

    source: Location
    keys: tuple[str, ...] | None = None
    grids: tuple[ChunkGrid, ...] = ()
    objects: int = 0
    nbytes: int = 0
    identity: str = ""
