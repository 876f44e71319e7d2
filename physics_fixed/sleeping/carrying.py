"""Contacts of what sleeps: carried over from the old table of contacts to the new one, bit for bit."""

from __future__ import annotations

from typing import Final

from physics_fixed.cells import copy_cells
from physics_fixed.jit import kernel
from physics_fixed.layout import CONTACT_PAIR, CONTACT_SUB, TOUCHING_SENSOR, Bytes, Words
from physics_fixed.narrowphase.pairing import comes_before
from physics_fixed.sleeping.waking import sleeps_on

# run[index]: rows of the old table that stand together in the new one, too.
RUN_OLD: Final = 0
RUN_NEW: Final = 1
RUN_LENGTH: Final = 2
RUN_WIDTH: Final = 3


@kernel(
    "int64(int64,int64[::1],int64[::1],uint8[::1],int64,int64[:,::1],int64[::1],int64[::1],int64[::1],int64[:,::1],"
    "int64[::1])"
)
def place_contacts(
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_touching: Bytes,
    contact_count: int,
    contact: Words,
    was_asleep: Words,
    rest: Words,
    place: Words,
    run: Words,
    lengths: Words,
) -> int:
    """Decide where the contacts of a step stand in the table of contacts, and those that sleep on among them.

    Parameters
    ----------
    old_pair, old_sub, old_touching : (old_count,)
        Columns of the table of contacts when the step began.
    contact : (contact_count, CONTACT_WIDTH)
        What the step found; none of it sleeps.
    was_asleep, rest : (n,)
    place : (contact_count,), written
        Row in the new table.
    run : (old_count, RUN_WIDTH), written
        Which rows of the old table go where.
    lengths : (1,), written
        Number of runs.

    Returns
    -------
    int
        How many old contacts are carried over.
    """
    index = carried = run_count = 0
    for old in range(old_count):
        if not sleeps_on(old_pair[old], old_touching[old] & TOUCHING_SENSOR, was_asleep, rest):
            continue
        while index < contact_count and comes_before(
            contact[index, CONTACT_PAIR], contact[index, CONTACT_SUB], old_pair[old], old_sub[old]
        ):
            place[index] = index + carried
            index += 1
        row = index + carried
        last = run_count - 1
        if (
            run_count > 0
            and run[last, RUN_OLD] + run[last, RUN_LENGTH] == old
            and run[last, RUN_NEW] + run[last, RUN_LENGTH] == row
        ):
            run[last, RUN_LENGTH] += 1
        else:
            run[run_count, RUN_OLD] = old
            run[run_count, RUN_NEW] = row
            run[run_count, RUN_LENGTH] = 1
            run_count += 1
        carried += 1
    while index < contact_count:
        place[index] = index + carried
        index += 1
    lengths[0] = run_count
    return carried


@kernel("void(int64,int64[:,::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1])")
def carry_rows(
    run_count: int,
    run: Words,
    from_extents: Words,
    from_words: Words,
    from_block: Bytes,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Copy runs of rows, all columns, from one arena to another."""
    for column in range(to_extents.shape[0]):
        size = to_extents[column, 1]
        for index in range(run_count):
            copy_cells(
                run[index, RUN_LENGTH] * size, from_extents[column, 0] + run[index, RUN_OLD] * size,
                from_words, from_block, to_extents[column, 0] + run[index, RUN_NEW] * size, to_words,
                to_block,
            )  # fmt: skip
