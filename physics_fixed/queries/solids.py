"""Faces and edges of a core, for cores that overlap.

A point has none of them, a segment an edge without faces.
"""

from __future__ import annotations

import numpy as np

from physics_fixed.convex.layout import LEAF_CODE, LEAF_FIRST, LEAF_MATRIX
from physics_fixed.convex.leaves import out_of_leaf
from physics_fixed.convex.work import (
    CORE_VERTICES,
    EDGE_ALONG,
    EDGE_HEAD,
    EDGE_LEFT,
    EDGE_RIGHT,
    EDGE_TAIL,
    SOLID_EDGE_COUNT,
    SOLID_EDGE_WIDTH,
    SOLID_EDGES,
    SOLID_FACE_COUNT,
    SOLID_FACES,
)
from physics_fixed.fixmath.wide import bit_length, mul_sub_narrow
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import SHAPE_BOX, SHAPE_CAPSULE, SHAPE_HULL, Words
from physics_fixed.shapes.hull_words import (
    EDGE_A,
    EDGE_B,
    EDGE_WIDTH,
    FACE_WIDTH,
    HULL_EDGE_COUNT,
    HULL_EDGES,
    HULL_FACE_COUNT,
    HULL_FACES,
)
from physics_fixed.shapes.hull_words import EDGE_LEFT as HULL_EDGE_LEFT
from physics_fixed.shapes.hull_words import EDGE_RIGHT as HULL_EDGE_RIGHT

_ALONG_BITS = 29


def _box_edges() -> list[tuple[int, int, int, int]]:
    """Edges of a box: two corners, two faces. Bit k of a corner is its sign along axis k; face 2 k is that
    against axis k, 2 k + 1 that along it.
    """
    edges = []
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        for corner in range(8):
            if not corner >> axis & 1:
                faces = 2 * one + (corner >> one & 1), 2 * two + (corner >> two & 1)
                edges.append((corner, corner | 1 << axis, *faces))
    return edges


_BOX_EDGES = np.array(_box_edges(), np.int64)
_BOX_EDGES.setflags(write=False)


@inline_kernel("UniTuple(int64,3)(int64,int64,int64)")
def short_direction(x: int, y: int, z: int) -> tuple[int, int, int]:
    """A vector, scaled so that its largest component has 29 bits."""
    left = _ALONG_BITS - bit_length(abs(x) | abs(y) | abs(z))
    if left < 0:
        return x >> -left, y >> -left, z >> -left
    return x << left, y << left, z << left


@device_kernel("void(int64[::1],int64,int64,int64,int64,int64,int64,int64)")
def lay_edge(work: Words, core: int, solid: int, number: int, a: int, b: int, left: int, right: int) -> None:
    """Write an edge between two vertices and two faces, by their numbers."""
    at = solid + SOLID_EDGES + SOLID_EDGE_WIDTH * number
    a = core + CORE_VERTICES + 3 * a
    b = core + CORE_VERTICES + 3 * b
    left = solid + SOLID_FACES + 3 * left
    right = solid + SOLID_FACES + 3 * right
    x, y, z = short_direction(work[b] - work[a], work[b + 1] - work[a + 1], work[b + 2] - work[a + 2])
    turn = (
        mul_sub_narrow(work[right + 1], work[left + 2], work[right + 2], work[left + 1], 30) * x
        + mul_sub_narrow(work[right + 2], work[left], work[right], work[left + 2], 30) * y
        + mul_sub_narrow(work[right], work[left + 1], work[right + 1], work[left], 30) * z
    )
    if turn < 0:
        x, y, z = -x, -y, -z
    work[at + EDGE_TAIL] = a
    work[at + EDGE_HEAD] = b
    work[at + EDGE_ALONG] = x
    work[at + EDGE_ALONG + 1] = y
    work[at + EDGE_ALONG + 2] = z
    work[at + EDGE_LEFT] = left
    work[at + EDGE_RIGHT] = right


@device_kernel("void(int64[::1],int64,int64[::1],int64,int64,int64[::1])")
def lay_solid(leaf: Words, at: int, words: Words, core: int, solid: int, work: Words) -> None:
    """Write faces and edges of a leaf whose core has been laid.

    ``core``, ``solid``: CORE_A and SOLID_A, or those of b.
    """
    code = leaf[at + LEAF_CODE]
    work[solid + SOLID_FACE_COUNT] = 0
    work[solid + SOLID_EDGE_COUNT] = 0
    if code == SHAPE_CAPSULE:
        work[solid + SOLID_EDGE_COUNT] = 1
        edge = solid + SOLID_EDGES
        work[edge + EDGE_TAIL] = core + CORE_VERTICES
        work[edge + EDGE_HEAD] = core + CORE_VERTICES + 3
        for axis in range(3):
            work[edge + EDGE_ALONG + axis] = leaf[at + LEAF_MATRIX + 3 * axis + 1]
        work[edge + EDGE_LEFT] = 0
        work[edge + EDGE_RIGHT] = 0
    elif code == SHAPE_BOX:
        work[solid + SOLID_FACE_COUNT] = 6
        work[solid + SOLID_EDGE_COUNT] = 12
        for axis in range(3):
            for part in range(3):
                cell = leaf[at + LEAF_MATRIX + 3 * part + axis]
                work[solid + SOLID_FACES + 6 * axis + part] = -cell
                work[solid + SOLID_FACES + 6 * axis + 3 + part] = cell
        for number in range(12):
            lay_edge(
                work, core, solid, number, _BOX_EDGES[number, 0], _BOX_EDGES[number, 1],
                _BOX_EDGES[number, 2], _BOX_EDGES[number, 3],
            )  # fmt: skip
    elif code == SHAPE_HULL:
        first = leaf[at + LEAF_FIRST]
        work[solid + SOLID_FACE_COUNT] = words[first + HULL_FACE_COUNT]
        work[solid + SOLID_EDGE_COUNT] = words[first + HULL_EDGE_COUNT]
        face = first + words[first + HULL_FACES]
        for number in range(words[first + HULL_FACE_COUNT]):
            x, y, z = out_of_leaf(leaf, at, words[face], words[face + 1], words[face + 2])
            to = solid + SOLID_FACES + 3 * number
            work[to], work[to + 1], work[to + 2] = x, y, z
            face += FACE_WIDTH
        edge = first + words[first + HULL_EDGES]
        for number in range(words[first + HULL_EDGE_COUNT]):
            lay_edge(
                work, core, solid, number, words[edge + EDGE_A], words[edge + EDGE_B],
                words[edge + HULL_EDGE_LEFT], words[edge + HULL_EDGE_RIGHT],
            )  # fmt: skip
            edge += EDGE_WIDTH
