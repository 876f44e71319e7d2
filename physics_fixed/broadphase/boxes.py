"""Bounding boxes of bodies for one step, inflated by what contacts may reach."""

from __future__ import annotations

from physics_fixed.convex.inner import body_inner_radius
from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    ACTIVE_DYNAMIC,
    ACTIVE_KINEMATIC,
    ACTIVE_SENSOR,
    ACTIVE_STATIC,
    CONTACT_MARGIN_Q24,
    COVER_HIGH,
    COVER_LOW,
    COVER_TURN,
    DYNAMIC,
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
from physics_fixed.parallel.jobs import share

_HALF_MARGIN = CONTACT_MARGIN_Q24 // 2
_LEAST = 64  # bodies that are worth a chunk


@inline_kernel("int64(int64,int64)")
def activity(kind: int, flags: int) -> int:
    """What the broadphase needs to know of a body that may meet others."""
    if flags & FLAG_SENSOR != 0:
        return ACTIVE_SENSOR
    if kind == STATIC:
        return ACTIVE_STATIC
    return ACTIVE_KINEMATIC if kind == KINEMATIC else ACTIVE_DYNAMIC


@inline_kernel("int64(int64[:,::1],int64)")
def sum_of_sizes(vector: Words, row: int) -> int:
    """Sum of the magnitudes of a vector's components."""
    total: int = abs(vector[row, 0]) + abs(vector[row, 1]) + abs(vector[row, 2])
    return total


@inline_kernel(
    "boolean(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64)"
)
def is_fast(
    row: int,
    tick_q40: int,
    kind: int,
    shape: int,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    size_q24: Words,
    force_q24: Words,
    words: Words,
    first: int,
    lever: int,
) -> bool:
    """Whether the box of a body must cover all its motion of the tick: what is inside of it is small beside
    that, or a force acts, or it yields to nothing.
    """
    if kind != DYNAMIC or force_q24[row, 0] | force_q24[row, 1] | force_q24[row, 2] != 0:
        return True
    path = mul_shift(sum_of_sizes(velocity_q24, row), tick_q40, 40)
    inner = size_q24[row, 0]
    if shape != SHAPE_SPHERE:
        path += turn_path(row, tick_q40, angular_velocity_q24, lever)
        inner = body_inner_radius(shape, size_q24, row, words, first)
    fast: bool = path > inner >> 2
    return fast


@inline_kernel("int64(int64,int64,int64[:,::1],int64)")
def turn_path(row: int, tick_q40: int, angular_velocity_q24: Words, lever: int) -> int:
    """No point of a body moves further by its turning in the tick."""
    return mul_shift(mul_shift(sum_of_sizes(angular_velocity_q24, row), tick_q40, 40), lever, 24)


@device_kernel(
    "void(int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64,int64[::1],int64,int64[:,::1],int64,int64[:,::1])"
)
def cover_motion(
    row: int,
    tick_q40: int,
    kind: int,
    shape: int,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    lever: int,
    gravity_q24: Words,
    gravity_scale: int,
    force_q24: Words,
    inverse_mass: int,
    cover_q24: Words,
) -> None:
    """Write how far a body may move in the tick by its velocity, gravity and force.

    A dynamic body may turn twice as far as its angular velocity says: contacts and joints change that.
    """
    turn = 0 if shape == SHAPE_SPHERE else turn_path(row, tick_q40, angular_velocity_q24, lever)
    cover_q24[row, COVER_TURN] = 2 * turn if kind == DYNAMIC else turn
    for axis in range(3):
        step = mul_shift(velocity_q24[row, axis], tick_q40, 40)
        gain = 0
        if kind == DYNAMIC:
            gain = mul_shift(mul_shift(gravity_q24[axis], gravity_scale, 24), tick_q40, 40)
            gain += mul_shift(mul_shift(force_q24[row, axis], inverse_mass, 40), tick_q40, 40)
            gain = mul_shift(clamp_symmetric(gain, 2 * VELOCITY_MAX_Q24), tick_q40, 40)
        cover_q24[row, COVER_LOW + axis] = minimum(minimum(step, step + gain), 0)
        cover_q24[row, COVER_HIGH + axis] = maximum(maximum(step, step + gain), 0)


