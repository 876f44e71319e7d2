"""Trigonometry: the stated worst error over the whole domain.

Two oracles. Power series to 60 decimals at hard places and seeded ones; and, for millions of points spread
over the whole domain, numpy's doubles, whose own error (below 2**-50) does not matter at 2**-30.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from physics_fixed.fixmath import trig
from physics_fixed.jit import COMPILER_ON, kernel
from tests.physics_fixed import series

ONE = 1 << 30
WORST = 0.51
DENSE = 3_000_000 if COMPILER_ON else 3_000


@kernel("void(int64[::1],int64[:,::1])")
def run_turns(given: Any, out: Any) -> None:
    for i in range(len(given)):
        out[i, 0], out[i, 1] = trig.sine_cosine_of_turn_q30(given[i])


@kernel("void(int64[::1],int64[:,::1])")
def run_radians(given: Any, out: Any) -> None:
    for i in range(len(given)):
        out[i, 0], out[i, 1] = trig.sine_cosine_q30(given[i])


@kernel("void(int64[:,::1],int64[::1])")
def run_arc_tangents(given: Any, out: Any) -> None:
    for i in range(len(given)):
        out[i] = trig.arc_tangent2_q30(given[i, 0], given[i, 1])


@kernel("void(int64[::1],int64[:,::1])")
def run_arcs(given: Any, out: Any) -> None:
    for i in range(len(given)):
        out[i, 0], out[i, 1] = trig.arc_sine_q30(given[i]), trig.arc_cosine_q30(given[i])


def pairs(run: Any, given: Any) -> Any:
    out = np.zeros((len(given), 2), np.int64)
    run(np.ascontiguousarray(given), out)
    return out


def arc_tangents(given: Any) -> Any:
    out = np.zeros(len(given), np.int64)
    run_arc_tangents(np.ascontiguousarray(given), out)
    return out


def spread(low: int, high: int) -> Any:
    """Points over the whole range, evenly but not at round numbers."""
    step = (high - low) // DENSE | 1
    return np.arange(low, high, step, dtype=np.int64)


def test_turns_over_the_whole_turn() -> None:
    turns = spread(0, ONE)
    found = pairs(run_turns, turns)
    angles = turns * (2 * np.pi / ONE)
    assert np.abs(found[:, 0] - np.sin(angles) * ONE).max() < WORST
    assert np.abs(found[:, 1] - np.cos(angles) * ONE).max() < WORST


def test_turns_at_eighths_and_beyond_a_turn() -> None:
    turns = [k * (ONE >> 3) + step for k in range(-9, 17) for step in range(-3, 4)]
    turns += [(1 << 63) - 1, -(1 << 63), (1 << 62) + 12345]
    for turn, (sine, cosine) in zip(turns, pairs(run_turns, np.array(turns, np.int64)).tolist(), strict=True):
        angle = Decimal(turn % ONE) / ONE * 2 * series.PI
        assert abs(sine - series.sine(angle) * ONE) < WORST, turn
        assert abs(cosine - series.cosine(angle) * ONE) < WORST, turn


def test_quarter_turns_are_exact() -> None:
    found = pairs(run_turns, np.arange(4, dtype=np.int64) * (ONE >> 2)).tolist()
    assert found == [[0, ONE], [ONE, 0], [0, -ONE], [-ONE, 0]]


@pytest.mark.parametrize("bits", [31, 34, 40])
def test_radians_over_the_domain(bits: int) -> None:
    angles = spread(-(1 << bits), 1 << bits)
    found = pairs(run_radians, angles)
    assert np.abs(found[:, 0] - np.sin(angles / ONE) * ONE).max() < WORST
    assert np.abs(found[:, 1] - np.cos(angles / ONE) * ONE).max() < WORST


def test_radians_at_hard_places() -> None:
    """Next to multiples of an eighth turn, and at the end of the domain."""
    chance = random.Random(7)
    angles = [int(series.PI / 4 * k * ONE) + step for k in range(-20, 21) for step in range(-2, 4)]
    angles += [sign * ((1 << 50) - step) for sign in (1, -1) for step in range(20)]
    angles += [chance.randrange(-(1 << 50), 1 << 50) for _ in range(400)]
    for angle, (sine, cosine) in zip(angles, pairs(run_radians, np.array(angles)).tolist(), strict=True):
        assert abs(sine - series.sine(Decimal(angle) / ONE) * ONE) < WORST, angle
        assert abs(cosine - series.cosine(Decimal(angle) / ONE) * ONE) < WORST, angle


def test_arc_tangent_all_round() -> None:
    directions = spread(-ONE // 2, ONE // 2) * (2 * np.pi / ONE)
    vectors = np.stack([np.sin(directions), np.cos(directions)], axis=1) * float(1 << 40)
    vectors = np.rint(vectors).astype(np.int64)
    exact = np.arctan2(vectors[:, 0].astype(float), vectors[:, 1].astype(float)) * ONE
    assert np.abs(arc_tangents(vectors) - exact).max() < WORST


def test_arc_tangent_at_hard_places() -> None:
    """Short vectors, axes, diagonals, the switch at an eighth turn, and the largest magnitudes allowed."""
    chance = random.Random(8)
    top = 1 << 62
    sides = [
        0,
        1,
        2,
        3,
        5,
        12,
        29,
        70,
        169,
        ONE,
        top - 2,
        top - 1,
        int(Decimal(top) * (Decimal(2).sqrt() - 1)),
    ]
    vectors = [(a * i, b * j) for a in sides for b in sides for i in (1, -1) for j in (1, -1) if a or b]
    vectors += [
        tuple(chance.randrange(1 - top, top) >> chance.randrange(62) for _ in range(2)) for _ in range(300)
    ]
    for (y, x), angle in zip(vectors, arc_tangents(np.array(vectors, np.int64)).tolist(), strict=True):
        assert (x or y) == 0 or abs(angle - series.arc_tangent2(Decimal(y), Decimal(x)) * ONE) < WORST, (y, x)


def test_arc_tangent_of_nothing_is_zero() -> None:
    assert trig.arc_tangent2_q30(0, 0) == 0
    assert arc_tangents(np.zeros((1, 2), np.int64)).tolist() == [0]


def test_arcs_over_the_whole_domain() -> None:
    given = spread(-ONE, ONE + 1)
    found = pairs(run_arcs, given)
    # 1 - x**2 from the integers: numpy's arccos itself is off by more than our error near the ends.
    across = np.sqrt((ONE - given).astype(float) * (ONE + given).astype(float))
    assert np.abs(found[:, 0] - np.arctan2(given.astype(float), across) * ONE).max() < WORST
    assert np.abs(found[:, 1] - np.arctan2(across, given.astype(float)) * ONE).max() < WORST


def test_arcs_at_the_ends_and_beyond() -> None:
    ends = np.array([-ONE * 3, -ONE - 1, -ONE, 0, ONE, ONE + 1, ONE * 3], np.int64)
    half = trig.HALF_PI_Q30
    assert pairs(run_arcs, ends)[:, 0].tolist() == [-half] * 3 + [0] + [half] * 3
    assert pairs(run_arcs, ends)[:, 1].tolist() == [trig.PI_Q30] * 3 + [half] + [0] * 3


def test_constants_are_rounded_from_pi() -> None:
    for constant, factor in ((trig.PI_Q30, 1), (trig.TAU_Q30, 2), (trig.HALF_PI_Q30, Decimal("0.5"))):
        assert constant == int((series.PI * factor * ONE).to_integral_value())
