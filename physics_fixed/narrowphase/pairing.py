"""What a pair of bodies is besides its shapes: whether they meet, and the material of their contact."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import isqrt
from physics_fixed.jit import inline_kernel
from physics_fixed.layout import (
    CONTACT_COEFFICIENT,
    CONTACT_RESTITUTION,
    CONTACT_ROLLING,
    FILTER_BITS,
    FILTER_GROUP_SHIFT,
    FILTER_MASK,
    Words,
)


@inline_kernel("boolean(int64,int64,int64,int64)")
def comes_before(pair: int, sub: int, other_pair: int, other_sub: int) -> bool:
    """The order of contacts: by pair, then by sub."""
    return pair < other_pair or (pair == other_pair and sub < other_sub)


@inline_kernel("boolean(int64,int64)")
def may_meet(filter_a: int, filter_b: int) -> bool:
    """Whether bodies with these filters (see layout) meet."""
    group = filter_a >> FILTER_GROUP_SHIFT
    if group != 0 and group == filter_b >> FILTER_GROUP_SHIFT:
        return group > 0
    a_sees_b = (filter_a >> FILTER_BITS) & filter_b & FILTER_MASK
    b_sees_a = (filter_b >> FILTER_BITS) & filter_a & FILTER_MASK
    return a_sees_b != 0 and b_sees_a != 0


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64)")
def combine_materials(
    contact: Words,
    index: int,
    friction_a: int,
    friction_b: int,
    restitution_a: int,
    restitution_b: int,
    rolling_a: int,
    rolling_b: int,
) -> None:
    """Write the material of a contact: geometric mean of friction, larger restitution and resistance to
    rolling.

    All are Q24 on the way in.
    """
    friction = friction_a
    if friction_a != friction_b:
        friction = isqrt(friction_a * friction_b)
    contact[index, CONTACT_COEFFICIENT] = friction << 34
    contact[index, CONTACT_RESTITUTION] = maximum(restitution_a, restitution_b)
    contact[index, CONTACT_ROLLING] = maximum(rolling_a, rolling_b)
