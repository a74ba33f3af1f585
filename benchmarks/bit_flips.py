"""Flip one bit after the other in what is stored, and see whether validation tells.

Run as ``python benchmarks/bit_flips.py FOLDER [FLIPS]``: FLIPS in each kind of image, 300 unless told. The folder is
emptied. For each codec, with chunks and with shards, without checksums, with checksums of chunks, and with a manifest,
a bit of a random object of level 0 is flipped, the pixels are read, ``validate --data`` is asked, and the bit is put
back. What counts is whether pixels are wrong, whether reading them says so, and whether validation does.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

import omezarr
from omezarr.errors import OMEZarrError

if TYPE_CHECKING:
    from collections.abc import Iterator

CODECS = {
    "none": "none",
    "zstd": "zstd:level=1",
    "blosc": "blosc:cname=zstd,clevel=1,shuffle=bitshuffle",
    "gzip": "gzip:level=5",
}
LAYOUTS: dict[str, dict[str, Any]] = {"chunks": {}, "shards": {"shards": (64, 64)}}
SAFEGUARDS = ("nothing", "checksums", "manifest")


@define
class Tally:
    """What became of flips of one kind.

    Parameters
    ----------
    flips : int
    harmless : int
        No pixel was wrong.
    silent : int
        Pixels were wrong, and reading them raised nothing.
    told : int
        Validation said that something is wrong.
    lost : int
        Pixels were wrong in silence, and validation said nothing.
    covered : str
        For how much validation says that it can tell.
    """

    flips: int = 0
    harmless: int = 0
    silent: int = 0
    told: int = 0
    lost: int = 0
    covered: str = ""


def image(place: Path, codec: str, layout: str, safeguard: str) -> np.ndarray[Any, Any]:
    """Write an image that is to be damaged, and return its pixels."""
    pixels = np.random.default_rng(8).poisson(60, (128, 128)).astype("uint16")
    options: dict[str, Any] = {"codec": CODECS[codec], "chunks": (32, 32), "levels": 1, **LAYOUTS[layout]}
    omezarr.write_image(place, pixels, axes="yx", checksums=safeguard == "checksums", overwrite=True, **options)
    if safeguard == "manifest":
        omezarr.write_manifest(place)
    return pixels


def flipped(place: Path, flips: int) -> Iterator[None]:
    """Yield while one bit of an object of level 0 is another, in a different place each time."""
    rng = np.random.default_rng(1)
    files = sorted(file for file in (place / "0/c").rglob("*") if file.is_file())
    for _ in range(flips):
        file = files[rng.integers(len(files))]
        content = file.read_bytes()
        damaged = bytearray(content)
        bit = int(rng.integers(8 * len(damaged)))
        damaged[bit // 8] ^= 1 << bit % 8
        file.write_bytes(damaged)
        yield
        file.write_bytes(content)


def campaign(place: Path, codec: str, layout: str, safeguard: str, flips: int) -> Tally:
    """Return what became of flips in an image of one kind."""
    pixels, tally = image(place, codec, layout, safeguard), Tally()
    for _ in flipped(place, flips):
        try:
            found: Any = omezarr.open(place).levels[0].read()
        except OMEZarrError:
            found = None
        report = omezarr.validate(place, depth="data")
        wrong = found is not None and not np.array_equal(found, pixels)
        tally.flips += 1
        tally.harmless += found is not None and not wrong
        tally.silent += wrong
        tally.told += not report.valid
        tally.lost += wrong and report.valid
        tally.covered = "" if report.coverage is None else f"{report.coverage.covered} of {report.coverage.objects}"
    return tally


def main() -> None:
    """Print one line for each kind of image."""
    folder, flips = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 300
    shutil.rmtree(folder, ignore_errors=True)
    print("| codec | layout | safeguard | covered | flips | no pixel wrong | wrong in silence | told | not told |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for codec in CODECS:
        for layout in LAYOUTS:
            for safeguard in SAFEGUARDS:
                found = campaign(folder / "a.ome.zarr", codec, layout, safeguard, flips)
                counts = (found.covered, found.flips, found.harmless, found.silent, found.told, found.lost)
                print("| " + " | ".join(map(str, (codec, layout, safeguard, *counts))) + " |", flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
