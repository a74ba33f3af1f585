"""Which axes and which kinds of pixels a version allows, with the cure where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from omezarr.model import Axis

CONVENTIONAL_NAMES = "tczyx"
"""The axes of 0.1 to 0.3, in their order."""

INTEGERS = tuple(f"{sign}int{bits}" for sign in ("u", "") for bits in (8, 16, 32, 64))
"""The kinds of pixels that labels may have."""

PIXELS = (*INTEGERS, "bool", "float16", "float32", "float64", "complex64", "complex128")
"""The kinds of pixels that images may have in every version."""


def check_full_axes(axes: Sequence[Axis], version: str) -> str | None:
    """Return why axes are not exactly those of 0.1 and 0.2."""
    names = [axis.name for axis in axes]
    if names == list(CONVENTIONAL_NAMES):
        return None
    found = f"NGFF {version} has the axes t, c, z, y, x and no others, in this order; these are {_listed(names)}"
    if check_conventional_axes(axes, version) is None:
        return f"{found}. Add the missing ones with length 1 (--expand-axes), or write 0.3 or newer"
    return f"{found}. Write 0.4 or newer, or rename and reorder the axes"


def check_conventional_axes(axes: Sequence[Axis], version: str) -> str | None:
    """Return why axes are not some of those of 0.3."""
    names = [axis.name for axis in axes]
    if not 2 <= len(names) <= 5:
        return f"NGFF {version} has 2 to 5 axes; these are {len(names)}: {_listed(names)}"
    if names != [name for name in CONVENTIONAL_NAMES if name in names]:
        return (
            f"NGFF {version} has axes out of t, c, z, y, x, in this order; these are {_listed(names)}. "
            "Rename and reorder the axes, or write 0.4 or newer if only the names are others"
        )
    return None


def check_typed_axes(axes: Sequence[Axis], version: str, spatial: tuple[str, ...] = ("space",)) -> str | None:
    """Return why axes do not follow the rules of 0.4 to 0.6, `spatial` being the types that count as space."""
    names = [axis.name for axis in axes]
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        return f"names of axes are unique; {_listed(duplicates)} occurs several times in {_listed(names)}"
    if not 2 <= len(axes) <= 5:
        return f"NGFF {version} has 2 to 5 axes; these are {len(axes)}: {_listed(names)}"
    ranks = [0 if axis.type == "time" else 2 if axis.type in spatial else 1 for axis in axes]
    kinds = ", ".join(f"{axis.name} ({axis.type or 'no type'})" for axis in axes)
    usual = CONVENTIONAL_NAMES[-len(axes) :]
    naming = f"Give the types of the axes, or their conventional names: axes={usual!r}, --axes {usual}"
    space, time, other = ranks.count(2), ranks.count(0), ranks.count(1)
    if space not in (2, 3):
        return f"NGFF {version} has 2 or 3 axes of the type space; these are {kinds}. {naming}"
    if time > 1 or other > 1:
        cure = "Split the image, or combine the axes" if all(axis.type for axis in axes) else naming
        return f"NGFF {version} has at most one axis of time and one channel or custom axis; these are {kinds}. {cure}"
    order = sorted(range(len(axes)), key=ranks.__getitem__)
    if order != list(range(len(axes))):
        return (
            f"NGFF {version} has axes in the order time, channel or custom, space; these are {kinds}. "
            f"Transpose the image to {_listed([names[i] for i in order])}: image.transpose({_listed(map(str, order))})"
        )
    return None


def check_pixels(dtype: str, *, label: bool) -> str | None:
    """Return why pixels of a numpy dtype are refused."""
    if label and dtype not in INTEGERS:
        return f"labels are integers of 8 to 64 bits, not {dtype}; convert them, for example to uint32"
    if dtype not in PIXELS:
        return f"pixels are booleans, integers, floating-point or complex numbers, not {dtype}; convert them"
    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
