"""When a core suspects, detaches, begins ballots and asks again: times in, messages and events out."""

from __future__ import annotations

import pytest

from lockstep.peer.membership import Membership
from lockstep.peer.membership_contacts import BEHIND, HISTORY, RESTARTED, SILENCE, Contacts, Timing
from lockstep.peer.membership_events import Attached, Detached, Event, Suspected, ViewInstalled
from lockstep.peer.membership_messages import (
    Ballot,
    Body,
    Message,
    Need,
    Prepare,
    Promise,
    decode_message,
    encode_message,
)
from lockstep.peer.membership_timers import BallotClock
from lockstep.peer.views import Member, Plan, Seat, View

A, B, C, D, E = (Member(core_id, 1) for core_id in range(1, 6))
LINEAGE = b"0123456789abcdef"
MS = 1000
STEP_US = 10 * MS


def founders(*members: Member) -> View:
    return View.found(LINEAGE, tuple(Seat(m, i, 0, 100, "") for i, m in enumerate(members)))


def machine(local: Member, *members: Member, held: int = 9) -> Membership:
    made = Membership(local, founders(*members), now_us=0)
    made.set_held(held, 0, epoch=0)
    return made


def sent(made: Membership) -> list[tuple[Member, Body]]:
    return [(receiver, decode_message(data).body) for receiver, data in made.poll_messages()]


def prepares(made: Membership) -> list[Ballot]:
    return [body.ballot for _, body in sent(made) if isinstance(body, Prepare)]


def run(
    made: Membership, begin_us: int, end_us: int, heard: dict[Member, tuple[int, int, int]]
) -> list[tuple[int, Event]]:
    """Let time pass while members are heard with these reports; returns the events and their times."""
    events = []
    for now_us in range(begin_us, end_us, STEP_US):
        for member, report in heard.items():
            made.handle_report(member, *report, now_us)
        made.handle_time(now_us)
        events += [(now_us, event) for event in made.poll_events()]
    return events


def message(sender: Member, body: Body) -> bytes:
    return encode_message(Message(LINEAGE, 0, sender, body))


# Suspicion


def test_a_silent_member_is_suspected_after_the_suspect_time() -> None:
    made = machine(A, A, B, C)
    events = run(made, 0, 1100 * MS, {B: (0, 9, 0)})
    assert events == [(1000 * MS, Suspected(C, SILENCE))]
    assert made.report() == (0, 9, 0b100)


def test_the_suspect_time_is_eight_round_trips_of_a_far_link() -> None:
    made = machine(A, A, B, C)
    made.set_rtt(C, 200 * MS)
    assert run(made, 0, 1600 * MS, {B: (0, 9, 0)}) == []
    assert run(made, 1600 * MS, 1700 * MS, {B: (0, 9, 0)}) == [(1600 * MS, Suspected(C, SILENCE))]


def test_who_is_heard_again_is_suspected_no_longer() -> None:
    made = machine(A, A, B, C)
    run(made, 0, 1100 * MS, {B: (0, 9, 0)})
    assert (1100 * MS, Suspected(C, None)) in run(made, 1100 * MS, 1200 * MS, {B: (0, 9, 0), C: (0, 9, 0)})
    assert made.suspects == ()


def test_a_report_that_stands_still_below_ours_is_suspected_as_behind() -> None:
    made = machine(A, A, B, C)
    events = run(made, 0, 1200 * MS, {B: (0, 9, 0), C: (0, 8, 0)})
    assert [event for _, event in events] == [Suspected(C, BEHIND)]
    assert (1200 * MS, Suspected(C, None)) in run(made, 1200 * MS, 1300 * MS, {B: (0, 9, 0), C: (0, 9, 0)})


def test_a_report_below_ours_that_grows_is_not_suspected() -> None:
    made = machine(A, A, B, C, held=500)
    for tick in range(300):
        run(made, tick * STEP_US, (tick + 1) * STEP_US, {B: (0, 500, 0), C: (0, tick, 0)})
    assert made.suspects == ()


def test_a_newer_stamp_kills_the_old_one_at_once_and_for_good() -> None:
    made = machine(A, A, B, C)
    run(made, 0, 100 * MS, {Member(3, 2): (0, 3, 0)})
    assert made.suspects == ((C, RESTARTED),)
    run(made, 100 * MS, 200 * MS, {C: (0, 9, 0)})
    assert made.suspects == ((C, RESTARTED),)


def test_who_breaks_the_bound_of_history_is_suspected_until_it_grows() -> None:
    made = machine(A, A, B, C)
    made.suspect_history(C, 0)
    assert made.suspects == ((C, HISTORY),)
    run(made, 0, 20 * MS, {C: (0, 4, 0)})
    assert made.suspects == ()


def test_suspicions_outlive_a_change() -> None:
    made = machine(A, A, B)
    made.suspect_history(B, 0)
    assert made.view.members == (A,)
    three = Contacts(A, founders(A, B, C), now_us=0, timing=Timing())
    three.suspect(C, HISTORY)
    three.follow(founders(A, B, C).successor(Plan(dropped=(B,)), first_tick=1), 5)
    assert three.is_suspected(C)


# Gates


