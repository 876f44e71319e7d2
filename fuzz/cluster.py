"""Whole sessions of real peers on a simulated network with a virtual clock.

Every core runs the code that a real core runs; only sockets and clocks are simulated. Each core has a clock
of its own that began at another time and runs a little fast or slow. Everything follows from the seed.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lockstep.inputs import DeviceState
from lockstep.peer.outputs import CloseStream, Event, OpenStream, SendDatagram, SendFrame
from lockstep.peer.peer import Peer
from lockstep.peer.status import Status
from lockstep.peer.views import Member, Seat, View
from lockstep.session import SessionTerms
from lockstep.world import World, WorldDefinition
from netcode.simulated_network import (
    DatagramDelivered,
    FrameDelivered,
    LinkModel,
    SimulatedNetwork,
    StreamOpened,
)

AXIS_CHOICES = (0, 0, 1, -32767, 32767, 12000, -700)
CLOCK_OFFSET_US_MAX = 10_000_000
CLOCK_DRIFT_PPM_MAX = 200
INPUT_HOLD_US_MAX = 300_000
NUMBER_FIRST = 2**32 - 10
TICK_US = 16_667

# Alters what is delivered to a core: its number, bytes of a datagram or of a frame's body -> other bytes.
Tamper = Callable[[int, bytes], bytes]


@dataclass(slots=True)
class Node:
    """One core of the cluster.

    `offset_us` and `drift_ppm` make its own clock out of the true time.
    """

    peer: Peer
    offset_us: int
    drift_ppm: int
    rng: random.Random
    playing: bool = True
    press_us: int = 0
    events: list[Event] = field(default_factory=list)
    streams: dict[int, int] = field(default_factory=dict)

    def clock_us(self, now_us: int) -> int:
        """What this core's own clock shows."""
        return self.offset_us + now_us + now_us * self.drift_ppm // 1_000_000

    def true_us(self, clock_us: int) -> int:
        """The earliest true time at which this core's clock shows at least `clock_us`."""
        passed = clock_us - self.offset_us
        now_us = passed * 1_000_000 // (1_000_000 + self.drift_ppm)
        while self.clock_us(now_us) < clock_us:
            now_us += 1
        return now_us


