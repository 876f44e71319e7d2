"""A datagram's records as values: everything is checked here, nothing is changed."""

from __future__ import annotations

import struct
from collections.abc import Callable

from netcode.limits import APPLICATION_KIND_END, APPLICATION_KIND_FIRST, Limits
from netcode.protocol.coding import decode_block, decode_varint, skip_block
from netcode.protocol.inbox import NO_POSITION, Inbox
from netcode.protocol.link import Link
from netcode.protocol.numbers import NUMBER_END, Emitter, extend
from netcode.protocol.outbox import (
    KIND_ACKNOWLEDGEMENT,
    KIND_OTHER,
    KIND_START,
    KIND_UPDATES,
    KIND_UPDATES_BASED,
    RANGES_COUNT_MASK,
    Outbox,
    decode_ranges,
)
from netcode.protocol.refusal import Refusal, Refused

_BLOCK = struct.Struct("<IB")
_EMITTER = struct.Struct("<QI")
_START = struct.Struct("<Q")

KINDS_OWN = frozenset((KIND_UPDATES, KIND_UPDATES_BASED, KIND_START))
KINDS_OTHER = frozenset(kind + KIND_OTHER for kind in (*KINDS_OWN, KIND_ACKNOWLEDGEMENT))

Missed = list[tuple[int, int]]


class Parsed:
    """What one datagram says, checked against the state but not yet taken in."""

    __slots__ = (
        "acknowledgements",
        "blocks",
        "conflict",
        "partial",
        "records",
        "starts",
        "touched",
    )

    def __init__(self) -> None:
        self.acknowledgements: list[tuple[Outbox, int, Missed]] = []
        self.blocks: list[tuple[Inbox, int, list[bytes]]] = []
        self.starts: list[tuple[Inbox, int]] = []
        self.touched: list[Inbox] = []
        self.records: list[tuple[int, bytes]] = []
        self.partial: list[Refusal] = []
        self.conflict: Emitter | None = None


def parse_acknowledgement(
    data: bytes, offset: int, latest_low: int, flags: int, outbox: Outbox, *, limits: Limits
) -> tuple[tuple[int, Missed] | None, int]:
    """Return the latest number and the missed ranges, None when the peer knows no position yet."""
    count = flags & RANGES_COUNT_MASK
    if count != flags:
        if flags != NO_POSITION or latest_low:
            raise Refused(Refusal.FLAGS)
        return None, offset
    latest = extend(latest_low, outbox.history.next)
    if latest < -1:
        raise Refused(Refusal.NUMBER)
    if not count:
        return (latest, []), offset
    missed, offset = decode_ranges(data, offset, count, latest, window_count=limits.window_count)
    return (latest, missed), offset


def parse_records(
    data: bytes,
    offset: int,
    *,
    parsed: Parsed,
    link: Link,
    inboxes: dict[Emitter, Inbox],
    local: Emitter,
    limits: Limits,
) -> None:
    """Parse the records from `offset` to the end of the datagram into `parsed`.

    Raises
    ------
    Refused, IndexError, struct.error
        The datagram is to be dropped whole.
    """
    size = len(data)
    while offset < size:
        kind = data[offset]
        offset += 1
        if APPLICATION_KIND_FIRST <= kind < APPLICATION_KIND_END:
            length = data[offset]
            if length < 0x80:
                offset += 1
            else:
                length, offset = decode_varint(data, offset)
            if length > limits.record_size_max:
                raise Refused(Refusal.RECORD_SIZE)
            end = offset + length
            if end > size:
                raise Refused(Refusal.TRUNCATED)
            parsed.records.append((kind, data[offset:end]))
            offset = end
        elif kind in KINDS_OWN:
            offset = _PARSERS[kind](data, offset, kind, parsed, link.inbox, limits)
        elif kind in KINDS_OTHER:
            emitter = Emitter(*_EMITTER.unpack_from(data, offset))
            offset += _EMITTER.size
            if kind == KIND_OTHER + KIND_ACKNOWLEDGEMENT:
                offset = _parse_other_acknowledgement(data, offset, parsed, link, emitter, limits)
                continue
            inbox = inboxes.get(emitter)
            if inbox is None:
                parsed.partial.append(Refusal.EMITTER_LOCAL if emitter == local else Refusal.EMITTER_UNKNOWN)
                offset = _skip(data, offset, kind)
                continue
            own_kind = kind - KIND_OTHER
            offset = _PARSERS[own_kind](data, offset, own_kind, parsed, inbox, limits)
        else:
            raise Refused(Refusal.RECORD_KIND)


