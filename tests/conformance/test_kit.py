"""The kit finds the mistakes that it is there for, and its registries hold nothing unexpected."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from attrs import frozen
from zarr.storage import MemoryStore

from omezarr.abc import Certainty, Claim, OpenedStore, Reference, ScalingMethod, StorageScheme
from omezarr.abc.rules import Finding, Rule, Severity
from omezarr.arrays import as_source
from omezarr.errors import OMEZarrError, PluginError
from omezarr.location import Location
from omezarr.model import conventional_axes
from omezarr.model.content import ImageContent, WellContent
from omezarr.testing import (
    FormatVersionSuite,
    NodeTypeSuite,
    ScalingMethodSuite,
    WritableSchemeSuite,
    isolated_registry,
    modules_imported_by,
)
from tests.conformance.test_kit_of_exchange import call

pytestmark = pytest.mark.once

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


def remembering(self: Any, window: Any, factors: Any, inner: Any) -> Any:
    """Take the most of the window before for the least of this one, as whoever keeps state between windows does."""
    before = vars(self).get("most", window.min())
    self.most = window.max()
    return type(NEAREST).reduce(self, np.maximum(window, np.asarray(before).astype(window.dtype)), factors, inner)


def dimmed(self: Any, window: Any, factors: Any, inner: Any) -> Any:
    """Lose what is bright in uint8, as whoever reckons in int8 does."""
    if window.dtype == np.uint8:
        window = np.minimum(window, 127)
    return type(LOCAL_MEAN).reduce(self, window, factors, inner)


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
        (changed(NEAREST, reduce=remembering), "test_gives_the_same_whenever_it_is_asked", ()),
        (changed(LOCAL_MEAN, reduce=dimmed), "test_keeps_what_is_the_same_everywhere", ()),
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


def refuses_to_say(*_: Any, **__: Any) -> Any:
    raise KeyError("name")


def rule(check: Any) -> Any:
    """Return a hook for rules that gives one with a check."""
    one = Rule(id="it", severity=Severity.ERROR, section="here", demand="It is.", check=check)
    return lambda *_: [one]


def finds_always(_: Any) -> Any:
    return [Finding(path=(), found="it", expected="nothing")]


def careless(context: Any) -> Any:
    return [] if str(context.values["well"]["images"][0]["path"]) else finds_always(context)


REVERSED = changed(V05, array_metadata=lambda _, axes: ({}, tuple(reversed(axes))))
PLANTED_IN_FORMATS = [
    (REVERSED, "test_arrays_are_named_by_their_axes_in_order"),
    (changed(V05, array_metadata=lambda *_: None), "test_arrays_are_named_by_their_axes_in_order"),
    (changed(V05, array_metadata=lambda *_: ({}, None)), "test_arrays_are_named_by_their_axes_in_order"),
    (changed(V05, check_axes=refuses_to_say), "test_says_which_axes_and_dtypes_it_takes_and_why_not"),
    (changed(V05, check_axes=lambda *_: "no"), "test_says_which_axes_and_dtypes_it_takes_and_why_not"),
    (changed(V05, check_dtype=lambda *_, **__: ""), "test_says_which_axes_and_dtypes_it_takes_and_why_not"),
    (changed(V05, rules=rule(finds_always)), "test_its_rules_are_sound"),
    (changed(V05, rules=rule(careless)), "test_its_rules_are_sound"),
    (changed(V05, rules=rule(refuses_to_say)), "test_its_rules_are_sound"),
    (changed(V05, complete=lambda _, metadata, *__: metadata), "test_images_are_written_read_and_upgraded"),
]


@pytest.mark.parametrize(("version", "test"), PLANTED_IN_FORMATS)
def test_a_fault_that_is_planted_in_a_format_version_is_found(version, test):
    given = {
        "version": version,
        "attributes": ATTRIBUTES,
        "registry": isolated_registry().without("omezarr:formats.0.5"),
    }
    given["registry"] = given["registry"].with_(version)
    with pytest.raises((AssertionError, KeyError, TypeError, OMEZarrError, IndexError)):
        call(getattr(FormatVersionSuite(), test), given)


WELL_VALUES = {"well": {"images": [{"path": "0"}]}}


@pytest.mark.parametrize(
    ("changes", "test"),
    [
        (
            {"claim": lambda *_: Claim(1, "always"), "priority": 1000},
            "test_leaves_the_documents_of_other_types_alone",
        ),
        (
            {"probe": lambda *_: [Reference(path="../../secret", role="child")]},
            "test_looks_for_children_below_the_node",
        ),
        ({"probe": lambda *_: [Reference(path="/etc", role="child")]}, "test_looks_for_children_below_the_node"),
        ({"probe": refuses_to_say}, "test_looks_for_children_below_the_node"),
        ({"rules": rule(finds_always)}, "test_its_rules_are_sound"),
        ({"rules": rule(careless)}, "test_its_rules_are_sound"),
        ({"plan": lambda *_: []}, "test_what_it_writes_is_read_whole"),
        (
            {"references": lambda *_: [Reference(path="7", role="child")]},
            "test_what_it_writes_is_read_whole",
        ),
    ],
)  # fmt: skip
def test_a_fault_that_is_planted_in_a_node_type_is_found(changes, test):
    node_type = changed(WELL, **changes)
    registry = isolated_registry().without("omezarr:nodes.well").with_(node_type)
    image = ImageContent(pixels=as_source(np.zeros((4, 4), "uint8")), axes=conventional_axes("yx"))
    content = WellContent(fields={"0": image})
    given = {"node_type": node_type, "values": WELL_VALUES, "content": content, "registry": registry}
    with pytest.raises((AssertionError, KeyError, OMEZarrError)):
        call(getattr(NodeTypeSuite(), test), given)


class Shelf(StorageScheme):
    """Hierarchies in memory, by name."""

    name = "shelf"
    options = frozenset({"token"})

    def __init__(self, store: type = MemoryStore) -> None:
        self.store = store
        self.objects: dict[str, Any] = {}

    def claim(self, location: Any) -> Claim | None:
        return Claim(Claim.NAME, "it begins with shelf://") if location.protocol == "shelf" else None

    def open(self, location: Any, *, write: bool, resolve: Any) -> OpenedStore:
        assert location.options.token is None
        return OpenedStore(store=self.store(self.objects, read_only=not write), path=location.name)


class Stubborn(MemoryStore):
    """Keeps what was written first."""

    async def set(self, key: str, value: Any, byte_range: Any = None) -> None:
        if key not in self._store_dict:
            await super().set(key, value)


class Brief(MemoryStore):
    """Lists one page."""

    async def list_dir(self, prefix: str) -> Any:
        count = 0
        async for name in super().list_dir(prefix):
            count += 1
            if count <= 1000:
                yield name


@pytest.mark.parametrize(
    ("scheme", "test"),
    [
        (Shelf(Stubborn), "test_what_is_written_twice_is_what_was_written_last"),
        (Shelf(Brief), "test_listings_are_complete"),
        (changed(Shelf(), options=frozenset({"token", "region"})), "test_options_that_it_names_are_looked_at"),
    ],
)
def test_a_fault_that_is_planted_in_a_storage_scheme_is_found(scheme, test):
    for one, right in ((Shelf(), True), (scheme, False)):
        registry, place = isolated_registry(one), Location.parse("shelf://a.zarr")
        given = {"scheme": one, "registry": registry, "place": place, "empty": place}
        if right:
            call(getattr(WritableSchemeSuite(), test), given)
        else:
            with pytest.raises(AssertionError):
                call(getattr(WritableSchemeSuite(), test), given)


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
