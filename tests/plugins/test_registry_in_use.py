"""The registry that a call is given is the one that everything below it asks, in whatever thread that runs."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from zarr.storage import MemoryStore

import omezarr
from omezarr.abc import Claim, Exporter, FormatVersion, Hint, Importer, NodeType, ScalingMethod
from omezarr.cli import run
from omezarr.engine.executors import run_in_threads
from omezarr.errors import PluginError, UnsupportedError
from omezarr.hookspecs import hookimpl
from omezarr.plugins import registry as registries
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.registry import Registry, registry_in_use
from omezarr.settings import Settings
from omezarr.testing import isolated_registry
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from pathlib import Path

    from omezarr.model import Document

PIXELS = np.arange(48 * 40, dtype="uint16").reshape(48, 40)


def without(*disabled: str) -> Registry:
    return Registry(PluginManager(Settings(disabled_plugins=disabled)))


@pytest.fixture
def no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing falls back on the registry of all installed plugins."""

    def refuse() -> Registry:
        raise AssertionError("the default registry was asked for")

    monkeypatch.setattr(registries, "default_registry", refuse)


def test_the_default_one_is_used_outside_of_any_call() -> None:
    assert registry_in_use() is omezarr.default_registry()


def test_the_one_in_use_is_given_back_in_whatever_way_a_call_ends() -> None:
    small, smaller = isolated_registry(), isolated_registry()

    def fail() -> None:
        with smaller.in_use():
            assert registry_in_use() is smaller
            raise ValueError("it broke")

    with small.in_use():
        with pytest.raises(ValueError, match="it broke"):
            fail()
        assert registry_in_use() is small
    assert registry_in_use() is omezarr.default_registry()


def test_threads_and_tasks_know_the_one_in_use() -> None:
    small = isolated_registry(distributions=())
    seen: list[Registry] = []

    async def ask() -> Registry:
        inner = await asyncio.create_task(asyncio.to_thread(registry_in_use))
        assert registry_in_use() is inner
        return inner

    with small.in_use():
        run_in_threads(2, lambda _: seen.append(registry_in_use()))
        with ThreadPool(2) as pool:
            seen.append(pool.submit(registry_in_use).result())
            seen += pool.map(lambda _: registry_in_use(), range(3))
        seen.append(asyncio.run(ask()))
    assert seen == [small] * 7


class Asking:
    """Plugins that look which registry is in use whenever they are called."""

    def __init__(self) -> None:
        self.seen: dict[str, set[int]] = {}

    def look(self, where: str) -> None:
        self.seen.setdefault(where, set()).add(id(registry_in_use()))

    @hookimpl
    def omezarr_importers(self) -> list[Importer]:
        asking = self

        class Reader(Importer):
            name = "asking"
            suffixes = (".asking",)

            def claim(self, location: Any) -> Claim | None:
                asking.look("importer.claim")
                return Claim(10, "of its name") if location.name.endswith(".asking") else None

            def load(self, location: Any, options: Any) -> Any:
                from omezarr.arrays import as_source
                from omezarr.model import conventional_axes
                from omezarr.model.content import ImageContent

                asking.look("importer.load")
                return ImageContent(pixels=as_source(PIXELS), axes=conventional_axes("yx"), name="a")

        return [Reader()]

    @hookimpl
    def omezarr_exporters(self) -> list[Exporter]:
        asking = self

        class Writer(Exporter):
            name = "asking"
            suffixes = (".asked",)

            def claim(self, location: Any) -> Claim | None:
                asking.look("exporter.claim")
                return Claim(10, "of its name") if location.name.endswith(".asked") else None

            def check(self, content: Any, options: Any) -> None:
                asking.look("exporter.check")

            def save(self, content: Any, location: Any, options: Any, run: Any) -> None:
                from pathlib import Path

                asking.look("exporter.save")
                Path(location.url).write_text("asked")

        return [Writer()]

    @hookimpl
    def omezarr_scaling_methods(self) -> list[ScalingMethod]:
        asking = self

        class Every(ScalingMethod):
            name = "every"
            preserves_values = True

            def origin(self, factor: int) -> float:
                return 0.0

            def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
                asking.look(f"method.reduce in {threading.current_thread() is not threading.main_thread()}")
                return window[inner][tuple(slice(None, None, factor) for factor in factors)]

        return [Every()]


