"""Pictures of many images: plates with their wells, wells with their fields, collections.

Whatever cannot be read is drawn as missing, and noted; its neighbours are drawn all the same. Wells share their
windows, so that they can be compared.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from omezarr.errors import ArgumentError, OMEZarrError, UnsupportedError
from omezarr.nodes.plates import grid_of
from omezarr.rendering.annotations import written
from omezarr.rendering.colours import mark_missing
from omezarr.rendering.images import Exposure, Picture, expose
from omezarr.rendering.layout import subject_of
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from omezarr.model import Plate
    from omezarr.nodes.node import Node
    from omezarr.rendering.request import PictureRequest, Window
    from omezarr.rendering.sampling import Budget

Pixels: TypeAlias = "npt.NDArray[Any]"

BACKGROUND = (24, 25, 30)
EMPTY_WELL = (38, 40, 48)
"""Where the plate has a well that was not imaged."""

MAX_IMAGES = 64
"""How many images of a collection are drawn: more would be too small to tell apart."""

_AT_ONCE = 4
_SMALLEST_CELL = 4


def draw_plate(node: Node, plate: Plate, request: PictureRequest, budget: Budget | None = None) -> Picture:
    """Draw the overview of a plate: all wells in their places, with the names of rows and columns.

    Raises
    ------
    UnsupportedError
        If the plate has no rows or no columns, or more than fit the picture.
    """
    grid = grid_of(plate)
    across, down = len(grid.columns), len(grid.rows)
    if not across or not down:
        raise UnsupportedError(f"the plate {node.location} has no rows or no columns, so there is nothing to draw")
    cell = request.size // (max(across, down) + 1)
    if cell < _SMALLEST_CELL:
        size = (max(across, down) + 1) * _SMALLEST_CELL
        raise ArgumentError(f"a plate of {down} x {across} wells needs a picture of at least {size} pixels")
    gap = max(1, cell // 16)
    inner = evolve(request, size=cell - gap, region=None, scale_bar=False)
    node.children.prefetch()

    drawn, notes = _all(grid.wells, lambda path: _fields(node.children[path], inner, budget))
    windows = common_windows([item.exposure for items in drawn.values() for item in items])
    pixels = np.full(((down + 1) * cell, (across + 1) * cell, 3), BACKGROUND, np.uint8)
    for row in range(down):
        for column in range(across):
            top, left = (row + 1) * cell, (column + 1) * cell
            well = pixels[top : top + cell - gap, left : left + cell - gap]
            well[...] = EMPTY_WELL
            if (row, column) in drawn:
                _paste(well, drawn[row, column], inner, windows)
            elif (row, column) in grid.wells:
                mark_missing(well, np.ones(well.shape[:2], bool))
    letters = max(6, min(14, cell // 3))
    texts = [(cell / 2, (i + 1.5) * cell - gap / 2, "mm", name) for i, name in enumerate(grid.rows)]
    texts += [((i + 1.5) * cell - gap / 2, cell / 2, "mm", name) for i, name in enumerate(grid.columns)]
    return Picture(written(pixels, texts, letters), notes=tuple(notes))


@frozen(eq=False)
class PlacedPicture:
    """An image that was read, and where it goes.

    Parameters
    ----------
    exposure : Exposure
    top, left : int
        In the pixels of the whole.
    """

    exposure: Exposure
    top: int = 0
    left: int = 0


def _fields(well: Node, request: PictureRequest, budget: Budget | None) -> list[PlacedPicture]:
    """Read one field of a well, or all by position."""
    names = list(well.children)
    if request.field == "all":
        well.children.prefetch()
        return _arranged([well.children[name] for name in names], request, budget)
    if not 0 <= request.field < len(names):
        raise UnsupportedError(f"{well.location} has {len(names)} fields, none of number {request.field}")
    return [PlacedPicture(expose(subject_of(well.children[names[request.field]]), request, budget))]


def draw_fields(node: Node, request: PictureRequest, budget: Budget | None = None) -> Picture:
    """Draw the fields of a well where the metadata says that they are, or in a grid where it does not say."""
    inner = evolve(request, region=None, scale_bar=False)
    node.children.prefetch()
    notes: list[str] = []
    images = []
    for name in node.children:
        try:
            images.append(node.children[name])
        except OMEZarrError as error:
            notes.append(str(error))
    placed = _arranged(images, inner, budget)
    pixels = np.full((request.size, request.size, 3), BACKGROUND, np.uint8)
    _paste(pixels, placed, inner, common_windows([item.exposure for item in placed]), centred=False)
    height = max((item.top + item.exposure.planes.shape[1] for item in placed), default=request.size)
    width = max((item.left + item.exposure.planes.shape[2] for item in placed), default=request.size)
    notes += [note for item in placed for note in item.exposure.notes]
    return Picture(pixels[:height, :width], notes=tuple(dict.fromkeys(notes)))


def _arranged(images: Sequence[Node], request: PictureRequest, budget: Budget | None) -> list[PlacedPicture]:
    """Read images so that together they fill a square, each at its place."""
    subjects = [subject_of(image) for image in images]
    boxes = [_box(image) for image in images]
    known = [box for box in boxes if box is not None]
    if len(known) < len(boxes) or len({box[:2] for box in known}) < len(known):
        columns = max(1, math.ceil(math.sqrt(len(boxes))))
        known = [(float(i // columns), float(i % columns), 1.0, 1.0) for i in range(len(boxes))]
    top, left = min((box[0] for box in known), default=0.0), min((box[1] for box in known), default=0.0)
    extent = max([max(box[0] + box[2] - top, box[1] + box[3] - left) for box in known], default=1.0)
    share = request.size / extent
    found = []
    for subject, box in zip(subjects, known, strict=True):
        size = max(1, int(max(box[2], box[3]) * share + 0.5))
        exposure = expose(subject, evolve(request, size=min(size, request.size)), budget)
        found.append(PlacedPicture(exposure, int((box[0] - top) * share), int((box[1] - left) * share)))
    return found


def _box(image: Node) -> tuple[float, float, float, float] | None:
    """Return top, left, height and width of an image in physical units; None where it does not say."""
    subject = subject_of(image)
    try:
        geometry = image.levels[subject.scans[0].index].geometry
    except OMEZarrError:
        return None
    if geometry is None or len(geometry.translation) != len(subject.shape):
        return None
    pair = (subject.layout.vertical, subject.layout.horizontal)
    top, left = (float(geometry.translation[axis]) for axis in pair)
    height, width = (subject.size(axis) * subject.spacing[axis] for axis in pair)
    return (top, left, height, width) if all(map(math.isfinite, (top, left, height, width))) else None


def draw_sheet(node: Node, request: PictureRequest, budget: Budget | None = None) -> Picture:
    """Draw the images below a node side by side, with their names.

    Raises
    ------
    UnsupportedError
        If there is none.
    """
    names = list(node.children)
    if not names:
        raise UnsupportedError(f"{node.location} is no image, and holds none that could be drawn")
    shown = names[:MAX_IMAGES]
    columns = math.ceil(math.sqrt(len(shown)))
    rows = -(-len(shown) // columns)
    cell = request.size // columns
    if cell < _SMALLEST_CELL:
        raise ArgumentError(f"{len(shown)} images need a picture of at least {columns * _SMALLEST_CELL} pixels")
    letters = max(6, min(14, cell // 8))
    inner = evolve(request, size=max(1, cell - letters - 4), region=None, scale_bar=False)
    places = {(i // columns, i % columns): name for i, name in enumerate(shown)}
    drawn, notes = _all(places, lambda name: [PlacedPicture(expose(subject_of(node.children[name]), inner, budget))])
    pixels = np.full((rows * cell, columns * cell, 3), BACKGROUND, np.uint8)
    texts = []
    for (row, column), name in places.items():
        room = pixels[row * cell + letters + 4 : (row + 1) * cell, column * cell + 2 : (column + 1) * cell - 2]
        if (row, column) in drawn:
            _paste(room, drawn[row, column], inner, None)
        else:
            mark_missing(room, np.ones(room.shape[:2], bool))
        texts.append((column * cell + 2.0, row * cell + 1.0, "la", name[: max(1, 2 * cell // letters)]))
    if len(names) > len(shown):
        notes.append(f"the first {len(shown)} of {len(names)} images are drawn")
    return Picture(written(pixels, texts, letters), notes=tuple(notes))


def _all(
    paths: Mapping[tuple[int, int], str], read: Callable[[str], list[PlacedPicture]]
) -> tuple[dict[tuple[int, int], list[PlacedPicture]], list[str]]:
    """Read several images at once; return those that could be read, by place, and what is to be said.

    Raises
    ------
    ArgumentError
        If the request does not fit the first image that says so.
    """
    drawn: dict[tuple[int, int], list[PlacedPicture]] = {}
    notes: list[str] = []

    def attempt(path: str) -> list[PlacedPicture] | OMEZarrError:
        try:
            return read(path)
        except OMEZarrError as error:
            return error

    with ThreadPool(_AT_ONCE, thread_name_prefix="omezarr-sheet") as pool:
        for place, found in zip(paths, pool.map(attempt, paths.values()), strict=True):
            if isinstance(found, ArgumentError):
                raise found
            if isinstance(found, OMEZarrError):
                notes.append(str(found))
                continue
            drawn[place] = found
            notes += [note for item in found for note in item.exposure.notes]
    return drawn, list(dict.fromkeys(notes))


def common_windows(exposures: Sequence[Exposure]) -> list[Window] | None:
    """Return windows that show all images alike: from the lowest to the highest; None where channels differ."""
    found = [[display.window for display in exposure.displays] for exposure in exposures]
    if not found or len({len(windows) for windows in found}) > 1:
        return None
    common = []
    for windows in zip(*found, strict=True):
        known = [window for window in windows if window is not None]
        if len(known) < len(windows):
            return None
        common.append((min(low for low, _ in known), max(high for _, high in known)))
    return common


def _paste(
    room: Pixels,
    placed: Sequence[PlacedPicture],
    request: PictureRequest,
    windows: Sequence[Window] | None,
    *,
    centred: bool = True,
) -> None:
    """Draw images into a room, a single one in its middle."""
    for item in placed:
        picture = item.exposure.develop(request, windows)
        height, width = picture.shape[:2]
        top, left = item.top, item.left
        if centred and len(placed) == 1:
            top, left = max(0, room.shape[0] - height) // 2, max(0, room.shape[1] - width) // 2
        part = room[top : top + height, left : left + width]
        part[...] = picture[: part.shape[0], : part.shape[1]]
