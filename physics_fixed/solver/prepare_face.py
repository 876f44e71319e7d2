"""Face rows: from a contact with one to four points to rows of the Jacobian."""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import (
    div_shift,
    dot2_shift,
    dot3_shift,
    dot6_shift,
    length3,
    mul_narrow,
    mul_shift,
    mul_sub_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel
from physics_fixed.layout import (
    CONTACT_APPROACH,
    CONTACT_COEFFICIENT,
    CONTACT_FRICTION,
    CONTACT_NORMAL,
    CONTACT_PAIR,
    CONTACT_POINT_COUNT,
    CONTACT_POINT_FIRST,
    CONTACT_RESTITUTION,
    CONTACT_ROW,
    CONTACT_TWIST,
    DYNAMIC,
    GAIN_INVERSE_LEVER,
    MOTION_V,
    POINT_ARM,
    POINT_PUSH,
    POINT_SEPARATION,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.solver.locks import linear_q31, lock_shares, scaled_push
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
    FACE_NORMAL,
    FACE_ORDER,
    FACE_POINT_COUNT,
    FACE_POINT_FIRST,
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
    ONE_Q60,
    ORDER_PAIRS,
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
)
from physics_fixed.solver.terms import (
    bounce_of,
    reciprocal_q60,
    share_of_a_q60,
    spin_along,
)

_ROW_MASK = 0xFFFFFFFF
_ONE_Q30 = 1 << 30
_ARM_ALONG_MAX_Q40 = 2 << 40
_ARM_MAX_Q40 = 4 << 40  # so that a cross product with a unit vector in Q60 fits a word
# Bounds of the effective masses of a contact's points together. One face on another has 1; points of bodies
# that cannot turn would have 1 each, be springs side by side, and hum.
_MASS_MAX_Q60 = (4 << 60) // 3
_IN_TURN_SHIFT = (
    3  # together up to 9/8 of what stops an approach of all points; above, a pair after the other
)
# Bounds of the share of a common approach that a pair stops by itself: evenly laid, 1/2 of two pairs, or all.
_PAIR_MAX_Q60 = 3 << 58
_ONLY_PAIR_MAX_Q60 = 5 << 58
_APART_SHIFT = 2  # points that stop less of an approach than this part of it turn the bodies rather
_GAIN_SAFE_Q40 = 1 << 51  # times the longest arm it fits Q46
_GAIN_MAX_Q36 = 1 << 52
_MASS_MIN_Q31 = 3 << 29  # of a row of locked bodies: no effective mass is larger than 4/3
TWIST_MIN_Q31 = (
    1 << 19
)  # a patch that much smaller than the bodies' levers cannot hold them, and Q50 would overflow


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64,int64)")
def over_lever_q40(
    x: int, y: int, z: int, inverse_lever_q38: int, nx_q60: int, ny_q60: int, nz_q60: int
) -> tuple[int, int, int]:
    """An arm over the body's lever, Q40.

    The contact point of a small body deep inside a large one may lie many levers away, along the normal.
    There it makes no difference to the push, but friction would turn the body wildly; so that part is cut to
    two levers.
    """
    x = mul_shift(x, inverse_lever_q38, 22)
    y = mul_shift(y, inverse_lever_q38, 22)
    z = mul_shift(z, inverse_lever_q38, 22)
    along = dot3_shift(x, nx_q60, y, ny_q60, z, nz_q60, 60)
    excess = along - clamp_symmetric(along, _ARM_ALONG_MAX_Q40)
    if excess != 0:
        x -= mul_shift(excess, nx_q60, 60)
        y -= mul_shift(excess, ny_q60, 60)
        z -= mul_shift(excess, nz_q60, 60)
    return (
        clamp_symmetric(x, _ARM_MAX_Q40),
        clamp_symmetric(y, _ARM_MAX_Q40),
        clamp_symmetric(z, _ARM_MAX_Q40),
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64)")
def tangent_of_q60(x_q30: int, y_q30: int, z_q30: int) -> tuple[int, int, int]:
    """A unit vector at right angles to a unit vector, Q60, without a root.

    Source: Duff and others, "Building an Orthonormal Basis, Revisited", JCGT 6(1), 2017.
    """
    side = 1 if z_q30 >= 0 else -1
    factor = -((1 << 60) // (_ONE_Q30 + side * z_q30))
    product = mul_narrow(x_q30, factor, 30)
    return (
        (_ONE_Q30 + mul_narrow(product, x_q30, 30)) << 30,
        side * mul_narrow(product, y_q30, 30) << 30,
        -side * x_q30 << 30,
    )


@inline_kernel("void(int64[:,::1],int64,int64,int64)")
def clear_words(rows: Words, row: int, column: int, count: int) -> None:
    """Set words of a row to zero."""
    for k in range(count):
        rows[row, column + k] = 0


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64)")
def put_cross(
    rows: Words, row: int, column: int, ax: int, ay: int, az: int, bx: int, by: int, bz: int
) -> None:
    """Write the cross product of an arm over its lever (Q40) and a direction (Q60), Q60."""
    rows[row, column] = mul_sub_shift(ay, bz, az, by, 40)
    rows[row, column + 1] = mul_sub_shift(az, bx, ax, bz, 40)
    rows[row, column + 2] = mul_sub_shift(ax, by, ay, bx, 40)


