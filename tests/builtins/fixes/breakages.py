"""How complete hierarchies are broken so that there is one right answer: the hierarchy as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from tests.builtins.rules.hierarchies import Tree

Break = Callable[["Tree", str], None]
"""Breaks a hierarchy of a version, in place."""


def nothing(_: Tree, __: str) -> None:
    """Leave a hierarchy as it is."""


@frozen
class Breakage:
    """How one rule is broken.

    Parameters
    ----------
    rule : str
    key : str
        The NGFF key of the hierarchy.
    apply : callable
    since, until : str
        The versions in which it is broken so.
    prepare : callable
        Is done to the hierarchy before, as part of what it is when it is right.
    """

    rule: str
    key: str
    apply: Break
    since: str = "0.1"
    until: str = "0.6"
    prepare: Break = nothing


def document(tree: Tree, path: str) -> Any:
    """Return the document of a group."""
    return tree[path].get("ome", tree[path])


def at(path: str, *keys: str | int) -> Callable[[Tree], tuple[Any, Any]]:
    """Return what finds the holder of a place in the document of a group, and the last key."""

    def find(tree: Tree) -> tuple[Any, Any]:
        holder = document(tree, path)
        for key in keys[:-1]:
            holder = holder[key]
        return holder, keys[-1]

    return find


def _number(digits: str) -> int:
    return int(digits, 16)


def gone(path: str, *keys: str | int) -> Break:
    def apply(tree: Tree, _: str) -> None:
        holder, key = at(path, *keys)(tree)
        del holder[key]

    return apply


def become(path: str, *keys: str | int, by: Callable[[Any], Any]) -> Break:
    def apply(tree: Tree, _: str) -> None:
        holder, key = at(path, *keys)(tree)
        holder[key] = by(holder.get(key) if isinstance(holder, dict) else holder[key])

    return apply


def inner_version(*keys: str | int, value: str | None = None) -> Break:
    """Name a version inside a document that names it as a whole."""

    def apply(tree: Tree, version: str) -> None:
        holder, _ = at("", *keys, "version")(tree)
        holder["version"] = value or version

    return apply


def doubled_first(path: str, *keys: str | int, **changes: Any) -> Break:
    """Insert a copy of the first item of a list before it, with some keys changed."""
    return become(path, *keys, by=lambda items: [{**items[0], **changes}, *items])


def repeated_last(path: str, *keys: str | int) -> Break:
    return become(path, *keys, by=lambda items: [*items, items[-1]])


def without_names(names: Any) -> Break:
    def apply(tree: Tree, _: str) -> None:
        tree["1"]["dimension_names"] = names

    return apply


def with_xarray(tree: Tree, _: str) -> None:
    """Move the names of dimensions from the group to all arrays."""
    names = tree[""].pop("_ARRAY_DIMENSIONS")
    for level in ("0", "1", "2"):
        tree[level]["attributes"] = {"_ARRAY_DIMENSIONS": names}


def without_xarray(tree: Tree, _: str) -> None:
    del tree["1"]["attributes"]


NUMBERS = {"multiscales": ("multiscales", 0), "plate": ("plate",), "well": ("well",), "image-label": ("image-label",)}

BREAKAGES = [
    Breakage("ome.version.present", "multiscales", gone("", "version"), "0.5"),
    Breakage("ome.version.present", "plate", gone("A/1", "version"), "0.5"),
    Breakage("ome.version.present", "multiscales", gone("labels", "version"), "0.6"),
    Breakage("labels.version.present", "multiscales", gone("labels", "version"), "0.5", "0.5"),
    Breakage("ome.version.form", "bioformats2raw.layout", become("", "version", by=float), "0.5"),
    *(
        Breakage(f"{key}.version.form", key, become("", *keys, "version", by=float), until=until)
        for key, keys in NUMBERS.items()
        for until in ["0.4" if key == "multiscales" else "0.5"]
    ),
    *(
        Breakage(f"{key}.version.present", key, gone("", *keys, "version"), until=until)
        for key, keys in NUMBERS.items()
        for until in ["0.4" if key == "multiscales" else "0.5"]
    ),
    *(
        Breakage(f"{key}.version.absent", key, inner_version(*keys), "0.5" if key == "multiscales" else "0.6")
        for key, keys in NUMBERS.items()
    ),
    *(
        Breakage(f"{key}.version.value", key, inner_version(*keys, value="0.4"), "0.5", "0.5")
        for key, keys in NUMBERS.items()
        if key != "multiscales"
    ),
    Breakage("arrays.order", "multiscales", become("", "multiscales", 0, "datasets", by=lambda a: a[::-1]), "0.1"),
    Breakage(
        "multiscales.datasets.order",
        "well",
        become("1", "multiscales", 0, "datasets", by=lambda items: [items[1], items[2], items[0]]),
        "0.4",
    ),
    Breakage("arrays.dimension_names.present", "multiscales", without_names(None), "0.5", "0.5"),
    Breakage("arrays.dimension_names", "multiscales", without_names(["t", None, "z", None, None]), "0.5"),
    Breakage("arrays._ARRAY_DIMENSIONS.present", "multiscales", without_xarray, "0.3", "0.3", with_xarray),
    Breakage(
        "labels.listed",
        "multiscales",
        become("labels", "labels", by=lambda items: items[:-1]),
        prepare=become("labels", "labels", by=lambda items: items[::-1]),
    ),
    Breakage("labels.present", "multiscales", gone("labels", "labels")),
    Breakage("labels.present", "multiscales", lambda tree, _: tree.pop("labels")),
    Breakage("labels.unique", "labels", repeated_last("", "labels")),
    Breakage(
        "image-label.colors.label-values.unique",
        "image-label",
        doubled_first("", "image-label", "colors", rgba=[1, 2, 3, 4]),
        until="0.4",
    ),
    Breakage(
        "image-label.properties.label-values.unique",
        "image-label",
        doubled_first("", "image-label", "properties", area=1),
        "0.2",
        "0.4",
    ),
    Breakage("image-label.colors.unique", "image-label", repeated_last("", "image-label", "colors"), "0.5"),
    Breakage("image-label.properties.unique", "image-label", repeated_last("", "image-label", "properties"), "0.2"),
    Breakage(
        "image-label.colors.label-value.form",
        "image-label",
        become("", "image-label", "colors", 0, "label-value", by=str),
    ),
    Breakage(
        "image-label.properties.label-value.form",
        "image-label",
        become("", "image-label", "properties", 0, "label-value", by=str),
        "0.2",
    ),
    Breakage(
        "image-label.colors.rgba.form",
        "image-label",
        become("", "image-label", "colors", 0, "rgba", by=lambda numbers: [str(number) for number in numbers]),
    ),
    Breakage("multiscales.unique", "multiscales", repeated_last("", "multiscales")),
    Breakage("plate.wells.unique", "plate", repeated_last("", "plate", "wells")),
    Breakage("well.images.unique", "well", repeated_last("", "well", "images")),
    Breakage("plate.wells.rowIndex.present", "plate", gone("", "plate", "wells", 1, "rowIndex"), "0.4"),
    Breakage("plate.wells.columnIndex.present", "plate", gone("", "plate", "wells", 0, "columnIndex"), "0.4"),
    Breakage("plate.wells.rowIndex.form", "plate", become("", "plate", "wells", 1, "rowIndex", by=str), "0.4"),
    Breakage(
        "plate.wells.columnIndex.form",
        "plate",
        become("", "plate", "wells", 1, "columnIndex", by=lambda _: None),
        "0.4",
    ),
    Breakage("plate.acquisitions.id.form", "plate", become("", "plate", "acquisitions", 1, "id", by=str)),
    Breakage("plate.acquisitions.times.form", "plate", become("", "plate", "acquisitions", 0, "starttime", by=str)),
    Breakage(
        "plate.acquisitions.times.form", "plate", become("", "plate", "acquisitions", 0, "endtime", by=str), "0.3"
    ),
    Breakage(
        "plate.acquisitions.maximumfieldcount.form",
        "plate",
        become("", "plate", "acquisitions", 1, "maximumfieldcount", by=str),
    ),
    Breakage("plate.field_count.form", "plate", become("", "plate", "field_count", by=str), "0.4"),
    Breakage(
        "plate.rows.name.form",
        "plate",
        become("", "plate", "rows", 2, "name", by=int),
        prepare=become("", "plate", "rows", by=lambda rows: [*rows, {"name": "3"}]),
    ),
    Breakage("plate.columns.name.form", "plate", become("", "plate", "columns", 0, "name", by=int)),
    Breakage("well.images.acquisition.form", "plate", become("B/2", "well", "images", 0, "acquisition", by=str)),
    Breakage("bioformats2raw.value", "bioformats2raw.layout", become("", "bioformats2raw.layout", by=str), "0.4"),
    Breakage(
        "omero.color.value",
        "multiscales",
        become("", "omero", "channels", 1, "color", by=lambda color: f"#{color}"),
        "0.4",
    ),
    Breakage(
        "omero.color.form", "multiscales", become("", "omero", "channels", 1, "color", by=lambda text: int(text, 16))
    ),
    Breakage(
        "omero.label.form",
        "multiscales",
        become("", "omero", "channels", 1, "label", by=int),
        prepare=become("", "omero", "channels", 1, "label", by=lambda _: "488"),
    ),
    Breakage(
        "axes.unit.value",
        "multiscales",
        become("", "multiscales", 0, "axes", -1, "unit", by=lambda _: "um"),
        "0.4",
        "0.5",
        prepare=become("", "multiscales", 0, "axes", -1, "unit", by=lambda _: "micrometer"),
    ),
    Breakage(
        "axes.unit.value",
        "multiscales",
        become("", "multiscales", 0, "coordinateSystems", 0, "axes", -1, "unit", by=lambda _: "microns"),
        "0.6",
        prepare=become("", "multiscales", 0, "coordinateSystems", 0, "axes", -1, "unit", by=lambda _: "micrometer"),
    ),
]
"""Ways to break rules, each with the hierarchy that was there before as its only right answer."""
