"""Hypothesis strategies for OME-Zarr documents that are valid but for unusual keys, in each version."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

names = st.text("abcXYZ019_- é", min_size=1, max_size=6)
letters = st.text("ABC123", min_size=1, max_size=3)
numbers = st.one_of(
    st.integers(-3, 1000),
    st.floats(-1e6, 1e6, allow_nan=False, width=32),
    st.sampled_from([0.1, 0.325, 1e-9, 2**53 + 1]),
)
sizes = st.one_of(st.integers(1, 9), st.sampled_from([0.1, 0.325, 0.65, 1.0, 2.5]))
scalars = st.one_of(st.none(), st.booleans(), numbers, names)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2), max_leaves=4
)
unknown_keys = st.dictionaries(names.map("x-{}".format), anything, max_size=2)


@st.composite
def objects(draw: st.DrawFn, required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """Draw an object with keys that are always and keys that are sometimes there, and some that nobody knows."""
    keys = {key: draw(strategy) for key, strategy in required.items()}
    for key, strategy in (optional or {}).items():
        if draw(st.booleans()):
            keys[key] = draw(strategy)
    return keys | draw(unknown_keys)


def is_older(version: str, than: str) -> bool:
    return float(version) < float(than)


@st.composite
def axis_lists(draw: st.DrawFn, version: str) -> list[Any]:
    if version in ("0.1", "0.2"):
        return list("tczyx")
    kept = draw(st.sampled_from(["tczyx", "tczyx", "yx", "zyx", "cyx", "tyx", "czyx", "tzyx", "tcyx"]))
    if version == "0.3":
        return list(kept)
    kinds = {"t": "time", "c": "channel"}
    units = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "nanometer"}
    known = {"discrete": st.booleans(), "longName": names}
    odd = {"discrete": anything, "longName": anything}
    axes = []
    for name in kept:
        optional: dict[str, Any] = {"unit": st.just(units.get(name, "arbitrary")) | st.none()}
        required: dict[str, Any] = {"name": st.just(name), "type": st.just(kinds.get(name, "space"))}
        if name == "c":
            required["type"] = st.sampled_from(["channel", "custom", None])
        axes.append(draw(objects(required, optional | (known if version == "0.6" else odd))))
    return axes


def vectors(ndim: int, values: Any = sizes) -> Any:
    return st.lists(values, min_size=ndim, max_size=ndim)


def scales(ndim: int) -> Any:
    return objects({"type": st.just("scale"), "scale": vectors(ndim)}, {"name": names})


def translations(ndim: int) -> Any:
    return objects({"type": st.just("translation"), "translation": vectors(ndim, numbers)}, {"name": names})


def step_lists(ndim: int) -> Any:
    """Draw what 0.4 and 0.5 have for a level: a scale, maybe with a translation."""
    return st.tuples(scales(ndim)).map(list) | st.tuples(scales(ndim), translations(ndim)).map(list)


@st.composite
def ended(draw: st.DrawFn, step: Any, source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    return {**draw(step), "input": source | draw(unknown_keys), "output": target | draw(unknown_keys)}


def transformations(ndim: int, depth: int = 1) -> Any:
    """Draw any transformation of 0.6, without input and output."""
    matrix = st.lists(vectors(ndim, numbers), min_size=ndim, max_size=ndim)
    permutation = st.permutations(range(ndim)).map(list)
    kinds = [
        objects({"type": st.just("identity")}),
        scales(ndim),
        translations(ndim),
        objects({"type": st.just("mapAxis"), "mapAxis": permutation}),
        objects({"type": st.just("projectAxis")}, {"droppedInputs": st.just([0]), "createdOutputs": st.just([0])}),
        objects({"type": st.just("affine"), "affine": matrix}),
        objects({"type": st.just("affine"), "path": names}),
        objects({"type": st.just("rotation"), "rotation": matrix}),
        objects({"type": st.just("displacements"), "path": names}, {"interpolation": st.just("linear")}),
        objects({"type": st.just("coordinates"), "path": names}, {"interpolation": names}),
        objects({"type": names.map("odd-{}".format), "scale": anything}),
    ]
    if depth:
        inner = transformations(ndim, depth - 1)
        part = objects({"transformation": inner, "inputAxes": permutation, "outputAxes": permutation})
        kinds += [
            objects({"type": st.just("sequence"), "transformations": st.lists(inner, max_size=3)}, {"name": names}),
            objects({"type": st.just("bijection"), "forward": inner, "inverse": inner}),
            objects({"type": st.just("byDimension"), "transformations": st.lists(part, max_size=2)}),
        ]
    return st.one_of(kinds)


@st.composite
def multiscales(draw: st.DrawFn, version: str) -> dict[str, Any]:
    axes = draw(axis_lists(version))
    ndim = len(axes)
    paths = [str(level) for level in range(draw(st.integers(1, 3)))]
    odd: dict[str, Any] = {"axes": anything} if version in ("0.1", "0.2", "0.6") else {"coordinateSystems": anything}
    optional: dict[str, Any] = {"name": names | st.none(), "type": names, "metadata": anything}
    if is_older(version, "0.4"):
        required: dict[str, Any] = {
            "datasets": st.tuples(*(objects({"path": st.just(path)}) for path in paths)).map(list)
        }
        if version == "0.3":
            required["axes"] = st.just(axes)
    elif is_older(version, "0.6"):
        levels = [objects({"path": st.just(path), "coordinateTransformations": step_lists(ndim)}) for path in paths]
        required = {"datasets": st.tuples(*levels).map(list), "axes": st.just(axes)}
        optional["coordinateTransformations"] = step_lists(ndim)
    else:
        required, more = draw(systems_and_levels(axes, paths))
        optional |= more
    if is_older(version, "0.5"):
        optional["version"] = st.just(version)
    if draw(st.integers(0, 3)) == 0:
        optional |= odd
    return draw(objects(required, optional))


@st.composite
def systems_and_levels(draw: st.DrawFn, axes: list[Any], paths: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    ndim, system = len(axes), draw(st.sampled_from(["physical", "intrinsic"]))
    pair = objects(
        {"type": st.just("sequence"), "transformations": st.tuples(scales(ndim), translations(ndim)).map(list)}
    )
    step = st.one_of(objects({"type": st.just("identity")}), scales(ndim), pair)
    levels = [
        objects(
            {
                "path": st.just(path),
                "coordinateTransformations": st.tuples(ended(step, {"path": path}, {"name": system})).map(list),
            }
        )
        for path in paths
    ]
    own = objects({"name": st.just(system), "axes": st.just(axes)})
    world = objects({"name": st.just("world"), "axes": st.just(axes)})
    outer = ended(transformations(ndim), {"name": system}, {"name": "world"})
    required: dict[str, Any] = {"datasets": st.tuples(*levels).map(list)}
    if draw(st.booleans()):
        return required | {"coordinateSystems": st.tuples(own).map(list)}, {}
    required["coordinateSystems"] = st.permutations([draw(world), draw(own)]).map(list)
    return required, {"coordinateTransformations": st.lists(outer, min_size=1, max_size=2)}


@st.composite
def omeros(draw: st.DrawFn, version: str) -> dict[str, Any]:
    window = objects(dict.fromkeys(("min", "max", "start", "end"), numbers))
    channel = objects(
        {"color": st.just("00FF00"), "window": window}, {"label": names | st.integers(0, 9), "active": st.booleans()}
    )
    return draw(objects({"channels": st.lists(channel, max_size=2)}, {"version": st.just(version), "name": names}))


def versioned(version: str, optional: dict[str, Any]) -> dict[str, Any]:
    return optional | {"version": st.just(version)} if is_older(version, "0.5") else optional


def image_labels(version: str) -> Any:
    values = st.integers(0, 2**64 - 1)
    color = objects({"label-value": values}, {"rgba": st.lists(st.integers(0, 255), min_size=4, max_size=4)})
    entry = objects({"label-value": values}, {"class": names})
    optional = {
        "colors": st.lists(color, min_size=1, max_size=3),
        "properties": st.lists(entry, min_size=1, max_size=3),
        "source": objects({}, {"image": st.just("../../")}),
    }
    if version == "0.1":
        del optional["properties"]
    return objects({}, versioned(version, optional))


@st.composite
def plates(draw: st.DrawFn, version: str) -> dict[str, Any]:
    rows = draw(st.lists(letters, min_size=1, max_size=3, unique=True))
    columns = draw(st.lists(letters, min_size=1, max_size=3, unique=True))
    wells = []
    for row, column in draw(
        st.lists(st.tuples(st.sampled_from(rows), st.sampled_from(columns)), unique=True, max_size=3)
    ):
        keys: dict[str, Any] = {"path": st.just(f"{row}/{column}")}
        if not is_older(version, "0.4"):
            keys |= {"rowIndex": st.just(rows.index(row)), "columnIndex": st.just(columns.index(column))}
        wells.append(draw(objects(keys)))
    times: dict[str, Any] = {"starttime": st.integers(0, 2**40), "endtime": st.integers(0, 2**40)}
    if is_older(version, "0.4") and draw(st.booleans()):
        times = {"startime": st.integers(0, 2**40).map(str)}
    run = objects({"id": st.integers(0, 9)}, {"name": names, "maximumfieldcount": st.integers(1, 9), **times})
    optional = {"acquisitions": st.lists(run, max_size=2), "field_count": st.integers(1, 9), "name": names}
    required = {
        "rows": st.tuples(*(objects({"name": st.just(row)}) for row in rows)).map(list),
        "columns": st.tuples(*(objects({"name": st.just(column)}) for column in columns)).map(list),
        "wells": st.just(wells),
    }
    return draw(objects(required, optional | ({} if version == "0.6" else {"version": st.just(version)})))


def wells(version: str) -> Any:
    field = objects({"path": letters}, {"acquisition": st.integers(0, 9)})
    return objects({"images": st.lists(field, min_size=1, max_size=3)}, versioned(version, {}))


@st.composite
def scenes(draw: st.DrawFn) -> dict[str, Any]:
    source = {"name": "physical", "path": draw(letters)}
    steps = st.lists(ended(transformations(3), source, {"name": "world"}), min_size=1, max_size=2)
    axes = st.lists(objects({"name": names, "type": st.just("space")}), min_size=3, max_size=3)
    systems = st.lists(objects({"name": st.just("world"), "axes": axes}), max_size=1)
    return draw(objects({"coordinateTransformations": steps}, {"coordinateSystems": systems}))


@st.composite
def values_of(draw: st.DrawFn, kind: str, version: str) -> dict[str, Any]:
    """Draw the keys of one node type."""
    if kind == "multiscales":
        optional = {"omero": omeros(version)} if draw(st.booleans()) else {}
        return {
            "multiscales": draw(st.lists(multiscales(version), min_size=1, max_size=2)),
            **{key: draw(strategy) for key, strategy in optional.items()},
        }
    if kind == "image-label":
        return {"image-label": draw(image_labels(version)), "multiscales": [draw(multiscales(version))]}
    one = {
        "labels": st.lists(names, max_size=3),
        "plate": plates(version),
        "well": wells(version),
        "bioformats2raw.layout": st.just(3),
        "series": st.lists(names, max_size=3),
        "scene": scenes(),
    }
    return {kind: draw(one[kind])}


KINDS = ("multiscales", "image-label", "labels", "plate", "well", "bioformats2raw.layout", "series", "scene")


def kinds_of(version: str) -> tuple[str, ...]:
    """Return the keys of the node types that a version defines."""
    first = {"bioformats2raw.layout": "0.4", "series": "0.4", "scene": "0.6"}
    return tuple(kind for kind in KINDS if not is_older(version, first.get(kind, "0.1")))


@st.composite
def attributes_of(draw: st.DrawFn, version: str, kind: str | None = None) -> dict[str, Any]:
    """Draw the attributes of a group of one node type, or of any."""
    values = draw(values_of(kind or draw(st.sampled_from(kinds_of(version))), version))
    others = draw(unknown_keys)
    if is_older(version, "0.5"):
        return values | others
    return {"ome": {"version": version, **values, **draw(unknown_keys)}, **others}
