"""The importer of folders whose files belong together: an image, a time series, a mosaic or a plate.

Where a file belongs is said by its name (a pattern) or by a table. All files are looked at before anything is
written, so that gaps and files that do not fit are named first; pixels are read file by file.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from omezarr.abc import Importer
from omezarr.errors import ArgumentError, OMEZarrWarning, SourceError
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Acquisition, Channel, conventional_axes
from omezarr.model.content import CollectionContent, ImageContent, PlateContent
from omezarr_builtins.importers._options import check_options
from omezarr_builtins.importers._patterns import (
    NAMED,
    check_alone,
    files_by_pattern,
    files_by_table,
    natural,
    split_wells,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import Claim
    from omezarr.location import Location
    from omezarr.model.content import Content
    from omezarr_builtins.importers._patterns import Placed

AXES = {"t": "t", "c": "c", "z": "z", "tile_y": "y", "tile_x": "x"}
"""Which axis of the image each field of a pattern goes along."""

ORDER = "tczyx"


class Files(Importer):
    """Import folders of files that belong together."""

    name = "files"
    options = {  # noqa: RUF012 - the interface declares it
        "pattern": "how files are named, for example '{row}{column}_f{field}_c{channel}_z{z}.tif', one of "
        f"{', '.join(NAMED)}, or auto",
        "table": "a CSV file with a column path and columns named as the fields of a pattern",
        "missing": '"fill" takes files that are missing as 0; "fail" (the default) refuses',
        "axes": "the meaning of the dimensions of each file, one letter each",
    }

    def claim(self, location: Location) -> Claim | None:
        """Claim nothing: only a pattern or a table makes an image of a folder."""
        return None

    def load(self, location: Location, options: Mapping[str, Any]) -> Content:
        """Describe what the files make up."""
        check_options(self, options)
        if options.get("missing") not in (None, "fail", "fill"):
            raise ArgumentError(f'{options["missing"]!r} is no choice for missing files; give "fill" or "fail"')
        placed, notices = _placed(location, options)
        files = split_wells(placed)
        check_alone(files)
        assembly = _Assembly(files, location, options)
        content = assembly.content()
        for notice in [*notices, *assembly.notices]:
            warnings.warn(OMEZarrWarning(notice), stacklevel=2)
        return content


def _placed(location: Location, options: Mapping[str, Any]) -> tuple[list[Placed], list[str]]:
    folder = Path(location.url)
    if location.protocol != "local" or not folder.is_dir():
        raise ArgumentError(f"{location} is no folder on a local disk, whose files could be put together")
    pattern, table = options.get("pattern"), options.get("table")
    if (pattern is None) == (table is None):
        raise ArgumentError("give either a pattern of names or a table: --pattern '{well}_z{z}.tif', --table files.csv")
    return files_by_table(Path(str(table)), folder) if pattern is None else files_by_pattern(folder, str(pattern))


@frozen
class _Loaded:
    """A file and what an importer says of it."""

    file: Placed
    image: ImageContent

    @property
    def letters(self) -> str:
        return "".join(axis.name for axis in self.image.axes)


class _Assembly:
    """Puts files together.

    Parameters
    ----------
    files : sequence of Placed
        All with the same fields.
    location : Location
        Of the folder.
    options : mapping
        Of the importer.
    """

    def __init__(self, files: Sequence[Placed], location: Location, options: Mapping[str, Any]) -> None:
        self.files = files
        self.location = location
        self.fill = options.get("missing") == "fill"
        self.axes = options.get("axes")
        self.notices: list[str] = []
        self.values = {
            field: sorted({file.place[field] for file in files}, key=natural)
            for field in AXES
            if field in files[0].place
        }

    def content(self) -> Content:
        """Return a plate where files have wells, a collection where they have fields alone, else an image."""
        loaded = self._load()
        self._check_gaps(loaded)
        images: dict[tuple[str, str], dict[tuple[str, str], list[_Loaded]]] = {}
        for one in loaded:
            place = one.file.place
            well = (place.get("row", ""), place.get("column", ""))
            field = (place.get("acquisition", ""), place.get("field", "0"))
            images.setdefault(well, {}).setdefault(field, []).append(one)
        if "row" not in self.files[0].place or "column" not in self.files[0].place:
            fields = [self._image(files) for _, files in sorted(images[next(iter(images))].items(), key=_by_number)]
            if len(fields) == 1:
                return evolve(fields[0], name=self.location.name)
            return CollectionContent(images={str(number): image for number, image in enumerate(fields)})
        return self._plate(images)

    def _plate(self, images: Mapping[tuple[str, str], Mapping[tuple[str, str], list[_Loaded]]]) -> PlateContent:
        wells = {}
        acquisitions = sorted({field[0] for fields in images.values() for field in fields if field[0]}, key=natural)
        for row, column in sorted(images, key=lambda well: (len(well[0]), well[0], natural(well[1]))):
            fields = sorted(images[row, column].items(), key=_by_number)
            wells[f"{row}/{column}"] = {
                str(number): evolve(self._image(files), acquisition=int(field[0]) if field[0] else None)
                for number, (field, files) in enumerate(fields)
            }
        return PlateContent(
            rows=tuple(sorted({row for row, _ in images}, key=lambda row: (len(row), row))),
            columns=tuple(sorted({column for _, column in images}, key=natural)),
            wells=wells,
            name=self.location.name,
            acquisitions=tuple(Acquisition(id=int(number)) for number in acquisitions),
        )

    def _load(self) -> list[_Loaded]:
        """Describe all files, and say once what several say alike."""
        from omezarr import default_registry
        from omezarr.writing.conversion import choose_importer

        registry, found = default_registry(), []
        said: dict[str, list[str]] = {}
        for file in self.files:
            location = type(self.location).parse(file.path)
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                reader = choose_importer(location, registry)
                image = reader.load(location, {} if self.axes is None else {"axes": self.axes})
            if not isinstance(image, ImageContent):
                raise SourceError(
                    f"{file.path} holds several images; a file that is put together with others holds one"
                )
            image.pixels.close()
            for warning in seen:
                said.setdefault(str(warning.message).replace(file.path.name, "..."), []).append(str(warning.message))
            found.append(_Loaded(file, image))
        for messages in said.values():
            more = f" (and {len(messages) - 1} other files alike)" if len(messages) > 1 else ""
            self.notices.append(f"{messages[0]}{more}")
        return found

    def _check_gaps(self, loaded: Sequence[_Loaded]) -> None:
        """Refuse what is missing between the files of an image, or say that it is filled."""
        groups: dict[tuple[tuple[str, str], ...], set[tuple[str, ...]]] = {}
        for one in loaded:
            told = one.file.place
            group = tuple((field, text) for field, text in told.items() if field not in AXES)
            groups.setdefault(group, set()).add(tuple(told[field] for field in self.values))
        wanted: list[tuple[str, ...]] = [()]
        for texts in self.values.values():
            wanted = [(*head, text) for head in wanted for text in texts]
        gaps = [(image, place) for image, there in groups.items() for place in wanted if place not in there]
        if not gaps:
            return
        image, place = gaps[0]
        where = ", ".join(f"{field} {text}" for field, text in [*image, *zip(self.values, place, strict=True)])
        if not self.fill:
            raise SourceError(
                f"{len(gaps)} files are missing in {self.location}, for example that of {where}; "
                "import them as 0 with --missing fill"
            )
        self.notices.append(
            f"{len(gaps)} files are missing in {self.location}, the first is that of {where}; taken as 0"
        )

    def _image(self, files: Sequence[_Loaded]) -> ImageContent:
        """Return the image that some files make up."""
        from omezarr.arrays.sources import expanded
        from omezarr_builtins.importers._stacks import StackSource

        first = files[0]
        for one in files:
            self._check_alike(one, first)
        along = {AXES[field] for field in self.values}
        inner = dict(zip(first.letters, first.image.pixels.shape, strict=True))
        letters = [axis for axis in ORDER if axis in inner or axis in along]
        letters = [axis for axis in first.letters if axis not in ORDER] + letters
        shape = [inner.get(axis, 1) for axis in letters]
        cells = {}
        for one in files:
            place = {AXES[field]: texts.index(one.file.place[field]) for field, texts in self.values.items()}
            cells[tuple(place.get(axis, 0) for axis in letters)] = expanded(one.image.pixels, shape)
        counts = {AXES[field]: len(texts) for field, texts in self.values.items()}
        scale = dict(zip(first.letters, first.image.scale or (), strict=False))
        origin = dict(zip(first.letters, first.image.translation or (), strict=False))
        known = {axis.name: axis for axis in first.image.axes}
        return ImageContent(
            pixels=StackSource(cells, tuple(counts.get(axis, 1) for axis in letters)),
            axes=tuple(known.get(axis.name, axis) for axis in conventional_axes(letters)),
            name=None,
            scale=tuple(scale.get(axis, 1.0) for axis in letters) if scale else None,
            translation=tuple(origin.get(axis, 0.0) for axis in letters) if origin else None,
            channels=self._channels(files),
        )

    def _check_alike(self, one: _Loaded, first: _Loaded) -> None:
        for field in self.values:
            axis = AXES[field]
            if axis in "tcz" and axis in one.letters and one.image.pixels.shape[one.letters.index(axis)] > 1:
                raise SourceError(
                    f"{one.file.path} has several positions along {axis} itself, which its name tells too"
                )
        pixels, others = one.image.pixels, first.image.pixels
        if (one.letters, pixels.shape, pixels.dtype) != (first.letters, others.shape, others.dtype):
            raise SourceError(
                f"{one.file.path} is {one.letters} {pixels.shape} {pixels.dtype}, but {first.file.path} is "
                f"{first.letters} {others.shape} {others.dtype}; files of one image are alike"
            )

    def _channels(self, files: Sequence[_Loaded]) -> tuple[Channel, ...] | None:
        """Return the channels that names or files tell."""
        if "c" not in self.values:
            return files[0].image.channels
        found = []
        for text in self.values["c"]:
            own = next((one.image.channels for one in files if one.file.place["c"] == text), None) or (Channel(),)
            label = f"Channel {text}" if text.isdecimal() else text
            found.append(own[0] if own[0].label is not UNSET else evolve(own[0], label=label))
        return tuple(found)


def _by_number(item: tuple[tuple[str, str], Any]) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
    (acquisition, field), _ = item
    return natural(acquisition), natural(field)


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (Files(),)
