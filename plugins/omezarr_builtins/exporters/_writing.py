"""What exporters share: content of one image, options, and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from omezarr.errors import ArgumentError, MissingDependencyError, UnsupportedError
from omezarr.model.content import CollectionContent, ImageContent, PlateContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from omezarr.abc import Exporter
    from omezarr.model.content import Content

REGION_BYTES = 16 * 1024**2
"""How large regions are read: large enough that a call costs nothing, and several threads fit in any memory."""


def one_image(content: Content, exporter: Exporter) -> ImageContent:
    """Return the image that content is.

    Raises
    ------
    UnsupportedError
        If it is something else, with the name of an image in it.
    """
    if isinstance(content, ImageContent):
        return content
    if isinstance(content, PlateContent):
        what, below = "a plate", next((f"{well}/{name}" for well, found in content.wells.items() for name in found), "")
    else:
        what = "a collection of images" if isinstance(content, CollectionContent) else "no single image"
        below = next(iter(getattr(content, "images", ())), "")
    cure = f"; give one of its images, for example SOURCE/{below}" if below else ""
    raise UnsupportedError(f"the exporter {exporter.name!r} writes one image, and the source is {what}{cure}")


def chosen(options: Mapping[str, Any], name: str, known: Sequence[str]) -> str:
    """Return the value of an option that has a few possible values; the first is the default.

    Raises
    ------
    ArgumentError
        If it is another one.
    """
    value = str(options.get(name, known[0]))
    if value not in known:
        raise ArgumentError(f"{name} is {value!r}; it can be {', '.join(known)}")
    return value


def number(options: Mapping[str, Any], name: str, default: int) -> int:
    """Return an option that is a whole number from 1 on, also as it is written on a command line.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if name not in options:
        return default
    value = options[name]
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(f"{name} is {options[name]!r}; it is a whole number from 1 on")
    return value


def permutation(axes: str | None, have: Iterable[str], what: str) -> list[int]:
    """Return the order of axes that a user asks for, as for `numpy.transpose`.

    Raises
    ------
    ArgumentError
        If these are not the axes of the image.
    """
    names = list(have)
    wanted = names if axes is None else list(axes)
    if sorted(wanted) != sorted(names):
        raise ArgumentError(f"axes is {axes!r}, but {what} has the axes {''.join(names)}; give them in any order")
    return [names.index(name) for name in wanted]


def planar(image: ImageContent, order: str = "") -> ImageContent:
    """Return an image with y and x as its last axes, and those before them as they were, or in an order.

    Parameters
    ----------
    image : ImageContent
        With axes y and x.
    order : str
        Names of axes; those that the image has come first.
    """
    from omezarr.arrays import reordered

    names = [axis.name for axis in image.axes]
    before = [name for name in order if name in names]
    before += [name for name in names if name not in {*before, "y", "x"}]
    indices = [names.index(name) for name in (*before, "y", "x")]
    return evolve(
        image,
        pixels=reordered(image.pixels, indices),
        axes=tuple(image.axes[index] for index in indices),
        scale=image.scale and tuple(image.scale[index] for index in indices),
        translation=image.translation and tuple(image.translation[index] for index in indices),
    )


COMPRESSIONS = ("none", "deflate", "lzw", "zstd")
"""The ways to compress TIFF; the last two need imagecodecs."""


def compression_of(options: Mapping[str, Any]) -> str | None:
    """Return the compression that is asked for, as tifffile calls it.

    Raises
    ------
    ArgumentError
        If there is no such compression.
    MissingDependencyError
        If a package is missing for it.
    """
    name = chosen(options, "compression", COMPRESSIONS)
    if name in ("lzw", "zstd"):
        from importlib.util import find_spec

        if find_spec("imagecodecs") is None:
            raise MissingDependencyError(
                f"compression {name} needs imagecodecs: pip install 'omezarr[imagecodecs]', or take deflate"
            )
    return {"none": None, "deflate": "adobe_deflate"}.get(name, name)
