"""The exporter of OME-TIFF: tiled and pyramidal, with everything that OME-XML says of an image.

Several images become series of one file, the fields of a plate files in a folder. Labels are written on request, as
series behind the image or as files beside it.
"""

from __future__ import annotations

import math
from string import Formatter
from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.abc import Claim, Exporter
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.model.content import CollectionContent, ImageContent, PlateContent
from omezarr_builtins.exporters._ome_xml import FileSeries, check_series, ome_xml
from omezarr_builtins.exporters._writing import COMPRESSIONS, chosen, compression_of, number, planar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from omezarr.abc import ExportRun
    from omezarr.engine.progress import ProgressCounter
    from omezarr.location import Location
    from omezarr.model.content import Content

_LABELS = ("none", "series", "files")
_PATTERN = "{row}{column}_f{field}.ome.tif"
_FIELDS = ("row", "column", "field", "acquisition")
_TILE = 512


class OMETiff(Exporter):
    """Export images to OME-TIFF."""

    name = "ome-tiff"
    suffixes = (".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf")
    options = {  # noqa: RUF012 - the interface declares it
        "compression": f"of tiles: {', '.join(COMPRESSIONS)}",
        "tile": f"the side of a tile, a multiple of 16; {_TILE} unless told otherwise",
        "levels": "how many levels, the full one included; until a plane fits one tile unless told otherwise",
        "labels": 'label images: "none" (the default), "series" of the same file, or "files" beside it',
        "pattern": f"the names of the files of a plate's fields, {_PATTERN!r} unless told otherwise",
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim names that end as those of OME-TIFF."""
        return (
            Claim(Claim.NAME + 2, "its name ends as that of an OME-TIFF")
            if location.name.lower().endswith(self.suffixes)
            else None
        )

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse what OME-TIFF does not have, and options that make no sense."""
        _Request(options)
        for series in _files(content, "image.ome.tif", options).values():
            for one in series:
                check_series(one)

    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Write one file, or a folder of them for a plate."""
        from pathlib import Path

        from omezarr.engine.progress import ProgressCounter

        request = _Request(options)
        target = Path(location.url)
        files = _files(content, target.name, options)
        tally = ProgressCounter(
            0, sum(map(request.bytes_of, (one.image for found in files.values() for one in found))), run.progress
        )
        folder = target if isinstance(content, PlateContent) else target.parent
        for name, series in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            kept = getattr(content, "ome_xml", None) if name == target.name else None
            request.write(folder / name, series, kept, run, tally)


def _files(content: Content, name: str, options: Mapping[str, Any]) -> dict[str, list[FileSeries]]:
    """Return which images go to which file."""
    if isinstance(content, PlateContent):
        return _plate_files(content, str(options.get("pattern", _PATTERN)), options)
    if "pattern" in options:
        raise ArgumentError("pattern names the files of a plate, and the source is none")
    if isinstance(content, ImageContent):
        return _image_files(content, name, options)
    if not isinstance(content, CollectionContent):
        raise UnsupportedError("an OME-TIFF holds images, not what the source is; give one of its images")
    if chosen(options, "labels", _LABELS) == "files":
        raise ArgumentError("labels of several images can be series of their file only: labels=series")
    found = [_image_files(image, name, options, default=key)[name] for key, image in content.images.items()]
    return {name: [one for series in found for one in series]}


def _image_files(
    image: ImageContent, name: str, options: Mapping[str, Any], default: str = ""
) -> dict[str, list[FileSeries]]:
    """Return the files of one image: its own, and its labels where these are wanted."""
    stem, suffix = _stem(name)
    labels = chosen(options, "labels", _LABELS)
    files = {name: [FileSeries(image=image, name=image.name or default or stem)]}
    for key, label in image.labels.items() if labels != "none" else ():
        content = evolve(image, pixels=label.pixels, channels=None, labels={}, ome_xml=None)
        place = name if labels == "series" else f"{stem}.{key}{suffix}"
        files.setdefault(place, []).append(FileSeries(image=content, name=key, label=True))
    return files


def _stem(name: str) -> tuple[str, str]:
    """Split a file name before its suffix, ``.ome`` included.

    Examples
    --------
    >>> _stem("cells.ome.tif"), _stem("cells")
    (('cells', '.ome.tif'), ('cells', ''))
    """
    for suffix in OMETiff.suffixes:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)], name[-len(suffix) :]
    stem, dot, end = name.rpartition(".")
    return (stem, f"{dot}{end}") if stem else (name, "")


def _plate_files(plate: PlateContent, pattern: str, options: Mapping[str, Any]) -> dict[str, list[FileSeries]]:
    """Return the file of each field.

    Raises
    ------
    ArgumentError
        If the pattern is none, leads outside, or gives two fields the same file.
    """
    try:
        used = [field for _, field, _, _ in Formatter().parse(pattern) if field is not None]
    except ValueError as error:
        raise ArgumentError(f"{pattern!r} is no pattern: {error}") from error
    unknown = [field for field in used if field not in _FIELDS]
    if unknown or pattern.startswith("/") or ".." in pattern.split("/"):
        what = f"has {{{unknown[0]}}}" if unknown else "leads outside"
        raise ArgumentError(f"the pattern {pattern!r} {what}; it is made of {', '.join(f'{{{f}}}' for f in _FIELDS)}")
    files: dict[str, list[FileSeries]] = {}
    for well, fields in plate.wells.items():
        row, _, column = well.partition("/")
        for field, image in fields.items():
            acquisition = "" if image.acquisition is None else image.acquisition
            name = pattern.format(row=row, column=column, field=field, acquisition=acquisition)
            found = _image_files(evolve(image, name=f"{row}{column} field {field}"), name, options)
            if found.keys() & files.keys():
                raise ArgumentError(f"by the pattern {pattern!r} several fields of {well} are {name}; add {{field}}")
            files |= found
    return files


class _Request:
    """The options of an export, and writing by them."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.compression = compression_of(options)
        self.tile = number(options, "tile", _TILE)
        self.levels = number(options, "levels", 0)
        if self.tile % 16:
            raise ArgumentError(f"tile is {self.tile}; TIFF wants a multiple of 16")

    def bytes_of(self, image: ImageContent) -> int:
        """Return the bytes of all levels."""
        return sum(map(math.prod, self.shapes_of(planar(image)))) * image.pixels.dtype.itemsize

    def shapes_of(self, image: ImageContent) -> list[tuple[int, ...]]:
        """Return the shapes of all levels of an image whose last axes are y and x."""
        from omezarr_builtins.exporters._tiff_writing import level_count

        shapes = [image.pixels.shape]
        for _ in range((self.levels or level_count(image.pixels.shape, self.tile)) - 1):
            *outer, height, width = shapes[-1]
            shapes.append((*outer, -(-height // 2), -(-width // 2)))
        return shapes

    def write(
        self, path: Path, parts: Sequence[FileSeries], kept: bytes | None, run: ExportRun, tally: ProgressCounter
    ) -> None:
        """Write one file."""
        import tifffile

        from omezarr import registry_in_use
        from omezarr_builtins.exporters._tiff_writing import needs_bigtiff, write_levels

        methods = registry_in_use().scaling_methods
        series: list[FileSeries] = []
        for part in parts:
            first = series[-1].ifd + series[-1].planes if series else 0
            series.append(evolve(part, image=planar(part.image), ifd=first))
        shapes = [shape for one in series for shape in self.shapes_of(one.image)]
        itemsize = max(one.image.pixels.dtype.itemsize for one in series)
        description: bytes | None = ome_xml(series, kept)
        with tifffile.TiffWriter(path, bigtiff=needs_bigtiff(shapes, itemsize, self.tile), ome=False) as writer:
            for one in series:
                levels = len(self.shapes_of(one.image))
                discrete = one.label or one.image.pixels.dtype.kind == "b"
                write_levels(
                    writer,
                    one.image.pixels,
                    levels,
                    self.tile,
                    method=methods["nearest" if discrete else "local_mean"] if levels > 1 else None,
                    run=run,
                    tally=tally,
                    scratch=path.parent,
                    description=description,
                    compression=self.compression,
                    software="omezarr",
                )
                description = None


@hookimpl
def omezarr_exporters() -> tuple[Exporter, ...]:
    """Give the exporter to omezarr."""
    return (OMETiff(),)
