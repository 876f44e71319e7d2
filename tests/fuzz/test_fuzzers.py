"""A few seeds of every fuzzer, what has failed before, and the tools that make failures small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import fuzz.fuzzers.desync as desync
import fuzz.fuzzers.limits as limits
import fuzz.fuzzers.network as network
from fuzz.benches.session import bench_session
from fuzz.lateness import compare_with_forward, make_script, simulate_forward
from fuzz.registry import ENTRIES, load, run_fuzzer
from fuzz.report import CheckFailed, Report, merge_figures
from fuzz.scenario import Scenario, run_scenario, shrink
from lockstep.worlds import BUILTIN

CORPUS = Path(__file__).resolve().parents[2] / "fuzz" / "corpus"
SEEDS = [(name, 50 + offset) for name, entry in ENTRIES.items() for offset in range(entry.smoke_runs)]


@pytest.mark.parametrize(("name", "seed"), SEEDS, ids=[f"{name}-{seed}" for name, seed in SEEDS])
def test_seed_holds(name: str, seed: int) -> None:
    assert load(name)(seed)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.json")), ids=lambda path: path.stem)
def test_what_failed_once_does_not_again(path: Path) -> None:
    run_scenario(Scenario.from_json(path.read_text(encoding="utf-8")))


def test_bounds_that_once_overflowed_do_not_again() -> None:
    lines = (CORPUS / "limits.txt").read_text(encoding="utf-8").splitlines()
    assert limits.run_scenes([int(line.split()[0]) for line in lines])


def test_re_simulations_that_once_differed_do_not_again() -> None:
    for line in (CORPUS / "incremental.txt").read_text(encoding="utf-8").splitlines():
        assert load("incremental")(int(line.split()[0]))


def test_flipped_bits_that_once_were_found_late_are_not_again() -> None:
    for line in (CORPUS / "desync.txt").read_text(encoding="utf-8").splitlines():
        assert desync.run_once(int(line.split()[0]))


def test_a_seed_is_a_whole_run() -> None:
    """The same seed gives the same figures: nothing depends on time, or on what ran before."""
    assert network.run_once(5) == network.run_once(5)
    assert desync.run_once(5) == desync.run_once(5)


def test_canary_is_seen_by_the_checker_of_rollback() -> None:
    with pytest.raises(CheckFailed, match="with rollback"):
        load("canary")(1)


def test_failures_are_counted_and_explained() -> None:
    said: list[str] = []
    report = run_fuzzer("canary", seed=9, runs=2, seconds=None, say=said.append)
    assert (report.runs, report.failures) == (2, 2)
    assert [line for line in said if line.startswith("reproduce:")] == [
        "reproduce: lockstep-fuzz run canary --seed 9 --runs 1",
        "reproduce: lockstep-fuzz run canary --seed 10 --runs 1",
    ]


def test_figures_add_up_by_their_names() -> None:
    assert merge_figures({"a": 1, "b_max": 5, "c_min": 5}, {"a": 2, "b_max": 3, "c_min": 3, "d": 1}) == {
        "a": 3,
        "b_max": 5,
        "c_min": 3,
        "d": 1,
    }
    report = Report("x", 1, runs=1, seconds=0.5, figures={"b": 2})
    assert json.loads(report.line()) == {
        "fuzzer": "x", "seed": 1, "runs": 1, "failures": 0, "seconds": 0.5, "b": 2
    }  # fmt: skip


def test_scenario_survives_its_text() -> None:
    for seed in range(20):
        scenario = network.make_scenario(seed)
        assert Scenario.from_json(scenario.to_json()) == scenario


def test_shrinking_keeps_what_fails_and_drops_the_rest() -> None:
    scenario = next(s for s in map(network.make_scenario, range(100)) if len(s.happenings) >= 4)
    culprit = scenario.happenings[2]

    def fails(candidate: Scenario) -> bool:
        return culprit in candidate.happenings and candidate.founders >= 1

    small = shrink(replace(scenario, founders=5), fails)
    assert small.happenings == (culprit,)
    assert small.founders == 1
    assert small.model["loss_permille"] == 0


def test_lateness_reaches_deep_rollbacks() -> None:
    figures = [compare_with_forward(BUILTIN["small"](), seed=seed, ticks=100, players=3) for seed in range(8)]
    assert sum(figure["rollbacks"] for figure in figures) > 100
    assert max(figure["depth_max"] for figure in figures) >= 8


def test_forward_simulation_depends_on_every_input() -> None:
    definition = BUILTIN["small"]()
    rng = network.random.Random(1)
    script = make_script(definition, rng, players=2, ticks=30)
    other = replace(script, payloads=(script.payloads[0], (b"", *script.payloads[1][1:])))
    if other != script:
        assert simulate_forward(definition, script, seed=1) != simulate_forward(definition, other, seed=1)


def test_bench_reports_what_it_measured() -> None:
    figures = json.loads(bench_session(peers=2, rollback=4, ticks=30))
    assert figures["bench"] == "session"
    assert figures["desyncs"] == 0
    assert 3.5 <= figures["ticks_simulated_again_per_peer_tick"] <= 4.5
    assert figures["us_per_peer_tick"] > 0
