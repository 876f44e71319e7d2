"""A step is a function of the tables: snapshot, restore and replay give the same bits, whatever happened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fuzz.scenes.physics import SCENES, Mixed, boxes, pile
from physics_fixed import Space, Sphere
from physics_fixed.tables import TableSet
from tests.physics_fixed.dynamics.scenery import METRE, UNIT_BOX, run


def hashes(space: Space, steps: int) -> list[str]:
    found = []
    for _ in range(steps):
        space.step()
        found.append(space.hash())
    return found


@pytest.mark.parametrize(("build", "ticks"), [(pile, 90), (boxes, 40)])
def test_replay_at_a_moment_dense_with_contacts(build: Callable[[], Space], ticks: int) -> None:
    space = build()
    run(space, ticks)
    assert space.contacts.count > 20
    base = space.snapshot()
    live = hashes(space, 40)
    space.restore(base)
    assert hashes(space, 40) == live
    # In another space, with other memory and another past.
    other = build()
    run(other, 7)
    other.restore(base)
    assert hashes(other, 40) == live


def test_eight_ticks_back_every_tick_changes_nothing() -> None:
    plain, rolled = pile(), pile()
    for tick in range(30):
        base = rolled.snapshot()
        plain.step()
        rolled.step()
        if tick % 3 == 0:
            run(rolled, 5)
            rolled.restore(base)
            rolled.step()
        assert rolled.hash() == plain.hash()


def test_bodies_added_and_removed_across_a_rollback() -> None:
    space = pile()
    run(space, 60)
    base = space.snapshot()

    def future() -> list[str]:
        victim = int(space.bodies["generation"][20]) << 32 | 20
        space.remove(victim)
        space.step()
        added = space.add(UNIT_BOX, position=(0, 5, 0), velocity=(0, -10, 0))
        found = hashes(space, 30)
        space.remove(added.id)
        space.add(Sphere("0.4"), position=(0, 4, 0))
        return found + hashes(space, 20)

    first = future()
    space.restore(base)
    assert future() == first
    space.restore(base)
    run(space, 3)
    space.restore(base)
    assert future() == first


def test_events_after_a_restore_are_those_of_the_replayed_step() -> None:
    space = boxes()
    run(space, 30)
    base = space.snapshot()
    space.step()
    first = space.events
    run(space, 5)
    space.restore(base)
    space.step()
    again = space.events
    for name in first.__slots__:
        assert (getattr(first, name) == getattr(again, name)).all(), name


def test_the_tables_can_be_part_of_a_larger_state() -> None:
    space = pile()
    state = TableSet(space.tables)
    run(space, 50)
    base = state.snapshot()
    live = hashes(space, 10)
    state.restore(base)
    assert hashes(space, 10) == live
    assert state.decode(state.encode(base)) is not None


def test_a_restored_state_brings_its_own_tick_rate() -> None:
    slow, fast = Space(tick_rate=30), Space(tick_rate=120, substeps=2)
    for space in (slow, fast):
        space.add(Sphere(1), velocity=(1, 0, 0))
    fast.restore(slow.snapshot())
    run(slow, 5)
    run(fast, 5)
    assert fast.hash() == slow.hash()


def test_the_diff_names_the_cell_and_the_user_id() -> None:
    space = Space()
    space.add(Sphere(1), user_id=41)
    body = space.add(Sphere(1), position=(5, 0, 0), user_id=42)
    ours = space.snapshot()
    space.bodies["velocity_q24"][body.row, 1] += 1
    (difference,) = space.state.diff(ours, space.snapshot())
    assert (difference.table, difference.key, difference.column, difference.lane) == (
        "bodies",
        42,
        "velocity_q24",
        1,
    )


def test_capacity_is_no_state() -> None:
    roomy, tight = pile(), pile()
    roomy.bodies.reserve(4096)
    roomy.contacts.reserve(4096)
    grown = Space()
    for _ in range(300):
        grown.add(Sphere("0.5"), position=(0, 100, 0))
    grown.step()
    grown.restore(tight.snapshot())
    for _ in range(60):
        for space in (roomy, tight, grown):
            space.step()
        assert roomy.hash() == tight.hash() == grown.hash()


def test_mixed_scene_is_repeatable() -> None:
    first, second = Mixed(), Mixed()
    for _ in range(60):
        first.step()
        second.step()
    assert first.hash() == second.hash()
    assert set(SCENES) == {"boxes", "mixed", "pile"}
    assert METRE == 1 << 24
