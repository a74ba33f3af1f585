"""Files that are cut off, are something else, or attack their reader end in one clear line."""

from __future__ import annotations

import importlib
import os
import struct
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

import omezarr
from omezarr.errors import (
    ArgumentError,
    LocationNotFoundError,
    MissingDependencyError,
    OMEZarrError,
    SourceError,
)
from omezarr_builtins.importers.tiff import Tiff
from tests.builtins.importers.importing import everything, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def write(path: Path, **options: Any) -> bytes:
    stack = np.random.default_rng(0).integers(0, 2**16, (5, 64, 64), dtype="uint16")
    tifffile.imwrite(path, stack, metadata={"axes": "ZYX"}, **options)
    return path.read_bytes()


def with_description(path: Path, xml: str) -> Path:
    tifffile.imwrite(path, np.zeros((8, 8), "uint8"), description=xml.encode(), metadata=None)
    return path


def pixels_xml(attributes: str, inside: str = '<TiffData IFD="0" PlaneCount="1"/>') -> str:
    return (
        f'<?xml version="1.0"?><OME><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" '
        f'{attributes}><Channel ID="Channel:0"/>{inside}</Pixels></Image></OME>'
    )


@contextmanager
def suppress_errors(messages: list[str]) -> Iterator[None]:
    """Collect the messages of errors that omezarr raises on purpose; let all others through."""
    try:
        yield
    except OMEZarrError as error:
        messages.append(str(error))


def one_line(error: BaseException) -> bool:
    return "\n" not in str(error)


class TestOtherFiles:
    def test_a_path_that_does_not_exist_suggests_one_that_does(self, tmp_path: Path) -> None:
        write(tmp_path / "cells.tif")
        with pytest.raises(LocationNotFoundError, match=r"did you mean .*cells\.tif\?"):
            load(tmp_path / "cell.tif")

    @pytest.mark.parametrize(
        ("content", "why"),
        [(b"", "is empty"), (b"II", "is no TIFF file"), (b"\x89PNG\r\n\x1a\n" * 20, "is no TIFF file")],
    )
    def test_what_is_no_tiff_is_refused(self, content: bytes, why: str, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        path.write_bytes(content)
        with pytest.raises(SourceError, match=why):
            load(path)

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="is a folder"):
            load(tmp_path)

    def test_a_file_without_pages_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        path.write_bytes(b"II*\0" + bytes(12))
        with pytest.raises(SourceError, match="has no pages"):
            load(path)

    def test_storage_options_for_a_local_file_are_refused(self, tmp_path: Path) -> None:
        from omezarr.location import Location

        write(tmp_path / "a.tif")
        with pytest.raises(ArgumentError, match="storage options have no effect"):
            Tiff().load(Location.parse(tmp_path / "a.tif", {"anonymous": True}), {})


