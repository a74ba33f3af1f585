"""Where the samples of levels sit, from metadata and shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omezarr.model import (
    Affine,
    Dataset,
    Identity,
    LevelGeometry,
    Multiscale,
    Scale,
    Sequence,
    SystemReference,
    Translation,
    composed_geometry,
    relative_scales,
)
from omezarr.nodes.level import level_geometry


def test_transformations_apply_in_their_order() -> None:
    steps = [Translation(translation=(1.0, 2.0)), Scale(scale=(10.0, 100.0))]
    assert composed_geometry(steps, 2) == LevelGeometry((10.0, 100.0), (10.0, 200.0))


def test_a_sequence_is_the_same_as_its_parts() -> None:
    parts = (Scale(scale=(2.0,)), Translation(translation=(0.5,)))
    assert composed_geometry([Sequence(transformations=parts)], 1) == composed_geometry(parts, 1)


def test_an_identity_changes_nothing() -> None:
    assert composed_geometry([Identity()], 3) == LevelGeometry((1.0,) * 3, (0.0,) * 3)


@pytest.mark.parametrize("step", [Affine(affine=((1.0, 0.0),)), Scale(scale=(1.0, 2.0)), Scale(path="vector")])
def test_what_is_no_fitting_scale_or_translation_has_no_geometry(step: object) -> None:
    assert composed_geometry([step], 1) is None


def test_transformations_of_the_multiscale_apply_after_those_of_the_level() -> None:
    multiscale = Multiscale(
        datasets=(Dataset("0", (Scale(scale=(2.0,)),)),),
        coordinate_transformations=(Scale(scale=(10.0,)), Translation(translation=(3.0,))),
    )
    assert level_geometry(multiscale, 0, [(8,)]) == LevelGeometry((20.0,), (3.0,))


def test_transformations_to_another_system_do_not_move_the_level() -> None:
    outer = Scale(scale=(10.0,), input=SystemReference(name="a"), output=SystemReference(name="b"))
    multiscale = Multiscale(datasets=(Dataset("0", (Scale(scale=(2.0,)),)),), coordinate_transformations=(outer,))
    assert level_geometry(multiscale, 0, [(8,)]) == LevelGeometry((2.0,), (0.0,))


def test_levels_without_transformations_are_placed_by_their_shapes() -> None:
    multiscale = Multiscale(datasets=(Dataset("0"), Dataset("1")))
    assert level_geometry(multiscale, 1, [(65, 10), (33, 10)]) == LevelGeometry((2.0, 1.0), (0.0, 0.0))


@given(size=st.integers(1, 10_000), factor=st.integers(1, 16), up=st.booleans())
def test_the_relative_scale_of_rounded_shapes_explains_them(size: int, factor: int, up: bool) -> None:
    small = -(-size // factor) if up else size // factor
    if small == 0:
        return
    (found,) = relative_scales([(size,), (small,)])[1]
    assert found.is_integer()
    assert small in (size // int(found), -(-size // int(found)))


def test_a_size_that_no_factor_explains_gives_the_ratio() -> None:
    assert relative_scales([(10,), (7,)])[1] == (10 / 7,)
