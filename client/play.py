"""A core with its terminal and its bots, from start to end: what `lockstep play` and `lockstep join` run."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from client.processes import Child, start_child, watch_leash
from lockstep.core.core import Core, CoreConfig
from lockstep.peer.simulation import Fault
from lockstep.world.definition import WorldDefinition

LEAVE_TIMEOUT_S: Final = 8.0
STOP_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What the command line asks for.

    Attributes
    ----------
    address : str or None
        ``HOST:PORT`` of a core to join; None founds a session.
    terminal : str
        ``desktop``, ``web``, ``none``, or ``best``.
    bots : int
        Bot cores, each in a process of its own.
    bot : bool
        This core itself is played by a bot.
    ticks : int or None
        Stop when that many are confirmed.
    reuse : bool
        Rollbacks reuse what late inputs do not touch.
    threads : int or None
        How many threads a tick may use; None: what LOCKSTEP_THREADS says.
    """

    name: str
    world: WorldDefinition
    world_argument: str
    seed: int
    address: str | None
    terminal: str
    bots: int
    bot: bool
    ticks: int | None
    port: int
    web_port: int
    log_path: Path | None
    leash: bool
    fault: Fault | None = None
    reuse: bool = True
    threads: int | None = None


def has_display() -> bool:
    """Whether a window can be expected to open here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def play(options: PlayOptions, say: Say) -> dict[str, object]:
    """Run a core until it has its ticks, its window is closed, or somebody stops it.

    Parameters
    ----------
    options : PlayOptions
    say : callable
        Shows one line to the person.

    Returns
    -------
    dict
        The final figures of the core.

    Raises
    ------
    LocalError
        A port is taken; the session refuses this core.
    """
    core = Core(
        CoreConfig(
            name=options.name,
            world=options.world,
            seed=options.seed,
            port=options.port,
            ticks=options.ticks,
            bot=options.bot,
            log_path=options.log_path,
            fault=options.fault,
            reuse=options.reuse,
            threads=options.threads,
        )
    )
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(core.close)
        stop = _stop_on_signals(stack)
        await core.start()
        if options.leash:
            _background(stack, watch_leash(stop.set))
        entered = core.found() if options.address is None else core.join(options.address)
        if not await _unless_stopped(entered, stop):
            return core.report()
        say(f"Core {core.address} plays {options.world.name}. Others join with: lockstep join {core.address}")
        running = asyncio.create_task(core.run(), name="core")
        stack.push_async_callback(_cancel, running)
        await _start_bots(options, core.address, stack, say)
        await _start_terminal(options, core, stack, stop, say)
        await _wait_for_the_end(running, stop)
        # While bots and terminals are still there: the others take part in leaving, terminals hear of it.
        await _finish(core, running)
        figures = core.report()
        await core.close()
    return figures


def _background(stack: contextlib.AsyncExitStack, work: Awaitable[None]) -> None:
    task = asyncio.ensure_future(work)
    stack.push_async_callback(_cancel, task)


async def _cancel(task: asyncio.Future[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _stop_on_signals(stack: contextlib.AsyncExitStack) -> asyncio.Event:
    """An event that the first Ctrl-C sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in STOP_SIGNALS:
        number = getattr(signal, name, None)
        if number is None:
            continue
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
            stack.callback(loop.remove_signal_handler, number)
    return stop


async def _unless_stopped(work: Awaitable[None], stop: asyncio.Event) -> bool:
    """Do `work`, or give up when `stop` is set first; returns whether it was done."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
            return True
        return False
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


async def _wait_for_the_end(running: asyncio.Task[None], stop: asyncio.Event) -> None:
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()


async def _finish(core: Core, running: asyncio.Task[None]) -> None:
    """Leave the session properly, within bounds."""
    core.request_stop()
    try:
        async with asyncio.timeout(LEAVE_TIMEOUT_S):
            await running
    except TimeoutError:
        await asyncio.gather(running, return_exceptions=True)


async def _start_bots(options: PlayOptions, address: str, stack: contextlib.AsyncExitStack, say: Say) -> None:
    for number in range(options.bots):
        seed = str(options.seed + number + 1)
        arguments = [
            "join",
            address,
            "--bot",
            "--terminal",
            "none",
            "--leash",
            "--world",
            options.world_argument,
        ]
        child = await start_child(f"bot {number + 1}", "client.cli", [*arguments, "--seed", seed])
        stack.push_async_callback(child.stop)
        _background(stack, _report_end(child, say))


async def _report_end(child: Child, say: Say) -> None:
    status = await child.wait()
    if status != 0:
        say(f"The process of {child.name} ended with status {status}: {child.error_text or 'without a word'}")


async def _start_terminal(
    options: PlayOptions, core: Core, stack: contextlib.AsyncExitStack, stop: asyncio.Event, say: Say
) -> None:
    if options.terminal == "none":
        return
    from client.web.server import WebServer  # A core that nobody looks at starts without a web server.

    server = WebServer(core.attach, port=options.web_port)
    await server.start()
    stack.push_async_callback(server.close)
    window = options.terminal == "desktop" or (options.terminal == "best" and has_display())
    if window:
        child = await start_child(
            "the window", "client.desktop", ["--connect", "-"], told=server.terminal_url + "\n"
        )
        stack.push_async_callback(child.stop)
        _background(stack, _end_with_window(child, server.url, stop, say))
    say(f"{'The page is also' if window else 'Open the page'} at {server.url}")


async def _end_with_window(child: Child, url: str, stop: asyncio.Event, say: Say) -> None:
    status = await child.wait()
    if status == 0:
        stop.set()
    else:
        reason = child.error_text.splitlines()[-1] if child.error_text else f"status {status}"
        say(f"No window can be opened here ({reason}). Open the page at {url}")
