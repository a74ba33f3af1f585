"""Adding resolution levels to an image or array that is there, without touching its pixels.

Examples
--------
>>> import numpy as np, omezarr
>>> path = "memory://doc-rescale/image.ome.zarr"
>>> image = omezarr.write_image(path, np.zeros((256, 256), dtype="uint8"), levels=1)
>>> [level.shape for level in add_levels(path, levels=3).levels]
[(256, 256), (128, 128), (64, 64)]
"""

from __future__ import annotations

import itertools
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from omezarr.abc import Hint
from omezarr.abc.plan import CreateGroup, EditAttributes, Phase, Plan, WriteLevels, WriteObject
from omezarr.abc.planning import PlannedImage
from omezarr.arrays import as_source
from omezarr.arrays.specs import spec_of
from omezarr.arrays.stored import json_bytes
from omezarr.errors import ArgumentError, LocationNotFoundError, UnsupportedError
from omezarr.hierarchy import Hierarchy
from omezarr.model import Image, composed_geometry
from omezarr.model.content import ImageContent
from omezarr.nodes.detection import detect_format
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.writing import Planner
from omezarr.writing.attributes import compose_attributes
from omezarr.writing.fitting import named
from omezarr.writing.image_description import parse_axes
from omezarr.writing.image_plans import multiscale_of
from omezarr.writing.images import run_plan
from omezarr.writing.pyramids import PyramidPlanner, method_details
from omezarr.writing.requests import Request, WriterKeywords, factors_between, spelled_out
from omezarr.writing.validity import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc.plan import ArraySpec, Step
    from omezarr.location import Location, LocationLike
    from omezarr.model import JSON, Axis
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry
    from omezarr.writing import WriteOptions


MEANINGLESS_IN_PLACE = {
    **dict.fromkeys(("consolidated", "expand_axes"), "levels are added in place; write a new image instead"),
    "overwrite": "levels that are there stay",
}
"""Options that have no use where levels are added to what is there: why."""


@spelled_out(WriterKeywords)
def add_levels(
    location: LocationLike,
    *,
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[WriterKeywords],
) -> Node:
    """Add levels below those that an image has, and to its label images as many; or make an image of a bare array.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        An image; or a bare zarr array, whose group becomes the image.
    axes : str or sequence, optional
        Of a bare array; an image has its own.
    options : WriteOptions, optional
        `levels` counts those that are there. Chunks of the new levels are those of the smallest one unless given.
    **given
        `WriterKeywords`, as for `omezarr.write_image`.

    Returns
    -------
    Node
        The image; as it is where it has as many levels, or where its smallest level fits one chunk and no number of
        levels is asked for.

    Raises
    ------
    UnsupportedError
        If it is no image, or the array has no group of its own that could become one.
    ArgumentError
        If there are more levels already, or an option is given that has no meaning here.
    """
    plan = plan_added_levels(location, axes=axes, options=options, **given)
    request = Request.of(location, options, given, WriterKeywords)
    run_plan(plan, request.registry, request.run)
    return open_node(plan.target, registry=request.registry)


@spelled_out(WriterKeywords)
def plan_added_levels(
    location: LocationLike,
    *,
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[WriterKeywords],
) -> Plan:
    """Return the plan of `add_levels` without writing anything; the parameters are the same."""
    request = Request.of(location, options, given, WriterKeywords, MEANINGLESS_IN_PLACE)
    options, registry, target = request.options, request.registry, request.target
    opened = open_store(target, registry.storage_schemes)
    found = Hierarchy(opened.store, opened.path).node()
    if found is None:
        raise LocationNotFoundError(f"there is nothing at {target}")
    if found.kind == "array":
        return _plan_from_array(target, axes, options, registry)
    image = open_node(target, registry=registry)
    if axes is not None:
        raise ArgumentError("the image names its axes itself; leave them out")
    if image.multiscale is None or image.format is None:
        raise UnsupportedError(f"{target} is no image, so levels cannot be added to it")
    if "format" in options.given and options.format != image.format.version:
        raise ArgumentError(
            f"{target} is of NGFF {image.format.version}, and so are levels added to it; leave {options.format} out, "
            "or write a new image"
        )
    zarr_format = image.format.zarr_format
    levels = _more_levels(image, "", options, registry)
    if levels is None:
        return Plan(target=target, zarr_format=zarr_format, phases=(), create=False)
    count = len(image.levels) + len(levels[0].factors)
    like_it = evolve(options, levels=count)
    behind = {name: label for name, label in image.labels.items() if len(label.levels) < count}
    of_labels = (_more_levels(label, f"labels/{name}", like_it, registry) for name, label in behind.items())
    steps = [levels, *(step for step in of_labels if step is not None)]
    # All documents are edited at the end, that of the image last: until then, a killed call can be made again.
    phases = (
        *(Phase(name=f"levels of {commit.path or image.name}", steps=(write,)) for write, commit in steps),
        Phase(name="metadata", steps=tuple(commit for _, commit in reversed(steps))),
    )
    plan = Plan(target=target, zarr_format=zarr_format, phases=phases, create=False)
    refuse_invalid(plan.steps, image.format, registry)
    return plan


