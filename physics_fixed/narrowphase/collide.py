"""The narrowphase of one step: from candidate pairs to contacts with the impulses they had in the previous
step.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.jit import kernel
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
from physics_fixed.narrowphase.boxes import collide_boxes
from physics_fixed.narrowphase.pairing import combine_materials, comes_before, may_meet
from physics_fixed.narrowphase.persistence import inherit
from physics_fixed.narrowphase.reach import reach_of
from physics_fixed.narrowphase.spheres import collide_sphere_box, collide_spheres

_ROW_MASK = 0xFFFFFFFF


@kernel(
    "int64(int64,int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[::1],uint8[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1])"
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
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
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
    frame: Words,
    polygon: Words,
    contact: Words,
    point: Words,
) -> int:
    """Write the contacts of all candidate pairs, in their order.

    Parameters
    ----------
    pairs : (pair_count,)
        Candidates, ascending.
    kind, shape, flags, filters, friction_q24, ... : arrays
        Columns of the table of bodies.
    matrix_q30 : (n, 9)
        Rotation matrices of boxes.
    old_pair, ... : arrays
        Columns of the table of contacts as the previous step left it, ascending by pair.
    frame, polygon : scratch
    contact : (pair_count, CONTACT_WIDTH), written
    point : (4 * pair_count, POINT_WIDTH), written

    Returns
    -------
    int
        Number of contacts.
    """
    index = 0
    first = 0
    old = 0
    for candidate in range(pair_count):
        pair = pairs[candidate]
        a = pair >> 32
        b = pair & _ROW_MASK
        if not may_meet(filters[a], filters[b]):
            continue
        reach = minimum(reach_of(kind, shape, size_q24, a), reach_of(kind, shape, size_q24, b))
        if shape[a] == SHAPE_SPHERE and shape[b] == SHAPE_SPHERE:
            points = collide_spheres(
                a, b, position_q24, velocity_q24, size_q24, reach, tick_q40, contact, index, point, first
            )
        elif shape[a] == SHAPE_SPHERE or shape[b] == SHAPE_SPHERE:
            sphere = a if shape[a] == SHAPE_SPHERE else b
            points = collide_sphere_box(
                a, b, sphere, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, contact,
                index, point, first,
            )  # fmt: skip
        else:
            points = collide_boxes(
                a, b, position_q24, velocity_q24, size_q24, matrix_q30, reach, tick_q40, frame, polygon,
                contact, index, point, first,
            )  # fmt: skip
        if points == 0:
            continue
        contact[index, CONTACT_PAIR] = pair
        contact[index, CONTACT_SUB] = 0
        contact[index, CONTACT_POINT_COUNT] = points
        contact[index, CONTACT_POINT_FIRST] = first
        contact[index, CONTACT_SENSOR] = (flags[a] | flags[b]) & FLAG_SENSOR
        combine_materials(
            contact, index, friction_q24[a], friction_q24[b], restitution_q24[a], restitution_q24[b],
            rolling_q24[a], rolling_q24[b],
        )  # fmt: skip
        for lane in range(CONTACT_FRICTION, CONTACT_TOUCHED + 1):
            contact[index, lane] = 0
        for row in range(first, first + points):
            point[row, POINT_PUSH] = 0
        while old < old_count and comes_before(old_pair[old], old_sub[old], pair, 0):
            old += 1
        if old < old_count and old_pair[old] == pair and old_sub[old] == 0:
            inherit(
                contact, index, point, first, points, old, old_point_count, old_feature, old_push,
                old_friction, old_twist, old_touching,
            )  # fmt: skip
        index += 1
        first += points
    return index