@inline_kernel("UniTuple(int64,6)(int64[:,::1],int64,int64)")
def shared_gain_q40(gain_q40: Words, body: int, share_q60: int) -> tuple[int, int, int, int, int, int]:
    """The gain of a body times its share of a push."""
    return (
        mul_shift(gain_q40[body, 0], share_q60, 60),
        mul_shift(gain_q40[body, 1], share_q60, 60),
        mul_shift(gain_q40[body, 2], share_q60, 60),
        mul_shift(gain_q40[body, 3], share_q60, 60),
        mul_shift(gain_q40[body, 4], share_q60, 60),
        mul_shift(gain_q40[body, 5], share_q60, 60),
    )


@device_kernel("void(int64[:,::1],int64,int64,UniTuple(int64,6))")
def cut_arm(rows: Words, row: int, arm_column: int, gain_q40: tuple[int, int, int, int, int, int]) -> None:
    """Shorten an arm so that its product with a large gain fits Q46."""
    x = rows[row, arm_column]
    y = rows[row, arm_column + 1]
    z = rows[row, arm_column + 2]
    xx, yy, zz, xy, xz, yz = gain_q40
    largest = maximum(
        abs(dot3_shift(xx, x, xy, y, xz, z, 64)),
        maximum(abs(dot3_shift(xy, x, yy, y, yz, z, 64)), abs(dot3_shift(xz, x, yz, y, zz, z, 64))),
    )
    if largest >= _GAIN_MAX_Q36:
        factor = div_shift(_GAIN_MAX_Q36, largest + 1, 60)
        for lane in range(3):
            rows[row, arm_column + lane] = mul_shift(rows[row, arm_column + lane], factor, 60)


@device_kernel("void(int64[:,::1],int64,int64,int64,UniTuple(int64,6))")
def put_gain(
    rows: Words, row: int, arm_column: int, column: int, gain_q40: tuple[int, int, int, int, int, int]
) -> None:
    """Write what a unit push does to a body's angular velocity times lever: its gain times the arm, Q46.

    A rod that is hit many times its thickness off its axis would be spun by more than Q46 holds: the arm is
    cut to what fits, so the row stays one of a Jacobian, of a push nearer to the axis.
    """
    xx, yy, zz, xy, xz, yz = gain_q40
    if maximum(xx, maximum(yy, zz)) >= _GAIN_SAFE_Q40:
        cut_arm(rows, row, arm_column, gain_q40)
    x = rows[row, arm_column]
    y = rows[row, arm_column + 1]
    z = rows[row, arm_column + 2]
    if xx == yy and yy == zz and xy | xz | yz == 0:  # a cube or a sphere
        rows[row, column] = mul_shift(xx, x, 54)
        rows[row, column + 1] = mul_shift(xx, y, 54)
        rows[row, column + 2] = mul_shift(xx, z, 54)
        return
    rows[row, column] = dot3_shift(xx, x, xy, y, xz, z, 54)
    rows[row, column + 1] = dot3_shift(xy, x, yy, y, yz, z, 54)
    rows[row, column + 2] = dot3_shift(xz, x, yz, y, zz, z, 54)


@inline_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64,int64)")
def effective_mass_q60(
    rows: Words, row: int, arm_a: int, arm_b: int, gain_a: int, gain_b: int, linear_q31: int
) -> int:
    """Push that changes the relative velocity along a row by one: 1 / (linear + arms . gains)."""
    angular = dot6_shift(
        rows[row, arm_a], rows[row, gain_a],
        rows[row, arm_a + 1], rows[row, gain_a + 1],
        rows[row, arm_a + 2], rows[row, gain_a + 2],
        rows[row, arm_b], rows[row, gain_b],
        rows[row, arm_b + 1], rows[row, gain_b + 1],
        rows[row, arm_b + 2], rows[row, gain_b + 2],
        75,
    )  # fmt: skip
    return reciprocal_q60(maximum(linear_q31 + maximum(angular, 0), _MASS_MIN_Q31))


