"""Rotations and camera matrices of the picture, in floats: nothing here is ever simulated.

Quaternions are ``(..., 4)`` arrays in the order x, y, z, w. Matrices are ``(4, 4)``, multiply column vectors
from the left, and use the OpenGL clip volume. The world has y up; yaw 0 looks along -z and grows to the left.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]  # float32 or float64, as it comes: the picture needs no more

IDENTITY_ROTATION = np.array([0.0, 0.0, 0.0, 1.0])


def quaternion_product(a: Floats, b: Floats) -> Floats:
    """Rotation that turns by `b` first and by `a` after it; leading dimensions are broadcast."""
    ax, ay, az, aw = a[..., 0], a[..., 1], a[..., 2], a[..., 3]
    bx, by, bz, bw = b[..., 0], b[..., 1], b[..., 2], b[..., 3]
    product: Floats = np.stack(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ],
        axis=-1,
    )
    return product


def quaternion_inverse(rotation: Floats) -> Floats:
    """Opposite turn of unit quaternions."""
    opposite: Floats = rotation * np.array([-1.0, -1.0, -1.0, 1.0], dtype=rotation.dtype)
    return opposite


def quaternion_blend(a: Floats, b: Floats, share: Floats | float) -> Floats:
    """Normalised linear blend along the shorter way: `a` at share 0, `b` at share 1.

    Parameters
    ----------
    a, b : unit quaternions, shape (..., 4)
    share : one number, or shape (..., 1)
    """
    sign = np.where(np.sum(a * b, axis=-1, keepdims=True) < 0.0, -1.0, 1.0).astype(a.dtype)
    return normalised(a + (b * sign - a) * share)


def normalised(vectors: Floats) -> Floats:
    """The vectors scaled to length 1; a vector of length 0 stays 0."""
    length = np.sqrt(np.sum(vectors * vectors, axis=-1, keepdims=True))
    scaled: Floats = vectors / np.where(length == 0.0, 1.0, length).astype(vectors.dtype)
    return scaled


def quaternion_angle(rotation: Floats) -> Floats:
    """Size of the turn of unit quaternions, radians in 0..pi."""
    sine = np.sqrt(np.sum(rotation[..., :3] ** 2, axis=-1))
    angle: Floats = 2.0 * np.arctan2(sine, np.abs(rotation[..., 3]))
    return angle


def rotated(rotation: Floats, vector: Floats) -> Floats:
    """The vectors turned by unit quaternions; leading dimensions are broadcast."""
    axis, real = rotation[..., :3], rotation[..., 3:]
    twice = 2.0 * np.cross(axis, vector)
    turned: Floats = vector + real * twice + np.cross(axis, twice)
    return turned


def quaternion_from_axis(axis: tuple[float, float, float], angle: float) -> NDArray[np.float64]:
    """Turn by `angle` radians around a unit axis, counter-clockwise when the axis points at the viewer."""
    half = 0.5 * angle
    return np.array([*(component * math.sin(half) for component in axis), math.cos(half)])


def quaternion_from_yaw(yaw: float) -> NDArray[np.float64]:
    """Turn around the upright axis by `yaw` radians to the left."""
    return quaternion_from_axis((0.0, 1.0, 0.0), yaw)


def yaw_of(rotation: Floats) -> float:
    """Yaw in radians, -pi..pi, of the direction that a body with one unit quaternion faces."""
    forward = rotated(rotation, np.array([0.0, 0.0, -1.0]))
    return math.atan2(-float(forward[0]), -float(forward[2]))


def look_direction(yaw: float, pitch: float) -> NDArray[np.float64]:
    """Unit vector along which a viewer looks; `yaw` (left positive) and `pitch` (up positive) in radians."""
    level = math.cos(pitch)
    return np.array([-math.sin(yaw) * level, math.sin(pitch), -math.cos(yaw) * level])


def wrapped_angle(angle: float) -> float:
    """The same direction in -pi..pi (pi itself excluded)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi


def perspective(vertical_angle: float, aspect: float, near: float, far: float) -> NDArray[np.float64]:
    """Projection of the view volume; `vertical_angle` in radians, distances in metres."""
    assert 0.0 < near < far, (near, far)
    assert aspect > 0.0, aspect
    scale = 1.0 / math.tan(0.5 * vertical_angle)
    matrix = np.zeros((4, 4))
    matrix[0, 0] = scale / aspect
    matrix[1, 1] = scale
    matrix[2, 2] = (far + near) / (near - far)
    matrix[2, 3] = 2.0 * far * near / (near - far)
    matrix[3, 2] = -1.0
    return matrix


def orthographic(half_width: float, half_height: float, near: float, far: float) -> NDArray[np.float64]:
    """Parallel projection of a box centred on the line of sight."""
    assert half_width > 0.0 < half_height, (half_width, half_height)
    assert far > near, (near, far)
    matrix = np.eye(4)
    matrix[0, 0] = 1.0 / half_width
    matrix[1, 1] = 1.0 / half_height
    matrix[2, 2] = -2.0 / (far - near)
    matrix[2, 3] = -(far + near) / (far - near)
    return matrix


def look_at(eye: Floats, target: Floats, up: Floats) -> NDArray[np.float64]:
    """World to view: `eye` becomes the origin and `target` lies along -z."""
    back = normalised(np.asarray(eye, dtype=np.float64) - target)
    right = normalised(np.cross(up, back))
    matrix = np.eye(4)
    matrix[0, :3] = right
    matrix[1, :3] = np.cross(back, right)
    matrix[2, :3] = back
    matrix[:3, 3] = -matrix[:3, :3] @ eye
    return matrix


def frustum_planes(view_projection: Floats) -> Floats:
    """The six inward planes of a view volume.

    Returns
    -------
    shape (6, 4): unit normal and offset; a point is inside where ``normal . point + offset >= 0`` for all
    """
    last = view_projection[3]
    planes = np.array([last + sign * view_projection[axis] for axis in range(3) for sign in (1.0, -1.0)])
    unit: Floats = planes / np.linalg.norm(planes[:, :3], axis=1, keepdims=True)
    return unit


def spheres_in_frustum(planes: Floats, centre: Floats, radius: Floats) -> NDArray[np.bool_]:
    """Which spheres touch the volume; `centre` (n, 3), `radius` (n,), metres."""
    distance = centre @ planes[:, :3].T.astype(centre.dtype) + planes[:, 3].astype(centre.dtype)
    inside: NDArray[np.bool_] = np.all(distance >= -radius[:, None], axis=1)
    return inside


def projected(view_projection: Floats, point: Floats, width: int, height: int) -> tuple[float, float] | None:
    """Window position (pixels, origin bottom left) of a world point; None when it lies behind the viewer."""
    clip = view_projection @ np.array([point[0], point[1], point[2], 1.0])
    if clip[3] <= 1e-6:
        return None
    return (0.5 + 0.5 * float(clip[0] / clip[3])) * width, (0.5 + 0.5 * float(clip[1] / clip[3])) * height
