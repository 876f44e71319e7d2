"""Bodies before and after the substeps: from the table into the solver's scratch, and back."""

from __future__ import annotations

from physics_fixed.fixmath.quat import (
    from_rotation_vector_q30,
    multiply_q30,
    normalize_q30,
    rotate_inverse_q30,
    rotate_q30,
)
from physics_fixed.fixmath.quat import matrix_q30 as matrix_of_quaternion_q30
from physics_fixed.fixmath.scalar import clamp_symmetric, maximum, minimum
from physics_fixed.fixmath.wide import (
    div_shift,
    dot2_narrow,
    dot3_narrow,
    dot3_shift,
    dot4_narrow,
    mul_narrow,
    mul_shift,
)
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    DYNAMIC,
    FLAG_ASLEEP,
    FLAG_DISABLED,
    FLAG_LOCK_ROTATION,
    GAIN_INVERSE_LEVER,
    LOCK_ROTATION,
    MOBILE_DYNAMIC,
    MOBILE_KINEMATIC,
    MOBILE_NOT,
    MOTION_SHIFT,
    MOTION_TURN,
    MOTION_V,
    MOTION_W,
    STATIC,
    Bytes,
    Words,
)
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, POSITION_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.parallel.jobs import share
from physics_fixed.solver.locks import hold, lock_gain
from physics_fixed.solver.rows import SPEED_MAX_Q24

_ONE_Q30 = 1 << 30
_TINY_Q30 = 1 << 14
_SMALL_Q30 = 1 << 27  # an eighth: the components of half a small turn
_ANGLE_SHIFT = 46  # from such an angular velocity times seconds in Q40 to radians in Q30
_LEAST = 64  # bodies that are worth a chunk
_EXTRA_BITS = 12  # of angular velocity while it goes through the body axes: rounding must not spin or stop it


@device_kernel(
    "void(int64,int64,int64,uint8[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],"
    "int64[:,::1],int64[:,::1],uint8[::1])"
)
def _start_bodies(
    first: int,
    end: int,
    lane: int,
    alive: Bytes,
    kind: Bytes,
    flags: Bytes,
    position_q24: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    lever_q24: Words,
    angular_gain_q40: Words,
    geometry: Words,
    principal_q30: Words,
    rotation_q30: Words,
    matrix_q30: Words,
    origin_q24: Words,
    mobile: Words,
    motion: Words,
    gain_q40: Words,
    locks: Bytes,
) -> None:
    """The rows ``first`` to ``end`` of :func:`start_bodies`."""
    for row in range(first, end):
        mobile[row] = MOBILE_NOT
        if alive[row] == 0:
            continue
        for axis in range(3):
            origin_q24[row, axis] = position_q24[row, axis]
        if flags[row] & (FLAG_DISABLED | FLAG_ASLEEP) != 0:
            continue
        still = kind[row] == STATIC
        if not still:
            mobile[row] = MOBILE_DYNAMIC if kind[row] == DYNAMIC else MOBILE_KINEMATIC
        turning = not still and flags[row] & FLAG_LOCK_ROTATION == 0
        for axis in range(3):
            motion[row, MOTION_V + axis] = 0 if still else velocity_q24[row, axis]
            motion[row, MOTION_W + axis] = (
                scaled_spin(angular_velocity_q24[row, axis], lever_q24[row]) if turning else 0
            )
            motion[row, MOTION_SHIFT + axis] = 0
            motion[row, MOTION_TURN + axis] = 0
        gain_q40[row, GAIN_INVERSE_LEVER] = (1 << 62) // lever_q24[row]
        if mobile[row] != MOBILE_DYNAMIC or not turning:
            gain_q40[row, :6] = 0
            continue
        x = angular_gain_q40[row, 0]
        y = angular_gain_q40[row, 1]
        z = angular_gain_q40[row, 2]
        if x == y and y == z:
            gain_q40[row, :3] = x
            gain_q40[row, 3:6] = 0
        elif geometry[row] < 0 or principal_q30[geometry[row], 3] == _ONE_Q30:
            turn_gain(
                gain_q40, row, x, y, z, matrix_q30[row, 0], matrix_q30[row, 1], matrix_q30[row, 2],
                matrix_q30[row, 3], matrix_q30[row, 4], matrix_q30[row, 5], matrix_q30[row, 6],
                matrix_q30[row, 7], matrix_q30[row, 8],
            )  # fmt: skip
        else:
            px, py, pz, pw = principal_axes(rotation_q30, row, principal_q30, geometry[row])
            turn_gain_by(gain_q40, row, x, y, z, px, py, pz, pw)
        if locks[row] & LOCK_ROTATION != 0:
            lock_gain(gain_q40, row, locks[row])