@device_kernel("int64(int64[:,::1],int64,int64,int64)")
def mass_together_q60(corner: Words, first: int, points: int, linear_q31: int) -> int:
    """Effective mass of several points that are pushed alike: that of their mean row of the Jacobian."""
    angular = 0
    for lane in range(3):
        arm_a = gain_a = arm_b = gain_b = 0
        for k in range(first, first + points):  # a quarter of each, as the sum of four might not fit
            arm_a += corner[k, CORNER_ARM_A + lane] >> 2
            gain_a += corner[k, CORNER_GAIN_A + lane] >> 2
            arm_b += corner[k, CORNER_ARM_B + lane] >> 2
            gain_b += corner[k, CORNER_GAIN_B + lane] >> 2
        angular += dot2_shift(arm_a, gain_a, arm_b, gain_b, 75)
    angular = maximum(angular, 0) * 16 // (points * points)
    return reciprocal_q60(maximum(linear_q31 + angular, _MASS_MIN_Q31))


@inline_kernel("int64(int64[:,::1],int64,int64,int64)")
def yield_q31(corner: Words, k: int, other: int, linear_q31: int) -> int:
    """What a unit push at one point does to the velocity at another."""
    return linear_q31 + dot6_shift(
        corner[k, CORNER_ARM_A], corner[other, CORNER_GAIN_A],
        corner[k, CORNER_ARM_A + 1], corner[other, CORNER_GAIN_A + 1],
        corner[k, CORNER_ARM_A + 2], corner[other, CORNER_GAIN_A + 2],
        corner[k, CORNER_ARM_B], corner[other, CORNER_GAIN_B],
        corner[k, CORNER_ARM_B + 1], corner[other, CORNER_GAIN_B + 1],
        corner[k, CORNER_ARM_B + 2], corner[other, CORNER_GAIN_B + 2],
        75,
    )  # fmt: skip


@device_kernel("int64(int64[:,::1],int64,int64,int64,int64,int64)")
def pair_points(corner: Words, first: int, points: int, linear_q31: int, mass: int, together: int) -> int:
    """Write how the changes of two opposite points mix, so that one pass stops both their approach and their
    turning; returns the order of the row.

    The two take their common change times what makes it exact for all points of the row that approach alike,
    and their difference times what makes it exact for the pair, if it would go too far.

    Parameters
    ----------
    mass, together : int
        Sum of the points' effective masses, and the mass of all that are pushed alike, Q60.
    """
    half = (points + 1) >> 1
    if mass < together >> _APART_SHIFT:
        return ORDER_SINGLE
    alike = maximum(div_shift(together, mass, 60), ONE_Q60)
    bound = _ONLY_PAIR_MAX_Q60 if points == 2 else _PAIR_MAX_Q60
    for k in range(first, first + points - half):
        mean = (corner[k, CORNER_MASS] + corner[k + half, CORNER_MASS]) >> 1
        own = (1 << 62) // maximum(mean >> 29, 1)
        crossed = yield_q31(corner, k, k + half, linear_q31)
        if abs(crossed) > own or mul_shift(mul_shift(mean, own + crossed, 31), alike, 60) > bound:
            return ORDER_SINGLE  # the points are not laid evenly, or not in their order around
        unlike = div_shift(ONE_Q60, maximum(mul_shift(mean, own - crossed, 31), ONE_Q60), 60)
        corner[k, CORNER_OWN] = ((alike + unlike) >> 1) - ONE_Q60
        corner[k, CORNER_OTHERS] = (alike - unlike) >> 1
    return ORDER_TOGETHER


