"""Threads that know what whoever gives them work knows, such as the registry of the call that is under way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool(ThreadPoolExecutor):
    """A pool whose every task runs in a copy of the context that it was submitted in.

    Examples
    --------
    >>> from contextvars import ContextVar
    >>> colour = ContextVar("colour", default="grey")
    >>> token = colour.set("blue")
    >>> with ThreadPool(1) as pool:
    ...     pool.submit(colour.get).result()
    'blue'
    >>> colour.reset(token)
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called, as `concurrent.futures.Executor.submit` does."""
        return super().submit(copy_context().run, partial(fn, *args, **kwargs))
