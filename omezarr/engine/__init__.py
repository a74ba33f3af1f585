"""The write engine: the only part that writes.

It carries out the plans of `omezarr.plan`: reads each unit of a source once, encodes it, makes the lower levels in
memory, and stores whole objects.
"""

from omezarr.engine.execution import StoreOpener, execute
from omezarr.engine.sources import as_source, expanded, reordered

__all__ = ["StoreOpener", "as_source", "execute", "expanded", "reordered"]
