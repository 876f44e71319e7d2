"""Geometries to test with, their words read as the documentation says, and exact answers by brute force."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from physics_fixed.jit import kernel
from physics_fixed.layout import SHAPE_HEIGHT_FIELD, SHAPE_MESH
from physics_fixed.narrowphase import triangle_rays, triangles
from physics_fixed.narrowphase.triangle_rays import HIT_WIDTH, RAY_WIDTH
from physics_fixed.shapes import HeightField, TriangleMesh
from physics_fixed.shapes.triangle_words import EDGE_FREE, TRIANGLE_WIDTH

Point = tuple[int, int, int]
Corners = tuple[Point, Point, Point]
ONE = 1 << 24
CUBE_POINTS = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
CUBE_QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE_TRIANGLES = [t for a, b, c, d in CUBE_QUADS for t in ((a, b, c), (a, c, d))]


@kernel("int64(int64[::1],int64,int64[::1],int64[::1],int64)")
def run_near(words: Any, first: int, box: Any, found: Any, capacity: int) -> int:
    return triangles.triangles_near(words, first, box, found, capacity)


@kernel("void(int64[::1],int64,int64,int64[::1],int64[::1])")
def run_load(words: Any, first: int, triangle: int, out: Any, surface: Any) -> None:
    triangles.load_triangle(words, first, triangle, out, 0)
    surface[0], surface[1], surface[2] = triangles.triangle_surface(words, first, triangle)
    surface[3] = triangles.triangle_source(words, first, triangle)


@kernel("int64(int64[::1],int64,int64[::1],int64[:,::1],int64,int64)")
def run_rays(words: Any, first: int, ray: Any, hits: Any, capacity: int, nearest: int) -> int:
    return triangle_rays.ray_hits(words, first, ray, hits, capacity, nearest)


def near(words: Any, lower: Point, upper: Point, *, first: int = 0, capacity: int = 1 << 14) -> list[int]:
    found = np.full(capacity, -7, np.int64)
    count = run_near(np.array(words), first, np.array([*lower, *upper], np.int64), found, capacity)
    return found[: min(count, capacity)].tolist()


@dataclass(frozen=True)
class Loaded:
    corners: Corners
    normal: Point
    edges: tuple[int, int, int]
    beyond: tuple[Point, Point, Point]
    limits: tuple[int, int, int]
    surface: tuple[int, int, int]
    source: int


def load(words: Any, triangle: int, *, first: int = 0) -> Loaded:
    out, surface = np.zeros(TRIANGLE_WIDTH, np.int64), np.zeros(4, np.int64)
    run_load(np.array(words), first, triangle, out, surface)
    w = [tuple(row) for row in out[:24].reshape(-1, 3).tolist()]
    limits = tuple(out[24:27].tolist())
    return Loaded(
        (w[0], w[1], w[2]),
        w[3],
        w[4],
        (w[5], w[6], w[7]),
        limits,
        tuple(surface[:3].tolist()),
        int(surface[3]),
    )


def rays(
    words: Any, origin: Point, direction: Point, length: int,
    *, both_sides: int = 0, capacity: int = 512, nearest: int = 0, first: int = 0,
) -> list[tuple[int, ...]]:  # fmt: skip
    ray = np.full(RAY_WIDTH, -7, np.int64)
    ray[:8] = (*origin, *direction, length, both_sides)
    hits = np.full((capacity, HIT_WIDTH), -7, np.int64)
    count = run_rays(np.array(words), first, ray, hits, capacity, nearest)
    return [tuple(row) for row in hits[: min(count, capacity)].tolist()]


# --- The words, read independently of the kernels. ---


def corners_of(words: Any) -> list[tuple[int, Corners]]:
    """Numbers and corners of all triangles."""
    words = words.tolist()
    found: list[tuple[int, Corners]] = []
    if words[0] == SHAPE_MESH:
        for number in range(words[1]):
            packed = words[words[5] + 8 * number]
            vertices = [(packed >> 21 * k) % (1 << 21) for k in range(3)]
            a, b, c = (tuple(words[words[4] + 3 * v : words[4] + 3 * v + 3]) for v in vertices)
            found.append((number, (a, b, c)))
        return found
    assert words[0] == SHAPE_HEIGHT_FIELD
    rows, columns, samples, step_x, step_z, x0 = words[1:7]
    z0 = words[15]

    def place(row: int, column: int) -> Point:
        return x0 + column * step_x, words[samples + row * columns + column] >> 24, z0 + row * step_z

    for row in range(rows - 1):
        for column in range(columns - 1):
            if words[samples + row * columns + column] & 1:
                continue
            cell = row * (columns - 1) + column
            a, b = place(row, column), place(row, column + 1)
            c, d = place(row + 1, column), place(row + 1, column + 1)
            found += [(2 * cell, (a, c, d)), (2 * cell + 1, (a, d, b))]
    return found


def corner_limits(words: Any) -> dict[int, list[int]]:
    """Of every triangle's corners the smallest cosine (Q60) to a triangle around it; 0 on rims."""
    loaded = {number: load(words, number) for number, _ in corners_of(words)}
    around: dict[Point, list[int]] = {}
    rim = set()
    for number, triangle in loaded.items():
        for k in range(3):
            around.setdefault(triangle.corners[k], []).append(number)
            if triangle.edges[k] == EDGE_FREE:
                rim |= {triangle.corners[k], triangle.corners[(k + 1) % 3]}
    return {
        number: [
            0 if p in rim else max(0, min(dot(triangle.normal, loaded[n].normal) for n in around[p]))
            for p in triangle.corners
        ]
        for number, triangle in loaded.items()
    }


