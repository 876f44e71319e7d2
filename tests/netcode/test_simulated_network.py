"""The network in memory: repeatable by seed, each fault does what its name says, streams keep their order."""

from __future__ import annotations

import pytest

from netcode.errors import LimitExceeded, LocalError
from netcode.simulated_network import (
    DatagramDelivered,
    Delivery,
    FrameDelivered,
    LinkModel,
    SimulatedNetwork,
    StreamClosed,
    StreamOpened,
)


def send_many(seed: int, model: LinkModel, count: int = 2000, every_us: int = 1000) -> list[Delivery]:
    network = SimulatedNetwork(seed, model=model)
    deliveries: list[Delivery] = []
    for index in range(count):
        deliveries += network.advance(index * every_us)
        network.send_datagram(1, 2, index.to_bytes(4, "big"))
    return deliveries + network.advance(10**9)


BAD = LinkModel(
    delay_us=20_000, jitter_us=5_000, loss_permille=200, duplicate_permille=100, reorder_permille=50
)


def test_same_seed_same_deliveries_other_seed_others() -> None:
    assert send_many(1, BAD) == send_many(1, BAD)
    assert send_many(1, BAD) != send_many(2, BAD)


def test_a_clean_path_delays_and_nothing_else() -> None:
    deliveries = send_many(1, LinkModel(delay_us=7_000))
    assert deliveries == [
        DatagramDelivered(index * 1000 + 7_000, 1, 2, index.to_bytes(4, "big")) for index in range(2000)
    ]


def test_faults_come_as_often_as_asked() -> None:
    lost = 2000 - len(send_many(3, LinkModel(loss_permille=250)))
    assert 440 < lost < 560
    assert 2160 < len(send_many(4, LinkModel(duplicate_permille=100))) < 2240
    assert len(send_many(5, LinkModel(loss_permille=1000))) == 0
    reordered = [
        delivery.data
        for delivery in send_many(6, LinkModel(reorder_permille=100))
        if isinstance(delivery, DatagramDelivered)
    ]
    assert reordered != sorted(reordered)
    assert sorted(reordered) == [index.to_bytes(4, "big") for index in range(2000)]


def test_jitter_stays_in_its_bounds() -> None:
    for delivery in send_many(7, LinkModel(delay_us=10_000, jitter_us=300)):
        assert isinstance(delivery, DatagramDelivered)
        sent_us = int.from_bytes(delivery.data, "big") * 1000
        assert sent_us + 10_000 <= delivery.at_us <= sent_us + 10_300


def test_bursts_lose_several_in_a_row() -> None:
    received = {
        delivery.data
        for delivery in send_many(8, LinkModel(loss_permille=20, burst_count=10))
        if isinstance(delivery, DatagramDelivered)
    }
    lost = [index for index in range(2000) if index.to_bytes(4, "big") not in received]
    assert lost
    assert len(lost) % 10 == 0 or lost[-1] == 1999
    assert all(index + 1 in lost for index in lost[:9])


def test_bandwidth_spreads_and_then_drops() -> None:
    network = SimulatedNetwork(1, model=LinkModel(bandwidth_bytes=100_000, queue_us_max=50_000))
    for _ in range(10):
        network.send_datagram(1, 2, bytes(972))
    arrivals = [delivery.at_us for delivery in network.advance(10**6)]
    assert arrivals == [10_000, 20_000, 30_000, 40_000, 50_000]
    assert network.datagrams_lost == 5


def test_a_model_changes_at_any_time_and_one_way() -> None:
    network = SimulatedNetwork(1)
    network.set_link(1, 2, LinkModel(delay_us=500), one_way=True)
    network.send_datagram(1, 2, b"slow")
    network.send_datagram(2, 1, b"fast")
    network.set_link(1, 2, LinkModel(delay_us=100))
    network.send_datagram(1, 2, b"faster")
    assert network.next_time_us() == 0
    assert [delivery.at_us for delivery in network.advance(1000)] == [0, 100, 500]
    assert network.next_time_us() is None


def test_a_cut_loses_datagrams_and_holds_streams() -> None:
    network = SimulatedNetwork(1, model=LinkModel(delay_us=100))
    stream = network.open_stream(1, 2)
    assert network.advance(100) == [StreamOpened(100, stream, 1, 2)]
    network.partition(1, 2)
    network.send_datagram(1, 2, b"lost")
    network.send_frame(stream, 1, 20, b"a")
    network.send_frame(stream, 1, 21, b"b")
    assert network.advance(5_000) == []
    network.heal(1, 2)
    assert network.advance(6_000) == [
        FrameDelivered(5_100, stream, 2, 20, b"a"),
        FrameDelivered(5_100, stream, 2, 21, b"b"),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_streams_keep_order_under_loss_and_jitter(seed: int) -> None:
    network = SimulatedNetwork(seed, model=BAD)
    stream = network.open_stream(1, 2)
    for index in range(200):
        network.send_frame(stream, 1, 20, bytes((index,)))
    network.close_stream(stream, 1)
    network.send_frame(stream, 1, 20, b"after the end")
    deliveries = network.advance(10**9)
    assert [type(delivery) for delivery in deliveries] == [
        StreamOpened,
        *[FrameDelivered] * 200,
        StreamClosed,
    ]
    bodies = [delivery.body for delivery in deliveries if isinstance(delivery, FrameDelivered)]
    assert bodies == [bytes((index,)) for index in range(200)]


def test_a_removed_node_hears_nothing_and_its_streams_close() -> None:
    network = SimulatedNetwork(1, model=LinkModel(delay_us=100))
    stream = network.open_stream(1, 2)
    network.advance(100)
    network.send_datagram(1, 2, b"x")
    network.remove_node(2)
    network.send_datagram(1, 2, b"y")
    assert network.advance(1_000) == [StreamClosed(200, stream, 1)]
    refused = network.open_stream(1, 2)
    assert network.advance(2_000) == [StreamClosed(1_200, refused, 1)]
    network.restore_node(2)
    network.send_datagram(1, 2, b"z")
    assert len(network.advance(3_000)) == 1


def test_misuse_is_named() -> None:
    network = SimulatedNetwork(1)
    network.advance(10)
    with pytest.raises(LimitExceeded, match="time 9 is before"):
        network.advance(9)
    with pytest.raises(LimitExceeded, match="loss_permille 1001"):
        LinkModel(loss_permille=1001)
    with pytest.raises(LimitExceeded, match="delay_us -1"):
        LinkModel(delay_us=-1)
    with pytest.raises(LimitExceeded, match="burst_count 0"):
        LinkModel(burst_count=0)
    stream = network.open_stream(1, 2)
    with pytest.raises(LocalError, match="no side 3"):
        network.send_frame(stream, 3, 20, b"")
    with pytest.raises(LocalError, match="stream 9"):
        network.close_stream(9, 1)