def _more_levels(
    node: Node, path: str, options: WriteOptions, registry: Registry
) -> tuple[WriteLevels, EditAttributes] | None:
    """Return the steps that add levels to one image or label image, and that name them in its document.

    None where it has as many as it is to have: nothing is left to do.
    """
    multiscale, image, version = node.multiscale, node.image, node.format
    assert multiscale is not None
    assert image is not None
    assert version is not None
    is_label = "image-label" in node.facets
    method = registry.scaling_method(options.label_method if is_label else options.method)
    if is_label and not method.preserves_values:
        raise UnsupportedError(f"the scaling method {method.name!r} makes new values, which would corrupt labels")
    last = node.levels[-1]
    content = _content_of(node)
    wanted = None if options.levels is None else options.levels - len(node.levels) + 1
    if wanted == 1:
        return None
    if wanted is not None and wanted < 1:
        raise ArgumentError(f"{node.location} has {len(node.levels)} levels already; ask for more than that")
    chosen = evolve(
        options,
        format=version.version,
        levels=wanted,
        chunks=options.chunks or last.chunks,
        shards=options.shards or last.shards,
    )
    pyramids = PyramidPlanner(chosen, version, registry)
    factors = pyramids.factors(content)
    if not factors:
        return None
    pyramid = pyramids.pyramid(path, content.pixels, content, factors, method)
    first = spec_of(last.array, _join(path, last.path))
    names = _free_names([dataset.path for dataset in multiscale.datasets], len(factors))
    arrays = _renamed(first, pyramid.arrays[1:], [_join(path, name) for name in names], options)
    datasets = [evolve(dataset, path=name) for dataset, name in zip(pyramid.datasets[1:], names, strict=True)]
    order = [level.path for level in node.levels]  # the largest first, whatever the order of the document
    extended = evolve(
        multiscale,
        datasets=(*sorted(multiscale.datasets, key=lambda dataset: order.index(dataset.path)), *datasets),
        type=method.name,
        metadata=method_details(method, [*_known_factors(node), *factors]),
    )
    facets = {
        key: evolve(facet, multiscales=(extended, *image.multiscales[1:])) if isinstance(facet, Image) else facet
        for key, facet in node.facets.items()
    }
    facts = {**node.array_facts(), **evolve(pyramid, arrays=arrays[1:]).facts(path)}
    attributes = compose_attributes(evolve(node.metadata, facets=facets), version, registry, facts)
    return (
        WriteLevels(source=content.pixels, arrays=arrays, factors=factors, method=method, keep_first=True),
        EditAttributes(path=path, attributes=attributes, expected=node.attributes),
    )


def _known_factors(node: Node) -> list[tuple[int, ...]]:
    """Return the factors between the levels that are there; none where they are not whole numbers."""
    try:
        return [factors_between(large.shape, small.shape) for large, small in pairwise(node.levels)]
    except UnsupportedError:
        return []


def _content_of(node: Node) -> ImageContent:
    """Return the smallest level of an image, placed as its own transformations say, as content."""
    multiscale = node.multiscale
    assert multiscale is not None
    last = node.levels[-1]
    steps = next(item for item in multiscale.datasets if item.path == last.path).coordinate_transformations
    inner = composed_geometry(steps, len(last.shape)) if steps else last.geometry
    if inner is None:
        raise UnsupportedError(f"{node.location} places its levels by more than scale and translation")
    return ImageContent(pixels=as_source(last.array), axes=node.axes, scale=inner.scale, translation=inner.translation)


