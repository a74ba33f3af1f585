"""Plugins of a running program, such as a notebook: they are added to a registry, and taken out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.errors import ArgumentError, OMEZarrError
from omezarr.plugins.in_process import plugin_of
from omezarr.plugins.registry import registry_in_use

if TYPE_CHECKING:
    from types import TracebackType

    from omezarr.plugins.contributions import Contribution
    from omezarr.plugins.registry import Registry


class Registration:
    """What `registered` has added to a registry; as a context manager it is taken back on leaving.

    Parameters
    ----------
    registry : Registry

    Attributes
    ----------
    contributions : tuple of Contribution
        What was added.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._added: list[tuple[str, object, object | None]] = []
        self.contributions: tuple[Contribution, ...] = ()

    def add(self, given: object) -> None:
        """Add one more plugin, see `Registry.add`; what it takes the place of comes back on `close`."""
        _, identity = plugin_of(given)
        before = self._registry.added.get(identity)
        self.contributions += self._registry.add(given)
        self._added.append((identity, self._registry.added[identity], before))

    def close(self) -> None:
        """Take back what was added, but for what something else has taken the place of since."""
        while self._added:
            identity, plugin, before = self._added.pop()
            if self._registry.added.get(identity) is plugin:
                self._registry.remove(identity)
                if before is not None:
                    self._registry.register(before, identity)

    def __enter__(self) -> Registry:
        return self._registry

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        what = (f"{item.axis.replace('_', ' ').removesuffix('s')} {item.name!r}" for item in self.contributions)
        return f"<registered: {', '.join(what)}>"


def registered(*plugins: object, registry: Registry | None = None) -> Registration:
    """Add plugins to the registry in use, in a ``with`` block or, as in a notebook, for the rest of the program.

    What is given again, as by running the cell of a notebook again, takes the place of what was there: modules of the
    same name, and instances of a class of the same name whose contribution is called the same.

    Parameters
    ----------
    *plugins : module or object
        Modules or objects with hook implementations, commands, and instances of the interfaces of `omezarr.abc`.
    registry : Registry, optional

    Returns
    -------
    Registration
        Entered as a context manager it gives the registry.

    Raises
    ------
    ArgumentError
        If nothing is given, or a class instead of an instance.
    PluginError
        If one of them contributes nothing, or its hooks do not fit; nothing is added then.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> from omezarr.abc import ScalingMethod
    >>> class Corner(ScalingMethod):
    ...     name = "corner"
    ...
    ...     def origin(self, factor):
    ...         return 0.0
    ...
    ...     def reduce(self, window, factors, inner):
    ...         return window[inner][tuple(slice(None, None, factor) for factor in factors)].copy()
    >>> with omezarr.registered(Corner()):
    ...     image = omezarr.write_image("memory://doc-corner/a.zarr", np.eye(8), axes="yx", levels=2, method="corner")
    >>> image.multiscale.type
    'corner'
    >>> "corner" in omezarr.default_registry().scaling_methods
    False
    """
    if not plugins:
        raise ArgumentError("registered() is given nothing; give it modules with hooks, or instances of interfaces")
    registration = Registration(registry or registry_in_use())
    try:
        for given in plugins:
            registration.add(given)
    except OMEZarrError:
        registration.close()
        raise
    return registration
