"""When a convex part of a body, on its way through a tick, meets a convex part of another one.

Method: conservative advancement (Mirtich 1996). The gap of two convex shapes is measured along one direction;
along this direction no point of the mover comes nearer faster than its shift, and its turn times its size,
allow; so it may go for as long as that takes, and the gap is measured again. The mover never passes the other
shape, wherever the rounds are cut off.

The shapes that meet are not the mover's own but smaller ones: see :func:`meeting`.
"""

from __future__ import annotations

from physics_fixed.continuous.layout import (
    COURSE_INNER,
    COURSE_IS_TURNING,
    COURSE_LAID_CHILD,
    COURSE_LAID_SCALE,
    COURSE_LAID_SHRINK,
    COURSE_LAID_TIME,
    COURSE_LEVER,
    COURSE_PATH,
    COURSE_ROTATION,
    COURSE_SHIFT,
    COURSE_TURN,
    ONE_Q30,
    OWN,
)
from physics_fixed.convex.cores import lay_core
from physics_fixed.convex.distance import find_gap, gap_direction_q60
from physics_fixed.convex.inner import convex_inner_radius
from physics_fixed.convex.layout import LEAF_CODE, LEAF_FIRST, LEAF_MATRIX, LEAF_SIZE, LEAF_WIDTH
from physics_fixed.convex.leaves import load_child
from physics_fixed.convex.work import (
    CORE_A,
    CORE_B,
    CORE_CENTRE,
    CORE_COUNT,
    CORE_RADIUS,
    CORE_VERTICES,
    MINE,
)
from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.fixmath.wide import div_shift, dot3_shift, length3, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import SHAPE_BOX, SHAPE_COMPOUND, SHAPE_HULL, SHAPE_SPHERE, Words
from physics_fixed.solver.bodies import turned

MISSED = -1
STARTS_INSIDE = -2
"""Instead of a time: never, or they are too near each other when the tick begins."""

SHRINK_Q24 = (1 << 24) // 125
"""A mover may sink in by so much (8 mm) until it counts as met; small ones by a quarter of what is inside."""

_FINE_BITS = 4  # but where it is stopped it has sunk in by a sixteenth of that
_SCALE_LEAST_Q30 = ONE_Q30 >> 5
_ROUNDS_MAX = 48
_GAP_MAX_Q24 = 1 << 41
_GAP_BITS = 20  # of a gap beyond Q24
_SLACK_Q24 = 4


@inline_kernel("UniTuple(int64,4)(int64[::1],int64)")
def rotation_at(work: Words, time_q30: int) -> tuple[int, int, int, int]:
    """Rotation of the mover at a time."""
    left = time_q30 - ONE_Q30
    return turned(
        work[COURSE_ROTATION], work[COURSE_ROTATION + 1], work[COURSE_ROTATION + 2],
        work[COURSE_ROTATION + 3],
        mul_shift(work[COURSE_TURN], left, 30),
        mul_shift(work[COURSE_TURN + 1], left, 30),
        mul_shift(work[COURSE_TURN + 2], left, 30),
    )  # fmt: skip


@device_kernel("void(int64[::1],int64[::1],int64,int64,int64,int64,int64[::1])")
def lay_mover(
    words: Words, path: Words, child: int, time_q30: int, shrink: int, scale_q30: int, work: Words
) -> None:
    """Write a part of the mover as core a, as it is turned at a time, where it is at the beginning.

    ``shrink`` (Q24) is what its surface lies deeper than that of the part itself, at least; ``scale_q30``
    makes what is left of it smaller about its centre.
    """
    if (
        work[COURSE_LAID_TIME] == time_q30
        and work[COURSE_LAID_CHILD] == child
        and work[COURSE_LAID_SHRINK] == shrink
        and work[COURSE_LAID_SCALE] == scale_q30
    ):
        return
    if work[COURSE_LAID_TIME] != time_q30 and work[MINE + LEAF_CODE] != SHAPE_SPHERE:
        x, y, z, w = rotation_at(work, time_q30)
        cells = matrix_of_quaternion_q30(x, y, z, w)
        for cell in range(9):
            work[MINE + LEAF_MATRIX + cell] = cells[cell]
    work[COURSE_LAID_TIME] = time_q30
    work[COURSE_LAID_CHILD] = child
    work[COURSE_LAID_SHRINK] = shrink
    work[COURSE_LAID_SCALE] = scale_q30
    if work[MINE + LEAF_CODE] == SHAPE_COMPOUND:
        load_child(work, MINE, words, child, work, OWN)
    else:
        for lane in range(LEAF_WIDTH):
            work[OWN + lane] = work[MINE + lane]
    code = work[OWN + LEAF_CODE]
    inner = convex_inner_radius(
        code, work[OWN + LEAF_SIZE], work[OWN + LEAF_SIZE + 1], work[OWN + LEAF_SIZE + 2], words,
        work[OWN + LEAF_FIRST],
    )  # fmt: skip
    work[COURSE_INNER] = inner
    if code == SHAPE_BOX:
        for axis in range(3):
            work[OWN + LEAF_SIZE + axis] -= shrink
    lay_core(work, OWN, words, path, CORE_A, work)
    if code == SHAPE_HULL:
        scale_q30 = mul_shift(scale_q30, ONE_Q30 - div_shift(shrink, inner, 30), 30)
    elif code != SHAPE_BOX:
        work[CORE_A + CORE_RADIUS] -= shrink
    if scale_q30 != ONE_Q30:
        at = CORE_A + CORE_VERTICES
        for _ in range(work[CORE_A + CORE_COUNT]):
            for axis in range(3):
                centre = work[CORE_A + CORE_CENTRE + axis]
                work[at + axis] = centre + mul_shift(work[at + axis] - centre, scale_q30, 30)
            at += 3


