"""What a plan would write, in numbers, for people and programs who ask before they wait.

Nothing is read or written.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from omezarr.abc.plan import CreateArrays, CreateGroup, WriteLevels, WriteObject

if TYPE_CHECKING:
    from omezarr.abc.plan import ArraySpec, Plan


def plan_summary(plan: Plan) -> dict[str, Any]:
    """Return what a plan writes.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    dict
        ``target``, ``zarr_format``, ``groups``, ``arrays`` (path, shape, dtype, chunks, shards, codec, checksums,
        objects, bytes), and the totals ``objects`` and ``bytes``; bytes before compression. Can be written as JSON.
    """
    arrays = [
        _array_summary(spec)
        for step in plan.steps
        if isinstance(step, WriteLevels | CreateArrays)
        for spec in step.arrays
    ]
    return {
        "target": str(plan.target),
        "zarr_format": plan.zarr_format,
        "overwrite": plan.overwrite,
        "groups": [step.path for step in plan.steps if isinstance(step, CreateGroup)],
        "arrays": arrays,
        "files": [step.key for step in plan.steps if isinstance(step, WriteObject)],
        "objects": sum(array["objects"] for array in arrays),
        "bytes": sum(array["bytes"] for array in arrays),
    }


def _array_summary(spec: ArraySpec) -> dict[str, Any]:
    import numpy as np

    return {
        "path": spec.path,
        "shape": list(spec.shape),
        "dtype": spec.dtype,
        "chunks": list(spec.chunks),
        "shards": None if spec.shards is None else list(spec.shards),
        "codec": str(spec.codec),
        "checksums": spec.checksums,
        "objects": spec.units,
        "bytes": math.prod(spec.shape) * np.dtype(spec.dtype).itemsize,
    }
