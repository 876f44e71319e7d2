"""Whole cores on a virtual clock: joining, leaving, crashing, healing, and whatever a bad peer may send.

Method: real peers over the simulated network of ``fuzz.cluster``; what is asserted is what a user would see.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from fuzz.cluster import Cluster, Node, member_of
from lockstep.peer import frames, outputs, records
from lockstep.peer import membership_messages as messages
from lockstep.peer.outputs import CloseStream, SendFrame
from lockstep.peer.peer import Peer, PeerError
from lockstep.peer.simulation import Fault, FaultError
from lockstep.peer.status import Status
from lockstep.peer.views import Plan
from lockstep.session import SessionTerms
from lockstep.world import World
from lockstep.worlds.small import WORLD
from netcode.simulated_network import LinkModel

SECOND_US = 1_000_000
LAN = LinkModel(delay_us=1_000)
HOME = LinkModel(delay_us=30_000, jitter_us=8_000, loss_permille=50, reorder_permille=50)


def session_of(count: int, *, seed: int = 1, model: LinkModel = LAN) -> Cluster:
    """A session that one core founded and the others joined, one after another."""
    cluster = Cluster(WORLD, seed=seed, model=model)
    cluster.add_node(1)
    cluster.found([1])
    for number in range(2, count + 1):
        join(cluster, number)
    return cluster


def join(cluster: Cluster, number: int, *, contact: int = 1, stamp: int = 1) -> Node:
    node = cluster.add_node(number, stamp=stamp)
    cluster.join(number, contact)
    assert cluster.run_until(lambda: node.peer.status == Status.ACTIVE, limit_us=5 * SECOND_US), node.events
    return node


def events(node: Node, kind: type) -> list[object]:
    return [event for event in node.events if isinstance(event, kind)]


def assert_agree(cluster: Cluster) -> None:
    """All members come to agree on a check that is later than now."""
    tick = max(peer.session.tick for peer in cluster.active)

    def agreed() -> bool:
        return all(
            p.simulation is not None and p.simulation.checks.agreed_tick > tick for p in cluster.active
        )

    assert cluster.run_until(agreed, limit_us=10 * SECOND_US)
    assert all(not peer.is_disputed for peer in cluster.active)
    assert len({peer.view for peer in cluster.active}) == 1


@pytest.mark.parametrize("model", [LAN, HOME], ids=["lan", "home"])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_cores_join_play_and_agree(count: int, model: LinkModel) -> None:
    cluster = session_of(count, model=model)
    cluster.run(3 * SECOND_US)
    assert_agree(cluster)
    assert [seat.place for seat in cluster.active[0].view.seats] == list(range(count))
    assert all(peer.desyncs == 0 for peer in cluster.active)
    logs = [[entry for entry in peer.log.entries if entry.tick > 400] for peer in cluster.active]
    assert all(log == logs[0] for log in logs)


def test_newcomer_brings_no_stall_and_takes_over_the_world_as_it_is() -> None:
    cluster = session_of(2)
    cluster.run(2 * SECOND_US)
    late = join(cluster, 3)
    assert_agree(cluster)
    assert all(peer.stall_us_longest <= 50_000 for peer in cluster.active)
    progress = events(late, outputs.JoinProgress)
    assert progress and progress[-1].received == progress[-1].total  # type: ignore[attr-defined]
    assert late.peer.world.seed == cluster.seed


def test_two_newcomers_at_once_are_both_taken_in() -> None:
    cluster = session_of(2)
    for number in (3, 4):
        cluster.add_node(number)
        cluster.join(number, 1)
    assert cluster.run_until(lambda: len(cluster.active) == 4, limit_us=10 * SECOND_US)
    assert_agree(cluster)


def test_core_with_another_world_is_refused_with_the_term_that_differs() -> None:
    cluster = session_of(1)
    node = cluster.add_node(2)
    other = SessionTerms(check_interval=8)
    node.peer = Peer(
        World(WORLD, seed=1),
        member_of(2),
        terms=other,
        seed=bytes(16),
        address="2",
        now_us=node.clock_us(cluster.now_us),
    )
    node.peer._address = cluster.nodes[1].peer._address
    cluster.join(2, 1)
    cluster.run(SECOND_US)
    (refused,) = events(node, outputs.JoinRefused)
    assert isinstance(refused, outputs.JoinRefused)
    assert (refused.field, refused.ours, refused.theirs) == ("session.check_interval", "8", "16")
    assert node.peer.status == Status.OVER and len(cluster.active) == 1


def test_core_that_speaks_other_records_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = session_of(1)
    with monkeypatch.context() as patched:
        patched.setattr(records, "VERSION", 1)
        node = cluster.add_node(2)
    cluster.join(2, 1)
    cluster.run(SECOND_US)
    (refused,) = events(node, outputs.JoinRefused)
    assert isinstance(refused, outputs.JoinRefused)
    assert (refused.field, refused.ours, refused.theirs) == ("records", "1", str(records.VERSION))


def test_core_that_is_in_no_session_refuses() -> None:
    cluster = session_of(1)
    cluster.add_node(2)
    node = cluster.add_node(3)
    cluster.join(3, 2)
    cluster.run(SECOND_US)
    (refused,) = events(node, outputs.JoinRefused)
    assert isinstance(refused, outputs.JoinRefused) and "no_session" in refused.reason


@pytest.mark.parametrize("number", [1, 2, 3])
def test_leaving_is_quick_and_stops_nobody(number: int) -> None:
    cluster = session_of(3)
    leaver = cluster.nodes[number]
    cluster.leave(number)
    assert cluster.run_until(lambda: leaver.peer.status == Status.OVER, limit_us=SECOND_US)
    assert events(leaver, outputs.SessionOver) == [outputs.SessionOver("left")]
    cluster.remove(number)
    cluster.run(SECOND_US)
    assert_agree(cluster)
    assert all(peer.stall_us_longest < 250_000 and len(peer.view.seats) == 2 for peer in cluster.active)


def test_two_leave_at_the_same_moment() -> None:
    cluster = session_of(2)
    nodes = [cluster.nodes[number] for number in (1, 2)]
    for number in (1, 2):
        cluster.leave(number)
    assert cluster.run_until(lambda: all(n.peer.status == Status.OVER for n in nodes), limit_us=3 * SECOND_US)


def test_who_has_left_keeps_no_link_and_takes_no_stream() -> None:
    cluster = session_of(2)
    node = cluster.nodes[2]
    for local, stream in list(node.streams.items()):  # the link goes on by datagrams
        cluster._forget(2, stream)
        node.peer.handle_stream_closed(local, "broken")
    cluster.remove(1)
    cluster.leave(2)
    assert cluster.run_until(lambda: node.peer.status == Status.OVER, limit_us=5 * SECOND_US)
    assert list(node.peer.links()) == []
    assert node.peer.handle_stream_accepted(node.clock_us(cluster.now_us)) is None


def test_what_comes_with_a_refusal_opens_no_stream() -> None:
    """A view in the same moment as the refusal of a newcomer, which is over by then."""
    cluster = session_of(1)
    node = cluster.add_node(2)
    cluster.join(2, 1)
    assert cluster.run_until(lambda: node.peer.status == Status.FOLLOWING, limit_us=5 * SECOND_US)
    peer, one = node.peer, cluster.nodes[1].peer.identity
    assert peer.membership is not None
    view, held = peer.membership.view, peer.membership.held
    bodies = (
        messages.Nack(messages.REFUSED_FULL, None),
        messages.Commit(view.successor(Plan(), first_tick=held + 1), (one,)),
    )
    for body in bodies:
        message = messages.encode_message(messages.Message(view.lineage, view.epoch, one, body))
        peer._handle_membership(one, message, node.clock_us(cluster.now_us))
    cluster.run(3 * SECOND_US)
    assert peer.status == Status.OVER and list(peer.links()) == [] and not node.streams
    assert len(events(node, outputs.JoinRefused)) == 1


@pytest.mark.parametrize("end", [Cluster.leave, Cluster.remove])
def test_a_newcomer_hears_that_nobody_is_left(end: Callable[[Cluster, int], None]) -> None:
    """The only core of the session is gone before it has taken the newcomer in."""
    cluster = session_of(1)
    node = cluster.add_node(2)
    cluster.join(2, 1)
    assert cluster.run_until(lambda: node.peer.status == Status.FOLLOWING, limit_us=5 * SECOND_US)
    end(cluster, 1)
    cluster.run(6 * SECOND_US)
    assert node.peer.status == Status.FOLLOWING  # it may be a cut that heals
    assert cluster.run_until(lambda: node.peer.status == Status.OVER, limit_us=9 * SECOND_US)
    (refused,) = events(node, outputs.JoinRefused)
    assert refused.reason == "nobody of the session can be reached any more"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_crashed_core_is_dropped_and_the_others_play_on(number: int) -> None:
    cluster = session_of(3)
    cluster.run(SECOND_US)
    cluster.remove(number)
    assert cluster.run_until(
        lambda: all(len(p.view.seats) == 2 for p in cluster.active), limit_us=5 * SECOND_US
    )
    assert_agree(cluster)


def test_oldest_of_two_plays_on_when_the_other_crashes_and_takes_it_back() -> None:
    cluster = session_of(2)
    place = cluster.nodes[2].peer.view.seats[1].place
    cluster.remove(2)
    first = cluster.nodes[1].peer
    assert cluster.run_until(lambda: len(first.view.seats) == 1, limit_us=5 * SECOND_US)
    tick = first.session.tick
    cluster.run(SECOND_US)
    assert first.session.tick > tick + 50
    join(cluster, 2, stamp=2)
    assert_agree(cluster)
    assert first.view.seats[1].place == place


@pytest.mark.parametrize("damaged", [1, 2])
def test_flipped_bit_is_found_named_and_healed_while_the_other_plays_on(damaged: int) -> None:
    cluster = session_of(2)
    cluster.run(2 * SECOND_US)
    sick, well = cluster.nodes[damaged], cluster.nodes[3 - damaged]
    tick = sick.peer.session.tick + 3
    sick.peer.inject(Fault(tick, "slots", 1, "position_q24", lane=2, bit=9))
    assert cluster.run_until(lambda: sick.peer.resyncs == 1, limit_us=3 * SECOND_US)
    check = -(-tick // 16) * 16
    for node in (sick, well):
        (detected,) = events(node, outputs.DesyncDetected)
        assert isinstance(detected, outputs.DesyncDetected) and detected.tick == check
        (found,) = events(node, outputs.DesyncFound)
        assert isinstance(found, outputs.DesyncFound)
        assert (found.yielding, found.donor) == ((sick.peer.identity,), well.peer.identity)
        (named,) = events(node, outputs.DesyncNamed)
        assert isinstance(named, outputs.DesyncNamed)
        cells = {(cell.table, cell.row, cell.column, cell.lane) for cell in named.differences}
        assert ("slots", 1, "position_q24", 2) in cells
        cell = next(cell for cell in named.differences if cell.column == "position_q24")
        assert cell.ours != cell.theirs
    assert_agree(cluster)
    assert well.peer.stall_us_longest == 0 and well.peer.resyncs == 0


def test_majority_is_right_even_against_the_oldest() -> None:
    cluster = session_of(3)
    cluster.run(SECOND_US)
    oldest = cluster.nodes[1].peer
    oldest.inject(Fault(oldest.session.tick + 2, "slots", 0, "position_q24"))
    assert cluster.run_until(lambda: oldest.resyncs == 1, limit_us=3 * SECOND_US)
    assert_agree(cluster)
    assert [peer.resyncs for peer in cluster.active] == [1, 0, 0]


def test_second_desync_after_healing_is_healed_too() -> None:
    cluster = session_of(2)
    peer = cluster.nodes[2].peer
    for lane in (1, 2, 3):
        cluster.run(SECOND_US)
        healed = peer.resyncs
        peer.inject(Fault(peer.session.tick + 1, "slots", 0, "rotation_q30", lane=lane))
        assert cluster.run_until(lambda before=healed: peer.resyncs > before, limit_us=4 * SECOND_US)  # type: ignore[misc]
        assert_agree(cluster)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault(1, "nothing", 0, "x"), "table 'nothing'; allowed: world, "),
        (Fault(1, "slots", 0, "nothing"), "column 'nothing' of table 'slots'; allowed: "),
        (Fault(1, "slots", 0, "position_q24", lane=3), "lane 3"),
        (Fault(1, "slots", 0, "position_q24", bit=64), "bit 0 to 63"),
    ],
)
def test_fault_that_names_no_cell_is_refused(fault: Fault, message: str) -> None:
    cluster = session_of(1)
    with pytest.raises(FaultError, match=message):
        cluster.nodes[1].peer.inject(fault)


def test_wishes_out_of_turn_are_refused() -> None:
    cluster = session_of(1)
    with pytest.raises(PeerError, match="the core is active"):
        cluster.nodes[1].peer.join("2")
    idle = cluster.add_node(9).peer
    with pytest.raises(PeerError, match="no session"):
        idle.inject(Fault(1, "slots", 0, "position_q24"))


def hostile_frames(rng: random.Random) -> Iterator[tuple[int, bytes]]:
    kinds = [*range(4), *range(15, 23), 255]
    for _ in range(300):
        yield rng.choice(kinds), rng.randbytes(rng.randrange(0, 80))
    yield frames.WORLD_PART, b"x"
    yield frames.ASK_WORLD, b"\x82\x20\x20"
    yield frames.WORLD, b"\x84\x40\x00\x01\x40"


@pytest.mark.parametrize("seed", range(4))
def test_hostile_frames_close_their_stream_and_nothing_else(seed: int) -> None:
    cluster = session_of(2, seed=seed)
    rng = random.Random(seed)
    peer, clock_us = cluster.nodes[1].peer, cluster.nodes[1].clock_us(cluster.now_us)
    for kind, body in hostile_frames(rng):
        stream = peer.handle_stream_accepted(clock_us)
        assert stream is not None
        peer.handle_frame(stream, kind, body, clock_us)
        closing = [
            o for o in peer.poll_outputs() if isinstance(o, CloseStream | SendFrame) and o.stream == stream
        ]
        assert any(isinstance(output, CloseStream) for output in closing), (kind, body)
    assert_agree(cluster)


def test_hostile_frames_of_a_member_cost_that_member_its_link() -> None:
    cluster = session_of(2)
    node = cluster.nodes[1]
    clock_us = node.clock_us(cluster.now_us)
    (stream,) = node.streams
    node.peer.handle_frame(stream, frames.SEARCH, b"\xff", clock_us)
    node.peer.handle_frame(stream, frames.WORLD, b"\xff", clock_us)
    assert any(isinstance(output, CloseStream) for output in node.peer.poll_outputs())
    assert node.peer.links() == {}
    cluster.run(4 * SECOND_US)
    assert len(node.peer.view.seats) == 1 and node.peer.status == Status.ACTIVE


def test_streams_without_end_are_bounded() -> None:
    cluster = session_of(1)
    peer = cluster.nodes[1].peer
    opened = [peer.handle_stream_accepted(0) for _ in range(200)]
    assert opened.count(None) > 100
    node = cluster.nodes[1]
    cluster.run(6 * SECOND_US)
    assert peer.handle_stream_accepted(node.clock_us(cluster.now_us)) is not None
