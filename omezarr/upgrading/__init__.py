"""Upgrading and downgrading whole hierarchies between NGFF versions, in place or into a new target.

No pair of versions is known here: everything is read by the old version, completed and written down by the new one.
What is known is how zarr formats 2 and 3 describe the same chunks.
"""

from omezarr.upgrading.description import step_line, step_summary, upgrade_summary
from omezarr.upgrading.operation import Upgrade, carry_out, plan_upgrade, prepare_upgrade, upgrade

__all__ = [
    "Upgrade",
    "carry_out",
    "plan_upgrade",
    "prepare_upgrade",
    "step_line",
    "step_summary",
    "upgrade",
    "upgrade_summary",
]
