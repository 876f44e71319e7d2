"""Frames over TCP: handshakes with a deadline, large frames with progress, a bounded number of strangers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from netcode.errors import AddressRefused, ConnectionLost, HandshakeTimeout, RemoteError
from netcode.protocol.framing import (
    FRAME_SIZE_MAX,
    HANDSHAKE_SIZE_MAX,
    Frame,
    FrameDecoder,
    encode_header,
)
from netcode.protocol.handshake import TIMEOUT_US, Acceptor, Initiator, Introduction
from netcode.transports.addresses import Address, require_loopback

CHUNK_SIZE = 1 << 16
HALF_OPEN_MAX = 16
HANDSHAKE_TIMEOUT_S = TIMEOUT_US // 1_000_000

Progress = Callable[[int, int], object]
"""Called with bytes done and bytes in all."""


class FramedStream:
    """One TCP connection as a sequence of frames; raises `ConnectionLost` if it has ended already.

    Attributes
    ----------
    remote_address : (host, port)
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        if not peer:
            writer.close()
            raise ConnectionLost("the stream ended before it began")
        host, port = peer[:2]
        self.remote_address: Address = (str(host), int(port))
        self._reader = reader
        self._writer = writer
        self._decoder = FrameDecoder(size_max=HANDSHAKE_SIZE_MAX)
        self._sending = asyncio.Lock()

    def allow_large_frames(self, size_max: int = FRAME_SIZE_MAX) -> None:
        """Accept frames of up to `size_max` bytes from now on: the peer is known."""
        self._decoder.size_max = size_max

    async def send(self, kind: int, body: bytes, *, progress: Progress | None = None) -> None:
        """Send a frame whole; other senders wait. Returns when the system has taken all but a bounded rest.

        Raises
        ------
        ConnectionLost
            The stream is closed.
        """
        view = memoryview(body)
        try:
            async with self._sending:
                self._writer.write(encode_header(kind, len(body)))
                for offset in range(0, len(body), CHUNK_SIZE):
                    self._writer.write(view[offset : offset + CHUNK_SIZE])
                    await self._writer.drain()
                    if progress is not None:
                        progress(min(offset + CHUNK_SIZE, len(body)), len(body))
                await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise ConnectionLost(f"cannot send: {error}") from None

    async def receive(self, *, progress: Progress | None = None) -> Frame:
        """Return the next frame; only one receiver at a time.

        Parameters
        ----------
        progress : callable, optional
            Called with the bytes received and the size of the frame's body whenever more of it has come.

        Raises
        ------
        ConnectionLost
            The stream ended.
        MalformedMessage
            The peer sent no frame, or one that is too large.
        """
        while (frame := self._decoder.poll_frame()) is None:
            under_way = self._decoder.progress()
            if progress is not None and under_way is not None:
                progress(under_way.received_size, under_way.size)
            try:
                data = await self._reader.read(CHUNK_SIZE)
            except OSError as error:
                raise ConnectionLost(f"stream broke: {error}") from None
            if not data:
                cut = "" if self._decoder.is_between_frames() else " within a frame"
                raise ConnectionLost(f"stream ended{cut}")
            self._decoder.handle_bytes(data)
        if progress is not None:
            progress(len(frame.body), len(frame.body))
        return frame

    async def close(self) -> None:
        """Close the stream after what was sent; closing twice is allowed."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return


async def connect(address: Address, *, timeout_s: int = HANDSHAKE_TIMEOUT_S) -> FramedStream:
    """Open a stream to `address`.

    Raises
    ------
    AddressRefused
        It is not a loopback address.
    ConnectionLost
        Nobody answers there.
    """
    host, port = require_loopback(address[0]), address[1]
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        raise ConnectionLost(f"{host}:{port} does not answer") from None
    except (OSError, OverflowError) as error:
        raise ConnectionLost(f"cannot reach {host}:{port}: {error}") from None
    return FramedStream(reader, writer)


async def initiate(
    stream: FramedStream, local: Introduction, *, timeout_s: int = HANDSHAKE_TIMEOUT_S
) -> Introduction:
    """Introduce this core over a stream it opened; return the other side's introduction.

    Raises
    ------
    RemoteError
        There is no link (`TermsDiffer`, `HandshakeRefused`, `HandshakeTimeout`, ...); the stream is closed.
    """
    handshake = Initiator(local, 0)
    try:
        async with asyncio.timeout(timeout_s):
            while handshake.peer is None:
                await _send_all(stream, handshake)
                handshake.handle_frame(await stream.receive())
    except TimeoutError:
        await stream.close()
        raise HandshakeTimeout(f"no answer to the handshake within {timeout_s} s") from None
    except RemoteError:
        await _give_up(stream, handshake)
        raise
    stream.allow_large_frames()
    return handshake.peer


Decide = Callable[[Introduction], Introduction | str]
"""Gets who calls; returns this core's own introduction to accept, or a short reason to refuse."""


