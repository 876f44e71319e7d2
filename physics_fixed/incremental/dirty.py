"""Which bodies a step must compute again, given which ones changed.

Terms as in docs/physics/incremental.md: *changed* bodies differ from the record when the step begins; the
*dirty* ones are those and all islands of the record that they touch; *boundary* bodies do not yield (static,
kinematic, sensors), and are needed to compute the dirty ones, but their own record stands.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import ACTIVE_DYNAMIC, FLAG_ASLEEP, FLAG_CONTINUOUS, Bytes, Words
from physics_fixed.solver.joints.rows import WORLD_ROW

# role[row]
ROLE_NONE: Final = 0
ROLE_DIRTY: Final = 1
ROLE_BOUNDARY: Final = 2

PROBE_WIDTH: Final = 6

# Rows are passed over eight at a time, by the word in which their roles or kinds stand, and by the box around
# so many.
WORD_SHIFT: Final = 3
WORD_ROWS: Final = 1 << WORD_SHIFT
CHUNK_SHIFT: Final = 4
CHUNK_ROWS: Final = 1 << CHUNK_SHIFT
ALL_DYNAMIC: Final = 0x0101010101010101 * ACTIVE_DYNAMIC

# counts[]: what find_dirty says.
DIRTY_LIVE: Final = 5  # dirty bodies that are alive

_FAR = 1 << 62
_PASSES: Final = 3  # without a branch, over all bodies or contacts, in the time of one that looks things up
_BLOCK: Final = 256  # contacts that are looked through before anybody looks which
_ROW_MASK = 0xFFFFFFFF


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1],int64)")
def overlap(box_a: Words, a: int, box_b: Words, b: int) -> int:
    """1 if two boxes overlap or touch, else 0."""
    if box_a[a, 0] > box_b[b, 3] or box_b[b, 0] > box_a[a, 3]:
        return 0
    if box_a[a, 1] > box_b[b, 4] or box_b[b, 1] > box_a[a, 4]:
        return 0
    if box_a[a, 2] > box_b[b, 5] or box_b[b, 2] > box_a[a, 5]:
        return 0
    return 1


@inline_kernel("void(int64[:,::1],int64,int64[:,::1],int64)")
def put_probe(box_q24: Words, row: int, probe: Words, index: int) -> None:
    """Write a box into ``probe[index]``, and widen ``probe[0]``, which encloses all of them."""
    for axis in range(3):
        probe[index, axis] = box_q24[row, axis]
        probe[index, 3 + axis] = box_q24[row, 3 + axis]
    enclose(box_q24, row, probe, 0)


@inline_kernel("void(int64[:,::1],int64)")
def enclose_nothing(box_q24: Words, row: int) -> None:
    """Make a box overlap no other, and be part of any that encloses it."""
    for axis in range(3):
        box_q24[row, axis] = _FAR
        box_q24[row, 3 + axis] = -_FAR


@inline_kernel("void(int64[:,::1],int64,int64[:,::1],int64)")
def enclose(box_q24: Words, row: int, outer_q24: Words, outer: int) -> None:
    """Widen a box so that it encloses another."""
    for axis in range(3):
        outer_q24[outer, axis] = minimum(outer_q24[outer, axis], box_q24[row, axis])
        outer_q24[outer, 3 + axis] = maximum(outer_q24[outer, 3 + axis], box_q24[row, 3 + axis])


@kernel("void(int64,int64[:,::1],uint8[::1],int64[:,::1])")
def enclose_chunks(count: int, box_q24: Words, active: Bytes, chunk_q24: Words) -> None:
    """Find the boxes around so many rows each.

    Parameters
    ----------
    box_q24 : (n, 6), active : (n,)
        Boxes of the bodies, and what they are to the broadphase: 0 for those that have none.
    chunk_q24 : (chunks, 6), written
        All of it: rows beyond ``count`` add nothing.
    """
    for chunk in range(chunk_q24.shape[0]):
        enclose_nothing(chunk_q24, chunk)
        for row in range(chunk << CHUNK_SHIFT, minimum(count, (chunk + 1) << CHUNK_SHIFT)):
            if active[row] != 0:
                enclose(box_q24, row, chunk_q24, chunk)


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1],int64)")
def meets_probe(box_q24: Words, row: int, probe: Words, probe_end: int) -> int:
    """1 if a box overlaps any of ``probe[1:probe_end]``, else 0."""
    if overlap(box_q24, row, probe, 0) == 0:
        return 0
    for index in range(1, probe_end):
        if overlap(box_q24, row, probe, index) != 0:
            return 1
    return 0


@device_kernel(
    "int64(int64,int64,int64,int64[::1],int64[:,::1],int64[::1],int64[:,::1],uint8[::1],int64[:,::1],int64[::1],"
    "uint8[::1],uint8[::1],int64[:,::1])"
)
def mark_changed(
    count: int,
    old_count: int,
    changed_count: int,
    changed: Words,
    new_box_q24: Words,
    new_active: Words,
    box_q24: Words,
    active: Bytes,
    chunk_q24: Words,
    island: Words,
    hit: Bytes,
    role: Bytes,
    probe: Words,
) -> int:
    """Mark the changed bodies and their recorded islands, collect the boxes they reach and, if they do not
    yield, reached, and put the new boxes into the record; one past the last probe.
    """
    enclose_nothing(probe, 0)
    probe_end = 1
    for k in range(changed_count):
        row = changed[k]
        if row < old_count:
            if island[row] >= 0:
                hit[island[row]] = 1
            if active[row] != 0 and active[row] != ACTIVE_DYNAMIC:
                put_probe(box_q24, row, probe, probe_end)
                probe_end += 1
        role[row] = ROLE_DIRTY  # also of those that are gone: their contacts go
        if row >= count:
            continue
        active[row] = new_active[k]
        if new_active[k] != 0:
            put_probe(new_box_q24, k, probe, probe_end)
            probe_end += 1
            for lane in range(6):
                box_q24[row, lane] = new_box_q24[k, lane]
            enclose(new_box_q24, k, chunk_q24, row >> CHUNK_SHIFT)
    return probe_end


@device_kernel(
    "void(int64,int64[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,uint8[::1])"
)
def hit_reached(
    count: int,
    island: Words,
    active: Bytes,
    role: Bytes,
    box_q24: Words,
    chunk_q24: Words,
    probe: Words,
    probe_end: int,
    hit: Bytes,
) -> None:
    """Mark the recorded islands of bodies whose box overlaps a probe."""
    for chunk in range((count + CHUNK_ROWS - 1) >> CHUNK_SHIFT):
        if overlap(chunk_q24, chunk, probe, 0) == 0:
            continue
        for row in range(chunk << CHUNK_SHIFT, minimum(count, (chunk + 1) << CHUNK_SHIFT)):
            if island[row] < 0 or hit[island[row]] != 0 or active[row] == 0 or role[row] != ROLE_NONE:
                continue
            if meets_probe(box_q24, row, probe, probe_end) != 0:
                hit[island[row]] = 1


@inline_kernel("void(int64,int64,int64[::1],uint8[::1],uint8[::1])")
def hit_held(a: int, b: int, island: Words, role: Bytes, hit: Bytes) -> None:
    """Mark the recorded island of a body that is held to one that changed."""
    if role[a] == ROLE_DIRTY and island[b] >= 0:
        hit[island[b]] = 1
    if role[b] == ROLE_DIRTY and island[a] >= 0:
        hit[island[a]] = 1


@inline_kernel("void(int64,int64[::1],uint8[::1])")
def mark_island(label: int, island: Words, role: Bytes) -> None:
    """Make dirty the bodies of one island, of those given."""
    for row in range(len(island)):
        role[row] = ROLE_DIRTY if island[row] == label else role[row]


@inline_kernel("int64(int64,int64[::1])")
def is_in_pairs(row: int, pair: Words) -> int:
    """Whether a row is in one of some pairs; all are looked at, without a branch."""
    found = 0
    for index in range(len(pair)):
        found |= (pair[index] >> 32 == row) | (pair[index] & _ROW_MASK == row)
    return found


@device_kernel("void(int64,int64[::1],uint8[::1],int64,int64[::1],int64[::1],uint8[::1],uint8[::1])")
def hit_held_by_contacts(
    contact_count: int,
    pair: Words,
    gone: Bytes,
    changed_count: int,
    changed: Words,
    island: Words,
    role: Bytes,
    hit: Bytes,
) -> None:
    """Mark the recorded islands of bodies that have a contact with one that changed: contact by contact only
    where one of few is among so many.
    """
    for begin in range(0, contact_count, _BLOCK):
        end = minimum(begin + _BLOCK, contact_count)
        is_in = 1 if changed_count > _PASSES else 0
        for k in range(minimum(changed_count, _PASSES)):
            is_in |= is_in_pairs(changed[k], pair[begin:end])
        if is_in == 0:
            continue
        for index in range(begin, end):
            if gone[index] == 0:
                hit_held(pair[index] >> 32, pair[index] & _ROW_MASK, island, role, hit)


@device_kernel("void(int64,int64[::1],uint8[::1],int64[::1],uint8[::1])")
def mark_islands(count: int, island: Words, hit: Bytes, hit_words: Words, role: Bytes) -> None:
    """Make dirty the bodies of the islands that are marked: few islands in a pass each, without a branch."""
    hit_count = 0
    for word in range((count + WORD_ROWS - 1) >> WORD_SHIFT):
        if hit_words[word] != 0:
            for row in range(word << WORD_SHIFT, minimum(count, (word + 1) << WORD_SHIFT)):
                if hit[row] == 0:
                    continue
                if hit_count < _PASSES:
                    mark_island(row, island[row:count], role[row:count])
                hit_count += 1
    if hit_count > _PASSES:
        for row in range(count):
            if island[row] >= 0 and hit[island[row]] != 0:
                role[row] = ROLE_DIRTY


@device_kernel(
    "int64(int64,int64,int64,int64[::1],int64[:,::1],int64[::1],int64[:,::1],uint8[::1],int64[::1],int64[:,::1],"
    "int64[::1],uint8[::1],uint8[::1],int64[::1],uint8[::1],int64[::1],int64[:,::1],int64[::1],int64,int64[::1],"
    "uint8[::1],int64,int64[::1],int64,uint8[::1],int64[::1],int64[::1])"
)
def find_dirty(
    count: int,
    old_count: int,
    changed_count: int,
    changed: Words,
    new_box_q24: Words,
    new_active: Words,
    box_q24: Words,
    active: Bytes,
    active_words: Words,
    chunk_q24: Words,
    island: Words,
    alive: Bytes,
    hit: Bytes,
    hit_words: Words,
    role: Bytes,
    role_words: Words,
    probe: Words,
    counts: Words,
    base_count: int,
    base_pair: Words,
    gone: Bytes,
    added_count: int,
    added_pair: Words,
    joint_count: int,
    joint_alive: Bytes,
    row_a: Words,
    row_b: Words,
) -> int:
    """Give each row its role: dirty, boundary or none.

    Parameters
    ----------
    count, old_count : int
        Rows of the table of bodies now, and as recorded.
    changed : (changed_count,)
        Rows that changed; those from ``count`` on are gone.
    new_box_q24 : (changed_count, 6), new_active : (changed_count,)
        Boxes of the changed bodies now, in their order, and what they are to the broadphase.
    box_q24 : (n, 6), active : (n,)
        The same as recorded, for all rows; written for those that changed. ``active_words`` is the memory of
        ``active``.
    chunk_q24 : (chunks, 6)
        Boxes around the recorded ones of CHUNK_ROWS rows each, or larger; widened by new ones.
    island : (n,)
        As recorded: the smallest row in it, -1 for rows that are in none.
    alive : (n,)
        Column of the table of bodies.
    hit : (n,), scratch
        ``hit_words`` is its memory.
    role : (n,), written
        ROLE_DIRTY, ROLE_BOUNDARY (of bodies that a dirty one's box overlaps) or ROLE_NONE; ``role_words`` is
        its memory.
    probe : (2 n + 1, PROBE_WIDTH), scratch
    counts : array, written
        DIRTY_LIVE.
    base_pair, gone, added_pair : arrays
        Contacts when the step begins, see :mod:`physics_fixed.incremental.patched`.
    joint_alive, row_a, row_b : arrays
        Columns of the table of joints when the step begins.

    Returns
    -------
    int
        1, or 0 if more than half of the bodies are dirty, which does not pay; then only ``box_q24`` and
        ``active`` are complete.
    """
    rows = maximum(count, old_count)
    for word in range((rows + WORD_ROWS - 1) >> WORD_SHIFT):
        hit_words[word] = 0
        role_words[word] = 0  # ROLE_NONE, eight times
    probe_end = mark_changed(
        count, old_count, changed_count, changed, new_box_q24, new_active, box_q24, active, chunk_q24, island,
        hit, role, probe,
    )  # fmt: skip
    # Boxes do not say everything: a joint reaches farther, and so does the contact of a body that sleeps.
    hit_held_by_contacts(base_count, base_pair, gone, changed_count, changed, island, role, hit)
    for index in range(added_count):
        hit_held(added_pair[index] >> 32, added_pair[index] & _ROW_MASK, island, role, hit)
    for joint in range(joint_count):
        if joint_alive[joint] != 0 and row_b[joint] != WORLD_ROW:
            hit_held(row_a[joint], row_b[joint], island, role, hit)
    both = minimum(count, old_count)
    hit_reached(both, island, active, role, box_q24, chunk_q24, probe, probe_end, hit)
    mark_islands(both, island, hit, hit_words, role)
    dirty_count = dirty_live = 0
    enclose_nothing(probe, 0)
    probe_end = 1
    for word in range((count + WORD_ROWS - 1) >> WORD_SHIFT):
        if role_words[word] == 0:
            continue
        for row in range(word << WORD_SHIFT, minimum(count, (word + 1) << WORD_SHIFT)):
            if role[row] != ROLE_DIRTY:
                continue
            dirty_count += 1
            dirty_live += alive[row] != 0
            if dirty_count > count >> 1:
                return 0
            if active[row] != 0:
                put_probe(box_q24, row, probe, probe_end)
                probe_end += 1
    for word in range((count + WORD_ROWS - 1) >> WORD_SHIFT):
        if active_words[word] == ALL_DYNAMIC:
            continue
        for row in range(word << WORD_SHIFT, minimum(count, (word + 1) << WORD_SHIFT)):
            if role[row] == ROLE_NONE and active[row] != 0 and active[row] != ACTIVE_DYNAMIC:
                if meets_probe(box_q24, row, probe, probe_end) != 0:
                    role[row] = ROLE_BOUNDARY
    counts[DIRTY_LIVE] = dirty_live
    return 1


@device_kernel("void(int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])")
def patch_islands(
    dirty_count: int, dirty_rows: Words, dirty_places: Words, new_island: Words, rows: Words, island: Words
) -> None:
    """Write the islands of the dirty bodies, which the small world names by its own rows, into the record."""
    for k in range(dirty_count):
        label = new_island[dirty_places[k]]
        island[dirty_rows[k]] = rows[label] if label >= 0 else -1


@kernel("int64(int64,uint8[::1])")
def flags_of_any(count: int, flags: Bytes) -> int:
    """The flags that at least one of the first rows has."""
    found = 0
    for flag in flags[:count]:
        found |= flag
    return found


@inline_kernel("boolean(int64)")
def has_bullets_among_sleepers(flags: int) -> bool:
    """Whether some body is a bullet, and some sleeps, given the flags of any.

    A bullet is held to whatever its box meets, but not while one of the two sleeps: who wakes would join
    islands that were apart in the record, although nothing of theirs has changed.
    """
    return flags & FLAG_CONTINUOUS != 0 and flags & FLAG_ASLEEP != 0
