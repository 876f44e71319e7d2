"""Face rows: warm start, solve, restitution. The inner loops of boxes.

The velocities of both bodies are held in local variables for a whole row. The push along the normal changes
the normal component of the relative velocity by exactly itself (shares add up to one, also where an axis is
locked, see :mod:`physics_fixed.solver.locks`), so that component is one number, and the velocities themselves
are written once at the end.

The order of a row's points
---------------------------
One point after the other, the first would take more of an approach than the last: every pass would turn two
boxes that meet exactly flat, and a stack of them would sway. So opposite points (they come in their order
around the face) are solved two at a time, both from the same velocities. Three orders, chosen in
:func:`physics_fixed.solver.prepare_face.order_points`:

* *Together*: both pairs see the approach that there was before, and the changes of a pair mix such that one
  pass stops the approach and the turning of a face that lies evenly on another. A point that carries nothing
  mixes with none.
* *Pairs*: the second pair sees what the first did. So where the points lie so close together, or so far to
  one side, that at once they would do too much.
* *Single*: one after the other, for points that are not laid evenly around anything.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp, clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import dot2_shift, dot3_shift, dot6_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import LOCK_BITS, MOTION_SHIFT, MOTION_TURN, MOTION_V, MOTION_W, Words
from physics_fixed.solver.rolling import solve_roll
from physics_fixed.solver.rows import (
    CORNER_ARM_A,
    CORNER_ARM_B,
    CORNER_BOUNCE,
    CORNER_GAIN_A,
    CORNER_GAIN_B,
    CORNER_MASS,
    CORNER_OTHERS,
    CORNER_OWN,
    CORNER_PUSH,
    CORNER_SEPARATION,
    CORNER_TOTAL,
    FACE_BODIES,
    FACE_DRAG,
    FACE_DRAG_TOTAL,
    FACE_FRICTION,
    FACE_LOCKS,
    FACE_NORMAL,
    FACE_ORDER,
    FACE_POINT_COUNT,
    FACE_POINT_FIRST,
    FACE_PRESSED,
    FACE_ROLL,
    FACE_SHARE_A,
    FACE_SHARE_B,
    FACE_TANGENT,
    FACE_TWIST,
    FACE_TWIST_ARM_A,
    FACE_TWIST_ARM_B,
    FACE_TWIST_GAIN_A,
    FACE_TWIST_GAIN_B,
    FACE_TWIST_MASS,
    ORDER_SINGLE,
    ORDER_TOGETHER,
    PRODUCT,
    PUSH_MAX_Q24,
    TANGENT_ARM_A,
    TANGENT_ARM_B,
    TANGENT_DIRECTION,
    TANGENT_GAIN_A,
    TANGENT_GAIN_B,
    TANGENT_MASS,
    TANGENT_WIDTH,
    UP,
    UP_FRICTION,
    UP_GAIN,
    UP_RATE,
    UP_TWIST,
)
from physics_fixed.solver.settings import BIAS_RATE, IMPULSE_SCALE, MASS_SCALE, PUSH_OUT_MAX, SUBSTEP_RATE
from physics_fixed.solver.terms import apply_spin, shrink_factor_q30, spin_along

_ROW_MASK = 0xFFFFFFFF
_FIRST = FACE_TANGENT
_SECOND = FACE_TANGENT + TANGENT_WIDTH
_DIRECTION_U = _FIRST + TANGENT_DIRECTION
_DIRECTION_V = _SECOND + TANGENT_DIRECTION
_ARM_UA = _FIRST + TANGENT_ARM_A
_ARM_UB = _FIRST + TANGENT_ARM_B
_ARM_VA = _SECOND + TANGENT_ARM_A
_ARM_VB = _SECOND + TANGENT_ARM_B
_GAIN_UA = _FIRST + TANGENT_GAIN_A
_GAIN_UB = _FIRST + TANGENT_GAIN_B
_GAIN_VA = _SECOND + TANGENT_GAIN_A
_GAIN_VB = _SECOND + TANGENT_GAIN_B
_MASS_U = _FIRST + TANGENT_MASS
_MASS_V = _SECOND + TANGENT_MASS


@device_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64,int64)")
def apply_linear_locked(
    face: Words, row: int, a: int, b: int, motion: Words, normal_push: int, first_drag: int, second_drag: int
) -> None:
    """The same where an axis is locked: along it the body takes nothing."""
    locks = face[row, FACE_LOCKS]
    for axis in range(3):
        push = dot3_shift(
            face[row, FACE_NORMAL + axis], normal_push << UP,
            face[row, _FIRST + TANGENT_DIRECTION + axis], first_drag << UP,
            face[row, _SECOND + TANGENT_DIRECTION + axis], second_drag << UP,
            PRODUCT,
        ) << UP  # fmt: skip
        if (locks >> axis) & 1 == 0:
            motion[a, MOTION_V + axis] -= mul_shift(face[row, FACE_SHARE_A], push, PRODUCT)
        if face[row, FACE_SHARE_B] != 0 and (locks >> (LOCK_BITS + axis)) & 1 == 0:
            motion[b, MOTION_V + axis] += mul_shift(face[row, FACE_SHARE_B], push, PRODUCT)


@device_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64,int64)")
def apply_linear(
    face: Words, row: int, a: int, b: int, motion: Words, normal_push: int, first_drag: int, second_drag: int
) -> None:
    """Give both bodies their shares of a push along the normal and the two tangents."""
    share_a = face[row, FACE_SHARE_A]
    share_b = face[row, FACE_SHARE_B]
    if face[row, FACE_LOCKS] != 0:
        apply_linear_locked(face, row, a, b, motion, normal_push, first_drag, second_drag)
        return
    for axis in range(3):
        push = dot3_shift(
            face[row, FACE_NORMAL + axis], normal_push << UP,
            face[row, _FIRST + TANGENT_DIRECTION + axis], first_drag << UP,
            face[row, _SECOND + TANGENT_DIRECTION + axis], second_drag << UP,
            PRODUCT,
        ) << UP  # fmt: skip
        motion[a, MOTION_V + axis] -= mul_shift(share_a, push, PRODUCT)
        if share_b != 0:
            motion[b, MOTION_V + axis] += mul_shift(share_b, push, PRODUCT)


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64[:,::1])")
def warm_start_faces(face: Words, corner: Words, first: int, end: int, motion: Words) -> None:
    """Apply the accumulated pushes of rows ``first`` to ``end``."""
    for row in range(first, end):
        a = face[row, FACE_BODIES] >> 32
        b = face[row, FACE_BODIES] & _ROW_MASK
        total = 0
        begin = face[row, FACE_POINT_FIRST]
        for k in range(begin, begin + face[row, FACE_POINT_COUNT]):
            total += corner[k, CORNER_PUSH]
            apply_spin(corner, k, CORNER_GAIN_A, CORNER_GAIN_B, a, b, motion, corner[k, CORNER_PUSH])
        first_drag = face[row, FACE_DRAG]
        second_drag = face[row, FACE_DRAG + 1]
        apply_spin(face, row, _FIRST + TANGENT_GAIN_A, _FIRST + TANGENT_GAIN_B, a, b, motion, first_drag)
        apply_spin(face, row, _SECOND + TANGENT_GAIN_A, _SECOND + TANGENT_GAIN_B, a, b, motion, second_drag)
        if (
            face[row, FACE_TWIST] != 0
        ):  # otherwise the gains are whatever was there, and b may be another row's
            apply_spin(face, row, FACE_TWIST_GAIN_A, FACE_TWIST_GAIN_B, a, b, motion, face[row, FACE_TWIST])
        apply_linear(face, row, a, b, motion, total, first_drag, second_drag)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def along(
    rows: Words, row: int, arm_a: int, arm_b: int, ax: int, ay: int, az: int, bx: int, by: int, bz: int
) -> int:
    """Velocity along a row, Q24, from two angular velocities in Q28; or displacement from turns."""
    return dot6_shift(
        rows[row, arm_b], bx,
        rows[row, arm_b + 1], by,
        rows[row, arm_b + 2], bz,
        -rows[row, arm_a], ax,
        -rows[row, arm_a + 1], ay,
        -rows[row, arm_a + 2], az,
        PRODUCT,
    )  # fmt: skip


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def speed_along(
    rows: Words, row: int, arm_a: int, arm_b: int, ax: int, ay: int, az: int, bx: int, by: int, bz: int
) -> int:
    """Velocity along a row, Q24, from two angular velocities in Q24."""
    return along(rows, row, arm_a, arm_b, ax << UP, ay << UP, az << UP, bx << UP, by << UP, bz << UP)


@inline_kernel(
    "UniTuple(int64,2)(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)"
)
def next_drag(
    face: Words,
    row: int,
    limit: int,
    dx: int,
    dy: int,
    dz: int,
    ax: int,
    ay: int,
    az: int,
    bx: int,
    by: int,
    bz: int,
) -> tuple[int, int]:
    """New accumulated friction along the two tangents, inside the cone; ``d`` is shifted left by UP."""
    along_u = dot3_shift(
        face[row, _DIRECTION_U], dx, face[row, _DIRECTION_U + 1], dy, face[row, _DIRECTION_U + 2], dz, PRODUCT
    ) + speed_along(face, row, _ARM_UA, _ARM_UB, ax, ay, az, bx, by, bz)
    along_v = dot3_shift(
        face[row, _DIRECTION_V], dx, face[row, _DIRECTION_V + 1], dy, face[row, _DIRECTION_V + 2], dz, PRODUCT
    ) + speed_along(face, row, _ARM_VA, _ARM_VB, ax, ay, az, bx, by, bz)
    u = face[row, FACE_DRAG] - mul_shift(face[row, _MASS_U], along_u << UP, PRODUCT)
    v = face[row, FACE_DRAG + 1] - mul_shift(face[row, _MASS_V], along_v << UP, PRODUCT)
    if abs(u) + abs(v) > limit:
        factor = shrink_factor_q30(u, v, 0, limit)
        if factor != 0:
            u = mul_shift(u, factor, 30)
            v = mul_shift(v, factor, 30)
    return u, v


@inline_kernel("int64(int64,int64,int64,int64,int64[::1],int64,int64)")
def next_corner_push(
    push: int, speed: int, separation: int, mass: int, settings: Words, softness: int, biased: int
) -> int:
    """New accumulated push of a point; as :func:`physics_fixed.solver.balls.next_push`, with an effective
    mass.
    """
    if separation > 0:
        if biased == 0 and push == 0:  # while relaxing, an open gap is left to the next substep
            return 0
        push -= mul_shift(mass, (speed + separation * settings[SUBSTEP_RATE]) << UP, PRODUCT)
    elif biased:
        bias = maximum(
            mul_shift(separation << UP_RATE, settings[softness + BIAS_RATE], PRODUCT), -settings[PUSH_OUT_MAX]
        )
        wanted = mul_shift(mass, (speed + bias) << UP, PRODUCT)
        push -= mul_shift(wanted << UP, settings[softness + MASS_SCALE], PRODUCT) + mul_shift(
            push << UP, settings[softness + IMPULSE_SCALE], PRODUCT
        )
    else:
        push -= mul_shift(mass, speed << UP, PRODUCT)
    return clamp(push, 0, PUSH_MAX_Q24)


@inline_kernel("int64(int64[:,::1],int64[:,::1],int64)")
def pressed_by(face: Words, corner: Words, row: int) -> int:
    """The accumulated pushes of all points."""
    total = 0
    begin = face[row, FACE_POINT_FIRST]
    for k in range(begin, begin + face[row, FACE_POINT_COUNT]):
        total += corner[k, CORNER_PUSH]
    return minimum(total, PUSH_MAX_Q24)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64)")
def twist_more(
    face: Words, row: int, limit: int, ax: int, ay: int, az: int, bx: int, by: int, bz: int
) -> int:
    """Bring the accumulated friction against twisting up to date; by how much it changed."""
    speed = speed_along(face, row, FACE_TWIST_ARM_A, FACE_TWIST_ARM_B, ax, ay, az, bx, by, bz)
    change = mul_shift(face[row, FACE_TWIST_MASS], speed << UP_TWIST, PRODUCT)
    old: int = face[row, FACE_TWIST]
    new = clamp_symmetric(old - change, limit)
    face[row, FACE_TWIST] = new
    return new - old


@inline_kernel("UniTuple(int64,6)(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def spun(
    rows: Words,
    row: int,
    gain_a: int,
    gain_b: int,
    push: int,
    ax: int,
    ay: int,
    az: int,
    bx: int,
    by: int,
    bz: int,
) -> tuple[int, int, int, int, int, int]:
    """Both angular velocities after a push along one row of the Jacobian."""
    push <<= UP_GAIN
    return (
        ax - mul_shift(rows[row, gain_a], push, PRODUCT),
        ay - mul_shift(rows[row, gain_a + 1], push, PRODUCT),
        az - mul_shift(rows[row, gain_a + 2], push, PRODUCT),
        bx + mul_shift(rows[row, gain_b], push, PRODUCT),
        by + mul_shift(rows[row, gain_b + 1], push, PRODUCT),
        bz + mul_shift(rows[row, gain_b + 2], push, PRODUCT),
    )


@inline_kernel(
    "int64(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,"
    "int64[::1],int64,int64)"
)
def corner_change(
    corner: Words,
    k: int,
    closing: int,
    shift: int,
    motion: Words,
    a: int,
    b: int,
    ax: int,
    ay: int,
    az: int,
    bx: int,
    by: int,
    bz: int,
    settings: Words,
    softness: int,
    biased: int,
) -> int:
    """Bring the accumulated push of a point up to date; by how much it changed."""
    speed = closing + speed_along(corner, k, CORNER_ARM_A, CORNER_ARM_B, ax, ay, az, bx, by, bz)
    separation = corner[k, CORNER_SEPARATION] + shift + along(
        corner, k, CORNER_ARM_A, CORNER_ARM_B,
        motion[a, MOTION_TURN], motion[a, MOTION_TURN + 1], motion[a, MOTION_TURN + 2],
        motion[b, MOTION_TURN], motion[b, MOTION_TURN + 1], motion[b, MOTION_TURN + 2],
    )  # fmt: skip
    old: int = corner[k, CORNER_PUSH]
    new = next_corner_push(old, speed, separation, corner[k, CORNER_MASS], settings, softness, biased)
    corner[k, CORNER_PUSH] = new
    if biased == 0:
        corner[k, CORNER_TOTAL] += new
    return new - old


@inline_kernel("int64(int64[:,::1],int64,int64,int64)")
def add_push(corner: Words, k: int, more: int, biased: int) -> int:
    """Change the accumulated push of a point; by how much it did."""
    old: int = corner[k, CORNER_PUSH]
    new = clamp(old + more, 0, PUSH_MAX_Q24)
    corner[k, CORNER_PUSH] = new
    if biased == 0:
        corner[k, CORNER_TOTAL] += new - old
    return new - old


@inline_kernel("UniTuple(int64,2)(int64[:,::1],int64,int64,int64,int64,int64)")
def mixed(corner: Words, k: int, other: int, change: int, other_change: int, biased: int) -> tuple[int, int]:
    """Mix the changes of the pushes of two opposite points; the changes that come of it."""
    own = corner[k, CORNER_OWN]
    others = corner[k, CORNER_OTHERS]
    more = dot2_shift(own, change << UP, others, other_change << UP, PRODUCT)
    other_more = dot2_shift(others, change << UP, own, other_change << UP, PRODUCT)
    return (
        change + add_push(corner, k, more, biased),
        other_change + add_push(corner, other, other_more, biased),
    )


@inline_kernel(
    "UniTuple(int64,8)(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)"
)
def drag_along(
    face: Words,
    row: int,
    pressed: int,
    biased: int,
    dx: int,
    dy: int,
    dz: int,
    ax: int,
    ay: int,
    az: int,
    bx: int,
    by: int,
    bz: int,
) -> tuple[int, int, int, int, int, int, int, int]:
    """Friction of a row whose points carry ``pressed``: by how much it changed along the two tangents, and
    both angular velocities after it; ``d`` is shifted left by UP.
    """
    limit = mul_shift(face[row, FACE_FRICTION], pressed << UP_FRICTION, PRODUCT)
    if face[row, FACE_TWIST_MASS] != 0:
        change = twist_more(face, row, limit, ax, ay, az, bx, by, bz)
        ax, ay, az, bx, by, bz = spun(
            face, row, FACE_TWIST_GAIN_A, FACE_TWIST_GAIN_B, change, ax, ay, az, bx, by, bz
        )
    u, v = next_drag(face, row, limit, dx, dy, dz, ax, ay, az, bx, by, bz)
    u_change = u - face[row, FACE_DRAG]
    v_change = v - face[row, FACE_DRAG + 1]
    face[row, FACE_DRAG] = u
    face[row, FACE_DRAG + 1] = v
    if biased == 0:
        face[row, FACE_DRAG_TOTAL] += u
        face[row, FACE_DRAG_TOTAL + 1] += v
    u = u_change << UP_GAIN
    v = v_change << UP_GAIN
    ax -= dot2_shift(face[row, _GAIN_UA], u, face[row, _GAIN_VA], v, PRODUCT)
    ay -= dot2_shift(face[row, _GAIN_UA + 1], u, face[row, _GAIN_VA + 1], v, PRODUCT)
    az -= dot2_shift(face[row, _GAIN_UA + 2], u, face[row, _GAIN_VA + 2], v, PRODUCT)
    bx += dot2_shift(face[row, _GAIN_UB], u, face[row, _GAIN_VB], v, PRODUCT)
    by += dot2_shift(face[row, _GAIN_UB + 1], u, face[row, _GAIN_VB + 1], v, PRODUCT)
    bz += dot2_shift(face[row, _GAIN_UB + 2], u, face[row, _GAIN_VB + 2], v, PRODUCT)
    return u_change, v_change, ax, ay, az, bx, by, bz


@inline_kernel(
    "UniTuple(int64,7)(int64[:,::1],int64,int64[:,::1],int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,"
    "int64,int64[::1],int64,int64)"
)
def push_points(
    face: Words,
    row: int,
    corner: Words,
    motion: Words,
    a: int,
    b: int,
    closing: int,
    ax: int,
    ay: int,
    az: int,
    bx: int,
    by: int,
    bz: int,
    settings: Words,
    softness: int,
    biased: int,
) -> tuple[int, int, int, int, int, int, int]:
    """The points of a row: by how much their pushes changed, and both angular velocities after it."""
    shift = dot3_shift(
        face[row, FACE_NORMAL], motion[b, MOTION_SHIFT] - motion[a, MOTION_SHIFT],
        face[row, FACE_NORMAL + 1], motion[b, MOTION_SHIFT + 1] - motion[a, MOTION_SHIFT + 1],
        face[row, FACE_NORMAL + 2], motion[b, MOTION_SHIFT + 2] - motion[a, MOTION_SHIFT + 2],
        PRODUCT,
    )  # fmt: skip
    first = face[row, FACE_POINT_FIRST]
    count = face[row, FACE_POINT_COUNT]
    order = face[row, FACE_ORDER]
    step = count if order == ORDER_SINGLE else (count + 1) >> 1
    passed = 0 if order == ORDER_TOGETHER else -1
    pushed = 0
    for k in range(first, first + step):
        change = corner_change(
            corner, k, closing, shift, motion, a, b, ax, ay, az, bx, by, bz, settings, softness, biased
        )
        other = k + step
        if other >= first + count:
            pushed += change
            closing += change & passed
            ax, ay, az, bx, by, bz = spun(
                corner, k, CORNER_GAIN_A, CORNER_GAIN_B, change, ax, ay, az, bx, by, bz
            )
            continue
        other_change = corner_change(
            corner, other, closing, shift, motion, a, b, ax, ay, az, bx, by, bz, settings, softness, biased
        )
        if order == ORDER_TOGETHER and corner[k, CORNER_PUSH] > 0 and corner[other, CORNER_PUSH] > 0:
            change, other_change = mixed(corner, k, other, change, other_change, biased)
        pushed += change + other_change
        closing += (change + other_change) & passed
        p = change << UP_GAIN
        q = other_change << UP_GAIN
        ax -= dot2_shift(corner[k, CORNER_GAIN_A], p, corner[other, CORNER_GAIN_A], q, PRODUCT)
        ay -= dot2_shift(corner[k, CORNER_GAIN_A + 1], p, corner[other, CORNER_GAIN_A + 1], q, PRODUCT)
        az -= dot2_shift(corner[k, CORNER_GAIN_A + 2], p, corner[other, CORNER_GAIN_A + 2], q, PRODUCT)
        bx += dot2_shift(corner[k, CORNER_GAIN_B], p, corner[other, CORNER_GAIN_B], q, PRODUCT)
        by += dot2_shift(corner[k, CORNER_GAIN_B + 1], p, corner[other, CORNER_GAIN_B + 1], q, PRODUCT)
        bz += dot2_shift(corner[k, CORNER_GAIN_B + 2], p, corner[other, CORNER_GAIN_B + 2], q, PRODUCT)
    return pushed, ax, ay, az, bx, by, bz


@device_kernel("void(int64[:,::1],int64[:,::1],int64[:,::1],int64,int64,int64[:,::1],int64[::1],int64,int64)")
def solve_faces(
    face: Words,
    corner: Words,
    roll: Words,
    first: int,
    end: int,
    motion: Words,
    settings: Words,
    softness: int,
    biased: int,
) -> None:
    """One pass over rows ``first`` to ``end``: friction, then the points: they have the last word.

    In the biased pass soft points let go of a part of their pushes, and in the end they have it again. So
    while relaxing, friction is bounded by what they carried in the end of the substep before, unless they
    have less than half of what softness leaves of it: then a collision is over. Where they carried nothing,
    one begins, and they come first.
    """
    for row in range(first, end):
        a = face[row, FACE_BODIES] >> 32
        b = face[row, FACE_BODIES] & _ROW_MASK
        pressed = pressed_by(face, corner, row)
        turn = 0
        if biased != 0:
            face[row, FACE_PRESSED] = pressed
        elif face[row, FACE_PRESSED] == 0:
            turn = 1
        elif 2 * pressed >= mul_shift(
            face[row, FACE_PRESSED] << UP, settings[softness + MASS_SCALE], PRODUCT
        ):
            pressed = face[row, FACE_PRESSED]
        if face[row, FACE_ROLL] != 0:
            solve_roll(roll, face[row, FACE_ROLL] - 1, pressed, motion, a, b)
        ax = motion[a, MOTION_W]
        ay = motion[a, MOTION_W + 1]
        az = motion[a, MOTION_W + 2]
        bx = motion[b, MOTION_W]
        by = motion[b, MOTION_W + 1]
        bz = motion[b, MOTION_W + 2]
        dx = (motion[b, MOTION_V] - motion[a, MOTION_V]) << UP
        dy = (motion[b, MOTION_V + 1] - motion[a, MOTION_V + 1]) << UP
        dz = (motion[b, MOTION_V + 2] - motion[a, MOTION_V + 2]) << UP
        closing = dot3_shift(
            face[row, FACE_NORMAL], dx,
            face[row, FACE_NORMAL + 1], dy,
            face[row, FACE_NORMAL + 2], dz,
            PRODUCT,
        )  # fmt: skip
        u = v = 0
        if turn == 0:
            u, v, ax, ay, az, bx, by, bz = drag_along(
                face, row, pressed, biased, dx, dy, dz, ax, ay, az, bx, by, bz
            )
        pushed, ax, ay, az, bx, by, bz = push_points(
            face, row, corner, motion, a, b, closing, ax, ay, az, bx, by, bz, settings, softness, biased
        )
        if turn != 0:
            pressed = pressed_by(face, corner, row)
            u, v, ax, ay, az, bx, by, bz = drag_along(
                face, row, pressed, biased, dx, dy, dz, ax, ay, az, bx, by, bz
            )
        motion[a, MOTION_W] = ax
        motion[a, MOTION_W + 1] = ay
        motion[a, MOTION_W + 2] = az
        if face[row, FACE_SHARE_B] != 0:
            motion[b, MOTION_W] = bx
            motion[b, MOTION_W + 1] = by
            motion[b, MOTION_W + 2] = bz
        apply_linear(face, row, a, b, motion, pushed, u, v)


@device_kernel("void(int64[:,::1],int64[:,::1],int64,int64,int64[:,::1])")
def bounce_faces(face: Words, corner: Words, first: int, end: int, motion: Words) -> None:
    """Restitution at the points where a fast approach was stopped in this tick."""
    for row in range(first, end):
        a = face[row, FACE_BODIES] >> 32
        b = face[row, FACE_BODIES] & _ROW_MASK
        begin = face[row, FACE_POINT_FIRST]
        for k in range(begin, begin + face[row, FACE_POINT_COUNT]):
            if corner[k, CORNER_BOUNCE] == 0 or corner[k, CORNER_TOTAL] == 0:
                continue
            speed = dot3_shift(
                face[row, FACE_NORMAL], (motion[b, MOTION_V] - motion[a, MOTION_V]) << UP,
                face[row, FACE_NORMAL + 1], (motion[b, MOTION_V + 1] - motion[a, MOTION_V + 1]) << UP,
                face[row, FACE_NORMAL + 2], (motion[b, MOTION_V + 2] - motion[a, MOTION_V + 2]) << UP,
                PRODUCT,
            ) + spin_along(corner, k, CORNER_ARM_A, CORNER_ARM_B, motion, a, b)  # fmt: skip
            old = corner[k, CORNER_PUSH]
            wanted = mul_shift(corner[k, CORNER_MASS], (speed - corner[k, CORNER_BOUNCE]) << UP, PRODUCT)
            new = clamp(old - wanted, 0, PUSH_MAX_Q24)
            corner[k, CORNER_TOTAL] += new - old
            corner[k, CORNER_PUSH] = 0  # the pair separates: the next tick must not start with this push
            apply_spin(corner, k, CORNER_GAIN_A, CORNER_GAIN_B, a, b, motion, new - old)
            apply_linear(face, row, a, b, motion, new - old, 0, 0)
