"""A rollback that reuses what a late input does not touch gives the bits of one that computes everything.

Two spaces go through the same scene. Now and then something is done to a tick that has passed, and both go
back and step from there again: one with its records, the other without. After every step their states are
equal, and so is what they keep for the next rollback; in some scenes so are the contact events. Whoever looks
at a state changes what it is made of in memory, so in some scenes nobody looks before a rollback has come to
its end. Besides, nobody who is awake is held to somebody who sleeps.
"""

from __future__ import annotations

import random
from dataclasses import fields

import numpy as np

from fuzz.late_space import LateSpace
from fuzz.report import Figures, require
from physics_fixed import Space
from physics_fixed.layout import DYNAMIC, FLAG_ASLEEP, FLAG_DISABLED, TOUCHING_SENSOR
from physics_fixed.solver.joints.rows import JOINT_ENABLED
from physics_fixed.tables import Snapshot

TICKS = 90
TICKS_BEFORE = 20  # the first rollback: things have fallen down, and islands formed
DEPTH_MAX = 8
RECORDS = DEPTH_MAX + 1


class Both:
    """A space with records and one without, at the same tick."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.scene = LateSpace(seed)
        self.tested, self.plain = self.scene.build(), self.scene.build()
        for space in (self.tested, self.plain):
            space.keep_records(RECORDS)
        self.tick = 0
        self.ring: list[tuple[Snapshot, Snapshot]] = []
        self.ask = self.rng.choice(("always", "never", "sometimes"))
        self.looks_late = random.Random(f"look {seed}").randrange(2) == 1
        self.rollbacks = self.partial = 0

    def step(self, *, looked_at: bool = True) -> None:
        """One tick of both."""
        spaces = (self.tested, self.plain)
        saved = self.tested.snapshot(), self.plain.snapshot()
        self.ring[self.tick :] = [saved]
        for space in spaces:
            self.scene.act(space, self.tick)
            space.step(self.tick)
        if looked_at:
            self.compare()
        self.tick += 1

    def compare(self) -> None:
        """Raise `CheckFailed` unless the states are equal, and what is kept of the step."""
        where = f"after tick {self.tick} of {self.scene.style}"
        if self.tested.hash() != self.plain.hash():
            found = self.tested.state.diff(self.tested.snapshot(), self.plain.snapshot(), limit=5)
            require(not found, f"{where}: {'; '.join(map(str, found))}")
        if self.ask == "always" or (self.ask == "sometimes" and self.rng.randrange(3) == 0):
            compare_events(self.tested, self.plain, where)
        compare_records(self.tested, self.plain, where)
        check_sleep(self.tested, where)

    def roll_back(self) -> None:
        """Something is done to the past; both go there, and come back to the present."""
        rng, depth = self.rng, 1 + self.rng.randrange(DEPTH_MAX)
        present = self.tick
        first = present - depth
        for late in [first, *(first + rng.randrange(depth) for _ in range(rng.randrange(3)))]:
            self.scene.think_of(late)
        self.tested.restore(self.ring[first][0])
        self.plain.restore(self.ring[first][1])
        self.tick = first
        assert self.plain.recorder is not None
        self.plain.recorder.forget()
        before = self.tested.reuse.bodies_recomputed
        while self.tick < present:
            self.step(looked_at=not self.looks_late or self.tick == present - 1)
        for tick in range(first, present):
            ours, theirs = (
                space.state.hash(saved)
                for space, saved in zip((self.tested, self.plain), self.ring[tick], strict=True)
            )
            require(ours == theirs, f"before tick {tick} of {self.scene.style}: the states differ")
        self.rollbacks += 1
        recomputed = self.tested.reuse.bodies_recomputed - before
        self.partial += 1 < recomputed < depth * self.tested.body_count


def compare_records(ours: Space, theirs: Space, where: str) -> None:
    """Raise `CheckFailed` unless what is kept of the last step is equal."""
    assert ours.recorder is not None and theirs.recorder is not None
    differences = ours.recorder.latest.compare(theirs.recorder.latest)
    require(not differences, f"{where}, as recorded: {', '.join(differences)}")


def compare_events(ours: Space, theirs: Space, where: str) -> None:
    """Raise `CheckFailed` unless the events of the last step are equal."""
    for left, right in ((ours.events, theirs.events), (ours.joints.events, theirs.joints.events)):
        require(left.count == right.count, f"{where}: {left.count} events, and {right.count}")
        for field in fields(left):
            same = np.array_equal(getattr(left, field.name), getattr(right, field.name))
            require(same, f"{where}: events differ in {field.name}")


def check_sleep(space: Space, where: str) -> None:
    """Raise `CheckFailed` if an awake body is held to a sleeping one, or a sleeping one moves."""
    bodies, contacts, joints = space.bodies, space.contacts, space.joints
    asleep = bodies["flags"] & FLAG_ASLEEP != 0
    awake = (bodies["kind"] == DYNAMIC) & ~asleep & (bodies["flags"] & FLAG_DISABLED == 0)
    require(not bodies["velocity_q24"][asleep].any(), f"{where}: a sleeping body moves")
    require(bool((bodies["seal"][asleep] != 0).all()), f"{where}: a sleeping body has no seal")
    held = contacts["pair"][contacts["touching"] & TOUCHING_SENSOR == 0]
    whole = (joints.table["alive"] != 0) & (joints.table["flags"] & JOINT_ENABLED != 0)
    whole &= (joints.states["broken"] == 0) & (joints.table["row_b"] >= 0)
    a = np.concatenate((held >> 32, joints.table["row_a"][whole]))
    b = np.concatenate((held & 0xFFFFFFFF, joints.table["row_b"][whole]))
    mixed = asleep[a] & awake[b] | awake[a] & asleep[b]
    require(
        not mixed.any(), f"{where}: rows {a[mixed]} are held to rows {b[mixed]}: one sleeps, one does not"
    )


def run_once(seed: int) -> Figures:
    """One scene with many rollbacks."""
    return run(seed, ticks=TICKS, ticks_before=TICKS_BEFORE)


def run(seed: int, *, ticks: int, ticks_before: int) -> Figures:
    """One scene, with rollbacks from tick `ticks_before` on."""
    both = Both(seed)
    for tick in range(ticks):
        if both.rng.randrange(4) == 0:
            both.scene.think_of(tick)
        both.step()
        if tick >= ticks_before and both.rng.randrange(3) == 0:
            both.roll_back()
    reuse = both.tested.reuse
    return {
        "rollbacks": both.rollbacks,
        "rollbacks_partial": both.partial,
        "bodies_recomputed": reuse.bodies_recomputed,
        "bodies_reused": reuse.bodies_reused,
        "steps_whole": reuse.steps_whole,
    }
