"""Whole fleets of endpoints under faults: every update of every emitter arrives exactly once and in order.

The fleet asserts the order at each delivery; each test here states the faults and what must be true
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netcode import (
    DEFAULT,
    Emitter,
    Endpoint,
    HistoryExceeded,
    LinkHeard,
    LinkSilent,
    RelayDone,
    UpdateReceived,
)
from netcode.limits import Limits
from netcode.simulated_network import LinkModel

FIRST_NUMBER = 2**32 - 10
BAD = LinkModel(
    delay_us=40_000,
    jitter_us=30_000,
    loss_permille=250,
    duplicate_permille=100,
    reorder_permille=150,
    reorder_us=80_000,
)
MakeFleet = Callable[..., Any]


@pytest.mark.parametrize("seed", range(8))
def test_a_quarter_lost_reordered_duplicated_everything_arrives_once_in_order(
    make_fleet: MakeFleet, seed: int
) -> None:
    fleet = make_fleet(2 + seed % 3, seed, BAD, from_first_held=bool(seed & 1))
    fleet.run(300)
    fleet.run(60, None)
    fleet.assert_all_delivered()
    assert fleet.network.datagrams_lost > 100
    assert fleet.datagrams_max == 1


@pytest.mark.parametrize("seed", range(4))
def test_many_large_updates_need_requests_and_still_arrive(make_fleet: MakeFleet, seed: int) -> None:
    def payload(node: int, tick: int) -> bytes:
        return bytes((node * 31 + tick * 7 + index * (tick % 5 + 1)) & 0xFF for index in range(tick % 900))

    fleet = make_fleet(2, seed, BAD)
    fleet.run(150, payload, updates_per_tick=3)
    fleet.run(150, None)
    fleet.assert_all_delivered()
    assert fleet.endpoints[0].farness(1).backlog == 0


def test_history_is_flushed_once_everyone_has_acknowledged(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(3, 5, BAD)
    fleet.run(200)
    fleet.network.partition(0, 2)
    fleet.run(100)
    first, end = fleet.endpoints[0].held(fleet.emitters[0])
    assert end == FIRST_NUMBER + 300
    assert first < FIRST_NUMBER + 200, "what node 2 lacks is held"
    fleet.network.heal(0, 2)
    fleet.run(60, None)
    fleet.assert_all_delivered()
    for node, emitter in enumerate(fleet.emitters):
        assert fleet.endpoints[node].held(emitter) == (FIRST_NUMBER + 300, FIRST_NUMBER + 300)


def test_keep_from_holds_acknowledged_updates_for_a_newcomer(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(3, 6, LinkModel(delay_us=20_000), linked=False)
    fleet.link(0, 1)
    fleet.link(1, 0)
    for endpoint in fleet.endpoints[:2]:
        endpoint.keep_from(endpoint.local, FIRST_NUMBER + 50)
    fleet.run(100, lambda node, tick: b"" if node == 2 else bytes((tick,)))
    assert fleet.endpoints[0].held(fleet.emitters[0])[0] == FIRST_NUMBER + 50
    wanted = FIRST_NUMBER + 60
    fleet.received[2][fleet.emitters[0]] = [b""] * 60
    fleet.link(0, 2)
    fleet.link(2, 0, wanted)
    fleet.run(20, None)
    assert fleet.received[2][fleet.emitters[0]][60:] == fleet.emitted[0][60:]
    fleet.endpoints[0].keep_from(fleet.emitters[0], FIRST_NUMBER + 90)
    fleet.run(1, None)
    assert fleet.endpoints[0].held(fleet.emitters[0])[0] == FIRST_NUMBER + 90


def test_a_straggler_beyond_the_history_is_told_and_does_not_stop_the_others(make_fleet: MakeFleet) -> None:
    limits = Limits(history_count_max=64, base_count_kept=40, redundancy_count_max=30)
    fleet = make_fleet(3, 7, LinkModel(delay_us=10_000), limits=limits)
    fleet.run(50)
    fleet.network.partition(0, 2)
    fleet.run(100)
    exceeded = [event for event in fleet.events[0] if isinstance(event, HistoryExceeded)]
    assert [(event.link, event.emitter) for event in exceeded] == [(2, fleet.emitters[0])]
    assert exceeded[0].wanted < exceeded[0].first
    assert fleet.received[1][fleet.emitters[0]] == fleet.emitted[0][:-1]


def test_a_third_node_relays_what_a_cut_path_cannot_carry(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(3, 8, BAD)
    fleet.run(100)
    fleet.run(40, None)
    fleet.network.partition(0, 1)
    fleet.run(100)
    a, b, _ = fleet.emitters
    before = len(fleet.received[1][a])
    fleet.endpoints[2].relay(1, a, FIRST_NUMBER + before, FIRST_NUMBER + 200)
    fleet.endpoints[2].relay(0, b, FIRST_NUMBER + before)
    fleet.run(60, None)
    assert before == 100
    fleet.assert_all_delivered()
    assert RelayDone(1, a, FIRST_NUMBER + 200) in fleet.events[2]
    # Without an end it goes on forwarding.
    fleet.run(50)
    fleet.run(60, None)
    assert fleet.received[0][b] == fleet.emitted[1]
    assert len(fleet.received[1][a]) == 200


def test_silence_and_return_are_events(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 9, LinkModel(delay_us=10_000))
    fleet.run(30)
    fleet.network.partition(0, 1)
    fleet.run(70)
    fleet.network.heal(0, 1)
    fleet.run(30)
    kinds = [type(event) for event in fleet.events[0]]
    assert kinds == [LinkHeard, LinkSilent, LinkHeard]
    silent = next(event for event in fleet.events[0] if isinstance(event, LinkSilent))
    assert DEFAULT.silence_us_min < silent.silent_us < DEFAULT.silence_us_min + 40_000
    fleet.run(10, None)
    fleet.assert_all_delivered()


def test_steady_state_is_one_datagram_a_link_and_tick_below_5000_bytes_a_second(
    make_fleet: MakeFleet,
) -> None:
    for delay_us in (0, 50_000):
        fleet = make_fleet(2, 10, LinkModel(delay_us=delay_us), record=b"twelve bytes")
        fleet.run(60)
        before = fleet.endpoints[0].farness(1)
        fleet.run(600)
        after = fleet.endpoints[0].farness(1)
        assert after.packets_out - before.packets_out == 600
        assert fleet.datagrams_max == 1
        bytes_a_second = (after.bytes_out_ipv4 - before.bytes_out_ipv4) // 10
        assert bytes_a_second < 4600, bytes_a_second
        assert after.rtt_us in range(2 * delay_us, 2 * delay_us + 40_000)


def test_an_idle_link_beats_and_falls_silent_otherwise(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 11, LinkModel(delay_us=10_000))
    fleet.run(20)
    fleet.run(30, None)
    before = fleet.endpoints[0].farness(1).packets_out
    fleet.run(60, None)
    assert fleet.endpoints[0].farness(1).packets_out - before == 10


def test_a_lost_tail_is_repeated_without_anything_new(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 12, LinkModel(delay_us=10_000))
    fleet.run(20)
    fleet.network.partition(0, 1)
    fleet.emit(0, b"x" * 1000)
    fleet.run(2, None)
    fleet.network.heal(0, 1)
    fleet.run(10, None)
    fleet.assert_all_delivered()


def test_requests_are_not_answered_twice_within_a_round_trip(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 13, LinkModel(delay_us=50_000))
    fleet.run(60)

    def payload(node: int, tick: int) -> bytes:
        return bytes(tick * 3 + index * 7 & 0xFF for index in range(900)) if node == 0 else b""

    fleet.run(10, payload)
    fleet.network.set_link(0, 1, LinkModel(delay_us=50_000, loss_permille=1000), one_way=True)
    fleet.run(1, payload)
    fleet.network.set_link(0, 1, LinkModel(delay_us=50_000), one_way=True)
    before = fleet.endpoints[0].farness(1).bytes_out
    fleet.run(30, payload)
    fleet.run(30, None)
    fleet.assert_all_delivered()
    repeated = fleet.endpoints[0].farness(1).bytes_out - before - 30 * 900
    assert repeated < 900 * 2 + 60 * 60, "the lost one is sent again once, besides headers and beats"


def test_a_link_can_be_removed_and_its_peer_forgotten(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 14, LinkModel(delay_us=5_000))
    fleet.run(30)
    fleet.run(10, None)
    stranger = Emitter(99, 1)
    fleet.endpoints[0].add_link(
        5, stranger, local_connection_id=77, remote_connection_id=78, now_us=fleet.now_us, next_number=None
    )
    assert fleet.endpoints[0].links() == (1, 5)
    fleet.endpoints[0].remove_link(5)
    fleet.endpoints[0].forget(stranger)
    assert fleet.endpoints[0].links() == (1,)


@pytest.mark.parametrize("seed", range(3))
def test_a_star_forwards_everything_in_one_datagram_a_link_and_tick(make_fleet: MakeFleet, seed: int) -> None:
    model = LinkModel(delay_us=20_000, jitter_us=20_000, loss_permille=150, duplicate_permille=50)
    fleet = make_fleet(5, seed, model, linked=False)
    leaves = range(1, 5)
    for leaf in leaves:
        fleet.link(0, leaf)
        fleet.link(leaf, 0)
        for other in leaves:
            if other != leaf:
                fleet.endpoints[leaf].follow(fleet.emitters[other], FIRST_NUMBER)
    for leaf in leaves:
        for other in leaves:
            if other != leaf:
                fleet.endpoints[0].relay(leaf, fleet.emitters[other], FIRST_NUMBER)
    fleet.run(200)
    fleet.run(80, None)
    fleet.assert_all_delivered()
    assert fleet.datagrams_max == 1


def test_what_is_kept_of_others_can_be_let_go(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 1, LinkModel(delay_us=5_000))
    fleet.run(400)
    endpoint, other = fleet.endpoints[0], fleet.emitters[1]
    assert endpoint.held(other)[0] == FIRST_NUMBER
    endpoint.keep_from(other, FIRST_NUMBER + 100)
    assert endpoint.held(other)[0] == FIRST_NUMBER + 100
    endpoint.keep_from(other, FIRST_NUMBER + 390)
    first, end = endpoint.held(other)
    assert end - first == DEFAULT.base_count_kept, "a late datagram finds its base"
    fleet.run(30)
    fleet.run(10, None)
    fleet.assert_all_delivered()


def test_a_relay_of_what_is_not_held_is_told(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(3, 1, LinkModel(delay_us=5_000))
    fleet.run(300)
    endpoint, other = fleet.endpoints[0], fleet.emitters[1]
    endpoint.keep_from(other, FIRST_NUMBER + 100)
    endpoint.relay(2, other, FIRST_NUMBER + 99)
    fleet.run(2)
    assert HistoryExceeded(2, other, FIRST_NUMBER + 99, FIRST_NUMBER + 100) in fleet.events[0]


def test_a_newcomer_starts_in_the_middle_after_a_snapshot(make_fleet: MakeFleet) -> None:
    fleet = make_fleet(2, 1, BAD)
    for endpoint in fleet.endpoints:
        for emitter in fleet.emitters:
            endpoint.keep_from(emitter, FIRST_NUMBER + 40)
    fleet.run(120)
    joined = Emitter(99, 1)
    wanted = FIRST_NUMBER + 50
    newcomer = Endpoint(joined, first_number=0)
    received = []
    fleet.endpoints[0].add_link(
        9, joined, local_connection_id=900, remote_connection_id=901, now_us=fleet.now_us, next_number=0
    )
    newcomer.add_link(
        0,
        fleet.emitters[0],
        local_connection_id=901,
        remote_connection_id=900,
        now_us=fleet.now_us,
        next_number=wanted,
    )
    newcomer.follow(fleet.emitters[1], wanted)
    fleet.endpoints[0].relay(9, fleet.emitters[1], wanted)
    for _ in range(20):
        fleet.now_us += 16_667
        newcomer.flush(fleet.now_us)
        for _, data in newcomer.poll_datagrams():
            fleet.endpoints[0].handle_datagram(data, fleet.now_us)
        fleet.endpoints[0].flush(fleet.now_us)
        for link, data in fleet.endpoints[0].poll_datagrams():
            if link == 9:
                newcomer.handle_datagram(data, fleet.now_us)
        received += [event for event in newcomer.poll_events() if isinstance(event, UpdateReceived)]
    for emitter, emitted in ((fleet.emitters[0], fleet.emitted[0]), (fleet.emitters[1], fleet.emitted[1])):
        numbers = [event.number for event in received if event.emitter == emitter]
        assert numbers == list(range(wanted, wanted + len(numbers)))
        held = fleet.endpoints[0].held(emitter)[1] - FIRST_NUMBER
        assert [event.payload for event in received if event.emitter == emitter] == emitted[50:held]
