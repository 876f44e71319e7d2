"""Locked axes: exact zeros along and about them, the right inertia about the others, contacts that hold."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from physics_fixed import KINEMATIC, Box, Space, Sphere, rotation_about
from physics_fixed.errors import NumberError
from physics_fixed.events import PHASE_BEGIN
from physics_fixed.handles import Body
from physics_fixed.shapes import Shape
from tests.physics_fixed.dynamics.scenery import (
    METRE,
    UNIT_BOX,
    Floats,
    matrix,
    position,
    run,
    space_with_floor,
    spin,
    velocity,
)

ROD = Box((1, "0.1", "0.3"))
TURN = rotation_about((1, 2, 3), 50)


def inertia(body: Body, mass: float) -> Floats:
    """Moment of inertia of ROD in world axes."""
    x, y, z = 2.0, 0.2, 0.6
    local = np.diag([y * y + z * z, x * x + z * z, x * x + y * y]) * mass / 12
    turned: Floats = matrix(body) @ local @ matrix(body).T
    return turned


def test_nothing_moves_along_a_locked_axis_or_turns_about_one() -> None:
    space = space_with_floor()
    bodies = [
        space.add(
            shape, position=(Fraction(index, 4), index + 1, Fraction(index, 8)), velocity=(1, 2, 3),
            angular_velocity=(3, 2, 1), lock_position="z", lock_rotation="xy",
        )
        for index, shape in enumerate((UNIT_BOX, Sphere("0.5"), ROD, Sphere("0.3"), UNIT_BOX))
    ]  # fmt: skip
    space.add(Sphere("0.4"), position=("0.2", 3, -4), velocity=(0, 0, 20), mass=50)
    for index in range(120):
        bodies[0].apply_force((5, 0, 400), point=(1, 2, 3))
        bodies[1].apply_impulse((0, 0, 7), point=(1, 2, 3))
        space.step()
        for number, body in enumerate(bodies):
            assert body.position_q24[2] == number * METRE // 8
            assert body.velocity_q24[2] == 0
            assert body.angular_velocity_q24[:2] == (0, 0)
            assert body.rotation_q30[:2] == (0, 0), index
    assert any(body.rotation_q30[2] for body in bodies)


@pytest.mark.parametrize("axes", ["", "x", "xy", "yz"])
def test_the_inertia_about_free_axes_is_that_of_the_body(axes: str) -> None:
    space = Space(gravity=(0, 0, 0))
    by_impulse, by_torque = (
        space.add(ROD, mass=5, position=(0, height, 0), rotation=TURN, lock_rotation=axes)
        for height in (0, 9)
    )
    free = [axis for axis in range(3) if "xyz"[axis] not in axes]
    expected = np.zeros(3)
    expected[free] = np.linalg.solve(inertia(by_torque, 5)[np.ix_(free, free)], np.array([1, 2, -1.0])[free])
    by_impulse.apply_angular_impulse((1, 2, -1))
    assert spin(by_impulse) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    by_torque.apply_torque((60, 120, -60))
    space.step()
    if axes:  # without locks it has turned with its angular momentum meanwhile
        assert spin(by_torque) == pytest.approx(expected, abs=1e-5)


def test_about_one_free_axis_a_lopsided_body_turns_evenly() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(ROD, rotation=TURN, angular_velocity=(0, 0, 5), lock_rotation="xy")
    run(space, 600)
    assert body.angular_velocity_q24 == (0, 0, 5 * METRE)


def test_a_flat_pyramid_stands() -> None:
    """What a game in a plane is made of: boxes that cannot leave it, eight rows high."""
    space, rows = space_with_floor(), 8
    bodies = [
        space.add(
            UNIT_BOX,
            position=((column - Fraction(rows - 1 - row, 2)) * Fraction(17, 16), row + Fraction(1, 2), 0),
            lock_position="z", lock_rotation="xy",
        )
        for row in range(rows)
        for column in range(rows - row)
    ]  # fmt: skip
    start = np.array([position(body) for body in bodies])
    run(space, 300)
    moved = np.abs(np.array([position(body) for body in bodies]) - start)
    assert moved[:, 0].max() < 2e-3 and moved[:, 1].max() < 5e-3 and moved[:, 2].max() == 0
    assert max(np.abs(velocity(body)).max() for body in bodies) < 1e-4


@pytest.mark.parametrize("shape", [UNIT_BOX, Sphere("0.5")])
@pytest.mark.parametrize(("mass", "depth"), [(1, 1e-3), (10, 1e-3), (100, 4e-3)])
def test_what_is_locked_carries_like_the_ground_however_light(shape: Shape, mass: int, depth: float) -> None:
    space = Space()
    light = space.add(Box((2, "0.2", 2)), mass=1, lock_position=True, lock_rotation=True)
    heavy = space.add(shape, mass=mass, position=(0, "0.75", 0))
    run(space, 240)
    assert position(heavy)[1] == pytest.approx(0.7, abs=depth)
    assert velocity(heavy)[1] == pytest.approx(0, abs=1e-4)
    assert light.position_q24 == (0, 0, 0)


def test_a_turnstile_turns_and_stays_where_it_is() -> None:
    space = Space(gravity=(0, 0, 0))
    gate = space.add(Box((2, "0.5", "0.1")), mass=20, lock_position=True, lock_rotation="xz")
    ball = space.add(Sphere("0.3"), mass=5, position=("1.5", 0, -2), velocity=(0, 0, 3), friction=0)
    run(space, 60)
    assert gate.position_q24 == (0, 0, 0)
    assert gate.velocity_q24 == (0, 0, 0)
    # Angular momentum about the axis stays: the bearing exerts no torque.
    about_axis = 20 * (16 + 0.04) / 12 * spin(gate)[1]
    arm, speed = position(ball), velocity(ball)
    assert 5 * (arm[2] * speed[0] - arm[0] * speed[2]) + about_axis == pytest.approx(-5 * 1.5 * 3, rel=2e-3)
    assert abs(spin(gate)[1]) > 0.5


def test_the_impulses_of_events_are_those_that_act() -> None:
    """A ball falls on a light body that is locked: the floor of the impulse is the ball's momentum."""
    space = Space(gravity=(0, 0, 0))
    space.add(Box((2, "0.2", 2)), mass=3, lock_position=True)
    ball = space.add(Sphere("0.5"), mass=7, position=(0, "0.75", 0), velocity=(0, -2, 0))
    total = 0
    for _ in range(30):
        space.step()
        if space.events.count and space.events.phase[0] == PHASE_BEGIN:
            assert space.events.approach_speed_q24[0] == 2 * METRE
        total += int(space.events.normal_impulse_q24.sum())
    assert total / METRE == pytest.approx(7 * 2 + 7 * velocity(ball)[1], rel=1e-3)


