"""Creating an image without pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve

from omezarr.abc.plan import (
    CreateArrays,
    CreateGroup,
    EditAttributes,
    Measured,
    Phase,
    Plan,
    WriteLevels,
)
from omezarr.errors import ArgumentError
from omezarr.location import Location
from omezarr.plugins.registry import Registry, default_registry
from omezarr.writing import Planner, WriteOptions
from omezarr.writing.images import run_plan
from omezarr.writing.requests import image_content, merged_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import Axis, Channel
    from omezarr.writing.images import RunOptions
from omezarr.writing.acquisition.blank import NoPixels, dtype_of, resized
from omezarr.writing.acquisition.writer import ImageWriter, check_run, open_writer


def create_writer(
    location: LocationLike,
    *,
    shape: Sequence[int | None],
    dtype: npt.DTypeLike,
    axes: str | Sequence[str | Axis] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: Sequence[str | Channel | Mapping[str, Any]] | None = None,
    options: WriteOptions | None = None,
    overwrite: bool = False,
    run: RunOptions | None = None,
    storage_options: Mapping[str, Any] | StorageOptions | None = None,
    registry: Registry | None = None,
    **write_options: Any,
) -> ImageWriter:
    """Create an image without pixels, and return what writes them.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the image's group will be.
    shape : sequence of (int or None)
        None for at most one axis, mostly t, that grows as frames come.
    dtype : dtype
    axes, name, scale, translation, units, channels, options, overwrite, storage_options, registry, **write_options
        As for `omezarr.write_image`. The axis that grows is never scaled down.
    run : RunOptions, optional
        Of these, `memory` bounds what waits for its unit to be complete, and `threads` makes the lower levels; the
        others have no meaning here.

    Returns
    -------
    ImageWriter
        To be closed when all is written; best used in a ``with`` block.

    Raises
    ------
    ArgumentError, UnsupportedError, LossyError, TargetExistsError
        As for `omezarr.write_image`; nothing has been written then.
    """
    registry = registry or default_registry()
    check_run(run)
    growing = [index for index, length in enumerate(shape) if length is None]
    if len(growing) > 1:
        raise ArgumentError(f"only one axis can grow, but the shape {tuple(shape)} leaves {len(growing)} open")
    source = NoPixels(tuple(1 if length is None else int(length) for length in shape), dtype_of(dtype))
    content = image_content(
        source, axes=axes, name=name, scale=scale, translation=translation, units=units, channels=channels
    )
    planner = Planner(merged_options(options, write_options), registry)
    if growing and planner.options.expand_axes:
        raise ArgumentError("axes cannot be added to an image that grows; give all axes of the version in the shape")
    target = Location.parse(location, storage_options)
    planned = planner.image_phases("", content)
    levels = next(step for step in planned[0].steps if isinstance(step, WriteLevels))
    if any(step[index] != 1 for step in levels.factors for index in growing):
        raise ArgumentError("an axis that grows cannot be scaled down; its factors must be 1")
    grows = growing[0] if growing else None
    arrays = tuple(resized(spec, grows, 0, planner.options, content.axes) for spec in levels.arrays)
    commit = planned[-1].steps[-1]
    assert isinstance(commit, EditAttributes)
    assert callable(commit.attributes)
    nothing = np.zeros([max(length, 1) for length in arrays[-1].shape], dtype=source.dtype)
    attributes = commit.attributes(Measured(smallest_level=lambda _: nothing))
    steps = (CreateGroup(path=""), CreateArrays(arrays=arrays), evolve(commit, attributes=attributes))
    zarr_format = planner.version.zarr_format
    plan = Plan(
        target=target,
        zarr_format=zarr_format,
        phases=(Phase(name="arrays", steps=steps),),
        overwrite=overwrite,
        consolidate=planner.options.consolidated,
    )
    run_plan(plan, registry)
    return open_writer(
        target,
        grows=None if grows is None else content.axes[grows].name,
        measure_windows=True,
        run=run,
        registry=registry,
    )
