"""The handle of a body that the public API gives out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from physics_fixed import motion
from physics_fixed.arguments import switch
from physics_fixed.bodies import ROW_BITS, ROW_MASK, row_of, wake_rows
from physics_fixed.errors import NumberError
from physics_fixed.layout import (
    DYNAMIC,
    FILTER_BITS,
    FILTER_GROUP_SHIFT,
    FILTER_MASK,
    FLAG_ASLEEP,
    FLAG_CONTINUOUS,
    FLAG_DISABLED,
    FLAG_LOCK_ROTATION,
    FLAG_NO_SLEEP,
    FLAG_SENSOR,
    LOCK_BITS,
)
from physics_fixed.materials import (
    COEFFICIENTS,
    KIND_NAMES,
    checked_continuous,
    coefficients_q24,
    filter_of,
    inverse_mass_q40,
    locks_of,
    mass_within,
    turns_never,
    with_flag,
)
from physics_fixed.scale import Number
from physics_fixed.sleeping.control import Sleeping
from physics_fixed.tables import Table

if TYPE_CHECKING:
    from typing import Unpack

    from physics_fixed.materials import Coefficients

_ONE_Q24 = 1 << 24
_ONE_Q30 = 1 << 30
_MASS_BITS = 64  # from an inverse mass in Q40 to a mass in Q24


_CHANGED_BY = {
    **dict.fromkeys(("position", "rotation"), "set_pose"),
    **dict.fromkeys(("velocity", "angular_velocity"), "set_velocity"),
    **dict.fromkeys(("force", "torque"), "apply_force and apply_torque"),
    **dict.fromkeys(COEFFICIENTS, "configure"),
    **dict.fromkeys(("category", "mask", "group"), "set_filter"),
    **dict.fromkeys(("lock_position", "lock_rotation"), "set_locks"),
    "mass": "set_mass",
    "is_enabled": "set_enabled",
    "is_continuous": "set_continuous",
    "is_asleep": "sleep and wake",
    "allows_sleep": "set_allow_sleep",
}


@dataclass(slots=True, repr=False, init=False, unsafe_hash=True)
class Body:
    """A body by its id: reads and changes its row of the table, whatever has been moved or restored since.

    Vectors and numbers are given as in :meth:`physics_fixed.world.Space.add`: as ints, decimal text, Decimals
    or Fractions, or raw by the keyword that ends in a format.

    Properties without a format in their name are floats, for people and pictures. The numbers behind them fit
    a float without rounding; but what is computed with floats is not the same everywhere, so no method takes
    one back.

    Every property and method raises :class:`physics_fixed.errors.IdentityError` once the body is gone, and
    every method :class:`physics_fixed.errors.NumberError` if a number is none or out of range.
    """

    table: Table
    geometries: Table
    sleeping: Sleeping
    id: int

    def __init__(self, table: Table, geometries: Table, sleeping: Sleeping, id: int) -> None:  # noqa: A002
        for name, value in (("table", table), ("geometries", geometries), ("sleeping", sleeping), ("id", id)):
            object.__setattr__(self, name, value)

    if not TYPE_CHECKING:  # a type checker finds what is assigned by itself

        def __setattr__(self, name: str, value: object) -> None:
            method = _CHANGED_BY.get(name.removesuffix("_q24").removesuffix("_q30"))
            hint = f"it is changed by {method}" if method else "only what has a method can be changed"
            raise AttributeError(f"{name} of a body cannot be assigned; {hint}")

    @property
    def row(self) -> int:
        """Row in the table of bodies."""
        return row_of(self.table, self.id)

    def __repr__(self) -> str:
        known = self.table["generation"][self.id & ROW_MASK : (self.id & ROW_MASK) + 1].tolist()
        if known != [self.id >> ROW_BITS] or not self.table["alive"][self.id & ROW_MASK]:
            return f"Body(id={self.id}, gone)"
        return f"Body(id={self.id}, {KIND_NAMES[self.kind]}, position={self.position})"

    @property
    def position(self) -> tuple[float, float, float]:
        """Where the origin of the shape's axes is, m."""
        x, y, z = self.position_q24
        return x / _ONE_Q24, y / _ONE_Q24, z / _ONE_Q24

    @property
    def rotation(self) -> tuple[float, float, float, float]:
        """Unit quaternion x, y, z, w."""
        x, y, z, w = self.rotation_q30
        return x / _ONE_Q30, y / _ONE_Q30, z / _ONE_Q30, w / _ONE_Q30

    @property
    def velocity(self) -> tuple[float, float, float]:
        """Velocity of the centre of mass, m/s."""
        x, y, z = self.velocity_q24
        return x / _ONE_Q24, y / _ONE_Q24, z / _ONE_Q24

    @property
    def angular_velocity(self) -> tuple[float, float, float]:
        """Angular velocity, rad/s, world axes."""
        x, y, z = self.angular_velocity_q24
        return x / _ONE_Q24, y / _ONE_Q24, z / _ONE_Q24

    @property
    def mass(self) -> float:
        """Mass, kg; 0 for what is not dynamic."""
        return self.mass_q24 / _ONE_Q24

    @property
    def friction(self) -> float:
        """Coefficient of friction; :meth:`configure` changes it."""
        return self._number("friction_q24")

    @property
    def restitution(self) -> float:
        """Coefficient of restitution; :meth:`configure` changes it."""
        return self._number("restitution_q24")

    @property
    def rolling(self) -> float:
        """Arm of the resistance against rolling, m; :meth:`configure` changes it."""
        return self._number("rolling_q24")

    @property
    def gravity_scale(self) -> float:
        """Factor of its own on gravity; :meth:`configure` changes it."""
        return self._number("gravity_scale_q24")

    @property
    def linear_damping(self) -> float:
        """Damping of its velocity, 1/s; :meth:`configure` changes it."""
        return self._number("linear_damping_q24")

    @property
    def angular_damping(self) -> float:
        """Damping of its angular velocity, 1/s; :meth:`configure` changes it."""
        return self._number("angular_damping_q24")

    @property
    def position_q24(self) -> tuple[int, int, int]:
        """Where the origin of the shape's axes is, m."""
        return motion.origin_q24(self.table, self.geometries, self.row)

    @property
    def centre_q24(self) -> tuple[int, int, int]:
        """Centre of mass, m."""
        return self._vector("position_q24")

    @property
    def rotation_q30(self) -> tuple[int, int, int, int]:
        """Unit quaternion x, y, z, w."""
        x, y, z, w = self.table["rotation_q30"][self.row].tolist()
        return x, y, z, w

    @property
    def velocity_q24(self) -> tuple[int, int, int]:
        """Velocity of the centre of mass, m/s."""
        return self._vector("velocity_q24")

    @property
    def angular_velocity_q24(self) -> tuple[int, int, int]:
        """Angular velocity, rad/s, world axes."""
        return self._vector("angular_velocity_q24")

    @property
    def force_q24(self) -> tuple[int, int, int]:
        """Force of the coming step so far, N."""
        return self._vector("force_q24")

    @property
    def torque_q24(self) -> tuple[int, int, int]:
        """Torque of the coming step so far, N m, world axes."""
        return self._vector("torque_q24")

    @property
    def user_id(self) -> int:
        """What the caller gave."""
        return int(self.table["user_id"][self.row])

    @property
    def kind(self) -> int:
        """DYNAMIC, STATIC or KINEMATIC."""
        return int(self.table["kind"][self.row])

    @property
    def mass_q24(self) -> int:
        """Mass, kg, rounded to nearest; 0 for what is not dynamic."""
        inverse = int(self.table["inverse_mass_q40"][self.row])
        return 0 if inverse == 0 else ((2 << _MASS_BITS) // inverse + 1) // 2

    @property
    def shape_code(self) -> int:
        """A SHAPE_ constant of :mod:`physics_fixed.layout`."""
        return int(self.table["shape"][self.row])

    @property
    def size_q24(self) -> tuple[int, int, int]:
        """Size of the shape, m.

        Sphere: radius, 0, 0. Capsule: radius, half height, 0. Box: half extents. All others: half extents of
        a box about the centre of mass that holds them.
        """
        return self._vector("size_q24")

    @property
    def category(self) -> int:
        """Categories that it has, as bits; :meth:`set_filter` changes them."""
        return self._filter & FILTER_MASK

    @property
    def mask(self) -> int:
        """Categories that it meets, as bits."""
        return self._filter >> FILTER_BITS & FILTER_MASK

    @property
    def group(self) -> int:
        """Group that it is in, 0 for none."""
        return self._filter >> FILTER_GROUP_SHIFT

    @property
    def lock_position(self) -> str:
        """Axes of the world along which it does not move, such as ``"z"``."""
        return self._axes(0)

    @property
    def lock_rotation(self) -> str:
        """Axes of the world about which it does not turn."""
        return self._axes(LOCK_BITS)

    @property
    def is_enabled(self) -> bool:
        """Whether it takes part."""
        return not self.table["flags"][self.row] & FLAG_DISABLED

    @property
    def is_sensor(self) -> bool:
        """Whether it notices others but lets them through."""
        return bool(self.table["flags"][self.row] & FLAG_SENSOR)

    @property
    def is_asleep(self) -> bool:
        """Whether it sleeps, see docs/physics/sleeping.md."""
        return bool(self.table["flags"][self.row] & FLAG_ASLEEP)

    @property
    def allows_sleep(self) -> bool:
        """Whether it may fall asleep."""
        return not self.table["flags"][self.row] & FLAG_NO_SLEEP

    def _set_flag(self, bit: int, *, holds: bool) -> None:
        flags, row = self.table["flags"], self.row
        flags[row] = with_flag(flags[row], bit, holds=holds)

    def _axes(self, shift: int) -> str:
        locks = int(self.table["locks"][self.row]) >> shift
        return "".join(axis for number, axis in enumerate("xyz") if locks >> number & 1)

    @property
    def _filter(self) -> int:
        return int(self.table["filter"][self.row])

    def _number(self, column: str) -> float:
        return int(self.table[column][self.row]) / _ONE_Q24

    def _vector(self, column: str) -> tuple[int, int, int]:
        x, y, z = self.table[column][self.row].tolist()
        return x, y, z

    def velocity_at_q24(
        self, point: Sequence[Number] | None = None, *, point_q24: Sequence[int] | None = None
    ) -> tuple[int, int, int]:
        """Velocity, Q24 m/s, of the point of the body that is at a place in the world."""
        return motion.velocity_at_q24(self.table, self.row, point, point_q24)

    def to_world_q24(
        self, local: Sequence[Number] | None = None, *, local_q24: Sequence[int] | None = None
    ) -> tuple[int, int, int]:
        """Where a point of the body is in the world, Q24 m, that is given in the axes of its shape."""
        return motion.to_world_q24(self.table, self.geometries, self.row, local, local_q24)

    def to_local_q24(
        self, point: Sequence[Number] | None = None, *, point_q24: Sequence[int] | None = None
    ) -> tuple[int, int, int]:
        """A place in the world in the axes of the body's shape, Q24 m."""
        return motion.to_local_q24(self.table, self.geometries, self.row, point, point_q24)

    def set_mass(self, mass: Number | None = None, *, mass_q24: int | None = None) -> None:
        """Change the mass of a dynamic body, kg, 0.001 to 100000; its moments of inertia change in
        proportion.
        """
        row = self.row
        if self.kind != DYNAMIC:
            raise NumberError(f"a {KIND_NAMES[self.kind]} body has no mass; allowed for DYNAMIC ones")
        chosen = inverse_mass_q40(mass_within(mass, mass_q24))
        self.table.own()
        self.table["inverse_mass_q40"][row] = chosen

    def set_velocity(
        self,
        velocity: Sequence[Number] | None = None,
        *,
        velocity_q24: Sequence[int] | None = None,
        angular_velocity: Sequence[Number] | None = None,
        angular_velocity_q24: Sequence[int] | None = None,
    ) -> None:
        """Set the velocity of the centre of mass, the angular velocity (world axes), or both.

        What is not given stays. A static body has none: NumberError.
        """
        motion.set_velocity(
            self.table, self.row, velocity, velocity_q24, angular_velocity, angular_velocity_q24
        )

    def set_pose(
        self,
        position: Sequence[Number] | None = None,
        rotation: Sequence[Number] | None = None,
        *,
        position_q24: Sequence[int] | None = None,
        rotation_q30: Sequence[int] | None = None,
    ) -> None:
        """Put the body somewhere else, turn it about the origin of its shape, or both, at once.

        It touches nothing on the way, and keeps its velocity. Where it touches the same body as before, that
        contact goes on; other contacts end with the next step.
        """
        motion.set_pose(self.table, self.geometries, self.row, position, position_q24, rotation, rotation_q30)

    def apply_force(
        self,
        force: Sequence[Number] | None = None,
        *,
        force_q24: Sequence[int] | None = None,
        point: Sequence[Number] | None = None,
        point_q24: Sequence[int] | None = None,
    ) -> None:
        """Let a force (N, world axes) act during the coming step, at the centre of mass or at a place in the
        world.

        Forces add up, within the limits; after the step they are gone. Only a dynamic body yields.
        """
        motion.add_force(self.table, self.row, force, force_q24, point, point_q24)

    def apply_torque(
        self, torque: Sequence[Number] | None = None, *, torque_q24: Sequence[int] | None = None
    ) -> None:
        """Let a torque (N m, world axes) act during the coming step, as :meth:`apply_force`."""
        motion.add_torque(self.table, self.row, torque, torque_q24)

    def apply_impulse(
        self,
        impulse: Sequence[Number] | None = None,
        *,
        impulse_q24: Sequence[int] | None = None,
        point: Sequence[Number] | None = None,
        point_q24: Sequence[int] | None = None,
    ) -> None:
        """Push the body at once (N s, world axes), at the centre of mass or at a place in the world.

        Velocities stay within their limits. Only a dynamic body yields.
        """
        motion.add_impulse(self.table, self.geometries, self.row, impulse, impulse_q24, point, point_q24)

    def apply_angular_impulse(
        self, impulse: Sequence[Number] | None = None, *, impulse_q24: Sequence[int] | None = None
    ) -> None:
        """Spin the body at once (N m s, world axes), as :meth:`apply_impulse`."""
        motion.add_angular_impulse(self.table, self.geometries, self.row, impulse, impulse_q24)

    def configure(self, **coefficients: Unpack[Coefficients]) -> None:
        """Change numbers of the body, such as ``friction`` or ``linear_damping``.

        They are those that :meth:`physics_fixed.world.Space.add` takes; what is not given stays.
        """
        row = self.row
        self.table.own()
        for column, value in coefficients_q24(coefficients, {}).items():
            self.table[column][row] = value

    def set_locks(self, *, position: bool | str | None = None, rotation: bool | str | None = None) -> None:
        """Change the axes of the world along which it may not move, about which it may not turn.

        As ``lock_position`` and ``lock_rotation`` of :meth:`physics_fixed.world.Space.add`; what is not given
        stays.
        """
        row = self.row
        locks = locks_of(
            position=self.lock_position if position is None else position,
            rotation=self.lock_rotation if rotation is None else rotation,
        )
        self.table.own()
        self.table["locks"][row] = locks
        self._set_flag(FLAG_LOCK_ROTATION, holds=turns_never(locks))

    @property
    def is_continuous(self) -> bool:
        """Whether it is stopped on its way by dynamic bodies, too."""
        return bool(self.table["flags"][self.row] & FLAG_CONTINUOUS)

    def set_continuous(self, *, continuous: bool) -> None:
        """Change whether it is stopped on its way by dynamic bodies, see :meth:`Space.add`.

        NumberError for a body that is not dynamic, or a sensor.
        """
        chosen = checked_continuous(self.kind, continuous=continuous, sensor=self.is_sensor)
        self._set_flag(FLAG_CONTINUOUS, holds=chosen)

    def set_enabled(self, *, enabled: bool) -> None:
        """Let the body take part, or not: a disabled one stays where it is, meets nothing, and keeps its
        velocity.
        """
        self._set_flag(FLAG_DISABLED, holds=not switch("enabled", on=enabled))

    def sleep(self) -> bool:
        """Let the body fall asleep at once, with all that contacts and joints hold to it, however fast.

        Returns
        -------
        bool
            Whether it sleeps: not if nobody does in its space, it is not dynamic, or one of its island may
            not sleep.
        """
        return self.sleeping.put_to_sleep(self.row)

    def wake(self) -> None:
        """Wake the body, and with the next step all that contacts and joints hold to it; its rest begins
        anew.
        """
        wake_rows(self.table, [self.row])

    def set_allow_sleep(self, *, allowed: bool) -> None:
        """Let the body fall asleep, or keep it awake, and with it what touches it."""
        self._set_flag(FLAG_NO_SLEEP, holds=not switch("allowed", on=allowed))

    def set_filter(self, *, category: int = 1, mask: int = FILTER_MASK, group: int = 0) -> None:
        """Change which bodies it meets, see :meth:`physics_fixed.world.Space.add`."""
        row, chosen = self.row, filter_of(category, mask, group)
        self.table.own()
        self.table["filter"][row] = chosen
