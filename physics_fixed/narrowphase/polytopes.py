"""Contacts of convex polytopes: hulls, boxes with hulls, triangles of meshes with both.

Method: separating axes and clipping (Gregorius, "The Separating Axis Test between Convex Polyhedra", 2013).
The best face axis comes first, and its face is clipped. If a point of the result testifies that the other
polytope reaches as deep as that axis says, no pair of edges can be better, and none is looked at: so a
contact of faces costs little more than the clipping.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import length3, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import CONTACT_NORMAL, POINT_ARM, POINT_SEPARATION, Words
from physics_fixed.narrowphase.clipping import (
    ALONG_U,
    ALONG_V,
    ALONG_W,
    CORNERS,
    DEPTH,
    EDGE,
    FEATURE,
    reduce_to_four,
)
from physics_fixed.narrowphase.persistence import name_place
from physics_fixed.narrowphase.polytope import (
    PLANE_WIDTH,
    WORK_BOX,
    WORK_PLANES,
    WORK_REFUSED,
    WORK_VERTICES,
    lay_box,
    lay_pair,
)
from physics_fixed.narrowphase.polytope_axes import (
    APART,
    EDGE_ADVANTAGE_Q24,
    FOUND_AXIS,
    FOUND_EDGE_P,
    FOUND_EDGE_Q,
    NO_AXIS,
    best_edges,
    choose_face,
)
from physics_fixed.narrowphase.polytope_checks import face_settles, grazes
from physics_fixed.narrowphase.polytope_clipping import clip_pair, main_axis
from physics_fixed.narrowphase.reach import (
    GRAZE_Q24,
    direction_and_length,
    gap_allowed,
    gap_bound,
)
from physics_fixed.narrowphase.segments import as_segment, between_segments
from physics_fixed.narrowphase.spheres import into_world
from physics_fixed.shapes.hull_words import (
    EDGE_WIDTH,
    FACE_WIDTH,
    HULL_EDGES,
    HULL_FACES,
    HULL_OUTER_RADIUS,
    HULL_VERTICES,
)

_SPREAD = 0x9E3779B1  # odd, so that multiplying by it mixes all bits
_FEATURE_MASK = (1 << 15) - 1
_PLANE_SLACK_Q24 = (1 << 24) // 250  # 4 mm
_EQUAL_DEPTH_Q24 = 1 << 12  # 0.24 mm: which of many corners is the deepest must not depend on a tremble


@inline_kernel("int64(int64,int64,int64)")
def feature_of(kind: int, first: int, second: int) -> int:
    """Feature id (15 bits) of three numbers: ``kind`` below 2**15, the others below 2**8."""
    return ((kind << 16 | first << 8 | second) * _SPREAD >> 20) & _FEATURE_MASK


@device_kernel(
    "void(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64)"
)
def lay_point(
    a: int,
    p: int,
    named: int,
    extent: int,
    x: int,
    y: int,
    z: int,
    separation_q24: int,
    feature: int,
    position_q24: Words,
    matrix_q30: Words,
    point: Words,
    row: int,
) -> None:
    """Write a point given in the axes of p, from its centre, and name it in those of body ``named``."""
    x, y, z = into_world(matrix_q30, p, x, y, z)
    x += position_q24[p, 0]
    y += position_q24[p, 1]
    z += position_q24[p, 2]
    point[row, POINT_SEPARATION] = separation_q24
    point[row, POINT_ARM] = x - position_q24[a, 0]
    point[row, POINT_ARM + 1] = y - position_q24[a, 1]
    point[row, POINT_ARM + 2] = z - position_q24[a, 2]
    x -= position_q24[named, 0]
    y -= position_q24[named, 1]
    z -= position_q24[named, 2]
    name_place(point, row, feature, named, x, y, z, extent, matrix_q30)


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64)")
def lay_normal(contact: Words, index: int, x: int, y: int, z: int) -> None:
    """Write the normal of a contact."""
    contact[index, CONTACT_NORMAL] = x
    contact[index, CONTACT_NORMAL + 1] = y
    contact[index, CONTACT_NORMAL + 2] = z


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64)")
def settle_corners(polygon: Words, start: int, count: int, target: int, bound: int, kind: int) -> int:
    """Copy the corners not higher than ``bound`` from row ``target`` on, with their FEATURE, and keep up to
    four; their number.
    """
    kept = 0
    extent = 0
    before = polygon[start + count - 1, EDGE]
    for corner in range(start, start + count):
        edge = polygon[corner, EDGE]
        if polygon[corner, DEPTH] <= bound:
            row = target + kept
            for lane in (DEPTH, ALONG_U, ALONG_V, ALONG_W):
                polygon[row, lane] = polygon[corner, lane]
            polygon[row, FEATURE] = feature_of(kind, before, edge)
            extent = maximum(extent, maximum(abs(polygon[row, ALONG_U]), abs(polygon[row, ALONG_V])))
            kept += 1
        before = edge
    return reduce_to_four(polygon, target, kept, extent, extent, _EQUAL_DEPTH_Q24)


@device_kernel(
    "int64(int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],int64,"
    "int64,int64,int64,int64,int64[:,::1],int64,int64,int64[:,::1],int64,int64[:,::1],int64)"
)
def touch_face(
    a: int,
    b: int,
    p: int,
    named: int,
    extent: int,
    position_q24: Words,
    velocity_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    planes: Words,
    plane: int,
    on_q: int,
    kind: int,
    axis: int,
    separation_q24: int,
    polygon: Words,
    start: int,
    count: int,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact on a reference face, whose clipped corners are given; the number of points."""
    nx, ny, nz = planes[plane], planes[plane + 1], planes[plane + 2]
    normal_x, normal_y, normal_z = into_world(matrix_q30, p, nx, ny, nz)
    if (on_q != 0) == (p == a):  # the face looks from b to a
        normal_x, normal_y, normal_z = -normal_x, -normal_y, -normal_z
    allowed = gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40)
    if separation_q24 > allowed:
        return 0
    target = CORNERS - start
    count = settle_corners(polygon, start, count, target, allowed, kind)
    for corner in range(count):
        row = target + corner
        u, v, w = polygon[row, ALONG_U], polygon[row, ALONG_V], polygon[row, ALONG_W]
        depth = polygon[row, DEPTH]
        x = w if axis == 0 else (v if axis == 1 else u)
        y = u if axis == 0 else (w if axis == 1 else v)
        z = v if axis == 0 else (u if axis == 1 else w)
        half = depth >> 1
        lay_point(
            a, p, named, extent,
            x + mul_shift(nx, half, 30), y + mul_shift(ny, half, 30), z + mul_shift(nz, half, 30),
            depth, polygon[row, FEATURE], position_q24, matrix_q30, point, first + corner,
        )  # fmt: skip
    lay_normal(contact, index, normal_x, normal_y, normal_z)
    return count


