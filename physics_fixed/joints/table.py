"""The tables of joints: what the caller said, what the solver carries over, and what was lost."""

from __future__ import annotations

from physics_fixed.solver.joints.rows import AXES, WORLD_ROW
from physics_fixed.tables import Column, Table

FIXED = 1
BALL = 2
HINGE = 3
SLIDER = 4
DISTANCE = 5
GENERIC = 6
KIND_NAMES = {
    FIXED: "fixed", BALL: "ball", HINGE: "hinge", SLIDER: "slider", DISTANCE: "distance", GENERIC: "generic",
}  # fmt: skip

JOINT_COLUMNS = (
    Column("user_id", "id"),
    Column("alive", "flags", dtype="uint8"),
    Column("kind", "int", dtype="uint8"),
    Column("flags", "flags", dtype="uint8"),  # 1: enabled, 2: its bodies collide with each other
    Column("generation", "int", dtype="int32"),
    Column("row_a", "int"),  # in the table of bodies
    Column("row_b", "int"),  # -1: the world
    Column("anchor_a_q24", "q24", "m", lanes=3),  # from the centre of mass, body axes
    Column("anchor_b_q24", "q24", "m", lanes=3),
    Column("frame_a_q30", "q30", lanes=4),  # rotation from the joint's axes to the body's: x, y, z, w
    Column("frame_b_q30", "q30", lanes=4),
    # By axis: 0 to 2 along x, y, z of frame a, 3 twist, 4 and 5 swing about y and z, 6 cone.
    Column("mode", "flags", lanes=AXES, dtype="uint8"),  # 1 locked, 2 limited, 4 motor, 8 spring
    Column("lower_q24", "q24", "m or rad", lanes=AXES),
    Column("upper_q24", "q24", "m or rad", lanes=AXES),
    Column("motor_speed_q24", "q24", "m/s or rad/s", lanes=AXES),
    Column("motor_force_q24", "q24", "N or N m", lanes=AXES),
    Column("frequency_q24", "q24", "Hz", lanes=AXES),
    Column("damping_q24", "q24", lanes=AXES),  # ratio
    Column("rest_q24", "q24", "m or rad", lanes=AXES),
    Column("break_force_q24", "q24", "N"),  # 0: never
    Column("break_torque_q24", "q24", "N m"),
)

STATE_COLUMNS = (
    Column("broken", "flags", dtype="uint8"),
    # Accumulated in the last substep, impulse over reduced mass (and length, if angular), by axis: along
    # locked axes and of springs, of motors, of lower limits, of upper limits.
    Column("push_q24", "q24", "m/s", lanes=4 * AXES),
    # What the joint exerted on b in the last step, world axes.
    Column("impulse_q24", "q24", "N s", lanes=3),
    Column("angular_impulse_q24", "q24", "N m s", lanes=3),
)

LOST_COLUMNS = (Column("joint", "id"), Column("user_id", "id"))


def joint_table() -> Table:
    """A new table of joints, written by the API only. Dead rows hold the defaults, but their generation."""
    return Table("joints", JOINT_COLUMNS, capacity=4, key="user_id", shared=True)


def ends_of(table: Table, row: int) -> list[int]:
    """Rows of the bodies that a joint holds."""
    return [int(table[name][row]) for name in ("row_a", "row_b") if table[name][row] != WORLD_ROW]


def state_table() -> Table:
    """A new table of what the solver carries over, with the same rows as the table of joints."""
    return Table("joint_states", STATE_COLUMNS, capacity=4)


def lost_table() -> Table:
    """A new table of the joints that lost a body since the last step; the next step reports them."""
    return Table("lost_joints", LOST_COLUMNS, capacity=4)
