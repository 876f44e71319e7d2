"""Contacts of spheres: with spheres and with boxes, in closed form."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, minimum
from physics_fixed.fixmath.wide import dot3_shift, length3, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    CONTACT_NORMAL,
    POINT_ARM,
    POINT_FEATURE,
    POINT_SEPARATION,
    Words,
)
from physics_fixed.narrowphase.reach import (
    direction_and_length,
    gap_allowed,
    gap_bound,
    is_graze,
    relative_path,
    sample_count,
)

_ONE_Q30 = 1 << 30


@inline_kernel(
    "int64(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_spheres(
    a: int,
    b: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    reach: int,
    tick_q40: int,
    contact: Words,
    index: int,
    point: Words,
    first: int,
) -> int:
    """Contact of two spheres; the number of points, 0 or 1."""
    x = position_q24[b, 0] - position_q24[a, 0]
    y = position_q24[b, 1] - position_q24[a, 1]
    z = position_q24[b, 2] - position_q24[a, 2]
    radii = size_q24[a, 0] + size_q24[b, 0]
    bound = radii + gap_bound(velocity_q24, a, b, reach, tick_q40)
    if dot3_shift(x, x, y, y, z, z, 24) > mul_shift(bound, bound, 24):
        return 0
    normal_x, normal_y, normal_z, distance = direction_and_length(x, y, z)
    if distance == 0:
        normal_y = _ONE_Q30  # two centres in one point: push them apart upwards
    separation = distance - radii
    if separation > gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40):
        return 0
    if separation > 0:
        path_x, path_y, path_z, path = relative_path(velocity_q24, a, b, tick_q40)
        planned = separation + dot3_shift(normal_x, path_x, normal_y, path_y, normal_z, path_z, 30)
        samples = sample_count(path, reach)
        lowest = 1 << 62
        for k in range(1, samples + 1):
            later = length3(x + path_x * k // samples, y + path_y * k // samples, z + path_z * k // samples)
            lowest = minimum(lowest, later - radii)
        if samples > 0 and is_graze(planned, lowest):
            return 0
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    arm = size_q24[a, 0] + (separation >> 1)
    point[first, POINT_FEATURE] = 0
    point[first, POINT_SEPARATION] = separation
    point[first, POINT_ARM] = mul_shift(normal_x, arm, 30)
    point[first, POINT_ARM + 1] = mul_shift(normal_y, arm, 30)
    point[first, POINT_ARM + 2] = mul_shift(normal_z, arm, 30)
    return 1


@inline_kernel("UniTuple(int64,3)(int64[:,::1],int64,int64,int64,int64)")
def into_body(matrix_q30: Words, row: int, x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector (any format) from world axes to a body's axes."""
    return (
        dot3_shift(matrix_q30[row, 0], x, matrix_q30[row, 3], y, matrix_q30[row, 6], z, 30),
        dot3_shift(matrix_q30[row, 1], x, matrix_q30[row, 4], y, matrix_q30[row, 7], z, 30),
        dot3_shift(matrix_q30[row, 2], x, matrix_q30[row, 5], y, matrix_q30[row, 8], z, 30),
    )


