"""Clip a face of one polytope against a face of another.

Method: Sutherland and Hodgman, on the corners' feet on the reference face, seen along the axis nearest to its
normal; so what lies inside is decided by integer cross products, the same way for both faces at an edge.
Coordinates are those of polytope p. A corner of the result is named by the two edges that meet in it (0 to
31: edges of the incident face, 32 to 63: of the reference face).
"""

from __future__ import annotations

from physics_fixed.fixmath.wide import div_shift, dot3_narrow, dot3_shift, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.clipping import (
    ALONG_U,
    ALONG_V,
    ALONG_W,
    BEYOND,
    CORNERS,
    DEPTH,
    EDGE,
)
from physics_fixed.narrowphase.polytope import (
    PLANE_WIDTH,
    WORK_PLANES,
    WORK_VERTICES,
)
from physics_fixed.shapes.hull_words import (
    EDGE_LEFT,
    EDGE_RIGHT,
    EDGE_WIDTH,
    FACE_COUNT,
    FACE_FIRST,
    FACE_OFFSET,
    FACE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_FACES,
    HULL_INDICES,
    HULL_VERTICES,
)

FIRST_SIDE = 32
"""Number of the first edge of the reference face in names of corners."""


@inline_kernel("int64(int64,int64,int64)")
def main_axis(x: int, y: int, z: int) -> int:
    """The axis, 0 to 2, along which a vector is longest."""
    if abs(x) > abs(y) and abs(x) > abs(z):
        return 0
    return 1 if abs(y) > abs(z) else 2


@device_kernel("int64(int64[::1],int64,int64,int64[::1],int64,int64,int64,int64,int64)")
def facing_face(
    words: Words,
    first: int,
    vertex: int,
    planes: Words,
    first_plane: int,
    stride: int,
    x: int,
    y: int,
    z: int,
) -> int:
    """Of the faces of a polytope that meet in a vertex, the one that looks most against a direction (Q30)."""
    least = 1 << 62
    found = 0
    edge = first + words[first + HULL_EDGES]
    for _ in range(words[first + HULL_EDGE_COUNT]):
        if words[edge] == vertex or words[edge + 1] == vertex:
            for end in range(EDGE_LEFT, EDGE_RIGHT + 1):
                face = words[edge + end]
                plane = first_plane + stride * face
                cosine = dot3_narrow(planes[plane], x, planes[plane + 1], y, planes[plane + 2], z, 30)
                if cosine < least:
                    least = cosine
                    found = face
        edge += EDGE_WIDTH
    return found


