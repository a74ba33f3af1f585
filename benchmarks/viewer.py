"""How quick pictures, tiles and the viewer are: one JSON object with what each took, in milliseconds.

    python benchmarks/viewer.py FOLDER [SIDE]

writes an image of 3 channels and 4 planes of SIDE x SIDE uint16 (default 8192) into FOLDER, and measures on it. Files
are in the page cache, as they are while somebody pans.
"""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

CLIENTS = 20
STEPS = 30


def spread(values: list[float]) -> dict[str, float]:
    """Return the middle and the slow end of times in seconds, in milliseconds."""
    ordered = sorted(values)
    slow = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"median": round(statistics.median(ordered) * 1000, 1), "p95": round(slow * 1000, 1)}


def make_image(path: Path, side: int) -> None:
    """Write an image that compresses like a micrograph: a smooth field under noise."""
    import omezarr

    random = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side]
    field = (500 + 400 * np.sin(x / 40) * np.cos(y / 55)).astype("uint16")
    planes = [field + random.integers(0, 120, field.shape, dtype="uint16") for _ in range(3)]
    pixels = np.stack([np.stack([plane + 10 * z for z in range(4)]) for plane in planes])
    omezarr.write_image(path, pixels, axes="czyx", scale=0.3, units="micrometer", chunks=(1, 1, 512, 512))


class Client:
    """Asks the server of the viewer."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection("127.0.0.1", parts.port)
        self.prefix = parts.path

    def ask(self, path: str) -> float:
        """Return how many seconds an answer took."""
        begun = time.perf_counter()
        self.connection.request("GET", f"{self.prefix}{path}")
        response = self.connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return time.perf_counter() - begun


def tile(row: int, column: int, z: int, high: int = 1200, channels: int = 3) -> str:
    """Return the path of a tile of the largest level."""
    chosen = ";".join(f"{c},{color},100,{high}" for c, color in enumerate(("FF0000", "00FF00", "0000FF")[:channels]))
    return f"api/tile?level=0&row={row}&column={column}&at=z:{z}&channels={chosen}"


def main() -> None:
    """Measure."""
    folder, side = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8192
    path = folder / "image.ome.zarr"
    make_image(path, side)
    found: dict[str, object] = {"side": side}
    code = "from omezarr.cli import main; main()"
    begun = time.perf_counter()
    words = [sys.executable, "-c", code, "view", str(path), "--no-browser", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        found["until the page can be loaded"] = round((time.perf_counter() - begun) * 1000, 1)
        client = Client(url)
        begun = time.perf_counter()
        for part in ("", "page/main.js", "api/root", "api/node"):
            client.ask(part)
        last = "api/tile?level=4&row=0&column=0&at=z:2&channels=0,FF0000,100,1200" if side == 8192 else tile(0, 0, 2)
        client.ask(last)
        found["from loading the page to the first picture"] = round((time.perf_counter() - begun) * 1000, 1)
        count = side // 512
        places = [(i // count % count, i % count) for i in range(min(60, count * count))]
        found["a tile of one channel"] = spread([client.ask(tile(*place, 0, channels=1)) for place in places])
        found["a tile of three channels"] = spread([client.ask(tile(*place, 1)) for place in places])
        again = [client.ask(tile(*place, 1, high=900)) for place in places]
        found["the same tile in another contrast"] = spread(again)

        def pan(number: int) -> list[float]:
            one = Client(url)
            return [one.ask(tile((number + i) % count, i % count, number % 4, 1000 + number)) for i in range(STEPS)]

        with ThreadPoolExecutor(CLIENTS) as clients:
            begun = time.perf_counter()
            times = [second for client_times in clients.map(pan, range(CLIENTS)) for second in client_times]
            elapsed = time.perf_counter() - begun
        found[f"a tile while {CLIENTS} clients pan"] = spread(times)
        found["tiles a second while they do"] = round(len(times) / elapsed, 1)
        status = Path(f"/proc/{process.pid}/status").read_text()
        found["peak memory of the server in MiB"] = int(status.partition("VmHWM:")[2].split()[0]) // 1024
        found["threads of the server"] = int(status.partition("Threads:")[2].split()[0])
        process.terminate()
        process.wait()
    found["a thumbnail of 256 pixels"] = spread(thumbnails(path))
    print(json.dumps(found, indent=2))


def thumbnails(path: Path) -> list[float]:
    """Return how long thumbnails take, opening included."""
    import omezarr

    taken = []
    for _ in range(10):
        begun = time.perf_counter()
        omezarr.open(path).thumbnail(size=256)
        taken.append(time.perf_counter() - begun)
    return taken


if __name__ == "__main__":
    main()
