"""Locked axes: what may not move along an axis of the world, or not turn about one.

A body that cannot turn about an axis is one with endless inertia about it. That has to be put into its
*inverse* inertia by elimination (a Schur complement), not by striking out a row and a column: a long box
that may turn about one axis only has the moment of inertia about that axis, however it lies.

Along an axis that is locked a body has endless mass. Contacts of such a body are face rows whose pushes are
kept over the mass that the pair has *along the normal*: what stands on a locked body is carried as by a
static one, however light it is.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import div_shift, dot2_shift, dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    LOCK_BITS,
    LOCK_POSITION,
    MOTION_SHIFT,
    MOTION_TURN,
    MOTION_V,
    MOTION_W,
    Bytes,
    Words,
)
from physics_fixed.solver.rows import (
    CORNER_PUSH,
    CORNER_TOTAL,
    FACE_DRAG,
    FACE_DRAG_TOTAL,
    FACE_LOCKS,
    FACE_NORMAL,
    FACE_SCALE,
    FACE_SHARE_A,
    FACE_SHARE_B,
    FACE_TWIST,
)

_SCALE_MIN_Q60 = (1 << 60) // 7  # then shares are at most 7, and fit their format


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64)")
def lock_axis(gain_q40: Words, row: int, own: int, i: int, j: int, ik: int, jk: int, ij: int) -> None:
    """Make the inertia about an axis endless; lanes: its own, of the other axes i and j, and mixed ones."""
    if gain_q40[row, own] > 0:
        over_i = div_shift(gain_q40[row, ik], gain_q40[row, own], 50)
        over_j = div_shift(gain_q40[row, jk], gain_q40[row, own], 50)
        gain_q40[row, i] = maximum(gain_q40[row, i] - mul_shift(over_i, gain_q40[row, ik], 50), 0)
        gain_q40[row, j] = maximum(gain_q40[row, j] - mul_shift(over_j, gain_q40[row, jk], 50), 0)
        gain_q40[row, ij] -= mul_shift(over_i, gain_q40[row, jk], 50)
    gain_q40[row, own] = 0
    gain_q40[row, ik] = 0
    gain_q40[row, jk] = 0


@device_kernel("void(int64[:,::1],int64,int64)")
def lock_gain(gain_q40: Words, row: int, locks: int) -> None:
    """Take the axes that a body's ``locks`` name out of its gain in world axes (xx, yy, zz, xy, xz, yz)."""
    turns = locks >> LOCK_BITS
    if turns & 1 != 0:
        lock_axis(gain_q40, row, 0, 1, 2, 3, 4, 5)
    if turns & 2 != 0:
        lock_axis(gain_q40, row, 1, 0, 2, 3, 5, 4)
    if turns & 4 != 0:
        lock_axis(gain_q40, row, 2, 0, 1, 4, 5, 3)


@device_kernel("void(int64[:,::1],int64,int64)")
def hold(motion: Words, row: int, locks: int) -> None:
    """Set to zero what a body may not do. Contacts respect locks by themselves; this is for all else."""
    for axis in range(3):
        if (locks >> axis) & 1 != 0:
            motion[row, MOTION_V + axis] = 0
            motion[row, MOTION_SHIFT + axis] = 0
        if (locks >> (LOCK_BITS + axis)) & 1 != 0:
            motion[row, MOTION_W + axis] = 0
            motion[row, MOTION_TURN + axis] = 0


@inline_kernel("int64(int64,int64,int64,int64)")
def free_share_q60(locks: int, x_q60: int, y_q60: int, z_q60: int) -> int:
    """Sum of the squares of a unit vector's components along axes that are not locked."""
    if locks & 1 != 0:
        x_q60 = 0
    if locks & 2 != 0:
        y_q60 = 0
    if locks & 4 != 0:
        z_q60 = 0
    return dot3_shift(x_q60, x_q60, y_q60, y_q60, z_q60, z_q60, 60)


@device_kernel("void(int64[:,::1],int64,int64,int64,uint8[::1],int64)")
def lock_shares(face: Words, row: int, a: int, b: int, locks: Bytes, dynamic_b: int) -> None:
    """Scale the shares of a face row to the mass that the pair has along the normal.

    Writes FACE_LOCKS and FACE_SCALE, both 0 where nothing is locked, and the shares.
    """
    locks_a = locks[a] & LOCK_POSITION
    locks_b = locks[b] & LOCK_POSITION if dynamic_b != 0 else 0
    face[row, FACE_LOCKS] = locks_b << LOCK_BITS | locks_a
    face[row, FACE_SCALE] = 0
    if locks_a | locks_b == 0:
        return
    x = face[row, FACE_NORMAL]
    y = face[row, FACE_NORMAL + 1]
    z = face[row, FACE_NORMAL + 2]
    scale = dot2_shift(
        face[row, FACE_SHARE_A], free_share_q60(locks_a, x, y, z),
        face[row, FACE_SHARE_B], free_share_q60(locks_b, x, y, z),
        60,
    )  # fmt: skip
    scale = maximum(scale, _SCALE_MIN_Q60)
    face[row, FACE_SCALE] = scale
    face[row, FACE_SHARE_A] = div_shift(face[row, FACE_SHARE_A], scale, 60)
    face[row, FACE_SHARE_B] = div_shift(face[row, FACE_SHARE_B], scale, 60)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64)")
def linear_q31(face: Words, row: int, x_q60: int, y_q60: int, z_q60: int) -> int:
    """What a unit push along a direction does to the relative velocity along it, without turning, Q31."""
    locks = face[row, FACE_LOCKS]
    if locks == 0:
        return 1 << 31
    return dot2_shift(
        face[row, FACE_SHARE_A], free_share_q60(locks, x_q60, y_q60, z_q60),
        face[row, FACE_SHARE_B], free_share_q60(locks >> LOCK_BITS, x_q60, y_q60, z_q60),
        89,
    )  # fmt: skip


@inline_kernel("int64(int64[:,::1],int64,int64)")
def scaled_push(face: Words, row: int, push: int) -> int:
    """A push over the pair's reduced mass, as the table of contacts has it, in the unit of the row."""
    scale = face[row, FACE_SCALE]
    return push if scale == 0 else mul_shift(push, scale, 60)


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64)")
def unscale_face(face: Words, corner: Words, row: int, first: int, points: int) -> None:
    """Turn what the solver found for a scaled row into the unit of the table of contacts."""
    scale = face[row, FACE_SCALE]
    for k in range(first, first + points):
        corner[k, CORNER_PUSH] = div_shift(corner[k, CORNER_PUSH], scale, 60)
        corner[k, CORNER_TOTAL] = div_shift(corner[k, CORNER_TOTAL], scale, 60)
    for lane in range(2):
        face[row, FACE_DRAG + lane] = div_shift(face[row, FACE_DRAG + lane], scale, 60)
        face[row, FACE_DRAG_TOTAL + lane] = div_shift(face[row, FACE_DRAG_TOTAL + lane], scale, 60)
    face[row, FACE_TWIST] = div_shift(face[row, FACE_TWIST], scale, 60)
