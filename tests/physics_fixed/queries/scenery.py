"""What tests of queries share: bodies of every shape, and rays against the exact references."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy as np

from physics_fixed import DYNAMIC, STATIC, Box, Space, Sphere
from physics_fixed.fixmath.quat import normalize_q30
from physics_fixed.layout import SHAPE_HULL
from physics_fixed.shapes import Capsule, ConvexHull
from physics_fixed.shapes.hull_words import face_plane
from physics_fixed.shapes.rays import ray_capsule, ray_planes, ray_sphere
from physics_fixed.shapes.rotation import inverse, rotated_exactly
from physics_fixed.shapes.shape import RayHit, Rotation, Shape, Vector

ONE = 1 << 24
FINE = 16  # further bits of references
IDENTITY = (0, 0, 0, 1 << 30)


def put(
    space: Space,
    shape: Shape,
    kind: int = DYNAMIC,
    *,
    at: Vector = (0, 0, 0),
    turn: Rotation = IDENTITY,
    **more: int,
) -> int:
    """Add a body by the raw position of its centre of mass; its id."""
    if kind == DYNAMIC:
        more["mass"] = 1
    body = space.add(shape, kind, position_q24=at, rotation_q30=turn, **more)  # type: ignore[arg-type]
    space.bodies["position_q24"][body.row] = at
    return body.id


def local_ray(at: Vector, turn: Rotation, origin: Vector, path: Vector) -> tuple[Vector, Vector]:
    """A ray in the axes of a body, from its position, with FINE further bits."""
    back = inverse(turn)
    start = rotated_exactly(back, tuple(Fraction(o - c) for o, c in zip(origin, at, strict=True)))  # type: ignore[arg-type]
    way = rotated_exactly(back, tuple(map(Fraction, path)))  # type: ignore[arg-type]
    return (
        tuple(round(part * (1 << FINE)) for part in start),
        tuple(round(part * (1 << FINE)) for part in way),
    )  # type: ignore[return-value]


def enter_exactly(
    shape: Shape, at: Vector, turn: Rotation, origin: Vector, path: Vector, *, grown: int = 0
) -> RayHit | None:
    """Where a ray enters a solid at a pose; ``grown``: its surface moved outwards by so many units.

    The distance has FINE further bits; the normal is in the body's axes.
    """
    start, way = local_ray(at, turn, origin, path)
    grown <<= FINE
    x, y, z = (part << FINE for part in shape.size_q24)
    if isinstance(shape, Sphere):
        return ray_sphere((0, 0, 0), x + grown, start, way)
    if isinstance(shape, Capsule):
        return ray_capsule(x + grown, y, start, way)
    planes: list[tuple[Vector, int]] = []
    if isinstance(shape, Box):
        for axis, half in enumerate((x, y, z)):
            for sign in (1, -1):
                normal = tuple(sign if axis == other else 0 for other in range(3))
                planes.append((normal, half + grown))  # type: ignore[arg-type]
        return ray_planes(planes, start, way)
    assert isinstance(shape, ConvexHull) and shape.code == SHAPE_HULL
    vertices = [
        tuple((v - c) << FINE for v, c in zip(vertex, shape.centre_q24, strict=True))
        for vertex in shape.vertices_q24
    ]
    for face in shape.faces:
        normal, offset = face_plane(vertices, face)  # type: ignore[arg-type]
        length = int(np.sqrt(float(sum(part * part for part in normal))))
        planes.append((normal, offset + grown * length))
    return ray_planes(planes, start, way)


def drawn_turn(chance: random.Random) -> Rotation:
    """Any rotation, as the tables hold them."""
    x, y, z, w = (
        int(part) for part in normalize_q30(*(chance.randint(-(1 << 30), 1 << 30) for _ in range(4)))
    )
    return x, y, z, w


def drawn_hull(chance: random.Random, size: int) -> ConvexHull:
    """A hull of some points within ``size``."""
    return ConvexHull(
        points_q24=[[chance.randint(-size, size) for _ in range(3)] for _ in range(chance.randint(8, 14))]
    )


def drawn_solid(chance: random.Random, size: int) -> Shape:
    """A sphere, capsule, box or hull of about the size given (raw)."""
    number = lambda: Fraction(chance.randint(max(size // 8, 1 << 16), size), ONE)  # noqa: E731
    which = chance.randrange(4)
    if which == 0:
        return Sphere(number())
    if which == 1:
        return Capsule(number(), number())
    if which == 2:
        return Box((number(), number(), number()))
    return drawn_hull(chance, size)


def drawn_vector(chance: random.Random, bound: int) -> Vector:
    return chance.randint(-bound, bound), chance.randint(-bound, bound), chance.randint(-bound, bound)


def crowd(chance: random.Random, count: int) -> tuple[Space, list[tuple[Shape, Vector, Rotation]]]:
    """A space with bodies of all sizes, near each other, and what stands in its rows."""
    space, bodies = Space(), []
    for number in range(count):
        size = chance.choice([ONE // 8, ONE, ONE, ONE, 4 * ONE]) if number else 30 * ONE
        shape = drawn_solid(chance, size)
        at, turn = drawn_vector(chance, 10 * ONE), drawn_turn(chance)
        put(space, shape, chance.choice([DYNAMIC, STATIC]), at=at, turn=turn)
        bodies.append((shape, at, turn))
    return space, bodies
