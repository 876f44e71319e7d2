"""Real sockets on loopback: datagrams arrive, a wake takes a bounded number, misuse is named."""

from __future__ import annotations

import asyncio
import socket

import pytest

from netcode.errors import AddressRefused
from netcode.transports import udp
from netcode.transports.addresses import Address
from netcode.transports.udp import UdpSocket


def test_datagrams_go_both_ways() -> None:
    async def scenario() -> None:
        received: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        a = UdpSocket(lambda data, source: received.put_nowait((data, source)))
        b = UdpSocket(lambda data, source: b.send(data.upper(), source))
        a.open()
        b.open()
        try:
            a.send(b"hello", b.address)
            async with asyncio.timeout(5):
                assert await received.get() == (b"HELLO", b.address)
        finally:
            a.close()
            b.close()
            b.close()
        b.send(b"late", a_address := ("127.0.0.1", 9))
        assert b.dropped_count == 1, a_address

    asyncio.run(scenario())


def test_a_flood_is_taken_in_bounded_turns() -> None:
    async def scenario() -> None:
        turns: list[int] = [0]
        done = asyncio.Event()
        total = 3 * udp.DRAIN_COUNT_MAX

        def handle(data: bytes, source: Address) -> None:
            turns[-1] += 1
            if sum(turns) == total:
                done.set()

        a = UdpSocket(handle)
        address = a.open()
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            for _ in range(total):
                sender.sendto(b"x", address)
            async with asyncio.timeout(5):
                while not done.is_set():
                    await asyncio.sleep(0)
                    turns.append(0)
        finally:
            sender.close()
            a.close()
        assert max(turns) <= udp.DRAIN_COUNT_MAX

    asyncio.run(scenario())


def test_an_oversized_datagram_is_seen_as_oversized() -> None:
    async def scenario() -> None:
        received: asyncio.Queue[int] = asyncio.Queue()
        a = UdpSocket(lambda data, source: received.put_nowait(len(data)))
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sender.sendto(bytes(5000), a.open())
            async with asyncio.timeout(5):
                assert await received.get() == 1201
        finally:
            sender.close()
            a.close()

    asyncio.run(scenario())


def test_only_loopback_and_free_ports_can_be_bound() -> None:
    async def scenario() -> None:
        a = UdpSocket(lambda data, source: None)
        for host in ("0.0.0.0", "::", "192.0.2.1"):
            with pytest.raises(AddressRefused, match="not sealed"):
                a.open(host)
        a.open()
        try:
            with pytest.raises(AddressRefused, match="cannot bind"):
                UdpSocket(lambda data, source: None).open(*a.address)
        finally:
            a.close()

    asyncio.run(scenario())
