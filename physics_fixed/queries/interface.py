"""The public face of the queries: arguments are checked here, answers are made here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from physics_fixed.arguments import ranged
from physics_fixed.bodies import Named, id_of, row_of
from physics_fixed.errors import NumberError
from physics_fixed.layout import FLAG_DISABLED, SHAPE_HEIGHT_FIELD, SHAPE_MESH, SHAPE_NONE, Words
from physics_fixed.limits import LENGTH_MAX_Q24
from physics_fixed.queries.asked import (
    CastOptions,
    PlaceOptions,
    RayOptions,
    filter_in,
    many_places,
    many_rays,
    one_place,
    one_ray,
    one_way,
)
from physics_fixed.queries.batches import Batches, Placed, Wanted
from physics_fixed.queries.filters import EVERYTHING, QueryFilter
from physics_fixed.queries.given import RAY_LENGTH_MAX_Q24, numbers, rotations, solid
from physics_fixed.queries.layout import HIT_OWN_CHILD, HIT_ROW, MODE_ALL, MODE_ANY, MODE_CLOSEST
from physics_fixed.queries.results import Hit, Hits, Overlaps, hit_of, hits_of, overlaps_of, sorted_hits_of
from physics_fixed.scale import Number
from physics_fixed.shapes.shape import Shape
from physics_fixed.tables import Table

Flags = npt.NDArray[np.bool_]


class Queries:
    """What is where in a space. Make it by ``space.queries``.

    Queries read the tables as they are at the call, and change nothing. Each call first looks at all bodies;
    where one moved it makes a new tree. So many queries in one call cost much less than in many calls.

    Rays, casts and closest points have three forms: the first thing that is met (a :class:`Hit` or None), all
    of them (:class:`Hits`), and whether there is any. Each has a form for arrays that ends in ``_q24`` and
    takes raw integers.
    """

    def __init__(self, bodies: Table, geometries: Table, words: Table) -> None:
        self._batches = Batches(bodies, geometries, words)
        self._bodies = bodies

    # --- Rays ---

    def ray(
        self,
        origin: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        **options: Unpack[RayOptions],
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
        origin_q24, direction_q24, distance_q24
            The same as raw numbers.

        A ray that starts in a solid meets it at distance 0, with a normal against the ray. Of things that are
        equally far away, that with the lowest row comes first.

        Raises
        ------
        NumberError
            If a number is no number or out of range, or the direction is zero.
        """
        return self._first(self._rays(one_ray(origin, direction, distance, options), MODE_CLOSEST, options))

    def ray_all(
        self,
        origin: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        **options: Unpack[RayOptions],
    ) -> Hits:
        """Everything that a ray enters, the nearest first: each solid, part of a compound, triangle.

        Parameters and errors are those of :meth:`ray`.
        """
        rows = self._rays(one_ray(origin, direction, distance, options), MODE_ALL, options)
        return sorted_hits_of(rows, self._bodies)

    def ray_any(
        self,
        origin: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        **options: Unpack[RayOptions],
    ) -> bool:
        """Whether a ray enters anything; faster than to ask what.

        Parameters and errors are those of :meth:`ray`.
        """
        return bool(_found(self._rays(one_ray(origin, direction, distance, options), MODE_ANY, options))[0])

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
        rows = self._rays(many_rays(origins, directions, distances), MODE_CLOSEST, {"where": where})
        return hits_of(rows, self._bodies)

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
        rows = self._rays(many_rays(origins, directions, distances), MODE_ALL, {"where": where})
        return sorted_hits_of(rows, self._bodies)

    def rays_any_q24(
        self,
        origins: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        where: QueryFilter = EVERYTHING,
    ) -> Flags:
        """Whether each of many rays enters anything: (n,) bool.

        Parameters and errors are those of :meth:`rays_q24`.
        """
        return _found(self._rays(many_rays(origins, directions, distances), MODE_ANY, {"where": where}))

    # --- Casts ---

    def cast(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        **options: Unpack[CastOptions],
    ) -> Hit | None:
        """The first thing that a shape meets when it is moved along a straight path, without turning.

        Parameters
        ----------
        shape : Sphere, Box, Capsule or hull
        position : three numbers, m
            Where the origin of its axes is at the start; each up to 16384.
        direction : three numbers
            Any vector but zero.
        distance : number, m
            How far it goes at most, 0 to 65536; 65536 if missing.
        rotation : four numbers
            Quaternion x, y, z, w.
        where : QueryFilter
        position_q24, rotation_q30, direction_q24, distance_q24
            The same as raw numbers.

        The shape stops before it overlaps, at a gap of 16 units (1 um) at most. What it overlaps at the start
        is met at distance 0, with the normal of the shortest way out; what it only touches there, if it goes
        towards it.

        Raises
        ------
        NumberError
            If a number is no number or out of range, the direction is zero, or the shape is another.
        """
        return self._first(self._cast(shape, position, direction, distance, MODE_CLOSEST, options))

    def cast_all(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        **options: Unpack[CastOptions],
    ) -> Hits:
        """Everything that a shape would meet on its path, the nearest first: bodies, parts of compounds.

        Of a mesh or height field the first triangle that it meets. Parameters and errors are those of
        :meth:`cast`.
        """
        rows = self._cast(shape, position, direction, distance, MODE_ALL, options)
        return sorted_hits_of(rows, self._bodies)

    def cast_any(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        direction: Sequence[Number] | None = None,
        distance: Number | None = None,
        **options: Unpack[CastOptions],
    ) -> bool:
        """Whether a shape would meet anything on its path.

        Parameters and errors are those of :meth:`cast`.
        """
        return bool(_found(self._cast(shape, position, direction, distance, MODE_ANY, options))[0])

    def casts_q24(
        self,
        shape: Shape,
        positions: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """The first thing that a shape meets on each of many paths; a row for each path.

        Parameters
        ----------
        shape : Sphere, Box, Capsule or hull
        positions, directions, distances
            As in :meth:`rays_q24`.
        rotations_q30 : (4,) or (n, 4) int
            Quaternions x, y, z, w; none: the shape is not turned.
        where : QueryFilter

        Raises
        ------
        NumberError
            If an array has another shape, holds anything but integers, or a number is out of range.
        """
        rows = self._casts(shape, positions, directions, distances, rotations_q30, MODE_CLOSEST, where)
        return hits_of(rows, self._bodies)

    def casts_all_q24(
        self,
        shape: Shape,
        positions: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """Everything that a shape would meet on each of many paths.

        Parameters and errors are those of :meth:`casts_q24`.
        """
        rows = self._casts(shape, positions, directions, distances, rotations_q30, MODE_ALL, where)
        return sorted_hits_of(rows, self._bodies)

    def casts_any_q24(
        self,
        shape: Shape,
        positions: Any,
        directions: Any,
        distances: Any = RAY_LENGTH_MAX_Q24,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Flags:
        """Whether a shape would meet anything on each of many paths: (n,) bool.

        Parameters and errors are those of :meth:`casts_q24`.
        """
        return _found(self._casts(shape, positions, directions, distances, rotations_q30, MODE_ANY, where))

    # --- What is near ---

    def overlap(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        margin: Number = 0,
        **options: Unpack[PlaceOptions],
    ) -> Overlaps:
        """The bodies, and parts of compounds, that a shape overlaps or touches.

        Parameters
        ----------
        shape : Sphere, Box, Capsule or hull
        position : three numbers, m
            Where the origin of its axes is; each up to 16384.
        margin : number, m
            Gap up to which it counts as an overlap, -4096 to 4096; of a negative one, overlaps of at least so
            much.
        rotation : four numbers
            Quaternion x, y, z, w.
        where : QueryFilter
        position_q24, rotation_q30
            The same as raw numbers.

        Raises
        ------
        NumberError
            If a number is no number or out of range, or the shape is another.
        """
        placed = one_place(shape, position, options)
        limit = ranged(margin, None, 24, -LENGTH_MAX_Q24, LENGTH_MAX_Q24, "margin", "m")
        rows = self._near(placed, limit, Wanted(MODE_ALL, filter_in(options), exact=False))
        return overlaps_of(rows, self._bodies)

    def overlap_any(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        margin: Number = 0,
        **options: Unpack[PlaceOptions],
    ) -> bool:
        """Whether a shape overlaps or touches anything.

        Parameters and errors are those of :meth:`overlap`.
        """
        placed = one_place(shape, position, options)
        limit = ranged(margin, None, 24, -LENGTH_MAX_Q24, LENGTH_MAX_Q24, "margin", "m")
        return bool(_found(self._near(placed, limit, Wanted(MODE_ANY, filter_in(options), exact=False)))[0])

    def overlaps_q24(
        self,
        shape: Shape,
        positions: Any,
        margins: Any = 0,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Overlaps:
        """The bodies that a shape overlaps in each of many places; ``query`` is the number of the place.

        Parameters
        ----------
        shape : Sphere, Box, Capsule or hull
        positions : (n, 3) int
            Raw Q24 m.
        margins : int or (n,) int
            Raw Q24 m, up to 4096 m.
        rotations_q30 : (4,) or (n, 4) int
            Quaternions x, y, z, w; none: the shape is not turned.
        where : QueryFilter

        Raises
        ------
        NumberError
            If an array has another shape, holds anything but integers, or a number is out of range.
        """
        placed = many_places(shape, positions, rotations_q30)
        limits = numbers(margins, "margins", len(placed.positions_q24), -LENGTH_MAX_Q24, LENGTH_MAX_Q24)
        rows = self._batches.near(placed, limits, Wanted(MODE_ALL, where, exact=False))
        return overlaps_of(rows, self._bodies)

    def overlaps_any_q24(
        self,
        shape: Shape,
        positions: Any,
        margins: Any = 0,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Flags:
        """Whether a shape overlaps anything in each of many places: (n,) bool.

        Parameters and errors are those of :meth:`overlaps_q24`.
        """
        placed = many_places(shape, positions, rotations_q30)
        limits = numbers(margins, "margins", len(placed.positions_q24), -LENGTH_MAX_Q24, LENGTH_MAX_Q24)
        return _found(self._batches.near(placed, limits, Wanted(MODE_ANY, where, exact=False)))

    def closest(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        distance: Number = 1,
        **options: Unpack[PlaceOptions],
    ) -> Hit | None:
        """The closest points of a shape and the body that is nearest to it, None if none is near enough.

        Parameters
        ----------
        shape, position, rotation, where
            As in :meth:`overlap`.
        distance : number, m
            How far away a body may be, 0 to 65536.

        The distance of the answer is negative where the two overlap: the length of the shortest way apart.
        Out of a triangle of a mesh the way leads through its front.

        Raises
        ------
        NumberError
            If a number is no number or out of range, or the shape is another.
        """
        limit = ranged(distance, None, 24, 0, RAY_LENGTH_MAX_Q24, "distance", "m")
        wanted = Wanted(MODE_CLOSEST, filter_in(options))
        return self._first(self._near(one_place(shape, position, options), limit, wanted))

    def closest_all(
        self,
        shape: Shape,
        position: Sequence[Number] | None = None,
        distance: Number = 1,
        **options: Unpack[PlaceOptions],
    ) -> Hits:
        """The closest points of a shape and each body, or part of a compound, that is near enough.

        Of a mesh or height field the nearest triangle. Parameters and errors are those of :meth:`closest`.
        """
        limit = ranged(distance, None, 24, 0, RAY_LENGTH_MAX_Q24, "distance", "m")
        wanted = Wanted(MODE_ALL, filter_in(options))
        return sorted_hits_of(self._near(one_place(shape, position, options), limit, wanted), self._bodies)

    def closest_q24(
        self,
        shape: Shape,
        positions: Any,
        distances: Any,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """The closest points of a shape and the body nearest to it in each of many places; a row for each.

        Where nothing is near enough the body is 0. Parameters and errors are those of :meth:`overlaps_q24`,
        with distances up to 65536 m instead of margins.
        """
        rows = self._many_near(shape, positions, distances, rotations_q30, Wanted(MODE_CLOSEST, where))
        return hits_of(rows, self._bodies)

    def closest_all_q24(
        self,
        shape: Shape,
        positions: Any,
        distances: Any,
        *,
        rotations_q30: Any = None,
        where: QueryFilter = EVERYTHING,
    ) -> Hits:
        """The closest points of a shape and each body that is near enough, in each of many places.

        Parameters and errors are those of :meth:`closest_q24`.
        """
        rows = self._many_near(shape, positions, distances, rotations_q30, Wanted(MODE_ALL, where))
        return sorted_hits_of(rows, self._bodies)

    def between(self, body_a: Named, body_b: Named) -> Hit:
        """The closest points of two bodies: the hit is of body b, its position is on body a.

        Raises
        ------
        IdentityError
            If a handle or id names no live body.
        NumberError
            If both are meshes or height fields, or one of them is disabled or has no shape.
        """
        row_a, row_b = row_of(self._bodies, body_a), row_of(self._bodies, body_b)
        shape = self._bodies["shape"]
        is_surface = [shape[row] in (SHAPE_MESH, SHAPE_HEIGHT_FIELD) for row in (row_a, row_b)]
        if all(is_surface):
            raise NumberError("both bodies are meshes or height fields; allowed: one of the two")
        for body, row in ((body_a, row_a), (body_b, row_b)):
            if shape[row] == SHAPE_NONE or self._bodies["flags"][row] & FLAG_DISABLED:
                raise NumberError(
                    f"body {id_of(self._bodies, body)} is disabled or has no shape; allowed: bodies that can "
                    "be met"
                )
        rows = self._batches.between(*((row_b, row_a) if is_surface[0] else (row_a, row_b)))
        found = hit_of(rows[0], self._bodies)
        assert found is not None
        hit = replace(found, own_child=int(rows[0, HIT_OWN_CHILD]))
        if is_surface[0]:
            return hit.seen_from(id_of(self._bodies, body_b), int(self._bodies["user_id"][row_b]))
        return hit

    # --- What they share ---

    def _first(self, rows: Words) -> Hit | None:
        return hit_of(rows[0], self._bodies)

    def _rays(self, rays: tuple[Words, Words, Words], mode: int, options: RayOptions) -> Words:
        return self._batches.rays(*rays, Wanted(mode, options.get("where", EVERYTHING)))

    def _cast(
        self,
        shape: Shape,
        position: Sequence[Number] | None,
        direction: Sequence[Number] | None,
        distance: Number | None,
        mode: int,
        options: CastOptions,
    ) -> Words:
        way, length = one_way(direction, distance, options.get("direction_q24"), options.get("distance_q24"))
        return self._batches.casts(
            one_place(shape, position, options, CastOptions), way, length, Wanted(mode, filter_in(options))
        )

    def _casts(
        self,
        shape: Shape,
        positions: Any,
        ways: Any,
        distances: Any,
        rotations_q30: Any,
        mode: int,
        where: QueryFilter,
    ) -> Words:
        starts, directions, lengths = many_rays(positions, ways, distances, "positions")
        placed = Placed.of(solid(shape), starts, rotations(rotations_q30, "rotations_q30", len(starts)))
        return self._batches.casts(placed, directions, lengths, Wanted(mode, where))

    def _near(self, placed: Placed, limit: int, wanted: Wanted) -> Words:
        return self._batches.near(placed, np.array([limit], np.int64), wanted)

    def _many_near(
        self, shape: Shape, positions: Any, distances: Any, rotations_q30: Any, wanted: Wanted
    ) -> Words:
        placed = many_places(shape, positions, rotations_q30)
        limits = numbers(distances, "distances", len(placed.positions_q24), 0, RAY_LENGTH_MAX_Q24)
        return self._batches.near(placed, limits, wanted)


def _found(rows: Words) -> Flags:
    return np.asarray(rows[:, HIT_ROW] >= 0)
