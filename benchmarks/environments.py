"""An environment for each contestant, so that none decides which versions another one runs on."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Contestant:
    """A library, or a version of one.

    Parameters
    ----------
    name : str
        As the tables have it.
    module : str
        What does the tasks.
    environment : str
        The name of its environment; those of the same name share it.
    packages : tuple of str
        What is installed there.
    options : dict
        What it is told beside the options of the work.
    """

    name: str
    module: str
    environment: str
    packages: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)


_OMEZARR = (f"{CHECKOUT}[http]",)
CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant("omezarr", "contestants.omezarr", "omezarr", _OMEZARR),
        Contestant("omezarr, blosc's own blocks", "contestants.omezarr", "omezarr", _OMEZARR, {"blocksize": 0}),
        Contestant("floor", "floor", "omezarr", _OMEZARR, {"blocksize": 512 * 1024}),
        Contestant("floor, blosc's own blocks", "floor", "omezarr", _OMEZARR, {"blocksize": 0}),
        Contestant("ome-zarr", "contestants.ome_zarr", "ome-zarr", ("ome-zarr==0.21.0", "tifffile", "imagecodecs")),
        Contestant(
            "ngff-zarr",
            "contestants.ngff_zarr",
            "ngff-zarr",
            ("ngff-zarr[cli,dask-image]==0.50.0", "numcodecs", "aiohttp"),
        ),
        Contestant(
            "zarr-python 3.1", "contestants.zarr_python", "zarr-3.1", ("zarr[remote]==3.1.6", "aiohttp", "dask[array]")
        ),
        Contestant("zarr-python", "contestants.zarr_python", "zarr", ("zarr[remote]", "aiohttp", "dask[array]")),
    )
}


def made(contestant: Contestant, folder: Path, python: str) -> Path:
    """Return the folder with the programs of a contestant's environment, which is made if it is not there."""
    environment = folder / contestant.environment
    programs = environment / "bin"
    done = environment / "installed.json"
    wanted = json.dumps([python, *contestant.packages])
    if not done.exists() or done.read_text() != wanted or CHECKOUT.as_posix() in contestant.packages[0]:
        if not done.exists():
            subprocess.run([python, "-m", "venv", environment], check=True)
        subprocess.run([programs / "pip", "install", "-qq", *contestant.packages], check=True)
        done.write_text(wanted)
    return programs


def versions(programs: Path) -> str:
    """Return the versions of what decides the speed in an environment."""
    script = (
        "import platform; from importlib.metadata import distributions as d\n"
        "names = ('omezarr', 'ome-zarr', 'ngff-zarr', 'zarr', 'numcodecs', 'numpy', 'dask')\n"
        "found = {p.metadata['Name'].lower(): p.version for p in d()}\n"
        "print('Python', platform.python_version() + ',', ', '.join(f'{n} {found[n]}' for n in names if n in found))"
    )
    return subprocess.run(
        [programs / "python", "-c", script], check=True, capture_output=True, text=True
    ).stdout.strip()
