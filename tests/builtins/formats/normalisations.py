"""The documents that do not come back exactly as they were: all of them, by version.

Everything here is off the specification but has one clear meaning. It is read with a notice, and written as the
specification has it.
"""

from __future__ import annotations

from typing import Any

from attrs import frozen


@frozen
class Normalisation:
    version: str
    what: str
    before: dict[str, Any]
    after: dict[str, Any]
    notice: str | None


def _image(**keys: Any) -> dict[str, Any]:
    return {"multiscales": [{"datasets": [{"path": "0"}], **keys}]}


def _level(steps: list[Any], **keys: Any) -> dict[str, Any]:
    return {"multiscales": [{"datasets": [{"path": "0", "coordinateTransformations": steps}], **keys}]}


def _plate(**acquisition: Any) -> dict[str, Any]:
    return {"plate": {"rows": [], "columns": [], "wells": [], "acquisitions": [{"id": 0, **acquisition}]}}


def _scene(*steps: Any) -> dict[str, Any]:
    system = {"name": "world", "axes": [{"name": "y"}, {"name": "x"}]}
    other = {"name": "turned", "axes": [{"name": "x"}, {"name": "y"}]}
    return _ome("0.6", scene={"coordinateSystems": [system, other], "coordinateTransformations": list(steps)})


def _ome(version: Any, **keys: Any) -> dict[str, Any]:
    return {"ome": {"version": version, **keys}}


