"""The chase camera: behind its avatar, out of walls, and its shadow map in whole texels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from client.desktop.camera import (
    BODY_RADIUS_M,
    DISTANCE_MAX_M,
    DISTANCE_MIN_M,
    EYE_HEIGHT_MIN_M,
    NO_OBSTACLES,
    RISE_M,
    ChaseCamera,
    Obstacles,
    free_distance,
    shadow_matrix,
)
from client.desktop.transforms import quaternion_from_yaw

SUN = np.array([0.6, 0.8, 0.0])


def wall(x: float, *, yaw: float = 0.0) -> Obstacles:
    """A wall half a metre thick across the x axis."""
    return Obstacles(
        np.array([[x, 0.0, 0.0]]), quaternion_from_yaw(yaw)[None, :], np.array([[0.25, 10.0, 10.0]])
    )


def test_free_distance_ends_before_the_wall() -> None:
    east = np.array([1.0, 0.0, 0.0])
    assert free_distance(np.zeros(3), east, 9.0, wall(5.0)) == pytest.approx(4.75 - BODY_RADIUS_M)
    assert free_distance(np.zeros(3), east, 2.0, wall(5.0)) == 2.0
    assert free_distance(np.zeros(3), -east, 9.0, wall(5.0)) == 9.0
    assert free_distance(np.zeros(3), east, 9.0, NO_OBSTACLES) == 9.0


def test_free_distance_to_a_turned_wall() -> None:
    slant = np.array([math.sqrt(0.5), 0.0, -math.sqrt(0.5)])
    found = free_distance(np.zeros(3), slant, 9.0, wall(5.0, yaw=math.pi / 4))
    assert found == pytest.approx(5.0 * math.sqrt(0.5) - 0.25 - BODY_RADIUS_M, abs=1e-9)


def test_a_wall_that_holds_the_origin_does_not_count() -> None:
    assert free_distance(np.array([5.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]), 9.0, wall(5.0)) == 9.0


def test_the_camera_stands_behind_and_looks_along() -> None:
    camera = ChaseCamera()
    camera.follow(np.array([1.0, 2.0, 3.0]), 0.0, 0.0, obstacles=NO_OBSTACLES, elapsed_s=0.0)
    assert camera.eye.tolist() == [1.0, 2.0 + RISE_M, 3.0 + camera.distance]
    ahead = camera.view_matrix() @ np.array([1.0, 2.0 + RISE_M, 0.0, 1.0])
    assert np.allclose(ahead, (0.0, 0.0, -(3.0 + camera.distance), 1.0))


def test_the_camera_goes_in_front_of_a_wall_at_once_and_back_slowly() -> None:
    camera = ChaseCamera()
    look = math.pi / 2  # towards -x, so that the camera is at +x
    centre = np.array([0.0, 1.0, 0.0])
    camera.follow(centre, look, 0.0, obstacles=NO_OBSTACLES, elapsed_s=0.0)
    camera.follow(centre, look, 0.0, obstacles=wall(3.0), elapsed_s=1 / 60)
    assert camera.reached == pytest.approx(2.75 - BODY_RADIUS_M)
    before = camera.reached
    camera.follow(centre, look, 0.0, obstacles=NO_OBSTACLES, elapsed_s=1 / 60)
    assert before < camera.reached < before + 0.5
    camera.follow(centre, look, 0.0, obstacles=NO_OBSTACLES, elapsed_s=10.0)
    assert camera.reached == pytest.approx(camera.distance)


@pytest.mark.parametrize("pitch", [0.3, 0.9, 1.4])
def test_the_camera_never_goes_under_the_floor(pitch: float) -> None:
    camera = ChaseCamera()
    camera.follow(np.array([0.0, 0.9, 0.0]), 0.0, pitch, obstacles=NO_OBSTACLES, elapsed_s=0.0)
    assert camera.eye[1] >= EYE_HEIGHT_MIN_M - 1e-9


def test_a_jump_is_followed_softly_and_a_teleport_at_once() -> None:
    camera = ChaseCamera()
    camera.follow(np.array([0.0, 1.0, 0.0]), 0.0, 0.0, obstacles=NO_OBSTACLES, elapsed_s=0.0)
    camera.follow(np.array([0.0, 1.5, 0.0]), 0.0, 0.0, obstacles=NO_OBSTACLES, elapsed_s=1 / 60)
    assert 1.0 + RISE_M < camera.eye[1] < 1.2 + RISE_M
    camera.follow(np.array([0.0, 9.0, 0.0]), 0.0, 0.0, obstacles=NO_OBSTACLES, elapsed_s=1 / 60)
    assert camera.eye[1] == 9.0 + RISE_M


def test_zoom_has_bounds() -> None:
    camera = ChaseCamera()
    camera.zoom(100.0)
    assert camera.distance == DISTANCE_MIN_M
    camera.zoom(-100.0)
    assert camera.distance == DISTANCE_MAX_M


def test_orbit_looks_at_the_middle() -> None:
    camera = ChaseCamera()
    camera.orbit(3.0)
    middle = camera.view_matrix() @ np.array([0.0, 1.0, 0.0, 1.0])
    assert np.allclose(middle[:2], 0.0)
    assert middle[2] < 0.0


def test_the_shadow_map_moves_in_whole_texels() -> None:
    radius, texels = 16.0, 64
    point = np.array([1.0, 0.5, -2.0, 1.0])
    seen = [
        shadow_matrix(np.array([step * 0.01, 0.0, step * 0.02]), SUN, radius, texels) @ point
        for step in range(100)
    ]
    in_texels = (np.array(seen)[:, :2] - seen[0][:2]) * texels / 2.0
    assert np.allclose(in_texels, np.round(in_texels), atol=1e-9)
    assert len(np.unique(np.round(in_texels), axis=0)) > 3


def test_the_shadow_map_has_its_focus_in_the_middle() -> None:
    focus = np.array([10.0, 1.0, -30.0])
    at = shadow_matrix(focus, SUN, 16.0, 1024) @ np.append(focus, 1.0)
    assert np.all(np.abs(at[:3]) < 2.5 / 1024)
    nearer = shadow_matrix(focus, SUN, 16.0, 1024) @ np.append(focus + SUN, 1.0)
    assert nearer[2] == pytest.approx(at[2] - 1.0 / 32.0), "twice the radius in front and behind"
