"""Commands of players, applied in canonical order: by tick, then place, then as they were given.

A command that the world does not allow (no such slot, not open to players, out of reach) changes nothing, on
every core alike; so a late, doubled or hostile command is never an error.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from lockstep.errors import WorldError
from lockstep.inputs.commands import Attach, Command, Destroy, Move, Spawn
from lockstep.limits import SLOTS_MAX
from lockstep.world.definition import WorldDefinition
from lockstep.world.players import Player
from lockstep.world.slots import OPEN, Slots, Vector
from lockstep.world.tick import Tick

CommandHook = Callable[[Tick, Player, Command], None]


def apply_commands(tick: Tick, definition: WorldDefinition, hand_on: CommandHook) -> None:
    """Apply the commands of all players of a tick.

    Parameters
    ----------
    tick : Tick
        With the players and their commands.
    definition : WorldDefinition
        For its prefabs.
    hand_on : callable
        Gets the commands that plugins carry out (impulse, grab).
    """
    for player in tick.players:
        for command in player.commands:
            match command:
                case Spawn(index, position_q10, velocity_q10):
                    if index < len(definition.prefabs) and len(tick.slots) < SLOTS_MAX - 1024:
                        make = definition.prefabs[index].make
                        make(tick, _to_q24(position_q10), _to_q24(velocity_q10), player.place)
                case Move(slot_id, position_q10) if may_touch(tick.slots, slot_id):
                    with suppress(WorldError):  # out of reach of its parent: nothing changes
                        tick.slots.set_pose(slot_id, position_q24=_to_q24(position_q10))
                case Destroy(slot_id) if may_touch(tick.slots, slot_id):
                    tick.slots.destroy(slot_id)
                case Attach(slot_id, parent_id) if may_touch(tick.slots, slot_id):
                    if parent_id == 0 or may_touch(tick.slots, parent_id):
                        with suppress(WorldError):  # a circle, too deep or too far: nothing changes
                            tick.slots.set_parent(slot_id, parent_id)
                case _:
                    hand_on(tick, player, command)


def may_touch(slots: Slots, slot_id: int) -> bool:
    """Whether players may command a slot: it lives, and is open."""
    return slots.is_alive(slot_id) and int(slots.table.array("flags")[slots.row(slot_id)]) & OPEN != 0


def _to_q24(vector_q10: Vector) -> Vector:
    x, y, z = vector_q10
    return x << 14, y << 14, z << 14
