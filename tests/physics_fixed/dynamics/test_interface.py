"""The public face: what it accepts, what it refuses and how it says so, ids, removal, handles."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import physics_fixed
from physics_fixed import DYNAMIC, KINEMATIC, STATIC, Box, Compound, Space, Sphere, rotation_about
from physics_fixed.errors import IdentityError, NumberError
from physics_fixed.shapes import KINDS
from tests.physics_fixed.dynamics.scenery import (
    METRE,
    UNIT_BOX,
    position,
    run,
    space_with_floor,
    spin,
    velocity,
)


def test_what_the_package_names_is_there() -> None:
    """Names are looked up on first use, so a wrong one would be found by a user only."""
    missing = [name for name in physics_fixed.__all__ if not hasattr(physics_fixed, name)]
    assert missing == []
    assert set(physics_fixed.__all__) >= {kind.__name__ for kind in KINDS}
    with pytest.raises(AttributeError, match="no attribute 'Cube'"):
        _ = physics_fixed.Cube


def test_numbers_are_taken_as_text_int_decimal_and_fraction_alike() -> None:
    hashes = set()
    for half in ("0.5", Decimal("0.5"), Fraction(1, 2)):
        space = Space()
        space.add(Box((half, 1, 1)), position=(half, 3, 0), velocity=(0, half, 0), friction=half)
        hashes.add(space.hash())
    raw = Space()
    raw.add(
        Box(("0.5", 1, 1)),
        position_q24=(METRE // 2, 3 * METRE, 0),
        velocity_q24=(0, METRE // 2, 0),
        friction_q24=METRE // 2,
    )
    hashes.add(raw.hash())
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"position": (0, 0.1, 0)}, 'position y = 0.1 is a float.*"0.1"'),
        ({"position": (0, 20000, 0)}, "position y = 20000 m is out of range; allowed: -16384 to 16384 m"),
        ({"position": (0, 1)}, "allowed: three numbers"),
        ({"position": "abc"}, "allowed: three numbers"),
        ({"position": (0, 1, 0), "position_q24": (0, 1, 0)}, "position is given twice"),
        ({"position_q24": (0, "1", 0)}, "raw number; allowed: integers"),
        ({"velocity": (257, 0, 0)}, "velocity x = 257 m/s is out of range; allowed: -256 to 256"),
        ({"angular_velocity": (0, 0, -129)}, "angular_velocity z = -129 rad/s"),
        ({"rotation": (0, 0, 0, 0)}, "length zero"),
        ({"rotation": (0, 0, 0)}, "four numbers"),
        ({"mass": 0}, "mass = 0 kg is out of range; allowed: 0.001 to 100000 kg"),
        ({"mass": 1, "density": 1}, "give one of the two"),
        (
            {"density": "1e6"},
            "the mass that follows from the density is 1e.06 kg; allowed: 0.001 to 100000 kg",
        ),
        ({"friction": -1}, "friction = -1 is out of range; allowed: 0 to 16"),
        ({"restitution": "1.1"}, "restitution = 1.1 is out of range; allowed: 0 to 1"),
        ({"gravity_scale": 17}, "gravity_scale = 17 is out of range; allowed: -16 to 16"),
        ({"user_id": 1 << 63}, "user_id"),
        ({"user_id": "7"}, "user_id"),
        ({"kind": 3}, "allowed: DYNAMIC, STATIC, KINEMATIC"),
        ({"kind": STATIC, "velocity": (1, 0, 0)}, "STATIC body has no velocity"),
    ],
)
def test_what_add_refuses(arguments: dict[str, object], message: str) -> None:
    space = Space()
    with pytest.raises(NumberError, match=message):
        space.add(UNIT_BOX, **arguments)  # type: ignore[arg-type]
    assert space.body_count == 0
    assert space.hash() == Space().hash()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sphere(0), "radius = 0 m is out of range; allowed: 0.003906 to 4096 m"),
        (lambda: Sphere(0.5), 'radius = 0.5 is a float.*"0.5"'),
        (lambda: Box((1, 1)), "three numbers"),
        (lambda: Box((1, 5000, 1)), "half extent y = 5000 m"),
        (lambda: Space(tick_rate=5), "tick_rate = 5; allowed: whole numbers from 10 to 480"),
        (lambda: Space(substeps=17), "substeps = 17; allowed: whole numbers from 1 to 16"),
        (lambda: Space(gravity=(0, -9.81, 0)), 'gravity y = -9.81 is a float.*"-9.81"'),
        (lambda: Space().add(Box(("4", "0.004", "0.004")), mass=1), "too thin"),
        (lambda: rotation_about((0, 0, 0), 10), "no direction"),
        (lambda: rotation_about((0, 0, 1), 400), "allowed: -360 to 360"),
    ],
)
def test_what_else_is_refused(make: object, message: str) -> None:
    with pytest.raises(NumberError, match=message):
        make()  # type: ignore[operator]


def test_limits_themselves_are_accepted() -> None:
    space = Space(gravity=(1000, -1000, 0), tick_rate=480, substeps=16)
    space.add(Sphere("0.00390625"), mass="0.001", position=(16384, -16384, 0))
    space.add(
        Box((4096, 4096, 4096)), mass=100000, velocity=(256, -256, 256), angular_velocity=(128, -128, 0)
    )
    space.add(Box((4096, 1, 4096)), STATIC, position=(0, -9000, 0))
    run(space, 2)


def test_thin_but_allowed_box_is_simulated() -> None:
    space = space_with_floor()
    plank = space.add(Box((4, "0.02", "0.2")), position=(0, "0.5", 0))
    run(space, 120)
    assert position(plank) == pytest.approx([0, 0.02, 0], abs=5e-3)


def test_ids_take_the_lowest_free_row_and_are_never_reused() -> None:
    space = Space()
    first, second, third = (space.add(Sphere(1)).id for _ in range(3))
    assert [identity & 0xFFFFFFFF for identity in (first, second, third)] == [0, 1, 2]
    space.remove(second)
    with pytest.raises(IdentityError, match=f"body id {second} names no live body"):
        space.row(second)
    again = space.add(Sphere(1)).id
    assert again & 0xFFFFFFFF == 1
    assert again != second
    with pytest.raises(IdentityError):
        space.remove(second)
    assert space.body(again).row == 1
    assert 0 not in (first, second, third, again)


@pytest.mark.parametrize("identity", [-1, 0, 7, 1 << 40, 1 << 70])
def test_unknown_ids_are_refused(identity: int) -> None:
    space = Space()
    space.add(Sphere(1))
    with pytest.raises(IdentityError):
        space.body(identity)


def test_what_was_given_can_be_read_again() -> None:
    space = Space(gravity=(0, "-1.5", 0), tick_rate=120, substeps=2)
    assert (space.gravity, space.gravity_q24) == ((0.0, -1.5, 0.0), (0, -3 << 23, 0))
    assert (space.tick_rate, space.substeps) == (120, 2)
    body = space.add(
        Sphere(1), friction="0.25", restitution="0.5", rolling="0.125", gravity_scale=-2, linear_damping=3,
        angular_damping=4, category=6, mask=9, group=-7, sensor=True,
    )  # fmt: skip
    assert (body.friction, body.restitution, body.rolling, body.gravity_scale) == (0.25, 0.5, 0.125, -2)
    assert (body.linear_damping, body.angular_damping, body.is_sensor) == (3, 4, True)
    assert (body.category, body.mask, body.group) == (6, 9, -7)
    body.set_filter(category=1 << 23, mask=0, group=32767)
    assert (body.category, body.mask, body.group) == (1 << 23, 0, 32767)
    body.configure(friction=2)
    assert (body.friction, body.restitution) == (2, 0.5)


def test_places_on_a_body_and_in_the_world() -> None:
    space = Space()
    turn = rotation_about((0, 0, 1), 90)
    hammer = Compound([Box((1, "0.1", "0.1")), (Box(("0.2", "0.2", "0.2")), (1, 0, 0))])
    body = space.add(hammer, position=(5, 6, 7), rotation=turn)
    assert body.to_world_q24((1, 0, 0)) == pytest.approx((5 * METRE, 7 * METRE, 7 * METRE), abs=1)
    assert body.to_world_q24((0, 0, 0)) == body.position_q24 != body.centre_q24
    assert body.to_local_q24((5, 7, 7)) == pytest.approx((METRE, 0, 0), abs=1)
    assert body.to_local_q24(point_q24=body.to_world_q24((3, -4, 5))) == pytest.approx(
        (3 * METRE, -4 * METRE, 5 * METRE), abs=8
    )
    with pytest.raises(NumberError, match="local is missing"):
        body.to_world_q24()
    with pytest.raises(NumberError, match="point y = 20000 m is out of range"):
        body.to_local_q24((0, 20000, 0))


def test_what_is_assigned_is_an_error_that_names_the_method() -> None:
    space = Space()
    body = space.add(Sphere(1))
    joint = space.joints.ball(body, anchor=(0, 1, 0))
    for thing, name, method in (
        (body, "position", "set_pose"),
        (body, "velocity_q24", "set_velocity"),
        (body, "rotation_q30", "set_pose"),
        (body, "friction", "configure"),
        (body, "mass", "set_mass"),
        (joint, "enabled", "set_enabled"),
        (joint, "motor", "set_motor"),
    ):
        with pytest.raises(
            AttributeError, match=f"{name} of a .* cannot be assigned; it is changed by {method}"
        ):
            setattr(thing, name, 1)
    with pytest.raises(AttributeError, match="id of a body cannot be assigned; only what has a method"):
        body.id = 3
    assert hash(body) == hash(space.body(body.id))
    assert joint == space.joints[joint.id]
    assert {joint: 1}[space.joints[joint.id]] == 1


def test_a_mass_can_be_changed_and_the_inertia_goes_with_it() -> None:
    changed, made = Space(gravity=(0, 0, 0)), Space(gravity=(0, 0, 0))
    body = changed.add(Box((1, "0.5", "0.25")), density=100)
    body.set_mass("12.5")
    other = made.add(Box((1, "0.5", "0.25")), mass="12.5")
    for space, thing in ((changed, body), (made, other)):
        thing.apply_impulse((1, 2, 3), point=(1, "0.5", 0))
        run(space, 3)
    assert body.mass == 12.5
    assert changed.hash() == made.hash()
    floor = changed.add(UNIT_BOX, STATIC)
    with pytest.raises(NumberError, match="a STATIC body has no mass; allowed for DYNAMIC ones"):
        floor.set_mass(5)
    with pytest.raises(NumberError, match="mass = 0 kg is out of range"):
        body.set_mass(0)


def test_a_space_lists_its_bodies() -> None:
    space = Space()
    first, second, third = (space.add(Sphere(1), position=(3 * x, 0, 0)) for x in range(3))
    space.remove(second)
    assert [body.position[0] for body in space] == [0, 6]
    assert list(space) == [first, third]
    assert second not in space


def test_a_velocity_or_pose_of_which_half_is_wrong_changes_nothing() -> None:
    space = Space()
    body = space.add(Box((1, 1, 1)))
    before = space.hash()
    with pytest.raises(NumberError, match="angular_velocity y = 500"):
        body.set_velocity((1, 2, 3), angular_velocity=(0, 500, 0))
    with pytest.raises(NumberError, match="position x = 20000"):
        body.set_pose((20000, 0, 0), rotation_about((0, 1, 0), 45))
    assert space.hash() == before


def test_a_handle_of_a_removed_body_says_so() -> None:
    space = Space()
    body = space.add(Sphere(1), user_id=5)
    assert (body.user_id, body.kind) == (5, DYNAMIC)
    space.remove(body.id)
    with pytest.raises(IdentityError):
        _ = body.position_q24


def test_static_bodies_stay_and_kinematic_ones_keep_their_velocity() -> None:
    space = space_with_floor()
    platform = space.add(Box((2, "0.5", 2)), KINEMATIC, position=(0, "0.5", 0), velocity=(1, 0, 0))
    rider = space.add(UNIT_BOX, position=(0, "1.5", 0))
    run(space, 120)
    assert position(platform) == pytest.approx([2, 0.5, 0], abs=1e-5)
    assert velocity(platform) == pytest.approx([1, 0, 0])
    assert velocity(rider)[0] == pytest.approx(1, abs=5e-3)
    assert position(rider)[1] == pytest.approx(1.5, abs=5e-3)


def test_kinematic_turntable_carries_what_lies_on_it() -> None:
    space = Space()
    table = space.add(Box((2, "0.25", 2)), KINEMATIC, angular_velocity=(0, 1, 0))
    rider = space.add(UNIT_BOX, position=(1, "0.75", 0))
    run(space, 60)
    assert spin(rider)[1] == pytest.approx(1, abs=0.02)
    assert np.hypot(*position(rider)[[0, 2]]) == pytest.approx(1, abs=0.05)
    assert spin(table) == pytest.approx([0, 1, 0])


def test_locked_rotation_is_kept_whatever_hits_the_body() -> None:
    space = space_with_floor()
    pillar = space.add(Box(("0.3", "0.9", "0.3")), position=(0, "0.9", 0), lock_rotation=True, mass=80)
    space.add(Sphere("0.3"), position=(-3, "1.5", "0.1"), velocity=(12, 0, 0), mass=20)
    run(space, 60)
    assert pillar.rotation_q30 == (0, 0, 0, 1 << 30)
    assert spin(pillar) == pytest.approx([0, 0, 0])
    assert position(pillar)[0] > 0.2
    assert position(pillar)[1] == pytest.approx(0.9, abs=5e-3)


def test_impulse_at_the_centre_and_at_a_point() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Box(("0.5", "0.5", "0.5")), mass=2)
    space.apply_impulse_q24(body.id, (4 * METRE, 0, 0))
    assert velocity(body) == pytest.approx([2, 0, 0])
    assert spin(body) == pytest.approx([0, 0, 0])
    space.apply_impulse_q24(body.id, (0, METRE, 0), point_q24=(METRE // 2, 0, 0))
    # Moment of inertia of the cube: m / 6.
    assert velocity(body) == pytest.approx([2, 0.5, 0])
    assert spin(body) == pytest.approx([0, 0, 0.5 / (2 / 6)], abs=1e-6)


def test_impulse_on_a_turned_body_uses_its_own_axes() -> None:
    space = Space(gravity=(0, 0, 0))
    body = space.add(Box((1, "0.1", "0.1")), mass=3, rotation=rotation_about((0, 0, 1), 90))
    space.apply_impulse_q24(body.id, (METRE, 0, 0), point_q24=(0, METRE, 0))
    moment = 3 * (1 + 0.01) / 3
    assert spin(body) == pytest.approx([0, 0, -1 / moment], rel=1e-6)


def test_impulses_do_not_move_what_does_not_yield() -> None:
    space = space_with_floor()
    lift = space.add(UNIT_BOX, KINEMATIC, position=(0, 5, 0))
    before = space.hash()
    space.apply_impulse_q24(lift.id, (METRE, METRE, METRE))
    assert space.hash() == before


def test_setters_check_their_numbers() -> None:
    space = space_with_floor()
    floor = space.body(1 << 32)
    ball = space.add(Sphere(1), position=(0, 5, 0))
    space.set_velocity_q24(ball.id, (METRE, 0, 0), (0, METRE, 0))
    assert velocity(ball) == pytest.approx([1, 0, 0])
    assert spin(ball) == pytest.approx([0, 1, 0])
    space.set_pose_q24(ball.id, (0, 9 * METRE, 0), (0, 1 << 29, 0, 1 << 29))
    assert position(ball) == pytest.approx([0, 9, 0])
    assert sum(part * part for part in ball.rotation_q30) == pytest.approx(1 << 60)
    with pytest.raises(NumberError, match="STATIC and has no velocity"):
        space.set_velocity_q24(floor.id, (0, 0, 0))
    with pytest.raises(NumberError, match="velocity x = 300 m/s"):
        space.set_velocity_q24(ball.id, (300 * METRE, 0, 0))
    with pytest.raises(NumberError, match="position y"):
        space.set_pose_q24(ball.id, (0, 1 << 62, 0))
    with pytest.raises(NumberError, match="gravity y"):
        space.set_gravity((0, 2000, 0))


def test_mass_properties() -> None:
    sphere = Sphere("0.5").mass_properties()
    assert float(sphere.volume) == pytest.approx(0.5235987755982989, rel=1e-15)
    assert sphere.inertia == (Fraction(1, 10),) * 3
    box = Box((1, 2, 3)).mass_properties()
    assert box.volume == 48
    assert box.inertia == (Fraction(13, 3), Fraction(10, 3), Fraction(5, 3))


def test_two_substeps_are_the_fast_profile() -> None:
    space = space_with_floor(substeps=2)
    boxes = [space.add(UNIT_BOX, position=(0, Fraction(1, 2) + level, 0)) for level in range(4)]
    run(space, 240)
    assert position(boxes[3]) == pytest.approx([0, 3.5, 0], abs=0.03)


def test_islands_are_named_by_their_smallest_row() -> None:
    space = space_with_floor()
    for x in (0, 5, 0, 5, 10):
        height = 1 if space.body_count in (3, 4) else 0
        space.add(UNIT_BOX, position=(x, Fraction(1, 2) + height, 0))
    run(space, 5)
    assert space.islands().tolist() == [-1, 1, 2, 1, 2, 5]


def test_raw_columns_out_of_range_are_clamped_not_trusted() -> None:
    space = Space()
    body = space.add(Sphere(1))
    space.bodies["position_q24"][body.row] = (1 << 62, -(1 << 62), 0)
    space.bodies["velocity_q24"][body.row] = (-(1 << 62), 1 << 62, 0)
    space.bodies["angular_velocity_q24"][body.row] = (1 << 62, 0, 0)
    run(space, 2)
    assert position(body) == pytest.approx([16384, -16384, 0], abs=20)
    assert abs(velocity(body)).max() <= 256
    assert abs(spin(body)).max() <= 128
