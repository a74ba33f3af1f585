"""Doors for other software: they open OME-Zarr through omezarr, found by entry points of their own.

Each is thin: it says what a node says in the words of the other side, and imports that side only when it is used.
"""
