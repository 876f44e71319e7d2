"""A world without physics, cheap to simulate: for the tests of sessions, protocols and benchmarks.

Each player has two markers that the axes move, that run on when a button is held, and that leave a trail of
numbers in a running sum, so that a single wrong input of a single tick shows for ever. A wanderer moves by
chance and is drawn to the players, so that everybody's state depends on everybody's input.
"""

from __future__ import annotations

from lockstep.inputs.layout import InputLayout
from lockstep.limits import PLAYERS_MAX
from lockstep.plugins.contract import plugin
from lockstep.plugins.rows import Rows
from lockstep.world import Prefab, Tick, WorldDefinition
from lockstep.world.slots import Vector
from physics_fixed.tables import Column

MARKERS_PER_PLAYER = 2
REACH_Q24 = 100 << 24


@plugin(
    "core/markers@1",
    columns=[
        Column("place", "int"),
        Column("speed_q24", "q24", unit="m/tick"),
        Column("sum", "int"),
    ],
)
class Markers:
    """Slots that the players' axes move."""

    def joined(self, tick: Tick, rows: Rows, place: int) -> None:
        """Give a player two markers."""
        for index in range(MARKERS_PER_PLAYER):
            slot_id = tick.create(position_q24=(place << 24, index << 24, 0), is_open=True, owner=place)
            rows.attach(slot_id, place=place, speed_q24=(index + 1) << 4)

    def left(self, tick: Tick, rows: Rows, place: int) -> None:
        """Take the player's markers away."""
        for row in rows:
            if row.place == place:
                tick.destroy(row.slot_id)

    def tick(self, tick: Tick, rows: Rows) -> None:
        """Move every marker by its player's axes."""
        if not tick.players or not len(rows):
            return
        table, slot_rows = tick.slots.table, rows.slot_rows
        positions = table.array("position_q24")[slot_rows].tolist()
        inputs: list[tuple[int, int, int]] = [(0, 0, 0)] * PLAYERS_MAX
        for player in tick.players:
            inputs[player.place] = (player.buttons, player.axes[0], player.axes[1])
        sums = rows["sum"].tolist()
        for index, (place, speed) in enumerate(
            zip(rows["place"].tolist(), rows["speed_q24"].tolist(), strict=True)
        ):
            buttons, axis_x, axis_z = inputs[place & (PLAYERS_MAX - 1)]
            x, y, z = positions[index]
            step = speed << 2 if buttons & 1 else speed
            x = _wrap(x + axis_x * step)
            positions[index] = (x, y, _wrap(z + axis_z * step))
            sums[index] = (sums[index] * 31 + buttons + 3 * axis_x + 5 * axis_z + x) & 0x7FFFFFFFFFFF
        table.array("position_q24")[slot_rows] = positions
        rows["sum"][:] = sums


@plugin("core/wanderer@1", columns=[Column("heading", "int", lanes=3)], requires=[Markers])
class Wanderer:
    """One slot that walks by chance, and toward whoever it has just heard of."""

    def tick(self, tick: Tick, rows: Rows) -> None:
        """Walk a step."""
        bits = tick.rng("wanderer").bits64()
        pull = sum(player.buttons * (player.place + 1) for player in tick.players)
        table = tick.slots.table
        for index, row in enumerate(rows.slot_rows.tolist()):
            x, y, z = table.array("position_q24")[row].tolist()
            x = _wrap(x + (bits >> 40) - (1 << 23) + (pull << 12))
            z = _wrap(z + (bits & 0xFFFFFF) - (1 << 23))
            table.array("position_q24")[row] = (x, y, z)
            rows["heading"][index] = (bits >> 40, pull, tick.number)


def build(tick: Tick) -> None:
    """The start scene: the wanderer alone."""
    slot_id = tick.create("wanderer")
    tick.attach(slot_id, Wanderer)


def make_marker(tick: Tick, position_q24: Vector, velocity_q24: Vector, place: int) -> int:
    """A marker that a player spawned."""
    slot_id = tick.create(position_q24=position_q24, is_open=True, owner=place)
    tick.attach(slot_id, Markers, place=place, speed_q24=abs(velocity_q24[0]) >> 16)
    return slot_id


def _wrap(coordinate_q24: int) -> int:
    """Keep a coordinate within the reach of the world, by going round."""
    return (coordinate_q24 + REACH_Q24) % (2 * REACH_Q24) - REACH_Q24


WORLD = WorldDefinition(
    "small",
    build,
    title="Markers without physics, for tests",
    plugins=(Markers, Wanderer),
    inputs=InputLayout(buttons=("fast", "ring"), axes=("move_x", "move_z")),
    prefabs=(Prefab("marker", make_marker),),
    help=(("W A S D", "move"),),
)
