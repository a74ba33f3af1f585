"""Whether a hierarchy lies in a single file as RFC-9 of NGFF recommends for ``.ozx``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from omezarr.checking.validation.faults import OZX_COMMENT, OZX_ORDER, OZX_STORED
from omezarr.hierarchy import run
from omezarr.stores import PackedStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Problem
    from omezarr.checking.validation.subject import Subject

SUFFIX = ".ozx"


def badly_packed(subject: Subject) -> Iterator[Problem]:
    """Yield a problem for each recommendation that a file does not follow.

    Parameters
    ----------
    subject : Subject
        Looked at only where it is the root of such a file.
    """
    hierarchy, place = subject.hierarchy, subject.location
    if hierarchy is None or place is None or hierarchy.path or not place.name.lower().endswith(SUFFIX):
        return
    store = hierarchy.store
    if not isinstance(store, PackedStore):
        return
    packing = run(store.packing())
    if packing.compressed:
        found = f"{len(packing.compressed):,} of {len(packing.keys):,} compressed, such as {packing.compressed[0]}"
        yield OZX_STORED.at("", found, "objects as they are, of which parts can be read")
    if subject.zarr_format == 3 and packing.keys[:1] != ("zarr.json",):
        yield OZX_ORDER.at("", f"{packing.keys[0]} first", "zarr.json first")
    if not _names_version(packing.comment):
        found = "another comment" if packing.comment else "no comment"
        yield OZX_COMMENT.at("", found, 'a comment such as {"ome": {"version": "0.5"}}')


def _names_version(comment: bytes) -> bool:
    try:
        said = json.loads(comment)
    except (ValueError, RecursionError):
        return False
    ome = said.get("ome") if isinstance(said, dict) else None
    return isinstance(ome, dict) and isinstance(ome.get("version"), str)
