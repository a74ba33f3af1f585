"""Running tasks on the workers of a dask.distributed cluster.

Tasks are subtrees of the pyramid, never chunks. What they hand up is put together in this process.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from omezarr.errors import ArgumentError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def client_of(scheduler: Any) -> Iterator[Any]:
    """Connect to what a user names as scheduler.

    Parameters
    ----------
    scheduler : None, "threads", dask.distributed.Client or str
        None and "threads": no cluster. A string: the address of a scheduler, or ``"local:N"`` for N processes here.

    Yields
    ------
    Client or None

    Raises
    ------
    ArgumentError
        If it names no scheduler.
    MissingDependencyError
        If dask.distributed is not installed.
    """
    if scheduler is None or scheduler == "threads":
        yield None
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingDependencyError(
            "running on a cluster needs dask.distributed; install omezarr[distributed]"
        ) from error
    connect: Any = Client
    start: Any = LocalCluster
    if isinstance(scheduler, Client):
        yield scheduler
        return
    if not isinstance(scheduler, str) or ":" not in scheduler:
        raise ArgumentError(
            f"{scheduler!r} is no scheduler; give a client, an address such as tcp://host:8786, or local:N"
        )
    if not scheduler.startswith("local:"):
        with connect(scheduler, set_as_default=False) as client:
            yield client
        return
    number = scheduler.removeprefix("local:")
    if not number.isdecimal() or int(number) < 1:
        raise ArgumentError(f"{scheduler!r}: write the number of processes behind local:, for example local:4")
    with (
        start(n_workers=int(number), threads_per_worker=1, dashboard_address=None) as cluster,
        connect(cluster, set_as_default=False) as client,
    ):
        yield client
