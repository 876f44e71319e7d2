"""The way of one body past another one: part by part, triangle by triangle."""

from __future__ import annotations

from physics_fixed.continuous.course import MISSED, lay_mover, meeting, rotation_at
from physics_fixed.continuous.layout import (
    COURSE_IS_TURNING,
    COURSE_LAID_TIME,
    COURSE_LEVER,
    COURSE_PATH,
    COURSE_ROTATION,
    COURSE_SHIFT,
    COURSE_TURN,
    GOAL_INNER,
    GOAL_KEPT,
    GOAL_PATH,
    GOAL_POSITION,
    GOAL_ROTATION,
    GOAL_TURN,
    ONE_Q30,
    OWN,
    THEIRS,
)
from physics_fixed.convex.cores import lay_core, lay_triangle
from physics_fixed.convex.layout import (
    LEAF_CODE,
    LEAF_FILTER,
    LEAF_FIRST,
    LEAF_LEVER,
    LEAF_MATRIX,
    LEAF_POSITION,
    LEAF_SENSOR,
    LEAF_SIZE,
    PATH_START,
)
from physics_fixed.convex.leaves import child_count, into_leaf, load_child
from physics_fixed.convex.work import CHILD, CORE_A, CORE_B, CORE_CENTRE, CORE_VERTICES, MINE, TRIANGLE
from physics_fixed.fixmath.quat import from_rotation_vector_q30, rotate_q30
from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.scalar import clamp, clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    LOCK_ROTATION,
    SHAPE_COMPOUND,
    SHAPE_HEIGHT_FIELD,
    SHAPE_MESH,
    SHAPE_SPHERE,
    Bytes,
    Words,
)
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.narrowphase.pairing import may_meet
from physics_fixed.narrowphase.triangles import load_triangle, triangles_near
from physics_fixed.shapes.triangle_words import TRIANGLE_NORMAL

_PIECES_MAX = 16
_SLACK_Q24 = 8


@inline_kernel("int64(int64,int64,int64)")
def sum_of_sizes(x: int, y: int, z: int) -> int:
    """Sum of three magnitudes."""
    return abs(x) + abs(y) + abs(z)


@device_kernel("int64(int64,int64,int64,int64,int64,int64,int64)")
def path_bound(x: int, y: int, z: int, turn_x: int, turn_y: int, turn_z: int, lever: int) -> int:
    """No point of a body with this lever moves further (Q24) by this shift and turn (radians Q30)."""
    return sum_of_sizes(x, y, z) + mul_shift(sum_of_sizes(turn_x, turn_y, turn_z), lever, 30)


@device_kernel(
    "int64(int64,int64,uint8[::1],uint8[::1],int64[:,::1],int64[::1],int64[:,::1],int64[::1],int64[::1])"
)
def lay_course(
    a: int,
    b: int,
    shape: Bytes,
    locks: Bytes,
    origin_q24: Words,
    lever_q24: Words,
    goal: Words,
    path: Words,
    work: Words,
) -> int:
    """Write the way of body a through the tick as body b sees it; no point of a goes further (Q24).

    Everything is laid out about b as it stands when the tick ends: where a began is turned and shifted by
    what b turns and shifts in the tick.
    """
    x = origin_q24[a, 0]
    y = origin_q24[a, 1]
    z = origin_q24[a, 2]
    turn_x = goal[a, GOAL_TURN]
    turn_y = goal[a, GOAL_TURN + 1]
    turn_z = goal[a, GOAL_TURN + 2]
    if goal[b, GOAL_PATH] > 0:
        qx, qy, qz, qw = from_rotation_vector_q30(
            goal[b, GOAL_TURN], goal[b, GOAL_TURN + 1], goal[b, GOAL_TURN + 2]
        )
        x, y, z = rotate_q30(qx, qy, qz, qw, x - origin_q24[b, 0], y - origin_q24[b, 1], z - origin_q24[b, 2])
        x += goal[b, GOAL_POSITION]
        y += goal[b, GOAL_POSITION + 1]
        z += goal[b, GOAL_POSITION + 2]
        if locks[a] & LOCK_ROTATION == 0:
            turn_x -= goal[b, GOAL_TURN]
            turn_y -= goal[b, GOAL_TURN + 1]
            turn_z -= goal[b, GOAL_TURN + 2]
    path[PATH_START] = x
    path[PATH_START + 1] = y
    path[PATH_START + 2] = z
    work[COURSE_SHIFT] = goal[a, GOAL_POSITION] - x
    work[COURSE_SHIFT + 1] = goal[a, GOAL_POSITION + 1] - y
    work[COURSE_SHIFT + 2] = goal[a, GOAL_POSITION + 2] - z
    work[COURSE_TURN] = turn_x
    work[COURSE_TURN + 1] = turn_y
    work[COURSE_TURN + 2] = turn_z
    work[COURSE_LEVER] = lever_q24[a]
    for part in range(4):
        work[COURSE_ROTATION + part] = goal[a, GOAL_ROTATION + part]
    # However a ball turns, its surface stays where it is.
    work[COURSE_IS_TURNING] = 1 if shape[a] != SHAPE_SPHERE and turn_x | turn_y | turn_z != 0 else 0
    work[COURSE_PATH] = sum_of_sizes(work[COURSE_SHIFT], work[COURSE_SHIFT + 1], work[COURSE_SHIFT + 2])
    if work[COURSE_IS_TURNING] != 0:
        work[COURSE_PATH] += mul_shift(sum_of_sizes(turn_x, turn_y, turn_z), lever_q24[a], 30)
    work[COURSE_LAID_TIME] = -1
    way: int = work[COURSE_PATH]
    return way


