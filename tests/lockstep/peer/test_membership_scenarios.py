"""Scripts of what happens to a session, on a simulated network with the real machines in every core.

The fleet watches all cores while a script runs: one view an epoch, no confirmed tick ever taken back or told
differently. The scripts add what should come of it, and how soon.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from fuzz.fuzzers.membership_fleet import Fleet, Node, Wire
from lockstep.peer.membership import Membership
from lockstep.peer.membership_events import ChainLost, Detached, JoinRefused, Out, SendInputs, Suspected
from lockstep.peer.membership_messages import decode_message
from lockstep.peer.views import Member, Seat, View

CLEAN = Wire()
LOSSY = Wire(20_000, 15_000, 250, 50)
SECOND_US = 1_000_000


def fleet(count: int, *, seed: int = 1, wire: Wire = CLEAN) -> Fleet:
    ready = Fleet(seed, count, wire=wire)
    ready.run(300_000)
    return ready


def members(running: Fleet) -> list[Member]:
    return list(running.nodes)


def machine(running: Fleet, member: Member) -> Membership:
    return running.nodes[member].machine


def all_see(running: Fleet, expected: list[Member]) -> Callable[[], bool]:
    return lambda: all(list(node.machine.view.members) == expected for node in running.nodes.values())


def goes_on(running: Fleet, *, within_us: int = SECOND_US) -> None:
    """Every core confirms thirty ticks more."""
    before = {member: node.machine.confirmed for member, node in running.nodes.items()}
    running.run_until(
        lambda: all(node.machine.confirmed >= before[m] + 30 for m, node in running.nodes.items()),
        limit_us=within_us,
    )
    running.watch.finish()


def has(kind: type, seen: list[object]) -> bool:
    return any(isinstance(each, kind) for each in seen)


def watch_events(running: Fleet) -> dict[Member, list[object]]:
    """All events from now on, by core."""
    seen: dict[Member, list[object]] = {}
    handle = running.handle_event

    def note(node: Node, event: object) -> None:
        seen.setdefault(node.member, []).append(event)
        handle(node, event)  # type: ignore[arg-type]

    running.handle_event = note  # type: ignore[method-assign, assignment]
    return seen


# Joining and leaving


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_core_joins(count: int) -> None:
    running = fleet(count, wire=LOSSY)
    founders = members(running)
    newcomer = running.start_join(50, founders[-1])
    took_us = running.run_until(all_see(running, [*founders, newcomer]), limit_us=2 * SECOND_US)
    assert took_us > 0
    goes_on(running, within_us=2 * SECOND_US)
    seat = machine(running, founders[0]).view.seats[-1]
    assert seat.first_tick > machine(running, founders[0]).view.first_tick
    assert (seat.first_number, seat.address) == (2**32 - 10, "core:50")


def test_two_cores_join_at_once() -> None:
    running = fleet(2)
    founders = members(running)
    newcomers = {running.start_join(50, founders[0]), running.start_join(51, founders[1])}
    running.run_until(
        lambda: all(len(node.machine.view.seats) == 4 for node in running.nodes.values()),
        limit_us=2 * SECOND_US,
    )
    assert set(machine(running, founders[0]).view.members[2:]) == newcomers
    goes_on(running)


@pytest.mark.parametrize(("count", "leaver"), [(c, i) for c in (2, 3, 4) for i in range(c)])
def test_a_core_leaves_and_the_rest_goes_on(count: int, leaver: int) -> None:
    running = fleet(count, wire=LOSSY)
    founders = members(running)
    machine(running, founders[leaver]).request_leave(running.now_us)
    rest = [member for member in founders if member != founders[leaver]]
    running.run_until(lambda: members(running) == rest, limit_us=2 * SECOND_US)
    assert running.gone[founders[leaver]].out == "left"
    running.run_until(all_see(running, rest), limit_us=SECOND_US)
    goes_on(running)


def test_the_last_core_leaves_at_once() -> None:
    running = fleet(1)
    (only,) = members(running)
    machine(running, only).request_leave(running.now_us)
    running.step()
    assert running.gone[only].out == "left"


@pytest.mark.parametrize("count", [2, 3, 5])
def test_all_leave_at_once(count: int) -> None:
    running = fleet(count, wire=LOSSY)
    for member in members(running):
        machine(running, member).request_leave(running.now_us)
    running.run_until(lambda: not running.nodes, limit_us=4 * SECOND_US)
    assert {node.out for node in running.gone.values()} <= {"left", "unanswered"}


def test_a_leaver_that_nobody_answers_goes_after_two_seconds() -> None:
    running = fleet(3)
    leaver = members(running)[1]
    running.partition([leaver])
    machine(running, leaver).request_leave(running.now_us)
    took_us = running.run_until(lambda: leaver not in running.nodes, limit_us=3 * SECOND_US)
    assert running.gone[leaver].out == "unanswered"
    assert took_us >= 2 * SECOND_US


# Crashes


@pytest.mark.parametrize(
    ("count", "victim"), [(c, i) for c in (2, 3, 4, 5) for i in range(c) if (c, i) != (2, 0)]
)
@pytest.mark.parametrize("wire", [CLEAN, LOSSY], ids=["clean", "lossy"])
def test_a_crashed_core_is_dropped(count: int, victim: int, wire: Wire) -> None:
    running = fleet(count, wire=wire)
    rest = members(running)
    dead = rest.pop(victim)
    running.kill(dead)
    took_us = running.run_until(all_see(running, rest), limit_us=3 * SECOND_US)
    assert took_us >= SECOND_US
    goes_on(running)


def test_the_pause_after_a_crash_is_the_suspect_time_and_two_round_trips_in_the_median() -> None:
    pauses = []
    for seed in range(15):
        running = fleet(4, seed=seed, wire=Wire(20_000, 10_000, 250))
        running.kill(members(running)[seed % 4])
        running.figures.pauses_us.clear()
        running.run(3 * SECOND_US)
        pauses.append(max(running.figures.pauses_us))
    pauses.sort()
    assert pauses[len(pauses) // 2] <= SECOND_US + 2 * 50_000
    assert pauses[-1] <= SECOND_US + 8 * 200_000


def test_the_oldest_of_two_dies_and_the_younger_confirms_nothing_alone() -> None:
    running = fleet(2)
    oldest, younger = members(running)
    seen = watch_events(running)
    running.kill(oldest)
    running.run(100_000)
    confirmed = machine(running, younger).confirmed
    running.run(10 * SECOND_US)
    assert machine(running, younger).status == "detached"
    assert machine(running, younger).view.epoch == 0
    assert machine(running, younger).confirmed <= confirmed + 8
    assert has(Detached, seen[younger])
    assert not machine(running, younger).may_emit


def test_the_younger_of_two_that_should_survive_is_made_the_oldest() -> None:
    running = fleet(2)
    oldest, younger = members(running)
    machine(running, oldest).request_oldest(younger, running.now_us)
    running.run_until(all_see(running, [younger, oldest]), limit_us=SECOND_US)
    running.kill(oldest)
    running.run_until(all_see(running, [younger]), limit_us=2 * SECOND_US)
    goes_on(running)


def test_several_crash_at_once_and_one_view_drops_them() -> None:
    running = fleet(5)
    rest = members(running)
    for victim in (rest.pop(4), rest.pop(0)):
        running.kill(victim)
    running.run_until(all_see(running, rest), limit_us=3 * SECOND_US)
    assert machine(running, rest[0]).view.epoch == 1
    goes_on(running)


def test_half_with_the_oldest_goes_on_and_half_without_it_does_not() -> None:
    for dead, survives in (((2, 3), True), ((0, 1), False)):
        running = fleet(4)
        founders = members(running)
        for index in dead:
            running.kill(founders[index])
        running.run(6 * SECOND_US)
        for node in running.nodes.values():
            assert (node.machine.status == "active") == survives
            assert node.machine.view.epoch == int(survives)


def test_one_after_another_five_go_on_to_the_last() -> None:
    running = fleet(5)
    rest = members(running)
    while len(rest) > 1:
        running.kill(rest.pop() if len(rest) == 2 else rest.pop(0))
        running.run_until(all_see(running, rest), limit_us=3 * SECOND_US)
        goes_on(running)


def changes() -> list[tuple[str, str, int]]:
    """Who is killed, at what moment of its how-manieth message."""
    moments = ("before send", "after send", "after receipt")
    return list(itertools.product(("crash", "leave", "join"), moments, range(1, 6)))


@pytest.mark.parametrize(("kind", "moment", "count"), changes())
@pytest.mark.parametrize("role", [0, 1, 2, 3])
def test_killed_at_any_message_of_a_change_the_rest_goes_on(
    kind: str, moment: str, count: int, role: int
) -> None:
    running = fleet(4, seed=count)
    founders = members(running)
    if kind == "crash":
        running.kill(founders[3])
    elif kind == "leave":
        machine(running, founders[3]).request_leave(running.now_us)
    newcomer = running.start_join(50, founders[1]) if kind == "join" else founders[3]
    target = newcomer if role == 3 else founders[role]
    heard = 0

    def note(when: str, member: Member, data: bytes) -> None:
        nonlocal heard
        assert decode_message(data).epoch <= 2
        if (when, member) == (moment, target):
            heard += 1
            if heard == count:
                running.kill(target)

    running.on_message = note
    running.run(3 * SECOND_US)
    alive = sorted(running.nodes)
    if kind == "crash" and target in running.gone and target != founders[3]:
        # Two of four are dead: it goes on with the oldest, or if one was dropped before the other died.
        running.watch.finish()
        assert all(
            node.machine.status in ("active", "detached", "changing") for node in running.nodes.values()
        )
        return
    running.run_until(
        lambda: all(sorted(node.machine.view.members) == alive for node in running.nodes.values()),
        limit_us=8 * SECOND_US,
    )
    goes_on(running)


# False suspicions, cuts and partitions


def test_a_deaf_core_is_dropped_by_the_others_as_behind_and_drops_nobody() -> None:
    running = fleet(4)
    founders = members(running)
    seen = watch_events(running)
    for member in founders[1:]:
        running.cut(member, founders[0])
    running.run_until(
        lambda: all(
            list(node.machine.view.members) == founders[1:]
            for m, node in running.nodes.items()
            if m != founders[0]
        ),
        limit_us=4 * SECOND_US,
    )
    reasons = {each.reason for each in seen[founders[2]] if isinstance(each, Suspected)}
    assert "behind" in reasons
    assert machine(running, founders[0]).view.epoch == 0
    running.heal()
    running.run_until(lambda: founders[0] not in running.nodes, limit_us=2 * SECOND_US)
    assert running.gone[founders[0]].out == "dropped"
    back = running.start_join(founders[0].core_id, founders[1])
    running.run_until(all_see(running, [*founders[1:], back]), limit_us=2 * SECOND_US)
    assert machine(running, back).view.seats[-1].place == 0
    goes_on(running)


def test_a_core_that_nobody_hears_is_dropped_for_its_silence() -> None:
    running = fleet(3)
    founders = members(running)
    for member in founders[:2]:
        running.cut(founders[2], member)
    running.run_until(lambda: founders[2] not in running.nodes, limit_us=4 * SECOND_US)
    assert running.gone[founders[2]].out == "dropped"
    running.run_until(all_see(running, founders[:2]), limit_us=SECOND_US)
    goes_on(running)


@pytest.mark.parametrize("pair", list(itertools.permutations(range(3), 2)))
def test_two_cores_that_do_not_hear_each_other_play_on_through_the_third(pair: tuple[int, int]) -> None:
    for both in (False, True):
        running = fleet(3)
        founders = members(running)
        a, b = founders[pair[0]], founders[pair[1]]
        seen = watch_events(running)
        running.cut(a, b)
        if both:
            running.cut(b, a)
        running.run(4 * SECOND_US)
        assert all_see(running, founders)()
        assert any(has(SendInputs, events) for events in seen.values())
        goes_on(running, within_us=4 * SECOND_US)


def test_a_false_alarm_that_ends_in_time_changes_nothing_but_the_epoch() -> None:
    running = fleet(3)
    founders = members(running)
    running.run_until(lambda: machine(running, founders[0]).confirmed > 20, limit_us=SECOND_US)
    for member in founders:
        machine(running, member)._agreement.begin_ballot()
    running.run_until(
        lambda: all(node.machine.view.epoch >= 1 for node in running.nodes.values()), limit_us=2 * SECOND_US
    )
    assert machine(running, founders[0]).view.reason == "empty"
    assert all_see(running, founders)()
    goes_on(running)


def test_a_partition_leaves_one_side_and_the_other_detaches_and_comes_back() -> None:
    running = fleet(5)
    founders = members(running)
    seen = watch_events(running)
    running.partition(founders[3:])
    running.run(5 * SECOND_US)
    assert [machine(running, member).view.epoch for member in founders] == [1, 1, 1, 0, 0]
    assert machine(running, founders[3]).status == "detached"
    assert has(Detached, seen[founders[4]])
    running.heal()
    running.run_until(lambda: members(running) == founders[:3], limit_us=2 * SECOND_US)
    again = [running.start_join(member.core_id, founders[0]) for member in founders[3:]]
    running.run_until(
        lambda: all(len(node.machine.view.seats) == 5 for node in running.nodes.values()),
        limit_us=3 * SECOND_US,
    )
    assert set(machine(running, founders[0]).view.members) == {*founders[:3], *again}
    goes_on(running)


def test_a_partition_without_a_quorum_ends_as_if_nothing_had_been() -> None:
    running = fleet(4)
    founders = members(running)
    for side in ([founders[0]], [founders[1]], [founders[2]]):
        running.partition(side)
    running.run(8 * SECOND_US)
    assert all(node.machine.status == "detached" for node in running.nodes.values())
    assert all(node.machine.view.epoch == 0 for node in running.nodes.values())
    running.heal()
    goes_on(running, within_us=8 * SECOND_US)
    assert all_see(running, founders)()


def test_a_link_that_flaps_at_the_suspect_time_breaks_nothing() -> None:
    running = fleet(3)
    founders = members(running)
    for _ in range(6):
        running.partition([founders[2]] if founders[2] in running.nodes else [founders[1]])
        running.run(1_050_000)
        running.heal()
        running.run(300_000)
    running.run(2 * SECOND_US)
    goes_on(running, within_us=8 * SECOND_US)


# Other changes


def test_a_resync_is_an_empty_change_that_names_its_subject() -> None:
    running = fleet(3, wire=LOSSY)
    founders = members(running)
    machine(running, founders[1]).request_resync(founders[2], running.now_us)
    running.run_until(
        lambda: all(node.machine.view.epoch == 1 for node in running.nodes.values()), limit_us=2 * SECOND_US
    )
    view = machine(running, founders[0]).view
    assert (view.reason, view.subject, view.members) == ("resync", founders[2], tuple(founders))
    goes_on(running)
    assert machine(running, founders[1]).view.epoch == 1


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_drop_during_a_resync_comes_before_or_after_it(victim: int) -> None:
    running = fleet(4)
    founders = members(running)
    machine(running, founders[3]).request_resync(founders[3], running.now_us)
    running.kill(founders.pop(victim))
    running.run_until(all_see(running, founders), limit_us=4 * SECOND_US)
    reasons = [view.reason for view in machine(running, founders[0]).views]
    assert "resync" in reasons
    goes_on(running)


@pytest.mark.parametrize("victim", [0, 1, 2])
def test_a_join_and_a_drop_at_once(victim: int) -> None:
    running = fleet(3)
    founders = members(running)
    newcomer = running.start_join(50, founders[(victim + 1) % 3])
    running.kill(founders.pop(victim))
    running.run_until(all_see(running, [*founders, newcomer]), limit_us=4 * SECOND_US)
    goes_on(running)


def test_a_newcomer_that_dies_once_it_is_in_is_dropped_like_anyone() -> None:
    running = fleet(2)
    founders = members(running)
    newcomer = running.start_join(50, founders[0])
    running.run_until(
        lambda: machine(running, founders[0]).view.seat(newcomer) is not None, limit_us=2 * SECOND_US
    )
    running.kill(newcomer)
    running.run_until(all_see(running, founders), limit_us=3 * SECOND_US)
    goes_on(running)


def test_a_core_that_restarts_is_another_member_and_the_old_one_is_dropped_at_once() -> None:
    running = fleet(3)
    founders = members(running)
    running.kill(founders[1])
    back = running.start_join(founders[1].core_id, founders[0])
    took_us = running.run_until(all_see(running, [founders[0], founders[2], back]), limit_us=SECOND_US)
    assert took_us < 800_000
    assert machine(running, back).view.seats[-1].place == 1
    goes_on(running)


def test_a_stamp_used_before_is_refused() -> None:
    running = fleet(2)
    founders = members(running)
    left = running.start_join(50, founders[0])
    running.run_until(all_see(running, [*founders, left]), limit_us=2 * SECOND_US)
    machine(running, left).request_leave(running.now_us)
    running.run_until(all_see(running, founders), limit_us=2 * SECOND_US)
    seen = watch_events(running)
    running.stamps[50] -= 1
    assert running.start_join(50, founders[0]) == left
    running.run(SECOND_US)
    assert [each for each in seen[left] if isinstance(each, JoinRefused)] == [JoinRefused("stamp")]
    assert all(len(machine(running, member).view.seats) == 2 for member in founders)


def test_a_core_dropped_three_times_in_a_minute_waits() -> None:
    running = fleet(2)
    founders = members(running)
    for _ in range(3):
        newcomer = running.start_join(50, founders[0])
        running.run_until(all_see(running, [*founders, newcomer]), limit_us=3 * SECOND_US)
        running.kill(newcomer)
        running.run_until(all_see(running, founders), limit_us=3 * SECOND_US)
    newcomer = running.start_join(50, founders[0])
    took_us = running.run_until(
        lambda: newcomer in running.nodes and machine(running, newcomer).may_emit, limit_us=40 * SECOND_US
    )
    assert took_us > 25 * SECOND_US


def test_sixteen_are_all_and_the_next_is_told_so() -> None:
    running = fleet(16)
    founders = members(running)
    seen = watch_events(running)
    newcomer = running.start_join(50, founders[3])
    running.run(SECOND_US)
    assert [each for each in seen[newcomer] if isinstance(each, JoinRefused)] == [JoinRefused("full")]


def test_a_hundred_churns_in_a_row() -> None:
    running = fleet(2)
    first = members(running)
    for _ in range(100):
        newcomer = running.start_join(50, first[0])
        running.run_until(all_see(running, [*first, newcomer]), limit_us=2 * SECOND_US)
        machine(running, newcomer).request_leave(running.now_us)
        running.run_until(all_see(running, first), limit_us=2 * SECOND_US)
    goes_on(running)
    assert machine(running, first[0]).view.epoch == 200
    assert len(machine(running, first[0]).view.seen) == 3


def test_epochs_past_two_to_the_sixteenth() -> None:
    running = Fleet(1, 3, first_epoch=2**16 - 2, first_tick=2**31 - 100)
    running.run(300_000)
    founders = members(running)
    for epoch in range(2**16 - 1, 2**16 + 3):
        machine(running, founders[1]).request_resync(founders[0], running.now_us)
        running.run_until(
            lambda epoch=epoch: all(node.machine.view.epoch == epoch for node in running.nodes.values()),  # type: ignore[misc]
            limit_us=SECOND_US,
        )
    goes_on(running)


def test_a_core_more_than_the_chain_behind_has_to_join_anew() -> None:
    seats = tuple(Seat(Member(i, 1), i, 0, 0, "") for i in range(2))
    view = View.found(b"0123456789abcdef", seats)
    ahead, behind = (Membership(seat.member, view, now_us=0) for seat in seats)
    for now_us in range(66):
        ahead.request_resync(ahead.local, now_us)
        ahead.set_held(now_us, now_us, epoch=ahead.view.epoch)
    assert ahead.view.epoch == 66
    ahead.poll_messages()
    ahead.handle_report(behind.local, *behind.report(), 100)
    for _, data in ahead.poll_messages():
        behind.handle_message(ahead.local, data, 200)
    assert behind.poll_events() == [ChainLost(0)]


def test_the_certificate_of_a_view_is_enough_to_install_it() -> None:
    running = fleet(3)
    founders = members(running)
    late = Membership(founders[2], machine(running, founders[2]).view, now_us=0)
    machine(running, founders[0]).request_resync(founders[0], running.now_us)
    running.run_until(lambda: machine(running, founders[1]).view.epoch == 1, limit_us=SECOND_US)
    certificate = machine(running, founders[1]).certificate(1)
    assert certificate is not None
    late.set_held(1_000, 1, epoch=0)
    late.handle_message(founders[1], certificate, 2)
    assert late.view == machine(running, founders[1]).view
    assert not has(Out, list(late.poll_events()))
