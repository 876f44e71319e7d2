"""Views as data: quorums, successors, places and stamps, ranges of updates, and their one encoding."""

from __future__ import annotations

import dataclasses
import itertools

import pytest

from lockstep.peer.membership_codec import MessageRefused
from lockstep.peer.views import (
    SEAT_COUNT_MAX,
    SEEN_COUNT_MAX,
    InputRange,
    Member,
    Newcomer,
    Parent,
    Plan,
    Seat,
    Seen,
    View,
    input_ranges,
)

LINEAGE = b"0123456789abcdef"
A, B, C, D = (Member(core_id, 5) for core_id in (40, 30, 20, 10))


def founders(*members: Member, first_tick: int = 0) -> View:
    seats = tuple(Seat(m, i, first_tick, 2**32 - 10, f"host:{i}") for i, m in enumerate(members))
    return View.found(LINEAGE, seats, first_tick=first_tick)


def coming(member: Member, *, grace: int = 3) -> Plan:
    return Plan(newcomer=Newcomer(member, "host:9", 7, grace))


TRIO = founders(A, B, C)


def subsets(view: View) -> list[tuple[Member, ...]]:
    counts = range(len(view.members) + 1)
    return [each for count in counts for each in itertools.combinations(view.members, count)]


@pytest.mark.parametrize("count", range(1, 9))
def test_any_two_quorums_share_a_member(count: int) -> None:
    view = founders(*(Member(core_id, 1) for core_id in range(count)))
    quorums = [set(each) for each in subsets(view) if view.is_quorum(each)]
    assert quorums
    assert all(a & b for a in quorums for b in quorums)


def test_exactly_half_is_a_quorum_with_the_oldest_only() -> None:
    view = founders(A, B, C, D)
    assert view.is_quorum((A, D))
    assert not view.is_quorum((B, C))
    assert not view.is_quorum((A, Member(99, 1)))


def test_two_members_confirm_only_together() -> None:
    view = founders(A, B)
    assert view.is_quorum((A,))
    assert not view.is_enough_to_confirm((A,))
    assert view.is_enough_to_confirm((A, B))
    assert TRIO.is_enough_to_confirm((B, C))
    assert founders(A).is_enough_to_confirm((A,))


def test_held_is_the_least_of_the_seats_and_neutral_below_their_first_tick() -> None:
    view = TRIO.successor(coming(D, grace=5), first_tick=10)
    assert view.held({A: 30, B: 12, C: 40}) == 12
    assert view.held({A: 30, B: 20, C: 40}) == 14
    assert view.held({A: 30, B: 20, C: 40, D: 16}) == 16


def test_a_newcomer_sits_last_with_its_inputs_after_the_grace() -> None:
    view = TRIO.successor(coming(D, grace=5), first_tick=10)
    assert (view.epoch, view.first_tick, view.reason, view.subject) == (1, 10, "join", D)
    assert view.seats[3] == Seat(D, 3, 15, 7, "host:9")
    assert view.stamp_seen(10) == 5
    assert TRIO.stamp_seen(10) == -1


def test_a_place_is_kept_for_a_core_that_comes_back() -> None:
    without_b = TRIO.successor(Plan(dropped=(B,)), first_tick=1)
    with_d = without_b.successor(coming(D), first_tick=2)
    with_b = with_d.successor(coming(Member(30, 6)), first_tick=3)
    assert (with_b.seats[2].place, with_b.seats[3].place) == (3, 1)


def test_the_last_free_place_may_be_one_that_is_kept() -> None:
    full = founders(*(Member(core_id, 1) for core_id in range(100, 100 + SEAT_COUNT_MAX)))
    missing = full.successor(Plan(dropped=(Member(104, 1),)), first_tick=1)
    assert missing.successor(coming(D), first_tick=2).seats[-1].place == 4
    assert not full.can_seat(D)
    assert full.can_seat(D, without=(Member(104, 1),))


def test_a_stamp_is_never_taken_twice() -> None:
    left = TRIO.successor(Plan(leavers=(B,)), first_tick=1)
    assert not left.can_seat(B)
    assert not left.can_seat(Member(30, 4))
    assert left.can_seat(Member(30, 6))
    assert not TRIO.can_seat(Member(30, 6))


def test_more_cores_than_can_be_remembered_are_not_taken_in() -> None:
    seen = tuple(sorted((Seen(*A, 0), *(Seen(1000 + i, 1, 1) for i in range(SEEN_COUNT_MAX - 1)))))
    view = View(LINEAGE, 9, 0, (Seat(A, 0, 0, 0, ""),), seen, "empty", None)
    assert not view.can_seat(D)
    assert view.can_seat(Member(1000, 2))
    assert len(view.encode()) < 32 * 1024


