"""Which label images a hierarchy holds, and which values their pixels have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.arrays.blocks import blocks_of
from omezarr.errors import ArgumentError, OMEZarrError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import numpy as np
    import numpy.typing as npt

    from omezarr.nodes.node import Node

DENSE_VALUES = 1 << 24
"""Values in a span of at most so many are counted in a table, which is faster than sorting the pixels."""


@frozen(kw_only=True)
class LabelImage:
    """A label image and where in a hierarchy it is.

    Parameters
    ----------
    node : Node
        The label image.
    image : Node or None
        The image that it belongs to; None where the label image itself was opened.
    name : str
        As the list of labels names it.
    well, field : str
        Paths of the well in its plate and of the field in its well; empty outside of plates.
    """

    node: Node
    image: Node | None = None
    name: str = ""
    well: str = ""
    field: str = ""


def label_images(root: Node, names: Collection[str] = (), broken: list[str] | None = None) -> Iterator[LabelImage]:
    """Yield the label images of a hierarchy, in its order.

    Parameters
    ----------
    root : Node
        An image, a label image, a plate, a well or any group with such groups below.
    names : collection of str
        Only labels of these names. Default: all.
    broken : list of str, optional
        Is given a line for each part that cannot be read; without it, such a part raises.

    Raises
    ------
    ArgumentError
        If no label image has one of the names.
    """
    seen: set[str] = set()
    here = LabelImage(node=root, image=None if is_label(root) or root.multiscale is None else root)
    for found in _walked(root, here, broken):
        seen.add(found.name)
        if not names or found.name in names:
            yield found
    missing = [name for name in names if name not in seen]
    if missing:
        there = ", ".join(sorted(seen)) or "none"
        raise ArgumentError(f"{root.location} has no labels {', '.join(map(repr, missing))}; it has: {there}")


def _walked(node: Node, here: LabelImage, broken: list[str] | None) -> Iterator[LabelImage]:
    from attrs import evolve

    if is_label(node):
        yield evolve(here, node=node, name=here.name or node.location.name)
        return
    try:
        children = node.children
        children.prefetch()
    except OMEZarrError as error:
        _note(broken, error)
        return
    for path in children:
        try:
            child = children[path]
        except OMEZarrError as error:
            _note(broken, error)
            continue
        if node.key == "plate":
            below = evolve(here, well=path)
        elif node.key == "well":
            below = evolve(here, field=path)
        elif node.key == "labels":
            below = evolve(here, name=path)
        else:
            below = here
        if child.multiscale is not None and not below.name:
            below = evolve(below, image=child)
        yield from _walked(child, below, broken)


def is_label(node: Node) -> bool:
    """Say whether a node is a label image."""
    return any(node_type.key == "image-label" for node_type in node.node_types)


def _note(broken: list[str] | None, error: OMEZarrError) -> None:
    if broken is None:
        raise error
    broken.append(str(error))


def label_values(node: Node) -> npt.NDArray[np.integer[Any]]:
    """Return the values that the pixels of a label image have, without 0, in rising order.

    All pixels are read, block by block.

    Parameters
    ----------
    node : Node

    Returns
    -------
    array of int64 or uint64, shape (values,)

    Raises
    ------
    ArgumentError
        If its pixels are no whole numbers.
    """
    import numpy as np

    level = node.levels[0]
    if level.dtype.kind not in "iub":
        raise ArgumentError(f"{node.location} has pixels of {level.dtype}; labels are whole numbers")
    wide = np.uint64 if level.dtype == np.uint64 else np.int64
    found = np.empty(0, dtype=wide)
    for block in blocks_of(level.array):
        found = np.union1d(found, distinct(block).astype(wide))
    nonzero: npt.NDArray[np.integer[Any]] = found[found != 0]
    return nonzero


def distinct(block: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the distinct values of whole numbers in rising order.

    Examples
    --------
    >>> import numpy as np
    >>> distinct(np.array([[7, -1], [7, 3]]))
    array([-1,  3,  7])
    """
    import numpy as np

    pixels = block.reshape(-1).view(np.uint8) if block.dtype.kind == "b" else block.reshape(-1)
    if not pixels.size:
        return pixels
    low, high = pixels.min(), pixels.max()
    if int(high) - int(low) >= DENSE_VALUES:
        return np.unique(pixels)
    there = np.zeros(int(high) - int(low) + 1, dtype=bool)
    for start in range(0, pixels.size, DENSE_VALUES):  # positions take eight bytes a pixel: no more than this at once
        part = pixels[start : start + DENSE_VALUES]
        there[(part - low if pixels.dtype.kind == "u" else part.astype(np.int64) - int(low)).astype(np.intp)] = True
    values: npt.NDArray[Any] = np.flatnonzero(there).astype(pixels.dtype) + low
    return values
