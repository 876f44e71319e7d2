"""When what a late input changes is found in one call, and when pass by pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fuzz.fuzzers import incremental as fuzzer
from physics_fixed import STATIC, Body, Box, Space
from physics_fixed.at_once import BEGUN, KEPT
from physics_fixed.incremental import one_call, recorder, small
from physics_fixed.incremental.cache import REACHED
from physics_fixed.incremental.patched import PatchedArena, Room
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
    real, results = recorder.take_again, []

    def noting(*arguments: Any) -> int:
        result: int = real(*arguments)
        results.append(result)
        return result

    monkeypatch.setattr(recorder, "take_again", noting)
    return results


def boxes(records: int) -> tuple[Space, list[Body]]:
    """Boxes far from each other on a floor, that has come to rest; the last snapshot is of tick 0."""
    space = Space(sleep_ticks=255)
    space.keep_records(records)
    space.add(Box((99, 1, 99)), STATIC, position=(0, -1, 0))
    bodies = [space.add(Box(("0.5", "0.5", "0.5")), position=(3 * k - 40, "0.5", 0)) for k in range(20)]
    return space, bodies


def ticks_of(space: Space, turns: int, first: int, ring: list[Snapshot]) -> Iterator[tuple[int, int]]:
    """Turns and ticks: all ticks, and then those from ``first`` on, again and again; each is simulated when
    the next one is asked for, and ``ring`` gets the snapshots with which they begin.
    """
    for turn in range(turns):
        begin = first if turn else 0
        if turn:
            space.restore(ring[begin])
        for tick in range(begin, TICKS):
            ring[tick:] = [space.snapshot()]
            yield turn, tick
            space.step(tick)


def late(change: Callable[[Space, list[Body]], None]) -> bool:
    """Change something in a tick that has passed, with records and without; whether the states are equal."""
    hashes = []
    for records in (TICKS + 1, 0):
        space, bodies = boxes(records)
        for turn, tick in ticks_of(space, TURNS, TICKS - DEPTH, []):
            if turn == TURNS - 1 and tick == TICKS - DEPTH + 2:
                change(space, bodies)
        hashes.append(space.hash())
    return hashes[0] == hashes[1]


def test_a_velocity(found: Found) -> None:
    assert late(lambda space, bodies: bodies[3].set_velocity((1, 2, 0)))
    assert one_call.DONE in found and one_call.UNKNOWN not in found


def test_nothing(found: Found) -> None:
    assert late(lambda space, bodies: None)
    assert set(found) == {one_call.SAME}


def test_a_force(found: Found) -> None:
    assert late(lambda space, bodies: bodies[3].apply_force((500, 900, 0)))
    assert one_call.UNKNOWN in found


def test_who_sleeps_and_has_changed(found: Found) -> None:
    def put_to_sleep(space: Space, bodies: list[Body]) -> None:
        bodies[3].sleep()
        assert space.bodies["flags"][bodies[3].row] & FLAG_ASLEEP

    assert late(put_to_sleep)
    assert one_call.GATHERED in found and one_call.UNKNOWN not in found


def sleepers_elsewhere(change: Callable[[Space, list[Body]], None], *, bullet: bool = False) -> bool:
    """Change something in a tick in which others sleep; whether the states are equal."""
    hashes = []
    for records in (TICKS + 1, 0):
        space, bodies = boxes(records)
        for _ in range(20):
            space.step()
        for body in bodies[10:]:
            body.sleep()
        if bullet:
            space.add(Box(("0.1", "0.1", "0.1")), position=(0, 9, 9), continuous=True)
        for turn, tick in ticks_of(space, TURNS, 2, []):
            if turn and tick == 3:
                bodies[turn].set_velocity((1, 0, turn))
                if turn == TURNS - 1:
                    change(space, bodies)
        assert space.bodies["flags"][bodies[-1].row] & FLAG_ASLEEP
        hashes.append(space.hash())
    return hashes[0] == hashes[1]


def test_others_sleep(found: Found) -> None:
    assert sleepers_elsewhere(lambda space, bodies: None)
    assert one_call.DONE in found and one_call.UNKNOWN not in found


def test_others_sleep_and_one_is_hit(found: Found) -> None:
    def throw(space: Space, bodies: list[Body]) -> None:
        bodies[9].set_pose((-10, "1.55", 0))  # over the first of those that sleep
        bodies[9].set_velocity((0, -3, 0))

    assert sleepers_elsewhere(throw)
    assert one_call.DONE in found and one_call.GATHERED in found


def test_others_sleep_and_there_is_a_bullet(found: Found) -> None:
    assert sleepers_elsewhere(lambda space, bodies: None, bullet=True)
    assert one_call.DONE not in found


def test_more_than_it_pays_for(found: Found) -> None:
    def push_many(space: Space, bodies: list[Body]) -> None:
        for body in bodies[:15]:
            body.set_velocity((0, 1, 0))

    assert late(push_many)
    assert one_call.UNKNOWN in found


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
        for turn, tick in ticks_of(space, TURNS, 2, []):
            if turn and tick == 2:
                bodies[0].set_velocity((0, turn, 0))
            if turn == TURNS - 1 and tick == 4:
                bodies[0].set_pose((0, "0.7", 9))
        hashes.append(space.hash())
    assert hashes[0] == hashes[1]
    assert one_call.DONE in found and (one_call.CHOSEN in found) == (count == 100)


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
        for turn, tick in ticks_of(space, 6, 2, ring):
            if turn and tick == 2:
                bodies[3 * turn].set_velocity((1, turn, 0))
            if turn and tick == 4:
                bodies[3].apply_force((500 * turn, 900, 0))  # so it goes pass by pass
            if tick == TICKS - 1:
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


ADDED_ROOM, WORK_ROOM = -2, -1  # places of arguments of take_again


@pytest.mark.parametrize(("place", "room", "reached"), [(ADDED_ROOM, 0, KEPT), (WORK_ROOM, -1, BEGUN)])
def test_an_early_end_gives_the_same(
    place: int, room: int, reached: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """States, records and events are those of a space without records, although the call always ends early:
    before the step of the small world, or after it.
    """
    real, real_compute, ends = recorder.take_again, recorder.Recorder._compute, []

    def ending(*arguments: Any) -> int:
        given = list(arguments)
        given[place] = room
        return real(*given)

    def compute(self: recorder.Recorder, record: Any, gravity: Any, settings: Any, found: int) -> int:
        recomputed = real_compute(self, record, gravity, settings, found)
        if found == one_call.GATHERED:
            ends.append(int(self._small.counts[REACHED]))
        return recomputed

    monkeypatch.setattr(recorder, "take_again", ending)
    monkeypatch.setattr(recorder.Recorder, "_compute", compute)
    for seed in range(3, 60, 5):  # scenes that stay awake, and others
        fuzzer.run_once(seed)
        fuzzer.run_once(1000 + seed // 5)
    assert ends.count(reached) > 30


def test_who_falls_asleep_in_a_step_did_not_sleep_when_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others sleep, and the call ends after the step of the small world: what held sleepers together then is
    nothing, whoever sleeps by now.
    """
    real, real_patch, before = recorder.take_again, recorder.Recorder._patch, []

    def ending(*arguments: Any) -> int:
        return real(*arguments[:ADDED_ROOM], 0, *arguments[ADDED_ROOM + 1 :])

    def patch(self: recorder.Recorder, *arguments: Any) -> None:
        world = self._small
        if world.sleepers and world.counts[REACHED] == KEPT:
            before.append(world.before is world.none_before)
        real_patch(self, *arguments)

    monkeypatch.setattr(recorder, "take_again", ending)
    monkeypatch.setattr(recorder.Recorder, "_patch", patch)
    assert sleepers_elsewhere(lambda space, bodies: None)
    assert before and all(before)


