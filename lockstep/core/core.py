"""A running core: a peer with a clock, sockets, terminals and a log. The only place where lockstep meets the
machine.

Everything runs on one event loop. The peer is told what happened, then asked what to do; nothing in between
waits.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lockstep.core import journal
from lockstep.core.bot import Bot
from lockstep.core.figures import Figures
from lockstep.core.streams import Streams
from lockstep.core.terminals import TerminalHub, TerminalPort
from lockstep.errors import LocalError
from lockstep.peer import outputs
from lockstep.peer.peer import Peer
from lockstep.peer.simulation import Fault
from lockstep.peer.views import Member
from lockstep.session import SessionTerms
from lockstep.world import World, WorldDefinition
from netcode.errors import LocalError as NetcodeLocalError
from netcode.transports.addresses import format_address, parse_address
from netcode.transports.udp import UdpSocket
from physics_fixed.fingerprint import kernel_fingerprint

BOT_TERMINAL = 0
PORT_TRIES = 16
JOIN_TIMEOUT_S = 60
FINAL_TICKS_KEPT = 120  # a wanted tick whose state is not found this many ticks later will not be found


class CoreError(LocalError):
    """A core that cannot be run so."""


class JoinRefused(LocalError):
    """A session does not take this core; the message says why, and which term differs if one does."""


@dataclass(frozen=True, slots=True)
class CoreConfig:
    """How to run a core.

    Parameters
    ----------
    name : str
        For people.
    world : WorldDefinition
    seed : int
        Seed of the session's random numbers, for the core that founds it; of the bot's decisions.
    bind : str
        Numeric loopback address to listen on.
    port : int
        TCP and UDP port; 0 takes a free one.
    ticks : int, optional
        Stop when this many ticks are confirmed.
    bot : bool
        Whether a bot plays on this core.
    log_path : Path, optional
        Where events are logged, one JSON line each.
    fault : Fault, optional
        A bit to flip in this core's own state, to show that desyncs are found.
    reuse : bool
        Whether a rollback reuses what late inputs do not touch; no other core can tell.
    threads : int, optional
        How many threads a tick may use, 1 to 64; without it, what LOCKSTEP_THREADS says. No other core can
        tell.
    """

    name: str
    world: WorldDefinition
    seed: int
    bind: str = "127.0.0.1"
    port: int = 0
    ticks: int | None = None
    bot: bool = False
    log_path: Path | None = None
    fault: Fault | None = None
    reuse: bool = True
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.ticks is not None and self.ticks < 1:
            raise CoreError(f"ticks = {self.ticks}; allowed: 1 or more")
        if not 0 <= self.port <= 65535:
            raise CoreError(f"port = {self.port}; allowed: 0 to 65535")


class Core:
    """One running core.

    Call ``start``, then ``found`` or ``join``, then ``run``; finally ``close``.
    """

    def __init__(self, config: CoreConfig) -> None:
        self.config = config
        self.peer: Peer | None = None
        self._figures = Figures()
        self._journal = journal.Journal(config.log_path)
        self._udp = UdpSocket(self._handle_datagram)
        self._streams: Streams | None = None
        self._hub: TerminalHub | None = None
        self._bot = Bot(config.world.inputs, config.seed) if config.bot else None
        self._address = ""
        self._timer: asyncio.TimerHandle | None = None
        self._over = asyncio.Event()
        self._stopping = False
        self._failure: CoreError | None = None
        self._entered: asyncio.Future[None] | None = None
        self._final: tuple[int, bytes] | None = None
        self._desyncs: list[dict[str, object]] = []
        self._paths: dict[str, tuple[str, int]] = {}

    @property
    def address(self) -> str:
        """Where this core listens, ``host:port``; known once it is started."""
        return self._address

    async def start(self) -> None:
        """Open the sockets.

        Raises
        ------
        LocalError
            If the address is not allowed or taken.
        """
        host = self.config.bind
        for attempt in range(PORT_TRIES):
            try:
                _, port = self._udp.open(host, self.config.port)
            except NetcodeLocalError as error:
                raise CoreError(str(error)) from None
            self._address = format_address((host, port))
            peer = self._make_peer()
            streams = Streams(peer, now_us, self._react, partial(self._fail, peer))
            try:
                await streams.start(host, port)
            except NetcodeLocalError as error:
                self._udp.close()
                if self.config.port or attempt == PORT_TRIES - 1:
                    raise CoreError(str(error)) from None
                continue
            self.peer, self._streams = peer, streams
            self._hub = TerminalHub(peer, now_us)
            return

    def _make_peer(self) -> Peer:
        world = World(self.config.world, seed=self.config.seed)
        if self.config.threads is not None:
            world.use_threads(self.config.threads)
        identity = Member(secrets.randbits(64), int(time.time()) & 0xFFFFFFFF)
        return Peer(
            world,
            identity,
            terms=SessionTerms(tick_rate=self.config.world.tick_rate),
            seed=secrets.token_bytes(32),
            address=self._address,
            now_us=now_us(),
            first_number=secrets.randbits(32),
            kernel=kernel_fingerprint().hex(),
            reuse=self.config.reuse,
        )

    async def found(self) -> None:
        """Begin a session."""
        self._started().found(now_us())
        self._enter()

    async def join(self, address: str) -> None:
        """Join the session of the core at ``address``.

        Raises
        ------
        JoinRefused
            If nobody answers there, or the session does not take this core.
        CoreError
            If the world's own scripts failed meanwhile; with the place and the reason.
        """
        try:
            parse_address(address)
        except NetcodeLocalError as error:
            raise JoinRefused(str(error)) from None
        self._entered = asyncio.get_running_loop().create_future()
        self._started().join(address)
        self._schedule()
        self._react()
        try:
            async with asyncio.timeout(JOIN_TIMEOUT_S):
                await self._entered
        except TimeoutError:
            raise JoinRefused(f"{address} did not take this core in within {JOIN_TIMEOUT_S} s") from None
        finally:
            self._entered = None
        self._enter()

    def _enter(self) -> None:
        if self.config.fault is not None:
            self._started().inject(self.config.fault)
        self._schedule()
        self._react()

    async def run(self) -> None:
        """Play until the wanted ticks are confirmed or ``request_stop`` is called.

        It also returns when the session is over here for another reason.

        Raises
        ------
        CoreError
            If the world's own scripts failed; with the place and the reason.
        """
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    def request_stop(self) -> None:
        """Leave the session properly; ``run`` returns soon after."""
        if not self._stopping and self.peer is not None:
            self._stopping = True
            self.peer.leave(now_us())
            self._react()

    async def close(self) -> None:
        """Close sockets, terminals and the log. Closing twice is allowed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._hub is not None:
            self._hub.close("the core has stopped")
        if self._streams is not None:
            await self._streams.stop()
        self._udp.close()
        self._journal.close()

    def attach(self) -> TerminalPort:
        """A port for one more terminal; several at once may be attached.

        Raises
        ------
        LocalError
            If there are too many.
        """
        if self._hub is None:
            raise CoreError("the core is not started yet")
        return self._hub.attach()

    def inject(self, fault: Fault) -> None:
        """Flip a bit of this core's own state, to show that desyncs are found, named and healed."""
        self._started().inject(fault)

    def report(self) -> dict[str, object]:
        """The final figures, ready for JSON."""
        if self.peer is None:
            return {"core": None, "ticks": 0, "confirmed": 0}
        tick, digest = self._final if self._final is not None else (None, None)
        return {**self._figures.report(self.peer, tick, digest), "desync_events": self._desyncs}

    def _started(self) -> Peer:
        if self.peer is None:
            raise CoreError("the core is not started yet")
        return self.peer

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._over.is_set() or self.peer is None:
            return
        loop = asyncio.get_running_loop()
        wait_us = max(0, self.peer.next_time_us() - now_us())
        self._timer = loop.call_later(wait_us / 1_000_000, self._handle_timer)

    def _handle_timer(self) -> None:
        peer = self._started()
        self._timer = None
        try:
            self._tick(peer, now_us())
        except Exception as error:  # a world's own script may fail in any way, and then nothing can go on
            self._fail(peer, error)
            return
        self._schedule()

    def _tick(self, peer: Peer, now: int) -> None:
        if self._bot is not None:
            peer.devices.update(BOT_TERMINAL, self._bot.sample(now), now_us=now)
        before = peer.world.tick
        peer.handle_time(now)
        self._react()
        if peer.simulation is not None and self._hub is not None:
            if peer.world.tick != before or peer.session.paused:
                peer.world.observe()
                self._hub.show()
            if self._hub.count and self._figures.is_due(now):
                self._hub.tell(self._figures.net(peer, now))
            self._look_for_the_end(peer)

    def _fail(self, peer: Peer, error: Exception) -> None:
        if self._failure is not None:
            return  # what follows from the first failure
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = "" if frame is None else f" ({frame.tb_frame.f_code.co_filename}, line {frame.tb_lineno})"
        text = f"world {peer.world.definition.name!r} failed at tick {peer.world.tick}{place}"
        self._failure = CoreError(f"{text}: {type(error).__name__}: {error}")
        self._failure.__cause__ = error
        if self._entered is not None and not self._entered.done():
            self._entered.set_exception(self._failure)
        if self._hub is not None:
            self._hub.close(str(self._failure))
        self._over.set()

    def _handle_datagram(self, data: bytes, source: tuple[str, int]) -> None:
        peer = self.peer
        if peer is None or self._failure is not None:
            return
        try:
            peer.handle_datagram(source, data, now_us())
            if peer.has_outputs:
                self._react()
        except Exception as error:  # no fault of the datagram, for that is refused; the peer is half told
            self._fail(peer, error)

    def _react(self) -> None:
        """Carry out what the peer wants, and tell what happened."""
        peer, streams = self.peer, self._streams
        if peer is None or streams is None:
            return
        for output in peer.poll_outputs():
            match output:
                case outputs.SendDatagram(path, data):
                    self._figures.count(len(data))
                    self._udp.send(data, self._resolve(path))
                case outputs.SendFrame(stream, kind, body):
                    streams.send(stream, kind, body)
                case outputs.OpenStream(stream, address):
                    streams.open(stream, address)
                case outputs.CloseStream(stream):
                    streams.close(stream)
        for event in peer.poll_events():
            self._handle_event(peer, event)

    def _resolve(self, path: object) -> tuple[str, int]:
        if isinstance(path, tuple):
            return path
        assert isinstance(path, str), path
        resolved = self._paths.get(path)
        if resolved is None:
            resolved = self._paths[path] = parse_address(path)
        return resolved

    def _handle_event(self, peer: Peer, event: outputs.Event) -> None:
        self._journal.write(now_us() / 1000, event)
        if isinstance(
            event, outputs.DesyncDetected | outputs.DesyncFound | outputs.DesyncNamed | outputs.Resynced
        ):
            self._desyncs.append({"event": type(event).__name__, **journal.describe(event)})
            del self._desyncs[:-64]
        if self._hub is not None and peer.simulation is not None:
            names = {seat.member: seat.place for seat in peer.view.seats}
            told = journal.message(event, names)
            if told is not None:
                self._hub.tell(told)
            if isinstance(event, outputs.Joined):
                self._hub.tell(self._hub.welcome())
        entered = self._entered
        if isinstance(event, outputs.Joined) and entered is not None and not entered.done():
            entered.set_result(None)
        elif isinstance(event, outputs.JoinRefused) and entered is not None and not entered.done():
            differs = f": {event.field} is {event.ours} here and {event.theirs} there" if event.field else ""
            entered.set_exception(JoinRefused(f"the session refuses this core: {event.reason}{differs}"))
        elif isinstance(event, outputs.SessionOver):
            self._over.set()

    def _look_for_the_end(self, peer: Peer) -> None:
        simulation = peer.simulation
        assert simulation is not None
        wanted = self.config.ticks
        if peer.is_disputed:
            return
        if wanted is None:
            if self._stopping and self._final is None:
                final = simulation.final_state()
                if final is not None:
                    self._final = final[0], peer.world.tables.hash(final[1])
            return
        if self._final is None:
            digest = simulation.final_hash(wanted)
            if digest is not None:
                self._final = wanted, digest
                self.request_stop()
            elif simulation.session.final_end > wanted + FINAL_TICKS_KEPT:
                self.request_stop()  # that state is gone: joined after it, or healed for too long


def now_us() -> int:
    """Microseconds on a clock that never goes back."""
    return time.monotonic_ns() // 1000
