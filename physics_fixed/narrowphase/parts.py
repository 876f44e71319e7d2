"""Bodies of several parts: their contacts, part by part.

A compound's children and the triangles of a mesh or a height field are *leaves*: convex shapes with a pose of
their own. A pair of bodies of which one has parts is laid out as two leaves at a time in arrays of two rows,
row 0 for body a and row 1 for body b, and these are collided as bodies are.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.wide import dot3_shift, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    CONTACT_MARGIN_Q24,
    SHAPE_CAPSULE,
    SHAPE_SPHERE,
    Words,
)
from physics_fixed.limits import LENGTH_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.narrowphase.reach import inner_radius
from physics_fixed.narrowphase.spheres import into_body, into_world
from physics_fixed.shapes.hull_words import (
    CHILD_CODE,
    CHILD_FILTER,
    CHILD_FLAG_FILTER,
    CHILD_FLAG_SENSOR,
    CHILD_FLAGS,
    CHILD_FRICTION,
    CHILD_HULL,
    CHILD_LEVER,
    CHILD_MATRIX,
    CHILD_POSITION,
    CHILD_RESTITUTION,
    CHILD_ROLLING,
    CHILD_SIZE,
    CHILD_WIDTH,
    COMPOUND_HEADER,
)

# leaf[side]: what the arrays of poses do not say of a leaf.
LEAF_CODE: Final = 0
LEAF_FIRST: Final = 1  # first word of its hull, or of its mesh
LEAF_LEVER: Final = 2  # q24 m, radius of a sphere around it
LEAF_FRICTION: Final = 3  # q24
LEAF_RESTITUTION: Final = 4
LEAF_ROLLING: Final = 5
LEAF_FILTER: Final = 6
LEAF_SENSOR: Final = 7  # 0 or 1
LEAF_STILL: Final = 8  # 1 if its body is static
LEAF_WIDTH: Final = 9


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1],int64[::1])")
def leaf_reach(leaf: Words, side: int, leaf_size_q24: Words, words: Words) -> int:
    """How much early a leaf may be stopped: what is inside it; static ones and surfaces limit no other."""
    if leaf[side, LEAF_STILL] != 0:
        return LENGTH_MAX_Q24
    return inner_radius(leaf[side, LEAF_CODE], leaf_size_q24, side, words, leaf[side, LEAF_FIRST])


@device_kernel(
    "void(int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1])"
)
def load_body(
    row: int,
    position_q24: Words,
    velocity_q24: Words,
    size_q24: Words,
    matrix_q30: Words,
    side: int,
    leaf_position_q24: Words,
    leaf_velocity_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
) -> None:
    """Lay out a body as a leaf as it is."""
    for axis in range(3):
        leaf_position_q24[side, axis] = position_q24[row, axis]
        leaf_velocity_q24[side, axis] = velocity_q24[row, axis]
        leaf_size_q24[side, axis] = size_q24[row, axis]
    for cell in range(9):
        leaf_matrix_q30[side, cell] = matrix_q30[row, cell]


@device_kernel(
    "void(int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64,int64,int64,int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def load_child(
    row: int,
    position_q24: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    matrix_q30: Words,
    words: Words,
    first: int,
    child: int,
    side: int,
    leaf: Words,
    leaf_position_q24: Words,
    leaf_velocity_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
) -> None:
    """Lay out a child of a compound as a leaf; ``leaf`` holds the body's own material, filter and flags."""
    here = first + COMPOUND_HEADER + CHILD_WIDTH * child
    x, y, z = into_world(
        matrix_q30, row, words[here + CHILD_POSITION], words[here + CHILD_POSITION + 1],
        words[here + CHILD_POSITION + 2],
    )  # fmt: skip
    leaf_position_q24[side, 0] = position_q24[row, 0] + x
    leaf_position_q24[side, 1] = position_q24[row, 1] + y
    leaf_position_q24[side, 2] = position_q24[row, 2] + z
    spin_x = angular_velocity_q24[row, 0]
    spin_y = angular_velocity_q24[row, 1]
    spin_z = angular_velocity_q24[row, 2]
    leaf_velocity_q24[side, 0] = clamp_symmetric(
        velocity_q24[row, 0] + mul_sub_shift(spin_y, z, spin_z, y, 24), VELOCITY_MAX_Q24
    )
    leaf_velocity_q24[side, 1] = clamp_symmetric(
        velocity_q24[row, 1] + mul_sub_shift(spin_z, x, spin_x, z, 24), VELOCITY_MAX_Q24
    )
    leaf_velocity_q24[side, 2] = clamp_symmetric(
        velocity_q24[row, 2] + mul_sub_shift(spin_x, y, spin_y, x, 24), VELOCITY_MAX_Q24
    )
    for i in range(3):
        leaf_size_q24[side, i] = words[here + CHILD_SIZE + i]
        for j in range(3):
            leaf_matrix_q30[side, 3 * i + j] = dot3_shift(
                matrix_q30[row, 3 * i], words[here + CHILD_MATRIX + j],
                matrix_q30[row, 3 * i + 1], words[here + CHILD_MATRIX + 3 + j],
                matrix_q30[row, 3 * i + 2], words[here + CHILD_MATRIX + 6 + j],
                30,
            )  # fmt: skip
    leaf[side, LEAF_CODE] = words[here + CHILD_CODE]
    leaf[side, LEAF_FIRST] = first + words[here + CHILD_HULL]
    leaf[side, LEAF_LEVER] = words[here + CHILD_LEVER]
    flags = words[here + CHILD_FLAGS]
    if words[here + CHILD_FRICTION] >= 0:
        leaf[side, LEAF_FRICTION] = words[here + CHILD_FRICTION]
    if words[here + CHILD_RESTITUTION] >= 0:
        leaf[side, LEAF_RESTITUTION] = words[here + CHILD_RESTITUTION]
    if words[here + CHILD_ROLLING] >= 0:
        leaf[side, LEAF_ROLLING] = words[here + CHILD_ROLLING]
    if flags & CHILD_FLAG_FILTER != 0:
        leaf[side, LEAF_FILTER] = words[here + CHILD_FILTER]
    if flags & CHILD_FLAG_SENSOR != 0:
        leaf[side, LEAF_SENSOR] = 1


