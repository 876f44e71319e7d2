"""The kernel of continuous collision: fast bodies end their tick where they meet something on their way."""

from __future__ import annotations

from physics_fixed.continuous.layout import (
    GOAL_INNER,
    GOAL_KEPT,
    GOAL_PATH,
    GOAL_POSITION,
    GOAL_ROTATION,
    GOAL_STATE,
    GOAL_TOUCHED,
    GOAL_TURN,
    ONE_Q30,
    STAGE_DYNAMIC,
    STAGE_KINEMATIC,
    STAGE_STATIC,
    STAGES,
    STATE_FAST,
    STATE_HELD,
    STATE_NOT,
    STATE_PUSHED,
    STATE_SLOW,
    SWEEP_MOVER,
    SWEEP_OTHER,
    SWEEP_STAGE,
)
from physics_fixed.continuous.pairs import path_bound, sweep_pair
from physics_fixed.convex.inner import body_inner_radius
from physics_fixed.fixmath.quat import rotate_inverse_q30, rotate_q30
from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import div_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    ACTIVE_DYNAMIC,
    ACTIVE_KINEMATIC,
    ACTIVE_SENSOR,
    ACTIVE_STATIC,
    CONTACT_PAIR,
    CONTACT_SENSOR,
    COVER_HIGH,
    COVER_LOW,
    COVER_TURN,
    DRIVE_V,
    FLAG_CONTINUOUS,
    FLAG_LOCK_ROTATION,
    LOCK_ROTATION,
    MOBILE_DYNAMIC,
    MOBILE_NOT,
    MOTION_TURN,
    SHAPE_COMPOUND,
    SHAPE_SPHERE,
    Bytes,
    Words,
)
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.narrowphase.pairing import may_meet
from physics_fixed.solver.bodies import turned
from physics_fixed.solver.settings import SUBSTEP_COUNT

_ROW_MASK = 0xFFFFFFFF


@inline_kernel("int64(int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64)")
def path_of(row: int, origin_q24: Words, position_q24: Words, motion: Words, is_ball: int, lever: int) -> int:
    """No point of a body moves further in the tick, Q24."""
    path: int = (
        abs(position_q24[row, 0] - origin_q24[row, 0])
        + abs(position_q24[row, 1] - origin_q24[row, 1])
        + abs(position_q24[row, 2] - origin_q24[row, 2])
    )
    if is_ball == 0:
        turns = abs(motion[row, MOTION_TURN]) + abs(motion[row, MOTION_TURN + 1])
        path += mul_shift(turns + abs(motion[row, MOTION_TURN + 2]), lever, 30)
    return path


@device_kernel(
    "boolean(int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1])"
)
def is_any_fast(
    count: int,
    active: Words,
    mobile: Words,
    shape: Bytes,
    size_q24: Words,
    lever_q24: Words,
    words: Words,
    word_first: Words,
    origin_q24: Words,
    position_q24: Words,
    motion: Words,
) -> bool:
    """Whether anything is fast, or pushes without yielding."""
    for row in range(count):
        if mobile[row] == MOBILE_NOT or active[row] == 0 or active[row] == ACTIVE_SENSOR:
            continue
        is_ball = 1 if shape[row] == SHAPE_SPHERE and mobile[row] == MOBILE_DYNAMIC else 0
        path = path_of(row, origin_q24, position_q24, motion, is_ball, lever_q24[row])
        least = 0
        if is_ball != 0:
            least = size_q24[row, 0] >> 1
        elif mobile[row] == MOBILE_DYNAMIC:
            least = body_inner_radius(shape[row], size_q24, row, words, word_first[row]) >> 1
        if path > least:
            return True
    return False


@device_kernel(
    "void(int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1])"
)
def find_fast(
    count: int,
    active: Words,
    mobile: Words,
    shape: Bytes,
    size_q24: Words,
    lever_q24: Words,
    words: Words,
    word_first: Words,
    origin_q24: Words,
    position_q24: Words,
    motion: Words,
    goal: Words,
) -> None:
    """Write GOAL_STATE, GOAL_PATH and GOAL_INNER."""
    for row in range(count):
        goal[row, GOAL_STATE] = STATE_NOT
        goal[row, GOAL_PATH] = 0
        if mobile[row] == MOBILE_NOT or active[row] == 0 or active[row] == ACTIVE_SENSOR:
            continue
        is_ball = 1 if shape[row] == SHAPE_SPHERE and mobile[row] == MOBILE_DYNAMIC else 0
        path = path_of(row, origin_q24, position_q24, motion, is_ball, lever_q24[row])
        goal[row, GOAL_PATH] = path
        if mobile[row] == MOBILE_DYNAMIC:
            inner = body_inner_radius(shape[row], size_q24, row, words, word_first[row])
            goal[row, GOAL_INNER] = inner
            goal[row, GOAL_STATE] = STATE_FAST if path > inner >> 1 else STATE_SLOW


