"""The page in a real browser: what it shows, what it asks for, and that nothing from data ever runs."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import time
from urllib.parse import urlsplit

import numpy as np
import pytest
import zarr
from PIL import Image
from zarr.storage import LocalStore

import omezarr
from omezarr.model import Affine, CoordinateSystem, SystemReference, Translation, conventional_axes
from omezarr.rendering import PictureRequest, render
from omezarr.serving.library import Library
from omezarr.serving.server import BackgroundServer
from omezarr.testing.stores import SlowStore
from tests.rendering.reference import write_levels

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; apt-get install chromium"),
]

EVIL = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Visitor:
    """A page of the browser, and what went wrong on it."""

    def __init__(self, page, url: str) -> None:
        self.page, self.url = page, url
        self.troubles: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", lambda dialog: self.troubles.append(dialog.message))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, fragment: str = "", *, settled: bool = True) -> Visitor:
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}{fragment}")
        return self.settled() if settled else self

    def settled(self) -> Visitor:
        self.page.wait_for_timeout(120)  # for what waits for a pause, such as a filter
        self.page.wait_for_selector("#stage[aria-busy=false]")
        return self

    def canvas(self) -> np.ndarray:
        address = self.page.evaluate("document.getElementById('view').toDataURL()")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))[..., :3]

    def level(self) -> int:
        return int(self.page.get_attribute("#view", "data-level"))

    def tiles(self) -> list[str]:
        return [url for url in self.asked if "/api/tile" in url]


@pytest.fixture
def visit(browser):
    """Open a page; in the end, no error was on it and no request left this machine."""
    servers, visitors = [], []
    context = browser.new_context(viewport={"width": 1100, "height": 760})

    def start(location: object, fragment: str = "", *, settled: bool = True, **options: object) -> Visitor:
        server = BackgroundServer(Library(location, omezarr.default_registry(), **options))
        servers.append(server)
        visitors.append(Visitor(context.new_page(), server.__enter__().url))
        return visitors[-1].open(fragment, settled=settled)

    yield start
    context.close()
    for server in servers:
        server.close()
    for visitor in visitors:
        assert visitor.troubles == []
        assert {urlsplit(url).hostname for url in visitor.asked if not url.startswith(("blob:", "about:"))} == {
            "127.0.0.1"
        }


@pytest.fixture
def image(tmp_path):
    random = np.random.default_rng(0)
    full = random.integers(0, 1000, (2, 3, 600, 700)).astype("uint16")
    labels = np.zeros((600, 700), "uint16")
    labels[100:200, 100:300] = 5
    levels = [full[..., ::step, ::step] for step in (1, 2, 4)]
    channels = [
        {"label": label, "color": color, "window": {"start": 0, "end": 1000, "min": 0, "max": 1000}}
        for label, color in (("DAPI", "0000FF"), ("GFP", "00FF00"))
    ]
    place = LocalStore(tmp_path / "a.zarr")
    more = {"omero": {"channels": channels}}
    write_levels(place, levels, "czyx", scale={"z": 2.0, "y": 0.5, "x": 0.5}, chunks=(1, 1, 256, 256), **more)
    group = zarr.create_group(place, path="labels", zarr_format=3)
    group.attrs.update({"ome": {"version": "0.5", "labels": ["cells"]}})
    about = {"properties": [{"label-value": 5, "kind": "neuron"}]}
    write_levels(place, [labels], "yx", path="labels/cells", **{"image-label": about})
    return tmp_path / "a.zarr"


FULL = "#x=350&y=300&zoom=1"


def drawn(visitor: Visitor, image: object, **options: object) -> tuple[np.ndarray, np.ndarray]:
    """Return what the page shows of the image at its full size, and what the renderer draws."""
    shown = visitor.canvas()
    top, left = (shown.shape[0] + 1) // 2 - 300, (shown.shape[1] + 1) // 2 - 350
    expected = render(omezarr.open(image), PictureRequest(size=700, level=0, **options)).pixels
    part = shown[top : top + 600, left : left + 700]
    return part[:540, :500], expected[:540, :500]  # without the scale bar


def test_the_first_picture_is_that_of_the_renderer(image, visit):
    visitor = visit(image, FULL)
    np.testing.assert_array_equal(*drawn(visitor, image))
    assert visitor.level() == 0
    assert visitor.page.title() == "a.zarr – omezarr"  # noqa: RUF001 - a dash, as titles have it


def test_zooming_in_loads_finer_tiles_and_no_more_than_are_seen(image, visit):
    visitor = visit(image, "#x=350&y=300&zoom=0.2")
    assert visitor.level() == 2
    visitor.asked.clear()
    visitor.page.mouse.move(400, 380)
    for _ in range(6):
        visitor.page.mouse.wheel(0, -300)
    visitor.settled()
    assert visitor.level() == 0
    levels = {re.search(r"level=(\d)", url)[1] for url in visitor.tiles()}
    assert "0" in levels
    assert len(visitor.tiles()) <= 12


def test_the_whole_image_is_seen_at_first(image, visit):
    visitor = visit(image)
    shown = visitor.canvas()
    rows, columns = np.nonzero(shown[..., 1] > 60)
    middle = [(rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2]
    np.testing.assert_allclose(middle, [shown.shape[0] / 2, shown.shape[1] / 2], atol=12)
    assert np.ptp(rows) > 0.9 * shown.shape[0]


def test_channels_colours_and_windows_are_changed(image, visit):
    visitor = visit(image, FULL)
    visitor.page.uncheck("input[name=channel-0]")
    visitor.settled()
    np.testing.assert_array_equal(*drawn(visitor, image, channels=(1,)))
    visitor.page.fill("input[aria-label='Upper end of GFP']", "250")
    visitor.page.press("input[aria-label='Upper end of GFP']", "Enter")
    visitor.page.evaluate(
        "const i = document.querySelector('input[aria-label=\"Colour of GFP\"]');"
        "i.value = '#ff8000'; i.dispatchEvent(new Event('input'))"
    )
    visitor.settled()
    changed = {"channels": (1,), "windows": ((0, 250),), "colors": ("FF8000",)}
    np.testing.assert_array_equal(*drawn(visitor, image, **changed))
    visitor.page.uncheck("input[name=channel-1]")
    visitor.settled()
    assert drawn(visitor, image)[0].max() < 20


def test_contrast_is_set_by_the_histogram(image, visit):
    visitor = visit(image, FULL)
    visitor.page.click("text=auto >> nth=1")
    visitor.settled()
    values = omezarr.open(image).levels[2].read()[1, 1]
    low, high = np.percentile(values, [1.0, 99.8], method="nearest").tolist()
    np.testing.assert_array_equal(*drawn(visitor, image, windows=((0, 1000), (low, high))))
    box = visitor.page.locator(".histogram").nth(0).bounding_box()
    visitor.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 20)
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    visitor.page.mouse.up()
    end = float(visitor.page.input_value("input[aria-label='Upper end of DAPI']"))
    assert 450 < end < 550


def test_sliders_and_keys_choose_the_plane_and_projections_join_them(image, visit):
    visitor = visit(image, FULL)
    visitor.page.fill("input[name=z]", "2")
    visitor.settled()
    np.testing.assert_array_equal(*drawn(visitor, image, at={"z": 2}))
    visitor.page.press("#view", "[")
    visitor.page.press("#view", "[")
    visitor.settled()
    np.testing.assert_array_equal(*drawn(visitor, image, at={"z": 0}))
    visitor.page.select_option("select[name=projection]", "max")
    visitor.settled()
    np.testing.assert_array_equal(*drawn(visitor, image, projection="max"))


def test_labels_are_laid_over_and_told_under_the_pointer(image, visit):
    visitor = visit(image, FULL)
    visitor.page.check("input[name=label-cells]")
    visitor.settled()
    shown, expected = drawn(visitor, image, labels=True)
    assert np.abs(shown.astype(int) - expected).max() <= 2  # browsers mix colours in their own way
    assert np.abs(shown.astype(int) - drawn(visitor, image)[1]).max() > 50
    size = visitor.page.locator("#view").bounding_box()
    place = size["x"] + size["width"] / 2 - 200 + 0.5, size["y"] + size["height"] / 2 - 150 + 0.5
    visitor.page.mouse.move(*place)
    visitor.page.wait_for_selector("#readout:has-text('neuron')")
    told = visitor.page.text_content("#readout")
    values = omezarr.open(image).levels[0].read()[:, 1, 150, 150]
    for part in ("x 75 y 75", "pixel 150, 150", f"DAPI: {values[0]}", f"GFP: {values[1]}", "cells: 5 (kind neuron)"):
        assert part in told
    visitor.page.press("#view", "l")
    visitor.settled()
    np.testing.assert_array_equal(*drawn(visitor, image))


def test_the_scale_bar_follows_the_zoom(image, visit):
    visitor = visit(image, FULL)
    bars = [visitor.page.get_attribute("#view", "data-bar")]
    visitor.page.press("#view", "+")
    visitor.page.press("#view", "+")
    visitor.settled()
    bars.append(visitor.page.get_attribute("#view", "data-bar"))
    assert bars == ["100", "20"]


def test_dragging_keys_and_touch_move_the_view_and_a_link_restores_it(image, visit):
    visitor = visit(image, FULL)
    visitor.page.mouse.move(400, 400)
    visitor.page.mouse.down()
    visitor.page.mouse.move(300, 350)
    visitor.page.mouse.up()
    visitor.page.press("#view", "ArrowLeft")
    visitor.page.uncheck("input[name=channel-0]")
    visitor.page.check("input[name=label-cells]")
    visitor.page.fill("input[name=z]", "0")
    visitor.page.wait_for_url(re.compile(r"x=370\.0&y=350\.0&.*at=z%3A0&.*labels="))
    visitor.settled()
    fragment = "#" + urlsplit(visitor.page.url).fragment
    again = visit(image, fragment)
    np.testing.assert_array_equal(again.canvas(), visitor.canvas())
    assert again.page.is_checked("input[name=label-cells]")


def test_two_fingers_zoom_and_one_moves(image, visit):
    visitor = visit(image, FULL)
    box = visitor.page.locator("#view").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    screen = visitor.page.context.new_cdp_session(visitor.page)

    def touch(kind: str, *offsets: float) -> None:
        points = [{"x": middle[0] + offset, "y": middle[1], "id": number} for number, offset in enumerate(offsets)]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -50, 50)
    touch("touchMove", -100, 100)
    touch("touchEnd")
    visitor.page.wait_for_url(re.compile("zoom=2&"))
    touch("touchStart", 0)
    touch("touchMove", 60)
    touch("touchEnd")
    visitor.page.wait_for_url(re.compile(r"x=320\.0&y=300\.0&zoom=2&"))
    visitor.settled()
    assert visitor.level() == 0


def test_wells_are_opened_from_the_overview(tmp_path, visit):
    wells = {f"{row}/{column}": {"0": np.full((16, 16), 90, "uint8")} for row in "AB" for column in (1, 2)}
    omezarr.write_plate(tmp_path / "p.zarr", wells, rows=["A", "B"], columns=["1", "2"], axes="yx")
    visitor = visit(tmp_path / "p.zarr")
    assert visitor.page.evaluate("document.querySelector('.plate img').naturalWidth") == 1536
    visitor.page.click("button[aria-label='Well B2']")
    visitor.settled()
    visitor.page.click(".card")
    visitor.page.wait_for_selector("#view")
    visitor.settled()
    assert "path=B%2F2%2F0" in visitor.page.url
    visitor.page.click("#trail button >> nth=0")
    visitor.page.wait_for_selector(".plate")


def test_images_of_a_scene_are_in_their_places_and_opened_from_there(tmp_path, visit):
    world = {"output": SystemReference(name="world")}
    places = [
        Translation(translation=(0.0, x), input=SystemReference(name="physical", path=name), **world)
        for name, x in (("left", 0.0), ("right", 28.0))
    ]
    lost = SystemReference(name="physical", path="lost")
    places.append(Affine(affine=((0.0, 0.0, 0.0), (1.0, 1.0, 0.0)), input=lost, **world))
    images = {name: np.full((16, 16), value, "uint8") for name, value in (("left", 90), ("right", 180), ("lost", 90))}
    systems = [CoordinateSystem("world", conventional_axes("yx"))]
    window = [{"window": {"start": 0, "end": 255, "min": 0, "max": 255}}]
    omezarr.write_scene(tmp_path / "s.zarr", images, places, systems=systems, axes="yx", channels=window)
    visitor = visit(tmp_path / "s.zarr", "#x=22&y=8&zoom=8")
    shown = visitor.canvas()
    row, start = shown.shape[0] // 2, shown.shape[1] // 2 - 22 * 8
    assert [int(shown[row, start + x * 8 + 4, 0]) for x in (1, 15, 28, 42)] == [90, 90, 180, 180]
    assert int(shown[row, start + 22 * 8, 0]) < 60  # nothing is there
    assert visitor.page.locator(".card").all_text_contents() == ["lost"]
    assert "lost has no place" in visitor.page.text_content(".notes")
    box = visitor.page.locator("#view").bounding_box()
    visitor.page.mouse.move(box["x"] + start + 40 * 8, box["y"] + row)
    # The first pixel has its middle at 0.
    playwright.expect(visitor.page.locator("#readout")).to_have_text(re.compile(r"x 39\.5 y 7\.4\d* +· +right"))
    visitor.page.mouse.move(1, 1)
    visitor.page.keyboard.press("ArrowRight")
    visitor.settled()
    moved = visitor.canvas()
    np.testing.assert_array_equal(moved[row, start - 80 : start + 200], shown[row, start : start + 280])
    visitor.page.keyboard.press("-")
    visitor.settled()
    visitor.page.wait_for_url(re.compile(r"zoom=5\.3333"))
    visitor.page.click("[aria-label='Image right']")
    visitor.page.wait_for_url(re.compile("path=right"))
    visitor.page.wait_for_selector("[aria-label='Image right']")
    visitor.settled()
    shown = visitor.canvas()
    assert shown[shown.shape[0] // 2, shown.shape[1] // 2].tolist() == [180, 180, 180]


def test_thousands_of_rows_stay_fluid_and_are_sorted_filtered_and_grouped(tmp_path, visit):
    for number in range(1500):
        path = tmp_path / f"day{number % 3}/image{number}.zarr"
        path.mkdir(parents=True)
        multiscale = {"axes": [{"name": n, "type": "space"} for n in "yx"], "datasets": [{"path": "0"}]}
        ome = {"version": "0.5", "multiscales": [multiscale]}
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
        (path / "zarr.json").write_text(json.dumps(group))
    omezarr.write_image(tmp_path / "day1/real.zarr", np.arange(64, dtype="uint8").reshape(8, 8), axes="yx")
    visitor = visit(tmp_path, folder=True)
    assert visitor.page.text_content(".tools .quiet") == "1501 of 1501"
    assert visitor.page.locator(".rows .line").count() < 40
    pictures = [url for url in visitor.asked if "/api/picture" in url]
    assert len(pictures) < 40
    assert "image0.zarr" in visitor.page.text_content(".rows .line >> nth=0")
    visitor.page.click(".heads button >> nth=0")
    assert "real.zarr" not in visitor.page.text_content(".rows .line >> nth=0")
    visitor.page.check("input[name=group]")
    assert visitor.page.text_content(".rows .folder >> nth=0").startswith("day2 (500)")
    visitor.page.fill("input[type=search]", "real DAY1")
    visitor.settled()
    assert visitor.page.text_content(".tools .quiet") == "1 of 1501"
    visitor.page.click(".rows .line")
    visitor.page.wait_for_selector("#view")
    visitor.settled()
    assert visitor.canvas().max() > 200
    visitor.page.go_back()
    visitor.page.wait_for_selector(".rows")
    visitor.troubles = [text for text in visitor.troubles if "422" not in text]  # thumbnails of what has no pixels


def test_nothing_from_data_ever_runs(tmp_path, visit):
    name = EVIL.replace("/", "")
    place = LocalStore(tmp_path / "f" / name)
    pixels = np.ones((2, 8, 8), "uint8")
    channels = [{"label": EVIL, "color": "FF0000"}, {"label": "javascript:window.ran=1", "color": EVIL}]
    write_levels(place, [pixels], "cyx", name=EVIL, omero={"channels": channels})
    group = zarr.create_group(place, path="labels", zarr_format=3)
    group.attrs.update({"ome": {"version": "0.5", "labels": [name]}})
    about = {"properties": [{"label-value": 1, EVIL: EVIL}]}
    write_levels(place, [pixels[0]], "yx", path=f"labels/{name}", **{"image-label": about})
    visitor = visit(tmp_path / "f", folder=True)
    visitor.page.click(".rows .line")
    visitor.page.wait_for_selector("#view")
    visitor.settled()
    visitor.page.check("input[name^=label-]")
    visitor.page.locator("#view").hover()
    visitor.page.wait_for_selector("#readout:has-text('onerror')")
    visitor.settled()
    assert visitor.page.evaluate("window.ran") is None
    assert visitor.page.locator("img[src=x]").count() == 0
    refused = (
        "new Promise(done => { document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));"
    )
    refused += (
        " const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s); })"
    )
    assert visitor.page.evaluate(refused).startswith("script-src")
    assert visitor.page.evaluate("window.ran") is None
    visitor.troubles = [text for text in visitor.troubles if "Content Security Policy" not in text]


def test_what_is_broken_is_said_and_the_page_stays_up(image, visit):
    (image / "0/c/0/1/0/0").write_bytes(b"no chunk")
    shutil.rmtree(image / "labels/cells")
    visitor = visit(image, FULL)
    visitor.page.check("input[name=label-cells]")
    visitor.page.wait_for_selector("#message:has-text('labels/cells')")
    np.testing.assert_array_equal(drawn(visitor, image)[0][300:], drawn(visitor, image)[1][300:])
    visitor.troubles = [text for text in visitor.troubles if "404" not in text]
    missing = visit(image, "#path=nowhere")
    assert "has no 'nowhere'" in missing.page.text_content("#stage")
    missing.troubles = [text for text in missing.troubles if "404" not in text]
    visitor.troubles = [text for text in visitor.troubles if "404" not in text]  # tiles that came in the meantime


def test_a_slow_store_is_waited_for_and_the_page_stays_up(image, visit):
    store = SlowStore(LocalStore(image), 0.5)
    visitor = visit(store, "#x=350&y=300&zoom=0.5", settled=False)
    waiting = visitor.page.locator("#waiting")
    playwright.expect(waiting).to_contain_text("waiting for")
    visitor.page.wait_for_selector("#view")
    for _ in range(6):  # what is no longer wanted keeps nothing waiting
        visitor.page.locator("input[name=z]").press("ArrowRight")
        visitor.page.locator("#view").press("+")
    visitor.settled()
    assert int(visitor.page.input_value("input[name=z]")) == 2
    playwright.expect(waiting).to_have_text("")
    pictured = visitor.canvas()
    assert visitor.level() == 0
    quick = visit(image, f"#{urlsplit(visitor.page.url).fragment}")
    np.testing.assert_array_equal(pictured, quick.canvas())


NOTEBOOK = """
async ({code, traits}) => {
  const heard = [], state = {...traits};
  window.answer = (message, parts) => {
    const buffers = parts.map((part) => new DataView(Uint8Array.from(atob(part), (c) => c.charCodeAt(0)).buffer));
    for (const listen of heard) listen(message, buffers);
  };
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => window.save(state.address),
    send: (message) => window.ask(message),
    on: (name, listen) => { if (name === "msg:custom") heard.push(listen); },
    off: () => {},
  };
  const url = URL.createObjectURL(new Blob([code], {type: "text/javascript"}));
  const el = document.createElement("div");
  document.body.append(el);
  window.end = await (await import(url)).default.render({model, el});
}
"""
"""What a notebook does with a widget: its module is imported and given a model, whose messages go to the kernel."""


def test_the_widget_of_a_notebook_shows_the_same_page(image, browser, monkeypatch):
    comm = pytest.importorskip("comm", reason="anywidget is not installed")
    from tests.serving.test_notebook_view import Connection

    monkeypatch.setattr(comm, "create_comm", Connection)
    widget = omezarr.open(image).view(address="x=350&y=300&zoom=1&at=z%3A2")
    page, addresses = browser.new_page(viewport={"width": 1100, "height": 600}), []
    notebook = Visitor(page, "about:blank")
    page.goto("about:blank")
    page.expose_function("ask", lambda message: widget.comm.receive(**message))
    page.expose_function("save", lambda address: addresses.append(address))  # noqa: PLW0108 - playwright marks it
    page.evaluate(NOTEBOOK, {"code": widget._esm, "traits": {"height": 560, "address": widget.address}})

    def settle(ready: str) -> None:
        deadline = time.monotonic() + 20
        while not page.frames[-1].locator(ready).count():
            assert time.monotonic() < deadline, notebook.troubles
            page.wait_for_timeout(20)
            while not widget.comm.sent.empty():
                content, parts = widget.comm.sent.get()
                texts = [base64.b64encode(part).decode() for part in parts or ()]
                page.evaluate("([content, parts]) => answer(content, parts)", [content, texts])

    settle("#stage[aria-busy=false] #view[data-level='0']")
    frame = page.frames[-1]
    shown = frame.evaluate("document.getElementById('view').toDataURL()")
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(shown.partition(",")[2]))))[..., :3]
    top, left = (found.shape[0] + 1) // 2 - 250, (found.shape[1] + 1) // 2 - 350
    expected = render(omezarr.open(image), PictureRequest(size=700, level=0, at={"z": 2})).pixels
    np.testing.assert_array_equal(found[top : top + 440, left : left + 500], expected[50:490, :500])
    frame.uncheck("input[name=channel-0]")
    page.wait_for_timeout(300)
    assert "channels=1%2C00FF00" in addresses[-1]
    # What runs in the frame has no origin, reaches nothing outside, and runs no script but its own.
    assert frame.evaluate("window.origin") == "null"
    outside = "fetch('http://127.0.0.1:1/').then(() => 'read', () => 'refused')"
    assert frame.evaluate(outside) == "refused"
    page.evaluate("window.end()")
    assert page.locator("iframe").count() == 0
    assert notebook.troubles
    assert all("Content Security Policy" in text for text in notebook.troubles)  # of what was just tried
    assert [url for url in notebook.asked if not url.startswith(("blob:", "about:", "http://127.0.0.1:1/"))] == []
    page.close()
    widget.close()
