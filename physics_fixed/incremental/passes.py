"""The passes of a partial step, each one call: what a late input costs is calls, where it reaches few bodies.

Each takes what the kernels in it want as tuples, in their order, and hands them over.
"""

from __future__ import annotations

from typing import Any, Final

from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.continuous.islands import join_swept
from physics_fixed.far_calls import call_far
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.incremental.cache import (
    ANY_FLAGS,
    CHOSEN_ADDED_COUNT,
    CHOSEN_COUNT,
    PARTS,
    ROW_COUNT,
    Parts,
    choose_contacts,
    gather_contacts,
    patch_contacts,
)
from physics_fixed.incremental.dirty import find_dirty, flags_of_any, patch_islands
from physics_fixed.incremental.rows import copy_rows, difference_from_zero, find_changed_rows, note_row
from physics_fixed.jit import kernel, tuple_of_arguments
from physics_fixed.layout import FLAG_ASLEEP, Bytes, Words
from physics_fixed.solver.islands import join_sleepers, label_islands

Given = tuple[Any, ...]

_T: Final = tuple_of_arguments
_HELD_FIRST: Final = 17  # of the arguments of find_dirty: what holds bodies together, beside boxes


@kernel(
    f"int64(int64[::1],int64,int64,int64,int64[::1],int64[::1],{PARTS},{PARTS},{PARTS},{PARTS},{PARTS},{PARTS},{PARTS},"
    f"{_T(place_boxes, 2)},{_T(find_dirty, 4, _HELD_FIRST)},{_T(find_dirty, _HELD_FIRST)})"
)
def begin_again(
    crew: Words,
    count: int,
    old_count: int,
    changed_count: int,
    changed: Words,
    numbers: Words,
    bodies: Parts,
    steady: Parts,
    passing: Parts,
    entry: Parts,
    few: Parts,
    few_steady: Parts,
    few_passing: Parts,
    boxes: Given,
    reach: Given,
    held: Given,
) -> int:
    """Put the changed rows into the record, and find out what they make dirty.

    Parameters
    ----------
    count, old_count : int
        Rows of the table of bodies now, and as recorded.
    changed : (changed_count,)
        Rows that changed; those from ``count`` on are gone, and come last.
    numbers : (n,)
        0, 1, 2 and so on.
    bodies, steady, passing, entry, few, few_steady, few_passing : arenas
        The bodies, what the record has of them, and the small world's.
    boxes, reach, held : tuples
        The rest of what :func:`physics_fixed.broadphase.boxes.place_boxes`, for the small world, and
        :func:`physics_fixed.incremental.dirty.find_dirty` take.

    Returns
    -------
    int
        As :func:`physics_fixed.incremental.dirty.find_dirty`.
    """
    present = changed_count - maximum(0, old_count - count)
    copy_rows(present, changed, *bodies, changed, *entry)
    copy_rows(present, changed, *bodies, numbers, *few)
    copy_rows(present, changed, *steady, numbers, *few_steady)
    copy_rows(present, changed, *passing, numbers, *few_passing)
    place_boxes(crew, present, *boxes)
    return find_dirty(count, old_count, changed_count, changed, *reach, *held)


@kernel(
    f"void(int64,int64,{PARTS},int64,{PARTS},int64[::1],int64[::1],{PARTS},{PARTS},{PARTS},{PARTS},{PARTS},"
    f"{PARTS},{_T(gather_contacts, 4)})"
)
def gather_few(
    row_count: int,
    chosen_count: int,
    base: Parts,
    chosen_added_count: int,
    added: Parts,
    rows: Words,
    numbers: Words,
    bodies: Parts,
    steady: Parts,
    passing: Parts,
    few: Parts,
    few_steady: Parts,
    few_passing: Parts,
    contacts: Given,
) -> None:
    """Copy listed bodies, and chosen contacts, into the small world.

    ``chosen_count``, ``base``, ``chosen_added_count``, ``added`` and ``contacts`` are what
    :func:`physics_fixed.incremental.cache.gather_contacts` takes, the rest as for :func:`begin_again`.
    """
    copy_rows(row_count, rows, *bodies, numbers, *few)
    copy_rows(row_count, rows, *steady, numbers, *few_steady)
    copy_rows(row_count, rows, *passing, numbers, *few_passing)
    gather_contacts(chosen_count, base, chosen_added_count, added, *contacts)


# What find_few found.
UNKNOWN: Final = 0
"""Not what changed: somebody sleeps, a force acts, or more has changed than there is room for."""
SAME: Final = 1
"""Nothing has changed."""
TOO_MUCH: Final = 2
"""To compute what is dirty does not pay."""
CHOSEN: Final = 3
"""What to compute; there is no room for it in the small world."""
GATHERED: Final = 4
"""What to compute, and it stands in the small world."""

