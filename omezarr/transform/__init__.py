"""Coordinate systems and transformations: points and images from one system to another.

Source: OME-NGFF 0.6 "coordinateSystems", "coordinateTransformations", "scene"; the scales and translations of 0.4 and
0.5 are the simple case. All I/O happens through a `Resolver`.
"""

from omezarr.transform.fields import open_field
from omezarr.transform.forward import forward_map
from omezarr.transform.graph import CoordinateGraph
from omezarr.transform.inverse import inverse_map
from omezarr.transform.maps import PointMap, chain
from omezarr.transform.resampling import resample, resample_array
from omezarr.transform.resolver import ArrayLike, NodeLike, Resolver
from omezarr.transform.systems import System

__all__ = [
    "ArrayLike",
    "CoordinateGraph",
    "NodeLike",
    "PointMap",
    "Resolver",
    "System",
    "between",
    "chain",
    "forward_map",
    "inverse_map",
    "open_field",
    "resample",
    "resample_array",
    "systems",
]


def between(node: NodeLike, source: str, target: str) -> PointMap:
    """Return the function that maps points from one coordinate system of a node to another.

    Parameters
    ----------
    node : NodeLike
        An opened image or scene.
    source, target : str
        See `CoordinateGraph.between`.
    """
    return CoordinateGraph.leading(node.facets, Resolver.of_node(node), source, target).between(source, target)


def systems(node: NodeLike) -> tuple[System, ...]:
    """Return the coordinate systems of a node: those of its document, of its arrays, and of images below it."""
    return CoordinateGraph(node.facets, Resolver.of_node(node)).systems
