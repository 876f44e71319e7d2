"""Cores that link, and then do their worst: each costs itself its link at most, never the session.

Method: one session of ``fuzz.cluster``; the hostile core is played by hand, frame by frame.
"""

from __future__ import annotations

import hashlib

import pytest

from fuzz.cluster import Cluster, Node, address_of, member_of
from lockstep.peer import frames, membership_messages
from lockstep.peer.desync import OUT_OF_TURN_MAX
from lockstep.peer.membership_codec import encode
from lockstep.peer.membership_messages import AskIn, Commit, Message
from lockstep.peer.outputs import CloseStream, DesyncNamed, OpenStream, SendFrame
from lockstep.peer.peer import Peer
from lockstep.peer.simulation import Fault
from lockstep.peer.status import Status
from lockstep.peer.views import Member, Plan, Seat
from lockstep.worlds.small import WORLD
from netcode.protocol import structured
from netcode.protocol.handshake import (
    KIND_HELLO,
    KIND_REFUSE,
    KIND_WELCOME,
    Introduction,
    encode_introduction,
)
from netcode.protocol.numbers import Emitter

SECOND_US = 1_000_000


def alone() -> tuple[Cluster, Node]:
    cluster = Cluster(WORLD, seed=1)
    node = cluster.add_node(1)
    cluster.found([1])
    cluster.run(SECOND_US)
    return cluster, node


def introduction(peer: Peer, member: Member, *, first_number: int = 0) -> bytes:
    return encode_introduction(
        Introduction(
            emitter=Emitter(*member),
            connection_id=7,
            address="10.0.0.9:7000",
            terms=peer._links._terms,
            application=first_number.to_bytes(8, "little"),
        )
    )


def join(cluster: Cluster, number: int, *, stamp: int = 1) -> Node:
    node = cluster.add_node(number, stamp=stamp)
    cluster.join(number, 1)
    assert cluster.run_until(lambda: node.peer.status == Status.ACTIVE, limit_us=5 * SECOND_US), node.events
    return node


def link(peer: Peer, member: Member, *, first_number: int = 0) -> int:
    """A stream over which that core has said HELLO."""
    stream = peer.handle_stream_accepted(0)
    assert stream is not None
    peer.handle_frame(stream, KIND_HELLO, introduction(peer, member, first_number=first_number), 0)
    return stream


def closed(peer: Peer) -> set[int]:
    return {output.stream for output in peer.poll_outputs() if isinstance(output, CloseStream)}


def test_numbers_that_cannot_be_followed_are_refused() -> None:
    cluster, node = alone()
    stream = link(node.peer, member_of(9), first_number=2**64 - 1)
    assert not node.peer.is_linked(stream) and stream in closed(node.peer)
    cluster.run(SECOND_US)


def test_core_that_welcomes_under_our_own_name_is_refused() -> None:
    cluster, _ = alone()
    node = cluster.add_node(2)
    node.peer.join(address_of(3))
    (opened,) = node.peer.poll_outputs()
    assert isinstance(opened, OpenStream)
    node.peer.handle_stream_opened(opened.stream, 0)
    node.peer.handle_frame(opened.stream, KIND_WELCOME, introduction(node.peer, node.peer.identity), 0)
    assert node.peer.status == Status.OVER


def test_strangers_that_come_and_go_leave_nothing_behind() -> None:
    cluster, node = alone()
    for number in range(300):
        stream = link(node.peer, member_of(100 + number))
        assert node.peer.is_linked(stream), number
        node.peer.handle_stream_closed(stream, "gone")
    assert node.peer.links() == {}
    cluster.run(SECOND_US)


def test_strangers_that_stay_do_not_exceed_what_links_there_may_be() -> None:
    cluster, node = alone()
    refused = 0
    for number in range(63):
        stream = link(node.peer, member_of(100 + number))
        refused += not node.peer.is_linked(stream)
    outputs = node.peer.poll_outputs()
    assert refused > 8
    assert sum(isinstance(o, SendFrame) and o.kind == KIND_REFUSE for o in outputs) == refused
    cluster.run(SECOND_US)


def test_questions_without_end_are_answered_with_measure() -> None:
    cluster, node = alone()
    join(cluster, 2)
    cluster.leave(2)
    cluster.run(3 * SECOND_US)
    cluster.remove(2)
    member = member_of(2)  # its stamp was used already, so every question of it is answered with a refusal
    stream = link(node.peer, member)
    asked = Message(node.peer.view.lineage, node.peer.view.epoch, member, AskIn("10.0.0.2:7000", 0, 2, 0, 0))
    for _ in range(5000):
        body = membership_messages.encode_message(asked)
        node.peer.handle_frame(stream, frames.MEMBERSHIP_FRAME, body, node.clock_us(cluster.now_us))
    cluster.run(SECOND_US)
    assert node.peer.status == Status.ACTIVE and node.peer.is_linked(stream)


def test_members_that_come_and_go_without_end_are_forgotten() -> None:
    cluster, node = alone()
    for stamp in range(1, 140):
        join(cluster, 2, stamp=stamp)
        cluster.leave(2)
        assert cluster.run_until(lambda: len(node.peer.view.seats) == 1, limit_us=SECOND_US)
        cluster.remove(2)
    assert node.peer.status == Status.ACTIVE


