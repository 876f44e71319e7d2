"""The chase camera: over the shoulder of the own avatar, never inside a wall."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from client.desktop.transforms import Floats, look_at, look_direction, normalised, quaternion_inverse, rotated

DISTANCE_DEFAULT_M = 6.0
DISTANCE_MIN_M = 1.6
DISTANCE_MAX_M = 16.0
ZOOM_STEP = 1.15
BODY_RADIUS_M = 0.25  # kept between the eye and any wall
EYE_HEIGHT_MIN_M = 0.2
RISE_M = 1.2  # the camera looks at a point this far above the avatar's centre: past its head
FOLLOW_UPRIGHT_S = 0.06  # jumps and steps are followed this much softer than the ground plan
RETREAT_S = 0.25  # back out from a wall slowly, go in at once
ORBIT_RADIANS_PER_S = 0.06
ORBIT_PITCH = -0.42
ORBIT_DISTANCE_M = 16.0
UP = np.array([0.0, 1.0, 0.0])


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Boxes the camera must stay out of: centre (n, 3), rotation (n, 4), half extents (n, 3)."""

    centre: Floats
    rotation: Floats
    half_extent: Floats


NO_OBSTACLES = Obstacles(np.zeros((0, 3)), np.zeros((0, 4)), np.zeros((0, 3)))


def free_distance(origin: Floats, direction: Floats, reach: float, obstacles: Obstacles) -> float:
    """How far a sphere of `BODY_RADIUS_M` gets from `origin` along a unit vector, at most `reach`.

    The boxes are grown by the radius (corners are not rounded off). A box that holds the origin does not
    count: the avatar stands close to a wall, and the camera must still look from somewhere.
    """
    if len(obstacles.centre) == 0:
        return reach
    inverse = quaternion_inverse(obstacles.rotation)
    start = rotated(inverse, origin - obstacles.centre)
    way = rotated(inverse, np.broadcast_to(direction, obstacles.centre.shape))
    extent = obstacles.half_extent + BODY_RADIUS_M
    way = np.where(np.abs(way) < 1e-9, 1e-9, way)
    first, second = (-extent - start) / way, (extent - start) / way
    enter = np.minimum(first, second).max(axis=1)
    leave = np.maximum(first, second).min(axis=1)
    hit = (enter <= leave) & (enter > 0.0) & (enter < reach)
    return float(enter[hit].min()) if hit.any() else reach


class ChaseCamera:
    """Where the picture is taken from.

    Attributes
    ----------
    eye : position, metres
    yaw, pitch : direction of sight, radians
    distance : wished distance from the avatar, metres
    reached : distance that walls leave of it, metres
    """

    def __init__(self) -> None:
        self.eye: NDArray[np.float64] = np.array([0.0, 6.0, 14.0])
        self.yaw = 0.0
        self.pitch = ORBIT_PITCH
        self.distance = DISTANCE_DEFAULT_M
        self.reached = DISTANCE_DEFAULT_M
        self._target: NDArray[np.float64] | None = None

    def zoom(self, steps: float) -> None:
        """Come closer by `steps` notches of the wheel (negative: move away)."""
        wished = self.distance * ZOOM_STEP**-steps
        self.distance = min(max(wished, DISTANCE_MIN_M), DISTANCE_MAX_M)

    def follow(
        self, centre: Floats, yaw: float, pitch: float, *, obstacles: Obstacles, elapsed_s: float
    ) -> None:
        """Take the place behind an avatar whose centre is `centre` and who looks along `yaw`, `pitch`."""
        target = np.asarray(centre, dtype=np.float64) + UP * RISE_M
        if self._target is None or abs(target[1] - self._target[1]) > 2.0:
            self.reached = self.distance
        else:
            kept = math.exp(-elapsed_s / FOLLOW_UPRIGHT_S)
            target[1] += (self._target[1] - target[1]) * kept
        self._target = target
        self.yaw, self.pitch = yaw, pitch
        back = -look_direction(yaw, pitch)
        reach = free_distance(target, back, self.distance, obstacles)
        if back[1] < -1e-9:  # looking up from below: the ground is the last obstacle
            reach = min(reach, max((target[1] - EYE_HEIGHT_MIN_M) / -back[1], 0.5))
        if reach <= self.reached:
            self.reached = reach
        else:
            self.reached = reach + (self.reached - reach) * math.exp(-elapsed_s / RETREAT_S)
        self.eye = target + back * self.reached

    def orbit(self, now_s: float) -> None:
        """Circle around the middle of the world: nobody to follow."""
        self._target = None
        self.yaw, self.pitch = now_s * ORBIT_RADIANS_PER_S, ORBIT_PITCH
        self.eye = UP - look_direction(self.yaw, self.pitch) * ORBIT_DISTANCE_M

    def view_matrix(self) -> NDArray[np.float64]:
        """World to view."""
        return look_at(self.eye, self.eye + look_direction(self.yaw, self.pitch), UP)

    def focus(self) -> NDArray[np.float64]:
        """Point that the picture is about: the avatar, or the middle of the world."""
        return UP if self._target is None else self._target


def shadow_matrix(focus: Floats, sun: Floats, radius: float, texels: int) -> NDArray[np.float64]:
    """World to the clip volume of a shadow map that covers `radius` metres around `focus`.

    The map moves in whole texels, or the edges of all shadows would crawl while the camera moves.

    Parameters
    ----------
    sun : unit vector towards the sun
    texels : width of the map
    """
    toward = normalised(np.asarray(sun, dtype=np.float64))
    turned = look_at(np.zeros(3), -toward, UP)
    centre = turned[:3, :3] @ np.asarray(focus, dtype=np.float64)
    step = 2.0 * radius / texels
    centre[:2] = np.floor(centre[:2] / step) * step
    matrix = np.eye(4)
    matrix[:3, :3] = turned[:3, :3]
    matrix[:3, 3] = -centre
    scale = np.diag([1.0 / radius, 1.0 / radius, -1.0 / (2.0 * radius), 1.0])
    return scale @ matrix
