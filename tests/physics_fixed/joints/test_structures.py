"""Ragdolls and a bridge: they come to rest, stay there, and nothing that happens to them makes energy."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fuzz.scenes.joints import PLANK_MASS, Bridge
from physics_fixed import Space
from physics_fixed.handles import Body
from tests.physics_fixed.dynamics.scenery import METRE, run, space_with_floor
from tests.physics_fixed.joints.scenery import apart_mm, places, speed, watch

EXAMPLE: dict[str, Any] = runpy.run_path(str(Path(__file__).resolve().parents[3] / "examples" / "ragdoll.py"))


def energy(space: Space, bodies: list[Body]) -> float:
    """Potential and kinetic energy of some bodies without what turns, J."""
    total = 0.0
    for body in bodies:
        mass = body.mass_q24 / METRE
        pace = np.array(body.velocity_q24) / METRE
        total += mass * (9.81 * body.position_q24[1] / METRE + float(np.sum(pace**2)) / 2)
    return total


def drift_mm(space: Space, bodies: list[Body], steps: int) -> tuple[float, float]:
    """How far any of some bodies gets in so many steps, and the largest speed meanwhile, m/s."""
    before, fastest = places(space, bodies), 0.0
    for _ in range(steps):
        space.step()
        fastest = max(fastest, speed(space, bodies))
    return float(np.abs(places(space, bodies) - before).max()) * 1000, fastest


@pytest.mark.parametrize("group", [0, -1])
@pytest.mark.parametrize("pace", [0, 2])
def test_a_ragdoll_collapses_and_lies_still(pace: int, group: int) -> None:
    """From a metre up; its parts meet each other, or do not. Still to the last digits after ten seconds."""
    space = space_with_floor()
    bodies, joints = EXAMPLE["add_ragdoll"](space, (0, 1, 0), velocity=(pace, 0, 1), group=group)
    assert (len(bodies), len(joints)) == (11, 10)
    assert watch(space, joints, 300) < 75
    run(space, 300)
    moved, fastest = drift_mm(space, bodies, 600)
    assert moved < 0.05
    assert fastest < 1e-5
    assert apart_mm(joints) < 3
    assert places(space, bodies)[:, 1].min() > 0.05


@pytest.mark.parametrize("throw", [(-2, 0, 3), (1, 3, 6), (3, 5, 8)])
def test_a_ragdoll_that_is_thrown_down_stairs_does_not_explode(throw: tuple[int, int, int]) -> None:
    """No step adds energy to the whole of it; the joints hold; it comes to rest below within six seconds."""
    space = Space(sleeping=False)
    EXAMPLE["add_stairs"](space)
    bodies, joints = EXAMPLE["add_ragdoll"](space, ("0.1", "0.05", "-0.5"), velocity=throw)
    start = most = energy(space, bodies)
    worst = 0.0
    for _ in range(360):
        space.step()
        worst = max(worst, apart_mm(joints))
        most = max(most, energy(space, bodies))
        assert speed(space, bodies) < 20
    assert most < start + 0.01 * abs(start)
    assert worst < 100
    assert places(space, bodies)[:, 1].max() < -1
    moved, fastest = drift_mm(space, bodies, 120)
    assert (moved, fastest) < (0.1, 1e-4)


def test_a_ragdoll_hangs_by_its_head() -> None:
    space = Space(sleeping=False)
    bodies, joints = EXAMPLE["add_ragdoll"](space, (0, 1, 0))
    joints.append(space.joints.ball(bodies[2], anchor=(0, "2.6", 0)))
    assert watch(space, joints, 300) < 3
    run(space, 300)
    moved, fastest = drift_mm(space, bodies, 300)
    assert moved < 1
    assert fastest < 2e-4


@pytest.mark.parametrize("crates", [0, 3])
def test_a_bridge_carries_crates_of_ten_times_a_planks_mass(crates: int) -> None:
    """It sags, swings out, and rests; its joints come apart by what the tension makes of their stiffness."""
    bridge = Bridge(sleeping=False, crates=crates)
    space, bodies = bridge.space, [*bridge.planks, *bridge.crates]
    assert watch(space, bridge.joints, 240) < 70
    run(space, 360)
    after_ten = speed(space, bodies)
    assert after_ten < 0.03
    run(space, 900)
    moved, fastest = drift_mm(space, bodies, 300)
    assert moved < 1
    assert fastest < 1e-3
    assert apart_mm(bridge.joints) < 20
    for crate in bridge.crates:
        assert crate.mass_q24 == 10 * PLANK_MASS * METRE
        assert -1.2 < crate.position_q24[1] / METRE < 0.8
    # The end joints bear all weight; a body with damping c feels 1 / (1 + c h) of its own.
    weight = 9.81 * PLANK_MASS * (len(bridge.planks) / (1 + 2 / 240) + 10 * crates)
    ends = [abs(bridge.joints[end].force_q24[1]) / METRE for end in (0, -1)]
    assert sum(ends) == pytest.approx(weight, rel=2e-3)


def test_a_bridge_without_damping_swings_but_wins_nothing() -> None:
    bridge = Bridge(sleeping=False, crates=0, damping=0)
    space, planks = bridge.space, bridge.planks
    start = energy(space, planks)
    for _ in range(600):
        space.step()
        assert energy(space, planks) < start + 0.01 * 9.81 * PLANK_MASS * len(planks)
    assert speed(space, planks) > 0.05
