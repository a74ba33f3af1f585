"""``omezarr checksum``: a manifest of digests of all that is stored, and whether it is still so."""

from __future__ import annotations

from typing import Any

import click

from omezarr.terminal import PathOrURL, echo, echo_json, json_option, progress_bar, storage_option

KEYS_SHOWN = 20
"""Of one kind of difference, no more than this many objects are shown to people."""


@click.command(epilog="Example: omezarr checksum coins.ome.zarr --check")
@click.argument("path", type=PathOrURL())
@click.option("--check", is_flag=True, help="Compare what is stored with the manifest, and write nothing.")
@click.option(
    "--manifest", metavar="PLACE", help="Where the manifest is. [default: SHA256SUMS in PATH; of a zip file, beside it]"
)
@click.option("--overwrite", is_flag=True, help="Replace a manifest that says something else.")
@click.option("--threads", type=click.IntRange(min=1), help="How many threads. [default: the cores]")
@storage_option
@json_option
@click.pass_obj
def checksum(
    registry: Any,
    /,
    *,
    path: str,
    check: bool,
    manifest: str | None,
    overwrite: bool,
    threads: int | None,
    storage_options: dict[str, str],
    as_json: bool,
) -> int:
    """Write the SHA-256 of every object of the OME-Zarr at PATH into a manifest; with --check, compare.

    The manifest is the text that sha256sum writes, so "sha256sum --check SHA256SUMS" in the folder checks it, too. It
    says what is stored now: after the hierarchy is changed on purpose, write it anew with --overwrite. Of any version,
    on disks, in zip files, buckets, and over HTTP, where a manifest tells what there is.

    With --check, the exit code is 1 if an object is changed, missing, unreadable, or not in the manifest.
    """
    from omezarr.checking.manifests import check_manifest, write_manifest

    if check and overwrite:
        raise click.UsageError("--check and --overwrite exclude each other")
    options: dict[str, Any] = {
        "manifest": manifest,
        "threads": threads,
        "storage_options": storage_options or None,
        "registry": registry,
    }
    with progress_bar("Checking" if check else "Digesting") as progress:
        if check:
            report = check_manifest(path, progress=progress, **options)
        else:
            report = write_manifest(path, progress=progress, overwrite=overwrite, **options)
    if as_json:
        echo_json(report.as_dict())
        return 1 if check and not report.same else 0
    for word in ("changed", "missing", "added"):
        _show(word, getattr(report, word) or ())
    _show("unreadable", [f"{key}: {why}" for key, why in report.unreadable.items()])
    if check and report.added is None:
        echo("The store does not list what it holds: objects that are not in the manifest were not looked for.")
    if check:
        echo(report.message)
        return 0 if report.same else 1
    echo(f"{report.manifest} lists {report.objects:,} {'object' if report.objects == 1 else 'objects'}.")
    return 0


def _show(word: str, keys: Any) -> None:
    for key in keys[:KEYS_SHOWN]:
        echo(f"{word}: {key}")
    if len(keys) > KEYS_SHOWN:
        echo(f"{word}: ... and {len(keys) - KEYS_SHOWN:,} more; --json lists them all")
