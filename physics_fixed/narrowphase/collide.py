"""The narrowphase of one step: from candidate pairs to contacts with the impulses they had in the previous
step.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    CONTACT_FRICTION,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_SENSOR,
    CONTACT_SUB,
    CONTACT_TOUCHED,
    FLAG_SENSOR,
    POINT_PUSH,
    SHAPE_SPHERE,
    Bytes,
    Words,
)
from physics_fixed.narrowphase.composites import collide_composites, has_parts
from physics_fixed.narrowphase.leaves import collide_leaves
from physics_fixed.narrowphase.pairing import combine_materials, comes_before, may_meet
from physics_fixed.narrowphase.persistence import inherit
from physics_fixed.narrowphase.reach import reach_of
from physics_fixed.narrowphase.spheres import collide_spheres

_ROW_MASK = 0xFFFFFFFF


@device_kernel(
    "int64(int64[:,::1],int64,int64,int64[:,::1],int64,int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[::1],uint8[::1])"
)
def inherit_all(
    contact: Words,
    begin: int,
    end: int,
    point: Words,
    old: int,
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_point_count: Bytes,
    old_feature: Words,
    old_push: Words,
    old_friction: Words,
    old_twist: Words,
    old_touching: Bytes,
) -> int:
    """Give contacts what the previous step's contacts with the same names have left.

    ``old`` is the row of the table of contacts to look from; the row to look from next time is returned.
    """
    for index in range(begin, end):
        pair = contact[index, CONTACT_PAIR]
        sub = contact[index, CONTACT_SUB]
        first = contact[index, CONTACT_POINT_FIRST]
        points = contact[index, CONTACT_POINT_COUNT]
        for lane in range(CONTACT_FRICTION, CONTACT_TOUCHED + 1):
            contact[index, lane] = 0
        for row in range(first, first + points):
            point[row, POINT_PUSH] = 0
        while old < old_count and comes_before(old_pair[old], old_sub[old], pair, sub):
            old += 1
        if old < old_count and old_pair[old] == pair and old_sub[old] == sub:
            inherit(
                contact, index, point, first, points, old, old_point_count, old_feature, old_push,
                old_friction, old_twist, old_touching,
            )  # fmt: skip
    return old


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64)")
def name_bodies(contact: Words, index: int, pair: int, points: int, first: int, sensor: int) -> None:
    """Write what a contact of two bodies without parts is called, and where its points are."""
    contact[index, CONTACT_PAIR] = pair
    contact[index, CONTACT_SUB] = 0
    contact[index, CONTACT_POINT_COUNT] = points
    contact[index, CONTACT_POINT_FIRST] = first
    contact[index, CONTACT_SENSOR] = sensor


@kernel(
    "int64(int64,int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64,int64,int64[::1],"
    "int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1])"
)
def collide_pairs(
    pair_count: int,
    pairs: Words,
    kind: Bytes,
    shape: Bytes,
    flags: Bytes,
    filters: Words,
    friction_q24: Words,
    restitution_q24: Words,
    rolling_q24: Words,
    lever_q24: Words,
    position_q24: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    words: Words,
    word_first: Words,
    tick_q40: int,
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_point_count: Bytes,
    old_feature: Words,
    old_push: Words,
    old_friction: Words,
    old_twist: Words,
    old_touching: Bytes,
    leaf: Words,
    leaf_position_q24: Words,
    leaf_velocity_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
    near: Words,
    box: Words,
    triangle: Words,
    frame: Words,
    work: Words,
    polygon: Words,
    contact: Words,
    point: Words,
) -> int:
    """Write the contacts of all candidate pairs, ascending by pair, children and triangle.

    Parameters
    ----------
    pairs : (pair_count,)
        Candidates, ascending.
    kind, shape, flags, filters, friction_q24, ... : arrays
        Columns of the table of bodies.
    matrix_q30 : (n, 9)
        Rotation matrices of all but spheres.
    words, word_first : (w,), (n,)
        Words of geometries, and where those of each body begin.
    old_pair, ... : arrays
        Columns of the table of contacts as the previous step left it, ascending by (pair, sub).
    leaf, leaf_..., near, box, triangle, frame, work, polygon : scratch
    contact : (capacity, CONTACT_WIDTH), written; capacity is at least ``pair_count``
    point : (4 * capacity, POINT_WIDTH), written

    Returns
    -------
    int
        Number of contacts. If there was no room, -1 - the room that it takes at least: call again with longer
        ``contact``, ``point`` and ``near``.
    """
    index = 0
    first = 0
    old = 0
    for candidate in range(pair_count):
        pair = pairs[candidate]
        a = pair >> 32
        b = pair & _ROW_MASK
        begin = index
        if has_parts(shape[a]) or has_parts(shape[b]):
            index, first = collide_composites(
                pair, tick_q40, kind, shape, flags, filters, friction_q24, restitution_q24, rolling_q24,
                lever_q24, position_q24, velocity_q24, angular_velocity_q24, size_q24, matrix_q30, words,
                word_first, leaf, leaf_position_q24, leaf_velocity_q24, leaf_size_q24, leaf_matrix_q30, near,
                box, triangle, frame, work, polygon, contact, index, point, first,
            )  # fmt: skip
            if index < 0 or index + pair_count - candidate > contact.shape[0]:
                return -1 - (maximum(index, first) + pair_count)
        else:
            if not may_meet(filters[a], filters[b]):
                continue
            reach = minimum(
                reach_of(kind, shape, size_q24, words, word_first, a),
                reach_of(kind, shape, size_q24, words, word_first, b),
            )
            if shape[a] == SHAPE_SPHERE and shape[b] == SHAPE_SPHERE:
                points = collide_spheres(
                    a, b, position_q24, velocity_q24, size_q24, reach, tick_q40, contact, index, point, first
                )
            else:
                points = collide_leaves(
                    a, b, shape[a], shape[b], position_q24, velocity_q24, size_q24, matrix_q30, words,
                    word_first[a], words, word_first[b], reach, tick_q40, frame, work, polygon, contact,
                    index, point, first,
                )  # fmt: skip
            if points == 0:
                continue
            name_bodies(contact, index, pair, points, first, (flags[a] | flags[b]) & FLAG_SENSOR)
            combine_materials(
                contact, index, friction_q24[a], friction_q24[b], restitution_q24[a], restitution_q24[b],
                rolling_q24[a], rolling_q24[b],
            )  # fmt: skip
            index += 1
            first += points
        old = inherit_all(
            contact, begin, index, point, old, old_count, old_pair, old_sub, old_point_count, old_feature,
            old_push, old_friction, old_twist, old_touching,
        )  # fmt: skip
    return index
