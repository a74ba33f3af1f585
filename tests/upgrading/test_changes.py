"""What a hierarchy becomes is worked out once, however many arrays ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.testing import isolated_registry
from omezarr.upgrading.changes import Changes

if TYPE_CHECKING:
    from collections.abc import ValuesView


class Counted(dict[str, Any]):
    """A mapping that counts how often one goes through it."""

    walks = 0

    def values(self) -> ValuesView[Any]:
        self.walks += 1
        return super().values()


def test_whether_chunks_are_renamed_is_found_out_once() -> None:
    groups = Counted()
    version = isolated_registry().formats["0.5"]
    changes = Changes(survey=None, version=version, groups=groups, arrays={})  # type: ignore[arg-type]
    assert [changes.renames for _ in range(3)] == [False] * 3
    assert groups.walks == 1
