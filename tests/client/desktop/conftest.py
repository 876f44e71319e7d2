"""A core that a test scripts, on a real socket."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import pytest
from aiohttp import WSCloseCode, WSMsgType, web

from lockstep.terminal import (
    DeviceReport,
    MalformedMessage,
    Ping,
    Pong,
    TerminalMessage,
    ViewEncoder,
    Welcome,
    decode_from_terminal,
    encode_from_core,
    encode_scene,
)
from lockstep.terminal.scene import FLAG_AVATAR, FLAG_STATIC, SHAPE_BOX, SHAPE_CAPSULE, SHAPE_SPHERE

WAIT_S = 60.0
BUTTONS = ("jump", "run", "grab", "throw", "spawn")
AXES = ("move_x", "move_z", "look_yaw", "look_pitch")
WELCOME = Welcome(
    core="00c0ffee00c0ffee",
    place=0,
    tick_rate=60,
    world_name="scripted",
    world_title="Scripted world",
    world_help=(("W A S D", "move"), ("Space", "jump")),
    buttons=BUTTONS,
    axes=AXES,
)

Result = TypeVar("Result")


class ScriptedCore:
    """Answers as a core does, on a thread; shows a floor, a red box, a ball and two avatars that walk."""

    def __init__(self) -> None:
        self.messages: list[TerminalMessage] = []
        self.problems: list[str] = []
        self.attached = 0
        self.refuse = False
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._sockets: list[web.WebSocketResponse] = []
        self._ready: threading.Event = threading.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(WAIT_S)

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self.port}/token/terminal"

    def wait_for(self, wanted: Callable[[ScriptedCore], Result]) -> Result:
        """Wait until something arrived that makes `wanted` true; returns what it found."""
        deadline = time.monotonic() + WAIT_S
        with self._arrived:
            while True:
                found = wanted(self)
                if found:
                    return found
                left = deadline - time.monotonic()
                assert left > 0.0, f"waited in vain; last messages: {self.messages[-5:]}, {self.problems}"
                self._arrived.wait(left)

    def reports(self) -> list[DeviceReport]:
        return [message for message in self.messages if isinstance(message, DeviceReport)]

    def send(self, message: str | bytes) -> None:
        """Send to everybody who is attached."""
        asyncio.run_coroutine_threadsafe(self._send(message), self._loop).result(WAIT_S)

    def drop(self) -> None:
        """Close every connection without a goodbye."""
        asyncio.run_coroutine_threadsafe(self._drop(), self._loop).result(WAIT_S)

    def close(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(WAIT_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(WAIT_S)

    def _run(self) -> None:
        self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()
        self._loop.close()

    async def _open(self) -> None:
        application = web.Application()
        application.router.add_get("/token/terminal", self._serve)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _send(self, message: str | bytes) -> None:
        for socket in self._sockets:
            if isinstance(message, str):
                await socket.send_str(message)
            else:
                await socket.send_bytes(message)

    async def _drop(self) -> None:
        for socket in list(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _close(self) -> None:
        await self._drop()
        assert self._runner is not None
        await self._runner.cleanup()

    def _note(self, change: Callable[[], None]) -> None:
        with self._arrived:
            change()
            self._arrived.notify_all()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if self.refuse:
            raise web.HTTPForbidden
        socket = web.WebSocketResponse(max_msg_size=4096)
        await socket.prepare(request)
        first = await socket.receive()
        self._take(first.data)
        await socket.send_str(encode_from_core(WELCOME))
        self._sockets.append(socket)
        shower = asyncio.create_task(self._show(socket))
        self._note(lambda: setattr(self, "attached", self.attached + 1))
        async for frame in socket:
            if frame.type == WSMsgType.TEXT:
                message = self._take(frame.data)
                if isinstance(message, Ping):
                    await socket.send_str(encode_from_core(Pong(message.id)))
        shower.cancel()
        self._sockets.remove(socket)
        self._note(lambda: setattr(self, "attached", self.attached - 1))
        return socket

    def _take(self, text: str) -> TerminalMessage | None:
        try:
            message = decode_from_terminal(text, buttons=BUTTONS, axes=AXES)
        except MalformedMessage as error:
            problem = str(error)
            self._note(lambda: self.problems.append(problem))
            return None
        self._note(lambda: self.messages.append(message))
        return message

    async def _show(self, socket: web.WebSocketResponse) -> None:
        """Sixty views a second, in the core's own time."""
        await socket.send_bytes(scene_bytes())
        encoder = ViewEncoder()
        began = self._loop.time()
        tick = 0
        while not socket.closed:
            position, rotation = poses_at(tick)
            await socket.send_bytes(
                encoder.encode(
                    tick=tick,
                    time_ms=self._loop.time() * 1000.0,
                    scene_serial=1,
                    slots=np.arange(5, dtype=np.uint32),
                    positions=position,
                    rotations=rotation,
                )
            )
            tick += 1
            next_tick = asyncio.Event()
            self._loop.call_at(began + tick / 60, next_tick.set)
            await next_tick.wait()


def scene_bytes() -> bytes:
    return encode_scene(
        serial=1,
        tick=0,
        slots=range(5),
        shapes=[SHAPE_BOX, SHAPE_BOX, SHAPE_SPHERE, SHAPE_CAPSULE, SHAPE_CAPSULE],
        flags=[FLAG_STATIC, 0, 0, FLAG_AVATAR, FLAG_AVATAR],
        places=[255, 255, 255, 0, 1],
        rgba=[0xA9B3BFFF, 0xD02020FF, 0x30A050FF, 0xF2A93BFF, 0x3FA7F5FF],
        sizes=[(20, 0.5, 20), (1, 1, 1), (0.5, 0, 0), (0.36, 0.54, 0), (0.36, 0.54, 0)],
    )


def poses_at(tick: int) -> tuple[np.ndarray, np.ndarray]:
    turn = tick * 0.02
    position = np.array(
        [
            (0, -0.5, 0),
            (-3, 1, -4),
            (3, 0.5, -4),
            (0, 0.9, 0),
            (4 * np.cos(turn), 0.9, 4 * np.sin(turn) - 3),
        ],
        np.float32,
    )
    return position, np.tile(np.array([0, 0, 0, 1], np.float32), (5, 1))


@pytest.fixture
def core() -> Iterator[ScriptedCore]:
    scripted = ScriptedCore()
    yield scripted
    scripted.close()
