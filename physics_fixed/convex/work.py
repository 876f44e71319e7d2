"""Scratch of queries with shapes: one flat array ``work``, and what stands where in it.

Two shapes are compared: a, the query's own, and b, a part of a body. Their cores (see
:mod:`physics_fixed.convex.cores`) are seen from one place, the position of a at its start, in world axes.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.convex.layout import LEAF_WIDTH
from physics_fixed.shapes.hull_words import HULL_VERTICES_MAX
from physics_fixed.shapes.triangle_words import TRIANGLE_WIDTH

_FACES_MAX = 2 * HULL_VERTICES_MAX - 4
_EDGES_MAX = 3 * HULL_VERTICES_MAX - 6

# The simplex: differences of vertices, b - a.
SIMPLEX_POINT: Final = 0  # q24 (3), magnitudes up to 2**42
SIMPLEX_A: Final = 3  # first word of the vertex of core a
SIMPLEX_B: Final = 4  # of core b
SIMPLEX_WIDTH: Final = 5

# What is known of the gap between the cores.
GAP_COUNT: Final = 4 * SIMPLEX_WIDTH  # points in the simplex
GAP_LOW: Final = GAP_COUNT + 1  # lower bound of the distance, 2**-20 units; OVERLAPPING if they overlap
GAP_HIGH: Final = GAP_COUNT + 2  # upper bound
GAP_DIRECTION: Final = GAP_COUNT + 3  # (3), from a to b, largest component 60 bits long
GAP_ROUNDS: Final = GAP_COUNT + 6

# How two shapes lie to each other: across their gap, or the shortest way apart.
WAY_SEPARATION: Final = GAP_COUNT + 8  # q24, negative where they overlap
WAY_NORMAL: Final = WAY_SEPARATION + 1  # q30 (3), from a to b
WAY_POINT_A: Final = WAY_SEPARATION + 4  # q24 (3), on the surface of a, where it has been moved to
WAY_POINT_B: Final = WAY_SEPARATION + 7  # q24 (3), on the surface of b

# A core, from one of the two words below on.
CORE_COUNT: Final = 0  # of its vertices
CORE_RADIUS: Final = 1  # q24
CORE_CODE: Final = 2  # SHAPE_ constant
CORE_CENTRE: Final = 3  # q24 (3), a point of it
CORE_VERTICES: Final = 6  # q24 (3 each)
CORE_WIDTH: Final = CORE_VERTICES + 3 * HULL_VERTICES_MAX
CORE_A: Final = WAY_SEPARATION + 10
CORE_B: Final = CORE_A + CORE_WIDTH

# Faces and edges of a core, from one of the two words below on.
SOLID_FACE_COUNT: Final = 0
SOLID_EDGE_COUNT: Final = 1
SOLID_FACES: Final = 2  # outward normals, q30 (3 each)
SOLID_EDGES: Final = SOLID_FACES + 3 * _FACES_MAX
EDGE_TAIL: Final = 0  # first word of a vertex
EDGE_HEAD: Final = 1
EDGE_ALONG: Final = 2  # direction with 29 bits (3), so turned that it looks along right x left normal
EDGE_LEFT: Final = 5  # first word of the normal of a face, 0 if there is none
EDGE_RIGHT: Final = 6
SOLID_EDGE_WIDTH: Final = 8
SOLID_WIDTH: Final = SOLID_EDGES + SOLID_EDGE_WIDTH * _EDGES_MAX
SOLID_A: Final = CORE_B + CORE_WIDTH
SOLID_B: Final = SOLID_A + SOLID_WIDTH

MINE: Final = SOLID_B + SOLID_WIDTH  # shape a as a leaf
MINE_CENTRE: Final = MINE + LEAF_WIDTH  # q24 (3), centre of mass from where the caller puts it, world axes
CHILD: Final = MINE_CENTRE + 3  # a part of a compound as a leaf

# Shape a as seen from a mesh, in its axes.
SWEEP_START: Final = CHILD + LEAF_WIDTH  # q24 (3), from the position of the mesh
SWEEP_DIRECTION: Final = SWEEP_START + 3  # q60 (3)
SWEEP_EXTENT: Final = SWEEP_START + 6  # q24 (3), half extents of the shape
SWEEP_FOUND: Final = SWEEP_START + 9  # the triangle that was met, -1 if none

TRIANGLE: Final = SWEEP_START + 10  # words of a triangle; its normal in world axes
WORK_WIDTH: Final = TRIANGLE + TRIANGLE_WIDTH
