"""Rules of plates: rows, columns, wells and acquisitions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Depth, Finding
from omezarr.hierarchy import ZarrNode
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.neighbours import UNREADABLE, document_of, is_proper, listed_names, look, says
from omezarr_builtins.rules.places import (
    ARRAY,
    INTEGER,
    NATURAL,
    NUMBER,
    OBJECT,
    POSITIVE,
    STRING,
    distinct,
    figure,
    fits,
    has,
    holds,
    identity,
    is_a,
    is_integer,
    repeated,
    select,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Check, RuleContext
    from omezarr.model import JSONPath

BOOK = RuleBook("plate", "plate")
OLD = BOOK.between("0.1", "0.3")
NEW = BOOK.between("0.4")

WELL = "plate/wells/*"
ACQUISITION = "plate/acquisitions/*"
NAME = "[A-Za-z0-9]+"

BOOK.must("plate.form", "'plate' is an object.")(is_a(OBJECT, "plate"))
OLD.must("plate.version.present", "The plate names its version.")(has("plate/version"))
BOOK.should("plate.version.present", "The plate names its version.", since="0.4", until="0.4")(has("plate/version"))
BOOK.disputed("plate.version.present", "The plate names its version.", since="0.5", until="0.5")(has("plate/version"))
BOOK.must("plate.version.form", "The version is a string.", until="0.5")(is_a(STRING, "plate/version"))
NEW.should("plate.name.present", "The plate has a name.")(has("plate/name"))
BOOK.must("plate.name.form", "The name of the plate is a string.")(is_a(STRING, "plate/name"))
NEW.disputed("plate.field_count.present", "The plate tells the largest number of fields of a well.")(
    has("plate/field_count")
)
NEW.must("plate.field_count.form", "The largest number of fields is a whole number from 1 on.")(
    is_a(POSITIVE, "plate/field_count")
)

for _line, _singular in (("rows", "row"), ("columns", "column")):
    _all, _each = f"plate/{_line}", f"plate/{_line}/*"
    BOOK.must(f"plate.{_line}.present", f"The plate has {_line}.")(has(_all))
    BOOK.must(f"plate.{_line}.form", f"The {_line} are an array.")(is_a(ARRAY, _all))
    BOOK.must(f"plate.{_line}.nonempty", f"There is at least one {_singular}.")(holds(1, _all))
    BOOK.must(f"plate.{_line}.entries.form", f"A {_singular} is an object.")(is_a(OBJECT, _each))
    BOOK.must(f"plate.{_line}.name.present", f"A {_singular} has a name.")(has(f"{_each}/name"))
    BOOK.must(f"plate.{_line}.name.form", f"The name of a {_singular} is a string.")(is_a(STRING, f"{_each}/name"))
    OLD.must(f"plate.{_line}.unique", f"No {_singular} is listed twice.")(distinct(_all))
    NEW.must(f"plate.{_line}.name.value", f"The name of a {_singular} consists of letters and digits.")(
        fits(NAME, "letters and digits of ASCII", f"{_each}/name")
    )

BOOK.must("plate.wells.present", "The plate has wells.")(has("plate/wells"))
BOOK.must("plate.wells.form", "The wells are an array.")(is_a(ARRAY, "plate/wells"))
BOOK.must("plate.wells.nonempty", "There is at least one well.")(holds(1, "plate/wells"))
BOOK.must("plate.wells.unique", "No well is listed twice.")(distinct("plate/wells"))
BOOK.must("plate.wells.entries.form", "A well is an object.")(is_a(OBJECT, WELL))
BOOK.must("plate.wells.path.present", "A well has a path.")(has(f"{WELL}/path"))
BOOK.must("plate.wells.path.form", "The path of a well is a string.")(is_a(STRING, f"{WELL}/path"))
NEW.must("plate.wells.path.value", "The path of a well is the name of its row, a slash and the name of its column.")(
    fits(f"{NAME}/{NAME}", "a row, a slash and a column, of letters and digits", f"{WELL}/path")
)
for _key in ("rowIndex", "columnIndex"):
    NEW.must(f"plate.wells.{_key}.present", f"A well has the key '{_key}'.")(has(f"{WELL}/{_key}"))
    NEW.must(f"plate.wells.{_key}.form", f"'{_key}' is a whole number from 0 on.")(is_a(NATURAL, f"{WELL}/{_key}"))

BOOK.must("plate.acquisitions.form", "Acquisitions are an array.")(is_a(ARRAY, "plate/acquisitions"))
OLD.must("plate.acquisitions.nonempty", "Where there are acquisitions, there is at least one.")(
    holds(1, "plate/acquisitions")
)
BOOK.must("plate.acquisitions.entries.form", "An acquisition is an object.")(is_a(OBJECT, ACQUISITION))
BOOK.must("plate.acquisitions.id.present", "An acquisition has an id.")(has(f"{ACQUISITION}/id"))
BOOK.must("plate.acquisitions.id.form", "The id of an acquisition is a number.", until="0.1")(
    is_a(NUMBER, f"{ACQUISITION}/id")
)
BOOK.must("plate.acquisitions.id.form", "The id of an acquisition is a whole number.", since="0.2", until="0.3")(
    is_a(INTEGER, f"{ACQUISITION}/id")
)
NEW.must("plate.acquisitions.id.form", "The id of an acquisition is a whole number from 0 on.")(
    is_a(NATURAL, f"{ACQUISITION}/id")
)
BOOK.should("plate.acquisitions.name.present", "An acquisition has a name.")(has(f"{ACQUISITION}/name"))
BOOK.should("plate.acquisitions.maximumfieldcount.present", "An acquisition tells its largest number of fields.")(
    has(f"{ACQUISITION}/maximumfieldcount")
)
BOOK.must("plate.acquisitions.maximumfieldcount.form", "The largest number of fields is a number.", until="0.1")(
    is_a(NUMBER, f"{ACQUISITION}/maximumfieldcount")
)
BOOK.must(
    "plate.acquisitions.maximumfieldcount.form",
    "The largest number of fields is a whole number.",
    since="0.2",
    until="0.3",
)(is_a(INTEGER, f"{ACQUISITION}/maximumfieldcount"))
NEW.must("plate.acquisitions.maximumfieldcount.form", "The largest number of fields is a whole number from 1 on.")(
    is_a(POSITIVE, f"{ACQUISITION}/maximumfieldcount")
)
for _key in ("name", "description"):
    BOOK.must(f"plate.acquisitions.{_key}.form", f"The {_key} of an acquisition is a string.")(
        is_a(STRING, f"{ACQUISITION}/{_key}")
    )
BOOK.must("plate.acquisitions.times.form", "The start of an acquisition is a number.", until="0.1")(
    is_a(NUMBER, f"{ACQUISITION}/starttime")
)
BOOK.must(
    "plate.acquisitions.times.form", "Start and end are whole numbers from 0 on, seconds of the epoch.", since="0.2"
)(is_a(NATURAL, f"{ACQUISITION}/starttime", f"{ACQUISITION}/endtime"))


def _version_value(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, "plate/version"):
        if isinstance(value, str) and value != context.version:
            yield Finding(path=path, found=shown(value), expected=repr(context.version))


BOOK.must("plate.version.value", "The version is that of the specification.", until="0.4")(_version_value)
BOOK.should("plate.version.value", "The version is that of the document.", since="0.5", until="0.5")(_version_value)


@BOOK.should("plate.version.absent", "Only the document as a whole names a version.", since="0.6")
def _inner_version(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, "plate/version"):
        yield Finding(path=path, found=f"the version {shown(value)}", expected="no version here")


def _names(context: RuleContext, line: str) -> list[tuple[JSONPath, str]]:
    return [(path, name) for path, name in select(context.values, f"plate/{line}/*/name") if isinstance(name, str)]


def _unique_names(line: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        names = _names(context, line)
        for position, _ in repeated(name for _, name in names):
            path, name = names[position]
            yield Finding(path=path, found=f"{name!r} again", expected="a name of its own")

    return check


def _unlike_names(line: str) -> Check:
    def check(context: RuleContext) -> Iterator[Finding]:
        names = _names(context, line)
        for position, first in repeated(name.lower() for _, name in names):
            path, name = names[position]
            if name != names[first][1]:
                found = f"{name!r} beside {names[first][1]!r}"
                yield Finding(path=path, found=found, expected="names that differ in more than case")

    return check


for _line, _singular in (("rows", "row"), ("columns", "column")):
    NEW.must(f"plate.{_line}.names.unique", f"No two {_line} have the same name.")(_unique_names(_line))
    NEW.should(f"plate.{_line}.names.unlike", f"Names of {_line} differ in more than case.")(_unlike_names(_line))


@BOOK.must("plate.acquisitions.id.unique", "No two acquisitions have the same id.")
def _unique_ids(context: RuleContext) -> Iterator[Finding]:
    ids = select(context.values, f"{ACQUISITION}/id")
    for position, _ in repeated(identity(value) for _, value in ids):
        path, value = ids[position]
        yield Finding(path=path, found=f"{shown(value)} again", expected="an id of its own")


@BOOK.should("plate.wells.path.unique", "No two wells have the same path.")
def _unique_paths(context: RuleContext) -> Iterator[Finding]:
    wells = [(path, well) for path, well in select(context.values, WELL) if isinstance(well, Mapping)]
    named = [(path, well) for path, well in wells if isinstance(well.get("path"), str)]
    for position, first in repeated(well["path"] for _, well in named):
        path, well = named[position]
        if identity(well) != identity(named[first][1]):
            yield Finding(path=(*path, "path"), found=f"{well['path']!r} again", expected="a path of its own")


@OLD.must("plate.wells.path.relative", "The path of a well stays below the plate.")
def _relative(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{WELL}/path"):
        if isinstance(value, str) and not is_proper(value):
            yield Finding(path=path, found=shown(value), expected="a path relative to the plate")


def _placed(context: RuleContext) -> Iterator[tuple[JSONPath, Mapping[str, Any], list[Any], list[Any]]]:
    """Yield each well whose path is of the right form, with the names of all rows and columns."""
    lines = [
        [row.get("name") if isinstance(row, Mapping) else None for row in found[0][1]]
        for found in (select(context.values, f"plate/{line}") for line in ("rows", "columns"))
        if found and isinstance(found[0][1], list)
    ]
    if len(lines) != 2:
        return
    for path, well in select(context.values, WELL):
        name = well.get("path") if isinstance(well, Mapping) else None
        if isinstance(name, str) and name.count("/") == 1 and all(name.split("/")):
            yield path, well, *lines


def _at(names: list[Any], index: Any) -> Any:
    return names[int(index)] if is_integer(index) and 0 <= index < len(names) else None


def _is_swapped(well: Mapping[str, Any], rows: list[Any], columns: list[Any]) -> bool:
    """Say whether a path has the column first, at the right indices: the valid official cases of 0.4 and 0.6 do."""
    first, last = well["path"].split("/")
    return bool(first == _at(columns, well.get("columnIndex")) and last == _at(rows, well.get("rowIndex")))


def _misplaced(context: RuleContext) -> Iterator[tuple[bool, Finding]]:
    for path, well, rows, columns in _placed(context):
        row, column = well["path"].split("/")
        for index_key, line, names, name in (
            ("rowIndex", "row", rows, row),
            ("columnIndex", "column", columns, column),
        ):
            index = well.get(index_key)
            expected = _at(names, index) if is_integer(index) and index >= 0 else name
            swapped = _is_swapped(well, rows, columns)
            if is_integer(index) and index >= len(names):
                found = f"{index_key} {figure(index)}"
                yield False, Finding(path=(*path, index_key), found=found, expected=f"one of {len(names)} {line}s")
            elif name not in names:
                yield (
                    swapped,
                    Finding(path=(*path, "path"), found=f"{name!r} as {line}", expected=f"the name of a {line}"),
                )
            elif name != expected:
                found = f"{line} {name!r} with {index_key} {figure(index)}"
                yield swapped, Finding(path=path, found=found, expected=f"path and {index_key} of the same {line}")


@NEW.must("plate.wells.place", "Path, rowIndex and columnIndex of a well refer to the same row and column.")
def _place(context: RuleContext) -> Iterator[Finding]:
    return (finding for swapped, finding in _misplaced(context) if not swapped or context.version == "0.5")


def _swapped(context: RuleContext) -> Iterator[Finding]:
    return (finding for swapped, finding in _misplaced(context) if swapped)


for _since, _until in (("0.4", "0.4"), ("0.6", None)):
    BOOK.disputed(
        "plate.wells.place.swapped",
        "The path of a well names the row before the column.",
        since=_since,
        until=_until,
    )(_swapped)


def _well_paths(context: RuleContext) -> list[tuple[JSONPath, str]]:
    return [(path, name) for path, name in select(context.values, f"{WELL}/path") if isinstance(name, str)]


@BOOK.must("plate.wells.exist", "Every listed well is a group.", depth=Depth.HIERARCHY)
def _exist(context: RuleContext) -> Iterator[Finding]:
    paths = _well_paths(context)
    found = look(context, [name for _, name in paths])
    for path, name in paths:
        what = found.get(name, UNREADABLE)
        if what is None or (isinstance(what, ZarrNode) and what.kind != "group"):
            yield Finding(path=path, array=name, found=says(what), expected="a zarr group")


def _well_documents(context: RuleContext) -> Iterator[tuple[JSONPath, str, Mapping[str, Any]]]:
    paths = _well_paths(context)
    found = look(context, [name for _, name in paths])
    for path, name in paths:
        what = found.get(name)
        if isinstance(what, ZarrNode) and what.kind == "group":
            yield path, name, document_of(what, context.version)


@BOOK.must("plate.wells.metadata", "The group of every listed well says what is in the well.", depth=Depth.HIERARCHY)
def _is_well(context: RuleContext) -> Iterator[Finding]:
    for path, name, values in _well_documents(context):
        if "well" not in values:
            yield Finding(path=path, array=name, found="no key 'well'", expected="the key 'well'")


@BOOK.should("plate.rows.groups", "The row of every listed well is a group.", depth=Depth.HIERARCHY, section="layout")
def _row_groups(context: RuleContext) -> Iterator[Finding]:
    rows = dict.fromkeys(name.rpartition("/")[0] for _, name in _well_paths(context) if "/" in name and is_proper(name))
    for row, what in look(context, rows).items():
        if what is None or (isinstance(what, ZarrNode) and what.kind != "group"):
            yield Finding(path=("plate", "wells"), array=row, found=says(what), expected="a zarr group")


def _images(values: Mapping[str, Any]) -> list[tuple[JSONPath, Mapping[str, Any]]]:
    return [(path, image) for path, image in select(values, "well/images/*") if isinstance(image, Mapping)]


def _fields_name_acquisitions(context: RuleContext) -> Iterator[Finding]:
    ids = {identity(value) for _, value in select(context.values, f"{ACQUISITION}/id")}
    for place, name, values in _well_documents(context):
        for path, image in _images(values) if len(ids) > 1 else ():
            if "acquisition" not in image:
                where = f"item {path[-1]} of its images"
                yield Finding(path=place, array=name, found=f"no acquisition in {where}", expected="its acquisition")


NEW.must(
    "plate.wells.acquisitions.present",
    "Where there are several acquisitions, every field names its own.",
    depth=Depth.HIERARCHY,
    section="well",
)(_fields_name_acquisitions)
OLD.should(
    "plate.wells.acquisitions.present",
    "Where there are several acquisitions, every field names its own.",
    depth=Depth.HIERARCHY,
    section="well",
)(_fields_name_acquisitions)


@BOOK.must(
    "plate.wells.acquisitions.known",
    "The acquisition of a field is one of the plate's.",
    depth=Depth.HIERARCHY,
    section="well",
)
def _known_acquisitions(context: RuleContext) -> Iterator[Finding]:
    ids = {identity(value) for _, value in select(context.values, f"{ACQUISITION}/id")}
    for place, name, values in _well_documents(context):
        for path, image in _images(values) if ids else ():
            if "acquisition" in image and identity(image["acquisition"]) not in ids:
                found = f"the acquisition {shown(image['acquisition'])} in item {path[-1]} of its images"
                yield Finding(path=place, array=name, found=found, expected="an acquisition of the plate")


@NEW.should(
    "plate.groups.listed",
    "There are no groups of rows and wells without images.",
    depth=Depth.HIERARCHY,
    section="layout",
)
def _listed_groups(context: RuleContext) -> Iterator[Finding]:
    wells = {name for _, name in _well_paths(context)}
    columns = {name for _, name in _names(context, "columns")}
    present = set(listed_names(context))
    for row in dict.fromkeys(name for _, name in _names(context, "rows") if name in present and is_proper(name)):
        paths = [f"{row}/{column}" for column in listed_names(context, row) if column in columns]
        empty = [path for path in paths if path not in wells]
        if not any(name.startswith(f"{row}/") for name in wells):
            empty = [row]
        for path, what in look(context, empty).items():
            if isinstance(what, ZarrNode) and what.kind == "group":
                found = "a group that the plate does not list"
                yield Finding(path=("plate", "wells"), array=path, found=found, expected="no group without images")


@BOOK.should("plate.field_count.enough", "No well has more fields than the plate says.", depth=Depth.HIERARCHY)
def _field_count(context: RuleContext) -> Iterator[Finding]:
    for _, count in select(context.values, "plate/field_count"):
        for place, name, values in _well_documents(context):
            number = len(_images(values))
            if is_integer(count) and 0 < count < number:
                yield Finding(path=place, array=name, found=f"{number} fields", expected=f"at most {int(count)}")
