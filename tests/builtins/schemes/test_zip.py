"""Zip files: good ones in every place where they may lie, and bad ones."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest
from zarr.core.buffer import cpu
from zarr.storage import MemoryStore

from omezarr.errors import ArgumentError, LocationNotFoundError, NotOMEZarrError, OMEZarrError, StorageError
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.testing import StorageSchemeSuite
from omezarr_builtins.schemes.zip_store import ZipRangeStore
from tests.builtins.schemes.stores import PIXELS, fill, hierarchy, opened

LAWS = settings(deadline=None, derandomize=True, max_examples=80)


def zipped(folder, *, compression=zipfile.ZIP_STORED, prefix="", comment=b""):
    """The bytes of a zip file of a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        file.comment = comment
        for parent, _, names in os.walk(folder):
            for name in sorted(names):
                path = Path(parent, name)
                file.write(path, prefix + path.relative_to(folder).as_posix())
    return content.getvalue()


def of_members(members, **options):
    """The bytes of a zip file of names and contents."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", **options) as file:
        for name, value in members:
            info = zipfile.ZipInfo("placeholder")
            info.filename = name
            info.compress_type = options.get("compression", zipfile.ZIP_STORED)
            file.writestr(info, value)
    return content.getvalue()


def stored(content):
    """A store over the bytes of a zip file."""
    return ZipRangeStore(MemoryStore({"x.zip": cpu.Buffer.from_bytes(content)}), "x.zip", "x.zip")


def read(store, key, part=None):
    found = run(store.get(key, byte_range=part))
    return None if found is None else found.to_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("zipped") / "image.zarr"
    fill(str(path))
    return path


class TestZip(StorageSchemeSuite):
    name = "zip"
    writable = True  # but only whole files at once, which is tested with the engine

    @pytest.fixture(params=["stored", "deflated", "in a folder", "with a comment", "behind something"])
    def place(self, request, tmp_path, folder):
        content = {
            "stored": lambda: zipped(folder),
            "deflated": lambda: zipped(folder, compression=zipfile.ZIP_DEFLATED),
            "in a folder": lambda: zipped(folder, prefix="image.zarr/"),
            "with a comment": lambda: zipped(folder, comment=b'{"ome":{"version":"0.6"}} PK\x05\x06 ' + b"x" * 60_000),
            "behind something": lambda: b"#!/bin/sh\n" * 10 + zipped(folder),
        }[request.param]()
        (tmp_path / "a b.OZX").write_bytes(content)
        return Location.parse(tmp_path / "a b.OZX")


class TestPlaces:
    """The same bytes wherever they lie."""

    def test_on_a_web_server(self, folder, http_server):
        (http_server.root / "a b.ozx").write_bytes(zipped(folder))
        url = f"{http_server.url}/a%20b.ozx?sig=1"
        assert np.array_equal(hierarchy(opened(url)).array("A/0")[:], PIXELS)
        assert all(headers.get("range") for _, _, headers in http_server.requests)
        assert set(http_server.queries) == {"sig=1"}
        assert hierarchy(opened(f"{http_server.url}/a%20b.ozx/A?sig=1")).names() == ("0", "zarr.json")

    def test_on_a_web_server_the_directory_takes_two_requests_and_an_object_one(self, folder, http_server):
        (http_server.root / "a.ozx").write_bytes(zipped(folder))
        found = opened(f"{http_server.url}/a.ozx")
        assert len(http_server.requests) == 2
        hierarchy(found).nodes(["", "A/0"])
        assert len(http_server.requests) == 4

    def test_on_a_web_server_that_is_not_there(self, http_server):
        with pytest.raises(LocationNotFoundError, match=r"no zip file at .*/none\.ozx"):
            opened(f"{http_server.url}/none.ozx")

    def test_in_a_bucket(self, folder, s3_server):
        bucket = s3_server.bucket()
        s3_server.put(bucket, "deep/a.ozx", zipped(folder))
        found = opened(f"s3://{bucket}/deep/a.ozx/A", s3_server.options)
        assert np.array_equal(hierarchy(found).array("0")[:], PIXELS)
        with pytest.raises(LocationNotFoundError):
            opened(f"s3://{bucket}/deep/b.ozx", s3_server.options)

    def test_in_memory(self, folder):
        name = uuid4().hex
        run(opened(f"memory://{name}", write=True).store.set("a.zip", cpu.Buffer.from_bytes(zipped(folder))))
        assert np.array_equal(hierarchy(opened(f"memory://{name}/a.zip")).array("A/0")[:], PIXELS)

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_in_another_zip_file(self, folder, tmp_path, compression):
        inner = of_members([("sub/inner.ozx", zipped(folder))], compression=compression)
        (tmp_path / "outer.zip").write_bytes(inner)
        found = opened(tmp_path / "outer.zip" / "sub" / "inner.ozx" / "A")
        assert np.array_equal(hierarchy(found).array("0")[:], PIXELS)

    def test_options_are_for_the_place_where_it_lies(self, folder, tmp_path):
        (tmp_path / "a.ozx").write_bytes(zipped(folder))
        with pytest.raises(ArgumentError, match=r"'local'.*anonymous"):
            opened(tmp_path / "a.ozx", {"anonymous": True})


class TestPaths:
    def test_of_a_lone_folder_that_is_a_group_may_be_left_out_or_given(self, folder, tmp_path):
        (tmp_path / "a.zip").write_bytes(zipped(folder, prefix="image.zarr/"))
        for inside in ("", "image.zarr"):
            found = opened(tmp_path / "a.zip" / inside)
            assert found.path == "image.zarr"
        assert opened(tmp_path / "a.zip" / "A").path == opened(tmp_path / "a.zip" / "image.zarr" / "A").path

    def test_of_a_lone_folder_that_is_no_group_are_as_they_are(self, tmp_path):
        (tmp_path / "a.zip").write_bytes(of_members([("photos/1.jpg", b"x")]))
        assert opened(tmp_path / "a.zip").path == ""

    def test_that_are_not_there_are_said(self, folder, tmp_path):
        (tmp_path / "a.zip").write_bytes(zipped(folder))
        with pytest.raises(LocationNotFoundError, match=r"nothing at 'B/1' in .*a\.zip"):
            opened(tmp_path / "a.zip" / "B" / "1")

    def test_of_a_folder_that_is_called_so_are_no_zip_file(self, tmp_path):
        (tmp_path / "a.zip").mkdir()
        with pytest.raises(LocationNotFoundError, match="no zip file"):
            opened(tmp_path / "a.zip")
        with pytest.raises(LocationNotFoundError, match="does not exist"):
            opened(tmp_path / "none" / "a.zip")

    @pytest.mark.parametrize("text", ["zip://A::s3://b/x.zip", "memory://x.zip", "/data/x.zipped", "https://x.zip"])
    def test_that_have_no_part_with_the_suffix_are_not_claimed(self, text):
        from omezarr_builtins.schemes.zip import Zip

        assert Zip().claim(Location.parse(text)) is None


class TestReading:
    CONTENT = bytes(range(256)) * 300

    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    @pytest.mark.parametrize(
        ("part", "expected"),
        [
            (None, slice(None)),
            (RangeByteRequest(10, 300), slice(10, 300)),
            (RangeByteRequest(76_000, 99_999), slice(76_000, None)),
            (OffsetByteRequest(70_000), slice(70_000, None)),
            (OffsetByteRequest(99_999), slice(0, 0)),
            (SuffixByteRequest(7), slice(-7, None)),
            (SuffixByteRequest(99_999), slice(None)),
        ],
    )
    def test_parts_are_those_of_the_object(self, compression, part, expected):
        store = stored(of_members([("a", b"x"), ("b", self.CONTENT), ("c", b"")], compression=compression))
        assert read(store, "b", part) == self.CONTENT[expected]
        assert read(store, "c") == b""
        assert read(store, "d") is None

    @LAWS
    @given(
        st.dictionaries(st.text("abc/", min_size=1, max_size=8), st.binary(max_size=200), max_size=6),
        st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
        st.binary(max_size=50),
    )
    def test_what_was_zipped_is_read(self, members, compression, comment):
        members = {
            key: value for key, value in members.items() if key == "/".join(part for part in key.split("/") if part)
        }
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", compression) as file:
            file.comment = comment
            for name, value in members.items():
                file.writestr(name, value)
        store = stored(content.getvalue())
        assert {name: read(store, name) for name in members} == members
        assert set(run(store.members())) == set(members)

    def test_zip64_records_are_understood(self):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            with file.open("big", "w", force_zip64=True) as member:
                member.write(self.CONTENT)
            file.writestr("small", b"x")
        assert read(stored(content.getvalue()), "big") == self.CONTENT

    def test_zip64_offsets_are_understood(self, monkeypatch):
        monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
        store = stored(of_members([("a", b"a" * 300), ("b", b"b" * 300), ("c", b"c")]))
        assert [read(store, key) for key in "abc"] == [b"a" * 300, b"b" * 300, b"c"]

    def test_more_members_than_16_bits_count(self):
        store = stored(of_members([(f"c/{number}", b"%d" % number) for number in range(70_000)]))
        assert read(store, "c/69999") == b"69999"

    def test_names_are_normalised_and_folders_left_out(self):
        store = stored(
            of_members(
                [("./zarr.json", b"1"), ("A/", b""), ("A//0/c", b"2"), ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", b"3")]
            )
        )
        assert sorted(run(store.members())) == ["A/0/c", "café", "zarr.json"]

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_of_members_with_one_name_the_last_counts_as_elsewhere(self):
        assert read(stored(of_members([("a", b"old"), ("a", b"new")])), "a") == b"new"

    def test_padding_behind_the_end_is_overlooked(self):
        assert read(stored(of_members([("a", b"1")]) + b"\0" * 100), "a") == b"1"


def spoiled(content, at, value):
    return content[:at] + value + content[at + len(value) :]


def entry(content, number=0):
    """Where an entry of the central directory starts."""
    at = -1
    for _ in range(number + 1):
        at = content.index(b"PK\x01\x02", at + 1)
    return at


class TestHostileFiles:
    @pytest.mark.parametrize(
        "content",
        [b"", b"PK", b"PK\x05\x06", b"x" * 100_000, b"PK\x03\x04" + b"\0" * 1000],
        ids=["empty", "two bytes", "four bytes", "letters", "a header"],
    )
    def test_that_are_no_zip_files(self, content):
        with pytest.raises(NotOMEZarrError, match=r"x\.zip is no zip file"):
            run(stored(content).members())

    @pytest.mark.parametrize(
        "name", ["../evil", "/etc/passwd", "a/../../evil", "..\\evil", "C:/evil", "s3://bucket/evil"]
    )
    def test_with_names_that_lead_out(self, name):
        with pytest.raises(StorageError, match="leads out of it; refused"):
            run(stored(of_members([("a", b"1"), (name, b"2")])).members())

    def test_with_a_huge_declared_size(self):
        good = of_members([("a", b"1" * 50)], compression=zipfile.ZIP_DEFLATED)
        content = spoiled(good, entry(good) + 24, struct.pack("<L", 0xFFFFFFF0))
        with pytest.raises(StorageError, match=r"claims 4294967280 bytes in \d+"):
            read(stored(content), "a")

    def test_with_more_bytes_than_they_have(self):
        good = of_members([("a", b"1" * 50)])
        content = spoiled(good, entry(good) + 20, struct.pack("<2L", 10**9, 10**9))
        with pytest.raises(StorageError, match="bytes that the file does not have"):
            run(stored(content).members())

    def test_that_inflate_to_more_than_they_say(self):
        good = of_members([("a", b"1" * 100_000)], compression=zipfile.ZIP_DEFLATED)
        content = spoiled(good, entry(good) + 24, struct.pack("<L", 1000))
        with pytest.raises(StorageError, match="is damaged"):
            read(stored(content), "a")

    def test_with_a_directory_larger_than_any(self):
        good = of_members([("a", b"1")])
        end = good.rindex(b"PK\x05\x06")
        for field in (struct.pack("<2H", 9999, 9999), struct.pack("<2HL", 1, 1, 10**9)):
            with pytest.raises(StorageError, match=r"directory of .* is damaged"):
                run(stored(spoiled(good, end + 8, field)).members())

    def test_in_several_parts(self):
        good = of_members([("a", b"1")])
        with pytest.raises(StorageError, match="several parts"):
            run(stored(spoiled(good, good.rindex(b"PK\x05\x06") + 4, struct.pack("<H", 3))).members())

    def test_whose_entries_are_not_where_they_should_be(self):
        good = of_members([("a", b"1"), ("b", b"2")])
        with pytest.raises(StorageError, match="damaged at entry 1 of 2"):
            run(stored(spoiled(good, entry(good, 1), b"XX")).members())
        with pytest.raises(StorageError, match="there is no 'a' where its directory says"):
            read(stored(spoiled(good, 0, b"XX")), "a")

    def test_whose_bytes_have_changed(self):
        good = of_members([("a", b"precious" * 10)])
        with pytest.raises(StorageError, match="not those that were stored"):
            read(stored(spoiled(good, good.index(b"precious"), b"PRECIOUS")), "a")

    def test_that_are_encrypted_or_compressed_in_an_unknown_way(self):
        good = of_members([("a", b"1")])
        encrypted = spoiled(good, entry(good) + 8, struct.pack("<H", 1))
        with pytest.raises(StorageError, match=r"'a' in x\.zip is encrypted"):
            read(stored(encrypted), "a")
        with pytest.raises(StorageError, match="compressed by method 12"):
            read(stored(of_members([("a", b"1")], compression=zipfile.ZIP_BZIP2)), "a")

    def test_that_were_cut_off_while_they_were_read(self):
        class Shrinking(MemoryStore):
            async def getsize(self, key):
                return 10**6

        store = ZipRangeStore(Shrinking({"x.zip": cpu.Buffer.from_bytes(b"x" * 100)}), "x.zip", "x.zip")
        with pytest.raises(StorageError, match="ended early"):
            run(store.members())

    @LAWS
    @given(st.data())
    def test_of_any_kind_are_read_or_refused(self, data):
        good = of_members([("zarr.json", b"{}"), ("a/b", b"x" * 100)], compression=data.draw(st.sampled_from([0, 8])))
        content = bytearray(good)
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        content = bytes(content)[: data.draw(st.integers(len(good) // 2, len(good)))]
        store = stored(content)
        try:
            members = run(store.members())
            values = {key: read(store, key) for key in members}
        except OMEZarrError:
            return
        assert {key: (len(value), zlib.crc32(value)) for key, value in values.items()} == {
            key: (member.size, member.crc) for key, member in members.items()
        }


def test_nothing_can_be_written_to_the_store(folder, tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped(folder))
    store = opened(tmp_path / "a.zip").store
    for change in (store.set("x", cpu.Buffer.from_bytes(b"")), store.delete("x")):
        with pytest.raises(StorageError, match="can only be read; write to a folder, then zip it"):
            run(change)
