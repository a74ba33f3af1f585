"""From content to a plan: each node type plans the content that it names, with the pieces that are offered here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from omezarr.abc.plan import CreateGroup, EditAttributes, MergeIntoList, Phase, Plan, WriteObject
from omezarr.errors import ConflictError, PluginError, UnsupportedError
from omezarr.plugins.asking import calling, named_missing
from omezarr.writing.attributes import compose_attributes, document_path, refuse_losses
from omezarr.writing.carrying import with_facets
from omezarr.writing.fitting import fitted_image, name_of, plain_path
from omezarr.writing.image_documents import ImageDocument
from omezarr.writing.image_plans import planned_image, planned_label_image
from omezarr.writing.pyramids import PyramidPlanner
from omezarr.writing.validity import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omezarr.abc import ArrayFacts, FormatVersion, NodeType
    from omezarr.abc.plan import ListPlace
    from omezarr.abc.planning import PlannedImage
    from omezarr.location import Location
    from omezarr.model import JSON, GroupMetadata
    from omezarr.model.content import Content, ImageContent, LabelImageContent
    from omezarr.plugins.registry import Registry
    from omezarr.writing.options import WriteOptions


def plan_content(
    target: Location, content: Content, options: WriteOptions, registry: Registry, *, overwrite: bool = False
) -> Plan:
    """Return the plan that writes content to a new hierarchy.

    Parameters
    ----------
    target : Location
    content : Content
        Of any class that a node type names.
    options : WriteOptions
    registry : Registry
    overwrite : bool
        Whether an existing zarr hierarchy is replaced.

    Raises
    ------
    UnsupportedError
        If no node type writes such content, or the version, the method or the store cannot do what is asked for.
    LossyError
        If metadata would be lost.
    ArgumentError
        If the options make no sense for this content.
    MetadataError
        If a document would not be valid.
    """
    planner = Planner(options, registry, name=name_of(target.name))
    return planner.whole(target, planner.plan(content), overwrite=overwrite, consolidate=options.consolidated)


def writer_of(content: Content, registry: Registry) -> NodeType:
    """Return the node type that writes content: that of its class, else of the nearest class that it derives from.

    Raises
    ------
    UnsupportedError
        If there is none.
    ConflictError
        If there are several.
    """
    node_types = list(registry.node_types.values())
    for cls in type(content).__mro__:
        found = [node_type for node_type in node_types if node_type.content is cls]
        if len(found) > 1:
            keys = " and ".join(repr(node_type.key) for node_type in found)
            raise ConflictError(f"the node types {keys} both write {cls.__name__}; disable the plugin of one of them")
        if found:
            return found[0]
    raise UnsupportedError(
        f"no node type writes {type(content).__name__}; the plugin that does is missing or disabled"
        f"{named_missing(registry.node_types)}"
    )


@frozen
class Planner:
    """Plans the content of one group, for one set of options; see `omezarr.abc.planning.PlanningContext`.

    Parameters
    ----------
    options : WriteOptions
    registry : Registry
    path : str
        Of the group, relative to the root of the target.
    name : str
        What to call what has no name.
    """

    options: WriteOptions
    registry: Registry
    path: str = field(default="", kw_only=True)
    name: str = field(default="image", kw_only=True)

    @property
    def version(self) -> FormatVersion:
        """What is written."""
        return self.registry.formats[self.options.format]

    @property
    def pyramids(self) -> PyramidPlanner:
        """What decides the levels of images."""
        return PyramidPlanner(self.options, self.version, self.registry)

    def below(self, path: str) -> Planner:
        """Return the same for a group below this one."""
        whole = self._key(plain_path(path))
        return evolve(self, path=whole, name=name_of(whole))

    def plan(self, content: Content) -> list[Phase]:
        """Return the phases that write content into the group."""
        node_type = writer_of(content, self.registry)
        with calling(self.registry.node_types, node_type.key, "plan"):
            planned: list[object] = list(node_type.plan(content, self))
        phases = [phase for phase in planned if isinstance(phase, Phase)]
        if len(phases) < len(planned):
            raise PluginError(f"the node type {node_type.key!r} planned something that is no phase")
        return phases

    def whole(
        self, target: Location, phases: Iterable[Phase], *, overwrite: bool = False, consolidate: bool = False
    ) -> Plan:
        """Return the plan of a new hierarchy, whose documents have been found valid.

        Raises
        ------
        MetadataError
            If one is not.
        """
        plan = Plan(
            target=target,
            zarr_format=self.version.zarr_format,
            phases=tuple(phases),
            overwrite=overwrite,
            consolidate=consolidate,
        )
        refuse_invalid(plan.steps, self.version, self.registry)
        return plan

    def image(self, content: ImageContent) -> PlannedImage:
        """Plan the levels of an image in the group."""
        fitted = fitted_image(content, self.version, self.registry, expand=self.options.expand_axes)
        named = evolve(fitted, name=fitted.name or self.name)
        anew = "method" in self.options.given
        return planned_image(self.path, named, self.options.method, self.pyramids, anew=anew)

    def label_image(self, content: LabelImageContent) -> PlannedImage:
        """Plan the levels of a label image in the group, as many as its image has."""
        return planned_label_image(self.path, content, self.pyramids)

    def attributes(
        self,
        facets: Mapping[str, object],
        source: GroupMetadata | None = None,
        arrays: Mapping[str, ArrayFacts] | None = None,
    ) -> dict[str, JSON]:
        """Return the attributes of a group with these facets, and with what else the group of a source says."""
        return compose_attributes(with_facets(source, facets), self.version, self.registry, arrays)

    def group(self, facets: Mapping[str, object] | None = None, source: GroupMetadata | None = None) -> CreateGroup:
        """Return the step that creates the group."""
        if facets is None and source is None:
            return CreateGroup(path=self.path)
        return CreateGroup(path=self.path, attributes=self.attributes(facets or {}, source))

    def commit(
        self,
        facets: Mapping[str, object],
        what: str | None,
        *,
        source: GroupMetadata | None = None,
        arrays: Mapping[str, ArrayFacts] | None = None,
    ) -> EditAttributes:
        """Return the step that gives the group its document."""
        if what is not None:
            self._refuse_losses(with_facets(source, facets), what)
        return EditAttributes(path=self.path, attributes=self.attributes(facets, source, arrays))

    def commit_image(self, image: PlannedImage, key: str, what: str) -> EditAttributes:
        """Return the step that gives an image its document, once its channels are measured."""
        document = ImageDocument(self.path, image, key, self.version.version)
        self._refuse_losses(document.metadata(image.content.channels or ()), what)
        return EditAttributes(path=self.path, attributes=document, known=document.beforehand(self.registry))

    def stored(self, key: str, content: bytes) -> WriteObject:
        """Return the step that stores bytes at a key below the group."""
        return WriteObject(key=self._key(key), content=content)

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
        """Return the step that adds items to a list in the document of the group."""
        place = document_path(self.version, node_key, self.registry)
        return MergeIntoList(
            path=self.path,
            keys=(*place, *keys),
            items=tuple(items),
            match=match,
            raised=None if raised is None else ((*place, *raised[0]), raised[1]),
            order=order,
            created=None if created is None else self.attributes(created),
        )

    def _refuse_losses(self, metadata: GroupMetadata, what: str) -> None:
        if not self.options.allow_lossy:
            refuse_losses(metadata, self.version, self.registry, what)

    def _key(self, path: str) -> str:
        return f"{self.path}/{path}" if self.path else path
