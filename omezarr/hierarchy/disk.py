"""Metadata documents on a local disk: looked for where folders can hold them, and read where they are files."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

from omezarr.errors import MetadataError, OMEZarrError, StorageError
from omezarr.files import open_file
from omezarr.hierarchy.json_text import MAX_DOCUMENT_BYTES

if TYPE_CHECKING:
    from pathlib import Path

MISSING = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
"""What is raised where a document is not there."""


def read_document(file: Path) -> bytes | None | OMEZarrError:
    """Return the bytes of a file, None where it is not there, or the error that says why it cannot be read."""
    try:
        with os.fdopen(open_file(file), "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_DOCUMENT_BYTES:
                return MetadataError(f"{file} has {size} bytes, more than metadata ever needs; refused")
            return stream.read()
    except MISSING:
        return None
    except StorageError as error:
        return error
    except OSError as error:
        return StorageError(f"could not read {file}: {error.strerror}")


def names_in(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return [entry.name for entry in folder.iterdir()]


class Folders:
    """Says where there can be nodes; each folder is listed once, so that a million that are not there cost nothing.

    Parameters
    ----------
    root : Path
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: dict[str, frozenset[str] | None] = {}

    def may_hold(self, path: str) -> bool:
        """Say whether there may be something at a path: a folder that must not be listed may hold anything."""
        above = ""
        for name in path.split("/"):
            if above not in self._names:
                self._names[above] = self._list(above)
            names = self._names[above]
            if names is None:
                return True
            if name and _folded(name) not in names:
                return False
            above = f"{above}/{name}".lstrip("/")
        return True

    def _list(self, path: str) -> frozenset[str] | None:
        try:
            return frozenset(_folded(entry.name) for entry in (self._root / path).iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return frozenset()
        except (OSError, ValueError):
            return None


def _folded(name: str) -> str:
    """Return a name so that those that some file system takes for the same are equal."""
    return unicodedata.normalize("NFC", name).casefold()
