"""After the substeps: what joints keep, what they exerted, and which of them broke."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.wide import div_shift, length3, mul_shift
from physics_fixed.jit import kernel
from physics_fixed.layout import MOBILE_DYNAMIC, Bytes, Words
from physics_fixed.solver.joints.colouring import COLOUR_ASLEEP
from physics_fixed.solver.joints.rows import (
    AXES,
    LINK_JOINT,
    LINK_LENGTH,
    LINK_LOCKED,
    LINK_PRESENT,
    LINK_TOTAL,
    ROD_LOWER,
    ROD_MOTOR,
    ROD_PUSH,
    ROD_UPPER,
    WORLD_ROW,
)

_IMPULSE_MAX_Q24 = 1 << 50
_QUOTIENT_MAX_Q24 = 1 << 46  # before it is multiplied by a length


@kernel(
    "int64(int64,int64,int64,int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1])"
)
def keep_links(
    tick_q40: int,
    joint_count: int,
    link_count: int,
    link: Words,
    rod: Words,
    row_a: Words,
    row_b: Words,
    break_force_q24: Words,
    break_torque_q24: Words,
    mobile: Words,
    inverse_mass_q40: Words,
    colour_of: Words,
    broken: Bytes,
    push_q24: Words,
    impulse_q24: Words,
    angular_impulse_q24: Words,
    breaks: Words,
) -> int:
    """Write the table of states of joints; how many joints broke.

    Parameters
    ----------
    tick_q40 : int
        Duration of the step, s.
    link, rod : arrays
        Solved links.
    row_a, row_b, break_force_q24, break_torque_q24 : (joint_count,)
        Columns of the table of joints; a bound of 0 holds for ever.
    mobile : (n,)
        From :func:`physics_fixed.solver.bodies.start_bodies`.
    inverse_mass_q40 : (n,)
        Column of the table of bodies.
    colour_of : (joint_count,)
        From :func:`physics_fixed.solver.joints.colouring.colour_joints`. Joints of sleeping bodies keep all.
    broken, push_q24 (joint_count, 4 * AXES), impulse_q24 (joint_count, 3), angular_impulse_q24 : arrays
        Columns of the table of states, written: a joint that did not act exerted nothing.
    breaks : (joint_count,)
        Rows of the joints that broke in this step, written in canonical order of links.
    """
    for joint in range(joint_count):
        if colour_of[joint] != COLOUR_ASLEEP:
            push_q24[joint, :] = 0
            impulse_q24[joint, :] = 0
            angular_impulse_q24[joint, :] = 0
    break_count = 0
    for slot in range(link_count):
        joint = link[slot, LINK_JOINT]
        a = row_a[joint]
        b = row_b[joint]
        inverse_mass = inverse_mass_q40[a] if mobile[a] == MOBILE_DYNAMIC else 0
        if b != WORLD_ROW and mobile[b] == MOBILE_DYNAMIC:
            inverse_mass += inverse_mass_q40[b]
        for axis in range(3):
            push = link[slot, LINK_TOTAL + axis]
            impulse = clamp_symmetric(div_shift(push, inverse_mass, 40), _IMPULSE_MAX_Q24)
            impulse_q24[joint, axis] = impulse
            push = link[slot, LINK_TOTAL + 3 + axis]
            impulse = clamp_symmetric(div_shift(push, inverse_mass, 40), _QUOTIENT_MAX_Q24)
            impulse = clamp_symmetric(mul_shift(impulse, link[slot, LINK_LENGTH], 24), _IMPULSE_MAX_Q24)
            angular_impulse_q24[joint, axis] = impulse
        force = length3(impulse_q24[joint, 0], impulse_q24[joint, 1], impulse_q24[joint, 2])
        torque = length3(
            angular_impulse_q24[joint, 0], angular_impulse_q24[joint, 1], angular_impulse_q24[joint, 2]
        )
        force_max = break_force_q24[joint]
        torque_max = break_torque_q24[joint]
        if (force_max != 0 and force > mul_shift(force_max, tick_q40, 40)) or (
            torque_max != 0 and torque > mul_shift(torque_max, tick_q40, 40)
        ):
            broken[joint] = 1
            breaks[break_count] = joint
            break_count += 1
            continue
        locked = link[slot, LINK_LOCKED]
        present = link[slot, LINK_PRESENT]
        for axis in range(AXES):
            row = slot * AXES + axis
            if (locked | present) >> axis & 1 != 0:
                push_q24[joint, axis] = rod[row, ROD_PUSH]
            if present >> axis & 1 != 0:
                push_q24[joint, AXES + axis] = rod[row, ROD_MOTOR]
                push_q24[joint, 2 * AXES + axis] = rod[row, ROD_LOWER]
                push_q24[joint, 3 * AXES + axis] = rod[row, ROD_UPPER]
    return break_count
