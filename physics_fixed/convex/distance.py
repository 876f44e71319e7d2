"""The distance of two cores.

Method: Gilbert, Johnson, Keerthi (1988): a simplex of differences of vertices walks towards the origin. Each
round gives two bounds: the simplex is an upper one, the plane at right angles to the direction a lower one.
They meet within a fraction of a unit; where rounding keeps them apart, both are still true.
"""

from __future__ import annotations

from physics_fixed.convex.simplex import (
    OVERLAPPING,
    along_direction,
    as_direction,
    nearest_on_simplex,
    shares_of,
)
from physics_fixed.convex.work import (
    CORE_A,
    CORE_B,
    CORE_CENTRE,
    CORE_COUNT,
    CORE_VERTICES,
    GAP_COUNT,
    GAP_DIRECTION,
    GAP_HIGH,
    GAP_LOW,
    GAP_ROUNDS,
    SIMPLEX_A,
    SIMPLEX_B,
    SIMPLEX_WIDTH,
)
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import div_shift, dot3_shift, length3, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words

ROUNDS_MAX = 100
"""Rounds after which the bounds count as they are. Drawn pairs of hulls took at most 15."""

_CLOSE = 1 << 15  # of products with a direction, shifted by 41: about 1/20 of a unit
_FAR = 1 << 62


@device_kernel("int64(int64[::1],int64,int64,int64,int64)")
def farthest_vertex(work: Words, core: int, vx: int, vy: int, vz: int) -> int:
    """First word of the vertex that is farthest along a direction, the first of equals."""
    best = -_FAR
    found = core + CORE_VERTICES
    at = core + CORE_VERTICES
    for _ in range(work[core + CORE_COUNT]):
        along = dot3_shift(vx, work[at], vy, work[at + 1], vz, work[at + 2], 41)
        if along > best:
            best = along
            found = at
        at += 3
    return found


@inline_kernel("boolean(int64[::1],int64,int64,int64)")
def has_pair(work: Words, count: int, a: int, b: int) -> bool:
    """Whether a pair of vertices is in the simplex."""
    for k in range(count):
        at = SIMPLEX_WIDTH * k
        if work[at + SIMPLEX_A] == a and work[at + SIMPLEX_B] == b:
            return True
    return False


@inline_kernel("int64(int64[::1],int64,int64)")
def keep_part(work: Words, count: int, part: int) -> int:
    """Leave only the points of a part in the simplex; their number."""
    kept = 0
    for k in range(count):
        if (part >> k) & 1 != 0:
            if kept != k:
                for lane in range(SIMPLEX_WIDTH):
                    work[SIMPLEX_WIDTH * kept + lane] = work[SIMPLEX_WIDTH * k + lane]
            kept += 1
    return kept


@device_kernel("int64(int64[::1],int64,int64,int64,int64)")
def find_gap(work: Words, x: int, y: int, z: int, limit: int) -> int:
    """Find the distance of core a, moved by (x, y, z), from core b.

    Parameters
    ----------
    limit : int
        In 2**-20 units: cores further apart than this need no exact answer.
    work : read and written
        The cores; the simplex and the GAP_ words.

    Returns
    -------
    int
        The lower bound of the distance in 2**-20 units, or OVERLAPPING, also if they just touch.
    """
    vx, vy, vz = as_direction(
        work[CORE_B + CORE_CENTRE] - work[CORE_A + CORE_CENTRE] - x,
        work[CORE_B + CORE_CENTRE + 1] - work[CORE_A + CORE_CENTRE + 1] - y,
        work[CORE_B + CORE_CENTRE + 2] - work[CORE_A + CORE_CENTRE + 2] - z,
    )
    if vx == 0 and vy == 0 and vz == 0:
        vy = 1 << 59
    count = 0
    low = -_FAR
    high = _FAR
    work[GAP_ROUNDS] = ROUNDS_MAX
    for turn in range(ROUNDS_MAX):
        vertex_a = farthest_vertex(work, CORE_A, vx, vy, vz)
        vertex_b = farthest_vertex(work, CORE_B, -vx, -vy, -vz)
        wx = work[vertex_b] - work[vertex_a] - x
        wy = work[vertex_b + 1] - work[vertex_a + 1] - y
        wz = work[vertex_b + 2] - work[vertex_a + 2] - z
        bound = along_direction(vx, vy, vz, wx, wy, wz)
        if bound > low:
            low = bound
            work[GAP_DIRECTION] = vx
            work[GAP_DIRECTION + 1] = vy
            work[GAP_DIRECTION + 2] = vz
        if count > 0:
            reached = dot3_shift(vx, wx, vy, wy, vz, wz, 41)
            before = dot3_shift(vx, work[0], vy, work[1], vz, work[2], 41)
            if low > limit or before - reached <= _CLOSE or has_pair(work, count, vertex_a, vertex_b):
                work[GAP_ROUNDS] = turn
                break
        at = SIMPLEX_WIDTH * count
        work[at], work[at + 1], work[at + 2] = wx, wy, wz
        work[at + SIMPLEX_A] = vertex_a
        work[at + SIMPLEX_B] = vertex_b
        distance, nx, ny, nz, part = nearest_on_simplex(work, count + 1)
        if distance <= 0:
            work[GAP_COUNT] = keep_part(work, count + 1, part)
            work[GAP_LOW] = OVERLAPPING
            work[GAP_HIGH] = 0
            work[GAP_ROUNDS] = turn
            return OVERLAPPING
        if distance > high:
            work[GAP_ROUNDS] = turn
            break
        count = keep_part(work, count + 1, part)
        high = distance
        vx, vy, vz = nx, ny, nz
    work[GAP_COUNT] = count
    work[GAP_LOW] = maximum(low, 0)
    work[GAP_HIGH] = high
    return maximum(low, 0)


@device_kernel("UniTuple(int64,3)(int64[::1])")
def gap_direction_q60(work: Words) -> tuple[int, int, int]:
    """Unit vector (Q60) from core a to core b."""
    vx, vy, vz = work[GAP_DIRECTION], work[GAP_DIRECTION + 1], work[GAP_DIRECTION + 2]
    length = length3(vx, vy, vz)
    return div_shift(vx, length, 60), div_shift(vy, length, 60), div_shift(vz, length, 60)


@device_kernel("UniTuple(int64,3)(int64[::1],int64)")
def gap_point(work: Words, lane: int) -> tuple[int, int, int]:
    """The nearest point (Q24) of one of two cores that do not overlap, each coordinate within a unit.

    ``lane``: SIMPLEX_A or SIMPLEX_B. Core a is where it was before it was moved.
    """
    _, share_j, share_k = shares_of(work, work[GAP_COUNT])
    i = work[lane]
    x, y, z = work[i], work[i + 1], work[i + 2]
    for which in range(1, work[GAP_COUNT]):
        share = share_j if which == 1 else share_k
        j = work[SIMPLEX_WIDTH * which + lane]
        x += (mul_shift(share, work[j] - work[i], 59) + 1) >> 1
        y += (mul_shift(share, work[j + 1] - work[i + 1], 59) + 1) >> 1
        z += (mul_shift(share, work[j + 2] - work[i + 2], 59) + 1) >> 1
    return x, y, z
