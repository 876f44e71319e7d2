"""The WebSocket to the core, on a thread of its own: neither picture nor network waits for the other.

Two queues join the threads: `poll` takes what arrived, `send` hands over what goes out. Both sides see only
whole messages of the terminal protocol.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from dataclasses import dataclass
from typing import Literal

import aiohttp

from lockstep.terminal import (
    Bye,
    CoreMessage,
    Hello,
    MalformedMessage,
    Scene,
    TerminalMessage,
    View,
    decode_from_core,
    decode_scene,
    decode_view,
    encode_from_terminal,
    is_view,
)
from lockstep.terminal.limits import PROTOCOL_VERSION, ROW_COUNT_MAX

CONNECT_TIMEOUT_S = 5.0
RETRY_FIRST_S = 0.2
RETRY_LONGEST_S = 2.0
GIVE_UP_S = 15.0
MESSAGE_SIZE_MAX = 24 + 32 * ROW_COUNT_MAX  # the longest VIEW
RECEIVED_MAX = 2048  # about half a minute of views: a window that slept longer starts anew
OUTGOING_MAX = 256

State = Literal["open", "lost", "closed"]


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """The connection opened, was lost (another try follows), or is closed for good.

    Attributes
    ----------
    state : "open", "lost" or "closed"
    text : reason for people
    farewell : the core itself said goodbye; nothing went wrong
    """

    state: State
    text: str
    farewell: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """A message, and when it arrived (seconds of `time.perf_counter`)."""

    message: CoreMessage | Scene | View | ConnectionChange
    at_s: float


class Connection:
    """Keeps the terminal connected to its core until `close`, a goodbye, or too long without a core.

    Parameters
    ----------
    address : ``ws://HOST:PORT/TOKEN/terminal``
    give_up_s : how long to try again
    """

    def __init__(self, address: str, *, give_up_s: float = GIVE_UP_S) -> None:
        self._address = address
        self._give_up_s = give_up_s
        self._received: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="terminal connection", daemon=True)
        self._thread.start()

    def poll(self) -> list[Received]:
        """Everything that arrived since the last call, in order."""
        found: list[Received] = []
        while True:
            try:
                found.append(self._received.get_nowait())
            except queue.Empty:
                return found

    def wait(self, timeout_s: float) -> Received | None:
        """The next message, or None if none arrives in time."""
        try:
            return self._received.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def send(self, message: TerminalMessage) -> None:
        """Hand a message over; without a connection it is dropped, for the core forgets us then anyway."""
        text = encode_from_terminal(message)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._offer, text)

    def close(self) -> None:
        """Leave the core and end the thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(CONNECT_TIMEOUT_S)

    def _offer(self, text: str) -> None:
        if self._outgoing.qsize() < OUTGOING_MAX:
            self._outgoing.put_nowait(text)

    def _post(self, message: CoreMessage | Scene | View | ConnectionChange) -> None:
        self._received.put(Received(message, time.perf_counter()))

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._keep_connected())
        finally:
            self._loop.close()

    async def _keep_connected(self) -> None:
        lost_at = time.perf_counter()
        pause = RETRY_FIRST_S
        async with aiohttp.ClientSession() as session:
            while not self._stop.is_set():
                try:
                    timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
                    async with asyncio.timeout(CONNECT_TIMEOUT_S):
                        socket = await session.ws_connect(
                            self._address, max_msg_size=MESSAGE_SIZE_MAX, timeout=timeout, compress=0
                        )
                    async with socket:
                        ended = await self._serve(socket)
                    lost_at, pause = time.perf_counter(), RETRY_FIRST_S
                    if ended is not None:
                        self._post(ended)
                        return
                    reason = "the core closed the connection"
                except aiohttp.WSServerHandshakeError as error:
                    # It answers, and does not want us: a wrong token does not become right by waiting.
                    self._post(ConnectionChange("closed", f"the core refused us (status {error.status})"))
                    return
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    reason = str(error) or type(error).__name__
                if self._stop.is_set():
                    return
                if time.perf_counter() - lost_at > self._give_up_s:
                    self._post(ConnectionChange("closed", f"no core at {self._address}: {reason}"))
                    return
                self._post(ConnectionChange("lost", reason))
                await self._pause(pause)
                pause = min(2.0 * pause, RETRY_LONGEST_S)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            pass

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse) -> ConnectionChange | None:
        """Talk until the end; None when the connection broke and may be tried again."""
        while not self._outgoing.empty():
            self._outgoing.get_nowait()  # keys held before the break are no news to the new connection
        await socket.send_str(encode_from_terminal(Hello(PROTOCOL_VERSION, "desktop")))
        self._post(ConnectionChange("open", self._address))
        tasks = [
            asyncio.create_task(self._receive(socket)),
            asyncio.create_task(self._send(socket)),
            asyncio.create_task(self._stop.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                return tasks[0].result()  # type: ignore[return-value]
            return None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            await socket.send_str(await self._outgoing.get())

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> ConnectionChange | None:
        async for frame in socket:
            try:
                if frame.type == aiohttp.WSMsgType.BINARY:
                    self._post(decode_view(frame.data) if is_view(frame.data) else decode_scene(frame.data))
                elif frame.type == aiohttp.WSMsgType.TEXT:
                    message = decode_from_core(frame.data)
                    if isinstance(message, Bye):
                        return ConnectionChange("closed", message.reason, farewell=True)
                    if message is not None:
                        self._post(message)
            except MalformedMessage as error:
                return ConnectionChange("closed", f"cannot read what the core sent: {error}")
            if self._received.qsize() > RECEIVED_MAX:
                return None  # the window is not looking; a new connection begins with a whole picture
        return None
