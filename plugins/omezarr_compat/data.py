"""Sample images.

Examples
--------
>>> pyramid, labels = coins()
>>> [level.shape for level in pyramid], labels[0].shape
([(203, 284), (102, 142), (51, 71), (26, 36)], (203, 284))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from omezarr import registry_in_use
from omezarr.errors import ArgumentError
from omezarr_compat.format import CurrentFormat, Format
from omezarr_compat.io import parse_url
from omezarr_compat.scale import Scaler
from omezarr_compat.writer import write_multiscale, write_multiscale_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

__all__ = ["CHANNEL_DIMENSION", "astronaut", "coins", "create_zarr", "make_circle", "rgb_to_5d"]

CHANNEL_DIMENSION = 1
"""Where the channels are in five dimensions."""

COLORS = ("FF0000", "00FF00", "0000FF")
NAMES = ("Red", "Green", "Blue")


def coins() -> tuple[list[Any], list[Any]]:
    """Return the levels of an image of coins, in y and x, and of their labels."""
    return _sample("coins", Scaler(max_layer=3, method="local_mean"))


def astronaut() -> tuple[list[Any], list[Any]]:
    """Return the levels of a portrait, in three channels, y and x, and of two circles as labels."""
    return _sample("astronaut", Scaler())


def _sample(name: str, scaler: Scaler) -> tuple[list[Any], list[Any]]:
    content: Any = registry_in_use().samples[name].load()
    (label,) = content.labels.values()
    pixels, labels = (
        source.read(tuple(slice(0, length) for length in source.shape)) for source in (content.pixels, label.pixels)
    )
    return scaler.func(pixels), Scaler(max_layer=scaler.max_layer).nearest(labels)


def make_circle(h: int, w: int, value: int, target: npt.NDArray[Any]) -> None:
    """Set what is nearer to the centre of an array than half its shorter side to a value.

    Parameters
    ----------
    h, w : int
        The shape of the array.
    value : int
    target : array
        Changed in place.
    """
    y, x = np.ogrid[:h, :w]
    target[(x - w // 2) ** 2 + (y - h // 2) ** 2 < (min(w, h) // 2) ** 2] = value


def rgb_to_5d(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an image in y and x, or in y, x and channels, as one in t, c, z, y and x."""
    if pixels.ndim == 2:
        return pixels[None, None, None]
    if pixels.ndim == 3:
        return np.moveaxis(pixels, -1, 0)[None, :, None]
    raise ArgumentError(f"an image in two dimensions, or three with channels last, is needed, not {pixels.shape}")


def create_zarr(
    zarr_directory: str,
    method: Callable[..., tuple[list[Any], list[Any]]] = coins,
    label_name: str = "coins",
    fmt: Format | None = None,
    chunks: Sequence[int] | None = None,
) -> zarr.Group:
    """Write a sample image with labels.

    Parameters
    ----------
    zarr_directory : str
    method : callable
        Returns the levels of the image and of the labels: `coins` or `astronaut`.
    label_name : str
    fmt : Format, optional
    chunks : sequence of int, optional
        Default: the smallest level, one channel at a time.

    Returns
    -------
    zarr.Group
    """
    fmt = fmt or CurrentFormat()
    pyramid, labels = method()
    location = parse_url(zarr_directory, mode="w", fmt=fmt)
    assert location is not None
    group = zarr.open_group(location.store, mode="r+")
    axes: str | None = "cyx" if pyramid[0].ndim == 3 else "tczyx"[-pyramid[0].ndim :]
    label_axes: str | None = "tczyx"[-labels[0].ndim :] if labels else None
    if fmt.version in ("0.1", "0.2"):
        pyramid = [level[None, :, None] if level.ndim == 3 else rgb_to_5d(level) for level in pyramid]
        labels = [rgb_to_5d(level) for level in labels]
        axes = label_axes = None
    if chunks is None:
        chunks = (*(1,) * (pyramid[-1].ndim - 2), *pyramid[-1].shape[-2:])
    write_multiscale(
        pyramid,
        group,
        axes=axes,
        fmt=fmt,
        storage_options={"chunks": tuple(chunks)},
        metadata={"omero": _omero(pyramid)},
    )
    if labels:
        values = [int(value) for value in np.unique(labels[0]) if value][:8]
        rng = np.random.default_rng(0)
        write_multiscale_labels(
            labels,
            group,
            label_name,
            axes=label_axes,
            fmt=fmt,
            label_metadata={
                "colors": [{"label-value": value, "rgba": rng.integers(0, 256, 4).tolist()} for value in values],
                "properties": [{"label-value": value, "class": f"class {value}"} for value in values],
                "source": {"image": "../../"},
            },
        )
    return group


def _omero(pyramid: list[Any]) -> dict[str, Any]:
    count = 3 if pyramid[0].ndim > 2 and 3 in pyramid[0].shape[:-2] else 1
    channels: list[dict[str, Any]] = [
        {"color": color, "window": {"start": 0, "end": 255, "min": 0, "max": 255}, "active": True}
        for color in COLORS[:count]
    ]
    if count == 1:
        return {"channels": channels, "rdefs": {"model": "greyscale"}}
    return {
        "channels": [{**channel, "label": name} for channel, name in zip(channels, NAMES, strict=True)],
        "rdefs": {"model": "color"},
    }