@kernel(
    "void(int64[::1],int64,uint8[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],int64[::1],"
    "int64[:,::1],int64[:,::1],uint8[::1])"
)
def start_bodies(
    crew: Words,
    count: int,
    alive: Bytes,
    kind: Bytes,
    flags: Bytes,
    position_q24: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    lever_q24: Words,
    angular_gain_q40: Words,
    geometry: Words,
    principal_q30: Words,
    rotation_q30: Words,
    matrix_q30: Words,
    origin_q24: Words,
    mobile: Words,
    motion: Words,
    gain_q40: Words,
    locks: Bytes,
) -> None:
    """Fill ``motion``, ``gain_q40``, ``mobile`` and ``origin_q24`` (positions before the step) from the table
    of bodies.

    ``matrix_q30`` is read for bodies whose gain differs between axes, and ``principal_q30`` (from the table
    of geometries) if these axes are not the body's.
    """
    share(
        crew, 0, count, _LEAST, _start_bodies,
        (
            alive, kind, flags, position_q24, velocity_q24, angular_velocity_q24, lever_q24, angular_gain_q40,
            geometry, principal_q30, rotation_q30, matrix_q30, origin_q24, mobile, motion, gain_q40, locks,
        ),
    )  # fmt: skip


@inline_kernel("UniTuple(int64,4)(int64[:,::1],int64,int64[:,::1],int64)")
def principal_axes(
    rotation_q30: Words, row: int, principal_q30: Words, geometry: int
) -> tuple[int, int, int, int]:
    """Rotation from a body's principal axes to the world's."""
    return multiply_q30(
        rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2], rotation_q30[row, 3],
        principal_q30[geometry, 0], principal_q30[geometry, 1], principal_q30[geometry, 2],
        principal_q30[geometry, 3],
    )  # fmt: skip


@inline_kernel("int64(int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def gain_cell(x: int, y: int, z: int, ix: int, iy: int, iz: int, jx: int, jy: int, jz: int) -> int:
    """A cell of the gain in world axes, from the gains about three axes and two rows of their matrix."""
    return dot3_shift(mul_shift(x, ix, 30), jx, mul_shift(y, iy, 30), jy, mul_shift(z, iz, 30), jz, 30)


@inline_kernel(
    "void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)"
)
def turn_gain(
    gain_q40: Words,
    row: int,
    x: int,
    y: int,
    z: int,
    xx: int,
    xy: int,
    xz: int,
    yx: int,
    yy: int,
    yz: int,
    zx: int,
    zy: int,
    zz: int,
) -> None:
    """Write the gain in world axes from the gains about three axes and their rotation matrix, row by row."""
    gain_q40[row, 0] = gain_cell(x, y, z, xx, xy, xz, xx, xy, xz)
    gain_q40[row, 1] = gain_cell(x, y, z, yx, yy, yz, yx, yy, yz)
    gain_q40[row, 2] = gain_cell(x, y, z, zx, zy, zz, zx, zy, zz)
    gain_q40[row, 3] = gain_cell(x, y, z, xx, xy, xz, yx, yy, yz)
    gain_q40[row, 4] = gain_cell(x, y, z, xx, xy, xz, zx, zy, zz)
    gain_q40[row, 5] = gain_cell(x, y, z, yx, yy, yz, zx, zy, zz)


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64,int64)")
def turn_gain_by(
    gain_q40: Words, row: int, x: int, y: int, z: int, qx: int, qy: int, qz: int, qw: int
) -> None:
    """The same, from the rotation as a quaternion."""
    xx, xy, xz, yx, yy, yz, zx, zy, zz = matrix_of_quaternion_q30(qx, qy, qz, qw)
    turn_gain(gain_q40, row, x, y, z, xx, xy, xz, yx, yy, yz, zx, zy, zz)


