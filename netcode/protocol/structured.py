"""Rare structured messages: CBOR in exactly one form, so that equal values are equal bytes.

Deterministically encoded CBOR (RFC 8949, section 4.2) of null, booleans, 64-bit integers, bytes, text,
arrays, and maps with text as keys; no tags, no floats, no indefinite lengths. What comes in is walked over
first, without building anything, then decoded, encoded again and compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import cbor2

from netcode.errors import LimitExceeded, MalformedMessage

Value: TypeAlias = "bool | int | bytes | str | Sequence[Value] | Mapping[str, Value] | None"

DEPTH_MAX: Final = 16
SIZE_MAX: Final = 1 << 20

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_SIMPLE: Final = (0xF4, 0xF5, 0xF6)


def encode(value: Value) -> bytes:
    """Return the one encoding of `value`.

    Raises
    ------
    LimitExceeded
        It holds something that has no such encoding, a float or a tuple key for instance, or is nested too
        deep.
    """
    _check_value(value, 0)
    return bytes(cbor2.dumps(value, canonical=True))


def decode(data: bytes, *, size_max: int = SIZE_MAX) -> Value:
    """Return the value whose one encoding is `data`.

    Raises
    ------
    MalformedMessage
        The bytes are not the one encoding of any value, too long or nested too deep.
    """
    if len(data) > size_max:
        raise MalformedMessage(f"message of {len(data)} bytes, at most {size_max}")
    end = _walk(data, 0, 0)
    if end != len(data):
        raise MalformedMessage(f"{len(data) - end} bytes after the message")
    try:
        value: Value = cbor2.loads(data)
    except (cbor2.CBORError, UnicodeDecodeError) as error:
        raise MalformedMessage(f"not a message: {type(error).__name__}") from None
    if cbor2.dumps(value, canonical=True) != data:
        raise MalformedMessage("not the one encoding of its value")
    return value


def _walk(data: bytes, offset: int, depth: int) -> int:
    if depth > DEPTH_MAX:
        raise MalformedMessage(f"nested more than {DEPTH_MAX} deep")
    if offset >= len(data):
        raise MalformedMessage("ends too early")
    head = data[offset]
    if head in _SIMPLE:
        return offset + 1
    major, short = head >> 5, head & 31
    offset += 1
    if major > _MAP or short > 27:
        raise MalformedMessage(f"item 0x{head:02x} has no place here")
    if short < 24:
        argument = short
    else:
        size = 1 << short - 24
        argument = int.from_bytes(data[offset : offset + size], "big")
        offset += size
        if offset > len(data):
            raise MalformedMessage("ends too early")
    if major in (_BYTES, _TEXT):
        offset += argument
    elif major == _ARRAY:
        for _ in range(_bounded(argument, data, offset)):
            offset = _walk(data, offset, depth + 1)
    elif major == _MAP:
        for _ in range(_bounded(argument, data, offset)):
            if data[offset : offset + 1] and data[offset] >> 5 != _TEXT:
                raise MalformedMessage("a key of a map is not text")
            offset = _walk(data, offset, depth + 1)
            offset = _walk(data, offset, depth + 1)
    elif major == _NEGATIVE and argument >= 1 << 63:
        raise MalformedMessage("integer below -2**63")
    if offset > len(data):
        raise MalformedMessage("ends too early")
    return offset


def _bounded(count: int, data: bytes, offset: int) -> int:
    # Each item has at least one byte, so a count that lies is seen before anything is done with it.
    if count > len(data) - offset:
        raise MalformedMessage("ends too early")
    return count


def _check_value(value: object, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise LimitExceeded(f"nested more than {DEPTH_MAX} deep")
    if value is None or type(value) in (bool, bytes, str):
        return
    if type(value) is int:
        if not -(1 << 63) <= value < 1 << 64:
            raise LimitExceeded(f"integer {value} is not in -2**63 to 2**64 - 1")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if type(key) is not str:
                raise LimitExceeded(f"key {key!r} is not text")
            _check_value(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_value(item, depth + 1)
    else:
        raise LimitExceeded(f"{type(value).__name__} {value!r} has no encoding here")
