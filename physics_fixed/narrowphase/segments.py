"""Nearest points of line segments, the cores of capsules and the edges of polytopes.

A segment is given by its middle, its direction (unit, Q30) and half its length (Q24). A place on it is its
distance from the middle, along the direction.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import div_shift, dot3_narrow, dot3_shift, mul_narrow, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.narrowphase.reach import direction_and_length

TOO_SHORT_Q24 = 1 << 12
"""Two points of a contact nearer to each other than that (0.24 mm) are one."""

_ONE_Q30 = 1 << 30
_SAME_DIRECTION_Q30 = _ONE_Q30 >> 20
_NEAR_PARALLEL_Q30 = _ONE_Q30 >> 10


@inline_kernel("int64(int64,int64,int64,int64,int64,int64)")
def cosine_between(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> int:
    """Dot product (Q30) of two unit vectors."""
    return dot3_narrow(ax, bx, ay, by, az, bz, 30)


@inline_kernel("boolean(int64)")
def nearly_parallel(cosine_q30: int) -> bool:
    """Whether two directions differ by less than about 1.8 degrees, or are opposite up to that."""
    return _ONE_Q30 - mul_narrow(cosine_q30, cosine_q30, 30) < _NEAR_PARALLEL_Q30


@inline_kernel("UniTuple(int64,2)(int64,int64,int64,int64)")
def overlap_along(cosine_q30: int, along_a: int, half_a: int, half_b: int) -> tuple[int, int]:
    """First and last place on segment a that have segment b, nearly parallel, at their side.

    Parameters
    ----------
    cosine_q30 : int
        Of the angle between the segments.
    along_a : int
        Middle of b from the middle of a, along a (Q24).

    Returns
    -------
    tuple of two int
        The first is greater than the last where there is none.
    """
    reach = mul_shift(half_b, abs(cosine_q30), 30)
    return maximum(-half_a, along_a - reach), minimum(half_a, along_a + reach)


@device_kernel("UniTuple(int64,2)(int64,int64,int64,int64,int64)")
def nearest_places(cosine_q30: int, along_a: int, along_b: int, half_a: int, half_b: int) -> tuple[int, int]:
    """Places (Q24) on two segments that are nearest to each other (Ericson, Real-Time Collision Detection,
    5.1.9).

    Parallel segments: the middle of the part where they lie side by side.

    Parameters
    ----------
    cosine_q30 : int
        Of the angle between the segments.
    along_a, along_b : int
        Middle of b from the middle of a, along a and along b (Q24, magnitudes below 2**40).
    half_a, half_b : int
        Half lengths (Q24), 0 or more.
    """
    if half_a == 0:
        return 0, clamp_symmetric(-along_b, half_b)
    if half_b == 0:
        return clamp_symmetric(along_a, half_a), 0
    sine_squared = _ONE_Q30 - mul_narrow(cosine_q30, cosine_q30, 30)
    if sine_squared < _SAME_DIRECTION_Q30:
        first, last = overlap_along(cosine_q30, along_a, half_a, half_b)
        on_a = clamp_symmetric((first + last) >> 1, half_a)
    else:
        on_a = clamp_symmetric(
            div_shift(along_a - mul_shift(cosine_q30, along_b, 30), sine_squared, 30), half_a
        )
    on_b = clamp_symmetric(mul_shift(cosine_q30, on_a, 30) - along_b, half_b)
    return clamp_symmetric(along_a + mul_shift(cosine_q30, on_b, 30), half_a), on_b


@device_kernel("UniTuple(int64,5)(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def between_segments(
    x: int, y: int, z: int, ax: int, ay: int, az: int, half_a: int, bx: int, by: int, bz: int, half_b: int
) -> tuple[int, int, int, int, int]:
    """Vector from the nearest point of segment a to that of segment b, and their places (all Q24).

    Parameters
    ----------
    x, y, z : int
        Middle of b from the middle of a (Q24).
    ax, ay, az, bx, by, bz : int
        Directions (Q30).
    """
    on_a, on_b = nearest_places(
        cosine_between(ax, ay, az, bx, by, bz),
        dot3_shift(x, ax, y, ay, z, az, 30),
        dot3_shift(x, bx, y, by, z, bz, 30),
        half_a,
        half_b,
    )
    return (
        x + mul_shift(bx, on_b, 30) - mul_shift(ax, on_a, 30),
        y + mul_shift(by, on_b, 30) - mul_shift(ay, on_a, 30),
        z + mul_shift(bz, on_b, 30) - mul_shift(az, on_a, 30),
        on_a,
        on_b,
    )


@device_kernel("UniTuple(int64,7)(int64[::1],int64,int64)")
def as_segment(vertices: Words, tail: int, head: int) -> tuple[int, int, int, int, int, int, int]:
    """Middle, direction and half length of the edge between the vertices (Q24) at two words."""
    x = vertices[head] - vertices[tail]
    y = vertices[head + 1] - vertices[tail + 1]
    z = vertices[head + 2] - vertices[tail + 2]
    ux, uy, uz, length = direction_and_length(x, y, z)
    return (
        vertices[tail] + (x >> 1), vertices[tail + 1] + (y >> 1), vertices[tail + 2] + (z >> 1),
        ux, uy, uz, length >> 1,
    )  # fmt: skip
