"""Who rests when a step begins: sleeping bodies whose seal is whole, and scenery that nobody has touched."""

from __future__ import annotations

from typing import Final

from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import (
    DYNAMIC,
    FLAG_ASLEEP,
    FLAG_DISABLED,
    FLAG_NO_SLEEP,
    KINEMATIC,
    Bytes,
    Words,
)
from physics_fixed.sleeping.fingerprints import fingerprint_of_settings

# rest[row]. The product of two is at least REST_ASLEEP if nothing happens between the two.
REST_NOT: Final = 0  # awake, moving, changed since the last step, disabled or dead
REST_SCENERY: Final = 1  # static or kinematic
REST_ASLEEP: Final = 2

# was_asleep[row], when the step began, whatever woke it since.
SLEPT_NOT: Final = 0
SLEPT_BADLY: Final = 1  # its seal was broken, or it was disabled
SLEPT_WELL: Final = 2

# counts[]: what the kernels say.
CANDIDATE_COUNT: Final = 0  # bodies that may rest
MOVING_COUNT: Final = 1  # bodies that the solver moves, as far as is known
ASLEEP_COUNT: Final = 2  # sleeping bodies
SLEPT_COUNT: Final = 3  # those that are SLEPT_WELL
COUNTS_LENGTH: Final = 4

_FLAGS_AWAKE = 255 - FLAG_ASLEEP
_CREEP_MAX_Q24 = 1 << 8  # m/s and rad/s: a kinematic body slower than that (1 mm in a minute) stands


@inline_kernel("boolean(int64[:,::1],int64)")
def creeps(vectors_q24: Words, row: int) -> bool:
    """Whether a vector is as good as zero."""
    for axis in range(3):
        if abs(vectors_q24[row, axis]) > _CREEP_MAX_Q24:
            return False
    return True


@inline_kernel("boolean(int64[:,::1],int64[:,::1],int64)")
def is_pushed(force_q24: Words, torque_q24: Words, row: int) -> bool:
    """Whether a force or a torque is to act on a body."""
    for axis in range(3):
        if force_q24[row, axis] != 0 or torque_q24[row, axis] != 0:
            return True
    return False


@inline_kernel("void(int64,uint8[::1],uint8[::1],int64[::1])")
def wake_row(row: int, flags: Bytes, still_ticks: Bytes, seal: Words) -> None:
    """Write what an awake body has in the columns of sleep."""
    flags[row] &= _FLAGS_AWAKE
    still_ticks[row] = 0
    seal[row] = 0


@kernel("void(int64,uint8[::1],uint8[::1],int64[::1],int64[::1],int64[::1])")
def wake_everybody(
    count: int, flags: Bytes, still_ticks: Bytes, seal: Words, rest: Words, restless: Words
) -> None:
    """Clear the columns of sleep: nobody sleeps in this space."""
    for row in range(count):
        wake_row(row, flags, still_ticks, seal)
        rest[row] = REST_NOT
        restless[row] = 0


@kernel(
    "void(int64,uint8[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def find_candidates(
    count: int,
    alive: Bytes,
    kind: Bytes,
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    force_q24: Words,
    torque_q24: Words,
    rest: Words,
    was_asleep: Words,
    restless: Words,
    rows: Words,
    counts: Words,
) -> None:
    """List the bodies that may rest, whose fingerprints decide.

    Parameters
    ----------
    alive, kind, ... : arrays
        Columns of the table of bodies. Those of sleep are cleared where a body cannot rest.
    rest : (n,), written
        REST_NOT for all.
    was_asleep : (n,), written
        SLEPT_BADLY for those that sleep, else SLEPT_NOT.
    restless : (n,), written
        1 for dynamic bodies that may not count this tick as still.
    rows : (n,), written
        The candidates.
    counts : (COUNTS_LENGTH,), written
        CANDIDATE_COUNT, MOVING_COUNT (dynamic bodies that are awake, and all kinematic ones).
    """
    listed = moving = 0
    for row in range(count):
        rest[row] = REST_NOT
        was_asleep[row] = SLEPT_NOT
        restless[row] = 0
        if alive[row] == 0:
            continue
        if kind[row] == DYNAMIC and flags[row] & FLAG_ASLEEP != 0:
            was_asleep[row] = SLEPT_BADLY
            if flags[row] & FLAG_DISABLED != 0:
                wake_row(row, flags, still_ticks, seal)
                continue
            rows[listed] = row
            listed += 1
            continue
        if flags[row] & FLAG_DISABLED != 0:
            seal[row] = 0  # when it comes back, it is new to all that it meets
            continue
        if kind[row] == DYNAMIC:
            moving += 1
            seal[row] = 0
            if flags[row] & FLAG_NO_SLEEP != 0 or is_pushed(force_q24, torque_q24, row):
                restless[row] = 1
            continue
        flags[row] &= _FLAGS_AWAKE  # of a body that slept, and was made scenery by who wrote its cell
        if kind[row] == KINEMATIC:
            moving += 1
            if not (creeps(velocity_q24, row) and creeps(angular_velocity_q24, row)):
                seal[row] = 0
                continue
        rows[listed] = row
        listed += 1
    counts[CANDIDATE_COUNT] = listed
    counts[MOVING_COUNT] = moving


@kernel(
    "void(int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],uint8[::1],uint8[::1],uint8[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1],int64[::1])"
)
def check_seals(
    rows: Words,
    fingerprint: Words,
    gravity_q24: Words,
    settings: Words,
    weights: Words,
    kind: Bytes,
    flags: Bytes,
    still_ticks: Bytes,
    seal: Words,
    force_q24: Words,
    torque_q24: Words,
    rest: Words,
    was_asleep: Words,
    restless: Words,
    counts: Words,
) -> None:
    """Let those rest whose seal is whole, wake the others, and seal scenery as it is.

    Parameters
    ----------
    rows, fingerprint : (candidates,)
        From :func:`find_candidates` and :func:`physics_fixed.sleeping.fingerprints.fingerprint_rows`.
    gravity_q24, settings, weights : arrays
        What the seals of sleeping bodies cover besides.
    kind, ... : arrays
        Columns of the table of bodies; those of sleep are written.
    rest, was_asleep, restless : (n,), written for the candidates
    counts : (COUNTS_LENGTH,)
        ASLEEP_COUNT and SLEPT_COUNT are written; MOVING_COUNT goes up with each that wakes.
    """
    world = fingerprint_of_settings(gravity_q24, settings, weights)
    asleep = 0
    for k in range(counts[CANDIDATE_COUNT]):
        row = rows[k]
        if kind[row] != DYNAMIC:
            rest[row] = REST_SCENERY if seal[row] == fingerprint[k] else REST_NOT
            seal[row] = fingerprint[k]
        elif seal[row] == fingerprint[k] ^ world:
            rest[row] = REST_ASLEEP
            was_asleep[row] = SLEPT_WELL
            asleep += 1
        else:
            wake_row(row, flags, still_ticks, seal)
            counts[MOVING_COUNT] += 1
            if flags[row] & FLAG_NO_SLEEP != 0 or is_pushed(force_q24, torque_q24, row):
                restless[row] = 1
    counts[ASLEEP_COUNT] = asleep
    counts[SLEPT_COUNT] = asleep
