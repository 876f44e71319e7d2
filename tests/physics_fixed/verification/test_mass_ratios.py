"""Heavy things on light ones. What stands, and how deep soft contacts sink; docs/PHYSICS.md has figures."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.shapes import ConvexHull, Cylinder, Shape
from tests.physics_fixed.dynamics.scenery import UNIT_BOX, Floats, position, run, space_with_floor, velocity

CUBE = ConvexHull([(x, y, z) for x in ("-0.5", "0.5") for y in ("-0.5", "0.5") for z in ("-0.5", "0.5")])
SHAPES: dict[str, Shape] = {"box": UNIT_BOX, "hull": CUBE, "cylinder": Cylinder("0.5", "0.5", sides=16)}


def stack(shape: Shape, masses: tuple[int, ...], steps: int = 600) -> tuple[Floats, Floats]:
    """How far each body of a stack is from where it was put, and its speed, after ten seconds."""
    space = space_with_floor()
    if isinstance(shape, Sphere):  # a shaft a little wider than the balls
        for side in (-1, 1):
            space.add(Box((1, 5, 5)), STATIC, position=(side * Fraction(305, 200), 5, 0))
            space.add(Box((5, 5, 1)), STATIC, position=(0, 5, side * Fraction(305, 200)))
    heights = [Fraction(1, 2) + level for level in range(len(masses))]
    bodies = [space.add(shape, position=(0, y, 0), mass=m) for y, m in zip(heights, masses, strict=True)]
    run(space, steps)
    moved = np.array([position(body) - [0, 0.5 + level, 0] for level, body in enumerate(bodies)])
    return moved, np.array([np.linalg.norm(velocity(body)) for body in bodies])


@pytest.mark.parametrize("masses", [(1, 10), (10, 1), (1, 10, 1, 10), (1, 1, 1, 10)])
@pytest.mark.parametrize("name", [*SHAPES, "sphere in a shaft"])
def test_ten_to_one_stands(name: str, masses: tuple[int, ...]) -> None:
    moved, speeds = stack(SHAPES.get(name, Sphere("0.5")), masses, 1200)
    assert -moved[:, 1].min() < 0.012
    assert np.abs(moved[:, [0, 2]]).max() < 0.01
    assert speeds.max() < 1e-3


@pytest.mark.parametrize("name", [*SHAPES, "sphere in a shaft"])
def test_a_hundred_to_one_stands_and_sinks_in_proportion(name: str) -> None:
    shape = SHAPES.get(name, Sphere("0.5"))
    ten, hundred = (stack(shape, (1, ratio))[0][1, 1] for ratio in (10, 100))
    assert -0.023 < hundred < -0.015
    assert hundred / ten == pytest.approx(9.1, abs=0.5)


def test_light_on_heavy_stands_at_any_ratio() -> None:
    for ratio in (100, 1000, 100000):
        moved, speeds = stack(UNIT_BOX, (ratio, 1))
        assert np.abs(moved).max() < 1e-3
        assert speeds.max() < 1e-3


def test_the_largest_ratio_ends_in_no_disorder() -> None:
    """A hundred tonnes on a gram: the light one is pushed out or crushed, and nothing flies."""
    space = Space()
    space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
    light = space.add(UNIT_BOX, position=(0, "0.5", 0), mass="0.001")
    heavy = space.add(UNIT_BOX, position=(0, "1.5", 0), mass=100000)
    run(space, 300)
    assert 0.49 < position(heavy)[1] < 1.51
    assert np.linalg.norm(velocity(heavy)) < 0.01
    assert np.linalg.norm(velocity(light)) < 20
    assert position(light)[1] > -0.5
