"""Looks at two polytopes that have a reference face: may edges separate better, do they only graze?"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import dot3_narrow, dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.clipping import ALONG_U, ALONG_V, ALONG_W, DEPTH
from physics_fixed.narrowphase.polytope import (
    PLANE_WIDTH,
    WORK_ABOVE_P,
    WORK_ABOVE_Q,
    WORK_PLANES,
    WORK_VERTICES,
    WORK_WITNESS_P,
    WORK_WITNESS_Q,
    height_above,
    lowest_vertex,
)
from physics_fixed.narrowphase.polytope_axes import NEAR_PARALLEL_Q30
from physics_fixed.narrowphase.reach import GRAZE_Q24, relative_path, sample_count
from physics_fixed.narrowphase.spheres import into_body
from physics_fixed.shapes.hull_words import (
    FACE_WIDTH,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_VERTEX_COUNT,
    HULL_VERTICES,
)


@inline_kernel("int64(int64[::1],int64,int64,int64,int64,int64,int64,int64[::1],int64)")
def testify(
    planes: Words, first_plane: int, stride: int, face_count: int, x: int, y: int, z: int, work: Words,
    witness: int,
) -> int:  # fmt: skip
    """Write the heights of a point above all faces from ``witness`` on; the greatest."""
    highest = -(1 << 62)
    for face in range(face_count):
        height = height_above(planes, first_plane + stride * face, x, y, z)
        work[witness + face] = height
        highest = maximum(highest, height)
    return highest


@device_kernel(
    "boolean(int64[::1],int64,int64[::1],int64,int64[::1],int64,int64,int64,int64,int64,int64[:,::1],int64,"
    "int64)"
)
def face_settles(
    words_p: Words,
    first_p: int,
    words_q: Words,
    first_q: int,
    work: Words,
    on_q: int,
    plane: int,
    axis: int,
    support: int,
    threshold: int,
    polygon: Words,
    start: int,
    count: int,
) -> bool:
    """Whether no pair of edges can separate by more than ``threshold``; if one might, WORK_WITNESS_P and _Q
    are left filled for the search.

    The middle of the clipped corners that are no higher than the threshold is a point of the incident
    polytope above the reference face. No axis separates by more than its distance from the reference
    polytope.
    """
    middle_u = middle_v = middle_w = depth = number = 0
    for row in range(start, start + count):
        if polygon[row, DEPTH] <= threshold:
            middle_u += polygon[row, ALONG_U]
            middle_v += polygon[row, ALONG_V]
            middle_w += polygon[row, ALONG_W]
            depth += polygon[row, DEPTH]
            number += 1
    if number > 0:
        depth //= number
        if depth > 0:
            return True
        middle_u, middle_v, middle_w = middle_u // number, middle_v // number, middle_w // number
    x = middle_w if axis == 0 else (middle_v if axis == 1 else middle_u)
    y = middle_u if axis == 0 else (middle_w if axis == 1 else middle_v)
    z = middle_v if axis == 0 else (middle_u if axis == 1 else middle_w)
    planes = first_p + words_p[first_p + HULL_FACES]
    faces_p = words_p[first_p + HULL_FACE_COUNT]
    faces_q = words_q[first_q + HULL_FACE_COUNT]
    px, py, pz = x, y, z
    qx, qy, qz = x, y, z
    if number == 0:  # any points will do; the supporting vertices have the best chance
        vertex = WORK_VERTICES + (3 * support if on_q == 0 else 0)
        qx, qy, qz = work[vertex], work[vertex + 1], work[vertex + 2]
        vertex = first_p + words_p[first_p + HULL_VERTICES] + (3 * support if on_q != 0 else 0)
        px, py, pz = words_p[vertex], words_p[vertex + 1], words_p[vertex + 2]
    elif on_q == 0:
        qx += mul_shift(words_p[plane], depth, 30)
        qy += mul_shift(words_p[plane + 1], depth, 30)
        qz += mul_shift(words_p[plane + 2], depth, 30)
    else:
        px += mul_shift(work[plane], depth, 30)
        py += mul_shift(work[plane + 1], depth, 30)
        pz += mul_shift(work[plane + 2], depth, 30)
    highest_q = testify(words_p, planes, FACE_WIDTH, faces_p, qx, qy, qz, work, WORK_WITNESS_P)
    if number > 0 and on_q == 0 and highest_q <= minimum(threshold, 0):
        return True
    highest_p = testify(work, WORK_PLANES, PLANE_WIDTH, faces_q, px, py, pz, work, WORK_WITNESS_Q)
    return number > 0 and on_q != 0 and highest_p <= minimum(threshold, 0)


@device_kernel(
    "boolean(int64[::1],int64,int64,int64,int64[::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,"
    "int64[::1])"
)
def hardly_overlaps(
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
    nx: int,
    ny: int,
    nz: int,
    above: int,
    work: Words,
) -> bool:
    """Whether two polytopes, the other one moved by (x, y, z), overlap by less than a graze along the normal
    of a face of the one, other than a face that looks nearly along or against (nx, ny, nz).
    """
    for face in range(face_count):
        plane = first_plane + stride * face
        px, py, pz = planes[plane], planes[plane + 1], planes[plane + 2]
        if abs(dot3_narrow(px, nx, py, ny, pz, nz, 30)) > NEAR_PARALLEL_Q30:
            continue
        rise = dot3_shift(px, x, py, y, pz, z, 30)
        if work[above + face] + rise > -GRAZE_Q24:
            separation, _ = lowest_vertex(planes, plane, vertices, first_vertex, vertex_count)
            if separation + rise > -GRAZE_Q24:
                return True
    return False


@device_kernel(
    "boolean(int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64,int64,int64[::1],int64,"
    "int64[::1],int64,int64[::1],int64)"
)
def grazes(
    a: int,
    b: int,
    p: int,
    nx: int,
    ny: int,
    nz: int,
    separation_q24: int,
    velocity_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    words_p: Words,
    first_p: int,
    words_q: Words,
    first_q: int,
    work: Words,
    triangle: int,
) -> bool:
    """Whether the polytopes, on their way through the tick, hardly overlap along a face normal other than
    that of the reference face, (nx, ny, nz).
    """
    x, y, z, path = relative_path(velocity_q24, a, b, tick_q40)
    samples = sample_count(path, reach)
    if samples == 0 or (path <= GRAZE_Q24 and separation_q24 <= 0):
        return False
    side = 1 if p == a else -1
    x, y, z = into_body(matrix_q30, p, side * x, side * y, side * z)
    planes = first_p + words_p[first_p + HULL_FACES]
    faces = 1 if triangle != 0 else words_p[first_p + HULL_FACE_COUNT]
    vertices = first_p + words_p[first_p + HULL_VERTICES]
    for k in range(1, samples + 1):
        at_x, at_y, at_z = x * k // samples, y * k // samples, z * k // samples
        if not hardly_overlaps(
            words_p, planes, FACE_WIDTH, faces, work, WORK_VERTICES, words_q[first_q + HULL_VERTEX_COUNT],
            at_x, at_y, at_z, nx, ny, nz, WORK_ABOVE_P, work,
        ):  # fmt: skip
            if not hardly_overlaps(
                work, WORK_PLANES, PLANE_WIDTH, words_q[first_q + HULL_FACE_COUNT], words_p, vertices,
                words_p[first_p + HULL_VERTEX_COUNT], -at_x, -at_y, -at_z, nx, ny, nz, WORK_ABOVE_Q, work,
            ):  # fmt: skip
                return False
    return True
