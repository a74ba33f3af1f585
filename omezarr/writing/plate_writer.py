"""Writing a plate from several places at once: well after well, field after field, by any number of processes.

Nobody has to be the first or the last. Each field is written by itself; once it is complete, it is entered in the lists
of its well and of the plate under a lock, each at its place. So what comes of it does not depend on the order, and the
plate is valid from its first field on.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve, frozen

from omezarr.abc.plan import JOURNAL_PREFIX
from omezarr.errors import ArgumentError, LocationNotFoundError, NotOMEZarrError, TargetExistsError, UnsupportedError
from omezarr.hierarchy import Hierarchy
from omezarr.model import UNSET, Acquisition, Column, Plate, Row
from omezarr.nodes.opening import open_store
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.registry import default_registry
from omezarr.writing.fitting import name_of
from omezarr.writing.image_description import as_model
from omezarr.writing.plates import field_content, fields_of, written_field
from omezarr.writing.requests import ImageKeywords, Request, spelled_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.location import Location, LocationLike
    from omezarr.nodes.node import Node
    from omezarr.writing import WriteOptions

MEANINGLESS_FOR_PLATES = {
    "overwrite": "the fields of other processes would be lost; remove the plate first",
    "consolidated": "it would have to be written anew with each field; consolidate when all are written",
}
"""Options that have no use where several processes write one plate: why."""


@spelled_out(ImageKeywords)
def create_plate(
    location: LocationLike,
    *,
    rows: int | Sequence[str],
    columns: int | Sequence[str],
    name: str | None = None,
    acquisitions: Sequence[Acquisition | Mapping[str, Any]] = (),
    options: WriteOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> PlateWriter:
    """Return what writes a plate field by field, from as many processes as there are.

    Each process makes the same call, or is sent the writer, and writes its own fields; the order does not matter.
    Nothing is stored before the first field. A process that died is run again with ``run={"resume": True}``: what it
    had finished stays, what it had begun is completed.

    Parameters
    ----------
    location : str, path or Location
        Where the plate's group is, or will be. A plate that is there must have the same rows, columns and version.
    rows, columns : int or sequence of str
        How many there are, named "A", "B", ... and "1", "2", ...; or their names.
    name : str, optional
        Of the plate.
    acquisitions : sequence of Acquisition or mapping
    options : WriteOptions, optional
    **given
        `PixelKeywords` and `WriterKeywords`, as for `omezarr.write_image`: what holds for all fields that do not say
        otherwise.

    Returns
    -------
    PlateWriter

    Raises
    ------
    TargetExistsError
        If there is something else at the location, or a plate of other rows, columns or version.
    ArgumentError
        If rows, columns or an option say nothing.

    Examples
    --------
    >>> import numpy as np
    >>> writer = create_plate("memory://doc-create/screen.ome.zarr", rows=8, columns=12, axes="yx", levels=2)
    >>> for path in ("B/2/0", "A/1/0"):
    ...     node = writer.write_field(path, np.zeros((32, 32), "uint8"))
    >>> list(writer.open().wells)
    ['A/1', 'B/2']
    """
    request = Request.of(location, options, given, meaningless=MEANINGLESS_FOR_PLATES)
    plate = Plate(
        rows=tuple(Row(item) for item in _names("rows", rows)),
        columns=tuple(Column(item) for item in _names("columns", columns)),
        wells=(),
        acquisitions=tuple(as_model(item, Acquisition) for item in acquisitions) or UNSET,
        field_count=0,
        name=name or name_of(request.target.name),
    )
    request.registry.formats[request.options.format]
    writer = PlateWriter(request=request, plate=plate)
    writer.check()
    return writer


@frozen(kw_only=True)
class PlateWriter:
    """Writes the fields of a plate; `omezarr.create_plate` makes one. It can be sent to other processes.

    Parameters
    ----------
    request : Request
        Where the plate is, and what holds for all fields.
    plate : Plate
        Its rows, columns and acquisitions.
    """

    request: Request
    plate: Plate

    def __reduce__(self) -> tuple[Any, ...]:
        if self.request.registry is not default_registry():
            raise UnsupportedError("a plate writer with a registry of its own cannot be sent to another process")
        return _received, (evolve(self.request, registry=None), self.plate)  # type: ignore[arg-type]  # that of the receiver

    @property
    def location(self) -> Location:
        """Where the plate is."""
        return self.request.target

    def open(self) -> Node:
        """Open the plate as it is now.

        Raises
        ------
        LocationNotFoundError, NotOMEZarrError
            If no field is complete yet.
        """
        return open_node(self.location, registry=self.request.registry)

    def write_field(
        self,
        path: str,
        image: Any,
        *,
        acquisition: int | None = None,
        translation: Sequence[float] | Mapping[str, float] | None = None,
        labels: Mapping[str, Any] | None = None,
        **given: Unpack[ImageKeywords],
    ) -> Node:
        """Write one field, and enter it in the lists of its well and of the plate.

        Parameters
        ----------
        path : str
            "row/column/field", for example "A/1/0".
        image : array or ImageContent
            Fields may differ in shape, dtype, axes and levels.
        acquisition : int, optional
            The id of one of the acquisitions of the plate.
        translation : sequence or mapping, optional
            Where the first pixel was on the stage.
        labels : mapping, optional
            Name to label array.
        **given
            What differs from what holds for all fields.

        Returns
        -------
        Node
            The field.

        Raises
        ------
        ArgumentError
            If the plate has no such row, column or acquisition, or an option has no meaning for one field.
        TargetExistsError, IncompleteError
            If it is there, complete or not, and neither ``overwrite`` nor resuming is asked for.
        UnsupportedError, LossyError, SourceError, WriteError
            See `omezarr.write_image`.
        """
        well, _, field = path.rpartition("/")
        if well.count("/") != 1 or not field:
            raise ArgumentError(f"{path!r} is no path of a field; give row, column and field, for example 'A/1/0'")
        known = self.request
        request = known.with_given(given)
        content = field_content(request, image, translation, labels, acquisition)
        return written_field(request, self.plate, known.options.format, (well, field), content, is_new=True)

    def write_well(self, well: str, fields: Any, **given: Unpack[ImageKeywords]) -> Node:
        """Write all fields of a well.

        Parameters
        ----------
        well : str
            "row/column", for example "A/1".
        fields : mapping, sequence, array or ImageContent
            Name to image; or images that are named "0", "1", ...; or a single one.
        **given
            As for `write_field`.

        Returns
        -------
        Node
            The well.

        Raises
        ------
        ArgumentError
            If there is no field; else as `write_field`.
        """
        images = fields_of(fields)
        if not images:
            raise ArgumentError(f"the well {well!r} has no fields; leave it out")
        for name, image in images.items():
            self.write_field(f"{well}/{name}", image, **given)
        return self.open()[well]

    def check(self) -> None:
        """Refuse a place where something else is.

        Raises
        ------
        TargetExistsError
        """
        try:
            found = self.open()
        except LocationNotFoundError:
            return
        except NotOMEZarrError as error:
            opened = open_store(self.location, self.request.registry.storage_schemes)
            rows = {row.name for row in self.plate.rows} | {JOURNAL_PREFIX}
            if {*(Hierarchy(opened.store, opened.path).names() or ())} <= rows:
                return  # others are writing their first fields
            raise TargetExistsError(f"{error}; choose another place") from error
        plate, version = found.plate, self.request.options.format
        if plate is None:
            raise TargetExistsError(f"{self.location} exists already, and is no plate; choose another place")
        for what, there, here in (
            ("NGFF version", found.version, version),
            ("rows", [row.name for row in plate.rows], [row.name for row in self.plate.rows]),
            ("columns", [item.name for item in plate.columns], [item.name for item in self.plate.columns]),
            ("acquisitions", plate.acquisitions or (), self.plate.acquisitions or ()),
        ):
            if there != here:
                raise TargetExistsError(
                    f"{self.location} is a plate of other {what}; give those that it has, or choose another place"
                )


def _received(request: Request, plate: Plate) -> PlateWriter:
    """Return a writer that came from another process; the plugins are those that are installed here."""
    return PlateWriter(request=evolve(request, registry=default_registry()), plate=plate)


def _names(what: str, given: int | Sequence[str]) -> tuple[str, ...]:
    """Return the names of rows or columns that are given, or of so many."""
    if isinstance(given, bool) or (isinstance(given, int) and given < 1) or not given:
        raise ArgumentError(f"{what}={given!r} says nothing; give how many there are, or their names")
    if isinstance(given, int):
        return tuple(str(i + 1) if what == "columns" else _letters(i) for i in range(given))
    names = tuple(str(item) for item in given)
    if len({*names}) < len(names):
        raise ArgumentError(f"{what} {', '.join(names)} name one twice")
    return names


def _letters(index: int) -> str:
    """Return the name of a row by its number, as plates are printed.

    Examples
    --------
    >>> [_letters(index) for index in (0, 25, 26, 31)]
    ['A', 'Z', 'AA', 'AF']
    """
    letters = string.ascii_uppercase
    return letters[index] if index < len(letters) else _letters(index // len(letters) - 1) + letters[index % 26]
