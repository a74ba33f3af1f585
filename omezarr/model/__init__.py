"""The version-neutral model of NGFF metadata: frozen values in the terms of the specification, no I/O, no rules.

It is wide enough for every version from 0.1 to 0.6. Which keys a version has, and how it writes them, is the business
of format versions; what a document must say is the business of rules.
"""

from omezarr.model._base import (
    JSON,
    UNSET,
    JSONPath,
    Unset,
    deep_equal,
    extra,
    is_model,
    json_name,
    named,
)
from omezarr.model.axes import (
    CONVENTIONAL_SYSTEM,
    CONVENTIONAL_TYPES,
    Axis,
    CoordinateSystem,
    conventional_axes,
)
from omezarr.model.collections import Bioformats2Raw, Scene, Series
from omezarr.model.document import Document, GroupMetadata
from omezarr.model.geometry import LevelGeometry, composed_geometry, relative_scales
from omezarr.model.labels import ImageLabel, LabelColor, LabelProperty, Labels, LabelSource
from omezarr.model.multiscales import Channel, Dataset, Image, Multiscale, Omero, Window
from omezarr.model.plate import Acquisition, Column, Field, Plate, Row, Well, WellReference
from omezarr.model.transformations import (
    TRANSFORMATION_TYPES,
    Affine,
    Bijection,
    ByDimension,
    Coordinates,
    DimensionItem,
    Displacements,
    Identity,
    MapAxis,
    ProjectAxis,
    Rotation,
    Scale,
    Sequence,
    SystemReference,
    Transformation,
    Translation,
    UnknownTransformation,
)

__all__ = [
    "CONVENTIONAL_SYSTEM",
    "CONVENTIONAL_TYPES",
    "JSON",
    "TRANSFORMATION_TYPES",
    "UNSET",
    "Acquisition",
    "Affine",
    "Axis",
    "Bijection",
    "Bioformats2Raw",
    "ByDimension",
    "Channel",
    "Column",
    "CoordinateSystem",
    "Coordinates",
    "Dataset",
    "DimensionItem",
    "Displacements",
    "Document",
    "Field",
    "GroupMetadata",
    "Identity",
    "Image",
    "ImageLabel",
    "JSONPath",
    "LabelColor",
    "LabelProperty",
    "LabelSource",
    "Labels",
    "LevelGeometry",
    "MapAxis",
    "Multiscale",
    "Omero",
    "Plate",
    "ProjectAxis",
    "Rotation",
    "Row",
    "Scale",
    "Scene",
    "Sequence",
    "Series",
    "SystemReference",
    "Transformation",
    "Translation",
    "UnknownTransformation",
    "Unset",
    "Well",
    "WellReference",
    "Window",
    "composed_geometry",
    "conventional_axes",
    "deep_equal",
    "extra",
    "is_model",
    "json_name",
    "named",
    "relative_scales",
]
