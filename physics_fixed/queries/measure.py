"""Two convex shapes: how far apart they are, and when one of them, moved along a path, meets the other."""

from __future__ import annotations

from physics_fixed.convex.distance import find_gap, gap_direction_q60, gap_point
from physics_fixed.convex.layout import PATH_DIRECTION
from physics_fixed.convex.work import (
    CORE_A,
    CORE_B,
    CORE_CODE,
    CORE_RADIUS,
    GAP_HIGH,
    MINE,
    SIMPLEX_A,
    SIMPLEX_B,
    SOLID_A,
    SOLID_B,
    WAY_NORMAL,
    WAY_POINT_A,
    WAY_POINT_B,
    WAY_SEPARATION,
)
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import div_shift, dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import SHAPE_TRIANGLE, Words
from physics_fixed.queries.depth import find_way, find_way_off_triangle, take_way
from physics_fixed.queries.solids import lay_solid

MISSED = -1
STARTS_INSIDE = -2
"""Instead of a distance along a path: never, or the shapes overlap at its start."""

FAR_APART = 1 << 60
"""Instead of a gap: larger than wanted."""

GAP_MAX_Q24 = 1 << 41
"""No gap in a space is larger."""

TOUCH_Q24 = 16
"""Gap (1 um) that ends a movement: it is at most that when a cast reports a hit."""

_TARGET_Q24 = 4  # gap that a movement aims at, so that rounding leaves no overlap
_ROUNDS_MAX = 64
_FINE = 20


@inline_kernel("UniTuple(int64,3)(int64[::1],int64)")
def along_path(path: Words, distance: int) -> tuple[int, int, int]:
    """Vector (Q24) from the start of a path to a place on it, to the nearest."""
    return (
        (mul_shift(path[PATH_DIRECTION], distance, 59) + 1) >> 1,
        (mul_shift(path[PATH_DIRECTION + 1], distance, 59) + 1) >> 1,
        (mul_shift(path[PATH_DIRECTION + 2], distance, 59) + 1) >> 1,
    )


@device_kernel("int64(int64[::1],int64[::1],int64)")
def advance(work: Words, path: Words, length: int) -> int:
    """How far shape a may go along a path until it meets shape b.

    Method: the gap of two convex shapes is a convex function of the way that one of them goes, so Newton's
    steps, from a plane between them to the next, never pass the place where it closes. Against a face one
    step does it; where the shapes graze each other the rest shrinks fourfold with each.

    Parameters
    ----------
    work : read and written
        The cores; the gap at the place that was reached.
    length : int
        Q24, how far the shape goes at most.

    Returns
    -------
    int
        Distance (Q24) at which the gap is at most TOUCH_Q24 and gets smaller, but not negative; or MISSED or
        STARTS_INSIDE.
    """
    dx, dy, dz = path[PATH_DIRECTION], path[PATH_DIRECTION + 1], path[PATH_DIRECTION + 2]
    radii = work[CORE_A + CORE_RADIUS] + work[CORE_B + CORE_RADIUS]
    here = 0
    before = 0
    back = 8
    for _ in range(_ROUNDS_MAX):
        x, y, z = along_path(path, here)
        low = find_gap(work, x, y, z, GAP_MAX_Q24 << _FINE)
        if low < 0:
            if here == 0:
                return STARTS_INSIDE
            here = maximum(here - back, before)  # a step too far, by rounding
            back *= 2
            continue
        nx, ny, nz = gap_direction_q60(work)
        closing = dot3_shift(nx, dx, ny, dy, nz, dz, 60)
        separation = (low >> _FINE) - radii
        if here == 0 and separation < -TOUCH_Q24:
            return STARTS_INSIDE
        if closing <= 0:
            return MISSED
        if separation <= TOUCH_Q24 or back > 8:
            return here
        if separation - _TARGET_Q24 > mul_shift(closing, length - here, 60) + 1:
            return MISSED
        before = here
        here += maximum(div_shift(separation - _TARGET_Q24, closing, 60), 1)
        if here > length:
            return MISSED
    return here


@device_kernel("void(int64[::1],int64,int64,int64)")
def show_gap(work: Words, x: int, y: int, z: int) -> None:
    """Write the way across the gap of two shapes whose cores, a moved by (x, y, z), are apart."""
    ax, ay, az = gap_point(work, SIMPLEX_A)
    bx, by, bz = gap_point(work, SIMPLEX_B)
    nx, ny, nz = gap_direction_q60(work)
    nx, ny, nz = (nx + (1 << 29)) >> 30, (ny + (1 << 29)) >> 30, (nz + (1 << 29)) >> 30
    distance = (work[GAP_HIGH] + (1 << 19)) >> _FINE
    take_way(work, distance, nx, ny, nz, ax + x, ay + y, az + z, bx, by, bz)
    to_surfaces(work)


@device_kernel("void(int64[::1])")
def to_surfaces(work: Words) -> None:
    """Make of a way between cores one between shapes."""
    radius_a, radius_b = work[CORE_A + CORE_RADIUS], work[CORE_B + CORE_RADIUS]
    work[WAY_SEPARATION] -= radius_a + radius_b
    for axis in range(3):
        normal = work[WAY_NORMAL + axis]
        work[WAY_POINT_A + axis] += mul_shift(normal, radius_a, 30)
        work[WAY_POINT_B + axis] -= mul_shift(normal, radius_b, 30)


@device_kernel("void(int64[::1],int64[::1],int64,int64[::1],int64[::1])")
def show_overlap(own_words: Words, leaf: Words, at: int, words: Words, work: Words) -> None:
    """Write the shortest way apart of two shapes whose cores overlap, or that touch within a unit.

    ``own_words``: the geometry of shape a. ``leaf``, ``at``, ``words``: shape b, or the mesh whose triangle
    it is.
    """
    if work[CORE_B + CORE_CODE] == SHAPE_TRIANGLE:
        find_way_off_triangle(work)
    else:
        lay_solid(work, MINE, own_words, CORE_A, SOLID_A, work)
        lay_solid(leaf, at, words, CORE_B, SOLID_B, work)
        find_way(work)
    to_surfaces(work)


@device_kernel("int64(int64[::1],int64[::1],int64,int64[::1],int64,int64,int64[::1])")
def measure(own_words: Words, leaf: Words, at: int, words: Words, limit: int, exact: int, work: Words) -> int:
    """The gap between shape a and shape b, whose cores have been laid.

    Parameters
    ----------
    own_words, leaf, at, words
        As in :func:`show_overlap`.
    limit : int
        Q24, largest gap of interest, up to GAP_MAX_Q24.
    exact : int
        0: whether the gap is within the limit is all that matters. Else the way is written.

    Returns
    -------
    int
        The gap (Q24), negative if they overlap; FAR_APART if it is larger than the limit. If not exact, some
        number up to the gap.
    """
    radii: int = work[CORE_A + CORE_RADIUS] + work[CORE_B + CORE_RADIUS]
    low = find_gap(work, 0, 0, 0, (limit + radii + 1) << _FINE)
    if low < 0:
        if exact == 0 and -radii <= limit:
            return -radii
        show_overlap(own_words, leaf, at, words, work)
        overlap: int = work[WAY_SEPARATION]
        return overlap if overlap <= limit else FAR_APART
    separation: int = ((work[GAP_HIGH] + (1 << 19)) >> _FINE) - radii
    if separation > limit:
        return FAR_APART
    if exact != 0:
        show_gap(work, 0, 0, 0)
    return separation
