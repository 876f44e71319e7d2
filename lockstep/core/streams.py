"""The streams of a running core: TCP connections, carried out for a peer that knows them by number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from lockstep.peer.frames import WORLD_SIZE_MAX
from lockstep.peer.peer import Peer
from netcode.errors import LocalError as NetcodeLocalError
from netcode.errors import RemoteError
from netcode.transports.addresses import Address, parse_address
from netcode.transports.tcp import FramedServer, FramedStream, connect

QUEUE_SIZE_MAX = 2 * WORLD_SIZE_MAX  # bytes that wait for one slow stream; beyond it the stream is closed
_FRAME_SIZE = 64  # what a waiting frame counts besides its body


class _Stream:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        self.size = 0
        self.task: asyncio.Task[None] | None = None


class Streams:
    """Opens, accepts, reads and writes streams; everything that comes goes to the peer.

    Parameters
    ----------
    peer : Peer
    now_us : callable
        The core's clock.
    react : callable
        Called after the peer was told anything.
    fail : callable
        Gets what went wrong here and is no fault of the other side; nothing can go on then.
    """

    def __init__(
        self,
        peer: Peer,
        now_us: Callable[[], int],
        react: Callable[[], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._peer = peer
        self._now_us = now_us
        self._react = react
        self._fail = fail
        self._streams: dict[int, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = FramedServer(self._serve)

    async def start(self, host: str, port: int) -> Address:
        """Accept streams at an address; the address with the port that was taken."""
        return await self._server.open(host, port)

    def open(self, number: int, address: str) -> None:
        """Open a stream to an address."""
        self._streams[number] = _Stream()
        self._spawn(self._connect(number, address), number)

    def send(self, number: int, kind: int, body: bytes) -> None:
        """Send a frame after those sent before."""
        stream = self._streams.get(number)
        if stream is None:
            return
        stream.size += len(body) + _FRAME_SIZE
        if stream.size > QUEUE_SIZE_MAX:
            if stream.task is not None:
                stream.task.cancel()
            self._closed(number, "the other side does not read")
            return
        stream.queue.put_nowait((kind, body))

    def close(self, number: int) -> None:
        """Close a stream after what was sent."""
        stream = self._streams.get(number)
        if stream is not None:
            stream.queue.put_nowait(None)

    async def stop(self) -> None:
        """Write what is queued (a moment's worth), then close everything."""
        for number in list(self._streams):
            self.close(number)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=0.5)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.close()

    async def _guard(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # left alone it would end this stream only, and leave the peer half told
            self._fail(error)

    async def _serve(self, framed: FramedStream, known: Callable[[], None]) -> None:
        await self._guard(self._accept(framed, known))

    async def _accept(self, framed: FramedStream, known: Callable[[], None]) -> None:
        number = self._peer.handle_stream_accepted(self._now_us())
        if number is None:
            return
        self._streams[number] = _Stream()
        self._streams[number].task = asyncio.current_task()
        await self._run(number, framed, known)

    async def _connect(self, number: int, address: str) -> None:
        try:
            framed = await connect(parse_address(address))
        except (RemoteError, NetcodeLocalError) as error:
            self._closed(number, str(error))
            return
        self._peer.handle_stream_opened(number, self._now_us())
        self._react()
        try:
            await self._run(number, framed, lambda: None)
        finally:
            await framed.close()

    async def _run(self, number: int, framed: FramedStream, known: Callable[[], None]) -> None:
        writer = asyncio.ensure_future(self._write(number, framed))
        reader = asyncio.ensure_future(self._read(number, framed, known))
        try:
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            reason = "the stream was closed"
            for task in (reader, writer):
                error = task.exception() if task.done() and not task.cancelled() else None
                if isinstance(error, RemoteError):
                    reason = str(error)
                elif error is not None:
                    raise error
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)
        self._closed(number, reason)

    async def _read(self, number: int, framed: FramedStream, known: Callable[[], None]) -> None:
        is_known = False
        while True:
            frame = await framed.receive()
            self._peer.handle_frame(number, frame.kind, frame.body, self._now_us())
            if not is_known and self._peer.is_linked(number):
                is_known = True
                known()
                framed.allow_large_frames()
            self._react()

    async def _write(self, number: int, framed: FramedStream) -> None:
        stream = self._streams[number]
        while True:
            item = await stream.queue.get()
            if item is None:
                return
            await framed.send(*item)
            stream.size -= len(item[1]) + _FRAME_SIZE

    def _closed(self, number: int, reason: str) -> None:
        if self._streams.pop(number, None) is not None:
            self._peer.handle_stream_closed(number, reason)
            self._react()

    def _spawn(self, work: Awaitable[None], number: int) -> None:
        task = asyncio.get_running_loop().create_task(self._guard(work))
        self._streams[number].task = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
