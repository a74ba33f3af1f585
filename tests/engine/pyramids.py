"""Plans of pyramids, and what they must give: made from the definition, on whole levels in memory."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from hypothesis import settings
from zarr.storage import LocalStore

from omezarr.abc import OpenedStore
from omezarr.abc.plan import ArraySpec, Codec, CreateGroup, EditAttributes, Phase, Plan, WriteLevels
from omezarr.arrays import as_source
from omezarr.arrays.geometry import level_shapes
from omezarr.engine import execute
from omezarr.location import Location
from omezarr_builtins.scaling.local_mean import LocalMean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.abc import ScalingMethod

modest = settings(deadline=None, derandomize=True, max_examples=15)
"""What property tests of the engine use: each example writes files."""

FINAL = {"ome": {"version": "0.5", "multiscales": []}}
"""The attributes that finished hierarchies of these tests have."""


def open_store(location: Location, *, write: bool) -> OpenedStore:
    if location.store is not None:
        return OpenedStore(store=location.store, path=location.path)
    return OpenedStore(store=LocalStore(location.url, read_only=not write))


def levels_of(
    array: Any,
    factors: Sequence[tuple[int, ...]] = (),
    *,
    chunks: tuple[int, ...],
    shards: tuple[int, ...] | None = None,
    method: ScalingMethod | None = None,
    zarr_format: int = 3,
    codec: Codec | None = None,
    path: str = "",
    fill_value: float = 0,
) -> WriteLevels:
    source = as_source(array)
    arrays = tuple(
        ArraySpec(
            path=f"{path}/{level}".lstrip("/"),
            shape=shape,
            chunks=chunks,
            shards=shards,
            dtype=source.dtype.name,
            zarr_format=zarr_format,  # type: ignore[arg-type]
            codec=Codec("zstd", {"level": 1}) if codec is None else codec,
            fill_value=fill_value,
        )
        for level, shape in enumerate(level_shapes(source.shape, factors))
    )
    return WriteLevels(source=source, arrays=arrays, factors=tuple(factors), method=method or LocalMean())


def plan_of(target: Any, *steps: Any, overwrite: bool = False, create: bool = True, zarr_format: int = 3) -> Plan:
    before = (CreateGroup(path=""),) if create else ()
    after = (EditAttributes(path="", attributes=FINAL),) if create else ()
    return Plan(
        target=Location.parse(target if not isinstance(target, Path) else str(target)),
        zarr_format=zarr_format,  # type: ignore[arg-type]
        phases=(Phase(name="writing", steps=(*before, *steps, *after)),),
        overwrite=overwrite,
        create=create,
    )


def write(target: Any, step: WriteLevels, *, overwrite: bool = False, **options: Any) -> None:
    plan = plan_of(target, step, overwrite=overwrite, zarr_format=step.arrays[0].zarr_format)
    execute(plan, open_store=open_store, **options)


def read_levels(target: Any) -> list[np.ndarray[Any, Any]]:
    group = zarr.open_group(target, mode="r")
    return [np.asarray(group[name][...]) for name in sorted(group.array_keys(), key=int)]  # type: ignore[index]


def expected_levels(
    array: np.ndarray[Any, Any], factors: Sequence[tuple[int, ...]], method: ScalingMethod
) -> list[np.ndarray[Any, Any]]:
    """Apply a method to whole levels, one after the other."""
    levels = [array]
    for step in factors:
        halo = method.halo(step)
        window = np.pad(levels[-1], halo, mode="symmetric") if any(map(any, halo)) else levels[-1]
        inner = tuple(slice(low, low + n) for (low, _), n in zip(halo, levels[-1].shape, strict=True))
        levels.append(method.reduce(window, step, inner))
    return levels


def digests(folder: Path) -> dict[str, str]:
    """Return a checksum of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def noise(shape: tuple[int, ...], dtype: str = "uint16", seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.random(shape) < 0.5
    if kind.kind == "f":
        return ((rng.random(shape) - 0.5) * 1000).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)
