"""The endpoint as values in and out: its verbs, their limits, and every reason for refusing bytes.

A refused datagram must leave no trace but its counter, whatever its bytes are; each reason is provoked once
by hand, and random and mutated datagrams are thrown at an endpoint in use.
"""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcode import (
    DEFAULT,
    Emitter,
    Endpoint,
    LocalError,
    RecordReceived,
    UpdateConflict,
    UpdateReceived,
)
from netcode.errors import LimitExceeded, UnknownEmitter, UnknownLink
from netcode.limits import Limits
from netcode.protocol.history import History
from netcode.protocol.link import HOLD_MAX
from netcode.protocol.refusal import PARTIAL, Refusal

FIRST = 2**32 - 10
A, B, C = Emitter(1, 1), Emitter(2, 1), Emitter(3, 1)
HEADER = struct.Struct("<BBIHHHIB")
OTHER = struct.Struct("<BQI")


def make_pair(limits: Limits = DEFAULT, *, next_number: int | None = FIRST) -> tuple[Endpoint, Endpoint]:
    a = Endpoint(A, first_number=FIRST, limits=limits)
    b = Endpoint(B, first_number=FIRST, limits=limits)
    a.add_link(0, B, local_connection_id=10, remote_connection_id=20, now_us=0, next_number=next_number)
    b.add_link(0, A, local_connection_id=20, remote_connection_id=10, now_us=0, next_number=next_number)
    return a, b


def exchange(a: Endpoint, b: Endpoint, now_us: int) -> None:
    for source, destination in ((a, b), (b, a)):
        source.flush(now_us)
        for _, data in source.poll_datagrams():
            assert destination.handle_datagram(data, now_us) == 0


