"""A triangle of a mesh as a polytope, and the directions to which it may push.

The triangle becomes a prism without a bottom: its face, the only one that contacts may lie on, and a side
plane at each edge, so that the axes of an edge lie between the two normals. A mesh is a surface, so an edge
that the surface goes on beyond is not an edge to bump into: it pushes only to where neither this face nor its
neighbour does, between their two normals. An edge that is flat or concave pushes nowhere but along the
normal.
"""

from __future__ import annotations

from physics_fixed.fixmath.wide import dot3_narrow, dot3_shift, mul_sub_narrow
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.polytope import (
    PRISM_EDGES,
    PRISM_INDICES,
    PRISM_PLANES,
    PRISM_VERTICES,
    WORK_CORNERS,
    WORK_LIMITS,
    WORK_PRISM,
)
from physics_fixed.narrowphase.reach import direction_and_length
from physics_fixed.shapes.hull_words import (
    EDGE_A,
    EDGE_B,
    EDGE_DIRECTION,
    EDGE_LEFT,
    EDGE_LENGTH,
    EDGE_RIGHT,
    EDGE_WIDTH,
    FACE_COUNT,
    FACE_FIRST,
    FACE_OFFSET,
    FACE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_INDICES,
    HULL_INNER_RADIUS,
    HULL_OUTER_RADIUS,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
)
from physics_fixed.shapes.triangle_words import (
    EDGE_CONVEX,
    EDGE_FLAT,
    TRIANGLE_CORNERS,
    TRIANGLE_EDGES,
    TRIANGLE_NEIGHBOUR_NORMALS,
    TRIANGLE_NORMAL,
)

_ONE_Q30 = 1 << 30
NEVER_Q30 = _ONE_Q30 << 1
"""Limit of an edge that is flat or concave."""

_PRESSED_Q30 = _ONE_Q30 >> 10  # sine of the angle to which a direction counts as the normal's
_SLACK_Q30 = _ONE_Q30 >> 14  # of cosines, so that no direction is left out on both sides of an edge


@device_kernel("void(int64[::1],int64,int64[::1])")
def lay_prism(words: Words, first: int, work: Words) -> None:
    """Write a triangle (words from ``first`` on) as a polytope at WORK_PRISM, with
    WORK_LIMITS and WORK_CORNERS.

    Face 0 is the triangle, face k + 1 the side plane of the edge from vertex k to the next one.
    """
    work[WORK_PRISM + HULL_VERTEX_COUNT] = 3
    work[WORK_PRISM + HULL_FACE_COUNT] = 4
    work[WORK_PRISM + HULL_EDGE_COUNT] = 3
    work[WORK_PRISM + HULL_VERTICES] = PRISM_VERTICES - WORK_PRISM
    work[WORK_PRISM + HULL_FACES] = PRISM_PLANES - WORK_PRISM
    work[WORK_PRISM + HULL_INDICES] = PRISM_INDICES - WORK_PRISM
    work[WORK_PRISM + HULL_EDGES] = PRISM_EDGES - WORK_PRISM
    work[WORK_PRISM + HULL_INNER_RADIUS] = 0
    work[WORK_PRISM + HULL_OUTER_RADIUS] = 0
    nx = words[first + TRIANGLE_NORMAL]
    ny = words[first + TRIANGLE_NORMAL + 1]
    nz = words[first + TRIANGLE_NORMAL + 2]
    for lane in range(9):
        work[PRISM_VERTICES + lane] = words[first + lane]
    lay_plane(work, 0, nx, ny, nz, 0)
    work[PRISM_PLANES + FACE_FIRST] = 0
    work[PRISM_PLANES + FACE_COUNT] = 3
    for k in range(3):
        after = k + 1 if k < 2 else 0
        here = first + 3 * k
        there = first + 3 * after
        ex, ey, ez, length = direction_and_length(
            words[there] - words[here], words[there + 1] - words[here + 1], words[there + 2] - words[here + 2]
        )
        lay_plane(
            work, k + 1,
            mul_sub_narrow(ey, nz, ez, ny, 30), mul_sub_narrow(ez, nx, ex, nz, 30),
            mul_sub_narrow(ex, ny, ey, nx, 30), k,
        )  # fmt: skip
        work[PRISM_INDICES + k] = k
        edge = PRISM_EDGES + EDGE_WIDTH * k
        work[edge + EDGE_A] = k
        work[edge + EDGE_B] = after
        work[edge + EDGE_LEFT] = 0
        work[edge + EDGE_RIGHT] = k + 1
        work[edge + EDGE_DIRECTION] = ex
        work[edge + EDGE_DIRECTION + 1] = ey
        work[edge + EDGE_DIRECTION + 2] = ez
        work[edge + EDGE_LENGTH] = length
        code = words[first + TRIANGLE_EDGES + k]
        other = first + TRIANGLE_NEIGHBOUR_NORMALS + 3 * k
        limit = 0
        if code == EDGE_CONVEX:
            limit = dot3_narrow(nx, words[other], ny, words[other + 1], nz, words[other + 2], 30) - _SLACK_Q30
        elif code == EDGE_FLAT:
            limit = NEVER_Q30
        work[WORK_LIMITS + k] = limit
        work[WORK_CORNERS + k] = words[first + TRIANGLE_CORNERS + k] - _SLACK_Q30


