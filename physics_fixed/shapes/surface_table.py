"""The surfaces of a mesh or height field: a table of them, and which triangle or cell has which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from physics_fixed.arguments import integers, row_of_many
from physics_fixed.errors import NumberError
from physics_fixed.layout import Words
from physics_fixed.shapes.surface import Surface, checked_surface
from physics_fixed.shapes.triangle_words import (
    SURFACE_COUNT_MAX,
    SURFACE_FRICTION,
    SURFACE_RESTITUTION,
    SURFACE_ROLLING,
    SURFACE_WIDTH,
)


def surface_words(surfaces: Sequence[Surface]) -> Words:
    """The table of surfaces of a geometry, one row of ``SURFACE_WIDTH`` words each.

    Raises
    ------
    NumberError
        If there are too many, or something is none.
    """
    row_of_many(surfaces, None, "surfaces", "a sequence of Surface")
    for number, surface in enumerate(surfaces):
        checked_surface(surface, f"surface {number}")
    if len(surfaces) > SURFACE_COUNT_MAX:
        raise NumberError(f"{len(surfaces)} surfaces; allowed: at most {SURFACE_COUNT_MAX}")
    table = np.zeros((len(surfaces), SURFACE_WIDTH), np.int64)
    for row, surface in enumerate(surfaces):
        table[row, SURFACE_FRICTION] = surface.friction_q24
        table[row, SURFACE_RESTITUTION] = surface.restitution_q24
        table[row, SURFACE_ROLLING] = surface.rolling_q24
    return table


def surface_marks(numbers: Any, shape: tuple[int, ...], surface_count: int, name: str) -> Words:
    """Numbers of surfaces as geometries keep them: 0 for the body's own, k + 1 for surface k.

    Parameters
    ----------
    numbers : array of integers, or None
        -1 for the body's own, else a number below ``surface_count``. None is -1 everywhere, or surface 0 if
        there is exactly one.

    Raises
    ------
    NumberError
        If the shape is wrong or a number is none, or out of range.
    """
    if numbers is None:
        return np.full(shape, 1 if surface_count == 1 else 0, np.int64)
    given = integers(numbers, name)
    if given.shape != shape:
        raise NumberError(f"{name} has shape {given.shape}; allowed: integers of shape {shape}")
    if given.size and (int(given.min()) < -1 or int(given.max()) >= surface_count):
        raise NumberError(
            f"{name} has numbers from {given.min()} to {given.max()}; allowed: -1 to {surface_count - 1}"
        )
    return given.astype(np.int64) + 1
