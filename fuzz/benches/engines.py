"""The step of a large scene, beside Rapier's on the same scene where its package is installed.

Both engines take turns, step by step, in one process and on one thread, so that whatever the machine does to
one it does to the other. The whole is repeated, and of each step the shortest time counts: the runs are the
same, so the work of a step is.
"""

from __future__ import annotations

import importlib
import json
import statistics
import time
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fuzz.scenes.large import LARGE, Piece, build
from physics_fixed import DYNAMIC, Space

_SETTLED = 120  # the last steps of a run, by when a scene has come to rest
_TO_METRES = 1 / (1 << 24)

Places = npt.NDArray[np.float64]


class Engine(Protocol):
    """What is measured."""

    def step(self) -> None:
        """Go one tick on."""

    def positions(self) -> Places:
        """Centres of the dynamic bodies, m; shape (n, 3)."""


class Ours:
    """This engine."""

    def __init__(self, name: str) -> None:
        self.space: Space = build(name)
        self.step = self.space.step
        before = self.space.snapshot()
        self.step()  # kernels are loaded before the clock runs
        self.space.restore(before)

    def positions(self) -> Places:
        """Centres of the dynamic bodies."""
        moving = self.space.bodies["kind"] == DYNAMIC
        places: Places = self.space.bodies["position_q24"][moving] * _TO_METRES
        return places


class Rapier:
    """Rapier as it comes from PyPI: ``pip install rapier3d``."""

    def __init__(self, module: Any, pieces: Sequence[Piece]) -> None:
        self.world = world = module.PhysicsWorld(gravity=(0.0, -9.81, 0.0))
        world.set_num_threads(1)
        world.auto_update_query = False
        self.step = world.step
        self._handles = []
        make = {"box": module.Collider.cuboid, "sphere": module.Collider.ball}
        make["capsule"] = lambda radius, half, **rest: module.Collider.capsule_y(half, radius, **rest)
        for piece in pieces:
            sizes = [float(size) for size in piece.sizes]
            collider = make[piece.shape](*sizes, density=1000.0, friction=0.5, restitution=0.0)
            kind = module.RigidBody.fixed if piece.is_static else module.RigidBody.dynamic
            body = kind(translation=tuple(float(part) for part in piece.position))
            if not piece.is_static:
                body = body.can_sleep(False)
            handle = world.add_body(body, colliders=[collider])
            if not piece.is_static:
                self._handles.append(handle)

    def positions(self) -> Places:
        """Centres of the dynamic bodies."""
        bodies = self.world.rigid_bodies
        places = [bodies[handle].translation for handle in self._handles]
        return np.array([(place.x, place.y, place.z) for place in places])


def find_rapier() -> Any:
    """Rapier's module; None if it is not installed."""
    try:
        return importlib.import_module("rapier3d")
    except ImportError:
        return None


def time_together(engines: Sequence[Engine], steps: int) -> npt.NDArray[np.int64]:
    """CPU time of each step of each engine, ns; shape (engines, steps)."""
    spent = np.zeros((len(engines), steps), np.int64)
    for step in range(steps):
        for place, engine in enumerate(engines):
            begin = time.process_time_ns()
            engine.step()
            spent[place, step] = time.process_time_ns() - begin
    return spent


def overlaps_mm(positions: Places) -> dict[str, float]:
    """Mean and largest overlap of the touching pairs of spheres of 1 m, mm."""
    found = []
    for index in range(len(positions) - 1):
        gaps = np.linalg.norm(positions[index + 1 :] - positions[index], axis=1) - 1.0
        found.append(-gaps[gaps < 0])
    all_found = np.concatenate(found) * 1e3 if found else np.zeros(0)
    if len(all_found) == 0:
        return {"mean": 0.0, "max": 0.0}
    return {"mean": round(float(all_found.mean()), 2), "max": round(float(all_found.max()), 2)}


def figures_of(spent_ns: npt.NDArray[np.int64], start: Places, engine: Engine, scene: str) -> dict[str, Any]:
    """What is told of one engine."""
    settled = (spent_ns[-_SETTLED:] / 1e6).tolist()
    median = statistics.median(settled)
    there = engine.positions()
    figures: dict[str, Any] = {
        "ms": round(median, 4),
        "ms_p99": round(statistics.quantiles(settled, n=100)[98], 4),
        "p99_to_median": round(statistics.quantiles(settled, n=100)[98] / median, 3),
    }
    if scene.startswith("pile"):
        figures["overlap_mm"] = overlaps_mm(there)
    if scene.startswith(("wall", "stack")):
        moved = there - start
        figures["move_mm_max"] = round(float(np.linalg.norm(moved, axis=1).max()) * 1e3, 3)
        figures["top_drop_mm"] = round(float(-moved[-1, 1]) * 1e3, 3)
        figures["sideways_mm_max"] = round(float(np.hypot(moved[:, 0], moved[:, 2]).max()) * 1e3, 3)
    return figures


def bench_engines(*, scene: str, steps: int, repeats: int) -> str:
    """Measure one scene of `fuzz.scenes.large`; return the figures as one line of JSON.

    Times are of the last 120 steps.
    """
    rapier = find_rapier()
    shortest: npt.NDArray[np.int64] | None = None
    for _ in range(repeats):
        ours = Ours(scene)
        engines: list[Engine] = [ours]
        if rapier is not None:
            engines.append(Rapier(rapier, LARGE[scene]()))
        starts = [engine.positions() for engine in engines]
        spent = time_together(engines, steps)
        shortest = spent if shortest is None else np.minimum(shortest, spent)
    assert shortest is not None
    names = ["ours", "rapier"][: len(engines)]
    found: dict[str, Any] = {"bench": "physics", "scene": scene, "steps": steps, "repeats": repeats}
    for place, name in enumerate(names):
        found[name] = figures_of(shortest[place], starts[place], engines[place], scene)
    if rapier is not None:
        found["rapier"]["version"] = rapier.__version__
        found["ratio"] = round(found["ours"]["ms"] / found["rapier"]["ms"], 3)
    found["contacts"] = ours.space.contacts.count
    found["hash"] = ours.space.hash()
    return json.dumps(found)
