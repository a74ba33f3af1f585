"""Pixel sizes, time steps and channels that the makers of microscopes put into TIFF files in ways of their own.

Responsible for which of the values that tifffile finds mean a size, and in which unit; the parsing is tifffile's.
What cannot be understood counts as not said: an image without a pixel size is announced, and better than no image.

Source: the documentation of tifffile on each ``*_metadata``; ScanImage's and Micro-Manager's documentation of their
files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.model import UNSET, Channel
from omezarr.units import Measure, duration, length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tifffile import TiffFile, TiffPageSeries

METERS = 1e6
"""Micrometers in a meter: the unit of FEI, LSM, Olympus and Pilatus."""


@frozen(kw_only=True)
class VendorFacts:
    """What a maker's own metadata says of a series.

    Parameters
    ----------
    steps : mapping
        Axis letter to the size of a pixel or time step; None where it says nothing.
    channels : tuple of Channel
    """

    steps: Mapping[str, Measure | None]
    channels: tuple[Channel, ...] = ()


def vendor_facts(tiff: TiffFile, series: TiffPageSeries) -> tuple[dict[str, Measure], tuple[Channel, ...]]:
    """Return the steps and channels that are known of a series beside what TIFF, OME and ImageJ say.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    series : tifffile.TiffPageSeries
        One of the file.

    Returns
    -------
    dict
        Axis letter to size.
    tuple of Channel
    """
    steps: dict[str, Measure] = {}
    channels: tuple[Channel, ...] = ()
    for flag, read in _READERS.items():
        try:
            found = read(tiff, series) if getattr(tiff, flag, False) else None
        except Exception:  # noqa: BLE001 - metadata of any program of any time; none of it is worth losing the image
            found = None
        if found is not None:
            steps = {axis: step for axis, step in found.steps.items() if step is not None} | steps
            channels = channels or found.channels
    return steps, channels


def _aperio(_: TiffFile, series: TiffPageSeries) -> VendorFacts | None:
    """Micrometers per pixel, which hold for the slide and not for its label and thumbnail."""
    if series.name not in ("", "Baseline"):
        return None
    found = re.search(r"(?:^|[|\s])MPP\s*=\s*([0-9.eE+-]+)", series.keyframe.description)
    step = length(float(found[1]) if found else None, "um")
    return VendorFacts(steps={"y": step, "x": step})


def _scanimage(tiff: TiffFile, series: TiffPageSeries) -> VendorFacts:
    from tifffile.tifffile import matlabstr2py

    values: dict[str, Any] = dict((tiff.scanimage_metadata or {}).get("FrameData") or {})
    for text in (series.keyframe.description, series.keyframe.software):
        if "SI." in text and not values:
            values = dict(matlabstr2py(text))
    known = {key.rpartition("SI.")[2]: value for key, value in values.items()}
    rows, columns = series.keyframe.imagelength, series.keyframe.imagewidth
    steps: dict[str, Measure | None] = {}
    field = known.get("hRoiManager.imagingFovUm")
    if field and not known.get("hRoiManager.mroiEnable"):
        x, y = ([float(corner[axis]) for corner in field] for axis in (0, 1))
        steps["x"] = length((max(x) - min(x)) / columns, "um")
        steps["y"] = length((max(y) - min(y)) / rows, "um")
    depth = known.get("hStackManager.actualStackZStepSize") or known.get("hStackManager.stackZStepSize")
    steps["z"] = length(_size(depth), "um")
    period = _size(known.get("hRoiManager.scanFramePeriod"))
    averaged = _size(known.get("hScan2D.logAverageFactor")) or 1
    steps["t"] = duration(None if period is None else period * averaged, "s")
    return VendorFacts(steps=steps)


def _fei(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts | None:
    metadata = tiff.fei_metadata or {}
    for section in ("Scan", "EScan", "IScan", "Image"):
        values = metadata.get(section) or {}
        if _size(values.get("PixelWidth")):
            return VendorFacts(steps={"x": _meters(values["PixelWidth"]), "y": _meters(values.get("PixelHeight"))})
    return None


def _micromanager(tiff: TiffFile, series: TiffPageSeries) -> VendorFacts:
    try:
        summary = dict((tiff.micromanager_metadata or {}).get("Summary") or {})
    except Exception:  # noqa: BLE001 - a file that was cut from a data set has no summary, but its planes have theirs
        summary = {}
    plane = series.keyframe.tags.valueof(51123)
    known = {**(plane if isinstance(plane, dict) else {}), **summary}
    pixel = length(_size(known.get("PixelSize_um")) or _size(known.get("PixelSizeUm")), "um")
    aspect = _size(known.get("PixelAspect")) or 1.0
    steps = {
        "x": pixel,
        "y": None if pixel is None else Measure(pixel.value * aspect, pixel.unit),
        "z": length(abs(_size(known.get("z-step_um")) or 0), "um"),
        "t": duration(_size(known.get("Interval_ms")), "ms"),
    }
    names, colors = known.get("ChNames"), known.get("ChColors")
    channels = tuple(Channel(label=str(name)) for name in names) if isinstance(names, list) else ()
    if channels and isinstance(colors, list) and len(colors) == len(channels):
        digits = [f"{color & 0xFFFFFF:06X}" if isinstance(color, int) else UNSET for color in colors]
        channels = tuple(Channel(label=one.label, color=c) for one, c in zip(channels, digits, strict=True))
    return VendorFacts(steps=steps, channels=channels)


def _metamorph(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    metadata = tiff.stk_metadata or {}
    unit = str(metadata.get("CalibrationUnits") or "pixel")
    steps: dict[str, Measure | None] = {}
    if length(1.0, unit) != Measure(1.0, None):
        steps["x"] = length(_size(metadata.get("XCalibration")), unit)
        steps["y"] = length(_size(metadata.get("YCalibration")), unit)
        distances = [abs(float(distance)) for distance in metadata.get("ZDistance", ()) if distance]
        steps["z"] = length(distances[-1] if distances else None, unit)
    times = [float(time) for time in metadata.get("TimeCreated", ())]
    if len(times) > 1:
        steps["t"] = duration((times[-1] - times[0]) / (len(times) - 1), "ms")
    return VendorFacts(steps=steps)


def _lsm(tiff: TiffFile, series: TiffPageSeries) -> VendorFacts | None:
    if series.keyframe.is_reduced:  # the thumbnails
        return None
    metadata = tiff.lsm_metadata or {}
    steps = {axis: _meters(metadata.get(f"VoxelSize{axis.upper()}")) for axis in "zyx"}
    steps["t"] = duration(_size(metadata.get("TimeIntervall")), "s")
    palette = metadata.get("ChannelColors") or {}
    colors, names = palette.get("Colors") or [], palette.get("ColorNames") or []
    channels: tuple[Channel, ...] = ()
    if len(colors) == len(names):
        channels = tuple(
            Channel(label=str(name) or UNSET, color="".join(f"{int(part) & 0xFF:02X}" for part in color[:3]))
            for color, name in zip(colors, names, strict=True)
        )
    return VendorFacts(steps=steps, channels=channels)


def _zeiss_sem(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    metadata = tiff.sem_metadata or {}
    entry: Any = metadata.get("ap_image_pixel_size") or metadata.get("ap_pixel_size") or ()
    pixel = length(_size(entry[1]), str(entry[2])) if len(entry) == 3 else None
    return VendorFacts(steps={"y": pixel, "x": pixel})


def _olympus(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    metadata = tiff.sis_metadata or {}
    return VendorFacts(steps={axis: _meters(metadata.get(f"pixelsize{axis}")) for axis in "yx"})


def _fluoview(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    steps: dict[str, Measure | None] = {}
    for name, _count, _origin, step, unit in (tiff.fluoview_metadata or {}).get("Dimensions", ()):
        axis = str(name).lower()
        if axis in ("x", "y", "z"):
            steps[axis] = length(abs(step), str(unit))
        elif axis in ("t", "time"):
            steps["t"] = duration(step, str(unit))
    return VendorFacts(steps=steps)


def _tvips(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    metadata = tiff.tvips_metadata or {}
    return VendorFacts(steps={axis: length(_size(metadata.get(f"PixelSize{axis.upper()}")), "nm") for axis in "yx"})


def _metaseries(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    plane = (tiff.metaseries_metadata or {}).get("PlaneInfo") or {}
    unit = str(plane.get("spatial-calibration-units") or "pixel")
    known = plane.get("spatial-calibration-state", True) and length(1.0, unit) != Measure(1.0, None)
    return VendorFacts(
        steps={axis: length(_size(plane.get(f"spatial-calibration-{axis}")), unit) if known else None for axis in "yx"}
    )


def _pilatus(tiff: TiffFile, _: TiffPageSeries) -> VendorFacts:
    x, y = (tiff.pilatus_metadata or {}).get("Pixel_size") or (None, None)
    return VendorFacts(steps={"y": _meters(y), "x": _meters(x)})


def _size(value: Any) -> float | None:
    """Return a number that tifffile has parsed; None for anything else."""
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _meters(value: Any) -> Measure | None:
    """Return a size in meters as one in micrometers, without the digits that multiplying adds."""
    size = _size(value)
    return length(None if size is None else float(f"{size * METERS:.12g}"), "um")


_READERS: dict[str, Callable[[TiffFile, TiffPageSeries], VendorFacts | None]] = {
    "is_svs": _aperio,
    "is_scanimage": _scanimage,
    "is_fei": _fei,
    "is_micromanager": _micromanager,
    "is_stk": _metamorph,
    "is_lsm": _lsm,
    "is_sem": _zeiss_sem,
    "is_sis": _olympus,
    "is_fluoview": _fluoview,
    "is_tvips": _tvips,
    "is_metaseries": _metaseries,
    "is_pilatus": _pilatus,
}
"""What tells a maker's file, and what is read from it; where several do, the first one's word counts."""
