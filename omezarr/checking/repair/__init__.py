"""Repair: what of an OME-Zarr has one right answer is mended, in place and safe against interruption.

The rules that are broken bring their fixes; here these are tried out in memory, turned into a plan, and carried out.
What has no single answer is left as it is.

Examples
--------
>>> import zarr
>>> store = zarr.storage.MemoryStore()
>>> plate = {"rows": [{"name": "A"}], "columns": [{"name": "1"}], "wells": [{"path": "A/1", "rowIndex": 0}]}
>>> _ = zarr.create_group(store, zarr_format=2, attributes={"plate": {**plate, "version": "0.4"}})
>>> [change.path for change in plan_repair(store).changes]
[('attributes', 'plate', 'wells', 0, 'columnIndex')]
"""

from omezarr.checking.repair.description import change_as_dict, change_line
from omezarr.checking.repair.operation import Repair, carry_out, plan_repair, repair
from omezarr.checking.repair.overlay import Change

__all__ = ["Change", "Repair", "carry_out", "change_as_dict", "change_line", "plan_repair", "repair"]
