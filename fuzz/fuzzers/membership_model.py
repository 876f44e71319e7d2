"""Small sessions of membership without time: every state of them, and random walks through larger ones."""

from __future__ import annotations

import random

from fuzz.fuzzers.membership_explorer import Explorer, Scenario, drop, join, member
from fuzz.report import CheckFailed, Figures
from lockstep.peer.views import Plan

STATES_MAX = 200_000
STATES_MAX_LARGE = 1_000_000
WALKS = 20

SCENARIOS: tuple[tuple[str, Scenario], ...] = (
    ("two and a newcomer", Scenario(2, 1, (join(2), Plan(leavers=(member(0),)), Plan()), ballots=3)),
    (
        "two and a newcomer, holding apart",
        Scenario(2, 1, (join(2), drop(0), Plan()), ticks=1, holds_apart=True),
    ),
    ("three, two changes", Scenario(3, 0, (drop(2), drop(0), Plan()), ticks=1, epochs=2)),
    (
        "three, holding apart",
        Scenario(3, 0, (drop(2), drop(0), Plan()), ticks=1, ballots=1, holds_apart=True),
    ),
    ("four, split evenly", Scenario(4, 0, (drop(2, 3), drop(3), drop(0), Plan()), ticks=1, owners=(1, 2))),
    ("three and a newcomer", Scenario(3, 1, (join(3), drop(0), Plan(), Plan()))),
)

LARGE: tuple[tuple[str, Scenario], ...] = (
    ("three and a newcomer, three ballots", Scenario(3, 1, (join(3), drop(0), Plan(), Plan()), ballots=3)),
    ("three and a newcomer, three ticks", Scenario(3, 1, (join(3), drop(1), Plan(), Plan()), ticks=3)),
    ("four, split evenly, two ticks", Scenario(4, 0, (drop(2, 3), drop(3), drop(0), Plan()), owners=(1, 2))),
    ("four, everyone tries", Scenario(4, 0, (drop(2, 3), drop(3), drop(0), Plan()), ticks=1)),
    ("three, two changes, three ballots", Scenario(3, 0, (drop(2), drop(0), Plan()), ballots=3, epochs=2)),
    ("three, holding apart", Scenario(3, 0, (drop(2), drop(0), Plan()), ballots=1, holds_apart=True)),
)


def run_once(seed: int) -> Figures:
    """Explore the small scenarios whole, then larger ones up to a bound; later seeds walk at random."""
    if seed < len(SCENARIOS):
        return _explore(*SCENARIOS[seed], states_max=STATES_MAX)
    if seed < len(SCENARIOS) + len(LARGE):
        return _explore(*LARGE[seed - len(SCENARIOS)], states_max=STATES_MAX_LARGE)
    rng = random.Random(seed)
    indices = range(rng.randrange(3, 6))
    plans = tuple(rng.choice((Plan(), drop(rng.choice(indices)), join(len(indices)))) for _ in indices)
    ballots, epochs = rng.randrange(3, 12), rng.randrange(1, 4)
    scenario = Scenario(
        len(indices), 1, plans, ticks=3, ballots=ballots, epochs=epochs, owners=tuple(indices)
    )
    explorer = Explorer(scenario, states_max=0)
    count = sum(explorer.wander(rng) for _ in range(WALKS))
    return {"states": count}


def _explore(name: str, scenario: Scenario, *, states_max: int) -> Figures:
    explorer = Explorer(scenario, states_max=states_max)
    try:
        count = explorer.run()
    except CheckFailed as failure:
        raise CheckFailed(f"{name}: {failure}") from failure
    return {"states": count, "complete": int(explorer.is_complete)}
