"""``omezarr thumbnail``: a picture file of an image, a plate, a well or a collection."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from omezarr.errors import ArgumentError
from omezarr.files import check_replaceable, written_whole
from omezarr.terminal import Numbers, PathOrURL, parse_assignments, storage_option

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

TYPES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Endings of file names, and the types of pictures as Pillow calls them."""

QUALITY = 90
"""Of JPEG and WebP: above it files grow faster than pictures improve."""


@click.command(epilog="Example: omezarr thumbnail coins.ome.zarr coins.png --size 512 --labels --scale-bar")
@click.argument("path", type=PathOrURL())
@click.argument("out", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--size", type=click.IntRange(1), default=256, show_default=True, help="Pixels along the longer side.")
@click.option("--level", type=click.IntRange(0), help="Resolution level.  [default: the smallest that is large enough]")
@click.option("-z", "z", type=click.IntRange(0), help="Plane, as numbered on level 0.  [default: the middle]")
@click.option("-t", "t", type=click.IntRange(0), help="Time point.  [default: 0]")
@click.option("--at", multiple=True, metavar="AXIS=INDEX", help="Sample along another axis. May be repeated.")
@click.option("--channel", "channels", multiple=True, help="Number or label. May be repeated.  [default: active ones]")
@click.option(
    "--window",
    "windows",
    multiple=True,
    type=Numbers(),
    metavar="LOW,HIGH",
    help="Values drawn dark and bright, for each channel in turn.  [default: the metadata, else percentiles]",
)
@click.option("--color", "colors", multiple=True, metavar="RRGGBB", help="For each channel in turn.")
@click.option("--projection", type=click.Choice(["max", "mean"]), help="Project, instead of drawing one plane.")
@click.option("--along", default="z", show_default=True, metavar="AXIS", help="The axis of the projection.")
@click.option("--labels", "all_labels", is_flag=True, help="Lay all label images over the image.")
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Lay this one over it. May be repeated.")
@click.option("--outline", is_flag=True, help="Outline labels.  [default: filled]")
@click.option("--opacity", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Of labels.")
@click.option("--region", type=Numbers(), metavar="TOP,LEFT,HEIGHT,WIDTH", help="A part, in pixels of level 0.")
@click.option("--scale-bar", is_flag=True, help="Draw a scale bar.")
@click.option("--field", default="0", show_default=True, metavar="NUMBER|all", help="Which field of each well.")
@click.option("--type", "kind", type=click.Choice(["png", "jpeg", "webp"]), help="Of the file.  [default: by its name]")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@storage_option
@click.pass_obj
def thumbnail(
    registry: Any,
    /,
    *,
    path: str,
    out: Path,
    z: int | None,
    t: int | None,
    at: tuple[str, ...],
    all_labels: bool,
    labels: tuple[str, ...],
    region: tuple[float, ...] | None,
    windows: tuple[tuple[float, ...], ...],
    field: str,
    kind: str | None,
    overwrite: bool,
    storage_options: dict[str, str],
    **options: Any,
) -> None:
    """Draw the OME-Zarr at PATH into the picture file OUT: PNG, JPEG or WebP; ``-`` for standard output.

    Of a plate all wells are drawn, of a well its fields, of a collection its images. Only what the picture needs is
    read; where that cannot be everything, a note says so.
    """
    from omezarr.nodes.reading import open as open_node
    from omezarr.rendering import thumbnail as draw

    chosen = _type_of(out, kind)
    if str(out) != "-":
        check_replaceable(out, overwrite=overwrite)
    image = draw(
        open_node(path, storage_options=storage_options, registry=registry),
        at=_samples(z, t, at),
        labels=True if all_labels else labels or False,
        region=_whole(region),
        windows=_pairs(windows),
        channels=options.pop("channels") or None,
        colors=options.pop("colors") or None,
        field="all" if field == "all" else _number(field, "--field"),
        **options,
    )
    _save(image, out, chosen)


def _type_of(out: Path, kind: str | None) -> str:
    """Return the type of a file, as Pillow calls it."""
    if kind is not None:
        return kind.upper()
    if str(out) == "-":
        return "PNG"
    found = TYPES.get(out.suffix.lower())
    if found is None:
        raise ArgumentError(
            f"{out} does not say which picture it is to be; end it in {', '.join(TYPES)}, or give --type"
        )
    return found


def _samples(z: int | None, t: int | None, at: tuple[str, ...]) -> dict[str, int]:
    found = {name: _number(value, "--at") for name, value in parse_assignments(at, "--at").items()}
    return found | {name: value for name, value in (("z", z), ("t", t)) if value is not None}


def _number(text: str, what: str) -> int:
    if not text.isdecimal():
        raise ArgumentError(f"{what} takes a whole number from 0 on, not {text!r}")
    return int(text)


def _whole(region: tuple[float, ...] | None) -> tuple[int, ...] | None:
    if region is None:
        return None
    if len(region) != 4 or any(value != int(value) for value in region):
        raise ArgumentError("--region takes four whole numbers TOP,LEFT,HEIGHT,WIDTH")
    return tuple(map(int, region))


def _pairs(windows: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, float], ...] | None:
    for window in windows:
        if len(window) != 2:
            raise ArgumentError("--window takes two numbers LOW,HIGH")
    return tuple((low, high) for low, high in windows) or None


def _save(image: PillowImage, out: Path, kind: str) -> None:
    """Write a picture, whole or not at all."""
    settings = {} if kind == "PNG" else {"quality": QUALITY}
    if str(out) == "-":
        image.save(sys.stdout.buffer, kind, **settings)
        sys.stdout.flush()
        return
    with written_whole(out) as beside:
        image.save(beside, kind, **settings)