async def respond(
    stream: FramedStream, acceptor: Acceptor, decide: Decide, *, timeout_s: int = HANDSHAKE_TIMEOUT_S
) -> Introduction | None:
    """Let the other side of an accepted stream introduce itself; None when `decide` refused it.

    Raises
    ------
    RemoteError
        There is no link; the stream is closed.
    """
    try:
        async with asyncio.timeout(timeout_s):
            acceptor.handle_frame(await stream.receive())
            assert acceptor.hello is not None
            decision = decide(acceptor.hello)
            if isinstance(decision, str):
                acceptor.refuse(decision)
            else:
                acceptor.accept(decision)
            await _send_all(stream, acceptor)
    except TimeoutError:
        await stream.close()
        raise HandshakeTimeout(f"no complete handshake within {timeout_s} s") from None
    except RemoteError:
        await _give_up(stream, acceptor)
        raise
    if acceptor.peer is None:
        await stream.close()
        return None
    stream.allow_large_frames()
    return acceptor.peer


async def _send_all(stream: FramedStream, handshake: Initiator | Acceptor) -> None:
    for frame in handshake.poll_frames():
        await stream.send(frame.kind, frame.body)


async def _give_up(stream: FramedStream, handshake: Initiator | Acceptor) -> None:
    try:
        await _send_all(stream, handshake)
    except ConnectionLost:
        pass
    finally:
        await stream.close()


class FramedServer:
    """Accepts streams; those that have not completed a handshake are bounded in number and time.

    Parameters
    ----------
    handle_stream : callable
        Runs for each stream, the handshake included, until it returns; then the stream is closed. A
        `RemoteError` ends it quietly. It calls the function it gets as second argument once the peer is
        known.
    half_open_max : int
        Streams without a known peer; more are closed at once.

    Attributes
    ----------
    turned_away_count : int
        Streams closed because too many were half open.
    """

    def __init__(
        self,
        handle_stream: Callable[[FramedStream, Callable[[], None]], Awaitable[object]],
        *,
        half_open_max: int = HALF_OPEN_MAX,
    ) -> None:
        self.turned_away_count = 0
        self._handle_stream = handle_stream
        self._half_open_max = half_open_max
        self._half_open: set[FramedStream] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> Address:
        """Bind and start to accept; return the address.

        Raises
        ------
        AddressRefused
            The host is not a loopback address, or the port is taken.
        """
        assert self._server is None, "opened twice"
        host = require_loopback(host)
        try:
            self._server = await asyncio.start_server(self._accept, host, port)
        except (OSError, OverflowError) as error:
            raise AddressRefused(f"cannot bind TCP {host}:{port}: {error}") from None
        bound_host, bound_port = self._server.sockets[0].getsockname()[:2]
        return str(bound_host), int(bound_port)

    async def close(self) -> None:
        """Stop accepting and end every stream."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._half_open) >= self._half_open_max:
            self.turned_away_count += 1
            writer.close()
            return
        try:
            stream = FramedStream(reader, writer)
        except ConnectionLost:
            return
        self._half_open.add(stream)
        task = asyncio.get_running_loop().create_task(self._run(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, stream: FramedStream) -> None:
        try:
            await self._handle_stream(stream, lambda: self._half_open.discard(stream))
        except RemoteError:
            return
        finally:
            self._half_open.discard(stream)
            await stream.close()
