"""``omezarr upgrade``, from the command line to what validation says of the result."""

import json
from pathlib import Path

import numpy as np
import pytest

import omezarr
from omezarr.checking.validation import validate
from omezarr.cli import run
from omezarr.location import Location
from tests.fixtures.servers import CountingServer, S3Server
from tests.upgrading.upgrade_cases import KINDS, OME_XML, PIXELS, VERSIONS, expected, objects_of, store_of

FIRST = {"image": "0.1", "plate": "0.1", "collection": "0.4", "scene": "0.6"}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.ome.zarr"
    omezarr.write_image(path, PIXELS, format="0.4", scale=0.5, labels={"cells": PIXELS[:, :1] % 7}, levels=2)
    return path


@pytest.mark.parametrize("new", VERSIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_upgraded_is_valid(kind: str, new: str) -> None:
    for old in VERSIONS:
        if old != new and old >= FIRST[kind]:
            store = store_of(objects_of(kind, old))
            omezarr.upgrade(store, to=new, allow_lossy=True)
            places = [Location.parse(store)]
            if kind == "scene" and new != "0.6":  # nothing but its images is left of a scene
                places = [places[0].below(path) for path in expected(kind, old) if path]
            for place in places:
                assert validate(place).errors == ()


def test_each_step_is_printed_before_anything_is_done(image: Path, capsys: pytest.CaptureFixture) -> None:
    before = {path: path.stat().st_mtime_ns for path in image.rglob("*")}
    assert run(["upgrade", str(image), "--to", "0.5", "--dry-run"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"Would upgrade {image} from NGFF 0.4 to 0.5 in place:"
    for line in ("write labels/cells/1/zarr.json", "write zarr.json", "remove .zmetadata, .zgroup, .zattrs"):
        assert any(line in other for other in printed)
    assert {path: path.stat().st_mtime_ns for path in image.rglob("*")} == before


def test_steps_are_printed_as_json(image: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["upgrade", str(image), "--to", "0.6", "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["from"], said["to"], said["in_place"], said["dry_run"], said["losses"]) == (
        "0.4",
        "0.6",
        True,
        True,
        [],
    )
    steps = [step for phase in said["phases"] for step in phase["steps"]]
    assert {"action": "remove", "keys": ["0/.zarray", "0/.zattrs"]} in steps


def test_an_image_is_upgraded_in_place_once(image: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["upgrade", str(image), "--to", "0.5"]) == 0
    assert "from NGFF 0.4 to 0.5 in place" in capsys.readouterr().out
    np.testing.assert_array_equal(omezarr.open(image).levels[0].read(), PIXELS)
    assert run(["upgrade", str(image), "--to", "0.5"]) == 0
    assert "is NGFF 0.5 already; there is nothing to do" in capsys.readouterr().out
    assert run(["upgrade", str(image), "--to", "0.4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "source": str(image),
        "target": str(image),
        "from": "0.5",
        "to": "0.4",
        "in_place": True,
        "losses": [],
        "notices": [],
        "dry_run": False,
    }


def test_losses_are_listed_and_left_out_when_allowed(image: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["upgrade", str(image), "--to", "0.2"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "Error: NGFF 0.2 cannot express: the pixel sizes: t 1, c 1, z 0.5, y 0.5, x 0.5 (of the root"
    )
    assert len(said.splitlines()) == 1
    assert omezarr.open(image).version == "0.4"
    assert run(["upgrade", str(image), "--to", "0.2", "--allow-lossy"]) == 0
    assert "Lost: the pixel sizes" in capsys.readouterr().out
    assert omezarr.open(image).version == "0.2"


def test_a_target_gets_other_chunks_shards_and_codec(image: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.ome.zarr"
    words = ["--chunks", "1,1,1,2,2", "--shards", "1,1,1,4,4", "--codec", "gzip:level=1", "--memory", "64MiB"]
    assert run(["upgrade", str(image), str(target), "--to", "0.5", *words]) == 0
    level = omezarr.open(target).levels[0]
    assert (level.chunks, level.shards) == ((1, 1, 1, 2, 2), (1, 1, 1, 4, 4))
    np.testing.assert_array_equal(level.read(), PIXELS)
    assert omezarr.open(image).version == "0.4"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "--to"),
        (["--to", "7"], 2, "7"),
        (["--to", "0.5", "--overwrite"], 2, "overwrite make sense only with a target"),
        (["--to", "0.5", "--chunks", "a"], 2, "not a list of numbers"),
        (["--to", "0.5", "--storage-option", "key=x"], 2, "key"),
    ],
)
def test_wrong_words_are_usage_errors(
    image: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(["upgrade", str(image), *words]) == code
    assert said in capsys.readouterr().err


def test_what_is_missing_is_not_found(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["upgrade", str(tmp_path / "nothing.zarr"), "--to", "0.5"]) == 1
    assert "does not exist" in capsys.readouterr().err


def test_an_image_on_a_server_is_upgraded_into_a_folder(
    http_server: CountingServer, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for key, content in objects_of("collection", "0.4").items():
        (http_server.root / key).parent.mkdir(parents=True, exist_ok=True)
        (http_server.root / key).write_bytes(content)
    assert run(["upgrade", http_server.url, "--to", "0.5"]) == 1
    assert "name a target" in capsys.readouterr().err
    assert run(["upgrade", http_server.url, str(tmp_path / "new.zarr"), "--to", "0.5"]) == 0
    root = omezarr.open(tmp_path / "new.zarr")
    assert (tmp_path / "new.zarr/OME/METADATA.ome.xml").read_bytes() == OME_XML
    np.testing.assert_array_equal(root.children["0"].levels[0].read(), PIXELS)
    assert root.children["0"].labels["cells"].version == "0.5"


@pytest.mark.parametrize(("old", "new"), [("0.4", "0.5"), ("0.5", "0.4")])
def test_an_image_in_a_bucket_is_upgraded_in_place(s3_server: S3Server, old: str, new: str) -> None:
    place = f"s3://{s3_server.bucket()}/image.zarr"
    options = s3_server.options
    omezarr.write_image(place, PIXELS, format=old, levels=1, storage_options=options)
    node = omezarr.upgrade(place, to=new, storage_options=options)
    assert node.version == new
    np.testing.assert_array_equal(node.levels[0].read(), PIXELS)
