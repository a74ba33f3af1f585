"""The coordinate systems of an image or scene, and the ways between them.

Systems are the nodes of the graph, transformations its edges; an edge can be walked backwards where its transformation
has an inverse. Images below a scene are looked at when a way could lead through them, not before.

Examples
--------
>>> from omezarr.model import CoordinateSystem, Scale, Scene, SystemReference, conventional_axes
>>> from omezarr.transform import Resolver
>>> scene = Scene(
...     coordinate_systems=(
...         CoordinateSystem("microscope", conventional_axes("yx")),
...         CoordinateSystem("world", conventional_axes("yx")),
...     ),
...     coordinate_transformations=(
...         Scale(scale=(2.0, 4.0), input=SystemReference("microscope"), output=SystemReference("world")),
...     ),
... )
>>> graph = CoordinateGraph({"scene": scene}, Resolver.of_nothing())
>>> graph.between("world", "microscope")([[2, 4]]).tolist()
[[1.0, 1.0]]
"""

from __future__ import annotations

import heapq
from itertools import count as counter
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from omezarr.errors import ArgumentError, MetadataError, UnknownNameError, UnsupportedError
from omezarr.model import (
    CONVENTIONAL_SYSTEM,
    Identity,
    Image,
    Scale,
    Scene,
    Sequence,
    Translation,
    conventional_axes,
    derived_geometries,
)
from omezarr.plugins.origins import origin_of
from omezarr.transform.forward import forward_map
from omezarr.transform.inverse import inverse_map
from omezarr.transform.maps import chain
from omezarr.transform.resolver import joined
from omezarr.transform.systems import System, find_system, parent, readings, unknown_system

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omezarr.model import Axis, Dataset, JSONPath, Multiscale, SystemReference, Transformation, Unset
    from omezarr.transform.maps import PointMap
    from omezarr.transform.resolver import Resolver


@frozen(eq=False)
class Edge:
    """A transformation between two systems.

    Parameters
    ----------
    source, target : System
    transformation : callable
        Returns the transformation; it may look at arrays for that.
    resolver : Resolver
        Where the paths of the transformation start.
    place : JSONPath
        Where it stands in its document.
    length : int
        1, or 0 where two names mean the same system.
    """

    source: System
    target: System
    transformation: Callable[[], Transformation]
    resolver: Resolver
    place: JSONPath
    length: int = 1


@frozen
class DirectedEdge:
    """An edge, walked in one of its directions."""

    edge: Edge
    backwards: bool

    @property
    def start(self) -> System:
        """The system that the step leads from."""
        return self.edge.target if self.backwards else self.edge.source

    @property
    def end(self) -> System:
        """The system that the step leads to."""
        return self.edge.source if self.backwards else self.edge.target


