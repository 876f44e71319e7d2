"""Rotations and matrices against values worked out by hand, at angles where floats are exact or nearly so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.desktop.transforms import (
    IDENTITY_ROTATION,
    frustum_planes,
    look_at,
    look_direction,
    orthographic,
    perspective,
    projected,
    quaternion_angle,
    quaternion_blend,
    quaternion_from_axis,
    quaternion_from_yaw,
    quaternion_inverse,
    quaternion_product,
    rotated,
    spheres_in_frustum,
    wrapped_angle,
    yaw_of,
)

QUARTER = math.pi / 2
angles = st.floats(-3.1, 3.1)


def close(found: object, expected: object) -> bool:
    return np.allclose(np.asarray(found), np.asarray(expected), atol=1e-12)


def test_yaw_zero_looks_along_minus_z_and_grows_to_the_left() -> None:
    assert close(look_direction(0.0, 0.0), (0, 0, -1))
    assert close(look_direction(QUARTER, 0.0), (-1, 0, 0))
    assert close(look_direction(0.0, QUARTER), (0, 1, 0))


@given(angles)
def test_yaw_of_a_rotation_is_the_yaw_that_made_it(yaw: float) -> None:
    rotation = quaternion_from_yaw(yaw)
    assert yaw_of(rotation) == pytest.approx(yaw, abs=1e-9)
    assert close(rotated(rotation, np.array([0.0, 0.0, -1.0])), look_direction(yaw, 0.0))


def test_product_turns_by_the_second_first() -> None:
    left = quaternion_from_yaw(QUARTER)
    nod = quaternion_from_axis((1.0, 0.0, 0.0), QUARTER)
    forward = np.array([0.0, 0.0, -1.0])
    both = rotated(quaternion_product(left, nod), forward)
    assert close(both, rotated(left, rotated(nod, forward)))
    assert close(both, (0, 1, 0))


@given(angles, angles)
def test_inverse_undoes(yaw: float, nod: float) -> None:
    turn = quaternion_product(quaternion_from_yaw(yaw), quaternion_from_axis((1.0, 0.0, 0.0), nod))
    assert close(quaternion_product(quaternion_inverse(turn), turn), IDENTITY_ROTATION)


def test_blend_goes_the_short_way_between_opposite_signs() -> None:
    a, b = quaternion_from_yaw(0.2), -quaternion_from_yaw(0.6)
    assert yaw_of(quaternion_blend(a, b, 0.5)) == pytest.approx(0.4)
    assert close(quaternion_blend(a, b, 0.0), a)
    assert close(quaternion_blend(a, b, 1.0), -b)


def test_angle_of_a_turn() -> None:
    turns = np.stack([quaternion_from_yaw(angle) for angle in (0.0, 0.5, -2.0, math.pi)])
    assert close(quaternion_angle(turns), (0.0, 0.5, 2.0, math.pi))


def test_wrapped_angle() -> None:
    assert wrapped_angle(3 * math.pi) == -math.pi
    assert wrapped_angle(-math.pi) == -math.pi
    assert wrapped_angle(1.0) == 1.0


def test_look_at_puts_the_target_straight_ahead() -> None:
    matrix = look_at(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, -7.0]), np.array([0.0, 1.0, 0.0]))
    assert close(matrix @ (1.0, 2.0, 3.0, 1.0), (0, 0, 0, 1))
    assert close(matrix @ (1.0, 2.0, -7.0, 1.0), (0, 0, -10, 1))
    assert close(matrix @ (2.0, 3.0, 3.0, 1.0), (1, 1, 0, 1))


def test_perspective_maps_the_corners_of_its_volume() -> None:
    matrix = perspective(QUARTER, 2.0, 1.0, 9.0)
    near = matrix @ (2.0, 1.0, -1.0, 1.0)
    far = matrix @ (-18.0, -9.0, -9.0, 1.0)
    assert close(near / near[3], (1, 1, -1, 1))
    assert close(far / far[3], (-1, -1, 1, 1))


def test_orthographic_maps_the_corners_of_its_box() -> None:
    matrix = orthographic(4.0, 2.0, 1.0, 3.0)
    assert close(matrix @ (4.0, 2.0, -1.0, 1.0), (1, 1, -1, 1))
    assert close(matrix @ (-4.0, -2.0, -3.0, 1.0), (-1, -1, 1, 1))


def test_spheres_are_kept_when_they_touch_the_volume() -> None:
    planes = frustum_planes(orthographic(4.0, 2.0, 1.0, 3.0))
    centre = np.array(
        [(0, 0, -2), (4.9, 0, -2), (5.1, 0, -2), (0, 3.5, -2), (0, 0, -4.5), (0, 0, 0.5)], float
    )
    radius = np.array([0.1, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert spheres_in_frustum(planes, centre, radius).tolist() == [True, True, False, False, False, False]


def test_projected_to_window_pixels() -> None:
    matrix = perspective(QUARTER, 2.0, 1.0, 9.0)
    assert projected(matrix, np.array([0.0, 0.0, -4.0]), 800, 400) == (400.0, 200.0)
    assert projected(matrix, np.array([8.0, 4.0, -4.0]), 800, 400) == pytest.approx((800.0, 400.0))
    assert projected(matrix, np.array([0.0, 0.0, 4.0]), 800, 400) is None
