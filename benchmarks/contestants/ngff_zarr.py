"""ngff-zarr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def write(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import ngff_zarr
    import numpy as np

    pixels = np.load(given, mmap_mode="r")
    return _writing(ngff_zarr.to_ngff_image(pixels, dims=list("czyx")), output, options)


def _writing(image: Any, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import ngff_zarr
    import numcodecs

    factors: Any = [2**level for level in range(1, options["levels"])]
    making: dict[str, Any] = {}
    writing: dict[str, Any] = {}
    if "codec" in options:
        name, level, shuffle = options["codec"]
        factors = [{"z": 1, "y": factor, "x": factor} for factor in factors]
        making = {
            "method": ngff_zarr.Methods.DASK_BIN_SHRINK,
            "chunks": dict(zip("czyx", options["chunks"], strict=True)),
            "cache": False,
        }
        shuffled = ("noshuffle", "shuffle", "bitshuffle").index(shuffle)
        writing = {"compressors": [numcodecs.Blosc(cname=name, clevel=level, shuffle=shuffled)]}

    def run() -> None:
        levels = ngff_zarr.to_multiscales(image, scale_factors=factors, **making)
        ngff_zarr.to_ngff_zarr(output, levels, version="0.5", **writing)

    return run


def _levels(given: str) -> list[Any]:
    import ngff_zarr

    return [image.data for image in ngff_zarr.from_ngff_zarr(given).images]


def read_level(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    level = _levels(given)[0]
    return lambda: level.compute()


def read_planes(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    level = _levels(given)[0]
    return lambda: [level[tuple(slice(*pair) for pair in place)].compute() for place in options["places"]]


def first_look(given: str, output: str, options: dict[str, Any]) -> Callable[[], Any]:
    import ngff_zarr  # noqa: F401

    return lambda: _levels(given)[-1].compute()