_PAIR = [{"type": "scale", "scale": [2, 2]}, {"type": "translation", "translation": [1, 1]}]
_SYSTEM = {"name": "physical", "axes": [{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]}
_ENDS: dict[str, Any] = {"input": {"name": "world"}, "output": {"name": "turned"}}
_HALF = {"type": "scale", "scale": [0.5]}

NORMALISATIONS = (
    Normalisation(
        "0.5",
        "a version that is a number is written as a text",
        _ome(0.5, labels=[]),
        _ome("0.5", labels=[]),
        "ome.version: the version is the number 0.5; read as '0.5'",
    ),
    Normalisation("0.5", "an empty ome is not written", {"ome": {}, "x": 1}, {"x": 1}, None),
    Normalisation(
        "0.3",
        "axes that are objects of the conventional type are written as names",
        _image(axes=[{"name": "y", "type": "space"}, {"name": "x", "type": "space"}]),
        _image(axes=["y", "x"]),
        "axes are objects, as from 0.4 on; read all the same",
    ),
    Normalisation(
        "0.4",
        "axes that are names are written as objects",
        _image(axes=["c", "x", "a"]),
        _image(axes=[{"name": "c", "type": "channel"}, {"name": "x", "type": "space"}, {"name": "a"}]),
        "the axis 'c' is a name; read as an axis of the conventional type",
    ),
    Normalisation(
        "0.4",
        "a sequence of a scale and a translation is written as the two",
        _level([{"type": "sequence", "transformations": _PAIR}]),
        _level(_PAIR),
        "a level has a sequence, as from 0.6 on; read all the same",
    ),
    Normalisation(
        "0.3",
        "a start time that is a text is written under its misspelt key",
        _plate(starttime="12"),
        _plate(startime="12"),
        None,
    ),
    Normalisation(
        "0.2",
        "a start time that is a number is written under its right key",
        _plate(startime=12),
        _plate(starttime=12),
        None,
    ),
    Normalisation(
        "0.6",
        "inputs and outputs that are texts are written as objects",
        _ome(
            "0.6.dev1",
            **_level([{"type": "identity", "input": "0", "output": "physical"}], coordinateSystems=[_SYSTEM]),
        ),
        _ome(
            "0.6.dev1",
            **_level(
                [{"type": "identity", "input": {"path": "0"}, "output": {"name": "physical"}}],
                coordinateSystems=[_SYSTEM],
            ),
        ),
        "an input is the text '0'; read as the path '0'",
    ),
    Normalisation(
        "0.6",
        "a scene of texts is written with objects",
        _scene({"type": "identity", "input": "world", "output": "turned"}),
        _scene({"type": "identity", **_ENDS}),
        "an output is the text 'turned'; read as the name 'turned'",
    ),
    Normalisation(
        "0.6",
        "texts that name no system of a scene are written as paths",
        _scene({"type": "identity", "input": "/tile_0", "output": "tile_1"}),
        _scene({"type": "identity", "input": {"path": "tile_0"}, "output": {"path": "tile_1"}}),
        "an input is the text '/tile_0'; read as the path 'tile_0'",
    ),
    Normalisation(
        "0.6",
        "the loose keys of a scene are written as one",
        _ome("0.6.dev1", coordinateTransformations=[{"type": "identity"}], coordinateSystems=[], x=1),
        _ome("0.6.dev1", scene={"coordinateTransformations": [{"type": "identity"}], "coordinateSystems": []}, x=1),
        "coordinateTransformations stand outside of a scene; read as one",
    ),
    Normalisation(
        "0.6",
        "axes of a byDimension that number the dimensions of an array are written as indices",
        _ome(
            "0.6.dev2",
            **_level(
                [
                    {
                        "type": "byDimension",
                        "transformations": [{**_HALF, "input_axes": ["dim_1"], "output_axes": ["x"]}],
                        "input": "0",
                        "output": "physical",
                    }
                ],
                coordinateSystems=[_SYSTEM],
            ),
        ),
        _ome(
            "0.6.dev2",
            **_level(
                [
                    {
                        "type": "byDimension",
                        "transformations": [{"transformation": _HALF, "inputAxes": [1], "outputAxes": [1]}],
                        "input": {"path": "0"},
                        "output": {"name": "physical"},
                    }
                ],
                coordinateSystems=[_SYSTEM],
            ),
        ),
        "a part of a byDimension has the syntax of a preview of 0.6; read all the same",
    ),
    Normalisation(
        "0.6",
        "axes of a byDimension that are names are written as indices, its parts wrapped",
        _scene(
            {
                "type": "byDimension",
                "transformations": [{**_HALF, "input_axes": ["y"], "output_axes": ["y"]}],
                **_ENDS,
            }
        ),
        _scene(
            {
                "type": "byDimension",
                "transformations": [{"transformation": _HALF, "inputAxes": [0], "outputAxes": [1]}],
                **_ENDS,
            }
        ),
        "a part of a byDimension has the syntax of a preview of 0.6; read all the same",
    ),
    Normalisation(
        "0.6",
        "parts of a byDimension that have inputs and outputs for axes are wrapped",
        _scene({"type": "byDimension", "transformations": [{**_HALF, "input": ["x"], "output": ["x"]}], **_ENDS}),
        _scene(
            {
                "type": "byDimension",
                "transformations": [{"transformation": _HALF, "inputAxes": [1], "outputAxes": [0]}],
                **_ENDS,
            }
        ),
        "a part of a byDimension has the syntax of a preview of 0.6; read all the same",
    ),
    Normalisation(
        "0.6",
        "wrapped parts of a byDimension with the older keys get the newer ones",
        _scene(
            {
                "type": "byDimension",
                "transformations": [{"transformation": _HALF, "input_axes": [0], "output_axes": [1], "x": 1}],
                **_ENDS,
            }
        ),
        _scene(
            {
                "type": "byDimension",
                "transformations": [{"transformation": _HALF, "inputAxes": [0], "outputAxes": [1], "x": 1}],
                **_ENDS,
            }
        ),
        "a part of a byDimension has the syntax of a preview of 0.6; read all the same",
    ),
    Normalisation(
        "0.6",
        "a mapAxis of names is written with indices",
        _scene({"type": "mapAxis", "mapAxis": {"x": "x", "y": "y"}, **_ENDS}),
        _scene({"type": "mapAxis", "mapAxis": [1, 0], **_ENDS}),
        "a mapAxis names its axes; read as their indices",
    ),
    Normalisation(
        "0.6",
        "an inverseOf is written as what it inverts, from output to input",
        _scene({"type": "inverseOf", "transformation": _PAIR[0], **_ENDS}),
        _scene({**_PAIR[0], "input": _ENDS["output"], "output": _ENDS["input"]}),
        "a transformation is of the type 'inverseOf'; read as its inverse from output to input",
    ),
)
"""Every way in which a document that is read and written again may differ."""
