"""What is received of one emitter: delivered in order and once; the latest number and the missed."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from netcode.limits import MISSED_RANGES_MAX, Limits
from netcode.protocol.coding import encode_varint
from netcode.protocol.history import History
from netcode.protocol.numbers import Emitter
from netcode.protocol.outbox import KIND_ACKNOWLEDGEMENT, KIND_OTHER
from netcode.protocol.refusal import Refusal, Refused

NO_POSITION = 0x40
"""Flag in the count of ranges: nothing is known yet about where this emitter's updates start."""

_ACKNOWLEDGEMENT = struct.Struct("<BQIIB")
_UNPOSITIONED = (0, NO_POSITION, b"")


class Inbox:
    """Updates of one emitter as they come in, over whichever link.

    Attributes
    ----------
    emitter : Emitter
    history : History
        What is delivered; its `next` is the next number to deliver.
    positioned : bool
        False until it is known which number to expect first.
    latest : int
        The largest number received; ``history.next - 1`` when nothing is missed.
    """

    __slots__ = ("_acknowledgement", "_limits", "_waiting", "emitter", "history", "latest", "positioned")

    def __init__(self, emitter: Emitter, first: int | None, limits: Limits) -> None:
        self.emitter = emitter
        self.history = History(first or 0, limits)
        self.positioned = first is not None
        self.latest = self.history.next - 1
        self._limits = limits
        self._waiting: dict[int, bytes] = {}
        self._acknowledgement: tuple[int, int, bytes] | None = None

    def position(self, first: int) -> None:
        """Expect `first` next; everything held is forgotten."""
        self.history.restart(first)
        self.positioned = True
        self.latest = first - 1
        self._waiting.clear()
        self._acknowledgement = None

    def get(self, number: int) -> bytes | None:
        """Return the payload of `number` if it is held, delivered or not."""
        return self.history.get(number) if number < self.history.next else self._waiting.get(number)

    def check(self, first: int, payloads: list[bytes]) -> None:
        """Refuse a block that contradicts what is held or lies outside the window."""
        history = self.history
        expected = history.next
        end = first + len(payloads)
        if first < 0 or end > expected + self._limits.window_count:
            raise Refused(Refusal.NUMBER)
        known, known_end = max(first, history.first), min(end, expected)
        if known < known_end:
            said = payloads[known - first : known_end - first]
            if said != history.payloads(known, known_end):
                raise Refused(Refusal.CONFLICT)
        if not self._waiting:
            return
        for number in range(max(first, expected), end):
            held = self._waiting.get(number)
            if held is not None and held != payloads[number - first]:
                raise Refused(Refusal.CONFLICT)

    def accept(self, first: int, payloads: list[bytes]) -> list[bytes]:
        """Take in a checked block; return the payloads that became deliverable, up to ``history.next``, in
        order."""
        history = self.history
        expected = history.next
        end = first + len(payloads)
        if end <= expected:
            return []
        self._acknowledgement = None
        waiting = self._waiting
        if first <= expected and not waiting:
            delivered = payloads[expected - first :]
            for payload in delivered:
                history.append(payload)
            self.latest = end - 1
            return delivered
        for number in range(max(first, expected), end):
            waiting[number] = payloads[number - first]
        self.latest = max(self.latest, end - 1)
        delivered = []
        while (ready := waiting.pop(history.next, None)) is not None:
            history.append(ready)
            delivered.append(ready)
        return delivered

    def missed_ranges(self) -> Iterator[tuple[int, int]]:
        """Yield the half-open ranges below `latest` that are not received, lowest first."""
        number, latest, waiting = self.history.next, self.latest, self._waiting
        while number < latest:
            first = number
            while number not in waiting:
                number += 1
            yield first, number
            while number in waiting:
                number += 1

    @property
    def missed(self) -> int:
        """How many numbers below the latest received are not here."""
        return self.latest + 1 - self.history.next - len(self._waiting)

    def acknowledgement(self) -> tuple[int, int, bytes]:
        """Return low 32 bits of the latest number, flags and count of ranges, and the coded ranges.

        With more ranges than fit, the latest number named is the one before the first range left out: what is
        said to be received is received.
        """
        found = self._acknowledgement
        if found is not None:
            return found
        if not self.positioned:
            return _UNPOSITIONED
        latest, expected = self.latest, self.history.next
        parts: list[bytes] = []
        count = 0
        previous = expected
        if latest >= expected:
            for first, end in self.missed_ranges():
                if count == MISSED_RANGES_MAX:
                    latest = first - 1
                    break
                if count:
                    parts.append(encode_varint(first - previous))
                parts.append(encode_varint(end - first))
                previous = end
                count += 1
            parts.insert(0, encode_varint(latest - expected))
        found = self._acknowledgement = (latest & 0xFFFF_FFFF, count, b"".join(parts))
        return found

    def acknowledgement_record(self) -> bytes:
        """Return the acknowledgement as a record, for a link whose peer is not the emitter."""
        latest, count, ranges = self.acknowledgement()
        core_id, stamp = self.emitter
        return (
            _ACKNOWLEDGEMENT.pack(KIND_OTHER + KIND_ACKNOWLEDGEMENT, core_id, stamp, latest, count) + ranges
        )
