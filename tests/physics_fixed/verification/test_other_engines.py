"""The engine against trajectories that other engines computed, and against exact ones where there are any."""

from __future__ import annotations

import numpy as np
import pytest

from tests.physics_fixed.verification.other_engines import (
    BOUNDS,
    CONTENT,
    EXACT,
    SCENES,
    TICK_RATES,
    apart,
    times_of,
    trajectory,
)


def test_the_file_has_every_scene_and_says_where_it_is_from() -> None:
    assert sorted(CONTENT["trajectories"]) == sorted(SCENES) == sorted(BOUNDS)
    assert CONTENT["provenance"]["rapier"] == "rapier3d 0.36.1"
    assert CONTENT["provenance"]["mujoco"] == "mujoco 4.0.0"
    for name, engines in CONTENT["trajectories"].items():
        assert engines, name
        assert all(len(samples) == SCENES[name]["samples"] for samples in engines.values())


@pytest.mark.parametrize("name", SCENES)
def test_trajectory_is_near_those_of_other_engines(name: str) -> None:
    bounds = BOUNDS[name]._asdict()
    for tick_rate in TICK_RATES:
        ours = trajectory(name, tick_rate)
        for engine, theirs in CONTENT["trajectories"][name].items():
            bound = bounds[engine if tick_rate == 60 else f"{engine}_240"]
            assert apart(ours, np.array(theirs)) <= bound, (engine, tick_rate)


@pytest.mark.parametrize("name", EXACT)
def test_trajectory_is_near_the_exact_one(name: str) -> None:
    assert apart(trajectory(name, 60), EXACT[name](times_of(name))) <= BOUNDS[name].exact
