"""The server: what it answers, to whom, and what it never does."""

from __future__ import annotations

import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import urlopen

import numpy as np
import pytest
import zarr
from PIL import Image
from zarr.core.buffer import default_buffer_prototype
from zarr.storage import LocalStore

import omezarr
from omezarr.cli import run
from omezarr.errors import ArgumentError, LocationNotFoundError
from omezarr.hierarchy import run as run_coroutine
from omezarr.rendering import PictureRequest, render
from omezarr.serving import fence
from omezarr.serving.library import Library
from omezarr.serving.server import BackgroundServer
from omezarr.serving.studio import Cache, Studio
from omezarr.settings import available_cores
from tests.rendering.reference import write_levels

if TYPE_CHECKING:
    from omezarr.abc import Viewer


class Asker:
    """Asks a server with any path and headers."""

    def __init__(self, server: BackgroundServer) -> None:
        parts = urlsplit(server.url)
        self.port, self.token = parts.port, parts.path.strip("/")

    def __call__(
        self, path: str, headers: dict[str, str] | None = None, /, *, token: str | None = None, **query: object
    ):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        text = f"?{urlencode(query, doseq=True)}" if query else ""
        try:
            connection.request("GET", f"/{self.token if token is None else token}/{path}{text}", headers=headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def json(self, name: str, /, **query: object):
        response, body = self(f"api/{name}", **query)
        return response.status, json.loads(body)

    def picture(self, name: str, /, **query: object) -> np.ndarray:
        response, body = self(f"api/{name}", **query)
        assert response.status == 200, body
        return np.asarray(Image.open(io.BytesIO(body)))


@pytest.fixture
def serve():
    """Serve something, and see that no thread is left when it is closed."""
    before = {thread.name for thread in threading.enumerate()}
    servers = []

    def start(location: object, *, cors: str | None = None, viewer: Viewer | None = None, **options: object) -> Asker:
        server = BackgroundServer(Library(location, omezarr.default_registry(), **options), cors=cors, viewer=viewer)
        servers.append(server)
        return Asker(server.__enter__())

    yield start
    for server in servers:
        server.close()
    left = {thread.name for thread in threading.enumerate()} - before
    assert [name for name in left if name.startswith(("omezarr-serve", "omezarr-sample"))] == []


@pytest.fixture
def image(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 1000, (2, 3, 700, 900)).astype("uint16")
    labels = np.zeros((700, 900), "uint16")
    labels[100:200, 100:300] = 5
    levels = [pixels[..., ::step, ::step] for step in (1, 2)]
    scale = {"z": 2.0, "y": 0.5, "x": 0.5}
    write_levels(LocalStore(tmp_path / "a.zarr"), levels, "czyx", scale=scale, chunks=(1, 1, 256, 256))
    group = zarr.create_group(LocalStore(tmp_path / "a.zarr"), path="labels", zarr_format=3)
    group.attrs.update({"ome": {"version": "0.5", "labels": ["cells"]}})
    about = {"properties": [{"label-value": 5, "kind": "<b>neuron</b>", "area": 20000}]}
    write_levels(LocalStore(tmp_path / "a.zarr"), [labels], "yx", path="labels/cells", **{"image-label": about})
    return tmp_path / "a.zarr"


def test_the_page_and_its_files_are_served_with_a_policy(image, serve):
    ask = serve(image)
    for path, kind in (("", "text/html"), ("page/main.js", "text/javascript"), ("page/style.css", "text/css")):
        response, body = ask(path)
        assert response.status == 200
        assert response.headers["Content-Type"].startswith(kind)
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert b"http://" not in body.replace(b"http://www.w3.org", b"")
        assert b"https://" not in body


def test_nobody_is_answered_without_the_token(image, serve):
    ask = serve(image)
    for token in ("", "x", ask.token[:-1], ask.token + "x", ask.token.upper()):
        response, body = ask("api/root", token=token)
        assert (response.status, b"a.zarr" in body) == (404, False)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil"])
def test_nobody_is_answered_under_another_name(image, serve, host):
    response, body = serve(image)("api/root", {"Host": host})
    assert (response.status, b"a.zarr" in body) == (403, False)


def test_no_other_origin_may_read_unless_it_was_named(image, serve):
    ask, shared = serve(image), serve(image, cors="https://lab.example")
    for asked, origin, allowed in (
        (ask, "https://lab.example", None),
        (shared, "https://lab.example", "https://lab.example"),
        (shared, "https://evil.example", None),
    ):
        response, _ = asked("api/root", {"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == allowed
    with pytest.raises(ArgumentError, match="origin"):
        serve(image, cors="lab.example/")


@pytest.mark.parametrize("path", ["page/../main.py", "page/%2e%2e/server.py", "page/..%2fserver.py", "page/server.py"])
def test_files_beside_the_page_are_not_served(image, serve, path):
    assert serve(image)(path)[0].status == 404


@pytest.mark.parametrize("path", ["..", "../b.zarr", "/etc", "a/../../b.zarr", "b.zarr", "0", "C:\\", "http://x"])
def test_nothing_outside_of_what_was_opened_is_reachable(image, serve, path, tmp_path):
    shutil.copytree(image, tmp_path / "b.zarr")
    status, told = serve(image).json("node", path=path)
    assert status in (404, 422)
    assert "error" in told


def test_links_that_lead_outside_are_not_followed(image, serve, tmp_path):
    shutil.copytree(image, tmp_path / "other/b.zarr")
    for name in ("1/c/0/0/0/0", "labels/cells"):
        target = image / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
        target.symlink_to(tmp_path / "other/b.zarr" / name)
    ask = serve(image)
    status, told = ask.json("node", path="labels/cells")
    assert (status, "error" in told) == (404, True)
    picture = ask.picture("tile", level=1, row=0, column=0, channels="0,FFFFFF,0,1000", at="z:0")
    assert len(np.unique(picture[:256, :256])) <= 6  # the two tones of what is missing
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/inside.zarr").symlink_to(tmp_path / "other/b.zarr")
    assert serve(tmp_path / "folder", folder=True).json("items") == (200, [])


def test_an_image_is_described(image, serve):
    status, told = serve(image).json("node")
    assert status == 200
    assert (told["kind"], told["size"], told["spacing"], told["tile"]) == ("image", [700, 900], [0.5, 0.5], 512)
    assert [level["width"] for level in told["levels"]] == [900, 450]
    assert told["axes"][0] | {"unit": None} == {"name": "z", "length": 3, "spacing": 2.0, "unit": None, "index": 1}
    assert [channel["color"] for channel in told["channels"]] == ["FF0000", "00FF00"]
    assert told["labels"] == [{"name": "cells"}]


@pytest.mark.parametrize("level", [0, 1])
def test_tiles_are_what_the_renderer_draws(image, serve, level):
    ask = serve(image)
    whole = render(
        omezarr.open(image),
        PictureRequest(size=900 >> level, level=level, at={"z": 2}, windows=((0, 500), (100, 900))),
    ).pixels
    query = {"level": level, "at": "z:2", "channels": "0,FF0000,0,500;1,00FF00,100,900"}
    for row in range(2 - level):
        for column in range(2 - level):
            tile = ask.picture("tile", row=row, column=column, **query)
            part = whole[row * 512 : (row + 1) * 512, column * 512 : (column + 1) * 512]
            np.testing.assert_array_equal(tile, part)


def test_labels_are_tiles_with_transparency(image, serve):
    tile = serve(image).picture("label-tile", level=0, row=0, column=0, labels="cells")
    assert tile.shape == (512, 512, 4)
    assert (tile[100:200, 100:300, 3] == 255).all()
    assert tile[..., 3].sum() == 255 * 100 * 200
    outline = serve(image).picture("label-tile", level=0, row=0, column=0, labels="cells", outline=1)
    assert outline[150, 200, 3] == 0
    assert outline[100, 200, 3] == 255


def test_values_and_properties_are_told_as_text(image, serve):
    ask = serve(image)
    pixels = omezarr.open(image).levels[0].read()
    status, told = ask.json("values", row=150, column=250, at="z:1", labels=["cells"])
    assert (status, told) == (200, {"values": pixels[:, 1, 150, 250].tolist(), "labels": {"cells": 5}})
    status, told = ask.json("labels", name="cells")
    assert told["properties"] == {"5": {"kind": "<b>neuron</b>", "area": 20000}}


def test_a_histogram_counts_the_smallest_level(image, serve):
    status, told = serve(image).json("histogram", channel=1, at="z:1")
    values = omezarr.open(image).levels[1].read()[1, 1]
    assert (status, told["low"], told["high"], sum(told["counts"])) == (200, values.min(), values.max(), values.size)
    assert told["window"] == np.percentile(values, [1.0, 99.8], method="nearest").tolist()


def test_what_is_too_large_has_levels_of_tiles_that_read_few_chunks(tmp_path, serve):
    group = zarr.create_group(LocalStore(tmp_path), zarr_format=3)
    array = group.create_array("0", shape=(100_000, 200_000), chunks=(512, 512), dtype="uint8")
    array[:512, :512] = 9
    group.attrs.update({"ome": {"version": "0.5", "multiscales": [{"datasets": [{"path": "0"}]}]}})
    ask = serve(tmp_path)
    status, told = ask.json("node")
    assert status == 200
    last = len(told["levels"]) - 1
    assert (last, told["levels"][last]["width"]) == (9, 391)
    assert ask.picture("tile", level=last, row=0, column=0, channels="0,FFFFFF,0,9").shape == (196, 391, 3)


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("tile", {"level": 9, "row": 0, "column": 0}, 400),
        ("tile", {"level": 0, "row": 5, "column": 0}, 400),
        ("tile", {"level": 0, "row": -1, "column": 0}, 400),
        ("tile", {"level": 0, "row": 0}, 400),
        ("tile", {"level": 0, "row": 0, "column": 0, "at": "z"}, 400),
        ("tile", {"level": 0, "row": 0, "column": 0, "at": "z:99"}, 400),
        ("tile", {"level": 0, "row": 0, "column": 0, "channels": "0,red,0,1"}, 400),
        ("tile", {"level": 0, "row": 0, "column": 0, "channels": "0,FF0000,0,nan"}, 400),
        ("tile", {"level": 0, "row": 0, "column": 0, "projection": "sum"}, 400),
        ("label-tile", {"level": 0, "row": 0, "column": 0, "labels": "nothing"}, 404),
        ("label-tile", {"level": 0, "row": 0, "column": 0}, 400),
        ("values", {"row": 10**9, "column": 0}, 400),
        ("histogram", {"channel": 7}, 400),
        ("labels", {"name": "nothing"}, 404),
        ("node", {"item": "b.zarr"}, 404),
        ("picture", {"size": 0}, 400),
        ("nothing", {}, 404),
    ],
)
def test_what_makes_no_sense_is_told_in_words(image, serve, name, query, status):
    response, body = serve(image)(f"api/{name}", **query)
    assert response.status == status
    assert body


def test_broken_data_is_told_and_the_rest_is_served(image, serve):
    (image / "0/c/0/0/0/0").write_bytes(b"no chunk")
    (image / "1/zarr.json").write_text("{")
    ask = serve(image)
    status, told = ask.json("node")
    assert status == 200
    assert any("level '1'" in note for note in told["notes"])
    query = {"level": 0, "row": 0, "column": 0, "at": "z:0", "channels": "0,FFFFFF,0,1000"}
    assert ask.picture("tile", **query).shape == (512, 512, 3)


def test_a_plate_and_its_wells_are_served(tmp_path, serve):
    wells = {"A/1": {"0": np.full((8, 8), 9, "uint8")}, "B/2": {"0": np.full((8, 8), 9, "uint8")}}
    omezarr.write_plate(tmp_path / "p.zarr", wells, rows=["A", "B"], columns=["1", "2"], axes="yx")
    ask = serve(tmp_path / "p.zarr")
    status, told = ask.json("node")
    assert (status, told["kind"], told["rows"], told["columns"]) == (200, "plate", ["A", "B"], ["1", "2"])
    assert [(well["row"], well["column"]) for well in told["wells"]] == [(0, 0), (1, 1)]
    assert ask.json("node", path="B/2")[1]["children"] == ["0"]
    assert ask.json("node", path="B/2/0")[1]["size"] == [8, 8]
    assert ask.picture("picture", size=300).shape == (300, 300, 3)


def test_a_folder_is_served_with_what_is_found_in_it(tmp_path, serve):
    for name in ("one/a.zarr", "two/b.zarr"):
        omezarr.write_image(tmp_path / name, np.ones((8, 8), "uint8"), axes="yx")
    (tmp_path / "notes.txt").write_text("secret")
    ask = serve(tmp_path, folder=True)
    assert ask.json("root")[1]["folder"] is True
    assert [row["path"] for row in ask.json("items")[1]] == ["one/a.zarr", "two/b.zarr"]
    assert str(tmp_path) not in json.dumps(ask.json("items")[1])
    assert ask.json("node", item="two/b.zarr")[1]["size"] == [8, 8]
    for item in ("..", "one", "notes.txt", "one/../two/b.zarr"):
        assert ask.json("node", item=item)[0] == 404


def test_what_is_not_there_is_refused_before_anything_is_served(tmp_path):
    for folder in (False, True):
        with pytest.raises(LocationNotFoundError):
            Library(tmp_path / "nothing", omezarr.default_registry(), folder=folder)


def test_a_view_reads_each_chunk_once_over_http(image, http_server, serve):
    shutil.copytree(image, http_server.root / "a.zarr")
    ask = serve(f"{http_server.url}/a.zarr")
    assert ask.json("node")[0] == 200
    query = {"level": 0, "at": "z:1"}
    for window in (500, 600, 700):
        for row in range(2):
            for column in range(2):
                ask.picture("tile", row=row, column=column, channels=f"0,FF0000,0,{window}", **query)
    chunks = {path: count for path, count in http_server.counts.items() if "/0/c/" in path}
    assert len(chunks) == 12
    assert set(chunks.values()) == {1}


def test_a_view_reads_each_chunk_once_from_s3(image, s3_server, serve):
    bucket = s3_server.bucket()
    for file in image.rglob("*"):
        if file.is_file():
            s3_server.put(bucket, f"a.zarr/{file.relative_to(image)}", file.read_bytes())
    library = Library(f"s3://{bucket}/a.zarr", omezarr.default_registry(), storage_options=s3_server.options)
    asked = []
    store = library.root("").hierarchy.store._store
    through = store.get

    async def get(key, *given):
        asked.append(key)
        return await through(key, *given)

    store.get = get
    with BackgroundServer(library) as server:
        ask = Asker(server)
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1), (0, 0)):
            ask.picture("tile", level=0, row=row, column=column, at="z:1", channels="0,FF0000,0,500")
    chunks = [key for key in asked if "0/c/" in key]
    assert len(chunks) == len(set(chunks)) == 12


