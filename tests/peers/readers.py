"""Read what omezarr wrote with other software; run by the interpreter that has it, not by that of the tests.

Usage: ``python readers.py MANIFEST``. Prints one JSON object a line: for each peer what is
installed, then version, node, peer, verdict, detail. A verdict is

- ``equal``: pixels, and axes and scale as far as the peer tells them, are as the manifest says;
- ``valid``: the peer validates the group, and does not read pixels;
- ``differs``: it was read, but not as it is;
- ``refused``: the peer raised.
"""

# ruff: noqa: BLE001, T201 - a script that prints what others raise

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np


def main(manifest):
    warnings.simplefilter("ignore")
    entries = json.loads(Path(manifest).read_text())
    for peer in PEERS:
        print(json.dumps({"peer": peer, "installed": version(peer)}))
    for entry in entries:
        for peer, read in PEERS.items():
            row = {"version": entry["version"], "node": entry["node"], "peer": peer}
            try:
                verdict, detail = judged(read(entry), entry)
            except Exception as error:  # whatever a peer raises is its verdict
                lines = str(error).strip().splitlines() or [""]
                verdict, detail = "refused", f"{type(error).__name__}: {lines[0]} ... {lines[-1]}"
            print(json.dumps({**row, "verdict": verdict, "detail": detail[:400]}), flush=True)


def judged(found, entry):
    """Compare what a peer found with the manifest."""
    if not found:
        return "valid", ""
    wrong = [
        f"{key} {list(found[key])} instead of {entry[key]}"
        for key in ("axes", "scale", "names")
        if key in found and key in entry and list(found[key]) != entry[key]
    ]
    for index, (level, expected) in enumerate(zip(found.get("levels", ()), entry.get("levels", ()), strict=False)):
        values = np.asarray(level)
        if values.shape != np.load(expected).shape or not np.array_equal(values, np.load(expected)):
            wrong.append(f"pixels of level {index} of shape {values.shape}")
    if "levels" in found and len(found["levels"]) != len(entry["levels"]):
        wrong.append(f"{len(found['levels'])} levels instead of {len(entry['levels'])}")
    return ("differs", "; ".join(wrong)) if wrong else ("equal", "")


def read_with_ome_zarr(entry):
    import ome_zarr

    if entry["node"] in ("image", "image-label"):
        image = opened_multiscale(ome_zarr, entry["path"])
        first = image.images[0]
        return {
            "levels": [level.data for level in image.images],
            "axes": list(first.axes),
            "scale": [first.scale[axis] for axis in first.axes],
        }
    if entry["node"] == "scene":
        scene = ome_zarr.OMEZarrScene.from_ome_zarr(entry["path"])
        return {"names": sorted(scene.images)}
    nodes = nodes_of(entry["path"])
    if entry["node"] == "labels":
        return {"names": nodes[0].zarr.root_attrs["labels"]}
    if entry["node"] == "plate":  # the fields side by side; the first one stands in the corner
        corner = [np.load(expected).shape for expected in entry["levels"]]
        return {
            "levels": [
                level[tuple(slice(0, size) for size in shape)]
                for level, shape in zip(nodes[0].data, corner, strict=True)
            ]
        }
    return {"levels": nodes[0].data}


def opened_multiscale(ome_zarr, path):
    """Return an image or a label image; the way for labels is the class of their own."""
    import zarr

    group = zarr.open_group(path, mode="r")
    attributes = group.attrs.get("ome", group.attrs)
    kind = ome_zarr.OMEZarrLabels if "image-label" in attributes else ome_zarr.OMEZarrMultiscale
    return kind.from_ome_zarr(group)


def nodes_of(path):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    nodes = list(Reader(parse_url(path, mode="r"))())
    if not nodes:
        raise LookupError("the reader yields nothing")
    return nodes


def read_with_ngff_zarr(entry):
    import ngff_zarr

    if entry["node"] in ("plate", "well"):
        root = entry["path"] if entry["node"] == "plate" else str(Path(entry["path"]).parent.parent)
        plate = ngff_zarr.from_hcs_zarr(root, validate=True)
        well = plate.get_well("A", "1")
        names = [item.path for item in plate.wells] if entry["node"] == "plate" else [i.path for i in well.images]
        return {"names": names, **facts_of(well.get_image(0))}
    if entry["node"] == "scene":
        scene = ngff_zarr.NgffScene.from_ome_zarr(entry["path"])
        return {"names": sorted(scene.images)}
    return facts_of(ngff_zarr.from_ome_zarr(entry["path"], validate=True))


def facts_of(multiscales):
    first = multiscales.images[0]
    return {
        "levels": [np.asarray(image.data) for image in multiscales.images],
        "axes": list(first.dims),
        "scale": [first.scale[axis] for axis in first.dims],
    }


def validate_with_ome_zarr_models(entry):
    import ome_zarr_models

    kinds = {
        "image": "Image",
        "image-label": "ImageLabel",
        "labels": "Labels",
        "plate": "HCS",
        "well": "Well",
        "scene": "Scene",
        "bioformats2raw": "BioFormats2Raw",
    }
    found = type(ome_zarr_models.open_ome_zarr(entry["path"])).__name__
    if found != kinds[entry["node"]]:
        raise TypeError(f"taken for {found}")


def validate_with_yaozarrs(entry):
    import yaozarrs

    yaozarrs.validate_zarr_store(entry["path"])


PEERS = {
    "ome-zarr": read_with_ome_zarr,
    "ngff-zarr": read_with_ngff_zarr,
    "ome-zarr-models": validate_with_ome_zarr_models,
    "yaozarrs": validate_with_yaozarrs,
}

if __name__ == "__main__":
    main(sys.argv[1])
