"""Lines that show a shape, for terminals that draw what the engine sees.

All lines are (n, 2, 3) int64: the ends of each, Q24 m, about the centre of mass in the axes of the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from physics_fixed.errors import NumberError
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30
from physics_fixed.layout import (
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_COMPOUND,
    SHAPE_HEIGHT_FIELD,
    SHAPE_HULL,
    SHAPE_MESH,
    SHAPE_SPHERE,
    Words,
)
from physics_fixed.shapes.hull_words import (
    CHILD_CODE,
    CHILD_HULL,
    CHILD_MATRIX,
    CHILD_POSITION,
    CHILD_SIZE,
    CHILD_WIDTH,
    COMPOUND_COUNT,
    COMPOUND_HEADER,
    EDGE_B,
    EDGE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
    VERTEX_WIDTH,
)
from physics_fixed.shapes.shape import Shape, Vector, nearest
from physics_fixed.shapes.skins import field_triangles, mesh_corners, mesh_vertices

DETAIL_DEFAULT = 16
DETAIL_MAX = 256
_NO_LINES = np.zeros((0, 2, 3), np.int64)
_LOW_BITS = 14


def shape_lines_q24(shape: Shape, detail: int = DETAIL_DEFAULT) -> Words:
    """Lines that show a shape, in its frame.

    Parameters
    ----------
    shape : Shape
    detail : int
        Lines that a circle is drawn with: a multiple of 4, 4 to 256.

    Returns
    -------
    (n, 2, 3) int64
        The ends of each line, Q24 m.

    Raises
    ------
    NumberError
        If the detail is none of these.
    """
    lines = lines_of(shape.code, shape.size_q24, shape.words(), detail)
    return lines + np.array(shape.centre_q24, np.int64)


def lines_of(code: int, size_q24: Sequence[int], words: Words | None, detail: int = DETAIL_DEFAULT) -> Words:
    """Lines about the centre of mass of what stands in a row of bodies, see :func:`shape_lines_q24`."""
    if isinstance(detail, bool) or not isinstance(detail, int) or detail % 4 or not 4 <= detail <= DETAIL_MAX:
        raise NumberError(f"detail = {detail!r}; allowed: multiples of 4 from 4 to {DETAIL_MAX}")
    x, y, z = (int(part) for part in size_q24)
    if code == SHAPE_SPHERE:
        return _sphere(x, detail)
    if code == SHAPE_BOX:
        return _box(x, y, z)
    if code == SHAPE_CAPSULE:
        return _capsule(x, y, detail)
    if words is None:
        return _NO_LINES
    if code == SHAPE_HULL:
        return _hull(words)
    if code == SHAPE_COMPOUND:
        return _compound(words, detail)
    if code == SHAPE_MESH:
        return _edges_of(mesh_vertices(words), mesh_corners(words))
    if code == SHAPE_HEIGHT_FIELD:
        corners = field_triangles(words).reshape(-1, 3)
        points, numbers = np.unique(corners, axis=0, return_inverse=True)
        return _edges_of(points, numbers.reshape(-1, 3))
    return _NO_LINES


def turned_points(matrix_q30: Words, points: Words) -> Words:
    """Points turned by rotation matrices, rounded down.

    Parameters
    ----------
    matrix_q30 : (k, 3, 3) int64
    points : (n, 3) int64
        Below 2**40.

    Returns
    -------
    (k, n, 3) int64
    """
    # In two halves: a length of kilometres times a unit vector does not fit 64 bits.
    high = np.einsum("kij,pj->kpi", matrix_q30, points >> _LOW_BITS)
    low = np.einsum("kij,pj->kpi", matrix_q30, points & ((1 << _LOW_BITS) - 1))
    turned: Words = (high + (low >> _LOW_BITS)) >> (30 - _LOW_BITS)
    return turned


def _circle(radius: int, detail: int) -> list[tuple[int, int]]:
    corners = []
    for k in range(detail):
        sine, cosine = sine_cosine_of_turn_q30(nearest(k << 30, detail))
        corners.append((nearest(radius * int(cosine), 1 << 30), nearest(radius * int(sine), 1 << 30)))
    return corners


def _closed(points: Sequence[Vector]) -> list[tuple[Vector, Vector]]:
    return [(points[k - 1], point) for k, point in enumerate(points)]


def _open(points: Sequence[Vector]) -> list[tuple[Vector, Vector]]:
    return list(pairwise(points))


def _sphere(radius: int, detail: int) -> Words:
    """Three circles, about the three axes."""
    circle = _circle(radius, detail)
    lines = _closed([(0, a, b) for a, b in circle])
    lines += _closed([(b, 0, a) for a, b in circle])
    lines += _closed([(a, b, 0) for a, b in circle])
    return np.array(lines, np.int64)


def _box(x: int, y: int, z: int) -> Words:
    corners = [(a, b, c) for a in (-x, x) for b in (-y, y) for c in (-z, z)]
    lines = [(corners[k], corners[k | axis]) for k in range(8) for axis in (1, 2, 4) if not k & axis]
    return np.array(lines, np.int64)


def _capsule(radius: int, half_height: int, detail: int) -> Words:
    """The rims of the round ends, four lines along the side, and two half circles over each end."""
    circle = _circle(radius, detail)
    lines = []
    for end in (-half_height, half_height):
        lines += _closed([(a, end, b) for a, b in circle])
        side = 1 if end > 0 else -1
        arc = circle[: detail // 2 + 1]
        lines += _open([(a, end + side * b, 0) for a, b in arc])
        lines += _open([(0, end + side * b, a) for a, b in arc])
    for a, b in ((radius, 0), (0, radius), (-radius, 0), (0, -radius)):
        lines.append(((a, -half_height, b), (a, half_height, b)))
    return np.array(lines, np.int64)


def _hull(words: Words) -> Words:
    first, count = int(words[HULL_VERTICES]), int(words[HULL_VERTEX_COUNT])
    vertices = words[first : first + VERTEX_WIDTH * count].reshape(count, VERTEX_WIDTH)
    first, count = int(words[HULL_EDGES]), int(words[HULL_EDGE_COUNT])
    edges = words[first : first + EDGE_WIDTH * count].reshape(count, EDGE_WIDTH)
    lines: Words = vertices[edges[:, : EDGE_B + 1]]
    return lines


def _compound(words: Words, detail: int) -> Words:
    found = []
    for number in range(int(words[COMPOUND_COUNT])):
        row = words[COMPOUND_HEADER + CHILD_WIDTH * number :][:CHILD_WIDTH]
        hull = int(row[CHILD_HULL])
        own = lines_of(
            int(row[CHILD_CODE]),
            row[CHILD_SIZE : CHILD_SIZE + 3].tolist(),
            words[hull:] if hull else None,
            detail,
        )
        matrix = row[CHILD_MATRIX : CHILD_MATRIX + 9].reshape(1, 3, 3)
        turned = turned_points(matrix, own.reshape(-1, 3)).reshape(-1, 2, 3)
        found.append(turned + row[CHILD_POSITION : CHILD_POSITION + 3])
    return np.concatenate(found)


def _edges_of(vertices: Words, corners: Words) -> Words:
    """Each edge of triangles once, ascending."""
    pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    lines: Words = vertices[np.unique(np.sort(pairs, axis=1), axis=0)]
    return lines
