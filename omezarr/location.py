"""Where a node is: a URL or path with options, or an opened store. Nothing here does I/O.

Examples
--------
>>> Location.parse("s3://bucket/plate.zarr/A/1").parent.url
's3://bucket/plate.zarr/A'
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote, unquote

from attrs import evolve, field, fields_dict, frozen

from omezarr.errors import ArgumentError, MetadataError

if TYPE_CHECKING:
    import zarr
    from zarr.abc.store import Store

    LocationLike: TypeAlias = "str | os.PathLike[str] | Location | Store | zarr.Group"


@frozen(kw_only=True)
class StorageOptions:
    """How to reach a store, in one vocabulary for all storage schemes.

    Each scheme translates what it understands and refuses the rest.

    Parameters
    ----------
    endpoint : str, optional
        The URL of a service that speaks the scheme's protocol, for example of an S3 server.
    anonymous : bool, optional
        Whether to connect without credentials.
    key, secret, token : str, optional
        Credentials.
    region : str, optional
    profile : str, optional
        A named set of credentials in the user's configuration.
    headers : mapping of str to str, optional
        HTTP headers sent with every request; on the command line ``headers.NAME=VALUE``.
    retries : int, optional
        How often a failed request is tried again.
    timeout : float, optional
        Seconds after which a request has failed.
    backend : mapping, optional
        Further options, passed as they are to the library behind the scheme; on the command line
        ``backend.NAME=VALUE``.

    Examples
    --------
    >>> StorageOptions.from_mapping({"anonymous": "true", "headers.X-Token": "abc"}).headers
    {'X-Token': 'abc'}
    """

    endpoint: str | None = None
    anonymous: bool | None = None
    key: str | None = field(default=None, repr=lambda value: "None" if value is None else "'***'")
    secret: str | None = field(default=None, repr=lambda value: "None" if value is None else "'***'")
    token: str | None = field(default=None, repr=lambda value: "None" if value is None else "'***'")
    region: str | None = None
    profile: str | None = None
    headers: Mapping[str, str] = field(factory=dict, hash=False, repr=lambda value: repr(dict.fromkeys(value, "***")))
    retries: int | None = None
    timeout: float | None = None
    backend: Mapping[str, Any] = field(factory=dict, hash=False, repr=lambda value: repr(sorted(value)))

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any] | StorageOptions | None) -> StorageOptions:
        """Build options from names and values, which may be text as on the command line.

        Text given as ``backend.NAME`` is read as JSON where it is a JSON value, so that ``backend.anon=true`` is a
        truth value; further dots nest, as chained URLs need it: ``backend.s3.anon=true``.

        Raises
        ------
        ArgumentError
            If a name is unknown or a value does not fit.
        """
        if options is None or isinstance(options, StorageOptions):
            return options or cls()
        known: dict[str, Any] = {}
        for name, value in options.items():
            group, _, rest = name.partition(".")
            if rest and group == "headers":
                known.setdefault(group, {})[rest] = str(value)
            elif rest and group == "backend":
                _nest(known.setdefault(group, {}), rest, _literal(value))
            elif name in ("headers", "backend"):
                known[name] = {**_mapping(name, value), **known.get(name, {})}
            elif name in fields_dict(cls):
                known[name] = _parsed(name, value)
            else:
                raise ArgumentError(_unknown_option(name))
        return cls(**known)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the options that have a value, in the order of declaration."""
        return tuple(name for name in fields_dict(type(self)) if getattr(self, name) not in (None, {}))


def _unknown_option(name: str) -> str:
    known = tuple(fields_dict(StorageOptions))
    near = get_close_matches(name, known, n=1)
    cure = f"did you mean {near[0]!r}?" if near else "options of the library behind a scheme are given as backend.NAME;"
    return f"unknown storage option {name!r}; {cure} known: {', '.join(known)}"


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ArgumentError(f"the storage option {name!r} takes a mapping, or {name}.NAME=VALUE")
    return {str(key): str(item) for key, item in value.items()} if name == "headers" else dict(value)


def _nest(mapping: dict[str, Any], name: str, value: Any) -> None:
    first, _, rest = name.partition(".")
    if not rest:
        mapping[first] = value
        return
    inner = mapping.setdefault(first, {})
    if not isinstance(inner, dict):
        raise ArgumentError(f"the storage option backend.{first} has a value and parts of its own; give one of them")
    _nest(inner, rest, value)


