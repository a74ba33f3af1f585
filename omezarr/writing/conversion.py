"""Converting whatever an importer reads to OME-Zarr, or to whatever an exporter writes.

Examples
--------
>>> import numpy as np, tempfile, pathlib
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> np.save(folder / "image.npy", np.zeros((32, 32), dtype="uint8"))
>>> convert(folder / "image.npy", folder / "image.ome.zarr", axes="yx", format="0.4").levels[0].shape
(32, 32)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from omezarr.errors import ArgumentError, LocationNotFoundError, PluginError, SourceError
from omezarr.files import looking_at
from omezarr.location import Location
from omezarr.model.content import Content, ImageContent
from omezarr.nodes.reading import open as open_node
from omezarr.plugins.asking import ask_all, best_claim, calling, named_missing
from omezarr.plugins.registry import registry_in_use
from omezarr.writing import plan_content
from omezarr.writing.arranging import arranged
from omezarr.writing.exporting import (
    Export,
    check_export,
    choose_exporter,
    refuse_unknown_options,
    refuse_write_options,
    run_export,
)
from omezarr.writing.images import run_plan
from omezarr.writing.overrides import part_of, with_overrides
from omezarr.writing.requests import ImageKeywords, Request, merged_options, spelled_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omezarr.abc import Exporter, Importer
    from omezarr.abc.plan import Plan
    from omezarr.location import LocationLike, StorageOptions
    from omezarr.nodes.node import Node
    from omezarr.plugins.registry import Registry
    from omezarr.writing import WriteOptions


class ConversionKeywords(ImageKeywords, total=False):
    """What is said of a conversion, beside `ImageKeywords`.

    Parameters
    ----------
    importer : str or Importer
        Default: the one that claims the source.
    importer_options : mapping
        Options of the importer, for example ``{"series": "all"}`` of "tiff".
    exporter : str or Exporter
        Default: the one that claims the target. "omezarr" makes an OME-Zarr of it whoever claims it.
    exporter_options : mapping
        Options of the exporter, for example ``{"axes": "zyx"}`` of "npy".
    name : str
        Takes the place of what the source says.
    labels : bool, str or sequence of str
        Which label images of the source are taken: none (False, "no"), or those named. Default: all.
    region : mapping
        Axis name to start and stop, in pixels of the source: only this part is converted, and is where it was.
    options : WriteOptions
    source_options : mapping or StorageOptions
        How to reach the source; `storage_options` are those of the target.
    """

    importer: str | Importer | None
    importer_options: Mapping[str, Any] | None
    exporter: str | Exporter | None
    exporter_options: Mapping[str, Any] | None
    name: str | None
    labels: bool | str | Sequence[str] | None
    region: Mapping[str, tuple[int, int]] | None
    options: WriteOptions | None
    source_options: Mapping[str, Any] | StorageOptions | None


@spelled_out(ConversionKeywords)
def convert(source: LocationLike, target: LocationLike, **given: Unpack[ConversionKeywords]) -> Node | None:
    """Convert a file, an array or an OME-Zarr to an OME-Zarr, or to a file of another kind.

    Parameters
    ----------
    source : str, path or Location
    target : str, path, Location, zarr store or zarr group
        What an exporter claims, by its suffix, becomes a file of the exporter's kind; everything else an OME-Zarr.
    **given
        `ConversionKeywords`: importer, exporter and their options, name and region; axes, scale, units and channels,
        which take the place of what the source says; how to write, as for `omezarr.write_image`.

    Returns
    -------
    Node or None
        The target, opened for reading; None where an exporter has written it.

    Raises
    ------
    SourceError
        If no importer reads the source, or it is broken.
    PluginError
        If the importer fails in a way of its own, or returns no content.
    ArgumentError
        If source and target lie inside each other, or an option is unknown.
    UnsupportedError, LossyError, TargetExistsError, WriteError
        See `omezarr.writing.images.write_content`.
    """
    prepared = prepare_conversion(source, target, **given)
    if isinstance(prepared, Export):
        run_export(prepared, given.get("run"))
        return None
    registry = given.get("registry") or registry_in_use()
    own = merged_options(given.get("options"), {"format": given.get("format")}).own_format
    if own is not None:
        _, registry = registry.holding("formats", own)
    run_plan(prepared, registry, given.get("run"))
    return open_node(prepared.target, registry=registry)


@spelled_out(ImageKeywords)
def prepare_conversion(
    source: LocationLike,
    target: LocationLike,
    *,
    importer: str | Importer | None = None,
    importer_options: Mapping[str, Any] | None = None,
    exporter: str | Exporter | None = None,
    exporter_options: Mapping[str, Any] | None = None,
    name: str | None = None,
    labels: bool | str | Sequence[str] | None = None,
    region: Mapping[str, tuple[int, int]] | None = None,
    options: WriteOptions | None = None,
    source_options: Mapping[str, Any] | StorageOptions | None = None,
    **given: Unpack[ImageKeywords],
) -> Plan | Export:
    """Return what a conversion will do without writing anything; the parameters are those of `convert`."""
    request = Request.of(target, options, given)
    registry, place, said = request.registry, request.target, request.pixels
    axes = said.get("axes")
    origin = Location.parse(source, source_options)
    chosen = choose_exporter(place, registry, exporter)
    if chosen is not None:
        refuse_write_options(chosen[0], request.options)
        refuse_unknown_options("exporter", chosen[0], exporter_options or {})
    elif exporter_options:
        raise ArgumentError(f"no exporter writes {place}, so its options have no meaning; choose one with --exporter")
    refuse_overlap(origin, place)
    reader = choose_importer(origin, registry, importer)
    reader_options = dict(importer_options or {})
    if axes is not None:
        reader_options["axes"] = axes
    if labels is not None and labels is not True:
        names = labels or "no"
        reader_options["labels"] = names if isinstance(names, str) else ",".join(names)
    refuse_unknown_options("importer", reader, reader_options)
    content = loaded_content(reader, origin, reader_options, registry)

    def changed(image: ImageContent) -> ImageContent:
        return with_overrides(part_of(arranged(image), region or {}), said)

    content = content.map_images(changed)
    if name is not None:
        if not hasattr(content, "name"):
            raise ArgumentError(f"{type(content).__name__} has no name of its own; choose one of its images to name it")
        content = evolve(content, name=name)  # type: ignore[misc]  # it is an attrs class, as has just been seen
    if chosen is None:
        return plan_content(place, content, request.options, registry, overwrite=request.overwrite)
    export = Export(
        exporter=chosen[0],
        reason=chosen[1],
        content=content,
        target=place,
        options=dict(exporter_options or {}),
        registry=registry,
        overwrite=request.overwrite,
    )
    check_export(export)
    return export


def choose_importer(source: Location, registry: Registry, given: str | Importer | None = None) -> Importer:
    """Return the importer that reads a source.

    Parameters
    ----------
    source : Location
    registry : Registry
    given : str or Importer, optional
        One to be taken whatever the others claim, or its name.

    Raises
    ------
    LocationNotFoundError
        If a local source is not there.
    SourceError
        If no importer reads it.
    ConflictError
        If several claim it with equal right.
    """
    if given is not None:
        return registry.importers[given] if isinstance(given, str) else given
    asked = ask_all(registry.importers, "claim", lambda importer: importer.claim(source))
    found = best_claim(
        str(source), [(f"the importer {importer.name!r}", claim, importer) for _, importer, claim in asked.claims]
    )
    if found is not None:
        return found
    if source.protocol == "local":
        with looking_at(Path(source.url)):
            if not Path(source.url).exists():
                raise LocationNotFoundError(f"there is nothing at {source}")
    known = ", ".join(
        f"{importer.name} ({' '.join(importer.suffixes) or 'no suffix'})" for importer in registry.importers.values()
    )
    raise SourceError(
        f"no importer reads {source}; there are: {known}. Choose one with --importer if it should"
        f"{named_missing(registry.importers)}"
    )


def loaded_content(reader: Importer, source: Location, options: Mapping[str, Any], registry: Registry) -> Content:
    """Return what an importer reads.

    Raises
    ------
    PluginError
        If it raises anything unforeseen, or that is no content.
    """
    with calling(registry.importers, reader.name, "load", reader):
        content: object = reader.load(source, options)
    if isinstance(content, Content):
        return content
    what = "None" if content is None else f"an instance of {type(content).__name__}"
    raise PluginError(
        f"the importer {reader.name!r} returned {what} for {source}, not the content of an image, plate, collection or "
        "anything else; choose another one with --importer, or report this to its authors"
    )


def refuse_overlap(source: Location, target: Location) -> None:
    """Raise if one location lies inside the other: writing would change what is being read.

    Raises
    ------
    ArgumentError
    """
    if source.protocol != target.protocol:
        return
    if source.protocol == "local":
        inner, outer = Path(source.url).resolve(), Path(target.url).resolve()
        overlap = inner == outer or outer in inner.parents or inner in outer.parents
    elif source.store is not None or target.store is not None:
        left, right = f"{source.path}/", f"{target.path}/"
        overlap = source.store == target.store and (left.startswith(right) or right.startswith(left))
    else:
        left, right = f"{source.url}/", f"{target.url}/"
        overlap = left.startswith(right) or right.startswith(left)
    if overlap:
        raise ArgumentError(f"the source {source} and the target {target} lie inside each other; choose another target")
