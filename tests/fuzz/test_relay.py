"""The relay does to real datagrams what its models say, and nothing to TCP.

What is lost follows from the seed; delays are checked from below only, for a busy machine may add to them.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from fuzz.relay import DelayStep, Relay, RelayError, RelayModel, parse_address, parse_schedule

Address = tuple[str, int]


class Inbox(asyncio.DatagramProtocol):
    """Keeps what arrives, with time and sender; answers with the same bytes if it is an echo."""

    def __init__(self, *, echo: bool) -> None:
        self.echo = echo
        self.received: list[tuple[float, bytes, Address]] = []
        self.arrived = asyncio.Event()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.received.append((asyncio.get_running_loop().time(), data, addr))
        self.arrived.set()
        if self.echo:
            self.transport.sendto(data, addr)

    async def wait_for(self, count: int) -> None:
        while len(self.received) < count:
            self.arrived.clear()
            await asyncio.wait_for(self.arrived.wait(), 20)


async def open_inbox(*, echo: bool) -> Inbox:
    loop = asyncio.get_running_loop()
    _, inbox = await loop.create_datagram_endpoint(lambda: Inbox(echo=echo), local_addr=("127.0.0.1", 0))
    return inbox


async def with_relay(
    body: Callable[[Relay, Inbox, Inbox], Awaitable[None]],
    *,
    forward: RelayModel,
    schedule: tuple[DelayStep, ...] = (),
) -> None:
    target, client = await open_inbox(echo=True), await open_inbox(echo=False)
    relay = Relay(target.transport.get_extra_info("sockname"), forward=forward, schedule=schedule, seed=3)
    await relay.start()
    try:
        await body(relay, target, client)
    finally:
        await relay.close()
        target.transport.close()
        client.transport.close()


def test_datagrams_go_both_ways_and_are_delayed() -> None:
    async def body(relay: Relay, target: Inbox, client: Inbox) -> None:
        begin = asyncio.get_running_loop().time()
        for number in range(200):
            client.transport.sendto(number.to_bytes(2, "big"), relay.address)
        await client.wait_for(200)
        assert [data for _, data, _ in target.received] == [
            number.to_bytes(2, "big") for number in range(200)
        ]
        assert target.received[0][0] - begin >= 0.03 - 0.001
        assert client.received[0][2] == relay.address
        assert target.received[0][2] != client.transport.get_extra_info("sockname")
        assert relay.forward_figures.forwarded == relay.backward_figures.forwarded == 200

    asyncio.run(with_relay(body, forward=RelayModel(delay_ms=30)))


def test_loss_duplicates_and_reordering_are_counted() -> None:
    model = RelayModel(
        loss_permille=200, duplicate_permille=100, reorder_permille=100, reorder_ms=5, jitter_ms=1
    )

    async def body(relay: Relay, target: Inbox, client: Inbox) -> None:
        for number in range(1000):
            client.transport.sendto(number.to_bytes(2, "big"), relay.address)
            # Never more under way than a socket buffer holds: what is lost is the choice of the model alone.
            await target.wait_for(relay.forward_figures.forwarded - 100)
            await asyncio.sleep(0)
        while relay.forward_figures.received < 1000:
            await asyncio.sleep(0)
        figures = relay.forward_figures
        await target.wait_for(figures.forwarded)
        numbers = [int.from_bytes(data, "big") for _, data, _ in target.received]
        assert 150 < figures.lost < 250
        assert figures.forwarded == 1000 - figures.lost + figures.duplicated
        assert len(set(numbers)) == 1000 - figures.lost
        assert figures.reordered > 50
        assert numbers != sorted(numbers)

    asyncio.run(with_relay(body, forward=model))


def test_schedule_replaces_the_delay() -> None:
    async def body(relay: Relay, target: Inbox, client: Inbox) -> None:
        client.transport.sendto(b"starts the clock", relay.address)
        await target.wait_for(1)
        while asyncio.get_running_loop().time() < target.received[0][0] + 0.06:
            await asyncio.sleep(0)
        begin = asyncio.get_running_loop().time()
        client.transport.sendto(b"slow", relay.address)
        await target.wait_for(2)
        assert target.received[1][0] - begin >= 0.08 - 0.001

    asyncio.run(with_relay(body, forward=RelayModel(), schedule=(DelayStep(0, 1), DelayStep(0.05, 80))))


def test_a_cut_relay_passes_nothing() -> None:
    async def body(relay: Relay, target: Inbox, client: Inbox) -> None:
        relay.cut = True
        client.transport.sendto(b"lost", relay.address)
        while relay.forward_figures.lost == 0:
            await asyncio.sleep(0)
        relay.cut = False
        client.transport.sendto(b"heard", relay.address)
        await target.wait_for(1)
        assert [data for _, data, _ in target.received] == [b"heard"]

    asyncio.run(with_relay(body, forward=RelayModel()))


def test_tcp_of_the_same_port_is_unchanged() -> None:
    block = bytes(range(256)) * 4096

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read(-1))[::-1])
        await writer.drain()
        writer.close()

    async def body() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        relay = Relay(
            server.sockets[0].getsockname()[:2], forward=RelayModel(loss_permille=1000, delay_ms=1000)
        )
        host, port = await relay.start()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(block)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(-1), 20) == block[::-1]
        writer.close()
        await writer.wait_closed()
        await relay.close()
        server.close()

    asyncio.run(body())


def test_command_prints_its_address_and_figures() -> None:
    command = [
        sys.executable,
        "-P",
        "-m",
        "fuzz.relay",
        "127.0.0.1:9",
        "--delay-ms",
        "5",
        "--seconds",
        "0.05",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    first, last = done.stdout.splitlines()
    assert first.startswith("127.0.0.1:")
    assert json.loads(last)["forward"]["received"] == 0


def test_bad_arguments_are_named() -> None:
    assert parse_schedule("0:20,20:150") == (DelayStep(0, 20), DelayStep(20, 150))
    with pytest.raises(RelayError, match="SECONDS:DELAY_MS"):
        parse_schedule("20")
    with pytest.raises(RelayError, match="grow"):
        parse_schedule("20:1,20:2")
    with pytest.raises(RelayError, match="0 to 1000"):
        RelayModel(loss_permille=1001)
    with pytest.raises(RelayError, match="HOST:PORT"):
        parse_address("localhost")
