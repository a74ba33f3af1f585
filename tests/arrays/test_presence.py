"""What is stored of an array is listed: time depends on that, not on what the array claims."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore, MemoryStore

import omezarr
import omezarr.cli
from omezarr.arrays import presence
from omezarr.arrays.blocks import blocks_of
from omezarr.arrays.presence import Presence, count_units
from omezarr.arrays.reading import ArrayReader
from omezarr.arrays.surveys import survey
from omezarr.errors import UnsupportedError
from omezarr.stores import StoreTraits, state_traits

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 10**6


def huge(store: Any, **words: Any) -> zarr.Array[Any]:
    """Return an array of a million by a million samples, of which two places are stored."""
    given = {"shape": (SIDE, SIDE), "chunks": (8, 8), "dtype": "u1", "fill_value": 3, **words}
    array = zarr.create_array(store, **given)
    array[16:24, 800:808] = 9
    array[SIDE - 1, SIDE - 1] = 7
    return array


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MemoryStore() if request.param == "memory" else LocalStore(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"zarr_format": 2},
        {"zarr_format": 2, "chunk_key_encoding": {"name": "v2", "separator": "/"}},
        {"chunk_key_encoding": {"name": "default", "separator": "."}},
        {"shards": (8, 8), "chunks": (4, 4)},
    ],
)
def test_what_is_stored_is_found_whatever_the_keys(store: Any, words: dict[str, Any]) -> None:
    array = huge(store, **words)
    found = Presence.of(array)
    assert found is not None
    assert found.stored == [(2, 100), (SIDE // 8 - 1, SIDE // 8 - 1)]
    assert [region for _, region in found.cells_of((64, 64))] == [
        (slice(0, 64), slice(768, 832)),
        (slice(SIDE - 64, SIDE), slice(SIDE - 64, SIDE)),
    ]


def test_whether_a_region_holds_anything_is_exact(store: Any) -> None:
    found = Presence.of(huge(store))
    assert found is not None
    rng = np.random.default_rng(0)
    for _ in range(300):
        low = rng.integers(0, 300, 2) * rng.choice([1, 5], 2)
        high = low + rng.integers(1, 900, 2)
        region = tuple(slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))
        expected = bool(low[0] < 24 and high[0] > 16 and low[1] < 808 and high[1] > 800)
        assert found.may_hold(region) is expected
    assert found.may_hold((slice(0, SIDE), slice(0, SIDE)))
    assert not found.may_hold((slice(24, SIDE - 8), slice(0, SIDE)))
    assert not found.may_hold((slice(5, 5), slice(0, SIDE)))


def test_what_is_no_chunk_of_the_array_is_left_out(tmp_path: Path) -> None:
    array = huge(LocalStore(tmp_path / "a.zarr"))
    for name in ("c/125000/0", "c/00/1", "c/7", "c/1/2/3", "c/5/x", "other/1/2", "c/0/1.partial"):
        (tmp_path / "a.zarr" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a.zarr" / name).write_bytes(b"")
    found = Presence.of(array)
    assert found is not None
    assert len(found.stored) == 2


def read_keys(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Count the objects that readers ask for."""
    asked: list[Any] = []
    for name in ("_filled", "holds"):
        real = getattr(ArrayReader, name)

        def counted(self: ArrayReader, index: Any, *words: Any, real: Any = real) -> Any:
            asked.append(index)
            return real(self, index, *words)

        monkeypatch.setattr(ArrayReader, name, counted)
    return asked


def test_a_survey_looks_at_what_is_stored(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    array = huge(store)
    asked = read_keys(monkeypatch)
    found = survey(array)
    assert (found.total, found.missing, found.broken) == (15_625_000_000, 15_625_000_000 - 2, ())
    assert len(asked) == 2


def test_the_values_of_an_array_take_few_blocks(store: Any) -> None:
    blocks = list(blocks_of(huge(store)))
    assert len(blocks) == 3
    assert {value for block in blocks for value in np.unique(block).tolist()} == {3, 7, 9}


def test_where_nothing_can_be_listed_few_are_asked_for_and_many_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    state_traits(store, StoreTraits(transient=True, distant=False, picklable=False, listable=False))
    array = huge(store)
    with pytest.raises(UnsupportedError, match=r"claims 15625000000 objects, and its store does not list"):
        Presence.of(array)
    monkeypatch.setattr(presence, "MOST_ASKED", count_units(array))
    assert Presence.of(array) is None


def test_more_objects_than_are_kept_in_memory_are_asked_for_one_by_one(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = huge(store)
    monkeypatch.setattr(presence, "MOST_LISTED", 1)
    assert Presence.of(array) is None


def test_statistics_and_validation_of_a_claimed_image_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ome.zarr"
    omezarr.write_image(path, np.ones((8, 8), "u1"), axes="yx", chunks=(8, 8))
    document = json.loads((path / "0/zarr.json").read_text())
    (path / "0/zarr.json").write_text(json.dumps({**document, "shape": [10**9, 10**9]}))
    asked = read_keys(monkeypatch)
    assert omezarr.cli.run(["info", str(path), "--stats"]) == 0
    assert "from 0 to 1" in capsys.readouterr().out
    assert omezarr.cli.run(["validate", str(path), "--data"]) == 0
    assert "15624999999999999 of 15625000000000000 parts not stored" in capsys.readouterr().out
    assert len(asked) < 1200


@pytest.mark.parametrize("size", [10**199, -1, 2**63])
@pytest.mark.parametrize("what", ["shape", "chunk_shape"])
@pytest.mark.parametrize("command", ["info", "validate", "convert"])
def test_sizes_that_no_array_can_have_are_refused(
    tmp_path: Path, size: int, what: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.ome.zarr"
    omezarr.write_image(path, np.ones((8, 8), "u1"), axes="yx", chunks=(8, 8))
    document = json.loads((path / "0/zarr.json").read_text())
    place = document if what == "shape" else document["chunk_grid"]["configuration"]
    place[what] = [size, 8]
    (path / "0/zarr.json").write_text(json.dumps(document))
    assert omezarr.cli.run([command, str(path), *[str(tmp_path / "b.zarr")] * (command == "convert")]) == 1
    said = capsys.readouterr()
    assert f"is no {'length' if what == 'shape' else 'size of chunks'}" in said.out + said.err
