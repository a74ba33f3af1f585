"""Where tiles are drawn for the server: in a few threads, with the numbers and pictures of late tiles at hand."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from attrs import evolve

from omezarr.errors import ArgumentError, OMEZarrError
from omezarr.model import Scene
from omezarr.rendering.colours import borders, chosen_displays, coloured_labels
from omezarr.rendering.drawing import draw
from omezarr.rendering.images import as_labels, is_label, read_labels
from omezarr.rendering.scene_tiles import scene_tiles
from omezarr.rendering.tiles import (
    TilePlace,
    TilePlane,
    compose_tile,
    histogram,
    label_tile,
    read_tile,
    settled_displays,
    tile_levels,
    values_at,
)
from omezarr.serving.description import described_image, described_labels, described_node, described_scene
from omezarr.serving.png import png

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omezarr.rendering.colours import Display
    from omezarr.rendering.layout import PictureSource
    from omezarr.rendering.request import PictureRequest
    from omezarr.rendering.scene_tiles import SceneTiles
    from omezarr.serving.library import Library

T = TypeVar("T")

PLANE_BYTES = 192 * 1024 * 1024
"""What is kept of decoded tiles, so that another contrast reads nothing: some screens of tiles of four channels."""

PICTURE_BYTES = 64 * 1024 * 1024
"""What is kept of encoded tiles."""


MAX_SCENES = 16
"""How many scenes are kept laid out: as many as somebody has open at a time."""


class Cache(Generic[T]):
    """The results of late, up to a number of bytes; safe for threads.

    Parameters
    ----------
    limit : int
    size : callable
        Returns the bytes that a value takes.
    """

    def __init__(self, limit: int, size: Callable[[T], int]) -> None:
        self._limit = limit
        self._size = size
        self._values: OrderedDict[Any, T] = OrderedDict()
        self._used = 0
        self._lock = Lock()

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """Return a value, made if it is not at hand."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._used += self._size(value)
            while self._used > self._limit:
                _, dropped = self._values.popitem(last=False)
                self._used -= self._size(dropped)
        return value


