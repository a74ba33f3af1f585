"""Write hierarchies with other software for omezarr to read; run by the interpreter that has it.

Usage: ``python writers.py FOLDER``. Prints one JSON object a line: for each peer what is installed, then peer, version,
node, path, and what the peer put there: levels (files of numpy), axes, scales of the levels and names. Where a peer
raises, there is "error" instead.
"""

# ruff: noqa: BLE001, T201 - a script that prints what others raise

from __future__ import annotations

import json
import sys
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np

AXES = "tczyx"
SCALE = (1.0, 1.0, 2.0, 0.5, 0.25)
SHAPE = (1, 2, 4, 40, 50)


def main(folder):
    warnings.simplefilter("ignore")
    folder = Path(folder)
    for peer in ("ome-zarr", "ngff-zarr"):
        print(json.dumps({"peer": peer, "installed": metadata.version(peer)}))
    for (peer, version, node), write in jobs():
        path = folder / peer / version / node
        row = {"peer": peer, "version": version, "node": node, "path": str(path)}
        try:
            found = write(path, version)
        except Exception as error:  # whatever a peer raises is what there is to report
            row["error"] = f"{type(error).__name__}: {error}"[:300]
        else:
            row.update(found, levels=[saved(path, index, level) for index, level in enumerate(found["levels"])])
        print(json.dumps(row), flush=True)


def jobs():
    """Return what is written, by peer, version and node."""
    table = {}
    for version in ("0.4", "0.5", "0.6"):
        table["ome-zarr", version, "image"] = image_with_ome_zarr
        table["ngff-zarr", version, "image"] = image_with_ngff_zarr
    for version in ("0.4", "0.5"):
        table["ome-zarr", version, "functions"] = functions_of_ome_zarr
        table["ome-zarr", version, "image-label"] = labels_with_ome_zarr
        table["ome-zarr", version, "plate"] = plate_with_ome_zarr
        table["ngff-zarr", version, "plate"] = plate_with_ngff_zarr
    table["ngff-zarr", "0.9.dev1", "image"] = draft_with_ngff_zarr
    table["ngff-zarr", "0.6", "plate"] = plate_with_ngff_zarr
    table["ome-zarr", "0.6", "scene"] = scene_with_ome_zarr
    return table.items()


def pixels():
    return np.random.default_rng(11).integers(0, 60000, SHAPE).astype("uint16")


def saved(path, index, level):
    name = path.with_name(f"{path.name}-{index}.npy")
    np.save(name, np.asarray(level))
    return str(name)


def group_for(path, version):
    import zarr

    return zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)


def stored(group):
    """Return the levels as they were stored, which is what a reader must find."""
    return [group[path][...] for path in sorted(group.array_keys())]


def image_with_ome_zarr(path, version):
    import ome_zarr

    image = ome_zarr.OMEZarrImage(
        pixels(), AXES, scale=dict(zip(AXES, SCALE, strict=True)), axes_units=dict.fromkeys("zyx", "micrometer")
    )
    multiscale = ome_zarr.OMEZarrMultiscale(image, scale_factors=[2])
    group = group_for(path, version)
    multiscale.to_ome_zarr(group, version=version, overwrite=True)
    scales = [[level.scale[axis] for axis in AXES] for level in multiscale.images]
    return {"levels": stored(group), "axes": list(AXES), "scales": scales, "unit": "micrometer"}


def scene_with_ome_zarr(path, version):
    import ome_zarr
    import zarr
    from ome_zarr_models.v06.coordinate_transforms import (
        Axis,
        CoordinateSystem,
        CoordinateSystemIdentifier,
        Translation,
    )

    plane = pixels()[0, 0, 0]
    images = {
        name: ome_zarr.OMEZarrMultiscale(ome_zarr.OMEZarrImage(plane, "yx", scale={"y": 0.5, "x": 0.5}), [2])
        for name in ("left", "right")
    }
    world = CoordinateSystem(name="world", axes=tuple(Axis(name=name, type="space") for name in "yx"))
    steps = [
        Translation(
            translation=(0.0, 100.0 * index),
            input=CoordinateSystemIdentifier(name="physical", path=name),
            output=CoordinateSystemIdentifier(name="world"),
        )
        for index, name in enumerate(images)
    ]
    ome_zarr.OMEZarrScene(images, steps, [world]).to_ome_zarr(str(path), overwrite=True)
    found = stored(zarr.open_group(path / "right", mode="r"))
    points = {"source": "right/s0", "target": "world", "from": [[2.0, 4.0]], "to": [[1.0, 102.0]]}
    return {"levels": found, "axes": ["y", "x"], "names": ["left", "right"], "child": "right", "points": points}


