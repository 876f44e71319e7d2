"""Vectors and rotations against exact rational arithmetic, with the errors that their docstrings state."""

from __future__ import annotations

import random
from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor, isqrt
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from physics_fixed.fixmath import quat, vec3
from physics_fixed.fixmath.scalar import absolute, clamp, clamp_symmetric, maximum, minimum, sign
from physics_fixed.jit import kernel
from tests.physics_fixed import series

ONE = 1 << 30
WORST = Decimal("0.51")
COMPONENT = st.integers(-(1 << 40), 1 << 40)
VECTOR = st.tuples(COMPONENT, COMPONENT, COMPONENT)
UNIT = st.tuples(*(st.integers(-ONE, ONE),) * 4).filter(any).map(lambda q: quat.normalize_q30(*q))


@kernel("void(int64[:,::1],int64[:,::1])")
def run_vectors(given: Any, out: Any) -> None:
    for i in range(len(given)):
        x, y, z, w = given[i, 0], given[i, 1], given[i, 2], given[i, 3]
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = vec3.normalize_q30(x, y, z)
        out[i, 4], out[i, 5], out[i, 6], out[i, 7] = quat.normalize_q30(x >> 2, y >> 2, z >> 2, w >> 2)
        out[i, 8], out[i, 9], out[i, 10], out[i, 11] = quat.integrate_q30(
            out[i, 4], out[i, 5], out[i, 6], out[i, 7], x >> 32, y >> 32, z >> 32
        )


def magnitudes(count: int) -> list[tuple[int, ...]]:
    """Vectors whose components have 0 to 61 bits, independently."""
    chance = random.Random(9)
    rows = [
        tuple(chance.choice((1, -1)) * chance.getrandbits(chance.randrange(62)) for _ in range(4))
        for _ in range(count)
    ]
    edge = (1 << 61) - 1
    rows += [
        (1, 0, 0, 0),
        (0, 0, 1, 1),
        (edge, edge, edge, edge),
        (-edge, 1, 0, -edge),
        (3, 4, 0, 0),
        (0, 0, 0, 0),
    ]
    return rows


def directions_length(parts: tuple[int, ...]) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return Decimal(sum(part * part for part in parts)).sqrt()


def directions(parts: tuple[int, ...]) -> list[Decimal]:
    with localcontext() as context:
        context.prec = 60
        length = Decimal(sum(part * part for part in parts)).sqrt()
        return [Decimal(part) * ONE / length for part in parts]


def test_directions_are_rounded_however_short_the_vector() -> None:
    rows = magnitudes(3000)
    out = np.zeros((len(rows), 12), np.int64)
    run_vectors(np.array(rows, np.int64), out)
    for row, found in zip(rows, out.tolist(), strict=True):
        if any(row[:3]):
            assert all(abs(a - b) < WORST for a, b in zip(found[:3], directions(row[:3]), strict=True)), row
            length = directions_length(row[:3])
            assert abs(found[3] - length) <= Decimal("0.5") + length / (1 << 46), row
        else:
            assert found[:4] == [0, 0, 0, 0]
        quarters = tuple(part >> 2 for part in row)
        if any(quarters):
            assert all(abs(a - b) < WORST for a, b in zip(found[4:8], directions(quarters), strict=True)), row
        else:
            assert found[4:8] == [0, 0, 0, ONE]


def test_interpreter_and_machine_code_agree_on_vectors() -> None:
    rows = magnitudes(500)
    out = np.zeros((len(rows), 12), np.int64)
    run_vectors(np.array(rows, np.int64), out)
    for (x, y, z, w), found in zip(rows, out.tolist(), strict=True):
        unit = quat.normalize_q30(x >> 2, y >> 2, z >> 2, w >> 2)
        turned = quat.integrate_q30(*unit, x >> 32, y >> 32, z >> 32)
        assert tuple(found) == (*vec3.normalize_q30(x, y, z), *unit, *turned)


@given(st.integers(0, 1 << 43), st.sampled_from([(3, 4, 0), (2, 3, 6), (-1, 4, 8), (0, 0, 1)]))
def test_whole_lengths_are_exact(scale: int, v: tuple[int, int, int]) -> None:
    x, y, z = (part * (scale >> 4) for part in v)
    assert vec3.normalize_q30(x, y, z)[3] ** 2 == x * x + y * y + z * z


