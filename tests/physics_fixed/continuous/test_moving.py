"""Fast bodies and what moves: bullets, kinematic bodies, what they push, joints, filters, events."""

from __future__ import annotations

import random

import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Space, Sphere
from physics_fixed.errors import NumberError
from physics_fixed.shapes import Capsule, Compound, Part, Shape
from tests.physics_fixed.continuous.scenery import LIMIT, ONE, SHAPES, drawn_rotation


@pytest.mark.parametrize("bullet", ["bullet", "ball", "crate", "capsule", "hull", "dumbbell"])
def test_a_bullet_meets_small_dynamic_bodies(bullet: str) -> None:
    targets: list[Shape] = [
        Sphere("0.02"),
        Box(("0.01", "0.3", "0.3")),
        Capsule("0.01", "0.3"),
        SHAPES["dumbbell"],
    ]
    rng = random.Random(2)
    for target in targets:
        for seed in range(4):
            space = Space(gravity=(0, 0, 0))
            hit = space.add(target, mass=10)
            start = -rng.randrange(ONE, 5 * ONE)
            speed = (LIMIT >> (seed % 3), 0, 0)
            shot = space.add(
                SHAPES[bullet], mass="0.01", position_q24=(start, 0, 0), rotation_q30=drawn_rotation(rng),
                velocity_q24=speed, continuous=True,
            )  # fmt: skip
            for _ in range(6):
                space.step()
            assert hit.velocity_q24 != (0, 0, 0), (bullet, target, seed)
            assert hit.velocity_q24[0] > 0
            assert shot.velocity_q24[0] < speed[0]


def test_without_the_flag_it_passes_dynamic_bodies_only() -> None:
    for continuous, meets in ((False, False), (True, True)):
        space = Space(gravity=(0, 0, 0))
        target = space.add(Sphere("0.02"), mass=1, position=(1, 0, 0))
        wall = space.add(Box(("0.005", 1, 1)), STATIC, position=(3, 0, 0))
        shot = space.add(Sphere("0.005"), mass="0.01", velocity=(200, 0, 0), continuous=continuous)
        assert shot.is_continuous == continuous
        for _ in range(4):
            space.step()
        assert (target.velocity_q24 != (0, 0, 0)) == meets
        assert shot.centre_q24[0] < wall.centre_q24[0]


def test_bullets_that_fly_at_each_other_meet() -> None:
    for gap in range(1, 30):
        space = Space(gravity=(0, 0, 0))
        a = space.add(Sphere("0.01"), mass="0.1", velocity=(256, 0, 0), continuous=True, restitution=1)
        b = space.add(
            Sphere("0.01"), mass="0.1", position=(f"{gap}e-1", 0, 0), velocity=(-256, 0, 0), continuous=True
        )
        for _ in range(4):
            space.step()
            assert a.centre_q24[0] < b.centre_q24[0], gap
        assert a.velocity_q24[0] < 0 < b.velocity_q24[0]


def test_who_may_have_the_flag() -> None:
    space = Space()
    with pytest.raises(NumberError, match="continuous = True for a STATIC body; allowed for dynamic bodies"):
        space.add(Sphere(1), STATIC, continuous=True)
    with pytest.raises(NumberError, match="continuous = True for a KINEMATIC body"):
        space.add(Sphere(1), KINEMATIC, continuous=True)
    with pytest.raises(NumberError, match="continuous = True for a sensor"):
        space.add(Sphere(1), sensor=True, continuous=True)
    with pytest.raises(NumberError, match="continuous = 1; allowed: True, False"):
        space.add(Sphere(1), continuous=1)  # type: ignore[arg-type]
    body = space.add(Sphere(1))
    body.set_continuous(continuous=True)
    assert body.is_continuous
    body.set_continuous(continuous=False)
    assert not body.is_continuous
    with pytest.raises(NumberError, match="for a STATIC body"):
        space.add(Sphere(1), STATIC).set_continuous(continuous=True)


def test_a_kinematic_wall_that_comes_fast_is_not_passed() -> None:
    for wall_speed in (-100, -20, 20, 100):
        for start in range(10, 40, 3):
            space = Space(gravity=(0, 0, 0))
            wall = space.add(Box(("0.01", 1, 1)), KINEMATIC, position=(5, 0, 0), velocity=(wall_speed, 0, 0))
            ball = space.add(Sphere("0.02"), mass=1, position=(f"{start}e-1", 0, 0), velocity=(250, 0, 0))
            for tick in range(5):
                space.step()
                assert ball.centre_q24[0] < wall.centre_q24[0], (wall_speed, start, tick)