@device_kernel("void(int64[:,::1],int64,int64[:,::1],int64,int64,int64)")
def order_points(face: Words, row: int, corner: Words, first: int, points: int, linear_q31: int) -> None:
    """Bound the effective masses of the points of a row, and choose the order in which they are solved."""
    face[row, FACE_ORDER] = ORDER_TOGETHER
    if points == 1:
        return
    mass = 0
    for k in range(first, first + points):
        mass += corner[k, CORNER_MASS]
    together = mass_together_q60(corner, first, points, linear_q31)
    # 7/4: where they stop the approach with less, a wall of boxes sinks more
    limit = minimum(together + (together >> 1) + (together >> 2), _MASS_MAX_Q60)
    if mass > limit:
        share = div_shift(limit, mass, 60)
        for k in range(first, first + points):
            corner[k, CORNER_MASS] = mul_shift(corner[k, CORNER_MASS], share, 60)
        mass = limit
    if mass > together + (together >> _IN_TURN_SHIFT):
        face[row, FACE_ORDER] = ORDER_PAIRS
    else:
        face[row, FACE_ORDER] = pair_points(corner, first, points, linear_q31, mass, together)


@device_kernel(
    "int64(int64[:,::1],int64,int64[:,::1],int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1])"
)
def prepare_corners(
    contact: Words,
    index: int,
    point: Words,
    row: int,
    a: int,
    b: int,
    side: int,
    still: int,
    origin_q24: Words,
    motion: Words,
    gain_q40: Words,
    face: Words,
    corner: Words,
) -> int:
    """Write the points of a face row; the largest approach speed among them."""
    first = contact[index, CONTACT_POINT_FIRST]
    x = face[row, FACE_NORMAL]
    y = face[row, FACE_NORMAL + 1]
    z = face[row, FACE_NORMAL + 2]
    gain_a = shared_gain_q40(gain_q40, a, face[row, FACE_SHARE_A])
    gain_b = shared_gain_q40(gain_q40, b, face[row, FACE_SHARE_B])
    linear = dot3_shift(
        x, (motion[b, MOTION_V] - motion[a, MOTION_V]) << UP,
        y, (motion[b, MOTION_V + 1] - motion[a, MOTION_V + 1]) << UP,
        z, (motion[b, MOTION_V + 2] - motion[a, MOTION_V + 2]) << UP,
        PRODUCT,
    )  # fmt: skip
    along = linear_q31(face, row, x, y, z)
    largest = -(1 << 62)
    for k in range(first, first + contact[index, CONTACT_POINT_COUNT]):
        apart_x = origin_q24[b, 0] - origin_q24[a, 0]
        apart_y = origin_q24[b, 1] - origin_q24[a, 1]
        apart_z = origin_q24[b, 2] - origin_q24[a, 2]
        arm_x = point[k, POINT_ARM]
        arm_y = point[k, POINT_ARM + 1]
        arm_z = point[k, POINT_ARM + 2]
        if side < 0:  # the point is given from the centre of what is now b
            arm_x += apart_x
            arm_y += apart_y
            arm_z += apart_z
        ax, ay, az = over_lever_q40(arm_x, arm_y, arm_z, gain_q40[a, GAIN_INVERSE_LEVER], x, y, z)
        put_cross(corner, k, CORNER_ARM_A, ax, ay, az, x, y, z)
        put_gain(corner, k, CORNER_ARM_A, CORNER_GAIN_A, gain_a)
        if still != 0:
            clear_words(corner, k, CORNER_ARM_B, 3)
            clear_words(corner, k, CORNER_GAIN_B, 3)
        else:
            bx, by, bz = over_lever_q40(
                arm_x - apart_x, arm_y - apart_y, arm_z - apart_z, gain_q40[b, GAIN_INVERSE_LEVER], x, y, z
            )
            put_cross(corner, k, CORNER_ARM_B, bx, by, bz, x, y, z)
            put_gain(corner, k, CORNER_ARM_B, CORNER_GAIN_B, gain_b)
        corner[k, CORNER_SEPARATION] = point[k, POINT_SEPARATION]
        corner[k, CORNER_MASS] = effective_mass_q60(
            corner, k, CORNER_ARM_A, CORNER_ARM_B, CORNER_GAIN_A, CORNER_GAIN_B, along
        )
        corner[k, CORNER_PUSH] = scaled_push(face, row, minimum(point[k, POINT_PUSH], PUSH_MAX_Q24))
        corner[k, CORNER_TOTAL] = 0
        approach = -linear - spin_along(corner, k, CORNER_ARM_A, CORNER_ARM_B, motion, a, b)
        corner[k, CORNER_BOUNCE] = approach
        largest = maximum(largest, approach)
    order_points(face, row, corner, first, contact[index, CONTACT_POINT_COUNT], along)
    return largest


