"""What the tests of importers share: loading with notices, reading everything, counting what is read."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from omezarr.errors import OMEZarrWarning
from omezarr.files import ByteFile
from omezarr.location import Location
from omezarr.model.content import CollectionContent, ImageContent, PlateContent
from omezarr_builtins.importers.tiff import Tiff

if TYPE_CHECKING:
    import numpy.typing as npt

    from omezarr.abc import Importer, PixelSource
    from omezarr.model.content import Content


@define
class Imported:
    """What an importer returned, and the notices that it gave."""

    content: Content
    notices: list[str] = Factory(list)

    @property
    def image(self) -> ImageContent:
        assert isinstance(self.content, ImageContent)
        return self.content

    @property
    def collection(self) -> CollectionContent:
        assert isinstance(self.content, CollectionContent)
        return self.content

    @property
    def plate(self) -> PlateContent:
        assert isinstance(self.content, PlateContent)
        return self.content


def load(location: Any, importer: Importer | None = None, **options: Any) -> Imported:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        content = (importer or Tiff()).load(Location.parse(location), options)
    foreign = [warning for warning in caught if not issubclass(warning.category, OMEZarrWarning)]
    assert not foreign, foreign
    return Imported(content, [str(warning.message) for warning in caught])


def everything(source: PixelSource) -> npt.NDArray[Any]:
    return source.read(tuple(slice(0, length) for length in source.shape))


def letters(image: ImageContent) -> str:
    return "".join(axis.name for axis in image.axes)


class CountingFile(ByteFile):
    """A file that remembers what was read of it."""

    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.name = file.name
        self.size = file.size
        self.reads: list[tuple[int, int]] = []

    @property
    def bytes_read(self) -> int:
        return sum(size for _, size in self.reads)

    def read(self, offset: int, size: int) -> bytes:
        self.reads.append((offset, size))
        return self.file.read(offset, size)

    @property
    def identity(self) -> str:
        return self.file.identity
