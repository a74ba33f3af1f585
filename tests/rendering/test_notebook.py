"""What notebooks show: a picture and the facts, never markup from data, never an error."""

from __future__ import annotations

import base64
import io
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from zarr.storage import LocalStore, MemoryStore

import omezarr
from omezarr.arrays.reading import ArrayReader
from tests.rendering.reference import write_levels

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


class Elements(HTMLParser):
    """The names and attributes of all elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def picture_of(html: str) -> np.ndarray:
    found = re.search(r"base64,([^\"]+)", html)
    assert found is not None
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[1]))))


@pytest.fixture
def image(tmp_path):
    pixels = np.full((2, 32, 48), 100, "uint8")
    channels = [{"label": name, "color": "00FF00", "window": {"start": 0, "end": 100}} for name in ("DAPI", "GFP")]
    write_levels(LocalStore(tmp_path / "a.zarr"), [pixels, pixels[:, ::2, ::2]], "cyx", omero={"channels": channels})
    return tmp_path / "a.zarr"


def test_an_image_is_shown_with_its_facts(image):
    html = omezarr.open(image)._repr_html_()
    for fact in ("c, y, x", "2 x 32 x 48 uint8", "2 x 16 x 24", "DAPI", "GFP", "NGFF 0.5", "a.zarr"):
        assert fact in html
    assert picture_of(html).shape == (128, 192, 3)
    assert np.unique(picture_of(html)[..., 1]).tolist() == [255]


def test_a_level_is_shown_with_its_facts(image):
    html = omezarr.open(image).levels[1]._repr_html_()
    assert "(2, 16, 24)" in html
    assert "(1.0, 2.0, 2.0)" in html
    assert picture_of(html).shape == (128, 192, 3)


def test_text_of_metadata_is_never_markup():
    store = MemoryStore()
    channels = [{"label": EVIL, "color": f"#ff0000;{EVIL}"}]
    write_levels(store, [np.ones((4, 4), "uint8")], "yx", omero={"channels": channels}, name=EVIL)
    node = omezarr.open(store)
    html = node._repr_html_()
    assert {tag for tag, _ in Elements(html).found} <= {"div", "img", "table", "tr", "th", "td", "b", "br", "span"}
    assert [name for _, attributes in Elements(html).found for name in attributes if name.startswith("on")] == []
    assert "&lt;script&gt;" in html


def test_what_is_broken_is_said_and_is_no_error(image):
    node = omezarr.open(image)
    (image / "0/zarr.json").write_text("{")
    (image / "1/zarr.json").unlink()
    html = node._repr_html_()
    assert "no picture" in html
    assert "0/zarr.json" in html
    shutil.rmtree(image)
    assert "no picture" in node._repr_html_()


def test_no_more_than_a_few_chunks_are_read(tmp_path, monkeypatch):
    write_levels(LocalStore(tmp_path), [np.ones((512, 512), "uint8")], "yx", chunks=(16, 16))
    read = []
    through = ArrayReader.read
    monkeypatch.setattr(ArrayReader, "read", lambda *given: read.append(given[1]) or through(*given))
    assert "<img" in omezarr.open(tmp_path)._repr_html_()
    assert 0 < len(read) <= 8


def test_a_plate_is_shown_without_opening_its_wells(tmp_path):
    omezarr.write_plate(tmp_path / "p.zarr", {"A/1": {"0": np.ones((8, 8), "uint8")}}, axes="yx")
    shutil.rmtree(tmp_path / "p.zarr/A")
    html = omezarr.open(tmp_path / "p.zarr")._repr_html_()
    assert "A/1" in html
    assert "1 of 1 rows and 1 columns" in html
