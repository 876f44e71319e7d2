"""What an avatar's hand does: find something in front, hold it at arm's length, throw it.

Holding is a spring at the level of velocities: each tick the thing gets the velocity that would bring it to
the hold point soon, as far as the strength of the arm allows for its mass; so heavy things are dragged, not
lifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Final

import numpy as np

from lockstep.ids import NO_ID
from lockstep.limits import AXIS_MAX, ONE_Q30
from lockstep.plugins.physics import DYNAMIC, Physics
from lockstep.plugins.render import HIGHLIGHT
from lockstep.plugins.rows import Row, Rows
from lockstep.world.commands import may_touch
from lockstep.world.slots import OPEN, Vector
from physics_fixed.fixmath.trig import sine_cosine_of_turn_q30

if TYPE_CHECKING:
    from lockstep.world import Tick

METRE: Final = 1 << 24

NOTHING: Final = 0
BY_BUTTON: Final = 1
BY_COMMAND: Final = 2

REACH_Q24: Final = 4 * METRE
ASIDE_Q24: Final = METRE * 12 // 10  # how far from the line of sight a thing may be
HOLD_DISTANCE_MIN_Q24: Final = METRE * 14 // 10
HOLD_DISTANCE_MAX_Q24: Final = METRE * 3
LOSE_DISTANCE_Q24: Final = 6 * METRE
STIFFNESS: Final = 12  # 1/s: the hold point is reached in about so many parts of a second
HOLD_SPEED_MAX_Q24: Final = 14 * METRE
ARM_IMPULSE_Q24: Final = 30 * METRE  # N s each tick at 60 ticks a second: 1800 N
THROW_IMPULSE_Q24: Final = 320 * METRE
THROW_SPEED_MIN_Q24: Final = 4 * METRE
THROW_SPEED_MAX_Q24: Final = 17 * METRE
GRAVITY_Q24: Final = METRE * 981 // 100


@dataclass(frozen=True, slots=True)
class Reach:
    """Where an avatar looks from and to, and how fast it moves."""

    eye_q24: Vector
    look_q30: Vector
    velocity_q24: Vector

    def ahead(self, distance_q24: int) -> Vector:
        """The point so far ahead of the eye."""
        (x, y, z), (a, b, c) = self.eye_q24, self.look_q30
        return x + (a * distance_q24 >> 30), y + (b * distance_q24 >> 30), z + (c * distance_q24 >> 30)

    def velocity(self, speed_q24: int) -> Vector:
        """The avatar's velocity, and so much more ahead."""
        (x, y, z), (a, b, c) = self.velocity_q24, self.look_q30
        return x + (a * speed_q24 >> 30), y + (b * speed_q24 >> 30), z + (c * speed_q24 >> 30)


