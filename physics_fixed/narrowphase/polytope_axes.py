"""Separating axes of two polytopes p and q, in the axes of p (see :mod:`physics_fixed.narrowphase.polytope`).

Face axes come first, and win over edge axes unless those are better by a clear amount. Both searches leave
out what cannot win, by exact bounds: a face whose plane is not above the sphere inside the other polytope,
and an edge both of whose faces have a point of the other polytope below them.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import (
    div_shift,
    dot3_narrow,
    dot3_shift,
    isqrt,
    mul_narrow,
    mul_sub_narrow,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.polytope import (
    KEPT_DIRECTION,
    KEPT_LEFT,
    KEPT_NUMBER,
    KEPT_RIGHT,
    KEPT_VERTEX,
    KEPT_WIDTH,
    PLANE_WIDTH,
    PRISM_PLANES,
    WORK_ABOVE_P,
    WORK_ABOVE_Q,
    WORK_CENTRE,
    WORK_EDGES,
    WORK_LIMITS,
    WORK_PLANES,
    WORK_REFUSED,
    WORK_RELATIVE,
    WORK_RESULT,
    WORK_VERTICES,
    WORK_WITNESS_P,
    WORK_WITNESS_Q,
    height_above,
    lowest_vertex,
)
from physics_fixed.narrowphase.prism import may_push
from physics_fixed.shapes.hull_words import (
    EDGE_A,
    EDGE_DIRECTION,
    EDGE_LEFT,
    EDGE_RIGHT,
    EDGE_WIDTH,
    FACE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_INNER_RADIUS,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
)

NO_AXIS = -1
APART = -2
"""Instead of the number of a face or of a pair of edges: there is none, or it separates the polytopes."""

FACE_ADVANTAGE_Q24 = (1 << 24) // 1000  # 1 mm: by so much the faces of q must be better than those of p
EDGE_ADVANTAGE_Q24 = (1 << 24) // 500  # 2 mm: an edge contact has one point where a face has several
NEAR_PARALLEL_Q30 = (1 << 30) - (1 << 27)  # cosine of about 29 degrees

PARALLEL_Q30 = 1 << 22  # squared sine below which two edges are parallel, about 3.6 degrees
_UPRIGHT_Q30 = -16  # cosine of a right angle, with what rounding does to it

# What best_edges found, at WORK_RESULT.
FOUND_EDGE_P = WORK_RESULT
FOUND_EDGE_Q = WORK_RESULT + 1
FOUND_AXIS = WORK_RESULT + 2  # (3), from p to q, not of unit length


@inline_kernel("int64(int64[::1],int64,int64,int64,int64)")
def slope(planes: Words, plane: int, x: int, y: int, z: int) -> int:
    """Cosine (Q30) between a plane's normal and a unit vector."""
    return dot3_narrow(planes[plane], x, planes[plane + 1], y, planes[plane + 2], z, 30)


@device_kernel(
    "UniTuple(int64,3)(int64[::1],int64,int64,int64,int64[::1],int64,int64,int64,int64,int64,int64,int64,int64,"
    "int64[::1],int64,int64)"
)
def best_face(
    planes: Words,
    first_plane: int,
    stride: int,
    face_count: int,
    vertices: Words,
    first_vertex: int,
    vertex_count: int,
    x: int,
    y: int,
    z: int,
    inner_radius: int,
    bound: int,
    floor: int,
    work: Words,
    above: int,
    triangle: int,
) -> tuple[int, int, int]:
    """Face of one polytope along whose normal the other is farthest away.

    Parameters
    ----------
    planes, first_plane, stride, face_count
        Planes of the one polytope.
    vertices, first_vertex, vertex_count
        Vertices of the other.
    x, y, z, inner_radius : int
        A sphere (Q24) inside the other.
    bound, floor : int
        Separations (Q24) above which the two are apart, and which a face must exceed to count.
    work : written
        From ``above`` on, by face: an upper bound of the separation.
    triangle : int
        1 if the other is the prism of a triangle, which does not push to every direction.

    Returns
    -------
    tuple of three int
        Number of the face, or NO_AXIS, or APART; the separation along its normal; the vertex nearest to it.
        Among equal faces the one farthest from the sphere's centre counts, then the lowest number.
    """
    highest = -(1 << 62)
    top = 0
    for face in range(face_count):
        height = height_above(planes, first_plane + stride * face, x, y, z) - inner_radius
        work[above + face] = height
        if height > highest:
            highest = height
            top = face
    best = floor
    found = NO_AXIS
    support = 0
    for turn in range(face_count + 1):
        face = top if turn == 0 else turn - 1
        if work[above + face] <= best:
            continue
        plane = first_plane + stride * face
        separation, vertex = lowest_vertex(planes, plane, vertices, first_vertex, vertex_count)
        if separation > bound:
            return APART, separation, vertex
        if separation > best:
            if triangle != 0:
                x, y, z = -planes[plane], -planes[plane + 1], -planes[plane + 2]
                if not may_push(work, x, y, z):
                    if slope(work, PRISM_PLANES, x, y, z) >= 0:  # not just to the back
                        work[WORK_REFUSED] = maximum(work[WORK_REFUSED], separation)
                    continue
            best = separation
            found = face
            support = vertex
    return found, best, support