def test_plugins_are_called_with_the_registry_of_the_call(tmp_path: Path, no_default: None) -> None:
    asking = Asking()
    registry = isolated_registry(asking)
    (tmp_path / "a.asking").touch()
    omezarr.convert(tmp_path / "a.asking", tmp_path / "a.zarr", registry=registry, method="every", levels=2)
    omezarr.convert(tmp_path / "a.zarr", tmp_path / "b.asked", registry=registry)
    assert (tmp_path / "b.asked").read_text() == "asked"
    assert asking.seen == {
        where: {id(registry)}
        for where in (
            "importer.claim",
            "importer.load",
            "exporter.claim",
            "exporter.check",
            "exporter.save",
            "method.reduce in True",
        )
    }


@pytest.mark.filterwarnings("ignore::omezarr.errors.OMEZarrWarning")
def test_the_main_jobs_never_ask_the_default_registry(tmp_path: Path, no_default: None) -> None:
    import tifffile

    registry = isolated_registry()
    (tmp_path / "raw").mkdir()
    for channel in ("red", "green"):
        tifffile.imwrite(tmp_path / f"raw/a_{channel}.tif", PIXELS, photometric="minisblack")
    image = tmp_path / "a.zarr"
    assert omezarr.convert(tmp_path / "raw/a_red.tif", image, registry=registry, format="0.4", levels=2) is not None
    pattern = {"pattern": "a_{channel}.tif"}
    omezarr.convert(
        tmp_path / "raw", tmp_path / "both.zarr", importer="files", importer_options=pattern, registry=registry
    )
    omezarr.convert(image, tmp_path / "a.ome.tiff", registry=registry)
    omezarr.write_labels(image, (PIXELS > 900).astype("uint8"), "cells", registry=registry)
    omezarr.add_levels(image, levels=3, registry=registry)
    omezarr.upgrade(image, tmp_path / "new.zarr", to="0.5", registry=registry)
    omezarr.upgrade(image, to="0.5", registry=registry)
    omezarr.edit(image, name="b", registry=registry)
    assert omezarr.repair(image, registry=registry).valid
    assert omezarr.validate(image, registry=registry).valid
    assert len(list(omezarr.find(tmp_path, registry=registry))) == 3
    node = omezarr.open(image, registry=registry)
    assert omezarr.thumbnail(node, size=24).size == (20, 24)
    assert node.children["labels"].children["cells"].levels[0].shape == (48, 40)
    options: dict[str, Any] = {"dtype": "uint8", "axes": "tyx", "registry": registry}
    with omezarr.create_writer(tmp_path / "live.zarr", shape=(None, 8, 8), **options) as writer:
        writer.append(np.zeros((8, 8), "uint8"))


def test_the_command_line_uses_its_registry_for_all_below(tmp_path: Path, no_default: None) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    registry = isolated_registry()
    assert run(["convert", str(tmp_path / "a.npy"), str(tmp_path / "a.zarr"), "--axes", "yx"], registry) == 0
    assert run(["convert", str(tmp_path / "a.zarr"), str(tmp_path / "a.ome.tif")], registry) == 0
    assert run(["validate", str(tmp_path / "a.zarr")], registry) == 0


