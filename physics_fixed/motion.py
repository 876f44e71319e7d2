"""What callers do to the motion of a body: velocities, poses, forces, impulses, what holds it.

The functions act on a row of the table of bodies; :class:`physics_fixed.handles.Body` is their public face.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from physics_fixed.arguments import ranged_vector, unit_quaternion_q30
from physics_fixed.bodies import centre_offset_q24, place_origin
from physics_fixed.errors import NumberError
from physics_fixed.fixmath.quat import rotate_inverse_q30, rotate_q30
from physics_fixed.layout import DYNAMIC, GAIN_WIDTH, STATIC
from physics_fixed.limits import (
    ANGULAR_IMPULSE_MAX_Q24,
    ANGULAR_VELOCITY_MAX_Q24,
    FORCE_MAX_Q24,
    IMPULSE_MAX_Q24,
    POSITION_MAX_Q24,
    TORQUE_MAX_Q24,
    VELOCITY_MAX_Q24,
)
from physics_fixed.scale import Number
from physics_fixed.solver.drive import push_body
from physics_fixed.tables import Table

_Q24 = 24
Vector = tuple[int, int, int]
Numbers = Sequence[Number] | None
Raw = Sequence[int] | None


def set_velocity(
    bodies: Table, row: int, velocity: Numbers, velocity_q24: Raw, spin: Numbers, spin_q24: Raw
) -> None:
    """Set the velocity of the centre of mass, the angular velocity (world axes), or both; what is missing
    stays.

    Raises
    ------
    NumberError
        If a component is out of range, or the body is static, or nothing is given; then nothing is changed.
    """
    _check_moving(bodies, row)
    linear = angular = None
    if velocity is not None or velocity_q24 is not None:
        linear = ranged_vector(velocity, velocity_q24, _Q24, VELOCITY_MAX_Q24, "velocity", "m/s")
    if spin is not None or spin_q24 is not None:
        angular = ranged_vector(spin, spin_q24, _Q24, ANGULAR_VELOCITY_MAX_Q24, "angular_velocity", "rad/s")
    if linear is None and angular is None:
        raise NumberError("neither velocity nor angular_velocity is given; allowed: one of them, or both")
    if linear is not None:
        bodies.cells.velocity_q24[row] = linear
    if angular is not None:
        bodies.cells.angular_velocity_q24[row] = angular


def set_pose(
    bodies: Table,
    geometries: Table,
    row: int,
    position: Numbers,
    position_q24: Raw,
    rotation: Numbers,
    rotation_q30: Raw,
) -> None:
    """Put the origin of a body's shape somewhere else, turn the body about it, or both, at once.

    Raises
    ------
    NumberError
        If a component is out of range, or it is no rotation, or nothing is given; then nothing is changed.
    """
    origin = turned = None
    if position is not None or position_q24 is not None:
        origin = ranged_vector(position, position_q24, _Q24, POSITION_MAX_Q24, "position", "m")
    if rotation is not None or rotation_q30 is not None:
        turned = unit_quaternion_q30(rotation, rotation_q30)
    if origin is None and turned is None:
        raise NumberError("neither position nor rotation is given; allowed: one of them, or both")
    if origin is None:
        origin = origin_q24(bodies, geometries, row)
    if turned is not None:
        bodies["rotation_q30"][row] = turned
    place_origin(bodies, geometries, row, origin)


def origin_q24(bodies: Table, geometries: Table, row: int) -> Vector:
    """Where the origin of a body's shape is, Q24 m."""
    x, y, z = bodies["position_q24"][row].tolist()
    dx, dy, dz = centre_offset_q24(bodies, geometries, row)
    return x - dx, y - dy, z - dz


def to_world_q24(bodies: Table, geometries: Table, row: int, local: Numbers, local_q24: Raw) -> Vector:
    """Where a point of a body is, that is given in the axes of its shape; Q24 m, each within 1 unit.

    Raises
    ------
    NumberError
        If it is missing or out of range.
    """
    place = ranged_vector(local, local_q24, _Q24, POSITION_MAX_Q24, "local", "m", must=True)
    qx, qy, qz, qw = bodies["rotation_q30"][row].tolist()
    x, y, z = rotate_q30(qx, qy, qz, qw, *place)
    origin = origin_q24(bodies, geometries, row)
    return origin[0] + int(x), origin[1] + int(y), origin[2] + int(z)


def to_local_q24(bodies: Table, geometries: Table, row: int, point: Numbers, point_q24: Raw) -> Vector:
    """A place in the world in the axes of a body's shape, Q24 m, each within 1 unit.

    Raises
    ------
    NumberError
        If it is missing or out of range.
    """
    place = ranged_vector(point, point_q24, _Q24, POSITION_MAX_Q24, "point", "m", must=True)
    origin = origin_q24(bodies, geometries, row)
    arm = place[0] - origin[0], place[1] - origin[1], place[2] - origin[2]
    qx, qy, qz, qw = bodies["rotation_q30"][row].tolist()
    x, y, z = rotate_inverse_q30(qx, qy, qz, qw, *arm)
    return int(x), int(y), int(z)


