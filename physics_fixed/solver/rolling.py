"""Rolling rows: what resists the turning of two bodies that touch, besides friction.

The ground bears a rolling body not at its lowest point but a little ahead of it, by the *arm* of the rolling
resistance. So the contact turns the body back with a moment of up to the arm times the push along the normal;
as with friction, it is as large as what it takes to stop the turning, and no larger than that bound. It is a
pure moment: no velocity changes, and what one body gets the other loses.

A contact with an arm has a row here besides its ball or face row, two axes at right angles to the normal, and
the normal itself where the contact is one point (several points hold it by friction against twisting). The
two axes are turned so that a moment about one does not turn the bodies about the other: then one pass stops
any turning, and a body at rest has nothing left to creep with. That is why rows begin each tick at zero and
the table of contacts has no column for them.

Scaling is that of :mod:`physics_fixed.solver.rows`. The length that makes a moment a push is the smallest
radius of gyration among the two bodies, so that no gain is larger than the root of a body's.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import (
    div_shift,
    dot2_shift,
    dot6_shift,
    isqrt,
    length2,
    mul_shift,
    mul_sub_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import GAIN_INVERSE_LEVER, Words
from physics_fixed.solver.prepare_face import TWIST_MIN_Q31, put_gain, shared_gain_q40, tangent_of_q60
from physics_fixed.solver.rows import (
    PRODUCT,
    PUSH_MAX_Q24,
    ROLL_AXES,
    ROLL_AXIS_WIDTH,
    ROLL_LIMIT,
    ROLL_PUSH,
    TURN_ARM_A,
    TURN_ARM_B,
    TURN_GAIN_A,
    TURN_GAIN_B,
    TURN_MASS,
    UP_ROLL,
    UP_TWIST,
)
from physics_fixed.solver.terms import apply_spin, shrink_factor_q30, spin_along

_U = ROLL_AXES
_V = ROLL_AXES + ROLL_AXIS_WIDTH
_N = ROLL_AXES + 2 * ROLL_AXIS_WIDTH
_ONE_Q20 = 1 << 20
_RADII_MAX = 1000  # an arm of so many radii of gyration stops whatever there is
_LIMIT_MAX_Q24 = 1 << 42
_ALIKE_SHIFT = 12


@inline_kernel("int64(int64[:,::1],int64)")
def inverse_gyration_q38(gain_q40: Words, body: int) -> int:
    """One over a length not above the body's smallest radius of gyration, Q38; that of the lever if it cannot
    turn.
    """
    root = isqrt(gain_q40[body, 0] + gain_q40[body, 1] + gain_q40[body, 2])
    return mul_shift(gain_q40[body, GAIN_INVERSE_LEVER], maximum(root, _ONE_Q20), 20)


@device_kernel(
    "void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,UniTuple(int64,6),UniTuple(int64,6))"
)
def put_axis(
    roll: Words,
    index: int,
    at: int,
    x: int,
    y: int,
    z: int,
    ratio_a: int,
    ratio_b: int,
    gain_a: tuple[int, int, int, int, int, int],
    gain_b: tuple[int, int, int, int, int, int],
) -> None:
    """Write the arms and gains of one axis, a unit vector in Q60, and its effective mass.

    ``ratio_a`` and ``ratio_b``: the row's length over the lever of each body, Q40.
    """
    roll[index, at + TURN_ARM_A] = mul_shift(x, ratio_a, 40)
    roll[index, at + TURN_ARM_A + 1] = mul_shift(y, ratio_a, 40)
    roll[index, at + TURN_ARM_A + 2] = mul_shift(z, ratio_a, 40)
    roll[index, at + TURN_ARM_B] = mul_shift(x, ratio_b, 40)
    roll[index, at + TURN_ARM_B + 1] = mul_shift(y, ratio_b, 40)
    roll[index, at + TURN_ARM_B + 2] = mul_shift(z, ratio_b, 40)
    put_gain(roll, index, at + TURN_ARM_A, at + TURN_GAIN_A, gain_a)
    put_gain(roll, index, at + TURN_ARM_B, at + TURN_GAIN_B, gain_b)
    angular = yield_q31(roll, index, at, at)
    # An axis about which the bodies hardly yield is not held: Q50 would overflow.
    roll[index, at + TURN_MASS] = ((1 << 62) // angular) << 19 if angular >= TWIST_MIN_Q31 else 0


@inline_kernel("int64(int64[:,::1],int64,int64,int64)")
def yield_q31(roll: Words, index: int, first: int, second: int) -> int:
    """What a unit push about the second axis does to the velocity about the first, Q31."""
    arm_a = first + TURN_ARM_A
    arm_b = first + TURN_ARM_B
    gain_a = second + TURN_GAIN_A
    gain_b = second + TURN_GAIN_B
    return dot6_shift(
        roll[index, arm_a], roll[index, gain_a],
        roll[index, arm_a + 1], roll[index, gain_a + 1],
        roll[index, arm_a + 2], roll[index, gain_a + 2],
        roll[index, arm_b], roll[index, gain_b],
        roll[index, arm_b + 1], roll[index, gain_b + 1],
        roll[index, arm_b + 2], roll[index, gain_b + 2],
        75,
    )  # fmt: skip


@inline_kernel("UniTuple(int64,2)(int64,int64,int64)")
def principal_turn_q60(uu: int, vv: int, uv: int) -> tuple[int, int]:
    """Cosine and sine (Q60) of the turn, at most 45 degrees, that makes a symmetric matrix in Q31 diagonal.

    A matrix that is nearly the same in all directions is left as it is: rounding would choose the turn, and
    be too coarse for a unit vector.
    """
    difference = uu - vv
    mixed = 2 * uv
    if difference < 0:
        difference = -difference
        mixed = -mixed
    length = length2(difference, mixed)
    if length <= (uu + vv) >> _ALIKE_SHIFT:
        return 1 << 60, 0
    cosine = isqrt((1 << 59) + div_shift(difference, 2 * length, 60))
    return cosine << 30, (div_shift(mixed, 2 * length, 60) // cosine) << 30


@device_kernel(
    "int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64[:,::1])"
)
def prepare_roll(
    roll: Words,
    index: int,
    arm_q24: int,
    points: int,
    still: int,
    a: int,
    b: int,
    share_a_q60: int,
    share_b_q60: int,
    nx: int,
    ny: int,
    nz: int,
    gain_q40: Words,
) -> int:
    """Write the rolling row of a contact with the arm ``arm_q24 > 0`` and the normal (nx, ny, nz) in Q60.

    Returns
    -------
    int
        ``index + 1``, what the contact's other row keeps of it.
    """
    inverse = inverse_gyration_q38(gain_q40, a)
    if still == 0:
        inverse = maximum(inverse, inverse_gyration_q38(gain_q40, b))
    ratio_a = div_shift(gain_q40[a, GAIN_INVERSE_LEVER], inverse, 40)
    ratio_b = 0 if still != 0 else div_shift(gain_q40[b, GAIN_INVERSE_LEVER], inverse, 40)
    gain_a = shared_gain_q40(gain_q40, a, share_a_q60)
    gain_b = shared_gain_q40(gain_q40, b, share_b_q60)
    roll[index, ROLL_LIMIT] = mul_shift(minimum(arm_q24, _RADII_MAX * ((1 << 62) // inverse)), inverse, 10)
    for lane in range(3):
        roll[index, ROLL_PUSH + lane] = 0
    roll[index, _N + TURN_MASS] = 0
    if points == 1:
        put_axis(roll, index, _N, nx, ny, nz, ratio_a, ratio_b, gain_a, gain_b)
    ux, uy, uz = tangent_of_q60(nx >> 30, ny >> 30, nz >> 30)
    vx = mul_sub_shift(ny, uz, nz, uy, 60)
    vy = mul_sub_shift(nz, ux, nx, uz, 60)
    vz = mul_sub_shift(nx, uy, ny, ux, 60)
    put_axis(roll, index, _U, ux, uy, uz, ratio_a, ratio_b, gain_a, gain_b)
    put_axis(roll, index, _V, vx, vy, vz, ratio_a, ratio_b, gain_a, gain_b)
    cosine, sine = principal_turn_q60(
        yield_q31(roll, index, _U, _U), yield_q31(roll, index, _V, _V), yield_q31(roll, index, _U, _V)
    )
    if sine != 0:
        put_axis(
            roll, index, _U,
            dot2_shift(cosine, ux, sine, vx, 60),
            dot2_shift(cosine, uy, sine, vy, 60),
            dot2_shift(cosine, uz, sine, vz, 60),
            ratio_a, ratio_b, gain_a, gain_b,
        )  # fmt: skip
        put_axis(
            roll, index, _V,
            dot2_shift(cosine, vx, -sine, ux, 60),
            dot2_shift(cosine, vy, -sine, uy, 60),
            dot2_shift(cosine, vz, -sine, uz, 60),
            ratio_a, ratio_b, gain_a, gain_b,
        )  # fmt: skip
    return index + 1


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64)")
def wanted_push(roll: Words, index: int, at: int, old: int, motion: Words, a: int, b: int) -> int:
    """Accumulated push about an axis that would stop the turning about it."""
    speed = spin_along(roll, index, at + TURN_ARM_A, at + TURN_ARM_B, motion, a, b)
    return old - mul_shift(roll[index, at + TURN_MASS], speed << UP_TWIST, PRODUCT)


@device_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64,int64)")
def solve_roll(roll: Words, index: int, pressed: int, motion: Words, a: int, b: int) -> None:
    """One pass over one row, whose contact pushes with ``pressed`` (accumulated, Q24 m/s)."""
    limit = minimum(
        mul_shift(roll[index, ROLL_LIMIT], minimum(pressed, PUSH_MAX_Q24) << UP_ROLL, PRODUCT), _LIMIT_MAX_Q24
    )
    if roll[index, _N + TURN_MASS] != 0:
        old = roll[index, ROLL_PUSH + 2]
        spin = clamp_symmetric(wanted_push(roll, index, _N, old, motion, a, b), limit)
        roll[index, ROLL_PUSH + 2] = spin
        apply_spin(roll, index, _N + TURN_GAIN_A, _N + TURN_GAIN_B, a, b, motion, spin - old)
    old_u = roll[index, ROLL_PUSH]
    old_v = roll[index, ROLL_PUSH + 1]
    u = wanted_push(roll, index, _U, old_u, motion, a, b)
    v = wanted_push(roll, index, _V, old_v, motion, a, b)
    if abs(u) + abs(v) > limit:
        factor = shrink_factor_q30(u, v, 0, limit)
        if factor != 0:
            u = mul_shift(u, factor, 30)
            v = mul_shift(v, factor, 30)
    roll[index, ROLL_PUSH] = u
    roll[index, ROLL_PUSH + 1] = v
    apply_spin(roll, index, _U + TURN_GAIN_A, _U + TURN_GAIN_B, a, b, motion, u - old_u)
    apply_spin(roll, index, _V + TURN_GAIN_A, _V + TURN_GAIN_B, a, b, motion, v - old_v)
