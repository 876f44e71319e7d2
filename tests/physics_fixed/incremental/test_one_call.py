"""When what a late input changes is found in one call, and when pass by pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from physics_fixed import STATIC, Body, Box, Space
from physics_fixed.incremental import passes, recorder
from physics_fixed.incremental.patched import PatchedArena
from physics_fixed.layout import FLAG_ASLEEP
from physics_fixed.tables import Snapshot

TICKS = 8
DEPTH = 6
TURNS = 4  # the first ones until memory stays where it is

STEP_Q24 = 3187671  # 0.19 m
Found = list[int]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    """What each call has found since."""
    real, results = recorder.find_few, []

    def noting(*arguments: Any) -> int:
        result: int = real(*arguments)
        results.append(result)
        return result

    monkeypatch.setattr(recorder, "find_few", noting)
    return results


def boxes(records: int) -> tuple[Space, list[Body]]:
    """Boxes far from each other on a floor, that has come to rest; the last snapshot is of tick 0."""
    space = Space(sleep_ticks=255)
    space.keep_records(records)
    space.add(Box((99, 1, 99)), STATIC, position=(0, -1, 0))
    bodies = [space.add(Box(("0.5", "0.5", "0.5")), position=(3 * k - 40, "0.5", 0)) for k in range(20)]
    return space, bodies


def late(change: Callable[[Space, list[Body]], None]) -> bool:
    """Change something in a tick that has passed, with records and without; whether the states are equal."""
    hashes = []
    for records in (TICKS + 1, 0):
        space, bodies = boxes(records)
        ring = []
        for turn in range(TURNS):
            first = TICKS - DEPTH if turn else 0
            if first:
                space.restore(ring[first])
            for tick in range(first, TICKS):
                ring[tick:] = [space.snapshot()]
                if turn == TURNS - 1 and tick == first + 2:
                    change(space, bodies)
                space.step(tick)
        hashes.append(space.hash())
    return hashes[0] == hashes[1]


def test_a_velocity(found: Found) -> None:
    assert late(lambda space, bodies: bodies[3].set_velocity((1, 2, 0)))
    assert passes.GATHERED in found and passes.UNKNOWN not in found


def test_nothing(found: Found) -> None:
    assert late(lambda space, bodies: None)
    assert set(found) == {passes.SAME}


def test_a_force(found: Found) -> None:
    assert late(lambda space, bodies: bodies[3].apply_force((500, 900, 0)))
    assert passes.UNKNOWN in found


def test_a_sleeper(found: Found) -> None:
    def put_to_sleep(space: Space, bodies: list[Body]) -> None:
        bodies[3].sleep()
        assert space.bodies["flags"][bodies[3].row] & FLAG_ASLEEP

    assert late(put_to_sleep)
    assert passes.UNKNOWN in found


def test_more_than_it_pays_for(found: Found) -> None:
    def push_many(space: Space, bodies: list[Body]) -> None:
        for body in bodies[:15]:
            body.set_velocity((0, 1, 0))

    assert late(push_many)
    assert passes.UNKNOWN in found


def test_more_than_half_in_one_island(found: Found) -> None:
    def throw(space: Space, bodies: list[Body]) -> None:
        bodies[0].set_velocity((200, 0, 0))  # its box reaches all others
        bodies[0].set_continuous(continuous=True)

    assert late(throw)
    assert found


@pytest.mark.parametrize("count", [1, 20, 100])
def test_more_than_the_small_world_has_room_for(found: Found, count: int) -> None:
    """A box gets in the way of others that touch each other, which are less than half of all."""
    small, hashes = Box(("0.1", "0.1", "0.1")), []
    for records in (TICKS + 1, 0):
        space, bodies = boxes(records)
        for k in range(count):
            space.add(small, position_q24=(k % 10 * STEP_Q24, 1677722, (9 << 24) + k // 10 * STEP_Q24))
        for k in range(120):
            space.add(small, position=(k % 60 - 30, "0.1", 12 + k // 60))
        ring: list[Any] = []
        for turn in range(TURNS):
            first = 2 if turn else 0
            if first:
                space.restore(ring[first])
            for tick in range(first, TICKS):
                ring[tick:] = [space.snapshot()]
                if turn and tick == 2:
                    bodies[0].set_velocity((0, turn, 0))
                if turn == TURNS - 1 and tick == 4:
                    bodies[0].set_pose((0, "0.7", 9))
                space.step(tick)
        hashes.append(space.hash())
    assert hashes[0] == hashes[1]
    assert passes.GATHERED in found and (passes.CHOSEN in found) == (count == 100)


def test_another_thread_writes_contacts_between_two_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who hashes a snapshot has its contacts written; what was chosen are rows of what they were before."""
    real, hits = recorder.choose_contacts, []
    ring: list[Snapshot] = []
    spaces: list[Space] = []

    def choose(*arguments: Any) -> None:
        real(*arguments)
        arena = spaces[-1].contacts.arena
        if isinstance(arena, PatchedArena) and arena.patch is not None:
            hits.append(arena)
            spaces[-1].state.hash(ring[-1])  # as another thread might do now
            assert arena.patch is None

    monkeypatch.setattr(recorder, "choose_contacts", choose)
    hashes = []
    for records in (14, 0):
        space, bodies = boxes(records)
        spaces.append(space)
        for k in range(20):
            space.add(Box(("0.5", "0.5", "0.5")), position=(3 * k - 40, "1.5", 0))
        for turn in range(6):
            first = 2 if turn else 0
            if turn:
                space.restore(ring[first])
            for tick in range(first, 12):
                ring[tick:] = [space.snapshot()]
                if turn and tick == 2:
                    bodies[3 * turn].set_velocity((1, turn, 0))
                if turn and tick == 4:
                    bodies[3].apply_force((500 * turn, 900, 0))  # so it goes pass by pass
                space.step(tick)
            hashes.append(space.hash())
    assert hashes[:6] == hashes[6:]
    assert hits


def test_a_step_that_fails_is_not_taken_for_known(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = []
    for records in (TICKS, 0):
        space, bodies = boxes(records)
        before = space.snapshot()
        for tick in range(3):
            space.step(tick)
        space.restore(before)
        bodies[3].set_velocity((1, 2, 0))
        if records:
            with monkeypatch.context() as patch:
                patch.setattr(recorder, "advance", fail)
                with pytest.raises(MemoryError):
                    space.step(0)
            space.restore(before)
            bodies[3].set_velocity((1, 2, 0))
        for tick in range(3):
            space.step(tick)
        hashes.append(space.hash())
    assert hashes[0] == hashes[1]


def fail(*arguments: Any) -> None:
    raise MemoryError
