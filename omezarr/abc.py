"""The interface of each extension axis: what a plugin implements and returns from its hooks.

Each docstring holds the complete smallest implementation. Everything here is an instance with a name; nothing is
registered by being imported. Modules with implementations stay light: they import zarr, dask, numpy and the like
inside functions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    from cattrs import Converter
    from zarr.abc.store import Store

    from omezarr.content import Content
    from omezarr.location import Location
    from omezarr.model import JSON, Axis, Document, GroupMetadata
    from omezarr.plan import ProgressCallback
    from omezarr.rules import Rule, RuleContext


class Certainty(IntEnum):
    """How sure a format version is that a group is of its kind."""

    SHAPE = 1
    """The document looks like one of this version."""
    HINT = 2
    """A parent or child is of this version."""
    EXPLICIT = 3
    """The document names this version."""


@frozen
class Claim:
    """What a contribution answers when asked whether something is for it.

    Parameters
    ----------
    specificity : int
        The highest of all claims wins; two equal highest ones are an error that names both. Formats use `Certainty`.
    reason : str
        Why, in words that fit behind "because".
    """

    specificity: int
    reason: str


@frozen(kw_only=True)
class Hint:
    """What is known of a node before it is opened, from the one that refers to it.

    Parameters
    ----------
    format_version : str, optional
        The NGFF version of the parent or child.
    node_key : str, optional
        The key of the node type that is expected.
    path : str
        The path of the node, as far as it is known, for example "labels/cells".
    """

    format_version: str | None = None
    node_key: str | None = None
    path: str = ""


@frozen(kw_only=True)
class Reference:
    """A group or array that a node names.

    Parameters
    ----------
    path : str
        Relative to the node, as the metadata gives it.
    role : {"level", "child"}
        A resolution level (an array), or a node of its own (a group).
    hint : Hint
        Passed on when the child is opened.
    optional : bool
        Whether it may be absent: then it is left out without a word. What metadata names is not optional.
    """

    path: str
    role: Literal["level", "child"]
    hint: Hint = Hint()
    optional: bool = False


class Surroundings(Protocol):
    """What lies around a node, fetched when asked for, each object once: where children are looked for."""

    def document(self, path: str = "") -> Mapping[str, JSON] | None:
        """Return the OME document of a group, relative to the node; of the node itself by default. None: no group."""
        ...

    def read(self, path: str) -> bytes | None:
        """Return one stored object, for example ``OME/METADATA.ome.xml``; None if it is not there."""
        ...

    def present(self, paths: Sequence[str]) -> frozenset[str]:
        """Return those of the paths at which a zarr group or array is; asked for concurrently."""
        ...

    def names(self, path: str = "") -> Sequence[str] | None:
        """List what is directly below a path; None where the store cannot list."""
        ...


@frozen(kw_only=True)
class ArrayFacts:
    """What the arrays of a node tell about it.

    Parameters
    ----------
    path : str
        Relative to the node.
    shape : tuple of int
    dtype : str
        A numpy name, for example "uint16".
    dimension_names : tuple of (str or None), optional
    attributes : mapping
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    dimension_names: tuple[str | None, ...] | None = None
    attributes: Mapping[str, JSON] = field(factory=dict)


class FormatVersion(ABC):
    """A version of the NGFF specification: where it keeps metadata and how that differs from the neutral model.

    Attributes
    ----------
    version : str
        As documents name it, for example "0.4". Versions are ordered as in PEP 440.
    zarr_format : {2, 3}
    separator : {"/", "."}
        Between the parts of chunk keys, in arrays that are written.
    """

    version: ClassVar[str]
    zarr_format: ClassVar[Literal[2, 3]]
    separator: ClassVar[Literal["/", "."]] = "/"

    @abstractmethod
    def claim(self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint) -> Claim | None:
        """Say how certainly attributes are of this version, with a `Certainty`; None if they cannot be."""

    @abstractmethod
    def unwrap(self, attributes: Mapping[str, JSON]) -> Document:
        """Take the document out of the attributes of a group."""

    @abstractmethod
    def wrap(self, document: Document) -> dict[str, JSON]:
        """Put a document into the attributes of a group; the inverse of `unwrap`."""

    def configure(self, converter: Converter) -> None:
        """Override in a fresh converter what this version writes differently from the version-neutral model."""

    def array_metadata(self, axes: Sequence[str]) -> tuple[dict[str, JSON], tuple[str, ...] | None]:
        """Return the attributes and the dimension names that the arrays of an image with these axes get."""
        return {}, tuple(axes) if self.zarr_format == 3 else None

    def check_axes(self, axes: Sequence[Axis]) -> str | None:
        """Return why an image with these axes cannot be written in this version, and which can; None if it can."""
        return None

    def check_dtype(self, dtype: str, *, label: bool) -> str | None:
        """Return why pixels of this numpy dtype cannot be written in this version; None if they can."""
        return None

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Fill in what this version requires and what the arrays, by path, tell; bring version strings up to date."""
        return metadata

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List, for people, what of the metadata this version cannot express."""
        return []

    def rules(self, key: str) -> Iterable[Rule]:
        """Return the rules of this version for a node type; for the document as a whole where `key` is empty."""
        return ()


