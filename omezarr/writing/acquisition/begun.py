"""How a writer of regions begins: what it may be told, and what it notes so that another goes on where it dies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import asdict, frozen

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.errors import ArgumentError
from omezarr.writing.options import RunOptions

if TYPE_CHECKING:
    from omezarr.arrays.stored import StoredArray
    from omezarr.arrays.targets import Target

SCRATCH = f"{JOURNAL_PREFIX}/append"
"""Where a writer keeps what is its own; removed when it is closed."""

_KEY = f"{SCRATCH}/writer.json"


@frozen(kw_only=True)
class Begun:
    """What is to be done when all is written.

    Parameters
    ----------
    grows : str or None
        The axis along which the image grows.
    measure_windows : bool
        Whether the windows of the channels are measured.
    consolidated : bool
        Whether consolidated metadata is written, which there was before.
    """

    grows: str | None
    measure_windows: bool
    consolidated: bool

    def note(self, target: Target) -> None:
        """Store this in place of what another writer noted; only where something outlives the process."""
        if not target.transient:
            target.put(_KEY, json.dumps(asdict(self)).encode())


def left_by_another(target: Target) -> Begun | None:
    """Return what a writer noted that was not closed; None if there was none.

    A note that cannot be read is that of a writer that asked for nothing.
    """
    content = None if target.transient else target.get(_KEY)
    if content is None:
        return None
    try:
        said = json.loads(content)
        grows = said["grows"]
        return Begun(
            grows=grows if isinstance(grows, str) else None,
            measure_windows=said["measure_windows"] is True,
            consolidated=said["consolidated"] is True,
        )
    except (ValueError, TypeError, KeyError):
        return Begun(grows=None, measure_windows=False, consolidated=False)


def as_long_as_the_longest(arrays: list[StoredArray], axis: int) -> list[StoredArray]:
    """Return levels that are equally long along the axis that grows; a writer may die while it makes them longer."""
    longest = max(array.spec.shape[axis] for array in arrays)
    resized = []
    for array in arrays:
        shape = (*array.spec.shape[:axis], longest, *array.spec.shape[axis + 1 :])
        resized.append(array if shape == array.spec.shape else array.resized(shape))
    return resized


def check_run(run: RunOptions | None) -> None:
    """Refuse what says how a plan is carried out, and means nothing for a writer.

    Raises
    ------
    ArgumentError
    """
    given = run or RunOptions()
    unused = [name for name in ("scheduler", "progress") if getattr(given, name)]
    if unused:
        raise ArgumentError(
            f"{unused[0]} has no meaning for a writer of regions; give memory, threads, resume and lease alone"
        )
    if given.threads is not None and given.threads < 1:
        raise ArgumentError(f"{given.threads} threads can do nothing; give at least 1")
