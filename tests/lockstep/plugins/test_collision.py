"""Goal: contacts reach scripts and observers, from begin to end. Method: a fall, a moving shape."""

from __future__ import annotations

import pytest

from lockstep.errors import PluginError
from lockstep.plugins.collision import BEGIN, END, STAY, Collision, Contact
from lockstep.plugins.physics import Physics
from lockstep.plugins.things import add_box, add_sphere
from lockstep.world import Tick, World
from physics_fixed.shapes import Sphere
from tests.lockstep.plugins.scenes import METRE, advance, build_floor, make_world

ONE = 1 << 30


def _contacts(world: World, name: str) -> list[Contact]:
    return list(world.plugin(Collision).contacts.of(world.slots.find(name)))


def test_a_ball_that_falls_begins_stays_and_ends_when_it_goes() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        add_sphere(tick, "ball", "0.5", position=(0, "1.5", 0))

    world = make_world(build)
    phases = []
    first = None
    for _ in range(60):
        advance(world, 1)
        contacts = _contacts(world, "ball")
        phases.extend(contact.phase for contact in contacts)
        if contacts and first is None:
            first = contacts[0]
    assert first is not None
    assert phases[0] == BEGIN and set(phases[1:]) == {STAY}
    assert first.other_id == world.slots.find("floor")
    assert abs(first.normal_q30[1] + ONE) < 16, "the floor is below the ball"
    assert 4 * METRE < first.approach_speed_q24 < 5 * METRE, "sqrt(2 g h) with h = 1 m is 4.43 m/s"
    mass_times_speed = 524 * 4.43
    assert 0.9 < first.normal_impulse_q24 / METRE / mass_times_speed < 1.1
    assert world.plugin(Physics).is_asleep(world.slots.find("ball")) and not _contacts(world, "floor")
    assert world.plugin(Physics).touching(world.slots.find("floor")) == [world.slots.find("ball")]
    world.plugin(Physics).apply_impulse_q24(world.slots.find("ball"), (METRE, 0, 0))
    advance(world, 1)
    assert [contact.phase for contact in _contacts(world, "ball")] == [STAY], "it wakes where it was"
    floor_side = _contacts(world, "floor")[0]
    assert floor_side.normal_q30[1] > 0 and floor_side.other_id == world.slots.find("ball")
    world.slots.destroy(world.slots.find("ball"))
    advance(world, 1)
    advance(world, 1)
    assert [contact.phase for contact in _contacts(world, "floor")] == [END]


def test_observers_get_the_contacts_as_arrays() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        add_box(tick, "box", (1, 1, 1), position=(0, "0.5", 0))

    world = make_world(build)
    advance(world, 3)
    contacts = world.events["contacts"]
    assert len(contacts) == 1
    assert {int(contacts.arrays.user_a[0]), int(contacts.arrays.user_b[0])} == {
        world.slots.find("floor"),
        world.slots.find("box"),
    }
    assert contacts.arrays.points_q24.shape == (1, 4, 3)


def test_a_scripted_shape_collides_with_the_velocity_of_its_last_change() -> None:
    def build(tick: Tick) -> None:
        build_floor(tick)
        add_box(tick, "ram", (1, 1, 1), position=(0, "0.6", 0), kind="scripted")
        add_box(tick, "crate", ("0.9", "0.9", "0.9"), position=(2, "0.45", 0))

    world = make_world(build)
    advance(world, 20)
    ram = world.slots.find("ram")
    begin = None
    for _ in range(40):
        x, y, z = world.slots[ram].position_q24
        world.slots[ram].position_q24 = (x + METRE // 20, y, z)  # 3 m/s
        advance(world, 1)
        begin = begin or next(world.plugin(Collision).contacts.of(ram, phase=BEGIN), None)
    assert begin is not None and begin.other_id == world.slots.find("crate")
    assert abs(begin.approach_speed_q24 - 3 * METRE) < METRE // 50
    assert begin.normal_q30[0] > ONE * 9 // 10
    assert world.slots[world.slots.find("crate")].position_q24[0] > 2 * METRE


def test_a_slot_with_a_body_needs_no_shape() -> None:
    def build(tick: Tick) -> None:
        box = add_box(tick, "box", (1, 1, 1))
        with pytest.raises(PluginError, match=r"'box' .* has a body, so it has contacts"):
            tick[Collision].add_shape(box, Sphere(1))

    make_world(build)
