"""Answers of all queries in a small crowded space; run as a module it prints their digest.

In the interpreter every range that compiled code takes for granted is checked, and an overflow is an error.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import xxhash

from physics_fixed import STATIC, Space
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.queries import QueryFilter
from physics_fixed.shapes import Compound, Part
from tests.physics_fixed.meshes.reference import hills, soup
from tests.physics_fixed.queries.scenery import ONE, drawn_solid, drawn_turn, drawn_vector, put


def small_world(chance: random.Random) -> Space:
    """Solids of all sizes, compounds, a mesh and a field, some of them at the ends of the world."""
    space = Space()
    for size in (1 << 17, ONE, ONE, 8 * ONE, 4096 * ONE):
        for reach in (6 * ONE, POSITION_MAX_Q24):
            put(space, drawn_solid(chance, size), at=drawn_vector(chance, reach), turn=drawn_turn(chance))
    parts = [Part(drawn_solid(chance, ONE), position_q24=drawn_vector(chance, ONE)) for _ in range(3)]
    put(space, Compound(parts), at=drawn_vector(chance, 4 * ONE), turn=drawn_turn(chance))
    put(space, soup(chance, 12, 4 * ONE, 2 * ONE), STATIC, turn=drawn_turn(chance))
    put(space, hills(chance, 5, 4, 3 * ONE), STATIC, at=drawn_vector(chance, ONE))
    return space


def digest() -> str:
    """One number for many answers."""
    chance = random.Random(31)
    space = small_world(chance)
    queries = space.queries
    answers: list[Any] = []
    for reach in (8 * ONE, POSITION_MAX_Q24):
        places = [drawn_vector(chance, reach) for _ in range(6)]
        ways = [tuple(-part + 1 for part in place) for place in places]
        turns = [drawn_turn(chance) for _ in places]
        for where in (QueryFilter(), QueryFilter(ignore_inside=True, back_faces=True)):
            answers += [
                queries.rays_all_q24(places, ways, where=where),
                queries.rays_q24(places, ways, where=where),
            ]
        for size in (1 << 17, ONE, 4096 * ONE):
            shape = drawn_solid(chance, size)
            where = QueryFilter(back_faces=True)
            answers.append(queries.casts_all_q24(shape, places, ways, rotations_q30=turns, where=where))
            answers.append(queries.overlaps_q24(shape, places, rotations_q30=turns))
            answers.append(queries.closest_all_q24(shape, places, 3 * ONE, rotations_q30=turns))
    bodies = [int(g) << 32 | row for row, g in enumerate(space.bodies["generation"])]
    answers += [queries.between(a, b) for a in bodies[:9] for b in bodies[-4:]]
    with np.printoptions(threshold=1 << 30):
        return str(xxhash.xxh3_128_hexdigest(repr(answers).encode()))


if __name__ == "__main__":
    print(digest())