@inline_kernel("int64(int64,int64,int64)")
def share_within(moved: int, low: int, high: int) -> int:
    """Share (Q30) of a displacement that stays within a range about 0."""
    if moved > high:
        return div_shift(high, moved, 30)
    if moved < low:
        return div_shift(low, moved, 30)
    return ONE_Q30


@device_kernel(
    "void(int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1])"
)
def hold_in_box(
    row: int,
    origin_q24: Words,
    position_q24: Words,
    rotation_q30: Words,
    motion: Words,
    cover_q24: Words,
    lever_q24: Words,
    shape: Bytes,
    goal: Words,
) -> None:
    """Shorten the motion of a fast body to what its box covers, give or take half of what is inside of it.

    Nothing is known of what is further away. What was hit by something fast comes to this, for one tick.
    """
    slack = goal[row, GOAL_INNER] >> 1
    kept = ONE_Q30
    covered = cover_q24[row, COVER_TURN] >= 0
    for axis in range(3):
        low = cover_q24[row, COVER_LOW + axis] if covered else 0
        high = cover_q24[row, COVER_HIGH + axis] if covered else 0
        moved = position_q24[row, axis] - origin_q24[row, axis]
        kept = minimum(kept, share_within(moved, low - slack, high + slack))
    if shape[row] != SHAPE_SPHERE:
        turns = path_bound(
            0, 0, 0, motion[row, MOTION_TURN], motion[row, MOTION_TURN + 1], motion[row, MOTION_TURN + 2],
            lever_q24[row],
        )  # fmt: skip
        kept = minimum(kept, share_within(turns, 0, maximum(cover_q24[row, COVER_TURN], 0) + slack))
    if kept == ONE_Q30:
        return
    goal[row, GOAL_STATE] = STATE_HELD
    for axis in range(3):
        moved = position_q24[row, axis] - origin_q24[row, axis]
        goal[row, GOAL_POSITION + axis] = origin_q24[row, axis] + mul_shift(moved, kept, 30)
    left = kept - ONE_Q30
    x, y, z, w = turned(
        rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2], rotation_q30[row, 3],
        mul_shift(motion[row, MOTION_TURN], left, 30),
        mul_shift(motion[row, MOTION_TURN + 1], left, 30),
        mul_shift(motion[row, MOTION_TURN + 2], left, 30),
    )  # fmt: skip
    goal[row, GOAL_ROTATION] = x
    goal[row, GOAL_ROTATION + 1] = y
    goal[row, GOAL_ROTATION + 2] = z
    goal[row, GOAL_ROTATION + 3] = w
    for axis in range(3):
        goal[row, GOAL_TURN + axis] = mul_shift(motion[row, MOTION_TURN + axis], kept, 30)
    goal[row, GOAL_PATH] = mul_shift(goal[row, GOAL_PATH], kept, 30)


@device_kernel(
    "void(int64,int64[::1],int64[::1],uint8[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1])"
)
def set_goals(
    count: int,
    active: Words,
    mobile: Words,
    shape: Bytes,
    lever_q24: Words,
    origin_q24: Words,
    position_q24: Words,
    rotation_q30: Words,
    motion: Words,
    cover_q24: Words,
    goal: Words,
) -> None:
    """Write where the bodies end their tick so far."""
    for row in range(count):
        if active[row] == 0:
            continue
        goal[row, GOAL_KEPT] = ONE_Q30
        goal[row, GOAL_TOUCHED] = 0
        for axis in range(3):
            goal[row, GOAL_POSITION + axis] = position_q24[row, axis]
            goal[row, GOAL_TURN + axis] = motion[row, MOTION_TURN + axis] if mobile[row] != MOBILE_NOT else 0
        for part in range(4):
            goal[row, GOAL_ROTATION + part] = rotation_q30[row, part]
        if goal[row, GOAL_STATE] == STATE_FAST:
            hold_in_box(
                row, origin_q24, position_q24, rotation_q30, motion, cover_q24, lever_q24, shape, goal
            )