class NodeType(ABC):
    """A kind of group that NGFF metadata describes, recognised by a key of the document.

    Attributes
    ----------
    key : str
        The NGFF key, for example "plate".
    model : type
        An attrs class with a field ``extra``, structured from what stands under the key.
    companions : tuple of str
        Further keys of the document that belong to this type.
    priority : int
        Which type is primary where a group has several: the higher. The others are its facets.
    """

    key: ClassVar[str]
    model: ClassVar[type]
    companions: ClassVar[tuple[str, ...]] = ()
    priority: ClassVar[int] = 0

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        """Say whether a document is of this type; by default when it has the key."""
        return Claim(1, f"it has the key {self.key!r}") if self.key in document.values else None

    def configure(self, converter: Converter) -> None:
        """Override in a fresh converter how the model of this type is structured, for all versions."""

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Any:
        """Structure the keys of this type out of a document's values.

        Raises
        ------
        MetadataError
            With a path relative to the document.
        """
        from omezarr.structuring import at, structure

        with at(self.key):
            return structure(converter, values[self.key], self.model)

    def unstructure(self, value: Any, converter: Converter) -> dict[str, JSON]:
        """Return the keys of this type for a document; the inverse of `structure`."""
        return {self.key: converter.unstructure(value)}

    def references(self, value: Any) -> Iterable[Reference]:
        """Return what a value of this type refers to, in order. No I/O."""
        return ()

    def probe(self, value: Any, surroundings: Surroundings) -> Iterable[Reference]:
        """Return children that the document of the node does not name, in order, after those of `references`.

        Called only when children are listed; may look around. A child that may not exist is marked optional.
        """
        return ()

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood: what validation visits.

        By default what `references` says of the structured value, and nothing where it cannot be structured. A type of
        which malformed documents shall still be followed reads the raw values of the context instead.
        """
        from omezarr.errors import MetadataError
        from omezarr.structuring import base_converter

        if self.key not in context.values:
            return ()
        converter = base_converter()
        self.configure(converter)
        try:
            return self.references(self.structure(context.values, converter))
        except MetadataError:
            return ()

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type for a format version that does not bring its own."""
        return ()


class PixelSource(ABC):
    """Pixels that are read region by region, from memory, a file, a store or a computation.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    chunks : tuple of int
        The region that is read at the lowest cost; the whole shape where it makes no difference.
    identity : str
        Changes when the pixels may have changed: size and time of a file, an etag, a token.
    banded : bool
        Whether `near` does work that regions share, so that it pays to ask for large regions.
    portable : bool
        Whether it can be pickled without any pixels, for reading in another process.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    identity: str
    banded: bool = False
    portable: bool = False

    @abstractmethod
    def read(self, region: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Return the pixels of a region, given by slices with start and stop inside the shape.

        May be called from several threads at once.

        Raises
        ------
        SourceError
            If the pixels cannot be read.
        """

    def cost(self, region: tuple[slice, ...]) -> int:
        """Return how many bytes reading a region takes at most, its result included."""
        import math

        samples: int = math.prod(part.stop - part.start for part in region)
        return samples * self.dtype.itemsize

    def near(self, region: tuple[slice, ...], threads: int, memory: int) -> PixelSource:
        """Return a source of the same shape from which regions inside this one are read at little cost.

        A computation does the whole region here, in this many threads, and may keep this many bytes of what other
        regions need as well; other sources return themselves.
        """
        return self

    def close(self) -> None:
        """Release files; reading is over."""


