"""Motion against formulas of mechanics that owe nothing to this engine."""

from __future__ import annotations

import math

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere, rotation_about
from tests.physics_fixed.dynamics.scenery import (
    UNIT_BOX,
    Floats,
    matrix,
    position,
    run,
    space_with_floor,
    spin,
    velocity,
)

GRAVITY = 9.81
TICK = 1 / 60
SUBSTEP = TICK / 4


def test_free_fall_and_projectile() -> None:
    space = Space()
    body = space.add(Sphere("0.5"), position=(0, 100, 0), velocity=(3, 4, -5))
    run(space, 120)
    time = 2.0
    # Velocity first, then position: each substep adds half of g h^2 to the exact path.
    expected = [3 * time, 100 + 4 * time - GRAVITY * time * (time + SUBSTEP) / 2, -5 * time]
    assert position(body) == pytest.approx(expected, abs=5e-5)
    assert velocity(body) == pytest.approx([3, 4 - GRAVITY * time, -5], abs=5e-5)


@pytest.mark.parametrize("scale", ["0", "0.5", "-1"])
def test_gravity_scale(scale: str) -> None:
    space = Space()
    body = space.add(Sphere("0.5"), gravity_scale=scale)
    run(space, 60)
    assert velocity(body) == pytest.approx([0, -GRAVITY * float(scale), 0], abs=5e-5)


def test_without_forces_nothing_changes_by_a_bit() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Sphere("0.37"), velocity=("1.1", 0, "-0.3"), angular_velocity=("0.7", "-2.3", "1.9"))
    before = body.velocity_q24, body.angular_velocity_q24
    run(space, 600)
    assert (body.velocity_q24, body.angular_velocity_q24) == before


@pytest.mark.parametrize("restitution", ["0.3", "0.7", "1"])
def test_bounce_height(restitution: str) -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, "2.5", 0), restitution=restitution)
    run(space, 39)  # the fall of 2 m takes 0.639 s
    assert velocity(ball)[1] > 0
    top = 0.0
    for _ in range(60):
        space.step()
        top = max(top, position(ball)[1] - 0.5)
    assert top == pytest.approx(2 * float(restitution) ** 2, rel=0.03, abs=0.01)


def test_slow_approach_does_not_bounce() -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, "0.52", 0), restitution=1)
    run(space, 60)
    assert abs(velocity(ball)[1]) < 1e-3
    assert position(ball)[1] == pytest.approx(0.5, abs=2e-3)


@pytest.mark.parametrize(("mass_a", "mass_b"), [(1, 1), (1, 3), (7, 1), (1000, 1)])
def test_elastic_exchange_of_momentum(mass_a: int, mass_b: int) -> None:
    space = Space(gravity=(0, 0, 0))
    a = space.add(
        Sphere("0.5"), position=(-2, 0, 0), velocity=(4, 0, 0), mass=mass_a, restitution=1, friction=0
    )
    b = space.add(
        Sphere("0.5"), position=(2, 0, 0), velocity=(-1, 0, 0), mass=mass_b, restitution=1, friction=0
    )
    run(space, 90)
    total = mass_a + mass_b
    centre = (4 * mass_a - mass_b) / total
    assert velocity(a) == pytest.approx([2 * centre - 4, 0, 0], abs=1e-5)
    assert velocity(b) == pytest.approx([2 * centre + 1, 0, 0], abs=1e-5)


def test_inelastic_contact_keeps_momentum_and_stops_the_approach() -> None:
    space = Space(gravity=(0, 0, 0))
    a = space.add(Sphere("0.5"), position=(-2, 0, 0), velocity=(4, 0, 0), mass=2, friction=0)
    b = space.add(Sphere("0.5"), position=(2, 0, 0), mass=1, friction=0)
    run(space, 90)
    assert velocity(a)[0] == pytest.approx(8 / 3, abs=1e-4)
    assert velocity(b)[0] == pytest.approx(8 / 3, abs=1e-4)


@pytest.mark.parametrize("friction", ["0.3", "0.5", "0.8"])
@pytest.mark.parametrize("shape", [UNIT_BOX, Box(("0.6", "0.2", "0.4"))])
def test_slope_holds_below_the_angle_of_friction_and_slides_above(friction: str, shape: Box) -> None:
    critical = math.degrees(math.atan(float(friction)))
    for degrees, slides in ((critical - 1, False), (critical + 1, True)):
        space = Space()
        turn = rotation_about((0, 0, 1), f"{degrees:.6f}")
        space.add(Box((40, 1, 10)), STATIC, rotation=turn, friction=friction)
        up = np.array([-math.sin(math.radians(degrees)), math.cos(math.radians(degrees)), 0])
        height = 1 + float(shape.half_extents_q24[1]) / (1 << 24)
        start = [f"{part:.6f}" for part in up * height]
        body = space.add(shape, position=start, rotation=turn, friction=friction)
        run(space, 60)
        settled = position(body)
        run(space, 120)
        slid = float(np.linalg.norm(position(body) - settled))
        if slides:
            # From rest: a = g (sin - mu cos), over the second and third second.
            radians = math.radians(degrees)
            acceleration = GRAVITY * (math.sin(radians) - float(friction) * math.cos(radians))
            assert slid == pytest.approx(acceleration * (9 - 1) / 2, rel=0.05)
        else:
            assert slid < 0.002


