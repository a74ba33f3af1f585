"""Files are read at any offset, and end where they end."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omezarr.errors import LocationNotFoundError, SourceError
from omezarr.files import LocalFile, ReopenedFile
from omezarr_builtins.importers._files import FileView

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = bytes(range(256)) * 5


@pytest.fixture(params=[LocalFile, ReopenedFile])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> LocalFile | ReopenedFile:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    opened: LocalFile | ReopenedFile = request.param(tmp_path / "a.bin")
    return opened


def test_bytes_are_read_from_an_offset(file: LocalFile) -> None:
    assert file.size == len(CONTENT)
    assert file.read(300, 20) == CONTENT[300:320]
    assert file.read(len(CONTENT) - 3, 10) == CONTENT[-3:]
    assert file.read(len(CONTENT) + 3, 10) == b""
    assert file.read(2**64, 10) == b""


def test_more_than_there_is_cannot_be_had(file: LocalFile) -> None:
    assert file.exactly(0, len(CONTENT)) == CONTENT
    with pytest.raises(SourceError, match="truncated"):
        file.exactly(10, 10**18)


def test_a_closed_file_is_opened_again(file: LocalFile) -> None:
    file.read(0, 1)
    file.close()
    file.close()
    assert file.read(5, 2) == CONTENT[5:7]


def test_the_identity_changes_with_the_content(file: LocalFile) -> None:
    before = file.identity
    file.path.write_bytes(b"x" + CONTENT[1:])
    assert type(file)(file.path).identity != before


def test_what_is_missing_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(LocationNotFoundError, match="does not exist"):
        LocalFile(tmp_path / "a.bin")


@settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 1400), st.integers(-1, 400)), max_size=12))
def test_a_view_reads_as_a_file_object_does(steps: list[tuple[int, int]], tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    view, model = FileView(LocalFile(path), block=100, blocks=3), io.BytesIO(CONTENT)
    for offset, size in steps:
        assert view.seek(offset) == model.seek(offset)
        assert view.read(size) == model.read(size)
        assert view.tell() == model.tell()
    assert view.seek(-5, io.SEEK_END) == model.seek(-5, io.SEEK_END)
    with pytest.raises(ValueError, match="before the beginning"):
        view.seek(-1)
