"""The plan that upgrades a hierarchy into a new one: chunks are copied as they are where that is possible.

Where it is not, or where other chunks, shards or codecs are asked for, the pixels of each level are written anew, as
they are: levels are never computed again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.abc.plan import (
    ArraySpec,
    Codec,
    CreateGroup,
    Phase,
    Plan,
    Step,
    TransferObjects,
    WriteLevels,
    WriteObject,
)
from omezarr.arrays import as_source, expanded
from omezarr.arrays.chunk_keys import ChunkKeys
from omezarr.arrays.codecs import Obstacle, common_codec, has_checksums, uses_extension
from omezarr.arrays.defaults import default_codec, fitting_shards
from omezarr.arrays.digests import MANIFEST
from omezarr.arrays.stored import json_bytes
from omezarr.engine.methods import AS_STORED
from omezarr.errors import UnsupportedError
from omezarr.hierarchy import DOCUMENTS
from omezarr.nodes.survey import joined
from omezarr.upgrading.arrays import described
from omezarr.writing.options import sizes_by_axis
from omezarr.writing.pyramids import no_checksums

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.location import Location
    from omezarr.model import JSON, Axis
    from omezarr.upgrading.changes import ArrayChange, Changes
    from omezarr.upgrading.groups import LevelAxes

    Shape = tuple[int, ...]


@frozen(kw_only=True)
class RewriteOptions:
    """How the pixels of images are written anew.

    Parameters
    ----------
    chunks, shards : mapping or sequence, optional
        Sizes by axis name, or one for each axis. Default: as they are, without shards where the version has none.
    codec : Codec or str, optional
        Default: as it is.
    checksums : bool, optional
        Whether a checksum follows the content of each chunk. Default: as it is, none where the version has none.
    expand_axes : bool
        Whether axes of length 1 are added where the version wants all five.
    """

    chunks: Mapping[str, int] | Sequence[int] | None = None
    shards: Mapping[str, int] | Sequence[int] | None = None
    codec: Codec | str | None = None
    checksums: bool | None = None
    expand_axes: bool = False

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the options that ask for something."""
        names = ("chunks", "shards", "codec", "checksums")
        asked = [name for name in names if getattr(self, name) is not None]
        return (*asked, *(["expand_axes"] if self.expand_axes else []))


def into_target_plan(changes: Changes, target: Location, options: RewriteOptions, *, overwrite: bool) -> Plan:
    """Return the plan that writes a hierarchy to a new place, in its new version.

    Parameters
    ----------
    changes : Changes
    target : Location
    options : RewriteOptions
    overwrite : bool
        Whether an existing zarr hierarchy is replaced.

    Raises
    ------
    UnsupportedError
        If an array cannot be carried over, or the version has no shards.
    ArgumentError
        If sizes do not fit the axes.
    """
    if options.shards is not None and changes.version.zarr_format == 2:
        raise UnsupportedError(
            f"NGFF {changes.version.version} has no shards; leave them out or choose a newer version"
        )
    if options.checksums and changes.version.zarr_format == 2:
        raise UnsupportedError(no_checksums(changes.version, changes.survey.root.registry))
    copy = _Copy(changes, options)
    steps = [step for path, change in changes.arrays.items() for step in copy.array_steps(path, change)]
    files = [
        file for file in changes.survey.existing_files() if file != MANIFEST
    ]  # which says what was, not what will be
    if files:
        steps.append(copy.transfer({file: file for file in files}))
    paths = reversed(list(changes.groups))
    groups = [CreateGroup(path=path, attributes=changes.groups[path].attributes) for path in paths]
    return Plan(
        target=target,
        zarr_format=changes.version.zarr_format,
        phases=(Phase(name="arrays and files", steps=tuple(steps)), Phase(name="groups", steps=tuple(groups))),
        overwrite=overwrite,
    )


