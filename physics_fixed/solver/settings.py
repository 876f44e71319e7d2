"""Constants of the solver for one tick rate and number of substeps, as integers computed exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np

from physics_fixed.layout import Words

# settings[]: what the kernels read.
SUBSTEP_COUNT: Final = 0
SUBSTEP_RATE: Final = 1  # substeps per second
TICK_Q40: Final = 2  # duration of a tick, s
SUBSTEP_Q40: Final = 3  # duration of a substep, s
PAIR_SOFTNESS: Final = 4  # three numbers, for contacts between dynamic bodies
BOUNDARY_SOFTNESS: Final = 7  # the same for contacts with bodies that do not yield
PUSH_OUT_MAX: Final = 10  # q24 m/s: overlap is removed no faster than this
BOUNCE_THRESHOLD: Final = 11  # q24 m/s: slower contacts do not bounce
JOINT_SOFTNESS: Final = 12  # three numbers, for locked axes and limits of joints
JOINT_PUSH_OUT_MAX: Final = 15  # q24 m/s: errors of joints are removed no faster than this
SLEEP_TICKS: Final = 16  # ticks that an island must have been still before it falls asleep; 0: never
STILL_SPEED: Final = 17  # q24 m/s: a slower body is still
STILL_SHIFT: Final = 18  # q28 m: if it also moves no more than this in a tick
SETTINGS_LENGTH: Final = 19

# The three numbers of a softness.
MASS_SCALE: Final = 0  # q60
IMPULSE_SCALE: Final = 1  # q60
BIAS_RATE: Final = 2  # q54, 1/s

_PI = Fraction(314159265358979323846264338327950288, 10**35)
# Contacts between dynamic bodies are springs of this frequency (Hz); those with static ones of twice that.
# Measured with four substeps on a stack of ten, a wall of 31 rows and a pile: 30 Hz sinks and buckles more,
# from 45 Hz on the wall starts to hum, because two faces under a box make it stiffer than one. Ratios of 5
# and 10, as other engines have them, leave less leak in the accumulated pushes than it takes to stop the wall
# from swaying.
_CONTACT_FREQUENCY_MAX = 38
_DAMPING_RATIO = Fraction(3, 2)
_JOINT_FREQUENCY_MAX = 60
_JOINT_DAMPING_RATIO = Fraction(2)
_JOINT_FREQUENCY_SHARE = Fraction(3, 16)
_JOINT_PUSH_OUT_MAX_Q24 = 16 << 24
_FREQUENCY_SHARE = Fraction(4, 25)  # of the substep rate that is still resolved
_PUSH_OUT_MAX_Q24 = 3 << 24
_BOUNCE_THRESHOLD_Q24 = 1 << 24
_STILL_SPEED = Fraction(1, 20)  # m/s
_STILL_SHIFT_SHARE = 2  # as in Box2D: what is pushed out of another moves without a velocity, and ends soon


def _softness(
    frequency: Fraction, substep: Fraction, ratio: Fraction = _DAMPING_RATIO
) -> tuple[int, int, int]:
    """Mass scale (Q60), impulse scale (Q60) and bias rate (Q54) of a damped spring taken implicitly.

    Source: Erin Catto, "Soft Constraints", GDC 2011, in the form of Box2D 3 (``b2MakeSoft``).
    """
    omega = 2 * _PI * frequency
    a1 = 2 * ratio + substep * omega
    a2 = substep * omega * a1
    a3 = 1 / (1 + a2)
    return round(a2 * a3 * 2**60), round(a3 * 2**60), round(omega / a1 * 2**54)


def solver_settings(tick_rate: int, substep_count: int, sleep_ticks: int = 0) -> Words:
    """The array of settings for a tick rate (1/s), a number of substeps per tick and the ticks after which
    what is still falls asleep; shape (SETTINGS_LENGTH,).
    """
    substep = Fraction(1, tick_rate * substep_count)
    frequency = min(Fraction(_CONTACT_FREQUENCY_MAX), tick_rate * substep_count * _FREQUENCY_SHARE)
    settings = np.zeros(SETTINGS_LENGTH, np.int64)
    settings[SUBSTEP_COUNT] = substep_count
    settings[SUBSTEP_RATE] = tick_rate * substep_count
    settings[TICK_Q40] = round(Fraction(1, tick_rate) * 2**40)
    settings[SUBSTEP_Q40] = round(substep * 2**40)
    settings[PAIR_SOFTNESS : PAIR_SOFTNESS + 3] = _softness(frequency, substep)
    settings[BOUNDARY_SOFTNESS : BOUNDARY_SOFTNESS + 3] = _softness(2 * frequency, substep)
    settings[JOINT_SOFTNESS : JOINT_SOFTNESS + 3] = _softness(
        min(Fraction(_JOINT_FREQUENCY_MAX), tick_rate * substep_count * _JOINT_FREQUENCY_SHARE),
        substep,
        _JOINT_DAMPING_RATIO,
    )
    settings[JOINT_PUSH_OUT_MAX] = _JOINT_PUSH_OUT_MAX_Q24
    settings[PUSH_OUT_MAX] = _PUSH_OUT_MAX_Q24
    settings[BOUNCE_THRESHOLD] = _BOUNCE_THRESHOLD_Q24
    settings[SLEEP_TICKS] = sleep_ticks
    settings[STILL_SPEED] = round(_STILL_SPEED * 2**24)
    settings[STILL_SHIFT] = round(_STILL_SHIFT_SHARE * _STILL_SPEED / tick_rate * 2**28)
    return settings
