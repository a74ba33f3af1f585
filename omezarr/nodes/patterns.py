"""Which files a pattern such as ``raw/*.tif`` means.

Apart from what is done with them: commands that only read need no more than this.
"""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_pattern(source: str) -> bool:
    """Say whether a source is a pattern that files match, and not the name of one.

    Examples
    --------
    >>> is_pattern("raw/*.tif"), is_pattern("raw/a.tif")
    (True, False)
    """
    return glob.has_magic(source) and "://" not in source and not Path(source).exists()


def matching(sources: Iterable[str]) -> list[str]:
    """Return the files that sources mean, in the order of their names where a source is a pattern.

    Raises
    ------
    ArgumentError
        If nothing matches a pattern, or it is one of a URL, which cannot be listed.
    """
    found: list[str] = []
    for source in sources:
        if not is_pattern(source):
            found.append(source)
            continue
        names = sorted(glob.glob(source, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
        if not names:
            raise ArgumentError(f"no file matches {source!r}; put patterns in quotes, for example 'raw/*.ome.tif'")
        found += names
    return list(dict.fromkeys(found))