@inline_kernel("int64(int64,int64,int64[::1],uint8[::1],int64,int64[:,::1])")
def stage_of(a: int, b: int, active: Words, flags: Bytes, has_contact: int, goal: Words) -> int:
    """When body a is to be stopped by body b; -1: never."""
    fast = goal[a, GOAL_STATE] == STATE_FAST or goal[a, GOAL_STATE] == STATE_HELD
    if active[a] != ACTIVE_DYNAMIC or goal[a, GOAL_STATE] == STATE_NOT:
        return -1
    if active[b] == ACTIVE_STATIC:
        return STAGE_STATIC if fast else -1
    if active[b] == ACTIVE_KINEMATIC:
        return STAGE_KINEMATIC if fast or goal[b, GOAL_PATH] > 0 else -1
    if active[b] != ACTIVE_DYNAMIC:
        return -1
    if flags[a] & FLAG_CONTINUOUS != 0:
        return STAGE_DYNAMIC if fast or goal[b, GOAL_STATE] == STATE_FAST else -1
    # What pushed a body that is held back must not go on through it.
    held = has_contact != 0 and goal[b, GOAL_STATE] == STATE_HELD
    return STAGE_DYNAMIC if held and goal[a, GOAL_STATE] == STATE_FAST else -1


@device_kernel(
    "int64(int64,int64[::1],int64,int64[:,::1],int64[::1],uint8[::1],uint8[::1],int64[::1],int64[:,::1],"
    "int64[:,::1])"
)
def choose_sweeps(
    pair_count: int,
    pairs: Words,
    contact_count: int,
    contact: Words,
    active: Words,
    shape: Bytes,
    flags: Bytes,
    filters: Words,
    goal: Words,
    sweep: Words,
) -> int:
    """List which bodies are to be swept past which, in the order of pairs; how many there are."""
    for index in range(contact_count):
        if contact[index, CONTACT_SENSOR] == 0:
            goal[contact[index, CONTACT_PAIR] >> 32, GOAL_TOUCHED] = 1
            goal[contact[index, CONTACT_PAIR] & _ROW_MASK, GOAL_TOUCHED] = 1
    found = 0
    index = 0
    for candidate in range(pair_count):
        pair = pairs[candidate]
        while index < contact_count and contact[index, CONTACT_PAIR] < pair:
            index += 1
        has_contact = 0
        if index < contact_count and contact[index, CONTACT_PAIR] == pair:
            has_contact = 1
        for side in range(2):
            a = pair >> 32 if side == 0 else pair & _ROW_MASK
            b = pair & _ROW_MASK if side == 0 else pair >> 32
            stage = stage_of(a, b, active, flags, has_contact, goal)
            if stage < 0:
                continue
            has_parts = shape[a] == SHAPE_COMPOUND or shape[b] == SHAPE_COMPOUND
            if not has_parts and not may_meet(filters[a], filters[b]):
                continue
            sweep[found, SWEEP_MOVER] = a
            sweep[found, SWEEP_OTHER] = b
            sweep[found, SWEEP_STAGE] = stage
            found += 1
    return found


@device_kernel("void(int64,int64[:,::1],int64[:,::1],int64[:,::1])")
def turn_spin(row: int, rotation_q30: Words, angular_velocity_q24: Words, goal: Words) -> None:
    """Let a body that turns less than was thought have the same angular velocity in its own axes.

    So its energy stays. With the angular momentum that it has in the world, a long body could gain a lot.
    """
    x, y, z = rotate_inverse_q30(
        rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2], rotation_q30[row, 3],
        angular_velocity_q24[row, 0], angular_velocity_q24[row, 1], angular_velocity_q24[row, 2],
    )  # fmt: skip
    x, y, z = rotate_q30(
        goal[row, GOAL_ROTATION], goal[row, GOAL_ROTATION + 1], goal[row, GOAL_ROTATION + 2],
        goal[row, GOAL_ROTATION + 3], x, y, z,
    )  # fmt: skip
    angular_velocity_q24[row, 0] = clamp_symmetric(x, ANGULAR_VELOCITY_MAX_Q24)
    angular_velocity_q24[row, 1] = clamp_symmetric(y, ANGULAR_VELOCITY_MAX_Q24)
    angular_velocity_q24[row, 2] = clamp_symmetric(z, ANGULAR_VELOCITY_MAX_Q24)


