"""Bodies that come late: a record knows nothing of rows that it has not had.

Method: a space with records and one without go through the same random additions, removals, pushes and
changes, and through rollbacks in which some of them come late; their states are equal all the time.
"""

from __future__ import annotations

import random

import pytest

from physics_fixed import STATIC, Body, Box, Space
from physics_fixed.bodies import body_id
from physics_fixed.tables import Snapshot

TICKS = 24
DEPTH = 6
ONE_Q24 = 1 << 24
UNIT_BOX = Box(("0.5", "0.5", "0.5"))
DEEDS = ("add", "add and push", "push", "push", "force", "remove", "grease")

Deed = tuple[str, float, float]


def space_of(bodies: int) -> Space:
    space = Space()
    space.add(Box((100, 1, 100)), STATIC, position=(0, -1, 0))
    for number in range(bodies):
        space.add(UNIT_BOX, position=(3 * (number % 12) - 18, "0.6", 3 * (number // 12) - 18))
    return space


def chosen_body(space: Space, first: int, deed: Deed) -> Body:
    """A live body; more often than not one that came after the first ones."""
    rows = [row for row in range(1, space.bodies.count) if space.bodies["alive"][row]]
    late = [row for row in rows if row > first]
    pool = late if late and deed[2] < 0.6 else rows
    row = pool[int(deed[1] * len(pool))]
    return space.body(body_id(int(space.bodies["generation"][row]), row))


def do(space: Space, first: int, deed: Deed) -> None:
    kind, u, v = deed
    body = chosen_body(space, first, deed)
    match kind:
        case "add":
            space.add(UNIT_BOX, position=(int(u * 36) - 18, int(v * 4) + 2, 20))
        case "add and push":
            new = space.add(UNIT_BOX, position=(int(u * 36) - 18, 2, 20))
            new.set_velocity(velocity_q24=(ONE_Q24, 0, 0))
        case "push":
            body.set_velocity(velocity_q24=(int((u - 0.5) * 8 * ONE_Q24), int(v * 2 * ONE_Q24), 0))
        case "force":
            body.apply_force((int(u * 50), 0, 3))
        case "remove" if v < 0.5:
            space.remove(body)
        case "grease":
            body.configure(friction=int(v * 3))


class Pair:
    """A space with records and one without."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.first = self.rng.choice((20, 62, 66, 100, 127))
        self.spaces = [space_of(self.first) for _ in range(2)]
        self.spaces[0].keep_records(DEPTH + 1)
        self.rings: list[list[Snapshot]] = [[], []]
        self.deeds: dict[int, list[Deed]] = {}

    def think(self, tick: int) -> None:
        rng = self.rng
        self.deeds[tick] = [(rng.choice(DEEDS), rng.random(), rng.random()) for _ in range(rng.randrange(3))]

    def step(self, tick: int) -> None:
        for space, ring in zip(self.spaces, self.rings, strict=True):
            ring[tick:] = [space.snapshot()]
            for deed in self.deeds.get(tick, ()):
                do(space, self.first, deed)
            space.step(tick)

    def compare(self, where: str) -> None:
        ours, theirs = (space.hash() for space in self.spaces)
        assert ours == theirs, where

    def roll_back(self, tick: int) -> None:
        first = tick - self.rng.randrange(DEPTH)
        for _ in range(2):
            self.think(first + self.rng.randrange(tick - first + 1))
        for space, ring in zip(self.spaces, self.rings, strict=True):
            space.restore(ring[first])
        for again in range(first, tick + 1):
            self.step(again)
            if self.rng.random() < 0.5:
                self.compare(f"tick {again}, again, at {tick}")


@pytest.mark.parametrize("seed", range(30))
def test_bodies_that_come_late_are_as_in_a_space_without_records(seed: int) -> None:
    pair = Pair(seed)
    for tick in range(TICKS):
        if pair.rng.random() < 0.4:
            pair.think(tick)
        pair.step(tick)
        if tick > DEPTH and pair.rng.random() < 0.5:
            pair.roll_back(tick)
        pair.compare(f"tick {tick}")
    assert pair.spaces[0].reuse.bodies_reused > 0


@pytest.mark.parametrize("bodies", [40, 100])
def test_what_was_done_to_a_late_body_is_undone(bodies: int) -> None:
    """A late input adds a body; one rollback pushes it two ticks later, the next one does not."""
    hashes = []
    for records in (0, 16):
        space = space_of(bodies)
        space.keep_records(records)
        ring = []
        for tick in range(6):
            ring.append(space.snapshot())
            space.step(tick)
        for pushed in (True, False):
            space.restore(ring[2])
            for tick in range(2, 6):
                if tick == 2:
                    new = space.add(UNIT_BOX, position=(60, 3, 60))
                if tick == 4 and pushed:
                    new.set_velocity((1, 0, 0))
                space.step(tick)
            hashes.append(space.hash())
    assert hashes[:2] == hashes[2:]
    assert hashes[0] != hashes[1]
