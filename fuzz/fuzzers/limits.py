"""Every argument of the physics at its bounds, in all combinations: nothing overflows or leaves its range.

Scenes of bounds are stepped compiled, and what a step leaves is checked against the ranges of `limits`. The
same scenes are stepped in a process that compiles nothing, where an overflow raises instead of going on with
a wrong number, and a warning of numpy's is an error; every hash must be the same.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import numpy as np

from fuzz.extreme_space import STEPS, build, push, trace_extreme_space
from fuzz.report import Figures, require
from physics_fixed import Space
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, POSITION_MAX_Q24, VELOCITY_MAX_Q24

SCENES = 12
PLAIN_SECONDS_MAX = 600
PUSH_MAX_Q24 = 1 << 38  # of the solver; what a locked body carries may be seven times that
QUATERNION_ERROR_MAX = 2.0**-28

PLAIN_PROGRAM = (
    "import json, sys; from fuzz.extreme_space import trace_extreme_space;"
    "print(json.dumps([trace_extreme_space(int(seed)) for seed in sys.argv[1:]]))"
)


def check_ranges(space: Space, where: str) -> None:
    """Raise `CheckFailed` unless every number that a step leaves is within its range."""
    bodies, contacts = space.bodies, space.contacts
    for column, bound in (
        ("position_q24", POSITION_MAX_Q24),
        ("velocity_q24", VELOCITY_MAX_Q24),
        ("angular_velocity_q24", ANGULAR_VELOCITY_MAX_Q24),
    ):
        worst = int(np.abs(bodies[column]).max(initial=0))
        require(worst <= bound, f"{where}: a {column} of {worst}; allowed: up to {bound}")
    alive = bodies["alive"] != 0
    turns = bodies["rotation_q30"][alive].astype(np.float64) / (1 << 30)
    off = float(np.abs(np.linalg.norm(turns, axis=1) - 1).max(initial=0))
    require(off <= QUATERNION_ERROR_MAX, f"{where}: a quaternion is {off:.3g} longer or shorter than 1")
    pushes = contacts["push_q24"]
    low, high = int(pushes.min(initial=0)), int(pushes.max(initial=0))
    require(low >= 0 and high <= 7 * PUSH_MAX_Q24, f"{where}: pushes from {low} to {high}")


def check_plain(seeds: list[int]) -> None:
    """The interpreter computes the same, and no number overflows on the way."""
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", PLAIN_PROGRAM, *map(str, seeds)],
        env={**os.environ, "LOCKSTEP_COMPILER": "off"},
        capture_output=True,
        text=True,
        timeout=PLAIN_SECONDS_MAX,
        check=False,
    )
    require(done.returncode == 0, f"with the compiler off, seeds {seeds}: {done.stderr[-2000:]}")
    for seed, hashes in zip(seeds, json.loads(done.stdout), strict=True):
        expected = trace_extreme_space(seed)
        same = hashes == expected
        require(same, f"scene {seed}: hashes differ with the compiler off: {hashes}, compiled {expected}")


def run_once(seed: int) -> Figures:
    """Some scenes, in both ways."""
    return run_scenes([seed * SCENES + number for number in range(SCENES)])


def run_scenes(seeds: list[int]) -> Figures:
    """The scenes of these seeds, in both ways."""
    contacts = bodies = 0
    for scene in seeds:
        space, rng = build(scene), random.Random(scene * 2 + 1)
        bodies += space.bodies.count
        for step in range(STEPS):
            push(space, rng)
            space.step()
            contacts += space.contacts.count
            check_ranges(space, f"scene {scene}, step {step}")
    check_plain(seeds)
    return {"scenes": len(seeds), "bodies": bodies, "contacts": contacts}
