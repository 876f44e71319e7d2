"""Limits, motors and springs: what they bear, how fast they get, how they swing, against formulas.

A limit is, like a locked axis, a spring of 45 Hz on the mass, or moment of inertia, that it must stop. All
numbers along an axis are those of b against a: where b is the world, the body goes the other way.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from physics_fixed import STATIC, Axis, Motor, Space, Sphere, Spring
from physics_fixed.handles import Body
from physics_fixed.joints import Joint
from tests.physics_fixed.dynamics.scenery import METRE, position, run, spin, velocity
from tests.physics_fixed.joints.scenery import (
    CONE,
    CUBE,
    SWING_Z,
    TWIST,
    degrees,
    place,
    watch,
    weightless,
)

STIFFNESS = (2 * math.pi * 45) ** 2  # N/m per kg, N m/rad per kg m^2
CUBE_INERTIA = 0.5**2 / 6  # per kg


def held(mass: int = 1) -> tuple[Space, Body, Body]:
    """A space without gravity, a static cube and a free one in one place."""
    space = weightless()
    return space, space.add(CUBE, STATIC), space.add(CUBE, mass=mass)


# --- limits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("force", [10, 100, 2000, -10, -2000])
def test_limits_of_a_slider_yield_as_a_spring_of_45_hz(force: int) -> None:
    space, rail, body = held()
    joint = space.joints.slider(rail, body, axis=(1, 0, 0), limits=("-0.5", "0.25"))
    for _ in range(240):
        body.apply_force((force, 0, 0))
        space.step()
    limit = 0.25 if force > 0 else -0.5
    assert place(joint) - limit == pytest.approx(force / STIFFNESS, rel=0.03, abs=2e-5)
    assert velocity(body) == pytest.approx((0, 0, 0), abs=1e-4)
    assert joint.force_q24[0] / METRE == pytest.approx(-force, rel=1e-3)


@pytest.mark.parametrize("torque", [1, 10, 100, -1, -100])
def test_limits_of_a_hinge_yield_as_a_spring_of_45_hz(torque: int) -> None:
    space, frame, body = held()
    joint = space.joints.hinge(frame, body, axis=(0, 0, 1), limits=(-30, 45))
    for _ in range(240):
        body.apply_torque((0, 0, torque))
        space.step()
    limit = math.radians(45 if torque > 0 else -30)
    assert place(joint) - limit == pytest.approx(torque / CUBE_INERTIA / STIFFNESS, rel=0.05, abs=2e-5)
    assert spin(body) == pytest.approx((0, 0, 0), abs=1e-3)
    assert joint.torque_q24[2] / METRE == pytest.approx(-torque, rel=1e-3)


@pytest.mark.parametrize("torque", [1, 10, 100])
def test_the_cone_yields_as_a_spring_of_45_hz(torque: int) -> None:
    space, socket, body = held()
    joint = space.joints.ball(socket, body, axis=(1, 0, 0), cone=30)
    for _ in range(240):
        body.apply_torque((0, 0, torque))
        space.step()
    beyond = place(joint, CONE) - math.radians(30)
    assert beyond == pytest.approx(torque / CUBE_INERTIA / STIFFNESS, rel=0.05, abs=1e-4)
    assert spin(body) == pytest.approx((0, 0, 0), abs=1e-2)


@pytest.mark.parametrize("torque", [1, 100, -100])
def test_the_twist_yields_as_a_spring_of_45_hz(torque: int) -> None:
    space, socket, body = held()
    joint = space.joints.ball(socket, body, axis=(1, 0, 0), cone=30, twist=(-20, 25))
    for _ in range(240):
        body.apply_torque((torque, 0, 0))
        space.step()
    limit = math.radians(25 if torque > 0 else -20)
    beyond = place(joint, TWIST) - limit
    assert beyond == pytest.approx(torque / CUBE_INERTIA / STIFFNESS, rel=0.05, abs=1e-4)
    assert place(joint, CONE) < 0.01


@pytest.mark.parametrize("rate", [1, 10, 50])
def test_a_stop_takes_the_speed_and_does_not_throw_back(rate: int) -> None:
    """What runs into a limit at up to 50 m/s stops there; less than 5 % of the speed comes back."""
    space, rail, body = held()
    body.set_velocity((rate, 0, 0))
    joint = space.joints.slider(rail, body, axis=(1, 0, 0), limits=(0, 1))
    most = 0.0
    for _ in range(120):
        space.step()
        most = max(most, place(joint))
    assert most - 1 < 0.004 * rate
    assert velocity(body)[0] > -0.05 * rate


def test_cone_and_twist_bound_a_limb_that_is_thrown_about() -> None:
    """Ten seconds of changing torques and gravity: at most three degrees beyond, and it comes to rest."""
    space = Space(sleeping=False)
    body = space.add(CUBE, position=("0.5", 0, 0), mass=4, angular_damping=1)
    joint = space.joints.ball(body, anchor=(0, 0, 0), axis=(1, 0, 0), cone=40, twist=(-15, 15), friction=1)
    for tick in range(600):
        angle = tick * 0.11
        body.apply_torque(
            (round(80 * math.sin(3 * angle)), round(90 * math.cos(angle)), round(90 * math.sin(angle)))
        )
        space.step()
        assert degrees(joint, CONE) < 43
        assert abs(degrees(joint, TWIST)) < 18
    run(space, 480)
    assert np.abs(spin(body)).max() < 1e-4


def test_a_cone_lets_through_what_swings_through_its_middle() -> None:
    """A limb that starts at 20 degrees on one side gets to 20 on the other, as fast as it was."""
    space, socket, body = held()
    joint = space.joints.ball(socket, body, axis=(1, 0, 0), cone=30)
    half = math.radians(-20) / 2
    turned = 0, 0, round(math.sin(half) * (1 << 30)), round(math.cos(half) * (1 << 30))
    body.set_pose(position=(0, 0, 0), rotation_q30=turned)
    body.set_velocity((0, 0, 0), angular_velocity=(0, 0, 1))
    run(space, 42)
    assert spin(body) == pytest.approx((0, 0, 1), abs=1e-5)
    assert degrees(joint, CONE) == pytest.approx(42 / 60 * 180 / math.pi - 20, abs=0.1)


def test_limits_that_are_equal_hold_the_axis() -> None:
    space, rail, body = held()
    joint = space.joints.slider(rail, body, axis=(0, 1, 0), limits=("0.5", "0.5"))
    run(space, 120)
    assert place(joint) == pytest.approx(0.5, abs=1e-3)
    assert np.abs(velocity(body)).max() < 1e-3


# --- motors ---------------------------------------------------------------------------------------------


def test_a_motor_of_a_slider_pushes_with_its_force_up_to_its_speed() -> None:
    space, rail, body = held(mass=5)
    space.joints.slider(rail, body, axis=(1, 0, 0), motor=Motor(3, 10))
    run(space, 30)
    assert velocity(body)[0] == pytest.approx(10 / 5 * 0.5, rel=1e-3)
    run(space, 90)
    assert velocity(body)[0] == pytest.approx(3, abs=1e-3)


def test_a_motor_of_a_hinge_turns_with_its_torque_up_to_its_speed() -> None:
    """Off its centre: the moment of inertia is that about the hinge."""
    space = weightless()
    frame = space.add(CUBE, STATIC)
    body = space.add(CUBE, position=("0.5", 0, 0), mass=2)
    joint = space.joints.hinge(frame, body, anchor=(0, 0, 0), axis=(0, 0, 1), motor=Motor(4, "0.5"))
    inertia = 2 * (CUBE_INERTIA + 0.25)
    run(space, 60)
    assert spin(body)[2] == pytest.approx(0.5 / inertia, rel=0.01)
    assert joint.torque_q24[2] / METRE == pytest.approx(0.5, rel=0.01)
    run(space, 300)
    assert spin(body)[2] == pytest.approx(4, abs=2e-3)
    assert joint.gap_q24 / METRE < 1e-3


@pytest.mark.parametrize(("load", "moves"), [("9.9", False), ("10.1", True)])
def test_a_brake_holds_up_to_its_force(load: str, moves: bool) -> None:  # noqa: FBT001
    """A motor of speed 0 against a load of 1 % below and above what it may push."""
    space, rail, body = held()
    space.joints.slider(rail, body, axis=(1, 0, 0), motor=Motor(0, 10))
    for _ in range(60):
        body.apply_force((load, 0, 0))
        space.step()
    expected = (float(load) - 10) if moves else 0
    assert velocity(body)[0] == pytest.approx(expected, abs=1e-3)


def test_a_motor_stops_at_the_limit_and_its_force_does_not_grow() -> None:
    space, rail, body = held()
    joint = space.joints.slider(rail, body, axis=(1, 0, 0), motor=Motor(3, 50), limits=(-1, 1))
    run(space, 120)
    assert place(joint) == pytest.approx(1 + 50 / STIFFNESS, abs=2e-4)
    joint.set_motor(Motor(-3, 50))
    run(space, 120)
    assert place(joint) == pytest.approx(-1 - 50 / STIFFNESS, abs=2e-4)
    joint.set_motor(None)
    joint.set_limits(None)
    body.set_velocity((1, 0, 0))
    run(space, 60)
    assert velocity(body)[0] == pytest.approx(1, abs=1e-4)


def test_a_motor_between_two_bodies_turns_both_and_keeps_the_momentum() -> None:
    space = weightless()
    a, b = space.add(CUBE, mass=1), space.add(CUBE, position=(0, 0, 1), mass=3)
    space.joints.hinge(a, b, anchor=(0, 0, 1), axis=(0, 0, 1), motor=Motor(6, 2))
    run(space, 240)
    assert spin(b)[2] - spin(a)[2] == pytest.approx(6, abs=1e-3)
    assert spin(a) + 3 * spin(b) == pytest.approx((0, 0, 0), abs=5e-5)


def test_friction_of_a_ball_joint_is_a_torque_about_each_of_its_axes() -> None:
    space, socket, body = held()
    body.set_velocity((0, 0, 0), angular_velocity=(3, 0, 0))
    space.joints.ball(socket, body, friction="0.05")
    run(space, 60)
    assert spin(body)[0] == pytest.approx(3 - 0.05 / CUBE_INERTIA, rel=0.02)
    run(space, 120)
    assert np.abs(spin(body)).max() < 1e-5


# --- springs --------------------------------------------------------------------------------------------


def oscillation(frequency: float, ratio: float, times: np.ndarray, start: float) -> np.ndarray:
    """A damped oscillator that is let go: x(t)."""
    omega = 2 * math.pi * frequency
    if ratio < 1:
        turn = omega * math.sqrt(1 - ratio * ratio)
        shape = np.cos(turn * times) + ratio * omega / turn * np.sin(turn * times)
        return start * np.exp(-ratio * omega * times) * shape
    if ratio == 1:
        return start * np.exp(-omega * times) * (1 + omega * times)
    root = math.sqrt(ratio * ratio - 1)
    slow, fast = omega * (root - ratio), -omega * (root + ratio)
    part = -fast * start / (slow - fast)
    return part * np.exp(slow * times) + (start - part) * np.exp(fast * times)


def sprung(kind: str, spring: Spring) -> tuple[Space, Joint, float]:
    """A body on a spring, a tenth (of a metre, or a radian) from its rest, and where that is."""
    space = weightless()
    holder = space.add(CUBE, STATIC)
    if kind == "hinge":
        body = space.add(CUBE, mass=7)
        joint = space.joints.hinge(holder, body, axis=(1, 0, 0), spring=spring)
        half = round(math.sin(0.05) * (1 << 30)), 0, 0, round(math.cos(0.05) * (1 << 30))
        body.set_pose(position=(0, 0, 0), rotation_q30=half)
        return space, joint, 0
    body = space.add(CUBE, mass=7, position=(2, 0, 0))
    if kind == "slider":
        joint = space.joints.slider(holder, body, anchor=(2, 0, 0), axis=(1, 0, 0), spring=spring)
    else:
        joint = space.joints.distance(holder, body, spring=spring)
    body.set_pose(position=("2.1", 0, 0))
    return space, joint, 0 if kind == "slider" else 2


@pytest.mark.parametrize("kind", ["slider", "hinge", "distance"])
@pytest.mark.parametrize(
    ("frequency", "ratio"), [("0.5", "0"), ("2", "0"), ("2", "0.1"), ("5", "0.3"), ("3", "1"), ("3", "3")]
)
def test_a_spring_swings_as_the_formula_says(kind: str, frequency: str, ratio: str) -> None:
    """At all of 600 ticks within the phase of one substep of the exact solution: neither number drifts."""
    space, joint, rest = sprung(kind, Spring(frequency, ratio))
    found = [place(joint) - rest]
    for _ in range(600):
        space.step()
        found.append(place(joint) - rest)
    times = np.arange(601) / 60
    exact = oscillation(float(frequency), float(ratio), times, found[0])
    substep = 2 * math.pi * float(frequency) / 240
    assert np.abs(np.array(found) - exact).max() < 0.1 * (0.6 * substep + 0.002)


def test_a_spring_bears_a_load_as_far_as_its_damping_lets_it() -> None:
    """Without damping it sinks by g / omega^2; damping makes a steady load sink it by less, see the page."""
    sinks = []
    for ratio in ("0", "1"):
        space = Space(sleeping=False)
        body = space.add(CUBE, mass=3, linear_damping="0.5" if ratio == "0" else 0)
        space.joints.slider(body, axis=(0, 1, 0), spring=Spring(2, ratio))
        run(space, 1800)
        sinks.append(-position(body)[1])
    exact = 9.81 / (4 * math.pi) ** 2
    assert sinks[0] == pytest.approx(exact, rel=0.01)
    assert sinks[1] == pytest.approx(exact * math.exp(-2 * 4 * math.pi / 240) * 1.053, rel=0.01)


def test_a_spring_does_not_care_for_masses() -> None:
    """A gram and a tonne on springs of one frequency swing alike."""
    paths = []
    for mass in ("0.01", 1000):
        space = weightless()
        body = space.add(CUBE, mass=mass, position=("0.2", 0, 0))
        space.joints.slider(body, anchor=(0, 0, 0), axis=(1, 0, 0), spring=Spring(2, "0.1"))
        body.set_pose(position=("0.4", 0, 0))
        path = []
        for _ in range(120):
            space.step()
            path.append(position(body)[0])
        paths.append(path)
    assert np.abs(np.array(paths[0]) - np.array(paths[1])).max() < 1e-4


# --- distance -------------------------------------------------------------------------------------------


def test_a_rod_pushes_and_pulls_a_rope_only_pulls() -> None:
    for limits, expected in ((None, 2.0), ((0, 2), 0.5)):
        space, holder, body = held()
        body.set_pose(position=(2, 0, 0))
        joint = space.joints.distance(holder, body, limits=limits)
        body.set_velocity((-1, 0, 0))
        run(space, 90)
        assert place(joint) == pytest.approx(expected, abs=5e-3)


def test_a_rope_goes_taut_and_holds() -> None:
    space = Space(sleeping=False)
    body = space.add(Sphere("0.2"), mass=50)
    joint = space.joints.distance(body, anchor_b=(0, 0, 0), limits=(0, 3))
    longest = 0.0
    for _ in range(600):
        space.step()
        longest = max(longest, place(joint))
    assert longest < 3.03  # it falls at 7.7 m/s into the rope
    assert place(joint) == pytest.approx(3 + 9.81 / STIFFNESS, abs=2e-4)
    assert np.abs(velocity(body)).max() < 1e-4


def test_a_distance_joint_keeps_a_least_distance_and_a_winch_changes_it() -> None:
    space = Space(sleeping=False)
    body = space.add(Sphere("0.2"), mass=5, position=(0, 1, 0), lock_position="xz")
    joint = space.joints.distance(body, anchor_b=(0, 0, 0), limits=("0.5", 9))
    run(space, 240)
    assert place(joint) == pytest.approx(0.5 - 9.81 / STIFFNESS, abs=2e-4)
    body.set_pose(position=(0, -3, 0))
    body.set_velocity((0, 0, 0))
    joint.set_motor(Motor(-1, 500))
    run(space, 60)
    assert place(joint) == pytest.approx(2, abs=0.03)
    joint.set_motor(None)
    joint.set_spring(Spring(3, 1))
    run(space, 240)
    assert place(joint) == pytest.approx(2, abs=0.06)


# --- generic --------------------------------------------------------------------------------------------


def test_a_generic_joint_mixes_what_its_axes_do() -> None:
    space = Space(sleeping=False)
    post = space.add(CUBE, STATIC)
    body = space.add(CUBE, mass=2, position=(0, -1, 0), velocity=(5, 0, 2), angular_velocity=(0, 0, 4))
    axes = {
        0: Axis(locked=True),
        1: Axis(limits=("-0.5", "0.5")),
        2: Axis(spring=Spring(2, "0.2", 0)),
        TWIST: Axis(motor=Motor(3, 10)),
        4: Axis(locked=True),
        SWING_Z: Axis(limits=(-10, 10)),
    }
    joint = space.joints.generic(post, body, anchor=(0, -1, 0), axes=axes)
    assert watch(space, [joint], 600) < 3
    assert place(joint, 0) == pytest.approx(0, abs=1e-4)
    assert place(joint, 1) == pytest.approx(-0.5 - 9.81 / STIFFNESS, abs=1e-3)
    assert abs(place(joint, 2)) < 1e-3
    assert spin(body)[0] == pytest.approx(3, abs=0.05)
    assert abs(degrees(joint, 4)) < 0.1
    assert abs(degrees(joint, SWING_Z)) < 10.1


def test_a_generic_joint_without_axes_frees_everything() -> None:
    space, post, body = held()
    body.set_velocity((1, 2, 3), angular_velocity=(1, 0, 0))
    space.joints.generic(post, body, axes={})
    run(space, 60)
    assert velocity(body) == pytest.approx((1, 2, 3), abs=1e-6)
    assert spin(body) == pytest.approx((1, 0, 0), abs=1e-6)


@pytest.mark.parametrize("rotated", [False, True])
def test_the_axes_of_a_generic_joint_stand_as_they_are_told(rotated: bool) -> None:  # noqa: FBT001
    """A rail along y, told by a direction or by a rotation of the axes."""
    space, post, body = held()
    axes = {axis: Axis(locked=True) for axis in range(1, 6)}
    half = "0.70710678118"
    joint = (
        space.joints.generic(post, body, axes=axes, rotation=(0, 0, half, half))
        if rotated
        else space.joints.generic(post, body, axes=axes, axis=(0, 1, 0))
    )
    body.set_velocity((3, 2, 1), angular_velocity=(1, 1, 1))
    run(space, 60)
    assert velocity(body) == pytest.approx((0, 2, 0), abs=1e-3)
    assert place(joint, 0) == pytest.approx(2, abs=0.01)
