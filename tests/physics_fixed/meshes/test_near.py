"""Triangles near a box: none that touches it is missing, and few others are found, against brute force."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.physics_fixed.meshes.reference import (
    ONE,
    Point,
    boxes_meet,
    corners_of,
    cube,
    grid_mesh,
    hills,
    meets_box,
    near,
    run_near,
    soup,
)


def check(words: Any, lower: Point, upper: Point) -> int:
    """Everything that touches is found, nothing whose box is apart; the number found."""
    found = near(words, lower, upper)
    assert found == sorted(set(found))
    for number, corners in corners_of(words):
        if meets_box(corners, lower, upper):
            assert number in found, (number, corners, lower, upper)
        if not boxes_meet(corners, lower, upper):
            assert number not in found, (number, corners, lower, upper)
    return len(found)


def box_at(chance: random.Random, spread: int, size: int) -> tuple[Point, Point]:
    x, y, z = (chance.randint(-spread, spread) for _ in range(3))
    return (x, y, z), (x + chance.randint(0, size), y + chance.randint(0, size), z + chance.randint(0, size))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 32), count=st.integers(1, 40), spread=st.integers(0, 36), size=st.integers(1, 36)
)
def test_a_mesh_of_any_size_finds_what_touches(seed: int, count: int, spread: int, size: int) -> None:
    chance = random.Random(seed)
    bound = 1 << 36
    mesh = soup(chance, count, min(1 << spread, bound // 2), min(1 << size, bound // 2))
    (x0, y0, z0), (x1, y1, z1) = mesh.bounds_q24()
    reach = max(x1 - x0, y1 - y0, z1 - z0)
    for _ in range(6):
        check(mesh.words(), *box_at(chance, abs(x0) + reach, reach))
    check(mesh.words(), (x1, y1, z1), (x1, y1, z1))
    assert near(mesh.words(), (x1 + 1, y0, z0), (x1 + 1, y1, z1)) == []


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    rows=st.integers(2, 7),
    columns=st.integers(2, 7),
    height=st.integers(0, 36),
    step=st.integers(16, 34),
)
def test_a_height_field_finds_what_touches(
    seed: int, rows: int, columns: int, height: int, step: int
) -> None:
    chance = random.Random(seed)
    field = hills(chance, rows, columns, 1 << height, (1 << step) + chance.randint(0, 3))
    (x0, y0, z0), (x1, y1, z1) = field.bounds_q24()
    for _ in range(6):
        check(field.words(), *box_at(chance, max(x1, z1, y1 - y0) * 3 // 2, 2 << step))
    check(field.words(), (x0 - 5, y0 - 5, z0 - 5), (x1 + 5, y1 + 5, z1 + 5))
    # Boxes that touch lines of the grid from either side.
    for x in (x0, x0 + (1 << step), x1):
        check(field.words(), (x, y0, z0), (x, y1, z1))
        check(field.words(), (x, y0, z1), (x, y1, z1))


def test_the_boxes_of_the_contact_are_narrow_for_slopes() -> None:
    """A small box over a steep slope finds no triangle whose plane it misses, though boxes overlap."""
    mesh = grid_mesh(9, 9, lambda r, c: 3 * ONE * c)
    words = mesh.words()
    middle = (4 * ONE, 20 * ONE, 4 * ONE)
    assert near(words, middle, tuple(p + ONE // 8 for p in middle)) == []  # type: ignore[arg-type]
    on = (4 * ONE, 12 * ONE, 4 * ONE)
    assert 4 <= check(words, on, tuple(p + ONE // 8 for p in on)) <= 8  # type: ignore[arg-type]


def test_a_full_list_says_how_many_there_are() -> None:
    words = cube().words().copy()
    box = np.array([-ONE, -ONE, -ONE, ONE, ONE, ONE], np.int64)
    found = np.full(12, -1, np.int64)
    assert run_near(words, 0, box, found, 5) == 12
    assert found.tolist() == [0, 1, 2, 3, 4] + [-1] * 7
    assert run_near(words, 0, box, found, 12) == 12
    assert found.tolist() == list(range(12))


def test_a_geometry_may_begin_anywhere_among_others() -> None:
    chance = random.Random(4)
    mesh, field = soup(chance, 30, 1 << 26, 1 << 25), hills(chance, 5, 6, 1 << 25)
    pool = np.concatenate([np.full(77, 5, np.int64), mesh.words(), field.words()])
    box = (-ONE, -ONE, -ONE), (2 * ONE, ONE, ONE)
    assert near(pool, *box, first=77) == near(mesh.words(), *box) != []
    assert near(pool, *box, first=77 + len(mesh.words())) == near(field.words(), *box) != []


@pytest.mark.parametrize("far", [1 << 39, 1 << 41])
def test_boxes_as_large_and_as_far_as_the_world_allows(far: int) -> None:
    chance = random.Random(far)
    for words in (soup(chance, 50, 1 << 35, 1 << 35).words(), hills(chance, 9, 5, 1 << 36, 1 << 33).words()):
        everything = [number for number, _ in corners_of(words)]
        assert near(words, (-far, -far, -far), (far, far, far)) == everything
        assert near(words, (far, far, far), (far, far, far)) == []
        check(words, (-far, -far, -far), (0, 0, 0))
