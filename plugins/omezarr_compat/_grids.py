"""Plates and wells, shown as one image with their fields side by side."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from omezarr.errors import MetadataError
from omezarr_compat._specs import Spec
from omezarr_compat._tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omezarr_compat.reader import Node


class Well(Spec):
    """A well, with its fields in a grid that is about square."""

    key = "well"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.well_data = self.lookup("well", {})
        paths = [image["path"] for image in self.well_data.get("images", [])]
        if not paths:
            raise MetadataError(f"the well {self.zarr} has no fields")
        first = node.below(self.zarr.create(paths[0]))
        self.numpy_type = first.data[0].dtype
        self.img_shape = first.data[0].shape
        self.img_metadata = first.metadata
        self.img_pyramid_shapes = [level.shape for level in first.data]
        self.img_chunks = [level.chunksize for level in first.data]
        self.level_paths = level_paths(first)
        columns = math.ceil(math.sqrt(len(paths)))
        rows = math.ceil(len(paths) / columns)

        def grid(level: int, shape: tuple[int, ...]) -> Any:
            def field(row: int, column: int) -> Callable[[], str] | None:
                number = row * columns + column
                return partial("/".join, (paths[number], self.level_paths[level])) if number < len(paths) else None

            return stitched(self, rows, columns, level, shape, field)

        node.data = [grid(level, shape) for level, shape in enumerate(self.img_pyramid_shapes)]
        node.metadata = first.metadata


class Plate(Spec):
    """A plate, with the first field of each well in its place."""

    key = "plate"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.get_pyramid_lazy(node)

    def get_pyramid_lazy(self, node: Node) -> None:
        """Give a node the levels of the plate."""
        self.plate_data = self.lookup("plate", {})
        self.rows = self.plate_data.get("rows", [])
        self.columns = self.plate_data.get("columns", [])
        self.row_names = [row["name"] for row in self.rows]
        self.col_names = [column["name"] for column in self.columns]
        self.row_count, self.column_count = len(self.rows), len(self.columns)
        self.well_paths = sorted(well["path"] for well in self.plate_data.get("wells", []))
        spec = self._first_well(node)
        self.first_field_path = spec.well_data["images"][0]["path"]
        self.level_paths = spec.level_paths
        self.numpy_type = spec.numpy_type
        self.img_chunks = spec.img_chunks
        self.axes = spec.img_metadata["axes"]
        node.data = [self.get_stitched_grid(level, shape) for level, shape in enumerate(spec.img_pyramid_shapes)]
        node.metadata = {**spec.img_metadata, "metadata": {"plate": self.plate_data}}

    def _first_well(self, node: Node) -> Well:
        """Return the first well that is there: one that the plate lists may be missing."""
        for path in self.well_paths:
            location = self.zarr.create(path)
            if location.exists() and Well.matches(location):
                spec = node.below(location).first(Well)
                assert isinstance(spec, Well)
                return spec
        raise MetadataError(f"none of the wells of the plate {self.zarr} is there: {', '.join(self.well_paths)}")

    def get_numpy_type(self, image_node: Node) -> np.dtype[Any]:
        """Return the dtype of an image."""
        dtype: np.dtype[Any] = image_node.data[0].dtype
        return dtype

    def get_tile_path(self, level: int, row: int, col: int) -> str:
        """Return the path of a level of the first field of a well."""
        return f"{self.row_names[row]}/{self.col_names[col]}/{self.first_field_path}/{self.level_paths[level]}"

    def get_stitched_grid(self, level: int, tile_shape: tuple[int, ...]) -> Any:
        """Return a level of the plate; wells that are not there are 0."""

        def tile(row: int, column: int) -> Callable[[], str] | None:
            listed = f"{self.row_names[row]}/{self.col_names[column]}" in self.well_paths
            return partial(self.get_tile_path, level, row, column) if listed else None

        return stitched(self, self.row_count, self.column_count, level, tile_shape, tile)


class PlateLabels(Plate):
    """The label images of a plate, in the place of its images; a reader does not look for them by itself."""

    key = ""

    def get_tile_path(self, level: int, row: int, col: int) -> str:
        """Return the path of a level of the first label image of the first field of a well."""
        place = f"{self.row_names[row]}/{self.col_names[col]}/{self.first_field_path}/labels"
        names = self.zarr.create(place).root_attrs.get("labels") or ["0"]
        return f"{place}/{names[0]}/{self.level_paths[level]}"


def level_paths(node: Node) -> list[str]:
    """Return the paths of the levels of an image."""
    from omezarr_compat._specs import Multiscales

    spec = node.first(Multiscales)
    if not isinstance(spec, Multiscales):
        raise MetadataError(f"{node.zarr} is no image, so the well that lists it cannot be shown")
    return spec.datasets


def stitched(
    spec: Well | Plate,
    rows: int,
    columns: int,
    level: int,
    shape: Sequence[int],
    path_of: Callable[[int, int], Callable[[], str] | None],
) -> Any:
    """Return images side by side along the last two axes; 0 where there is none."""
    import dask.array as da

    def tile(row: int, column: int) -> Any:
        path = path_of(row, column)
        if path is None:
            return da.zeros(shape, dtype=spec.numpy_type, chunks=spec.img_chunks[level])
        found = Tile(spec.zarr, path, tuple(shape), spec.numpy_type)
        name = f"tile-{spec.zarr.subpath()}-{type(spec).__name__}-{level}-{row}-{column}"
        size, meta = spec.img_chunks[level], np.empty((0,) * len(shape), spec.numpy_type)  # dask would read to find out
        return da.from_array(found, size, name=name, fancy=False, meta=meta)  # type: ignore[no-untyped-call]  # dask's own gap

    grid = [[tile(row, column) for column in range(columns)] for row in range(rows)]
    return da.block(grid)  # type: ignore[no-untyped-call]  # dask's own gap
