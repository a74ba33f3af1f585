"""Where the bytes are: zarr arrays as they are stored, and everything that pixels are read from.

Chunks and codecs, reading regions, sources of pixels, targets of objects, and who may write to them. Knows arrays and
stores, not NGFF; what is written, and in which order, is decided above.
"""

from omezarr.arrays.sources import as_source
from omezarr.arrays.views import expanded, reordered

__all__ = ["as_source", "expanded", "reordered"]
