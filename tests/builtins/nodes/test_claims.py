"""Which node types a document is of, the primary one first."""

from __future__ import annotations

from typing import Any

import pytest

from omezarr.abc import Hint
from omezarr.model import Document
from omezarr.nodes.detection import detect_node_types
from omezarr.plugins.registry import default_registry

IMAGE: dict[str, Any] = {"multiscales": []}


def types_of(values: dict[str, Any], **hint: Any) -> list[str]:
    found = detect_node_types(Document(values=values), Hint(**hint), default_registry())
    return [node_type.key for node_type in found]


@pytest.mark.parametrize(
    "key", ["multiscales", "image-label", "labels", "plate", "well", "bioformats2raw.layout", "series", "scene"]
)
def test_each_key_makes_its_type_whatever_stands_under_it(key: str) -> None:
    assert types_of({key: None}) == [key]


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ({"multiscales": [], "image-label": {}}, ["image-label", "multiscales"]),
        ({"bioformats2raw.layout": 3, "plate": {}}, ["plate", "bioformats2raw.layout"]),
        ({"multiscales": [], "omero": {}}, ["multiscales"]),
        ({"omero": {}}, []),
        ({"note": 1}, []),
        ({"bioformats2raw.layout": 3, "multiscales": []}, ["multiscales", "bioformats2raw.layout"]),
        ({"scene": {}, "multiscales": []}, ["scene", "multiscales"]),
    ],
    ids=lambda value: " ".join(value),  # noqa: PLW0108 - pytest calls it with each argument
)
def test_one_type_is_primary_and_the_others_follow(values: dict[str, Any], types: list[str]) -> None:
    assert types_of(values) == types


def test_all_types_together_have_one_order() -> None:
    keys = ["plate", "well", "scene", "image-label", "multiscales", "labels", "bioformats2raw.layout", "series"]
    assert types_of(dict.fromkeys(reversed(keys))) == keys


@pytest.mark.parametrize(
    "hint", [{"node_key": "image-label"}, {"path": "labels/cells"}, {"path": "A/1/0/labels/nested/cells"}]
)
def test_an_image_in_the_place_of_a_label_is_one(hint: dict[str, str]) -> None:
    assert types_of(IMAGE, **hint) == ["image-label", "multiscales"]


@pytest.mark.parametrize("path", ["", "labels", "labels/", "mylabels/cells", "cells/labels", "image"])
def test_an_image_in_another_place_is_none(path: str) -> None:
    assert types_of(IMAGE, path=path) == ["multiscales"]


def test_the_place_of_a_label_alone_makes_no_label() -> None:
    assert types_of({"note": 1}, path="labels/cells", node_key="image-label") == []
