"""The wide operations: machine code against unbounded integers, at the edges of every range.

The Python functions are the definition; here they are held against rational arithmetic, and the compiled form
of each against its Python function, over products of edge values and seeded numbers of every magnitude.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from physics_fixed.fixmath import wide
from physics_fixed.fixmath.wide import (
    bit_length,
    det3_shift,
    det3_size,
    div_shift,
    dot2_narrow,
    dot2_shift,
    dot3_narrow,
    dot3_shift,
    dot3_size,
    dot3_varied,
    dot4_narrow,
    dot4_shift,
    dot6_narrow,
    dot6_shift,
    isqrt,
    length2,
    length3,
    length4,
    mul_narrow,
    mul_shift,
    mul_sub_narrow,
    mul_sub_shift,
    shift_left,
    sqrt_shift,
)
from physics_fixed.jit import COMPILER_ON, kernel

compiled = pytest.mark.skipif(
    not COMPILER_ON, reason="the compiler is off: there is no machine code to compare"
)

INT64 = st.integers(wide.INT64_MIN, wide.INT64_MAX)
SHIFTS = (0, 1, 24, 63, 64, 126)
EDGES = sorted(
    {
        sign * ((1 << bits) + step)
        for bits in (0, 1, 23, 31, 32, 33, 53, 62)
        for step in (-1, 0, 1)
        for sign in (1, -1)
    }
    | {wide.INT64_MIN, wide.INT64_MIN + 1, wide.INT64_MAX, wide.INT64_MAX - 1}
)


def seeded(count: int, lanes: int, seed: int) -> list[tuple[int, ...]]:
    """Numbers of 0 to 63 bits, magnitudes evenly distributed over the bit counts, both signs."""
    chance = random.Random(seed)
    return [
        tuple(chance.choice((1, -1)) * chance.getrandbits(chance.randrange(64)) for _ in range(lanes))
        for _ in range(count)
    ]


def agree(run: Any, twin: Callable[..., int], rows: list[tuple[int, ...]], columns: tuple[Any, ...]) -> int:
    """Compare where the Python function accepts its arguments; the number of comparisons made."""
    given = np.array(rows, np.int64)
    out = np.zeros((len(rows), len(columns)), np.int64)
    run(given, out)
    compared = 0
    for row, results in zip(rows, out.tolist(), strict=True):
        for column, result in zip(columns, results, strict=True):
            try:
                expected = twin(*row) if column is None else twin(*row, column)
            except (OverflowError, ZeroDivisionError):
                continue
            assert result == expected, (twin.__name__, row, column)
            compared += 1
    return compared


@kernel("void(int64[:,::1],int64[:,::1])")
def run_mul(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a, b = given[i, 0], given[i, 1]
        out[i, 0], out[i, 1], out[i, 2] = mul_shift(a, b, 0), mul_shift(a, b, 1), mul_shift(a, b, 24)
        out[i, 3], out[i, 4], out[i, 5] = mul_shift(a, b, 63), mul_shift(a, b, 64), mul_shift(a, b, 126)


@kernel("void(int64[:,::1],int64[:,::1])")
def run_determinants(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a, b, c, d, e = given[i, 0], given[i, 1], given[i, 2], given[i, 3], given[i, 4]
        f, g, h, p = given[i, 5], given[i, 6], given[i, 7], given[i, 8]
        out[i, 0] = det3_size(a, b, c, d, e, f, g, h, p)
        for k in range(127):
            out[i, 1 + k] = det3_shift(a, b, c, d, e, f, g, h, p, k)


@kernel("void(int64[:,::1],int64[:,::1])")
def run_varied_products(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a, b, c, d, e, f = given[i, 0], given[i, 1], given[i, 2], given[i, 3], given[i, 4], given[i, 5]
        out[i, 0] = dot3_size(a, b, c, d, e, f)
        for k in range(127):
            out[i, 1 + k] = dot3_varied(a, b, c, d, e, f, k)


@kernel("void(int64[:,::1],int64[:,::1])")
def run_div(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a, b = given[i, 0], given[i, 1]
        out[i, 0], out[i, 1], out[i, 2] = div_shift(a, b, 0), div_shift(a, b, 1), div_shift(a, b, 24)
        out[i, 3], out[i, 4], out[i, 5] = div_shift(a, b, 63), div_shift(a, b, 64), div_shift(a, b, 126)


@kernel("void(int64[:,::1],int64[:,::1])")
def run_sqrt(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a = given[i, 0]
        if a >= 0:
            out[i, 0], out[i, 1], out[i, 2] = sqrt_shift(a, 0), sqrt_shift(a, 1), sqrt_shift(a, 24)
            out[i, 3], out[i, 4], out[i, 5] = sqrt_shift(a, 63), sqrt_shift(a, 64), sqrt_shift(a, 126)


@kernel("void(int64[:,::1],int64[:,::1])")
def run_sums(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a, b, c, d, e, f = given[i, 0], given[i, 1], given[i, 2], given[i, 3], given[i, 4], given[i, 5]
        g, h, p, q, r, s = given[i, 6], given[i, 7], given[i, 8], given[i, 9], given[i, 10], given[i, 11]
        out[i, 0] = mul_sub_shift(a, b, c, d, 64)
        out[i, 1] = dot2_shift(a, b, c, d, 64)
        out[i, 2] = dot3_shift(a, b, c, d, e, f, 64)
        out[i, 3] = dot4_shift(a, b, c, d, e, f, g, h, 64)
        out[i, 4] = dot6_shift(a, b, c, d, e, f, g, h, p, q, r, s, 64)
        out[i, 5] = mul_narrow(a, b, 7)
        out[i, 6] = mul_sub_narrow(a, b, c, d, 7)
        out[i, 7] = dot2_narrow(a, b, c, d, 7)
        out[i, 8] = dot3_narrow(a, b, c, d, e, f, 7)
        out[i, 9] = dot4_narrow(a, b, c, d, e, f, g, h, 7)
        out[i, 10] = dot6_narrow(a, b, c, d, e, f, g, h, p, q, r, s, 7)


@kernel("void(int64[:,::1],int64[:,::1])")
def run_lengths(given: Any, out: Any) -> None:
    for i in range(len(given)):
        a, b, c, d = given[i, 0], given[i, 1], given[i, 2], given[i, 3]
        out[i, 0], out[i, 1], out[i, 2] = length2(a, b), length3(a, b, c), length4(a, b, c, d)
        if a >= 0:
            out[i, 3], out[i, 4] = isqrt(a), bit_length(a)
        out[i, 5] = shift_left(a >> 20, 20)


@given(INT64, INT64, st.integers(0, 126))
def test_python_product_is_the_floor(a: int, b: int, shift: int) -> None:
    exact = floor(Fraction(a * b, 1 << shift))
    if wide.INT64_MIN <= exact <= wide.INT64_MAX:
        assert mul_shift(a, b, shift) == exact
    else:
        with pytest.raises(OverflowError):
            mul_shift(a, b, shift)


@given(INT64, INT64.filter(bool), st.integers(0, 60))
def test_python_quotient_is_the_floor(a: int, b: int, shift: int) -> None:
    exact = floor(Fraction(a << shift, b))
    if wide.INT64_MIN <= exact <= wide.INT64_MAX:
        assert div_shift(a, b, shift) == exact
    else:
        with pytest.raises(OverflowError):
            div_shift(a, b, shift)


@given(st.integers(0, wide.INT64_MAX), st.integers(0, 62))
def test_python_root_is_the_floor(a: int, shift: int) -> None:
    root = sqrt_shift(a, shift)
    assert root**2 <= a << shift < (root + 1) ** 2


def test_python_functions_refuse_what_compiled_code_takes_for_granted() -> None:
    """Arguments or results beyond int64, sums beyond 128 bits: the oracle run must stop there."""
    big = 1 << 62
    for call in (
        lambda: mul_shift(1 << 63, 1, 24),
        lambda: mul_shift(big, big, 24),
        lambda: dot2_shift(-(1 << 63), -(1 << 63), -(1 << 63), -(1 << 63), 126),
        lambda: mul_narrow(1 << 32, 1 << 31, 24),
        lambda: dot2_narrow(big, 1, big, 1, 24),
        lambda: shift_left(1 << 60, 3),
        lambda: div_shift(1, 1, 63),
        lambda: sqrt_shift(1 << 62, 126),
        lambda: length2(wide.INT64_MIN, wide.INT64_MIN),
    ):
        with pytest.raises(OverflowError):
            call()
    assert (
        dot2_narrow(1 << 40, 1 << 40, -(1 << 40), 1 << 40, 0) == 0
    )  # the parts leave int64, the sum does not


@compiled
@pytest.mark.parametrize(("run", "twin"), [(run_mul, mul_shift), (run_div, div_shift)])
def test_compiled_products_and_quotients(run: Any, twin: Callable[..., int]) -> None:
    rows = [*itertools.product(EDGES, EDGES), *seeded(4000, 2, 1)]
    assert agree(run, twin, rows, SHIFTS) > 8000


def near_divisors() -> Iterator[tuple[int, int]]:
    """Dividends one below, at and one above multiples of the divisor: where a quotient is off first."""
    chance = random.Random(2)
    for _ in range(4000):
        divisor = chance.getrandbits(chance.randrange(1, 63)) | 1
        quotient = chance.getrandbits(chance.randrange(1, 40))
        for step in (-1, 0, 1):
            dividend = quotient * divisor + step
            if abs(dividend) <= wide.INT64_MAX:
                yield dividend, divisor
                yield -dividend, divisor


@compiled
def test_compiled_quotients_near_multiples() -> None:
    assert agree(run_div, div_shift, list(near_divisors()), SHIFTS) > 8000


@compiled
def test_compiled_quotients_of_every_table_interval() -> None:
    """Divisors at both ends of each interval of the reciprocal table, with the largest dividends allowed."""
    tops = [
        (top << 54) + offset for top in range(256, 512) for offset in (0, 1, (1 << 54) - 2, (1 << 54) - 1)
    ]
    rows = [
        (dividend, divisor) for divisor in tops for dividend in (wide.INT64_MAX, divisor - 1, -divisor, 1)
    ]
    assert agree(run_div, div_shift, rows, SHIFTS) > 4000


@compiled
def test_division_by_zero_gives_zero_and_does_not_kill() -> None:
    rows = [(a, 0) for a in EDGES] + [(wide.INT64_MIN, -1)]
    out = np.ones((len(rows), len(SHIFTS)), np.int64)
    run_div(np.array(rows, np.int64), out)
    assert not out[:-1].any()


def squares() -> Iterator[tuple[int]]:
    """Numbers beside squares, of all magnitudes, and both ends of each table interval."""
    chance = random.Random(3)
    for _ in range(6000):
        root = chance.getrandbits(chance.randrange(1, 32))
        yield from ((root * root + step,) for step in (-1, 0, 1) if root * root + step >= 0)
    for bits in (0, 1):
        for top in range(128, 512):
            yield from (((top << (54 - bits)) + step,) for step in (-1, 0, 1))
    yield from (((1 << bits) - 1,) for bits in range(1, 64))


@compiled
def test_compiled_roots() -> None:
    assert agree(run_sqrt, sqrt_shift, list(squares()), SHIFTS) > 60000


@compiled
def test_compiled_roots_of_wide_squares() -> None:
    """Lengths whose squares fill 126 bits, at exact squares (scaled triples) and one beside."""
    chance = random.Random(4)
    rows = [
        (3 * k, 4 * k + step, 0, 0)
        for k in (chance.getrandbits(60) for _ in range(2000))
        for step in (-1, 0, 1)
    ]
    rows += [
        (k, step, 0, 0) for k in (chance.getrandbits(62) for _ in range(1000)) for step in (0, 1, 1 << 31)
    ]
    rows += seeded(4000, 4, 5)
    columns = (length2, length3, length4)
    out = np.zeros((len(rows), 6), np.int64)
    run_lengths(np.array(rows, np.int64), out)
    compared = 0
    for row, results in zip(rows, out.tolist(), strict=True):
        for twin, lanes, result in zip(columns, (2, 3, 4), results, strict=False):
            if sum(part * part for part in row[:lanes]) < 1 << 126:
                assert result == twin(*row[:lanes]), (twin.__name__, row)
                compared += 1
        if row[0] >= 0:
            assert results[3:5] == [isqrt(row[0]), bit_length(row[0])]
        assert results[5] == row[0] >> 20 << 20
    assert compared > 25000


SUMS: tuple[tuple[Callable[..., int], int, int], ...] = (
    (mul_sub_shift, 4, 64),
    (dot2_shift, 4, 64),
    (dot3_shift, 6, 64),
    (dot4_shift, 8, 64),
    (dot6_shift, 12, 64),
    (mul_narrow, 2, 7),
    (mul_sub_narrow, 4, 7),
    (dot2_narrow, 4, 7),
    (dot3_narrow, 6, 7),
    (dot4_narrow, 8, 7),
    (dot6_narrow, 12, 7),
)


@compiled
@pytest.mark.parametrize("size", [64, 31])
def test_compiled_sums(size: int) -> None:
    """Full words for the wide sums (parts of which leave 64 bits), half words for the narrow ones."""
    rows = [tuple(number >> (64 - size) for number in row) for row in seeded(3000, 12, 6)]
    rows += [tuple(random.Random(n).choice(EDGES) >> (64 - size) for _ in range(12)) for n in range(500)]
    out = np.zeros((len(rows), len(SUMS)), np.int64)
    run_sums(np.array(rows, np.int64), out)
    compared = 0
    for row, results in zip(rows, out.tolist(), strict=True):
        for (twin, lanes, shift), result in zip(SUMS, results, strict=True):
            try:
                expected = twin(*row[:lanes], shift)
            except OverflowError:
                continue
            assert result == expected, (twin.__name__, row)
            compared += 1
    assert compared > 20000


@compiled
def test_compiled_determinants_are_those_of_unbounded_integers() -> None:
    chance = random.Random(8)
    values = (0, 1, -1, 1 << 40, -(1 << 40), (1 << 41) - 1, 3 << 20)
    rows = [tuple(chance.choice(values) for _ in range(9)) for _ in range(300)]
    rows += [tuple(number >> 22 for number in row) for row in seeded(3000, 9, 9)]
    given = np.array(rows, np.int64)
    out = np.zeros((len(rows), 128), np.int64)
    run_determinants(given, out)
    for row, (size, *shifted) in zip(rows, out.tolist(), strict=True):
        m = np.array(row, object).reshape(3, 3)
        exact = sum(m[0, i] * (m[1, i - 2] * m[2, i - 1] - m[1, i - 1] * m[2, i - 2]) for i in range(3))
        assert size == (abs(exact).bit_length() if exact >= 0 else -abs(exact).bit_length())
        assert size == det3_size(*row)
        for shift, result in enumerate(shifted):
            if -(1 << 63) <= exact >> shift < 1 << 63:
                assert result == exact >> shift == det3_shift(*row, shift)


def test_a_determinant_beyond_128_bits_is_refused() -> None:
    with pytest.raises(OverflowError, match="128"):
        det3_size(*(1 << 62, 0, 0), *(0, 1 << 62, 0), *(0, 0, 1 << 62))


@compiled
def test_compiled_dot_products_of_varied_shift_are_those_of_unbounded_integers() -> None:
    chance = random.Random(12)
    values = (0, 1, -1, 1 << 61, -(1 << 61), (1 << 60) - 1, 3 << 20)
    rows = [tuple(chance.choice(values) for _ in range(6)) for _ in range(300)]
    rows += [tuple(number >> 2 for number in row) for row in seeded(3000, 6, 13)]
    given = np.array(rows, np.int64)
    out = np.zeros((len(rows), 128), np.int64)
    run_varied_products(given, out)
    for row, (size, *shifted) in zip(rows, out.tolist(), strict=True):
        exact = sum(row[axis] * row[3 + axis] for axis in range(3))
        assert size == (abs(exact).bit_length() if exact >= 0 else -abs(exact).bit_length())
        assert size == dot3_size(*row)
        for shift, result in enumerate(shifted):
            if -(1 << 63) <= exact >> shift < 1 << 63:
                assert result == exact >> shift == dot3_varied(*row, shift)


def test_a_dot_product_beyond_128_bits_is_refused() -> None:
    with pytest.raises(OverflowError, match="128"):
        dot3_size(*(-(1 << 63),) * 3, *(-(1 << 63),) * 3)
