"""A fleet of real endpoints on the simulated network, stepped tick by tick; delivery is checked as it
happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from netcode import DEFAULT, Emitter, Endpoint, Event, Limits, RecordReceived, UpdateReceived
from netcode.simulated_network import DatagramDelivered, LinkModel, SimulatedNetwork

FIRST_NUMBER = 2**32 - 10
TICK_US = 16_667


def held_input(node: int, tick: int) -> bytes:
    """An input of seven bytes that changes every six ticks."""
    return bytes((tick // 6 % 256, node, 0, 0, 10, 0, 20))


class Fleet:
    """Endpoints 0 to `count - 1`, each linked to every other; link numbers are node numbers."""

    def __init__(
        self,
        count: int,
        seed: int,
        model: LinkModel,
        *,
        limits: Limits = DEFAULT,
        from_first_held: bool = False,
        record: bytes = b"",
        linked: bool = True,
    ) -> None:
        self.network = SimulatedNetwork(seed, model=model)
        self.emitters = [Emitter(0xABCD_0000_0000_0000 + node, 7 + node) for node in range(count)]
        self.endpoints = [
            Endpoint(emitter, first_number=FIRST_NUMBER, limits=limits) for emitter in self.emitters
        ]
        self.emitted: list[list[bytes]] = [[] for _ in range(count)]
        self.received: list[dict[Emitter, list[bytes]]] = [
            {emitter: [] for emitter in self.emitters} for _ in range(count)
        ]
        self.events: list[list[Event]] = [[] for _ in range(count)]
        self.datagrams_max = 0
        self.record = record
        self.now_us = 0
        self.tick = 0
        if linked:
            for a in range(count):
                for b in range(count):
                    if a != b:
                        self.link(a, b, None if from_first_held else FIRST_NUMBER)

    def link(self, node: int, peer: int, next_number: int | None = FIRST_NUMBER) -> None:
        """Open the side of `node` of the link between two nodes."""
        self.endpoints[node].add_link(
            peer,
            self.emitters[peer],
            local_connection_id=node * 1000 + peer,
            remote_connection_id=peer * 1000 + node,
            now_us=self.now_us,
            next_number=next_number,
        )

    def emit(self, node: int, payload: bytes) -> None:
        number = self.endpoints[node].emit(payload)
        assert number == FIRST_NUMBER + len(self.emitted[node])
        self.emitted[node].append(payload)

    def run(
        self,
        ticks: int,
        payload: Callable[[int, int], bytes] | None = held_input,
        *,
        updates_per_tick: int = 1,
    ) -> None:
        """Run `ticks` ticks; in each, a node emits ``payload(node, tick)``, or nothing when None."""
        for _ in range(ticks):
            self.now_us += TICK_US
            self.tick += 1
            for delivery in self.network.advance(self.now_us):
                assert isinstance(delivery, DatagramDelivered)
                self.endpoints[delivery.destination].handle_datagram(delivery.data, delivery.at_us)
            for node, endpoint in enumerate(self.endpoints):
                if payload is not None:
                    for _ in range(updates_per_tick):
                        self.emit(node, payload(node, self.tick))
                if self.record:
                    endpoint.queue_record(None, 64, self.record)
                endpoint.flush(self.now_us)
                self._send(node, endpoint)
                self._collect(node, endpoint)

    def _send(self, node: int, endpoint: Endpoint) -> None:
        per_link: dict[int, int] = {}
        for link, data in endpoint.poll_datagrams():
            per_link[link] = per_link.get(link, 0) + 1
            self.network.send_datagram(node, link, data)
        self.datagrams_max = max([self.datagrams_max, *per_link.values()])

    def _collect(self, node: int, endpoint: Endpoint) -> None:
        for event in endpoint.poll_events():
            if isinstance(event, UpdateReceived):
                received = self.received[node][event.emitter]
                assert event.number == FIRST_NUMBER + len(received), "in order, each once"
                received.append(event.payload)
            elif not isinstance(event, RecordReceived):
                self.events[node].append(event)

    def assert_all_delivered(self) -> None:
        for node, received in enumerate(self.received):
            for other, emitter in enumerate(self.emitters):
                if other != node:
                    assert received[emitter] == self.emitted[other], (node, other, len(received[emitter]))

    def refused(self, node: int) -> dict[str, int]:
        """Counters of refusals that are not 0."""
        return {reason: count for reason, count in self.endpoints[node].refusals.items() if count}


@pytest.fixture
def make_fleet() -> type[Fleet]:
    return Fleet