@inline_kernel("UniTuple(int64,3)(int64[:,::1],int64,int64,int64,int64)")
def into_world(matrix_q30: Words, row: int, x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector (any format) from a body's axes to world axes."""
    return (
        dot3_shift(matrix_q30[row, 0], x, matrix_q30[row, 1], y, matrix_q30[row, 2], z, 30),
        dot3_shift(matrix_q30[row, 3], x, matrix_q30[row, 4], y, matrix_q30[row, 5], z, 30),
        dot3_shift(matrix_q30[row, 6], x, matrix_q30[row, 7], y, matrix_q30[row, 8], z, 30),
    )


@inline_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64)")
def outward_from_box(
    x: int, y: int, z: int, half_x: int, half_y: int, half_z: int
) -> tuple[int, int, int, int]:
    """Direction (Q30) from the surface of a box to the point (x, y, z), and the distance, negative inside."""
    outside_x = x - clamp_symmetric(x, half_x)
    outside_y = y - clamp_symmetric(y, half_y)
    outside_z = z - clamp_symmetric(z, half_z)
    normal_x, normal_y, normal_z, distance = direction_and_length(outside_x, outside_y, outside_z)
    if distance > 0:
        return normal_x, normal_y, normal_z, distance
    depth_x = half_x - abs(x)
    depth_y = half_y - abs(y)
    depth_z = half_z - abs(z)
    if depth_x < depth_y and depth_x < depth_z:
        return _ONE_Q30 if x >= 0 else -_ONE_Q30, 0, 0, -depth_x
    if depth_z < depth_y:
        return 0, 0, _ONE_Q30 if z >= 0 else -_ONE_Q30, -depth_z
    return 0, _ONE_Q30 if y >= 0 else -_ONE_Q30, 0, -depth_y


@device_kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64,"
    "int64[:,::1],int64)"
)
def collide_sphere_box(
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
    """Contact of a sphere (row ``sphere``, one of the two) with a box; the number of points, 0 or 1."""
    box = a + b - sphere
    radius = size_q24[sphere, 0]
    x, y, z = into_body(
        matrix_q30,
        box,
        position_q24[sphere, 0] - position_q24[box, 0],
        position_q24[sphere, 1] - position_q24[box, 1],
        position_q24[sphere, 2] - position_q24[box, 2],
    )
    local_x, local_y, local_z, distance = outward_from_box(
        x, y, z, size_q24[box, 0], size_q24[box, 1], size_q24[box, 2]
    )
    separation = distance - radius
    if separation > gap_bound(velocity_q24, a, b, reach, tick_q40):
        return 0
    side = 1 if box == a else -1
    normal_x, normal_y, normal_z = into_world(matrix_q30, box, side * local_x, side * local_y, side * local_z)
    if separation > gap_allowed(velocity_q24, a, b, normal_x, normal_y, normal_z, reach, tick_q40):
        return 0
    if separation > 0:
        path_x, path_y, path_z, path = relative_path(velocity_q24, a, b, tick_q40)
        planned = separation + dot3_shift(normal_x, path_x, normal_y, path_y, normal_z, path_z, 30)
        samples = sample_count(path, reach)
        path_x, path_y, path_z = into_body(matrix_q30, box, side * path_x, side * path_y, side * path_z)
        lowest = 1 << 62
        for k in range(1, samples + 1):
            _, _, _, later = outward_from_box(
                x + path_x * k // samples,
                y + path_y * k // samples,
                z + path_z * k // samples,
                size_q24[box, 0],
                size_q24[box, 1],
                size_q24[box, 2],
            )
            lowest = minimum(lowest, later - radius)
        if samples > 0 and is_graze(planned, lowest):
            return 0
    contact[index, CONTACT_NORMAL] = normal_x
    contact[index, CONTACT_NORMAL + 1] = normal_y
    contact[index, CONTACT_NORMAL + 2] = normal_z
    point[first, POINT_FEATURE] = 0
    point[first, POINT_SEPARATION] = separation
    # The point lies half way between the two surfaces: on the normal through the sphere's centre.
    arm = radius + (separation >> 1)
    if box == a:
        arm = -arm
    x = mul_shift(normal_x, arm, 30)
    y = mul_shift(normal_y, arm, 30)
    z = mul_shift(normal_z, arm, 30)
    if box == a:
        x += position_q24[sphere, 0] - position_q24[box, 0]
        y += position_q24[sphere, 1] - position_q24[box, 1]
        z += position_q24[sphere, 2] - position_q24[box, 2]
    point[first, POINT_ARM] = x
    point[first, POINT_ARM + 1] = y
    point[first, POINT_ARM + 2] = z
    return 1
