"""Passes over links: making them anew, warm start, the biased solve and the relax pass."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp, clamp_symmetric
from physics_fixed.fixmath.wide import dot3_shift, dot6_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import MOTION_V, MOTION_W, Words
from physics_fixed.solver.joints.block import factor_link
from physics_fixed.solver.joints.frames import put_rods
from physics_fixed.solver.joints.rows import (
    AXES,
    EFFECT_LENGTH,
    LINK_A,
    LINK_ACTIVE,
    LINK_B,
    LINK_CHANGE,
    LINK_FIX,
    LINK_LOCKED,
    LINK_PRESENT,
    LINK_SHARE_A,
    LINK_SHARE_B,
    LINK_TOTAL,
    LOCKABLE,
    MODE_LIMITED,
    MODE_MOTOR,
    MODE_SPRING,
    PUSH_MAX_Q24,
    ROD_ARM_A,
    ROD_ARM_B,
    ROD_AXIS,
    ROD_DIRECTION,
    ROD_ERROR,
    ROD_FACTOR,
    ROD_GAIN_A,
    ROD_GAIN_B,
    ROD_HIGH,
    ROD_LOW,
    ROD_LOWER,
    ROD_MASS,
    ROD_MODE,
    ROD_MOTOR,
    ROD_PUSH,
    ROD_REST,
    ROD_SPRING_KEEP,
    ROD_SPRING_MASS,
    ROD_SPRING_RATE,
    ROD_TARGET,
    ROD_TARGET_MAX,
    ROD_UPPER,
    ROD_WORK,
    TWIST,
    UP_GAIN,
    UP_ROD,
)
from physics_fixed.solver.rows import PRODUCT, SPEED_MAX_Q24, UP, UP_RATE
from physics_fixed.solver.settings import (
    BIAS_RATE,
    IMPULSE_SCALE,
    JOINT_PUSH_OUT_MAX,
    JOINT_SOFTNESS,
    MASS_SCALE,
    SUBSTEP_RATE,
)

_PRODUCT_DOUBLED = PRODUCT - 1
_WORK_MAX_Q24 = 1 << 38  # bounds of numbers on their way through the factors
_RESULT_MAX_Q24 = 1 << 42
_ERROR_MAX_Q28 = 1 << 42
_NEAR_SPEED_Q24 = 4 << 24  # a limit is looked at when it would be reached at this speed in a substep


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1],int64,int64)")
def speed_along_rod(rod: Words, row: int, motion: Words, a: int, b: int) -> int:
    """Velocity along a rod, q24 m/s."""
    return dot3_shift(
        rod[row, ROD_DIRECTION], (motion[b, MOTION_V] - motion[a, MOTION_V]) << UP_ROD,
        rod[row, ROD_DIRECTION + 1], (motion[b, MOTION_V + 1] - motion[a, MOTION_V + 1]) << UP_ROD,
        rod[row, ROD_DIRECTION + 2], (motion[b, MOTION_V + 2] - motion[a, MOTION_V + 2]) << UP_ROD,
        PRODUCT,
    ) + dot6_shift(
        rod[row, ROD_ARM_B], motion[b, MOTION_W] << UP_ROD,
        rod[row, ROD_ARM_B + 1], motion[b, MOTION_W + 1] << UP_ROD,
        rod[row, ROD_ARM_B + 2], motion[b, MOTION_W + 2] << UP_ROD,
        -rod[row, ROD_ARM_A], motion[a, MOTION_W] << UP_ROD,
        -rod[row, ROD_ARM_A + 1], motion[a, MOTION_W + 1] << UP_ROD,
        -rod[row, ROD_ARM_A + 2], motion[a, MOTION_W + 2] << UP_ROD,
        PRODUCT,
    )  # fmt: skip


@inline_kernel("int64(int64,int64)")
def nearest_product(a: int, b: int) -> int:
    """Upper word of a product, rounded to nearest: what is rounded down thousands of times a second drifts.

    (Two bodies on a hinge in weightlessness gained 4e-4 rad/s in a second.)
    """
    return (mul_shift(a, b, _PRODUCT_DOUBLED) + 1) >> 1


@inline_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64,int64)")
def add_effect(link: Words, slot: int, column: int, rod: Words, row: int, push: int) -> None:
    """Add what a push along a rod does to the sum in LINK_FIX or LINK_CHANGE."""
    for lane in range(3):
        link[slot, column + lane] += nearest_product(rod[row, ROD_DIRECTION + lane], push << UP_ROD)
        link[slot, column + 3 + lane] -= nearest_product(rod[row, ROD_GAIN_A + lane], push << UP_GAIN)
        link[slot, column + 6 + lane] += nearest_product(rod[row, ROD_GAIN_B + lane], push << UP_GAIN)


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1])")
def apply_effect(link: Words, slot: int, column: int, motion: Words) -> None:
    """Give both bodies of a link what LINK_FIX or LINK_CHANGE says; velocities stay within their range."""
    a = link[slot, LINK_A]
    b = link[slot, LINK_B]
    share_a = link[slot, LINK_SHARE_A]
    share_b = link[slot, LINK_SHARE_B]
    for lane in range(3):
        push = link[slot, column + lane] << UP
        if share_a != 0:
            here = motion[a, MOTION_V + lane] - nearest_product(share_a, push)
            motion[a, MOTION_V + lane] = clamp_symmetric(here, SPEED_MAX_Q24)
            here = motion[a, MOTION_W + lane] + link[slot, column + 3 + lane]
            motion[a, MOTION_W + lane] = clamp_symmetric(here, SPEED_MAX_Q24)
        if share_b != 0:
            here = motion[b, MOTION_V + lane] + nearest_product(share_b, push)
            motion[b, MOTION_V + lane] = clamp_symmetric(here, SPEED_MAX_Q24)
            here = motion[b, MOTION_W + lane] + link[slot, column + 6 + lane]
            motion[b, MOTION_W + lane] = clamp_symmetric(here, SPEED_MAX_Q24)


@inline_kernel("void(int64[:,::1],int64,int64)")
def clear_effect(link: Words, slot: int, column: int) -> None:
    """Set LINK_FIX or LINK_CHANGE to zero."""
    for lane in range(EFFECT_LENGTH):
        link[slot, column + lane] = 0


@inline_kernel("int64(int64[:,::1],int64)")
def active_push(rod: Words, row: int) -> int:
    """All that an active axis pushes."""
    push: int = rod[row, ROD_PUSH] + rod[row, ROD_MOTOR] + rod[row, ROD_LOWER] - rod[row, ROD_UPPER]
    return push


@device_kernel("void(int64[:,::1],int64,int64[:,::1])")
def add_old_effect(link: Words, slot: int, rod: Words) -> None:
    """Take what the accumulated pushes do along the rods as they are from LINK_FIX.

    The rods of active axes are orthogonal to the locked ones here, so what they take from the locked pushes
    is added back to these.
    """
    base = slot * AXES
    present = link[slot, LINK_PRESENT]
    for i in range(LOCKABLE):
        if link[slot, LINK_LOCKED] >> i & 1 != 0:
            push = rod[base + i, ROD_PUSH]
            for axis in range(AXES):
                if present >> axis & 1 != 0:
                    push += mul_shift(rod[base + axis, ROD_FACTOR + i], active_push(rod, base + axis), 40)
            add_effect(link, slot, LINK_FIX, rod, base + i, -clamp_symmetric(push, 2 * PUSH_MAX_Q24))
    for axis in range(AXES):
        if present >> axis & 1 != 0:
            add_effect(link, slot, LINK_FIX, rod, base + axis, -active_push(rod, base + axis))


@device_kernel("void(int64[:,::1],int64,int64[:,::1])")
def add_new_effect(link: Words, slot: int, rod: Words) -> None:
    """Add what the accumulated pushes do along rods that were just made to LINK_FIX."""
    base = slot * AXES
    for axis in range(AXES):
        if link[slot, LINK_LOCKED] >> axis & 1 != 0:
            add_effect(link, slot, LINK_FIX, rod, base + axis, rod[base + axis, ROD_PUSH])
        elif link[slot, LINK_PRESENT] >> axis & 1 != 0:
            add_effect(link, slot, LINK_FIX, rod, base + axis, active_push(rod, base + axis))


@device_kernel("int64(int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[::1])")
def present_axes(link: Words, slot: int, rod: Words, motion: Words, settings: Words) -> int:
    """Bits of the active axes that may push: all but those far from their limits that have nothing else."""
    present = 0
    for axis in range(AXES):
        if link[slot, LINK_ACTIVE] >> axis & 1 == 0:
            continue
        row = slot * AXES + axis
        if (
            rod[row, ROD_MODE] & (MODE_MOTOR | MODE_SPRING) == 0
            and rod[row, ROD_LOWER] | rod[row, ROD_UPPER] == 0
        ):
            speed = speed_along_rod(rod, row, motion, link[slot, LINK_A], link[slot, LINK_B])
            reach = (2 * abs(speed) + _NEAR_SPEED_Q24) // settings[SUBSTEP_RATE] << UP
            error = rod[row, ROD_ERROR]
            if rod[row, ROD_LOW] < error - reach and error + reach < rod[row, ROD_HIGH]:
                continue
        present |= 1 << axis
    return present


@device_kernel(
    "void(int64[:,::1],int64[:,::1],int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],"
    "int64)"
)
def make_links(
    link: Words,
    rod: Words,
    first: int,
    end: int,
    world: int,
    origin_q24: Words,
    rotation_q30: Words,
    gain_q40: Words,
    motion: Words,
    settings: Words,
    is_first: int,
) -> None:
    """Make the rods of links ``first`` to ``end`` from the poses of now.

    LINK_FIX becomes what the next substep must add to the velocities, so that the accumulated pushes act
    along the new rods: all of them in the first substep of a tick (``is_first``), the difference to the old
    rods later.
    """
    for slot in range(first, end):
        clear_effect(link, slot, LINK_FIX)
        if is_first == 0:
            add_old_effect(link, slot, rod)
        put_rods(link, slot, rod, world, origin_q24, rotation_q30, gain_q40, motion)
        link[slot, LINK_PRESENT] = present_axes(link, slot, rod, motion, settings)
        add_new_effect(link, slot, rod)
        factor_link(link, slot, rod)


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1])")
def start_links(link: Words, first: int, end: int, motion: Words) -> None:
    """Warm start, or its correction after the rods have turned, of links ``first`` to ``end``."""
    for slot in range(first, end):
        apply_effect(link, slot, LINK_FIX, motion)


@device_kernel("void(int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[::1],int64)")
def solve_locked(link: Words, slot: int, rod: Words, motion: Words, settings: Words, biased: int) -> None:
    """Solve all locked axes of a link at once; what the pushes do is added to LINK_CHANGE."""
    locked = link[slot, LINK_LOCKED]
    base = slot * AXES
    a = link[slot, LINK_A]
    b = link[slot, LINK_B]
    for i in range(LOCKABLE):
        if locked >> i & 1 == 0:
            continue
        row = base + i
        wanted = -speed_along_rod(rod, row, motion, a, b)
        if biased != 0:
            error = clamp_symmetric(rod[row, ROD_ERROR] - rod[row, ROD_LOW], _ERROR_MAX_Q28)
            bias = mul_shift(error << (UP_RATE - UP), settings[JOINT_SOFTNESS + BIAS_RATE], PRODUCT)
            wanted -= clamp_symmetric(bias, settings[JOINT_PUSH_OUT_MAX])
        wanted = clamp_symmetric(wanted, _WORK_MAX_Q24)
        for j in range(i):
            if locked >> j & 1 != 0:
                wanted -= mul_shift(rod[row, ROD_FACTOR + j], rod[base + j, ROD_WORK], 40)
        rod[row, ROD_WORK] = clamp_symmetric(wanted, _RESULT_MAX_Q24)
    for i in range(LOCKABLE - 1, -1, -1):
        if locked >> i & 1 == 0:
            continue
        row = base + i
        change = clamp_symmetric(mul_shift(rod[row, ROD_WORK], rod[row, ROD_MASS], 50), _RESULT_MAX_Q24)
        for k in range(i + 1, LOCKABLE):
            if locked >> k & 1 != 0:
                change -= mul_shift(rod[base + k, ROD_FACTOR + i], rod[base + k, ROD_WORK], 40)
        rod[row, ROD_WORK] = clamp_symmetric(change, _RESULT_MAX_Q24)
    for i in range(LOCKABLE):
        if locked >> i & 1 == 0:
            continue
        row = base + i
        change = rod[row, ROD_WORK]
        old = rod[row, ROD_PUSH]
        if biased != 0:
            change = mul_shift(change << UP, settings[JOINT_SOFTNESS + MASS_SCALE], PRODUCT) - mul_shift(
                old << UP, settings[JOINT_SOFTNESS + IMPULSE_SCALE], PRODUCT
            )
        push = clamp_symmetric(old + change, PUSH_MAX_Q24)
        rod[row, ROD_PUSH] = push
        add_effect(link, slot, LINK_CHANGE, rod, row, push - old)


@inline_kernel("int64(int64,int64,int64,int64,int64[::1],int64)")
def next_limit_push(push: int, speed: int, separation: int, mass: int, settings: Words, biased: int) -> int:
    """New accumulated push of a limit, as of a contact's point (:mod:`physics_fixed.solver.faces`).

    ``separation`` is how far the limit is, q28 m, ``speed`` how fast it goes away, ``mass`` in Q50.
    """
    if separation > 0:
        if biased == 0 and push == 0:  # while relaxing, an open gap is left to the next substep
            return 0
        push -= mul_shift(speed + (separation * settings[SUBSTEP_RATE] >> UP), mass, 50)
    elif biased:
        bias = mul_shift(separation << (UP_RATE - UP), settings[JOINT_SOFTNESS + BIAS_RATE], PRODUCT)
        wanted = mul_shift(speed + clamp_symmetric(bias, settings[JOINT_PUSH_OUT_MAX]), mass, 50)
        push -= mul_shift(wanted << UP, settings[JOINT_SOFTNESS + MASS_SCALE], PRODUCT) + mul_shift(
            push << UP, settings[JOINT_SOFTNESS + IMPULSE_SCALE], PRODUCT
        )
    else:
        push -= mul_shift(speed, mass, 50)
    return clamp(push, 0, PUSH_MAX_Q24)


@device_kernel("void(int64[:,::1],int64,int64[:,::1],int64,int64[:,::1],int64[::1],int64)")
def solve_active(
    link: Words, slot: int, rod: Words, axis: int, motion: Words, settings: Words, biased: int
) -> None:
    """Solve one axis with limits, motor or spring; what the pushes do is added to LINK_CHANGE.

    The parts of an axis share its rod, so each knows what those before it did to the speed. A spring acts
    once a substep, in the biased pass, from where it stood when the substep began; motor and limits act in
    both.
    """
    row = slot * AXES + axis
    mode = rod[row, ROD_MODE]
    mass = rod[row, ROD_MASS]
    inverse_mass = rod[row, ROD_WORK]
    before = active_push(rod, row)
    speed = speed_along_rod(rod, row, motion, link[slot, LINK_A], link[slot, LINK_B])
    speed = clamp_symmetric(speed, _WORK_MAX_Q24)
    if mode & MODE_SPRING != 0 and biased != 0:
        old = rod[row, ROD_PUSH]
        error = clamp_symmetric(rod[row, ROD_ERROR] - rod[row, ROD_REST], _ERROR_MAX_Q28)
        wanted = mul_shift(error, rod[row, ROD_SPRING_RATE], 48)
        wanted += mul_shift(speed << UP, rod[row, ROD_SPRING_MASS], PRODUCT)
        push = old - mul_shift(clamp_symmetric(wanted, _WORK_MAX_Q24), mass, 50)
        push = clamp_symmetric(push - mul_shift(old << UP, rod[row, ROD_SPRING_KEEP], PRODUCT), PUSH_MAX_Q24)
        rod[row, ROD_PUSH] = push
        speed += mul_shift(push - old, inverse_mass, 32)
    if mode & MODE_MOTOR != 0:
        old = rod[row, ROD_MOTOR]
        push = old - mul_shift(clamp_symmetric(speed - rod[row, ROD_TARGET], _WORK_MAX_Q24), mass, 50)
        push = clamp_symmetric(push, rod[row, ROD_TARGET_MAX])
        rod[row, ROD_MOTOR] = push
        speed += mul_shift(push - old, inverse_mass, 32)
    if mode & MODE_LIMITED != 0:
        old = rod[row, ROD_LOWER]
        away = clamp_symmetric(rod[row, ROD_ERROR] - rod[row, ROD_LOW], _ERROR_MAX_Q28)
        push = next_limit_push(old, clamp_symmetric(speed, _WORK_MAX_Q24), away, mass, settings, biased)
        rod[row, ROD_LOWER] = push
        speed += mul_shift(push - old, inverse_mass, 32)
        old = rod[row, ROD_UPPER]
        away = clamp_symmetric(rod[row, ROD_HIGH] - rod[row, ROD_ERROR], _ERROR_MAX_Q28)
        push = next_limit_push(old, clamp_symmetric(-speed, _WORK_MAX_Q24), away, mass, settings, biased)
        rod[row, ROD_UPPER] = push
    change = active_push(rod, row) - before
    if change == 0:
        return
    add_effect(link, slot, LINK_CHANGE, rod, row, change)
    base = slot * AXES
    for i in range(LOCKABLE):
        if link[slot, LINK_LOCKED] >> i & 1 != 0:
            taken = mul_shift(rod[row, ROD_FACTOR + i], change, 40)
            rod[base + i, ROD_PUSH] = clamp_symmetric(rod[base + i, ROD_PUSH] - taken, PUSH_MAX_Q24)


@device_kernel("void(int64[:,::1],int64,int64[:,::1])")
def add_totals(link: Words, slot: int, rod: Words) -> None:
    """Add the accumulated pushes of a substep to those of the tick, in world axes."""
    for axis in range(AXES):
        row = slot * AXES + axis
        if link[slot, LINK_LOCKED] >> axis & 1 != 0:
            push = rod[row, ROD_PUSH]
        elif link[slot, LINK_PRESENT] >> axis & 1 != 0:
            push = active_push(rod, row)
        else:
            continue
        column = LINK_TOTAL if axis < TWIST else LINK_TOTAL + 3
        for lane in range(3):
            link[slot, column + lane] += mul_shift(rod[row, ROD_AXIS + lane], push, 30)


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64[::1],int64)")
def solve_links(
    link: Words, rod: Words, first: int, end: int, motion: Words, settings: Words, biased: int
) -> None:
    """One pass over links ``first`` to ``end``.

    The locked axes first: the others do not change their velocities.
    """
    for slot in range(first, end):
        if link[slot, LINK_LOCKED] != 0:
            clear_effect(link, slot, LINK_CHANGE)
            solve_locked(link, slot, rod, motion, settings, biased)
            apply_effect(link, slot, LINK_CHANGE, motion)
        present = link[slot, LINK_PRESENT]
        for axis in range(AXES):
            if present >> axis & 1 != 0:
                clear_effect(link, slot, LINK_CHANGE)
                solve_active(link, slot, rod, axis, motion, settings, biased)
                apply_effect(link, slot, LINK_CHANGE, motion)
        if biased == 0:
            add_totals(link, slot, rod)
