"""Rolling resistance against formulas: an arm p resists with the moment p times the push of the ground."""

from __future__ import annotations

import math

import numpy as np
import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere, rotation_about
from physics_fixed.errors import NumberError
from physics_fixed.handles import Body
from physics_fixed.shapes import Capsule, Compound, Cylinder, HeightField, Part, Shape, Surface, TriangleMesh
from tests.physics_fixed.dynamics.scenery import Floats, position, run, space_with_floor, spin, velocity

GRAVITY = 9.81
RADIUS = 0.5
ARM = 0.1
LIMIT_DEGREES = math.degrees(math.atan(ARM / RADIUS))
ACROSS = rotation_about((1, 0, 0), 90)
WHEEL = Cylinder("0.5", "0.3", sides=32)
# Moment of inertia over mass and the square of the radius of the solid capsule below.
CAPSULE_FACTOR = (8 / 15 * 0.5**5 + 0.8 * 0.5**4 / 2) / (4 / 3 * 0.5**3 + 0.8 * 0.5**2) / 0.5**2
ROLLERS: dict[str, tuple[Shape, float]] = {
    "ball": (Sphere("0.5"), 2 / 5),
    "capsule": (Capsule("0.5", "0.4"), CAPSULE_FACTOR),
    "compound": (Compound([Part(Sphere("0.5"))]), 2 / 5),
}


def on_slope(space: Space, shape: Shape, degrees: float, height: float = RADIUS, **more: object) -> Body:
    """A body on an inclined plane through the origin, its own y axis along z."""
    turn = rotation_about((0, 0, 1), f"{degrees:.6f}")
    space.add(Box((100, 1, 10)), STATIC, rotation=turn, friction=1)
    up = np.array([-math.sin(math.radians(degrees)), math.cos(math.radians(degrees)), 0])
    start = [f"{part:.7f}" for part in up * (1 + height)]
    return space.add(shape, position=start, rotation=ACROSS, friction=1, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ROLLERS)
def test_rolling_body_stops_after_the_distance_of_its_energy(name: str) -> None:
    """The deceleration is ``g p / r / (1 + k)`` with the moment of inertia ``k m r^2``.

    As velocities change before positions, the way is shorter by half a substep's.
    """
    shape, factor = ROLLERS[name]
    space = space_with_floor()
    body = space.add(
        shape, position=(0, "0.5", 0), velocity=(2, 0, 0), angular_velocity=(0, 0, -4), rotation=ACROSS,
        friction=1, rolling="0.1",
    )  # fmt: skip
    run(space, 160)
    deceleration = GRAVITY * ARM / RADIUS / (1 + factor)
    assert position(body)[0] == pytest.approx(2**2 / (2 * deceleration) - 2 / (2 * 240), rel=2e-3)
    assert velocity(body) == pytest.approx([0, 0, 0], abs=1e-6)
    assert spin(body) == pytest.approx([0, 0, 0], abs=1e-6)


@pytest.mark.parametrize("name", ROLLERS)
def test_rolling_body_rests_below_the_limit_without_creeping(name: str) -> None:
    space = Space()
    body = on_slope(space, ROLLERS[name][0], LIMIT_DEGREES - 0.5, rolling="0.1")
    run(space, 120)
    settled = body.position_q24
    run(space, 3600)
    assert np.abs(np.subtract(body.position_q24, settled)).max() <= 16  # a micrometre in a minute


@pytest.mark.parametrize("name", ROLLERS)
@pytest.mark.parametrize("degrees", [LIMIT_DEGREES + 1, 25])
def test_rolling_body_rolls_down_above_the_limit(name: str, degrees: float) -> None:
    shape, factor = ROLLERS[name]
    space = Space()
    body = on_slope(space, shape, degrees, rolling="0.1")
    run(space, 60)
    begin = velocity(body)
    run(space, 60)
    radians = math.radians(degrees)
    expected = GRAVITY * (math.sin(radians) - ARM / RADIUS * math.cos(radians)) / (1 + factor)
    assert np.linalg.norm(velocity(body) - begin) == pytest.approx(expected, rel=5e-3)


def test_cylinder_of_many_sides_comes_to_rest_where_it_would_roll_without_resistance() -> None:
    free, braked = Space(), Space()
    bodies = [on_slope(free, WHEEL, 8), on_slope(braked, WHEEL, 8, rolling="0.1")]
    run(free, 240)
    run(braked, 240)
    assert np.linalg.norm(velocity(bodies[0])) > 1.5
    assert velocity(bodies[1]) == pytest.approx([0, 0, 0], abs=1e-5)


