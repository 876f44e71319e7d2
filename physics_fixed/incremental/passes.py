"""The passes of a partial step, each one call: what a late input costs is calls, where it reaches few bodies.

Each takes what the kernels in it want as tuples, in their order, and hands them over.
"""

from __future__ import annotations

from typing import Any, Final

from physics_fixed.broadphase.boxes import place_boxes
from physics_fixed.continuous.islands import join_swept
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.incremental.cache import gather_contacts, patch_contacts
from physics_fixed.incremental.dirty import find_dirty, patch_islands
from physics_fixed.incremental.rows import copy_rows
from physics_fixed.jit import kernel, tuple_of_arguments
from physics_fixed.layout import Bytes, Words
from physics_fixed.solver.islands import join_sleepers, label_islands

Parts = tuple[Words, Words, Bytes]
"""An arena, see :attr:`physics_fixed.arenas.Arena.parts`."""

Given = tuple[Any, ...]

_PARTS: Final = "Tuple((int64[:,::1],int64[::1],uint8[::1]))"


@kernel(
    f"int64(int64[::1],int64,int64,int64,int64[::1],int64[::1],{_PARTS},{_PARTS},{_PARTS},{_PARTS},{_PARTS},"
    f"{_PARTS},{_PARTS},{tuple_of_arguments(place_boxes, 2)},{tuple_of_arguments(find_dirty, 4)})"
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
    boxes, reach : tuples
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
    return find_dirty(count, old_count, changed_count, changed, *reach)


@kernel(
    f"void(int64,int64[::1],int64[::1],{_PARTS},{_PARTS},{_PARTS},{_PARTS},{_PARTS},{_PARTS},"
    f"{tuple_of_arguments(gather_contacts, 0)})"
)
def gather_few(
    row_count: int,
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

    ``contacts`` is what :func:`physics_fixed.incremental.cache.gather_contacts` takes, the rest as for
    :func:`begin_again`.
    """
    copy_rows(row_count, rows, *bodies, numbers, *few)
    copy_rows(row_count, rows, *steady, numbers, *few_steady)
    copy_rows(row_count, rows, *passing, numbers, *few_passing)
    gather_contacts(*contacts)


@kernel(
    f"void(int64,int64[::1],int64[::1],{_PARTS},{_PARTS},{tuple_of_arguments(label_islands, 0)},"
    f"{tuple_of_arguments(join_swept, 0)},{tuple_of_arguments(join_sleepers, 0)},"
    f"int64[::1],int64[::1],int64[::1],{tuple_of_arguments(patch_contacts, 0)})"
)
def patch_record(
    dirty_count: int,
    dirty_rows: Words,
    dirty_places: Words,
    few: Parts,
    result: Parts,
    labels: Given,
    swept: Given,
    sleepers: Given,
    few_island: Words,
    rows: Words,
    island: Words,
    contacts: Given,
) -> None:
    """Put what the small world has become into the record.

    Parameters
    ----------
    dirty_rows, dirty_places : (dirty_count,)
        The dirty bodies, and where they stand in the small world.
    few, result : arenas
        The small world's bodies, and those of the record when its step ended.
    labels, swept, sleepers, contacts : tuples
        What :func:`physics_fixed.solver.islands.label_islands`,
        :func:`physics_fixed.continuous.islands.join_swept`,
        :func:`physics_fixed.solver.islands.join_sleepers` and
        :func:`physics_fixed.incremental.cache.patch_contacts` take.
    few_island, rows, island : arrays
        As :func:`physics_fixed.incremental.dirty.patch_islands` takes them.
    """
    copy_rows(dirty_count, dirty_places, *few, dirty_rows, *result)
    label_islands(*labels)
    join_swept(*swept)
    join_sleepers(*sleepers)
    patch_islands(dirty_count, dirty_rows, dirty_places, few_island, rows, island)
    patch_contacts(*contacts)
