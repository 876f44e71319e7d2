"""Rays against triangle meshes and height fields.

Whether a ray meets a triangle is decided by the signs of three determinants, exactly: the same determinant,
with the other sign, decides for the triangle across an edge. So no ray slips through between two triangles,
and one that runs through an edge or corner meets all triangles there. Only the distance of a hit is rounded.
Hits are ordered by distance, then by triangle.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import (
    det3_shift,
    det3_size,
    div_shift,
    dot2_shift,
    dot3_narrow,
    dot3_shift,
    mul_shift,
    mul_sub_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.limits import LENGTH_MAX_Q24, POSITION_MAX_Q24
from physics_fixed.narrowphase.triangles import field_triangle_normal, mesh_corner, mesh_face
from physics_fixed.shapes.triangle_words import (
    FACE_NORMAL,
    FIELD,
    FIELD_COLUMNS,
    FIELD_ORIGIN_X,
    FIELD_ORIGIN_Z,
    FIELD_ROWS,
    FIELD_SAMPLES,
    FIELD_SPACING_X,
    FIELD_SPACING_Z,
    GEOMETRY_CODE,
    LEAF_SHIFT,
    MESH_NODE_COUNT,
    MESH_NODES,
    NODE_BOUNDS,
    NODE_LEAF,
    NODE_NEXT,
    NODE_WIDTH,
    SAMPLE_HOLE,
    SAMPLE_SHIFT,
)

# ray[]: in the geometry's axes.
RAY_ORIGIN: Final = 0  # q24 (3), each up to RAY_ORIGIN_MAX_Q24
RAY_DIRECTION: Final = 3  # q30 (3), of unit length
RAY_LENGTH: Final = 6  # q24, 0 to RAY_LENGTH_MAX_Q24
RAY_BOTH_SIDES: Final = 7  # 0: meets triangles from outside only
RAY_LOW: Final = 8  # scratch (3): box of what is left of the ray
RAY_HIGH: Final = 11  # scratch (3)
RAY_WIDTH: Final = 14

# hits[row]
HIT_DISTANCE: Final = 0  # q24, along the ray, rounded down
HIT_TRIANGLE: Final = 1
HIT_NORMAL: Final = 2  # q30 (3), towards where the ray comes from
HIT_SIDE: Final = 5  # 1: from outside, -1: from behind
HIT_WIDTH: Final = 6

RAY_ORIGIN_MAX_Q24: Final = 4 * POSITION_MAX_Q24
RAY_LENGTH_MAX_Q24: Final = 4 * POSITION_MAX_Q24

_LEAF_MASK = (1 << LEAF_SHIFT) - 1
_WEIGHT_BITS = 60
_SLACK_Q24 = 2  # what rounding makes of a place on the ray
_CELL_SLACK_Q24 = 4
_NO_HIT = -1

# The determinant of a direction and two corners seen from the origin fits 128 bits; so do all parts of it.
assert 6 * (1 << 31) * (RAY_ORIGIN_MAX_Q24 + LENGTH_MAX_Q24) ** 2 < 1 << 126
# A place along the ray fits one word with 44 fraction bits.
assert 2 * (RAY_ORIGIN_MAX_Q24 + LENGTH_MAX_Q24) << 20 < 1 << 62


@device_kernel(
    "UniTuple(int64,2)(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)"
)
def ray_distance(
    ax: int, ay: int, az: int, bx: int, by: int, bz: int, cx: int, cy: int, cz: int,
    dx: int, dy: int, dz: int, both_sides: int,
) -> tuple[int, int]:  # fmt: skip
    """Distance (Q24, rounded down) along a ray at which it meets a triangle, negative if it does not; and
    from which side: 1 from outside, -1 from behind.

    Parameters
    ----------
    ax, ..., cz
        Corners as seen from the ray's origin, Q24.
    dx, dy, dz
        Direction, unit length, Q30.
    both_sides
        0: a triangle that shows its back is not met.

    A triangle that is seen edge-on is not met. The worst error is one unit.
    """
    size_a = det3_size(dx, dy, dz, bx, by, bz, cx, cy, cz)
    size_b = det3_size(dx, dy, dz, cx, cy, cz, ax, ay, az)
    if ((size_a < 0) & (size_b > 0)) | ((size_a > 0) & (size_b < 0)):
        return _NO_HIT, 0
    size_c = det3_size(dx, dy, dz, ax, ay, az, bx, by, bz)
    low = minimum(size_a, minimum(size_b, size_c))
    high = maximum(size_a, maximum(size_b, size_c))
    if ((low < 0) & (high > 0)) | (low == high) & (low == 0) | (high > 0) & (both_sides == 0):
        return _NO_HIT, 0
    # The determinants are the weights of the corners at the point where the ray meets the plane.
    shift = maximum(maximum(high, -low) - _WEIGHT_BITS, 0)
    weight_b = abs(det3_shift(dx, dy, dz, cx, cy, cz, ax, ay, az, shift))
    weight_c = abs(det3_shift(dx, dy, dz, ax, ay, az, bx, by, bz, shift))
    total = abs(det3_shift(dx, dy, dz, bx, by, bz, cx, cy, cz, shift)) + weight_b + weight_c
    share_b = div_shift(weight_b, total, 60)
    share_c = div_shift(weight_c, total, 60)
    along_a = dot3_shift(dx, ax, dy, ay, dz, az, 10)
    along_b = dot3_shift(dx, bx, dy, by, dz, bz, 10)
    along_c = dot3_shift(dx, cx, dy, cy, dz, cz, 10)
    along = along_a + dot2_shift(share_b, along_b - along_a, share_c, along_c - along_a, 60)
    squared = dot3_narrow(dx, dx, dy, dy, dz, dz, 0)
    return div_shift(along, squared, 40), 1 if low < 0 else -1


@device_kernel("void(int64[::1],int64)")
def limit_ray(ray: Words, length: int) -> None:
    """Write the box of the first ``length`` of a ray."""
    for axis in range(3):
        start = ray[RAY_ORIGIN + axis]
        end = start + mul_shift(ray[RAY_DIRECTION + axis], length, 30)
        ray[RAY_LOW + axis] = minimum(start, end) - _SLACK_Q24
        ray[RAY_HIGH + axis] = maximum(start, end) + _SLACK_Q24


@device_kernel("boolean(int64[::1],int64,int64,int64,int64,int64,int64)")
def ray_misses(ray: Words, low_x: int, low_y: int, low_z: int, high_x: int, high_y: int, high_z: int) -> bool:
    """Whether what is left of a ray certainly misses a box.

    Method: separating axes of a segment and a box.
    """
    if (
        (ray[RAY_HIGH] < low_x)
        | (ray[RAY_LOW] > high_x)
        | (ray[RAY_HIGH + 1] < low_y)
        | (ray[RAY_LOW + 1] > high_y)
        | (ray[RAY_HIGH + 2] < low_z)
        | (ray[RAY_LOW + 2] > high_z)
    ):
        return True
    dx, dy, dz = ray[RAY_DIRECTION], ray[RAY_DIRECTION + 1], ray[RAY_DIRECTION + 2]
    # Twice the vector to the middle, and twice the half extents.
    x = low_x + high_x - 2 * ray[RAY_ORIGIN]
    y = low_y + high_y - 2 * ray[RAY_ORIGIN + 1]
    z = low_z + high_z - 2 * ray[RAY_ORIGIN + 2]
    size_x = high_x - low_x
    size_y = high_y - low_y
    size_z = high_z - low_z
    if abs(mul_sub_shift(dy, z, dz, y, 12)) > 1 + dot2_shift(abs(dy), size_z, abs(dz), size_y, 12):
        return True
    if abs(mul_sub_shift(dz, x, dx, z, 12)) > 1 + dot2_shift(abs(dz), size_x, abs(dx), size_z, 12):
        return True
    return abs(mul_sub_shift(dx, y, dy, x, 12)) > 1 + dot2_shift(abs(dx), size_y, abs(dy), size_x, 12)


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64)")
def keep_hit(
    hits: Words, count: int, capacity: int, distance: int, triangle: int, side: int, x: int, y: int, z: int
) -> int:
    """Sort a hit of a triangle with the normal (x, y, z) into the ``count`` found before; the new count.

    Of more than ``capacity``, the first are kept.
    """
    row = minimum(count, capacity)
    while row > 0 and (
        hits[row - 1, HIT_DISTANCE] > distance
        or (hits[row - 1, HIT_DISTANCE] == distance and hits[row - 1, HIT_TRIANGLE] > triangle)
    ):
        if row < capacity:
            for lane in range(HIT_WIDTH):
                hits[row, lane] = hits[row - 1, lane]
        row -= 1
    if row < capacity:
        hits[row, HIT_DISTANCE] = distance
        hits[row, HIT_TRIANGLE] = triangle
        hits[row, HIT_NORMAL] = side * x
        hits[row, HIT_NORMAL + 1] = side * y
        hits[row, HIT_NORMAL + 2] = side * z
        hits[row, HIT_SIDE] = side
    return count + 1


@device_kernel("int64(int64[::1],int64,int64[::1],int64[:,::1],int64,int64)")
def ray_hits(words: Words, first: int, ray: Words, hits: Words, capacity: int, nearest: int) -> int:
    """Find where a ray meets the triangles of a mesh or height field.

    Parameters
    ----------
    words, first
        The geometry, and its first word.
    ray : (RAY_WIDTH,)
        The ray in the geometry's axes; its last lanes are scratch.
    hits : (capacity, HIT_WIDTH), written
        The first ``capacity`` hits, ascending by distance, then triangle.
    nearest : int
        1: hits beyond the first ``capacity`` need not be counted, which is faster.

    Returns
    -------
    int
        Number of hits, which may be more than ``capacity``; with ``nearest`` at most ``capacity``.
    """
    limit_ray(ray, ray[RAY_LENGTH])
    if words[first + GEOMETRY_CODE] == FIELD:
        count = field_ray_hits(words, first, ray, hits, capacity, nearest)
    else:
        count = mesh_ray_hits(words, first, ray, hits, capacity, nearest)
    return minimum(count, capacity) if nearest != 0 else count


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64[::1])")
def farthest_wanted(hits: Words, count: int, capacity: int, nearest: int, ray: Words) -> int:
    """Distance up to which hits are of interest; where that comes nearer, the ray's box shrinks."""
    if nearest == 0 or count < capacity:
        length: int = ray[RAY_LENGTH]
        return length
    limit_ray(ray, hits[capacity - 1, HIT_DISTANCE])
    farthest: int = hits[capacity - 1, HIT_DISTANCE]
    return farthest


