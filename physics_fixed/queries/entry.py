"""Where a ray enters a sphere, a capsule, a box, or a hull.

All of them are at the origin, in their own axes. The ray is given by its start and direction there: lengths
have 40 fraction bits, directions 60, so that what is rounded does not add up to a unit of Q24. The answer is
the distance along the ray and the outward normal.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.vec3 import normalize_q30
from physics_fixed.fixmath.wide import (
    bit_length,
    div_shift,
    dot2_shift,
    dot3_shift,
    dot4_shift,
    length2,
    mul_shift,
    mul_sub_shift,
    sqrt_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.shapes.hull_words import (
    FACE_COUNT,
    FACE_FIRST,
    FACE_OFFSET,
    FACE_WIDTH,
    HULL_FACE_COUNT,
    HULL_FACES,
    HULL_INDICES,
    HULL_VERTICES,
    VERTEX_WIDTH,
)

MISSED = -1
INSIDE = -2
"""Instead of a distance: the ray meets nothing, or starts inside or on the surface."""

_ONE_Q30 = 1 << 30
_TO_Q40 = 16
_DISTANCE_MAX_Q40 = 1 << 57
_PARALLEL_Q60 = (
    1 << 18
)  # sine of the angle to the axis of a capsule below which a ray does not get nearer to it
_SMALL_Q40 = 1 << 44  # radius (16 m) up to which squares keep 54 fraction bits
_EDGE_BITS = 60


@inline_kernel("int64(int64,int64)")
def quotient_q40(length_q40: int, slope_q60: int) -> int:
    """Distance (Q40) at which a ray with a slope above 0 has gone a length of 0 or more; up to 2**57."""
    if length_q40 >= mul_shift(slope_q60, _DISTANCE_MAX_Q40, 60):
        return _DISTANCE_MAX_Q40
    return div_shift(length_q40, slope_q60, 60)


@inline_kernel("int64(int64,int64,int64,int64)")
def half_chord_q40(radius_q40: int, x_q40: int, y_q40: int, z_q40: int) -> int:
    """Half of the part of a line that lies in a sphere; (x, y, z): its point nearest to the centre.

    -1 if the line misses the sphere. Radii up to 2**53.
    """
    if maximum(abs(x_q40), maximum(abs(y_q40), abs(z_q40))) > radius_q40:
        return -1
    if radius_q40 < _SMALL_Q40:
        square = dot4_shift(radius_q40, radius_q40, x_q40, -x_q40, y_q40, -y_q40, z_q40, -z_q40, 26)
        return -1 if square < 0 else sqrt_shift(square, 26)
    square = dot4_shift(radius_q40, radius_q40, x_q40, -x_q40, y_q40, -y_q40, z_q40, -z_q40, 46)
    return -1 if square < 0 else sqrt_shift(square, 46)


@inline_kernel("boolean(int64,int64,int64,int64)")
def within(radius_q40: int, x_q40: int, y_q40: int, z_q40: int) -> bool:
    """Whether a point is at most a radius away from the origin."""
    return dot4_shift(radius_q40, radius_q40, x_q40, -x_q40, y_q40, -y_q40, z_q40, -z_q40, 56) >= 0


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64,int64)")
def enter_sphere(
    x: int, y: int, z: int, dx: int, dy: int, dz: int, radius_q24: int, starts: int
) -> tuple[int, int, int, int]:
    """Where a ray enters a sphere.

    Parameters
    ----------
    x, y, z : int
        Start of the ray from the centre, Q40.
    dx, dy, dz : int
        Direction, Q60, unit length.
    starts : int
        1 if the ray begins at the start: it may lie inside. 0 if it comes from farther away.

    Returns
    -------
    tuple of four int
        Distance (Q40), or MISSED or INSIDE; normal (Q30).
    """
    radius = radius_q24 << _TO_Q40
    if starts != 0 and within(radius, x, y, z):
        return INSIDE, 0, 0, 0
    ahead = -dot3_shift(x, dx, y, dy, z, dz, 60)
    if ahead <= 0:
        return MISSED, 0, 0, 0
    foot_x = x + mul_shift(dx, ahead, 60)
    foot_y = y + mul_shift(dy, ahead, 60)
    foot_z = z + mul_shift(dz, ahead, 60)
    half = half_chord_q40(radius, foot_x, foot_y, foot_z)
    if half < 0:
        return MISSED, 0, 0, 0
    nx, ny, nz, _ = normalize_q30(
        foot_x - mul_shift(dx, half, 60), foot_y - mul_shift(dy, half, 60), foot_z - mul_shift(dz, half, 60)
    )
    return maximum(ahead - half, 0), nx, ny, nz


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def enter_capsule(
    x: int, y: int, z: int, dx: int, dy: int, dz: int, radius_q24: int, half_q24: int, starts: int
) -> tuple[int, int, int, int]:
    """Where a ray enters a capsule along the y axis; as :func:`enter_sphere`."""
    radius, half = radius_q24 << _TO_Q40, half_q24 << _TO_Q40
    if starts != 0 and within(radius, x, y - clamp_symmetric(y, half), z):
        return INSIDE, 0, 0, 0
    slope = length2(dx, dz)
    if within(radius, x, 0, z):
        # Inside the endless cylinder: only the end that it comes from can be met.
        at_y = y
    elif slope < _PARALLEL_Q60:
        return MISSED, 0, 0, 0
    else:
        gx, gz = div_shift(dx, slope, 60), div_shift(dz, slope, 60)
        ahead = -dot2_shift(x, gx, z, gz, 60)
        if ahead <= 0:
            return MISSED, 0, 0, 0
        foot_x = x + mul_shift(gx, ahead, 60)
        foot_z = z + mul_shift(gz, ahead, 60)
        chord = half_chord_q40(radius, foot_x, 0, foot_z)
        if chord < 0:
            return MISSED, 0, 0, 0
        distance = quotient_q40(maximum(ahead - chord, 0), slope)
        if distance >= _DISTANCE_MAX_Q40:
            return MISSED, 0, 0, 0
        at_y = y + mul_shift(dy, distance, 60)
        if abs(at_y) <= half:
            nx, ny, nz, _ = normalize_q30(
                foot_x - mul_shift(gx, chord, 60), 0, foot_z - mul_shift(gz, chord, 60)
            )
            return distance, nx, ny, nz
    end = half if at_y > 0 else -half
    return enter_sphere(x, y - end, z, dx, dy, dz, radius_q24, 0)


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64[::1],int64,int64)")
def enter_box(
    x: int, y: int, z: int, dx: int, dy: int, dz: int, size_q24: Words, at: int, starts: int
) -> tuple[int, int, int, int]:
    """Where a ray enters a box with the half extents in three words; as :func:`enter_sphere`.

    Of faces that are entered at once the first counts.
    """
    entry = -1
    leave = _DISTANCE_MAX_Q40
    entered = 0
    for axis in range(3):
        place = x if axis == 0 else (y if axis == 1 else z)
        slope = dx if axis == 0 else (dy if axis == 1 else dz)
        half = size_q24[at + axis] << _TO_Q40
        if slope < 0:
            slope = -slope
            place = -place
        if place > half or (slope == 0 and place < -half):
            return MISSED, 0, 0, 0
        if slope != 0:
            leave = minimum(leave, quotient_q40(half - place, slope))
        if place < -half:
            distance = quotient_q40(-half - place, slope)
            if distance > entry:
                entry = distance
                entered = axis
    if entry < 0:
        return (INSIDE if starts != 0 else MISSED), 0, 0, 0
    if entry > leave or entry >= _DISTANCE_MAX_Q40:
        return MISSED, 0, 0, 0
    if entered == 0:
        return entry, (-_ONE_Q30 if dx > 0 else _ONE_Q30), 0, 0
    if entered == 1:
        return entry, 0, (-_ONE_Q30 if dy > 0 else _ONE_Q30), 0
    return entry, 0, 0, (-_ONE_Q30 if dz > 0 else _ONE_Q30)


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64[::1],int64,int64)")
def enter_hull(
    x: int, y: int, z: int, dx: int, dy: int, dz: int, words: Words, first: int, starts: int
) -> tuple[int, int, int, int]:
    """Where a ray enters a hull; as :func:`enter_sphere`.

    Which face is entered is decided by the rounded planes, which lie outside by a few units at most; where,
    by the exact plane of that face.
    """
    entry = -1
    leave = _DISTANCE_MAX_Q40
    entered = 0
    face = first + words[first + HULL_FACES]
    for _ in range(words[first + HULL_FACE_COUNT]):
        nx, ny, nz = words[face], words[face + 1], words[face + 2]
        height = dot3_shift(nx, x, ny, y, nz, z, 30) - (words[face + FACE_OFFSET] << _TO_Q40)
        slope = dot3_shift(nx, dx, ny, dy, nz, dz, 30)
        if slope >= 0:
            if height > 0:
                return MISSED, 0, 0, 0
            if slope > 0:
                leave = minimum(leave, quotient_q40(-height, slope))
        elif height > 0:
            distance = quotient_q40(height, -slope)
            if distance > entry:
                entry = distance
                entered = face
        face += FACE_WIDTH
    if entry < 0:
        return (INSIDE if starts != 0 else MISSED), 0, 0, 0
    if entry > leave or entry >= _DISTANCE_MAX_Q40:
        return MISSED, 0, 0, 0
    distance = distance_to_face(words, first, entered, x, y, z, dx, dy, dz, entry)
    return distance, words[entered], words[entered + 1], words[entered + 2]


@device_kernel("int64(int64[::1],int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def distance_to_face(
    words: Words, first: int, face: int, x: int, y: int, z: int, dx: int, dy: int, dz: int, estimate: int
) -> int:
    """Distance (Q40) at which a ray meets the plane of a face of a hull, whose words start at ``face``.

    ``estimate`` if the ray hardly gets nearer to the plane. The plane has Newell's normal, and goes through
    that of its vertices which is farthest out.
    """
    vertices = first + words[first + HULL_VERTICES]
    index = first + words[first + HULL_INDICES] + words[face + FACE_FIRST]
    count = words[face + FACE_COUNT]
    start = vertices + VERTEX_WIDTH * words[index]
    size = 0
    for k in range(1, count):
        vertex = vertices + VERTEX_WIDTH * words[index + k]
        for axis in range(3):
            size |= abs(words[vertex + axis] - words[start + axis])
    left = _EDGE_BITS - bit_length(size)
    nx = ny = nz = 0
    bx = by = bz = 0
    for k in range(1, count):
        vertex = vertices + VERTEX_WIDTH * words[index + k]
        ax, ay, az = bx, by, bz
        bx = (words[vertex] - words[start]) << left
        by = (words[vertex + 1] - words[start + 1]) << left
        bz = (words[vertex + 2] - words[start + 2]) << left
        nx += mul_sub_shift(ay, bz, az, by, 66)
        ny += mul_sub_shift(az, bx, ax, bz, 66)
        nz += mul_sub_shift(ax, by, ay, bx, 66)
    rise = -(1 << 62)
    for k in range(count):
        vertex = vertices + VERTEX_WIDTH * words[index + k]
        rise = maximum(rise, dot3_shift(nx, words[vertex], ny, words[vertex + 1], nz, words[vertex + 2], 36))
    size = abs(nx) | abs(ny) | abs(nz)
    slope = -dot3_shift(nx, dx, ny, dy, nz, dz, 60)
    if slope <= size >> 20:
        return estimate
    height = dot3_shift(nx, x, ny, y, nz, z, 52) - rise
    return maximum(div_shift(height, slope, 52), 0)
