"""Lowering images and label images to the steps of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from omezarr.abc.plan import (
    CreateGroup,
    EditAttributes,
    Measured,
    Phase,
    Step,
    WriteLevels,
    WriteObject,
)
from omezarr.arrays import expanded
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.model import (
    UNSET,
    CoordinateSystem,
    Dataset,
    GroupMetadata,
    Image,
    ImageLabel,
    Labels,
    LabelSource,
    Multiscale,
    Omero,
    relative_scales,
)
from omezarr.model.axes import CONVENTIONAL_SYSTEM
from omezarr.writing.attributes import compose_attributes, refuse_losses
from omezarr.writing.channels import blank_level, check_channels, measured_channels, usable_channels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import FormatVersion, PixelSource, ScalingMethod
    from omezarr.model import JSON, Channel
    from omezarr.model.content import ImageContent, LabelContent
    from omezarr.plugins.registry import Registry
    from omezarr.writing.options import WriteOptions
from omezarr.writing.fitting import (
    aligned_to,
    expanded_to_five,
    label_pixels,
    named,
    native_name,
    plain_name,
    with_named_units,
)
from omezarr.writing.pyramids import Pyramid, PyramidPlanner, method_details, placement


@frozen
class ImagePlanner:
    """Lowers images to steps, for one set of options.

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
        content = named(self._fitted(content), path)
        name = content.name
        method = self.registry.scaling_methods[self.options.method]
        factors = self.pyramids.factors(content)
        pyramid = self.pyramids.pyramid(path, content.pixels, content, factors, method)
        multiscale = self.multiscale(content, pyramid, method, content.name)
        self.check_losses(GroupMetadata(facets={"multiscales": Image((multiscale,))}), f"the image {name!r}")
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
        pyramid = self.pyramids.pyramid(path, pixels, image, steps, method)
        image_label = label.metadata or ImageLabel()
        if not image_label.source:
            image_label = evolve(image_label, source=LabelSource(image="../../"))
        metadata = GroupMetadata(
            facets={
                "multiscales": Image((self.multiscale(image, pyramid, method, name),)),
                "image-label": image_label,
            }
        )
        self.check_losses(metadata, f"the label image {name!r}")
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
            type=method.name if method_known and len(levels) > 1 else "unknown",
            metadata={"description": "the levels were given; how they were made is not known"},
        )
        self.check_losses(GroupMetadata(facets={"multiscales": Image((multiscale,))}), "the image")
        commit = self.image_commit("", fitted, multiscale, pyramid)
        return [
            Phase(name="image", steps=(CreateGroup(path=""), *steps)),
            Phase(name="metadata of the image", steps=(commit,)),
        ]

    def labels_group(self, image_path: str, names: tuple[str, ...]) -> CreateGroup:
        """Return the step that creates the group of all labels of an image."""
        return CreateGroup(path=_join(image_path, "labels"), attributes=self.attributes({"labels": Labels(names)}))

    def image_commit(
        self, path: str, content: ImageContent, multiscale: Multiscale, pyramid: Pyramid
    ) -> EditAttributes:
        """Return the step that writes an image's document, with the windows of its channels measured."""
        facts = pyramid.facts(path)

        def document(channels: tuple[Channel, ...]) -> dict[str, JSON]:
            omero = Omero(channels=channels, name=content.name or UNSET)
            return compose_attributes(
                GroupMetadata(facets={"multiscales": Image((multiscale,), omero)}), self.version, self.registry, facts
            )

        def attributes(measured: Measured) -> dict[str, JSON]:
            return document(measured_channels(content, measured.smallest_level(path)))

        known = document(measured_channels(content, blank_level(content)))
        return EditAttributes(path=path, attributes=attributes, known=known)

    def attributes(self, facets: Mapping[str, object]) -> dict[str, JSON]:
        """Return the attributes of a group with these facets."""
        return compose_attributes(GroupMetadata(facets=facets), self.version, self.registry)

    def check_losses(self, metadata: GroupMetadata, where: str) -> None:
        """Refuse metadata that the version cannot express, unless that is allowed."""
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
        content = usable_channels(with_named_units(content))
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
        return Multiscale(
            datasets=pyramid.datasets,
            coordinate_systems=(CoordinateSystem(CONVENTIONAL_SYSTEM, content.axes),),
            name=name or UNSET,
            type=method.name if pyramid.factors else "none",
            metadata=method_details(method, pyramid.factors),
        )


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
