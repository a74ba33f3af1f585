"""omezarr itself, of this checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def write(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import numpy as np

    return _writing(np.load(given, mmap_mode="r"), output, options)


def generate(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array as da
    import numpy as np

    tile = np.random.default_rng(0).integers(80, 400, (1, 16, 1024, 1024), dtype="uint16")
    shape = (2, 64, 2048, 2048 * int(given))

    def made_up(block_id: tuple[int, ...]) -> Any:
        return tile + np.uint16(sum(block_id))

    chunks = tuple((part,) * (whole // part) for whole, part in zip(shape, tile.shape, strict=True))
    return _writing(da.map_blocks(made_up, chunks=chunks, dtype="uint16"), output, options)


def divide(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array as da

    import omezarr

    _import_writers()
    numbers: Any = da.random.default_rng(0).random((int(given),) * 2, chunks=options["chunk"])
    return lambda: omezarr.write_image(output, numbers / numbers.max(), axes="yx", levels=1)


def _writing(pixels: Any, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import omezarr
    from omezarr.abc.plan import Codec

    _import_writers()
    levels = options["levels"]
    if "codec" not in options:
        return lambda: omezarr.write_image(output, pixels, axes="czyx", levels=levels)
    name, level, shuffle = options["codec"]
    blocks = {"blocksize": options["blocksize"]} if "blocksize" in options else {}
    codec = Codec("blosc", {"cname": name, "clevel": level, "shuffle": shuffle, **blocks})
    factors = [(1, 1, 2, 2)] * (levels - 1)
    sizes = {name: tuple(options[name]) for name in ("chunks", "shards") if name in options}
    return lambda: omezarr.write_image(output, pixels, axes="czyx", factors=factors, codec=codec, **sizes)


def _import_writers() -> None:
    """Import what omezarr would import while it writes, so that it is not counted, as with the others."""
    import zarr  # noqa: F401

    import omezarr.engine
    import omezarr.writing.images  # noqa: F401


def convert(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import omezarr

    _import_writers()
    return lambda: omezarr.convert(given, output, levels=options["levels"])


def read_level(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import omezarr
    import omezarr.arrays.reading

    level = omezarr.open(given).levels[0]
    assert level.shape
    return level.read


def read_planes(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import omezarr
    import omezarr.arrays.reading

    level = omezarr.open(given).levels[0]
    return lambda: [level.read(tuple(slice(*pair) for pair in place)) for place in options["places"]]


def read_crops(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import dask.array  # noqa: F401

    import omezarr
    import omezarr.arrays.blocks

    lazy = omezarr.open(given).levels[0].dask
    return lambda: [lazy[tuple(slice(*pair) for pair in place)].compute() for place in options["places"]]


def first_look(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import omezarr

    return lambda: omezarr.open(given).levels[-1].read()


def write_plate(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import numpy as np

    import omezarr

    _import_writers()
    pixels = np.load(given)
    wells = {f"{row}/{column}": pixels for row in options["rows"] for column in options["columns"]}
    return lambda: omezarr.write_plate(output, wells, axes="cyx", levels=options["levels"])


def open_plate(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import omezarr

    return lambda: sum(len(row["shape"]) > 0 for row in omezarr.open(given).fields.table())
