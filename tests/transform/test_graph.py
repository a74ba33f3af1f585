"""Coordinate systems of images and scenes, and the ways between them."""

import numpy as np
import pytest

from omezarr.errors import ArgumentError, MetadataError, UnknownNameError, UnsupportedError
from omezarr.model import (
    Affine,
    Bijection,
    CoordinateSystem,
    Dataset,
    Displacements,
    Identity,
    Image,
    Multiscale,
    ProjectAxis,
    Scale,
    Scene,
    Sequence,
    SystemReference,
    Translation,
    UnknownTransformation,
    conventional_axes,
)
from omezarr.transform import CoordinateGraph, Resolver, System

YX = conventional_axes("yx")


def system(name, axes="yx"):
    return CoordinateSystem(name, conventional_axes(axes))


def ends(source, target):
    """Return the keywords for a transformation between "name", "path#name" or "path/" systems."""

    def reference(text):
        path, mark, name = text.rpartition("#")
        return SystemReference(path=text[:-1]) if text.endswith("/") else SystemReference(name, path if mark else None)

    return {"input": reference(source), "output": reference(target)}


def scene(*transformations, systems=("a", "b", "c")):
    return {
        "scene": Scene(
            coordinate_systems=tuple(system(name) for name in systems), coordinate_transformations=transformations
        )
    }


def image(*levels, systems=(), outer=(), intrinsic="physical"):
    """Return an image whose levels are (path, scale); its intrinsic system comes last in the list."""
    datasets = tuple(Dataset(path, (Scale(scale=scale, **ends(f"{path}/", intrinsic)),)) for path, scale in levels)
    return Image(
        multiscales=(
            Multiscale(
                datasets=datasets,
                coordinate_systems=(*systems, system(intrinsic)),
                coordinate_transformations=outer,
            ),
        )
    )


def graph(facets, images=None, arrays=None):
    def find(path):
        if path not in (arrays or {}):
            raise MetadataError(f"there is no array at {path!r}")
        return arrays[path]

    return CoordinateGraph(facets, Resolver((images or {}).get, find))


def move(facets, source, target, point, **surroundings):
    return graph(facets, **surroundings).between(source, target)([point])[0].tolist()


class TestRefusals:
    def test_an_unknown_system_lists_those_that_there_are(self):
        with pytest.raises(UnknownNameError, match=r"no coordinate system 'd'; there are: 'a', 'b', 'c'$"):
            graph(scene(Identity(**ends("a", "b")))).between("a", "d")

    def test_a_misspelt_system_is_answered_with_the_right_one(self):
        with pytest.raises(UnknownNameError, match="did you mean 'physical'"):
            graph({"multiscales": image(("0", (1.0, 1.0)))}).between("0", "phisical")

    def test_systems_without_a_way_between_them_are_an_error(self):
        with pytest.raises(UnsupportedError, match=r"no transformation leads from 'a' to 'c'$"):
            graph(scene(Identity(**ends("a", "b")))).between("a", "c")

    def test_a_way_that_would_need_an_impossible_inverse_says_why(self):
        with pytest.raises(UnsupportedError, match="from 'b' to 'a': projectAxis is not invertible"):
            graph(scene(ProjectAxis(dropped_inputs=(0,), created_outputs=(0,), **ends("a", "b")))).between("b", "a")

    def test_a_way_through_an_unknown_type_says_so(self):
        with pytest.raises(UnsupportedError, match="from 'a' to 'b': transformations of the type 'warp' are not known"):
            graph(scene(UnknownTransformation(kind="warp", **ends("a", "b")))).between("a", "b")

    def test_a_transformation_that_does_not_fit_its_systems_is_named_by_its_place(self):
        with pytest.raises(MetadataError, match=r"scene.coordinateTransformations\[0\].*'a' has 2 axes"):
            graph(scene(Scale(scale=(1.0, 1.0, 1.0), **ends("a", "b")))).between("a", "b")

    def test_a_transformation_without_numbers_is_named_by_its_place(self):
        with pytest.raises(MetadataError, match=r"^scene.coordinateTransformations\[0\]: the affine has no numbers"):
            graph(scene(Affine(**ends("a", "b")))).between("a", "b")

    def test_a_transformation_without_ends_is_refused(self):
        with pytest.raises(MetadataError, match=r"^scene.coordinateTransformations\[0\]: .* which coordinate systems"):
            graph(scene(Identity()))

    def test_points_of_another_dimension_are_refused(self):
        with pytest.raises(ArgumentError, match="have 3 coordinates, but the transformation from 'a' to 'b' takes 2"):
            graph(scene(Identity(**ends("a", "b")))).between("a", "b")([[1, 2, 3]])

    def test_points_are_counted_even_where_nothing_is_to_be_done(self):
        with pytest.raises(ArgumentError, match="takes 2"):
            graph(scene(Identity(**ends("a", "b")))).between("a", "a")([[1, 2, 3]])

    def test_groups_without_systems_are_refused(self):
        with pytest.raises(ArgumentError, match="only images and scenes"):
            graph({"plate": object()})

    def test_a_path_that_leads_out_is_refused(self):
        with pytest.raises(MetadataError, match="leads out of its group"):
            graph(scene(Identity(**ends("../secret#physical", "a"))))


