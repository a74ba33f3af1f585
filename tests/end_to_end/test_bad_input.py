"""Bad input gets one clear line and a fitting exit code; nothing is left behind, nothing of the user's is removed."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

import omezarr
from omezarr.cli import run


def contents(path: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def metadata(change: Callable[[dict], object]) -> Callable[[Path], None]:
    """Return what writes an image whose OME metadata is changed."""

    def write(path: Path) -> None:
        omezarr.write_image(path, np.zeros((16, 16), dtype="uint8"))
        document = json.loads((path / "zarr.json").read_text())
        change(document["attributes"])
        (path / "zarr.json").write_text(json.dumps(document))

    return write


def raw(content: str) -> Callable[[Path], None]:
    """Return what writes a group with this metadata file."""

    def write(path: Path) -> None:
        path.mkdir()
        (path / "zarr.json").write_text(content)

    return write


def attributes(text: str) -> str:
    return f'{{"zarr_format": 3, "node_type": "group", "attributes": {text}}}'


def dataset_path(value: object) -> Callable[[dict], object]:
    return lambda found: found["ome"]["multiscales"][0]["datasets"][0].update(path=value)


SOURCES: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (lambda _: None, "does not exist|nothing"),
    "an empty folder": (lambda path: path.mkdir(), "nothing|no zarr"),
    "a text file": (lambda path: path.write_text("hello"), "."),
    "wrong types": (metadata(lambda found: found["ome"].update(multiscales=5)), r"multiscales: expected a list"),
    "a wrong type deep inside": (metadata(dataset_path(7)), r"multiscales\[0\]\.datasets\[0\]\.path"),
    "missing keys": (metadata(lambda found: found["ome"]["multiscales"][0].pop("datasets")), "'datasets' is missing"),
    "a path that leads outside": (metadata(dataset_path("../../etc")), "refused"),
    "an absolute path": (metadata(dataset_path("/etc/passwd")), "refused"),
    "a version from the future": (metadata(lambda found: found["ome"].update(version="7.0")), "."),
    "NaN": (raw(attributes('{"ome": {"version": "0.5", "multiscales": [NaN]}}')), "NaN"),
    "Infinity": (raw(attributes('{"ome": {"version": "0.5", "multiscales": [Infinity]}}')), "Infinity"),
    "deep nesting": (raw(attributes('{"ome": ' + "[" * 100_000 + "]" * 100_000 + "}")), "deep"),
    "no JSON": (raw("{"), "not valid JSON"),
    "a list": (raw("[]"), "no JSON object"),
    "not UTF-8": (lambda path: (path.mkdir(), (path / "zarr.json").write_bytes(b"\xff\xfe{"))[0], "JSON"),
}


@pytest.mark.parametrize("kind", list(SOURCES))
@pytest.mark.parametrize("command", ["info", "convert"])
def test_sources_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture, kind: str, command: str) -> None:
    write, message = SOURCES[kind]
    write(tmp_path / "source.zarr")
    before = contents(tmp_path)
    words = [command, str(tmp_path / "source.zarr")] + [str(tmp_path / "target.zarr")] * (command == "convert")
    code = run(words)
    captured = capsys.readouterr()
    if kind == "a version from the future" and command == "info" and code == 0:
        assert "no OME metadata" in captured.out
    else:
        assert code in (1, 2)
        said = captured.err or captured.out
        assert len([line for line in said.splitlines() if "rror" in line]) == 1
        import re

        assert re.search(message, captured.err + captured.out)
    assert "Traceback" not in captured.err + captured.out
    assert contents(tmp_path) == before
    assert not (tmp_path / "target.zarr").exists()


def truncated_tiff(path: Path) -> None:
    tifffile.imwrite(
        path,
        np.random.default_rng(0).integers(0, 255, (4, 64, 64), dtype="uint8"),
        tile=(16, 16),
        photometric="minisblack",
    )
    path.write_bytes(path.read_bytes()[:3000])


def directory_cut_off(path: Path) -> None:
    tifffile.imwrite(path, np.zeros((64, 64), dtype="uint8"))
    path.write_bytes(path.read_bytes()[:20])


@pytest.mark.parametrize(
    "write", [truncated_tiff, directory_cut_off, lambda path: path.write_text("II*\0 no"), lambda path: path.touch()]
)
def test_broken_tiff_files_are_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "image.tif")
    before = contents(tmp_path)
    assert run(["-q", "convert", str(tmp_path / "image.tif"), str(tmp_path / "target.zarr")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: ")
    assert error.count("\n") == 1
    assert {name for name in contents(tmp_path) if not name.startswith("target.zarr")} == set(before)


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["create", "TARGET", "--format", "0.7"], 2, "0.6"),
        (["create", "TARGET", "--sample", "koins"], 2, "coins"),
        (["create", "TARGET", "--scaling", "magic"], 2, "local_mean"),
        (["create", "TARGET", "--codec", "magic"], 1, "magic"),
        (["create", "TARGET", "--levels", "0"], 2, "levels"),
        (["create", "TARGET", "--factors", "0"], 2, "factors"),
        (["create", "TARGET", "--chunks", "a,b"], 2, "chunks"),
        (["create", "TARGET", "--memory", "lots"], 2, "memory"),
        (["create", "TARGET", "--storage-option", "oops"], 2, "KEY=VALUE"),
        (["create", "TARGET", "--storage-option", "endpiont=x"], 2, "endpoint"),
        (["create", "s4://bucket/x"], 1, "s4"),
        (["create"], 2, "PATH"),
        (["create", "TARGET", "--unknown"], 2, "unknown"),
        (["convert", "SOURCE", "TARGET", "--importer", "magic"], 2, "tiff"),
        (["convert", "SOURCE", "TARGET", "--importer-option", "magic=1"], 2, "magic"),
        (["convert", "SOURCE", "TARGET", "--unit", "q=micrometer"], 2, "q"),
        (["convert", "SOURCE", "TARGET", "--scale", "big"], 2, "scale"),
        (["info", "SOURCE", "--format", "0.4"], 1, "0.4"),
        (["-p", "no:nobody:nothing", "info", "SOURCE"], 2, "nobody:nothing"),
        (["-p", "yes", "info", "SOURCE"], 2, "no:IDENTITY"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_requests_that_make_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture, words: list[str], code: int, named: str
) -> None:
    omezarr.write_image(tmp_path / "source.zarr", np.zeros((16, 16), dtype="uint8"))
    places = {"TARGET": str(tmp_path / "target.zarr"), "SOURCE": str(tmp_path / "source.zarr")}
    before = contents(tmp_path)
    assert run([places.get(word, word) for word in words]) == code
    captured = capsys.readouterr()
    assert named in captured.err
    assert "Traceback" not in captured.err
    assert len([line for line in captured.err.splitlines() if line.startswith("Error")]) == 1
    assert contents(tmp_path) == before
    assert not (tmp_path / "target.zarr").exists()


def test_a_target_that_exists_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    target = tmp_path / "target.zarr"
    omezarr.write_image(target, np.ones((16, 16), dtype="uint8"))
    before = contents(target)
    assert run(["create", str(target)]) == 1
    assert "exists" in capsys.readouterr().err
    assert contents(target) == before


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_a_folder_of_the_users_is_never_a_target(
    tmp_path: Path, capsys: pytest.CaptureFixture, overwrite: list[str]
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"meow")
    assert run(["create", str(tmp_path / "photos"), *overwrite]) == 1
    assert "no zarr hierarchy" in capsys.readouterr().err
    assert contents(tmp_path) == {"photos/cat.jpg": b"meow"}


@pytest.mark.parametrize("target", ["source.zarr", "source.zarr/inside", ".", "source.zarr/../source.zarr/0"])
@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_source_and_target_may_not_lie_inside_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture, target: str, overwrite: list[str]
) -> None:
    omezarr.write_image(tmp_path / "source.zarr", np.ones((16, 16), dtype="uint8"))
    before = contents(tmp_path)
    assert run(["convert", str(tmp_path / "source.zarr"), f"{tmp_path}/{target}", *overwrite]) in (1, 2)
    assert "inside each other" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_link_does_not_hide_that_source_and_target_are_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    omezarr.write_image(tmp_path / "source.zarr", np.ones((16, 16), dtype="uint8"))
    (tmp_path / "link.zarr").symlink_to(tmp_path / "source.zarr")
    before = contents(tmp_path / "source.zarr")
    assert run(["convert", str(tmp_path / "source.zarr"), str(tmp_path / "link.zarr"), "--overwrite"]) == 2
    assert "inside each other" in capsys.readouterr().err
    assert contents(tmp_path / "source.zarr") == before


def test_control_characters_in_names_do_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    omezarr.write_image(
        tmp_path / "i.zarr", np.zeros((8, 8), dtype="uint8"), name="a\x1b[31mred\x07", channels=["\x1b]0;x"]
    )
    assert run(["info", str(tmp_path / "i.zarr")]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "red" in shown


def test_huge_declared_arrays_cost_nothing_to_look_at(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "huge.zarr"
    omezarr.write_image(path, np.zeros((8, 8), dtype="uint8"))
    document = json.loads((path / "0" / "zarr.json").read_text())
    document["shape"] = [10**9, 10**9]
    document["chunk_grid"]["configuration"]["chunk_shape"] = [1, 1]
    (path / "0" / "zarr.json").write_text(json.dumps(document))
    assert run(["info", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["levels"][0]["shape"] == [10**9, 10**9]


def test_labels_that_list_themselves_end(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "loop.zarr"
    omezarr.write_image(path, np.zeros((8, 8), dtype="uint8"), labels={"a": np.zeros((8, 8), dtype="uint8")})
    document = json.loads((path / "labels" / "zarr.json").read_text())
    document["attributes"]["ome"]["labels"] = [".", "a"]
    (path / "labels" / "zarr.json").write_text(json.dumps(document))
    assert run(["info", str(path)]) in (0, 1)
    assert "Traceback" not in capsys.readouterr().err


def test_a_zarr_array_is_told_from_an_image(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    zarr.create_array(str(tmp_path / "a.zarr"), data=np.zeros((8, 8)))
    assert run(["info", str(tmp_path / "a.zarr")]) == 1
    assert "zarr array" in capsys.readouterr().err
