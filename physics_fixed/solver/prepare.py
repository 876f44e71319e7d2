"""From contacts to constraint rows."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import minimum
from physics_fixed.fixmath.wide import dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, kernel
from physics_fixed.layout import (
    CONTACT_APPROACH,
    CONTACT_COEFFICIENT,
    CONTACT_FRICTION,
    CONTACT_GROUP,
    CONTACT_NORMAL,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_RESTITUTION,
    CONTACT_ROLLING,
    CONTACT_ROW,
    CONTACT_SENSOR,
    DYNAMIC,
    MOTION_V,
    POINT_PUSH,
    POINT_SEPARATION,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.parallel.jobs import share
from physics_fixed.solver.prepare_face import prepare_face
from physics_fixed.solver.rolling import prepare_roll
from physics_fixed.solver.rows import (
    BALL_BODIES,
    BALL_BOUNCE,
    BALL_DRAG,
    BALL_DRAG_TOTAL,
    BALL_FRICTION,
    BALL_NORMAL,
    BALL_PUSH,
    BALL_ROLL,
    BALL_SEPARATION,
    BALL_SHARE_A,
    BALL_SLIP,
    BALL_SPIN_A,
    BALL_SPIN_B,
    BALL_TOTAL,
    FACE_BODIES,
    FACE_NORMAL,
    FACE_ROLL,
    FACE_SHARE_A,
    FACE_SHARE_B,
    ONE_Q60,
    PRODUCT,
    PUSH_MAX_Q24,
    UP,
)
from physics_fixed.solver.terms import (
    ONE_Q31,
    bounce_of,
    reciprocal_q60,
    share_of_a_q60,
)

_ROW_MASK = 0xFFFFFFFF
_LEAST = 32  # contacts that are worth a chunk


@device_kernel(
    "void(int64[::1],int64[:,::1],int64,int64[:,::1],uint8[::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1])"
)
def prepare_ball(
    settings: Words,
    contact: Words,
    index: int,
    point: Words,
    kind: Bytes,
    inverse_mass_q40: Words,
    motion: Words,
    gain_q40: Words,
    ball: Words,
) -> None:
    """Write the ball row of a contact."""
    row = contact[index, CONTACT_ROW]
    first = contact[index, CONTACT_POINT_FIRST]
    a = contact[index, CONTACT_PAIR] >> 32
    b = contact[index, CONTACT_PAIR] & _ROW_MASK
    side = 1
    if kind[a] != DYNAMIC:
        a, b, side = b, a, -1
    x = (side * contact[index, CONTACT_NORMAL]) << 30
    y = (side * contact[index, CONTACT_NORMAL + 1]) << 30
    z = (side * contact[index, CONTACT_NORMAL + 2]) << 30
    ball[row, BALL_BODIES] = a << 32 | b
    ball[row, BALL_NORMAL] = x
    ball[row, BALL_NORMAL + 1] = y
    ball[row, BALL_NORMAL + 2] = z
    ball[row, BALL_SEPARATION] = point[first, POINT_SEPARATION]
    share = ONE_Q60
    spin_b = 0
    if kind[b] == DYNAMIC:
        share = share_of_a_q60(inverse_mass_q40, a, b)
        spin_b = mul_shift(ONE_Q60 - share, gain_q40[b, 0], 40)
    spin_a = mul_shift(share, gain_q40[a, 0], 40)
    ball[row, BALL_SHARE_A] = share
    ball[row, BALL_SPIN_A] = spin_a
    ball[row, BALL_SPIN_B] = spin_b
    ball[row, BALL_SLIP] = reciprocal_q60(ONE_Q31 + (spin_a >> 29) + (spin_b >> 29))
    ball[row, BALL_FRICTION] = contact[index, CONTACT_COEFFICIENT]
    ball[row, BALL_PUSH] = minimum(point[first, POINT_PUSH], PUSH_MAX_Q24)
    ball[row, BALL_ROLL] = 0
    ball[row, BALL_TOTAL] = 0
    for axis in range(3):
        ball[row, BALL_DRAG_TOTAL + axis] = 0
    drag_x = side * contact[index, CONTACT_FRICTION]
    drag_y = side * contact[index, CONTACT_FRICTION + 1]
    drag_z = side * contact[index, CONTACT_FRICTION + 2]
    off = dot3_shift(
        x, drag_x << UP, y, drag_y << UP, z, drag_z << UP, PRODUCT
    )  # the normal has turned a little
    ball[row, BALL_DRAG] = drag_x - mul_shift(x, off << UP, PRODUCT)
    ball[row, BALL_DRAG + 1] = drag_y - mul_shift(y, off << UP, PRODUCT)
    ball[row, BALL_DRAG + 2] = drag_z - mul_shift(z, off << UP, PRODUCT)
    approach = -dot3_shift(
        x, (motion[b, MOTION_V] - motion[a, MOTION_V]) << UP,
        y, (motion[b, MOTION_V + 1] - motion[a, MOTION_V + 1]) << UP,
        z, (motion[b, MOTION_V + 2] - motion[a, MOTION_V + 2]) << UP,
        PRODUCT,
    )  # fmt: skip
    contact[index, CONTACT_APPROACH] = approach
    ball[row, BALL_BOUNCE] = bounce_of(contact[index, CONTACT_RESTITUTION], approach, settings)


@device_kernel("void(int64[:,::1],int64,uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])")
def add_roll(
    contact: Words, index: int, kind: Bytes, gain_q40: Words, ball: Words, face: Words, roll: Words
) -> None:
    """Write the rolling row of a contact whose other row is written, and name it there."""
    row = contact[index, CONTACT_ROW]
    points = contact[index, CONTACT_POINT_COUNT]
    arm = contact[index, CONTACT_ROLLING]
    if contact[index, CONTACT_GROUP] % 2 == 0:
        a = ball[row, BALL_BODIES] >> 32
        b = ball[row, BALL_BODIES] & _ROW_MASK
        still = 1 if kind[b] == STATIC else 0
        part = ball[row, BALL_SHARE_A]
        ball[row, BALL_ROLL] = prepare_roll(
            roll, index, arm, points, still, a, b, part, ONE_Q60 - part,
            ball[row, BALL_NORMAL], ball[row, BALL_NORMAL + 1], ball[row, BALL_NORMAL + 2], gain_q40,
        )  # fmt: skip
    else:
        a = face[row, FACE_BODIES] >> 32
        b = face[row, FACE_BODIES] & _ROW_MASK
        still = 1 if kind[b] == STATIC else 0
        face[row, FACE_ROLL] = prepare_roll(
            roll, index, arm, points, still, a, b, face[row, FACE_SHARE_A], face[row, FACE_SHARE_B],
            face[row, FACE_NORMAL], face[row, FACE_NORMAL + 1], face[row, FACE_NORMAL + 2], gain_q40,
        )  # fmt: skip


@device_kernel(
    "void(int64,int64,int64,int64[::1],int64[:,::1],int64[:,::1],uint8[::1],int64[:,::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],uint8[::1])"
)
def _prepare_rows(
    first: int,
    end: int,
    lane: int,
    settings: Words,
    contact: Words,
    point: Words,
    kind: Bytes,
    origin_q24: Words,
    inverse_mass_q40: Words,
    motion: Words,
    gain_q40: Words,
    ball: Words,
    face: Words,
    corner: Words,
    roll: Words,
    locks: Bytes,
) -> None:
    """The contacts ``first`` to ``end`` of :func:`prepare_rows`."""
    for index in range(first, end):
        if contact[index, CONTACT_SENSOR] != 0:
            continue
        if contact[index, CONTACT_GROUP] % 2 == 0:
            prepare_ball(
                settings, contact, index, point, kind, inverse_mass_q40, motion, gain_q40, ball
            )  # fmt: skip
        else:
            prepare_face(
                settings, contact, index, point, kind, origin_q24, inverse_mass_q40, motion, gain_q40, face,
                corner, locks,
            )  # fmt: skip
        if contact[index, CONTACT_ROLLING] != 0:
            add_roll(contact, index, kind, gain_q40, ball, face, roll)


@kernel(
    "void(int64[::1],int64,int64[::1],int64[:,::1],int64[:,::1],uint8[::1],int64[:,::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],uint8[::1])"
)
def prepare_rows(
    crew: Words,
    contact_count: int,
    settings: Words,
    contact: Words,
    point: Words,
    kind: Bytes,
    origin_q24: Words,
    inverse_mass_q40: Words,
    motion: Words,
    gain_q40: Words,
    ball: Words,
    face: Words,
    corner: Words,
    roll: Words,
    locks: Bytes,
) -> None:
    """Write the rows of all contacts, and into the contacts the approach speed before the step.

    Parameters
    ----------
    settings : (SETTINGS_LENGTH,)
    contact, point : arrays
        Contacts that :func:`physics_fixed.solver.colouring.colour_contacts` has given their rows.
    kind, inverse_mass_q40, locks : (n,)
        Columns of the table of bodies.
    origin_q24, motion, gain_q40 : arrays
        From :func:`physics_fixed.solver.bodies.start_bodies`; velocities are those before the step.
    ball, face : (contact_count, ...), written
    corner : (4 * contact_count, CORNER_WIDTH), written
    roll : (contact_count, ROLL_WIDTH), written for contacts that resist rolling
    """
    share(
        crew, 0, contact_count, _LEAST, _prepare_rows,
        (
            settings, contact, point, kind, origin_q24, inverse_mass_q40, motion, gain_q40, ball, face,
            corner, roll, locks,
        ),
    )  # fmt: skip
