"""Folders that others make and remove at the same time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from omezarr.arrays.folders import make_folder, remove_empty

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 2_000


def test_a_folder_is_made_with_those_above_it_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "a/b/c"
    make_folder(folder)
    make_folder(folder)
    assert folder.is_dir()


def test_a_folder_is_made_while_others_remove_it(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    done = threading.Event()

    def disturb() -> None:
        while not done.is_set():
            remove_empty([folder, folder.parent])
            time.sleep(0)

    with ThreadPoolExecutor() as pool:
        disturbing = pool.submit(disturb)
        making = [pool.submit(lambda: [make_folder(folder) for _ in range(ROUNDS)]) for _ in range(3)]
        try:
            for future in making:
                future.result()
        finally:
            done.set()
        disturbing.result()


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file/inside")


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "link")


def test_folders_are_removed_as_far_as_they_are_empty(tmp_path: Path) -> None:
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    (tmp_path / "a/file").touch()
    remove_empty([inner / "gone", inner, inner.parent, inner.parent.parent])
    assert not (tmp_path / "a/b").exists()
    assert (tmp_path / "a/file").exists()
