"""A web server on a thread, with terminals that a test scripts."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest

from client.web.server import WebServer
from lockstep.core.terminals import TerminalClosed
from lockstep.terminal import (
    DeviceReport,
    Hello,
    MalformedMessage,
    Ping,
    Pong,
    TerminalMessage,
    ViewEncoder,
    Welcome,
    decode_from_terminal,
    encode_from_core,
    encode_scene,
    error_report,
)

Result = TypeVar("Result")

BUTTONS = ("jump", "run", "grab", "throw", "spawn")
AXES = ("move_x", "move_z", "look_yaw", "look_pitch")
WAIT_S = 30.0


class Stage:
    """What the scripted terminals show: a floor, a box, a ball and the avatar of place 0."""

    def __init__(self) -> None:
        self.slots = np.arange(4, dtype=np.uint32)
        self.positions = np.array([(0, -0.5, 0), (2, 0.5, -3), (-2, 0.5, -3), (0, 0.9, 0)], np.float32)
        self.rotations = np.tile(np.array([0, 0, 0, 1], np.float32), (4, 1))

    def scene(self) -> bytes:
        return encode_scene(
            serial=1,
            tick=0,
            slots=self.slots,
            shapes=[2, 2, 1, 3],
            flags=[1, 0, 4, 2],
            places=[255, 255, 255, 0],
            rgba=np.array([0xD9DDD6FF, 0xE8A25DFF, 0x6FA8DCFF, 0xE86A5FFF], np.uint32),
            sizes=[(20, 0.5, 20), (0.5, 0.5, 0.5), (0.5, 0, 0), (0.36, 0.54, 0)],
        )


class ScriptedTerminal:
    """The core's end of a terminal: answers by the protocol, keeps what came, says what the test wants."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.received: list[TerminalMessage] = []
        self.stage = Stage()
        self.encoder = ViewEncoder()
        self.tick = 0
        self.closed = threading.Event()
        self.outgoing: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._changed = threading.Condition()

    def handle_text(self, text: str) -> None:
        try:
            message = decode_from_terminal(text, buttons=BUTTONS, axes=AXES)
        except MalformedMessage as error:
            self.outgoing.put_nowait(encode_from_core(error_report(error)))
            return
        if isinstance(message, Hello):
            help_lines = (("W A S D", "walk"), ("Space", "jump"))
            welcome = Welcome("00ff00ff00ff00ff", 0, 60, "room", "A room", help_lines, BUTTONS, AXES)
            self.outgoing.put_nowait(encode_from_core(welcome))
            self.outgoing.put_nowait(self.stage.scene())
            self.outgoing.put_nowait(self.view())
        elif isinstance(message, Ping):
            self.outgoing.put_nowait(encode_from_core(Pong(message.id)))
        with self._changed:
            self.received.append(message)
            self._changed.notify_all()

    async def next_message(self) -> str | bytes:
        message = await self.outgoing.get()
        if message is None:
            raise TerminalClosed
        return message

    def close(self) -> None:
        if not self.closed.is_set():
            self.closed.set()
            self.outgoing.put_nowait(None)

    def view(self) -> bytes:
        self.tick += 1
        return self.encoder.encode(
            tick=self.tick,
            time_ms=self.tick * 16.0,
            scene_serial=1,
            slots=self.stage.slots,
            positions=self.stage.positions,
            rotations=self.stage.rotations,
        )

    def say(self, *messages: str | bytes | None) -> None:
        """Send from the test's thread."""
        for message in messages:
            self.loop.call_soon_threadsafe(self.outgoing.put_nowait, message)

    def expect(self, wanted: Callable[[TerminalMessage], bool], *, since: int = 0) -> TerminalMessage:
        """Wait until a message came, as number `since` or later, that `wanted` accepts."""

        def found() -> TerminalMessage | None:
            return next((message for message in self.received[since:] if wanted(message)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, WAIT_S), self.received[-5:]
            message = found()
        assert message is not None
        return message

    def expect_input(self, wanted: Callable[[DeviceReport], bool], *, since: int = 0) -> DeviceReport:
        message = self.expect(
            lambda candidate: isinstance(candidate, DeviceReport) and wanted(candidate), since=since
        )
        assert isinstance(message, DeviceReport)
        return message


class ServerThread:
    """A web server with scripted terminals, run on a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.terminals: list[ScriptedTerminal] = []
        self._attached = threading.Condition()
        self._thread = threading.Thread(target=self.loop.run_forever, name="web server")
        self._thread.start()
        self.server = WebServer(self._attach)
        self.call(self.server.start())

    def _attach(self) -> ScriptedTerminal:
        with self._attached:
            self.terminals.append(ScriptedTerminal(self.loop))
            self._attached.notify_all()
            return self.terminals[-1]

    def call(self, work: Awaitable[Result]) -> Result:
        async def run() -> Result:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(WAIT_S)

    def terminal(self, index: int) -> ScriptedTerminal:
        """Wait for the terminal that attached as number `index`."""
        with self._attached:
            assert self._attached.wait_for(lambda: len(self.terminals) > index, WAIT_S)
            return self.terminals[index]

    def close(self) -> None:
        try:
            self.call(self.server.close())
        except concurrent.futures.TimeoutError:
            pytest.fail("the server does not close")
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(WAIT_S)
            self.loop.close()


@pytest.fixture
def served() -> Iterator[ServerThread]:
    thread = ServerThread()
    yield thread
    thread.close()
