"""The write engine: the only part that writes.

It carries out the plans of `omezarr.abc.plan`: reads each unit of a source once, encodes it, makes the lower levels in
memory, and stores whole objects.
"""

from omezarr.engine.execution import execute
from omezarr.engine.opener import StoreOpener

__all__ = ["StoreOpener", "execute"]
