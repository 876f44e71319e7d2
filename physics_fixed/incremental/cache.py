"""Contacts that a step finds and leaves: picked for the dirty bodies, compared, and put back.

A contact belongs to those of its two bodies that yield; where neither does (a kinematic body in a sensor), to
those that are not static. It is *replaced* if the step of the dirty bodies computes it: one of its bodies is
dirty, and so is each of the two that yields.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.incremental.dirty import (
    ALL_DYNAMIC,
    ROLE_BOUNDARY,
    ROLE_DIRTY,
    ROLE_NONE,
    WORD_ROWS,
    WORD_SHIFT,
)
from physics_fixed.incremental.keys import find_key, is_key, keys_of
from physics_fixed.incremental.rows import PARTS, Parts, copy_row, note_row, rows_differ
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import ACTIVE_DYNAMIC, STATIC, Bytes, Words
from physics_fixed.narrowphase.pairing import comes_before

_ROW_MASK = 0xFFFFFFFF
_SEARCH_COST: Final = 12  # contacts that are looked at in the time in which one is searched for

# The first two columns of the table of contacts name a contact.
_KEY_COLUMNS: Final = 2

# counts[]: what choose_contacts, patch_contacts and take_again say; find_dirty uses 5.
CHOSEN_COUNT: Final = 0  # of the base
ROW_COUNT: Final = 1
DIRTY_ROW_COUNT: Final = 2
CHOSEN_ADDED_COUNT: Final = 3
FOUND_COUNT: Final = 4
DIFFERENT_COUNT: Final = 7
LOST_COUNT: Final = 8  # contacts of the base that are gone now
KEPT_ADDED_COUNT: Final = 9  # contacts that are added to it
ANY_FLAGS: Final = 10  # flags that some body has when the step begins
TOUCHED_COUNT: Final = 11  # bodies that differ from the result of the step before
REACHED: Final = 12  # how far the step of the small world has got, see physics_fixed.at_once
SMALL_FOUND: Final = 13  # and what it found, FOUND_LENGTH numbers
COUNTS_LENGTH: Final = 16


@inline_kernel("int64(int64,uint8[::1],uint8[::1])")
def is_replaced(pair: int, role: Bytes, active: Bytes) -> int:
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


@device_kernel("int64(int64,int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1])")
def look_at_all(
    contact_count: int, pair: Words, gone: Bytes, role: Bytes, active: Bytes, replaced: Words
) -> int:
    """The same as :func:`find_replaced`, contact by contact."""
    found_count = 0
    for index in range(contact_count):
        if gone[index] == 0 and is_replaced(pair[index], role, active) != 0:
            replaced[found_count] = index
            found_count += 1
    return found_count


@inline_kernel("int64(int64,int64[::1],int64,int64)")
def first_of_pair(first: int, pair: Words, end: int, wanted: int) -> int:
    """The first contact from ``first`` on, before ``end``, whose pair does not come before another."""
    while first < end:
        middle = (first + end) >> 1
        if pair[middle] < wanted:
            first = middle + 1
        else:
            end = middle
    return first


@inline_kernel("boolean(int64,int64[::1],int64[::1])")
def is_plain(word: int, role_words: Words, active_words: Words) -> bool:
    """Whether eight rows have no role and yield, all of them."""
    return bool(role_words[word] == 0 and active_words[word] == ALL_DYNAMIC)


@device_kernel(
    "int64(int64,int64[::1],uint8[::1],int64,uint8[::1],int64[::1],uint8[::1],int64[::1],int64[::1],int64[::1])"
)
def find_replaced(
    contact_count: int,
    pair: Words,
    gone: Bytes,
    row_count: int,
    role: Bytes,
    role_words: Words,
    active: Bytes,
    active_words: Words,
    listed: Words,
    replaced: Words,
) -> int:
    """List the contacts that the step of the dirty bodies computes, ascending; how many there are.

    Where few bodies are dirty, and few do not yield, they are looked for in the sorted pairs: those whose
    first body is dirty stand together, any other has a first body that does not yield.

    Parameters
    ----------
    pair, gone : (contact_count,)
    role, active : (row_count,)
        Of all bodies, those that are gone included; ``role_words`` and ``active_words`` are their memory.
    listed : (row_count,), scratch
    replaced : (contact_count,), written
    """
    listed_count = dirty_count = 0
    for word in range((row_count + WORD_ROWS - 1) >> WORD_SHIFT):
        if is_plain(word, role_words, active_words):
            continue
        for row in range(word << WORD_SHIFT, minimum(row_count, (word + 1) << WORD_SHIFT)):
            if role[row] == ROLE_DIRTY or active[row] != ACTIVE_DYNAMIC:
                listed[listed_count] = row
                listed_count += 1
                dirty_count += role[row] == ROLE_DIRTY
    if (listed_count - dirty_count + 1) * (dirty_count + 1) * _SEARCH_COST > contact_count:
        return look_at_all(contact_count, pair, gone, role, active, replaced)
    found_count = 0
    for first in range(listed_count):
        row = listed[first]
        index = first_of_pair(0, pair, contact_count, row << 32)
        end = first_of_pair(index, pair, contact_count, (row + 1) << 32)
        if role[row] == ROLE_DIRTY:
            for here in range(index, end):
                if gone[here] == 0 and is_replaced(pair[here], role, active) != 0:
                    replaced[found_count] = here
                    found_count += 1
            continue
        for second in range(listed_count):
            if role[listed[second]] != ROLE_DIRTY:
                continue
            index = first_of_pair(index, pair, end, row << 32 | listed[second])
            while index < end and pair[index] == row << 32 | listed[second]:
                if gone[index] == 0:
                    replaced[found_count] = index
                    found_count += 1
                index += 1
    return found_count


@inline_kernel("void(int64,int64[::1],int64[::1],uint8[::1])")
def give_roles(chosen_count: int, chosen: Words, pair: Words, role: Bytes) -> None:
    """Make boundary of the bodies of chosen contacts that have no role yet."""
    for k in range(chosen_count):
        a = pair[chosen[k]] >> 32
        b = pair[chosen[k]] & _ROW_MASK
        if role[a] == ROLE_NONE:
            role[a] = ROLE_BOUNDARY
        if role[b] == ROLE_NONE:
            role[b] = ROLE_BOUNDARY


@kernel(
    f"void(int64,int64,{PARTS},uint8[::1],int64,{PARTS},uint8[::1],uint8[::1],int64[::1],uint8[::1],int64[::1],"
    "int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def choose_contacts(
    count: int,
    base_count: int,
    base: Parts,
    gone: Bytes,
    added_count: int,
    added: Parts,
    nothing: Bytes,
    active: Bytes,
    active_words: Words,
    role: Bytes,
    role_words: Words,
    chosen: Words,
    chosen_added: Words,
    rows: Words,
    place: Words,
    dirty_rows: Words,
    dirty_places: Words,
    counts: Words,
) -> None:
    """Pick the contacts that the dirty bodies had, and list the bodies to compute.

    Parameters
    ----------
    count : int
        Rows of the table of bodies.
    base, added : arenas, gone : (base_count,)
        The contacts when the step begins, see :mod:`physics_fixed.incremental.patched`.
    nothing : (added_count,)
        Zeros.
    active : (count,)
        What bodies are to the broadphase; ``active_words`` is its memory.
    role : (count,)
        From :func:`physics_fixed.incremental.dirty.find_dirty`; ROLE_BOUNDARY is added where such a contact
        is with a body that moved out of reach. ``role_words`` is its memory.
    chosen : (base_count,), chosen_added : (added_count,), written
        Rows of the contacts that the dirty bodies had.
    rows : (count,), written
        All bodies to compute, ascending; ``place`` (count,) is its inverse.
    dirty_rows, dirty_places : (count,), written
        The dirty ones among them, and where they stand in ``rows``.
    counts : (COUNTS_LENGTH,), written
        Lengths of these lists.
    """
    base_pair, _ = keys_of(base[0], base[1])
    added_pair, _ = keys_of(added[0], added[1])
    chosen_count = find_replaced(
        base_count, base_pair, gone, count, role, role_words, active, active_words, rows, chosen
    )
    added_chosen = look_at_all(added_count, added_pair, nothing, role, active, chosen_added)
    give_roles(chosen_count, chosen, base_pair, role)
    give_roles(added_chosen, chosen_added, added_pair, role)
    row_count = dirty_count = 0
    for word in range((count + WORD_ROWS - 1) >> WORD_SHIFT):
        if role_words[word] == 0:
            continue
        for row in range(word << WORD_SHIFT, minimum(count, (word + 1) << WORD_SHIFT)):
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
    counts[CHOSEN_ADDED_COUNT] = added_chosen
    counts[ROW_COUNT] = row_count
    counts[DIRTY_ROW_COUNT] = dirty_count


@device_kernel(f"void(int64,{PARTS},int64,{PARTS},int64[::1],int64[::1],int64[::1],{PARTS})")
def gather_contacts(
    base_count: int,
    base: Parts,
    added_count: int,
    added: Parts,
    from_base: Words,
    from_added: Words,
    place: Words,
    to: Parts,
) -> None:
    """Copy chosen contacts to the first rows of another table, whose bodies stand elsewhere.

    Parameters
    ----------
    base, added : arenas
        See :mod:`physics_fixed.incremental.patched`.
    from_base : (base_count,), from_added : (added_count,)
        Rows to copy, ascending.
    place : (n,)
        Where a body stands there; the order is the same, so contacts stay sorted.
    to : arena
        Of the table that is written.
    """
    base_pair, base_sub = keys_of(base[0], base[1])
    added_pair, added_sub = keys_of(added[0], added[1])
    to_pair, _ = keys_of(to[0], to[1])
    old = new = 0
    for row in range(base_count + added_count):
        is_added = old == base_count
        if not is_added and new < added_count:
            mine = from_base[old]
            other = from_added[new]
            is_added = comes_before(added_pair[other], added_sub[other], base_pair[mine], base_sub[mine])
        if is_added:
            copy_row(from_added[new], added[0], added[1], added[2], row, to[0], to[1], to[2])
            new += 1
        else:
            copy_row(from_base[old], base[0], base[1], base[2], row, to[0], to[1], to[2])
            old += 1
        pair = to_pair[row]
        to_pair[row] = place[pair >> 32] << 32 | place[pair & _ROW_MASK]


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


@inline_kernel("int64(int64,int64[::1],uint8[::1],int64[::1],int64[::1],int64,uint8[::1])")
def note_difference(
    pair: int, island: Words, kind: Bytes, counts: Words, found: Words, found_count: int, mark: Bytes
) -> int:
    """Note the owners of a contact that differs; how many owners there are."""
    counts[DIFFERENT_COUNT] += 1
    return note_owners(pair, island, kind, found_count, mark, found)


@device_kernel(
    "int64(int64,int64[::1],int64[::1],int64[::1],int64,int64[::1],int64[::1],int64,int64[::1],uint8[::1],uint8[::1],"
    "int64[::1],int64[::1])"
)
def note_lost(
    lost_count: int,
    lost: Words,
    pair: Words,
    sub: Words,
    new_count: int,
    new_pair: Words,
    new_sub: Words,
    found_count: int,
    island: Words,
    kind: Bytes,
    mark: Bytes,
    found: Words,
    counts: Words,
) -> int:
    """Note the owners of recorded contacts that the step of the dirty bodies has no more; how many."""
    for k in range(lost_count):
        row = lost[k]
        new = find_key(new_count, new_pair, new_sub, pair[row], sub[row])
        if not is_key(new, new_count, new_pair, new_sub, pair[row], sub[row]):
            found_count = note_difference(pair[row], island, kind, counts, found, found_count, mark)
    return found_count


@device_kernel(
    f"void(int64,{PARTS},uint8[::1],int64,{PARTS},int64,uint8[::1],{PARTS},int64,{PARTS},int64[::1],uint8[::1],"
    "int64[::1],uint8[::1],int64[::1],int64[::1],uint8[::1],int64[::1],int64[::1],uint8[::1],int64[::1],int64[::1])"
)
def patch_contacts(
    base_count: int,
    base: Parts,
    gone: Bytes,
    added_count: int,
    added: Parts,
    row_count: int,
    to_gone: Bytes,
    to: Parts,
    new_count: int,
    new_rows: Parts,
    rows: Words,
    role: Bytes,
    role_words: Words,
    active: Bytes,
    active_words: Words,
    island: Words,
    kind: Bytes,
    listed: Words,
    lost: Words,
    mark: Bytes,
    found: Words,
    counts: Words,
) -> None:
    """The contacts after a step: the recorded ones, but those of the dirty bodies from their own step.

    Parameters
    ----------
    base, added : arenas, gone : (base_count,)
        The recorded contacts after the step, see :mod:`physics_fixed.incremental.patched`.
    row_count : int
        Rows of the whole table, those that are gone included.
    to_gone : (base_count,), to : arena with room for added and new rows, written
        The same base with another difference.
    new_rows : arena
        Of the table that the step of the dirty bodies left; its pairs are changed to rows of the whole table.
    rows : array
        Which row of the whole table a row of the small one is.
    role, active, island, kind : (row_count,)
        By row of the whole table, those that are gone included; ``role_words`` and ``active_words`` are the
        memory of the first two.
    listed, lost : (row_count,), (base_count,), scratch
    mark : (n,), zero where ``found`` lists nothing
    found : (n,), written
        Bodies that own a contact that differs.
    counts : (COUNTS_LENGTH,), written
        LOST_COUNT more contacts of the base are gone, and KEPT_ADDED_COUNT added; DIFFERENT_COUNT contacts
        differ, or have come or gone, and belong to FOUND_COUNT bodies.
    """
    base_extents, base_words, base_block = base
    added_extents, added_words, added_block = added
    new_extents, new_words, new_block = new_rows
    to_extents, to_words, to_block = to
    base_pair, base_sub = keys_of(base_extents, base_words)
    added_pair, added_sub = keys_of(added_extents, added_words)
    new_pair, new_sub = keys_of(new_extents, new_words)
    for index in range(new_count):
        pair = new_pair[index]
        new_pair[index] = rows[pair >> 32] << 32 | rows[pair & _ROW_MASK]
    counts[DIFFERENT_COUNT] = 0
    lost_count = find_replaced(
        base_count, base_pair, gone, row_count, role, role_words, active, active_words, listed, lost
    )
    found_count = note_lost(
        lost_count, lost, base_pair, base_sub, new_count, new_pair, new_sub, 0, island, kind, mark, found,
        counts,
    )  # fmt: skip
    new = total = 0
    for old in range(added_count + 1):
        while new < new_count and (
            old == added_count
            or not comes_before(added_pair[old], added_sub[old], new_pair[new], new_sub[new])
        ):
            # Two bodies that do not yield may meet in the small table, too; their recorded contact stands.
            if is_replaced(new_pair[new], role, active) != 0:
                pair = new_pair[new]
                sub = new_sub[new]
                row = find_key(base_count, base_pair, base_sub, pair, sub)
                if is_key(row, base_count, base_pair, base_sub, pair, sub) and gone[row] == 0:
                    differs = rows_differ(
                        row, base_extents, base_block, new, new_extents, new_block, _KEY_COLUMNS
                    )
                else:
                    differs = not is_key(old, added_count, added_pair, added_sub, pair, sub) or rows_differ(
                        old, added_extents, added_block, new, new_extents, new_block, _KEY_COLUMNS
                    )
                if differs:
                    found_count = note_difference(pair, island, kind, counts, found, found_count, mark)
                copy_row(new, new_extents, new_words, new_block, total, to_extents, to_words, to_block)
                total += 1
            new += 1
        if old == added_count:
            break
        if is_replaced(added_pair[old], role, active) == 0:
            copy_row(old, added_extents, added_words, added_block, total, to_extents, to_words, to_block)
            total += 1
        else:
            listed[0] = old
            found_count = note_lost(
                1, listed, added_pair, added_sub, new_count, new_pair, new_sub, found_count, island, kind,
                mark, found, counts,
            )  # fmt: skip
    for k in range(found_count):
        mark[found[k]] = 0
    if counts[DIFFERENT_COUNT] > 0:
        for row in range(base_count):
            to_gone[row] = gone[row]
        for k in range(lost_count):
            to_gone[lost[k]] = 1
    counts[LOST_COUNT] = lost_count
    counts[KEPT_ADDED_COUNT] = total
    counts[FOUND_COUNT] = found_count
