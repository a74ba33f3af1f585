"""Whether a plugin and this omezarr mean the same by a hook and an interface: the version that a plugin states."""

from __future__ import annotations

import re

from omezarr._version import __version__
from omezarr.hookspecs import API_VERSION


def api_refusal(stated: object) -> str | None:
    """Return why a plugin is not used, from the version of the plugin API that it states; None if it fits.

    Parameters
    ----------
    stated : object
        What its module calls ``omezarr_api``; None where it says nothing.

    Examples
    --------
    >>> api_refusal("1.0") is None
    True
    >>> api_refusal("2.0")
    'needs version 2.0 of the plugin API, but omezarr ... has version ...; install a newer omezarr'
    """
    if stated is None:
        return None
    found = re.fullmatch(r"([0-9]+)\.([0-9]+)", stated) if isinstance(stated, str) else None
    if found is None:
        return f"states omezarr_api = {stated!r}, which is no version of the plugin API; write it as {API_VERSION!r}"
    needed, own = (int(found[1]), int(found[2])), tuple(map(int, API_VERSION.split(".")))
    has = f"but omezarr {__version__} has version {API_VERSION}"
    if needed > own:
        return f"needs version {stated} of the plugin API, {has}; install a newer omezarr"
    if needed[0] < own[0]:
        return f"is made for version {stated} of the plugin API, {has}; look for a newer version of the plugin"
    return None
