"""Opening TIFF files from anywhere: what is no TIFF, is cut off, or attacks its reader is refused here.

What tifffile only logs is collected, for the user to be told.
"""

from __future__ import annotations

import logging
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from attrs import define

from omezarr.errors import MetadataError, OMEZarrError, SourceError
from omezarr.location import checked_path
from omezarr_builtins.importers._files import FileView, ReopenedFile
from omezarr_builtins.importers._ome_xml import MalformedError, OMEDocument, parse_ome_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tifffile import TiffFile, TiffPageSeries

    from omezarr_builtins.importers._files import ByteFile

MAGIC = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}
"""The beginnings of TIFF and BigTIFF files, and their byte orders."""

_DESCRIPTIONS = (270, 700)
"""Tags that hold text or XML: ImageDescription, XMP."""

_METADATA = {270: 1, 50838: 4, 50839: 1}
"""Tags that hold what the pixels mean, and the bytes of one item: ImageDescription and those of ImageJ."""


@define
class OpenTiff:
    """A TIFF file while its structure is read.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    series : list of tifffile.TiffPageSeries
    ome : OMEDocument or None
        None without OME-XML, or where it could not be used.
    messages : list of str
        What the user should know.
    """

    tiff: TiffFile
    series: list[TiffPageSeries]
    ome: OMEDocument | None
    messages: list[str]


@contextmanager
def open_tiff(file: ByteFile) -> Iterator[OpenTiff]:
    """Open a TIFF file and find its series.

    Parameters
    ----------
    file : ByteFile

    Raises
    ------
    SourceError
        If it is no TIFF, or cannot be understood; also for what goes wrong inside the context.
    """
    _check_header(file)
    view = None if isinstance(file, ReopenedFile) else FileView(file)
    _check_chain(file, view)
    with _collected_messages() as messages:
        try:
            tiff, ome = _open(file, view, messages)
            with tiff:
                yield OpenTiff(tiff, _series(tiff, file.name), ome, messages)
        except (OMEZarrError, ImportError):
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise SourceError(f"{file.name} is a TIFF file that cannot be understood: {reason}") from error


def _open(file: ByteFile, view: FileView | None, messages: list[str]) -> tuple[TiffFile, OMEDocument | None]:
    from tifffile import TiffFile

    source: Any = view or str(getattr(file, "path", ""))
    options: dict[str, Any] = {} if view is None else {"name": file.name, "offset": 0}
    tiff = TiffFile(source, **options)
    try:
        _check_descriptions(tiff, file.name)
        if not tiff.is_ome:
            return tiff, None
        tag = tiff.pages.first.tags[270]
        document = parse_ome_xml(file.exactly(tag.valueoffset, tag.valuebytecount), file.name)
        _check_other_files(document, file, view)
    except MalformedError as error:
        messages.append(f"{error}; imported without it")
        tiff.close()
        return TiffFile(source, is_ome=False, **options), None
    except Exception:
        tiff.close()
        raise
    return tiff, document


def _series(tiff: TiffFile, name: str) -> list[TiffPageSeries]:
    series = tiff.series
    if not series:
        raise SourceError(f"{name} holds no page that can be read; it is damaged")
    return series


def _check_header(file: ByteFile) -> None:
    start = file.read(0, 4)
    if not start:
        raise SourceError(f"{file.name} is empty")
    if start not in MAGIC:
        raise SourceError(f"{file.name} is no TIFF file; it begins with {start!r}")


def _check_chain(file: ByteFile, view: FileView | None) -> None:
    """Follow the chain of pages to its end, and refuse one that leads out of the file or back into itself."""
    if file.name.lower().endswith(".ndpi"):  # offsets of 64 bits in a file that says 32
        return

    def read(offset: int, size: int) -> bytes:
        if view is None:
            return file.read(offset, size)
        view.seek(offset)
        return view.read(size)

    start = read(0, 16)
    order, big = MAGIC[start[:4]], b"+" in start[:4]
    offset_format, count_format, tag_size, at = (
        (f"{order}Q", f"{order}Q", 20, 8) if big else (f"{order}I", f"{order}H", 12, 4)
    )
    number, seen = 0, set()
    while True:
        pointer = read(at, struct.calcsize(offset_format))
        head = b""
        offset = file.size
        if len(pointer) == struct.calcsize(offset_format):
            offset = struct.unpack(offset_format, pointer)[0]
            if not offset:
                break
            head = read(offset, struct.calcsize(count_format)) if offset < file.size else b""
        if len(head) < struct.calcsize(count_format):
            raise SourceError(
                f"{file.name} is truncated or damaged: page {number} would begin at byte {offset}, "
                f"but the file has {file.size} bytes"
            )
        if offset in seen:
            raise SourceError(f"{file.name} is damaged: after {number} pages its chain of pages leads back into itself")
        seen.add(offset)
        number += 1
        at = offset + len(head) + struct.unpack(count_format, head)[0] * tag_size
        if number == 1:
            _check_metadata(file, order, big, read(offset, at - offset)[len(head) :])
    if not number:
        raise SourceError(f"{file.name} has no pages")


def _check_metadata(file: ByteFile, order: str, big: bool, tags: bytes) -> None:
    """Refuse a file that ends before the metadata of its first page: its writers put that at the end."""
    form = f"{order}HHQQ" if big else f"{order}HHII"
    whole = len(tags) - len(tags) % struct.calcsize(form)
    for code, _, count, offset in struct.iter_unpack(form, tags[:whole]):
        end = offset + count * _METADATA.get(code, 0)
        if count * _METADATA.get(code, 0) > (8 if big else 4) and end > file.size:
            raise SourceError(
                f"{file.name} is truncated: it has {file.size} bytes, but its metadata reaches to byte {end}; "
                "get a complete copy"
            )


def _check_descriptions(tiff: TiffFile, name: str) -> None:
    """Refuse XML with a DTD wherever tifffile might parse it."""
    page = tiff.pages.first
    for code in _DESCRIPTIONS:
        for tag in page.tags.getall(code, default=[]) or []:
            value = tag.value
            text = value if isinstance(value, str) else bytes(value or b"").decode("latin-1")
            if "<!DOCTYPE" in text or "<!ENTITY" in text:
                raise SourceError(f"{name} holds XML with a DTD, which no metadata needs and attacks use; refused")


def _check_other_files(document: OMEDocument, file: ByteFile, view: FileView | None) -> None:
    if document.metadata_file is not None:
        where = f"import {document.metadata_file!r} instead" if document.metadata_file else "import that one instead"
        raise SourceError(f"{file.name} holds pixels of an image that another file describes; {where}")
    for other in document.files:
        try:
            checked_path(other)
        except MetadataError as error:
            raise SourceError(f"the OME-XML of {file.name} names pixels in another folder: {error}") from error
    if document.files and view is not None:
        raise SourceError(f"{file.name} has pixels in {len(document.files)} other files; copy them all to a local disk")


@contextmanager
def _collected_messages() -> Iterator[list[str]]:
    """Collect what tifffile would log in this thread, so that it is said once."""
    messages: list[str] = []
    thread = threading.get_ident()

    def passes(record: logging.LogRecord) -> bool:
        if record.thread != thread or record.levelno < logging.WARNING:
            return True
        _, _, text = record.getMessage().rpartition("> ")
        if text not in messages:
            messages.append(text)
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(passes)
    try:
        yield messages
    finally:
        logger.removeFilter(passes)
