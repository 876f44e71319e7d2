"""CPU times of the queries, printed: ``python -P -m tests.physics_fixed.queries.figures``."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import numpy as np

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.character import character
from physics_fixed.shapes import Capsule
from tests.physics_fixed.queries.scenery import ONE, drawn_solid, drawn_turn, put

COUNT = 1000


def crowded_floor() -> Space:
    """A thousand solids over a floor of 40 m, from 6 cm to 0.5 m."""
    space, chance = Space(), random.Random(1)
    space.add(Box((50, 1, 50)), STATIC, position=(0, -1, 0))
    for _ in range(COUNT):
        at = (
            chance.randint(-20 * ONE, 20 * ONE),
            chance.randint(0, 10 * ONE),
            chance.randint(-20 * ONE, 20 * ONE),
        )
        put(space, drawn_solid(chance, ONE // 2), at=at, turn=drawn_turn(chance))
    return space


def milliseconds(work: Callable[[], object]) -> float:
    """Median of the CPU time of some repetitions."""
    work()
    times = []
    for _ in range(15):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return 1000 * statistics.median(times)


def main() -> None:
    space = crowded_floor()
    queries, numbers = space.queries, np.random.default_rng(1)
    places = numbers.integers(-20 * ONE, 20 * ONE, (COUNT, 3))
    ways = numbers.integers(-20 * ONE, 20 * ONE, (COUNT, 3)) - places
    person, crate = Capsule("0.3", "0.6"), Box(("0.3", "0.3", "0.3"))

    def moved() -> None:
        space.bodies["position_q24"][5, 0] += 1
        queries.ray((0, 20, 0), (0, -1, 0))

    walker = character(space, position=(0, 15, 0))
    for _ in range(50):
        walker.move((2, 1))
        space.step()
    for name, work in (
        ("1000 rays", lambda: queries.rays_q24(places, ways)),
        ("1000 rays, any", lambda: queries.rays_any_q24(places, ways)),
        ("1000 casts of a sphere", lambda: queries.casts_q24(Sphere("0.3"), places, ways)),
        ("1000 casts of a capsule", lambda: queries.casts_q24(person, places, ways)),
        ("1000 casts of a box", lambda: queries.casts_q24(crate, places, ways)),
        ("1000 overlaps of a capsule", lambda: queries.overlaps_q24(person, places)),
        ("1000 closest points within 1 m", lambda: queries.closest_q24(person, places, ONE)),
        ("one ray", lambda: queries.ray((0, 20, 0), (0, -1, 0))),
        ("one ray after a body moved", moved),
        ("one move of a character", lambda: walker.move((2, 1))),
    ):
        print(f"{name}: {milliseconds(work):.3f} ms")


if __name__ == "__main__":
    main()
