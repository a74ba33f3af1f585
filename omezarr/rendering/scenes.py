"""Pictures of scenes: every image where its transformations put it, in the coordinate system that is to be displayed.

An image becomes the parallelogram that three of its corners span; what a displacement field does in between is not
drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from omezarr.errors import ArgumentError, OMEZarrError, UnsupportedError
from omezarr.rendering.images import Exposure, Picture, expose
from omezarr.rendering.layout import layout_of, subject_of
from omezarr.rendering.request import PictureRequest, picture_size
from omezarr.rendering.sheets import BACKGROUND, MAX_IMAGES, common_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.model import Axis, Scene
    from omezarr.nodes.node import Node
    from omezarr.rendering.request import Window
    from omezarr.rendering.sampling import Budget

Pixels: TypeAlias = "npt.NDArray[Any]"
Corners: TypeAlias = "npt.NDArray[np.float64]"


@frozen(eq=False)
class SceneLayout:
    """Where the images of a scene are.

    Parameters
    ----------
    corners : mapping of str to array
        The corners of an image by its path: upper left, lower left, upper right; each down and to the right in the
        coordinate system that is displayed.
    unit : str or None
        Of that system, to the right.
    notes : tuple of str
        What is not there, and why.
    """

    corners: Mapping[str, Corners]
    unit: str | None
    notes: tuple[str, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Top, left, bottom and right of all images together."""
        ends = np.concatenate([_outline(corners) for corners in self.corners.values()])
        (top, left), (bottom, right) = ends.min(axis=0), ends.max(axis=0)
        return float(top), float(left), float(bottom), float(right)

    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        """Return left, top, width and height around each image, as shares of the whole."""
        top, left, bottom, right = self.bounds
        whole = np.array([bottom - top, right - left])
        found = {}
        for path, corners in self.corners.items():
            ends = (_outline(corners) - (top, left)) / whole
            (first, start), (last, end) = ends.min(axis=0), ends.max(axis=0)
            found[path] = float(start), float(first), float(end - start), float(last - first)
        return found


def _outline(corners: Corners) -> Corners:
    """Return all four corners."""
    return np.concatenate([corners, [corners[1] + corners[2] - corners[0]]])


def scene_layout(node: Node, scene: Scene, request: PictureRequest | None = None) -> SceneLayout:
    """Return where the images of a scene are: in its first coordinate system, else in that of its first transformation.

    Raises
    ------
    UnsupportedError
        If nothing has a place.
    """
    target, axes = _displayed(node, scene)
    pair = layout_of(axes)
    corners: dict[str, Corners] = {}
    notes = []
    paths = list(node.children)
    for path in paths[:MAX_IMAGES]:
        try:
            found = _corners(node, path, target, (pair.vertical, pair.horizontal), request or PictureRequest())
        except OMEZarrError as error:
            if isinstance(error, ArgumentError):
                raise
            notes.append(f"{path} has no place: {error}")
            continue
        if np.isfinite(found).all() and abs(np.linalg.det(found[1:] - found[0])) > 0:
            corners[path] = found
        else:
            notes.append(f"{path} has no place: its transformations give it no finite extent")
    if len(paths) > MAX_IMAGES:
        notes.append(f"the first {MAX_IMAGES} of {len(paths)} images are drawn")
    if not corners:
        raise UnsupportedError(f"no image of the scene {node.location} has a place in {target!r}; {'; '.join(notes)}")
    unit = axes[pair.horizontal].unit
    return SceneLayout(corners, unit if isinstance(unit, str) and unit else None, tuple(notes))


def _displayed(node: Node, scene: Scene) -> tuple[str, tuple[Axis, ...]]:
    """Return the name of the coordinate system that is displayed, and its axes."""
    if scene.coordinate_systems:
        return scene.coordinate_systems[0].name, tuple(scene.coordinate_systems[0].axes)
    ends = (step.output for step in scene.coordinate_transformations)
    end = next((end for end in ends if end and end.path), None)
    if end is None or not end.path:
        raise UnsupportedError(f"the scene {node.location} has no coordinate system that its images could be placed in")
    return f"{end.path}#{end.name}" if end.name else end.path, node.children[end.path].axes


