"""Small vectors of raw integers in plain Python, and velocities along planes."""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt

from physics_fixed.shapes.shape import Vector


def plus(a: Vector, b: Vector) -> Vector:
    """Sum."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def minus(a: Vector, b: Vector) -> Vector:
    """Difference."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def dot(a: Vector, b: Vector) -> int:
    """Dot product, not shifted."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def along(vector: Vector, unit_q30: Vector) -> int:
    """Length of a vector along a unit vector in Q30, rounded down."""
    return dot(vector, unit_q30) >> 30


def scaled(unit_q30: Vector, length: int) -> Vector:
    """A vector of a length along a unit vector in Q30, each component rounded down."""
    return unit_q30[0] * length >> 30, unit_q30[1] * length >> 30, unit_q30[2] * length >> 30


def length_of(vector: Vector) -> int:
    """Length, rounded down."""
    return isqrt(dot(vector, vector))


def clipped(vector: Vector, planes_q30: Sequence[Vector]) -> Vector:
    """What is left of a vector that may not lead into any of some planes, given by their unit normals.

    Along the plane that it leads into; where that leads into another one, along the line in which both meet;
    where that leads into a third, nowhere.
    """
    if all(along(vector, plane) >= 0 for plane in planes_q30):
        return vector
    for plane in planes_q30:
        if along(vector, plane) >= 0:
            continue
        # Rounded away from the plane, so that the rest does not lead into it by a unit.
        away = (_sign(plane[0]), _sign(plane[1]), _sign(plane[2]))
        rest = plus(minus(vector, scaled(plane, along(vector, plane))), away)
        if all(along(rest, other) >= 0 for other in planes_q30):
            return rest
    for number, one in enumerate(planes_q30):
        for two in planes_q30[:number]:
            crease = (
                one[1] * two[2] - one[2] * two[1] >> 30,
                one[2] * two[0] - one[0] * two[2] >> 30,
                one[0] * two[1] - one[1] * two[0] >> 30,
            )
            square = dot(crease, crease)
            if square == 0:
                continue
            share = dot(vector, crease)
            x, y, z = (part * share // square for part in crease)
            if all(along((x, y, z), other) >= -1 for other in planes_q30):
                return x, y, z
    return 0, 0, 0


def _sign(part: int) -> int:
    return (part > 0) - (part < 0)
