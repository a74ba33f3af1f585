"""Consolidated metadata is compared with what it repeats."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import zarr

import omezarr
from omezarr.checking.validation import Report, validate


def consolidated_image(version: str) -> Any:
    """Return a store with an image, labels and consolidated metadata of both."""
    store = zarr.storage.MemoryStore()
    pixels = np.zeros((8, 8), "uint8")
    omezarr.write_image(store, pixels, axes="yx", name="image", labels={"cells": pixels}, levels=2, format=version)
    consolidate(store)
    return store


def consolidate(store: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(store)


def found(report: Report) -> list[tuple[str, str]]:
    return [(problem.node, problem.found) for problem in report if problem.rule == "zarr.consolidated"]


def group(store: Any, path: str = "/") -> Any:
    return zarr.open_group(store, path=path, mode="r+", use_consolidated=False)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_consolidated_metadata_that_is_up_to_date_is_no_problem(version: str) -> None:
    assert found(validate(consolidated_image(version))) == []


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_group_that_changed_since_is_told_and_the_rules_see_it_as_it_is(version: str) -> None:
    store = consolidated_image(version)
    group(store, "labels").attrs["labels" if version == "0.4" else "ome"] = 3
    report = validate(store)
    assert found(report) == [("", "1 group or array out of date, such as labels")]
    assert {"labels.form", "ome.form"} & {problem.rule for problem in report}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_array_that_was_removed_since_is_told(version: str) -> None:
    store = consolidated_image(version)
    del group(store)["1"]
    assert found(validate(store)) == [("", "1 group or array out of date, such as 1")]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_what_was_added_since_is_told(version: str) -> None:
    store = consolidated_image(version)
    names = group(store, "labels")
    names.create_group("nuclei")
    attributes = {"labels": ["cells", "nuclei"]}
    names.attrs.update(attributes if version == "0.4" else {"ome": {"version": "0.5", **attributes}})
    assert found(validate(store)) == [("", "2 groups or arrays out of date, such as labels")]


def test_attributes_of_the_root_that_changed_since_are_told() -> None:
    store = consolidated_image("0.4")
    group(store).attrs["note"] = "new"
    assert found(validate(store)) == [("", "1 group or array out of date, such as the group itself")]


def test_what_is_not_looked_at_is_not_compared() -> None:
    store = consolidated_image("0.4")
    group(store).attrs["note"] = "new"
    assert found(validate(store, depth="document")) == []
