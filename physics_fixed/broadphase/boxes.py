"""Bounding boxes of bodies for one step, inflated by what contacts may reach."""

from __future__ import annotations

from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.scalar import clamp_symmetric, minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import (
    ACTIVE_DYNAMIC,
    ACTIVE_KINEMATIC,
    ACTIVE_SENSOR,
    ACTIVE_STATIC,
    CONTACT_MARGIN_Q24,
    FLAG_DISABLED,
    FLAG_SENSOR,
    KINEMATIC,
    LOCK_BITS,
    SHAPE_CAPSULE,
    SHAPE_NONE,
    SHAPE_SPHERE,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, POSITION_MAX_Q24, VELOCITY_MAX_Q24

_HALF_MARGIN = CONTACT_MARGIN_Q24 // 2


@inline_kernel("int64(int64,int64)")
def activity(kind: int, flags: int) -> int:
    """What the broadphase needs to know of a body that may meet others."""
    if flags & FLAG_SENSOR != 0:
        return ACTIVE_SENSOR
    if kind == STATIC:
        return ACTIVE_STATIC
    return ACTIVE_KINEMATIC if kind == KINEMATIC else ACTIVE_DYNAMIC


@kernel(
    "void(int64,int64,uint8[::1],uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1])"
)
def place_boxes(
    count: int,
    tick_q40: int,
    alive: Bytes,
    kind: Bytes,
    shape: Bytes,
    flags: Bytes,
    locks: Bytes,
    position_q24: Words,
    rotation_q30: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    size_q24: Words,
    geometry: Words,
    geometry_first: Words,
    matrix_q30: Words,
    box_q24: Words,
    active: Words,
    word_first: Words,
) -> None:
    """Clamp the rows into their ranges and locks, then write rotation matrices (not of spheres) and bounding
    boxes.

    A box is a function of its own body's row: the shape, inflated by half the contact margin, and swept along
    the velocity, as far as a body with that shape may be stopped early (its smallest half extent).

    Parameters
    ----------
    tick_q40 : int
        Duration of the step in s.
    alive, kind, shape, position_q24 (n, 3), rotation_q30 (n, 4), ... : arrays
        Columns of the table of bodies. Positions and velocities are written when out of range.
    matrix_q30 : (n, 9), written for all but spheres
    box_q24 : (n, 6), written for bodies that may meet others
    active : (n,), written
        ACTIVE_ constants of layout; 0 for what meets nothing.
    word_first : (n,), written
        First word of the body's geometry; 0 if it has none.
    """
    for row in range(count):
        active[row] = 0
        word_first[row] = 0
        if alive[row] == 0:
            continue
        for axis in range(3):
            position_q24[row, axis] = clamp_symmetric(position_q24[row, axis], POSITION_MAX_Q24)
            velocity_q24[row, axis] = clamp_symmetric(velocity_q24[row, axis], VELOCITY_MAX_Q24)
            angular_velocity_q24[row, axis] = clamp_symmetric(
                angular_velocity_q24[row, axis], ANGULAR_VELOCITY_MAX_Q24
            )
            if (locks[row] >> axis) & 1 != 0:
                velocity_q24[row, axis] = 0
            if (locks[row] >> (LOCK_BITS + axis)) & 1 != 0:
                angular_velocity_q24[row, axis] = 0
        if shape[row] == SHAPE_NONE or flags[row] & FLAG_DISABLED != 0:
            continue
        active[row] = activity(kind[row], flags[row])
        if geometry[row] >= 0:
            word_first[row] = geometry_first[geometry[row]]
        reach = size_q24[row, 0]
        if shape[row] != SHAPE_SPHERE:
            cells = matrix_of_quaternion_q30(
                rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2], rotation_q30[row, 3]
            )
            for cell in range(9):
                matrix_q30[row, cell] = cells[cell]
            if shape[row] != SHAPE_CAPSULE:
                reach = minimum(reach, minimum(size_q24[row, 1], size_q24[row, 2]))
        for axis in range(3):
            half = size_q24[row, 0]
            if shape[row] == SHAPE_CAPSULE:
                half += 1 + mul_shift(size_q24[row, 1], abs(matrix_q30[row, 3 * axis + 1]), 30)
            elif shape[row] != SHAPE_SPHERE:
                half = 1 + dot3_shift(
                    size_q24[row, 0], abs(matrix_q30[row, 3 * axis]),
                    size_q24[row, 1], abs(matrix_q30[row, 3 * axis + 1]),
                    size_q24[row, 2], abs(matrix_q30[row, 3 * axis + 2]),
                    30,
                )  # fmt: skip
            centre = position_q24[row, axis]
            low = centre - half - _HALF_MARGIN
            high = centre + half + _HALF_MARGIN
            if kind[row] != STATIC:
                step = clamp_symmetric(mul_shift(velocity_q24[row, axis], tick_q40, 40), reach)
                if step < 0:
                    low += step
                else:
                    high += step
            box_q24[row, axis] = low
            box_q24[row, 3 + axis] = high
