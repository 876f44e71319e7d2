"""What a session costs by itself: real peers, a real protocol, and a world without anything to simulate.

Every player's input changes in every tick and arrives late, so that each tick simulates `rollback` ticks
again. Time is that of this process's CPU inside the peers; the simulated network is not counted.
"""

from __future__ import annotations

import json
import statistics
import time

from fuzz.cluster import NUMBER_FIRST, address_of, member_of, number_of
from lockstep.inputs import DeviceState, InputLayout
from lockstep.peer.outputs import CloseStream, OpenStream, SendDatagram, SendFrame
from lockstep.peer.peer import Peer
from lockstep.peer.views import Seat, View
from lockstep.session import SessionTerms
from lockstep.world import Tick, World, WorldDefinition
from netcode.simulated_network import (
    DatagramDelivered,
    FrameDelivered,
    LinkModel,
    SimulatedNetwork,
    StreamOpened,
)

SEED = 1
WARM_UP_TICKS = 120
TICK_US = 16_667


def build(tick: Tick) -> None:
    """Nothing: what is measured is everything else."""


class Bench:
    """Peers at the same tick at the same moment, so that every input is exactly `rollback` ticks late."""

    def __init__(self, *, peers: int, rollback: int) -> None:
        layout = InputLayout(("a", "b", "c", "d"), ("move_x", "move_z"))
        definition = WorldDefinition("empty", build, inputs=layout)
        terms = SessionTerms(
            prediction_limit=min(32, rollback + 6),
            delay_ticks_min=0,
            delay_ticks_start=0,
            delay_ticks_max=0,
        )
        # Half a tick less than the lateness wanted: it arrives between two ticks.
        delay_us = max(0, rollback * TICK_US - TICK_US // 2)
        self.network = SimulatedNetwork(SEED, model=LinkModel(delay_us=delay_us))
        self.spent_ns = 0
        self.now_us = 0
        self.peers: list[Peer] = []
        self.streams: dict[tuple[int, int], int] = {}
        self.sides: dict[tuple[int, int], int] = {}
        for number in range(peers):
            peer = Peer(
                World(definition, seed=SEED),
                member_of(number),
                terms=terms,
                seed=bytes((number,)) * 16,
                address=address_of(number),
                now_us=0,
                first_number=NUMBER_FIRST,
            )
            self.peers.append(peer)
        seats = tuple(
            Seat(peer.identity, place, 0, NUMBER_FIRST, address_of(place))
            for place, peer in enumerate(self.peers)
        )
        view = View.found(bytes(16), seats)
        for number, peer in enumerate(self.peers):
            peer.found(0, view)
            self.carry_out(number)

    def tick(self, number: int) -> list[int]:
        """One tick of all peers; the nanoseconds that each spent in it."""
        self.now_us += TICK_US
        spent = [0] * len(self.peers)
        for delivery in self.network.advance(self.now_us):
            node = delivery.destination
            begin = time.process_time_ns()
            if isinstance(delivery, DatagramDelivered):
                self.peers[node].handle_datagram(address_of(delivery.source), delivery.data, self.now_us)
            elif isinstance(delivery, StreamOpened):
                local = self.peers[node].handle_stream_accepted(self.now_us)
                assert local is not None, delivery
                self.connect(node, local, delivery.stream)
            elif isinstance(delivery, FrameDelivered):
                local = self.sides[node, delivery.stream]
                self.peers[node].handle_frame(local, delivery.kind, delivery.body, self.now_us)
            spent[node] += time.process_time_ns() - begin
            self.carry_out(node)
        for node, peer in enumerate(self.peers):
            state = DeviceState(1 << number % 4, (1000 + number % 100 + node, -number % 50))
            begin = time.process_time_ns()
            peer.devices.update(0, state, now_us=self.now_us)
            peer.handle_time(self.now_us)
            spent[node] += time.process_time_ns() - begin
            self.carry_out(node)
        return spent

    def carry_out(self, node: int) -> None:
        """Do what a peer wants done."""
        peer = self.peers[node]
        while outputs := peer.poll_outputs():
            for output in outputs:
                match output:
                    case SendDatagram():
                        self.network.send_datagram(node, number_of(str(output.path)), output.data)
                    case OpenStream():
                        self.connect(
                            node, output.stream, self.network.open_stream(node, number_of(output.address))
                        )
                        peer.handle_stream_opened(output.stream, self.now_us)
                    case SendFrame():
                        stream = self.streams[node, output.stream]
                        self.network.send_frame(stream, node, output.kind, output.body)
                    case CloseStream():
                        self.network.close_stream(self.streams[node, output.stream], node)
        peer.poll_events()

    def connect(self, node: int, local: int, stream: int) -> None:
        """Remember which stream of the network a peer knows by which number."""
        self.streams[node, local] = stream
        self.sides[node, stream] = local


def bench_session(*, peers: int, rollback: int, ticks: int) -> str:
    """Measure; return the figures as one line of JSON.

    `us_per_peer_tick` is the mean over all peers and ticks, `..._median` and `..._p99` are over ticks.
    """
    bench = Bench(peers=peers, rollback=rollback)
    for number in range(WARM_UP_TICKS):
        bench.tick(number)
    sessions = [peer.session for peer in bench.peers]
    resimulated = sum(session.figures.resimulated for session in sessions)
    simulated = sum(session.tick for session in sessions)
    samples = [sum(bench.tick(WARM_UP_TICKS + number)) / peers / 1000 for number in range(ticks)]
    simulated = sum(session.tick for session in sessions) - simulated
    resimulated = sum(session.figures.resimulated for session in sessions) - resimulated
    return json.dumps(
        {
            "bench": "session",
            "peers": peers,
            "ticks": ticks,
            "ticks_simulated_per_peer_tick": round(simulated / peers / ticks, 3),
            "ticks_simulated_again_per_peer_tick": round(resimulated / peers / ticks, 3),
            "us_per_peer_tick": round(statistics.mean(samples), 1),
            "us_per_peer_tick_median": round(statistics.median(samples), 1),
            "us_per_peer_tick_p99": round(statistics.quantiles(samples, n=100)[98], 1),
            "desyncs": sum(peer.desyncs for peer in bench.peers),
        }
    )
