"""Running on a dask.distributed cluster: the same bytes, and failures that come home."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

from omezarr.abc import PixelSource
from omezarr.arrays import as_source, expanded
from omezarr.engine.clusters import client_of
from omezarr.errors import ArgumentError, UnsupportedError, WriteError
from omezarr.plugins.registry import default_registry, registry_in_use
from omezarr_builtins.scaling.gaussian import Gaussian
from omezarr_builtins.scaling.local_mean import LocalMean
from tests.engine.pyramids import digests, levels_of, noise, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed")

FACTORS = [(1, 2, 2), (1, 2, 2), (1, 3, 3)]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.parametrize("name", ["magic", 7, "local:none", "local:0"])
def test_what_is_no_scheduler_is_refused(name: Any) -> None:
    with pytest.raises(ArgumentError, match="local:"), client_of(name):
        pass


def test_threads_need_no_client() -> None:
    with client_of("threads") as client:
        assert client is None


@pytest.mark.parametrize("kind", ["numpy", "memory map", "zarr", "dask", "view"])
def test_bytes_are_those_of_local_threads(tmp_path: Path, client: Any, kind: str) -> None:
    array = noise((3, 201, 190))
    np.save(tmp_path / "array.npy", array)
    stored = zarr.create_array(tmp_path / "source.zarr", shape=array.shape, dtype=array.dtype, chunks=(1, 50, 50))
    stored[...] = array
    source = {
        "numpy": array,
        "memory map": np.load(tmp_path / "array.npy", mmap_mode="r"),
        "zarr": stored,
        "dask": da.from_array(array, chunks=(1, 80, 80)),
        "view": expanded(as_source(array[None]), array.shape),
    }[kind]
    write(tmp_path / "threads.zarr", levels_of(array, FACTORS, chunks=(1, 32, 32)))
    write(tmp_path / "cluster.zarr", levels_of(source, FACTORS, chunks=(1, 32, 32)), scheduler=client)
    assert digests(tmp_path / "cluster.zarr") == digests(tmp_path / "threads.zarr")


def test_level_by_level_gives_the_same_bytes_too(tmp_path: Path, client: Any) -> None:
    step = levels_of(noise((3, 101, 90)), FACTORS, chunks=(1, 32, 32), method=Gaussian())
    write(tmp_path / "threads.zarr", step)
    write(tmp_path / "cluster.zarr", step, scheduler=client)
    assert digests(tmp_path / "cluster.zarr") == digests(tmp_path / "threads.zarr")


class Asking(PixelSource):
    """Says whether the sample "coins" is there where it is opened."""

    shape, chunks, dtype, portable = (64, 64), (32, 32), np.dtype("uint8"), True
    identity = "asking"

    def __init__(self, value: int = 7) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        return opened_there, ()

    def read(self, region: Any) -> Any:
        return np.full(tuple(part.stop - part.start for part in region), self.value, "uint8")


def opened_there() -> Asking:
    return Asking(int("coins" in registry_in_use().samples))


def test_workers_have_the_plugins_of_the_call(tmp_path: Path, client: Any) -> None:
    registry = default_registry().without("omezarr:samples.coins")
    for number, used in enumerate((registry, registry.with_(FailingMean()), default_registry())):
        with used.in_use():
            write(tmp_path / f"{number}", levels_of(Asking(), [(2, 2)], chunks=(32, 32)), scheduler=client)
        assert (np.asarray(zarr.open_array(tmp_path / f"{number}/0")) == number // 2).all()


class Unsendable(LocalMean):
    """Holds what cannot be pickled."""

    name = "unsendable"

    def __init__(self) -> None:
        self.lock = threading.Lock()


def test_a_plugin_that_cannot_be_sent_is_refused(tmp_path: Path, client: Any) -> None:
    with (
        default_registry().with_(Unsendable()).in_use(),
        pytest.raises(UnsupportedError, match=r"plugins of this call cannot be sent to workers .*cannot pickle"),
    ):
        write(tmp_path / "a", levels_of(Asking(), [(2, 2)], chunks=(32, 32)), scheduler=client)


class FailingMean(LocalMean):
    """Fails on a certain value."""

    name = "failing_mean"

    def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
        if (window == 4242).any():
            raise WriteError("could not write this one")
        return super().reduce(window, factors, inner)


def test_a_failure_on_a_worker_reaches_the_caller(tmp_path: Path, client: Any) -> None:
    array = noise((3, 201, 190))
    array[2, 150, 150] = 4242
    step = levels_of(array, FACTORS, chunks=(1, 32, 32), method=FailingMean())
    with pytest.raises(WriteError, match=r"could not write this one; .* with resuming to go on"):
        write(tmp_path / "image.zarr", step, scheduler=client)


def test_a_target_in_memory_cannot_be_reached_by_workers(client: Any) -> None:
    with pytest.raises(UnsupportedError, match="workers of a cluster cannot reach"):
        write(MemoryStore(), levels_of(noise((8, 8)), chunks=(4, 4)), scheduler=client)


def test_a_cluster_of_processes_here_says_nothing_of_its_own_whoever_else_serves(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", noise((3, 70, 80)))
    words = ["convert", "array.npy", "image.zarr", "--axes", "zyx", "--scheduler", "local:1"]
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # where another program has the usual port of a dashboard, all the better
            taken.bind(("", 8787))
            taken.listen()
        command = [sys.executable, "-c", "from omezarr.cli import main; main()", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Wrote image.zarr")
