"""One command for several paths: each by itself, a summary at the end, and one that is broken stops no other.

Examples
--------
>>> run_each(["a", "b"], lambda path: (0 if path == "a" else 1, {}), as_json=False, done="fine")
a
<BLANKLINE>
b
2 paths: 1 fine, 1 failed.
1
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.errors import OMEZarrError
from omezarr.terminal import echo, echo_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def meant_by(paths: Sequence[str]) -> tuple[list[str], bool]:
    """Return the paths that a user names, patterns replaced by what matches them, and whether several are meant.

    Raises
    ------
    ArgumentError
        If nothing matches a pattern.
    """
    from omezarr.nodes.patterns import is_pattern, matching

    return matching(paths), len(paths) > 1 or is_pattern(paths[0])


def run_each(paths: Sequence[str], run: Callable[[str], tuple[int, Any]], *, as_json: bool, done: str) -> int:
    """Run a command for one path after the other, and return the exit code of all.

    Parameters
    ----------
    paths : sequence of str
    run : callable
        Given a path, prints what is to be read by people unless JSON was asked for, and returns the exit code and the
        JSON.
    as_json : bool
    done : str
        What is said of those that did not fail.
    """
    results: list[dict[str, Any]] = []
    for number, path in enumerate(paths):
        if not as_json:
            echo(f"\n{path}" if number else path)
        document, message = None, None
        try:
            code, document = run(path)
        except OMEZarrError as error:
            code, message = 1, " ".join(str(error).split())
        except Exception as error:  # noqa: BLE001 - whatever one path brings about, the others are looked at
            code, message = 1, " ".join(f"{type(error).__name__}: {error}".split())
        if message is not None:
            echo(f"Error: {path}: {message}", err=True)
        results.append({"path": path, "failed": code != 0, "message": message, "result": document})
    failed = sum(item["failed"] for item in results)
    counts = {done: len(results) - failed, "failed": failed}
    if as_json:
        echo_json({"results": results, "counts": counts})
    else:
        echo(f"{len(results)} paths: {', '.join(f'{count} {what}' for what, count in counts.items())}.")
    return 1 if failed else 0
