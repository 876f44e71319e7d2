"""The memory of the queries of one space: copies of what the tables say, and room to work in."""

from __future__ import annotations

import numpy as np

from physics_fixed.convex.layout import LEAF_WIDTH, PATH_WIDTH
from physics_fixed.convex.work import WORK_WIDTH
from physics_fixed.layout import Words
from physics_fixed.narrowphase.triangle_rays import HIT_WIDTH as MESH_HIT_WIDTH
from physics_fixed.narrowphase.triangle_rays import RAY_WIDTH
from physics_fixed.queries.layout import HIT_WIDTH, NEEDED_WIDTH, NODE_WIDTH, PLACE_WIDTH, TREE_WIDTH
from physics_fixed.queries.places import take_places
from physics_fixed.queries.rays import NEAR_WIDTH
from physics_fixed.queries.tree import STACK_LENGTH, build_tree
from physics_fixed.tables import Table

_HISTOGRAM_MIN = 256


def words_of(*shape: int) -> Words:
    """New zeroed scratch."""
    return np.zeros(shape, np.int64)


class QueryScratch:
    """Scratch of the queries.

    Attributes
    ----------
    place, item, node, tree : arrays
        The bodies as they were when :meth:`refresh` was last called, see
        :mod:`physics_fixed.queries.layout`.
    """

    def __init__(self) -> None:
        self.count = 0
        self.capacity = 0
        self.tree = words_of(TREE_WIDTH)
        self.path = words_of(PATH_WIDTH)
        self.near = words_of(NEAR_WIDTH)
        self.ray = words_of(RAY_WIDTH)
        self.leaf = words_of(LEAF_WIDTH)
        self.stack = words_of(STACK_LENGTH)
        self.needed = words_of(NEEDED_WIDTH)
        self.hit = words_of(64, HIT_WIDTH)
        self.mesh_hit = words_of(64, MESH_HIT_WIDTH)
        self.box = words_of(6)
        self.triangles = words_of(256)
        self.work = words_of(WORK_WIDTH)
        self._reserve(64)

    def _reserve(self, count: int) -> None:
        if count <= self.capacity:
            return
        self.count = -1  # nothing is known any more
        self.capacity = capacity = max(count, 2 * self.capacity)
        self.place = words_of(capacity * PLACE_WIDTH)
        self.box_q24 = words_of(capacity, 6)
        self.present = words_of(capacity)
        self.order = words_of(capacity, 2)
        self.order_spare = words_of(capacity, 2)
        self.histogram = words_of(max(capacity, _HISTOGRAM_MIN) + 1)
        self.item = words_of(capacity, NODE_WIDTH)
        self.node = words_of(capacity + 4, NODE_WIDTH)
        self.found = words_of(capacity, 2)

    def reserve_hits(self, count: int) -> bool:
        """Make room for so many hits; whether there was too little."""
        if count <= len(self.hit):
            return False
        self.hit = words_of(max(count, 2 * len(self.hit)), HIT_WIDTH)
        return True

    def reserve_mesh_hits(self, count: int) -> bool:
        """Make room for so many hits of one ray on one mesh; whether there was too little."""
        if count <= len(self.mesh_hit):
            return False
        self.mesh_hit = words_of(max(count, 2 * len(self.mesh_hit)), MESH_HIT_WIDTH)
        return True

    def reserve_triangles(self, count: int) -> bool:
        """Make room for so many triangles of one mesh near a shape; whether there was too little."""
        if count <= len(self.triangles):
            return False
        self.triangles = words_of(max(count, 2 * len(self.triangles)))
        return True

    def refresh(self, bodies: Table, geometries: Table) -> None:
        """Take the bodies from the tables; make a new tree if one has moved, come or gone."""
        count = bodies.count
        self._reserve(count)
        moved = take_places(
            count, bodies.array("alive"), bodies.array("kind"), bodies.array("shape"), bodies.array("flags"),
            bodies.array("position_q24"), bodies.array("rotation_q30"), bodies.array("size_q24"),
            bodies.array("lever_q24"), bodies.array("geometry"), bodies.array("filter"),
            geometries.array("first"), self.place, self.box_q24,
        )  # fmt: skip
        if moved == 0 and count == self.count:
            return
        self.count = count
        build_tree(
            count, self.place, self.box_q24, self.present, self.order, self.order_spare, self.histogram,
            self.item, self.node, self.tree,
        )  # fmt: skip
