"""The methods that look at blocks only, against their definitions."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from omezarr_builtins.scaling.local_mean import LocalMean
from omezarr_builtins.scaling.max import Max
from omezarr_builtins.scaling.median import Median, middle
from omezarr_builtins.scaling.min import Min
from omezarr_builtins.scaling.mode import Mode
from omezarr_builtins.scaling.nearest import Nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from omezarr.abc import ScalingMethod

INTEGERS = ["uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "float32", "float64"]
laws = settings(deadline=None, derandomize=True, max_examples=50)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def mean(block: list[Any]) -> Any:
    if isinstance(block[0], int):
        return half_up(Fraction(sum(block), len(block)))
    return math.fsum(block) / len(block)


def median(block: list[Any]) -> Any:
    ordered = sorted(block)
    middle = ordered[(len(block) - 1) // 2 : len(block) // 2 + 1]
    return half_up(Fraction(sum(middle), len(middle))) if isinstance(block[0], int) else sum(middle) / len(middle)


def mode(block: list[Any]) -> Any:
    counts = Counter(block)
    return next(value for value in block if counts[value] == max(counts.values()))


DEFINITIONS: list[tuple[ScalingMethod, Callable[[list[Any]], Any]]] = [
    (Nearest(), lambda block: block[0]),
    (LocalMean(), mean),
    (Median(), median),
    (Mode(), mode),
    (Min(), min),
    (Max(), max),
]
named = pytest.mark.parametrize(("method", "definition"), DEFINITIONS, ids=[m.name for m, _ in DEFINITIONS])


def by_definition(
    pixels: Any, factors: tuple[int, ...], definition: Callable[[list[Any]], Any]
) -> np.ndarray[Any, Any]:
    plain = pixels.astype(int) if pixels.dtype.kind == "b" else pixels
    shape = tuple(-(-length // factor) for length, factor in zip(pixels.shape, factors, strict=True))
    result = np.empty(shape, object)
    for place in itertools.product(*map(range, shape)):
        block = plain[tuple(slice(i * factor, (i + 1) * factor) for i, factor in zip(place, factors, strict=True))]
        result[place] = definition(block.reshape(-1).tolist())
    return result.astype(pixels.dtype)


def reduced(method: ScalingMethod, pixels: Any, factors: tuple[int, ...]) -> np.ndarray[Any, Any]:
    before = pixels.copy()
    result = method.reduce(pixels, factors, tuple(slice(0, length) for length in pixels.shape))
    assert (before == pixels).all() or before.dtype.kind == "f"
    assert result.dtype == pixels.dtype
    return result


@st.composite
def images(draw: st.DrawFn, dtypes: list[str]) -> tuple[np.ndarray[Any, Any], tuple[int, ...]]:
    shape = tuple(draw(st.lists(st.integers(1, 7), min_size=1, max_size=4)))
    factors = tuple(draw(st.integers(1, 4)) for _ in shape)
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    if dtype.kind == "f":
        elements = st.integers(-64, 64).map(lambda number: number / 4)
    elif dtype.kind == "b":
        elements = st.booleans()  # type: ignore[assignment]
    else:
        limits = np.iinfo(dtype)
        few = st.sampled_from([limits.min, limits.max, 0, 1, 2])
        elements = few | st.integers(int(limits.min), int(limits.max))  # type: ignore[assignment]
    return draw(hnp.arrays(dtype, shape, elements=elements, fill=st.nothing())), factors


@named
@laws
@given(image=images(INTEGERS + ["bool"]))
def test_integers_and_bool_are_exact(method: Any, definition: Any, image: Any) -> None:
    pixels, factors = image
    np.testing.assert_array_equal(reduced(method, pixels, factors), by_definition(pixels, factors, definition))


@named
@laws
@given(image=images(FLOATS))
def test_floats_follow_the_definition_and_keep_their_dtype(method: Any, definition: Any, image: Any) -> None:
    pixels, factors = image
    expected = by_definition(pixels, factors, definition)
    np.testing.assert_allclose(reduced(method, pixels, factors), expected, rtol=float(np.finfo(pixels.dtype).eps))


@named
@pytest.mark.parametrize("dtype", [*INTEGERS, *FLOATS, "bool"])
def test_large_arrays_are_cut_into_pieces_without_a_seam(method: Any, definition: Any, dtype: str) -> None:
    rng = np.random.default_rng(3)
    pixels = (rng.random((3, 130, 260)) * 100).astype("uint8").astype(dtype)
    part = reduced(method, pixels, (2, 2, 3))
    rows = slice(40, 44)
    np.testing.assert_array_equal(part[:, 20:22], by_definition(pixels[:, rows], (2, 2, 3), definition))


def test_halves_go_to_plus_infinity() -> None:
    assert reduced(LocalMean(), np.array([-1, 0, 1, 2], "int16"), (2,)).tolist() == [0, 2]
    assert reduced(Median(), np.array([-1, 0, 1, 2], "int64"), (2,)).tolist() == [0, 2]


@pytest.mark.parametrize("dtype", ["uint64", "int64"])
def test_the_largest_integers_do_not_overflow(dtype: str) -> None:
    limits = np.iinfo(dtype)
    pixels = np.full((4, 4), limits.max, dtype)
    pixels[0, 0] = limits.max - 1
    assert reduced(LocalMean(), pixels, (4, 4)).item() == limits.max
    pixels = np.full((3, 3), limits.min, dtype)
    assert reduced(LocalMean(), pixels, (3, 3)).item() == limits.min


def test_labels_of_64_bits_stay_exact() -> None:
    labels = np.array([[2**63 + 1, 2**63 + 1], [2**63 + 3, 5]], "uint64")
    assert reduced(Mode(), labels, (2, 2)).item() == 2**63 + 1
    assert reduced(Nearest(), labels, (2, 2)).item() == 2**63 + 1


@pytest.mark.parametrize("method", [LocalMean(), Median(), Min(), Max()], ids=lambda method: method.name)
def test_a_block_with_a_nan_gives_nan_and_no_other_does(method: ScalingMethod) -> None:
    pixels = np.array([np.nan, 1, 2, 4], "float32")
    result = reduced(method, pixels, (2,))
    assert np.isnan(result[0])
    assert not np.isnan(result[1])


def test_the_mode_takes_nan_only_where_nothing_occurs_twice() -> None:
    assert reduced(Mode(), np.array([[np.nan, 1], [1, 2]]), (2, 2)).item() == 1
    assert np.isnan(reduced(Mode(), np.array([[np.nan, 1], [3, 2]]), (2, 2)).item())


@pytest.mark.parametrize("method", [LocalMean(), Median(), Min(), Max()], ids=lambda method: method.name)
def test_complex_numbers_are_refused_with_a_cure(method: ScalingMethod) -> None:
    assert "use nearest" in str(method.check_dtype(np.dtype("complex64")))
    assert method.check_dtype(np.dtype("uint8")) is None


@pytest.mark.parametrize(
    "method", [method for method, _ in DEFINITIONS if method.preserves_values], ids=lambda m: m.name
)
@laws
@given(image=images(["uint32"]))
def test_methods_that_preserve_values_make_no_new_ones(method: Any, image: Any) -> None:
    pixels, factors = image
    assert set(reduced(method, pixels, factors).reshape(-1).tolist()) <= set(pixels.reshape(-1).tolist())


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 12, 16, 27, 32])
def test_the_middle_two_are_those_of_sorting(count: int) -> None:
    stack = np.random.default_rng(count).integers(-9, 9, (count, 300)).astype("int16")
    expected = np.sort(stack, axis=0)[[(count - 1) // 2, count // 2]]
    np.testing.assert_array_equal(np.sort(middle(stack), axis=0), expected)


def test_mean_and_median_do_not_claim_to_preserve_values() -> None:
    assert not LocalMean().preserves_values
    assert not Median().preserves_values
