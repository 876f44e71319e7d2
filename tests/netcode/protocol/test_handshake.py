"""The handshake as values in and out: agreement, every refusal, deadlines, and hostile bytes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcode.errors import (
    HandshakeRefused,
    HandshakeTimeout,
    LimitExceeded,
    MalformedMessage,
    RemoteError,
    TermsDiffer,
)
from netcode.protocol import structured
from netcode.protocol.framing import Frame
from netcode.protocol.handshake import (
    KIND_HELLO,
    KIND_REFUSE,
    KIND_WELCOME,
    TIMEOUT_US,
    Acceptor,
    Initiator,
    Introduction,
    compare_terms,
    decode_introduction,
    decode_refusal,
    encode_introduction,
    encode_refusal,
)
from netcode.protocol.numbers import Emitter

TERMS = {"kernel": b"\x01\x02", "world": {"name": "sandbox", "schema": b"\xaa" * 16}, "tick_rate": 60}
ANNA = Introduction(
    emitter=Emitter(1, 5),
    connection_id=77,
    address="127.0.0.1:4000",
    terms=TERMS,
    name="anna",
    application=b"hi",
)
BERT = Introduction(
    emitter=Emitter(2, 9), connection_id=88, address="127.0.0.1:5000", terms=TERMS, name="bert"
)


def test_both_sides_get_the_other_introduction() -> None:
    initiator = Initiator(ANNA, 0)
    acceptor = Acceptor(BERT.emitter, TERMS, 0)
    (hello,) = initiator.poll_frames()
    acceptor.handle_frame(hello)
    assert acceptor.hello == ANNA
    acceptor.accept(BERT)
    (welcome,) = acceptor.poll_frames()
    initiator.handle_frame(welcome)
    assert initiator.peer == BERT
    assert acceptor.peer == ANNA
    assert initiator.poll_frames() == acceptor.poll_frames() == []
    initiator.handle_time(10 * TIMEOUT_US)
    acceptor.handle_time(10 * TIMEOUT_US)


@pytest.mark.parametrize(
    ("changed", "field", "local", "remote"),
    [
        ({**TERMS, "tick_rate": 30}, "tick_rate", "60", "30"),
        ({**TERMS, "world": {"name": "arena", "schema": b"\xaa" * 16}}, "world.name", "sandbox", "arena"),
        (
            {**TERMS, "world": {"name": "sandbox", "schema": b"\xbb" * 16}},
            "world.schema",
            "aa" * 16,
            "bb" * 16,
        ),
        ({**TERMS, "extra": True}, "extra", "absent", "True"),
        ({"kernel": b"\x01\x02", "world": TERMS["world"]}, "tick_rate", "60", "absent"),
        ({**TERMS, "tick_rate": True}, "tick_rate", "60", "True"),
    ],
)
def test_the_term_that_differs_is_named_on_both_sides(
    changed: Any, field: str, local: str, remote: str
) -> None:
    initiator = Initiator(dataclasses.replace(ANNA, terms=changed), 0)
    acceptor = Acceptor(BERT.emitter, TERMS, 0)
    with pytest.raises(TermsDiffer) as here:
        acceptor.handle_frame(initiator.poll_frames()[0])
    assert (here.value.field, here.value.local, here.value.remote) == (field, local, remote)
    (refusal,) = acceptor.poll_frames()
    assert refusal.kind == KIND_REFUSE
    with pytest.raises(TermsDiffer) as there:
        initiator.handle_frame(refusal)
    assert (there.value.field, there.value.local, there.value.remote) == (field, remote, local)


def test_a_welcome_with_other_terms_is_refused_back() -> None:
    initiator = Initiator(ANNA, 0)
    initiator.poll_frames()
    other = dataclasses.replace(BERT, terms={"tick_rate": 1})
    with pytest.raises(TermsDiffer, match="kernel"):
        initiator.handle_frame(Frame(KIND_WELCOME, encode_introduction(other)))
    (refusal,) = initiator.poll_frames()
    assert isinstance(decode_refusal(refusal.body), TermsDiffer)
    assert initiator.peer is None


def test_another_version_of_the_protocol_is_a_term_that_differs() -> None:
    body: Any = structured.decode(encode_introduction(ANNA))
    body["protocol"] = 9
    acceptor = Acceptor(BERT.emitter, TERMS, 0)
    with pytest.raises(TermsDiffer, match="'protocol' differs: here 1, there 9"):
        acceptor.handle_frame(Frame(KIND_HELLO, structured.encode(body)))
    error = decode_refusal(acceptor.poll_frames()[0].body)
    assert isinstance(error, TermsDiffer)
    assert (error.local, error.remote) == ("9", "1")


def test_the_owner_may_refuse_with_a_reason() -> None:
    initiator, acceptor = Initiator(ANNA, 0), Acceptor(BERT.emitter, TERMS, 0)
    acceptor.handle_frame(initiator.poll_frames()[0])
    acceptor.refuse("full", detail="16 players")
    with pytest.raises(HandshakeRefused, match=r"full \(16 players\)") as caught:
        initiator.handle_frame(acceptor.poll_frames()[0])
    assert caught.value.reason == "full"


def test_a_core_does_not_link_to_itself() -> None:
    acceptor = Acceptor(Emitter(ANNA.emitter.core_id, 6), TERMS, 0)
    with pytest.raises(HandshakeRefused, match="same_core"):
        acceptor.handle_frame(Frame(KIND_HELLO, encode_introduction(ANNA)))
    assert len(acceptor.poll_frames()) == 1


def test_deadlines() -> None:
    for handshake in (Initiator(ANNA, 100), Acceptor(BERT.emitter, TERMS, 100)):
        handshake.handle_time(handshake.deadline_us - 1)
        with pytest.raises(HandshakeTimeout):
            handshake.handle_time(handshake.deadline_us)


def test_frames_out_of_turn_are_refused() -> None:
    with pytest.raises(MalformedMessage, match="kind 1 instead of a welcome"):
        Initiator(ANNA, 0).handle_frame(Frame(KIND_HELLO, encode_introduction(BERT)))
    acceptor = Acceptor(BERT.emitter, TERMS, 0)
    with pytest.raises(MalformedMessage, match="kind 20 instead of a hello"):
        acceptor.handle_frame(Frame(20, b""))
    acceptor.handle_frame(Frame(KIND_HELLO, encode_introduction(ANNA)))
    with pytest.raises(MalformedMessage):
        acceptor.handle_frame(Frame(KIND_HELLO, encode_introduction(ANNA)))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("connection", -1),
        ("connection", 2**32),
        ("connection", True),
        ("core", "x"),
        ("stamp", 2**32),
        ("address", "x" * 256),
        ("name", "ä" * 33),
        ("application", "text"),
        ("application", bytes((1 << 15) + 1)),
        ("terms", []),
        ("terms", {"x": bytes(1 << 14)}),
        ("identity", b"key"),
        ("sealing", {}),
        ("unknown", None),
    ],
)
def test_fields_out_of_range_are_malformed_from_a_peer(field: str, value: Any) -> None:
    body: Any = structured.decode(encode_introduction(ANNA))
    body[field] = value
    with pytest.raises(MalformedMessage, match=field):
        decode_introduction(structured.encode(body))


def test_fields_out_of_range_are_a_local_error_here() -> None:
    with pytest.raises(LimitExceeded, match="connection 4294967296"):
        encode_introduction(dataclasses.replace(ANNA, connection_id=2**32))


def test_equal_terms_have_no_difference() -> None:
    assert compare_terms(TERMS, dict(reversed(TERMS.items()))) is None
    assert compare_terms({"a": {}}, {"a": {}}) is None
    assert compare_terms({"a": {}}, {}) == ("a", "{}", "absent")


@given(st.binary(max_size=200), st.sampled_from([KIND_HELLO, KIND_WELCOME, KIND_REFUSE, 0, 255]))
def test_hostile_frames_end_in_a_remote_error(body: bytes, kind: int) -> None:
    for handshake in (Initiator(ANNA, 0), Acceptor(BERT.emitter, TERMS, 0)):
        with pytest.raises(RemoteError):
            handshake.handle_frame(Frame(kind, body))
        assert handshake.peer is None


@given(st.data())
def test_a_changed_byte_never_passes_for_the_same_introduction(draw: st.DataObject) -> None:
    data = bytearray(encode_introduction(ANNA))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= draw.draw(st.integers(1, 255))
    try:
        assert decode_introduction(bytes(data)) != ANNA
    except RemoteError:
        return


def test_refusal_texts_are_bounded() -> None:
    error = decode_refusal(encode_refusal("x" * 2000, detail="y" * 2000))
    assert isinstance(error, HandshakeRefused)
    assert len(error.reason) == len(error.detail) == 512
    with pytest.raises(MalformedMessage):
        decode_refusal(structured.encode({"reason": "x"}))
    with pytest.raises(MalformedMessage):
        decode_refusal(structured.encode(dict.fromkeys(("detail", "field", "local", "reason", "remote"), 1)))
