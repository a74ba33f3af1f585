"""What importing a module costs: the packages that come with it, seen by a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

from omezarr.errors import PluginError
from omezarr.hookspecs import HEAVY

__all__ = ["HEAVY", "modules_imported_by"]


def modules_imported_by(code: str) -> frozenset[str]:
    """Return the top-level packages that are imported once a fresh interpreter has run some code.

    Parameters
    ----------
    code : str
        For example ``"import my_plugin"``.

    Raises
    ------
    PluginError
        If the code fails.

    Examples
    --------
    >>> sorted(modules_imported_by("import omezarr.hookspecs") & HEAVY)
    []
    """
    tail = "import json as _json, sys as _sys; _sys.stderr.write('\\n' + _json.dumps(sorted(_sys.modules)))"
    ran = subprocess.run(  # noqa: S603 - the interpreter that runs already, with code that the test wrote
        [sys.executable, "-c", f"{code}\n{tail}"], capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise PluginError(f"{code!r} failed: {ran.stderr.strip().rpartition(chr(10))[2]}")
    return frozenset(name.partition(".")[0] for name in json.loads(ran.stderr.rpartition("\n")[2]))
