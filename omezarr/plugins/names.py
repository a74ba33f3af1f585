"""The contributions to one extension axis by their names, and what is said where a name is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from omezarr.errors import ConflictError, UnknownNameError
from omezarr.plugins.contributions import PluginFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from packaging.version import Version

    from omezarr.hookspecs import ExtensionAxis
    from omezarr.plugins.contributions import Contribution, Provider
    from omezarr.plugins.manager import PluginManager

T = TypeVar("T")


class Contributions(Mapping[str, T], Generic[T]):
    """The contributions to one extension axis, by name.

    A name that several plugins provide is in `conflicts`; only asking for it is an error.

    Parameters
    ----------
    axis : ExtensionAxis
    manager : PluginManager
    using : callable
        Lets what is called meanwhile go to the registry that they belong to.
    """

    def __init__(
        self, axis: ExtensionAxis, manager: PluginManager, using: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._axis = axis
        self._manager = manager
        self.using = using
        self._index: tuple[tuple[Contribution, ...], dict[str, list[Contribution]]] | None = None

    def _sorted(self) -> dict[str, list[Contribution]]:
        """Return the contributions by name, in the order of names; sorted anew only when plugins were added."""
        found = self._manager.contributions(self._axis)
        if self._index is None or self._index[0] is not found:
            by_name: dict[str, list[Contribution]] = {}
            for item in sorted(found, key=_age if self._axis.name == "formats" else _alphabetic):
                by_name.setdefault(item.name, []).append(item)
            self._index = found, by_name
        return self._index[1]

    @property
    def all(self) -> tuple[Contribution, ...]:
        """Every contribution with its provider, conflicting ones too, in the order of names."""
        return tuple(item for several in self._sorted().values() for item in several)

    @property
    def conflicts(self) -> dict[str, tuple[Provider, ...]]:
        """Names that are provided more than once, with their plugins."""
        return {
            name: tuple(item.provider for item in several)
            for name, several in self._sorted().items()
            if len(several) > 1
        }

    def provider(self, name: str) -> Provider:
        """Return which plugin provides a name.

        Raises
        ------
        UnknownNameError, ConflictError
        """
        return self._one(name).provider

    @property
    def failures(self) -> tuple[PluginFailure, ...]:
        """What went wrong so far with plugins that may contribute to this axis."""
        _ = self._sorted()
        return tuple(failure for failure in self._manager.failures if self._concerns(failure))

    @property
    def disabled(self) -> tuple[Provider, ...]:
        """Plugins that may contribute to this axis, but are disabled by the settings."""
        providers = self._manager.providers
        return tuple(one for one in providers if one.axis in ("", self._axis.name) and self._manager.is_disabled(one))

    def disabled_for(self, name: str) -> Provider | None:
        """Return the disabled plugin that provides a name, as far as its entry point tells."""
        if name in self:
            return None
        return next((one for one in self.disabled if one.is_named(name)), None)

    def failed(self, provider: Provider, name: str, member: str, error: BaseException) -> PluginFailure:
        """Note what went wrong when a member of a contribution was called; see `PluginManager.record`."""
        failure = PluginFailure.of_call(provider, self._axis.hook, name, member, error)
        self._manager.record(failure)
        return failure

    def __getitem__(self, name: str) -> T:
        value: T = self._one(name).value
        return value

    def __contains__(self, name: object) -> bool:
        return len(self._sorted().get(name, ())) == 1 if isinstance(name, str) else False

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, several in self._sorted().items() if len(several) == 1])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<{self._axis.name}: {', '.join(self)}>"

    def _one(self, name: str) -> Contribution:
        found = self._sorted().get(name, [])
        if len(found) == 1:
            return found[0]
        what = self._axis.name.replace("_", " ").removesuffix("s")
        if found:
            raise ConflictError(f"the {what} {name!r} is provided {_cure(sorted({str(x.provider) for x in found}))}")
        disabled = self.disabled_for(str(name))
        if disabled is not None:
            raise UnknownNameError(f"the {what} {name!r} is disabled: {disabled}; {ENABLE}. Known: {self._known}.")
        near = get_close_matches(str(name), list(self), n=3)
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else "."
        missing = f" {missing}." if (missing := missing_plugins(self)) else ""
        raise UnknownNameError(f"no {what} is called {name!r}{hint} Known: {self._known}.{missing}")

    @property
    def _known(self) -> str:
        return ", ".join(self) or "none"

    def _concerns(self, failure: PluginFailure) -> bool:
        return failure.provider.axis in ("", self._axis.name)


ENABLE = "to use it, leave out -p no:..., or take it from OMEZARR_DISABLE_PLUGINS"
"""What to do about a plugin that is disabled."""


def missing_plugins(contributions: Contributions[Any]) -> str:
    """Name plugins that might have helped: those that failed and those that are disabled; empty if there are none."""
    failed = "; ".join(dict.fromkeys(map(str, contributions.failures)))
    disabled = contributions.disabled
    shown = ", ".join(map(str, disabled[:SHOWN])) + (f" and {len(disabled) - SHOWN} more" * (len(disabled) > SHOWN))
    parts = (f"Plugins that failed: {failed}" * bool(failed), f"Plugins that are disabled: {shown}" * bool(shown))
    return ". ".join(part for part in parts if part)


SHOWN = 8
"""How many disabled plugins a message names; whoever disables all of a distribution knows the rest."""


def _alphabetic(item: Contribution) -> tuple[str, str]:
    return item.name, item.provider.identity


def _age(item: Contribution) -> tuple[bool, Version, str, str]:
    """Return a key that sorts format versions, those that are no versions first."""
    from packaging.version import InvalidVersion, Version

    try:
        return True, Version(item.name), *_alphabetic(item)
    except InvalidVersion:
        return False, Version("0"), *_alphabetic(item)


def _cure(identities: list[str]) -> str:
    """Say who provides a contested name, and what the user can do about it."""
    if len(identities) == 1:
        return f"twice by {identities[0]}, whose authors must choose; do without it: omezarr -p no:{identities[0]}"
    others = [f"-p no:{identity}" for identity in identities[1:]]
    return (
        f"by {' and '.join(identities)}; do without all but one, for example: omezarr {' '.join(others)} ..., or "
        f"OMEZARR_DISABLE_PLUGINS={','.join(identities[1:])}"
    )
