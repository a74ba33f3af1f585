"""The view of a hierarchy: how often it asks, what it refuses, and what it makes of stores that fail."""

import json
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.core.buffer import cpu
from zarr.storage import LocalStore, LoggingStore, MemoryStore

from omezarr.errors import AccessDeniedError, LocationNotFoundError, MetadataError, StorageError
from omezarr.hierarchy import MAX_DOCUMENT_DEPTH, Hierarchy, parse_json
from omezarr.testing.stores import CountingStore, FailingStore, WatchedStore

LAWS = settings(deadline=None, derandomize=True, max_examples=80)

ALL_NAMES = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}


def stored(objects):
    """A store in memory with these objects; what is no bytes is written as JSON."""
    content = {key: value if isinstance(value, bytes) else json.dumps(value).encode() for key, value in objects.items()}
    return MemoryStore({key: cpu.Buffer.from_bytes(value) for key, value in content.items()})


def in_folder(objects, folder):
    for key, value in objects.items():
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
    return LocalStore(folder, read_only=True)


@pytest.fixture(params=["memory", "folder"])
def store_of(request, tmp_path):
    """Both ways to read: through the store, and plain files."""
    return stored if request.param == "memory" else lambda objects: in_folder(objects, tmp_path)


GROUP_3 = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"version": "0.5"}}}
GROUP_2 = {"zarr_format": 2}


def made(zarr_format, store=None, **options):
    """A group with two images of two levels."""
    store = MemoryStore() if store is None else store
    root = zarr.create_group(store, zarr_format=zarr_format, attributes={"name": "root"})
    for image in ("a", "b"):
        group = root.create_group(image, attributes={"name": image})
        for level in ("0", "1"):
            group.create_array(level, shape=(4, 4), dtype="uint8")[:] = 7
    if options.get("consolidated"):
        zarr.consolidate_metadata(store)
    return store


LEVELS = ["a/0", "a/1", "b/0", "b/1"]


class TestHostileJSON:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"[" * 100_000 + b"]" * 100_000, "nested more than"),
            (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested more than"),
            (b"[" * 100_000, "nested more than"),
            (b'{"a": NaN}', "holds NaN"),
            (b'{"a": -Infinity}', "holds -Infinity"),
            (b'{"a": 1e999}', "holds 1e999"),
            (b'{"a": -1E+400}', "holds -1E"),
            (b'{"a": ' + b"9" * 400 + b".5}", "holds 999"),
            (b'{"a": ' + b"9" * 5000 + b"}", "holds a number of 5000 digits"),
            (b'{"a": "\xff"}', "not valid JSON"),
            (b"", "not valid JSON"),
            (b"{", "not valid JSON"),
            (b"<!doctype html>", "not valid JSON"),
            (b'"' + b'\\"' * 200_000 + b"[" * 300, "not valid JSON"),
        ],
        ids=lambda value: None if isinstance(value, str) else value[:12].decode("latin-1"),
    )
    def test_is_refused_in_one_line(self, content, said):
        with pytest.raises(MetadataError, match=said) as caught:
            parse_json(content, "a/zarr.json")
        assert "a/zarr.json" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_larger_than_metadata_ever_is_is_refused(self, monkeypatch, store_of):
        monkeypatch.setattr("omezarr.hierarchy.json_text.MAX_DOCUMENT_BYTES", 1000)
        monkeypatch.setattr("omezarr.hierarchy.disk.MAX_DOCUMENT_BYTES", 1000)
        store = store_of({"zarr.json": {**GROUP_3, "attributes": {"text": "x" * 2000}}})
        with pytest.raises(MetadataError, match=r"more than metadata ever needs"):
            Hierarchy(store).node()

    @pytest.mark.parametrize(
        "content",
        [
            b"[" * MAX_DOCUMENT_DEPTH + b"]" * MAX_DOCUMENT_DEPTH,
            b"[" + b",".join([b"[[]]"] * 1000) + b"]",
            b'["' + b"[" * 10_000 + b'"]',
            b'["' + b'\\"[' * 10_000 + b'"]',
            b'\xef\xbb\xbf{"with": "byte order mark"}',
            b"[1e300, 1E-999, 12345678901234567890]",
        ],
    )
    def test_that_only_looks_so_is_read(self, content):
        assert parse_json(content, "zarr.json") == json.loads(content.decode("utf-8-sig"))

    @LAWS
    @given(st.binary(max_size=60))
    def test_any_bytes_are_read_or_refused(self, content):
        try:
            parsed = parse_json(content, "zarr.json")
        except MetadataError:
            return
        assert parsed == json.loads(content.decode("utf-8-sig"))

    @LAWS
    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
    def test_all_of_json_is_read(self, value):
        assert parse_json(json.dumps(value).encode(), "zarr.json") == value


