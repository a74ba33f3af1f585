"""A writer whose process dies at any moment: the same acquisition again gives the bytes of the uninterrupted one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.arrays.targets import LocalTarget
from omezarr.errors import TargetExistsError
from omezarr.writing import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOVIE = np.random.default_rng(5).integers(0, 900, (3, 20, 20)).astype("uint16")
RESUME = RunOptions(resume=True, threads=1, memory=1)  # so that each change is made by the call that asks for it


class KilledError(BaseException):
    """The process is gone."""


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that lets only so many changes of files happen from then on."""
    left = [10**9]

    def guarded(function: Any) -> Any:
        def guard(*arguments: Any, **options: Any) -> Any:
            if left[0] <= 0:
                raise KilledError
            left[0] -= 1
            return function(*arguments, **options)

        return guard

    for name in ("put", "delete", "clear"):
        monkeypatch.setattr(LocalTarget, name, guarded(getattr(LocalTarget, name)))

    def allowed(changes: int) -> None:
        left[0] = changes

    return allowed


def contents(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def acquire(path: Path, *, with_labels: bool, **options: Any) -> None:
    writer = omezarr.create_writer(
        path, shape=(None, 20, 20), dtype="uint16", axes="tyx", chunks=(2, 16, 16), levels=2, name="m", run=RESUME,
        **options,
    )  # fmt: skip
    cells = writer.add_labels("cells", "uint8", chunks=(1, 20, 20)) if with_labels else None
    for t, frame in enumerate(MOVIE):
        writer.write(frame, t=t)
        if cells is not None:
            cells.write((frame // 200).astype("uint8"), t=t)
    writer.close()


@pytest.mark.parametrize("with_labels", [False, True])
def test_killed_before_any_change_the_same_call_gives_the_same_bytes(
    tmp_path: Path, allow: Callable[[int], None], with_labels: bool
) -> None:
    options = {"with_labels": with_labels, "consolidated": not with_labels}
    acquire(tmp_path / "whole.zarr", **options)
    expected = contents(tmp_path / "whole.zarr")
    path = tmp_path / "m.zarr"
    changes, died = 0, True
    while died:
        allow(changes)
        died = False
        try:
            acquire(path, **options)
        except KilledError:
            died = True
        allow(10**9)
        acquire(path, **options)
        assert contents(path) == expected
        shutil.rmtree(path)
        changes += 1 if changes < 12 else 3
    assert changes > 25


def test_a_writer_that_is_opened_goes_on_with_axis_levels_and_windows(
    tmp_path: Path, allow: Callable[[int], None]
) -> None:
    acquire(tmp_path / "whole.zarr", with_labels=False)
    path = tmp_path / "m.zarr"
    writer = omezarr.create_writer(
        path, shape=(None, 20, 20), dtype="uint16", axes="tyx", chunks=(2, 16, 16), levels=2, name="m"
    )
    writer.write(MOVIE[0], t=0)
    writer.update()
    writer.write(MOVIE[1], t=1)
    allow(0)
    with pytest.raises(KilledError):
        writer.close()
    allow(10**9)
    with omezarr.open_writer(path) as other:
        for t in (1, 2):
            other.write(MOVIE[t], t=t)
    assert contents(path) == contents(tmp_path / "whole.zarr")


def test_another_acquisition_is_refused(tmp_path: Path) -> None:
    acquire(tmp_path / "m.zarr", with_labels=False)
    before = contents(tmp_path)
    for options in ({"dtype": "uint8"}, {"shape": (None, 20, 24)}, {"chunks": (1, 16, 16)}, {"scale": 0.5}):
        with pytest.raises(TargetExistsError):
            omezarr.create_writer(
                tmp_path / "m.zarr",
                **{"shape": (None, 20, 20), "dtype": "uint16", "axes": "tyx", "chunks": (2, 16, 16), "levels": 2,
                   "name": "m", "run": RESUME, **options},
            )  # fmt: skip
    assert contents(tmp_path) == before
