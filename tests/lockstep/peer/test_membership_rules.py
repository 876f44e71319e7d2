"""The rules of a change, row by row: messages in, state and messages out; every assertion is seen to trip."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.peer.membership import Membership
from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.membership_messages import (
    Accepted,
    Ballot,
    Body,
    Commit,
    Nack,
    Prepare,
    Promise,
    Propose,
    Report,
    Vote,
)
from lockstep.peer.membership_rules import (
    CHAIN_COUNT_MAX,
    ROUND_LEAP_MAX,
    Agreement,
    Lack,
    Outgoing,
    ticks_reported_by_enough,
)
from lockstep.peer.views import Member, Newcomer, Plan, Seat, View

A, B, C, D = Member(1, 1), Member(2, 1), Member(3, 1), Member(4, 1)
STRANGER = Member(9, 1)
JOIN_D = Plan(newcomer=Newcomer(D, "host:1", 7, 3))
DROP_C = Plan(dropped=(C,))


def founders(*members: Member) -> View:
    return View.found(b"0123456789abcdef", tuple(Seat(m, i, 0, 100, "") for i, m in enumerate(members)))


TRIO = founders(A, B, C)


def core(local: Member, view: View = TRIO, *, held: int = -1) -> Agreement:
    agreement = Agreement(local, view, held=-1, confirmed=-1, joining=view.seat(local) is None)
    agreement.hold(held)
    return agreement


def sent(agreement: Agreement) -> list[tuple[Member, Body]]:
    outgoing, agreement.outgoing = agreement.outgoing, []
    return [(each.receiver, each.body) for each in outgoing]


def ballot(number: int, owner: Member) -> Ballot:
    return Ballot(number, *owner)


def decided(view: View, voters: tuple[Member, ...] = (A, B)) -> Commit:
    return Commit(view, voters)


# h grows


def test_what_is_held_is_reported() -> None:
    agreement = core(A)
    agreement.hold(4)
    assert agreement.reported == 4


def test_after_a_promise_the_report_stands_still_until_a_view_is_installed() -> None:
    agreement = core(B, held=4)
    agreement.receive(A, 0, Prepare(ballot(1, A), 4))
    agreement.hold(9)
    assert (agreement.held, agreement.reported) == (9, 4)
    agreement.receive(A, 0, decided(TRIO.successor(Plan(), first_tick=5)))
    agreement.hold(9)
    assert agreement.reported == 9


# REPORT


def test_reports_only_grow_and_a_quorum_of_them_confirms() -> None:
    agreement = core(A, held=9)
    assert agreement.confirmed == -1
    agreement.receive(B, 0, Report(6, 0))
    assert agreement.confirmed == 6
    agreement.receive(B, 0, Report(2, 0))
    agreement.receive(C, 0, Report(3, 0))
    assert (agreement.reports[B], agreement.confirmed) == (6, 6)
    agreement.receive(C, 0, Report(20, 0))
    assert agreement.confirmed == 9


def test_reports_of_strangers_and_of_a_core_itself_count_nothing() -> None:
    agreement = core(A, held=9)
    agreement.receive(STRANGER, 0, Report(9, 0))
    agreement.receive(A, 0, Report(9, 0))
    assert agreement.confirmed == -1
    assert STRANGER not in agreement.reports


def test_with_two_members_both_must_have_reported() -> None:
    agreement = core(A, founders(A, B), held=5)
    assert agreement.confirmed == -1
    agreement.receive(B, 0, Report(3, 0))
    assert agreement.confirmed == 3


def test_a_member_alone_confirms_what_it_holds() -> None:
    assert core(A, founders(A), held=5).confirmed == 5


def test_half_of_four_confirms_only_with_the_oldest() -> None:
    four = founders(A, B, C, D)
    oldest, younger = core(A, four, held=5), core(B, four, held=5)
    oldest.receive(B, 0, Report(5, 0))
    younger.receive(C, 0, Report(5, 0))
    assert (oldest.confirmed, younger.confirmed) == (5, -1)
    younger.receive(D, 0, Report(4, 0))
    assert younger.confirmed == 4


@pytest.mark.parametrize(
    "body",
    [Report(3, 0), Prepare(ballot(4, C), 3), Propose(ballot(4, C), TRIO.successor(Plan(), first_tick=9))],
)
def test_who_is_in_an_earlier_epoch_is_sent_the_certificate_that_ends_it(body: Body) -> None:
    agreement = core(A, held=4)
    commit = decided(TRIO.successor(Plan(), first_tick=5))
    agreement.receive(B, 0, commit)
    agreement.receive(C, 0, body)
    assert agreement.outgoing == [Outgoing(C, 0, commit)]
    assert agreement.reports == {A: 4}


@pytest.mark.parametrize(
    "body",
    [Report(3, 0), Prepare(ballot(4, C), 3), Vote(ballot(4, C), bytes(32)), Promise(ballot(4, A), 9, None)],
)
def test_who_is_ahead_is_asked_for_certificates_and_not_obeyed(body: Body) -> None:
    agreement = core(A, held=4)
    agreement.receive(C, 1, body)
    assert agreement.outgoing == [Outgoing(C, 0, Report(4, 0))]
    assert (agreement.promised, agreement.reports) == (None, {A: 4})


def test_a_certificate_two_epochs_ahead_is_asked_for_from_the_next_on() -> None:
    agreement = core(A, held=9)
    first = TRIO.successor(Plan(), first_tick=5)
    agreement.receive(B, 1, decided(first.successor(Plan(), first_tick=6)))
    assert agreement.outgoing == [Outgoing(B, 0, Report(9, 0))]
    assert agreement.view.epoch == 0


def test_a_certificate_that_is_no_longer_kept_is_refused() -> None:
    agreement = core(A, founders(A, B), held=4)
    for _ in range(CHAIN_COUNT_MAX + 1):
        agreement.receive(B, 0, decided(agreement.view.successor(Plan(), first_tick=5), (A,)))
    agreement.answer_behind(B, 1)
    agreement.answer_behind(B, 0)
    certificate, refusal = sent(agreement)
    assert isinstance(certificate[1], Commit)
    assert refusal == (B, Nack("chain", None))
    assert len(agreement.views) == CHAIN_COUNT_MAX


# PREPARE and PROMISE


def test_a_ballot_goes_to_every_member_above_all_seen() -> None:
    agreement = core(B, held=4)
    agreement.receive(C, 0, Prepare(ballot(7, C), 4))
    sent(agreement)
    agreement.begin_ballot()
    assert sent(agreement) == [(A, Prepare(ballot(8, B), 4)), (C, Prepare(ballot(8, B), 4))]
    assert agreement.promised == ballot(8, B)


def test_a_higher_ballot_is_promised_a_lower_one_is_told_of_it() -> None:
    agreement = core(C, held=4)
    agreement.receive(B, 0, Prepare(ballot(1, B), 4))
    agreement.receive(A, 0, Prepare(ballot(1, A), 4))
    agreement.receive(A, 0, Prepare(ballot(2, A), 4))
    assert sent(agreement) == [
        (B, Promise(ballot(1, B), 4, None)),
        (A, Nack("ballot", ballot(1, B))),
        (A, Promise(ballot(2, A), 4, None)),
    ]


def test_a_repeated_prepare_is_answered_again() -> None:
    agreement = core(C, held=4)
    agreement.receive(B, 0, Prepare(ballot(1, B), 4))
    first = sent(agreement)
    agreement.receive(B, 0, Prepare(ballot(1, B), 4))
    assert sent(agreement) == first


def test_with_a_promise_come_the_inputs_that_the_owner_lacks() -> None:
    agreement = core(C, held=9)
    agreement.receive(B, 0, Prepare(ballot(1, B), 4))
    assert [tuple(each) for each in agreement.owed] == [(B, 5, 10)]


def test_a_promise_counts_once_its_inputs_are_here() -> None:
    agreement = core(A, held=4)
    agreement.begin_ballot()
    agreement.receive(B, 0, Promise(ballot(1, A), 7, None))
    assert not agreement.is_ready_to_propose
    assert agreement.lacks() == [Lack(8, (B,))]
    agreement.hold(7)
    assert agreement.is_ready_to_propose


def test_promises_to_other_ballots_count_nothing() -> None:
    agreement = core(A, held=4)
    agreement.begin_ballot()
    agreement.begin_ballot()
    agreement.receive(B, 0, Promise(ballot(1, A), 4, None))
    assert not agreement.is_ready_to_propose


def test_a_refusal_ends_the_ballot_and_the_next_is_above_it() -> None:
    agreement = core(A, held=4)
    agreement.begin_ballot()
    agreement.receive(B, 0, Nack("ballot", ballot(5, C)))
    assert agreement.candidacy is None
    sent(agreement)
    agreement.begin_ballot()
    assert sent(agreement)[0] == (B, Prepare(ballot(6, A), 4))


def test_a_promise_to_a_higher_ballot_ends_the_own() -> None:
    agreement = core(A, held=4)
    agreement.begin_ballot()
    agreement.receive(B, 0, Prepare(ballot(1, B), 4))
    assert agreement.candidacy is None


# PROPOSE


def test_the_cut_is_above_the_most_that_any_promise_says() -> None:
    agreement = core(A, held=9)
    agreement.begin_ballot()
    agreement.receive(B, 0, Promise(ballot(1, A), 6, None))
    agreement.propose(JOIN_D)
    view = agreement.candidacy.proposal if agreement.candidacy else None
    assert view is not None
    assert (view.first_tick, view.members, view.reason) == (10, (A, B, C, D), "join")
    assert view.seats[3] == Seat(D, 3, 13, 7, "host:1")


def test_what_may_be_decided_is_proposed_again_that_of_the_highest_ballot() -> None:
    earlier, later = TRIO.successor(DROP_C, first_tick=3), TRIO.successor(Plan(), first_tick=4)
    agreement = core(C, held=9)
    agreement.receive(B, 0, Prepare(ballot(8, B), 9))
    agreement.begin_ballot()
    agreement.receive(A, 0, Promise(ballot(9, C), 5, Accepted(ballot(2, A), earlier)))
    assert agreement.is_ready_to_propose
    agreement.receive(B, 0, Promise(ballot(9, C), 5, Accepted(ballot(3, A), later)))
    agreement.propose(JOIN_D)
    assert agreement.accepted == Accepted(ballot(9, C), later)


def test_a_proposal_brings_the_inputs_that_a_receiver_lacks() -> None:
    agreement = core(A, held=9)
    agreement.begin_ballot()
    agreement.receive(B, 0, Promise(ballot(1, A), 6, None))
    agreement.propose(Plan())
    assert [tuple(each) for each in agreement.owed] == [(B, 7, 10), (C, 0, 10)]


def test_a_proposal_is_voted_for_by_who_holds_everything_below_the_cut() -> None:
    view = TRIO.successor(Plan(), first_tick=5)
    agreement = core(B, held=3)
    agreement.receive(A, 0, Propose(ballot(1, A), view))
    assert sent(agreement) == []
    assert agreement.lacks() == [Lack(5, (A,))]
    agreement.hold(4)
    assert sent(agreement) == [(A, Vote(ballot(1, A), view.digest()))]
    assert agreement.accepted == Accepted(ballot(1, A), view)
    assert agreement.promised == ballot(1, A)


def test_a_proposal_older_than_the_promise_is_refused_also_when_it_waited() -> None:
    view = TRIO.successor(Plan(), first_tick=5)
    agreement = core(B, held=3)
    agreement.receive(A, 0, Propose(ballot(1, A), view))
    agreement.receive(C, 0, Prepare(ballot(2, C), 3))
    sent(agreement)
    agreement.hold(4)
    agreement.receive(A, 0, Propose(ballot(1, A), view))
    assert sent(agreement) == [(A, Nack("ballot", ballot(2, C)))]
    assert agreement.accepted is None


# VOTE and COMMIT


def test_a_quorum_of_votes_decides_and_old_and_new_members_are_told() -> None:
    agreement = core(A, held=4)
    agreement.begin_ballot()
    agreement.receive(B, 0, Promise(ballot(1, A), 4, None))
    agreement.propose(Plan(dropped=(C,), newcomer=JOIN_D.newcomer))
    assert agreement.candidacy is not None
    view = agreement.candidacy.proposal
    assert view is not None
    sent(agreement)
    agreement.receive(B, 0, Vote(ballot(1, A), view.digest()))
    assert sent(agreement) == [(each, Commit(view, (A, B))) for each in (B, C, D)]
    assert (agreement.view, agreement.confirmed, agreement.held) == (view, 4, 4)
    assert (agreement.promised, agreement.accepted, agreement.candidacy) == (None, None, None)


def test_a_vote_for_another_view_is_refused_and_changes_nothing() -> None:
    agreement = core(A, held=4)
    agreement.begin_ballot()
    agreement.receive(B, 0, Promise(ballot(1, A), 4, None))
    agreement.propose(Plan())
    with pytest.raises(MessageRefused):
        agreement.receive(B, 0, Vote(ballot(1, A), bytes(32)))
    assert agreement.candidacy is not None
    assert agreement.candidacy.votes == {A}


def test_a_certificate_waits_for_the_inputs_below_its_cut() -> None:
    view = TRIO.successor(DROP_C, first_tick=8)
    agreement = core(B, held=4)
    agreement.receive(A, 0, decided(view))
    assert agreement.lacks() == [Lack(8, (A,))]
    agreement.hold(7)
    assert (agreement.view, agreement.confirmed, agreement.installed) == (view, 7, [view])


def test_a_certificate_without_a_quorum_of_votes_is_refused() -> None:
    agreement = core(B, held=9)
    view = TRIO.successor(Plan(), first_tick=5)
    for voters in ((A,), (A, STRANGER)):
        with pytest.raises(MessageRefused):
            agreement.receive(A, 0, Commit(view, voters))
    assert agreement.view == TRIO


def test_another_view_of_a_known_epoch_is_refused() -> None:
    agreement = core(B, held=9)
    agreement.receive(A, 0, decided(TRIO.successor(Plan(), first_tick=5)))
    with pytest.raises(MessageRefused):
        agreement.receive(A, 0, decided(TRIO.successor(Plan(), first_tick=6)))


def test_who_is_not_in_the_view_is_out_and_still_tells_of_it() -> None:
    commit = decided(TRIO.successor(DROP_C, first_tick=8))
    agreement = core(C, held=9)
    agreement.receive(A, 0, commit)
    assert (agreement.is_out, agreement.confirmed, agreement.installed) == (True, 7, [])
    agreement.receive(B, 0, Report(4, 0))
    assert sent(agreement) == [(B, commit)]
    agreement.receive(B, 0, Prepare(ballot(9, B), 4))
    assert agreement.promised is None


def test_who_is_dropped_and_lacks_inputs_is_out_without_them() -> None:
    agreement = core(C, held=2)
    agreement.receive(A, 0, decided(TRIO.successor(DROP_C, first_tick=8)))
    assert (agreement.is_out, agreement.confirmed) == (True, -1)


def test_a_newcomer_follows_the_chain_and_is_in_when_it_holds_enough() -> None:
    follower = core(D, held=2)
    follower.receive(A, 0, Prepare(ballot(1, A), 2))
    assert (follower.promised, sent(follower)) == (None, [])
    first = TRIO.successor(DROP_C, first_tick=3)
    follower.receive(A, 0, decided(first))
    second = first.successor(JOIN_D, first_tick=6)
    follower.receive(A, 1, decided(second))
    assert follower.joining
    follower.hold(5)
    assert (follower.joining, follower.view, follower.confirmed) == (False, second, 5)
    assert follower.reported == 5


# What nobody sends who keeps the rules


@pytest.mark.parametrize(
    ("sender", "body"),
    [
        (STRANGER, Prepare(ballot(1, STRANGER), 3)),
        (STRANGER, Vote(ballot(1, A), bytes(32))),
        (B, Prepare(ballot(1, C), 3)),
        (B, Prepare(ballot(ROUND_LEAP_MAX + 1, B), 3)),
        (B, Propose(ballot(1, B), founders(A, B).successor(Plan(), first_tick=5))),
        (B, Propose(ballot(1, B), TRIO.successor(Plan(), first_tick=5).successor(Plan(), first_tick=5))),
        (B, Promise(ballot(1, A), 3, Accepted(ballot(1, C), founders(A, B).successor(Plan(), first_tick=5)))),
    ],
)
def test_a_message_against_the_rules_is_refused_and_changes_nothing(sender: Member, body: Body) -> None:
    agreement = core(A, held=4)
    before = copy.deepcopy(vars(agreement))
    with pytest.raises(MessageRefused):
        agreement.receive(sender, 0, body)
    assert vars(agreement) == before


@given(st.integers(1, 8), st.data())
def test_what_is_reported_by_enough_is_what_the_view_says(count: int, draw: st.DataObject) -> None:
    view = founders(*(Member(10 + index, 1) for index in range(count)))
    held = draw.draw(st.dictionaries(st.sampled_from((*view.members, STRANGER)), st.integers(-1, 4)))
    enough = [
        tick for tick in range(-1, 5) if view.is_enough_to_confirm([m for m in held if held[m] >= tick])
    ]
    assert ticks_reported_by_enough(view, held) == max(enough, default=-2)


# Assertions


def test_c1_confirmed_never_falls() -> None:
    agreement = core(A, founders(A), held=5)
    with pytest.raises(AssertionError, match="C1"):
        agreement._set_confirmed(4)


def test_c2_confirmed_is_held() -> None:
    agreement = core(A, founders(A), held=5)
    agreement.held = 3
    with pytest.raises(AssertionError, match="C2"):
        agreement._recompute_confirmed()


def test_c3_a_report_never_falls_nor_grows_after_a_promise() -> None:
    agreement = core(B, held=5)
    agreement.reports[B] = 9
    with pytest.raises(AssertionError, match="C3"):
        agreement.hold(6)
    agreement = core(B, held=5)
    agreement.receive(A, 0, Prepare(ballot(1, A), 5))
    with pytest.raises(AssertionError, match="C3"):
        agreement._set_own_report(6)


def test_c4_a_promise_never_falls() -> None:
    agreement = core(B, held=5)
    agreement.receive(A, 0, Prepare(ballot(2, A), 5))
    with pytest.raises(AssertionError, match="C4"):
        agreement._promise(ballot(1, C))


def test_c5_nothing_is_accepted_above_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = core(B, held=5)
    agreement.receive(A, 0, Prepare(ballot(1, A), 5))
    monkeypatch.setattr(agreement, "_promise", lambda ballot: None)
    with pytest.raises(AssertionError, match="C5"):
        agreement.receive(C, 0, Propose(ballot(2, C), TRIO.successor(Plan(), first_tick=5)))


def test_c6_a_vote_is_for_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    agreement = core(B, held=3)
    monkeypatch.setattr(agreement, "_may_vote", lambda view: True)
    with pytest.raises(AssertionError, match="C6"):
        agreement.receive(A, 0, Propose(ballot(1, A), TRIO.successor(Plan(), first_tick=5)))


def test_c7_a_view_never_cuts_into_what_is_confirmed() -> None:
    agreement = core(A, held=9)
    agreement.receive(B, 0, Report(9, 0))
    forged = decided(TRIO.successor(Plan(), first_tick=9))
    with pytest.raises(MessageRefused, match="9 is confirmed"):
        agreement.receive(B, 0, forged)
    with pytest.raises(AssertionError, match="C7"):
        agreement._install(forged)


def lone_machine() -> Membership:
    machine = Membership(A, founders(A), now_us=0)
    machine.set_held(5, 0, epoch=0)
    return machine


def test_c8_a_confirmed_tick_has_inputs_of_its_members_only() -> None:
    machine = lone_machine()
    machine.check_confirmed(3, {0: b"x", 1: b""})
    with pytest.raises(AssertionError, match="C8"):
        machine.check_confirmed(4, {0: b"x", 1: b"y"})
    with pytest.raises(AssertionError, match="C8"):
        machine.check_confirmed(6, {0: b"x"})


def test_c9_nothing_is_emitted_by_who_is_out_or_before_the_first_tick() -> None:
    machine = lone_machine()
    machine.check_emission(6)
    machine.request_leave(1)
    with pytest.raises(AssertionError, match="C9"):
        machine.check_emission(7)
    follower = Membership(D, TRIO, now_us=0, joining=True)
    with pytest.raises(AssertionError, match="C9"):
        follower.check_emission(7)


def test_c9_nothing_is_emitted_by_who_is_detached() -> None:
    machine = Membership(C, TRIO, now_us=0)
    machine.handle_time(2_000_000)
    machine.check_emission(1)
    machine.handle_time(3_000_000)
    assert machine.status == "detached"
    with pytest.raises(AssertionError, match="C9"):
        machine.check_emission(2)


def test_c10_an_input_has_one_value() -> None:
    machine = lone_machine()
    machine.check_confirmed(3, {0: b"x"})
    machine.check_confirmed(3, {0: b"x"})
    with pytest.raises(AssertionError, match="C10"):
        machine.check_confirmed(3, {0: b"y"})
