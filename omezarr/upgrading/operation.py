"""Upgrading: from what a user asks for to a plan, and carrying it out."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc import Hint
from omezarr.arrays.locks import CHANGE_LOCK, locked, sweep_at
from omezarr.arrays.targets import target_of
from omezarr.errors import (
    ArgumentError,
    NotOMEZarrError,
    OMEZarrError,
    OMEZarrWarning,
    StorageError,
    UnsupportedError,
    WriteError,
)
from omezarr.hierarchy import Hierarchy
from omezarr.location import Location
from omezarr.nodes.node import Node
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.nodes.survey import survey
from omezarr.plugins.registry import Registry, registry_in_use
from omezarr.upgrading.changes import changes_of
from omezarr.upgrading.groups import gathered, refuse_disallowed, refuse_lossy
from omezarr.upgrading.in_place import extension_notices, in_place_plan
from omezarr.upgrading.into_target import RewriteOptions, into_target_plan
from omezarr.writing.conversion import refuse_overlap
from omezarr.writing.images import run_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import FormatVersion
    from omezarr.abc.plan import Codec, Plan
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.writing import RunOptions

_HIGHEST_ANCESTOR = 3


@frozen(kw_only=True)
class Upgrade:
    """An upgrade that can be carried out.

    Parameters
    ----------
    source : Location
    source_version, version : str
        The NGFF versions before and after.
    plan : Plan
    losses : tuple of str
        What the new version cannot express.
    notices : tuple of str
        What else there is to know.
    """

    source: Location
    source_version: str
    version: str
    plan: Plan
    losses: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def in_place(self) -> bool:
        """Whether the hierarchy itself is changed."""
        return not self.plan.create


def upgrade(
    source: LocationLike,
    target: LocationLike | None = None,
    *,
    to: str | FormatVersion,
    chunks: Mapping[str, int] | Sequence[int] | None = None,
    shards: Mapping[str, int] | Sequence[int] | None = None,
    codec: Codec | str | None = None,
    checksums: bool | None = None,
    expand_axes: bool = False,
    allow_lossy: bool = False,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    target_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Node:
    """Bring a whole hierarchy to another NGFF version, newer or older.

    Parameters
    ----------
    source : str, path, Location, zarr store or zarr group
        The root of the hierarchy.
    target : str, path, Location, zarr store or zarr group, optional
        Where the upgraded hierarchy is written. Default: in place, where metadata and names of chunks suffice; pixels
        are not touched then.
    to : str
        The NGFF version, for example "0.5".
    chunks, shards : mapping or sequence, optional
        Sizes by axis name, or one for each axis, to write the images anew with; need a target.
    codec : Codec or str, optional
        For example "zstd:level=3"; needs a target.
    checksums : bool, optional
        Whether a crc32c follows the content of each chunk, 0.5 and later; needs a target. Default: as it is.
    expand_axes : bool
        Whether axes of length 1 are added where the version wants all of t, c, z, y, x; needs a target.
    allow_lossy : bool
        Whether metadata that the version cannot express may be left out.
    overwrite : bool
        Whether a zarr hierarchy at the target is replaced.
    run : RunOptions, optional
    storage_options, target_options : mapping or StorageOptions, optional
        How to reach the source, and the target.
    registry : Registry, optional

    Returns
    -------
    Node
        The upgraded hierarchy.

    Raises
    ------
    LossyError
        If metadata would be lost and this was not allowed, with all that would be.
    UnsupportedError
        If the version does not allow what is there, or it cannot be done in place.
    ArgumentError
        If an option makes no sense.
    NotOMEZarrError
        If there is no OME-Zarr.
    WriteError
        If it failed midway; run it again to complete it.

    Notes
    -----
    In place, each group opens with its pixels at every moment, in the old version or in the new one. An interrupted
    upgrade is completed by asking for it again.

    Examples
    --------
    >>> import numpy as np
    >>> from omezarr.writing.images import write_image
    >>> old = write_image("memory://doc-upgrade/a.zarr", np.zeros((8, 8), "uint8"), axes="yx", format="0.4")
    >>> upgrade("memory://doc-upgrade/a.zarr", to="0.5").version
    '0.5'
    """
    registry = registry or registry_in_use()
    to, registry = registry.holding("formats", to)
    prepared = prepare_upgrade(
        source,
        target,
        to=to,
        chunks=chunks,
        shards=shards,
        codec=codec,
        checksums=checksums,
        expand_axes=expand_axes,
        allow_lossy=allow_lossy,
        overwrite=overwrite,
        storage_options=storage_options,
        target_options=target_options,
        registry=registry,
    )
    for notice in prepared.notices:
        warnings.warn(notice, OMEZarrWarning, stacklevel=2)
    carry_out(prepared, registry, run)
    return open_node(prepared.plan.target, registry=registry)


def carry_out(prepared: Upgrade, registry: Registry, run: RunOptions | None = None) -> None:
    """Carry out an upgrade; nothing is done where nothing has to be.

    Raises
    ------
    LockedError
        If somebody else upgrades the same hierarchy.
    WriteError
        If it failed midway.
    """
    if not prepared.plan.steps:
        with suppress(OMEZarrError):  # a place that cannot be written to needs nothing
            sweep_at(open_store(prepared.source, registry.storage_schemes, write=True))
        return
    if not prepared.in_place:
        run_plan(prepared.plan, registry, run)
        return
    target = target_of(open_store(prepared.source, registry.storage_schemes, write=True))
    with locked(target, CHANGE_LOCK, lease=None if run is None else run.lease):
        try:
            run_plan(prepared.plan, registry, run)
        except (WriteError, StorageError) as error:
            raise WriteError(
                f"{error}; the upgrade of {prepared.source} is not complete, though all of it opens in the old or the "
                "new version: run the same again to complete it"
            ) from error


def plan_upgrade(source: LocationLike, target: LocationLike | None = None, *, to: str, **options: Any) -> Plan:
    """Return the plan of an upgrade without writing anything; the parameters are those of `upgrade` but for `run`."""
    return prepare_upgrade(source, target, to=to, **options).plan


def prepare_upgrade(
    source: LocationLike,
    target: LocationLike | None = None,
    *,
    to: str | FormatVersion,
    chunks: Mapping[str, int] | Sequence[int] | None = None,
    shards: Mapping[str, int] | Sequence[int] | None = None,
    codec: Codec | str | None = None,
    checksums: bool | None = None,
    expand_axes: bool = False,
    allow_lossy: bool = False,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    target_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Upgrade:
    """Return the plan of an upgrade, with all that is to be known of it; the parameters are those of `upgrade`."""
    registry = registry or registry_in_use()
    to, registry = registry.holding("formats", to)
    version = registry.formats[to]
    origin = Location.parse(source, storage_options)
    options = RewriteOptions(chunks=chunks, shards=shards, codec=codec, checksums=checksums, expand_axes=expand_axes)
    place, root = None, _root(origin, registry)
    if target is None:
        _refuse_without_target(options, overwrite=overwrite, target_options=target_options)
        _refuse_unwritable(origin, registry)
        _refuse_part(origin, to, registry)
    else:
        place = Location.parse(target, target_options)
        refuse_overlap(origin, place)
    changes = changes_of(survey(root), version, expand_axes=expand_axes)
    if not any(change.node.node_types for change in changes.groups.values()):
        raise NotOMEZarrError(f"{origin} holds zarr groups, but nothing of them is OME-Zarr")
    refuse_disallowed(changes.groups.values())
    if not allow_lossy:
        refuse_lossy(changes.groups.values(), version)
    plan = in_place_plan(changes) if place is None else into_target_plan(changes, place, options, overwrite=overwrite)
    return Upgrade(
        source=origin,
        source_version=changes.source_version,
        version=version.version,
        plan=plan,
        losses=tuple(gathered(changes.groups.values(), "losses")),
        notices=(*gathered(changes.groups.values(), "notices"), *(extension_notices(changes) if place is None else ())),
    )


def _root(place: Location, registry: Registry) -> Node:
    """Open the root from its own documents; consolidated metadata may be out of date."""
    node = open_node(place, registry=registry)
    hierarchy = Hierarchy(node.hierarchy.store, node.hierarchy.path, use_consolidated=False)
    hint = Hint(node_key=node.key)
    return Node(hierarchy, "", registry, place, hint=hint, node_type=node.key, format=node.version)


def _refuse_without_target(
    options: RewriteOptions, *, overwrite: bool, target_options: Mapping[str, Any] | StorageOptions | None
) -> None:
    given = [*options.given, *(["overwrite"] if overwrite else []), *(["target_options"] if target_options else [])]
    if given:
        raise ArgumentError(f"{', '.join(given)} make sense only with a target; name one, or leave them out")


def _refuse_unwritable(place: Location, registry: Registry) -> None:
    """Refuse to upgrade in place what cannot be changed."""
    cure = "name a target for the upgraded hierarchy"
    try:
        opened = open_store(place, registry.storage_schemes, write=True)
    except UnsupportedError as error:
        raise UnsupportedError(f"{error}; {cure}") from error
    if not opened.traits.rewritable:
        raise UnsupportedError(f"in {place}, nothing can be removed, so it cannot be upgraded in place; {cure}")


def _refuse_part(place: Location, version: str, registry: Registry) -> None:
    """Refuse to upgrade a part of a hierarchy in place: all of one hierarchy is of one version."""
    ancestor = place.parent
    for _ in range(_HIGHEST_ANCESTOR):
        if ancestor is None:
            return
        try:
            node = open_node(ancestor, registry=registry)
        except OMEZarrError:
            return
        if node.node_types and node.version != version:
            raise UnsupportedError(
                f"{place} is part of {ancestor}, which is NGFF {node.version}, and all of one hierarchy is of one "
                f"version; upgrade {ancestor}, or name a target"
            )
        ancestor = ancestor.parent
