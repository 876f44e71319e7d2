"""Vertices welded, triangles put into canonical order, and what is known across their edges.

All of it is exact: differences of coordinates fit int64, products of them do not, so they are Python integers
in object arrays. What comes out does not depend on the order in which vertices and triangles were given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from physics_fixed.layout import Words
from physics_fixed.shapes.triangle_words import (
    CORNER_BITS,
    CORNER_TRIANGLES_MAX,
    EDGE_CONVEX,
    EDGE_FLAT,
    EDGE_FREE,
    FLAT_SINE_INVERSE,
    NO_NEIGHBOUR,
)

Exact = npt.NDArray[np.object_]
"""Python integers of any size."""

_ROOT_SHIFT = 128
_UNIT_BITS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """Triangles in canonical order.

    Attributes
    ----------
    vertices_q24 : (V, 3)
        All different, ascending by x, y, z; each is used.
    triangles : (T, 3)
        Vertex numbers, counter-clockwise seen from outside, the lowest first; ascending.
    source : (T,)
        Number of each triangle as given; of several equal ones the lowest.
    neighbours : (T, 3)
        Triangle across edges 0, 1, 2, or NO_NEIGHBOUR.
    edges : (T, 3)
        EDGE_FREE, EDGE_CONVEX or EDGE_FLAT.
    normals_q30 : (T, 3)
        Unit vectors outwards, each component the nearest number.
    corners_q20 : (T, 3)
        Of each corner the smallest cosine between its own normal and that of a triangle around it; 0 on rims.
    """

    vertices_q24: Words
    triangles: Words
    source: Words
    neighbours: Words
    edges: Words
    normals_q30: Words
    corners_q20: Words


def connect(vertices_q24: Words, triangles: Words) -> Topology:
    """Weld equal vertices, drop triangles without area and repeated ones, and find what is across each edge.

    Parameters
    ----------
    vertices_q24 : (n, 3)
        Coordinates within COORDINATE_MAX_Q24.
    triangles : (m, 3)
        Numbers below n.

    Returns
    -------
    Topology
        May have no triangle.
    """
    welded, number = np.unique(vertices_q24, axis=0, return_inverse=True)
    corners = number.reshape(-1)[triangles]
    lowest = np.argmin(corners, axis=1)
    corners = corners[np.arange(len(corners))[:, None], (lowest[:, None] + np.arange(3)) % 3]
    source = np.lexsort((np.arange(len(corners)), corners[:, 2], corners[:, 1], corners[:, 0]))
    corners = corners[source]
    repeated = np.zeros(len(corners), bool)
    repeated[1:] = np.all(corners[1:] == corners[:-1], axis=1)
    flat = (corners[:, 0] == corners[:, 1]) | (corners[:, 1] == corners[:, 2])
    kept = np.flatnonzero(~repeated & ~flat & (corners[:, 2] != corners[:, 0]))
    area = _crosses(welded, corners[kept])
    has_area = (area != 0).any(axis=1)
    kept, area = kept[has_area], area[has_area]
    corners, source = corners[kept], source[kept]
    used, number = np.unique(corners, return_inverse=True)
    vertices, corners = welded[used], number.reshape(-1, 3).astype(np.int64)
    neighbours = _neighbours(corners, len(vertices))
    edges = _edge_codes(vertices, corners, neighbours, area)
    normals = _unit_vectors(area)
    return Topology(
        vertices,
        corners,
        source.astype(np.int64),
        neighbours,
        edges,
        normals,
        _corner_cosines(corners, edges, normals, len(vertices)),
    )


def _crosses(vertices_q24: Words, corners: Words) -> Exact:
    """Twice the vector areas of triangles, Q48, exact: outward normals."""
    a, b, c = (vertices_q24[corners[:, k]] for k in range(3))
    return _cross((b - a).astype(object), (c - a).astype(object))


def _cross(u: Exact, v: Exact) -> Exact:
    product: Exact = np.empty(u.shape, object)
    for axis in range(3):
        i, j = (axis + 1) % 3, (axis + 2) % 3
        product[:, axis] = u[:, i] * v[:, j] - u[:, j] * v[:, i]
    return product


def _dot(u: Exact, v: Exact) -> Exact:
    product: Exact = u[:, 0] * v[:, 0] + u[:, 1] * v[:, 1] + u[:, 2] * v[:, 2]
    return product


def _unit_vectors(vectors: Exact) -> Words:
    """Directions as Q30, each component rounded to the nearest; no vector is zero."""
    root = np.frompyfunc(math.isqrt, 1, 1)
    length: Any = root(_dot(vectors, vectors) * (1 << _ROOT_SHIFT))
    scale = 1 << (_ROOT_SHIFT // 2 + _UNIT_BITS + 1)
    scaled: Any = (vectors * scale + length[:, None]) // (2 * length[:, None])
    unit: Words = scaled.astype(np.int64)
    return unit


def _neighbours(corners: Words, vertex_count: int) -> Words:
    """The triangle across each edge: edges that exactly two triangles have, in opposite directions."""
    start = corners.reshape(-1)
    end = np.roll(corners, -1, axis=1).reshape(-1)
    key = np.minimum(start, end) * np.int64(vertex_count) + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    neighbours = np.full(len(key), NO_NEIGHBOUR, np.int64)
    if len(key) == 0:
        return neighbours.reshape(-1, 3)
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    size = np.diff(np.append(first, len(key)))
    one, other = order[first[size == 2]], order[first[size == 2] + 1]
    opposite = start[one] == end[other]
    one, other = one[opposite], other[opposite]
    neighbours[one], neighbours[other] = other // 3, one // 3
    return neighbours.reshape(-1, 3)


def _edge_codes(vertices_q24: Words, corners: Words, neighbours: Words, area: Exact) -> Words:
    """Convex, or flat and concave, by the side of a triangle's plane on which its neighbour lies."""
    codes = np.full(corners.shape, EDGE_FREE, np.int64)
    for edge in range(3):
        here = np.flatnonzero(neighbours[:, edge] != NO_NEIGHBOUR)
        there = neighbours[here, edge]
        start, end = corners[here, edge], corners[here, (edge + 1) % 3]
        # The neighbour's corner that is not on the edge.
        opposite = corners[there].sum(axis=1) - start - end
        away = (vertices_q24[opposite] - vertices_q24[start]).astype(object)
        along = (vertices_q24[end] - vertices_q24[start]).astype(object)
        height = _dot(area[here], away)
        # height * |along| = |area| * |area of the neighbour| * sine of the angle between the two.
        product = _dot(area[here], area[here]) * _dot(area[there], area[there])
        steep = height * height * _dot(along, along) * FLAT_SINE_INVERSE**2 > product
        folded = _dot(area[here], area[there]) <= 0
        convex = (height < 0) & (steep | folded) | (height == 0) & folded
        codes[here, edge] = np.where(convex.astype(bool), EDGE_CONVEX, EDGE_FLAT)
    return codes


