"""Canonical CBOR of membership messages: integers, bytes, text, null and arrays of them; nothing else exists.

The reader accepts only the one shortest form of a value, so bytes that decode are the bytes that encoding
gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import cbor2

from lockstep.errors import RemoteError

MESSAGE_SIZE_MAX = 32 * 1024
DEPTH_MAX = 8

Value = int | bytes | str | None | Sequence["Value"]

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY = range(5)
NULL = 0xF6


class MessageRefused(RemoteError):
    """Bytes, or a value of a message, that no member that keeps the rules would send."""


def encode(value: Value) -> bytes:
    """Return the canonical bytes of a value."""
    data = cbor2.dumps(value, canonical=True)
    assert len(data) <= MESSAGE_SIZE_MAX, f"a message of {len(data)} bytes, allowed {MESSAGE_SIZE_MAX}"
    return data


def decode(data: bytes) -> Value:
    """Return the value of canonical bytes; arrays come as tuples.

    Raises
    ------
    MessageRefused
        Too long, too deep, not the shortest form, a kind of value that messages do not use, or bytes left
        over.
    """
    if len(data) > MESSAGE_SIZE_MAX:
        raise MessageRefused(f"a message of {len(data)} bytes, allowed {MESSAGE_SIZE_MAX}")
    value, end = _read(data, 0, DEPTH_MAX)
    if end != len(data):
        raise MessageRefused(f"{len(data) - end} bytes after the end of a message")
    if encode(value) != data:
        raise MessageRefused("a message that is not in canonical form")
    return value


def _read(data: bytes, start: int, depth: int) -> tuple[Value, int]:
    if depth == 0:
        raise MessageRefused(f"a message nested deeper than {DEPTH_MAX}")
    if start >= len(data):
        raise MessageRefused("a message cut short")
    if data[start] == NULL:
        return None, start + 1
    major = data[start] >> 5
    argument, position = _argument(data, start)
    if major == UNSIGNED:
        return argument, position
    if major == NEGATIVE:
        return -1 - argument, position
    if major in (BYTES, TEXT):
        end = position + argument
        if end > len(data):
            raise MessageRefused("a message cut short")
        raw = data[position:end]
        return (raw if major == BYTES else _text(raw)), end
    if major == ARRAY:
        # Each element takes a byte at least, so the loop is bounded by the size of the message.
        if argument > len(data) - position:
            raise MessageRefused("a message cut short")
        items = []
        for _ in range(argument):
            item, position = _read(data, position, depth - 1)
            items.append(item)
        return tuple(items), position
    raise MessageRefused(f"a value of CBOR major type {major}, which messages do not use")


def _argument(data: bytes, start: int) -> tuple[int, int]:
    short = data[start] & 31
    if short < 24:
        return short, start + 1
    if short > 27:
        raise MessageRefused("a value of indefinite or reserved length")
    size = 1 << (short - 24)
    end = start + 1 + size
    if end > len(data):
        raise MessageRefused("a message cut short")
    argument = int.from_bytes(data[start + 1 : end], "big")
    least = 24 if size == 1 else 1 << (4 * size)
    if argument < least:
        raise MessageRefused("a length that is not in its shortest form")
    return argument, end


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MessageRefused("text that is not UTF-8") from error


def take_int(value: Value, what: str, *, least: int, most: int) -> int:
    """Return `value` if it is an integer of the range, else raise `MessageRefused`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise MessageRefused(f"{what} is {value!r:.40}, allowed {least} to {most}")
    return value


def take_bytes(value: Value, what: str, *, least: int, most: int) -> bytes:
    """Return `value` if it is bytes of such a length, else raise `MessageRefused`."""
    if not isinstance(value, bytes) or not least <= len(value) <= most:
        raise MessageRefused(f"{what} is {value!r:.40}, allowed {least} to {most} bytes")
    return value


def take_text(value: Value, what: str, *, most: int) -> str:
    """Return `value` if it is printable ASCII of at most that length, else raise `MessageRefused`."""
    if not isinstance(value, str) or len(value) > most or not value.isascii():
        raise MessageRefused(f"{what} is {value!r:.40}, allowed at most {most} ASCII characters")
    if value and not value.isprintable():
        raise MessageRefused(f"{what} is {value!r:.40}, allowed are printable characters")
    return value


def take_array(value: Value, what: str, *, least: int, most: int) -> tuple[Value, ...]:
    """Return `value` if it is an array of such a length, else raise `MessageRefused`."""
    if not isinstance(value, tuple) or not least <= len(value) <= most:
        raise MessageRefused(f"{what} is {value!r:.40}, allowed an array of {least} to {most}")
    return value
