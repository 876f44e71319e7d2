"""Layout of the solver's constraint rows, and the scaling that makes them short.

Scaling
-------
A pair of bodies with inverse masses ia, ib has the reduced mass M = 1 / (ia + ib). All impulses of the pair
are kept divided by M: they are velocities ("pushes", m/s). Body a takes the share ``ia * M`` of a push and b
the rest, so the shares add up to one and neither depends on the unit of mass. Angular velocity is kept times
the body's lever (a length of the size of the body), and arms divided by it. So every number in a row is a
velocity of ordinary size or a ratio near one, and small, large, light and heavy bodies are computed with the
same precision.

Two kinds of rows, and a third beside them for what resists rolling (:mod:`physics_fixed.solver.rolling`):

* A *ball row* is a contact whose arms are parallel to the normal (spheres against spheres, against static
  bodies, and against bodies that do not turn). Normal and friction are then independent, and the effective
  mass of friction is the same in all directions: no tangents, one vector of friction.
* A *face row* is any other contact: up to four points with a row of the Jacobian each, friction at their
  centre along two tangents, and friction against twisting about the normal.

In rows, body a is always dynamic: where the other way round, the pair is swapped and the normal turned.
"""

from __future__ import annotations

from typing import Final

# Groups of rows: colour * CLASSES + class. Rows of a group share no dynamic body, except in the overflow
# colours.
CLASS_BALL_PAIR: Final = 0
CLASS_FACE_PAIR: Final = 1
CLASS_BALL_STATIC: Final = 2
CLASS_FACE_STATIC: Final = 3
CLASSES: Final = 4
PAIR_COLOURS: Final = 62  # of contacts between two dynamic bodies; then one more for what finds no colour
FIRST_BOUNDARY_COLOUR: Final = (
    PAIR_COLOURS + 1
)  # contacts with static and kinematic bodies come last, and so count most
COLOURS: Final = 2 * (PAIR_COLOURS + 1)
GROUPS: Final = COLOURS * CLASSES
# group_end[]: one past the last row of each group, then how many groups have rows, then which, ascending.
GROUP_COUNT: Final = GROUPS
GROUP_LIST: Final = GROUPS + 1
GROUP_END_LENGTH: Final = GROUP_LIST + GROUPS

ONE_Q60: Final = 1 << 60
PUSH_MAX_Q24: Final = 1 << 38  # bound of an accumulated push, m/s
SPEED_MAX_Q24: Final = 1 << 34  # bound of a velocity inside the solver, m/s
PRODUCT: Final = 64  # shift of the product of a number shifted left by UP and a q60: the upper word
UP: Final = 4
UP_FRICTION: Final = 6  # the same for a coefficient of friction, q58
UP_GAIN: Final = 18  # the same for a gain, q46
UP_TWIST: Final = 14  # the same for a twist mass, q50
UP_ROLL: Final = 12  # the same for a limit of rolling, q52
UP_RATE: Final = 10  # the same for a rate, q54

# ball[row]
BALL_BODIES: Final = 0  # row of a << 32 | row of b
BALL_NORMAL: Final = 1  # q60 (3)
BALL_SEPARATION: Final = 4  # q24 m, when the tick began
BALL_SHARE_A: Final = 5  # q60: what a takes of a push
BALL_SPIN_A: Final = 6  # q60: the same for its angular velocity
BALL_SPIN_B: Final = 7  # q60
BALL_SLIP: Final = 8  # q60: effective mass along the surface over that along the normal
BALL_FRICTION: Final = 9  # q58
BALL_PUSH: Final = 10  # accumulated, q24 m/s
BALL_DRAG: Final = 11  # accumulated friction on b, q24 m/s (3)
BALL_TOTAL: Final = 14  # pushes summed over the substeps
BALL_BOUNCE: Final = 15  # separation velocity to restore, q24 m/s; 0: none
BALL_DRAG_TOTAL: Final = 16  # friction summed over the substeps (3)
BALL_ROLL: Final = 19  # its row in roll[] + 1; 0: none
BALL_WIDTH: Final = 20

