"""Asking contributions what is for them: one that fails is noted, and the others are asked all the same.

Examples
--------
>>> from omezarr.location import Location
>>> from omezarr.plugins.registry import default_registry
>>> place = Location.parse("memory://demo/a.zarr")
>>> asked = ask_all(default_registry().storage_schemes, "claim", lambda scheme: scheme.claim(place))
>>> [scheme.name for _, scheme, _ in asked.claims], asked.failures
(['fsspec', 'memory'], ())
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import frozen

from omezarr.abc import Claim
from omezarr.errors import PluginError
from omezarr.plugins.contributions import PluginFailure, Provider
from omezarr.plugins.registry import Contributions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@frozen
class Asked(Generic[T]):
    """What contributions answered.

    Parameters
    ----------
    claims : tuple of (str, T, Claim)
        Who claims, in the order of the contributions: the plugin, its contribution, the claim.
    failures : tuple of PluginFailure
        Those that could not answer.
    """

    claims: tuple[tuple[str, T, Claim], ...]
    failures: tuple[PluginFailure, ...] = ()


def ask_all(
    contributions: Contributions[T] | Mapping[str, T],
    member: str,
    question: Callable[[T], Claim | None],
    *,
    contested: bool = False,
) -> Asked[T]:
    """Ask each contribution; what it raises is recorded, and breaks nothing but itself.

    Parameters
    ----------
    contributions : Contributions or mapping
        Of one extension axis.
    member : str
        What is called, for the message.
    question : callable
        Calls it.
    contested : bool
        Whether contributions whose name several plugins provide are asked as well.
    """
    claims: list[tuple[str, T, Claim]] = []
    failures: list[PluginFailure] = []
    for provider, name, value in _candidates(contributions, contested=contested):
        try:
            claim = _checked(question(value))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises, the others are asked
            what = f"{member} of {name!r} failed: {type(error).__name__}: {error}"
            hook = f"{contributions.hook}, " if isinstance(contributions, Contributions) else ""
            failures.append(PluginFailure(provider, "call", " ".join(f"{hook}{what}".split()), error))
            continue
        if claim is not None:
            claims.append((provider.identity, value, claim))
    if isinstance(contributions, Contributions):
        for failure in failures:
            contributions.record(failure)
    return Asked(tuple(claims), tuple(failures))


def named_failures(failures: tuple[PluginFailure, ...]) -> str:
    """Return the end of a message that names plugins that failed; empty if none did."""
    return f". Plugins that failed: {'; '.join(dict.fromkeys(map(str, failures)))}" if failures else ""


def _checked(answer: object) -> Claim | None:
    if answer is None or isinstance(answer, Claim):
        return answer
    raise PluginError(f"it returned an instance of {type(answer).__name__}, not a Claim")


def _candidates(contributions: Contributions[T] | Mapping[str, T], *, contested: bool) -> list[tuple[Provider, str, T]]:
    if not isinstance(contributions, Contributions):
        return [(Provider(name), name, value) for name, value in contributions.items()]
    names = None if contested else set(contributions)
    return [(item.provider, item.name, item.value) for item in contributions.all if names is None or item.name in names]
