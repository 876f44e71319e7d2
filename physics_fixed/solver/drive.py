"""What moves a body besides contacts: gravity, force, torque, damping; and impulses from outside.

All of it is computed once a tick into ``drive``: what is left to a substep is an addition, and a product
where there is damping.
"""

from __future__ import annotations

from physics_fixed.fixmath.scalar import clamp_symmetric
from physics_fixed.fixmath.wide import bit_length, dot2_shift, dot3_shift, mul_shift
from physics_fixed.jit import device_kernel, inline_kernel, kernel
from physics_fixed.layout import (
    DRIVE_KEPT,
    DRIVE_SPIN_KEPT,
    DRIVE_V,
    DRIVE_W,
    GAIN_INVERSE_LEVER,
    LOCK_POSITION,
    MOBILE_DYNAMIC,
    Bytes,
    Words,
)
from physics_fixed.limits import ANGULAR_VELOCITY_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.parallel.jobs import share
from physics_fixed.solver.bodies import principal_axes, turn_gain_by
from physics_fixed.solver.locks import lock_gain
from physics_fixed.solver.rows import SPEED_MAX_Q24
from physics_fixed.solver.settings import SUBSTEP_Q40
from physics_fixed.solver.terms import ONE_Q31, reciprocal_q60

_HALF_Q50 = 1 << 49
_LEAST = 128  # bodies that are worth a chunk
_MOMENT_BITS = 86  # of a torque and an inverse mass together, so that their product in Q40 fits a word
_ARM_SPEED_MAX_Q24 = 1 << 40  # m/s: so fast a change is cut to the limit of velocities whatever the gain is


@inline_kernel("int64(int64,int64)")
def over_mass_q40(moment_q24: int, inverse_mass_q40: int) -> int:
    """A component of a torque (or angular impulse) times an inverse mass, Q40.

    A torque that would spin a light body up to millions of radians per second is cut.
    """
    bound = 1 << (_MOMENT_BITS - bit_length(inverse_mass_q40))
    return mul_shift(clamp_symmetric(moment_q24, bound), inverse_mass_q40, 24)


@inline_kernel("int64(int64,int64)")
def kept_q60(damping_q24: int, duration_q40: int) -> int:
    """What damping leaves of a velocity: 1 / (1 + damping * duration), Q60 with 31 significant bits; 0 for
    all.
    """
    if damping_q24 == 0:
        return 0
    return reciprocal_q60(ONE_Q31 + mul_shift(damping_q24, duration_q40, 33))


@inline_kernel("int64(int64,int64)")
def damped(speed: int, kept: int) -> int:
    """A component of a velocity after damping (``kept`` of :func:`kept_q60`), rounded towards zero: it ends
    there.
    """
    if kept == 0:
        return speed
    if speed < 0:
        return -mul_shift(-speed, kept, 60)
    return mul_shift(speed, kept, 60)


@device_kernel("void(int64[:,::1],int64,int64,int64,int64,int64,int64,int64[:,::1],int64)")
def put_turned(
    gain_q40: Words, row: int, x_q40: int, y_q40: int, z_q40: int, factor: int, bits: int, out: Words, at: int
) -> None:
    """Write into ``out[row, at : at + 3]`` the change of angular velocity times lever, Q24, by a torque over
    the mass.

    Parameters
    ----------
    gain_q40 : (n, GAIN_WIDTH)
    x_q40, y_q40, z_q40 : int
        From :func:`over_mass_q40`.
    factor : int
        Duration over the lever, or 1 over the lever for an angular impulse.
    bits : int
        Of the fraction of ``factor``: 38 or 40.
    """
    if bits == 38:
        x = mul_shift(x_q40, factor, 54)
        y = mul_shift(y_q40, factor, 54)
        z = mul_shift(z_q40, factor, 54)
    else:
        x = mul_shift(x_q40, factor, 56)
        y = mul_shift(y_q40, factor, 56)
        z = mul_shift(z_q40, factor, 56)
    x = clamp_symmetric(x, _ARM_SPEED_MAX_Q24)
    y = clamp_symmetric(y, _ARM_SPEED_MAX_Q24)
    z = clamp_symmetric(z, _ARM_SPEED_MAX_Q24)
    xx = gain_q40[row, 0]
    yy = gain_q40[row, 1]
    zz = gain_q40[row, 2]
    xy = gain_q40[row, 3]
    xz = gain_q40[row, 4]
    yz = gain_q40[row, 5]
    out[row, at] = clamp_symmetric(dot3_shift(xx, x, xy, y, xz, z, 40), SPEED_MAX_Q24)
    out[row, at + 1] = clamp_symmetric(dot3_shift(xy, x, yy, y, yz, z, 40), SPEED_MAX_Q24)
    out[row, at + 2] = clamp_symmetric(dot3_shift(xz, x, yz, y, zz, z, 40), SPEED_MAX_Q24)


