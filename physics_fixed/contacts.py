"""The table of contacts: what the solver remembers of a pair from one step to the next."""

from __future__ import annotations

from physics_fixed.fixmath.wide import dot2_shift
from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import (
    CONTACT_FRICTION,
    CONTACT_GROUP,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_ROW,
    CONTACT_SENSOR,
    CONTACT_SUB,
    CONTACT_TOUCHES,
    CONTACT_TWIST,
    DYNAMIC,
    POINT_FEATURE,
    POINT_PUSH,
    POINT_SEPARATION,
    POINT_TOTAL,
    POINTS_MAX,
    TOUCHING_NOW,
    TOUCHING_SENSOR,
    Bytes,
    Words,
)
from physics_fixed.narrowphase.pairing import comes_before
from physics_fixed.parallel.jobs import share
from physics_fixed.sleeping.waking import sleeps_on
from physics_fixed.solver.locks import unscale_face
from physics_fixed.solver.rows import (
    BALL_DRAG,
    BALL_PUSH,
    BALL_TOTAL,
    CORNER_PUSH,
    CORNER_TOTAL,
    FACE_DRAG,
    FACE_SCALE,
    FACE_TANGENT,
    FACE_TWIST,
    PRODUCT,
    TANGENT_WIDTH,
    UP,
)
from physics_fixed.tables import Column, Table

CONTACT_COLUMNS = (
    Column("pair", "key"),  # row of a << 32 | row of b; rows ascend by (pair, sub)
    Column("sub", "key"),  # child of a << 48 | child of b << 32 | triangle
    Column("point_count", "int", dtype="uint8"),
    Column("touching", "flags", dtype="uint8"),  # TOUCHING_ constants
    Column("feature", "key", lanes=POINTS_MAX),  # see narrowphase.persistence
    Column("push_q24", "q24", "m/s", lanes=POINTS_MAX),  # impulse over reduced mass, in the last substep
    Column("friction_q24", "q24", "m/s", lanes=3),
    Column("twist_q24", "q24", "m/s"),
)

ENDED_COLUMNS = (
    Column("body_a", "id"),
    Column("body_b", "id"),
    Column("children", "key"),  # child of a << 16 | child of b
    Column("user_a", "id"),
    Column("user_b", "id"),
)

_ROW_MASK = 0xFFFFFFFF
_LEAST = 64  # contacts that are worth a chunk
_LEAST_OLD = 256  # old contacts that are


def contact_table() -> Table:
    """A new table of contacts, rows ascending by (pair, sub)."""
    return Table("contacts", CONTACT_COLUMNS, key="pair", shared=True)


def ended_table() -> Table:
    """A new table of the touching pairs that lost a body since the last step; the next step reports their
    end.
    """
    return Table("ended_contacts", ENDED_COLUMNS, capacity=8)


@device_kernel("int64(int64,int64[:,::1],int64,int64)")
def first_of_name(contact_count: int, contact: Words, pair: int, sub: int) -> int:
    """First contact that does not come before a pair and sub."""
    first = 0
    end = contact_count
    while first < end:
        middle = (first + end) >> 1
        if comes_before(contact[middle, CONTACT_PAIR], contact[middle, CONTACT_SUB], pair, sub):
            first = middle + 1
        else:
            end = middle
    return first


@device_kernel(
    "void(int64,int64,int64,int64,int64[:,::1],int64[::1],int64[::1],uint8[::1],int64[::1],int64[::1],int64[:,::1])"
)
def _mark_ended(
    first: int,
    end: int,
    lane: int,
    contact_count: int,
    contact: Words,
    old_pair: Words,
    old_sub: Words,
    old_touching: Bytes,
    was_asleep: Words,
    rest: Words,
    ended: Words,
) -> None:
    """Write into ``ended[old, 0]`` whether an old contact ended, 1 or 0, for ``first`` to ``end``."""
    index = first_of_name(contact_count, contact, old_pair[first], old_sub[first])
    for old in range(first, end):
        pair = old_pair[old]
        sub = old_sub[old]
        while index < contact_count and comes_before(
            contact[index, CONTACT_PAIR], contact[index, CONTACT_SUB], pair, sub
        ):
            index += 1
        same = (
            index < contact_count
            and contact[index, CONTACT_PAIR] == pair
            and contact[index, CONTACT_SUB] == sub
        )
        ended[old, 0] = 0
        if (
            old_touching[old] & TOUCHING_NOW != 0
            and not same
            and not sleeps_on(pair, old_touching[old] & TOUCHING_SENSOR, was_asleep, rest)
        ):
            ended[old, 0] = 1


@kernel(
    "int64(int64[::1],int64,int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[::1],int64[::1],"
    "int64[:,::1])"
)
def find_ended(
    crew: Words,
    contact_count: int,
    old_count: int,
    old_pair: Words,
    old_sub: Words,
    old_touching: Bytes,
    contact: Words,
    was_asleep: Words,
    rest: Words,
    ended: Words,
) -> int:
    """Write pair and sub of the contacts that touched in the previous step and are none now; their number.

    Parameters
    ----------
    crew : (CREW_LENGTH,)
        Of the step, see :mod:`physics_fixed.parallel.jobs`.
    contact : (contact_count, CONTACT_WIDTH)
    old_pair, old_sub, old_touching : (old_count,)
        Columns of the table of contacts as the previous step left it.
    was_asleep, rest : (n,)
        They tell which contacts sleep on: those have not ended.
    ended : (old_count, 2), written
    """
    share(
        crew, 0, old_count, _LEAST_OLD, _mark_ended,
        (contact_count, contact, old_pair, old_sub, old_touching, was_asleep, rest, ended),
    )  # fmt: skip
    ended_count = 0
    for old in range(old_count):
        if ended[old, 0] != 0:
            ended[ended_count, 0] = old_pair[old]
            ended[ended_count, 1] = old_sub[old]
            ended_count += 1
    return ended_count


