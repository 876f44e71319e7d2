"""A screen without a monitor, and the keyboard and mouse that belong to it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

WAIT_S = 120.0


def require_program(name: str) -> str:
    """Path of a program that a test needs; without it the test is skipped, or fails where all must run."""
    found = shutil.which(name)
    if found is None:
        if os.environ.get("LOCKSTEP_REQUIRE_ALL") == "1":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


@contextlib.contextmanager
def open_screen() -> Iterator[str]:
    """An X display in memory; gives its name."""
    program = require_program("Xvfb")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", "1280x800x24", "+extension", "GLX", "-noreset"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()  # it writes the line once it is ready, and nothing if it fails
        assert number, "Xvfb does not start"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(WAIT_S)


class Hands:
    """Keyboard and mouse of a display."""

    def __init__(self, display: str) -> None:
        self._program = require_program("xdotool")
        self._environment = {**os.environ, "DISPLAY": display}

    def do(self, *arguments: str) -> None:
        """Run one xdotool command line."""
        subprocess.run([self._program, *arguments], env=self._environment, check=True, timeout=WAIT_S)

    def focus(self, name: str) -> None:
        """Give the keyboard to the window whose title matches, and put the mouse over it."""
        self.do(
            *("search", "--sync", "--onlyvisible", "--name", name),
            *("windowfocus", "--sync", "mousemove", "--window", "%1", "200", "200"),
        )
