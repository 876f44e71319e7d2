"""Contacts of two bodies of which one is a compound, a mesh or a height field."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    CONTACT_MARGIN_Q24,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_SENSOR,
    CONTACT_SUB,
    FLAG_SENSOR,
    POINT_ARM,
    SHAPE_COMPOUND,
    SHAPE_HEIGHT_FIELD,
    SHAPE_MESH,
    SHAPE_TRIANGLE,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.narrowphase.leaves import collide_leaves
from physics_fixed.narrowphase.pairing import combine_materials, may_meet
from physics_fixed.narrowphase.parts import (
    LEAF_CODE,
    LEAF_FILTER,
    LEAF_FIRST,
    LEAF_FRICTION,
    LEAF_LEVER,
    LEAF_RESTITUTION,
    LEAF_ROLLING,
    LEAF_SENSOR,
    LEAF_STILL,
    box_in_axes,
    leaf_reach,
    leaves_apart,
    load_body,
    load_child,
    way_of_leaves,
)
from physics_fixed.narrowphase.triangle_contacts import lay_for_triangles
from physics_fixed.narrowphase.triangle_merging import merge_contacts
from physics_fixed.narrowphase.triangles import load_triangle, triangle_surface, triangles_near
from physics_fixed.shapes.hull_words import COMPOUND_COUNT


@inline_kernel("boolean(int64)")
def is_surface(code: int) -> bool:
    """Whether a shape is made of triangles."""
    return (code == SHAPE_MESH) | (code == SHAPE_HEIGHT_FIELD)


@inline_kernel("boolean(int64)")
def has_parts(code: int) -> bool:
    """Whether contacts of a body are found part by part."""
    return is_surface(code) | (code == SHAPE_COMPOUND)


@inline_kernel("int64(uint8[::1],int64[::1],int64[::1],int64)")
def child_count(shape: Bytes, words: Words, word_first: Words, row: int) -> int:
    """Number of children of a compound, 1 for every other shape."""
    count: int = words[word_first[row] + COMPOUND_COUNT] if shape[row] == SHAPE_COMPOUND else 1
    return count


@device_kernel(
    "void(int64,int64,int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1])"
)
def load_leaf(
    row: int,
    child: int,
    side: int,
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
    leaf: Words,
    leaf_position_q24: Words,
    leaf_velocity_q24: Words,
    leaf_size_q24: Words,
    leaf_matrix_q30: Words,
) -> None:
    """Lay out a body, or one of its children, as leaf ``side``."""
    leaf[side, LEAF_CODE] = shape[row]
    leaf[side, LEAF_FIRST] = word_first[row]
    leaf[side, LEAF_LEVER] = lever_q24[row]
    leaf[side, LEAF_FRICTION] = friction_q24[row]
    leaf[side, LEAF_RESTITUTION] = restitution_q24[row]
    leaf[side, LEAF_ROLLING] = rolling_q24[row]
    leaf[side, LEAF_FILTER] = filters[row]
    leaf[side, LEAF_STILL] = 1 if kind[row] == STATIC else 0
    leaf[side, LEAF_SENSOR] = 1 if flags[row] & FLAG_SENSOR != 0 else 0
    if shape[row] == SHAPE_COMPOUND:
        load_child(
            row, position_q24, velocity_q24, angular_velocity_q24, matrix_q30, words, word_first[row], child,
            side, leaf, leaf_position_q24, leaf_velocity_q24, leaf_size_q24, leaf_matrix_q30,
        )  # fmt: skip
    else:
        load_body(
            row, position_q24, velocity_q24, size_q24, matrix_q30, side, leaf_position_q24, leaf_velocity_q24,
            leaf_size_q24, leaf_matrix_q30,
        )  # fmt: skip


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64[:,::1],int64,int64,int64,int64)")
def name_contact(
    contact: Words,
    index: int,
    pair: int,
    sub: int,
    first: int,
    points: int,
    leaf: Words,
    friction: int,
    restitution: int,
    rolling: int,
    surface: int,
) -> None:
    """Write what a contact of two leaves is called, and its material.

    ``surface`` is the leaf with friction, restitution and rolling of its own (each -1: as the leaf has it).
    """
    contact[index, CONTACT_PAIR] = pair
    contact[index, CONTACT_SUB] = sub
    contact[index, CONTACT_POINT_COUNT] = points
    contact[index, CONTACT_POINT_FIRST] = first
    contact[index, CONTACT_SENSOR] = leaf[0, LEAF_SENSOR] | leaf[1, LEAF_SENSOR]
    other = 1 - surface
    combine_materials(
        contact,
        index,
        friction if friction >= 0 else leaf[surface, LEAF_FRICTION],
        leaf[other, LEAF_FRICTION],
        restitution if restitution >= 0 else leaf[surface, LEAF_RESTITUTION],
        leaf[other, LEAF_RESTITUTION],
        rolling if rolling >= 0 else leaf[surface, LEAF_ROLLING],
        leaf[other, LEAF_ROLLING],
    )


@inline_kernel("void(int64[:,::1],int64,int64,int64[:,::1],int64[:,::1],int64)")
def shift_arms(
    point: Words, first: int, points: int, leaf_position_q24: Words, position_q24: Words, a: int
) -> None:
    """Let the arms of points begin at the centre of body a instead of leaf 0."""
    for axis in range(3):
        offset = leaf_position_q24[0, axis] - position_q24[a, axis]
        if offset != 0:
            for k in range(first, first + points):
                point[k, POINT_ARM + axis] += offset


@device_kernel(
    "UniTuple(int64,2)(int64,int64,int64,int64[::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64,int64[:,::1],int64)"
)
def collide_surface(
    pair: int,
    sub: int,
    surface: int,
    words: Words,
    tick_q40: int,
    position_q24: Words,
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
    index: int,
    point: Words,
    first: int,
) -> tuple[int, int]:
    """Contacts of a convex leaf with the triangles of leaf ``surface`` of the two.

    Returns
    -------
    tuple of two int
        Rows of ``contact`` and ``point`` in use then. If there was no room: -1 and the rows of ``contact``
        that it takes.
    """
    side = 1 - surface
    begin = index
    reach = leaf_reach(leaf, side, leaf_size_q24, words)
    # However fast, it has no contact across a larger gap; and the path of a fast body is near many triangles.
    way = minimum(way_of_leaves(leaf_position_q24, leaf_velocity_q24, tick_q40), CONTACT_MARGIN_Q24 + reach)
    first_word = leaf[surface, LEAF_FIRST]
    first_convex = leaf[side, LEAF_FIRST]
    box_in_axes(side, leaf[side, LEAF_CODE], leaf_position_q24, leaf_size_q24, leaf_matrix_q30, way, box)
    count = triangles_near(words, first_word, box, near, near.shape[0])
    if count > near.shape[0] or index + count > contact.shape[0]:
        return -1, index + count
    lay_for_triangles(
        surface, side, leaf[side, LEAF_CODE], leaf_position_q24, leaf_size_q24, leaf_matrix_q30, words,
        first_convex, work,
    )  # fmt: skip
    for k in range(count):
        load_triangle(words, first_word, near[k], triangle, 0)
        if surface == 0:
            points = collide_leaves(
                0, 1, SHAPE_TRIANGLE, leaf[1, LEAF_CODE], leaf_position_q24, leaf_velocity_q24, leaf_size_q24,
                leaf_matrix_q30, triangle, 0, words, first_convex, reach, tick_q40, frame, work, polygon,
                contact, index, point, first,
            )  # fmt: skip
        else:
            points = collide_leaves(
                0, 1, leaf[0, LEAF_CODE], SHAPE_TRIANGLE, leaf_position_q24, leaf_velocity_q24, leaf_size_q24,
                leaf_matrix_q30, words, first_convex, triangle, 0, reach, tick_q40, frame, work, polygon,
                contact, index, point, first,
            )  # fmt: skip
        if points > 0:
            friction, restitution, rolling = triangle_surface(words, first_word, near[k])
            name_contact(
                contact,
                index,
                pair,
                sub | near[k],
                first,
                points,
                leaf,
                friction,
                restitution,
                rolling,
                surface,
            )
            shift_arms(point, first, points, leaf_position_q24, position_q24, pair >> 32)
            index += 1
            first += points
    return merge_contacts(contact, begin, index, point, first)


@device_kernel(
    "UniTuple(int64,2)(int64,int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64,int64[:,::1],int64)"
)
def collide_composites(
    pair: int,
    tick_q40: int,
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
    index: int,
    point: Words,
    first: int,
) -> tuple[int, int]:
    """Contacts of two bodies, ascending by children and triangle.

    Returns
    -------
    tuple of two int
        As :func:`collide_surface`.
    """
    a = pair >> 32
    b = pair & 0xFFFFFFFF
    for child_a in range(child_count(shape, words, word_first, a)):
        load_leaf(
            a, child_a, 0, kind, shape, flags, filters, friction_q24, restitution_q24, rolling_q24, lever_q24,
            position_q24, velocity_q24, angular_velocity_q24, size_q24, matrix_q30, words, word_first, leaf,
            leaf_position_q24, leaf_velocity_q24, leaf_size_q24, leaf_matrix_q30,
        )  # fmt: skip
        for child_b in range(child_count(shape, words, word_first, b)):
            load_leaf(
                b, child_b, 1, kind, shape, flags, filters, friction_q24, restitution_q24, rolling_q24,
                lever_q24, position_q24, velocity_q24, angular_velocity_q24, size_q24, matrix_q30, words,
                word_first, leaf, leaf_position_q24, leaf_velocity_q24, leaf_size_q24, leaf_matrix_q30,
            )  # fmt: skip
            if not may_meet(leaf[0, LEAF_FILTER], leaf[1, LEAF_FILTER]):
                continue
            sub = child_a << 48 | child_b << 32
            if is_surface(leaf[0, LEAF_CODE]) or is_surface(leaf[1, LEAF_CODE]):
                if is_surface(leaf[0, LEAF_CODE]) and is_surface(leaf[1, LEAF_CODE]):
                    continue
                index, first = collide_surface(
                    pair, sub, 0 if is_surface(leaf[0, LEAF_CODE]) else 1, words, tick_q40, position_q24,
                    leaf, leaf_position_q24, leaf_velocity_q24, leaf_size_q24, leaf_matrix_q30, near, box,
                    triangle, frame, work, polygon, contact, index, point, first,
                )  # fmt: skip
                if index < 0:
                    return index, first
                continue
            if leaves_apart(
                leaf, leaf_position_q24, way_of_leaves(leaf_position_q24, leaf_velocity_q24, tick_q40)
            ):
                continue
            if index == contact.shape[0]:
                return -1, index + 1
            reach = minimum(
                leaf_reach(leaf, 0, leaf_size_q24, words), leaf_reach(leaf, 1, leaf_size_q24, words)
            )
            points = collide_leaves(
                0, 1, leaf[0, LEAF_CODE], leaf[1, LEAF_CODE], leaf_position_q24, leaf_velocity_q24,
                leaf_size_q24, leaf_matrix_q30, words, leaf[0, LEAF_FIRST], words, leaf[1, LEAF_FIRST], reach,
                tick_q40, frame, work, polygon, contact, index, point, first,
            )  # fmt: skip
            if points > 0:
                name_contact(contact, index, pair, sub, first, points, leaf, -1, -1, -1, 0)
                shift_arms(point, first, points, leaf_position_q24, position_q24, a)
                index += 1
                first += points
    return index, first
