"""Realistic pixels: fluorescence-like blobs over a background, with the noise of counted photons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

WORKS = {"A": (2, 64, 2048, 2048), "small": (1, 16, 512, 512)}
"""Name of a work to its shape, in the order of axes c, z, y, x."""


def volume(path: Path, shape: tuple[int, int, int, int], seed: int = 1) -> None:
    """Save a uint16 volume as a .npy file; the same for the same shape and seed."""
    channels, depth, height, width = shape
    rng = np.random.default_rng(seed)
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