def test_a_snapshot_that_is_kept_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of its contacts is not used again, although nobody has read them yet."""
    assert snapshots_that_are_kept() == [True] * TICKS
    monkeypatch.setattr(Room, "suits", lambda self, old, added_count: self is not old.room)
    assert False in snapshots_that_are_kept()


def snapshots_that_are_kept() -> list[bool]:
    """Whether snapshots of one turn are, many turns later, those of a space without records."""
    hashes = []
    for records in (TICKS + 1, 0):
        space, bodies = boxes(records)
        ring: list[Snapshot] = []
        kept: list[Snapshot] = []
        for turn, tick in ticks_of(space, 12, 1, ring):
            if turn and tick == 1:
                bodies[turn].set_velocity((turn, 1, 0))
            if (turn, tick) == (8, TICKS - 1):
                kept = ring[:]
        hashes.append([space.state.hash(snapshot) for snapshot in kept])
    return [ours == theirs for ours, theirs in zip(*hashes, strict=True)]


def test_rows_that_were_patched_are_known_when_the_table_has_grown() -> None:
    """One tick is taken again, bodies come and go, and it comes again, with nothing that differs."""
    hashes = []
    for records in (12, 0):
        space = Space(sleep_ticks=255)
        space.keep_records(records)
        space.add(Box((99, 1, 99)), STATIC, position=(0, -1, 0))
        box = Box(("0.5", "0.5", "0.5"))
        falling = [space.add(box, position=(3 * k - 60, 40, 0)) for k in range(40)][30]
        ring = []
        for tick in range(10):
            ring.append(space.snapshot())
            space.step(tick)
        space.restore(ring[5])
        falling.set_velocity((1, 2, 0))
        changed = space.snapshot()
        space.step(5)
        for k in range(60):
            space.add(box, position=(3 * k - 60, 5, 9))
        space.restore(changed)
        for tick in range(5, 10):
            space.step(tick)
            hashes.append(space.hash())
    assert hashes[:5] == hashes[5:]


def test_other_numbers_of_threads_between_two_turns(found: Found) -> None:
    hashes = []
    for records in (9, 0):
        space, bodies = boxes(records)
        for turn, tick in ticks_of(space, 12, 2, []):
            if turn and tick == 3:
                space.threads = 1 + turn // 4 % 2
                bodies[3].set_velocity((1, turn, 0))
            if tick == TICKS - 1:
                hashes.append(space.hash())
    assert hashes[:12] == hashes[12:]
    assert found.count(one_call.DONE) > 5


def test_a_step_that_fails_says_nothing_of_contacts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one after it, of another tick from the same state, must not believe what it has listed."""
    hashes = []
    for records in (40, 0):
        space = Space(sleeping=False)
        box = Box(("0.5", "0.5", "0.5"))
        space.add(box, STATIC, position=(0, -90, 0))
        space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
        bodies = [space.add(box, position=(3 * k - 20, "0.5", 5)) for k in range(16)]
        row = space.add(box, position=(0, "0.495", -5), lock_position=True, lock_rotation=True).row
        space.keep_records(records)
        ring: list[Snapshot] = []
        for turn, tick in ticks_of(space, 7, 1, ring):
            if turn and tick == 2:
                bodies[3].set_velocity((1, turn, 0))
        space.restore(ring[6])
        space.step(20)
        space.restore(ring[5])
        space.contacts.own()
        space.contacts["push_q24"][space.contacts["pair"] & 0xFFFFFFFF == row] += 123456
        space.step(5)
        six = space.snapshot()
        if records:
            with monkeypatch.context() as patch:
                patch.setattr(recorder.Recorder, "_replace_contacts", fail)
                bodies[2].set_velocity((0, 1, 0))
                with pytest.raises(MemoryError):
                    space.step(6)
            space.restore(six)
        space.step(20)
        hashes.append(space.hash())
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("number", range(1, 20))
def test_memory_that_runs_out_leaves_no_array_too_short(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever array of the small world cannot be made when the space has grown."""
    space, _ = boxes(9)
    for k in range(200):
        space.add(Box(("0.1", "0.1", "0.1")), position=(k % 20, "0.1", 12 + k // 20))
    start = space.snapshot()
    space.step(0)
    space.restore(start)

    class Short:
        """Numpy, whose memory ends at some array."""

        made = 0

        def __getattr__(self, name: str) -> Any:
            real = getattr(np, name)
            if name not in ("zeros", "arange"):
                return real

            def make(*arguments: Any, **named: Any) -> Any:
                Short.made += 1
                if Short.made == number:
                    raise MemoryError
                return real(*arguments, **named)

            return make

    with monkeypatch.context() as patch:
        patch.setattr(small, "np", Short())
        failed = False
        try:
            space.step(0)
        except MemoryError:
            failed = True
    assert space.recorder is not None
    world = space.recorder._small
    arrays = world.mark, world.hit, world.found, world.owners, world.place, world.numbers, world.island
    assert min(map(len, arrays)) >= world.capacity
    assert min(len(world.chosen), len(world.chosen_added), len(world.nothing.gone)) >= world.contact_capacity
    assert failed == (number <= 16)
    hashes = []
    for _ in range(2):
        space.restore(start)
        space.step(0)
        hashes.append(space.hash())
    assert hashes[0] == hashes[1]
