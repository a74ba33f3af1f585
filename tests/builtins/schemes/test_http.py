"""Web servers: real ones, on this machine."""

import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore

import omezarr
from omezarr.errors import (
    AccessDeniedError,
    ArgumentError,
    LocationNotFoundError,
    MissingDependencyError,
    StorageError,
)
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.plugins.registry import default_registry
from omezarr.testing import StorageSchemeSuite
from tests.builtins.schemes.stores import PIXELS, fill, hierarchy, opened

ONCE = {"retries": 0}


class TestHTTP(StorageSchemeSuite):
    name = "http"
    lists = False
    writable = False

    @pytest.fixture
    def place(self, http_server):
        fill(str(http_server.root / "a b.zarr"))
        return Location.parse(f"{http_server.url}/a b.zarr")


@pytest.fixture
def image(http_server):
    """The URL of an image on the server."""
    fill(str(http_server.root / "image.zarr"))
    return f"{http_server.url}/image.zarr"


class TestRequests:
    def test_opening_asks_nothing(self, image, http_server):
        opened(image)
        assert not http_server.requests

    def test_nothing_is_ever_listed(self, image, http_server):
        seen = hierarchy(opened(image))
        assert seen.names() is None
        for listing in (seen.store.list(), seen.store.list_dir("A"), seen.store.list_prefix("A")):
            with pytest.raises(StorageError, match="cannot be listed"):
                run(anext(listing))
        assert not http_server.requests

    def test_only_the_parts_of_a_shard_that_are_needed_are_fetched(self, image, http_server):
        array = hierarchy(opened(image)).array("A/0")
        http_server.forget()
        assert array[0, 0] == PIXELS[0, 0]
        assert [headers.get("range", "").startswith("bytes=") for _, _, headers in http_server.requests] == [True, True]

    @pytest.mark.parametrize("name", ["a b.zarr", "100%.zarr", "wét#?.zarr"])
    def test_odd_names_are_encoded(self, http_server, name):
        fill(LocalStore(http_server.root / name))
        seen = hierarchy(opened(Location.parse(http_server.url).below(name)))
        assert seen.node().attributes == {"name": "root"}

    def test_the_query_of_a_signed_url_goes_with_every_request(self, image, http_server):
        seen = hierarchy(opened(f"{image}?X-Sig=a%2Fb%3D&x=1"))
        assert np.array_equal(seen.array("A/0")[:], PIXELS)
        assert set(http_server.queries) == {"X-Sig=a%2Fb%3D&x=1"}

    def test_headers_and_token_are_sent(self, image, http_server):
        http_server.demands = ("Authorization", "Bearer secret")
        seen = hierarchy(opened(image, {"token": "secret", "headers.X-Extra": "1"}))
        assert seen.node() is not None
        assert {headers["x-extra"] for _, _, headers in http_server.requests} == {"1"}

    def test_the_password_of_a_url_is_sent_but_not_shown(self, image, http_server):
        http_server.demands = ("Authorization", "Basic dXNlcjpwYXNz")
        store = opened(image.replace("://", "://user:pass@"))
        assert hierarchy(store).node() is not None
        assert "pass" not in f"{store.store} {store.store!r}"
        http_server.always = 418
        with pytest.raises(StorageError, match=r"user:\*\*\*@") as caught:
            hierarchy(store).node()
        assert "pass" not in str(caught.value)

    def test_sizes_are_known_without_a_head_request(self, image, http_server):
        store = opened(image).store
        size = (http_server.root / "image.zarr" / "zarr.json").stat().st_size
        assert run(store.getsize("zarr.json")) == size
        http_server.ranges = False
        assert run(store.getsize("zarr.json")) == size
        assert run(store.exists("zarr.json"))
        assert not run(store.exists("none"))
        assert {method for method, _, _ in http_server.requests} == {"GET"}
        with pytest.raises(FileNotFoundError):
            run(store.getsize("none"))


