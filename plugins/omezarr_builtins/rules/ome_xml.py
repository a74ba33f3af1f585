"""What an OME-XML document says of the images beside it, read without trusting it: no entities, no recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary
from xml.parsers import expat

from attrs import frozen

from omezarr.errors import MetadataError, StorageError
from omezarr_builtins.rules.neighbours import joined

if TYPE_CHECKING:
    from omezarr.abc.rules import RuleContext
    from omezarr.hierarchy import Hierarchy

OME_XML = "OME/METADATA.ome.xml"
"""Where a collection keeps its OME-XML, relative to its group."""

PIXEL_ELEMENTS = ("BinData", "BinaryOnly", "TiffData")
"""Elements that point at pixels; OME-XML beside zarr arrays has MetadataOnly in their place."""


@frozen(kw_only=True)
class OmeXml:
    """What was found in an OME-XML document.

    Parameters
    ----------
    fault : str
        Why it is none; empty if it is one.
    images : int
    pixel_elements : tuple of str
        Those of `PIXEL_ELEMENTS` that occur.
    """

    fault: str = ""
    images: int = 0
    pixel_elements: tuple[str, ...] = ()


_known: WeakKeyDictionary[Hierarchy, dict[str, OmeXml | None]] = WeakKeyDictionary()


def ome_xml_of(context: RuleContext) -> OmeXml | None:
    """Return what the OME-XML of a collection says, fetched once; None if there is none."""
    hierarchy = context.hierarchy
    if hierarchy is None:
        return None
    known = _known.setdefault(hierarchy, {})
    path = joined(context.path, OME_XML)
    if path not in known:
        try:
            content = hierarchy.read(path)
        except (MetadataError, StorageError) as error:
            known[path] = OmeXml(fault=str(error))
        else:
            known[path] = None if content is None else read_ome_xml(content)
    return known[path]


def read_ome_xml(content: bytes) -> OmeXml:
    """Return what an OME-XML document says.

    Examples
    --------
    >>> read_ome_xml(b"<OME><Image/><Image/></OME>").images
    2
    >>> read_ome_xml(b"<HTML/>").fault
    "its root is 'HTML', not 'OME'"
    """
    open_elements: list[str] = []
    found: set[str] = set()
    images = 0
    root = ""

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal images, root
        local = name.rpartition(":")[2]
        root = root or local
        images += len(open_elements) == 1 and local == "Image"
        found.update({local} & set(PIXEL_ELEMENTS))
        open_elements.append(local)

    def refuse(*_: object) -> None:
        raise expat.ExpatError("it declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_elements.pop()
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: encodings that Python does not know
        return OmeXml(fault=f"it is no XML: {error}")
    if root != "OME":
        return OmeXml(fault=f"its root is {root!r}, not 'OME'")
    return OmeXml(images=images, pixel_elements=tuple(name for name in PIXEL_ELEMENTS if name in found))
