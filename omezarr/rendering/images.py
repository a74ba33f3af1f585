"""A picture of an image: level chosen, planes read, channels composed, labels laid over.

Examples
--------
>>> import numpy as np, omezarr
>>> pixels = np.array([[0, 10], [20, 30]], dtype="uint8")
>>> node = omezarr.write_image("memory://doc-images/a.ome.zarr", pixels, axes="yx")
>>> from omezarr.rendering import PictureRequest, render
>>> render(node, PictureRequest(size=2, windows=((0, 30),))).pixels[..., 0]
array([[  0,  85],
       [170, 255]], dtype=uint8)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from attrs import evolve, frozen

from omezarr.errors import ArgumentError, OMEZarrError
from omezarr.model import ImageLabel
from omezarr.rendering.colours import (
    Display,
    chosen_displays,
    coloured_labels,
    composed,
    mark_missing,
    measured_window,
    overlaid,
)
from omezarr.rendering.layout import PictureSource, Scan, subject_of
from omezarr.rendering.planes import Planes, nearest, read_planes, resized
from omezarr.rendering.request import PictureRequest, picture_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.nodes.node import Node
    from omezarr.rendering.request import Window
    from omezarr.rendering.sampling import Budget

Pixels: TypeAlias = "npt.NDArray[Any]"


@frozen(eq=False)
class Picture:
    """A picture that is drawn.

    Parameters
    ----------
    pixels : array of uint8
        Of shape (height, width, 3): red, green and blue.
    spacing : float or None
        How much one pixel measures from left to right; None where the image does not say.
    unit : str or None
        Of the spacing.
    level : int or None
        The level that was read; None for a picture of several images.
    notes : tuple of str
        What a viewer should know: chunks that were left out, are missing, or could not be read.
    """

    pixels: Pixels
    spacing: float | None = None
    unit: str | None = None
    level: int | None = None
    notes: tuple[str, ...] = ()


@frozen(eq=False)
class Exposure:
    """An image that has been read for a picture, of the picture's size, and not yet composed.

    Parameters
    ----------
    subject : PictureSource
    scan : Scan
    displays : tuple of Display
        One for each plane, with its window.
    planes : array
        Of shape (channels, height, width).
    missing : array of bool
        Of shape (height, width).
    overlays : tuple of (array of int, ImageLabel or None)
        Label values of shape (height, width), and what is known of them.
    notes : tuple of str
    """

    subject: PictureSource
    scan: Scan
    displays: tuple[Display, ...]
    planes: Pixels
    missing: Pixels
    overlays: tuple[tuple[Pixels, ImageLabel | None], ...]
    notes: tuple[str, ...]

    def develop(self, request: PictureRequest, windows: Sequence[Window] | None = None) -> Pixels:
        """Return the picture; `windows` replace those of the channels."""
        if is_label(self.subject.node):
            values = as_labels(self.planes[0])
            colours = coloured_labels(values, _label_of(self.subject.node))
            pixels = np.where(colours[..., 3:] > 0, colours[..., :3], np.uint8(0))
        else:
            displays = self.displays
            if windows is not None:
                displays = tuple(evolve(item, window=window) for item, window in zip(displays, windows, strict=True))
            pixels = composed(self.planes, displays)
            mark_missing(pixels, self.missing)  # of labels, what is not stored is background
        for values, label in self.overlays:
            pixels = overlaid(pixels, values, label, opacity=request.opacity, outline=request.outline)
        return pixels


def draw_image(node: Node, request: PictureRequest, budget: Budget | None = None) -> Picture:
    """Draw an image.

    Parameters
    ----------
    node : Node
    request : PictureRequest
    budget : Budget, optional
        How much may be read.

    Raises
    ------
    ArgumentError
        If the request does not fit the image.
    UnsupportedError
        If the node is no image that can be drawn.
    """
    exposure = expose(subject_of(node), request, budget)
    subject = exposure.subject
    horizontal = subject.layout.horizontal
    bounds = request.bounds(subject)
    pixels = exposure.develop(request)
    axis = node.axes[horizontal] if len(node.axes) == len(subject.shape) else None
    spacing = subject.spacing[horizontal] * (bounds[3] - bounds[1]) / pixels.shape[1]
    return Picture(pixels, spacing, (axis.unit or None) if axis else None, exposure.scan.index, exposure.notes)


def expose(subject: PictureSource, request: PictureRequest, budget: Budget | None = None) -> Exposure:
    """Read what a picture of an image needs.

    Raises
    ------
    ArgumentError
        If the request does not fit the image.
    """
    request.check_axes(subject)
    bounds = request.bounds(subject)
    lengths = (float(bounds[2] - bounds[0]), float(bounds[3] - bounds[1]))
    pair = (subject.layout.vertical, subject.layout.horizontal)
    extent = (lengths[0] * subject.spacing[pair[0]], lengths[1] * subject.spacing[pair[1]])
    height, width = picture_size(extent, request.size)
    scan = subject.scan_for(lengths, (height, width)) if request.level is None else subject.scan(request.level)
    label = is_label(subject.node)
    displays = chosen_displays(subject, request)
    planes = read_planes(
        subject,
        scan,
        [display.channel for display in displays],
        picks_of(subject, scan, request),
        _on_level(subject, scan, bounds),
        projection="max" if label else request.projection,
        budget=budget,
    )
    notes = [*subject.notes, *notes_of(planes, scan, missing_matters=not label)]
    if not label:
        displays = tuple(
            evolve(item, window=item.window or measured_window(planes.pixels[i], planes.missing[i]))
            for i, item in enumerate(displays)
        )
    rows, columns = nearest(planes.pixels.shape[1], height), nearest(planes.pixels.shape[2], width)
    sharp = planes.pixels[:, rows][:, :, columns] if label else resized(planes.pixels, height, width)
    missing: Pixels = np.logical_and.reduce(planes.missing[:, rows][:, :, columns])
    overlays = []
    for name in () if label else chosen_labels(subject, request):
        try:
            overlays.append(read_labels(subject, name, request, bounds=bounds, size=(height, width), budget=budget))
        except OMEZarrError as error:
            if isinstance(error, ArgumentError):
                raise
            notes.append(f"labels {name!r} cannot be drawn: {error}")
    return Exposure(subject, scan, displays, sharp, missing, tuple(overlays), tuple(dict.fromkeys(notes)))


def notes_of(planes: Planes, scan: Scan, *, missing_matters: bool = True) -> list[str]:
    """Return what is to be said of planes that were read."""
    notes = list(planes.notes)
    if planes.sampled:
        notes.append(
            f"level {scan.index} has no smaller one and is too large to be read for a picture: some of its chunks "
            "stand for their neighbours; add levels with: omezarr scale"
        )
    if not missing_matters:
        return notes
    if planes.missing.all():
        notes.append("nothing is stored here: every chunk of it is missing")
    elif planes.missing.any():
        notes.append("chunks are missing; they are drawn as a check pattern")
    return notes


def is_label(node: Node) -> bool:
    """Return whether the pixels of an image are labels."""
    return node.key == "image-label" or any(isinstance(facet, ImageLabel) for facet in node.facets.values())


def _label_of(node: Node) -> ImageLabel | None:
    return next((facet for facet in node.facets.values() if isinstance(facet, ImageLabel)), None)


def as_labels(values: Pixels) -> Pixels:
    """Return label values as integers; labels that were stored as other numbers are rounded down, NaN is 0."""
    return values if values.dtype.kind in "iu" else np.nan_to_num(values, posinf=0, neginf=0).astype(np.int64)


def picks_of(subject: PictureSource, scan: Scan, request: PictureRequest) -> Mapping[int, slice]:
    """Return which samples of a level are drawn, or projected, along the axes that are not drawn."""
    projected = request.projected(subject)
    picks = {}
    for axis in subject.layout.others:
        if axis == projected:
            picks[axis] = slice(0, scan.shape[axis])
        else:
            index = min(int(request.index(subject, axis) / scan.factors[axis]), scan.shape[axis] - 1)
            picks[axis] = slice(index, index + 1)
    return picks


def _on_level(subject: PictureSource, scan: Scan, bounds: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return the samples of a level that cover a region of the largest one."""
    ends = []
    for axis, first, last in ((subject.layout.vertical, *bounds[::2]), (subject.layout.horizontal, *bounds[1::2])):
        length, factor = scan.shape[axis], scan.factors[axis]
        start = min(int(first / factor), length - 1)
        stop = length if last == subject.size(axis) else int(-(-last // factor))
        ends.append((start, max(start + 1, min(length, stop))))
    return ends[0][0], ends[1][0], ends[0][1], ends[1][1]


def chosen_labels(subject: PictureSource, request: PictureRequest) -> tuple[str, ...]:
    """Return the names of the labels that a request lays over an image.

    Raises
    ------
    ArgumentError
        If the image has no such labels.
    """
    if request.labels is False or request.labels == ():
        return ()
    known = tuple(subject.node.labels)
    if request.labels is True:
        return known
    for name in request.labels:
        if name not in known:
            raise ArgumentError(f"{subject.node.location} has no labels {name!r}; it has: {', '.join(known) or 'none'}")
    return tuple(request.labels)


def read_labels(
    image: PictureSource,
    name: str,
    request: PictureRequest,
    *,
    bounds: tuple[int, int, int, int],
    size: tuple[int, int],
    budget: Budget | None,
) -> tuple[Pixels, ImageLabel | None]:
    """Read labels for a region of the image that they belong to."""
    label = subject_of(image.node.labels[name])
    pair = (label.layout.vertical, label.layout.horizontal)
    ratios = (
        label.size(pair[0]) / image.size(image.layout.vertical),
        label.size(pair[1]) / image.size(image.layout.horizontal),
    )
    lengths = ((bounds[2] - bounds[0]) * ratios[0], (bounds[3] - bounds[1]) * ratios[1])
    scan = label.scan_for(lengths, size)
    inner = (
        int(bounds[0] * ratios[0]),
        int(bounds[1] * ratios[1]),
        min(label.size(pair[0]), int(-(-bounds[2] * ratios[0] // 1))),
        min(label.size(pair[1]), int(-(-bounds[3] * ratios[1] // 1))),
    )
    picks = label_picks(image, label, scan, request)
    planes = read_planes(label, scan, [0], picks, _on_level(label, scan, inner), projection="max", budget=budget)
    values = as_labels(planes.pixels[0])
    rows, columns = nearest(values.shape[0], size[0]), nearest(values.shape[1], size[1])
    values = np.where(planes.missing[0], values.dtype.type(0), values)
    return values[rows][:, columns], _label_of(label.node)


def label_picks(image: PictureSource, label: PictureSource, scan: Scan, request: PictureRequest) -> Mapping[int, slice]:
    """Return which samples of labels lie at those of the image, by the names of the axes."""
    projected = request.projected(image)
    picks = {}
    for axis in label.layout.others:
        name = label.layout.names[axis]
        if name not in image.layout.names:
            picks[axis] = slice(0, 1)
            continue
        on_image = image.layout.names.index(name)
        if on_image == projected:
            picks[axis] = slice(0, scan.shape[axis])
            continue
        ratio = label.size(axis) / image.size(on_image)
        index = min(int(request.index(image, on_image) * ratio / scan.factors[axis]), scan.shape[axis] - 1)
        picks[axis] = slice(index, index + 1)
    return picks
