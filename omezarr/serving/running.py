"""Serving from the command line: until Ctrl-C, with the address printed or opened."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

from omezarr.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.serving.server import Server


def run_until_interrupted(server: Server, announce: Callable[[str], None]) -> None:
    """Serve until the process is asked to stop.

    Parameters
    ----------
    server : Server
    announce : callable
        Called with the address when the server listens.
    """
    asyncio.run(_run(server, announce))


async def _run(server: Server, announce: Callable[[str], None]) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":  # where Ctrl-C raises KeyboardInterrupt instead
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
    await server.start()
    try:
        announce(server.address)
        await stopped.wait()
    finally:
        await server.close()
    echo("Stopped.", err=True)
