"""Every built-in format version keeps what the interface promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from omezarr.testing import FormatVersionSuite, isolated_registry

if TYPE_CHECKING:
    from omezarr.abc import FormatVersion

FORMATS = isolated_registry().formats

SCALE = {"type": "scale", "scale": [2.0, 0.5, 0.5]}
AXES = [
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]
WELL = {"images": [{"path": "0", "acquisition": 1}, {"path": "1"}]}
PLATE = {"columns": [{"name": "1"}], "rows": [{"name": "A"}], "name": "p", "field_count": 2}
LABEL = {"colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}], "source": {"image": "../../"}}
SYSTEM = {"name": "physical", "axes": AXES}
LEVEL = {"path": "0", "coordinateTransformations": [{**SCALE, "input": {"path": "0"}, "output": {"name": "physical"}}]}

DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "0.1": [
        {"multiscales": [{"version": "0.1", "name": "cells", "datasets": [{"path": "0"}, {"path": "1"}]}]},
        {"plate": {**PLATE, "version": "0.1", "wells": [{"path": "A/1"}]}},
        {"well": {**WELL, "version": "0.1"}},
    ],
    "0.2": [
        {"multiscales": [{"version": "0.2", "datasets": [{"path": "0"}]}], "image-label": {**LABEL, "version": "0.2"}},
        {"plate": {**PLATE, "version": "0.2", "wells": [{"path": "A/1"}]}},
        {"well": {**WELL, "version": "0.2"}},
    ],
    "0.3": [
        {"multiscales": [{"version": "0.3", "axes": ["z", "y", "x"], "datasets": [{"path": "0"}]}]},
        {"plate": {**PLATE, "version": "0.3", "wells": [{"path": "A/1"}]}},
        {"well": {**WELL, "version": "0.3"}},
    ],
    "0.4": [
        {
            "multiscales": [
                {
                    "version": "0.4",
                    "axes": AXES,
                    "datasets": [{"path": "0", "coordinateTransformations": [SCALE]}],
                    "type": "local_mean",
                }
            ],
            "image-label": {**LABEL, "version": "0.4"},
        },
        {"plate": {**PLATE, "version": "0.4", "wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}},
        {"well": {**WELL, "version": "0.4"}},
    ],
    "0.5": [
        {
            "ome": {
                "version": "0.5",
                "multiscales": [
                    {"axes": AXES, "datasets": [{"path": "0", "coordinateTransformations": [SCALE]}], "name": "cells"}
                ],
            }
        },
        {"ome": {"version": "0.5", "image-label": LABEL}, "elsewhere": {"kept": True}},
        {"ome": {"version": "0.5", "well": WELL}},
        {"ome": {"version": "0.5", "labels": ["cells", "nuclei"]}},
        {"ome": {"version": "0.5", "bioformats2raw.layout": 3}},
        {"ome": {"version": "0.5", "series": ["0", "1"]}},
    ],
    "0.6": [
        {"ome": {"version": "0.6", "multiscales": [{"coordinateSystems": [SYSTEM], "datasets": [LEVEL]}]}},
        {
            "ome": {
                "version": "0.6",
                "scene": {
                    "coordinateSystems": [{"name": "world", "axes": AXES}],
                    "coordinateTransformations": [
                        {
                            "type": "translation",
                            "translation": [1, 2, 3],
                            "input": {"name": "physical", "path": "a"},
                            "output": {"name": "world"},
                        }
                    ],
                },
            }
        },
        {"ome": {"version": "0.6", "well": WELL}},
    ],
}
ORIENTED = [{**axis, "orientation": {"type": "anatomical", "value": "left-to-right"}} for axis in AXES[:1]]
for draft in ("0.9.dev1", "0.9.dev2"):
    system = {"name": "physical", "axes": [{"name": "q", "type": "phase"}, AXES[1], *ORIENTED]}
    DOCUMENTS[draft] = [
        {"ome": {"version": draft, "multiscales": [{"coordinateSystems": [system], "datasets": [LEVEL]}]}},
        {"ome": {"version": draft, "well": WELL}},
    ]
CASES = [(version, document) for version, documents in DOCUMENTS.items() for document in documents]


class TestFormats(FormatVersionSuite):
    test_images_are_written_read_and_upgraded = None  # type: ignore[assignment]  # below, once for each version

    @pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{next(iter(case[1]))}")
    def case(self, request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
        case: tuple[str, dict[str, Any]] = request.param
        return case

    @pytest.fixture
    def version(self, case: tuple[str, dict[str, Any]]) -> FormatVersion:
        return FORMATS[case[0]]

    @pytest.fixture
    def attributes(self, case: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        return case[1]


@pytest.mark.parametrize("name", FORMATS)
def test_images_are_written_read_and_upgraded(name: str) -> None:
    FormatVersionSuite().test_images_are_written_read_and_upgraded(FORMATS[name], isolated_registry())


def test_every_built_in_version_has_documents_here() -> None:
    assert set(FORMATS) == set(DOCUMENTS)
