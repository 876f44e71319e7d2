"""Goal: the sandbox stands until it is played with, and is in sync. Method: rest, play, flipped bits."""

from __future__ import annotations

import numpy as np
import pytest

from lockstep.inputs import PlayerTick, TickInput, TickInputs, encode_input
from lockstep.inputs.commands import Spawn
from lockstep.plugins import render
from lockstep.plugins.avatars import Avatars
from lockstep.plugins.physics import Physics
from lockstep.rng import RandomStream
from lockstep.world import World
from lockstep.world.sync_test import random_inputs, run_sync_test
from lockstep.worlds import BUILTIN
from lockstep.worlds.sandbox import SPAWNED_COUNT_MAX, SUNSET, Litter

METRE = 1 << 24
ENGINE = ("world", "space", "bodies", "contacts", "ended")  # the clock, and what physics_fixed keeps itself
SANDBOX = BUILTIN["sandbox"]()


def _payload(buttons: str = "", *commands: Spawn) -> bytes:
    bits = sum(SANDBOX.inputs.button_bit(name) for name in buttons.split())
    return encode_input(TickInput(bits, (0, 0, 0, 0), commands), SANDBOX.inputs)


def test_the_pyramid_has_55_boxes_and_stands() -> None:
    world = World(SANDBOX, seed=5)
    shown = render.definitions(world)
    pyramid = np.isin(shown.rgba, SUNSET) & (shown.shapes == render.BOX)
    assert np.count_nonzero(pyramid) == 55
    loose = (shown.flags == 0) & ~pyramid
    assert np.count_nonzero(loose) >= 40
    before = render.poses(world)[1][pyramid]
    for tick in range(240):
        world.advance(TickInputs(tick))
    world.check()
    moved = np.abs(render.poses(world)[1][pyramid] - before).max()
    assert moved < 0.02, moved
    assert (render.poses(world)[1][:, 1] > -1).all(), "nothing fell through the floor"


def test_it_is_in_sync_however_it_is_rolled_back() -> None:
    result = run_sync_test(SANDBOX, ticks=90, seed=11, rollback_depth=4, players=3)
    assert result.ticks == 90
    assert run_sync_test(SANDBOX, ticks=90, seed=11, rollback_depth=1).final_hash == result.final_hash


def test_spawning_has_a_bound_and_the_oldest_goes() -> None:
    world = World(SANDBOX, seed=1)
    world.advance(TickInputs(0, (), (0,)))
    spawn = Spawn(1, (0, 20 << 10, 0))
    for _ in range(SPAWNED_COUNT_MAX + 20):
        world.advance(TickInputs(world.tick, (PlayerTick(0, _payload("", spawn), "confirmed"),)))
    assert len(world.rows(Litter)) == SPAWNED_COUNT_MAX
    assert min(world.rows(Litter)["number"]) == 21
    count = len(world.slots)
    world.advance(TickInputs(world.tick, (PlayerTick(0, _payload(), "confirmed"),)))
    world.advance(TickInputs(world.tick, (PlayerTick(0, _payload("spawn"), "confirmed"),)))
    world.check()
    assert len(world.slots) == count, "one came, one went"


def test_what_is_made_at_a_wall_stays_inside() -> None:
    world = World(SANDBOX, seed=1)
    world.advance(TickInputs(0, (), (0,)))
    avatar = world.slots[world.slots.find("avatar 0")]
    avatar.position_q24 = (0, METRE, 25 * METRE)
    back = encode_input(TickInput(0, (0, -32767, 0, 0)), SANDBOX.inputs)
    for tick in range(1, 30):
        world.advance(TickInputs(tick, (PlayerTick(0, back, "confirmed"),)))
    half_turn = encode_input(TickInput(SANDBOX.inputs.button_bit("spawn"), (0, 0, 32767, 0)), SANDBOX.inputs)
    world.advance(TickInputs(30, (PlayerTick(0, half_turn, "confirmed"),)))
    for tick in range(31, 90):
        world.advance(TickInputs(tick))
    made = next(iter(world.rows(Litter)))
    assert made.slot.position_q24[2] < 26 * METRE


def test_what_falls_off_the_world_goes() -> None:
    world = World(SANDBOX, seed=1)
    row = next(row for row in world.rows(Physics) if row.kind == 0)
    row.slot.position_q24 = (60 * METRE, -45 * METRE, 0)
    for tick in range(33):
        world.advance(TickInputs(tick))
    assert not world.slots.is_alive(row.slot_id)
    world.check()


def test_eight_players_find_their_places() -> None:
    world = World(SANDBOX, seed=1)
    world.advance(TickInputs(0, (), tuple(range(8))))
    for tick in range(1, 60):
        world.advance(TickInputs(tick))
    heights = world.slots.table["position_q24"][world.rows(Avatars).slot_rows, 1]
    assert len(heights) == 8 and (abs(heights - METRE * 9 // 10) < METRE // 50).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_flipped_bit_breaks_the_state_not_the_program(seed: int) -> None:
    """A core with a damaged cell must live until it is healed: nothing here may raise, or hang."""
    world = World(SANDBOX, seed=seed)
    for _ in range(20):
        world.advance(random_inputs(world, seed=seed, players=3))
    before = world.tables.snapshot()
    stream = RandomStream(seed, 0, "flips")
    for _ in range(40):
        world.tables.restore(before)
        table = stream.pick([table for table in world.tables if table.count and table.name not in ENGINE])
        cells = table[stream.pick(table.columns).name].reshape(-1).view(np.uint8)
        cells[stream.below(len(cells))] ^= np.uint8(1 << stream.below(8))
        for _ in range(4):
            world.advance(random_inputs(world, seed=seed, players=3))
        render.definitions(world)
        render.poses(world)