class TestMalformedNodes:
    @pytest.mark.parametrize(
        "objects",
        [
            {"zarr.json": []},
            {"zarr.json": {}},
            {"zarr.json": {**GROUP_3, "node_type": "folder"}},
            {"zarr.json": {**GROUP_3, "node_type": ["group"]}},
            {"zarr.json": {**GROUP_3, "zarr_format": 4}},
            {"zarr.json": {**GROUP_3, "attributes": []}},
            {"zarr.json": {**GROUP_3, "attributes": None}},
            {".zgroup": []},
            {".zgroup": {}},
            {".zgroup": {"zarr_format": 3}},
            {".zarray": {}},
            {".zarray": 1},
            {".zgroup": GROUP_2, ".zattrs": []},
            {".zgroup": GROUP_2, ".zattrs": b"{"},
            {".zgroup": GROUP_2, ".zmetadata": []},
        ],
        ids=str,
    )
    def test_are_errors_of_metadata(self, objects, store_of):
        with pytest.raises(MetadataError):
            Hierarchy(store_of(objects)).node()

    def test_do_not_hinder_their_siblings(self, store_of):
        hierarchy = Hierarchy(store_of({"zarr.json": GROUP_3, "a/zarr.json": GROUP_3, "b/zarr.json": b"{"}))
        hierarchy.prefetch(["", "a", "b", "c"])
        assert hierarchy.node("a").kind == "group"
        assert hierarchy.node("c") is None
        for _ in range(2):
            with pytest.raises(MetadataError, match=r"b/zarr\.json"):
                hierarchy.node("b")

    @pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "s3://bucket", "a\\b"])
    def test_paths_that_lead_outside_are_not_asked_for(self, path):
        store = CountingStore(stored({"zarr.json": GROUP_3}))
        hierarchy = Hierarchy(store)
        for ask in (
            hierarchy.node,
            hierarchy.read,
            hierarchy.names,
            hierarchy.array,
            lambda path: hierarchy.nodes([path]),
        ):
            with pytest.raises(MetadataError, match="refused"):
                ask(path)
        assert not store.reads

    def test_paths_into_a_file_are_missing(self, store_of):
        hierarchy = Hierarchy(store_of({"zarr.json": GROUP_3, "file": b"text"}))
        assert hierarchy.node("file/a") is None
        assert hierarchy.read("file/a") is None
        assert hierarchy.names("file/a") == ()

    def test_a_name_that_the_disk_does_not_take_is_an_error_of_the_store(self, tmp_path):
        hierarchy = Hierarchy(in_folder({"zarr.json": GROUP_3}, tmp_path))
        with pytest.raises(StorageError):
            hierarchy.node("x" * 5000)


ARRAY_3 = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [4, 4],
    "data_type": "uint8",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [{"name": "bytes"}],
    "attributes": {},
}
ARRAY_2 = {
    "zarr_format": 2,
    "shape": [4, 4],
    "chunks": [4, 4],
    "dtype": "|u1",
    "compressor": None,
    "fill_value": 0,
    "filters": None,
    "order": "C",
}
junk = (
    st.none() | st.integers(-2, 10**20) | st.text(max_size=3) | st.lists(st.integers(-1, 3), max_size=2) | st.just({})
)


