"""The hooks that plugins implement: one for each extension axis, without arguments, returning instances.

A plugin is a module that an entry point of the group ``omezarr`` names. The entry point's name starts with the
extension axis (``formats.``, ``nodes.``, ``scaling.``, ``schemes.``, ``commands.``, ``importers.``, ``exporters.``,
``samples.``), so that using one axis imports only its plugins; an entry point with any other name is imported
whenever any axis is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


def _named(contribution: Any) -> str:
    name: str = contribution.name
    return name


@frozen
class ExtensionAxis:
    """One way to extend omezarr: a hook, what it returns, and how contributions are told apart.

    Parameters
    ----------
    name : str
        The attribute of the registry, for example "formats".
    prefix : str
        What the names of its entry points start with, before the first dot.
    hook : str
        The name of the hook.
    interface : callable
        Returns the class that contributions must be instances of.
    key : callable
        Returns the name of a contribution.
    """

    name: str
    prefix: str
    hook: str
    interface: Callable[[], type]
    key: Callable[[Any], str] = _named


def _interface(name: str) -> Callable[[], type]:
    def load() -> type:
        from omezarr import abc

        interface: type = getattr(abc, name)
        return interface

    return load


def _command() -> type:
    import click

    return click.Command


EXTENSION_AXES = {
    axis.name: axis
    for axis in (
        ExtensionAxis("formats", "formats", "omezarr_formats", _interface("FormatVersion"), lambda item: item.version),
        ExtensionAxis("node_types", "nodes", "omezarr_node_types", _interface("NodeType"), lambda item: item.key),
        ExtensionAxis("scaling_methods", "scaling", "omezarr_scaling_methods", _interface("ScalingMethod")),
        ExtensionAxis("storage_schemes", "schemes", "omezarr_storage_schemes", _interface("StorageScheme")),
        ExtensionAxis("commands", "commands", "omezarr_commands", _command),
        ExtensionAxis("importers", "importers", "omezarr_importers", _interface("Importer")),
        ExtensionAxis("exporters", "exporters", "omezarr_exporters", _interface("Exporter")),
        ExtensionAxis("samples", "samples", "omezarr_samples", _interface("SampleData")),
    )
}
"""Every extension axis by its name."""
