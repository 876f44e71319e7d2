"""Ranges of everything the engine takes, and the relations between them that the kernels rely on.

Raw numbers carry their format in the name. A change here changes what kernels may assume, so it is part of
the kernel fingerprint; each relation that a kernel needs is asserted below, where it can be seen to hold.
"""

from __future__ import annotations

_Q24 = 1 << 24
_Q30 = 1 << 30
_Q40 = 1 << 40
_INT64 = 1 << 63

POSITION_MAX_Q24 = 16384 * _Q24
"""Largest coordinate of a body's centre, m; the step clamps to it."""
VELOCITY_MAX_Q24 = 256 * _Q24
"""Largest component of a velocity, m/s; the step clamps to it."""
ANGULAR_VELOCITY_MAX_Q24 = 128 * _Q24
"""Largest component of an angular velocity, rad/s; the step clamps to it."""
GRAVITY_MAX_Q24 = 1000 * _Q24
"""Largest component of gravity, m/s^2."""

LENGTH_MIN_Q24 = _Q24 // 256
"""Smallest half extent or radius of a shape, m (3.9 mm)."""
LENGTH_MAX_Q24 = 4096 * _Q24
"""Largest half extent or radius of a shape, m."""

MASS_MIN_Q24 = _Q24 // 1000
"""Smallest mass of a dynamic body, kg (1 g)."""
MASS_MAX_Q24 = 100_000 * _Q24
"""Largest mass of a dynamic body, kg."""
INVERSE_MASS_MAX_Q40 = 1001 * _Q40
"""Bound of an inverse mass, 1/kg: that of the smallest mass, rounded up."""
INVERSE_INERTIA_MAX_Q40 = (1 << 23) * _Q40 - 1
"""Largest inverse moment of inertia, 1/(kg m^2): all that Q23.40 holds."""

FRICTION_MAX_Q24 = 16 * _Q24
"""Largest coefficient of friction."""
RESTITUTION_MAX_Q24 = _Q24
"""Largest coefficient of restitution."""
GRAVITY_SCALE_MAX_Q24 = 16 * _Q24
"""Largest factor of a body's own on gravity."""
DAMPING_MAX_Q24 = 1024 * _Q24
"""Largest damping of a velocity, 1/s."""
FORCE_MAX_Q24 = 1 << 50
"""Largest component of the force on a body, N (6.7e7)."""
TORQUE_MAX_Q24 = 1 << 50
"""Largest component of the torque on a body, N m (6.7e7)."""
IMPULSE_MAX_Q24 = 1 << 50
"""Largest component of an impulse, N s (6.7e7)."""
ANGULAR_IMPULSE_MAX_Q24 = 1 << 50
"""Largest component of an angular impulse, N m s (6.7e7)."""

TICK_RATE_MIN = 10
TICK_RATE_MAX = 480
"""Ticks per second."""
SLEEP_TICKS_MAX = 255
"""Ticks that bodies rest before they fall asleep; half a second at the highest tick rate."""
SUBSTEP_COUNT_MIN = 1
SUBSTEP_COUNT_MAX = 16
"""Solver substeps per tick."""

# The square of a distance between any two points of any two shapes fits the 126 bits of a root.
assert 3 * (2 * POSITION_MAX_Q24 + 4 * LENGTH_MAX_Q24) ** 2 < 1 << 126

# A velocity along a unit vector is a one-word dot product: |v| <= sqrt(3) * VELOCITY_MAX, |n| <= 1 + 2^-28.
# (For lengths that holds up to 292 m only: geometry takes the wide products.)
assert 7 * VELOCITY_MAX_Q24 * (_Q30 + 4) < 4 * _INT64  # 7/4 > sqrt(3)
assert 7 * ANGULAR_VELOCITY_MAX_Q24 * (_Q30 + 4) < 4 * _INT64

# The ticks that a body has rested are counted in one byte, and half a second is among them.
assert TICK_RATE_MAX // 2 <= SLEEP_TICKS_MAX < 256

# A tick moves a body by less than the range, at the lowest tick rate.
assert VELOCITY_MAX_Q24 // TICK_RATE_MIN < POSITION_MAX_Q24

# Inverse mass fits its format, and a mass times its inverse is near one.
assert INVERSE_MASS_MAX_Q40 < _INT64
assert INVERSE_MASS_MAX_Q40 * MASS_MIN_Q24 >= _Q24 * _Q40
assert (_Q24 * _Q40) // MASS_MAX_Q24 > 1 << 20, "the inverse of the largest mass keeps 20 significant bits"
assert INVERSE_INERTIA_MAX_Q40 < _INT64

# An impulse times an inverse mass is a velocity that fits one word; so is a force's in a second.
assert IMPULSE_MAX_Q24 * INVERSE_MASS_MAX_Q40 < _INT64 * _Q40
assert FORCE_MAX_Q24 * INVERSE_MASS_MAX_Q40 < _INT64 * _Q40
