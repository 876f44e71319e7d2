"""Waking: along contacts and joints, and by what is met anew."""

from __future__ import annotations

from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    ACTIVE_ASLEEP,
    ACTIVE_AWAKE,
    CONTACT_PAIR,
    COVER_TURN,
    DYNAMIC,
    FLAG_CONTINUOUS,
    FLAG_DISABLED,
    FLAG_SENSOR,
    STATIC,
    TOUCHING_SENSOR,
    Bytes,
    Words,
)
from physics_fixed.sleeping.resting import (
    ASLEEP_COUNT,
    MOVING_COUNT,
    REST_ASLEEP,
    REST_NOT,
    SLEPT_WELL,
    wake_row,
)
from physics_fixed.solver.islands import join_islands
from physics_fixed.solver.joints.colouring import is_whole
from physics_fixed.solver.joints.rows import WORLD_ROW

_ROW_MASK = 0xFFFFFFFF


@inline_kernel("int64(int64,int64[::1],uint8[::1],uint8[::1],int64[::1],int64[::1])")
def wake_sleeper(row: int, rest: Words, flags: Bytes, still_ticks: Bytes, seal: Words, counts: Words) -> int:
    """Wake a body if it sleeps; 1 if it did."""
    if rest[row] != REST_ASLEEP:
        return 0
    rest[row] = REST_NOT
    wake_row(row, flags, still_ticks, seal)
    counts[ASLEEP_COUNT] -= 1
    counts[MOVING_COUNT] += 1
    return 1


@inline_kernel(
    "int64(int64,int64,int64[::1],int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1])"
)
def follow_edge(
    a: int,
    b: int,
    rest: Words,
    island: Words,
    kind: Bytes,
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    counts: Words,
) -> int:
    """Join the islands of two bodies of which one sleeps, or wake the one if the other is scenery that does
    not rest; 1 if it woke.
    """
    if rest[a] != REST_ASLEEP and rest[b] != REST_ASLEEP:
        return 0
    if kind[a] == DYNAMIC and kind[b] == DYNAMIC:
        join_islands(island, a, b)
        return 0
    sleeper = a if rest[a] == REST_ASLEEP else b
    if rest[a + b - sleeper] != REST_NOT:
        return 0
    return wake_sleeper(sleeper, rest, flags, still_ticks, seal, counts)


@inline_kernel("boolean(int64,uint8[::1],int64[::1])")
def holds(row: int, flags: Bytes, was_asleep: Words) -> bool:
    """Whether a body is held by its joints, or was until it was disabled just now."""
    acts: bool = flags[row] & FLAG_DISABLED == 0 or was_asleep[row] != 0
    return acts


@device_kernel(
    "void(int64,uint8[::1],uint8[::1],int64,int64[::1],uint8[::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def follow_edges(
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
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    was_asleep: Words,
    rest: Words,
    island: Words,
    counts: Words,
) -> None:
    """Join sleeping bodies with what contacts and joints hold to them, and wake those held to scenery that
    does not rest.
    """
    for row in range(count):
        island[row] = row if alive[row] != 0 and kind[row] == DYNAMIC else -1
    for index in range(contact_count):
        if touching[index] & TOUCHING_SENSOR == 0:
            follow_edge(
                pair[index] >> 32, pair[index] & _ROW_MASK, rest, island, kind, flags, still_ticks, seal,
                counts,
            )  # fmt: skip
    for joint in range(joint_count):
        a = row_a[joint]
        b = row_b[joint]
        if is_whole(joint_alive, joint_flags, broken, joint) == 0 or b == WORLD_ROW:
            continue
        if holds(a, flags, was_asleep) and holds(b, flags, was_asleep):
            follow_edge(a, b, rest, island, kind, flags, still_ticks, seal, counts)


@kernel(
    "void(int64,uint8[::1],uint8[::1],int64,int64[::1],uint8[::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def spread_waking(
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
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    was_asleep: Words,
    rest: Words,
    island: Words,
    lively: Words,
    counts: Words,
) -> None:
    """Wake every sleeping body that contacts and joints hold, over any number of others, to one that is
    awake, or to scenery that does not rest.

    Parameters
    ----------
    alive, kind, flags, still_ticks, seal : arrays
        Columns of the table of bodies; those of sleep are written.
    pair, touching : arrays
        Columns of the table of contacts when the step began.
    joint_alive, ... : arrays
        See :meth:`physics_fixed.joints.collection.Joints.edges`.
    was_asleep, rest : (n,)
        See :func:`physics_fixed.sleeping.resting.find_candidates`; ``rest`` is written.
    island, lively : (n,), scratch
    counts : (COUNTS_LENGTH,), kept up to date
    """
    follow_edges(
        count, alive, kind, contact_count, pair, touching, joint_count, joint_alive, joint_flags, broken,
        row_a, row_b, flags, still_ticks, seal, was_asleep, rest, island, counts,
    )  # fmt: skip
    for row in range(count):
        lively[row] = 0
    for row in range(count):
        if island[row] >= 0:
            island[row] = island[island[row]]  # roots are smaller than their members, so they are final
            if rest[row] != REST_ASLEEP:
                lively[island[row]] = 1
    for row in range(count):
        if rest[row] == REST_ASLEEP and lively[island[row]] != 0:
            wake_sleeper(row, rest, flags, still_ticks, seal, counts)


