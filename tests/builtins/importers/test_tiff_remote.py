"""TIFF files are read where they are: by HTTP, in memory, in a container, asking only for the bytes that are needed."""

from __future__ import annotations

import io
import pickle
import zipfile
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pytest
import tifffile
from zarr.core.buffer import cpu

from omezarr.errors import LocationNotFoundError, OMEZarrError, SourceError
from omezarr.hierarchy import run
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.registry import default_registry
from omezarr_builtins.importers.array import BareArray
from tests.builtins.importers.importing import everything, load

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.servers import CountingServer


@pytest.fixture
def stack() -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, 2**16, (8, 512, 512), dtype="uint16")


def test_a_region_of_a_file_behind_http_takes_a_fraction_of_it(
    stack: np.ndarray[Any, Any], http_server: CountingServer
) -> None:
    tifffile.imwrite(http_server.root / "a.tif", stack, tile=(128, 128), metadata={"axes": "ZYX"})
    pixels = load(f"{http_server.url}/a.tif").image.pixels
    http_server.requests.clear()
    region = (slice(3, 4), slice(200, 300), slice(200, 300))
    assert np.array_equal(pixels.read(region), stack[region])
    assert len(http_server.requests) == 4
    assert all("range" in headers for _, _, headers in http_server.requests)


def test_a_missing_file_behind_http_is_not_found(http_server: CountingServer) -> None:
    with pytest.raises(LocationNotFoundError):
        load(f"{http_server.url}/missing.tif")


def test_a_page_that_is_no_tiff_is_refused(http_server: CountingServer) -> None:
    (http_server.root / "a.tif").write_text("<html>not found</html>")
    with pytest.raises(SourceError, match="is no TIFF file"):
        load(f"{http_server.url}/a.tif")


def test_a_server_that_fails_ends_in_an_error(stack: np.ndarray[Any, Any], http_server: CountingServer) -> None:
    tifffile.imwrite(http_server.root / "a.tif", stack[0])
    pixels = load(f"{http_server.url}/a.tif").image.pixels
    http_server.always = 403
    with pytest.raises(OMEZarrError, match=r"a\.tif"):
        everything(pixels)


def test_a_file_in_the_memory_of_fsspec_is_read(stack: np.ndarray[Any, Any]) -> None:
    with fsspec.open("memory://importers/a.tif", "wb") as file:
        tifffile.imwrite(file, stack, compression="zlib", metadata={"axes": "ZYX"})
    store = pytest.importorskip("zarr.storage").FsspecStore.from_url("memory://importers", read_only=True)
    location = Location(url=str(store), protocol="store", store=store, path="a.tif")
    assert np.array_equal(everything(load(location).image.pixels), stack)


def test_other_processes_reach_what_the_store_says_that_they_do(
    stack: np.ndarray[Any, Any], http_server: CountingServer
) -> None:
    """Not what the URL begins with: a zip file in memory is in memory."""
    packed, tiff, npy = io.BytesIO(), io.BytesIO(), io.BytesIO()
    tifffile.imwrite(tiff, stack[0])
    np.save(npy, stack[0])
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.tif", tiff.getvalue())
        file.writestr("b.npy", npy.getvalue())
    place = open_store(Location.parse("memory://portable"), default_registry().storage_schemes, write=True)
    run(place.store.set(f"{place.path}/a.zip".lstrip("/"), cpu.Buffer.from_bytes(packed.getvalue())))
    for name, importer in (("a.tif", None), ("b.npy", BareArray())):
        inside = load(f"memory://portable/a.zip/{name}", importer).image.pixels
        assert not inside.portable
        (http_server.root / "a.zip").write_bytes(packed.getvalue())
        pixels = load(f"{http_server.url}/a.zip/{name}", importer).image.pixels
        assert (pixels.portable, pixels.distant) == (True, True)
        assert np.array_equal(everything(pickle.loads(pickle.dumps(pixels))), stack[0])


def test_pixels_in_several_remote_files_are_refused_with_the_cure(http_server: CountingServer, tmp_path: Path) -> None:
    xml = (
        '<OME UUID="urn:uuid:0"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" '
        'SizeX="8" SizeY="8" SizeZ="2" SizeC="1" SizeT="1"><Channel ID="Channel:0"/><TiffData IFD="0"/>'
        '<TiffData FirstZ="1"><UUID FileName="b.ome.tif">urn:uuid:1</UUID></TiffData></Pixels></Image></OME>'
    )
    tifffile.imwrite(http_server.root / "a.ome.tif", np.zeros((8, 8), "uint8"), description=xml, metadata=None)
    with pytest.raises(SourceError, match="has pixels in 1 other files; copy them all to a local disk"):
        load(f"{http_server.url}/a.ome.tif")