@inline_kernel("boolean(int64,int64,int64,int64)")
def outdone(left: int, right: int, cosine_q30: int, threshold: int) -> bool:
    """Whether no axis between two face normals separates a point by more than ``threshold``.

    ``left`` and ``right`` are the point's heights above the two faces, ``cosine_q30`` is that between them.
    An axis between them is the sum of the normals with factors that are not negative and add up to 1 or
    more; up to a right angle each is at most 1.
    """
    if left > threshold or right > threshold:
        return False
    if left <= 0 and right <= 0:
        return True
    return (left <= 0 or right <= 0) and cosine_q30 >= _UPRIGHT_Q30


@device_kernel("boolean(int64[::1],int64,int64,int64,int64,int64[::1],int64,int64,int64,int64)")
def edge_matters(
    planes: Words,
    first_plane: int,
    stride: int,
    left: int,
    right: int,
    work: Words,
    above: int,
    witness: int,
    inner_radius: int,
    threshold: int,
) -> bool:
    """Whether the edge between faces ``left`` and ``right`` may give an axis better than ``threshold``.

    Two things testify against it: a point of the other polytope, whose heights above the faces are in
    ``work`` from ``witness`` on, and the sphere inside it, for which best_face wrote ``above``.
    """
    one = first_plane + stride * left
    two = first_plane + stride * right
    cosine = dot3_narrow(
        planes[one], planes[two], planes[one + 1], planes[two + 1], planes[one + 2], planes[two + 2], 30
    )
    if outdone(work[witness + left], work[witness + right], cosine, threshold):
        return False
    return not outdone(
        work[above + left] + inner_radius,
        work[above + right] + inner_radius,
        cosine,
        threshold + inner_radius,
    )


@device_kernel("int64(int64[::1],int64,int64,int64[::1],int64)")
def keep_edges(words_q: Words, first_q: int, inner_p: int, work: Words, threshold: int) -> int:
    """List those edges of q that may give an axis better than ``threshold`` at WORK_EDGES; their number."""
    kept = 0
    edge = first_q + words_q[first_q + HULL_EDGES]
    for number in range(words_q[first_q + HULL_EDGE_COUNT]):
        left, right = words_q[edge + EDGE_LEFT], words_q[edge + EDGE_RIGHT]
        if edge_matters(
            work,
            WORK_PLANES,
            PLANE_WIDTH,
            left,
            right,
            work,
            WORK_ABOVE_Q,
            WORK_WITNESS_Q,
            inner_p,
            threshold,
        ):
            at = WORK_EDGES + KEPT_WIDTH * kept
            work[at + KEPT_NUMBER] = number
            along = edge + EDGE_DIRECTION
            for i in range(3):
                work[at + KEPT_DIRECTION + i] = dot3_narrow(
                    work[WORK_RELATIVE + 3 * i], words_q[along],
                    work[WORK_RELATIVE + 3 * i + 1], words_q[along + 1],
                    work[WORK_RELATIVE + 3 * i + 2], words_q[along + 2],
                    30,
                )  # fmt: skip
            work[at + KEPT_VERTEX] = WORK_VERTICES + 3 * words_q[edge + EDGE_A]
            work[at + KEPT_LEFT] = WORK_PLANES + PLANE_WIDTH * left
            work[at + KEPT_RIGHT] = WORK_PLANES + PLANE_WIDTH * right
            kept += 1
        edge += EDGE_WIDTH
    return kept


