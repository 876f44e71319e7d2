"""Small sessions explored to the last state with the real rules, and every planted fault found in them.

A scenario of the model is complete when no state was left out; a fault must be found by the checks from
outside, not only by the assertions inside the rules.
"""

from __future__ import annotations

import dataclasses

import pytest

from fuzz.fuzzers.membership_explorer import Explorer, Scenario, drop, join
from fuzz.fuzzers.membership_model import SCENARIOS, run_once
from fuzz.report import CheckFailed
from lockstep.peer.membership_rules import Agreement
from lockstep.peer.views import Plan
from tests.lockstep.peer import membership_faults as faults

SMALL = Scenario(3, 1, (drop(1), join(3), Plan(), Plan()))
TWO_OWNERS = Scenario(3, 0, (drop(2), drop(0), Plan()), ticks=1, owners=(0, 1))
THREE_BALLOTS = dataclasses.replace(TWO_OWNERS, ballots=3)
APART = dataclasses.replace(TWO_OWNERS, ballots=1, holds_apart=True)
EVEN = Scenario(4, 0, (drop(2, 3), Plan(), drop(0, 1), Plan()), owners=(0, 2))
TWO_CHANGES = Scenario(3, 0, (drop(2), drop(0), Plan()), epochs=2)


LONG = ("three and a newcomer", "four, split evenly", "LowerAcceptedTaken")


@dataclasses.dataclass(frozen=True)
class Fault:
    """Wrong rules, where they show, and the checks one of which must find them."""

    rules: type[Agreement]
    scenario: Scenario
    found: str
    forgets: bool = True


FAULTS = (
    Fault(faults.CutAtTheLeast, SMALL, "G[13]"),
    Fault(faults.CutFromOwnView, SMALL, "G[13]"),
    Fault(faults.ReportNotHeld, SMALL, "G[13]"),
    Fault(faults.CommitByFewer, SMALL, "G2", forgets=False),
    Fault(faults.ConfirmByHolding, SMALL, "G1"),
    Fault(faults.OlderBallotAccepted, TWO_OWNERS, "G2", forgets=False),
    Fault(faults.AcceptedForgotten, TWO_OWNERS, "G2"),
    Fault(faults.AcceptedIgnored, TWO_OWNERS, "G2"),
    Fault(faults.LowerAcceptedTaken, THREE_BALLOTS, "G2"),
    Fault(faults.VoteBeforeBackfill, APART, "G4", forgets=False),
    Fault(faults.OtherEpochsCounted, TWO_CHANGES, "G[13]", forgets=False),
    Fault(faults.EitherHalf, EVEN, "G[123]", forgets=False),
)


def chosen(what: object, name: str) -> object:
    """A parameter, marked if it takes long."""
    marks = [pytest.mark.slow] if name in LONG else []
    return pytest.param(what, id=name, marks=marks)


@pytest.mark.parametrize("scenario", [chosen(scenario, name) for name, scenario in SCENARIOS])
def test_every_state_of_a_small_session_is_right(scenario: Scenario) -> None:
    explorer = Explorer(scenario, states_max=1_000_000)
    assert explorer.run() > 1000
    assert explorer.is_complete


@pytest.mark.parametrize("fault", [chosen(fault, fault.rules.__name__) for fault in FAULTS])
def test_a_planted_fault_is_found(fault: Fault) -> None:
    explorer = Explorer(fault.scenario, rules=fault.rules, states_max=300_000, forgets=fault.forgets)
    with pytest.raises(CheckFailed, match=f"^{fault.found}:"):
        explorer.run()


def test_a_return_under_the_old_stamp_is_found() -> None:
    with pytest.raises(CheckFailed, match=r"^G[123]:"):
        Explorer(dataclasses.replace(SMALL, restarts=True), states_max=300_000, forgets=False).run()


def test_random_walks_in_larger_sessions_are_right() -> None:
    assert run_once(1000)["states"] > 100
