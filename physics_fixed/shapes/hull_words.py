"""Where what stands in the words of a hull and of a compound: int64, offsets from the geometry's first word.

A hull has a header, then vertices, faces, vertex numbers of the faces, and edges. A compound has a header,
then its children, then the hulls of those children that are hulls.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import Final

import numpy as np

from physics_fixed.layout import Words
from physics_fixed.shapes.rays import dot, minus
from physics_fixed.shapes.rotation import unit_vector_q30
from physics_fixed.shapes.shape import Vector

HULL_VERTEX_COUNT: Final = 0
HULL_FACE_COUNT: Final = 1
HULL_EDGE_COUNT: Final = 2
HULL_VERTICES: Final = 3  # offset of the vertices
HULL_FACES: Final = 4  # offset of the faces
HULL_INDICES: Final = 5  # offset of the vertex numbers of the faces
HULL_EDGES: Final = 6  # offset of the edges
HULL_INNER_RADIUS: Final = 7  # q24, of the largest sphere about the centre of mass inside, rounded down
HULL_OUTER_RADIUS: Final = 8  # q24, of the smallest sphere about the centre of mass around, rounded up
HULL_HEADER: Final = 16

VERTEX_WIDTH: Final = 3  # q24, about the centre of mass; in ascending order of coordinates

FACE_NORMAL: Final = 0  # q30 (3), outward
FACE_OFFSET: Final = 3  # q24: normal . vertex is at most this, for all vertices
FACE_FIRST: Final = 4  # its first vertex number among the vertex numbers
FACE_COUNT: Final = 5  # of its vertices
FACE_WIDTH: Final = 8

EDGE_A: Final = 0  # lower vertex number
EDGE_B: Final = 1
EDGE_LEFT: Final = 2  # face that has the edge from a to b, counter-clockwise seen from outside
EDGE_RIGHT: Final = 3  # face that has it from b to a
EDGE_DIRECTION: Final = 4  # q30 (3), from a to b
EDGE_LENGTH: Final = 7  # q24, rounded down
EDGE_WIDTH: Final = 8

HULL_VERTICES_MAX: Final = 64
HULL_FACE_VERTICES_MAX: Final = 32

COMPOUND_COUNT: Final = 0  # of children
COMPOUND_HEADER: Final = 8

CHILD_CODE: Final = 0
CHILD_SIZE: Final = 1  # q24 (3), as in the table of bodies
CHILD_POSITION: Final = 4  # q24 (3), centre of mass of the child about that of the compound
CHILD_ROTATION: Final = 7  # q30 (4), from axes of the child to axes of the compound
CHILD_FRICTION: Final = 11  # q24, or -1: the body's own
CHILD_RESTITUTION: Final = 12  # q24, or -1: the body's own
CHILD_ROLLING: Final = 13  # q24, or -1: the body's own
CHILD_FILTER: Final = 14  # counts if CHILD_FLAG_FILTER is set; else the body's own
CHILD_FLAGS: Final = 15
CHILD_HULL: Final = 16  # first word of its hull, from the first word of the compound; 0 if it has none
CHILD_MATRIX: Final = 17  # q30 (9), the rotation as a matrix, row by row
CHILD_LEVER: Final = 26  # q24, radius of a sphere about its centre of mass that encloses it
CHILD_WIDTH: Final = 32

CHILD_FLAG_SENSOR: Final = 1
CHILD_FLAG_FILTER: Final = 2
COMPOUND_CHILDREN_MAX: Final = 256


def face_plane(vertices: Sequence[Vector], face: Sequence[int]) -> tuple[Vector, int]:
    """Newell's normal of a face, of any length, and the largest product with it of the face's vertices."""
    ox, oy, oz = vertices[face[0]]
    loop = [(x - ox, y - oy, z - oz) for x, y, z in (vertices[number] for number in face)]
    nx = ny = nz = 0
    for k, (bx, by, bz) in enumerate(loop):
        ax, ay, az = loop[k - 1]
        nx += ay * bz - az * by
        ny += az * bx - ax * bz
        nz += ax * by - ay * bx
    normal = nx, ny, nz
    return normal, max(dot(normal, vertices[number]) for number in face)


def edges_of(faces: Sequence[Sequence[int]]) -> list[tuple[int, int, int, int]]:
    """Edges of a closed surface as (a, b, left face, right face), ascending."""
    left: dict[tuple[int, int], int] = {}
    for number, face in enumerate(faces):
        for k, vertex in enumerate(face):
            left[face[k - 1], vertex] = number
    return sorted((a, b, face, left[b, a]) for (a, b), face in left.items() if a < b)


def hull_words(
    vertices: Sequence[Vector], faces: Sequence[Sequence[int]], inner_radius: int, outer_radius: int
) -> Words:
    """Words of a hull; vertices are about the centre of mass."""
    indices = [number for face in faces for number in face]
    edges = edges_of(faces)
    first_vertex = HULL_HEADER
    first_face = first_vertex + VERTEX_WIDTH * len(vertices)
    first_index = first_face + FACE_WIDTH * len(faces)
    first_edge = first_index + len(indices)
    words = [0] * (first_edge + EDGE_WIDTH * len(edges))
    words[: HULL_OUTER_RADIUS + 1] = [
        len(vertices), len(faces), len(edges),
        first_vertex, first_face, first_index, first_edge, inner_radius, outer_radius,
    ]  # fmt: skip
    for number, vertex in enumerate(vertices):
        words[first_vertex + VERTEX_WIDTH * number : first_vertex + VERTEX_WIDTH * (number + 1)] = vertex
    start = 0
    for number, face in enumerate(faces):
        normal = unit_vector_q30(*face_plane(vertices, face)[0])
        offset = max(-(-dot(normal, vertex) >> 30) for vertex in vertices)
        row = first_face + FACE_WIDTH * number
        words[row : row + FACE_COUNT + 1] = [*normal, offset, start, len(face)]
        start += len(face)
    words[first_index:first_edge] = indices
    for number, (a, b, left, right) in enumerate(edges):
        along = minus(vertices[b], vertices[a])
        row = first_edge + EDGE_WIDTH * number
        length = isqrt(dot(along, along))
        words[row : row + EDGE_WIDTH] = [a, b, left, right, *unit_vector_q30(*along), length]
    return np.array(words, np.int64)
