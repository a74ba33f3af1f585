"""Which version attributes are of: what they name, what a neighbour says, and what their form tells."""

from __future__ import annotations

from typing import Any

import pytest

from omezarr.abc import Certainty
from omezarr.model.structuring import tolerances
from tests.builtins.formats.codec import FORMATS, claims

EXPLICIT, HINT, SHAPE = Certainty.EXPLICIT, Certainty.HINT, Certainty.SHAPE
V2 = ("0.1", "0.2", "0.3", "0.4")


def image(**keys: Any) -> dict[str, Any]:
    return {"multiscales": [{"datasets": [{"path": "0"}], **keys}]}


@pytest.mark.parametrize("version", V2)
@pytest.mark.parametrize(
    "attributes",
    [
        lambda version: image(version=version),
        lambda version: {"plate": {"version": version, "wells": [{"path": "A/1", "rowIndex": 0}]}},
        lambda version: {"well": {"version": version}},
        lambda version: {"image-label": {"version": version}},
        lambda version: {"omero": {"version": version}, "multiscales": [{}]},
    ],
    ids=["multiscales", "plate", "well", "image-label", "omero"],
)
def test_each_object_can_name_the_version_up_to_0_4(version: str, attributes: Any) -> None:
    assert claims(attributes(version), 2) == {version: EXPLICIT}


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_ome_names_the_version_from_0_5_on(version: str) -> None:
    assert claims({"ome": {"version": version, "labels": []}}, 3) == {version: EXPLICIT}


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("version", FORMATS)
def test_a_version_is_never_claimed_in_the_other_zarr_format(version: str, zarr_format: int) -> None:
    both = {**image(version=version), "ome": {"version": version, **image()}}
    claimed = claims(both, zarr_format, format_version=version)
    assert (version in claimed) == (FORMATS[version].zarr_format == zarr_format)
    assert all(FORMATS[name].zarr_format == zarr_format for name in claimed)


@pytest.mark.parametrize(
    ("named", "version"),
    [
        (0.4, "0.4"),
        (0.1, "0.1"),
        ("0.4-dev-spatialdata", "0.4"),
        ("0.4.dev-spatialdata", "0.4"),
    ],
)
def test_unusual_spellings_up_to_0_4_are_understood_with_a_notice(named: Any, version: str) -> None:
    assert claims(image(version=named), 2) == {version: EXPLICIT}
    with tolerances() as notices:
        FORMATS[version].unwrap(image(version=named))
    assert len(notices) == 1
    assert notices[0].startswith("multiscales[0].version: ")


@pytest.mark.parametrize(
    ("named", "version"),
    [
        (0.5, "0.5"),
        (0.6, "0.6"),
        ("0.5-dev-spatialdata", "0.5"),
        ("0.6.dev1", "0.6"),
        ("0.6.dev4", "0.6"),
        ("0.6dev1", "0.6"),
    ],
)
def test_unusual_spellings_from_0_5_on_are_understood_with_a_notice(named: Any, version: str) -> None:
    attributes = {"ome": {"version": named, "labels": []}}
    assert claims(attributes, 3) == {version: EXPLICIT}
    with tolerances() as notices:
        FORMATS[version].unwrap(attributes)
    assert len(notices) == 1
    assert notices[0].startswith("ome.version: ")


@pytest.mark.parametrize("named", ["0.6", "0.6rc0"])
def test_the_release_and_its_candidate_are_understood_silently(named: str) -> None:
    attributes = {"ome": {"version": named, "labels": []}}
    assert claims(attributes, 3) == {"0.6": EXPLICIT}
    with tolerances() as notices:
        FORMATS["0.6"].unwrap(attributes)
    assert notices == []


@pytest.mark.parametrize("named", ["0.9.dev2", "1.0", "0.6.dev9", "0.6rc1", "latest", 0.7, 5])
def test_a_version_that_nobody_knows_is_claimed_by_nobody_whatever_a_neighbour_says(named: Any) -> None:
    attributes = {"ome": {"version": named, **image(axes=[])}}
    assert claims(attributes, 3, format_version="0.5") == {}
    assert claims(image(version=named, axes=[{"name": "x"}]), 2, format_version="0.4") == {}


@pytest.mark.parametrize("named", [None, True, [], {}, ""])
def test_a_version_that_is_no_version_counts_as_none(named: Any) -> None:
    assert claims(image(version=named, axes=["y", "x"]), 2) == {"0.3": SHAPE}
    assert claims({"ome": {"version": named, **image(axes=[])}}, 3) == {"0.5": SHAPE}


