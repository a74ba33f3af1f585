"""Folders on local disks."""

from pathlib import Path

import pytest
import zarr
from zarr.storage import LocalStore

from omezarr.errors import LocationNotFoundError, NotOMEZarrError, StorageError, TargetExistsError
from omezarr.location import Location
from omezarr.testing import WritableSchemeSuite
from omezarr.testing.stateful import StatefulSchemeSuite
from tests.builtins.schemes.stores import fill, hierarchy, opened


class TestLocal(StatefulSchemeSuite, WritableSchemeSuite):
    name = "local"
    examples = 6

    @pytest.fixture
    def place(self, tmp_path):
        fill(str(tmp_path / "a b.zarr"))
        return Location.parse(tmp_path / "a b.zarr")

    @pytest.fixture
    def empty(self, tmp_path):
        return Location.parse(str(tmp_path / "new" / "b.zarr"))


class TestWhatIsNotThere:
    def test_a_missing_folder_is_said_with_its_neighbour(self, tmp_path):
        (tmp_path / "image.zarr").mkdir()
        with pytest.raises(LocationNotFoundError, match=r"imag\.zarr does not exist; did you mean .*image\.zarr\?"):
            opened(tmp_path / "imag.zarr")

    def test_a_missing_folder_in_a_missing_folder(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="does not exist; check the spelling"):
            opened(tmp_path / "none" / "image.zarr")

    def test_a_file_is_no_folder(self, tmp_path):
        (tmp_path / "image.tif").write_bytes(b"II*\0")
        with pytest.raises(NotOMEZarrError, match="is a file, not a zarr folder"):
            opened(tmp_path / "image.tif")
        with pytest.raises(LocationNotFoundError):
            opened(tmp_path / "image.tif" / "0")

    def test_a_metadata_file_names_its_folder(self, tmp_path):
        fill(str(tmp_path / "image.zarr"))
        with pytest.raises(NotOMEZarrError, match=r"give the folder that it lies in, .*image\.zarr$"):
            opened(tmp_path / "image.zarr" / "zarr.json")


class TestTargets:
    def test_opening_creates_no_folder_and_neither_does_looking(self, tmp_path):
        target = opened(tmp_path / "new" / "image.zarr", write=True)
        assert hierarchy(target).node() is None
        assert list(tmp_path.iterdir()) == []
        zarr.open_group(target.store, mode="w")
        assert (tmp_path / "new" / "image.zarr" / "zarr.json").is_file()

    def test_a_file_is_not_replaced(self, tmp_path):
        (tmp_path / "image.zarr").write_bytes(b"precious")
        with pytest.raises(TargetExistsError, match="is a file"):
            opened(tmp_path / "image.zarr", write=True)

    def test_a_file_on_the_way_is_said(self, tmp_path):
        (tmp_path / "image.tif").write_bytes(b"precious")
        with pytest.raises(StorageError, match=r"because .*image\.tif is a file"):
            opened(tmp_path / "image.tif" / "sub" / "image.zarr", write=True)

    def test_a_relative_path_is_kept_when_the_working_directory_changes(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        target = opened("image.zarr", write=True)
        monkeypatch.chdir("/")
        zarr.open_group(target.store, mode="w")
        assert (tmp_path / "image.zarr" / "zarr.json").is_file()


def test_the_store_is_of_zarr_itself(tmp_path):
    """Faster readers know only that class."""
    fill(str(tmp_path))
    assert type(opened(Path(tmp_path)).store) is LocalStore


def test_file_urls_are_paths(tmp_path):
    fill(str(tmp_path / "a b.zarr"))
    assert hierarchy(opened((tmp_path / "a b.zarr").as_uri())).node().attributes == {"name": "root"}