class TestTruncated:
    @pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}, {"contiguous": False}])
    @pytest.mark.parametrize("kept", [0.01, 0.3, 0.5, 0.9, 0.999])
    def test_a_file_that_is_cut_off_anywhere_is_refused_before_anything_is_read(
        self, options: dict[str, Any], kept: float, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.tif"
        content = write(path, **options)
        path.write_bytes(content[: int(len(content) * kept)])
        with pytest.raises(SourceError) as error:
            load(path)
        assert "a.tif" in str(error.value)
        assert one_line(error.value)

    def test_a_file_that_is_cut_within_its_ome_xml_is_refused_and_not_taken_for_a_plain_tiff(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.ome.tif"
        pixels = np.zeros((3, 16, 16), dtype="uint8")
        tifffile.imwrite(path, pixels, ome=True, photometric="minisblack", metadata={"axes": "ZYX"})
        path.write_bytes(path.read_bytes()[:-50])
        with pytest.raises(SourceError, match=r"truncated: .* its metadata reaches to byte"):
            load(path)

    def test_a_file_that_shrinks_after_it_was_opened_ends_in_an_error(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        content = write(path)
        pixels = load(path).image.pixels
        path.write_bytes(content[:2000])
        with pytest.raises(SourceError, match="truncated"):
            everything(pixels)

    def test_every_byte_flipped_alone_gives_pixels_or_one_line(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        tifffile.imwrite(path, np.arange(64, dtype="uint8").reshape(8, 8), compression="zlib")
        content = path.read_bytes()
        messages = []
        for position in range(len(content)):
            damaged = bytearray(content)
            damaged[position] ^= 0xFF
            path.write_bytes(damaged)
            with suppress_errors(messages):
                source = load(path).image.pixels
                if source.cost(tuple(slice(0, length) for length in source.shape)) < 2**24:
                    everything(source)
        assert len(messages) > 20
        assert not [message for message in messages if "\n" in message]


class TestAbsurd:
    def test_a_chain_of_pages_that_bites_its_tail_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.tif"
        page = struct.pack("<HHHII", 1, 256, 3, 1, 5)
        path.write_bytes(b"II*\0" + struct.pack("<I", 8) + page + struct.pack("<I", 8))
        with pytest.raises(SourceError, match="leads back into itself"):
            load(path)

    @pytest.mark.parametrize("compression", [1, 8])
    def test_a_page_that_declares_more_than_the_file_could_hold_is_refused(
        self, compression: int, tmp_path: Path
    ) -> None:
        path = tmp_path / "a.tif"
        size = 1_000_000_000
        tags = [
            (256, 4, size), (257, 4, size), (258, 3, 8), (259, 3, compression), (262, 3, 1), (273, 4, 200),
            (277, 3, 1), (278, 4, size), (279, 4, 16),
        ]  # fmt: skip
        content = b"II*\0" + struct.pack("<IH", 8, len(tags))
        content += b"".join(struct.pack("<HHII", code, kind, 1, value) for code, kind, value in tags) + bytes(4)
        path.write_bytes(content.ljust(400, b"\0"))
        with pytest.raises(SourceError) as error:
            load(path)
        assert one_line(error.value)

    @pytest.mark.parametrize(
        "xml",
        [
            pixels_xml('SizeX="8" SizeY="8" SizeZ="1000000000" SizeC="1" SizeT="1"'),
            pixels_xml('SizeX="8" SizeY="8" SizeZ="9" SizeC="1" SizeT="1"', '<TiffData PlaneCount="99999999999"/>'),
            pixels_xml(f'SizeX="{"9" * 5000}" SizeY="8" SizeZ="1" SizeC="1" SizeT="1"'),
            pixels_xml('SizeX="8" SizeY="8" SizeZ="99999" SizeC="99999" SizeT="1"'),
        ],
    )
    def test_ome_xml_that_declares_what_no_file_holds_is_refused(self, xml: str, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="which no file holds"):
            load(with_description(tmp_path / "a.ome.tif", xml))

    @pytest.mark.parametrize(
        "xml",
        [
            '<!DOCTYPE bomb [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><OME>&b;</OME>',
            '<!DOCTYPE x SYSTEM "file:///etc/passwd"><OME></OME>',
            '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><scn>&f;</scn>',
        ],
    )
    def test_xml_with_a_dtd_is_refused(self, xml: str, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match="DTD"):
            load(with_description(tmp_path / "a.tif", xml))

    def test_ome_xml_nested_without_end_is_refused(self, tmp_path: Path) -> None:
        depth = 100_000
        with pytest.raises(SourceError, match="nested more than"):
            load(with_description(tmp_path / "a.tif", f"<OME>{'<a>' * depth}{'</a>' * depth}</OME>"))

    def test_malformed_ome_xml_is_announced_and_the_pixels_imported(self, tmp_path: Path) -> None:
        imported = load(with_description(tmp_path / "a.tif", "<OME><Image></OME>"))
        assert imported.image.pixels.shape == (8, 8)
        assert imported.image.ome_xml is None
        assert any("malformed" in notice and "imported without it" in notice for notice in imported.notices)


def test_a_compression_that_needs_imagecodecs_names_the_extra(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((16, 16), "uint8"), compression="lzw")
    program = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "from omezarr.location import Location\n"
        "from omezarr_builtins.importers.tiff import Tiff\n"
        "try:\n    Tiff().load(Location.parse(sys.argv[1]), {})\n"
        "except ImportError as error:\n    print(type(error).__name__, error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith(MissingDependencyError.__name__)
    assert "omezarr[imagecodecs]" in answer.stdout
    assert "LZW" in answer.stdout


@pytest.mark.parametrize("kind", ["zlib", "lzma"])
def test_bombs_are_not_unpacked_without_imagecodecs_either(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((64, 64), "uint8"), compression=kind)
    content = bytearray(path.read_bytes())
    bomb = importlib.import_module(kind).compress(bytes(2**28))
    with tifffile.TiffFile(path) as opened:
        tags = [opened.pages.first.tags[code] for code in (273, 279)]
    for tag, value in zip(tags, (len(content), len(bomb)), strict=True):
        struct.pack_into({3: "<H", 4: "<I"}[int(tag.dtype)], content, tag.valueoffset, value)
    program = (
        "import sys; sys.modules['imagecodecs'] = None\n"
        "import resource\nfrom omezarr.location import Location\n"
        "from omezarr_builtins.importers.tiff import Tiff\n"
        "pixels = Tiff().load(Location.parse(sys.argv[1]), {}).pixels\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    pixels.read((slice(0, 64), slice(0, 64)))\n"
        "except ValueError as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024)\n"
    )
    path.write_bytes(content + bomb)
    answer = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    refusal, little = answer.stdout.splitlines()
    assert "unpacks to far more than the 4096 bytes" in refusal
    assert little == "True"


def test_nothing_of_tifffile_is_logged_to_standard_error(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write(path, contiguous=False)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    program = (
        "import sys\n"
        "from omezarr.location import Location\n"
        "from omezarr_builtins.importers.tiff import Tiff\n"
        "try:\n    Tiff().load(Location.parse(sys.argv[1]), {})\n"
        "except ValueError as error:\n    print(error)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert answer.stderr == ""
    assert "truncated" in answer.stdout


def test_what_tifffile_says_is_told_once_and_not_logged_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = '<TiffData FirstZ="1" IFD="0"><UUID FileName="gone.tif">urn:uuid:1</UUID></TiffData>'
    xml = pixels_xml(
        'SizeX="8" SizeY="8" SizeZ="2" SizeC="1" SizeT="1"', f'<TiffData FirstZ="0" IFD="0" PlaneCount="1"/>{other}'
    )
    notices = load(with_description(tmp_path / "a.ome.tif", xml)).notices
    assert [notice for notice in notices if "gone.tif" in notice]
    assert not caplog.records


class TestMoreClaimedThanStored:
    @pytest.mark.parametrize("images", [2, 20_000])
    def test_more_images_than_pages_are_refused_and_the_cure_works(self, images: int, tmp_path: Path) -> None:
        one = (
            '<Image><Pixels DimensionOrder="XYZCT" Type="uint8" SizeX="8" SizeY="8" SizeZ="1" SizeC="1" SizeT="1">'
            "<TiffData/></Pixels></Image>"
        )
        path = with_description(tmp_path / "a.tif", f"<OME>{one * images}</OME>")
        with pytest.raises(SourceError, match=f"describes {images} images, but the file has 1 pages.*ome=ignore"):
            load(path)
        assert load(path, ome="ignore").image.pixels.shape == (8, 8)

    def test_a_million_channels_are_refused(self, tmp_path: Path) -> None:
        xml = f'<OME><Image><Pixels SizeX="8" SizeY="8">{"<Channel/>" * 1_000_000}</Pixels></Image></OME>'
        with pytest.raises(SourceError, match="more than 20000 channels; refused"):
            load(with_description(tmp_path / "a.tif", xml))

    @pytest.mark.parametrize("codec", ["jpeg", "png"])
    def test_a_segment_that_claims_to_be_larger_than_its_page_is_not_decoded(self, codec: str, tmp_path: Path) -> None:
        pytest.importorskip("imagecodecs")
        path, other = tmp_path / "a.tif", tmp_path / "b.tif"
        tifffile.imwrite(path, np.zeros((64, 64), "uint8"), compression=codec)
        tifffile.imwrite(other, np.zeros((2000, 2000), "uint8"), compression=codec, rowsperstrip=2000)
        with tifffile.TiffFile(other) as opened:
            page = opened.pages.first
            content = opened.filehandle.read_array("u1", page.databytecounts[0], page.dataoffsets[0]).tobytes()
        with tifffile.TiffFile(path) as opened:
            tags = [opened.pages.first.tags[code] for code in (273, 279)]
        whole = bytearray(path.read_bytes())
        for tag, value in zip(tags, (len(whole), len(content)), strict=True):
            form = {3: "<H", 4: "<I"}[int(tag.dtype)]
            struct.pack_into(form, whole, tag.valueoffset, value)
        path.write_bytes(whole + content)
        with pytest.raises(SourceError, match="claims to hold 2000 x 2000 pixels, more than its page"):
            everything(load(path).image.pixels)

    @pytest.mark.parametrize("name", ["a.tif", "a.npy", "a.ome", "a.zip"])
    def test_a_pipe_in_place_of_a_file_does_not_hang(self, name: str, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / name)
        with pytest.raises(OMEZarrError):
            omezarr.convert(tmp_path / name, tmp_path / "b.zarr", axes="yx")


def test_a_document_in_a_zip_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target, target.open("zarr.json", "w") as document:
        for _ in range(17):
            document.write(b" " * 2**24)
    with pytest.raises(OMEZarrError, match=r"zarr\.json in .* has 285212672 bytes, more than metadata ever needs"):
        omezarr.open(path)
