"""The importer of folders whose files belong together: an image, a time series, a mosaic or a plate.

Where a file belongs is said by its name (a pattern) or by a table. All files are looked at before anything is
written, so that gaps and files that do not fit are named first; pixels are read file by file.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve, frozen

from omezarr.abc import Importer
from omezarr.errors import ArgumentError, OMEZarrWarning, SourceError
from omezarr.hookspecs import hookimpl
from omezarr.model import UNSET, Acquisition, Channel, conventional_axes
from omezarr.model.content import CollectionContent, ImageContent, LabelContent, PlateContent
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
    from omezarr_builtins.importers._patterns import PlacedFile

AXES = {"t": "t", "c": "c", "z": "z", "tile_y": "y", "tile_x": "x"}
"""Which axis of the image each field of a pattern goes along."""

ORDER = "tczyx"

Place: TypeAlias = tuple[str, str, str, str]
"""Row, column, acquisition and field of an image; empty where names do not tell."""


class Files(Importer):
    """Import folders of files that belong together."""

    name = "files"
    options = {  # noqa: RUF012 - the interface declares it
        "pattern": "how files are named, for example '{row}{column}_f{field}_c{channel}_z{z}.tif', one of "
        f"{', '.join(NAMED)}, or auto",
        "table": "a CSV file with a column path and columns named as the fields of a pattern",
        "labels": "how files of labels are named, for example 'nuclei=mask_{row}{column}_f{field}.tif'",
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
        assembly = _Assembly(placed, location, options)
        images = assembly.images()
        notices += assembly.notices
        if options.get("labels") is not None:
            images, more = _labelled(images, str(options["labels"]), location, options)
            notices += more
        for notice in notices:
            warnings.warn(OMEZarrWarning(notice), stacklevel=2)
        return _content(images, location)


def _placed(location: Location, options: Mapping[str, Any]) -> tuple[list[PlacedFile], list[str]]:
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

    file: PlacedFile
    image: ImageContent

    @property
    def letters(self) -> str:
        return "".join(axis.name for axis in self.image.axes)


class _Assembly:
    """Puts files together.

    Parameters
    ----------
    files : sequence of PlacedFile
        All with the same fields.
    location : Location
        Of the folder.
    options : mapping
        Of the importer.
    """

    def __init__(self, files: Sequence[PlacedFile], location: Location, options: Mapping[str, Any]) -> None:
        self.files = files = split_wells(files)
        check_alone(files)
        self.location = location
        self.fill = options.get("missing") == "fill"
        self.axes = options.get("axes")
        self.notices: list[str] = []
        self.values = {
            field: sorted({file.place[field] for file in files}, key=natural)
            for field in AXES
            if field in files[0].place
        }

    def images(self) -> dict[Place, ImageContent]:
        """Return the images that the files make up, by where they are."""
        loaded = self._load()
        self._check_gaps(loaded)
        groups: dict[Place, list[_Loaded]] = {}
        for one in loaded:
            place = one.file.place
            key = (place.get("row", ""), place.get("column", ""), place.get("acquisition", ""), place.get("field", "0"))
            groups.setdefault(key, []).append(one)
        return {place: self._image(files) for place, files in sorted(groups.items(), key=_by_place)}

    def _load(self) -> list[_Loaded]:
        """Describe all files, and say once what several say alike."""
        from omezarr import registry_in_use
        from omezarr.plugins.asking import calling
        from omezarr.writing.conversion import choose_importer

        registry, found = registry_in_use(), []
        said: dict[str, list[str]] = {}
        for file in self.files:
            location = type(self.location).parse(file.path)
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                reader = choose_importer(location, registry)
                with calling(registry.importers, reader.name, "load"):
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
        from omezarr.arrays import expanded
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


def _content(images: Mapping[Place, ImageContent], location: Location) -> Content:
    """Return a plate where images have wells, a collection where there are several, else the image."""
    if not any(row for row, *_ in images):
        if len(images) == 1:
            return evolve(next(iter(images.values())), name=location.name)
        return CollectionContent(images={str(number): image for number, image in enumerate(images.values())})
    wells: dict[str, dict[str, ImageContent]] = {}
    for (row, column, acquisition, _), image in images.items():
        fields = wells.setdefault(f"{row}/{column}", {})
        fields[str(len(fields))] = evolve(image, acquisition=int(acquisition) if acquisition else None)
    acquisitions = sorted({int(place[2]) for place in images if place[2]})
    return PlateContent(
        rows=tuple(sorted({place[0] for place in images}, key=lambda row: (len(row), row))),
        columns=tuple(sorted({place[1] for place in images}, key=natural)),
        wells=wells,
        name=location.name,
        acquisitions=tuple(Acquisition(id=number) for number in acquisitions),
    )


def _labelled(
    images: Mapping[Place, ImageContent], named: str, location: Location, options: Mapping[str, Any]
) -> tuple[dict[Place, ImageContent], list[str]]:
    """Return images with the labels that other files of the folder make up."""
    name, mark, pattern = named.partition("=")
    if not mark or "{" in name:
        name, pattern = "labels", named
    placed, notices = files_by_pattern(Path(location.url), pattern)
    assembly = _Assembly(placed, location, options)
    labels = assembly.images()
    lost = [place for place in labels if place not in images]
    if lost:
        where = " ".join(part for part in lost[0] if part)
        raise SourceError(f"labels {name!r} of {len(lost)} images have no image, for example those of {where}")
    without = len(images) - len(labels)
    if without:
        notices.append(f"{without} images have no labels {name!r}")
    found = {place: _with_label(image, name, labels.get(place)) for place, image in images.items()}
    return found, [notice for notice in notices if "do not match the pattern" not in notice]


def _with_label(image: ImageContent, name: str, label: ImageContent | None) -> ImageContent:
    from omezarr.arrays import expanded

    if label is None:
        return image
    sizes = dict(zip((axis.name for axis in label.axes), label.pixels.shape, strict=True))
    shape = [sizes.get(axis.name, 1) for axis in image.axes]
    return evolve(image, labels={**image.labels, name: LabelContent(pixels=expanded(label.pixels, shape))})


def _by_place(item: tuple[Place, Any]) -> tuple[Any, ...]:
    row, column, acquisition, field = item[0]
    return len(row), row, natural(column), natural(acquisition), natural(field)


@hookimpl
def omezarr_importers() -> tuple[Importer, ...]:
    """Give the importer to omezarr."""
    return (Files(),)
