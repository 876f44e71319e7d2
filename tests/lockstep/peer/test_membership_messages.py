"""The one form of a message: everything else is refused, whatever the bytes are."""

from __future__ import annotations

import dataclasses

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.errors import RemoteError
from lockstep.peer.membership import Membership
from lockstep.peer.membership_codec import MESSAGE_SIZE_MAX, MessageRefused, decode, encode
from lockstep.peer.membership_messages import (
    Accepted,
    AskIn,
    AskOut,
    Ballot,
    Body,
    Commit,
    Message,
    Nack,
    Need,
    Prepare,
    Promise,
    Propose,
    Report,
    Vote,
    decode_message,
    encode_message,
)
from lockstep.peer.views import Member, Plan, Seat, View

LINEAGE = b"0123456789abcdef"
A, B = Member(1, 1), Member(2**64 - 1, 2**32 - 1)
VIEW = View.found(LINEAGE, (Seat(A, 0, 0, 2**32 - 10, "host:1"), Seat(B, 1, 0, 5, "host:2")))
NEXT = VIEW.successor(Plan(dropped=(B,)), first_tick=9)
BALLOT = Ballot(3, *B)

BODIES: tuple[Body, ...] = (
    Report(-1, 0xFFFF),
    Prepare(BALLOT, 2**40),
    Promise(BALLOT, -1, None),
    Promise(BALLOT, 8, Accepted(Ballot(2, *A), NEXT)),
    Propose(BALLOT, NEXT),
    Vote(BALLOT, NEXT.digest()),
    Commit(NEXT, (A, B)),
    Nack("ballot", BALLOT),
    Nack("full", None),
    AskIn("host:3", 2**32 - 10, 2, 50_000, 77),
    AskOut(),
    Need(4, 5),
)


def message(body: Body) -> Message:
    return Message(LINEAGE, 0, A, body)


@pytest.mark.parametrize("body", BODIES, ids=[type(body).__name__ for body in BODIES])
def test_a_message_comes_back_as_it_was(body: Body) -> None:
    assert decode_message(encode_message(message(body))) == message(body)


@pytest.mark.parametrize("body", BODIES, ids=[type(body).__name__ for body in BODIES])
def test_every_altered_byte_is_refused_or_says_something_else(body: Body) -> None:
    data = encode_message(message(body))
    for position in range(len(data)):
        for mask in (1, 0x20, 0x80):
            altered = bytearray(data)
            altered[position] ^= mask
            try:
                other = decode_message(bytes(altered))
            except MessageRefused:
                continue
            assert other != message(body)
            assert encode_message(other) == altered


@pytest.mark.parametrize("body", BODIES, ids=[type(body).__name__ for body in BODIES])
def test_a_message_cut_short_or_with_something_after_it_is_refused(body: Body) -> None:
    data = encode_message(message(body))
    for end in range(len(data)):
        with pytest.raises(MessageRefused):
            decode_message(data[:end])
    with pytest.raises(MessageRefused):
        decode_message(data + b"\0")


@pytest.mark.parametrize(
    "body",
    [
        Report(-2, 0),
        Report(2**48 + 1, 0),
        Report(0, 1 << 16),
        Prepare(Ballot(0, *A), 0),
        Prepare(Ballot(2**48 + 1, *A), 0),
        Promise(Ballot(1, *A), 0, Accepted(Ballot(2, *A), NEXT)),
        Propose(BALLOT, VIEW),
        Propose(BALLOT, dataclasses.replace(NEXT, lineage=bytes(16))),
        Vote(BALLOT, bytes(31)),
        Commit(NEXT, ()),
        Commit(NEXT, (B, A)),
        Commit(NEXT, (A, A)),
        Nack("ballot", None),
        Nack("full", BALLOT),
        Nack("mood", None),
        AskIn("x" * 65, 0, 0, 0, 0),
        AskIn("host\n", 0, 0, 0, 0),
        AskIn("host", 0, 601, 0, 0),
        Need(5, 5),
        Need(0, 5000),
    ],
)
def test_a_value_out_of_range_is_refused(body: Body) -> None:
    with pytest.raises(MessageRefused):
        decode_message(encode_message(message(body)))


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1, 0, LINEAGE, 0, [1, 1], [0, 0]],
        [2, 0, LINEAGE, 0, [1, 1], [0, 0], b""],
        [1, 99, LINEAGE, 0, [1, 1], [0, 0], b""],
        [1, 0, LINEAGE, 0, [1, 1], [0], b""],
        [1, 0, LINEAGE, 0, [1], [0, 0], b""],
        [1, 0, LINEAGE, 0, [1, 1], [0, 0], b"signed"],
        [1, 0, LINEAGE, 0, [1, 1], [0, "0"], b""],
        [1, 0, LINEAGE, 0, [1, 1], [0, None], b""],
        [1, 2, LINEAGE, 0, [1, 1], [[1, 1, 1], 0, [1, 1, 1], None], b""],
        {"kind": 0},
        7,
    ],
)
def test_another_shape_is_refused(value: object) -> None:
    with pytest.raises(MessageRefused):
        decode_message(cbor2.dumps(value, canonical=True))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x18\x01",
        b"\x19\x00\xff",
        b"\x5f\x41a\xff",
        b"\x9f\xff",
        b"\xf9\x3c\x00",
        b"\xfb" + bytes(8),
        b"\xc0\x60",
        b"\xa1\x00\x00",
        b"\xf5",
        b"\xf7",
        b"\x61\xff",
        b"\x9a\xff\xff\xff\xff",
        b"\x5b" + b"\xff" * 8,
        b"\x1c",
        b"\x81" * 20_000 + b"\x00",
        bytes(MESSAGE_SIZE_MAX + 1),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(MessageRefused):
        decode(data)


VALUES = st.recursive(
    st.none() | st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
    max_leaves=5,
)


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value: object) -> None:
    assert decode(encode(value)) == value  # type: ignore[arg-type]


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_are_the_encoding_of_what_they_say(data: bytes) -> None:
    try:
        value = decode(data)
    except MessageRefused:
        return
    assert encode(value) == data


def test_what_a_machine_refuses_changes_nothing_in_it() -> None:
    machine = Membership(A, VIEW, now_us=0)
    machine.set_held(3, 0, epoch=0)
    before = (machine.report(), machine.status, machine.confirmed, machine.next_time_us())
    refused = (
        (B, b"\xff"),
        (B, encode_message(Message(bytes(16), 0, B, AskOut()))),
        (B, encode_message(Message(LINEAGE, 0, A, AskOut()))),
        (B, encode_message(Message(LINEAGE, 0, B, Prepare(Ballot(1, *A), 3)))),
        (B, encode_message(Message(LINEAGE, 0, B, Commit(NEXT, (B,))))),
    )
    for sender, data in refused:
        with pytest.raises(RemoteError):
            machine.handle_message(sender, data, 5)
    for report in ((-1, 0, 0), (0, -2, 0), (0, 2**49, 0), (0, 0, 1 << 16), (2**49, 0, 0)):
        with pytest.raises(RemoteError):
            machine.handle_report(B, *report, 5)
    assert (machine.report(), machine.status, machine.confirmed, machine.next_time_us()) == before
    assert machine.poll_messages() == []
    assert machine.poll_events() == []
