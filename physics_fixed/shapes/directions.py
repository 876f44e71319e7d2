"""Directions all around, for shapes that are known by their support function."""

from __future__ import annotations

from physics_fixed.errors import NumberError
from physics_fixed.shapes.shape import Vector

LEVEL_MAX = 32


def round_directions(level: int) -> tuple[Vector, ...]:
    """All integer vectors with ``|x| + |y| + |z| = level``: directions that mirror and quarter turns keep.

    There are ``4 level^2 + 2`` of them: 6 for level 1, 18, 38, 66 for level 4; ascending. A hull has room for
    64 vertices, but shapes with edges and corners have many directions for each.

    Raises
    ------
    NumberError
        If the level is not 1 to 32.
    """
    if isinstance(level, bool) or not isinstance(level, int) or not 1 <= level <= LEVEL_MAX:
        raise NumberError(f"level = {level!r}; allowed: 1 to {LEVEL_MAX}")
    found = []
    for x in range(-level, level + 1):
        rest = level - abs(x)
        for y in range(-rest, rest + 1):
            z = rest - abs(y)
            found += [(x, y, -z), (x, y, z)] if z else [(x, y, 0)]
    return tuple(found)
