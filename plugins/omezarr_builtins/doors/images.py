"""Which images there are at and below a node, for software that wants them all."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from omezarr.errors import OMEZarrError, OMEZarrWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr import Node

DEEPEST = 8
"""How far below a node images are looked for: a label of a field of a well of a plate in a collection lies 6 deep."""


def images_below(node: Node, path: str = "", depth: int = DEEPEST) -> Iterator[tuple[str, Node]]:
    """Yield every image at and below a node with its path, an image before its labels.

    What cannot be opened is left out with a warning, and the others are yielded.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> plate = omezarr.write_plate("memory://doc-doors/p.ome.zarr", {"A/1": np.zeros((8, 8), "uint8")})
    >>> [path for path, _ in images_below(plate)]
    ['A/1/0']
    """
    if node.levels:
        yield path, node
    if depth == 0:
        return
    for name in node.children:
        below = f"{path}/{name}".lstrip("/")
        try:
            yield from images_below(node.children[name], below, depth - 1)
        except OMEZarrError as error:
            warnings.warn(f"{below} is left out: {error}", OMEZarrWarning, stacklevel=2)
