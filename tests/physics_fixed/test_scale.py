"""The edge: exact nearest rounding of what people write, and clear refusals of what must not enter."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from physics_fixed import limits, scale
from physics_fixed.errors import LocalError, NumberError
from physics_fixed.scale import q24, q30, q40, to_float, to_raw, to_text

BITS = st.integers(1, 62)


def nearest_even(value: Fraction, bits: int) -> int:
    return round(value * (1 << bits))  # the built-in rounds a Fraction exactly, ties to even


@given(st.fractions(min_value=-1, max_value=1), BITS)
def test_nearest_ties_to_even(value: Fraction, bits: int) -> None:
    assert to_raw(value, bits) == nearest_even(value, bits)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=12))
def test_text_decimal_and_fraction_agree(value: Decimal) -> None:
    expected = nearest_even(Fraction(value), 24)
    assert q24(value) == q24(str(value)) == q24(Fraction(value)) == expected


@given(st.integers(-(1 << 38), (1 << 38) - 1))
def test_integers_are_exact(value: int) -> None:
    assert q24(value) == q24(str(value)) == q24(np.int64(value)) == value << 24


def test_ties_go_to_the_even_neighbour() -> None:
    half = Fraction(1, 1 << 25)
    assert [q24(k * half) for k in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]
    assert [q24(half + step) for step in (Fraction(-1, 10**30), Fraction(1, 10**30))] == [0, 1]


def test_formats_and_ratios() -> None:
    assert (q24("0.5"), q30("-0.5"), q40("1/3")) == (1 << 23, -(1 << 29), 366503875925)
    assert q24("1e-3") == 16777 == q24(".001") == q24("+0.001")


@pytest.mark.parametrize("value", [0.1, -9.81, 1e300, np.float32(0.5), np.float64(2)])
def test_floats_are_refused_with_the_text_to_write(value: float) -> None:
    with pytest.raises(NumberError) as caught:
        q24(value, "friction")  # type: ignore[arg-type]
    assert "friction" in str(caught.value)
    assert f'"{value}"' in str(caught.value)
    assert isinstance(caught.value, LocalError)


NO_NUMBERS = [
    *(
        "",
        "x",
        "nan",
        "inf",
        "0x10",
        "1_000",
        " 1",
        "1 ",
        "1,5",
        "1/0",
        "1e100",
        "\u0663",
        "1" * 100,
        "549755813888",
    ),
    *(None, True, [1], 1j, b"1", float("nan"), float("inf"), -549755813889),
    *(Decimal("NaN"), Decimal("Infinity"), Decimal("1e999999"), Decimal("1e-999999")),
]


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(NumberError, match="gravity"):
        q24(value, "gravity")  # type: ignore[arg-type]


def test_ends_of_the_range() -> None:
    assert q24(-549755813888) == -(1 << 63)
    assert q24("549755813887.99999") == round(Fraction("549755813887.99999") * (1 << 24))


@given(st.integers(-(1 << 52), 1 << 52))
def test_display(raw: int) -> None:
    assert to_float(raw, 24) == raw / 2**24
    assert abs(Fraction(to_text(raw, 24)) - Fraction(raw, 1 << 24)) <= Fraction(1, 2_000_000)


def test_exact_values() -> None:
    assert scale.exact("0.1") == Fraction(1, 10)
    assert scale.exact(Decimal("2.5")) == Fraction(5, 2)
    with pytest.raises(NumberError):
        scale.exact(2.5)  # type: ignore[arg-type]


def test_limits_are_the_figures_that_the_documents_name() -> None:
    assert q24("0.001") == limits.MASS_MIN_Q24 and q24(100000) == limits.MASS_MAX_Q24
    assert q24("1/256") == limits.LENGTH_MIN_Q24