class TestArrays:
    @pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
    @LAWS
    @given(st.sampled_from([("zarr.json", ARRAY_3), (".zarray", ARRAY_2)]), st.data())
    def test_malformed_metadata_is_an_error_of_metadata(self, document, data):
        name, valid = document
        key = data.draw(st.sampled_from(sorted(set(valid) - {"zarr_format", "node_type"})))
        changed = (
            {**valid, key: data.draw(junk)} if data.draw(st.booleans()) else {k: valid[k] for k in valid if k != key}
        )
        try:
            array = Hierarchy(stored({name: changed})).array("")
        except MetadataError:
            return
        assert len(array.chunks) == len(array.shape)

    def test_a_codec_that_nobody_knows_is_named(self):
        store = stored({"zarr.json": {**ARRAY_3, "codecs": [{"name": "bytes"}, {"name": "no-such-codec"}]}})
        with pytest.raises(MetadataError, match="no-such-codec"):
            Hierarchy(store).array("")

    def test_are_not_to_be_had_of_groups_or_of_nothing(self, store_of):
        hierarchy = Hierarchy(store_of({"zarr.json": GROUP_3}))
        with pytest.raises(MetadataError, match="is a group"):
            hierarchy.array("")
        with pytest.raises(MetadataError, match="no array at 'a'"):
            hierarchy.array("a")

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_are_opened_without_another_request(self, zarr_format):
        store = CountingStore(made(zarr_format))
        hierarchy = Hierarchy(store)
        hierarchy.nodes(["", *LEVELS])
        store.reads.clear()
        array = hierarchy.array("a/1")
        assert array.shape == (4, 4)
        assert not store.reads
        assert np.all(array[:] == 7)
        assert len(store.reads) == 1

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_keep_their_attributes(self, zarr_format):
        store = MemoryStore()
        zarr.create_array(store, name="x", shape=(2,), dtype="int16", zarr_format=zarr_format, attributes={"k": [1]})
        hierarchy = Hierarchy(store)
        assert hierarchy.node("x").attributes == {"k": [1]}
        assert dict(hierarchy.array("x").attrs) == {"k": [1]}


