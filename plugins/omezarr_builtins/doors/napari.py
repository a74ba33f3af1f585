"""A reader and a writer of napari: images as multiscale layers in physical units, labels with colours and properties.

What napari finds by the manifest beside this file. Nothing of napari is imported: layers are plain tuples of data,
keywords and type. A channel axis becomes one layer for each channel. All fields of a plate or a well lie in one
picture, where they belong; images of a collection become layers of their own, named by their paths.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

import omezarr
from omezarr.errors import ArgumentError, OMEZarrError, OMEZarrWarning, UnsupportedError
from omezarr.nodes.plates import field_places
from omezarr.rendering.colours import given_colours, palette_colour
from omezarr_builtins.doors.images import images_below

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omezarr import Node
    from omezarr.model import Channel

LayerData: TypeAlias = "tuple[Any, dict[str, Any], str]"

OTHERS = (0.6, 0.6, 0.6, 1.0)
"""Grey, so that they are seen: labels that have neither a colour nor a property, where others have."""


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[LayerData]] | None:
    """Return the function that reads a path; None for what is not OME-Zarr, so that napari asks other readers.

    Parameters
    ----------
    path : str or sequence of str
        A sequence, which napari passes for a stack of files, is taken where it holds one path.
    """
    single = _single(path)
    if single is None:
        return None
    try:
        node = omezarr.open(single)
    except OMEZarrError:
        return None
    return read_layers if node.key is not None else None


def read_layers(path: str | Sequence[str]) -> list[LayerData]:
    """Return the layers of all images at and below a path.

    Parameters
    ----------
    path : str or sequence of str
        One path or URL.

    Returns
    -------
    list of (data, keywords, type)
        Data are the levels as lazy dask arrays, the largest first. Images come first, labels last.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> path = "memory://doc-napari/cells.ome.zarr"
    >>> image = omezarr.write_image(path, np.zeros((2, 8, 8), "uint8"), axes="cyx", channels=["DAPI", "GFP"])
    >>> [(keywords["name"], kind) for _, keywords, kind in read_layers(path)]
    [('DAPI', 'image'), ('GFP', 'image')]
    """
    node = omezarr.open(_single(path) or "")
    if node.plate is not None or node.key == "well":
        try:
            return _stitched_layers(node)
        except OMEZarrError as error:
            warnings.warn(f"the fields become layers of their own: {error}", OMEZarrWarning, stacklevel=2)
    images, labels = [], []
    for place, image in images_below(node):
        if "image-label" in image.facets:
            labels.append(_labels_layer(place, image))
        else:
            images += _image_layers(place, image)
    return images + labels


def write_layers(path: str, layers: list[LayerData]) -> list[str]:
    """Write image layers and labels layers as one OME-Zarr image.

    Parameters
    ----------
    path : str
        Where to; nothing may be there.
    layers : list of (data, keywords, type)
        One image, or several of one shape, which become its channels; and any number of labels.

    Returns
    -------
    list of str
        The path.

    Raises
    ------
    ArgumentError
        If the images differ in shape or place.
    """
    images = [layer for layer in layers if layer[2] == "image"]
    labels = {said.get("name") or "labels": _largest(data) for data, said, kind in layers if kind == "labels"}
    keywords = images[0][1]
    image = _largest(images[0][0])
    axes = _axis_names(image.ndim, keywords)
    first = next((index for index, name in enumerate(axes) if name in "zyx"), 0)
    channels = None if keywords.get("rgb") else [_channel(said) for _, said, _ in images]
    if len(images) > 1:
        image = _joined(images, first)
    elif keywords.get("rgb"):
        # The samples of a pixel come last in napari and before the spatial axes in OME-Zarr.
        image = np.moveaxis(image, -1, first)
    if len(axes) < image.ndim:
        axes = axes[:first] + "c" + axes[first:]
    placed = [name for name in axes if name != "c"]
    units = dict(zip(placed, map(str, keywords.get("units") or ()), strict=False))
    omezarr.write_image(
        path,
        image,
        axes=axes,
        name=keywords.get("name") if len(images) == 1 else None,
        scale=dict(zip(placed, map(float, keywords.get("scale", ())), strict=False)) or None,
        translation=dict(zip(placed, map(float, keywords.get("translate", ())), strict=False)) or None,
        units={name: unit for name, unit in units.items() if unit != "pixel"} or None,
        channels=channels,
        labels=labels or None,
    )
    return [path]


def _joined(images: Sequence[LayerData], axis: int) -> Any:
    """Return the pixels of several layers as channels of one image, along a new axis; lazy where one of them is."""
    import dask.array as da

    found = [_largest(pixels) for pixels, _, _ in images]
    said = [keywords for _, keywords, _ in images]
    if any(keywords.get("rgb") for keywords in said):
        raise ArgumentError("colour layers cannot be channels of one image; save each by itself")
    if len({pixels.shape for pixels in found}) > 1:
        shapes = ", ".join(
            f"{keywords.get('name')} {pixels.shape}" for pixels, keywords in zip(found, said, strict=True)
        )
        raise ArgumentError(
            f"image layers become channels of one image, but differ in shape: {shapes}; save each by itself"
        )
    places = {tuple(tuple(map(float, one.get(key, ()))) for key in ("scale", "translate")) for one in said}
    if len(places) > 1:
        raise ArgumentError(
            "image layers become channels of one image, but lie at different places; save each by itself"
        )
    return (da if any(hasattr(pixels, "dask") for pixels in found) else np).stack(found, axis=axis)


def _channel(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a channel with the name, colour and window of a layer."""
    channel: dict[str, Any] = {"label": str(said.get("name") or "")}
    colours = said["colormap"].get("colors") if isinstance(said.get("colormap"), dict) else None
    if colours is not None and len(colours):
        channel["color"] = "".join(f"{round(255 * float(part)):02X}" for part in colours[-1][:3])
    limits = said.get("contrast_limits")
    if limits is not None and len(limits) == 2:
        channel["window"] = {"start": float(limits[0]), "end": float(limits[1])}
    return channel


