"""How far apart two shapes may be and still get a contact."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp, maximum, minimum
from physics_fixed.fixmath.wide import bit_length, div_shift, dot2_narrow, dot3_shift, length3, mul_shift
from physics_fixed.jit import inline_kernel
from physics_fixed.layout import CONTACT_MARGIN_Q24, SHAPE_BOX, STATIC, Bytes, Words
from physics_fixed.limits import LENGTH_MAX_Q24

_SHORT_BITS = 30  # of components whose squares add up in one word
_HALF = 1 << 31


@inline_kernel("int64(uint8[::1],uint8[::1],int64[:,::1],int64)")
def reach_of(kind: Bytes, shape: Bytes, size_q24: Words, row: int) -> int:
    """How much early a body may be stopped: its smallest half extent; a static body does not limit its
    partner.
    """
    if kind[row] == STATIC:
        return LENGTH_MAX_Q24
    if shape[row] == SHAPE_BOX:
        return minimum(size_q24[row, 0], minimum(size_q24[row, 1], size_q24[row, 2]))
    radius: int = size_q24[row, 0]
    return radius


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64)")
def gap_bound(velocity_q24: Words, a: int, b: int, reach: int, tick_q40: int) -> int:
    """Largest gap at which the pair can have a contact, whatever its normal."""
    speed = (
        abs(velocity_q24[b, 0] - velocity_q24[a, 0])
        + abs(velocity_q24[b, 1] - velocity_q24[a, 1])
        + abs(velocity_q24[b, 2] - velocity_q24[a, 2])
    )
    return CONTACT_MARGIN_Q24 + minimum(mul_shift(speed, tick_q40, 40), reach)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64)")
def gap_allowed(
    velocity_q24: Words, a: int, b: int, x_q30: int, y_q30: int, z_q30: int, reach: int, tick_q40: int
) -> int:
    """Largest gap at which the pair gets a contact with the normal (x, y, z): the margin, and one tick's
    approach.
    """
    approach = -dot3_shift(
        x_q30, velocity_q24[b, 0] - velocity_q24[a, 0],
        y_q30, velocity_q24[b, 1] - velocity_q24[a, 1],
        z_q30, velocity_q24[b, 2] - velocity_q24[a, 2],
        30,
    )  # fmt: skip
    return CONTACT_MARGIN_Q24 + clamp(mul_shift(approach, tick_q40, 40), 0, reach)


@inline_kernel("UniTuple(int64,4)(int64,int64,int64)")
def direction_and_length(x: int, y: int, z: int) -> tuple[int, int, int, int]:
    """Unit vector of a vector, Q30 rounded to nearest, and its length in the vector's format, rounded down.

    However short the vector, the direction is as good as its components; exact along an axis. Zero gives
    four zeros.
    """
    size = abs(x) | abs(y) | abs(z)
    if size == 0:
        return 0, 0, 0, 0
    shift = maximum(_SHORT_BITS - bit_length(size), 0)
    x <<= shift
    y <<= shift
    z <<= shift
    length = length3(x, y, z)
    if size >> _SHORT_BITS != 0:
        return div_shift(x, length, 30), div_shift(y, length, 30), div_shift(z, length, 30), length
    inverse = (1 << 62) // length
    return (
        dot2_narrow(x, inverse, _HALF, 1, 32),
        dot2_narrow(y, inverse, _HALF, 1, 32),
        dot2_narrow(z, inverse, _HALF, 1, 32),
        length >> shift,
    )