class TestRoutes:
    def test_the_way_may_be_walked_backwards(self):
        facets = scene(Scale(scale=(2.0, 4.0), **ends("a", "b")), Translation(translation=(1.0, 1.0), **ends("c", "b")))

        assert move(facets, "a", "c", [1, 1]) == [1.0, 3.0]
        assert move(facets, "c", "a", [1, 3]) == [1.0, 1.0]

    def test_the_shortest_way_is_taken(self):
        facets = scene(
            Translation(translation=(1.0, 0.0), **ends("a", "b")),
            Translation(translation=(1.0, 0.0), **ends("b", "c")),
            Translation(translation=(7.0, 0.0), **ends("a", "c")),
        )

        assert move(facets, "a", "c", [0, 0]) == [7.0, 0.0]

    def test_of_equally_short_ways_the_one_with_fewer_inversions_is_taken(self):
        facets = scene(
            Translation(translation=(1.0, 0.0), **ends("b", "a")),
            Translation(translation=(5.0, 0.0), **ends("a", "b")),
        )

        assert move(facets, "a", "b", [0, 0]) == [5.0, 0.0]
        assert move(facets, "b", "a", [0, 0]) == [1.0, 0.0]

    def test_a_way_around_is_taken_where_the_short_one_cannot_be_walked(self):
        facets = scene(
            Scale(scale=(0.0, 1.0), **ends("b", "a")),
            Translation(translation=(1.0, 0.0), **ends("a", "c")),
            Translation(translation=(1.0, 0.0), **ends("c", "b")),
        )

        assert move(facets, "a", "b", [0, 0]) == [2.0, 0.0]

    def test_a_cycle_does_no_harm(self):
        facets = scene(
            Translation(translation=(1.0, 0.0), **ends("a", "b")),
            Translation(translation=(1.0, 0.0), **ends("b", "c")),
            Translation(translation=(1.0, 0.0), **ends("c", "a")),
            Identity(**ends("a", "a")),
        )

        assert move(facets, "a", "c", [0, 0]) == [-1.0, 0.0]
        with pytest.raises(UnknownNameError):
            move(facets, "a", "d", [0, 0])

    def test_a_bijection_serves_both_directions(self):
        pair = Bijection(forward=Scale(scale=(2.0, 2.0)), inverse=Scale(scale=(0.5, 0.5)), **ends("a", "b"))

        assert move(scene(pair), "a", "b", [3, 3]) == [6.0, 6.0]
        assert move(scene(pair), "b", "a", [6, 6]) == [3.0, 3.0]

    def test_a_system_that_only_transformations_name_can_be_used(self):
        assert move(scene(Identity(**ends("a", "x")), systems=("a",)), "a", "x", [1, 2]) == [1.0, 2.0]


