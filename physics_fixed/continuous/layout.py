"""Columns of the scratch arrays of continuous collision; see docs/physics/continuous.md."""

from __future__ import annotations

from typing import Final

from physics_fixed.convex.layout import LEAF_WIDTH
from physics_fixed.convex.work import WORK_WIDTH
from physics_fixed.layout import COVER_WIDTH

ONE_Q30: Final = 1 << 30
"""The whole tick."""

# goal[row]: where a body will be when the tick ends. Written for bodies that move, if any of them is fast.
GOAL_POSITION: Final = 0  # q24 (3)
GOAL_ROTATION: Final = 3  # q30 (4)
GOAL_TURN: Final = 7  # radians q30 (3), the rotation vector of the tick
GOAL_KEPT: Final = 10  # q30, share of the tick that it lived
GOAL_STATE: Final = 11
GOAL_TOUCHED: Final = 12  # 1 if it has a contact in this step
GOAL_INNER: Final = 13  # q24, radius of the largest sphere inside
GOAL_PATH: Final = 14  # q24, no point of it moves further in the tick
GOAL_WIDTH: Final = 16

STATE_SLOW: Final = 0
STATE_FAST: Final = 1
STATE_HELD: Final = 2  # fast, but shortened to what its box covers
STATE_PUSHED: Final = 3  # fast, and a dynamic body stopped it
STATE_NOT: Final = 4  # not a dynamic body that meets others

# sweep[index]: a body that may meet another one on its way, and what that is to it.
SWEEP_MOVER: Final = 0
SWEEP_OTHER: Final = 1
SWEEP_STAGE: Final = 2
SWEEP_WIDTH: Final = 3

STAGE_KINEMATIC: Final = 0
STAGE_STATIC: Final = 1
STAGE_DYNAMIC: Final = 2
STAGES: Final = 4  # static bodies come once more, for who was moved by a dynamic one

# Words after those of the two shapes (convex.work): the way of the mover as the other body sees it.
OWN: Final = WORK_WIDTH  # a part of the mover as a leaf
THEIRS: Final = OWN + LEAF_WIDTH  # the other body as a leaf, where it ends
COURSE_SHIFT: Final = THEIRS + LEAF_WIDTH  # q24 (3)
COURSE_ROTATION: Final = COURSE_SHIFT + 3  # q30 (4), at its end
COURSE_TURN: Final = COURSE_SHIFT + 7  # radians q30 (3)
COURSE_LEVER: Final = COURSE_SHIFT + 10  # q24
COURSE_PATH: Final = COURSE_SHIFT + 11  # q24, no point of the mover goes further
COURSE_IS_TURNING: Final = COURSE_SHIFT + 12
COURSE_LAID_TIME: Final = COURSE_SHIFT + 16  # when, which part and how much smaller core a was laid last
COURSE_LAID_CHILD: Final = COURSE_SHIFT + 17
COURSE_LAID_SHRINK: Final = COURSE_SHIFT + 18
COURSE_LAID_SCALE: Final = COURSE_SHIFT + 19
COURSE_INNER: Final = COURSE_SHIFT + 20  # q24, of the part of the mover
SWEEP_WORK_WIDTH: Final = COURSE_SHIFT + 24

assert COVER_WIDTH >= 7
