"""How the scheme for a location is chosen, and what is refused on its behalf."""

import pytest
from zarr.storage import MemoryStore

from omezarr.abc import Claim, OpenedStore, StorageScheme
from omezarr.errors import (
    ArgumentError,
    ConflictError,
    LocationNotFoundError,
    PluginError,
    StorageError,
    UnsupportedError,
)
from omezarr.hookspecs import hookimpl
from omezarr.location import Location
from omezarr.nodes.opening import open_store
from omezarr.plugins.manager import PluginManager
from omezarr.plugins.registry import Registry


class Plain(StorageScheme):
    """Claims one protocol and opens an empty store."""

    name = "plain"
    protocol = "plain"
    specificity = 10
    options = frozenset({"token"})

    def claim(self, location):
        return Claim(self.specificity, "of its protocol") if location.protocol == self.protocol else None

    def open(self, location, *, write, resolve):
        return OpenedStore(store=MemoryStore(read_only=not write), path=self.name)


class Better(Plain):
    name = "better"
    specificity = 20
    writable = False


class Inside(Plain):
    """Opens what lies one level up."""

    name = "inside"
    specificity = 30

    def claim(self, location):
        return Claim(30, "it ends in .in") if location.name.endswith(".in") else None

    def open(self, location, *, write, resolve):
        return resolve(location.parent)


class Broken(Plain):
    name = "broken"

    def __init__(self, outcome):
        self.outcome = outcome

    def open(self, location, *, write, resolve):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def opened(text, *schemes, options=None, write=False):
    return open_store(Location.parse(text, options), {scheme.name: scheme for scheme in schemes}, write=write)


def test_nobody_knowing_a_location_names_those_who_know_others():
    with pytest.raises(
        UnsupportedError, match=r"no storage scheme knows 'plane'.*did you mean plain\?.*known: inside, plain"
    ):
        opened("plane://x", Plain(), Inside())


def test_no_scheme_at_all_is_said():
    with pytest.raises(UnsupportedError, match="known: none"):
        opened("plain://x")


def test_the_most_specific_claim_wins_in_any_order():
    for schemes in ((Plain(), Better()), (Better(), Plain())):
        assert opened("plain://x", *schemes).path == "better"


def test_two_equal_claims_are_a_conflict_that_names_both():
    class Other(Plain):
        name = "other"

    with pytest.raises(ConflictError, match="plain and other"):
        opened("plain://x", Plain(), Other())


def test_two_plugins_with_one_name_are_a_conflict_that_names_the_plugins():
    class Plugin:
        @hookimpl
        def omezarr_storage_schemes(self):
            return [Plain()]

    registry = Registry(PluginManager(found=()))
    registry.register(Plugin(), "schemes.first")
    registry.register(Plugin(), "schemes.second")
    with pytest.raises(ConflictError, match=r"schemes\.first and .*schemes\.second"):
        open_store(Location.parse("plain://x"), registry.storage_schemes)


def test_options_that_the_scheme_does_not_know_are_refused_with_those_that_it_knows():
    with pytest.raises(ArgumentError, match=r"'plain'.*options region, retries; it takes token"):
        opened("plain://x", Plain(), options={"region": "r", "retries": 1, "token": "t"})
    plain = Plain()
    plain.options = frozenset()
    with pytest.raises(ArgumentError, match="it takes none"):
        opened("plain://x", plain, options={"token": "t"})


def test_writing_where_one_can_only_read_names_those_that_write():
    with pytest.raises(UnsupportedError, match="'better' does not write; these do: plain"):
        opened("plain://x", Plain(), Better(), write=True)


def test_containers_open_what_they_lie_in_for_reading():
    assert opened("plain://x/a.in", Plain(), Inside()).path == "plain"
    assert opened("plain://x/a.in", Plain(), Inside(), write=True).store.read_only


def test_containers_without_an_end_are_refused():
    with pytest.raises(UnsupportedError, match="more than 8 containers"):
        opened("plain://x/" + "/".join(["a.in"] * 20), Plain(), Inside())


def test_a_scheme_that_returns_something_else_broke_its_contract():
    with pytest.raises(PluginError, match="'broken' returned MemoryStore"):
        opened("plain://x", Broken(MemoryStore()))


def test_errors_of_the_system_become_errors_of_the_store():
    with pytest.raises(StorageError, match="could not open plain://x: disk full"):
        opened("plain://x", Broken(OSError("disk full")))


@pytest.mark.parametrize("error", [LocationNotFoundError("gone"), ArgumentError("no")])
def test_errors_of_omezarr_pass(error):
    with pytest.raises(type(error)) as caught:
        opened("plain://x", Broken(error))
    assert caught.value is error