def _single(path: str | Sequence[str]) -> str | None:
    """Return the path; None where there are several."""
    if isinstance(path, str):
        return path
    return str(path[0]) if len(path) == 1 else None


def _largest(data: Any) -> Any:
    """Return the pixels of a layer at full resolution."""
    return data[0] if isinstance(data, list | tuple) or hasattr(data, "shapes") else data


def _axis_names(ndim: int, keywords: dict[str, Any]) -> str:
    """Return the names of a layer's axes, without that of the samples of a pixel."""
    count = ndim - bool(keywords.get("rgb"))
    named = [str(name) for name in keywords.get("axis_labels") or ()]
    usual = "tzyx"[-count:]
    return "".join(named) if len(named) == count and set(named) <= set("tczyx") else usual


def _stitched_layers(node: Node) -> list[LayerData]:
    """Return the layers of a plate or a well: all fields in one picture for each channel, and so their labels.

    Raises
    ------
    UnsupportedError
        If the fields do not fit together.
    """
    images = [place.node for place in field_places(node) if place.node is not None]
    image = max(images, key=lambda one: len(one.axes), default=None)  # the one whose axes the stitched ones have
    if image is None or not image.levels:
        raise UnsupportedError(f"{node.location} has no field that can be read")
    count = len(image.levels)
    name = str((node.plate.name if node.plate is not None else None) or node.name)
    layers = _image_layers("", image, [node.stitched(level) for level in range(count)], name)
    for name in image.labels:
        label = image.labels[name]
        levels = [node.stitched(level, label=name) for level in range(min(count, len(label.levels)))]
        layers.append(_labels_layer(name, label, levels))
    for _, keywords, _ in layers:
        keywords.pop("translate", None)
        keywords.pop("features", None)  # those of the labels of one field
    return layers


