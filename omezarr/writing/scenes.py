"""Writing scenes: images placed in common coordinate systems (NGFF 0.6 on).

Examples
--------
>>> import numpy as np
>>> from omezarr.model import CoordinateSystem, SystemReference, Translation, conventional_axes
>>> tile = np.zeros((32, 32), dtype="uint8")
>>> world = CoordinateSystem("world", conventional_axes("yx"))
>>> ends = {"input": SystemReference("physical", "right"), "output": SystemReference("world")}
>>> moved = Translation(translation=(0.0, 30.0), **ends)
>>> scene = write_scene("memory://doc-scenes/two.ome.zarr", {"right": tile}, [moved], systems=[world])
>>> scene.transform("right#physical", "world")(np.array([[1.0, 2.0]]))
array([[ 1., 32.]])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import UnsupportedError
from omezarr.model.content import ImageContent, SceneContent
from omezarr.plugins.registry import Registry, default_registry
from omezarr.writing import WriteOptions
from omezarr.writing.images import RunOptions, write_content
from omezarr.writing.requests import image_content, merged_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import Axis, Channel, CoordinateSystem, Transformation
    from omezarr.nodes.node import Node

FIRST_VERSION = "0.6"
"""The oldest version that has scenes, and the default for writing one."""


def write_scene(
    location: LocationLike,
    images: Mapping[str, Any],
    transformations: Sequence[Transformation],
    *,
    systems: Sequence[CoordinateSystem] = (),
    axes: str | Sequence[str | Axis] | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
) -> Node:
    """Write images and the transformations that place them.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the scene's group will be.
    images : mapping
        Group name to an array or an `ImageContent`.
    transformations : sequence of Transformation
        Each with `input` and `output`: a system of the scene by its name, one of an image by its name ("physical")
        and the group's name as path.
    systems : sequence of CoordinateSystem
        The systems of the scene; the first is the one to display.
    axes, scale, units, channels
        As for `omezarr.write_image`, for all images that are arrays.
    options, overwrite, run, storage_options, registry, **write_options
        As for `omezarr.write_image`; the default format is 0.6, the first that has scenes.

    Returns
    -------
    Node

    Raises
    ------
    UnsupportedError
        If the version has no scenes, or a transformation does not say what it connects.
    ArgumentError, LossyError, TargetExistsError, WriteError
        See `omezarr.writing.images.write_content`.
    """
    for transformation in transformations:
        ends = [transformation.input, transformation.output]
        if not all(end and isinstance(end.name, str) for end in ends):
            raise UnsupportedError(f"the transformation {transformation} must name the systems it connects")

    def content_of(image: Any) -> ImageContent:
        if isinstance(image, ImageContent):
            return image
        return image_content(image, axes=axes, scale=scale, units=units, channels=channels)

    content = SceneContent(
        images={name: content_of(image) for name, image in images.items()},
        coordinate_transformations=tuple(transformations),
        coordinate_systems=tuple(systems),
    )
    return write_content(
        location,
        content,
        merged_options(options or WriteOptions(format=FIRST_VERSION), write_options),
        overwrite=overwrite,
        run=run,
        storage_options=storage_options,
        registry=registry or default_registry(),
    )
