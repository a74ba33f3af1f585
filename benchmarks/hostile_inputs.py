"""Input that claims more than is there, each kind made by a function that takes a folder and returns a path.

Run as ``python benchmarks/hostile_inputs.py FOLDER NAME`` to make one and print its path; without words to list them.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import tifffile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MANY = 10**6


def group(path: Path, ome: str, *, raw: str | None = None) -> None:
    """Write a group of 0.5 whose document is given as text."""
    path.mkdir(parents=True, exist_ok=True)
    attributes = f'{{"ome": {{"version": "0.5", {ome}}}}}' if raw is None else raw
    (path / "zarr.json").write_text(f'{{"zarr_format": 3, "node_type": "group", "attributes": {attributes}}}')


def multiscales(axes: str = "yx", scale: str = "1", paths: Iterable[object] = ("0",)) -> str:
    names = ", ".join(f'{{"name": "{axis}", "type": "space"}}' for axis in axes)
    transform = f'{{"type": "scale", "scale": [{", ".join(scale for _ in axes)}]}}'
    datasets = ", ".join(f'{{"path": "{path}", "coordinateTransformations": [{transform}]}}' for path in paths)
    return f'"multiscales": [{{"axes": [{names}], "datasets": [{datasets}]}}]'


def array(path: Path, shape: str, chunks: str, codecs: str = "", dtype: str = "uint8") -> None:
    """Write the metadata of an array, numbers and codecs as text."""
    path.mkdir(parents=True, exist_ok=True)
    codecs = codecs or '{"name": "bytes", "configuration": {"endian": "little"}}'
    (path / "zarr.json").write_text(
        f'{{"zarr_format": 3, "node_type": "array", "shape": {shape}, "data_type": "{dtype}", "fill_value": 0, '
        f'"chunk_grid": {{"name": "regular", "configuration": {{"chunk_shape": {chunks}}}}}, "dimension_names": '
        f'["y", "x"], "chunk_key_encoding": {{"name": "default"}}, "codecs": [{codecs}], "attributes": {{}}}}'
    )


def image(shape: str = "[64, 64]", chunks: str = "[64, 64]", codecs: str = "", **words: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        group(folder / "a.zarr", multiscales(**words))
        array(folder / "a.zarr/0", shape, chunks, codecs)
        return folder / "a.zarr"

    return make


def old_image(
    shape: str, chunks: str, compressor: str = "null", content: Callable[[], bytes] | None = None, filters: str = "null"
) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / "a.zarr/0"
        path.mkdir(parents=True)
        (folder / "a.zarr/.zgroup").write_text('{"zarr_format": 2}')
        (folder / "a.zarr/.zattrs").write_text(
            json.dumps({"multiscales": [{**json.loads(f"{{{multiscales()}}}")["multiscales"][0], "version": "0.4"}]})
        )
        (path / ".zarray").write_text(
            f'{{"zarr_format": 2, "shape": {shape}, "chunks": {chunks}, "dtype": "|u1", "fill_value": 0, "order": "C",'
            f'"compressor": {compressor}, "filters": {filters}, "dimension_separator": "/"}}'
        )
        if content is not None:
            (path / "0").mkdir()
            (path / "0/0").write_bytes(content())
        return folder / "a.zarr"

    return make


def listed(count: int, one: str) -> str:
    return ", ".join(one.replace("#", str(number)) for number in range(count))


def plate(count: int) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        side = int(count**0.5)
        well = '{{"path": "{0}/{1}", "rowIndex": {0}, "columnIndex": {1}}}'
        wells = ", ".join(well.format(row, column) for row in range(side) for column in range(side))
        lines = listed(side, '{"name": "#"}')
        group(folder / "p.zarr", f'"plate": {{"columns": [{lines}], "rows": [{lines}], "wells": [{wells}]}}')
        return folder / "p.zarr"

    return make


def well_of_itself(*images: str) -> Callable[[Path], Path]:
    """Return what writes wells that list these images, each of which leads back to the well."""

    def make(folder: Path) -> Path:
        path = folder / "p.zarr"
        group(path, f'"well": {{"images": {json.dumps([{"path": name} for name in images])}}}')
        for name in images:
            if name != ".":
                (path / name).symlink_to(path, target_is_directory=True)
        return path

    return make


def plate_of_itself(folder: Path) -> Path:
    line = '[{"name": "A"}]'
    well = '{"path": "A/A", "rowIndex": 0, "columnIndex": 0}'
    ome = f'"plate": {{"columns": {line}, "rows": {line}, "wells": [{well}]}}, "well": {{"images": [{{"path": "."}}]}}'
    path = folder / "p.zarr"
    group(path, ome)
    group(path / "A/A", ome)
    (path / "A/A/A").symlink_to(path / "A", target_is_directory=True)
    return path


def claimed_series(folder: Path) -> Path:
    path = folder / "c.zarr"
    group(path, '"bioformats2raw.layout": 3')
    group(path / "OME", f'"series": [{listed(MANY, chr(34) + "#" + chr(34))}]')
    return path


def labels(folder: Path) -> Path:
    path = image()(folder)
    group(path / "labels", f'"labels": [{listed(MANY, chr(34) + "#" + chr(34))}]')
    return path


def claimed_xml(folder: Path) -> Path:
    path = folder / "c.zarr"
    group(path, '"bioformats2raw.layout": 3')
    (path / "OME").mkdir()
    (path / "OME/METADATA.ome.xml").write_text(f"<OME>{'<Image/>' * MANY}</OME>")
    return path


def chunk(content: Callable[[], bytes], codecs: str, shape: str = "[64, 64]") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = image(shape, shape, codecs)(folder)
        (path / "0/c/0").mkdir(parents=True)
        (path / "0/c/0/0").write_bytes(content())
        return path

    return make


def special(name: str, make_special: Callable[[Path], object]) -> Callable[[Path], Path]:
    """Return what writes an image one file of which is something else."""

    def make(folder: Path) -> Path:
        path = chunk(lambda: bytes(4096), "")(folder)
        (path / name).unlink()
        make_special(path / name)
        return path

    return make


def source(name: str, make_special: Callable[[Path], object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        make_special(folder / name)
        return folder / name

    return make


def bound(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def archive(fill: Callable[[zipfile.ZipFile], object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "a.ozx", "w", zipfile.ZIP_DEFLATED) as made:
            fill(made)
        return folder / "a.ozx"

    return make


def large_document(made: zipfile.ZipFile) -> None:
    with made.open("zarr.json", "w") as stream:
        for _ in range(1024):
            stream.write(b" " * 2**20)


def many_entries(made: zipfile.ZipFile) -> None:
    made.compression = zipfile.ZIP_STORED
    for number in range(MANY):
        made.writestr(str(number), b"")


def large_chunk(made: zipfile.ZipFile) -> None:
    made.writestr("zarr.json", f'{{"zarr_format": 3, "node_type": "group", "attributes": {{"ome": {{"version": "0.5", '
                  f'{multiscales()}}}}}}}')  # fmt: skip
    made.writestr("0/zarr.json", json.dumps({
        "zarr_format": 3, "node_type": "array", "shape": [64, 64], "data_type": "uint8", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [64, 64]}}, "attributes": {},
        "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes"}], "dimension_names": ["y", "x"],
    }))  # fmt: skip
    with made.open("0/c/0/0", "w", force_zip64=True) as stream:
        for _ in range(2048):
            stream.write(bytes(2**20))


def document(attributes: Callable[[], str]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        group(folder / "a.zarr", "", raw=attributes())
        array(folder / "a.zarr/0", "[64, 64]", "[64, 64]")
        return folder / "a.zarr"

    return make


def described(more: str, one: str = "") -> Callable[[Path], Path]:
    """Return what writes an image with more keys in its document, where # stands for a million of others."""

    def attributes() -> str:
        filled = more.replace("#", listed(MANY, one)) if one else more
        return f'{{"ome": {{"version": "0.5", {multiscales()}, {filled}}}}}'

    return document(attributes)


