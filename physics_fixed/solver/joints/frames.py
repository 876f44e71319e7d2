"""Rods from poses: where the two frames of a joint stand now, axis by axis."""

from __future__ import annotations

from physics_fixed.fixmath.quat import matrix_q30, multiply_q30, rotate_q30
from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.trig import arc_tangent2_q30
from physics_fixed.fixmath.vec3 import cross_q30, dot_q30
from physics_fixed.fixmath.vec3 import normalize_q30 as unit_vector_q30
from physics_fixed.fixmath.wide import dot2_shift, dot3_shift, dot4_shift, mul_shift, mul_sub_shift
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import GAIN_INVERSE_LEVER, MOTION_SHIFT, MOTION_TURN, Words
from physics_fixed.solver.bodies import turned
from physics_fixed.solver.joints.rows import (
    AXES,
    CONE,
    KIND_DISTANCE,
    LINK_A,
    LINK_ACTIVE,
    LINK_ANCHOR_A,
    LINK_ANCHOR_B,
    LINK_ARM_MAX_A,
    LINK_ARM_MAX_B,
    LINK_B,
    LINK_FRAME_A,
    LINK_FRAME_B,
    LINK_GAIN_A,
    LINK_GAIN_B,
    LINK_KIND,
    LINK_LENGTH,
    LINK_LOCKED,
    LINK_RATIO_A,
    LINK_RATIO_B,
    ROD_ARM_A,
    ROD_ARM_B,
    ROD_AXIS,
    ROD_DIRECTION,
    ROD_ERROR,
    ROD_GAIN_A,
    ROD_GAIN_B,
    SWING_Y,
    SWING_Z,
    TWIST,
)

_ONE_Q30 = 1 << 30
_REACH_MAX_Q28 = 4096 << 28  # an arm beyond it is cut: it is far beyond what its lever allows
_SWINGS = 1 << SWING_Y | 1 << SWING_Z

Vector = tuple[int, int, int]
Rotation = tuple[int, int, int, int]
Matrix = tuple[int, int, int, int, int, int, int, int, int]


@device_kernel("UniTuple(int64,4)(int64,int64,int64[:,::1],int64[:,::1],int64[:,::1])")
def rotation_now_q30(row: int, world: int, rotation_q30: Words, gain_q40: Words, motion: Words) -> Rotation:
    """Rotation of a body after what the substeps so far have turned it."""
    if row == world:
        return 0, 0, 0, _ONE_Q30
    inverse = gain_q40[row, GAIN_INVERSE_LEVER]
    x = mul_shift(motion[row, MOTION_TURN], inverse, 36)
    y = mul_shift(motion[row, MOTION_TURN + 1], inverse, 36)
    z = mul_shift(motion[row, MOTION_TURN + 2], inverse, 36)
    qx = rotation_q30[row, 0]
    qy = rotation_q30[row, 1]
    qz = rotation_q30[row, 2]
    qw = rotation_q30[row, 3]
    if x | y | z == 0:
        return qx, qy, qz, qw
    return turned(qx, qy, qz, qw, x, y, z)


@device_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64[:,::1])")
def over_lever_q40(x_q28: int, y_q28: int, z_q28: int, row: int, gain_q40: Words) -> Vector:
    """An arm over the body's lever, Q40; zero for the world."""
    inverse = gain_q40[row, GAIN_INVERSE_LEVER]
    return (
        mul_shift(clamp_symmetric(x_q28, _REACH_MAX_Q28), inverse, 26),
        mul_shift(clamp_symmetric(y_q28, _REACH_MAX_Q28), inverse, 26),
        mul_shift(clamp_symmetric(z_q28, _REACH_MAX_Q28), inverse, 26),
    )


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64[:,::1],int64,int64)")
def put_gain(link: Words, slot: int, gain: int, arm: int, rod: Words, row: int, column: int) -> None:
    """Write what a unit push along a rod does to a body's scaled angular velocity: gain times arm, Q36."""
    x = rod[row, arm]
    y = rod[row, arm + 1]
    z = rod[row, arm + 2]
    xx = link[slot, gain]
    yy = link[slot, gain + 1]
    zz = link[slot, gain + 2]
    xy = link[slot, gain + 3]
    xz = link[slot, gain + 4]
    yz = link[slot, gain + 5]
    rod[row, column] = dot3_shift(xx, x, xy, y, xz, z, 52)
    rod[row, column + 1] = dot3_shift(xy, x, yy, y, yz, z, 52)
    rod[row, column + 2] = dot3_shift(xz, x, yz, y, zz, z, 52)