class TestServersOfAllKinds:
    def test_one_that_sends_no_parts(self, image, http_server):
        http_server.ranges = False
        assert np.array_equal(hierarchy(opened(image)).array("A/0")[5:9, 3:7], PIXELS[5:9, 3:7])

    def test_one_that_sends_no_parts_of_large_files_is_refused_before_it_sends_them(
        self, image, http_server, monkeypatch
    ):
        monkeypatch.setattr("omezarr_builtins.schemes.http_store._WHOLE_INSTEAD_OF_PART", 100)
        http_server.ranges = False
        with pytest.raises(StorageError, match="does not send parts of files"):
            hierarchy(opened(image)).array("A/0")[0, 0]

    def test_one_that_sends_a_page_instead_of_everything(self, http_server):
        http_server.page = True
        with pytest.raises(StorageError, match="answered with an HTML page instead of what is stored"):
            omezarr.open(f"{http_server.url}/behind-a-login.zarr")
        http_server.page = False
        with pytest.raises(LocationNotFoundError, match="there is nothing at"):
            omezarr.open(f"{http_server.url}/behind-a-login.zarr")

    def test_one_that_sends_a_page_instead_of_not_found(self, image, http_server):
        http_server.page = True
        seen = hierarchy(opened(image))
        assert seen.node().zarr_format == 3
        assert seen.node("none") is None

    def test_one_that_denies_what_is_missing(self, image, http_server):
        http_server.missing = 403
        seen = hierarchy(opened(image))
        assert seen.node().zarr_format == 3
        assert seen.node("none") is None

    def test_one_where_nothing_is(self, http_server):
        assert hierarchy(opened(f"{http_server.url}/none.zarr")).node() is None

    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            ("all", b"0123456789"),
            ("range", b"234"),
            ("beyond", b"89"),
            ("after", b""),
            ("offset", b"789"),
            ("suffix", b"89"),
        ],
    )
    @pytest.mark.parametrize("ranges", [True, False])
    def test_parts_are_the_same_from_all(self, http_server, part, expected, ranges):
        from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

        http_server.ranges = ranges
        (http_server.root / "x").write_bytes(b"0123456789")
        request = {
            "all": None,
            "range": RangeByteRequest(2, 5),
            "beyond": RangeByteRequest(8, 99),
            "after": OffsetByteRequest(10),
            "offset": OffsetByteRequest(7),
            "suffix": SuffixByteRequest(2),
        }[part]
        assert run(opened(http_server.url).store.get("x", byte_range=request)).to_bytes() == expected

    def test_empty_parts_are_not_asked_for(self, http_server):
        from zarr.abc.store import RangeByteRequest, SuffixByteRequest

        store = opened(http_server.url).store
        for request in (RangeByteRequest(3, 3), SuffixByteRequest(0)):
            assert run(store.get("x", byte_range=request)).to_bytes() == b""
        assert not http_server.requests


