"""Whole sessions under faults: loss, delay, cuts, joins, leaves, crashes; nobody ever disagrees about a tick.

At the end the faults stop, and everybody must go on. Then the session is replayed, forward, from what was
confirmed. The seed makes a scenario (`fuzz.scenario`); `lockstep-fuzz shrink` makes a failing one smaller.
"""

from __future__ import annotations

import random

from fuzz.report import Figures
from fuzz.scenario import Happening, Scenario, run_scenario

FOUNDERS_MAX = 5
CORES_MAX = 7
HAPPENINGS_MAX = 6
FIRST_US = 1_000_000
PAUSE_US_MAX = 1_500_000
CUT_US_MAX = 700_000
KINDS = ("link", "link", "cut", "join", "join", "leave", "crash")


def random_model(rng: random.Random) -> dict[str, int]:
    """A link between a good and a very bad one, as arguments of `LinkModel`."""
    return {
        "delay_us": rng.choice((0, 20_000, 40_000, 75_000)),
        "jitter_us": rng.choice((0, 10_000, 30_000)),
        "loss_permille": rng.choice((0, 20, 100, 250)),
        "burst_count": rng.choice((1, 1, 3)),
        "duplicate_permille": rng.choice((0, 50)),
        "reorder_permille": rng.choice((0, 100)),
        "reorder_us": rng.choice((10_000, 60_000)),
    }


def make_scenario(seed: int) -> Scenario:
    """The scenario of a seed: one to five founders, up to six happenings."""
    rng = random.Random(seed)
    founders = 1 + rng.randrange(FOUNDERS_MAX)
    next_number = founders
    at_us = FIRST_US
    happenings: list[Happening] = []
    for _ in range(rng.randrange(HAPPENINGS_MAX + 1)):
        at_us += rng.randrange(PAUSE_US_MAX)
        kind = rng.choice(KINDS)
        a, b = rng.sample(range(next_number), 2) if next_number > 1 else (0, 0)
        if kind == "join":
            if next_number < CORES_MAX:
                happenings.append(Happening(at_us, kind, next_number, rng.randrange(next_number)))
                next_number += 1
        elif kind == "cut":
            happenings.append(Happening(at_us, kind, a, b, one_way=bool(rng.randrange(2))))
            happenings.append(Happening(at_us + rng.randrange(CUT_US_MAX), "heal", a, b))
        elif kind == "link":
            happenings.append(Happening(at_us, kind, a, b, model=random_model(rng)))
        else:
            happenings.append(Happening(at_us, kind, a))
    return Scenario(seed, founders, rng.choice((4, 16)), random_model(rng), tuple(happenings))


def run_once(seed: int) -> Figures:
    """One session."""
    return run_scenario(make_scenario(seed))
