"""The event loop on which stores are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the event loop that zarr runs its stores on, and wait.

    Stores hold sessions that belong to one loop, so there must be only one.
    """
    from zarr.core.sync import sync

    return sync(work)
