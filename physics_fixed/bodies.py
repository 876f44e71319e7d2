"""The table of bodies: columns, ids, and the thin handle that the public API gives out."""

from __future__ import annotations

from dataclasses import dataclass

from physics_fixed.errors import IdentityError
from physics_fixed.fixmath.quat import rotate_inverse_q30, rotate_q30
from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.layout import FILTER_ALL
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.tables import Column, Table

BODY_COLUMNS = (
    Column("user_id", "id"),
    Column("alive", "flags", dtype="uint8"),
    Column("kind", "int", dtype="uint8"),  # 0 dynamic, 1 static, 2 kinematic
    Column("shape", "int", dtype="uint8"),  # SHAPE_ constants of layout
    Column("flags", "flags", dtype="uint8"),  # FLAG_ constants of layout
    Column(
        "locks", "flags", dtype="uint8"
    ),  # bits 0 to 2: no motion along x, y, z; 3 to 5: no turning about them
    Column("still_ticks", "int", dtype="uint8"),  # ticks since it last moved
    Column("generation", "int", dtype="int32"),
    Column("position_q24", "q24", "m", lanes=3),
    Column("rotation_q30", "q30", lanes=4),  # x, y, z, w
    Column("velocity_q24", "q24", "m/s", lanes=3),
    Column("angular_velocity_q24", "q24", "rad/s", lanes=3),
    # Sphere: radius. Capsule: radius, half height. All others: half extents of a box about the centre.
    Column("size_q24", "q24", "m", lanes=3),
    Column("geometry", "int", default=-1),  # row in the table of geometries
    Column("filter", "flags", default=FILTER_ALL),  # FILTER_ constants of layout
    Column("inverse_mass_q40", "q40", "1/kg"),
    Column("lever_q24", "q24", "m", default=1 << 24),  # the length that angular velocities are scaled by
    Column("angular_gain_q40", "q40", lanes=3),  # lever^2 * mass / moment of inertia, about the body's axes
    Column("friction_q24", "q24"),
    Column("restitution_q24", "q24"),
    Column("rolling_q24", "q24", "m"),  # arm of the resistance against rolling
    Column("gravity_scale_q24", "q24"),
    Column("linear_damping_q24", "q24", "1/s"),
    Column("angular_damping_q24", "q24", "1/s"),
    Column("force_q24", "q24", "N", lanes=3),  # of the coming step, world axes
    Column("torque_q24", "q24", "N m", lanes=3),
)

ROW_BITS = 32
ROW_MASK = (1 << ROW_BITS) - 1


def body_table() -> Table:
    """A new table of bodies. Rows of dead bodies hold the defaults, except their generation."""
    return Table("bodies", BODY_COLUMNS, key="user_id")


def body_id(generation: int, row: int) -> int:
    """The id of a body: unique in the life of the space, never 0."""
    return generation << ROW_BITS | row


def row_of(table: Table, identity: int) -> int:
    """Row of a live body.

    Raises
    ------
    IdentityError
        If the id names no live body.
    """
    row = identity & ROW_MASK
    known = (
        0 <= row < table.count and table["alive"][row] and table["generation"][row] == identity >> ROW_BITS
    )
    if not known:
        raise IdentityError(f"body id {identity} names no live body")
    return row


def clear_row(table: Table, row: int) -> None:
    """Give a row the defaults, except for its generation: so that equal states have equal bits."""
    for column in table.columns:
        if column.name != "generation":
            table[column.name][row] = column.default


def lowest_free_row(table: Table) -> int:
    """The lowest row without a live body; one past the last if there is none."""
    alive = table["alive"]
    if len(alive) == 0 or alive.all():
        return len(alive)
    return int(alive.argmin())


def push_body(table: Table, row: int, impulse: tuple[int, int, int], arm: tuple[int, int, int]) -> None:
    """Change the velocities of a dynamic body by an impulse (Q24 N s) at ``arm`` (Q24 m) from its centre."""
    inverse_mass = int(table["inverse_mass_q40"][row])
    gain = [int(cell) for cell in table["angular_gain_q40"][row]]
    rotation = [int(cell) for cell in table["rotation_q30"][row]]
    lever = int(table["lever_q24"][row])
    velocity, spin = table["velocity_q24"], table["angular_velocity_q24"]
    for axis in range(3):
        change = impulse[axis] * inverse_mass >> 40
        velocity[row, axis] = clamp_symmetric(int(velocity[row, axis]) + change, VELOCITY_MAX_Q24)
    torque = [
        arm[(axis + 1) % 3] * impulse[(axis + 2) % 3] - arm[(axis + 2) % 3] * impulse[(axis + 1) % 3] >> 24
        for axis in range(3)
    ]
    if not any(torque) or not any(gain):
        return
    local = rotate_inverse_q30(*_pair_of(rotation), *_clamped(torque))
    # The moment of inertia is lever^2 * mass / gain.
    turned = [int(local[axis]) * gain[axis] * inverse_mass // (lever * lever) >> 32 for axis in range(3)]
    world = rotate_q30(*_pair_of(rotation), *_clamped(turned))
    for axis in range(3):
        spin[row, axis] = clamp_symmetric(int(spin[row, axis]) + int(world[axis]), ANGULAR_VELOCITY_MAX_Q24)


def _pair_of(rotation: list[int]) -> tuple[int, int, int, int]:
    return rotation[0], rotation[1], rotation[2], rotation[3]


def _clamped(vector: list[int]) -> tuple[int, int, int]:
    bound = 1 << 58
    x, y, z = (max(-bound, min(bound, part)) for part in vector)
    return x, y, z


@dataclass(frozen=True, slots=True)
class Body:
    """A body by its id: reads its row of the table, whatever has been moved or restored since.

    Every property raises :class:`physics_fixed.errors.IdentityError` once the body is gone.
    """

    table: Table
    id: int

    @property
    def row(self) -> int:
        """Row in the table of bodies."""
        return row_of(self.table, self.id)

    @property
    def position_q24(self) -> tuple[int, int, int]:
        """Centre of mass, m."""
        return self._vector("position_q24")

    @property
    def rotation_q30(self) -> tuple[int, int, int, int]:
        """Unit quaternion x, y, z, w."""
        x, y, z, w = self.table["rotation_q30"][self.row].tolist()
        return x, y, z, w

    @property
    def velocity_q24(self) -> tuple[int, int, int]:
        """Velocity of the centre, m/s."""
        return self._vector("velocity_q24")

    @property
    def angular_velocity_q24(self) -> tuple[int, int, int]:
        """Angular velocity, rad/s, world axes."""
        return self._vector("angular_velocity_q24")

    @property
    def user_id(self) -> int:
        """What the caller gave."""
        return int(self.table["user_id"][self.row])

    @property
    def kind(self) -> int:
        """DYNAMIC, STATIC or KINEMATIC."""
        return int(self.table["kind"][self.row])

    def _vector(self, column: str) -> tuple[int, int, int]:
        x, y, z = self.table[column][self.row].tolist()
        return x, y, z
