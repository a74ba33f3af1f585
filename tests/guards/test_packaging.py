"""What is shipped: all three packages, every plugin, and dependencies that are what they say."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import omezarr
from omezarr.hookspecs import EXTENSION_AXES
from omezarr_builtins.commands import listing

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINES: dict[str, str] = PROJECT["project"]["entry-points"]["omezarr"]
PLUGINS = ROOT / "plugins/omezarr_builtins"
COMPAT = ROOT / "plugins/omezarr_compat"


def build(kind: str, source: Path, folder: Path) -> Path:
    """Build a distribution, and return its file."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(folder)]
    ran = subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sources as they are."""
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


def modules_of(package: Path, name: str) -> set[str]:
    return {f"{name}/{file.relative_to(package).as_posix()}" for file in package.rglob("*.py")}


def test_the_wheel_holds_all_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    sources = modules_of(ROOT / "omezarr", "omezarr") | modules_of(PLUGINS, "omezarr_builtins")
    sources |= modules_of(COMPAT, "omezarr_compat")
    assert sources <= names
    assert {name.partition("/")[0] for name in names} == {"omezarr", "omezarr_builtins", "omezarr_compat"}
    assert {"omezarr/py.typed", "omezarr_builtins/py.typed", "omezarr_compat/py.typed"} <= names
    page = ROOT / "omezarr/serving/page"
    assert {f"omezarr/serving/page/{file.name}" for file in page.iterdir()} <= names


def test_what_is_installed_from_the_wheel_works(wheel, tmp_path):
    words = ["--quiet", "--no-deps", "--no-index", "--target", str(tmp_path / "site"), str(wheel)]
    ran = subprocess.run([sys.executable, "-m", "pip", "install", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import omezarr, omezarr_builtins\n"
        "assert 'site' in omezarr.__file__ and 'site' in omezarr_builtins.__file__\n"
        "from omezarr.cli import run\n"
        "registry = omezarr.default_registry()\n"
        f"assert [len(registry.axis(axis)) for axis in {list(EXTENSION_AXES)}], registry.failures\n"
        "assert registry.failures == ()\n"
        "sys.exit(run(['-q', 'create', 'coins.ome.zarr']) or run(['info', 'coins.ome.zarr']))\n"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "multiscales 'coins'" in ran.stdout


def test_the_source_distribution_is_reproducible_and_builds_the_same_wheel(wheel, tmp_path):
    one, two = (build("sdist", ROOT, tmp_path / name) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    # What the tests need is there, too.
    assert {path.name for path in source.iterdir()} >= {
        "tests",
        "docs",
        "benchmarks",
        "tox.ini",
        "README.md",
        "LICENSE",
    }
    assert build("wheel", source, tmp_path / "again").read_bytes() == wheel.read_bytes()


def test_the_wheel_names_version_licence_and_entry_points(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = f"omezarr-{omezarr.__version__}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        declared = archive.read(f"{info}/entry_points.txt").decode()
        assert f"{info}/licenses/LICENSE" in archive.namelist()
    assert f"\nVersion: {omezarr.__version__}\n" in metadata
    assert "\nLicense-Expression: BSD-2-Clause\n" in metadata
    assert [line for line in (f"{key} = {value}" for key, value in LINES.items()) if line not in declared] == []


def test_every_plugin_file_has_an_entry_point_and_the_other_way_round():
    prefixes = {axis.prefix for axis in EXTENSION_AXES.values()}
    hooks = re.compile(r"^def omezarr_\w+\(", flags=re.MULTILINE)
    providing = {
        f"omezarr_builtins.{file.relative_to(PLUGINS).with_suffix('').as_posix().replace('/', '.')}"
        for file in PLUGINS.rglob("*.py")
        if hooks.search(file.read_text())
    }
    listed = {
        f"{listing.__name__}:{name}" for name, value in vars(listing).items() if isinstance(value, listing.Listed)
    }
    assert providing | listed == set(LINES.values())
    assert {name.partition(".")[0] for name in LINES} <= prefixes
    assert [value for value in LINES.values() if importlib.util.find_spec(value.partition(":")[0]) is None] == []


def test_every_file_of_a_command_is_listed_and_the_other_way_round():
    files = {file.stem for file in (PLUGINS / "commands").glob("[a-z]*.py")} - {"listing"}
    assert files == {key.removeprefix("commands.").replace("-", "_") for key in LINES if key.startswith("commands.")}


def test_the_installed_entry_points_are_those_of_the_project():
    found = {
        item.name: item.value for item in entry_points(group="omezarr") if item.dist and item.dist.name == "omezarr"
    }
    assert found == LINES, "install the project again"


def test_the_lowest_versions_that_are_allowed_are_those_that_are_tested():
    extras = PROJECT["project"]["optional-dependencies"]
    tested = ["http", "s3", "distributed", "imagecodecs", "tables", "xarray", "notebook"]
    assert set(extras) - set(tested) == {"testing"}
    allowed = PROJECT["project"]["dependencies"] + [item for name in tested for item in extras[name]]
    text = (ROOT / "tests/lowest-constraints.txt").read_text()
    lines = dict(line.split("==") for line in text.splitlines() if line and not line.startswith("#"))
    lowest = {}
    for requirement in map(Requirement, allowed):
        (bound,) = requirement.specifier
        assert bound.operator == ">=", f"{requirement} has more than a lower bound"
        lowest[requirement.name] = bound.version
    assert lines == lowest


COMES_WITH = {"traitlets": "anywidget", "botocore": "s3fs", "yarl": "aiohttp"}
"""Packages that are imported where another one is, which cannot be without them."""

IMPORTED_AS = {"google-crc32c": "google_crc32c", "pillow": "PIL", "scikit-image": "skimage"}


def imported_by(file: Path) -> set[str]:
    """Return the top-level packages that a file imports, at its top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.add(node.module.partition(".")[0])
    return found


def test_what_is_imported_is_declared():
    extras = PROJECT["project"]["optional-dependencies"].values()
    declared = {Requirement(item).name for items in [PROJECT["project"]["dependencies"], *extras] for item in items}
    assert set(COMES_WITH.values()) <= declared
    known = {IMPORTED_AS.get(name, name) for name in declared} | {"omezarr", "omezarr_builtins"} | set(COMES_WITH)
    known |= {"omezarr_compat"}
    found = {
        file.relative_to(ROOT).as_posix(): imported_by(file) - known - sys.stdlib_module_names
        for file in [*ROOT.glob("omezarr/**/*.py"), *PLUGINS.rglob("*.py"), *COMPAT.rglob("*.py")]
    }
    assert {file: names for file, names in found.items() if names} == {}


def test_the_changelog_tells_of_this_version():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(omezarr.__version__)}\b", changelog, flags=re.MULTILINE)


def test_the_pythons_that_are_promised_are_tested():
    promised = {item.rpartition(" ")[2] for item in PROJECT["project"]["classifiers"] if re.search(r":: 3\.\d+$", item)}
    environments = re.search(r"^env_list = (.*)$", (ROOT / "tox.ini").read_text(), flags=re.MULTILINE)
    assert environments is not None
    tested = {f"3.{name[3:]}" for name in environments[1].split(", ") if re.fullmatch(r"py3\d+", name)}
    assert tested == promised
    assert PROJECT["project"]["requires-python"] == f">={min(promised, key=Version)}"
