"""What has been finished, so that an interrupted plan can go on.

One header says which plan is being carried out, from which pixels and with which software; one small object for each
finished subtree says that all its units are stored. All of it lies below a reserved prefix, which readers and copies
leave out, and is removed when the plan is complete.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import threading
from typing import TYPE_CHECKING, Any, TypeGuard

from omezarr._version import __version__
from omezarr.abc.copying import CopyObjects
from omezarr.abc.plan import CreateGroup, EditAttributes, WriteLevels
from omezarr.arrays.stored import array_metadata
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omezarr.abc.plan import Plan
    from omezarr.arrays.targets import Target
    from omezarr.engine.units import Tree, TreeNode
    from omezarr.model import JSON

NOTED_BYTES = 32 * 1024**2
"""Subtrees made from at least this many bytes are noted when they are finished."""


class Journal:
    """The journal of one plan.

    Parameters
    ----------
    target : Target
    prefix : str
        Where it lies.
    """

    def __init__(self, target: Target, prefix: str) -> None:
        self._target = target
        self._prefix = prefix
        self._kept = not target.transient

    def start(self, facts: Mapping[str, JSON]) -> None:
        """Begin anew; what an earlier attempt noted is forgotten."""
        if self._kept:
            self._target.clear(f"{self._prefix}/done")
            self._target.put(f"{self._prefix}/plan.json", json.dumps(dict(facts)).encode())

    def exists(self) -> bool:
        """Return whether an earlier attempt left a journal."""
        return self._kept and self._target.get(f"{self._prefix}/plan.json") is not None

    def resume(self, facts: Mapping[str, JSON]) -> None:
        """Go on with an earlier attempt.

        Raises
        ------
        ArgumentError
            If that was another plan; the message names the first difference.
        """
        for name, where, old, new in self._changes(facts):
            raise ArgumentError(
                f"cannot resume {self._target}: {where and f'{where} of '}{name} was {_shown(old)}, is now "
                f"{_shown(new)}; start anew with overwriting (--overwrite), or restore what it was"
            )

    def is_of(self, facts: Mapping[str, JSON]) -> bool:
        """Return whether an earlier attempt was one at the same plan."""
        return not any(self._changes(facts))

    def is_mostly_done(self, facts: Mapping[str, JSON]) -> bool:
        """Return whether an earlier attempt was one at this plan and more, which it has completed."""
        return all(new == "not there" for _, _, _, new in self._changes(facts))

    def _changes(self, facts: Mapping[str, JSON]) -> Iterator[tuple[str, str, JSON, JSON]]:
        """Yield what differs from the earlier plan: its name, where in it, what it was and is."""
        content = self._target.get(f"{self._prefix}/plan.json")
        try:
            before: dict[str, Any] = json.loads(content or b"{}")
        except ValueError:
            before = {}
        now = json.loads(json.dumps(dict(facts)))
        for name in [*now, *(name for name in before if name not in now)]:
            for where, old, new in differences(before.get(name, "not there"), now.get(name, "not there")):
                yield name, where, old, new

    def noted(self, part: str) -> set[str]:
        """Return what was noted for a part of the plan."""
        if not self._kept:
            return set()
        return {key.rpartition("/")[2] for key in self._target.names(f"{self._prefix}/done/{part}")}

    def note(self, part: str, name: str) -> None:
        """Note that something is finished."""
        if self._kept:
            self._target.put(f"{self._prefix}/done/{part}/{name}", b"\n")

    def remove(self) -> None:
        """Remove the journal: the plan is complete."""
        if self._kept:
            self._target.clear(self._prefix)


def differences(before: JSON, now: JSON, where: str = "") -> Iterator[tuple[str, JSON, JSON]]:
    """Yield where two documents differ, and what is in the one and in the other.

    Examples
    --------
    >>> list(differences({"codecs": [{"name": "gzip"}]}, {"codecs": [{"name": "zstd"}]}))
    [('codecs[0].name', 'gzip', 'zstd')]
    """
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*now, *before]):
            inner = f"{where}.{key}".lstrip(".")
            yield from differences(before.get(key, "not there"), now.get(key, "not there"), inner)
    elif _holds_objects(before) and _holds_objects(now) and len(before) == len(now):
        for index, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from differences(old, new, f"{where}[{index}]")
    elif before != now:
        yield where, before, now


def _holds_objects(value: JSON) -> TypeGuard[list[JSON]]:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _shown(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def facts_of(plan: Plan) -> dict[str, JSON]:
    """Return what must be the same for a plan to be resumed."""
    import numcodecs
    import numpy as np

    facts: dict[str, JSON] = {
        "the version of omezarr": __version__,
        "the version of numcodecs": numcodecs.__version__,
        "the version of numpy": np.__version__,
        "the processor": platform.machine(),
        "the zarr format": str(plan.zarr_format),
    }
    for number, step in enumerate(plan.steps):
        if isinstance(step, WriteLevels):
            name = step.arrays[0].path or str(number)
            facts[f"the source of {name!r}"] = step.source.identity
            for spec in step.arrays:
                facts[f"the array {spec.path!r}"] = {**array_metadata(spec), "write_empty": spec.write_empty}
            facts[f"the scaling method of {name!r}"] = f"{step.method.name} {step.method.version}"
            facts[f"the factors of {name!r}"] = [list(factors) for factors in step.factors]
        elif isinstance(step, CopyObjects):
            facts[f"the source {step.source}"] = step.identity
        elif isinstance(step, CreateGroup):
            facts[f"the new group {step.path!r}"] = dict(step.attributes)
        elif isinstance(step, EditAttributes):
            known = step.known if callable(step.attributes) else step.attributes
            facts[f"the metadata of {repr(step.path) if step.path else 'the root'}"] = dict(known or {})
    for document in plan.root:
        facts[f"the document {document.key}"] = hashlib.sha256(document.content).hexdigest()
    return facts


class FinishedNodes:
    """Which nodes of a tree are finished.

    Large nodes are noted one by one; where the largest ones are small, runs of them are noted together.

    Parameters
    ----------
    journal : Journal
    part : str
        Of the plan; notes of one part say nothing about another.
    tree : Tree
    itemsize : int
    """

    def __init__(self, journal: Journal, part: str, tree: Tree, itemsize: int) -> None:
        grid = hashlib.sha256(repr((tree.sizes, tree.units)).encode()).hexdigest()[:8]
        self._journal = journal
        self._part = f"{part}-{grid}"
        self._tree = tree
        self._itemsize = itemsize
        self._top = tree.levels - 1
        largest = max(1, math.prod(tree.sizes[-1]) * math.prod(map(math.prod, tree.factors)) * itemsize)
        self._run = max(1, NOTED_BYTES // largest)
        self._counts: dict[int, int] = {}
        self._lock = threading.Lock()
        self._done = journal.noted(self._part)

    def __bool__(self) -> bool:
        return bool(self._done)

    def is_done(self, node: TreeNode) -> bool:
        """Return whether a node was finished by an earlier attempt, with all below it."""
        if not self._done:
            return False
        return (f"run.{self._ordinal(node) // self._run}" if node.level == self._top else str(node)) in self._done

    def finished(self, node: TreeNode) -> None:
        """Note a node, if it is worth it."""
        if node.level < self._top:
            if math.prod(map(math.prod, self._tree.factors[: node.level])) * self._tree.samples_of(node) >= (
                NOTED_BYTES // self._itemsize
            ):
                self._journal.note(self._part, str(node))
            return
        run = self._ordinal(node) // self._run
        with self._lock:
            self._counts[run] = self._counts.get(run, 0) + 1
            complete = self._counts[run] == min(self._run, self._tree.count(self._top) - run * self._run)
        if complete:
            self._journal.note(self._part, f"run.{run}")

    def _ordinal(self, node: TreeNode) -> int:
        ordinal = 0
        for index, count in zip(node.index, self._tree.grid(self._top), strict=True):
            ordinal = ordinal * count + index
        return ordinal