@inline_kernel("boolean(int64[:,::1],int64)")
def is_zero(vectors: Words, row: int) -> bool:
    """Whether a vector of three is zero."""
    zero: bool = vectors[row, 0] | vectors[row, 1] | vectors[row, 2] == 0
    return zero


@device_kernel(
    "void(int64,int64,int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],uint8[::1])"
)
def _drive_bodies(
    first: int,
    end: int,
    lane: int,
    mobile: Words,
    gravity_q24: Words,
    settings: Words,
    gravity_scale_q24: Words,
    inverse_mass_q40: Words,
    linear_damping_q24: Words,
    angular_damping_q24: Words,
    gain_q40: Words,
    force_q24: Words,
    torque_q24: Words,
    drive: Words,
    locks: Bytes,
) -> None:
    """The rows ``first`` to ``end`` of :func:`drive_bodies`."""
    substep_q40 = settings[SUBSTEP_Q40]
    for row in range(first, end):
        dynamic = mobile[row] == MOBILE_DYNAMIC
        pushed = not is_zero(force_q24, row)
        twisted = not is_zero(torque_q24, row)
        if dynamic:
            for axis in range(3):
                drive[row, DRIVE_V + axis] = mul_shift(
                    mul_shift(gravity_q24[axis], gravity_scale_q24[row], 24), substep_q40, 40
                )
                drive[row, DRIVE_W + axis] = 0
            drive[row, DRIVE_KEPT] = kept_q60(linear_damping_q24[row], substep_q40)
            drive[row, DRIVE_SPIN_KEPT] = kept_q60(angular_damping_q24[row], substep_q40)
        if dynamic and pushed:
            factor = mul_shift(inverse_mass_q40[row], substep_q40, 30)
            for axis in range(3):
                drive[row, DRIVE_V + axis] = clamp_symmetric(
                    drive[row, DRIVE_V + axis] + dot2_shift(force_q24[row, axis], factor, _HALF_Q50, 1, 50),
                    SPEED_MAX_Q24,
                )
        if dynamic and twisted:
            put_turned(
                gain_q40, row,
                over_mass_q40(torque_q24[row, 0], inverse_mass_q40[row]),
                over_mass_q40(torque_q24[row, 1], inverse_mass_q40[row]),
                over_mass_q40(torque_q24[row, 2], inverse_mass_q40[row]),
                mul_shift(substep_q40, gain_q40[row, GAIN_INVERSE_LEVER], 38), 40, drive, DRIVE_W,
            )  # fmt: skip
        if dynamic and locks[row] & LOCK_POSITION != 0:
            for axis in range(3):
                if (locks[row] >> axis) & 1 != 0:
                    drive[row, DRIVE_V + axis] = 0
        if pushed or twisted:
            for axis in range(3):
                force_q24[row, axis] = 0
                torque_q24[row, axis] = 0


