"""Plans: what is going to be written, as frozen values.

A plan is an ordered tuple of idempotent steps in phases that end in a commit. Making one does no I/O; the executor in
`omezarr.engine` carries it out. Every writing operation (creating, growing a plate, repair, upgrade, copy) is a plan,
so all of them can be printed, tested without a disk, interrupted and resumed in the same way.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

from attrs import field, frozen

from omezarr.abc.copying import CopyObjects
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.abc.scaling_method import ScalingMethod
    from omezarr.location import Location
    from omezarr.model import JSON, JSONPath
    from omezarr.model.pixels import PixelSource

INCOMPLETE_KEY = "omezarr"
"""The attribute under which an unfinished hierarchy says so: ``{"omezarr": {"incomplete": ...}}``."""

JOURNAL_PREFIX = ".omezarr"
"""The reserved key below the root of a target that holds the journal while it is being written."""


@frozen
class Codec:
    """How chunks are compressed, for every zarr format.

    Parameters
    ----------
    name : str
        "blosc", "zstd", "gzip", "none", or the name of any codec that zarr knows.
    options : mapping
        Its arguments in the words of numcodecs, for example ``{"cname": "zstd", "clevel": 1, "shuffle":
        "bitshuffle"}``.

    Examples
    --------
    >>> Codec.parse("blosc:cname=zstd,clevel=1,shuffle=bitshuffle").options["clevel"]
    1
    """

    name: str
    options: Mapping[str, JSON] = field(factory=dict)

    @classmethod
    def parse(cls, text: str) -> Codec:
        """Return the codec that a text such as ``"zstd:level=3"`` names.

        Raises
        ------
        ArgumentError
            If the text is not of that form.
        """
        name, _, rest = text.partition(":")
        options: dict[str, JSON] = {}
        for item in filter(None, rest.split(",")):
            key, mark, value = item.partition("=")
            if not mark or not key.strip():
                raise ArgumentError(f"{text!r} is no codec; write for example zstd:level=3 or blosc:cname=lz4,clevel=5")
            options[key.strip()] = int(value) if value.strip().lstrip("-").isdecimal() else value.strip()
        if not name.strip():
            raise ArgumentError(f"{text!r} names no codec")
        return cls(name.strip(), options)

    def __str__(self) -> str:
        options = ",".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.name}:{options}" if options else self.name


@frozen(kw_only=True)
class ArraySpec:
    """One zarr array to be created.

    Parameters
    ----------
    path : str
        Relative to the root of the target.
    shape, chunks : tuple of int
    shards : tuple of int, optional
        Multiples of `chunks`; zarr format 3 only.
    dtype : str
        A numpy name, for example "uint16".
    zarr_format : {2, 3}
    separator : {"/", "."}
        Between the parts of chunk keys.
    codec : Codec
    fill_value : bool, int or float
    dimension_names : tuple of str, optional
        Zarr format 3 only.
    attributes : mapping
    write_empty : bool
        Whether chunks that hold nothing but the fill value are stored as well.
    checksums : bool
        Whether a crc32c follows the content of each chunk; zarr format 3 only.
    """

    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: str
    zarr_format: Literal[2, 3]
    codec: Codec
    shards: tuple[int, ...] | None = None
    separator: Literal["/", "."] = "/"
    fill_value: bool | int | float = 0
    dimension_names: tuple[str, ...] | None = None
    attributes: Mapping[str, JSON] = field(factory=dict)
    write_empty: bool = False
    checksums: bool = False

    @property
    def unit(self) -> tuple[int, ...]:
        """The region that one stored object covers: a shard where there are shards, else a chunk."""
        return self.chunks if self.shards is None else self.shards

    @property
    def units(self) -> int:
        """How many stored objects the array has when all of it is written."""
        return math.prod(-(-length // step) for length, step in zip(self.shape, self.unit, strict=True))


@frozen(kw_only=True)
class CreateGroup:
    """Create a zarr group with these attributes; what is there already is left as it is."""

    path: str
    attributes: Mapping[str, JSON] = field(factory=dict)


@frozen(kw_only=True)
class WriteLevels:
    """Create the arrays of a multiscale image and fill them.

    Parameters
    ----------
    source : PixelSource
        The pixels of the first array, in its axis order.
    arrays : tuple of ArraySpec
        The levels, largest first.
    factors : tuple of tuple of int
        For each level but the first: the integer downscaling of each axis against the level before.
    method : ScalingMethod
        Makes each level from the one before.
    keep_first : bool
        Whether the first array is there already, with the source's pixels, and is left alone.
    """

    source: PixelSource
    arrays: tuple[ArraySpec, ...]
    factors: tuple[tuple[int, ...], ...]
    method: ScalingMethod
    keep_first: bool = False


@frozen(kw_only=True)
class CreateArrays:
    """Create arrays without pixels: all of them are the fill value until something else writes them."""

    arrays: tuple[ArraySpec, ...]


@frozen(kw_only=True)
class WriteObject:
    """Store bytes under a key, for example ``OME/METADATA.ome.xml``."""

    key: str
    content: bytes = field(repr=lambda content: f"<{len(content)} bytes>")


@frozen(kw_only=True)
class EditAttributes:
    """Replace the attributes of a group or array.

    Parameters
    ----------
    path : str
    attributes : mapping or callable
        The new attributes; a callable is given what the steps before have measured and returns them, for what is
        known only then.
    expected : mapping, optional
        What must be there now; anything else (but the result itself) stops the plan. None: whatever is there.
    known : mapping, optional
        For a callable, what is known of its result beforehand: plans that differ here do not resume each other.
    """

    path: str
    attributes: Mapping[str, JSON] | Callable[[Measured], Mapping[str, JSON]]
    expected: Mapping[str, JSON] | None = None
    known: Mapping[str, JSON] | None = None


@frozen(kw_only=True)
class MergeIntoList:
    """Add items to a list inside the attributes of a group, under a lock.

    Items that are there already stay where they are. So that is, at all times, also where several processes add to one
    list: whatever their order, the same comes of it if `order` says where an item belongs.

    Parameters
    ----------
    path : str
        The group.
    keys : JSONPath
        Where the list is in the attributes; made if absent.
    items : tuple of JSON
    match : str, optional
        Objects with the same value under this key are the same item, and the new one replaces the old; None: whole
        values are compared.
    raised : tuple of (JSONPath, int or ListPlace), optional
        Where a number is in the attributes that shall be this or more, or the length of a list or more; left alone
        where there is none.
    order : tuple of str
        The keys by whose values items are in order: numbers as numbers, names as people sort them. A new item goes
        before the first one that comes after it. None: to the end.
    created : mapping, optional
        The attributes that the group has before the items are added if it is not there yet, or was never finished.
        None: the group has to be there.
    """

    path: str
    keys: JSONPath
    items: tuple[JSON, ...]
    match: str | None = None
    raised: tuple[JSONPath, int | ListPlace] | None = None
    order: tuple[str, ...] = ()
    created: Mapping[str, JSON] | None = None


@frozen
class ListPlace:
    """A list in the attributes of a group.

    Parameters
    ----------
    path : str
        The group.
    keys : JSONPath
        Where the list is in its attributes.
    """

    path: str
    keys: JSONPath


@frozen(kw_only=True)
class TransferObjects:
    """Make stored objects available under other keys: within a local disk by hard link, else by copy.

    Parameters
    ----------
    pairs : tuple of (str, str)
        Old key and new key, both in the target unless `source` is given.
    source : Location, optional
        Where the old keys are.
    sparse : bool
        Whether there need not be an object under each old key: then there is none under the new one, either.
    """

    pairs: tuple[tuple[str, str], ...]
    source: Location | None = None
    sparse: bool = False


@frozen(kw_only=True)
class DeleteKeys:
    """Remove stored objects; those that are gone already are fine."""

    keys: tuple[str, ...]


Step: TypeAlias = (
    CreateGroup
    | CreateArrays
    | WriteLevels
    | WriteObject
    | EditAttributes
    | MergeIntoList
    | TransferObjects
    | CopyObjects
    | DeleteKeys
)


@frozen(kw_only=True)
class Measured:
    """What executing a plan has learnt so far, for steps whose documents depend on it.

    Parameters
    ----------
    smallest_level : callable
        Path of an image's group to the pixels of its smallest level, a numpy array in the image's axis order.
    """

    smallest_level: Callable[[str], object]


@frozen(kw_only=True)
class Phase:
    """Steps that belong together; the last one commits them."""

    name: str
    steps: tuple[Step, ...]


@frozen(kw_only=True)
class Plan:
    """Everything that one operation writes.

    Parameters
    ----------
    target : Location
        The root that all paths and keys are relative to.
    zarr_format : {2, 3}
    phases : tuple of Phase
    overwrite : bool
        Whether an existing zarr hierarchy at the target is replaced, after the new one is complete.
    create : bool
        Whether the target is new; False: the plan changes what is there.
    consolidate : bool
        Whether consolidated metadata is written, for a target that is new. Where it is there already it is kept up.
    root : tuple of WriteObject
        The metadata objects of the root of a new hierarchy that is a copy of another. Empty: the root is a group with
        the attributes that the steps give it.
    """

    target: Location
    zarr_format: Literal[2, 3]
    phases: tuple[Phase, ...]
    overwrite: bool = False
    create: bool = True
    consolidate: bool = False
    root: tuple[WriteObject, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in order."""
        return tuple(step for phase in self.phases for step in phase.steps)


@frozen(kw_only=True)
class Progress:
    """How far executing a plan has come.

    Parameters
    ----------
    units_done, units_total : int
        Stored objects of arrays.
    bytes_done, bytes_total : int
        Uncompressed bytes of those objects.
    message : str
        What is being done, for people.
    """

    units_done: int
    units_total: int
    bytes_done: int
    bytes_total: int
    message: str = ""


ProgressCallback: TypeAlias = "Callable[[Progress], None]"
