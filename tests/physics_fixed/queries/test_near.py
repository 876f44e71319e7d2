"""Overlaps and closest points: as body by body, the same from both sides, and in closed forms."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from physics_fixed import STATIC, Box, Space, Sphere
from physics_fixed.errors import IdentityError, NumberError
from physics_fixed.queries import QueryFilter
from physics_fixed.shapes import Capsule, Compound, Part, TriangleMesh
from physics_fixed.shapes.shape import Shape
from tests.physics_fixed.meshes.reference import hills
from tests.physics_fixed.queries.scenery import ONE, crowd, drawn_solid, drawn_turn, drawn_vector, put


def test_closed_forms() -> None:
    """Spheres, a capsule and boxes, apart and in each other."""
    space = Space()
    box = space.add(Box((1, 2, 3)), STATIC)
    near = space.queries.closest(Sphere("0.5"), (4, 0, 0), 10)
    assert near is not None
    assert (near.body, near.distance_q24, near.normal_q30) == (box.id, 5 * ONE // 2, (1 << 30, 0, 0))
    assert (near.point_q24, near.position_q24) == ((ONE, 0, 0), (7 * ONE // 2, 0, 0))
    assert space.queries.closest(Sphere("0.5"), (4, 0, 0), 2) is None
    inside = space.queries.closest(Sphere("0.5"), ("0.75", 0, 0))
    assert inside is not None
    assert (inside.distance_q24, inside.normal_q30) == (-3 * ONE // 4, (1 << 30, 0, 0))
    assert inside.point_q24 == (ONE, 0, 0)
    edge = space.queries.closest(Sphere("0.5"), (4, 6, 0), 10)
    assert edge is not None and abs(edge.distance_q24 - 9 * ONE // 2) <= 1  # 3, 4, 5
    crossing = space.queries.closest(Capsule("0.5", 4), (0, 0, "2.75"))
    assert crossing is not None
    assert (crossing.distance_q24, crossing.normal_q30) == (-3 * ONE // 4, (0, 0, 1 << 30))
    stacked = space.queries.closest(Box((1, 1, 1)), (0, "2.5", 0))
    assert stacked is not None
    assert (stacked.distance_q24, stacked.normal_q30) == (-ONE // 2, (0, 1 << 30, 0))


@pytest.mark.parametrize("seed", range(3))
def test_among_many_bodies_the_same_is_found_as_body_by_body(seed: int) -> None:
    chance = random.Random(seed)
    space, bodies = crowd(chance, 80)
    alone = []
    for shape, at, turn in bodies:
        alone.append(Space())
        put(alone[-1], shape, STATIC, at=at, turn=turn)
    places = [drawn_vector(chance, 12 * ONE) for _ in range(25)]
    turns = [drawn_turn(chance) for _ in range(25)]
    shape = drawn_solid(chance, 2 * ONE)
    reach = 3 * ONE
    near = space.queries.closest_all_q24(shape, places, reach, rotations_q30=turns)
    nearest = space.queries.closest_q24(shape, places, reach, rotations_q30=turns)
    overlaps = space.queries.overlaps_q24(shape, places, 0, rotations_q30=turns)
    touched = space.queries.overlaps_any_q24(shape, places, rotations_q30=turns)
    for query, (place, turn) in enumerate(zip(places, turns, strict=True)):
        rows = []
        for row, other in enumerate(alone):
            hit = other.queries.closest_q24(shape, [place], reach, rotations_q30=turn)[0]
            if hit.body:
                rows.append((hit.distance_q24, row, hit.point_q24, hit.normal_q30, hit.position_q24))
        rows.sort()
        mine = [near[k] for k in np.flatnonzero(near.query == query)]
        found = [
            (h.distance_q24, h.body & 0xFFFFFFFF, h.point_q24, h.normal_q30, h.position_q24) for h in mine
        ]
        assert found == rows
        assert nearest[query] == mine[0] if mine else nearest.body[query] == 0
        met = sorted(row for distance, row, *_ in rows if distance <= 0)
        assert (overlaps.body[overlaps.query == query] & 0xFFFFFFFF).tolist() == met
        assert touched[query] == bool(met)


@pytest.mark.parametrize("seed", range(6))
def test_two_bodies_are_as_far_apart_from_either_side(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        space = Space()
        shapes: list[Shape] = [drawn_solid(chance, 2 * ONE), drawn_solid(chance, 2 * ONE)]
        if chance.random() < 0.4:
            parts = [Part(drawn_solid(chance, ONE), position_q24=drawn_vector(chance, ONE)) for _ in range(3)]
            shapes[chance.randrange(2)] = Compound(parts)
        a, b = (put(space, s, at=drawn_vector(chance, 3 * ONE), turn=drawn_turn(chance)) for s in shapes)
        there, back = space.queries.between(a, b), space.queries.between(b, a)
        assert (there.body, back.body) == (b, a)
        assert abs(there.distance_q24 - back.distance_q24) <= 4
        across = [p - q for p, q in zip(there.point_q24, there.position_q24, strict=True)]
        for axis in range(3):
            assert abs(across[axis] + there.normal_q30[axis] / 2**30 * there.distance_q24) <= 5


def test_a_shape_and_a_surface() -> None:
    chance = random.Random(3)
    space = Space()
    floor = put(
        space, TriangleMesh([(-5, 0, -5), (-5, 0, 5), (5, 0, 5), (5, 0, -5)], [(0, 1, 2), (0, 2, 3)]), STATIC
    )
    ball = space.add(Sphere("0.5"), position=(2, "1.5", 1))
    for hit in (space.queries.between(floor, ball.id), space.queries.between(ball.id, floor)):
        assert abs(hit.distance_q24 - ONE) <= 1
        assert hit.normal_q30 == (0, 1 << 30 if hit.body == floor else -(1 << 30), 0)
    where = QueryFilter(exclude=[ball.id])
    near = space.queries.closest(Sphere("0.5"), (2, "0.25", 1), where=where)
    assert near is not None
    assert (near.body, near.distance_q24, near.triangle) == (floor, -ONE // 4, 1)
    straddling = space.queries.closest(Box((1, 1, 1)), (2, "0.25", -1), where=where)
    assert straddling is not None
    assert (straddling.distance_q24, straddling.normal_q30) == (-3 * ONE // 4, (0, 1 << 30, 0))
    assert len(space.queries.overlap(Sphere("0.5"), (2, "0.6", 1), where=where)) == 0
    assert len(space.queries.overlap(Sphere("0.5"), (2, "0.6", 1), "0.1", where=where)) == 1
    # A far away field: the search for the nearest triangle widens until it finds it.
    field = hills(chance, 20, 20, ONE)
    hilly = Space()
    put(hilly, field, STATIC)
    one_by_one = []
    for size in (ONE // 4, 40 * ONE):
        hits = hilly.queries.closest_all_q24(Sphere(1), [(0, 60 * ONE, 0)], 100 * ONE - size)
        one_by_one.append(hits[0])
    assert one_by_one[0] == one_by_one[1]


def test_margins_count_overlaps_of_boxes() -> None:
    space = Space()
    space.add(Box((1, 1, 1)), STATIC)
    for margin, expected in (("0.4", 0), ("0.5", 1), (0, 0)):
        assert len(space.queries.overlap(Box((1, 1, 1)), ("2.5", 0, 0), margin)) == expected
    for margin, expected in (("-0.5", 1), ("-0.25", 1), ("-0.6", 0), (0, 1)):
        assert len(space.queries.overlap(Box((1, 1, 1)), ("1.5", 0, 0), margin)) == expected
        assert space.queries.overlap_any(Box((1, 1, 1)), ("1.5", 0, 0), margin) == bool(expected)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda q: q.overlap(Compound([Sphere(1), Box((1, 1, 1))])), "a Compound cannot be the shape"),
        (lambda q: q.overlap(Sphere(1), (0, 0, 0), 5000), "margin = 5000 m .* allowed: -4096 to 4096"),
        (lambda q: q.closest(Sphere(1), (0, 0, 0), -1), "distance = -1 m .* allowed: 0 to 65536"),
        (lambda q: q.closest(Sphere(1), (17000, 0, 0), 1), "position x = 17000 m"),
        (lambda q: q.closest(Sphere(1), (0, 0, 0), 1, rotation=(0, 0, 0, 0)), "length zero is no rotation"),
        (lambda q: q.closest_q24(Sphere(1), [[0, 0, 0]], 1, rotations_q30=[1, 2, 3]), r"allowed: \(4,\) or"),
        (lambda q: q.closest_q24(Sphere(1), [[0, 0, 0]], 1, rotations_q30=[0, 0, 0, 0]), "0 is zero"),
        (lambda q: q.closest_q24(Sphere(1), [[0, 0, 0]], -1), "out of range"),
        (lambda q: q.cast(Sphere(1), (0, 0, 0), (0, 0, 0)), "allowed: any vector but zero"),
        (lambda q: q.cast(Sphere(1), (0, 0, 0), (1, 0, 0), 70000), "allowed: 0 to 65536"),
    ],
)  # fmt: skip
def test_errors_tell_the_value_and_what_is_allowed(call: Any, text: str) -> None:
    with pytest.raises(NumberError, match=text):
        call(Space().queries)


def test_errors_between_bodies() -> None:
    space = Space()
    mesh = TriangleMesh([(0, 0, 0), (0, 0, 1), (1, 0, 0)], [(0, 1, 2)])
    one, two = put(space, mesh, STATIC), put(space, mesh, STATIC)
    ball = space.add(Sphere(1), enabled=False)
    with pytest.raises(NumberError, match="both bodies are meshes"):
        space.queries.between(one, two)
    with pytest.raises(NumberError, match="is disabled or has no shape"):
        space.queries.between(one, ball.id)
    space.remove(ball.id)
    with pytest.raises(IdentityError):
        space.queries.between(one, ball.id)
