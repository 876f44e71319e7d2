"""Threads that help with steps: one pool for the process, lent to whoever steps.

The only module of the engine that knows threads, processors and a clock. None of it reaches a state: a step
gives the same bits whoever helps, and whether somebody comes or not.
"""

from __future__ import annotations

import os
import threading
import time
from queue import SimpleQueue
from typing import Final

from physics_fixed.errors import ConfigurationError, NumberError
from physics_fixed.jit import COMPILER_ON
from physics_fixed.layout import Words, aligned_words
from physics_fixed.parallel.choice import Choice
from physics_fixed.parallel.crew_words import CREW_LENGTH, FAILED, LANES, LANES_MAX, OPEN, SPINS
from physics_fixed.parallel.jobs import open_crew, serve

THREADS_VARIABLE: Final = "LOCKSTEP_THREADS"
WORK_MIN: Final = 400
"""Bodies and contacts together below which a step takes one thread: waking another would cost more."""

_ANY_WORK = 1 << 62
_SPINS = 8000  # looks of about 20 ns: longer than what a step of a thousand bodies does between two jobs


class _Pool:
    """The helpers of this process. Helper k serves lane k of one crew at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inboxes: list[SimpleQueue[Words]] = []

    def invite(self, lane: int, words: Words) -> None:
        """Ask the helper of a lane to serve a crew; it comes when it can."""
        if lane > len(self._inboxes):
            with self._lock:
                while lane > len(self._inboxes):
                    self._begin(len(self._inboxes) + 1)
        self._inboxes[lane - 1].put(words)

    def _begin(self, lane: int) -> None:
        inbox: SimpleQueue[Words] = SimpleQueue()
        threading.Thread(target=_help, args=(inbox, lane), name=f"lockstep-{lane}", daemon=True).start()
        self._inboxes.append(inbox)


def _help(inbox: SimpleQueue[Words], lane: int) -> None:
    while True:
        serve(inbox.get(), lane)


# Of the process, not of any world: no state depends on it. A child that was forked has no helpers yet.
_pools = [_Pool()]
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _pools.__setitem__(0, _Pool()))


class Crew:
    """The threads of the steps of one space.

    Parameters
    ----------
    threads : int, optional
        How many, with the one that steps: 1 to 64; without it, what LOCKSTEP_THREADS says, or 1.

    Raises
    ------
    NumberError
        If the number is none of these.
    ConfigurationError
        If the variable has no such number.

    Attributes
    ----------
    words : (CREW_LENGTH,)
        What kernels take of a crew.
    threads : int
        How many there may be.
    lanes : int
        How many the current step has, 1 between steps.
    always : bool
        Whether steps are shared even where there is little to do, or where that has been found slower.
    """

    __slots__ = ("_begin_ns", "_choice", "_pool", "_work", "always", "lanes", "threads", "words")

    def __init__(self, threads: int | None = None) -> None:
        self.threads = default_threads() if threads is None else checked_threads(threads)
        self.lanes = 1
        self.always = False
        self._choice = Choice()
        self._work = 0  # of a step whose time counts
        self._begin_ns = 0
        self._renew()

    def _renew(self) -> None:
        self._pool = _pools[0]
        self.words = aligned_words(CREW_LENGTH)
        self.words[:] = 0
        self.words[LANES] = 1
        # Where there are more threads than processors, who waits must let others work.
        self.words[SPINS] = _SPINS if self.threads <= _processors() else 0

    @property
    def lone_work(self) -> int:
        """How much there may be to compute for a step that certainly takes one thread, see :meth:`begin`."""
        if self.threads == 1 or not COMPILER_ON:
            return _ANY_WORK
        return -1 if self.always else WORK_MIN - 1

    def begin(self, work: int) -> None:
        """Begin a step.

        Parameters
        ----------
        work : int
            How many things there are to compute, bodies and contacts.
        """
        is_worth = COMPILER_ON and self.threads > 1 and (self.always or work >= WORK_MIN)
        self._work = work if is_worth else 0
        self._begin_ns = time.perf_counter_ns() if is_worth else 0
        self.lanes = self.threads if is_worth and (self.always or self._choice.shares) else 1
        if self.lanes == 1:
            return
        if self._pool is not _pools[0]:  # forked: the helpers of the parent are not here
            self._renew()
        absent = open_crew(self.words, self.lanes)
        for lane in range(1, self.lanes):
            if absent >> (lane - 1) & 1:
                self._pool.invite(lane, self.words)

    def end(self) -> None:
        """End a step: helpers may leave."""
        self.words[OPEN] = 0
        self.words[LANES] = self.lanes = 1  # what is computed between steps is computed here
        if self._work and not self.always:
            self._choice.note(time.perf_counter_ns() - self._begin_ns, self._work)
        if self.words[FAILED]:
            self.words[FAILED] = 0
            raise IndexError("a kernel has read or written outside of an array")


def checked_threads(value: int) -> int:
    """A number of threads. Raises NumberError if it is no whole number from 1 to 64."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 1 <= value.__index__() <= LANES_MAX:
        raise NumberError(f"threads = {value!r}; allowed: whole numbers from 1 to {LANES_MAX}")
    return value.__index__()


def default_threads() -> int:
    """What LOCKSTEP_THREADS says, 1 if it says nothing. Raises ConfigurationError if it is no such number."""
    text = os.environ.get(THREADS_VARIABLE, "1")
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LANES_MAX:
        raise ConfigurationError(
            f"environment variable {THREADS_VARIABLE} is {text!r}; allowed: 1 to {LANES_MAX}"
        )
    return int(text)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
