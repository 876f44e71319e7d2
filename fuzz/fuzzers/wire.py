"""Bytes from outside: nothing raises but what is documented, and what is refused changes nothing.

Two endpoints talk over a bad network while altered copies of their datagrams are shown to a twin of one.
Frames, structured messages, tick inputs and views are altered and decoded: what is accepted must be the one
encoding of its value.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable

from fuzz.cluster import Cluster
from fuzz.report import CheckFailed, Figures, require
from lockstep.errors import InputRefused, RemoteError
from lockstep.inputs import AVATAR_LAYOUT, TickInput, decode_input, encode_input
from lockstep.inputs.commands import Attach, Destroy, Grab, Impulse, Move, Spawn
from lockstep.peer.views import Member, Seat, View
from lockstep.worlds import BUILTIN
from netcode.errors import MalformedMessage
from netcode.limits import DEFAULT
from netcode.protocol import structured
from netcode.protocol.endpoint import Endpoint
from netcode.protocol.events import RecordReceived, UpdateReceived
from netcode.protocol.framing import FrameDecoder, encode_frame
from netcode.protocol.numbers import Emitter
from netcode.simulated_network import DatagramDelivered, LinkModel, SimulatedNetwork

TICK_US = 16_667
TICKS = 80
TICKS_TO_SETTLE = 240
NUMBER_FIRST = 2**32 - 10
HOSTILE_PER_DATAGRAM = 3
MESSAGES = 60
SESSION_QUIET_US = 300_000
SESSION_US = 1_500_000
TAMPER_ONE_IN = 8


def alter(rng: random.Random, data: bytes, other: bytes = b"") -> bytes:
    """A damaged copy: bits flipped, bytes replaced, cut, doubled, or joined with another message."""
    damaged = bytearray(data)
    for _ in range(1 + rng.randrange(3)):
        choice = rng.randrange(7)
        at = rng.randrange(len(damaged) + 1)
        if choice == 0 and damaged:
            damaged[at % len(damaged)] ^= 1 << rng.randrange(8)
        elif choice == 1 and damaged:
            damaged[at % len(damaged)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif choice == 2:
            del damaged[at:]
        elif choice == 3:
            damaged[at:at] = rng.randbytes(1 + rng.randrange(8))
        elif choice == 4:
            del damaged[at : at + 1 + rng.randrange(4)]
        elif choice == 5:
            damaged[at:] = other[rng.randrange(len(other) + 1) :]
        else:
            damaged[at:at] = damaged[at : at + 16]
    return bytes(damaged)


def random_payload(rng: random.Random) -> bytes:
    """An update: mostly short and much like others, sometimes empty, sometimes as long as allowed."""
    choice = rng.randrange(20)
    if choice == 0:
        return b""
    if choice == 1:
        return rng.randbytes(DEFAULT.update_size_max)
    return bytes((rng.randrange(4), 7, 7, 7, rng.randrange(3))) + b"\x05" * rng.randrange(12)


class Pair:
    """Two endpoints on a bad network, and what each has sent and received."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.emitters = (Emitter(11, 1), Emitter(22, 2**32 - 1))
        first = NUMBER_FIRST + rng.randrange(20)
        self.endpoints = [Endpoint(emitter, first_number=first) for emitter in self.emitters]
        for node in (0, 1):
            self.endpoints[node].add_link(
                5,
                self.emitters[1 - node],
                local_connection_id=100 + node,
                remote_connection_id=101 - node,
                now_us=0,
                next_number=rng.choice((None, first)),
            )
        self.network = SimulatedNetwork(rng.randrange(1 << 32), model=random_model(rng))
        self.sent: list[list[bytes]] = [[], []]
        self.received: list[list[bytes]] = [[], []]
        self.first = first
        self.seen = b""
        self.hostile = 0
        self.refused = 0

    def tick(self, now_us: int, *, emitting: bool) -> None:
        """One tick of both: send, deliver, look at what came."""
        for node, endpoint in enumerate(self.endpoints):
            for _ in range(self.rng.choice((1, 1, 1, 2, 0)) if emitting else 0):
                payload = random_payload(self.rng)
                number = endpoint.emit(payload)
                require(number == self.first + len(self.sent[node]), f"update {number} out of order")
                self.sent[node].append(payload)
            if self.rng.randrange(4) == 0:
                endpoint.queue_record(None, 64 + self.rng.randrange(4), self.rng.randbytes(12))
            endpoint.flush(now_us)
            for _, data in endpoint.poll_datagrams():
                require(len(data) <= DEFAULT.datagram_size_max, f"a datagram of {len(data)} bytes")
                self.network.send_datagram(node, 1 - node, data)
        for delivery in self.network.advance(now_us):
            assert isinstance(delivery, DatagramDelivered), delivery
            self.attack(delivery.destination, delivery.data, now_us)
            self.endpoints[delivery.destination].handle_datagram(delivery.data, now_us)
            self.seen = delivery.data
        for node, endpoint in enumerate(self.endpoints):
            for event in endpoint.poll_events():
                if isinstance(event, UpdateReceived):
                    expected = self.first + len(self.received[node])
                    require(event.number == expected, f"update {event.number} delivered, {expected} was next")
                    self.received[node].append(event.payload)

    def attack(self, node: int, data: bytes, now_us: int) -> None:
        """Show a twin of the receiver altered copies; what it refuses must leave it as it was."""
        twin = copy.deepcopy(self.endpoints[node])
        for _ in range(HOSTILE_PER_DATAGRAM):
            damaged = alter(self.rng, data, self.seen)
            if damaged == data:
                continue
            self.hostile += 1
            before = look_at(twin, 1 - node, self.emitters)
            link = twin.handle_datagram(damaged, now_us)
            if link is None:
                self.refused += 1
                after = look_at(twin, 1 - node, self.emitters)
                require(before == after, f"refused, and yet changed: {damaged.hex()}")
                continue
            # Until packets are sealed a good forgery is accepted; the twin must live on with it.
            for event in twin.poll_events():
                if isinstance(event, RecordReceived):
                    require(
                        len(event.body) <= DEFAULT.record_size_max, f"a record of {len(event.body)} bytes"
                    )
                elif isinstance(event, UpdateReceived):
                    require(len(event.payload) <= DEFAULT.update_size_max, f"{len(event.payload)} bytes")
            twin.flush(now_us)
            for _, answer in twin.poll_datagrams():
                require(len(answer) <= DEFAULT.datagram_size_max, f"a datagram of {len(answer)} bytes")


