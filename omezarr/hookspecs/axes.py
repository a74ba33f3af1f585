"""The extension axes: which hook each has, what it returns, and how contributions are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


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
        ExtensionAxis("viewers", "viewers", "omezarr_viewers", _interface("Viewer")),
        ExtensionAxis("rule_sets", "rules", "omezarr_rules", _interface("RuleSet")),
    )
}
"""Every extension axis by its name."""