@pytest.mark.parametrize(
    ("attributes", "versions"),
    [
        (image(), ["0.1", "0.2"]),
        (image(axes=["y", "x"]), ["0.3"]),
        (image(axes=[{"name": "y"}, {"name": "x"}]), ["0.4"]),
        ({"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": []}]}]}, ["0.4"]),
        (image(axes="yx"), ["0.4"]),
        (image(axes=[]), ["0.4"]),
        ({"plate": {"wells": [{"path": "A/1"}]}}, ["0.1", "0.2", "0.3"]),
        ({"plate": {"wells": [{"path": "A/1", "rowIndex": 0, "columnIndex": 0}]}}, ["0.4"]),
        ({"plate": {"wells": []}}, list(V2)),
        ({"plate": 3}, list(V2)),
        ({"well": {"images": []}}, list(V2)),
        ({"labels": ["cells"]}, list(V2)),
        ({"image-label": {}}, list(V2)),
        ({"bioformats2raw.layout": 3}, list(V2)),
        ({"series": ["0"]}, list(V2)),
        ({"multiscales": 7}, list(V2)),
        ({"multiscales": [7]}, list(V2)),
        ({"note": "an image"}, []),
        ({}, []),
    ],
)
def test_without_a_version_the_form_tells_up_to_0_4(attributes: dict[str, Any], versions: list[str]) -> None:
    assert claims(attributes, 2) == dict.fromkeys(versions, SHAPE)


@pytest.mark.parametrize(
    ("ome", "versions"),
    [
        (image(axes=[]), ["0.5"]),
        (image(coordinateSystems=[]), ["0.6"]),
        (image(coordinateSystems=[], axes=[]), ["0.6"]),
        ({"scene": {}}, ["0.6"]),
        ({"labels": []}, ["0.5", "0.6"]),
        ({"plate": {}}, ["0.5", "0.6"]),
        (image(), ["0.5", "0.6"]),
        ([], ["0.5", "0.6"]),
    ],
)
def test_without_a_version_the_form_tells_from_0_5_on(ome: Any, versions: list[str]) -> None:
    assert claims({"ome": ome}, 3) == dict.fromkeys(versions, SHAPE)


def test_attributes_without_ome_are_no_document_from_0_5_on() -> None:
    assert claims(image(axes=[]), 3) == {}


def test_a_neighbour_tells_the_version_where_the_form_leaves_it_open() -> None:
    assert claims({"labels": []}, 2, format_version="0.2")["0.2"] == HINT
    assert claims({"ome": {"labels": []}}, 3, format_version="0.5") == {"0.5": HINT, "0.6": SHAPE}


@pytest.mark.parametrize(("zarr_format", "version"), [(2, "0.3"), (3, "0.6")])
def test_a_neighbour_tells_the_version_of_a_group_that_says_nothing(zarr_format: int, version: str) -> None:
    assert claims({}, zarr_format, format_version=version) == {version: HINT}


def test_a_neighbour_is_not_believed_against_the_form() -> None:
    assert claims(image(axes=["y", "x"]), 2, format_version="0.4") == {"0.3": SHAPE}
    assert claims({"ome": image(coordinateSystems=[])}, 3, format_version="0.5") == {"0.6": SHAPE}


def test_the_version_of_the_image_counts_not_the_older_one_of_its_display_settings() -> None:
    attributes = {**image(version="0.4"), "omero": {"version": "0.1"}, "image-label": {"version": "0.2"}}
    assert claims(attributes, 2) == {"0.4": EXPLICIT}


def test_images_of_one_group_that_name_different_versions_are_claimed_for_each() -> None:
    attributes = {"multiscales": [{"version": "0.3"}, {"version": "0.4"}]}
    assert claims(attributes, 2) == {"0.3": EXPLICIT, "0.4": EXPLICIT}


@pytest.mark.parametrize("version", FORMATS)
def test_the_reason_of_a_claim_says_where_the_version_stands(version: str) -> None:
    from omezarr.abc import Hint

    attributes = {**image(version=version), "ome": {"version": version}}
    claim = FORMATS[version].claim(attributes, FORMATS[version].zarr_format, Hint())
    assert claim is not None
    assert claim.reason.endswith(f"version is {version}")