def test_spinning_about_the_normal_is_resisted_by_a_point_contact() -> None:
    """The moment is ``p m g``, the moment of inertia ``2/5 m r^2``."""
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, "0.5", 0), angular_velocity=(0, 9, 0), rolling="0.05")
    run(space, 60)
    assert spin(ball)[1] == pytest.approx(9 - 0.05 * GRAVITY / (0.4 * 0.25), rel=0.01)
    run(space, 120)
    assert spin(ball)[1] == pytest.approx(0, abs=1e-6)


def total_momenta(bodies: list[Body], masses: list[float]) -> tuple[Floats, Floats]:
    """Momentum, and angular momentum about the origin, of balls of radius 0.5."""
    linear = sum((mass * velocity(body) for body, mass in zip(bodies, masses, strict=True)), np.zeros(3))
    angular = np.zeros(3)
    for body, mass in zip(bodies, masses, strict=True):
        angular += mass * np.cross(position(body), velocity(body)) + 0.4 * mass * 0.25 * spin(body)
    return linear, angular


@pytest.mark.parametrize("masses", [(1, 1), (1, 20)])
def test_two_balls_exchange_spin_and_keep_their_momenta(masses: tuple[int, int]) -> None:
    """Pressed together by a constant force, they end turning as one, at the rate of their common momentum."""
    space = Space(gravity=(0, 0, 0))
    a = space.add(Sphere("0.5"), position=("-0.5", 0, 0), mass=masses[0], rolling="0.2", friction=0)
    b = space.add(
        Sphere("0.5"), position=("0.5", 0, 0), mass=masses[1], friction=0, angular_velocity=(3, 2, 0)
    )
    before = total_momenta([a, b], list(masses))
    for _ in range(40):  # longer, and the balls slip off each other
        a.apply_force((20, 0, 0))
        b.apply_force((-20, 0, 0))
        space.step()
    after = total_momenta([a, b], list(masses))
    rounding = 1e-4 * sum(masses)  # of velocities, one unit in a pass of the solver
    assert after[0] == pytest.approx(before[0], abs=rounding)
    assert after[1] == pytest.approx(before[1], abs=rounding)
    common = np.array([3, 2, 0]) * masses[1] / (masses[0] + masses[1])
    assert spin(a) == pytest.approx(common, abs=1e-3)
    assert spin(b) == pytest.approx(common, abs=1e-3)


def test_ball_on_a_turntable_is_carried_around() -> None:
    """What resists is turning against each other, not turning."""
    space = Space()
    space.add(Box((5, 1, 5)), KINEMATIC, position=(0, -1, 0), angular_velocity=(0, 2, 0), friction=1)
    ball = space.add(Sphere("0.5"), position=(0, "0.5", 0), rolling="0.2")
    run(space, 180)
    assert spin(ball) == pytest.approx([0, 2, 0], abs=1e-3)


def test_surfaces_of_the_ground_have_their_own_arm() -> None:
    mud = Surface(rolling="0.1")
    corners = [(-20, 0, -20), (20, 0, -20), (20, 0, 20), (-20, 0, 20)]
    grounds: tuple[Shape, ...] = (
        TriangleMesh(corners, [(0, 2, 1), (0, 3, 2)], surfaces=[mud]),
        HeightField([[0] * 5] * 5, 10, surfaces=[mud]),
        Compound([Part(Box((20, 1, 20)), (0, -1, 0), surface=mud)]),
    )
    for ground in grounds:
        space = Space()
        space.add(ground, STATIC, friction=1)
        ball = space.add(
            Sphere("0.5"), position=(1, "0.5", 1), velocity=(2, 0, 0), angular_velocity=(0, 0, -4), friction=1
        )
        run(space, 120)
        assert position(ball)[0] - 1 == pytest.approx(2**2 * 7 / 5 / (2 * GRAVITY * ARM / RADIUS), rel=5e-3)


def test_range_and_change_of_the_arm() -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, "0.5", 0), rolling=4096)
    for wrong in (-1, "4096.1"):
        with pytest.raises(NumberError, match=r"rolling = .* allowed: 0 to 4096 m"):
            ball.configure(rolling=wrong)
    ball.set_velocity((1, 0, 0), angular_velocity=(0, 0, -2))
    run(space, 30)
    assert velocity(ball) == pytest.approx([0, 0, 0], abs=1e-5)
    ball.configure(rolling=0)
    ball.set_velocity((1, 0, 0), angular_velocity=(0, 0, -2))
    run(space, 30)
    assert velocity(ball)[0] == pytest.approx(1, abs=1e-3)
