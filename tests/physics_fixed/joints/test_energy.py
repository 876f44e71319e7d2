"""Joints with limits and without motors or springs never make energy, whatever they hold together."""

from __future__ import annotations

import random

import numpy as np
import pytest

from physics_fixed import Axis, Box, Space, Sphere
from physics_fixed.handles import Body
from tests.physics_fixed.dynamics.scenery import METRE, matrix, spin, velocity
from tests.physics_fixed.joints.scenery import apart_mm, weightless

BODIES = 6
SPACING = 0.6  # m
FREE = {
    0: Axis(limits=("-0.1", "0.1")),
    1: Axis(locked=True),
    2: Axis(locked=True),
    3: Axis(limits=(-20, 20)),
    4: Axis(limits=(-30, 30)),
    5: Axis(limits=(-30, 30)),
}


def kinetic_energy(space: Space, body: Body) -> float:
    """Of what moves and what turns, J; the moments of inertia are read off the table."""
    bodies, row = space.bodies, body.row
    mass = body.mass_q24 / METRE
    moments = mass * (bodies["lever_q24"][row] / METRE) ** 2 / (bodies["angular_gain_q40"][row] / (1 << 40))
    turning = matrix(body).T @ spin(body)
    return float(mass * np.sum(velocity(body) ** 2) + np.sum(moments * turning**2)) / 2


def join(space: Space, a: Body, b: Body, anchor: str, rng: random.Random) -> None:
    """A joint of a random kind, with limits."""
    axis = rng.choice(((1, 0, 0), (0, 1, 0), (1, 1, 1)))
    point = (anchor, 0, 0)
    joints = space.joints
    kind = rng.randrange(6)
    if kind == 0:
        joints.ball(a, b, anchor=point, axis=axis, cone=rng.choice((10, 60, 120)), twist=(-30, 50))
    elif kind == 1:
        joints.hinge(a, b, anchor=point, axis=axis, limits=(-40, 60))
    elif kind == 2:
        joints.slider(a, b, anchor=point, axis=axis, limits=("-0.2", "0.3"))
    elif kind == 3:
        joints.distance(a, b, limits=("0.4", 1))
    elif kind == 4:
        joints.fixed(a, b, anchor=point)
    else:
        joints.generic(a, b, anchor=point, axis=axis, axes=FREE)


@pytest.mark.parametrize("seed", range(1, 21))
def test_a_chain_that_spins_wins_no_energy(seed: int) -> None:
    """It begins as one rigid body, so nothing has to be torn into place. Momentum stays, too."""
    rng = random.Random(seed)
    space = weightless()
    turn = [rng.randrange(-5, 6) for _ in range(3)]
    bodies: list[Body] = []
    for index in range(BODIES):
        half = tuple(rng.choice(("0.1", "0.2", "0.4")) for _ in range(3))
        place = index * SPACING
        bodies.append(
            space.add(
                Box(half) if rng.randrange(2) else Sphere("0.2"), mass=rng.choice((1, 2, 10)), group=-1,
                position=(f"{place:.1f}", 0, 0),
                velocity=(0, f"{turn[2] * place:.1f}", f"{-turn[1] * place:.1f}"),
                rotation=(*(f"{rng.randrange(-9, 10) / 10}" for _ in range(3)), 1), angular_velocity=turn,
            )
        )  # fmt: skip
        if index:
            join(space, bodies[-2], bodies[-1], f"{place - SPACING / 2:.1f}", rng)
    masses = np.array([body.mass_q24 / METRE for body in bodies])
    start = sum(kinetic_energy(space, body) for body in bodies)
    momentum = masses @ [velocity(body) for body in bodies]
    for _ in range(30):
        for _ in range(4):
            space.step()
        assert sum(kinetic_energy(space, body) for body in bodies) <= 1.03 * start
    assert masses @ [velocity(body) for body in bodies] == pytest.approx(momentum, abs=1e-3)
    assert apart_mm(list(space.joints)) < 60
