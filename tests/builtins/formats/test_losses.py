"""What each version says that it would lose, in words for people."""

from __future__ import annotations

from typing import Any

import pytest

from omezarr.model import (
    UNSET,
    Affine,
    Axis,
    CoordinateSystem,
    Dataset,
    Field,
    GroupMetadata,
    Identity,
    Image,
    Multiscale,
    Plate,
    Row,
    Scale,
    Scene,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
    UnknownTransformation,
    Well,
    WellReference,
    conventional_axes,
)
from omezarr.model import Bioformats2Raw as Layout
from omezarr.model import Column as PlateColumn
from tests.builtins.formats.codec import FORMATS

RELATIVE, POSITIONED = ("0.1", "0.2", "0.3"), ("0.4", "0.5")
ZYX = conventional_axes("zyx")


def image(*levels: Transformation, axes: tuple[Axis, ...] = ZYX, **keys: Any) -> GroupMetadata:
    datasets = tuple(Dataset(str(index), (step,)) for index, step in enumerate(levels))
    systems = (CoordinateSystem("physical", axes),)
    multiscale = Multiscale(datasets=datasets, **({"coordinate_systems": systems} | keys))
    return GroupMetadata(facets={"multiscales": Image((multiscale,))})


def moved(scale: tuple[float, ...], translation: tuple[float, ...]) -> Sequence:
    return Sequence(transformations=(Scale(scale=scale), Translation(translation=translation)))


ONE, TWO, FOUR = (1.0, 1.0, 1.0), (1.0, 2.0, 2.0), (1.0, 4.0, 4.0)


@pytest.mark.parametrize("version", FORMATS)
@pytest.mark.parametrize(
    "metadata",
    [
        image(Scale(scale=ONE), Scale(scale=TWO), Scale(scale=FOUR)),
        image(Identity(), moved(TWO, (0.0, 0.5, 0.5)), moved(FOUR, (0.0, 1.5, 1.5))),
        image(Scale(scale=ONE), Scale(scale=(1.0, 65 / 33, 2.0))),
        image(),
        GroupMetadata(facets={}),
    ],
    ids=["strided", "centred", "uneven", "no levels", "no facets"],
)
def test_what_arrays_tell_is_no_loss_anywhere(version: str, metadata: GroupMetadata) -> None:
    assert FORMATS[version].losses(metadata) == []