def test_many_clients_are_served_at_once(image, serve):
    ask = serve(image)

    def pan(client: int) -> set[int]:
        found = set()
        for step in range(8):
            place = {"row": step % 2, "column": (step // 2) % 2, "level": 0}
            query = {"at": f"z:{client % 3}", "channels": f"0,FF0000,0,{500 + client}"}
            found.add(ask("api/tile", **place, **query)[0].status)
        return found

    with ThreadPoolExecutor(20) as clients:
        assert set().union(*clients.map(pan, range(20))) == {200}


def test_what_is_no_longer_wanted_is_not_drawn(image, serve, monkeypatch):
    ask = serve(image)
    ask.json("node")
    begun, free, drawn = threading.Semaphore(0), threading.Event(), []

    def tile(self, item, path, place, request):
        drawn.append(place)
        begun.release()
        free.wait(20)
        return b""

    monkeypatch.setattr(Studio, "tile", tile)
    clients = [http.client.HTTPConnection("127.0.0.1", ask.port, timeout=30) for _ in range(40)]
    for client in clients:
        client.request("GET", f"/{ask.token}/api/tile?level=0&row=0&column=0")
    assert begun.acquire(timeout=20)
    for client in clients:
        client.close()
    for _ in range(3):
        ask.json("root")  # is answered after it was seen that the others have gone
    free.set()
    assert ask.json("node")[0] == 200  # waited for a thread behind all of them
    assert len(drawn) <= max(2, available_cores())  # as many as had begun


def test_what_is_kept_is_bounded_however_many_ask():
    kept: Cache[bytes] = Cache(10_000, len)
    with ThreadPoolExecutor(20) as clients:
        found = list(
            clients.map(lambda number: kept.get(number % 150, lambda: bytes([number % 150]) * 900), range(3000))
        )
    assert [value[0] for value in found] == [number % 150 for number in range(3000)]
    assert sum(map(len, kept._values.values())) == kept._used
    assert 9_000 < kept._used <= 10_000


def test_what_came_over_a_network_is_kept_within_a_bound(image, http_server, monkeypatch):
    shutil.copytree(image, http_server.root / "a.zarr")
    for number in range(30):
        (http_server.root / "a.zarr" / str(number + 10)).write_bytes(bytes(2_000))
    monkeypatch.setattr(fence, "KEPT_BYTES", 20_000)
    hierarchy = omezarr.open(f"{http_server.url}/a.zarr").hierarchy
    store = fence.FencedStore(hierarchy.store, hierarchy.path)
    for _ in range(2):
        for number in range(60):
            found = run_coroutine(store.get(f"{hierarchy.path}/{number + 10}".lstrip("/"), default_buffer_prototype()))
            assert (found is None) is (number >= 30)
    held = [value for value in store._kept.values() if value is not None]
    assert store._size == sum(map(len, held)) + fence.ENTRY_BYTES * len(store._kept)
    assert 0 < store._size <= 20_000


def test_a_store_that_answers_slowly_does_not_stop_the_page(image, http_server, serve):
    shutil.copytree(image, http_server.root / "a.zarr")
    ask = serve(f"{http_server.url}/a.zarr")
    ask.json("node")
    http_server.hang = 1.5
    with ThreadPoolExecutor(1) as other:
        query = {"level": 0, "row": 0, "column": 0, "channels": "0,FF0000,0,9"}
        slow = other.submit(lambda: ask("api/tile", **query)[0].status)
        begun = time.monotonic()
        assert ask.json("root")[0] == 200
        assert not slow.done() or time.monotonic() - begun > 1.5
        assert slow.result() == 200


def test_the_command_prints_its_address_takes_another_port_and_stops(image, tmp_path):
    code = "from omezarr.cli import main; main()"
    processes = []
    try:
        for _ in range(2):
            words = [sys.executable, "-c", code, "view", str(image), "--no-browser", "--port", "18765"]
            processes.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        urls = [process.stdout.readline().strip() for process in processes]
        ports = {urlsplit(url).port for url in urls}
        assert len(ports) == 2
        assert len({urlsplit(url).path for url in urls}) == 2
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            _, error = process.communicate(timeout=20)
            assert process.returncode == 0, error
            assert "Stopped." in error
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()


def test_finder_opens_the_page_of_its_table(image, capsys):
    assert run(["finder", str(image.parent), "--browser", "--json"]) == 2
    assert "--browser opens a page" in capsys.readouterr().err
    code = "import webbrowser; webbrowser.open = print; from omezarr.cli import main; main()"
    words = [sys.executable, "-c", code, "finder", str(image.parent), "--browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        with urlopen(f"{url}api/items") as answer:
            assert [row["path"] for row in json.load(answer)] == ["a.zarr"]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_names_with_marks_are_found(tmp_path, serve):
    name = "a &?#ü.zarr"
    omezarr.write_image(tmp_path / name, np.ones((8, 8), "uint8"), axes="yx")
    ask = serve(tmp_path, folder=True)
    assert ask.json("items")[1][0]["path"] == name
    assert ask(f"api/node?item={quote(name)}")[0].status == 200
    assert os.sep not in name


@pytest.fixture
def shared(image, serve):
    return serve(image, viewer=omezarr.default_registry().viewers["vizarr"])


SITE = "https://hms-dbmi.github.io"


def test_the_raw_hierarchy_is_served_for_one_viewer_alone(image, shared, serve):
    response, body = shared("raw/zarr.json", {"Origin": SITE})
    assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (200, SITE)
    assert body == (image / "zarr.json").read_bytes()
    for origin in ("https://evil.example", "null", f"{SITE}.evil.example"):
        assert shared("raw/zarr.json", {"Origin": origin})[0].headers["Access-Control-Allow-Origin"] is None
    assert shared("api/root", {"Origin": SITE})[0].headers["Access-Control-Allow-Origin"] is None
    assert serve(image)("raw/zarr.json", {"Origin": SITE})[0].status == 404


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        (None, 200, slice(None)),
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=5-", 206, slice(5, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=0-999999999", 206, slice(None)),
        ("bytes=999999999-", 416, None),
        ("bytes=x", 200, slice(None)),
    ],
)
def test_objects_are_sent_whole_or_in_part(image, shared, asked, status, part):
    response, body = shared("raw/0/c/0/0/0/0", {"Range": asked} if asked else {})
    content = (image / "0/c/0/0/0/0").read_bytes()
    assert response.status == status
    if part is not None:
        assert body == content[part]
        assert int(response.headers["Content-Length"]) == len(body)


