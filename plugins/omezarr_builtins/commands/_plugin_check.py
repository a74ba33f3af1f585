"""What there is to say of the plugins of one distribution: whether each is used, why not, what it costs to import."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError
from omezarr.hookspecs import API_VERSION, EXTENSION_AXES, HEAVY
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from omezarr.plugins.contributions import Provider
    from omezarr.plugins.registry import Registry

AT_ONCE = 4
"""How many interpreters import a module each at once; each takes a core for a fraction of a second."""

_MEASURE = """
import importlib, json, sys, time
import omezarr.abc, omezarr.hookspecs, click
before = set(sys.modules)
start = time.perf_counter()
importlib.import_module(sys.argv[1])
seconds = time.perf_counter() - start
packages = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
sys.stderr.write("\\n" + json.dumps({"seconds": seconds, "packages": packages}))
"""


def check_distribution(registry: Registry, distribution: str) -> dict[str, Any]:
    """Return what is to be said of each plugin of a distribution, as JSON.

    Parameters
    ----------
    registry : Registry
        All its plugins are loaded.
    distribution : str
        Upper and lower case, ``-``, ``_`` and ``.`` make no difference in its name.

    Raises
    ------
    ArgumentError
        If no plugin is of that distribution.
    """
    found = [one for one in registry.providers if _plain(one.distribution) == _plain(distribution)]
    if not found:
        known = ", ".join(sorted({one.distribution for one in registry.providers if one.distribution}))
        raise ArgumentError(f"no plugin is of a distribution {distribution!r}; distributions with plugins: {known}")
    for axis in EXTENSION_AXES:
        _ = registry.axis(axis).all
    modules = {one.module.partition(":")[0] for one in found if not registry.is_disabled(one)}
    with ThreadPool(AT_ONCE) as pool:
        costs = dict(zip(modules, pool.map(_cost, modules), strict=True))
    plugins = [_checked(registry, provider, costs.get(provider.module.partition(":")[0])) for provider in found]
    return {
        "distribution": found[0].distribution,
        "version": found[0].version,
        "api_version": API_VERSION,
        "fine": all(plugin["status"] in ("loaded", "disabled") for plugin in plugins),
        "plugins": plugins,
    }


def _checked(registry: Registry, provider: Provider, cost: dict[str, Any] | None) -> dict[str, Any]:
    contributed: dict[str, list[str]] = {}
    problems = [failure.reason for failure in registry.failures if failure.provider == provider]
    status = "failed" if problems else "loaded"
    for axis in EXTENSION_AXES:
        contributions = registry.axis(axis)
        names = [item.name for item in contributions.all if item.provider == provider]
        if names:
            contributed[axis] = names
        for name in sorted(set(names) & contributions.conflicts.keys()):
            others = {str(one) for one in contributions.conflicts[name]} - {str(provider)}
            problems.append(f"{name!r} is provided by {' and '.join(sorted(others)) or 'it twice'}, too")
            status = "conflict" if status == "loaded" else status
    if registry.is_disabled(provider):
        status, problems = "disabled", ["it is disabled by -p no:... or OMEZARR_DISABLE_PLUGINS"]
    module = provider.module.partition(":")[0]
    remarks: list[str] = []
    heavy = sorted(HEAVY.intersection(cost["packages"])) if cost else []
    if heavy:
        remarks.append(f"imports {', '.join(heavy)} at its top; import them inside functions")
    if status == "loaded" and not contributed:
        remarks.append("its hook returns nothing")
    return {
        "plugin": provider.identity,
        "module": provider.module,
        "status": status,
        "hooks": [EXTENSION_AXES[axis].hook for axis in contributed],
        "contributes": contributed,
        "api_version": getattr(sys.modules.get(module), "omezarr_api", None),
        "import_seconds": cost["seconds"] if cost else None,
        "heavy_imports": heavy,
        "problems": problems,
        "remarks": remarks,
    }


def _cost(module: str) -> dict[str, Any] | None:
    """Return how long a fresh interpreter imports a module, and which packages come along; None if it fails."""
    ran = subprocess.run(  # noqa: S603 - the interpreter that runs already, with the module of an installed plugin
        [sys.executable, "-c", _MEASURE, module], capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        return None
    cost: dict[str, Any] = json.loads(ran.stderr.rpartition("\n")[2])
    return cost


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
