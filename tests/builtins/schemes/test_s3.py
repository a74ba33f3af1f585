"""Object stores that speak S3: a real server, on this machine."""

import os
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from omezarr.errors import AccessDeniedError, ArgumentError, LocationNotFoundError, MissingDependencyError, StorageError
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.testing import WritableSchemeSuite
from omezarr.testing.stateful import StatefulSchemeSuite
from omezarr_builtins.schemes import s3
from tests.builtins.schemes.stores import PIXELS, fill, hierarchy, opened


@pytest.fixture(autouse=True)
def _no_memory_of_credentials():
    s3._has_credentials.cache_clear()
    yield
    s3._has_credentials.cache_clear()


class TestS3(StatefulSchemeSuite, WritableSchemeSuite):
    name = "s3"
    examples, steps, shrinks = 2, 15, False
    many = 40  # each takes the server of the tests a hundredth of a second

    @pytest.fixture
    def place(self, s3_server):
        location = Location.parse(f"s3://{s3_server.bucket()}/deep/a b?#%.zarr", s3_server.options)
        target = opened(location, write=True)
        fill(target.store, target.path)
        return location

    @pytest.fixture
    def empty(self, s3_server):
        return Location.parse(f"s3://{s3_server.bucket()}/new.zarr", s3_server.options)


class TestBuckets:
    def test_a_missing_bucket_is_not_a_missing_image(self, s3_server):
        with pytest.raises(LocationNotFoundError, match=r"the bucket of s3://no-such-bucket/x\.zarr does not exist"):
            hierarchy(opened("s3://no-such-bucket/x.zarr", s3_server.options)).node()
        assert hierarchy(opened(f"s3://{s3_server.bucket()}/x.zarr", s3_server.options)).node() is None

    def test_a_missing_bucket_is_not_written_or_listed(self, s3_server):
        target = opened("s3://no-such-bucket/x.zarr", s3_server.options, write=True)
        with pytest.raises(LocationNotFoundError, match="the bucket of"):
            fill(target.store)
        with pytest.raises(LocationNotFoundError, match="the bucket of"):
            hierarchy(target).names()

    def test_no_bucket_at_all(self, s3_server):
        with pytest.raises(ArgumentError, match="names no bucket"):
            opened("s3://", s3_server.options)

    def test_a_whole_bucket_is_a_place_too(self, s3_server):
        bucket = s3_server.bucket()
        target = opened(f"s3://{bucket}", s3_server.options, write=True)
        fill(target.store, target.path)
        assert hierarchy(opened(f"s3://{bucket}/A", s3_server.options)).names() == ("0", "zarr.json")

    def test_names_that_start_alike_are_apart(self, s3_server):
        bucket = s3_server.bucket()
        for name in ("a.zarr", "a.zarr.old"):
            target = opened(f"s3://{bucket}/{name}", s3_server.options, write=True)
            fill(target.store, target.path)
        assert hierarchy(opened(f"s3://{bucket}/a.zarr", s3_server.options)).names() == ("A", "zarr.json")
        run(opened(f"s3://{bucket}/a.zarr", s3_server.options, write=True).store.delete_dir(""))
        assert hierarchy(opened(f"s3://{bucket}/a.zarr", s3_server.options)).node() is None
        assert hierarchy(opened(f"s3://{bucket}/a.zarr.old", s3_server.options)).node() is not None

    def test_markers_of_folders_are_no_names(self, s3_server):
        bucket = s3_server.bucket()
        s3_server.put(bucket, "x.zarr/", b"")
        s3_server.put(bucket, "x.zarr/sub/", b"")
        s3_server.put(bucket, "x.zarr/zarr.json", b"{}")
        assert hierarchy(opened(f"s3://{bucket}/x.zarr", s3_server.options)).names() == ("sub", "zarr.json")