def look_at(endpoint: Endpoint, remote: int, emitters: tuple[Emitter, Emitter]) -> object:
    """What can be seen of an endpoint from outside."""
    return endpoint.farness(5), endpoint.held(emitters[remote]), endpoint.held(emitters[1 - remote])


def random_model(rng: random.Random) -> LinkModel:
    """A bad link."""
    return LinkModel(
        delay_us=rng.randrange(80_000),
        jitter_us=rng.randrange(40_000),
        loss_permille=rng.choice((0, 50, 250, 500)),
        burst_count=rng.choice((1, 1, 4)),
        duplicate_permille=rng.choice((0, 100)),
        reorder_permille=rng.choice((0, 150)),
        reorder_us=60_000,
    )


def check_endpoints(rng: random.Random) -> Figures:
    """Every update arrives once and in order; hostile bytes are refused without a trace or survived."""
    pair = Pair(rng)
    now_us = 0
    for tick in range(TICKS + TICKS_TO_SETTLE):
        now_us += TICK_US
        if tick == TICKS:
            pair.network.set_link(0, 1, LinkModel(delay_us=20_000))
        pair.tick(now_us, emitting=tick < TICKS)
    for node in (0, 1):
        require(
            pair.received[node] == pair.sent[1 - node],
            f"{len(pair.received[node])} of {len(pair.sent[1 - node])} updates came after all faults ended",
        )
    return {
        "updates": sum(map(len, pair.received)),
        "datagrams": pair.network.datagrams_sent,
        "hostile_datagrams": pair.hostile,
        "hostile_refused": pair.refused,
    }


def check_framing(rng: random.Random) -> Figures:
    """Frames are the same however the stream is cut; a damaged stream is given up, never misread for ever."""
    frames = [(rng.randrange(256), rng.randbytes(rng.choice((0, 1, 5, 700)))) for _ in range(20)]
    stream = b"".join(encode_frame(kind, body) for kind, body in frames)
    decoder = FrameDecoder()
    found = []
    offset = 0
    while offset < len(stream):
        size = rng.choice((1, 2, 4, 5, 6, 1000))
        decoder.handle_bytes(stream[offset : offset + size])
        offset += size
        while (frame := decoder.poll_frame()) is not None:
            found.append((frame.kind, frame.body))
    require(found == frames, "frames depend on how the stream was cut")
    decoder = FrameDecoder()
    decoder.handle_bytes(alter(rng, stream))
    try:
        while (frame := decoder.poll_frame()) is not None:
            require(len(frame.body) <= decoder.size_max, f"a frame of {len(frame.body)} bytes")
    except MalformedMessage:
        pass
    return {"frames": len(frames)}


