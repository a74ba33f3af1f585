"""Lowering images and label images to the steps of a plan."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from omezarr.abc.plan import (
    CreateGroup,
    EditAttributes,
    Measured,
    MergeIntoList,
    Phase,
    Step,
    WriteLevels,
    WriteObject,
)
from omezarr.arrays import expanded
from omezarr.errors import ArgumentError, OMEZarrWarning, UnsupportedError
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
from omezarr.writing.attributes import compose_attributes, document_path, refuse_losses
from omezarr.writing.carrying import source_image, source_multiscale, with_facets
from omezarr.writing.channels import blank_level, check_channels, measured_channels, usable_channels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omezarr.abc import FormatVersion, PixelSource, ScalingMethod
    from omezarr.model import JSON, Channel
    from omezarr.model.content import ImageContent, LabelContent
    from omezarr.plugins.registry import Registry
    from omezarr.writing.options import WriteOptions
from omezarr.writing.fitting import (
    aligned_to,
    expanded_to_five,
    label_path,
    label_pixels,
    named,
    native_name,
    with_named_units,
)
from omezarr.writing.pyramids import Pyramid, PyramidPlanner, method_details, placement

LEVELS_OF_SOURCE = {"description": "the levels are those of the source, which does not say how they were made"}
"""What is said of levels that are kept, where the source says nothing."""


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
        pyramid, writes, multiscale = self.planned_image(
            path, content, self.options.method, anew="method" in self.options.given
        )
        self.check_losses(self._said(content, {"multiscales": Image((multiscale,))}), f"the image {name!r}")
        steps: list[Step] = [CreateGroup(path=path), *writes]
        if content.ome_xml is not None:
            steps.append(WriteObject(key=_join(path, "OME/METADATA.ome.xml"), content=content.ome_xml))
        phases = [Phase(name=f"image {name}", steps=tuple(steps))]
        labels = {}
        for label_name, label in content.labels.items():
            place = _join(path, "labels", label_path(label_name))
            try:
                labels[label_name] = self.label_phase(place, label_name, label, content, pyramid.steps)
            except (UnsupportedError, ArgumentError) as error:
                if label.axes is None:
                    raise
                warnings.warn(OMEZarrWarning(f"{error}; left out"), stacklevel=2)
        phases += labels.values()
        if labels:
            steps = [self.labels_group(path, tuple(labels), content.groups.get("labels"))]
            steps += [CreateGroup(path=_join(path, "labels", between)) for between in _between(labels)]
            phases.append(Phase(name="labels", steps=tuple(steps)))
        commit = self.image_commit(path, content, multiscale, pyramid)
        return [*phases, Phase(name=f"metadata of {name}", steps=(commit,))]

    def planned_image(
        self, path: str, content: ImageContent, scaling: str, *, anew: bool
    ) -> tuple[Pyramid, list[Step], Multiscale]:
        """Return the arrays of an image, the steps that write them, and what the document says of them.

        Parameters
        ----------
        path : str
        content : ImageContent
        scaling : str
            The scaling method that makes levels.
        anew : bool
            Whether it makes them even where the source has some that could be kept.
        """
        method = self.registry.scaling_methods[scaling]
        kept = () if anew else self.pyramids.kept(content)
        if kept:
            pyramid = self.pyramids.kept_pyramid(path, content, kept)
            writes: list[Step] = [
                WriteLevels(source=level.pixels, arrays=(spec,), factors=(), method=method)
                for level, spec in zip(kept, pyramid.arrays, strict=True)
            ]
            return pyramid, writes, self.multiscale(content, pyramid, None, content.name)
        factors = self.pyramids.factors(content)
        pyramid = self.pyramids.pyramid(path, content.pixels, content, factors, method)
        writes = [WriteLevels(source=content.pixels, arrays=pyramid.arrays, factors=pyramid.factors, method=method)]
        return pyramid, writes, self.multiscale(content, pyramid, method, content.name)

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
            What was segmented; its axes and geometry are those of the label image, unless that has its own.
        factors : tuple of tuple of int
            The steps of the image's levels: a label image has as many levels as its image.
        """
        pixels = label_pixels(name, label, image, self.version)
        method = self.registry.scaling_methods[self.options.label_method]
        if not method.preserves_values:
            able = ", ".join(key for key, item in self.registry.scaling_methods.items() if item.preserves_values)
            raise UnsupportedError(
                f"the scaling method {method.name!r} makes new values, which would corrupt labels; use one of: {able}"
            )
        steps = tuple(
            tuple(1 if size == 1 else factor for factor, size in zip(step, pixels.shape, strict=False))
            + (1,) * (len(pixels.shape) - len(step))
            for step in factors
        )
        own = evolve(
            image,
            pixels=pixels,
            axes=label.axes or image.axes,
            scale=image.scale if label.axes is None else label.scale,
            translation=image.translation if label.axes is None else label.translation,
            levels=label.levels,
            groups=label.groups,
            labels={},
        )
        said = source_multiscale(own).name
        own = evolve(own, name=said if said and isinstance(said, str) else name)
        anew = "label_method" in self.options.given or len(label.levels) != len(factors) + 1
        levels = {"factors": steps, "levels": None} if anew else {"factors": None, "levels": len(label.levels)}
        planner = evolve(self, options=evolve(self.options, **levels))
        pyramid, writes, multiscale = planner.planned_image(path, own, method.name, anew=anew)
        image_label = label.metadata or ImageLabel()
        if not image_label.source:
            image_label = evolve(image_label, source=LabelSource(image="../" * (name.count("/") + 2)))
        metadata = self._said(own, {"multiscales": Image((multiscale,)), "image-label": image_label})
        self.check_losses(metadata, f"the label image {name!r}")
        attributes = compose_attributes(metadata, self.version, self.registry, pyramid.facts(path))
        commit = EditAttributes(path=path, attributes=attributes)
        return Phase(name=f"label image {name}", steps=(CreateGroup(path=path), *writes, commit))

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

    def labels_group(self, image_path: str, names: tuple[str, ...], source: GroupMetadata | None = None) -> CreateGroup:
        """Return the step that creates the group of all labels of an image, with what that of its source says."""
        attributes = self.attributes({"labels": Labels(names)}, source)
        return CreateGroup(path=_join(image_path, "labels"), attributes=attributes)

    def label_listing(self, name: str) -> Phase:
        """Return the phase that enters a label image in the list of its image."""
        listed = MergeIntoList(path="labels", keys=document_path(self.version, "labels"), items=(name,))
        return Phase(name="list of labels", steps=(self.labels_group("", ()), listed))

    def image_commit(
        self, path: str, content: ImageContent, multiscale: Multiscale, pyramid: Pyramid
    ) -> EditAttributes:
        """Return the step that writes an image's document, with the windows of its channels measured."""
        facts = pyramid.facts(path)

        source = source_image(content)
        given = source.omero if source is not None and source.omero else Omero()
        renamed = source is not None and source.multiscales and source.multiscales[0].name != content.name
        name = (UNSET if renamed else given.name) or content.name or UNSET

        def document(channels: tuple[Channel, ...]) -> dict[str, JSON]:
            facet = Image((multiscale,), evolve(given, channels=channels, name=name))
            metadata = self._said(content, {"multiscales": facet})
            return compose_attributes(metadata, self.version, self.registry, facts)

        def attributes(measured: Measured) -> dict[str, JSON]:
            return document(measured_channels(content, measured.smallest_level(path)))

        known = document(measured_channels(content, blank_level(content)))
        return EditAttributes(path=path, attributes=attributes, known=known)

    def attributes(self, facets: Mapping[str, object], source: GroupMetadata | None = None) -> dict[str, JSON]:
        """Return the attributes of a group with these facets, and with what else the group of a source says."""
        return self.composed(with_facets(source, facets))

    def composed(self, metadata: GroupMetadata) -> dict[str, JSON]:
        """Return the attributes of a group that say what the metadata says."""
        return compose_attributes(metadata, self.version, self.registry)

    def _said(self, content: ImageContent, facets: Mapping[str, object]) -> GroupMetadata:
        """Return the metadata of an image's group: these facets, and what else its source says."""
        return with_facets(content.groups.get(""), facets)

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
        self, content: ImageContent, pyramid: Pyramid, method: ScalingMethod | None, name: str | None
    ) -> Multiscale:
        """Return what the document of an image says of its levels.

        Parameters
        ----------
        content : ImageContent
        pyramid : Pyramid
        method : ScalingMethod, optional
            What makes the levels; None: they are those of the source, and so is what is said of them.
        name : str, optional
        """
        said = evolve(source_multiscale(content), datasets=pyramid.datasets, name=name or UNSET)
        if method is None:
            return evolve(said, type=said.type or "unknown", metadata=said.metadata or dict(LEVELS_OF_SOURCE))
        return evolve(
            said,
            type=method.name if pyramid.factors else "none",
            metadata=method_details(method, pyramid.factors),
        )


def _between(names: Iterable[str]) -> list[str]:
    """Return the paths of the groups between that of all labels and nested label images, once each."""
    parts = [name.split("/") for name in names]
    paths = ("/".join(path[:end]) for path in parts for end in range(1, len(path)))
    return [path for path in dict.fromkeys(paths) if path not in set(names)]


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
