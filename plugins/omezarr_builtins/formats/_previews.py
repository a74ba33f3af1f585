"""What the previews of 0.6 (0.6.dev1 to dev4) wrote differently, translated on reading.

Inputs and outputs were names instead of objects; axes were names instead of indices; the parts of a ``byDimension``
were not wrapped; ``inverseOf`` was a type of its own. Everything here works on raw JSON and leaves alone what it does
not understand: structuring then says what is wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from attrs import frozen

from omezarr.model import Multiscale, Scene
from omezarr.model.structuring import model_structure_hook, tolerate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cattrs import Converter

    from omezarr.model import JSON

    Axes = list[str] | None

TRANSFORMATIONS = "coordinateTransformations"


def configure_previews(converter: Converter) -> None:
    """Override a converter so that images and scenes of the previews of 0.6 are understood."""
    _translate(converter, Multiscale, _current_multiscale)
    _translate(converter, Scene, _current_scene)


def _translate(converter: Converter, cls: type[Multiscale | Scene], translate: Callable[[Any], Any]) -> None:
    hook: Callable[[Any, Any], Any] = model_structure_hook(converter, cls)
    converter.register_structure_hook(cls, lambda raw, _: hook(translate(raw), cls))


def with_scene(values: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the values of a document in which the keys of a scene, if they stand by themselves, are one."""
    loose = [key for key in ("coordinateSystems", TRANSFORMATIONS) if key in values]
    if TRANSFORMATIONS not in loose or "scene" in values or "multiscales" in values:
        return dict(values)
    tolerate(f"{TRANSFORMATIONS} stand outside of a scene; read as one")
    rest = {key: value for key, value in values.items() if key not in loose}
    return {**rest, "scene": {key: values[key] for key in loose}}


def _current_multiscale(raw: Any) -> Any:
    systems = _systems(raw)
    translated = _each(raw, TRANSFORMATIONS, Translator(systems, "name", "name").outer)
    level = Translator(systems, "path", "name").outer
    return _each(translated, "datasets", lambda dataset: _each(dataset, TRANSFORMATIONS, level))


def _current_scene(raw: Any) -> Any:
    return _each(raw, TRANSFORMATIONS, Translator(_systems(raw), "path", "path").outer)


def _each(raw: Any, key: str, translate: Callable[[Any], Any]) -> Any:
    """Return raw JSON with each item of the list at a key translated; where there is no such list, as it is."""
    if not isinstance(raw, dict) or not isinstance(raw.get(key), list):
        return raw
    return {**raw, key: [translate(item) for item in raw[key]]}


