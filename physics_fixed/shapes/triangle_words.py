"""Layout of the words of triangle meshes, height fields and single triangles.

A geometry is a run of int64 words. Offsets inside it count from its first word. Coordinates are Q24 m in the
axes of the body and relative to its position; unit vectors are Q30. The first word of a mesh or field is its
kind of shape, and the words up to ``GEOMETRY_HEADER`` mean the same in both where their names begin with
``GEOMETRY``. The formats are described in docs/physics/meshes.md.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.layout import SHAPE_HEIGHT_FIELD, SHAPE_MESH
from physics_fixed.limits import LENGTH_MAX_Q24

MESH: Final = SHAPE_MESH
FIELD: Final = SHAPE_HEIGHT_FIELD

# Header, of both.
GEOMETRY_CODE: Final = 0
GEOMETRY_SURFACES: Final = 7  # offset of the table of surfaces
GEOMETRY_SURFACE_COUNT: Final = 8
GEOMETRY_BOUNDS: Final = 9  # lower corner (3), upper corner (3)
GEOMETRY_HEADER: Final = 16

# Header of a mesh.
MESH_TRIANGLE_COUNT: Final = 1
MESH_VERTEX_COUNT: Final = 2
MESH_NODE_COUNT: Final = 3
MESH_VERTICES: Final = 4  # offset
MESH_TRIANGLES: Final = 5  # offset
MESH_NODES: Final = 6  # offset

# One vertex of a mesh.
VERTEX_WIDTH: Final = 3

# One triangle of a mesh; triangles stand in the order of the leaves of the tree.
FACE_VERTICES: Final = 0  # numbers of three vertices, NUMBER_BITS each, the first lowest
FACE_NEIGHBOURS: Final = 1  # numbers of the triangles across edges 0, 1, 2, likewise; NO_NEIGHBOUR if none
FACE_NORMAL: Final = 2  # (3)
FACE_MARKS: Final = 5  # codes of edges 0, 1, 2 in two bits each, then the surface from bit SURFACE_SHIFT on
FACE_SOURCE: Final = 6  # number of the triangle in the order in which it was given
FACE_CORNERS: Final = 7  # TRIANGLE_CORNERS of corners 0, 1, 2 in Q20, NUMBER_BITS each
FACE_WIDTH: Final = 8
NUMBER_BITS: Final = 21
NUMBER_MASK: Final = (1 << NUMBER_BITS) - 1
NO_NEIGHBOUR: Final = NUMBER_MASK
SURFACE_SHIFT: Final = 8  # surface 0: the body's own; k: row k - 1 of the table of surfaces

# One node of the tree of a mesh, in depth-first order.
NODE_BOUNDS: Final = 0  # lower corner (3), upper corner (3)
NODE_NEXT: Final = 6  # node to go on with if this one is not entered
NODE_LEAF: Final = 7  # 0: inner node; else first triangle << LEAF_SHIFT | number of triangles
NODE_WIDTH: Final = 8
LEAF_SHIFT: Final = 8
LEAF_TRIANGLES_MAX: Final = 4

# Header of a height field.
FIELD_ROWS: Final = 1
FIELD_COLUMNS: Final = 2
FIELD_SAMPLES: Final = 3  # offset; row by row
FIELD_SPACING_X: Final = 4
FIELD_SPACING_Z: Final = 5
FIELD_ORIGIN_X: Final = 6  # x of column 0
FIELD_ORIGIN_Z: Final = 15  # z of row 0

# One sample of a height field: its height << SAMPLE_SHIFT | what is known of the cell that begins there.
SAMPLE_SHIFT: Final = 24
SAMPLE_HOLE: Final = 1  # no triangles in the cell; set where there is no cell
SAMPLE_EDGES: Final = 1  # from this bit on: codes of the edges of triangles 0 and 1, two bits each
SAMPLE_SURFACE: Final = 16  # from this bit on, as in FACE_MARKS
SAMPLE_SURFACE_MASK: Final = 0xFF

# One surface.
SURFACE_FRICTION: Final = 0  # q24; -1: the body's own, as in all of them
SURFACE_RESTITUTION: Final = 1  # q24
SURFACE_ROLLING: Final = 2  # q24
SURFACE_WIDTH: Final = 4

# One triangle, as collision functions take it.
TRIANGLE_VERTICES: Final = 0  # (9), counter-clockwise seen from outside
TRIANGLE_NORMAL: Final = 9  # (3), outwards
TRIANGLE_EDGES: Final = 12  # (3), code of the edge from vertex k to vertex k + 1
TRIANGLE_NEIGHBOUR_NORMALS: Final = 15  # (9), of those across edges 0, 1, 2 if convex; else its own
TRIANGLE_CORNERS: Final = 24  # (3), Q30: see below
TRIANGLE_WIDTH: Final = 28

EDGE_FREE: Final = 0  # no triangle beyond it, or several
EDGE_CONVEX: Final = 1
EDGE_FLAT: Final = 2  # flat within FLAT_SINE, or concave

# The corner of a triangle pushes to directions between the normals of the triangles around it. None of these
# is farther from its own normal than one of theirs: what TRIANGLE_CORNERS says is the smallest cosine between
# its normal and any of theirs, rounded down; 0 where the corner is on a rim, or has too many triangles. (In a
# height field 1 between two flat edges: there it does not matter.)
CORNER_BITS: Final = 20
CORNER_TRIANGLES_MAX: Final = 64

FLAT_SINE_INVERSE: Final = 64
"""An edge is flat if the sine of the angle between its triangles is at most 1/64 (0.9 degrees)."""

COORDINATE_MAX_Q24: Final = LENGTH_MAX_Q24
"""Largest coordinate of a vertex, m."""
TRIANGLE_COUNT_MAX: Final = 200_000
SURFACE_COUNT_MAX: Final = 255
SAMPLE_COUNT_MAX: Final = 1 << 22

assert 3 * TRIANGLE_COUNT_MAX < NO_NEIGHBOUR
assert 3 * NUMBER_BITS <= 63
assert CORNER_BITS < NUMBER_BITS
assert COORDINATE_MAX_Q24 << SAMPLE_SHIFT < 1 << 62
assert SAMPLE_EDGES + 12 <= SAMPLE_SURFACE
assert SAMPLE_SURFACE + 8 <= SAMPLE_SHIFT