@kernel(
    "void(int64[::1],int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],int64[::1],"
    "int64[:,::1],int64[:,::1],int64[:,::1],int64[:,::1],uint8[::1])"
)
def drive_bodies(
    crew: Words,
    count: int,
    mobile: Words,
    gravity_q24: Words,
    settings: Words,
    gravity_scale_q24: Words,
    inverse_mass_q40: Words,
    linear_damping_q24: Words,
    angular_damping_q24: Words,
    gain_q40: Words,
    force_q24: Words,
    torque_q24: Words,
    drive: Words,
    locks: Bytes,
) -> None:
    """Write what changes the velocities of dynamic bodies in each substep; forces and torques are used up.

    Parameters
    ----------
    mobile : (n,)
        MOBILE_ constants of layout.
    gravity_q24 : (3,), m/s^2
    settings : (SETTINGS_LENGTH,)
    gravity_scale_q24, inverse_mass_q40, linear_damping_q24, angular_damping_q24 : (n,)
        Columns of the table of bodies.
    gain_q40 : (n, GAIN_WIDTH)
        From :func:`physics_fixed.solver.bodies.start_bodies`.
    force_q24, torque_q24 : (n, 3)
        Columns of the table of bodies; zero afterwards.
    drive : (n, DRIVE_WIDTH), written for dynamic bodies
    locks : (n,)
        Column of the table of bodies.
    """
    share(
        crew, 0, count, _LEAST, _drive_bodies,
        (
            mobile, gravity_q24, settings, gravity_scale_q24, inverse_mass_q40, linear_damping_q24,
            angular_damping_q24, gain_q40, force_q24, torque_q24, drive, locks,
        ),
    )  # fmt: skip


@kernel(
    "void(int64,int64[::1],int64[::1],int64[::1],int64[::1],int64[:,::1],int64[::1],int64[:,::1],int64[:,::1],"
    "int64[:,::1],int64[:,::1],uint8[::1],int64[:,::1])"
)
def push_body(
    row: int,
    impulse_q24: Words,
    angular_impulse_q24: Words,
    inverse_mass_q40: Words,
    lever_q24: Words,
    angular_gain_q40: Words,
    geometry: Words,
    principal_q30: Words,
    rotation_q30: Words,
    velocity_q24: Words,
    angular_velocity_q24: Words,
    locks: Bytes,
    work: Words,
) -> None:
    """Change the velocities of a dynamic body at once, within their limits.

    Parameters
    ----------
    row : int
        In the table of bodies, whose columns are the arrays from ``inverse_mass_q40`` on.
    impulse_q24 : (3,), N s
    angular_impulse_q24 : (3,), N m s, about the centre of mass
    principal_q30 : (g, 4)
        Column of the table of geometries.
    velocity_q24, angular_velocity_q24 : (n, 3), the row is written
    work : (2, GAIN_WIDTH), scratch
    """
    for axis in range(3):
        change = mul_shift(impulse_q24[axis], inverse_mass_q40[row], 40)
        if (locks[row] >> axis) & 1 != 0:
            change = 0
        velocity_q24[row, axis] = clamp_symmetric(velocity_q24[row, axis] + change, VELOCITY_MAX_Q24)
    x = angular_gain_q40[row, 0]
    y = angular_gain_q40[row, 1]
    z = angular_gain_q40[row, 2]
    if geometry[row] >= 0:
        px, py, pz, pw = principal_axes(rotation_q30, row, principal_q30, geometry[row])
        turn_gain_by(work, 0, x, y, z, px, py, pz, pw)
    else:
        turn_gain_by(
            work, 0, x, y, z, rotation_q30[row, 0], rotation_q30[row, 1], rotation_q30[row, 2],
            rotation_q30[row, 3],
        )  # fmt: skip
    lock_gain(work, 0, locks[row])
    inverse_lever = (1 << 62) // lever_q24[row]
    put_turned(
        work, 0,
        over_mass_q40(angular_impulse_q24[0], inverse_mass_q40[row]),
        over_mass_q40(angular_impulse_q24[1], inverse_mass_q40[row]),
        over_mass_q40(angular_impulse_q24[2], inverse_mass_q40[row]),
        inverse_lever, 38, work[1:], 0,
    )  # fmt: skip
    for axis in range(3):
        change = mul_shift(work[1, axis], inverse_lever, 38)
        angular_velocity_q24[row, axis] = clamp_symmetric(
            angular_velocity_q24[row, axis] + change, ANGULAR_VELOCITY_MAX_Q24
        )
