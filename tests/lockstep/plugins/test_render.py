"""Goal: terminals get what to draw, and a new serial when it changes. Method: a world of three things."""

from __future__ import annotations

import numpy as np

from lockstep.inputs import TickInputs
from lockstep.plugins import render
from lockstep.plugins.render import BOX, SPHERE, Render
from lockstep.world import Tick, World, WorldDefinition
from lockstep.world.slots import Slots
from lockstep.worlds.small import WORLD as SMALL


def _build(tick: Tick) -> None:
    for index in range(3):
        slot_id = tick.create(position_q24=(index << 24, 1 << 23, 0))
        if index != 1:
            tick.attach(slot_id, Render, shape=SPHERE, rgba=0xFF000080, size_q24=("0.5", 0, 0))


def test_definitions_and_poses_are_plain_arrays() -> None:
    world = World(WorldDefinition("drawn", _build, plugins=(Render,)), seed=0)
    shown = render.definitions(world)
    ids = [slot.id for slot in world.slots]
    assert shown.slots.tolist() == [ids[0], ids[2]]
    assert (shown.shapes.tolist(), shown.places.tolist(), shown.rgba.tolist()) == (
        [1, 1],
        [255, 255],
        [0xFF000080] * 2,
    )
    assert shown.sizes.dtype == np.float32 and shown.sizes.tolist() == [[0.5, 0, 0]] * 2
    slots, positions, rotations = render.poses(world)
    assert slots.dtype == np.uint32 and positions.dtype == np.float32 and rotations.dtype == np.float32
    assert positions.tolist() == [[0, 0.5, 0], [2, 0.5, 0]] and rotations.tolist() == [[0, 0, 0, 1]] * 2


def test_the_serial_grows_with_every_change_and_only_then() -> None:
    world = World(WorldDefinition("drawn", _build, plugins=(Render,)), seed=0)
    first = render.definitions(world)
    before = world.tables.snapshot()
    world.advance(TickInputs(0))
    world.slots[int(first.slots[0])].position_q24 = (9 << 24, 0, 0)
    assert render.definitions(world) is first
    world.rows(Render).row(int(first.slots[0])).shape = BOX
    second = render.definitions(world)
    assert second.serial > first.serial and second.shapes.tolist() == [BOX, SPHERE]
    assert first.shapes.tolist() == [SPHERE, SPHERE]
    world.tables.restore(before)
    third = render.definitions(world)
    assert third.serial > second.serial and third.shapes.tolist() == [SPHERE, SPHERE]


def test_a_world_without_the_plugin_shows_nothing() -> None:
    world = World(SMALL, seed=0)
    assert len(render.definitions(world).slots) == 0
    assert [len(part) for part in render.poses(world)] == [0, 0, 0]
    assert isinstance(world.slots, Slots)