def shard(shape: str, inner: str, *entry: int) -> Callable[[Path], Path]:
    """Return what writes a sharded image whose index has these offsets and sizes."""
    little = '{"name": "bytes", "configuration": {"endian": "little"}}'
    codecs = (
        f'{{"name": "sharding_indexed", "configuration": {{"chunk_shape": {inner}, "codecs": [{little}], '
        f'"index_codecs": [{little}], "index_location": "end"}}}}'
    )
    if not entry:
        return image(shape, shape, codecs)
    return chunk(lambda: bytes(4096) + np.array(entry, "<u8").tobytes(), codecs, shape)


def repeated(codec: Any, times: int, size: int = 2**30) -> bytes:
    """Return zeros that were encoded several times, one piece at a time."""
    content = bytes(size)
    for _ in range(times):
        content = bytes(codec.encode(content))
    return content


def gzipped(mebibytes: int) -> bytes:
    coder = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(coder.compress(bytes(2**20)) for _ in range(mebibytes)) + coder.flush()


def zstd_of_repeats(blocks: int) -> bytes:
    """Return a frame without a size, each block of which is one byte that stands for 128 KiB."""
    frames = ((131072 << 3 | 1 << 1 | (number == blocks - 1)).to_bytes(3, "little") for number in range(blocks))
    return b"\x28\xb5\x2f\xfd\x00\x50" + b"".join(frame + b"\7" for frame in frames)


