"""What stands in the list of commands, each a plugin of its own, without importing any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.hookspecs import hookimpl
from omezarr.terminal import LazyCommand

if TYPE_CHECKING:
    import click

_PACKAGE = "omezarr_builtins.commands"


class Listed:
    """A plugin of one command, which is the function of its name in the module of its name.

    Parameters
    ----------
    name : str
    summary : str
        The first sentence of its help.
    """

    def __init__(self, name: str, summary: str) -> None:
        function = name.replace("-", "_")
        self._commands = [LazyCommand(name, f"{_PACKAGE}.{function}:{function}", summary)]

    def also(self, name: str, function: str) -> Listed:
        """Have another name for it, which is not in the list."""
        module, _, _ = self._commands[0].where.partition(":")
        self._commands.append(LazyCommand(name, f"{module}:{function}", self._commands[0].summary, hidden=True))
        return self

    @hookimpl
    def omezarr_commands(self) -> list[click.Command]:
        """Provide the command, and its other name."""
        return [*self._commands]


checksum = Listed(
    "checksum", "Write the SHA-256 of every object of the OME-Zarr at PATH into a manifest; with --check, compare."
)
convert = Listed(
    "convert",
    "Convert SOURCE to an OME-Zarr at TARGET, or to a file if TARGET ends as one that an exporter writes (.npy).",
)
copy = Listed("copy", "Copy the hierarchy SOURCE to TARGET as it is, whatever it holds.")
create = Listed("create", "Write sample data to PATH, to try things out.")
csv_to_labels = Listed("csv-to-labels", "Write columns of the table at CSV_PATH to the properties of labels.").also(
    "csv_to_labels", "name_of_ome_zarr_py"
)
download = Listed(
    "download", "Copy the remote hierarchy SOURCE to TARGET, by default under its own name into the working directory."
)
edit = Listed("edit", "Change what the OME-Zarr at PATH says of itself, without touching pixels.")
finder = Listed("finder", "List every OME-Zarr below PATH, a folder or a prefix of a bucket, as a table.")
info = Listed(
    "info", "Show the tree of nodes at PATH: version, axes, shapes, chunks, codecs, pixel sizes, channels, labels."
)
labels_to_csv = Listed(
    "labels-to-csv", "Write the properties of all labels below PATH to a table at CSV_PATH, a row for each label."
)
plugins = Listed("plugins", "List what plugins provide, and what failed.")
scale = Listed("scale", "Make resolution levels of SOURCE, an OME-Zarr image or a zarr array.")
serve = Listed(
    "serve", "Serve a page of all OME-Zarr below DIRECTORY, a folder or a prefix of a bucket, and print its address."
)
thumbnail = Listed(
    "thumbnail", "Draw the OME-Zarr at PATH into the picture file OUT: PNG, JPEG or WebP; ``-`` for standard output."
)
transform = Listed("transform", "Map POINTS from the coordinate system SOURCE to TARGET of the image or scene at PATH.")
upgrade = Listed("upgrade", "Bring the hierarchy SOURCE to another NGFF version, newer or older.")
validate = Listed("validate", "Say what of the OME-Zarr at PATH is not as the specification demands.")
view = Listed(
    "view",
    "Show the OME-Zarr at PATH in the browser: images, plates, collections, of any version and from any location.",
)
