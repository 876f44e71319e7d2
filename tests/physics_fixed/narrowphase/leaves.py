"""Pairs of leaf shapes for tests: made from floats, collided by the kernels, read as floats."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from physics_fixed.fixmath.quat import matrix_q30
from physics_fixed.jit import kernel
from physics_fixed.layout import (
    CONTACT_NORMAL,
    CONTACT_WIDTH,
    MATRIX_WIDTH,
    POINT_ARM,
    POINT_FEATURE,
    POINT_SEPARATION,
    POINT_WIDTH,
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_HULL,
    SHAPE_SPHERE,
    SHAPE_TRIANGLE,
    Words,
)
from physics_fixed.limits import LENGTH_MAX_Q24
from physics_fixed.narrowphase.clipping import CORNERS, POLYGON_WIDTH
from physics_fixed.narrowphase.leaves import collide_leaves
from physics_fixed.narrowphase.polytope import WORK_LENGTH
from physics_fixed.narrowphase.separating_axis import FRAME_LENGTH
from physics_fixed.narrowphase.triangle_contacts import lay_for_triangles
from physics_fixed.shapes.hull_words import HULL_HEADER, face_plane
from physics_fixed.shapes.hull_words import hull_words as words_of_hull
from physics_fixed.shapes.rays import cross, dot, minus
from physics_fixed.shapes.rotation import unit_vector_q30
from physics_fixed.shapes.triangle_words import TRIANGLE_CORNERS

Floats = npt.NDArray[np.float64]
METRE = 1 << 24
ONE = 1 << 30
TICK_Q40 = (1 << 40) // 60
NO_ROTATION = (0, 0, 0, ONE)

Vector = tuple[int, int, int]


@dataclass(frozen=True)
class Leaf:
    """A shape at a place: raw numbers; ``vertices`` of a polytope in its own axes."""

    kind: int
    size: Vector = (0, 0, 0)
    position: Vector = (0, 0, 0)
    rotation: tuple[int, int, int, int] = NO_ROTATION
    velocity: Vector = (0, 0, 0)
    words: Words = field(default_factory=lambda: np.zeros(HULL_HEADER, np.int64))

    @property
    def matrix_q30(self) -> tuple[int, ...]:
        """Rotation matrix, row by row."""
        return tuple(map(int, matrix_q30(*self.rotation)))

    @property
    def matrix(self) -> Floats:
        """Rotation matrix in floats."""
        return np.array(self.matrix_q30, float).reshape(3, 3) / ONE

    @property
    def centre(self) -> Floats:
        """Position in m."""
        return np.array(self.position, float) / METRE

    @property
    def radius(self) -> float:
        """Of a sphere or capsule, m; 0 of other shapes."""
        return self.size[0] / METRE if self.kind in (SHAPE_SPHERE, SHAPE_CAPSULE) else 0.0

    @property
    def corners(self) -> Floats:
        """Vertices of the shape without its radius, in world axes, m."""
        if self.kind == SHAPE_SPHERE:
            local = np.zeros((1, 3))
        elif self.kind == SHAPE_CAPSULE:
            local = np.array([[0, -self.size[1], 0], [0, self.size[1], 0]], float) / METRE
        elif self.kind == SHAPE_BOX:
            local = np.array(list(itertools.product((-1, 1), repeat=3))) * np.array(self.size) / METRE
        elif self.kind == SHAPE_HULL:
            first = int(self.words[3])
            local = self.words[first : first + 3 * int(self.words[0])].reshape(-1, 3) / METRE
        else:
            local = self.words[:9].reshape(3, 3) / METRE
        return self.centre + local @ self.matrix.T


@dataclass(frozen=True)
class Found:
    """A contact in floats; ``points`` are world points, ``raw`` all raw numbers of it."""

    normal: Floats
    separations: Floats
    points: Floats
    raw: tuple[int, ...]

    @property
    def exists(self) -> bool:
        return len(self.separations) > 0


@kernel(
    "int64(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64,int64,"
    "int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def collide_rows(
    kind_a: int,
    kind_b: int,
    position: Words,
    velocity: Words,
    size: Words,
    matrix: Words,
    words_a: Words,
    words_b: Words,
    reach: int,
    tick: int,
    frame: Words,
    work: Words,
    polygon: Words,
    contact: Words,
    point: Words,
) -> int:
    """Collide row 0 with row 1; the number of points."""
    if kind_a == SHAPE_TRIANGLE:
        lay_for_triangles(0, 1, kind_b, position, size, matrix, words_b, 0, work)
    if kind_b == SHAPE_TRIANGLE:
        lay_for_triangles(1, 0, kind_a, position, size, matrix, words_a, 0, work)
    return collide_leaves(
        0, 1, kind_a, kind_b, position, velocity, size, matrix, words_a, 0, words_b, 0, reach, tick, frame,
        work, polygon, contact, 0, point, 0,
    )  # fmt: skip


@kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64,"
    "int64,int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def repeat_rows(
    times: int,
    kind_a: int,
    kind_b: int,
    position: Words,
    velocity: Words,
    size: Words,
    matrix: Words,
    words_a: Words,
    words_b: Words,
    reach: int,
    tick: int,
    frame: Words,
    work: Words,
    polygon: Words,
    contact: Words,
    point: Words,
) -> int:
    """Collide the two rows again and again, for timing; the number of points of all."""
    total = 0
    for _ in range(times):
        total += collide_rows(
            kind_a, kind_b, position, velocity, size, matrix, words_a, words_b, reach, tick, frame, work,
            polygon, contact, point,
        )  # fmt: skip
    return total


def arguments(a: Leaf, b: Leaf, reach: int, tick: int, fill: int = 0) -> list[Any]:
    """Arguments of collide_rows; scratch holds ``fill``, as if something else had been there before."""
    pairs = (
        (a.position, b.position), (a.velocity, b.velocity), (a.size, b.size), (a.matrix_q30, b.matrix_q30)
    )  # fmt: skip
    rows = [np.array(pair, np.int64) for pair in pairs]
    assert rows[3].shape == (2, MATRIX_WIDTH)
    scratch = [np.full(length, fill, np.int64) for length in (FRAME_LENGTH, WORK_LENGTH)]
    wide = [
        np.full(shape, fill, np.int64)
        for shape in ((2 * CORNERS, POLYGON_WIDTH), (1, CONTACT_WIDTH), (4, POINT_WIDTH))
    ]
    return [a.kind, b.kind, *rows, a.words, b.words, reach, tick, *scratch, *wide]


def collide(a: Leaf, b: Leaf, *, reach: int = LENGTH_MAX_Q24, tick: int = TICK_Q40, fill: int = 77) -> Found:
    """The contact of two leaves."""
    given = arguments(a, b, reach, tick, fill)
    count = collide_rows(*given)
    contact, point = given[-2], given[-1]
    normal = contact[0, CONTACT_NORMAL : CONTACT_NORMAL + 3] if count else np.zeros(3, np.int64)
    lanes = [POINT_FEATURE, POINT_SEPARATION, *range(POINT_ARM, POINT_ARM + 3)]
    raw = (count, *map(int, normal), *map(int, point[:count][:, lanes].ravel()))
    return Found(
        normal / ONE,
        point[:count, POINT_SEPARATION] / METRE,
        (point[:count, POINT_ARM : POINT_ARM + 3] + np.array(a.position)) / METRE,
        raw,
    )


# --- Shapes ---


def raw_vector(values: Sequence[float] | Floats) -> Vector:
    """Q24 numbers nearest to metres."""
    x, y, z = (round(float(value) * METRE) for value in values)
    return x, y, z


def sphere(radius: float, **place: Any) -> Leaf:
    return Leaf(SHAPE_SPHERE, (round(radius * METRE), 0, 0), **place)


def capsule(radius: float, half: float, **place: Any) -> Leaf:
    return Leaf(SHAPE_CAPSULE, (round(radius * METRE), round(half * METRE), 0), **place)


def box(half: Sequence[float] | Floats, **place: Any) -> Leaf:
    return Leaf(SHAPE_BOX, raw_vector(half), **place)


def hull_words(vertices: Sequence[Vector], faces: Sequence[Sequence[int]]) -> Words:
    """Words of a hull about the origin, from vertices (Q24) and faces, counter-clockwise from outside."""
    planes = [face_plane(vertices, face) for face in faces]
    inner = min(offset // isqrt(dot(normal, normal)) for normal, offset in planes) - 2
    assert inner > 0, "the origin must be inside"
    outer = isqrt(max(dot(vertex, vertex) for vertex in vertices)) + 1
    return words_of_hull(vertices, faces, inner, outer)


def hull(vertices: Sequence[Vector], faces: Sequence[Sequence[int]], **place: Any) -> Leaf:
    return Leaf(SHAPE_HULL, words=hull_words(vertices, faces), **place)


BOX_FACES = ((0, 4, 6, 2), (1, 3, 7, 5), (0, 1, 5, 4), (2, 6, 7, 3), (0, 2, 3, 1), (4, 5, 7, 6))


def box_hull(half: Sequence[float] | Floats, **place: Any) -> Leaf:
    """A box as a hull."""
    x, y, z = raw_vector(half)
    corners = [(x if k & 1 else -x, y if k & 2 else -y, z if k & 4 else -z) for k in range(8)]
    return hull(corners, BOX_FACES, **place)


def prism(sides: int, radius: float, half: float, **place: Any) -> Leaf:
    """A prism with a regular base, along y: a cylinder, if it has many sides."""
    turns = [2 * np.pi * k / sides for k in range(sides)]
    ring = [(radius * np.cos(turn), radius * np.sin(turn)) for turn in turns]
    vertices = [raw_vector((x, y, -z)) for y in (-half, half) for x, z in ring]
    sides_of = [(k, (k + 1) % sides, sides + (k + 1) % sides, sides + k) for k in range(sides)]
    return hull(vertices, [tuple(reversed(range(sides))), tuple(range(sides, 2 * sides)), *sides_of], **place)


def triangulated(points: Sequence[Vector], **place: Any) -> Leaf:
    """The hull of points in general position: all triangles that have the others on one side."""
    faces = []
    for i, j, k in itertools.combinations(range(len(points)), 3):
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = points[i], points[j], points[k]
        ux, uy, uz = bx - ax, by - ay, bz - az
        vx, vy, vz = cx - ax, cy - ay, cz - az
        n = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
        sides = [
            n[0] * (x - ax) + n[1] * (y - ay) + n[2] * (z - az)
            for number, (x, y, z) in enumerate(points)
            if number not in (i, j, k)
        ]
        if max(sides) < 0:
            faces.append((i, j, k))
        elif min(sides) > 0:
            faces.append((i, k, j))
    used = sorted({vertex for face in faces for vertex in face})
    number = {vertex: rank for rank, vertex in enumerate(used)}
    return hull([points[vertex] for vertex in used], [[number[v] for v in face] for face in faces], **place)


def triangle_words(
    corners: Sequence[Vector],
    codes: Sequence[int],
    neighbours: Sequence[Vector] | None,
    cosines: Sequence[int],
) -> Words:
    """Words of a triangle, with the codes of its edges, the normals of its neighbours, and the cosines of its
    corners.
    """
    a, b, c = corners
    normal = unit_vector_q30(*cross(minus(b, a), minus(c, a)))
    others = [normal] * 3 if neighbours is None else neighbours
    parts = [*itertools.chain(*corners), *normal, *codes, *itertools.chain(*others), *cosines]
    assert len(parts) == TRIANGLE_CORNERS + 3
    return np.array(parts, np.int64)


def triangle(
    corners: Sequence[Sequence[float]],
    codes: Sequence[int] = (0, 0, 0),
    neighbours: Sequence[Vector] | None = None,
    cosines: Sequence[int] = (0, 0, 0),
    **place: Any,
) -> Leaf:
    """A triangle from corners in m."""
    return Leaf(
        SHAPE_TRIANGLE,
        words=triangle_words([raw_vector(corner) for corner in corners], codes, neighbours, cosines),
        **place,
    )


def random_rotation(rng: np.random.Generator) -> tuple[int, int, int, int]:
    parts = rng.normal(size=4)
    x, y, z, w = (round(part * ONE) for part in parts / np.linalg.norm(parts))
    return x, y, z, w


def random_hull(rng: np.random.Generator, size: float, count: int, **place: Any) -> Leaf:
    """A hull of points scattered over an ellipsoid that contains the origin well inside."""
    stretch = rng.uniform(0.6, 1.4, 3) * size
    while True:
        directions = rng.normal(size=(count, 3))
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        points = [raw_vector(point) for point in directions * stretch * rng.uniform(0.8, 1, (count, 1))]
        try:
            return triangulated(points, **place)
        except AssertionError:
            continue
