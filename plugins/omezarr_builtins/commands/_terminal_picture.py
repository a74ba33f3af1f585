"""A small picture in a terminal: two pixels in each character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.errors import OMEZarrError
from omezarr.terminal import echo

if TYPE_CHECKING:
    from omezarr.nodes.node import Node

COLUMNS = 48
"""How wide the picture is at most, in characters: it leaves room for the rest of what is told."""

CHUNKS = 16
"""How many chunks are read for it: it comes along with metadata, and must not be waited for."""


def show_picture(node: Node) -> None:
    """Print a picture of a node, or why there is none."""
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    from omezarr.rendering import PictureRequest, render
    from omezarr.rendering.sampling import Budget

    console = Console()
    if not console.is_terminal or console.color_system is None:
        echo("Note: this terminal shows no picture; write one with: omezarr thumbnail", err=True)
        return
    try:
        picture = render(node, PictureRequest(size=min(COLUMNS, console.width)), Budget(chunks=CHUNKS))
    except OMEZarrError as error:
        echo(f"Note: there is no picture: {error}", err=True)
        return
    rows = picture.pixels.tolist()
    for upper, lower in zip(rows[::2], [*rows[1::2], rows[-1]], strict=False):
        line = Text()
        for top, bottom in zip(upper, lower, strict=True):
            colours = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in (top, bottom)]
            line.append("▀", Style(color=colours[0], bgcolor=colours[1]))
        console.print(line)
