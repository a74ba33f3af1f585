"""URLs for which fsspec has a file system."""

import sys
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from zarr.core.buffer import cpu

from omezarr.errors import (
    ArgumentError,
    LocationNotFoundError,
    MissingDependencyError,
    StorageError,
    UnsupportedError,
)
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.plugins.registry import default_registry
from omezarr.testing import StorageSchemeSuite, WritableSchemeSuite
from omezarr.testing.stateful import StatefulSchemeSuite
from tests.builtins.schemes.stores import PIXELS, fill, hierarchy, opened
from tests.builtins.schemes.test_zip import zipped


class Shelf(LocalFileSystem):
    """A disk under another name."""

    protocol = "shelf"

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("shelf://"))


fsspec.register_implementation("shelf", Shelf)


class TestFolders(StatefulSchemeSuite, WritableSchemeSuite):
    """A file system with folders that have to be made before there can be files in them."""

    name = "fsspec"
    examples = 6

    @pytest.fixture
    def place(self, tmp_path):
        fill(str(tmp_path / "a b.zarr"))
        return Location.parse(f"shelf://{tmp_path}/a b.zarr")

    @pytest.fixture
    def empty(self, tmp_path):
        return Location.parse(f"shelf://{tmp_path}/new/deep.zarr")


class TestChains(StorageSchemeSuite):
    """A web server behind a cache."""

    name = "fsspec"
    lists = False
    writable = True

    @pytest.fixture
    def place(self, http_server, tmp_path):
        fill(str(http_server.root / "image.zarr"))
        cache = str(tmp_path / "cache")
        return Location.parse(f"simplecache::{http_server.url}/image.zarr", {"backend.cache_storage": cache})

    def test_each_object_is_fetched_once(self, place, http_server):
        for _ in range(2):
            assert np.array_equal(hierarchy(opened(place)).array("A/0")[:], PIXELS)
        chunks = [count for path, count in http_server.counts.items() if "/c/" in path]
        assert chunks
        assert max(chunks) <= 2


class TestOtherFileSystems:
    def test_a_zip_file_behind_a_chain(self, tmp_path):
        fill(str(tmp_path / "image.zarr"))
        (tmp_path / "image.zip").write_bytes(zipped(tmp_path / "image.zarr"))
        seen = hierarchy(opened(f"zip://A::file://{tmp_path}/image.zip"))
        assert seen.names() == ("0", "zarr.json")
        assert np.array_equal(seen.array("0")[:], PIXELS)
        assert hierarchy(opened(f"zip::file://{tmp_path}/image.zip")).node().attributes == {"name": "root"}

    def test_a_zip_file_behind_a_cache_is_opened_as_a_zip_file(self, tmp_path, http_server):
        fill(str(tmp_path / "image.zarr"))
        (http_server.root / "image.ozx").write_bytes(zipped(tmp_path / "image.zarr"))
        found = opened(f"simplecache::{http_server.url}/image.ozx/A")
        assert np.array_equal(hierarchy(found).array("0")[:], PIXELS)

    def test_options_of_the_library_are_passed_on_also_to_further_links(self, s3_server):
        bucket = s3_server.bucket()
        fill(opened(f"s3://{bucket}/x.zarr", s3_server.options, write=True).store)
        options = {
            "backend.s3.endpoint_url": s3_server.endpoint,
            "backend.s3.key": "k",
            "backend.s3.secret": "s",
        }
        seen = hierarchy(opened(f"simplecache::s3://{bucket}/x.zarr", options))
        assert np.array_equal(seen.array("A/0")[:], PIXELS)
        assert seen.names() == ("A", "zarr.json")

    def test_one_that_is_not_safe_with_threads_is_used_by_one_at_a_time(self):
        class Shy(fsspec.AbstractFileSystem):
            protocol = "shy"
            cachable = False
            busy = 0
            most = 0

            def cat_file(self, path, start=None, end=None, **kwargs):
                import time

                Shy.busy += 1
                Shy.most = max(Shy.most, Shy.busy)
                time.sleep(0.005)
                Shy.busy -= 1
                raise FileNotFoundError(path)

        fsspec.register_implementation("shy", Shy, clobber=True)
        hierarchy(opened("shy://x")).nodes([str(number) for number in range(5)])
        assert Shy.most == 1


class TestWhatIsRefused:
    def test_a_missing_package_is_named(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "gcsfs", None)
        with pytest.raises(MissingDependencyError, match="gcsfs"):
            opened("gs://bucket/x.zarr")

    def test_options_that_the_file_system_does_not_take(self):
        with pytest.raises(ArgumentError, match="cannot be opened with these options"):
            opened("shelf:///data/x.zarr", {"backend.skip_instance_cache": "true", "backend.protocol": "1"})

    def test_what_the_chain_starts_from_is_missing(self):
        with pytest.raises(LocationNotFoundError, match="there is nothing at"):
            opened(f"zip://A::memory://{uuid4().hex}.bin")

    def test_a_signed_url_behind_a_cache(self, http_server):
        with pytest.raises(UnsupportedError, match=r"is signed.*behind simplecache::"):
            opened(f"simplecache::{http_server.url}/x.zarr?sig=1")

    def test_listing_the_web(self, http_server):
        store = opened(f"simplecache::{http_server.url}/x.zarr").store
        with pytest.raises(StorageError, match="no dependable way"):
            run(anext(store.list_dir("")))

    def test_failures_become_errors_of_the_store(self):
        class Broken(fsspec.AbstractFileSystem):
            protocol = "broken"
            cachable = False

            def cat_file(self, path, start=None, end=None, **kwargs):
                raise RuntimeError("the tape tore")

        fsspec.register_implementation("broken", Broken, clobber=True)
        with pytest.raises(StorageError, match=r"broken://x at 'zarr\.json' failed: the tape tore"):
            hierarchy(opened("broken://x")).node()

    def test_a_file_system_that_cannot_write(self, tmp_path):
        fill(str(tmp_path / "image.zarr"))
        (tmp_path / "image.bin").write_bytes(zipped(tmp_path / "image.zarr"))
        target = opened(f"zip://A::file://{tmp_path}/image.bin", write=True)
        with pytest.raises((StorageError, NotImplementedError, OSError)):
            run(target.store.set("x", cpu.Buffer.from_bytes(b"1")))


@pytest.mark.parametrize(
    ("url", "claimed"),
    [
        ("gs://b/x", True),
        ("simplecache::s3://b/x", True),
        ("memory://x", True),
        ("no-such://x", False),
        ("/data", False),
    ],
)
def test_it_claims_what_fsspec_knows_less_than_others_do(url, claimed):
    claim = default_registry().storage_schemes["fsspec"].claim(Location.parse(url))
    assert (claim is not None) is claimed
    assert claim is None or claim.specificity == 1