def test_a_disabled_scheme_opens_no_file_for_an_importer(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    place = f"file://{tmp_path}/a.npy"
    with pytest.raises(UnsupportedError, match="no storage scheme knows 's3'"):
        omezarr.convert(
            "s3://bucket/a.npy",
            tmp_path / "b.zarr",
            axes="yx",
            registry=without("omezarr:schemes.s3", "omezarr:schemes.fsspec"),
        )
    assert omezarr.convert(place, tmp_path / "c.zarr", axes="yx", registry=without("omezarr:schemes.s3")) is not None


class Broken:
    """A format, a node type and an exporter that raise in all that is called after they were chosen."""

    def __init__(self, member: str) -> None:
        self.member = member

    @hookimpl
    def omezarr_formats(self) -> list[FormatVersion]:
        from omezarr_builtins.formats.v06 import V06

        class Version(V06):
            version = "0.8"

        def fail(*_: Any, **__: Any) -> Any:
            raise KeyError("oops")

        if hasattr(Version, self.member):
            setattr(Version, self.member, fail)
        return [Version()]

    @hookimpl
    def omezarr_exporters(self) -> list[Exporter]:
        broken = self

        class Writer(Exporter):
            name = "broken"

            def claim(self, location: Any) -> Claim | None:
                if broken.member == "exporter":
                    raise KeyError("oops")
                return Claim(10, "of its name") if location.name.endswith(".broken") else None

            def check(self, content: Any, options: Any) -> None:
                if broken.member == "check":
                    raise KeyError("oops")

            def save(self, content: Any, location: Any, options: Any, run: Any) -> None:
                raise KeyError("oops")

        return [Writer()]


@pytest.mark.parametrize("member", ["wrap", "complete", "losses", "check_axes", "check_dtype", "array_metadata"])
def test_a_format_that_fails_in_writing_is_named(tmp_path: Path, member: str) -> None:
    registry = isolated_registry(Broken(member))
    failed = f"given:0: omezarr_formats, {member} of '0.8' failed: KeyError: 'oops'"
    with pytest.raises(PluginError, match=f"^{failed}"):
        omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", format="0.8", registry=registry)
    assert failed in [str(failure) for failure in registry.failures]
    assert not (tmp_path / "a.zarr").exists()


def test_a_format_that_fails_in_reading_is_named_and_the_others_read_on(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", format="0.5")
    omezarr.write_image(tmp_path / "b.zarr", PIXELS, axes="yx", format="0.8", registry=isolated_registry(Broken("")))
    registry = isolated_registry(Broken("unwrap"))
    with pytest.raises(PluginError, match=r"unwrap of '0.8' failed: KeyError"):
        omezarr.open(tmp_path / "b.zarr", registry=registry)
    found = list(omezarr.find(tmp_path, registry=registry))
    assert [bool(one.error) for one in found] == [False, True]


@pytest.mark.parametrize("member", ["check", "save"])
def test_an_exporter_that_fails_is_named(tmp_path: Path, member: str) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx")
    with pytest.raises(PluginError, match=f"given:0: omezarr_exporters, {member} of 'broken' failed: KeyError"):
        omezarr.convert(tmp_path / "a.zarr", tmp_path / "b.broken", registry=isolated_registry(Broken(member)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zarr"]


def test_an_exporter_that_fails_to_claim_leaves_the_others(tmp_path: Path) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx")
    registry = isolated_registry(Broken("exporter"))
    omezarr.convert(tmp_path / "a.zarr", tmp_path / "b.npy", registry=registry)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), PIXELS)
    assert [str(failure) for failure in registry.failures] == [
        "given:0: omezarr_exporters, claim of 'broken' failed: KeyError: 'oops'"
    ]


class BrokenKind(NodeType):
    key = "broken"
    model = dict

    def claim(self, document: Document, hint: Hint) -> Claim | None:
        return Claim(20, "of its key") if "broken" in document.values else None

    def raw_references(self, context: Any) -> Any:
        raise SystemExit("no more")


def test_a_node_type_that_fails_in_validation_is_recorded() -> None:
    class Plugin:
        @hookimpl
        def omezarr_node_types(self) -> list[NodeType]:
            return [BrokenKind()]

    registry = isolated_registry(Plugin())
    zarr.create_group(store := MemoryStore(), attributes={"ome": {"version": "0.5", "broken": {}}}, zarr_format=3)
    report = omezarr.validate(store, registry=registry)
    assert [str(failure) for failure in registry.failures] == [
        "given:0: omezarr_node_types, raw_references of 'broken' failed: SystemExit: no more"
    ]
    assert any("SystemExit: no more" in problem.found for problem in report.problems)


@pytest.mark.parametrize("member", ["origin", "check_dtype", "halo", "reduce"])
def test_a_scaling_method_that_fails_is_named(tmp_path: Path, member: str) -> None:
    class Failing(ScalingMethod):
        name = "failing"

        def origin(self, factor: int) -> float:
            return 0.0

        def reduce(self, window: Any, factors: Any, inner: Any) -> Any:
            return window[inner]

    def fail(*_: Any) -> Any:
        raise KeyError("oops")

    setattr(Failing, member, fail)
    method = Failing()
    registry = isolated_registry(method)
    message = f"^{member} of the scaling method 'failing' failed: KeyError: 'oops'; report this to its author"
    with pytest.raises(PluginError, match=rf"{message} \(given:0\)"):
        omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", levels=2, method="failing", registry=registry)
    assert [str(failure) for failure in registry.failures] == [
        f"given:0: omezarr_scaling_methods, {member} of 'failing' failed: KeyError: 'oops'"
    ]
    with pytest.raises(PluginError, match=f"{message}, or"):
        omezarr.write_image(tmp_path / "b.zarr", PIXELS, axes="yx", levels=2, method=method)


@pytest.mark.parametrize(
    "member", ["complete", "losses", "check_axes", "check_dtypes", "check_dtype", "array_metadata"]
)
def test_a_format_that_fails_in_an_upgrade_is_named(tmp_path: Path, member: str) -> None:
    omezarr.write_image(tmp_path / "a.zarr", PIXELS, axes="yx", format="0.5")
    registry = isolated_registry(Broken(member))
    with pytest.raises(PluginError, match=f"^given:0: omezarr_formats, {member} of '0.8' failed: KeyError: 'oops'"):
        omezarr.upgrade(tmp_path / "a.zarr", tmp_path / "b.zarr", to="0.8", registry=registry)
    assert not (tmp_path / "b.zarr").exists()
