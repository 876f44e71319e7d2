"""What callers ask: arguments of single queries and of batches, checked and made into arrays.

All of these functions raise NumberError if a number is no number, given twice, or out of range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from physics_fixed.arguments import ranged, ranged_vector, unit_quaternion_q30
from physics_fixed.errors import NumberError
from physics_fixed.layout import Words
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.queries.batches import Placed
from physics_fixed.queries.filters import EVERYTHING, QueryFilter
from physics_fixed.queries.given import (
    DIRECTION_MAX,
    RAY_LENGTH_MAX_Q24,
    directions,
    numbers,
    rotations,
    solid,
    vectors,
)
from physics_fixed.scale import Number
from physics_fixed.shapes.shape import Shape


class RayOptions(TypedDict, total=False):
    """Further arguments of queries with rays: raw numbers instead of others, and what is seen."""

    origin_q24: Sequence[int]
    direction_q24: Sequence[int]
    distance_q24: int
    where: QueryFilter


class PlaceOptions(TypedDict, total=False):
    """Further arguments of queries with shapes."""

    position_q24: Sequence[int]
    rotation: Sequence[Number]
    rotation_q30: Sequence[int]
    where: QueryFilter


class CastOptions(PlaceOptions, total=False):
    """Further arguments of casts."""

    direction_q24: Sequence[int]
    distance_q24: int


def filter_in(options: PlaceOptions | RayOptions) -> QueryFilter:
    """The filter among options."""
    return options.get("where", EVERYTHING)


def _check_names(options: Mapping[str, object], known: type) -> None:
    strange = sorted(set(options) - set(known.__annotations__))
    if strange:
        names = ", ".join(known.__annotations__)
        raise NumberError(f"{strange[0]!r} is no option of this query; allowed: {names}")


def one_way(
    direction: Sequence[Number] | None,
    distance: Number | None,
    direction_q24: Sequence[int] | None,
    distance_q24: int | None,
) -> tuple[Words, Words]:
    """Direction and length of a path as arrays."""
    way = ranged_vector(direction, direction_q24, 24, DIRECTION_MAX, "direction", "", must=True)
    if not any(way):
        given = direction_q24 if direction is None else direction
        raise NumberError(f"direction = {given!r}; allowed: any vector but zero")
    length = RAY_LENGTH_MAX_Q24
    if distance is not None or distance_q24 is not None:
        length = ranged(distance, distance_q24, 24, 0, RAY_LENGTH_MAX_Q24, "distance", "m")
    return np.array([way], np.int64), np.array([length], np.int64)


def one_ray(
    origin: Sequence[Number] | None,
    direction: Sequence[Number] | None,
    distance: Number | None,
    options: RayOptions,
) -> tuple[Words, Words, Words]:
    """One ray as arrays."""
    _check_names(options, RayOptions)
    start = ranged_vector(origin, options.get("origin_q24"), 24, POSITION_MAX_Q24, "origin", "m")
    way, length = one_way(direction, distance, options.get("direction_q24"), options.get("distance_q24"))
    return np.array([start], np.int64), way, length


def many_rays(origins: Any, ways: Any, distances: Any, name: str = "origins") -> tuple[Words, Words, Words]:
    """Many rays as arrays."""
    starts = vectors(origins, name, POSITION_MAX_Q24)
    return (
        starts,
        directions(ways, "directions", len(starts)),
        numbers(distances, "distances", len(starts), 0, RAY_LENGTH_MAX_Q24),
    )


def one_place(
    shape: Shape, position: Sequence[Number] | None, options: PlaceOptions, known: type = PlaceOptions
) -> Placed:
    """A shape in one place; ``known`` names the options that the query has."""
    _check_names(options, known)
    where = ranged_vector(position, options.get("position_q24"), 24, POSITION_MAX_Q24, "position", "m")
    turn = unit_quaternion_q30(options.get("rotation"), options.get("rotation_q30"))
    return Placed.of(solid(shape), np.array([where], np.int64), np.array([turn], np.int64))


def many_places(shape: Shape, positions: Any, rotations_q30: Any) -> Placed:
    """A shape in many places."""
    places = vectors(positions, "positions", POSITION_MAX_Q24)
    return Placed.of(solid(shape), places, rotations(rotations_q30, "rotations_q30", len(places)))
