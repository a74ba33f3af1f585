"""The importer of bare arrays: ``.npy`` files, wherever they are, and zarr arrays of format 2 and 3.

Such arrays rarely say what their dimensions are. Two are taken for y and x, five for t, c, z, y, x; names of
dimensions that a zarr array carries are taken where they are axes of NGFF; everything else is for the user to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omezarr.abc import Claim, Importer
from omezarr.errors import ArgumentError, LocationNotFoundError, SourceError
from omezarr.files import looking_at
from omezarr.hookspecs import hookimpl
from omezarr.model import conventional_axes
from omezarr.model.content import ImageContent
from omezarr_builtins.importers._axes import KNOWN, arrange, example, parse_axes
from omezarr_builtins.importers._files import first_bytes, local_path, open_file
from omezarr_builtins.importers._options import check_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import PixelSource
    from omezarr.files import ByteFile
    from omezarr.hierarchy import Hierarchy
    from omezarr.location import Location

MAGIC = b"\x93NUMPY"
"""The beginning of ``.npy`` files."""

MAX_DIMENSIONS = 64
"""How many dimensions an array of numpy can have."""

HEADER_BYTES = 64 * 1024
"""How much of a ``.npy`` file is read to find its header, which numpy refuses beyond 10,000 characters."""

_ASSUMED = {2: "yx", 5: "tczyx"}
"""The axes that an array has if nobody says anything."""


class BareArray(Importer):
    """Import arrays without OME metadata."""

    name = "array"
    suffixes = (".npy",)
    options = {"axes": 'the meaning of the dimensions, one letter each, for example "zyx"'}  # noqa: RUF012

    def claim(self, location: Location) -> Claim | None:
        """Claim ``.npy`` files and zarr arrays that can be looked at without asking a server."""
        if first_bytes(location, len(MAGIC)) == MAGIC:
            return Claim(Claim.INSIDE, "it begins as a .npy file does")
        if _is_zarr_array(location):
            return Claim(Claim.INSIDE, "it is a zarr array")
        if location.name.lower().endswith(self.suffixes):
            return Claim(Claim.NAME, "its name ends in .npy")
        return None

    def load(self, location: Location, options: Mapping[str, Any]) -> ImageContent:
        """Describe an array as an image."""
        check_options(self, options)
        axes = options.get("axes")
        if first_bytes(location, len(MAGIC)) == MAGIC or location.name.lower().endswith(self.suffixes):
            return _content(_numpy_source(location), axes, None, location)
        return load_zarr_array(open_hierarchy(location), location, axes)


def load_zarr_array(hierarchy: Hierarchy, location: Location, axes: object) -> ImageContent:
    """Describe the zarr array at the root of a hierarchy as an image.

    Parameters
    ----------
    hierarchy : Hierarchy
    location : Location
        For messages and the name.
    axes : str or None
        What the user says.

    Raises
    ------
    SourceError
        If it holds no plain numbers.
    MetadataError
        If there is no array, or its metadata is malformed.
    ArgumentError
        If nobody says what its dimensions are.
    """
    from omezarr.arrays.sources import as_source

    array = hierarchy.array("")
    _check_dtype(array.dtype, location)
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    return _content(as_source(array), axes, names if isinstance(names, list | tuple) else None, location)


def _content(source: PixelSource, axes: object, names: Sequence[object] | None, location: Location) -> ImageContent:
    letters = _letters(source.shape, axes, names, str(location))
    pixels, ordered = arrange(source, letters)
    return ImageContent(pixels=pixels, axes=conventional_axes(ordered), name=_stem(location.name))


def _letters(shape: tuple[int, ...], axes: object, names: Sequence[object] | None, what: str) -> str:
    if axes is not None:
        return parse_axes(axes, shape, what)
    given = [name.lower() if isinstance(name, str) else "" for name in names or ()]
    if len(given) == len(shape) and len(set(given)) == len(given) and all(len(n) == 1 and n in KNOWN for n in given):
        return "".join(given)
    if len(shape) in _ASSUMED and not any(given):
        return _ASSUMED[len(shape)]
    called = f" called {', '.join(map(str, names))}" if names and any(given) else ""
    raise ArgumentError(
        f"{what} has {len(shape)} dimensions of shape {shape}{called} and does not say what they mean; "
        f"say it with --axes, one letter a dimension, for example --axes {example(shape)}"
    )


def _numpy_source(location: Location) -> PixelSource:
    from omezarr.arrays.file_source import FileSource

    file = open_file(location)
    if file.read(0, len(MAGIC)) != MAGIC:
        raise SourceError(f"{file.name} is no .npy file; it begins with {file.read(0, len(MAGIC))!r}")
    shape, fortran, dtype, offset = _header(file)
    _check_dtype(dtype, location)
    if len(shape) > MAX_DIMENSIONS or any(length < 0 for length in shape):
        raise SourceError(f"{file.name} is damaged: it declares {len(shape)} dimensions, {str(shape)[:100]}")
    reopen = (open_file, (location,)) if file.portable else None
    order = "F" if fortran else "C"
    return FileSource(file, offset=offset, dtype=dtype, shape=shape, order=order, reopen=reopen)


def _header(file: ByteFile) -> tuple[tuple[int, ...], bool, Any, int]:
    """Return shape, whether the first axis varies fastest, dtype, and where the pixels begin."""
    import io

    from numpy.lib import format as layout

    start = io.BytesIO(file.read(0, HEADER_BYTES))
    try:
        version, _ = layout.read_magic(start)  # 3 is 2 with names of fields, which no plain numbers have
        read = layout.read_array_header_1_0 if version == 1 else layout.read_array_header_2_0
        shape, fortran, dtype = read(start)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError(f"{file.name} is damaged or holds no plain numbers: {reason[:200]}") from error
    return shape, fortran, dtype, start.tell()


def _check_dtype(dtype: Any, location: Location) -> None:
    kind = getattr(dtype, "kind", "")
    if kind not in "biufc" or not kind:
        raise SourceError(f"{location} holds {dtype}, not plain numbers; only numbers can be pixels")


def _is_zarr_array(location: Location) -> bool:
    """Say whether a local folder or an opened store is a zarr array."""
    if location.store is not None:
        node = open_hierarchy(location).node()
        return node is not None and node.kind == "array"
    path = local_path(location)
    if path is None or not path.is_dir():
        return False
    with looking_at(path):
        old, new = ((path / name).is_file() for name in (".zarray", "zarr.json"))
    if old or not new:
        return old and not new
    node = open_hierarchy(location).node()
    return node is not None and node.kind == "array"


def open_hierarchy(location: Location) -> Hierarchy:
    """Open the zarr hierarchy at a location.

    Raises
    ------
    LocationNotFoundError
        If there is none.
    StorageError, UnsupportedError, ArgumentError, MissingDependencyError
        If it cannot be reached.
    """
    from omezarr import registry_in_use
    from omezarr.hierarchy import Hierarchy
    from omezarr.nodes.opening import open_store

    opened = open_store(location, registry_in_use().storage_schemes)
    hierarchy = Hierarchy(opened.store, opened.path)
    if hierarchy.node() is None:
        raise LocationNotFoundError(f"there is no zarr array or group at {location}")
    return hierarchy


def _stem(name: str) -> str:
    stem = name.rpartition(".")[0] if name.lower().endswith((".npy", ".zarr", ".zarray")) else name
    return stem or name


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (BareArray(),)
