"""What is sent of one emitter over one link: the tail in every datagram, missed numbers once a request is old
enough."""

from __future__ import annotations

import struct

from netcode.limits import BLOCK_HEADER_SIZE, EMITTER_SIZE, Limits
from netcode.protocol.coding import decode_varint
from netcode.protocol.history import History
from netcode.protocol.numbers import Emitter
from netcode.protocol.refusal import Refusal, Refused

KIND_UPDATES = 1
KIND_UPDATES_BASED = 2
KIND_START = 3
KIND_ACKNOWLEDGEMENT = 4
KIND_OTHER = 0x10
"""Added to a kind when the record is about an emitter other than the link's; its name follows the kind."""

RANGES_COUNT_MASK = 0x1F

_EMITTER = struct.Struct("<QI")
_BLOCK = struct.Struct("<IB")
_START = struct.Struct("<Q")


def emitter_bytes(emitter: Emitter) -> bytes:
    """Return the 12 bytes that name an emitter."""
    return _EMITTER.pack(emitter.core_id, emitter.stamp)


def decode_ranges(
    data: bytes, offset: int, count: int, latest: int, *, window_count: int
) -> tuple[list[tuple[int, int]], int]:
    """Decode `count` missed ranges below `latest`; half-open, lowest first, and the offset after them."""
    ranges: list[tuple[int, int]] = []
    back, offset = decode_varint(data, offset)
    number = latest - back
    # Without this bound a few bytes could name numbers by the thousand.
    if back > window_count or number < 0:
        raise Refused(Refusal.MISSED_RANGES)
    for index in range(count):
        if index:
            gap, offset = decode_varint(data, offset)
            if not gap:
                raise Refused(Refusal.MISSED_RANGES)
            number += gap
        size, offset = decode_varint(data, offset)
        if not size or number + size > latest:
            raise Refused(Refusal.MISSED_RANGES)
        ranges.append((number, number + size))
        number += size
    return ranges, offset


