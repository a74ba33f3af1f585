"""Groups and arrays below a place in a store, their metadata fetched concurrently and each object at most once."""

from __future__ import annotations

import asyncio
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from omezarr.errors import AccessDeniedError, MetadataError, OMEZarrError, StorageError
from omezarr.hierarchy.disk import MISSING, Folders, names_in, read_document
from omezarr.hierarchy.event_loop import run
from omezarr.hierarchy.json_text import parse_json, parse_object
from omezarr.hierarchy.zarr_node import Kind, ZarrNode, node_of_format_2, node_of_format_3
from omezarr.location import checked_path
from omezarr.stores import StoreTraits
from omezarr.threads import ThreadPool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path

    import zarr
    from zarr.abc.store import Store

    Answers: TypeAlias = "dict[str, bytes | None | OMEZarrError]"
    Inquiry: TypeAlias = "Generator[tuple[str, ...], Answers, ZarrNode | None]"

CONCURRENT_REQUESTS = 64
"""How many objects are asked for at once."""

LOCAL_THREADS = 8
"""How many threads read from a local folder."""

_SMALL_BATCH = 32

_KINDS = (".zgroup", ".zarray")

_FIRST_NAMES = ("zarr.json", ".zgroup", ".zattrs", ".zmetadata")


class Hierarchy:
    """The zarr groups and arrays below a path in a store; every metadata object is fetched at most once.

    Parameters
    ----------
    store : zarr.abc.store.Store
    path : str
        Where the root of the hierarchy is inside the store.
    zarr_format : {2, 3}, optional
        Which metadata to take where that of both formats lies side by side. Default: the newer.
    use_consolidated : bool
        Whether consolidated metadata is believed; it can be out of date.

    Notes
    -----
    Nothing is fetched before it is asked for, and nothing is ever listed unless `names` is called. The first node costs
    one round of requests, for metadata of both zarr formats; all others are asked for in the format of the first.
    Where one node could be read, others that are denied count as missing: stores that may not be listed say so of both.
    """

    def __init__(
        self,
        store: Store,
        path: str = "",
        zarr_format: Literal[2, 3] | None = None,
        *,
        use_consolidated: bool = True,
    ) -> None:
        self.store = store
        self.path = path.strip("/")
        self._preferred = zarr_format
        self._use_consolidated = use_consolidated
        self._nodes: dict[str, ZarrNode | None] = {}
        self._errors: dict[str, OMEZarrError] = {}
        self.told: dict[str, dict[str, ZarrNode | None]] = {}  # consolidated metadata that was met, by its group
        self._zarr_format: Literal[2, 3] | None = None
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"Hierarchy({self.store!r}, {self.path!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Hierarchy, use_consolidated=self._use_consolidated), (self.store, self.path, self._preferred)

    def over(self, store: Store) -> Hierarchy:
        """Return the same hierarchy, read through another store."""
        return Hierarchy(store, self.path, self._preferred, use_consolidated=self._use_consolidated)

    @property
    def traits(self) -> StoreTraits:
        """What the store is like."""
        return StoreTraits.of(self.store)

    def node(self, path: str = "", kind: Kind | None = None) -> ZarrNode | None:
        """Return the metadata of the group or array at a path, or None if nothing is there.

        Parameters
        ----------
        path : str
        kind : {"group", "array"}, optional
            What is expected there, which saves requests; the other kind is found all the same.

        Raises
        ------
        MetadataError
            If what is there is malformed, or the path leads outside.
        StorageError
            If the store fails.
        """
        return self.nodes([path], kind)[checked_path(path)]

    def nodes(self, paths: Iterable[str], kind: Kind | None = None) -> dict[str, ZarrNode | None]:
        """Return the metadata at several paths, fetched concurrently.

        Parameters
        ----------
        paths : iterable of str
        kind : {"group", "array"}, optional
            As for `node`.

        Returns
        -------
        dict
            Normalised path to metadata, or to None where nothing is.

        Raises
        ------
        MetadataError, StorageError
            For the first path that cannot be read; the others are known nevertheless.
        """
        wanted = [checked_path(path) for path in paths]
        with self._lock:
            self._fill(wanted, kind)
            return {path: self._known(path) for path in wanted}

    def prefetch(self, paths: Iterable[str], kind: Kind | None = None) -> None:
        """Fetch the metadata at several paths concurrently; what cannot be read is an error when it is asked for.

        Parameters
        ----------
        paths : iterable of str
        kind : {"group", "array"}, optional
            As for `node`.

        Raises
        ------
        MetadataError
            If a path leads outside.
        """
        wanted = [checked_path(path) for path in paths]
        with self._lock:
            self._fill(wanted, kind)

    def absent(self, paths: Iterable[str]) -> list[str]:
        """Return those of several normalised paths, all fetched before, at which nothing is."""
        with self._lock:
            return [path for path in paths if path not in self._errors and self._nodes.get(path) is None]

    def _fill(self, paths: list[str], kind: Kind | None) -> None:
        missing = [path for path in dict.fromkeys(paths) if path not in self._nodes and path not in self._errors]
        if not missing:
            return
        root = self.traits.folder
        if root is None:
            run(self._fetch_remote(missing, kind))
        else:
            self._fetch_local(missing, kind, root)

    def _known(self, path: str) -> ZarrNode | None:
        error = self._errors.get(path)
        if error is None:
            return self._nodes[path]
        if isinstance(error, StorageError):
            del self._errors[path]  # it may work the next time
        raise error

    def read(self, path: str) -> bytes | None:
        """Return the bytes of one stored object, or None if it is not there."""
        root = self.traits.folder
        if root is None:
            return run(self._get(checked_path(path)))
        found = read_document(root / self._key(checked_path(path)))
        if isinstance(found, OMEZarrError):
            raise found
        return found

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
        except Exception as error:  # whatever zarr stumbles over, it is the metadata that is wrong
            said = str(error) or type(error).__name__
            raise MetadataError(f"the array metadata at {path!r} is malformed: {said}") from error
        return zarr.Array(inner)

    def names(self, path: str = "") -> tuple[str, ...] | None:
        """List what is directly below a path, sorted; None where the store cannot list.

        Raises
        ------
        StorageError
            If the store fails.
        """
        if not self.traits.listable:
            return None
        key = self._key(checked_path(path))

        async def listed() -> list[str]:
            return [name async for name in self.store.list_dir(key)]

        try:
            found = run(listed()) if self.traits.folder is None else names_in(self.traits.folder / key)
            return tuple(sorted({name.strip("/") for name in found} - {""}))
        except OMEZarrError:
            raise
        except MISSING:
            return ()
        except Exception as error:
            raise self._failure("list", key, error) from error

    def _key(self, path: str) -> str:
        return f"{self.path}/{path}".strip("/")

    def _fetch_local(self, paths: list[str], kind: Kind | None, root: Path) -> None:
        """Fetch nodes from a folder; plain reads in a few threads take a third of the time."""

        def fetch(some: list[str]) -> None:
            for path in some:
                inquiry = self._inquiry(path, kind)
                answers: Answers | None = None
                while (names := self._advance(path, inquiry, answers)) is not None:
                    answers = {name: read_document(root / self._key(f"{path}/{name}".lstrip("/"))) for name in names}

        if len(paths) <= _SMALL_BATCH:
            fetch(paths)
            return
        folders = Folders(root)
        there = [path for path in paths if folders.may_hold(self._key(path))]
        self._nodes.update(dict.fromkeys(set(paths).difference(there)))
        with ThreadPool(LOCAL_THREADS) as pool:
            list(pool.map(fetch, [there[start::LOCAL_THREADS] for start in range(LOCAL_THREADS)]))

    async def _fetch_remote(self, paths: list[str], kind: Kind | None) -> None:
        limit = asyncio.Semaphore(CONCURRENT_REQUESTS)

        async def get(path: str) -> bytes | None | OMEZarrError:
            async with limit:
                try:
                    return await self._get(path)
                except OMEZarrError as error:
                    return error

        async def fetch(path: str) -> None:
            inquiry = self._inquiry(path, kind)
            answers: Answers | None = None
            while (names := self._advance(path, inquiry, answers)) is not None:
                found = await asyncio.gather(*(get(f"{path}/{name}") for name in names))
                answers = dict(zip(names, found, strict=True))

        await asyncio.gather(*map(fetch, paths))

    def _advance(self, path: str, inquiry: Inquiry, answers: Answers | None) -> tuple[str, ...] | None:
        """Return which objects a node needs next; None when it is settled."""
        try:
            return next(inquiry) if answers is None else inquiry.send(answers)
        except StopIteration as settled:
            node: ZarrNode | None = settled.value
            if node is not None and self._zarr_format is None:
                self._zarr_format = node.zarr_format
            self._nodes.setdefault(path, node)
        except OMEZarrError as error:
            self._errors[path] = error
        return None

    def _inquiry(self, path: str, kind: Kind | None) -> Inquiry:
        """Say, step by step, which objects to fetch for a node, and make it of the answers."""
        first = self._zarr_format is None
        formats: tuple[int, ...] = (2, 3) if 2 in (self._preferred, self._zarr_format) else (3, 2)
        answers: Answers = {}
        for zarr_format in formats:
            main = (".zgroup",) if first else {"group": (".zgroup",), "array": (".zarray",), None: _KINDS}[kind]
            if first:  # which as good as always is a group
                answers = answers or (yield _FIRST_NAMES)
            elif zarr_format == 3:
                answers |= yield ("zarr.json",)
            else:
                answers |= yield (*main, ".zattrs")
            other = set(_KINDS).difference(main)
            if zarr_format == 2 and other and not isinstance(answers[main[0]], bytes):
                answers |= yield tuple(other)
            node = self._from_v3(path, answers) if zarr_format == 3 else self._from_v2(path, answers)
            if node is not None:
                return node
        denied = [answer for answer in answers.values() if isinstance(answer, AccessDeniedError)]
        if denied and self._zarr_format is None:
            raise denied[0]
        return None

    def _from_v3(self, path: str, answers: Answers) -> ZarrNode | None:
        content = _content(answers, "zarr.json")
        if content is None:
            return None
        name = f"{path}/zarr.json".lstrip("/")
        node = node_of_format_3(path, parse_json(content, name), name, both=_has_any(answers, ".zgroup", ".zarray"))
        consolidated = node.metadata.get("consolidated_metadata")
        entries = consolidated.get("metadata") if isinstance(consolidated, dict) else None
        if isinstance(entries, dict):
            for below, entry in entries.items():
                inner = f"{path}/{below}".strip("/")
                self._add(path, inner, partial(node_of_format_3, inner, entry, f"{inner} in {name}"))
        return node

    def _from_v2(self, path: str, answers: Answers) -> ZarrNode | None:
        documents: dict[str, dict[str, Any]] = {}
        for name in (".zarray", ".zgroup", ".zattrs"):
            content = _content(answers, name)
            if content is not None:
                documents[name] = parse_object(content, f"{path}/{name}".lstrip("/"))
            elif name == ".zgroup" and not documents:
                return None
        extra = answers.get(".zmetadata")
        consolidated: Any = None
        if isinstance(extra, bytes):
            consolidated = parse_object(extra, f"{path}/.zmetadata".lstrip("/")).get("metadata")
        has_both = isinstance(answers.get("zarr.json"), bytes)
        node = node_of_format_2(path, documents, consolidated=isinstance(consolidated, dict), both=has_both)
        if isinstance(consolidated, dict):
            self._add_consolidated_v2(path, consolidated)
        return node

    def _add_consolidated_v2(self, path: str, entries: dict[str, Any]) -> None:
        for key, entry in entries.items():
            below, _, name = key.rpartition("/")
            if name in (".zgroup", ".zarray"):
                inner = f"{path}/{below}".strip("/")
                documents = {name: entry, ".zattrs": entries.get(f"{below}/.zattrs".lstrip("/"), {})}
                self._add(path, inner, partial(node_of_format_2, inner, documents))

    def _add(self, holder: str, path: str, make: Callable[[], ZarrNode]) -> None:
        """Add a node that consolidated metadata tells of; a malformed one is an error only where it is touched."""
        told = self.told.setdefault(holder, {})
        believed = self._use_consolidated and path != holder and path not in self._nodes
        try:
            told[path] = node = make()
        except MetadataError as error:
            told[path] = None
            if believed:
                self._errors[path] = error
        else:
            if believed:
                self._nodes[path] = node

    async def _get(self, path: str) -> bytes | None:
        from zarr.core.buffer import default_buffer_prototype

        key = self._key(path.lstrip("/"))
        try:
            buffer = await self.store.get(key, prototype=default_buffer_prototype())
        except OMEZarrError:
            raise
        except (*MISSING, KeyError):
            return None
        except Exception as error:
            raise self._failure("read", key, error) from error
        return None if buffer is None else buffer.to_bytes()

    def _failure(self, what: str, key: str, error: Exception) -> StorageError:
        said = f"could not {what} {key!r} in {self.store}: {str(error) or type(error).__name__}"
        denied = isinstance(error, PermissionError) or getattr(error, "status", None) in (401, 403)
        return AccessDeniedError(f"{said}; check your rights and credentials") if denied else StorageError(said)


def _content(answers: Answers, name: str) -> bytes | None:
    """Return what was answered; denied counts as missing at first."""
    answer = answers.get(name)
    if isinstance(answer, OMEZarrError) and not isinstance(answer, AccessDeniedError):
        raise answer
    return answer if isinstance(answer, bytes) else None


def _has_any(answers: Answers, *names: str) -> bool:
    return any(isinstance(answers.get(name), bytes) for name in names)