@frozen
class _Copy:
    changes: Changes
    options: RewriteOptions

    @property
    def _format(self) -> Any:
        return self.changes.version.zarr_format

    def transfer(self, keys: Mapping[str, str]) -> TransferObjects:
        """Return the step that copies objects, given their new keys by the old ones."""
        return TransferObjects(pairs=tuple(keys.items()), source=self.changes.survey.root.location)

    def array_steps(self, path: str, change: ArrayChange) -> list[Step]:
        """Return the steps that copy an array, or write its pixels anew."""
        node, survey = change.node, self.changes.survey
        now = ChunkKeys.of(node)
        keys = survey.keys(path) if survey.listable else []
        named_alike = () if now is None else now.alternatives
        loose = [key for key in keys if key not in DOCUMENTS and all(names.index(key) is None for names in named_alike)]
        beside = [self.transfer({joined(path, key): joined(path, key) for key in loose})] if loose else []
        if self._is_rewritten(change) or not survey.listable:
            return [self._rewriting(path, change), *beside]
        then = self._keys_to_come(change, now)
        if then is None:
            document: dict[str, JSON] | Obstacle = Obstacle(
                "names its chunks in a way that zarr format 2 does not know"
            )
        else:
            document = described(self._format, node, change.labels, then)
        if isinstance(document, Obstacle):
            if not document.rewritable:
                raise UnsupportedError(f"the array {path!r} {document.reason}; remove or convert it first")
            return [self._rewriting(path, change), *beside]
        steps: list[Step] = list(beside)
        chunks = {} if now is None or then is None else now.renamed(keys, then)
        if chunks:
            steps.append(self.transfer({joined(path, old): joined(path, new) for old, new in chunks.items()}))
        if self._format == 2 and change.labels.attributes:
            steps.append(WriteObject(key=joined(path, ".zattrs"), content=json_bytes(change.labels.attributes)))
        name = "zarr.json" if self._format == 3 else ".zarray"
        return [*steps, WriteObject(key=joined(path, name), content=json_bytes(document))]

    def _is_rewritten(self, change: ArrayChange) -> bool:
        if self._format == 3 and uses_extension(change.node):
            return True
        if change.axes is None:
            return False
        asked = {"chunks", "shards", "codec", "checksums"}.intersection(self.options.given)
        return bool(asked) or len(change.axes.own) != len(change.axes.wanted)

    def _keys_to_come(self, change: ArrayChange, now: ChunkKeys | None) -> ChunkKeys | None:
        node = change.node
        if self._format == 3:
            return ChunkKeys("default", "/", now.ndim) if now is not None and node.zarr_format == 2 else now
        if now is None:
            return None
        return ChunkKeys("v2", self._separator(change, now), now.ndim)

    def _separator(self, change: ArrayChange, now: ChunkKeys) -> Any:
        return self.changes.version.separator if change.axes is not None else now.separator

    def _rewriting(self, path: str, change: ArrayChange) -> WriteLevels:
        """Return the step that reads the pixels of an array and writes them anew."""
        import numpy as np

        array = self.changes.survey.hierarchy.array(path)
        source = as_source(array)
        dtype = np.dtype(array.dtype).newbyteorder("=")
        shape, chunks, shards = tuple(array.shape), tuple(array.chunks), array.shards
        axes = change.axes
        if axes is not None and len(axes.own) != len(axes.wanted):
            shape, chunks = _spread(shape, axes), _spread(chunks, axes)
            shards = None if shards is None else _spread(tuple(shards), axes)
            source = expanded(source, shape)
        chunks, shards = self._grid(shape, chunks, shards, () if axes is None else axes.wanted)
        spec = ArraySpec(
            path=path,
            shape=shape,
            chunks=chunks,
            shards=shards,
            dtype=str(dtype),
            zarr_format=self._format,
            separator="/" if self._format == 3 else self._separator(change, ChunkKeys("v2", "/", len(shape))),
            codec=self._codec(change, dtype),
            checksums=self._checksums(change),
            fill_value=0 if array.fill_value is None else np.asarray(array.fill_value).item(),
            dimension_names=change.labels.dimension_names,  # type: ignore[arg-type]  # null is a name in zarr
            attributes=change.labels.attributes,
        )
        return WriteLevels(source=source, arrays=(spec,), factors=(), method=AS_STORED)

    def _grid(
        self, shape: Shape, chunks: Shape, shards: Shape | None, axes: tuple[Axis, ...]
    ) -> tuple[Shape, Shape | None]:
        """Return chunks and shards: those that are asked for, else those that are there."""
        given = self.options if axes else RewriteOptions()
        if given.chunks is not None:
            wanted, shards = sizes_by_axis(given.chunks, axes, "chunks"), None
            chunks = tuple(min(chunk, max(size, 1)) for chunk, size in zip(wanted, shape, strict=True))
        if given.shards is not None:
            shards = sizes_by_axis(given.shards, axes, "shards")
            shards = fitting_shards(shards, chunks, shape, axes)
        return chunks, shards if self._format == 3 else None

    def _codec(self, change: ArrayChange, dtype: Any) -> Codec:
        """Return the codec: the one that is asked for, else the one that is there, else the usual one."""
        given = self.options.codec if change.axes is not None else None
        if given is not None:
            return Codec.parse(given) if isinstance(given, str) else given
        return common_codec(change.node.metadata) or default_codec(dtype)

    def _checksums(self, change: ArrayChange) -> bool:
        given = self.options.checksums if change.axes is not None else None
        return self._format == 3 and (has_checksums(change.node.metadata) if given is None else given)


def _spread(sizes: Shape, axes: LevelAxes) -> Shape:
    own = dict(zip((axis.name for axis in axes.own), sizes, strict=True))
    return tuple(own.get(axis.name, 1) for axis in axes.wanted)
