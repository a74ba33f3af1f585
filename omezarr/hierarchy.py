"""A read-only view of the zarr groups and arrays below a place in an opened store.

Responsible for fetching metadata concurrently, each object at most once, and for refusing JSON that no writer makes
(too deep, too large, NaN). Knows zarr, not NGFF.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from attrs import frozen

from omezarr.errors import MetadataError, StorageError
from omezarr.location import checked_path

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    import zarr
    from zarr.abc.store import Store

    from omezarr.model import JSON

T = TypeVar("T")

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""Larger metadata documents are refused; the consolidated metadata of the largest known plates are a tenth of this."""

MAX_DOCUMENT_DEPTH = 200
"""Deeper nested JSON is refused; the deepest transformations in use stay below 20."""

CONCURRENT_REQUESTS = 64
"""How many objects are asked for at once."""


@frozen(kw_only=True)
class ZarrNode:
    """The metadata of one zarr group or array, as stored.

    Parameters
    ----------
    path : str
        Relative to the root of the hierarchy; empty for the root itself.
    kind : {"group", "array"}
    zarr_format : {2, 3}
    attributes : mapping
        The raw attributes.
    metadata : mapping
        The content of ``zarr.json``, ``.zgroup`` or ``.zarray``.
    consolidated : bool
        Whether the node carries consolidated metadata.
    both_formats : bool
        Whether metadata of both zarr formats is there.
    """

    path: str
    kind: Literal["group", "array"]
    zarr_format: Literal[2, 3]
    attributes: Mapping[str, JSON]
    metadata: Mapping[str, JSON]
    consolidated: bool = False
    both_formats: bool = False


def parse_json(content: bytes, name: str) -> JSON:
    """Parse JSON that may come from anywhere.

    Parameters
    ----------
    content : bytes
    name : str
        What is parsed, for messages.

    Raises
    ------
    MetadataError
        If it is no JSON, not UTF-8, too large, nested too deep, or holds NaN or Infinity.

    Examples
    --------
    >>> parse_json(b'{"a": [1]}', "zarr.json")
    {'a': [1]}
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        raise MetadataError(f"{name} has {len(content)} bytes, more than metadata ever needs; refused")
    if _depth(content) > MAX_DOCUMENT_DEPTH:
        raise MetadataError(f"{name} is nested more than {MAX_DOCUMENT_DEPTH} levels deep; refused")

    def refuse(constant: str) -> None:
        raise MetadataError(f"{name} holds {constant}, which JSON does not have")

    try:
        parsed: JSON = json.loads(content.decode("utf-8-sig"), parse_constant=refuse)
    except ValueError as error:
        if isinstance(error, MetadataError):
            raise
        raise MetadataError(f"{name} is not valid JSON: {error}") from error
    return parsed


def _depth(content: bytes) -> int:
    """Return how deep brackets nest, or a little more: a cheap look before the recursive parser."""
    if content.count(b"[") + content.count(b"{") <= MAX_DOCUMENT_DEPTH:
        return 0
    deepest = depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{\]}]', content):
        character = token[0]
        if character in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in b"]}":
            depth -= 1
    return deepest


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the event loop that zarr runs its stores on, and wait.

    Stores hold sessions that belong to one loop, so there must be only one.
    """
    from zarr.core.sync import sync

    return sync(work)


_ALL_NAMES = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")


