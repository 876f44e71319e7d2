"""Columns of the scratch arrays of the queries. None of it is state: a query only reads the tables."""

from __future__ import annotations

from typing import Final

# A place: the leaf of a body, by row, and what else is known of it.
PLACE_KIND: Final = 20
PLACE_ROTATION: Final = 21  # q30 (4), of which the matrix was made
PLACE_WIDTH: Final = 32

# item[index]: a body in the order of the tree: box (6), row. node[index]: box (6), first child, their number.
ITEM_ROW: Final = 6
NODE_FIRST: Final = 6  # the first child's index among the nodes, or -1 - its index among the items
NODE_COUNT: Final = 7
NODE_WIDTH: Final = 8
NODE_FAN: Final = 4  # children of a node

# tree[]
TREE_ITEMS: Final = 0  # number of bodies in it
TREE_BIG: Final = 1  # the first so many items are too large for it, and stand in no node
TREE_ROOT: Final = 2  # index of its highest node, -1 if it has none
TREE_WIDTH: Final = 8

# options[]: what a query wants to see.
OPTION_MODE: Final = 0
OPTION_CATEGORY: Final = 1  # categories that the query has, -1: whatever the masks of the bodies
OPTION_MASK: Final = 2  # categories that it sees, -1: all
OPTION_GROUP: Final = 3
OPTION_SENSORS: Final = 4  # 1: it sees sensors, too
OPTION_KINDS: Final = 5  # set of kinds of bodies, a bit each
OPTION_INSIDE: Final = 6  # 1: it sees what it starts in
OPTION_BACKS: Final = 7  # 1: it sees triangles from behind
OPTION_EXACT: Final = 8  # 1: how near a body is, and where; 0: only that it is near
OPTION_WIDTH: Final = 9

MODE_CLOSEST: Final = 0
MODE_ALL: Final = 1
MODE_ANY: Final = 2

# given[]: the shape of a query.
GIVEN_CODE: Final = 0
GIVEN_SIZE: Final = 1  # q24 (3)
GIVEN_LEVER: Final = 4  # q24
GIVEN_CENTRE: Final = 5  # q24 (3), centre of mass from the origin of its axes
GIVEN_WIDTH: Final = 8

# hit[index]
HIT_QUERY: Final = 0  # which query of the batch
HIT_ROW: Final = 1  # of the body; -1: nothing was hit
HIT_CHILD: Final = 2  # of a compound, else 0
HIT_TRIANGLE: Final = 3  # of a mesh or height field, in the order of its tree; else -1
HIT_DISTANCE: Final = 4  # q24
HIT_POINT: Final = 5  # q24 (3), on the body
HIT_NORMAL: Final = 8  # q30 (3), out of the body
HIT_SOURCE: Final = 11  # the triangle's number as it was given
HIT_OTHER: Final = 12  # q24 (3), the point on the query's own shape
HIT_OWN_CHILD: Final = 15  # the part of the query's own shape
HIT_WIDTH: Final = 16

# needed[]: sizes of arrays that would have held everything.
NEEDED_HITS: Final = 0
NEEDED_ON_MESH: Final = 1  # hits of one ray on one mesh
NEEDED_TRIANGLES: Final = 2  # of one mesh near a shape
NEEDED_WIDTH: Final = 4