class TestFailures:
    @pytest.mark.parametrize(
        ("status", "kind", "said"),
        [
            (401, StorageError, r"asks who you are \(401\)"),
            (403, AccessDeniedError, r"may not be read \(403\)"),
            (500, StorageError, r"answered 500 \(Internal Server Error\)"),
            (503, StorageError, r"answered 503 \(Service Unavailable\); try again later"),
            (418, StorageError, "answered 418"),
            (799, StorageError, "answered 799"),
        ],
    )
    def test_are_not_taken_for_missing(self, image, http_server, status, kind, said):
        http_server.always = status
        with pytest.raises(kind, match=said) as caught:
            hierarchy(opened(image, ONCE)).node()
        assert "zarr.json" in str(caught.value)
        assert isinstance(caught.value, PermissionError) is (status == 403)

    @pytest.mark.parametrize("passing", [503, 429, 500, 0])
    def test_that_pass_are_overcome(self, image, http_server, passing):
        http_server.answers["/image.zarr/zarr.json"] = [passing, passing]
        assert hierarchy(opened(image, {"retries": 2})).node() is not None
        assert http_server.counts["/image.zarr/zarr.json"] == 3

    def test_are_tried_again_only_as_often_as_asked(self, image, http_server):
        http_server.always = 503
        with pytest.raises(StorageError):
            hierarchy(opened(image, {"retries": 1})).node()
        assert set(http_server.counts.values()) == {2}

    def test_that_last_are_not_tried_again(self, image, http_server):
        http_server.always = 403
        with pytest.raises(StorageError):
            hierarchy(opened(image)).node()
        assert set(http_server.counts.values()) == {1}

    def test_a_missing_chunk_is_not_a_denied_one(self, image, http_server):
        array = hierarchy(opened(image, ONCE)).array("A/0")
        http_server.always = 403
        with pytest.raises(AccessDeniedError, match="c/0/0"):
            array[0, 0]
        http_server.always = 404
        assert array[0, 0] == 0

    def test_a_server_that_is_silent_does_not_hang_the_reader(self, image, http_server):
        http_server.hang = 30
        begin = time.monotonic()
        with pytest.raises(StorageError, match=r"did not answer in time.*timeout=SECONDS"):
            hierarchy(opened(image, {"timeout": "0.2", "retries": 0})).node()
        assert time.monotonic() - begin < 5

    def test_there_is_a_time_limit_without_asking(self):
        store = opened("https://host/image.zarr").store
        assert 0 < store.attempts.timeout <= 600

    def test_a_server_that_trickles_for_ever_is_left(self):
        """Each byte comes in time, but the whole never."""
        listener = socket.create_server(("127.0.0.1", 0))
        over = threading.Event()

        def trickle():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        begin = time.monotonic()
        store = opened(f"http://127.0.0.1:{listener.getsockname()[1]}", {"timeout": 0.5, "retries": 0}).store
        with pytest.raises(StorageError, match="did not answer in time"):
            run(store.get("x"))
        assert time.monotonic() - begin < 5
        over.set()
        thread.join()
        listener.close()

    def test_a_document_without_an_end_is_left(self, monkeypatch):
        monkeypatch.setattr("omezarr_builtins.schemes.http_store.MAX_DOCUMENT_BYTES", 100_000)
        listener = socket.create_server(("127.0.0.1", 0))

        def pour():
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b" " * 10_000)
                except OSError:
                    return

        thread = threading.Thread(target=pour, daemon=True)
        thread.start()
        store = opened(f"http://127.0.0.1:{listener.getsockname()[1]}", ONCE).store
        with pytest.raises(StorageError, match="larger than metadata ever is"):
            run(store.get("zarr.json"))
        thread.join(5)
        listener.close()

    def test_nobody_listening_is_said(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(StorageError, match=rf"could not get http://127\.0\.0\.1:{port}/x\.zarr/"):
            hierarchy(opened(f"http://127.0.0.1:{port}/x.zarr", ONCE)).node()

    @pytest.mark.parametrize("url", ["http://", "http:///x", "http://host:port/x.zarr"])
    def test_a_url_that_is_none_is_refused(self, url):
        with pytest.raises(ArgumentError, match="is no valid URL"):
            opened(url)

    def test_a_token_beside_an_authorization_header_is_ambiguous(self, image):
        with pytest.raises(ArgumentError, match="give one of them"):
            opened(image, {"token": "a", "headers.authorization": "b"})

    def test_a_store_cannot_be_written(self, image):
        from zarr.core.buffer import cpu

        store = opened(image).store
        with pytest.raises(StorageError, match="can only be read"):
            run(store.set("x", cpu.Buffer.from_bytes(b"")))
        with pytest.raises(StorageError, match="can only be read"):
            run(store.delete("x"))


def test_without_aiohttp_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    monkeypatch.delitem(sys.modules, "omezarr_builtins.schemes.http_store", raising=False)
    with pytest.raises(MissingDependencyError, match=r"pip install 'omezarr\[http\]'"):
        opened("https://host/image.zarr")


def test_options_of_the_library_are_passed_on(image, http_server):
    with pytest.raises(ArgumentError, match="no_such_option"):
        hierarchy(opened(image, {"backend.no_such_option": "1"})).node()
    assert hierarchy(opened(image, {"backend.max_redirects": "1"})).node() is not None


def test_a_process_that_read_ends_quietly(image):
    code = f"""
import zarr
from omezarr.location import Location
from omezarr.plugins.registry import default_registry
from omezarr.nodes.opening import open_store
from omezarr.hierarchy import Hierarchy
print(Hierarchy(open_store(Location.parse({image!r}), default_registry().storage_schemes).store).node().kind)
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "group\n"
    assert "nclosed" not in done.stderr


def test_zarr_opens_its_groups_and_arrays(image):
    """What the store gives is enough for zarr itself."""
    group = zarr.open_group(opened(image).store, mode="r")
    assert np.array_equal(group["A/0"][:], PIXELS)


def test_the_scheme_claims_by_text_alone():
    scheme = default_registry().storage_schemes["http"]
    assert scheme.claim(Location.parse("https://no-such-host.invalid/x.zarr")) is not None
    assert scheme.claim(Location.parse("httpx://host/x.zarr")) is None