class TestImages:
    def test_levels_are_named_by_their_path(self):
        facets = {"multiscales": image(("0", (2.0, 2.0)), ("1", (4.0, 4.0)))}

        assert move(facets, "0", "physical", [3, 5]) == [6.0, 10.0]
        assert move(facets, "0", "1", [3, 5]) == [1.5, 2.5]

    def test_the_intrinsic_system_is_where_the_levels_lead_not_the_first_of_the_list(self):
        outer = (Translation(translation=(10.0, 10.0), **ends("stage", "world")),)
        facets = {"multiscales": image(("0", (2.0, 2.0)), systems=(system("world"),), outer=outer, intrinsic="stage")}

        assert move(facets, "0", "stage", [1, 1]) == [2.0, 2.0]
        assert move(facets, "0", "world", [1, 1]) == [12.0, 12.0]
        assert move(facets, "world", "0", [12, 12]) == [1.0, 1.0]

    def test_in_older_versions_the_outer_transformations_follow_those_of_the_level(self):
        multiscale = Multiscale(
            coordinate_systems=(system("physical"),),
            datasets=(Dataset("0", (Sequence(transformations=(Scale(scale=(2.0, 2.0)),)),)),),
            coordinate_transformations=(Scale(scale=(10.0, 1.0)), Translation(translation=(0.0, 5.0))),
        )

        assert move({"multiscales": Image((multiscale,))}, "0", "physical", [1, 1]) == [20.0, 7.0]

    def test_several_transformations_of_a_level_are_applied_in_their_order(self):
        level = Dataset("0", (Scale(scale=(2.0, 2.0)), Translation(translation=(1.0, 0.0))))
        multiscale = Multiscale(coordinate_systems=(system("physical"),), datasets=(level,))

        assert move({"multiscales": Image((multiscale,))}, "0", "physical", [1, 1]) == [3.0, 2.0]

    def test_without_transformations_the_shapes_of_the_levels_tell_their_scale(self):
        multiscale = Multiscale(coordinate_systems=(system("physical"),), datasets=(Dataset("0"), Dataset("1")))
        arrays = {"0": np.empty((65, 60)), "1": np.empty((33, 15))}

        assert move({"multiscales": Image((multiscale,))}, "1", "physical", [1, 1], arrays=arrays) == [2.0, 4.0]
        assert move({"multiscales": Image((multiscale,))}, "0", "physical", [1, 1]) == [1.0, 1.0]

    def test_without_axes_there_are_the_five_of_the_first_versions(self):
        multiscale = Multiscale(datasets=(Dataset("0"),))

        assert move({"multiscales": Image((multiscale,))}, "0", "physical", [1, 2, 3, 4, 5]) == [1, 2, 3, 4, 5]

    def test_the_path_of_a_level_counts_more_than_the_input_of_its_transformation(self):
        level = Dataset("s0", (Scale(scale=(2.0, 2.0), **ends("elsewhere/", "physical")),))
        multiscale = Multiscale(coordinate_systems=(system("physical"),), datasets=(level,))

        assert move({"multiscales": Image((multiscale,))}, "s0", "physical", [1, 1]) == [2.0, 2.0]

    def test_a_label_image_below_is_reached_through_its_own_systems(self):
        outer = (Translation(translation=(100.0, 0.0), **ends("labels/cells#own", "physical")),)
        images = {"labels/cells": image(("s0", (3.0, 3.0)), intrinsic="own")}
        facets = {"multiscales": image(("0", (2.0, 2.0)), outer=outer)}

        assert move(facets, "labels/cells/s0", "physical", [1, 1], images=images) == [103.0, 3.0]

    def test_a_level_may_be_the_end_of_an_outer_transformation(self):
        outer = (Translation(translation=(1.0, 1.0), **ends("0/", "corner")),)
        facets = {"multiscales": image(("0", (2.0, 2.0)), systems=(system("corner"),), outer=outer)}

        assert move(facets, "corner", "physical", [1, 1]) == [0.0, 0.0]


TILES = {name: image(("0", (2.0, 2.0)), ("1", (4.0, 4.0))) for name in ("left", "right")}
STITCHED = scene(
    Translation(translation=(0.0, 0.0), **ends("left#physical", "world")),
    Translation(translation=(0.0, 100.0), **ends("right#physical", "world")),
    systems=("world",),
)


