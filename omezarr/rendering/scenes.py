"""Pictures of scenes: every image where its transformations put it, in the coordinate system that is to be displayed.

An image becomes the parallelogram that three of its corners span; what a displacement field does in between is not
drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from omezarr.errors import ArgumentError, OMEZarrError, UnsupportedError
from omezarr.rendering.colours import MISSING_SQUARE, mark_missing
from omezarr.rendering.images import Exposure, Picture, expose
from omezarr.rendering.layout import layout_of, subject_of
from omezarr.rendering.request import PictureRequest, picture_size
from omezarr.rendering.sheets import BACKGROUND, MAX_IMAGES, common_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.model import Axis, Scene
    from omezarr.nodes.node import Node
    from omezarr.rendering.layout import PictureSource
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
    sizes : mapping of str to (int, int)
        Height and width of each in pixels of its largest level.
    unit : str or None
        Of that system, to the right.
    notes : tuple of str
        What is not there, and why.
    """

    corners: Mapping[str, Corners]
    sizes: Mapping[str, tuple[int, int]]
    unit: str | None
    notes: tuple[str, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Top, left, bottom and right of all images together."""
        ends = np.concatenate([_outline(corners) for corners in self.corners.values()])
        (top, left), (bottom, right) = ends.min(axis=0), ends.max(axis=0)
        return float(top), float(left), float(bottom), float(right)

    @property
    def finest(self) -> float:
        """The least distance from a pixel to the next in any image, in the unit of the system."""
        sides = (np.linalg.norm(self.corners[path][1:] - self.corners[path][0], axis=1) for path in self.corners)
        return float(min((lengths / self.sizes[path]).min() for path, lengths in zip(self.corners, sides, strict=True)))

    def whole(self, size: int) -> ScenePart:
        """Return the picture of everything, with that many pixels along its longer side."""
        top, left, bottom, right = self.bounds
        return ScenePart(self.bounds, picture_size((bottom - top, right - left), size))

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


@frozen
class ScenePart:
    """What of a scene a picture shows.

    Parameters
    ----------
    bounds : (float, float, float, float)
        Top, left, bottom and right in the coordinate system that is displayed.
    size : (int, int)
        Height and width of the picture in pixels.
    """

    bounds: tuple[float, float, float, float]
    size: tuple[int, int]

    def on_picture(self, corners: Corners) -> Corners:
        """Return corners in pixels of the picture."""
        top, left, bottom, right = self.bounds
        share: Corners = np.array([self.size[0] / (bottom - top), self.size[1] / (right - left)])
        return (corners - (top, left)) * share


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
    sizes: dict[str, tuple[int, int]] = {}
    notes = []
    paths = list(node.children)
    for path in paths[:MAX_IMAGES]:
        try:
            subject = subject_of(node.children[path])
            level = subject.node.levels[subject.scans[0].index].path
            placed = node.transform(f"{path}/{level}", target)(_edges(subject, request or PictureRequest()))
            found = np.asarray(placed, np.float64)[:, [pair.vertical, pair.horizontal]]
        except OMEZarrError as error:
            if isinstance(error, ArgumentError):
                raise
            notes.append(f"{path} has no place: {error}")
            continue
        if np.isfinite(found).all() and abs(np.linalg.det(found[1:] - found[0])) > 0:
            corners[path] = found
            sizes[path] = subject.size(subject.layout.vertical), subject.size(subject.layout.horizontal)
        else:
            notes.append(f"{path} has no place: its transformations give it no finite extent")
    if len(paths) > MAX_IMAGES:
        notes.append(f"the first {MAX_IMAGES} of {len(paths)} images are drawn")
    if not corners:
        raise UnsupportedError(f"no image of the scene {node.location} has a place in {target!r}; {'; '.join(notes)}")
    unit = axes[pair.horizontal].unit
    return SceneLayout(corners, sizes, unit if isinstance(unit, str) and unit else None, tuple(notes))


def _displayed(node: Node, scene: Scene) -> tuple[str, tuple[Axis, ...]]:
    """Return the name of the coordinate system that is displayed, and its axes."""
    if scene.coordinate_systems:
        return scene.coordinate_systems[0].name, tuple(scene.coordinate_systems[0].axes)
    ends = (step.output for step in scene.coordinate_transformations)
    end = next((end for end in ends if end and end.path), None)
    if end is None or not end.path:
        raise UnsupportedError(f"the scene {node.location} has no coordinate system that its images could be placed in")
    return f"{end.path}#{end.name}" if end.name else end.path, node.children[end.path].axes


def _edges(subject: PictureSource, request: PictureRequest) -> Corners:
    """Return the outer edges of an image in pixels of its largest level: upper left, lower left, upper right."""
    layout = subject.layout
    middle = np.zeros(len(subject.shape))
    for axis in layout.others:
        middle[axis] = request.index(subject, axis)
    points = np.repeat(middle[None], 3, axis=0)
    down, right = layout.vertical, layout.horizontal
    points[:, [down, right]] = -0.5
    points[1, down] = subject.size(down) - 0.5
    points[2, right] = subject.size(right) - 0.5
    return points


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
    whole = layout.whole(request.size)
    pixels, notes = draw_part(node, layout, whole, request, budget=budget)
    spacing = float((whole.bounds[3] - whole.bounds[1]) / whole.size[1])
    return Picture(pixels, spacing, layout.unit, notes=tuple(dict.fromkeys((*layout.notes, *notes))))


def draw_part(
    node: Node,
    layout: SceneLayout,
    part: ScenePart,
    request: PictureRequest,
    *,
    windows: Mapping[str, Sequence[Window]] | None = None,
    budget: Budget | None = None,
) -> tuple[Pixels, list[str]]:
    """Draw a part of a scene.

    Parameters
    ----------
    node : Node
        The scene.
    layout : SceneLayout
    part : ScenePart
    request : PictureRequest
        How the images are drawn; its size and region are not used.
    windows : mapping of str to sequence of (float, float), optional
        For each image those of its channels, as `scene_windows` returns them. Default: as this part alone shows them.
    budget : Budget, optional
        How much may be read for each image.

    Returns
    -------
    array of uint8
        Of shape (height, width, 3).
    list of str
        What a viewer should know. An image that cannot be read is drawn as a check pattern.

    Raises
    ------
    ArgumentError
        If the request does not fit the images.
    """
    pixels = np.full((*part.size, 3), BACKGROUND, np.uint8)
    exposed = _expose(node, layout, part, request, budget)
    known = _common(exposed) if windows is None else windows
    notes: list[str] = []
    for path, (exposure, place) in exposed.items():
        if isinstance(exposure, OMEZarrError):
            notes.append(str(exposure))
            _lay(pixels, _missing(), place)
        else:
            notes += exposure.notes
            _lay(pixels, exposure.develop(request, known.get(path)), place)
    return pixels, notes


def scene_windows(
    node: Node, layout: SceneLayout, request: PictureRequest, budget: Budget | None = None
) -> dict[str, Sequence[Window]]:
    """Return the windows of the channels of each image, as a small picture of the whole scene shows them."""
    return _common(_expose(node, layout, layout.whole(request.size), request, budget))


def _expose(
    node: Node,
    layout: SceneLayout,
    part: ScenePart,
    request: PictureRequest,
    budget: Budget | None,
) -> dict[str, tuple[Exposure | OMEZarrError, Corners]]:
    """Read what of each image is seen in a part, and return it with its corners in pixels of the picture."""
    found: dict[str, tuple[Exposure | OMEZarrError, Corners]] = {}
    for path, corners in layout.corners.items():
        place = part.on_picture(corners)
        seen = _seen(place, layout.sizes[path], part.size)
        if seen is None:
            continue
        try:
            subject = subject_of(node.children[path])
            region, cut, longest = _cut(subject, seen, place)
            inner = evolve(request, size=min(longest, 2 * max(part.size)), region=region, scale_bar=False)
            found[path] = expose(subject, inner, budget), cut
        except ArgumentError:
            raise
        except OMEZarrError as error:
            found[path] = error, place
    return found


def _seen(place: Corners, lengths: tuple[int, int], size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return top, left, bottom and right of the pixels of an image that are within a picture; None for none of them."""
    ends = np.array([(0, 0), (size[0], 0), (0, size[1]), size], float)
    pixels = (ends - place[0]) @ np.linalg.inv(place[1:] - place[0]) * lengths
    first = np.maximum(np.floor(pixels.min(axis=0)), 0).astype(int)
    last = np.minimum(np.ceil(pixels.max(axis=0)), lengths).astype(int)
    return (int(first[0]), int(first[1]), int(last[0]), int(last[1])) if (first < last).all() else None


def _cut(
    subject: PictureSource, seen: tuple[int, int, int, int], place: Corners
) -> tuple[tuple[int, int, int, int], Corners, int]:
    """Return the region of an image that is read for what is seen of it, its corners, and its longer side in a picture.

    It begins and ends between samples of the level that is read, so that neighbouring parts meet without a seam.
    """
    layout = subject.layout
    axes = (layout.vertical, layout.horizontal)
    lengths = np.array([subject.size(axis) for axis in axes])
    sides = place[1:] - place[0]
    along = np.linalg.norm(sides, axis=1) / lengths  # pixels of the picture for a pixel of the image
    first, last = np.array(seen[:2]), np.array(seen[2:])
    shown = np.maximum(1, np.ceil((last - first) * along)).astype(int)
    scan = subject.scan_for((float(last[0] - first[0]), float(last[1] - first[1])), (int(shown[0]), int(shown[1])))
    steps = np.array([max(1, round(scan.factors[axis])) for axis in axes])
    first, last = first // steps * steps, np.minimum(-(-last // steps) * steps, lengths)
    start, stop = first / lengths, last / lengths
    corner = place[0] + start @ sides
    part = np.stack([corner, corner + (stop[0] - start[0]) * sides[0], corner + (stop[1] - start[1]) * sides[1]])
    tall, wide = (last - first).tolist()
    longest = int(max(1, np.linalg.norm(part[1:] - part[0], axis=1).max() + 0.5))
    return (int(first[0]), int(first[1]), int(tall), int(wide)), part, longest


def _common(exposed: Mapping[str, tuple[Exposure | OMEZarrError, Corners]]) -> dict[str, Sequence[Window]]:
    """Return windows for the images: the same for all where they show the same, as tiles of one acquisition do."""
    exposures = {path: one for path, (one, _) in exposed.items() if isinstance(one, Exposure)}
    kinds = {
        (str(one.scan.array.dtype), *((display.label, display.colour) for display in one.displays))
        for one in exposures.values()
    }
    common = common_windows(list(exposures.values())) if len(kinds) == 1 else None
    found: dict[str, Sequence[Window]] = {}
    for path, exposure in exposures.items():
        own = [display.window for display in exposure.displays if display.window is not None]
        if common is not None or len(own) == len(exposure.displays):
            found[path] = own if common is None else common
    return found


def _missing() -> Pixels:
    """Return what is drawn in the place of an image that cannot be read: a check pattern of eight squares a side."""
    pattern = np.zeros((8 * MISSING_SQUARE, 8 * MISSING_SQUARE, 3), np.uint8)
    mark_missing(pattern, np.ones(pattern.shape[:2], bool))
    return pattern


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