@device_kernel("void(int64[::1],int64,int64,int64,int64,int64)")
def lay_plane(work: Words, face: int, nx: int, ny: int, nz: int, vertex: int) -> None:
    """Write a plane of the prism, by its normal and a vertex on it."""
    plane = PRISM_PLANES + FACE_WIDTH * face
    at = PRISM_VERTICES + 3 * vertex
    work[plane] = nx
    work[plane + 1] = ny
    work[plane + 2] = nz
    work[plane + FACE_OFFSET] = dot3_shift(nx, work[at], ny, work[at + 1], nz, work[at + 2], 30)


@inline_kernel("int64(int64[::1],int64,int64,int64,int64)")
def along_edge(work: Words, edge: int, x: int, y: int, z: int) -> int:
    """Cosine (Q30) between an edge and a unit vector."""
    at = PRISM_EDGES + EDGE_WIDTH * edge + EDGE_DIRECTION
    return dot3_narrow(work[at], x, work[at + 1], y, work[at + 2], z, 30)


@device_kernel("boolean(int64[::1],int64,int64,int64)")
def may_push(work: Words, x: int, y: int, z: int) -> bool:
    """Whether the triangle of the prism may push to a direction (unit vector, Q30).

    A direction at right angles to an edge is that edge's affair, any other that of the vertex that lies
    farthest in it.
    """
    cosine = dot3_narrow(work[PRISM_PLANES], x, work[PRISM_PLANES + 1], y, work[PRISM_PLANES + 2], z, 30)
    limit = 0
    if cosine < limit:
        return False
    vertex = 0
    farthest = -(1 << 62)
    for k in range(3):
        at = PRISM_VERTICES + 3 * k
        along = dot3_shift(work[at], x, work[at + 1], y, work[at + 2], z, 30)
        if along > farthest:
            farthest = along
            vertex = k
    # Seen from above, the direction lies between those that point off the two edges that meet there.
    before = vertex - 1 if vertex > 0 else 2
    off_edge = along_edge(work, before, x, y, z) > _PRESSED_Q30
    off_before = along_edge(work, vertex, x, y, z) < -_PRESSED_Q30
    if off_edge and off_before:
        if work[WORK_LIMITS + vertex] == NEVER_Q30 and work[WORK_LIMITS + before] == NEVER_Q30:
            return False
        limit = work[WORK_CORNERS + vertex]
    elif off_edge:
        limit = work[WORK_LIMITS + vertex]
    elif off_before:
        limit = work[WORK_LIMITS + before]
    return cosine >= limit