class Outbox:
    """State of sending one history over one link.

    Attributes
    ----------
    history : History
        Shared by all links.
    end : int or None
        Relay up to here; None without end.
    acknowledged : int
        Latest number the peer has reported; everything at or below it and not in `missed` has arrived.
    missed : list of (first, end)
        What the peer reported missing, half-open, lowest first.
    sent : int
        Numbers below have been sent at least once.
    positioned : bool
        The peer has said what it wants first.
    exceeded : bool
        The peer needs what is no longer held; nothing is sent any more.
    """

    __slots__ = (
        "_heads",
        "_is_relay",
        "_left_us",
        "_limits",
        "_origin",
        "_start_head",
        "_tail_us",
        "acknowledged",
        "end",
        "exceeded",
        "first",
        "history",
        "missed",
        "positioned",
        "sent",
    )

    def __init__(
        self,
        history: History,
        limits: Limits,
        *,
        other: Emitter | None = None,
        first: int | None = None,
        end: int | None = None,
    ) -> None:
        assert (other is None) == (first is None), (other, first)
        name = b"" if other is None else emitter_bytes(other)
        self._is_relay = other is not None
        other_kind = 0 if other is None else KIND_OTHER
        self.history = history
        self.end = end
        self.first = history.first if first is None else first
        self.acknowledged = self.first - 1
        self.missed: list[tuple[int, int]] = []
        self.sent = self.first
        self.positioned = first is not None
        self.exceeded = False
        self._limits = limits
        self._origin: int | None = None
        self._heads = (
            bytes((other_kind + KIND_UPDATES,)) + name,
            bytes((other_kind + KIND_UPDATES_BASED,)) + name,
        )
        self._start_head = bytes((other_kind + KIND_START,)) + name
        self._tail_us = 0
        self._left_us: dict[int, int] = {}

    @property
    def contiguous_end(self) -> int:
        """The peer has everything below this number, as far as is known."""
        return self.missed[0][0] if self.missed else self.acknowledged + 1

    @property
    def backlog(self) -> int:
        """How many updates the peer has not acknowledged."""
        return max(0, self._end() - self.acknowledged - 1) + sum(end - first for first, end in self.missed)

    def is_done(self) -> bool:
        """Whether a relay with an end has arrived."""
        return self.end is not None and self._origin is not None and self.contiguous_end >= self.end

    def _end(self) -> int:
        end = self.history.next
        return end if self.end is None or self.end > end else self.end

    def check(self, latest: int, missed: list[tuple[int, int]]) -> None:
        """Refuse an acknowledgement of this side's own updates that cannot be true."""
        if latest >= self.history.next:
            raise Refused(Refusal.ACKNOWLEDGED_UNSENT)
        if self.positioned:
            contiguous = missed[0][0] if missed else latest + 1
            if latest < self.acknowledged or contiguous < self.contiguous_end:
                raise Refused(Refusal.ACKNOWLEDGEMENT_FELL)

    def acknowledge(self, latest: int, missed: list[tuple[int, int]]) -> None:
        """Take in a checked acknowledgement that is newer than the last one."""
        if self._is_relay:
            latest = max(latest, self.acknowledged)
            end = latest if self.end is None else self.end
            missed = [
                (max(gap_first, self.first), min(gap_end, end))
                for gap_first, gap_end in missed
                if gap_end > self.first and gap_first < end
            ]
        if self._origin is None:
            self._origin = self.acknowledged = latest
            self.positioned = True
            self.sent = max(self.sent, latest + 1) if self._is_relay else latest + 1
        elif latest > self.acknowledged:
            self.acknowledged = latest
            if latest >= self.sent:
                self.sent = latest + 1
        self.missed = missed
        left_us = self._left_us
        if missed:
            for first, end in missed:
                for number in range(first, end):
                    left_us.setdefault(number, self._tail_us)
        if left_us and (not missed or len(left_us) > 2 * self._limits.window_count):
            oldest = self.contiguous_end
            self._left_us = {number: at for number, at in left_us.items() if number >= oldest}

    def is_due(self, now_us: int, resend_us: int) -> bool:
        """Whether updates alone are a reason to send a datagram now."""
        if self.exceeded:
            return False
        if not self.positioned:
            return now_us - self._tail_us >= resend_us
        end = self._end()
        if self.sent < end:
            return True
        if self.acknowledged + 1 < end and now_us - self._tail_us >= resend_us:
            return True
        return bool(self.missed) and any(
            now_us - self._left_us[number] >= resend_us
            for first, last in self.missed
            for number in range(first, last)
        )

    def collect(self, now_us: int, resend_us: int, count_max: int) -> list[bytes]:
        """Return the records to send now, at most `count_max`, each at most ``piece_size_max`` long."""
        if self.exceeded:
            return []
        history = self.history
        if not self.positioned:
            self._tail_us = now_us
            return [self._start_head + _START.pack(self.first)]
        assert self.contiguous_end >= history.first, (self.contiguous_end, history.first)
        pieces = self._collect_missed(now_us, resend_us, count_max) if self.missed else []
        first = self.acknowledged + 1
        end = self._end()
        if first >= end or len(pieces) >= count_max:
            return pieces
        based = self._is_based(first)
        if end == history.next and end - first <= self._limits.redundancy_count_max:
            coded, operations = history.tail(first, based=based)
            if coded == end:
                self.sent = end
                self._tail_us = now_us
                pieces.append(self._heads[based] + _BLOCK.pack(first & 0xFFFF_FFFF, end - first) + operations)
                return pieces
        return pieces + self._collect_long_tail(first, end, now_us, resend_us, count_max - len(pieces))

    def _is_based(self, first: int) -> bool:
        # The peer surely holds the latest number it named only if it is past the first one it ever named,
        # which may be just where it wants to start. Without a base a block costs one whole payload more.
        return (
            self._origin is not None
            and self.acknowledged > self._origin
            and first - 1 == self.acknowledged
            and first > self.history.origin
        )

    def _collect_missed(self, now_us: int, resend_us: int, count_max: int) -> list[bytes]:
        pieces: list[bytes] = []
        left_us = self._left_us
        relay_end = self.history.next if self.end is None else self.end
        for missed_first, missed_end in self.missed:
            number, end = max(missed_first, self.first), min(missed_end, relay_end)
            while number < end:
                if now_us - left_us[number] < resend_us:
                    number += 1
                    continue
                due_end = number + 1
                while due_end < end and now_us - left_us[due_end] >= resend_us:
                    due_end += 1
                if len(pieces) >= count_max:
                    return pieces
                number = self._append_block(pieces, number, due_end, now_us)
        return pieces

    def _append_block(
        self, pieces: list[bytes], first: int, end: int, now_us: int, *, based: bool = False
    ) -> int:
        size_max = self._limits.piece_size_max - EMITTER_SIZE - BLOCK_HEADER_SIZE
        coded, operations = self.history.block(first, based=based, size_max=size_max, end=end)
        pieces.append(self._heads[based] + _BLOCK.pack(first & 0xFFFF_FFFF, coded - first) + operations)
        for number in range(first, coded):
            self._left_us[number] = now_us
        return coded

    def _collect_long_tail(
        self, floor: int, end: int, now_us: int, resend_us: int, count_max: int
    ) -> list[bytes]:
        # Everything new goes out, as many repeats before it as the bound allows. What is not repeated is
        # found by the peer once anything later arrives; so only the newest one needs a timer.
        unsent = min(max(self.sent, floor), end)
        history, limits = self.history, self._limits
        size = sum(
            history.cost(number) for number in range(unsent, min(end, unsent + limits.redundancy_count_max))
        )
        number = unsent
        while number > floor and end - number < limits.redundancy_count_max:
            size += history.cost(number - 1)
            payload = history.get(number - 1)
            assert payload is not None, number
            if size + len(payload) > limits.redundancy_size_max:
                break
            number -= 1
        if number == end:
            if now_us - self._tail_us < resend_us:
                return []
            number = end - 1
        pieces: list[bytes] = []
        while number < end and len(pieces) < count_max:
            number = self._append_block(
                pieces, number, end, now_us, based=number == floor and self._is_based(floor)
            )
        self._tail_us = now_us
        self.sent = max(self.sent, number)
        return pieces
