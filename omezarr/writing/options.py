"""How content is written: the options, and their meaning for given axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from omezarr.abc.plan import Codec
    from omezarr.model import Axis

DEFAULT_FORMAT = "0.5"
"""The version that is written unless another is asked for: the newest that all other tools read."""


@frozen(kw_only=True)
class WriteOptions:
    """How content is written, the same words in the library and on the command line.

    Parameters
    ----------
    format : str
        The NGFF version.
    method, label_method : str
        The scaling methods for images and for labels.
    factors : int, mapping, or sequence of them, optional
        The integer downscaling from each level to the next: for the spatial axes, by axis name, or step by step.
        Default: 2 along the spatial axes, in z only where it is not already coarser than y and x.
    levels : int, optional
        The number of levels, the full one included. Default: until the largest spatial side fits one chunk.
    chunks, shards : mapping or sequence, optional
        Sizes by axis name, or one for each axis.
    codec : Codec or str, optional
    consolidated : bool
        Whether the root gets consolidated metadata, so that the whole hierarchy opens with one request.
    allow_lossy : bool
        Whether metadata that the version cannot express may be left out.
    expand_axes : bool
        Whether axes of size 1 are added where the version needs them.
    """

    format: str = DEFAULT_FORMAT
    method: str = "local_mean"
    label_method: str = "nearest"
    factors: int | Mapping[str, int] | Sequence[int | Mapping[str, int] | Sequence[int]] | None = None
    levels: int | None = None
    chunks: Mapping[str, int] | Sequence[int] | None = None
    shards: Mapping[str, int] | Sequence[int] | None = None
    codec: Codec | str | None = None
    consolidated: bool = False
    allow_lossy: bool = False
    expand_axes: bool = False


def sizes_by_axis(
    given: Mapping[str, int] | Sequence[int] | None, axes: tuple[Axis, ...], what: str
) -> tuple[int, ...]:
    """Return one size for each axis; empty where none is given.

    Raises
    ------
    ArgumentError
        If the sizes do not fit the axes.
    """
    if given is None:
        return ()
    names = [axis.name for axis in axes]
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ArgumentError(f"{what} are given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
        missing = [name for name in names if name not in given]
        if missing:
            raise ArgumentError(f"{what} are missing for {', '.join(missing)}; give one for each axis")
        sizes = tuple(int(given[name]) for name in names)
    else:
        sizes = tuple(int(size) for size in given)
    if len(sizes) != len(names) or min(sizes) < 1:
        raise ArgumentError(f"{what} {sizes} do not fit the axes {', '.join(names)}: one positive size for each")
    return sizes


def step_by_axis(given: Any, axes: tuple[Axis, ...]) -> tuple[int, ...]:
    """Return one step of factors, one for each axis."""
    names = [axis.name for axis in axes]
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ArgumentError(f"factors are given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
        step = tuple(given.get(name, 1) for name in names)
    elif isinstance(given, Sequence) and not isinstance(given, str):
        step = tuple(given)
    else:
        step = tuple(given if axis.type == "space" else 1 for axis in axes)
    if len(step) != len(names) or any(isinstance(item, bool) or int(item) != item or item < 1 for item in step):
        raise ArgumentError(
            f"the factors {given!r} do not fit: one whole number from 1 on for each of {', '.join(names)}"
        )
    return tuple(int(item) for item in step)
