"""The levels of an image in their order, which needs the shapes of all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attrs import evolve

from omezarr.errors import OMEZarrError
from omezarr.nodes.level import Level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.hierarchy import Hierarchy
    from omezarr.model import Channel, Multiscale
    from omezarr.nodes.level import Shape
    from omezarr.plugins.registry import Registry


def ordered_levels(
    hierarchy: Hierarchy,
    paths: Mapping[str, str],
    multiscale: Multiscale | None,
    channels: Sequence[Channel] = (),
    registry: Registry | None = None,
) -> tuple[Level, ...]:
    """Return levels, the largest first, whatever the order in which they are listed.

    Parameters
    ----------
    hierarchy : Hierarchy
    paths : mapping
        What the metadata calls each level, to its path in the hierarchy. Their metadata is fetched together; the order
        is kept where that of one is missing, which is an error when the level is touched.
    multiscale : Multiscale, optional
        What describes them.
    channels : sequence of Channel
        By whose names pixels can be asked for.
    registry : Registry, optional
        That of the node. Default: that in use.
    """
    hierarchy.prefetch(paths.values(), kind="array")
    shapes = {name: _shape(hierarchy, path) for name, path in paths.items()}
    order = list(paths)
    if None not in shapes.values():
        order.sort(key=lambda name: -math.prod(shapes[name] or ()))
    if multiscale is not None:
        datasets = {dataset.path: dataset for dataset in reversed(multiscale.datasets)}
        multiscale = evolve(multiscale, datasets=tuple(datasets[name] for name in order))
    ordered = [shapes[name] for name in order]
    labels = [channel.label if isinstance(channel.label, str) else None for channel in channels]
    return tuple(
        Level(index, name, hierarchy, paths[name], multiscale, ordered, labels, registry)
        for index, name in enumerate(order)
    )


def _shape(hierarchy: Hierarchy, path: str) -> Shape | None:
    try:
        node = hierarchy.node(path)
    except OMEZarrError:
        return None
    return None if node is None else node.shape