@device_kernel("int64(int64,int64)")
def scaled_spin(angular_velocity_q24: int, lever_q24: int) -> int:
    """Component of an angular velocity times the lever, Q24 m/s, kept within the solver's range."""
    return clamp_symmetric(mul_shift(angular_velocity_q24, lever_q24, 24), SPEED_MAX_Q24)


@device_kernel(
    "void(int64,int64,int64,int64,int64[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1])"
)
def _finish_bodies(
    first: int,
    end: int,
    lane: int,
    tick_q40: int,
    mobile: Words,
    flags: Bytes,
    locks: Bytes,
    position_q24: Words,
    rotation_q30: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    lever_q24: Words,
    angular_gain_q40: Words,
    geometry: Words,
    principal_q30: Words,
    motion: Words,
) -> None:
    """The rows ``first`` to ``end`` of :func:`finish_bodies`."""
    for row in range(first, end):
        if mobile[row] == MOBILE_NOT:
            continue
        if locks[row] != 0:
            hold(motion, row, locks[row])
        for axis in range(3):
            position_q24[row, axis] = clamp_symmetric(
                position_q24[row, axis] + ((motion[row, MOTION_SHIFT + axis] + 8) >> 4), POSITION_MAX_Q24
            )
        if mobile[row] == MOBILE_DYNAMIC:
            for axis in range(3):
                velocity_q24[row, axis] = clamp_symmetric(motion[row, MOTION_V + axis], VELOCITY_MAX_Q24)
        if flags[row] & FLAG_LOCK_ROTATION != 0:
            continue
        lever = lever_q24[row]
        inverse = (1 << 62) // lever
        if mobile[row] == MOBILE_DYNAMIC:
            for axis in range(3):
                # Only the change goes through the lever, so a free body keeps its angular velocity to the
                # bit.
                before = scaled_spin(angular_velocity_q24[row, axis], lever)
                change = mul_shift(motion[row, MOTION_W + axis] - before, inverse, 38)
                angular_velocity_q24[row, axis] += change
        turn(
            row, tick_q40, rotation_q30, angular_velocity_q24, inverse, angular_gain_q40, geometry,
            principal_q30, motion, locks[row] & LOCK_ROTATION,
        )  # fmt: skip
        if mobile[row] == MOBILE_DYNAMIC:
            bound = minimum(ANGULAR_VELOCITY_MAX_Q24, div_shift(SPEED_MAX_Q24, lever, 24))
            for axis in range(3):
                angular_velocity_q24[row, axis] = clamp_symmetric(angular_velocity_q24[row, axis], bound)


@kernel(
    "void(int64[::1],int64,int64,int64[::1],uint8[::1],uint8[::1],int64[:,::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1])"
)
def finish_bodies(
    crew: Words,
    count: int,
    tick_q40: int,
    mobile: Words,
    flags: Bytes,
    locks: Bytes,
    position_q24: Words,
    rotation_q30: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    lever_q24: Words,
    angular_gain_q40: Words,
    geometry: Words,
    principal_q30: Words,
    motion: Words,
) -> None:
    """Move the bodies by what the substeps accumulated, and give them their new velocities, clamped to the
    limits.

    In MOTION_TURN the rotation vector of the tick is left, radians Q30.
    """
    share(
        crew, 0, count, _LEAST, _finish_bodies,
        (
            tick_q40, mobile, flags, locks, position_q24, rotation_q30, velocity_q24, angular_velocity_q24,
            lever_q24, angular_gain_q40, geometry, principal_q30, motion,
        ),
    )  # fmt: skip