class TestWhoOneIs:
    def test_without_credentials_reading_is_anonymous(self, s3_server, tmp_path):
        fill(str(tmp_path))
        bucket = s3_server.bucket()
        for file in tmp_path.rglob("*"):
            if file.is_file():
                s3_server.put(bucket, f"x.zarr/{file.relative_to(tmp_path).as_posix()}", file.read_bytes(), public=True)
        for options in ({}, {"anonymous": True}):
            store = opened(f"s3://{bucket}/x.zarr", {"endpoint": s3_server.endpoint, **options})
            assert store.store.fs.anon is True
            assert np.array_equal(hierarchy(store).array("A/0")[:], PIXELS)

    def test_what_is_not_public_is_denied_with_what_helps(self, s3_server):
        bucket = s3_server.bucket()
        s3_server.put(bucket, "x.zarr/zarr.json", b"{}")
        with pytest.raises(AccessDeniedError, match=r"no credentials were found.*give key and secret, or a profile"):
            hierarchy(opened(f"s3://{bucket}/x.zarr", {"endpoint": s3_server.endpoint})).node()

    def test_finding_none_takes_no_time(self, s3_server, monkeypatch):
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
        begin = time.monotonic()
        assert opened("s3://bucket/x.zarr", {"endpoint": s3_server.endpoint}).store.fs.anon is True
        assert time.monotonic() - begin < 1

    def test_without_credentials_writing_is_refused(self, s3_server):
        with pytest.raises(AccessDeniedError, match=r"needs credentials.*give key and secret, or a profile"):
            opened("s3://bucket/x.zarr", {"endpoint": s3_server.endpoint}, write=True)
        assert opened("s3://bucket/x.zarr", {"endpoint": s3_server.endpoint, "anonymous": True}, write=True).store

    def test_credentials_of_the_environment_are_used(self, s3_server, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        assert opened("s3://bucket/x.zarr", {"endpoint": s3_server.endpoint}).store.fs.anon is False
        assert opened("s3://bucket/x.zarr", {"endpoint": s3_server.endpoint, "anonymous": True}).store.fs.anon is True

    def test_a_profile_is_used(self, s3_server, monkeypatch, tmp_path):
        (tmp_path / "credentials").write_text("[lab]\naws_access_key_id = k\naws_secret_access_key = s\n")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        bucket = s3_server.bucket()
        place = Location.parse(f"s3://{bucket}/x.zarr", {"endpoint": s3_server.endpoint, "profile": "lab"})
        fill(opened(place, write=True).store)
        assert hierarchy(opened(place)).node() is not None

    def test_a_profile_that_is_none_is_said(self, s3_server):
        with pytest.raises(AccessDeniedError, match="nobody"):
            hierarchy(opened("s3://bucket/x.zarr", {"endpoint": s3_server.endpoint, "profile": "nobody"})).node()

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"anonymous": True, "key": "k", "secret": "s"}, "exclude each other"),
            ({"key": "k"}, "go together"),
            ({"secret": "s"}, "go together"),
        ],
    )
    def test_contradictions_are_refused(self, options, said):
        with pytest.raises(ArgumentError, match=said):
            opened("s3://bucket/x.zarr", options)

    def test_what_was_given_is_passed_on(self):
        options = {
            "endpoint": "http://localhost:9",
            "key": "k",
            "secret": "s",
            "token": "t",
            "region": "eu-west-1",
            "timeout": "3",
            "backend.use_ssl": "false",
            "backend.client_kwargs.verify": "false",
        }
        fs = opened("s3://bucket/x.zarr", options).store.fs
        assert (fs.key, fs.secret, fs.token, fs.endpoint_url) == ("k", "s", "t", "http://localhost:9")
        assert fs.client_kwargs == {"region_name": "eu-west-1", "verify": False}
        assert fs.config_kwargs["read_timeout"] == 3
        assert fs.use_ssl is False


class TestFailures:
    @pytest.fixture
    def refusing(self, http_server):
        """The options for a server that answers as it is told."""
        return {"endpoint": http_server.url, "anonymous": True, "retries": 1}

    def test_denied_is_not_missing_and_says_who_one_was(self, http_server, refusing):
        http_server.always = 403
        given = {"endpoint": http_server.url, "key": "k", "secret": "s"}
        with pytest.raises(AccessDeniedError, match=r"the request was anonymous; give key and secret"):
            hierarchy(opened("s3://bucket/x.zarr", refusing)).node()
        with pytest.raises(AccessDeniedError, match="check the credentials that were given"):
            hierarchy(opened("s3://bucket/x.zarr", given)).node()

    def test_a_busy_server_is_asked_again_as_often_as_wanted(self, http_server, refusing):
        http_server.always = 503
        begin = time.monotonic()
        with pytest.raises(StorageError, match=r"s3://bucket/x\.zarr at 'zarr\.json' failed"):
            hierarchy(opened("s3://bucket/x.zarr", refusing)).node()
        assert set(http_server.counts.values()) == {2}
        assert time.monotonic() - begin < 5

    def test_an_object_is_one_request(self, http_server, refusing):
        (http_server.root / "bucket" / "x.zarr").mkdir(parents=True)
        (http_server.root / "bucket" / "x.zarr" / "zarr.json").write_bytes(b'{"zarr_format":3,"node_type":"group"}')
        http_server.missing = 403
        assert hierarchy(opened("s3://bucket/x.zarr", refusing)).node().kind == "group"
        assert set(http_server.counts.values()) == {1}

    def test_a_silent_server_does_not_hang_the_reader(self, http_server, refusing):
        http_server.hang = 30
        begin = time.monotonic()
        with pytest.raises(StorageError, match=r"did not answer in time|[tT]imeout"):
            hierarchy(opened("s3://bucket/x.zarr", {**refusing, "timeout": 0.3, "retries": 0})).node()
        assert time.monotonic() - begin < 5

    def test_nobody_listening_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(StorageError, match=r"s3://bucket/x\.zarr.*failed: .*connect"):
            hierarchy(opened("s3://bucket/x.zarr", {"endpoint": endpoint, "anonymous": True, "retries": 0})).node()


def test_without_s3fs_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'omezarr\[s3\]'"):
        opened("s3://bucket/x.zarr")


def test_a_process_that_read_ends_quietly(s3_server):
    place = f"s3://{s3_server.bucket()}/x.zarr"
    fill(opened(place, s3_server.options, write=True).store)
    code = f"""
from omezarr.location import Location
from omezarr.plugins.registry import default_registry
from omezarr.nodes.opening import open_store
from omezarr.hierarchy import Hierarchy
place = Location.parse({place!r}, {s3_server.options!r})
print(Hierarchy(open_store(place, default_registry().storage_schemes).store).node().kind)
"""
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert done.stdout == "group\n"
    assert "nclosed" not in done.stderr
