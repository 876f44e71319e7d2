"""Which point of a contact is which point of the previous step's: the accumulated push stays with its place.

A point is named by one word: its feature id (which edges and sides meet in it), and its place in the axes of
body a in 13 bits of the body's size. Equal features match first. Where features changed, because a corner
slid over an edge by a hair, the nearest old point does: losing its push would kick a stack at rest. New
points with none near enough share what the old points carried that nothing continues: the contact as a whole
goes on.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, maximum
from physics_fixed.fixmath.wide import bit_length, dot3_shift
from physics_fixed.jit import inline_kernel
from physics_fixed.layout import (
    CONTACT_FRICTION,
    CONTACT_TOUCHED,
    CONTACT_TWIST,
    POINT_ARM,
    POINT_FEATURE,
    POINT_PUSH,
    TOUCHING_NOW,
    Bytes,
    Words,
)

_FEATURE_SHIFT = 48
_PLACE_BITS = 13
_PLACE_ZERO = 1 << 15
_PLACE_MASK = 0xFFFF
_NEAR_SQUARED = 1 << 20  # an eighth to a quarter of the largest half extent


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64[:,::1])")
def name_place(
    point: Words, row: int, feature: int, named: int, x: int, y: int, z: int, extent: int, matrix_q30: Words
) -> None:
    """Write the word that names a point: its feature id (below 2**15) and its place in the axes of a body.

    Parameters
    ----------
    named : int
        Row of the body whose axes give the place.
    x, y, z : int
        The point (Q24, world axes) from the centre of that body.
    extent : int
        Largest half extent (Q24) of that body.
    """
    shift = maximum(bit_length(extent) - _PLACE_BITS, 0)
    word = feature
    for axis in range(3):
        local = dot3_shift(
            matrix_q30[named, axis], x,
            matrix_q30[named, 3 + axis], y,
            matrix_q30[named, 6 + axis], z,
            30,
        )  # fmt: skip
        place = clamp_symmetric(local >> shift, _PLACE_ZERO - 1) + _PLACE_ZERO
        word = word << 16 | place
    point[row, POINT_FEATURE] = word


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1],int64[:,::1])")
def name_point(point: Words, row: int, feature: int, a: int, size_q24: Words, matrix_q30: Words) -> None:
    """Write the word that names a point, from its feature id (below 2**15) and its arm; body a is a box."""
    extent = maximum(size_q24[a, 0], maximum(size_q24[a, 1], size_q24[a, 2]))
    x, y, z = point[row, POINT_ARM], point[row, POINT_ARM + 1], point[row, POINT_ARM + 2]
    name_place(point, row, feature, a, x, y, z, extent, matrix_q30)


@inline_kernel("int64(int64,int64)")
def apart_squared(first: int, second: int) -> int:
    """Squared distance of the places of two named points, in their unit."""
    total = 0
    for shift in (0, 16, 32):
        difference = ((first >> shift) & _PLACE_MASK) - ((second >> shift) & _PLACE_MASK)
        total += difference * difference
    return total


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1],int64,int64,int64,int64)")
def old_point_of(
    point: Words, row: int, old_feature: Words, old: int, old_points: int, used: int, exact: int
) -> int:
    """The old point that a new one continues, -1 if none; bit k of ``used``: old point k is taken."""
    word = point[row, POINT_FEATURE]
    found = -1
    nearest = _NEAR_SQUARED
    for k in range(old_points):
        if (used >> k) & 1 != 0:
            continue
        if exact != 0:
            if old_feature[old, k] >> _FEATURE_SHIFT == word >> _FEATURE_SHIFT:
                return k
        else:
            squared = apart_squared(word, old_feature[old, k])
            if squared < nearest:
                nearest = squared
                found = k
    return found


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,uint8[::1],int64[:,::1],int64)")
def share_lost(
    point: Words,
    first: int,
    points: int,
    missing: int,
    old: int,
    old_point_count: Bytes,
    old_push: Words,
    used: int,
) -> None:
    """Give the points in ``missing`` (bits) equal parts of the pushes of old points not in ``used``."""
    lost = 0
    for k in range(old_point_count[old]):
        if (used >> k) & 1 == 0:
            lost += old_push[old, k]
    heirs = 0
    for k in range(points):
        heirs += (missing >> k) & 1
    for k in range(points):
        if (missing >> k) & 1 != 0:
            point[first + k, POINT_PUSH] = lost // heirs


@inline_kernel(
    "void(int64[:,::1],int64,int64[:,::1],int64,int64,int64,uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],uint8[::1])"
)
def inherit(
    contact: Words,
    index: int,
    point: Words,
    first: int,
    points: int,
    old: int,
    old_point_count: Bytes,
    old_feature: Words,
    old_push: Words,
    old_friction: Words,
    old_twist: Words,
    old_touching: Bytes,
) -> None:
    """Give a contact the accumulated pushes and friction that row ``old`` of the table of contacts holds."""
    contact[index, CONTACT_TOUCHED] = old_touching[old] & TOUCHING_NOW
    used = 0
    missing = 0
    for k in range(points):
        match = old_point_of(point, first + k, old_feature, old, old_point_count[old], used, 1)
        if match >= 0:
            point[first + k, POINT_PUSH] = old_push[old, match]
            used |= 1 << match
        else:
            missing |= 1 << k
    if missing != 0:
        for k in range(points):
            if (missing >> k) & 1 != 0:
                match = old_point_of(point, first + k, old_feature, old, old_point_count[old], used, 0)
                if match >= 0:
                    point[first + k, POINT_PUSH] = old_push[old, match]
                    used |= 1 << match
                    missing ^= 1 << k
    if missing != 0 and used != 0:
        share_lost(point, first, points, missing, old, old_point_count, old_push, used)
    if used != 0:
        for axis in range(3):
            contact[index, CONTACT_FRICTION + axis] = old_friction[old, axis]
        contact[index, CONTACT_TWIST] = old_twist[old]