def velocity_at_q24(bodies: Table, row: int, point: Numbers, point_q24: Raw) -> Vector:
    """Velocity of the point of a body that is at a place in the world, Q24 m/s, each component within 1 unit.

    Raises
    ------
    NumberError
        If the place is out of range.
    """
    arm = _arm(bodies, row, point, point_q24)
    x, y, z = bodies["velocity_q24"][row].tolist()
    spin = bodies["angular_velocity_q24"][row].tolist()
    dx, dy, dz = _cross(spin, arm)
    return x + dx, y + dy, z + dz


def add_force(
    bodies: Table, row: int, force: Numbers, force_q24: Raw, point: Numbers, point_q24: Raw
) -> None:
    """Add to the force of the coming step, at the centre of mass or at a place in the world.

    Forces add up; each component of the sum, and of the torque, stays within its limit.

    Raises
    ------
    NumberError
        If a component is out of range.
    """
    added = ranged_vector(force, force_q24, _Q24, FORCE_MAX_Q24, "force", "N", must=True)
    arm = _arm(bodies, row, point, point_q24)
    if bodies["kind"][row] == DYNAMIC:
        _accumulate(bodies, "force_q24", row, added, FORCE_MAX_Q24)
        _accumulate(bodies, "torque_q24", row, _cross(arm, added), TORQUE_MAX_Q24)


def add_torque(bodies: Table, row: int, torque: Numbers, torque_q24: Raw) -> None:
    """Add to the torque of the coming step, world axes.

    Raises
    ------
    NumberError
        If a component is out of range.
    """
    added = ranged_vector(torque, torque_q24, _Q24, TORQUE_MAX_Q24, "torque", "N m", must=True)
    if bodies["kind"][row] == DYNAMIC:
        _accumulate(bodies, "torque_q24", row, added, TORQUE_MAX_Q24)


def add_impulse(
    bodies: Table,
    geometries: Table,
    row: int,
    impulse: Numbers,
    impulse_q24: Raw,
    point: Numbers,
    point_q24: Raw,
) -> None:
    """Push a dynamic body, at the centre of mass or at a place in the world; velocities stay within limits.

    Raises
    ------
    NumberError
        If a component is out of range.
    """
    push = ranged_vector(impulse, impulse_q24, _Q24, IMPULSE_MAX_Q24, "impulse", "N s", must=True)
    arm = _arm(bodies, row, point, point_q24)
    _push(bodies, geometries, row, push, _cross(arm, push))


def add_angular_impulse(
    bodies: Table, geometries: Table, row: int, impulse: Numbers, impulse_q24: Raw
) -> None:
    """Spin a dynamic body, world axes; its angular velocity stays within the limits.

    Raises
    ------
    NumberError
        If a component is out of range.
    """
    spin = ranged_vector(
        impulse, impulse_q24, _Q24, ANGULAR_IMPULSE_MAX_Q24, "angular_impulse", "N m s", must=True
    )
    _push(bodies, geometries, row, (0, 0, 0), spin)


def _push(bodies: Table, geometries: Table, row: int, impulse: Vector, angular_impulse: Vector) -> None:
    if bodies["kind"][row] != DYNAMIC:
        return
    turn = [_clamped(part, ANGULAR_IMPULSE_MAX_Q24) for part in angular_impulse]
    push_body(
        row, np.array(impulse, np.int64), np.array(turn, np.int64), bodies.array("inverse_mass_q40"),
        bodies.array("lever_q24"), bodies.array("angular_gain_q40"), bodies.array("geometry"),
        geometries.array("principal_q30"), bodies.array("rotation_q30"), bodies.array("velocity_q24"),
        bodies.array("angular_velocity_q24"), bodies.array("locks"), np.empty((2, GAIN_WIDTH), np.int64),
    )  # fmt: skip


def _check_moving(bodies: Table, row: int) -> None:
    if bodies.cells.kind[row] == STATIC:
        name = int(bodies["user_id"][row])
        raise NumberError(
            f"body with user id {name} in row {row} is STATIC and has no velocity; use KINEMATIC for one "
            "that moves"
        )


def _arm(bodies: Table, row: int, point: Numbers, point_q24: Raw) -> Vector:
    """From a body's centre of mass to a place in the world; zero if none is given."""
    if point is None and point_q24 is None:
        return 0, 0, 0
    x, y, z = ranged_vector(point, point_q24, _Q24, POSITION_MAX_Q24, "point", "m")
    here = bodies["position_q24"][row].tolist()
    return x - here[0], y - here[1], z - here[2]


def _cross(a: Sequence[int], b: Sequence[int]) -> Vector:
    """Cross product of two vectors in Q24, in Q24, rounded down."""
    return (
        a[1] * b[2] - a[2] * b[1] >> _Q24,
        a[2] * b[0] - a[0] * b[2] >> _Q24,
        a[0] * b[1] - a[1] * b[0] >> _Q24,
    )


def _accumulate(bodies: Table, column: str, row: int, added: Vector, bound: int) -> None:
    before = bodies[column][row].tolist()
    bodies[column][row] = [_clamped(before[axis] + added[axis], bound) for axis in range(3)]


def _clamped(value: int, bound: int) -> int:
    return max(-bound, min(bound, value))
