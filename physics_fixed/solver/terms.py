"""Terms of constraint rows that all kinds of rows share."""

from __future__ import annotations

from physics_fixed.fixmath.wide import div_shift, dot6_shift, mul_shift
from physics_fixed.jit import inline_kernel
from physics_fixed.layout import MOTION_W, Words
from physics_fixed.solver.rows import PRODUCT, UP
from physics_fixed.solver.settings import BOUNCE_THRESHOLD

ONE_Q31 = 1 << 31
_HALF_Q60 = 1 << 59


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
