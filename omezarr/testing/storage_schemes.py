"""The suites for storage schemes: claiming, reading, what is not there, and writing."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from omezarr.errors import ArgumentError, LocationNotFoundError, UnsupportedError
from omezarr.hierarchy import Hierarchy, run
from omezarr.location import Location, StorageOptions
from omezarr.nodes.opening import open_store
from omezarr.testing.registries import isolated_registry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from omezarr.abc import OpenedStore, StorageScheme
    from omezarr.plugins.registry import Registry

LENGTH = 64
"""The length of both sides of the array that reading is tested with."""


class StorageSchemeSuite:
    """Tests of a `omezarr.abc.StorageScheme` that reads.

    A subclass sets `name` and overrides `place`, and `registry` if the scheme does not come with omezarr.

    Attributes
    ----------
    name : str
        The name of the scheme.
    lists : bool
        Whether it can tell what is below a path.
    writable : bool
        Whether it should say of itself that it writes; `WritableSchemeSuite` tests that it does.
    """

    name: str
    lists = True
    writable = False

    @pytest.fixture
    def registry(self) -> Registry:
        """Return the registry that the scheme is in; by default that of the built-in plugins."""
        return isolated_registry()

    @pytest.fixture
    def scheme(self, registry: Registry) -> StorageScheme:
        """Return the scheme that is tested."""
        return registry.storage_schemes[self.name]

    @pytest.fixture
    def place(self) -> Location:
        """Return a location that holds what `write_example` writes."""
        pytest.fail("a subclass of StorageSchemeSuite overrides the fixture 'place'")

    def test_it_is_chosen_and_says_why(self, scheme: StorageScheme, place: Location) -> None:
        claim = scheme.claim(place)
        assert claim is not None
        assert claim.reason
        assert scheme.writable is self.writable

    def test_it_leaves_other_locations_alone(self, scheme: StorageScheme) -> None:
        claim = scheme.claim(Location.parse("nobody-knows-this://place/image.zarr"))
        assert claim is None or claim.specificity < 10, "only what opens anything may claim this, and weakly"

    def test_metadata_and_pixels_are_read(self, registry: Registry, place: Location) -> None:
        import numpy as np

        seen = hierarchy_of(place, registry)
        root = seen.node()
        assert root is not None
        assert root.attributes == {"name": "root"}
        array = seen.array("A/0")
        assert np.array_equal(array[:], example_pixels())
        assert array[3, 5] == example_pixels()[3, 5]

    def test_a_location_below_is_read(self, registry: Registry, place: Location) -> None:
        import numpy as np

        seen = hierarchy_of(place.below("A"), registry)
        group = seen.node()
        assert group is not None
        assert group.kind == "group"
        assert np.array_equal(seen.array("0")[:8, :8], example_pixels()[:8, :8])

    def test_what_is_not_there_is_missing(self, registry: Registry, place: Location) -> None:
        seen = hierarchy_of(place, registry)
        assert seen.node("B/1") is None
        assert seen.read("B/1/zarr.json") is None
        assert is_missing(place.below("none.zarr"), registry)

    def test_it_lists_or_says_that_it_cannot(self, registry: Registry, place: Location) -> None:
        seen = hierarchy_of(place, registry)
        if self.lists:
            assert seen.names() == ("A", "zarr.json")
            assert seen.names("A") == ("0", "zarr.json")
            assert seen.names("none") == ()
        else:
            assert not seen.store.supports_listing
            assert seen.names() is None

    def test_reading_never_writes(self, registry: Registry, place: Location) -> None:
        import zarr

        found = open_store(place, registry.storage_schemes)
        assert found.store.read_only
        with pytest.raises(ValueError, match="read"):
            zarr.open_group(found.store, mode="a", path=found.path).create_group("new")

    def test_the_store_can_be_sent_to_another_process(self, registry: Registry, place: Location) -> None:
        import numpy as np

        found = open_store(place, registry.storage_schemes)
        copy = pickle.loads(pickle.dumps(found.store))  # noqa: S301 - the bytes of the line itself
        assert np.array_equal(Hierarchy(copy, found.path).array("A/0")[:], example_pixels())

    @pytest.mark.parametrize(
        ("option", "value"), [("endpoint", "http://x"), ("profile", "p"), ("headers", {"a": "b"})], ids=str
    )
    def test_options_that_it_cannot_translate_are_refused(
        self, registry: Registry, scheme: StorageScheme, place: Location, option: str, value: Any
    ) -> None:
        if option in scheme.options or place.store is not None:
            return
        given = {name: getattr(place.options, name) for name in place.options.given}
        with pytest.raises(ArgumentError, match=option) as caught:
            open_store(Location.parse(place, {**given, option: value}), registry.storage_schemes)
        assert all(name in str(caught.value) for name in scheme.options)

    def test_options_that_it_names_are_looked_at(
        self, registry: Registry, scheme: StorageScheme, place: Location
    ) -> None:
        options = WatchedOptions(**{name: getattr(place.options, name) for name in place.options.given})
        scheme.open(
            evolve(place, options=options),
            write=False,
            resolve=lambda inner: open_store(inner, registry.storage_schemes),
        )
        silent = scheme.options - options.asked
        assert silent == set(), "it names options that make no difference, so that omezarr does not refuse them"

    def test_writing_is_refused_where_it_cannot(self, registry: Registry, place: Location) -> None:
        if not self.writable:
            with pytest.raises(UnsupportedError, match="can only be read"):
                open_store(place, registry.storage_schemes, write=True)


class WritableSchemeSuite(StorageSchemeSuite):
    """Tests of a `omezarr.abc.StorageScheme` that writes, too.

    A subclass overrides `empty` as well.

    Attributes
    ----------
    many : int
        How many names are written to see that a listing is complete; servers give them in pages of a thousand.
    """

    writable = True
    many = 1001

    @pytest.fixture
    def empty(self) -> Location:
        """Return a location where nothing is yet."""
        pytest.fail("a subclass of WritableSchemeSuite overrides the fixture 'empty'")

    @pytest.mark.parametrize("zarr_format", [2, 3])
    def test_what_is_written_is_read(self, registry: Registry, empty: Location, zarr_format: int) -> None:
        import numpy as np

        target = open_store(empty, registry.storage_schemes, write=True)
        assert Hierarchy(target.store, target.path).node() is None
        write_example(target, zarr_format=zarr_format)
        seen = hierarchy_of(empty, registry)
        root = seen.node()
        assert root is not None
        assert root.zarr_format == zarr_format
        assert np.array_equal(seen.array("A/0")[:], example_pixels())

    def test_opening_for_writing_stores_nothing(self, registry: Registry, empty: Location) -> None:
        target = open_store(empty, registry.storage_schemes, write=True)
        seen = Hierarchy(target.store, target.path)
        assert seen.node() is None
        assert seen.names() in ((), None)
        assert is_missing(empty, registry)

    def test_what_is_deleted_is_gone(self, registry: Registry, empty: Location) -> None:
        import zarr

        target = open_store(empty, registry.storage_schemes, write=True)
        group = zarr.open_group(target.store, mode="w", path=target.path)
        group.create_group("a")
        group.create_group("b")
        del group["a"]
        seen = hierarchy_of(empty, registry)
        assert seen.node("a") is None
        assert seen.node("b") is not None

    def test_what_is_written_twice_is_what_was_written_last(self, registry: Registry, empty: Location) -> None:
        from zarr.core.buffer import cpu

        for content in (b"a long first text", b"second", b""):
            target = open_store(empty, registry.storage_schemes, write=True)
            run(target.store.set(f"{target.path}/note".strip("/"), cpu.Buffer.from_bytes(content)))
            assert hierarchy_of(empty, registry).read("note") == content

    def test_listings_are_complete(self, registry: Registry, empty: Location) -> None:
        import asyncio

        from zarr.core.buffer import cpu

        target = open_store(empty, registry.storage_schemes, write=True)
        names = tuple(f"{number:05}" for number in range(self.many))

        async def write_all() -> None:
            one = cpu.Buffer.from_bytes(b"x")
            keys = [f"{target.path}/many/{name}".strip("/") for name in names]
            await asyncio.gather(*(target.store.set(key, one) for key in keys))

        run(write_all())
        assert hierarchy_of(empty, registry).names("many") in ((names, None) if not self.lists else (names,))

    def test_a_key_is_written_only_if_it_is_free(self, registry: Registry, empty: Location) -> None:
        from zarr.core.buffer import cpu

        target = open_store(empty, registry.storage_schemes, write=True)
        key = f"{target.path}/lock".strip("/")
        for content in (b"first", b"second"):
            run(target.store.set_if_not_exists(key, cpu.Buffer.from_bytes(content)))
        assert Hierarchy(target.store, target.path).read("lock") == b"first"


class WatchedOptions(StorageOptions):
    """Storage options that note which of them are looked at."""

    def __new__(cls, **_: Any) -> WatchedOptions:  # noqa: PYI034 - not subclassed
        made = super().__new__(cls)
        object.__setattr__(made, "asked", set())
        return made

    asked: set[str]

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute, and note that it was asked for."""
        object.__getattribute__(self, "asked").add(name)
        return object.__getattribute__(self, name)


