"""The hooks that plugins implement: one for each extension axis, without arguments, returning instances.

A plugin is a module that an entry point of the group ``omezarr`` names. The entry point's name starts with the
extension axis (``formats.``, ``nodes.``, ``scaling.``, ``schemes.``, ``commands.``, ``importers.``, ``exporters.``,
``samples.``), so that using one axis imports only its plugins; an entry point with any other name is imported
whenever any axis is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from omezarr.abc import Exporter, FormatVersion, Importer, NodeType, SampleData, ScalingMethod, StorageScheme

PROJECT = "omezarr"
"""The name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def omezarr_formats() -> Iterable[FormatVersion]:
    """Return versions of the NGFF specification."""
    return ()


@hookspec
def omezarr_node_types() -> Iterable[NodeType]:
    """Return kinds of groups that NGFF metadata describes."""
    return ()


@hookspec
def omezarr_scaling_methods() -> Iterable[ScalingMethod]:
    """Return ways to make lower resolution levels."""
    return ()


@hookspec
def omezarr_storage_schemes() -> Iterable[StorageScheme]:
    """Return ways to reach stores."""
    return ()


@hookspec
def omezarr_commands() -> Iterable[click.Command]:
    """Return subcommands of ``omezarr``."""
    return ()


@hookspec
def omezarr_importers() -> Iterable[Importer]:
    """Return readers of other file formats."""
    return ()


@hookspec
def omezarr_exporters() -> Iterable[Exporter]:
    """Return writers of other file formats."""
    return ()


@hookspec
def omezarr_samples() -> Iterable[SampleData]:
    """Return data for trying things out."""
    return ()
