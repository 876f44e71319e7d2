"""Drawings of a space: bodies where they are, contacts where they touch, and nothing changes by it."""

from __future__ import annotations

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.drawing import NORMAL_LENGTH_Q24, draw_space
from physics_fixed.shapes.wireframes import shape_lines_q24, turned_points

ONE = 1 << 24


def test_an_empty_space_has_nothing_to_draw() -> None:
    drawing = draw_space(Space())
    assert drawing.lines_q24.shape == drawing.contact_normals_q24.shape == (0, 2, 3)
    assert drawing.line_bodies.shape == (0,)
    assert drawing.contact_points_q24.shape == (0, 3)
    assert drawing.joint_lines_q24.shape == (0, 3, 2, 3)


def test_bodies_are_drawn_where_they_are() -> None:
    space = Space()
    box = space.add(Box((1, 2, 3)), position=(5, 6, 7), rotation=rotation_about((0, 0, 1), 90))
    gone = space.add(Sphere(1))
    ball = space.add(Sphere("0.5"), position=(-1, 0, 0))
    twin = space.add(Sphere("0.5"), position=(-3, 0, 0), rotation=rotation_about((1, 2, 3), 50))
    space.remove(gone.id)
    drawing = draw_space(space, detail=8)
    lines = {body: drawing.lines_q24[drawing.line_bodies == body.id] for body in (box, ball, twin)}
    assert sum(map(len, lines.values())) == len(drawing.lines_q24)
    corners = lines[box].reshape(-1, 3)
    assert corners.min(axis=0).tolist() == pytest.approx([3 * ONE, 5 * ONE, 4 * ONE], abs=4)
    assert corners.max(axis=0).tolist() == pytest.approx([7 * ONE, 7 * ONE, 10 * ONE], abs=4)
    assert np.array_equal(lines[ball], shape_lines_q24(Sphere("0.5"), 8) + np.array([-ONE, 0, 0]))
    away = (lines[twin].reshape(-1, 3) - np.array([-3 * ONE, 0, 0])).astype(object)
    assert all(abs(x * x + y * y + z * z - ONE * ONE // 4) < 8 * ONE for x, y, z in away)


def test_contacts_are_drawn_where_they_touch_and_drawing_changes_nothing() -> None:
    space = Space()
    space.add(Box((5, 1, 5)), STATIC, position=(0, -1, 0))
    box = space.add(Box(("0.5", "0.5", "0.5")), position=(0, "0.5", 0))
    for _ in range(5):
        space.step()
    before = space.hash()
    drawing = draw_space(space)
    assert len(drawing.contact_points_q24) == 4
    for point, normal in zip(
        drawing.contact_points_q24.tolist(), drawing.contact_normals_q24.tolist(), strict=True
    ):
        assert point == pytest.approx(
            [np.sign(point[0]) * ONE / 2, 0, np.sign(point[2]) * ONE / 2], abs=ONE / 100
        )
        assert normal[0] == point
        assert normal[1] == pytest.approx([point[0], point[1] + NORMAL_LENGTH_Q24, point[2]], abs=4)
    assert space.hash() == before
    space.remove(box.id)
    space.step()
    assert len(draw_space(space).contact_points_q24) == 0


def test_joints_are_drawn_from_centre_to_centre() -> None:
    space = Space()
    a = space.add(Box((1, 1, 1)), rotation=rotation_about((0, 0, 1), 90))
    b = space.add(Sphere(1), position=(5, 0, 0))
    rod = space.joints.distance(a, b, anchor_a=(1, 1, 0), anchor_b=(4, 0, 0))
    pin = space.joints.ball(b, anchor=(6, 0, 0))
    gone = space.joints.fixed(a, b)
    space.joints.remove(gone)
    drawing = draw_space(space)
    assert drawing.joints.tolist() == [rod.id, pin.id]
    metres = drawing.joint_lines_q24 / ONE
    assert metres[0] == pytest.approx(
        np.array([[(0, 0, 0), (1, 1, 0)], [(1, 1, 0), (4, 0, 0)], [(4, 0, 0), (5, 0, 0)]]), abs=1e-6
    )
    assert metres[1].tolist() == [[[5, 0, 0], [6, 0, 0]], [[6, 0, 0], [6, 0, 0]], [[6, 0, 0], [6, 0, 0]]]


def test_points_far_away_turn_without_overflow() -> None:
    half = 1 << 29
    root = int(3**0.5 * half)
    matrix = np.array([[[half, -root, 0], [root, half, 0], [0, 0, 2 * half]]], np.int64)
    points = np.array([[1 << 39, -(1 << 39), (1 << 40) - 1], [-5, 3, 1]], np.int64)
    exact = [
        [sum(int(m) * int(p) for m, p in zip(row, point, strict=True)) >> 30 for row in matrix[0]]
        for point in points
    ]
    assert turned_points(matrix, points)[0].tolist() == exact
