"""Planning the levels of images and label images: which arrays there are, what fills them, what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.abc.plan import Step, WriteLevels
from omezarr.abc.planning import PlannedImage
from omezarr.engine.methods import AS_STORED
from omezarr.errors import UnsupportedError
from omezarr.model import UNSET, Multiscale
from omezarr.writing.carrying import source_multiscale
from omezarr.writing.fitting import label_pixels
from omezarr.writing.pyramids import PyramidPlanner, PyramidSpec, method_details

if TYPE_CHECKING:
    from omezarr.abc import ScalingMethod
    from omezarr.model.content import ImageContent, LabelImageContent

LEVELS_OF_SOURCE = {"description": "the levels are those of the source, which does not say how they were made"}
"""What is said of levels that are kept, where the source says nothing."""


def planned_image(
    path: str, content: ImageContent, scaling: str | ScalingMethod, pyramids: PyramidPlanner, *, anew: bool
) -> PlannedImage:
    """Plan the levels of an image.

    Parameters
    ----------
    path : str
        Of its group.
    content : ImageContent
        As it will be written.
    scaling : str or ScalingMethod
        The scaling method that makes levels.
    pyramids : PyramidPlanner
    anew : bool
        Whether it makes them even where the source has some that could be kept.
    """
    kept = () if anew else pyramids.kept(content)
    if kept:
        pyramid = pyramids.kept_pyramid(path, content, kept)
        writes: list[Step] = [
            WriteLevels(source=level.pixels, arrays=(spec,), factors=(), method=AS_STORED)
            for level, spec in zip(kept, pyramid.arrays, strict=True)
        ]
        multiscale = multiscale_of(content, pyramid, None)
    else:
        factors = pyramids.factors(content)
        told = {"method", "label_method"} & pyramids.options.given
        method = pyramids.registry.scaling_method(scaling) if factors or told else AS_STORED
        pyramid = pyramids.pyramid(path, content.pixels, content, factors, method)
        writes = [WriteLevels(source=content.pixels, arrays=pyramid.arrays, factors=pyramid.factors, method=method)]
        multiscale = multiscale_of(content, pyramid, method)
    return PlannedImage(
        content=content,
        multiscale=multiscale,
        writes=tuple(writes),
        arrays=pyramid.facts(path),
        factors=pyramid.steps,
    )


def planned_label_image(path: str, content: LabelImageContent, pyramids: PyramidPlanner) -> PlannedImage:
    """Plan the levels of a label image.

    Parameters
    ----------
    path : str
        Of its group.
    content : LabelImageContent
    pyramids : PyramidPlanner

    Raises
    ------
    UnsupportedError, ArgumentError
        If the version does not allow it, it does not fit its image, or the method would make new labels.
    """
    label, image, name = content.label, content.image, content.name
    registry, options = pyramids.registry, pyramids.options
    pixels = label_pixels(name, label, image, pyramids.version, registry)
    anew = "label_method" in options.given or len(label.levels) != len(content.factors) + 1
    needed = anew and bool(content.factors or "label_method" in options.given)
    method = registry.scaling_method(options.label_method) if needed else AS_STORED
    if not method.preserves_values:
        able = ", ".join(key for key, item in registry.scaling_methods.items() if item.preserves_values)
        raise UnsupportedError(
            f"the scaling method {method.name!r} makes new values, which would corrupt labels; use one of: {able}"
        )
    steps = tuple(
        tuple(1 if size == 1 else factor for factor, size in zip(step, pixels.shape, strict=False))
        + (1,) * (len(pixels.shape) - len(step))
        for step in content.factors
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
    levels = {"factors": steps, "levels": None} if anew else {"factors": None, "levels": len(label.levels)}
    pyramids = evolve(pyramids, options=evolve(pyramids.options, **levels))
    return planned_image(path, own, method, pyramids, anew=anew)


def multiscale_of(content: ImageContent, pyramid: PyramidSpec, method: ScalingMethod | None) -> Multiscale:
    """Return what the document of an image says of its levels.

    Parameters
    ----------
    content : ImageContent
    pyramid : PyramidSpec
    method : ScalingMethod, optional
        What makes the levels; None: they are those of the source, and so is what is said of them.
    """
    said = evolve(source_multiscale(content), datasets=pyramid.datasets, name=content.name or UNSET)
    if method is None:
        return evolve(said, type=said.type or "unknown", metadata=said.metadata or dict(LEVELS_OF_SOURCE))
    kind = method.name if pyramid.factors else "none"
    return evolve(said, type=kind, metadata=method_details(method, pyramid.factors))