class TestRequests:
    def test_the_first_node_costs_one_round_and_no_object_is_asked_for_twice(self, http_server):
        from omezarr_builtins.schemes.attempts import Attempts
        from omezarr_builtins.schemes.http_store import HTTPStore

        made(3, LocalStore(http_server.root))
        store = HTTPStore(http_server.url, "", headers={}, attempts=Attempts(), request={})
        hierarchy = Hierarchy(store)
        hierarchy.node()
        assert set(http_server.counts) == {f"/{name}" for name in ALL_NAMES - {".zarray"}}
        hierarchy.nodes(LEVELS)
        hierarchy.nodes(["", *LEVELS, "a", "missing"])
        hierarchy.nodes(["missing", "a/"])
        assert set(http_server.counts.values()) == {1}
        assert hierarchy.names() is None

    @pytest.mark.parametrize(
        ("zarr_format", "kind", "each"), [(3, None, 1), (3, "array", 1), (2, None, 3), (2, "array", 2), (2, "group", 3)]
    )
    def test_further_nodes_are_asked_for_in_the_format_of_the_first(self, zarr_format, kind, each):
        store = CountingStore(made(zarr_format))
        hierarchy = Hierarchy(store)
        hierarchy.node()
        assert len(store.reads) == 4
        store.reads.clear()
        nodes = hierarchy.nodes(LEVELS, kind)
        assert {node.kind for node in nodes.values()} == {"array"}
        assert len(store.reads) == each * len(LEVELS)
        assert len(set(store.reads)) == len(store.reads)

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_consolidated_metadata_saves_all_further_ones(self, zarr_format):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *_, **__: None)
            store = CountingStore(made(zarr_format, consolidated=True))
        hierarchy = Hierarchy(store)
        root = hierarchy.node()
        store.reads.clear()
        assert root.consolidated
        assert root.attributes == {"name": "root"}
        nodes = hierarchy.nodes(["a", "b", *LEVELS])
        assert [node.kind for node in nodes.values()] == ["group", "group", *["array"] * 4]
        assert nodes["a"].attributes == {"name": "a"}
        assert hierarchy.array("b/1").shape == (4, 4)
        assert not store.reads

    def test_what_consolidated_metadata_does_not_name_is_looked_for_all_the_same(self):
        store = MemoryStore()
        made(3, store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *_, **__: None)
            zarr.consolidate_metadata(store)
        zarr.open_group(store, mode="a", use_consolidated=False).create_group("late")
        hierarchy = Hierarchy(store)
        assert hierarchy.node().consolidated
        assert hierarchy.node("late").kind == "group"
        assert hierarchy.node("never") is None

    @pytest.mark.parametrize(
        "objects",
        [
            {
                "zarr.json": {
                    **GROUP_3,
                    "consolidated_metadata": {"metadata": {"bad": {"node_type": "array"}, "ugly": 3, "good": GROUP_3}},
                }
            },
            {
                ".zgroup": GROUP_2,
                ".zmetadata": {
                    "metadata": {
                        ".zgroup": GROUP_2,
                        "bad/.zgroup": GROUP_2,
                        "bad/.zattrs": 5,
                        "ugly/.zarray": [],
                        "good/.zgroup": GROUP_2,
                    }
                },
            },
        ],
        ids=["3", "2"],
    )
    def test_a_malformed_entry_of_consolidated_metadata_hinders_no_other(self, objects, store_of):
        hierarchy = Hierarchy(store_of(objects))
        assert hierarchy.node().kind == "group"
        assert hierarchy.node("good").kind == "group"
        for path in ("bad", "ugly"):
            with pytest.raises(MetadataError):
                hierarchy.node(path)

    def test_consolidated_metadata_is_not_believed_on_request(self, store_of):
        entries = {"a": {**GROUP_3, "attributes": {"old": True}}, "gone": GROUP_3}
        root = {**GROUP_3, "consolidated_metadata": {"metadata": entries}}
        store = store_of({"zarr.json": root, "a/zarr.json": GROUP_3})
        believed, checked = Hierarchy(store), Hierarchy(store, use_consolidated=False)
        for hierarchy in (believed, checked, pickle.loads(pickle.dumps(checked))):
            assert hierarchy.node().consolidated
        assert believed.node("a").attributes == {"old": True}
        assert believed.node("gone") is not None
        assert checked.node("a").attributes == GROUP_3["attributes"]
        assert checked.node("gone") is None

    @pytest.mark.parametrize("entries", [[], "text", None, {"metadata": 3}])
    def test_consolidated_metadata_that_is_none_is_left_alone(self, entries, store_of):
        hierarchy = Hierarchy(store_of({"zarr.json": {**GROUP_3, "consolidated_metadata": entries}}))
        assert hierarchy.node().kind == "group"

    def test_many_threads_ask_once(self):
        store = CountingStore(made(3))
        hierarchy = Hierarchy(store)
        barrier = threading.Barrier(8)

        def ask(_):
            barrier.wait()
            return hierarchy.nodes(["", *LEVELS])

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(ask, range(8)))
        assert all(result == results[0] for result in results)
        assert len(set(store.reads)) == len(store.reads)

    def test_requests_are_made_at_the_same_time(self):
        class MeetingStore(CountingStore):
            barrier = None

            async def get(self, key, prototype, byte_range=None):
                import asyncio

                self.barrier = self.barrier or asyncio.Barrier(4)
                if key in ALL_NAMES:
                    await asyncio.wait_for(self.barrier.wait(), 5)
                return await super().get(key, prototype, byte_range)

        assert Hierarchy(MeetingStore(made(3))).node().kind == "group"