class CoordinateGraph:
    """The coordinate systems that the document of one group knows, and those of images that it refers to.

    Parameters
    ----------
    facets : mapping
        The structured metadata of the group: an `Image`, a `Scene`, or both, under any keys.
    resolver : Resolver
        Looks up what paths lead to, from the group on.
    multiscale : int
        Which of the multiscales of the group counts; of an image below it is the first.
    """

    def __init__(self, facets: Mapping[str, object], resolver: Resolver, multiscale: int = 0) -> None:
        self._resolver = resolver
        self._axes: dict[System, tuple[Axis, ...] | None] = {}
        self._steps: dict[System, list[DirectedEdge]] = {}
        self._expanded: set[str] = {""}
        self._pending: dict[str, None] = {}
        for facet in facets.values():
            if isinstance(facet, Image):
                self._add_image("", facet, multiscale)
            elif isinstance(facet, Scene):
                self._add_scene(facet)
        if not self._axes:
            raise ArgumentError("there are no coordinate systems here; only images and scenes have some")

    @classmethod
    def leading(cls, facets: Mapping[str, object], resolver: Resolver, source: str, target: str) -> CoordinateGraph:
        """Return the graph of the first multiscale of a group in which a way leads from one system to another.

        Parameters
        ----------
        facets, resolver
            As for the class.
        source, target : str
            As in `between`.

        Raises
        ------
        OMEZarrError
            As in `between`, for the first multiscale, where none has a way.
        """
        first = cls(facets, resolver)
        counts = [len(facet.multiscales) for facet in facets.values() if isinstance(facet, Image)]
        several = range(max(counts, default=0)) if max(counts, default=0) > 1 else ()
        for number in several:
            graph = cls(facets, resolver, number) if number else first
            try:
                graph.between(source, target)
            except (UnknownNameError, UnsupportedError):
                continue
            return graph
        return first

    @property
    def systems(self) -> tuple[System, ...]:
        """All systems, those of the group itself first."""
        self._expand_pending()
        return tuple(sorted(self._axes))

    def axes(self, system: str) -> tuple[Axis, ...] | None:
        """Return the axes of a system; for the indices of an array, those that they are mapped to.

        Parameters
        ----------
        system : str
            As in `between`.

        Returns
        -------
        tuple of Axis or None
            None where no document describes the system.
        """
        return self._axes[self._find(system)]

    def between(self, source: str, target: str) -> PointMap:
        """Return the function that maps points from one system to another.

        Parameters
        ----------
        source, target : str
            The name of a system, the path of an array or image, or ``path#name`` (``path:name`` and ``path/name`` are
            understood too, and so is ``{"path": ..., "name": ...}``).

        Raises
        ------
        UnknownNameError
            If there is no such system.
        UnsupportedError
            If no way leads from one to the other.
        ArgumentError
            If a name is that of systems of several images.
        MetadataError
            If a transformation on the way contradicts itself or the systems.
        """
        start, goal = self._find(source), self._find(target)
        refused: dict[tuple[Edge, bool], str] = {}
        while True:
            route = self._route(start, goal, refused)
            if route is not None:
                built = self._follow(route, refused)
                if built is not None:
                    size = self._size(start)
                    return evolve(
                        built,
                        name=f"the transformation from {str(start)!r} to {str(goal)!r}",
                        inputs=built.inputs if size is None else size,
                    )
            elif not self._expand_pending():
                reasons = "; ".join(dict.fromkeys(refused.values()))
                raise UnsupportedError(
                    f"no transformation leads from {str(start)!r} to {str(goal)!r}"
                    + (f": {reasons}" if reasons else "")
                )

    def _route(
        self, start: System, goal: System, refused: Mapping[tuple[Edge, bool], str]
    ) -> list[DirectedEdge] | None:
        """Return the shortest way; of several, the one with the fewest inversions, then the one named first."""
        order = counter()
        queue: list[tuple[int, int, int, System, tuple[DirectedEdge, ...]]] = [(0, 0, next(order), start, ())]
        done: set[System] = set()
        while queue:
            length, inversions, _, system, steps = heapq.heappop(queue)
            if system == goal:
                return list(steps)
            if system in done:
                continue
            done.add(system)
            for step in self._steps.get(system, ()):
                if step.end not in done and (step.edge, step.backwards) not in refused:
                    further = (length + step.edge.length, inversions + step.backwards, next(order))
                    heapq.heappush(queue, (*further, step.end, (*steps, step)))
        return None

    def _follow(self, route: list[DirectedEdge], refused: dict[tuple[Edge, bool], str]) -> PointMap | None:
        """Return the function of a way; None if a step on it turns out to be impossible, which is then noted."""
        maps: list[PointMap] = []
        for step in route:
            edge, size = step.edge, self._size(step.start)
            make = inverse_map if step.backwards else forward_map
            try:
                made = make(edge.transformation(), edge.resolver, size)
            except UnsupportedError as error:
                refused[edge, step.backwards] = str(error)
                return None
            except MetadataError as error:
                raise error.below(*edge.place) from error
            for system, expected in ((step.start, made.inputs), (step.end, made.outputs)):
                found = self._size(system)
                if found is not None and expected is not None and found != expected:
                    raise MetadataError(
                        f"{made.name} maps {made.inputs} coordinates to {made.outputs}, but {str(system)!r} has "
                        f"{found} axes",
                        edge.place,
                    )
            maps.append(made)
        return chain(maps)

    def _size(self, system: System) -> int | None:
        axes = self._axes[system]
        return None if axes is None else len(axes)

    def _find(self, text: str) -> System:
        found = find_system(text, self._axes)
        if found is None:
            for path in dict.fromkeys(part for system in readings(text) for part in (system.path, parent(system.path))):
                self._expand(path)
            found = find_system(text, self._axes)
        if found is None and self._expand_pending():
            found = find_system(text, self._axes)
        if found is None:
            raise unknown_system(text, sorted(self._axes))
        self._expand(found.path)
        return found

    def _expand_pending(self) -> bool:
        """Look at all images that transformations refer to; say whether there were any left to look at."""
        pending = [path for path in self._pending if path not in self._expanded]
        self._resolver.prefetch(pending)
        for path in pending:
            self._expand(path)
        return bool(pending)

    def _expand(self, path: str) -> None:
        """Add the systems of the image at a path, if there is one."""
        if path in self._expanded:
            return
        self._expanded.add(path)
        try:
            image = self._resolver.image(path)
        except MetadataError:
            if path in self._pending:
                raise
            return  # what the user typed is no path, but may still be a name
        if image is not None and image.multiscales:
            self._add_image(path, image)

    def _add_scene(self, scene: Scene) -> None:
        for system in scene.coordinate_systems or ():
            self._axes[System("", system.name)] = system.axes
        for index, transformation in enumerate(scene.coordinate_transformations):
            place = ("scene", "coordinateTransformations", index)
            self._add_edge("", transformation, frozenset(), self._resolver, place)

    def _add_image(self, path: str, image: Image, number: int = 0) -> None:
        if number >= len(image.multiscales):
            return
        multiscale, resolver = image.multiscales[number], self._resolver.below(path)
        intrinsic = multiscale.intrinsic_system
        name = CONVENTIONAL_SYSTEM if intrinsic is None else intrinsic.name
        axes = multiscale.axes or conventional_axes("tczyx")
        for system in multiscale.coordinate_systems or ():
            self._axes[System(path, system.name)] = system.axes
        self._axes.setdefault(System(path, name), axes)
        if path:
            self._axes[System(path)] = axes
            self._connect(Edge(System(path), System(path, name), Identity, resolver, (), length=0))
        for index, dataset in enumerate(multiscale.datasets):
            array = System(joined(path, dataset.path))
            self._axes[array] = axes
            place: JSONPath = ("multiscales", number, "datasets", index, "coordinateTransformations")
            end = System(path, _output_name(dataset) or name)
            self._axes.setdefault(end, None)
            self._connect(Edge(array, end, _LevelTransformation(multiscale, index, resolver), resolver, place))
        arrays = frozenset(dataset.path for dataset in multiscale.datasets)
        for index, transformation in enumerate(multiscale.coordinate_transformations or ()):
            if transformation.input or transformation.output:
                place = ("multiscales", number, "coordinateTransformations", index)
                self._add_edge(path, transformation, arrays, resolver, place)

    def _add_edge(
        self, path: str, transformation: Transformation, arrays: frozenset[str], resolver: Resolver, place: JSONPath
    ) -> None:
        try:
            source = self._referred(path, transformation.input, arrays)
            target = self._referred(path, transformation.output, arrays)
        except MetadataError as error:
            raise error.below(*place) from error
        self._connect(Edge(source, target, lambda: transformation, resolver, place))

    def _referred(self, path: str, reference: SystemReference | Unset, arrays: frozenset[str]) -> System:
        """Return the system that a transformation in the document of a group refers to."""
        if not reference or not (reference.name or reference.path):
            raise MetadataError("the transformation does not say which coordinate systems it connects")
        name, below = reference.name or "", reference.path or ""
        if not below and name in arrays and System(path, name) not in self._axes:
            name, below = "", name
        if not below:
            system = System(path, name)
        elif below in arrays:
            system = System(joined(path, below))
        else:
            system = System(joined(path, below), name)
            self._pending.setdefault(system.path)
        self._axes.setdefault(system, None)
        return system

    def _connect(self, edge: Edge) -> None:
        self._steps.setdefault(edge.source, []).append(DirectedEdge(edge, backwards=False))
        self._steps.setdefault(edge.target, []).append(DirectedEdge(edge, backwards=True))