@device_kernel(
    "int64(int64,int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "uint8[::1],uint8[::1],int64[::1],int64[:,::1])"
)
def apply_goals(
    count: int,
    settings: Words,
    drive: Words,
    position_q24: Words,
    rotation_q30: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    angular_gain_q40: Words,
    locks: Bytes,
    flags: Bytes,
    active: Words,
    goal: Words,
) -> int:
    """Move the bodies that were stopped; how many there are.

    One that flew free had gravity for the whole tick, but fell only until it was stopped: the rest is taken
    back, or it would bounce higher than it fell.
    """
    stopped = 0
    for row in range(count):
        if active[row] == 0 or goal[row, GOAL_STATE] == STATE_NOT:
            continue
        is_stopped = goal[row, GOAL_KEPT] != ONE_Q30
        if not is_stopped and goal[row, GOAL_STATE] != STATE_HELD:
            continue
        stopped += 1
        for axis in range(3):
            position_q24[row, axis] = goal[row, GOAL_POSITION + axis]
        if flags[row] & FLAG_LOCK_ROTATION == 0:
            uneven = (
                angular_gain_q40[row, 0] != angular_gain_q40[row, 1]
                or angular_gain_q40[row, 1] != angular_gain_q40[row, 2]
            )
            if locks[row] & LOCK_ROTATION == 0 and uneven:
                turn_spin(row, rotation_q30, angular_velocity_q24, goal)
            for part in range(4):
                rotation_q30[row, part] = goal[row, GOAL_ROTATION + part]
        if is_stopped and goal[row, GOAL_TOUCHED] == 0:
            lost = ONE_Q30 - goal[row, GOAL_KEPT]
            for axis in range(3):
                gained = drive[row, DRIVE_V + axis] * settings[SUBSTEP_COUNT]
                velocity_q24[row, axis] = clamp_symmetric(
                    velocity_q24[row, axis] - mul_shift(gained, lost, 30), VELOCITY_MAX_Q24
                )
    return stopped


@kernel(
    "int64(int64,int64,int64,int64[::1],int64[::1],int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def stop_fast_bodies(
    count: int,
    pair_count: int,
    contact_count: int,
    settings: Words,
    active: Words,
    mobile: Words,
    shape: Bytes,
    flags: Bytes,
    locks: Bytes,
    filters: Words,
    size_q24: Words,
    lever_q24: Words,
    origin_q24: Words,
    position_q24: Words,
    rotation_q30: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    angular_gain_q40: Words,
    words: Words,
    word_first: Words,
    motion: Words,
    drive: Words,
    cover_q24: Words,
    pairs: Words,
    contact: Words,
    goal: Words,
    sweep: Words,
    near: Words,
    box: Words,
    path: Words,
    work: Words,
) -> int:
    """Let bodies that move further in the tick than half their inner radius end it where they meet others.

    Parameters
    ----------
    active, cover_q24 : arrays
        From :func:`physics_fixed.broadphase.boxes.place_boxes`.
    mobile, origin_q24, motion, drive : arrays
        From the solver; MOTION_TURN as :func:`physics_fixed.solver.bodies.finish_bodies` left it.
    position_q24, rotation_q30, velocity_q24, angular_velocity_q24 : arrays
        Columns of the table of bodies, after the step; written for bodies that are stopped.
    pairs : (pair_count,); contact : (contact_count, CONTACT_WIDTH)
        Candidates, and those that became contacts, ascending.
    goal : (n, GOAL_WIDTH), sweep : (2 * pair_count, SWEEP_WIDTH), near, box, path, work : scratch

    Returns
    -------
    int
        How many bodies were stopped. If there was no room for the triangles of a mesh, -1 - how many ``near``
        must hold, and nothing was written but scratch.
    """
    if not is_any_fast(
        count, active, mobile, shape, size_q24, lever_q24, words, word_first, origin_q24, position_q24, motion
    ):
        return 0
    find_fast(
        count, active, mobile, shape, size_q24, lever_q24, words, word_first, origin_q24, position_q24,
        motion, goal,
    )  # fmt: skip
    set_goals(
        count,
        active,
        mobile,
        shape,
        lever_q24,
        origin_q24,
        position_q24,
        rotation_q30,
        motion,
        cover_q24,
        goal,
    )
    sweeps = choose_sweeps(
        pair_count, pairs, contact_count, contact, active, shape, flags, filters, goal, sweep
    )
    for stage in range(STAGES):
        for index in range(sweeps):
            a = sweep[index, SWEEP_MOVER]
            wanted = sweep[index, SWEEP_STAGE] == stage
            if stage == STAGES - 1:
                wanted = sweep[index, SWEEP_STAGE] == STAGE_STATIC and goal[a, GOAL_STATE] == STATE_PUSHED
            if not wanted:
                continue
            met = sweep_pair(
                a, sweep[index, SWEEP_OTHER], shape, locks, filters, size_q24, lever_q24, origin_q24, words,
                word_first, goal, box, near, path, work,
            )  # fmt: skip
            if met < 0:
                return met
            if met != 0 and stage == STAGE_DYNAMIC:
                goal[a, GOAL_STATE] = STATE_PUSHED
    return apply_goals(
        count, settings, drive, position_q24, rotation_q30, velocity_q24, angular_velocity_q24,
        angular_gain_q40, locks, flags, active, goal,
    )  # fmt: skip
