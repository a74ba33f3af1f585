"""The names of types that readers for napari pass around."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["JSONDict", "LayerData", "PathLike", "ReaderFunction"]

JSONDict = dict[str, Any]
"""A JSON object."""

LayerData = tuple[Any] | tuple[Any, JSONDict] | tuple[Any, JSONDict, str]
"""Pixels, what is said of them, and the kind of layer."""

PathLike = str | list[str]
"""One path or several."""

ReaderFunction = Callable[[PathLike], list[LayerData]]
"""What reads layers from paths."""
