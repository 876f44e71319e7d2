"""Ranges of work that the lanes of a crew compute together: see docs/physics/threads.md.

A job is a function of a half-open range whose chunks write to different places and read nothing that another
chunk writes. So neither the cuts nor the order of the chunks, nor who computes them, can be seen in the
result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.jit import COMPILER_ON, device_kernel, kernel
from physics_fixed.layout import Words
from physics_fixed.parallel.atomics import call_job, exchange, exchange_if, give_way, load, pause, store
from physics_fixed.parallel.crew_words import (
    DONE,
    FAILED,
    JOB_END,
    JOB_FIRST,
    JOB_SIZE,
    LANES,
    LINE,
    OPEN,
    POSTED,
    PRESENT,
    SPINS,
    TICKET,
    TICKET_BITS,
)

_CHUNKS_PER_LANE = 4  # enough that a late helper costs a quarter of its share, not all
_TICKET_MASK = (1 << TICKET_BITS) - 1


@device_kernel("int64(int64[::1],int64)")
def claim(crew: Words, lane: int) -> int:
    """Take the next chunk of a lane; its number, or -1 if none is left.

    A ticket says all that the decision needs, so it does not matter if another job came in between: whoever
    holds a chunk holds up the job to which it belongs, and what is read of the job afterwards is its own.
    """
    at = TICKET + lane * LINE
    ticket = load(crew, at)
    while ticket >> TICKET_BITS < ticket & _TICKET_MASK:
        if exchange_if(crew, at, ticket, ticket + (1 << TICKET_BITS)) != 0:
            return ticket >> TICKET_BITS
        ticket = load(crew, at)
    return -1


@device_kernel("void(int64[::1],int64,int64)")
def work_off(crew: Words, lane: int, lanes: int) -> None:
    """Compute chunks until none is left: those of the own lane, then those of others."""
    for turn in range(lanes):
        other = lane + turn if lane + turn < lanes else lane + turn - lanes
        index = claim(crew, other)
        while index >= 0:
            first = crew[JOB_FIRST] + index * crew[JOB_SIZE]
            if call_job(crew, first, minimum(first + crew[JOB_SIZE], crew[JOB_END]), lane) != 0:
                crew[FAILED] = 1
            at = DONE + lane * LINE
            store(crew, at, crew[at] + 1)
            index = claim(crew, other)


@device_kernel("int64(int64[::1],int64)")
def count_done(crew: Words, lanes: int) -> int:
    """Chunks that all lanes have computed so far."""
    total = 0
    for lane in range(lanes):
        total += load(crew, DONE + lane * LINE)
    return total


@device_kernel("void(int64[::1],int64,int64,int64)")
def run_job(crew: Words, first: int, end: int, least: int) -> None:
    """Compute the range of the job whose function and arguments are in the crew's words.

    Returns when all of it is computed. A helper that does not come is not waited for; one that has begun a
    chunk is.
    """
    count = end - first
    if count <= 0:
        return
    lanes = crew[LANES]
    chunks = minimum(count // least, _CHUNKS_PER_LANE * lanes)
    if lanes == 1 or chunks < 2:
        if call_job(crew, first, end, 0) != 0:
            crew[FAILED] = 1
        return
    size = (count + chunks - 1) // chunks
    chunks = (count + size - 1) // size
    crew[JOB_FIRST] = first
    crew[JOB_END] = end
    crew[JOB_SIZE] = size
    posted = crew[POSTED] + chunks
    crew[POSTED] = posted
    for helper in range(lanes):
        lane = lanes - 1 - helper
        store(
            crew,
            TICKET + lane * LINE,
            (chunks * lane // lanes) << TICKET_BITS | (chunks * (lane + 1) // lanes),
        )
    work_off(crew, 0, lanes)
    looks = 0
    while count_done(crew, lanes) != posted:
        looks += 1
        if looks <= crew[SPINS]:
            pause()
        else:
            give_way()


@kernel("int64(int64[::1],int64)")
def open_crew(crew: Words, lanes: int) -> int:
    """Begin a step with so many lanes: helpers that are there stay.

    Returns the lanes without a helper, as bits: lane k is bit k - 1.
    """
    crew[LANES] = lanes
    exchange(crew, OPEN, 1)
    absent = 0
    for lane in range(lanes - 1, 0, -1):
        absent = 2 * absent + 1 - load(crew, PRESENT + lane * LINE)
    return absent


@kernel("void(int64[::1],int64)")
def serve(crew: Words, lane: int) -> None:
    """Help with the jobs of steps until none runs.

    Between jobs the helper looks for the next one, and gives way to other threads if none comes soon.
    """
    if load(crew, OPEN) == 0:
        return
    exchange(crew, PRESENT + lane * LINE, 1)
    looks = 0
    while True:
        ticket = load(crew, TICKET + lane * LINE)
        if ticket >> TICKET_BITS < ticket & _TICKET_MASK:
            work_off(crew, lane, crew[LANES])
            looks = 0
            continue
        looks += 1
        if looks <= crew[SPINS]:
            pause()
        elif load(crew, OPEN) != 0:
            give_way()
        else:
            # Either the next step sees that nobody is there, or the helper sees that it has begun.
            exchange(crew, PRESENT + lane * LINE, 0)
            if load(crew, OPEN) == 0:
                return
            exchange(crew, PRESENT + lane * LINE, 1)


def run_plainly(
    first: int, end: int, least: int, function: Callable[..., None], arguments: tuple[Any, ...]
) -> None:
    """Compute a range without a crew; a test puts chunks in any order in its place."""
    if first < end:
        function(first, end, 0, *arguments)


def share(
    crew: Words, first: int, end: int, least: int, function: Callable[..., None], arguments: tuple[Any, ...]
) -> int:
    """Compute ``function(first, end, lane, *arguments)``, in chunks on all lanes of a crew.

    Parameters
    ----------
    crew : (CREW_LENGTH,)
        Of the thread that steps; nobody else shares with it at the same time.
    first, end : int
        Half-open range.
    least : int
        Fewer are not worth a chunk of their own: about a microsecond of work.
    function : device kernel
        Takes first, end and lane (for scratch: a lane computes one chunk at a time) of a chunk, then the
        arguments. Chunks must not touch each other: any cuts and any order give the same.
    arguments : tuple
        Arrays and numbers.

    Returns
    -------
    int
        0.
    """
    run_plainly(int(first), int(end), int(least), function, arguments)
    return 0


if COMPILER_ON:
    from physics_fixed.parallel import lowering

    lowering.register_share(share, run_job)
