"""Lowering content to the steps of a plan: images, labels, plates, wells, collections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from omezarr.composing import compose_attributes, document_path, refuse_losses
from omezarr.content import CollectionContent, Content, ImageContent, LabelContent, PlateContent, SceneContent
from omezarr.display import check_channels, measured_channels
from omezarr.engine import expanded
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.model import (
    UNSET,
    Bioformats2Raw,
    Column,
    CoordinateSystem,
    Dataset,
    Field,
    GroupMetadata,
    Image,
    ImageLabel,
    Labels,
    LabelSource,
    Multiscale,
    Omero,
    Plate,
    Row,
    Scene,
    Series,
    Well,
    WellReference,
    relative_scales,
)
from omezarr.model.axes import CONVENTIONAL_SYSTEM
from omezarr.plan import (
    CreateGroup,
    EditAttributes,
    Measured,
    MergeIntoList,
    Phase,
    Plan,
    Step,
    WriteLevels,
    WriteObject,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import FormatVersion, PixelSource, ScalingMethod
    from omezarr.location import Location
    from omezarr.model import JSON
    from omezarr.planning.options import WriteOptions
    from omezarr.registry import Registry
from omezarr.planning.fitting import aligned_to, expanded_to_five, label_pixels, native_name, plain_name
from omezarr.planning.pyramids import Pyramid, PyramidPlanner, method_details, placement


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
    """
    planner = Planner(options, registry)
    if isinstance(content, ImageContent):
        phases = planner.image_phases("", content)
    elif isinstance(content, PlateContent):
        phases = planner.plate_phases(content)
    elif isinstance(content, SceneContent):
        phases = planner.scene_phases(content)
    else:
        phases = planner.collection_phases(content)
    return Plan(target=target, zarr_format=planner.version.zarr_format, phases=tuple(phases), overwrite=overwrite)


