"""Nodes and levels that are sent to other processes: what arrives reads the same pixels."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
import zipfile
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np
import pytest

import omezarr
from omezarr.abc import ScalingMethod
from omezarr.errors import PluginError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer, S3Server

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)


def arrives(node: Any) -> None:
    """Send a node and its first level, and compare what arrives."""
    node.levels[0].read()  # what was looked at stays here
    there = pickle.loads(pickle.dumps(node))
    assert repr(there) == repr(node)
    assert (there.path, there.key, there.version_inferred) == (node.path, node.key, node.version_inferred)
    assert there.metadata == node.metadata
    assert np.array_equal(there.levels[0].read(), PIXELS)
    assert np.array_equal(pickle.loads(pickle.dumps(node.levels[0])).read(), PIXELS)


@pytest.mark.parametrize("version", ["0.1", "0.4", "0.5", "0.6"])
def test_of_a_disk(tmp_path: Path, version: str) -> None:
    place = tmp_path / "cells.ome.zarr"
    omezarr.write_image(place, PIXELS, format=version, expand_axes=version == "0.1", name="cells")
    node = omezarr.open(place)
    there = pickle.loads(pickle.dumps(node))
    assert (repr(there), there.metadata) == (repr(node), node.metadata)
    assert np.array_equal(np.squeeze(there.levels[0].read()), PIXELS)


def test_in_another_process(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a", PIXELS)
    (tmp_path / "node").write_bytes(pickle.dumps(omezarr.open(tmp_path / "a")))
    code = f"import pickle; print(pickle.load(open({str(tmp_path / 'node')!r}, 'rb')).levels[0].read().sum())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) == PIXELS.sum()


def test_of_a_server_of_a_bucket_and_of_a_zip_file(
    http_server: CountingServer, s3_server: S3Server, tmp_path: Path
) -> None:
    image = tmp_path / "cells.ome.zarr"
    omezarr.write_image(image, PIXELS)
    shutil.copytree(image, http_server.root / "cells.ome.zarr")
    arrives(omezarr.open(f"{http_server.url}/cells.ome.zarr"))
    place = f"s3://{s3_server.bucket()}/a"
    omezarr.write_image(place, PIXELS, storage_options=s3_server.options)
    arrives(omezarr.open(place, storage_options=s3_server.options))
    with zipfile.ZipFile(tmp_path / "cells.ozx", "w") as archive:
        for path in sorted(image.rglob("*")):
            archive.write(path, path.relative_to(image).as_posix())
    arrives(omezarr.open(tmp_path / "cells.ozx"))


def test_of_memory_the_pixels_go_along() -> None:
    omezarr.write_image("memory://travelling/a", PIXELS)
    arrives(omezarr.open("memory://travelling/a"))


def test_children_labels_and_forced_kinds_stay_what_they_are(tmp_path: Path) -> None:
    omezarr.write_plate(tmp_path / "plate", {"A/1": [PIXELS]}, format="0.4")
    arrives(omezarr.open(tmp_path / "plate").children["A/1"].children["0"])
    omezarr.write_labels(tmp_path / "plate/A/1/0", PIXELS, name="all")
    arrives(omezarr.open(tmp_path / "plate/A/1/0").labels["all"])
    forced = omezarr.open(tmp_path / "plate/A/1/0/labels/all", node_type="multiscales", format="0.4")
    assert pickle.loads(pickle.dumps(forced)).key == "multiscales"


class Sent(ScalingMethod):
    """Defined where another process can import it."""

    name = "sent"

    def origin(self, factor: int) -> float:
        return 0.0

    def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
        return window[inner][tuple(slice(None, None, factor) for factor in factors)]


def test_a_registry_of_its_own_goes_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    omezarr.write_image(tmp_path / "a", PIXELS)
    registry = omezarr.default_registry().without("omezarr:samples.coins").with_(Sent())
    sent = pickle.dumps(omezarr.open(tmp_path / "a", registry=registry))
    assert pickle.loads(pickle.dumps(registry)) is registry
    monkeypatch.setattr("omezarr.plugins.registry._KEPT", WeakValueDictionary())  # as in a process where it never was
    there, again = pickle.loads(sent)._registry, pickle.loads(sent)._registry
    assert there is again is not registry
    assert "coins" not in there.samples
    assert isinstance(there.scaling_methods["sent"], Sent)
    assert list(there.added) == list(registry.added)
    assert set(there.formats) == set(registry.formats)


def test_a_plugin_that_cannot_be_imported_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = ModuleType("nowhere_else")
    plugin.omezarr_scaling_methods = hookimpl(lambda: [Sent()])  # type: ignore[attr-defined]
    registry = omezarr.default_registry().with_(plugin)
    sent = pickle.dumps(registry)
    assert pickle.loads(sent) is registry  # what never left is not imported
    monkeypatch.setattr("omezarr.plugins.registry._KEPT", WeakValueDictionary())
    with pytest.raises(PluginError, match="nowhere_else of the call cannot be imported in this process"):
        pickle.loads(sent)


def test_what_was_added_after_sending_is_sent_anew() -> None:
    registry = omezarr.default_registry().with_()
    before = pickle.dumps(registry)
    registry.add(Sent())
    assert pickle.dumps(registry) != before
