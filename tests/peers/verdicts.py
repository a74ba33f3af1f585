"""The table that a run of the peers ends with."""

from __future__ import annotations

from typing import Any

from tests.peers.refusals import READING

TABLE: list[str] = []
"""Its lines, printed when all tests are over."""


def expected_refusals(row: dict[str, Any]) -> list[Any]:
    """Return the refusals that are listed for what a row is about."""
    return [item for item in READING if item.covers(row["peer"], row["version"], row["node"], row["installed"])]


def record(row: dict[str, Any], verdict: str, detail: str = "") -> None:
    """Add a row: version, node type, peer, verdict, and why."""
    peer = f"{row['peer']} {row['installed']}"
    TABLE.append(f"{row['version']:5}{row['node']:16}{peer:24}{verdict:9}{detail}".rstrip())


def record_reading(row: dict[str, Any]) -> None:
    """Add what a peer made of a store of omezarr."""
    if row["verdict"] in ("equal", "valid"):
        record(row, row["verdict"])
    else:
        reasons = [refusal.reason for refusal in expected_refusals(row)]
        record(row, row["verdict"], reasons[0] if reasons else f"UNEXPECTED: {row['detail']}")