@inline_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64)")
def cross_directions(ex: int, ey: int, ez: int, fx: int, fy: int, fz: int) -> tuple[int, int, int, int]:
    """Cross product of two unit vectors (Q30), and the sine of the angle between them, 0 if that is small."""
    x = mul_sub_narrow(ey, fz, ez, fy, 30)
    y = mul_sub_narrow(ez, fx, ex, fz, 30)
    z = mul_sub_narrow(ex, fy, ey, fx, 30)
    squared = dot3_narrow(x, x, y, y, z, z, 30)
    return x, y, z, isqrt(squared << 30) if squared >= PARALLEL_Q30 else 0


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64,int64,int64,int64[::1],int64,int64,int64,int64)")
def best_partner(
    words_p: Words,
    edge: int,
    tail: int,
    left: int,
    right: int,
    work: Words,
    kept: int,
    bound: int,
    threshold: int,
    limit: int,
) -> tuple[int, int]:
    """The kept edge of q that separates best together with an edge of p: its place in the list or NO_AXIS or
    APART, and the separation.

    Parameters
    ----------
    edge, tail, left, right : int
        First words of the edge of p, of a vertex of it, and of its planes.
    limit : int
        Least cosine (Q30) between the axis and the normal of a triangle, -2**30 if p is none.
    """
    ex, ey, ez = (
        words_p[edge + EDGE_DIRECTION],
        words_p[edge + EDGE_DIRECTION + 1],
        words_p[edge + EDGE_DIRECTION + 2],
    )
    found = NO_AXIS
    best = threshold
    for place in range(kept):
        at = WORK_EDGES + KEPT_WIDTH * place
        fx, fy, fz = work[at + KEPT_DIRECTION], work[at + KEPT_DIRECTION + 1], work[at + KEPT_DIRECTION + 2]
        # Do the arcs of the two edges on the unit sphere cross? (Gregorius, The Separating Axis Test, 2013)
        near = slope(work, work[at + KEPT_LEFT], ex, ey, ez)
        far = slope(work, work[at + KEPT_RIGHT], ex, ey, ez)
        if near == 0 or far == 0 or (near > 0) == (far > 0):
            continue
        one = slope(words_p, left, fx, fy, fz)
        two = slope(words_p, right, fx, fy, fz)
        if one == 0 or two == 0 or (one > 0) == (two > 0) or (near > 0) == (two > 0):
            continue
        x, y, z, sine = cross_directions(ex, ey, ez, fx, fy, fz)
        if sine == 0:
            continue
        if slope(words_p, left, x, y, z) + slope(words_p, right, x, y, z) < 0:
            x, y, z = -x, -y, -z
        vertex = work[at + KEPT_VERTEX]
        separation = dot3_shift(
            x, work[vertex] - words_p[tail],
            y, work[vertex + 1] - words_p[tail + 1],
            z, work[vertex + 2] - words_p[tail + 2],
            30,
        )  # fmt: skip
        # Not yet divided by the sine: the true value is even further from zero.
        if separation <= 0 and separation <= best:
            continue
        separation = div_shift(separation, sine, 30)
        if separation > bound:
            return APART, separation
        if separation > best:
            if limit > -(1 << 30) and slope(words_p, PRISM_PLANES, x, y, z) < mul_narrow(limit, sine, 30):
                work[WORK_REFUSED] = maximum(work[WORK_REFUSED], separation)
                continue
            best = separation
            found = place
            work[FOUND_EDGE_Q] = work[at + KEPT_NUMBER]
            work[FOUND_AXIS] = x
            work[FOUND_AXIS + 1] = y
            work[FOUND_AXIS + 2] = z
    return found, best


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64[::1],int64,int64[::1],int64,int64,int64)")
def best_edges(
    words_p: Words,
    first_p: int,
    words_q: Words,
    first_q: int,
    work: Words,
    bound: int,
    threshold: int,
    triangle: int,
) -> tuple[int, int]:
    """Pair of edges that separates better than ``threshold``: 0, or NO_AXIS, or APART; and the separation.

    The pair and its axis are left at FOUND_EDGE_P, FOUND_EDGE_Q and FOUND_AXIS. ``triangle``: 1 if p is the
    prism of a triangle.
    """
    kept = keep_edges(words_q, first_q, words_p[first_p + HULL_INNER_RADIUS], work, threshold)
    planes = first_p + words_p[first_p + HULL_FACES]
    vertices = first_p + words_p[first_p + HULL_VERTICES]
    edge = first_p + words_p[first_p + HULL_EDGES]
    inner_q = words_q[first_q + HULL_INNER_RADIUS]
    best = threshold
    found = NO_AXIS
    for number in range(words_p[first_p + HULL_EDGE_COUNT]):
        limit = -(1 << 30)
        if triangle != 0:
            limit = maximum(work[WORK_LIMITS + number], 0)
        left, right = words_p[edge + EDGE_LEFT], words_p[edge + EDGE_RIGHT]
        if limit <= 1 << 30 and edge_matters(
            words_p, planes, FACE_WIDTH, left, right, work, WORK_ABOVE_P, WORK_WITNESS_P, inner_q, best
        ):
            place, separation = best_partner(
                words_p,
                edge,
                vertices + 3 * words_p[edge + EDGE_A],
                planes + FACE_WIDTH * left,
                planes + FACE_WIDTH * right,
                work,
                kept,
                bound,
                best,
                limit,
            )
            if place == APART:
                return APART, separation
            if place != NO_AXIS:
                found = 0
                best = separation
                work[FOUND_EDGE_P] = number
        edge += EDGE_WIDTH
    return found, best


