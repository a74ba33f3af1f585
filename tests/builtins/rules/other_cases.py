"""Cases of labels, plates, wells and collections."""

from __future__ import annotations

from tests.builtins.rules.case import LABEL, LAYOUT, Case, c
from tests.builtins.rules.edits import add, double, drop, put

LABELS: list[Case] = [
    c("labels", "labels.form", put("labels", "cells")),
    c("labels", "labels.entries.form", add("labels", 1)),
    c("labels", "labels.paths.relative", add("labels", "../cells")),
    c("labels", "labels.unique", double("labels")),
    c(LABEL, "image-label.form", put("image-label", [])),
    c(LABEL, "image-label.multiscales", drop("multiscales")),
    c(LABEL, "image-label.version.present", drop("image-label/version")),
    c(LABEL, "image-label.version.form", put("image-label/version", 1)),
    c(LABEL, "image-label.version.value", put("image-label/version", "1.0")),
    c(LABEL, "image-label.version.absent", put("image-label/version", "0.6")),
    c(LABEL, "image-label.colors.present", drop("image-label/colors")),
    c(LABEL, "image-label.colors.form", put("image-label/colors", {})),
    c(LABEL, "image-label.colors.nonempty", put("image-label/colors", [])),
    c(LABEL, "image-label.colors.unique", double("image-label/colors")),
    c(LABEL, "image-label.colors.entries.form", add("image-label/colors", "red")),
    c(LABEL, "image-label.colors.label-value.present", drop("image-label/colors/1/label-value")),
    c(LABEL, "image-label.colors.label-value.form", put("image-label/colors/1/label-value", "2")),
    c(LABEL, "image-label.colors.label-values.unique", put("image-label/colors/1/label-value", 1)),
    c(LABEL, "image-label.colors.rgba.form", put("image-label/colors/0/rgba", [0, 0, 0, 256])),
    c(LABEL, "image-label.properties.form", put("image-label/properties", {})),
    c(LABEL, "image-label.properties.nonempty", put("image-label/properties", [])),
    c(LABEL, "image-label.properties.unique", double("image-label/properties")),
    c(LABEL, "image-label.properties.entries.form", add("image-label/properties", 3)),
    c(LABEL, "image-label.properties.label-value.present", drop("image-label/properties/1/label-value")),
    c(LABEL, "image-label.properties.label-value.form", put("image-label/properties/1/label-value", 1.5)),
    c(LABEL, "image-label.properties.label-values.unique", put("image-label/properties/1/label-value", 1)),
    c(LABEL, "image-label.source.form", put("image-label/source", "../../")),
    c(LABEL, "image-label.source.image.form", put("image-label/source/image", 1)),
]