SIDE_BY_SIDE = {
    "zarr.json": GROUP_3,
    ".zgroup": GROUP_2,
    ".zattrs": {"old": 1},
    "a/zarr.json": ARRAY_3,
    "a/.zarray": ARRAY_2,
    "b/.zarray": ARRAY_2,
    "c/zarr.json": ARRAY_3,
}


class TestBothFormats:
    def test_the_newer_is_taken_and_it_is_said(self, store_of):
        hierarchy = Hierarchy(store_of(SIDE_BY_SIDE))
        root = hierarchy.node()
        assert (root.zarr_format, root.both_formats) == (3, True)
        assert [hierarchy.node(path).zarr_format for path in "abc"] == [3, 2, 3]

    def test_the_older_is_taken_on_request(self, store_of):
        hierarchy = Hierarchy(store_of(SIDE_BY_SIDE), zarr_format=2)
        root = hierarchy.node()
        assert (root.zarr_format, root.both_formats, root.attributes) == (2, True, {"old": 1})
        assert [hierarchy.node(path).zarr_format for path in "abc"] == [2, 2, 3]

    def test_a_request_for_the_older_finds_the_newer_where_it_is_alone(self, store_of):
        assert Hierarchy(store_of({"zarr.json": GROUP_3}), zarr_format=2).node().zarr_format == 3


class TestKinds:
    @pytest.mark.parametrize("zarr_format", [2, 3])
    @pytest.mark.parametrize("kind", ["group", "array", None])
    def test_what_is_expected_does_not_change_what_is_found(self, zarr_format, kind):
        hierarchy = Hierarchy(made(zarr_format))
        hierarchy.node()
        found = {path: node and node.kind for path, node in hierarchy.nodes(["a", "a/0", "none"], kind).items()}
        assert found == {"a": "group", "a/0": "array", "none": None}

    def test_a_hierarchy_may_lie_anywhere_in_its_store(self):
        store = MemoryStore()
        zarr.create_group(store, path="deep/down").create_array("0", shape=(1,), dtype="uint8")
        hierarchy = Hierarchy(store, "/deep/down/")
        assert hierarchy.node("0").path == "0"
        assert hierarchy.names() == ("0", "zarr.json")
        assert hierarchy.array("0").shape == (1,)

    def test_survives_pickling(self):
        hierarchy = Hierarchy(made(3))
        hierarchy.node()
        assert pickle.loads(pickle.dumps(hierarchy)).node("a") == hierarchy.node("a")


