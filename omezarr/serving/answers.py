"""What the page asks for and what it is told, whichever way its questions come: over HTTP or through a notebook.

A question is a name and a query, as in ``tile?level=0&row=2``; an answer is JSON or a picture, with a status of HTTP.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from attrs import frozen

from omezarr._version import __version__
from omezarr.errors import ArgumentError, LocationNotFoundError, OMEZarrError, UnknownNameError
from omezarr.rendering.request import PictureRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from omezarr.serving.studio import Studio

    Query: TypeAlias = "Mapping[str, Sequence[str]]"

LARGEST = 2048
"""The longer side of the largest picture that is drawn as a whole."""

MAX_FIELDS = 1000
"""How many fields a query may have: far more than an image has labels that are seen at once."""


@frozen
class Answer:
    """What is answered.

    Parameters
    ----------
    status : int
        As of HTTP.
    kind : str
        The media type.
    content : bytes
    """

    status: int
    kind: str
    content: bytes


def told(value: Any, status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, "application/json", json.dumps(value, allow_nan=False).encode())


def answer(studio: Studio, name: str, query: str) -> Answer:
    """Answer a question; what is wrong with it, or with the data, is told in words and never raised.

    Parameters
    ----------
    studio : Studio
    name : str
        One of `QUESTIONS`.
    query : str
        As it stands in a URL.
    """
    try:
        if name not in QUESTIONS:
            return told({"error": f"there is no question {name!r}"}, 404)
        found = QUESTIONS[name](studio, _fields(query))
        return Answer(200, "image/png", found) if isinstance(found, bytes) else told(found)
    except (LocationNotFoundError, UnknownNameError) as error:
        return told({"error": str(error)}, 404)
    except ArgumentError as error:
        return told({"error": str(error)}, 400)
    except OMEZarrError as error:
        return told({"error": str(error)}, 422)
    except Exception as error:  # noqa: BLE001 - whatever data did, the page is told and the server goes on
        return told({"error": f"{type(error).__name__}: {error}"}, 500)


def _fields(query: str) -> Query:
    try:
        return parse_qs(query, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise ArgumentError(f"the address has more than {MAX_FIELDS} fields") from None


def _field(query: Query, name: str, default: str = "") -> str:
    return query.get(name, (default,))[0]


def _number(query: Query, name: str, default: str = "") -> int:
    text = _field(query, name, default)
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(f"{name} takes a whole number, not {text!r}") from None


def picture_request(query: Query, **more: Any) -> PictureRequest:
    """Return the picture that the query of a URL asks for.

    Parameters
    ----------
    query : mapping of str to sequence of str
        ``at=z:3,t:0`` (names in percent-encoding), ``channels=0,FF0000,10,200;2,00FF00,0,255``, ``projection``,
        ``along``, ``labels``, ``outline``.
    **more
        Further fields of the request.

    Raises
    ------
    ArgumentError
        If it cannot be understood.

    Examples
    --------
    >>> picture_request({"at": ["z:3"], "channels": ["1,FF0000,0,9"]}).windows
    ((0.0, 9.0),)
    """
    try:
        parts = [part.rpartition(":") for part in _field(query, "at").split(",") if part]
        at = {unquote(name): int(index) for name, _, index in parts}
        channels = [part.split(",") for part in _field(query, "channels").split(";") if part]
        chosen: dict[str, Any] = {}
        if channels:
            chosen["channels"] = tuple(int(part[0]) for part in channels)
            chosen["colors"] = tuple(part[1] for part in channels)
            chosen["windows"] = tuple((float(part[2]), float(part[3])) for part in channels)
    except (ValueError, IndexError):
        raise ArgumentError("the address names samples or channels that make no sense") from None
    more["projection"] = _field(query, "projection") or None
    return PictureRequest(
        at={name: index for name, index in at.items() if name},
        along=_field(query, "along") or "z",
        labels=tuple(query.get("labels", ())),
        outline=_field(query, "outline") == "1",
        **chosen,
        **more,
    )


def _which(query: Query) -> tuple[str, str]:
    return _field(query, "item"), _field(query, "path")


def _place(query: Query) -> tuple[int, int, int]:
    return _number(query, "level"), _number(query, "row"), _number(query, "column")


def _root(studio: Studio, _: Query) -> Any:
    return {"name": studio.library.name, "folder": studio.library.folder, "version": __version__}


def _items(studio: Studio, _: Query) -> Any:
    return studio.library.items()


def _node(studio: Studio, query: Query) -> Any:
    return studio.node(*_which(query))


def _labels(studio: Studio, query: Query) -> Any:
    return studio.labels(*_which(query), _field(query, "name"))


def _tile(studio: Studio, query: Query) -> bytes:
    return studio.tile(*_which(query), _place(query), picture_request(query))


def _label_tile(studio: Studio, query: Query) -> bytes:
    asked = picture_request(query)
    if len(query.get("labels", ())) != 1:
        raise ArgumentError("a tile of labels shows those of one name")
    return studio.label_tile(*_which(query), _place(query), asked)


def _scene_tile(studio: Studio, query: Query) -> bytes:
    return studio.scene_tile(*_which(query), _place(query))


def _values(studio: Studio, query: Query) -> Any:
    pixel = (_number(query, "row"), _number(query, "column"))
    return studio.values(*_which(query), picture_request(query), pixel)


def _histogram(studio: Studio, query: Query) -> Any:
    return studio.histogram(*_which(query), _number(query, "channel"), picture_request(query))


def _picture(studio: Studio, query: Query) -> bytes:
    size = min(_number(query, "size", "256"), LARGEST)
    return studio.picture(*_which(query), picture_request(query, size=size))


QUESTIONS: Mapping[str, Callable[[Studio, Query], Any]] = {
    "root": _root,
    "items": _items,
    "node": _node,
    "labels": _labels,
    "tile": _tile,
    "label-tile": _label_tile,
    "scene-tile": _scene_tile,
    "values": _values,
    "histogram": _histogram,
    "picture": _picture,
}
"""What can be asked for, and what answers: with a picture as bytes, or with what becomes JSON."""
