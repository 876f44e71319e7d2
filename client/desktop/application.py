"""The desktop terminal as a program: arguments, the loop, and what it ends with."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import pyglet

from client.desktop.connection import Connection
from client.desktop.terminal import Terminal

RATE_DEFAULT: Final = 60
RATE_MIN: Final = 24
FAREWELL_S: Final = 2.5
LOST_S: Final = 4.0
BEAT_CHECK_S: Final = 1.0
BEAT_TOLERANCE: Final = 1.4

EXIT_FINE: Final = 0
EXIT_LOST: Final = 1
EXIT_NO_WINDOW: Final = 2


class Application:
    """One window on one core, from connecting to the end.

    Parameters
    ----------
    connection : to the core; closed by the caller
    terminal : what the window shows
    window : a `TerminalWindow`, not yet prepared
    quality : one of the names in `QUALITIES`, or "auto"
    """

    def __init__(self, connection: Connection, terminal: Terminal, window: Any, quality: str) -> None:
        from client.desktop.renderer import QUALITIES, is_software, quality_for

        self._connection = connection
        self._terminal = terminal
        self._window = window
        mode_rate = getattr(window.screen.get_mode(), "rate", None) or RATE_DEFAULT
        self._interval_s = 1.0 / (mode_rate if mode_rate >= RATE_MIN else RATE_DEFAULT)
        self._follows_display = not is_software(window.driver)
        self._pictures = 0
        self._due_s = 0.0
        self._counted_since_s = time.perf_counter()
        self._ends_at_s: float | None = None
        self._caption = ""
        window.set_vsync(self._follows_display)
        window.prepare(
            QUALITIES[quality] if quality in QUALITIES else quality_for(window.driver), self._interval_s
        )
        window.changed = self._send

    def run(self) -> int:
        """Run until the person closes the window or the core is gone; returns the exit status."""
        pyglet.clock.schedule_once(self._step, 0.0)
        pyglet.app.run(interval=None)
        pyglet.clock.unschedule(self._step)
        connection = self._terminal.connection
        lost = connection.state == "closed" and not connection.farewell
        return EXIT_LOST if lost else EXIT_FINE

    def _step(self, elapsed_s: float) -> None:
        began = time.perf_counter()
        for received in self._connection.poll():
            self._terminal.handle(received)
        self._send()
        self._follow_state(began)
        if self._window.shown:
            self._window.draw(elapsed_s)
            ended = time.perf_counter()
            self._window.note_cost(ended - began, ended)
            self._check_beat(ended)
        self._schedule_next(time.perf_counter())

    def _schedule_next(self, now_s: float) -> None:
        # A display that sets the beat must not meet a timer with another: pictures would double and skip.
        if self._follows_display and self._window.shown:
            self._due_s = now_s
        else:
            self._due_s = max(self._due_s + self._interval_s, now_s)
        pyglet.clock.schedule_once(self._step, self._due_s - now_s)

    def _send(self) -> None:
        for message in self._terminal.outgoing(time.perf_counter()):
            self._connection.send(message)

    def _follow_state(self, now_s: float) -> None:
        welcome, connection = self._terminal.welcome, self._terminal.connection
        caption = "lockstep" if welcome is None else f"{welcome.world_title} - lockstep"
        if caption != self._caption:
            self._caption = caption
            self._window.set_caption(caption)
        if connection.state == "closed":
            if self._ends_at_s is None:
                self._ends_at_s = now_s + (FAREWELL_S if connection.farewell else LOST_S)
                self._window.capture(wanted=False)
            if now_s >= self._ends_at_s:
                pyglet.app.exit()

    def _check_beat(self, now_s: float) -> None:
        """Count pictures. Some drivers promise to wait for the display and do not: use a timer then."""
        self._pictures += 1
        counted_s = now_s - self._counted_since_s
        if counted_s < BEAT_CHECK_S:
            return
        if self._follows_display and self._pictures * self._interval_s > BEAT_TOLERANCE * counted_s:
            self._follows_display = False
        self._terminal.graph.pictures_per_s = self._pictures / counted_s
        self._pictures, self._counted_since_s = 0, now_s


def prepare_pyglet() -> None:
    """Settle what pyglet reads when its window is imported, which therefore happens late."""
    pyglet.options.debug_gl = False  # else a question to the driver after every call
    pyglet.options.shadow_window = False  # else the import alone opens the display


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; a wrong one ends the program with a message, as usual."""
    parser = argparse.ArgumentParser(
        prog="python -P -m client.desktop", description="A window onto a running core."
    )
    parser.add_argument(
        "--connect",
        required=True,
        metavar="ADDRESS",
        type=_address,
        help="ws://HOST:PORT/TOKEN/terminal; - to read it from standard input",
    )
    parser.add_argument(
        "--quality", choices=("auto", "low", "high"), default="auto", help="of shadows and edges (auto)"
    )
    parser.add_argument("--size", metavar="WxH", type=_size, default=(1280, 720), help="of the window")
    parser.add_argument("--fullscreen", action="store_true", help="cover the screen")
    return parser.parse_args(arguments)


def _address(text: str) -> str:
    if text == "-":  # the address is a permission, and arguments can be read by everybody on the machine
        text = sys.stdin.readline().strip()
    parts = urlsplit(text)
    if parts.scheme not in ("ws", "wss") or not parts.hostname:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: ws://HOST:PORT/TOKEN/terminal")
    return text


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal() and 1 <= int(width) <= 16384 >= int(height) >= 1):
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: WIDTHxHEIGHT, such as 1280x720")
    return int(width), int(height)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the desktop terminal; returns the exit status: 0 fine, 1 core lost, 2 no window possible."""
    options = parse_arguments(arguments)
    prepare_pyglet()
    terminal = Terminal()
    width, height = options.size
    connection: Connection | None = None
    try:
        # Each platform and driver fails in its own way, and pyglet's errors share no root.
        try:
            from client.desktop.window import TerminalWindow

            window = TerminalWindow(terminal, width=width, height=height, fullscreen=options.fullscreen)
            connection = Connection(options.connect)
            application = Application(connection, terminal, window, options.quality)
        except Exception as error:
            text = " ".join(str(error).split()) or "no reason given"
            print(f"{type(error).__name__}: {text}; allowed: a display with OpenGL 3.3", file=sys.stderr)
            return EXIT_NO_WINDOW
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: pyglet.app.exit())
        status = application.run()
        if status == EXIT_LOST:
            print(f"lost the core: {terminal.connection.text}", file=sys.stderr)
        window.close()
        return status
    finally:
        if connection is not None:
            connection.close()
