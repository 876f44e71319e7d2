"""A bad network in user space: a relay that loses, delays and reorders real datagrams between real sockets.

It listens on one port and forwards to one target: datagrams through its link models (one a direction), TCP of
the same port number unchanged. Each client gets an upstream socket of its own, as a router with address
translation would give it one: the target sees each client under another address, and answers find their way.

As a command: `python -P -m fuzz.relay 127.0.0.1:PORT --loss-permille 100 --delay-ms 40 --jitter-ms 10`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import heapq
import json
import random
import socket
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

DATAGRAM_BYTES_MAX = 65535
DRAIN_DATAGRAMS_MAX = 64
CLIENTS_MAX = 64
TCP_CHUNK_BYTES = 65536
SOCKET_BUFFER_BYTES = 1 << 20

Address = tuple[str, int]


class RelayError(ValueError):
    """A relay was asked for something it cannot do; the text says what is allowed."""


@dataclass(frozen=True, slots=True)
class RelayModel:
    """What one direction of a link does to datagrams.

    Parameters
    ----------
    delay_ms : float
        One-way delay.
    jitter_ms : float
        The delay of each datagram varies evenly by up to this much, both ways; so neighbours change places.
    loss_permille, duplicate_permille, reorder_permille : int
        Of a thousand datagrams, how many are lost, come twice, or are held back for `reorder_ms` more.
    reorder_ms : float
        How long a datagram chosen for reordering is held back.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss_permille: int = 0
    duplicate_permille: int = 0
    reorder_permille: int = 0
    reorder_ms: float = 25.0

    def __post_init__(self) -> None:
        for name in ("loss_permille", "duplicate_permille", "reorder_permille"):
            if not 0 <= getattr(self, name) <= 1000:
                raise RelayError(f"{name} = {getattr(self, name)}; allowed: 0 to 1000")
        for name in ("delay_ms", "jitter_ms", "reorder_ms"):
            if not 0 <= getattr(self, name) <= 60_000:
                raise RelayError(f"{name} = {getattr(self, name)}; allowed: 0 to 60000")


@dataclass(slots=True)
class RelayFigures:
    """What went through one direction."""

    received: int = 0
    forwarded: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class DelayStep:
    """From `at_seconds` after the first datagram on, the delay of both directions is `delay_ms`."""

    at_seconds: float
    delay_ms: float


def parse_schedule(text: str) -> tuple[DelayStep, ...]:
    """Read `0:20,20:150,40:20`: seconds since the first datagram, and the delay in ms from then on.

    Raises
    ------
    RelayError
        If a part is not two numbers, or the seconds do not grow.
    """
    steps: list[DelayStep] = []
    for part in text.split(","):
        try:
            at_text, delay_text = part.split(":")
            step = DelayStep(float(at_text), float(delay_text))
        except ValueError as error:
            raise RelayError(f"schedule part {part!r}; allowed: SECONDS:DELAY_MS") from error
        if step.at_seconds < 0 or (steps and step.at_seconds <= steps[-1].at_seconds):
            raise RelayError(f"schedule part {part!r}: the seconds must grow, from 0 on")
        RelayModel(delay_ms=step.delay_ms)
        steps.append(step)
    return tuple(steps)


def _open_datagram_socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    # What the relay loses is its models' choice: a full buffer of its own would be a second, unseen loss.
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER_BYTES)
    return opened