@device_kernel(
    "void(int64[:,::1],int64,int64[:,::1],int64,int64,int64,int64,int64,int64[:,::1],int64[:,::1],int64[:,::1])"
)
def prepare_friction(
    contact: Words,
    index: int,
    point: Words,
    row: int,
    a: int,
    b: int,
    side: int,
    still: int,
    origin_q24: Words,
    gain_q40: Words,
    face: Words,
) -> None:
    """Write friction along two tangents at the centre of the points, and friction against twisting."""
    first = contact[index, CONTACT_POINT_FIRST]
    points = contact[index, CONTACT_POINT_COUNT]
    centre_x = centre_y = centre_z = 0
    for k in range(first, first + points):
        centre_x += point[k, POINT_ARM]
        centre_y += point[k, POINT_ARM + 1]
        centre_z += point[k, POINT_ARM + 2]
    centre_x //= points
    centre_y //= points
    centre_z //= points
    spread_x = spread_y = spread_z = 0
    for k in range(first, first + points):
        spread_x += abs(point[k, POINT_ARM] - centre_x)
        spread_y += abs(point[k, POINT_ARM + 1] - centre_y)
        spread_z += abs(point[k, POINT_ARM + 2] - centre_z)
    radius = length3(spread_x, spread_y, spread_z) // points
    apart_x = origin_q24[b, 0] - origin_q24[a, 0]
    apart_y = origin_q24[b, 1] - origin_q24[a, 1]
    apart_z = origin_q24[b, 2] - origin_q24[a, 2]
    if side < 0:
        centre_x += apart_x
        centre_y += apart_y
        centre_z += apart_z
    nx = face[row, FACE_NORMAL]
    ny = face[row, FACE_NORMAL + 1]
    nz = face[row, FACE_NORMAL + 2]
    inverse_a = gain_q40[a, GAIN_INVERSE_LEVER]
    inverse_b = 0 if still != 0 else gain_q40[b, GAIN_INVERSE_LEVER]  # 0 makes all arms of b zero
    ax, ay, az = over_lever_q40(centre_x, centre_y, centre_z, inverse_a, nx, ny, nz)
    bx, by, bz = over_lever_q40(
        centre_x - apart_x, centre_y - apart_y, centre_z - apart_z, inverse_b, nx, ny, nz
    )
    gain_a = shared_gain_q40(gain_q40, a, face[row, FACE_SHARE_A])
    gain_b = shared_gain_q40(gain_q40, b, face[row, FACE_SHARE_B])
    tx, ty, tz = tangent_of_q60(nx >> 30, ny >> 30, nz >> 30)
    for which in range(2):
        at = FACE_TANGENT + which * TANGENT_WIDTH
        face[row, at + TANGENT_DIRECTION] = tx
        face[row, at + TANGENT_DIRECTION + 1] = ty
        face[row, at + TANGENT_DIRECTION + 2] = tz
        put_cross(face, row, at + TANGENT_ARM_A, ax, ay, az, tx, ty, tz)
        put_cross(face, row, at + TANGENT_ARM_B, bx, by, bz, tx, ty, tz)
        put_gain(face, row, at + TANGENT_ARM_A, at + TANGENT_GAIN_A, gain_a)
        put_gain(face, row, at + TANGENT_ARM_B, at + TANGENT_GAIN_B, gain_b)
        face[row, at + TANGENT_MASS] = effective_mass_q60(
            face,
            row,
            at + TANGENT_ARM_A,
            at + TANGENT_ARM_B,
            at + TANGENT_GAIN_A,
            at + TANGENT_GAIN_B,
            linear_q31(face, row, tx, ty, tz),
        )
        drag = side * dot3_shift(
            contact[index, CONTACT_FRICTION] << UP, tx,
            contact[index, CONTACT_FRICTION + 1] << UP, ty,
            contact[index, CONTACT_FRICTION + 2] << UP, tz,
            PRODUCT,
        )  # fmt: skip
        face[row, FACE_DRAG + which] = scaled_push(face, row, drag)
        tx, ty, tz = (
            mul_sub_shift(ny, tz, nz, ty, 60),
            mul_sub_shift(nz, tx, nx, tz, 60),
            mul_sub_shift(nx, ty, ny, tx, 60),
        )
    face[row, FACE_TWIST_MASS] = 0
    face[row, FACE_TWIST] = 0
    clear_words(face, row, FACE_DRAG_TOTAL, 2)
    if points > 1:
        put_patch(face, row, FACE_TWIST_ARM_A, nx, ny, nz, mul_shift(radius, inverse_a, 22))
        put_patch(face, row, FACE_TWIST_ARM_B, nx, ny, nz, mul_shift(radius, inverse_b, 22))
        put_gain(face, row, FACE_TWIST_ARM_A, FACE_TWIST_GAIN_A, gain_a)
        put_gain(face, row, FACE_TWIST_ARM_B, FACE_TWIST_GAIN_B, gain_b)
        angular = twist_mass_q50(face, row)
        face[row, FACE_TWIST_MASS] = angular
        # Turning the pair around turns normal and push: the twist about the normal stays as it is.
        face[row, FACE_TWIST] = scaled_push(face, row, contact[index, CONTACT_TWIST]) if angular != 0 else 0


