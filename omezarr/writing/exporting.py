"""Exporting: content goes to files of other kinds, through the exporter that claims the target.

Responsible for choosing the exporter and for what holds for all of them: options that have no meaning are refused,
nothing is replaced unless that is asked for, and a target is complete or untouched. What the files hold is the
exporter's.
"""

from __future__ import annotations

import math
import shutil
import tempfile
import warnings
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc import ExportRun
from omezarr.engine.memory import DEFAULT_BYTES
from omezarr.errors import (
    ArgumentError,
    ConflictError,
    OMEZarrError,
    OMEZarrWarning,
    StorageError,
    TargetExistsError,
    UnsupportedError,
    WriteError,
)
from omezarr.files import looking_at
from omezarr.plugins.asking import ask_all, calling, named_missing
from omezarr.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from omezarr.abc import Exporter, Importer
    from omezarr.location import Location
    from omezarr.model.content import Content
    from omezarr.plugins.registry import Registry
    from omezarr.writing.options import RunOptions, WriteOptions

OME_ZARR = "omezarr"
"""The name to give in place of an exporter's where the target becomes an OME-Zarr, whoever claims it."""


_OME_ZARR_SUFFIXES = ("", ".zarr", ".ozx")


@frozen(kw_only=True)
class Export:
    """What one export writes.

    Parameters
    ----------
    exporter : Exporter
    reason : str
        Why it is this one.
    content : Content
    target : Location
    options : mapping
        Of the exporter.
    registry : Registry
        That the exporter is from.
    overwrite : bool
        Whether files that are there are replaced.
    """

    exporter: Exporter
    reason: str
    content: Content
    target: Location
    options: Mapping[str, Any]
    registry: Registry
    overwrite: bool = False


def choose_exporter(
    target: Location, registry: Registry, given: str | Exporter | None = None
) -> tuple[Exporter, str] | None:
    """Return the exporter that writes a target, and why it is this one; None if it becomes an OME-Zarr.

    Parameters
    ----------
    target : Location
    registry : Registry
    given : str or Exporter, optional
        One to be taken whatever the others claim, or its name; "omezarr" for none.

    Raises
    ------
    UnknownNameError
        If no exporter has that name.
    ConflictError
        If several claim the target with equal right.
    """
    if given == OME_ZARR or (given is None and target.store is not None):
        return None
    if given is not None:
        return registry.exporters[given] if isinstance(given, str) else given, "it was asked for"
    asked = ask_all(registry.exporters, "claim", lambda exporter: exporter.claim(target))
    claims = sorted(((exporter, claim) for _, exporter, claim in asked.claims), key=lambda item: -item[1].specificity)
    if not claims:
        missing = named_missing(registry.exporters)
        if missing and Path(target.name).suffix not in _OME_ZARR_SUFFIXES:
            warnings.warn(
                OMEZarrWarning(f"{target} becomes an OME-Zarr, as no exporter claims it{missing}"), stacklevel=2
            )
        return None
    (best, claim), others = claims[0], [exporter.name for exporter, _ in claims[1:]]
    if len(claims) > 1 and claims[1][1].specificity == claim.specificity:
        equal = [exporter.name for exporter, other in claims if other.specificity == claim.specificity]
        raise ConflictError(
            f"{target} is claimed by the exporters {' and '.join(map(repr, equal))} with equal right; "
            f"choose one: --exporter {equal[0]}"
        )
    besides = f", more closely than {' and '.join(map(repr, others))}" if others else ""
    return best, f"{claim.reason}{besides}"


def refuse_unknown_options(kind: str, contribution: Importer | Exporter, options: Mapping[str, Any]) -> None:
    """Raise if an importer or exporter is given an option that it does not have.

    Raises
    ------
    ArgumentError
    """
    for name in options:
        if name not in contribution.options:
            near = get_close_matches(name, contribution.options, n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(contribution.options) or 'none'}"
            raise ArgumentError(f"the {kind} {contribution.name!r} has no option {name!r}; {cure}")


def refuse_write_options(exporter: Exporter, options: WriteOptions) -> None:
    """Raise if options of writing an OME-Zarr are given for an exporter, which has no use for them.

    Raises
    ------
    ArgumentError
    """
    if options.given:
        raise ArgumentError(
            f"{', '.join(sorted(options.given))} belong to OME-Zarr and mean nothing to the exporter "
            f"{exporter.name!r}, whose own options are: {', '.join(exporter.options) or 'none'}"
        )


