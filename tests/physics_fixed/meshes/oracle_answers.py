"""Answers of all kernels of meshes and fields for seeded geometries; run as a module it prints their digests.

In the interpreter every range that compiled code takes for granted is checked, and an overflow is an error.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import xxhash

from physics_fixed.narrowphase.triangle_rays import RAY_LENGTH_MAX_Q24, RAY_ORIGIN_MAX_Q24
from physics_fixed.shapes.triangle_words import COORDINATE_MAX_Q24
from tests.physics_fixed.meshes.reference import hills, load, near, rays, soup

_FAR = RAY_ORIGIN_MAX_Q24


def geometries() -> dict[str, Any]:
    """Small, ordinary and as large as may be."""
    chance = random.Random(17)
    half = COORDINATE_MAX_Q24 // 2
    return {
        "small mesh": soup(chance, 20, 4, 3).words(),
        "mesh": soup(chance, 40, 1 << 27, 1 << 25).words(),
        "large mesh": soup(chance, 40, half, half).words(),
        "narrow field": hills(chance, 5, 5, COORDINATE_MAX_Q24, 1 << 16).words(),
        "field": hills(chance, 7, 6, 1 << 25).words(),
        "large field": hills(chance, 5, 5, COORDINATE_MAX_Q24, COORDINATE_MAX_Q24 // 2).words(),
    }


def digest(words: Any) -> str:
    """One number for many answers."""
    chance = random.Random(len(words))
    answers: list[Any] = []
    lower, upper = words[9:12].tolist(), words[12:15].tolist()
    corners = [lower, upper, [-_FAR] * 3, [_FAR] * 3]
    corners += [[chance.randint(low, high) for low, high in zip(lower, upper, strict=True)] for _ in range(6)]
    for a in corners:
        for b in corners:
            box = [tuple(function(p, q) for p, q in zip(a, b, strict=True)) for function in (min, max)]
            found = near(words, box[0], box[1])  # type: ignore[arg-type]
            answers.append(found)
            answers += [load(words, triangle) for triangle in found[:2]]
            direction = [q - p for p, q in zip(a, b, strict=True)]
            length = max(1, max(map(abs, direction)))
            unit = tuple((part << 30) // (2 * length) for part in direction)
            for ray in (unit, (1 << 30, 0, 0), (0, -(1 << 30), 0), (-(1 << 29), 1 << 29, 759250125)):
                hits = rays(words, tuple(a), ray, RAY_LENGTH_MAX_Q24, both_sides=1)  # type: ignore[arg-type]
                answers.append(hits)
    return str(xxhash.xxh3_128_hexdigest(repr(answers).encode()))


def digests() -> dict[str, str]:
    """Digest of every geometry."""
    return {name: digest(np.array(words)) for name, words in geometries().items()}


if __name__ == "__main__":
    for name, found in digests().items():
        print(f"{name}: {found}")
