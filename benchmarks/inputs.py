"""What is given to the contestants: ``python benchmarks/inputs.py KIND PATH [SIZE ...]`` makes one file.

The pixels look like fluorescence: blobs over a background, with the noise of counted photons. They are the same for
the same sizes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np


def volume(path: Path, shape: tuple[int, ...]) -> None:
    """Save uint16 pixels in c, z, y, x as a .npy file."""
    channels, depth, height, width = shape
    rng = np.random.default_rng(1)
    pixels = np.lib.format.open_memmap(path, "w+", dtype="uint16", shape=shape)
    y, x = np.mgrid[0:height, 0:width].astype("float32")
    for channel in range(channels):
        blobs = rng.uniform([0, 0, 0, 8, 200], [height, width, depth, 60, 3000], (60, 5))
        shapes = [np.exp(-((y - b[0]) ** 2 + (x - b[1]) ** 2) / np.float32(2 * b[3] ** 2)) for b in blobs]
        for z in range(depth):
            plane = np.full((height, width), 110, "float32")
            for blob, form in zip(blobs, shapes, strict=True):
                strength = blob[4] * np.exp(-(((z - blob[2]) / 12) ** 2))
                if strength >= 1:
                    plane += np.float32(strength) * form
            plane += rng.standard_normal((height, width), dtype="float32") * np.sqrt(plane)
            pixels[channel, z] = np.clip(plane, 0, 65535)
    pixels.flush()


def field(path: Path, shape: tuple[int, ...]) -> None:
    """Save uint16 pixels in c, y, x as a .npy file."""
    channels, height, width = shape
    volume(path, (channels, 1, height, width))
    np.save(path, np.load(path)[:, 0])


def tiled_tiff(path: Path, shape: tuple[int, ...]) -> None:
    """Save the volume as an OME-TIFF with tiles of 256 x 256."""
    import tifffile

    scratch = path.with_suffix(".npy")
    volume(scratch, shape)
    metadata = {"axes": "CZYX", "PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2, "PhysicalSizeZ": 1.0}
    tifffile.imwrite(path, np.load(scratch, mmap_mode="r"), ome=True, tile=(256, 256), metadata=metadata)
    scratch.unlink()


def paged_tiff(path: Path, shape: tuple[int, ...]) -> None:
    """Save noise as an OME-TIFF of many pages in strips."""
    import tifffile

    rng = np.random.default_rng(0)
    pages = (rng.integers(0, 4000, shape[2:], dtype="uint16") for _ in range(shape[0] * shape[1]))
    settings = {"metadata": {"axes": "CZYX"}, "ome": True, "rowsperstrip": 64, "bigtiff": True}
    tifffile.imwrite(path, pages, shape=shape, dtype="uint16", photometric="minisblack", **settings)


KINDS = {"volume": volume, "field": field, "tiled_tiff": tiled_tiff, "paged_tiff": paged_tiff}

if __name__ == "__main__":
    kind, target, *sizes = sys.argv[1:]
    KINDS[kind](Path(target), tuple(map(int, sizes)))
