"""Options mean the same whichever way they are given, and those without meaning are refused either way."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attrs import evolve, fields_dict

import omezarr
from omezarr.errors import ArgumentError
from omezarr.model import CoordinateSystem, SystemReference, Translation, conventional_axes
from omezarr.model.content import ImageContent
from omezarr.writing.image_description import image_content
from omezarr.writing.options import WriteKeywords

if TYPE_CHECKING:
    from collections.abc import Callable

PIXELS = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
PLACE = "memory://requests.zarr"


def _image(**given: Any) -> Any:
    return omezarr.write_image(PLACE, PIXELS, overwrite=True, **given)


def _multiscale(**given: Any) -> Any:
    return omezarr.write_multiscale(PLACE, [PIXELS, PIXELS[::2, ::2]], overwrite=True, **given)


def _plate(**given: Any) -> Any:
    return omezarr.write_plate(PLACE, {"A/1": PIXELS}, overwrite=True, **given).children["A/1"].children["0"]


def _field(**given: Any) -> Any:
    omezarr.write_plate(PLACE, {"A/1": PIXELS}, overwrite=True)
    return omezarr.write_field(PLACE, "A/1", PIXELS, **given)


ENDS = {"input": SystemReference("physical", "a"), "output": SystemReference("world")}
SCENE = ([Translation(translation=(0.0, 30.0), **ENDS)], [CoordinateSystem("world", conventional_axes("yx"))])


def _scene(**given: Any) -> Any:
    return omezarr.write_scene(PLACE, {"a": PIXELS}, SCENE[0], systems=SCENE[1], overwrite=True, **given).child("a")


def _labels(**given: Any) -> Any:
    _image(levels=2)
    return omezarr.write_labels(PLACE, PIXELS, "cells", **given)


def _levels(**given: Any) -> Any:
    _image(levels=1)
    return omezarr.add_levels(PLACE, **given)


WRITERS = [_image, _multiscale, _plate, _field, _scene, _labels, _levels]


@pytest.mark.parametrize("write", WRITERS)
def test_an_option_means_the_same_by_itself_and_among_others(write: Callable[..., Any]) -> None:
    option = {"levels": 2, "chunks": (16, 16)} if write is _levels else {"chunks": (16, 16)}
    single, together = write(**option), write(options=omezarr.WriteOptions(**option))
    assert [level.chunks for level in single.levels] == [level.chunks for level in together.levels]
    assert [level.translation for level in single.levels] == [level.translation for level in together.levels]
    assert single.levels[-1].chunks == (16, 16)


@pytest.mark.parametrize(
    ("write", "option"),
    [
        *((_labels, option) for option in ({"format": "0.4"}, {"levels": 1}, {"factors": 2}, {"method": "nearest"})),
        *((_labels, option) for option in ({"consolidated": True}, {"expand_axes": False})),
        *((_multiscale, option) for option in ({"factors": 2}, {"label_method": "nearest"})),
        *((_field, option) for option in ({"format": "0.5"}, {"consolidated": True})),
        *((_levels, option) for option in ({"consolidated": True}, {"expand_axes": True})),
    ],
)
def test_an_option_without_meaning_is_refused_either_way(write: Callable[..., Any], option: dict[str, Any]) -> None:
    (name,) = option
    for given in (option, {"options": omezarr.WriteOptions(**option)}, {"options": option}):
        with pytest.raises(ArgumentError, match=f"{name} has no meaning here: "):
            write(**given)


def test_how_many_levels_there_are_is_no_option_where_they_are_given() -> None:
    with pytest.raises(ArgumentError, match="levels has no meaning here: it follows from the levels that are given"):
        _multiscale(options=omezarr.WriteOptions(levels=2))


@pytest.mark.parametrize("write", [*WRITERS, omezarr.create_writer, omezarr.convert])
def test_an_unknown_keyword_is_named_with_a_near_one(write: Callable[..., Any]) -> None:
    needed: dict[Any, dict[str, Any]] = {
        omezarr.create_writer: {"location": PLACE, "shape": (8, 8), "dtype": "uint8"},
        omezarr.convert: {"source": "memory://none", "target": PLACE},
    }
    with pytest.raises(ArgumentError, match="unknown argument 'chunk'; did you mean 'chunks'"):
        write(**needed.get(write, {}), chunk=(8, 8))


@pytest.mark.parametrize("write", [_labels, _levels])
def test_what_is_said_of_pixels_is_refused_where_they_are_known(write: Callable[..., Any]) -> None:
    with pytest.raises(ArgumentError, match="unknown argument 'scale'"):
        write(scale=2.0)


def test_what_is_said_of_pixels_is_refused_where_the_images_say_it_themselves() -> None:
    content = image_content(PIXELS)
    with pytest.raises(ArgumentError, match="scale has no meaning here: the images say it themselves"):
        omezarr.write_plate(PLACE, {"A/1": content}, scale=2.0, overwrite=True)
    assert isinstance(content, ImageContent)


@pytest.mark.parametrize(
    "option",
    [
        {"format": 0.4},
        {"chunks": 16},
        {"chunks": "16"},
        {"levels": "3"},
        {"levels": True},
        {"factors": "2"},
        {"codec": 5},
        {"consolidated": "yes"},
        {"method": 3},
    ],
)
def test_an_option_of_a_wrong_type_is_refused_in_one_line(option: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"^\w+=.* says nothing; give [^\n]*$"):
        _image(**option)


@pytest.mark.parametrize("given", [{"options": 5}, {"run": 5}, {"run": {"thread": 1}}, {"axes": 5}, {"channels": 5}])
def test_an_argument_of_a_wrong_type_is_refused_in_one_line(given: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=r"^\w+=.* says nothing; give [^\n]*$"):
        _image(**given)


def test_options_may_be_mappings() -> None:
    assert _image(options={"chunks": (16, 16)}, run={"threads": 1}).levels[0].chunks == (16, 16)


def test_what_was_given_is_known_also_where_it_is_the_default() -> None:
    options = omezarr.WriteOptions(method="local_mean", levels=None)
    assert options.given == {"method"}
    assert evolve(options, levels=3).given == {"method", "levels"}
    assert options == omezarr.WriteOptions()


def test_a_scene_is_of_the_first_version_that_has_them_whatever_else_is_given() -> None:
    assert _scene(options=omezarr.WriteOptions(chunks=(8, 8))).version == "0.6"


def test_metadata_may_be_given_in_the_form_of_json() -> None:
    label = _labels(metadata={"colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}]})
    assert label.value.colors[0].rgba == (255, 0, 0, 255)
    plate = omezarr.write_plate(PLACE, {"A/1": PIXELS}, acquisitions=[{"id": 0, "name": "first"}], overwrite=True)
    assert plate.value.acquisitions[0].name == "first"


@pytest.mark.parametrize("write", [omezarr.write_image, omezarr.write_plate, omezarr.convert, omezarr.create_writer])
def test_signatures_show_every_keyword(write: Callable[..., Any]) -> None:
    assert {"axes", "scale", "chunks", "format", "overwrite", "run", "registry"} <= set(
        inspect.signature(write).parameters
    )


def test_every_option_is_a_keyword() -> None:
    assert {*WriteKeywords.__annotations__, "given", "own_format"} == set(fields_dict(omezarr.WriteOptions))
