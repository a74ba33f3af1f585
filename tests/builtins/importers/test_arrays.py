"""Bare arrays become images when somebody says what their dimensions mean."""

from __future__ import annotations

import itertools
import pickle
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
import zarr.storage

from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrError, SourceError
from omezarr_builtins.importers.array import BareArray
from tests.builtins.importers.importing import CountingFile, everything, letters, load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer


def ramp(*shape: int) -> np.ndarray[Any, Any]:
    return np.arange(np.prod(shape), dtype="uint16").reshape(shape)


def zarr_array(path: Path, array: np.ndarray[Any, Any], version: int, **options: Any) -> Path:
    created = zarr.create_array(path, shape=array.shape, dtype=array.dtype, zarr_format=version, **options)  # type: ignore[arg-type]
    created[...] = array
    return path


class TestNumpyFiles:
    @pytest.mark.parametrize(("shape", "axes"), [((4, 5), "yx"), ((1, 2, 3, 4, 5), "tczyx")])
    def test_two_and_five_dimensions_need_no_explanation(
        self, shape: tuple[int, ...], axes: str, tmp_path: Path
    ) -> None:
        np.save(tmp_path / "a.npy", ramp(*shape))
        image = load(tmp_path / "a.npy", BareArray()).image
        assert (letters(image), image.name) == (axes, "a")
        assert np.array_equal(everything(image.pixels), ramp(*shape))

    @pytest.mark.parametrize("shape", [(5,), (3, 4, 5), (2, 3, 4, 5), (1, 1, 2, 3, 4, 5)])
    def test_other_numbers_of_dimensions_are_refused_with_the_cure(
        self, shape: tuple[int, ...], tmp_path: Path
    ) -> None:
        np.save(tmp_path / "a.npy", ramp(*shape))
        with pytest.raises(ArgumentError, match=r"does not say what they mean; say it with --axes"):
            load(tmp_path / "a.npy", BareArray())

    def test_the_given_axes_are_brought_into_order(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", ramp(3, 4, 5, 2))
        image = load(tmp_path / "a.npy", BareArray(), axes="zyxc").image
        assert letters(image) == "czyx"
        assert np.array_equal(everything(image.pixels), np.moveaxis(ramp(3, 4, 5, 2), -1, 0))

    def test_only_what_is_wanted_is_read(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", ramp(100, 50_000))
        pixels: Any = load(tmp_path / "a.npy", BareArray()).image.pixels
        file = pixels.file = CountingFile(pixels.file)
        assert np.array_equal(pixels.read((slice(7, 9), slice(5, 105))), ramp(100, 50_000)[7:9, 5:105])
        assert file.bytes_read == 2 * 100 * pixels.dtype.itemsize

    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize("dtype", ["u1", ">u2", "<f4", "c8", "?"])
    def test_every_region_is_that_of_the_array(self, order: str, dtype: str, tmp_path: Path) -> None:
        array = np.asarray(ramp(3, 4, 5, 6).astype(dtype), order="C" if order == "C" else "F")
        np.save(tmp_path / "a.npy", array)
        pixels = load(tmp_path / "a.npy", BareArray(), axes="tzyx").image.pixels
        for cut in itertools.product(*([slice(0, n), slice(1, 2), slice(1, n)] for n in array.shape)):
            found = pixels.read(cut)
            assert found.dtype == array.dtype
            assert np.array_equal(found, array[cut])

    def test_another_process_reads_the_same_and_notices_another_file(self, tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", ramp(4, 5))
        sent = pickle.dumps(load(tmp_path / "a.npy", BareArray()).image.pixels)
        assert np.array_equal(everything(pickle.loads(sent)), ramp(4, 5))
        np.save(tmp_path / "a.npy", ramp(4, 5) + 1)
        with pytest.raises(SourceError, match="has changed"):
            pickle.loads(sent)

    def test_a_truncated_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.npy"
        np.save(path, ramp(100, 100))
        path.write_bytes(path.read_bytes()[:500])
        with pytest.raises(SourceError, match=r"a\.npy is truncated: it has 500 bytes"):
            load(path, BareArray())

    @pytest.mark.parametrize(
        "header",
        [
            "{'descr': '<u2', 'fortran_order': False, 'shape': (-1, 4)}",
            "{'descr': '<u2', 'fortran_order': False, 'shape': (99999999999999999999, 99999999999999999999)}",
            "{'descr': '<u2', 'fortran_order': False, 'shape': (%s, 4)}" % ("9" * 400),
            "{'descr': '<u2', 'fortran_order': False, 'shape': (%s)}" % ("1," * 4000),
            "{'descr': '|O', 'fortran_order': False, 'shape': (4, 4)}",
            "{'descr': '<u2', 'shape': (4, 4)}",
            "__import__('os').getcwd()",
            "(" * 5000,
            "x" * 50_000,
        ],
    )
    def test_a_header_that_misleads_ends_in_one_short_line(self, header: str, tmp_path: Path) -> None:
        path = tmp_path / "a.npy"
        path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(64))
        with pytest.raises(OMEZarrError) as caught:
            load(path, BareArray(), axes="yx")
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1000

    @pytest.mark.parametrize(
        "array", [np.array([[{}, {}]], dtype=object), np.array([["a", "b"]]), np.zeros((2, 2), [("a", "u1")])]
    )
    def test_what_is_no_numbers_is_refused(self, array: np.ndarray[Any, Any], tmp_path: Path) -> None:
        np.save(tmp_path / "a.npy", array, allow_pickle=True)
        with pytest.raises(SourceError, match="plain numbers"):
            load(tmp_path / "a.npy", BareArray())

    def test_what_is_no_npy_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.npy").write_bytes(b"something else")
        with pytest.raises(SourceError, match=r"is no \.npy file"):
            load(tmp_path / "a.npy", BareArray())

    def test_a_missing_file_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(LocationNotFoundError):
            load(tmp_path / "a.npy", BareArray())

    def test_a_file_behind_a_url_is_read_in_parts(self, http_server: CountingServer) -> None:
        np.save(http_server.root / "a.npy", ramp(64, 50_000))
        pixels = load(f"{http_server.url}/a.npy", BareArray()).image.pixels
        assert np.array_equal(pixels.read((slice(1, 3), slice(0, 50_000))), ramp(64, 50_000)[1:3])
        pixels.check_unchanged()
        np.save(http_server.root / "a.npy", ramp(65, 50_000))
        with pytest.raises(SourceError, match="changed while it was read"):
            pixels.check_unchanged()


class TestZarrArrays:
    @pytest.mark.parametrize("version", [2, 3])
    def test_an_array_of_either_format_is_read(self, version: int, tmp_path: Path) -> None:
        path = zarr_array(tmp_path / "a", ramp(7, 9), version, chunks=(4, 4))
        image = load(path, BareArray()).image
        assert letters(image) == "yx"
        assert image.pixels.chunks == (4, 4)
        assert np.array_equal(everything(image.pixels), ramp(7, 9))

    def test_dimension_names_are_taken_as_axes(self, tmp_path: Path) -> None:
        path = zarr_array(tmp_path / "a", ramp(2, 3, 4), 3, dimension_names=["y", "x", "c"])
        image = load(path, BareArray()).image
        assert letters(image) == "cyx"
        assert np.array_equal(everything(image.pixels), np.moveaxis(ramp(2, 3, 4), -1, 0))

    def test_dimension_names_of_xarray_are_taken_as_axes(self, tmp_path: Path) -> None:
        path = zarr_array(tmp_path / "a", ramp(2, 3, 4), 2, attributes={"_ARRAY_DIMENSIONS": ["t", "y", "x"]})
        assert letters(load(path, BareArray()).image) == "tyx"

    def test_names_that_are_no_axes_are_named_in_the_refusal(self, tmp_path: Path) -> None:
        path = zarr_array(tmp_path / "a", ramp(3, 4), 3, dimension_names=["lat", "lon"])
        with pytest.raises(ArgumentError, match="called lat, lon"):
            load(path, BareArray())
        assert letters(load(path, BareArray(), axes="yx").image) == "yx"

    def test_an_array_in_memory_is_read(self) -> None:
        array = zarr.create_array(zarr.storage.MemoryStore(), name="a", shape=(3, 4), dtype="uint8")
        array[...] = 7
        assert (everything(load(array, BareArray()).image.pixels) == 7).all()

    def test_an_empty_folder_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(LocationNotFoundError, match="no zarr array"):
            load(tmp_path, BareArray())

    def test_a_group_is_no_array(self, tmp_path: Path) -> None:
        zarr.open_group(tmp_path / "g", mode="w")
        with pytest.raises(OMEZarrError, match="is a group, no array"):
            load(tmp_path / "g", BareArray())
