"""The rules agree with the published schemas: what a schema refuses is an error, and the other way round.

What the text demands beyond the schemas is listed, so that nothing is stricter by accident.
"""

from __future__ import annotations

import json
import random
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from omezarr.checking.validation import validate
from tests.builtins.rules.documents import KINDS, wrapped

SCHEMAS = Path(__file__).parents[4] / "shared" / "spec" / "schemas"

pytestmark = pytest.mark.skipif(not SCHEMAS.is_dir(), reason="the published schemas are not at hand")

NAMES = {
    "multiscales": "image",
    "image-label": "label",
    "plate": "plate",
    "well": "well",
    "bioformats2raw.layout": "bf2raw",
    "series": "ome",
    "scene": "scene",
}
"""Which schema is for which NGFF key."""

TEXT_ALONE = {
    "axes.array.alone",
    "axes.channel.count",
    "axes.count",
    "axes.names.unique",
    "axes.order",
    "axes.space.count",
    "axes.time.count",
    "axes.types.order",
    "coordinateSystems.connected",
    "coordinateSystems.names.unique",
    "image-label.colors.label-value.form",
    "image-label.colors.label-values.unique",
    "image-label.version.form",
    "image.transformations.intrinsic",
    "image.transformations.known",
    "image.transformations.labels",
    "levels.input.path.value",
    "levels.output.known",
    "levels.output.same",
    "levels.sequence.members",
    "levels.sequence.order",
    "multiscales.datasets.order",
    "multiscales.datasets.path.relative",
    "ome.version.present",
    "omero.color.present",
    "omero.color.value",
    "omero.window.present",
    "plate.acquisitions.id.unique",
    "plate.columns.names.unique",
    "plate.rows.names.unique",
    "plate.version.form",
    "plate.wells.path.relative",
    "plate.wells.place",
    "scene.connected",
    "scene.ends.known",
    "scene.ends.path.relative",
    "series.paths.relative",
    "transformations.affine.rows",
    "transformations.byDimension.axes.form",
    "transformations.byDimension.axes.range",
    "transformations.byDimension.outputs.complete",
    "transformations.byDimension.outputs.unique",
    "transformations.dimensions",
    "transformations.ends.path",
    "transformations.length",
    "transformations.mapAxis.permutation",
    "transformations.name.form",
    "transformations.order",
    "transformations.projectAxis.dimensions",
    "transformations.projectAxis.range",
    "transformations.rotation.orthonormal",
    "transformations.sequence.nonempty",
    "transformations.translation.count",
    "transformations.type.present",
    "well.images.path.unique",
    "well.version.form",
}
"""Rules of the text that no schema states, or not in every place."""

SCHEMA_ALONE = {"axes.untyped.count", "image.transformations.nonempty", "scene.ends.path.null"}
"""Rules of schemas that the text contradicts: what breaks one of them alone is valid."""

JUNK: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.0, 1.5, 2, 3, 3.0, 4, 5, 10**40, -0.5, 1e300),
    *("", "x", "space", "time", "array", "scale", "translation", "identity", "sequence", "0.4", "0.5", "0.6rc0"),
    *("A/1", "1", "__a", "..", "a-b", [], {}, [1], ["a"], [1, 2], [[1]], {"a": 1}),
    *({"type": "identity"}, {"type": "scale", "scale": [1, 1]}, {"path": "0"}, {"name": "x", "type": "space"}),
    *({"name": "physical"}, {"name": "physical", "path": "p"}),
]

WORDS = ("type", "name", "path", "scale", "translation", "unit", "input", "output", "version")


@cache
def validator(version: str, key: str) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    registry = referencing.Registry()
    schemas = {}
    for file in (SCHEMAS / version).glob("*.schema"):
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **json.loads(file.read_text())}
        schemas[file.stem] = schema
        registry = registry.with_resource(schema["$id"], referencing.Resource.from_contents(schema))
    return jsonschema.Draft202012Validator(schemas[NAMES[key]], registry=registry)


def pairs() -> list[tuple[str, str]]:
    found = []
    for version in ("0.1", "0.3", "0.4", "0.5", "0.6"):
        names = {file.stem for file in (SCHEMAS / version).glob("*.schema")}
        found += [(version, key) for key, name in NAMES.items() if name in names]
    return found


def complete(version: str, key: str) -> dict[str, Any]:
    values = KINDS[key](version)
    return wrapped("0.6rc0" if version == "0.6" else version, values)


def all_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in all_paths(item, (*path, key)))]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def mutate(document: dict[str, Any], chance: random.Random) -> None:
    """Change one thing: drop, retype, double, move, shuffle, rename or add."""
    paths = [path for path in all_paths(document) if path]
    if not paths:
        return
    *outer, key = chance.choice(paths)
    holder = at(document, tuple(outer))
    way = chance.randrange(8)
    if way == 0:
        del holder[key]
    elif way <= 2:
        holder[key] = deepcopy(chance.choice(JUNK))
    elif way == 3 and isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), deepcopy(holder[key]))
    elif way == 4:
        holder[key] = deepcopy(at(document, chance.choice(paths)))
    elif way == 5 and isinstance(holder, list):
        chance.shuffle(holder)
    elif way == 6 and isinstance(holder, dict):
        holder[chance.choice(WORDS)] = holder.pop(key)
    elif isinstance(holder[key], dict):
        holder[key][chance.choice(WORDS)] = deepcopy(chance.choice(JUNK))
    elif isinstance(holder[key], list):
        holder[key].append(deepcopy(chance.choice(JUNK)))


@pytest.mark.parametrize(("version", "key"), pairs())
def test_complete_documents_satisfy_the_schema(version: str, key: str) -> None:
    document = complete(version, key)
    assert validator(version, key).is_valid(document)
    assert validate(document, format=version).valid


@pytest.mark.parametrize(("version", "key"), pairs())
def test_changed_documents_are_judged_as_by_the_schema(version: str, key: str) -> None:
    chance = random.Random(f"{version} {key}")
    complained = set()
    for _ in range(250):
        document = complete(version, key)
        for _ in range(chance.choice((1, 1, 2, 3))):
            mutate(document, chance)
        holder = document.get("ome") if version >= "0.5" else document
        if not isinstance(holder, dict) or key not in holder:
            continue
        report = validate(document, format=version, ignore=["document.kind"])
        if not validator(version, key).is_valid(document):
            assert not report.valid or SCHEMA_ALONE & {problem.rule for problem in report}, document
        else:
            complained |= {problem.rule for problem in report.errors if problem.rule in own_rules(version, key)}
    assert complained <= TEXT_ALONE


@cache
def own_rules(version: str, key: str) -> frozenset[str]:
    """Return the rules of a key; others apply where a document has other keys too, which its schema ignores."""
    from omezarr_builtins.rules import rules_of

    return frozenset(rule.id for name in ("", key) for rule in rules_of(version, name))
