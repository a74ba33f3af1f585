"""What users may give when they call a function that writes.

Every such function takes the keywords that are defined here once; `Request` is what one call was given.

Examples
--------
>>> Request.of("memory://a.zarr", None, {"levels": 2, "scale": 0.5}).options.levels
2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter, signature
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

from attrs import evolve, fields_dict, frozen

from omezarr.errors import ArgumentError, UnsupportedError
from omezarr.location import Location
from omezarr.model.content import ImageContent
from omezarr.plugins.registry import Registry, registry_in_use
from omezarr.writing.image_description import image_content
from omezarr.writing.options import RunOptions, WriteKeywords, WriteOptions, near

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.location import LocationLike, StorageOptions
    from omezarr.model import Axis, Channel

K = TypeVar("K")
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
        registry = rest.pop("registry", None) or registry_in_use()
        run, overwrite = rest.pop("run", None), rest.pop("overwrite", False)
        if overwrite and "overwrite" in meaningless:
            raise ArgumentError(f"overwrite has no meaning here: {meaningless['overwrite']}")
        chosen = merged_options(options, rest, meaningless)
        if chosen.own_format is not None:
            _, registry = registry.holding("formats", chosen.own_format)
        return cls(
            target=place,
            options=chosen,
            pixels=pixels,
            overwrite=overwrite,
            run=_run_options(run),
            registry=registry,
        )

    def with_given(self, given: Mapping[str, Any]) -> Request:
        """Return the same with what is given for one of several things that are written; it comes first.

        Raises
        ------
        ArgumentError
            As for `of`, or if something is given that holds for all of them.
        """
        for name in ("format", "consolidated", "registry", "storage_options"):
            if given.get(name) is not None:
                raise ArgumentError(f"{name} has no meaning here: it holds for all that is written there")
        own = Request.of(self.target, self.options, given)
        return evolve(
            self,
            options=own.options,
            pixels={**self.pixels, **own.pixels},
            overwrite=own.overwrite,
            run=own.run if given.get("run") is not None else self.run,
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
