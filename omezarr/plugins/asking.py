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

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import frozen

from omezarr.abc import Claim
from omezarr.errors import ConflictError, OMEZarrError, PluginError
from omezarr.plugins.contributions import PLUGIN_ERRORS, PluginFailure, Provider
from omezarr.plugins.names import Contributions, missing_plugins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

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
    with _use_of(contributions):
        for provider, name, value in _candidates(contributions, contested=contested):
            try:
                claim = _checked(question(value))
            except PLUGIN_ERRORS as error:
                failures.append(note_failure(contributions, provider, name, member, error))
                continue
            if claim is not None:
                claims.append((provider.identity, value, claim))
    return Asked(tuple(claims), tuple(failures))


def best_claim(what: str, claims: Iterable[tuple[str, Claim, T]]) -> T | None:
    """Return the value of the most specific claim; None where nobody claims.

    Parameters
    ----------
    what : str
        What is claimed, for the message.
    claims : iterable of (str, Claim, T)
        Who claims, the claim, and what is returned if it wins.

    Raises
    ------
    ConflictError
        If several claims are equally the most specific.
    """
    ranked = sorted(claims, key=lambda item: -item[1].specificity)
    best = [item for item in ranked if item[1].specificity == ranked[0][1].specificity]
    if len(best) > 1:
        names = " and ".join(name for name, _, _ in best)
        raise ConflictError(f"{what} is claimed by {names} with equal right; name one explicitly or disable the other")
    return best[0][2] if best else None


@contextmanager
def calling(
    contributions: Contributions[Any] | Mapping[str, Any], name: str, member: str, given: object | None = None
) -> Iterator[None]:
    """Let what a contribution raises, called for itself, be noted and one error that names its plugin and the cure.

    Parameters
    ----------
    contributions : Contributions or mapping
    name : str
        Of the contribution.
    member : str
        What is called.
    given : object, optional
        Whose member that is, where it may be an object of the program.

    Raises
    ------
    PluginError
        For everything but errors and warnings on purpose, what the system refuses, and want of memory.

    Examples
    --------
    >>> from omezarr.testing import isolated_registry
    >>> with calling(isolated_registry().importers, "tiff", "load"):
    ...     {}["width"]
    Traceback (most recent call last):
    omezarr.errors.PluginError: omezarr:importers.tiff: omezarr_importers, load of 'tiff' failed: KeyError: 'width'; ...
    """
    try:
        with _use_of(contributions):
            yield
    except (OMEZarrError, OSError, Warning, MemoryError):
        raise
    except PLUGIN_ERRORS as error:
        provider = _provider(contributions, name, given)
        failure = note_failure(contributions, provider, name, member, error)
        cure = "" if provider == OBJECT else f", or do without it: -p no:{provider}"
        raise PluginError(f"{failure}; report this to its authors{cure}") from error


def _use_of(contributions: Contributions[Any] | Mapping[str, Any]) -> AbstractContextManager[None]:
    """Let what a contribution calls itself go to the registry that it is from."""
    return contributions.using() if isinstance(contributions, Contributions) else nullcontext()


OBJECT = Provider("an object of the program")
"""What is used directly, and comes from no plugin."""


def _provider(contributions: Contributions[Any] | Mapping[str, Any], name: str, given: object | None) -> Provider:
    if not isinstance(contributions, Contributions) or name not in contributions:
        return OBJECT
    return contributions.provider(name) if given is None or given is contributions[name] else OBJECT


def note_failure(
    contributions: Contributions[Any] | Mapping[str, Any],
    provider: Provider,
    name: str,
    member: str,
    error: BaseException,
) -> PluginFailure:
    """Return what went wrong when a contribution was called, noted in the registry that it is from."""
    if isinstance(contributions, Contributions):
        return contributions.failed(provider, name, member, error)
    return PluginFailure.of_call(provider, "", name, member, error)


def named_missing(contributions: Contributions[Any] | Mapping[str, Any], failures: Iterable[PluginFailure] = ()) -> str:
    """Return the end of a message that names plugins that might have helped, see `missing_plugins`.

    Parameters
    ----------
    contributions : Contributions or mapping
    failures : iterable of PluginFailure
        Of a mapping, which records none.
    """
    if isinstance(contributions, Contributions):
        missing = missing_plugins(contributions)
        return f". {missing}" if missing else ""
    failed = "; ".join(dict.fromkeys(map(str, failures)))
    return f". Plugins that failed: {failed}" if failed else ""


def _checked(answer: object) -> Claim | None:
    if answer is None or isinstance(answer, Claim):
        return answer
    raise PluginError(f"it returned an instance of {type(answer).__name__}, not a Claim")


def _candidates(contributions: Contributions[T] | Mapping[str, T], *, contested: bool) -> list[tuple[Provider, str, T]]:
    if not isinstance(contributions, Contributions):
        return [(Provider(name), name, value) for name, value in contributions.items()]
    names = None if contested else set(contributions)
    return [(item.provider, item.name, item.value) for item in contributions.all if names is None or item.name in names]