def _corners(node: Node, path: str, target: str, pair: tuple[int, int], request: PictureRequest) -> Corners:
    subject = subject_of(node.children[path])
    layout = subject.layout
    level = subject.node.levels[subject.scans[0].index].path
    middle = np.zeros(len(subject.shape))
    for axis in layout.others:
        middle[axis] = request.index(subject, axis)
    points = np.repeat(middle[None], 3, axis=0)
    down, right = layout.vertical, layout.horizontal
    points[:, [down, right]] = -0.5  # the outer edges of the pixels
    points[1, down] = subject.size(down) - 0.5
    points[2, right] = subject.size(right) - 0.5
    placed = np.asarray(node.transform(f"{path}/{level}", target)(points), np.float64)
    return placed[:, list(pair)]


def draw_scene(node: Node, scene: Scene, request: PictureRequest, budget: Budget | None = None) -> Picture:
    """Draw the images of a scene in their places, later ones over earlier ones.

    Raises
    ------
    ArgumentError
        If the request does not fit the images.
    UnsupportedError
        If no image has a place.
    """
    layout = scene_layout(node, scene, request)
    top, left, bottom, right = layout.bounds
    height, width = picture_size((bottom - top, right - left), request.size)
    share = np.array([height / (bottom - top), width / (right - left)])
    pixels = np.full((height, width, 3), BACKGROUND, np.uint8)
    notes = list(layout.notes)
    exposures: dict[str, Exposure] = {}
    places = {path: (corners - (top, left)) * share for path, corners in layout.corners.items()}
    for path, place in places.items():
        sides = np.linalg.norm(place[1:] - place[0], axis=1)
        inner = evolve(request, size=int(min(request.size, max(1, sides.max() + 0.5))), region=None, scale_bar=False)
        try:
            exposures[path] = expose(subject_of(node.children[path]), inner, budget)
        except ArgumentError:
            raise
        except OMEZarrError as error:
            notes.append(str(error))
    windows = _windows(list(exposures.values()))
    for path, exposure in exposures.items():
        _lay(pixels, exposure.develop(request, windows), places[path])
        notes += exposure.notes
    return Picture(pixels, float((right - left) / width), layout.unit, notes=tuple(dict.fromkeys(notes)))


def _windows(exposures: Sequence[Exposure]) -> Sequence[Window] | None:
    """Return windows for all images where they show the same: tiles of one acquisition; None where they do not."""
    kinds = {
        (str(one.scan.array.dtype), *((display.label, display.colour) for display in one.displays)) for one in exposures
    }
    return common_windows(exposures) if len(kinds) == 1 else None


def _lay(whole: Pixels, picture: Pixels, place: Corners) -> None:
    """Draw a picture between its corners, upper left, lower left and upper right, in pixels of the whole."""
    from PIL import Image

    ends = _outline(place)
    (top, left), (bottom, right) = np.floor(ends.min(axis=0)).astype(int), np.ceil(ends.max(axis=0)).astype(int)
    top, left = max(0, int(top)), max(0, int(left))
    bottom, right = min(len(whole), max(top + 1, int(bottom))), min(whole.shape[1], max(left + 1, int(right)))
    height, width = picture.shape[:2]
    # From a pixel of the whole (across, down) to one of the picture; Pillow looks at the centres of pixels.
    sides = np.stack([(place[2] - place[0])[::-1] / width, (place[1] - place[0])[::-1] / height], axis=1)
    back = np.linalg.inv(sides)
    start = back @ (np.array([left, top], float) - place[0][::-1])
    numbers = (back[0, 0], back[0, 1], start[0], back[1, 0], back[1, 1], start[1])
    size = (right - left, bottom - top)
    there = Image.new("L", (width, height), 255).transform(size, Image.Transform.AFFINE, numbers)
    warped = Image.fromarray(picture).transform(size, Image.Transform.AFFINE, numbers)  # the nearest pixel
    part, mask = whole[top:bottom, left:right], np.asarray(there) > 0
    part[mask] = np.asarray(warped)[mask]