def random_value(rng: random.Random, depth: int) -> structured.Value:
    """A value of the structured messages."""
    choice = rng.randrange(8 if depth else 6)
    if choice == 0:
        return None
    if choice == 1:
        return bool(rng.randrange(2))
    if choice in (2, 3):
        return rng.choice((0, 23, 24, 255, 256, 65535, 65536, 2**32, -(2**63), 2**64 - 1, -1, -25))
    if choice == 4:
        return rng.randbytes(rng.choice((0, 1, 24, 300)))
    if choice == 5:
        return "".join(rng.choice("aé界 𝄞z") for _ in range(rng.randrange(30)))
    if choice == 6:
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(5))]
    return {
        f"key {n}" * (1 + rng.randrange(4)): random_value(rng, depth - 1) for n in range(rng.randrange(5))
    }


def check_one_encoding(
    rng: random.Random,
    good: bytes,
    decode: Callable[[bytes], object],
    encode: Callable[[object], bytes],
    refusals: tuple[type[Exception], ...],
) -> int:
    """Altered bytes are refused, or are the one encoding of what they decode to; 1 if refused."""
    require(encode(decode(good)) == good, f"not the same after a round trip: {good.hex()}")
    damaged = alter(rng, good, good)
    try:
        value = decode(damaged)
    except refusals:
        return 1
    if encode(value) != damaged:
        raise CheckFailed(f"a second encoding of {value!r} was accepted: {damaged.hex()}")
    return 0


def random_input(rng: random.Random) -> TickInput:
    """An input of the usual layout, with commands."""

    def vector() -> tuple[int, int, int]:
        return rng.randrange(-5000, 5000), rng.randrange(-5000, 5000), rng.randrange(-5000, 5000)

    slot = (1 << 16) | rng.randrange(1000)
    forms = (
        Spawn(1, vector(), vector()),
        Move(slot, vector()),
        Destroy(slot),
        Impulse(slot, vector()),
        Grab(slot),
    )
    commands = tuple(rng.choice((*forms, Attach(slot, slot + 1), Grab(0))) for _ in range(rng.randrange(4)))
    axes = tuple(
        rng.choice((0, 0, 1, -32767, 32767, rng.randrange(-32767, 32768))) for _ in AVATAR_LAYOUT.axes
    )
    return TickInput(rng.randrange(1 << len(AVATAR_LAYOUT.buttons)), axes, commands)


def random_view(rng: random.Random) -> View:
    """A view of founders."""
    count = 1 + rng.randrange(5)
    members = [Member(rng.randrange(1, 1 << 64), rng.randrange(1 << 32)) for _ in range(count)]
    seats = tuple(
        Seat(member, place, rng.randrange(100), NUMBER_FIRST + place, f"127.0.0.1:{1000 + place}")
        for place, member in enumerate(members)
    )
    return View.found(rng.randbytes(16), seats)


def check_messages(rng: random.Random) -> Figures:
    """Structured messages, tick inputs and views have one encoding each."""
    refused = 0
    for _ in range(MESSAGES):
        refused += check_one_encoding(
            rng,
            structured.encode(random_value(rng, 3)),
            structured.decode,
            structured.encode,  # type: ignore[arg-type]
            (MalformedMessage,),
        )
        refused += check_one_encoding(
            rng,
            encode_input(random_input(rng), AVATAR_LAYOUT),
            lambda data: decode_input(data, AVATAR_LAYOUT),
            lambda value: encode_input(value, AVATAR_LAYOUT),  # type: ignore[arg-type]
            (InputRefused,),
        )
        refused += check_one_encoding(
            rng,
            random_view(rng).encode(),
            View.decode,
            lambda value: value.encode(),  # type: ignore[attr-defined]
            (RemoteError,),
        )
    return {"messages": 3 * MESSAGES, "messages_refused": refused}


def check_session(rng: random.Random) -> Figures:
    """Altered datagrams and frames reach a core of a session: links may end, states may go wrong; none dies.

    Packets are not sealed, so a good forgery is believed. What must hold is that nothing escapes a peer.
    """
    cluster = Cluster(BUILTIN["small"](), seed=rng.randrange(1 << 32), model=LinkModel(delay_us=20_000))
    count = 2 + rng.randrange(2)
    for number in range(count):
        cluster.add_node(number)
    cluster.found(range(count))
    altered = 0
    last = b""

    def tamper(number: int, data: bytes) -> bytes:
        nonlocal altered, last
        damaged = alter(rng, data, last) if number == 0 and rng.randrange(TAMPER_ONE_IN) == 0 else data
        altered += damaged != data
        last = data
        return damaged

    cluster.run(SESSION_QUIET_US)
    cluster.tamper = tamper
    cluster.add_node(count)
    cluster.join(count, 0)
    cluster.run(SESSION_US)
    return {"altered_in_sessions": altered}


def run_once(seed: int) -> Figures:
    """A pair of endpoints and a session under attack, and a batch of each kind of message."""
    rng = random.Random(seed)
    figures = {**check_endpoints(rng), **check_framing(rng), **check_messages(rng)}
    return {**figures, **check_session(rng)}
