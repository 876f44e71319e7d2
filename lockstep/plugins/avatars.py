"""Avatars: an upright body for each player, that runs, jumps, pushes, looks around, and has a hand.

The body is a box whose rotation is locked, so it never tips over; where the player looks is the slot's own
rotation, about the vertical axis. Running is a bounded change of velocity toward what the stick asks for, so
walls, slopes and heavy things are for the physics to say. What the hand does is in hand.py.
"""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Final

from lockstep.inputs.commands import Command, Grab
from lockstep.limits import AXIS_MAX, ONE_Q30, PLAYERS_MAX
from lockstep.plugins import hand, render
from lockstep.plugins.collision import Collision, Contacts
from lockstep.plugins.contract import plugin
from lockstep.plugins.physics import BODY_ROW_MASK, OWN_ROTATION, Physics
from lockstep.plugins.render import Render
from lockstep.plugins.rows import Row, Rows
from lockstep.world.slots import Vector
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30
from physics_fixed.shapes import Box
from physics_fixed.tables import Column

if TYPE_CHECKING:
    from lockstep.world import Tick
    from lockstep.world.players import Player
    from lockstep.world.world import Setup

METRE: Final = 1 << 24

BODY: Final = Box(("0.32", "0.9", "0.32"))
MASS_KG: Final = 70
CAPSULE_Q24: Final = (
    METRE * 36 // 100,
    METRE * 54 // 100,
    0,
)  # what is drawn: radius, half height of the cylinder
EYE_HEIGHT_Q24: Final = METRE * 65 // 100  # above the centre
WALK_SPEED_Q24: Final = METRE * 45 // 10
RUN_SPEED_Q24: Final = METRE * 85 // 10
JUMP_SPEED_Q24: Final = METRE * 58 // 10
GROUND_ACCELERATION_Q24: Final = METRE * 55  # m/s^2
AIR_ACCELERATION_Q24: Final = METRE * 16
GROUND_NORMAL_Q30: Final = ONE_Q30 * 6 // 10  # steeper than 53 degrees is a wall
GROUNDED_TICKS: Final = 6  # after leaving the ground a jump is still taken
JUMP_PAUSE_TICKS: Final = 10
SPAWN_PAUSE_TICKS: Final = 8
SPAWN_SPEED_Q24: Final = METRE * 9
SPAWN_HEIGHT_Q24: Final = METRE  # above the eyes
SPAWN_AHEAD_Q24: Final = METRE // 2
DEPTH_MAX_Q24: Final = -30 * METRE  # who falls deeper starts again
SPAWN_CIRCLE_Q24: Final = 3 * METRE
HALF_TURNS_COUNT_MAX: Final = 4096

COLOURS: Final = (
    0x4C8DFFFF, 0xFF7A45FF, 0x3CC48EFF, 0xF2C14EFF, 0xC77DFFFF, 0xFF5D8FFF, 0x2EC4D6FF, 0xA3D14BFF,
    0x8C9EFFFF, 0xFFA98AFF, 0x7BE0B5FF, 0xFFE08AFF, 0xE0B3FFFF, 0xFF9DBBFF, 0x8FE3EDFF, 0xD0EB9AFF,
)  # fmt: skip

assert len(COLOURS) == PLAYERS_MAX