class ScalingMethod(ABC):
    """A way to make a lower resolution level from the one above by an integer factor along each axis.

    Attributes
    ----------
    name : str
        As on the command line and in ``multiscales[].type``.
    preserves_values : bool
        Whether every result is one of the values it was made from, so that labels may use it.
    version : str
        Changes when the results change; recorded beside the name.
    """

    name: ClassVar[str]
    preserves_values: ClassVar[bool] = False
    version: ClassVar[str] = "1"

    def check_dtype(self, dtype: np.dtype[Any]) -> str | None:
        """Return why pixels of this dtype are refused, and the cure; None if they are accepted."""
        return None

    def halo(self, factors: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Return, for each axis, how many input samples before and after the block of a result are needed."""
        return tuple((0, 0) for _ in factors)

    @abstractmethod
    def origin(self, factor: int) -> float:
        """Return where the first result sits, in input samples from the centre of the first input sample."""

    @abstractmethod
    def reduce(self, window: npt.NDArray[Any], factors: tuple[int, ...], inner: tuple[slice, ...]) -> npt.NDArray[Any]:
        """Reduce part of a level.

        Parameters
        ----------
        window : array
            Input samples, with the halo around the part that is asked for; at the border of the image the engine has
            padded it.
        factors : tuple of int
            One for each axis.
        inner : tuple of slice
            The part of `window` that is asked for: it starts on a multiple of the factors in the whole level, and
            ends on one or at the border of the image, where the last block of each axis may be incomplete.

        Returns
        -------
        array
            Of shape ``ceil(length of inner / factor)`` along each axis and the dtype of the window. The result may
            not depend on where the window lies.
        """


class StorageScheme(ABC):
    """A way to reach stores: disks, memory, servers, or a container inside another store.

    Attributes
    ----------
    name : str
    options : frozenset of str
        The storage options that this scheme translates; others are refused.
    writable : bool
        Whether hierarchies can be written.
    """

    name: ClassVar[str]
    options: ClassVar[frozenset[str]] = frozenset()
    writable: ClassVar[bool] = True

    @abstractmethod
    def claim(self, location: Location) -> Claim | None:
        """Say whether a location is for this scheme, from its text alone. Containers claim higher than protocols."""

    @abstractmethod
    def open(self, location: Location, *, write: bool, resolve: Callable[[Location], OpenedStore]) -> OpenedStore:
        """Open the store of a location.

        Parameters
        ----------
        location : Location
        write : bool
            Whether the store must take writes.
        resolve : callable
            Opens another location for reading, for containers that lie in another scheme's store.

        Raises
        ------
        LocationNotFoundError, StorageError, MissingDependencyError, UnsupportedError
        """


@frozen(kw_only=True)
class OpenedStore:
    """An opened store and the path inside it that a location means."""

    store: Store
    path: str = ""


class Importer(ABC):
    """A reader of files that are not OME-Zarr, or of anything else that holds images.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        In lower case with the dot.
    options : mapping
        Name to explanation of the options that `load` takes.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def claim(self, location: Location) -> Claim | None:
        """Say whether a location is for this importer; by suffix, or by a look at the first bytes of a local file."""

    @abstractmethod
    def load(self, location: Location, options: Mapping[str, Any]) -> Content:
        """Describe what the location holds, lazily: pixels are read when they are written.

        Raises
        ------
        LocationNotFoundError, SourceError, ArgumentError, MissingDependencyError
        """


class Exporter(ABC):
    """A writer of files that are not OME-Zarr.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        In lower case with the dot.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def claim(self, location: Location) -> Claim | None:
        """Say whether a target is for this exporter."""

    @abstractmethod
    def save(
        self, content: Content, location: Location, options: Mapping[str, Any], progress: ProgressCallback | None
    ) -> None:
        """Write content to a target, region by region.

        Raises
        ------
        TargetExistsError, UnsupportedError, ArgumentError
        """


class SampleData(ABC):
    """Data for trying things out; the same at every call.

    Attributes
    ----------
    name : str
    description : str
        One line.
    """

    name: ClassVar[str]
    description: ClassVar[str]

    @abstractmethod
    def load(self) -> Content:
        """Describe the sample."""
