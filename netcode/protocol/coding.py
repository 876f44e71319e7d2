"""How consecutive updates of one emitter become a block: runs of equal payloads, and splices of changed ones.

A block is coded by itself from a *base*: the payload of the number before its first one, or no bytes. Each
operation yields payloads: a byte below 128 repeats the payload before it (n + 1) times; any other byte is a
splice that keeps the beginning and the end of the payload before it and replaces the middle.
"""

from __future__ import annotations

from typing import Final

from netcode.limits import BLOCK_COUNT_MAX
from netcode.protocol.refusal import Refusal, Refused

RUN_COUNT_MAX: Final = 128
SPLICE: Final = 0x80
LENGTH_LONG: Final = 0x7F

RUNS: Final = tuple(bytes((count - 1,)) if count else b"" for count in range(RUN_COUNT_MAX + 1))
"""The operation that repeats `count` times, by count."""


def encode_varint(value: int) -> bytes:
    """Return `value` (0 to 2**14 - 1) as one byte, or as two with the low seven bits first."""
    if value < 0x80:
        assert value >= 0, value
        return bytes((value,))
    assert value < 0x4000, value
    return bytes((value & 0x7F | 0x80, value >> 7))


def decode_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return the value at `offset` and the offset after it; raises Refused for a form that is not the
    shortest."""
    low = data[offset]
    if low < 0x80:
        return low, offset + 1
    high = data[offset + 1]
    if high == 0 or high >= 0x80:
        raise Refused(Refusal.VARINT)
    return low & 0x7F | high << 7, offset + 2


def splice(previous: bytes, payload: bytes) -> bytes:
    """Return the operation that turns `previous` into `payload`; no bytes when they are equal."""
    if previous == payload:
        return b""
    if len(previous) == len(payload):
        # Most often so, and what differs at first and at last then comes out of one comparison.
        difference = int.from_bytes(previous, "big") ^ int.from_bytes(payload, "big")
        prefix = len(payload) - (difference.bit_length() + 7 >> 3)
        suffix = (difference & -difference).bit_length() - 1 >> 3
    else:
        shared = min(len(previous), len(payload))
        prefix = _equal_prefix(previous[:shared], payload[:shared])
        rest = shared - prefix
        suffix = _equal_suffix(previous[len(previous) - rest :], payload[len(payload) - rest :])
    middle = payload[prefix : len(payload) - suffix]
    size = len(middle)
    if size < LENGTH_LONG and prefix < 0x80 and suffix < 0x80:
        return bytes((SPLICE | size, prefix, suffix)) + middle
    if size < LENGTH_LONG:
        head = bytes((SPLICE | size,))
    else:
        head = bytes((SPLICE | LENGTH_LONG, size & 0xFF, size >> 8))
    return head + encode_varint(prefix) + encode_varint(suffix) + middle


def _equal_prefix(a: bytes, b: bytes) -> int:
    difference = int.from_bytes(a, "big") ^ int.from_bytes(b, "big")
    return len(a) - (difference.bit_length() + 7 >> 3)


def _equal_suffix(a: bytes, b: bytes) -> int:
    difference = int.from_bytes(a, "big") ^ int.from_bytes(b, "big")
    return (difference & -difference).bit_length() - 1 >> 3 if difference else len(a)


def decode_block(data: bytes, offset: int, count: int, base: bytes, size_max: int) -> tuple[list[bytes], int]:
    """Decode the `count` payloads of a block.

    Parameters
    ----------
    data, offset
        The datagram, and where the first operation starts.
    count : int
        1 to 255, from the header of the block.
    base : bytes
        Payload that the first operation refers to.
    size_max : int
        Largest payload allowed.

    Returns
    -------
    payloads, offset
        Exactly `count` payloads, and the offset after the block.

    Raises
    ------
    Refused, IndexError
        The bytes are no block; `IndexError` where they end too early.
    """
    assert 1 <= count <= BLOCK_COUNT_MAX, count
    payloads: list[bytes] = []
    payload = base
    missing = count
    while missing > 0:
        operation = data[offset]
        offset += 1
        if operation < SPLICE:
            payloads += [payload] * (operation + 1)
            missing -= operation + 1
            continue
        size = operation & LENGTH_LONG
        if size == LENGTH_LONG:
            size = data[offset] | data[offset + 1] << 8
            offset += 2
            if size < LENGTH_LONG:
                raise Refused(Refusal.BLOCK)
        prefix, offset = decode_varint(data, offset)
        suffix, offset = decode_varint(data, offset)
        if prefix + suffix > len(payload):
            raise Refused(Refusal.BLOCK)
        if prefix + size + suffix > size_max:
            raise Refused(Refusal.UPDATE_SIZE)
        middle = data[offset : offset + size]
        if len(middle) != size:
            raise Refused(Refusal.TRUNCATED)
        offset += size
        payload = payload[:prefix] + middle + payload[len(payload) - suffix :]
        payloads.append(payload)
        missing -= 1
    if missing < 0:
        raise Refused(Refusal.BLOCK)
    return payloads, offset


def skip_block(data: bytes, offset: int, count: int) -> int:
    """Return the offset after a block whose base is not known, so that it cannot be decoded."""
    missing = count
    while missing > 0:
        operation = data[offset]
        offset += 1
        if operation < SPLICE:
            missing -= operation + 1
            continue
        size = operation & LENGTH_LONG
        if size == LENGTH_LONG:
            size = data[offset] | data[offset + 1] << 8
            offset += 2
            if size < LENGTH_LONG:
                raise Refused(Refusal.BLOCK)
        _, offset = decode_varint(data, offset)
        _, offset = decode_varint(data, offset)
        offset += size
        if offset > len(data):
            raise Refused(Refusal.TRUNCATED)
        missing -= 1
    if missing < 0:
        raise Refused(Refusal.BLOCK)
    return offset