@kernel("void(int64,int64[::1],int64[::1],int64[::1])")
def mark_activity(count: int, active: Words, rest: Words, meets: Words) -> None:
    """Write what bodies are to the search for pairs: ``active``, and whether they rest."""
    for row in range(count):
        state = ACTIVE_AWAKE if rest[row] == REST_NOT else 0
        if rest[row] == REST_ASLEEP:
            state = ACTIVE_ASLEEP
        meets[row] = active[row] | state if active[row] != 0 else 0


@inline_kernel("boolean(int64,int64,int64[::1],int64[::1])")
def sleeps_on(pair: int, sensor: int, was_asleep: Words, rest: Words) -> bool:
    """Whether a pair's contacts stay as they are: one of the two sleeps, and the other sleeps or rests.

    For a sensor's contact it counts who slept when the step began: who wakes in it wakes with all that hold
    it, and the island of the one has nothing to do with that of the other.
    """
    a = pair >> 32
    b = pair & _ROW_MASK
    rest_a = rest[a]
    rest_b = rest[b]
    if sensor != 0:
        rest_a = REST_ASLEEP if was_asleep[a] == SLEPT_WELL else rest_a
        rest_b = REST_ASLEEP if was_asleep[b] == SLEPT_WELL else rest_b
    same: bool = rest_a * rest_b >= REST_ASLEEP
    return same


@kernel("int64(int64,int64[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1])")
def split_pairs(
    pair_count: int, pairs: Words, flags: Bytes, was_asleep: Words, rest: Words, border: Words, kept: Words
) -> int:
    """Take out of the candidate pairs those that sleep on, and those of one that sleeps and one that does
    not.

    Parameters
    ----------
    pairs : (pair_count,)
        Ascending; what is left stays so.
    border : (pair_count,), written
        The pairs of one that sleeps and one that does not, ascending; sensors are not among them.
    kept : (1,), written
        How many pairs are left.

    Returns
    -------
    int
        How many pairs are in ``border``.
    """
    left = border_count = 0
    for index in range(pair_count):
        a = pairs[index] >> 32
        b = pairs[index] & _ROW_MASK
        sensor = (flags[a] | flags[b]) & FLAG_SENSOR
        if sleeps_on(pairs[index], sensor, was_asleep, rest):
            continue
        if sensor == 0 and (rest[a] == REST_ASLEEP or rest[b] == REST_ASLEEP):
            border[border_count] = pairs[index]
            border_count += 1
        else:
            pairs[left] = pairs[index]
            left += 1
    kept[0] = left
    return border_count


@kernel("int64(int64,int64[:,::1],int64[::1],uint8[::1],uint8[::1],int64[::1],int64[::1])")
def wake_met(
    contact_count: int,
    contact: Words,
    rest: Words,
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    counts: Words,
) -> int:
    """Wake the bodies that have one of these contacts; how many woke."""
    woken = 0
    for index in range(contact_count):
        for row in (contact[index, CONTACT_PAIR] >> 32, contact[index, CONTACT_PAIR] & _ROW_MASK):
            woken += wake_sleeper(row, rest, flags, still_ticks, seal, counts)
    return woken


@kernel(
    "int64(int64,int64[::1],uint8[::1],int64[:,::1],int64[::1],uint8[::1],uint8[::1],int64[::1],int64[::1])"
)
def wake_crossed(
    border_count: int,
    border: Words,
    kind: Bytes,
    cover_q24: Words,
    rest: Words,
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    counts: Words,
) -> int:
    """Wake the bodies in whose way one is that moves far in this tick, and that continuous collision has to
    stop it, or that it has to push: a bullet or a kinematic body; how many woke.

    Parameters
    ----------
    border : (border_count,)
        Pairs of one that sleeps and one that does not, whose boxes overlap.
    kind : (n,)
        Column of the table of bodies.
    cover_q24 : (n, COVER_WIDTH)
        From :func:`physics_fixed.broadphase.boxes.place_boxes`: COVER_TURN is -1 of what moves little. Not
        written for what is static.
    """
    woken = 0
    for index in range(border_count):
        a = border[index] >> 32
        b = border[index] & _ROW_MASK
        sleeper = a if rest[a] == REST_ASLEEP else b
        other = a + b - sleeper
        if kind[other] == STATIC or (kind[other] == DYNAMIC and flags[other] & FLAG_CONTINUOUS == 0):
            continue
        if cover_q24[other, COVER_TURN] < 0:
            continue
        woken += wake_sleeper(sleeper, rest, flags, still_ticks, seal, counts)
    return woken
