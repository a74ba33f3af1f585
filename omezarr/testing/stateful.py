"""The stateful suite for storage schemes: whatever requests come in whatever order, a dictionary agrees.

It needs Hypothesis, which ``omezarr[testing]`` installs, and is imported from here.

Examples
--------
>>> class TestShelf(StatefulSchemeSuite):
...     name = "shelf"
...
...     @pytest.fixture
...     def empty(self):
...         return Location.parse("shelf://new.zarr")
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from omezarr.hierarchy import run
from omezarr.nodes.opening import open_store
from omezarr.stores import ConditionalStore
from omezarr.testing.registries import isolated_registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarr.abc.store import Store

    from omezarr.abc import OpenedStore
    from omezarr.location import Location
    from omezarr.plugins.registry import Registry

__all__ = ["StatefulSchemeSuite"]

KEYS = st.sampled_from(
    ["zarr.json", "a/zarr.json", "a/0/zarr.json", "a/0/c/0/0", "a/0/c/0/1", "a/00/c/0", "ab/zarr.json", "a b/é"]
)
"""Some are below others, and some begin alike without being so; none is both an object and a prefix."""

PREFIXES = st.sampled_from(["", "a", "a/0", "a/0/c", "a/0/c/0", "ab", "none"])
CONTENTS = st.sampled_from([b"", b"x", b"the second", bytes(range(256)) * 5])


class StatefulSchemeSuite:
    """A test of a `omezarr.abc.StorageScheme` that writes, against a dictionary that is told the same.

    A subclass overrides `empty`, and `registry` if the scheme does not come with omezarr. What differs is made as small
    as can be before it is shown.

    Attributes
    ----------
    examples : int
        How many sequences are tried.
    steps : int
        How many requests a sequence has at most.
    shrinks : bool
        Whether a sequence that fails is made smaller, which takes minutes where each request waits for a server.
    """

    examples = 15
    steps = 25
    shrinks = True

    @pytest.fixture
    def registry(self) -> Registry:
        """Return the registry that the scheme is in; by default that of the built-in plugins."""
        return isolated_registry()

    @pytest.fixture
    def empty(self) -> Location:
        """Return a location where nothing is yet."""
        pytest.fail("a subclass of StatefulSchemeSuite overrides the fixture 'empty'")

    def test_any_requests_in_any_order_are_answered_as_by_a_dictionary(
        self, registry: Registry, empty: Location
    ) -> None:
        numbers = itertools.count()

        def machine() -> Requests:
            place = empty if empty.store is not None else empty.below(str(next(numbers)))
            return Requests(place, registry)

        run_state_machine_as_test(
            cast("Any", machine),  # any callable that makes one
            settings=settings(
                max_examples=self.examples,
                stateful_step_count=self.steps,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate, *([Phase.shrink] if self.shrinks else [])],
                suppress_health_check=list(HealthCheck),
            ),
        )


class Requests(RuleBasedStateMachine):
    """Requests to a store that is opened by a scheme, and what they must give."""

    def __init__(self, place: Location, registry: Registry) -> None:
        super().__init__()
        self.place, self.registry = place, registry
        self.expected: dict[str, bytes] = {}
        self.opened: OpenedStore = open_store(place, registry.storage_schemes, write=True)

    @property
    def store(self) -> Store:
        """What is asked."""
        return self.opened.store

    def key_of(self, name: str) -> str:
        """Return the key in the store of a name below the place."""
        return f"{self.opened.path}/{name}".strip("/")

    @rule(key=KEYS, content=CONTENTS)
    def store_object(self, key: str, content: bytes) -> None:
        """Store an object, over what is there."""
        run(self.store.set(self.key_of(key), buffer_of(content)))
        self.expected[key] = content

    @rule(key=KEYS, content=CONTENTS)
    def store_if_free(self, key: str, content: bytes) -> None:
        """Store an object, unless one is there."""
        run(self.store.set_if_not_exists(self.key_of(key), buffer_of(content)))
        self.expected.setdefault(key, content)

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        """Remove an object, whether it is there or not."""
        if self.store.supports_deletes:
            run(self.store.delete(self.key_of(key)))
            self.expected.pop(key, None)

    @rule(prefix=PREFIXES)
    def remove_below(self, prefix: str) -> None:
        """Remove all that lies below a prefix, and nothing that only begins like it."""
        if self.store.supports_deletes and self.store.supports_listing:
            run(self.store.delete_dir(self.key_of(prefix)))
            for key in self.below(prefix):
                del self.expected[key]

    @rule(key=KEYS)
    def read(self, key: str) -> None:
        """Read an object, and ask whether it is there."""
        assert self.found(key) == self.expected.get(key), f"{key} after what is above"
        assert run(self.store.exists(self.key_of(key))) is (key in self.expected), f"whether {key} is there"

    @rule(key=KEYS, start=st.integers(0, 40), length=st.integers(1, 2000))
    def read_part(self, key: str, start: int, length: int) -> None:
        """Read a range, the rest, and the end of an object."""
        from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

        content = self.expected.get(key)
        if content is None:
            assert self.found(key, RangeByteRequest(0, 1)) is None
            return
        end = min(start + length, len(content))
        if start < end:
            assert self.found(key, RangeByteRequest(start, end)) == content[start:end]
            assert self.found(key, OffsetByteRequest(start)) == content[start:]
        if length <= len(content):
            assert self.found(key, SuffixByteRequest(length)) == content[-length:]

    @rule(prefix=PREFIXES)
    def list_names(self, prefix: str) -> None:
        """List what lies directly below a prefix, and all that lies below it."""
        if not self.store.supports_listing:
            return
        names = sorted(collected(self.store.list_dir(self.key_of(prefix))))
        start = f"{prefix}/" if prefix else ""
        assert names == sorted({key[len(start) :].split("/")[0] for key in self.below(prefix)}), f"below {prefix!r}"
        below = f"{self.key_of(prefix)}/".lstrip("/")
        keys = sorted(collected(self.store.list_prefix(below)))
        assert keys == sorted(self.key_of(key) for key in self.below(prefix)), f"all below {prefix!r}"

    @rule(key=KEYS, content=CONTENTS, current=st.booleans())
    def store_on_condition(self, key: str, content: bytes, current: bool) -> None:
        """Replace an object on condition, as whoever knows its version does, or whoever knows an old one."""
        if not isinstance(self.store, ConditionalStore) or not self.opened.traits.conditional:
            return
        found = run(self.store.get_version(self.key_of(key)))
        assert (None if found is None else found[0]) == self.expected.get(key), f"{key} and its version"
        version = None if found is None else found[1]
        if not current:
            run(self.store.set(self.key_of(key), buffer_of(b"of another")))
            self.expected[key] = b"of another"
        made = run(self.store.set_version(self.key_of(key), content, version))
        assert (made is not None) is current, f"{key} is replaced if, and only if, its version is the one that was read"
        if current:
            self.expected[key] = content

    @rule()
    def open_again(self) -> None:
        """Open the place again, as another program does."""
        if self.place.store is None:
            self.opened = open_store(self.place, self.registry.storage_schemes, write=True)

    @rule()
    def read_all(self) -> None:
        """Read everything that is there."""
        for key, content in self.expected.items():
            assert self.found(key) == content, f"{key} among all others"

    def teardown(self) -> None:
        """Leave nothing in a store that the next sequence uses too."""
        if self.place.store is not None:
            run(self.store.clear())

    def below(self, prefix: str) -> list[str]:
        """Return the keys that are expected below a prefix."""
        return [key for key in self.expected if not prefix or key.startswith(f"{prefix}/")]

    def found(self, key: str, part: Any = None) -> bytes | None:
        """Return what the store has."""
        from zarr.core.buffer import default_buffer_prototype

        found = run(self.store.get(self.key_of(key), default_buffer_prototype(), part))
        return None if found is None else found.to_bytes()


def buffer_of(content: bytes) -> Any:
    """Return bytes as stores take them."""
    from zarr.core.buffer import cpu

    return cpu.Buffer.from_bytes(content)


def collected(names: Any) -> Iterator[str]:
    """Return all that a store lists."""

    async def collect() -> list[str]:
        return [name async for name in names]

    return iter(run(collect()))
