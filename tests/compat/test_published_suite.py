"""The published tests of ome-zarr-py 0.13, run on the names that omezarr offers.

They are read where they lie, from the folder that ``OMEZARR_COMPAT_SUITE`` names (``tests`` of the sdist), with
ome-zarr-models installed; how many pass is shown with ``-s``. Each that fails has its row in the page "Come from
ome-zarr-py".
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

SUITE = os.environ.get("OMEZARR_COMPAT_SUITE", "")

EXPECTED = {
    "test_laplacian": "unsigned pixels have no differences",
    "test_pyramid_args": "unsigned pixels have no differences",
    "test_default_compression": "dask arrays are compressed as numpy arrays are",
    "test_write_image_scalar_chunks": "chunks end where their level ends",
    "test_mix_zarr_formats": "messages are those of omezarr",
    "test_omero_metadata": "messages are those of omezarr",
    "test_invalid_version": "the version of the document counts",
    "test_download": "a copy logs nothing of its levels",
}
"""Tests of which some or all cases fail: why."""


@pytest.mark.skipif(not SUITE, reason="OMEZARR_COMPAT_SUITE names no folder with the tests of ome-zarr-py 0.13")
def test_the_published_tests_pass_but_for_those_that_are_explained(tmp_path):
    shutil.copytree(SUITE, tmp_path / "tests")
    (tmp_path / "named.py").write_text("import omezarr_compat\nomezarr_compat.install()\n")
    words = ["-q", "-rfE", "-p", "named", "-p", "no:cacheprovider", "-k", "not s3_info", "--tb=no", "tests"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    summary = ran.stdout.rstrip().rpartition("\n")[2]
    sys.stdout.write(f"{summary}\n")
    failed = re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", ran.stdout, flags=re.MULTILINE)
    passed = re.search(r"(\d+) passed", summary)
    assert passed is not None, ran.stdout + ran.stderr
    assert set(failed) <= set(EXPECTED)
    assert int(passed[1]) >= 475
