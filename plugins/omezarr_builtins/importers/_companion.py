"""OME-XML beside the pixels: companion files, and TIFF files that only say which file describes them.

Responsible for finding the file that describes an image and one that holds its pixels, all in one folder.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from omezarr.errors import MetadataError, SourceError
from omezarr.files import local_file
from omezarr.location import checked_path
from omezarr_builtins.importers._files import first_bytes, local_path, open_file
from omezarr_builtins.importers._ome_xml import MalformedError, parse_ome_xml
from omezarr_builtins.importers._tiff_file import open_tiff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omezarr.files import ByteFile
    from omezarr.location import Location
    from omezarr_builtins.importers._ome_xml import OMEDocument
    from omezarr_builtins.importers._tiff_file import OpenTiff

SUFFIXES = (".companion.ome", ".ome", ".ome.xml")
"""The names of files that hold nothing but OME-XML."""

MAX_BYTES = 128 * 1024 * 1024
"""A larger document is refused: it describes half a million planes, and parsing takes a multiple of its size."""

IGNORE = "--importer-option ome=ignore"


def is_companion(location: Location) -> bool:
    """Say whether a location is that of OME-XML, by its name and, on a local disk, by how it begins."""
    return location.name.lower().endswith(SUFFIXES) and _begins_as_xml(location) is not False


def _begins_as_xml(location: Location) -> bool | None:
    """Say whether a local file begins as XML does; None for everything else."""
    start = first_bytes(location, 64)
    return None if start is None else start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


@contextmanager
def open_described(location: Location, *, with_ome: bool = True) -> Iterator[OpenTiff]:
    """Open a TIFF file with what describes it, wherever that is.

    Parameters
    ----------
    location : Location
        Of a TIFF file or of a companion.
    with_ome : bool
        Whether OME-XML is looked at.

    Raises
    ------
    SourceError
        If the description or the pixels are not where they are said to be.
    """
    with ExitStack() as stack:
        if is_companion(location):
            file, document = _described_by(open_file(location), location)
            yield stack.enter_context(open_tiff(file, document))
            return
        file = open_file(location)
        opened = stack.enter_context(open_tiff(file, with_ome=with_ome))
        if opened.ome is not None and opened.ome.metadata_file is not None:
            described = _elsewhere(opened.ome.metadata_file, file, location)
            stack.close()
            named = location.name
            messages = [f"{named} holds a part of the image that {described.name!r} describes; all of it is imported"]
            if _begins_as_xml(described):
                file, document = _described_by(open_file(described), described)
                opened = stack.enter_context(open_tiff(file, document))
            else:
                file = open_file(described)
                opened = stack.enter_context(open_tiff(file))
                if opened.ome is None or opened.ome.metadata_file is not None:
                    raise SourceError(
                        f"{named} says that {described.name!r} describes its pixels, which does not; import the pixels "
                        f"of this file alone with {IGNORE}"
                    )
            opened.messages[:0] = messages
        if opened.ome is not None:
            check_other_files(opened.ome, opened.file)
        yield opened


def check_other_files(document: OMEDocument, file: ByteFile) -> None:
    """Refuse pixels in other folders, and in other files where those cannot be reached.

    Raises
    ------
    SourceError
    """
    for other in document.files:
        try:
            checked_path(other)
        except MetadataError as error:
            raise SourceError(f"the OME-XML of {file.name} names pixels in another folder: {error}") from error
    if document.files and not hasattr(file, "path"):
        raise SourceError(
            f"{file.name} has pixels in {len(document.files)} other files; copy them all to a local disk, or import "
            f"the pixels of this file alone with {IGNORE}"
        )


def _elsewhere(name: str, file: ByteFile, location: Location) -> Location:
    """Return where the description of a file is."""
    folder = location.parent
    try:
        path = checked_path(name) if name else ""
    except MetadataError as error:
        raise SourceError(f"the OME-XML of {file.name} names a description in another folder: {error}") from error
    described = folder.below(path) if folder is not None and path else None
    if described is None or local_path(described) is None:
        raise SourceError(
            f"{file.name} holds pixels of an image that another file describes, {name or 'which it does not name'}; "
            f"put that beside it on a local disk, or import the pixels of this file alone with {IGNORE}"
        )
    return described


def _described_by(companion: ByteFile, location: Location) -> tuple[ByteFile, OMEDocument]:
    """Return the first file with pixels that a companion names, and what the companion says."""
    if companion.size > MAX_BYTES:
        raise SourceError(f"{companion.name} has {companion.size} bytes, more than any OME-XML; refused")
    try:
        document = parse_ome_xml(companion.exactly(0, companion.size), companion.name)
    except MalformedError as error:
        raise SourceError(f"{error}; import one of the TIFF files that it describes with {IGNORE}") from error
    if not document.files:
        raise SourceError(f"{companion.name} names no file with pixels; import the image file that it belongs to")
    check_other_files(document, companion)
    folder = Path(location.url).parent
    for name in document.files:
        if (folder / checked_path(name)).is_file():
            return local_file(folder / checked_path(name)), document
    more = f" and {len(document.files) - 3} more" if len(document.files) > 3 else ""
    raise SourceError(
        f"none of the files with pixels that {companion.name} names is beside it: "
        f"{', '.join(document.files[:3])}{more}; put them there under these names"
    )
