"""Contacts of many pairs of leaf shapes as text; run as a module it prints them, for comparison of compiled
code with the interpreter.

Random pairs of all kinds, pairs that are aligned as badly as can be, and pairs of all sizes from the smallest
to the largest. In the interpreter every range that compiled code takes for granted is checked.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import sys
from collections.abc import Iterator

import numpy as np

from physics_fixed.limits import LENGTH_MAX_Q24, VELOCITY_MAX_Q24
from physics_fixed.shapes.triangle_words import EDGE_CONVEX, EDGE_FLAT, EDGE_FREE
from tests.physics_fixed.narrowphase.leaves import (
    METRE,
    NO_ROTATION,
    ONE,
    Leaf,
    box,
    capsule,
    collide,
    prism,
    random_hull,
    random_rotation,
    raw_vector,
    sphere,
    triangle,
)

KINDS = ("sphere", "capsule", "box", "cylinder", "hull", "triangle")
PAIRS = [
    pair
    for pair in itertools.combinations_with_replacement(KINDS, 2)
    if pair not in (("sphere", "sphere"), ("triangle", "triangle"))
]
SMALLEST = 1 / 256
LARGEST = LENGTH_MAX_Q24 / METRE
TICK_LONGEST_Q40 = (1 << 40) // 10
QUARTER = 759250125  # sine of 45 degrees, q30
ALIGNED = (
    NO_ROTATION, (QUARTER, 0, 0, QUARTER), (0, QUARTER, 0, QUARTER), (0, 0, QUARTER, QUARTER), (0, ONE, 0, 0),
    (ONE // 2, ONE // 2, ONE // 2, ONE // 2), (0, 410903207, 0, 992008094),
)  # fmt: skip


def made(kind: str, rng: np.random.Generator, size: float) -> Leaf:
    """A shape of about that size; all stay within the limits of the engine."""
    parts = np.clip(size * rng.uniform(0.5, 1, 3), SMALLEST, LARGEST)
    if kind == "sphere":
        return sphere(parts[0])
    if kind == "capsule":
        return capsule(parts[0], parts[1])
    if kind == "box":
        return box(parts)
    if kind == "cylinder":
        return prism(int(rng.integers(3, 17)), max(parts[0], 2 * SMALLEST), max(parts[1], SMALLEST))
    if kind == "hull":
        return random_hull(rng, max(float(parts[0]), 3 * SMALLEST), int(rng.integers(6, 12)))
    codes = [int(code) for code in rng.choice([EDGE_FREE, EDGE_CONVEX, EDGE_FLAT], 3)]
    corners = rng.uniform(-1, 1, (3, 3)) * parts[0]
    tilted = [int(part) for part in rng.integers(-ONE // 2, ONE // 2, 3)]
    return triangle(corners, codes, [(tilted[0], ONE // 2, tilted[1])] * 3, tilted)


def placed(leaf: Leaf, where: np.ndarray, rotation: tuple[int, int, int, int], speed: np.ndarray) -> Leaf:
    velocity = tuple(int(np.clip(part, -VELOCITY_MAX_Q24, VELOCITY_MAX_Q24)) for part in speed * METRE)
    return dataclasses.replace(leaf, position=raw_vector(where), rotation=rotation, velocity=velocity)


def random_pairs(pair: tuple[str, str], count: int) -> Iterator[tuple[Leaf, Leaf]]:
    """Pairs of about equal size that mostly touch, at rest or on the move."""
    rng = np.random.default_rng(PAIRS.index(pair))
    for _ in range(count):
        leaves = [
            placed(
                made(kind, rng, rng.uniform(0.3, 1.2)),
                rng.uniform(-0.5, 0.5, 3) + 3,
                random_rotation(rng),
                rng.normal(size=3) * rng.choice([0, 1, 100]),
            )
            for kind in pair
        ]
        yield leaves[0], leaves[1]
        yield leaves[1], leaves[0]


def aligned_pairs(pair: tuple[str, str]) -> Iterator[tuple[Leaf, Leaf]]:
    """Parallel edges and faces, centres in one point or side by side."""
    rng = np.random.default_rng(PAIRS.index(pair) + 100)
    shapes = [made(kind, rng, 0.5) for kind in pair]
    if pair[0] == pair[1]:
        shapes[1] = shapes[0]
    offsets = np.array([(0, 0, 0), (0, 0.5, 0), (0.5, 0.5, 0), (0.25, 0.25, 0.25), (1, 0, 0)])
    for offset, one, two in itertools.product(offsets, ALIGNED[:3], ALIGNED):
        a = placed(shapes[0], np.zeros(3), one, np.zeros(3))
        yield a, placed(shapes[1], offset, two, -offset)


def extreme_pairs(pair: tuple[str, str], count: int) -> Iterator[tuple[Leaf, Leaf]]:
    """All sizes against all, anywhere in the largest world, at all speeds."""
    rng = np.random.default_rng(PAIRS.index(pair) + 200)
    for _ in range(count):
        sizes = np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST), 2))
        if rng.integers(3) == 0:
            sizes = rng.choice([SMALLEST, LARGEST], 2)
        corner = rng.choice([-12000, 0, 12000], 3)
        apart = rng.normal(size=3) * rng.choice([0, 0.5, 1, 2]) * sizes.max()
        speeds = rng.choice([0, 1, 256], (2, 3)) * rng.choice([-1, 1], (2, 3))
        a, b = (
            placed(made(kind, rng, size), where, random_rotation(rng), speed)
            for kind, size, where, speed in zip(pair, sizes, (corner, corner + apart), speeds, strict=True)
        )
        yield (a, b) if rng.integers(2) else (b, a)


def digest_of(pair: tuple[str, str], count: int) -> str:
    """Hash of the contacts of a pair of kinds, and how many there are."""
    state = hashlib.sha256()
    found = 0
    for a, b in random_pairs(pair, count):
        contact = collide(a, b)
        found += contact.exists
        state.update(repr(contact.raw).encode())
    for a, b in aligned_pairs(pair):
        contact = collide(a, b)
        found += contact.exists
        state.update(repr(contact.raw).encode())
    for a, b in extreme_pairs(pair, count):
        for reach in (round(SMALLEST * METRE), LENGTH_MAX_Q24):
            contact = collide(a, b, reach=reach, tick=TICK_LONGEST_Q40)
            found += contact.exists
            state.update(repr(contact.raw).encode())
    return f"{found} {state.hexdigest()[:32]}"


if __name__ == "__main__":
    for shapes in PAIRS:
        print(f"{' and '.join(shapes)}: {digest_of(shapes, int(sys.argv[1]))}", flush=True)
