"""Columns of the scratch arrays that the stages of a step hand to each other.

Scratch is not state: it is filled anew in every step before it is read, and neither hash nor snapshot sees
it. All of it is int64, one row per thing, so that what a stage needs of one thing lies side by side in
memory.

Formats: ``q24`` lengths in m and velocities in m/s, ``q30`` unit vectors from the narrowphase, ``q60`` unit
vectors and ratios in solver rows. A product of a ``q60`` and a ``q24`` number that has been shifted left by 4
is again ``q24`` in its upper 64 bits, so no 128-bit shift is needed in the inner loops.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_ALIGNMENT = 64


def aligned_words(*shape: int) -> Words:
    """Uninitialised int64 memory that begins on a cache line."""
    size = int(np.prod(shape)) * 8
    block = np.empty(size + _ALIGNMENT, np.uint8)
    offset = -block.ctypes.data % _ALIGNMENT
    return block[offset : offset + size].view(np.int64).reshape(shape)


def lane_words(lanes: int, *shape: int) -> Words:
    """Uninitialised memory for each of several threads, no two of which share a cache line.

    The shape is ``(lanes, *shape)``, its second number rounded up.
    """
    rows, *rest = shape
    while rows * int(np.prod(rest)) * 8 % _ALIGNMENT:
        rows += 1
    return aligned_words(lanes, rows, *rest)


# Kinds of bodies, column ``kind`` of the table of bodies.
DYNAMIC: Final = 0
STATIC: Final = 1
KINEMATIC: Final = 2

# Shapes, column ``shape``.
SHAPE_NONE: Final = 0
SHAPE_SPHERE: Final = 1
SHAPE_BOX: Final = 2
SHAPE_CAPSULE: Final = 3
SHAPE_HULL: Final = 4
SHAPE_MESH: Final = 5
SHAPE_HEIGHT_FIELD: Final = 6
SHAPE_COMPOUND: Final = 7
SHAPE_TRIANGLE: Final = 8  # a part of a mesh or a height field; no body has it

# Bits of column ``flags``.
FLAG_LOCK_ROTATION: Final = 1  # column ``locks`` has all of LOCK_ROTATION
FLAG_SENSOR: Final = 2  # notices others, and lets them through
FLAG_DISABLED: Final = 4  # neither moves nor meets anything
FLAG_ASLEEP: Final = 8
FLAG_CONTINUOUS: Final = 16  # stopped on its way by dynamic bodies, too
FLAG_NO_SLEEP: Final = 32

# Bits of column ``locks``: what a body may not do, in axes of the world.
LOCK_BITS: Final = 3  # one for each axis: moving along it; then one for each: turning about it
LOCK_POSITION: Final = 7
LOCK_ROTATION: Final = 7 << LOCK_BITS

# Parts of column ``filter``: two bodies meet if each one's mask holds a category of the other's, unless they
# have the same group, not 0: then they meet if it is positive.
FILTER_BITS: Final = 24  # categories 0 to 23, then the mask's 24 bits, then the group, a signed number
FILTER_MASK: Final = (1 << FILTER_BITS) - 1
FILTER_GROUP_SHIFT: Final = 2 * FILTER_BITS
FILTER_ALL: Final = FILTER_MASK << FILTER_BITS | 1

# mobile[row]: what the solver needs to know of a body.
MOBILE_NOT: Final = 0  # static, asleep, disabled or dead
MOBILE_KINEMATIC: Final = 1
MOBILE_DYNAMIC: Final = 2

# active[row]: what the broadphase needs to know of a body; 0 for rows that meet nothing.
ACTIVE_DYNAMIC: Final = 1
ACTIVE_KINEMATIC: Final = 2
ACTIVE_SENSOR: Final = 4
ACTIVE_STATIC: Final = 8
# Besides, in what the search for pairs reads:
ACTIVE_AWAKE: Final = 16  # neither asleep nor scenery that rests
ACTIVE_ASLEEP: Final = 32

CONTACT_MARGIN_Q24: Final = (1 << 24) // 50
"""Gap in m up to which a pair gets contacts before it touches (20 mm), so that gaps close without overlap."""

# box_q24[row]: lower corner (3), upper corner (3).
BOX_WIDTH: Final = 6

# cover_q24[row]: how far a body may move in the tick and stay in its box (see continuous).
COVER_LOW: Final = 0  # (3), not positive
COVER_HIGH: Final = 3  # (3), not negative
COVER_TURN: Final = 6  # how far its farthest point may turn
COVER_WIDTH: Final = 8

# matrix_q30[row]: rotation from body to world, row-major.
MATRIX_WIDTH: Final = 9

# contact[index], in canonical order of pairs: a manifold of one pair of bodies.
CONTACT_PAIR: Final = 0  # row of a << 32 | row of b, a < b
CONTACT_POINT_COUNT: Final = 1
CONTACT_POINT_FIRST: Final = 2  # its first row in point[]
CONTACT_NORMAL: Final = 3  # q30 (3), from a to b
CONTACT_FRICTION: Final = 6  # accumulated friction, q24 m/s (3), in world axes, on b
CONTACT_TWIST: Final = 9  # accumulated friction about the normal, q24 m/s
CONTACT_TOUCHED: Final = 10  # 1 if the pair touched in the previous step
CONTACT_ROW: Final = 11  # its row among the solver's rows
CONTACT_GROUP: Final = 12  # colour group, see solver.colouring
CONTACT_APPROACH: Final = 13  # q24 m/s, along the normal, from the velocities before the step
CONTACT_TOUCHES: Final = 14  # 1 if the pair touches in this step
CONTACT_SUB: Final = 15  # child of a << 48 | child of b << 32 | triangle
CONTACT_COEFFICIENT: Final = 16  # of friction, q58
CONTACT_RESTITUTION: Final = 17  # q24
CONTACT_ROLLING: Final = 18  # resistance against rolling, q24 m
CONTACT_SENSOR: Final = 19  # 1 if one of the two only notices the other: no rows for the solver
CONTACT_WIDTH: Final = 20

# Bits of column ``touching`` of the table of contacts.
TOUCHING_NOW: Final = 1
TOUCHING_SENSOR: Final = 2  # one of the two only notices the other

CHILD_BITS: Final = 16  # of a pair of children: child of a << CHILD_BITS | child of b
CHILD_MASK: Final = (1 << CHILD_BITS) - 1

# point[index]: one point of a manifold.
POINT_FEATURE: Final = 0  # names the point, see narrowphase.persistence
POINT_SEPARATION: Final = 1  # q24 m, negative when the shapes overlap
POINT_ARM: Final = 2  # q24 (3), from the centre of a to the point
POINT_PUSH: Final = 5  # accumulated normal impulse over the pair's reduced mass, q24 m/s
POINT_TOTAL: Final = 6  # the same, summed over the substeps of the tick
POINT_WIDTH: Final = 8
POINTS_MAX: Final = 4

# motion[row]: what the solver reads and writes of a body, two cache lines. ``W`` is the angular velocity
# times the body's lever: the speed of a point at lever's distance, so that linear and angular parts have the
# same scale.
MOTION_V: Final = 0  # q24 (3)
MOTION_W: Final = 3  # q24 (3)
MOTION_SHIFT: Final = 6  # displacement since the tick began, q28 (3)
MOTION_TURN: Final = 9  # rotation vector since the tick began, times the lever, q28 (3)
MOTION_WIDTH: Final = 16

# base[row]: velocities at the start of the substep with gravity, without contacts: v (3), W (3).
BASE_WIDTH: Final = 8

# drive[row]: what changes a free body's velocities in each substep.
DRIVE_V: Final = 0  # by gravity and force, q24 m/s (3)
DRIVE_W: Final = 3  # by torque, times the lever, q24 m/s (3)
DRIVE_KEPT: Final = 6  # what damping leaves of the velocity, q60; 0: all of it
DRIVE_SPIN_KEPT: Final = 7  # the same for the angular velocity
DRIVE_WIDTH: Final = 8

# gain_q40[row]: lever^2 * mass * inverse inertia, in world axes: xx, yy, zz, xy, xz, yz.
GAIN_INVERSE_LEVER: Final = 6  # 1 / lever, q38 1/m
GAIN_WIDTH: Final = 8
