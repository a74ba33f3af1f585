"""What users may write when they call a function that writes, turned into values of one kind.

Every such function takes the keywords that are defined here once; `Request` is what one call was given.

Examples
--------
>>> by_axis("scale", {"x": 0.5}, parse_axes("yx", 2), 1.0)
(1.0, 0.5)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from inspect import Parameter, signature
from numbers import Real
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from attrs import evolve, fields_dict, frozen

from omezarr.arrays import as_source
from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model import CONVENTIONAL_TYPES, UNSET, Axis, Channel
from omezarr.model.content import ImageContent, LabelContent
from omezarr.model.structuring import base_converter, structure
from omezarr.model.units import named_unit
from omezarr.plugins.registry import Registry, default_registry
from omezarr.writing.channels import presentable
from omezarr.writing.labelled_arrays import described
from omezarr.writing.options import RunOptions, WriteKeywords, WriteOptions, near

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.location import LocationLike, StorageOptions

K = TypeVar("K")
M = TypeVar("M")
F = TypeVar("F", bound="Callable[..., Any]")


class PixelKeywords(TypedDict, total=False):
    """What is said of pixels.

    Parameters
    ----------
    axes : str or sequence
        One letter an axis, such as "czyx", or names, `Axis` values or their JSON forms. Default: "yx" for two
        dimensions, "tczyx" for five.
    scale : float, sequence or mapping
        The size of a pixel: one number for all spatial axes, one for each axis, or by axis name.
    units : str or mapping
        One name for all spatial axes, or by axis name, for example ``{"t": "second", "x": "micrometer"}``; symbols such
        as "um" are understood.
    channels : str or sequence
        A name, a `Channel` or its JSON form for each channel.
    """

    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None
    scale: float | Sequence[float] | Mapping[str, float] | None
    units: str | Mapping[str, str] | None
    channels: str | Sequence[str | Channel | Mapping[str, Any]] | None


class WriterKeywords(WriteKeywords, total=False):
    """How and where to write; the fields of `WriteOptions` are among them.

    Parameters
    ----------
    overwrite : bool
        Whether a zarr hierarchy that is there is replaced.
    run : RunOptions
        Memory, threads, scheduler, progress; whether to resume.
    storage_options : mapping or StorageOptions
    registry : Registry
    """

    overwrite: bool
    run: RunOptions | None
    storage_options: Mapping[str, Any] | StorageOptions | None
    registry: Registry | None


class ImageKeywords(PixelKeywords, WriterKeywords, total=False):
    """What all functions take that write images: `PixelKeywords` and `WriterKeywords`."""


def spelled_out(keywords: type) -> Callable[[F], F]:
    """Show the keywords that a function takes as a TypedDict one by one in its signature, as `help` and editors do."""

    def show(function: F) -> F:
        own = signature(function)
        named = [item for item in own.parameters.values() if item.kind is not Parameter.VAR_KEYWORD]
        more = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=getattr(kind, "__forward_arg__", kind))
            for name, kind in keywords.__annotations__.items()
            if name not in own.parameters
        ]
        function.__signature__ = own.replace(parameters=[*named, *more])  # type: ignore[attr-defined]
        return function

    return show


@frozen(kw_only=True)
class Request:
    """What one call of a function that writes was given, whichever way.

    Parameters
    ----------
    target : Location
    options : WriteOptions
        Those of ``options=`` and the single ones, which come first.
    pixels : PixelKeywords
    overwrite : bool
    run : RunOptions
    registry : Registry
    """

    target: Location
    options: WriteOptions
    pixels: PixelKeywords
    overwrite: bool
    run: RunOptions
    registry: Registry

    @classmethod
    def of(
        cls,
        location: LocationLike,
        options: WriteOptions | Mapping[str, Any] | None,
        given: Mapping[str, Any],
        keywords: type = ImageKeywords,
        meaningless: Mapping[str, str] = MappingProxyType({}),
    ) -> Request:
        """Return the request that a call makes.

        Parameters
        ----------
        location : LocationLike
        options : WriteOptions, mapping or None
        given : mapping
            All other keywords.
        keywords : type
            The TypedDict of those that there are.
        meaningless : mapping
            For each option that has no meaning here: why.

        Raises
        ------
        ArgumentError
            If a keyword is unknown, of a wrong type or without meaning here, whichever way it was given.
        """
        known = list(keywords.__annotations__)
        for name in given:
            if name not in known:
                raise ArgumentError(f"unknown argument {name!r}{near(name, known)}")
        rest = dict(given)
        pixels: Any = {name: rest.pop(name) for name in PixelKeywords.__annotations__ if name in rest}
        place = Location.parse(location, rest.pop("storage_options", None))
        registry = rest.pop("registry", None)
        run, overwrite = rest.pop("run", None), rest.pop("overwrite", False)
        if overwrite and "overwrite" in meaningless:
            raise ArgumentError(f"overwrite has no meaning here: {meaningless['overwrite']}")
        chosen = merged_options(options, rest, meaningless)
        return cls(
            target=place,
            options=chosen,
            pixels=pixels,
            overwrite=overwrite,
            run=_run_options(run),
            registry=default_registry() if registry is None else registry,
        )

    def contents(self, images: Mapping[K, Any]) -> dict[K, ImageContent]:
        """Return images that are given as arrays or as content.

        Raises
        ------
        ArgumentError
            If something is said of pixels, and all of them say it themselves.
        """
        if self.pixels and images and all(isinstance(image, ImageContent) for image in images.values()):
            raise ArgumentError(f"{next(iter(self.pixels))} has no meaning here: the images say it themselves")
        return {
            name: image if isinstance(image, ImageContent) else image_content(image, **self.pixels)
            for name, image in images.items()
        }


def _run_options(run: RunOptions | Mapping[str, Any] | None) -> RunOptions:
    if isinstance(run, RunOptions):
        return run
    known = list(fields_dict(RunOptions))
    unknown = [name for name in run if name not in known] if isinstance(run, Mapping) else []
    if unknown or not (run is None or isinstance(run, Mapping)):
        raise ArgumentError(f"run={run!r} says nothing; give RunOptions, with {', '.join(known)}")
    return RunOptions(**run or {})


def merged_options(
    options: WriteOptions | Mapping[str, Any] | None,
    single: Mapping[str, Any],
    meaningless: Mapping[str, str] = MappingProxyType({}),
) -> WriteOptions:
    """Return options with single ones replaced.

    Raises
    ------
    ArgumentError
        If a name is no option, a value says nothing, or one is given that has no meaning, and why.
    """
    if isinstance(options, Mapping):
        options = WriteOptions(**options)
    if options is not None and not isinstance(options, WriteOptions):
        raise ArgumentError(f"options={options!r} says nothing; give WriteOptions, or single ones by name")
    chosen = WriteOptions(**single)
    if options is not None:
        chosen = evolve(options, **single, given=options.given | chosen.given)
    for name, why in meaningless.items():
        if name in chosen.given:
            raise ArgumentError(f"{name} has no meaning here: {why}")
    return chosen


CHANNEL_KEYS = ("label", "color", "window", "active", "coefficient", "family", "inverted")
"""What a channel may say: the keys of the specification and those that its examples, and OMERO, have beside them."""


def image_content(
    image: Any,
    *,
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None = None,
    name: str | None = None,
    scale: float | Sequence[float] | Mapping[str, float] | None = None,
    translation: Sequence[float] | Mapping[str, float] | None = None,
    units: str | Mapping[str, str] | None = None,
    channels: str | Sequence[str | Channel | Mapping[str, Any]] | None = None,
    labels: Mapping[str, Any] | None = None,
) -> ImageContent:
    """Return an image that a user gives as an array, with what else is said of it.

    Parameters
    ----------
    image : array or PixelSource
        What an `xarray.DataArray` says by its dimensions, coordinates and name holds where nothing else is given.
    axes, name, scale, translation, units, channels, labels
        As for `omezarr.write_image`.

    Raises
    ------
    ArgumentError, MetadataError
        If something does not fit the array.
    """
    if labels is not None and not isinstance(labels, Mapping):
        raise ArgumentError("labels are given by name, for example labels={'nuclei': array}")
    said = described(image)
    pixels = as_source(image if said is None else said.pixels)
    parsed = parse_axes(said.axes if axes is None and said is not None else axes, len(pixels.shape), units)
    content = ImageContent(
        pixels=pixels,
        axes=parsed,
        name=name,
        scale=by_axis("scale", scale, parsed, 1.0),
        translation=by_axis("translation", translation, parsed, 0.0),
        channels=parse_channels(channels),
        labels={key: LabelContent(pixels=as_source(array)) for key, array in (labels or {}).items()},
    )
    return content if said is None else said.added_to(content)


def parse_axes(
    axes: str | Sequence[str | Axis | Mapping[str, Any]] | None, ndim: int, units: str | Mapping[str, str] | None = None
) -> tuple[Axis, ...]:
    """Return the axes that a user names, with conventional types and the units given.

    Parameters
    ----------
    axes : str or sequence, optional
        Default: "yx" for two dimensions, "tczyx" for five.
    ndim : int
        The number of dimensions.
    units : str or mapping, optional
        One for all spatial axes, or by axis name; symbols become names.

    Raises
    ------
    ArgumentError
        If the axes do not fit the dimensions, or none are given where that is ambiguous; if a unit is none.

    Examples
    --------
    >>> [axis.unit for axis in parse_axes("cyx", 3, "um")]
    [UNSET, 'micrometer', 'micrometer']
    """
    if axes is None:
        defaults = {2: "yx", 5: "tczyx"}
        if ndim not in defaults:
            raise ArgumentError(f"{ndim} dimensions can mean several things; name them with axes, for example 'czyx'")
        axes = defaults[ndim]
    if not isinstance(axes, Iterable):
        raise ArgumentError(f"axes={axes!r} says nothing; give one letter an axis, for example 'czyx'")
    parsed = tuple(conventional_axis(axis) if isinstance(axis, str) else as_model(axis, Axis) for axis in axes)
    names = [axis.name for axis in parsed]
    if len(names) != ndim:
        raise ArgumentError(f"the axes {', '.join(names)} are {len(names)}, but the array has {ndim} dimensions")
    if len(set(names)) != len(names):
        raise ArgumentError(f"the axes {', '.join(names)} name one twice")
    if units is None:
        return parsed
    if isinstance(units, str):
        return tuple(_with_unit(axis, units) if axis.type == "space" else axis for axis in parsed)
    unknown = [name for name in units if name not in names]
    if unknown:
        raise ArgumentError(f"units are given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
    return tuple(_with_unit(axis, units[axis.name]) if axis.name in units else axis for axis in parsed)


def _with_unit(axis: Axis, unit: str) -> Axis:
    """Return an axis with a unit by its name; one that is so many of another stays until the pixel sizes are known."""
    if axis.type not in ("space", "time"):
        return evolve(axis, unit=unit)
    found = named_unit(str(unit), axis.type)
    if found is None:
        kind, example = ("length", "micrometer") if axis.type == "space" else ("time", "second")
        raise ArgumentError(
            f"{unit!r} is no unit of {kind} that NGFF knows, for the axis {axis.name}; give one such as {example!r}"
        )
    return evolve(axis, unit=found.unit if found.value == 1 else unit)


def as_model(given: M | Mapping[str, Any], model: type[M]) -> M:
    """Return metadata that a user gives as a value or in its JSON form.

    Raises
    ------
    ArgumentError
        If it is neither.
    MetadataError
        If the JSON form is malformed.
    """
    if isinstance(given, model):
        return given
    if not isinstance(given, Mapping):
        raise ArgumentError(f"{given!r} is no {model.__name__}; give one of omezarr.{model.__name__}, or its JSON form")
    return structure(base_converter(), dict(given), model)


def conventional_axis(name: str) -> Axis:
    """Return the axis of a name, with its conventional type where the name has one."""
    return Axis(name, CONVENTIONAL_TYPES.get(name, UNSET))


def by_axis(
    what: str, given: float | Sequence[float] | Mapping[str, float] | None, axes: tuple[Axis, ...], default: float
) -> tuple[float, ...] | None:
    """Return one number for each axis of what a user gives as one number, a sequence or a mapping; None stays None.

    Raises
    ------
    ArgumentError
        If it does not fit the axes.
    """
    if given is None:
        return None
    names = [axis.name for axis in axes]
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ArgumentError(f"a {what} is given for {', '.join(unknown)}, but the axes are {', '.join(names)}")
        values = _numbers(what, [given.get(name, default) for name in names])
    elif isinstance(given, int | float | Real):
        values = tuple(float(given) if axis.type == "space" else default for axis in axes)
    else:
        values = _numbers(what, given)
    if len(values) != len(names):
        raise ArgumentError(f"the {what} has {len(values)} values for the axes {', '.join(names)}")
    if not all(map(math.isfinite, values)) or (what == "scale" and min(values) <= 0):
        raise ArgumentError(f"the {what} {values} must be finite" + (" and above 0" if what == "scale" else ""))
    return values


def _numbers(what: str, given: Any) -> tuple[float, ...]:
    if isinstance(given, str) or not isinstance(given, Iterable) or not all(isinstance(value, Real) for value in given):
        raise ArgumentError(f"{what}={given!r} says nothing; give numbers, for example {{'y': 2, 'x': 2}}")
    return tuple(float(value) for value in given)


def parse_channels(
    given: str | Channel | Mapping[str, Any] | Sequence[str | int | Channel | Mapping[str, Any]] | None,
) -> tuple[Channel, ...] | None:
    """Return the channels that a user gives as names, JSON objects or values; None stays None, a lone one is one.

    Raises
    ------
    ArgumentError
        If a key or a colour is none.
    MetadataError
        If an object is malformed.
    """
    if given is None:
        return None
    items = [given] if isinstance(given, str | Channel | Mapping) else given
    if not isinstance(items, Iterable):
        raise ArgumentError(f"channels={given!r} says nothing; give a name for each, for example ['DAPI', 'GFP']")
    return tuple(presentable(_channel(item)) for item in items)


def _channel(item: str | int | Channel | Mapping[str, Any]) -> Channel:
    if isinstance(item, str | int):
        return Channel(label=item)
    unknown = [key for key in item if key not in CHANNEL_KEYS] if isinstance(item, Mapping) else []
    if unknown:
        raise ArgumentError(f"a channel has no {unknown[0]!r}{near(unknown[0], CHANNEL_KEYS)}")
    return as_model(item, Channel)


def factors_between(large: Sequence[int], small: Sequence[int]) -> tuple[int, ...]:
    """Return the integer factors between the shapes of two levels.

    Raises
    ------
    UnsupportedError
        If there are none.
    """
    factors = tuple(
        1
        if full == size
        else next((factor for factor in {full // size, -(-full // size)} if factor and -(-full // factor) == size), 0)
        for full, size in zip(large, small, strict=True)
    )
    if 0 in factors:
        raise UnsupportedError(
            f"the levels of the image, {tuple(large)} and {tuple(small)}, are not an integer factor apart, "
            "so labels cannot be given the same ones"
        )
    return factors


def natural_order(name: str) -> tuple[int, int, str]:
    """Return a key that sorts names as people do: numbers by value, then letters by length."""
    return (0, int(name), "") if name.isdecimal() else (1, len(name), name)
