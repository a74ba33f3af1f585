"""ome-zarr, the reference library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def write(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import numpy as np

    return _writing(np.load(given, mmap_mode="r"), output, options)


def convert(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array as da
    import tifffile
    import zarr

    pixels = da.from_zarr(zarr.open_array(tifffile.imread(given, aszarr=True), mode="r"))
    return _writing(pixels, output, options)


def _writing(pixels: Any, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array as da
    import zarr
    from ome_zarr.format import FormatV05
    from ome_zarr.scale import Methods
    from ome_zarr.writer import write_image

    arguments: dict[str, Any] = {"scale_factors": [2**level for level in range(1, options["levels"])]}
    if "codec" in options:
        name, level, shuffle = options["codec"]
        compressor = zarr.codecs.BloscCodec(cname=name, clevel=level, shuffle=shuffle)
        chunks = tuple(options["chunks"])
        pixels = da.from_array(pixels, chunks=chunks)
        arguments = {
            "method": Methods.LOCAL_MEAN,
            "scale_factors": [{"y": 2**level, "x": 2**level} for level in range(1, options["levels"])],
            "storage_options": {"chunks": chunks, "compressors": [compressor]},
        }

    def run() -> None:
        group = zarr.open_group(output, mode="w", zarr_format=3)
        write_image(pixels, group, axes="czyx", fmt=FormatV05(), **arguments)

    return run


def _levels(given: str) -> list[Any]:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    levels: list[Any] = next(iter(Reader(parse_url(given))())).data
    return levels


def read_level(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    level = _levels(given)[0]
    return lambda: level.compute()


def read_planes(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    level = _levels(given)[0]
    return lambda: [level[tuple(slice(*pair) for pair in place)].compute() for place in options["places"]]


def first_look(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import ome_zarr.io
    import ome_zarr.reader  # noqa: F401

    return lambda: _levels(given)[-1].compute()


def write_plate(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import numpy as np
    import zarr
    from ome_zarr.format import FormatV05
    from ome_zarr.writer import write_image, write_plate_metadata, write_well_metadata

    pixels = np.load(given)
    rows, columns, version = options["rows"], options["columns"], FormatV05()
    factors = [2**level for level in range(1, options["levels"])]

    def run() -> None:
        plate = zarr.open_group(output, mode="w", zarr_format=3)
        wells = [f"{row}/{column}" for row in rows for column in columns]
        write_plate_metadata(plate, rows, columns, wells, fmt=version)
        for path in wells:
            well = plate.create_group(path)
            write_well_metadata(well, ["0"], fmt=version)
            write_image(pixels, well.create_group("0"), axes="cyx", fmt=version, scale_factors=factors)

    return run


def open_plate(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Plate, Reader

    def count() -> int:
        node = next(iter(Reader(parse_url(given))()))
        assert all(level.shape for level in node.data)
        plate = next(spec for spec in node.specs if isinstance(spec, Plate))
        return len(plate.well_paths)

    return count