def _image_layers(
    place: str, image: Node, stitched: Sequence[Any] | None = None, whole: str | None = None
) -> list[LayerData]:
    """Return the layers of an image, one for each channel; or of levels that are stitched of images like it."""
    named = image.multiscale.name if image.multiscale is not None else None
    whole = str(place or whole or named or image.name)
    axes = image.axes
    along = next((index for index, axis in enumerate(axes) if axis.type == "channel"), None)
    levels = list(stitched or [level.dask for level in image.levels])
    placed = _placed(image, along)
    if along is None:
        return [(levels, {**placed, "name": whole, **_shown(image.channels[:1])}, "image")]
    count = levels[0].shape[along]
    layers: list[LayerData] = []
    for index in range(count):
        pixels = [level[(slice(None),) * along + (index,)] for level in levels]
        said = _shown(image.channels[index : index + 1])
        name = _name(place, whole, image, index, count)
        layers.append((pixels, {**placed, "name": name, "blending": "additive", **said}, "image"))
    return layers


def _labels_layer(place: str, label: Node, stitched: Sequence[Any] | None = None) -> LayerData:
    """Return the layer of a label image: one for all of it, since napari shows values and not channels."""
    axes = label.axes
    along = next((index for index, axis in enumerate(axes) if axis.type == "channel"), None)
    single = along is not None and label.levels[0].shape[along] == 1
    taken = along if single else None
    levels = stitched or [level.dask for level in label.levels]
    pixels = [level[(slice(None),) * taken + (0,)] if taken is not None else level for level in levels]
    keywords = {**_placed(label, taken), "name": place.replace("labels/", "") or label.name}
    described = label.facets["image-label"]
    colours = given_colours(described)  # type: ignore[arg-type]  # the facet of this key
    rows = getattr(described, "properties", None) or ()
    if colours:
        others = {int(row.label_value): palette_colour(int(row.label_value)) for row in rows}
        table = {value: tuple(part / 255 for part in rgba) for value, rgba in {**others, **colours}.items()}
        keywords["colormap"] = {None: OTHERS, 0: (0.0, 0.0, 0.0, 0.0), **table}
    if rows:
        columns = list(dict.fromkeys(key for row in rows for key in row.extra))
        keywords["features"] = {
            "index": [row.label_value for row in rows],
            **{column: [row.extra.get(column) for row in rows] for column in columns if column != "index"},
        }
    return pixels, keywords, "labels"


def _placed(node: Node, left_out: int | None) -> dict[str, Any]:
    """Return where the pixels sit, for all axes but one; nothing where that is more than a scale and a position."""
    kept = [index for index in range(len(node.axes)) if index != left_out]
    geometry = node.levels[0].geometry
    if geometry is None:
        return {}
    return {
        "scale": [geometry.scale[index] for index in kept],
        "translate": [geometry.translation[index] for index in kept],
        "units": [node.axes[index].unit or "pixel" for index in kept],
        "axis_labels": [node.axes[index].name for index in kept],
    }


def _shown(channels: Sequence[Channel]) -> dict[str, Any]:
    """Return how a channel is displayed, as far as the metadata says."""
    said: dict[str, Any] = {}
    for channel in channels:
        if isinstance(channel.color, str) and len(channel.color) == 6:
            said["colormap"] = f"#{channel.color}"
        start, end = (channel.window.start, channel.window.end) if channel.window else (None, None)
        if isinstance(start, int | float) and isinstance(end, int | float) and start < end:
            said["contrast_limits"] = [start, end]
        if channel.active is False:
            said["visible"] = False
    return said


def _name(place: str, whole: str, image: Node, index: int, count: int) -> str:
    """Return the name of a layer: the channel's where it has one, behind the image's place; else that of the whole."""
    label = image.channels[index].label if index < len(image.channels) else None
    if not isinstance(label, str) or not label:
        return f"{whole} {index}" if count > 1 else whole
    return f"{place} {label}".strip()
