"""A distribution from outside states the version of the plugin API that it needs; one that does not fit says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from omezarr._version import __version__
from omezarr.errors import PluginError
from omezarr.hookspecs import API_VERSION
from omezarr.plugins import api_version
from omezarr.plugins.api_version import api_refusal
from omezarr.testing import isolated_registry
from tests.third_party import grey_map

if TYPE_CHECKING:
    from tests.fixtures.distributions import Installed

ENTRY = {"scaling.outside": "outside_plugin"}
METHOD = """
    from omezarr.abc import ScalingMethod
    from omezarr.hookspecs import hookimpl

    omezarr_api = {stated!r}

    class Method(ScalingMethod):
        name = "outside"

        def origin(self, factor):
            return 0.0

        def reduce(self, window, factors, inner):
            return window[inner]

    @hookimpl
    def omezarr_scaling_methods():
        return [Method()]
"""
HAS = f"but omezarr {__version__} has version {API_VERSION}"


def rows(installed: Installed, *options: str) -> list[dict[str, Any]]:
    ran = installed.run(*options, "plugins", "--json")
    assert ran.returncode == 0, ran.stderr
    return [row for row in json.loads(ran.stdout) if row["distribution"] == "outside"]


def test_one_that_fits_is_used(installed: Installed) -> None:
    installed.add("outside", ENTRY, {"outside_plugin": METHOD.format(stated=API_VERSION)})
    assert [(row["name"], row["status"]) for row in rows(installed)] == [("outside", "loaded")]


def test_one_that_needs_another_version_is_a_failure_with_a_clear_line(installed: Installed) -> None:
    installed.add("outside", ENTRY, {"outside_plugin": METHOD.format(stated="7.1")})
    reason = f"needs version 7.1 of the plugin API, {HAS}; install a newer omezarr"
    assert [(row["status"], row["reason"]) for row in rows(installed)] == [("failed", reason)]
    shown = installed.run("plugins").stdout.splitlines()
    assert f"outside:scaling.outside (failed): {reason}" in shown
    used = installed.run("create", "memory://a.zarr", "--scaling", "outside")
    assert used.returncode == 2
    assert f"outside:scaling.outside: {reason}" in used.stderr


@pytest.mark.parametrize(
    ("stated", "own", "refusal"),
    [
        (None, "1.0", None),
        ("1.0", "1.0", None),
        ("1.0", "1.3", None),
        ("1.10", "1.9", "needs version 1.10 of the plugin API"),
        ("2.0", "1.9", "needs version 2.0 of the plugin API"),
        ("1.9", "2.0", "is made for version 1.9 of the plugin API"),
        ("0.1", "1.0", "is made for version 0.1 of the plugin API"),
        (1.0, "1.0", "states omezarr_api = 1.0, which is no version"),
        (">=1,<2", "1.0", "states omezarr_api = '>=1,<2', which is no version"),
        ("1", "1.0", "states omezarr_api = '1', which is no version"),
        ("", "1.0", "states omezarr_api = '', which is no version"),
    ],
)
def test_the_same_first_number_and_at_least_the_second_fit(
    stated: object, own: str, refusal: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_version, "API_VERSION", own)
    found = api_refusal(stated)
    assert (found is None) == (refusal is None)
    assert found is None or found.startswith(str(refusal))


def test_a_plugin_of_a_program_states_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grey_map, "omezarr_api", "0.9", raising=False)
    registry = isolated_registry()
    with pytest.raises(PluginError, match=r"is made for version 0.9 of the plugin API"):
        registry.add(grey_map)
    assert dict(registry.added) == {}
