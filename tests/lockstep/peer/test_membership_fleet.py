"""Seeded fleets: anything may happen to them, nothing may be taken back, and whoever can goes on.

Wrong rules are put into every core of a fleet too. Only some of them show there; all show in the small model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fuzz.fuzzers.membership import churn, leave_often, suffer
from lockstep.peer.membership import Membership
from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.membership_rules import Agreement
from lockstep.peer.views import Member, View
from tests.lockstep.peer import membership_faults as faults


@pytest.mark.parametrize("seed", range(1, 31))
def test_a_fleet_that_suffers_keeps_what_it_confirmed(seed: int) -> None:
    suffer(seed)


@pytest.mark.parametrize("seed", [2, 3, 4, 7, 9])
def test_cores_leave_and_join_at_much_loss(seed: int) -> None:
    assert leave_often(seed)["leaves"] >= 4


def test_one_core_comes_and_goes() -> None:
    figures = churn(1, 60)
    assert figures["views"] == 120


def wrong(rules: type[Agreement]) -> Callable[..., Membership]:
    def make(local: Member, view: View, **arguments: Any) -> Membership:
        machine = Membership(local, view, **arguments)
        joining = arguments.get("joining", False)
        machine._agreement = rules(local, view, held=machine.held, confirmed=machine.held, joining=joining)
        return machine

    return make


@pytest.mark.parametrize(
    ("rules", "run", "seed"),
    [
        (faults.CutAtTheLeast, leave_often, 1),
        (faults.CutFromOwnView, leave_often, 1),
        (faults.ReportNotHeld, leave_often, 1),
        (faults.ConfirmByHolding, leave_often, 1),
        (faults.EitherHalf, suffer, 2),
    ],
)
def test_wrong_rules_show_in_a_fleet(rules: type[Agreement], run: Callable[..., object], seed: int) -> None:
    # Among members that mean well, a view below what is confirmed is a broken rule too, whoever notices it.
    message = r"^(C7|G[123]):|^a view from .* is confirmed$"
    with pytest.raises((AssertionError, MessageRefused), match=message):
        run(seed, wrong(rules))