@device_kernel("int64(int64[::1],int64,int64[::1],int64[:,::1],int64,int64)")
def mesh_ray_hits(words: Words, first: int, ray: Words, hits: Words, capacity: int, nearest: int) -> int:
    """The same for a mesh."""
    nodes = first + words[first + MESH_NODES]
    node_count = words[first + MESH_NODE_COUNT]
    x, y, z = ray[RAY_ORIGIN], ray[RAY_ORIGIN + 1], ray[RAY_ORIGIN + 2]
    farthest = ray[RAY_LENGTH]
    count = 0
    node = 0
    while node < node_count:
        at = nodes + node * NODE_WIDTH
        box = at + NODE_BOUNDS
        if ray_misses(
            ray, words[box], words[box + 1], words[box + 2], words[box + 3], words[box + 4], words[box + 5]
        ):
            node = words[at + NODE_NEXT]
            continue
        leaf = words[at + NODE_LEAF]
        begin = leaf >> LEAF_SHIFT
        for triangle in range(begin, begin + (leaf & _LEAF_MASK)):
            face = mesh_face(words, first, triangle)
            a = mesh_corner(words, first, face, 0)
            b = mesh_corner(words, first, face, 1)
            c = mesh_corner(words, first, face, 2)
            distance, side = ray_distance(
                words[a] - x, words[a + 1] - y, words[a + 2] - z,
                words[b] - x, words[b + 1] - y, words[b + 2] - z,
                words[c] - x, words[c + 1] - y, words[c + 2] - z,
                ray[RAY_DIRECTION], ray[RAY_DIRECTION + 1], ray[RAY_DIRECTION + 2], ray[RAY_BOTH_SIDES],
            )  # fmt: skip
            if 0 <= distance <= farthest:
                count = keep_hit(
                    hits, count, capacity, distance, triangle, side,
                    words[face + FACE_NORMAL], words[face + FACE_NORMAL + 1], words[face + FACE_NORMAL + 2],
                )  # fmt: skip
                farthest = farthest_wanted(hits, count, capacity, nearest, ray)
        node += 1
    return count