class Cluster:
    """Cores, the network between them, and the true time.

    Parameters
    ----------
    definition : WorldDefinition
        The world that all of them play.
    seed : int
        Of the network, the clocks and the inputs.
    terms : SessionTerms
    model : LinkModel
        Of every path, until `network.set_link` changes one.

    Attributes
    ----------
    nodes : dict of int to Node
        Living cores by number.
    """

    def __init__(
        self,
        definition: WorldDefinition,
        *,
        seed: int,
        terms: SessionTerms | None = None,
        model: LinkModel | None = None,
    ) -> None:
        self.definition = definition
        self.terms = terms or SessionTerms(tick_rate=definition.tick_rate)
        self.seed = seed
        self.now_us = 0
        self.network = SimulatedNetwork(seed, model=model)
        self.nodes: dict[int, Node] = {}
        self.tamper: Tamper | None = None
        self._rng = random.Random(seed)
        self._sides: dict[tuple[int, int], int] = {}

    # Cores

    def add_node(self, number: int, *, stamp: int = 1) -> Node:
        """Start a core that is in no session yet; `stamp` tells its lives apart."""
        assert number not in self.nodes, number
        rng = random.Random(self._rng.randrange(1 << 60))
        offset_us = rng.randrange(CLOCK_OFFSET_US_MAX)
        drift_ppm = rng.randrange(-CLOCK_DRIFT_PPM_MAX, CLOCK_DRIFT_PPM_MAX + 1)
        node = Node(peer=None, offset_us=offset_us, drift_ppm=drift_ppm, rng=rng)  # type: ignore[arg-type]
        node.peer = Peer(
            World(self.definition, seed=self.seed),
            member_of(number, stamp),
            terms=self.terms,
            seed=hashlib.blake2b(f"{self.seed} {number} {stamp}".encode(), digest_size=16).digest(),
            address=address_of(number),
            now_us=node.clock_us(self.now_us),
            first_number=NUMBER_FIRST,
        )
        self.network.restore_node(number)
        self.nodes[number] = node
        return node

    def found(self, numbers: Sequence[int]) -> None:
        """Begin a session of these cores, all of them founders."""
        seats = tuple(
            Seat(self.nodes[number].peer.identity, place, 0, NUMBER_FIRST, address_of(number))
            for place, number in enumerate(numbers)
        )
        lineage = hashlib.blake2b(f"lineage {self.seed}".encode(), digest_size=16).digest()
        view = View.found(lineage, seats)
        for number in numbers:
            node = self.nodes[number]
            node.peer.found(node.clock_us(self.now_us), view)
            self._carry_out(number)

    def join(self, number: int, contact: int) -> None:
        """Let a core join the session of another."""
        self.nodes[number].peer.join(address_of(contact))
        self._carry_out(number)

    def leave(self, number: int) -> None:
        """Let a core leave properly; it stays in `nodes` until `remove`."""
        node = self.nodes[number]
        node.peer.leave(node.clock_us(self.now_us))
        self._carry_out(number)

    def remove(self, number: int) -> Node:
        """Let a core vanish without a word, as by a crash; return what it was."""
        self.network.remove_node(number)
        for key in [key for key in self._sides if key[0] == number]:
            del self._sides[key]
        return self.nodes.pop(number)

    @property
    def active(self) -> list[Peer]:
        """The peers that are members of a session, in the order of their numbers."""
        return [node.peer for _, node in sorted(self.nodes.items()) if node.peer.status == Status.ACTIVE]

    # Time

    def run(self, duration_us: int, *, each: Callable[[], None] | None = None) -> None:
        """Let so much true time pass; `each` is called after every moment at which something happened."""
        end_us = self.now_us + duration_us
        while True:
            moment_us = self._next_moment_us()
            if moment_us > end_us:
                break
            self._step(moment_us)
            if each is not None:
                each()
        self.now_us = end_us
        self._deliver(end_us)

    def run_until(
        self, condition: Callable[[], bool], *, limit_us: int, each: Callable[[], None] | None = None
    ) -> bool:
        """Let time pass until the condition holds, `limit_us` at most; return whether it does."""
        end_us = self.now_us + limit_us
        while not condition():
            moment_us = self._next_moment_us()
            if moment_us > end_us:
                return False
            self._step(moment_us)
            if each is not None:
                each()
        return True

    def _next_moment_us(self) -> int:
        moments = [node.true_us(node.peer.next_time_us()) for node in self.nodes.values()]
        arrival_us = self.network.next_time_us()
        if arrival_us is not None:
            moments.append(arrival_us)
        return max(self.now_us, min(moments))

    def _step(self, moment_us: int) -> None:
        self.now_us = moment_us
        self._deliver(moment_us)
        for number in sorted(self.nodes):
            node = self.nodes[number]
            clock_us = node.clock_us(moment_us)
            if node.peer.next_time_us() > clock_us:
                continue
            if node.playing:
                self._press(node, clock_us)
            node.peer.handle_time(clock_us)
            self._carry_out(number)

    def _press(self, node: Node, clock_us: int) -> None:
        """What the player of this core does: something else every now and then."""
        if clock_us < node.press_us:
            return
        node.press_us = clock_us + node.rng.randrange(INPUT_HOLD_US_MAX)
        layout = self.definition.inputs
        axes = tuple(node.rng.choice(AXIS_CHOICES) for _ in layout.axes)
        state = DeviceState(node.rng.randrange(1 << len(layout.buttons)), axes)
        node.peer.devices.update(0, state, now_us=clock_us)

    # Network

    def _deliver(self, to_us: int) -> None:
        for delivery in self.network.advance(to_us):
            number = delivery.destination
            node = self.nodes.get(number)
            if node is None:
                continue
            clock_us = node.clock_us(to_us)
            if isinstance(delivery, DatagramDelivered):
                data = delivery.data
                if self.tamper is not None:
                    data = self.tamper(number, data)
                node.peer.handle_datagram(address_of(delivery.source), data, clock_us)
            elif isinstance(delivery, StreamOpened):
                self._accept(delivery, clock_us)
            else:
                local = self._sides.get((number, delivery.stream))
                if local is None:
                    continue
                if isinstance(delivery, FrameDelivered):
                    body = delivery.body if self.tamper is None else self.tamper(number, delivery.body)
                    node.peer.handle_frame(local, delivery.kind, body, clock_us)
                else:
                    self._forget(number, delivery.stream)
                    node.peer.handle_stream_closed(local, "closed by the other side")
            self._carry_out(number)

    def _accept(self, delivery: StreamOpened, clock_us: int) -> None:
        node = self.nodes[delivery.destination]
        local = node.peer.handle_stream_accepted(clock_us)
        if local is None:
            self.network.close_stream(delivery.stream, delivery.destination)
            return
        self._connect(delivery.destination, local, delivery.stream)

    def _connect(self, number: int, local: int, stream: int) -> None:
        self.nodes[number].streams[local] = stream
        self._sides[number, stream] = local

    def _forget(self, number: int, stream: int) -> None:
        local = self._sides.pop((number, stream))
        self.nodes[number].streams.pop(local, None)

    def _carry_out(self, number: int) -> None:
        """Do what a core wants done, until it wants nothing more."""
        node = self.nodes[number]
        while outputs := node.peer.poll_outputs():
            for output in outputs:
                match output:
                    case SendDatagram():
                        self.network.send_datagram(number, number_of(str(output.path)), output.data)
                    case OpenStream():
                        stream = self.network.open_stream(number, number_of(output.address))
                        self._connect(number, output.stream, stream)
                        # Frames of a stream stay in order, so the first may be sent at once.
                        node.peer.handle_stream_opened(output.stream, node.clock_us(self.now_us))
                    case SendFrame():
                        if output.stream in node.streams:
                            stream = node.streams[output.stream]
                            self.network.send_frame(stream, number, output.kind, output.body)
                    case CloseStream():
                        if output.stream in node.streams:
                            stream = node.streams[output.stream]
                            self._forget(number, stream)
                            self.network.close_stream(stream, number)
        node.events.extend(node.peer.poll_events())


def member_of(number: int, stamp: int = 1) -> Member:
    """The identity of a core by its number."""
    return Member(1000 + number, stamp)


def address_of(number: int) -> str:
    """The address of a core by its number."""
    return f"10.0.0.{number}:7000"


def number_of(address: str) -> int:
    """The number of the core at an address."""
    return int(address.split(":")[0].rsplit(".", 1)[1])