def functions_of_ome_zarr(path, version):
    from ome_zarr.format import format_from_version
    from ome_zarr.writer import write_image

    group = group_for(path, version)
    write_image(
        pixels(),
        group,
        scale_factors=(2,),
        axes=AXES,
        scale=dict(zip(AXES, SCALE, strict=True)),
        fmt=format_from_version(version),
    )
    return {"levels": stored(group), "axes": list(AXES), "scales": [SCALE]}


def labels_with_ome_zarr(path, version):
    from ome_zarr.format import format_from_version
    from ome_zarr.writer import write_image, write_labels

    group = group_for(path, version)
    options = {"axes": AXES, "scale_factors": (2,), "fmt": format_from_version(version)}
    write_image(pixels(), group, **options)
    write_labels((pixels() // 10000).astype("uint8"), group, name="cells", **options)
    return {"levels": stored(group["labels/cells"]), "axes": list(AXES), "child": "labels/cells"}


def plate_with_ome_zarr(path, version):
    from ome_zarr.format import format_from_version
    from ome_zarr.writer import write_image, write_plate_metadata, write_well_metadata

    fmt = format_from_version(version)
    group = group_for(path, version)
    write_plate_metadata(group, ["A", "B"], ["1", "2"], ["A/1", "B/2"], fmt=fmt)
    for name in ("A/1", "B/2"):
        well = group.require_group(name)
        write_well_metadata(well, ["0"], fmt=fmt)
        write_image(pixels(), well.require_group("0"), axes=AXES, scale_factors=(2,), fmt=fmt)
    found = stored(group["A/1/0"])
    return {"levels": found, "axes": list(AXES), "names": ["A/1", "B/2"], "child": "A/1/0"}


def multiscales_of_ngff_zarr():
    import ngff_zarr

    image = ngff_zarr.to_ngff_image(
        pixels(),
        dims=list(AXES),
        scale=dict(zip(AXES, SCALE, strict=True)),
        axes_units=dict.fromkeys("zyx", "micrometer"),
    )
    return ngff_zarr.to_multiscales(image, scale_factors=[2])


def image_with_ngff_zarr(path, version):
    import ngff_zarr

    multiscales = multiscales_of_ngff_zarr()
    ngff_zarr.to_ome_zarr(str(path), multiscales, version=version)
    return {**levels_of_ngff_zarr(multiscales), "unit": "micrometer"}


def draft_with_ngff_zarr(path, version):
    import ngff_zarr

    stack, scale = pixels()[0, 0].transpose(2, 0, 1), {"x": 0.25, "z": 2.0, "y": 0.5}
    image = ngff_zarr.to_ngff_image(stack, dims=list(scale), scale=scale, axes_units=dict.fromkeys(scale, "micrometer"))
    multiscales = ngff_zarr.to_multiscales(image, scale_factors=[])
    ngff_zarr.to_ome_zarr(str(path), multiscales, version=version)
    written = multiscales.images[0]  # which may have its axes in another order
    return {
        "levels": [np.asarray(written.data)],
        "axes": list(written.dims),
        "scales": [[written.scale[name] for name in written.dims]],
        "unit": "micrometer",
    }


def levels_of_ngff_zarr(multiscales):
    return {
        "levels": [np.asarray(image.data) for image in multiscales.images],
        "axes": list(AXES),
        "scales": [[image.scale[axis] for axis in AXES] for image in multiscales.images],
    }


def plate_with_ngff_zarr(path, version):
    import ngff_zarr
    from ngff_zarr.v04.zarr_metadata import Plate, PlateColumn, PlateRow, PlateWell

    plate = Plate(
        name="plate",
        rows=[PlateRow("A"), PlateRow("B")],
        columns=[PlateColumn("1"), PlateColumn("2")],
        wells=[PlateWell("A/1", 0, 0), PlateWell("B/2", 1, 1)],
        field_count=1,
        version=version,
    )
    ngff_zarr.to_hcs_zarr(ngff_zarr.HCSPlate(store=None, plate_metadata=plate), str(path))
    multiscales = multiscales_of_ngff_zarr()
    for row, column in (("A", "1"), ("B", "2")):
        ngff_zarr.write_hcs_well_image(
            store=str(path),
            multiscales=multiscales,
            plate_metadata=plate,
            row_name=row,
            column_name=column,
            field_index=0,
            version=version,
        )
    return {**levels_of_ngff_zarr(multiscales), "names": ["A/1", "B/2"], "child": "A/1/0"}


if __name__ == "__main__":
    main(sys.argv[1])
