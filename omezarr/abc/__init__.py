"""The interface of each extension axis: what a plugin implements and returns from its hooks.

The docstring of each hook in `omezarr.hookspecs` holds the complete smallest implementation. Contributions are
instances with a name; nothing is registered by being imported. Modules with implementations stay light: they import
zarr, dask, numpy and the like inside functions.
"""

from omezarr.abc.claims import ArrayFacts, Certainty, Claim, Hint, Reference
from omezarr.abc.exchange import Exporter, ExportRun, Importer, SampleData
from omezarr.abc.format_version import FormatVersion
from omezarr.abc.node_type import GroupView, NodeType
from omezarr.abc.rules import RuleSet
from omezarr.abc.scaling_method import ScalingMethod
from omezarr.abc.storage_scheme import OpenedStore, StorageScheme
from omezarr.abc.viewer import Viewer
from omezarr.model.pixels import PixelSource
from omezarr.stores import ConditionalStore, PackedStore, Packing, StoreTraits

__all__ = [
    "ArrayFacts",
    "Certainty",
    "Claim",
    "ConditionalStore",
    "ExportRun",
    "Exporter",
    "FormatVersion",
    "GroupView",
    "Hint",
    "Importer",
    "NodeType",
    "OpenedStore",
    "PackedStore",
    "Packing",
    "PixelSource",
    "Reference",
    "RuleSet",
    "SampleData",
    "ScalingMethod",
    "StorageScheme",
    "StoreTraits",
    "Viewer",
]
