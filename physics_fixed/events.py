"""Contact events of the last step: which pairs began to touch, touch, or ceased to, and how hard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from physics_fixed.contacts import PHASE_BEGIN, PHASE_END, PHASE_NONE, PHASE_STAY
from physics_fixed.fixmath.wide import div_shift, length2, length3, mul_shift
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import (
    CONTACT_APPROACH,
    CONTACT_GROUP,
    CONTACT_NORMAL,
    CONTACT_PAIR,
    CONTACT_PHASE,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_ROW,
    POINT_ARM,
    POINT_TOTAL,
    POINTS_MAX,
    Words,
)
from physics_fixed.solver.rows import BALL_DRAG_TOTAL, FACE_DRAG_TOTAL

__all__ = ["PHASE_BEGIN", "PHASE_END", "PHASE_STAY", "ContactEvents", "gather_events", "no_events"]

_ROW_MASK = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class ContactEvents:
    """Contacts of one step, as arrays with one row per event.

    Order: first the ends of pairs of which a body was removed, then by row of a and row of b.

    Parameters
    ----------
    phase : (n,)
        0 begin, 1 stay, 2 end.
    body_a, body_b : (n,)
        Body ids; row of a < row of b, except that removed pairs keep the ids they had.
    user_a, user_b : (n,)
        The bodies' user ids.
    point_count : (n,)
        0 (a pair that ended without a contact) to 4.
    points_q24 : (n, 4, 3)
        World positions before the step, m; unused ones are 0.
    normal_q30 : (n, 3)
        Unit vector from a to b; zero if there is no point.
    approach_speed_q24 : (n,)
        Speed at which the surfaces approached along the normal, from the velocities before the step, m/s; the
        largest of the points; negative if they separated.
    normal_impulse_q24, friction_impulse_q24 : (n,)
        Impulse of the whole step, N s.
    """

    phase: Words
    body_a: Words
    body_b: Words
    user_a: Words
    user_b: Words
    point_count: Words
    points_q24: Words
    normal_q30: Words
    approach_speed_q24: Words
    normal_impulse_q24: Words
    friction_impulse_q24: Words

    @property
    def count(self) -> int:
        """Number of events."""
        return len(self.phase)

    def first(self, count: int) -> ContactEvents:
        """Views of the first rows."""
        return ContactEvents(*(getattr(self, name)[:count] for name in self.__slots__))


def no_events(count: int = 0) -> ContactEvents:
    """Arrays for so many events, all zero."""
    flat = [np.zeros(count, np.int64) for _ in range(9)]
    return ContactEvents(
        phase=flat[0],
        body_a=flat[1],
        body_b=flat[2],
        user_a=flat[3],
        user_b=flat[4],
        point_count=flat[5],
        points_q24=np.zeros((count, POINTS_MAX, 3), np.int64),
        normal_q30=np.zeros((count, 3), np.int64),
        approach_speed_q24=flat[6],
        normal_impulse_q24=flat[7],
        friction_impulse_q24=flat[8],
    )


@inline_kernel("int64(int64[::1],int64,int64)")
def reduced_mass_q24(inverse_mass_q40: Words, a: int, b: int) -> int:
    """1 / (sum of the inverse masses), kg."""
    return div_shift(1, inverse_mass_q40[a] + inverse_mass_q40[b], 64)


@kernel(
    "int64(int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64[::1],int64[:,::1],int64[::1],int64,int64[::1],int64[::1],"
    "int64[::1],int64[:,:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1])"
)
def gather_events(
    contact_count: int,
    contact: Words,
    point: Words,
    ball: Words,
    face: Words,
    ended_count: int,
    ended: Words,
    origin_q24: Words,
    inverse_mass_q40: Words,
    begin: int,
    phase: Words,
    pair: Words,
    point_count: Words,
    points_q24: Words,
    normal_q30: Words,
    approach_speed_q24: Words,
    normal_impulse_q24: Words,
    friction_impulse_q24: Words,
) -> int:
    """Merge contacts and vanished pairs in order of pairs into event arrays, from row ``begin``; rows used in
    the end.

    The arrays have room for all and are zero beyond ``begin``. ``pair`` takes the rows of both bodies.
    """
    index = 0
    gone = 0
    event = begin
    while index < contact_count or gone < ended_count:
        if gone < ended_count and (index == contact_count or ended[gone] < contact[index, CONTACT_PAIR]):
            phase[event] = PHASE_END
            pair[event] = ended[gone]
            event += 1
            gone += 1
            continue
        if contact[index, CONTACT_PHASE] == PHASE_NONE:
            index += 1
            continue
        a = contact[index, CONTACT_PAIR] >> 32
        b = contact[index, CONTACT_PAIR] & _ROW_MASK
        first = contact[index, CONTACT_POINT_FIRST]
        points = contact[index, CONTACT_POINT_COUNT]
        phase[event] = contact[index, CONTACT_PHASE]
        pair[event] = contact[index, CONTACT_PAIR]
        point_count[event] = points
        total = 0
        for k in range(points):
            total += point[first + k, POINT_TOTAL]
            for axis in range(3):
                points_q24[event, k, axis] = origin_q24[a, axis] + point[first + k, POINT_ARM + axis]
        for axis in range(3):
            normal_q30[event, axis] = contact[index, CONTACT_NORMAL + axis]
        approach_speed_q24[event] = contact[index, CONTACT_APPROACH]
        mass = reduced_mass_q24(inverse_mass_q40, a, b)
        normal_impulse_q24[event] = mul_shift(mass, total, 24)
        row = contact[index, CONTACT_ROW]
        if contact[index, CONTACT_GROUP] % 2 == 0:
            drag = length3(
                ball[row, BALL_DRAG_TOTAL], ball[row, BALL_DRAG_TOTAL + 1], ball[row, BALL_DRAG_TOTAL + 2]
            )
        else:
            drag = length2(face[row, FACE_DRAG_TOTAL], face[row, FACE_DRAG_TOTAL + 1])
        friction_impulse_q24[event] = mul_shift(mass, drag, 24)
        event += 1
        index += 1
    return event
