"""Every built-in node type keeps what the interface promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from omezarr.arrays import as_source
from omezarr.model import conventional_axes
from omezarr.model.content import CollectionContent, ImageContent, PlateContent, WellContent
from omezarr.testing import NodeTypeSuite, isolated_registry

if TYPE_CHECKING:
    from omezarr.abc import NodeType
    from omezarr.model.content import Content

NODE_TYPES = isolated_registry().node_types

AXES = [{"name": "z", "type": "space"}, {"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
VALUES: dict[str, dict[str, Any]] = {
    "multiscales": {
        "multiscales": [
            {
                "name": "cells",
                "coordinateSystems": [{"name": "intrinsic", "axes": AXES}],
                "datasets": [
                    {
                        "path": path,
                        "coordinateTransformations": [
                            {
                                "type": "scale",
                                "scale": [1.0, size, size],
                                "input": {"path": path},
                                "output": {"name": "intrinsic"},
                            }
                        ],
                    }
                    for path, size in (("0", 1.0), ("1", 2.0))
                ],
            }
        ],
        "omero": {
            "channels": [{"label": "DAPI", "color": "00FF00", "window": {"min": 0, "max": 9, "start": 0, "end": 9}}]
        },
    },
    "image-label": {"image-label": {"colors": [{"label-value": 1, "rgba": [0, 0, 0, 0]}], "unknown": 1}},
    "labels": {"labels": ["cells", "deep/nuclei"]},
    "plate": {
        "plate": {
            "rows": [{"name": "A"}],
            "columns": [{"name": "1"}, {"name": "2"}],
            "wells": [{"path": "A/2", "rowIndex": 0, "columnIndex": 1}],
            "acquisitions": [{"id": 1, "name": "first"}],
        }
    },
    "well": {"well": {"images": [{"path": "0", "acquisition": 1}, {"path": "1"}]}},
    "bioformats2raw.layout": {"bioformats2raw.layout": 3},
    "series": {"series": ["0", "1"]},
    "tables": {"tables": ["measurements", "regions"]},
    "scene": {
        "scene": {
            "coordinateSystems": [{"name": "world", "axes": AXES}],
            "coordinateTransformations": [
                {"type": "identity", "input": {"name": "intrinsic", "path": "a"}, "output": {"name": "world"}}
            ],
        }
    },
}
IMAGE = ImageContent(pixels=as_source(np.arange(64, dtype="uint8").reshape(8, 8)), axes=conventional_axes("yx"))
CONTENTS: dict[str, Content] = {
    "multiscales": IMAGE,
    "well": WellContent(fields={"0": IMAGE, "1": IMAGE}),
    "plate": PlateContent(rows=("A", "B"), columns=("1",), wells={"A/1": {"0": IMAGE}, "B/1": {"0": IMAGE}}),
    "bioformats2raw.layout": CollectionContent(images={"0": IMAGE, "1": IMAGE}),
}
"""Of the types that are written by themselves."""
FORMATS = {"scene": ("0.6",)}
"""Where a type cannot be expressed in all versions: those where it can."""


class TestNodeTypes(NodeTypeSuite):
    @pytest.fixture(params=sorted(VALUES))
    def key(self, request: pytest.FixtureRequest) -> str:
        key: str = request.param
        self.formats = FORMATS.get(key)
        return key

    @pytest.fixture
    def node_type(self, key: str) -> NodeType:
        return NODE_TYPES[key]

    @pytest.fixture
    def values(self, key: str) -> dict[str, Any]:
        return VALUES[key]

    @pytest.fixture
    def content(self, key: str) -> Content | None:
        return CONTENTS.get(key)


def test_every_built_in_type_has_values_here() -> None:
    assert set(NODE_TYPES) == set(VALUES)
