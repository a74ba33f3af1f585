"""Opening TIFF files from anywhere: what is no TIFF, is cut off, or attacks its reader is refused here.

What tifffile only logs is collected, for the user to be told.
"""

from __future__ import annotations

import logging
import re
import struct
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast

from attrs import define

from omezarr.errors import OMEZarrError, SourceError
from omezarr.files import ReopenedFile
from omezarr_builtins.importers._files import FileView
from omezarr_builtins.importers._ome_xml import MalformedError, OMEDocument, parse_ome_xml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tifffile import TiffFile, TiffPageSeries

    from omezarr.files import ByteFile

MAGIC = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}
"""The beginnings of TIFF and BigTIFF files, and their byte orders."""

_DESCRIPTIONS = (270, 700)
"""Tags that hold text or XML: ImageDescription, XMP."""

_METADATA = {270: 1, 50838: 4, 50839: 1}
"""Tags that hold what the pixels mean, and the bytes of one item: ImageDescription and those of ImageJ."""


_PLAIN = {
    r"^OME series expected (\d+) frames, got (\d+)$": r"its OME-XML describes \1 planes, but there are \2; the first "
    r"\1 are imported (for all of them: --importer-option ome=ignore, and --axes)",
}
"""What tifffile logs, and what that means for people."""


@define
class OpenTiff:
    """A TIFF file while its structure is read.

    Parameters
    ----------
    tiff : tifffile.TiffFile
    file : ByteFile
        The same file.
    series : list of tifffile.TiffPageSeries
        Empty where another file describes the pixels.
    ome : OMEDocument or None
        None without OME-XML.
    messages : list of str
        What the user should know.
    """

    tiff: TiffFile
    file: ByteFile
    series: list[TiffPageSeries]
    ome: OMEDocument | None
    messages: list[str]


@contextmanager
def open_tiff(file: ByteFile, companion: OMEDocument | None = None, *, with_ome: bool = True) -> Iterator[OpenTiff]:
    """Open a TIFF file and find its series.

    Parameters
    ----------
    file : ByteFile
    companion : OMEDocument, optional
        What describes the pixels in place of the file's own OME-XML.
    with_ome : bool
        Whether OME-XML is looked at.

    Raises
    ------
    SourceError
        If it is no TIFF, or cannot be understood; also for what goes wrong inside the context.
    """
    _check_header(file)
    view = None if isinstance(file, ReopenedFile) else FileView(file)
    _check_chain(file, view)
    with _collected_messages() as messages, ExitStack() as stack:

        def reader(**options: Any) -> TiffFile:
            from tifffile import TiffFile

            if view is None:
                return stack.enter_context(TiffFile(str(getattr(file, "path", "")), **options))
            return stack.enter_context(TiffFile(cast("Any", view), name=file.name, offset=0, **options))

        try:
            tiff = reader(**({} if with_ome else {"is_ome": False}))
            _check_descriptions(tiff, file.name)
            document = companion
            if document is None and with_ome and tiff.is_ome:
                tag = tiff.pages.first.tags[270]
                document = _own_document(file.exactly(tag.valueoffset, tag.valuebytecount), file.name, messages)
            series: list[TiffPageSeries] = []
            if document is None or document.metadata_file is None:
                tiff, series = _series(tiff, reader, file.name, document, messages)
            yield OpenTiff(tiff, file, series, document, messages)
        except (OMEZarrError, ImportError):
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise SourceError(f"{file.name} is a TIFF file that cannot be understood: {reason}") from error


def _own_document(content: bytes, name: str, messages: list[str]) -> OMEDocument:
    try:
        return parse_ome_xml(content, name)
    except MalformedError as error:
        messages.append(f"{error}; imported {'with what it says before' if error.images else 'without it'}")
        return OMEDocument(error.images, (), None)


def _series(
    tiff: TiffFile, reader: Callable[..., TiffFile], name: str, document: OMEDocument | None, messages: list[str]
) -> tuple[TiffFile, list[TiffPageSeries]]:
    """Return the series of a file, found with the OME-XML as far as that goes, and the reader that they belong to."""
    if document is not None:
        if not document.files and len(document.images) > 1:
            _check_count(tiff, document, name)
        text = document.resized(_true_sizes(tiff, document, name, messages))
        tiff = reader(omexml=text) if document.metadata_only is not None else reader(is_ome=False)
    try:
        series = tiff.series
    except Exception as error:
        if document is None:
            raise
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        messages.append(f"the OME-XML of {name} does not tell where its pixels are ({reason}); imported page by page")
        tiff = reader(is_ome=False)
        series = tiff.series
    if not series:
        raise SourceError(f"{name} holds no page that can be read; it is damaged")
    return tiff, series


def _check_count(tiff: TiffFile, document: OMEDocument, name: str) -> None:
    """Refuse more images than the file has pages: none of them could have pixels of its own."""
    pages = len(tiff.pages)
    if len(document.images) > pages:
        raise SourceError(
            f"the OME-XML of {name} describes {len(document.images)} images, but the file has {pages} pages; import "
            "those with --importer-option ome=ignore"
        )


def _true_sizes(tiff: TiffFile, document: OMEDocument, name: str, messages: list[str]) -> dict[int, tuple[int, int]]:
    """Return rows and columns of the images whose OME-XML has them wrong, and correct them there."""
    found: dict[int, tuple[int, int]] = {}
    if document.files or document.metadata_only is None:
        return found
    for number, image in enumerate(document.images):
        try:
            page = tiff.pages[image.first_page].keyframe
        except IndexError:
            continue
        if page is None:
            continue
        true = {"y": int(page.imagelength), "x": int(page.imagewidth)}
        wrong = [axis for axis in "yx" if image.sizes[axis] != true[axis]]
        if wrong and all(true.values()):
            said = " and ".join(f"Size{axis.upper()} {image.sizes[axis]} for {true[axis]} pixels" for axis in wrong)
            messages.append(f"the OME-XML of {name} says {said} along {' and '.join(wrong)}; the pixels are imported")
            image.sizes.update(true)
            found[number] = (true["y"], true["x"])
    return found


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


@contextmanager
def _collected_messages() -> Iterator[list[str]]:
    """Collect what tifffile would log in this thread, so that it is said once."""
    messages: list[str] = []
    thread = threading.get_ident()

    def passes(record: logging.LogRecord) -> bool:
        if record.thread != thread or record.levelno < logging.WARNING:
            return True
        _, _, text = record.getMessage().rpartition("> ")
        for pattern, plain in _PLAIN.items():
            text = re.sub(pattern, plain, text)
        if text not in messages:
            messages.append(text)
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(passes)
    try:
        yield messages
    finally:
        logger.removeFilter(passes)