@device_kernel(
    "void(int64[:,::1],int64,int64[:,::1],int64,UniTuple(int64,3),UniTuple(int64,3),UniTuple(int64,3))"
)
def put_linear(
    link: Words, slot: int, rod: Words, axis: int, direction_q30: Vector, arm_a_q40: Vector, arm_b_q40: Vector
) -> None:
    """Write a rod along a displacement."""
    row = slot * AXES + axis
    dx, dy, dz = direction_q30
    bound = link[slot, LINK_ARM_MAX_A]
    ax = clamp_symmetric(arm_a_q40[0], bound)
    ay = clamp_symmetric(arm_a_q40[1], bound)
    az = clamp_symmetric(arm_a_q40[2], bound)
    bound = link[slot, LINK_ARM_MAX_B]
    bx = clamp_symmetric(arm_b_q40[0], bound)
    by = clamp_symmetric(arm_b_q40[1], bound)
    bz = clamp_symmetric(arm_b_q40[2], bound)
    rod[row, ROD_AXIS] = dx
    rod[row, ROD_AXIS + 1] = dy
    rod[row, ROD_AXIS + 2] = dz
    rod[row, ROD_DIRECTION] = dx << 18
    rod[row, ROD_DIRECTION + 1] = dy << 18
    rod[row, ROD_DIRECTION + 2] = dz << 18
    rod[row, ROD_ARM_A] = mul_sub_shift(ay, dz, az, dy, 22)
    rod[row, ROD_ARM_A + 1] = mul_sub_shift(az, dx, ax, dz, 22)
    rod[row, ROD_ARM_A + 2] = mul_sub_shift(ax, dy, ay, dx, 22)
    rod[row, ROD_ARM_B] = mul_sub_shift(by, dz, bz, dy, 22)
    rod[row, ROD_ARM_B + 1] = mul_sub_shift(bz, dx, bx, dz, 22)
    rod[row, ROD_ARM_B + 2] = mul_sub_shift(bx, dy, by, dx, 22)
    put_gain(link, slot, LINK_GAIN_A, ROD_ARM_A, rod, row, ROD_GAIN_A)
    put_gain(link, slot, LINK_GAIN_B, ROD_ARM_B, rod, row, ROD_GAIN_B)


@device_kernel("void(int64[:,::1],int64,int64[:,::1],int64,int64,UniTuple(int64,3))")
def put_angular(link: Words, slot: int, rod: Words, axis: int, angle_q30: int, direction_q30: Vector) -> None:
    """Write a rod along an angle."""
    row = slot * AXES + axis
    for lane in range(3):
        direction = direction_q30[lane]
        rod[row, ROD_AXIS + lane] = direction
        rod[row, ROD_DIRECTION + lane] = 0
        rod[row, ROD_ARM_A + lane] = mul_shift(direction, link[slot, LINK_RATIO_A], 30)
        rod[row, ROD_ARM_B + lane] = mul_shift(direction, link[slot, LINK_RATIO_B], 30)
    put_gain(link, slot, LINK_GAIN_A, ROD_ARM_A, rod, row, ROD_GAIN_A)
    put_gain(link, slot, LINK_GAIN_B, ROD_ARM_B, rod, row, ROD_GAIN_B)
    rod[row, ROD_ERROR] = mul_shift(angle_q30, link[slot, LINK_LENGTH], 26)


@device_kernel("int64(UniTuple(int64,4),UniTuple(int64,4))")
def twist_q30(a: Rotation, b: Rotation) -> int:
    """Angle of the twist of frame b against frame a about their x axes, without the swing; -pi to pi.

    Of the relative rotation, half the tangent of the twist is x over w. Not defined where the x axes are
    opposed: 0 there.
    """
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    x = dot4_shift(aw, bx, -ax, bw, -ay, bz, az, by, 30)
    w = dot4_shift(ax, bx, ay, by, az, bz, aw, bw, 30)
    if w < 0:
        x, w = -x, -w
    return 2 * arc_tangent2_q30(x, w)


