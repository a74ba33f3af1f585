"""The OME-XML of an OME-TIFF: the document that was kept, amended to what the file holds, or a new one.

Source: OME-XML schema 2016-06; the OME-TIFF specification on ``TiffData``.
"""

from __future__ import annotations

import math
import uuid
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from attrs import frozen

from omezarr.errors import UnsupportedError
from omezarr.units import symbol_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.dom.minidom import Document, Element

    from omezarr.model.content import ImageContent

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"

_TYPES = {
    "bool": "uint8",  # a bit of OME-TIFF is packed by eights, which few programs read
    **{name: name for name in ("int8", "int16", "int32", "uint8", "uint16", "uint32")},
    "float32": "float",
    "float64": "double",
    "complex64": "complex",
    "complex128": "double-complex",
}
"""The names of numpy and those of OME-XML."""


@frozen(kw_only=True)
class FileSeries:
    """One image of a file.

    Parameters
    ----------
    image : ImageContent
        With y and x as its last axes.
    name : str
    label : bool
        Whether it is a label image of the series before.
    ifd : int
        Its first plane in the file.
    """

    image: ImageContent
    name: str
    label: bool = False
    ifd: int = 0

    @property
    def planes(self) -> int:
        """How many planes it has."""
        return math.prod(self.image.pixels.shape[:-2])


def check_series(series: FileSeries) -> None:
    """Refuse an image that OME-XML cannot describe.

    Raises
    ------
    UnsupportedError
    """
    axes = [axis.name for axis in series.image.axes]
    if not {"y", "x"} <= set(axes) <= set("tczyx"):
        raise UnsupportedError(
            f"{series.name!r} has the axes {', '.join(axes)}; an OME-TIFF has x, y and some of z, c, t"
        )
    dtype = series.image.pixels.dtype.name
    if dtype not in _TYPES:
        raise UnsupportedError(
            f"{series.name!r} is of {dtype}, which OME-TIFF does not have; it has {', '.join(_TYPES)}"
        )


def ome_xml(series: Sequence[FileSeries], kept: bytes | None) -> bytes:
    """Return the document of a file.

    Parameters
    ----------
    series : sequence of FileSeries
    kept : bytes, optional
        A document that describes these images, in their order, or among others the only one.
    """
    images = [one for one in series if not one.label] or [*series[:1]]
    document = _kept(images, kept) or _new(len(images))
    root = document.documentElement
    assert root is not None
    root.setAttribute("UUID", "")
    elements = iter(_children(root, "Image"))
    before: Element | None = None
    for number, one in enumerate(series):
        following: Any = None if before is None else before.nextSibling
        if one.label and before is not None:
            element = _element(document, root, "Image", ID=f"Image:labels-{number}")
            element.appendChild(_element(document, root, "Pixels", ID=f"Pixels:labels-{number}"))
            root.insertBefore(element, following)
        else:
            element = next(elements)
        _amend(document, element, one)
        before = element
    # The same image gives the same file: its name is made from what is said of it and from what its pixels are.
    said = [document.toxml(), *(one.image.pixels.identity for one in series)]
    root.setAttribute("UUID", f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(said))}")
    text: bytes = document.toxml(encoding="UTF-8")
    return text


def _new(count: int) -> Document:
    from xml.dom.minidom import parseString

    images = "".join(f'<Image ID="Image:{n}"><Pixels ID="Pixels:{n}"/></Image>' for n in range(count))
    return parseString(f'<OME xmlns="{SCHEMA}" Creator="omezarr">{images}</OME>')  # noqa: S318 - made here


def _kept(series: Sequence[FileSeries], kept: bytes | None) -> Document | None:
    """Return the kept document with the images of the series alone; None if it does not describe them."""
    from xml.dom.minidom import parseString

    if kept is None or _is_unsafe(kept):
        return None
    document = parseString(kept)  # noqa: S318 - it has no DTD
    root = document.documentElement
    if root is None or root.localName != "OME":
        return None
    all_images = _children(root, "Image")
    images = [image for image in all_images if _children(image, "Pixels")]
    if len(images) != len(series):
        images = [image for image in images if image.getAttribute("Name") == series[0].name]
    if len(images) != len(series):
        return None
    others = [image for image in all_images if image not in images]
    left = {image.getAttribute("ID") for image in others}
    references = [one for one in root.getElementsByTagNameNS("*", "ImageRef") if one.getAttribute("ID") in left]
    for element in (*others, *references):
        if element.parentNode is not None:
            element.parentNode.removeChild(element)
    return document