def test_locks_can_be_changed() -> None:
    space = space_with_floor()
    body = space.add(UNIT_BOX, position=(0, 2, 0), lock_position=True, lock_rotation="x")
    assert (body.lock_position, body.lock_rotation) == ("xyz", "x")
    run(space, 10)
    assert body.position_q24 == (0, 2 * METRE, 0)
    body.set_locks(position="xz")
    assert (body.lock_position, body.lock_rotation) == ("xz", "x")
    body.set_locks(rotation=True)
    run(space, 10)
    assert body.position_q24[1] < 2 * METRE and body.position_q24[::2] == (0, 0)
    body.set_locks(rotation=False, position=False)
    body.apply_angular_impulse((0, 9, 0))
    assert spin(body)[1] > 0


def test_a_locked_kinematic_body_does_not_move_either() -> None:
    space = Space()
    lift = space.add(
        UNIT_BOX,
        KINEMATIC,
        velocity=(1, 1, 1),
        angular_velocity=(1, 1, 1),
        lock_position="x",
        lock_rotation="yz",
    )
    run(space, 30)
    assert lift.position_q24[0] == 0 and lift.position_q24[1] == pytest.approx(METRE // 2, abs=9)
    assert lift.rotation_q30[1:3] == (0, 0) and lift.rotation_q30[0] > 0


@pytest.mark.parametrize("axes", ["w", "xx", "X", 1, None, "xyzx"])
def test_what_is_no_axis_is_refused(axes: object) -> None:
    add: Callable[..., Body] = Space().add
    for name in ("lock_position", "lock_rotation"):
        with pytest.raises(NumberError, match=f"{name} = .*allowed: True, False, or axes as text"):
            add(UNIT_BOX, **{name: axes})


def test_locked_bodies_have_the_same_bits_after_a_restore() -> None:
    space = space_with_floor()
    for index in range(6):
        space.add(
            (UNIT_BOX, Sphere("0.5"))[index % 2], position=(Fraction(index, 3), 1 + index, 0),
            lock_position="z"[index % 3 :], lock_rotation=("xy", "", True)[index % 3], mass=1 + index * 5,
        )  # fmt: skip
    run(space, 40)
    before = space.snapshot()
    run(space, 40)
    after = space.hash()
    space.restore(before)
    run(space, 40)
    assert space.hash() == after
