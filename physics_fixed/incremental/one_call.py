"""A step that is taken again, in one call: what a late input costs is calls, where it reaches few bodies.

For a space without joints whose bodies are as many as in the record, and where no force acts. The call ends
early where something else is the case, somebody who sleeps is dirty, or there is no room, and says how far it
got; the rest is done pass by pass.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.at_once import BEGUN, FOUND_CONTACTS, FOUND_PAIRS, KEPT, step_at_once
from physics_fixed.far_calls import call_far, far_arguments
from physics_fixed.incremental.cache import (
    ANY_FLAGS,
    CHOSEN_ADDED_COUNT,
    CHOSEN_COUNT,
    DIRTY_ROW_COUNT,
    REACHED,
    ROW_COUNT,
    SMALL_FOUND,
    TOUCHED_COUNT,
    choose_contacts,
)
from physics_fixed.incremental.dirty import flags_of_any, has_bullets_among_sleepers
from physics_fixed.incremental.keys import keys_of
from physics_fixed.incremental.passes import Given, begin_again, gather_few, patch_record
from physics_fixed.incremental.patched import difference
from physics_fixed.incremental.rows import (
    PARTS,
    Parts,
    copy_block,
    difference_from_zero,
    find_changed_rows,
    note_row,
)
from physics_fixed.jit import device_kernel, form, kernel, tuple_of_arguments
from physics_fixed.layout import FLAG_ASLEEP, Bytes, Words

_T: Final = tuple_of_arguments

# How far take_again got.
UNKNOWN: Final = 0
"""Not what changed: a force acts, a bullet may wake somebody, or more has changed than there is room for."""
SAME: Final = 1
"""Nothing has changed."""
TOO_MUCH: Final = 2
"""To compute what is dirty does not pay."""
CHOSEN: Final = 3
"""What to compute; there is no room for it in the small world."""
GATHERED: Final = 4
"""What to compute stands in the small world; ``counts[REACHED]`` says how far its step has got."""
DONE: Final = 5
"""The record is patched, and its results are the state."""

# Numbers of the calls in a bundle.
FIND, CHANGED, BEGIN, CHOOSE, GATHER, STEP, PATCH, COPY, LISTS = range(9)


@form("void(int64[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1])")
def lists(
    counts: Words, few_flags: Bytes, touched: Words, touched_kept: Words, dirty: Words, dirty_kept: Words
) -> None:
    """What the passes count, flags in the small world, what the passes list, and where a record keeps it."""


@kernel(
    f"int64(int64[::1],int64,int64,int64,int64,int64,int64,{_T(choose_contacts, 1, 6)},int64[::1],int64,"
    "int64,int64[::1],int64[::1],int64[::1],uint8[::1],int64[::1],uint8[::1],int64[::1],int64[::1])"
)
def find_few(
    bundle: Words,
    count: int,
    limit: int,
    old_flags: int,
    touched_count: int,
    dirty_count: int,
    owner_count: int,
    contacts: Given,
    crew: Words,
    body_room: int,
    contact_room: int,
    touched: Words,
    dirty: Words,
    owners: Words,
    flags: Bytes,
    forces: Words,
    mark: Bytes,
    found: Words,
    counts: Words,
) -> int:
    """Find out what to compute of a recorded step, and copy it into the small world.

    Parameters
    ----------
    bundle : array
        As for :func:`take_again`.
    old_flags : int
        The flags that any body had when the recorded step began.
    limit, touched, dirty : int, arrays
        As :func:`physics_fixed.incremental.rows.find_changed_rows` takes them.
    owners : (owner_count,)
        Bodies whose contacts differ.
    contacts : tuple
        The contacts when the step begins, as :func:`physics_fixed.incremental.cache.choose_contacts` takes
        them.
    body_room, contact_room : int
        For how many there is room in the small world and its scratch.
    flags : (count,)
        Column of the table of bodies.
    forces : array
        All words of the passing columns of the bodies.
    mark, found, counts : arrays, written
        As :func:`physics_fixed.incremental.rows.find_changed_rows` and
        :func:`physics_fixed.incremental.cache.choose_contacts` write them.

    Returns
    -------
    int
        UNKNOWN, SAME, TOO_MUCH, CHOSEN or GATHERED.
    """
    counts[REACHED] = BEGUN
    any_flags = counts[ANY_FLAGS] = flags_of_any(count, flags)
    if has_bullets_among_sleepers(any_flags) or has_bullets_among_sleepers(old_flags):
        return UNKNOWN
    if difference_from_zero(forces) != 0:
        return UNKNOWN
    changed_count = call_far(
        bundle, CHANGED, find_changed_rows, (count, touched_count, touched, dirty_count, dirty, limit)
    )
    if changed_count > limit:
        return UNKNOWN
    for k in range(owner_count):
        if owners[k] < count:
            changed_count = note_row(owners[k], changed_count, mark, found)
    if changed_count == 0:
        return SAME
    if changed_count > limit or changed_count > body_room:
        return UNKNOWN
    base_count, base, gone, added_count, added = contacts
    base_pair, _ = keys_of(base[0], base[1])
    added_pair, _ = keys_of(added[0], added[1])
    if (any_flags | old_flags) & FLAG_ASLEEP == 0:  # nobody is held by anything farther than boxes
        base_count = added_count = 0
    held = base_count, base_pair, gone, added_count, added_pair, 0, gone, base_pair, base_pair
    if call_far(bundle, BEGIN, begin_again, (crew, count, count, changed_count, held)) == 0:
        return TOO_MUCH
    call_far(bundle, CHOOSE, choose_contacts, (count, *contacts))
    row_count, chosen_count = counts[ROW_COUNT], counts[CHOSEN_COUNT]
    chosen_added_count = counts[CHOSEN_ADDED_COUNT]
    if row_count > body_room or chosen_count + chosen_added_count > contact_room:
        return CHOSEN
    call_far(bundle, GATHER, gather_few, (row_count, chosen_count, base, chosen_added_count, added))
    return GATHERED


@device_kernel("void(int64,int64[::1],int64[::1])")
def copy_list(count: int, source: Words, target: Words) -> None:
    """Copy the first numbers of a list."""
    for k in range(count):
        target[k] = source[k]


@kernel(
    f"int64(int64[::1],int64[::1],int64[::1],int64[::1],{PARTS},{PARTS},int64,int64,int64,int64,int64,int64,int64,int64,"
    "int64,int64,int64,int64)"
)
def take_again(
    bundle: Words,
    before: Words,
    old: Words,
    new: Words,
    before_base: Parts,
    old_base: Parts,
    count: int,
    limit: int,
    old_flags: int,
    touched_count: int,
    dirty_count: int,
    owner_count: int,
    before_count: int,
    before_added_count: int,
    old_count: int,
    old_added_count: int,
    added_room: int,
    work_room: int,
) -> int:
    """Take a recorded step again, or do as much of it as is possible.

    Parameters
    ----------
    bundle : array
        Words of what :class:`physics_fixed.incremental.given.Passes` puts together for a record.
    before, old, new : arrays
        Words of differences of contacts, see :func:`physics_fixed.incremental.patched.difference`: when the
        step begins, when it ended as recorded, and what becomes of that, which is written.
    before_base, old_base : arenas
        What the first two are a difference to; the third has the base of the second.
    count, limit, old_flags, touched_count, dirty_count, owner_count : int
        As :func:`find_few` takes them.
    before_count, before_added_count, old_count, old_added_count : int
        Rows of the bases, and added ones.
    added_room : int
        For how many added rows there is room in ``new``.
    work_room : int
        For how many bodies and contacts together the step of the small world may be done here.

    Returns
    -------
    int
        UNKNOWN, SAME, TOO_MUCH, CHOSEN, GATHERED or DONE.
    """
    counts, few_flags, touched, touched_kept, dirty, dirty_kept = far_arguments(bundle, LISTS, lists)
    gone, added = far_arguments(before, 0, difference)
    contacts = before_count, before_base, gone, before_added_count, added
    firsts = bundle, count, limit, old_flags, touched_count, dirty_count, owner_count, contacts
    reached: int = call_far(bundle, FIND, find_few, firsts)
    if reached != UNKNOWN:
        copy_list(counts[TOUCHED_COUNT], touched, touched_kept)
    if reached == SAME:
        call_far(bundle, COPY, copy_block, ())
    row_count, chosen_count = counts[ROW_COUNT], counts[CHOSEN_COUNT] + counts[CHOSEN_ADDED_COUNT]
    if reached != GATHERED or row_count + chosen_count > work_room:
        return reached
    if flags_of_any(row_count, few_flags) & FLAG_ASLEEP != 0:
        return GATHERED
    counts[REACHED] = call_far(bundle, STEP, step_at_once, (row_count, chosen_count))
    new_count = counts[SMALL_FOUND + FOUND_CONTACTS]
    if counts[REACHED] != KEPT or old_added_count + new_count > added_room:
        return GATHERED
    gone, added = far_arguments(old, 0, difference)
    new_gone, new_added = far_arguments(new, 0, difference)
    merging = old_count, old_base, gone, old_added_count, added, count, new_gone, new_added, new_count
    pair_count, listed_count = counts[SMALL_FOUND + FOUND_PAIRS], counts[DIRTY_ROW_COUNT]
    call_far(bundle, PATCH, patch_record, (listed_count, row_count, pair_count, merging))
    copy_list(listed_count, dirty, dirty_kept)
    call_far(bundle, COPY, copy_block, ())
    return DONE