class _Line:
    """One direction of one client: datagrams wait here until they are due."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sender: socket.socket, target: Address | None
    ) -> None:
        self._loop = loop
        self._sender = sender
        self._target = target
        self._waiting: list[tuple[float, int, bytes]] = []
        self._order = 0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, data: bytes, due: float) -> None:
        self._order += 1
        heapq.heappush(self._waiting, (due, self._order, data))
        if self._waiting[0][1] == self._order:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(due, self._send_due)

    def _send_due(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._waiting and self._waiting[0][0] <= now + 0.0005:
            data = heapq.heappop(self._waiting)[2]
            # The network loses what a socket cannot take: neither end learns of it from us.
            with contextlib.suppress(OSError):
                if self._target is None:
                    self._sender.send(data)
                else:
                    self._sender.sendto(data, self._target)
        if self._waiting:
            self._timer = self._loop.call_at(self._waiting[0][0], self._send_due)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()


@dataclass(slots=True)
class _Client:
    upstream: socket.socket
    to_target: _Line
    to_client: _Line


class Relay:
    """A relay between any number of clients and one target; use it within a running event loop.

    Parameters
    ----------
    target : (host, port)
        Where datagrams and TCP connections are forwarded.
    forward, backward : RelayModel
        From clients to the target, and back. May be replaced at any time (`set_models`).
    schedule : sequence of DelayStep
        Replaces the delay of both directions as time goes by, from the first datagram on.
    seed : int
        Of the choices what is lost, delayed and reordered. When datagrams come is not ours to repeat.
    """

    def __init__(
        self,
        target: Address,
        *,
        forward: RelayModel | None = None,
        backward: RelayModel | None = None,
        schedule: Sequence[DelayStep] = (),
        seed: int = 1,
    ) -> None:
        self.target = target
        self.forward = forward or RelayModel()
        self.backward = backward or RelayModel()
        self.forward_figures = RelayFigures()
        self.backward_figures = RelayFigures()
        self.address: Address = ("127.0.0.1", 0)
        self.cut = False
        self._schedule = tuple(schedule)
        self._rng = random.Random(seed)
        self._first_at: float | None = None
        self._clients: dict[Address, _Client] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None
        self._server: asyncio.Server | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0) -> Address:
        """Open the UDP and the TCP socket on one port; return the address that clients use."""
        self._loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve_tcp, host, port)
        self.address = self._server.sockets[0].getsockname()[:2]
        self._listener = _open_datagram_socket()
        self._listener.bind(self.address)
        self._loop.add_reader(self._listener, self._read_clients)
        return self.address

    def set_models(self, forward: RelayModel, backward: RelayModel) -> None:
        """Replace both link models; what is already under way keeps its time."""
        self.forward, self.backward = forward, backward

    async def close(self) -> None:
        """Close all sockets and connections; what is under way is lost."""
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
        for client in self._clients.values():
            self._loop.remove_reader(client.upstream)
            client.to_target.close()
            client.to_client.close()
            client.upstream.close()
        self._clients.clear()
        if self._server is not None:
            self._server.close()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def _scheduled(self, model: RelayModel) -> float:
        """The one-way delay in force now, in ms."""
        if not self._schedule:
            return model.delay_ms
        if self._first_at is None:
            self._first_at = self._loop.time()
        passed = self._loop.time() - self._first_at
        delays = [step.delay_ms for step in self._schedule if step.at_seconds <= passed]
        return delays[-1] if delays else model.delay_ms

    def _pass(self, data: bytes, line: _Line, model: RelayModel, figures: RelayFigures) -> None:
        figures.received += 1
        figures.bytes += len(data)
        if self.cut or self._rng.randrange(1000) < model.loss_permille:
            figures.lost += 1
            return
        copies = 1
        if self._rng.randrange(1000) < model.duplicate_permille:
            figures.duplicated += 1
            copies = 2
        delay_ms = self._scheduled(model)
        for _ in range(copies):
            this_ms = max(0.0, delay_ms + self._rng.uniform(-model.jitter_ms, model.jitter_ms))
            if self._rng.randrange(1000) < model.reorder_permille:
                figures.reordered += 1
                this_ms += model.reorder_ms
            line.put(data, self._loop.time() + this_ms / 1000)
            figures.forwarded += 1

    def _read_clients(self) -> None:
        assert self._listener is not None
        for _ in range(DRAIN_DATAGRAMS_MAX):
            try:
                data, source = self._listener.recvfrom(DATAGRAM_BYTES_MAX)
            except BlockingIOError:
                return
            except OSError:
                continue  # An earlier datagram was refused by its receiver; that is no fault of this one.
            client = self._clients.get(source) or self._add_client(source)
            if client is not None:
                self._pass(data, client.to_target, self.forward, self.forward_figures)

    def _add_client(self, source: Address) -> _Client | None:
        if len(self._clients) >= CLIENTS_MAX:
            return None
        assert self._listener is not None
        upstream = _open_datagram_socket()
        upstream.connect(self.target)
        client = _Client(
            upstream, _Line(self._loop, upstream, None), _Line(self._loop, self._listener, source)
        )
        self._clients[source] = client
        self._loop.add_reader(upstream, self._read_target, client)
        return client

    def _read_target(self, client: _Client) -> None:
        for _ in range(DRAIN_DATAGRAMS_MAX):
            try:
                data = client.upstream.recv(DATAGRAM_BYTES_MAX)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._pass(data, client.to_client, self.backward, self.backward_figures)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.close()
            self._pumps.discard(task)
            return
        try:
            await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
        finally:
            self._pumps.discard(task)
            far_writer.close()
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction of a connection until its end, and pass the end on."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(TCP_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def parse_address(text: str) -> Address:
    """Read `host:port`.

    Raises
    ------
    RelayError
        If there is no port from 1 to 65535 after the last colon.
    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise RelayError(f"address {text!r}; allowed: HOST:PORT")
    return host, int(port)


def _parse_command(argv: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fuzz.relay", description="Relay UDP as a bad network would, TCP unchanged."
    )
    parser.add_argument("target", help="HOST:PORT that datagrams and connections are forwarded to")
    parser.add_argument(
        "--port", type=int, default=0, help="port to listen on; 0 takes a free one, which is printed"
    )
    parser.add_argument("--delay-ms", type=float, default=0.0, help="one-way delay, each direction")
    parser.add_argument("--jitter-ms", type=float, default=0.0)
    parser.add_argument("--loss-permille", type=int, default=0, help="each direction")
    parser.add_argument("--duplicate-permille", type=int, default=0)
    parser.add_argument("--reorder-permille", type=int, default=0)
    parser.add_argument("--reorder-ms", type=float, default=25.0)
    parser.add_argument("--schedule", default="", help="such as 0:20,20:150,40:20 (seconds:delay in ms)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=None, help="stop after so long; otherwise on Ctrl-C")
    return parser.parse_args(None if argv is None else list(argv))


async def _run(arguments: argparse.Namespace) -> None:
    model = RelayModel(
        delay_ms=arguments.delay_ms,
        jitter_ms=arguments.jitter_ms,
        loss_permille=arguments.loss_permille,
        duplicate_permille=arguments.duplicate_permille,
        reorder_permille=arguments.reorder_permille,
        reorder_ms=arguments.reorder_ms,
    )
    schedule = parse_schedule(arguments.schedule) if arguments.schedule else ()
    relay = Relay(
        parse_address(arguments.target), forward=model, backward=model, schedule=schedule, seed=arguments.seed
    )
    host, port = await relay.start(port=arguments.port)
    print(f"{host}:{port}", flush=True)
    try:
        await asyncio.wait_for(asyncio.Event().wait(), arguments.seconds)
    except TimeoutError:
        pass
    finally:
        await relay.close()
        figures = {"forward": asdict(relay.forward_figures), "backward": asdict(relay.backward_figures)}
        print(json.dumps(figures), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a relay until it is stopped: the first line printed is its address, the last its figures."""
    try:
        asyncio.run(_run(_parse_command(argv)))
    except RelayError as error:
        print(f"fuzz.relay: {error}", flush=True)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
