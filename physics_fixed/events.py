"""Contact events of the last step: which pairs began to touch, touch, or ceased to, and how hard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from physics_fixed.bodies import ROW_BITS, ROW_MASK
from physics_fixed.fixmath.scalar import maximum
from physics_fixed.fixmath.wide import div_shift, length2, length3, mul_shift
from physics_fixed.jit import inline_kernel, kernel
from physics_fixed.layout import (
    CHILD_BITS,
    CHILD_MASK,
    CONTACT_APPROACH,
    CONTACT_GROUP,
    CONTACT_NORMAL,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_ROW,
    CONTACT_SENSOR,
    CONTACT_SUB,
    CONTACT_TOUCHED,
    CONTACT_TOUCHES,
    POINT_ARM,
    POINT_TOTAL,
    POINTS_MAX,
    Words,
)
from physics_fixed.narrowphase.pairing import comes_before
from physics_fixed.solver.rows import BALL_DRAG_TOTAL, FACE_DRAG_TOTAL, SPEED_MAX_Q24
from physics_fixed.step import Scratch
from physics_fixed.tables import Table

PHASE_BEGIN = 0
PHASE_STAY = 1
PHASE_END = 2
_ONE_Q24 = 1 << 24


@dataclass(frozen=True, slots=True)
class ContactEvent:
    """One row of :class:`ContactEvents`.

    Numbers without a format in their name are floats, for people.
    """

    phase: int
    body_a: int
    body_b: int
    user_a: int
    user_b: int
    child_a: int
    child_b: int
    points_q24: tuple[tuple[int, ...], ...]
    normal_q30: tuple[int, ...]
    approach_speed_q24: int
    normal_impulse_q24: int
    friction_impulse_q24: int

    @property
    def approach_speed(self) -> float:
        """How fast the surfaces approached before the step, m/s."""
        return self.approach_speed_q24 / _ONE_Q24

    @property
    def normal_impulse(self) -> float:
        """Impulse along the normal in the whole step, N s."""
        return self.normal_impulse_q24 / _ONE_Q24

    @property
    def friction_impulse(self) -> float:
        """Impulse of friction in the whole step, N s."""
        return self.friction_impulse_q24 / _ONE_Q24

    def has(self, body: int) -> bool:
        """Whether a body, by its id, is one of the two."""
        return body in (self.body_a, self.body_b)


@dataclass(frozen=True, slots=True)
class ContactEvents:
    """Contacts of one step, as arrays with one row per event; ``for event in events`` goes through the rows.

    Order: first the ends of pairs of which a body was removed, then by row of a and row of b.

    Parameters
    ----------
    phase : (n,)
        0 begin, 1 stay, 2 end.
    body_a, body_b : (n,)
        Body ids; row of a < row of b, except that removed pairs keep the ids they had.
    user_a, user_b : (n,)
        The bodies' user ids.
    child_a, child_b : (n,)
        Which part of a compound touches, 0 for all other shapes. There is one event for each two shapes.
    point_count : (n,)
        0 (a pair that ended without a contact) to 4.
    points_q24 : (n, 4, 3)
        World positions before the step, m; unused ones are 0.
    normal_q30 : (n, 3)
        Unit vector from a to b; zero if there is no point.
    approach_speed_q24 : (n,)
        Speed at which the surfaces approached along the normal, from the velocities before the step, m/s; the
        largest of the points; negative if they separated. 0 where one is a sensor, as are the impulses.
    normal_impulse_q24, friction_impulse_q24 : (n,)
        Impulse of the whole step, N s.
    """

    phase: Words
    body_a: Words
    body_b: Words
    user_a: Words
    user_b: Words
    child_a: Words
    child_b: Words
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

    def __len__(self) -> int:
        return len(self.phase)

    def __getitem__(self, index: int) -> ContactEvent:
        points = self.points_q24[index, : self.point_count[index]].tolist()
        return ContactEvent(
            int(self.phase[index]), int(self.body_a[index]), int(self.body_b[index]), int(self.user_a[index]),
            int(self.user_b[index]), int(self.child_a[index]), int(self.child_b[index]),
            tuple(map(tuple, points)), tuple(self.normal_q30[index].tolist()),
            int(self.approach_speed_q24[index]), int(self.normal_impulse_q24[index]),
            int(self.friction_impulse_q24[index]),
        )  # fmt: skip

    def __iter__(self) -> Iterator[ContactEvent]:
        return (self[index] for index in range(len(self)))

    def first(self, count: int) -> ContactEvents:
        """Views of the first rows."""
        return ContactEvents(*(getattr(self, name)[:count] for name in self.__slots__))


def no_events(count: int = 0) -> ContactEvents:
    """Arrays for so many events, all zero."""
    flat = [np.zeros(count, np.int64) for _ in range(11)]
    return ContactEvents(
        phase=flat[0],
        body_a=flat[1],
        body_b=flat[2],
        user_a=flat[3],
        user_b=flat[4],
        child_a=flat[5],
        child_b=flat[6],
        point_count=flat[7],
        points_q24=np.zeros((count, POINTS_MAX, 3), np.int64),
        normal_q30=np.zeros((count, 3), np.int64),
        approach_speed_q24=flat[8],
        normal_impulse_q24=flat[9],
        friction_impulse_q24=flat[10],
    )


@inline_kernel("int64(int64[::1],int64,int64)")
def reduced_mass_q24(inverse_mass_q40: Words, a: int, b: int) -> int:
    """1 / (sum of the inverse masses), kg."""
    return div_shift(1, inverse_mass_q40[a] + inverse_mass_q40[b], 64)


@inline_kernel("void(int64,int64[:,:,::1],int64[:,::1])")
def clear_event(event: int, points_q24: Words, normal_q30: Words) -> None:
    """Take back what was written of an event that is none."""
    for axis in range(3):
        normal_q30[event, axis] = 0
        for k in range(POINTS_MAX):
            points_q24[event, k, axis] = 0


@inline_kernel("int64(int64[:,::1],int64,int64[:,::1],int64[:,::1])")
def friction_of(contact: Words, index: int, ball: Words, face: Words) -> int:
    """Friction of the whole step over the reduced mass, m/s."""
    row = contact[index, CONTACT_ROW]
    if contact[index, CONTACT_GROUP] % 2 == 0:
        return length3(
            ball[row, BALL_DRAG_TOTAL], ball[row, BALL_DRAG_TOTAL + 1], ball[row, BALL_DRAG_TOTAL + 2]
        )
    return length2(face[row, FACE_DRAG_TOTAL], face[row, FACE_DRAG_TOTAL + 1])


@inline_kernel("int64(int64[:,::1],int64,int64[:,:,::1],int64,int64[:,::1],int64[:,::1],int64)")
def gather_points(
    contact: Words,
    index: int,
    points_q24: Words,
    event: int,
    point: Words,
    origin_q24: Words,
    points: int,
) -> int:
    """Add the points of a contact to those of an event, as far as there is room; the number it has then."""
    a = contact[index, CONTACT_PAIR] >> 32
    first = contact[index, CONTACT_POINT_FIRST]
    for k in range(first, first + contact[index, CONTACT_POINT_COUNT]):
        if points < POINTS_MAX:
            for axis in range(3):
                points_q24[event, points, axis] = origin_q24[a, axis] + point[k, POINT_ARM + axis]
            points += 1
    return points


@kernel(
    "int64(int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[::1],int64,"
    "int64[::1],int64[::1],int64[::1],int64[::1],int64[:,:,::1],int64[:,::1],int64[::1],int64[::1],int64[::1])"
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
    children: Words,
    point_count: Words,
    points_q24: Words,
    normal_q30: Words,
    approach_speed_q24: Words,
    normal_impulse_q24: Words,
    friction_impulse_q24: Words,
) -> int:
    """Merge contacts and vanished ones in their order into event arrays, from row ``begin``; rows used in the
    end.

    All contacts of two shapes (a mesh has one a triangle) make one event. The arrays have room for all and
    are zero beyond ``begin``. ``pair`` takes the rows of both bodies, ``children`` their parts.
    """
    index = 0
    gone = 0
    event = begin
    while index < contact_count or gone < ended_count:
        if gone < ended_count and (
            index == contact_count
            or comes_before(
                ended[gone, 0], ended[gone, 1], contact[index, CONTACT_PAIR], contact[index, CONTACT_SUB]
            )
        ):
            bodies = ended[gone, 0]
            shapes = ended[gone, 1] >> 32
        else:
            bodies = contact[index, CONTACT_PAIR]
            shapes = contact[index, CONTACT_SUB] >> 32
        before = now = points = strongest = 0
        fastest = -SPEED_MAX_Q24
        while gone < ended_count and ended[gone, 0] == bodies and ended[gone, 1] >> 32 == shapes:
            before = 1
            gone += 1
        mass = 0
        if index < contact_count and contact[index, CONTACT_SENSOR] == 0:
            mass = reduced_mass_q24(inverse_mass_q40, bodies >> 32, bodies & ROW_MASK)
        normal_impulse_q24[event] = 0
        friction_impulse_q24[event] = 0
        while (
            index < contact_count
            and contact[index, CONTACT_PAIR] == bodies
            and contact[index, CONTACT_SUB] >> 32 == shapes
        ):
            before |= contact[index, CONTACT_TOUCHED]
            now |= contact[index, CONTACT_TOUCHES]
            total = 0
            if contact[index, CONTACT_SENSOR] == 0:
                first = contact[index, CONTACT_POINT_FIRST]
                for k in range(first, first + contact[index, CONTACT_POINT_COUNT]):
                    total += point[k, POINT_TOTAL]
                friction_impulse_q24[event] += mul_shift(mass, friction_of(contact, index, ball, face), 24)
                normal_impulse_q24[event] += mul_shift(mass, total, 24)
                fastest = maximum(fastest, contact[index, CONTACT_APPROACH])
            if points == 0 or total > strongest:
                strongest = total
                for axis in range(3):
                    normal_q30[event, axis] = contact[index, CONTACT_NORMAL + axis]
            points = gather_points(contact, index, points_q24, event, point, origin_q24, points)
            index += 1
        if before == 0 and now == 0:
            clear_event(event, points_q24, normal_q30)
            continue
        phase[event] = PHASE_END if now == 0 else (PHASE_BEGIN if before == 0 else PHASE_STAY)
        pair[event] = bodies
        children[event] = shapes
        point_count[event] = points
        approach_speed_q24[event] = fastest if fastest > -SPEED_MAX_Q24 else 0
        event += 1
    return event


def step_events(
    scratch: Scratch, generation: Words, user_id: Words, inverse_mass_q40: Words
) -> ContactEvents:
    """The events of the step that filled ``scratch``, without those of removed bodies.

    Parameters
    ----------
    generation, user_id, inverse_mass_q40 : (n,) int64
        Columns of the table of bodies when the step ended.
    """
    events = no_events(scratch.contact_count + scratch.ended_count)
    pair = np.zeros(events.count, np.int64)
    children = np.zeros(events.count, np.int64)
    used = gather_events(
        scratch.contact_count, scratch.contact, scratch.point, scratch.ball, scratch.face,
        scratch.ended_count, scratch.ended, scratch.origin_q24, inverse_mass_q40, 0, events.phase, pair,
        children, events.point_count, events.points_q24, events.normal_q30, events.approach_speed_q24,
        events.normal_impulse_q24, events.friction_impulse_q24,
    )  # fmt: skip
    a, b = pair >> ROW_BITS, pair & ROW_MASK
    if len(generation):
        events.body_a[:] = generation[a] << ROW_BITS | a
        events.body_b[:] = generation[b] << ROW_BITS | b
        events.user_a[:] = user_id[a]
        events.user_b[:] = user_id[b]
    events.child_a[:], events.child_b[:] = children >> CHILD_BITS, children & CHILD_MASK
    return events.first(used)


def removed_events(ended: Table) -> ContactEvents:
    """Events of the touching pairs that lost a body since the last step, in order of ids."""
    events = no_events(ended.count)
    if ended.count:
        order = np.lexsort((ended["children"], ended["body_b"], ended["body_a"]))
        events.phase[:] = PHASE_END
        for name in ("body_a", "body_b", "user_a", "user_b"):
            getattr(events, name)[:] = ended[name][order]
        events.child_a[:] = ended["children"][order] >> CHILD_BITS
        events.child_b[:] = ended["children"][order] & CHILD_MASK
    return events


def join_events(first: ContactEvents, then: ContactEvents) -> ContactEvents:
    """Events one after the other."""
    if first.count == 0:
        return then
    names = [field.name for field in fields(ContactEvents)]
    return ContactEvents(*(np.concatenate((getattr(first, name), getattr(then, name))) for name in names))
