"""The command ``omezarr validate``, from the command line to what it prints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from omezarr.cli import run
from tests.builtins.rules.documents import KINDS, wrapped
from tests.builtins.rules.hierarchies import plate_tree, stored

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def valid(tmp_path: Path) -> str:
    return folder(tmp_path / "plate.zarr", plate_tree("0.5"))


@pytest.fixture
def invalid(tmp_path: Path) -> str:
    tree = plate_tree("0.5")
    for path in ("A/1/0", "A/1/1", "B/2/0", "B/2/1"):
        tree[path]["ome"]["multiscales"][0]["axes"][0]["name"] = "x"
        for level in ("0", "1", "2"):
            del tree[f"{path}/{level}"]["dimension_names"]
    del tree[""]["ome"]["plate"]["name"]
    return folder(tmp_path / "plate.zarr", tree)


def folder(root: Path, tree: dict[str, Any]) -> str:
    for key, buffer in stored(tree)._store_dict.items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(buffer.to_bytes())
    return str(root)


def attributes(tmp_path: Path, document: dict[str, Any]) -> str:
    file = tmp_path / "attributes.json"
    file.write_text(json.dumps(document))
    return str(file)


def test_two_forms_of_output_at_once_are_a_mistake(valid, capsys):
    assert run(["validate", valid, "--json", "--sarif"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_two_depths_at_once_are_a_mistake(valid, capsys):
    assert run(["validate", valid, "--shallow", "--data"]) == 2
    assert "exclude each other" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [["--ignore", "axis.order"], ["--format", "0.7"], ["--storage-option", "colour=red"]]
)
def test_what_does_not_exist_is_a_mistake_even_with_exit_zero(option, valid, capsys):
    assert run(["validate", valid, "--exit-zero", *option]) == 2
    assert capsys.readouterr().err.startswith("Error: ")


def test_a_place_where_nothing_is_gives_one_line(tmp_path, capsys):
    assert run(["validate", str(tmp_path / "missing.zarr")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(("options", "code"), [([], 1), (["--exit-zero"], 0)])
def test_a_place_where_nothing_is_is_one_object_of_json_where_json_is_asked_for(options, code, tmp_path, capsys):
    assert run(["validate", str(tmp_path / "missing.zarr"), "--json", *options]) == code
    verdict = json.loads(capsys.readouterr().out)
    assert verdict["valid"] is False
    assert "missing.zarr" in verdict["message"]


def test_a_valid_hierarchy_exits_with_zero(valid, capsys):
    assert run(["validate", valid]) == 0
    assert capsys.readouterr().out == f"{valid}: valid NGFF 0.5; 0 errors, 0 warnings in 7 groups\n"


def test_an_invalid_hierarchy_exits_with_one_and_tells_errors_by_rule(invalid, capsys):
    assert run(["validate", invalid]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Errors"
    rule = lines.index("  axes.names.unique  No two axes have the same name. (NGFF 0.5, multiscales)")
    assert lines[rule + 1].startswith("    A/1/0: multiscales[0].axes[4]: found 'x', as axis 0")
    assert "    ... and 7 more; --json lists them all" in lines
    assert lines.index("Warnings") > rule
    assert lines[-1].endswith("not valid NGFF 0.5; 16 errors, 1 warning in 7 groups")


def test_json_is_one_object_with_a_verdict_and_all_problems(invalid, capsys):
    assert run(["validate", invalid, "--json", "--exit-zero"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["valid"], verdict["version"], len(verdict["problems"])) == (False, "0.5", 17)
    assert verdict["message"].startswith("not valid NGFF 0.5, 16 errors")


def test_sarif_lists_rules_and_results(invalid, capsys):
    assert run(["validate", invalid, "--sarif"]) == 1
    log = json.loads(capsys.readouterr().out)
    (one,) = log["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert (log["version"], len(one["results"])) == ("2.1.0", 17)
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
    places = [item["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for item in one["results"]]
    assert "A/1/0:multiscales[0].axes[4]" in places


def test_a_shallow_look_ignores_what_is_below(invalid, capsys):
    assert run(["validate", invalid, "--shallow"]) == 0
    assert run(["validate", invalid, "--shallow", "--strict"]) == 1
    assert "plate.name.present" in capsys.readouterr().out


def test_pixels_are_read_on_request(valid, tmp_path, capsys):
    chunk = tmp_path / "plate.zarr" / "B/2/1/2/c/0/0/0/0/0"
    chunk.parent.mkdir(parents=True)
    chunk.write_bytes(b"\0")
    assert run(["validate", valid]) == 0
    assert run(["validate", valid, "--data"]) == 1
    assert "arrays.chunks.readable" in capsys.readouterr().out


def test_rules_are_ignored_by_id(invalid):
    assert run(["validate", invalid, "--ignore", "axes.names.*", "--ignore", "arrays.dimension_names*"]) == 0


def test_a_file_of_attributes_is_validated(tmp_path, capsys):
    file = attributes(tmp_path, KINDS["multiscales"]("0.4"))
    assert run(["validate", file, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["depth"] == "document"
    assert run(["validate", file, "--format", "0.3"]) == 1
    assert run(["validate", file, "--data"]) == 2


def test_control_characters_of_data_do_not_reach_the_terminal(tmp_path, capsys):
    document = KINDS["well"]("0.5")
    document["well"]["images"][0]["path"] = "\x1b[31m\ud800\n"
    assert run(["validate", attributes(tmp_path, wrapped("0.5", document))]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "well.images.path.value" in out