@device_kernel("int64(int64[:,::1],int64[:,::1],int64)")
def way_of_leaves(leaf_position_q24: Words, leaf_velocity_q24: Words, tick_q40: int) -> int:
    """By how much in a tick the two leaves may come nearer, with the margin of contacts, Q24 m."""
    way = CONTACT_MARGIN_Q24
    for axis in range(3):
        way += mul_shift(abs(leaf_velocity_q24[1, axis] - leaf_velocity_q24[0, axis]), tick_q40, 40)
    return way


@device_kernel("boolean(int64[:,::1],int64[:,::1],int64)")
def leaves_apart(leaf: Words, leaf_position_q24: Words, way: int) -> bool:
    """Whether the spheres around the two leaves are further apart than they may come nearer in the tick."""
    bound = leaf[0, LEAF_LEVER] + leaf[1, LEAF_LEVER] + way
    x = leaf_position_q24[1, 0] - leaf_position_q24[0, 0]
    y = leaf_position_q24[1, 1] - leaf_position_q24[0, 1]
    z = leaf_position_q24[1, 2] - leaf_position_q24[0, 2]
    return dot3_shift(x, x, y, y, z, z, 24) > mul_shift(bound, bound, 24)


@device_kernel("void(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],int64,int64[::1])")
def box_in_axes(
    side: int,
    code: int,
    leaf_position_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
    way: int,
    box: Words,
) -> None:
    """Box around a convex leaf, inflated by ``way``, in the axes and from the place of the other leaf.

    ``box`` takes lower (3) and upper corner (3).
    """
    other = 1 - side
    x, y, z = into_body(
        leaf_matrix_q30,
        other,
        leaf_position_q24[side, 0] - leaf_position_q24[other, 0],
        leaf_position_q24[side, 1] - leaf_position_q24[other, 1],
        leaf_position_q24[side, 2] - leaf_position_q24[other, 2],
    )
    box[0] = x
    box[1] = y
    box[2] = z
    for axis in range(3):
        half = leaf_size_q24[side, 0]
        if code != SHAPE_SPHERE:
            cosines_x = cosine_q30(leaf_matrix_q30, other, axis, side, 0)
            cosines_y = cosine_q30(leaf_matrix_q30, other, axis, side, 1)
            cosines_z = cosine_q30(leaf_matrix_q30, other, axis, side, 2)
            if code == SHAPE_CAPSULE:
                half += 1 + mul_shift(leaf_size_q24[side, 1], abs(cosines_y), 30)
            else:
                half = 1 + dot3_shift(
                    leaf_size_q24[side, 0], abs(cosines_x),
                    leaf_size_q24[side, 1], abs(cosines_y),
                    leaf_size_q24[side, 2], abs(cosines_z),
                    30,
                )  # fmt: skip
        centre = box[axis]
        box[axis] = centre - half - way
        box[3 + axis] = centre + half + way


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64)")
def cosine_q30(matrix_q30: Words, row: int, axis: int, other_row: int, other_axis: int) -> int:
    """Cosine of the angle between an axis of one leaf and an axis of another."""
    return dot3_shift(
        matrix_q30[row, axis], matrix_q30[other_row, other_axis],
        matrix_q30[row, 3 + axis], matrix_q30[other_row, 3 + other_axis],
        matrix_q30[row, 6 + axis], matrix_q30[other_row, 6 + other_axis],
        30,
    )  # fmt: skip