@device_kernel("int64(int64[::1])")
def closing_speed(work: Words) -> int:
    """How fast, at most, the mover comes nearer along the direction of the gap: Q24 m in a tick."""
    nx, ny, nz = gap_direction_q60(work)
    speed = 1 + dot3_shift(
        nx, work[COURSE_SHIFT], ny, work[COURSE_SHIFT + 1], nz, work[COURSE_SHIFT + 2], 60
    )  # fmt: skip
    if work[COURSE_IS_TURNING] == 0:
        return speed
    x, y, z = work[COURSE_TURN], work[COURSE_TURN + 1], work[COURSE_TURN + 2]
    across = length3(
        mul_sub_shift(ny, z, nz, y, 60), mul_sub_shift(nz, x, nx, z, 60), mul_sub_shift(nx, y, ny, x, 60)
    )
    return speed + mul_shift(across + 3, work[COURSE_LEVER], 30)


@device_kernel("int64(int64[::1],int64[::1],int64,int64,int64,int64,int64,int64,int64[::1])")
def advance_until(
    words: Words,
    path: Words,
    child: int,
    shrink: int,
    scale_q30: int,
    tolerance: int,
    start: int,
    end: int,
    work: Words,
) -> int:
    """Time (Q30 of the tick) at which a part of the mover, made smaller, meets core b.

    Parameters
    ----------
    shrink, scale_q30
        By how much smaller, see :func:`lay_mover`.
    tolerance : int
        Q24, gap at which it counts as met.
    start : int
        Q24, gap at which it counts as met already, when the tick begins.
    end : int
        Times from here on are of no interest.
    """
    time = 0
    for _ in range(_ROUNDS_MAX):
        lay_mover(words, path, child, time if work[COURSE_IS_TURNING] != 0 else 0, shrink, scale_q30, work)
        radii = work[CORE_A + CORE_RADIUS] + work[CORE_B + CORE_RADIUS]
        rest = mul_shift(work[COURSE_PATH], end - time, 30) + tolerance + _SLACK_Q24
        low = find_gap(
            work,
            mul_shift(work[COURSE_SHIFT], time, 30),
            mul_shift(work[COURSE_SHIFT + 1], time, 30),
            mul_shift(work[COURSE_SHIFT + 2], time, 30),
            minimum(rest + radii, _GAP_MAX_Q24) << _GAP_BITS,
        )
        gap = -1 if low < 0 else (low >> _GAP_BITS) - radii
        if time == 0 and gap <= start:
            return STARTS_INSIDE
        if gap <= tolerance:
            return time
        if gap > rest:
            return MISSED
        speed = closing_speed(work)
        if speed <= 0 or gap - (tolerance >> 1) >= mul_shift(speed, end - time, 30):
            return MISSED
        time += maximum(div_shift(gap - (tolerance >> 1), speed, 30), 1)
    return time


@device_kernel("int64(int64[::1],int64[::1],int64,int64,int64[::1])")
def meeting(words: Words, path: Words, child: int, end: int, work: Words) -> int:
    """Time (Q30 of the tick) at which a part of the mover meets core b before ``end``, or MISSED.

    What slides along a wall or over the edges of tiles and triangles is always a little in them, so a part
    counts as met when it has sunk in by SHRINK_Q24; by half as much again if it is nearly as deep in when the
    tick begins, and so on; at last only what is around its centre counts. On what has sunk in a contact is at
    work, and this is for where that fails. A part that is met is stopped where it just touches.
    """
    lay_mover(words, path, child, 0, 0, ONE_Q30, work)
    inner = work[COURSE_INNER]
    least = minimum(inner >> 2, SHRINK_Q24)
    most = inner - (inner >> 2)
    shrink = least
    scale = ONE_Q30
    time = STARTS_INSIDE
    while time == STARTS_INSIDE:
        time = advance_until(words, path, child, shrink, scale, shrink >> 4, shrink >> 3, end, work)
        if time == STARTS_INSIDE:
            if scale < _SCALE_LEAST_Q30:
                return MISSED
            if shrink == most:
                scale -= scale >> 2
            shrink = minimum(shrink + (shrink >> 1), most)
    if time == MISSED:
        return MISSED
    fine = least >> _FINE_BITS
    first = advance_until(words, path, child, fine, ONE_Q30, fine >> 1, fine >> 1, time, work)
    return first if first >= 0 else time