@plugin(
    "core/avatars@1",
    columns=[
        Column("place", "int"),
        Column("body_id", "id"),
        Column("yaw", "int", unit="1/32767 half turns"),
        Column("pitch", "int", unit="1/32767 quarter turns"),
        Column("grounded", "int", unit="ticks"),  # > 0: on the ground lately; < 0: has just jumped
        Column("pause", "int", unit="ticks"),  # until something can be spawned again
        Column("held_id", "id"),
        Column("hold", "int"),  # 0 nothing, 1 while the button is down, 2 until told otherwise
        Column("hold_distance_q24", "q24", unit="m"),
    ],
    requires=[Physics, Collision, Render],
)
class Avatars:
    """One avatar for each player in the world. A slot named ``spawn`` says where they start."""

    def setup(self, setup: Setup) -> None:
        """Find the plugins that avatars are made of."""
        self._physics = setup.plugin(Physics)
        self._collision = setup.plugin(Collision)
        self._looks = setup.rows_of(Render)
        # What a half turn's sine is never changes, so remembering it is no state; players look one way for
        # many ticks.
        self._half_turns: dict[int, tuple[int, int]] = {}

    def joined(self, tick: Tick, rows: Rows, place: int) -> None:
        """Make the player's avatar."""
        slot_id = tick.create(f"avatar {place}", position_q24=spawn_position(tick, place), owner=place)
        body = self._physics.add_body(
            slot_id,
            BODY,
            mass=MASS_KG,
            friction=0,
            lock_rotation=True,
            flags=OWN_ROTATION,
            allow_sleep=False,
        )
        tick.attach(
            slot_id, Render, shape=render.CAPSULE, flags=render.AVATAR, place=place, rgba=COLOURS[place],
            size_q24=CAPSULE_Q24,
        )  # fmt: skip
        rows.attach(slot_id, place=place, body_id=body.body_id)

    def left(self, tick: Tick, rows: Rows, place: int) -> None:
        """Take the player's avatar away."""
        for row in rows:
            if row.place == place and tick.slots.is_alive(row.slot_id):
                tick.destroy(row.slot_id)

    def detached(self, tick: Tick, rows: Rows, slot_ids: list[int]) -> None:
        """An avatar that goes lets go of what it holds."""
        for slot_id in slot_ids:
            hand.let_go(rows.row(slot_id), self._looks)

    def command(self, tick: Tick, rows: Rows, player: Player, command: Command) -> None:
        """Grab by command: a slot within reach until told otherwise, or let go."""
        row = self.avatar_of(rows, player.place)
        if row is None or not isinstance(command, Grab):
            return
        hand.let_go(row, self._looks)
        if command.slot_id and hand.can_take(tick, self._physics, row, command.slot_id):
            hand.take(tick, rows, row, self._looks, command.slot_id, hold=hand.BY_COMMAND)

    def tick(self, tick: Tick, rows: Rows) -> None:
        """Look, run, jump, and use the hand, each avatar as its player says."""
        for player in tick.players:
            row = self.avatar_of(rows, player.place)
            if row is not None:
                self._move(tick, rows, row, player)

    def after_step(self, tick: Tick, rows: Rows) -> None:
        """Notice who stands on something."""
        contacts = self._collision.contacts
        for row in rows:
            grounded = row.grounded
            if grounded < 0:
                row.grounded = grounded + 1
            elif self._stands(contacts, row):
                row.grounded = GROUNDED_TICKS
            elif grounded > 0:
                row.grounded = grounded - 1

    def avatar_of(self, rows: Rows, place: int) -> Row | None:
        """The avatar of a player, if there is one, with a slot and a body."""
        places = rows["place"].tolist()
        if place not in places:
            return None
        index = places.index(place)
        slot_id = int(rows["slot_id"][index])
        if not rows.slots.is_alive(slot_id) or self._physics.find_body(int(rows["body_id"][index])) < 0:
            return None
        return Row(rows, slot_id, index)

    def _move(self, tick: Tick, rows: Rows, row: Row, player: Player) -> None:
        axis_x, axis_z = player.axis("move_x"), player.axis("move_z")
        yaw, pitch = player.axis("look_yaw"), player.axis("look_pitch")
        row.yaw, row.pitch = yaw, pitch
        # Sine and cosine of half the angle are the quaternion, and give those of the angle.
        half_sine, half_cosine = self._half_turn(yaw)
        sine = half_sine * half_cosine >> 29
        cosine = (half_cosine * half_cosine - half_sine * half_sine) >> 30
        slot_row = tick.slots.row(row.slot_id)
        table = tick.slots.table
        table.array("rotation_q30")[slot_row] = (0, half_sine, 0, half_cosine)
        if int(table.array("position_q24")[slot_row, 1]) < DEPTH_MAX_Q24:
            self._start_again(tick, row)
            return
        body_row = row.body_id & BODY_ROW_MASK
        velocities = self._physics.space.bodies.array("velocity_q24")
        x, y, z = velocities[body_row].tolist()
        grounded = row.grounded
        speed = RUN_SPEED_Q24 if player.holds("run") else WALK_SPEED_Q24
        length = max(AXIS_MAX, isqrt(axis_x * axis_x + axis_z * axis_z))
        wanted_x = (cosine * axis_x - sine * axis_z) * speed // (length << 30)
        wanted_z = (-sine * axis_x - cosine * axis_z) * speed // (length << 30)
        limit = (GROUND_ACCELERATION_Q24 if grounded > 0 else AIR_ACCELERATION_Q24) // tick.rate
        x, z = _approach(x, z, wanted_x, wanted_z, limit)
        if grounded > 0 and player.holds("jump"):
            y = max(y, JUMP_SPEED_Q24)
            row.grounded = -JUMP_PAUSE_TICKS
        velocities[body_row] = (x, y, z)
        self._use_hand(tick, rows, row, player, (x, y, z), sine, cosine)

    def _use_hand(
        self, tick: Tick, rows: Rows, row: Row, player: Player, velocity_q24: Vector, sine: int, cosine: int
    ) -> None:
        """Grab, hold, throw, spawn. Nothing is computed for a hand that does nothing."""
        pause, hold = row.pause, row.hold
        if pause > 0:
            row.pause = pause - 1
        presses_spawn = player.presses("spawn") and pause <= 0
        if not (hold or presses_spawn or player.presses("grab") or player.presses("throw")):
            return
        reach = hand.make_reach(tick, row, velocity_q24, sine, cosine, EYE_HEIGHT_Q24)
        if not hold and player.presses("grab"):
            target = hand.find_target(tick, self._physics, rows, reach)
            if target:
                hand.take(tick, rows, row, self._looks, target, hold=hand.BY_BUTTON)
        elif row.hold == hand.BY_BUTTON and not player.holds("grab"):
            hand.let_go(row, self._looks)
        if player.presses("throw"):
            target = row.held_id or hand.find_target(tick, self._physics, rows, reach)
            hand.let_go(row, self._looks)
            hand.throw(self._physics, target, reach)
        if row.hold:
            hand.hold_on(tick, self._physics, row, self._looks, reach)
        if presses_spawn:
            names = tick.prefab_names
            if names:
                row.pause = SPAWN_PAUSE_TICKS
                # Over the head, where there is room: ahead of the eyes may be within or behind a wall.
                x, y, z = reach.ahead(SPAWN_AHEAD_Q24)
                prefab = tick.rng(f"avatar spawn {row.place}").pick(names)
                tick.spawn(
                    prefab, (x, y + SPAWN_HEIGHT_Q24, z), reach.velocity(SPAWN_SPEED_Q24), place=player.place
                )

    def _half_turn(self, yaw: int) -> tuple[int, int]:
        found = self._half_turns.get(yaw)
        if found is None:
            if len(self._half_turns) >= HALF_TURNS_COUNT_MAX:
                self._half_turns.clear()
            found = self._half_turns[yaw] = sine_cosine_of_turn_q30(yaw * (ONE_Q30 >> 2) // AXIS_MAX)
        return found

    def _start_again(self, tick: Tick, row: Row) -> None:
        tick.slots.set_pose(row.slot_id, position_q24=spawn_position(tick, row.place))
        self._physics.set_velocity_q24(row.slot_id, (0, 0, 0))

    def _stands(self, contacts: Contacts, row: Row) -> bool:
        stands = False
        for slot_below in contacts.below(row.slot_id, GROUND_NORMAL_Q30):
            stands = True
            if slot_below == row.held_id:  # who stands on what it lifts would fly
                hand.let_go(row, self._looks)
        return stands


def spawn_position(tick: Tick, place: int) -> Vector:
    """Where a player's avatar starts: on a circle about the slot named ``spawn``, or about (0, 1.5 m, 0)."""
    spawn = tick.slots.find("spawn")
    x, y, z = tick.slots[spawn].position_q24 if spawn else (0, METRE * 3 // 2, 0)
    sine, cosine = sine_cosine_of_turn_q30(place * 3 * ONE_Q30 // PLAYERS_MAX)
    return x + (sine * SPAWN_CIRCLE_Q24 >> 30), y, z + (cosine * SPAWN_CIRCLE_Q24 >> 30)


def _approach(x: int, z: int, wanted_x: int, wanted_z: int, limit: int) -> tuple[int, int]:
    """A step of at most ``limit`` toward what is wanted."""
    change_x, change_z = wanted_x - x, wanted_z - z
    length = isqrt(change_x * change_x + change_z * change_z)
    if length <= limit:
        return wanted_x, wanted_z
    return x + change_x * limit // length, z + change_z * limit // length
