"""Queries of a space: rays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from physics_fixed.arguments import ranged, ranged_vector
from physics_fixed.errors import NumberError
from physics_fixed.layout import Words
from physics_fixed.limits import POSITION_MAX_Q24
from physics_fixed.queries.filters import EVERYTHING, QueryFilter
from physics_fixed.queries.given import DIRECTION_MAX, RAY_LENGTH_MAX_Q24, directions, numbers, vectors
from physics_fixed.queries.layout import HIT_ROW, MODE_ALL, MODE_ANY, MODE_CLOSEST
from physics_fixed.queries.rays import NEEDED_HITS, NEEDED_ON_MESH, cast_rays
from physics_fixed.queries.results import Hit, Hits, hits_of, sorted_hits_of
from physics_fixed.queries.scratch import QueryScratch
from physics_fixed.scale import Number
from physics_fixed.tables import Table


class Queries:
    """What is where in a space. Make it by ``space.queries``.

    Queries read the tables as they are at the call, and change nothing. Each call first looks at all bodies;
    where one moved it makes a new tree. So many queries in one call cost much less than in many calls.
    """

    def __init__(self, bodies: Table, geometries: Table, words: Table) -> None:
        self._bodies = bodies
        self._geometries = geometries
        self._words = words
        self._scratch = QueryScratch()

    def ray(
        self,
        origin: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        *,
        origin_q24: Sequence[int] | None = None,
        direction_q24: Sequence[int] | None = None,
        distance_q24: int | None = None,
        where: QueryFilter = EVERYTHING,
    ) -> Hit | None:
        """The first thing that a ray enters, None if there is none.

        Parameters
        ----------
        origin : three numbers, m
            Where it starts; each up to 16384.
        direction : three numbers
            Any vector but zero; its length does not matter. Rounded to 2**-24 if it is not given raw.
        distance : number, m
            How far it goes, 0 to 65536; 65536 if missing.
        where : QueryFilter
            What it sees.

        A ray that starts in a solid meets it at distance 0, with a normal against the ray. Of things that are
        equally far away, that with the lowest row comes first.

        Raises
        ------
        NumberError
            If a number is no number or out of range, or the direction is zero.
        """
        hits = self._rays(
            *_ray(origin, direction, distance, origin_q24, direction_q24, distance_q24), where, MODE_CLOSEST
        )
        return hits[0] if hits.body[0] else None

    def ray_all(
        self,
        origin: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        *,
        origin_q24: Sequence[int] | None = None,
        direction_q24: Sequence[int] | None = None,
        distance_q24: int | None = None,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """Everything that a ray enters, the nearest first: each solid, part of a compound, triangle.

        Parameters and errors are those of :meth:`ray`.
        """
        given = _ray(origin, direction, distance, origin_q24, direction_q24, distance_q24)
        return self._rays(*given, where, MODE_ALL)

    def ray_any(
        self,
        origin: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        *,
        origin_q24: Sequence[int] | None = None,
        direction_q24: Sequence[int] | None = None,
        distance_q24: int | None = None,
        where: QueryFilter = EVERYTHING,
    ) -> bool:
        """Whether a ray enters anything; faster than to ask what.

        Parameters and errors are those of :meth:`ray`.
        """
        given = _ray(origin, direction, distance, origin_q24, direction_q24, distance_q24)
        return bool(self._any_ray(*given, where)[0])

    def rays_q24(
        self,
        origins: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """The first thing that each of many rays enters; a row for each ray.

        Parameters
        ----------
        origins : (n, 3) int
            Raw Q24 m.
        directions : (n, 3) int
            Any vectors but zero, up to 2**61.
        distances : int or (n,) int
            Raw Q24 m, up to 65536 m.
        where : QueryFilter

        Raises
        ------
        NumberError
            If an array has another shape, holds anything but integers, or a number is out of range.
        """
        return self._rays(*_rays(origins, directions, distances), where, MODE_CLOSEST)

    def rays_all_q24(
        self,
        origins: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """Everything that each of many rays enters; ``query`` is the number of the ray.

        Parameters and errors are those of :meth:`rays_q24`.
        """
        return self._rays(*_rays(origins, directions, distances), where, MODE_ALL)

    def rays_any_q24(
        self,
        origins: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        where: QueryFilter = EVERYTHING,
    ) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each of many rays enters anything: (n,) bool.

        Parameters and errors are those of :meth:`rays_q24`.
        """
        return self._any_ray(*_rays(origins, directions, distances), where)

    def _rays(self, origins: Words, directions: Words, lengths: Words, where: QueryFilter, mode: int) -> Hits:
        rows = self._cast_rays(origins, directions, lengths, where, mode)
        return sorted_hits_of(rows, self._bodies) if mode == MODE_ALL else hits_of(rows, self._bodies)

    def _any_ray(
        self, origins: Words, directions: Words, lengths: Words, where: QueryFilter
    ) -> np.ndarray[Any, np.dtype[np.bool_]]:
        rows = self._cast_rays(origins, directions, lengths, where, MODE_ANY)
        return np.asarray(rows[:, HIT_ROW] >= 0)

    def _cast_rays(
        self, origins: Words, directions: Words, lengths: Words, where: QueryFilter, mode: int
    ) -> Words:
        scratch = self._scratch
        scratch.refresh(self._bodies, self._geometries)
        count = len(origins)
        options, excluded = where.options(mode), where.excluded_rows(self._bodies)
        hit, mesh_hit = scratch.reserve_hits(count), scratch.mesh_hit
        while True:
            total = cast_rays(
                origins, directions, lengths, options, excluded, scratch.place, self._words.array("word"),
                scratch.item, scratch.node, scratch.tree, scratch.path, scratch.near, scratch.ray,
                scratch.leaf, scratch.stack, scratch.found, mesh_hit, hit, scratch.needed,
            )  # fmt: skip
            if mode != MODE_ALL:
                return hit[:count]
            if total <= len(hit) and scratch.needed[NEEDED_ON_MESH] <= len(mesh_hit):
                return hit[:total]
            hit = scratch.reserve_hits(int(scratch.needed[NEEDED_HITS]))
            mesh_hit = scratch.reserve_mesh_hits(int(scratch.needed[NEEDED_ON_MESH]))


def _ray(
    origin: Sequence[Number] | None,
    direction: Sequence[Number] | None,
    distance: Number | None,
    origin_q24: Sequence[int] | None,
    direction_q24: Sequence[int] | None,
    distance_q24: int | None,
) -> tuple[Words, Words, Words]:
    """One ray as arrays."""
    start = ranged_vector(origin, origin_q24, 24, POSITION_MAX_Q24, "origin", "m")
    way = ranged_vector(direction, direction_q24, 24, DIRECTION_MAX, "direction", "")
    if not any(way):
        raise NumberError(f"direction = {direction or direction_q24!r}; allowed: any vector but zero")
    length = RAY_LENGTH_MAX_Q24
    if distance is not None or distance_q24 is not None:
        length = ranged(distance, distance_q24, 24, 0, RAY_LENGTH_MAX_Q24, "distance", "m")
    return np.array([start], np.int64), np.array([way], np.int64), np.array([length], np.int64)


def _rays(origins: Any, ways: Any, distances: Any) -> tuple[Words, Words, Words]:
    """Many rays as arrays."""
    starts = vectors(origins, "origins", POSITION_MAX_Q24)
    count = len(starts)
    return (
        starts,
        directions(ways, "directions", count),
        numbers(distances, "distances", count, 0, RAY_LENGTH_MAX_Q24),
    )
