"""The interface of kinds of groups."""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from omezarr.errors import MetadataError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cattrs import Converter

    from omezarr.abc.plan import Phase
    from omezarr.abc.planning import PlanningContext
    from omezarr.abc.rules import Rule, RuleContext
    from omezarr.model import JSON, Document
    from omezarr.model.content import Content

from omezarr.abc.claims import Claim, Hint, Reference


class GroupView(Protocol):
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
    implied : bool
        Whether a group can be of this type without its key, because of its place; `structure` is called all the same.
    priority : int
        Which type is primary where a group has several: the higher. The others are its facets.
    plain : bool
        Whether its keys stand in the attributes themselves, beside those of others, in versions that have a place of
        their own for the document, too.
    below : mapping
        Key of another node type to a path: below groups of that type, one of this type may be there without being
        named, as ``{"multiscales": "tables"}`` says of what lies beside the labels of an image.
    content : type, optional
        The class of what this type writes, derived from `omezarr.model.content.Content`. None: it cannot be written as
        content.

    Examples
    --------
    The smallest one, which is read and written in every version:

    >>> from attrs import frozen
    >>> from omezarr.abc import NodeType
    >>> from omezarr.abc.plan import Phase
    >>> from omezarr.model import extra
    >>> from omezarr.model.content import Content
    >>> from omezarr.model.structuring import base_converter
    >>> @frozen
    ... class Table:
    ...     columns: tuple[str, ...]
    ...     extra: dict = extra()
    >>> @frozen
    ... class TableContent(Content):
    ...     columns: tuple[str, ...]
    >>> class Tables(NodeType):
    ...     key = "table"
    ...     model = Table
    ...     content = TableContent
    ...
    ...     def plan(self, content, context):
    ...         commit = context.commit({self.key: Table(content.columns)}, "the table")
    ...         return [Phase(name="table", steps=(context.group(), commit))]
    >>> Tables().structure({"table": {"columns": ["area"], "rows": 3}}, base_converter())
    Table(columns=('area',), extra={'rows': 3})
    """

    key: ClassVar[str]
    model: ClassVar[type]
    companions: ClassVar[tuple[str, ...]] = ()
    implied: ClassVar[bool] = False
    priority: ClassVar[int] = 0
    plain: ClassVar[bool] = False
    below: ClassVar[Mapping[str, str]] = {}
    content: ClassVar[type[Content] | None] = None

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        """Say whether a document is of this type; by default when it has the key."""
        return Claim(Claim.KEY, f"it has the key {self.key!r}") if self.key in document.values else None

    def configure(self, converter: Converter) -> None:
        """Override in a fresh converter how the model of this type is structured, for all versions."""

    def structure(self, values: Mapping[str, JSON], converter: Converter) -> Any:
        """Structure the keys of this type out of a document's values.

        Raises
        ------
        MetadataError
            With a path relative to the document.
        """
        from omezarr.model.structuring import at, structure

        with at(self.key):
            return structure(converter, values[self.key], self.model)

    def unstructure(self, value: Any, converter: Converter) -> dict[str, JSON]:
        """Return the keys of this type for a document; the inverse of `structure`."""
        return {self.key: converter.unstructure(value)}

    def references(self, value: Any) -> Iterable[Reference]:
        """Return what a value of this type refers to, in order. No I/O."""
        return ()

    def probe(self, value: Any, group: GroupView) -> Iterable[Reference]:
        """Return children that the document of the node does not name, in order, after those of `references`.

        Called only when children are listed; may look around. A child that may not exist is marked optional.
        """
        return ()

    def raw_references(self, context: RuleContext) -> Iterable[Reference]:
        """Return what a raw document refers to, as far as it can be understood: what validation visits.

        By default what `references` says of the structured value, and nothing where it cannot be structured. A type of
        which malformed documents shall still be followed reads the raw values of the context instead.
        """
        from omezarr.model.structuring import base_converter

        if self.key not in context.values:
            return ()
        converter = base_converter()
        self.configure(converter)
        try:
            return self.references(self.structure(context.values, converter))
        except MetadataError:
            return ()

    def plan(self, content: Any, context: PlanningContext) -> Iterable[Phase]:
        """Return the phases that write content of this type into the group of a context, in order. No I/O.

        What shows the group as complete, mostly `PlanningContext.commit`, comes last.

        Parameters
        ----------
        content : Content
            An instance of the class that this type names.
        context : PlanningContext

        Raises
        ------
        ArgumentError, UnsupportedError, LossyError
            If it cannot be written as it is.
        """
        raise PluginError(f"the node type {self.key!r} names content that it writes, but does not plan it")

    def rules(self, version: str) -> Iterable[Rule]:
        """Return the rules of this type in a format version, which can replace some, leave some out, and add others.

        A version may be newer than this type; then those rules hold that no version has ended.
        """
        return ()
