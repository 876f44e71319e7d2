"""Goal: equal inputs have equal bytes and nothing else is accepted. Method: round trips and mutated bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockstep.errors import InputError, InputRefused
from lockstep.inputs.commands import Attach, Destroy, Grab, Impulse, Move, Spawn
from lockstep.inputs.layout import AVATAR_LAYOUT, InputLayout
from lockstep.inputs.predictor import predict
from lockstep.inputs.tick_input import NEUTRAL, TickInput, decode_input, encode_input, neutral_input
from lockstep.limits import AXIS_MAX, PAYLOAD_SIZE_MAX

_position = st.tuples(*[st.integers(-(4096 << 10), 4096 << 10)] * 3)
_velocity = st.tuples(*[st.integers(-(64 << 10), 64 << 10)] * 3)
_slot_id = st.builds(
    lambda row, generation: generation << 16 | row, st.integers(0, 65535), st.integers(1, 65535)
)
_command = st.one_of(
    st.builds(Spawn, st.integers(0, 255), _position, _velocity),
    st.builds(Move, _slot_id, _position),
    st.builds(Destroy, _slot_id),
    st.builds(Impulse, _slot_id, _velocity),
    st.builds(Grab, st.one_of(st.just(0), _slot_id)),
    st.builds(Attach, _slot_id, st.one_of(st.just(0), _slot_id)),
)
_input = st.builds(
    TickInput,
    st.integers(0, 31),
    st.tuples(*[st.one_of(st.just(0), st.integers(-AXIS_MAX, AXIS_MAX))] * 4),
    st.lists(_command, max_size=8).map(tuple),
)


@given(_input)
def test_round_trip(value: TickInput) -> None:
    payload = encode_input(value, AVATAR_LAYOUT)
    assert len(payload) <= PAYLOAD_SIZE_MAX
    assert decode_input(payload, AVATAR_LAYOUT) == value


@given(_input, st.data())
@settings(max_examples=300)
def test_whatever_decodes_is_canonical(value: TickInput, data: st.DataObject) -> None:
    payload = bytearray(encode_input(value, AVATAR_LAYOUT))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(payload)))
        if data.draw(st.booleans()):
            payload[position:position] = data.draw(st.binary(max_size=2))
        else:
            payload[position : position + 1] = data.draw(st.binary(max_size=2))
    try:
        decoded = decode_input(bytes(payload), AVATAR_LAYOUT)
    except InputRefused:
        return
    assert encode_input(decoded, AVATAR_LAYOUT) == bytes(payload)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    try:
        decoded = decode_input(payload, AVATAR_LAYOUT)
    except InputRefused:
        decoded = neutral_input(AVATAR_LAYOUT)
    assert decode_input(encode_input(decoded, AVATAR_LAYOUT), AVATAR_LAYOUT) == decoded


def test_neutral_is_empty() -> None:
    assert encode_input(neutral_input(AVATAR_LAYOUT), AVATAR_LAYOUT) == NEUTRAL == b""
    assert decode_input(b"", AVATAR_LAYOUT) == neutral_input(AVATAR_LAYOUT)


def test_bytes_as_documented() -> None:
    assert encode_input(TickInput(1, (0, AXIS_MAX, 0, -2)), AVATAR_LAYOUT) == bytes.fromhex("01 0a ff7f feff")
    assert encode_input(TickInput(0, (0, 0, 0, 0), (Grab(1 << 16),)), AVATAR_LAYOUT) == bytes.fromhex(
        "00 00 05 00000100"
    )


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ("0000", "empty string"),
        ("00", "ends within"),
        ("8000", "needless zero"),
        ("2000", "buttons"),
        ("0010", "axis mask"),
        ("0001", "axes end"),
        ("00010000", "axis values"),
        ("00010080", "axis values"),
        ("000007", "command code 7"),
        ("00000500", "ends at"),
        ("000003" + "00" * 4, "slot"),
        ("ff" * 6 + "00", "more than 32 bits"),
        ("0000" + "05" + "00" * 4 + ("05" + "00" * 4) * 8, "more than 8 commands"),
        ("01" * 1001, "1001 bytes"),
    ],
)
def test_refusals_say_why(payload: str, reason: str) -> None:
    with pytest.raises(InputRefused, match=reason):
        decode_input(bytes.fromhex(payload), AVATAR_LAYOUT)


def test_encode_checks_the_range() -> None:
    with pytest.raises(InputError, match="move_x"):
        encode_input(TickInput(0, (-32768, 0, 0, 0)), AVATAR_LAYOUT)
    with pytest.raises(InputError, match="buttons"):
        encode_input(TickInput(32, (0, 0, 0, 0)), AVATAR_LAYOUT)
    with pytest.raises(InputError, match="velocity"):
        encode_input(TickInput(0, (0, 0, 0, 0), (Spawn(0, (0, 0, 0), (1 << 20, 0, 0)),)), AVATAR_LAYOUT)


@given(_input)
def test_prediction_holds_without_commands(value: TickInput) -> None:
    expected = TickInput(value.buttons, value.axes)
    assert predict(encode_input(value, AVATAR_LAYOUT)) == encode_input(expected, AVATAR_LAYOUT)


@given(st.binary(max_size=20))
def test_prediction_takes_any_bytes(payload: bytes) -> None:
    predicted = predict(payload)
    assert predict(predicted) == predicted


def test_layout_refuses_doubles_and_names_both() -> None:
    with pytest.raises(InputError, match="entry 2 is already that of entry 0"):
        InputLayout(buttons=("fire", "jump", "fire"))
    with pytest.raises(InputError, match="no axis"):
        InputLayout(axes=("x",), absolute_axes=("y",))
    with pytest.raises(InputError, match="at most 32"):
        InputLayout(buttons=tuple(f"b{i}" for i in range(33)))
