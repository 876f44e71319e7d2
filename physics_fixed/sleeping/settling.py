"""The end of a step: who was still in it, and which islands fall asleep."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    CONTACT_PAIR,
    CONTACT_SENSOR,
    DYNAMIC,
    FLAG_ASLEEP,
    FLAG_DISABLED,
    MOBILE_DYNAMIC,
    MOTION_SHIFT,
    MOTION_TURN,
    MOTION_V,
    MOTION_W,
    SHAPE_SPHERE,
    Bytes,
    Words,
)
from physics_fixed.sleeping.fingerprints import fingerprint_of_settings
from physics_fixed.sleeping.resting import REST_NOT
from physics_fixed.solver.islands import join_islands
from physics_fixed.solver.joints.colouring import is_whole
from physics_fixed.solver.joints.rows import AXES, MODE_MOTOR, WORLD_ROW
from physics_fixed.solver.settings import SLEEP_TICKS, STILL_SHIFT, STILL_SPEED

_ROW_MASK = 0xFFFFFFFF
_ONE_Q30 = 1 << 30
_BALL_TURNS = 5  # so much faster may a ball turn: one that spins in place takes up the same room as at rest


@inline_kernel("boolean(int64[:,::1],int64,int64,int64)")
def is_shorter(vectors: Words, row: int, lane: int, bound: int) -> bool:
    """Whether three cells are a vector no longer than a bound below 2^30."""
    squared = 0
    for axis in range(3):
        part = vectors[row, lane + axis]
        if abs(part) > bound:
            return False
        squared += part * part
    return squared <= bound * bound


@inline_kernel("void(int64,int64,uint8[::1],int64[::1],uint8[::1])")
def unsettle(row: int, other: int, kind: Bytes, rest: Words, still_ticks: Bytes) -> None:
    """Let a dynamic body not be still if ``other``, which it meets or is joined with, is scenery that does
    not rest.
    """
    if kind[row] == DYNAMIC and kind[other] != DYNAMIC and rest[other] == REST_NOT:
        still_ticks[row] = 0


@kernel(
    "void(int64,int64,int64[::1],int64[::1],uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[::1],uint8[:,::1],int64[:,::1])"
)
def count_still(
    count: int,
    contact_count: int,
    settings: Words,
    mobile: Words,
    kind: Bytes,
    shape: Bytes,
    flags: Bytes,
    still_ticks: Bytes,
    rest: Words,
    restless: Words,
    motion: Words,
    lever_q24: Words,
    contact: Words,
    joint_count: int,
    joint_alive: Bytes,
    joint_flags: Bytes,
    broken: Bytes,
    row_a: Words,
    row_b: Words,
    mode: Bytes,
    motor_speed_q24: Words,
) -> None:
    """Count this tick for every awake body that was still in it, and begin anew for the others.

    Parameters
    ----------
    settings : (SETTINGS_LENGTH,)
    mobile, motion : arrays
        As :func:`physics_fixed.solver.bodies.finish_bodies` left them.
    kind, shape, flags, still_ticks, lever_q24 : (n,)
        Columns of the table of bodies; ``still_ticks`` is written.
    rest, restless : (n,)
        See :mod:`physics_fixed.sleeping.resting`.
    contact : (contact_count, CONTACT_WIDTH)
        What the step found.
    joint_alive, ... : arrays
        See :meth:`physics_fixed.joints.collection.Joints.edges`; ``mode`` and ``motor_speed_q24`` are columns
        of the table of joints.
    """
    ticks = settings[SLEEP_TICKS]
    for row in range(count):
        if mobile[row] != MOBILE_DYNAMIC:
            continue
        turns = _BALL_TURNS if shape[row] == SHAPE_SPHERE else 1
        still = (
            restless[row] == 0
            and is_shorter(motion, row, MOTION_V, settings[STILL_SPEED])
            and is_shorter(motion, row, MOTION_W, turns * settings[STILL_SPEED])
            and is_shorter(motion, row, MOTION_SHIFT, settings[STILL_SHIFT])
            # The turn is in radians by now, Q30: the bound, Q28 m, goes over the lever, Q24 m.
            and is_shorter(
                motion,
                row,
                MOTION_TURN,
                minimum((turns * settings[STILL_SHIFT] << 26) // lever_q24[row], _ONE_Q30),
            )
        )
        if not still:
            still_ticks[row] = 0
        elif still_ticks[row] < ticks:
            still_ticks[row] += 1
    for index in range(contact_count):
        if contact[index, CONTACT_SENSOR] == 0:
            a = contact[index, CONTACT_PAIR] >> 32
            b = contact[index, CONTACT_PAIR] & _ROW_MASK
            unsettle(a, b, kind, rest, still_ticks)
            unsettle(b, a, kind, rest, still_ticks)
    for joint in range(joint_count):
        if is_whole(joint_alive, joint_flags, broken, joint) == 0:
            continue
        a = row_a[joint]
        b = row_b[joint]
        if flags[a] & FLAG_DISABLED != 0 or (b != WORLD_ROW and flags[b] & FLAG_DISABLED != 0):
            continue
        driven = False
        for axis in range(AXES):
            if mode[joint, axis] & MODE_MOTOR != 0 and motor_speed_q24[joint, axis] != 0:
                driven = True
        for end in range(2):
            row = a if end == 0 else b
            if row == WORLD_ROW or rest[row] != REST_NOT or kind[row] != DYNAMIC:
                continue
            if driven:
                still_ticks[row] = 0
            if b != WORLD_ROW:
                unsettle(row, a + b - row, kind, rest, still_ticks)


@device_kernel(
    "void(int64,int64[::1],int64,int64[:,::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],"
    "int64[::1])"
)
def label_awake(
    count: int,
    mobile: Words,
    contact_count: int,
    contact: Words,
    joint_count: int,
    joint_alive: Bytes,
    joint_flags: Bytes,
    broken: Bytes,
    row_a: Words,
    row_b: Words,
    island: Words,
) -> None:
    """Write the smallest row of its island for each dynamic body that is awake, -1 for all other rows."""
    for row in range(count):
        island[row] = row if mobile[row] == MOBILE_DYNAMIC else -1
    for index in range(contact_count):
        if contact[index, CONTACT_SENSOR] == 0:
            join_islands(island, contact[index, CONTACT_PAIR] >> 32, contact[index, CONTACT_PAIR] & _ROW_MASK)
    for joint in range(joint_count):
        if is_whole(joint_alive, joint_flags, broken, joint) != 0 and row_b[joint] != WORLD_ROW:
            join_islands(island, row_a[joint], row_b[joint])
    for row in range(count):
        if island[row] >= 0:
            island[row] = island[island[row]]


@kernel(
    "int64(int64,int64,int64,int64[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,"
    "uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def fall_asleep(
    count: int,
    ticks: int,
    contact_count: int,
    mobile: Words,
    flags: Bytes,
    still_ticks: Bytes,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    contact: Words,
    joint_count: int,
    joint_alive: Bytes,
    joint_flags: Bytes,
    broken: Bytes,
    row_a: Words,
    row_b: Words,
    island: Words,
    lively: Words,
    rows: Words,
) -> int:
    """Put every island to sleep of which all bodies have been still for so many ticks.

    Parameters
    ----------
    ticks : int
        At least 1.
    mobile : (n,)
        MOBILE_DYNAMIC for the bodies that are awake.
    flags, still_ticks, velocity_q24, angular_velocity_q24 : arrays
        Columns of the table of bodies, written for those that fall asleep.
    contact, joint_alive, ... : arrays
        What holds islands together.
    island, lively : (n,), scratch
    rows : (n,), written
        The bodies that fell asleep, ascending.

    Returns
    -------
    int
        How many fell asleep.
    """
    ready = 0
    for row in range(count):
        lively[row] = 0
        if mobile[row] == MOBILE_DYNAMIC and still_ticks[row] >= ticks:
            ready += 1
    if ready == 0:
        return 0
    label_awake(
        count, mobile, contact_count, contact, joint_count, joint_alive, joint_flags, broken, row_a, row_b,
        island,
    )  # fmt: skip
    for row in range(count):
        if island[row] >= 0 and still_ticks[row] < ticks:
            lively[island[row]] = 1
    found = 0
    for row in range(count):
        if island[row] < 0 or lively[island[row]] != 0:
            continue
        flags[row] |= FLAG_ASLEEP
        for axis in range(3):
            velocity_q24[row, axis] = 0
            angular_velocity_q24[row, axis] = 0
        rows[found] = row
        found += 1
    return found


@kernel("void(int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])")
def seal_rows(
    row_count: int,
    rows: Words,
    fingerprint: Words,
    gravity_q24: Words,
    settings: Words,
    weights: Words,
    seal: Words,
) -> None:
    """Write the seals of bodies that fell asleep, as :func:`physics_fixed.sleeping.resting.check_seals` reads
    them.
    """
    world = fingerprint_of_settings(gravity_q24, settings, weights)
    for k in range(row_count):
        seal[rows[k]] = fingerprint[k] ^ world
