"""Goal: slots and bodies move each other, and commands push. Method: small scenes, in centimetres."""

from __future__ import annotations

import json

import pytest

from lockstep.errors import PluginError, WorldError
from lockstep.inputs.commands import Destroy, Impulse, Move
from lockstep.plugins.physics import KINEMATIC, STATIC, Physics
from lockstep.plugins.things import add_box, add_sphere
from lockstep.world import Tick
from physics_fixed.errors import NumberError
from physics_fixed.shapes import Box
from tests.lockstep.plugins.scenes import METRE, Stick, advance, build_floor, make_world, position


def _build(tick: Tick) -> None:
    build_floor(tick)
    add_box(tick, "crate", (1, 1, 1), position=(0, 3, 0), rgba=0x804020FF)
    add_sphere(tick, "ball", "0.5", position=(5, "0.5", 0), friction=0)


def test_a_dynamic_body_carries_its_slot() -> None:
    world = make_world(_build)
    advance(world, 90)
    x, y, z = position(world, "crate")
    assert (abs(x) <= 1, abs(z) <= 1) == (True, True)
    assert 48 <= y <= 50


def test_a_world_steps_on_as_many_threads_as_it_is_told() -> None:
    alone, shared = make_world(_build), make_world(_build)
    shared.use_threads(3)
    space = shared.plugin(Physics).space
    assert (space.threads, space._scratch.crew.threads) == (3, 3)
    space._scratch.crew.always = True
    for world in (alone, shared):
        advance(world, 20)
    assert alone.tables.hash() == shared.tables.hash()


def test_a_slot_that_is_put_elsewhere_takes_its_body_along() -> None:
    world = make_world(_build)
    advance(world, 5)
    crate = world.slots.find("crate")
    world.slots.set_pose(crate, position_q24=(9 * METRE, 2 * METRE, 0))
    advance(world, 90)
    x, y, _ = position(world, "crate")
    assert 898 <= x <= 901 and 48 <= y <= 50


def test_commands_move_push_and_destroy() -> None:
    world = make_world(_build)
    crate, ball, floor = (world.slots.find(name) for name in ("crate", "ball", "floor"))
    advance(world, 30, joined=(0,))
    push = Impulse(ball, (0, 0, 500 << 10))
    advance(world, 1, Stick("", push, Impulse(floor, (0, 9 << 10, 0)), Move(crate, (0, 4 << 10, 3 << 10))))
    assert world.plugin(Physics).velocity_q24(ball)[2] > METRE // 2
    assert position(world, "crate")[1] > 390
    advance(world, 60, Stick())
    assert position(world, "ball")[2] > 30
    assert position(world, "floor") == (0, -50, 0)
    bodies = world.plugin(Physics).space.body_count
    advance(world, 1, Stick("", Destroy(ball), Destroy(floor)))
    assert world.slots.find("ball") == 0 and world.slots.find("floor") == floor
    assert world.plugin(Physics).space.body_count == bodies - 1


def test_a_kinematic_slot_travels_and_carries() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        add_box(tick, "lift", (4, "0.5", 4), position=(0, 1, 0), kind="kinematic", friction=1)
        add_box(tick, "load", (1, 1, 1), position=(0, "1.75", 0), friction=1)

    world = make_world(build)
    advance(world, 30)
    lift = world.slots.find("lift")
    for _ in range(60):
        x, y, z = world.slots[lift].position_q24
        world.slots[lift].position_q24 = (x + METRE // 60, y + METRE // 60, z)
        advance(world, 1)
    assert position(world, "lift") == (99, 199, 0), "it arrives exactly where it was put"
    x, y, _ = position(world, "load")
    assert 270 <= y <= 280 and 70 <= x <= 110


def test_a_jump_of_a_kinematic_slot_sweeps_nothing_away() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        add_box(tick, "gate", (1, 1, 1), position=(0, 1, 0), kind="kinematic")
        add_box(tick, "bystander", ("0.5", "0.5", "0.5"), position=(5, "0.25", 0))

    world = make_world(build)
    advance(world, 30)
    before = position(world, "bystander")
    world.slots[world.slots.find("gate")].position_q24 = (10 * METRE, METRE, 0)
    advance(world, 30)
    after = position(world, "bystander")
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= 1


def test_children_with_bodies_follow_their_parent() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        hub = add_box(tick, "hub", (1, 1, 1), position=(0, "0.5", 0), kind="kinematic")
        add_box(tick, "arm", (4, "0.4", "0.4"), position=(3, 0, 0), parent=hub, kind="kinematic")
        add_box(tick, "victim", ("0.5", "0.5", "0.5"), position=(3, "0.25", "0.6"))

    world = make_world(build)
    hub = world.slots.find("hub")
    for _ in range(40):
        x, y, z = world.slots[hub].position_q24
        world.slots[hub].position_q24 = (x, y, z + METRE // 30)
        advance(world, 1)
    assert position(world, "arm") == (300, 50, 133)
    assert position(world, "victim")[2] >= 170


def test_mistakes_are_refused() -> None:
    def build(tick: Tick) -> None:
        parent = tick.create("parent")
        child = tick.create("child", parent=parent)
        physics = tick[Physics]
        box = add_box(tick, "box", (1, 1, 1))
        shape = Box((1, 1, 1))
        with pytest.raises(PluginError, match=r"'child' .* has a parent; allowed for it: STATIC, KINEMATIC"):
            physics.add_body(child, shape)
        physics.add_body(child, shape, kind=KINEMATIC)
        with pytest.raises(PluginError, match=r"attached to slot 'box' .* already"):
            physics.add_body(box, shape, kind=STATIC)
        with pytest.raises(PluginError, match=r"is not attached to slot 'parent'"):
            physics.velocity_q24(parent)
        with pytest.raises(NumberError, match="friction = 99 is out of range"):
            physics.add_body(parent, shape, friction=99)
        physics.add_body(parent, shape, friction=1)
        with pytest.raises(WorldError, match="kind = 'soft'; allowed: dynamic, static, kinematic, scripted"):
            add_box(tick, "", (1, 1, 1), kind="soft")
        with pytest.raises(ValueError, match=r'write it as text: "0\.5"'):
            add_box(tick, "", (json.loads("0.5"), 1, 1))  # type: ignore[arg-type]

    make_world(build)
