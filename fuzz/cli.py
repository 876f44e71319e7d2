"""The command line of the fuzzers: lockstep-fuzz list, run, soak, trace, bench."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fuzz.registry import ENTRIES, run_fuzzer
from fuzz.report import CheckFailed, Report
from physics_fixed.errors import LocalError


def positive(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is too small: at least 1")
    return value


def natural(text: str) -> int:
    """A whole number of at least 0, for argparse."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is too small: at least 0")
    return value


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="lockstep-fuzz", description="Search for a desync before a player finds one."
    )
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("list", help="name the fuzzers")

    run = commands.add_parser("run", help="run one fuzzer; exit status 1 on any failure")
    run.add_argument(
        "name", choices=sorted(ENTRIES), metavar="NAME", help="one of: " + ", ".join(sorted(ENTRIES))
    )
    run.add_argument("--seed", type=natural, default=1, help="seed of the first run; run k has seed + k")
    run.add_argument("--runs", type=positive, default=None, help="how many runs")
    run.add_argument("--seconds", type=float, default=None, help="begin no run after so long")
    run.add_argument("--json", action="store_true", help="the last line is one JSON object")

    soak = commands.add_parser("soak", help="run every fuzzer for its long count")
    soak.add_argument("--permille", type=positive, default=1000, help="thousandths of the long counts")
    soak.add_argument("--seed", type=natural, default=1)

    smaller = commands.add_parser("shrink", help="make the failing scenario of a network seed smaller")
    smaller.add_argument("--seed", type=natural, required=True)

    trace = commands.add_parser("trace", help="print the state hash of a scene, tick by tick")
    trace.add_argument("--list", action="store_true", help="name the scenes")
    trace.add_argument("--scene", metavar="NAME")
    trace.add_argument("--ticks", type=natural, default=600)
    trace.add_argument("--every", type=positive, default=60)

    rehearsal = commands.add_parser("rehearse", help="real processes over a bad network, in real time")
    rehearsal.add_argument("name", metavar="NAME", help="lossy, ramp, desync, visit; all: one after another")
    rehearsal.add_argument("--ticks", type=positive, default=600, help="60 a second")
    rehearsal.add_argument("--world", default="sandbox", metavar="NAME_OR_FILE")

    bench = commands.add_parser("bench", help="measure; the last line is one JSON object")
    bench.add_argument("what", choices=["session", "physics", "state", "resimulation", "kernels", "threads"])
    bench.add_argument("--peers", type=positive, default=4, help="session: cores")
    bench.add_argument(
        "--rollback", type=natural, default=8, help="session: ticks simulated again in each tick"
    )
    bench.add_argument("--ticks", type=positive, default=600, help="session, physics, threads: how long")
    bench.add_argument("--scene", default="pile1000", help="physics, state, threads: a large scene")
    bench.add_argument("--repeats", type=positive, default=3, help="physics, threads: of a step the shortest")
    bench.add_argument("--threads", type=positive, default=2, help="threads: how many")
    bench.add_argument("--samples", type=positive, default=40, help="resimulation: rollbacks of each kind")
    return parser


def say(text: str) -> None:
    """Print at once, so that a run that is stopped has said what it found."""
    print(text, flush=True)


def show(report: Report, *, as_json: bool) -> None:
    """Print a report as the last line."""
    if as_json:
        say(report.line())
        return
    figures = ", ".join(f"{name} {value}" for name, value in sorted(report.figures.items()))
    verdict = f"{report.failures} failures" if report.failures else "no failure"
    say(
        f"{report.fuzzer}: {report.runs} runs in {report.seconds:.1f} s, {verdict}"
        + (f" ({figures})" if figures else "")
    )


def run_command(arguments: argparse.Namespace) -> int:
    """`lockstep-fuzz run`."""
    report = run_fuzzer(
        arguments.name, seed=arguments.seed, runs=arguments.runs, seconds=arguments.seconds, say=say
    )
    show(report, as_json=arguments.json)
    return 1 if report.failures else 0


