"""What each array and each group becomes: the value from which both ways of upgrading make their steps."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.abc.plan import INCOMPLETE_KEY
from omezarr.upgrading.arrays import DimensionLabels, relabelled
from omezarr.upgrading.groups import GroupChange, LevelAxes, group_changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import FormatVersion
    from omezarr.hierarchy import ZarrNode
    from omezarr.nodes.survey import HierarchySurvey

MARKER = "upgrade"
"""The key, inside the attribute of omezarr, under which a root says that its upgrade is not finished."""


@frozen(kw_only=True)
class ArrayChange:
    """What an array becomes.

    Parameters
    ----------
    node : ZarrNode
        As it is.
    labels : DimensionLabels
        As its dimensions will be labelled.
    axes : LevelAxes, optional
        Those of the image that it is a level of; None: it is of others.
    moves : bool
        Whether it is a level of an image that changes its version.
    """

    node: ZarrNode
    labels: DimensionLabels
    axes: LevelAxes | None = None
    moves: bool = False


@frozen(kw_only=True)
class Changes:
    """What a hierarchy becomes in a version.

    Parameters
    ----------
    survey : HierarchySurvey
    version : FormatVersion
    groups : mapping
        Path to change, parents before what is below them.
    arrays : mapping
        Path to change.
    """

    survey: HierarchySurvey
    version: FormatVersion
    groups: Mapping[str, GroupChange]
    arrays: Mapping[str, ArrayChange]

    @property
    def root(self) -> GroupChange:
        """What the root becomes."""
        return self.groups[""]

    @cached_property
    def renames(self) -> bool:
        """Whether the versions name chunks differently."""
        formats = (change.node.format for change in self.groups.values())
        return any(item is not None and item.separator != self.version.separator for item in formats)

    @property
    def source_version(self) -> str:
        """The version so far, for people; that of the first group that has one."""
        versions = (change.node.version for change in self.groups.values() if change.node.node_types)
        return next((version for version in versions if version is not None), "none")


def changes_of(survey: HierarchySurvey, version: FormatVersion, *, expand_axes: bool = False) -> Changes:
    """Return what all of a hierarchy becomes in a version.

    Parameters
    ----------
    survey : HierarchySurvey
    version : FormatVersion
    expand_axes : bool
        Whether axes of length 1 will be added where the version wants them.

    Raises
    ------
    MetadataError
        If anything is malformed.
    """
    groups = group_changes(survey, version, expand_axes=expand_axes)
    levels = {path: item for change in groups.values() for path, item in change.levels.items()}
    axes = {path: item for change in groups.values() for path, item in change.axes.items()}
    arrays = {}
    for path, node in survey.arrays.items():
        arrays[path] = ArrayChange(
            node=node,
            labels=relabelled(node, version.zarr_format, levels.get(path)),
            axes=axes.get(path),
            moves=path in levels,
        )
    return Changes(survey=survey, version=version, groups=groups, arrays=arrays)


def marked(attributes: Mapping[str, object]) -> bool:
    """Say whether attributes of a root tell of an upgrade that is not finished."""
    own = attributes.get(INCOMPLETE_KEY)
    return isinstance(own, dict) and MARKER in own
