"""What is compared: a task with its options, who does it, and which time decides."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

FAST = ("zstd", 1, "bitshuffle")
SLOW = ("zstd", 5, "shuffle")
WORK_A = {"chunks": (1, 16, 256, 256), "levels": 5}
SHAPE_A = (2, 64, 2048, 2048)

INPUTS = {
    "A.npy": ("volume", SHAPE_A),
    "small.npy": ("volume", (3, 16, 512, 512)),
    "field.npy": ("field", (2, 256, 256)),
    "shards.npy": ("volume", (2, 16, 2048, 2048)),
    "tiled.ome.tif": ("tiled_tiff", SHAPE_A),
    "pages.ome.tif": ("paged_tiff", (1, 1024, 1024, 1024)),
}
"""File to what makes it (see `inputs`) and its sizes."""

PLATE = {"rows": list("ABCDEFGH"), "columns": [str(column) for column in range(1, 13)], "levels": 3}
WRITTEN: dict[str, tuple[str, str, dict[str, Any]]] = {
    "image": ("write", "A.npy", {**WORK_A, "codec": FAST}),
    "thin": ("write", "A.npy", {"chunks": (1, 1, 256, 256), "levels": 1, "codec": FAST}),
    "shards": (
        "write",
        "shards.npy",
        {"chunks": (1, 16, 128, 128), "shards": (1, 16, 512, 512), "levels": 1, "codec": FAST},
    ),
    "plate": ("write_plate", "field.npy", PLATE),
}
"""What omezarr writes for the others to read: task, input, options."""

WRITERS = (
    "omezarr",
    "omezarr, blosc's own blocks",
    "floor",
    "floor, blosc's own blocks",
    "ome-zarr",
    "ngff-zarr",
    "zarr-python 3.1",
    "zarr-python",
)
READERS = ("omezarr", "ome-zarr", "ngff-zarr", "zarr-python 3.1", "zarr-python")


@dataclass(frozen=True)
class Work:
    """One line of business.

    Parameters
    ----------
    name : str
        For the command line.
    title, about : str
        For the table.
    task : str
        The function of `contestants`; "command" for a command line.
    given : str
        An input; what omezarr has written, from the disk; the same with "-http" behind it, from a web server that
        counts requests; with "-far-http", from one that takes 20 ms for each answer; or a number.
    contestants : tuple of str
    options : dict
        For the function; of commands, contestant to the command line.
    decides : str
        "work": the time without start and imports; "process": the whole process.
    method : str
        How level 1 of what is written is checked, see `checks`; "" if nothing is written.
    runs : int
        At most so many runs of each contestant.
    """

    name: str
    title: str
    about: str
    task: str
    given: str
    contestants: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    decides: str = "work"
    method: str = ""
    runs: int = 1000


def _places(count: int) -> list[list[tuple[int, int]]]:
    """Return planes of 256 x 256."""
    rng = random.Random(0)
    places = []
    for _ in range(count):
        c, z = rng.randrange(SHAPE_A[0]), rng.randrange(SHAPE_A[1])
        y, x = rng.randrange(SHAPE_A[2] - 256), rng.randrange(SHAPE_A[3] - 256)
        places.append([(c, c + 1), (z, z + 1), (y, y + 256), (x, x + 256)])
    return places


WORKS = (
    Work(
        "fast",
        "Writing, fast codec",
        "A (1 GiB), 5 levels by mean, blosc zstd 1 bitshuffle, chunks (1, 16, 256, 256). Where nothing is said about "
        "the blocks of blosc, omezarr takes 512 KiB, which is part of the codec in the metadata; the others leave that "
        "to blosc. Both are shown, each with its floor.",
        "write",
        "A.npy",
        WRITERS,
        {**WORK_A, "codec": FAST},
        method="mean",
    ),
    Work(
        "slow",
        "Writing, slow codec",
        "The same with blosc zstd 5 shuffle.",
        "write",
        "A.npy",
        WRITERS,
        {**WORK_A, "codec": SLOW},
        method="mean",
    ),
    Work(
        "defaults",
        "Writing, defaults against defaults",
        "A, 5 levels, everything else as each library chooses.",
        "write",
        "A.npy",
        ("omezarr", "ome-zarr", "ngff-zarr"),
        {"levels": 5},
        method="any",
    ),
    Work(
        "small",
        "Writing a small image",
        "uint16, (3, 16, 512, 512), 3 levels, fast codec, the whole process.",
        "write",
        "small.npy",
        ("omezarr", "ome-zarr", "ngff-zarr"),
        {"levels": 3, "codec": FAST, "chunks": (1, 16, 256, 256)},
        decides="process",
        method="mean",
    ),
    Work(
        "generated-1",
        "Writing 1 GiB that is made up meanwhile",
        "A dask array of random tiles, defaults, 5 levels.",
        "generate",
        "1",
        ("omezarr",),
        {"levels": 5},
        runs=3,
    ),
    Work(
        "generated-16",
        "Writing 16 GiB that is made up meanwhile",
        "The same, sixteen times as large.",
        "generate",
        "16",
        ("omezarr",),
        {"levels": 5},
        runs=1,
    ),
    Work(
        "shared",
        "Writing what is divided by its maximum",
        "x / x.max() of a dask array of 10,000 random chunks of 128 x 128 float64 (1.2 GiB), one level, defaults. The "
        "array of zarr-python is stored by dask.array.to_zarr, which holds all of it; omezarr stays within 1 GiB and "
        "computes the random numbers twice.",
        "divide",
        "12800",
        ("omezarr", "zarr-python"),
        {"chunk": 128},
        runs=3,
    ),
    Work(
        "level",
        "Reading a whole level",
        "Level 0 of A with the fast codec into one array of 1 GiB.",
        "read_level",
        "image",
        READERS,
    ),
    Work(
        "thin",
        "Reading a whole level in small chunks",
        "The same pixels in chunks of one plane, (1, 1, 256, 256): 8192 of them.",
        "read_level",
        "thin",
        ("omezarr", "zarr-python 3.1", "zarr-python"),
    ),
    Work(
        "planes",
        "Reading planes",
        "A hundred planes of 256 x 256 at random places of the same level.",
        "read_planes",
        "image",
        READERS,
        {"places": _places(100)},
    ),
    Work(
        "crops",
        "Crops through dask",
        "Twenty planes of 256 x 256 at random places of the same level, as a lazy dask array, computed one by one. The "
        "array of zarr-python is dask.array.from_zarr.",
        "read_crops",
        "image",
        ("omezarr", "zarr-python 3.1", "zarr-python"),
        {"places": _places(20)},
    ),
    Work(
        "shards-http",
        "Reading shards over HTTP",
        "256 MiB in 32 shards of 16 chunks, from a web server that takes 20 ms for each answer.",
        "read_level",
        "shards-far-http",
        ("omezarr", "zarr-python 3.1", "zarr-python"),
    ),
    Work(
        "look",
        "First look",
        "Open the image, read its smallest level; the whole process.",
        "first_look",
        "image",
        READERS,
        decides="process",
    ),
    Work(
        "look-http",
        "First look over HTTP",
        "The same from a web server on this machine.",
        "first_look",
        "image-http",
        READERS,
        decides="process",
    ),
    Work(
        "start",
        "Help",
        "What the command line takes to say what it can do.",
        "command",
        "",
        ("omezarr", "ome-zarr", "ngff-zarr"),
        {
            "omezarr": ["omezarr", "--help"],
            "ome-zarr": ["ome_zarr", "--help"],
            "ngff-zarr": ["ngff-zarr", "--help"],
        },
        decides="process",
    ),
    Work(
        "info",
        "Info",
        "What the command line takes to describe the image.",
        "command",
        "image",
        ("omezarr", "ome-zarr"),
        {"omezarr": ["omezarr", "info"], "ome-zarr": ["ome_zarr", "info"]},
        decides="process",
    ),
    Work(
        "plate",
        "Writing a plate",
        "96 wells with one field each: uint16, (2, 256, 256), 3 levels, defaults.",
        "write_plate",
        "field.npy",
        ("omezarr", "ome-zarr"),
        PLATE,
    ),
    Work(
        "plate-http",
        "Opening a plate over HTTP",
        "The plate, all its fields and the shapes of their first levels, no pixels.",
        "open_plate",
        "plate-http",
        ("omezarr", "ome-zarr"),
        PLATE,
    ),
    Work(
        "tiff",
        "Converting an OME-TIFF",
        "A (1 GiB) in tiles of 256 x 256, 5 levels, defaults, the whole process; ome-zarr with tifffile and dask, "
        "as its users do it. ngff-zarr 0.50 takes the axes c, z, y, x of the file for z, y, x, c, and is left out.",
        "convert",
        "tiled.ome.tif",
        ("omezarr", "ome-zarr"),
        {"levels": 5},
        decides="process",
        method="any",
    ),
    Work(
        "tiff-pages",
        "Converting an OME-TIFF of many pages",
        "2 GiB in 1024 pages of 1024 x 1024 in strips, 3 levels.",
        "convert",
        "pages.ome.tif",
        ("omezarr",),
        {"levels": 3},
        decides="process",
        method="any",
    ),
)