@device_kernel("UniTuple(int64,4)(UniTuple(int64,9),UniTuple(int64,9),int64)")
def swing_q30(a: Matrix, b: Matrix, axis: int) -> tuple[int, int, int, int]:
    """Angle of a swing and the unit vector about which it turns.

    The swing about y is the angle, seen along y of frame a, from x of frame a to x of frame b; likewise about
    z. With s and c the sine and cosine of that angle times a common factor, the x axis of b turns about ``e x
    xb``, where ``e`` is s and c along the axes of a, scaled to unit length.
    """
    bx, by, bz = b[0], b[3], b[6]
    cosine = dot_q30(bx, by, bz, a[0], a[3], a[6])
    if axis == SWING_Y:
        sine = -dot_q30(bx, by, bz, a[2], a[5], a[8])
        ex = dot2_shift(cosine, a[2], sine, a[0], 30)
        ey = dot2_shift(cosine, a[5], sine, a[3], 30)
        ez = dot2_shift(cosine, a[8], sine, a[6], 30)
    else:
        sine = dot_q30(bx, by, bz, a[1], a[4], a[7])
        ex = -mul_sub_shift(cosine, a[1], sine, a[0], 30)
        ey = -mul_sub_shift(cosine, a[4], sine, a[3], 30)
        ez = -mul_sub_shift(cosine, a[7], sine, a[6], 30)
    nx, ny, nz = cross_q30(ex, ey, ez, bx, by, bz)
    nx, ny, nz, _ = unit_vector_q30(nx, ny, nz)
    return arc_tangent2_q30(sine, cosine), nx, ny, nz


@device_kernel("UniTuple(int64,4)(UniTuple(int64,9),UniTuple(int64,9))")
def cone_q30(a: Matrix, b: Matrix) -> tuple[int, int, int, int]:
    """Angle between the two x axes, and the unit vector about which it grows; zero where they coincide."""
    nx, ny, nz = cross_q30(a[0], a[3], a[6], b[0], b[3], b[6])
    nx, ny, nz, sine = unit_vector_q30(nx, ny, nz)
    return arc_tangent2_q30(sine, dot_q30(a[0], a[3], a[6], b[0], b[3], b[6])), nx, ny, nz


@device_kernel(
    "void(int64[:,::1],int64,int64[:,::1],int64,UniTuple(int64,4),UniTuple(int64,4),UniTuple(int64,9),UniTuple(int64,9))"
)
def put_angles(
    link: Words, slot: int, rod: Words, used: int, qa: Rotation, qb: Rotation, a: Matrix, b: Matrix
) -> None:
    """Write the rods of a link's angular axes; ``qa``, ``qb`` are its frames, ``a``, ``b`` their matrices."""
    if used >> TWIST & 1 != 0:
        if link[slot, LINK_LOCKED] & _SWINGS == _SWINGS:
            nx, ny, nz = a[0], a[3], a[6]
        else:
            nx, ny, nz, _ = unit_vector_q30(a[0] + b[0], a[3] + b[3], a[6] + b[6])
        put_angular(link, slot, rod, TWIST, twist_q30(qa, qb), (nx, ny, nz))
    if link[slot, LINK_LOCKED] & _SWINGS == _SWINGS:
        # Small angles: the sines, and axes at right angles to x of b, whatever the twist.
        nx, ny, nz = cross_q30(a[2], a[5], a[8], b[0], b[3], b[6])
        put_angular(link, slot, rod, SWING_Y, -dot_q30(b[0], b[3], b[6], a[2], a[5], a[8]), (nx, ny, nz))
        nx, ny, nz = cross_q30(b[0], b[3], b[6], a[1], a[4], a[7])
        put_angular(link, slot, rod, SWING_Z, dot_q30(b[0], b[3], b[6], a[1], a[4], a[7]), (nx, ny, nz))
    else:
        for axis in range(SWING_Y, SWING_Z + 1):
            if used >> axis & 1 != 0:
                angle, nx, ny, nz = swing_q30(a, b, axis)
                put_angular(link, slot, rod, axis, angle, (nx, ny, nz))
    if used >> CONE & 1 != 0:
        angle, nx, ny, nz = cone_q30(a, b)
        put_angular(link, slot, rod, CONE, angle, (nx, ny, nz))


