"""Read single files that omezarr wrote with other software, and write some with it; run by the interpreter that has it.

Usage: ``python single_files.py FOLDER``. FOLDER holds ``ours.ozx``, ``large.ozx`` and the pixels of both as ``.npy``.
Prints one JSON object a line: the peer, for each of our files whether its pixels are equal, and the file that the peer
has written with the pixels of ``ours.npy``. What is not installed is left out.
"""

# ruff: noqa: T201 - a script that prints what it found

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from pathlib import Path

import numpy as np

FILES = ("ours", "large")


def main(folder):
    warnings.simplefilter("ignore")
    folder = Path(folder)
    for peer, (read, write) in PEERS.items():
        if importlib.util.find_spec(peer) is None:
            continue
        equal = {
            name: bool(np.array_equal(read(folder / f"{name}.ozx"), np.load(folder / f"{name}.npy"))) for name in FILES
        }
        written = folder / f"{peer}.ozx"
        write(written, np.load(folder / "ours.npy"))
        print(json.dumps({"peer": peer, "equal": equal, "written": str(written)}))


def read_with_ngff_zarr(path):
    import ngff_zarr

    return np.asarray(ngff_zarr.from_ngff_zarr(str(path)).images[0].data)


def write_with_ngff_zarr(path, pixels):
    import ngff_zarr

    image = ngff_zarr.to_ngff_image(pixels, dims=list("tczyx"))
    ngff_zarr.to_ngff_zarr(str(path), ngff_zarr.to_multiscales(image, [2], chunks=64), version="0.5")


def read_with_iohub(path):
    from iohub import open_ome_zarr

    with open_ome_zarr(str(path), mode="r") as image:
        return np.asarray(image["0"])


def write_with_iohub(path, pixels):
    from iohub import open_ome_zarr

    names = [f"channel {number}" for number in range(pixels.shape[1])]
    with open_ome_zarr(str(path), layout="fov", mode="w-", channel_names=names, version="0.5") as image:
        image.create_image("0", pixels)


PEERS = {"ngff_zarr": (read_with_ngff_zarr, write_with_ngff_zarr), "iohub": (read_with_iohub, write_with_iohub)}

if __name__ == "__main__":
    main(sys.argv[1])
