"""What one late input costs: the last eight ticks again, with records of them and without.

Two spaces go through the same ticks, one keeps records. In each sample both go back eight ticks and come
again, with another input of one avatar in each tick; the states are equal in the end, or the bench fails.
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
from physics_fixed.tables import Snapshot

_ONE_Q24 = 1 << 24
_GROUPS = 200
_GROUP_SIZE = 5
_SPACING = 4
_TICKS_BEFORE = 60
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


class Resimulation:
    """A scene twice, with records and without, at the same tick."""

    def __init__(self, make: Callable[[], tuple[Space, Input]], ticks_before: int) -> None:
        (self.recorded, self.input), (self.plain, _) = make(), make()
        self.recorded.keep_records(DEPTH + 1)
        self.ring = [self.recorded.snapshot() for _ in range(DEPTH)]
        self.plain_ring = [self.plain.snapshot() for _ in range(DEPTH)]
        self.tick = 0
        for _ in range(ticks_before + DEPTH):
            self._go_on(0)
        gc.collect()
        gc.freeze()  # as `lockstep play` does once it is ready

    def _go_on(self, variant: int) -> None:
        slot = self.tick % DEPTH
        self.ring[slot] = self.recorded.snapshot(self.ring[slot])
        self.plain_ring[slot] = self.plain.snapshot(self.plain_ring[slot])
        self.input(self.recorded, self.tick, variant)
        self.recorded.step(self.tick)
        self.input(self.plain, self.tick, variant)
        self.plain.step()
        self.tick += 1

    def sample(self, variant: int) -> tuple[float, float]:
        """One rollback; microseconds with records and without, snapshots left out."""
        self._go_on(variant)  # a new tick, so that the records move on
        ours = self._again(self.recorded, self.ring, variant)
        plain = self._again(self.plain, self.plain_ring, variant)
        assert self.recorded.hash() == self.plain.hash(), "other bits with records than without"
        return ours, plain

    def _again(self, space: Space, ring: list[Snapshot], variant: int) -> float:
        first = self.tick - DEPTH
        spent = microseconds(lambda: space.restore(ring[first % DEPTH]))
        for tick in range(first, self.tick):
            if tick != first:
                ring[tick % DEPTH] = space.snapshot(ring[tick % DEPTH])
            spent += microseconds(lambda tick=tick: self._step(space, tick, variant + 1))  # type: ignore[misc]
        # The contacts of a partial step are put together when somebody reads them, as the next step does.
        return spent + microseconds(lambda: space.contacts.array("pair"))

    def _step(self, space: Space, tick: int, variant: int) -> None:
        self.input(space, tick, variant)
        space.step(tick)


def measure(make: Callable[[], tuple[Space, Input]], *, ticks_before: int, samples: int) -> dict[str, Any]:
    """Medians over samples."""
    run = Resimulation(make, ticks_before)
    before = run.recorded.reuse.bodies_recomputed
    found = [run.sample(number) for number in range(samples)]
    ours, plain = (statistics.median(column) for column in zip(*found, strict=True))
    ratio = statistics.median(one / other for one, other in found)
    recomputed = run.recorded.reuse.bodies_recomputed - before
    return {
        "ms": round(ours / 1e3, 3),
        "full_ms": round(plain / 1e3, 3),
        "ratio": round(ratio, 4),
        "bodies_recomputed_a_tick": round(recomputed / samples / DEPTH, 1),
        "contacts": run.plain.contacts.count,
    }


def bench_resimulation(*, samples: int) -> str:
    """Measure; return the figures as one line of JSON, by kind of group and number of bodies pushed."""
    found: dict[str, Any] = {"bench": "resimulation", "ticks_back": DEPTH, "samples": samples}
    for name, stacks in (("spheres", False), ("stacks", True)):
        for pushed in PUSHED:
            make = lambda pushed=pushed, stacks=stacks: islands(pushed, stacks=stacks)  # noqa: E731
            found[f"{name}_pushing_{pushed}"] = measure(make, ticks_before=_TICKS_BEFORE, samples=samples)
    found["pile1000"] = measure(settled_pile, ticks_before=0, samples=max(4, samples // 2))
    return json.dumps(found)