@device_kernel("int64(int64[::1],int64,int64,int64[::1],int64,int64[::1],int64,int64,int64[:,::1])")
def lay_corners(
    words: Words,
    first: int,
    face: int,
    vertices: Words,
    first_vertex: int,
    planes: Words,
    plane: int,
    axis: int,
    polygon: Words,
) -> int:
    """Write the corners of the incident face from row 0 on; their number.

    ``planes`` holds the reference plane from word ``plane`` on, ``axis`` is the main axis of its normal.
    """
    nx, ny, nz = planes[plane], planes[plane + 1], planes[plane + 2]
    offset = planes[plane + FACE_OFFSET]
    u = axis + 1 if axis < 2 else 0
    v = axis - 1 if axis > 0 else 2
    row = first + words[first + HULL_FACES] + FACE_WIDTH * face
    corner = first + words[first + HULL_INDICES] + words[row + FACE_FIRST]
    count: int = words[row + FACE_COUNT]
    for number in range(count):
        at = first_vertex + 3 * words[corner + number]
        depth = dot3_shift(nx, vertices[at], ny, vertices[at + 1], nz, vertices[at + 2], 30) - offset
        polygon[number, DEPTH] = depth
        polygon[number, ALONG_U] = vertices[at + u] - mul_shift(planes[plane + u], depth, 30)
        polygon[number, ALONG_V] = vertices[at + v] - mul_shift(planes[plane + v], depth, 30)
        polygon[number, ALONG_W] = vertices[at + axis] - mul_shift(planes[plane + axis], depth, 30)
        polygon[number, EDGE] = number
    return count


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64)")
def clip_beyond(
    polygon: Words,
    source: int,
    count: int,
    target: int,
    side: int,
    u: int,
    v: int,
    along_u: int,
    along_v: int,
) -> int:
    """Cut off what lies to the right of a line, seen with u to the right and v up.

    Parameters
    ----------
    polygon : written
        Corners from row ``source`` on go to rows from ``target`` on.
    side : int
        Name of the line.
    u, v, along_u, along_v : int
        A point of the line, and its direction (Q24).

    Returns
    -------
    int
        Number of corners left, or -1 if all are, in rows from ``source`` on.
    """
    cut = False
    for corner in range(source, source + count):
        left = mul_sub_shift(along_u, polygon[corner, ALONG_V] - v, along_v, polygon[corner, ALONG_U] - u, 16)
        polygon[corner, BEYOND] = left
        cut = cut or left < 0
    if not cut:
        return -1
    kept = 0
    here = source + count - 1
    # The last corner first: an edge is known by the corner it begins at.
    for number in range(count):
        after = source + number
        left = polygon[here, BEYOND]
        left_after = polygon[after, BEYOND]
        if (left < 0) != (left_after < 0):
            # Always from the inner corner to the outer one, so that both directions give the same bits.
            inner = here if left >= 0 else after
            outer = after if left >= 0 else here
            inside = polygon[inner, BEYOND]
            share_q30 = div_shift(inside, inside - polygon[outer, BEYOND], 30)
            row = target + kept
            for lane in (DEPTH, ALONG_U, ALONG_V, ALONG_W):
                polygon[row, lane] = polygon[inner, lane] + mul_shift(
                    polygon[outer, lane] - polygon[inner, lane], share_q30, 30
                )
            polygon[row, EDGE] = side if left >= 0 else polygon[here, EDGE]
            kept += 1
        if left_after >= 0:
            for lane in (DEPTH, ALONG_U, ALONG_V, ALONG_W, EDGE):
                polygon[target + kept, lane] = polygon[after, lane]
            kept += 1
        here = after
    return kept


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64,int64[::1],int64,int64,int64,int64[:,::1],int64)")
def clip_to_polygon(
    words: Words,
    first: int,
    face: int,
    vertices: Words,
    first_vertex: int,
    axis: int,
    upward: int,
    polygon: Words,
    count: int,
) -> tuple[int, int]:
    """Clip the ``count`` corners from row 0 on to the reference face; first row of the result and its length.

    ``upward`` is 1 if the face looks along its main axis, -1 if against it.
    """
    u = axis + 1 if axis < 2 else 0
    v = axis - 1 if axis > 0 else 2
    row = first + words[first + HULL_FACES] + FACE_WIDTH * face
    corner = first + words[first + HULL_INDICES] + words[row + FACE_FIRST]
    sides = words[row + FACE_COUNT]
    source = 0
    tail = first_vertex + 3 * words[corner + sides - 1]
    for side in range(sides):
        head = first_vertex + 3 * words[corner + side]
        kept = clip_beyond(
            polygon,
            source,
            count,
            CORNERS - source,
            FIRST_SIDE + side,
            vertices[tail + u],
            vertices[tail + v],
            upward * (vertices[head + u] - vertices[tail + u]),
            upward * (vertices[head + v] - vertices[tail + v]),
        )
        if kept >= 0:
            source = CORNERS - source
            count = kept
        if count == 0:
            return source, 0
        tail = head
    return source, count


@device_kernel(
    "UniTuple(int64,3)(int64[::1],int64,int64[::1],int64,int64[::1],int64,int64,int64,int64,int64,int64,"
    "int64[:,::1])"
)
def clip_pair(
    words_p: Words,
    first_p: int,
    words_q: Words,
    first_q: int,
    work: Words,
    on_q: int,
    face: int,
    support: int,
    plane: int,
    axis: int,
    triangle: int,
    polygon: Words,
) -> tuple[int, int, int]:
    """Clip the face of the one polytope that looks at the reference face of the other.

    Returns first row and number of corners, and the number of the clipped face. ``plane`` is the first word
    of the reference plane, ``axis`` the main axis of its normal.
    """
    planes_p = first_p + words_p[first_p + HULL_FACES]
    vertices_p = first_p + words_p[first_p + HULL_VERTICES]
    incident = 0
    if on_q == 0:
        x, y, z = words_p[plane], words_p[plane + 1], words_p[plane + 2]
        incident = facing_face(words_q, first_q, support, work, WORK_PLANES, PLANE_WIDTH, x, y, z)
        count = lay_corners(words_q, first_q, incident, work, WORK_VERTICES, words_p, plane, axis, polygon)
        upward = 1 if words_p[plane + axis] > 0 else -1
        start, count = clip_to_polygon(
            words_p, first_p, face, words_p, vertices_p, axis, upward, polygon, count
        )
        return start, count, incident
    if triangle == 0:
        x, y, z = work[plane], work[plane + 1], work[plane + 2]
        incident = facing_face(words_p, first_p, support, words_p, planes_p, FACE_WIDTH, x, y, z)
    count = lay_corners(words_p, first_p, incident, words_p, vertices_p, work, plane, axis, polygon)
    upward = 1 if work[plane + axis] > 0 else -1
    start, count = clip_to_polygon(words_q, first_q, face, work, WORK_VERTICES, axis, upward, polygon, count)
    return start, count, incident
