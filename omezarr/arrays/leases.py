"""Leases: who may write to a place that is no local disk.

A lease is an object with an owner and a time, renewed while writing goes on, and free for the taking when it has run
out. Where a store changes objects on condition, a lease is taken, renewed and given back only as it was last seen, so
that two never hold it. Elsewhere a lease is looked at again after a pause, which is the best that can be done.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from attrs import define, field

from omezarr.errors import LockedError, OMEZarrError, UnsupportedError, WriteError
from omezarr.hierarchy import run
from omezarr.settings import Settings
from omezarr.stores import ConditionalStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.arrays.targets import StoreTarget

LEASE_SECONDS = 60.0
"""How long a lease holds without being renewed."""

RENEWALS = 3
"""How often a lease is renewed in the time that it holds: two may fail."""

SETTLE_SECONDS = 0.2
"""How long one waits before looking again, where a store has no conditions: longer than storing an object takes."""

POLL_SECONDS = 0.5
"""How often a waiting process looks whether a lease is free."""

UNCERTAIN = "; the store cannot change objects on condition, so that two that begin at the same moment may both write"


@contextmanager
def leased(target: StoreTarget, name: str, wait: float, seconds: float | None = None) -> Iterator[None]:
    """Hold a lease while the block runs; nothing can be written to the target any more once it is lost.

    Parameters
    ----------
    target : StoreTarget
    name : str
        The key of the lease.
    wait : float
        How many seconds to wait for another holder.
    seconds : float, optional
        How long it holds without being renewed. Default: ``OMEZARR_LEASE``, else a minute.

    Raises
    ------
    LockedError
        If somebody else holds it, or has come to hold it while the block ran.
    """
    seconds = seconds or Settings.from_environment().lease or LEASE_SECONDS
    lease = Lease(target, name, seconds)
    deadline = time.monotonic() + wait
    while not lease.take():
        if time.monotonic() >= deadline:
            raise LockedError(lease.refusal)
        time.sleep(POLL_SECONDS)
    done = threading.Event()

    def keep() -> None:
        while not done.wait(seconds / RENEWALS):
            if not lease.renew():
                return

    thread = threading.Thread(target=keep, name="omezarr-lease", daemon=True)
    thread.start()
    target.fences.append(lease.check)
    try:
        yield
        lease.check()
    finally:
        target.fences.remove(lease.check)
        done.set()
        thread.join()
        lease.release()


@define(eq=False)
class Lease:
    """A lease that may be taken.

    Parameters
    ----------
    target : StoreTarget
    name : str
    seconds : float
        How long it holds without being renewed.
    """

    target: StoreTarget
    name: str
    seconds: float = field(factory=lambda: LEASE_SECONDS)
    owner: str = field(factory=lambda: f"{socket.gethostname()} process {os.getpid()} {uuid.uuid4().hex[:8]}")
    _slot: _ConditionalSlot | _PlainSlot = field(init=False)
    _version: str | None = field(init=False, default=None)
    _until: float = field(init=False, default=0.0)
    _lost: str | None = field(init=False, default=None)

    @_slot.default
    def _best_slot(self) -> _ConditionalSlot | _PlainSlot:
        store, path = self.target.store()
        if self.target.traits.conditional and isinstance(store, ConditionalStore):
            return _ConditionalSlot(store, f"{path}/{self.name}".strip("/"), str(self.target))
        return _PlainSlot(self.target, self.name)

    def take(self) -> bool:
        """Take the lease if it is free."""
        content, version = self._slot.read()
        holder, expires = _parsed(content)
        if holder not in (None, self.owner) and expires > time.time():
            return False
        try:
            if not self._store(version):
                return False
            certain = isinstance(self._slot, _PlainSlot) or self._slot.refuses(self._content())
        except UnsupportedError:
            certain = False
        if certain:
            return True
        self._slot = _PlainSlot(self.target, self.name)  # the server does not know conditions, or does not heed them
        return self.take()

    @property
    def refusal(self) -> str:
        """Why it could not be taken."""
        content, _ = self._slot.read()
        holder, expires = _parsed(content)
        left = max(1, round(expires - time.time()))
        text = f"{holder or 'another process'} is writing to {self.target}; if it is dead, wait for {left} s"
        return text + (UNCERTAIN if content is not None and b'"certain": false' in content else "")

    def renew(self) -> bool:
        """Renew the lease; False if it is lost, be it that no answer came in time."""
        reason = "somebody else has taken it"
        try:
            if self._store(self._version):
                return True
        except OMEZarrError as error:
            if time.monotonic() < self._until - self.seconds / RENEWALS:
                return True  # there is time to try once more
            reason = str(error)
        self._lost = f"the lease of {self.target} could not be renewed: {reason}"
        return False

    def check(self) -> None:
        """Raise if the lease is lost.

        Raises
        ------
        LockedError
            If so.
        """
        if self._lost is None and time.monotonic() > self._until:
            self._lost = f"the lease of {self.target} has run out before it could be renewed"
        if self._lost is not None:
            raise LockedError(
                f"{self._lost}. Writing has stopped; once nobody else writes there, look at what is there and run the "
                "same again with resuming (--resume)"
            )

    def release(self) -> None:
        """Give the lease back, if it is still one's own."""
        if self._lost is not None or self._version is None:
            return
        with suppress(OMEZarrError):  # then it runs out by itself
            if isinstance(self._slot, _PlainSlot) or self._store(self._version):
                self._slot.remove(self._version)

    def _content(self) -> bytes:
        certain = isinstance(self._slot, _ConditionalSlot)
        return json.dumps({"owner": self.owner, "expires": time.time() + self.seconds, "certain": certain}).encode()

    def _store(self, version: str | None) -> bool:
        """Store the lease in place of a version of it."""
        until = time.monotonic() + self.seconds
        new = self._slot.replace(self._content(), version)
        if new is None:
            # A request that was repeated, as its answer got lost, is refused though the lease is one's own.
            content, there = self._slot.read()
            new = there if _parsed(content)[0] == self.owner else None
        if new is None:
            return False
        self._version, self._until = new, until
        return True