@pytest.mark.parametrize(
    ("members", "own", "gossip", "dropped"),
    [
        ((A, B, C), (C,), {}, ()),
        ((A, B, C), (C,), {B: 0b100}, (C,)),
        ((A, B, C), (), {B: 0b100, C: 0b010}, ()),
        ((A, B), (B,), {}, (B,)),
        ((A, B, C, D), (C, D), {}, ()),
        ((A, B, C, D), (C, D), {B: 0b1100}, (C, D)),
        ((A, B, C, D), (D,), {B: 0b1000, C: 0b1000, D: 0b0111}, (D,)),
        ((A, B, C, D, E), (B, E), {B: 0b10000, C: 0b10000, D: 0b10000}, (E,)),
        ((A, B, C, D, E), (B, C), {D: 0b00010, E: 0b00110}, (B,)),
    ],
)
def test_a_quorum_must_suspect_and_none_of_it_be_dropped(
    members: tuple[Member, ...],
    own: tuple[Member, ...],
    gossip: dict[Member, int],
    dropped: tuple[Member, ...],
) -> None:
    view = founders(*members)
    contacts = Contacts(A, view, now_us=0, timing=Timing())
    for member, mask in gossip.items():
        contact = contacts.get(member)
        assert contact is not None
        contact.suspects = mask
    for member in own:
        contacts.suspect(member, SILENCE)
    assert contacts.to_drop(view) == dropped


def test_the_first_living_seat_begins_at_once_and_the_next_after_a_ballot_time() -> None:
    begun = {}
    for local in (A, B, C):
        made = machine(local, A, B, C, D)
        others = {member: (0, 9, 0b1000) for member in (A, B, C) if member != local}
        for now_us in range(0, 3000 * MS, STEP_US):
            for member, report in others.items():
                made.set_rtt(member, 20 * MS)
                made.handle_report(member, *report, now_us)
            made.handle_time(now_us)
            if prepares(made):
                begun[local] = now_us
                break
    assert begun == {A: 1000 * MS, B: 1200 * MS, C: 1400 * MS}


def test_a_promise_that_leads_to_nothing_is_finished_by_an_empty_change() -> None:
    made = machine(B, A, B, C)
    made.set_rtt(A, 20 * MS)
    made.set_rtt(C, 20 * MS)
    made.handle_message(A, message(A, Prepare(Ballot(3, *A), 9)), 0)
    assert sent(made) == [(A, Promise(Ballot(3, *A), 9, None))]
    assert made.status == "changing"
    for now_us in range(0, 1000 * MS, STEP_US):
        for member in (A, C):
            made.handle_report(member, 0, 9, 0, now_us)
        made.handle_time(now_us)
        if prepares(made):
            break
    # One ballot time for the other's ballot, one more because an older seat lives.
    assert now_us == 400 * MS
    made.handle_message(C, message(C, Promise(Ballot(4, *B), 9, None)), now_us)
    assert made.accepted_view is not None
    assert (made.accepted_view.reason, made.accepted_view.members) == ("empty", (A, B, C))


def test_a_core_that_lost_history_owns_no_ballot() -> None:
    made = machine(A, A, B)
    made.set_history_lost(is_lost=True)
    run(made, 0, 4000 * MS, {})
    assert made.view.epoch == 0
    made.set_history_lost(is_lost=False)
    events = run(made, 4000 * MS, 6000 * MS, {})
    assert [event.view.reason for _, event in events if isinstance(event, ViewInstalled)] == ["drop"]


def test_the_ballot_time_doubles_up_to_three_seconds() -> None:
    clock = BallotClock(Timing())
    lengths = []
    for _ in range(6):
        lengths.append(clock.length_us(0))
        clock.fail(0)
    assert lengths == [200_000, 400_000, 800_000, 1_600_000, 3_000_000, 3_000_000]
    clock.reset()
    assert clock.length_us(100_000) == 400_000


def test_prepare_is_repeated_until_it_is_answered() -> None:
    made = machine(A, A, B, C)
    made.set_rtt(B, 100 * MS)
    made.request_resync(B, 0)
    assert [receiver for receiver, _ in sent(made)] == [B, C]
    made.handle_message(C, message(C, Promise(Ballot(1, *A), 30, None)), 10 * MS)
    times = []
    for now_us in range(10 * MS, 400 * MS, STEP_US):
        made.handle_time(now_us)
        times += [now_us for receiver, body in sent(made) if isinstance(body, Prepare) and receiver == B]
    assert times == [50 * MS, 100 * MS, 150 * MS, 200 * MS, 250 * MS, 300 * MS, 350 * MS]


# Detached


def test_without_a_quorum_for_three_suspect_times_a_core_is_detached_until_it_hears_one() -> None:
    made = machine(B, A, B, C)
    events = run(made, 0, 3100 * MS, {})
    assert (3000 * MS, Detached()) in events
    assert (made.status, made.may_emit) == ("detached", False)
    assert (3100 * MS, Attached()) in run(made, 3100 * MS, 3200 * MS, {C: (0, 9, 0)})
    assert made.may_emit


# Backfill


def test_what_others_hold_and_we_lack_is_asked_for_in_turn() -> None:
    made = machine(A, A, B, C, held=5)
    for member in (B, C):
        made.set_rtt(member, 20 * MS)
    asked = []
    for now_us in range(0, 200 * MS, STEP_US):
        for member in (B, C):
            made.handle_report(member, 0, 9, 0, now_us)
        made.handle_time(now_us)
        asked += [(receiver, body) for receiver, body in sent(made)]
    assert {receiver for receiver, _ in asked} == {B, C}
    assert {body for _, body in asked} == {Need(6, 10)}


def test_inputs_are_kept_until_every_member_holds_them() -> None:
    made = machine(A, A, B, C, held=9)
    assert made.held_by_all == -1
    run(made, 0, STEP_US, {B: (0, 7, 0), C: (0, 4, 0)})
    assert made.held_by_all == 4


def test_time_may_pass_from_deadline_to_deadline() -> None:
    made = machine(A, A, B)
    now_us, steps = 0, 0
    while made.view.epoch == 0:
        now_us, steps = made.next_time_us(), steps + 1
        made.handle_time(now_us)
    assert (now_us, made.view.members) == (1000 * MS, (A,))
    assert steps < 100