@pytest.mark.parametrize(
    "key", ["nothing", "../b.zarr/zarr.json", "..%2fb.zarr%2fzarr.json", "%2fetc%2fpasswd", "0", ""]
)
def test_no_raw_object_outside_is_sent(image, shared, key, tmp_path):
    shutil.copytree(image, tmp_path / "b.zarr")
    (image / "link").symlink_to(tmp_path / "b.zarr/zarr.json")
    assert shared(f"raw/{key}")[0].status == 404
    assert shared("raw/link")[0].status == 404


def test_browsers_may_ask_before_they_read(shared):
    connection = http.client.HTTPConnection("127.0.0.1", shared.port)
    connection.request("OPTIONS", f"/{shared.token}/raw/zarr.json", headers={"Origin": SITE})
    response = connection.getresponse()
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    connection.close()


@pytest.mark.parametrize("name", ["neuroglancer", "vizarr", "validator", "https://lab.example/v?a=1"])
def test_another_viewer_is_named_with_where_it_reads(image, name):
    words = [sys.executable, "-c", "from omezarr.cli import main; main()", "view", str(image), "--no-browser"]
    words += ["--with", name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert "over the internet" in told
    assert re.search(r"http%3A%2F%2F127\.0\.0\.1%3A\d+%2F[\w-]+%2Fraw", address)
    assert ("labels%2Fcells" in address) is (name == "neuroglancer")


def test_a_viewer_that_nobody_provides_is_an_error(image, capsys):
    assert run(["view", str(image), "--with", "vizar", "--no-browser"]) == 2
    assert "did you mean 'vizarr'" in capsys.readouterr().err


def test_of_many_channels_those_that_are_shown_are_measured(tmp_path, serve):
    group = zarr.create_group(LocalStore(tmp_path), zarr_format=3)
    array = group.create_array("0", shape=(10**6, 8, 8), chunks=(1, 8, 8), dtype="uint8")
    array[1000] = 7
    axes = [{"name": "c", "type": "channel"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
    group.attrs.update({"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [{"path": "0"}]}]}})
    ask = serve(tmp_path)
    told = ask.json("node")[1]
    assert [channel["window"] is None for channel in told["channels"]] == [False] * 7 + [True] * 1017
    assert told["notes"] == ["the first 1024 of 1000000 channels can be chosen"]
    assert ask.picture("tile", level=0, row=0, column=0, channels="1000,FF0000,0,7").tolist()[0][0] == [255, 0, 0]


def test_axes_are_chosen_by_whatever_name_they_have(tmp_path, serve):
    pixels = np.arange(3 * 64, dtype="uint8").reshape(3, 8, 8)
    write_levels(LocalStore(tmp_path), [pixels], "zyx")
    document = json.loads((tmp_path / "zarr.json").read_text())
    name = "<b>:,;%&#"
    document["attributes"]["ome"]["multiscales"][0]["axes"][0]["name"] = name
    (tmp_path / "zarr.json").write_text(json.dumps(document))
    ask = serve(tmp_path)
    assert ask.json("node")[1]["axes"][0]["name"] == name
    tile = ask.picture("tile", level=0, row=0, column=0, at=f"{quote(name, safe='')}:2", channels="0,FFFFFF,0,255")
    np.testing.assert_array_equal(tile[..., 0], pixels[2])


def test_labels_that_cannot_be_read_do_not_hide_the_image(image, serve):
    (image / "labels/zarr.json").write_text("{")
    ask = serve(image)
    assert any("labels cannot be read" in note for note in ask.json("node")[1]["notes"])
    assert ask.picture("picture", size=64).shape == (50, 64, 3)


@pytest.mark.parametrize("scale", [(0.0, 1e300), (1.0, 1e300), (1e-200, 1e-200), (1.0, 1e6)])
def test_pixels_of_impossible_sizes_are_drawn_as_squares(tmp_path, serve, scale):
    write_levels(LocalStore(tmp_path), [np.ones((8, 8), "uint8")], "yx", scale=dict(zip("yx", scale, strict=True)))
    ask = serve(tmp_path)
    assert ask.json("node")[1]["spacing"] == [1.0, 1.0]
    assert ask.picture("picture", size=16).shape == (16, 16, 3)
