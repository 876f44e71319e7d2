"""The fuzzers by name. A fuzzer's module is imported when it is run, so that a trace needs none of them.

A fuzzer is a module in `fuzz.fuzzers` with one function, `run_once(seed) -> figures`. Everything it does
follows from the seed; it raises `CheckFailed` when what it checks does not hold, and any other exception is a
failure as well. Run k of `--seed N` has the seed N + k, so that one number shows one failure again.
"""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fuzz.report import CheckFailed, Figures, Report

RunOnce = Callable[[int], Figures]


@dataclass(frozen=True, slots=True)
class Entry:
    """One fuzzer: what it checks, and how many runs are a default, a smoke and a full soak.

    `must_fail` marks the fuzzer whose purpose is to fail, which shows that failures are seen.
    """

    name: str
    summary: str
    runs: int
    smoke_runs: int
    soak_runs: int
    must_fail: bool = False

    @property
    def module(self) -> str:
        return f"fuzz.fuzzers.{self.name}"


_ENTRIES = (
    Entry(
        "determinism",
        "random scenes of the physics: the same bits twice, after a restore, with the compiler off",
        runs=5,
        smoke_runs=2,
        soak_runs=500,
    ),
    Entry(
        "incremental",
        "rollbacks of the physics that reuse what a late input does not touch: the bits of full ones",
        runs=20,
        smoke_runs=4,
        soak_runs=3000,
    ),
    Entry(
        "limits",
        "every argument of the physics at its bounds: nothing overflows, all stays in range, compiled or not",
        runs=5,
        smoke_runs=1,
        soak_runs=500,
    ),
    Entry(
        "threads",
        "random scenes of the physics on several threads, however late they come: the bits of one thread",
        runs=20,
        smoke_runs=2,
        soak_runs=1000,
    ),
    Entry(
        "rollback",
        "late inputs, in any order: every state equals that of play without rollback",
        runs=10,
        smoke_runs=3,
        soak_runs=1000,
    ),
    Entry(
        "network",
        "whole sessions under loss, delay, cuts, joins, leaves and crashes: nobody disagrees about a tick",
        runs=10,
        smoke_runs=4,
        soak_runs=1000,
    ),
    Entry(
        "membership",
        "cores come, go, crash and lose each other: one chain of views, nothing confirmed taken back",
        runs=12,
        smoke_runs=3,
        soak_runs=4200,
    ),
    Entry(
        "membership_model",
        "every order of the steps of a change in small sessions; random walks in larger ones",
        runs=6,
        smoke_runs=2,
        soak_runs=60,
    ),
    Entry(
        "desync",
        "one bit of one core's state flipped: found at the right check, named to the cell, healed",
        runs=10,
        smoke_runs=3,
        soak_runs=1000,
    ),
    Entry(
        "wire",
        "altered bytes: refused without a trace or survived; every update once and in order",
        runs=20,
        smoke_runs=4,
        soak_runs=4000,
    ),
    Entry(
        "smoke",
        "all of the others, briefly, within two minutes",
        runs=1,
        smoke_runs=0,
        soak_runs=0,
    ),
    Entry(
        "canary",
        "a world with state that no table declares: must fail, so that a silent checker is noticed",
        runs=1,
        smoke_runs=0,
        soak_runs=1,
        must_fail=True,
    ),
)

ENTRIES: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})


def load(name: str) -> RunOnce:
    """Import one fuzzer and return its function of a seed."""
    run_once: RunOnce = importlib.import_module(ENTRIES[name].module).run_once
    return run_once


def reproduce_command(name: str, seed: int) -> str:
    """The command that runs exactly one seed of a fuzzer again."""
    return f"lockstep-fuzz run {name} --seed {seed} --runs 1"


def run_fuzzer(
    name: str, *, seed: int, runs: int | None, seconds: float | None, say: Callable[[str], None]
) -> Report:
    """Run seeds `seed`, `seed + 1`, ... until the count of runs or the time is used up, whichever is first.

    Parameters
    ----------
    runs : int or None
        None: as many as the time allows, or the fuzzer's default where no time is given either.
    seconds : float or None
        No new run begins after so long; at least one run is made.
    say : function of a text
        Receives each failure as it is found: what, and the command that shows it again.
    """
    run_once = load(name)
    report = Report(name, seed)
    count = runs if runs is not None else (ENTRIES[name].runs if seconds is None else None)
    begin = time.monotonic()
    while count is None or report.runs < count:
        run_seed = seed + report.runs
        try:
            report.add(run_once(run_seed))
        except CheckFailed as failure:
            report.failures += 1
            say(f"{name}, seed {run_seed}: {failure}")
            say(f"reproduce: {failure.reproduce or reproduce_command(name, run_seed)}")
        except Exception:
            report.failures += 1
            say(f"{name}, seed {run_seed}: crashed\n{traceback.format_exc()}")
            say(f"reproduce: {reproduce_command(name, run_seed)}")
        report.runs += 1
        if seconds is not None and time.monotonic() - begin >= seconds:
            break
    report.seconds = time.monotonic() - begin
    return report
