"""The table of bodies: its columns, and the ids of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from physics_fixed.arguments import is_whole
from physics_fixed.errors import IdentityError
from physics_fixed.fixmath.quat import rotate_q30
from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.layout import DYNAMIC, FILTER_ALL, FLAG_ASLEEP
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.tables import Column, Table

BODY_COLUMNS = (
    Column("user_id", "id", steady=True),
    Column("alive", "flags", dtype="uint8", steady=True),
    Column("kind", "int", dtype="uint8", steady=True),  # 0 dynamic, 1 static, 2 kinematic
    Column("shape", "int", dtype="uint8", steady=True),  # SHAPE_ constants of layout
    Column("flags", "flags", dtype="uint8"),  # FLAG_ constants of layout
    # Bits 0 to 2: no motion along x, y, z; 3 to 5: no turning about them.
    Column("locks", "flags", dtype="uint8", steady=True),
    Column("still_ticks", "int", dtype="uint8"),  # ticks since it last moved, up to sleep_ticks
    Column("generation", "int", dtype="int32", steady=True),
    Column("seal", "key"),  # fingerprint of what rests, see docs/physics/sleeping.md
    Column("position_q24", "q24", "m", lanes=3),  # of the centre of mass
    Column("rotation_q30", "q30", lanes=4),  # x, y, z, w
    Column("velocity_q24", "q24", "m/s", lanes=3),
    Column("angular_velocity_q24", "q24", "rad/s", lanes=3),
    # Sphere: radius. Capsule: radius, half height. All others: half extents of a box about the centre.
    Column("size_q24", "q24", "m", lanes=3, steady=True),
    Column("geometry", "int", default=-1, steady=True),  # row in the table of geometries
    Column("filter", "flags", default=FILTER_ALL, steady=True),  # FILTER_ constants of layout
    Column("inverse_mass_q40", "q40", "1/kg", steady=True),
    # The length that angular velocities are scaled by.
    Column("lever_q24", "q24", "m", default=1 << 24, steady=True),
    # lever^2 * mass / moment of inertia, about the body's axes.
    Column("angular_gain_q40", "q40", lanes=3, steady=True),
    Column("friction_q24", "q24", steady=True),
    Column("restitution_q24", "q24", steady=True),
    Column("rolling_q24", "q24", "m", steady=True),  # arm of the resistance against rolling
    Column("gravity_scale_q24", "q24", steady=True),
    Column("linear_damping_q24", "q24", "1/s", steady=True),
    Column("angular_damping_q24", "q24", "1/s", steady=True),
    Column("force_q24", "q24", "N", lanes=3, passing=True),  # of the coming step, world axes
    Column("torque_q24", "q24", "N m", lanes=3, passing=True),
)
"""A step changes the columns that are not steady, and no others: those are changed by the caller alone."""

ROW_BITS = 32
ROW_MASK = (1 << ROW_BITS) - 1


class Handle(Protocol):
    """A handle of a body or joint: :class:`physics_fixed.handles.Body` is one."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def table(self) -> Table:
        """The table in which the id names a row."""


Named = Handle | int
"""What names a body, or a joint, to a method: its handle or its id."""


def body_table() -> Table:
    """A new table of bodies. Rows of dead bodies hold the defaults, except their generation."""
    return Table("bodies", BODY_COLUMNS, key="user_id")


def body_id(generation: int, row: int) -> int:
    """The id of a body: unique in the life of the space, never 0."""
    return generation << ROW_BITS | row


def id_of(table: Table, named: Named, thing: str = "body") -> int:
    """The id of a body, or of another thing with such ids, that a handle or an id names.

    Raises
    ------
    IdentityError
        If it is neither, or a handle of something else: of a joint, or of a body in another space.
    """
    if is_whole(named):
        return int(named)  # type: ignore[arg-type]  # of numpy, too: ids come in arrays of events and hits
    if getattr(named, "table", None) is not table:
        raise IdentityError(f"{named!r} names no {thing} of this space; allowed: the handle or id of one")
    return named.id  # type: ignore[union-attr]  # what has a table is no int


def row_of(table: Table, named: Named, thing: str = "body") -> int:
    """Row of a live body, or of another thing with such ids.

    Raises
    ------
    IdentityError
        If the id names no live one, or what is given is neither an id nor a handle.
    """
    identity = named if type(named) is int else id_of(table, named, thing)
    row = identity & ROW_MASK
    cells = table.cells
    known = 0 <= row < table.count and cells.alive[row] and cells.generation[row] == identity >> ROW_BITS
    if not known:
        raise IdentityError(f"{thing} id {identity} names no live {thing}")
    return row


def is_alive(table: Table, named: object) -> bool:
    """Whether a handle or an id names a live body of a table."""
    try:
        row_of(table, named)  # type: ignore[arg-type]  # what names nothing is not alive
    except IdentityError:
        return False
    return True


def clear_row(table: Table, row: int) -> None:
    """Give a row the defaults, except for its generation: so that equal states have equal bits."""
    table.own()
    for column in table.columns:
        if column.name != "generation":
            table[column.name][row] = column.default


def wake_rows(table: Table, rows: Iterable[int]) -> None:
    """Wake bodies, if they sleep; what is held to them wakes in the next step."""
    for row in rows:
        if table["kind"][row] == DYNAMIC:
            table["flags"][row] = int(table["flags"][row]) & ~FLAG_ASLEEP
            table["still_ticks"][row] = 0
            table["seal"][row] = 0


def lowest_free_row(table: Table) -> int:
    """The lowest row without a live body; one past the last if there is none."""
    alive = table["alive"]
    if len(alive) == 0 or alive.all():
        return len(alive)
    return int(alive.argmin())


def centre_offset_q24(table: Table, geometries: Table, row: int) -> tuple[int, int, int]:
    """From the origin of a body's shape to its centre of mass, Q24 m, world axes."""
    geometry = int(table["geometry"][row])
    if geometry < 0:
        return 0, 0, 0
    x, y, z = geometries["centre_q24"][geometry].tolist()
    qx, qy, qz, qw = table["rotation_q30"][row].tolist()
    x, y, z = rotate_q30(qx, qy, qz, qw, x, y, z)
    return int(x), int(y), int(z)


def place_origin(table: Table, geometries: Table, row: int, origin: Sequence[int]) -> None:
    """Put the origin of a body's shape to a place, Q24 m; the centre of mass stays within the range."""
    offset = centre_offset_q24(table, geometries, row)
    table["position_q24"][row] = [
        clamp_symmetric(int(origin[axis]) + offset[axis], POSITION_MAX_Q24) for axis in range(3)
    ]
