"""A read-only view of the zarr groups and arrays below a place in an opened store.

Responsible for fetching metadata concurrently, each object at most once, and for refusing JSON that no writer makes
(too deep, too large, NaN). Knows zarr, not NGFF.
"""

from omezarr.hierarchy.event_loop import run
from omezarr.hierarchy.json_text import MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH, impurity, parse_json
from omezarr.hierarchy.view import CONCURRENT_REQUESTS, Hierarchy
from omezarr.hierarchy.zarr_node import DOCUMENTS, Kind, ZarrNode

__all__ = [
    "CONCURRENT_REQUESTS",
    "DOCUMENTS",
    "MAX_DOCUMENT_BYTES",
    "MAX_DOCUMENT_DEPTH",
    "Hierarchy",
    "Kind",
    "ZarrNode",
    "impurity",
    "parse_json",
    "run",
]
