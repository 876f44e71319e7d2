"""The passes of a partial step, each one call.

Each takes what the kernels in it want as tuples, in their order, and hands them over.
"""

from __future__ import annotations

from typing import Any, Final

from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.continuous.islands import join_swept
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.incremental.cache import (
    gather_contacts,
    patch_contacts,
)
from physics_fixed.incremental.dirty import find_dirty, patch_islands
from physics_fixed.incremental.rows import PARTS, Parts, copy_rows
from physics_fixed.jit import kernel, tuple_of_arguments
from physics_fixed.layout import Words
from physics_fixed.solver.islands import join_sleepers, label_islands

Given = tuple[Any, ...]

_T: Final = tuple_of_arguments
_HELD_FIRST: Final = 18  # of the arguments of find_dirty: what holds bodies together, beside boxes


@kernel(
    f"int64(int64[::1],int64,int64,int64,{_T(find_dirty, _HELD_FIRST)},int64[::1],int64[::1],{PARTS},{PARTS},"
    f"{PARTS},{PARTS},{PARTS},{PARTS},{PARTS},{_T(place_boxes, 2)},{_T(find_dirty, 4, _HELD_FIRST)})"
)
def begin_again(
    crew: Words,
    count: int,
    old_count: int,
    changed_count: int,
    held: Given,
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
    boxes : tuple
        The rest of what :func:`physics_fixed.broadphase.boxes.place_boxes` takes, for the small world.
    reach, held : tuples
        The rest of what :func:`physics_fixed.incremental.dirty.find_dirty` takes.

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
