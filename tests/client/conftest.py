"""Real processes of the command line, ended whatever happens, and a real browser."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from .screen import Hands, open_screen

ROOT = Path(__file__).resolve().parents[2]
WAIT_S = 120.0
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=gl-egl",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
)

HELLO = '{"type":"hello","protocol":1,"terminal":"test"}'

Message = dict[str, Any] | bytes


def children_of(pid: int) -> list[int]:
    """Ids of the direct children of a process (Linux)."""
    tasks = Path(f"/proc/{pid}/task")
    return [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]


def wait_for_end(pid: int) -> None:
    """Wait until a process that need not be our child has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([handle], [], [], WAIT_S)[0], f"process {pid} does not end"
    finally:
        os.close(handle)


class Program:
    """One running ``lockstep`` command; without a display of X it has none."""

    def __init__(self, *arguments: str, folder: Path | None = None, display: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "client.cli", *arguments],
            cwd=folder or ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "DISPLAY": display, "WAYLAND_DISPLAY": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self._deadline_s = time.monotonic() + WAIT_S

    def read_error_line(self, pattern: str) -> re.Match[str]:
        """Read what the program says beside its output (``--json``) until a line matches."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            found = re.search(pattern, line)
            if found is not None:
                return found
        pytest.fail(f"no line like {pattern!r} in: {''.join(self.said)}")

    def core_address(self) -> str:
        """The address for other cores."""
        return self.read_error_line(r"Core (127\.0\.0\.1:\d+) plays")[1]

    def terminal_url(self) -> str:
        """The address of the WebSocket."""
        return self.page_url().replace("http://", "ws://") + "terminal"

    def page_url(self) -> str:
        """The address of the page."""
        return self.read_error_line(r"page .*at (http://127\.0\.0\.1:\d+/\S+/)")[1]

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        """Wait for the end: exit status, output, all that was said beside it."""
        output, error = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, output, "".join(self.said) + error

    def figures(self) -> dict[str, Any]:
        """Wait for the proper end; the final figures (``--json``)."""
        status, output, error = self.end()
        assert status == 0, error
        assert "Traceback" not in error
        lines = output.splitlines()
        assert len(lines) == 1, output
        found: dict[str, Any] = json.loads(lines[0])
        return found

    def stop(self) -> None:
        """For the end of a test: whatever still runs ends, and the children see it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.communicate()


class Terminal:
    """A terminal that a test holds in its hands."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        connection.send(HELLO)

    def read(self) -> Message:
        """The next message: an object, or bytes."""
        message = self.connection.recv(WAIT_S)
        return json.loads(message) if isinstance(message, str) else message

    def read_until(self, wanted: Callable[[Message], bool]) -> Message:
        """Read until a message is wanted."""
        deadline_s = time.monotonic() + WAIT_S
        try:
            while time.monotonic() < deadline_s:
                message = self.read()
                if wanted(message):
                    return message
        except ConnectionClosed as closed:
            pytest.fail(f"the core closed the connection: {closed}")
        pytest.fail("the wanted message does not come")

    def read_event(self, kind: str) -> dict[str, Any]:
        """Read until an event of this kind."""
        return self.read_text(lambda message: message["type"] == "event" and message["kind"] == kind)

    def read_text(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read until a wanted text message."""
        found = self.read_until(lambda message: isinstance(message, dict) and wanted(message))
        assert isinstance(found, dict)
        return found

    def read_peers(self, count: int) -> dict[str, Any]:
        """Read until the core has this many others beside it."""
        return self.read_text(lambda message: message["type"] == "net" and len(message["peers"]) == count)

    def send(self, **message: object) -> None:
        """Send a message."""
        self.connection.send(json.dumps(message))


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Start commands; they end with the test."""
    running: list[Program] = []

    def start_program(*arguments: str, folder: Path | None = None, display: str = "") -> Program:
        running.append(Program(*arguments, folder=folder, display=display))
        return running[-1]

    yield start_program
    for program in running:
        program.stop()


@pytest.fixture
def look() -> Iterator[Callable[[str], Terminal]]:
    """Attach terminals by address; they are closed with the test."""
    opened: list[Any] = []

    def attach(url: str) -> Terminal:
        manager = connect(url, compression=None, open_timeout=WAIT_S, close_timeout=1)
        opened.append(manager)
        return Terminal(manager.__enter__())

    yield attach
    for manager in opened:
        manager.__exit__(None, None, None)


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """Name of an X display of our own."""
    with open_screen() as name:
        yield name


@pytest.fixture
def hands(display: str) -> Hands:
    """Keyboard and mouse of that display."""
    return Hands(display)


# Not for the whole run: while it lives, its event loop counts as running, and others could not run theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("LOCKSTEP_REQUIRE_ALL") == "1":
            pytest.fail("no chromium, and LOCKSTEP_REQUIRE_ALL=1")
        pytest.skip("no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGUMENTS))
        yield browser
        browser.close()


class Sheet:
    """A page of the browser that remembers everything it complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda line: self.complaints.append(line.text) if line.type != "log" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, url: str) -> None:
        self.page.goto(url)
        self.page.wait_for_selector("#curtain.open", state="attached", timeout=WAIT_S * 1000)

    def evaluate(self, script: str, *arguments: Any) -> Any:
        return self.page.evaluate(script, *arguments)


@pytest.fixture
def sheet(browser: Browser) -> Iterator[Sheet]:
    context = browser.new_context(viewport={"width": 480, "height": 320})
    sheet = Sheet(context.new_page())
    yield sheet
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Sheet]:
    context = browser.new_context(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    sheet = Sheet(context.new_page())
    yield sheet
    context.close()