@inline_kernel("void(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1])")
def keep_in_range(
    row: int, locks: int, position_q24: Words, velocity_q24: Words, angular_velocity_q24: Words
) -> None:
    """Clamp a row into its ranges and locks."""
    for axis in range(3):
        position_q24[row, axis] = clamp_symmetric(position_q24[row, axis], POSITION_MAX_Q24)
        velocity_q24[row, axis] = clamp_symmetric(velocity_q24[row, axis], VELOCITY_MAX_Q24)
        angular_velocity_q24[row, axis] = clamp_symmetric(
            angular_velocity_q24[row, axis], ANGULAR_VELOCITY_MAX_Q24
        )
        if (locks >> axis) & 1 != 0:
            velocity_q24[row, axis] = 0
        if (locks >> (LOCK_BITS + axis)) & 1 != 0:
            angular_velocity_q24[row, axis] = 0


@device_kernel(
    "void(int64,int64,int64,int64,uint8[::1],uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[::1],int64[:,::1])"
)
def _place_boxes(
    first: int,
    end: int,
    lane: int,
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
    words: Words,
    lever_q24: Words,
    gravity_q24: Words,
    gravity_scale_q24: Words,
    force_q24: Words,
    inverse_mass_q40: Words,
    cover_q24: Words,
) -> None:
    """The rows ``first`` to ``end`` of :func:`place_boxes`."""
    for row in range(first, end):
        active[row] = 0
        word_first[row] = 0
        if alive[row] == 0:
            continue
        keep_in_range(row, locks[row], position_q24, velocity_q24, angular_velocity_q24)
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
        fast = False
        if kind[row] != STATIC:
            fast = is_fast(
                row, tick_q40, kind[row], shape[row], velocity_q24, angular_velocity_q24, size_q24, force_q24,
                words, word_first[row], lever_q24[row],
            )  # fmt: skip
            cover_q24[row, COVER_TURN] = -1
        if fast:
            cover_motion(
                row, tick_q40, kind[row], shape[row], velocity_q24, angular_velocity_q24, lever_q24[row],
                gravity_q24, gravity_scale_q24[row], force_q24, inverse_mass_q40[row], cover_q24,
            )  # fmt: skip
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
            low = position_q24[row, axis] - half - _HALF_MARGIN
            high = position_q24[row, axis] + half + _HALF_MARGIN
            if fast:
                grown = maximum(minimum(cover_q24[row, COVER_TURN], lever_q24[row] - half), 0)
                low += cover_q24[row, COVER_LOW + axis] - grown
                high += cover_q24[row, COVER_HIGH + axis] + grown
            elif kind[row] != STATIC:
                step = clamp_symmetric(mul_shift(velocity_q24[row, axis], tick_q40, 40), reach)
                if step < 0:
                    low += step
                else:
                    high += step
            box_q24[row, axis] = low
            box_q24[row, 3 + axis] = high


@kernel(
    "void(int64[::1],int64,int64,uint8[::1],uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],int64[::1],"
    "int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[::1],int64[:,::1])"
)
def place_boxes(
    crew: Words,
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
    words: Words,
    lever_q24: Words,
    gravity_q24: Words,
    gravity_scale_q24: Words,
    force_q24: Words,
    inverse_mass_q40: Words,
    cover_q24: Words,
) -> None:
    """Clamp the rows into their ranges and locks, then write rotation matrices (not of spheres) and bounding
    boxes.

    A box is a function of its own body's row: the shape, inflated by half the contact margin, and swept along
    the velocity, as far as a body with that shape may be stopped early (its smallest half extent). The box of
    a fast body holds all of its path, see docs/physics/continuous.md.

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
    words : array
        Of the geometries.
    gravity_q24 : (3,)
    lever_q24, gravity_scale_q24, force_q24, inverse_mass_q40 : arrays
        Columns of the table of bodies.
    cover_q24 : (n, COVER_WIDTH), written for bodies that may meet others
        COVER_TURN is -1 if the box covers no more than usual, and the rest is not written.
    """
    share(
        crew, 0, count, _LEAST, _place_boxes,
        (
            tick_q40, alive, kind, shape, flags, locks, position_q24, rotation_q30, velocity_q24,
            angular_velocity_q24, size_q24, geometry, geometry_first, matrix_q30, box_q24, active, word_first,
            words, lever_q24, gravity_q24, gravity_scale_q24, force_q24, inverse_mass_q40, cover_q24,
        ),
    )  # fmt: skip
