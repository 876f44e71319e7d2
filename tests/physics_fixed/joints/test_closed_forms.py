"""Joints against formulas: pendulum, spring, motor, weight, and what a free joint must conserve."""

from __future__ import annotations

import math

import numpy as np
import pytest

from physics_fixed import Space, Sphere
from tests.physics_fixed.dynamics.scenery import position, velocity

GRAVITY = 9.81
DOT = Sphere("0.05")


def crossings(space: Space, place: object, steps: int) -> list[float]:
    """Times at which ``place()`` goes through zero upwards, interpolated."""
    times, before = [], place()  # type: ignore[operator]
    for tick in range(steps):
        space.step()
        here = place()  # type: ignore[operator]
        if before < 0 <= here:
            times.append((tick + before / (before - here)) / 60)
        before = here
    return times


@pytest.mark.parametrize("kind", ["ball", "hinge", "distance"])
@pytest.mark.parametrize("degrees", [10, 60])
def test_pendulum_keeps_its_period_and_its_energy(kind: str, degrees: int) -> None:
    """The period with the correction for the amplitude, 2 pi sqrt(L/g) / agm(1, cos(a/2)), within 0.5 %."""
    angle = math.radians(degrees)
    space = Space(sleeping=False)
    start = (f"{math.sin(angle):.9f}", f"{-math.cos(angle):.9f}", "0")
    bob = space.add(DOT, position=start, mass=1)
    if kind == "distance":
        space.joints.distance(bob, anchor_b=(0, 0, 0))
    elif kind == "ball":
        space.joints.ball(bob, anchor=(0, 0, 0))
    else:
        space.joints.hinge(bob, anchor=(0, 0, 0), axis=(0, 0, 1))
    times = crossings(space, lambda: position(bob)[0], 900)
    inertia = 0.4 * 0.05**2 if kind != "distance" else 0  # a ball on a rod turns, one on a string need not
    a, b = 1.0, math.cos(angle / 2)
    while abs(a - b) > 1e-12:
        a, b = (a + b) / 2, math.sqrt(a * b)
    expected = 2 * math.pi * math.sqrt((1 + inertia) / GRAVITY) / a
    periods = np.diff(times)
    assert len(periods) >= 5
    assert np.mean(periods) == pytest.approx(expected, rel=5e-3)
    # The amplitude after 15 s is that of the start: the energy neither grows nor goes.
    highest = max(_energy(space, bob) for _ in range(150))
    assert highest / GRAVITY == pytest.approx(-math.cos(angle), abs=0.02)


def _energy(space: Space, body: object) -> float:
    space.step()
    speed = float(np.sum(velocity(body) ** 2))  # type: ignore[arg-type]
    return GRAVITY * float(position(body)[1]) + speed / 2  # type: ignore[arg-type]