def _literal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _parsed(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "anonymous":
        truth = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        if str(value).lower() not in truth:
            raise ArgumentError(f"the storage option 'anonymous' is true or false, not {value!r}")
        return truth[str(value).lower()]
    if name in ("retries", "timeout"):
        try:
            number = int(value) if name == "retries" else float(value)
        except (TypeError, ValueError):
            raise ArgumentError(f"the storage option {name!r} is a number, not {value!r}") from None
        if not (number >= 0 if name == "retries" else 0 < number < float("inf")):
            raise ArgumentError(f"the storage option {name!r} may not be {value!r}; it has to be a positive number")
        return number
    if not isinstance(value, str):
        raise ArgumentError(f"the storage option {name!r} is text, not {type(value).__name__}")
    return value


_PATH_KEEPERS = frozenset({"simplecache", "filecache", "blockcache", "cached"})
"""Links of a chained URL that have no path of their own but pass on that of the next link."""

_WITH_USER = frozenset({"http", "https", "ftp", "ftps", "sftp", "ssh", "smb", "webdav", "webhdfs", "hdfs"})
"""Protocols whose URLs may hold a password."""


def without_secrets(url: str) -> str:
    """Return a URL as it may be shown in messages and logs: without passwords and queries, which may be signed."""
    protocols = "|".join(sorted(_WITH_USER))
    url = re.sub(rf"\b({protocols})://([^/@:]*):[^/@]*@", r"\1://\2:***@", url, flags=re.IGNORECASE)
    return re.sub(r"(https?://[^?]*)\?.*", r"\1?***", url, flags=re.IGNORECASE)


@frozen
class Location:
    """Where a node is.

    Parameters
    ----------
    url : str
        For local paths the absolute path; else the URL as given, without a trailing slash.
    protocol : str
        "local", "store", or the scheme of the URL in lower case: "s3", "https", "memory", ... Of a chained URL such as
        ``simplecache::https://...`` the first.
    options : StorageOptions
    store : zarr.abc.store.Store, optional
        An opened store, where one was given instead of a URL.
    path : str
        The path inside `store`; empty without one.

    Notes
    -----
    As text it is fit for messages: passwords and queries of URLs are left out. The place itself is `url`.

    Examples
    --------
    >>> Location.parse("https://host/image.zarr/").name
    'image.zarr'
    >>> str(Location.parse("https://host/image.zarr?signature=secret"))
    'https://host/image.zarr?***'
    """

    url: str = field(repr=lambda url: repr(without_secrets(url)))
    protocol: str
    options: StorageOptions = StorageOptions()
    store: Store | None = field(default=None, eq=id)
    path: str = ""

    @classmethod
    def parse(cls, target: LocationLike, options: Mapping[str, Any] | StorageOptions | None = None) -> Location:
        """Return the location that a user names.

        Parameters
        ----------
        target : str, path, zarr store, zarr group or Location
            A URL or path, or something opened already.
        options : mapping or StorageOptions, optional

        Raises
        ------
        ArgumentError
            If `target` names no place, or options come with an opened store.
        """
        if isinstance(target, Location):
            return target if options is None else evolve(target, options=StorageOptions.from_mapping(options))
        parsed_options = StorageOptions.from_mapping(options)
        if isinstance(target, str | os.PathLike):
            text = os.fspath(target)
            if not text.strip() or "\0" in text:
                raise ArgumentError(f"{text!r} is no path or URL")
            return cls._parse_text(text, parsed_options)
        if parsed_options.given:
            raise ArgumentError("storage options have no effect on a store that is already open; give the URL instead")
        inner = getattr(target, "store_path", None)
        store: Any = target if inner is None else inner.store
        path = "" if inner is None else inner.path
        if not hasattr(store, "supports_listing"):
            raise ArgumentError(f"{target!r} is neither a path or URL nor a zarr store or group")
        return cls(url=str(store), protocol="store", store=store, path=path)

    @classmethod
    def _parse_text(cls, text: str, options: StorageOptions) -> Location:
        chain, found = re.match(r"([A-Za-z][\w+.-]*)::", text), re.match(r"([A-Za-z][\w+.-]+)://", text)
        if chain is not None:
            name = chain[1].lower()
            text = text if name in _PATH_KEEPERS else f"{name}://{text[chain.end(1) :]}"
            return cls(url=text.rstrip("/"), protocol=name, options=options)
        if re.match(r"(file|local):/", text, flags=re.IGNORECASE):
            return cls(url=_file_url_path(text), protocol="local", options=options)
        if found is None:
            return cls(url=_absolute(text), protocol="local", options=options)
        protocol = found[1].lower()
        if protocol in ("http", "https"):
            text = text.partition("#")[0]
        head, mark, query = text.partition("?") if protocol in ("http", "https") else (text, "", "")
        rest = head[found.end() :].rstrip("/")
        return cls(url=f"{protocol}://{rest}{mark}{query}", protocol=protocol, options=options)

    def _anatomy(self) -> tuple[str, str, str]:
        """Split the URL into what comes before the path, the path, and what comes after it."""
        links = self.url.split("::")
        at = next((number for number, link in enumerate(links) if "://" in link), len(links) - 1)
        before, after = "".join(f"{link}::" for link in links[:at]), "".join(f"::{link}" for link in links[at + 1 :])
        protocol, _, rest = links[at].partition("://")
        if after:  # a container: its path begins right away
            return f"{before}{protocol}://", rest.strip("/"), after
        if protocol.lower() in ("http", "https"):
            rest, mark, query = rest.partition("?")
            after = f"{mark}{query}"
        host, _, path = rest.partition("/")
        return f"{before}{protocol}://{host}/", path.strip("/"), after

    def _at(self, path: str) -> Location:
        """Return the location with another path in its URL."""
        head, _, tail = self._anatomy()
        whole = f"{head}{path}" if path or head.endswith("://") else head.removesuffix("/")
        return evolve(self, url=f"{whole}{tail}")

    @property
    def _quoted(self) -> bool:
        """Whether paths are percent-encoded in the URL."""
        return "http" in self._anatomy()[0].partition("://")[0].rpartition("::")[2].lower()

    @property
    def name(self) -> str:
        """The last part of the path, decoded, for messages and default names."""
        if self.store is not None:
            return (self.path or self.url.rstrip("/")).rpartition("/")[2]
        if self.protocol == "local":
            return Path(self.url).name
        head, path, _ = self._anatomy()
        last = (path or head.rstrip("/")).rpartition("/")[2]
        return unquote(last) if self._quoted else last

    @property
    def parent(self) -> Location | None:
        """The location one level up; None at the root of a store, bucket or host."""
        if self.store is not None:
            return evolve(self, path=self.path.rpartition("/")[0]) if self.path else None
        if self.protocol == "local":
            parent = Path(self.url).parent
            return None if str(parent) == self.url else evolve(self, url=str(parent))
        path = self._anatomy()[1]
        return self._at(path.rpartition("/")[0].rstrip("/")) if path else None

    def below(self, path: str) -> Location:
        """Return the location of a relative path inside this one.

        Raises
        ------
        MetadataError
            If the path could lead outside.
        """
        path = checked_path(path)
        if not path:
            return self
        if self.store is not None:
            return evolve(self, path=f"{self.path}/{path}" if self.path else path)
        if self.protocol == "local":
            return evolve(self, url=str(Path(self.url, path)))
        own = self._anatomy()[1]
        path = quote(path) if self._quoted else path
        return self._at(f"{own}/{path}" if own else path)

    def __str__(self) -> str:
        url = without_secrets(self.url)
        return f"{url}/{self.path}" if self.path else url


def _absolute(text: str) -> str:
    """Return a local path as an absolute one, without asking the disk."""
    lost = re.match(r"([A-Za-z][\w+.-]+):/", text)
    if lost is not None and not Path(text).drive:
        raise ArgumentError(
            f"{text!r} looks like a URL that has lost a slash, as pathlib does it; write {lost[1]}://..."
        )
    if re.match(r"[^/\\]*://", text):
        raise ArgumentError(f"{text!r} is no URL of any known form; to mean a file, begin with ./")
    try:
        path = Path(text).expanduser() if text.startswith("~") else Path(text)
    except RuntimeError as error:
        raise ArgumentError(f"{text!r} names a user without a home; to mean a file, begin with ./") from error
    if path.is_absolute():
        return str(path)
    # The working directory holds no links, so that leading ".." can be taken off; others might follow a link.
    folder, parts = Path.cwd(), list(path.parts)
    while parts and parts[0] == "..":
        folder, parts = folder.parent, parts[1:]
    return str(folder.joinpath(*parts).absolute())


def _file_url_path(text: str, *, windows: bool = os.name == "nt") -> str:
    """Return the path that a ``file:`` URL names."""
    rest = unquote(text.partition(":")[2])
    if not rest.startswith("//"):
        rest = f"//{rest}"
    host, slash, path = rest[2:].partition("/")
    if host and host != "localhost" and not windows:
        raise ArgumentError(f"{text!r} names the host {host!r}; a local path is written file:///path")
    if windows:
        return f"\\\\{host}\\{path}" if host and host != "localhost" else path.replace("/", "\\")
    return str(Path(f"{slash}{path}"))


_PLAIN_PATH = re.compile(r"\w+(?:/\w+)*", flags=re.ASCII)


def checked_path(path: str) -> str:
    """Return a path that metadata names, normalised, if it stays below its group.

    Parameters
    ----------
    path : str
        Relative, with "/" between its parts.

    Raises
    ------
    MetadataError
        If it is absolute, has "..", a scheme, a backslash or a NUL, or could otherwise lead outside.

    Examples
    --------
    >>> checked_path("labels/cells/")
    'labels/cells'
    """
    if _PLAIN_PATH.fullmatch(path):  # as almost all are, of which there can be a hundred thousand
        return path
    if "\0" in path or "\\" in path or path.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path):
        raise MetadataError(f"the path {path!r} is not relative to its group; refused")
    if not path.isascii() and any("\ud800" <= character <= "\udfff" for character in path):
        raise MetadataError(f"the path {path!r} is no valid text; refused")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise MetadataError(f"the path {path!r} leads out of its group; refused")
    return "/".join(parts)