def _is_unsafe(content: bytes) -> bool:
    """Say whether a document has a DTD, whose entities could grow without bound, or is no XML."""
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda name, *_: found.append(name)
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError):
        return True
    return bool(found)


def _amend(document: Document, element: Element, series: FileSeries) -> None:
    """Let an image of the document say what the file holds."""
    image = series.image
    axes = [axis.name for axis in image.axes]
    sizes = {name: image.pixels.shape[axes.index(name)] if name in axes else 1 for name in "xyzct"}
    pixels = _children(element, "Pixels")[0]
    same = all(pixels.getAttribute(f"Size{name.upper()}") == str(size) for name, size in sizes.items())
    element.setAttribute("Name", series.name)
    for name in ("BigEndian", "Interleaved", *(() if same else ("SignificantBits",))):
        if pixels.hasAttribute(name):
            pixels.removeAttribute(name)
    inner = [name for name in reversed(axes) if name not in "yx"]
    order = "XY" + "".join(inner + [name for name in "zct" if name not in inner]).upper()
    pixels.setAttribute("DimensionOrder", order)
    pixels.setAttribute("Type", _TYPES[image.pixels.dtype.name])
    for name, size in sizes.items():
        pixels.setAttribute(f"Size{name.upper()}", str(size))
    _set_sizes(pixels, image)
    for kind in ("TiffData", "BinData", "MetadataOnly", *(() if same else ("Plane",))):
        for child in _children(pixels, kind):
            pixels.removeChild(child)
    _set_channels(document, pixels, series, sizes["c"])
    data = _element(document, pixels, "TiffData", IFD=str(series.ifd), PlaneCount=str(series.planes))
    pixels.insertBefore(data, next(iter(_children(pixels, "Plane")), None))


def _set_sizes(pixels: Element, image: ImageContent) -> None:
    """Write the sizes of pixels that are known."""
    for axis, scale in zip(image.axes, image.scale or (), strict=False):
        word = {"t": "TimeIncrement"}.get(axis.name, f"PhysicalSize{axis.name.upper()}")
        symbol = symbol_of(axis.unit)
        if axis.name == "c" or (scale == 1 and not axis.unit):
            continue
        pixels.setAttribute(word, repr(float(scale)))
        if symbol is not None:
            pixels.setAttribute(f"{word}Unit", symbol)
        elif axis.name == "t":
            pixels.removeAttribute(word)  # the schema knows times with a unit only; pixels without one have a word
        else:
            pixels.setAttribute(f"{word}Unit", "pixel")


def _set_channels(document: Document, pixels: Element, series: FileSeries, count: int) -> None:
    """Write names and colours of channels; those that were kept stay where there are as many, of one sample each."""
    found = _children(pixels, "Channel")
    if len(found) != count or any(one.getAttribute("SamplesPerPixel") not in ("", "1") for one in found):
        for one in found:
            pixels.removeChild(one)
        number = pixels.getAttribute("ID").rpartition(":")[2]
        found = [
            _element(document, pixels, "Channel", ID=f"Channel:{number}:{index}", SamplesPerPixel="1")
            for index in range(count)
        ]
        first = pixels.firstChild
        for one in found:
            pixels.insertBefore(one, first)
    for one, channel in zip(found, series.image.channels or (), strict=False):
        if isinstance(channel.label, str | int) and channel.label != "":
            one.setAttribute("Name", str(channel.label))
        color = channel.color
        if isinstance(color, str) and len(color) == 6:
            value = int(f"{color}FF", 16)  # red, green, blue, opaque, as one signed number
            one.setAttribute("Color", str(value - 2**32 if value >= 2**31 else value))


def _element(document: Document, beside: Element, name: str, **attributes: str) -> Element:
    """Return a new element in the namespace of another, written as that one is."""
    prefix = f"{beside.prefix}:" if beside.prefix else ""
    element = document.createElementNS(beside.namespaceURI, f"{prefix}{name}")
    for key, value in attributes.items():
        element.setAttribute(key, value)
    return element


def _children(element: Element, name: str) -> list[Element]:
    return [node for node in element.childNodes if node.nodeType == node.ELEMENT_NODE and node.localName == name]