@pytest.mark.parametrize(
    ("plan", "reason", "subject", "members"),
    [
        (Plan(), "empty", None, (A, B, C)),
        (Plan(leavers=(A,)), "leave", A, (B, C)),
        (Plan(dropped=(B, C)), "drop", B, (A,)),
        (Plan(leavers=(B,), dropped=(C,)), "leave+drop", B, (A,)),
        (Plan(dropped=(C,), newcomer=coming(D).newcomer), "drop+join", D, (A, B, D)),
        (Plan(resync=C), "resync", C, (A, B, C)),
        (Plan(oldest=C), "order", C, (C, A, B)),
    ],
)
def test_what_a_plan_makes(
    plan: Plan, reason: str, subject: Member | None, members: tuple[Member, ...]
) -> None:
    view = TRIO.successor(plan, first_tick=4)
    assert (view.reason, view.subject, view.members) == (reason, subject, members)
    assert View.decode(view.encode()) == view


def test_views_encode_and_decode_to_the_same() -> None:
    view = dataclasses.replace(TRIO, parent=Parent(bytes(16), 7, -1))
    for each in (TRIO, view, founders(Member(2**64 - 1, 2**32 - 1), first_tick=2**40)):
        assert View.decode(each.encode()) == each
        assert len(each.digest()) == 32
    assert view.digest() != TRIO.digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"lineage": b"short"},
        {"epoch": -1},
        {"epoch": 1},
        {"first_tick": -1},
        {"seats": ()},
        {"seats": (TRIO.seats[0], TRIO.seats[0])},
        {"seats": (dataclasses.replace(TRIO.seats[0], place=16),)},
        {"seats": (dataclasses.replace(TRIO.seats[0], place=2),)},
        {"seats": (dataclasses.replace(TRIO.seats[0], address="x" * 65),)},
        {"seats": (dataclasses.replace(TRIO.seats[0], address="caf\u00e9"),)},
        {"seats": (dataclasses.replace(TRIO.seats[0], first_number=-1),)},
        {"seats": (dataclasses.replace(TRIO.seats[0], member=Member(40, 2**32)),)},
        {"seen": TRIO.seen[:2]},
        {"seen": (*TRIO.seen[1:], TRIO.seen[0])},
        {"seen": (*TRIO.seen, TRIO.seen[2])},
        {"reason": "because"},
        {"reason": "join"},
        {"subject": Member(-1, 0)},
    ],
)
def test_a_view_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    wrong = dataclasses.replace(TRIO, **changes)  # type: ignore[arg-type]
    with pytest.raises(MessageRefused):
        View.decode(wrong.encode())


def altered(view: View, **changes: object) -> View:
    return dataclasses.replace(view, **changes)  # type: ignore[arg-type]


AFTER = TRIO.successor(coming(D), first_tick=8)


@pytest.mark.parametrize(
    "wrong",
    [
        altered(AFTER, lineage=bytes(16)),
        altered(AFTER, epoch=2),
        altered(AFTER, reason="drop"),
        altered(AFTER, reason="empty"),
        altered(AFTER, seats=(AFTER.seats[1], AFTER.seats[0], *AFTER.seats[2:])),
        altered(AFTER, seats=(AFTER.seats[3], *AFTER.seats[:3])),
        altered(AFTER, seats=(dataclasses.replace(AFTER.seats[0], first_tick=1), *AFTER.seats[1:])),
        altered(AFTER, seats=(*AFTER.seats[:3], dataclasses.replace(AFTER.seats[3], first_tick=7))),
        altered(AFTER, seats=AFTER.seats[3:]),
        altered(AFTER, seen=(*AFTER.seen, Seen(99, 1, 4))),
        altered(TRIO.successor(Plan(oldest=C), first_tick=8), subject=B),
        altered(TRIO.successor(Plan(), first_tick=8), seen=TRIO.seen[1:]),
        altered(founders(A, B, C, D), epoch=1, reason="join", seen=()),
    ],
)
def test_a_view_that_cannot_follow_is_refused(wrong: View) -> None:
    with pytest.raises(MessageRefused):
        TRIO.check_successor(wrong)


def test_a_view_never_begins_before_the_one_before() -> None:
    with pytest.raises(MessageRefused):
        AFTER.check_successor(altered(AFTER.successor(Plan(), first_tick=8), first_tick=7))


def test_ranges_of_updates_follow_the_seats_through_the_chain() -> None:
    first = 2**32 - 10
    dropped = AFTER.successor(Plan(dropped=(B,)), first_tick=20)
    assert input_ranges((TRIO, AFTER, dropped), 5, 25) == (
        InputRange(D, 11, 7, 21),
        InputRange(C, 5, first + 5, first + 25),
        InputRange(B, 5, first + 5, first + 20),
        InputRange(A, 5, first + 5, first + 25),
    )
    assert input_ranges((TRIO, AFTER, dropped), 8, 11) == (
        InputRange(C, 8, first + 8, first + 11),
        InputRange(B, 8, first + 8, first + 11),
        InputRange(A, 8, first + 8, first + 11),
    )
