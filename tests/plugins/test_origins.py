"""Levels that say only by which method they were made sit where that method says, those of plugins too."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import omezarr
from omezarr.abc import ScalingMethod
from omezarr.cli import run
from omezarr.errors import OMEZarrWarning, PluginError
from omezarr.model import UNSET
from omezarr.plugins.origins import origin_of
from omezarr.testing import isolated_registry

if TYPE_CHECKING:
    from pathlib import Path


class Last(ScalingMethod):
    """Keep the last sample of each whole block."""

    name = "last"
    preserves_values = True

    def origin(self, factor: int) -> float:
        return factor - 1

    def reduce(self, window: Any, factors: tuple[int, ...], inner: tuple[slice, ...]) -> Any:
        return window[inner][tuple(slice(factor - 1, None, factor) for factor in factors)].copy()


class Broken(Last):
    name = "broken"

    def origin(self, factor: int) -> float:
        raise RuntimeError("no idea")


@pytest.mark.parametrize("name", list(isolated_registry().scaling_methods))
def test_a_method_tells_where_its_levels_sit(name):
    origin = origin_of(name)
    assert origin is not None
    assert [origin(1), origin(3)] == ([0, 0] if name == "nearest" else [0, 1])


@pytest.mark.parametrize("name", ["something", UNSET, None, 5, ["local_mean"]])
def test_nobody_knows_other_methods(name):
    assert origin_of(name) is None


def test_levels_of_old_versions_sit_where_a_method_from_outside_says(tmp_path: Path):
    registry = isolated_registry().with_(Last())
    pixels = np.arange(64, dtype="uint16").reshape(8, 8)
    old = {"format": "0.3", "allow_lossy": True}  # other programs do not know the method
    omezarr.write_image(tmp_path / "a.zarr", pixels, axes="yx", method="last", factors=[2, 2], registry=registry, **old)
    node = omezarr.open(tmp_path / "a.zarr", registry=registry)
    assert [level.geometry.translation[-1] for level in node.levels] == [0, 1, 3]
    assert [int(level.read()[-1, -1]) for level in node.levels] == [63, 63, 63]
    unknowing = omezarr.open(tmp_path / "a.zarr")
    assert [level.geometry.translation[-1] for level in unknowing.levels] == [0, 0, 0]
    assert "method 'last', which no plugin provides" in "".join(unknowing.notices)
    assert node.notices == ()
    with pytest.warns(OMEZarrWarning, match="method 'last', which no plugin provides"):
        omezarr.upgrade(tmp_path / "a.zarr", tmp_path / "lost.zarr", to="0.5")
    omezarr.upgrade(tmp_path / "a.zarr", tmp_path / "b.zarr", to="0.5", registry=registry)
    told = omezarr.open(tmp_path / "b.zarr")
    assert [level.geometry.translation[-1] for level in told.levels] == [0, 1, 3]


def test_a_method_that_is_disabled_is_named_where_levels_need_it(tmp_path: Path, capsys):
    omezarr.write_image(tmp_path / "a.zarr", np.zeros((64, 64), "uint8"), axes="yx", levels=2, format="0.3")
    assert run(["-p", "no:omezarr:scaling.local_mean", "info", str(tmp_path / "a.zarr")]) == 0
    shown = capsys.readouterr()
    assert "method 'local_mean', which is disabled: omezarr:scaling.local_mean" in shown.out + shown.err
    assert omezarr.open(tmp_path / "a.zarr").notices == ()


def test_a_method_that_cannot_tell_is_named():
    origin = origin_of("broken", isolated_registry().with_(Broken()))
    assert origin is not None
    with pytest.raises(PluginError, match="broken"):
        origin(2)


def test_it_can_be_sent():
    origin = pickle.loads(pickle.dumps(origin_of("local_mean")))
    assert origin(2) == 0.5