@device_kernel("UniTuple(int64,4)(int64[::1],int64,int64[::1],int64,int64[::1],int64,int64)")
def choose_face(
    words_p: Words, first_p: int, words_q: Words, first_q: int, work: Words, bound: int, triangle: int
) -> tuple[int, int, int, int]:
    """The reference face: 0 if it is one of p, 1 if of q; its number or APART; the separation; the nearest
    vertex of the other polytope.
    """
    planes = first_p + words_p[first_p + HULL_FACES]
    vertices = first_p + words_p[first_p + HULL_VERTICES]
    x, y, z = work[WORK_CENTRE], work[WORK_CENTRE + 1], work[WORK_CENTRE + 2]
    inner_q = words_q[first_q + HULL_INNER_RADIUS]
    faces = 1 if triangle != 0 else words_p[first_p + HULL_FACE_COUNT]
    face, separation, support = best_face(
        words_p, planes, FACE_WIDTH, faces, work, WORK_VERTICES, words_q[first_q + HULL_VERTEX_COUNT],
        x, y, z, inner_q, bound, -(1 << 62), work, WORK_ABOVE_P, 0,
    )  # fmt: skip
    if face == APART:
        return 0, APART, separation, support
    x = y = z = 0
    if triangle != 0:  # its centre is that of the whole mesh; a vertex does instead
        x, y, z = words_p[vertices], words_p[vertices + 1], words_p[vertices + 2]
        for side in range(1, words_p[first_p + HULL_FACE_COUNT]):
            work[WORK_ABOVE_P + side] = (
                height_above(
                    words_p, planes + FACE_WIDTH * side,
                    work[WORK_CENTRE], work[WORK_CENTRE + 1], work[WORK_CENTRE + 2],
                )
                - inner_q
            )  # fmt: skip
    other, better, its_support = best_face(
        work, WORK_PLANES, PLANE_WIDTH, words_q[first_q + HULL_FACE_COUNT], words_p, vertices,
        words_p[first_p + HULL_VERTEX_COUNT], x, y, z, words_p[first_p + HULL_INNER_RADIUS], bound,
        separation + FACE_ADVANTAGE_Q24, work, WORK_ABOVE_Q, triangle,
    )  # fmt: skip
    if other == APART or other != NO_AXIS:
        return 1, other, better, its_support
    return 0, face, separation, support
