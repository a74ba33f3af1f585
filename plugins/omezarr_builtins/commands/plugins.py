"""``omezarr plugins``: what is installed, what each plugin provides, and what is wrong with those that do not work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omezarr.hookspecs import EXTENSION_AXES
from omezarr.terminal import echo, echo_json, json_option, table

if TYPE_CHECKING:
    from omezarr.plugins.contributions import Provider
    from omezarr.plugins.registry import Registry

COLUMNS = ("extension axis", "name", "plugin", "distribution", "version", "status")


@click.group(invoke_without_command=True, epilog="Example: omezarr plugins --json")
@json_option
@click.pass_context
def plugins(ctx: click.Context, /, *, as_json: bool) -> None:
    """List what plugins provide, and what failed.

    The plugins that come with omezarr are among them. The status is 'loaded', 'disabled' (by -p no:PLUGIN or
    OMEZARR_DISABLE_PLUGINS), 'conflict' (several plugins provide the same name, so that it cannot be used), or
    'failed', with the reasons below the table.
    """
    if ctx.invoked_subcommand is not None:
        return
    rows = describe(ctx.obj)
    if as_json:
        echo_json([{key.replace(" ", "_"): value for key, value in row.items()} for row in rows])
        return
    echo(table(rows, COLUMNS))
    for row in rows:
        if row["reason"]:
            echo(f"\n{row['plugin']} ({row['status']}): {row['reason']}")


@plugins.command(epilog="Example: omezarr plugins check omezarr")
@click.argument("distribution")
@json_option
@click.pass_obj
def check(registry: Registry, distribution: str, *, as_json: bool) -> int:
    """Say of each plugin of an installed DISTRIBUTION whether it works.

    It tells what each contributes, how long it takes to import, which heavy packages come along, and which version of
    the plugin API it states; and why it is not used: it is disabled, failed, or provides what another one does. The
    exit code is 1 if one failed or is in conflict.
    """
    from omezarr_builtins.commands._plugin_check import check_distribution

    found = check_distribution(registry, distribution)
    if as_json:
        echo_json(found)
        return 0 if found["fine"] else 1
    rows = [
        {
            "plugin": one["plugin"],
            "contributes": ", ".join(name for names in one["contributes"].values() for name in names),
            "import": None if one["import_seconds"] is None else f"{1000 * one['import_seconds']:.0f} ms",
            "API": one["api_version"] or "not stated",
            "status": one["status"],
        }
        for one in found["plugins"]
    ]
    echo(f"{found['distribution']} {found['version']}, with version {found['api_version']} of the plugin API:\n")
    echo(table(rows, ("plugin", "contributes", "import", "API", "status")))
    for one in found["plugins"]:
        for line in (*one["problems"], *one["remarks"]):
            echo(f"\n{one['plugin']} ({one['status']}): {line}")
    return 0 if found["fine"] else 1


@plugins.command(epilog="Example: omezarr plugins new omezarr-block-maximum --axis scaling --axis commands")
@click.argument("name")
@click.option(
    "--axis",
    "axes",
    multiple=True,
    required=True,
    type=click.Choice([axis.prefix for axis in EXTENSION_AXES.values()]),
    help="What the plugin adds; may be repeated.",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current one",
    help="Where the folder of the package is made.",
)
@click.pass_obj
def new(registry: Registry, name: str, axes: tuple[str, ...], folder: Path) -> None:
    """Write a package to start a plugin from, in a new folder called NAME.

    It has a module for each axis with the smallest plugin that works, and tests of it that pass. What it adds is
    called NAME without a leading 'omezarr-'.
    """
    from omezarr_builtins.commands._starting_package import write_package

    for file in write_package(folder / name, name, axes, registry):
        echo(str(file))
    echo(f"\nNext: cd {folder / name}, pip install --editable '.[test]', and pytest")


def describe(registry: Registry) -> list[dict[str, Any]]:
    """Return a row for each contribution, and one for each plugin that is disabled or failed.

    Parameters
    ----------
    registry : Registry
        All its plugins are loaded.
    """
    rows = []
    for axis in EXTENSION_AXES:
        contributions = registry.axis(axis)
        conflicts = contributions.conflicts
        for item in contributions.all:
            others = sorted({str(provider) for provider in conflicts.get(item.name, ())} - {str(item.provider)})
            reason = ""
            if item.name in conflicts:
                reason = f"{item.name!r} is provided by {' and '.join(others) or 'the same plugin twice'}, too"
            rows.append(_row(axis, item.name, item.provider, "conflict" if reason else "loaded", reason))
    disabled = [provider for provider in registry.providers if registry.is_disabled(provider)]
    rows.extend(_row(provider.axis, "", provider, "disabled") for provider in disabled)
    failures = [failure for failure in registry.failures if failure.provider not in disabled]
    rows.extend(_row(item.provider.axis, "", item.provider, "failed", item.reason) for item in failures)
    order = {axis: number for number, axis in enumerate(EXTENSION_AXES)}
    return sorted(rows, key=lambda row: order.get(row["extension axis"], len(order)))


def _row(axis: str, name: str, provider: Provider, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "extension axis": axis or None,
        "name": name or None,
        "plugin": provider.identity,
        "distribution": provider.distribution or None,
        "version": provider.version or None,
        "module": provider.module,
        "status": status,
        "reason": reason or None,
    }
