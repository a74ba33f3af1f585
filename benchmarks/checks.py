"""Whether an image that was written holds the right pixels: ``python checks.py PIXELS IMAGE LEVELS METHOD``.

Level 0 must be what was given, all of it. Where the method is ``mean``, level 1 must hold the means of 2 x 2 samples
in y and x, to half a grey value and rounding. Ends with an error where that is not so.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import zarr


def main() -> None:
    given, written, levels, method = sys.argv[1:]
    pixels = _pixels(given)
    group = zarr.open_group(written, mode="r")
    paths = [str(level) for level in range(int(levels))]
    if "ome" in group.attrs:
        paths = [dataset["path"] for dataset in group.attrs["ome"]["multiscales"][0]["datasets"]]
    if len(paths) != int(levels):
        raise SystemExit(f"{written} has {len(paths)} levels, not {levels}")
    full: Any = group[paths[0]]
    half: Any = group[paths[1]]
    depth = full.chunks[1]
    for c in range(pixels.shape[0]):
        for z in range(0, pixels.shape[1], depth):
            slab = np.asarray(pixels[c, z : z + depth])
            if not (full[c, z : z + depth] == slab).all():
                raise SystemExit(f"{written}: pixels of level 0 differ at c={c}, z={z}")
            if method == "mean":
                wide = slab.astype("float32")
                mean = (wide[:, 0::2, 0::2] + wide[:, 0::2, 1::2] + wide[:, 1::2, 0::2] + wide[:, 1::2, 1::2]) / 4
                if abs(half[c, z : z + depth] - mean).max() > 0.75:
                    raise SystemExit(f"{written}: pixels of level 1 are no means at c={c}, z={z}")


def _pixels(path: str) -> Any:
    if path.endswith(".npy"):
        return np.load(path, mmap_mode="r")
    import tifffile

    return tifffile.imread(path)


if __name__ == "__main__":
    main()
