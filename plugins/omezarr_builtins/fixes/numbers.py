"""Numbers that are given as texts, texts that are given as numbers, and colours in the forms of other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.model.colors import hexadecimal
from omezarr_builtins.fixes.editing import converted, whole

if TYPE_CHECKING:
    from omezarr.abc.rules import Fix


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


FIXES: dict[str, Fix] = {
    "plate.field_count.form": converted(whole, "plate/field_count"),
    "plate.acquisitions.maximumfieldcount.form": converted(whole, "plate/acquisitions/*/maximumfieldcount"),
    "plate.acquisitions.times.form": converted(whole, "plate/acquisitions/*/starttime", "plate/acquisitions/*/endtime"),
    "plate.rows.name.form": converted(_text, "plate/rows/*/name"),
    "plate.columns.name.form": converted(_text, "plate/columns/*/name"),
    "well.images.acquisition.form": converted(whole, "well/images/*/acquisition"),
    "image-label.colors.label-value.form": converted(whole, "image-label/colors/*/label-value"),
    "image-label.colors.rgba.form": converted(whole, "image-label/colors/*/rgba/*"),
    "image-label.properties.label-value.form": converted(whole, "image-label/properties/*/label-value"),
    "bioformats2raw.value": converted(whole, "bioformats2raw.layout"),
    "omero.color.form": converted(hexadecimal, "omero/channels/*/color"),
    "omero.color.value": converted(hexadecimal, "omero/channels/*/color"),
    "omero.label.form": converted(_text, "omero/channels/*/label"),
}
