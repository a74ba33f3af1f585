"""Arrays that users bring: what they tell of themselves, and what they then give."""

from __future__ import annotations

from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest

import omezarr
from omezarr.arrays import as_source
from omezarr.errors import OMEZarrWarning, SourceError

PIXELS = np.arange(1, 1 + 32 * 40, dtype="uint16").reshape(32, 40)


class Lying:
    """An array that gives floats where it tells integers."""

    shape, dtype = PIXELS.shape, PIXELS.dtype

    def __getitem__(self, region: Any) -> Any:
        return PIXELS[region].astype("float32")


@pytest.mark.parametrize(
    "array",
    [
        da.from_delayed(dask.delayed(lambda: PIXELS.astype("float32"))(), PIXELS.shape, "uint16"),
        da.from_delayed(dask.delayed(lambda: PIXELS[:30])(), PIXELS.shape, "uint16"),
        da.from_delayed(dask.delayed(lambda: PIXELS)(), (32, 30), "uint16"),
        da.from_array(PIXELS, chunks=16).map_blocks(lambda block: block.astype("float32"), dtype="uint16"),
        Lying(),
    ],
    ids=["other dtype", "too small", "too large", "other dtype in blocks", "no dask array"],
)
def test_an_array_that_gives_something_else_than_it_tells_is_named_with_the_cure(array: Any) -> None:
    with pytest.raises(SourceError, match=r"(the dask array|the Lying) tells uint16 .* but gives .*true dtype"):
        omezarr.write_image("memory://lying.zarr", array, axes="yx")


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_what_a_mask_hides_is_written_as_nothing_and_said(dtype: str, lazy: bool) -> None:
    masked: Any = np.ma.masked_greater(PIXELS.astype(dtype), 500)
    if lazy:
        masked = da.ma.masked_greater(da.from_array(PIXELS.astype(dtype), chunks=16), 500)
    with pytest.warns(OMEZarrWarning, match=r"a mask cannot be stored.*give array.filled"):
        node = omezarr.write_image("memory://masked.zarr", masked, axes="yx", overwrite=True)
    written = node.levels[0].read()
    assert np.nanmax(written) == 500
    assert (np.isnan(written) if dtype == "float32" else written == 0).sum() == (PIXELS > 500).sum()


@pytest.mark.filterwarnings("error")
def test_a_mask_that_hides_nothing_is_no_matter() -> None:
    source = as_source(np.ma.masked_greater(PIXELS, 60_000))
    assert (source.read((slice(0, 32), slice(0, 40))) == PIXELS).all()
