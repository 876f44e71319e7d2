"""Distance and depth of cores: by bounds that meet, and by the exact hull of the Minkowski difference."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from physics_fixed.convex.cores import lay_core
from physics_fixed.convex.distance import ROUNDS_MAX, find_gap, gap_direction_q60, gap_point
from physics_fixed.convex.layout import LEAF_CODE, LEAF_MATRIX, LEAF_SIZE, LEAF_WIDTH, PATH_START, PATH_WIDTH
from physics_fixed.convex.work import (
    CHILD,
    CORE_A,
    CORE_B,
    CORE_CENTRE,
    CORE_COUNT,
    CORE_VERTICES,
    GAP_COUNT,
    GAP_DIRECTION,
    GAP_HIGH,
    GAP_ROUNDS,
    MINE,
    SIMPLEX_A,
    SIMPLEX_B,
    SIMPLEX_WIDTH,
    SOLID_A,
    SOLID_B,
    WAY_NORMAL,
    WAY_POINT_A,
    WAY_POINT_B,
    WAY_SEPARATION,
    WORK_WIDTH,
)
from physics_fixed.errors import NumberError
from physics_fixed.fixmath.quat import matrix_q30
from physics_fixed.jit import kernel
from physics_fixed.queries.depth import find_way
from physics_fixed.queries.solids import lay_solid
from physics_fixed.shapes.hull_builder import convex_polyhedron
from physics_fixed.shapes.hull_words import face_plane
from physics_fixed.shapes.shape import Rotation, Shape, Vector
from tests.physics_fixed.queries.scenery import IDENTITY, drawn_solid, drawn_turn, drawn_vector

FINE = 1 << 20


@kernel("int64(int64[::1],int64,int64,int64,int64,int64[::1])")
def run_gap(work: Any, x: int, y: int, z: int, limit: int, points: Any) -> int:
    low = find_gap(work, x, y, z, limit)
    if low >= 0:
        points[0], points[1], points[2] = gap_point(work, SIMPLEX_A)
        points[3], points[4], points[5] = gap_point(work, SIMPLEX_B)
        points[6], points[7], points[8] = gap_direction_q60(work)
    return low


@kernel("int64(int64[::1],int64[::1],int64[::1],int64[::1])")
def run_way(work: Any, path: Any, words_a: Any, words_b: Any) -> int:
    zero = path[PATH_START]
    path[PATH_START] = 0
    lay_core(work, MINE, words_a, path, CORE_A, work)
    path[PATH_START] = zero
    lay_core(work, CHILD, words_b, path, CORE_B, work)
    low = find_gap(work, 0, 0, 0, 1 << 61)
    if low < 0:
        lay_solid(work, MINE, words_a, CORE_A, SOLID_A, work)
        lay_solid(work, CHILD, words_b, CORE_B, SOLID_B, work)
        find_way(work)
    return low


def lay_points(work: Any, core: int, points: list[Vector]) -> None:
    work[core + CORE_COUNT] = len(points)
    work[core + CORE_VERTICES : core + CORE_VERTICES + 3 * len(points)] = np.array(points).ravel()
    work[core + CORE_CENTRE : core + CORE_CENTRE + 3] = [
        sum(column) // len(points) for column in zip(*points, strict=True)
    ]


def drawn_points(chance: random.Random, size: int) -> list[Vector]:
    """Points of all kinds: few or many, on a coarse grid, in a plane, on a line."""
    count = chance.choice([1, 2, 3, 4, 8, 20, 64])
    if chance.random() < 0.3:
        step = max(size // 3, 1)
        return [tuple(step * chance.randint(-2, 2) for _ in range(3)) for _ in range(count)]  # type: ignore[misc]
    flat = [chance.choice([1, 1, 1 << chance.randint(0, 20)]) for _ in range(3)]
    return [tuple(chance.randint(-size, size) // f for f in flat) for _ in range(count)]  # type: ignore[misc]


def encloses_origin(points: list[Vector]) -> bool:
    """Whether the origin is a mean of these (one to four) points with shares that are not negative."""
    count = len(points)
    rows = [[Fraction(p[axis]) for p in points] + [Fraction(0)] for axis in range(3)]
    rows.append([Fraction(1)] * (count + 1))
    pivots: list[int] = []
    for column in range(count):
        done = len(pivots)
        pivot = next((row for row in range(done, 4) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = [cell / rows[done][column] for cell in rows[done]]
        for row in range(4):
            if row != done and rows[row][column]:
                factor = rows[row][column]
                rows[row] = [cell - factor * other for cell, other in zip(rows[row], rows[done], strict=True)]
        pivots.append(column)
    solvable = all(rows[row][count] == 0 for row in range(len(pivots), 4))
    return solvable and all(rows[row][count] >= 0 for row in range(len(pivots)))


@pytest.mark.parametrize("seed", range(8))
def test_bounds_of_the_distance_meet_and_are_true(seed: int) -> None:
    """The lower bound by all pairs of vertices, the upper one by points that are in the cores."""
    chance = random.Random(seed)
    work, found = np.zeros(WORK_WIDTH, np.int64), np.zeros(9, np.int64)
    for _ in range(150):
        sizes = [1 << chance.randint(4, 36) for _ in range(2)]
        if chance.random() < 0.5:
            sizes[1] = sizes[0]
        a, b = drawn_points(chance, sizes[0]), drawn_points(chance, sizes[1])
        reach = sum(sizes)
        x, y, z = drawn_vector(
            chance, chance.choice([0, sizes[0], reach, 4 * reach, 1 << chance.randint(2, 38)])
        )
        lay_points(work, CORE_A, a)
        lay_points(work, CORE_B, b)
        low = run_gap(work, x, y, z, 1 << 61, found)
        assert work[GAP_ROUNDS] < ROUNDS_MAX // 2
        if low < 0:
            simplex = [
                tuple(work[SIMPLEX_WIDTH * k : SIMPLEX_WIDTH * k + 3].tolist())
                for k in range(int(work[GAP_COUNT]))
            ]
            assert encloses_origin(simplex)
            continue
        vx, vy, vz = work[GAP_DIRECTION : GAP_DIRECTION + 3].tolist()
        length = math.isqrt((vx * vx + vy * vy + vz * vz) << 40)
        # The lowest of all sums is the sum of the lowest and the highest.
        lowest_b = min(vx * px + vy * py + vz * pz for px, py, pz in b)
        highest_a = max(vx * (px + x) + vy * (py + y) + vz * (pz + z) for px, py, pz in a)
        exact = ((lowest_b - highest_a) << 40) // length
        assert low <= max(exact, 0) + 8 + (abs(exact) >> 50)
        assert int(work[GAP_HIGH]) - low <= FINE // 5
        gap = [int(found[3 + k]) - int(found[k]) - (x, y, z)[k] for k in range(3)]
        assert abs(math.isqrt(sum(part * part for part in gap) << 40) - int(work[GAP_HIGH])) <= 2 * FINE


def test_points_far_apart_need_no_exact_answer() -> None:
    work, found = np.zeros(WORK_WIDTH, np.int64), np.zeros(9, np.int64)
    lay_points(work, CORE_A, [(0, 0, 0), (5, 9, 0), (1 << 20, 3, 1)])
    lay_points(work, CORE_B, [(1 << 30, 1 << 22, 0), (1 << 30, -(1 << 22), 7)])
    assert run_gap(work, 0, 0, 0, 1 << 40, found) > 1 << 40


def leaf_of(work: Any, at: int, shape: Shape, turn: Rotation) -> Any:
    work[at : at + LEAF_WIDTH] = 0
    work[at + LEAF_MATRIX : at + LEAF_MATRIX + 9] = matrix_q30(*turn)
    work[at + LEAF_SIZE : at + LEAF_SIZE + 3] = shape.size_q24
    work[at + LEAF_CODE] = shape.code
    words = shape.words()
    return np.zeros(1, np.int64) if words is None else words


@pytest.mark.parametrize("seed", range(6))
def test_the_way_apart_is_the_shortest(seed: int) -> None:
    """As deep as the origin is in the Minkowski difference, whose hull is made by exact arithmetic."""
    chance = random.Random(seed)
    work, path = np.zeros(WORK_WIDTH, np.int64), np.zeros(PATH_WIDTH, np.int64)
    compared = 0
    while compared < 25:
        size = 1 << chance.randint(18, 30)
        shapes = drawn_solid(chance, size), drawn_solid(chance, size)
        turns = [drawn_turn(chance) if chance.random() < 0.7 else IDENTITY for _ in range(2)]
        path[PATH_START] = chance.randint(-size // 4, size // 4)
        words = [
            leaf_of(work, at, shape, turn)
            for at, shape, turn in zip((MINE, CHILD), shapes, turns, strict=True)
        ]
        if run_way(work, path, *words) >= 0:
            continue
        cores = [
            [
                tuple(work[core + CORE_VERTICES + 3 * k : core + CORE_VERTICES + 3 * k + 3].tolist())
                for k in range(int(work[core + CORE_COUNT]))
            ]
            for core in (CORE_A, CORE_B)
        ]
        points = [tuple(q - p for p, q in zip(one, two, strict=True)) for one in cores[0] for two in cores[1]]
        try:
            difference = convex_polyhedron(points, 0)  # type: ignore[arg-type]
        except NumberError:
            continue  # it has no inside: points and segments that touch
        compared += 1
        planes = [face_plane(difference.vertices, face) for face in difference.faces]
        depth = min(offset / math.hypot(*normal) for normal, offset in planes)
        slack = 5 + size / 2**27
        separation = int(work[WAY_SEPARATION])
        assert abs(-separation - depth) <= slack
        normal = work[WAY_NORMAL : WAY_NORMAL + 3].tolist()
        support = min(sum(n * p for n, p in zip(normal, point, strict=True)) for point in points)
        assert abs(support / math.hypot(*normal) - separation) <= slack
        for axis in range(3):
            across = int(work[WAY_POINT_B + axis] - work[WAY_POINT_A + axis])
            assert abs(across - normal[axis] / (1 << 30) * separation) <= 3