@device_kernel(
    "void(int64,int64,int64,int64[:,::1],int64[:,::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],int64[::1])"
)
def _keep_contacts(
    first: int,
    end: int,
    lane: int,
    contact: Words,
    point: Words,
    kind: Bytes,
    ball: Words,
    face: Words,
    corner: Words,
    pair: Words,
    sub: Words,
    point_count: Bytes,
    touching: Bytes,
    feature: Words,
    push_q24: Words,
    friction_q24: Words,
    twist_q24: Words,
    place: Words,
) -> None:
    """The contacts ``first`` to ``end`` of :func:`keep_contacts`."""
    for index in range(first, end):
        row = contact[index, CONTACT_ROW]
        here = contact[index, CONTACT_POINT_FIRST]
        points = contact[index, CONTACT_POINT_COUNT]
        side = 1 if kind[contact[index, CONTACT_PAIR] >> 32] == DYNAMIC else -1
        if contact[index, CONTACT_SENSOR] != 0:
            for k in range(here, here + points):
                point[k, POINT_PUSH] = 0
                point[k, POINT_TOTAL] = 0
            for axis in range(3):
                contact[index, CONTACT_FRICTION + axis] = 0
            contact[index, CONTACT_TWIST] = 0
            for k in range(here, here + points):
                point[k, POINT_TOTAL] = 0
        elif contact[index, CONTACT_GROUP] % 2 == 0:
            point[here, POINT_PUSH] = ball[row, BALL_PUSH]
            point[here, POINT_TOTAL] = ball[row, BALL_TOTAL]
            for axis in range(3):
                contact[index, CONTACT_FRICTION + axis] = side * ball[row, BALL_DRAG + axis]
            contact[index, CONTACT_TWIST] = 0
        else:
            if face[row, FACE_SCALE] != 0:
                unscale_face(face, corner, row, here, points)
            for k in range(here, here + points):
                point[k, POINT_PUSH] = corner[k, CORNER_PUSH]
                point[k, POINT_TOTAL] = corner[k, CORNER_TOTAL]
            for axis in range(3):
                contact[index, CONTACT_FRICTION + axis] = side * dot2_shift(
                    face[row, FACE_TANGENT + axis], face[row, FACE_DRAG] << UP,
                    face[row, FACE_TANGENT + TANGENT_WIDTH + axis], face[row, FACE_DRAG + 1] << UP,
                    PRODUCT,
                )  # fmt: skip
            contact[index, CONTACT_TWIST] = face[row, FACE_TWIST]
        touches = 0
        kept = place[index]
        for k in range(points):
            feature[kept, k] = point[here + k, POINT_FEATURE]
            push_q24[kept, k] = point[here + k, POINT_PUSH]
            if point[here + k, POINT_TOTAL] > 0 or point[here + k, POINT_SEPARATION] <= 0:
                touches = TOUCHING_NOW
        for k in range(points, POINTS_MAX):
            feature[kept, k] = 0
            push_q24[kept, k] = 0
        pair[kept] = contact[index, CONTACT_PAIR]
        sub[kept] = contact[index, CONTACT_SUB]
        point_count[kept] = points
        touching[kept] = touches | (TOUCHING_SENSOR if contact[index, CONTACT_SENSOR] != 0 else 0)
        for axis in range(3):
            friction_q24[kept, axis] = contact[index, CONTACT_FRICTION + axis]
        twist_q24[kept] = contact[index, CONTACT_TWIST]
        contact[index, CONTACT_TOUCHES] = touches


@kernel(
    "void(int64[::1],int64,int64[::1],int64[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],uint8[::1],int64[:,::1],int64[:,::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1])"
)
def keep_contacts(
    crew: Words,
    contact_count: int,
    pair: Words,
    sub: Words,
    point_count: Bytes,
    feature: Words,
    push_q24: Words,
    friction_q24: Words,
    twist_q24: Words,
    touching: Bytes,
    contact: Words,
    point: Words,
    kind: Bytes,
    ball: Words,
    face: Words,
    corner: Words,
    place: Words,
) -> None:
    """Collect what the solver found into ``contact`` and ``point``, and into the columns of the table of
    contacts.

    Parameters
    ----------
    contact, point : arrays
        CONTACT_TOUCHES, CONTACT_FRICTION, POINT_PUSH and POINT_TOTAL are written.
    kind : (n,)
        Column of the table of bodies.
    ball, face, corner : arrays
        Solved rows.
    pair, ... : arrays
        Columns of the table of contacts.
    place : (contact_count,)
        The row of the table that takes each contact.
    """
    share(
        crew, 0, contact_count, _LEAST, _keep_contacts,
        (
            contact, point, kind, ball, face, corner, pair, sub, point_count, touching, feature, push_q24,
            friction_q24, twist_q24, place,
        ),
    )  # fmt: skip
