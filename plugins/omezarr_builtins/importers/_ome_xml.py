"""OME-XML: what it says of images, and its form for storage beside a Zarr.

Responsible for parsing what may come from anywhere (documents with a DTD are refused, so that no entity is ever
expanded) and for the one change that OME-NGFF asks for: pixels are elsewhere, so ``TiffData`` becomes
``MetadataOnly``. Every other byte stays as it is.

Source: OME-XML schema 2016-06; OME-NGFF 0.4 "bioformats2raw.layout" on ``METADATA.ome.xml``.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING
from xml.parsers import expat

from attrs import Factory, define, frozen

from omezarr.errors import SourceError
from omezarr.units import Measure, duration, length

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_DEPTH = 200
"""Deeper nested XML is refused; OME-XML stays below 20."""

MAX_PLANES = 1_000_000
"""More planes than any acquisition has; a document that declares them is refused."""

MAX_CHANNELS = 20_000
"""More channels than any spectrometer tells apart; a document that describes them is refused."""


@frozen
class OMEChannel:
    """One ``Channel``: a name, a colour in six hexadecimal digits, and how many samples it has."""

    name: str | None = None
    color: str | None = None
    samples: int = 1


@define
class OMEImage:
    """One ``Image`` with its ``Pixels``.

    Parameters
    ----------
    name : str or None
    sizes : dict
        Axis letter to number of samples; with samples of colour channels counted in c.
    steps : dict
        Axis letter to the size of a pixel or time step.
    channels : list of OMEChannel
    positions : dict
        Axis letter to where the first plane lies on the stage.
    first_page : int
        The page of the file at which its pixels begin.
    tag : int
        Where its ``Pixels`` begin in the document, in bytes.
    times : dict
        Index along t to when the first plane of it was taken, with its unit.
    """

    name: str | None = None
    sizes: dict[str, int] = Factory(dict)
    steps: dict[str, Measure] = Factory(dict)
    channels: list[OMEChannel] = Factory(list)
    positions: dict[str, Measure] = Factory(dict)
    first_page: int = 0
    tag: int = 0
    times: dict[int, Measure] = Factory(dict)

    def time_steps(self) -> tuple[Measure, float, float] | None:
        """Return the mean, the shortest and the longest time from one frame to the next; None if times do not tell."""
        known = sorted(self.times.items())
        units = {time.unit for _, time in known}
        pairs = [
            (later.value - time.value) / (after - index) for (index, time), (after, later) in itertools.pairwise(known)
        ]
        if not pairs or len(units) > 1 or min(pairs) <= 0:
            return None
        (first, start), (last, end) = known[0], known[-1]
        mean = float(f"{(end.value - start.value) / (last - first):.9g}")  # sums of decimals have no more true digits
        return Measure(mean, units.pop()), min(pairs), max(pairs)


@frozen
class OMEDocument:
    """What an OME-XML document says.

    Parameters
    ----------
    images : tuple of OMEImage
        Those with pixels, in their order.
    files : tuple of str
        Other files that hold pixels, as they are named.
    metadata_only : bytes or None
        The document without references to pixels in TIFF files; None where it is malformed.
    metadata_file : str or None
        Where the metadata is, if this document only says that.
    content : bytes
        The document in UTF-8, or in the encoding that it names.
    """

    images: tuple[OMEImage, ...]
    files: tuple[str, ...]
    metadata_only: bytes | None
    metadata_file: str | None = None
    content: bytes = b""

    def resized(self, sizes: Mapping[int, tuple[int, int]]) -> str:
        """Return the document with other numbers of rows and columns.

        Parameters
        ----------
        sizes : mapping
            Number of the image to rows and columns.
        """
        pieces, done = [], 0
        for number, (rows, columns) in sorted(sizes.items()):
            start = self.images[number].tag
            stop = self.content.index(b">", start)
            tag = self.content[start:stop]
            for axis, size in (("Y", rows), ("X", columns)):
                tag = re.sub(rf"\bSize{axis}\s*=\s*([\"']).*?\1".encode(), f'Size{axis}="{size}"'.encode(), tag)
            pieces += [self.content[done:start], tag]
            done = stop
        return b"".join([*pieces, self.content[done:]]).decode("utf-8", errors="replace")


class MalformedError(ValueError):
    """It is no well-formed XML.

    Parameters
    ----------
    message : str
    images : iterable of OMEImage
        Those that were read before.
    """

    def __init__(self, message: str, images: Iterable[OMEImage] = ()) -> None:
        super().__init__(message)
        self.images = tuple(images)


def parse_ome_xml(content: bytes, name: str) -> OMEDocument:
    """Parse an OME-XML document.

    Parameters
    ----------
    content : bytes
    name : str
        Where it comes from, for messages.

    Raises
    ------
    SourceError
        If it has a DTD, is nested too deep, or declares what no file holds.
    MalformedError
        If it is not well-formed, or a number is none.
    """
    content = _encoded(content)
    reader = _Reader(name)
    parser = expat.ParserCreate()
    parser.buffer_text = False
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse

    def start(tag: str, attributes: dict[str, str]) -> None:
        reader.close_span(parser.CurrentByteIndex)
        reader.start(tag, attributes, parser.CurrentByteIndex)

    def end(_: str) -> None:
        reader.close_span(parser.CurrentByteIndex)
        reader.end()

    def text(characters: str) -> None:
        reader.close_span(parser.CurrentByteIndex)
        reader.text(characters)

    def comment(_: str) -> None:
        reader.close_span(parser.CurrentByteIndex)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.CommentHandler = comment
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError) as error:
        raise MalformedError(f"the OME-XML of {name} is malformed: {error}", reader.images) from error
    files = tuple(file for file, uuid in reader.files.items() if file != name and uuid != reader.uuid)
    return OMEDocument(tuple(reader.images), files, _without(content, reader.spans), reader.metadata_file, content)


@define
class _Span:
    """The bytes of one element that refers to pixels."""

    start: int
    replacement: bytes
    stop: int | None = None
    open: bool = True


class _Reader:
    """Collects from the events of a parser what matters."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.images: list[OMEImage] = []
        self.spans: list[_Span] = []
        self.metadata_file: str | None = None
        self.uuid: str | None = None
        self.files: dict[str, str] = {}
        self._file: str | None = None
        self._path: list[str] = []
        self._image_name: str | None = None
        self._replaced = False

    def refuse(self, *_: object) -> None:
        raise SourceError(f"the OME-XML of {self.name} has a DTD, which OME-XML never needs and attacks use; refused")

    def start(self, tag: str, attributes: dict[str, str], index: int) -> None:
        prefix, colon, local = tag.rpartition(":")
        self._path.append(local)
        if len(self._path) > MAX_DEPTH:
            raise SourceError(f"the OME-XML of {self.name} is nested more than {MAX_DEPTH} levels deep; refused")
        match self._path[1:]:
            case []:
                self.uuid = attributes.get("UUID")
            case ["BinaryOnly"]:
                self.metadata_file = attributes.get("MetadataFile", "")
            case ["Image"]:
                self._image_name = attributes.get("Name")
            case ["Image", "Pixels"]:
                self._replaced = False
                self.images.append(self._image(attributes, index))
            case ["Image", "Pixels", "Channel"]:
                self._add_channel(self.images[-1], attributes)
            case ["Image", "Pixels", "TiffData" | "BinData" as kind]:
                if kind == "TiffData":
                    self._number(attributes, "PlaneCount", MAX_PLANES)
                    self._number(attributes, "NumPlanes", MAX_PLANES)
                    page = self._number(attributes, "IFD", MAX_PLANES)
                    if not self._replaced and page is not None:
                        self.images[-1].first_page = page
                empty = f"<{prefix}{colon}MetadataOnly/>".encode()
                self.spans.append(_Span(index, b"" if self._replaced else empty))
                self._replaced = True
            case ["Image", "Pixels", "Plane"]:
                self._plane(self.images[-1], attributes)
            case ["Image", "Pixels", "TiffData", "UUID"]:
                self._file = attributes.get("FileName")
                if self._file is not None:
                    self.files.setdefault(self._file, "")

    def text(self, characters: str) -> None:
        if self._file is not None:
            self.files[self._file] += characters

    def end(self) -> None:
        if self._path[1:3] == ["Image", "Pixels"] and self._path[3:] in (["TiffData"], ["BinData"]):
            self.spans[-1].open = False
        if self._path[-1] == "UUID":
            self._file = None
        self._path.pop()

    def close_span(self, index: int) -> None:
        """Take note that the element whose end was reported ends here: where the next thing begins."""
        if self.spans and not self.spans[-1].open and self.spans[-1].stop is None:
            self.spans[-1].stop = index

    def _image(self, attributes: dict[str, str], index: int) -> OMEImage:
        limits = dict.fromkeys("XYZCT", 2**31)
        sizes = {axis.lower(): self._number(attributes, f"Size{axis}", limit) or 1 for axis, limit in limits.items()}
        planes = sizes["z"] * sizes["c"] * sizes["t"]
        if planes > MAX_PLANES:
            raise SourceError(f"the OME-XML of {self.name} declares {planes} planes, which no file holds; refused")
        steps = {
            axis: length(self._float(attributes, f"PhysicalSize{axis.upper()}"), unit)
            for axis in "zyx"
            for unit in [attributes.get(f"PhysicalSize{axis.upper()}Unit", "\N{MICRO SIGN}m")]
        }
        increment = self._float(attributes, "TimeIncrement")
        steps["t"] = duration(increment, attributes.get("TimeIncrementUnit", "s"))
        known = {axis: step for axis, step in steps.items() if step is not None}
        return OMEImage(name=self._image_name, sizes=sizes, steps=known, tag=index)

    def _plane(self, image: OMEImage, attributes: dict[str, str]) -> None:
        """Take note of when and where a plane was taken; of several at one time, the first one's word counts."""
        text = attributes.get("TheT", "0").strip()
        time, moment = int(text) if text.isdecimal() and len(text) < 10 else 0, self._float(attributes, "DeltaT")
        unit = duration(1.0, attributes.get("DeltaTUnit", "s"))
        if moment is not None and math.isfinite(moment) and unit is not None:
            image.times.setdefault(time, Measure(moment * unit.value, unit.unit))
        for axis in "zyx":
            place = self._float(attributes, f"Position{axis.upper()}")
            scale = length(1.0, attributes.get(f"Position{axis.upper()}Unit", "reference frame"))
            if place is not None and math.isfinite(place) and scale is not None:
                image.positions.setdefault(axis, Measure(place * scale.value, scale.unit))

    def _add_channel(self, image: OMEImage, attributes: dict[str, str]) -> None:
        if len(image.channels) >= MAX_CHANNELS:
            raise SourceError(f"the OME-XML of {self.name} describes more than {MAX_CHANNELS} channels; refused")
        samples = self._number(attributes, "SamplesPerPixel", 2**16) or 1
        text = attributes.get("Color", "")
        color = _color(int(text)) if re.fullmatch(r"-?[0-9]{1,20}", text) else None
        name = attributes.get("Name") or attributes.get("Fluor") or None
        image.channels.append(OMEChannel(name, color, samples))

    def _number(self, attributes: dict[str, str], key: str, limit: int) -> int | None:
        text = attributes.get(key)
        if text is None:
            return None
        if not text.strip().isdecimal():
            raise MalformedError(f"the OME-XML of {self.name} has {key}={text!r}, which is no number", self.images)
        if len(text) > 20 or int(text) > limit:
            raise SourceError(f"the OME-XML of {self.name} declares {key}={text[:20]}, which no file holds; refused")
        return int(text)

    def _float(self, attributes: dict[str, str], key: str) -> float | None:
        try:
            return float(attributes[key]) if key in attributes else None
        except ValueError:
            return None


def _color(value: int) -> str | None:
    """Return the RGB digits of a signed RGBA integer; None for the fully transparent black of a missing colour.

    Examples
    --------
    >>> _color(-16776961), _color(0)
    ('FF0000', None)
    """
    rgba = value & 0xFFFFFFFF
    return f"{rgba >> 8:06X}" if rgba else None


def _encoded(content: bytes) -> bytes:
    """Return a document without what some writers leave around it, in UTF-8 where it claims to be but is not."""
    content = content.strip(b"\0 \t\r\n")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        if not content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("cp1252", errors="replace").encode()
    return content


def _without(content: bytes, spans: list[_Span]) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for span in spans:
        before = content[done : span.start]
        pieces.append(before if span.replacement else before.rstrip())
        pieces.append(span.replacement)
        done = span.start if span.stop is None else span.stop
    return b"".join([*pieces, content[done:]])
