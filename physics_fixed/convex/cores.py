"""Cores: the points, segments and polytopes that convex shapes are rounded from.

A sphere is a point with a radius, a capsule a segment with a radius; boxes, hulls and triangles are polytopes
with the radius 0. A core holds its vertices in world axes, from a place near them, each rounded to a unit.
"""

from __future__ import annotations

from physics_fixed.convex.layout import (
    LEAF_CODE,
    LEAF_FIRST,
    LEAF_MATRIX,
    LEAF_POSITION,
    LEAF_SIZE,
    PATH_START,
)
from physics_fixed.convex.leaves import out_of_leaf
from physics_fixed.convex.work import (
    CORE_B,
    CORE_CENTRE,
    CORE_CODE,
    CORE_COUNT,
    CORE_RADIUS,
    CORE_VERTICES,
    TRIANGLE,
)
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import mul_shift
from physics_fixed.jit import device_kernel
from physics_fixed.layout import SHAPE_BOX, SHAPE_CAPSULE, SHAPE_HULL, SHAPE_SPHERE, SHAPE_TRIANGLE, Words
from physics_fixed.shapes.hull_words import HULL_VERTEX_COUNT, HULL_VERTICES, VERTEX_WIDTH
from physics_fixed.shapes.triangle_words import TRIANGLE_NORMAL, TRIANGLE_VERTICES


@device_kernel("void(int64[::1],int64,int64[::1],int64[::1],int64,int64[::1])")
def lay_core(leaf: Words, at: int, words: Words, path: Words, core: int, work: Words) -> None:
    """Write the core of a leaf that is a sphere, capsule, box or hull, seen from the start of a path.

    ``core``: CORE_A or CORE_B.
    """
    code = leaf[at + LEAF_CODE]
    x = leaf[at + LEAF_POSITION] - path[PATH_START]
    y = leaf[at + LEAF_POSITION + 1] - path[PATH_START + 1]
    z = leaf[at + LEAF_POSITION + 2] - path[PATH_START + 2]
    work[core + CORE_CODE] = code
    work[core + CORE_RADIUS] = 0
    work[core + CORE_CENTRE] = x
    work[core + CORE_CENTRE + 1] = y
    work[core + CORE_CENTRE + 2] = z
    to = core + CORE_VERTICES
    if code == SHAPE_SPHERE:
        work[core + CORE_COUNT] = 1
        work[core + CORE_RADIUS] = leaf[at + LEAF_SIZE]
        work[to], work[to + 1], work[to + 2] = x, y, z
    elif code == SHAPE_CAPSULE:
        work[core + CORE_COUNT] = 2
        work[core + CORE_RADIUS] = leaf[at + LEAF_SIZE]
        half = leaf[at + LEAF_SIZE + 1]
        for axis in range(3):
            arm = (mul_shift(leaf[at + LEAF_MATRIX + 3 * axis + 1], half, 29) + 1) >> 1
            work[to + axis] = work[core + CORE_CENTRE + axis] - arm
            work[to + 3 + axis] = work[core + CORE_CENTRE + axis] + arm
    elif code == SHAPE_BOX:
        work[core + CORE_COUNT] = 8
        for corner in range(8):
            vx, vy, vz = out_of_leaf(
                leaf, at,
                leaf[at + LEAF_SIZE] if corner & 1 != 0 else -leaf[at + LEAF_SIZE],
                leaf[at + LEAF_SIZE + 1] if corner & 2 != 0 else -leaf[at + LEAF_SIZE + 1],
                leaf[at + LEAF_SIZE + 2] if corner & 4 != 0 else -leaf[at + LEAF_SIZE + 2],
            )  # fmt: skip
            work[to], work[to + 1], work[to + 2] = x + vx, y + vy, z + vz
            to += 3
    elif code == SHAPE_HULL:
        first = leaf[at + LEAF_FIRST]
        vertex = first + words[first + HULL_VERTICES]
        work[core + CORE_COUNT] = words[first + HULL_VERTEX_COUNT]
        for _ in range(work[core + CORE_COUNT]):
            vx, vy, vz = out_of_leaf(leaf, at, words[vertex], words[vertex + 1], words[vertex + 2])
            work[to], work[to + 1], work[to + 2] = x + vx, y + vy, z + vz
            to += 3
            vertex += VERTEX_WIDTH
    else:
        work[core + CORE_COUNT] = 0


@device_kernel("void(int64[::1],int64,int64[::1],int64[::1])")
def lay_triangle(leaf: Words, at: int, path: Words, work: Words) -> None:
    """Write the triangle whose words stand at TRIANGLE as core b, seen from the start of a path.

    ``leaf``: its mesh. The normal in its words is turned into world axes.
    """
    x = leaf[at + LEAF_POSITION] - path[PATH_START]
    y = leaf[at + LEAF_POSITION + 1] - path[PATH_START + 1]
    z = leaf[at + LEAF_POSITION + 2] - path[PATH_START + 2]
    work[CORE_B + CORE_CODE] = SHAPE_TRIANGLE
    work[CORE_B + CORE_COUNT] = 3
    work[CORE_B + CORE_RADIUS] = 0
    corner = TRIANGLE + TRIANGLE_VERTICES
    to = CORE_B + CORE_VERTICES
    for _ in range(3):
        vx, vy, vz = out_of_leaf(leaf, at, work[corner], work[corner + 1], work[corner + 2])
        work[to], work[to + 1], work[to + 2] = x + vx, y + vy, z + vz
        to += 3
        corner += 3
    for axis in range(3):
        work[CORE_B + CORE_CENTRE + axis] = work[CORE_B + CORE_VERTICES + axis]
    normal = TRIANGLE + TRIANGLE_NORMAL
    nx, ny, nz = out_of_leaf(leaf, at, work[normal], work[normal + 1], work[normal + 2])
    work[normal], work[normal + 1], work[normal + 2] = nx, ny, nz


@device_kernel("void(int64[::1],int64,int64[::1],int64)")
def extend(work: Words, core: int, extent: Words, to: int) -> None:
    """Write the half extents (Q24) of a box about the origin that encloses the shape with a core."""
    for axis in range(3):
        farthest = 0
        for vertex in range(work[core + CORE_COUNT]):
            farthest = maximum(farthest, abs(work[core + CORE_VERTICES + 3 * vertex + axis]))
        extent[to + axis] = farthest + work[core + CORE_RADIUS] + 2
