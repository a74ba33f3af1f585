"""Open, describe and validate mutated documents and files: nothing may raise but errors of omezarr, or take long.

Run as ``python benchmarks/fuzz.py [--documents N] [--files N] [--seed N] [--seconds S]``. Every case is made of a seed,
so that it can be made again: its number is shown with what went wrong. It ends when all are done or the time is over.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import MemoryStore

import omezarr
from omezarr.checking.validation import validate
from omezarr.errors import OMEZarrError
from omezarr_builtins.commands.info import describe

if TYPE_CHECKING:
    from collections.abc import Callable

SLOW = 2.0
PIXELS = np.arange(2 * 12 * 12, dtype="u1").reshape(2, 12, 12)
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2.5, 1e300, -1e300, 10**300, 2**63, "", "0", "..", "a/b", "/", "\0", "\ud800",
    "é" * 99, [], {}, [[]], [None], {"": None}, [0] * 99,
    "0.4", "0.5", "0.9", "micrometer", "space", "scale", "identity",
]  # fmt: skip

Tree = dict[str, bytes]


def contents(store: MemoryStore) -> Tree:
    return {key: buffer.to_bytes() for key, buffer in store._store_dict.items()}  # noqa: SLF001 - it has no other way to all of it


def bases() -> list[Tree]:
    """Return the smallest hierarchies of every kind that is written, in all versions that are."""
    found = []
    for version in ("0.4", "0.5", "0.6"):
        words: dict[str, Any] = {"format": version, "axes": "cyx", "chunks": (1, 12, 12)}
        for write in (
            lambda s, w: omezarr.write_image(s, PIXELS, **w, levels=1, channels=["a", "b"]),
            lambda s, w: omezarr.write_image(s, PIXELS, **w, levels=2),
            lambda s, w: omezarr.write_image(s, PIXELS, **w, levels=1, labels={"l": PIXELS[:1]}),
            lambda s, w: omezarr.write_plate(s, {"A/1": PIXELS}, **w, levels=1),
        ):
            store = MemoryStore()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                write(store, words)  # type: ignore[no-untyped-call]  # a lambda
            found.append(contents(store))
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


def mutated(document: Any, random_: random.Random) -> Any:
    """Return a document with some of its values replaced, removed, doubled or moved."""
    document = copy.deepcopy(document)
    for _ in range(random_.choice((1, 1, 1, 2, 4))):
        paths = [path for path in places(document) if path]
        if not paths:
            return random_.choice(ODD)
        *above, key = random_.choice(paths)
        holder = document
        for step in above:
            holder = holder[step]
        what = random_.randrange(5)
        if what == 0:
            del holder[key]
        elif what == 1 and isinstance(holder, list):
            holder.extend([holder[key]] * random_.choice((1, 3, 40)))
        elif what == 2 and isinstance(holder, dict):
            holder[random_.choice(("path", "axes", "version", "type", "x"))] = holder.pop(key)
        elif what == 3 and isinstance(holder[key], int | float):
            holder[key] = holder[key] * random_.choice((-1, 0, 1e9, 0.5))
        else:
            holder[key] = copy.deepcopy(random_.choice(ODD))
    return document


def with_document(tree: Tree, random_: random.Random) -> Tree:
    """Return a hierarchy one document of which is mutated."""
    key = random_.choice([key for key in tree if key.rpartition("/")[2].startswith((".z", "zarr.json"))])
    return {**tree, key: json.dumps(mutated(json.loads(tree[key]), random_)).encode("utf-8", "surrogatepass")}


def with_file(tree: Tree, random_: random.Random) -> Tree:
    """Return a hierarchy the bytes of one file of which are changed, cut, doubled or gone."""
    key = random_.choice(list(tree))
    content = bytearray(tree[key])
    what = random_.randrange(4)
    if what == 0:
        return {name: value for name, value in tree.items() if name != key}
    if what == 1:
        content = content[: random_.randrange(len(content) + 1)]
    elif what == 2:
        start = random_.randrange(len(content) + 1)
        content[start:start] = content[start : start + random_.randrange(64)] or random_.randbytes(8)
    else:
        for _ in range(random_.choice((1, 3, 9))):
            if content:
                content[random_.randrange(len(content))] = random_.randrange(256)
    return {**tree, key: bytes(content)}


def used(tree: Tree, depth: str) -> None:
    """Open, describe and validate a hierarchy."""
    prototype = default_buffer_prototype()
    store = MemoryStore({key: prototype.buffer.from_bytes(value) for key, value in tree.items()})
    try:
        json.dumps(describe(omezarr.open(store), "", stats=depth == "data"))
    except OMEZarrError as error:
        str(error)
    try:
        validate(store, depth=depth).as_dict()  # type: ignore[arg-type]  # one of the words
    except OMEZarrError as error:
        str(error)
    sync(store.clear())


def campaign(kind: str, numbers: range, trees: list[Tree], until: float) -> tuple[int, float, list[str]]:
    """Use mutated hierarchies; return how many, the longest time that one took, and what was wrong."""
    change: Callable[[Tree, random.Random], Tree] = {"document": with_document, "file": with_file}[kind]
    done, longest, wrong = 0, 0.0, []
    for number in numbers:
        if time.monotonic() > until:
            break
        random_ = random.Random(f"{kind} {number}")
        tree = change(random_.choice(trees), random_)
        start = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                used(tree, "hierarchy" if kind == "document" else "data")
        except Exception:  # noqa: BLE001 - this is what is looked for
            wrong.append(f"{kind} {number}: {traceback.format_exc(limit=-4)}")
        took = time.process_time() - start
        longest = max(longest, took)
        if took > SLOW:
            wrong.append(f"{kind} {number}: took {took:.1f} s")
        done += 1
    return done, longest, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="The number of the first case.")
    parser.add_argument("--seconds", type=float, default=450.0, help="For each of the two.")
    words = parser.parse_args()
    trees, broken = bases(), False
    for kind, count in (("document", words.documents), ("file", words.files)):
        until = time.monotonic() + words.seconds
        done, longest, wrong = campaign(kind, range(words.seed, words.seed + count), trees, until)
        print(f"{done} mutated {kind}s, {len(wrong)} of them wrong; the slowest took {longest:.2f} s", flush=True)
        print("\n".join(wrong[:20]), file=sys.stderr, flush=True)
        broken = broken or bool(wrong)
    sys.exit(broken)


if __name__ == "__main__":
    main()
