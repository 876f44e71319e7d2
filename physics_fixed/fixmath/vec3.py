"""Vectors of three int64 components.

The suffix of a product is the format of the *second* operand: the result has the format of the first. So
``dot_q30(v, n)`` of a velocity in Q24 and a unit vector in Q30 is a speed in Q24. Products round down once.
"""

from __future__ import annotations

import numpy as np

from physics_fixed.fixmath.seeds import ROOT_SEED_FIRST, ROOT_SEEDS
from physics_fixed.fixmath.wide import bit_length, dot3_shift, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel

_ROOT_SEEDS = np.array(ROOT_SEEDS, np.int64)
_ROOT_SEEDS.setflags(write=False)


@inline_kernel("int64(int64,int64,int64,int64,int64,int64)")
def dot_q24(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> int:
    """Dot product with a second vector in Q24."""
    return dot3_shift(ax, bx, ay, by, az, bz, 24)


@inline_kernel("int64(int64,int64,int64,int64,int64,int64)")
def dot_q30(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> int:
    """Dot product with a second vector in Q30."""
    return dot3_shift(ax, bx, ay, by, az, bz, 30)


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64)")
def cross_q24(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> tuple[int, int, int]:
    """Cross product with a second vector in Q24."""
    return (
        mul_sub_shift(ay, bz, az, by, 24),
        mul_sub_shift(az, bx, ax, bz, 24),
        mul_sub_shift(ax, by, ay, bx, 24),
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64)")
def cross_q30(ax: int, ay: int, az: int, bx: int, by: int, bz: int) -> tuple[int, int, int]:
    """Cross product with a second vector in Q30."""
    return (
        mul_sub_shift(ay, bz, az, by, 30),
        mul_sub_shift(az, bx, ax, bz, 30),
        mul_sub_shift(ax, by, ay, bx, 30),
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64)")
def scale_q24(x: int, y: int, z: int, factor_q24: int) -> tuple[int, int, int]:
    """Vector times a factor in Q24."""
    return mul_shift(x, factor_q24, 24), mul_shift(y, factor_q24, 24), mul_shift(z, factor_q24, 24)


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64)")
def scale_q30(x: int, y: int, z: int, factor_q30: int) -> tuple[int, int, int]:
    """Vector times a factor in Q30."""
    return mul_shift(x, factor_q30, 30), mul_shift(y, factor_q30, 30), mul_shift(z, factor_q30, 30)


@inline_kernel("int64(int64)")
def inverse_root_q61(m_q62: int) -> int:
    """``1 / sqrt(m)`` in Q61 for ``m`` in [1/4, 1), given in Q62; relative error below 2**-47.

    A table entry, a Newton step (relative error below 2**-17), and a step of third order.
    """
    y0 = int(_ROOT_SEEDS[(m_q62 >> 53) - ROOT_SEED_FIRST])  # q15
    defect = (3 << 61) - y0 * y0 * (m_q62 >> 31)  # q61, about 2
    y1 = (y0 * (defect >> 30)) >> 17  # q30
    error = (1 << 60) - mul_shift(m_q62, y1 * y1, 62)  # q60, below 2**-15.9
    correction = (error >> 1) + ((3 * mul_shift(error, error, 60)) >> 3)
    return (y1 << 31) + mul_shift(y1, correction, 29)


@device_kernel("UniTuple(int64,4)(int64,int64,int64)")
def normalize_q30(x: int, y: int, z: int) -> tuple[int, int, int, int]:
    """Direction of a vector in Q30, and its length in its own format.

    Components may be of any common format, magnitudes below 2**61. The direction is within 0.51 units of
    2**-30 in each component, however short the vector. The length is rounded to the nearest, with a relative
    error below 2**-46 before; a whole length below 2**44 is exact. The zero vector gives four zeros.
    """
    magnitude = (x if x >= 0 else -x) | (y if y >= 0 else -y) | (z if z >= 0 else -z)
    if magnitude == 0:
        return 0, 0, 0, 0
    left = 61 - bit_length(magnitude)
    x <<= left
    y <<= left
    z <<= left
    m = dot3_shift(x, x, y, y, z, z, 62)  # 2**58 to below 3 * 2**60
    if m < 1 << 60:
        inverse = inverse_root_q61(m << 2)
        length = mul_shift(m, inverse, 60)
    else:
        inverse = inverse_root_q61(m)
        length = mul_shift(m, inverse, 61)
        inverse >>= 1
    return (
        (mul_shift(x, inverse, 91) + 1) >> 1,
        (mul_shift(y, inverse, 91) + 1) >> 1,
        (mul_shift(z, inverse, 91) + 1) >> 1,
        ((length << 1 >> left) + 1) >> 1,
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64)")
def tangent_q30(x: int, y: int, z: int) -> tuple[int, int, int]:
    """A unit vector at right angles to the unit vector ``(x, y, z)`` in Q30.

    It lies in the plane of the two components that differ most from the smallest one, so it never
    degenerates.
    """
    ax, ay, az = x if x >= 0 else -x, y if y >= 0 else -y, z if z >= 0 else -z
    if ax <= ay and ax <= az:
        tx, ty, tz, _ = normalize_q30(0, z, -y)
    elif ay <= az:
        tx, ty, tz, _ = normalize_q30(-z, 0, x)
    else:
        tx, ty, tz, _ = normalize_q30(y, -x, 0)
    return tx, ty, tz
