"""Where all bodies are, as queries need it: taken from the tables anew before each batch of queries.

Bodies that stand as they stood before keep their matrix and box; each number is compared, so nothing that was
written into the tables, by whomever, can be missed.
"""

from __future__ import annotations

from physics_fixed.convex.layout import (
    LEAF_CODE,
    LEAF_FILTER,
    LEAF_FIRST,
    LEAF_LEVER,
    LEAF_MATRIX,
    LEAF_POSITION,
    LEAF_SENSOR,
    LEAF_SIZE,
)
from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import (
    FLAG_DISABLED,
    FLAG_SENSOR,
    SHAPE_CAPSULE,
    SHAPE_NONE,
    SHAPE_SPHERE,
    Bytes,
    Words,
)
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.queries.layout import PLACE_KIND, PLACE_ROTATION, PLACE_WIDTH


@inline_kernel("int64(int64[::1],int64,int64,int64)")
def half_extent(leaf: Words, at: int, code: int, axis: int) -> int:
    """Half of what a leaf extends along an axis of the world, from its position (Q24), rounded up."""
    half: int = leaf[at + LEAF_SIZE]
    if code == SHAPE_SPHERE:
        return half
    row = at + LEAF_MATRIX + 3 * axis
    if code == SHAPE_CAPSULE:
        return half + 1 + mul_shift(leaf[at + LEAF_SIZE + 1], abs(leaf[row + 1]), 30)
    return 1 + dot3_shift(
        half, abs(leaf[row]),
        leaf[at + LEAF_SIZE + 1], abs(leaf[row + 1]),
        leaf[at + LEAF_SIZE + 2], abs(leaf[row + 2]),
        30,
    )  # fmt: skip


@inline_kernel("int64(int64[::1],int64,int64)")
def put(words: Words, at: int, value: int) -> int:
    """Write a word; 1 if it was another before."""
    before: int = words[at]
    words[at] = value
    return 1 if before != value else 0


@kernel(
    "int64(int64,uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1])"
)
def take_places(
    count: int,
    alive: Bytes,
    kind: Bytes,
    shape: Bytes,
    flags: Bytes,
    position_q24: Words,
    rotation_q30: Words,
    size_q24: Words,
    lever_q24: Words,
    geometry: Words,
    filters: Words,
    geometry_first: Words,
    place: Words,
    box_q24: Words,
) -> int:
    """Bring places and boxes of all rows up to date; the number of rows whose box may be another now.

    Parameters
    ----------
    alive, kind, ..., filters : arrays
        Columns of the table of bodies.
    geometry_first : (g,)
        Column ``first`` of the table of geometries.
    place : (n * PLACE_WIDTH,), read and written
        Rows that were never written hold zeros.
    box_q24 : (n, 6), written where a place changed
        Tight about the half extents that the body has in its own axes, rounded outwards.
    """
    moved = 0
    for row in range(count):
        at = row * PLACE_WIDTH
        code: int = shape[row]
        if alive[row] == 0 or flags[row] & FLAG_DISABLED != 0:
            code = SHAPE_NONE
        changed = put(place, at + LEAF_CODE, code)
        if code == SHAPE_NONE:
            moved += changed
            continue
        for axis in range(3):
            here = clamp_symmetric(position_q24[row, axis], POSITION_MAX_Q24)
            changed |= put(place, at + LEAF_POSITION + axis, here)
            changed |= put(place, at + LEAF_SIZE + axis, size_q24[row, axis])
        for part in range(4):
            changed |= put(place, at + PLACE_ROTATION + part, rotation_q30[row, part])
        place[at + LEAF_LEVER] = lever_q24[row]
        place[at + LEAF_FIRST] = 0 if geometry[row] < 0 else geometry_first[geometry[row]]
        place[at + LEAF_FILTER] = filters[row]
        place[at + LEAF_SENSOR] = 1 if flags[row] & FLAG_SENSOR != 0 else 0
        place[at + PLACE_KIND] = kind[row]
        if changed == 0:
            continue
        moved += 1
        cells = matrix_of_quaternion_q30(
            rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2], rotation_q30[row, 3]
        )
        for cell in range(9):
            place[at + LEAF_MATRIX + cell] = cells[cell]
        for axis in range(3):
            half = half_extent(place, at, code, axis)
            box_q24[row, axis] = place[at + LEAF_POSITION + axis] - half
            box_q24[row, 3 + axis] = place[at + LEAF_POSITION + axis] + half
    return moved