@device_kernel(
    "void(int64[:,::1],int64,int64[:,::1],int64,int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1])"
)
def put_rods(
    link: Words,
    slot: int,
    rod: Words,
    world: int,
    origin_q24: Words,
    rotation_q30: Words,
    gain_q40: Words,
    motion: Words,
) -> None:
    """Write the Jacobian and the errors of a link from the poses of its bodies now.

    Parameters
    ----------
    world : int
        The row that stands for the world.
    origin_q24, rotation_q30 : arrays
        Poses when the tick began.
    gain_q40, motion : arrays
        Of the bodies; their shifts and turns say how far they have come.
    """
    row_a = link[slot, LINK_A]
    row_b = link[slot, LINK_B]
    qax, qay, qaz, qaw = rotation_now_q30(row_a, world, rotation_q30, gain_q40, motion)
    qbx, qby, qbz, qbw = rotation_now_q30(row_b, world, rotation_q30, gain_q40, motion)
    rax, ray, raz = rotate_q30(
        qax, qay, qaz, qaw,
        link[slot, LINK_ANCHOR_A] << 4, link[slot, LINK_ANCHOR_A + 1] << 4,
        link[slot, LINK_ANCHOR_A + 2] << 4,
    )  # fmt: skip
    rbx, rby, rbz = rotate_q30(
        qbx, qby, qbz, qbw,
        link[slot, LINK_ANCHOR_B] << 4, link[slot, LINK_ANCHOR_B + 1] << 4,
        link[slot, LINK_ANCHOR_B + 2] << 4,
    )  # fmt: skip
    # From the centre of a to the anchor of b: a push along a rod acts there on both bodies.
    ux = rbx + motion[row_b, MOTION_SHIFT] - motion[row_a, MOTION_SHIFT] - (origin_q24[row_a, 0] << 4)
    uy = rby + motion[row_b, MOTION_SHIFT + 1] - motion[row_a, MOTION_SHIFT + 1] - (origin_q24[row_a, 1] << 4)
    uz = rbz + motion[row_b, MOTION_SHIFT + 2] - motion[row_a, MOTION_SHIFT + 2] - (origin_q24[row_a, 2] << 4)
    if row_b != world:
        ux += origin_q24[row_b, 0] << 4
        uy += origin_q24[row_b, 1] << 4
        uz += origin_q24[row_b, 2] << 4
    used = link[slot, LINK_LOCKED] | link[slot, LINK_ACTIVE]
    frame_a = multiply_q30(
        qax, qay, qaz, qaw, link[slot, LINK_FRAME_A], link[slot, LINK_FRAME_A + 1],
        link[slot, LINK_FRAME_A + 2], link[slot, LINK_FRAME_A + 3],
    )  # fmt: skip
    a = matrix_q30(frame_a[0], frame_a[1], frame_a[2], frame_a[3])
    arm_b = over_lever_q40(rbx, rby, rbz, row_b, gain_q40)
    ex = ux - rax
    ey = uy - ray
    ez = uz - raz
    if link[slot, LINK_KIND] == KIND_DISTANCE:
        dx, dy, dz, length = unit_vector_q30(ex, ey, ez)
        if length == 0:
            dx, dy, dz = a[0], a[3], a[6]
        put_linear(link, slot, rod, 0, (dx, dy, dz), over_lever_q40(rax, ray, raz, row_a, gain_q40), arm_b)
        rod[slot * AXES, ROD_ERROR] = length
        return
    arm_a = over_lever_q40(ux, uy, uz, row_a, gain_q40)
    for axis in range(TWIST):
        if used >> axis & 1 != 0:
            dx, dy, dz = (a[0], a[3], a[6]) if axis == 0 else (a[1], a[4], a[7])
            if axis == 2:
                dx, dy, dz = a[2], a[5], a[8]
            put_linear(link, slot, rod, axis, (dx, dy, dz), arm_a, arm_b)
            rod[slot * AXES + axis, ROD_ERROR] = dot3_shift(ex, dx, ey, dy, ez, dz, 30)
    if used >> TWIST != 0:
        frame_b = multiply_q30(
            qbx, qby, qbz, qbw, link[slot, LINK_FRAME_B], link[slot, LINK_FRAME_B + 1],
            link[slot, LINK_FRAME_B + 2], link[slot, LINK_FRAME_B + 3],
        )  # fmt: skip
        b = matrix_q30(frame_b[0], frame_b[1], frame_b[2], frame_b[3])
        put_angles(link, slot, rod, used, frame_a, frame_b, a, b)
