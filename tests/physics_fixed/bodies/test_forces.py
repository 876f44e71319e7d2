"""Forces, torques, impulses and damping against formulas of mechanics, and at the limits of their ranges."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from physics_fixed import KINEMATIC, Box, Space, Sphere, rotation_about
from physics_fixed.errors import IdentityError, NumberError
from physics_fixed.handles import Body
from physics_fixed.limits import FORCE_MAX_Q24, IMPULSE_MAX_Q24, POSITION_MAX_Q24, TORQUE_MAX_Q24
from tests.physics_fixed.dynamics.scenery import (
    METRE,
    UNIT_BOX,
    position,
    run,
    space_with_floor,
    spin,
    velocity,
)

SUBSTEP = 1 / 240


def floating(**arguments: object) -> tuple[Space, Body]:
    """A cube of 2 kg in a space without gravity: its moment of inertia is m / 6."""
    space = Space(gravity=(0, 0, 0))
    return space, space.add(UNIT_BOX, mass=2, **arguments)  # type: ignore[arg-type]


def test_a_force_at_the_centre_accelerates_without_turning() -> None:
    space, body = floating()
    for _ in range(60):
        body.apply_force((3, 0, "-1"))
        space.step()
    assert velocity(body) == pytest.approx([1.5, 0, -0.5], abs=1e-5)
    # Velocity first, then position: each substep adds half of a h^2 to the exact path.
    assert position(body)[0] == pytest.approx(1.5 * (1 + SUBSTEP) / 2, abs=1e-5)
    assert body.rotation_q30 == (0, 0, 0, 1 << 30)


def test_forces_add_up_and_last_one_step() -> None:
    space, body = floating()
    body.apply_force((60, 0, 0))
    body.apply_force(force_q24=(0, 120 * METRE, 0))
    body.apply_torque((0, 0, 5))
    assert body.force_q24 == (60 * METRE, 120 * METRE, 0)
    assert body.torque_q24 == (0, 0, 5 * METRE)
    space.step()
    assert velocity(body) == pytest.approx([0.5, 1, 0], abs=1e-6)
    assert spin(body) == pytest.approx([0, 0, 5 / 60 / (2 / 6)], abs=1e-6)
    assert body.force_q24 == body.torque_q24 == (0, 0, 0)
    before = body.velocity_q24, body.angular_velocity_q24
    space.step()
    assert (body.velocity_q24, body.angular_velocity_q24) == before


def test_a_force_at_a_point_is_a_force_and_a_torque() -> None:
    turn = rotation_about((1, 2, 3), 50)
    (space, pushed), (other, twisted) = floating(rotation=turn), floating(rotation=turn)
    pushed.apply_force((1, 2, 3), point=("0.5", 0, "-0.25"))
    twisted.apply_force((1, 2, 3))
    twisted.apply_torque(("0.5", "-1.75", 1))  # (0.5, 0, -0.25) x (1, 2, 3)
    assert space.hash() == other.hash()
    space.step()
    other.step()
    assert space.hash() == other.hash()
    assert spin(pushed) == pytest.approx([0.5 / 20, -1.75 / 20, 1 / 20], abs=3e-6)


def test_a_force_for_a_step_is_an_impulse() -> None:
    (space, forced), (_, pushed) = floating(), floating()
    forced.apply_force((12, 0, 60), point=(0, "0.5", 0))
    space.step()
    pushed.apply_impulse(("0.2", 0, 1), point=(0, "0.5", 0))
    assert velocity(forced) == pytest.approx(velocity(pushed), abs=1e-6)
    assert spin(forced) == pytest.approx(spin(pushed), abs=2e-6)


def test_a_force_as_large_as_the_weight_holds_a_body_in_the_air() -> None:
    space = Space()
    body = space.add(Sphere("0.5"), mass=3, position=(0, 7, 0))
    for _ in range(120):
        body.apply_force((0, "29.43", 0))
        space.step()
    assert position(body) == pytest.approx([0, 7, 0], abs=1e-4)


def test_a_horizontal_force_below_the_friction_moves_nothing_and_above_it_does() -> None:
    for share, moves in (("0.9", False), ("1.1", True)):
        space = space_with_floor()
        body = space.add(UNIT_BOX, mass=10, position=(0, "0.5", 0), friction="0.5")
        for _ in range(120):
            body.apply_force(force_q24=(int(float(share) * 0.5 * 98.1 * METRE), 0, 0))
            space.step()
        assert (position(body)[0] > 0.1) == moves


def test_an_angular_impulse_turns_about_the_axes_of_the_body() -> None:
    space = Space(gravity=(0, 0, 0))
    rod = space.add(Box((1, "0.1", "0.1")), mass=3, rotation=rotation_about((0, 0, 1), 90))
    rod.apply_angular_impulse((0, 1, "0.5"))
    along, across = 3 * 0.02 / 3, 3 * (1 + 0.01) / 3
    assert spin(rod) == pytest.approx([0, 1 / along, 0.5 / across], rel=1e-6)
    assert velocity(rod) == pytest.approx([0, 0, 0])


@pytest.mark.parametrize("damping", ["0.1", "2", "100"])
def test_damping_is_exponential_decay(damping: str) -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(
        Box(("0.5", "0.2", "0.3")), velocity=(8, -4, 0), angular_velocity=(0, 8, 0),
        linear_damping=damping, angular_damping=damping,
    )  # fmt: skip
    run(space, 60)
    kept = (1 + float(damping) * SUBSTEP) ** -240
    assert velocity(body) == pytest.approx([8 * kept, -4 * kept, 0], rel=1e-5, abs=5e-5)
    assert spin(body) == pytest.approx([0, 8 * kept, 0], rel=1e-5, abs=5e-5)
    if damping != "100":
        assert kept == pytest.approx(math.exp(-float(damping)), rel=0.01)


def test_damping_ends_at_rest() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Sphere(1), velocity=(1, -1, 0), linear_damping=20, angular_velocity=(0, -1, 1))
    body.configure(angular_damping=20)
    run(space, 120)
    assert body.velocity_q24 == body.angular_velocity_q24 == (0, 0, 0)


def test_terminal_velocity() -> None:
    space = Space()
    body = space.add(Sphere(1), position=(0, 1000, 0), linear_damping=2)
    run(space, 600)
    assert velocity(body)[1] == pytest.approx(-9.81 / 2, rel=1e-4)


def test_numbers_are_changed_one_by_one() -> None:
    space = Space()
    body = space.add(Sphere(1), friction="0.3", linear_damping="0.5")
    body.configure(friction_q24=METRE, gravity_scale=0)
    cells = {name: int(space.bodies[name][0]) for name in ("friction_q24", "linear_damping_q24")}
    assert cells == {"friction_q24": METRE, "linear_damping_q24": METRE // 2}
    run(space, 10)
    assert velocity(body) == pytest.approx([0, 0, 0])


def test_what_a_handle_tells() -> None:
    space = space_with_floor()
    body = space.add(
        Box((1, 2, 3)), mass=3, position=(0, 4, 0), velocity=(1, 0, 0), angular_velocity=(0, 0, 2), user_id=8
    )
    assert body.mass_q24 == 3 * METRE and body.user_id == 8 and body.is_enabled
    assert body.size_q24 == (METRE, 2 * METRE, 3 * METRE)
    assert body.velocity_at_q24((0, 5, 0)) == (-METRE, 0, 0)
    assert body.velocity_at_q24(point_q24=(METRE, 4 * METRE, 9)) == (METRE, 2 * METRE, 0)
    body.set_enabled(enabled=False)
    assert not body.is_enabled
    assert space.body(1 << 32).mass_q24 == 0
    light = space.add(Sphere("0.004"), mass="0.001", position=(50, 4, 0))
    assert light.mass_q24 == METRE // 1000


def test_setters_take_numbers_and_raw_numbers() -> None:
    _, body = floating()
    body.set_velocity(("0.5", 0, 0))
    body.set_velocity(angular_velocity=(0, 1, 0))
    body.set_pose((1, 2, 3))
    assert body.velocity_q24 == (METRE // 2, 0, 0) and body.angular_velocity_q24 == (0, METRE, 0)
    body.set_pose(rotation=(0, 1, 0, 0))
    assert body.position_q24 == (METRE, 2 * METRE, 3 * METRE) and body.rotation_q30 == (0, 1 << 30, 0, 0)
    body.set_velocity(velocity_q24=(1, 2, 3), angular_velocity_q24=(4, 5, 6))
    assert body.velocity_q24 == (1, 2, 3) and body.angular_velocity_q24 == (4, 5, 6)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda body: body.apply_force(force_q24=(FORCE_MAX_Q24 + 1, 0, 0)), "force x = .* allowed"),
        (lambda body: body.apply_torque((0, 1 << 27, 0)), "torque y = 134217728 N m"),
        (lambda body: body.apply_impulse((0, 0, 1 << 27)), "impulse z"),
        (lambda body: body.apply_impulse((1, 0, 0), point=(0, 20000, 0)), "point y = 20000 m"),
        (lambda body: body.apply_angular_impulse((1.5, 0, 0)), "float"),
        (lambda body: body.apply_force((1, 0, 0), force_q24=(1, 0, 0)), "given twice"),
        (lambda body: body.configure(linear_damping=1025), "linear_damping = 1025 1/s"),
        (lambda body: body.configure(angular_damping_q24=-1), "angular_damping"),
        (lambda body: body.configure(weight=1), "'weight' is no number of a body; known: friction"),
        (lambda body: body.set_velocity(angular_velocity=(0, 129, 0)), "angular_velocity y = 129 rad/s"),
    ],
)
def test_errors_tell_the_value_and_the_range(act: Callable[[Body], None], message: str) -> None:
    space, body = floating()
    before = space.hash()
    with pytest.raises(NumberError, match=message):
        act(body)
    assert space.hash() == before


def test_only_dynamic_bodies_yield() -> None:
    space = space_with_floor()
    lift = space.add(UNIT_BOX, KINEMATIC, position=(0, 5, 0))
    before = space.hash()
    for body in (lift, space.body(1 << 32)):
        body.apply_force((1, 2, 3), point=(1, 1, 1))
        body.apply_torque((1, 2, 3))
        body.apply_impulse((1, 2, 3), point=(1, 1, 1))
        body.apply_angular_impulse((1, 2, 3))
    assert space.hash() == before


def test_a_body_that_is_gone_is_an_error() -> None:
    space, body = floating()
    space.remove(body.id)
    with pytest.raises(IdentityError):
        body.apply_force((1, 0, 0))


def test_a_force_is_part_of_the_state() -> None:
    space, body = floating()
    body.apply_force((1, 0, 0), point=(0, 1, 0))
    before = space.snapshot()
    space.step()
    after = space.hash()
    space.restore(before)
    assert body.force_q24 == (METRE, 0, 0)
    space.step()
    assert space.hash() == after


def test_a_disabled_body_is_not_pushed_later_by_a_force_of_today() -> None:
    space, body = floating(enabled=False)
    body.apply_force((1, 0, 0))
    space.step()
    body.set_enabled(enabled=True)
    space.step()
    assert body.velocity_q24 == (0, 0, 0)


@pytest.mark.parametrize("mass", ["0.001", "100000"])
@pytest.mark.parametrize("rate", [10, 480])
def test_the_largest_forces_stay_within_the_limits(mass: str, rate: int) -> None:
    space = Space(tick_rate=rate, substeps=1)
    for size in ("0.00390625", 4000):
        body = space.add(Sphere(size), mass=mass, linear_damping=1024, angular_damping=1024)
        far = (POSITION_MAX_Q24, -POSITION_MAX_Q24, 0)
        for _ in range(3):
            body.apply_force(force_q24=(FORCE_MAX_Q24,) * 3, point_q24=far)
            body.apply_torque(torque_q24=(TORQUE_MAX_Q24, -TORQUE_MAX_Q24, TORQUE_MAX_Q24))
            body.apply_impulse(impulse_q24=(-IMPULSE_MAX_Q24,) * 3, point_q24=far)
        assert max(body.force_q24) == FORCE_MAX_Q24 and max(body.torque_q24) <= TORQUE_MAX_Q24
    run(space, 3)


def test_heavy_bodies_feel_small_forces() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Sphere(2), mass=100000)
    for _ in range(600):
        body.apply_force((100, 0, 0))
        body.apply_torque((0, 1000, 0))
        space.step()
    assert velocity(body)[0] == pytest.approx(0.01, rel=0.01)
    assert spin(body)[1] == pytest.approx(10 * 1000 / (0.4 * 100000 * 4), rel=0.01)


def test_floats_for_people_are_exact_and_go_one_way() -> None:
    space = Space()
    body = space.add(
        Box((1, 2, 3)), position=("16383.123456", "-1e-7", 2), rotation=("0.5", "0.25", "-1", 2), mass=3,
        velocity=("0.1", 2, "-255.9"), angular_velocity=("1e-6", 0, 7),
    )  # fmt: skip
    for name, bits in (("position", 24), ("velocity", 24), ("angular_velocity", 24), ("rotation", 30)):
        shown, raw = getattr(body, name), getattr(body, f"{name}_q{bits}")
        assert tuple(int(part * (1 << bits)) for part in shown) == raw
        assert all(isinstance(part, float) for part in shown)
    assert body.mass == 3.0
    with pytest.raises(NumberError, match="is a float"):
        body.set_pose(body.position)
    assert repr(body).startswith(f"Body(id={body.id}, DYNAMIC, position=(16383.12345")
    space.remove(body.id)
    assert repr(body) == f"Body(id={body.id}, gone)"
    with pytest.raises(IdentityError):
        _ = body.position