def test_a_bat_meets_a_ball_at_rest() -> None:
    for spin in (5, 20, 60):
        space = Space(gravity=(0, 0, 0))
        space.add(Box((1, "0.02", "0.02")), KINEMATIC, angular_velocity=(0, spin, 0))
        ball = space.add(Sphere("0.03"), mass=1, position=("0.6", 0, "-0.5"))
        for _ in range(2 * 60 // spin + 2):
            space.step()
        assert ball.velocity_q24 != (0, 0, 0), spin


def test_what_rides_on_a_turning_platform_is_left_alone() -> None:
    space = Space()
    space.add(
        Box((20, "0.5", 20)), KINEMATIC, position=(0, "-0.5", 0), angular_velocity=(0, 1, 0), friction=2
    )
    rider = space.add(Box(("0.1", "0.1", "0.1")), position=(3, "0.1", 0), friction=2, velocity=(0, 0, -3))
    for _ in range(60):
        space.step()
    x, y, z = (part / ONE for part in rider.centre_q24)
    assert (x * x + z * z) ** 0.5 == pytest.approx(3, abs=0.15)
    assert y == pytest.approx(0.1, abs=0.005)


def test_what_is_pushed_passes_no_wall_and_nothing_passes_it() -> None:
    for gap in (1, 3, 8, 20):
        space = Space(gravity=(0, 0, 0))
        space.add(Box(("0.005", 1, 1)), STATIC, position=(f"{gap}e-1", 0, 0))
        light = space.add(Sphere("0.05"), mass="0.1")
        heavy = space.add(
            Box(("0.3", "0.3", "0.3")), mass=1000, position=("-0.36", 0, 0), velocity=(250, 0, 0)
        )
        for tick in range(4):
            space.step()
            assert light.centre_q24[0] < gap * ONE // 10, (gap, tick)
            assert heavy.centre_q24[0] < light.centre_q24[0], (gap, tick)


def test_a_push_within_the_tick_passes_no_wall() -> None:
    space = Space(gravity=(1000, 0, 0), tick_rate=10)
    space.add(Box(("0.005", 4, 4)), STATIC, position=(3, 0, 0))
    fallen = space.add(Sphere("0.02"), mass=1)
    forced = space.add(Sphere("0.02"), mass=1, position=(0, 1, 0))
    pushed = space.add(Sphere("0.02"), mass=1, position=(0, 2, 0))
    for _ in range(4):
        forced.apply_force((1000, 0, 0))
        pushed.apply_impulse((250, 0, 0))
        space.step()
        for ball in (fallen, forced, pushed):
            assert ball.centre_q24[0] < 3 * ONE
    assert fallen.centre_q24[0] > 2 * ONE


def test_what_does_not_meet_is_passed() -> None:
    walls: list[dict[str, object]] = [{"category": 2}, {"sensor": True}, {"enabled": False}, {"group": -7}]
    for options in walls:
        space = Space(gravity=(0, 0, 0))
        space.add(Box(("0.005", 1, 1)), STATIC, position=(2, 0, 0), **options)  # type: ignore[arg-type]
        shot = space.add(Sphere("0.02"), mass=1, velocity=(240, 0, 0), mask=1, group=-7)
        space.step()
        assert shot.centre_q24[0] == 4 * ONE, options
    space = Space(gravity=(0, 0, 0))
    parts = [
        Part(Box(("0.005", 1, 1)), category=2),
        Part(Box(("0.005", 1, 1)), position=(1, 0, 0), sensor=True),
        Part(Box(("0.005", 1, 1)), position=(2, 0, 0)),
    ]
    space.add(Compound(parts), STATIC, position=("0.5", 0, 0))
    shot = space.add(Sphere("0.02"), mass=1, velocity=(240, 0, 0), mask=1)
    space.step()
    assert 2 * ONE < shot.centre_q24[0] < ONE * 5 // 2


def test_the_hit_is_reported_with_its_speed() -> None:
    space = Space(gravity=(0, 0, 0))
    wall = space.add(Box(("0.005", 9, 1)), STATIC, position=(5, 0, 0))
    shot = space.add(Sphere("0.02"), mass=1, velocity=(240, 100, 0), restitution="0.5", friction=0)
    found = []
    for tick in range(5):
        space.step()
        events = space.events
        found += [
            (tick, int(events.phase[k]), int(events.approach_speed_q24[k])) for k in range(events.count)
        ]
    assert found[0] == (2, 0, 240 * ONE)  # stopped in tick 1
    assert found[1][:2] in ((3, 1), (3, 2))
    assert shot.velocity_q24[0] == pytest.approx(-120 * ONE, rel=1e-3)
    assert shot.velocity_q24[1] == pytest.approx(100 * ONE, rel=1e-3)
    assert wall.centre_q24[0] == 5 * ONE


def test_joints_pull_back_what_was_stopped() -> None:
    space = Space()
    space.add(Box(("0.005", 3, 3)), STATIC, position=("0.5", 0, 0))
    ball = space.add(Sphere("0.05"), mass=1, position=(-2, 0, 0))
    bob = space.add(Sphere("0.05"), mass=1, position=(-3, 0, 0))
    space.joints.distance(ball.id, bob.id)
    ball.set_velocity((250, 0, 0))
    bob.set_velocity((250, 0, 0))
    for _ in range(120):
        space.step()
        for body in (ball, bob):
            assert body.centre_q24[0] < ONE // 2
            assert max(abs(part) for part in body.velocity_q24) < 300 * ONE
    apart = sum((p - q) ** 2 for p, q in zip(ball.centre_q24, bob.centre_q24, strict=True)) ** 0.5
    assert apart == pytest.approx(ONE, rel=0.02)


def test_joined_bodies_that_do_not_collide_pass_each_other() -> None:
    for collide in (False, True):
        space = Space(gravity=(0, 0, 0))
        target = space.add(Sphere("0.05"), mass=1, position=(2, 0, 0))
        shot = space.add(Sphere("0.02"), mass=1, velocity=(200, 0, 0), continuous=True)
        space.joints.distance(target.id, shot.id, limits=(0, 9), collide_connected=collide)
        space.step()
        assert (shot.centre_q24[0] < target.centre_q24[0]) == collide


def test_locks_hold_what_is_stopped() -> None:
    space = Space(gravity=(0, 0, 0))
    space.add(Box((4, "0.005", 4)), STATIC)
    plank = space.add(
        Box(("0.5", "0.02", "0.1")), mass=1, position=("0.1", 3, "0.2"), velocity=(0, -250, 0),
        angular_velocity=(0, 0, 50), lock_position="xz", lock_rotation="xy",
    )  # fmt: skip
    start = plank.centre_q24
    for _ in range(10):
        space.step()
        x, y, z = plank.centre_q24
        qx, qy, _, _ = plank.rotation_q30
        assert (x, z) == (start[0], start[2])
        assert max(abs(qx), abs(qy)) < 16
        assert y > 0