def soak_command(arguments: argparse.Namespace) -> int:
    """`lockstep-fuzz soak`: every fuzzer, its long count times the share, at least one run."""
    failed = 0
    for entry in ENTRIES.values():
        if entry.soak_runs == 0:
            continue
        runs = max(1, entry.soak_runs * arguments.permille // 1000)
        seed = 1 if entry.must_fail else arguments.seed  # not every seed of what must fail does
        report = run_fuzzer(entry.name, seed=seed, runs=runs, seconds=None, say=say)
        say(report.line())
        as_expected = report.failures == report.runs if entry.must_fail else report.failures == 0
        failed += 0 if as_expected else 1
    say(f"soak at {arguments.permille} permille: {failed} fuzzers not as expected")
    return 1 if failed else 0


def shrink_command(arguments: argparse.Namespace) -> int:
    """`lockstep-fuzz shrink`: print the smallest scenario that still fails, for `fuzz/corpus/`."""
    from fuzz.fuzzers.network import make_scenario
    from fuzz.scenario import is_failing, shrink

    scenario = make_scenario(arguments.seed)
    if not is_failing(scenario):
        print(f"the scenario of seed {arguments.seed} does not fail", file=sys.stderr)
        return 2
    say(shrink(scenario, is_failing).to_json())
    return 0


def trace_command(arguments: argparse.Namespace) -> int:
    """`lockstep-fuzz trace`."""
    from fuzz.scenes import SCENES
    from fuzz.trace import trace

    if arguments.list:
        for name in sorted(SCENES):
            say(name)
        return 0
    if arguments.scene not in SCENES:
        print(
            f"no scene is named {arguments.scene!r}; there are: {', '.join(sorted(SCENES))}", file=sys.stderr
        )
        return 2
    for tick, state_hash in trace(arguments.scene, ticks=arguments.ticks, every=arguments.every):
        say(f"{tick} {state_hash}")
    return 0


def rehearse_command(arguments: argparse.Namespace) -> int:
    """`lockstep-fuzz rehearse`: the last line is one JSON object, for all of them one each."""
    import asyncio
    import json

    from fuzz.rehearsal import REHEARSALS, rehearse

    if arguments.name not in REHEARSALS and arguments.name != "all":
        names = ", ".join(REHEARSALS)
        print(f"no rehearsal is named {arguments.name!r}; there are: {names}, all", file=sys.stderr)
        return 2
    failed = 0
    for name in REHEARSALS if arguments.name == "all" else (arguments.name,):
        try:
            say(json.dumps(asyncio.run(rehearse(name, ticks=arguments.ticks, world=arguments.world))))
        except CheckFailed as failure:
            failed += 1
            say(f"{name}: {failure}")
            command = f"lockstep-fuzz rehearse {name} --ticks {arguments.ticks} --world {arguments.world}"
            say(f"reproduce: {command}")
    return 1 if failed else 0


def bench_command(arguments: argparse.Namespace) -> int:
    """`lockstep-fuzz bench`."""
    from fuzz.benches import BENCHES

    if arguments.what in ("physics", "state"):
        from fuzz.scenes.large import LARGE

        if arguments.scene not in LARGE:
            names = ", ".join(LARGE)
            print(f"no large scene is named {arguments.scene!r}; there are: {names}", file=sys.stderr)
            return 2
    try:
        say(BENCHES[arguments.what](arguments))
    except LocalError as error:
        print(f"lockstep-fuzz bench {arguments.what}: {error}", file=sys.stderr)
        return 2
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = build_parser().parse_args(argv)
    if arguments.command == "list":
        width = max(len(name) for name in ENTRIES)
        for entry in ENTRIES.values():
            say(f"{entry.name:<{width}}  {entry.summary}")
        return 0
    commands = {
        "run": run_command,
        "soak": soak_command,
        "shrink": shrink_command,
        "trace": trace_command,
        "bench": bench_command,
        "rehearse": rehearse_command,
    }
    return commands[arguments.command](arguments)


if __name__ == "__main__":
    raise SystemExit(main())
