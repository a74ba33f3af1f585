"""Writing an image while it is being acquired: frames and regions in any order, from any number of threads.

The metadata is written first and is valid at every moment; what has not been written yet is the fill value. Lower
levels follow on `update` and on `close`. For pixels that are all there already, `omezarr.write_image` is faster.

Examples
--------
>>> import numpy as np
>>> path = "memory://doc-acquisition/run.ome.zarr"
>>> with create_writer(path, shape=(None, 2, 64, 64), dtype="uint16", axes="tcyx") as writer:
...     for t in range(3):
...         writer.write(np.full((64, 64), t, dtype="uint16"), t=t, c=0)
>>> import omezarr
>>> omezarr.open(path).levels[0].shape
(3, 2, 64, 64)
"""

from omezarr.writing.acquisition.creation import create_writer
from omezarr.writing.acquisition.writer import ImageWriter, open_writer

__all__ = ["ImageWriter", "create_writer", "open_writer"]
