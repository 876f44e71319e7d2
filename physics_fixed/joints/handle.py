"""A joint by its id."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from physics_fixed.arguments import switch
from physics_fixed.bodies import ROW_BITS, body_id, is_alive, row_of, wake_rows
from physics_fixed.errors import NumberError
from physics_fixed.joints.axis import (
    AXIS_NAMES,
    Coordinate,
    Motor,
    RawAxis,
    Spring,
    coordinate_of,
    raw_limits,
    raw_motor,
    raw_spring,
)
from physics_fixed.joints.placing import displacement_q28, place_q24, world_point_q28
from physics_fixed.joints.table import DISTANCE, KIND_NAMES, SLIDER, ends_of
from physics_fixed.scale import Number
from physics_fixed.solver.joints.rows import (
    JOINT_ENABLED,
    LINEAR_X,
    MODE_LIMITED,
    MODE_LOCKED,
    MODE_MOTOR,
    MODE_SPRING,
    TWIST,
    WORLD_ROW,
)
from physics_fixed.tables import Table

_ONE_Q24 = 1 << 24


_CHANGED_BY = {"enabled": "set_enabled", "motor": "set_motor", "limits": "set_limits", "spring": "set_spring"}


@dataclass(slots=True, repr=False, init=False, unsafe_hash=True)
class Joint:
    """A joint by its id: reads and writes its row of the tables, whatever has been moved or restored since.

    Everything here raises :class:`physics_fixed.errors.IdentityError` once the joint is gone. Where an axis
    is not named, it is that of the kind: the twist, or of sliders and distance joints the displacement along
    x.
    """

    table: Table
    states: Table
    bodies: Table
    settings: Table
    id: int

    def __init__(self, table: Table, states: Table, bodies: Table, settings: Table, id: int) -> None:  # noqa: A002
        for name, value in (
            ("table", table), ("states", states), ("bodies", bodies), ("settings", settings), ("id", id),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    if not TYPE_CHECKING:  # a type checker finds what is assigned by itself

        def __setattr__(self, name: str, value: object) -> None:
            method = _CHANGED_BY.get(name)
            hint = f"it is changed by {method}" if method else "only what has a method can be changed"
            raise AttributeError(f"{name} of a joint cannot be assigned; {hint}")

    @property
    def row(self) -> int:
        """Row in the table of joints."""
        return row_of(self.table, self.id, "joint")

    def __repr__(self) -> str:
        if not is_alive(self.table, self.id):
            return f"Joint(id={self.id}, gone)"
        state = ", broken" if self.broken else ""
        return f"Joint(id={self.id}, {self.kind}, body_a={self.body_a}, body_b={self.body_b}{state})"

    @property
    def kind(self) -> str:
        """fixed, ball, hinge, slider, distance or generic."""
        return KIND_NAMES[int(self.table["kind"][self.row])]

    @property
    def body_a(self) -> int:
        """Id of body a."""
        return self._body("row_a")

    @property
    def body_b(self) -> int:
        """Id of body b, 0 for the world."""
        return self._body("row_b")

    @property
    def user_id(self) -> int:
        """What the caller gave."""
        return int(self.table["user_id"][self.row])

    @property
    def broken(self) -> bool:
        """Whether it has broken: then it holds nothing any more."""
        return bool(self.states["broken"][self.row])

    @property
    def enabled(self) -> bool:
        """Whether it acts, unless broken."""
        return bool(self.table["flags"][self.row] & JOINT_ENABLED)

    def set_enabled(self, *, enabled: bool) -> None:
        """Let the joint act, or not."""
        row, enabled = self.row, switch("enabled", on=enabled)
        self.table.own()
        flags = int(self.table["flags"][row])
        self.table["flags"][row] = flags | JOINT_ENABLED if enabled else flags & ~JOINT_ENABLED
        wake_rows(self.bodies, ends_of(self.table, row))

    def place_q24(self, axis: int | None = None) -> int:
        """Where it stands along an axis: raw Q24 m, or rad (the twist from -pi to pi); 0 where it was made.

        Raises
        ------
        NumberError
            If the axis is none.
        """
        row = self.row
        axis = self._axis(axis)
        if axis == LINEAR_X and self.table["kind"][row] == DISTANCE:
            return math.isqrt(sum(part * part for part in self._displacement_q28())) >> 4
        return place_q24(self.table, self.bodies, row, axis)

    @property
    def gap_q24(self) -> int:
        """How far the joint has come apart: length of the displacement along its locked axes, raw Q24 m."""
        row = self.row
        if self.table["kind"][row] == DISTANCE:
            if not self.table["mode"][row, LINEAR_X] & MODE_LOCKED:
                return 0
            return abs(self.place_q24() - int(self.table["lower_q24"][row, LINEAR_X]))
        locked = [axis for axis in range(TWIST) if self.table["mode"][row, axis] & MODE_LOCKED]
        if len(locked) == TWIST:  # all three: whichever way the axes stand
            return math.isqrt(sum(part * part for part in self._displacement_q28())) >> 4
        return math.isqrt(sum(place_q24(self.table, self.bodies, row, axis) ** 2 for axis in locked))

    @property
    def gap(self) -> float:
        """As ``gap_q24``, m, for people."""
        return self.gap_q24 / _ONE_Q24

    @property
    def force(self) -> tuple[float, float, float]:
        """As ``force_q24``, N, for people."""
        x, y, z = self.force_q24
        return x / _ONE_Q24, y / _ONE_Q24, z / _ONE_Q24

    @property
    def torque(self) -> tuple[float, float, float]:
        """As ``torque_q24``, N m, for people."""
        x, y, z = self.torque_q24
        return x / _ONE_Q24, y / _ONE_Q24, z / _ONE_Q24

    def anchors_q24(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """Where the joint holds body a and body b now, Q24 m, world axes; held well, both are one place."""
        row = self.row
        places = []
        for side in "ab":
            local = self.table[f"anchor_{side}_q24"][row].tolist()
            x, y, z = world_point_q28(self.bodies, int(self.table[f"row_{side}"][row]), local)
            places.append((x >> 4, y >> 4, z >> 4))
        return places[0], places[1]

    @property
    def impulse_q24(self) -> tuple[int, int, int]:
        """What the joint exerted on b at its anchor in the last step, raw Q24 N s, world axes."""
        x, y, z = self.states["impulse_q24"][self.row].tolist()
        return x, y, z

    @property
    def angular_impulse_q24(self) -> tuple[int, int, int]:
        """The couple that the joint exerted on b in the last step, raw Q24 N m s, world axes."""
        x, y, z = self.states["angular_impulse_q24"][self.row].tolist()
        return x, y, z

    @property
    def force_q24(self) -> tuple[int, int, int]:
        """Mean force on b in the last step, raw Q24 N."""
        rate = int(self.settings["tick_rate"][0])
        x, y, z = self.impulse_q24
        return x * rate, y * rate, z * rate

    @property
    def torque_q24(self) -> tuple[int, int, int]:
        """Mean torque on b in the last step, raw Q24 N m."""
        rate = int(self.settings["tick_rate"][0])
        x, y, z = self.angular_impulse_q24
        return x * rate, y * rate, z * rate

    def set_motor(self, motor: Motor | None, axis: int | None = None) -> None:
        """Give an axis a motor, or take it away.

        Raises
        ------
        NumberError
            If a number is out of range, or the axis is locked.
        """
        axis = self._axis(axis)
        cells = {} if motor is None else raw_motor(motor, self._coordinate(axis))
        self._put(axis, MODE_MOTOR, cells, ("motor_speed_q24", "motor_force_q24"))

    def set_limits(self, limits: Sequence[Number] | None, axis: int | None = None) -> None:
        """Give an axis limits, m or degrees, or take them away.

        Raises
        ------
        NumberError
            If a number is out of range, or the axis is locked.
        """
        axis = self._axis(axis)
        cells = {} if limits is None else raw_limits(limits, self._coordinate(axis))
        self._put(axis, MODE_LIMITED, cells, ("lower_q24", "upper_q24"))

    def set_spring(self, spring: Spring | None, axis: int | None = None) -> None:
        """Give an axis a spring, or take it away. Without a place of rest it pulls to where it stands now.

        Raises
        ------
        NumberError
            If a number is out of range, or the axis is locked.
        """
        axis = self._axis(axis)
        cells: RawAxis = {}
        if spring is not None:
            here = self.place_q24(axis)
            cells = raw_spring(spring, self._coordinate(axis), rest_q24=here)
        self._put(axis, MODE_SPRING, cells, ("frequency_q24", "damping_q24", "rest_q24"))

    def _put(self, axis: int, bit: int, cells: RawAxis, columns: tuple[str, ...]) -> None:
        row = self.row
        mode = int(self.table["mode"][row, axis])
        if mode & MODE_LOCKED:
            raise NumberError(f"{AXIS_NAMES[axis]} of this {self.kind} joint is locked")
        self.table.own()
        for column in columns:
            self.table[column][row, axis] = cells.get(column, 0)
        self.table["mode"][row, axis] = mode | bit if cells else mode & ~bit
        wake_rows(self.bodies, ends_of(self.table, row))

    def _axis(self, axis: int | None) -> int:
        if axis is None:
            return LINEAR_X if self.table["kind"][self.row] in (SLIDER, DISTANCE) else TWIST
        self._coordinate(axis)
        return axis

    def _coordinate(self, axis: int) -> Coordinate:
        return coordinate_of(int(self.table["kind"][self.row]), axis)

    def _displacement_q28(self) -> tuple[int, int, int]:
        return displacement_q28(self.table, self.bodies, self.row)

    def _body(self, column: str) -> int:
        row = int(self.table[column][self.row])
        if row == WORLD_ROW:
            return 0
        assert ROW_BITS == 32
        return body_id(int(self.bodies["generation"][row]), row)