def test_newcomers_that_do_not_hear_each_other_yet_stop_nobody() -> None:
    cluster, node = alone()
    cluster.network.partition(2, 3)
    for number in (2, 3):
        cluster.add_node(number)
        cluster.join(number, 1)
    cluster.run(3 * SECOND_US)
    assert node.peer.stall_us_longest < SECOND_US
    cluster.network.heal(2, 3)
    assert cluster.run_until(lambda: len(cluster.active) == 3, limit_us=5 * SECOND_US)


@pytest.mark.parametrize("body", [b"\xff", structured.encode([0, 3, [], []])], ids=["nonsense", "stale"])
def test_search_message_that_came_before_a_mismatch_stops_nothing(body: bytes) -> None:
    cluster, node = alone()
    other = join(cluster, 2).peer
    (stream,) = node.streams
    cluster.run(SECOND_US)

    def say() -> None:
        if node.peer.desyncs == 0:
            node.peer.handle_frame(stream, frames.SEARCH, body, node.clock_us(cluster.now_us))

    other.inject(Fault(other.session.tick + 2, "slots", 0, "position_q24"))
    cluster.run(5 * SECOND_US, each=say)
    tick = node.peer.session.tick
    cluster.run(SECOND_US)
    assert node.peer.desyncs == 1 and node.peer.session.tick > tick + 30


@pytest.mark.parametrize("count", [1, OUT_OF_TURN_MAX, OUT_OF_TURN_MAX + 1])
def test_messages_of_another_search_cost_a_member_its_link_only_if_there_are_many(count: int) -> None:
    cluster, node = alone()
    other = join(cluster, 2).peer
    (stream,) = node.streams
    cluster.run(SECOND_US)
    stale = structured.encode([0, 3, [], []])
    others_search = structured.encode([1, 3, []])
    said = 0

    def say() -> None:
        nonlocal said
        if said < count and node.peer._desync._searches:
            said = count
            for number in range(count):
                body = others_search if number % 2 else stale
                node.peer.handle_frame(stream, frames.SEARCH, body, node.clock_us(cluster.now_us))

    other.inject(Fault(other.session.tick + 2, "slots", 0, "position_q24"))
    cluster.run(5 * SECOND_US, each=say)
    assert said == count
    assert node.peer.is_linked(stream) == (count <= OUT_OF_TURN_MAX)
    named = [event for event in node.events if isinstance(event, DesyncNamed)]
    assert len(named) == (count <= OUT_OF_TURN_MAX)


def test_strangers_search_for_nothing() -> None:
    cluster, node = alone()
    for number in range(20):
        stream = link(node.peer, member_of(100 + number))
        node.peer.handle_frame(stream, frames.SEARCH, bytes(1000), 0)
    assert not node.peer._desync._early
    cluster.run(SECOND_US)


def test_world_that_nobody_asked_for_costs_the_link() -> None:
    cluster, node = alone()
    stream = link(node.peer, member_of(9))
    node.peer.handle_frame(stream, frames.WORLD_PART, b"x", 0)
    assert stream in closed(node.peer) and not node.peer.is_linked(stream)
    again = link(node.peer, member_of(9))
    assert not node.peer.is_linked(again)
    cluster.run(SECOND_US)


@pytest.mark.parametrize(
    ("after", "seats"),
    [
        (0, (Seat(member_of(1), 0, 0, 0, "10.0.0.1:7000"),)),
        (1, (Seat(member_of(1), 0, 2**48, 0, "10.0.0.1:7000"),)),
        (1, (Seat(member_of(1), 0, 0, 2**63, "10.0.0.1:7000"),)),
        (1, (Seat(member_of(2), 0, 0, 0, "10.0.0.2:7000"),)),
    ],
    ids=["tick", "grace", "number", "self"],
)
def test_newcomer_refuses_a_world_that_cannot_be(after: int, seats: tuple[Seat, ...]) -> None:
    cluster, node = alone()
    newcomer = cluster.add_node(2)
    cluster.join(2, 1)
    seen = tuple((*seat.member, seat.place) for seat in seats)
    values = tuple(_seat(seat) for seat in seats)
    tick = node.peer.world.tick
    view = encode((bytes(16), 0, tick - after, values, seen, "found", None, None))
    data = node.peer.world.tables.encode(node.peer.world.tables.snapshot())
    header = structured.encode([view, tick, len(data), hashlib.sha256(data).digest()])
    assert cluster.run_until(lambda: bool(newcomer.peer._fetch._asked), limit_us=SECOND_US)
    (stream,) = newcomer.streams
    newcomer.peer.handle_frame(stream, frames.WORLD, header, 0)
    for first in range(0, len(data), frames.PART_SIZE):
        newcomer.peer.handle_frame(stream, frames.WORLD_PART, data[first : first + frames.PART_SIZE], 0)
    assert newcomer.peer.status == Status.OVER


def _seat(seat: Seat) -> tuple[int, int, int, int, int, str]:
    return (*seat.member, seat.place, seat.first_tick, seat.first_number, seat.address)


def test_forged_view_below_what_is_confirmed_is_refused() -> None:
    cluster, node = alone()
    join(cluster, 2)
    join(cluster, 3)
    cluster.run(SECOND_US)
    peer = node.peer
    stream = link(peer, member_of(9))
    forged = peer.view.successor(Plan(), first_tick=peer.view.first_tick + 1)
    commit = Commit(forged, peer.view.members)
    message = Message(peer.view.lineage, peer.view.epoch, member_of(9), commit)
    body = membership_messages.encode_message(message)
    peer.handle_frame(stream, frames.MEMBERSHIP_FRAME, body, node.clock_us(cluster.now_us))
    assert not peer.is_linked(stream)
    assert peer.view.epoch == forged.epoch - 1
