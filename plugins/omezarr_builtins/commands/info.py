"""``omezarr info``: what a hierarchy holds, as a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from omezarr.errors import IncompleteError, OMEZarrError
from omezarr.terminal import NameOf, PathOrURL, echo, echo_json, json_option, storage_option
from omezarr_builtins.commands._several import meant_by, run_each

if TYPE_CHECKING:
    from omezarr.nodes.level import Level
    from omezarr.nodes.node import Node


ABSENT_SHOWN = 20
"""Of the groups that another one names, and that are not there, no more than so many are shown."""


@click.command(epilog="Example: omezarr info coins.ome.zarr --json")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PathOrURL())
@click.option("--stats", is_flag=True, help="Read all pixels and show the least and the greatest value of each level.")
@click.option(
    "--format",
    "format_version",
    type=NameOf("formats"),
    metavar="VERSION",
    help="Read as this NGFF version, whatever is written.",
)
@click.option("--picture", is_flag=True, help="Draw a small picture first, where the terminal has colours.")
@storage_option
@json_option
@click.pass_obj
def info(
    registry: Any,
    /,
    *,
    paths: tuple[str, ...],
    as_json: bool,
    **words: Any,
) -> int:
    """Show the tree of nodes at PATH: version, axes, shapes, chunks, codecs, pixel sizes, channels, labels.

    Several PATHs, or a pattern in quotes such as 'data/*.zarr', are shown one after the other, with a summary at the
    end. The exit code is 1 if any part of them cannot be read.
    """
    found, several = meant_by(paths)

    def one(path: str) -> tuple[int, Any]:
        return _one(registry, path, as_json=as_json, **words)

    if several:
        return run_each(found, one, as_json=as_json, done="read")
    code, tree = one(found[0])
    if as_json:
        echo_json(tree)
    return code


def _one(
    registry: Any,
    path: str,
    *,
    as_json: bool,
    stats: bool,
    format_version: str | None,
    picture: bool,
    storage_options: dict[str, str],
) -> tuple[int, dict[str, Any]]:
    """Show one tree unless it is wanted as JSON; return the exit code and the tree."""
    from omezarr.nodes.reading import open as open_node

    try:
        node = open_node(path, format=format_version, storage_options=storage_options, registry=registry)
    except IncompleteError as error:
        tree: dict[str, Any] = {"path": path, "incomplete": True, "error": str(error)}
    else:
        tree = describe(node, "", stats=stats)
        if picture and not as_json:
            from omezarr_builtins.commands._terminal_picture import show_picture

            show_picture(node)
    if not as_json:
        _show(tree, 0)
    return (1 if _broken(tree) else 0), tree


def describe(node: Node, path: str, *, stats: bool = False) -> dict[str, Any]:
    """Return what is known of a node and all below it; parts that cannot be read carry ``error``.

    Parameters
    ----------
    node : Node
    path : str
        As its parent names it.
    stats : bool
        Whether to read all pixels for the least and greatest value of each level.
    """
    tree: dict[str, Any] = {
        "path": path or str(node.location),
        "type": node.key,
        "version": node.version,
        "version_inferred": node.version_inferred,
        "zarr_format": node.zarr_node.zarr_format,
    }
    if node.unknown_version is not None:
        return {**tree, "version": node.unknown_version, "error": node.notices[0]}
    try:
        tree.update(_image(node, stats=stats) if node.multiscale is not None else {"name": node.name})
        if "image-label" in node.facets:
            tree["label"] = _label(node)
        tree["notices"] = list(node.notices)
        children = node.children
        absent = children.prefetch()
    except OMEZarrError as error:
        return {**tree, "error": str(error)}
    tree["children"] = []
    left_out = frozenset([name for name in children if name in absent][ABSENT_SHOWN:])
    if left_out:
        tree["absent"] = len(absent)
    for name in children:
        if name in left_out:
            continue
        try:
            child = children[name]
        except OMEZarrError as error:
            tree["children"].append({"path": name, "error": str(error)})
        else:
            tree["children"].append(describe(child, name, stats=stats))
    return tree


def _image(node: Node, *, stats: bool) -> dict[str, Any]:
    return {
        "name": node.name,
        "axes": [
            {key: value for key, value in (("name", axis.name), ("type", axis.type), ("unit", axis.unit)) if value}
            for axis in node.axes
        ],
        "levels": [_level(level, stats=stats) for level in node.levels],
        "channels": [
            {
                "label": channel.label or None,
                "color": channel.color or None,
                "window": {key: getattr(channel.window, key) or 0 for key in ("min", "max", "start", "end")}
                if channel.window
                else None,
            }
            for channel in node.channels
        ],
    }


def _level(level: Level, *, stats: bool) -> dict[str, Any]:
    try:
        array = level.array
        geometry = level.geometry
        found = {
            "path": level.path,
            "shape": list(level.shape),
            "dtype": str(level.dtype),
            "chunks": list(level.chunks),
            "shards": None if level.shards is None else list(level.shards),
            "codecs": [_codec(codec) for codec in (*array.filters, *array.compressors)],
            "scale": None if geometry is None else list(geometry.scale),
            "translation": None if geometry is None else list(geometry.translation),
        }
        if stats:
            found["min"], found["max"] = level.extremes()
    except OMEZarrError as error:
        return {"path": level.path, "error": str(error)}
    return found


def _codec(codec: Any) -> str:
    """Return the name of a codec of either zarr format."""
    name = getattr(codec, "codec_id", None) or getattr(codec, "codec_name", None)
    return str(name or type(codec).__name__.removesuffix("Codec").lower())


def _label(node: Node) -> dict[str, Any]:
    value: Any = node.facets["image-label"]
    source = value.source.image if value.source and value.source.image else "../../"
    return {"source": source, "colors": len(value.colors or ()), "properties": len(value.properties or ())}


def _broken(tree: dict[str, Any]) -> bool:
    return (
        "error" in tree
        or any("error" in level for level in tree.get("levels", ()))
        or any(map(_broken, tree.get("children", ())))
    )


def _show(tree: dict[str, Any], depth: int) -> None:
    indent = "  " * depth
    if "type" not in tree:
        echo(f"{indent}{tree['path']}: {tree['error']}")
        return
    version = f"NGFF {tree['version']}" if tree["version"] else "no OME metadata"
    inferred = " (inferred)" if tree["version_inferred"] else ""
    name = f" {tree['name']!r}" if tree.get("name") else ""
    echo(f"{indent}{tree['path']}: {tree['type'] or 'zarr group'}{name}, {version}{inferred}")
    axes = tree.get("axes", ())
    if axes:
        echo(f"{indent}  axes {', '.join(_axis_text(axis) for axis in axes)}")
    for level in tree.get("levels", ()):
        echo(f"{indent}  {_level_text(level)}")
    for channel in tree.get("channels", ()):
        window = channel["window"]
        shown = f", shown from {window['start']} to {window['end']}" if window else ""
        echo(f"{indent}  channel {channel['label']} #{channel['color'] or '-'}{shown}")
    if "label" in tree:
        label = tree["label"]
        echo(f"{indent}  labels of {label['source']}: {label['colors']} colours, {label['properties']} properties")
    for notice in tree.get("notices", ()):
        echo(f"{indent}  note: {notice}")
    if "absent" in tree:
        echo(f"{indent}  error: {tree['absent']} groups are named here that are not there; {ABSENT_SHOWN} are shown")
    if "error" in tree:
        echo(f"{indent}  error: {tree['error']}")
    for child in tree.get("children", ()):
        _show(child, depth + 1)


def _axis_text(axis: dict[str, Any]) -> str:
    details = " ".join(str(axis[key]) for key in ("type", "unit") if key in axis)
    return f"{axis['name']} ({details})" if details else str(axis["name"])


def _level_text(level: dict[str, Any]) -> str:
    if "error" in level:
        return f"{level['path']}: error: {level['error']}"
    sizes = " x ".join(map(str, level["shape"]))
    chunks = " x ".join(map(str, level["chunks"]))
    shards = f", shards {' x '.join(map(str, level['shards']))}" if level["shards"] else ""
    scale = "" if level["scale"] is None else f", scale {' '.join(f'{value:g}' for value in level['scale'])}"
    extremes = f", from {level['min']} to {level['max']}" if "min" in level else ""
    codecs = "+".join(level["codecs"]) or "uncompressed"
    return f"{level['path']}: {sizes} {level['dtype']}, chunks {chunks}{shards}, {codecs}{scale}{extremes}"
