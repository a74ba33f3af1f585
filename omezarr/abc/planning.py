"""What the kernel gives a node type that plans how its content is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc.claims import ArrayFacts
    from omezarr.abc.format_version import FormatVersion
    from omezarr.abc.plan import CreateGroup, EditAttributes, ListPlace, MergeIntoList, Phase, Step, WriteObject
    from omezarr.model import JSON, GroupMetadata, Multiscale
    from omezarr.model.content import Content, ImageContent, LabelImageContent


@frozen(kw_only=True)
class PlannedImage:
    """An image whose arrays are planned; its document is not.

    Parameters
    ----------
    content : ImageContent
        As it will be written: with a name, the axes that the version demands and units as NGFF names them.
    multiscale : Multiscale
        What the document says of the levels.
    writes : tuple of Step
        What creates and fills the arrays.
    arrays : mapping
        What the arrays will tell, by path relative to the group.
    factors : tuple of tuple of int
        The steps from each level to the next, for images that have to have as many levels.
    """

    content: ImageContent
    multiscale: Multiscale
    writes: tuple[Step, ...]
    arrays: Mapping[str, ArrayFacts]
    factors: tuple[tuple[int, ...], ...]


class PlanningContext(Protocol):
    """The group that is planned, and the pieces of which its phases are made; none of them reads or writes anything."""

    @property
    def version(self) -> FormatVersion:
        """The version that is written."""
        ...

    @property
    def path(self) -> str:
        """The path of the group relative to the root of the target; empty for the root itself."""
        ...

    @property
    def name(self) -> str:
        """What to call the content of the group where it does not say itself."""
        ...

    def below(self, path: str) -> PlanningContext:
        """Return the same for a group below this one.

        Raises
        ------
        ArgumentError
            If a part of the path cannot be the name of a group.
        """
        ...

    def plan(self, content: Content) -> Sequence[Phase]:
        """Return the phases that write content of any kind into the group; its node type plans them.

        Raises
        ------
        UnsupportedError
            If no node type writes it.
        OMEZarrError
            Whatever planning raises.
        """
        ...

    def image(self, content: ImageContent) -> PlannedImage:
        """Plan the levels of an image in the group.

        Raises
        ------
        ArgumentError, UnsupportedError
            If the version, the scaling method or the options do not go with it.
        """
        ...

    def label_image(self, content: LabelImageContent) -> PlannedImage:
        """Plan the levels of a label image in the group, as many as its image has.

        Raises
        ------
        ArgumentError, UnsupportedError
            If it does not fit its image, or as for `image`.
        """
        ...

    def group(self, facets: Mapping[str, object] | None = None, source: GroupMetadata | None = None) -> CreateGroup:
        """Return the step that creates the group.

        Parameters
        ----------
        facets : mapping, optional
            Key of a node type to its value, if the group says so from the start; else `commit` does so at the end.
        source : GroupMetadata, optional
            What the group of the content's source says besides.
        """
        ...

    def commit(
        self,
        facets: Mapping[str, object],
        what: str | None,
        *,
        source: GroupMetadata | None = None,
        arrays: Mapping[str, ArrayFacts] | None = None,
    ) -> EditAttributes:
        """Return the step that gives the group its document, to be the last one.

        Parameters
        ----------
        facets : mapping
            Key of a node type to its value.
        what : str, optional
            What the document is of, for messages, for example "the plate". None: what the version cannot express is
            not looked for, as all that could be is refused as invalid anyway.
        source : GroupMetadata, optional
            What the group of the content's source says besides.
        arrays : mapping, optional
            What the arrays of the group tell, by path relative to it.

        Raises
        ------
        LossyError
            If the version cannot express all of it, unless that is allowed.
        """
        ...

    def commit_image(self, image: PlannedImage, key: str, what: str) -> EditAttributes:
        """Return the step that gives an image its document, once its channels are measured.

        Parameters
        ----------
        image : PlannedImage
        key : str
            Of the node type, whose value is an `omezarr.model.Image`.
        what : str
            As for `commit`.

        Raises
        ------
        LossyError
            As for `commit`.
        """
        ...

    def stored(self, key: str, content: bytes) -> WriteObject:
        """Return the step that stores bytes at a key below the group."""
        ...

    def listed(
        self,
        node_key: str,
        keys: tuple[str, ...],
        items: Sequence[JSON],
        *,
        match: str | None = None,
        raised: tuple[tuple[str, ...], int | ListPlace] | None = None,
        order: tuple[str, ...] = (),
        created: Mapping[str, object] | None = None,
    ) -> MergeIntoList:
        """Return the step that adds items to a list in the document of the group.

        Parameters
        ----------
        node_key : str
            The key of the node type.
        keys : tuple of str
            From the value of that key to the list.
        items : sequence of JSON
        match : str, optional
            Objects with the same value under this key are the same item; None: whole values are compared.
        raised : tuple of (tuple of str, int or ListPlace), optional
            Where, from that value on, a number shall be this or more, or the length of a list or more.
        order : tuple of str
            The keys of the items that they are sorted by. Default: new ones go to the end.
        created : mapping, optional
            Key of a node type to its value: what the group says if it is not there yet. Default: it has to be there.
        """
        ...
