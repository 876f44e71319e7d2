"""Whole scenes on meshes and height fields: even ground has no bumps, and bodies come to rest."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.shapes import Capsule, Cylinder, HeightField, Shape, Surface, TriangleMesh
from tests.physics_fixed.meshes.reference import ONE

SHAPES: dict[str, tuple[Shape, str]] = {
    "box": (Box(("0.5", "0.3", "0.4")), "0.301"),
    "sphere": (Sphere("0.3"), "0.301"),
    "capsule": (Capsule("0.3", "0.5"), "0.801"),
    "cylinder": (Cylinder("0.4", "0.3"), "0.301"),
}


def net(
    count: int, step: Fraction, height: Callable[[int, int], Any] = lambda row, column: 0, **more: Any
) -> TriangleMesh:
    """A square of so many heights each way around the origin, as a mesh."""
    half = (count - 1) * step / 2
    points = [(c * step - half, height(r, c), r * step - half) for r in range(count) for c in range(count)]
    faces = []
    for r in range(count - 1):
        for c in range(count - 1):
            a, b = r * count + c, r * count + c + 1
            faces += [(a, a + count, b + count), (a, b + count, b)]
    return TriangleMesh(points, faces, **more)


GROUNDS: dict[str, Callable[[], Shape]] = {
    "fine mesh": lambda: net(97, Fraction(1, 8)),
    "coarse mesh": lambda: net(7, Fraction(2)),
    "field": lambda: HeightField([[0] * 97] * 97, "0.125"),
}


def metres(space: Space, column: str, body: int) -> Any:
    return space.bodies[column][space.row(body)] / ONE


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_nothing_is_bumped_into_on_even_ground(ground: str, shape: str) -> None:
    """Without friction a body slides over hundreds of edges as if there were none."""
    space = Space()
    space.add(GROUNDS[ground](), STATIC, friction=0)
    made, height = SHAPES[shape]
    body = space.add(made, position=(-4, height, "0.03"), velocity=(8, 0, "0.5"), friction=0).id
    for step in range(50):
        space.step()
        speed = metres(space, "velocity_q24", body)
        assert abs(speed[0] - 8) < 1e-3
        assert abs(speed[2] - 0.5) < 1e-3
        if step > 5:
            assert abs(speed[1]) < 2e-3
            assert np.abs(metres(space, "angular_velocity_q24", body)).max() < 0.1
    assert space.contacts.count == 1


def test_a_box_on_a_fine_mesh_has_one_contact_and_four_points() -> None:
    space = Space()
    space.add(net(81, Fraction(1, 16)), STATIC)
    body = space.add(Box(("0.5", "0.5", "0.5")), position=("0.01", "0.5", "0.02")).id
    for _ in range(60):
        space.step()
    assert space.contacts.count == 1
    assert space.contacts["point_count"].tolist() == [4]
    assert np.abs(metres(space, "velocity_q24", body)).max() < 1e-4
    push = space.contacts["push_q24"][0]
    assert push.max() < 1.1 * push.min()


def test_a_stack_stands_on_a_mesh_as_on_a_box() -> None:
    tops = []
    for ground, y in ((net(41, Fraction(1, 4)), 0), (Box((5, 1, 5)), -1)):
        space = Space()
        space.add(ground, STATIC, position=(0, y, 0))
        bodies = [
            space.add(Box(("0.5", "0.5", "0.5")), position=("0.1", Fraction(2 * k + 1, 2), 0)).id
            for k in range(6)
        ]
        for _ in range(180):
            space.step()
        places = [metres(space, "position_q24", body) for body in bodies]
        assert all(np.abs(place[[0, 2]] - (0.1, 0)).max() < 2e-3 for place in places)
        tops.append(places[-1][1])
    assert abs(tops[0] - tops[1]) < 1e-3
    assert 5.48 < tops[0] < 5.5


@pytest.mark.parametrize("as_field", [True, False], ids=["field", "mesh"])
def test_all_shapes_come_to_rest_on_rough_ground(*, as_field: bool) -> None:
    """Peaks, ridges and pits smaller than the bodies; nothing falls through, and nothing trembles."""
    chance = random.Random(4)
    heights = [[Fraction(chance.randrange(100), 400) for _ in range(41)] for _ in range(41)]
    space = Space()
    if as_field:
        space.add(HeightField(heights, "0.25"), STATIC)
    else:
        space.add(net(41, Fraction(1, 4), lambda row, column: heights[row][column]), STATIC)
    shapes = (
        Box(("0.5", "0.5", "0.5")),
        Box((1, "0.1", "0.4")),
        Cylinder("0.5", "0.3"),
        Box(("0.2", "0.2", "0.2")),
    )
    bodies = [space.add(shapes[k % 4], position=(2 * (k % 4) - 3, 1, 2 * (k // 4) - 2)).id for k in range(12)]
    for _ in range(480):
        space.step()
    for body in bodies:
        assert 0 < metres(space, "position_q24", body)[1] < 0.9
        assert np.abs(metres(space, "velocity_q24", body)).max() < 0.01


def test_a_hole_lets_fall_and_its_rim_holds() -> None:
    holes = np.zeros((8, 8), bool)
    holes[3:5, 3:5] = True
    space = Space()
    space.add(HeightField([[0] * 9] * 9, 1, holes=holes), STATIC)
    ball = space.add(Sphere("0.4"), position=(0, 1, 0)).id
    plank = space.add(Box((2, "0.1", "0.3")), position=(0, 2, 0)).id
    for _ in range(120):
        space.step()
    assert metres(space, "position_q24", ball)[1] < -3
    assert abs(metres(space, "position_q24", plank)[1] - 0.1) < 2e-3


def test_each_surface_has_its_own_friction() -> None:
    """Half of a slope is of ice."""
    slope = net(9, Fraction(2), lambda row, column: Fraction(-column, 2), surfaces=[Surface(friction=0)],
                surface_of=[0 if k // 2 // 8 < 4 else -1 for k in range(128)])  # fmt: skip
    space = Space()
    space.add(slope, STATIC, friction=1)
    on_ice, on_rock = (
        space.add(Box(("0.3", "0.3", "0.3")), position=(-4, "-0.5", z), friction=1).id for z in (-3, 3)
    )
    for _ in range(100):
        space.step()
    assert metres(space, "velocity_q24", on_ice)[0] > 1
    assert np.abs(metres(space, "velocity_q24", on_rock)).max() < 0.02


def test_a_kinematic_mesh_carries() -> None:
    space = Space()
    space.add(net(9, Fraction(1, 2)), KINEMATIC, velocity=(1, "0.5", 0), friction=1)
    box = space.add(Box(("0.3", "0.3", "0.3")), position=(0, "0.3", 0), friction=1).id
    for _ in range(120):
        space.step()
    assert np.abs(metres(space, "velocity_q24", box) - (1, 0.5, 0)).max() < 0.01
    assert abs(metres(space, "position_q24", box)[1] - 1.3) < 0.01


def test_from_below_ground_lets_through_and_then_holds() -> None:
    """Ground has one side: what comes from behind is not stopped; from above it is."""
    space = Space()
    space.add(net(9, Fraction(1)), STATIC)
    ball = space.add(Sphere("0.2"), position=(0, -2, 0), velocity=(0, 9, 0)).id
    highest = -2.0
    for _ in range(240):
        space.step()
        highest = max(highest, float(metres(space, "position_q24", ball)[1]))
    assert highest > 1
    assert abs(metres(space, "position_q24", ball)[1] - 0.2) < 1e-3


def test_the_order_of_the_triangles_does_not_change_what_happens() -> None:
    chance = random.Random(8)
    points = [(r, c, Fraction(chance.randrange(100), 200)) for r in range(9) for c in range(9)]
    faces = [
        t
        for r in range(8)
        for c in range(8)
        for a in (9 * r + c,)
        for t in ((a, a + 1, a + 10), (a, a + 10, a + 9))
    ]
    mixed = chance.sample(faces, len(faces))
    found = []
    for given in (faces, mixed):
        space = Space()
        space.add(TriangleMesh([(c - 4, y, r - 4) for r, c, y in points], given), STATIC)
        bodies = [space.add(Box(("0.4", "0.3", "0.5")), position=(x, 2, "0.3")).id for x in (-2, 0, 2)]
        for _ in range(90):
            space.step()
        found.append([space.bodies["position_q24"][space.row(body)].tolist() for body in bodies])
    assert found[0] == found[1]


def test_a_restored_space_goes_on_with_the_same_bits() -> None:
    space = Space()
    space.add(net(21, Fraction(1, 4), lambda row, column: Fraction((row * column) % 5, 20)), STATIC)
    for k in range(4):
        space.add(Box(("0.3", "0.2", "0.4")), position=(k - 2, 1, Fraction(k, 3)))
    for _ in range(20):
        space.step()
    saved = space.snapshot()
    hashes = []
    for _ in range(2):
        space.restore(saved)
        for _ in range(30):
            space.step()
        hashes.append(space.hash())
    assert hashes[0] == hashes[1]
