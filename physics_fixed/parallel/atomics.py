"""Operations on words that several threads read and write at the same time.

Each exists twice, as those of :mod:`physics_fixed.fixmath.wide` do: the Python function in this file says
what it does, for one thread; :mod:`physics_fixed.parallel.lowering` emits the machine code for kernels.

Loads and exchanges are sequentially consistent, stores release: whoever loads what was stored sees all that
was written before it.
"""

from __future__ import annotations

from physics_fixed.jit import COMPILER_ON
from physics_fixed.layout import Words


def load(words: Words, index: int) -> int:
    """A word as it is now."""
    return int(words[index])


def store(words: Words, index: int, value: int) -> int:
    """Write a word; returns what was written."""
    words[index] = value
    return value


def exchange(words: Words, index: int, value: int) -> int:
    """Write a word; returns what it was."""
    before = int(words[index])
    words[index] = value
    return before


def exchange_if(words: Words, index: int, expected: int, value: int) -> int:
    """Write a word if it is as expected; 1 if so, else 0."""
    if words[index] != expected:
        return 0
    words[index] = value
    return 1


def pause() -> int:
    """Tell the processor that a loop waits; returns 0."""
    return 0


def give_way() -> int:
    """Let other threads of the machine use this processor; returns 0."""
    return 0


def call_job(crew: Words, first: int, end: int, lane: int) -> int:
    """Compute a chunk of the job that is posted; 0, or the number of an error.

    Only in kernels: without them jobs are not posted, see :func:`physics_fixed.parallel.jobs.share`.
    """
    raise AssertionError("jobs are posted in compiled code only")


def fetch(table: Words, row: int) -> int:
    """Tell the processor that a row of two cache lines is going to be read; returns 0.

    What another thread has just written takes as long to come as several rows of contacts to compute.
    """
    return 0


if COMPILER_ON:
    from physics_fixed.parallel import lowering

    lowering.register_atomics(load, store, exchange, exchange_if)
    lowering.register_waiting(pause, give_way)
    lowering.register_call(call_job)
    lowering.register_fetch(fetch)
