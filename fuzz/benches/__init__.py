"""What `lockstep-fuzz bench` measures, one module a subject; each returns its figures as one line of JSON.

Times are CPU time unless they say wall: on a shared machine only ratios of figures of one run mean something.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable


def _session(arguments: Namespace) -> str:
    from fuzz.benches.session import bench_session

    return bench_session(peers=arguments.peers, rollback=arguments.rollback, ticks=arguments.ticks)


def _physics(arguments: Namespace) -> str:
    from fuzz.benches.engines import bench_engines

    return bench_engines(scene=arguments.scene, steps=arguments.ticks, repeats=arguments.repeats)


def _state(arguments: Namespace) -> str:
    from fuzz.benches.state import bench_state

    return bench_state(scene=arguments.scene)


def _resimulation(arguments: Namespace) -> str:
    from fuzz.benches.resimulation import bench_resimulation

    return bench_resimulation(samples=arguments.samples)


def _kernels(arguments: Namespace) -> str:
    from fuzz.benches.kernels import bench_kernels

    return bench_kernels()


def _threads(arguments: Namespace) -> str:
    from fuzz.benches.threads import bench_threads

    return bench_threads(
        scene=arguments.scene, threads=arguments.threads, steps=arguments.ticks, repeats=arguments.repeats
    )


BENCHES: dict[str, Callable[[Namespace], str]] = {
    "session": _session,
    "physics": _physics,
    "state": _state,
    "resimulation": _resimulation,
    "kernels": _kernels,
    "threads": _threads,
}
