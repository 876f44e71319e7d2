"""Ball rows: warm start, solve, restitution. The inner loops of a pile of spheres.

With n the normal from a to b, w the sum of both bodies' angular velocities times levers, and d the difference
of their velocities, the relative velocity at the contact is ``d - w x n``. A push p along n and a friction f
at right angles to it change ``d`` by ``p n + f``, of which a takes its share, and both angular velocities by
``-spin * (n x f)``.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp, maximum, minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import MOTION_SHIFT, MOTION_V, MOTION_W, Words
from physics_fixed.parallel.atomics import fetch
from physics_fixed.solver.rolling import solve_roll
from physics_fixed.solver.rows import (
    BALL_BODIES,
    BALL_BOUNCE,
    BALL_DRAG,
    BALL_DRAG_TOTAL,
    BALL_FRICTION,
    BALL_NORMAL,
    BALL_PUSH,
    BALL_ROLL,
    BALL_SEPARATION,
    BALL_SHARE_A,
    BALL_SLIP,
    BALL_SPIN_A,
    BALL_SPIN_B,
    BALL_TOTAL,
    PRODUCT,
    PUSH_MAX_Q24,
    UP,
    UP_FRICTION,
    UP_RATE,
)
from physics_fixed.solver.settings import BIAS_RATE, IMPULSE_SCALE, MASS_SCALE, PUSH_OUT_MAX, SUBSTEP_RATE
from physics_fixed.solver.terms import shrink_factor_q30

_ROW_MASK = 0xFFFFFFFF
_AHEAD = 4  # rows whose bodies are asked for before their turn


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64,int64,int64)")
def apply_pair(
    ball: Words,
    row: int,
    px: int,
    py: int,
    pz: int,
    fx: int,
    fy: int,
    fz: int,
    motion: Words,
    a: int,
    b: int,
    share: int,
) -> None:
    """Give two dynamic bodies the push ``p`` (normal and friction) of which ``f`` is the friction."""
    nx = ball[row, BALL_NORMAL]
    ny = ball[row, BALL_NORMAL + 1]
    nz = ball[row, BALL_NORMAL + 2]
    fx <<= UP
    fy <<= UP
    fz <<= UP
    tx = mul_sub_shift(ny, fz, nz, fy, PRODUCT) << UP
    ty = mul_sub_shift(nz, fx, nx, fz, PRODUCT) << UP
    tz = mul_sub_shift(nx, fy, ny, fx, PRODUCT) << UP
    ax = mul_shift(share, px << UP, PRODUCT)
    ay = mul_shift(share, py << UP, PRODUCT)
    az = mul_shift(share, pz << UP, PRODUCT)
    spin_a = ball[row, BALL_SPIN_A]
    spin_b = ball[row, BALL_SPIN_B]
    motion[a, MOTION_V] -= ax
    motion[a, MOTION_V + 1] -= ay
    motion[a, MOTION_V + 2] -= az
    motion[b, MOTION_V] += px - ax
    motion[b, MOTION_V + 1] += py - ay
    motion[b, MOTION_V + 2] += pz - az
    motion[a, MOTION_W] -= mul_shift(spin_a, tx, PRODUCT)
    motion[a, MOTION_W + 1] -= mul_shift(spin_a, ty, PRODUCT)
    motion[a, MOTION_W + 2] -= mul_shift(spin_a, tz, PRODUCT)
    motion[b, MOTION_W] -= mul_shift(spin_b, tx, PRODUCT)
    motion[b, MOTION_W + 1] -= mul_shift(spin_b, ty, PRODUCT)
    motion[b, MOTION_W + 2] -= mul_shift(spin_b, tz, PRODUCT)


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64[:,::1],int64)")
def apply_static(
    ball: Words, row: int, px: int, py: int, pz: int, fx: int, fy: int, fz: int, motion: Words, a: int
) -> None:
    """The same where b is static: a takes all of the push."""
    nx = ball[row, BALL_NORMAL]
    ny = ball[row, BALL_NORMAL + 1]
    nz = ball[row, BALL_NORMAL + 2]
    fx <<= UP
    fy <<= UP
    fz <<= UP
    spin = ball[row, BALL_SPIN_A]
    motion[a, MOTION_V] -= px
    motion[a, MOTION_V + 1] -= py
    motion[a, MOTION_V + 2] -= pz
    motion[a, MOTION_W] -= mul_shift(spin, mul_sub_shift(ny, fz, nz, fy, PRODUCT) << UP, PRODUCT)
    motion[a, MOTION_W + 1] -= mul_shift(spin, mul_sub_shift(nz, fx, nx, fz, PRODUCT) << UP, PRODUCT)
    motion[a, MOTION_W + 2] -= mul_shift(spin, mul_sub_shift(nx, fy, ny, fx, PRODUCT) << UP, PRODUCT)


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64)")
def warm_start_balls(ball: Words, first: int, end: int, motion: Words, static: int) -> None:
    """Apply the accumulated pushes of rows ``first`` to ``end``."""
    for row in range(first, end):
        a = ball[row, BALL_BODIES] >> 32
        b = ball[row, BALL_BODIES] & _ROW_MASK
        push = ball[row, BALL_PUSH] << UP
        fx = ball[row, BALL_DRAG]
        fy = ball[row, BALL_DRAG + 1]
        fz = ball[row, BALL_DRAG + 2]
        px = fx + mul_shift(ball[row, BALL_NORMAL], push, PRODUCT)
        py = fy + mul_shift(ball[row, BALL_NORMAL + 1], push, PRODUCT)
        pz = fz + mul_shift(ball[row, BALL_NORMAL + 2], push, PRODUCT)
        if static != 0:
            apply_static(ball, row, px, py, pz, fx, fy, fz, motion, a)
        else:
            apply_pair(ball, row, px, py, pz, fx, fy, fz, motion, a, b, ball[row, BALL_SHARE_A])


@inline_kernel("int64(int64,int64,int64,int64[::1],int64,int64)")
def next_push(push: int, speed: int, separation: int, settings: Words, softness: int, biased: int) -> int:
    """New accumulated push of a row with effective mass one.

    A gap may be closed within the substep, not more. Overlap is pushed out like a damped spring while
    ``biased``; otherwise the row just stops the approach.
    """
    if separation > 0:
        if biased != 0 or push > 0:  # while relaxing, an open gap is left to the next substep
            push -= speed + separation * settings[SUBSTEP_RATE]
    elif biased:
        bias = maximum(
            mul_shift(separation << UP_RATE, settings[softness + BIAS_RATE], PRODUCT), -settings[PUSH_OUT_MAX]
        )
        push -= mul_shift((speed + bias) << UP, settings[softness + MASS_SCALE], PRODUCT) + mul_shift(
            push << UP, settings[softness + IMPULSE_SCALE], PRODUCT
        )
    else:
        push -= speed
    return clamp(push, 0, PUSH_MAX_Q24)


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64[::1],int64,int64)")
def solve_ball_pairs(
    ball: Words,
    roll: Words,
    first: int,
    end: int,
    motion: Words,
    settings: Words,
    softness: int,
    biased: int,
) -> None:
    """One pass over rows ``first`` to ``end``, each of two dynamic bodies."""
    for row in range(first, end):
        soon = ball[minimum(row + _AHEAD, end - 1), BALL_BODIES]
        fetch(motion, soon >> 32)
        fetch(motion, soon & _ROW_MASK)
        a = ball[row, BALL_BODIES] >> 32
        b = ball[row, BALL_BODIES] & _ROW_MASK
        if ball[row, BALL_ROLL] != 0:
            solve_roll(roll, ball[row, BALL_ROLL] - 1, ball[row, BALL_PUSH], motion, a, b)
        nx = ball[row, BALL_NORMAL]
        ny = ball[row, BALL_NORMAL + 1]
        nz = ball[row, BALL_NORMAL + 2]
        dx = motion[b, MOTION_V] - motion[a, MOTION_V]
        dy = motion[b, MOTION_V + 1] - motion[a, MOTION_V + 1]
        dz = motion[b, MOTION_V + 2] - motion[a, MOTION_V + 2]
        wx = (motion[a, MOTION_W] + motion[b, MOTION_W]) << UP
        wy = (motion[a, MOTION_W + 1] + motion[b, MOTION_W + 1]) << UP
        wz = (motion[a, MOTION_W + 2] + motion[b, MOTION_W + 2]) << UP
        speed = dot3_shift(nx, dx << UP, ny, dy << UP, nz, dz << UP, PRODUCT)
        separation = ball[row, BALL_SEPARATION] + dot3_shift(
            nx, motion[b, MOTION_SHIFT] - motion[a, MOTION_SHIFT],
            ny, motion[b, MOTION_SHIFT + 1] - motion[a, MOTION_SHIFT + 1],
            nz, motion[b, MOTION_SHIFT + 2] - motion[a, MOTION_SHIFT + 2],
            PRODUCT,
        )  # fmt: skip
        old_push = ball[row, BALL_PUSH]
        push = next_push(old_push, speed, separation, settings, softness, biased)
        ball[row, BALL_PUSH] = push
        along = speed << UP
        slip = ball[row, BALL_SLIP]
        fx = ball[row, BALL_DRAG]
        fy = ball[row, BALL_DRAG + 1]
        fz = ball[row, BALL_DRAG + 2]
        gx = fx - mul_shift(slip, (dx - dot3_shift(wy, nz, -wz, ny, nx, along, PRODUCT)) << UP, PRODUCT)
        gy = fy - mul_shift(slip, (dy - dot3_shift(wz, nx, -wx, nz, ny, along, PRODUCT)) << UP, PRODUCT)
        gz = fz - mul_shift(slip, (dz - dot3_shift(wx, ny, -wy, nx, nz, along, PRODUCT)) << UP, PRODUCT)
        limit = mul_shift(ball[row, BALL_FRICTION], push << UP_FRICTION, PRODUCT)
        if abs(gx) + abs(gy) + abs(gz) > limit:
            factor = shrink_factor_q30(gx, gy, gz, limit)
            if factor != 0:
                gx = mul_shift(gx, factor, 30)
                gy = mul_shift(gy, factor, 30)
                gz = mul_shift(gz, factor, 30)
        ball[row, BALL_DRAG] = gx
        ball[row, BALL_DRAG + 1] = gy
        ball[row, BALL_DRAG + 2] = gz
        if biased == 0:
            ball[row, BALL_TOTAL] += push
            ball[row, BALL_DRAG_TOTAL] += gx
            ball[row, BALL_DRAG_TOTAL + 1] += gy
            ball[row, BALL_DRAG_TOTAL + 2] += gz
        fx = gx - fx
        fy = gy - fy
        fz = gz - fz
        change = (push - old_push) << UP
        px = fx + mul_shift(nx, change, PRODUCT)
        py = fy + mul_shift(ny, change, PRODUCT)
        pz = fz + mul_shift(nz, change, PRODUCT)
        apply_pair(ball, row, px, py, pz, fx, fy, fz, motion, a, b, ball[row, BALL_SHARE_A])


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64[::1],int64,int64)")
def solve_balls_on_static(
    ball: Words,
    roll: Words,
    first: int,
    end: int,
    motion: Words,
    settings: Words,
    softness: int,
    biased: int,
) -> None:
    """One pass over rows ``first`` to ``end``, whose body b is static."""
    for row in range(first, end):
        a = ball[row, BALL_BODIES] >> 32
        if ball[row, BALL_ROLL] != 0:
            b = ball[row, BALL_BODIES] & _ROW_MASK
            solve_roll(roll, ball[row, BALL_ROLL] - 1, ball[row, BALL_PUSH], motion, a, b)
        nx = ball[row, BALL_NORMAL]
        ny = ball[row, BALL_NORMAL + 1]
        nz = ball[row, BALL_NORMAL + 2]
        dx = -motion[a, MOTION_V]
        dy = -motion[a, MOTION_V + 1]
        dz = -motion[a, MOTION_V + 2]
        wx = motion[a, MOTION_W] << UP
        wy = motion[a, MOTION_W + 1] << UP
        wz = motion[a, MOTION_W + 2] << UP
        speed = dot3_shift(nx, dx << UP, ny, dy << UP, nz, dz << UP, PRODUCT)
        separation = ball[row, BALL_SEPARATION] - dot3_shift(
            nx, motion[a, MOTION_SHIFT],
            ny, motion[a, MOTION_SHIFT + 1],
            nz, motion[a, MOTION_SHIFT + 2],
            PRODUCT,
        )  # fmt: skip
        old_push = ball[row, BALL_PUSH]
        push = next_push(old_push, speed, separation, settings, softness, biased)
        ball[row, BALL_PUSH] = push
        along = speed << UP
        slip = ball[row, BALL_SLIP]
        fx = ball[row, BALL_DRAG]
        fy = ball[row, BALL_DRAG + 1]
        fz = ball[row, BALL_DRAG + 2]
        gx = fx - mul_shift(slip, (dx - dot3_shift(wy, nz, -wz, ny, nx, along, PRODUCT)) << UP, PRODUCT)
        gy = fy - mul_shift(slip, (dy - dot3_shift(wz, nx, -wx, nz, ny, along, PRODUCT)) << UP, PRODUCT)
        gz = fz - mul_shift(slip, (dz - dot3_shift(wx, ny, -wy, nx, nz, along, PRODUCT)) << UP, PRODUCT)
        limit = mul_shift(ball[row, BALL_FRICTION], push << UP_FRICTION, PRODUCT)
        if abs(gx) + abs(gy) + abs(gz) > limit:
            factor = shrink_factor_q30(gx, gy, gz, limit)
            if factor != 0:
                gx = mul_shift(gx, factor, 30)
                gy = mul_shift(gy, factor, 30)
                gz = mul_shift(gz, factor, 30)
        ball[row, BALL_DRAG] = gx
        ball[row, BALL_DRAG + 1] = gy
        ball[row, BALL_DRAG + 2] = gz
        if biased == 0:
            ball[row, BALL_TOTAL] += push
            ball[row, BALL_DRAG_TOTAL] += gx
            ball[row, BALL_DRAG_TOTAL + 1] += gy
            ball[row, BALL_DRAG_TOTAL + 2] += gz
        fx = gx - fx
        fy = gy - fy
        fz = gz - fz
        change = (push - old_push) << UP
        px = fx + mul_shift(nx, change, PRODUCT)
        py = fy + mul_shift(ny, change, PRODUCT)
        pz = fz + mul_shift(nz, change, PRODUCT)
        apply_static(ball, row, px, py, pz, fx, fy, fz, motion, a)


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64)")
def bounce_balls(ball: Words, first: int, end: int, motion: Words, static: int) -> None:
    """Restitution: where a fast approach was stopped in this tick, push until it separates as it must."""
    for row in range(first, end):
        if ball[row, BALL_BOUNCE] == 0 or ball[row, BALL_TOTAL] == 0:
            continue
        a = ball[row, BALL_BODIES] >> 32
        b = ball[row, BALL_BODIES] & _ROW_MASK
        nx = ball[row, BALL_NORMAL]
        ny = ball[row, BALL_NORMAL + 1]
        nz = ball[row, BALL_NORMAL + 2]
        dx = -motion[a, MOTION_V]
        dy = -motion[a, MOTION_V + 1]
        dz = -motion[a, MOTION_V + 2]
        if static == 0:
            dx += motion[b, MOTION_V]
            dy += motion[b, MOTION_V + 1]
            dz += motion[b, MOTION_V + 2]
        speed = dot3_shift(nx, dx << UP, ny, dy << UP, nz, dz << UP, PRODUCT)
        old_push = ball[row, BALL_PUSH]
        push = clamp(old_push - speed + ball[row, BALL_BOUNCE], 0, PUSH_MAX_Q24)
        ball[row, BALL_TOTAL] += push - old_push
        ball[row, BALL_PUSH] = 0  # the pair separates: the next tick must not start with this push
        change = (push - old_push) << UP
        px = mul_shift(nx, change, PRODUCT)
        py = mul_shift(ny, change, PRODUCT)
        pz = mul_shift(nz, change, PRODUCT)
        if static != 0:
            apply_static(ball, row, px, py, pz, 0, 0, 0, motion, a)
        else:
            apply_pair(ball, row, px, py, pz, 0, 0, 0, motion, a, b, ball[row, BALL_SHARE_A])