@device_kernel(
    "int64(int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],int64,"
    "int64[::1],int64,int64[::1],int64,int64[:,::1],int64,int64[:,::1],int64)"
)
def touch_edges(
    a: int,
    b: int,
    p: int,
    named: int,
    extent: int,
    position_q24: Words,
    velocity_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    words_p: Words,
    first_p: int,
    words_q: Words,
    first_q: int,
    work: Words,
    separation_q24: int,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of the two edges that best_edges found; the number of points, 0 or 1."""
    nx, ny, nz, _ = direction_and_length(work[FOUND_AXIS], work[FOUND_AXIS + 1], work[FOUND_AXIS + 2])
    normal_x, normal_y, normal_z = into_world(matrix_q30, p, nx, ny, nz)
    if p != a:
        normal_x, normal_y, normal_z = -normal_x, -normal_y, -normal_z
    allowed = gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40)
    edge_p, edge_q = work[FOUND_EDGE_P], work[FOUND_EDGE_Q]
    vertices = first_p + words_p[first_p + HULL_VERTICES]
    edge = first_p + words_p[first_p + HULL_EDGES] + EDGE_WIDTH * edge_p
    px, py, pz, ux, uy, uz, half_p = as_segment(
        words_p, vertices + 3 * words_p[edge], vertices + 3 * words_p[edge + 1]
    )
    edge = first_q + words_q[first_q + HULL_EDGES] + EDGE_WIDTH * edge_q
    qx, qy, qz, vx, vy, vz, half_q = as_segment(
        work, WORK_VERTICES + 3 * words_q[edge], WORK_VERTICES + 3 * words_q[edge + 1]
    )
    x, y, z, on_p, _ = between_segments(qx - px, qy - py, qz - pz, ux, uy, uz, half_p, vx, vy, vz, half_q)
    # Edges that pass each other beyond their ends are farther apart than the axis says.
    if separation_q24 > 0 and maximum(separation_q24, length3(x, y, z)) > allowed:
        return 0
    lay_point(
        a, p, named, extent,
        px + mul_shift(ux, on_p, 30) + (x >> 1),
        py + mul_shift(uy, on_p, 30) + (y >> 1),
        pz + mul_shift(uz, on_p, 30) + (z >> 1),
        separation_q24, feature_of(1 << 14, edge_p, edge_q), position_q24, matrix_q30, point, first,
    )  # fmt: skip
    lay_normal(contact, index, normal_x, normal_y, normal_z)
    return 1


@inline_kernel("boolean(int64[::1],int64)")
def is_too_deep(work: Words, separation_q24: int) -> bool:
    """Whether an axis is much deeper than one to which the triangle may not push: then the contact is one of
    its neighbours, and the plane of this triangle does not reach as far.
    """
    refused = work[WORK_REFUSED]
    return refused > separation_q24 and separation_q24 < 2 * minimum(refused, 0) - _PLANE_SLACK_Q24


@device_kernel(
    "int64(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64[::1],int64,"
    "int64,int64,int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_polytopes(
    a: int,
    b: int,
    p: int,
    triangle: int,
    position_q24: Words,
    velocity_q24: Words,
    matrix_q30: Words,
    words_p: Words,
    first_p: int,
    words_q: Words,
    first_q: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of polytope p, one of a and b, with the other one, q, which WORK_VERTICES to WORK_CENTRE
    describe already; the number of points, 0 to 4.

    ``triangle`` is 1 if p is the prism of a triangle. Points are named in the axes of a, or in those of the
    other shape if a is a triangle.
    """
    bound = gap_bound(velocity_q24, a, b, reach, tick_q40)
    work[WORK_REFUSED] = -(1 << 62)
    on_q, face, separation, support = choose_face(words_p, first_p, words_q, first_q, work, bound, triangle)
    if face == APART:
        return 0
    named = a if triangle == 0 else a + b - p
    extent = words_p[first_p + HULL_OUTER_RADIUS] if named == p else words_q[first_q + HULL_OUTER_RADIUS]
    planes = work if on_q != 0 else words_p
    plane = WORK_PLANES + PLANE_WIDTH * face
    if on_q == 0:
        plane = first_p + words_p[first_p + HULL_FACES] + FACE_WIDTH * face
    nx, ny, nz = planes[plane], planes[plane + 1], planes[plane + 2]
    axis = main_axis(nx, ny, nz)
    start, count, incident = clip_pair(
        words_p, first_p, words_q, first_q, work, on_q, face, support, plane, axis, triangle, polygon
    )
    threshold = separation + EDGE_ADVANTAGE_Q24
    if not face_settles(
        words_p, first_p, words_q, first_q, work, on_q, plane, axis, support, threshold, polygon, start, count
    ):
        found, better = best_edges(words_p, first_p, words_q, first_q, work, bound, threshold, triangle)
        if found == APART or is_too_deep(work, better if found != NO_AXIS else separation):
            return 0
        if found != NO_AXIS:
            return touch_edges(
                a, b, p, named, extent, position_q24, velocity_q24, matrix_q30, reach, tick_q40,
                words_p, first_p, words_q, first_q, work, better, contact, index, point, first,
            )  # fmt: skip
    if count == 0 or is_too_deep(work, separation):
        return 0
    if separation > -GRAZE_Q24 and grazes(
        a, b, p, nx, ny, nz, separation, velocity_q24, matrix_q30, reach, tick_q40,
        words_p, first_p, words_q, first_q, work, triangle,
    ):  # fmt: skip
        return 0
    kind = on_q << 14 | face << 7 | incident
    return touch_face(
        a, b, p, named, extent, position_q24, velocity_q24, matrix_q30, reach, tick_q40, planes, plane, on_q,
        kind, axis, separation, polygon, start, count, contact, index, point, first,
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64[::1],int64,"
    "int64,int64,int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_hulls(
    a: int,
    b: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words_a: Words,
    first_a: int,
    words_b: Words,
    first_b: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of two hulls; the number of points, 0 to 4."""
    lay_pair(a, b, position_q24, matrix_q30, words_b, first_b, work)
    return collide_polytopes(
        a, b, a, 0, position_q24, velocity_q24, matrix_q30, words_a, first_a, words_b, first_b, reach,
        tick_q40, work, polygon, contact, index, point, first,
    )  # fmt: skip


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,int64,"
    "int64[::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_box_hull(
    a: int,
    b: int,
    box: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    first_word: int,
    reach: int,
    tick_q40: int,
    work: Words,
    polygon: Words,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a box (row ``box``, one of the two) with a hull; the number of points, 0 to 4."""
    hull = a + b - box
    lay_box(size_q24, box, work)
    lay_pair(hull, box, position_q24, matrix_q30, work, WORK_BOX, work)
    return collide_polytopes(
        a, b, hull, 0, position_q24, velocity_q24, matrix_q30, words, first_word, work, WORK_BOX, reach,
        tick_q40, work, polygon, contact, index, point, first,
    )  # fmt: skip
