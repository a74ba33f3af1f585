"""Names of dimensions that arrays lack, taken from the axes of their image; other names than those are left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc.rules import Edit
from omezarr_builtins.rules.arrays import image_arrays, images
from omezarr_builtins.rules.axes import axis_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omezarr.abc.rules import Finding, Fix, RuleContext
    from omezarr_builtins.rules.neighbours import ArrayForm


def _axes_of_arrays(context: RuleContext) -> Iterator[tuple[str, ArrayForm, list[Any]]]:
    """Yield the arrays that are levels with as many dimensions as one list of axes has, with the names of these."""
    found: dict[str, tuple[ArrayForm, list[list[Any]]]] = {}
    for _, image, axes in images(context):
        for _, path, array in image_arrays(context, image):
            found.setdefault(path, (array, []))[1].append([] if axes is None else axis_names(axes))
    for path, (array, lists) in found.items():
        names = lists[0]
        if len(names) == len(array.shape) and None not in names and all(other == names for other in lists):
            yield path, array, names


def _name_dimensions(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    for path, array, names in _axes_of_arrays(context):
        given = array.names or (None,) * len(names)
        if len(given) == len(names) and all(old in (None, new) for old, new in zip(given, names, strict=True)):
            yield Edit(node=path, path=("dimension_names",), value=names)


def _repeat_axes(context: RuleContext, _: Sequence[Finding]) -> Iterator[Edit]:
    for path, array, names in _axes_of_arrays(context):
        if "_ARRAY_DIMENSIONS" not in array.attributes:
            yield Edit(node=path, path=("attributes", "_ARRAY_DIMENSIONS"), value=names)


FIXES: dict[str, Fix] = {
    "arrays.dimension_names.present": _name_dimensions,
    "arrays.dimension_names": _name_dimensions,
    "arrays._ARRAY_DIMENSIONS.present": _repeat_axes,
}
