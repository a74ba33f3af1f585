"""Copying a whole hierarchy as it is, byte by byte, between any two places.

Nothing is decoded and nothing is left out, whatever it means: images, plates, tables, files of others. A store that can
list says what there is; where nothing can be listed, as over HTTP, it is what the metadata names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc.copying import CopyObjects
from omezarr.abc.plan import Phase, Plan, WriteObject
from omezarr.arrays.inventory import inventory_of
from omezarr.engine.copying import compared, source_of
from omezarr.engine.execution import DISTANT_THREADS
from omezarr.engine.replacement import is_marker
from omezarr.errors import (
    AccessDeniedError,
    ArgumentError,
    IncompleteError,
    LocationNotFoundError,
    MetadataError,
    NotOMEZarrError,
    WriteError,
)
from omezarr.hierarchy import DOCUMENTS, Hierarchy, parse_json
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import registry_in_use
from omezarr.settings import Settings
from omezarr.writing.conversion import refuse_overlap
from omezarr.writing.images import run_plan
from omezarr.writing.named_objects import named_objects
from omezarr.writing.parts import plan_part, selection_of
from omezarr.writing.selection import Selection
from omezarr.writing.summary import plan_summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import OpenedStore
    from omezarr.abc.plan import Codec
    from omezarr.engine.copying import Comparison
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.plugins.registry import Registry
    from omezarr.writing import RunOptions

_CHUNKS_NAMED_ONLY = "{source} cannot be listed: what no metadata names, such as files beside images, is not copied"


@frozen(kw_only=True)
class Copied:
    """What a copy has done.

    Parameters
    ----------
    target : Location
    written : bool
        False where nothing was left to do.
    objects : int
        How many objects the source has; at most, where it cannot be listed. Of a part: chunks and shards of the target.
    nbytes : int
        How much that is, as stored; 0 if the source does not tell. Of a part: before compression.
    notices : tuple of str
        What there is to know.
    comparison : Comparison or None
        How the copy compares with the source, if that was asked for.
    """

    target: Location
    written: bool
    objects: int
    nbytes: int
    notices: tuple[str, ...] = ()
    comparison: Comparison | None = None


def copy(
    source: LocationLike,
    target: LocationLike,
    *,
    verify: bool = False,
    selection: Selection | Mapping[str, Any] | None = None,
    labels: bool | str | Sequence[str] | None = None,
    chunks: Mapping[str, int] | Sequence[int] | None = None,
    shards: Mapping[str, int] | Sequence[int] | None = None,
    codec: Codec | str | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    target_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Copied:
    """Copy a whole hierarchy as it is, byte by byte, to another place.

    Parameters
    ----------
    source : str, path, Location, zarr store or zarr group
        The root of the hierarchy: any zarr group or array.
    target : str, path, Location, zarr store or zarr group
        Where its root will be.
    verify : bool
        Whether both are read again when the copy is complete, to compare their checksums.
    selection : Selection or mapping, optional
        Levels, wells, fields, channels, times or a region, as `omezarr.writing.selection.Selection` names them: only
        this part is written, with everything where it was.
    labels : bool, str or sequence of str, optional
        Which label images are taken: none (False, "no"), or those named. Default: all.
    chunks, shards : mapping or sequence, optional
        Sizes by axis name, or one for each axis: pixels are stored anew with these.
    codec : Codec or str, optional
        The same, for example "zstd:level=3".
    overwrite : bool
        Whether a zarr hierarchy at the target is replaced.
    run : RunOptions, optional
        Memory that objects may take at once, threads, progress; whether to resume.
    storage_options, target_options : mapping or StorageOptions, optional
        How to reach the source, and the target.
    registry : Registry, optional

    Returns
    -------
    Copied

    Raises
    ------
    LocationNotFoundError, NotOMEZarrError
        If there is no zarr hierarchy.
    IncompleteError
        If it was never finished.
    TargetExistsError, LockedError
        If the target is taken.
    WriteError
        If writing fails, or the copy is found to differ from the source.
    StorageError, SourceError
        If the source cannot be read, or changes.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> node = omezarr.write_image("memory://doc-copy/a.ome.zarr", np.zeros((8, 8), "uint8"), axes="yx")
    >>> copied = omezarr.copy("memory://doc-copy/a.ome.zarr", "memory://doc-copy/b.ome.zarr", verify=True)
    >>> copied.comparison.same
    True
    """
    registry = registry or registry_in_use()
    plan = prepare_copy(
        source,
        target,
        selection=selection,
        labels=labels,
        chunks=chunks,
        shards=shards,
        codec=codec,
        overwrite=overwrite,
        storage_options=storage_options,
        target_options=target_options,
        registry=registry,
    )
    return carry_out_copy(plan, registry, run, verify=verify)


def prepare_copy(
    source: LocationLike,
    target: LocationLike,
    *,
    selection: Selection | Mapping[str, Any] | None = None,
    labels: bool | str | Sequence[str] | None = None,
    chunks: Mapping[str, int] | Sequence[int] | None = None,
    shards: Mapping[str, int] | Sequence[int] | None = None,
    codec: Codec | str | None = None,
    overwrite: bool = False,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    target_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
) -> Plan:
    """Return what a copy will do without writing anything; the parameters are those of `copy`."""
    registry = registry or registry_in_use()
    origin, place = Location.parse(source, storage_options), Location.parse(target, target_options)
    refuse_overlap(origin, place)
    if selection or any(item is not None for item in (labels, chunks, shards, codec)):
        wanted = selection if isinstance(selection, Selection) else selection_of(selection or {})
        options = {"chunks": chunks, "shards": shards, "codec": codec}
        return plan_part(origin, place, wanted, labels, options=options, registry=registry, overwrite=overwrite)
    opened = open_store(origin, registry.storage_schemes)
    root = _root_of(origin, opened)
    keys, grids = (None, ()) if opened.traits.listable else named_objects(origin, tuple(root), registry)
    totals = inventory_of(opened, keys, grids).totals()
    step = CopyObjects(
        source=origin,
        keys=keys,
        grids=grids,
        objects=totals.objects,
        nbytes=totals.nbytes,
        identity=totals.identity,
    )
    return Plan(
        target=place,
        zarr_format=3 if "zarr.json" in root else 2,
        phases=(Phase(name="objects", steps=(step,)),),
        overwrite=overwrite,
        root=tuple(WriteObject(key=key, content=content) for key, content in root.items()),
    )


def carry_out_copy(plan: Plan, registry: Registry, run: RunOptions | None = None, *, verify: bool = False) -> Copied:
    """Carry out the plan of a copy.

    Parameters
    ----------
    plan : Plan
        What `prepare_copy` returned.
    registry : Registry
    run : RunOptions, optional
    verify : bool
        Whether the checksums of both sides are compared when it is complete.

    Raises
    ------
    WriteError, StorageError, SourceError
    """
    step = next((step for step in plan.steps if isinstance(step, CopyObjects)), None)
    if step is None:
        if verify:
            raise ArgumentError("what is selected or stored anew has other objects than its source; leave verify out")
        written, sizes = run_plan(plan, registry, run), plan_summary(plan)
        return Copied(target=plan.target, written=written, objects=sizes["objects"], nbytes=sizes["bytes"])
    written = run_plan(plan, registry, run)
    notices = () if step.keys is None else (_CHUNKS_NAMED_ONLY.format(source=step.source),)
    comparison = compare_copy(plan, registry, run) if verify else None
    if comparison is not None and not comparison.same:
        raise WriteError(
            f"{plan.target} is not what {step.source} is ({comparison}); copy it anew, with "
            "overwriting (--overwrite), and look after the disk or network between"
        )
    return Copied(
        target=plan.target,
        written=written,
        objects=step.objects,
        nbytes=step.nbytes,
        notices=notices,
        comparison=comparison,
    )


def compare_copy(plan: Plan, registry: Registry, run: RunOptions | None = None) -> Comparison:
    """Compare the checksums of all objects of a source and its copy.

    Parameters
    ----------
    plan : Plan
        What `prepare_copy` returned.
    registry : Registry
    run : RunOptions, optional
        How many threads.
    """

    def opener(location: Location, *, write: bool) -> OpenedStore:
        return open_store(location, registry.storage_schemes, write=write)

    (step,) = (step for step in plan.steps if isinstance(step, CopyObjects))
    source = source_of(step, opener)
    there = opener(plan.target, write=False)
    found = inventory_of(there, None if there.traits.listable else (step.keys or ()))
    threads = run.threads if run is not None else None
    if threads is None:
        threads = Settings.from_environment().threads
        threads = max(threads, DISTANT_THREADS) if source.distant or found.distant else threads
    return compared(source, found, threads)


def copy_summary(plan: Plan) -> dict[str, Any]:
    """Return what a copy would do, fit to be written as JSON.

    Parameters
    ----------
    plan : Plan
        What `prepare_copy` returned.

    Returns
    -------
    dict
        ``source``, ``target``, ``objects``, ``bytes`` (None if not known) and ``listed``: whether that is all there is.
        Of a part, that of `omezarr.writing.summary.plan_summary`.
    """
    step = next((step for step in plan.steps if isinstance(step, CopyObjects)), None)
    if step is None:
        return plan_summary(plan)
    return {
        "source": str(step.source),
        "target": str(plan.target),
        "objects": step.objects,
        "bytes": step.nbytes or None,
        "listed": step.keys is None,
    }


def _root_of(place: Location, opened: OpenedStore) -> Mapping[str, bytes]:
    """Return the metadata objects of the root.

    Raises
    ------
    LocationNotFoundError, NotOMEZarrError, IncompleteError
    """
    path = opened.path.strip("/")
    root = _documents_at(Hierarchy(opened.store, path))
    if not {"zarr.json", ".zgroup", ".zarray"}.intersection(root):
        names = Hierarchy(opened.store, path).names()
        if names:
            raise NotOMEZarrError(f"{place} is no zarr hierarchy, so it is not copied; it holds {', '.join(names[:5])}")
        raise LocationNotFoundError(f"there is nothing at {place}")
    for name, content in root.items():
        try:
            document: Any = parse_json(content, name)
        except MetadataError:
            continue  # a copy is as broken as what it is of
        attributes = document.get("attributes") if name == "zarr.json" and isinstance(document, dict) else document
        if isinstance(attributes, dict) and is_marker(attributes):
            raise IncompleteError(f"{place} was never finished; run what wrote it again with --resume, or remove it")
    return root


def _documents_at(hierarchy: Hierarchy) -> Mapping[str, bytes]:
    """Return the metadata objects of the root; once one could be read, those that are refused are not there."""
    found: dict[str, bytes] = {}
    denied: AccessDeniedError | None = None
    for name in sorted(DOCUMENTS):
        try:
            content = hierarchy.read(name)
        except AccessDeniedError as error:
            denied = error
        else:
            found |= {} if content is None else {name: content}
    if denied is not None and not found:
        raise denied
    return found
