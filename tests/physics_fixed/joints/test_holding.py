"""Every kind of joint holds what it must, to the world and to bodies of every kind, and frees what it must.

Bounds follow from what a joint is: along locked axes a spring of 45 Hz on the reduced mass (with 240 substeps
a second), so a load F moves it by F / m / (2 pi 45)^2: 0.12 mm under its own weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from physics_fixed import KINEMATIC, STATIC, Box, Motor, Space, Sphere
from physics_fixed.handles import Body
from physics_fixed.joints import Joint
from physics_fixed.shapes import Capsule
from tests.physics_fixed.dynamics.scenery import METRE, matrix, position, run, spin, velocity
from tests.physics_fixed.joints.scenery import CUBE, apart_mm, place, watch, weightless

STIFFNESS = (2 * math.pi * 45) ** 2  # N/m per kg
Make = Callable[[Space, Body, Body | None], Joint]

KINDS: dict[str, Make] = {
    "fixed": lambda space, a, b: space.joints.fixed(a, b, anchor=(0, 0, 0)),
    "ball": lambda space, a, b: space.joints.ball(a, b, anchor=(0, 0, 0)),
    "hinge": lambda space, a, b: space.joints.hinge(a, b, anchor=(0, 0, 0), axis=(0, 0, 1)),
    "slider": lambda space, a, b: space.joints.slider(a, b, anchor=(0, 0, 0), axis=(0, 0, 1)),
    "distance": lambda space, a, b: space.joints.distance(a, b, anchor_b=(0, 0, 0)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["world", "static"])
def test_a_load_hangs_from_what_does_not_yield(kind: str, end: str) -> None:
    """The drift after 600 steps is what the stiffness says, and the load is still."""
    space = Space(sleeping=False)
    holder = space.add(CUBE, STATIC) if end == "static" else None
    load = space.add(CUBE, position=(0, "-0.5", 0), mass=5)
    joint = KINDS[kind](space, load, holder)
    worst = watch(space, [joint], 600)
    assert apart_mm([joint]) == pytest.approx(9.81 / STIFFNESS * 1000, abs=0.01)
    assert worst < 0.15
    assert np.abs(velocity(load)).max() < 1e-5
    x, y, z = joint.force_q24
    assert y / METRE == pytest.approx(-5 * 9.81, rel=1e-4)  # on b, which pulls the load up
    assert max(abs(x), abs(z)) < METRE // 100


@pytest.mark.parametrize(
    "kind", sorted(set(KINDS) - {"slider"})
)  # two bodies on a rail would fly apart along it
@pytest.mark.parametrize(("rate", "mm"), [(3, 1.2), (10, 11), (25, 55)])
def test_a_joint_holds_what_whirls_about_it(kind: str, rate: int, mm: float) -> None:
    """Two bodies, each a metre away, at 3, 10 and 25 m/s: the drift grows with the square of the speed."""
    space = weightless()
    spins = kind != "distance"
    bodies = [
        space.add(
            CUBE, position=(sign, 0, 0), velocity=(0, sign * rate, 0), mass=1,
            angular_velocity=(0, 0, rate if spins else 0),
        )
        for sign in (1, -1)
    ]  # fmt: skip
    joint = space.joints.distance(*bodies) if kind == "distance" else KINDS[kind](space, *bodies)
    before = sum(float(np.sum(velocity(body) ** 2)) for body in bodies)
    assert watch(space, [joint], 600) < mm
    after = sum(float(np.sum(velocity(body) ** 2)) for body in bodies)
    assert after == pytest.approx(before, rel=0.25)
    momentum = velocity(bodies[0]) + velocity(bodies[1])
    assert np.abs(momentum).max() < 1e-4


@pytest.mark.parametrize("rate", [10, 100])
def test_a_slider_holds_what_flies_along_it(rate: int) -> None:
    """Under a torque and a force aside, from one stop to the other and back, at up to 100 m/s."""
    space = weightless()
    rail = space.add(CUBE, STATIC)
    body = space.add(CUBE, position=(0, "0.1", 0), mass=2, velocity=(0, 0, rate))
    joint = space.joints.slider(rail, body, anchor=(0, 0, 0), axis=(0, 0, 1), limits=(-20, 20))
    worst = 0.0
    for _ in range(600):
        body.apply_force((20, 10, 0))
        body.apply_torque((1, 2, 3))
        worst = max(worst, watch(space, [joint], 1))
        assert abs(place(joint)) < 20.5
    assert worst < 1
    assert spin(body) == pytest.approx((0, 0, 0), abs=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_a_joint_frees_what_it_must(kind: str) -> None:
    """The axes that a kind leaves free keep their velocity to a thousandth over ten seconds."""
    space = weightless()
    holder = space.add(CUBE, STATIC)
    body = space.add(
        Sphere("0.3"), position=(0, 0, 0), mass=2, velocity=(1, 2, 3), angular_velocity=(2, 3, 4)
    )
    joint = {
        "distance": lambda: space.joints.distance(holder, body, limits=(0, 8000)),
    }.get(kind, lambda: KINDS[kind](space, holder, body))()  # fmt: skip
    run(space, 600)
    free_speed = {"slider": (0, 0, 3), "distance": (1, 2, 3)}.get(kind, (0, 0, 0))
    free_spin = {"ball": (2, 3, 4), "hinge": (0, 0, 4), "distance": (2, 3, 4)}.get(kind, (0, 0, 0))
    assert velocity(body) == pytest.approx(np.array(free_speed, float), abs=2e-3)
    assert spin(body) == pytest.approx(np.array(free_spin, float), abs=4e-3)
    assert joint.kind == kind


def test_a_fixed_joint_keeps_the_pose_however_it_is_made() -> None:
    """Two bodies that stand askew to each other stay so while they tumble as one."""
    space = weightless()
    a = space.add(CUBE, rotation=("0.1", "0.2", "0.3", "0.9"), angular_velocity=(2, 1, 0), mass=3)
    b = space.add(
        Box(("0.1", "0.4", "0.2")), position=("0.6", "0.2", 0), rotation=("0.5", 0, "0.1", "0.8"), mass=1
    )
    joint = space.joints.fixed(a, b, anchor=("0.3", "0.1", 0))
    relative = matrix(a).T @ matrix(b)
    assert watch(space, [joint], 600) < 0.5
    assert np.abs(matrix(a).T @ matrix(b) - relative).max() < 2e-3


@pytest.mark.parametrize("kind", KINDS)
def test_a_moving_anchor_carries_its_load(kind: str) -> None:
    """A kinematic body that sets off at once at 3 m/s: no more than 1 mm apart, and the load comes along."""
    space = Space(sleeping=False)
    carrier = space.add(CUBE, KINEMATIC, velocity=(3, 0, 0))
    load = space.add(CUBE, position=(0, -1, 0), mass=2, linear_damping="0.5")
    joint = {
        "distance": lambda: space.joints.distance(carrier, load),
        "slider": lambda: space.joints.slider(carrier, load, anchor=(0, -1, 0), axis=(1, 0, 0)),
    }.get(kind, lambda: KINDS[kind](space, carrier, load))()
    assert watch(space, [joint], 600) < 1.2
    beneath = position(load) - position(carrier)
    if kind == "slider":  # it may stay behind along the rail, which the carrier takes along
        assert beneath[1:] == pytest.approx((-1, 0), abs=1e-3)
        assert place(joint) < -1
    else:
        assert np.linalg.norm(beneath) == pytest.approx(1, abs=2e-3)
        assert position(load)[0] > 29
    assert position(carrier)[0] == pytest.approx(30, abs=1e-4)


def test_a_turning_anchor_turns_its_load() -> None:
    """What is fixed to a kinematic body that turns goes round with it; on a hinge along its axis it rests."""
    space = weightless()
    carrier = space.add(CUBE, KINEMATIC, angular_velocity=(0, 2, 0))
    fixed = space.add(CUBE, position=(1, 0, 0))
    hinged = space.add(CUBE, position=(0, 2, 0))
    first = space.joints.fixed(carrier, fixed)
    second = space.joints.hinge(carrier, hinged, anchor=(0, 2, 0), axis=(0, 1, 0))
    assert watch(space, [first, second], 600) < 0.5
    assert spin(fixed) == pytest.approx((0, 2, 0), abs=1e-3)
    assert np.linalg.norm(position(fixed)) == pytest.approx(1, abs=1e-3)
    assert spin(hinged) == pytest.approx((0, 0, 0), abs=1e-3)


@pytest.mark.parametrize(("link", "weight", "mm"), [(1, 100, 60), (100, 1, 1.5), (1, 1, 2.5)])
def test_a_chain_bears_a_hundred_times_its_links_mass(link: int, weight: int, mm: float) -> None:
    """Six links and a ball that swings at 3 m/s; at rest the reduced mass and the load give the gap."""
    space = Space(sleeping=False)
    joints: list[Joint] = []
    before: Body | None = None
    for index in range(6):
        body = space.add(
            Capsule("0.05", "0.15"), mass=link, position=(0, f"{-0.4 * index - 0.2:.1f}", 0), linear_damping=1
        )
        joints.append(space.joints.ball(body, before, anchor=(0, f"{-0.4 * index:.1f}", 0)))
        before = body
    ball = space.add(
        Sphere("0.3"), mass=weight, position=(0, "-2.7", 0), velocity=(3, 0, 1), linear_damping=1
    )
    joints.append(space.joints.ball(ball, before, anchor=(0, "-2.4", 0)))
    assert watch(space, joints, 420) < mm
    run(space, 600)
    assert position(ball)[0] == pytest.approx(0, abs=0.02)
    carried = weight * 9.81 / STIFFNESS * 1000 / min(1, link)
    assert apart_mm(joints) < 2.5 * carried + 2
    assert np.abs(velocity(ball)).max() < 0.03


def test_a_long_rail_belongs_to_what_does_not_move() -> None:
    """A lift goes up 140 m along a rail of a static body, with as much as its own mass beside its middle."""
    space = Space(sleeping=False)
    rail = space.add(Box((1, "0.1", 1)), STATIC, position=(0, -1, 0))
    lift = space.add(Box((1, "0.2", 1)), mass=100)
    space.add(Box(("0.2", "0.2", "0.2")), mass=100, position=("0.7", "0.4", 0))
    joint = space.joints.slider(rail, lift, anchor=(0, 0, 0), axis=(0, 1, 0), motor=Motor(10, 5000))
    assert watch(space, [joint], 850) < 0.05
    assert place(joint) > 138
    assert max(abs(place(joint, axis)) for axis in (3, 4, 5)) < math.radians(0.1)
