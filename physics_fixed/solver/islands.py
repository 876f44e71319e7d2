"""Islands: dynamic bodies that contacts and joints hold together.

Union by smallest row, so the name of an island depends on its members alone, not on the order of contacts and
joints or on other islands.
"""

from __future__ import annotations

from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import DYNAMIC, FLAG_ASLEEP, TOUCHING_SENSOR, Bytes, Words
from physics_fixed.solver.joints.colouring import is_whole
from physics_fixed.solver.joints.rows import WORLD_ROW

_ROW_MASK = 0xFFFFFFFF


@inline_kernel("int64(int64[::1],int64)")
def root_of(island: Words, row: int) -> int:
    """Smallest row known to be in the island of ``row``; halves the path to it."""
    while island[row] != row:
        island[row] = island[island[row]]
        row = island[row]
    return row


@inline_kernel("void(int64[::1],int64,int64)")
def join_islands(island: Words, a: int, b: int) -> None:
    """Make one island of those of two rows; nothing if one of them is in none."""
    if island[a] < 0 or island[b] < 0:
        return
    a = root_of(island, a)
    b = root_of(island, b)
    if a < b:
        island[b] = a
    else:
        island[a] = b


@kernel("void(int64,uint8[::1],int64,int64[::1],uint8[::1],int64[::1])")
def join_sleepers(
    count: int, flags: Bytes, contact_count: int, pair: Words, touching: Bytes, island: Words
) -> None:
    """Join the islands that contacts of sleeping bodies held together when a step began.

    Along these contacts they wake each other, so they are an island of the step, whatever it found.

    Parameters
    ----------
    flags : (count,)
        Column of the table of bodies when the step began.
    pair, touching : (contact_count,)
        Columns of the table of contacts when it began.
    island : (count,)
        From :func:`label_islands`, after the step; written.
    """
    for index in range(contact_count):
        a = pair[index] >> 32
        b = pair[index] & _ROW_MASK
        if touching[index] & TOUCHING_SENSOR == 0 and (flags[a] | flags[b]) & FLAG_ASLEEP != 0:
            join_islands(island, a, b)
    for row in range(count):
        if island[row] >= 0:
            island[row] = island[island[row]]


@kernel(
    "void(int64,uint8[::1],uint8[::1],int64,int64[::1],uint8[::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[::1],int64[::1])"
)
def label_islands(
    count: int,
    alive: Bytes,
    kind: Bytes,
    contact_count: int,
    pair: Words,
    touching: Bytes,
    joint_count: int,
    joint_alive: Bytes,
    joint_flags: Bytes,
    broken: Bytes,
    row_a: Words,
    row_b: Words,
    island: Words,
) -> None:
    """Write the smallest row of its island for each dynamic body, -1 for all other rows.

    Parameters
    ----------
    alive, kind : (n,)
        Columns of the table of bodies.
    pair, touching : (contact_count,)
        Columns of the table of contacts. Contacts whose gap is still open count: the solver may close them.
        Those of sensors do not.
    joint_alive, joint_flags, broken, row_a, row_b : (joint_count,)
        Columns of the tables of joints. Those that are disabled or broken do not count.
    island : (count,), written
    """
    for row in range(count):
        island[row] = row if alive[row] != 0 and kind[row] == DYNAMIC else -1
    for index in range(contact_count):
        if touching[index] & TOUCHING_SENSOR == 0:
            join_islands(island, pair[index] >> 32, pair[index] & _ROW_MASK)
    for joint in range(joint_count):
        if is_whole(joint_alive, joint_flags, broken, joint) != 0 and row_b[joint] != WORLD_ROW:
            join_islands(island, row_a[joint], row_b[joint])
    for row in range(count):  # a root is smaller than its members, so it is final when they come
        if island[row] >= 0:
            island[row] = island[island[row]]
