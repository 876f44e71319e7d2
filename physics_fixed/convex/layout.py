"""Columns of the scratch arrays in which convex shapes are compared."""

from __future__ import annotations

from typing import Final

# A leaf: what queries know of one convex shape, mesh or height field in the world; words in a flat array.
LEAF_POSITION: Final = 0  # q24 (3), centre of mass
LEAF_MATRIX: Final = 3  # q30 (9), rotation to world axes, row by row
LEAF_SIZE: Final = 12  # q24 (3), as in the table of bodies
LEAF_LEVER: Final = 15  # q24, radius of a sphere about the position that encloses it
LEAF_CODE: Final = 16  # SHAPE_ constants; SHAPE_NONE: nothing to be found
LEAF_FIRST: Final = 17  # first word of its geometry
LEAF_FILTER: Final = 18
LEAF_SENSOR: Final = 19  # 1: it lets others through
LEAF_WIDTH: Final = 20

# path[]: a straight line to go along, and the box of what goes along it.
PATH_START: Final = 0  # q24 (3)
PATH_DIRECTION: Final = 3  # q60 (3), unit length
PATH_LENGTH: Final = 6  # q24
PATH_LOW: Final = 7  # q24 (3), box of the whole line
PATH_HIGH: Final = 10
PATH_EXTENT: Final = 13  # q24 (3), half extents of what goes along
PATH_WIDTH: Final = 16
