"""The command line of ome-zarr-py, as a function; that of omezarr has more.

Examples
--------
>>> from tempfile import mkdtemp
>>> folder = mkdtemp()
>>> main(["create", "--method=coins", f"{folder}/coins.zarr", "--format", "0.4"])
>>> main(["info", f"{folder}/coins.zarr"])
/...coins.zarr [zgroup]
 - version: 0.4
 - metadata
   - Multiscales
   - OMERO
 - data
   - (203, 284)
...
"""

from __future__ import annotations

import argparse
import logging
import sys

from omezarr.errors import OMEZarrError
from omezarr_compat import csv as tables
from omezarr_compat import data, utils
from omezarr_compat.format import CurrentFormat, format_from_version
from omezarr_compat.scale import Scaler

__all__ = ["config_logging", "create", "csv_to_labels", "download", "finder", "info", "main", "scale", "view"]

LOGGER = logging.getLogger("ome_zarr.cli")


def config_logging(loglevel: int, args: argparse.Namespace) -> None:
    """Log from a level on: 10 lower for each ``-v``, 10 higher for each ``-q``."""
    logging.basicConfig(level=loglevel - 10 * args.verbose + 10 * args.quiet)


def info(args: argparse.Namespace) -> None:
    """Print what is at a path."""
    for _ in utils.info(args.path, stats=args.stats):
        pass


def view(args: argparse.Namespace) -> None:
    """Show an OME-Zarr in the browser."""
    utils.view(args.path, args.port, force=args.force)


def finder(args: argparse.Namespace) -> None:
    """Show all images below a folder in the browser."""
    utils.finder(args.path, args.port)


def download(args: argparse.Namespace) -> None:
    """Copy an OME-Zarr to a folder."""
    utils.download(args.path, args.output)


def create(args: argparse.Namespace) -> None:
    """Write a sample image."""
    method, label = (data.coins, "coins") if args.method == "coins" else (data.astronaut, "circles")
    fmt = format_from_version(args.format) if args.format else CurrentFormat()
    data.create_zarr(args.path, method=method, label_name=label, fmt=fmt)


def scale(args: argparse.Namespace) -> None:
    """Write an array and its lower levels to a group."""
    scaler = Scaler(
        copy_metadata=args.copy_metadata,
        downscale=args.downscale,
        in_place=args.in_place,
        labeled=args.labeled,
        max_layer=args.max_layer,
        method=args.method,
    )
    scaler.scale(args.input_array, args.output_directory)


def csv_to_labels(args: argparse.Namespace) -> None:
    """Write columns of a CSV file to the properties of labels."""
    tables.csv_to_zarr(args.csv_path, args.csv_id, args.csv_keys, args.zarr_path, args.zarr_id)


def main(args: list[str] | None = None) -> None:
    """Run a command, as given or as the program was called; what fails ends the program with the exit code 2."""
    given = _parser().parse_args(args)
    config_logging(logging.WARNING, given)
    try:
        given.func(given)
    except OMEZarrError as error:
        LOGGER.error(error)  # noqa: TRY400 - the message says all that a user needs
        sys.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ome_zarr")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="log more; can be repeated")
    parser.add_argument("-q", "--quiet", action="count", default=0, help="log less; can be repeated")
    commands = parser.add_subparsers(dest="command", required=True)

    one = commands.add_parser("info", help="print what is there")
    one.add_argument("path")
    one.add_argument("--stats", action="store_true", help="read all pixels, for the least and the greatest value")
    one.set_defaults(func=info)

    one = commands.add_parser("download", help="copy it to a folder")
    one.add_argument("path")
    one.add_argument("--output", default=".")
    one.set_defaults(func=download)

    one = commands.add_parser("view", help="show it in the browser")
    one.add_argument("path")
    one.add_argument("--port", type=int, default=8000)
    one.add_argument("--force", "-f", action="store_true", help="do not look first whether there is an image")
    one.set_defaults(func=view)

    one = commands.add_parser("finder", help="show all images below a folder in the browser")
    one.add_argument("path")
    one.add_argument("--port", type=int, default=8000)
    one.set_defaults(func=finder)

    one = commands.add_parser("create", help="write a sample image")
    one.add_argument("--method", choices=("coins", "astronaut"), default="coins")
    one.add_argument("path")
    one.add_argument("--format", help="the version, for example 0.4")
    one.set_defaults(func=create)

    one = commands.add_parser("scale", help="write an array and its lower levels to a group")
    one.add_argument("input_array")
    one.add_argument("output_directory")
    one.add_argument("--labeled", action="store_true", help="refuse methods that make new values")
    one.add_argument("--copy-metadata", action="store_true", help="copy the attributes of the array")
    one.add_argument("--method", choices=list(Scaler.methods()), default="nearest")
    one.add_argument("--in-place", action="store_true", help="has no effect")
    one.add_argument("--downscale", type=int, default=2)
    one.add_argument("--max_layer", type=int, default=4)
    one.set_defaults(func=scale)

    one = commands.add_parser("csv_to_labels", help="write columns of a CSV file to the properties of labels")
    for name in ("csv_path", "csv_id", "csv_keys", "zarr_path", "zarr_id"):
        one.add_argument(name)
    one.set_defaults(func=csv_to_labels)
    return parser