PLATES: list[Case] = [
    c("plate", "plate.form", put("plate", [])),
    c("plate", "plate.version.present", drop("plate/version")),
    c("plate", "plate.version.form", put("plate/version", 1)),
    c("plate", "plate.version.value", put("plate/version", "1.0")),
    c("plate", "plate.version.absent", put("plate/version", "0.6")),
    c("plate", "plate.name.present", drop("plate/name")),
    c("plate", "plate.name.form", put("plate/name", 1)),
    c("plate", "plate.field_count.present", drop("plate/field_count")),
    c("plate", "plate.field_count.form", put("plate/field_count", 0)),
    *(
        case
        for lines, index in (("rows", "rowIndex"), ("columns", "columnIndex"))
        for case in (
            c("plate", f"plate.{lines}.present", drop(f"plate/{lines}")),
            c("plate", f"plate.{lines}.form", put(f"plate/{lines}", {})),
            c("plate", f"plate.{lines}.nonempty", put(f"plate/{lines}", []), until="0.3"),
            c("plate", f"plate.{lines}.nonempty", put(f"plate/{lines}", []), since="0.4", also=("plate.wells.place",)),
            c("plate", f"plate.{lines}.entries.form", add(f"plate/{lines}", "C")),
            c("plate", f"plate.{lines}.name.present", add(f"plate/{lines}", {})),
            c("plate", f"plate.{lines}.name.form", add(f"plate/{lines}", {"name": 3})),
            c("plate", f"plate.{lines}.name.value", add(f"plate/{lines}", {"name": "C-1"})),
            c("plate", f"plate.{lines}.unique", double(f"plate/{lines}")),
            c("plate", f"plate.{lines}.names.unique", double(f"plate/{lines}")),
            c(
                "plate",
                f"plate.{lines}.names.unlike",
                add(f"plate/{lines}", {"name": "cc"}),
                add(f"plate/{lines}", {"name": "Cc"}),
            ),
            c("plate", f"plate.wells.{index}.present", drop(f"plate/wells/1/{index}")),
            c("plate", f"plate.wells.{index}.form", put(f"plate/wells/1/{index}", "1")),
        )
    ),
    c("plate", "plate.wells.present", drop("plate/wells")),
    c("plate", "plate.wells.form", put("plate/wells", {})),
    c("plate", "plate.wells.nonempty", put("plate/wells", [])),
    c("plate", "plate.wells.unique", double("plate/wells")),
    c("plate", "plate.wells.entries.form", add("plate/wells", "A/1")),
    c("plate", "plate.wells.path.present", drop("plate/wells/1/path")),
    c("plate", "plate.wells.path.form", put("plate/wells/1/path", 1)),
    c("plate", "plate.wells.path.value", put("plate/wells/1/path", "B2")),
    c("plate", "plate.wells.path.unique", double("plate/wells", note="again")),
    c("plate", "plate.wells.path.relative", put("plate/wells/1/path", "../B/2")),
    c("plate", "plate.wells.place", put("plate/wells/1/rowIndex", 0)),
    c("plate", "plate.wells.place.swapped", put("plate/wells/1/path", "2/B")),
    c("plate", "plate.acquisitions.form", put("plate/acquisitions", {})),
    c("plate", "plate.acquisitions.nonempty", put("plate/acquisitions", [])),
    c("plate", "plate.acquisitions.entries.form", add("plate/acquisitions", 2)),
    c("plate", "plate.acquisitions.id.present", drop("plate/acquisitions/1/id")),
    c("plate", "plate.acquisitions.id.form", put("plate/acquisitions/1/id", "1")),
    c("plate", "plate.acquisitions.id.unique", put("plate/acquisitions/1/id", 0)),
    c("plate", "plate.acquisitions.name.present", drop("plate/acquisitions/1/name")),
    c("plate", "plate.acquisitions.name.form", put("plate/acquisitions/1/name", 1)),
    c("plate", "plate.acquisitions.description.form", put("plate/acquisitions/0/description", 1)),
    c("plate", "plate.acquisitions.maximumfieldcount.present", drop("plate/acquisitions/1/maximumfieldcount")),
    c("plate", "plate.acquisitions.maximumfieldcount.form", put("plate/acquisitions/1/maximumfieldcount", "1")),
    c("plate", "plate.acquisitions.times.form", put("plate/acquisitions/0/starttime", "2022-05-13T13:48:06")),
]

WELLS: list[Case] = [
    c("well", "well.form", put("well", [])),
    c("well", "well.version.present", drop("well/version")),
    c("well", "well.version.form", put("well/version", 1)),
    c("well", "well.version.value", put("well/version", "1.0")),
    c("well", "well.version.absent", put("well/version", "0.6")),
    c("well", "well.images.present", drop("well/images")),
    c("well", "well.images.form", put("well/images", {})),
    c("well", "well.images.nonempty", put("well/images", [])),
    c("well", "well.images.unique", double("well/images")),
    c("well", "well.images.entries.form", add("well/images", "2")),
    c("well", "well.images.path.present", drop("well/images/1/path")),
    c("well", "well.images.path.form", put("well/images/1/path", 1)),
    c("well", "well.images.path.value", put("well/images/1/path", "__1")),
    c("well", "well.images.path.unique", double("well/images", acquisition=5)),
    c("well", "well.images.acquisition.form", put("well/images/1/acquisition", "1")),
]

COLLECTIONS: list[Case] = [
    c(LAYOUT, "bioformats2raw.value", put(LAYOUT, "3")),
    c("series", "series.form", put("series", {})),
    c("series", "series.entries.form", add("series", 2)),
    c("series", "series.paths.relative", add("series", "/2")),
    c("series", "series.unique", double("series")),
]
