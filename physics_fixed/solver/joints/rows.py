"""Layout of the solver's rows of joints.

A *link* is an acting joint, a *rod* its row of the Jacobian along one axis: ``rod[slot * AXES + axis]``.
Units and scaling are those of :mod:`physics_fixed.solver.rows`: pushes over the reduced mass of the pair,
angular velocity times the body's lever, arms over it. A rod along an angle is multiplied by the link's
*length*, so that its velocity is in m/s like that of the others, and its arms are near one.

With v and W the scaled velocities of both bodies, the velocity along a rod is
``direction . (vb - va) + arm_b . Wb - arm_a . Wa``.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.solver.rows import PAIR_COLOURS

# Axes of a joint.
LINEAR_X: Final = 0
LINEAR_Y: Final = 1
LINEAR_Z: Final = 2
TWIST: Final = 3
SWING_Y: Final = 4
SWING_Z: Final = 5
CONE: Final = 6
AXES: Final = 7
LOCKABLE: Final = 6  # the cone cannot be locked

# What an axis has, column ``mode`` of the table of joints.
MODE_LOCKED: Final = 1
MODE_LIMITED: Final = 2
MODE_MOTOR: Final = 4
MODE_SPRING: Final = 8

# Kinds of joints that the kernels tell apart, column ``kind``.
KIND_DISTANCE: Final = 5

# Bits of column ``flags``.
JOINT_ENABLED: Final = 1
JOINT_COLLIDES: Final = 2

WORLD_ROW: Final = -1  # in column ``row_b``: the joint holds a body to the world

# Colours: those of links between two dynamic bodies, one more for what finds no colour, then the same for
# links with a body that does not yield.
LINK_GROUPS: Final = 2 * (PAIR_COLOURS + 1)

PUSH_MAX_Q24: Final = 1 << 33  # bound of an accumulated push, m/s
ARM_MAX: Final = 32  # bound of an arm over its lever
ARM_GAIN_BITS: Final = 11  # an arm times the root of its body's largest gain stays below 2^11
UP_ROD: Final = 16  # a velocity shifted left by this, times a q48, has its product in the upper word
UP_GAIN: Final = 28  # the same for a gain, q36
PIVOT_MIN_Q32: Final = 1 << 21  # smaller inverse masses are not told from rounding

# link[slot], in canonical order: colour, then row of the joint.
LINK_JOINT: Final = 0  # row in the table of joints
LINK_A: Final = 1  # row of body a
LINK_B: Final = 2  # row of body b; one past the last body: the world
LINK_SHARE_A: Final = 3  # q60: what a takes of a push; 0 if it does not yield
LINK_SHARE_B: Final = 4
LINK_LENGTH: Final = 5  # q24 m: unit of angular rods
LINK_RATIO_A: Final = 6  # q48: length over lever of a
LINK_RATIO_B: Final = 7
LINK_ARM_MAX_A: Final = 8  # q40: bound of an arm of a over its lever
LINK_ARM_MAX_B: Final = 9
LINK_LOCKED: Final = 10  # bits of the locked axes
LINK_ACTIVE: Final = 11  # bits of the axes with limits, motor or spring
LINK_PRESENT: Final = 12  # those of them that may push now
LINK_KIND: Final = 13
LINK_ANCHOR_A: Final = 14  # q24 m (3), body axes
LINK_ANCHOR_B: Final = 17
LINK_FRAME_A: Final = 20  # q30 (4), body axes
LINK_FRAME_B: Final = 24
LINK_GAIN_A: Final = 28  # q40 (6): gain of a times its share
LINK_GAIN_B: Final = 34
LINK_FIX: Final = 40  # what the next substep adds: push (3), change of Wa (3), of Wb (3), q24 m/s
LINK_TOTAL: Final = 49  # push in world axes summed over the substeps, linear (3) and angular (3), q24 m/s
LINK_CHANGE: Final = 55  # what a pass changes, like LINK_FIX
LINK_SPLIT_A: Final = 64  # q24: by what the effective mass of a is divided, see colouring
LINK_SPLIT_B: Final = 65
LINK_WIDTH: Final = 72
EFFECT_LENGTH: Final = 9

# rod[slot * AXES + axis].
ROD_DIRECTION: Final = 0  # q48 (3)
ROD_ARM_A: Final = 3  # q48 (3)
ROD_ARM_B: Final = 6
ROD_GAIN_A: Final = 9  # q36 (3): change of the angular velocity for a unit push
ROD_GAIN_B: Final = 12
ROD_AXIS: Final = 15  # q30 (3): unit vector in world axes
ROD_ERROR: Final = 18  # q28 m: displacement, or angle times length
ROD_MASS: Final = 19  # q50: of a locked axis 1 / pivot, of an active one its effective mass; 0: no row
# Of a locked axis: its row of L (q40), the inverse of K before it is factored. Of an active one: what a unit
# push along it takes from the pushes of the locked axes (q40).
ROD_FACTOR: Final = 20  # (LOCKABLE)
ROD_WORK: Final = 26  # of an active axis: its effective inverse mass, q32
ROD_PUSH: Final = 27  # accumulated, q24 m/s: of a locked axis, or of the spring of an active one
ROD_MOTOR: Final = 28
ROD_LOWER: Final = 29  # of the lower limit, >= 0
ROD_UPPER: Final = 30
ROD_LOW: Final = 31  # limits, q28 m like the error
ROD_HIGH: Final = 32
ROD_TARGET: Final = 33  # q24 m/s: speed of the motor
ROD_TARGET_MAX: Final = 34  # q24 m/s: bound of the motor's push
ROD_SPRING_MASS: Final = 35  # q60: beta, see prepare
ROD_SPRING_KEEP: Final = 36  # q60: 1 - beta
ROD_SPRING_RATE: Final = 37  # q44 1/s: alpha
ROD_REST: Final = 38  # q28 m
ROD_MODE: Final = 39
ROD_WIDTH: Final = 40
