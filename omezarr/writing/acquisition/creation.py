"""Creating an image without pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

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
from omezarr.arrays.targets import target_of
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.nodes.opening import open_store
from omezarr.writing import Planner
from omezarr.writing.fitting import name_of
from omezarr.writing.image_description import image_content
from omezarr.writing.images import run_plan
from omezarr.writing.options import RunOptions
from omezarr.writing.plates import field_listing
from omezarr.writing.requests import ImageKeywords, Request, spelled_out
from omezarr.writing.validity import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from omezarr.location import LocationLike
    from omezarr.writing import WriteOptions
from omezarr.writing.acquisition.begun import check_run
from omezarr.writing.acquisition.blank import NoPixels, dtype_of, resized
from omezarr.writing.acquisition.writer import ImageWriter, open_writer


@spelled_out(ImageKeywords)
def create_writer(
    location: LocationLike,
    *,
    shape: Sequence[int | None],
    dtype: npt.DTypeLike,
    name: str | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> ImageWriter:
    """Create an image without pixels, and return what writes them.

    Parameters
    ----------
    location : str, path, Location, zarr store or zarr group
        Where the image's group will be. A field of a plate is listed by its well and plate from then on.
    shape : sequence of (int or None)
        None for at most one axis, mostly t, that grows as frames come.
    dtype : dtype
    name, translation, options
        As for `omezarr.write_image`. The axis that grows is never scaled down.
    **given
        `PixelKeywords` and `WriterKeywords`, as for `omezarr.write_image`. Of the fields of ``run``, `memory` bounds
        what waits to be written or for its unit to be complete, `threads` write it, and `resume` goes on with what the
        same call began in a process that died; the others have no meaning here.

    Returns
    -------
    ImageWriter
        To be closed when all is written; best used in a ``with`` block.

    Raises
    ------
    ArgumentError, UnsupportedError, LossyError, TargetExistsError
        As for `omezarr.write_image`; nothing has been written then.
    """
    request = Request.of(location, options, given, meaningless={"label_method": "add_labels takes it"})
    check_run(request.run)
    if target_of(open_store(request.target, request.registry.storage_schemes, write=True)).sealed:
        raise UnsupportedError(f"{request.target} is one file, written whole; acquire into a folder, then copy that")
    growing = [index for index, length in enumerate(shape) if length is None]
    if len(growing) > 1:
        raise ArgumentError(f"only one axis can grow, but the shape {tuple(shape)} leaves {len(growing)} open")
    source = NoPixels(tuple(1 if length is None else int(length) for length in shape), dtype_of(dtype))
    content = image_content(source, name=name, translation=translation, **request.pixels)
    field = field_listing(request.target, content, request.options, request.registry)
    listing, options = None, request.options
    if field is not None:
        plate, version, phase = field
        listing, options = (plate, phase), evolve(options, format=version)
    planner = Planner(options, request.registry, name=name_of(request.target.name))
    if growing and planner.options.expand_axes:
        raise ArgumentError("axes cannot be added to an image that grows; give all axes of the version in the shape")
    planned = planner.plan(content)
    levels = next(step for step in planned[0].steps if isinstance(step, WriteLevels))
    if any(step[index] != 1 for step in levels.factors for index in growing):
        raise ArgumentError("an axis that grows cannot be scaled down; its factors must be 1")
    grows = growing[0] if growing else None
    arrays = tuple(resized(spec, grows, 0, planner.options, content.axes) for spec in levels.arrays)
    commit = planned[-1].steps[-1]
    assert isinstance(commit, EditAttributes)
    assert callable(commit.attributes)
    nothing = np.zeros([max(length, 1) for length in arrays[-1].shape], dtype=source.dtype)
    with request.registry.in_use():
        attributes = commit.attributes(Measured(smallest_level=lambda _: nothing))
    steps = (CreateGroup(path=""), CreateArrays(arrays=arrays), evolve(commit, attributes=attributes))
    zarr_format = planner.version.zarr_format
    plan = Plan(
        target=request.target,
        zarr_format=zarr_format,
        phases=(Phase(name="arrays", steps=steps),),
        overwrite=request.overwrite,
        consolidate=planner.options.consolidated,
    )
    refuse_invalid(plan.steps, planner.version, request.registry)
    run_plan(plan, request.registry, RunOptions(resume=request.run.resume, lease=request.run.lease), listing=listing)
    return open_writer(
        request.target,
        grows=None if grows is None else content.axes[grows].name,
        method=levels.method,
        measure_windows=True,
        run=request.run,
        registry=request.registry,
    )
