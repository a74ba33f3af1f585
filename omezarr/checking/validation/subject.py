"""What is validated: a group that is stored somewhere, a JSON file, or attributes at hand, all in one form."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from omezarr.checking.validation.faults import JSON_COMMENTS, JSON_FORM, ZARR_GROUP, ZARR_METADATA
from omezarr.errors import MetadataError, StorageError
from omezarr.files import looking_at
from omezarr.hierarchy import MAX_DOCUMENT_BYTES, Hierarchy, ZarrNode, impurity, parse_json
from omezarr.location import Location
from omezarr.nodes.opening import open_store

if TYPE_CHECKING:
    from omezarr.abc.rules import Problem
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import JSON
    from omezarr.plugins.registry import Registry

METADATA_FILES = frozenset({".zattrs", ".zgroup", ".zmetadata"})
"""Names of files that hold JSON without saying so."""


@frozen(kw_only=True)
class Subject:
    """What is validated.

    Parameters
    ----------
    name : str
        For messages.
    attributes : mapping or None
        Those of the root; None where there are none to look at.
    zarr_format : {2, 3}
        Of the root; guessed where only attributes are at hand.
    node : ZarrNode or None
        The metadata of the root, where it is at hand.
    hierarchy : Hierarchy or None
        What lies below, where that can be looked at.
    stored : bool
        Whether it is a place that could have groups and arrays below it.
    path : str
        The end of the path of the root, which tells labels from other images.
    location : Location or None
        The place, where it is one.
    problems : tuple of Problem
        Why there is nothing to look at, and what was off on the way.
    """

    name: str
    attributes: Mapping[str, JSON] | None = None
    zarr_format: Literal[2, 3] = 3
    node: ZarrNode | None = None
    hierarchy: Hierarchy | None = None
    stored: bool = False
    path: str = ""
    location: Location | None = None
    problems: tuple[Problem, ...] = ()


def subject_of(
    target: LocationLike | Mapping[str, Any], registry: Registry, options: Mapping[str, Any] | StorageOptions | None
) -> Subject:
    """Return what a user wants to be validated.

    Parameters
    ----------
    target : mapping, str, path, Location, zarr store or zarr group
        Attributes of a group, the whole content of a ``zarr.json``, a file that holds either, or the place of a group.
    registry : Registry
    options : mapping or StorageOptions, optional
        How to reach a place.

    Raises
    ------
    ArgumentError, LocationNotFoundError, StorageError, UnsupportedError
        If the place cannot be reached. What is wrong with metadata is no error, but a problem.
    """
    if isinstance(target, Mapping):
        return _of_document(target, "attributes", ())
    file = _file(target)
    return _of_file(file) if file is not None else _of_place(Location.parse(target, options), registry)


def _file(target: Any) -> Path | None:
    """Return the file of JSON that is meant; None if it is something else."""
    if not isinstance(target, str | os.PathLike) or "://" in str(target):
        return None
    path = Path(target)
    is_json = path.suffix.lower() in (".json", ".jsonc") or path.name in METADATA_FILES
    with looking_at(path):
        return path if path.is_file() and (is_json or _begins_as_json(path)) else None


def _begins_as_json(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _of_file(file: Path) -> Subject:
    name = str(file)
    if file.stat().st_size > MAX_DOCUMENT_BYTES:
        return Subject(name=name, problems=(JSON_FORM.at("", f"{file.stat().st_size} bytes", "a document"),))
    content = file.read_bytes()
    try:
        return _of_document(parse_json(content, file.name), name, ())
    except MetadataError as error:
        plain = without_comments(content)
        if plain == content:
            return Subject(name=name, problems=(JSON_FORM.at("", error.message, "JSON"),))
    try:
        document = parse_json(plain, file.name)
    except MetadataError as error:
        return Subject(name=name, problems=(JSON_FORM.at("", error.message, "JSON"),))
    return _of_document(document, name, (JSON_COMMENTS.at("", "comments", "JSON without comments"),))


def without_comments(content: bytes) -> bytes:
    r"""Return JSON without the comments that some write into it.

    Examples
    --------
    >>> without_comments(b'{"a": "//", // first\n "b": 1}')
    b'{"a": "//", \n "b": 1}'
    """
    pattern = rb'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/'
    return re.sub(pattern, lambda found: found[1] or b"", content, flags=re.DOTALL)


def _of_document(document: Any, name: str, problems: tuple[Problem, ...]) -> Subject:
    fault = impurity(document)
    if fault is not None or not isinstance(document, Mapping):
        found = fault or "no JSON object"
        return Subject(name=name, problems=(*problems, JSON_FORM.at("", found, "an object of JSON")))
    if "zarr_format" not in document or "node_type" not in document:
        attributes = _enclosed(document)
        zarr_format: Literal[2, 3] = 3 if "ome" in attributes else 2
        return Subject(name=name, attributes=attributes, zarr_format=zarr_format, problems=problems)
    inner = document.get("attributes", {})
    is_group = document["zarr_format"] == 3 and document["node_type"] == "group"
    if not is_group or not isinstance(inner, Mapping):
        found = "attributes that are no object" if is_group else "metadata of something else"
        return Subject(name=name, problems=(*problems, ZARR_GROUP.at("", found, "a group of zarr format 3")))
    node = ZarrNode(path="", kind="group", zarr_format=3, attributes=inner, metadata=dict(document))
    return Subject(name=name, attributes=inner, zarr_format=3, node=node, problems=problems)


def _enclosed(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the attributes of a group out of a document that may be part of its ``zarr.json``."""
    inner = document.get("attributes")
    return inner if isinstance(inner, Mapping) and set(document) <= {"attributes", "zarr_format"} else document


def _of_place(location: Location, registry: Registry) -> Subject:
    opened = open_store(location, registry.storage_schemes)
    hierarchy = Hierarchy(opened.store, opened.path, use_consolidated=False)  # which may be out of date
    name = str(location)
    try:
        node = hierarchy.node()
    except MetadataError as error:
        return Subject(
            name=name,
            stored=True,
            location=location,
            problems=(ZARR_METADATA.at("", str(error), "metadata of a zarr group"),),
        )
    if node is None:
        return Subject(
            name=name,
            stored=True,
            location=location,
            problems=(ZARR_GROUP.at("", _present(hierarchy), "a zarr group"),),
        )
    if node.kind == "array":
        return Subject(
            name=name,
            stored=True,
            location=location,
            problems=(ZARR_GROUP.at("", "a zarr array", "the group that holds it"),),
        )
    parent = location.parent
    parts = [part.name for part in (parent.parent if parent else None, parent, location) if part is not None]
    return Subject(
        name=name,
        stored=True,
        location=location,
        attributes=node.attributes,
        zarr_format=node.zarr_format,
        node=node,
        hierarchy=hierarchy,
        path="/".join(parts),
    )


def _present(hierarchy: Hierarchy) -> str:
    try:
        names = hierarchy.names() or ()
    except StorageError:
        names = ()
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"no zarr metadata, but {shown}" if names else "nothing"
