"""The locked axes of a link as one system: factored, and taken out of the other axes.

``K = J M^-1 J^T`` of the locked rods is written as ``L D L^T``. Numbers: K in Q32, L and what a unit push
takes from the locked axes in Q40, the inverse of D in Q50. As anchors, gains and splits are bounded, K is
below 2^30.

A body with many joints is split: in K, not where pushes are applied, its inverse mass counts a third for each
of its joints, if it has more than three. (Mass splitting, Tonge and others, SIGGRAPH 2012; all the way, one
for each, makes it Jacobi's method, stable in any order, but slow.) Otherwise a light hub with eight or more
heavy arms explodes, because the passes go around the hub in one direction, and the warm start carries that
on.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, maximum
from physics_fixed.fixmath.wide import div_shift, dot2_shift, dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import Words
from physics_fixed.solver.joints.rows import (
    AXES,
    LINK_LOCKED,
    LINK_PRESENT,
    LINK_SHARE_A,
    LINK_SHARE_B,
    LINK_SPLIT_A,
    LINK_SPLIT_B,
    LOCKABLE,
    PIVOT_MIN_Q32,
    ROD_ARM_A,
    ROD_ARM_B,
    ROD_DIRECTION,
    ROD_FACTOR,
    ROD_GAIN_A,
    ROD_GAIN_B,
    ROD_MASS,
    ROD_WORK,
)

_PIVOT_SHARE_BITS = 18  # a pivot below that share of its diagonal is rounding
_RATIO_MAX_Q40 = 1 << 48
_ARM_MAX_Q48 = 1 << 54


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64)")
def coupling_q32(rod: Words, first: int, second: int, linear_q32: int, split_a: int, split_b: int) -> int:
    """Change of the velocity along one rod for a unit push along another one of the same link.

    ``linear`` is the sum of the shares, ``split_a`` and ``split_b`` (Q24) say how often each body is counted.
    """
    total = mul_shift(
        dot3_shift(
            rod[first, ROD_DIRECTION], rod[second, ROD_DIRECTION],
            rod[first, ROD_DIRECTION + 1], rod[second, ROD_DIRECTION + 1],
            rod[first, ROD_DIRECTION + 2], rod[second, ROD_DIRECTION + 2],
            64,
        ), linear_q32, 32,
    )  # fmt: skip
    total += mul_shift(
        dot3_shift(
            rod[first, ROD_ARM_A], rod[second, ROD_GAIN_A],
            rod[first, ROD_ARM_A + 1], rod[second, ROD_GAIN_A + 1],
            rod[first, ROD_ARM_A + 2], rod[second, ROD_GAIN_A + 2],
            52,
        ), split_a, 24,
    )  # fmt: skip
    total += mul_shift(
        dot3_shift(
            rod[first, ROD_ARM_B], rod[second, ROD_GAIN_B],
            rod[first, ROD_ARM_B + 1], rod[second, ROD_GAIN_B + 1],
            rod[first, ROD_ARM_B + 2], rod[second, ROD_GAIN_B + 2],
            52,
        ), split_b, 24,
    )  # fmt: skip
    return total


@inline_kernel("int64(int64,int64)")
def inverse_q50(inverse_mass_q32: int, whole_q32: int) -> int:
    """1 / x for an effective inverse mass, 0 if it is too small beside ``whole`` to be told from rounding."""
    if inverse_mass_q32 < maximum(PIVOT_MIN_Q32, whole_q32 >> _PIVOT_SHARE_BITS):
        return 0
    return div_shift(1 << 60, inverse_mass_q32, 22)


@inline_kernel("int64(int64[:,::1],int64)")
def linear_q32(link: Words, slot: int) -> int:
    """Sum of the shares of both bodies, each counted as often as it is split."""
    return dot2_shift(
        link[slot, LINK_SHARE_A],
        link[slot, LINK_SPLIT_A],
        link[slot, LINK_SHARE_B],
        link[slot, LINK_SPLIT_B],
        52,
    )


@device_kernel("void(int64[:,::1],int64,int64[:,::1])")
def factor_locked(link: Words, slot: int, rod: Words) -> None:
    """Factor the locked axes of a link: L goes to ROD_FACTOR, the inverse of D to ROD_MASS."""
    locked = link[slot, LINK_LOCKED]
    base = slot * AXES
    linear = linear_q32(link, slot)
    split_a = link[slot, LINK_SPLIT_A]
    split_b = link[slot, LINK_SPLIT_B]
    for i in range(LOCKABLE):
        if locked >> i & 1 != 0:
            for j in range(i + 1):
                if locked >> j & 1 != 0:
                    rod[base + i, ROD_FACTOR + j] = coupling_q32(
                        rod, base + i, base + j, linear, split_a, split_b
                    )
            rod[base + i, ROD_WORK] = rod[base + i, ROD_FACTOR + i]
    for j in range(LOCKABLE):
        if locked >> j & 1 == 0:
            continue
        inverse = inverse_q50(rod[base + j, ROD_FACTOR + j], rod[base + j, ROD_WORK])
        rod[base + j, ROD_MASS] = inverse
        for i in range(LOCKABLE - 1, j, -1):  # downwards: columns of the rows above are still unscaled then
            if locked >> i & 1 == 0:
                continue
            ratio = clamp_symmetric(mul_shift(rod[base + i, ROD_FACTOR + j], inverse, 42), _RATIO_MAX_Q40)
            for k in range(j + 1, i + 1):
                if locked >> k & 1 != 0:
                    rod[base + i, ROD_FACTOR + k] -= mul_shift(ratio, rod[base + k, ROD_FACTOR + j], 40)
            rod[base + i, ROD_FACTOR + j] = ratio


@device_kernel("void(int64[:,::1],int64,int64[:,::1],int64)")
def take_out_locked(link: Words, slot: int, rod: Words, axis: int) -> None:
    """Make the rod of an active axis orthogonal to the locked ones, and write its effective mass.

    ROD_FACTOR of the axis gets what a unit push along it takes from the pushes along the locked axes.
    """
    locked = link[slot, LINK_LOCKED]
    base = slot * AXES
    row = base + axis
    linear = linear_q32(link, slot)
    split_a = link[slot, LINK_SPLIT_A]
    split_b = link[slot, LINK_SPLIT_B]
    whole = coupling_q32(rod, row, row, linear, split_a, split_b)
    for i in range(LOCKABLE):
        if locked >> i & 1 != 0:
            rest = coupling_q32(rod, row, base + i, linear, split_a, split_b)
            for j in range(i):
                if locked >> j & 1 != 0:
                    rest -= mul_shift(rod[base + i, ROD_FACTOR + j], rod[row, ROD_FACTOR + j], 40)
            rod[row, ROD_FACTOR + i] = rest
    for i in range(LOCKABLE - 1, -1, -1):
        if locked >> i & 1 != 0:
            share = mul_shift(rod[row, ROD_FACTOR + i], rod[base + i, ROD_MASS], 42)
            for k in range(i + 1, LOCKABLE):
                if locked >> k & 1 != 0:
                    share -= mul_shift(rod[base + k, ROD_FACTOR + i], rod[row, ROD_FACTOR + k], 40)
            rod[row, ROD_FACTOR + i] = clamp_symmetric(share, _RATIO_MAX_Q40)
    for i in range(LOCKABLE):
        if locked >> i & 1 != 0:
            share = rod[row, ROD_FACTOR + i]
            for lane in range(ROD_GAIN_B + 3):
                rod[row, lane] -= mul_shift(share, rod[base + i, lane], 40)
    for lane in range(ROD_GAIN_A):
        rod[row, lane] = clamp_symmetric(rod[row, lane], _ARM_MAX_Q48)
    rod[row, ROD_WORK] = coupling_q32(rod, row, row, 1 << 32, 1 << 24, 1 << 24)
    rod[row, ROD_MASS] = inverse_q50(coupling_q32(rod, row, row, linear, split_a, split_b), whole)


@device_kernel("void(int64[:,::1],int64,int64[:,::1])")
def factor_link(link: Words, slot: int, rod: Words) -> None:
    """Factor the locked axes of a link, and make its present other axes orthogonal to them."""
    factor_locked(link, slot, rod)
    present = link[slot, LINK_PRESENT]
    for axis in range(AXES):
        if present >> axis & 1 != 0:
            take_out_locked(link, slot, rod, axis)