class Hierarchy:
    """The zarr groups and arrays below a path in a store; every metadata object is fetched at most once.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
        Where the root of the hierarchy is inside the store.

    Notes
    -----
    Nothing is fetched before it is asked for. Nothing is ever listed unless `names` is called.
    """

    def __init__(self, store: Store, path: str = "") -> None:
        self.store = store
        self.path = path.strip("/")
        self._nodes: dict[str, ZarrNode | None] = {}
        self._zarr_format: Literal[2, 3] | None = None

    def __repr__(self) -> str:
        return f"Hierarchy({self.store!r}, {self.path!r})"

    def node(self, path: str = "") -> ZarrNode | None:
        """Return the metadata of the group or array at a path, or None if nothing is there.

        Raises
        ------
        MetadataError
            If what is there is malformed, or the path leads outside.
        StorageError
            If the store fails.
        """
        return self.nodes([path])[checked_path(path)]

    def nodes(self, paths: Iterable[str]) -> dict[str, ZarrNode | None]:
        """Return the metadata at several paths, fetched concurrently.

        Parameters
        ----------
        paths : iterable of str

        Returns
        -------
        dict
            Normalised path to metadata, or to None where nothing is.
        """
        wanted = [checked_path(path) for path in paths]
        missing = [path for path in dict.fromkeys(wanted) if path not in self._nodes]
        if missing:
            run(self._fetch_all(missing))
        return {path: self._nodes[path] for path in wanted}

    def read(self, path: str) -> bytes | None:
        """Return the bytes of one stored object, or None if it is not there."""
        return run(self._get(checked_path(path)))

    def array(self, path: str) -> zarr.Array[Any]:
        """Return the array at a path, made from metadata that was fetched before.

        Raises
        ------
        MetadataError
            If there is no array, or its metadata is malformed.
        """
        import zarr
        from zarr.core.array import AsyncArray
        from zarr.storage import StorePath

        node = self.node(path)
        if node is None or node.kind != "array":
            raise MetadataError(f"there is no array at {path!r}" if node is None else f"{path!r} is a group, no array")
        metadata: dict[str, Any] = dict(node.metadata)
        if node.zarr_format == 2:
            metadata["attributes"] = dict(node.attributes)
        try:
            inner = AsyncArray.from_dict(StorePath(self.store, self._key(checked_path(path))), metadata)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise MetadataError(f"the array metadata at {path!r} is malformed: {error}") from error
        return zarr.Array(inner)

    def names(self, path: str = "") -> tuple[str, ...] | None:
        """List what is directly below a path, sorted; None where the store cannot list."""
        if not self.store.supports_listing:
            return None

        async def listed() -> list[str]:
            return [name async for name in self.store.list_dir(self._key(checked_path(path)))]

        try:
            return tuple(sorted(name.rstrip("/") for name in run(listed())))
        except FileNotFoundError:
            return ()

    def _key(self, path: str) -> str:
        return f"{self.path}/{path}".strip("/")

    async def _fetch_all(self, paths: list[str]) -> None:
        limit = asyncio.Semaphore(CONCURRENT_REQUESTS)

        async def fetch(path: str) -> None:
            async with limit:
                await self._fetch(path)

        results = await asyncio.gather(*(fetch(path) for path in paths), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def _fetch(self, path: str) -> None:
        """Fetch one node; the zarr format of the first one found decides what is asked for afterwards."""
        node: ZarrNode | None = None
        if self._zarr_format in (None, 3):
            names = (
                ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
                if self._zarr_format is None
                else ("zarr.json",)
            )
            found = dict(
                zip(names, await asyncio.gather(*(self._get(f"{path}/{name}") for name in names)), strict=True)
            )
            node = self._from_v3(path, found) or self._from_v2(path, found)
            if node is None and self._zarr_format == 3:
                node = await self._fetch_v2(path)
        else:
            node = await self._fetch_v2(path)
            if node is None:
                node = self._from_v3(path, {"zarr.json": await self._get(f"{path}/zarr.json")})
        if node is not None and self._zarr_format is None:
            self._zarr_format = node.zarr_format
        self._nodes.setdefault(path, node)

    async def _fetch_v2(self, path: str) -> ZarrNode | None:
        names = (".zgroup", ".zarray", ".zattrs")
        found = await asyncio.gather(*(self._get(f"{path}/{name}") for name in names))
        return self._from_v2(path, dict(zip(names, found, strict=True)))

    def _from_v3(self, path: str, found: Mapping[str, bytes | None]) -> ZarrNode | None:
        content = found.get("zarr.json")
        if content is None:
            return None
        name = f"{path}/zarr.json".lstrip("/")
        metadata = parse_json(content, name)
        if not isinstance(metadata, dict) or metadata.get("node_type") not in ("group", "array"):
            raise MetadataError(f"{name} is no metadata of a zarr group or array")
        consolidated = metadata.get("consolidated_metadata")
        entries = consolidated.get("metadata") if isinstance(consolidated, dict) else None
        if isinstance(entries, dict):
            for below, entry in entries.items():
                if isinstance(entry, dict) and entry.get("node_type") in ("group", "array"):
                    inner = f"{path}/{below}".strip("/")
                    self._nodes.setdefault(inner, _v3_node(inner, entry))
        return _v3_node(path, metadata, both=any(found.get(old) is not None for old in (".zgroup", ".zarray")))

    def _from_v2(self, path: str, found: Mapping[str, bytes | None]) -> ZarrNode | None:
        documents: dict[str, dict[str, Any]] = {}
        for name, content in found.items():
            if content is not None and name != "zarr.json":
                parsed = parse_json(content, f"{path}/{name}".lstrip("/"))
                if not isinstance(parsed, dict):
                    raise MetadataError(f"{path}/{name}".lstrip("/") + " is no JSON object")
                documents[name] = parsed
        kind: Literal["group", "array"] = "array" if ".zarray" in documents else "group"
        metadata = documents.get(".zarray") or documents.get(".zgroup")
        if metadata is None:
            return None
        consolidated = documents.get(".zmetadata", {}).get("metadata")
        if isinstance(consolidated, dict):
            self._add_consolidated_v2(path, consolidated)
        return ZarrNode(
            path=path,
            kind=kind,
            zarr_format=2,
            attributes=documents.get(".zattrs", {}),
            metadata=metadata,
            consolidated=consolidated is not None,
        )

    def _add_consolidated_v2(self, path: str, entries: dict[str, Any]) -> None:
        for key, entry in entries.items():
            below, _, name = key.rpartition("/")
            if below and name in (".zgroup", ".zarray") and isinstance(entry, dict):
                attributes = entries.get(f"{below}/.zattrs", {})
                inner = f"{path}/{below}".strip("/")
                self._nodes.setdefault(
                    inner,
                    ZarrNode(
                        path=inner,
                        kind="array" if name == ".zarray" else "group",
                        zarr_format=2,
                        attributes=attributes if isinstance(attributes, dict) else {},
                        metadata=entry,
                    ),
                )

    async def _get(self, path: str) -> bytes | None:
        from zarr.core.buffer import default_buffer_prototype

        key = self._key(path.lstrip("/"))
        try:
            buffer = await self.store.get(key, prototype=default_buffer_prototype())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, KeyError):
            return None
        except Exception as error:
            raise StorageError(f"could not read {key!r} from {self.store}: {type(error).__name__}: {error}") from error
        return None if buffer is None else buffer.to_bytes()


def _v3_node(path: str, metadata: dict[str, Any], *, both: bool = False) -> ZarrNode:
    attributes = metadata.get("attributes", {})
    if not isinstance(attributes, dict):
        raise MetadataError(f"the attributes at {path!r} are no JSON object")
    return ZarrNode(
        path=path,
        kind=metadata["node_type"],
        zarr_format=3,
        attributes=attributes,
        metadata=metadata,
        consolidated=isinstance(metadata.get("consolidated_metadata"), dict),
        both_formats=both,
    )