def _corner_cosines(corners: Words, edges: Words, normals_q30: Words, vertex_count: int) -> Words:
    """How far apart the normals around each corner are, seen from each of its triangles."""
    vertex = corners.reshape(-1)
    order = np.argsort(vertex, kind="stable")
    size = np.bincount(vertex, minlength=vertex_count)
    first = np.cumsum(size) - size
    on_rim = np.zeros(vertex_count, bool)
    free = edges == EDGE_FREE
    on_rim[corners[free]] = True
    on_rim[np.roll(corners, -1, axis=1)[free]] = True
    closed = ~on_rim & (size <= CORNER_TRIANGLES_MAX)
    smallest = np.where(closed[vertex], np.int64(1 << 2 * _UNIT_BITS), 0)
    own = normals_q30[np.arange(len(vertex)) // 3]
    # In turn the first, second, third triangle around every corner that has as many.
    for turn in range(int(size[closed].max()) if closed.any() else 0):
        entries = np.flatnonzero(closed[vertex] & (size[vertex] > turn))
        others = normals_q30[order[first[vertex[entries]] + turn] // 3]
        smallest[entries] = np.minimum(smallest[entries], (own[entries] * others).sum(axis=1))
    cosines: Words = np.maximum(smallest, 0) >> (2 * _UNIT_BITS - CORNER_BITS)
    return cosines.reshape(-1, 3)
