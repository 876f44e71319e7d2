"""Leaves: the convex shapes of which bodies are made, each with a pose of its own."""

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
from physics_fixed.fixmath.wide import dot3_narrow, dot3_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import SHAPE_COMPOUND, Words
from physics_fixed.shapes.hull_words import (
    CHILD_CODE,
    CHILD_FILTER,
    CHILD_FLAG_FILTER,
    CHILD_FLAG_SENSOR,
    CHILD_FLAGS,
    CHILD_HULL,
    CHILD_LEVER,
    CHILD_MATRIX,
    CHILD_POSITION,
    CHILD_SIZE,
    CHILD_WIDTH,
    COMPOUND_COUNT,
    COMPOUND_HEADER,
)


@inline_kernel("int64(int64[::1],int64,int64[::1])")
def child_count(leaf: Words, at: int, words: Words) -> int:
    """Number of leaves that a body is: 1, or the children of its compound."""
    if leaf[at + LEAF_CODE] != SHAPE_COMPOUND:
        return 1
    count: int = words[leaf[at + LEAF_FIRST] + COMPOUND_COUNT]
    return count


@device_kernel("void(int64[::1],int64,int64[::1],int64,int64[::1],int64)")
def load_child(body: Words, at: int, words: Words, child: int, leaf: Words, to: int) -> None:
    """Write a child of a compound as a leaf.

    Its matrix is rounded once more than that of its body: positions of its surface are off by 2**-30 of its
    size and a unit.
    """
    compound = body[at + LEAF_FIRST]
    row = compound + COMPOUND_HEADER + CHILD_WIDTH * child
    for i in range(3):
        ax, ay, az = (
            body[at + LEAF_MATRIX + 3 * i],
            body[at + LEAF_MATRIX + 3 * i + 1],
            body[at + LEAF_MATRIX + 3 * i + 2],
        )
        arm = dot3_shift(
            ax, words[row + CHILD_POSITION],
            ay, words[row + CHILD_POSITION + 1],
            az, words[row + CHILD_POSITION + 2],
            29,
        )  # fmt: skip
        leaf[to + LEAF_POSITION + i] = body[at + LEAF_POSITION + i] + ((arm + 1) >> 1)
        for j in range(3):
            cell = dot3_narrow(
                ax, words[row + CHILD_MATRIX + j],
                ay, words[row + CHILD_MATRIX + 3 + j],
                az, words[row + CHILD_MATRIX + 6 + j],
                29,
            )  # fmt: skip
            leaf[to + LEAF_MATRIX + 3 * i + j] = (cell + 1) >> 1
        leaf[to + LEAF_SIZE + i] = words[row + CHILD_SIZE + i]
    flags = words[row + CHILD_FLAGS]
    leaf[to + LEAF_LEVER] = words[row + CHILD_LEVER]
    leaf[to + LEAF_CODE] = words[row + CHILD_CODE]
    leaf[to + LEAF_FIRST] = compound + words[row + CHILD_HULL]
    leaf[to + LEAF_FILTER] = (
        words[row + CHILD_FILTER] if flags & CHILD_FLAG_FILTER != 0 else body[at + LEAF_FILTER]
    )
    leaf[to + LEAF_SENSOR] = 1 if flags & CHILD_FLAG_SENSOR != 0 else body[at + LEAF_SENSOR]


@inline_kernel("UniTuple(int64,3)(int64[::1],int64,int64,int64,int64)")
def into_leaf(leaf: Words, at: int, x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector of world axes in the axes of a leaf, to the nearest."""
    m = at + LEAF_MATRIX
    return (
        (dot3_shift(leaf[m], x, leaf[m + 3], y, leaf[m + 6], z, 29) + 1) >> 1,
        (dot3_shift(leaf[m + 1], x, leaf[m + 4], y, leaf[m + 7], z, 29) + 1) >> 1,
        (dot3_shift(leaf[m + 2], x, leaf[m + 5], y, leaf[m + 8], z, 29) + 1) >> 1,
    )


@inline_kernel("UniTuple(int64,3)(int64[::1],int64,int64,int64,int64)")
def out_of_leaf(leaf: Words, at: int, x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector of a leaf's axes in world axes, to the nearest."""
    m = at + LEAF_MATRIX
    return (
        (dot3_shift(leaf[m], x, leaf[m + 1], y, leaf[m + 2], z, 29) + 1) >> 1,
        (dot3_shift(leaf[m + 3], x, leaf[m + 4], y, leaf[m + 5], z, 29) + 1) >> 1,
        (dot3_shift(leaf[m + 6], x, leaf[m + 7], y, leaf[m + 8], z, 29) + 1) >> 1,
    )
