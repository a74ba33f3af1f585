"""Other software reads what omezarr writes, and omezarr reads what other software writes.

The environment variable ``OMEZARR_PEERS_PYTHON`` names the interpreter that has ome-zarr, ngff-zarr, ome-zarr-models
and yaozarrs installed. What a peer refuses is listed in `refusals.py` with the reason.
"""

from __future__ import annotations

import numpy as np
import pytest

import omezarr
from tests.peers.refusals import READING, WRITING
from tests.peers.stores import DRAFT, VERSIONS
from tests.peers.verdicts import expected_refusals, record

PEERS = {"ome-zarr", "ngff-zarr", "ome-zarr-models", "yaozarrs"}
STORES = 37
"""Five node types of each version, one more from 0.4 on, one more from 0.6 on; an image with labels of the draft."""

WRITTEN = 17
"""What `writers.py` asks of ome-zarr and ngff-zarr."""


class TestReadByPeers:
    def test_every_peer_answers_for_every_version_and_node_type(self, read_by_peers):
        rows = {(row["peer"], row["version"], row["node"]) for row in read_by_peers}

        assert len(rows) == len(read_by_peers) == STORES * len(PEERS)
        assert {peer for peer, _, _ in rows} == PEERS
        assert {version for _, version, _ in rows} == {*VERSIONS, DRAFT}

    def test_no_peer_reads_something_else_than_was_written(self, read_by_peers):
        assert [row for row in read_by_peers if row["verdict"] not in ("equal", "valid", "refused")] == []

    def test_peers_refuse_nothing_but_what_is_listed(self, read_by_peers):
        refused = [row for row in read_by_peers if row["verdict"] == "refused"]

        assert [row for row in refused if not expected_refusals(row)] == []

    def test_everything_that_is_listed_is_refused_in_the_words_of_the_list(self, read_by_peers):
        wrong = [
            (refusal.reason, row)
            for row in read_by_peers
            for refusal in expected_refusals(row)
            if row["verdict"] != "refused" or refusal.words not in row["detail"]
        ]

        assert wrong == []

    def test_the_list_names_nothing_that_is_not_there(self, read_by_peers):
        used = {refusal for row in read_by_peers for refusal in expected_refusals(row)}

        assert [refusal for refusal in READING if refusal not in used and refusal.below is None] == []

    def test_each_version_is_read_back_equal_by_at_least_one_peer(self, read_by_peers):
        equal = {(row["version"], row["node"]) for row in read_by_peers if row["verdict"] == "equal"}

        for version in VERSIONS:
            assert {(version, node) for node in ("image", "labels", "plate", "well")} <= equal


class TestWrittenByPeers:
    def test_peers_write_all_but_what_is_listed_and_what_is_listed_not(self, written_by_peers):
        failed = {(row["peer"], row["version"], row["node"]) for row in written_by_peers if "error" in row}
        listed = {
            (row["peer"], row["version"], row["node"])
            for row in written_by_peers
            if any(item.covers(row["peer"], row["version"], row["node"], row["installed"]) for item in WRITING)
        }

        assert failed == listed, [row for row in written_by_peers if "error" in row]
        assert len(written_by_peers) == WRITTEN

    def test_pixels_axes_and_scales_are_those_that_the_peer_wrote(self, written_by_peers):
        different = {}
        for row in written_by_peers:
            if "error" in row:
                record(row, "cannot", row["error"])
                continue
            problems = list(_differences(row))
            record(row, "differs" if problems else "equal", "; ".join(problems))
            if problems:
                different[row["peer"], row["version"], row["node"]] = problems

        assert different == {}


def _differences(row):
    """Yield in what omezarr and the peer differ about what the peer wrote."""
    root = omezarr.open(row["path"])
    if root.version != row["version"]:
        yield f"version {root.version}"
    node = root.child(row["child"]) if "child" in row else root
    if "names" in row and list(root.children) != row["names"]:
        yield f"children {list(root.children)}"
    if [axis.name for axis in node.axes] != row["axes"]:
        yield f"axes {node.axes}"
    if "unit" in row and {axis.unit for axis in node.axes if axis.type == "space"} != {row["unit"]}:
        yield f"units of {node.axes}"
    for level, expected in zip(node.levels, row["levels"], strict=True):
        if not np.array_equal(level.read(), np.load(expected)):
            yield f"pixels of level {level.index}"
    for level, expected in zip(node.levels, row.get("scales", ()), strict=False):
        if level.scale != pytest.approx(expected, rel=1e-12):
            yield f"scale {level.scale} of level {level.index}"
    points = row.get("points")
    if points and not np.allclose(root.transform(points["source"], points["target"])(points["from"]), points["to"]):
        yield "points"