@device_kernel("UniTuple(int64,4)(int64,int64,int64,int64,int64,int64,int64)")
def turned(qx: int, qy: int, qz: int, qw: int, x: int, y: int, z: int) -> tuple[int, int, int, int]:
    """A rotation after a further turn by the rotation vector (x, y, z), radians Q30; unit length within
    2^-29.

    Components up to a quarter radian by series, whose rest is below 2^-32, and one step of Newton's method
    for the length, which suffices because the quaternion comes in with unit length; more by the exact
    functions.
    """
    x >>= 1
    y >>= 1
    z >>= 1
    if maximum(abs(x), maximum(abs(y), abs(z))) >= _SMALL_Q30:
        tx, ty, tz, tw = from_rotation_vector_q30(2 * x, 2 * y, 2 * z)
        qx, qy, qz, qw = multiply_q30(tx, ty, tz, tw, qx, qy, qz, qw)
        return normalize_q30(qx, qy, qz, qw)
    square = dot3_narrow(x, x, y, y, z, z, 30)
    cube = mul_narrow(square, square, 30)
    sine = _ONE_Q30 - mul_narrow(square, _ONE_Q30 // 6, 30) + mul_narrow(cube, _ONE_Q30 // 120, 30)
    sine -= mul_narrow(mul_narrow(square, cube, 30), _ONE_Q30 // 5040, 30)
    cosine = _ONE_Q30 - (square >> 1) + mul_narrow(cube, _ONE_Q30 // 24, 30)
    cosine -= mul_narrow(mul_narrow(square, cube, 30), _ONE_Q30 // 720, 30)
    x = mul_narrow(x, sine, 30)
    y = mul_narrow(y, sine, 30)
    z = mul_narrow(z, sine, 30)
    qx, qy, qz, qw = (
        dot4_narrow(cosine, qx, x, qw, y, qz, -z, qy, 30),
        dot4_narrow(cosine, qy, y, qw, z, qx, -x, qz, 30),
        dot4_narrow(cosine, qz, z, qw, x, qy, -y, qx, 30),
        dot4_narrow(cosine, qw, -x, qx, -y, qy, -z, qz, 30),
    )
    factor = (3 * _ONE_Q30 - dot4_narrow(qx, qx, qy, qy, qz, qz, qw, qw, 30)) >> 1
    half = 1 << 29
    return (
        dot2_narrow(qx, factor, half, 1, 30),
        dot2_narrow(qy, factor, half, 1, 30),
        dot2_narrow(qz, factor, half, 1, 30),
        dot2_narrow(qw, factor, half, 1, 30),
    )


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def momentum_of_spin(
    qx: int, qy: int, qz: int, qw: int, sx: int, sy: int, sz: int, gain_x: int, gain_y: int, gain_z: int
) -> tuple[int, int, int]:
    """Angular momentum over the largest moment of inertia, of a body that turns with (sx, sy, sz)."""
    least = minimum(gain_x, minimum(gain_y, gain_z))
    x, y, z = rotate_inverse_q30(qx, qy, qz, qw, sx, sy, sz)
    x = mul_shift(x, div_shift(least, gain_x, 60), 60)
    y = mul_shift(y, div_shift(least, gain_y, 60), 60)
    z = mul_shift(z, div_shift(least, gain_z, 60), 60)
    return rotate_q30(qx, qy, qz, qw, x, y, z)


@inline_kernel("UniTuple(int64,3)(int64,int64,int64,int64,int64,int64,int64,int64,int64,int64)")
def spin_of_momentum(
    qx: int, qy: int, qz: int, qw: int, mx: int, my: int, mz: int, gain_x: int, gain_y: int, gain_z: int
) -> tuple[int, int, int]:
    """The inverse of :func:`momentum_of_spin`."""
    least = minimum(gain_x, minimum(gain_y, gain_z))
    x, y, z = rotate_inverse_q30(qx, qy, qz, qw, mx, my, mz)
    x = mul_shift(x, div_shift(gain_x, least, 40), 40)
    y = mul_shift(y, div_shift(gain_y, least, 40), 40)
    z = mul_shift(z, div_shift(gain_z, least, 40), 40)
    return rotate_q30(qx, qy, qz, qw, x, y, z)


@device_kernel(
    "void(int64,int64,int64[:,::1],int64[:,::1],int64,int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],int64)"
)
def turn(
    row: int,
    tick_q40: int,
    rotation_q30: Words,
    angular_velocity_q24: Words,
    inverse_lever: int,
    angular_gain_q40: Words,
    geometry: Words,
    principal_q30: Words,
    motion: Words,
    locks: int,
) -> None:
    """Turn a body by what the substeps accumulated.

    A dynamic body whose moments of inertia differ keeps its angular momentum, so that its angular velocity
    changes with its rotation. It turns by the angular velocity that it has half way (the midpoint method):
    with the one at the start a tumbling box would gain energy. One that may not turn about some axis just
    keeps its angular velocity: what holds it takes up the change of momentum. The vector that it turned by,
    radians Q30, is left in MOTION_TURN.
    """
    x = mul_shift(motion[row, MOTION_TURN], inverse_lever, 36)
    y = mul_shift(motion[row, MOTION_TURN + 1], inverse_lever, 36)
    z = mul_shift(motion[row, MOTION_TURN + 2], inverse_lever, 36)
    if x == 0 and y == 0 and z == 0:
        motion[row, MOTION_TURN] = 0
        motion[row, MOTION_TURN + 1] = 0
        motion[row, MOTION_TURN + 2] = 0
        return
    qx = rotation_q30[row, 0]
    qy = rotation_q30[row, 1]
    qz = rotation_q30[row, 2]
    qw = rotation_q30[row, 3]
    gain_x = angular_gain_q40[row, 0]
    gain_y = angular_gain_q40[row, 1]
    gain_z = angular_gain_q40[row, 2]
    px = py = pz = 0
    pw = _ONE_Q30
    # Never so for a kinematic body: its gains are zero. A turn so small changes the angular velocity by less
    # than its last digit: what lies at rest pays nothing for it.
    lopsided = (
        locks == 0
        and (gain_x != gain_y or gain_y != gain_z)
        and maximum(abs(x), maximum(abs(y), abs(z))) >= _TINY_Q30
    )
    mx = my = mz = 0
    if lopsided:
        sx = angular_velocity_q24[row, 0] << _EXTRA_BITS
        sy = angular_velocity_q24[row, 1] << _EXTRA_BITS
        sz = angular_velocity_q24[row, 2] << _EXTRA_BITS
        if geometry[row] >= 0:
            px = principal_q30[geometry[row], 0]
            py = principal_q30[geometry[row], 1]
            pz = principal_q30[geometry[row], 2]
            pw = principal_q30[geometry[row], 3]
        if pw != _ONE_Q30:
            qx, qy, qz, qw = multiply_q30(qx, qy, qz, qw, px, py, pz, pw)
        mx, my, mz = momentum_of_spin(qx, qy, qz, qw, sx, sy, sz, gain_x, gain_y, gain_z)
        hx, hy, hz, hw = turned(qx, qy, qz, qw, x >> 1, y >> 1, z >> 1)
        tx, ty, tz = spin_of_momentum(hx, hy, hz, hw, mx, my, mz, gain_x, gain_y, gain_z)
        x += mul_shift(tx - sx, tick_q40, _ANGLE_SHIFT)
        y += mul_shift(ty - sy, tick_q40, _ANGLE_SHIFT)
        z += mul_shift(tz - sz, tick_q40, _ANGLE_SHIFT)
    motion[row, MOTION_TURN] = x
    motion[row, MOTION_TURN + 1] = y
    motion[row, MOTION_TURN + 2] = z
    qx, qy, qz, qw = turned(
        rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2], rotation_q30[row, 3], x, y, z
    )
    rotation_q30[row, 0] = qx
    rotation_q30[row, 1] = qy
    rotation_q30[row, 2] = qz
    rotation_q30[row, 3] = qw
    if lopsided:
        if pw != _ONE_Q30:
            qx, qy, qz, qw = multiply_q30(qx, qy, qz, qw, px, py, pz, pw)
        sx, sy, sz = spin_of_momentum(qx, qy, qz, qw, mx, my, mz, gain_x, gain_y, gain_z)
        half = 1 << (_EXTRA_BITS - 1)
        angular_velocity_q24[row, 0] = (sx + half) >> _EXTRA_BITS
        angular_velocity_q24[row, 1] = (sy + half) >> _EXTRA_BITS
        angular_velocity_q24[row, 2] = (sz + half) >> _EXTRA_BITS
