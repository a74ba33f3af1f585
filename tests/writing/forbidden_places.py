"""Make every call that writes in places where nothing may be written, and print what became of each as JSON.

Run as ``python forbidden_places.py FOLDER``, by a user for whom the permissions of files hold.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import omezarr
from omezarr.arrays.sources import as_source
from omezarr.cli import run
from omezarr.errors import OMEZarrError
from omezarr.model import CoordinateSystem, SystemReference, Translation, conventional_axes
from omezarr.model.content import ImageContent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIXELS = np.random.default_rng(6).integers(0, 900, (2, 40, 40)).astype("uint16")
CELLS = (PIXELS[:1] // 100).astype("uint8")
SMALL: dict[str, Any] = {"axes": "cyx", "chunks": (1, 32, 32), "levels": 1}
TABLE = [{"label": 1, "kind": "round"}]


def prepare(folder: Path) -> None:
    np.save(folder / "a.npy", PIXELS)
    folder.joinpath("a.csv").write_text("label,kind\n1,round\n")
    omezarr.write_image(folder / "a.zarr", PIXELS, **SMALL, labels={"old": CELLS})
    omezarr.write_image(folder / "old.zarr", PIXELS, **SMALL, format="0.4", consolidated=True)
    omezarr.write_plate(folder / "p.zarr", {"A/1": PIXELS}, columns=["1", "2"], **SMALL)
    omezarr.write_image(folder / "broken.zarr", PIXELS, **SMALL, format="0.4")
    attributes = folder / "broken.zarr/.zattrs"
    attributes.write_text(attributes.read_text().replace('"version": "0.4",', ""))
    folder.joinpath("new").mkdir()


def command(*words: str) -> Callable[[Path], int]:
    """Return a call of the command line, in which words that begin with a slash are files in the folder."""
    return lambda folder: run([str(folder / word[1:]) if word.startswith("/") else word for word in words])


def acquire(folder: Path) -> None:
    with omezarr.create_writer(folder / "new/a.zarr", shape=(None, 40, 40), dtype="uint16", axes="tyx") as writer:
        writer.write(PIXELS[0], t=0)


def go_on(folder: Path) -> None:
    with omezarr.open_writer(folder / "a.zarr") as writer:
        writer.write(PIXELS[0], c=0)


def content(folder: Path) -> None:
    image = ImageContent(pixels=as_source(PIXELS), axes=conventional_axes("cyx"))
    omezarr.write_content(folder / "new/a.zarr", image)


def scene(folder: Path) -> None:
    physical = CoordinateSystem(name="physical", axes=conventional_axes("yx"))
    moved = Translation(
        translation=(1, 1), input=SystemReference(path="a", name="physical"), output=SystemReference(name="physical")
    )
    omezarr.write_scene(folder / "new/a.zarr", {"a": PIXELS[0]}, [moved], systems=[physical], format="0.6", axes="yx")


NEW: dict[str, Callable[[Path], Any]] = {
    "omezarr convert": command("convert", "/a.npy", "/new/a.zarr", "--axes", "cyx"),
    "omezarr convert, deep": command("convert", "/a.npy", "/new/deep/er/a.zarr", "--axes", "cyx"),
    "omezarr convert, many": command("convert", "/a.npy", "/p.zarr", "/new", "--axes", "cyx"),
    "omezarr convert, npy": command("convert", "/a.zarr", "/new/a.npy"),
    "omezarr convert, tiff": command("convert", "/a.zarr", "/new/a.tif"),
    "omezarr convert, ome-tiff": command("convert", "/a.zarr", "/new/a.ome.tif"),
    "omezarr create": command("create", "/new/a.zarr"),
    "omezarr scale": command("scale", "/a.zarr", "/new/a.zarr", "--levels", "2"),
    "omezarr upgrade, to a target": command("upgrade", "/old.zarr", "/new/a.zarr", "--to", "0.5"),
    "omezarr labels-to-csv": command("labels-to-csv", "/a.zarr", "/new/a.csv", "--measure", "area"),
    "omezarr thumbnail": command("thumbnail", "/a.zarr", "/new/a.png"),
    "omezarr finder": command("finder", "/", "--output", "/new/a.csv"),
    "write_image": lambda folder: omezarr.write_image(folder / "new/a.zarr", PIXELS, **SMALL),
    "write_image, labels": lambda folder: omezarr.write_image(
        folder / "new/a.zarr", PIXELS, **SMALL, labels={"x": CELLS}
    ),
    "write_multiscale": lambda folder: omezarr.write_multiscale(
        folder / "new/a.zarr", [PIXELS, PIXELS[:, ::2, ::2]], axes="cyx"
    ),
    "write_content": content,
    "write_plate": lambda folder: omezarr.write_plate(folder / "new/a.zarr", {"A/1": PIXELS}, **SMALL),
    "write_scene": scene,
    "convert": lambda folder: omezarr.convert(folder / "a.npy", folder / "new/a.zarr", axes="cyx"),
    "convert, npy": lambda folder: omezarr.convert(folder / "a.zarr", folder / "new/a.npy"),
    "upgrade, to a target": lambda folder: omezarr.upgrade(folder / "old.zarr", folder / "new/a.zarr", to="0.5"),
    "labels_to_csv": lambda folder: omezarr.labels_to_csv(folder / "a.zarr", folder / "new/a.csv", measures=["area"]),
    "create_writer": acquire,
}
"""Calls that make something new in the folder ``new``, out of what lies elsewhere."""

CHANGES: dict[str, Callable[[Path], Any]] = {
    "omezarr convert, into an empty folder": command("convert", "/a.npy", "/new", "--axes", "cyx"),
    "omezarr convert, overwriting": command("convert", "/a.npy", "/a.zarr", "--axes", "cyx", "--overwrite"),
    "omezarr convert, npy, overwriting": command("convert", "/a.zarr", "/a.npy", "--overwrite"),
    "omezarr scale, in place": command("scale", "/a.zarr", "--in-place", "--levels", "2"),
    "omezarr upgrade, in place": command("upgrade", "/old.zarr", "--to", "0.5"),
    "omezarr validate --fix": command("validate", "/broken.zarr", "--fix"),
    "omezarr edit": command("edit", "/a.zarr", "--name", "other"),
    "omezarr edit, scale": command("edit", "/a.zarr", "--scale", "0.5"),
    "omezarr csv-to-labels": command("csv-to-labels", "/a.csv", "label", "kind", "/a.zarr"),
    "omezarr labels-to-csv, overwriting": command("labels-to-csv", "/a.zarr", "/a.csv", "--overwrite"),
    "write_labels": lambda folder: omezarr.write_labels(folder / "a.zarr", CELLS, "new"),
    "write_field": lambda folder: omezarr.write_field(folder / "p.zarr", "A/2", PIXELS, **SMALL),
    "write_field, another": lambda folder: omezarr.write_field(folder / "p.zarr", "A/1", PIXELS, **SMALL),
    "add_levels": lambda folder: omezarr.add_levels(folder / "a.zarr", levels=2),
    "upgrade, in place": lambda folder: omezarr.upgrade(folder / "old.zarr", to="0.5"),
    "repair": lambda folder: omezarr.repair(folder / "broken.zarr"),
    "edit": lambda folder: omezarr.edit(folder / "a.zarr", name="other"),
    "csv_to_labels": lambda folder: omezarr.csv_to_labels(TABLE, "label", "kind", folder / "a.zarr"),
    "open_writer": go_on,
}
"""Calls that change or replace what is there."""

PLACES = {
    "read-only": (0o500, "", {**NEW, **CHANGES}),
    "forbidden": (0o000, "", {**NEW, **CHANGES}),
    "forbidden target": (0o000, "new", NEW),
}
"""Permissions, the folder that has them, and what is called."""


def contents(folder: Path) -> dict[str, bytes | None]:
    found = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in found}


def outcome(call: Callable[[Path], Any], folder: Path) -> dict[str, Any]:
    out, err = io.StringIO(), io.StringIO()
    code, message, kind = None, "", "nothing"
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = call(folder)
        except OMEZarrError as error:
            message, kind = str(error), "OMEZarrError"
        except BaseException as error:  # noqa: BLE001 - what it is, is what is tested
            message, kind = repr(error), type(error).__name__
    return {
        "code": code if isinstance(code, int) else None,
        "kind": kind,
        "lines": message.splitlines() or err.getvalue().splitlines(),
    }


@contextlib.contextmanager
def permissions(folder: Path, mode: int) -> Iterator[None]:
    """Give permissions to a folder, and to all below where it can still be listed."""
    below = [path for path in folder.rglob("*") if path.is_dir()] if mode else []
    for path in [*below, folder]:
        path.chmod(mode)
    try:
        yield
    finally:
        for path in [folder, *below]:
            path.chmod(0o700)


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    prepare(folder)
    before = contents(folder)
    found: dict[str, dict[str, Any]] = {}
    for place, (mode, where, calls) in PLACES.items():
        for name, call in calls.items():
            with permissions(folder / where, mode):
                found[f"{name}, {place}"] = outcome(call, folder)
            found[f"{name}, {place}"]["unchanged"] = contents(folder) == before
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