@frozen
class Planner:
    """Lowers content to steps, for one set of options.

    Parameters
    ----------
    options : WriteOptions
    registry : Registry
    """

    options: WriteOptions
    registry: Registry
    version: FormatVersion = field(init=False)

    @version.default
    def _version(self) -> FormatVersion:
        return self.registry.formats[self.options.format]

    @property
    def pyramids(self) -> PyramidPlanner:
        """What decides the levels of the images."""
        return PyramidPlanner(self.options, self.version, self.registry)

    def image_phases(self, path: str, content: ImageContent) -> list[Phase]:
        """Return the phases that write an image and its labels into the group at a path."""
        content = self._fitted(content)
        name = content.name or (path.rpartition("/")[2] or "image")
        method = self.registry.scaling_methods[self.options.method]
        factors = self.pyramids.factors(content)
        pyramid = self.pyramids.pyramid(path, content.pixels, content, factors, method)
        multiscale = self.multiscale(content, pyramid, method, content.name)
        self._check(GroupMetadata(facets={"multiscales": Image((multiscale,))}), f"the image {name!r}")
        steps: list[Step] = [
            CreateGroup(path=path),
            WriteLevels(source=content.pixels, arrays=pyramid.arrays, factors=pyramid.factors, method=method),
        ]
        if content.ome_xml is not None:
            steps.append(WriteObject(key=_join(path, "OME/METADATA.ome.xml"), content=content.ome_xml))
        phases = [Phase(name=f"image {name}", steps=tuple(steps))]
        for label_name, label in content.labels.items():
            label_path = _join(path, "labels", plain_name(label_name))
            phases.append(self.label_phase(label_path, label_name, label, content, pyramid.factors))
        if content.labels:
            phases.append(Phase(name="labels", steps=(self.labels_group(path, tuple(content.labels)),)))
        commit = self.image_commit(path, content, multiscale, pyramid)
        return [*phases, Phase(name=f"metadata of {name}", steps=(commit,))]

    def label_phase(
        self,
        path: str,
        name: str,
        label: LabelContent,
        image: ImageContent,
        factors: tuple[tuple[int, ...], ...],
    ) -> Phase:
        """Return the phase that writes one label image.

        Parameters
        ----------
        path : str
            The group of the label image.
        name : str
        label : LabelContent
        image : ImageContent
            What was segmented; its axes and geometry are those of the label image.
        factors : tuple of tuple of int
            The steps of the image's levels.
        """
        pixels = label_pixels(name, label, image, self.version)
        method = self.registry.scaling_methods[self.options.label_method]
        if not method.preserves_values:
            able = ", ".join(key for key, item in self.registry.scaling_methods.items() if item.preserves_values)
            raise UnsupportedError(
                f"the scaling method {method.name!r} makes new values, which would corrupt labels; use one of: {able}"
            )
        steps = tuple(
            tuple(1 if size == 1 else factor for factor, size in zip(step, pixels.shape, strict=True))
            for step in factors
        )
        pyramid = self.pyramids.pyramid(path, pixels, image, steps, method, label=True)
        image_label = label.metadata or ImageLabel()
        if not image_label.source:
            image_label = evolve(image_label, source=LabelSource(image="../../"))
        metadata = GroupMetadata(
            facets={
                "multiscales": Image((self.multiscale(image, pyramid, method, name),)),
                "image-label": image_label,
            }
        )
        self._check(metadata, f"the label image {name!r}")
        attributes = compose_attributes(metadata, self.version, self.registry, pyramid.facts(path))
        return Phase(
            name=f"label image {name}",
            steps=(
                CreateGroup(path=path),
                WriteLevels(source=pixels, arrays=pyramid.arrays, factors=pyramid.factors, method=method),
                EditAttributes(path=path, attributes=attributes),
            ),
        )

    def given_levels_phases(
        self, content: ImageContent, levels: Sequence[PixelSource], *, method_known: bool
    ) -> list[Phase]:
        """Return the phases that write an image whose levels are all given.

        Parameters
        ----------
        content : ImageContent
            With the pixels of the first level.
        levels : sequence of PixelSource
            All levels.
        method_known : bool
            Whether the scaling method of the options made them.
        """
        fitted = self._fitted(content)
        method = self.registry.scaling_methods[self.options.method]
        ndim = len(fitted.axes)
        base, start = fitted.scale or (1.0,) * ndim, fitted.translation or (0.0,) * ndim
        specs, datasets, steps = [], [], []
        sources = [expanded(level, aligned_to(level.shape, content.axes, fitted.axes)) for level in levels]
        ratios = relative_scales(source.shape for source in sources)
        for index, (pixels, ratio) in enumerate(zip(sources, ratios, strict=True)):
            origins = [method.origin(int(factor)) if factor.is_integer() else (factor - 1) / 2 for factor in ratio]
            place = tuple(
                first + size * (origin if method_known and factor > 1 else 0.0)
                for first, size, origin, factor in zip(start, base, origins, ratio, strict=True)
            )
            scale = tuple(size * factor for size, factor in zip(base, ratio, strict=True))
            spec = evolve(self.pyramids.pyramid("", pixels, fitted, (), method).arrays[0], path=str(index))
            specs.append(spec)
            datasets.append(Dataset(str(index), (placement(scale, place),)))
            steps.append(WriteLevels(source=pixels, arrays=(spec,), factors=(), method=method))
        pyramid = Pyramid(tuple(specs), (), tuple(datasets))
        multiscale = Multiscale(
            datasets=pyramid.datasets,
            coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, fitted.axes),),
            name=content.name or UNSET,
            type=method.name if method_known and len(levels) > 1 else UNSET,
        )
        self._check(GroupMetadata(facets={"multiscales": Image((multiscale,))}), "the image")
        commit = self.image_commit("", fitted, multiscale, pyramid)
        return [
            Phase(name="image", steps=(CreateGroup(path=""), *steps)),
            Phase(name="metadata of the image", steps=(commit,)),
        ]

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
        self, well: str, reference: WellReference, field_name: str, image: ImageContent
    ) -> tuple[Step, ...]:
        """Return the steps that list a field in its well, and the well in its plate, leaving all others as they are."""
        listed = Field(field_name, UNSET if image.acquisition is None else image.acquisition)
        converter = self.registry.converter(self.version)
        wells = (*document_path(self.version, "plate"), "wells")
        images = (*document_path(self.version, "well"), "images")
        return (
            CreateGroup(path=well.partition("/")[0]),
            CreateGroup(path=well, attributes=self._attributes({"well": Well(images=())})),
            MergeIntoList(path=well, keys=images, items=(converter.unstructure(listed),), match="path"),
            MergeIntoList(path="", keys=wells, items=(converter.unstructure(reference),), match="path"),
        )

    def labels_group(self, image_path: str, names: tuple[str, ...]) -> CreateGroup:
        """Return the step that creates the group of all labels of an image."""
        return CreateGroup(path=_join(image_path, "labels"), attributes=self._attributes({"labels": Labels(names)}))

    def plate_phases(self, content: PlateContent) -> list[Phase]:
        """Return the phases that write a plate with all its wells."""
        for well in content.wells:
            row, _, column = well.partition("/")
            if row not in content.rows or column not in content.columns:
                raise ArgumentError(f"the well {well!r} is not a row and a column of the plate, such as A/1")
        metadata = self.plate_metadata(content)
        self._check(GroupMetadata(facets={"plate": metadata}), "the plate")
        phases = [Phase(name="plate", steps=(CreateGroup(path=""),))]
        for well, fields in content.wells.items():
            phases += self.well_phases(well, fields)
        commit = EditAttributes(path="", attributes=self._attributes({"plate": metadata}))
        return [*phases, Phase(name="metadata of the plate", steps=(commit,))]

    def well_phases(self, well: str, fields: Mapping[str, ImageContent]) -> list[Phase]:
        """Return the phases that write a well with all its fields."""
        row = well.partition("/")[0]
        images = tuple(
            Field(plain_name(name), UNSET if image.acquisition is None else image.acquisition)
            for name, image in fields.items()
        )
        phases = [Phase(name=f"well {well}", steps=(CreateGroup(path=row), CreateGroup(path=well)))]
        for name, image in fields.items():
            phases += self.image_phases(_join(well, name), image)
        commit = EditAttributes(path=well, attributes=self._attributes({"well": Well(images=images)}))
        return [*phases, Phase(name=f"metadata of well {well}", steps=(commit,))]

    def plate_metadata(self, content: PlateContent) -> Plate:
        """Return what a plate's document says of its content."""
        wells = [
            WellReference(well, content.rows.index(row), content.columns.index(column))
            for well in content.wells
            for row, _, column in [well.partition("/")]
        ]
        counts = [len(fields) for fields in content.wells.values()]
        return Plate(
            rows=tuple(Row(plain_name(name)) for name in content.rows),
            columns=tuple(Column(plain_name(name)) for name in content.columns),
            wells=tuple(sorted(wells, key=lambda well: (well.row_index, well.column_index))),
            acquisitions=content.acquisitions or UNSET,
            field_count=max(counts) if counts and max(counts) > 0 else UNSET,
            name=content.name or UNSET,
        )

    def collection_phases(self, content: CollectionContent) -> list[Phase]:
        """Return the phases that write images together in the bioformats2raw layout."""
        root = {"bioformats2raw.layout": Bioformats2Raw(3)}
        series = {"series": Series(tuple(content.images))}
        self._check(GroupMetadata(facets=root), "the collection")
        steps: list[Step] = [
            CreateGroup(path=""),
            CreateGroup(path="OME", attributes=self._attributes(series)),
        ]
        if content.ome_xml is not None:
            steps.append(WriteObject(key="OME/METADATA.ome.xml", content=content.ome_xml))
        phases = [Phase(name="collection", steps=tuple(steps))]
        for name, image in content.images.items():
            phases += self.image_phases(plain_name(name), image)
        commit = EditAttributes(path="", attributes=self._attributes(root))
        return [*phases, Phase(name="metadata of the collection", steps=(commit,))]

    def scene_phases(self, content: SceneContent) -> list[Phase]:
        """Return the phases that write images and the scene that places them."""
        scene = Scene(
            coordinate_transformations=content.coordinate_transformations,
            coordinate_systems=content.coordinate_systems or UNSET,
        )
        self._check(GroupMetadata(facets={"scene": scene}), "the scene")
        phases = [Phase(name="scene", steps=(CreateGroup(path=""),))]
        for name, image in content.images.items():
            phases += self.image_phases(plain_name(name), image)
        commit = EditAttributes(path="", attributes=self._attributes({"scene": scene}))
        return [*phases, Phase(name="metadata of the scene", steps=(commit,))]

    def image_commit(
        self, path: str, content: ImageContent, multiscale: Multiscale, pyramid: Pyramid
    ) -> EditAttributes:
        """Return the step that writes an image's document, with the windows of its channels measured."""
        facts = pyramid.facts(path)

        def attributes(measured: Measured) -> dict[str, JSON]:
            channels = measured_channels(content, measured.smallest_level(path))
            omero = Omero(channels=channels, name=content.name or UNSET)
            return compose_attributes(
                GroupMetadata(facets={"multiscales": Image((multiscale,), omero)}), self.version, self.registry, facts
            )

        return EditAttributes(path=path, attributes=attributes)

    def _attributes(self, facets: Mapping[str, object]) -> dict[str, JSON]:
        return compose_attributes(GroupMetadata(facets=facets), self.version, self.registry)

    def _check(self, metadata: GroupMetadata, where: str) -> None:
        if not self.options.allow_lossy:
            refuse_losses(metadata, self.version, where)

    def _fitted(self, content: ImageContent) -> ImageContent:
        """Return the content with the axes that the version demands, or refuse it."""
        names = [axis.name for axis in content.axes]
        if len(names) != len(content.pixels.shape):
            raise ArgumentError(
                f"there are {len(names)} axes ({', '.join(names)}) for pixels of {len(content.pixels.shape)} dimensions"
            )
        for what, values in (("scale", content.scale), ("translation", content.translation)):
            if values is not None and len(values) != len(names):
                raise ArgumentError(f"the {what} has {len(values)} values for {len(names)} axes")
        check_channels(content)
        refusal = self.version.check_axes(content.axes)
        if refusal is not None and self.options.expand_axes:
            content = expanded_to_five(content)
            refusal = self.version.check_axes(content.axes)
        refusal = refusal or self.version.check_dtype(native_name(content.pixels.dtype), label=False)
        if refusal is not None:
            raise UnsupportedError(refusal)
        return content

    def multiscale(
        self, content: ImageContent, pyramid: Pyramid, method: ScalingMethod, name: str | None
    ) -> Multiscale:
        """Return what the document of an image says of its levels."""
        several = len(pyramid.datasets) > 1
        return Multiscale(
            datasets=pyramid.datasets,
            coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, content.axes),),
            name=name or UNSET,
            type=method.name if several else UNSET,
            metadata=method_details(method, pyramid.factors) if several else UNSET,
        )


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
