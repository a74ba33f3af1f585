"""What is available, who provides it, and what happens where several plugins provide the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omezarr.abc import Claim, Importer, ScalingMethod
from omezarr.errors import ConflictError, UnknownNameError
from omezarr.hookspecs import EXTENSION_AXES, hookimpl
from omezarr.plugins.asking import best_claim
from omezarr.plugins.registry import default_registry
from omezarr.testing import isolated_registry
from tests.plugins.test_manager import COMMAND, METHOD


def method(method_name: str) -> ScalingMethod:
    class Method(ScalingMethod):
        name = method_name

        def origin(self, factor: int) -> float:
            return 0.0

        def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
            return window[inner]

    return Method()


def provider(*names: str) -> object:
    class Provider:
        @hookimpl
        def omezarr_scaling_methods(self) -> list[ScalingMethod]:
            return [method(name) for name in names]

    return Provider()


def test_using_a_name_that_two_distributions_provide_names_both_and_the_cure(installed):
    for name in ("first", "second"):
        installed.add(name, {"scaling.it": f"{name}_plugin"}, {f"{name}_plugin": METHOD.format(name="it")})
    ask = "import omezarr; print(omezarr.default_registry().scaling_methods['it'].name)"
    ran = installed.python(ask)
    assert ran.returncode == 1
    assert "ConflictError" in ran.stderr
    assert "'it' is provided by first:scaling.it and second:scaling.it" in ran.stderr
    assert "OMEZARR_DISABLE_PLUGINS=second:scaling.it" in ran.stderr
    installed.environment = {"OMEZARR_DISABLE_PLUGINS": "second:scaling.it"}
    assert installed.python(ask).stdout == "it\n"


def test_a_contested_name_does_not_disturb_the_others(installed):
    for name in ("first", "second"):
        installed.add(name, {"scaling.it": f"{name}_plugin"}, {f"{name}_plugin": METHOD.format(name="it")})
    code = """
        import omezarr
        methods = omezarr.default_registry().scaling_methods
        print("it" in methods, "nearest" in methods, methods["nearest"].name)
    """
    assert installed.python(code).stdout == "False True nearest\n"
    ran = installed.run("plugins", "--json")
    rows = [row for row in json.loads(ran.stdout) if row["status"] != "loaded"]
    assert [(row["plugin"], row["name"], row["status"]) for row in rows] == [
        ("first:scaling.it", "it", "conflict"),
        ("second:scaling.it", "it", "conflict"),
    ]
    assert rows[0]["reason"] == "'it' is provided by second:scaling.it, too"
    assert "first:scaling.it (conflict): 'it' is provided by second:scaling.it, too" in installed.run("plugins").stdout


def test_a_command_that_shadows_a_built_in_one_is_refused_in_one_line_with_the_cure(installed):
    installed.add("shadow", {"commands.info": "shadow_plugin"}, {"shadow_plugin": COMMAND.format(name="info")})
    ran = installed.run("info", "image.zarr")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1
    assert "the command 'info' is provided by omezarr:commands.info and shadow:commands.info" in ran.stderr
    assert "omezarr -p no:shadow:commands.info" in ran.stderr


def test_the_cure_for_a_shadowed_command_works_either_way(installed):
    installed.add("shadow", {"commands.info": "shadow_plugin"}, {"shadow_plugin": COMMAND.format(name="info")})
    assert installed.run("-p", "no:omezarr:commands.info", "info").stdout == "hello\n"
    assert "Show the tree of nodes" in installed.run("-p", "no:shadow:commands.info", "info", "--help").stdout


def test_a_shadowed_command_leaves_the_other_commands_alone(installed):
    installed.add("shadow", {"commands.info": "shadow_plugin"}, {"shadow_plugin": COMMAND.format(name="info")})
    shown = installed.run("--help")
    assert shown.returncode == 0
    assert "create" in shown.stdout
    assert "Not available: info. To see why: omezarr plugins" in shown.stdout
    assert installed.run("create", "--help").returncode == 0


def test_a_plugin_that_provides_a_name_twice_is_told_apart_from_two_plugins():
    registry = isolated_registry(provider("it", "it"))
    with pytest.raises(ConflictError, match=r"provided twice by given:0.*-p no:given:0"):
        _ = registry.scaling_methods["it"]


def test_an_unknown_name_is_answered_with_near_and_known_ones():
    registry = isolated_registry(provider("median_of_five"), distributions=())
    with pytest.raises(UnknownNameError) as caught:
        _ = registry.scaling_methods["median_of_six"]
    assert str(caught.value) == (
        "no scaling method is called 'median_of_six'; did you mean 'median_of_five'? Known: median_of_five."
    )
    assert isinstance(caught.value, KeyError)


def test_an_unknown_name_in_an_empty_axis_says_that_there_are_none():
    with pytest.raises(UnknownNameError, match=r"no sample is called 'coins'\. Known: none\."):
        _ = isolated_registry(distributions=()).samples["coins"]


def test_an_unknown_name_is_explained_by_the_plugins_of_its_axis_that_failed():
    class Broken:
        @hookimpl
        def omezarr_scaling_methods(self) -> list[ScalingMethod]:
            raise OSError("no licence")

    with pytest.raises(
        UnknownNameError, match=r"Plugins that failed: given:0: omezarr_scaling_methods failed: OSError"
    ):
        _ = isolated_registry(Broken()).scaling_methods["it"]


def test_every_contribution_knows_its_provider():
    registry = isolated_registry(provider("it"))
    assert registry.scaling_methods.provider("it").identity == "given:0"
    assert registry.scaling_methods.provider("nearest").identity == "omezarr:scaling.nearest"
    assert registry.scaling_methods.provider("nearest").distribution == "omezarr"


def test_a_registry_is_a_read_only_mapping():
    methods = isolated_registry(provider("it")).scaling_methods
    assert "it" in methods
    assert 7 not in methods
    assert methods.get("nothing") is None
    assert len(methods) == len(list(methods)) == len(dict(methods))
    with pytest.raises(TypeError):
        methods["it"] = None  # type: ignore[index]


def test_versions_are_sorted_as_versions_and_other_names_by_letter():
    class Formats:
        @hookimpl
        def omezarr_formats(self):
            known = type(isolated_registry().formats["0.5"])
            return [type("F", (known,), {"version": name})() for name in ("0.10", "0.9.dev2", "0.9", "odd")]

    assert list(isolated_registry(Formats(), distributions=()).formats) == ["odd", "0.9.dev2", "0.9", "0.10"]
    names = list(isolated_registry().scaling_methods)
    assert names == sorted(names)


@pytest.mark.parametrize("axis", EXTENSION_AXES)
def test_every_extension_axis_is_an_attribute_of_the_registry(axis):
    registry = isolated_registry()
    assert registry.axis(axis) is getattr(registry, axis)


def test_the_default_registry_is_the_same_one_at_every_call():
    assert default_registry() is default_registry()


def test_all_built_in_plugins_load():
    registry = isolated_registry()
    for axis in EXTENSION_AXES:
        registry.axis(axis).all  # noqa: B018 - loads the axis
    assert registry.failures == ()
    assert {provider.distribution for provider in registry.providers} == {"omezarr"}


def test_the_most_specific_claim_wins_whatever_the_order():
    claims = [("a", Claim(1, "x"), "A"), ("b", Claim(3, "y"), "B"), ("c", Claim(2, "z"), "C")]
    assert best_claim("it", claims) == best_claim("it", claims[::-1]) == "B"
    assert best_claim("it", ()) is None


def test_two_claims_of_equal_right_are_an_error_that_names_both():
    with pytest.raises(ConflictError, match="the file is claimed by a and b with equal right"):
        best_claim("the file", [("a", Claim(2, "x"), 1), ("b", Claim(2, "y"), 2), ("c", Claim(1, "z"), 3)])


def test_a_registry_passed_to_a_function_is_the_one_that_counts(tmp_path):
    import numpy as np

    import omezarr
    from omezarr.model.content import ImageContent

    class Numbers(Importer):
        name = "numbers"
        suffixes = (".numbers",)

        def claim(self, location):
            return Claim(10, "its name ends in .numbers") if location.name.endswith(self.suffixes) else None

        def load(self, location, options):
            from omezarr.arrays import as_source
            from omezarr.model import conventional_axes

            return ImageContent(pixels=as_source(np.full((4, 4), 7, "uint8")), axes=conventional_axes("yx"))

    class Plugin:
        @hookimpl
        def omezarr_importers(self):
            return [Numbers()]

    source = tmp_path / "seven.numbers"
    source.write_text("")
    with pytest.raises(omezarr.errors.SourceError):
        omezarr.convert(source, tmp_path / "no.ome.zarr")
    node = omezarr.convert(source, tmp_path / "yes.ome.zarr", registry=isolated_registry(Plugin()))
    assert (node.levels[0].read() == 7).all()
