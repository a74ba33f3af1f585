"""What marks hooks and their implementations as those of omezarr."""

from __future__ import annotations

import pluggy

PROJECT = "omezarr"
"""The name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