def check_export(export: Export) -> None:
    """Refuse what cannot be written, before anything is.

    Raises
    ------
    TargetExistsError, UnsupportedError, ArgumentError
    """
    refuse_unknown_options("exporter", export.exporter, export.options)
    if export.exporter.staged:
        _refuse_occupied(_local_path(export), export)
    elif export.overwrite:
        raise ArgumentError(f"the exporter {export.exporter.name!r} replaces nothing, so overwrite has no meaning")
    with _calling(export, "check"):
        export.exporter.check(export.content, export.options)


def run_export(export: Export, run: RunOptions | None = None) -> None:
    """Carry out an export.

    Parameters
    ----------
    export : Export
    run : RunOptions, optional
        Threads, memory and progress; an export is made in one go in this process.

    Raises
    ------
    ArgumentError, TargetExistsError, UnsupportedError
        If the request makes no sense; nothing has been written then.
    WriteError
        If writing failed; the target is as it was.
    """
    settings = Settings.from_environment()
    means = ExportRun(threads=settings.threads, memory=settings.memory or DEFAULT_BYTES)
    if run is not None:
        if run.resume:
            raise ArgumentError("an export leaves nothing behind that could be resumed; make it again without resume")
        if run.scheduler is not None:
            raise ArgumentError("an export is made in this process; leave out the scheduler")
        means = ExportRun(
            threads=run.threads or means.threads, memory=run.memory or means.memory, progress=run.progress
        )
    check_export(export)
    if not export.exporter.staged:
        with _calling(export, "save"):
            export.exporter.save(export.content, export.target, export.options, means)
        return
    target = _local_path(export)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", suffix=".partial", dir=target.parent) as folder:
            place = type(export.target).parse(Path(folder, target.name))
            with _calling(export, "save"):
                export.exporter.save(export.content, place, export.options, means)
            for _, image in export.content.walk_images():
                image.pixels.check_unchanged()
            _move_all(Path(folder), target, export)
    except OMEZarrError:
        raise
    except OSError as error:
        raise WriteError(f"{target} could not be written: {error.strerror or error}; nothing is left there") from error


def _calling(export: Export, member: str) -> AbstractContextManager[None]:
    return calling(export.registry.exporters, export.exporter.name, member, export.exporter)


def export_summary(export: Export) -> dict[str, Any]:
    """Return what an export writes, as JSON: ``target``, ``exporter``, ``images`` (path, axes, shape, dtype, bytes)."""
    images = [
        {
            "path": path,
            "axes": "".join(axis.name for axis in image.axes),
            "shape": list(image.pixels.shape),
            "dtype": image.pixels.dtype.name,
            "bytes": math.prod(image.pixels.shape) * image.pixels.dtype.itemsize,
        }
        for path, image in export.content.walk_images()
    ]
    return {
        "target": str(export.target),
        "exporter": export.exporter.name,
        "reason": export.reason,
        "images": images,
        "bytes": sum(int(str(image["bytes"])) for image in images),
    }


def _local_path(export: Export) -> Path:
    if export.target.protocol != "local":
        raise UnsupportedError(
            f"the exporter {export.exporter.name!r} writes files on local disks, and {export.target} is none; write to "
            f"a local path and copy it there, or make an OME-Zarr of it: --exporter {OME_ZARR}"
        )
    return Path(export.target.url)


def _refuse_occupied(path: Path, export: Export) -> None:
    with looking_at(path):
        _refuse_what_is_there(path, export)


def _refuse_what_is_there(path: Path, export: Export) -> None:
    if path.is_dir():
        raise TargetExistsError(f"{path} is a folder, which no export replaces; remove it, or choose another name")
    if path.exists() and not export.overwrite:
        raise TargetExistsError(f"{path} exists; overwrite it with --overwrite, or choose another name")
    blocked = next((part for part in path.parents if part.exists() and not part.is_dir()), None)
    if blocked is not None:
        raise StorageError(f"{path} cannot be created, because {blocked} is a file; choose another path")


def _move_all(folder: Path, target: Path, export: Export) -> None:
    """Move what was written to its place, the target itself last, so that it is there only with all that belongs to it.

    Raises
    ------
    TargetExistsError
        If something else is in the way; nothing has been moved then.
    WriteError
        If the exporter wrote nothing at its place.
    """
    written = sorted(folder.iterdir(), key=lambda path: (path.name == target.name, path.name))
    if not written or written[-1].name != target.name:
        raise WriteError(f"the exporter {export.exporter.name!r} wrote nothing to {target}; report it to its authors")
    for path in written:
        _refuse_occupied(target.with_name(path.name), export)
    for path in written:
        shutil.move(path, target.with_name(path.name))
