"""The outcome of a validation: what is wrong, where, and how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc.rules import Depth, Severity
from omezarr.checking.validation.faults import DOCUMENT_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.abc.rules import Problem
    from omezarr.checking.validation.coverage import Coverage
    from omezarr.model import JSONPath


def json_pointer(path: JSONPath) -> str:
    """Return a place in a JSON document in words, outermost key first.

    Examples
    --------
    >>> json_pointer(("multiscales", 0, "axes"))
    'multiscales[0].axes'
    """
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def place_of(problem: Problem) -> str:
    """Return where in its group a problem is: the place in the document, and the array or group concerned."""
    pointer = json_pointer(problem.path)
    return " at ".join(part for part in (pointer, repr(problem.array) if problem.array else "") if part)


def problem_as_dict(problem: Problem) -> dict[str, Any]:
    """Return a problem as plain values for JSON."""
    return {
        "rule": problem.rule,
        "severity": problem.severity.value,
        "node": problem.node,
        "path": list(problem.path),
        "array": problem.array,
        "found": problem.found,
        "expected": problem.expected,
        "section": problem.section,
        "demand": problem.demand,
        "provider": problem.provider,
    }


@frozen(kw_only=True)
class Report:
    """What a validation found; iterating gives the problems.

    Parameters
    ----------
    target : str
        What was validated.
    version : str or None
        The NGFF version whose rules were applied to the root; None where none fits.
    inferred : bool
        Whether the version was concluded from the form of the metadata.
    depth : Depth
        How far was looked: no further than what was given allows.
    strict : bool
        Whether a broken SHOULD counted as an error.
    problems : tuple of Problem
        In the order of the hierarchy, parents first.
    groups : int
        How many groups were looked at.
    coverage : Coverage, optional
        For how much checksums tell whether it is what was written; where pixels were read.

    Examples
    --------
    >>> report = Report(target="image.zarr", version="0.5", problems=())
    >>> report.valid, report.message
    (True, 'valid NGFF 0.5')
    """

    target: str
    version: str | None
    inferred: bool = False
    depth: Depth = Depth.HIERARCHY
    strict: bool = False
    problems: tuple[Problem, ...] = ()
    groups: int = 1
    coverage: Coverage | None = None

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __len__(self) -> int:
        return len(self.problems)

    def __bool__(self) -> bool:
        return True

    @property
    def valid(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return not self.errors

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that make the target invalid."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.WARNING)

    @property
    def counts(self) -> dict[str, int]:
        """How many problems there are of each severity, "error" and "warning"."""
        return {severity.value: sum(item.severity is severity for item in self.problems) for severity in Severity}

    @property
    def message(self) -> str:
        """The verdict in one line, with the first error."""
        version = f"NGFF {self.version}" if self.version else "OME-Zarr"
        warned = f", {_counted(len(self.warnings), 'warning')}" if self.warnings else ""
        if self.valid:
            return f"valid {version}{warned}"
        first = min(self.errors, key=lambda error: error.rule == DOCUMENT_KIND.id)  # others tell more
        where = ": ".join(part for part in (first.node, place_of(first)) if part)
        said = f"{first.rule}: found {first.found}, expected {first.expected}"
        count = _counted(len(self.errors), "error")
        return f"not valid {version}, {count}{warned}; {where + ': ' if where else ''}{said}"

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "valid": self.valid,
            "message": self.message,
            "target": self.target,
            "version": self.version,
            "version_inferred": self.inferred,
            "depth": self.depth.name.lower(),
            "strict": self.strict,
            "groups": self.groups,
            "checksums": None if self.coverage is None else self.coverage.as_dict(),
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "problems": [problem_as_dict(problem) for problem in self.problems],
        }


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
