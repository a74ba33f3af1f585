"""The metadata of groups in another version: read, completed, written down; what is lost on the way.

Pure but for shapes and dtypes of arrays, which were fetched with the metadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from omezarr.abc import Hint
from omezarr.abc.plan import INCOMPLETE_KEY
from omezarr.errors import LossyError, MetadataError, UnsupportedError
from omezarr.model import Image, conventional_axes
from omezarr.nodes.detection import detect_format
from omezarr.nodes.survey import joined
from omezarr.plugins.asking import calling
from omezarr.plugins.origins import unknown_origin
from omezarr.plugins.versions import axes_refusal, dtype_refusal
from omezarr.upgrading.arrays import LevelLabels
from omezarr.writing.attributes import compose_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omezarr.abc import ArrayFacts, FormatVersion
    from omezarr.model import JSON, Axis, GroupMetadata, Multiscale
    from omezarr.nodes.node import Node
    from omezarr.nodes.survey import HierarchySurvey
    from omezarr.plugins.registry import Registry

SHOWN = 5
"""How many places a message names before it counts the rest."""


@frozen
class LevelAxes:
    """The axes of a level.

    Parameters
    ----------
    own : tuple of Axis
        One for each dimension that the array has.
    wanted : tuple of Axis
        One for each dimension that it will have.
    """

    own: tuple[Axis, ...]
    wanted: tuple[Axis, ...]


@frozen(kw_only=True)
class GroupChange:
    """What a group becomes.

    Parameters
    ----------
    node : Node
        As it is.
    attributes : mapping
        As they will be.
    levels : mapping
        Path of an array, from the root, to its labels in the new version.
    axes : mapping
        Path of an array, from the root, to its axes.
    losses : tuple of str
        What the new version cannot express.
    refusals : tuple of str
        What it does not allow.
    notices : tuple of str
        What it does not allow, but the old version did not allow either.
    """

    node: Node
    attributes: Mapping[str, JSON]
    levels: Mapping[str, LevelLabels] = field(factory=dict)
    axes: Mapping[str, LevelAxes] = field(factory=dict)
    losses: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def is_label(self) -> bool:
        """Whether the group is a label image."""
        return is_label(self.node)


def is_label(node: Node) -> bool:
    """Say whether a group is a label image."""
    return any(node_type.key == "image-label" for node_type in node.node_types)


def group_changes(
    survey: HierarchySurvey, version: FormatVersion, *, expand_axes: bool = False
) -> dict[str, GroupChange]:
    """Return what each group of a hierarchy becomes in a version, by path.

    Parameters
    ----------
    survey : HierarchySurvey
    version : FormatVersion
    expand_axes : bool
        Whether axes of length 1 will be added where the version wants them.
    """
    return {path: _change(node, version, expand_axes=expand_axes) for path, node in survey.groups.items()}


def refuse_lossy(changes: Iterable[GroupChange], version: FormatVersion) -> None:
    """Raise if a version cannot express all of the metadata.

    Raises
    ------
    LossyError
        Naming all that would be lost.
    """
    lost = gathered(changes, "losses")
    if lost:
        raise LossyError(
            f"NGFF {version.version} cannot express: {'; '.join(lost)}. "
            "Choose a newer version, or allow the loss with allow_lossy (--allow-lossy)"
        )


def refuse_disallowed(changes: Iterable[GroupChange]) -> None:
    """Raise if a version does not allow what the version so far allowed.

    Raises
    ------
    UnsupportedError
    """
    refused = gathered(changes, "refusals")
    if refused:
        raise UnsupportedError("; ".join(refused))


def gathered(changes: Iterable[GroupChange], what: str) -> list[str]:
    """Return the lines of all groups, each once, with where it is from.

    Parameters
    ----------
    changes : iterable of GroupChange
    what : {"losses", "refusals", "notices"}
    """
    places: dict[str, list[str]] = {}
    for change in changes:
        for line in getattr(change, what):
            places.setdefault(line, []).append(change.node.path or "the root")
    return [f"{line} (of {counted(where)})" for line, where in places.items()]


def counted(places: list[str]) -> str:
    """Return the first places, and how many more there are."""
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return ", ".join(places[:SHOWN]) + more


def without_marker(metadata: GroupMetadata) -> GroupMetadata:
    """Return metadata without what an upgrade notes about itself."""

    def clean(values: Mapping[str, JSON]) -> dict[str, JSON]:
        return {key: value for key, value in values.items() if key != INCOMPLETE_KEY}

    return evolve(metadata, unclaimed=clean(metadata.unclaimed), foreign=clean(metadata.foreign))


def _change(node: Node, version: FormatVersion, *, expand_axes: bool) -> GroupChange:
    if node.format is None or not _has_document(node):
        plain = {key: value for key, value in node.attributes.items() if node.path or key != INCOMPLETE_KEY}
        return GroupChange(node=node, attributes=plain)
    metadata = node.metadata if node.path else without_marker(node.metadata)
    facts, registry, formats = node.array_facts(), node.registry, node.registry.formats
    try:
        with calling(formats, version.version, "complete"):
            completed = version.complete(metadata, facts)
        attributes = compose_attributes(metadata, version, node.registry, facts)
    except MetadataError as error:
        raise MetadataError(f"{error.message} (in {node.location})", error.path) from error
    levels: dict[str, LevelLabels] = {}
    axes: dict[str, LevelAxes] = {}
    refusals: list[str] = []
    notices: list[str] = []
    moves = node.version != version.version
    for before, after in _multiscales(metadata, completed):
        if moves and (unknown := unknown_origin(before, registry)) is not None:
            notices.append(f"{unknown} (of {node.location})")
        own = named = after.axes or before.axes or conventional_axes("tczyx")
        if moves:
            if expand_axes and axes_refusal(named, version, registry) is not None:
                named = _expanded(named)
            refused = axes_refusal(named, version, registry)
            _sort(refused, axes_refusal(before.axes or named, node.format, registry), refusals, notices)
            dtypes = [facts[dataset.path].dtype for dataset in before.datasets if dataset.path in facts]
            with calling(formats, version.version, "check_dtypes"):
                refused = version.check_dtypes(dtypes)
            with calling(formats, node.format.version, "check_dtypes"):
                _sort(refused, node.format.check_dtypes(dtypes), refusals, notices)
        for dataset in before.datasets:
            path = joined(node.path, dataset.path.strip("/"))
            axes[path] = LevelAxes(own, named)
            if moves:
                levels[path] = _labels(node.format, version, [axis.name for axis in named], registry)
                _check_dtype(node, version, facts.get(dataset.path), refusals, notices)
    with calling(formats, version.version, "losses"):
        losses = tuple(version.losses(metadata)) if moves else ()
    return GroupChange(
        node=node,
        attributes=attributes,
        levels=levels,
        axes=axes,
        losses=losses,
        refusals=tuple(dict.fromkeys(refusals)),
        notices=tuple(dict.fromkeys(notices)),
    )


def _has_document(node: Node) -> bool:
    """Say whether a group says anything in NGFF terms, other than plain groups of a hierarchy that does."""
    if node.node_types or node.document.version is not None:
        return True
    alone = detect_format(node.attributes, node.zarr_node.zarr_format, Hint(), node.registry)
    return alone is not None


def _multiscales(before: GroupMetadata, after: GroupMetadata) -> list[tuple[Multiscale, Multiscale]]:
    pairs: list[tuple[Multiscale, Multiscale]] = []
    for key, facet in before.facets.items():
        completed = after.facets.get(key)
        if isinstance(facet, Image) and isinstance(completed, Image):
            pairs += zip(facet.multiscales, completed.multiscales, strict=True)
    return pairs


def _expanded(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
    """Return all five conventional axes if these are some of them, in their order."""
    names = [axis.name for axis in axes]
    if names != [name for name in "tczyx" if name in names]:
        return axes
    return tuple(next((own for own in axes if own.name == axis.name), axis) for axis in conventional_axes("tczyx"))


def _labels(old: FormatVersion, new: FormatVersion, names: list[str], registry: Registry) -> LevelLabels:
    with calling(registry.formats, new.version, "array_metadata"):
        wanted, dimension_names = new.array_metadata(names)
    with calling(registry.formats, old.version, "array_metadata"):
        present = frozenset(old.array_metadata(names)[0])
    return LevelLabels(old=present, new=wanted, dimension_names=dimension_names)


def _check_dtype(
    node: Node, version: FormatVersion, facts: ArrayFacts | None, refusals: list[str], notices: list[str]
) -> None:
    if facts is None or node.format is None:
        return
    label = is_label(node)
    _sort(
        dtype_refusal(facts.dtype, version, node.registry, label=label),
        dtype_refusal(facts.dtype, node.format, node.registry, label=label),
        refusals,
        notices,
    )


def _sort(new: str | None, old: str | None, refusals: list[str], notices: list[str]) -> None:
    """Note a refusal of the new version; where the old version refuses as well, the upgrade makes it no worse."""
    if new is not None:
        (refusals if old is None else notices).append(new)
