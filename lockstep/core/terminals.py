"""The terminals of one core: several at once, each with its own queue, none able to slow the core down.

A terminal that reads slowly loses pictures, never messages: of the VIEWs that wait for it only one is kept,
into which newer ones are folded. One that does not read at all is let go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from lockstep.errors import InputError
from lockstep.inputs import command_from_args, quantise
from lockstep.peer.peer import Peer
from lockstep.plugins import render
from lockstep.terminal import (
    Bye,
    CommandRequest,
    CoreMessage,
    DeviceReport,
    ErrorReport,
    Event,
    Hello,
    MalformedMessage,
    NetFigures,
    Ping,
    Pong,
    ViewEncoder,
    Welcome,
    decode_from_terminal,
    encode_from_core,
    encode_scene,
    error_report,
    is_view,
    merge_views,
)

TERMINALS_MAX = 32
QUEUE_MAX = 512  # messages besides VIEWs that wait for a slow terminal before it is let go
MESSAGES_PER_SECOND_MAX = 240
_BURST = 2


class TerminalClosed(Exception):
    """This terminal's connection to the core is over."""


class TooManyTerminals(InputError):
    """No more terminals can attach."""


class TerminalPort:
    """One terminal's end of a core. Made by ``Core.attach``."""

    def __init__(self, number: int, hub: TerminalHub) -> None:
        self.number = number
        self.is_closed = False
        self._hub = hub
        self._queue: deque[str | bytes] = deque()
        self._view: bytes | None = None
        self._wake = asyncio.Event()
        self._encoder = ViewEncoder()
        self._scene_serial = -1
        self._greeted = False
        self._window_us = 0
        self._window_count = 0

    def handle_text(self, text: str) -> None:
        """A message from the terminal.

        What is wrong with it is told to the terminal, and nothing else happens then.
        """
        if self.is_closed:
            return
        try:
            self._check_rate()
            layout = self._hub.peer.world.definition.inputs
            message = decode_from_terminal(text, buttons=layout.buttons, axes=layout.axes)
            match message:
                case Hello():
                    self._greeted = True
                    self.send(self._hub.welcome())
                    self._hub.show_to(self)
                case DeviceReport():
                    state = quantise(layout, buttons=message.buttons, axes=message.axes)
                    self._hub.peer.devices.update(self.number, state, now_us=self._hub.now_us())
                case CommandRequest():
                    prefabs = self._hub.peer.world.definition.prefab_names
                    self._hub.peer.devices.queue_command(
                        command_from_args(message.name, message.arguments, prefabs)
                    )
                case Ping():
                    self.send(Pong(message.id))
        except MalformedMessage as error:
            self.send(error_report(error))
        except InputError as error:
            self.send(ErrorReport(error.what, error.where, error.allowed))

    async def next_message(self) -> str | bytes:
        """The next message to the terminal: text, or bytes of a SCENE or VIEW.

        Raises
        ------
        TerminalClosed
            When the port was closed and everything was read.
        """
        while True:
            if self._queue:
                return self._queue.popleft()
            if self._view is not None:
                view, self._view = self._view, None
                return view
            if self.is_closed:
                raise TerminalClosed
            self._wake.clear()
            await self._wake.wait()

    def close(self) -> None:
        """The terminal goes away; what it held down is released."""
        if not self.is_closed:
            self.is_closed = True
            self._hub.detach(self)
            self._wake.set()

    def send(self, message: CoreMessage) -> None:
        """Queue a text message."""
        self._put(encode_from_core(message))

    @property
    def is_greeted(self) -> bool:
        """Whether the terminal has said hello; it gets nothing unasked before."""
        return self._greeted

    def show(self, picture: Picture) -> None:
        """Queue what this terminal does not know yet of a picture."""
        if picture.serial != self._scene_serial:
            self._scene_serial = picture.serial
            self._view = None
            self._encoder = ViewEncoder()
            self._put(picture.scene)
        view = self._encoder.encode(
            tick=picture.tick,
            time_ms=picture.time_ms,
            scene_serial=picture.serial,
            slots=picture.slots,
            positions=picture.positions,
            rotations=picture.rotations,
            paused=picture.is_paused,
        )
        assert is_view(view)
        self._view = view if self._view is None else merge_views(self._view, view)
        self._wake.set()

    def _put(self, message: str | bytes) -> None:
        if len(self._queue) >= QUEUE_MAX:
            self._queue.clear()
            self._queue.append(encode_from_core(Bye("this terminal does not read what it is sent")))
            self.close()
            return
        self._queue.append(message)
        self._wake.set()

    def _check_rate(self) -> None:
        now_us = self._hub.now_us()
        if now_us - self._window_us >= 1_000_000:
            self._window_us, self._window_count = now_us, 0
        self._window_count += 1
        if self._window_count > MESSAGES_PER_SECOND_MAX * _BURST:
            self.close()
            raise MalformedMessage(
                f"{self._window_count} messages in a second",
                where="messages",
                allowed=f"{MESSAGES_PER_SECOND_MAX}",
            )


