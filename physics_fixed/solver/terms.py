"""Terms of constraint rows that all kinds of rows share."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import bit_length, div_shift, dot6_shift, isqrt, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import MOTION_W, Words
from physics_fixed.solver.rows import PRODUCT, UP, UP_GAIN
from physics_fixed.solver.settings import BOUNCE_THRESHOLD

ONE_Q31 = 1 << 31
_HALF_Q60 = 1 << 59
_SQUARE_BITS = 30  # of a component whose square, three times, fits one word


@inline_kernel("int64(int64[::1],int64,int64)")
def share_of_a_q60(inverse_mass_q40: Words, a: int, b: int) -> int:
    """What body a takes of a push: its inverse mass over the sum."""
    if inverse_mass_q40[a] == inverse_mass_q40[b]:
        return _HALF_Q60
    return div_shift(inverse_mass_q40[a], inverse_mass_q40[a] + inverse_mass_q40[b], 60)


@inline_kernel("int64(int64)")
def reciprocal_q60(mass_q31: int) -> int:
    """1 / x for x >= 1 given in Q31; 31 bits of the result are significant."""
    return ((1 << 62) // mass_q31) << 29


@inline_kernel("int64(int64,int64,int64[::1])")
def bounce_of(restitution: int, approach_q24: int, settings: Words) -> int:
    """Separation velocity to restore after an approach: that times the restitution (Q24), if fast enough."""
    if restitution == 0 or approach_q24 <= settings[BOUNCE_THRESHOLD]:
        return 0
    return mul_shift(approach_q24, restitution, 24)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64)")
def spin_along(rows: Words, row: int, arm_a: int, arm_b: int, motion: Words, a: int, b: int) -> int:
    """Relative velocity along a row that comes from the angular velocities of the two bodies, Q24."""
    return dot6_shift(
        rows[row, arm_b], motion[b, MOTION_W] << UP,
        rows[row, arm_b + 1], motion[b, MOTION_W + 1] << UP,
        rows[row, arm_b + 2], motion[b, MOTION_W + 2] << UP,
        -rows[row, arm_a], motion[a, MOTION_W] << UP,
        -rows[row, arm_a + 1], motion[a, MOTION_W + 1] << UP,
        -rows[row, arm_a + 2], motion[a, MOTION_W + 2] << UP,
        PRODUCT,
    )  # fmt: skip


@inline_kernel("int64(int64,int64,int64,int64)")
def shrink_factor_q30(x: int, y: int, z: int, limit: int) -> int:
    """``limit / |(x, y, z)|`` in Q30, below 1, or 0 if the vector is no longer than ``limit >= 0``."""
    size = abs(x) | abs(y) | abs(z) | limit
    shift = maximum(bit_length(size) - _SQUARE_BITS, 0)
    x >>= shift
    y >>= shift
    z >>= shift
    limit >>= shift
    squared = x * x + y * y + z * z
    if squared <= limit * limit:
        return 0
    return (limit << 30) // isqrt(squared) + 1


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64[:,::1],int64)")
def apply_spin(
    rows: Words, row: int, gain_a: int, gain_b: int, a: int, b: int, motion: Words, push: int
) -> None:
    """Give both bodies the change of angular velocity that a push along one row of the Jacobian makes."""
    push <<= UP_GAIN
    for axis in range(3):
        motion[a, MOTION_W + axis] -= mul_shift(rows[row, gain_a + axis], push, PRODUCT)
        if rows[row, gain_b + axis] != 0:
            motion[b, MOTION_W + axis] += mul_shift(rows[row, gain_b + axis], push, PRODUCT)