def _systems(raw: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if not isinstance(raw, dict):
        return found
    for key in ("coordinateSystems", "arrayCoordinateSystem"):
        value = raw.get(key)
        for system in value if isinstance(value, list) else [value]:
            if isinstance(system, dict) and isinstance(system.get("axes"), list):
                names = [axis.get("name") if isinstance(axis, dict) else None for axis in system["axes"]]
                if isinstance(system.get("name"), str) and all(isinstance(name, str) for name in names):
                    found[system["name"]] = [str(name) for name in names]
    return found


@frozen
class Translator:
    """Translates the transformations of one object.

    Parameters
    ----------
    systems : mapping
        The names of the axes of each coordinate system that the object defines.
    input_key, output_key : {"name", "path"}
        What an input or output is that is a text and no name of these systems: the name of one elsewhere, or the path
        of an array or group.
    """

    systems: Mapping[str, list[str]]
    input_key: str
    output_key: str

    def outer(self, raw: Any) -> Any:
        """Translate a transformation that has an input and an output of its own."""
        if not isinstance(raw, dict):
            return raw
        raw = _renamed(raw)
        inner = raw.get("transformation")
        if raw.get("type") == "inverseOf" and isinstance(inner, dict) and "input" in raw and "output" in raw:
            tolerate("a transformation is of the type 'inverseOf'; read as its inverse from output to input")
            rest = {key: value for key, value in raw.items() if key not in ("type", "transformation")}
            raw = {**inner, **rest, "input": raw["output"], "output": raw["input"]}
        raw = self._end(self._end(raw, "input", self.input_key), "output", self.output_key)
        return self.inner(raw, self._axes(raw.get("input")), self._axes(raw.get("output")))

    def inner(self, raw: Any, inputs: Axes, outputs: Axes) -> Any:
        """Translate a transformation between axes of these names, as far as they are known."""
        if not isinstance(raw, dict):
            return raw
        raw = _renamed(raw)
        kind, parts = raw.get("type"), raw.get("transformations")
        if kind == "mapAxis" and isinstance(raw.get("mapAxis"), dict):
            return self._map_axis(raw, inputs, outputs)
        if kind == "sequence" and isinstance(parts, list):
            last = len(parts) - 1
            ends = [(inputs if index == 0 else None, outputs if index == last else None) for index in range(len(parts))]
            return {**raw, "transformations": [self.inner(part, *end) for part, end in zip(parts, ends, strict=True)]}
        if kind == "bijection":
            forward, inverse = raw.get("forward"), raw.get("inverse")
            translated = {
                "forward": self.inner(forward, inputs, outputs),
                "inverse": self.inner(inverse, outputs, inputs),
            }
            return {**raw, **{key: value for key, value in translated.items() if key in raw}}
        if kind == "byDimension" and isinstance(parts, list):
            return {**raw, "transformations": [self._dimension(part, inputs, outputs) for part in parts]}
        return raw

    def _end(self, raw: dict[str, Any], end: str, key: str) -> dict[str, Any]:
        text = raw.get(end)
        if not isinstance(text, str):
            return raw
        if text in self.systems:
            key = "name"
        elif text.startswith("/"):
            key, text = "path", text.lstrip("/")
        tolerate(f"an {end} is the text {raw[end]!r}; read as the {key} {text!r}")
        return {**raw, end: {key: text}}

    def _axes(self, end: Any) -> Axes:
        name = end.get("name") if isinstance(end, dict) and not end.get("path") else None
        return self.systems.get(name) if isinstance(name, str) else None

    def _map_axis(self, raw: dict[str, Any], inputs: Axes, outputs: Axes) -> dict[str, Any]:
        mapping = raw["mapAxis"]
        if inputs is None or outputs is None or not set(mapping) >= set(outputs):
            return raw
        if not all(mapping[name] in inputs for name in outputs):
            return raw
        tolerate("a mapAxis names its axes; read as their indices")
        return {**raw, "mapAxis": [inputs.index(mapping[name]) for name in outputs]}

    def _dimension(self, raw: Any, inputs: Axes, outputs: Axes) -> Any:
        if not isinstance(raw, dict):
            return raw
        names = ("inputAxes", "outputAxes")
        if "transformation" in raw:
            olds, transformation, rest = ("input_axes", "output_axes"), raw["transformation"], raw
        else:
            olds = ("input_axes", "output_axes") if "input_axes" in raw else ("input", "output")
            transformation, rest = {key: value for key, value in raw.items() if key not in (*olds, *names)}, {}
        found = {new: raw[old] for old, new in zip(olds, names, strict=True) if old in raw}
        named = any(isinstance(name, str) for new in names for name in _items(raw.get(new)))
        if not found and rest and not named:
            return {**raw, "transformation": self.inner(transformation, None, None)}
        tolerate("a part of a byDimension has the syntax of a preview of 0.6; read all the same")
        found = {
            new: _indices(found.get(new, raw.get(new)), axes)
            for new, axes in zip(names, (inputs, outputs), strict=True)
            if new in found or new in raw
        }
        kept = {key: value for key, value in rest.items() if key not in (*olds, *names, "transformation")}
        return {"transformation": self.inner(transformation, None, None), **found, **kept}


_OLD_KEYS = {
    "transforms": ("transformations", ("sequence", "byDimension")),
    "transform": ("transformation", ("inverseOf",)),
}
"""What the first preview called the members of a transformation, and in transformations of which types."""


def _renamed(raw: dict[str, Any]) -> dict[str, Any]:
    for old, (new, kinds) in _OLD_KEYS.items():
        if old in raw and new not in raw and raw.get("type") in kinds:
            tolerate(f"a transformation has the key {old!r}; read as {new!r}")
            raw = {new if key == old else key: value for key, value in raw.items()}
    return raw


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _indices(value: Any, axes: Axes) -> Any:
    """Return names of axes as indices; those of arrays that have no names of their own are dim_0, dim_1 and so on."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return value
    if axes is None:
        numbers = [re.fullmatch(r"dim_(\d{1,3})", name) for name in value]
        return [int(number[1]) for number in numbers if number] if all(numbers) else value
    return [axes.index(name) for name in value] if all(name in axes for name in value) else value
