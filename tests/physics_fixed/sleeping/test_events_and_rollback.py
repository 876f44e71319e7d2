"""Events across sleep: none lost, none doubled; rollback, handover, sensors and queries over what sleeps."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.events import PHASE_BEGIN, PHASE_END, PHASE_STAY
from physics_fixed.layout import FLAG_ASLEEP
from physics_fixed.shapes import Capsule
from tests.physics_fixed.sleeping.scenery import (
    CUBE,
    METRE,
    SLEEP_TICKS,
    asleep,
    run,
    run_until_asleep,
    sleeping_tower,
    space_with_floor,
    tower,
)

FLOOR = 1 << 32


def events(space: Space) -> list[tuple[int, int, int]]:
    """Phase and both bodies of each event."""
    found = space.events
    return list(zip(found.phase.tolist(), found.body_a.tolist(), found.body_b.tolist(), strict=True))


def test_stay_is_silent_in_sleep_and_goes_on_when_it_wakes() -> None:
    space = space_with_floor()
    cube = tower(space, 1)[0]
    seen = []
    for _ in range(12):
        space.step()
        seen += [phase for phase, _, _ in events(space)]
    assert seen == [PHASE_BEGIN] + [PHASE_STAY] * SLEEP_TICKS, (
        "the step in which it falls asleep tells it, too"
    )
    assert space.touching(cube.id) == [FLOOR] and space.touching(FLOOR) == [cube.id]
    cube.wake()
    space.step()
    assert events(space) == [(PHASE_STAY, FLOOR, cube.id)]
    run_until_asleep(space)
    cube.set_velocity((0, 5, 0))
    seen = []
    for _ in range(4):
        space.step()
        seen += [phase for phase, _, _ in events(space)]
    assert seen == [PHASE_STAY, PHASE_END] and space.touching(cube.id) == []


def test_what_goes_in_its_sleep_ends_its_contacts_once() -> None:
    for deed in ("removed", "teleported", "disabled", "filter"):
        space, (low, high) = sleeping_tower(2)
        if deed == "removed":
            space.remove(low.id)
        elif deed == "teleported":
            low.set_pose((20, 5, 20))
        elif deed == "disabled":
            low.set_enabled(enabled=False)
        else:
            low.set_filter(category=2, mask=1 << 23)
        space.step()
        assert sorted(events(space)) == [(PHASE_END, FLOOR, low.id), (PHASE_END, low.id, high.id)], deed
        assert not high.is_asleep
        space.step()
        assert [found for found in events(space) if found[0] == PHASE_END] == []


def test_begins_and_ends_alternate_whatever_happens() -> None:
    """For every pair: begin, then stay, silence or end; end only after begin. Many things done at random."""
    rng = random.Random(5)
    space = space_with_floor(sleep_ticks=3)
    space.add(Box((2, 2, 2)), STATIC, position=(3, 1, 0), sensor=True)
    cubes = [body for x in range(-4, 5, 2) for body in tower(space, 2, x=x)]
    touching: dict[tuple[int, int], bool] = defaultdict(bool)
    slept = 0
    for step in range(400):
        if step % 9 == 8:
            body = cubes[rng.randrange(len(cubes))]
            deed = rng.randrange(5)
            if deed == 0:
                space.remove(body.id)
                cubes.remove(body)
                cubes.append(space.add(CUBE, position=(rng.randrange(-4, 5), 3, 0)))
            elif deed == 1:
                body.set_velocity((0, 4, rng.randrange(-1, 2)))
            elif deed == 2:
                body.set_enabled(enabled=not body.is_enabled)
            elif deed == 3:
                body.sleep()
            else:
                body.set_pose((rng.randrange(-4, 5), 2, 0))
        space.step()
        for phase, a, b in events(space):
            assert touching[a, b] == (phase != PHASE_BEGIN), (step, phase, a, b)
            touching[a, b] = phase != PHASE_END
        for body in cubes:
            held = {b if a == body.id else a for (a, b), on in touching.items() if on and body.id in (a, b)}
            assert set(space.touching(body.id)) == held
        slept += sum(asleep(*cubes))
    assert 400 < slept < 3600


def test_a_sleeper_stays_in_a_sensor() -> None:
    space = space_with_floor()
    cube = tower(space, 1)[0]
    sensor = space.add(Box((1, 1, 1)), STATIC, position=("0.5", 1, 0), sensor=True)
    run_until_asleep(space)
    for _ in range(5):
        space.step()
        assert events(space) == [] and space.touching(sensor.id) == [cube.id]
    zone = space.add(Box((1, 1, 1)), KINEMATIC, position=("-4.5", 1, 0), velocity=(6, 0, 0), sensor=True)
    found = []
    for _ in range(100):
        space.step()
        found += [(phase, b) for phase, a, b in events(space) if cube.id in (a, b)]
    assert [phase for phase, _ in found if phase != PHASE_STAY] == [PHASE_BEGIN, PHASE_END]
    assert {b for _, b in found} == {zone.id} and cube.is_asleep, "a sensor wakes nobody"
    cube.set_velocity((0, 0, 30))
    run(space, 1)
    assert (PHASE_STAY, cube.id, sensor.id) in events(space)
    run(space, 6)
    assert space.touching(sensor.id) == []


def test_a_sensor_that_comes_finds_sleepers() -> None:
    space, (low, high) = sleeping_tower(2)
    sensor = space.add(Box((1, "0.2", 1)), STATIC, position=(0, "1.5", 0), sensor=True)
    space.step()
    assert events(space) == [(PHASE_BEGIN, high.id, sensor.id)] and asleep(low, high) == [True, True]
    space.step()
    assert events(space) == [] and space.touching(sensor.id) == [high.id]
    space.remove(sensor.id)
    space.step()
    assert events(space) == [(PHASE_END, high.id, sensor.id)] and asleep(low, high) == [True, True]


def test_queries_see_what_sleeps() -> None:
    space, (low, _) = sleeping_tower(2)
    hit = space.queries.ray((-5, "0.5", 0), (10, 0, 0))
    assert hit is not None and hit.body == low.id and low.is_asleep


def scene(seed: int) -> Space:
    """Towers that sleep, and a ball that wakes some."""
    space = space_with_floor()
    for x in range(-6, 7, 3):
        tower(space, 1 + (x // 3 + seed) % 3, x=x)
    space.add(
        Capsule("0.2", "0.3"), position=(0, "0.2", 4), rotation=(0, 0, "0.7071", "0.7071"), angular_damping=5
    )
    return space


def test_rollback_over_falling_asleep_and_waking_gives_the_same_bits() -> None:
    space = scene(1)
    ring, hashes = [], []
    for step in range(60):
        ring.append(space.snapshot())
        act(space, step)
        space.step()
        hashes.append(space.hash())
    assert (space.bodies["flags"] & FLAG_ASLEEP).any()
    for first in (2, 5, 17, 24, 40):
        space.restore(ring[first])
        for step in range(first, 60):
            act(space, step)
            space.step()
            assert space.hash() == hashes[step], (first, step)


def act(space: Space, step: int) -> None:
    """Something comes, goes or is pushed, now and then."""
    rows = np.flatnonzero((space.bodies["kind"] == 0) & (space.bodies["alive"] != 0)).tolist()
    chosen = rows[step % len(rows)]
    identity = int(space.bodies["generation"][chosen]) << 32 | chosen
    if step == 20:
        space.add(Sphere("0.3"), position=(-6, 5, 0), velocity=(0, -8, 0))
    if step in (25, 43):
        space.remove(identity)
    if step in (30, 31):
        space.body(identity).apply_impulse((900, 0, 0))


def test_a_state_as_bytes_holds_all_of_sleep() -> None:
    space = scene(2)
    run(space, 12)
    fresh = Space(sleeping=False)
    fresh.restore(fresh.state.decode(space.state.encode(space.snapshot())))
    for step in range(12, 50):
        for other in (space, fresh):
            act(other, step)
            other.step()
        assert fresh.hash() == space.hash(), step


def test_waking_along_a_contact_that_is_gone_afterwards_is_undone_by_a_rollback() -> None:
    """Rows of sleepers that were moved in their sleep: a contact holds them, but no box meets the other."""
    space = space_with_floor()
    bodies = [space.add(CUBE, position_q24=(x * (METRE + METRE // 100), METRE // 2, 0)) for x in range(3)]
    for x in range(20):
        space.add(CUBE, position=(x, "0.5", 9))
    run_until_asleep(space)
    for body in bodies[1:]:
        space.bodies["position_q24"][body.row, 0] += body.row * METRE
    assert bodies[2].sleep() and asleep(*bodies) == [True] * 3
    space.keep_records(4)
    saved = space.snapshot()
    bodies[0].apply_impulse((0, 1, 0))
    space.step(0)
    assert asleep(*bodies) == [False] * 3 and len(set(space.islands()[1:4].tolist())) == 3
    space.restore(saved)
    space.step(0)
    assert asleep(*bodies) == [True] * 3
    assert space.reuse.bodies_recomputed == 3
    space.restore(saved)
    bodies[0].apply_impulse((0, 1, 0))
    space.step(0)
    assert asleep(*bodies) == [False] * 3


def test_a_late_input_recomputes_what_it_wakes_and_no_more() -> None:
    space = scene(1)
    space.keep_records(10)
    run_ticks = [space.snapshot()]
    for tick in range(30):
        space.step(tick)
        run_ticks.append(space.snapshot())
    space.restore(run_ticks[24])
    before = space.reuse.bodies_recomputed
    tall = next(row for row in range(1, space.bodies.count) if (space.islands() == row).sum() == 3)
    space.bodies["velocity_q24"][tall, 1] = METRE
    for tick in range(24, 30):
        space.step(tick)
    assert space.reuse.bodies_recomputed - before == 3 * 6
