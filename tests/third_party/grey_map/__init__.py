"""An exporter from outside: portable grey maps, with a list of what was written beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, Exporter
from omezarr.errors import UnsupportedError
from omezarr.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import ExportRun
    from omezarr.location import Location
    from omezarr.model.content import Content


class GreyMap(Exporter):
    """One plane of 8 bits."""

    name = "pgm"
    suffixes = (".pgm",)
    options = {"comment": "a line for the header"}  # noqa: RUF012

    def claim(self, location: Location) -> Claim | None:
        """Claim names that end in .pgm, and weakly those in .npy."""
        return {"pgm": Claim(10, "its name ends in .pgm"), "npy": Claim(5, "it could be a map")}.get(
            location.name.rpartition(".")[2]
        )

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse everything but a plane of bytes."""
        pixels = getattr(content, "pixels", None)
        if pixels is None or len(pixels.shape) != 2 or pixels.dtype != "uint8":
            raise UnsupportedError("a grey map is one plane of uint8")

    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Write the map, and its size beside it."""
        from pathlib import Path

        source: Any = content
        height, width = source.pixels.shape
        path = Path(location.url)
        if options.get("comment") == "fail":
            path.write_text("half")
            raise OSError(28, "No space left on device")
        if options.get("comment") == "nothing":
            return
        header = f"P5\n# {options.get('comment', 'cells')}\n{width} {height}\n255\n".encode()
        path.write_bytes(header + source.pixels.read((slice(0, height), slice(0, width))).tobytes())
        path.with_suffix(".txt").write_text(f"{width} x {height}")


@hookimpl
def omezarr_exporters() -> list[Exporter]:
    """Provide the exporter."""
    return [GreyMap()]