def _renamed(
    first: ArraySpec, specs: Sequence[ArraySpec], paths: Sequence[str], options: WriteOptions
) -> tuple[ArraySpec, ...]:
    """Return the array that is there and new ones like it, at the given paths."""
    return (
        first,
        *(
            evolve(
                spec,
                path=path,
                codec=first.codec if options.codec is None else spec.codec,
                checksums=first.checksums if options.checksums is None else spec.checksums,
                separator=first.separator,
                fill_value=first.fill_value,
            )
            for spec, path in zip(specs, paths, strict=True)
        ),
    )


def _plan_from_array(
    target: Location,
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None,
    options: WriteOptions,
    registry: Registry,
) -> Plan:
    """Return the plan that makes the group around an array an image whose first level is the array."""
    place = target.parent
    if place is None:
        raise UnsupportedError(f"{target} has no group around it that could become an image; write a new image instead")
    opened = open_store(place, registry.storage_schemes)
    hierarchy = Hierarchy(opened.store, opened.path)
    group, array = hierarchy.node(), hierarchy.array(target.name)
    if group is not None and detect_format(group.attributes, group.zarr_format, Hint(), registry) is not None:
        raise UnsupportedError(f"{place} has OME metadata already; add levels to it instead of to its array")
    planner = Planner(options, registry)
    if planner.version.zarr_format != array.metadata.zarr_format:
        able = [name for name, item in registry.formats.items() if item.zarr_format == array.metadata.zarr_format]
        raise UnsupportedError(
            f"{target} is of zarr format {array.metadata.zarr_format}, which NGFF {options.format} cannot hold; "
            f"choose a version that can: {', '.join(able)}"
        )
    content = ImageContent(pixels=as_source(array), axes=parse_axes(axes, array.ndim))
    method = registry.scaling_method(options.method)
    pyramids = PyramidPlanner(evolve(options, chunks=options.chunks or array.chunks), planner.version, registry)
    factors = pyramids.factors(content)
    planned = pyramids.pyramid("", content.pixels, content, factors, method)
    first = spec_of(array, target.name)
    names = _free_names([target.name], len(factors))
    arrays = _renamed(first, planned.arrays[1:], names, options)
    datasets = tuple(
        evolve(dataset, path=name) for dataset, name in zip(planned.datasets, [target.name, *names], strict=True)
    )
    pyramid = evolve(planned, arrays=arrays, datasets=datasets)
    content = named(content, place.name)
    writes = WriteLevels(source=content.pixels, arrays=arrays, factors=factors, method=method, keep_first=True)
    image = PlannedImage(
        content=content,
        multiscale=multiscale_of(content, pyramid, method),
        writes=(writes,),
        arrays=pyramid.facts(""),
        factors=factors,
    )
    steps: tuple[Step, ...] = (
        CreateGroup(path="", attributes={} if group is None else group.attributes),
        *_named_dimensions(hierarchy, target.name, planned.arrays[0]),
        writes,
    )
    commit = planner.commit_image(image, "multiscales", "the image")
    phases = (Phase(name=target.name, steps=steps), Phase(name="metadata of the image", steps=(commit,)))
    plan = Plan(target=place, zarr_format=planner.version.zarr_format, phases=phases, create=False)
    refuse_invalid(plan.steps, planner.version, registry)
    return plan


def _named_dimensions(hierarchy: Hierarchy, path: str, wanted: ArraySpec) -> tuple[Step, ...]:
    """Return the step that gives an array the dimension names that its version demands, where it has none."""
    node = hierarchy.node(path)
    if node is None or wanted.dimension_names is None or node.metadata.get("dimension_names") is not None:
        return ()
    document: dict[str, JSON] = {**node.metadata, "dimension_names": [*wanted.dimension_names]}
    return (WriteObject(key=f"{path}/zarr.json", content=json_bytes(document)),)


def _free_names(taken: Sequence[str], count: int) -> list[str]:
    """Return names for further levels that go on as those that are there do.

    Examples
    --------
    >>> _free_names(["s0", "s1"], 2), _free_names(["full"], 1)
    (['s2', 's3'], ['1'])
    """
    found = re.fullmatch(r"(.*?)(\d+)", taken[-1])
    prefix, start = (found[1], int(found[2]) + 1) if found else ("", len(taken))
    numbers = (f"{prefix}{number}" for number in itertools.count(start))
    return list(itertools.islice((name for name in numbers if name not in taken), count))


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
