"""A network in memory with a virtual clock: the same seed and calls give the same deliveries.

Nodes are integers. Between each two of them, in each direction, a `LinkModel` says what happens to datagrams
and streams; it can be changed at any time. All arithmetic is on integers, time is microseconds since the
start.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from netcode.errors import LimitExceeded, LocalError

_MASK_64 = (1 << 64) - 1
STREAM_RETRY_US = 200_000
STREAM_RETRIES_MAX = 4
IPV4_TCP_HEADER_SIZE = 40
IPV4_UDP_HEADER_SIZE = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkModel:
    """What one direction of a path does.

    Attributes
    ----------
    delay_us, jitter_us : int
        Each datagram takes `delay_us` plus an evenly drawn 0 to `jitter_us`, so jitter alone reorders.
    loss_permille, burst_count : int
        Chance that a datagram is lost, and how many in a row then are.
    duplicate_permille : int
        Chance that a datagram comes twice; the copy draws a jitter of its own.
    reorder_permille, reorder_us : int
        Chance that a datagram is held back for a further evenly drawn 0 to `reorder_us`.
    bandwidth_bytes : int
        Bytes a second with headers, 0 for no bound. What waits longer than `queue_us_max` is lost, if a
        datagram.
    """

    delay_us: int = 0
    jitter_us: int = 0
    loss_permille: int = 0
    burst_count: int = 1
    duplicate_permille: int = 0
    reorder_permille: int = 0
    reorder_us: int = 30_000
    bandwidth_bytes: int = 0
    queue_us_max: int = 200_000

    def __post_init__(self) -> None:
        for name in ("delay_us", "jitter_us", "reorder_us", "bandwidth_bytes", "queue_us_max"):
            if getattr(self, name) < 0:
                raise LimitExceeded(f"{name} {getattr(self, name)} is less than 0")
        for name in ("loss_permille", "duplicate_permille", "reorder_permille"):
            if not 0 <= getattr(self, name) <= 1000:
                raise LimitExceeded(f"{name} {getattr(self, name)} is not in 0 to 1000")
        if self.burst_count < 1:
            raise LimitExceeded(f"burst_count {self.burst_count} is less than 1")


class DatagramDelivered(NamedTuple):
    """A datagram arrived at `destination`."""

    at_us: int
    source: int
    destination: int
    data: bytes


class StreamOpened(NamedTuple):
    """A stream opened by `source` arrived at `destination`."""

    at_us: int
    stream: int
    source: int
    destination: int


class FrameDelivered(NamedTuple):
    """A frame arrived at `destination`, in order, complete."""

    at_us: int
    stream: int
    destination: int
    kind: int
    body: bytes


class StreamClosed(NamedTuple):
    """The other side of a stream closed it or is gone; nothing more comes."""

    at_us: int
    stream: int
    destination: int


Delivery: TypeAlias = DatagramDelivered | StreamOpened | FrameDelivered | StreamClosed


@dataclass(slots=True)
class _Path:
    """One direction between two nodes."""

    model: LinkModel = field(default_factory=LinkModel)
    is_cut: bool = False
    burst_left: int = 0
    busy_until_us: int = 0
    held: deque[Delivery] = field(default_factory=deque)


@dataclass(slots=True)
class _Stream:
    source: int
    destination: int
    arrival_us: dict[int, int]
    is_open: bool = True


class SimulatedNetwork:
    """All nodes and what is under way between them.

    Parameters
    ----------
    seed : int
        Of the draws; two networks with the same seed and the same calls behave the same.
    model : LinkModel
        For paths that `set_link` never named.
    """

    def __init__(self, seed: int, *, model: LinkModel | None = None) -> None:
        self.now_us = 0
        self.datagrams_sent = 0
        self.datagrams_lost = 0
        self.bytes_sent = 0
        self._state = seed & _MASK_64
        self._default = model or LinkModel()
        self._paths: dict[tuple[int, int], _Path] = {}
        self._removed: set[int] = set()
        self._streams: dict[int, _Stream] = {}
        self._serial = 0
        self._under_way: list[tuple[int, int, Delivery]] = []

    # Shape of the network

    def set_link(self, a: int, b: int, model: LinkModel, *, one_way: bool = False) -> None:
        """Let `model` rule what is sent from `a` to `b` from now on, and from `b` to `a` unless `one_way`."""
        self._path(a, b).model = model
        if not one_way:
            self._path(b, a).model = model

    def partition(self, a: int, b: int, *, one_way: bool = False) -> None:
        """Cut the path from `a` to `b`, and back unless `one_way`: datagrams are lost, streams wait."""
        self._path(a, b).is_cut = True
        if not one_way:
            self._path(b, a).is_cut = True

    def heal(self, a: int, b: int) -> None:
        """Undo `partition` in both directions; what streams held back goes on."""
        for source, destination in ((a, b), (b, a)):
            path = self._path(source, destination)
            path.is_cut = False
            while path.held:
                self._schedule_stream(source, destination, path.held.popleft())

    def remove_node(self, node: int) -> None:
        """Let a node vanish: what is under way to it is lost, its streams close on the other side."""
        self._removed.add(node)
        self._under_way = [entry for entry in self._under_way if entry[2].destination != node]
        heapq.heapify(self._under_way)
        for stream, state in list(self._streams.items()):
            if state.is_open and node in (state.source, state.destination):
                self.close_stream(stream, node)

    def restore_node(self, node: int) -> None:
        """Let a node take part again after `remove_node`."""
        self._removed.discard(node)

    # Datagrams

    def send_datagram(self, source: int, destination: int, data: bytes) -> None:
        """Send a datagram; it arrives never, once or more often, as the model says."""
        path = self._path(source, destination)
        model = path.model
        self.datagrams_sent += 1
        self.bytes_sent += len(data) + IPV4_UDP_HEADER_SIZE
        if path.is_cut or destination in self._removed or self._is_lost(path):
            self.datagrams_lost += 1
            return
        at_us = self._departure_us(path, len(data) + IPV4_UDP_HEADER_SIZE)
        if at_us - self.now_us > model.queue_us_max and model.bandwidth_bytes:
            self.datagrams_lost += 1
            return
        copies = 2 if model.duplicate_permille and self._draw(1000) < model.duplicate_permille else 1
        for _ in range(copies):
            arrival_us = at_us + model.delay_us
            if model.jitter_us:
                arrival_us += self._draw(model.jitter_us + 1)
            if model.reorder_permille and self._draw(1000) < model.reorder_permille:
                arrival_us += self._draw(model.reorder_us + 1)
            self._push(DatagramDelivered(arrival_us, source, destination, data))

    def _is_lost(self, path: _Path) -> bool:
        if path.burst_left:
            path.burst_left -= 1
            return True
        if path.model.loss_permille and self._draw(1000) < path.model.loss_permille:
            path.burst_left = path.model.burst_count - 1
            return True
        return False

    def _departure_us(self, path: _Path, size: int) -> int:
        if not path.model.bandwidth_bytes:
            return self.now_us
        start_us = max(self.now_us, path.busy_until_us)
        departure_us = start_us + size * 1_000_000 // path.model.bandwidth_bytes
        if departure_us - self.now_us <= path.model.queue_us_max:
            path.busy_until_us = departure_us
        return departure_us

    # Streams

    def open_stream(self, source: int, destination: int) -> int:
        """Open a stream of frames between two nodes and return its number; the other side gets
        `StreamOpened`."""
        stream = len(self._streams)
        self._streams[stream] = _Stream(source, destination, {source: 0, destination: 0})
        if destination in self._removed:
            self._streams[stream].is_open = False
            self._push(
                StreamClosed(self.now_us + 2 * self._path(source, destination).model.delay_us, stream, source)
            )
        else:
            self._send_stream(source, StreamOpened(0, stream, source, destination))
        return stream

    def send_frame(self, stream: int, sender: int, kind: int, body: bytes) -> None:
        """Send a frame from `sender`, one side of `stream`; it arrives in order unless the stream closes
        first."""
        state = self._stream(stream, sender)
        if state.is_open:
            self._send_stream(sender, FrameDelivered(0, stream, _other(state, sender), kind, body))

    def close_stream(self, stream: int, sender: int) -> None:
        """Close a stream from one side; what was sent before still arrives. Closing twice is allowed."""
        state = self._stream(stream, sender)
        if state.is_open:
            state.is_open = False
            self._send_stream(sender, StreamClosed(0, stream, _other(state, sender)))

    def _send_stream(self, sender: int, delivery: Delivery) -> None:
        destination = delivery.destination
        path = self._path(sender, destination)
        if destination in self._removed:
            return
        if path.is_cut or path.held:
            path.held.append(delivery)
        else:
            self._schedule_stream(sender, destination, delivery)

    def _schedule_stream(self, sender: int, destination: int, delivery: Delivery) -> None:
        assert not isinstance(delivery, DatagramDelivered), delivery
        path = self._path(sender, destination)
        model = path.model
        state = self._streams[delivery.stream]
        body_size = len(delivery.body) if isinstance(delivery, FrameDelivered) else 0
        at_us = self.now_us + model.delay_us
        if model.bandwidth_bytes:
            size = body_size + IPV4_TCP_HEADER_SIZE
            start_us = max(self.now_us, path.busy_until_us)
            path.busy_until_us = start_us + size * 1_000_000 // model.bandwidth_bytes
            at_us = path.busy_until_us + model.delay_us
        if model.jitter_us:
            at_us += self._draw(model.jitter_us + 1)
        for _ in range(STREAM_RETRIES_MAX):
            if not model.loss_permille or self._draw(1000) >= model.loss_permille:
                break
            at_us += STREAM_RETRY_US + 2 * model.delay_us
        at_us = max(at_us, state.arrival_us[destination])
        state.arrival_us[destination] = at_us
        self._push(delivery._replace(at_us=at_us))

    # Time

    def next_time_us(self) -> int | None:
        """Return when the next delivery is due, None when nothing is under way."""
        return self._under_way[0][0] if self._under_way else None

    def advance(self, to_us: int) -> list[Delivery]:
        """Move the clock to `to_us` and return what arrives until then, oldest first, `to_us` included."""
        if to_us < self.now_us:
            raise LimitExceeded(f"time {to_us} is before the present time {self.now_us}")
        self.now_us = to_us
        deliveries: list[Delivery] = []
        under_way = self._under_way
        while under_way and under_way[0][0] <= to_us:
            deliveries.append(heapq.heappop(under_way)[2])
        return deliveries

    def _push(self, delivery: Delivery) -> None:
        self._serial += 1
        heapq.heappush(self._under_way, (delivery.at_us, self._serial, delivery))

    def _draw(self, end: int) -> int:
        # SplitMix64 (Steele, Lea, Flood 2014); the high bits times the bound are even enough for a network.
        self._state = state = (self._state + 0x9E37_79B9_7F4A_7C15) & _MASK_64
        state = (state ^ state >> 30) * 0xBF58_476D_1CE4_E5B9 & _MASK_64
        state = (state ^ state >> 27) * 0x94D0_49BB_1331_11EB & _MASK_64
        return ((state ^ state >> 31) * end) >> 64

    def _path(self, source: int, destination: int) -> _Path:
        path = self._paths.get((source, destination))
        if path is None:
            path = self._paths[source, destination] = _Path(self._default)
        return path

    def _stream(self, stream: int, sender: int) -> _Stream:
        state = self._streams.get(stream)
        if state is None or sender not in (state.source, state.destination):
            raise LocalError(f"stream {stream} has no side {sender}")
        return state


def _other(state: _Stream, node: int) -> int:
    return state.destination if node == state.source else state.source
