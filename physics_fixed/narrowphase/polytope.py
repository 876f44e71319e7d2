"""Convex polytopes as words, and one polytope seen from another.

A polytope is a run of words, as :mod:`physics_fixed.shapes.hull_words` describes it. Hulls are stored so;
boxes and triangles are laid out so in scratch.

A pair of polytopes p and q is looked at in the axes of p, from its centre: ``work`` holds q's vertices and
planes so.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import dot3_narrow, dot3_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.shapes.hull_words import (
    EDGE_DIRECTION,
    EDGE_LENGTH,
    EDGE_WIDTH,
    FACE_OFFSET,
    FACE_WIDTH,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_HEADER,
    HULL_INNER_RADIUS,
    HULL_OUTER_RADIUS,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
    HULL_VERTICES_MAX,
    hull_words,
)

FACES_MAX = 2 * HULL_VERTICES_MAX - 4
EDGES_MAX = 3 * HULL_VERTICES_MAX - 6

# work[]: scratch of one pair.
WORK_VERTICES = 0  # vertices of q
WORK_PLANES = WORK_VERTICES + 3 * HULL_VERTICES_MAX  # planes of q, PLANE_WIDTH words each
WORK_RELATIVE = WORK_PLANES + 4 * FACES_MAX  # rotation from axes of q to axes of p, q30 (9)
WORK_CENTRE = WORK_RELATIVE + 9  # centre of q (3)
WORK_ABOVE_P = WORK_CENTRE + 3  # of each plane of p: an upper bound of the separation along it
WORK_ABOVE_Q = WORK_ABOVE_P + FACES_MAX
WORK_WITNESS_P = WORK_ABOVE_Q + FACES_MAX  # height of a point of q above each plane of p
WORK_WITNESS_Q = WORK_WITNESS_P + FACES_MAX  # height of a point of p above each plane of q
WORK_EDGES = WORK_WITNESS_Q + FACES_MAX  # edges of q that matter, KEPT_WIDTH words each
KEPT_NUMBER = 0
KEPT_DIRECTION = 1  # (3)
KEPT_VERTEX = 4  # word of one of its vertices
KEPT_LEFT = 5  # words of its two planes
KEPT_RIGHT = 6
KEPT_WIDTH = 8
WORK_RESULT = WORK_EDGES + KEPT_WIDTH * EDGES_MAX  # what a search found, see there
WORK_BOX = WORK_RESULT + 32  # a box as a polytope
_BOX_PLANES = WORK_BOX + HULL_HEADER + 8 * 3
_BOX_EDGES = _BOX_PLANES + 6 * FACE_WIDTH + 24
_BOX_LENGTH = _BOX_EDGES + 12 * EDGE_WIDTH - WORK_BOX
WORK_PRISM = WORK_BOX + _BOX_LENGTH  # a triangle as a polytope, see narrowphase.prism
PRISM_VERTICES = WORK_PRISM + HULL_HEADER
PRISM_PLANES = PRISM_VERTICES + 3 * 3
PRISM_INDICES = PRISM_PLANES + 4 * FACE_WIDTH
PRISM_EDGES = PRISM_INDICES + 3
WORK_LIMITS = (
    PRISM_EDGES + 3 * EDGE_WIDTH
)  # by edge: least cosine between what it pushes to and the normal, q30 (3)
WORK_CORNERS = WORK_LIMITS + 3  # the same by vertex (3)
WORK_REFUSED = WORK_CORNERS + 3  # greatest separation along an axis to which the triangle may not push
WORK_LENGTH = WORK_REFUSED + 1
PLANE_WIDTH = 4

_ONE_Q30 = 1 << 30


# Vertex k of a box: bit 0 of k is the sign along x, bit 1 along y, bit 2 along z. Face 2 * axis + (0 or 1).
_BOX_VERTICES = [
    (_ONE_Q30 if k & 1 else -_ONE_Q30, _ONE_Q30 if k & 2 else -_ONE_Q30, _ONE_Q30 if k & 4 else -_ONE_Q30)
    for k in range(8)
]
_BOX_FACES = ((0, 4, 6, 2), (1, 3, 7, 5), (0, 1, 5, 4), (2, 6, 7, 3), (0, 2, 3, 1), (4, 5, 7, 6))
_BOX_WORDS = hull_words(_BOX_VERTICES, _BOX_FACES, 0, 0)
_BOX_WORDS.setflags(write=False)
assert _BOX_WORDS.size == _BOX_LENGTH


@device_kernel("void(int64[:,::1],int64,int64[::1])")
def lay_box(size_q24: Words, box: int, work: Words) -> None:
    """Write the words of a box at WORK_BOX."""
    for word in range(_BOX_LENGTH):
        work[WORK_BOX + word] = _BOX_WORDS[word]
    smallest = size_q24[box, 0]
    largest = 0
    for axis in range(3):
        half = size_q24[box, axis]
        smallest = minimum(smallest, half)
        largest = maximum(largest, half)
        for vertex in range(8):
            at = WORK_BOX + HULL_HEADER + 3 * vertex + axis
            work[at] = half if (vertex >> axis) & 1 != 0 else -half
        for face in range(2 * axis, 2 * axis + 2):
            work[_BOX_PLANES + FACE_WIDTH * face + FACE_OFFSET] = half
        for edge in range(12):
            at = _BOX_EDGES + EDGE_WIDTH * edge
            if work[at + EDGE_DIRECTION + axis] != 0:
                work[at + EDGE_LENGTH] = 2 * half
    work[WORK_BOX + HULL_INNER_RADIUS] = smallest
    work[WORK_BOX + HULL_OUTER_RADIUS] = largest  # good enough for names of points; the radius needs a root


@device_kernel("void(int64,int64,int64[:,::1],int64[:,::1],int64[::1],int64,int64[::1])")
def lay_pair(
    p: int, q: int, position_q24: Words, matrix_q30: Words, words_q: Words, first_q: int, work: Words
) -> None:
    """Write polytope q, seen from p: WORK_VERTICES, WORK_PLANES, WORK_RELATIVE, WORK_CENTRE."""
    for i in range(3):
        for j in range(3):
            work[WORK_RELATIVE + 3 * i + j] = dot3_narrow(
                matrix_q30[p, i], matrix_q30[q, j],
                matrix_q30[p, 3 + i], matrix_q30[q, 3 + j],
                matrix_q30[p, 6 + i], matrix_q30[q, 6 + j],
                30,
            )  # fmt: skip
    x = position_q24[q, 0] - position_q24[p, 0]
    y = position_q24[q, 1] - position_q24[p, 1]
    z = position_q24[q, 2] - position_q24[p, 2]
    for i in range(3):
        centre = dot3_shift(matrix_q30[p, i], x, matrix_q30[p, 3 + i], y, matrix_q30[p, 6 + i], z, 30)
        work[WORK_CENTRE + i] = centre
        rx = work[WORK_RELATIVE + 3 * i]
        ry = work[WORK_RELATIVE + 3 * i + 1]
        rz = work[WORK_RELATIVE + 3 * i + 2]
        source = first_q + words_q[first_q + HULL_VERTICES]
        for vertex in range(words_q[first_q + HULL_VERTEX_COUNT]):
            work[WORK_VERTICES + 3 * vertex + i] = centre + dot3_shift(
                rx, words_q[source], ry, words_q[source + 1], rz, words_q[source + 2], 30
            )
            source += 3
        source = first_q + words_q[first_q + HULL_FACES]
        for face in range(words_q[first_q + HULL_FACE_COUNT]):
            work[WORK_PLANES + PLANE_WIDTH * face + i] = dot3_narrow(
                rx, words_q[source], ry, words_q[source + 1], rz, words_q[source + 2], 30
            )
            source += FACE_WIDTH
    source = first_q + words_q[first_q + HULL_FACES] + FACE_OFFSET
    for face in range(words_q[first_q + HULL_FACE_COUNT]):
        plane = WORK_PLANES + PLANE_WIDTH * face
        work[plane + 3] = words_q[source] + dot3_shift(
            work[plane], work[WORK_CENTRE],
            work[plane + 1], work[WORK_CENTRE + 1],
            work[plane + 2], work[WORK_CENTRE + 2],
            30,
        )  # fmt: skip
        source += FACE_WIDTH


@inline_kernel("int64(int64[::1],int64,int64,int64,int64)")
def height_above(planes: Words, plane: int, x: int, y: int, z: int) -> int:
    """Height (Q24) of a point above the plane that starts at word ``plane``."""
    offset: int = planes[plane + FACE_OFFSET]
    return dot3_shift(planes[plane], x, planes[plane + 1], y, planes[plane + 2], z, 30) - offset


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64[::1],int64,int64)")
def lowest_vertex(planes: Words, plane: int, vertices: Words, first: int, count: int) -> tuple[int, int]:
    """Height (Q24) of the lowest of some vertices above a plane, and its number, the first of equals."""
    nx, ny, nz = planes[plane], planes[plane + 1], planes[plane + 2]
    lowest = 1 << 62
    which = 0
    at = first
    for vertex in range(count):
        height = dot3_shift(nx, vertices[at], ny, vertices[at + 1], nz, vertices[at + 2], 30)
        if height < lowest:
            lowest = height
            which = vertex
        at += 3
    return lowest - planes[plane + FACE_OFFSET], which