def test_sphere_that_slides_ends_rolling_with_five_sevenths_of_its_speed() -> None:
    space = space_with_floor()
    ball = space.add(Sphere("0.5"), position=(0, "0.5", 0), velocity=(7, 0, 0), friction=1)
    run(space, 120)
    assert velocity(ball)[0] == pytest.approx(5, rel=5e-3)
    assert spin(ball) == pytest.approx([0, 0, -10], rel=5e-3, abs=1e-3)


@pytest.mark.parametrize("rate", [60, 240])
def test_friction_of_a_sliding_box_is_exact_from_the_second_tick_on(rate: int) -> None:
    """Though its contact is soft, and it sinks in for a tenth of a second."""
    space = space_with_floor(tick_rate=rate)
    body = space.add(UNIT_BOX, position=(0, "0.5", 0), velocity=(4, 0, 0), friction="0.5")
    run(space, 1)
    for _ in range(rate // 2):
        before = velocity(body)[0]
        run(space, 1)
        assert before - velocity(body)[0] == pytest.approx(0.5 * GRAVITY / rate, rel=0.01)
    time = (rate // 2 + 1) / rate
    assert velocity(body)[0] == pytest.approx(4 - 0.5 * GRAVITY * time, abs=0.006)


@pytest.mark.parametrize("rate", [60, 240])
@pytest.mark.parametrize("drop", ["0.2", "1", "3"])
def test_friction_of_a_landing_takes_its_share_of_the_approach(drop: str, rate: int) -> None:
    """What gravity gave since the fall began, times the coefficient, is gone when the box lies."""
    space = space_with_floor(tick_rate=rate)
    body = space.add(
        Box((4, "0.5", 4)), position=(0, f"{0.5 + float(drop)}", 0), velocity=(8, 0, 0), friction="0.5"
    )
    ticks = int(rate * (math.sqrt(2 * float(drop) / GRAVITY) + 0.15))
    run(space, ticks)
    assert 8 - velocity(body)[0] == pytest.approx(0.5 * GRAVITY * ticks / rate, rel=0.12)


def test_box_that_slides_stops_where_friction_says() -> None:
    space = space_with_floor()
    box = space.add(Box(("0.5", "0.1", "0.5")), position=(0, "0.1", 0), velocity=(3, 0, 0))
    run(space, 120)
    assert velocity(box) == pytest.approx([0, 0, 0], abs=1e-3)
    assert position(box)[0] == pytest.approx(9 / (2 * 0.5 * GRAVITY), rel=0.02)


def angular_momentum_and_energy(half: Floats, turn: Floats, rate: Floats) -> tuple[Floats, float]:
    """Of a solid box of mass 1."""
    squares = half * half
    moments = (squares.sum() - squares) / 3
    local = turn.T @ rate
    return turn @ (moments * local), float((moments * local**2).sum() / 2)


@pytest.mark.parametrize("rate", [("0.1", 3, "0.1"), (5, "0.2", 0), (1, 2, 3)])
def test_free_top_keeps_angular_momentum_and_energy(rate: tuple[object, ...]) -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Box(("0.5", "0.3", "0.2")), mass=1, angular_velocity=rate)  # type: ignore[arg-type]
    half = np.array([0.5, 0.3, 0.2])
    momentum, energy = angular_momentum_and_energy(half, matrix(body), spin(body))
    run(space, 3600)
    later, energy_later = angular_momentum_and_energy(half, matrix(body), spin(body))
    assert later == pytest.approx(momentum, abs=1e-6 * float(np.linalg.norm(momentum)))
    assert energy_later == pytest.approx(energy, rel=1e-3)


def test_quaternions_stay_unit() -> None:
    space = Space(gravity=(0, 0, 0))
    slow = space.add(UNIT_BOX, angular_velocity=("0.01", "0.02", "-0.03"))
    fast = space.add(UNIT_BOX, position=(5, 0, 0), angular_velocity=(100, -80, 60))
    run(space, 1200)
    for body in (slow, fast):
        assert sum(part * part for part in body.rotation_q30) == pytest.approx(1 << 60, rel=2e-9)


def test_turn_follows_the_angular_velocity() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Sphere("0.5"), angular_velocity=(0, "1.5", 0))
    run(space, 60)
    half = 1.5 / 2
    x, y, z, w = np.array(body.rotation_q30) / (1 << 30)
    assert (x, y, z, w) == pytest.approx((0, math.sin(half), 0, math.cos(half)), abs=1e-6)
