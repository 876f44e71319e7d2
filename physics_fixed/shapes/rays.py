"""Where a ray enters a sphere, a capsule, or a solid between planes: the exact reference of the queries.

All vectors are raw integers of one format. A place on a ray is the fraction of its path that lies before it.
Fractions that are roots are rounded to 2**-128; distances are rounded to the nearest unit at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import isqrt

from physics_fixed.shapes.rotation import unit_vector_q30
from physics_fixed.shapes.shape import RayHit, Vector

_BITS = 128
_ONE_Q30 = 1 << 30


def dot(a: Vector, b: Vector) -> int:
    """Dot product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Cross product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def minus(a: Vector, b: Vector) -> Vector:
    """Difference."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def plus(a: Vector, b: Vector) -> Vector:
    """Sum."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def nearest_root(square: Fraction) -> int:
    """The integer nearest to a square root."""
    return (isqrt(4 * square.numerator // square.denominator) + 1) >> 1


def hit_at(fraction: Fraction, path: Vector, normal_q30: Vector) -> RayHit:
    """The hit at a fraction of a path."""
    return RayHit(nearest_root(fraction * fraction * dot(path, path)), normal_q30)


def hit_inside(path: Vector) -> RayHit:
    """The hit of a ray that starts inside: no distance, and a normal against the ray (or up)."""
    if path == (0, 0, 0):
        return RayHit(0, (0, _ONE_Q30, 0))
    return RayHit(0, unit_vector_q30(-path[0], -path[1], -path[2]))


def quadratic_entry(a: int, b: int, c: int) -> Fraction | None:
    """The lower root of ``a t^2 + 2 b t + c`` for ``c > 0``, ``a >= 0``, if it lies between 0 and 1."""
    discriminant = b * b - a * c
    if a == 0 or b >= 0 or discriminant < 0:
        return None
    if -b > a and (b + a) * (b + a) > discriminant:
        return None
    root = isqrt(discriminant << (2 * _BITS))
    return Fraction((-b << _BITS) - root, a << _BITS)


def ray_sphere(centre: Vector, radius: int, origin: Vector, path: Vector) -> RayHit | None:
    """Where a ray enters a sphere."""
    offset = minus(origin, centre)
    outside = dot(offset, offset) - radius * radius
    if outside <= 0:
        return hit_inside(path)
    fraction = quadratic_entry(dot(path, path), dot(path, offset), outside)
    return None if fraction is None else hit_at(fraction, path, _normal_from(fraction, offset, path))


def ray_capsule(radius: int, half_height: int, origin: Vector, path: Vector) -> RayHit | None:
    """Where a ray enters a capsule about the origin along the y axis."""
    axis_point = (0, max(-half_height, min(half_height, origin[1])), 0)
    offset = minus(origin, axis_point)
    if dot(offset, offset) <= radius * radius:
        return hit_inside(path)
    found: list[tuple[Fraction, Vector]] = []
    flat_origin, flat_path = (origin[0], 0, origin[2]), (path[0], 0, path[2])
    outside = dot(flat_origin, flat_origin) - radius * radius
    if outside > 0:
        fraction = quadratic_entry(dot(flat_path, flat_path), dot(flat_path, flat_origin), outside)
        if fraction is not None and abs(origin[1] + fraction * path[1]) <= half_height:
            found.append((fraction, _normal_from(fraction, flat_origin, flat_path)))
    for y in (half_height, -half_height):
        offset = (origin[0], origin[1] - y, origin[2])
        fraction = quadratic_entry(dot(path, path), dot(path, offset), dot(offset, offset) - radius * radius)
        if fraction is not None:
            found.append((fraction, _normal_from(fraction, offset, path)))
    if not found:
        return None
    fraction, normal = min(found)
    return hit_at(fraction, path, normal)


def ray_planes(planes: Iterable[tuple[Vector, int]], origin: Vector, path: Vector) -> RayHit | None:
    """Where a ray enters the solid of all points with ``normal . point <= offset`` for every plane.

    Normals are any integers, of any length. Of planes that are entered at once, the first counts.
    """
    entry, leave = Fraction(-1), Fraction(1)
    entered: Vector | None = None
    for normal, offset in planes:
        height, slope = dot(normal, origin) - offset, dot(normal, path)
        if slope == 0:
            if height > 0:
                return None
            continue
        fraction = Fraction(-height, slope)
        if slope > 0:
            leave = min(leave, fraction)
        elif height > 0 and fraction > entry:
            entry, entered = fraction, normal
        if leave < 0:
            return None
    if entered is None:
        return hit_inside(path)
    if entry > leave or entry > 1:
        return None
    return hit_at(entry, path, unit_vector_q30(*entered))


def _normal_from(fraction: Fraction, offset: Vector, path: Vector) -> Vector:
    """Direction of ``offset + fraction * path``."""
    over, under = fraction.numerator, fraction.denominator
    return unit_vector_q30(
        offset[0] * under + path[0] * over,
        offset[1] * under + path[1] * over,
        offset[2] * under + path[2] * over,
    )
