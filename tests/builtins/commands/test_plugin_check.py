"""``omezarr plugins check`` looks at the plugins of one distribution."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.hookspecs import API_VERSION

if TYPE_CHECKING:
    from tests.fixtures.distributions import Installed

pytestmark = pytest.mark.once

METHOD = """
    from omezarr.abc import ScalingMethod
    from omezarr.hookspecs import hookimpl
    {top}

    class Method(ScalingMethod):
        name = "{name}"

        def origin(self, factor):
            return 0.0

        def reduce(self, window, factors, inner):
            return window[inner]

    @hookimpl
    def omezarr_scaling_methods():
        return [{returned}]
"""


def method(name: str, top: str = "", returned: str = "Method()") -> str:
    return METHOD.format(name=name, top=top, returned=returned)


def checked(installed: Installed, *options: str, name: str = "outside") -> tuple[int, dict[str, Any]]:
    ran = installed.run(*options, "plugins", "check", name, "--json")
    return ran.returncode, json.loads(ran.stdout)


def add(installed: Installed, text: str) -> None:
    installed.add("outside", {"scaling.outside": "outside_plugin"}, {"outside_plugin": text})


def test_one_that_works_is_fine(installed: Installed) -> None:
    add(installed, method("mine", top=f"omezarr_api = '{API_VERSION}'"))
    code, found = checked(installed, name="OUTSIDE")
    (plugin,) = found["plugins"]
    assert plugin.pop("import_seconds") >= 0
    assert (code, found["fine"], found["version"], found["api_version"]) == (0, True, "1.0", API_VERSION)
    assert plugin == {
        "plugin": "outside:scaling.outside",
        "module": "outside_plugin",
        "status": "loaded",
        "hooks": ["omezarr_scaling_methods"],
        "contributes": {"scaling_methods": ["mine"]},
        "api_version": API_VERSION,
        "heavy_imports": [],
        "problems": [],
        "remarks": [],
    }


def test_what_is_wrong_is_told_and_ends_with_1(installed: Installed) -> None:
    add(installed, "import nobody_has_this")
    code, found = checked(installed)
    (plugin,) = found["plugins"]
    assert (code, found["fine"], plugin["status"], plugin["import_seconds"]) == (1, False, "failed", None)
    assert plugin["problems"] == ["cannot be imported: ModuleNotFoundError: No module named 'nobody_has_this'"]
    shown = installed.run("plugins", "check", "outside")
    assert shown.returncode == 1
    assert f"outside:scaling.outside (failed): {plugin['problems'][0]}" in shown.stdout


def test_another_version_of_the_interface_is_told(installed: Installed) -> None:
    add(installed, method("mine", top="omezarr_api = '9.0'"))
    code, found = checked(installed)
    (plugin,) = found["plugins"]
    assert (code, plugin["status"], plugin["api_version"]) == (1, "failed", "9.0")
    assert plugin["problems"][0].startswith("needs version 9.0 of the plugin API")


def test_a_name_that_another_plugin_has_is_a_conflict(installed: Installed) -> None:
    add(installed, method("nearest"))
    code, found = checked(installed)
    (plugin,) = found["plugins"]
    assert (code, plugin["status"]) == (1, "conflict")
    assert plugin["problems"] == ["'nearest' is provided by omezarr:scaling.nearest, too"]


def test_a_disabled_one_says_so_and_is_not_imported(installed: Installed) -> None:
    add(installed, "1 / 0")
    code, found = checked(installed, "-p", "no:outside:scaling.outside")
    (plugin,) = found["plugins"]
    assert (code, plugin["status"], plugin["import_seconds"]) == (0, "disabled", None)
    assert plugin["problems"] == ["it is disabled by -p no:... or OMEZARR_DISABLE_PLUGINS"]


def test_what_costs_much_or_does_nothing_is_remarked(installed: Installed) -> None:
    add(installed, method("mine", top="import numpy", returned=""))
    code, found = checked(installed)
    (plugin,) = found["plugins"]
    assert (code, plugin["status"], plugin["heavy_imports"]) == (0, "loaded", ["numpy"])
    assert plugin["remarks"] == [
        "imports numpy at its top; import them inside functions",
        "its hook returns nothing",
    ]
    assert "outside:scaling.outside (loaded): imports numpy" in installed.run("plugins", "check", "outside").stdout


def test_a_distribution_without_plugins_is_refused(installed: Installed) -> None:
    ran = installed.run("plugins", "check", "numpy")
    assert ran.returncode == 2
    assert ran.stderr.startswith("Error: no plugin is of a distribution 'numpy'; distributions with plugins: ")
    assert "omezarr" in ran.stderr
