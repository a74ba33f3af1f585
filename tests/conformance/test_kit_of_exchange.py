"""The suites beside those of `test_kit` find the mistakes that they are there for."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import numpy as np
import pytest

from omezarr.abc import Claim, Exporter, Importer, RuleSet, SampleData, Viewer
from omezarr.abc.rules import Edit, Finding, Rule, Severity
from omezarr.arrays import as_source
from omezarr.errors import OMEZarrError, SourceError
from omezarr.model import conventional_axes
from omezarr.model.content import ImageContent
from omezarr.terminal import LazyCommand
from omezarr.testing import (
    CommandSuite,
    ExporterSuite,
    ImporterSuite,
    RuleSetSuite,
    SampleDataSuite,
    ViewerSuite,
    isolated_registry,
    registry_with,
)
from omezarr.testing.viewers import SOURCES

pytestmark = pytest.mark.once

FAILED = (AssertionError, pytest.fail.Exception)
PIXELS = np.arange(12, dtype="uint8").reshape(3, 4)


# Rules: every image has a name, in capitals.


def named(context: Any) -> Any:
    images = context.values.get("multiscales")
    for number, image in enumerate(images if isinstance(images, list) else ()):
        if isinstance(image, dict) and not (isinstance(image.get("name"), str) and image["name"].isupper()):
            yield Finding(path=("multiscales", number, "name"), found=repr(image.get("name")), expected="CAPITALS")


def capitals(context: Any, findings: Any) -> Any:
    for finding in findings:
        yield Edit(path=("attributes", "ome", *finding.path), value="NAMED")


def rules(check: Any = named, fix: Any = capitals, **other: Any) -> RuleSet:
    said = {"id": "named", "severity": Severity.WARNING, "section": "our lab", "demand": "Images have names.", **other}
    return RuleSet(name="our-lab", key="multiscales", rules=[Rule(check=check, fix=fix, **said)])


SOUND = {"multiscales": [{"name": "CELLS", "axes": [], "datasets": []}]}
BROKEN = {"our-lab/named": {"multiscales": [{"name": "cells", "axes": [], "datasets": []}]}}


class TestTheRules(RuleSetSuite):
    @pytest.fixture
    def rule_set(self):
        return rules()

    @pytest.fixture
    def sound(self):
        return SOUND

    @pytest.fixture
    def broken(self):
        return BROKEN


def fires_always(context: Any) -> Any:
    return [Finding(path=(), found="it", expected="nothing")]


def careless(context: Any) -> Any:
    names = [image["name"] for image in context.values["multiscales"]]
    return [Finding(path=("multiscales", 0), found="x", expected="y") for name in names if name != "CELLS"]


def meddling(context: Any) -> Any:
    context.values["seen"] = True
    return ()


def pointing_nowhere(context: Any) -> Any:
    return [Finding(path=("nowhere", "at", "all"), found="x", expected="y")] if "cells" in str(context.values) else []


@pytest.mark.parametrize(
    ("rule_set", "test"),
    [
        (rules(fires_always), "test_no_rule_finds_anything_in_what_is_sound"),
        (rules(lambda _: ()), "test_every_rule_finds_what_breaks_it"),
        (rules(lambda _: ["wrong"]), "test_no_rule_finds_anything_in_what_is_sound"),
        (rules(careless), "test_no_rule_raises_whatever_the_document_holds"),
        (rules(meddling), "test_no_rule_changes_the_document"),
        (rules(pointing_nowhere), "test_findings_point_into_the_document"),
        (rules(fix=lambda *_: ()), "test_fixes_mend"),
        (rules(demand=""), "test_every_rule_says_what_it_asks_for"),
        (RuleSet(name="our-lab", key="multi-scales", rules=rules().rules), "test_is_for_a_kind_of_group_that_there_is"),
        (RuleSet(name="our-lab", since="9", rules=rules().rules), "test_is_for_a_kind_of_group_that_there_is"),
    ],
)
def test_a_rule_set_that_breaks_its_word_fails(rule_set, test):
    suite = RuleSetSuite()
    given = {"rule_set": rule_set, "sound": dict(SOUND), "broken": BROKEN}
    given["registry"] = registry_with("rule_sets", rule_set)
    with pytest.raises((*FAILED, TypeError, KeyError)):
        call(getattr(suite, test), given)


def test_a_rule_without_an_example_is_named():
    with pytest.raises(AssertionError, match="our-lab/named"):
        RuleSetSuite().test_every_rule_has_an_example_that_breaks_it(rules(), {})


# Commands.


def command(**changes: Any) -> click.Command:
    @click.command(name="count", epilog="Example: omezarr count cells.ome.zarr", help="Count what is at PATH.")
    @click.argument("path")
    @click.option("--twice", is_flag=True, help="Once more.")
    def count(path: str, twice: bool) -> None:
        """Count."""

    for name, value in changes.items():
        setattr(count, name, value)
    return count


WHERE = "omezarr_builtins.commands.view:view"
INDULGENT = command(context_settings={"ignore_unknown_options": True}, params=[click.Argument(["path"], nargs=-1)])


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (command(help=None), "test_has_a_name_and_help"),
        (command(help=f"{'Very ' * 40}long."), "test_has_a_name_and_help"),
        (LazyCommand("view", WHERE, "Show something else."), "test_has_a_name_and_help"),
        (LazyCommand("look", WHERE, isolated_registry().commands["view"].help or ""), "test_has_a_name_and_help"),
        (command(epilog=None), "test_its_help_shows_an_example"),
        (command(help="Count."), "test_every_option_is_explained"),
        (command(params=[click.Option(["--twice"])]), "test_every_option_is_explained"),
        (INDULGENT, "test_what_it_does_not_know_is_an_error_of_usage"),
    ],
)
def test_a_command_that_breaks_its_word_fails(broken, test):
    call(getattr(CommandSuite(), test), {"command": command(), "registry": isolated_registry()})
    with pytest.raises(AssertionError):
        call(getattr(CommandSuite(), test), {"command": broken, "registry": isolated_registry()})


def test_a_command_with_a_heavy_import_fails():
    suite = CommandSuite()
    suite.module = "omezarr.arrays.reading"
    with pytest.raises(AssertionError, match="numpy"):
        suite.test_importing_it_stays_light(command())


# Importers.


class Raw(Importer):
    """Three rows of four bytes behind four letters."""

    name = "raw"
    suffixes = (".raw34",)

    def claim(self, location: Any) -> Claim | None:
        return Claim(10, "its name ends in .raw34") if location.name.endswith(".raw34") else None

    def load(self, location: Any, options: Any) -> ImageContent:
        file = Path(location.url)
        content = file.read_bytes() if file.is_file() else b""
        if len(content) != 16 or content[:4] != b"RAW!":
            raise SourceError(f"{file} is no raw file of 3 x 4 pixels")
        return ImageContent(pixels=as_source(self.made(content)), axes=conventional_axes("yx"))

    def made(self, content: bytes) -> Any:
        return np.frombuffer(content[4:], "uint8").reshape(3, 4)


class TestTheImporter(ImporterSuite):
    @pytest.fixture
    def importer(self):
        return Raw()

    @pytest.fixture
    def file(self, tmp_path):
        (tmp_path / "a.raw34").write_bytes(b"RAW!" + PIXELS.tobytes())
        return tmp_path / "a.raw34"

    @pytest.fixture
    def pixels(self):
        return PIXELS


def raw(**changes: Any) -> Importer:
    return type("Changed", (Raw,), changes)()


def trusting(self: Any, location: Any, options: Any) -> ImageContent:
    content = Path(location.url).read_bytes()
    padded = content[4:16] + bytes(12 - len(content[4:16]))
    return ImageContent(pixels=as_source(np.frombuffer(padded, "uint8").reshape(3, 4)), axes=conventional_axes("yx"))


@pytest.mark.parametrize(
    ("importer", "test", "more"),
    [
        (raw(claim=lambda *_: Claim(10, "always")), "test_leaves_other_places_alone", {"text": "a.tar.gz"}),
        (raw(claim=lambda *_: None), "test_claims_its_file_and_says_why", {}),
        (raw(claim=lambda *_: Claim(10, "")), "test_claims_its_file_and_says_why", {}),
        (raw(suffixes=("RAW",)), "test_has_a_name_suffixes_and_explained_options", {}),
        (raw(options={"bits": ""}), "test_has_a_name_suffixes_and_explained_options", {}),
        (raw(made=lambda *_: PIXELS[::-1]), "test_every_region_has_the_right_pixels", {}),
        (raw(made=lambda *_: PIXELS.astype("uint16")), "test_axes_fit_the_pixels", {}),
        (raw(load=trusting), "test_is_calm_about_a_file_that_is_not_there", {}),
        (raw(load=trusting), "test_a_file_that_was_cut_short_is_refused_in_words", {"cut": 0.5}),
        (raw(load=trusting), "test_other_bytes_under_its_name_are_refused_in_words", {}),
    ],
)
def test_an_importer_that_breaks_its_word_fails(importer, test, more, tmp_path):
    (tmp_path / "a.raw34").write_bytes(b"RAW!" + PIXELS.tobytes())
    given = {"importer": importer, "file": tmp_path / "a.raw34", "pixels": PIXELS, **more}
    with pytest.raises((*FAILED, FileNotFoundError)):
        call(getattr(ImporterSuite(), test), given)


class Endless(ImporterSuite):
    __test__ = False
    ends_are_told = False


def blunt(self: Any, location: Any, options: Any) -> ImageContent:
    content = Path(location.url).read_bytes()
    pixels = np.frombuffer(content[4:], "uint8").reshape(3, 4)
    return ImageContent(pixels=as_source(pixels), axes=conventional_axes("yx"))


@pytest.mark.parametrize(("importer", "found"), [(Raw(), ()), (raw(load=trusting), (0,)), (raw(load=blunt), (0, 0.5))])
def test_where_ends_are_not_told_what_is_refused_is_refused_in_words(importer, found, tmp_path):
    (tmp_path / "a.raw34").write_bytes(b"RAW!" + PIXELS.tobytes())
    given = {"importer": importer, "file": tmp_path / "a.raw34"}
    for cut in (0, 0.5):
        test = Endless().test_a_file_that_was_cut_short_is_refused_in_words
        if cut in found:
            with pytest.raises((*FAILED, ValueError)) as caught:
                call(test, {**given, "cut": cut})
            assert not isinstance(caught.value, OMEZarrError)
        else:
            call(test, {**given, "cut": cut})


# Exporters.


class Text(Exporter):
    """Numbers, a row in each line."""

    name = "text"
    suffixes = (".numbers",)

    def claim(self, location: Any) -> Claim | None:
        return Claim(10, "its name ends in .numbers") if location.name.endswith(".numbers") else None

    def save(self, content: Any, location: Any, options: Any, run: Any) -> None:
        pixels = content.pixels.read(tuple(slice(0, n) for n in content.pixels.shape))
        np.savetxt(location.url, pixels, fmt="%d")


class NumbersSuite(ExporterSuite):
    __test__ = False

    def read_back(self, file: Path) -> Any:
        return np.loadtxt(file, dtype="uint8")


class TestTheExporter(NumbersSuite):
    __test__ = True

    @pytest.fixture
    def exporter(self):
        return Text()

    @pytest.fixture
    def pixels(self):
        return PIXELS


def transposed(self: Any, content: Any, location: Any, options: Any, run: Any) -> None:
    np.savetxt(location.url, content.pixels.read((slice(0, 3), slice(0, 4)))[:, ::-1], fmt="%d")


def hasty(self: Any, content: Any, location: Any, options: Any, run: Any) -> None:
    try:
        Text.save(self, content, location, options, run)
    except OMEZarrError:
        Path(location.url).write_text("0\n")


def dated(self: Any, content: Any, location: Any, options: Any, run: Any) -> None:
    Text.save(self, content, location, options, run)
    Path(location.url).with_suffix(".log").write_text(str(location.url))


@pytest.mark.parametrize(
    ("changes", "test"),
    [
        ({"save": transposed}, "test_files_hold_the_pixels"),
        ({"save": hasty}, "test_a_source_that_fails_leaves_nothing"),
        ({"save": dated}, "test_the_same_image_gives_the_same_bytes"),
        ({"suffixes": ()}, "test_has_a_name_suffixes_and_explained_options"),
        ({"claim": lambda *_: None}, "test_claims_its_suffixes_and_says_why"),
    ],
)
def test_an_exporter_that_breaks_its_word_fails(changes, test, tmp_path):
    exporter = type("Changed", (Text,), changes)()
    suite = NumbersSuite()
    registry = registry_with("exporters", exporter)
    given: dict[str, Any] = {"exporter": exporter, "registry": registry, "pixels": PIXELS, "tmp_path": tmp_path}
    given["image"] = ExporterSuite.image.__wrapped__(suite, PIXELS, registry, tmp_path)  # type: ignore[attr-defined]
    with pytest.raises(FAILED):
        call(getattr(suite, test), given)


def test_an_exporter_that_claims_everything_fails():
    greedy = type("Greedy", (Text,), {"claim": lambda *_: Claim(1, "always")})()
    with pytest.raises(AssertionError):
        ExporterSuite().test_leaves_other_names_alone(greedy, "cells.ome.zarr")


# Samples and viewers.


class Grey(SampleData):
    name = "grey"
    description = "a small grey image"

    def load(self) -> ImageContent:
        return ImageContent(pixels=as_source(np.full((8, 8), 128, "uint8")), axes=conventional_axes("yx"))


def at_random(self: Any) -> ImageContent:
    pixels = np.random.default_rng().integers(0, 255, (8, 8), dtype="uint8")
    return ImageContent(pixels=as_source(pixels), axes=conventional_axes("yx"))


def from_afar(self: Any) -> ImageContent:
    import socket

    with socket.socket() as connection:
        connection.connect(("127.0.0.1", 9))
    return Grey.load(self)


class TestTheSample(SampleDataSuite):
    @pytest.fixture
    def sample(self):
        return Grey()


@pytest.mark.parametrize(
    ("changes", "test"),
    [
        ({"load": at_random}, "test_is_the_same_at_every_call"),
        ({"load": from_afar}, "test_needs_no_network"),
        ({"description": "two\nlines"}, "test_has_a_name_and_one_line_about_it"),
    ],
)
def test_a_sample_that_breaks_its_word_fails(changes, test, monkeypatch):
    sample = type("Changed", (Grey,), changes)()
    with pytest.raises(FAILED):
        call(getattr(SampleDataSuite(), test), {"sample": sample, "monkeypatch": monkeypatch})


class Plain(Viewer):
    name = "plain"
    description = "Shows images."
    site = "https://plain.example/"


def named_in_address(_: Any, source: str, node: Any) -> str:
    return f"https://plain.example/?source={source}&title={node.multiscale.name}"


class TestTheViewer(ViewerSuite):
    @pytest.fixture
    def viewer(self):
        return Plain()


@pytest.mark.parametrize(
    ("changes", "test"),
    [
        ({"site": "ftp://plain.example/"}, "test_its_origin_is_that_of_a_web_site"),
        ({"origin": "*"}, "test_its_origin_is_that_of_a_web_site"),
        ({"address": lambda *_: "https://elsewhere.example/"}, "test_its_addresses_stay_on_its_site"),
        ({"address": lambda *_: "https://plain.example/"}, "test_its_addresses_carry_the_source"),
        ({"address": named_in_address}, "test_names_in_data_are_never_markup"),
        ({"description": ""}, "test_has_a_name_and_one_line_about_it"),
    ],
)  # fmt: skip
def test_a_viewer_that_breaks_its_word_fails(changes, test):
    viewer = type("Changed", (Plain,), changes)()
    node = SimpleNamespace(multiscale=SimpleNamespace(name='"><script>'), name="cells", labels=())
    with pytest.raises(AssertionError):
        call(getattr(ViewerSuite(), test), {"viewer": viewer, "node": node, "source": SOURCES[0]})


# Distributions.


@pytest.mark.parametrize(
    ("modules", "lines", "test"),
    [
        ({}, {}, "test_it_is_installed_with_plugins"),
        ({}, {"colours.red": "json"}, "test_every_name_begins_with_an_extension_axis"),
        ({}, {"scaling.none": "json"}, "test_every_plugin_loads_and_gives_something"),
        ({}, {"scaling.none": "nowhere_at_all"}, "test_every_plugin_loads_and_gives_something"),
        ({}, {"viewers.again": "omezarr_builtins.viewers.vizarr"}, "test_no_name_is_anyone_else_s"),
        ({"heavy_one": "import numpy\n"}, {"scaling.heavy": "heavy_one"}, "test_importing_a_plugin_stays_light"),
    ],
)
def test_a_distribution_that_breaks_its_word_fails(installed, modules, lines, test):
    if lines:
        installed.add("kit-proof", lines, modules=modules)
    code = f"""
        from tests.conformance.test_kit_of_exchange import call
        from omezarr.testing import DistributionSuite
        class Proof(DistributionSuite):
            distribution = "kit-proof"
        suite = Proof()
        given = {{name: getattr(Proof, name).__wrapped__(suite) for name in ("registry", "lines")}}
        try:
            call(getattr(suite, {test!r}), given)
        except AssertionError as error:
            print("failed")
    """
    assert installed.python(code).stdout.endswith("failed\n")


def call(test: Any, given: dict[str, Any]) -> None:
    """Call a test of a suite with those of the given values that it takes."""
    import inspect

    test(**{name: given[name] for name in inspect.signature(test).parameters})
