"""The importer of TIFF files: plain, ImageJ and OME-TIFF, BigTIFF, tiled, stripped, pyramidal, of one or many series.

Only the structure is read at first; pixels are read where and when they are wanted. Of a pyramid the full resolution
is imported. Values are imported as they are stored, palettes and inverted greys too, with a notice; only JPEG in
YCbCr is turned into RGB by its decoder.
"""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from omezarr.abc import Claim, Importer
from omezarr.errors import ArgumentError, OMEZarrWarning, SourceError
from omezarr.files import ReopenedFile, local_file
from omezarr.hookspecs import hookimpl
from omezarr.model import conventional_axes
from omezarr.model.content import CollectionContent, ImageContent
from omezarr_builtins.importers._axes import KNOWN, SAMPLES, arrange, parse_axes
from omezarr_builtins.importers._companion import is_companion, open_described
from omezarr_builtins.importers._files import first_bytes
from omezarr_builtins.importers._options import check_options
from omezarr_builtins.importers._tiff_file import MAGIC, OpenTiff
from omezarr_builtins.importers._tiff_metadata import (
    Description,
    describe_imagej,
    describe_ome,
    describe_plain,
    sample_channels,
    stored_differently,
)
from omezarr_builtins.importers._tiff_vendors import vendor_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tifffile import TiffPageSeries

    from omezarr.abc import PixelSource
    from omezarr.location import Location
    from omezarr.model.content import Content
    from omezarr_builtins.importers._ome_xml import OMEDocument, OMEImage
    from omezarr_builtins.importers._tiff_pages import PageLayout
    from omezarr_builtins.importers._tiff_pixels import TiffSource

OPEN_FILES = 64
"""Up to how many files of one image stay open while they are read."""

REOPENED_SOURCES = 4
"""How many images that another process has opened stay open here."""

BIG_STRIP_BYTES = 64 * 1024 * 1024
"""A compressed strip that decodes to more than this is announced."""