@define
class _ConditionalSlot:
    """An object that is changed only as it was seen."""

    store: ConditionalStore
    key: str
    place: str

    def read(self) -> tuple[bytes | None, str | None]:
        with _naming(self.place):
            return run(self.store.get_version(self.key)) or (None, None)

    def replace(self, content: bytes, version: str | None) -> str | None:
        with _naming(self.place):
            return run(self.store.set_version(self.key, content, version))

    def remove(self, version: str) -> None:
        with _naming(self.place):
            run(self.store.delete_version(self.key, version))

    def refuses(self, content: bytes) -> bool:
        """Return whether the server heeds conditions: that an object which is there be not there must be refused."""
        return self.replace(content, None) is None


@define
class _PlainSlot:
    """An object in a store without conditions; its content stands for its version."""

    target: StoreTarget
    name: str

    def read(self) -> tuple[bytes | None, str | None]:
        content = self.target.get(self.name)
        return content, None if content is None else content.hex()

    def replace(self, content: bytes, version: str | None) -> str | None:
        if self.read()[1] != version:
            return None
        if version is None:
            from zarr.core.buffer import default_buffer_prototype

            store, path = self.target.store()
            whole = default_buffer_prototype().buffer.from_bytes(content)
            with _naming(str(self.target)):
                run(store.set_if_not_exists(f"{path}/{self.name}".strip("/"), whole))
        else:
            self.target.put(self.name, content)
        time.sleep(SETTLE_SECONDS)
        return content.hex() if self.read()[0] == content else None

    def remove(self, version: str) -> None:
        if self.read()[1] == version:
            self.target.delete(self.name)


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Say of whatever a store raises that it is about the lease of a place."""
    try:
        yield
    except OMEZarrError:
        raise
    except Exception as error:
        raise WriteError(f"could not take or keep the lease of {place}: {type(error).__name__}: {error}") from error


def _parsed(content: bytes | None) -> tuple[str | None, float]:
    """Return the owner of a lease and when it runs out; one that cannot be read has run out."""
    if content is None:
        return None, 0.0
    try:
        found = json.loads(content)
        return str(found["owner"]), float(found["expires"])
    except (ValueError, KeyError, TypeError):
        return "an unknown process", 0.0
