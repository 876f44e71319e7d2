"""Random scenes on one thread and on several: the same bits after every step, and after restores.

The number of threads changes as the scene goes on; now and then nobody comes to help, or late.
"""

from __future__ import annotations

import random

from fuzz.late_space import LateSpace
from fuzz.report import Figures, require
from physics_fixed import Space, Sphere
from physics_fixed.parallel.crew import WORK_MIN
from physics_fixed.parallel.crew_words import POSTED

STEPS = 40
THREADS = (2, 2, 3, 4, 8)


def crowd(space: Space, rng: random.Random) -> None:
    """Add so many bodies that a step is worth sharing."""
    for _ in range(WORK_MIN - space.body_count + rng.randrange(100)):
        place = tuple(rng.randrange(-9 << 24, 9 << 24) for _ in range(3))
        radius = rng.choice(("0.2", "0.4", "0.7"))
        space.add(Sphere(radius), position_q24=(place[0], abs(place[1]) // 2 + (1 << 23), place[2]))


def run_once(seed: int) -> Figures:
    """One scene, both ways."""
    rng = random.Random(seed)
    scene = LateSpace(seed)
    alone, shared = scene.build(), scene.build()
    for space in (alone, shared):
        crowd(space, random.Random(seed))
    alone.threads = 1
    chunks = restores = 0
    saved = alone.snapshot(), shared.snapshot()
    for step in range(STEPS):
        if rng.randrange(4) == 0 or step == 0:
            shared.threads = rng.choice(THREADS)
            shared._scratch.crew.always = True
        if rng.randrange(3) == 0:
            scene.think_of(step)
        if rng.randrange(8) == 0:
            restores += 1
            alone.restore(saved[0])
            shared.restore(saved[1])
        elif rng.randrange(4) == 0:
            saved = alone.snapshot(), shared.snapshot()
        before = int(shared._scratch.crew.words[POSTED])
        for space in (alone, shared):
            scene.act(space, step)
            space.step()
        chunks += int(shared._scratch.crew.words[POSTED]) - before
        if alone.hash() != shared.hash():
            found = alone.state.diff(alone.snapshot(), shared.snapshot(), limit=5)
            where = f"{scene.style}, step {step} on {shared.threads} threads"
            require(not found, f"{where}: {'; '.join(map(str, found))}")
    require(chunks > 0, "nothing was shared")
    return {"steps": STEPS, "chunks": chunks, "restores": restores}
