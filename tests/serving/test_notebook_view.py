"""The widget of notebooks: questions through the kernel's connection, answered as the server answers them."""

from __future__ import annotations

import builtins
import io
import json
import queue
import threading

import numpy as np
import pytest
from PIL import Image
from zarr.storage import LocalStore, MemoryStore

import omezarr
from omezarr.errors import MissingDependencyError
from omezarr.rendering import PictureRequest, render
from tests.rendering.reference import write_levels

pytest.importorskip("anywidget", reason="anywidget is not installed")
comm = pytest.importorskip("comm")


class Connection(comm.base_comm.BaseComm):
    """Stands for the connection of a kernel: what is sent waits to be read."""

    def __init__(self, **settings: object) -> None:
        self.sent: queue.Queue[tuple[dict, list]] = queue.Queue()
        super().__init__(**settings)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if (data or {}).get("method") == "custom":
            self.sent.put((data["content"], buffers))

    def receive(self, **content: object) -> None:
        self.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    def ask(self, name: str, query: str = "") -> tuple[dict, bytes]:
        self.receive(view="v", id=1, name=name, query=query)
        content, (body,) = self.sent.get(timeout=20)
        assert (content["view"], content["id"]) == ("v", 1)
        return content, bytes(body)


@pytest.fixture
def show(monkeypatch):
    """Show a node; in the end the widgets are closed and no thread is left."""
    monkeypatch.setattr(comm, "create_comm", Connection)
    widgets = []

    def start(node: omezarr.Node, **settings: object) -> Connection:
        widgets.append(node.view(**settings))
        return widgets[-1].comm

    yield start
    for widget in widgets:
        widget.close()
    for thread in threading.enumerate():
        if thread.name.startswith("omezarr-view"):
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def image():
    store = MemoryStore()
    pixels = np.random.default_rng(0).integers(0, 1000, (2, 300, 400)).astype("uint16")
    write_levels(store, [pixels, pixels[:, ::2, ::2]], "cyx")
    return omezarr.open(store)


def test_pictures_and_facts_come_through_the_connection(image, show):
    ask = show(image).ask
    told, body = ask("node")
    assert (told["status"], told["kind"], json.loads(body)["size"]) == (200, "application/json", [300, 400])
    query = "level=0&row=0&column=0&channels=0,FF0000,0,500;1,00FF00,100,900"
    told, body = ask("tile", query)
    assert (told["status"], told["kind"]) == (200, "image/png")
    expected = render(image, PictureRequest(size=400, level=0, windows=((0, 500), (100, 900)))).pixels
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(body))), expected)


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("tile", "level=9&row=0&column=0", 400),
        ("node", "path=nowhere", 404),
        ("evil", "", 404),
        ("tile", "a=1&" * 2000, 400),
    ],
)
def test_what_makes_no_sense_is_told_in_words(image, show, name, query, status):
    told, body = show(image).ask(name, query)
    assert told["status"] == status
    assert json.loads(body)["error"]


@pytest.mark.parametrize("content", [{}, {"view": 1}, {"view": "v", "id": "1", "name": "node"}, {"view": "v", "id": 1}])
def test_messages_of_another_form_are_left_alone(image, show, content):
    connection = show(image)
    connection.receive(**content)
    assert connection.ask("root")[0]["status"] == 200
    assert connection.sent.empty()


def test_a_child_is_shown_as_it_was_opened(tmp_path, show):
    wells = {"A/1": {"0": np.full((8, 8), 9, "uint8")}}
    omezarr.write_plate(tmp_path / "p.zarr", wells, rows=["A"], columns=["1"], axes="yx")
    well = omezarr.open(tmp_path / "p.zarr").children["A/1"]
    told, body = show(well).ask("node", "path=0")
    assert (told["status"], json.loads(body)["size"]) == (200, [8, 8])


def test_what_is_no_longer_wanted_is_not_drawn(image, show, monkeypatch):
    from omezarr.serving.studio import Studio

    free, drawn = threading.Event(), []

    def tile(self, item, path, place, request):
        drawn.append(place)
        free.wait(20)
        return b""

    monkeypatch.setattr(Studio, "tile", tile)
    connection = show(image)
    for number in range(40):
        connection.receive(view="v", id=number, name="tile", query=f"level=0&row={number}&column=0")
    for number in range(1, 40):
        connection.receive(view="v", cancel=number)
    free.set()
    assert connection.sent.get(timeout=20)[0]["id"] == 0
    assert connection.ask("root")[0]["status"] == 200
    assert len(drawn) <= 8  # as many as are drawn at once; the others had not begun


def test_links_that_lead_outside_are_not_followed(tmp_path, show):
    write_levels(LocalStore(tmp_path / "a.zarr"), [np.ones((8, 8), "uint8")], "yx")
    write_levels(LocalStore(tmp_path / "b.zarr"), [np.ones((8, 8), "uint8")], "yx")
    (tmp_path / "a.zarr/labels").symlink_to(tmp_path / "b.zarr")
    assert show(omezarr.open(tmp_path / "a.zarr")).ask("node", "path=labels")[0]["status"] == 404


def test_without_anywidget_the_extra_is_named(image, monkeypatch):
    through = builtins.__import__

    def refusing(name, *given, **more):
        if name.startswith("anywidget"):
            raise ImportError(name)
        return through(name, *given, **more)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(MissingDependencyError, match=r"omezarr\[notebook\]"):
        image.view()
