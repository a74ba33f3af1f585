"""Rules of collections in the layout of bioformats2raw, and of the group ``OME`` that lists their images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.neighbours import (
    child_document,
    is_group_without,
    is_proper,
    listed_names,
    look,
    says,
)
from omezarr_builtins.rules.ome_xml import OME_XML, ome_xml_of
from omezarr_builtins.rules.places import ARRAY, STRING, is_a, is_number, repeated, select, shown
from omezarr_builtins.rules.references import image_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext

LAYOUT = "bioformats2raw.layout"
BOOK = RuleBook(LAYOUT, LAYOUT).between("0.4")
SERIES = RuleBook("series", LAYOUT).between("0.4")

SERIES.must("series.form", "'series' is an array.")(is_a(ARRAY, "series"))
SERIES.must("series.entries.form", "Images are listed by their paths, which are strings.")(is_a(STRING, "series/*"))


@SERIES.must("series.paths.relative", "The path of an image stays below the collection.")
def _relative(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, "series/*"):
        if isinstance(value, str) and not is_proper(value):
            yield Finding(path=path, found=shown(value), expected="a path relative to the collection")


@SERIES.should("series.unique", "No image is listed twice.")
def _unique(context: RuleContext) -> Iterator[Finding]:
    places = [(path, value) for path, value in select(context.values, "series/*") if isinstance(value, str)]
    for position, _ in repeated(value for _, value in places):
        path, value = places[position]
        yield Finding(path=path, found=f"{value!r} again", expected="each image once")


@BOOK.must("bioformats2raw.value", "The layout is number 3.")
def _value(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, LAYOUT):
        if not is_number(value) or value != 3:
            yield Finding(path=path, found=shown(value), expected="the number 3")


@BOOK.must("bioformats2raw.images.exist", "Every image that is listed or counted is a group.", depth=Depth.HIERARCHY)
def _exist(context: RuleContext) -> Iterator[Finding]:
    if "plate" in context.values or context.hierarchy is None:
        return
    paths = image_paths(context)
    for path, what in look(context, paths).items():
        if what is None or (isinstance(what, ZarrNode) and what.kind != "group"):
            yield Finding(path=(LAYOUT,), array=path, found=says(what), expected="a zarr group")
    if not paths and (child_document(context, "OME") or {}).get("series") is None:
        yield Finding(path=(LAYOUT,), array="0", found="no image", expected="images in groups 0, 1, 2 and so on")


@BOOK.must(
    "bioformats2raw.images.metadata", "Every image of the collection is a multiscale image.", depth=Depth.HIERARCHY
)
def _are_images(context: RuleContext) -> Iterator[Finding]:
    if "plate" in context.values or context.hierarchy is None:
        return
    for path, what in look(context, image_paths(context)).items():
        if is_group_without("multiscales", what, context.version):
            yield Finding(path=(LAYOUT,), array=path, found="no key 'multiscales'", expected="a multiscale image")


@BOOK.must(
    "bioformats2raw.images.numbered",
    "Images that no series lists are in groups 0, 1, 2 and so on, without a gap.",
    depth=Depth.HIERARCHY,
)
def _numbered(context: RuleContext) -> Iterator[Finding]:
    series = (child_document(context, "OME") or {}).get("series")
    if "plate" in context.values or series is not None or context.hierarchy is None:
        return
    known = set(image_paths(context))
    others = [name for name in listed_names(context) if name.isdecimal() and name not in known]
    for name in sorted(others, key=int):
        if "multiscales" in (child_document(context, name) or {}):
            expected = "images numbered from 0 on, as many as the OME-XML describes"
            yield Finding(path=(LAYOUT,), array=name, found="an image beside the others", expected=expected)


@BOOK.should("bioformats2raw.ome_xml.present", "The collection has OME-XML.", depth=Depth.HIERARCHY)
def _has_ome_xml(context: RuleContext) -> Iterator[Finding]:
    if context.hierarchy is not None and ome_xml_of(context) is None:
        yield Finding(path=(LAYOUT,), array=OME_XML, found="nothing", expected="the OME-XML of all images")


@BOOK.must("bioformats2raw.ome_xml.form", "The OME-XML is OME-XML.", depth=Depth.HIERARCHY)
def _is_ome_xml(context: RuleContext) -> Iterator[Finding]:
    found = ome_xml_of(context)
    if found is not None and found.fault:
        yield Finding(path=(LAYOUT,), array=OME_XML, found=found.fault, expected="OME-XML")


@BOOK.must("bioformats2raw.ome_xml.metadata_only", "The OME-XML has MetadataOnly and no pixels.", depth=Depth.HIERARCHY)
def _metadata_only(context: RuleContext) -> Iterator[Finding]:
    found = ome_xml_of(context)
    if found is not None and found.pixel_elements:
        elements = ", ".join(found.pixel_elements)
        yield Finding(path=(LAYOUT,), array=OME_XML, found=elements, expected="MetadataOnly instead")


@BOOK.must("bioformats2raw.ome_xml.images", "The OME-XML describes exactly the listed images.", depth=Depth.HIERARCHY)
def _same_number(context: RuleContext) -> Iterator[Finding]:
    found = ome_xml_of(context)
    series = (child_document(context, "OME") or {}).get("series")
    if found is None or found.fault or not isinstance(series, list) or "plate" in context.values:
        return
    if found.images != len(series):
        expected = f"{len(series)}, as the series lists"
        yield Finding(path=(LAYOUT,), array=OME_XML, found=f"{found.images} images", expected=expected)


@BOOK.should(
    "bioformats2raw.plate.series", "Where there is a plate, the series lists its images.", depth=Depth.HIERARCHY
)
def _plate_series(context: RuleContext) -> Iterator[Finding]:
    if "plate" not in context.values or context.hierarchy is None:
        return
    if "series" not in (child_document(context, "OME") or {}):
        yield Finding(path=(LAYOUT,), array="OME", found="no key 'series'", expected="the images of the plate")
