"""STANDARD.md is enough: a decoder written from its text alone reads its vectors, and the implementation
writes them.

The decoder below imports nothing of the project. Each vector is decoded by it and compared with what the
document says; then real endpoints and handshakes are brought to the point where they must write exactly those
bytes.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest

STANDARD = Path(__file__).parents[2] / "netcode" / "STANDARD.md"
VECTOR = re.compile(r"### (?P<name>[^\n]+)\n+```json\n(?P<json>.*?)```", re.DOTALL)
VECTORS = {
    match["name"]: json.loads(match["json"])
    for match in VECTOR.finditer(STANDARD.read_text(encoding="utf-8"))
}


class RefusedError(Exception):
    """The decoder of this test found a reason to refuse."""


class Reader:
    """Bytes from front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, size: int) -> bytes:
        if self.offset + size > len(self.data):
            raise RefusedError("too short")
        self.offset += size
        return self.data[self.offset - size : self.offset]

    def integer(self, bits: int) -> int:
        return int.from_bytes(self.take(bits // 8), "little")

    def varint(self) -> int:
        low = self.integer(8)
        if low < 128:
            return low
        high = self.integer(8)
        if not 1 <= high <= 127:
            raise RefusedError("varint")
        return low - 128 + 128 * high

    def is_at_end(self) -> bool:
        return self.offset == len(self.data)


def decode_acknowledgement(reader: Reader, latest: int, count: int) -> dict[str, Any]:
    if count & 0b1010_0000 or (count & 0x40 and (count != 0x40 or latest)):
        raise RefusedError("count")
    if count == 0x40:
        return {"latest": None, "missed": []}
    missed: list[list[int]] = []
    if count:
        back = reader.varint()
        if back > 2048:
            raise RefusedError("back")
        number = latest - back
        for index in range(count):
            gap = reader.varint() if index else None
            if gap == 0:
                raise RefusedError("gap")
            number += gap or 0
            length = reader.varint()
            if not length or number + length > latest:
                raise RefusedError("range")
            missed.append([number, length])
            number += length
    return {"latest": latest, "missed": missed}


def decode_operations(reader: Reader, count: int) -> list[list[Any]]:
    operations: list[list[Any]] = []
    yielded = 0
    while yielded < count:
        byte = reader.integer(8)
        if byte < 128:
            operations.append(["run", byte + 1])
            yielded += byte + 1
            continue
        length = byte - 128
        if length == 127:
            length = reader.integer(16)
            if length < 127:
                raise RefusedError("length")
        prefix, suffix = reader.varint(), reader.varint()
        operations.append(["splice", prefix, suffix, reader.take(length).hex()])
        yielded += 1
    if yielded > count:
        raise RefusedError("more than count")
    return operations


def decode_record(reader: Reader) -> dict[str, Any]:
    kind = reader.integer(8)
    record: dict[str, Any] = {"kind": kind}
    if 64 <= kind <= 127:
        length = reader.varint()
        if length > 1000:
            raise RefusedError("record")
        return {**record, "body": reader.take(length).hex()}
    if 17 <= kind <= 20:
        record["emitter"] = [reader.integer(64), reader.integer(32)]
        kind -= 16
        if kind == 4:
            latest, count = reader.integer(32), reader.integer(8)
            return {**record, **decode_acknowledgement(reader, latest, count)}
    if kind == 3:
        return {**record, "first": reader.integer(64)}
    if kind not in (1, 2):
        raise RefusedError("kind")
    first, count = reader.integer(32), reader.integer(8)
    if not count:
        raise RefusedError("count")
    return {**record, "first": first, "count": count, "operations": decode_operations(reader, count)}


def decode_datagram(data: bytes) -> dict[str, Any]:
    if len(data) > 1200:
        raise RefusedError("too long")
    reader = Reader(data)
    if reader.integer(8) != 0x11 or reader.integer(8) != 0:
        raise RefusedError("version, type, flags")
    says: dict[str, Any] = {
        "connection": reader.integer(32),
        "counter": reader.integer(16),
        "echo": reader.integer(16),
        "hold": reader.integer(16),
    }
    latest, count = reader.integer(32), reader.integer(8)
    says |= decode_acknowledgement(reader, latest, count)
    says["records"] = []
    while not reader.is_at_end():
        says["records"].append(decode_record(reader))
    return says


def decode_frame(data: bytes) -> dict[str, Any]:
    reader = Reader(data)
    kind, size = reader.integer(8), reader.integer(32)
    body = reader.take(size)
    if not reader.is_at_end():
        raise RefusedError("more than a frame")
    value = cbor2.loads(body)
    if cbor2.dumps(value, canonical=True) != body:
        raise RefusedError("not the one encoding")
    return {"kind": kind, "body": with_hex(value)}


def with_hex(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, dict):
        return {key: with_hex(item) for key, item in value.items()}
    return value


def payloads_of(record: dict[str, Any], base: bytes) -> list[str]:
    payload = base if record["kind"] in (2, 18) else b""
    payloads: list[str] = []
    for name, *arguments in record["operations"]:
        if name == "run":
            payloads += [payload.hex()] * arguments[0]
            continue
        prefix, suffix, inserted = arguments
        if prefix + suffix > len(payload):
            raise RefusedError("overlap")
        payload = payload[:prefix] + bytes.fromhex(inserted) + payload[len(payload) - suffix :]
        if len(payload) > 1000:
            raise RefusedError("payload")
        payloads.append(payload.hex())
    return payloads


def decode_payloads(data: bytes) -> list[list[str]]:
    return [payloads_of(record, b"") for record in decode_datagram(data)["records"]]


def of_kind(name: str) -> dict[str, dict[str, Any]]:
    return {title: vector for title, vector in VECTORS.items() if name in vector}


@pytest.mark.parametrize("name", of_kind("says"))
def test_the_document_alone_decodes_its_datagrams(name: str) -> None:
    vector = VECTORS[name]
    data = bytes.fromhex(vector["bytes"])
    says = decode_datagram(data)
    assert says == vector["says"]
    updates = [record for record in says["records"] if "operations" in record]
    if updates:
        assert payloads_of(updates[0], bytes.fromhex(vector.get("base", ""))) == vector["payloads"]


@pytest.mark.parametrize("name", of_kind("refused"))
def test_the_document_alone_refuses_what_it_calls_refused(name: str) -> None:
    with pytest.raises(RefusedError):
        decode_payloads(bytes.fromhex(VECTORS[name]["bytes"]))


@pytest.mark.parametrize("name", of_kind("frame"))
def test_the_document_alone_decodes_its_frames(name: str) -> None:
    vector = VECTORS[name]
    assert decode_frame(bytes.fromhex(vector["bytes"])) == vector["frame"]


def test_the_document_has_vectors() -> None:
    assert len(of_kind("says")) >= 6
    assert len(of_kind("refused")) >= 8
    assert len(of_kind("frame")) == 3


# From here on the implementation is used.

from netcode import Emitter, Endpoint  # noqa: E402
from netcode.protocol.framing import encode_frame  # noqa: E402
from netcode.protocol.handshake import (  # noqa: E402
    KIND_HELLO,
    KIND_REFUSE,
    KIND_WELCOME,
    Introduction,
    TermDifference,
    encode_introduction,
    encode_refusal,
)

FIRST = 2**32 - 10
ANNA, BERT, CARA = Emitter(0x0A, 3), Emitter(0x0B, 1), Emitter(0x0C, 7)


def make_endpoint(
    local: Emitter, remote: Emitter, local_id: int, remote_id: int, first: int | None
) -> Endpoint:
    endpoint = Endpoint(local, first_number=FIRST)
    endpoint.add_link(
        0, remote, local_connection_id=local_id, remote_connection_id=remote_id, now_us=0, next_number=first
    )
    return endpoint


def make_pair(first: int | None = FIRST) -> tuple[Endpoint, Endpoint]:
    return make_endpoint(ANNA, BERT, 0xA1, 0xB2, first), make_endpoint(BERT, ANNA, 0xB2, 0xA1, first)


def flush(endpoint: Endpoint, now_us: int) -> list[bytes]:
    endpoint.flush(now_us)
    return [data for _, data in endpoint.poll_datagrams()]


def write_first() -> bytes:
    return flush(make_pair(None)[0], 0)[0]


def write_updates() -> bytes:
    anna, bert = make_pair()
    for data in flush(bert, 0):
        anna.handle_datagram(data, 1_000)
    for payload in (b"\x01\x00\x07", b"\x01\x00\x07", b"\x01\x00\x07", b"\x01\x05\x07", b"\x01\x05\x07\x08"):
        anna.emit(payload)
    anna.queue_record(0, 64, b"hi")
    return flush(anna, 2_600)[0]


def write_steady() -> bytes:
    anna, bert = make_pair()
    now_us = 0
    for tick in range(12):
        now_us += 16_000
        for endpoint in (anna, bert):
            endpoint.emit(bytes((tick // 5, 0, 9)))
        sent = [(bert, flush(anna, now_us)), (anna, flush(bert, now_us))]
        if tick == 11:
            return sent[0][1][0]
        if tick != 10:
            for receiver, datagrams in sent:
                for data in datagrams:
                    receiver.handle_datagram(data, now_us + 8_000)
    raise AssertionError(now_us)


def write_missed() -> bytes:
    anna, bert = make_pair()
    for data in flush(bert, 0):
        anna.handle_datagram(data, 0)
    for tick in range(13):
        anna.emit(bytes((tick,)) * 400)
        for data in flush(anna, 1_000 * tick):
            if tick not in (2, 3, 7):
                bert.handle_datagram(data, 1_000 * tick)
    return flush(bert, 20_000)[0]


def relay_pair() -> tuple[Endpoint, Endpoint]:
    anna, bert = make_pair()
    for endpoint in (anna, bert):
        endpoint.follow(CARA, FIRST)
    cara = make_endpoint(CARA, BERT, 0xC3, 0xB3, FIRST)
    bert.add_link(1, CARA, local_connection_id=0xB3, remote_connection_id=0xC3, now_us=0)
    for receiver, data in [(cara, data) for link, data in poll_all(bert, 0) if link == 1]:
        receiver.handle_datagram(data, 0)
    for payload in (b"cara", b"cara", b"care"):
        cara.emit(payload)
    for data in flush(cara, 0):
        bert.handle_datagram(data, 0)
    bert.relay(0, CARA, FIRST, FIRST + 3)
    return anna, bert


def poll_all(endpoint: Endpoint, now_us: int) -> list[tuple[int, bytes]]:
    endpoint.flush(now_us)
    return endpoint.poll_datagrams()


def write_relayed() -> bytes:
    _, bert = relay_pair()
    return next(data for link, data in poll_all(bert, 1_000) if link == 0)


def write_relay_acknowledged() -> bytes:
    anna, _ = relay_pair()
    anna.handle_datagram(write_relayed(), 1_000)
    return flush(anna, 2_000)[0]


def write_long_splice() -> bytes:
    anna, bert = make_pair()
    for data in flush(bert, 0):
        anna.handle_datagram(data, 0)
    anna.emit(bytes(range(130)) * 2)
    anna.emit(bytes(range(130)) + b"!" + bytes(range(130)))
    return flush(anna, 0)[0]


def introduction(emitter: Emitter) -> Introduction:
    return Introduction(
        emitter=emitter,
        connection_id=0xA1,
        address="127.0.0.1:4000",
        terms={"tick_rate": 60, "world": {"name": "sandbox", "schema": b"\x01\x02"}},
        name="anna",
        application=b"",
    )


WRITERS: dict[str, Callable[[], bytes]] = {
    "First datagram: no position, start": write_first,
    "Updates without a base, across the rollover of numbers, and an application record": write_updates,
    "Steady state: based on what is acknowledged": write_steady,
    "Missed ranges": write_missed,
    "Relayed updates of another emitter": write_relayed,
    "Acknowledgement of relayed updates": write_relay_acknowledged,
    "A long insertion": write_long_splice,
    "HELLO": lambda: encode_frame(KIND_HELLO, encode_introduction(introduction(ANNA))),
    "WELCOME": lambda: encode_frame(KIND_WELCOME, encode_introduction(introduction(BERT))),
    "REFUSE": lambda: encode_frame(
        KIND_REFUSE, encode_refusal("terms", difference=TermDifference("world.name", "sandbox", "arena"))
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_implementation_writes_the_vectors(name: str) -> None:
    assert WRITERS[name]().hex(" ") == VECTORS[name]["bytes"]


@pytest.mark.parametrize("name", of_kind("refused"))
def test_the_implementation_refuses_the_vectors(name: str) -> None:
    vector = VECTORS[name]
    bert = make_pair()[1]
    assert bert.handle_datagram(bytes.fromhex(vector["bytes"]), 0) is None
    assert {reason for reason, count in bert.refusals.items() if count} == {vector["refused"]}


def test_the_sizes_of_the_header_are_those_of_the_document() -> None:
    assert struct.calcsize("<BBIHHHIB") == 17
