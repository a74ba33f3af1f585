"""The versions of OME-Zarr, as objects.

Examples
--------
>>> [fmt.version for fmt in format_implementations()]
['0.5', '0.4', '0.3', '0.2', '0.1']
>>> format_from_version("0.4").zarr_format
2
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from omezarr import registry_in_use
from omezarr.errors import ArgumentError

if TYPE_CHECKING:
    from zarr.abc.store import Store

__all__ = [
    "CurrentFormat",
    "Format",
    "FormatV01",
    "FormatV02",
    "FormatV03",
    "FormatV04",
    "FormatV05",
    "detect_format",
    "format_from_version",
    "format_implementations",
]

Transformations = list[list[dict[str, Any]]]


class Format(ABC):
    """A version of OME-Zarr."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Its number."""

    @property
    def zarr_format(self) -> Literal[2, 3]:
        """The version of zarr that it lies on."""
        return registry_in_use().formats[self.version].zarr_format

    @property
    @abstractmethod
    def chunk_key_encoding(self) -> dict[str, str]:
        """How the keys of chunks are written."""

    def matches(self, metadata: Mapping[str, Any]) -> bool:
        """Return whether a document says that it is of this version."""
        return version_of(metadata) == self.version

    def init_store(self, path: str, mode: str = "r") -> Store:
        """Return the zarr store of a path or URL; with any mode but "r" it can be written to."""
        from omezarr_compat.io import store_of

        return store_of(path, mode)

    def init_channels(self) -> None:
        """Do nothing."""

    @abstractmethod
    def generate_well_dict(self, well: str, rows: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
        """Return how a plate refers to a well.

        Parameters
        ----------
        well : str
            Its row and column, "A/1".
        rows, columns : sequence of str
            Those of the plate.
        """

    @abstractmethod
    def validate_well_dict(self, well: dict[str, Any], rows: Sequence[str], columns: Sequence[str]) -> None:
        """Raise an ArgumentError, a ValueError, if that is no reference to a well of the plate."""

    @abstractmethod
    def generate_coordinate_transformations(self, shapes: Sequence[Sequence[int]]) -> Transformations | None:
        """Return the scale of each level against the first; None where the version has none."""

    @abstractmethod
    def validate_coordinate_transformations(
        self, ndim: int, nlevels: int, coordinate_transformations: Transformations | None = None
    ) -> None:
        """Raise an ArgumentError, a ValueError, if these are not a scale, and perhaps a translation, for each level."""

    def __repr__(self) -> str:
        return type(self).__name__

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class FormatV01(Format):
    """Version 0.1: five dimensions, chunks in one folder."""

    REQUIRED_PLATE_WELL_KEYS: ClassVar[Mapping[str, type]] = {"path": str}

    @property
    def version(self) -> str:
        """Its number."""
        return "0.1"

    @property
    def chunk_key_encoding(self) -> dict[str, str]:
        """How the keys of chunks are written."""
        return {"name": "v2", "separator": "."}

    def generate_well_dict(self, well: str, rows: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
        """Return the path."""
        return {"path": str(well)}

    def validate_well_dict(self, well: dict[str, Any], rows: Sequence[str], columns: Sequence[str]) -> None:
        """Raise if a key is missing or of another type."""
        for key, kind in self.REQUIRED_PLATE_WELL_KEYS.items():
            if not isinstance(well.get(key), kind):
                raise ArgumentError(f"the well {well!r} needs {key!r}, of the type {kind.__name__}")

    def generate_coordinate_transformations(self, shapes: Sequence[Sequence[int]]) -> Transformations | None:
        """Return None."""
        return None

    def validate_coordinate_transformations(
        self, ndim: int, nlevels: int, coordinate_transformations: Transformations | None = None
    ) -> None:
        """Accept anything: the version has none."""


class FormatV02(FormatV01):
    """Version 0.2: chunks in nested folders."""

    @property
    def version(self) -> str:
        """Its number."""
        return "0.2"

    @property
    def chunk_key_encoding(self) -> dict[str, str]:
        """How the keys of chunks are written."""
        return {"name": "v2", "separator": "/"}


class FormatV03(FormatV02):
    """Version 0.3: two to five named axes."""

    @property
    def version(self) -> str:
        """Its number."""
        return "0.3"


class FormatV04(FormatV03):
    """Version 0.4: axes with types and units, coordinate transformations, wells with their row and column."""

    REQUIRED_PLATE_WELL_KEYS: ClassVar[Mapping[str, type]] = {"path": str, "rowIndex": int, "columnIndex": int}

    @property
    def version(self) -> str:
        """Its number."""
        return "0.4"

    def generate_well_dict(self, well: str, rows: Sequence[str], columns: Sequence[str]) -> dict[str, Any]:
        """Return the path, and the places of its row and column in the plate."""
        row, column = _row_and_column(well)
        return {
            "path": str(well),
            "rowIndex": _place(row, rows, f"the row of the well {well!r}"),
            "columnIndex": _place(column, columns, f"the column of the well {well!r}"),
        }

    def validate_well_dict(self, well: dict[str, Any], rows: Sequence[str], columns: Sequence[str]) -> None:
        """Raise if path and places do not belong together, too."""
        super().validate_well_dict(well, rows, columns)
        wanted = self.generate_well_dict(well["path"], rows, columns)
        for key in ("rowIndex", "columnIndex"):
            if well[key] != wanted[key]:
                raise ArgumentError(f"the well {well!r} has {key} {well[key]}, but its path says {wanted[key]}")

    def generate_coordinate_transformations(self, shapes: Sequence[Sequence[int]]) -> Transformations | None:
        """Return the ratio of the first shape to each."""
        first = shapes[0]
        return [
            [{"type": "scale", "scale": [full / size for full, size in zip(first, shape, strict=True)]}]
            for shape in shapes
        ]

    def validate_coordinate_transformations(
        self, ndim: int, nlevels: int, coordinate_transformations: Transformations | None = None
    ) -> None:
        """Raise if these are not a scale, and perhaps a translation after it, for each level."""
        given = coordinate_transformations
        if given is None or len(given) != nlevels:
            count = "none" if given is None else len(given)
            raise ArgumentError(f"coordinate transformations are needed for each of {nlevels} levels; given: {count}")
        for transformations in given:
            kinds = [item.get("type") for item in transformations]
            if kinds not in (["scale"], ["scale", "translation"]):
                raise ArgumentError(
                    f"the coordinate transformations of a level are a scale and perhaps a translation after it, not "
                    f"{transformations!r}"
                )
            for kind, item in zip(kinds, transformations, strict=True):
                _check_numbers(item.get(str(kind)), ndim, f"the {kind} {item!r}")


class FormatV05(FormatV04):
    """Version 0.5: on zarr format 3, below the key "ome"."""

    @property
    def version(self) -> str:
        """Its number."""
        return "0.5"

    @property
    def chunk_key_encoding(self) -> dict[str, str]:
        """How the keys of chunks are written."""
        return {"name": "default", "separator": "/"}


CurrentFormat = FormatV05


def format_implementations() -> Iterator[Format]:
    """Yield a format of each version, the newest first."""
    for kind in (FormatV05, FormatV04, FormatV03, FormatV02, FormatV01):
        yield kind()


def format_from_version(version: str | float) -> Format:
    """Return the format of a version.

    Raises
    ------
    ArgumentError
        If there is none; it is a ValueError.
    """
    for fmt in format_implementations():
        if fmt.version == str(version):
            return fmt
    known = ", ".join(fmt.version for fmt in format_implementations())
    raise ArgumentError(f"there is no version {version!r} here; known: {known}")


def detect_format(metadata: Mapping[str, Any] | None, default: Format) -> Format:
    """Return the format of the version that a document names, else the default."""
    return next((fmt for fmt in format_implementations() if metadata and fmt.matches(metadata)), default)


def version_of(metadata: Mapping[str, Any]) -> str | None:
    """Return the version that a document names: its own one, else that of the first part of it that has one."""
    multiscales = metadata.get("multiscales")
    parts = [metadata, *(multiscales if isinstance(multiscales, list) else ())]
    parts += [metadata.get(key) for key in ("plate", "well", "image-label")]
    found = next((part["version"] for part in parts if isinstance(part, Mapping) and "version" in part), None)
    return None if found is None else str(found)


def _row_and_column(well: str) -> tuple[str, str]:
    parts = well.split("/")
    if len(parts) != 2:
        raise ArgumentError(f"the path of a well is its row and column, for example 'A/1', not {well!r}")
    return parts[0], parts[1]


def _place(name: str, names: Sequence[str], what: str) -> int:
    if name not in names:
        raise ArgumentError(f"{what} is {name!r}, but the plate has {', '.join(names)}")
    return list(names).index(name)


def _check_numbers(values: Any, ndim: int, what: str) -> None:
    listed = values if isinstance(values, list | tuple) else ()
    if len(listed) != ndim or not all(isinstance(value, int | float) for value in listed):
        raise ArgumentError(f"{what} needs {ndim} numbers, one for each axis")
