"""Driver that takes part in a comparison of physics engines.

``python -P -m fuzz.physics_driver SCENE STEPS SLEEP ITERATIONS SECONDS OUT [rollback]``

SCENE is a text file, one body a line: ``S`` or ``D`` (static, dynamic), ``box x y z hx hy hz``, ``sphere x
y z r`` or ``capsule x y z r h`` (h: half of the straight part), in metres. SLEEP is 0 or 1. ITERATIONS is the
number of substeps, 0 for the default. It stops after SECONDS. OUT receives JSON: times of every step,
positions at some steps, a hash, and with ``rollback`` the cost of snapshot and restore.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.layout import FLAG_ASLEEP
from physics_fixed.shapes import Capsule, Shape
from physics_fixed.tables import Snapshot

SUBSTEPS_DEFAULT = 4
_POSITION_STEPS = (120,)  # positions are kept at these steps, at the last, and 60 before it


class SceneSpace:
    """A scene file as a space."""

    def __init__(self, path: Path, *, substeps: int, sleeping: bool) -> None:
        self.space = Space(substeps=substeps, sleeping=sleeping)
        self.dynamic: list[int] = []
        for line in path.read_text(encoding="utf-8").splitlines():
            word, shape_name, *numbers = line.split()
            shape = _shape(shape_name, numbers[3:])
            if word == "S":
                self.space.add(shape, STATIC, position=numbers[:3])
            else:
                body = self.space.add(shape, position=numbers[:3])
                self.dynamic.append(body.row)

    def asleep_count(self) -> int:
        """Bodies that sleep."""
        return int(np.count_nonzero(self.space.bodies["flags"] & FLAG_ASLEEP))

    def positions(self) -> npt.NDArray[np.float64]:
        """Centres of the dynamic bodies, m, one after the other."""
        raw = self.space.bodies["position_q24"][self.dynamic]
        return (raw / (1 << 24)).ravel()


def _shape(name: str, numbers: list[str]) -> Shape:
    if name == "box":
        return Box(numbers)
    if name == "sphere":
        return Sphere(numbers[0])
    if name == "capsule":
        return Capsule(*numbers)
    raise SystemExit(f"shape {name!r} in the scene; known: box, sphere, capsule")


def _milliseconds(action: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time_ns(), time.perf_counter_ns()
    action()
    return (time.process_time_ns() - cpu) / 1e6, (time.perf_counter_ns() - wall) / 1e6


def run(scene: SceneSpace, steps: int, seconds: float) -> dict[str, object]:
    """Step the scene and time each step."""
    cpu: list[float] = []
    wall: list[float] = []
    positions = {"0": scene.positions().tolist()}
    result: dict[str, object] = {"cpu": cpu, "ms": wall, "pos": positions}
    begin = time.perf_counter()
    for step in range(1, steps + 1):
        spent = _milliseconds(scene.space.step)
        cpu.append(spent[0])
        wall.append(spent[1])
        if step in (*_POSITION_STEPS, steps - 60, steps):
            positions[str(step)] = scene.positions().tolist()
        if time.perf_counter() - begin > seconds:
            result["truncated"] = step
            break
    return result


def measure_rollback(space: Space) -> dict[str, object]:
    """Cost of snapshot, restore, and of a rollback of eight steps; whether a restored space has the same
    future.
    """
    spare = space.snapshot()
    save = [_milliseconds(lambda: space.snapshot(spare))[0] * 1e3 for _ in range(50)]
    base = space.snapshot()
    future = [_future(space, base, 60) for _ in range(2)]
    restore = [_milliseconds(lambda: space.restore(base))[0] * 1e3 for _ in range(50)]
    ring: list[Snapshot] = [space.snapshot() for _ in range(8)]
    cycles, steps, hashes = [], [], []
    for _ in range(6):
        stepping = 0.0
        begin = time.process_time_ns()
        space.restore(base)
        for slot in ring:
            stepping += _milliseconds(space.step)[0]
            space.snapshot(slot)
        cycles.append((time.process_time_ns() - begin) / 1e6)
        steps.append(stepping)
        hashes.append(space.hash())
    space.restore(base)
    return {
        "save_us": save,
        "restore_us": restore,
        "resim8_ms": steps,
        "cycle_ms": cycles,
        "bytes": base.size,
        "same_live": future[0] == future[1],
        "same": len(set(hashes)) == 1,
        "same60": _future(space, base, 20) == _future(space, base, 20),
    }


def _future(space: Space, base: Snapshot, steps: int) -> str:
    for _ in range(steps):
        space.step()
    found = space.hash()
    space.restore(base)
    return found


def main(arguments: list[str]) -> None:
    """Run one scene; see the module's docstring for the arguments."""
    if len(arguments) not in (6, 7):
        raise SystemExit(__doc__)
    path, steps, sleep, iterations, seconds, out = arguments[:6]
    substeps = int(iterations) or SUBSTEPS_DEFAULT
    if sleep not in ("0", "1"):
        raise SystemExit(f"SLEEP = {sleep}; allowed: 0, 1")
    scene = SceneSpace(Path(path), substeps=substeps, sleeping=sleep == "1")
    # Compiled or loaded before the clock runs, as in an engine that was built beforehand.
    before = scene.space.snapshot()
    scene.space.step()
    scene.space.restore(before)
    gc.collect()
    gc.freeze()
    result = run(scene, int(steps), float(seconds))
    result |= {
        "engine": "lockstep",
        "version": "0.1",
        "note": "int64 fixed point, one thread",
        "iters": str(substeps),
        "sleep": sleep == "1",
        "awake": len(scene.dynamic) - scene.asleep_count(),
        "hash": hashlib.sha256(scene.positions().tobytes()).hexdigest()[:16],
        "state": scene.space.hash(),
    }
    if len(arguments) == 7:
        result["rollback"] = measure_rollback(scene.space)
    Path(out).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