# face[row].
FACE_BODIES: Final = 0
FACE_NORMAL: Final = 1  # q60 (3)
FACE_SHARE_A: Final = 4  # q60
FACE_SHARE_B: Final = 5
FACE_POINT_FIRST: Final = 6  # in corner[]
FACE_POINT_COUNT: Final = 7
FACE_FRICTION: Final = 8  # q58
FACE_TWIST: Final = 9  # accumulated friction against twisting, q24 m/s
FACE_TWIST_MASS: Final = 10  # q50: may be large
FACE_TWIST_ARM_A: Final = 11  # q60 (3): the normal times the radius of the patch over the lever
FACE_TWIST_ARM_B: Final = 14
FACE_TWIST_GAIN_A: Final = 17  # q46 (3)
FACE_TWIST_GAIN_B: Final = 20
FACE_DRAG: Final = 23  # accumulated friction along the two tangents, q24 m/s (2)
FACE_TANGENT: Final = 25  # two blocks of TANGENT_WIDTH
TANGENT_DIRECTION: Final = 0  # q60 (3)
TANGENT_ARM_A: Final = 3  # q60 (3): arm x direction over the lever
TANGENT_ARM_B: Final = 6
TANGENT_GAIN_A: Final = 9  # q46 (3): change of the angular velocity for a unit push
TANGENT_GAIN_B: Final = 12
TANGENT_MASS: Final = 15  # q60
TANGENT_WIDTH: Final = 16
FACE_DRAG_TOTAL: Final = FACE_TANGENT + 2 * TANGENT_WIDTH  # friction summed over the substeps (2)
FACE_LOCKS: Final = FACE_DRAG_TOTAL + 2  # locked axes of the positions of a, and of b << LOCK_BITS
FACE_SCALE: Final = FACE_DRAG_TOTAL + 3  # q60: pushes of the row over those of tables; 0: the same
FACE_ROLL: Final = FACE_DRAG_TOTAL + 4  # its row in roll[] + 1; 0: none
FACE_PRESSED: Final = FACE_DRAG_TOTAL + 5  # pushes of all points before the biased pass, q24 m/s
FACE_ORDER: Final = FACE_DRAG_TOTAL + 6  # in which its points are solved: ORDER_ constants
FACE_WIDTH: Final = 64

# Orders of the points of a face row, see physics_fixed.solver.faces.
ORDER_TOGETHER: Final = 0
ORDER_PAIRS: Final = 1
ORDER_SINGLE: Final = 2

# corner[row]: one point of a face row.
CORNER_ARM_A: Final = 0  # q60 (3)
CORNER_ARM_B: Final = 3
CORNER_GAIN_A: Final = 6  # q46 (3)
CORNER_GAIN_B: Final = 9
CORNER_SEPARATION: Final = 12  # q24 m
CORNER_MASS: Final = 13  # q60
CORNER_PUSH: Final = 14  # accumulated, q24 m/s
CORNER_TOTAL: Final = 15
CORNER_BOUNCE: Final = 16
CORNER_OWN: Final = 17  # q60: of a change of its push, what comes on top; written for ORDER_TOGETHER only
CORNER_OTHERS: Final = 18  # q60: the same of the change of the point opposite
CORNER_WIDTH: Final = 24

# roll[row], row the index of the contact: resistance against rolling, see physics_fixed.solver.rolling.
ROLL_LIMIT: Final = 0  # q52: the arm over the row's length
ROLL_PUSH: Final = 1  # accumulated about two axes along the surface and about the normal, q24 m/s (3)
ROLL_AXES: Final = 4  # three blocks of ROLL_AXIS_WIDTH
TURN_ARM_A: Final = 0  # q60 (3): the axis times the row's length over the lever
TURN_ARM_B: Final = 3
TURN_GAIN_A: Final = 6  # q46 (3)
TURN_GAIN_B: Final = 9
TURN_MASS: Final = 12  # q50; 0: the axis is not held
ROLL_AXIS_WIDTH: Final = 13
ROLL_WIDTH: Final = 48
