"""Lowering plates, wells, collections and scenes to the steps of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from omezarr.abc.plan import (
    CreateGroup,
    EditAttributes,
    MergeIntoList,
    Phase,
    Plan,
    Step,
    WriteObject,
)
from omezarr.errors import ArgumentError
from omezarr.model import (
    UNSET,
    Bioformats2Raw,
    Column,
    Field,
    GroupMetadata,
    Plate,
    Row,
    Scene,
    Series,
    Well,
    WellReference,
)
from omezarr.model.content import CollectionContent, Content, ImageContent, PlateContent, SceneContent
from omezarr.writing.attributes import document_path
from omezarr.writing.carrying import with_facets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.location import Location
    from omezarr.plugins.registry import Registry
    from omezarr.writing.options import WriteOptions
from omezarr.writing.fitting import named, plain_name
from omezarr.writing.image_plans import ImagePlanner
from omezarr.writing.validity import refuse_invalid


def plan_content(
    target: Location, content: Content, options: WriteOptions, registry: Registry, *, overwrite: bool = False
) -> Plan:
    """Return the plan that writes content to a new hierarchy.

    Parameters
    ----------
    target : Location
    content : ImageContent, PlateContent, CollectionContent or SceneContent
    options : WriteOptions
    registry : Registry
    overwrite : bool
        Whether an existing zarr hierarchy is replaced.

    Raises
    ------
    UnsupportedError
        If the version, the method or the store cannot do what is asked for.
    LossyError
        If metadata would be lost.
    ArgumentError
        If the options make no sense for this content.
    MetadataError
        If a document would not be valid.
    """
    planner = Planner(options, registry)
    if isinstance(content, ImageContent):
        phases = planner.image_phases("", named(content, target.name))
    elif isinstance(content, PlateContent):
        phases = planner.plate_phases(named(content, target.name))
    elif isinstance(content, SceneContent):
        phases = planner.scene_phases(content)
    else:
        phases = planner.collection_phases(content)
    plan = Plan(
        target=target,
        zarr_format=planner.version.zarr_format,
        phases=tuple(phases),
        overwrite=overwrite,
        consolidate=options.consolidated,
    )
    refuse_invalid(plan.steps, planner.version, registry)
    return plan


@frozen
class Planner(ImagePlanner):
    """Lowers content of every kind to steps, for one set of options."""

    def well_reference(self, plate: Plate, well: str) -> WellReference:
        """Return how a plate refers to one of its wells.

        Raises
        ------
        ArgumentError
            If the plate has no such row or column.
        """
        row, _, column = well.partition("/")
        rows, columns = [item.name for item in plate.rows], [item.name for item in plate.columns]
        if row not in rows or column not in columns:
            raise ArgumentError(
                f"the well {well!r} is not a row and a column of the plate; rows: {', '.join(rows)}; "
                f"columns: {', '.join(columns)}"
            )
        return WellReference(well, rows.index(row), columns.index(column))

    def listing_steps(
        self, well: str, reference: WellReference, field_name: str, image: ImageContent, count: int = 0
    ) -> tuple[Step, ...]:
        """Return the steps that list a field in its well, and the well in its plate, leaving all others as they are.

        The plate's number of fields becomes at least the `count` that the well has then.
        """
        listed = Field(field_name, UNSET if image.acquisition is None else image.acquisition)
        converter = self.registry.converter(self.version)
        wells = (*document_path(self.version, "plate"), "wells")
        images = (*document_path(self.version, "well"), "images")
        most = ((*document_path(self.version, "plate"), "field_count"), count)
        return (
            CreateGroup(path=well.partition("/")[0]),
            CreateGroup(path=well, attributes=self.attributes({"well": Well(images=())})),
            MergeIntoList(path=well, keys=images, items=(converter.unstructure(listed),), match="path"),
            MergeIntoList(path="", keys=wells, items=(converter.unstructure(reference),), match="path", raised=most),
        )

    def plate_phases(self, content: PlateContent) -> list[Phase]:
        """Return the phases that write a plate with all its wells."""
        for well in content.wells:
            row, _, column = well.partition("/")
            if row not in content.rows or column not in content.columns:
                raise ArgumentError(f"the well {well!r} is not a row and a column of the plate, such as A/1")
        metadata = with_facets(content.groups.get(""), {"plate": self.plate_metadata(content)})
        self.check_losses(metadata, "the plate")
        steps: list[Step] = [CreateGroup(path="")]
        if "OME" in content.groups or content.ome_xml is not None:
            steps.append(CreateGroup(path="OME", attributes=self.attributes({}, content.groups.get("OME"))))
        if content.ome_xml is not None:
            steps.append(WriteObject(key="OME/METADATA.ome.xml", content=content.ome_xml))
        phases = [Phase(name="plate", steps=tuple(steps))]
        for well, fields in content.wells.items():
            phases += self.well_phases(well, fields, content.groups)
        commit = EditAttributes(path="", attributes=self.composed(metadata))
        return [*phases, Phase(name="metadata of the plate", steps=(commit,))]

    def well_phases(
        self, well: str, fields: Mapping[str, ImageContent], groups: Mapping[str, GroupMetadata] | None = None
    ) -> list[Phase]:
        """Return the phases that write a well with all its fields, and what the groups of its source say besides."""
        row = well.partition("/")[0]
        groups = groups or {}
        said = groups.get(well)
        facet = None if said is None else said.facets.get("well")
        known = {item.path: item for item in facet.images} if isinstance(facet, Well) else {}
        images = tuple(
            evolve(
                known.get(name, Field(plain_name(name))),
                acquisition=UNSET if image.acquisition is None else image.acquisition,
            )
            for name, image in fields.items()
        )
        written = evolve(facet, images=images) if isinstance(facet, Well) else Well(images=images)
        start = CreateGroup(path=row, attributes=self.attributes({}, groups.get(row)))
        phases = [Phase(name=f"well {well}", steps=(start, CreateGroup(path=well)))]
        for name, image in fields.items():
            phases += self.image_phases(_join(well, name), image)
        commit = EditAttributes(path=well, attributes=self.attributes({"well": written}, said))
        return [*phases, Phase(name=f"metadata of well {well}", steps=(commit,))]

    def plate_metadata(self, content: PlateContent) -> Plate:
        """Return what a plate's document says of its content."""
        wells = [
            WellReference(well, content.rows.index(row), content.columns.index(column))
            for well in content.wells
            for row, _, column in [well.partition("/")]
        ]
        counts = [len(fields) for fields in content.wells.values()]
        source = content.groups.get("")
        facet = None if source is None else source.facets.get("plate")
        said = facet if isinstance(facet, Plate) else Plate(rows=(), columns=(), wells=())
        rows, columns = {row.name: row for row in said.rows}, {column.name: column for column in said.columns}
        known = {well.path: well.extra for well in said.wells}
        return evolve(
            said,
            rows=tuple(rows.get(name, Row(plain_name(name))) for name in content.rows),
            columns=tuple(columns.get(name, Column(plain_name(name))) for name in content.columns),
            wells=tuple(
                evolve(well, extra=known.get(well.path, {}))
                for well in sorted(wells, key=lambda well: (well.row_index, well.column_index))
            ),
            acquisitions=content.acquisitions or UNSET,
            field_count=max(counts) if counts and max(counts) > 0 else UNSET,
            name=content.name or UNSET,
        )

    def collection_phases(self, content: CollectionContent) -> list[Phase]:
        """Return the phases that write images together in the bioformats2raw layout."""
        root = with_facets(content.groups.get(""), {"bioformats2raw.layout": Bioformats2Raw(3)})
        series = {"series": Series(tuple(content.images))}
        self.check_losses(root, "the collection")
        steps: list[Step] = [
            CreateGroup(path=""),
            CreateGroup(path="OME", attributes=self.attributes(series, content.groups.get("OME"))),
        ]
        if content.ome_xml is not None:
            steps.append(WriteObject(key="OME/METADATA.ome.xml", content=content.ome_xml))
        phases = [Phase(name="collection", steps=tuple(steps))]
        for name, image in content.images.items():
            phases += self.image_phases(plain_name(name), image)
        commit = EditAttributes(path="", attributes=self.composed(root))
        return [*phases, Phase(name="metadata of the collection", steps=(commit,))]

    def scene_phases(self, content: SceneContent) -> list[Phase]:
        """Return the phases that write images and the scene that places them."""
        source = content.groups.get("")
        facet = None if source is None else source.facets.get("scene")
        scene = evolve(
            facet if isinstance(facet, Scene) else Scene(coordinate_transformations=()),
            coordinate_transformations=content.coordinate_transformations,
            coordinate_systems=content.coordinate_systems or UNSET,
        )
        metadata = with_facets(source, {"scene": scene})
        self.check_losses(metadata, "the scene")
        phases = [Phase(name="scene", steps=(CreateGroup(path=""),))]
        for name, image in content.images.items():
            phases += self.image_phases(plain_name(name), image)
        commit = EditAttributes(path="", attributes=self.composed(metadata))
        return [*phases, Phase(name="metadata of the scene", steps=(commit,))]


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
