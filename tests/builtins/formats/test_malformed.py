"""Malformed documents end in one error that says where, never in anything else."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omezarr.errors import MetadataError
from omezarr.model.structuring import tolerances
from tests.builtins.formats.codec import FORMATS, VERSIONS, read, written
from tests.builtins.formats.documents import anything, attributes_of

AXES = [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]
LEVELS = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}]
SYSTEMS = [{"name": "physical", "axes": AXES}]

CASES = [
    ("0.4", {"multiscales": None}, "multiscales: expected a list, found null"),
    ("0.4", {"multiscales": {}}, "multiscales: expected a list, found an object"),
    ("0.4", {"multiscales": ["0"]}, "multiscales[0]: expected an object, found the string '0'"),
    ("0.1", {"multiscales": [{}]}, "multiscales[0]: the key 'datasets' is missing"),
    ("0.2", {"multiscales": [{"datasets": [{}]}]}, "multiscales[0].datasets[0]: the key 'path' is missing"),
    (
        "0.3",
        {"multiscales": [{"datasets": [{"path": 0}]}]},
        "multiscales[0].datasets[0].path: expected a string, found the number 0",
    ),
    (
        "0.3",
        {"multiscales": [{"datasets": LEVELS, "axes": ["y", 1]}]},
        "multiscales[0].axes[1]: expected a string, found the number 1",
    ),
    (
        "0.4",
        {"multiscales": [{"datasets": LEVELS, "axes": [{"type": "space"}]}]},
        "multiscales[0].axes[0]: the key 'name' is missing",
    ),
    (
        "0.4",
        {"multiscales": [{"datasets": LEVELS, "axes": {"name": "x"}}]},
        "multiscales[0].axes: expected a list, found an object",
    ),
    (
        "0.4",
        {"multiscales": [{"datasets": [], "coordinateTransformations": [{"scale": [1]}]}]},
        "multiscales[0].coordinateTransformations[0].type: expected the type of a transformation, found null",
    ),
    (
        "0.5",
        {
            "ome": {
                "version": "0.5",
                "multiscales": [
                    {
                        "axes": AXES,
                        "datasets": [
                            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": ["1", 1]}]}
                        ],
                    }
                ],
            }
        },
        "multiscales[0].datasets[0].coordinateTransformations[0].scale[0]: expected a number, found the string '1'",
    ),
    ("0.5", {"ome": [1]}, "ome: expected an object, found a list"),
    (
        "0.6",
        {"ome": {"version": "0.6", "multiscales": [{"datasets": [], "coordinateSystems": [{"axes": AXES}]}]}},
        "multiscales[0].coordinateSystems[0]: the key 'name' is missing",
    ),
    (
        "0.6",
        {"ome": {"version": "0.6", "scene": {"coordinateTransformations": [{"type": "mapAxis", "mapAxis": ["y"]}]}}},
        "scene.coordinateTransformations[0].mapAxis[0]: expected a whole number, found the string 'y'",
    ),
    (
        "0.6",
        {"ome": {"version": "0.6", "scene": {"coordinateSystems": SYSTEMS}}},
        "scene: the key 'coordinateTransformations' is missing",
    ),
    ("0.4", {"plate": {"rows": [], "columns": []}}, "plate: the key 'wells' is missing"),
    (
        "0.4",
        {"plate": {"rows": [{"name": 1}], "columns": [], "wells": []}},
        "plate.rows[0].name: expected a string, found the number 1",
    ),
    (
        "0.4",
        {"plate": {"rows": [], "columns": [], "wells": [{"path": "A/1", "rowIndex": 0.5}]}},
        "plate.wells[0].rowIndex: expected a whole number, found the number 0.5",
    ),
    ("0.4", {"well": {}}, "well: the key 'images' is missing"),
    ("0.4", {"labels": "cells"}, "labels: expected a list, found the string 'cells'"),
    ("0.4", {"labels": ["cells", None]}, "labels[1]: expected a string, found null"),
    ("0.4", {"series": [0]}, "series[0]: expected a string, found the number 0"),
    ("0.4", {"bioformats2raw.layout": "3"}, "bioformats2raw.layout: expected a whole number, found the string '3'"),
    ("0.4", {"bioformats2raw.layout": True}, "bioformats2raw.layout: expected a whole number, found the boolean True"),
    (
        "0.4",
        {"image-label": {"colors": [{"rgba": [0, 0, 0, 0]}]}},
        "image-label.colors[0]: the key 'label-value' is missing",
    ),
    (
        "0.4",
        {"image-label": {"colors": [{"label-value": 1, "rgba": ["0"]}]}},
        "image-label.colors[0].rgba[0]: expected a whole number, found the string '0'",
    ),
    ("0.4", {"multiscales": [], "omero": 3}, "omero: expected an object, found the number 3"),
    ("0.4", {"multiscales": [], "omero": ["c"]}, "omero: expected an object, found a list"),
]


@pytest.mark.parametrize(("version", "attributes", "message"), CASES, ids=[case[2] for case in CASES])
def test_the_error_says_where_and_what(version: str, attributes: dict[str, Any], message: str) -> None:
    with pytest.raises(MetadataError) as caught:
        read(attributes, version)
    assert str(caught.value) == message


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of all values inside a document."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            found += places(item, (*path, key))
    return found


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_document_with_one_thing_wrong_is_read_or_refused_with_a_path(version: str, data: st.DataObject) -> None:
    attributes = deepcopy(data.draw(attributes_of(version)))
    *parents, last = data.draw(st.sampled_from(places(attributes)))
    container: Any = attributes
    for key in parents:
        container = container[key]
    if data.draw(st.booleans()):
        container[last] = data.draw(anything)
    elif isinstance(container, dict):
        del container[last]
    try:
        metadata = read(attributes, version)
    except MetadataError as error:
        refusal = error
    else:
        for name, target in FORMATS.items():
            target.losses(metadata)
            written(target.complete(metadata, {}), name)
        return
    assert refusal.path


DISPLAY_SETTINGS = [
    {"channels": [{"label": 3}, {"color": None}, {}]},
    {"channels": "none"},
    {"channels": [{"window": 5, "label": "DAPI"}]},
    {"channels": [7]},
    {"channels": None},
    {"channels": {"0": {}}},
    {},
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("omero", DISPLAY_SETTINGS, ids=str)
def test_mistakes_in_display_settings_do_not_hide_the_image(version: str, omero: dict[str, Any]) -> None:
    values: dict[str, Any] = {"multiscales": [{"datasets": [{"path": "0"}]}], "omero": omero}
    attributes = values if FORMATS[version].zarr_format == 2 else {"ome": {"version": version, **values}}
    with tolerances() as notices:
        metadata = read(attributes, version)
    assert written(metadata, version) == attributes
    is_odd = omero not in (DISPLAY_SETTINGS[0], {})
    assert [notice.startswith(("channels", "window")) for notice in notices] == [True] * is_odd


@pytest.mark.parametrize("version", VERSIONS)
def test_nulls_that_programs_leave_behind_do_not_hide_the_image(version: str) -> None:
    step = {"type": "scale", "scale": [1, 1], "path": None, "name": None}
    axes = [{"name": "y", "longName": None, "unit": None}, {"name": "x", "discrete": None, "type": None}]
    image: dict[str, Any] = {"datasets": [{"path": "0", "coordinateTransformations": [step]}], "name": None}
    image |= {"coordinateTransformations": None, "metadata": None, "type": None}
    if version == "0.6":
        image["coordinateSystems"] = [{"name": "physical", "axes": axes}]
    elif version not in ("0.1", "0.2"):
        image["axes"] = axes
    values: dict[str, Any] = {"multiscales": [image], "omero": None}
    attributes = values if FORMATS[version].zarr_format == 2 else {"ome": {"version": version, **values}}
    with tolerances() as notices:
        metadata = read(attributes, version)
    assert written(metadata, version) == attributes
    assert "omero is null; read as absent" in notices
    for name, target in FORMATS.items():
        again = read(written(target.complete(metadata, {}), name), name)
        assert "omero" not in written(again, name).get("ome", written(again, name))


def test_transformations_nested_as_deep_as_json_may_be_are_read() -> None:
    step: dict[str, Any] = {"type": "identity"}
    for _ in range(90):
        step = {"type": "sequence", "transformations": [step]}
    attributes = {"ome": {"version": "0.6", "scene": {"coordinateTransformations": [step]}}}
    assert written(read(attributes, "0.6"), "0.6") == attributes
