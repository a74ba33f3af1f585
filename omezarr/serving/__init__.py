"""Showing on a local server: a page that works offline, its tiles, and raw hierarchies for viewers elsewhere.

The server is bound to this machine, and answers only who knows the token in its URL. It reads what was opened and
nothing else.
"""

from __future__ import annotations
