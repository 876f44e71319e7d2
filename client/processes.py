"""Child processes that end with their parent, however it ends.

A child holds the reading end of a pipe from its parent. When the parent is gone, even killed, the pipe ends,
and so does the child (option ``--leash`` of the command line).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import client

STOP_TIMEOUT_S: Final = 4.0
ERROR_SIZE_MAX: Final = 4000


class Child:
    """One child process, running a module of ours."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process
        self._error = bytearray()
        self._reading = asyncio.create_task(self._read_errors(), name=f"errors of {name}")

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    @property
    def error_text(self) -> str:
        """The end of what the process wrote to standard error."""
        return self._error.decode("utf-8", "replace").strip()

    async def wait(self) -> int:
        """Wait for the end of the process; returns its exit status."""
        status = await self._process.wait()
        await self._reading
        return status

    async def stop(self) -> None:
        """End the process: ask, then wait, then insist."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self.wait()

    async def _read_errors(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(4096):
            self._error += data
            del self._error[:-ERROR_SIZE_MAX]


async def start_child(name: str, module: str, arguments: Sequence[str], *, told: str = "") -> Child:
    """Start ``python -P -m module arguments``.

    The child is in a session of its own: Ctrl-C reaches the parent alone, which ends everything in order.

    Parameters
    ----------
    name : str
        For messages.
    module : str
        A module of ours.
    arguments : sequence of str
        Everybody on the machine can read them.
    told : str
        Written to the child's standard input, which stays open.
    """
    root = str(Path(client.__path__[0]).resolve().parent)
    inherited = os.environ.get("PYTHONPATH")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([root, *([inherited] if inherited else [])])},
    )
    assert process.stdin is not None
    process.stdin.write(told.encode())
    return Child(name, process)


async def watch_leash(ended: Callable[[], None]) -> None:
    """Call `ended` when standard input ends, which is when the parent has gone."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(4096):
            pass
        ended()
    finally:
        transport.close()
