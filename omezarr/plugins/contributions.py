"""What plugins contribute, where it comes from, and what went wrong with it."""

from __future__ import annotations

from typing import Any, Literal

from attrs import frozen

PLUGIN_ERRORS = (Exception, SystemExit)
"""What a plugin may raise without taking the program down; no more than that, so that interrupting still does."""


@frozen
class Provider:
    """Where a contribution comes from.

    Parameters
    ----------
    identity : str
        ``distribution:entry-point name``; what ``-p no:IDENTITY`` and ``OMEZARR_DISABLE_PLUGINS`` take.
    distribution : str
        Empty for plugins that were registered by a program.
    version : str
        Of the distribution.
    module : str
        What the entry point names.
    axis : str
        The extension axis that the entry point names; empty where it names none, and for registered plugins.
    """

    identity: str
    distribution: str = ""
    version: str = ""
    module: str = ""
    axis: str = ""

    @property
    def entry(self) -> str:
        """What the entry point's name says beside the extension axis: mostly what it provides, "0.4" or "ome-tiff"."""
        name = self.identity.partition(":")[2]
        return name.partition(".")[2] if self.axis else name

    def is_named(self, name: str) -> bool:
        """Say whether the entry point's name tells that a contribution of this name comes from here."""
        name, entry = name.replace("_", "-"), self.entry.replace("_", "-")
        return bool(self.axis) and (name == entry or name.startswith(f"{entry}."))

    def __str__(self) -> str:
        return self.identity


@frozen
class PluginFailure:
    """Why a plugin, or one of its contributions, is not used.

    Parameters
    ----------
    provider : Provider
    stage : {"import", "hooks", "call", "contribution"}
    reason : str
        One line.
    cause : BaseException, optional
    """

    provider: Provider
    stage: Literal["import", "hooks", "call", "contribution"]
    reason: str
    cause: BaseException | None = None

    @classmethod
    def of_call(cls, provider: Provider, hook: str, name: str, member: str, error: BaseException) -> PluginFailure:
        """Return what went wrong when a member of a contribution was called."""
        reason = f"{hook}{', ' if hook else ''}{member} of {name!r} failed: {type(error).__name__}: {error}"
        return cls(provider, "call", " ".join(reason.split()), error)

    def __str__(self) -> str:
        return f"{self.provider}: {self.reason}"


@frozen
class Contribution:
    """What a plugin gives an extension axis, and which plugin it was."""

    axis: str
    name: str
    value: Any
    provider: Provider