class TestFailingStores:
    @pytest.mark.parametrize("error", [OSError("disk on fire"), RuntimeError("bug"), TimeoutError(), ValueError("odd")])
    def test_failures_are_errors_of_the_store_in_one_line(self, error):
        store = FailingStore(made(3), {"*": error})
        with pytest.raises(StorageError, match=r"could not read '.*") as caught:
            Hierarchy(store).node()
        assert caught.value.__cause__ is error
        assert "\n" not in str(caught.value)

    def test_a_failure_is_not_remembered(self):
        counting = CountingStore(made(3))
        store = FailingStore(counting, {"a/zarr.json": OSError("a moment")})
        hierarchy = Hierarchy(store)
        hierarchy.prefetch(["", "a", "b"])
        with pytest.raises(StorageError, match="a moment"):
            hierarchy.node("a")
        store.reads.clear()
        assert hierarchy.node("a").kind == "group"
        assert counting.reads.count("b/zarr.json") == 1

    @pytest.mark.parametrize("error", [KeyError("x"), FileNotFoundError("x"), NotADirectoryError("x")])
    def test_what_stores_raise_for_missing_keys_means_missing(self, error):
        assert Hierarchy(FailingStore(MemoryStore(), {"*": error})).node() is None

    def test_an_error_that_is_clear_already_is_passed_on(self):
        error = LocationNotFoundError("the bucket does not exist")
        with pytest.raises(LocationNotFoundError) as caught:
            Hierarchy(FailingStore(MemoryStore(), {"*": error})).node()
        assert caught.value is error

    def test_metadata_that_is_not_needed_may_fail(self):
        broken = OSError("no")
        store = FailingStore(made(3), dict.fromkeys(ALL_NAMES - {"zarr.json"}, broken))
        assert Hierarchy(store).node().kind == "group"

    def test_attributes_are_needed(self):
        store = FailingStore(made(2), {".zattrs": OSError("no attributes today")})
        with pytest.raises(StorageError, match="no attributes today"):
            Hierarchy(store).node()

    def test_denied_at_first_is_an_error(self):
        with pytest.raises(AccessDeniedError, match="check your rights"):
            Hierarchy(FailingStore(made(3), {"*": PermissionError("403")})).node()

    def test_denied_after_something_was_read_means_missing(self):
        """Public buckets that may not be listed answer so."""
        denied = PermissionError("403")
        missing = dict.fromkeys(ALL_NAMES - {"zarr.json"}, denied)
        missing |= {f"well/{name}": denied for name in ALL_NAMES}
        hierarchy = Hierarchy(FailingStore(made(3), missing))
        assert hierarchy.node().kind == "group"
        assert hierarchy.node("well") is None

    def test_listing_that_fails_is_an_error_of_the_store(self):
        class Unlisted(WatchedStore):
            async def before(self, verb, key):
                raise OSError("no listing")

        with pytest.raises(StorageError, match="no listing"):
            Hierarchy(Unlisted(MemoryStore())).names()

    def test_a_file_that_cannot_be_read_is_an_error(self, tmp_path):
        (tmp_path / "zarr.json").symlink_to("zarr.json")
        with pytest.raises(StorageError, match="could not read"):
            Hierarchy(LocalStore(tmp_path, read_only=True)).node()


class TestLocalFolders:
    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_are_read_as_any_other_store(self, zarr_format, tmp_path):
        """Plain file reads and the store's own give the same."""
        made(zarr_format, LocalStore(tmp_path))
        paths = ["", "a", "b", *LEVELS, "none", "a/none"] + [f"missing{number}" for number in range(40)]
        plain = Hierarchy(LocalStore(tmp_path, read_only=True)).nodes(paths)
        through_store = Hierarchy(LoggingStore(LocalStore(tmp_path, read_only=True), log_handler=_quiet())).nodes(paths)
        assert plain == through_store
        assert sum(node is not None for node in plain.values()) == 7

    def test_a_folder_that_does_not_exist_holds_nothing(self, tmp_path):
        hierarchy = Hierarchy(LocalStore(tmp_path / "none", read_only=True))
        assert hierarchy.node() is None
        assert hierarchy.names() == ()

    def test_a_plate_of_thousands_of_documents_is_read_without_the_event_loop(self, tmp_path, monkeypatch):
        for number in range(300):
            in_folder({f"{number}/zarr.json": ARRAY_3}, tmp_path)
        monkeypatch.setattr("omezarr.hierarchy.view.run", lambda _: pytest.fail("the event loop was used"))
        nodes = Hierarchy(LocalStore(tmp_path, read_only=True)).nodes([str(number) for number in range(300)])
        assert len(nodes) == 300
        assert all(node.kind == "array" for node in nodes.values())


def _quiet():
    import logging

    return logging.NullHandler()


def test_importing_the_kernel_does_not_import_zarr():
    import subprocess

    code = "import sys, omezarr.hierarchy, omezarr.location, omezarr.nodes.opening; sys.exit('zarr' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path.cwd(), check=False).returncode == 0
