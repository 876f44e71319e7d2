"""The largest sphere inside of a body."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import SHAPE_BOX, SHAPE_CAPSULE, SHAPE_COMPOUND, SHAPE_HULL, SHAPE_SPHERE, Words
from physics_fixed.limits import LENGTH_MAX_Q24
from physics_fixed.shapes.hull_words import (
    CHILD_CODE,
    CHILD_HULL,
    CHILD_SIZE,
    CHILD_WIDTH,
    COMPOUND_COUNT,
    COMPOUND_HEADER,
    HULL_INNER_RADIUS,
)


@inline_kernel("int64(int64,int64,int64,int64,int64[::1],int64)")
def convex_inner_radius(code: int, x: int, y: int, z: int, words: Words, first: int) -> int:
    """Radius (Q24) of a sphere inside a convex shape of a size; LENGTH_MAX_Q24 for surfaces, which have no
    inside.
    """
    if (code == SHAPE_SPHERE) | (code == SHAPE_CAPSULE):
        return x
    if code == SHAPE_BOX:
        return minimum(x, minimum(y, z))
    if code == SHAPE_HULL:
        inner: int = words[first + HULL_INNER_RADIUS]
        return inner
    return LENGTH_MAX_Q24


@device_kernel("int64(int64,int64[:,::1],int64,int64[::1],int64)")
def body_inner_radius(code: int, size_q24: Words, row: int, words: Words, first: int) -> int:
    """The same for a body, of a compound the smallest of its children's."""
    if code != SHAPE_COMPOUND:
        return convex_inner_radius(
            code, size_q24[row, 0], size_q24[row, 1], size_q24[row, 2], words, first
        )  # fmt: skip
    smallest = LENGTH_MAX_Q24
    for child in range(words[first + COMPOUND_COUNT]):
        at = first + COMPOUND_HEADER + CHILD_WIDTH * child
        smallest = minimum(
            smallest,
            convex_inner_radius(
                words[at + CHILD_CODE], words[at + CHILD_SIZE], words[at + CHILD_SIZE + 1],
                words[at + CHILD_SIZE + 2], words, first + words[at + CHILD_HULL],
            ),
        )  # fmt: skip
    return smallest