def _parse_other_acknowledgement(
    data: bytes, offset: int, parsed: Parsed, link: Link, emitter: Emitter, limits: Limits
) -> int:
    low, flags = _BLOCK.unpack_from(data, offset)
    offset += _BLOCK.size
    outbox = link.outboxes.get(emitter)
    if outbox is None:
        # A relay that is over: the ranges still have to be stepped over.
        if flags & RANGES_COUNT_MASK:
            count = flags & RANGES_COUNT_MASK
            _, offset = decode_ranges(data, offset, count, 1 << 32, window_count=limits.window_count)
        return offset
    said, offset = parse_acknowledgement(data, offset, low, flags, outbox, limits=limits)
    if said is not None:
        parsed.acknowledgements.append((outbox, said[0], said[1]))
    return offset


def _parse_updates(data: bytes, offset: int, kind: int, parsed: Parsed, inbox: Inbox, limits: Limits) -> int:
    low, count = _BLOCK.unpack_from(data, offset)
    offset += _BLOCK.size
    if not count:
        raise Refused(Refusal.BLOCK)
    parsed.touched.append(inbox)
    if not inbox.positioned:
        parsed.partial.append(Refusal.POSITION_UNKNOWN)
        return skip_block(data, offset, count)
    history = inbox.history
    first = extend(low, history.next)
    based = kind == KIND_UPDATES_BASED
    base = inbox.get(first - 1) if based else b""
    if base is None:
        parsed.partial.append(Refusal.BASE_UNKNOWN)
        return skip_block(data, offset, count)
    end = first + count
    if history.first <= first < history.next:
        # Most of a block is held already. If it says so as we would, that much of it needs no decoding.
        known_end, operations = history.known_part(
            first, min(end, history.next), based=based, size_max=len(data)
        )
        if operations and data.startswith(operations, offset):
            offset += len(operations)
            first = known_end
            base = history.get(known_end - 1) or b""
    payloads: list[bytes] = []
    if first < end:
        payloads, offset = decode_block(data, offset, end - first, base, limits.update_size_max)
    try:
        inbox.check(first, payloads)
    except Refused as refused:
        if refused.reason is Refusal.CONFLICT:
            parsed.conflict = inbox.emitter
        raise
    parsed.blocks.append((inbox, first, payloads))
    return offset


def _parse_start(data: bytes, offset: int, kind: int, parsed: Parsed, inbox: Inbox, limits: Limits) -> int:
    assert kind == KIND_START, kind
    (first,) = _START.unpack_from(data, offset)
    if first + limits.window_count >= NUMBER_END:
        raise Refused(Refusal.NUMBER)
    parsed.touched.append(inbox)
    if not inbox.positioned:
        parsed.starts.append((inbox, first))
    return offset + _START.size


def _skip(data: bytes, offset: int, kind: int) -> int:
    if kind == KIND_OTHER + KIND_START:
        _START.unpack_from(data, offset)
        return offset + _START.size
    _, count = _BLOCK.unpack_from(data, offset)
    if not count:
        raise Refused(Refusal.BLOCK)
    return skip_block(data, offset + _BLOCK.size, count)


_PARSERS: dict[int, Callable[[bytes, int, int, Parsed, Inbox, Limits], int]] = {
    KIND_UPDATES: _parse_updates,
    KIND_UPDATES_BASED: _parse_updates,
    KIND_START: _parse_start,
}
