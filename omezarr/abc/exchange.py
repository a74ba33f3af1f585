"""The interfaces of what comes from elsewhere and goes elsewhere: importers, exporters, samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omezarr.abc.claims import Claim
    from omezarr.abc.plan import ProgressCallback
    from omezarr.location import Location
    from omezarr.model.content import Content


class Importer(ABC):
    """A reader of files that are not OME-Zarr, or of anything else that holds images.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        In lower case with the dot.
    options : mapping
        Name to explanation of the options that `load` takes.

    Examples
    --------
    The smallest one:

    >>> from omezarr.abc import Claim, Importer
    >>> class Blank(Importer):
    ...     name = "blank"
    ...     suffixes = (".blank",)
    ...
    ...     def claim(self, location):
    ...         return Claim(Claim.NAME, "its name ends in .blank") if location.name.endswith(".blank") else None
    ...
    ...     def load(self, location, options):
    ...         import numpy as np
    ...         from omezarr.model.content import ImageContent
    ...         from omezarr.arrays import as_source
    ...         from omezarr.model import conventional_axes
    ...
    ...         return ImageContent(pixels=as_source(np.zeros((8, 8))), axes=conventional_axes("yx"))
    >>> from omezarr.location import Location
    >>> Blank().load(Location.parse("a.blank"), {}).pixels.shape
    (8, 8)
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def claim(self, location: Location) -> Claim | None:
        """Say whether a location is for this importer; by suffix, or by a look at the first bytes of a local file."""

    @abstractmethod
    def load(self, location: Location, options: Mapping[str, Any]) -> Content:
        """Describe what the location holds, lazily: pixels are read when they are written.

        Raises
        ------
        LocationNotFoundError, SourceError, ArgumentError, MissingDependencyError
        """


@frozen(kw_only=True)
class ExportRun:
    """How an export is carried out; it changes nothing in the result.

    Parameters
    ----------
    threads : int
        How many threads may work at once.
    memory : int
        About how many bytes of pixels may be held at once.
    progress : callable, optional
        Called with `omezarr.abc.plan.Progress`.
    """

    threads: int = 1
    memory: int = 256 * 1024**2  # a few planes of a camera; the kernel passes on what the user allows
    progress: ProgressCallback | None = None


class Exporter(ABC):
    """A writer of files that are not OME-Zarr.

    Attributes
    ----------
    name : str
    suffixes : tuple of str
        In lower case with the dot.
    options : mapping
        Name to explanation of the options that `save` takes; others are refused before it is called.
    staged : bool
        Whether `save` writes files on a local disk. It is given a place of the target's name in a new folder beside
        the target; all that it has written there takes its place beside the target when it returns, and nothing does
        if it raises. False: it is given the target itself, wherever that is, and refuses what is there already.

    Examples
    --------
    The smallest one:

    >>> from omezarr.abc import Claim, ExportRun, Exporter
    >>> class ShapeOnly(Exporter):
    ...     name = "shape"
    ...     suffixes = (".shape",)
    ...
    ...     def claim(self, location):
    ...         return Claim(Claim.NAME, "its name ends in .shape") if location.name.endswith(".shape") else None
    ...
    ...     def save(self, content, location, options, run):
    ...         from pathlib import Path
    ...
    ...         Path(location.url).write_text(str(content.pixels.shape))
    >>> from omezarr.location import Location
    >>> ShapeOnly().claim(Location.parse("a.shape")).specificity
    10
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[Mapping[str, str]] = {}
    staged: ClassVar[bool] = True

    @abstractmethod
    def claim(self, location: Location) -> Claim | None:
        """Say whether a target is for this exporter, from its name alone."""

    def check(self, content: Content, options: Mapping[str, Any]) -> None:
        """Refuse what cannot be written, before anything is.

        Raises
        ------
        UnsupportedError, ArgumentError
        """

    @abstractmethod
    def save(self, content: Content, location: Location, options: Mapping[str, Any], run: ExportRun) -> None:
        """Write content to a place, region by region.

        Raises
        ------
        UnsupportedError, ArgumentError, WriteError
        """


class SampleData(ABC):
    """Data for trying things out; the same at every call.

    Attributes
    ----------
    name : str
    description : str
        One line.

    Examples
    --------
    The smallest one:

    >>> from omezarr.abc import SampleData
    >>> class Grey(SampleData):
    ...     name = "grey"
    ...     description = "a small grey image"
    ...
    ...     def load(self):
    ...         import numpy as np
    ...         from omezarr.model.content import ImageContent
    ...         from omezarr.arrays import as_source
    ...         from omezarr.model import conventional_axes
    ...
    ...         return ImageContent(pixels=as_source(np.full((8, 8), 128)), axes=conventional_axes("yx"))
    >>> Grey().load().pixels.shape
    (8, 8)
    """

    name: ClassVar[str]
    description: ClassVar[str]

    @abstractmethod
    def load(self) -> Content:
        """Describe the sample."""
