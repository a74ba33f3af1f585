"""Small edits of documents and hierarchies: how a case breaks a rule."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

Edit = Callable[[Any, str, str], None]
"""Changes a document (the values of one group) or a hierarchy in place, given its NGFF key and version."""

PLACES = {
    "axes": {
        "multiscales": "multiscales/0/axes",
        "multiscales 0.6": "multiscales/0/coordinateSystems/0/axes",
        "scene": "scene/coordinateSystems/0/axes",
    },
    "systems": {"multiscales": "multiscales/0/coordinateSystems", "scene": "scene/coordinateSystems"},
    "steps": {"multiscales": "multiscales/0/coordinateTransformations", "scene": "scene/coordinateTransformations"},
    "levels": {"multiscales": "multiscales/0/datasets"},
}
"""Where the same thing stands in documents of other keys and versions."""


def _keys(path: str, key: str, version: str) -> list[str | int]:
    for name, places in PLACES.items():
        if f"{{{name}}}" in path:
            place = places.get(f"{key} {version}") or places[key]
            path = path.replace(f"{{{name}}}", place)
    return [int(part) if part.lstrip("-").isdigit() else part for part in path.split("/")]


def put(path: str, value: Any) -> Edit:
    """Set what stands at a path."""

    def edit(document: Any, key: str, version: str) -> None:
        *outer, last = _keys(path, key, version)
        for step in outer:
            document = document[step]
        document[last] = deepcopy(value)

    return edit


def drop(path: str) -> Edit:
    """Remove what stands at a path."""

    def edit(document: Any, key: str, version: str) -> None:
        *outer, last = _keys(path, key, version)
        for step in outer:
            document = document[step]
        del document[last]

    return edit


def add(path: str, value: Any) -> Edit:
    """Append a value to the list at a path."""

    def edit(document: Any, key: str, version: str) -> None:
        for step in _keys(path, key, version):
            document = document[step]
        document.append(deepcopy(value))

    return edit


def double(path: str, **changes: Any) -> Edit:
    """Append a copy of the last item of the list at a path, with some keys changed; a change to `...` drops the key."""

    def edit(document: Any, key: str, version: str) -> None:
        for step in _keys(path, key, version):
            document = document[step]
        copy = deepcopy(document[-1])
        if changes:
            copy |= changes
            for name in [name for name, value in changes.items() if value is ...]:
                copy.pop(name)
        document.append(copy)

    return edit


def only(path: str, position: int) -> Edit:
    """Keep one item of the list at a path."""

    def edit(document: Any, key: str, version: str) -> None:
        for step in _keys(path, key, version):
            document = document[step]
        document[:] = [document[position]]

    return edit


def rearrange(path: str, *positions: int) -> Edit:
    """Keep the items at these positions of the list at a path, in this order."""

    def edit(document: Any, key: str, version: str) -> None:
        for step in _keys(path, key, version):
            document = document[step]
        document[:] = [document[position] for position in positions]

    return edit


def at(node: str, *edits: Edit) -> Edit:
    """Apply edits to the document of one group of a hierarchy."""

    def edit(tree: Any, key: str, version: str) -> None:
        attributes = tree[node]
        for inner in edits:
            inner(attributes.get("ome", attributes), key, version)

    return edit


def raw(node: str, *edits: Edit) -> Edit:
    """Apply edits to the metadata of one array, or to the attributes of one group, as they are stored."""

    def edit(tree: Any, key: str, version: str) -> None:
        for inner in edits:
            inner(tree[node], key, version)

    return edit


def lose(*nodes: str) -> Edit:
    """Remove groups and arrays with all that is below."""

    def edit(tree: Any, _: str, __: str) -> None:
        for path in [path for path in tree for node in nodes if path == node or path.startswith(f"{node}/")]:
            del tree[path]

    return edit


def take(node: str) -> Edit:
    """Remove a group, but nothing that is below."""

    def edit(tree: Any, _: str, __: str) -> None:
        del tree[node]

    return edit


def place(node: str, value: Any) -> Edit:
    """Put attributes, the metadata of an array, or bytes at a path; a callable is given the version."""

    def edit(tree: Any, _: str, version: str) -> None:
        tree[node] = deepcopy(value(version) if callable(value) else value)

    return edit


def in_half_pixels(values: dict[str, Any], key: str, version: str) -> None:
    """Halve the scale of every level along y, so that it is not counted in pixels; what is no image stays."""
    for dataset in values["multiscales"][0]["datasets"] if key == "multiscales" else ():
        steps = dataset["coordinateTransformations"]
        if steps[0]["type"] == "identity":
            steps[0] |= {"type": "scale", "scale": [1, 1, 1, 1, 1]}
        scale = steps[0]["transformations"][0] if steps[0]["type"] == "sequence" else steps[0]
        scale["scale"][3] /= 2
