"""Make the pictures of the pages: the viewer as a browser shows it, and what the renderer draws of the samples.

    python docs/pictures.py

needs playwright and Chromium, as the tests of the page do. The same data give the same pictures.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

import omezarr
from omezarr.cli import run
from omezarr.serving.library import Library
from omezarr.serving.server import BackgroundServer

DOCS = Path(__file__).parent


def photograph(location: Path, target: Path, height: int, *, folder: bool = False) -> None:
    """Photograph the page: an image with labels laid over and what is told under the pointer, or a table."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    library = Library(location, omezarr.default_registry(), folder=folder)
    with BackgroundServer(library) as server, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": height})
        page.goto(server.url)
        page.wait_for_selector("#stage[aria-busy=false] > *")
        if not folder:
            page.check("input[name^=label-]")
            page.wait_for_timeout(500)
            page.wait_for_selector("#stage[aria-busy=false] #view")
            box = page.locator("#view").bounding_box()
            page.mouse.move(box["x"] + box["width"] * 0.345, box["y"] + box["height"] * 0.472)
            page.wait_for_selector("#readout:has-text('area')")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=target)
        browser.close()


def main() -> None:
    """Make all pictures."""
    with TemporaryDirectory() as folder:
        data = Path(folder, "data")
        samples = {name: data / f"{name}.ome.zarr" for name in ("coins", "timeseries", "plate", "astronaut")}
        for name, path in samples.items():
            run(["-q", "create", str(path), "--sample", name])
        cells = omezarr.open(samples["timeseries"])
        cells.thumbnail(size=384, projection="max", scale_bar=True).save(DOCS / "cells.png")
        omezarr.open(samples["coins"]).thumbnail(size=384, labels=True, outline=True).save(DOCS / "coins.png")
        omezarr.open(samples["plate"]).thumbnail(size=640, field="all").save(DOCS / "plate.png")
        shown = data / "nuclei.ome.zarr"
        shutil.copytree(samples["plate"] / "A/1/0", shown)
        photograph(shown, DOCS / "viewer.png", 640)
        photograph(data, DOCS / "finder.png", 380, folder=True)


if __name__ == "__main__":
    main()