class Studio:
    """Draws what the page asks for.

    Parameters
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._threads = 1 if library.local else None  # tiles are drawn side by side already
        self._planes: Cache[TilePlane] = Cache(PLANE_BYTES, lambda plane: plane.nbytes)
        self._scenes: Cache[SceneTiles] = Cache(MAX_SCENES, lambda _: 1)
        self._pictures: Cache[bytes] = Cache(PICTURE_BYTES, len)

    def node(self, item: str, path: str) -> dict[str, Any]:
        """Describe a node."""
        node = self.library.node(item, path)
        found = described_node(node, path)
        if found["kind"] == "image":
            return found | described_image(self.library.subject(item, path))
        if not any(isinstance(facet, Scene) for facet in node.facets.values()):
            return found
        try:
            return found | described_scene(self._scene(item, path))
        except OMEZarrError as error:  # its images can be seen one by one
            return found | {"notices": [*node.notices, str(error)]}

    def _scene(self, item: str, path: str) -> SceneTiles:
        """Return a scene as it is drawn.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        node = self.library.node(item, path)
        scene = next((facet for facet in node.facets.values() if isinstance(facet, Scene)), None)
        if scene is None:
            raise ArgumentError(f"{node.location} is no scene")
        return self._scenes.get((item, path), lambda: scene_tiles(node, scene))

    def scene_tile(self, item: str, path: str, place: tuple[int, int, int]) -> bytes:
        """Draw a tile of a scene as PNG."""
        return self._pictures.get(("scene", item, path, place), lambda: png(self._scene(item, path).draw(*place)))

    def labels(self, item: str, path: str, name: str) -> dict[str, Any]:
        """Describe the values of labels."""
        return dict(described_labels(self.library.subject(item, path).node.labels[name]))

    def tile(self, item: str, path: str, place: tuple[int, int, int], request: PictureRequest) -> bytes:
        """Draw a tile as PNG."""
        key = ("tile", item, path, place, _key(request))
        return self._pictures.get(key, lambda: self._tile(item, path, place, request))

    def _tile(self, item: str, path: str, place: tuple[int, int, int], request: PictureRequest) -> bytes:
        subject = self.library.subject(item, path)
        displays = _displays(subject, request)
        where = _place(subject, place)
        picks = (tuple(sorted(request.at.items())), request.projection, request.along)

        def plane(channel: int) -> TilePlane:
            key = (item, path, place, picks, channel)
            return self._planes.get(key, lambda: read_tile(subject, where, channel, request, threads=self._threads))

        return png(compose_tile(subject, [plane(display.channel) for display in displays], displays))

    def label_tile(self, item: str, path: str, place: tuple[int, int, int], request: PictureRequest) -> bytes:
        """Draw the labels of a tile as PNG with transparency."""
        key = ("labels", item, path, place, _key(request))
        return self._pictures.get(key, lambda: self._label_tile(item, path, place, request))

    def _label_tile(self, item: str, path: str, place: tuple[int, int, int], request: PictureRequest) -> bytes:
        subject = self.library.subject(item, path)
        assert isinstance(request.labels, tuple)
        (name,) = request.labels
        values, label = label_tile(subject, name, _place(subject, place), request)
        colours = coloured_labels(as_labels(values), label)
        if request.outline:
            colours = np.where(borders(values)[..., None], colours, np.uint8(0))
        return png(colours)

    def values(self, item: str, path: str, request: PictureRequest, pixel: tuple[int, int]) -> dict[str, Any]:
        """Return the values of all channels and of the labels at a pixel of the largest level."""
        subject = self.library.subject(item, path)
        found: dict[str, Any] = {"values": [_finite(value) for value in values_at(subject, request, *pixel)]}
        names = request.labels if isinstance(request.labels, tuple) else ()
        row, column = pixel
        for name in names:
            one = evolve(request, labels=(name,))
            values, _ = self._label_at(subject, one, row, column)
            found.setdefault("labels", {})[name] = values
        return found

    def _label_at(self, subject: PictureSource, request: PictureRequest, row: int, column: int) -> tuple[int, str]:

        assert isinstance(request.labels, tuple)
        (name,) = request.labels
        bounds = (row, column, row + 1, column + 1)
        values, _ = read_labels(subject, name, request, bounds=bounds, size=(1, 1), budget=None)
        return int(values[0, 0]), name

    def histogram(self, item: str, path: str, channel: int, request: PictureRequest) -> dict[str, Any]:
        """Count the values of a channel."""
        found = histogram(self.library.subject(item, path), channel, request)
        return {"low": found.low, "high": found.high, "counts": found.counts, "window": found.window}

    def picture(self, item: str, path: str, request: PictureRequest) -> bytes:
        """Draw a node as a whole, as PNG: a thumbnail, or the overview of a plate."""
        key = ("picture", item, path, _key(request))
        return self._pictures.get(key, lambda: png(draw(self.library.node(item, path), request).pixels))


def _key(request: PictureRequest) -> str:
    return repr(request)


def _place(subject: PictureSource, place: tuple[int, int, int]) -> TilePlace:
    levels = tile_levels(subject)
    level, row, column = place
    if not 0 <= level < len(levels):
        raise ArgumentError(f"there is no level {level} of tiles; there are {len(levels)}")
    return TilePlace(levels[level], row, column)


def _displays(subject: PictureSource, request: PictureRequest) -> Sequence[Display]:
    """Return the channels of a request; those that it does not settle are measured."""
    displays = chosen_displays(subject, request)
    return displays if is_label(subject.node) else settled_displays(subject, displays, request)


def _finite(value: float | None) -> float | str | None:
    """Return a number as JSON can have it."""
    return str(value) if isinstance(value, float) and value in (float("inf"), float("-inf")) else value