@pytest.mark.parametrize("version", RELATIVE)
@pytest.mark.parametrize(
    ("metadata", "line"),
    [
        (image(Scale(scale=(0.5, 1.0, 1.0))), "the pixel sizes: z 0.5, y 1, x 1"),
        (image(moved(ONE, (0.0, 3.0, 0.0))), "the position of the first pixel: z 0, y 3, x 0"),
        (
            image(Identity(), Identity(), moved(TWO, (0.0, 0.5, 0.25))),
            "the position of level 2: z 0, y 0.5, x 0.25",
        ),
        (image(axes=(Axis("y", "space", "micrometer"), Axis("x", "space"))), "the units of the axes: y micrometer"),
        (image(axes=(Axis("c", "angle"), *ZYX)), "the types of the axes: c angle"),
        (image(axes=(Axis("q"), *ZYX)), "the names and the order of the axes: q, z, y, x"),
        (image(axes=ZYX[::-1]), "the names and the order of the axes: x, y, z"),
        (image(axes=(Axis("y", extra={"k": 1}), Axis("x"))), "further keys of the axes: k"),
        (image(Affine(affine=((1.0,),))), "the transformations of the level '0': affine"),
        (image(UnknownTransformation(kind="odd")), "the transformations of the level '0': odd"),
        (image(Scale(scale=ONE, name="a", extra={"b": 1})), "further keys of the transformations: b, name"),
        (image(Identity(), coordinate_transformations=(Scale(scale=TWO),)), "the pixel sizes: z 1, y 2, x 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_before_0_4_what_arrays_do_not_tell_is_a_loss(version: str, metadata: GroupMetadata, line: str) -> None:
    assert FORMATS[version].losses(metadata) == [line]
    assert all(FORMATS[name].losses(metadata) == [] for name in POSITIONED)


WORLD = CoordinateSystem("world", conventional_axes("yx"))
YX = CoordinateSystem("physical", conventional_axes("yx"))
ENDS: dict[str, Any] = {"input": SystemReference(path="0"), "output": SystemReference("physical")}


@pytest.mark.parametrize("version", [*RELATIVE, *POSITIONED])
@pytest.mark.parametrize(
    ("metadata", "line"),
    [
        (image(coordinate_systems=(YX, WORLD)), "the coordinate systems besides that of the levels: world"),
        (
            image(coordinate_transformations=(Identity(input=SystemReference("physical")),)),
            "the transformations between coordinate systems: identity",
        ),
        (
            image(coordinate_systems=(CoordinateSystem("a", YX.axes, extra={"k": 1}),)),
            "further keys of the coordinate system: k",
        ),
        (image(axes=(Axis("c", discrete=True), *ZYX)), "whether the axes are discrete: c"),
        (image(axes=(Axis("c", long_name="wave"), *ZYX)), "the long names of the axes: c (wave)"),
        (
            image(Identity(input=SystemReference(path="0", name="array"), output=ENDS["output"])),
            "what is said of inputs, outputs and sequences of the levels: input.name",
        ),
        (GroupMetadata(facets={"scene": Scene(coordinate_transformations=())}), "the scene: "),
        (GroupMetadata(facets={"well": Well(images=(Field("f_0"), Field("1")))}), "names of fields with other "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_before_0_6_what_it_brought_is_a_loss(version: str, metadata: GroupMetadata, line: str) -> None:
    (loss,) = FORMATS[version].losses(metadata)
    assert loss.startswith(line)
    assert FORMATS["0.6"].losses(metadata) == []


def test_the_name_of_the_only_system_is_no_loss() -> None:
    metadata = image(coordinate_systems=(CoordinateSystem("mine", YX.axes),))
    assert FORMATS["0.5"].losses(metadata) == []


def test_levels_beyond_scale_and_translation_are_a_loss_before_0_6() -> None:
    step = Affine(affine=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), **ENDS)
    (loss,) = FORMATS["0.5"].losses(image(step, coordinate_systems=(YX,)))
    assert loss == "the transformations of the level '0', which are no scale and translation: affine"


@pytest.mark.parametrize("version", RELATIVE)
def test_before_0_4_indices_that_paths_do_not_tell_are_a_loss(version: str) -> None:
    rows, columns = (Row("A"), Row("B")), (PlateColumn("1"),)
    usual = Plate(rows=rows, columns=columns, wells=(WellReference("B/1", 1, 0), WellReference("A/1", UNSET, 0)))
    odd = Plate(rows=rows, columns=columns, wells=(WellReference("B/1", 0, 0), WellReference("C/1", 2, 0)))
    assert FORMATS[version].losses(GroupMetadata(facets={"plate": usual})) == []
    losses = FORMATS[version].losses(GroupMetadata(facets={"plate": odd}))
    assert losses == ["the indices of the well 'B/1': 0, 0", "the indices of the well 'C/1': 2, 0"]


@pytest.mark.parametrize("version", FORMATS)
def test_collections_are_a_loss_before_0_4(version: str) -> None:
    losses = FORMATS[version].losses(GroupMetadata(facets={"bioformats2raw.layout": Layout(3)}))
    assert bool(losses) == (version in RELATIVE)


def test_losses_name_the_image_where_there_are_several() -> None:
    one, two = Multiscale(datasets=()), Multiscale(datasets=(), name="b", coordinate_systems=(YX, WORLD))
    (loss,) = FORMATS["0.5"].losses(GroupMetadata(facets={"multiscales": Image((one, two))}))
    assert loss == "in image 1 (b): the coordinate systems besides that of the levels: world"


@pytest.mark.parametrize("version", ["0.3", "0.4", "0.5"])
def test_an_unknown_key_that_the_version_uses_is_a_loss(version: str) -> None:
    metadata = image(extra={"axes": "odd"})
    assert FORMATS[version].losses(metadata) == ["keys that the version uses otherwise: axes"]


def test_an_unknown_key_that_says_what_the_version_says_is_no_loss() -> None:
    assert FORMATS["0.3"].losses(image(extra={"axes": ["z", "y", "x"]})) == []


def test_0_6_loses_only_names_of_what_it_folds_into_levels() -> None:
    outer = (Scale(scale=TWO, name="calibration"),)
    losses = FORMATS["0.6"].losses(image(Scale(scale=ONE), coordinate_transformations=outer))
    assert losses == ["further keys of the transformations of the image: name"]
