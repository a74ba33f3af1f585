"""Rules of multiscale images: the list of images, and the levels of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Finding
from omezarr_builtins.rules import arrays, chunks, omero, scaling, systems
from omezarr_builtins.rules import axes as axis_rules
from omezarr_builtins.rules.book import RuleBook
from omezarr_builtins.rules.fields import enter_fields
from omezarr_builtins.rules.levels import enter_levels
from omezarr_builtins.rules.neighbours import is_proper, joined
from omezarr_builtins.rules.parameters import enter_parameters
from omezarr_builtins.rules.places import ARRAY, OBJECT, STRING, distinct, has, holds, is_a, select, shown
from omezarr_builtins.rules.scales import level_scales
from omezarr_builtins.rules.transformations import enter_transformations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import RuleContext

BOOK = RuleBook("multiscales", "multiscales")

ALL, ENTRY = "multiscales", "multiscales/*"
DATASETS, DATASET = "multiscales/*/datasets", "multiscales/*/datasets/*"

BOOK.must("multiscales.form", "'multiscales' is an array.")(is_a(ARRAY, ALL))
BOOK.must("multiscales.nonempty", "There is at least one image.")(holds(1, ALL))
BOOK.must("multiscales.unique", "No image is listed twice.")(distinct(ALL))
BOOK.must("multiscales.entries.form", "Every image is an object.")(is_a(OBJECT, ENTRY))
BOOK.should("multiscales.name.present", "Every image has a name.")(has(f"{ENTRY}/name"))
BOOK.must("multiscales.name.form", "The name of an image is a string.")(is_a(STRING, f"{ENTRY}/name"))
BOOK.should("multiscales.type.present", "Every image names the method that made its levels.")(has(f"{ENTRY}/type"))
BOOK.should("multiscales.metadata.present", "Every image tells how its levels were made.")(has(f"{ENTRY}/metadata"))
BOOK.must("multiscales.metadata.form", "What tells how levels were made is an object.", until="0.1")(
    is_a(OBJECT, f"{ENTRY}/metadata")
)
BOOK.should("multiscales.metadata.form", "What tells how levels were made is an object.", since="0.2")(
    is_a(OBJECT, f"{ENTRY}/metadata")
)
BOOK.must("multiscales.metadata.details", "The method that made the levels and its version are strings.", until="0.1")(
    is_a(STRING, f"{ENTRY}/metadata/method", f"{ENTRY}/metadata/version")
)
BOOK.should("multiscales.version.present", "Every image names its version.", until="0.4")(has(f"{ENTRY}/version"))
BOOK.must("multiscales.version.form", "The version is a string.", until="0.4")(is_a(STRING, f"{ENTRY}/version"))
BOOK.must("multiscales.datasets.present", "Every image has levels.")(has(DATASETS))
BOOK.must("multiscales.datasets.form", "Levels are an array.")(is_a(ARRAY, DATASETS))
BOOK.must("multiscales.datasets.nonempty", "Every image has at least one level.")(holds(1, DATASETS))
BOOK.must("multiscales.datasets.entries.form", "Every level is an object.")(is_a(OBJECT, DATASET))
BOOK.must("multiscales.datasets.path.present", "Every level has a path.")(has(f"{DATASET}/path"))
BOOK.must("multiscales.datasets.path.form", "The path of a level is a string.")(is_a(STRING, f"{DATASET}/path"))


@BOOK.must("multiscales.version.value", "The version is that of the specification.", until="0.4")
def _version(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{ENTRY}/version"):
        if isinstance(value, str) and value != context.version:
            yield Finding(path=path, found=shown(value), expected=repr(context.version))


@BOOK.must("multiscales.version.fits", "Axes that are objects are not of this version.", until="0.2")
def _version_fits(context: RuleContext) -> Iterator[Finding]:
    for path, axes in select(context.values, f"{ENTRY}/axes"):
        if isinstance(axes, list) and any(isinstance(axis, Mapping) for axis in axes):
            found = f"axes as from 0.4 on, in an image of {context.version}"
            yield Finding(path=path, found=found, expected="no axes, or the version that they are of")


@BOOK.should("multiscales.version.absent", "Only the document as a whole names a version.", since="0.5")
def _inner_version(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{ENTRY}/version"):
        yield Finding(path=path, found=f"the version {shown(value)}", expected="no version here")


@BOOK.must("multiscales.datasets.path.relative", "The path of a level stays below the group of the image.")
def _relative(context: RuleContext) -> Iterator[Finding]:
    for path, value in select(context.values, f"{DATASET}/path"):
        if isinstance(value, str) and not (is_proper(value) and joined(value).strip("./")):
            yield Finding(path=path, found=shown(value), expected="a path below the group")


@BOOK.should("multiscales.datasets.path.unique", "No two levels of an image are the same array.")
def _unique_paths(context: RuleContext) -> Iterator[Finding]:
    for path, levels in select(context.values, DATASETS):
        seen: set[str] = set()
        for index, level in enumerate(levels if isinstance(levels, list) else ()):
            name = level.get("path") if isinstance(level, dict) else None
            if isinstance(name, str):
                if name in seen:
                    yield Finding(path=(*path, index, "path"), found=f"{name!r} again", expected="an array of its own")
                seen.add(name)


@BOOK.must("multiscales.datasets.order", "Levels are ordered from the largest to the smallest.", since="0.4")
def _order(context: RuleContext) -> Iterator[Finding]:
    for path, levels in select(context.values, DATASETS):
        scales = level_scales(levels) if isinstance(levels, list) else {}
        previous: list[Any] = []
        for index, scale in scales.items():
            pairs = enumerate(zip(scale, previous, strict=False))
            finer = [axis for axis, (now, before) in pairs if now < before]
            if finer:
                yield Finding(
                    path=(*path, index),
                    found=f"a smaller scale than the level before, along axis {finer[0]}",
                    expected="levels from the largest to the smallest",
                )
            previous = scale


axis_rules.enter_names(BOOK)
axis_rules.enter_objects(BOOK, axis_rules.FLAT, "0.4", "0.5")
axis_rules.enter_flat_limits(BOOK)
axis_rules.enter_limits(BOOK, axis_rules.FLAT, "0.4", "0.5")
axis_rules.enter_system_axes(BOOK, axis_rules.IN_IMAGES)
axis_rules.enter_limits(BOOK, axis_rules.IN_IMAGES, "0.6", None)
systems.enter_image_systems(BOOK)
scaling.enter_scaling(BOOK)
enter_levels(BOOK)
enter_transformations(BOOK)
enter_parameters(BOOK)
enter_fields(BOOK)
omero.enter_omero(BOOK)
arrays.enter_arrays(BOOK)
chunks.enter_chunks(BOOK)
