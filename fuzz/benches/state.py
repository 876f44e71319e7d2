"""Snapshot, hash, restore, and the worst tick of a rollback, in a large scene at rest, all of it awake."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from fuzz.benches.engines import Rapier, find_rapier
from fuzz.scenes.large import LARGE, build
from physics_fixed import Space
from physics_fixed.tables import Snapshot

DEPTH = 8
_TICKS_BEFORE = 480
_SAMPLES = 60


def microseconds(action: Callable[[], object]) -> float:
    """CPU time of a call, us."""
    begin = time.process_time_ns()
    action()
    return (time.process_time_ns() - begin) / 1e3


def roll_back(space: Space, ring: Sequence[Snapshot], base: Snapshot) -> None:
    """The worst tick: all of the last ticks again, each saved and hashed."""
    space.restore(base)
    for slot in ring:
        space.step()
        space.snapshot(slot)
        space.hash()


def ring_bytes(ring: Sequence[Snapshot]) -> int:
    """Memory that snapshots hold together."""
    arenas = {id(arena): arena for snapshot in ring for arena in snapshot.arenas}
    return sum(arena.layout.size for arena in arenas.values())


def bench_state(*, scene: str) -> str:
    """Measure; return the figures as one line of JSON.

    ``bytes`` is what a snapshot takes in a ring of eight, where memory that several hold counts once, and
    ``bytes_alone`` what one holds. ``save_hash_us`` is a snapshot and a hash after a step, ``rollback_ms`` a
    restore and eight times step, snapshot and hash, ``ratio`` that to the same with Rapier, which has no hash
    of its own.
    """
    space = build(scene)
    for _ in range(_TICKS_BEFORE):
        space.step()
    ring = [space.snapshot() for _ in range(DEPTH)]
    base, spare = space.snapshot(), space.snapshot()
    save, restore, whole = [], [], []
    rapier = find_rapier()
    theirs = _settled_rapier(rapier, scene) if rapier is not None else None
    their_whole: list[float] = []
    for _ in range(_SAMPLES):
        space.step()
        save.append(microseconds(lambda: (space.snapshot(spare), space.hash())))
        restore.append(microseconds(lambda: space.restore(base)))
    for slot in ring:
        space.step()
        space.snapshot(slot)
    held = ring_bytes(ring)
    for _ in range(_SAMPLES // 4):
        whole.append(microseconds(lambda: roll_back(space, ring, base)) / 1e3)
        if theirs is not None:
            their_whole.append(microseconds(theirs) / 1e3)
    found: dict[str, Any] = {
        "bench": "state",
        "scene": scene,
        "contacts": space.contacts.count,
        "bytes": held // DEPTH,
        "bytes_alone": base.size,
        "save_hash_us": round(statistics.median(save), 1),
        "restore_us": round(statistics.median(restore), 1),
        "rollback_ms": round(statistics.median(whole), 3),
        "rollback_ms_min": round(min(whole), 3),
    }
    if their_whole:
        found["rapier_rollback_ms"] = round(statistics.median(their_whole), 3)
        found["ratio"] = round(statistics.median(whole) / statistics.median(their_whole), 3)
        found["ratio_of_minima"] = round(min(whole) / min(their_whole), 3)
    return json.dumps(found)


def _settled_rapier(module: Any, scene: str) -> Callable[[], None]:
    """A rollback of Rapier, from a scene that has come to rest."""
    engine = Rapier(module, LARGE[scene]())
    for _ in range(_TICKS_BEFORE):
        engine.step()
    base = engine.world.snapshot()

    def again() -> None:
        world = module.PhysicsWorld.restore(base)
        world.set_num_threads(1)
        world.auto_update_query = False
        for _ in range(DEPTH):
            world.step()
            world.snapshot()

    return again
