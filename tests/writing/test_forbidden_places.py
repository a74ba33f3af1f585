"""Where nothing may be written, each call that writes says so in one line, and changes nothing."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.writing.forbidden_places import PLACES

CALLS = [f"{name}, {place}" for place, (_, _, calls) in PLACES.items() for name in calls]
DROP_FROM_BOUNDING_SET, OVERRIDE_PERMISSIONS, OVERRIDE_READING = 24, 1, 2

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders have no such permissions there")


def be_bound_by_permissions() -> None:
    """Do without what lets root pass over the permissions of files, on Linux; others cannot anyway."""
    if os.geteuid() == 0:
        for capability in (OVERRIDE_PERMISSIONS, OVERRIDE_READING):
            ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    program = Path(__file__).with_name("forbidden_places.py")
    done = subprocess.run(
        [sys.executable, program, tmp_path_factory.mktemp("places")],
        preexec_fn=be_bound_by_permissions,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("call", CALLS)
def test_one_line_says_where_nothing_may_be_written(call: str, outcomes: dict[str, dict[str, Any]]) -> None:
    outcome = outcomes[call]
    is_command = call.startswith("omezarr ")
    assert (outcome["code"], outcome["kind"]) == ((1, "nothing") if is_command else (None, "OMEZarrError")), outcome
    *_, line = outcome["lines"]
    assert len(outcome["lines"]) == 1 or ", many" in call
    assert "Permission denied" in line or "may not write to" in line or ", many" in call
    assert "PermissionError" not in "".join(outcome["lines"])
    assert outcome["unchanged"]
