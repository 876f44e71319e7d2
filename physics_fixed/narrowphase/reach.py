"""How far apart two shapes may be and still get a contact.

A contact across a gap is a plane that the solver does not let the bodies pass. Shapes that would slide past
each other can hit that plane all the same: a box on a floor of tiles would stop at the next tile. So where
the plane would stop them although, moved on by one tick, they overlap by less than a graze, there is no
contact yet.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp, maximum, minimum
from physics_fixed.fixmath.wide import bit_length, div_shift, dot2_narrow, dot3_shift, length3, mul_shift
from physics_fixed.jit import inline_kernel
from physics_fixed.layout import (
    CONTACT_MARGIN_Q24,
    SHAPE_BOX,
    SHAPE_CAPSULE,
    SHAPE_HULL,
    SHAPE_SPHERE,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.limits import LENGTH_MAX_Q24
from physics_fixed.shapes.hull_words import HULL_INNER_RADIUS

GRAZE_Q24 = (1 << 24) // 500
"""Overlap in m after one tick (2 mm) up to which an open gap is no contact."""

_CURVED_Q24 = GRAZE_Q24 // 16
"""By so much in m the plane of contact must be wrong before it is called so."""

_SAMPLES_MAX = 8
_SHORT_BITS = 30  # of components whose squares add up in one word
_HALF = 1 << 31


@inline_kernel("int64(int64,int64[:,::1],int64,int64[::1],int64)")
def inner_radius(code: int, size_q24: Words, row: int, words: Words, first: int) -> int:
    """Radius of a sphere inside a convex shape; LENGTH_MAX_Q24 for surfaces, which have no inside."""
    radius: int = LENGTH_MAX_Q24
    if (code == SHAPE_SPHERE) | (code == SHAPE_CAPSULE):
        radius = size_q24[row, 0]
    elif code == SHAPE_BOX:
        radius = minimum(size_q24[row, 0], minimum(size_q24[row, 1], size_q24[row, 2]))
    elif code == SHAPE_HULL:
        radius = words[first + HULL_INNER_RADIUS]
    return radius


@inline_kernel("int64(uint8[::1],uint8[::1],int64[:,::1],int64[::1],int64[::1],int64)")
def reach_of(kind: Bytes, shape: Bytes, size_q24: Words, words: Words, word_first: Words, row: int) -> int:
    """How much early a body may be stopped: what is inside it; a static body does not limit its partner."""
    if kind[row] == STATIC:
        return LENGTH_MAX_Q24
    return inner_radius(shape[row], size_q24, row, words, word_first[row])


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


@inline_kernel("UniTuple(int64,4)(int64[:,::1],int64,int64,int64)")
def relative_path(velocity_q24: Words, a: int, b: int, tick_q40: int) -> tuple[int, int, int, int]:
    """How far b moves in a tick as seen from a, Q24, along x, y and z; and the sum of their magnitudes."""
    x = mul_shift(velocity_q24[b, 0] - velocity_q24[a, 0], tick_q40, 40)
    y = mul_shift(velocity_q24[b, 1] - velocity_q24[a, 1], tick_q40, 40)
    z = mul_shift(velocity_q24[b, 2] - velocity_q24[a, 2], tick_q40, 40)
    return x, y, z, abs(x) + abs(y) + abs(z)


@inline_kernel("int64(int64,int64)")
def sample_count(path: int, reach: int) -> int:
    """Places along a path to look at, no further apart than ``reach``; 0 if it would be too many."""
    count = path // reach + 1
    return count if count <= _SAMPLES_MAX else 0


@inline_kernel("boolean(int64,int64)")
def is_graze(planned: int, lowest: int) -> bool:
    """Whether shapes hardly overlap on their way, and clearly less than the plane of contact has it."""
    return lowest > -GRAZE_Q24 and lowest > planned + _CURVED_Q24


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