@inline_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64)")
def put_patch(face: Words, row: int, column: int, nx: int, ny: int, nz: int, ratio_q40: int) -> None:
    """Write the normal times the radius of the patch of contact over a body's lever, Q60."""
    face[row, column] = mul_shift(nx, ratio_q40, 40)
    face[row, column + 1] = mul_shift(ny, ratio_q40, 40)
    face[row, column + 2] = mul_shift(nz, ratio_q40, 40)


@inline_kernel("int64(int64[:,::1],int64)")
def twist_mass_q50(face: Words, row: int) -> int:
    """Effective mass of the twist row, which has no linear part; 0 if neither body can turn that way, or
    hardly.
    """
    angular = dot6_shift(
        face[row, FACE_TWIST_ARM_A], face[row, FACE_TWIST_GAIN_A],
        face[row, FACE_TWIST_ARM_A + 1], face[row, FACE_TWIST_GAIN_A + 1],
        face[row, FACE_TWIST_ARM_A + 2], face[row, FACE_TWIST_GAIN_A + 2],
        face[row, FACE_TWIST_ARM_B], face[row, FACE_TWIST_GAIN_B],
        face[row, FACE_TWIST_ARM_B + 1], face[row, FACE_TWIST_GAIN_B + 1],
        face[row, FACE_TWIST_ARM_B + 2], face[row, FACE_TWIST_GAIN_B + 2],
        75,
    )  # fmt: skip
    if angular < TWIST_MIN_Q31:
        return 0
    return ((1 << 62) // angular) << 19


@device_kernel(
    "void(int64[::1],int64[:,::1],int64,int64[:,::1],uint8[::1],int64[:,::1],int64[::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],uint8[::1])"
)
def prepare_face(
    settings: Words,
    contact: Words,
    index: int,
    point: Words,
    kind: Bytes,
    origin_q24: Words,
    inverse_mass_q40: Words,
    motion: Words,
    gain_q40: Words,
    face: Words,
    corner: Words,
    locks: Bytes,
) -> None:
    """Write the face row of a contact and its points; the points' rows are those of the contact's points."""
    row = contact[index, CONTACT_ROW]
    a = contact[index, CONTACT_PAIR] >> 32
    b = contact[index, CONTACT_PAIR] & _ROW_MASK
    side = 1
    if kind[a] != DYNAMIC:
        a, b, side = b, a, -1
    face[row, FACE_BODIES] = a << 32 | b
    for axis in range(3):
        face[row, FACE_NORMAL + axis] = (side * contact[index, CONTACT_NORMAL + axis]) << 30
    share = ONE_Q60
    if kind[b] == DYNAMIC:
        share = share_of_a_q60(inverse_mass_q40, a, b)
    face[row, FACE_SHARE_A] = share
    face[row, FACE_SHARE_B] = ONE_Q60 - share
    lock_shares(face, row, a, b, locks, kind[b] == DYNAMIC)
    face[row, FACE_POINT_FIRST] = contact[index, CONTACT_POINT_FIRST]
    face[row, FACE_POINT_COUNT] = contact[index, CONTACT_POINT_COUNT]
    face[row, FACE_ROLL] = 0
    face[row, FACE_FRICTION] = contact[index, CONTACT_COEFFICIENT]
    still = 1 if kind[b] == STATIC else 0
    approach = prepare_corners(
        contact, index, point, row, a, b, side, still, origin_q24, motion, gain_q40, face, corner
    )
    prepare_friction(contact, index, point, row, a, b, side, still, origin_q24, gain_q40, face)
    contact[index, CONTACT_APPROACH] = approach
    first = contact[index, CONTACT_POINT_FIRST]
    for k in range(first, first + contact[index, CONTACT_POINT_COUNT]):
        corner[k, CORNER_BOUNCE] = bounce_of(
            contact[index, CONTACT_RESTITUTION], corner[k, CORNER_BOUNCE], settings
        )
