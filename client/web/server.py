"""The web server of a core: the page, and the WebSocket that all terminals of other processes use.

It listens on the loopback interface only. Whoever knows the address may play: it holds a token that cannot be
guessed. A page of another site cannot use it, because Host and Origin must be ours (no DNS rebinding, no
cross-site WebSocket).
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from client.web.outbox import Outbox, OutboxOverflow
from client.web.pages import INDEX, load_pages, security_headers
from client.web.rate import MessageRate
from lockstep.core.terminals import TerminalClosed
from lockstep.errors import LocalError
from lockstep.terminal import ErrorReport, encode_from_core
from lockstep.terminal.limits import TERMINAL_MESSAGES_PER_SECOND_MAX, TERMINAL_TEXT_SIZE_MAX

HOST: Final = "127.0.0.1"
TERMINAL_COUNT_MAX: Final = 16
CLOSE_TIMEOUT_S: Final = 1.0
SILENCE_S: Final = 10.0
SEND_BUFFER_SIZE: Final = 1 << 16
"""Of the socket: a deep one would fill with stale views when a terminal is slow."""

Ending = tuple[WSCloseCode, bytes]
CORE_ENDED: Final[Ending] = (WSCloseCode.GOING_AWAY, b"the core has ended")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PortRefused(LocalError):
    """The web server cannot listen on the port that was asked for."""


class AttachedTerminal(Protocol):
    """What the server needs of a core's terminal port."""

    def handle_text(self, text: str) -> None:
        """A message from the terminal."""

    async def next_message(self) -> str | bytes:
        """The next message to the terminal; raises TerminalClosed after the last one."""

    def close(self) -> None:
        """The terminal goes away; what still waits for it can be read. Allowed more than once."""


class WebServer:
    """Serves terminals of one core.

    Parameters
    ----------
    attach : callable
        Makes a new terminal port; called once a terminal.
    port : int
        TCP port on 127.0.0.1; 0 lets the system choose.
    """

    def __init__(self, attach: Callable[[], AttachedTerminal], *, port: int = 0) -> None:
        self._attach = attach
        self._port = port
        self._token = secrets.token_urlsafe(24)
        self._pages = load_pages()
        self._headers: dict[str, str] = {}
        self._hosts: frozenset[str] = frozenset()
        self._terminals: dict[web.WebSocketResponse, AttachedTerminal] = {}
        self._empty = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Address of the page, token included; only after `start`."""
        assert self._runner is not None, "the server has not been started"
        return f"http://{HOST}:{self._port}/{self._token}/"

    @property
    def terminal_url(self) -> str:
        """Address of the WebSocket for terminals that are not browsers."""
        return f"ws{self.url.removeprefix('http')}terminal"

    @property
    def terminal_count(self) -> int:
        """Terminals attached through this server now."""
        return len(self._terminals)

    async def start(self) -> None:
        """Open the port.

        Raises
        ------
        PortRefused
            The port is taken, or reserved.
        """
        app = web.Application(middlewares=[self._guard], client_max_size=1024)
        app.router.add_get("/{token}", self._redirect)
        app.router.add_get("/{token}/terminal", self._terminal)
        app.router.add_get("/{token}/{path:.*}", self._page)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=CLOSE_TIMEOUT_S, lingering_time=CLOSE_TIMEOUT_S
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except (OSError, OverflowError) as error:
            await runner.cleanup()
            raise PortRefused(
                f"cannot listen on port {self._port}: {error}; allowed: a free port from 1024 to 65535, or 0"
            ) from None
        self._runner = runner
        self._port = int(runner.addresses[0][1])
        self._hosts = frozenset((f"{HOST}:{self._port}", f"localhost:{self._port}"))
        self._headers = security_headers(self._pages[INDEX].body, port=self._port)

    async def close(self) -> None:
        """End all terminals, after what still waits for them was sent, and free the port."""
        for terminal in list(self._terminals.values()):
            terminal.close()
        if self._terminals:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2 * CLOSE_TIMEOUT_S):
                    await self._empty.wait()
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what is not for us before anything else sees it."""
        token = request.path.split("/")[1]
        try:
            if request.host not in self._hosts:
                raise web.HTTPMisdirectedRequest(text="This server answers to its loopback address only.\n")
            if not hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self._token.encode()):
                raise web.HTTPNotFound(text="No such page. Use the whole address that lockstep printed.\n")
            origin = request.headers.get("Origin")
            if origin is not None and origin.removeprefix("http://") not in self._hosts:
                raise web.HTTPForbidden(text="Pages of other sites may not use this server.\n")
            response = await handler(request)
        except web.HTTPException as refusal:
            refusal.headers.update(self._headers)
            raise
        if not response.prepared:
            response.headers.update(self._headers)
        return response

    async def _redirect(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPPermanentRedirect(f"/{self._token}/")

    async def _page(self, request: web.Request) -> web.StreamResponse:
        page = self._pages.get(request.match_info["path"] or INDEX)
        if page is None:
            raise web.HTTPNotFound(text="No such file.\n")
        return web.Response(body=page.body, headers={"Content-Type": page.content_type})

    async def _terminal(self, request: web.Request) -> web.StreamResponse:
        if len(self._terminals) >= TERMINAL_COUNT_MAX:
            raise web.HTTPServiceUnavailable(text=f"{TERMINAL_COUNT_MAX} terminals are attached already.\n")
        connection = web.WebSocketResponse(
            max_msg_size=TERMINAL_TEXT_SIZE_MAX, heartbeat=SILENCE_S, compress=False, timeout=CLOSE_TIMEOUT_S
        )
        if not connection.can_prepare(request):
            raise web.HTTPBadRequest(text="This address is for WebSockets.\n")
        try:
            terminal = self._attach()
        except LocalError as error:
            raise web.HTTPServiceUnavailable(text=f"{error}\n") from None
        await connection.prepare(request)
        if request.transport is not None:
            opened = request.transport.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_SIZE)
        self._terminals[connection] = terminal
        self._empty.clear()
        try:
            await _serve(connection, terminal)
        finally:
            terminal.close()
            del self._terminals[connection]
            if not self._terminals:
                self._empty.set()
        return connection


