"""Every number that joints are given, just beyond its range: the error says the value and the range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from physics_fixed import KINEMATIC, STATIC, Axis, Motor, Space, Spring
from physics_fixed.errors import IdentityError, NumberError
from physics_fixed.handles import Body
from tests.physics_fixed.joints.scenery import CUBE

Do = Callable[[Space, Body, Body], Any]

FORCE = "268435456.5"
# What is done; parts of the message: the name, the value, the allowed range.
BEYOND: dict[str, tuple[Do, tuple[str, ...]]] = {
    "anchor": (
        lambda s, a, b: s.joints.ball(a, b, anchor=(0, "16384.5", 0)),
        ("anchor", "16384.5", "-16384 to 16384 m"),
    ),
    "anchor far from the body": (
        lambda s, a, b: s.joints.ball(a, b, anchor=(0, 20, 0)),
        ("anchor lies", "20", "allowed: up to 13.85"),
    ),
    "two numbers for an anchor": (lambda s, a, b: s.joints.ball(a, b, anchor=(0, 0)), ("anchor", "three")),
    "anchor in both forms": (
        lambda s, a, b: s.joints.ball(a, b, anchor=(0, 0, 0), anchor_q24=(0, 0, 0)),
        ("anchor is given twice",),
    ),
    "axis of no length": (lambda s, a, b: s.joints.hinge(a, b, axis=(0, 0, 0)), ("axis = (0, 0, 0)", "zero")),
    "float": (lambda s, a, b: s.joints.hinge(a, b, axis=(0.5, 0, 0)), ("0.5", "float")),
    "break_force": (
        lambda s, a, b: s.joints.fixed(a, b, break_force=FORCE),
        ("break_force", FORCE, "0 to 268435456 N"),
    ),
    "negative break_torque": (
        lambda s, a, b: s.joints.fixed(a, b, break_torque="-0.5"),
        ("break_torque", "-0.5", "0 to 268435456 N m"),
    ),
    "user_id": (lambda s, a, b: s.joints.fixed(a, b, user_id=1 << 63), ("user_id", str(1 << 63))),
    "narrow cone": (lambda s, a, b: s.joints.ball(a, b, cone="0.9"), ("cone", "0.9", "1 to 179 degrees")),
    "wide cone": (lambda s, a, b: s.joints.ball(a, b, cone="179.1"), ("cone", "179.1", "1 to 179 degrees")),
    "twist": (
        lambda s, a, b: s.joints.ball(a, b, twist=("-180.5", 0)),
        ("lower limit of twist", "-180.5", "-180 to 180 degrees"),
    ),
    "friction": (
        lambda s, a, b: s.joints.ball(a, b, friction=-1),
        ("motor force of twist", "-1", "0 to 268435456 N m"),
    ),
    "limits of a hinge": (
        lambda s, a, b: s.joints.hinge(a, b, limits=(0, "180.25")),
        ("upper limit of twist", "180.25", "-180 to 180 degrees"),
    ),
    "limits in the wrong order": (
        lambda s, a, b: s.joints.hinge(a, b, limits=(10, 5)),
        ("limits of twist", "(10, 5)", "lower one must not exceed"),
    ),
    "one limit": (
        lambda s, a, b: s.joints.hinge(a, b, limits=(1,)),
        ("limits of twist", "(1,)", "two numbers"),
    ),
    "limits as text": (
        lambda s, a, b: s.joints.hinge(a, b, limits="12"),
        ("limits of twist", "'12'", "two numbers"),
    ),
    "limits of a slider": (
        lambda s, a, b: s.joints.slider(a, b, limits=("-8192.5", 0)),
        ("lower limit of x", "-8192.5", "-8192 to 8192 m"),
    ),
    "motor speed of a hinge": (
        lambda s, a, b: s.joints.hinge(a, b, motor=Motor("128.5", 1)),
        ("motor speed of twist", "128.5", "-128 to 128 rad/s"),
    ),
    "motor speed of a slider": (
        lambda s, a, b: s.joints.slider(a, b, motor=Motor("-256.5", 1)),
        ("motor speed of x", "-256.5", "-256 to 256 m/s"),
    ),
    "motor force": (
        lambda s, a, b: s.joints.slider(a, b, motor=Motor(1, FORCE)),
        ("motor force of x", FORCE, "0 to 268435456 N"),
    ),
    "slow spring": (
        lambda s, a, b: s.joints.slider(a, b, spring=Spring("0.005", 1)),
        ("frequency of x", "0.005", "to 1000 Hz"),
    ),
    "fast spring": (
        lambda s, a, b: s.joints.slider(a, b, spring=Spring("1000.5", 1)),
        ("frequency of x", "1000.5", "to 1000 Hz"),
    ),
    "negative damping": (
        lambda s, a, b: s.joints.slider(a, b, spring=Spring(1, "-0.5")),
        ("damping of x", "-0.5", "0 to 100"),
    ),
    "damping": (
        lambda s, a, b: s.joints.slider(a, b, spring=Spring(1, "100.5")),
        ("damping of x", "100.5", "0 to 100"),
    ),
    "rest of a slider": (
        lambda s, a, b: s.joints.slider(a, b, spring=Spring(1, 1, 8193)),
        ("rest of x", "8193", "-8192 to 8192 m"),
    ),
    "rest of a hinge": (
        lambda s, a, b: s.joints.hinge(a, b, spring=Spring(1, 1, 181)),
        ("rest of twist", "181", "-180 to 180 degrees"),
    ),
    "limits of a distance below zero": (
        lambda s, a, b: s.joints.distance(a, b, limits=(-1, 2)),
        ("lower limit of x", "-1", "0 to 8192 m"),
    ),
    "distance without an end": (lambda s, a, b: s.joints.distance(a), ("anchor_b is missing",)),
    "axis of a generic joint": (
        lambda s, a, b: s.joints.generic(a, b, axes={7: Axis()}),
        ("axis = 7", "0 to 6", "cone"),
    ),
    "cone with a motor": (
        lambda s, a, b: s.joints.generic(a, b, axes={6: Axis(motor=Motor(1, 1))}),
        ("cone has limits only",),
    ),
    "cone of a generic joint with a lower limit": (
        lambda s, a, b: s.joints.generic(a, b, axes={6: Axis(limits=(10, 20))}),
        ("lower limit of cone = 10", "allowed: 0"),
    ),
    "cone of a generic joint": (
        lambda s, a, b: s.joints.generic(a, b, axes={6: Axis(limits=(0, "179.5"))}),
        ("cone", "179.5", "1 to 179 degrees"),
    ),
    "locked with limits": (
        lambda s, a, b: s.joints.generic(a, b, axes={1: Axis(locked=True, limits=(0, 1))}),
        ("y is locked",),
    ),
    "axis and rotation": (
        lambda s, a, b: s.joints.generic(a, b, axes={}, axis=(1, 0, 0), rotation=(0, 0, 0, 1)),
        ("axis and rotation",),
    ),
    "the same body": (lambda s, a, b: s.joints.ball(a, a), ("same body", "id ")),
    "unknown keyword": (lambda s, a, b: s.joints.ball(a, b, brake_force=1), ("brake_force", "break_force")),
}


def make() -> tuple[Space, Body, Body]:
    space = Space(sleeping=False)
    return space, space.add(CUBE), space.add(CUBE, position=(0, 1, 0))


@pytest.mark.parametrize("what", BEYOND)
def test_what_is_beyond_its_range_is_refused_with_value_and_range(what: str) -> None:
    do, parts = BEYOND[what]
    space, a, b = make()
    with pytest.raises(NumberError) as caught:
        do(space, a, b)
    assert [part for part in parts if part not in str(caught.value)] == [], str(caught.value)
    assert len(space.joints) == 0
    assert space.joints.table.count == 0


WITHIN: dict[str, Do] = {
    "break_force": lambda s, a, b: s.joints.fixed(a, b, break_force=268435456, break_torque=268435456),
    "anchor": lambda s, a, b: s.joints.ball(a, b, anchor=("13.5", "-12.5", "13.5")),
    "cone": lambda s, a, b: s.joints.ball(a, b, cone=179, twist=(-180, 180), friction=268435456),
    "least cone": lambda s, a, b: s.joints.ball(a, b, cone=1, twist=(0, 0), friction=0),
    "hinge": lambda s, a, b: s.joints.hinge(
        a, b, limits=(-180, 180), motor=Motor(-128, 268435456), spring=Spring(1000, 100, 180)
    ),
    "slider": lambda s, a, b: s.joints.slider(
        a, b, limits=(-8192, 8192), motor=Motor(256, 268435456), spring=Spring("0.01", 0, -8192)
    ),
    "distance": lambda s, a, b: s.joints.distance(a, b, limits=(0, 8192), spring=Spring(1000, 100, 8192)),
}


@pytest.mark.parametrize("what", WITHIN)
def test_the_bounds_themselves_are_allowed_and_simulate(what: str) -> None:
    """Ten steps stay within the ranges of positions and velocities."""
    space, a, b = make()
    joint = WITHIN[what](space, a, b)
    for _ in range(10):
        space.step()
    for body in (a, b):
        assert all(abs(part) <= 256 << 24 for part in body.velocity_q24)
    assert not joint.broken


def test_one_body_must_be_dynamic() -> None:
    space = Space(sleeping=False)
    wall, lift = space.add(CUBE, STATIC), space.add(CUBE, KINEMATIC)
    for a, b in ((wall, lift), (lift, wall), (wall, None)):
        with pytest.raises(NumberError, match="neither body is DYNAMIC"):
            space.joints.ball(a, b)


def test_bodies_and_joints_must_live() -> None:
    space, a, b = make()
    joint = space.joints.ball(a, b.id)
    space.remove(b.id)
    with pytest.raises(IdentityError, match=str(b.id)):
        space.joints.ball(a, b)
    for use in (
        lambda: space.joints[joint.id],
        lambda: space.joints.remove(joint),
        lambda: joint.set_enabled(enabled=False),
        lambda: joint.gap_q24,
    ):
        with pytest.raises(IdentityError, match=f"joint id {joint.id}"):
            use()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (lambda joint: joint.set_motor(Motor(129, 1)), ("motor speed of twist", "129", "-128 to 128 rad/s")),
        (lambda joint: joint.set_limits((0, 181)), ("upper limit of twist", "181", "-180 to 180 degrees")),
        (lambda joint: joint.set_spring(Spring(1001)), ("frequency of twist", "1001", "to 1000 Hz")),
        (lambda joint: joint.set_motor(Motor(1, 1), 0), ("x of this hinge joint is locked",)),
        (lambda joint: joint.set_limits((0, 1), 7), ("axis = 7", "0 to 6")),
        (lambda joint: joint.place_q24(-1), ("axis = -1", "0 to 6")),
    ],
)
def test_changes_beyond_their_range_change_nothing(
    change: Callable[[Any], Any], parts: tuple[str, ...]
) -> None:
    space, a, b = make()
    joint = space.joints.hinge(a, b)
    before = space.hash()
    with pytest.raises(NumberError) as caught:
        change(joint)
    assert [part for part in parts if part not in str(caught.value)] == [], str(caught.value)
    assert space.hash() == before


def test_what_a_cone_may_have_is_the_same_through_a_handle() -> None:
    space, a, b = make()
    joint = space.joints.ball(a, b, cone=30)
    before = space.hash()
    with pytest.raises(NumberError, match="cone has limits only"):
        joint.set_motor(Motor(1, 1), 6)
    with pytest.raises(NumberError, match="cone has limits only"):
        joint.set_spring(Spring(1, 1), 6)
    with pytest.raises(NumberError, match="1 to 179 degrees"):
        joint.set_limits((0, 0), 6)
    with pytest.raises(NumberError, match="0 to 8192 m"):
        space.joints.distance(a, b).set_limits((-1, 1))
    space.joints.remove(list(space.joints)[1].id)
    joint.set_limits((0, 50), 6)
    assert space.hash() != before


def test_a_distance_joint_has_its_axis_only() -> None:
    space, a, b = make()
    joint = space.joints.distance(a, b, limits=(0, 2))
    with pytest.raises(NumberError, match="a distance joint has axis 0 only"):
        joint.set_motor(Motor(1, 1), 3)
