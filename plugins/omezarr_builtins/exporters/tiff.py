"""The exporters of TIFF without OME-XML: plain TIFF, and hyperstacks as ImageJ reads and writes them.

A plain TIFF keeps the size of pixels in its resolution tags, and its axes as tifffile notes them. A hyperstack keeps
pixel sizes, time steps, names and colours of channels.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, Exporter
from omezarr.errors import UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.units import in_meters
from omezarr_builtins.exporters._writing import COMPRESSIONS, compression_of, one_image, planar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ExportRun
    from omezarr.location import Location
    from omezarr.model.content import Content, ImageContent

_IMAGEJ_TYPES = ("uint8", "uint16", "float32")
_IMAGEJ_UNITS = {"micrometer": "micron", "nanometer": "nm", "millimeter": "mm", "centimeter": "cm", "meter": "m"}
_SECONDS = {"second": 1.0, "millisecond": 1e-3, "microsecond": 1e-6, "minute": 60.0, "hour": 3600.0, "day": 86400.0}


class PlainTiff(Exporter):
    """Export one image to a TIFF of many pages."""

    name = "tiff"
    suffixes = (".tif", ".tiff", ".tf2", ".tf8", ".btf")
    options = {"compression": f"of planes: {', '.join(COMPRESSIONS)}"}  # noqa: RUF012 - the interface declares it

    def claim(self, location: Location) -> Claim | None:
        """Claim names that end as those of TIFF."""
        claimed = location.name.lower().endswith(self.suffixes)
        return Claim(Claim.NAME, "its name ends as that of a TIFF") if claimed else None

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse everything but one image with planes, of a type that TIFF has."""
        compression_of(options)
        _planes(content, self)

    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Write the planes one after the other."""
        import tifffile

        image = _planes(content, self)
        arguments: dict[str, Any] = {}
        sizes = [_meters(image, name) for name in "xy"]
        if None not in sizes:
            # Pixels for each centimeter; that is the only unit of length that TIFF has beside the inch.
            arguments = {"resolution": tuple(0.01 / size for size in sizes if size), "resolutionunit": "CENTIMETER"}
        metadata = {"axes": "".join(axis.name for axis in image.axes).upper()}
        with tifffile.TiffWriter(Path(location.url), bigtiff=_is_big(image), ome=False) as writer:
            _write(writer, image, run, metadata=metadata, compression=compression_of(options), **arguments)


class ImageJ(Exporter):
    """Export one image to a hyperstack of ImageJ."""

    name = "imagej"

    def claim(self, location: Location) -> Claim | None:
        """Claim nothing: such files end as all TIFFs do, so this exporter is asked for by its name."""
        return None

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse everything but one image of a type and with axes that ImageJ knows."""
        image = _planes(content, self)
        names = [axis.name for axis in image.axes]
        if not set(names) <= set("tzcyx"):
            raise UnsupportedError(f"the image has the axes {', '.join(names)}; ImageJ knows t, z, c, y and x")
        if image.pixels.dtype.name not in _IMAGEJ_TYPES:
            raise UnsupportedError(
                f"the image is of {image.pixels.dtype.name}; ImageJ opens {', '.join(_IMAGEJ_TYPES)} alone"
            )
        if _bytes(image) > 2**32 - 2**20:
            raise UnsupportedError("the image has more than 4 GiB, which a hyperstack cannot hold; export a region")

    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Write all planes one after the other, in the order of ImageJ."""
        import tifffile

        image = planar(one_image(content, self), "tzc")
        metadata: dict[str, Any] = {"axes": "".join(axis.name for axis in image.axes).upper()}
        arguments: dict[str, Any] = {}
        unit = _axis_unit(image, "x")
        sizes = [_meters(image, name) for name in "xyz"]
        x, y, z = (None if size is None else size / (in_meters(unit) or 1) for size in sizes)
        if x and y:
            metadata["unit"] = _IMAGEJ_UNITS.get(str(unit), str(unit))
            arguments["resolution"] = (1 / x, 1 / y)
            if z:
                metadata["spacing"] = z
        step, seconds = _scale(image, "t"), _SECONDS.get(str(_axis_unit(image, "t")))
        if step is not None and seconds is not None:
            metadata["finterval"] = step * seconds
        metadata |= _channels(image)
        with tifffile.TiffWriter(Path(location.url), imagej=True) as writer:
            _write(writer, image, run, metadata=metadata, **arguments)


def _write(writer: Any, image: ImageContent, run: ExportRun, **arguments: Any) -> None:
    from omezarr.engine.progress import ProgressCounter
    from omezarr_builtins.exporters._tiff_writing import planes, written_dtype

    writer.write(
        planes(image.pixels, run, ProgressCounter(0, _bytes(image), run.progress)),
        shape=image.pixels.shape,
        dtype=written_dtype(image.pixels.dtype),
        photometric="minisblack",
        software="omezarr",
        maxworkers=run.threads,
        **arguments,
    )


def _planes(content: Content, exporter: Exporter) -> ImageContent:
    image = one_image(content, exporter)
    names = [axis.name for axis in image.axes]
    if not {"y", "x"} <= set(names):
        raise UnsupportedError(f"the image has the axes {', '.join(names)}; a TIFF has planes of y and x")
    if any(len(name) > 1 for name in names):
        raise UnsupportedError(f"the image has the axes {', '.join(names)}; a TIFF names them by one letter each")
    return planar(image)


def _bytes(image: ImageContent) -> int:
    return math.prod(image.pixels.shape) * image.pixels.dtype.itemsize


def _is_big(image: ImageContent) -> bool:
    from omezarr_builtins.exporters._tiff_writing import CLASSIC_BYTES, PLANE_BYTES

    return _bytes(image) + PLANE_BYTES * math.prod(image.pixels.shape[:-2]) > CLASSIC_BYTES


def _axis_unit(image: ImageContent, name: str) -> object:
    return next((axis.unit for axis in image.axes if axis.name == name), None)


def _scale(image: ImageContent, name: str) -> float | None:
    names = [axis.name for axis in image.axes]
    return image.scale[names.index(name)] if image.scale is not None and name in names else None


def _meters(image: ImageContent, name: str) -> float | None:
    """Return the size of a pixel along an axis in meters; None if it is not known."""
    scale, unit = _scale(image, name), in_meters(_axis_unit(image, name))
    return None if scale is None or unit is None else scale * unit


def _channels(image: ImageContent) -> dict[str, Any]:
    """Return names and colours of channels in the words of ImageJ."""
    import numpy as np

    names = [axis.name for axis in image.axes]
    count = image.pixels.shape[names.index("c")] if "c" in names else 1
    channels = image.channels or ()
    if len(channels) != count:
        return {}
    found: dict[str, Any] = {}
    labels = [str(channel.label) if channel.label or channel.label == 0 else "" for channel in channels]
    if any(labels):
        found["Labels"] = labels * (math.prod(image.pixels.shape[:-2]) // count)
    colors = [channel.color for channel in channels]
    if all(isinstance(color, str) and len(color) == 6 for color in colors):
        ramp = np.arange(256)
        rgb = [[int(str(color)[start : start + 2], 16) for start in (0, 2, 4)] for color in colors]
        found["LUTs"] = [np.stack([ramp * part // 255 for part in one]).astype("uint8") for one in rgb]
        if count > 1:
            found["mode"] = "composite"
    return found


@hookimpl
def omezarr_exporters() -> tuple[Exporter, ...]:
    """Give the exporters to omezarr."""
    return (PlainTiff(), ImageJ())
