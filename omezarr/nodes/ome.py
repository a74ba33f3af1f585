"""What a group is in the words of OME: an image with channels and labels, a plate with wells, a well with fields.

Each question has an answer for every group: None or nothing where it is something else. Metadata is that of the group;
the groups below it are opened when they are touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omezarr.model import Axis, Channel, Image, Multiscale, Plate, conventional_axes
from omezarr.nodes.children import Children
from omezarr.nodes.listings import Fields, Wells
from omezarr.nodes.plates import present
from omezarr.nodes.stitching import stitched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import dask.array as da

    from omezarr.location import Location
    from omezarr.nodes.node import Node


class OMEGroup:
    """A group that says what it is in the words of OME.

    Examples
    --------
    >>> import numpy as np, omezarr
    >>> path = "memory://doc-ome/screen.ome.zarr"
    >>> plate = omezarr.write_plate(path, {"A/1": np.zeros((8, 8), "uint8")}, channels=["DAPI"])
    >>> plate.plate.columns[0].name, list(plate.wells), list(plate["A/1"].fields)
    ('1', ['A/1'], ['0'])
    >>> plate["A/1"]["0"].channels[0].label
    'DAPI'
    """

    if TYPE_CHECKING:
        location: Location

        @property
        def facets(self) -> Mapping[str, object]:
            """The structured metadata, by NGFF key."""

        @property
        def children(self) -> Children:
            """The groups below."""

    @property
    def image(self) -> Image | None:
        """The metadata of the multiscale image that this group is, if it is one."""
        return next((facet for facet in self.facets.values() if isinstance(facet, Image)), None)

    @property
    def multiscale(self) -> Multiscale | None:
        """The first multiscale of the image, if the group is one."""
        image = self.image
        return image.multiscales[0] if image is not None and image.multiscales else None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the image, in array order; conventional ones where the version does not write any.

        Empty for anything but an image.
        """
        multiscale = self.multiscale
        return () if multiscale is None else multiscale.axes or conventional_axes("tczyx")

    @property
    def channels(self) -> tuple[Channel, ...]:
        """How the channels are displayed, as far as the metadata says."""
        image = self.image
        return () if image is None or not image.omero else image.omero.channels or ()

    @property
    def labels(self) -> Children:
        """The label images of this image, by name; empty where there are none.

        Raises
        ------
        MetadataError
            If the labels group is malformed.
        """
        if "labels" in self.facets:
            return self.children
        return self.children["labels"].children if "labels" in self.children else Children(str(self.location))

    @property
    def tables(self) -> Children:
        """The tables of this group, by name, each a plain group; empty where there are none.

        `omezarr.read_table` reads one.

        Raises
        ------
        MetadataError
            If the group of tables is malformed.
        """
        if "tables" in self.facets:
            return self.children
        if "tables" in self.children:
            return self.children["tables"].children
        below = present(self, "tables")  # type: ignore[arg-type]  # a node is the only group of OME that there is
        return Children(str(self.location)) if below is None or "tables" not in below.facets else below.children

    @property
    def plate(self) -> Plate | None:
        """The metadata of the plate that this group is, if it is one: rows, columns, acquisitions."""
        return next((facet for facet in self.facets.values() if isinstance(facet, Plate)), None)

    @property
    def wells(self) -> Wells:
        """The wells of this plate, by "row/column", and as a table; empty for anything else."""
        return Wells(self)  # type: ignore[arg-type]  # a node is the only group of OME that there is

    @property
    def fields(self) -> Fields:
        """The fields of view of this well, or of all wells of this plate, and as a table; empty for anything else."""
        return Fields(self)  # type: ignore[arg-type]  # as above

    def stitched(
        self, level: int = 0, *, arranged: str | None = None, label: str | None = None, fill: float = 0
    ) -> da.Array:
        """Return all fields of this plate or well in one lazy array; what is missing is filled.

        Only what is asked of it is read. The wells of a plate lie in the grid of its rows and columns.

        Parameters
        ----------
        level : int
            The resolution level, 0 for the full one. Fields that do not have it count as missing.
        arranged : {"grid", "position"}, optional
            How the fields of a well lie: row by row in the order of their list, in cells of the size of the largest
            field; or where their translations say that they were on the stage, later ones over earlier ones. Default:
            by position where all fields of the plate tell theirs, and no two of a well lie at the same.
        label : str, optional
            The label image to take in place of each image; it lies over the stitched images sample by sample.
        fill : int or float
            The value where there is nothing.

        Returns
        -------
        dask.array.Array
            With the axes of the image that has most of them; the fields may differ in size, number of channels and
            dtype.

        Raises
        ------
        UnsupportedError
            If this is neither a plate nor a well, the fields have other axes than each other, or they cannot be
            arranged by position.
        ArgumentError
            If no field has that level or that label image.
        MetadataError, StorageError
            If a field cannot be read.

        Examples
        --------
        >>> import numpy as np, omezarr
        >>> path = "memory://doc-stitched/p.ome.zarr"
        >>> field = np.ones((8, 8), "uint8")
        >>> plate = omezarr.write_plate(path, {"A/1": field, "B/2": [field, 2 * field]}, axes="yx", levels=2)
        >>> plate.stitched().shape, plate.stitched(level=1).shape
        ((16, 32), (8, 16))
        >>> plate["B/2"].stitched()[0, ::4].compute()
        array([1, 1, 2, 2], dtype=uint8)
        """
        return stitched(self, level, arranged, label, fill)  # type: ignore[arg-type]  # as above

    def __getitem__(self, path: str) -> Node:
        """Return a group below, for example the well "A/1" of a plate, or its field "A/1/0".

        Raises
        ------
        UnknownNameError
            If the metadata names none of that path.
        """
        if path not in self.children:
            for name in self.children:
                if str(path).startswith(f"{name}/"):
                    return self.children[name][path[len(name) + 1 :]]
        return self.children[path]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the paths of the groups directly below."""
        return iter(self.children)

    def __contains__(self, path: object) -> bool:
        """Say whether there is a group of that path directly below."""
        return path in self.children
