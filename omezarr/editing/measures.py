"""Measuring labels: area, centre and mean intensity of each, in one pass through the pixels."""

from __future__ import annotations

import csv
import math
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omezarr.arrays.blocks import block_shape
from omezarr.arrays.geometry import cells
from omezarr.editing.label_images import LabelImage, label_images
from omezarr.errors import ArgumentError
from omezarr.files import check_replaceable, written_whole
from omezarr.model import UNSET, ImageLabel
from omezarr.nodes.reading import open as open_node

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry

MEASURES = ("area", "centroid", "intensity")
"""What can be measured."""

COUNTED_PIXELS = 1 << 20
"""So many pixels are counted at once: their positions take some fifty bytes each."""


def labels_to_csv(
    source: LocationLike,
    target: str | os.PathLike[str],
    *,
    labels: str | Collection[str] = (),
    measures: Collection[str] = (),
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> int:
    """Write what is known of labels, and what can be measured of them, to a table.

    Parameters
    ----------
    source : str, path, Location, zarr store or zarr group
        An image, a label image, a plate, a well or a group with such groups below.
    target : str or path
        The CSV file. It is written beside and moved to its place once it is complete.
    labels : str or collection of str, optional
        Only label images of these names.
    measures : collection of {"area", "centroid", "intensity"}
        What is measured as well: the area or volume, in pixels and in physical units where all spatial axes have the
        same unit; the centre in physical coordinates; the mean of each channel of the image.
    overwrite : bool
        Whether a file that is there is replaced.
    storage_options, registry
        As for `omezarr.open`.

    Returns
    -------
    int
        How many rows were written.

    Raises
    ------
    TargetExistsError
        If the file exists.
    AccessDeniedError, WriteError
        If the system lets nobody look or write there.
    ArgumentError
        If there are no labels, or nothing of that name can be measured.
    """
    path = Path(target)
    check_replaceable(path, overwrite=overwrite)
    unknown = [word for word in measures if word not in MEASURES]
    if unknown:
        raise ArgumentError(f"{unknown[0]!r} cannot be measured; known: {', '.join(MEASURES)}")
    root = open_node(source, storage_options=storage_options, registry=registry)
    names = [labels] if isinstance(labels, str) else labels
    rows = [row for image in label_images(root, names) for row in measured_labels(image, measures)]
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    with written_whole(path) as beside, beside.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headings)
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def measured_labels(image: LabelImage, measures: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return a row for each label of a label image: where it is, its properties, its measures.

    Parameters
    ----------
    image : LabelImage
    measures : collection of {"area", "centroid", "intensity"}
        Without any, no pixels are read, and the labels are those that have properties or colours.
    """
    place = {
        heading: text
        for heading, text in (("well", image.well), ("field", image.field), ("label", image.name))
        if text or heading == "label"
    }
    known = _properties(image.node)
    if not measures:
        return [{**place, "label-value": value, **known[value]} for value in known]
    return [{**place, **row, **known.get(row["label-value"], {})} for row in _measured(image, frozenset(measures))]


def _properties(node: Node) -> dict[Any, dict[str, Any]]:
    value = node.facets.get("image-label")
    found: dict[Any, dict[str, Any]] = {}
    if isinstance(value, ImageLabel):
        for color in () if value.colors is UNSET else value.colors:
            found[color.label_value] = {}
        for entry in () if value.properties is UNSET else value.properties:
            found[entry.label_value] = dict(entry.extra)
    return found


def _measured(image: LabelImage, measures: Collection[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a label image, one for each label and time point."""
    import numpy as np

    node = image.node
    level = node.levels[0]
    if level.dtype.kind not in "iub":
        raise ArgumentError(f"{node.location} has pixels of {level.dtype}; labels are whole numbers")
    axes = node.axes
    others = [index for index, axis in enumerate(axes) if axis.type != "space"]
    space = [index for index, axis in enumerate(axes) if axis.type == "space"]
    channels = _Channels(image) if "intensity" in measures else None
    for outer in product(*(range(level.shape[index]) for index in others)):
        sums = _Sums()
        fixed = dict(zip(others, outer, strict=True))
        region = tuple(
            slice(fixed[index], fixed[index] + 1) if index in fixed else slice(0, size)
            for index, size in enumerate(level.shape)
        )
        for _, cell in cells(region, block_shape(level.array)):
            pixels = np.squeeze(level.read(cell), axis=tuple(others))
            inner = tuple(cell[index] for index in space)
            times = {axes[index].name: position for index, position in fixed.items()}
            sums.add(pixels, inner, [] if channels is None else channels.read(times, inner))
        where = {axes[index].name: fixed[index] for index in others if level.shape[index] > 1}
        yield from sums.rows(node, space, where, measures, () if channels is None else channels.names)


class _Channels:
    """The channels of the image that a label image belongs to, at its largest level."""

    def __init__(self, image: LabelImage) -> None:
        if image.image is None:
            raise ArgumentError(f"{image.node.location} was opened alone; open its image to measure intensities")
        self._axes = image.image.axes
        self._level = image.image.levels[0]
        own, labels = (
            [size for axis, size in zip(node.axes, node.levels[0].shape, strict=True) if axis.type == "space"]
            for node in (image.image, image.node)
        )
        if own != labels:
            raise ArgumentError(
                f"{image.node.location} has {labels} pixels and its image {own}; intensities need the same size"
            )
        count = next(
            (size for axis, size in zip(self._axes, self._level.shape, strict=True) if axis.type == "channel"), 1
        )
        given = [channel.label for channel in image.image.channels]
        self.names = tuple(
            str(given[index]) if index < len(given) and given[index] else str(index) for index in range(count)
        )

    def read(self, times: Mapping[str, int], inner: Sequence[slice]) -> list[npt.NDArray[Any]]:
        """Return the pixels of a region of the spatial axes, channel by channel."""
        parts, space = [], iter(inner)
        for axis, size in zip(self._axes, self._level.shape, strict=True):
            if axis.type == "space":
                parts.append(next(space))
            elif axis.type == "channel":
                parts.append(slice(0, size))
            else:
                position = min(times.get(axis.name, 0), size - 1)
                parts.append(slice(position, position + 1))
        pixels = self._level.read(tuple(parts))
        channel = next((index for index, axis in enumerate(self._axes) if axis.type == "channel"), None)
        drop = tuple(index for index, axis in enumerate(self._axes) if axis.type not in ("space", "channel"))
        if channel is None:
            return [pixels.squeeze(drop)]
        return [
            pixels.take(index, axis=channel).squeeze(tuple(i - (i > channel) for i in drop))
            for index in range(len(self.names))
        ]


class _Sums:
    """What is added up of each label, block by block."""

    def __init__(self) -> None:
        self._of: dict[int, npt.NDArray[np.float64]] = {}

    def add(self, labels: npt.NDArray[Any], where: Sequence[slice], channels: Sequence[npt.NDArray[Any]]) -> None:
        """Add a block of labels, at a place of the spatial axes, with the channels there."""
        import numpy as np

        flat = labels.reshape(-1)
        for start in range(0, flat.size, COUNTED_PIXELS):
            there = np.flatnonzero(flat[start : start + COUNTED_PIXELS]) + start
            if there.size:
                positions = np.unravel_index(there, labels.shape)
                weights = [position + part.start for position, part in zip(positions, where, strict=True)]
                self._count(flat[there], [*weights, *(channel.reshape(-1)[there] for channel in channels)])

    def _count(self, labels: npt.NDArray[Any], weights: Sequence[npt.NDArray[Any]]) -> None:
        import numpy as np

        values, index = np.unique(labels, return_inverse=True)
        sums = np.stack([np.bincount(index, weight, values.size) for weight in (None, *weights)], axis=1)
        for value, added in zip(values.tolist(), sums, strict=True):
            self._of[value] = self._of[value] + added if value in self._of else added

    def rows(
        self,
        node: Node,
        space: Sequence[int],
        where: Mapping[str, int],
        measures: Collection[str],
        channels: Sequence[str],
    ) -> Iterator[dict[str, Any]]:
        """Yield a row for each label, in rising order."""
        level, axes = node.levels[0], [node.axes[index] for index in space]
        scale = [level.scale[index] for index in space]
        shift = [level.translation[index] for index in space]
        units = {axis.unit for axis in axes}
        for value, sums in sorted(self._of.items()):
            count = sums[0]
            row: dict[str, Any] = {"label-value": value, **where}
            if "area" in measures:
                row["area"] = int(count)
                if len(units) == 1 and isinstance(unit := next(iter(units)), str):
                    row[f"area ({unit}^{len(space)})"] = float(count * math.prod(scale))
            if "centroid" in measures:
                for number, axis in enumerate(axes):
                    row[f"centroid {axis.name}"] = float(sums[1 + number] / count * scale[number] + shift[number])
            for number, name in enumerate(channels):
                row[f"mean {name}"] = float(sums[1 + len(space) + number] / count)
            yield row
