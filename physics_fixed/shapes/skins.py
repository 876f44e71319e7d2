"""What meshes and height fields share: bounds, support and the exact ray, read from their words."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from physics_fixed.arguments import ranged
from physics_fixed.layout import Words
from physics_fixed.shapes.rays import cross, dot, hit_at, minus
from physics_fixed.shapes.rotation import unit_vector_q30
from physics_fixed.shapes.shape import RayHit, Vector
from physics_fixed.shapes.triangle_words import (
    COORDINATE_MAX_Q24,
    FACE_VERTICES,
    FACE_WIDTH,
    FIELD_COLUMNS,
    FIELD_ORIGIN_X,
    FIELD_ORIGIN_Z,
    FIELD_ROWS,
    FIELD_SAMPLES,
    FIELD_SPACING_X,
    FIELD_SPACING_Z,
    GEOMETRY_BOUNDS,
    MESH_TRIANGLE_COUNT,
    MESH_TRIANGLES,
    MESH_VERTEX_COUNT,
    MESH_VERTICES,
    NUMBER_BITS,
    NUMBER_MASK,
    SAMPLE_HOLE,
    SAMPLE_SHIFT,
)


def check_range(raw: npt.NDArray[Any], name: str) -> None:
    """Refuse coordinates that are out of range.

    Raises
    ------
    NumberError
        If one is, with its value.
    """
    for extreme in (int(raw.min()), int(raw.max())) if raw.size else ():
        ranged(None, extreme, 24, -COORDINATE_MAX_Q24, COORDINATE_MAX_Q24, name, "m")


def bounds_of(words: Words) -> tuple[Vector, Vector]:
    """Lower and upper corner of the box of a mesh or height field, Q24."""
    x0, y0, z0, x1, y1, z1 = words[GEOMETRY_BOUNDS : GEOMETRY_BOUNDS + 6].tolist()
    return (x0, y0, z0), (x1, y1, z1)


def half_extents_of(words: Words) -> Vector:
    """Half extents of the smallest box around the origin that holds a mesh or height field, Q24."""
    lower, upper = bounds_of(words)
    x, y, z = (max(1, abs(low), abs(high)) for low, high in zip(lower, upper, strict=True))
    return x, y, z


def lever_of(words: Words) -> int:
    """Radius about the origin that encloses the box of a mesh or height field, Q24, rounded up."""
    return math.isqrt(sum(half * half for half in half_extents_of(words))) + 1


def mesh_vertices(words: Words) -> Words:
    """Vertices of a mesh, (V, 3) Q24."""
    first, count = int(words[MESH_VERTICES]), int(words[MESH_VERTEX_COUNT])
    return words[first : first + 3 * count].reshape(-1, 3)


def mesh_faces(words: Words) -> Words:
    """Words of the triangles of a mesh, (T, FACE_WIDTH)."""
    first, count = int(words[MESH_TRIANGLES]), int(words[MESH_TRIANGLE_COUNT])
    return words[first : first + FACE_WIDTH * count].reshape(-1, FACE_WIDTH)


def mesh_corners(words: Words) -> Words:
    """Vertex numbers of the triangles of a mesh, (T, 3)."""
    packed = mesh_faces(words)[:, FACE_VERTICES]
    return np.stack([(packed >> k * NUMBER_BITS) & NUMBER_MASK for k in range(3)], axis=1)


def field_samples(words: Words) -> Words:
    """Samples of a height field, (rows, columns)."""
    first, rows, columns = (int(words[k]) for k in (FIELD_SAMPLES, FIELD_ROWS, FIELD_COLUMNS))
    return words[first : first + rows * columns].reshape(rows, columns)


def field_points(words: Words) -> Words:
    """Places of the heights of a height field, (rows, columns, 3) Q24."""
    samples = field_samples(words)
    rows, columns = samples.shape
    points = np.empty((rows, columns, 3), np.int64)
    points[:, :, 0] = words[FIELD_ORIGIN_X] + np.arange(columns) * words[FIELD_SPACING_X]
    points[:, :, 1] = samples >> SAMPLE_SHIFT
    points[:, :, 2] = (words[FIELD_ORIGIN_Z] + np.arange(rows) * words[FIELD_SPACING_Z])[:, None]
    return points


def field_triangles(words: Words) -> Words:
    """Corners of the triangles of a height field, (T, 3, 3) Q24, ascending; without those of holes."""
    p = field_points(words)
    a, b, c, d = p[:-1, :-1], p[:-1, 1:], p[1:, :-1], p[1:, 1:]
    halves = np.stack([np.stack([a, c, d], axis=2), np.stack([a, d, b], axis=2)], axis=2)
    solid: Words = halves[(field_samples(words)[:-1, :-1] & SAMPLE_HOLE) == 0]
    return solid.reshape(-1, 3, 3)


def support_of(points: Words, direction: Vector) -> Vector:
    """The point farthest along a direction, exactly; of several the first."""
    along = points.astype(object) @ np.array([int(part) for part in direction], object)
    x, y, z = points[int(np.argmax(along))].tolist()
    return x, y, z


def ray_of(triangles: Words, origin: Vector, path: Vector) -> RayHit | None:
    """Where the ray from ``origin`` to ``origin + path`` meets triangles from outside first, exactly.

    A ray through an edge or corner meets all triangles there; one that lies in the plane of a triangle does
    not meet it. Of triangles at one distance the first counts.
    """
    nearest_hit: tuple[Fraction, Vector] | None = None
    for corners in triangles.tolist():
        a, b, c = (minus(corner, origin) for corner in corners)
        weights = dot(path, cross(b, c)), dot(path, cross(c, a)), dot(path, cross(a, b))
        if max(weights) > 0 or min(weights) == 0:
            continue
        outward = cross(minus(b, a), minus(c, a))
        fraction = Fraction(dot(outward, a), dot(outward, path))
        if 0 <= fraction <= 1 and (nearest_hit is None or fraction < nearest_hit[0]):
            nearest_hit = fraction, outward
    if nearest_hit is None:
        return None
    return hit_at(nearest_hit[0], path, unit_vector_q30(*nearest_hit[1]))
