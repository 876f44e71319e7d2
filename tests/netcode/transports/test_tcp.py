"""Real streams on loopback: handshakes that agree, refuse and stall; large frames with progress; half-open
bound."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import struct
from collections.abc import Callable

import pytest

from netcode.errors import (
    AddressRefused,
    ConnectionLost,
    HandshakeRefused,
    HandshakeTimeout,
    MalformedMessage,
    TermsDiffer,
)
from netcode.protocol.handshake import Acceptor, Introduction
from netcode.protocol.numbers import Emitter
from netcode.transports.tcp import FramedServer, FramedStream, connect, initiate, respond

ANNA = Introduction(emitter=Emitter(1, 5), connection_id=7, address="127.0.0.1:1", terms={"rate": 60})
BERT = Introduction(emitter=Emitter(2, 9), connection_id=8, address="127.0.0.1:2", terms={"rate": 60})
Known = Callable[[], None]


def test_handshake_then_a_large_frame_with_progress() -> None:
    body = bytes(range(256)) * 4096 * 3

    async def scenario() -> None:
        peers: list[Introduction | None] = []

        async def handle(stream: FramedStream, known: Known) -> None:
            peers.append(await respond(stream, Acceptor(BERT.emitter, BERT.terms, 0), lambda hello: BERT))
            known()
            sent: list[int] = []
            await stream.send(20, body, progress=lambda done, size: sent.append(done))
            assert sent[-1] == len(body)
            assert (await stream.receive()).kind == 21

        server = FramedServer(handle)
        address = await server.open()
        stream = await connect(address)
        assert await initiate(stream, ANNA) == BERT
        received: list[tuple[int, int]] = []
        frame = await stream.receive(progress=lambda done, size: received.append((done, size)))
        assert frame == (20, body)
        assert received[-1] == (len(body), len(body))
        assert len(received) > 10
        assert received == sorted(received)
        await stream.send(21, b"")
        with pytest.raises(ConnectionLost, match="stream ended"):
            await stream.receive()
        await stream.close()
        await stream.close()
        await server.close()
        assert peers == [ANNA]

    asyncio.run(scenario())


def test_refusals_reach_the_caller_with_their_reason() -> None:
    async def scenario() -> None:
        errors: list[Exception] = []

        async def handle(stream: FramedStream, known: Known) -> None:
            try:
                acceptor = Acceptor(BERT.emitter, BERT.terms, 0)
                assert await respond(stream, acceptor, lambda hello: "full") is None
            except TermsDiffer as error:
                errors.append(error)
                raise

        server = FramedServer(handle)
        address = await server.open()
        with pytest.raises(HandshakeRefused, match="full"):
            await initiate(await connect(address), ANNA)
        with pytest.raises(TermsDiffer, match="'rate' differs: here 30, there 60"):
            await initiate(await connect(address), dataclasses.replace(ANNA, terms={"rate": 30}))
        assert [str(error) for error in errors] == ["session term 'rate' differs: here 60, there 30"]
        await server.close()

    asyncio.run(scenario())


def test_a_silent_side_runs_into_the_deadline() -> None:
    async def scenario() -> None:
        results: asyncio.Queue[Exception] = asyncio.Queue()

        async def handle(stream: FramedStream, known: Known) -> None:
            try:
                await respond(stream, Acceptor(BERT.emitter, BERT.terms, 0), lambda hello: BERT, timeout_s=0)
            except HandshakeTimeout as error:
                results.put_nowait(error)
                raise

        server = FramedServer(handle)
        stream = await connect(await server.open())
        async with asyncio.timeout(5):
            assert isinstance(await results.get(), HandshakeTimeout)
            with pytest.raises((ConnectionLost, HandshakeTimeout)):
                await initiate(stream, ANNA, timeout_s=0)
        await server.close()

    asyncio.run(scenario())


def test_half_open_streams_are_bounded_and_known_ones_are_not_counted() -> None:
    async def scenario() -> None:
        async def handle(stream: FramedStream, known: Known) -> None:
            if (await stream.receive()).kind == 30:
                known()
                await stream.send(31, b"")
            await stream.receive()

        server = FramedServer(handle, half_open_max=2)
        address = await server.open()
        known = [await connect(address) for _ in range(2)]
        for stream in known:
            await stream.send(30, b"")
            assert (await stream.receive()).kind == 31
        waiting = [await connect(address) for _ in range(2)]
        turned_away = await connect(address)
        with pytest.raises(ConnectionLost):
            await turned_away.receive()
        assert server.turned_away_count == 1
        for stream in (*known, *waiting, turned_away):
            await stream.close()
        await server.close()

    asyncio.run(scenario())


def test_before_the_handshake_only_small_frames_are_taken() -> None:
    async def scenario() -> None:
        errors: asyncio.Queue[Exception] = asyncio.Queue()

        async def handle(stream: FramedStream, known: Known) -> None:
            try:
                await stream.receive()
            except MalformedMessage as error:
                errors.put_nowait(error)
                raise

        server = FramedServer(handle)
        stream = await connect(await server.open())
        await stream.send(1, bytes(65537))
        async with asyncio.timeout(5):
            assert "at most 65536" in str(await errors.get())
        await stream.close()
        await server.close()

    asyncio.run(scenario())


def test_addresses_beyond_this_machine_are_refused() -> None:
    async def scenario() -> None:
        async def handle(stream: FramedStream, known: Known) -> None:
            await stream.receive()

        server = FramedServer(handle)
        with pytest.raises(AddressRefused, match="not sealed"):
            await server.open("0.0.0.0")
        with pytest.raises(AddressRefused, match="not sealed"):
            await connect(("192.0.2.1", 80))
        address = await server.open()
        with pytest.raises(AddressRefused, match="cannot bind"):
            await FramedServer(handle).open(*address)
        await server.close()
        with pytest.raises(ConnectionLost, match="cannot reach"):
            await connect(address)

    asyncio.run(scenario())


def test_a_stream_that_was_reset_before_it_was_accepted_is_lost_and_nothing_else() -> None:
    async def play() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            caller = socket.create_connection(listener.getsockname())
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.close()
            accepted, _ = listener.accept()
        reader, writer = await asyncio.open_connection(sock=accepted)
        with pytest.raises(ConnectionLost, match="before it began"):
            FramedStream(reader, writer)
        FramedServer(lambda framed, known: asyncio.sleep(0))._accept(reader, writer)

    asyncio.run(play())
