"""Attributes of groups and arrays as they are stored, in either zarr format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.arrays.stored import json_bytes
from omezarr.errors import MetadataError, OMEZarrError, OMEZarrWarning, WriteError
from omezarr.hierarchy import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.arrays.targets import Target
    from omezarr.model import JSON


CONSOLIDATION_KEY = f"{JOURNAL_PREFIX}/consolidation"
"""The key of a note that consolidated metadata was dropped and is to be written anew: the zarr format of the root."""


@frozen
class Documents:
    """The metadata documents of a hierarchy.

    Parameters
    ----------
    target : Target
    zarr_format : {2, 3}
    """

    target: Target
    zarr_format: Literal[2, 3]

    def attributes(self, path: str) -> dict[str, JSON] | None:
        """Return the attributes of a group or array, or None if there is neither."""
        if self.zarr_format == 3:
            node = self._get(path, "zarr.json")
            return None if node is None else dict(node.get("attributes") or {})
        if not any(self.target.get(_key(path, name)) is not None for name in (".zgroup", ".zarray")):
            return None
        return self._get(path, ".zattrs") or {}

    def write_group(self, path: str, attributes: Mapping[str, JSON]) -> None:
        """Store a group; what carries its meaning last."""
        if self.zarr_format == 3:
            document: dict[str, JSON] = {"zarr_format": 3, "node_type": "group", "attributes": dict(attributes)}
            self.target.put(_key(path, "zarr.json"), json_bytes(document))
            return
        if attributes:
            self.target.put(_key(path, ".zattrs"), json_bytes(attributes))
        self.target.put(_key(path, ".zgroup"), json_bytes({"zarr_format": 2}))

    def write_attributes(self, path: str, attributes: Mapping[str, JSON]) -> None:
        """Replace the attributes of a group or array that is there.

        Raises
        ------
        MetadataError
            If nothing is there.
        """
        if self.zarr_format == 2:
            if self.attributes(path) is None:
                raise MetadataError(f"there is no group or array at {path!r} in {self.target}")
            if attributes:
                self.target.put(_key(path, ".zattrs"), json_bytes(attributes))
            else:
                self.target.delete(_key(path, ".zattrs"))
            return
        node = self._get(path, "zarr.json")
        if node is None:
            raise MetadataError(f"there is no group or array at {path!r} in {self.target}")
        self.target.put(_key(path, "zarr.json"), json_bytes({**node, "attributes": dict(attributes)}))

    def is_consolidated(self) -> bool:
        """Return whether the root carries consolidated metadata."""
        if self.zarr_format == 2:
            return self.target.get(".zmetadata") is not None
        return "consolidated_metadata" in (self._get("", "zarr.json") or {})

    def drop_consolidated(self) -> bool:
        """Remove consolidated metadata, so that no reader sees it out of date, and note that it has to come again.

        Returns
        -------
        bool
            Whether there was any, or had been before an interruption.
        """
        if not self.is_consolidated():
            return self.target.get(CONSOLIDATION_KEY) is not None
        if not self.target.transient:
            self.target.put(CONSOLIDATION_KEY, str(self.zarr_format).encode())
        if self.zarr_format == 2:
            self.target.delete(".zmetadata")
            return True
        node = self._get("", "zarr.json")
        if node is not None and node.pop("consolidated_metadata", None) is not None:
            self.target.put("zarr.json", json_bytes(node))
        return True

    def restore_consolidated(self) -> None:
        """Write consolidated metadata that was dropped, and forget that it was."""
        self.consolidate()
        if not self.target.transient:
            self.target.delete(CONSOLIDATION_KEY)

    def consolidate(self) -> None:
        """Write consolidated metadata of all that is there now; where zarr does not know it all, only a warning.

        Raises
        ------
        WriteError
            If the store refuses.
        """
        import warnings

        import zarr

        store, path = self.target.store()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                zarr.consolidate_metadata(store, path=path or None, zarr_format=self.zarr_format)
        except OMEZarrError:
            raise
        except OSError as error:
            raise WriteError(f"could not write the consolidated metadata of {self.target}: {error}") from error
        except Exception as error:  # noqa: BLE001 - whatever zarr stumbles over, all else is done
            warnings.warn(
                f"the consolidated metadata of {self.target} was dropped and could not be written anew: "
                f"{type(error).__name__}: {error}",
                OMEZarrWarning,
                stacklevel=2,
            )

    def _get(self, path: str, name: str) -> dict[str, Any] | None:
        content = self.target.get(_key(path, name))
        if content is None:
            return None
        document = parse_json(content, _key(path, name))
        if not isinstance(document, dict):
            raise MetadataError(f"{_key(path, name)} in {self.target} is no JSON object")
        return document


def restore_noted(target: Target) -> None:
    """Write consolidated metadata that a dead process has dropped; nothing is done where none has.

    Parameters
    ----------
    target : Target
        The root of the hierarchy.
    """
    noted = None if target.transient else target.get(CONSOLIDATION_KEY)
    if noted is not None:
        Documents(target, 2 if noted.strip() == b"2" else 3).restore_consolidated()


def _key(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
