"""Colours of contacts: the canonical order in which constraints are solved.

Greedy, in the order of pairs: a contact takes the lowest colour that no earlier contact of its dynamic bodies
has. Only dynamic bodies count, so the colours of an island do not depend on other islands. Contacts with
static and kinematic bodies have colours of their own, after all others: what does not yield has the last
word.
"""

from __future__ import annotations

from physics_fixed.fixmath.wide import bit_length
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import (
    CONTACT_GROUP,
    CONTACT_PAIR,
    CONTACT_ROW,
    CONTACT_SENSOR,
    DYNAMIC,
    LOCK_ROTATION,
    SHAPE_SPHERE,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.solver.rows import (
    CLASS_BALL_PAIR,
    CLASS_BALL_STATIC,
    CLASS_FACE_PAIR,
    CLASS_FACE_STATIC,
    CLASSES,
    FIRST_BOUNDARY_COLOUR,
    GROUP_COUNT,
    GROUP_LIST,
    GROUPS,
    PAIR_COLOURS,
)

_ROW_MASK = 0xFFFFFFFF


@inline_kernel("int64(int64)")
def lowest_free(taken: int) -> int:
    """Number of the lowest zero among the PAIR_COLOURS lowest bits, PAIR_COLOURS if there is none."""
    free = ~taken
    return bit_length(free & -free) - 1


@inline_kernel("int64(uint8[::1],uint8[::1],uint8[::1],int64)")
def is_ball(kind: Bytes, shape: Bytes, locks: Bytes, row: int) -> int:
    """1 if a point contact with a sphere exerts no torque on this body along the normal, however it lies, and
    it is as heavy in all directions; else 0.
    """
    if kind[row] == STATIC:
        return 1
    if kind[row] == DYNAMIC and (
        locks[row] == LOCK_ROTATION or (locks[row] == 0 and shape[row] == SHAPE_SPHERE)
    ):
        return 1
    return 0


@kernel("int64(int64,int64,int64[:,::1],uint8[::1],uint8[::1],uint8[::1],int64[:,::1],int64[::1])")
def colour_contacts(
    count: int,
    contact_count: int,
    contact: Words,
    kind: Bytes,
    shape: Bytes,
    locks: Bytes,
    taken: Words,
    group_end: Words,
) -> int:
    """Sort the contacts into groups of rows.

    Parameters
    ----------
    contact : (contact_count, CONTACT_WIDTH)
        CONTACT_GROUP and CONTACT_ROW are written: the row counts from 0 for each of the two kinds of rows,
        by group,
        then in the order of pairs.
    taken : (n, 2), scratch
    group_end : (GROUP_END_LENGTH,), written
        One past the last row of each group. Even groups are of ball rows, odd ones of face rows, so the first
        row of a group is the end of the group two places earlier. Then the groups that have rows.

    Returns
    -------
    int
        Number of ball rows.
    """
    taken[:count] = 0
    group_end[:GROUPS] = 0
    for index in range(contact_count):
        if contact[index, CONTACT_SENSOR] != 0:
            continue
        a = contact[index, CONTACT_PAIR] >> 32
        b = contact[index, CONTACT_PAIR] & _ROW_MASK
        # A dynamic body that cannot turn meets a sphere like a ball; two boxes never do.
        sphere = shape[a] == SHAPE_SPHERE or shape[b] == SHAPE_SPHERE
        ball = sphere and is_ball(kind, shape, locks, a) & is_ball(kind, shape, locks, b) != 0
        if kind[a] == DYNAMIC and kind[b] == DYNAMIC:
            colour = lowest_free(taken[a, 0] | taken[b, 0])
            if colour < PAIR_COLOURS:
                taken[a, 0] |= 1 << colour
                taken[b, 0] |= 1 << colour
            group = colour * CLASSES + (CLASS_BALL_PAIR if ball else CLASS_FACE_PAIR)
        else:
            body = a if kind[a] == DYNAMIC else b
            colour = lowest_free(taken[body, 1])
            if colour < PAIR_COLOURS:
                taken[body, 1] |= 1 << colour
            group = (FIRST_BOUNDARY_COLOUR + colour) * CLASSES
            if ball:
                group += CLASS_BALL_STATIC
            elif kind[a] == STATIC or kind[b] == STATIC:
                group += CLASS_FACE_STATIC
            else:
                group += CLASS_FACE_PAIR
        contact[index, CONTACT_GROUP] = group
        group_end[group] += 1
    ball_count = face_count = used = 0
    for group in range(GROUPS):  # to the first row of each group; the loop below advances it to the end
        here = group_end[group]
        if here != 0:
            group_end[GROUP_LIST + used] = group
            used += 1
        if group % 2 == 0:
            group_end[group] = ball_count
            ball_count += here
        else:
            group_end[group] = face_count
            face_count += here
    group_end[GROUP_COUNT] = used
    for index in range(contact_count):
        if contact[index, CONTACT_SENSOR] != 0:
            continue
        group = contact[index, CONTACT_GROUP]
        contact[index, CONTACT_ROW] = group_end[group]
        group_end[group] += 1
    return ball_count
