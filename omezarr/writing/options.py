"""How content is written: the options, and their meaning for given axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from attrs import field, fields_dict, frozen

from omezarr.abc import FormatVersion, ScalingMethod
from omezarr.abc.plan import Codec
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from omezarr.abc.plan import ProgressCallback
    from omezarr.model import Axis

DEFAULT_FORMAT = "0.5"
"""The version that is written unless another is asked for: the newest that all other tools read."""


class WriteKeywords(TypedDict, total=False):
    """The fields of `WriteOptions`, as keywords of every function that writes."""

    format: str | FormatVersion
    method: str | ScalingMethod
    label_method: str | ScalingMethod
    factors: int | Mapping[str, int] | Sequence[int | Mapping[str, int] | Sequence[int]] | None
    levels: int | None
    chunks: Mapping[str, int] | Sequence[int] | None
    shards: Mapping[str, int] | Sequence[int] | None
    codec: Codec | str | None
    checksums: bool | None
    consolidated: bool
    allow_lossy: bool
    expand_axes: bool


@frozen(kw_only=True)
class WriteOptions:
    """How content is written, the same words in the library and on the command line.

    Parameters
    ----------
    format : str or FormatVersion
        The NGFF version.
    method, label_method : str or ScalingMethod
        The scaling methods for images and for labels. Where none is given, the levels that a source has are kept.
    factors : int, mapping, or sequence of them, optional
        The integer downscaling from each level to the next: for the spatial axes, by axis name, or step by step.
        Default: those of a source that has levels, else 2 along the spatial axes, in z only where it is not already
        coarser than y and x.
    levels : int, optional
        The number of levels, the full one included. Default: those of a source that has several, else until the
        largest spatial side fits one chunk.
    chunks, shards : mapping or sequence, optional
        Sizes by axis name, or one for each axis. Default: those of a source that is OME-Zarr.
    codec : Codec or str, optional
        Default: that of a source that is OME-Zarr, else the usual one for the dtype.
    checksums : bool, optional
        Whether a crc32c follows the content of each chunk, so that wrong bytes are found when they are read; 0.5 and
        later. Default: whether it does in a source that is OME-Zarr, else not.
    consolidated : bool
        Whether the root gets consolidated metadata, so that the whole hierarchy opens with one request.
    allow_lossy : bool
        Whether metadata that the version cannot express may be left out.
    expand_axes : bool
        Whether axes of size 1 are added where the version needs them.

    Attributes
    ----------
    own_format : FormatVersion or None
        The version itself where an instance was given for `format`, which then is its name.
    given : frozenset of str
        The names of those that were given, but for None, which is not to give one; it makes no two options differ.

    Raises
    ------
    ArgumentError
        If one is unknown, or of a type that says nothing.

    Examples
    --------
    >>> sorted(WriteOptions(levels=2, method="local_mean").given)
    ['levels', 'method']
    """

    format: str = DEFAULT_FORMAT
    method: str | ScalingMethod = "local_mean"
    label_method: str | ScalingMethod = "nearest"
    factors: int | Mapping[str, int] | Sequence[int | Mapping[str, int] | Sequence[int]] | None = None
    levels: int | None = None
    chunks: Mapping[str, int] | Sequence[int] | None = None
    shards: Mapping[str, int] | Sequence[int] | None = None
    codec: Codec | str | None = None
    checksums: bool | None = None
    consolidated: bool = False
    allow_lossy: bool = False
    expand_axes: bool = False
    own_format: FormatVersion | None = field(default=None, repr=False)
    given: frozenset[str] = field(default=frozenset(), eq=False, repr=False)

    def __init__(
        self,
        *,
        own_format: FormatVersion | None = None,
        given: frozenset[str] | None = None,
        **values: Unpack[WriteKeywords],
    ) -> None:
        known = list(WriteKeywords.__annotations__)
        told: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        for name, value in told.items():
            if name not in known:
                raise ArgumentError(f"unknown argument {name!r}{near(name, known)}")
            if not _is_possible(name, value):
                raise ArgumentError(f"{name}={value!r} says nothing; give {_EXAMPLES[name]}")
        if given is None:
            given = frozenset(told)
        else:  # a copy with changes, as attrs.evolve makes it: it has all values, and those that changed are given
            fields = fields_dict(WriteOptions)
            given |= {name for name, value in told.items() if value != fields[name].default}
        if isinstance(told.get("format"), FormatVersion):
            own_format = told["format"]
            told["format"] = own_format.version
        if own_format is not None and own_format.version != told.get("format"):
            own_format = None
        self.__attrs_init__(own_format=own_format, given=given, **told)  # type: ignore[attr-defined]


_EXAMPLES = {
    "format": "an NGFF version, for example '0.4', or an instance of one",
    **dict.fromkeys(
        ("method", "label_method"), "the name of a scaling method, for example 'nearest', or an instance of one"
    ),
    **dict.fromkeys(("chunks", "shards"), "a size for each axis, for example (1, 256, 256) or {'y': 256, 'x': 256}"),
    **dict.fromkeys(("checksums", "consolidated", "allow_lossy", "expand_axes"), "True or False"),
    "levels": "how many levels there shall be, for example 4",
    "factors": "a whole number, or one for each axis, for example {'z': 1, 'y': 2, 'x': 2}",
    "codec": "a codec such as 'zstd:level=3'",
}


def _is_possible(name: str, value: Any) -> bool:
    """Say whether a value is of a type that the option of this name can have; what it says is looked at later."""
    if name in ("method", "label_method"):
        return isinstance(value, str | ScalingMethod)
    if name == "format":
        return isinstance(value, str | FormatVersion)
    if name in ("checksums", "consolidated", "allow_lossy", "expand_axes"):
        return isinstance(value, bool)
    if name == "levels":
        return isinstance(value, Integral) and not isinstance(value, bool)
    if name == "codec":
        return isinstance(value, str | Codec)
    return not isinstance(value, str) and (name == "factors" or isinstance(value, Iterable))


@frozen(kw_only=True)
class RunOptions:
    """How a plan is carried out; it changes nothing in the result.

    Parameters
    ----------
    memory : int, optional
        Bytes that the engine may use of its own.
    threads : int, optional
        Default: the cores that the process may use.
    scheduler : optional
        A ``dask.distributed`` client, its address, or ``"local:N"``. Default: threads of this process.
    progress : callable, optional
        Called with `omezarr.abc.plan.Progress`.
    resume : bool
        Whether to go on with what an interrupted call with the same arguments left.
    lease : float, optional
        Seconds after which others may write there if this process dies, in stores that are no local disk. Default:
        ``OMEZARR_LEASE``, else a minute.
    """

    memory: int | None = None
    threads: int | None = None
    scheduler: Any = None
    progress: ProgressCallback | None = None
    resume: bool = False
    lease: float | None = None


def near(name: str, known: Sequence[str]) -> str:
    """Return the end of a message about a name that is unknown: the one that was meant perhaps, and all there are."""
    found = get_close_matches(name, known, n=1)
    return f"{f'; did you mean {found[0]!r}?' if found else ';'} Known: {', '.join(known)}"


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