class Picture:
    """What terminals are shown of one tick; made once, encoded for each."""

    __slots__ = ("tick", "time_ms", "serial", "scene", "slots", "positions", "rotations", "is_paused")

    def __init__(self, peer: Peer, time_ms: float, cached: Picture | None) -> None:
        world = peer.world
        definitions = render.definitions(world)
        self.tick = world.tick
        self.time_ms = time_ms
        self.serial = definitions.serial
        self.scene: bytes
        self.is_paused = peer.simulation is not None and peer.session.paused
        self.slots, self.positions, self.rotations = render.poses(world)
        if cached is not None and cached.serial == self.serial:
            self.scene = cached.scene
        else:
            self.scene = encode_scene(
                serial=self.serial,
                tick=self.tick,
                slots=definitions.slots,
                shapes=definitions.shapes,
                flags=definitions.flags,
                places=definitions.places,
                rgba=definitions.rgba,
                sizes=definitions.sizes,
            )


class TerminalHub:
    """All terminals of a core.

    Parameters
    ----------
    peer : Peer
    now_us : callable
        The core's clock.
    """

    def __init__(self, peer: Peer, now_us: Callable[[], int]) -> None:
        self.peer = peer
        self.now_us = now_us
        self._ports: dict[int, TerminalPort] = {}
        self._next_number = 1
        self._picture: Picture | None = None

    def attach(self) -> TerminalPort:
        """A port for one more terminal.

        Raises
        ------
        TooManyTerminals
        """
        if len(self._ports) >= TERMINALS_MAX:
            raise TooManyTerminals(
                f"{len(self._ports) + 1}", where="terminals", allowed=f"at most {TERMINALS_MAX}"
            )
        port = TerminalPort(self._next_number, self)
        self._ports[port.number] = port
        self._next_number += 1
        return port

    def detach(self, port: TerminalPort) -> None:
        """A port was closed."""
        self._ports.pop(port.number, None)
        self.peer.devices.remove(port.number)

    def welcome(self) -> Welcome:
        """What a terminal is told first."""
        definition = self.peer.world.definition
        seat = self.peer.view.seat(self.peer.identity) if self.peer.simulation is not None else None
        return Welcome(
            core=f"{self.peer.identity.core_id:016x}",
            place=255 if seat is None else seat.place,
            tick_rate=self.peer.terms.tick_rate,
            world_name=definition.name,
            world_title=definition.title or definition.name,
            world_help=definition.help,
            buttons=definition.inputs.buttons,
            axes=definition.inputs.axes,
        )

    def show(self) -> None:
        """A tick was simulated: show it to everyone."""
        greeted = [port for port in self._ports.values() if port.is_greeted]
        if not greeted:
            return
        self._picture = Picture(self.peer, self.now_us() / 1000, self._picture)
        for port in greeted:
            port.show(self._picture)

    def show_to(self, port: TerminalPort) -> None:
        """Show the present state to one terminal that has just come."""
        self._picture = Picture(self.peer, self.now_us() / 1000, self._picture)
        port.show(self._picture)

    def tell(self, message: Event | NetFigures | Welcome) -> None:
        """Tell all terminals something."""
        for port in list(self._ports.values()):
            if port.is_greeted:
                port.send(message)

    def close(self, reason: str) -> None:
        """Say goodbye to all terminals."""
        for port in list(self._ports.values()):
            port.send(Bye(reason))
            port.close()

    @property
    def count(self) -> int:
        """How many terminals are attached."""
        return len(self._ports)
