"""Goal: the example game works, in under 40 lines. Method: load it as a file, play it, sync test."""

from __future__ import annotations

from pathlib import Path

from lockstep.core.worlds import load_world
from lockstep.inputs import PlayerTick, TickInput, TickInputs, encode_input
from lockstep.plugins.render import Render
from lockstep.world import World
from lockstep.world.sync_test import run_sync_test

PATH = Path(__file__).parents[2] / "examples" / "coins.py"


def test_it_is_short() -> None:
    assert sum(1 for line in PATH.read_text().splitlines() if line.strip()) <= 40


def test_who_runs_into_the_coin_gets_a_higher_tower() -> None:
    definition = load_world(str(PATH))
    world = World(definition, seed=1)
    world.advance(TickInputs(0, (), (0,)))
    coin = world.slots[world.slots.find("coin")]
    tower = world.rows(Render).row(world.slots.find("tower 0"))
    start, height = coin.position_q24, tower.size_q24[1]
    forward = encode_input(TickInput(2, (0, 32767, 0, 0)), definition.inputs)
    for tick in range(1, 90):
        world.advance(TickInputs(tick, (PlayerTick(0, forward, "confirmed"),)))
        if tower.size_q24[1] > height:
            break
    assert tower.size_q24[1] > height
    world.advance(TickInputs(world.tick, (), (), (0,)))
    assert coin.position_q24 != start
    assert world.slots.find("tower 0") == 0
    world.check()


def test_it_is_in_sync() -> None:
    run_sync_test(load_world(str(PATH)), ticks=120, seed=3, rollback_depth=3)
