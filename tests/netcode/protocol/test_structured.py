"""One value, one encoding: round trips, and every other form of the same value is refused."""

from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcode.errors import LimitExceeded, MalformedMessage
from netcode.protocol import structured

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=30), inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_round_trip_and_one_form(value: Any) -> None:
    data = structured.encode(value)
    assert structured.decode(data) == value
    assert structured.encode(structured.decode(data)) == data


@given(VALUES, st.data())
def test_a_changed_byte_is_another_value_or_refused(value: Any, draw: st.DataObject) -> None:
    data = bytearray(structured.encode(value))
    index = draw.draw(st.integers(0, len(data) - 1))
    data[index] ^= draw.draw(st.integers(1, 255))
    try:
        changed = structured.decode(bytes(data))
    except MalformedMessage:
        return
    assert structured.encode(changed) == bytes(data)


@given(st.binary(max_size=120))
def test_hostile_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        value = structured.decode(data)
    except MalformedMessage:
        return
    assert structured.encode(value) == data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("nothing", b""),
        ("long integer", bytes.fromhex("1801")),
        ("long length", bytes.fromhex("5801aa")),
        ("keys out of order", bytes.fromhex("a2616201616101")),
        ("key twice", bytes.fromhex("a2616101616101")),
        ("key no text", bytes.fromhex("a10101")),
        ("float", bytes.fromhex("fb3ff0000000000000")),
        ("half float", bytes.fromhex("f93c00")),
        ("undefined", bytes.fromhex("f7")),
        ("tag", bytes.fromhex("c11a00000000")),
        ("shared reference", bytes.fromhex("d81c81d81d00")),
        ("indefinite array", bytes.fromhex("9f01ff")),
        ("more bytes after", bytes.fromhex("0101")),
        ("text not utf-8", bytes.fromhex("61ff")),
        ("huge array", bytes.fromhex("9bffffffffffffffff")),
        ("huge text", bytes.fromhex("7bffffffffffffffff")),
        ("below int64", bytes.fromhex("3bffffffffffffffff")),
        ("nested deep", b"\x81" * 5000 + b"\x00"),
        ("cut", bytes.fromhex("a16161")),
    ],
)
def test_refused(name: str, data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        structured.decode(data)


def test_size_is_bounded() -> None:
    with pytest.raises(MalformedMessage, match="at most 10"):
        structured.decode(structured.encode(b"x" * 10), size_max=10)


@pytest.mark.parametrize(
    "value", [1.5, {1: 2}, 2**64, -(2**63) - 1, object(), {"a": {"b": 1.0}}, bytearray(b"x")]
)
def test_what_has_no_encoding_is_a_local_error(value: Any) -> None:
    with pytest.raises(LimitExceeded):
        structured.encode(value)


def test_what_we_write_is_what_cbor2_calls_canonical() -> None:
    value = {"bb": [1, -1, None, True, b"x"], "a": {"z": "y"}}
    assert structured.encode(value) == cbor2.dumps(value, canonical=True)
