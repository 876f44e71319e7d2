"""Rotations as quaternions (x, y, z, w) in Q30.

Products round down once per component. A rotation is kept near unit length by :func:`normalize_q30`; a length
that is off by a relative error e turns up in rotated vectors as 2 * e.
"""

from __future__ import annotations

from physics_fixed.fixmath.trig import sine_cosine_q30
from physics_fixed.fixmath.vec3 import inverse_root_q61
from physics_fixed.fixmath.vec3 import normalize_q30 as normalize_vector_q30
from physics_fixed.fixmath.wide import (
    bit_length,
    dot2_shift,
    dot3_shift,
    dot4_shift,
    mul_shift,
    mul_sub_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel

ONE_Q30 = 1 << 30


@inline_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64,int64)")
def multiply_q30(
    ax: int, ay: int, az: int, aw: int, bx: int, by: int, bz: int, bw: int
) -> tuple[int, int, int, int]:
    """Rotation ``a`` after rotation ``b``. Each component is within one unit below the exact product."""
    return (
        dot4_shift(aw, bx, ax, bw, ay, bz, -az, by, 30),
        dot4_shift(aw, by, ay, bw, az, bx, -ax, bz, 30),
        dot4_shift(aw, bz, az, bw, ax, by, -ay, bx, 30),
        dot4_shift(aw, bw, -ax, bx, -ay, by, -az, bz, 30),
    )


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64)")
def normalize_q30(x: int, y: int, z: int, w: int) -> tuple[int, int, int, int]:
    """The quaternion scaled to unit length, each component within 0.51 units; zero becomes the identity.

    Magnitudes below 2**60, of any common format.
    """
    magnitude = (x if x >= 0 else -x) | (y if y >= 0 else -y) | (z if z >= 0 else -z) | (w if w >= 0 else -w)
    if magnitude == 0:
        return 0, 0, 0, ONE_Q30
    left = 60 - bit_length(magnitude)
    x <<= left
    y <<= left
    z <<= left
    w <<= left
    m = dot4_shift(x, x, y, y, z, z, w, w, 60)  # 2**58 to below 2**62
    if m < 1 << 60:
        inverse = inverse_root_q61(m << 2)
    else:
        inverse = inverse_root_q61(m) >> 1
    return (
        (mul_shift(x, inverse, 90) + 1) >> 1,
        (mul_shift(y, inverse, 90) + 1) >> 1,
        (mul_shift(z, inverse, 90) + 1) >> 1,
        (mul_shift(w, inverse, 90) + 1) >> 1,
    )


@inline_kernel("UniTuple(int64,4)(int64,int64,int64,int64)")
def renormalize_q30(x: int, y: int, z: int, w: int) -> tuple[int, int, int, int]:
    """The same, faster, for a quaternion that is within 2**-16 of unit length.

    Each component is within 0.51 units. One Newton step: ``q * (3 - |q|**2) / 2``.
    """
    factor_q60 = (3 << 59) - (dot4_shift(x, x, y, y, z, z, w, w, 0) >> 1)
    return (
        (mul_shift(x, factor_q60, 59) + 1) >> 1,
        (mul_shift(y, factor_q60, 59) + 1) >> 1,
        (mul_shift(z, factor_q60, 59) + 1) >> 1,
        (mul_shift(w, factor_q60, 59) + 1) >> 1,
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64,int64)")
def rotate_q30(qx: int, qy: int, qz: int, qw: int, x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector of any format turned by a unit quaternion, within 4 units of the vector's format."""
    tx = mul_sub_shift(qy, z, qz, y, 29)
    ty = mul_sub_shift(qz, x, qx, z, 29)
    tz = mul_sub_shift(qx, y, qy, x, 29)
    return (
        x + dot3_shift(qw, tx, qy, tz, -qz, ty, 30),
        y + dot3_shift(qw, ty, qz, tx, -qx, tz, 30),
        z + dot3_shift(qw, tz, qx, ty, -qy, tx, 30),
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64,int64)")
def rotate_inverse_q30(qx: int, qy: int, qz: int, qw: int, x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector of any format turned back by a unit quaternion, within 4 units of the vector's format."""
    return rotate_q30(-qx, -qy, -qz, qw, x, y, z)


@inline_kernel("UniTuple(int64,9)(int64,int64,int64,int64)")
def matrix_q30(x: int, y: int, z: int, w: int) -> tuple[int, int, int, int, int, int, int, int, int]:
    """Rotation matrix of a unit quaternion, row by row in Q30, each cell within one unit."""
    return (
        ONE_Q30 - dot2_shift(y, y, z, z, 29),
        mul_sub_shift(x, y, z, w, 29),
        dot2_shift(x, z, y, w, 29),
        dot2_shift(x, y, z, w, 29),
        ONE_Q30 - dot2_shift(x, x, z, z, 29),
        mul_sub_shift(y, z, x, w, 29),
        mul_sub_shift(x, z, y, w, 29),
        dot2_shift(y, z, x, w, 29),
        ONE_Q30 - dot2_shift(x, x, y, y, 29),
    )


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64)")
def integrate_q30(qx: int, qy: int, qz: int, qw: int, rx: int, ry: int, rz: int) -> tuple[int, int, int, int]:
    """A rotation after a further small turn by the rotation vector ``r`` (radians Q30, world axes).

    First order, then normalised: ``q + r * q / 2``. The angle turned is ``2 * atan(r / 2)``, which falls
    short of ``r`` by ``r**3 / 12``; for large or exact turns use :func:`from_rotation_vector_q30`.
    """
    return normalize_q30(
        qx + dot3_shift(rx, qw, ry, qz, -rz, qy, 31),
        qy + dot3_shift(ry, qw, rz, qx, -rx, qz, 31),
        qz + dot3_shift(rz, qw, rx, qy, -ry, qx, 31),
        qw - dot3_shift(rx, qx, ry, qy, rz, qz, 31),
    )


@device_kernel("UniTuple(int64,4)(int64,int64,int64)")
def from_rotation_vector_q30(rx: int, ry: int, rz: int) -> tuple[int, int, int, int]:
    """The rotation about ``r`` by its length (radians Q30); each component is within 2 units."""
    nx, ny, nz, length = normalize_vector_q30(rx, ry, rz)
    s, c = sine_cosine_q30(length >> 1)
    return mul_shift(nx, s, 30), mul_shift(ny, s, 30), mul_shift(nz, s, 30), c
