"""No body passes what is static, however fast it goes and turns: every shape at every kind of thin ground."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.shapes import Capsule, Compound, Part, Shape
from tests.physics_fixed.continuous.scenery import (
    GROUND_LOW,
    GROUNDS,
    LIMIT,
    ONE,
    SHAPES,
    add_tiles,
    drawn_rotation,
    throw_down,
)

AT_ONCE = 8
TICKS = 8
SINKS_AT_MOST = ONE // 50


def lowest(space: Space, half: int) -> int:
    """Height of the lowest centre above or below the floor; of those that flew past its rim none counts."""
    place = space.bodies["position_q24"][space.bodies["kind"] == 0]
    here = np.abs(place[:, (0, 2)]).max(axis=1) < half
    return int(place[here, 1].min(initial=ONE))


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_passes_a_thin_floor(ground: str, shape: str) -> None:
    for seed, rate in enumerate((60, 30, 10)):
        rng = random.Random(seed)
        space = Space(tick_rate=rate)
        GROUNDS[ground](space)
        for _ in range(AT_ONCE):
            throw_down(space, SHAPES[shape], rng)
        low = GROUND_LOW if ground == "hills" else 0
        for _ in range(TICKS):
            space.step()
            assert lowest(space, 8 * ONE) > low - SINKS_AT_MOST, (seed, rate)


def test_a_thousand_shots_at_a_plate_of_one_centimetre() -> None:
    rng = random.Random(5)
    space = Space()
    space.add(Box(("0.005", 4, 4)), STATIC)
    for _ in range(1000):
        start = [-rng.randrange(ONE, 6 * ONE), rng.randrange(-ONE, ONE), rng.randrange(-ONE, ONE)]
        velocity = [
            LIMIT >> rng.randrange(3),
            *(rng.randrange(-LIMIT, LIMIT) >> rng.randrange(2, 9) for _ in range(2)),
        ]
        space.add(
            Sphere("0.005"), mass="0.01", position_q24=start, velocity_q24=velocity, group=-1,
            restitution=rng.choice((0, 1)),
        )  # fmt: skip
    for _ in range(10):
        space.step()
        place = space.bodies["position_q24"][1:]
        here = np.abs(place[:, 1:]).max(axis=1) < 4 * ONE
        assert place[here, 0].max() < 0
    assert (space.bodies["velocity_q24"][1:, 0] >= -LIMIT).all()
    assert (space.bodies["velocity_q24"][1:, 0] <= 0).sum() > 900, "nearly all have met it"


def test_a_stack_of_thin_walls_stops_at_the_first() -> None:
    space = Space(gravity=(0, 0, 0))
    for number in range(20):
        space.add(Box(("0.005", 1, 1)), STATIC, position=(f"{number}e-1", 0, 0))
    balls = [
        space.add(Sphere("0.02"), position=(-2, f"{y}e-1", 0), velocity=(200 + y, 0, 0)) for y in range(-8, 9)
    ]
    for _ in range(5):
        space.step()
        assert all(ball.centre_q24[0] < 0 for ball in balls)
    assert all(ball.centre_q24[0] > -ONE // 10 for ball in balls)


def test_corners_hold() -> None:
    for seed in range(6):
        rng = random.Random(seed)
        space = Space(gravity=(0, 0, 0))
        for x, y, z in ((1, 0, 0), (0, 1, 0), (0, 0, 1)):
            for side in (-3, 3):
                wall = Box(tuple("0.005" if axis else 4 for axis in (x, y, z)))
                space.add(wall, STATIC, position=(side * x, side * y, side * z))
        for shape in SHAPES.values():
            space.add(
                shape,
                mass=1,
                group=-1,
                restitution=1,
                position_q24=[rng.randrange(-ONE, ONE) for _ in range(3)],
                velocity_q24=[rng.choice((-LIMIT, LIMIT, LIMIT // 3)) for _ in range(3)],
                rotation_q30=drawn_rotation(rng),
            )
        for tick in range(20):
            space.step()
            assert (np.abs(space.bodies["position_q24"][6:]) < 3 * ONE + ONE // 50).all(), (seed, tick)


@pytest.mark.parametrize("thing", [Box(("0.005", 1, "0.005")), Box(("0.3", 1, "0.005")), Sphere("0.01")])
@pytest.mark.parametrize("lever", [0, "0.5"])
def test_the_end_of_a_rod_does_not_turn_through_things(thing: Shape, lever: int | str) -> None:
    for spin in (20, 60, 100, 128):
        for angle in (0.3, 0.9, 1.4):
            space = Space(gravity=(0, 0, 0))
            place = [round(0.9 * math.cos(angle) * ONE), 0, -round(0.9 * math.sin(angle) * ONE)]
            space.add(thing, STATIC, position_q24=place, rotation=rotation_about((0, 1, 0), f"{angle}"))
            shape: Shape = Box((1, "0.01", "0.01"))
            if lever:
                shape = Compound([Part(shape), Part(Sphere("0.02"), position=(0, lever, 0))])
            rod = space.add(
                shape, angular_velocity=(0, spin, 0), lock_position=True, lock_rotation="xz", mass=1
            )
            for tick in range(6):
                space.step()
                _, y, _, w = rod.rotation_q30
                assert 2 * math.atan2(y, w) < angle + 0.02, (spin, angle, tick)


SLIDERS: dict[str, tuple[Shape, str]] = {
    "box": (Box(("0.2", "0.2", "0.2")), "0.2"),
    "tile": (Box(("0.3", "0.05", "0.3")), "0.05"),
    "ball": (Sphere("0.2"), "0.2"),
    "capsule": (Capsule("0.1", "0.2"), "0.3"),
}


@pytest.mark.parametrize("ground", [*(name for name in GROUNDS if name != "hills"), "tiles"])
@pytest.mark.parametrize("slider", SLIDERS)
def test_what_slides_is_not_stopped_at_edges(ground: str, slider: str) -> None:
    shape, height = SLIDERS[slider]
    for speed in (30, 90, 240):
        space = Space()
        if ground == "tiles":
            add_tiles(space, thickness="0.5")
        else:
            GROUNDS[ground](space)
        space.bodies.own()
        space.bodies["friction_q24"][:] = 0
        body = space.add(
            shape, position=(-7, height, "-0.3"), velocity=(speed, 0, 5), friction=0, lock_rotation=True
        )
        for _ in range(min(10, 13 * 60 // speed)):
            before = body.centre_q24[0]
            space.step()
            assert body.centre_q24[0] - before == pytest.approx(speed * ONE / 60, rel=1e-4)
        assert body.velocity_q24[0] == pytest.approx(speed * ONE, rel=1e-6)


def test_a_ball_that_loses_nothing_keeps_its_height() -> None:
    space = Space()
    space.add(Box((5, "0.005", 5)), STATIC, position=(0, "-0.005", 0), friction=0)
    ball = space.add(Sphere("0.02"), mass=1, position=(0, 10, 0), restitution=1, friction=0)
    tops = [10.0]
    for tick in range(60 * 40):
        before = ball.velocity_q24[1]
        space.step()
        if before > 0 >= ball.velocity_q24[1] and tick > 60:
            tops.append(ball.centre_q24[1] / ONE)
    assert len(tops) > 10
    # In substeps of 4 ms a fall of 10 m ends 3 cm lower, and so does a rise: that is lost, nothing is won.
    for before, after in itertools.pairwise(tops):
        assert before - 0.1 < after < before + 0.005