def codec_of(name: str, **options: object) -> str:
    return f'{{"name": "bytes"}}, {json.dumps({"name": name, "configuration": options})}'


def nested(times: int) -> str:
    gzip = json.dumps({"name": "gzip", "configuration": {"level": 5}})
    return ", ".join(['{"name": "bytes"}', *[gzip] * times])


def tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", np.zeros((64, 64), "u1"), metadata=None, rowsperstrip=64)
    content = bytearray((folder / "a.tif").read_bytes())
    with tifffile.TiffFile(folder / "a.tif") as opened:
        for tag in ("ImageWidth", "ImageLength", "RowsPerStrip"):
            place = opened.pages.first.tags[tag].valueoffset
            content[place - 6 : place - 4] = (4).to_bytes(2, "little")
            content[place : place + 4] = (2**31 - 1).to_bytes(4, "little")
    (folder / "a.tif").write_bytes(content)
    return folder / "a.tif"


def npy(shape: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
        header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
        (folder / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(100))
        return folder / "a.npy"

    return make


BLOSC_HEADER = bytes([2, 1, 0x21, 1]) + (2**31 - 1).to_bytes(4, "little") + (2**20).to_bytes(4, "little")
QUOTED = '"k#": #'
ZSTD, ZSTD_3 = numcodecs.Zstd(1), codec_of("zstd", level=1, checksum=False)
BLOSC_2 = '{"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 0, "blocksize": 0}'
BLOSC = codec_of("blosc", cname="zstd", clevel=5, shuffle="noshuffle", typesize=1, blocksize=0)

INPUTS: dict[str, Callable[[Path], Path]] = {
    "an honest image": chunk(lambda: bytes(4096), ""),
    "a plate of 10^5 wells that do not exist": plate(10**5),
    "a plate of 10^6 wells that do not exist": plate(MANY),
    "a well that lists itself": well_of_itself("."),
    "a well two images of which are itself": well_of_itself("0", "1"),
    "a plate that is its own well": plate_of_itself,
    "a collection of 10^6 series": claimed_series,
    "OME-XML of 10^6 images": claimed_xml,
    "an empty array of 10^6 x 10^6": image("[1000000, 1000000]", "[64, 64]"),
    "an empty array of 10^9 x 10^9": image("[1000000000, 1000000000]", "[1, 1]"),
    "an empty 0.4 array of 10^6 x 10^6": old_image("[1000000, 1000000]", "[64, 64]"),
    "an empty array in one chunk of 10^12": image("[1000000, 1000000]", "[1000000, 1000000]"),
    "a shape of 200 digits": image(f"[1{'0' * 199}, 64]"),
    "a 0.4 shape of 200 digits": old_image(f"[1{'0' * 199}, 64]", "[64, 64]"),
    "chunks of 200 digits": image(chunks=f"[1{'0' * 199}, 64]"),
    "a scale of 400 digits": image(scale=f"1{'0' * 399}"),
    "a scale of 5000 digits": image(scale=f"1{'0' * 4999}"),
    "negative chunks": image(chunks="[-64, 64]"),
    "chunks of zero": image(chunks="[0, 64]"),
    "0.4 chunks of zero": old_image("[64, 64]", "[0, 64]"),
    "a negative shape": image("[-64, 64]"),
    "shards of 10^12 bytes": shard("[1000000, 1000000]", "[1000, 1000]"),
    "shards of 10^12 chunks": shard("[1000000, 1000000]", "[1, 1]"),
    "a shard of 10^12 chunks with a byte": chunk(
        lambda: bytes(64),
        '{"name": "sharding_indexed", "configuration": {"chunk_shape": [1, 1], "codecs": [{"name": "bytes"}], '
        '"index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]}}',
        "[1000000, 1000000]",
    ),
    "a shard index with absurd offsets": shard("[64, 64]", "[64, 64]", 2**62, 2**62),
    "a shard index with an absurd size": shard("[64, 64]", "[64, 64]", 0, 2**40),
    "a FIFO as zarr.json": special("zarr.json", os.mkfifo),
    "a FIFO as zarr.json of a level": special("0/zarr.json", os.mkfifo),
    "a FIFO as a chunk": special("0/c/0/0", os.mkfifo),
    "a socket as zarr.json": special("zarr.json", bound),
    "a socket as a chunk": special("0/c/0/0", bound),
    "/dev/zero as zarr.json": special("zarr.json", endless),
    "/dev/zero as a chunk": special("0/c/0/0", endless),
    "a folder as a chunk": special("0/c/0/0", Path.mkdir),
    "a FIFO as TIFF": source("a.tif", os.mkfifo),
    "a FIFO as npy": source("a.npy", os.mkfifo),
    "a FIFO as zip": source("a.zip", os.mkfifo),
    "a FIFO as anything": source("a.zarr", os.mkfifo),
    "a FIFO as JSON": source("a.json", os.mkfifo),
    "a TIFF of 2^31 x 2^31": tiff,
    "an npy of 10^24 bytes": npy("(1000000000000, 1000000000000)"),
    "an npy of 200 digits": npy(f"(1{'0' * 199}, 64)"),
    "a zip with a zarr.json of 1 GiB": archive(large_document),
    "a zip with a chunk of 2 GiB": archive(large_chunk),
    "a zip of 10^6 entries": archive(many_entries),
    "JSON 100,000 deep": document(lambda: f'{{"ome": {"[" * 100_000}{"]" * 100_000}}}'),
    "JSON 190 deep": described(f'"x": {"[" * 190}{"]" * 190}'),
    "NaN as a scale": image(scale="NaN"),
    "Infinity as a scale": image(scale="-Infinity"),
    "1e999 as a scale": image(scale="1e999"),
    "a gzip chunk of 2 GiB": chunk(partial(gzipped, 2048), codec_of("gzip", level=5)),
    "a gzip chunk of 1 GiB, nested thrice": chunk(partial(repeated, numcodecs.GZip(9), 3), nested(3)),
    "a thousand codecs": image(codecs=nested(1000)),
    "a zstd chunk of 1 GiB": chunk(partial(repeated, ZSTD, 1), ZSTD_3),
    "a zstd chunk of 4 GiB without a size": chunk(partial(zstd_of_repeats, 2**15), ZSTD_3),
    "a blosc chunk of 1 GiB": chunk(partial(repeated, numcodecs.Blosc("zstd"), 1), BLOSC),
    "a blosc chunk that claims 2 GiB": chunk(lambda: BLOSC_HEADER + (16).to_bytes(4, "little"), BLOSC),
    "a lz4 chunk of 1 GiB": chunk(partial(repeated, numcodecs.LZ4(), 1), codec_of("numcodecs.lz4", acceleration=1)),
    "a zlib chunk of 1 GiB": chunk(partial(repeated, numcodecs.Zlib(9), 1), codec_of("numcodecs.zlib", level=1)),
    "a 0.4 zstd chunk of 1 GiB": old_image(
        "[64, 64]", "[64, 64]", '{"id": "zstd", "level": 1}', partial(repeated, ZSTD, 1)
    ),
    "a 0.4 blosc chunk of 1 GiB in a filter": old_image(
        "[64, 64]", "[64, 64]", BLOSC_2, partial(repeated, numcodecs.Blosc("zstd"), 2), filters=f"[{BLOSC_2}]"
    ),
    "10^6 colours": described('"image-label": {"colors": [#]}', '{"label-value": #, "rgba": [1, 2, 3, 4]}'),
    "10^6 properties": described('"image-label": {"properties": [#]}', '{"label-value": #}'),
    "10^6 channels": described('"omero": {"channels": [#]}', '{"color": "FF0000", "label": "#"}'),
    "10^6 channels that are none": described('"omero": {"channels": [#]}', "#"),
    "10^6 levels": image(paths=range(MANY)),
    "10^6 times one level": image(paths=[0] * MANY),
    "10^6 axes": image(axes="y" * MANY),
    "10^6 multiscales": document(lambda: f'{{"ome": {{"version": "0.5", "multiscales": [{listed(MANY, "{}")}]}}}}'),
    "10^6 labels": labels,
    "10^6 unknown keys": described("#", '"k#": #'),
    "10^6 attributes": document(lambda: f"{{{listed(MANY, QUOTED)}}}"),
}  # fmt: skip


def main() -> None:
    if len(sys.argv) == 1:
        print("\n".join(INPUTS))
    else:
        print(INPUTS[sys.argv[2]](Path(sys.argv[1])))


if __name__ == "__main__":
    main()
