"""The hooks that plugins implement: one for each extension axis, without arguments, returning instances.

A plugin is a module that an entry point of the group ``omezarr`` names. The entry point's name starts with the
extension axis (``formats.``, ``nodes.``, ``scaling.``, ``schemes.``, ``commands.``, ``importers.``, ``exporters.``,
``samples.``, ``rules.``, ``viewers.``), so that using one axis imports only its plugins; an entry point with any other
name is imported whenever any axis is used. An entry point that names an axis contributes to that one alone: a module
with hooks of several axes has a line for each of them.

A module can state the version of this interface that it needs, as ``omezarr_api = "1.0"``, see `API_VERSION`; one that
does not fit is not used, and said to be so.

The example of each hook is a complete module of a plugin, with the smallest implementation of its interface.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs.axes import EXTENSION_AXES, ExtensionAxis
from omezarr.hookspecs.exchange import omezarr_exporters, omezarr_importers
from omezarr.hookspecs.markers import API_VERSION, HEAVY, PROJECT, hookimpl, hookspec
from omezarr.hookspecs.showing import omezarr_viewers

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

    from omezarr.abc import (
        FormatVersion,
        NodeType,
        RuleSet,
        SampleData,
        ScalingMethod,
        StorageScheme,
    )

__all__ = [
    "API_VERSION",
    "EXTENSION_AXES",
    "HEAVY",
    "PROJECT",
    "ExtensionAxis",
    "hookimpl",
    "hookspec",
    "omezarr_exporters",
    "omezarr_importers",
    "omezarr_viewers",
]


@hookspec
def omezarr_formats() -> Iterable[FormatVersion]:
    """Return versions of the NGFF specification.

    A format version says where metadata is kept and how it differs from the version-neutral model; every node type
    works in it. Entry points are named ``formats.VERSION``; contributions are told apart by `FormatVersion.version`.

    Returns
    -------
    iterable of FormatVersion

    Examples
    --------
    >>> from omezarr.abc.rules import Finding, Rule, Severity
    >>> from omezarr.hookspecs import hookimpl
    >>> from omezarr_builtins.formats.v06 import V06
    >>>
    >>> class NextVersion(V06):
    ...     version = "0.8"
    ...     without_rules = ("axes.space.order",)
    ...
    ...     def rules(self, key):
    ...         yield from super().rules(key)
    ...         if key == "multiscales":
    ...             yield Rule(
    ...                 id="multiscales.named.well",
    ...                 severity=Severity.WARNING,
    ...                 section="NGFF 0.8, names",
    ...                 demand="The name of an image is no number.",
    ...                 check=numbers,
    ...             )
    >>>
    >>> def numbers(context):
    ...     images = context.values.get("multiscales")
    ...     for index, item in enumerate(images if isinstance(images, list) else ()):
    ...         if isinstance(item, dict) and str(item.get("name")).isdecimal():
    ...             yield Finding(path=("multiscales", index, "name"), found=str(item["name"]), expected="a name")
    >>>
    >>> @hookimpl
    ... def omezarr_formats():
    ...     return [NextVersion()]
    """
    return ()


@hookspec
def omezarr_node_types() -> Iterable[NodeType]:
    """Return kinds of groups that NGFF metadata describes.

    A node type names a key of the document, the model that it is structured into, and what it refers to; it works in
    every format version. Entry points are named ``nodes.NAME``; contributions are told apart by `NodeType.key`.

    Returns
    -------
    iterable of NodeType

    Examples
    --------
    >>> from attrs import frozen
    >>> from omezarr.abc import NodeType, Reference
    >>> from omezarr.hookspecs import hookimpl
    >>> from omezarr.model import extra
    >>>
    >>> @frozen(kw_only=True)
    ... class Study:
    ...     title: str
    ...     images: tuple[str, ...]
    ...     extra: dict[str, object] = extra()
    >>>
    >>> class StudyNode(NodeType):
    ...     key = "study"
    ...     model = Study
    ...
    ...     def references(self, value):
    ...         return [Reference(path=path, role="child") for path in value.images]
    >>>
    >>> @hookimpl
    ... def omezarr_node_types():
    ...     return [StudyNode()]
    """
    return ()


@hookspec
def omezarr_scaling_methods() -> Iterable[ScalingMethod]:
    """Return ways to make lower resolution levels.

    The metadata of the levels is derived from what the method says of itself. Entry points are named
    ``scaling.NAME``; contributions are told apart by `ScalingMethod.name`.

    Returns
    -------
    iterable of ScalingMethod

    Examples
    --------
    >>> from omezarr.abc import ScalingMethod
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> class FirstSample(ScalingMethod):
    ...     name = "first_sample"
    ...     preserves_values = True
    ...
    ...     def origin(self, factor):
    ...         return 0.0
    ...
    ...     def reduce(self, window, factors, inner):
    ...         return window[inner][tuple(slice(None, None, factor) for factor in factors)].copy()
    >>>
    >>> @hookimpl
    ... def omezarr_scaling_methods():
    ...     return [FirstSample()]
    """
    return ()


@hookspec
def omezarr_storage_schemes() -> Iterable[StorageScheme]:
    """Return ways to reach stores.

    A scheme claims locations by their text and opens a zarr store for those that it wins. Entry points are named
    ``schemes.NAME``; contributions are told apart by `StorageScheme.name`.

    Returns
    -------
    iterable of StorageScheme

    Examples
    --------
    >>> from pathlib import Path
    >>> from omezarr.abc import Claim, OpenedStore, StorageScheme
    >>> from omezarr.errors import LocationNotFoundError
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> class HomeFolder(StorageScheme):
    ...     name = "home"
    ...
    ...     def claim(self, location):
    ...         return Claim(Claim.NAME, "its URL starts with home://") if location.protocol == "home" else None
    ...
    ...     def open(self, location, *, write, resolve):
    ...         from zarr.storage import LocalStore
    ...
    ...         folder = Path.home() / location.url.removeprefix("home://")
    ...         if not write and not folder.exists():
    ...             raise LocationNotFoundError(f"there is nothing at {location}")
    ...         return OpenedStore(store=LocalStore(folder, read_only=not write))
    >>>
    >>> @hookimpl
    ... def omezarr_storage_schemes():
    ...     return [HomeFolder()]
    """
    return ()


@hookspec
def omezarr_commands() -> Iterable[click.Command]:
    """Return subcommands of ``omezarr``.

    A command is given the registry as click's context object. What it returns, if it is a number, is the exit code;
    an `omezarr.errors.OMEZarrError` becomes one line on standard error and exit code 1, or 2 where the request makes
    no sense. Entry points are named ``commands.NAME``; contributions are told apart by the name of the command.

    Returns
    -------
    iterable of click.Command

    Examples
    --------
    >>> import click
    >>> from omezarr.hookspecs import hookimpl
    >>> from omezarr.terminal import echo, storage_option
    >>>
    >>> @click.command(epilog="Example: omezarr shapes coins.ome.zarr")
    ... @click.argument("path")
    ... @storage_option
    ... @click.pass_obj
    ... def shapes(registry, path, storage_options):
    ...     'Print the shape of each level of the image at PATH.'
    ...     import omezarr
    ...
    ...     node = omezarr.open(path, storage_options=storage_options, registry=registry)
    ...     for level in node.levels:
    ...         echo(level.shape)
    >>>
    >>> @hookimpl
    ... def omezarr_commands():
    ...     return [shapes]
    """
    return ()


@hookspec
def omezarr_samples() -> Iterable[SampleData]:
    """Return data for trying things out.

    The same at every call, and on every machine. Entry points are named ``samples.NAME``; contributions are told
    apart by `SampleData.name`.

    Returns
    -------
    iterable of SampleData

    Examples
    --------
    >>> from omezarr.abc import SampleData
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> class Ramp(SampleData):
    ...     name = "ramp"
    ...     description = "Brighter from left to right."
    ...
    ...     def load(self):
    ...         import numpy as np
    ...         from omezarr.model.content import ImageContent
    ...         from omezarr.arrays import as_source
    ...         from omezarr.model import conventional_axes
    ...
    ...         pixels = np.tile(np.arange(256, dtype="uint8"), (256, 1))
    ...         return ImageContent(pixels=as_source(pixels), axes=conventional_axes("yx"), name=self.name)
    >>>
    >>> @hookimpl
    ... def omezarr_samples():
    ...     return [Ramp()]
    """
    return ()


@hookspec
def omezarr_rules() -> Iterable[RuleSet]:
    """Return rules that metadata is validated by, beside those of the specification.

    A rule set is for one kind of group, or for documents of every kind, in a span of NGFF versions; sets for the same
    kind add up. Entry points are named ``rules.NAME``; contributions are told apart by `RuleSet.name`, which the ids
    of their rules start with.

    Returns
    -------
    iterable of RuleSet

    Examples
    --------
    >>> from omezarr.abc import RuleSet
    >>> from omezarr.abc.rules import Edit, Finding, Rule, Severity
    >>> from omezarr.hookspecs import hookimpl
    >>>
    >>> def unnamed(context):
    ...     images = context.values.get("multiscales")
    ...     for number, image in enumerate(images if isinstance(images, list) else ()):
    ...         if isinstance(image, dict) and not image.get("name"):
    ...             yield Finding(path=("multiscales", number, "name"), found="no name", expected="a name")
    >>>
    >>> def name_them(context, findings):
    ...     inner = ("attributes", "ome") if "ome" in context.attributes else ("attributes",)
    ...     for finding in findings:
    ...         yield Edit(path=(*inner, *finding.path), value=f"image {finding.path[1]}")
    >>>
    >>> @hookimpl
    ... def omezarr_rules():
    ...     named = Rule(
    ...         id="image.named",
    ...         severity=Severity.WARNING,
    ...         section="guide of our laboratory, names",
    ...         demand="Every image has a name.",
    ...         check=unnamed,
    ...         fix=name_them,
    ...     )
    ...     return [RuleSet(name="our-lab", key="multiscales", since="0.4", rules=[named])]
    """
    return ()
