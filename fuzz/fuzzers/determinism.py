"""The physics alone gives the same bits again: twice, after restoring, in a new space, with the compiler off.

A random scene with things added, removed and pushed is simulated once. Then again with more room in its
tables; again with detours, from which a snapshot brings it back; again in a fresh space that got the state
as bytes; and, a smaller one, in a process that compiles nothing.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

from fuzz.random_space import RandomSpace, trace_random_space
from fuzz.report import Figures, require
from physics_fixed import Space

STEPS = 120
BODIES = 60
PLAIN_STEPS = 8
PLAIN_BODIES = 8
PLAIN_SECONDS_MAX = 300

PLAIN_PROGRAM = (
    "import json, sys; from fuzz.random_space import trace_random_space;"
    "seed, bodies, steps = map(int, sys.argv[1:]);"
    "print(json.dumps(trace_random_space(seed, bodies=bodies, steps=steps)))"
)


def same(expected: list[str], found: str, step: int, how: str) -> None:
    """Raise `CheckFailed` unless the hash after a step is the expected one."""
    require(found == expected[step], f"after step {step}, {how}: {found}, and {expected[step]} before")


def check_room(scene: RandomSpace, expected: list[str], rng: random.Random) -> None:
    """Room in tables is no state."""
    space = scene.build()
    for table in space.tables:
        table.reserve(rng.choice((64, 300, 5000)))
    for step in range(STEPS):
        scene.act(space, step)
        space.step()
        same(expected, space.hash(), step + 1, "with other room in its tables")


def check_detours(scene: RandomSpace, expected: list[str], rng: random.Random) -> int:
    """What was done before a restore leaves no trace; the number of detours."""
    space = scene.build()
    detours = 0
    for step in range(STEPS):
        if rng.randrange(8) == 0:
            detours += 1
            before = space.snapshot()
            for _ in range(1 + rng.randrange(8)):
                scene.act(space, rng.randrange(STEPS))
                space.step()
            space.restore(before)
            same(expected, space.hash(), step, "after a restore")
        scene.act(space, step)
        space.step()
        same(expected, space.hash(), step + 1, "after a detour")
    return detours


def check_handover(scene: RandomSpace, expected: list[str], rng: random.Random) -> None:
    """The state as bytes is all there is: a space that was just made goes on from it."""
    at = rng.randrange(STEPS)
    space = scene.build()
    for step in range(at):
        scene.act(space, step)
        space.step()
    data = space.state.encode(space.snapshot())
    fresh = Space()
    fresh.restore(fresh.state.decode(data))
    same(expected, fresh.hash(), at, "handed over")
    for step in range(at, STEPS):
        scene.act(fresh, step)
        fresh.step()
        same(expected, fresh.hash(), step + 1, f"handed over at {at}")


def check_plain(seed: int) -> None:
    """The interpreter computes what the compiled kernels compute."""
    expected = trace_random_space(seed, bodies=PLAIN_BODIES, steps=PLAIN_STEPS)
    arguments = [str(seed), str(PLAIN_BODIES), str(PLAIN_STEPS)]
    done = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN_PROGRAM, *arguments],
        env={**os.environ, "LOCKSTEP_COMPILER": "off"},
        capture_output=True,
        text=True,
        timeout=PLAIN_SECONDS_MAX,
        check=False,
    )
    require(done.returncode == 0, f"with the compiler off: {done.stderr[-2000:]}")
    for step, found in enumerate(json.loads(done.stdout)):
        same(expected, found, step, "with the compiler off")


def run_once(seed: int) -> Figures:
    """One random scene in all these ways."""
    rng = random.Random(seed)
    scene = RandomSpace(seed, bodies=1 + rng.randrange(BODIES), steps=STEPS)
    space = scene.build()
    expected = [space.hash()]
    contacts = 0
    for step in range(STEPS):
        scene.act(space, step)
        space.step()
        contacts = max(contacts, space.contacts.count)
        expected.append(space.hash())
    check_room(scene, expected, rng)
    detours = check_detours(scene, expected, rng)
    check_handover(scene, expected, rng)
    check_plain(seed)
    return {"steps": 4 * STEPS + PLAIN_STEPS, "contacts_max": contacts, "detours": detours}
