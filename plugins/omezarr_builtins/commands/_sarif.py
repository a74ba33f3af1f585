"""Reports of validation in SARIF 2.1.0, the form in which code hosts and editors take the findings of checkers.

Source: OASIS, Static Analysis Results Interchange Format Version 2.1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from omezarr._version import __version__

if TYPE_CHECKING:
    from omezarr.abc.rules import Problem
    from omezarr.checking.validation import Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report) -> dict[str, Any]:
    """Return a report as a SARIF log with one run."""
    demands = {problem.rule: problem.demand for problem in report}
    rules = [{"id": rule, "shortDescription": {"text": demand or rule}} for rule, demand in sorted(demands.items())]
    index = {rule["id"]: position for position, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "omezarr", "version": __version__, "rules": rules}},
                "results": [
                    {**_result(problem, report.target), "ruleIndex": index[problem.rule]} for problem in report
                ],
                "properties": {"valid": report.valid, "ngffVersion": report.version},
            }
        ],
    }


def _result(problem: Problem, target: str) -> dict[str, Any]:
    from omezarr.checking.validation import json_pointer

    inner = "/".join(part for part in (problem.node, problem.array) if part)
    pointer = json_pointer(problem.path)
    return {
        "ruleId": problem.rule,
        "level": problem.severity.value,
        "message": {"text": f"found {problem.found}, expected {problem.expected} ({problem.section})"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(f"{target}/{inner}".rstrip("/"), safe=":/%?&=")}
                },
                "logicalLocations": [{"fullyQualifiedName": f"{inner}:{pointer}" if pointer else inner or "/"}],
            }
        ],
    }
