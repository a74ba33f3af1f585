"""Options of importers: what is not known is refused, never ignored."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc import Importer


def check_options(importer: Importer, options: Mapping[str, Any]) -> None:
    """Refuse options that an importer does not have.

    Raises
    ------
    ArgumentError
    """
    for name in options:
        if name not in importer.options:
            near = get_close_matches(name, importer.options, n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"it takes: {', '.join(importer.options) or 'none'}"
            raise ArgumentError(f"the importer {importer.name!r} has no option {name!r}; {cure}")
