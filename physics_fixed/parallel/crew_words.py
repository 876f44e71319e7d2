"""The memory through which a step and its helpers talk: words in cache lines of their own.

What one side writes often and another reads stands apart from the rest, or each write would slow down all
readers. No word is state, and none is read before the step that needs it has written it, but for DONE and
POSTED, which only count up.
"""

from __future__ import annotations

from typing import Final

LINE: Final = 8  # words of a cache line
LANES_MAX: Final = 64
"""Largest number of threads of a step. Lane 0 is the thread that steps."""

OPEN: Final = 0  # 1 while a step runs: helpers stay
LANES: Final = 1  # lanes of this step
SPINS: Final = 2  # how often to look again before giving way to other threads
FAILED: Final = 3  # 1 after an error in a chunk

JOB_FUNCTION: Final = 8  # address of what computes a chunk
JOB_ARGUMENTS: Final = 9  # address of what it takes
JOB_FIRST: Final = 10  # the range that is shared
JOB_END: Final = 11
JOB_SIZE: Final = 12  # of a chunk
POSTED: Final = 13  # chunks of all jobs so far

TICKET: Final = 16  # a line for each lane: next chunk << TICKET_BITS | end of the lane's chunks
TICKET_BITS: Final = 32
DONE: Final = TICKET + LANES_MAX * LINE  # a line for each lane: chunks that it has computed so far
PRESENT: Final = DONE + 1  # in the same line: 1 while a helper serves the lane
CREW_LENGTH: Final = DONE + LANES_MAX * LINE
