"""The benches measure what they say: small runs of each, whose figures are looked at, not their times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fuzz.benches import BENCHES
from fuzz.benches.engines import bench_engines, overlaps_mm
from fuzz.benches.resimulation import islands, measure
from fuzz.benches.state import bench_state
from fuzz.benches.threads import bench_threads
from fuzz.cli import main
from fuzz.scenes.large import LARGE, build


def test_a_large_scene_is_timed_and_looked_at() -> None:
    found = json.loads(bench_engines(scene="stack10", steps=130, repeats=1))
    assert found["contacts"] == 10
    assert 0 < found["ours"]["top_drop_mm"] < 26
    assert found["ours"]["sideways_mm_max"] <= found["ours"]["move_mm_max"]
    assert found["ours"]["ms"] <= found["ours"]["ms_p99"]


def test_overlaps_of_spheres() -> None:
    import numpy as np

    places = np.array([(0.0, 0.0, 0.0), (0.999, 0.0, 0.0), (0.999, 1.1, 0.0), (0.999, 0.103, 1e-9)])
    assert overlaps_mm(places[:3]) == {"mean": 1.0, "max": 1.0}
    assert overlaps_mm(places)["max"] == 897.0


def test_state_of_a_scene_at_rest() -> None:
    found = json.loads(bench_state(scene="stack10"))
    assert found["contacts"] == 10
    assert found["bytes"] > 0


@pytest.mark.parametrize(("pushed", "stacks"), [(0, False), (5, True)])
def test_a_late_input_recomputes_what_it_touches(pushed: int, stacks: int) -> None:
    found: dict[str, Any] = measure(lambda: islands(pushed, stacks=bool(stacks)), ticks_before=20, samples=2)
    assert found["bodies_recomputed_a_tick"] == pushed + 1


def test_threads_are_timed_and_give_equal_states() -> None:
    found = json.loads(bench_threads(scene="pile100", threads=2, steps=3, repeats=2, settling=5))
    assert (found["equal"], found["threads"], found["steps"]) == (True, 2, 3)
    assert found["speed_up"] == pytest.approx(found["ms_one"] / found["ms_several"], abs=0.1)


def test_scenes_have_as_many_bodies_as_they_say() -> None:
    for name in LARGE:
        if name == "pile10000":
            continue
        dynamic = build(name).bodies["kind"] == 0
        assert str(int(dynamic.sum())) in name


def test_a_scene_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "state", "--scene", "castle"]) == 2
    assert "no large scene is named 'castle'; there are: pile100, " in capsys.readouterr().err
    assert {"session", "physics", "state", "resimulation", "kernels"} <= set(BENCHES)


def test_a_number_of_threads_that_cannot_be_is_an_error_without_a_trace(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "threads", "--scene", "stack10", "--threads", "99"]) == 2
    assert "threads = 99; allowed: whole numbers from 1 to 64" in capsys.readouterr().err
