"""Rules of label images: colours and properties of label values, the source image, and the type of pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.chunks import enter_label_values
from omezarr_builtins.rules.neighbours import INTEGER_TYPES, arrays_below, document_of, look_from_root, says
from omezarr_builtins.rules.places import (
    ARRAY,
    INTEGER,
    NUMBER,
    OBJECT,
    STRING,
    distinct,
    figure,
    has,
    holds,
    identity,
    is_a,
    is_integer,
    is_number,
    repeated,
    select,
    shown,
)
from omezarr_builtins.rules.references import level_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext

KEY = "image-label"
BOOK = RuleBook(KEY, "image-label")
OLD = BOOK.between("0.1", "0.4")
NEW = BOOK.between("0.5")

COLORS, COLOR = f"{KEY}/colors", f"{KEY}/colors/*"
PROPERTIES, PROPERTY = f"{KEY}/properties", f"{KEY}/properties/*"

BOOK.must("image-label.form", "'image-label' is an object.")(is_a(OBJECT, KEY))
BOOK.should("image-label.colors.present", "Label values have colors.")(has(COLORS))
BOOK.must("image-label.colors.form", "Colors are an array.")(is_a(ARRAY, COLORS))
BOOK.must("image-label.colors.nonempty", "Where there are colors, there is at least one.")(holds(1, COLORS))
NEW.must("image-label.colors.unique", "No color is listed twice.")(distinct(COLORS))
BOOK.must("image-label.colors.entries.form", "A color is an object.")(is_a(OBJECT, COLOR))
BOOK.must("image-label.colors.label-value.present", "A color has a label value.")(has(f"{COLOR}/label-value"))
OLD.must("image-label.colors.label-value.form", "A label value is a number.")(is_a(NUMBER, f"{COLOR}/label-value"))
NEW.must("image-label.colors.label-value.form", "A label value is a whole number.")(
    is_a(INTEGER, f"{COLOR}/label-value")
)
SINCE_2 = BOOK.between("0.2")
SINCE_2.must("image-label.properties.form", "Properties are an array.")(is_a(ARRAY, PROPERTIES))
SINCE_2.must("image-label.properties.nonempty", "Where there are properties, there is at least one.")(
    holds(1, PROPERTIES)
)
SINCE_2.must("image-label.properties.unique", "No properties are listed twice.")(distinct(PROPERTIES))
SINCE_2.must("image-label.properties.entries.form", "Properties of a label are an object.")(is_a(OBJECT, PROPERTY))
SINCE_2.must("image-label.properties.label-value.present", "Properties have a label value.")(
    has(f"{PROPERTY}/label-value")
)
SINCE_2.must("image-label.properties.label-value.form", "A label value is a whole number.")(
    is_a(INTEGER, f"{PROPERTY}/label-value")
)
BOOK.must("image-label.source.form", "The source is an object.")(is_a(OBJECT, f"{KEY}/source"))
BOOK.must("image-label.source.image.form", "The source image is given by its path, a string.")(
    is_a(STRING, f"{KEY}/source/image")
)
OLD.should("image-label.version.present", "The label image names its version.")(has(f"{KEY}/version"))
BOOK.disputed("image-label.version.present", "The label image names its version.", since="0.5", until="0.5")(
    has(f"{KEY}/version")
)
BOOK.must("image-label.version.form", "The version is a string.", until="0.5")(is_a(STRING, f"{KEY}/version"))


def _version_value(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{KEY}/version"):
        if isinstance(value, str) and value != context.version:
            yield Finding(path=path, found=shown(value), expected=repr(context.version))


OLD.must("image-label.version.value", "The version is that of the specification.")(_version_value)
BOOK.should("image-label.version.value", "The version is that of the document.", since="0.5", until="0.5")(
    _version_value
)


@BOOK.should("image-label.version.absent", "Only the document as a whole names a version.", since="0.6")
def _inner_version(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{KEY}/version"):
        yield Finding(path=path, found=f"the version {shown(value)}", expected="no version here")


@BOOK.should("image-label.present", "A label image has the key 'image-label'.", since="0.5")
def _present(context: RuleContext) -> Iterator[Finding]:
    if KEY not in context.values and "multiscales" in context.values:
        yield Finding(path=(), found=f"no key {KEY!r}", expected=f"the key {KEY!r}")


@BOOK.disputed("image-label.multiscales", "A label image is a multiscale image.", section="labels")
def _multiscales(context: RuleContext) -> Iterator[Finding]:
    if KEY in context.values and "multiscales" not in context.values:
        yield Finding(path=(), found="no key 'multiscales'", expected="the levels of the image")


@BOOK.must("image-label.colors.rgba.form", "A color has four whole numbers from 0 to 255.")
def _rgba(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{COLOR}/rgba"):
        numbers = value if isinstance(value, list) else []
        if len(numbers) != 4 or not all(is_integer(number) and 0 <= number <= 255 for number in numbers):
            yield Finding(path=path, found=_numbers(value), expected="four whole numbers from 0 to 255")


def _numbers(value: Any) -> str:
    if isinstance(value, list) and len(value) <= 8:
        return "[" + ", ".join(figure(item) for item in value) + "]"
    return shown(value)


def _same_values(pattern: str, *, identical: bool) -> Check:
    """Return a check that no label value stands twice, in entries that are identical or only in those that differ."""

    def check(context: RuleContext) -> Iterator[Finding]:
        entries = [(path, entry) for path, entry in select(context.values, pattern) if isinstance(entry, dict)]
        valued = [(path, entry) for path, entry in entries if is_number(entry.get("label-value"))]
        for position, first in repeated(identity(entry["label-value"]) for _, entry in valued):
            path, entry = valued[position]
            if identical or identity(entry) != identity(valued[first][1]):
                found = f"the label value {figure(entry['label-value'])} again"
                yield Finding(path=path, found=found, expected="each label value once")

    return check


OLD.must("image-label.colors.label-values.unique", "No label value has two colors.")(
    _same_values(COLOR, identical=True)
)
NEW.disputed("image-label.colors.label-values.unique", "No label value has two colors.")(
    _same_values(COLOR, identical=False)
)
SINCE_2.disputed("image-label.properties.label-values.unique", "No label value has properties twice.")(
    _same_values(PROPERTY, identical=False)
)


@BOOK.must("image-label.dtype", "Labels are whole numbers of 8 to 64 bits.", depth=Depth.HIERARCHY, section="labels")
def _dtype(context: RuleContext) -> Iterator[Finding]:
    for path, array in arrays_below(context, level_paths(context)):
        if array.dtype not in INTEGER_TYPES:
            yield Finding(path=(), array=path, found=array.dtype, expected="a signed or unsigned integer type")


@BOOK.should("image-label.source.exists", "The source is an image.", depth=Depth.HIERARCHY)
def _source(context: RuleContext) -> Iterator[Finding]:
    for place, image in select(context.values, f"{KEY}/source/image"):
        parts = _resolved(context.path, image) if isinstance(image, str) else None
        if parts is None:
            continue
        found = look_from_root(context, {"source": "/".join(parts)}).get("source")
        if isinstance(found, ZarrNode) and "multiscales" in document_of(found, context.version):
            continue
        what = says(found) if not isinstance(found, ZarrNode) or found.kind == "array" else "a group that is no image"
        yield Finding(path=place, found=what, expected=f"an image at {image!r}")


def _resolved(path: str, relative: str) -> list[str] | None:
    """Return where a relative path leads from a group, below the root of the validation; None if it leaves that."""
    parts = [part for part in path.split("/") if part]
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return parts


enter_label_values(BOOK)
