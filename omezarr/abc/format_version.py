"""The interface of versions of the NGFF specification."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc.claims import ArrayFacts, Claim, Hint
    from omezarr.abc.rules import Rule
    from omezarr.model import JSON, Axis, Document, GroupMetadata


class FormatVersion(ABC):
    """A version of the NGFF specification: where it keeps metadata and how that differs from the neutral model.

    Attributes
    ----------
    version : str
        As documents name it, for example "0.4". Versions are ordered as in PEP 440.
    zarr_format : {2, 3}
    separator : {"/", "."}
        Between the parts of chunk keys, in arrays that are written.
    without_rules : tuple of str
        Ids of rules of node types that do not hold in this version; ``axes.*`` stands for all that start so.

    Examples
    --------
    The smallest one that is read; one in which images are written overrides `complete` as well, or derives from a
    version that does:

    >>> from omezarr.abc import Certainty, Claim, FormatVersion, Hint
    >>> from omezarr.model import Document
    >>> class Draft(FormatVersion):
    ...     version = "0.7.dev1"
    ...     zarr_format = 3
    ...
    ...     def claim(self, attributes, zarr_format, hint):
    ...         ome = attributes.get("ome")
    ...         if zarr_format == 3 and isinstance(ome, dict) and ome.get("version") == self.version:
    ...             return Claim(Certainty.EXPLICIT, "ome.version says so")
    ...         return None
    ...
    ...     def unwrap(self, attributes):
    ...         values = dict(attributes["ome"])
    ...         foreign = {key: value for key, value in attributes.items() if key != "ome"}
    ...         return Document(version=values.pop("version"), values=values, foreign=foreign)
    ...
    ...     def wrap(self, document):
    ...         return {**document.foreign, "ome": {"version": self.version, **document.values}}
    >>> draft, attributes = Draft(), {"ome": {"version": "0.7.dev1", "labels": ["cells"]}, "lab": 5}
    >>> draft.claim(attributes, 3, Hint()).reason
    'ome.version says so'
    >>> draft.wrap(draft.unwrap(attributes)) == attributes
    True
    """

    version: ClassVar[str]
    zarr_format: ClassVar[Literal[2, 3]]
    separator: ClassVar[Literal["/", "."]] = "/"
    without_rules: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def claim(self, attributes: Mapping[str, JSON], zarr_format: int, hint: Hint) -> Claim | None:
        """Say how certainly attributes are of this version, with a `Certainty`; None if they cannot be."""

    def named_version(self, attributes: Mapping[str, JSON]) -> str | None:
        """Return what attributes name as their version where this version looks for it, known or not.

        With it, a version that nobody provides is told by its name. Default: nothing.
        """
        return None

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

    def check_dtypes(self, dtypes: Sequence[str]) -> str | None:
        """Return why levels of these numpy dtypes cannot be one image in this version; None if they can."""
        return None

    def complete(self, metadata: GroupMetadata, arrays: Mapping[str, ArrayFacts]) -> GroupMetadata:
        """Fill in what this version requires and what the arrays, by path, tell; bring version strings up to date."""
        return metadata

    def losses(self, metadata: GroupMetadata) -> list[str]:
        """List, for people, what of the metadata this version cannot express."""
        return []

    def rules(self, key: str) -> Iterable[Rule]:
        """Return what this version demands of a node type beyond the type's own rules.

        A rule with the id of one of those takes its place; any other is added. Where `key` is empty, the rules for
        documents of every kind.
        """
        return ()
