"""Which bodies a step must compute again, given which ones changed.

Terms as in docs/physics/incremental.md: *changed* bodies differ from the record when the step begins; the
*dirty* ones are those and all islands of the record that they touch; *boundary* bodies do not yield (static,
kinematic, sensors), and are needed to compute the dirty ones, but their own record stands.
"""

from __future__ import annotations

from typing import Final

from physics_fixed.fixmath.scalar import maximum, minimum
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import ACTIVE_DYNAMIC, Bytes, Words
from physics_fixed.solver.joints.rows import WORLD_ROW

# role[row]
ROLE_NONE: Final = 0
ROLE_DIRTY: Final = 1
ROLE_BOUNDARY: Final = 2

PROBE_WIDTH: Final = 6

# counts[]: what find_dirty says.
DIRTY_LIVE: Final = 5  # dirty bodies that are alive
LIVE_COUNT: Final = 6  # all that are

_FAR = 1 << 62
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
        probe[0, axis] = minimum(probe[0, axis], box_q24[row, axis])
        probe[0, 3 + axis] = maximum(probe[0, 3 + axis], box_q24[row, 3 + axis])


@inline_kernel("void(int64[:,::1])")
def start_probes(probe: Words) -> None:
    """Make ``probe[0]`` enclose nothing."""
    for axis in range(3):
        probe[0, axis] = _FAR
        probe[0, 3 + axis] = -_FAR


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
    "int64(int64,int64,int64,int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[::1],int64[::1],uint8[::1],"
    "uint8[::1],int64[:,::1])"
)
def mark_changed(
    count: int,
    old_count: int,
    changed_count: int,
    changed: Words,
    new_box_q24: Words,
    new_active: Words,
    box_q24: Words,
    active: Words,
    island: Words,
    hit: Bytes,
    role: Bytes,
    probe: Words,
) -> int:
    """Mark the changed bodies and their recorded islands, collect the boxes they reach and, if they do not
    yield, reached, and put the new boxes into the record; one past the last probe.
    """
    start_probes(probe)
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
    return probe_end


@inline_kernel("void(int64,int64,int64[::1],uint8[::1],uint8[::1])")
def hit_held(a: int, b: int, island: Words, role: Bytes, hit: Bytes) -> None:
    """Mark the recorded island of a body that is held to one that changed."""
    if role[a] == ROLE_DIRTY and island[b] >= 0:
        hit[island[b]] = 1
    if role[b] == ROLE_DIRTY and island[a] >= 0:
        hit[island[a]] = 1


@device_kernel(
    "int64(int64,int64,int64,int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[::1],int64[::1],uint8[::1],int64,"
    "uint8[::1],uint8[::1],int64[:,::1],int64[::1],int64,int64[::1],uint8[::1],int64,int64[::1],"
    "int64,uint8[::1],int64[::1],int64[::1])"
)
def find_dirty(
    count: int,
    old_count: int,
    changed_count: int,
    changed: Words,
    new_box_q24: Words,
    new_active: Words,
    box_q24: Words,
    active: Words,
    island: Words,
    alive: Bytes,
    limit: int,
    hit: Bytes,
    role: Bytes,
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
        The same as recorded, for all rows; written for those that changed.
    island : (n,)
        As recorded: the smallest row in it, -1 for rows that are in none.
    alive : (n,)
        Column of the table of bodies.
    limit : int
        If more bodies than that are dirty, it does not pay.
    hit : (n,), scratch
    role : (n,), written
        ROLE_DIRTY, ROLE_BOUNDARY (of bodies that a dirty one's box overlaps) or ROLE_NONE.
    probe : (2 n + 1, PROBE_WIDTH), scratch
    counts : array, written
        DIRTY_LIVE, LIVE_COUNT.
    base_pair, gone, added_pair : arrays
        Contacts when the step begins, see :mod:`physics_fixed.incremental.patched`.
    joint_alive, row_a, row_b : arrays
        Columns of the table of joints when the step begins.

    Returns
    -------
    int
        1, or 0 if there are too many; then only ``box_q24`` and ``active`` are complete.
    """
    for row in range(maximum(count, old_count)):
        hit[row] = 0
        role[row] = ROLE_NONE
    probe_end = mark_changed(
        count, old_count, changed_count, changed, new_box_q24, new_active, box_q24, active, island, hit, role,
        probe,
    )  # fmt: skip
    # Boxes do not say everything: a joint reaches farther, and so does the contact of a body that sleeps.
    for index in range(base_count):
        if gone[index] == 0:
            hit_held(base_pair[index] >> 32, base_pair[index] & _ROW_MASK, island, role, hit)
    for index in range(added_count):
        hit_held(added_pair[index] >> 32, added_pair[index] & _ROW_MASK, island, role, hit)
    for joint in range(joint_count):
        if joint_alive[joint] != 0 and row_b[joint] != WORLD_ROW:
            hit_held(row_a[joint], row_b[joint], island, role, hit)
    for row in range(minimum(count, old_count)):
        if island[row] < 0 or hit[island[row]] != 0 or active[row] == 0 or role[row] != ROLE_NONE:
            continue
        if meets_probe(box_q24, row, probe, probe_end) != 0:
            hit[island[row]] = 1
    dirty_count = live_count = dirty_live = 0
    start_probes(probe)
    probe_end = 1
    for row in range(count):
        if row < old_count and island[row] >= 0 and hit[island[row]] != 0:
            role[row] = ROLE_DIRTY
        lives = 1 if alive[row] != 0 else 0
        live_count += lives
        if role[row] == ROLE_DIRTY:
            dirty_count += 1
            dirty_live += lives
            if dirty_count > limit:
                return 0
            if active[row] != 0:
                put_probe(box_q24, row, probe, probe_end)
                probe_end += 1
    for row in range(count):
        if role[row] == ROLE_NONE and active[row] != 0 and active[row] != ACTIVE_DYNAMIC:
            if meets_probe(box_q24, row, probe, probe_end) != 0:
                role[row] = ROLE_BOUNDARY
    counts[DIRTY_LIVE] = dirty_live
    counts[LIVE_COUNT] = live_count
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
