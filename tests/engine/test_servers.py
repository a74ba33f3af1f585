"""Writing to an S3 server: whole images, interrupted ones, and what is left on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from omezarr.arrays.locks import locked
from omezarr.arrays.targets import StoreTarget, target_of
from omezarr.engine import execute
from omezarr.errors import LockedError, SourceError
from omezarr.hierarchy import Hierarchy
from omezarr.location import Location
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.schemes.s3 import S3
from tests.engine.pyramids import FINAL, expected_levels, levels_of, noise, plan_of
from tests.engine.test_execution import CHUNKS, Failing

if TYPE_CHECKING:
    from omezarr.abc import OpenedStore


def open_s3(location: Location, *, write: bool) -> OpenedStore:
    return S3().open(location, write=write, resolve=None)  # type: ignore[arg-type]  # it needs no other scheme


@pytest.fixture
def place(s3_server: Any) -> Location:
    return Location.parse(f"s3://{s3_server.bucket()}/folder/image.zarr", s3_server.options)


def run(place: Location, step: Any, **options: Any) -> None:
    execute(plan_of(place, step), open_store=open_s3, **options)


def levels_at(place: Location) -> list[np.ndarray[Any, Any]]:
    from omezarr.arrays.geometry import full_region
    from omezarr.arrays.reading import read_region

    hierarchy = Hierarchy(open_s3(place, write=False).store)
    assert hierarchy.node().attributes == FINAL  # type: ignore[union-attr]
    arrays = [hierarchy.array(name) for name in ("0", "1")]
    return [read_region(array, full_region(array.shape), 2) for array in arrays]


@pytest.mark.parametrize("shards", [None, (16, 16)], ids=str)
@pytest.mark.parametrize("method", [None, Gaussian()], ids=["one pass", "level by level"])
def test_an_image_is_written_and_nothing_else(place: Location, shards: Any, method: Any) -> None:
    array = noise((40, 40))
    step = levels_of(array, [(2, 2)], chunks=CHUNKS, shards=shards, method=method)
    run(place, step)
    for found, expected in zip(levels_at(place), expected_levels(array, step.factors, step.method), strict=True):
        np.testing.assert_array_equal(found, expected)
    names = target_of(open_s3(place, write=True)).names("")
    assert {name.partition("/")[0] for name in names} == {"0", "1", "zarr.json"}


def test_an_interrupted_image_is_resumed(place: Location) -> None:
    failing: Any = Failing(noise((40, 40)), (33, 33))
    step = levels_of(failing, [(2, 2)], chunks=CHUNKS)
    with pytest.raises(SourceError, match="with resuming to go on"):
        run(place, step, threads=1)
    failing.at = (99, 99)
    run(place, step, resume=True)
    np.testing.assert_array_equal(levels_at(place)[0], noise((40, 40)))
    assert not [name for name in target_of(open_s3(place, write=True)).names("") if ".omezarr" in name]


def test_a_second_writer_is_refused(place: Location) -> None:
    target = target_of(open_s3(place, write=True))
    assert isinstance(target, StoreTarget)
    with locked(target, ".omezarr/plan.lock"), pytest.raises(LockedError, match="is writing to"):
        run(place, levels_of(noise((9, 9)), chunks=CHUNKS))
