"""What exporters share: content of one image, options, and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError, UnsupportedError
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


def truth(options: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    """Return an option that is true or false, also as it is written on a command line.

    Raises
    ------
    ArgumentError
        If it is neither.
    """
    value = options.get(name, default)
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if isinstance(value, str) and value.lower() in words:
        return words[value.lower()]
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} is {value!r}; write true or false")
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
