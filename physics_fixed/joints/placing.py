"""Where a joint sits on its bodies, and where its axes stand: the public side of poses."""

from __future__ import annotations

from collections.abc import Sequence

from physics_fixed.arguments import ranged_vector
from physics_fixed.errors import NumberError
from physics_fixed.fixmath.quat import matrix_q30, multiply_q30, normalize_q30, rotate_inverse_q30, rotate_q30
from physics_fixed.fixmath.vec3 import normalize_q30 as unit_vector_q30
from physics_fixed.layout import STATIC
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.scale import Number, to_text
from physics_fixed.solver.joints.frames import cone_q30, swing_q30, twist_q30
from physics_fixed.solver.joints.prepare import arm_max_q40
from physics_fixed.solver.joints.rows import CONE, SWING_Y, TWIST, WORLD_ROW
from physics_fixed.tables import Table

Vector = tuple[int, int, int]
Rotation = tuple[int, int, int, int]

_ONE_Q30 = 1 << 30
_IDENTITY: Rotation = (0, 0, 0, _ONE_Q30)
_AXIS_BOUND = 1 << 40


def pose_of(bodies: Table, row: int) -> tuple[Vector, Rotation]:
    """Position (Q24) and rotation (Q30) of a body, or of the world."""
    if row == WORLD_ROW:
        return (0, 0, 0), _IDENTITY
    x, y, z = bodies["position_q24"][row].tolist()
    qx, qy, qz, qw = bodies["rotation_q30"][row].tolist()
    return (x, y, z), (qx, qy, qz, qw)


def point_q24(value: Sequence[Number] | None, raw: Sequence[int] | None, name: str) -> Vector | None:
    """A world point as raw Q24, None if none is given.

    Raises
    ------
    NumberError
        If there are not three numbers, both forms are given, or one is no number or out of range.
    """
    if value is None and raw is None:
        return None
    return ranged_vector(value, raw, 24, POSITION_MAX_Q24, name, "m")


def local_point_q24(bodies: Table, row: int, point: Vector, name: str) -> Vector:
    """A world point in the axes of a body, from its centre of mass.

    Raises
    ------
    NumberError
        If it lies further from a moving body than the solver can hold it there.
    """
    here, rotation = pose_of(bodies, row)
    offset = tuple(int(p) - int(h) for p, h in zip(point, here, strict=True))
    if row != WORLD_ROW and bodies["kind"][row] != STATIC:
        lever = int(bodies["lever_q24"][row])
        bound = int(arm_max_q40(int(bodies["angular_gain_q40"][row].max()))) * lever >> 40
        if any(abs(part) > bound for part in offset):
            raise NumberError(
                f"{name} lies ({', '.join(to_text(part, 24) for part in offset)}) m from a body's centre; "
                f"allowed: up to {to_text(bound, 24)} m along each axis, for a body of this size. A distance "
                "joint between the centres has no such bound"
            )
    x, y, z = rotate_inverse_q30(*rotation, *offset)
    return int(x), int(y), int(z)


def rotation_onto_q30(axis: Sequence[Number] | None) -> Rotation:
    """The shortest rotation that takes x onto an axis, given in world axes; about y where the axis is -x.

    Raises
    ------
    NumberError
        If the axis is no three numbers, or zero.
    """
    if axis is None:
        return _IDENTITY
    x, y, z = ranged_vector(axis, None, 24, _AXIS_BOUND, "axis", "")
    x, y, z, length = (int(part) for part in unit_vector_q30(x, y, z))
    if length == 0:
        raise NumberError(f"axis = {tuple(axis)}: an axis of length zero has no direction")
    if x < 0 and y == z == 0:
        return 0, _ONE_Q30, 0, 0
    # Half way: the quaternion of the cross product of x with the axis, and one plus their dot product.
    return _plain(normalize_q30(0, -z, y, _ONE_Q30 + x))


def local_rotation_q30(bodies: Table, row: int, rotation: Rotation) -> Rotation:
    """A rotation in world axes as one in the axes of a body."""
    _, (x, y, z, w) = pose_of(bodies, row)
    return _plain(normalize_q30(*multiply_q30(-x, -y, -z, w, *rotation)))


def world_point_q28(bodies: Table, row: int, local: Sequence[int]) -> Vector:
    """A point of a body in world axes, Q28."""
    here, rotation = pose_of(bodies, row)
    x, y, z = rotate_q30(*rotation, *(int(part) << 4 for part in local))
    return int(x) + (here[0] << 4), int(y) + (here[1] << 4), int(z) + (here[2] << 4)


def displacement_q28(joints: Table, bodies: Table, row: int) -> Vector:
    """From the anchor of a to that of b, world axes, Q28 m."""
    a = world_point_q28(bodies, int(joints["row_a"][row]), joints["anchor_a_q24"][row].tolist())
    b = world_point_q28(bodies, int(joints["row_b"][row]), joints["anchor_b_q24"][row].tolist())
    return b[0] - a[0], b[1] - a[1], b[2] - a[2]


def frames_q30(joints: Table, bodies: Table, row: int) -> tuple[Rotation, Rotation]:
    """Rotations of both frames of a joint, from their axes to the world's."""
    _, turn_a = pose_of(bodies, int(joints["row_a"][row]))
    _, turn_b = pose_of(bodies, int(joints["row_b"][row]))
    a = multiply_q30(*turn_a, *joints["frame_a_q30"][row].tolist())
    b = multiply_q30(*turn_b, *joints["frame_b_q30"][row].tolist())
    return _plain(a), _plain(b)


def place_q24(joints: Table, bodies: Table, row: int, axis: int) -> int:
    """Where a joint stands along an axis now: Q24 m, or rad."""
    a, b = frames_q30(joints, bodies, row)
    matrix_a, matrix_b = matrix_q30(*a), matrix_q30(*b)
    if axis < TWIST:
        offset = displacement_q28(joints, bodies, row)
        total = sum(part * int(matrix_a[3 * lane + axis]) for lane, part in enumerate(offset))
        return total >> 34
    if axis == TWIST:
        return int(twist_q30(a, b)) >> 6
    if axis == CONE:
        return int(cone_q30(matrix_a, matrix_b)[0]) >> 6
    assert SWING_Y <= axis < CONE, axis
    return int(swing_q30(matrix_a, matrix_b, axis)[0]) >> 6


def _plain(rotation: tuple[int, int, int, int]) -> Rotation:
    x, y, z, w = (int(part) for part in rotation)
    return x, y, z, w
