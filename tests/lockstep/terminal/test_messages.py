"""Text messages: what is right comes through, what is wrong is refused with what, where, allowed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockstep.errors import RemoteError
from lockstep.terminal import (
    Bye,
    CommandRequest,
    CoreMessage,
    DeviceReport,
    ErrorReport,
    Event,
    Hello,
    MalformedMessage,
    NetFigures,
    PeerFigures,
    Ping,
    Pong,
    TerminalMessage,
    Welcome,
    decode_from_core,
    decode_from_terminal,
    encode_from_core,
    encode_from_terminal,
    error_report,
)

BUTTONS = ("jump", "run", "grab")
AXES = ("move_x", "look_yaw")
INPUT = '{"type":"input","sequence":1,"buttons":%s,"axes":%s}'
COMMAND = '{"type":"command","name":%s,"args":%s}'


def decode(text: str) -> TerminalMessage:
    return decode_from_terminal(text, buttons=BUTTONS, axes=AXES)


numbers = st.floats(-1, 1, allow_nan=False)
names = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)
arguments = st.one_of(
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.lists(st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False), max_size=16),
)
messages = st.one_of(
    st.builds(Hello, protocol=st.just(1), terminal=st.text(max_size=32)),
    st.builds(
        DeviceReport,
        sequence=st.integers(0, 2**53 - 1),
        buttons=st.sets(st.sampled_from(BUTTONS)).map(
            lambda held: tuple(name for name in BUTTONS if name in held)
        ),
        axes=st.dictionaries(st.sampled_from(AXES), numbers),
    ),
    st.builds(CommandRequest, name=names, arguments=st.dictionaries(names, arguments, max_size=4)),
    st.builds(Ping, id=st.integers(0, 2**53 - 1)),
)


@given(messages)
def test_terminal_messages_come_back(message: TerminalMessage) -> None:
    assert decode(encode_from_terminal(message)) == message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "message"),
        ("[]", "message"),
        ("null", "message"),
        ("{", "message"),
        ("[" * 2000, "message"),
        ('{"type":"ping","id":1,"id":2}', "message"),
        ('{"type":"ping","id":NaN}', "message"),
        ('{"type":"ping","id":' + "9" * 4000 + "}", "ping.id"),
        ('{"type":"ping","id":1,"pad":"' + "x" * 4096 + '"}', "message"),
        ("{}", "message"),
        ('{"type":"fly"}', "type"),
        ('{"type":7}', "type"),
        ('{"type":"ping"}', "ping"),
        ('{"type":"ping","id":-1}', "ping.id"),
        ('{"type":"ping","id":1.5}', "ping.id"),
        ('{"type":"ping","id":true}', "ping.id"),
        ('{"type":"ping","id":1,"more":2}', "ping"),
        ('{"type":"hello","protocol":2,"terminal":"x"}', "hello.protocol"),
        ('{"type":"hello","protocol":1,"terminal":"' + "x" * 33 + '"}', "hello.terminal"),
        ('{"type":"input","buttons":[],"axes":{}}', "input"),
        (INPUT % ('"jump"', "{}"), "input.buttons"),
        (INPUT % ('["jump","fly"]', "{}"), "input.buttons[1]"),
        (INPUT % ("[1]", "{}"), "input.buttons[0]"),
        (INPUT % (json.dumps(["jump"] * 65), "{}"), "input.buttons"),
        (INPUT % ("[]", "[]"), "input.axes"),
        (INPUT % ("[]", '{"yaw":0}'), "input.axes"),
        (INPUT % ("[]", '{"move_x":1.01}'), "input.axes.move_x"),
        (INPUT % ("[]", '{"move_x":-2}'), "input.axes.move_x"),
        (INPUT % ("[]", '{"move_x":1e999}'), "input.axes.move_x"),
        (INPUT % ("[]", '{"move_x":"1"}'), "input.axes.move_x"),
        (INPUT % ("[]", '{"move_x":true}'), "input.axes.move_x"),
        (INPUT % ("[]", '{"move_x":null}'), "input.axes.move_x"),
        (COMMAND % ('"Spawn"', "{}"), "command.name"),
        (COMMAND % ('""', "{}"), "command.name"),
        (COMMAND % ("3", "{}"), "command.name"),
        (COMMAND % ('"spawn"', "[]"), "command.args"),
        (COMMAND % ('"spawn"', '{"position":[1,null]}'), "command.args.position"),
        (COMMAND % ('"spawn"', '{"position":[1,1e999]}'), "command.args.position"),
        (COMMAND % ('"spawn"', '{"position":{}}'), "command.args.position"),
        (COMMAND % ('"spawn"', '{"position":' + json.dumps([0] * 17) + "}"), "command.args.position"),
        (COMMAND % ('"spawn"', '{"A":1}'), "command.args"),
        (COMMAND % ('"spawn"', json.dumps({f"a{number}": 0 for number in range(17)})), "command.args"),
    ],
)
def test_wrong_messages_are_refused_with_the_place(text: str, where: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        decode(text)
    error = refused.value
    assert isinstance(error, RemoteError)
    assert error.where == where
    assert error.what
    assert error.allowed
    assert len(str(error)) < 700
    assert decode_from_core(encode_from_core(error_report(error))) == error_report(error)


def test_refusal_says_what_where_allowed() -> None:
    with pytest.raises(MalformedMessage) as refused:
        decode(INPUT % ('["fly"]', "{}"))
    assert str(refused.value) == "input.buttons[0]: 'fly'; allowed: one of jump, run, grab"


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda data: data.decode("utf-8", "replace")))
def test_no_text_raises_anything_else(text: str) -> None:
    for template in (text, INPUT % ("[]", json.dumps({"move_x": text})), COMMAND % (json.dumps(text), "{}")):
        try:
            decode(template)
        except MalformedMessage as error:
            encode_from_core(error_report(error)).encode()


def test_lone_surrogates_do_not_break_the_answer() -> None:
    with pytest.raises(MalformedMessage) as refused:
        decode('{"type":"\\ud800"}')
    assert encode_from_core(error_report(refused.value)).encode("ascii")


NET = NetFigures(
    tick=601,
    confirmed=596,
    held=598,
    ahead=3,
    rollback=2,
    delay=2,
    bytes_out_per_s=3120,
    packets_out_per_s=60,
    rollbacks=12,
    resimulated=31,
    stalls=0,
    desyncs=0,
    resyncs=0,
    rtt_ms=41.5,
    jitter_ms=0.25,
    hash_tick=-1,
    hash_state="alone",
    stalled=True,
    peers=(PeerFigures(place=1, core="ab", rtt_ms=3.0, ticks_behind=2, delay=1, missed=0),),
)


@pytest.mark.parametrize(
    "message",
    [
        Welcome("00ff", 3, 60, "sandbox", "Sandbox", (("W", "walk"),), BUTTONS, AXES),
        NET,
        Event("desync", 17, "cell (3, 4)"),
        ErrorReport("'x'", "type", "one of a, b"),
        Bye("the core has ended"),
        Pong(2**53 - 1),
    ],
)
def test_core_messages_come_back(message: CoreMessage) -> None:
    text = encode_from_core(message)
    assert decode_from_core(text) == message
    later = json.dumps({**json.loads(text), "added_in_version_9": [1]})
    assert decode_from_core(later) == message


def test_unknown_core_message_is_ignored() -> None:
    assert decode_from_core('{"type":"fireworks"}') is None


@pytest.mark.parametrize("field", ["protocol", "place", "tick_rate", "world", "inputs"])
def test_terminal_refuses_a_welcome_without(field: str) -> None:
    found = json.loads(encode_from_core(Welcome("00ff", 3, 60, "sandbox", "Sandbox", (), BUTTONS, AXES)))
    del found[field]
    with pytest.raises(MalformedMessage, match=field):
        decode_from_core(json.dumps(found))


def test_long_event_text_is_cut() -> None:
    found = decode_from_core(encode_from_core(Event("desync", 1, "x" * 5000)))
    assert isinstance(found, Event)
    assert len(found.text) == 1000
