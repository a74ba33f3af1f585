"""What marks hooks and their implementations as those of omezarr."""

from __future__ import annotations

import pluggy

PROJECT = "omezarr"
"""The name of the pluggy project and of the entry-point group."""

API_VERSION = "1.0"
"""The version of what plugins rely on: the hooks, `omezarr.abc`, the model and the content.

The second number grows with what is added, the first one when something that plugins use no longer works as it did.
"""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