# --- Exact answers. ---


def minus(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def cross(a: Point, b: Point) -> Point:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def dot(a: Point, b: Point) -> int:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def meets_box(corners: Corners, lower: Point, upper: Point) -> bool:
    """Whether a triangle and a box have a point in common: no separating axis, exactly."""
    points = [
        tuple(2 * p - low - high for p, low, high in zip(c, lower, upper, strict=True)) for c in corners
    ]
    half = minus(upper, lower)
    units = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    edges = [minus(points[(k + 1) % 3], points[k]) for k in range(3)]
    axes = [*units, cross(edges[0], edges[1]), *(cross(u, e) for u in units for e in edges)]
    for axis in axes:
        reach = sum(abs(a) * h for a, h in zip(axis, half, strict=True))
        along = [dot(axis, p) for p in points]
        if min(along) > reach or max(along) < -reach:
            return False
    return True


def boxes_meet(corners: Corners, lower: Point, upper: Point) -> bool:
    return all(
        min(c[k] for c in corners) <= upper[k] and max(c[k] for c in corners) >= lower[k] for k in range(3)
    )


def ray_exactly(
    corners: Corners, origin: Point, direction: Point, both_sides: int
) -> tuple[Fraction, int] | None:
    """Distance (in units of Q24) and side at which a ray meets a triangle, or None."""
    a, b, c = (minus(p, origin) for p in corners)
    weights = [dot(direction, cross(b, c)), dot(direction, cross(c, a)), dot(direction, cross(a, b))]
    if not any(weights) or (min(weights) < 0 < max(weights)):
        return None
    side = 1 if min(weights) < 0 else -1
    if side < 0 and not both_sides:
        return None
    along = sum(w * dot(direction, p) for w, p in zip(weights, (a, b, c), strict=True))
    # The point is origin + t * direction / 2**30.
    t = Fraction(along << 30, sum(weights) * dot(direction, direction))
    return (t, side) if t >= 0 else None


# --- Geometries. ---


def cube() -> TriangleMesh:
    return TriangleMesh(CUBE_POINTS, CUBE_TRIANGLES)


def soup(chance: random.Random, count: int, spread: int, size: int) -> TriangleMesh:
    """Random triangles, of which some share vertices; the first is plain."""
    points: list[Point] = [(0, 0, 0), (size, 0, 0), (0, 0, -size)]
    for _ in range(count - 1):
        x, y, z = (chance.randint(-spread, spread) for _ in range(3))
        for _ in range(3):
            dx, dy, dz = (chance.randint(-size, size) for _ in range(3))
            points.append((x + dx, y + dy, z + dz))
    faces = [tuple(chance.sample(range(max(0, k - 9), k + 3), 3)) for k in range(3, 3 * count, 3)]
    return TriangleMesh(vertices_q24=points, triangles=[(0, 1, 2), *faces])


def hills(chance: random.Random, rows: int, columns: int, height: int, step: int = ONE) -> HeightField:
    heights = [[chance.randint(-height, height) for _ in range(columns)] for _ in range(rows)]
    holes = [[chance.random() < 0.1 for _ in range(columns - 1)] for _ in range(rows - 1)]
    holes[0][0] = False
    return HeightField(heights_q24=heights, spacing=Fraction(step, ONE), holes=holes)


def grid_mesh(rows: int, columns: int, height: Any) -> TriangleMesh:
    """The same surface as a height field of spacing 1, as a mesh: heights in units by row and column."""
    points = [(ONE * c, int(height(r, c)), ONE * r) for r in range(rows) for c in range(columns)]
    faces = []
    for r in range(rows - 1):
        for c in range(columns - 1):
            a, b = r * columns + c, r * columns + c + 1
            faces += [(a, a + columns, b + columns), (a, b + columns, b)]
    return TriangleMesh(vertices_q24=points, triangles=faces)