def test_inverse_root_over_every_interval() -> None:
    """Both ends and the middle of each interval of the table, and seeded numbers between."""
    chance = random.Random(10)
    numbers = [(top << 53) + offset for top in range(128, 512) for offset in (0, 1 << 52, (1 << 53) - 1)]
    numbers += [chance.randrange(1 << 60, 1 << 62) for _ in range(2000)]
    for number in numbers:
        found = vec3.inverse_root_q61(number)
        # 1 / sqrt(m / 2^62) * 2^61 = 2^92 / sqrt(m)
        exact = isqrt((1 << 252) // number)  # 2^126 / sqrt(m)
        assert abs((found << 34) - exact) < exact >> 47, number


@given(UNIT, st.integers(-(1 << 13), 1 << 13))
def test_renormalizing_nearly_unit_quaternions(q: tuple[int, ...], off: int) -> None:
    """Against the general form, on quaternions a little too long or too short."""
    stretched = tuple(part + part * off // ONE for part in q)
    for found, exact in zip(quat.renormalize_q30(*stretched), directions(stretched), strict=True):
        assert abs(found - exact) < WORST


@given(VECTOR, VECTOR)
def test_products_are_floors(a: tuple[int, int, int], b: tuple[int, int, int]) -> None:
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    assert vec3.dot_q24(*a, *b) == dot >> 24
    assert vec3.dot_q30(*a, *b) == dot >> 30
    assert vec3.cross_q24(*a, *b) == tuple(part >> 24 for part in cross)
    assert vec3.cross_q30(*a, *b) == tuple(part >> 30 for part in cross)
    assert vec3.scale_q24(*a, b[0]) == tuple(part * b[0] >> 24 for part in a)
    assert vec3.scale_q30(*a, b[0]) == tuple(part * b[0] >> 30 for part in a)


@given(VECTOR.filter(any))
def test_tangents_are_unit_and_at_right_angles(v: tuple[int, int, int]) -> None:
    normal = vec3.normalize_q30(*v)[:3]
    tangent = vec3.tangent_q30(*normal)
    assert abs(sum(part * part for part in tangent) - ONE * ONE) < 4 * ONE
    assert abs(sum(p * q for p, q in zip(normal, tangent, strict=True))) < 4 * ONE


def rotation(q: tuple[int, ...]) -> list[list[Fraction]]:
    """The exact rotation matrix of a quaternion, its length divided out."""
    x, y, z, w = (Fraction(part) for part in q)
    n = x * x + y * y + z * z + w * w
    return [
        [1 - 2 * (y * y + z * z) / n, 2 * (x * y - z * w) / n, 2 * (x * z + y * w) / n],
        [2 * (x * y + z * w) / n, 1 - 2 * (x * x + z * z) / n, 2 * (y * z - x * w) / n],
        [2 * (x * z - y * w) / n, 2 * (y * z + x * w) / n, 1 - 2 * (x * x + y * y) / n],
    ]


@given(UNIT, VECTOR)
def test_rotating_keeps_the_stated_error(q: tuple[int, ...], v: tuple[int, ...]) -> None:
    matrix = rotation(q)
    slack = 4 + max(map(abs, v)) * 8 // ONE  # the quaternion's own length is off by up to one unit of 2**-30
    for turned, rows in (
        (quat.rotate_q30(*q, *v), matrix),
        (quat.rotate_inverse_q30(*q, *v), zip(*matrix, strict=True)),
    ):
        for found, row in zip(turned, rows, strict=True):
            assert abs(found - sum(m * part for m, part in zip(row, v, strict=True))) <= slack


@given(UNIT)
def test_matrix_keeps_the_stated_error(q: tuple[int, ...]) -> None:
    exact = [cell for row in rotation(q) for cell in row]
    for found, cell in zip(quat.matrix_q30(*q), exact, strict=True):
        assert abs(found - cell * ONE) <= 5  # one of rounding, four of the quaternion's own length


@given(UNIT, UNIT)
def test_product_is_the_floor_of_the_exact_product(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    (ax, ay, az, aw), (bx, by, bz, bw) = a, b
    exact = (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by + ay * bw + az * bx - ax * bz,
        aw * bz + az * bw + ax * by - ay * bx,
        aw * bw - ax * bx - ay * by - az * bz,
    )
    assert quat.multiply_q30(*a, *b) == tuple(floor(Fraction(part, ONE)) for part in exact)


@given(st.tuples(*(st.integers(-4 * ONE, 4 * ONE),) * 3))
@example((0, 0, 0))
@example((1, 0, 0))
def test_rotation_vectors_turn_by_their_length(r: tuple[int, int, int]) -> None:
    found = quat.from_rotation_vector_q30(*r)
    with localcontext() as context:
        context.prec = 60
        length = Decimal(sum(part * part for part in r)).sqrt() / ONE
        half_sine, half_cosine = series.sine(length / 2), series.cosine(length / 2)
        exact = [(Decimal(part) / ONE / length * half_sine if length else Decimal(0)) for part in r]
    for component, value in zip(found, [*exact, half_cosine], strict=True):
        assert abs(component - value * ONE) < 2


@given(UNIT, st.tuples(*(st.integers(-ONE // 8, ONE // 8),) * 3))
def test_integration_is_a_small_turn(q: tuple[int, ...], r: tuple[int, int, int]) -> None:
    exact = quat.multiply_q30(*quat.from_rotation_vector_q30(*r), *q)
    cube = sum(part * part for part in r) * max(map(abs, r)) // (ONE * ONE)
    assert all(abs(a - b) <= 6 + cube // 6 for a, b in zip(quat.integrate_q30(*q, *r), exact, strict=True))


@given(st.integers(-(1 << 63), (1 << 63) - 1), COMPONENT, COMPONENT)
@example(-(1 << 63), -1, 1)
def test_scalars(value: int, a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert clamp(value, low, high) == min(max(value, low), high)
    assert clamp_symmetric(value, abs(a)) == min(max(value, -abs(a)), abs(a))
    assert (minimum(value, a), maximum(value, a)) == (min(value, a), max(value, a))
    assert absolute(value) == min(abs(value), (1 << 63) - 1)
    assert sign(value) == (value > 0) - (value < 0)
