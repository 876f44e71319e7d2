"""Streams that break and cores that vanish at every stage of joining and healing: nobody is stuck for it.

Method: real peers over the simulated network of ``fuzz.cluster``; streams are closed under them.
"""

from __future__ import annotations

import pytest

from fuzz.cluster import Cluster, Node
from lockstep.peer import frames
from lockstep.peer.peer import Peer
from lockstep.peer.simulation import Fault
from lockstep.peer.status import Status
from lockstep.session import SessionTerms
from lockstep.worlds.small import WORLD
from netcode.simulated_network import LinkModel

SECOND_US = 1_000_000
LAN = LinkModel(delay_us=1_000)


def session_of(count: int, *, model: LinkModel = LAN, terms: SessionTerms | None = None) -> Cluster:
    cluster = Cluster(WORLD, seed=3, model=model, terms=terms)
    cluster.add_node(1)
    cluster.found([1])
    for number in range(2, count + 1):
        node = cluster.add_node(number)
        cluster.join(number, 1)
        assert cluster.run_until(lambda node=node: node.peer.status == Status.ACTIVE, limit_us=5 * SECOND_US)  # type: ignore[misc]
    return cluster


def cut_streams(cluster: Cluster, first: int, second: int) -> int:
    """Close every stream between two cores, as a broken connection does; how many there were."""
    shared = set(cluster.nodes[first].streams.values()) & set(cluster.nodes[second].streams.values())
    for stream in sorted(shared):
        cluster.network.close_stream(stream, first)
        local = cluster._sides[first, stream]
        cluster._forget(first, stream)
        cluster.nodes[first].peer.handle_stream_closed(local, "broken")
    return len(shared)


def agree(cluster: Cluster) -> bool:
    tick = max(peer.session.tick for peer in cluster.active)

    def agreed() -> bool:
        return all(p.simulation and p.simulation.checks.agreed_tick > tick for p in cluster.active)

    return cluster.run_until(agreed, limit_us=10 * SECOND_US)


def damage(peer: Peer) -> None:
    peer.inject(Fault(peer.session.tick + 2, "slots", 0, "position_q24"))


def joining(cluster: Cluster, number: int) -> Node:
    node = cluster.add_node(number)
    cluster.join(number, 1)
    return node


def test_broken_stream_is_opened_anew_and_serves_for_healing() -> None:
    cluster = session_of(2)
    assert cut_streams(cluster, 1, 2) == 1
    cluster.run(3 * SECOND_US)
    sick = cluster.nodes[2].peer
    assert [len(cluster.nodes[number].streams) for number in (1, 2)] == [1, 1]
    assert len(sick.links()) == 1 and len(sick.view.seats) == 2
    damage(sick)
    assert cluster.run_until(lambda: sick.resyncs == 1, limit_us=4 * SECOND_US)
    assert agree(cluster)


@pytest.mark.parametrize("lost", [1, 2])
def test_state_comes_from_another_donor_when_one_is_cut_off(lost: int) -> None:
    cluster = session_of(3, model=LinkModel(delay_us=40_000))
    sick = cluster.nodes[3].peer
    damage(sick)
    assert cluster.run_until(lambda: sick.is_healing, limit_us=4 * SECOND_US)
    cut_streams(cluster, 3, lost)
    assert cluster.run_until(lambda: sick.resyncs == 1, limit_us=4 * SECOND_US)
    assert agree(cluster)


def test_member_that_vanishes_while_a_newcomer_links_does_not_stop_it() -> None:
    cluster = session_of(3, model=LinkModel(delay_us=20_000))
    node = joining(cluster, 4)
    assert cluster.run_until(lambda: node.peer._fetch.world is not None, limit_us=SECOND_US)
    cluster.remove(3)
    assert cluster.run_until(lambda: node.peer.status == Status.ACTIVE, limit_us=8 * SECOND_US)
    assert agree(cluster)


@pytest.mark.parametrize("after_ms", [1, 45, 85, 125, 165, 205, 300])
def test_newcomer_whose_stream_to_a_member_breaks_gets_in(after_ms: int) -> None:
    cluster = session_of(3, model=LinkModel(delay_us=20_000))
    node = joining(cluster, 4)
    cluster.run(after_ms * 1_000)
    cut_streams(cluster, 4, 3)
    assert cluster.run_until(lambda: node.peer.status == Status.ACTIVE, limit_us=8 * SECOND_US)
    assert agree(cluster) and len(cluster.active) == 4


@pytest.mark.parametrize("after_ms", [1, 45, 85, 125])
def test_newcomer_whose_contact_goes_is_told_or_gets_in(after_ms: int) -> None:
    cluster = session_of(3, model=LinkModel(delay_us=20_000))
    node = joining(cluster, 4)
    cluster.run(after_ms * 1_000)
    cluster.remove(1)
    settled = (Status.ACTIVE, Status.OVER)
    assert cluster.run_until(lambda: node.peer.status in settled, limit_us=10 * SECOND_US)
    assert agree(cluster)


@pytest.mark.parametrize("interval", [1, 4, 16])
@pytest.mark.parametrize("late_us", [0, 80_000, 200_000])
def test_core_that_is_healed_late_and_gets_little_time_catches_up(interval: int, late_us: int) -> None:
    terms = SessionTerms(check_interval=interval)
    cluster = session_of(3, model=LinkModel(delay_us=20_000), terms=terms)
    node = cluster.nodes[3]
    sick = node.peer
    damage(sick)
    assert cluster.run_until(lambda: sick.is_healing, limit_us=4 * SECOND_US)
    kept: list[tuple[int, int, bytes]] = []
    handle_frame = sick.handle_frame

    def keep(stream: int, kind: int, body: bytes, now_us: int) -> None:
        if kind in (frames.WORLD, frames.WORLD_PART):
            kept.append((stream, kind, body))
        else:
            handle_frame(stream, kind, body, now_us)

    sick.handle_frame = keep  # type: ignore[method-assign]
    cluster.run(1_700_000)
    sick.handle_frame = handle_frame  # type: ignore[method-assign]
    for stream, kind, body in kept:
        sick.handle_frame(stream, kind, body, node.clock_us(cluster.now_us))
    assert sick.resyncs == 1
    next_time_us = sick.next_time_us
    sick.next_time_us = lambda: next_time_us() + late_us  # type: ignore[method-assign]
    cluster.run(3 * SECOND_US)
    sick.next_time_us = next_time_us  # type: ignore[method-assign]
    assert agree(cluster) and len(cluster.active) == 3
