"""zarr-python alone, as somebody would use it who knows it well: whole slabs of chunks by array assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def write(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import numpy as np
    import zarr

    pixels = np.load(given, mmap_mode="r")
    name, level, shuffle = options["codec"]
    chunks = tuple(options["chunks"])
    compressor = zarr.codecs.BloscCodec(cname=name, clevel=level, shuffle=shuffle)

    def run() -> None:
        group = zarr.open_group(output, mode="w", zarr_format=3)
        shape, arrays = pixels.shape, []
        for number in range(options["levels"]):
            settings: dict[str, Any] = {"chunks": chunks, "dtype": pixels.dtype, "compressors": [compressor]}
            arrays.append(group.create_array(str(number), shape=shape, **settings))
            shape = (*shape[:2], -(-shape[2] // 2), -(-shape[3] // 2))
        for channel in range(pixels.shape[0]):
            for start in range(0, pixels.shape[1], chunks[1]):
                slab = (slice(channel, channel + 1), slice(start, start + chunks[1]))
                block = pixels[slab]
                for array in arrays:
                    array[slab] = block
                    block = _mean(block)

    return run


def _mean(block: Any) -> Any:
    """Return means of 2 x 2 samples; the last row and column of an odd size by themselves."""
    import numpy as np

    odd = [(0, 0), (0, 0), (0, block.shape[2] % 2), (0, block.shape[3] % 2)]
    wide = np.pad(block, odd, mode="edge").astype("uint32")
    rows = wide[:, :, 0::2] + wide[:, :, 1::2]
    return ((rows[..., 0::2] + rows[..., 1::2] + 2) >> 2).astype(block.dtype)


def divide(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array as da
    import zarr  # noqa: F401

    numbers: Any = da.random.default_rng(0).random((int(given),) * 2, chunks=options["chunk"])
    return lambda: da.to_zarr(numbers / numbers.max(), output)


def read_level(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import zarr

    array = zarr.open_group(given, mode="r")["0"]
    return lambda: array[...]


def read_planes(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import zarr

    array = zarr.open_group(given, mode="r")["0"]
    return lambda: [array[tuple(slice(*pair) for pair in place)] for place in options["places"]]


def read_crops(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array as da
    import zarr

    lazy = da.from_zarr(zarr.open_group(given, mode="r")["0"])
    return lambda: [lazy[tuple(slice(*pair) for pair in place)].compute() for place in options["places"]]


def first_look(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import zarr

    def look() -> Any:
        group = zarr.open_group(given, mode="r")
        paths = [dataset["path"] for dataset in group.attrs["ome"]["multiscales"][0]["datasets"]]
        return group[paths[-1]][...]

    return look
