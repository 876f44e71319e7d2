"""One link to one peer: packet counters, replay window, round trip, pending records, and the bytes of a
datagram."""

from __future__ import annotations

import struct
from collections import deque

from netcode.limits import HEADER_SIZE, Limits
from netcode.protocol.coding import encode_varint
from netcode.protocol.farness import RoundTrip
from netcode.protocol.inbox import Inbox
from netcode.protocol.numbers import Emitter
from netcode.protocol.outbox import Outbox
from netcode.protocol.refusal import Refusal, Refused

VERSION = 1
TYPE_DATA = 1
VERSION_TYPE = VERSION << 4 | TYPE_DATA
FLAG_SEALED = 0x80
"""Reserved for sealing: everything after the outer header is then one sealed box."""

REPLAY_WINDOW = 1024
_REPLAY_MASK = (1 << REPLAY_WINDOW) - 1
_ECHO_UNIT_SHIFT = 4
HOLD_MAX = 0xFFFF
"""No packet to echo yet, or one held for too long: no round trip follows from it."""

HEADER = struct.Struct("<BBIHHHIB")
assert HEADER.size == HEADER_SIZE, HEADER.size


class Link:
    """State of one link; `Endpoint` owns it and does what concerns several links."""

    __slots__ = (
        "_kept",
        "_latest_records",
        "_limits",
        "_received_window",
        "_sent_us",
        "acknowledged_counter",
        "acknowledgements_due",
        "added_us",
        "bytes_in",
        "bytes_out",
        "counter_received",
        "counter_sent",
        "echoed",
        "flushed_us",
        "heard_us",
        "inbox",
        "is_acknowledgement_due",
        "is_silent",
        "link",
        "local_connection_id",
        "outboxes",
        "own",
        "packets_in",
        "received_us",
        "remote",
        "remote_connection_id",
        "round_trip",
    )

    def __init__(
        self,
        link: int,
        remote: Emitter,
        *,
        local_connection_id: int,
        remote_connection_id: int,
        inbox: Inbox,
        own: Outbox,
        now_us: int,
        limits: Limits,
    ) -> None:
        self.link = link
        self.remote = remote
        self.local_connection_id = local_connection_id
        self.remote_connection_id = remote_connection_id
        self.inbox = inbox
        self.own = own
        self.outboxes: dict[Emitter, Outbox] = {}
        self.round_trip = RoundTrip()
        self.counter_sent = 0
        self.counter_received = -1
        self.acknowledged_counter = -1
        self.echoed = -1
        self.received_us = 0
        self.heard_us: int | None = None
        self.added_us = now_us
        self.flushed_us: int | None = None
        self.is_silent = True
        self.is_acknowledgement_due = False
        self.acknowledgements_due: dict[Emitter, Inbox] = {}
        self.packets_in = self.bytes_in = self.bytes_out = 0
        self._received_window = 0
        self._sent_us = [0] * REPLAY_WINDOW
        self._latest_records: dict[int, bytes] = {}
        self._kept: deque[bytes] = deque()
        self._limits = limits

    # Receiving

    def restore_counter(self, low: int) -> int:
        """Return the packet counter whose low 16 bits came, refuse it when it was seen or is too old.

        Nothing is changed: the window moves only once the whole datagram is known to be good.
        """
        received = self.counter_received
        ahead = ((low - received + 0x8000) & 0xFFFF) - 0x8000
        if ahead > 0:
            return received + ahead
        if ahead <= -REPLAY_WINDOW or received + ahead < 0 or self._received_window >> -ahead & 1:
            raise Refused(Refusal.REPLAYED)
        return received + ahead

    def accept_counter(self, counter: int, size: int, now_us: int) -> None:
        """Move the replay window over an accepted datagram of `size` bytes."""
        ahead = counter - self.counter_received
        if ahead > 0:
            self._received_window = (
                (self._received_window << ahead | 1) & _REPLAY_MASK if ahead < REPLAY_WINDOW else 1
            )
            self.counter_received = counter
            self.received_us = now_us
        else:
            self._received_window |= 1 << -ahead
        self.packets_in += 1
        self.bytes_in += size
        self.heard_us = now_us

    def check_echo(self, low: int, hold: int) -> int | None:
        """Return the counter of own datagram that the peer echoes, None when it echoes none."""
        if hold == HOLD_MAX:
            return None
        ahead = ((low - self.counter_sent + 0x8000) & 0xFFFF) - 0x8000
        if ahead >= 0 or self.counter_sent + ahead < 0:
            raise Refused(Refusal.ECHO)
        return self.counter_sent + ahead

    def accept_echo(self, counter: int, hold: int, now_us: int) -> None:
        """Measure a round trip by the first echo of a datagram."""
        if counter > self.echoed and self.counter_sent - counter < REPLAY_WINDOW:
            self.echoed = counter
            elapsed_us = now_us - self._sent_us[counter % REPLAY_WINDOW] - (hold << _ECHO_UNIT_SHIFT)
            self.round_trip.add(elapsed_us if elapsed_us > 0 else 0)

    # Sending

    def queue_record(self, kind: int, piece: bytes, *, keep: bool) -> bool:
        """Let a coded record wait for the next datagram; False when too many to be kept wait."""
        if not keep:
            self._latest_records[kind] = piece
            return True
        if len(self._kept) >= self._limits.records_count_max:
            return False
        self._kept.append(piece)
        return True

    def resend_us(self) -> int:
        """Return the age from which a missed number is sent again: 1.5 round trips, at least the limit."""
        return max(self._limits.resend_us_min, self.round_trip.rtt_us * 3 >> 1)

    def silence_us_max(self) -> int:
        """Return how long the link may be quiet before it counts as silent."""
        return max(self._limits.silence_us_min, self.round_trip.rtt_us << 3)

    def is_due(self, now_us: int, resend_us: int) -> bool:
        """Whether there is any reason to send a datagram now."""
        if self.is_acknowledgement_due or self._latest_records or self._kept or self.acknowledgements_due:
            return True
        if self.flushed_us is None or now_us - self.flushed_us >= self._limits.beat_us:
            return True
        if self.own.is_due(now_us, resend_us):
            return True
        return any(outbox.is_due(now_us, resend_us) for outbox in self.outboxes.values())

    def encode(self, now_us: int, resend_us: int) -> list[bytes]:
        """Return the datagrams of this flush: one, more only for what one cannot hold."""
        limits = self._limits
        latest, count, ranges = self.inbox.acknowledgement()
        pieces = self.own.collect(now_us, resend_us, limits.flush_datagrams_max)
        if self.outboxes:
            for outbox in self.outboxes.values():
                room = limits.flush_datagrams_max - len(pieces)
                if room > 0:
                    pieces += outbox.collect(now_us, resend_us, room)
        if self.acknowledgements_due:
            for inbox in self.acknowledgements_due.values():
                pieces.append(inbox.acknowledgement_record())
            self.acknowledgements_due.clear()
        if self._latest_records:
            pieces += self._latest_records.values()
            self._latest_records.clear()
        if self._kept:
            pieces += self._kept
            self._kept.clear()
        self.is_acknowledgement_due = False
        self.flushed_us = now_us
        room = limits.datagram_size_max - HEADER_SIZE - len(ranges)
        size = sum(map(len, pieces))
        if size <= room:
            return [self._datagram(now_us, latest, count, ranges, pieces)]
        datagrams: list[bytes] = []
        group: list[bytes] = []
        free = room
        for piece in pieces:
            if len(piece) > free:
                datagrams.append(self._datagram(now_us, latest, count, ranges, group))
                group, free = [], room
            group.append(piece)
            free -= len(piece)
        datagrams.append(self._datagram(now_us, latest, count, ranges, group))
        return datagrams

    def _datagram(self, now_us: int, latest: int, count: int, ranges: bytes, pieces: list[bytes]) -> bytes:
        counter = self.counter_sent
        hold = (
            HOLD_MAX
            if self.counter_received < 0
            else min(now_us - self.received_us >> _ECHO_UNIT_SHIFT, HOLD_MAX)
        )
        header = HEADER.pack(
            VERSION_TYPE,
            0,
            self.remote_connection_id,
            counter & 0xFFFF,
            self.counter_received & 0xFFFF,
            hold,
            latest,
            count,
        )
        self._sent_us[counter % REPLAY_WINDOW] = now_us
        self.counter_sent = counter + 1
        datagram = b"".join((header, ranges, *pieces))
        self.bytes_out += len(datagram)
        assert len(datagram) <= self._limits.datagram_size_max, len(datagram)
        return datagram


def record_piece(kind: int, body: bytes) -> bytes:
    """Return an application record as it stands in a datagram."""
    size = len(body)
    return (bytes((kind, size)) if size < 0x80 else bytes((kind,)) + encode_varint(size)) + body
