"""Contacts of single pairs against the same geometry in floats, written independently."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.handles import Body
from physics_fixed.layout import (
    CONTACT_NORMAL,
    CONTACT_POINT_COUNT,
    POINT_ARM,
    POINT_SEPARATION,
)
from physics_fixed.step import find_contacts, place_bodies
from tests.physics_fixed.dynamics.scenery import METRE, Floats, matrix, position

MARGIN = 0.02


class Found:
    """The contact of two bodies before any step, in floats; ``points`` are world points."""

    def __init__(self, space: Space, a: Body) -> None:
        scratch = space._scratch
        gravity_q24 = space.settings.array("gravity_q24")[0]
        arguments = space.step_tables, gravity_q24, space._solver_settings, scratch
        place_bodies(*arguments)
        find_contacts(*arguments)
        self.exists = scratch.contact_count > 0
        if self.exists:
            contact = scratch.contact[0]
            count = contact[CONTACT_POINT_COUNT]
            self.normal: Floats = contact[CONTACT_NORMAL : CONTACT_NORMAL + 3] / (1 << 30)
            self.depths: Floats = scratch.point[:count, POINT_SEPARATION] / METRE
            self.points: Floats = scratch.point[:count, POINT_ARM : POINT_ARM + 3] / METRE + position(a)


def random_quaternion(rng: np.random.Generator) -> list[int]:
    parts = rng.normal(size=4)
    return [int(part) for part in parts / np.linalg.norm(parts) * (1 << 30)]


def test_two_spheres() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        radii = rng.integers(METRE // 50, 3 * METRE, 2)
        direction = rng.normal(size=3)
        direction /= np.linalg.norm(direction)
        gap = rng.uniform(-0.2, 0.04) * radii.min() / METRE
        offset = direction * (radii.sum() / METRE + gap)
        space = Space()
        a = space.add(Sphere(f"{radii[0] / METRE:.12f}"), position=(3, -2, 1), mass=1)
        b = space.add(Sphere(f"{radii[1] / METRE:.12f}"), position_q24=[
            int(part) for part in np.array(a.position_q24) + np.round(offset * METRE)
        ], mass=1)  # fmt: skip
        found = Found(space, a)
        between = position(b) - position(a)
        expected = np.linalg.norm(between) - radii.sum() / METRE
        assert found.exists == (expected <= MARGIN)
        if found.exists:
            assert found.depths == pytest.approx([expected], abs=1e-6)
            assert found.normal == pytest.approx(between / np.linalg.norm(between), abs=1e-8)


def test_spheres_with_one_centre_are_pushed_apart_upwards() -> None:
    space = Space()
    a = space.add(Sphere(1))
    space.add(Sphere(1))
    found = Found(space, a)
    assert found.normal.tolist() == [0, 1, 0]
    assert found.depths == pytest.approx([-2])


@pytest.mark.parametrize("sphere_first", [True, False])
def test_sphere_and_box(sphere_first: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(2)
    touching = 0
    for _ in range(300):
        half = rng.uniform(0.2, 2, 3)
        radius = rng.uniform(0.1, 1)
        space = Space()
        box_shape = Box([f"{part:.9f}" for part in half])
        quaternion = random_quaternion(rng)
        where = [int(part) for part in rng.uniform(-2.5, 2.5, 3) * METRE]
        ball_shape = Sphere(f"{radius:.9f}")
        if sphere_first:
            ball = space.add(ball_shape, position_q24=where, mass=1)
            box = space.add(box_shape, rotation_q30=quaternion, mass=1)
        else:
            box = space.add(box_shape, rotation_q30=quaternion, mass=1)
            ball = space.add(ball_shape, position_q24=where, mass=1)
        found = Found(space, ball if sphere_first else box)
        turn = matrix(box)
        local = turn.T @ position(ball)
        nearest = np.clip(local, -half, half)
        outside = local - nearest
        if np.linalg.norm(outside) > 1e-6:
            expected = np.linalg.norm(outside) - radius
            outward = turn @ (outside / np.linalg.norm(outside))
        else:
            axis = int(np.argmin(half - abs(local)))
            expected = -(half - abs(local))[axis] - radius
            outward = turn[:, axis] * np.sign(local[axis])
        if abs(expected - MARGIN) > 1e-5:
            assert found.exists == (expected <= MARGIN)
        if found.exists:
            touching += 1
            assert found.depths == pytest.approx([expected], abs=1e-6)
            assert found.normal == pytest.approx(outward * (-1 if sphere_first else 1), abs=2e-6)
            surface = position(ball) - outward * (radius + expected / 2)
            assert found.points[0] == pytest.approx(surface, abs=2e-6)
    assert touching > 60


def separation_along(axis: Floats, between: Floats, halves: list[Floats], turns: list[Floats]) -> float:
    reach = sum(float(abs(axis @ turn) @ half) for turn, half in zip(turns, halves, strict=True))
    return abs(float(axis @ between)) - reach


def best_separation(between: Floats, halves: list[Floats], turns: list[Floats]) -> float:
    """Largest separation over the fifteen axes of two boxes; minus the depth where they overlap."""
    axes = [*turns[0].T, *turns[1].T]
    for i, j in itertools.product(range(3), repeat=2):
        cross = np.cross(turns[0][:, i], turns[1][:, j])
        if np.linalg.norm(cross) > 0.07:
            axes.append(cross / np.linalg.norm(cross))
    return max(separation_along(axis, between, halves, turns) for axis in axes)


def inside(point: Floats, centre: Floats, half: Floats, turn: Floats, slack: float) -> bool:
    return bool((abs(turn.T @ (point - centre)) <= half + slack).all())


def test_two_boxes() -> None:
    rng = np.random.default_rng(3)
    touching = many = 0
    for _ in range(600):
        halves = [rng.uniform(0.2, 1.5, 3) for _ in range(2)]
        space = Space()
        where = [int(part) for part in rng.uniform(-2, 2, 3) * METRE]
        a, b = (
            space.add(
                Box([f"{part:.9f}" for part in half]),
                position_q24=at,
                rotation_q30=random_quaternion(rng),
                mass=1,
            )
            for half, at in zip(halves, ([0, 0, 0], where), strict=True)
        )
        found = Found(space, a)
        turns = [matrix(a), matrix(b)]
        expected = best_separation(position(b), halves, turns)
        if expected > MARGIN + 1e-5:
            assert not found.exists
        elif expected < -0.01:
            assert found.exists
        if not found.exists:
            continue
        touching += 1
        many += len(found.points) > 1
        assert np.linalg.norm(found.normal) == pytest.approx(1, abs=1e-6)
        assert found.normal @ position(b) >= -1e-6, "the normal points from a to b"
        # The axis taken separates as well as the best one, up to the preference for faces.
        assert separation_along(found.normal, position(b), halves, turns) >= expected - 0.0031
        assert found.depths.min() <= MARGIN + 1e-6
        for point, depth in zip(found.points, found.depths, strict=True):
            slack = abs(depth) / 2 + 0.004
            assert inside(point, position(a), halves[0], turns[0], slack)
            assert inside(point, position(b), halves[1], turns[1], slack)
    assert touching > 150
    assert many > 80


def test_face_on_face_has_the_four_corners_of_the_overlap() -> None:
    space = Space()
    a = space.add(Box((1, 1, 1)), STATIC)
    space.add(Box((1, 1, 1)), position=("0.5", "1.99", "-0.25"))
    found = Found(space, a)
    assert found.normal == pytest.approx([0, 1, 0])
    assert found.depths == pytest.approx([-0.01] * 4, abs=1e-6)
    corners = {tuple(np.round(point, 4)) for point in found.points}
    assert corners == {(x, 0.995, z) for x in (-0.5, 1.0) for z in (-1.0, 0.75)}


def test_turned_face_is_cut_to_four_of_eight_corners() -> None:
    space = Space()
    a = space.add(Box((1, 1, 1)), STATIC)
    eighth = (0, 410903207, 0, 992008094)  # a turn by 45 degrees about y
    space.add(Box((1, 1, 1)), position=(0, 2, 0), rotation_q30=eighth)
    found = Found(space, a)
    assert len(found.points) == 4
    assert found.points[:, [0, 2]].mean(axis=0) == pytest.approx([0, 0], abs=0.45)
    assert np.ptp(found.points[:, 0]) > 1.3
    assert np.ptp(found.points[:, 2]) > 1.3


def test_crossing_edges_have_one_point_between_them() -> None:
    space = Space()
    quarter = 410903207, 992008094
    a = space.add(Box((2, "0.5", "0.5")), STATIC, rotation_q30=(quarter[0], 0, 0, quarter[1]))
    space.add(Box(("0.5", "0.5", 2)), position=(0, "1.41", 0), rotation_q30=(0, 0, quarter[0], quarter[1]))
    found = Found(space, a)
    assert len(found.points) == 1
    assert found.normal == pytest.approx([0, 1, 0], abs=1e-6)
    assert found.points[0] == pytest.approx([0, 0.705, 0], abs=1e-4)
    assert found.depths[0] == pytest.approx(1.41 - np.sqrt(2), abs=1e-5)
