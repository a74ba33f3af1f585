"""Rules of wells: their fields of view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.neighbours import UNREADABLE, is_group_without, look, says
from omezarr_builtins.rules.places import (
    ARRAY,
    INTEGER,
    OBJECT,
    STRING,
    distinct,
    fits,
    has,
    holds,
    identity,
    is_a,
    repeated,
    select,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext
    from omezarr.model import JSONPath

BOOK = RuleBook("well", "well")

IMAGES, IMAGE = "well/images", "well/images/*"

BOOK.must("well.form", "'well' is an object.")(is_a(OBJECT, "well"))
BOOK.must("well.images.present", "The well has images.")(has(IMAGES))
BOOK.must("well.images.form", "Images are an array.")(is_a(ARRAY, IMAGES))
BOOK.must("well.images.nonempty", "There is at least one image.")(holds(1, IMAGES))
BOOK.must("well.images.unique", "No image is listed twice.")(distinct(IMAGES))
BOOK.must("well.images.entries.form", "An image is an object.")(is_a(OBJECT, IMAGE))
BOOK.must("well.images.path.present", "An image has a path.")(has(f"{IMAGE}/path"))
BOOK.must("well.images.path.form", "The path of an image is a string.")(is_a(STRING, f"{IMAGE}/path"))
BOOK.must("well.images.path.value", "The path of an image consists of letters and digits.", until="0.5")(
    fits("[A-Za-z0-9]+", "letters and digits of ASCII", f"{IMAGE}/path")
)
BOOK.must(
    "well.images.path.value",
    "The path of an image is a name of a zarr node, of letters, digits, -, _ and .",
    since="0.6",
)(fits(r"(?!__)(?!\.+\Z)[A-Za-z0-9._-]+", "letters, digits, -, _ and ., not only dots, not __ first", f"{IMAGE}/path"))
BOOK.must("well.images.acquisition.form", "The acquisition of an image is a whole number.")(
    is_a(INTEGER, f"{IMAGE}/acquisition")
)
BOOK.should("well.version.present", "The well names its version.", until="0.4")(has("well/version"))


@BOOK.disputed("well.version.present", "The well names its version.", since="0.5", until="0.5")
def _version_present(context: RuleContext) -> Iterator[Finding]:
    if "ome" in context.attributes:  # elsewhere the place of the whole document is the one fault
        yield from has("well/version")(context)


BOOK.must("well.version.form", "The version is a string.", until="0.5")(is_a(STRING, "well/version"))


def _version_value(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, "well/version"):
        if isinstance(value, str) and value != context.version:
            yield Finding(path=path, found=shown(value), expected=repr(context.version))


BOOK.must("well.version.value", "The version is that of the specification.", until="0.4")(_version_value)
BOOK.should("well.version.value", "The version is that of the document.", since="0.5", until="0.5")(_version_value)


@BOOK.should("well.version.absent", "Only the document as a whole names a version.", since="0.6")
def _inner_version(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, "well/version"):
        yield Finding(path=path, found=f"the version {shown(value)}", expected="no version here")


def _unique_paths(context: RuleContext) -> Iterator[Finding]:
    images = [(path, image) for path, image in select(context.values, IMAGE) if isinstance(image, Mapping)]
    named = [(path, image) for path, image in images if isinstance(image.get("path"), str)]
    for position, first in repeated(image["path"] for _, image in named):
        path, image = named[position]
        if identity(image) != identity(named[first][1]):
            yield Finding(path=(*path, "path"), found=f"{image['path']!r} again", expected="a path of its own")


BOOK.should("well.images.path.unique", "No two images have the same path.", until="0.3")(_unique_paths)
BOOK.must("well.images.path.unique", "No two images have the same path.", since="0.4")(_unique_paths)


def _paths(context: RuleContext) -> list[tuple[JSONPath, str]]:
    return [(path, name) for path, name in select(context.values, f"{IMAGE}/path") if isinstance(name, str)]


@BOOK.must("well.images.exist", "Every listed image is a group.", depth=Depth.HIERARCHY)
def _exist(context: RuleContext) -> Iterator[Finding]:
    paths = _paths(context)
    found = look(context, [name for _, name in paths])
    for path, name in paths:
        what = found.get(name, UNREADABLE)
        if what is None or (isinstance(what, ZarrNode) and what.kind != "group"):
            yield Finding(path=path, array=name, found=says(what), expected="a zarr group")


@BOOK.must("well.images.metadata", "Every listed image is a multiscale image.", depth=Depth.HIERARCHY)
def _are_images(context: RuleContext) -> Iterator[Finding]:
    paths = _paths(context)
    found = look(context, [name for _, name in paths])
    for path, name in paths:
        what = found.get(name)
        if is_group_without("multiscales", what, context.version):
            yield Finding(path=path, array=name, found="no key 'multiscales'", expected="a multiscale image")
