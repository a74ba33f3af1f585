"""What an upgrade would do, step by step, for people and programs who ask before they allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc.plan import CreateGroup, DeleteKeys, EditAttributes, TransferObjects, WriteLevels, WriteObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omezarr.abc.plan import Step
    from omezarr.upgrading.operation import Upgrade

SHOWN = 3
"""How many keys a line names before it counts the rest."""


def upgrade_summary(upgrade: Upgrade) -> dict[str, Any]:
    """Return what an upgrade does, fit to be written as JSON.

    Parameters
    ----------
    upgrade : Upgrade

    Returns
    -------
    dict
        ``source``, ``target``, ``from``, ``to``, ``in_place``, ``losses``, ``notices`` and ``phases``: of each its
        ``name`` and its ``steps``.
    """
    return {
        "source": str(upgrade.source),
        "target": str(upgrade.plan.target),
        "from": upgrade.source_version,
        "to": upgrade.version,
        "in_place": upgrade.in_place,
        "losses": list(upgrade.losses),
        "notices": list(upgrade.notices),
        "phases": [
            {"name": phase.name, "steps": [step_summary(step) for step in phase.steps]} for phase in upgrade.plan.phases
        ],
    }


def step_summary(step: Step) -> dict[str, Any]:
    """Return what a step does, fit to be written as JSON.

    Examples
    --------
    >>> step_summary(DeleteKeys(keys=("0/.zarray",)))
    {'action': 'remove', 'keys': ['0/.zarray']}
    """
    if isinstance(step, WriteObject):
        return {"action": "write", "key": step.key, "bytes": len(step.content)}
    if isinstance(step, EditAttributes):
        return {"action": "edit attributes", "path": step.path}
    if isinstance(step, TransferObjects):
        action = "rename" if step.source is None else "copy"
        return {"action": action, "objects": len(step.pairs), "first": list(step.pairs[0])}
    if isinstance(step, DeleteKeys):
        return {"action": "remove", "keys": list(step.keys)}
    if isinstance(step, CreateGroup):
        return {"action": "create group", "path": step.path}
    if isinstance(step, WriteLevels):
        spec = step.arrays[0]
        shards = None if spec.shards is None else list(spec.shards)
        return {
            "action": "write pixels",
            "path": spec.path,
            "shape": list(spec.shape),
            "chunks": list(spec.chunks),
            "shards": shards,
            "codec": str(spec.codec),
            "checksums": spec.checksums,
            "objects": spec.units,
        }
    return {"action": type(step).__name__}


def step_line(step: Step) -> str:
    """Return what a step does, in words.

    Examples
    --------
    >>> step_line(DeleteKeys(keys=("0/.zarray", "0/.zattrs")))
    'remove 0/.zarray, 0/.zattrs'
    """
    if isinstance(step, WriteObject):
        return f"write {step.key} ({len(step.content)} bytes)"
    if isinstance(step, EditAttributes):
        return f"replace the attributes of {step.path or 'the root'}"
    if isinstance(step, TransferObjects):
        verb = "give new names to" if step.source is None else "copy"
        return f"{verb} {len(step.pairs)} objects: {_listed([f'{old} -> {new}' for old, new in step.pairs])}"
    if isinstance(step, DeleteKeys):
        return f"remove {_listed(step.keys)}"
    if isinstance(step, CreateGroup):
        return f"create the group {step.path or 'at the root'}"
    if isinstance(step, WriteLevels):
        spec = step.arrays[0]
        shards = "" if spec.shards is None else f", shards {_by(spec.shards)}"
        codec = f"{spec.codec}{', crc32c' if spec.checksums else ''}"
        return f"write the pixels of {spec.path}: {_by(spec.shape)}, chunks {_by(spec.chunks)}{shards}, {codec}"
    return type(step).__name__


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _by(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))
