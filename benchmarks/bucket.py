"""What omezarr moves to and from a bucket, beside what its client moves raw: ``python benchmarks/bucket.py``.

Starts an S3 server in a process of its own (moto, in memory), writes an image to it and reads it, and has the same
client (s3fs) put and get the same objects, as many at a time, and nothing else. Both in turn; prints medians and what
part of the raw throughput omezarr reaches. moto takes a core for itself, so on a small machine the server is the limit
of both. Needs ``omezarr[s3]`` and ``moto[server]``.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import time
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

CHUNK = 512
AT_ONCE = 16


def serve(told: Connection) -> None:
    """Run the server until this process is ended, and tell where it is."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    told.send("http://{}:{}".format(*server.get_host_and_port()))
    time.sleep(3600)


def timed(work: Callable[[], Any]) -> float:
    """Return what a work takes on the clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(endpoint: str, chunks: int, runs: int) -> dict[str, list[float]]:
    """Return the seconds of each run of each contestant."""
    import fsspec
    import numpy as np
    import s3fs

    import omezarr

    options = {"endpoint": endpoint, "key": "tester", "secret": "secret", "region": "us-east-1"}
    pixels = np.random.default_rng(0).integers(0, 2**16, (chunks, CHUNK, CHUNK), dtype="uint16")
    window = omezarr.Window(min=0, max=65535, start=0, end=65535)  # else pixels are read again, to find a contrast
    given = {
        "axes": "zyx",
        "chunks": (1, CHUNK, CHUNK),
        "levels": 1,
        "codec": "none",
        "channels": [omezarr.Channel(window=window)],
        "storage_options": options,
    }
    client = s3fs.S3FileSystem(
        key="tester",
        secret="secret",
        endpoint_url=endpoint,
        client_kwargs={"region_name": "us-east-1"},
        use_listings_cache=False,
    )
    made = urllib.request.Request(f"{endpoint}/images", method="PUT")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(made) as answer:
        assert answer.status == 200
    contents = [plane.tobytes() for plane in pixels]

    async def each(work: Callable[[int], Any]) -> None:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with turns:
                await work(number)

        await asyncio.gather(*map(one, range(chunks)))

    def raw(work: Callable[[int], Any]) -> Callable[[], Any]:
        return lambda: fsspec.asyn.sync(client.loop, each, work)

    def put(number: int) -> Any:
        return client._pipe_file(f"images/raw/{number}", contents[number])  # noqa: SLF001 - the way that fsspec offers

    def get(number: int) -> Any:
        return client._cat_file(f"images/raw/{number}")  # noqa: SLF001 - as above

    def read() -> None:
        found = omezarr.open("s3://images/image.ome.zarr", storage_options=options).levels[0].read()
        assert found.shape == pixels.shape

    works: dict[str, Callable[[], Any]] = {
        "writing, raw": raw(put),
        "writing, omezarr": lambda: omezarr.write_image("s3://images/image.ome.zarr", pixels, overwrite=True, **given),
        "reading, raw": raw(get),
        "reading, omezarr": read,
    }
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(runs + 1):
        for name, work in works.items():
            if name == "writing, omezarr" and number:
                client.rm("images/image.ome.zarr", recursive=True)
            seconds = timed(work)
            if number:
                found[name].append(seconds)
    assert np.array_equal(omezarr.open("s3://images/image.ome.zarr", storage_options=options).levels[0].read(), pixels)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=256, help="of 512 KiB each")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        found = compare(here.recv(), given.chunks, given.runs)
    finally:
        server.terminate()
    size = given.chunks * CHUNK * CHUNK * 2 / 1e6
    print("| | median, s | MB/s | of raw |\n|---|---|---|---|")
    medians = {name: statistics.median(times) for name, times in found.items()}
    for name, seconds in medians.items():
        part = medians[f"{name.partition(',')[0]}, raw"] / seconds
        print(f"| {name} | {seconds:.2f} | {size / seconds:.0f} | {part:.0%} |")


if __name__ == "__main__":
    main()
