"""What a group can be: an image, a label image, their list, with what OMERO says of its channels."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr_compat.axes import KNOWN_AXES
from omezarr_compat.format import format_from_version, version_of

if TYPE_CHECKING:
    import dask.array as da

    from omezarr_compat.io import ZarrLocation
    from omezarr_compat.reader import Node

LOGGER = logging.getLogger("ome_zarr.reader")


class Spec:
    """One thing that a group is; it gives a node its pixels, what is said of them, and further nodes.

    Parameters
    ----------
    node : Node
    """

    key = ""
    """The key of the document that says so; empty: nothing does."""

    @classmethod
    def matches(cls, zarr: ZarrLocation) -> bool:
        """Return whether the group at a location is such a thing."""
        return bool(cls.key) and cls.key in zarr.root_attrs

    def __init__(self, node: Node) -> None:
        self.node = node
        self.zarr = node.zarr
        for key, value in self.zarr.root_attrs.items():
            LOGGER.info("root_attr: %s", key)
            LOGGER.debug(value)

    def lookup(self, key: str, default: Any) -> Any:
        """Return what the document says under a key."""
        return self.zarr.root_attrs.get(key, default)


class Labels(Spec):
    """The list of the label images of an image."""

    key = "labels"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        for name in self.lookup("labels", []):
            below = self.zarr.create(name)
            if below.exists():
                node.add(below)


class Label(Spec):
    """A label image."""

    key = "image-label"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        said = self.lookup("image-label", {})
        source = said.get("source", {}).get("image")
        image = self.zarr.create(source) if source else None
        if image is not None and image.exists():
            node.add(image, prepend=True, visibility=False)
        else:
            LOGGER.warning("the image of the label image %s is not there: %s", self.zarr, source)
        colors = {}
        for color in said.get("colors") or ():
            value, rgba = color.get("label-value"), color.get("rgba")
            if isinstance(value, int) and isinstance(rgba, list):
                colors[value] = [part / 255 for part in rgba]
            else:
                LOGGER.error("the color %s of %s is malformed", color, self.zarr)
        properties = {
            item["label-value"]: {key: value for key, value in item.items() if key != "label-value"}
            for item in said.get("properties") or ()
        }
        name = self.zarr.basename()
        node.metadata.update(
            visible=node.visible,
            name=name,
            color=colors,
            metadata={"image": self.lookup("image", {}), "path": name},
        )
        if properties:
            node.metadata["properties"] = properties


class Multiscales(Spec):
    """An image, with its levels."""

    key = "multiscales"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        image = self.lookup("multiscales", [])[0]
        version = version_of(self.zarr.root_attrs)
        fmt = self.zarr.fmt if version is None else format_from_version(version)
        self.datasets: list[str] = [dataset["path"] for dataset in image["datasets"]]
        levels = [self.array(path) for path in self.datasets]
        names = image.get("axes") if fmt.version not in ("0.1", "0.2") else None
        axes = [_as_object(axis) for axis in names or "tczyx"[-levels[0].ndim :]]
        node.metadata["axes"] = axes
        node.metadata["name"] = image.get("name")
        transformations = [dataset.get("coordinateTransformations") for dataset in image["datasets"]]
        if any(item is not None for item in transformations):
            node.metadata["coordinateTransformations"] = transformations
        LOGGER.info("datasets %s", image["datasets"])
        for path, level in zip(self.datasets, levels, strict=True):
            LOGGER.info("resolution: %s", path)
            LOGGER.info(" - shape %s = %s", tuple(axis["name"] for axis in axes), level.shape)
            LOGGER.info(" - chunks =  %s", [_sizes(sizes) for sizes in level.chunks])
            LOGGER.info(" - dtype = %s", level.dtype)
        node.data.extend(levels)
        labels = self.zarr.create("labels")
        if labels.exists():
            node.add(labels, visibility=False)

    def array(self, resolution: str) -> da.Array:
        """Return a level."""
        return self.zarr.load(resolution)


class OMERO(Spec):
    """What OMERO says of the channels of an image."""

    key = "omero"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.image_data = self.lookup("omero", {})
        channels = self.image_data.get("channels")
        if not isinstance(channels, list) or not all(isinstance(channel, Mapping) for channel in channels):
            LOGGER.warning("the channels of %s cannot be understood: %s", self.zarr, channels)
            return
        grey = (self.image_data.get("rdefs") or {}).get("model") == "greyscale"
        windows = [channel.get("window") or {} for channel in channels]
        limits = [
            [window["start"], window["end"]]
            if window.get("start") is not None and window.get("end") is not None
            else None
            for window in windows
        ]
        partial = any(window and limit is None for window, limit in zip(windows, limits, strict=True))
        node.metadata.update(
            channel_names=[
                channel.get("label") or f"channel_{number}" if channel.get("label") is None else channel["label"]
                for number, channel in enumerate(channels)
            ],
            visible=[bool(channel.get("active", True)) and node.visible for channel in channels],
            contrast_limits=None if partial else limits,
            colormap=[
                [[0, 0, 0], [1, 1, 1] if grey else _rgb(channel["color"])]
                for channel in channels
                if _rgb(channel.get("color")) is not None
            ],
        )


def _as_object(axis: Any) -> dict[str, Any]:
    if not isinstance(axis, str):
        return dict(axis)
    return {"name": axis, "type": KNOWN_AXES[axis]} if axis in KNOWN_AXES else {"name": axis}


def _sizes(sizes: tuple[int, ...]) -> str:
    """Return the length of chunks along an axis as text, and that of the last where it differs."""
    return str(sizes[0]) + (f" (+ {sizes[-1]})" if sizes[-1] != sizes[0] else "")


def _rgb(color: Any) -> list[float] | None:
    """Return red, green and blue from 0 to 1; None where a text does not name them."""
    try:
        return [part / 255 for part in bytes.fromhex(color)[:3]]
    except (TypeError, ValueError):
        return None
