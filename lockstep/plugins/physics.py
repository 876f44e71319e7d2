"""Physics of slots: bodies in one :class:`physics_fixed.Space`, whose tables are part of the world's state.

A slot with this plugin has a body. Dynamic bodies carry their slot along. The other way round, whoever moves
the slot of a body moves the body: a dynamic or static one jumps, a kinematic one travels, with the velocity
that the change of pose in this tick amounts to, so it pushes and carries what it meets (beyond 64 m/s it
jumps). Nobody has to say so: after a step slot and body stand in the same place, hence a difference at the
next step is what scripts, commands and parents did in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from lockstep.errors import PluginError
from lockstep.inputs.commands import Command, Impulse
from lockstep.limits import POSITION_Q24_MAX
from lockstep.plugins.contract import plugin
from lockstep.plugins.rows import Row, Rows
from lockstep.world.commands import may_touch
from lockstep.world.poses import conjugate, multiply
from lockstep.world.slots import Vector
from physics_fixed.errors import PhysicsError
from physics_fixed.events import ContactEvents
from physics_fixed.incremental.recorder import ReuseFigures
from physics_fixed.layout import DYNAMIC, KINEMATIC, STATIC
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, POSITION_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.scale import Number
from physics_fixed.shapes import Shape
from physics_fixed.tables import Column
from physics_fixed.world import Space

if TYPE_CHECKING:
    from lockstep.world import Tick
    from lockstep.world.players import Player
    from lockstep.world.world import Setup

assert POSITION_Q24_MAX < POSITION_MAX_Q24
assert VELOCITY_MAX_Q24 >= 64 << 24

OWN_ROTATION: Final = 1  # flag: the slot turns by itself (an avatar looks around), the body does not
TRAVEL_SPEED_MAX_Q24: Final = 64 << 24  # m/s; a slot that goes farther in a tick has jumped
BODY_ROW_MASK: Final = 0xFFFFFFFF

Integers = npt.NDArray[Any]


@plugin(
    "core/physics@1",
    columns=[
        Column("body_id", "id"),
        Column("kind", "int", dtype="uint8"),
        Column("flags", "flags", dtype="uint8"),
    ],
)
class Physics:
    """Bodies of slots. ``kind`` is 0 dynamic, 1 static, 2 kinematic."""

    def setup(self, setup: Setup) -> None:
        """Make the space, and join its tables to the world's."""
        self.space = Space(tick_rate=setup.tick_rate)
        self.rows = setup.rows
        self._slots = setup.slots
        self._tick_rate = setup.tick_rate
        self._riders = [setup.rows]
        setup.add_tables(self.space.tables)

    def add_riders(self, rows: Rows) -> None:
        """Let another plugin's rows (``body_id``, ``kind``, ``flags``) have bodies too; for its setup."""
        self._riders.append(rows)

    def add_body(
        self,
        slot_id: int,
        shape: Shape,
        *,
        kind: int = DYNAMIC,
        density: Number | None = None,
        mass: Number | None = None,
        friction: Number = "0.5",
        restitution: Number = 0,
        velocity_q24: Vector = (0, 0, 0),
        gravity_scale: Number = 1,
        lock_rotation: bool = False,
        allow_sleep: bool = True,
        flags: int = 0,
    ) -> Row:
        """Attach the plugin to a slot: give it a body where it stands.

        Numbers are ints, decimal text, Decimals or Fractions.

        Parameters
        ----------
        slot_id : int
        shape : Sphere, Box, or another shape of ``physics_fixed``
        kind : DYNAMIC, STATIC or KINEMATIC
            A dynamic one must have no parent: it goes where physics takes it.
        density, mass : number
            At most one, for dynamic bodies.
        allow_sleep : bool
            Whether it may fall asleep, and with it what touches it, see docs/physics/sleeping.md.
        flags : int
            ``OWN_ROTATION``, or 0.

        Raises
        ------
        PluginError
            If the slot has a body already, or it is to be dynamic and has a parent.
        SlotMissing
            If the slot does not live; NumberError for numbers out of range.
        """
        slot = self._slots[slot_id]
        if kind == DYNAMIC and slot.parent:
            raise PluginError(
                f"slot {self._slots.describe(slot_id)} has a parent; allowed for it: STATIC, KINEMATIC"
            )
        row = self.rows.attach(slot_id, kind=kind, flags=flags)
        try:
            row.body_id = self.make_body(
                slot_id, shape, kind, friction=friction, restitution=restitution, density=density, mass=mass,
                velocity_q24=velocity_q24, gravity_scale=gravity_scale, lock_rotation=lock_rotation,
                allow_sleep=allow_sleep,
            )  # fmt: skip
        except PhysicsError:
            self.rows.detach(slot_id)  # what was refused leaves nothing behind
            raise
        return row

    def make_body(self, slot_id: int, shape: Shape, kind: int, **properties: Any) -> int:
        """A body where a slot stands, for the rows of a plugin that rides along; its id."""
        slot = self._slots[slot_id]
        body = self.space.add(
            shape,
            kind,
            position_q24=slot.position_q24,
            rotation_q30=slot.rotation_q30,
            user_id=slot_id,
            **properties,
        )
        return body.id

    def body_row(self, slot_id: int) -> int:
        """The row of a slot's body in the table of bodies.

        Raises
        ------
        PluginError
            If the slot has no body.
        """
        return self.space.row(self.rows.row(slot_id).body_id)

    def find_body(self, body_id: int) -> int:
        """The row of a body in the table of bodies, or -1 if it is gone."""
        row, bodies = body_id & BODY_ROW_MASK, self.space.bodies
        if row >= bodies.count or not bodies.array("alive")[row]:
            return -1
        return row if int(bodies.array("generation")[row]) == body_id >> 32 else -1

    def velocity_q24(self, slot_id: int) -> Vector:
        """Velocity of a slot's body, m/s in Q24.

        Raises
        ------
        PluginError
            If the slot has no body.
        """
        x, y, z = self.space.bodies.array("velocity_q24")[self.body_row(slot_id)].tolist()
        return x, y, z

    def set_velocity_q24(self, slot_id: int, velocity_q24: Vector) -> None:
        """Set the velocity of a slot's body, m/s in Q24; it stays within the range of velocities.

        Raises
        ------
        PluginError
            If the slot has no body.
        """
        row = self.body_row(slot_id)
        self.space.bodies.array("velocity_q24")[row] = [
            _clamp(part, VELOCITY_MAX_Q24) for part in velocity_q24
        ]

    def apply_impulse_q24(self, slot_id: int, impulse_q24: Vector) -> None:
        """Push a slot's body at its centre, N s in Q24.

        Raises
        ------
        PluginError
            If the slot has no body.
        """
        self.space.apply_impulse_q24(self.rows.row(slot_id).body_id, impulse_q24)

    def touching(self, slot_id: int) -> list[int]:
        """Ids of the slots that a slot's body touches, asleep or not, in order of their bodies' rows.

        Raises
        ------
        PluginError
            If the slot has no body.
        """
        return [self.space.body(body).user_id for body in self.space.touching(self.rows.row(slot_id).body_id)]

    def is_asleep(self, slot_id: int) -> bool:
        """Whether a slot's body sleeps.

        Raises
        ------
        PluginError
            If the slot has no body.
        """
        return self.space.body(self.rows.row(slot_id).body_id).is_asleep

    @property
    def events(self) -> ContactEvents:
        """Contacts of the last step; their user ids are slot ids. Pairs that sleep are silent."""
        return self.space.events

    def command(self, tick: Tick, rows: Rows, player: Player, command: Command) -> None:
        """Carry out the impulses of players."""
        if (
            isinstance(command, Impulse)
            and may_touch(tick.slots, command.slot_id)
            and command.slot_id in rows
        ):
            x, y, z = command.impulse_q10
            self.apply_impulse_q24(command.slot_id, (x << 14, y << 14, z << 14))

    def step(self, tick: Tick, rows: Rows) -> None:
        """Bodies go where their slots were put, the space steps, slots go where their bodies are."""
        for riders in self._riders:
            if len(riders):
                self._follow_slots(riders)
        self.space.step(tick.number)
        for riders in self._riders:
            if len(riders):
                self._carry_slots(riders)

    def keep_records(self, count: int) -> None:
        """Keep records of the last ``count`` steps; 0: none."""
        self.space.keep_records(count)

    def use_threads(self, count: int) -> None:
        """Step with so many threads, 1 to 64."""
        self.space.threads = count

    @property
    def reuse(self) -> ReuseFigures:
        """What the records have saved so far."""
        return self.space.reuse

    def detached(self, tick: Tick, rows: Rows, slot_ids: list[int]) -> None:
        """Remove the bodies of slots that go."""
        self.remove_bodies(rows, slot_ids)

    def remove_bodies(self, rows: Rows, slot_ids: list[int]) -> None:
        """Remove the bodies that rows have for slots."""
        for slot_id in slot_ids:
            body_id = rows.row(slot_id).body_id
            if self.find_body(body_id) >= 0:
                self.space.remove(body_id)

    def _rows_of(self, riders: Rows) -> tuple[Integers, Integers]:
        """Rows of slots and of bodies; bounded even where an id is damaged, so that no array is overrun."""
        body_rows = np.minimum(riders["body_id"] & BODY_ROW_MASK, self.space.bodies.count - 1)
        return riders.slot_rows, body_rows

    def _follow_slots(self, riders: Rows) -> None:
        slot_rows, body_rows = self._rows_of(riders)
        slots, bodies = self._slots.table, self.space.bodies
        position, body_position = slots.array("position_q24")[slot_rows], bodies.array("position_q24")
        rotation, body_rotation = slots.array("rotation_q30")[slot_rows], bodies.array("rotation_q30")
        shift = position - body_position[body_rows]
        differs = rotation != body_rotation[body_rows]
        kinematic = riders["kind"] == KINEMATIC
        if kinematic.any():
            self._set_motion(body_rows[kinematic], shift[kinematic], rotation[kinematic])
        if shift.any():
            jumps = shift.any(axis=1) & ~kinematic
            body_position[body_rows[jumps]] = position[jumps]
        if differs.any():
            turned = differs.any(axis=1) & ~kinematic & (riders["flags"] & OWN_ROTATION == 0)
            body_rotation[body_rows[turned]] = rotation[turned]

    def _set_motion(self, body_rows: Integers, shift_q24: Integers, target_q30: Integers) -> None:
        """Give kinematic bodies the velocity that their slots' change of pose in this tick amounts to."""
        bodies, rate = self.space.bodies, self._tick_rate
        far: npt.NDArray[np.bool_] = np.abs(shift_q24) * rate > TRAVEL_SPEED_MAX_Q24
        if (
            far.any()
        ):  # Reads as a bug: so long a way in one tick is no travel; it would sweep all off the way
            jumps = np.asarray(far.any(axis=1))
            bodies.array("position_q24")[body_rows[jumps]] += shift_q24[jumps]
            bodies.array("rotation_q30")[body_rows[jumps]] = target_q30[jumps]
            shift_q24 = np.where(jumps[:, None], 0, shift_q24)
        bodies.array("velocity_q24")[body_rows] = shift_q24 * rate
        turn = multiply(target_q30, conjugate(bodies.array("rotation_q30")[body_rows]))
        # A turn by a small angle has the vector part angle / 2, so the rate is twice that part; of q and -q,
        # which are the same turn, the one with w >= 0 is the short way.
        half = np.where(turn[:, 3:] < 0, -turn[:, :3], turn[:, :3])
        spin = (half * (2 * rate)) >> 6
        bodies.array("angular_velocity_q24")[body_rows] = _clipped(spin, ANGULAR_VELOCITY_MAX_Q24)

    def _carry_slots(self, riders: Rows) -> None:
        slot_rows, body_rows = self._rows_of(riders)
        slots, bodies = self._slots.table, self.space.bodies
        position, rotation = slots.array("position_q24"), slots.array("rotation_q30")
        body_position, body_rotation = bodies.array("position_q24"), bodies.array("rotation_q30")
        kinds = riders["kind"]
        dynamic = np.flatnonzero(kinds == DYNAMIC)
        if len(dynamic):
            position[slot_rows[dynamic]] = body_position[body_rows[dynamic]]
            turning = dynamic[riders["flags"][dynamic] & OWN_ROTATION == 0]
            rotation[slot_rows[turning]] = body_rotation[body_rows[turning]]
        kinematic = np.flatnonzero(kinds == KINEMATIC)
        if len(kinematic):  # they arrive exactly, whatever rounding their velocity went through
            body_position[body_rows[kinematic]] = position[slot_rows[kinematic]]
            body_rotation[body_rows[kinematic]] = rotation[slot_rows[kinematic]]


def _clipped(values: Integers, limit: int) -> Integers:
    # np.clip does the same in five times the time: 10 us for three rows.
    return np.minimum(np.maximum(values, -limit), limit)


def _clamp(value: int, limit: int) -> int:
    return max(-limit, min(limit, value))


__all__ = ["BODY_ROW_MASK", "DYNAMIC", "KINEMATIC", "OWN_ROTATION", "STATIC", "Physics"]
