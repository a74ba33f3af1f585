"""Plugins of a running program: added, replaced, taken back, and said to be nothing where they are."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest

import omezarr
from omezarr.abc import SampleData, ScalingMethod
from omezarr.cli import run
from omezarr.errors import ArgumentError, ConflictError, OMEZarrWarning, PluginError
from omezarr.hookspecs import hookimpl
from omezarr.testing import isolated_registry

if TYPE_CHECKING:
    from omezarr.plugins.registry import Registry


def cell(shift: int, called: str = "shifted") -> ScalingMethod:
    """Return what a cell of a notebook defines; each run makes a new class of the same name."""

    class Shifted(ScalingMethod):
        name = called

        def origin(self, factor: int) -> float:
            return float(shift)

        def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
            return window[inner][tuple(slice(shift, None, factor) for factor in factors)]

    return Shifted()


def module(name: str, **hooks: Any) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(hooks)
    return made


def names(registry: Registry) -> list[str]:
    return [name for name in registry.scaling_methods if name.startswith("shifted")]


@pytest.fixture
def registry() -> Registry:
    return isolated_registry()


def test_it_is_there_within_the_block_and_gone_after_it(registry: Registry) -> None:
    with omezarr.registered(cell(1), registry=registry) as inner:
        assert inner is registry
        assert registry.scaling_methods["shifted"].origin(2) == 1.0
    assert names(registry) == []
    assert registry.failures == ()


def test_it_goes_to_the_registry_in_use(registry: Registry) -> None:
    with registry.in_use(), omezarr.registered(cell(1)):
        assert names(registry) == ["shifted"]
        assert names(omezarr.default_registry()) == []
        pixels = np.arange(16).reshape(4, 4)
        image = omezarr.write_image("memory://registered/a.zarr", pixels, axes="yx", levels=2, method="shifted")
        np.testing.assert_array_equal(image.levels[1].read(), pixels[1::2, 1::2])


def test_an_error_within_the_block_takes_it_back_too(registry: Registry) -> None:
    with pytest.raises(ZeroDivisionError), omezarr.registered(cell(1), registry=registry):
        _ = 1 / 0
    assert names(registry) == []


def test_running_a_cell_again_replaces(registry: Registry) -> None:
    first = omezarr.registered(cell(0), registry=registry)
    again = omezarr.registered(cell(1), registry=registry)
    assert registry.scaling_methods["shifted"].origin(2) == 1.0
    assert repr(again) == "<registered: scaling method 'shifted'>"
    first.close()  # the second has taken its place
    assert names(registry) == ["shifted"]
    again.close()
    again.close()
    assert registry.scaling_methods["shifted"].origin(2) == 0.0


def test_what_an_inner_block_replaces_comes_back(registry: Registry) -> None:
    with omezarr.registered(cell(0), registry=registry):
        with omezarr.registered(cell(1), registry=registry):
            assert registry.scaling_methods["shifted"].origin(2) == 1.0
        assert registry.scaling_methods["shifted"].origin(2) == 0.0


def test_two_of_one_class_with_names_of_their_own_stand_beside_each_other(registry: Registry) -> None:
    with omezarr.registered(cell(0, "shifted_a"), cell(1, "shifted_b"), registry=registry):
        assert names(registry) == ["shifted_a", "shifted_b"]


def test_modules_objects_and_commands_are_taken(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    @hookimpl
    def omezarr_scaling_methods() -> list[ScalingMethod]:
        return [cell(1, "shifted_of_module")]

    class Plugin:
        @hookimpl
        def omezarr_scaling_methods(self) -> list[ScalingMethod]:
            return [cell(1, "shifted_of_object")]

    @click.command()
    def greet() -> None:
        click.echo("good morning")

    hooks = module("my_module", omezarr_scaling_methods=omezarr_scaling_methods)
    with omezarr.registered(hooks, Plugin(), greet, registry=registry):
        assert names(registry) == ["shifted_of_module", "shifted_of_object"]
        assert registry.scaling_methods.provider("shifted_of_module").identity == "my_module"
        assert run(["greet"], registry) == 0
        assert run(["plugins"], registry) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("good morning\n")
    assert "my_module" in printed
    assert run(["greet"], registry) == 2


def test_what_registers_nothing_says_so(registry: Registry) -> None:
    @hookimpl
    def omezarr_samples() -> list[SampleData]:
        return []

    @hookimpl
    def omezarr_scaling_methods() -> list[Any]:
        return ["no method"]

    with pytest.raises(ArgumentError, match="is given nothing"):
        omezarr.registered(registry=registry)
    with pytest.raises(ArgumentError, match=r"Shifted is a class; give an instance of it: Shifted\(\)"):
        omezarr.registered(type(cell(1)), registry=registry)
    with pytest.raises(PluginError, match=r"^bare registers nothing: it has no hook implementation; mark a function"):
        omezarr.registered(module("bare"), registry=registry)
    with pytest.raises(PluginError, match=r"^empty registers nothing: its hooks return nothing"):
        omezarr.registered(module("empty", omezarr_samples=omezarr_samples), registry=registry)
    with pytest.raises(PluginError, match=r"^odd registers nothing: omezarr_scaling_methods returned"):
        omezarr.registered(module("odd", omezarr_scaling_methods=omezarr_scaling_methods), registry=registry)
    assert dict(registry.added) == {}


def test_nothing_of_a_call_stays_if_one_of_several_fails(registry: Registry) -> None:
    kept = omezarr.registered(cell(0), registry=registry)
    with pytest.raises(PluginError, match="bare registers nothing"):
        omezarr.registered(cell(1), module("bare"), registry=registry)
    assert registry.scaling_methods["shifted"].origin(2) == 0.0
    kept.close()
    assert dict(registry.added) == {}


def test_a_broken_module_leaves_what_it_was_before(registry: Registry) -> None:
    @hookimpl
    def omezarr_scaling_methods() -> list[ScalingMethod]:
        return [cell(1)]

    @hookimpl
    def omezarr_nothing_such() -> list[ScalingMethod]:
        return []

    with omezarr.registered(module("mine", omezarr_scaling_methods=omezarr_scaling_methods), registry=registry):
        with pytest.raises(PluginError, match="implements the unknown hook omezarr_nothing_such"):
            omezarr.registered(module("mine", omezarr_nothing_such=omezarr_nothing_such), registry=registry)
        assert names(registry) == ["shifted"]


def test_what_partly_fails_is_told(registry: Registry) -> None:
    @hookimpl
    def omezarr_scaling_methods() -> list[Any]:
        return [cell(1), None]

    hooks = module("partly", omezarr_scaling_methods=omezarr_scaling_methods)
    with pytest.warns(OMEZarrWarning, match="partly: omezarr_scaling_methods returned None"):
        registration = omezarr.registered(hooks, registry=registry)
    assert names(registry) == ["shifted"]
    registration.close()


def test_a_name_that_a_built_in_has_is_contested(registry: Registry) -> None:
    with omezarr.registered(cell(1, "nearest"), registry=registry):
        with pytest.raises(ConflictError, match=r"omezarr:scaling.nearest"):
            _ = registry.scaling_methods["nearest"]
        with registry.without("omezarr:scaling.nearest").in_use():
            assert omezarr.registry_in_use().scaling_methods["nearest"].origin(2) == 1.0
    assert registry.scaling_methods["nearest"].origin(2) == 0.0


def test_a_registry_with_more_leaves_the_first_as_it_is(registry: Registry) -> None:
    more = registry.with_(cell(0, "shifted_a")).with_(cell(1, "shifted_b"))
    assert names(more) == ["shifted_a", "shifted_b"]
    assert names(registry) == []
    assert len(more.formats) == len(registry.formats)
    with pytest.raises(PluginError, match="registers nothing"):
        registry.with_(module("bare"))


def test_what_was_added_can_be_disabled(registry: Registry) -> None:
    more = registry.with_(cell(0))
    (identity,) = more.added
    less = more.without(identity)
    assert names(less) == []
    assert [str(provider) for provider in less.scaling_methods.disabled] == [identity]
    assert less.unknown_disabled == ()
    assert names(more) == ["shifted"]


def test_the_command_line_disables_plugins_of_the_registry_in_use(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def greet() -> None:
        click.echo(", ".join(names(omezarr.registry_in_use())))

    with registry.in_use(), omezarr.registered(cell(0), greet):
        assert run(["-p", "no:omezarr:commands.info", "greet"]) == 0
        assert run(["-p", "no:omezarr:commands.info", "info"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "shifted\n"
    assert "is disabled: omezarr:commands.info" in captured.err