def make_busy() -> tuple[Endpoint, Endpoint]:
    a, b = make_pair()
    for tick in range(20):
        a.emit(bytes((tick // 4, 1, 2)))
        b.emit(bytes((tick // 3, 1, 2)))
        exchange(a, b, tick * 16_667)
    a.poll_events()
    b.poll_events()
    return a, b


def packet(
    records: bytes = b"",
    *,
    first_byte: int = 0x11,
    flags: int = 0,
    connection: int = 20,
    counter: int = 500,
    echo: int = 0,
    hold: int = HOLD_MAX,
    latest: int = FIRST - 1,
    count: int = 0,
) -> bytes:
    header = HEADER.pack(first_byte, flags, connection, counter, echo, hold, latest & 0xFFFF_FFFF, count)
    return header + records


def updates(first: int, count: int, operations: bytes, kind: int = 1) -> bytes:
    return struct.pack("<BIB", kind, first & 0xFFFF_FFFF, count) + operations


def literal(payload: bytes) -> bytes:
    return bytes((0x80 | len(payload), 0, 0)) + payload


def plainly(payloads: list[bytes]) -> bytes:
    """Operations that no endpoint would write: every payload in full."""
    coded = b""
    for payload in payloads:
        coded += literal(payload)
    return coded


REFUSED = {
    Refusal.TOO_SHORT: packet()[:-1],
    Refusal.TOO_LARGE: packet(bytes(1184)),
    Refusal.VERSION: packet(first_byte=0x21),
    Refusal.TYPE: packet(first_byte=0x12),
    Refusal.FLAGS: packet(flags=0x80),
    Refusal.CONNECTION_UNKNOWN: packet(connection=21),
    Refusal.TRUNCATED: packet(updates(FIRST, 1, b"\x83\0\0ab")),
    Refusal.VARINT: packet(b"\x40\x80\x00"),
    Refusal.MISSED_RANGES: packet(b"\x01\x02", latest=FIRST - 1, count=1),
    Refusal.ACKNOWLEDGED_UNSENT: packet(latest=FIRST),
    Refusal.ECHO: packet(echo=9, hold=0),
    Refusal.RECORD_KIND: packet(b"\x05"),
    Refusal.RECORD_SIZE: packet(b"\x40\xe9\x07" + bytes(1001)),
    Refusal.BLOCK: packet(updates(FIRST, 0, b"")),
    Refusal.UPDATE_SIZE: packet(
        updates(FIRST, 2, literal(b"x" * 120) + b"\xff\xea\x03\x00\x00" + bytes(1002))
    ),
    Refusal.NUMBER: packet(updates(FIRST + 2048, 1, literal(b"x"))),
    Refusal.BASE_UNKNOWN: packet(updates(FIRST + 5, 2, b"\x01", 2) + b"\x40\x01r"),
    Refusal.EMITTER_UNKNOWN: packet(
        OTHER.pack(0x11, 9, 9) + updates(FIRST, 1, literal(b"x"))[1:] + b"\x40\x01r"
    ),
    Refusal.EMITTER_LOCAL: packet(
        OTHER.pack(0x11, 2, 1) + updates(FIRST, 1, literal(b"x"))[1:] + b"\x40\x01r"
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_each_reason_is_counted(reason: Refusal) -> None:
    _, b = make_pair()
    link = b.handle_datagram(REFUSED[reason], 1)
    assert {name: count for name, count in b.refusals.items() if count} == {reason.value: 1}
    if reason in PARTIAL:
        assert link == 0
        assert b.poll_events()[1:] == [RecordReceived(0, 64, b"r")], "the rest of the datagram counts"
    else:
        assert link is None
        assert b.poll_events() == []
        assert b.farness(0).packets_in == 0


def test_every_reason_is_provoked_somewhere() -> None:
    elsewhere = {
        Refusal.REPLAYED,
        Refusal.ACKNOWLEDGEMENT_FELL,
        Refusal.CONFLICT,
        Refusal.EVENTS_FULL,
        Refusal.POSITION_UNKNOWN,
    }
    assert set(REFUSED) | elsewhere == set(Refusal)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("reserved bit of the count", packet(count=0x20)),
        ("no position, yet a number", packet(latest=5, count=0x40)),
        ("range of no length", packet(b"\x03\x00", latest=FIRST - 1, count=1)),
        ("range past the latest", packet(b"\x03\x04", latest=FIRST - 1, count=1)),
        ("gap of nothing between ranges", packet(b"\x08\x01\x00\x01", latest=FIRST - 1, count=2)),
        ("range below the window", packet(b"\x81\x10\x01", latest=FIRST - 1, count=1)),
        ("kept beginning longer than what is there", packet(updates(FIRST, 1, b"\x80\x01\x00"))),
        ("run longer than the block", packet(updates(FIRST, 2, b"\x02"))),
        ("block cut", packet(updates(FIRST, 2, b"\x00"))),
        ("record cut", packet(b"\x40\x05abc")),
        ("long form of a short length", packet(updates(FIRST, 1, b"\xff\x01\x00\x00\x00x"))),
        ("name cut", packet(b"\x11\x01\x02")),
        ("start cut", packet(b"\x03\x01\x02")),
        ("acknowledgement of one's own kind", packet(b"\x04\0\0\0\0\0")),
    ],
)
def test_other_malformed_datagrams_leave_no_trace(name: str, data: bytes) -> None:
    _, b = make_pair()
    assert b.handle_datagram(data, 1) is None, name
    assert sum(b.refusals.values()) == 1
    assert b.poll_events() == []


def test_a_datagram_counts_once_and_an_old_one_not_at_all() -> None:
    _, b = make_pair()
    assert b.handle_datagram(packet(counter=2000), 1) == 0
    assert b.handle_datagram(packet(counter=2000), 2) is None
    assert b.handle_datagram(packet(counter=2000 - 1023), 3) == 0
    assert b.handle_datagram(packet(counter=2000 - 1023), 4) is None
    assert b.handle_datagram(packet(counter=2000 - 1024), 5) is None
    assert b.handle_datagram(packet(counter=5000), 6) == 0
    assert b.handle_datagram(packet(counter=4999), 7) == 0
    assert b.refusals["replayed"] == 3


def test_packet_counters_roll_over_sixteen_bits() -> None:
    _, b = make_pair()
    for counter in range(0, 200_000, 500):
        assert b.handle_datagram(packet(counter=counter & 0xFFFF), counter) == 0
        assert b.handle_datagram(packet(counter=counter & 0xFFFF), counter) is None
    assert b.farness(0).packets_in == 400


def test_a_refused_datagram_does_not_move_the_replay_window() -> None:
    _, b = make_pair()
    assert b.handle_datagram(packet(b"\x05", counter=9), 1) is None
    assert b.handle_datagram(packet(counter=9), 1) == 0


def test_acknowledgements_do_not_fall() -> None:
    a, b = make_busy()
    sent = b.farness(0).packets_out
    assert a.handle_datagram(packet(connection=10, counter=sent, latest=FIRST + 3), 1) is None
    assert a.refusals["acknowledgement_fell"] == 1
    assert (
        a.handle_datagram(packet(b"\x02\x01", connection=10, counter=sent, latest=FIRST + 19, count=1), 1)
        is None
    )
    assert a.refusals["acknowledgement_fell"] == 2


def test_two_values_for_one_number_are_evidence() -> None:
    _, b = make_pair()
    assert b.handle_datagram(packet(updates(FIRST, 1, literal(b"x")), counter=1), 1) == 0
    b.poll_events()
    assert b.handle_datagram(packet(updates(FIRST, 1, literal(b"y")), counter=2), 2) is None
    assert b.refusals["conflict"] == 1
    assert b.poll_events() == [UpdateConflict(0, A)]
    assert b.update(A, FIRST) == b"x"


@given(
    st.lists(st.sampled_from([b"", b"\0\0\0", b"\0\1\0", b"\1\1\0"]), min_size=1, max_size=12),
    st.data(),
)
def test_what_a_block_repeats_is_compared_however_it_is_coded(
    payloads: list[bytes], draw: st.DataObject
) -> None:
    _, b = make_pair()
    held = draw.draw(st.integers(1, len(payloads)))
    b.handle_datagram(packet(updates(FIRST, held, plainly(payloads[:held])), counter=1), 1)
    b.poll_events()
    said = list(payloads)
    if draw.draw(st.booleans()):
        said[draw.draw(st.integers(0, len(said) - 1))] = b"other"
    first = draw.draw(st.integers(0, len(said) - 1))
    base = said[first - 1] if 0 < first <= held and draw.draw(st.booleans()) else None
    block = updates(FIRST + first, len(said) - first, plainly(said[first:]))
    if draw.draw(st.booleans()) or base is not None:
        history = History(FIRST, DEFAULT)
        for payload in said:
            history.append(payload)
        end = FIRST + len(said)
        _, operations = history.block(FIRST + first, based=base is not None, size_max=1000, end=end)
        block = updates(FIRST + first, len(said) - first, operations, 1 if base is None else 2)
    link = b.handle_datagram(packet(block, counter=2), 2)
    # A block with a base says nothing about the base: what differs there alone decodes to something else.
    known = payloads[first:held] if base in (None, payloads[first - 1]) else None
    if known is not None and said[first:held] != known:
        assert link is None
        assert b.poll_events() == [UpdateConflict(0, A)]
        assert b.held(A) == (FIRST, FIRST + held)
    elif known is not None:
        assert link == 0
        held_now = [b.update(A, FIRST + index) for index in range(b.held(A)[1] - FIRST)]
        assert held_now == payloads[:held] + (said[held:] if first <= held else [])


def test_events_that_nobody_polls_are_bounded() -> None:
    limits = Limits(events_count_max=3)
    _, b = make_pair(limits)
    block = updates(FIRST, 5, literal(b"x") + b"\x03")
    assert b.handle_datagram(packet(block, counter=1), 1) == 0
    assert b.handle_datagram(packet(counter=2), 2) is None
    assert b.refusals["events_full"] == 1
    assert len(b.poll_events()) == 6
    assert b.handle_datagram(packet(counter=2), 2) == 0


def test_without_a_position_updates_wait_for_the_start() -> None:
    _, b = make_pair(next_number=None)
    block = updates(FIRST + 7, 1, literal(b"x"))
    assert b.handle_datagram(packet(block, counter=1), 1) == 0
    assert b.refusals["position_unknown"] == 1
    b.flush(2)
    ((_, answer),) = b.poll_datagrams()
    assert HEADER.unpack_from(answer)[6:] == (0, 0x40), "no position is known"
    start = b"\x03" + struct.pack("<Q", FIRST + 7)
    assert b.handle_datagram(packet(start, counter=2), 3) == 0
    assert b.handle_datagram(packet(block, counter=3), 4) == 0
    assert b.poll_events()[-1] == UpdateReceived(A, FIRST + 7, b"x")


def test_whatever_cannot_be_decoded_is_acknowledged_again() -> None:
    _, b = make_pair()
    b.flush(0)
    b.poll_datagrams()
    assert b.handle_datagram(packet(updates(FIRST + 5, 1, b"\x00", 2), counter=1), 1) == 0
    b.flush(2)
    assert len(b.poll_datagrams()) == 1


@given(st.binary(max_size=80))
def test_random_bytes_behind_a_good_header_never_raise(body: bytes) -> None:
    a, b = make_busy()
    before = a.held(B), a.farness(0)
    counter = b.farness(0).packets_out
    data = packet(body, connection=10, counter=counter, latest=FIRST + 19)
    if a.handle_datagram(data, 400_000) is None:
        assert (a.held(B), a.farness(0)) == before
        assert all(isinstance(event, UpdateConflict) for event in a.poll_events())
    a.flush(500_000)
    assert a.held(B)[1] >= FIRST + 20


@given(st.data())
def test_mutated_datagrams_never_raise_and_order_holds(draw: st.DataObject) -> None:
    a, b = make_busy()
    number = FIRST + 20
    now_us = 400_000
    for _ in range(6):
        now_us += 16_667
        a.emit(draw.draw(st.binary(max_size=30)))
        b.emit(b"steady")
        a.flush(now_us)
        for _, data in a.poll_datagrams():
            mutated = bytearray(data)
            for _ in range(draw.draw(st.integers(0, 3))):
                mutated[draw.draw(st.integers(0, len(mutated) - 1))] = draw.draw(st.integers(0, 255))
            b.handle_datagram(bytes(mutated[: draw.draw(st.integers(0, len(mutated)))]), now_us)
            b.handle_datagram(bytes(mutated), now_us)
        b.flush(now_us)
        b.poll_datagrams()
        for event in b.poll_events():
            if isinstance(event, UpdateReceived):
                assert event.emitter == A
                assert event.number == number
                number += 1


def test_records_replace_older_ones_of_their_kind_unless_kept() -> None:
    a, b = make_pair()
    a.queue_record(None, 64, b"old")
    a.queue_record(0, 64, b"new")
    a.queue_record(0, 65, b"one", keep=True)
    a.queue_record(0, 65, b"two", keep=True)
    exchange(a, b, 1)
    records = [event for event in b.poll_events() if isinstance(event, RecordReceived)]
    assert records == [
        RecordReceived(0, 64, b"new"),
        RecordReceived(0, 65, b"one"),
        RecordReceived(0, 65, b"two"),
    ]


def test_records_that_do_not_fit_one_datagram_take_several() -> None:
    a, b = make_pair()
    for index in range(5):
        a.queue_record(0, 70, bytes((index,)) * 1000, keep=True)
    a.emit(bytes(range(200)))
    a.flush(1)
    datagrams = a.poll_datagrams()
    assert len(datagrams) == 5
    for _, data in reversed(datagrams):
        assert len(data) <= 1200
        assert b.handle_datagram(data, 2) == 0
    assert sum(isinstance(event, RecordReceived) for event in b.poll_events()) == 5


def test_round_trip_is_measured_without_the_time_a_datagram_was_held() -> None:
    a, b = make_pair()
    now_us = 0
    for _ in range(50):
        for source, destination in ((a, b), (b, a)):
            source.emit(b"x")
            source.flush(now_us)
            now_us += 30_000
            for _, data in source.poll_datagrams():
                destination.handle_datagram(data, now_us)
            now_us += 5_008
    assert 59_980 <= a.farness(0).rtt_us <= 60_020
    assert a.farness(0).jitter_us < 1_000
    assert a.farness(0).silent_us(now_us) == 5_008


def test_farness_counts_what_is_lost_and_missing() -> None:
    a, b = make_busy()
    payload = [bytes((index,)) * 900 for index in range(6)]
    now_us = 400_000
    for index, body in enumerate(payload):
        a.emit(body)
        a.flush(now_us := now_us + 16_667)
        for _, data in a.poll_datagrams():
            if index not in (2, 3):
                b.handle_datagram(data, now_us)
    assert b.farness(0).missed == 2
    assert b.farness(0).packets_lost == 2
    assert a.farness(0).backlog == 6
    b.flush(now_us)
    for _, data in b.poll_datagrams():
        a.handle_datagram(data, now_us)
    assert (a.farness(0).missed_remote, a.farness(0).backlog) == (2, 2)


def test_misuse_is_a_local_error_with_the_value() -> None:
    a, _ = make_pair()
    with pytest.raises(LimitExceeded, match="update of 1001 bytes, at most 1000"):
        a.emit(bytes(1001))
    with pytest.raises(LimitExceeded, match="record kind 63"):
        a.queue_record(0, 63, b"")
    with pytest.raises(LimitExceeded, match="record of 1001"):
        a.queue_record(0, 64, bytes(1001))
    with pytest.raises(UnknownLink, match="link 9"):
        a.queue_record(9, 64, b"")
    with pytest.raises(UnknownEmitter):
        a.held(C)
    with pytest.raises(UnknownEmitter):
        a.relay(0, C, 0)
    with pytest.raises(LocalError, match="is the peer of link 0"):
        a.relay(0, B, FIRST)
    with pytest.raises(LocalError, match="this core itself"):
        a.follow(A, 0)
    with pytest.raises(LocalError, match="has a link"):
        a.forget(B)
    a.follow(C, 5)
    with pytest.raises(LimitExceeded, match="empty"):
        a.relay(0, C, 5, 5)
    with pytest.raises(LimitExceeded, match="stamp"):
        a.follow(Emitter(1, 2**32), 0)
    with pytest.raises(LimitExceeded, match="core_id"):
        Endpoint(Emitter(-1, 0))
    with pytest.raises(LimitExceeded, match="update number"):
        Endpoint(A, first_number=2**64)
    for _ in range(DEFAULT.records_count_max):
        a.queue_record(0, 70, b"", keep=True)
    with pytest.raises(LimitExceeded, match="records wait on link 0"):
        a.queue_record(0, 70, b"", keep=True)


def test_misuse_of_links_is_named() -> None:
    a, _ = make_pair()
    for link, remote, connection, match in (
        (0, C, 30, "link 0 is open already"),
        (1, C, 10, "local_connection_id 10 is in use"),
        (1, B, 30, "exists already"),
        (1, A, 30, "this core itself"),
        (1, C, 2**32, "local_connection_id"),
    ):
        with pytest.raises(LocalError, match=match):
            a.add_link(link, remote, local_connection_id=connection, remote_connection_id=1, now_us=0)
    many = Endpoint(A, limits=Limits(links_count_max=1, emitters_count_max=1))
    many.add_link(0, B, local_connection_id=1, remote_connection_id=1, now_us=0)
    with pytest.raises(LimitExceeded, match="more than 1 links"):
        many.add_link(1, C, local_connection_id=2, remote_connection_id=1, now_us=0)
    with pytest.raises(LimitExceeded, match="more than 1 emitters"):
        many.follow(C, 0)


def test_relations_of_limits_are_asserted() -> None:
    for wrong in (
        {"update_size_max": 1100},
        {"record_size_max": 1200},
        {"history_count_max": 4096},
        {"window_count": 1 << 14},
        {"history_size_max": 10},
        {"redundancy_count_max": 256},
        {"beat_us": 2_000_000},
        {"flush_datagrams_max": 0},
    ):
        with pytest.raises(AssertionError):
            Limits(**wrong)


def test_a_held_history_beyond_sixteen_epochs_of_numbers() -> None:
    a, b = Endpoint(A, first_number=2**40 - 3), Endpoint(B, first_number=0)
    a.add_link(0, B, local_connection_id=1, remote_connection_id=2, now_us=0)
    b.add_link(0, A, local_connection_id=2, remote_connection_id=1, now_us=0)
    for tick in range(20):
        a.emit(bytes((tick,)))
        exchange(a, b, tick * 16_667)
    numbers = [event.number for event in b.poll_events() if isinstance(event, UpdateReceived)]
    assert numbers == list(range(2**40 - 3, 2**40 - 3 + 20))
    assert b.held(A)[1] == 2**40 + 17


def test_more_missed_ranges_than_fit_are_told_in_turns() -> None:
    a, b = make_busy()
    now_us = 400_000
    for index in range(100):
        a.emit(bytes((index,)) * 400)
        now_us += 16_667
        a.flush(now_us)
        for _, data in a.poll_datagrams():
            if index % 2:
                assert b.handle_datagram(data, now_us) == 0
    b.flush(now_us)
    ((_, answer),) = b.poll_datagrams()
    latest, count = HEADER.unpack_from(answer)[6:]
    assert count == 31
    assert latest == (FIRST + 20 + 61) & 0xFFFF_FFFF, "the number before the 32nd hole"
    assert a.handle_datagram(answer, now_us) == 0
    assert a.farness(0).missed_remote == 31
    for _ in range(20):
        now_us += 60_000
        exchange(a, b, now_us)
    numbers = [event.number for event in b.poll_events() if isinstance(event, UpdateReceived)]
    assert numbers == list(range(FIRST + 20, FIRST + 120))