@frozen(eq=False)
class _LevelTransformation:
    """What leads from the indices of a level to the intrinsic system.

    Up to 0.3 nothing does: the shapes of the levels tell. In 0.4 and 0.5 the transformations of the multiscale follow
    those of the level; later they lead to other systems.
    """

    multiscale: Multiscale
    index: int
    resolver: Resolver

    def __call__(self) -> Transformation:
        dataset = self.multiscale.datasets[self.index]
        steps = dataset.coordinate_transformations or ()
        outer = (step for step in self.multiscale.coordinate_transformations or () if not (step.input or step.output))
        if steps:
            return Sequence(transformations=(*steps, *outer))
        if self.index == 0:
            return Identity()
        shapes = [self.resolver.array(level.path).shape for level in self.multiscale.datasets[: self.index + 1]]
        if len({len(shape) for shape in shapes}) != 1:
            raise MetadataError(f"the levels up to {dataset.path!r} differ in their number of dimensions")
        geometry = derived_geometries(shapes, origin_of(self.multiscale.type))[self.index]
        shift = Translation(translation=geometry.translation)
        return Sequence(transformations=(Scale(scale=geometry.scale), shift))


def _output_name(dataset: Dataset) -> str | None:
    for transformation in dataset.coordinate_transformations or ():
        if transformation.output and transformation.output.name:
            return str(transformation.output.name)
    return None
