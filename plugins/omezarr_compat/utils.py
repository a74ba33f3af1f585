"""Looking at, finding and fetching OME-Zarr.

Examples
--------
>>> paths = [["data", "a.zarr"], ["data", "a.zarr", "labels"]]
>>> strip_common_prefix(paths), paths
('a.zarr', [['a.zarr'], ['a.zarr', 'labels']])
"""

from __future__ import annotations

import csv
import html
import itertools
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import omezarr
from omezarr import RunOptions, registry_in_use
from omezarr.errors import ArgumentError, LocationNotFoundError
from omezarr_compat.format import version_of
from omezarr_compat.io import ZarrLocation, parse_url
from omezarr_compat.reader import Node, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.plan import Progress

__all__ = ["download", "find_multiscales", "finder", "info", "splitall", "strip_common_prefix", "view"]

DOCUMENTS = (".zattrs", "zarr.json")
"""Where the attributes of a group are."""


def info(path: str, stats: bool = False) -> Iterator[Node]:
    """Print what is at a path, and yield its nodes as they are printed.

    Parameters
    ----------
    path : str
    stats : bool
        Whether to read all pixels, for the least and the greatest value.
    """
    for node in Reader(_found(path))():
        print(node)
        print(" - version:", version_of(node.zarr.root_attrs) or "")
        print(" - metadata")
        for spec in node.specs:
            print(f"   - {type(spec).__name__}")
        print(" - data")
        for level in node.data:
            print(f"   - {level.shape}{f' minmax=({level.min().compute()}, {level.max().compute()})' if stats else ''}")
        yield node


def view(
    input_path: str,
    port: int = 8000,
    dry_run: bool = False,
    force: bool = False,
) -> None:
    """Show an OME-Zarr in the browser, as ``omezarr view`` does.

    Parameters
    ----------
    input_path : str
    port : int
    dry_run : bool
        Whether to look only whether there is an image.
    force : bool
        Whether not to look.
    """
    if not force and not find_multiscales(input_path):
        print(f"There is no OME-Zarr image at {input_path}. Look for some with finder, or force it.")
        return
    if not dry_run:
        _command("view", input_path, "--port", str(port))


def finder(input_path: str, port: int = 8000, dry_run: bool = False) -> None:
    """Write a table of all images below a folder, "biofile_finder.csv" in it, and show them in the browser.

    Parameters
    ----------
    input_path : str
    port : int
        That the addresses in the table name.
    dry_run : bool
        Whether to write the table only.
    """
    root = Path(input_path)
    images = [image for folder in _folders(root) for image in find_multiscales(folder)]
    if not images:
        print(f"There is no OME-Zarr image below {input_path}.")
        return
    with Path(root, "biofile_finder.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["File Path", "File Name", "Folders", "Uploaded"])
        for path, name, folder in images:
            place = "/".join((root.resolve().name, *Path(os.path.relpath(path, root)).parts))
            above = ",".join(splitall(os.path.relpath(folder, root)))
            writer.writerow([f"http://localhost:{port}/{place}", name, above, _changed(Path(path))])
    if not dry_run:
        _command("finder", str(root), "--browser")


def find_multiscales(path_to_zattrs: str | os.PathLike[str]) -> list[list[Any]]:
    """Return path, name and folder of the image, or the images, of a group on the disk.

    Of a plate that is the first field of its first well.
    """
    path = Path(path_to_zattrs)
    document = _document(path)
    folder = os.path.dirname(path)  # noqa: PTH120 - the text that ome-zarr-py gives
    if "plate" in document:
        wells = document["plate"].get("wells") or ()
        return [[path / well["path"] / "0", path.name, folder] for well in wells[:1]]
    if document.get("bioformats2raw.layout") == 3:
        xml = path / "OME" / "METADATA.ome.xml"
        heads = re.findall(r"<(?:\w+:)?Image\b[^>]*>", xml.read_text("utf-8")) if xml.exists() else []
        names = [re.search(r"\bName=([\"'])(.*?)\1", head) for head in heads]
        return [
            [path / str(number), html.unescape(name[2]) if name else f"{path.name} Series:{number}", folder]
            for number, name in enumerate(names)
        ]
    return [[path, path.name, folder]] if document.get("multiscales") else []


def download(input_path: str, output_dir: str = ".") -> None:
    """Copy whatever is at a path, all that belongs to it, to a folder; chunks and compression stay.

    Parameters
    ----------
    input_path : str
    output_dir : str
        The copy has the name of what is copied.
    """
    location = _found(input_path)
    target = Path(output_dir, location.basename())
    print(f"downloading {input_path} to {target}")

    printed = -1

    def say(progress: Progress) -> None:
        nonlocal printed
        percent = 100 * progress.bytes_done // max(1, progress.bytes_total)
        if percent > printed:
            print(f"\r{percent}% Completed", end="", flush=True)
            printed = percent

    omezarr.convert(location.subpath(), target, format=location.version, run=RunOptions(progress=say))
    print("\r100% Completed")


def splitall(path: str | os.PathLike[str]) -> list[str]:
    """Return the parts of a path."""
    return list(Path(path).parts)


def strip_common_prefix(parts: list[list[str]]) -> str:
    """Take off what several paths begin with, but for the last part of that, which is returned.

    Parameters
    ----------
    parts : list of list of str
        Changed in place.

    Raises
    ------
    ArgumentError
        If they begin with nothing in common.
    """
    common = sum(1 for _ in itertools.takewhile(lambda level: len(set(level)) == 1, zip(*parts, strict=False)))
    if not common:
        raise ArgumentError(f"the paths begin with nothing in common: {parts}")
    name = parts[0][common - 1]
    parts[:] = [path[common - 1 :] for path in parts]
    return name


def _found(path: str) -> ZarrLocation:
    location = parse_url(path)
    if location is None:
        raise LocationNotFoundError(f"there is no zarr group at {path}")
    return location


def _document(path: Path) -> dict[str, Any]:
    """Return the OME document of a group on the disk; nothing where there is none."""
    file = next((path / name for name in DOCUMENTS if (path / name).is_file()), None)
    if file is None:
        return {}
    found = json.loads(file.read_text("utf-8"))
    attributes = found.get("attributes", {}) if file.name == "zarr.json" else found
    ome: dict[str, Any] = attributes.get("ome", attributes)
    return ome


def _folders(path: Path) -> Iterator[Path]:
    """Yield the zarr groups below a folder; not those inside of others."""
    if any((path / name).is_file() for name in DOCUMENTS):
        yield path
        return
    for below in sorted(path.iterdir()):
        if below.is_dir():
            yield from _folders(below)


def _changed(path: Path) -> str:
    if not path.exists():
        return ""
    return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")


def _command(name: str, *words: str) -> None:
    registry = registry_in_use()
    registry.commands[name].main(list(words), standalone_mode=False, obj=registry)
