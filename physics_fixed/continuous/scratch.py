"""The scratch memory of continuous collision."""

from __future__ import annotations

from physics_fixed.continuous.layout import GOAL_WIDTH, SWEEP_WIDTH, SWEEP_WORK_WIDTH
from physics_fixed.convex.layout import PATH_WIDTH
from physics_fixed.layout import BOX_WIDTH, aligned_words


class SweepScratch:
    """Memory of one space for the duration of a step; see :mod:`physics_fixed.continuous.layout`.

    Attributes
    ----------
    goal, sweep : arrays
        By body and by candidate.
    near : array
        Triangles of one mesh.
    box, path, work : arrays
        Of one pair.
    version : int
        Goes up whenever an array is another than before.
    """

    def __init__(self) -> None:
        self.version = 0
        self.body_capacity = 0
        self.sweep_capacity = 0
        self.near_capacity = 0
        self.box = aligned_words(BOX_WIDTH)
        self.path = aligned_words(PATH_WIDTH)
        self.work = aligned_words(SWEEP_WORK_WIDTH)
        self.reserve(64, 64)
        self.reserve_near(64)

    def reserve(self, body_count: int, pair_count: int) -> None:
        """Make room for so many bodies and candidate pairs."""
        if body_count > self.body_capacity:
            self.version += 1
            self.goal = aligned_words(max(body_count, 2 * self.body_capacity), GOAL_WIDTH)
            self.body_capacity = len(self.goal)
        if 2 * pair_count > self.sweep_capacity:  # either of the two may be the one that is stopped
            self.version += 1
            self.sweep = aligned_words(max(2 * pair_count, 2 * self.sweep_capacity), SWEEP_WIDTH)
            self.sweep_capacity = len(self.sweep)

    def reserve_near(self, count: int) -> None:
        """Make room for so many triangles."""
        if count > self.near_capacity:
            self.version += 1
            self.near = aligned_words(max(count, 2 * self.near_capacity))
            self.near_capacity = len(self.near)
