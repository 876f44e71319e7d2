"""What one late input costs: the last eight ticks again, with records of them and without.

Two spaces go through the same ticks, one keeps records. In each sample a space goes one tick on, goes back
eight ticks and comes again, with another input of one avatar in each tick; the states of both are equal in
the end, or the bench fails. A session has one space, whose memory mostly stays near. So the two take turns of
several samples each, of which the first ones do not count: there the memory of the other is in the way.
``ratio_cold`` is what comes out where they take turns sample by sample.
"""

from __future__ import annotations

import gc
import json
import statistics
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from fuzz.benches.state import DEPTH, microseconds
from fuzz.scenes.large import build
from physics_fixed import STATIC, Box, Space, Sphere

_ONE_Q24 = 1 << 24
_GROUPS = 200
_GROUP_SIZE = 5
_SPACING = 4
_TICKS_BEFORE = 60
_TURN = 5  # samples of one world before it is the other one's turn
_UNCOUNTED = 2  # of them, beside
PUSHED = (0, 5, 20)

Input = Callable[[Space, int, int], None]
"""Called as ``input(space, tick, variant)`` before each step."""


def islands(pushed: int, *, stacks: bool) -> tuple[Space, Input]:
    """Two hundred groups of five bodies, and an avatar that pushes so many others along.

    With ``stacks`` a group is a stack of boxes, otherwise four spheres in a square with one on top. Nothing
    sleeps: this is about what is awake and untouched.
    """
    space = Space(sleeping=False)
    space.add(Box((80, 1, 80)), STATIC, position=(0, -1, 0))
    half, box, ball = "0.5", Box(("0.5", "0.5", "0.5")), Sphere("0.5")
    for group in range(_GROUPS):
        x, z = group % 15 * _SPACING - 28, group // 15 * _SPACING - 28
        if stacks:
            for level in range(_GROUP_SIZE):
                space.add(box, position=(x, level + Fraction(1, 2), z))
            continue
        for corner in range(4):
            space.add(ball, position=(x + corner % 2, half, z + corner // 2))
        space.add(ball, position=(x + Fraction(1, 2), "1.22", z + Fraction(1, 2)))
    avatar = space.add(box, position=(-40, half, 40), lock_rotation=True, mass=80).id
    for place in range(pushed):
        space.add(box, position=(place - 39, half, 40), density=100, friction="0.1")

    def steer(space: Space, tick: int, variant: int) -> None:
        sideways = (tick * 7 + variant * 3) % 11 - 5
        space.set_velocity_q24(avatar, (_ONE_Q24 + sideways * 4096, 0, sideways * 1024))

    return space, steer


def settled_pile() -> tuple[Space, Input]:
    """A thousand spheres in one island, one of which gets another velocity in each tick."""
    space = build("pile1000")
    for _ in range(480):
        space.step()
    ball = int(space.row(_last_id(space)))

    def nudge(space: Space, tick: int, variant: int) -> None:
        velocity = space.bodies["velocity_q24"][ball]
        velocity[0] += (tick * 7 + variant * 3) % 11 * 4096

    return space, nudge


def _last_id(space: Space) -> int:
    row = space.bodies.count - 1
    return int(space.bodies["generation"][row]) << 32 | row


class World:
    """A scene and its last snapshots, with records of its steps or without."""

    def __init__(self, make: Callable[[], tuple[Space, Input]], *, recorded: bool) -> None:
        self.space, self.input = make()
        self.recorded = recorded
        if recorded:
            self.space.keep_records(DEPTH + 1)
        self.ring = [self.space.snapshot() for _ in range(DEPTH)]
        self.tick = 0

    def go_on(self, variant: int) -> None:
        """One tick more, as it comes."""
        slot = self.tick % DEPTH
        self.ring[slot] = self.space.snapshot(self.ring[slot])
        self._step(self.tick, variant)
        self.tick += 1

    def come_again(self, variant: int) -> float:
        """One tick more, and the last eight again with other inputs; microseconds of these, snapshots left
        out.
        """
        self.go_on(variant)
        space, ring, first = self.space, self.ring, self.tick - DEPTH
        spent = microseconds(lambda: space.restore(ring[first % DEPTH]))
        for tick in range(first, self.tick):
            if tick != first:
                ring[tick % DEPTH] = space.snapshot(ring[tick % DEPTH])
            spent += microseconds(lambda tick=tick: self._step(tick, variant + 1))  # type: ignore[misc]
        # The contacts of a partial step are put together when somebody reads them, as the next step does.
        return spent + microseconds(lambda: space.contacts.array("pair"))

    def _step(self, tick: int, variant: int) -> None:
        self.input(self.space, tick, variant)
        self.space.step(tick if self.recorded else None)


class Resimulation:
    """A scene twice, with records and without, at the same tick."""

    def __init__(self, make: Callable[[], tuple[Space, Input]], ticks_before: int) -> None:
        self.recorded, self.plain = World(make, recorded=True), World(make, recorded=False)
        for world in (self.recorded, self.plain):
            for _ in range(ticks_before + DEPTH):
                world.go_on(0)
        gc.collect()
        gc.freeze()  # as `lockstep play` does once it is ready

    def turns(self, first: int, samples: int, *, uncounted: int = 0) -> tuple[list[float], list[float]]:
        """So many samples of each world, one world after the other; microseconds with records and without.

        ``first`` is the number of the first one, from which the inputs follow.
        """
        ours, plain = (
            [world.come_again(first + sample) for sample in range(samples + uncounted)][uncounted:]
            for world in (self.recorded, self.plain)
        )
        same = self.recorded.space.hash() == self.plain.space.hash()
        assert same, "other bits with records than without"
        return ours, plain


def measure(make: Callable[[], tuple[Space, Input]], *, ticks_before: int, samples: int) -> dict[str, Any]:
    """Medians over turns of their medians, and over samples."""
    run = Resimulation(make, ticks_before)
    turns = [
        [statistics.median(turn) for turn in run.turns(first, _TURN, uncounted=_UNCOUNTED)]
        for first in range(0, samples, _TURN)
    ]
    reuse = run.recorded.space.reuse
    before, cold = reuse.bodies_recomputed, []
    for number in range(samples):
        (one,), (other,) = run.turns(samples + number, 1)
        cold.append(one / other)
    recomputed = reuse.bodies_recomputed - before
    return {
        "ms": round(statistics.median(ours for ours, _ in turns) / 1e3, 3),
        "full_ms": round(statistics.median(plain for _, plain in turns) / 1e3, 3),
        "ratio": round(statistics.median(ours / plain for ours, plain in turns), 4),
        "ratio_cold": round(statistics.median(cold), 4),
        "bodies_recomputed_a_tick": round(recomputed / samples / DEPTH, 1),
        "contacts": run.plain.space.contacts.count,
    }


def bench_resimulation(*, samples: int) -> str:
    """Measure; return the figures as one line of JSON, by kind of group and number of bodies pushed."""
    found: dict[str, Any] = {"bench": "resimulation", "ticks_back": DEPTH, "samples": samples}
    for name, stacks in (("spheres", False), ("stacks", True)):
        for pushed in PUSHED:
            make = lambda pushed=pushed, stacks=stacks: islands(pushed, stacks=stacks)  # noqa: E731
            found[f"{name}_pushing_{pushed}"] = measure(make, ticks_before=_TICKS_BEFORE, samples=samples)
    found["pile1000"] = measure(settled_pile, ticks_before=0, samples=samples)
    return json.dumps(found)
