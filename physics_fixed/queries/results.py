"""What queries answer: arrays of many hits, and single ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from physics_fixed.bodies import ROW_BITS, body_id
from physics_fixed.layout import Words
from physics_fixed.queries.layout import (
    HIT_CHILD,
    HIT_DISTANCE,
    HIT_NORMAL,
    HIT_OTHER,
    HIT_POINT,
    HIT_QUERY,
    HIT_ROW,
    HIT_SOURCE,
    HIT_TRIANGLE,
)
from physics_fixed.shapes.shape import Vector
from physics_fixed.tables import Table

_ONE_Q24 = 1 << 24
_ONE_Q30 = 1 << 30


def _floats(vector: Vector, one: int) -> tuple[float, float, float]:
    x, y, z = vector
    return x / one, y / one, z / one


@dataclass(frozen=True, slots=True)
class Hit:
    """What one query found.

    Attributes
    ----------
    body, user_id : int
        Id of the body, and what the caller gave.
    child : int
        Number of the part of a compound, else 0.
    triangle : int
        Number of the triangle of a mesh, as it was given, or of a height field; else -1.
    distance_q24 : int
        Along the ray or the path of the shape, m. Closest points: between them, negative where the shapes
        overlap.
    point_q24 : three int
        Where the body was hit, m; its closest point.
    normal_q30 : three int
        Unit vector out of the body there.
    position_q24 : three int
        Rays: the point. Casts: where the shape was then, m. Closest points: the one on the query's shape.
    own_child : int
        Between two bodies: the part of the first one's compound. Else 0.

    For people there are ``distance``, ``point``, ``normal`` and ``position`` as floats.
    """

    body: int
    user_id: int
    child: int
    triangle: int
    distance_q24: int
    point_q24: Vector
    normal_q30: Vector
    position_q24: Vector
    own_child: int = 0

    @property
    def distance(self) -> float:
        """As ``distance_q24``, m."""
        return self.distance_q24 / _ONE_Q24

    @property
    def point(self) -> tuple[float, float, float]:
        """As ``point_q24``, m."""
        return _floats(self.point_q24, _ONE_Q24)

    @property
    def normal(self) -> tuple[float, float, float]:
        """As ``normal_q30``."""
        return _floats(self.normal_q30, _ONE_Q30)

    @property
    def position(self) -> tuple[float, float, float]:
        """As ``position_q24``, m."""
        return _floats(self.position_q24, _ONE_Q24)

    def seen_from(self, body: int, user_id: int) -> Hit:
        """Closest points of two bodies as a hit of the other one."""
        x, y, z = self.normal_q30
        return Hit(
            body,
            user_id,
            0,
            self.triangle,
            self.distance_q24,
            self.position_q24,
            (-x, -y, -z),
            self.point_q24,
        )


@dataclass(frozen=True, slots=True)
class Hits:
    """What many queries found, in canonical order: by query, distance, row of the body, child, triangle.

    Triangles are ordered as they stand in the tree of their mesh, not by the numbers that they were given.

    Attributes
    ----------
    query, body, user_id, child, triangle, distance_q24 : (n,) int64
        ``query`` is the number of the query; the others as in :class:`Hit`. Where there is one row for each
        query and it found nothing, body is 0 and the distance -1.
    point_q24, normal_q30, position_q24 : (n, 3) int64
    """

    query: Words
    body: Words
    user_id: Words
    child: Words
    triangle: Words
    distance_q24: Words
    point_q24: Words
    normal_q30: Words
    position_q24: Words

    def __len__(self) -> int:
        return len(self.query)

    def __getitem__(self, index: int) -> Hit:
        point, normal, position = (
            (int(x), int(y), int(z))
            for x, y, z in (self.point_q24[index], self.normal_q30[index], self.position_q24[index])
        )
        return Hit(
            int(self.body[index]), int(self.user_id[index]), int(self.child[index]),
            int(self.triangle[index]), int(self.distance_q24[index]), point, normal, position,
        )  # fmt: skip

    def __iter__(self) -> Iterator[Hit]:
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Which bodies shapes overlap, in canonical order: by query, row of the body, child.

    Attributes
    ----------
    query, body, user_id, child : (n,) int64
        As in :class:`Hits`.
    """

    query: Words
    body: Words
    user_id: Words
    child: Words

    def __len__(self) -> int:
        return len(self.query)


def overlaps_of(rows: Words, bodies: Table) -> Overlaps:
    """Overlaps from what a kernel wrote in any order."""
    order = np.lexsort([rows[:, lane] for lane in (HIT_CHILD, HIT_ROW, HIT_QUERY)])
    hits = hits_of(rows[order], bodies)
    return Overlaps(rows[order, HIT_QUERY], hits.body, hits.user_id, hits.child)


def hit_of(row: Words, bodies: Table) -> Hit | None:
    """One hit from the row that a kernel wrote, None if it found nothing."""
    cells: list[int] = row.tolist()
    number = cells[HIT_ROW]
    if number < 0:
        return None
    return Hit(
        body_id(int(bodies.cells.generation[number]), number), int(bodies.cells.user_id[number]),
        cells[HIT_CHILD], cells[HIT_SOURCE], cells[HIT_DISTANCE], _vector(cells, HIT_POINT),
        _vector(cells, HIT_NORMAL), _vector(cells, HIT_OTHER),
    )  # fmt: skip


def _vector(cells: list[int], first: int) -> Vector:
    return cells[first], cells[first + 1], cells[first + 2]


def hits_of(rows: Words, bodies: Table) -> Hits:
    """Hits from what a kernel wrote, a row for each query, those that found nothing too."""
    found = rows[:, HIT_ROW] >= 0
    row = np.where(found, rows[:, HIT_ROW], 0)
    body = np.zeros(len(rows), np.int64)
    user_id = np.zeros(len(rows), np.int64)
    if bodies.count:
        body[found] = (bodies["generation"][row].astype(np.int64) << ROW_BITS | row)[found]
        user_id[found] = bodies["user_id"][row][found]
    answer = np.where(found[:, np.newaxis], rows, 0)
    return Hits(
        np.arange(len(rows), dtype=np.int64),
        body,
        user_id,
        answer[:, HIT_CHILD],
        np.where(found, rows[:, HIT_SOURCE], -1),
        np.where(found, rows[:, HIT_DISTANCE], -1),
        answer[:, HIT_POINT : HIT_POINT + 3],
        answer[:, HIT_NORMAL : HIT_NORMAL + 3],
        answer[:, HIT_OTHER : HIT_OTHER + 3],
    )


def sorted_hits_of(rows: Words, bodies: Table) -> Hits:
    """Hits from what a kernel wrote in any order, each of them found."""
    keys = (HIT_TRIANGLE, HIT_CHILD, HIT_ROW, HIT_DISTANCE, HIT_QUERY)
    order = np.lexsort([rows[:, lane] for lane in keys])
    ordered = rows[order]
    hits = hits_of(ordered, bodies)
    hits.query[:] = ordered[:, HIT_QUERY]
    return hits
