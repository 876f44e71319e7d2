"""Which joints act, their colours, and what they keep apart."""

from __future__ import annotations

from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import FLAG_ASLEEP, FLAG_DISABLED, MOBILE_DYNAMIC, Bytes, Words
from physics_fixed.solver.colouring import lowest_free
from physics_fixed.solver.joints.rows import (
    JOINT_COLLIDES,
    JOINT_ENABLED,
    LINK_GROUPS,
    LINK_JOINT,
    WORLD_ROW,
)
from physics_fixed.solver.rows import PAIR_COLOURS

COLOUR_NONE = -1
COLOUR_ASLEEP = -2

_BOUNDARY = PAIR_COLOURS + 1


@inline_kernel("int64(uint8[::1],uint8[::1],uint8[::1],int64)")
def is_whole(alive: Bytes, flags: Bytes, broken: Bytes, joint: int) -> int:
    """1 if a joint is alive, enabled and not broken, else 0."""
    if alive[joint] != 0 and flags[joint] & JOINT_ENABLED != 0 and broken[joint] == 0:
        return 1
    return 0


@inline_kernel("int64(int64[::1],int64)")
def yields(mobile: Words, row: int) -> int:
    """1 if a row names a dynamic body that moves, 0 for other bodies and the world."""
    if row != WORLD_ROW and mobile[row] == MOBILE_DYNAMIC:
        return 1
    return 0


@inline_kernel("int64(uint8[::1],int64,int64)")
def has_flag(body_flags: Bytes, row: int, flag: int) -> int:
    """1 if a row names a body with that flag, 0 for other bodies and the world."""
    if row != WORLD_ROW and body_flags[row] & flag != 0:
        return 1
    return 0


@kernel(
    "int64(int64,int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],uint8[::1],int64[::1],int64[:,::1],"
    "int64[::1],int64[::1],int64[:,::1],int64[::1])"
)
def colour_joints(
    count: int,
    joint_count: int,
    alive: Bytes,
    flags: Bytes,
    broken: Bytes,
    row_a: Words,
    row_b: Words,
    body_flags: Bytes,
    mobile: Words,
    taken: Words,
    degree: Words,
    colour_of: Words,
    link: Words,
    group_end: Words,
) -> int:
    """Give each acting joint its slot among the links: by colour, then by row of the joint.

    Greedy, in order of rows: a joint takes the lowest colour that no earlier one of its dynamic bodies has.
    So the colours of an island do not depend on other islands.

    Parameters
    ----------
    count : int
        Rows of the table of bodies.
    alive, flags, broken, row_a, row_b : (joint_count,)
        Columns of the tables of joints.
    body_flags : (count,)
        Column of the table of bodies.
    mobile : (count,)
        From :func:`physics_fixed.solver.bodies.start_bodies`.
    taken : (count, 2), scratch
    degree : (count,), written
        Number of joints that hold each body.
    colour_of : (joint_count,), written
        Colour, COLOUR_NONE for a joint that does not act, COLOUR_ASLEEP for one that does not because its
        body sleeps.
    link : (joint_count, LINK_WIDTH)
        LINK_JOINT is written.
    group_end : (LINK_GROUPS,), written
        One past the last slot of each colour.

    Returns
    -------
    int
        Number of links.
    """
    taken[:count] = 0
    degree[:count] = 0
    group_end[:] = 0
    for joint in range(joint_count):
        a = row_a[joint]
        b = row_b[joint]
        colour_of[joint] = COLOUR_NONE
        if (
            is_whole(alive, flags, broken, joint) == 0
            or has_flag(body_flags, a, FLAG_DISABLED) | has_flag(body_flags, b, FLAG_DISABLED) != 0
        ):
            continue
        if yields(mobile, a) & yields(mobile, b) != 0:
            colour = lowest_free(taken[a, 0] | taken[b, 0])
            degree[a] += 1
            degree[b] += 1
            if colour < PAIR_COLOURS:
                taken[a, 0] |= 1 << colour
                taken[b, 0] |= 1 << colour
        elif yields(mobile, a) | yields(mobile, b) != 0:
            body = a if yields(mobile, a) != 0 else b
            degree[body] += 1
            colour = lowest_free(taken[body, 1])
            if colour < PAIR_COLOURS:
                taken[body, 1] |= 1 << colour
            colour += _BOUNDARY
        else:
            if has_flag(body_flags, a, FLAG_ASLEEP) | has_flag(body_flags, b, FLAG_ASLEEP) != 0:
                colour_of[joint] = COLOUR_ASLEEP
            continue
        colour_of[joint] = colour
        group_end[colour] += 1
    total = 0
    for group in range(
        LINK_GROUPS
    ):  # to the first slot of each colour; the loop below advances it to the end
        here = group_end[group]
        group_end[group] = total
        total += here
    for joint in range(joint_count):
        colour = colour_of[joint]
        if colour >= 0:
            link[group_end[colour], LINK_JOINT] = joint
            group_end[colour] += 1
    return total


@kernel("int64(int64,int64[::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1])")
def drop_joined(
    pair_count: int,
    pairs: Words,
    joint_count: int,
    alive: Bytes,
    flags: Bytes,
    broken: Bytes,
    row_a: Words,
    row_b: Words,
) -> int:
    """Take the pairs of bodies that joints keep from colliding out of the candidate pairs; how many are left.

    Parameters
    ----------
    pairs : (pair_count,)
        Ascending, row of the smaller << 32 | row of the larger; stays so.
    """
    dropped = 0
    for joint in range(joint_count):
        b = row_b[joint]
        if is_whole(alive, flags, broken, joint) == 0 or flags[joint] & JOINT_COLLIDES != 0 or b == WORLD_ROW:
            continue
        a = row_a[joint]
        key = a << 32 | b if a < b else b << 32 | a
        first = 0
        end = pair_count
        while (
            first < end
        ):  # the first pair that is not below the key; dropped ones keep their key in the sign
            middle = (first + end) >> 1
            here = pairs[middle] if pairs[middle] >= 0 else ~pairs[middle]
            if here < key:
                first = middle + 1
            else:
                end = middle
        if first < pair_count and pairs[first] == key:
            pairs[first] = ~key
            dropped += 1
    if dropped == 0:
        return pair_count
    left = 0
    for index in range(pair_count):
        if pairs[index] >= 0:
            pairs[left] = pairs[index]
            left += 1
    return left
