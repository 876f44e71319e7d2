"""Rays: the same triangles as exact arithmetic finds, distances within one unit, nothing slips through."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.physics_fixed.meshes.reference import (
    ONE,
    Point,
    corners_of,
    cube,
    dot,
    grid_mesh,
    hills,
    load,
    ray_exactly,
    rays,
    soup,
)

UNIT = 1 << 30


def direction_to(origin: Point, target: Point) -> Point:
    """A unit vector (Q30) as the engine makes them: rounded."""
    x, y, z = (t - o for o, t in zip(origin, target, strict=True))
    length = math.isqrt((x * x + y * y + z * z) << 60)
    if length == 0:
        return 0, UNIT, 0
    x, y, z = (((part << 61) + length) // (2 * length) for part in (x, y, z))
    return x, y, z


def check(words: Any, origin: Point, direction: Point, length: int, *, both_sides: int) -> int:
    """All hits, against exact ones; the number of hits."""
    hits = rays(words, origin, direction, length, both_sides=both_sides)
    assert hits == sorted(hits)
    found = {hit[1]: hit for hit in hits}
    assert len(found) == len(hits)
    for number, corners in corners_of(words):
        exact = ray_exactly(corners, origin, direction, both_sides)
        if exact is None or exact[0] > length + 1:
            assert number not in found, (number, corners, origin, direction)
        elif 1 <= exact[0] <= length - 1:
            distance, _, *normal, side = found[number]
            assert abs(distance - exact[0]) <= 1
            assert side == exact[1]
            assert tuple(normal) == tuple(side * part for part in load(words, number).normal)
    for capacity in (1, 2, 5):
        nearest = rays(words, origin, direction, length, both_sides=both_sides, capacity=capacity, nearest=1)
        assert nearest == hits[:capacity]
        assert rays(words, origin, direction, length, both_sides=both_sides, capacity=capacity) == nearest
    return len(hits)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 32), count=st.integers(1, 30), spread=st.integers(0, 35), size=st.integers(1, 35)
)
def test_rays_against_meshes_of_any_size(seed: int, count: int, spread: int, size: int) -> None:
    chance = random.Random(seed)
    words = soup(chance, count, 1 << spread, 1 << size).words()
    triangles = corners_of(words)
    for away in (1 << spread, 1 << 40):
        origin = (chance.randint(-away, away), chance.randint(-away, away), chance.randint(-away, away))
        a, b, c = chance.choice(triangles)[1]
        middle = tuple(sum(parts) // 3 for parts in zip(a, b, c, strict=True))
        edge = tuple((p + q) // 2 for p, q in zip(a, b, strict=True))
        for target in (a, edge, middle):
            direction = direction_to(origin, target)  # type: ignore[arg-type]
            check(words, origin, direction, 1 << 40, both_sides=1)
            check(words, origin, direction, chance.randint(0, 1 << 40), both_sides=0)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    rows=st.integers(2, 6),
    columns=st.integers(2, 6),
    height=st.integers(0, 36),
    step=st.integers(16, 34),
)
def test_rays_against_height_fields(seed: int, rows: int, columns: int, height: int, step: int) -> None:
    chance = random.Random(seed)
    words = hills(chance, rows, columns, 1 << height, (1 << step) + chance.randint(0, 3)).words()
    triangles = corners_of(words)
    for away in (1 << step, 8 << step, 1 << 40):
        origin = (chance.randint(-away, away), chance.randint(-away, away), chance.randint(-away, away))
        a, b, c = chance.choice(triangles)[1]
        middle = tuple(sum(parts) // 3 for parts in zip(a, b, c, strict=True))
        for target in (a, middle, (c[0], origin[1], c[2])):
            direction = direction_to(origin, target)  # type: ignore[arg-type]
            check(words, origin, direction, 1 << 40, both_sides=1)
            check(words, origin, direction, chance.randint(0, 1 << 40), both_sides=0)
        down = (origin[0] % (1 << step), 1 << 38, origin[2] % (1 << step))
        check(words, down, (0, -UNIT, 0), 1 << 40, both_sides=0)
        for flat in ((UNIT, 0, 0), (-UNIT, 0, 0), (0, 0, UNIT), (0, 0, -UNIT)):
            check(words, middle, flat, 1 << 40, both_sides=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_slips_through_a_closed_surface(seed: int) -> None:
    """From inside a cube every ray leaves through a side or an edge, whatever it aims at."""
    chance = random.Random(seed)
    words = cube().words()
    for _ in range(200):
        origin = tuple(chance.randint(-ONE + 1, ONE - 1) for _ in range(3))
        target = tuple(chance.choice((-ONE, 0, ONE, chance.randint(-ONE, ONE))) for _ in range(3))
        direction = direction_to(origin, target)  # type: ignore[arg-type]
        behind = check(words, origin, direction, 1 << 30, both_sides=1)  # type: ignore[arg-type]
        assert behind >= 1
        assert rays(words, origin, direction, 1 << 30) == []  # type: ignore[arg-type]


def test_rays_down_the_lines_of_a_grid_hit_ground() -> None:
    """Through every vertex, edge and diagonal; mesh and height field agree on the distance."""
    chance = random.Random(1)
    field = hills(chance, 6, 7, 3 * ONE)
    solid = grid_mesh(6, 7, lambda r, c: field.words()[16 + 7 * r + c] >> 24)
    for x in range(12 * 4):
        for z in range(10 * 4):
            above = (x * ONE // 8, 100 * ONE, z * ONE // 8)
            hits = rays(solid.words(), above, (0, -UNIT, 0), 1000 * ONE)
            assert hits
            shifted = (above[0] - 3 * ONE, above[1], above[2] - 5 * ONE // 2)
            on_field = rays(field.words(), shifted, (0, -UNIT, 0), 1000 * ONE)
            assert {hit[0] for hit in on_field} <= {hit[0] for hit in hits}


def test_lengths_end_where_they_say() -> None:
    words = cube().words()
    origin = (-3 * ONE, ONE // 3, ONE // 5)
    assert rays(words, origin, (UNIT, 0, 0), 2 * ONE - 1) == []
    (hit,) = rays(words, origin, (UNIT, 0, 0), 2 * ONE)
    assert hit[0] == 2 * ONE
    assert hit[2:] == (-UNIT, 0, 0, 1)
    assert [h[0] for h in rays(words, origin, (UNIT, 0, 0), 9 * ONE, both_sides=1)] == [2 * ONE, 4 * ONE]
    assert [h[0] for h in rays(words, (-ONE, 0, 5), (UNIT, 0, 0), 0)] == [0]
    assert rays(words, origin, (-UNIT, 0, 0), 9 * ONE, both_sides=1) == []


def test_a_normal_is_against_the_ray() -> None:
    chance = random.Random(3)
    words = soup(chance, 40, 1 << 26, 1 << 26).words()
    for _ in range(50):
        origin = (chance.randint(-(1 << 27), 1 << 27), 1 << 27, chance.randint(-(1 << 27), 1 << 27))
        direction = direction_to(origin, (0, 0, 0))
        for _, _, *normal, _ in rays(words, origin, direction, 1 << 30, both_sides=1):
            assert dot(tuple(normal), direction) <= 1 << 31  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(3))
def test_the_shapes_own_exact_ray_agrees(seed: int) -> None:
    chance = random.Random(seed)
    shapes = (soup(chance, 30, 1 << 26, 1 << 26), hills(chance, 6, 5, 1 << 25))
    for _ in range(40):
        origin = (chance.randint(-(1 << 27), 1 << 27), 1 << 27, chance.randint(-(1 << 27), 1 << 27))
        direction = direction_to(origin, (chance.randint(-ONE, ONE), 0, 0))
        path = tuple(part << 2 for part in direction)
        for shape in shapes:
            exact = shape.ray_q24(origin, path)  # type: ignore[arg-type]
            hits = rays(shape.words(), origin, direction, 1 << 32, capacity=1, nearest=1)
            assert (exact is None) == (hits == [])
            if exact is not None:
                assert abs(exact.distance_q24 - hits[0][0]) <= 2
                assert max(abs(p - q) for p, q in zip(exact.normal_q30, hits[0][2:5], strict=True)) <= 1
