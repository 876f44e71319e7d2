"""Blocks of updates: any payloads come back, from any base and within any size; hostile bytes are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcode.limits import DEFAULT, Limits
from netcode.protocol.coding import decode_block, decode_varint, encode_varint, skip_block, splice
from netcode.protocol.history import History
from netcode.protocol.numbers import extend, extend_16
from netcode.protocol.refusal import Refused

FIRST = 2**32 - 10
SMALL = st.binary(max_size=12)
PAYLOADS = st.lists(
    st.one_of(st.sampled_from([b"", b"\0\0\0\0", b"\0\1\0\0", b"\0\1\0\2"]), SMALL, st.binary(max_size=1000)),
    min_size=1,
    max_size=60,
)


@given(st.integers(0, 2**14 - 1), SMALL)
def test_varint_round_trip(value: int, behind: bytes) -> None:
    data = encode_varint(value)
    assert decode_varint(data + behind, 0) == (value, len(data))


@pytest.mark.parametrize("data", [b"\x80\x00", b"\x80\x80", b"\xff\xff"])
def test_a_varint_has_one_form(data: bytes) -> None:
    with pytest.raises(Refused):
        decode_varint(data, 0)


@given(st.integers(0, 2**64), st.integers(-(2**31), 2**31 - 1))
def test_low_bits_and_a_near_reference_give_the_number(number: int, distance: int) -> None:
    assert extend(number & 0xFFFF_FFFF, number - distance) == number
    short = distance >> 16
    assert extend_16(number & 0xFFFF, number - short) == number


@given(st.binary(max_size=1000), st.binary(max_size=1000))
def test_a_splice_turns_one_payload_into_the_other(previous: bytes, payload: bytes) -> None:
    operation = splice(previous, payload)
    if previous == payload:
        assert operation == b""
    else:
        assert decode_block(operation, 0, 1, previous, 1000) == ([payload], len(operation))
        assert skip_block(operation, 0, 1) == len(operation)
        assert len(operation) <= len(payload) + 7


@given(st.binary(min_size=4, max_size=30), st.integers(0, 29), st.integers(1, 255))
def test_one_changed_byte_costs_four(payload: bytes, index: int, change: int) -> None:
    changed = bytearray(payload)
    changed[index % len(payload)] ^= change
    assert len(splice(payload, bytes(changed))) == 4


@given(PAYLOADS, st.data())
def test_any_part_of_a_history_comes_back(payloads: list[bytes], draw: st.DataObject) -> None:
    history = History(FIRST, DEFAULT)
    for payload in payloads:
        history.append(payload)
    start = draw.draw(st.integers(0, len(payloads) - 1))
    end = draw.draw(st.integers(start + 1, len(payloads)))
    based = start > 0 and draw.draw(st.booleans())
    size_max = draw.draw(st.integers(1, 1200))
    base = payloads[start - 1] if based else b""
    coded_end, operations = history.block(FIRST + start, based=based, size_max=size_max, end=FIRST + end)
    assert start < coded_end - FIRST <= end
    # The first one always goes in, and so does a run of its like: one byte more.
    is_one_payload = len(set(payloads[start : coded_end - FIRST])) == 1
    assert coded_end == FIRST + end or len(operations) <= size_max or is_one_payload
    decoded, offset = decode_block(operations, 0, coded_end - FIRST - start, base, 1000)
    assert decoded == payloads[start : coded_end - FIRST]
    assert offset == len(operations)


@given(PAYLOADS, st.data())
def test_the_known_part_begins_every_block_that_says_the_same(
    payloads: list[bytes], draw: st.DataObject
) -> None:
    sender, receiver = History(FIRST, DEFAULT), History(FIRST, DEFAULT)
    known = draw.draw(st.integers(1, len(payloads)))
    for index, payload in enumerate(payloads):
        sender.append(payload)
        if index < known:
            receiver.append(payload)
    start = draw.draw(st.integers(0, known - 1))
    based = start > 0 and draw.draw(st.booleans())
    first, size_max = FIRST + start, 1 << 16
    part_end, part = receiver.known_part(first, FIRST + known, based=based, size_max=size_max)
    end, operations = sender.block(first, based=based, size_max=size_max, end=sender.next)
    assert operations.startswith(part)
    base = payloads[part_end - FIRST - 1] if part else payloads[start - 1] if based else b""
    if part_end < end:
        rest, offset = decode_block(operations, len(part), end - part_end, base, 1000)
        assert rest == payloads[part_end - FIRST :]
        assert offset == len(operations)
    else:
        assert part == operations
    # What is left to decode is one run of repetitions at most.
    assert len(set(payloads[max(part_end - FIRST - 1, start) : known])) == 1


@given(st.binary(max_size=60), st.integers(1, 255), SMALL)
def test_hostile_bytes_are_payloads_in_bounds_or_refused(data: bytes, count: int, base: bytes) -> None:
    try:
        payloads, offset = decode_block(data, 0, count, base, 100)
    except (Refused, IndexError):
        return
    assert len(payloads) == count
    assert all(len(payload) <= 100 for payload in payloads)
    assert offset <= len(data)
    assert skip_block(data, 0, count) == offset


def test_history_bounds_drop_the_oldest_by_count_and_by_bytes() -> None:
    history = History(FIRST, Limits(history_count_max=100, base_count_kept=80))
    for index in range(150):
        history.append(bytes((index,)))
    assert (history.first, history.next, len(history)) == (FIRST + 50, FIRST + 150, 100)
    assert history.get(FIRST + 49) is None
    assert history.get(FIRST + 50) == b"\x32"
    assert history.get(FIRST + 150) is None
    history = History(0, Limits(history_size_max=2500))
    for _ in range(3):
        history.append(bytes(1000))
    assert (history.first, history.next, history.size) == (1, 3, 2000)


def test_an_emptied_history_still_knows_the_difference_to_the_last_one() -> None:
    history = History(FIRST, DEFAULT)
    history.append(b"abcdef")
    history.drop_below(history.next)
    history.append(b"abcdeg")
    end, operations = history.block(FIRST + 1, based=True, size_max=100, end=FIRST + 2)
    assert (end, len(operations)) == (FIRST + 2, 4)
    assert decode_block(operations, 0, 1, b"abcdef", 1000)[0] == [b"abcdeg"]