def example_pixels() -> npt.NDArray[np.uint16]:
    """Return the pixels that reading is tested with."""
    import numpy as np

    return np.arange(LENGTH * LENGTH, dtype="uint16").reshape(LENGTH, LENGTH)


def write_example(place: OpenedStore, *, zarr_format: int = 3) -> None:
    """Write a group with an array at ``A/0``, which is sharded where the zarr format can do that."""
    import zarr

    options: dict[str, Any] = {"path": place.path, "zarr_format": zarr_format, "attributes": {"name": "root"}}
    group: Any = zarr.create_group(place.store, **options)
    shards = (32, 32) if zarr_format == 3 else None
    array = group.create_array("A/0", shape=(LENGTH, LENGTH), chunks=(8, 8), shards=shards, dtype="uint16")
    array[:] = example_pixels()


def hierarchy_of(location: Location, registry: Registry) -> Hierarchy:
    """Return the groups and arrays at a location."""
    found = open_store(location, registry.storage_schemes)
    return Hierarchy(found.store, found.path)


def is_missing(location: Location, registry: Registry) -> bool:
    """Say whether nothing is at a location; some schemes know it only when they are asked for an object."""
    try:
        return hierarchy_of(location, registry).node() is None
    except LocationNotFoundError as error:
        return location.name in str(error)
