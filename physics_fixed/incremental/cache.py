"""Contacts that a step finds and leaves: picked for the dirty bodies, compared, and put back.

A contact belongs to those of its two bodies that yield; where neither does (a kinematic body in a sensor), to
those that are not static. It is *replaced* if the step of the dirty bodies computes it: one of its bodies is
dirty, and so is each of the two that yields.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.cells import copy_cells
from physics_fixed.incremental.dirty import ROLE_BOUNDARY, ROLE_DIRTY, ROLE_NONE
from physics_fixed.incremental.rows import copy_row, note_row, rows_differ
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import ACTIVE_DYNAMIC, STATIC, Bytes, Words
from physics_fixed.narrowphase.pairing import comes_before

_ROW_MASK = 0xFFFFFFFF

# The first two columns of the table of contacts name a contact.
_KEY_COLUMNS: Final = 2

# counts[]: what choose_contacts and merge_contacts say; find_dirty uses 5 and 6.
CHOSEN_COUNT: Final = 0
ROW_COUNT: Final = 1
DIRTY_ROW_COUNT: Final = 2
MERGED_COUNT: Final = 3
FOUND_COUNT: Final = 4
DIFFERENT_COUNT: Final = 7
COUNTS_LENGTH: Final = 8

# run[index]: rows of the merged contacts that stand together where they come from.
RUN_SOURCE: Final = 0  # 0: the recorded contacts, 1: the new ones
RUN_FIRST: Final = 1
RUN_LENGTH: Final = 2
RUN_WIDTH: Final = 3


@inline_kernel("int64(int64,uint8[::1],int64[::1])")
def is_replaced(pair: int, role: Bytes, active: Words) -> int:
    """1 if the step of the dirty bodies computes the contacts of this pair, else 0."""
    a = pair >> 32
    b = pair & _ROW_MASK
    if role[a] != ROLE_DIRTY and role[b] != ROLE_DIRTY:
        return 0
    if role[a] != ROLE_DIRTY and active[a] == ACTIVE_DYNAMIC:
        return 0
    return 0 if role[b] != ROLE_DIRTY and active[b] == ACTIVE_DYNAMIC else 1


@inline_kernel("int64(int64,int64[::1],uint8[::1],int64,uint8[::1],int64[::1])")
def note_owners(pair: int, island: Words, kind: Bytes, found_count: int, mark: Bytes, found: Words) -> int:
    """Add the bodies that a contact belongs to to those found; how many there are."""
    a = pair >> 32
    b = pair & _ROW_MASK
    yields = island[a] >= 0 or island[b] >= 0
    if island[a] >= 0 if yields else kind[a] != STATIC:
        found_count = note_row(a, found_count, mark, found)
    if island[b] >= 0 if yields else kind[b] != STATIC:
        found_count = note_row(b, found_count, mark, found)
    return found_count


@kernel(
    "void(int64,int64,int64[::1],int64[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def choose_contacts(
    count: int,
    contact_count: int,
    pair: Words,
    active: Words,
    role: Bytes,
    chosen: Words,
    rows: Words,
    place: Words,
    dirty_rows: Words,
    dirty_places: Words,
    counts: Words,
) -> None:
    """Pick the contacts that the dirty bodies had, and list the bodies to compute.

    Parameters
    ----------
    count, contact_count : int
        Rows of the tables of bodies and of contacts.
    pair : (contact_count,)
        Column of the table of contacts, when the step begins.
    active : (count,)
        What bodies are to the broadphase.
    role : (count,)
        From :func:`physics_fixed.incremental.dirty.find_dirty`; ROLE_BOUNDARY is added where such a contact
        is with a body that moved out of reach.
    chosen : (contact_count,), written
        Rows of the contacts that the dirty bodies had.
    rows : (count,), written
        All bodies to compute, ascending; ``place`` (count,) is its inverse.
    dirty_rows, dirty_places : (count,), written
        The dirty ones among them, and where they stand in ``rows``.
    counts : (COUNTS_LENGTH,), written
        Lengths of these lists.
    """
    chosen_count = row_count = dirty_count = 0
    for index in range(contact_count):
        if is_replaced(pair[index], role, active) != 0:
            chosen[chosen_count] = index
            chosen_count += 1
            a = pair[index] >> 32
            b = pair[index] & _ROW_MASK
            if role[a] == ROLE_NONE:
                role[a] = ROLE_BOUNDARY
            if role[b] == ROLE_NONE:
                role[b] = ROLE_BOUNDARY
    for row in range(count):
        if role[row] == ROLE_NONE:
            continue
        if role[row] == ROLE_DIRTY:
            dirty_rows[dirty_count] = row
            dirty_places[dirty_count] = row_count
            dirty_count += 1
        place[row] = row_count
        rows[row_count] = row
        row_count += 1
    counts[CHOSEN_COUNT] = chosen_count
    counts[ROW_COUNT] = row_count
    counts[DIRTY_ROW_COUNT] = dirty_count


@kernel(
    "void(int64,int64[::1],int64[:,::1],int64[::1],uint8[::1],int64[::1],int64[:,::1],int64[::1],uint8[::1],"
    "int64[::1])"
)
def gather_contacts(
    chosen_count: int,
    chosen: Words,
    from_extents: Words,
    from_words: Words,
    from_block: Bytes,
    place: Words,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
    to_pair: Words,
) -> None:
    """Copy chosen contacts to the first rows of another table, whose bodies stand elsewhere.

    Parameters
    ----------
    chosen : (chosen_count,)
        Rows to copy, ascending.
    place : (n,)
        Where a body stands there; the order is the same, so contacts stay sorted.
    to_pair : array
        The column ``pair`` of the table that is written.
    """
    for k in range(chosen_count):
        copy_row(chosen[k], from_extents, from_words, from_block, k, to_extents, to_words, to_block)
        pair = to_pair[k]
        to_pair[k] = place[pair >> 32] << 32 | place[pair & _ROW_MASK]


@kernel(
    "int64(int64,int64[::1],int64[::1],int64[:,::1],uint8[::1],int64,int64[::1],int64[::1],int64[:,::1],uint8[::1],"
    "int64[::1],uint8[::1],int64,uint8[::1],int64[::1])"
)
def compare_contacts(
    count_a: int,
    pair_a: Words,
    sub_a: Words,
    extents_a: Words,
    block_a: Bytes,
    count_b: int,
    pair_b: Words,
    sub_b: Words,
    extents_b: Words,
    block_b: Bytes,
    island: Words,
    kind: Bytes,
    found_count: int,
    mark: Bytes,
    found: Words,
) -> int:
    """Add the bodies whose contacts differ between two tables to those found; how many there are.

    Parameters
    ----------
    pair_a, sub_a, pair_b, sub_b : arrays
        Columns of the two tables, ascending.
    island : (n,)
        As recorded, -1 for bodies that do not yield.
    kind : (n,)
        Column of the table of bodies.
    mark, found : arrays
        See :func:`physics_fixed.incremental.rows.find_different_rows`.
    """
    a = 0
    b = 0
    while a < count_a or b < count_b:
        if b == count_b or (a < count_a and comes_before(pair_a[a], sub_a[a], pair_b[b], sub_b[b])):
            found_count = note_owners(pair_a[a], island, kind, found_count, mark, found)
            a += 1
        elif a == count_a or pair_a[a] != pair_b[b] or sub_a[a] != sub_b[b]:
            found_count = note_owners(pair_b[b], island, kind, found_count, mark, found)
            b += 1
        else:
            if rows_differ(a, extents_a, block_a, b, extents_b, block_b, _KEY_COLUMNS):
                found_count = note_owners(pair_a[a], island, kind, found_count, mark, found)
            a += 1
            b += 1
    return found_count


@inline_kernel("int64(int64[:,::1],int64,int64,int64)")
def add_to_runs(run: Words, run_count: int, source: int, row: int) -> int:
    """Add a row to the last run, or begin a new one; the number of runs."""
    if run_count > 0:
        last = run_count - 1
        if run[last, RUN_SOURCE] == source and run[last, RUN_FIRST] + run[last, RUN_LENGTH] == row:
            run[last, RUN_LENGTH] += 1
            return run_count
    run[run_count, RUN_SOURCE] = source
    run[run_count, RUN_FIRST] = row
    run[run_count, RUN_LENGTH] = 1
    return run_count + 1


@device_kernel(
    "void(int64,int64[:,::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1],int64[:,::1],"
    "int64[::1],uint8[::1])"
)
def copy_runs(
    run_count: int,
    run: Words,
    old_extents: Words,
    old_words: Words,
    old_block: Bytes,
    new_extents: Words,
    new_words: Words,
    new_block: Bytes,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
) -> None:
    """Write the rows that the runs name one after the other."""
    for column in range(to_extents.shape[0]):
        size = to_extents[column, 1]
        target = to_extents[column, 0]
        for index in range(run_count):
            length = run[index, RUN_LENGTH] * size
            first = run[index, RUN_FIRST] * size
            if run[index, RUN_SOURCE] == 0:
                copy_cells(
                    length, old_extents[column, 0] + first, old_words, old_block, target, to_words, to_block
                )
            else:
                copy_cells(
                    length, new_extents[column, 0] + first, new_words, new_block, target, to_words, to_block
                )
            target += length


@kernel(
    "void(int64,int64[::1],int64[::1],int64[:,::1],int64[::1],uint8[::1],"
    "int64,int64[::1],int64[::1],int64[:,::1],int64[::1],uint8[::1],"
    "int64[::1],uint8[::1],int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1],"
    "int64[:,::1],uint8[::1],int64[::1],int64[::1])"
)
def merge_contacts(
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_extents: Words,
    old_words: Words,
    old_block: Bytes,
    new_count: int,
    new_pair: Words,
    new_sub: Words,
    new_extents: Words,
    new_words: Words,
    new_block: Bytes,
    rows: Words,
    role: Bytes,
    active: Words,
    island: Words,
    kind: Bytes,
    to_extents: Words,
    to_words: Words,
    to_block: Bytes,
    run: Words,
    mark: Bytes,
    found: Words,
    counts: Words,
) -> None:
    """The contacts after a step: the recorded ones, but those of the dirty bodies from their own step.

    Parameters
    ----------
    old_... :
        The recorded table after the step.
    new_... :
        The table that the step of the dirty bodies left; its pairs are changed to rows of the whole table.
    rows : array
        Which row of the whole table a row of the small one is.
    role, active, island, kind : arrays
        By row of the whole table.
    to_... : arena with room for both, written
    run : (old_count + new_count, RUN_WIDTH), scratch
    mark : (n,), zero where ``found`` lists nothing
    found : (n,), written
        Bodies that own a contact that differs.
    counts : (COUNTS_LENGTH,), written
        MERGED_COUNT contacts; DIFFERENT_COUNT of them, or of recorded ones, differ, and belong to FOUND_COUNT
        bodies. If none differs, ``to_...`` was not written, for it would be equal to the recorded table.
    """
    for index in range(new_count):
        pair = new_pair[index]
        new_pair[index] = rows[pair >> 32] << 32 | rows[pair & _ROW_MASK]
    old = new = run_count = found_count = merged_count = different_count = 0
    while True:
        # Two bodies that do not yield may meet in the small table, too; their recorded contact stands.
        while new < new_count and is_replaced(new_pair[new], role, active) == 0:
            new += 1
        if old == old_count and new == new_count:
            break
        if new == new_count or (
            old < old_count and comes_before(old_pair[old], old_sub[old], new_pair[new], new_sub[new])
        ):
            if is_replaced(old_pair[old], role, active) != 0:
                found_count = note_owners(old_pair[old], island, kind, found_count, mark, found)
                different_count += 1
            else:
                run_count = add_to_runs(run, run_count, 0, old)
                merged_count += 1
            old += 1
            continue
        same = old < old_count and old_pair[old] == new_pair[new] and old_sub[old] == new_sub[new]
        if not same or rows_differ(old, old_extents, old_block, new, new_extents, new_block, _KEY_COLUMNS):
            found_count = note_owners(new_pair[new], island, kind, found_count, mark, found)
            different_count += 1
        if same:
            old += 1
        run_count = add_to_runs(run, run_count, 1, new)
        merged_count += 1
        new += 1
    for k in range(found_count):
        mark[found[k]] = 0
    counts[MERGED_COUNT] = merged_count
    counts[FOUND_COUNT] = found_count
    counts[DIFFERENT_COUNT] = different_count
    if different_count > 0:
        copy_runs(
            run_count, run, old_extents, old_words, old_block, new_extents, new_words, new_block, to_extents,
            to_words, to_block,
        )  # fmt: skip
