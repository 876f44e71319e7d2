"""Contacts of capsules with spheres and with capsules, in closed form.

A capsule is the set of points within its radius of a segment: ``size_q24`` holds the radius and half the
length of the segment, which lies along the body's y axis.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, minimum
from physics_fixed.fixmath.vec3 import tangent_q30
from physics_fixed.fixmath.wide import dot3_shift, length3, mul_shift, mul_sub_narrow
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    CONTACT_NORMAL,
    POINT_ARM,
    POINT_FEATURE,
    POINT_SEPARATION,
    Words,
)
from physics_fixed.narrowphase.persistence import name_place
from physics_fixed.narrowphase.reach import (
    direction_and_length,
    gap_allowed,
    gap_bound,
    is_graze,
    relative_path,
    sample_count,
)
from physics_fixed.narrowphase.segments import (
    TOO_SHORT_Q24,
    between_segments,
    cosine_between,
    nearly_parallel,
    overlap_along,
)

FEATURE_ONLY = 2
"""Feature of the only point of a capsule's contact; 0 and 1 are the lower and the upper one of two."""

_TOUCHING_CORES_Q24 = 64


@device_kernel("UniTuple(int64,4)(int64[:,::1],int64,int64,int64,int64,int64)")
def from_core(
    matrix_q30: Words, capsule: int, half: int, x: int, y: int, z: int
) -> tuple[int, int, int, int]:
    """Vector (Q24) from the nearest point of a capsule's core to a point, and that point's place on the core.

    ``x, y, z``: the point from the capsule's centre, in world axes.
    """
    ux, uy, uz = matrix_q30[capsule, 1], matrix_q30[capsule, 4], matrix_q30[capsule, 7]
    place = clamp_symmetric(dot3_shift(ux, x, uy, y, uz, z, 30), half)
    return x - mul_shift(ux, place, 30), y - mul_shift(uy, place, 30), z - mul_shift(uz, place, 30), place


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64,"
    "int64[:,::1],int64)"
)
def collide_sphere_capsule(
    a: int,
    b: int,
    sphere: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of a sphere (row ``sphere``, one of the two) with a capsule; the number of points, 0 or 1."""
    capsule = a + b - sphere
    side = 1 if capsule == a else -1
    radii = size_q24[sphere, 0] + size_q24[capsule, 0]
    half = size_q24[capsule, 1]
    x = position_q24[sphere, 0] - position_q24[capsule, 0]
    y = position_q24[sphere, 1] - position_q24[capsule, 1]
    z = position_q24[sphere, 2] - position_q24[capsule, 2]
    out_x, out_y, out_z, _ = from_core(matrix_q30, capsule, half, x, y, z)
    out_x, out_y, out_z, distance = direction_and_length(out_x, out_y, out_z)
    if distance == 0:  # the centre on the core: push at right angles to it
        out_x, out_y, out_z = tangent_q30(
            matrix_q30[capsule, 1], matrix_q30[capsule, 4], matrix_q30[capsule, 7]
        )
    normal_x, normal_y, normal_z = side * out_x, side * out_y, side * out_z
    separation = distance - radii
    if separation > gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40):
        return 0
    if separation > 0:
        path_x, path_y, path_z, path = relative_path(velocity_q24, a, b, tick_q40)
        planned = separation + dot3_shift(normal_x, path_x, normal_y, path_y, normal_z, path_z, 30)
        samples = sample_count(path, reach)
        lowest = 1 << 62
        for k in range(1, samples + 1):
            out_x, out_y, out_z, _ = from_core(
                matrix_q30, capsule, half,
                x + side * (path_x * k // samples),
                y + side * (path_y * k // samples),
                z + side * (path_z * k // samples),
            )  # fmt: skip
            lowest = minimum(lowest, length3(out_x, out_y, out_z) - radii)
        if samples > 0 and is_graze(planned, lowest):
            return 0
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    point[first, POINT_FEATURE] = 0
    point[first, POINT_SEPARATION] = separation
    # The point lies half way between the two surfaces: on the normal through the sphere's centre.
    arm = -side * (size_q24[sphere, 0] + (separation >> 1))
    point[first, POINT_ARM] = mul_shift(normal_x, arm, 30)
    point[first, POINT_ARM + 1] = mul_shift(normal_y, arm, 30)
    point[first, POINT_ARM + 2] = mul_shift(normal_z, arm, 30)
    if capsule == a:
        point[first, POINT_ARM] += x
        point[first, POINT_ARM + 1] += y
        point[first, POINT_ARM + 2] += z
    return 1


@inline_kernel("UniTuple(int64,4)(int64[:,::1],int64,int64,int64,int64,int64)")
def normal_of_cores(matrix_q30: Words, a: int, b: int, x: int, y: int, z: int) -> tuple[int, int, int, int]:
    """Direction (Q30) from core a to core b, and their distance; (x, y, z): between their nearest points.

    Cores that cross have no direction between them: they are pushed apart at right angles to both.
    """
    normal_x, normal_y, normal_z, distance = direction_and_length(x, y, z)
    if distance >= _TOUCHING_CORES_Q24:
        return normal_x, normal_y, normal_z, distance
    ax, ay, az = matrix_q30[a, 1], matrix_q30[a, 4], matrix_q30[a, 7]
    bx, by, bz = matrix_q30[b, 1], matrix_q30[b, 4], matrix_q30[b, 7]
    if nearly_parallel(cosine_between(ax, ay, az, bx, by, bz)):
        if distance > 0:
            return normal_x, normal_y, normal_z, distance
        normal_x, normal_y, normal_z = tangent_q30(ax, ay, az)
        return normal_x, normal_y, normal_z, 0
    normal_x, normal_y, normal_z, _ = direction_and_length(
        mul_sub_narrow(ay, bz, az, by, 30),
        mul_sub_narrow(az, bx, ax, bz, 30),
        mul_sub_narrow(ax, by, ay, bx, 30),
    )
    if normal_x * x + normal_y * y + normal_z * z < 0:
        return -normal_x, -normal_y, -normal_z, distance
    return normal_x, normal_y, normal_z, distance


@device_kernel(
    "void(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64,int64[:,::1],int64)"
)
def lay_capsule_point(
    a: int,
    b: int,
    x: int,
    y: int,
    z: int,
    on_a: int,
    on_b: int,
    normal_x: int,
    normal_y: int,
    normal_z: int,
    feature: int,
    size_q24: Words,
    matrix_q30: Words,
    contact: Words,
    index: int,
    point: Words,
    row: int,
) -> None:
    """Write the normal, and the point between two places of two capsules; (x, y, z): between the centres."""
    ax, ay, az = matrix_q30[a, 1], matrix_q30[a, 4], matrix_q30[a, 7]
    from_x, from_y, from_z = mul_shift(ax, on_a, 30), mul_shift(ay, on_a, 30), mul_shift(az, on_a, 30)
    distance = length3(
        x + mul_shift(matrix_q30[b, 1], on_b, 30) - from_x,
        y + mul_shift(matrix_q30[b, 4], on_b, 30) - from_y,
        z + mul_shift(matrix_q30[b, 7], on_b, 30) - from_z,
    )
    separation = distance - size_q24[a, 0] - size_q24[b, 0]
    arm = size_q24[a, 0] + (separation >> 1)
    from_x += mul_shift(normal_x, arm, 30)
    from_y += mul_shift(normal_y, arm, 30)
    from_z += mul_shift(normal_z, arm, 30)
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    point[row, POINT_SEPARATION] = separation
    point[row, POINT_ARM] = from_x
    point[row, POINT_ARM + 1] = from_y
    point[row, POINT_ARM + 2] = from_z
    name_place(point, row, feature, a, from_x, from_y, from_z, size_q24[a, 0] + size_q24[a, 1], matrix_q30)


@device_kernel(
    "int64(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64,"
    "int64[:,::1],int64)"
)
def collide_capsules(
    a: int,
    b: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    reach: int,
    tick_q40: int,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of two capsules; the number of points, 0 to 2: two where they lie side by side."""
    x = position_q24[b, 0] - position_q24[a, 0]
    y = position_q24[b, 1] - position_q24[a, 1]
    z = position_q24[b, 2] - position_q24[a, 2]
    radii = size_q24[a, 0] + size_q24[b, 0]
    half_a, half_b = size_q24[a, 1], size_q24[b, 1]
    ax, ay, az = matrix_q30[a, 1], matrix_q30[a, 4], matrix_q30[a, 7]
    bx, by, bz = matrix_q30[b, 1], matrix_q30[b, 4], matrix_q30[b, 7]
    out_x, out_y, out_z, on_a, on_b = between_segments(x, y, z, ax, ay, az, half_a, bx, by, bz, half_b)
    normal_x, normal_y, normal_z, distance = normal_of_cores(matrix_q30, a, b, out_x, out_y, out_z)
    separation = distance - radii
    if separation > gap_bound(velocity_q24, a, b, reach, tick_q40):
        return 0
    allowed = gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40)
    if separation > allowed:
        return 0
    if separation > 0:
        path_x, path_y, path_z, path = relative_path(velocity_q24, a, b, tick_q40)
        planned = separation + dot3_shift(normal_x, path_x, normal_y, path_y, normal_z, path_z, 30)
        samples = sample_count(path, reach)
        lowest = 1 << 62
        for k in range(1, samples + 1):
            out_x, out_y, out_z, _, _ = between_segments(
                x + path_x * k // samples, y + path_y * k // samples, z + path_z * k // samples,
                ax, ay, az, half_a, bx, by, bz, half_b,
            )  # fmt: skip
            lowest = minimum(lowest, length3(out_x, out_y, out_z) - radii)
        if samples > 0 and is_graze(planned, lowest):
            return 0
    cosine = cosine_between(ax, ay, az, bx, by, bz)
    if nearly_parallel(cosine):
        along_b = dot3_shift(x, bx, y, by, z, bz, 30)
        begin, end = overlap_along(cosine, dot3_shift(x, ax, y, ay, z, az, 30), half_a, half_b)
        if end - begin > TOO_SHORT_Q24:
            row = first
            for which in range(2):
                on_a = end if which == 1 else begin
                on_b = clamp_symmetric(mul_shift(cosine, on_a, 30) - along_b, half_b)
                lay_capsule_point(
                    a, b, x, y, z, on_a, on_b, normal_x, normal_y, normal_z, which, size_q24, matrix_q30,
                    contact, index, point, row,
                )  # fmt: skip
                if point[row, POINT_SEPARATION] <= allowed:
                    row += 1
            if row > first:
                return row - first
    lay_capsule_point(
        a, b, x, y, z, on_a, on_b, normal_x, normal_y, normal_z, FEATURE_ONLY, size_q24, matrix_q30, contact,
        index, point, first,
    )  # fmt: skip
    return 1