class Tiff(Importer):
    """Import TIFF files."""

    name = "tiff"
    suffixes = (".tif", ".tiff", ".tf2", ".tf8", ".btf", ".svs", ".lsm", ".stk", ".ndpi", ".companion.ome", ".ome")
    options = {  # noqa: RUF012 - the interface declares it
        "axes": 'the meaning of the dimensions, one letter each, for example "zyx"; "s" for samples of a pixel',
        "series": 'which image of several to import: its number from 0 on, or "all" (the default)',
        "ome": '"ignore" imports the pixels of the file alone, without looking at its OME-XML',
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim local files that begin as a TIFF does, and names that end in a suffix of TIFF."""
        start = first_bytes(location, 4)
        if start in MAGIC:
            return Claim(Claim.INSIDE, "it begins as a TIFF file does")
        if start is not None and is_companion(location):
            return Claim(Claim.INSIDE, "it is OME-XML that describes image files")
        if location.name.lower().endswith(self.suffixes) and not Path(location.url).is_dir():
            return Claim(Claim.NAME, "its name ends as that of a TIFF file")
        return None

    def load(self, location: Location, options: Mapping[str, Any]) -> Content:
        """Describe the images of a file; several as a collection."""
        check_options(self, options)
        with_ome = _with_ome(options.get("ome"))
        with open_described(location, with_ome=with_ome) as opened:
            name = opened.file.name
            chosen = _chosen_series(opened, options.get("series"), name)
            messages = opened.messages
            origin = _Origin(location, with_ome)
            described = _ome_images(opened.ome, opened.series)
            images = [_image(opened, index, origin, options.get("axes"), described[index]) for index in chosen]
        for message in dict.fromkeys(messages):
            text = message if name in message else f"{name}: {message}"
            warnings.warn(OMEZarrWarning(text), stacklevel=2)
        ome_xml = None if opened.ome is None else opened.ome.metadata_only
        if len(images) == 1 and options.get("series") != "all":
            return evolve(images[0], ome_xml=ome_xml)
        return CollectionContent(images={str(number): image for number, image in enumerate(images)}, ome_xml=ome_xml)


@frozen
class _Origin:
    """What is needed to open a file again: where it is, and whether its OME-XML is looked at."""

    location: Location
    with_ome: bool


def _with_ome(wanted: object) -> bool:
    if wanted not in (None, "use", "ignore"):
        raise ArgumentError(f'{wanted!r} is no choice of the option "ome"; give "ignore", or leave it out')
    return wanted != "ignore"


def _chosen_series(opened: OpenTiff, wanted: object, name: str) -> list[int]:
    count = len(opened.series)
    if wanted is None or wanted == "all":
        return list(range(count))
    number = int(wanted) if isinstance(wanted, str) and wanted.strip().isdecimal() else wanted
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < count:
        return [number]
    found = "; ".join(f"{index} ({_summary(series)})" for index, series in enumerate(opened.series[:10]))
    more = f"; and {count - 10} more" if count > 10 else ""
    raise ArgumentError(f'{name} has no series {number!r}; give "all" or the number of one: {found}{more}')


def _summary(series: TiffPageSeries) -> str:
    summary = f"{series.axes.lower()} {'x'.join(map(str, series.shape))} {series.dtype}"
    return f"{series.name!r}, {summary}" if series.name else summary


def _image(opened: OpenTiff, index: int, origin: _Origin, axes: object, described: OMEImage | None) -> ImageContent:
    series = opened.series[index]
    name = opened.file.name if len(opened.series) == 1 else f"{opened.file.name}, series {index},"
    source = _source(opened, index, origin)
    pixels, letters = _arranged(source, series, axes, name)
    description = _description(opened, index, name, described)
    opened.messages.extend(f"{name} {note}" for note in description.notes)
    steps = [description.steps.get(letter) for letter in letters]
    channels = description.channels_for(
        pixels.shape[letters.index("c")] if "c" in letters else 1, sample_channels(series.keyframe)
    )
    opened.messages.extend(stored_differently(series.keyframe, name))
    opened.messages.extend(_reading_notices(source.layout, name))
    unknown = [letter for letter in letters if letter in "zyx" and letter not in description.steps]
    if unknown:
        along = "" if len(unknown) == sum(letter in "zyx" for letter in letters) else f" along {' and '.join(unknown)}"
        opened.messages.append(f"{name} gives no pixel size{along}; it is taken as 1 without unit")
    return ImageContent(
        pixels=pixels,
        axes=tuple(
            axis if step is None or step.unit is None else evolve(axis, unit=step.unit)
            for axis, step in zip(conventional_axes(letters), steps, strict=True)
        ),
        name=description.name or _stem(origin.location.name),
        scale=tuple(1.0 if step is None else step.value for step in steps) if any(steps) else None,
        translation=description.translation_along(letters),
        channels=channels,
    )


def _arranged(source: TiffSource, series: TiffPageSeries, axes: object, name: str) -> tuple[PixelSource, str]:
    """Return the pixels with their axes in the order of NGFF, and the letters of these."""
    from omezarr.arrays import expanded

    if axes is not None:
        return arrange(source, parse_axes(axes, source.shape, name))
    found = list(zip(series.axes.lower(), source.shape, strict=True))
    kept = [(letter, length) for letter, length in found if letter in KNOWN + SAMPLES or length > 1]
    letters = "".join(letter for letter, _ in kept)
    unclear = [letter for letter in letters if letter not in KNOWN + SAMPLES or letters.count(letter) > 1]
    if unclear:
        raise ArgumentError(
            f"{name} does not say what its dimension{'s' if len(unclear) > 1 else ''} {', '.join(unclear)} of "
            f"{series.axes.lower()} {source.shape} mean{'' if len(unclear) > 1 else 's'}; "
            f"say it with --axes, one letter a dimension, for example --axes {_completed(series.axes.lower(), unclear)}"
        )
    return arrange(expanded(source, [length for _, length in kept]), letters)


def _completed(letters: str, unclear: list[str]) -> str:
    """Return axes with a guess in place of each unclear letter, for a message.

    Examples
    --------
    >>> _completed("qsyx", ["q"])
    'zsyx'
    """
    guesses = iter([letter for letter in "ztc" if letter not in letters] + list("abdefg"))
    return "".join(next(guesses, "k") if letter in unclear else letter for letter in letters)


def _description(opened: OpenTiff, index: int, name: str, image: OMEImage | None) -> Description:
    series = opened.series[index]
    if image is None and opened.ome is not None and opened.ome.images:
        opened.messages.append(f"the OME-XML describes no image of the size of {name}; what it says is not used")
    if image is not None:
        description = describe_ome(image)
    elif series.kind == "imagej":
        description = describe_imagej(opened.tiff.imagej_metadata or {}, series.keyframe)
    else:
        description = describe_plain(series.keyframe, series.name)
    steps, channels = vendor_facts(opened.tiff, series)
    told = image is not None or series.kind == "imagej"
    return evolve(
        description,
        steps={**steps, **description.steps} if told else {**description.steps, **steps},
        channels=description.channels or channels,
    )


def _ome_images(document: OMEDocument | None, series: list[TiffPageSeries]) -> list[OMEImage | None]:
    """Return for each series the image that it is; some images have no pixels, so they are told by name and size."""
    if document is None:
        return [None] * len(series)
    if len(document.images) == len(series):
        return list(document.images)
    left = list(document.images)
    found: list[OMEImage | None] = []
    for one in series:
        sizes = dict(zip(one.axes.lower(), one.shape, strict=True))
        same = one.kind == "ome"  # else tifffile has neither its name nor all of its axes
        fits = [
            number
            for number, image in enumerate(left)
            if (not same or (image.name or "") == one.name)
            and all(image.sizes[axis] == sizes.get(axis, 1) for axis in ("zyxt" if same else "yx"))
        ]
        found.append(left[fits[0]] if fits else None)
        left = left[fits[0] + 1 :] if fits else left
    return found


def _reading_notices(layout: PageLayout, name: str) -> list[str]:
    found = []
    if not layout.raw and layout.segment_bytes > BIG_STRIP_BYTES:
        size = f"{layout.segment_bytes / 2**20:.0f} MiB"
        found.append(
            f"{name} is compressed in pieces of {size}; each is decoded whole, which takes that much memory and more"
        )
    if layout.missing_pages:
        pages = len(layout.counts)
        found.append(f"{name} lacks {layout.missing_pages} of {pages} planes; they are imported as {layout.nodata}")
    return found


def _source(opened: OpenTiff, index: int, origin: _Origin) -> TiffSource:
    from omezarr_builtins.importers._tiff_pages import check_extent, describe_series
    from omezarr_builtins.importers._tiff_pixels import TiffSource

    file, series = opened.file, opened.series[index]
    layout, paths = describe_series(series, file.name)
    files = [file]
    own = getattr(file, "path", None)
    if own is not None and (len(paths) > 1 or not own.samefile(paths[0])):
        opener = local_file if len(paths) <= OPEN_FILES else ReopenedFile
        files = [opener(Path(path)) for path in paths]
    check_extent(layout, [part.size for part in files], [part.name for part in files])
    return TiffSource(layout, files, file.name, (reopened, (origin.location, index, origin.with_ome)))


_reopened: OrderedDict[tuple[str, int, bool, str], TiffSource] = OrderedDict()
_reopening = threading.Lock()


def reopened(location: Location, index: int, with_ome: bool, identity: str) -> TiffSource:
    """Return the source of a series that another process had opened; the last ones stay open.

    Raises
    ------
    SourceError
        If the file is another one now.
    """
    key = (str(location), index, with_ome, identity)
    with _reopening:
        if key not in _reopened:
            with open_described(location, with_ome=with_ome) as opened:
                source = _source(opened, index, _Origin(location, with_ome))
            if source.identity != identity:
                raise SourceError(f"{location} has changed since it was opened")
            _reopened[key] = source
            if len(_reopened) > REOPENED_SOURCES:
                _reopened.popitem(last=False)
        _reopened.move_to_end(key)
        return _reopened[key]


def _stem(name: str) -> str:
    """Return a file name without the suffixes of TIFF.

    Examples
    --------
    >>> _stem("cells.ome.tif")
    'cells'
    """
    for suffix in Tiff.suffixes:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
    return name


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (Tiff(),)