async def _serve(connection: web.WebSocketResponse, terminal: AttachedTerminal) -> None:
    """Carry messages both ways until one side ends."""
    outbox = Outbox()
    filled = asyncio.Event()
    receiving = asyncio.create_task(_receive(connection, terminal), name="terminal receive")
    collecting = asyncio.create_task(_collect(terminal, outbox, filled), name="terminal collect")
    sending = asyncio.create_task(_send(connection, outbox, filled), name="terminal send")
    tasks = {receiving, collecting, sending}
    ending: Ending = WSCloseCode.OK, b""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if done == {collecting} and collecting.result() is CORE_ENDED:
            filled.set()  # Wakes the sender for the last time: the goodbye may still wait.
            await asyncio.wait(
                {sending, receiving}, timeout=CLOSE_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
            )
        ending = next(iter(done)).result()
    except ConnectionError:
        return
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    code, reason = ending
    await connection.close(code=code, message=reason)


async def _receive(connection: web.WebSocketResponse, terminal: AttachedTerminal) -> Ending:
    rate = MessageRate(TERMINAL_MESSAGES_PER_SECOND_MAX, now_us=time.monotonic_ns() // 1000)
    message: WSMessage
    async for message in connection:
        if message.type is not WSMsgType.TEXT:
            report = ErrorReport("a binary message", "message", "text messages")
            await connection.send_str(encode_from_core(report))
            return WSCloseCode.UNSUPPORTED_DATA, b"text messages only"
        if not rate.admit(time.monotonic_ns() // 1000):
            allowed = f"{TERMINAL_MESSAGES_PER_SECOND_MAX} messages a second"
            await connection.send_str(encode_from_core(ErrorReport("too many messages", "message", allowed)))
            return WSCloseCode.POLICY_VIOLATION, b"too many messages"
        terminal.handle_text(message.data)
    return WSCloseCode.OK, b""


async def _collect(terminal: AttachedTerminal, outbox: Outbox, filled: asyncio.Event) -> Ending:
    while True:
        try:
            outbox.put(await terminal.next_message())
        except TerminalClosed:
            outbox.is_complete = True
            return CORE_ENDED
        except OutboxOverflow:
            return WSCloseCode.POLICY_VIOLATION, b"this terminal does not read its messages"
        filled.set()


async def _send(connection: web.WebSocketResponse, outbox: Outbox, filled: asyncio.Event) -> Ending:
    while not (outbox.is_complete and not outbox):
        await filled.wait()
        filled.clear()
        while outbox:
            message = outbox.take()
            if isinstance(message, str):
                await connection.send_str(message)
            else:
                await connection.send_bytes(message)
    return CORE_ENDED
