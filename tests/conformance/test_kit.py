"""The kit finds the mistakes that it is there for, and its registries hold nothing unexpected."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from attrs import frozen

from omezarr.abc import Certainty, Claim, Reference, ScalingMethod
from omezarr.errors import PluginError
from omezarr.testing import (
    FormatVersionSuite,
    NodeTypeSuite,
    ScalingMethodSuite,
    isolated_registry,
    modules_imported_by,
)

BUILT_IN = isolated_registry()
LOCAL_MEAN = BUILT_IN.scaling_methods["local_mean"]
NEAREST = BUILT_IN.scaling_methods["nearest"]
V05 = BUILT_IN.formats["0.5"]
WELL = BUILT_IN.node_types["well"]


def changed(instance: Any, **attributes: Any) -> Any:
    """Return an instance of the same class but for some attributes and methods."""
    return type("Changed", (type(instance),), attributes)()


def neighbourly(self: Any, window: Any, factors: Any, inner: Any) -> Any:
    """Reduce with a sample beyond the block, which no halo was declared for."""
    beyond = np.roll(window, 1, axis=-1)
    return type(LOCAL_MEAN).reduce(self, np.maximum(window, beyond), factors, inner)


def in_place(self: Any, window: Any, factors: Any, inner: Any) -> Any:
    window[...] = 0
    return type(NEAREST).reduce(self, window, factors, inner)


def greedy(self: Any, window: Any, factors: Any, inner: Any) -> Any:
    """Take more than the four copies that are reckoned with where a method says nothing."""
    copies = [window.astype("float64") for _ in range(6)]
    assert len(copies) == 6
    return type(NEAREST).reduce(self, window, factors, inner)


class _Careless(type(NEAREST)):  # type: ignore[misc]  # a class that is found at run time
    """Says nothing of its scratch memory."""

    scratch = ScalingMethod.scratch


Careless = _Careless()
SCRATCH = "test_takes_no_more_scratch_memory_than_it_states"


def across_channels(self: Any, window: Any, factors: Any, inner: Any) -> Any:
    return type(NEAREST).reduce(self, np.maximum.accumulate(window, axis=0), factors, inner)


@pytest.mark.parametrize(
    ("method", "test", "arguments"),
    [
        (changed(LOCAL_MEAN, origin=lambda *_: 0.0), "test_puts_a_ramp_where_its_geometry_says", (2,)),
        (changed(LOCAL_MEAN, preserves_values=True), "test_makes_up_no_values_if_it_preserves_them", ()),
        (changed(LOCAL_MEAN, reduce=neighbourly), "test_gives_the_same_whatever_the_windows", ((24, 36), (2, 2))),
        (changed(NEAREST, reduce=in_place), "test_leaves_its_window_as_it_is", ()),
        (changed(NEAREST, reduce=across_channels), "test_treats_axes_of_factor_1_apart", ()),
        (changed(NEAREST, check_dtype=lambda *_: " "), "test_says_why_it_refuses_a_dtype", ()),
        (changed(NEAREST, check_dtype=lambda *_: "no"), "test_accepts_some_dtype", ()),
        (changed(LOCAL_MEAN, scratch=lambda *_: 0), SCRATCH, ((500, 602), (2, 2))),
        (changed(NEAREST, reduce=greedy), SCRATCH, ((500, 602), (2, 2))),
        (changed(Careless, reduce=greedy), SCRATCH, ((500, 602), (2, 2))),
        (changed(NEAREST, name=""), "test_has_a_name_and_a_version", ()),
    ],
)
def test_a_scaling_method_that_breaks_its_word_fails(method, test, arguments):
    with pytest.raises(AssertionError):
        getattr(ScalingMethodSuite(), test)(method, *arguments)


def test_a_result_of_the_wrong_dtype_or_shape_is_the_fault_of_the_plugin():
    wider = changed(LOCAL_MEAN, reduce=lambda _, window, *__: window.astype("float32"))
    with pytest.raises(PluginError, match="report this to its author"):
        ScalingMethodSuite().test_keeps_the_dtype_and_rounds_sizes_up(wider, (24, 36), (2, 2))


ATTRIBUTES = {"ome": {"version": "0.5", "well": {"images": [{"path": "0"}]}}}


@pytest.mark.parametrize(
    ("version", "test"),
    [
        (changed(V05, claim=lambda *_: None), "test_claims_what_names_it"),
        (changed(V05, claim=lambda *_: Claim(Certainty.EXPLICIT, "")), "test_claims_what_names_it"),
        (changed(V05, claim=lambda *_: Claim(Certainty.EXPLICIT, "always")), "test_leaves_the_other_zarr_format_alone"),
        (changed(V05, wrap=lambda *_: {"ome": {}}), "test_wraps_what_it_has_unwrapped"),
    ],
)
def test_a_format_version_that_breaks_its_word_fails(version, test):
    with pytest.raises(AssertionError):
        getattr(FormatVersionSuite(), test)(version, ATTRIBUTES)


def test_a_format_version_that_claims_what_others_name_fails():
    greedy = changed(V05, version="9.9", claim=lambda *_: Claim(Certainty.EXPLICIT, "always"))
    registry = FormatVersionSuite.registry.__wrapped__(None, greedy)  # type: ignore[attr-defined]
    assert "9.9" in registry.formats
    with pytest.raises(AssertionError):
        FormatVersionSuite().test_is_the_only_one_to_claim_it(greedy, ATTRIBUTES, registry)


@frozen
class Forgetful:
    images: Any = None


@pytest.mark.parametrize(
    ("node_type", "test"),
    [
        (changed(WELL, claim=lambda *_: None), "test_claims_what_has_its_key"),
        (changed(WELL, unstructure=lambda *_: {"well": {}}), "test_structures_values_and_gives_them_back"),
        (changed(WELL, model=Forgetful), "test_structures_values_and_gives_them_back"),
        (
            changed(WELL, references=lambda *_: [Reference(path="", role="child")]),
            "test_refers_to_what_is_below_the_node",
        ),
    ],
)
def test_a_node_type_that_breaks_its_word_fails(node_type, test):
    with pytest.raises((AssertionError, TypeError)):
        getattr(NodeTypeSuite(), test)(node_type, {"well": {"images": [{"path": "0"}], "more": 1}})


def test_a_node_type_that_claims_everything_fails():
    with pytest.raises(AssertionError):
        NodeTypeSuite().test_leaves_other_documents_alone(changed(WELL, claim=lambda *_: Claim(1, "always")))


def test_a_suite_without_its_fixture_says_what_is_missing(tmp_path):
    module = tmp_path / "test_mine.py"
    module.write_text("from omezarr.testing import ScalingMethodSuite\nclass TestMine(ScalingMethodSuite): pass\n")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "has_a_name", str(module)]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "a subclass of ScalingMethodSuite overrides the fixture 'method'" in ran.stdout


def test_an_isolated_registry_does_not_see_what_else_is_installed_or_set(installed):
    installed.add("other", {"scaling.other": "nowhere"})
    installed.environment = {"OMEZARR_DISABLE_PLUGINS": "omezarr", "OMEZARR_THREADS": "nonsense"}
    code = """
        from omezarr.testing import isolated_registry
        registry = isolated_registry()
        print("nearest" in registry.scaling_methods, registry.failures)
    """
    assert installed.python(code).stdout == "True ()\n"


def test_what_a_module_imports_is_seen():
    assert {"numpy", "json"} <= modules_imported_by("import numpy, json")
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        modules_imported_by("1 / 0")