# Numbers of the calls in a bundle.
CHANGED, BEGIN, CHOOSE, GATHER, PATCH = range(5)


@kernel(
    "int64(int64[::1],int64[::1],int64,int64,int64,int64[::1],int64,int64[::1],int64,int64[::1],"
    f"{_T(choose_contacts, 1, 6)},int64,int64,uint8[::1],int64[::1],uint8[::1],int64[::1],int64[::1])"
)
def find_few(
    bundle: Words,
    crew: Words,
    count: int,
    limit: int,
    touched_count: int,
    touched: Words,
    dirty_count: int,
    dirty: Words,
    owner_count: int,
    owners: Words,
    contacts: Given,
    body_room: int,
    contact_room: int,
    flags: Bytes,
    forces: Words,
    mark: Bytes,
    found: Words,
    counts: Words,
) -> int:
    """Find out what to compute of a recorded step, and copy it into the small world.

    For a space without joints whose bodies are as many as in the record, and where nobody slept in it.

    Parameters
    ----------
    bundle : array
        Words of what calls :func:`physics_fixed.incremental.rows.find_changed_rows`, :func:`begin_again`,
        :func:`physics_fixed.incremental.cache.choose_contacts` and :func:`gather_few`.
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
    counts[ANY_FLAGS] = flags_of_any(count, flags)
    if counts[ANY_FLAGS] & FLAG_ASLEEP != 0 or difference_from_zero(forces) != 0:
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
    if call_far(bundle, BEGIN, begin_again, (crew, count, count, changed_count)) == 0:
        return TOO_MUCH
    call_far(bundle, CHOOSE, choose_contacts, (count, *contacts))
    base, added = contacts[1], contacts[4]
    row_count, chosen_count = counts[ROW_COUNT], counts[CHOSEN_COUNT]
    chosen_added_count = counts[CHOSEN_ADDED_COUNT]
    if row_count > body_room or chosen_count + chosen_added_count > contact_room:
        return CHOSEN
    call_far(bundle, GATHER, gather_few, (row_count, chosen_count, base, chosen_added_count, added))
    return GATHERED


@kernel(
    f"void(int64,int64,int64,{_T(patch_contacts, 0, 9)},int64[::1],int64[::1],{PARTS},{PARTS},"
    f"{_T(label_islands, 1, 3)},{_T(label_islands, 4, 6)},{_T(join_swept, 1, 2)},{_T(join_swept, 3)},"
    f"int64[::1],int64[::1],{_T(patch_contacts, 9)},{_T(label_islands, 6, 12)},{_T(join_sleepers, 1, 5)})"
)
def patch_record(
    dirty_count: int,
    row_count: int,
    pair_count: int,
    merging: Given,
    dirty_rows: Words,
    dirty_places: Words,
    few: Parts,
    result: Parts,
    kinds: Given,
    touching: Given,
    flags: Given,
    pairs: Given,
    rows: Words,
    island: Words,
    contacts: Given,
    edges: Given,
    before: Given,
) -> None:
    """Put what the small world has become into the record.

    Parameters
    ----------
    row_count, pair_count : int
        Bodies of the small world, and its candidate pairs.
    dirty_rows, dirty_places : (dirty_count,)
        The dirty bodies, and where they stand in the small world.
    few, result : arenas
        The small world's bodies, and those of the record when its step ended.
    merging, contacts : tuples
        What :func:`physics_fixed.incremental.cache.patch_contacts` takes.
    kinds, touching, edges : tuples
        What :func:`physics_fixed.solver.islands.label_islands` takes beside counts and islands.
    flags, pairs, before : tuples
        Likewise :func:`physics_fixed.continuous.islands.join_swept`, of whose arguments the last is the
        labels by row of the small world, and :func:`physics_fixed.solver.islands.join_sleepers`.
    rows, island : arrays
        As :func:`physics_fixed.incremental.dirty.patch_islands` takes them.
    """
    contact_count, few_island = merging[8], pairs[1]
    copy_rows(dirty_count, dirty_places, *few, dirty_rows, *result)
    label_islands(row_count, *kinds, contact_count, *touching, *edges, few_island)  # type: ignore[call-arg]
    join_swept(row_count, *flags, pair_count, *pairs)  # type: ignore[call-arg]
    join_sleepers(row_count, *before, few_island)  # type: ignore[call-arg]
    patch_islands(dirty_count, dirty_rows, dirty_places, few_island, rows, island)
    patch_contacts(*merging, *contacts)


@kernel(f"void(int64[::1],int64,int64,int64,{_T(patch_contacts, 0, 9)})")
def patch_few(bundle: Words, dirty_count: int, row_count: int, pair_count: int, merging: Given) -> None:
    """The same as :func:`patch_record`, whose other arguments are in a bundle."""
    call_far(bundle, PATCH, patch_record, (dirty_count, row_count, pair_count, merging))