def make_reach(
    tick: Tick, row: Row, velocity_q24: Vector, sine: int, cosine: int, eye_height_q24: int
) -> Reach:
    """Where an avatar looks, from the sine and cosine of its yaw and from its pitch."""
    pitch_sine, pitch_cosine = sine_cosine_of_turn_q30(row.pitch * (ONE_Q30 >> 2) // AXIS_MAX)
    look = -(sine * pitch_cosine >> 30), pitch_sine, -(cosine * pitch_cosine >> 30)
    x, y, z = tick.slots[row.slot_id].position_q24
    return Reach((x, y + eye_height_q24, z), look, velocity_q24)


def find_target(tick: Tick, physics: Physics, avatars: Rows, reach: Reach) -> int:
    """The thing that is nearest to the line of sight and to the eye; 0 if nothing is within reach."""
    bodies, slots = physics.rows, tick.slots.table
    slot_rows = bodies.slot_rows
    offset = slots.array("position_q24")[slot_rows] - np.array(reach.eye_q24)
    near = (np.abs(offset) <= REACH_Q24).all(axis=1)
    near &= (bodies["kind"] == DYNAMIC) & (slots.array("flags")[slot_rows] & OPEN != 0)
    candidates = np.flatnonzero(near)
    if len(candidates) == 0:
        return NO_ID
    offset = offset[candidates] >> 8  # Q16, at most 2**18, so that squares stay small
    ahead = (offset * np.array(reach.look_q30)).sum(axis=1) >> 30
    square = (offset * offset).sum(axis=1)
    aside = square - ahead * ahead
    seen = (ahead > 0) & (ahead <= REACH_Q24 >> 8) & (aside <= (ASIDE_Q24 >> 8) ** 2)
    if not seen.any():
        return NO_ID
    score = np.where(seen, square + 6 * aside, np.iinfo(np.int64).max)
    return int(bodies["slot_id"][candidates[int(np.argmin(score))]])


def can_take(tick: Tick, physics: Physics, row: Row, slot_id: int) -> bool:
    """Whether an avatar may take a slot: open to players, with a dynamic body, not too far."""
    index = physics.rows.index(slot_id)
    if index < 0 or not may_touch(tick.slots, slot_id) or int(physics.rows["kind"][index]) != DYNAMIC:
        return False
    here, there = tick.slots[row.slot_id].position_q24, tick.slots[slot_id].position_q24
    return max(abs(a - b) for a, b in zip(here, there, strict=True)) <= REACH_Q24


def take(tick: Tick, avatars: Rows, row: Row, looks: Rows, slot_id: int, *, hold: int) -> None:
    """Take hold of a slot. Whoever had it loses it."""
    for other in avatars:
        if other.held_id == slot_id:
            let_go(other, looks)
    here, there = tick.slots[row.slot_id].position_q24, tick.slots[slot_id].position_q24
    distance = isqrt(sum((a - b) ** 2 for a, b in zip(here, there, strict=True)))
    row.held_id, row.hold = slot_id, hold
    row.hold_distance_q24 = min(max(distance, HOLD_DISTANCE_MIN_Q24), HOLD_DISTANCE_MAX_Q24)
    _highlight(looks, slot_id, is_on=True)


def let_go(row: Row, looks: Rows) -> None:
    """Let go of what an avatar holds, if it holds something."""
    if row.hold != NOTHING:
        _highlight(looks, row.held_id, is_on=False)
        row.held_id, row.hold, row.hold_distance_q24 = NO_ID, NOTHING, 0


def hold_on(tick: Tick, physics: Physics, row: Row, looks: Rows, reach: Reach) -> None:
    """Pull what is held toward the hold point; lose it if it is gone or too far."""
    slot_id = row.held_id
    if not tick.slots.is_alive(slot_id) or not _has_body(physics, slot_id):
        let_go(row, looks)
        return
    position = tick.slots[slot_id].position_q24
    offset = [a - b for a, b in zip(reach.ahead(row.hold_distance_q24), position, strict=True)]
    if max(abs(part) for part in offset) > LOSE_DISTANCE_Q24:
        let_go(row, looks)
        return
    body_row = physics.body_row(slot_id)
    bodies = physics.space.bodies
    pull = _shortened([part * STIFFNESS for part in offset], HOLD_SPEED_MAX_Q24)
    velocity = bodies.array("velocity_q24")[body_row].tolist()
    change = [own + part - now for own, part, now in zip(reach.velocity_q24, pull, velocity, strict=True)]
    change[1] += GRAVITY_Q24 // tick.rate
    strength = ARM_IMPULSE_Q24 * int(bodies.array("inverse_mass_q40")[body_row]) >> 40
    change = _shortened(change, strength * 60 // tick.rate)
    bodies.array("velocity_q24")[body_row] = [now + part for now, part in zip(velocity, change, strict=True)]
    spin = bodies.array("angular_velocity_q24")
    spin[body_row] -= spin[body_row] >> 2


def throw(physics: Physics, slot_id: int, reach: Reach) -> None:
    """Throw what is held, or shove what is in front; light things fly faster."""
    if not _has_body(physics, slot_id):
        return
    body_row = physics.body_row(slot_id)
    speed = THROW_IMPULSE_Q24 * int(physics.space.bodies.array("inverse_mass_q40")[body_row]) >> 40
    physics.set_velocity_q24(
        slot_id, reach.velocity(min(max(speed, THROW_SPEED_MIN_Q24), THROW_SPEED_MAX_Q24))
    )


def _has_body(physics: Physics, slot_id: int) -> bool:
    index = physics.rows.index(slot_id)
    return index >= 0 and physics.find_body(int(physics.rows["body_id"][index])) >= 0


def _shortened(vector_q24: list[int], limit_q24: int) -> list[int]:
    """The vector, or one of the same direction and the length of the limit if it is longer."""
    length = isqrt(sum(part * part for part in vector_q24))
    return vector_q24 if length <= limit_q24 else [part * limit_q24 // length for part in vector_q24]


def _highlight(looks: Rows, slot_id: int, *, is_on: bool) -> None:
    index = looks.index(slot_id)
    if index >= 0:
        flags = int(looks["flags"][index])
        looks["flags"][index] = flags | HIGHLIGHT if is_on else flags & ~HIGHLIGHT
