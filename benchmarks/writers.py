"""One writer, in a process of its own: ``python writers.py NAME INPUT OUTPUT CODEC``; prints what it took as JSON.

Own memory is the peak of anonymous memory less what the same process had after its imports, with the source open.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

CHUNKS = (1, 16, 256, 256)
LEVELS = 5
CODECS = {"slow": ("zstd", 5, "shuffle"), "fast": ("zstd", 1, "bitshuffle")}
Write = Callable[[], None]


def omezarr(pixels: Any, output: str, codec: str) -> Write:
    import zarr  # noqa: F401  # so that its import is not counted as writing, as with the others

    import omezarr
    import omezarr.engine
    from omezarr.plan import Codec

    options: dict[str, Any] = {}
    if codec in CODECS:
        cname, clevel, shuffle = CODECS[codec]
        options = {"chunks": CHUNKS, "codec": Codec("blosc", {"cname": cname, "clevel": clevel, "shuffle": shuffle})}
    factors = [(1, 1, 2, 2)] * (LEVELS - 1)
    return lambda: omezarr.write_image(output, pixels, axes="czyx", factors=factors, **options) and None


def ome_zarr(pixels: Any, output: str, codec: str) -> Write:
    import dask.array as da
    import zarr
    from ome_zarr.format import FormatV05
    from ome_zarr.scale import Methods
    from ome_zarr.writer import write_image

    factors = [{"y": 2**level, "x": 2**level} for level in range(1, LEVELS)]
    options: dict[str, Any] = {"method": Methods.LOCAL_MEAN}
    if codec in CODECS:
        cname, clevel, shuffle = CODECS[codec]
        compressor = zarr.codecs.BloscCodec(cname=cname, clevel=clevel, shuffle=shuffle)
        options["storage_options"] = {"chunks": CHUNKS, "compressors": [compressor]}
    else:
        options = {}
    image = da.from_array(pixels, chunks=CHUNKS if codec in CODECS else "auto")

    def write() -> None:
        group = zarr.open_group(output, mode="w", zarr_format=3)
        write_image(image, group, axes="czyx", scale_factors=factors, fmt=FormatV05(), **options)

    return write


def ngff_zarr(pixels: Any, output: str, codec: str) -> Write:
    import ngff_zarr
    import zarr

    factors = [{"z": 1, "y": 2**level, "x": 2**level} for level in range(1, LEVELS)]
    chunks = dict(zip("czyx", CHUNKS, strict=True))
    options: dict[str, Any] = {}
    if codec in CODECS:
        cname, clevel, shuffle = CODECS[codec]
        options["compressors"] = [zarr.codecs.BloscCodec(cname=cname, clevel=clevel, shuffle=shuffle)]

    def write() -> None:
        image = ngff_zarr.to_ngff_image(pixels, dims=list("czyx"))
        method = ngff_zarr.Methods.DASK_BIN_SHRINK
        levels = ngff_zarr.to_multiscales(image, scale_factors=factors, method=method, chunks=chunks, cache=False)
        ngff_zarr.to_ngff_zarr(output, levels, version="0.5", **options)

    return write


def zarr_python(pixels: Any, output: str, codec: str) -> Write:
    import zarr

    def write() -> None:
        cname, clevel, shuffle = CODECS.get(codec, CODECS["fast"])
        group = zarr.open_group(output, mode="w", zarr_format=3)
        compressor = zarr.codecs.BloscCodec(cname=cname, clevel=clevel, shuffle=shuffle)
        shape = pixels.shape
        arrays = []
        for level in range(LEVELS):
            arrays.append(
                group.create_array(str(level), shape=shape, chunks=CHUNKS, dtype=pixels.dtype, compressors=[compressor])
            )
            shape = (*shape[:2], -(-shape[2] // 2), -(-shape[3] // 2))
        for channel in range(pixels.shape[0]):
            for start in range(0, pixels.shape[1], CHUNKS[1]):
                block = pixels[channel : channel + 1, start : start + CHUNKS[1]]
                for array in arrays:
                    array[channel : channel + 1, start : start + CHUNKS[1]] = block
                    wide = block.astype("uint32")
                    rows = wide[:, :, 0::2] + wide[:, :, 1::2]
                    block = ((rows[..., 0::2] + rows[..., 1::2] + 2) >> 2).astype("uint16")

    return write


def floor(pixels: Any, output: str, codec: str) -> Write:
    from floor import write_floor

    return lambda: write_floor(pixels, output, CODECS.get(codec, CODECS["fast"]), CHUNKS, LEVELS)


WRITERS: dict[str, Callable[[Any, str, str], Write]] = {
    "omezarr": omezarr,
    "ome-zarr": ome_zarr,
    "ngff-zarr": ngff_zarr,
    "zarr-python": zarr_python,
    "floor": floor,
}


def anonymous() -> int:
    """Return the anonymous memory of this process in bytes; Linux only."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("RssAnon")).split()[1])


def main() -> None:
    name, source, output, codec = sys.argv[1:]
    pixels = np.load(source, mmap_mode="r")
    write = WRITERS[name](pixels, output, codec)
    before, peak, done = anonymous(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.01):
            peak = max(peak, anonymous())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    wall, cpu = time.perf_counter(), time.process_time()
    write()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    done.set()
    watcher.join()
    print(json.dumps({"write": wall, "cpu": cpu, "own": max(0, peak - before)}))


if __name__ == "__main__":
    main()
