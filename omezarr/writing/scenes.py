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

from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from omezarr.errors import UnsupportedError
from omezarr.model import CoordinateSystem
from omezarr.model.content import SceneContent
from omezarr.writing.image_description import as_model
from omezarr.writing.images import written
from omezarr.writing.requests import ImageKeywords, Request, spelled_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.location import LocationLike
    from omezarr.model import Transformation
    from omezarr.nodes.node import Node
    from omezarr.writing import WriteOptions

FIRST_VERSION = "0.6"
"""The oldest version that has scenes, and the default for writing one."""


@spelled_out(ImageKeywords)
def write_scene(
    location: LocationLike,
    images: Mapping[str, Any],
    transformations: Sequence[Transformation],
    *,
    systems: Sequence[CoordinateSystem | Mapping[str, Any]] = (),
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
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
    options : WriteOptions, optional
        The default format is 0.6, the first that has scenes.
    **given
        `PixelKeywords` of all images that are arrays, and `WriterKeywords`, as for `omezarr.write_image`.

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
    request = Request.of(location, options, given)
    if "format" not in request.options.given:
        request = evolve(request, options=evolve(request.options, format=FIRST_VERSION))
    content = SceneContent(
        images=request.contents(images),
        coordinate_transformations=tuple(transformations),
        coordinate_systems=tuple(as_model(system, CoordinateSystem) for system in systems),
    )
    return written(request, content)
