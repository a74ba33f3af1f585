"""Where a node is: a URL or path with options, or an opened store. Nothing here does I/O.

Examples
--------
>>> Location.parse("s3://bucket/plate.zarr/A/1").parent.url
's3://bucket/plate.zarr/A'
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

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
    headers: Mapping[str, str] = field(factory=dict, repr=lambda value: repr(dict.fromkeys(value, "***")))
    retries: int | None = None
    timeout: float | None = None
    backend: Mapping[str, Any] = field(factory=dict, repr=lambda value: repr(sorted(value)))

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any] | StorageOptions | None) -> StorageOptions:
        """Build options from names and values, which may be text as on the command line.

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
            if rest and group in ("headers", "backend"):
                known.setdefault(group, {})[rest] = value
            elif name in fields_dict(cls):
                known[name] = _parsed(name, value)
            else:
                near = get_close_matches(name, fields_dict(cls), n=1)
                cure = f"did you mean {near[0]!r}?" if near else "options of the library itself go in backend.NAME"
                raise ArgumentError(f"unknown storage option {name!r}; {cure} Known: {', '.join(fields_dict(cls))}")
        return cls(**known)

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the options that have a value, in the order of declaration."""
        return tuple(name for name in fields_dict(type(self)) if getattr(self, name) not in (None, {}))


def _parsed(name: str, value: Any) -> Any:
    if name in ("headers", "backend"):
        if not isinstance(value, Mapping):
            raise ArgumentError(f"the storage option {name!r} takes a mapping, or {name}.NAME=VALUE")
        return dict(value)
    if not isinstance(value, str):
        return value
    if name == "anonymous":
        if value.lower() not in ("true", "false", "1", "0", "yes", "no"):
            raise ArgumentError(f"the storage option 'anonymous' is true or false, not {value!r}")
        return value.lower() in ("true", "1", "yes")
    if name in ("retries", "timeout"):
        try:
            return int(value) if name == "retries" else float(value)
        except ValueError:
            raise ArgumentError(f"the storage option {name!r} is a number, not {value!r}") from None
    return value


@frozen
class Location:
    """Where a node is.

    Parameters
    ----------
    url : str
        For local paths the absolute path; else the URL as given, without a trailing slash.
    protocol : str
        "local", or the scheme of the URL in lower case: "s3", "https", "memory", ...
    options : StorageOptions
    store : zarr.abc.store.Store, optional
        An opened store, where one was given instead of a URL.
    path : str
        The path inside `store`; empty without one.

    Examples
    --------
    >>> Location.parse("https://host/image.zarr/").name
    'image.zarr'
    """

    url: str
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
            return cls._parse_text(os.fspath(target), parsed_options)
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
        if not text or "\0" in text:
            raise ArgumentError(f"{text!r} is no path or URL")
        found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
        if found is None and re.match(r"[A-Za-z][A-Za-z0-9+.-]*::", text):
            return cls(url=text.rstrip("/"), protocol=text.partition("::")[0].lower(), options=options)
        if found is None:
            return cls(url=str(Path(text).expanduser().absolute()), protocol="local", options=options)
        if found[1].lower() == "file":
            path = unquote(urlsplit(text).path)
            path = path[1:] if re.match(r"/[A-Za-z]:", path) else path
            return cls(url=str(Path(path).absolute()), protocol="local", options=options)
        return cls(url=text if text.endswith("://") else text.rstrip("/"), protocol=found[1].lower(), options=options)

    @property
    def name(self) -> str:
        """The last part of the path, for messages and default names."""
        if self.store is not None and self.path:
            return self.path.rpartition("/")[2]
        return self.url.replace("\\", "/").partition("?")[0].rpartition("/")[2]

    @property
    def parent(self) -> Location | None:
        """The location one level up; None at the root of a store or host."""
        if self.store is not None:
            return evolve(self, path=self.path.rpartition("/")[0]) if self.path else None
        if self.protocol == "local":
            parent = Path(self.url).parent
            return None if str(parent) == self.url else evolve(self, url=str(parent))
        head, _, query = self.url.partition("?")
        scheme, _, rest = head.partition("://")
        if "/" not in rest:
            return None
        return evolve(self, url=f"{scheme}://{rest.rpartition('/')[0]}" + (f"?{query}" if query else ""))

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
        head, mark, query = self.url.partition("?")
        return evolve(self, url=f"{head}/{path}{mark}{query}")

    def __str__(self) -> str:
        return f"{self.url}/{self.path}" if self.path else self.url


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
    if "\0" in path or "\\" in path or path.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", path):
        raise MetadataError(f"the path {path!r} is not relative to its group; refused")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise MetadataError(f"the path {path!r} leads out of its group; refused")
    return "/".join(parts)