class TestScenes:
    @pytest.mark.parametrize(
        ("source", "target", "expected"),
        [
            ("right#physical", "world", [1.0, 101.0]),
            ("right", "world", [1.0, 101.0]),
            ("right/1", "world", [4.0, 104.0]),
            ("right/0", "left/1", [0.5, 25.5]),
            ("world", "left#physical", [1.0, 1.0]),
        ],
    )
    def test_systems_of_images_are_named_with_their_path(self, source, target, expected):
        assert move(STITCHED, source, target, [1, 1], images=TILES) == expected

    def test_a_name_that_only_one_image_has_needs_no_path(self):
        images = {"left": image(("0", (1.0, 1.0)), intrinsic="camera"), "right": TILES["right"]}
        facets = scene(Translation(translation=(5.0, 5.0), **ends("left#camera", "world")), systems=("world",))

        assert move(facets, "camera", "world", [1, 1], images=images) == [6.0, 6.0]

    def test_a_name_that_several_images_have_needs_a_path(self):
        with pytest.raises(ArgumentError, match=r"2 images have .* 'left#physical', 'right#physical'"):
            graph(STITCHED, TILES).between("physical", "world")

    def test_an_image_without_a_named_system_means_its_intrinsic_one(self):
        facets = scene(Translation(translation=(5.0, 5.0), **ends("left/", "world")), systems=("world",))

        assert move(facets, "left/0", "world", [1, 1], images=TILES) == [7.0, 7.0]

    def test_an_image_that_no_transformation_names_has_systems_too(self):
        assert move(STITCHED, "other/0", "other", [1, 1], images={"other": image(("0", (3.0, 3.0)))}) == [3.0, 3.0]

    def test_an_unknown_system_of_an_image_is_an_error(self):
        with pytest.raises(UnknownNameError, match="'left#psysical'; did you mean 'left#physical'"):
            graph(STITCHED, TILES).between("left#psysical", "world")

    def test_a_way_may_lead_through_images_that_were_not_asked_for(self):
        middle = image(
            ("0", (1.0, 1.0)),
            systems=(system("other"),),
            outer=(Translation(translation=(0.0, 1.0), **ends("physical", "other")),),
        )
        facets = scene(
            Translation(translation=(1.0, 0.0), **ends("a", "middle#physical")),
            Translation(translation=(1.0, 0.0), **ends("middle#other", "b")),
        )

        assert move(facets, "a", "b", [0, 0], images={"middle": middle}) == [2.0, 1.0]

    def test_images_are_left_alone_that_the_way_does_not_need(self):
        looked_at = []

        def find(path):
            looked_at.append(path)
            return TILES.get(path)

        CoordinateGraph(STITCHED, Resolver(find, {}.__getitem__)).between("left", "world")

        assert looked_at == ["left"]

    def test_images_are_announced_together_before_they_are_all_looked_at(self):
        announced = []
        resolver = Resolver(TILES.get, {}.__getitem__, prefetch=announced.append)

        with pytest.raises(UnknownNameError):
            CoordinateGraph(STITCHED, resolver).between("nowhere", "world")

        assert announced == [["left", "right"]]

    def test_paths_of_matrices_start_at_the_group_of_their_document(self):
        outer = (Affine(path="transformations/shear", **ends("physical", "sheared")),)
        images = {"left": image(("0", (1.0, 1.0)), systems=(system("sheared"),), outer=outer)}
        arrays = {"left/transformations/shear": np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]])}

        assert move(STITCHED, "left/0", "left#sheared", [1, 2], images=images, arrays=arrays) == [3.0, 2.0]

    def test_all_systems_are_listed_those_of_the_scene_first(self):
        names = [str(found) for found in graph(STITCHED, TILES).systems]

        assert names[0] == "world"
        assert {"left", "left#physical", "left/0", "left/1"} < set(names)

    def test_the_axes_of_a_system_are_those_of_its_document(self):
        assert graph(STITCHED, TILES).axes("world") == YX
        assert graph(STITCHED, TILES).axes("left/1") == YX


def test_a_missing_field_on_the_way_is_named_by_its_place():
    facets = scene(Displacements(path="transformations/field", **ends("a", "b")))

    with pytest.raises(MetadataError, match=r"coordinateTransformations\[0\].*no array at 'transformations/field'"):
        graph(facets).between("a", "b")


def test_a_system_is_written_as_people_write_it():
    assert [str(item) for item in (System("", "a"), System("0"), System("tile", "a"))] == ["a", "0", "tile#a"]


SEVERAL = {
    "multiscales": Image(
        multiscales=(
            *image(("a", (2.0, 2.0)), intrinsic="stage").multiscales,
            *image(("b", (3.0, 5.0)), intrinsic="well").multiscales,
            *image(("c", (7.0, 7.0)), intrinsic="stage").multiscales,
        )
    )
}


class TestSeveralMultiscales:
    @pytest.mark.parametrize(
        ("source", "target", "expected"), [("a", "stage", [2, 2]), ("b", "well", [3, 5]), ("c", "stage", [7, 7])]
    )
    def test_the_one_that_has_both_systems_is_used(self, source, target, expected):
        chosen = CoordinateGraph.leading(SEVERAL, Resolver.of_nothing(), source, target)

        assert chosen.between(source, target)([[1, 1]])[0].tolist() == expected

    def test_systems_that_no_one_has_together_are_refused_as_for_the_first(self):
        chosen = CoordinateGraph.leading(SEVERAL, Resolver.of_nothing(), "a", "well")

        with pytest.raises(UnknownNameError, match="no coordinate system 'well'"):
            chosen.between("a", "well")
