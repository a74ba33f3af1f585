"""``omezarr thumbnail`` and ``omezarr info --picture``: picture files of the right kind, size and content."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from zarr.storage import LocalStore

import omezarr
from omezarr.cli import omezarr as root
from omezarr.cli import run
from tests.rendering.reference import write_levels


@pytest.fixture
def image(tmp_path):
    pixels = np.arange(2 * 3 * 8 * 16, dtype="uint16").reshape(2, 3, 8, 16)
    write_levels(LocalStore(tmp_path / "a.zarr"), [pixels], "czyx")
    return tmp_path / "a.zarr"


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.JPEG", "JPEG"), ("a.webp", "WEBP")]
)
def test_a_picture_file_is_of_the_type_that_its_name_says(image, tmp_path, name, kind):
    assert run(["thumbnail", str(image), str(tmp_path / name), "--size", "64"]) == 0
    with Image.open(tmp_path / name) as picture:
        assert (picture.format, picture.size) == (kind, (64, 32))
    assert list(tmp_path.glob(".*")) == []


def test_all_options_reach_the_picture(image, tmp_path):
    out = tmp_path / "a.png"
    words = ["--size", "8", "-z", "2", "--channel", "1", "--window", "0,1000", "--color", "00FF00"]
    words += ["--region", "2,4,4,8", "--level", "0"]
    assert run(["thumbnail", str(image), str(out), *words]) == 0
    pixels = np.arange(2 * 3 * 8 * 16).reshape(2, 3, 8, 16)[1, 2, 2:6, 4:12]
    drawn = np.asarray(Image.open(out))
    np.testing.assert_array_equal(drawn[..., 1], np.floor(np.minimum(pixels / 1000, 1) * 255 + 0.5))
    assert drawn[..., 0].max() == 0


def test_a_picture_goes_to_standard_output(image):
    result = CliRunner().invoke(root, ["thumbnail", str(image), "-", "--projection", "max", "--type", "webp"])
    with Image.open(io.BytesIO(result.stdout_bytes)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (256, 128))


def test_labels_are_laid_over(tmp_path):
    dark = np.ones((8, 8), "uint8")
    labels = {"cells": np.ones((8, 8), "uint8")}
    omezarr.write_image(tmp_path / "l.zarr", dark, axes="yx", labels=labels)
    for words, bright in (([], False), (["--labels"], True), (["--label", "cells", "--opacity", "0"], False)):
        assert (
            run(
                [
                    "thumbnail",
                    str(tmp_path / "l.zarr"),
                    str(tmp_path / "l.png"),
                    "--window",
                    "0,255",
                    "--overwrite",
                    *words,
                ]
            )
            == 0
        )
        assert bool(np.asarray(Image.open(tmp_path / "l.png")).max() > 64) is bright


@pytest.mark.parametrize(
    "refused",
    [
        (["a.gif"], "end it in .png", 2),
        (["there.png"], "--overwrite", 1),
        (["a.png", "--window", "1"], "two numbers", 2),
        (["a.png", "--region", "1,2,3"], "four whole numbers", 2),
        (["a.png", "--field", "first"], "whole number", 2),
        (["a.png", "--channel", "7"], "no channel '7'", 2),
        (["nowhere/a.png"], "could not write", 1),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(image, tmp_path, monkeypatch, capsys, refused):
    words, said, code = refused
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.png").write_bytes(b"mine")
    assert run(["thumbnail", str(image), *words]) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert (tmp_path / "there.png").read_bytes() == b"mine"


def test_info_draws_a_picture_where_the_terminal_has_colours(image):
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    words = [sys.executable, "-c", "from omezarr.cli import main; main()"]
    done = subprocess.Popen([*words, "info", str(image), "--picture"], stdout=other, stderr=other, env=environment)
    shown = b""
    os.close(other)
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(main)
    assert done.wait() == 0
    assert "▀".encode() in shown
    assert b"multiscales" in shown


def test_info_says_where_the_terminal_shows_no_picture(image, capsys):
    assert run(["info", str(image), "--picture"]) == 0
    told = capsys.readouterr()
    assert "omezarr thumbnail" in told.err
    assert "multiscales" in told.out