@device_kernel("int64(int64[::1],int64,int64[::1],int64[:,::1],int64,int64)")
def field_ray_hits(words: Words, first: int, ray: Words, hits: Words, capacity: int, nearest: int) -> int:
    """The same for a height field: strip by strip along the axis, x or z, in which the ray goes farther."""
    major = 0 if abs(ray[RAY_DIRECTION]) > abs(ray[RAY_DIRECTION + 2]) else 2
    minor = 2 - major
    rows, columns = words[first + FIELD_ROWS] - 1, words[first + FIELD_COLUMNS] - 1
    strips = columns if major == 0 else rows
    cells = rows if major == 0 else columns
    step = words[first + (FIELD_SPACING_X if major == 0 else FIELD_SPACING_Z)]
    width = words[first + (FIELD_SPACING_Z if major == 0 else FIELD_SPACING_X)]
    origin = words[first + (FIELD_ORIGIN_X if major == 0 else FIELD_ORIGIN_Z)]
    side = words[first + (FIELD_ORIGIN_Z if major == 0 else FIELD_ORIGIN_X)]
    speed = ray[RAY_DIRECTION + major]
    slope_q60 = div_shift(ray[RAY_DIRECTION + minor], speed, 60) if speed != 0 else 0
    low = maximum((ray[RAY_LOW + major] - origin - 1) // step, 0)
    high = minimum((ray[RAY_HIGH + major] - origin) // step, strips - 1)
    farthest = ray[RAY_LENGTH]
    count = 0
    for k in range(low, high + 1):
        strip = k if speed >= 0 else low + high - k
        near = origin + strip * step
        if (near > ray[RAY_HIGH + major]) | (near + step < ray[RAY_LOW + major]):
            continue  # a hit has made the ray shorter
        enter = ray[RAY_ORIGIN + minor] + mul_shift(slope_q60, near - ray[RAY_ORIGIN + major], 60)
        leave = ray[RAY_ORIGIN + minor] + mul_shift(slope_q60, near + step - ray[RAY_ORIGIN + major], 60)
        left = maximum((minimum(enter, leave) - _CELL_SLACK_Q24 - side) // width, 0)
        right = minimum((maximum(enter, leave) + _CELL_SLACK_Q24 - side) // width, cells - 1)
        for cell in range(left, right + 1):
            row = cell if major == 0 else strip
            column = strip if major == 0 else cell
            for half in range(2):
                distance, facing = field_ray_distance(words, first, row, column, half, ray)
                if 0 <= distance <= farthest:
                    x, y, z = field_triangle_normal(words, first, row * columns + column, half)
                    count = keep_hit(
                        hits, count, capacity, distance, 2 * (row * columns + column) + half, facing, x, y, z
                    )
                    farthest = farthest_wanted(hits, count, capacity, nearest, ray)
    return count


@device_kernel("UniTuple(int64,2)(int64[::1],int64,int64,int64,int64,int64[::1])")
def field_ray_distance(
    words: Words, first: int, row: int, column: int, half: int, ray: Words
) -> tuple[int, int]:
    """Distance (negative: none) and side at which a ray meets a triangle of a height field."""
    at = first + words[first + FIELD_SAMPLES] + row * words[first + FIELD_COLUMNS] + column
    if words[at] & SAMPLE_HOLE != 0:
        return _NO_HIT, 0
    below = at + words[first + FIELD_COLUMNS]
    a = words[at] >> SAMPLE_SHIFT
    d = words[below + 1] >> SAMPLE_SHIFT
    third = words[below if half == 0 else at + 1] >> SAMPLE_SHIFT
    x0 = words[first + FIELD_ORIGIN_X] + column * words[first + FIELD_SPACING_X]
    z0 = words[first + FIELD_ORIGIN_Z] + row * words[first + FIELD_SPACING_Z]
    x1 = x0 + words[first + FIELD_SPACING_X]
    z1 = z0 + words[first + FIELD_SPACING_Z]
    low = minimum(a, minimum(d, third))
    high = maximum(a, maximum(d, third))
    if ray_misses(ray, x0, low, z0, x1, high, z1):
        return _NO_HIT, 0
    x0 -= ray[RAY_ORIGIN]
    x1 -= ray[RAY_ORIGIN]
    z0 -= ray[RAY_ORIGIN + 2]
    z1 -= ray[RAY_ORIGIN + 2]
    a -= ray[RAY_ORIGIN + 1]
    d -= ray[RAY_ORIGIN + 1]
    third -= ray[RAY_ORIGIN + 1]
    dx, dy, dz = ray[RAY_DIRECTION], ray[RAY_DIRECTION + 1], ray[RAY_DIRECTION + 2]
    if half == 0:
        return ray_distance(x0, a, z0, x0, third, z1, x1, d, z1, dx, dy, dz, ray[RAY_BOTH_SIDES])
    return ray_distance(x0, a, z0, x1, d, z1, x1, third, z0, dx, dy, dz, ray[RAY_BOTH_SIDES])
