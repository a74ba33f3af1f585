"""Pictures computed from numpy alone, sample by sample: what the renderer is judged by."""

from __future__ import annotations

from typing import Any

import numpy as np
import zarr

TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}


def write_levels(
    store: Any,
    levels: list[np.ndarray],
    axes: str,
    *,
    version: str = "0.5",
    scale: dict[str, float] | None = None,
    chunks: tuple[int, ...] | None = None,
    path: str = "",
    **more: Any,
) -> None:
    """Write an image with zarr-python, in any order of axes; scale and level sizes give the transformations."""
    zarr_format = 3 if version >= "0.5" else 2
    group = zarr.create_group(store, path=path, zarr_format=zarr_format, overwrite=False)
    datasets = []
    for index, pixels in enumerate(levels):
        array = group.create_array(str(index), shape=pixels.shape, dtype=pixels.dtype, chunks=chunks or pixels.shape)
        array[...] = pixels
        sizes = [(scale or {}).get(a, 1.0) * f / p for a, f, p in zip(axes, levels[0].shape, pixels.shape, strict=True)]
        transformation = {"type": "scale", "scale": sizes}
        if version == "0.6":
            transformation |= {"input": {"path": str(index)}, "output": {"name": "physical"}}
        steps = {"coordinateTransformations": [transformation]} if version >= "0.4" else {}
        datasets.append({"path": str(index), **steps})
    described: list[Any] = [{"name": name, "type": TYPES[name]} for name in axes]
    multiscale: dict[str, Any] = {"datasets": datasets}
    if version == "0.6":
        multiscale["coordinateSystems"] = [{"name": "physical", "axes": described}]
    elif version >= "0.3":
        multiscale["axes"] = list(axes) if version == "0.3" else described
    if zarr_format == 2:
        group.attrs.update({"multiscales": [{"version": version, **multiscale}], **more})
    else:
        group.attrs.update({"ome": {"version": version, "multiscales": [multiscale], **more}})


def plane_of(
    pixels: np.ndarray, axes: str, at: dict[str, int], projection: tuple[str, str] | None = None
) -> np.ndarray:
    """Return an array of (channels, y, x): one sample of the other axes, or a projection."""
    left = axes
    for name in axes:
        if name in "cyx":
            continue
        position = left.index(name)
        if projection is not None and projection[1] == name:
            pixels = {"max": np.max, "mean": np.mean}[projection[0]](pixels, axis=position)
        else:
            pixels = pixels.take(at[name], axis=position)
        left = left.replace(name, "")
    if "c" not in left:
        pixels, left = pixels[None], "c" + left
    return pixels.transpose([left.index(name) for name in "cyx"])


def composed(planes: np.ndarray, windows: list[tuple[float, float]], colours: list[tuple[int, int, int]]) -> np.ndarray:
    """Compose planes pixel by pixel."""
    result = np.zeros((*planes.shape[1:], 3), dtype=int)
    for row, column in np.ndindex(planes.shape[1:]):
        for plane, (low, high), colour in zip(planes, windows, colours, strict=True):
            value = abs(complex(plane[row, column])) if np.iscomplexobj(planes) else float(plane[row, column])
            share = 0.0 if np.isnan(value) else min(1.0, max(0.0, (value - low) / (high - low)))
            for part in range(3):
                result[row, column, part] += int(share * colour[part] + 0.5)
    return np.minimum(result, 255).astype(np.uint8)


def block_means(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return the means of blocks."""
    rows = [plane[i * len(plane) // height : (i + 1) * len(plane) // height].mean(axis=0) for i in range(height)]
    along = np.array(rows).T
    columns = [along[i * len(along) // width : (i + 1) * len(along) // width].mean(axis=0) for i in range(width)]
    return np.array(columns).T