@device_kernel(
    "void(int64,int64,uint8[::1],int64[::1],int64[:,::1],int64[::1],int64[::1],int64,int64,int64,int64[::1])"
)
def lay_body(
    at: int,
    row: int,
    shape: Bytes,
    filters: Words,
    size_q24: Words,
    lever_q24: Words,
    word_first: Words,
    x: int,
    y: int,
    z: int,
    work: Words,
) -> None:
    """Write what a body is, and its place, as a leaf; not how it is turned."""
    work[at + LEAF_POSITION] = x
    work[at + LEAF_POSITION + 1] = y
    work[at + LEAF_POSITION + 2] = z
    for axis in range(3):
        work[at + LEAF_SIZE + axis] = size_q24[row, axis]
    work[at + LEAF_CODE] = shape[row]
    work[at + LEAF_FIRST] = word_first[row]
    work[at + LEAF_LEVER] = lever_q24[row]
    work[at + LEAF_FILTER] = filters[row]
    work[at + LEAF_SENSOR] = 0


@device_kernel("int64(int64[::1],int64[::1],int64,int64,int64[::1],int64[::1],int64[::1])")
def meet_surface(
    words: Words, path: Words, child: int, end: int, box: Words, near: Words, work: Words
) -> int:
    """Time at which a part of the mover meets a triangle of the mesh at THEIRS before ``end``, or ``end``.

    Triangles that its centre is behind are passed, as contacts pass them. Below 0: -1 - how many triangles
    ``near`` must hold.
    """
    first = work[THEIRS + LEAF_FIRST]
    lever = work[COURSE_LEVER]
    begin_x, begin_y, begin_z = into_leaf(
        work, THEIRS,
        path[PATH_START] - work[THEIRS + LEAF_POSITION],
        path[PATH_START + 1] - work[THEIRS + LEAF_POSITION + 1],
        path[PATH_START + 2] - work[THEIRS + LEAF_POSITION + 2],
    )  # fmt: skip
    shift_x, shift_y, shift_z = into_leaf(
        work, THEIRS, work[COURSE_SHIFT], work[COURSE_SHIFT + 1], work[COURSE_SHIFT + 2]
    )
    pieces = clamp(sum_of_sizes(shift_x, shift_y, shift_z) // (2 * lever), 0, _PIECES_MAX - 1) + 1
    for piece in range(pieces):
        early = (piece << 30) // pieces
        late = ((piece + 1) << 30) // pieces
        if early >= end:
            break
        for axis in range(3):
            place = begin_x if axis == 0 else (begin_y if axis == 1 else begin_z)
            shift = shift_x if axis == 0 else (shift_y if axis == 1 else shift_z)
            one = place + mul_shift(shift, early, 30)
            two = place + mul_shift(shift, late, 30)
            box[axis] = minimum(one, two) - lever - _SLACK_Q24
            box[3 + axis] = maximum(one, two) + lever + _SLACK_Q24
        count = triangles_near(words, first, box, near, near.shape[0])
        if count > near.shape[0]:
            return -1 - count
        for which in range(count):
            load_triangle(words, first, near[which], work, TRIANGLE)
            lay_triangle(work, THEIRS, path, work)
            lay_mover(words, path, child, 0, 0, ONE_Q30, work)
            in_front = dot3_shift(
                work[TRIANGLE + TRIANGLE_NORMAL],
                work[CORE_A + CORE_CENTRE] - work[CORE_B + CORE_VERTICES],
                work[TRIANGLE + TRIANGLE_NORMAL + 1],
                work[CORE_A + CORE_CENTRE + 1] - work[CORE_B + CORE_VERTICES + 1],
                work[TRIANGLE + TRIANGLE_NORMAL + 2],
                work[CORE_A + CORE_CENTRE + 2] - work[CORE_B + CORE_VERTICES + 2],
                30,
            )
            if in_front < 0:
                continue
            time = meeting(words, path, child, end, work)
            if time != MISSED:
                end = time
    return end


@device_kernel("int64(int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])")
def meet_body(words: Words, path: Words, box: Words, near: Words, work: Words) -> int:
    """Time (Q30 of the tick) at which the mover at MINE meets the body at THEIRS; ONE_Q30 if it does not.

    Below 0: as :func:`meet_surface`.
    """
    end = ONE_Q30
    code = work[THEIRS + LEAF_CODE]
    for child in range(child_count(work, MINE, words)):
        lay_mover(words, path, child, 0, 0, ONE_Q30, work)
        filters = work[OWN + LEAF_FILTER]
        if work[OWN + LEAF_SENSOR] != 0:
            continue
        if code in (SHAPE_MESH, SHAPE_HEIGHT_FIELD):
            if not may_meet(filters, work[THEIRS + LEAF_FILTER]):
                continue
            end = meet_surface(words, path, child, end, box, near, work)
            if end < 0:
                return end
            continue
        for other in range(child_count(work, THEIRS, words)):
            at = THEIRS
            if code == SHAPE_COMPOUND:
                load_child(work, THEIRS, words, other, work, CHILD)
                at = CHILD
            if work[at + LEAF_SENSOR] != 0 or not may_meet(filters, work[at + LEAF_FILTER]):
                continue
            lay_core(work, at, words, path, CORE_B, work)
            time = meeting(words, path, child, end, work)
            if time != MISSED:
                end = time
    return end


@device_kernel("void(int64,int64,int64,uint8[::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1])")
def stop_at(
    a: int, b: int, time: int, locks: Bytes, origin_q24: Words, goal: Words, path: Words, work: Words
) -> None:
    """Let body a end where it is at a time of its course, carried on by body b if that moves."""
    for axis in range(3):
        there = path[PATH_START + axis] + mul_shift(work[COURSE_SHIFT + axis], time, 30)
        if (locks[a] >> axis) & 1 != 0:
            there = origin_q24[a, axis]
        goal[a, GOAL_POSITION + axis] = clamp_symmetric(there, POSITION_MAX_Q24)
    x, y, z, w = rotation_at(work, time)
    goal[a, GOAL_ROTATION] = x
    goal[a, GOAL_ROTATION + 1] = y
    goal[a, GOAL_ROTATION + 2] = z
    goal[a, GOAL_ROTATION + 3] = w
    for axis in range(3):
        turn = mul_shift(work[COURSE_TURN + axis], time, 30)
        if goal[b, GOAL_PATH] > 0 and locks[a] & LOCK_ROTATION == 0:
            turn += goal[b, GOAL_TURN + axis]
        goal[a, GOAL_TURN + axis] = turn
    goal[a, GOAL_KEPT] = mul_shift(goal[a, GOAL_KEPT], time, 30)


@device_kernel(
    "int64(int64,int64,uint8[::1],uint8[::1],int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[::1],"
    "int64[::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def sweep_pair(
    a: int,
    b: int,
    shape: Bytes,
    locks: Bytes,
    filters: Words,
    size_q24: Words,
    lever_q24: Words,
    origin_q24: Words,
    words: Words,
    word_first: Words,
    goal: Words,
    box: Words,
    near: Words,
    path: Words,
    work: Words,
) -> int:
    """Stop body a where it meets body b, in ``goal``: 1 if it does, 0 if not.

    Below 0: as :func:`meet_surface`.
    """
    way = lay_course(a, b, shape, locks, origin_q24, lever_q24, goal, path, work)
    if way <= goal[a, GOAL_INNER] >> 1:
        return 0
    lay_body(
        MINE, a, shape, filters, size_q24, lever_q24, word_first, path[PATH_START], path[PATH_START + 1],
        path[PATH_START + 2], work,
    )  # fmt: skip
    lay_body(
        THEIRS, b, shape, filters, size_q24, lever_q24, word_first, goal[b, GOAL_POSITION],
        goal[b, GOAL_POSITION + 1], goal[b, GOAL_POSITION + 2], work,
    )  # fmt: skip
    cells = matrix_of_quaternion_q30(
        goal[b, GOAL_ROTATION], goal[b, GOAL_ROTATION + 1], goal[b, GOAL_ROTATION + 2],
        goal[b, GOAL_ROTATION + 3],
    )  # fmt: skip
    for cell in range(9):
        work[THEIRS + LEAF_MATRIX + cell] = cells[cell]
    time = meet_body(words, path, box, near, work)
    if time < 0:
        return time
    if time == ONE_Q30:
        return 0
    stop_at(a, b, time, locks, origin_q24, goal, path, work)
    return 1
