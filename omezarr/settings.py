"""What a user can set through the environment, read once and passed on as a value.

Nothing here changes settings of zarr, numcodecs or dask.

Examples
--------
>>> Settings.from_environment({"OMEZARR_MEMORY": "512MiB"}).memory
536870912
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from attrs import frozen

from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {
    "": 1,
    "k": 1000,
    "m": 1000**2,
    "g": 1000**3,
    "t": 1000**4,
    "ki": 1024,
    "mi": 1024**2,
    "gi": 1024**3,
    "ti": 1024**4,
}


LEAST_LEASE = 2.0
"""The shortest lease, in seconds: it has to be renewed in time over a slow network."""

METADATA_BYTES = 160 * 1024**2
"""What one metadata document may take in memory where nobody says: a plate of 60,000 wells, 200,000 colours."""


def parse_bytes(text: str | int) -> int:
    """Return the number of bytes that a text such as ``"150 MiB"`` names.

    Parameters
    ----------
    text : str or int
        A number with an optional unit: B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (powers of 1024).

    Raises
    ------
    ArgumentError
        If the text is no positive size.

    Examples
    --------
    >>> parse_bytes("1.5 MiB")
    1572864
    """
    if isinstance(text, int):
        size = float(text)
    else:
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?\s*", text, flags=re.IGNORECASE)
        if found is None:
            raise ArgumentError(f"{text!r} is no size in bytes; write for example 512MiB or 2GB")
        size = float(found[1]) * _UNITS[(found[2] or "").lower()]
    if size < 1:
        raise ArgumentError(f"{text!r} is no size in bytes; it must be at least 1")
    return int(size)


def parse_lease(value: str | float, name: str) -> float:
    """Return how many seconds a lease is to hold.

    Parameters
    ----------
    value : str or float
    name : str
        Where it was said.

    Raises
    ------
    ArgumentError
        If it is no number, or too short to be renewed in time.
    """
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not LEAST_LEASE <= seconds < float("inf"):
        raise ArgumentError(f"{name} is {value!r}; it must be a number of seconds from {LEAST_LEASE:.0f} on")
    return seconds


@frozen(kw_only=True)
class Settings:
    """Values that hold for a whole process unless an argument says otherwise.

    Parameters
    ----------
    disabled_plugins : tuple of str
        Plugin identities that are not loaded (``OMEZARR_DISABLE_PLUGINS``, separated by commas).
    memory : int or None
        Bytes that writing may use of its own (``OMEZARR_MEMORY``); None: the engine's default.
    metadata : int
        Bytes that one metadata document may take in memory (``OMEZARR_METADATA``).
    threads : int
        Threads for reading and writing (``OMEZARR_THREADS``); default: the cores this process may use.
    lease : float or None
        Seconds after which others may write to a place that is no local disk, where a process that wrote there has died
        (``OMEZARR_LEASE``); None: a minute.
    """

    disabled_plugins: tuple[str, ...] = ()
    memory: int | None = None
    metadata: int = METADATA_BYTES
    threads: int = 1
    lease: float | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables.

        Parameters
        ----------
        environment : mapping, optional
            Default: ``os.environ``.

        Raises
        ------
        ArgumentError
            If a variable has a value that makes no sense.
        """
        env = os.environ if environment is None else environment
        memory = env.get("OMEZARR_MEMORY")
        threads = env.get("OMEZARR_THREADS", str(available_cores()))
        if not threads.isdecimal() or int(threads) < 1:
            raise ArgumentError(f"OMEZARR_THREADS is {threads!r}; it must be a whole number from 1 on")
        names = (name.strip() for name in env.get("OMEZARR_DISABLE_PLUGINS", "").split(","))
        return cls(
            disabled_plugins=tuple(name for name in names if name),
            memory=None if memory is None else parse_bytes(memory),
            metadata=parse_bytes(env.get("OMEZARR_METADATA", METADATA_BYTES)),
            threads=int(threads),
            lease=parse_lease(env["OMEZARR_LEASE"], "OMEZARR_LEASE") if env.get("OMEZARR_LEASE") else None,
        )


def available_cores() -> int:
    """Return how many cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
